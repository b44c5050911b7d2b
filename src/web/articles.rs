//! An article's own page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::Web;
use super::article_view::{ArticleView, AuthorView, author_view};
use super::comments::{Comments, Subject};
use super::failure::Failure;
use super::fresh::Version;
use super::listing::{Line, Link};
use crate::archive::{ArchivedArticle, Outside, news_article, placed};
use crate::comment::CommentId;
use crate::edition::EditionKey;
use crate::store::{ArticleStanding, Out};

#[derive(Serialize)]
struct ArticlePage {
    article: ArticleView,
    /// The one who wrote it.
    about: Option<AuthorView>,
    canonical: String,
    /// The moment of publishing, as RFC 3339 has it.
    published: String,
    edition: Link,
    /// The picture's absolute address, for those who show a link to this page.
    card_image: Option<String>,
    json_ld: String,
    earlier: Option<Line>,
    later: Option<Line>,
    /// What readers say of it.
    comments: Comments,
}

/// The page of an article that went out before there was an archive: it is read in the mail of its edition.
#[derive(Serialize)]
struct BeforePage {
    line: Line,
    canonical: String,
    edition: Link,
    /// Where it stands in the mail, which is read whole or not at all.
    mail: Option<String>,
    comments: Comments,
}

/// `GET /articles/{slug}`: the article, as its edition froze it.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let Some(standing) = web.store.article_standing(&slug).await? else {
        return before(&web, &slug, &request).await;
    };
    let version = web.version_of_article(&slug, &standing);
    if let Some(known) = web.known(&version, &request) {
        return Ok(known);
    }
    let article = web.store.article(&slug).await?.ok_or(Failure::NoSuchPage)?;
    let (earlier, later) = web.store.neighbours(&article.card).await?;
    let comments = web.comments(&Subject::of_card(&article.card)?, CommentId(0)).await?;
    let view = ArticlePage {
        earlier: earlier.map(|card| web.pages.line(&card)),
        later: later.map(|card| web.pages.line(&card)),
        ..ArticlePage::of(&web, &article, comments)
    };
    let html = web.pages.render("article.html", &view)?;
    // A comment that came and went while the page was made would come back with its version.
    let standing_now = web.store.article_standing(&slug).await?;
    match standing_now == Some(standing) {
        true => Ok(web.page(&version, html)),
        false => Ok(version.page(html)),
    }
}

async fn before(web: &Web, slug: &str, request: &HeaderMap) -> Result<Response, Failure> {
    let Some(out) = web.store.out(slug).await? else {
        let is_withdrawn = web.store.is_withdrawn(slug).await?;
        return Err(if is_withdrawn { Failure::Withdrawn } else { Failure::NoSuchPage });
    };
    let comments = web.comments(&Subject::of_out(&out)?, CommentId(0)).await?;
    let Out { headline, edition, .. } = &out;
    let line = web.pages.headline(headline);
    let is_whole = web.store.is_edition_whole(edition).await?;
    let view = BeforePage {
        canonical: if headline.url.is_empty() {
            web.pages.publication().link(&format!("articles/{slug}"))
        } else {
            headline.url.clone()
        },
        edition: web.pages.edition_link(edition),
        mail: is_whole.then(|| format!("{}#{slug}", web.pages.mail_path(edition))),
        line,
        comments,
    };
    // What changes it is not on record in one place; it is asked for seldom.
    let version = web.version(&["before", slug, &format!("{out:?} {is_whole} {:?}", view.comments)], None);
    let version = version.asked_for_each_time();
    if let Some(unchanged) = version.unchanged_page(request) {
        return Ok(unchanged);
    }
    Ok(version.page(web.pages.render("article_before.html", &view)?))
}

impl Web {
    fn version_of_article(&self, slug: &str, standing: &ArticleStanding) -> Version {
        let takes = self.takes_comments(standing.frozen_at);
        // When a comment was erased is not on record.
        let changed = (standing.comments == 0 && takes).then_some(standing.published_at);
        self.version(&["article", slug, &format!("{standing:?} {takes}")], changed).asked_for_each_time()
    }
}

impl ArticlePage {
    fn of(web: &Web, article: &ArchivedArticle, comments: Comments) -> Self {
        let ArchivedArticle { card, body } = article;
        let publication = web.pages.publication();
        let site = publication.public_url.as_str().trim_end_matches('/');
        ArticlePage {
            article: ArticleView::of(web, article),
            about: body.byline.as_ref().map(|byline| author_view(web, byline)),
            canonical: crate::archive::canonical(article, publication),
            published: crate::archive::time(card.published_at),
            edition: web.pages.edition_link(&card.edition),
            card_image: body.image.as_ref().map(|image| placed(&image.src, site, site, Outside::SameTab)),
            json_ld: news_article(article, publication),
            earlier: None,
            later: None,
            comments,
        }
    }
}

impl super::Pages {
    /// The edition of this name, called by its day.
    pub(super) fn edition_link(&self, edition: &EditionKey) -> Link {
        Link {
            name: self.words().calendar().day(edition.date()),
            url: self.path(&format!("/editions/{edition}")),
        }
    }

    /// Where an edition stands as it was mailed.
    pub(super) fn mail_path(&self, edition: &EditionKey) -> String {
        self.path(&format!("/editions/{edition}/mail"))
    }
}

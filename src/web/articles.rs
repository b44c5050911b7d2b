//! An article's own page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::Web;
use super::comments::Comments;
use super::failure::Failure;
use super::listing::{Day, Line, Link};
use super::style::page;
use crate::archive::{ArchivedArticle, ArchivedImage, ArchivedSource, Byline, Outside, news_article, placed};
use crate::comment::CommentId;
use crate::config::OutsideLinks;

/// Words that a reader reads in a minute.
const WORDS_A_MINUTE: usize = 230;

#[derive(Serialize)]
struct ArticlePage {
    slug: String,
    title: String,
    canonical: String,
    summary: Option<String>,
    day: Day,
    /// The moment of publishing, as RFC 3339 has it.
    published: String,
    minutes: usize,
    edition: Link,
    language: String,
    author: Option<AuthorView>,
    image: Option<ImageView>,
    /// The picture's absolute address, for those who show a link to this page.
    card_image: Option<String>,
    highlights: Vec<String>,
    html: String,
    sources: Vec<ArchivedSource>,
    tags: Vec<Link>,
    copyright: String,
    json_ld: String,
    earlier: Option<Line>,
    later: Option<Line>,
    /// What readers say of it; none in a static archive.
    comments: Option<Comments>,
}

/// A picture as a page shows it.
#[derive(Serialize)]
pub(super) struct ImageView {
    src: String,
    alt: String,
    caption: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

/// Somebody who writes, as a page shows them.
#[derive(Serialize)]
pub(super) struct AuthorView {
    name: String,
    url: String,
    biography: Option<String>,
    /// A page of theirs that is not this one.
    link: Option<String>,
    photo: Option<String>,
}

/// `GET /articles/{slug}`: the article, as its edition froze it.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let Some(article) = web.store.article(&slug).await? else {
        // From before there was an archive: it is read in its edition.
        let edition = web.store.edition_of_article(&slug).await?.ok_or(Failure::NoSuchPage)?;
        let place = web.pages.path(&format!("/editions/{edition}#{slug}"));
        return Ok(Redirect::temporary(&place).into_response());
    };
    let (earlier, later) = web.store.neighbours(&article.card).await?;
    let comments = web.comments(&article.card, CommentId(0)).await?;
    let view = ArticlePage {
        comments: Some(comments),
        earlier: earlier.map(|card| web.pages.line(&card)),
        later: later.map(|card| web.pages.line(&card)),
        ..ArticlePage::of(&web, &article)
    };
    Ok(page(&request, web.pages.render("article.html", &view)?))
}

impl ArticlePage {
    fn of(web: &Web, article: &ArchivedArticle) -> Self {
        let ArchivedArticle { card, body } = article;
        let publication = web.pages.publication();
        let site = publication.public_url.as_str().trim_end_matches('/');
        ArticlePage {
            slug: card.slug.clone(),
            title: card.title.clone(),
            canonical: crate::archive::canonical(article, publication),
            summary: card.summary.clone(),
            day: web.pages.day(card.date),
            published: crate::archive::time(card.published_at),
            minutes: card.words.div_ceil(WORDS_A_MINUTE).max(1),
            edition: Link {
                name: web.pages.words().calendar().day(card.edition.date()),
                url: web.pages.path(&format!("/editions/{}", card.edition)),
            },
            language: body.language.clone(),
            author: body.byline.as_ref().map(|byline| author_view(web, byline)),
            image: body.image.as_ref().map(|image| image_view(web, image)),
            card_image: body.image.as_ref().map(|image| placed(&image.src, site, site, Outside::SameTab)),
            highlights: body.highlights.iter().map(|line| web.placed(line)).collect(),
            html: web.placed(&body.html),
            sources: body.sources.clone(),
            tags: card.tags.iter().map(|tag| web.pages.tag(tag)).collect(),
            copyright: body.copyright.clone(),
            json_ld: news_article(article, publication),
            earlier: None,
            later: None,
            comments: None,
        }
    }
}

pub(super) fn image_view(web: &Web, image: &ArchivedImage) -> ImageView {
    ImageView {
        src: web.placed(&image.src),
        alt: image.alt.clone(),
        caption: image.caption.as_deref().map(|caption| web.placed(caption)),
        width: image.size.map(|(width, _)| width),
        height: image.size.map(|(_, height)| height),
    }
}

pub(super) fn author_view(web: &Web, byline: &Byline) -> AuthorView {
    let own = web.pages.publication().link(&format!("authors/{}", byline.author.key));
    AuthorView {
        name: byline.author.name.clone(),
        url: web.pages.author(&byline.author).url,
        biography: byline.biography.as_deref().map(|biography| web.placed(biography)),
        link: byline.link.clone().filter(|link| *link != own),
        photo: byline.photo.clone(),
    }
}

impl Web {
    /// Kept HTML as our pages show it.
    pub(super) fn placed(&self, html: &str) -> String {
        let publication = self.pages.publication();
        let outside = match self.access.outside_links {
            OutsideLinks::SameTab => Outside::SameTab,
            OutsideLinks::NewTab => Outside::NewTab { notice: self.pages.words().text("archive.new_tab") },
        };
        let public_url = publication.public_url.as_str().trim_end_matches('/');
        placed(html, &self.pages.path(""), public_url, outside)
    }
}

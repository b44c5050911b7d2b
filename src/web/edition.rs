//! An edition that has gone out, read in a browser; nothing in it is anybody's own.
//!
//! `/editions/KEY`, to which mails lead, is a page of the site: the edition's articles whole, as they were frozen with it,
//! with the site's landmarks, style and policy. `/editions/KEY/mail` beneath it is the document of the mail itself, for who
//! wants to see how it came, and for articles of which there is no more than that, from before there was an archive. It has
//! its style within, so that its policy is its own, and search engines are told of the page instead.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, Response};
use serde::Serialize;

use super::Web;
use super::article_view::{ArticleView, AuthorView, author_view};
use super::editions::{first_of_month, list_of_month};
use super::failure::Failure;
use super::fresh::{shortly, withdrawn};
use super::listing::{Line, Link, edition_title};
use crate::archive::ArchivedArticle;
use crate::edition::{EditionKey, Headline, public_html};
use crate::store::{EditionSummary, InEdition};

/// A mail has its style within, and may show pictures from elsewhere; it does nothing.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Serialize)]
struct EditionPage {
    canonical: String,
    key: String,
    /// Its subject.
    title: String,
    /// Whether the subject says more than the first headline does.
    has_own_title: bool,
    day: String,
    date: String,
    number: u64,
    /// Where it stands as it was mailed, unless a part of it is withdrawn.
    mail: Option<String>,
    stories: Vec<Story>,
    authors: Vec<AuthorView>,
    earlier: Option<Beside>,
    later: Option<Beside>,
}

/// An edition next to it.
#[derive(Serialize)]
struct Beside {
    url: String,
    title: String,
    day: String,
}

/// An article of it.
#[derive(Serialize)]
struct Story {
    slug: String,
    title: String,
    /// None of before there was an archive.
    article: Option<ArticleView>,
    line: Line,
}

/// What leads from a mail to the site.
#[derive(Serialize)]
struct AfterMail {
    url: String,
}

/// `GET /editions/{key}`: one edition as it was sent, or those of a month, `2025-11`.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    if first_of_month(&key).is_some() {
        return list_of_month(&web, &key, &request).await;
    }
    let key: EditionKey = key.parse().map_err(|_| Failure::NoSuchPage)?;
    let summary = summary(&web, &key).await?;
    let standing = web.store.archive_standing().await?;
    let (earlier, later) = web.store.editions_beside(&key).await?;
    // What is out never changes; what stands next to it may.
    let beside = || earlier.iter().chain(&later);
    let changed = beside().map(|edition| edition.frozen_at).fold(summary.frozen_at, Ord::max);
    let changed = standing.withdrawn_at.map_or(changed, |at| at.max(changed));
    let beside: String = beside().map(|edition| format!("{} {} ", edition.key, edition.hash)).collect();
    let version = web.version(
        &["edition", &key.to_string(), &summary.hash, &beside, &withdrawn(&standing)],
        Some(changed),
    );
    if let Some(known) = web.known(&version, &request) {
        return Ok(known);
    }
    let edition = web.store.in_edition(&key).await?.ok_or(Failure::NoSuchPage)?;
    let articles = web.store.articles_in(&key).await?;
    let page = EditionPage {
        earlier: earlier.map(|edition| Beside::of(&web, &edition)),
        later: later.map(|edition| Beside::of(&web, &edition)),
        mail: web.store.is_edition_whole(&key).await?.then(|| web.pages.mail_path(&key)),
        ..EditionPage::of(&web, &edition, &articles)
    };
    Ok(web.page(&version, web.pages.render("edition.html", &page)?))
}

async fn summary(web: &Web, key: &EditionKey) -> Result<EditionSummary, Failure> {
    if let Some(summary) = web.store.public_edition(key).await? {
        return Ok(summary);
    }
    let is_withdrawn = web.store.is_edition_withdrawn(key).await?;
    Err(if is_withdrawn { Failure::Withdrawn } else { Failure::NoSuchPage })
}

/// `GET /editions/{key}/mail`: the edition's own document, without anyone's own links.
pub(super) async fn mail(
    State(web): State<Arc<Web>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let key: EditionKey = key.parse().map_err(|_| Failure::NoSuchPage)?;
    let summary = summary(&web, &key).await?;
    // Nothing can be cut out of a mail.
    if !web.store.is_edition_whole(&key).await? {
        return Err(Failure::Withdrawn);
    }
    let version = web.version(&["mail", &key.to_string(), &summary.hash], Some(summary.frozen_at));
    let headers = [shortly(), (CONTENT_SECURITY_POLICY, MAIL_POLICY.to_owned())];
    if let Some(unchanged) = version.unchanged(&request, headers.clone()) {
        return Ok(unchanged);
    }
    let edition = web.store.rendered(&key).await?.ok_or(Failure::NoSuchPage)?;
    // In a mail program it is an article among others; in a browser it is what the page is about.
    let html = public_html(&edition, &web.pages.path("")).replacen(
        "role=\"article\" aria-roledescription=\"email\"",
        "role=\"main\"",
        1,
    );
    let url = web.pages.edition_link(&key).url;
    let canonical = web.pages.publication().link(&format!("editions/{key}"));
    let html =
        html.replacen("</head>", &format!("<link rel=\"canonical\" href=\"{canonical}\">\n</head>"), 1);
    let Html(after) = web.pages.render("after_mail.html", &AfterMail { url })?;
    let html = match html.rsplit_once("</body>") {
        Some((before, end)) => format!("{before}{after}</body>{end}"),
        None => html,
    };
    Ok(version.answer(headers, Html(html)))
}

impl EditionPage {
    fn of(web: &Web, edition: &InEdition, articles: &[ArchivedArticle]) -> Self {
        let InEdition { summary, headlines } = edition;
        let title = edition_title(summary);
        let mut authors: Vec<&crate::archive::Byline> = Vec::new();
        for byline in articles.iter().filter_map(|article| article.body.byline.as_ref()) {
            if !authors.iter().any(|known| known.author.key == byline.author.key) {
                authors.push(byline);
            }
        }
        EditionPage {
            canonical: web.pages.publication().link(&format!("editions/{}", summary.key)),
            key: summary.key.to_string(),
            has_own_title: headlines.first().is_none_or(|first| first.title != title),
            title,
            day: web.pages.words().calendar().with_weekday(summary.key.date()),
            date: summary.key.date().to_string(),
            number: summary.number,
            mail: None,
            stories: headlines.iter().map(|headline| Story::of(web, headline, articles)).collect(),
            authors: authors.into_iter().map(|byline| author_view(web, byline)).collect(),
            earlier: None,
            later: None,
        }
    }
}

impl Beside {
    fn of(web: &Web, edition: &EditionSummary) -> Self {
        let Link { name, url } = web.pages.edition_link(&edition.key);
        Beside { url, title: edition_title(edition), day: name }
    }
}

impl Story {
    fn of(web: &Web, headline: &Headline, articles: &[ArchivedArticle]) -> Self {
        let article = articles.iter().find(|article| article.card.slug == headline.slug);
        Story {
            slug: headline.slug.clone(),
            title: headline.title.clone(),
            article: article.map(|article| ArticleView::of(web, article).one_level_down()),
            line: web.pages.headline(headline),
        }
    }
}

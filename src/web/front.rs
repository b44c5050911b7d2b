//! The front page: the newest edition, and the news before it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::Web;
use super::article_view::{ImageView, image_view};
use super::failure::Failure;
use super::listing::{EditionLine, Line, Link};

/// How many headlines of earlier editions there are.
const RECENT: u32 = 8;

#[derive(Serialize)]
struct Front {
    /// The style sheet sets this page wider.
    kind: &'static str,
    canonical: String,
    edition: Option<EditionLine>,
    lead: Option<Lead>,
    /// The other articles of the edition.
    others: Vec<Line>,
    recent: Vec<Line>,
}

/// The story that comes first.
#[derive(Serialize)]
struct Lead {
    line: Line,
    author: Option<Link>,
    image: Option<ImageView>,
    highlights: Vec<String>,
    /// How it runs, when not as the site does.
    dir: Option<&'static str>,
}

/// `GET /`: the newest edition and recent news.
pub(super) async fn front(State(web): State<Arc<Web>>, request: HeaderMap) -> Result<Response, Failure> {
    let pages = &web.pages;
    let version = web.version_of_archive("").await?;
    if let Some(known) = web.known(&version, &request) {
        return Ok(known);
    }
    let edition = web.store.latest_edition().await?;
    let mut front = Front {
        kind: "front",
        canonical: pages.publication().link(""),
        edition: edition.as_ref().map(|edition| pages.edition(edition)),
        lead: None,
        others: Vec::new(),
        recent: Vec::new(),
    };
    if let Some(edition) = &edition {
        let own = u32::try_from(edition.headlines.len()).unwrap_or(u32::MAX);
        let mut recent =
            web.store.recent_headlines(edition.summary.key.date(), RECENT.saturating_add(own)).await?;
        recent.retain(|headline| edition.headlines.iter().all(|other| other.slug != headline.slug));
        recent.truncate(RECENT as usize);
        front.recent = recent.iter().map(|headline| pages.headline(headline)).collect();
        if let Some((first, others)) = edition.headlines.split_first() {
            front.others = others.iter().map(|headline| pages.headline(headline)).collect();
            let article = web.store.article(&first.slug).await?;
            front.lead = Some(match &article {
                Some(article) => Lead {
                    line: pages.line(&article.card),
                    author: article.card.author.as_ref().map(|author| pages.author(author)),
                    image: article.body.image.as_ref().map(|image| image_view(&web, image)),
                    highlights: article.body.highlights.iter().map(|line| web.placed(line)).collect(),
                    dir: web.turned(article),
                },
                None => Lead {
                    line: pages.headline(first),
                    author: None,
                    image: None,
                    highlights: Vec::new(),
                    dir: None,
                },
            });
        }
    }
    Ok(web.page(&version, pages.render("front.html", &front)?))
}

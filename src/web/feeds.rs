//! What programs read: feeds and the maps of the site.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;

use super::Web;
use super::failure::Failure;
use super::fresh::shortly;
use crate::archive::sitemap::{self, ALLOWED, Entry, LARGEST};
use crate::archive::{Feed, atom, json_feed};
use crate::edition::EditionKey;
use crate::store::GroupSize;

/// How many articles a feed has.
const FEED: u32 = 20;

/// `GET /feed.atom` (RFC 4287)
pub(super) async fn atom_feed(State(web): State<Arc<Web>>, request: HeaderMap) -> Result<Response, Failure> {
    let version = web.version_of_archive("feed.atom").await?;
    let headers = [(CONTENT_TYPE, "application/atom+xml; charset=utf-8".to_owned()), shortly()];
    if let Some(unchanged) = version.unchanged(&request, headers.clone()) {
        return Ok(unchanged);
    }
    let articles = web.store.latest_articles(FEED).await?;
    let feed = Feed { publication: web.pages.publication(), articles: &articles };
    Ok(version.answer(headers, atom(&feed)))
}

/// `GET /feed.json` (JSON Feed 1.1)
pub(super) async fn json(State(web): State<Arc<Web>>, request: HeaderMap) -> Result<Response, Failure> {
    let version = web.version_of_archive("feed.json").await?;
    let headers = [(CONTENT_TYPE, "application/feed+json".to_owned()), shortly()];
    if let Some(unchanged) = version.unchanged(&request, headers.clone()) {
        return Ok(unchanged);
    }
    let articles = web.store.latest_articles(FEED).await?;
    let feed = Feed { publication: web.pages.publication(), articles: &articles };
    Ok(version.answer(headers, json_feed(&feed).to_string()))
}

/// `GET /sitemap.xml`: the pages, or where there are too many the maps of them.
pub(super) async fn map(State(web): State<Arc<Web>>, request: HeaderMap) -> Result<Response, Failure> {
    let version = web.version_of_archive("sitemap.xml").await?;
    if let Some(unchanged) = version.unchanged(&request, xml_headers()) {
        return Ok(unchanged);
    }
    let newest = web.store.newest_article_place().await?;
    let parts = newest.as_ref().map_or(1, |newest| part_of(newest.id));
    let text = if parts == 1 {
        sitemap::map(&part(&web, 1).await?)
    } else {
        let address = |n| web.pages.publication().link(&format!("sitemaps/{n}.xml"));
        let maps: Vec<Entry> = (1..=parts).map(|n| Entry { address: address(n), changed: None }).collect();
        sitemap::index(&maps)
    };
    Ok(version.answer(xml_headers(), text))
}

/// `GET /sitemaps/{n}.xml`
pub(super) async fn map_part(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let number: i64 =
        name.strip_suffix(".xml").and_then(|number| number.parse().ok()).ok_or(Failure::NoSuchPage)?;
    let version = web.version_of_archive(&format!("sitemaps/{number}")).await?;
    let newest = web.store.newest_article_place().await?;
    if number < 1 || number > newest.as_ref().map_or(1, |newest| part_of(newest.id)) {
        return Err(Failure::NoSuchPage);
    }
    if let Some(unchanged) = version.unchanged(&request, xml_headers()) {
        return Ok(unchanged);
    }
    let text = sitemap::map(&part(&web, number).await?);
    Ok(version.answer(xml_headers(), text))
}

fn xml_headers() -> [(axum::http::HeaderName, String); 2] {
    [(CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()), shortly()]
}

/// Which map has the article of this id: ids count upwards, so that a map once full stays as it is.
fn part_of(id: i64) -> i64 {
    (id - 1) / i64::from(LARGEST) + 1
}

/// How many maps there are, the newest article having this id.
pub(super) fn parts(newest: i64) -> i64 {
    part_of(newest.max(1))
}

/// The pages of the map `number`: its articles, and in the first one everything else.
async fn part(web: &Web, number: i64) -> Result<Vec<Entry>, Failure> {
    let publication = web.pages.publication();
    let mut entries = Vec::new();
    if number == 1 {
        entries
            .extend(["", "editions/"].map(|path| Entry { address: publication.link(path), changed: None }));
        for (month, _) in web.store.months().await? {
            entries.push(Entry { address: publication.link(&format!("editions/{month}")), changed: None });
        }
        for (place, groups) in [("authors", web.store.authors().await?), ("tags", web.store.tags().await?)] {
            entries.extend(groups.iter().take(2000).map(|GroupSize { key, newest, .. }| Entry {
                address: publication.link(&format!("{place}/{key}")),
                changed: Some(*newest),
            }));
        }
    }
    let before = (number - 1) * i64::from(LARGEST);
    let places = web.store.article_places(before, LARGEST).await?;
    let edition = |key: &EditionKey, frozen_at| Entry {
        address: publication.link(&format!("editions/{key}")),
        changed: Some(frozen_at),
    };
    let mut last_edition = None;
    for place in places.iter().take_while(|place| part_of(place.id) == number) {
        if last_edition.as_ref() != Some(&place.edition) {
            entries.push(edition(&place.edition, place.published_at));
            last_edition = Some(place.edition.clone());
        }
        entries.push(Entry {
            address: publication.link(&format!("articles/{}", place.slug)),
            changed: Some(place.published_at),
        });
    }
    if number == 1 {
        // Those of before there was an archive; where there is no room for all, the oldest are left out.
        let room = u32::try_from(ALLOWED.saturating_sub(entries.len())).unwrap_or(u32::MAX);
        let before = web.store.editions_of_before(room).await?;
        entries.extend(before.iter().map(|(key, frozen_at)| edition(key, *frozen_at)));
    }
    Ok(entries)
}

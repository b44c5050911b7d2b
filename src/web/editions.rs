//! Editions that have gone out, for reading in a browser; nothing in them is anybody's own.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::style::{FOR_EVER, cacheable};
use super::{SHORTLY, Web};
use crate::edition::{EditionKey, Slot, public_html};
use crate::store::EditionSummary;
use crate::words::Words;

/// How many editions a page lists.
const PAGE: u32 = 20;
/// How many of them the front page shows.
const FRONT: u32 = 5;

/// An edition has its style within, and may show pictures from elsewhere; it does nothing.
const EDITION_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[derive(Serialize)]
struct Row {
    key: String,
    title: String,
    date: String,
    day: String,
    number: u64,
}

#[derive(Serialize)]
struct List {
    editions: Vec<Row>,
    /// Whether there are newer ones than these.
    later: bool,
    /// The key before which there are more.
    earlier: Option<String>,
}

/// A page that says only what every page does.
#[derive(Serialize)]
struct NoWords {}

/// Which page of the list.
#[derive(Deserialize)]
pub(super) struct Paging {
    before: Option<EditionKey>,
}

/// `GET /`: the publication's name and its latest editions.
pub(super) async fn front(State(web): State<Arc<Web>>) -> Result<Response, Failure> {
    let list = read(&web, None, FRONT).await?;
    Ok((SHORTLY, web.pages.render("front.html", &list)?).into_response())
}

/// `GET /editions`: to the list, which has a slash behind.
pub(super) async fn to_list(State(web): State<Arc<Web>>) -> Redirect {
    Redirect::permanent(&web.pages.path("/editions/"))
}

/// `GET /editions/`: the editions sent, newest first, in pages.
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let list = read(&web, paging.before.as_ref(), PAGE).await?;
    Ok((SHORTLY, web.pages.render("editions.html", &list)?).into_response())
}

/// `GET /editions/{key}`: one edition as it was sent, without anyone's own links.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let key: EditionKey = key.parse().map_err(|_| Failure::NoSuchPage)?;
    let edition = web.store.rendered(&key).await?.ok_or(Failure::NoSuchPage)?;
    let axum::response::Html(sign_up) = web.pages.render("edition_sign_up.html", &NoWords {})?;
    let html =
        public_html(&edition, &web.pages.path("")).replacen("</body>", &format!("{sign_up}</body>"), 1);
    let headers = [
        (CACHE_CONTROL, "public, max-age=300".to_owned()),
        (CONTENT_SECURITY_POLICY, EDITION_POLICY.to_owned()),
    ];
    Ok(cacheable(&request, &edition.hash, headers, Html(html)))
}

/// `GET /images/{file_name}`: a picture of an edition; its name is made of its content's hash.
pub(super) async fn picture(
    State(web): State<Arc<Web>>,
    Path(file_name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    let (media_type, bytes) = match web.pages.logo().filter(|logo| logo.file_name == file_name) {
        Some(logo) => (logo.media_type.to_owned(), logo.bytes.to_vec()),
        None => web.store.picture(&file_name).await?.ok_or(Failure::NoSuchPage)?,
    };
    let headers = [
        (CACHE_CONTROL, FOR_EVER.to_owned()),
        (CONTENT_TYPE, picture_type(media_type)),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
    ];
    Ok(cacheable(&request, &file_name, headers, bytes))
}

async fn read(web: &Web, before: Option<&EditionKey>, limit: u32) -> Result<List, Failure> {
    let mut found = web.store.editions(before, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let earlier = found.last().filter(|_| more).map(|last| last.key.to_string());
    let editions = found.iter().map(|edition| row(edition, web.pages.words())).collect();
    Ok(List { editions, later: before.is_some(), earlier })
}

fn row(edition: &EditionSummary, words: &Words) -> Row {
    Row {
        key: edition.key.to_string(),
        title: without_slots(&edition.subject),
        date: edition.key.date().to_string(),
        day: words.calendar().with_weekday(edition.key.date()),
        number: edition.number,
    }
}

/// A subject may greet its reader by name; on a page there is none.
fn without_slots(subject: &str) -> String {
    let text = Slot::ALL.iter().fold(subject.to_owned(), |text, slot| text.replace(&slot.marker(), ""));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Only pictures are shown as what they are; nothing else is ever run.
fn picture_type(media_type: String) -> String {
    match media_type.as_str() {
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" => media_type,
        _ => "application/octet-stream".to_owned(),
    }
}

//! The articles of an author, and those with a tag.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::Web;
use super::article_view::{AuthorView, author_view};
use super::failure::Failure;
use super::listing::{Line, PAGE};
use crate::store::Group;

#[derive(Serialize)]
struct GroupPage {
    canonical: String,
    heading: String,
    author: Option<AuthorView>,
    total: u64,
    lines: Vec<Line>,
    paging: Paging,
}

/// Where a long list goes on.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Paging {
    page: u64,
    pages: u64,
    newer: Option<String>,
    older: Option<String>,
}

impl Paging {
    /// Page `page` (from 1) of so many things, `size` a page; `address` gives where a page is.
    pub(super) fn of(page: u64, total: u64, size: u64, address: impl Fn(u64) -> String) -> Self {
        let pages = total.div_ceil(size).max(1);
        Paging {
            page,
            pages,
            newer: (page > 1).then(|| address(page - 1)),
            older: (page < pages).then(|| address(page + 1)),
        }
    }
}

/// `GET /authors/{key}`
pub(super) async fn author(
    State(web): State<Arc<Web>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    show(&web, Group::Author(&key), 1, &request).await
}

/// `GET /authors/{key}/{page}`
pub(super) async fn author_page(
    State(web): State<Arc<Web>>,
    Path((key, number)): Path<(String, u64)>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    if number == 1 {
        return to_first(&web, "authors", &key);
    }
    show(&web, Group::Author(&key), number, &request).await
}

/// `GET /tags/{key}`
pub(super) async fn tag(
    State(web): State<Arc<Web>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    show(&web, Group::Tag(&key), 1, &request).await
}

/// `GET /tags/{key}/{page}`
pub(super) async fn tag_page(
    State(web): State<Arc<Web>>,
    Path((key, number)): Path<(String, u64)>,
    request: HeaderMap,
) -> Result<Response, Failure> {
    if number == 1 {
        return to_first(&web, "tags", &key);
    }
    show(&web, Group::Tag(&key), number, &request).await
}

/// The first page stands at the address without a number.
fn to_first(web: &Web, place: &str, key: &str) -> Result<Response, Failure> {
    if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(Failure::NoSuchPage);
    }
    Ok(Redirect::permanent(&web.pages.path(&format!("/{place}/{key}"))).into_response())
}

async fn show(web: &Web, group: Group<'_>, number: u64, request: &HeaderMap) -> Result<Response, Failure> {
    let pages = &web.pages;
    let (kind, key) = match group {
        Group::Author(key) => ("authors", key),
        Group::Tag(key) => ("tags", key),
    };
    let standing = web.store.group_standing(group).await?.ok_or(Failure::NoSuchPage)?;
    let skip = number.checked_sub(1).ok_or(Failure::NoSuchPage)?.saturating_mul(u64::from(PAGE));
    if skip >= standing.total {
        return Err(Failure::NoSuchPage);
    }
    // Articles are added to a group, and never change or go but with a backup that is restored.
    let version =
        web.version(&[kind, key, &number.to_string(), &format!("{standing:?}")], Some(standing.newest));
    if let Some(known) = web.known(&version, request) {
        return Ok(known);
    }
    let found = web.store.articles_of(group, skip, PAGE).await?;
    let Some(first) = found.cards.first() else { return Err(Failure::NoSuchPage) };
    let words = pages.words();
    let (place, heading, author) = match group {
        Group::Author(key) => {
            let byline = web.store.byline(key).await?;
            let name = byline.as_ref().map_or_else(|| key.to_owned(), |byline| byline.author.name.clone());
            (format!("authors/{key}"), name, byline.map(|byline| author_view(web, &byline)))
        }
        Group::Tag(key) => {
            let name = first.tags.iter().find(|tag| tag.key == key).map_or(key, |tag| tag.name.as_str());
            (format!("tags/{key}"), words.fill("archive.tagged", &[("tag", name)]), None)
        }
    };
    let address = |page: u64| if page == 1 { place.clone() } else { format!("{place}/{page}") };
    let view = GroupPage {
        canonical: pages.publication().link(&address(number)),
        heading,
        author,
        total: found.total,
        lines: found.cards.iter().map(|card| pages.line(card)).collect(),
        paging: Paging::of(number, found.total, u64::from(PAGE), |page| {
            pages.path(&format!("/{}", address(page)))
        }),
    };
    Ok(web.page(&version, pages.render("group.html", &view)?))
}

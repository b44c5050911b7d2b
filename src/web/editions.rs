//! The list of editions that have gone out, by month, and their pictures.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Redirect, Response};
use chrono::NaiveDate;
use serde::Serialize;

use super::Web;
use super::failure::Failure;
use super::fresh::{FOR_EVER, cacheable};
use super::listing::{EditionLine, Link};

/// So many editions the list shows at least, in whole months.
const LISTED: usize = 12;
/// More editions a month are not listed.
const MOST: u32 = 200;

/// The list of editions: some months in full, and the way to all others.
#[derive(Serialize)]
struct List {
    canonical: String,
    /// The month that this page is of; none for the newest ones.
    month: Option<String>,
    groups: Vec<Month>,
    years: Vec<Year>,
    newer: Option<Link>,
    older: Option<Link>,
}

#[derive(Serialize)]
struct Month {
    name: String,
    editions: Vec<EditionLine>,
}

/// The months of a year that have editions.
#[derive(Serialize)]
struct Year {
    name: String,
    months: Vec<MonthLink>,
}

#[derive(Serialize)]
struct MonthLink {
    name: String,
    url: String,
    count: u64,
    here: bool,
}

/// `GET /editions`: to the list, which has a slash behind.
pub(super) async fn to_list(State(web): State<Arc<Web>>) -> Redirect {
    Redirect::permanent(&web.pages.path("/editions/"))
}

/// `GET /editions/`: the newest editions by month, and every month that has some.
pub(super) async fn list(State(web): State<Arc<Web>>, request: HeaderMap) -> Result<Response, Failure> {
    let version = web.version_of_archive("editions/").await?;
    if let Some(known) = web.known(&version, &request) {
        return Ok(known);
    }
    let months = web.store.months().await?;
    let mut groups = Vec::new();
    let mut listed = 0;
    for (month, _) in &months {
        if listed >= LISTED {
            break;
        }
        let group = read_month(&web, month).await?;
        listed += group.editions.len();
        groups.push(group);
    }
    let list = List {
        canonical: web.pages.publication().link("editions/"),
        month: None,
        groups,
        years: years(&web, &months, None),
        newer: None,
        older: None,
    };
    Ok(web.page(&version, web.pages.render("editions.html", &list)?))
}

/// The editions of a month, `2025-11`.
pub(super) async fn list_of_month(web: &Web, month: &str, request: &HeaderMap) -> Result<Response, Failure> {
    let version = web.version_of_archive(&format!("editions/{month}")).await?;
    let months = web.store.months().await?;
    let at = months.iter().position(|(other, _)| other == month).ok_or(Failure::NoSuchPage)?;
    if let Some(known) = web.known(&version, request) {
        return Ok(known);
    }
    let group = read_month(web, month).await?;
    let link = |at: usize| {
        months.get(at).map(|(month, _)| Link { name: month_name(web, month), url: month_url(web, month) })
    };
    let list = List {
        canonical: web.pages.publication().link(&format!("editions/{month}")),
        month: Some(group.name.clone()),
        groups: vec![group],
        years: years(web, &months, Some(month)),
        newer: at.checked_sub(1).and_then(link),
        older: link(at + 1),
    };
    Ok(web.page(&version, web.pages.render("editions.html", &list)?))
}

async fn read_month(web: &Web, month: &str) -> Result<Month, Failure> {
    let editions = web.store.editions_of(month, MOST).await?;
    Ok(Month {
        name: month_name(web, month),
        editions: editions.iter().map(|edition| web.pages.edition(edition)).collect(),
    })
}

/// The months, newest first, by year.
fn years(web: &Web, months: &[(String, u64)], here: Option<&str>) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let mut last = "";
    for (month, count) in months {
        let year = month.get(..4).unwrap_or(month);
        if year != last {
            let name =
                year.parse().map_or_else(|_| year.to_owned(), |y| web.pages.words().calendar().digits(y));
            years.push(Year { name, months: Vec::new() });
            last = year;
        }
        let link = MonthLink {
            name: month_name(web, month),
            url: month_url(web, month),
            count: *count,
            here: here == Some(month),
        };
        years.last_mut().expect("a year was just put there").months.push(link);
    }
    years
}

fn month_url(web: &Web, month: &str) -> String {
    web.pages.path(&format!("/editions/{month}"))
}

fn month_name(web: &Web, month: &str) -> String {
    first_of_month(month).map_or_else(|| month.to_owned(), |day| web.pages.words().calendar().month(day))
}

/// `2025-11` → its first day.
pub(super) fn first_of_month(month: &str) -> Option<NaiveDate> {
    let shape = month.len() == 7
        && month.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
    shape.then(|| format!("{month}-01").parse().ok())?
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

/// Only pictures are shown as what they are; nothing else is ever run.
fn picture_type(media_type: String) -> String {
    match media_type.as_str() {
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" => media_type,
        _ => "application/octet-stream".to_owned(),
    }
}

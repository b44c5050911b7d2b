//! What a reader wants to be called, and their time zone.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::failure::Failure;
use super::guard::Complete;
use super::unsubscribe::NOT_INDEXED;
use super::zones::{Area, areas};
use super::{Bearer, Web};
use crate::message::Purpose;
use crate::subscriber::Subscriber;
use crate::words::Words;

/// How long a name may be, in characters.
const NAME_LIMIT: usize = 100;

/// What the page's form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Wishes {
    #[serde(default)]
    name: String,
    #[serde(default)]
    timezone: String,
}

#[derive(Serialize)]
struct Page<'a> {
    address: String,
    name: &'a str,
    name_limit: usize,
    name_error: Option<String>,
    timezone: &'a str,
    timezone_error: Option<String>,
    own_timezone: &'static str,
    areas: &'static [Area],
    saved: bool,
    unsubscribe: String,
}

#[derive(Serialize)]
struct Left {}

/// `GET /preferences/{token}`: the form as things stand; changes nothing.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    let Some(reader) = present(&web, &bearer).await? else {
        return left(&web, StatusCode::OK);
    };
    let page = Page {
        name: reader.name.as_deref().unwrap_or_default(),
        timezone: reader.timezone.map_or("", Tz::name),
        ..blank(&web, &bearer, &reader)
    };
    Ok(([NOT_INDEXED], web.pages.render("preferences.html", &page)?).into_response())
}

/// `POST /preferences/{token}`: saves both, or says what is wrong with which.
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    Form(wishes): Form<Wishes>,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    let Some(reader) = present(&web, &bearer).await? else {
        return left(&web, StatusCode::CONFLICT);
    };
    let name = checked_name(&wishes.name, web.pages.words());
    let timezone = checked_timezone(&wishes.timezone, web.pages.words());
    // A field of one line cannot show what is no part of a line.
    let one_line = wishes.name.replace(char::is_control, " ");
    let shown = Page {
        name: &one_line,
        name_error: name.as_ref().err().cloned(),
        timezone: &wishes.timezone,
        timezone_error: timezone.as_ref().err().cloned(),
        ..blank(&web, &bearer, &reader)
    };
    let (Ok(name), Ok(timezone)) = (name, timezone) else {
        let page = web.pages.render("preferences.html", &shown)?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok((status, axum::Extension(Complete), [NOT_INDEXED], page).into_response());
    };
    if !web.store.update_preferences(bearer.id, name, timezone, web.clock.now()).await? {
        return left(&web, StatusCode::CONFLICT);
    }
    info!(subscriber = %bearer.id, to = %reader.email.masked(), "preferences changed");
    let page = web
        .pages
        .render("preferences.html", &Page { name: name.unwrap_or_default(), saved: true, ..shown })?;
    Ok(([NOT_INDEXED], page).into_response())
}

/// The holder of the link, while they are subscribed.
async fn present(web: &Web, bearer: &Bearer) -> Result<Option<Subscriber>, Failure> {
    let reader = web.store.subscriber(bearer.id).await?;
    Ok(reader.filter(|reader| !reader.status.is_suppressed()))
}

fn blank(web: &Web, bearer: &Bearer, reader: &Subscriber) -> Page<'static> {
    let token = bearer.keys.issue(Purpose::Unsubscribe, bearer.id);
    Page {
        address: reader.email.masked(),
        name: "",
        name_limit: NAME_LIMIT,
        name_error: None,
        timezone: "",
        timezone_error: None,
        own_timezone: web.timezone.name(),
        areas: areas(),
        saved: false,
        unsubscribe: web.pages.path(&format!("/unsubscribe/{token}")),
    }
}

/// Who has left cannot change anything; coming back is by signing up.
fn left(web: &Web, status: StatusCode) -> Result<Response, Failure> {
    let page = web.pages.render("left.html", &Left {})?;
    Ok((status, axum::Extension(Complete), [NOT_INDEXED], page).into_response())
}

/// The name without space around it; `None` when there is none.
fn checked_name<'t>(text: &'t str, words: &Words) -> Result<Option<&'t str>, String> {
    let name = text.trim();
    if name.chars().any(char::is_control) {
        return Err(words.text("preferences.name_has_controls").to_owned());
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(words.fill("preferences.name_too_long", &[("limit", &words.number(NAME_LIMIT as u64))]));
    }
    Ok((!name.is_empty()).then_some(name))
}

fn checked_timezone(text: &str, words: &Words) -> Result<Option<Tz>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| words.text("preferences.timezone_unknown").to_owned())
}

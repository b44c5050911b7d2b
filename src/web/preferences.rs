//! What a reader may ask for: another name, time zone or address, a pause, and all that we know of them.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::client::Client;
use super::failure::Failure;
use super::forms::{self, NAME_LIMIT};
use super::guard::Complete;
use super::message::{self, Message};
use super::origin::{OurForm, Sender};
use super::unsubscribe::NOT_INDEXED;
use super::zones::{Area, areas};
use super::{Bearer, Web};
use crate::message::Purpose;
use crate::store::{Ask, Asks};
use crate::subscriber::Subscriber;

/// How long a pause may be, in days.
const LONGEST_PAUSE: u64 = 366;

/// What the page's form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Wishes {
    #[serde(default)]
    name: String,
    #[serde(default)]
    timezone: String,
    #[serde(default)]
    pause: String,
}

/// What the form for a new address sends.
#[derive(Debug, Deserialize)]
pub(super) struct NewAddress {
    #[serde(default)]
    email: String,
}

#[derive(Serialize)]
struct Page {
    address: String,
    name: String,
    name_limit: usize,
    name_error: Option<String>,
    timezone: String,
    timezone_error: Option<String>,
    pause: String,
    pause_error: Option<String>,
    email: String,
    email_error: Option<String>,
    own_timezone: &'static str,
    areas: &'static [Area],
    saved: bool,
    unsubscribe: String,
    /// From which day on data and erasure are to be had again, when the address has changed lately.
    held: Option<String>,
    /// This page's own address, before which those of its other forms begin.
    own: String,
}

#[derive(Serialize)]
struct Left {
    /// Before which the addresses of data and erasure begin; none when nothing is kept.
    own: Option<String>,
    /// As on the page.
    held: Option<String>,
}

/// `GET /preferences/{token}`: the form as things stand; changes nothing.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    let Some(reader) = present(&bearer) else {
        return left(&web, &bearer, &token, StatusCode::OK).await;
    };
    let page = as_it_stands(&web, &bearer, reader).await?;
    Ok(([NOT_INDEXED], web.pages.render("preferences.html", &page)?).into_response())
}

/// `POST /preferences/{token}`: saves all, or says what is wrong with which.
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(wishes): Form<Wishes>,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Preferences(&token).refuse(&web);
    }
    let Some(reader) = present(&bearer) else {
        return left(&web, &bearer, &token, StatusCode::CONFLICT).await;
    };
    let words = web.pages.words();
    let now = web.clock.now();
    let name = forms::name(&wishes.name, words);
    let timezone = forms::timezone(&wishes.timezone, words);
    let zone = timezone.as_ref().ok().copied().flatten().unwrap_or(web.timezone);
    let pause = pause(&wishes.pause, zone, now).map_err(|why| words.text(why).to_owned());
    let mut page = Page {
        name: forms::one_line(&wishes.name),
        name_error: name.as_ref().err().cloned(),
        timezone: wishes.timezone.clone(),
        timezone_error: timezone.as_ref().err().cloned(),
        pause: forms::one_line(&wishes.pause),
        pause_error: pause.as_ref().err().cloned(),
        ..as_it_stands(&web, &bearer, reader).await?
    };
    let (Ok(name), Ok(timezone), Ok(pause)) = (name, timezone, pause) else {
        return wrong(&web, &page);
    };
    if !web.store.update_preferences(reader.id, name, timezone, pause, now).await? {
        return left(&web, &bearer, &token, StatusCode::CONFLICT).await;
    }
    info!(subscriber = %reader.id, to = %reader.email.masked(), "preferences changed");
    page.name = name.unwrap_or_default().to_owned();
    page.saved = true;
    Ok(([NOT_INDEXED], web.pages.render("preferences.html", &page)?).into_response())
}

/// `POST /preferences/{token}/address`: writes to the new address, whose owner has the last word; the answer is the same
/// whoever has it.
pub(super) async fn new_address(
    State(web): State<Arc<Web>>,
    client: Client,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(wanted): Form<NewAddress>,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Preferences(&token).refuse(&web);
    }
    let Some(reader) = present(&bearer) else {
        return left(&web, &bearer, &token, StatusCode::CONFLICT).await;
    };
    let words = web.pages.words();
    if let Some(until) = web.store.stays_until(reader.id, web.clock.now()).await? {
        return Message {
            heading: words.text("wishes.address_stays").to_owned(),
            deck: words.fill("wishes.address_stays_text", &[("date", &web.day_after(until))]),
            onward: Some(back(&web, &token)),
            ..Message::default()
        }
        .answer(&web, StatusCode::CONFLICT);
    }
    let email = match forms::email(&wanted.email, words) {
        Ok(email) => email,
        Err(why) => {
            let page = Page {
                email: forms::one_line(&wanted.email),
                email_error: Some(why),
                ..as_it_stands(&web, &bearer, reader).await?
            };
            return wrong(&web, &page);
        }
    };
    let (now, keys) = (web.clock.now(), &bearer.keys);
    let limits = &web.sign_up.limits;
    let quotas = [
        forms::quotas(keys, "sign-up/network", &client.network(), &limits.per_network),
        forms::quotas(keys, "sign-up/reader", &reader.id.to_string(), &limits.per_address),
        forms::quotas(keys, "sign-up/domain", email.domain(), &limits.per_domain),
        forms::quotas(keys, "sign-up/all", "", &limits.in_all),
    ]
    .concat();
    if web.store.used_up(&quotas, now).await?.is_some() {
        return message::too_many(&web, "sign_up.too_many_advice");
    }
    let from = client.recorded(web.sign_up.record_address, keys);
    let ask = Ask {
        asks: Asks::NewAddress(reader.id),
        email: &email,
        name: None,
        timezone: None,
        words: words.text("wishes.address_text"),
        origin: "site",
        from: from.as_deref(),
        expires_at: now + web.sign_up.expires,
    };
    web.store.ask(&ask, &quotas, now).await?;
    info!(subscriber = %reader.id, to = %email.masked(), "a new address is asked for");
    Message {
        heading: words.text("wishes.address_asked").to_owned(),
        deck: words.text("wishes.address_asked_text").to_owned(),
        onward: Some(back(&web, &token)),
        ..Message::default()
    }
    .answer(&web, StatusCode::OK)
}

/// `POST /preferences/{token}/data`: all that is known of the reader goes, by mail, to the address on record, so that a link
/// that others have seen gives nothing away: as long as the address before can take a move back, nothing goes at all.
pub(super) async fn data(
    State(web): State<Arc<Web>>,
    client: Client,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Preferences(&token).refuse(&web);
    }
    let limits = &web.sign_up.limits.per_network;
    if let Some(refused) = forms::take_from_network(&web, &bearer.keys, client, "data", limits).await? {
        return Ok(refused);
    }
    // Who has left may still know what is kept.
    let Some(reader) = bearer.reader() else {
        return left(&web, &bearer, &token, StatusCode::CONFLICT).await;
    };
    // Behind the address: a move that is confirmed in between is seen here, or nothing goes where it led.
    if let Some(until) = web.store.held_until(reader.id, web.clock.now()).await? {
        return held(&web, &token, until, StatusCode::CONFLICT);
    }
    let known = web.store.known(reader).await?;
    let json = serde_json::to_string_pretty(&known).expect("texts and times are JSON");
    let letter = web.letters.data(&bearer.keys, reader.holder(), reader.name.as_deref(), json)?;
    let now = web.clock.now();
    let cause = format!("data/{}/{}", reader.id, now.date_naive());
    if web.store.post_letter(&cause, &reader.email, &letter, Some(reader.id), now).await? {
        info!(subscriber = %reader.id, to = %reader.email.masked(), "a reader's data is in the post");
    }
    let words = web.pages.words();
    Message {
        heading: words.text("wishes.data_sent").to_owned(),
        deck: words.text("wishes.data_sent_text").to_owned(),
        address: Some(reader.email.masked()),
        onward: Some(back(&web, &token)),
        ..Message::default()
    }
    .answer(&web, StatusCode::OK)
}

/// Says from when on data and erasure are to be had: the address before can take the last move back `until` then.
pub(super) fn held(
    web: &Web,
    token: &str,
    until: DateTime<Utc>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let words = web.pages.words();
    Message {
        heading: words.text("wishes.held").to_owned(),
        deck: words.fill("wishes.held_text", &[("date", &web.day_after(until))]),
        onward: Some(back(web, token)),
        ..Message::default()
    }
    .answer(web, status)
}

/// The way back to the page.
pub(super) fn back(web: &Web, token: &str) -> (String, String) {
    let path = web.pages.path(&format!("/preferences/{token}"));
    (web.pages.words().text("wishes.back").to_owned(), path)
}

/// The holder of the link, while they are subscribed.
fn present(bearer: &Bearer) -> Option<&Subscriber> {
    bearer.reader().filter(|reader| !reader.status.is_suppressed())
}

async fn as_it_stands(web: &Web, bearer: &Bearer, reader: &Subscriber) -> Result<Page, Failure> {
    let leave = bearer.keys.issue(Purpose::Unsubscribe, reader.holder());
    let own = bearer.keys.issue(Purpose::Preferences, reader.holder());
    let zone = reader.timezone.unwrap_or(web.timezone);
    let paused = web.store.paused_until(reader.id).await?.filter(|until| *until > web.clock.now());
    Ok(Page {
        address: reader.email.masked(),
        name: reader.name.clone().unwrap_or_default(),
        name_limit: NAME_LIMIT,
        name_error: None,
        timezone: reader.timezone.map_or("", Tz::name).to_owned(),
        timezone_error: None,
        pause: paused.map(|until| until.with_timezone(&zone).date_naive().to_string()).unwrap_or_default(),
        pause_error: None,
        email: String::new(),
        email_error: None,
        own_timezone: web.timezone.name(),
        areas: areas(),
        saved: false,
        unsubscribe: web.pages.path(&format!("/unsubscribe/{leave}")),
        held: held_from(web, bearer).await?,
        own: web.pages.path(&format!("/preferences/{own}")),
    })
}

async fn held_from(web: &Web, bearer: &Bearer) -> Result<Option<String>, Failure> {
    let Some(reader) = bearer.reader() else { return Ok(None) };
    let until = web.store.held_until(reader.id, web.clock.now()).await?;
    Ok(until.map(|until| web.day_after(until)))
}

fn wrong(web: &Web, page: &Page) -> Result<Response, Failure> {
    let page = web.pages.render("preferences.html", page)?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok((status, axum::Extension(Complete), [NOT_INDEXED], page).into_response())
}

/// Who has left cannot change anything, and may still have their data or be forgotten; coming back is by signing up.
pub(super) async fn left(
    web: &Web,
    bearer: &Bearer,
    token: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let own = bearer.reader().map(|_| web.pages.path(&format!("/preferences/{token}")));
    let held = held_from(web, bearer).await?;
    let page = web.pages.render("left.html", &Left { own, held })?;
    Ok((status, axum::Extension(Complete), [NOT_INDEXED], page).into_response())
}

/// The beginning of the day until which a reader rests, in their zone; else the key of the words that say what is wrong.
fn pause(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = text.parse().map_err(|_| "wishes.pause_unreadable")?;
    let today = now.with_timezone(&zone).date_naive();
    if day <= today {
        return Err("wishes.pause_past");
    }
    if today.checked_add_days(Days::new(LONGEST_PAUSE)).is_none_or(|last| day > last) {
        return Err("wishes.pause_long");
    }
    // Where the clock skips midnight, the day begins an hour later.
    let hours = [0, 1, 2].map(|hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
    let begins = hours.into_iter().find_map(|hour| zone.from_local_datetime(&day.and_time(hour)).earliest());
    begins.map(|at| Some(at.with_timezone(&Utc))).ok_or("wishes.pause_unreadable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_the_beginning_of_its_day() {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let read = |text, zone| pause(text, zone, now).map(|until| until.map(|until| until.to_string()));
        assert_eq!(read(" ", Tz::UTC), Ok(None));
        assert_eq!(read("2026-03-10", Tz::Europe__Berlin), Ok(Some("2026-03-09 23:00:00 UTC".into())));
        // Beirut skips midnight when its summer begins.
        assert_eq!(read("2026-03-29", Tz::Asia__Beirut), Ok(Some("2026-03-28 22:00:00 UTC".into())));
        assert_eq!(read("2026-03-02", Tz::UTC), Err("wishes.pause_past"));
        assert_eq!(read("2027-06-01", Tz::UTC), Err("wishes.pause_long"));
        assert_eq!(read("10 March", Tz::UTC), Err("wishes.pause_unreadable"));
        assert_eq!(read("999999-01-01", Tz::UTC), Err("wishes.pause_unreadable"));
    }
}

//! Saying yes: to a sign-up, and to having one's mail at a new address. GET asks, POST does it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tracing::info;

use super::client::Client;
use super::failure::Failure;
use super::message::{Message, Question};
use super::origin::{OurForm, Sender};
use super::{Expiring, Web};
use crate::message::{Purpose, TokenKeys};
use crate::press::FirstEdition;
use crate::store::{Confirmed, Moved, SignUp, SignUpId, put_back_until};
use crate::subscriber::Status;

/// What a link stands for.
enum Link {
    /// This sign-up.
    Good(SignUpId, SignUp, TokenKeys),
    /// None any more: too old, or forgotten.
    Expired,
}

async fn read(web: &Web, purpose: Purpose, token: &str) -> Result<Link, Failure> {
    let Some(Expiring { number, expires, keys }) = web.expiring(purpose, token).await? else {
        return Ok(Link::Expired);
    };
    let id = SignUpId(number);
    let found = web.store.sign_up(id).await?.filter(|found| found.expires_at.timestamp() == expires);
    Ok(found.map_or(Link::Expired, |sign_up| Link::Good(id, sign_up, keys)))
}

/// Whether this was confirmed, and the reader is not subscribed any more: the link brings nobody back.
async fn has_left(web: &Web, sign_up: &SignUp) -> Result<bool, Failure> {
    let Some(reader) = sign_up.subscriber.filter(|_| sign_up.confirmed) else { return Ok(false) };
    let reader = web.store.subscriber(reader).await?;
    Ok(reader.is_none_or(|reader| reader.status != Status::Active))
}

/// `GET /confirm/{token}`: a page with a button; changes nothing.
pub(super) async fn ask(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Result<Response, Failure> {
    let Link::Good(_, sign_up, _) = read(&web, Purpose::Confirm, &token).await? else {
        return expired(&web);
    };
    if has_left(&web, &sign_up).await? {
        return not_possible(&web);
    }
    let words = web.pages.words();
    Question {
        heading: words.text("confirm.title").to_owned(),
        deck: words.text("confirm.press").to_owned(),
        address: Some(sign_up.email.masked()),
        text: Some(words.text("confirm.nothing_yet").to_owned()),
        button: words.text("confirm.button").to_owned(),
        onward: None,
    }
    .answer(&web)
}

/// `POST /confirm/{token}`: subscribes the owner of the address; again, it changes nothing.
pub(super) async fn confirm(
    State(web): State<Arc<Web>>,
    client: Client,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Confirmation.refuse(&web);
    }
    let Link::Good(id, sign_up, keys) = read(&web, Purpose::Confirm, &token).await? else {
        return expired(&web);
    };
    let reader = match sign_up.subscriber {
        Some(id) => web.store.subscriber(id).await?,
        None => None,
    };
    let Some(reader) = reader else { return not_possible(&web) };
    let now = web.clock.now();
    let latest = web.store.latest_to_send().await?;
    let first = match &latest {
        Some(latest) if web.sign_up.sends(latest.frozen_at, now) => FirstEdition::ComesNow(latest),
        Some(latest) => FirstEdition::OnTheWeb(latest),
        None => FirstEdition::None,
    };
    let welcome = web.letters.welcome(&keys, reader.holder(), sign_up.name.as_deref(), first)?;
    let from = client.recorded(web.sign_up.record_address, &keys);
    match web.store.confirm_sign_up(id, &keys, from.as_deref(), &welcome, now).await? {
        Confirmed::Now(reader) => {
            info!(subscriber = %reader, to = %sign_up.email.masked(), "subscribed");
            if let FirstEdition::ComesNow(latest) = first {
                web.store.deliver_to(latest.id, reader, now).await?;
            }
            subscribed(&web, &sign_up)
        }
        Confirmed::Before => subscribed(&web, &sign_up),
        Confirmed::No => not_possible(&web),
    }
}

fn subscribed(web: &Web, sign_up: &SignUp) -> Result<Response, Failure> {
    let words = web.pages.words();
    Message {
        heading: words.text("confirm.done").to_owned(),
        deck: words.text("confirm.done_text").to_owned(),
        address: Some(sign_up.email.masked()),
        onward: Some((words.text("web.past_editions").to_owned(), web.pages.path("/editions/"))),
        ..Message::default()
    }
    .answer(web, StatusCode::OK)
}

/// `GET /address/{token}`: a page with a button; changes nothing.
pub(super) async fn ask_address(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let Link::Good(_, change, _) = read(&web, Purpose::NewAddress, &token).await? else {
        return expired(&web);
    };
    let words = web.pages.words();
    Question {
        heading: words.text("wishes.address_title").to_owned(),
        deck: words.text("wishes.address_press").to_owned(),
        address: Some(change.email.masked()),
        text: None,
        button: words.text("wishes.address_confirm").to_owned(),
        onward: None,
    }
    .answer(&web)
}

/// `POST /address/{token}`: the reader's mail comes to the new address from now on.
pub(super) async fn confirm_address(
    State(web): State<Arc<Web>>,
    client: Client,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Confirmation.refuse(&web);
    }
    let Link::Good(id, change, keys) = read(&web, Purpose::NewAddress, &token).await? else {
        return expired(&web);
    };
    let words = web.pages.words();
    let from = client.recorded(web.sign_up.record_address, &keys);
    let reader = match change.subscriber {
        Some(id) => web.store.subscriber(id).await?,
        None => None,
    };
    let name = reader.as_ref().and_then(|reader| reader.name.as_deref());
    let now = web.clock.now();
    let notice = web.letters.moved(&keys, name, &change.email, id, put_back_until(now))?;
    let moved = web.store.confirm_new_address(id, &keys, from.as_deref(), &notice, now).await?;
    let (heading, deck) = match moved {
        Moved::Now | Moved::Before => ("wishes.address_done", "wishes.address_done_text"),
        Moved::Taken => ("wishes.address_taken", "wishes.address_taken_text"),
        Moved::No => return not_possible(&web),
    };
    Message {
        heading: words.text(heading).to_owned(),
        deck: words.text(deck).to_owned(),
        address: Some(change.email.masked()),
        ..Message::default()
    }
    .answer(&web, StatusCode::OK)
}

fn expired(web: &Web) -> Result<Response, Failure> {
    gone(web, "confirm.expired", "confirm.expired_text")
}

fn not_possible(web: &Web) -> Result<Response, Failure> {
    gone(web, "confirm.not_possible", "confirm.not_possible_text")
}

fn gone(web: &Web, heading: &str, text: &str) -> Result<Response, Failure> {
    let words = web.pages.words();
    Message {
        heading: words.text(heading).to_owned(),
        deck: words.text(text).to_owned(),
        onward: Some((words.text("confirm.again").to_owned(), web.pages.path("/subscribe"))),
        ..Message::default()
    }
    .answer(web, StatusCode::GONE)
}

//! To be forgotten: a page with a button, and what it does.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tracing::info;

use super::Web;
use super::failure::Failure;
use super::message::{Message, Question};
use super::origin::{OurForm, Sender};
use super::preferences::{back, held, left};
use crate::message::Purpose;
use crate::store::Whose;

/// `GET /preferences/{token}/erase`: a page with a button; changes nothing.
pub(super) async fn ask(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    // Who has left may be forgotten too.
    let Some(reader) = bearer.reader() else {
        return left(&web, &bearer, &token, StatusCode::OK).await;
    };
    if let Some(until) = web.store.held_until(reader.id, web.clock.now()).await? {
        return held(&web, &token, until, StatusCode::OK);
    }
    let words = web.pages.words();
    Question {
        heading: words.text("wishes.erase").to_owned(),
        deck: words.text("wishes.erase_press").to_owned(),
        address: Some(reader.email.masked()),
        text: Some(words.text("wishes.erase_keeps").to_owned()),
        button: words.text("wishes.erase_button").to_owned(),
        onward: Some(back(&web, &token)),
    }
    .answer(&web)
}

/// `POST /preferences/{token}/erase`: deletes all that is known of the reader; again, there is nothing left to delete.
pub(super) async fn erase(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Preferences, &token).await?;
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Preferences(&token).refuse(&web);
    }
    match &bearer.whose {
        Whose::Reader(reader) => {
            if let Some(until) = web.store.held_until(reader.id, web.clock.now()).await? {
                return held(&web, &token, until, StatusCode::CONFLICT);
            }
            if web.store.erase(reader.id, &bearer.keys, web.clock.now()).await? {
                info!(subscriber = %reader.id, "erased");
            }
        }
        Whose::Erased => {}
        Whose::Nobody => return left(&web, &bearer, &token, StatusCode::CONFLICT).await,
    }
    let words = web.pages.words();
    Message {
        heading: words.text("wishes.erase_done").to_owned(),
        deck: words.fill("wishes.erase_done_text", &[("name", &web.pages.publication().name)]),
        ..Message::default()
    }
    .answer(&web, StatusCode::OK)
}

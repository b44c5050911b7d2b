//! "This was not me": the owner of an address that a reader has left takes the move back. GET asks, POST does it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use tracing::info;

use super::failure::Failure;
use super::message::{Message, Question};
use super::origin::{OurForm, Sender};
use super::{Expiring, Web};
use crate::message::{Purpose, TokenKeys};
use crate::store::{Move, PutBack, PutBackBy, SignUpId};

/// The move that `token` takes back; none when its time is over, or nothing of it is left.
async fn read(web: &Web, token: &str) -> Result<Option<(Move, TokenKeys)>, Failure> {
    let Some(Expiring { number, expires, keys }) = web.expiring(Purpose::PutBack, token).await? else {
        return Ok(None);
    };
    let found = web.store.move_of(SignUpId(number)).await?;
    Ok(found.filter(|found| found.until().timestamp() == expires).map(|found| (found, keys)))
}

/// `GET /put-back/{token}`: a page with a button; changes nothing.
pub(super) async fn ask(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Result<Response, Failure> {
    let Some((moved, _)) = read(&web, &token).await? else { return too_late(&web) };
    if moved.put_back_at.is_some() {
        return done(&web, &moved);
    }
    let words = web.pages.words();
    Question {
        heading: words.text("wishes.put_back").to_owned(),
        deck: words.text("wishes.put_back_press").to_owned(),
        address: Some(moved.former.masked()),
        button: words.text("wishes.put_back_button").to_owned(),
        ..Question::default()
    }
    .answer(&web)
}

/// `POST /put-back/{token}`: the reader's mail comes to the former address again; once more, it changes nothing.
pub(super) async fn put_back(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Confirmation.refuse(&web);
    }
    let Some((moved, keys)) = read(&web, &token).await? else { return too_late(&web) };
    match web.store.put_back(&moved, PutBackBy::Owner, &keys, web.clock.now()).await? {
        PutBack::Now => {
            info!(subscriber = %moved.reader, to = %moved.former.masked(), "an address is put back");
            done(&web, &moved)
        }
        PutBack::Before => done(&web, &moved),
        PutBack::Taken => {
            let (heading, text) = ("wishes.put_back_taken", "wishes.put_back_taken_text");
            told(&web, heading, text, Some(&moved), StatusCode::CONFLICT)
        }
        PutBack::No => too_late(&web),
    }
}

fn done(web: &Web, moved: &Move) -> Result<Response, Failure> {
    told(web, "wishes.put_back_done", "wishes.put_back_done_text", Some(moved), StatusCode::OK)
}

fn too_late(web: &Web) -> Result<Response, Failure> {
    told(web, "wishes.put_back_late", "wishes.put_back_late_text", None, StatusCode::GONE)
}

/// The page with these words.
fn told(
    web: &Web,
    heading: &str,
    text: &str,
    moved: Option<&Move>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let words = web.pages.words();
    Message {
        heading: words.text(heading).to_owned(),
        deck: words.text(text).to_owned(),
        address: moved.map(|moved| moved.former.masked()),
        ..Message::default()
    }
    .answer(web, status)
}

impl Web {
    /// The first day on which all of it is behind `until`, in words.
    pub(super) fn day_after(&self, until: DateTime<Utc>) -> String {
        let day = until.with_timezone(&self.timezone).date_naive();
        self.pages.words().calendar().day(day.succ_opt().unwrap_or(day))
    }
}

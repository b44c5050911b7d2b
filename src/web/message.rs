//! Pages that tell something, and pages that ask before they do it: one template each.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Web;
use super::failure::Failure;
use super::guard::Complete;
use super::unsubscribe::NOT_INDEXED;

/// A page that tells something.
#[derive(Debug, Default, Serialize)]
pub(super) struct Message {
    /// The heading.
    pub(super) heading: String,
    /// The sentence beneath it; with an `address`, its places for `{name}` and `{address}` are the template's to fill.
    pub(super) deck: String,
    /// A reader's address, masked, which stands in `deck`.
    pub(super) address: Option<String>,
    /// What else there is to say.
    pub(super) text: Option<String>,
    /// Where to go from here: the words and the address.
    pub(super) onward: Option<(String, String)>,
}

/// A page with a button: nothing happens before it is pressed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Question {
    /// The heading.
    pub(super) heading: String,
    /// What the button does; with an `address`, its places for `{name}` and `{address}` are the template's to fill.
    pub(super) deck: String,
    /// A reader's address, masked, which stands in `deck`.
    pub(super) address: Option<String>,
    /// What else there is to say.
    pub(super) text: Option<String>,
    /// What stands on the button.
    pub(super) button: String,
    /// Where to go instead: the words and the address.
    pub(super) onward: Option<(String, String)>,
}

impl Message {
    /// The page under `status`; personal, so that nobody indexes it.
    pub(super) fn answer(&self, web: &Web, status: StatusCode) -> Result<Response, Failure> {
        let page = web.pages.render("message.html", self)?;
        Ok((status, axum::Extension(Complete), [NOT_INDEXED], page).into_response())
    }
}

impl Question {
    /// The page.
    pub(super) fn answer(&self, web: &Web) -> Result<Response, Failure> {
        Ok(([NOT_INDEXED], web.pages.render("question.html", self)?).into_response())
    }
}

/// When a limit may have room again: seconds.
pub(super) const LATER: HeaderValue = HeaderValue::from_static("3600");

/// The page of a limit that is used up.
pub(super) fn too_many(web: &Web, advice: &str) -> Result<Response, Failure> {
    let words = web.pages.words();
    let message = Message {
        heading: words.text("sign_up.too_many").to_owned(),
        deck: words.text(advice).to_owned(),
        onward: Some((words.text("problem.to_front_page").to_owned(), web.pages.path("/"))),
        ..Message::default()
    };
    let mut page = message.answer(web, StatusCode::TOO_MANY_REQUESTS)?;
    page.headers_mut().insert(RETRY_AFTER, LATER);
    Ok(page)
}

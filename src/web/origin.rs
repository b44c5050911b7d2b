//! From which site a request comes: forms of ours are sent by our pages, and by those of sites that are configured.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Web;
use super::failure::Failure;
use super::message::Message;

/// Which page sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    /// One of ours, or no page at all: a program, or a browser that does not tell.
    Ours,
    /// One of a site that is configured, which may sign readers up and do nothing else: its origin.
    Allowed(String),
    /// One of some other site.
    Foreign,
}

/// A form that no other site may send, not one that is configured either: those sign readers up, and say yes to nothing in a
/// reader's stead. What it asks for decides the words of the answer. Leaving is none: it works from
/// anywhere (RFC 8058).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OurForm<'t> {
    /// The button that a letter leads to.
    Confirmation,
    /// One of those of the preferences' page with this token.
    Preferences(&'t str),
    /// That of an article's comments, by slug.
    Comment(&'t str),
    /// A decision about a comment: what stands behind `/moderate/`.
    Moderation(&'t str),
}

impl OurForm<'_> {
    /// The answer when another site's page has sent it: nothing is done, and where to do it.
    pub(super) fn refuse(self, web: &Web) -> Result<Response, Failure> {
        let (advice, onward) = match self {
            OurForm::Confirmation => ("confirm.foreign_advice", None),
            OurForm::Preferences(token) => {
                ("wishes.foreign_advice", Some(("wishes.back", format!("/preferences/{token}"))))
            }
            OurForm::Comment(slug) => {
                ("comments.foreign_advice", Some(("comments.back", format!("/articles/{slug}"))))
            }
            OurForm::Moderation(rest) => {
                ("comments.moderate_foreign_advice", Some(("comments.look", format!("/moderate/{rest}"))))
            }
        };
        let words = web.pages.words();
        Message {
            heading: words.text("problem.foreign").to_owned(),
            deck: words.text(advice).to_owned(),
            onward: onward.map(|(key, path)| (words.text(key).to_owned(), web.pages.path(&path))),
            ..Message::default()
        }
        .answer(web, StatusCode::FORBIDDEN)
    }
}

impl Web {
    /// Which page sent this request, by Sec-Fetch-Site and Origin (which a page cannot forge).
    ///
    /// Our pages have no referrer, so that browsers say `Origin: null` of them; what tells them from others is
    /// Sec-Fetch-Site. An old browser that has neither is let through: what changes something of somebody's needs the
    /// token in the address beside.
    pub(super) fn sender(&self, headers: &HeaderMap) -> Sender {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(ORIGIN.as_str()).filter(|origin| *origin != "null");
        if let Some(origin) = origin {
            if self.access.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
                return Sender::Allowed(origin.to_owned());
            }
            let ours = self.pages.publication().public_url.origin().ascii_serialization();
            let host = origin.split_once("://").map(|(_, host)| host);
            if origin != ours && host != text(HOST.as_str()) {
                return Sender::Foreign;
            }
        }
        match text("sec-fetch-site") {
            None | Some("same-origin" | "none") => Sender::Ours,
            // Another host of one domain may be anybody's.
            Some(_) if origin.is_some() => Sender::Ours,
            Some(_) => Sender::Foreign,
        }
    }
}

/// The answer to a browser that asks whether a page may send what it wants to (CORS preflight).
pub(super) fn preflight(sender: &Sender) -> Response {
    let Sender::Allowed(origin) = sender else {
        return (StatusCode::FORBIDDEN, [(VARY, HeaderValue::from_static("Origin"))]).into_response();
    };
    let fixed = [
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST")),
        (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type")),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
    ];
    (StatusCode::NO_CONTENT, shared_with(origin), fixed).into_response()
}

/// What lets a page of `origin` read the answer.
pub(super) fn shared_with(origin: &str) -> [(HeaderName, HeaderValue); 2] {
    let origin = HeaderValue::from_str(origin).unwrap_or(HeaderValue::from_static("null"));
    [(ACCESS_CONTROL_ALLOW_ORIGIN, origin), (VARY, HeaderValue::from_static("Origin"))]
}

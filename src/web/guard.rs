//! What holds for every request and every answer: a deadline, security headers, errors as pages, a line in the log.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::{debug, error, warn};

use super::{BODY_LIMIT, Web, sign_up};

/// Where programs sign readers up; errors are JSON there.
const API: &str = "/api/subscribe";

/// How long a request may take, its body included. Longer than a large edition's publishing keeps the store from
/// writing down who has left.
const DEADLINE: Duration = Duration::from_secs(60);

/// What our own pages may do: have our style and pictures, and send our forms.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Marks an answer whose body is its own, whatever its status.
#[derive(Clone, Copy)]
pub(super) struct Complete;

/// Wraps every route.
pub(super) async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = without_token(request.uri().path()).to_owned();
    let sender = (request.uri().path() == API).then(|| web.sender(request.headers()));
    let without_slash = without_last_slash(&method, request.uri());
    let mut response = if announces_too_much(request.headers()) {
        StatusCode::PAYLOAD_TOO_LARGE.into_response()
    } else if has_nul(request.uri().path()) {
        StatusCode::NOT_FOUND.into_response()
    } else {
        tokio::time::timeout(DEADLINE, next.run(request)).await.unwrap_or_else(|_| {
            warn!(%method, path, "a web request took too long");
            ([(RETRY_AFTER, "120")], StatusCode::SERVICE_UNAVAILABLE).into_response()
        })
    };
    let status = response.status();
    debug!(%method, path, status = status.as_u16(), "web request");
    if let (StatusCode::NOT_FOUND, Some(place)) = (status, without_slash) {
        response = (StatusCode::PERMANENT_REDIRECT, [(LOCATION, web.pages.path(&place))]).into_response();
    } else if (status.is_client_error() || status.is_server_error())
        && response.extensions().get::<Complete>().is_none()
    {
        response = match &sender {
            Some(sender) => sign_up::refused(sender, &response, &advice(&web, status)),
            None => problem(&web, &response),
        };
        if method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Tokens are in addresses.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether the body is too large by its own account; one that says nothing is cut off while it is read.
fn announces_too_much(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length > BODY_LIMIT as u64)
}

/// Whether a part of the path would hold a NUL, which is in no name, and which PostgreSQL takes for a mistake of ours.
fn has_nul(path: &str) -> bool {
    path.contains("%00")
}

/// A page's address without the slash that servers of files put behind it. `//` would begin another site's address.
fn without_last_slash(method: &Method, uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty() && !path.contains("//"))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    (method == Method::GET || method == Method::HEAD).then(|| format!("{path}{query}"))
}

/// The path as a log may have it: a token opens somebody's page.
fn without_token(path: &str) -> &str {
    let personal = ["/unsubscribe/", "/preferences/", "/confirm/", "/address/", "/put-back/", "/moderate/"];
    personal.into_iter().find(|prefix| path.starts_with(prefix)).unwrap_or(path)
}

#[derive(Serialize)]
struct Problem<'w> {
    status: u16,
    heading: &'w str,
    advice: &'w str,
}

/// The page of an error, with what the bare answer said of itself.
fn problem(web: &Web, bare: &Response) -> Response {
    let status = bare.status();
    let (heading, advice) = (web.pages.words().text(words(status)), advice(web, status));
    let page =
        web.pages.render("problem.html", &Problem { status: status.as_u16(), heading, advice: &advice });
    let mut response = match page {
        Ok(page) => (status, page).into_response(),
        Err(error) => {
            error!(%error, "the error page cannot be rendered");
            (status, heading.to_owned()).into_response()
        }
    };
    keep_what_it_says(bare, &mut response);
    response
}

/// Which methods there are, and when to come again, as the bare answer has it.
pub(super) fn keep_what_it_says(bare: &Response, answer: &mut Response) {
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = bare.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
}

fn advice(web: &Web, status: StatusCode) -> String {
    let key = format!("{}_advice", words(status));
    web.pages.words().text(&key).to_owned()
}

/// The key of the words for `status`; behind it `_advice` is the key of what to do.
fn words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "problem.not_found",
        StatusCode::GONE => "problem.withdrawn",
        StatusCode::METHOD_NOT_ALLOWED => "problem.not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "problem.too_large",
        StatusCode::SERVICE_UNAVAILABLE => "problem.busy",
        status if status.is_server_error() => "problem.ours",
        _ => "problem.unreadable",
    }
}

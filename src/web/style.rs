//! The style sheet, and answers that a browser may keep.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Web;

/// What may be kept for ever, because its address changes with its content.
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /style.css`; the pages name it with its content's hash behind.
pub(super) async fn sheet(State(web): State<Arc<Web>>, request: HeaderMap) -> Response {
    let sheet = web.pages.style();
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8".to_owned()), (CACHE_CONTROL, FOR_EVER.to_owned())];
    cacheable(&request, &sheet.hash, headers, sheet.text.clone())
}

/// `body` under `tag`, or 304 when whoever asks has it already (RFC 9110 §13.1.2).
pub(super) fn cacheable<const N: usize>(
    request: &HeaderMap,
    tag: &str,
    headers: [(HeaderName, String); N],
    body: impl IntoResponse,
) -> Response {
    let tag = format!("\"{tag}\"");
    let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    });
    let tag = [(ETAG, tag)];
    if known {
        (StatusCode::NOT_MODIFIED, tag, headers).into_response()
    } else {
        (tag, headers, body).into_response()
    }
}

//! The style sheet, and answers that a browser may keep.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};

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

/// Pages change once a day; what stands in front may keep them for a minute.
pub(super) fn shortly() -> (HeaderName, String) {
    (CACHE_CONTROL, "public, max-age=60".to_owned())
}

/// What a page of the archive may do: as our other pages, and show pictures that articles take from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page of the archive, kept shortly, under the hash of its content.
pub(super) fn page(request: &HeaderMap, Html(html): Html<String>) -> Response {
    let headers = [shortly(), (CONTENT_SECURITY_POLICY, PAGE_POLICY.to_owned())];
    let tag = hash(&html);
    cacheable(request, &tag, headers, Html(html))
}

/// `body` under the hash of its content and with the time of its last change, or 304 when whoever asks has it already
/// (RFC 9110 §13.1.3: the time counts only where no tag is given).
pub(super) fn kept<const N: usize>(
    request: &HeaderMap,
    changed: Option<DateTime<Utc>>,
    headers: [(HeaderName, String); N],
    body: String,
) -> Response {
    let since = request.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(|since| DateTime::parse_from_rfc2822(since).ok());
    let unchanged =
        since.zip(changed).is_some_and(|(since, changed)| changed.timestamp() <= since.timestamp());
    let tag = hash(&body);
    let mut response = if unchanged && !request.contains_key(IF_NONE_MATCH) {
        (StatusCode::NOT_MODIFIED, [(ETAG, format!("\"{tag}\""))], headers).into_response()
    } else {
        cacheable(request, &tag, headers, body)
    };
    if let Some(changed) = changed {
        let written = changed.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().extend(HeaderValue::try_from(written).map(|value| (LAST_MODIFIED, value)));
    }
    response
}

/// 32 hex digits of the SHA-256 of `text`.
pub(super) fn hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
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

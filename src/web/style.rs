//! The style sheet.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use axum::response::Response;

use super::Web;
use super::fresh::{FOR_EVER, cacheable};

/// `GET /style.css`; the pages name it with its content's hash behind.
pub(super) async fn sheet(State(web): State<Arc<Web>>, request: HeaderMap) -> Response {
    let sheet = web.pages.style();
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8".to_owned()), (CACHE_CONTROL, FOR_EVER.to_owned())];
    cacheable(&request, &sheet.hash, headers, sheet.text.clone())
}

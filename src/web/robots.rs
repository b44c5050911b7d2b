//! What visitors that are no people ask for first.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

use super::Web;

/// Neither changes often.
const A_DAY: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=86400")];

/// `GET /robots.txt` (RFC 9309): everything is open but the personal pages.
pub(super) async fn robots(State(web): State<Arc<Web>>) -> Response {
    let closed =
        ["/unsubscribe/", "/preferences/", "/confirm/", "/address/", "/put-back/", "/moderate/", "/search"]
            .map(|path| format!("Disallow: {}\n", web.pages.path(path)));
    (
        A_DAY,
        format!(
            "User-agent: *\n{}\nSitemap: {}\n",
            closed.concat(),
            web.pages.publication().link("sitemap.xml")
        ),
    )
        .into_response()
}

/// `GET /favicon.ico`: there is none, and nothing is wrong with that.
pub(super) async fn favicon() -> Response {
    (StatusCode::NO_CONTENT, A_DAY).into_response()
}

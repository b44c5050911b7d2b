//! A sign of life for whoever watches the container.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::warn;

use super::Web;
use super::guard::Complete;

/// How long the store may take to give a sign of life.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /healthz`: 200 while the store answers, else 503.
pub(super) async fn health(State(web): State<Arc<Web>>) -> Response {
    match tokio::time::timeout(PATIENCE, web.store.ping()).await {
        Ok(Ok(())) => Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response(),
        Ok(Err(error)) => {
            warn!(%error, "the store gives no sign of life");
            unavailable()
        }
        Err(_) => {
            warn!("the store gives no sign of life in time");
            unavailable()
        }
    }
}

fn unavailable() -> Response {
    let body = Json(json!({ "status": "unavailable", "store": "unreachable" }));
    (StatusCode::SERVICE_UNAVAILABLE, axum::Extension(Complete), body).into_response()
}

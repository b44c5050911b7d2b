//! A sign of life for whoever watches the container, and whether mail goes out.
//!
//! A node that is halted or full lives: it is not to be restarted for ever, so that the status speaks of life alone, and the
//! body of the rest.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::json;
use tracing::warn;

use super::Web;
use super::guard::Complete;
use crate::press::health::Ailing;

/// How long the store may take to give a sign of life.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Alive {
    status: &'static str,
    version: &'static str,
    /// `ok`, or `troubled`.
    sending: &'static str,
    troubles: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    trouble: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
}

impl From<Ailing> for Told {
    fn from(ailing: Ailing) -> Self {
        Told {
            trouble: ailing.ailment.as_str(),
            since: ailing.since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true)),
            edition: ailing.edition.map(|key| key.to_string()),
        }
    }
}

/// `GET /healthz`: 200 while the store answers, else 503; the body says whether mail goes out.
pub(super) async fn health(State(web): State<Arc<Web>>) -> Response {
    let asked = async {
        web.store.ping().await?;
        web.health.ailments(web.clock.now()).await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(ailments)) => Json(Alive {
            status: "ok",
            version: env!("CARGO_PKG_VERSION"),
            sending: if ailments.is_empty() { "ok" } else { "troubled" },
            troubles: ailments.into_iter().map(Told::from).collect(),
        })
        .into_response(),
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

//! Why a request has no answer of its own.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use tracing::error;

use crate::edition::TemplateError;
use crate::store::StoreError;

/// Why a request has no answer of its own; [`super::guard`] makes a page of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// There is nothing under this address, or nothing for this token.
    #[error("there is no such page")]
    NoSuchPage,
    /// What was under this address is taken off the public pages.
    #[error("this is withdrawn")]
    Withdrawn,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template cannot be rendered.
    #[error("a page cannot be rendered: {0}")]
    Page(#[from] tera::Error),
    /// A letter cannot be written.
    #[error("a letter cannot be written: {0}")]
    Letter(#[from] TemplateError),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::NoSuchPage => StatusCode::NOT_FOUND,
            Failure::Withdrawn => StatusCode::GONE,
            Failure::Store(error) => {
                error!(%error, "the store failed a web request");
                if error.passes() {
                    return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "60")]).into_response();
                }
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Failure::Page(error) => {
                error!(%error, "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Failure::Letter(error) => {
                error!(%error, "a letter cannot be written");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
        .into_response()
    }
}

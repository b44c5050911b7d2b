//! The preview's routes.

use std::sync::Arc;

use axum::Form;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use tracing::error;

use super::choice::Choice;
use super::page::{Found, Page};
use super::sheet::{Proof, Sheet};
use super::{Audience, Preview, frame};
use crate::edition::{self, EmbeddedPicture};
use crate::store::StoreError;
use crate::web::fresh::{FOR_EVER, cacheable};

/// How many readers a search shows.
const FOUND: u32 = 12;
/// No address and no name is longer.
const LONGEST_SEARCH: usize = 320;

type Answer = Result<Response, Failure>;

/// Why there is no answer of its own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("there is nothing under this address")]
    Nothing,
    #[error("this address asks for a view that there is not; the first page, `/`, has links to all")]
    NoView,
    #[error("this form is an old one; load the page anew")]
    OldForm,
    #[error("readers are not shown over the network")]
    NotHere,
    #[error("links are not asked about over the network")]
    NotAsked,
    #[error("links cannot be asked about: {0}; install the system's certificates")]
    Certificates(#[from] rustls::Error),
    #[error("the message cannot be made: {0}")]
    Message(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a page cannot be rendered: {0}")]
    Page(#[from] tera::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self {
            Failure::Nothing => StatusCode::NOT_FOUND,
            Failure::NoView => StatusCode::BAD_REQUEST,
            Failure::OldForm | Failure::NotHere | Failure::NotAsked => StatusCode::FORBIDDEN,
            Failure::Message(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Store(_) | Failure::Page(_) | Failure::Certificates(_) => {
                error!(error = %self, "the preview failed a request");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let mut told = self.to_string();
        if let Some(first) = told.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        (status, format!("{told}.\n")).into_response()
    }
}

/// What the address asks for.
pub(super) struct Asked(Choice);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let asked = Query::try_from_uri(&parts.uri);
        asked.map(|Query(choice)| Asked(choice)).map_err(|_| Failure::NoView)
    }
}

impl Preview {
    fn sheet(&self) -> Arc<Sheet> {
        self.sheet.borrow().clone()
    }

    async fn page(&self, choice: &Choice, found: Option<Found>) -> Answer {
        let sheet = self.sheet();
        let proof = sheet.shown(choice.article.as_deref());
        let reader = self.reader(&sheet, choice).await?;
        let page =
            Page { preview: self, sheet: &sheet, proof: proof.as_deref(), choice, reader: &reader, found };
        let html = self.templates.page(&page.words())?;
        Ok(Html(html).into_response())
    }

    fn proof(&self, sheet: &Sheet, choice: &Choice) -> Result<Arc<Proof>, Failure> {
        sheet.shown(choice.article.as_deref()).ok_or(Failure::Nothing)
    }
}

/// `GET /`: the page.
pub(super) async fn page(State(preview): State<Arc<Preview>>, Asked(choice): Asked) -> Answer {
    preview.page(&choice, None).await
}

/// `GET /frame`: the message's HTML as a mail program shows it.
pub(super) async fn frame(State(preview): State<Arc<Preview>>, Asked(choice): Asked) -> Answer {
    let sheet = preview.sheet();
    let proof = preview.proof(&sheet, &choice)?;
    let reader = preview.reader(&sheet, &choice).await?;
    let copy = preview.copy(&proof, &reader).map_err(Failure::Message)?;
    let html = frame::document(&copy.html, proof.all_pictures(), &choice);
    let headers =
        [(CONTENT_SECURITY_POLICY, frame::policy(&choice)), (X_FRAME_OPTIONS, "SAMEORIGIN".to_owned())];
    Ok((headers, Html(html)).into_response())
}

/// `GET /picture/{name}`: a picture of the edition; its name is made of its content's hash.
pub(super) async fn picture(
    State(preview): State<Arc<Preview>>,
    Path(name): Path<String>,
    Asked(choice): Asked,
    request: HeaderMap,
) -> Answer {
    let sheet = preview.sheet();
    let of_edition = preview.proof(&sheet, &choice).ok().and_then(|proof| proof.picture(&name).cloned());
    // An article that is looked at by itself has its own, and the frame asks for them by name alone.
    let found = of_edition.or_else(|| sheet.alone.picture(&name));
    let EmbeddedPicture { media_type, bytes, .. } = found.ok_or(Failure::Nothing)?;
    let headers = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, FOR_EVER.to_owned()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
    ];
    Ok(cacheable(&request, &name, headers, bytes.to_vec()))
}

/// `GET /message.eml`: the whole message, as a mail program opens it.
pub(super) async fn message(State(preview): State<Arc<Preview>>, Asked(choice): Asked) -> Answer {
    let sheet = preview.sheet();
    let proof = preview.proof(&sheet, &choice)?;
    let reader = preview.reader(&sheet, &choice).await?;
    let raw = preview.raw(&sheet, &proof, &reader).map_err(Failure::Message)?;
    let name = format!("attachment; filename=\"{}.eml\"", proof.rendered.key);
    Ok(([(CONTENT_TYPE, "message/rfc822".to_owned()), (CONTENT_DISPOSITION, name)], raw).into_response())
}

/// A search for readers. It is a POST although it changes nothing: names are not for addresses, histories and logs.
#[derive(Deserialize)]
pub(super) struct Search {
    find: String,
    token: String,
}

/// `POST /readers`: the page with the readers found.
pub(super) async fn readers(
    State(preview): State<Arc<Preview>>,
    Asked(choice): Asked,
    Form(search): Form<Search>,
) -> Answer {
    if preview.audience == Audience::Network {
        return Err(Failure::NotHere);
    }
    preview.check_token(&search.token)?;
    let words: String = search.find.trim().chars().take(LONGEST_SEARCH).collect();
    let sheet = preview.sheet();
    let readers = match &sheet.store {
        Some(store) if !words.is_empty() => store.find_subscribers(&words, FOUND + 1).await?,
        Some(_) | None => Vec::new(),
    };
    let more = readers.len() > FOUND as usize;
    let readers = readers.into_iter().take(FOUND as usize).collect();
    preview.page(&choice, Some(Found { words, readers, more })).await
}

/// What asks about links.
#[derive(Deserialize)]
pub(super) struct Ask {
    token: String,
}

/// `POST /links`: asks the web where the edition's links lead; then the page with the answers. It is not for whoever
/// comes over the network: they would send questions from here.
pub(super) async fn links(
    State(preview): State<Arc<Preview>>,
    Asked(choice): Asked,
    Form(ask): Form<Ask>,
) -> Answer {
    if preview.audience == Audience::Network {
        return Err(Failure::NotAsked);
    }
    preview.check_token(&ask.token)?;
    let sheet = preview.sheet();
    let proof = preview.proof(&sheet, &choice)?;
    let links = edition::links(&proof.rendered.html, &sheet.config.publication.public_url);
    preview.asking.ask(&links).await?;
    preview.page(&choice, None).await
}

impl Preview {
    /// Whether a form came from our page.
    fn check_token(&self, token: &str) -> Result<(), Failure> {
        aws_lc_rs::constant_time::verify_slices_are_equal(token.as_bytes(), self.form_token.as_bytes())
            .map_err(|_| Failure::OldForm)
    }
}

/// `GET /preview.css`; the page names it with its content's hash behind.
pub(super) async fn style(State(preview): State<Arc<Preview>>, request: HeaderMap) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8".to_owned()), (CACHE_CONTROL, FOR_EVER.to_owned())];
    cacheable(&request, &preview.templates.version, headers, super::page::STYLE)
}

/// `GET /preview.js`
pub(super) async fn script(State(preview): State<Arc<Preview>>, request: HeaderMap) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/javascript; charset=utf-8".to_owned()), (CACHE_CONTROL, FOR_EVER.to_owned())];
    cacheable(&request, &preview.templates.version, headers, super::page::SCRIPT)
}

/// `GET /favicon.ico`: there is none.
pub(super) async fn no_icon() -> StatusCode {
    StatusCode::NO_CONTENT
}

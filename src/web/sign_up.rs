//! Signing up: the form, as a page of ours or of another site's sends it, and as JSON.
//!
//! A request writes one row, the same for every address; which letter goes to whom is decided behind its back
//! (`press::sign_ups`). So status, body and time of the answer tell nothing of who is subscribed.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::VARY;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::{Form, Json};
use serde::{Deserialize, Deserializer, Serialize};
use tracing::info;

use super::client::Client;
use super::failure::Failure;
use super::forms;
use super::guard::{self, Complete};
use super::message::{self, Message};
use super::origin::{self, Sender};
use super::zones::{Area, areas};
use super::{SHORTLY, Web};
use crate::store::{Ask, Asks};

/// What a form sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filled {
    #[serde(default, deserialize_with = "or_empty")]
    email: String,
    #[serde(default, deserialize_with = "or_empty")]
    name: String,
    #[serde(default, deserialize_with = "or_empty")]
    timezone: String,
    /// The trap: no person sees this field.
    #[serde(default, deserialize_with = "or_empty")]
    website: String,
}

/// Scripts send `null` for what was not filled in.
fn or_empty<'de, D: Deserializer<'de>>(field: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(field)?.unwrap_or_default())
}

/// What becomes of it.
enum Taken {
    /// It is taken; or it was a robot's, who need not know.
    Thanks,
    /// Fields are wrong: a sentence each.
    Wrong(Wrong),
    /// The network's limit is used up.
    TooMany,
    /// A limit of all is used up.
    Busy,
}

#[derive(Debug, Default, Serialize)]
struct Wrong {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

impl Wrong {
    fn is_any(&self) -> bool {
        self.email.is_some() || self.name.is_some() || self.timezone.is_some()
    }
}

#[derive(Serialize)]
struct Page<'a> {
    email: &'a str,
    name: &'a str,
    timezone: &'a str,
    wrong: Wrong,
    is_wrong: bool,
    note: Option<&'a str>,
    name_limit: usize,
    own_timezone: &'static str,
    areas: &'static [Area],
}

/// `GET /subscribe`: the form with all its fields.
pub(super) async fn form(State(web): State<Arc<Web>>) -> Result<Response, Failure> {
    Ok((SHORTLY, page(&web, &Filled::default(), Wrong::default())?).into_response())
}

/// `GET /embed`: the form as HTML to copy into another site.
pub(super) async fn embed(State(web): State<Arc<Web>>) -> Result<Response, Failure> {
    #[derive(Serialize)]
    struct Form {
        action: String,
    }
    #[derive(Serialize)]
    struct Embed {
        code: String,
    }
    let Html(code) =
        web.pages.render("embed_form.html", &Form { action: web.pages.publication().link("subscribe") })?;
    Ok((SHORTLY, web.pages.render("embed.html", &Embed { code })?).into_response())
}

/// `POST /subscribe`: takes a sign-up, and answers every address alike.
pub(super) async fn subscribe(
    State(web): State<Arc<Web>>,
    client: Client,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, Failure> {
    let words = web.pages.words();
    let origin = match web.sender(&headers) {
        Sender::Ours => "site".to_owned(),
        Sender::Allowed(origin) => origin,
        // Whoever wants it presses once more, on our page: a page elsewhere cannot press for them. Sites without
        // referrers come here too, for their browsers do not say who they are.
        Sender::Foreign => {
            let note = Some(words.text("sign_up.once_more"));
            let page = form_again(&web, &filled, Wrong::default(), note)?;
            return Ok((StatusCode::FORBIDDEN, axum::Extension(Complete), page).into_response());
        }
    };
    match take_in(&web, client, &origin, &filled).await? {
        Taken::Thanks => Message {
            heading: web.pages.publication().sign_up.thanks.clone(),
            deck: words.text("sign_up.thanks_next").to_owned(),
            onward: Some((words.text("problem.to_front_page").to_owned(), web.pages.path("/"))),
            ..Message::default()
        }
        .answer(&web, StatusCode::OK),
        Taken::Wrong(wrong) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok((status, axum::Extension(Complete), page(&web, &filled, wrong)?).into_response())
        }
        Taken::TooMany => message::too_many(&web, "sign_up.too_many_advice"),
        Taken::Busy => message::too_many(&web, "sign_up.busy_advice"),
    }
}

#[derive(Serialize)]
struct Reply<'a> {
    status: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Wrong>,
}

/// `OPTIONS /api/subscribe`: a browser asks whether a page of another site may send a sign-up.
pub(super) async fn preflight(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let mut answer = origin::preflight(&web.sender(&headers));
    answer.extensions_mut().insert(Complete);
    answer
}

/// `POST /api/subscribe`: as [`subscribe`], in JSON, for the scripts of other sites.
pub(super) async fn api(
    State(web): State<Arc<Web>>,
    client: Client,
    headers: HeaderMap,
    filled: Result<Json<Filled>, JsonRejection>,
) -> Result<Response, Failure> {
    let words = web.pages.words();
    let sender = web.sender(&headers);
    let reply = |status: StatusCode, state, message: &str, errors| {
        (status, axum::Extension(Complete), Json(Reply { status: state, message, errors })).into_response()
    };
    let mut answer = match (&sender, filled) {
        (Sender::Foreign, _) => {
            reply(StatusCode::FORBIDDEN, "refused", words.text("sign_up.foreign_advice"), None)
        }
        (_, Err(rejection)) => {
            reply(rejection.status(), "refused", words.text("problem.unreadable_advice"), None)
        }
        (Sender::Ours | Sender::Allowed(_), Ok(Json(filled))) => {
            let origin = if let Sender::Allowed(origin) = &sender { origin.as_str() } else { "site" };
            match take_in(&web, client, origin, &filled).await? {
                Taken::Thanks => reply(StatusCode::OK, "ok", &web.pages.publication().sign_up.thanks, None),
                Taken::Wrong(wrong) => reply(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "refused",
                    words.text("sign_up.not_sent"),
                    Some(wrong),
                ),
                Taken::TooMany => {
                    let text = words.text("sign_up.too_many_advice");
                    reply(StatusCode::TOO_MANY_REQUESTS, "refused", text, None)
                }
                Taken::Busy => {
                    let text = words.text("sign_up.busy_advice");
                    reply(StatusCode::TOO_MANY_REQUESTS, "refused", text, None)
                }
            }
        }
    };
    share(&mut answer, &sender);
    Ok(answer)
}

/// What [`api`] answers where a request does not come as far as that; `bare` is the answer without words.
pub(super) fn refused(sender: &Sender, bare: &Response, message: &str) -> Response {
    let reply = Reply { status: "refused", message, errors: None };
    let mut answer = (bare.status(), axum::Extension(Complete), Json(reply)).into_response();
    guard::keep_what_it_says(bare, &mut answer);
    share(&mut answer, sender);
    answer
}

/// Lets a page that may sign readers up read the answer, and no other.
fn share(answer: &mut Response, sender: &Sender) {
    match sender {
        Sender::Allowed(origin) => answer.headers_mut().extend(origin::shared_with(origin)),
        Sender::Ours | Sender::Foreign => {
            answer.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
        }
    }
}

fn page(web: &Web, filled: &Filled, wrong: Wrong) -> Result<Html<String>, Failure> {
    let note = wrong.is_any().then(|| web.pages.words().text("sign_up.not_sent"));
    form_again(web, filled, wrong, note)
}

/// The form as it was filled; `note` says why nothing was sent.
fn form_again(web: &Web, filled: &Filled, wrong: Wrong, note: Option<&str>) -> Result<Html<String>, Failure> {
    let (email, name) = (forms::one_line(&filled.email), forms::one_line(&filled.name));
    let page = Page {
        email: &email,
        name: &name,
        timezone: &filled.timezone,
        is_wrong: wrong.is_any(),
        note,
        wrong,
        name_limit: forms::NAME_LIMIT,
        own_timezone: web.timezone.name(),
        areas: areas(),
    };
    Ok(web.pages.render("subscribe.html", &page)?)
}

async fn take_in(web: &Web, client: Client, origin: &str, filled: &Filled) -> Result<Taken, Failure> {
    if forms::is_robot(&filled.website) {
        info!("a sign-up by a robot is dropped");
        return Ok(Taken::Thanks);
    }
    let words = web.pages.words();
    let email = forms::email(&filled.email, words);
    let name = forms::name(&filled.name, words);
    let timezone = forms::timezone(&filled.timezone, words);
    let (email, name, timezone) = match (email, name, timezone) {
        (Ok(email), Ok(name), Ok(timezone)) => (email, name, timezone),
        (email, name, timezone) => {
            let wrong = Wrong { email: email.err(), name: name.err(), timezone: timezone.err() };
            return Ok(Taken::Wrong(wrong));
        }
    };
    let now = web.clock.now();
    let keys = web.store.token_keys(now).await?;
    let limits = &web.sign_up.limits;
    let of_network = forms::quotas(&keys, "sign-up/network", &client.network(), &limits.per_network);
    let of_all = [
        forms::quotas(&keys, "sign-up/domain", email.domain(), &limits.per_domain),
        forms::quotas(&keys, "sign-up/all", "", &limits.in_all),
    ]
    .concat();
    let of_address = forms::quotas(&keys, "sign-up/address", email.key(), &limits.per_address);
    let quotas = [of_network.clone(), of_all.clone(), of_address].concat();
    match web.store.used_up(&quotas, now).await? {
        Some(which) if which < of_network.len() => {
            forms::tell_of_limit(web, "sign-ups of one network");
            Ok(Taken::TooMany)
        }
        Some(which) if which < of_network.len() + of_all.len() => {
            forms::tell_of_limit(web, "sign-ups of one domain, or in all");
            Ok(Taken::Busy)
        }
        // That somebody asked often for this address is nobody's business: the same answer, and as much work.
        Some(_) => {
            web.store.take_quotas(&of_network, now).await?;
            Ok(Taken::Thanks)
        }
        None => {
            let words = &web.pages.publication().sign_up;
            let said = format!(
                "{}: {} {} [{}]",
                words.title,
                words.promise,
                web.pages.words().text("sign_up.frequency"),
                web.pages.words().text("sign_up.button")
            );
            let from = client.recorded(web.sign_up.record_address, &keys);
            let ask = Ask {
                asks: Asks::Subscribe,
                email: &email,
                name,
                timezone,
                words: &said,
                origin,
                from: from.as_deref(),
                expires_at: now + web.sign_up.expires,
            };
            web.store.ask(&ask, &quotas, now).await?;
            info!(to = %email.masked(), origin, "a sign-up is taken");
            Ok(Taken::Thanks)
        }
    }
}

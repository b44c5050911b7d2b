//! The pieces that forms are made of: what a field may hold, the trap for robots, and limits.

use std::sync::atomic::Ordering::Relaxed;

use axum::response::Response;
use chrono_tz::Tz;
use tracing::warn;

use super::Web;
use super::client::Client;
use super::failure::Failure;
use crate::config::Rate;
use crate::message::TokenKeys;
use crate::store::Quota;
use crate::subscriber::{AddressError, EmailAddress};
use crate::words::Words;

/// How long a name may be, in characters.
pub(super) const NAME_LIMIT: usize = 100;

/// Whether somebody filled in the field that no person sees.
pub(super) fn is_robot(trap: &str) -> bool {
    !trap.trim().is_empty()
}

/// An address to which mail can go; else the sentence that says why not.
pub(super) fn email(text: &str, words: &Words) -> Result<EmailAddress, String> {
    let text = text.trim();
    let why = match text.parse::<EmailAddress>() {
        Ok(email) if !email.domain().contains('.') => "sign_up.why_shape",
        Ok(email) if email.needs_smtputf8() => "sign_up.why_characters",
        Ok(email) => return Ok(email),
        Err(AddressError::Empty) => return Err(words.text("sign_up.email_missing").to_owned()),
        Err(AddressError::Shape) => "sign_up.why_shape",
        Err(
            AddressError::Control
            | AddressError::Invisible(_)
            | AddressError::LocalPart(_)
            | AddressError::Dots,
        ) => "sign_up.why_characters",
        Err(AddressError::TooLong { .. }) => "sign_up.why_long",
        Err(AddressError::Domain(_)) => "sign_up.why_domain",
    };
    Err(words.fill("sign_up.email_wrong", &[("why", words.text(why))]))
}

/// The name without space around it; `None` when there is none.
pub(super) fn name<'t>(text: &'t str, words: &Words) -> Result<Option<&'t str>, String> {
    let name = text.trim();
    if name.chars().any(char::is_control) {
        return Err(words.text("preferences.name_has_controls").to_owned());
    }
    if name.chars().count() > NAME_LIMIT {
        let limit = words.number(NAME_LIMIT as u64);
        return Err(words.fill("preferences.name_too_long", &[("limit", &limit)]));
    }
    Ok((!name.is_empty()).then_some(name))
}

/// A time zone of the list; `None` when none was chosen.
pub(super) fn timezone(text: &str, words: &Words) -> Result<Option<Tz>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| words.text("preferences.timezone_unknown").to_owned())
}

/// A field of one line cannot show what is no part of a line.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The quotas of `rates` on what `of` names; of whom it is cannot be read from them.
pub(super) fn quotas(keys: &TokenKeys, what: &str, of: &str, rates: &[Rate]) -> Vec<Quota> {
    let bucket = format!("{what}/{}", keys.digest("quota", of));
    rates
        .iter()
        .map(|rate| Quota { bucket: bucket.clone(), limit: rate.messages.get(), window: rate.per })
        .collect()
}

/// Takes one of `rates` for `what` from the network of `client`; the answer to give when they are used up.
pub(super) async fn take_from_network(
    web: &Web,
    keys: &TokenKeys,
    client: Client,
    what: &str,
    rates: &[Rate],
) -> Result<Option<Response>, Failure> {
    let quotas = quotas(keys, what, &client.network(), rates);
    let used_up = web.store.take_quotas(&quotas, web.clock.now()).await?;
    Ok(match used_up {
        None => None,
        Some(_) => {
            tell_of_limit(web, what);
            Some(super::message::too_many(web, "sign_up.too_many_advice")?)
        }
    })
}

/// Tells the operator that a form is refused because a limit on `what` is reached; a flood tells it once a minute.
pub(super) fn tell_of_limit(web: &Web, what: &str) {
    let minute = web.clock.now().timestamp() / 60;
    if web.limit_told.swap(minute, Relaxed) != minute {
        warn!(what, "a form is refused: a limit is reached; behind a proxy, look at `web.trusted_proxies`");
    }
}

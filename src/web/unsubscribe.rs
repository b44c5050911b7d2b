//! Leaving: with one click in the mail program (RFC 8058), or with a button on a page. It never expires.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::info;

use super::Web;
use super::failure::Failure;
use crate::message::Purpose;

/// Personal pages are nobody else's business.
pub(super) const NOT_INDEXED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

#[derive(Serialize)]
struct Ask {
    address: Option<String>,
}

#[derive(Serialize)]
struct Goodbye {}

/// `GET /unsubscribe/{token}`: a page with a button; changes nothing, whoever has left sees the same.
pub(super) async fn ask(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Unsubscribe, &token).await?;
    // Who has been erased, or is of before a backup that was restored, holds a link that still works.
    let address = bearer.reader().map(|reader| reader.email.masked());
    let page = web.pages.render("unsubscribe.html", &Ask { address })?;
    Ok(([NOT_INDEXED], page).into_response())
}

/// `POST /unsubscribe/{token}`: lets the reader go, whatever the body says; it only decides how we answer.
pub(super) async fn leave(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let bearer = web.bearer(Purpose::Unsubscribe, &token).await?;
    let one_click = is_one_click(&body);
    let now = web.clock.now();
    if let Some(reader) = bearer.reader()
        && web.store.unsubscribe(reader.id, now).await?
    {
        info!(subscriber = %reader.id, one_click, "unsubscribed");
        if web.sign_up.goodbye_letter {
            let letter = web.letters.goodbye(reader.name.as_deref())?;
            let cause = format!("goodbye/{}/{}", reader.id, now.timestamp());
            web.store.post_letter(&cause, &reader.email, &letter, Some(reader.id), now).await?;
        }
    }
    if one_click {
        return Ok(([NOT_INDEXED], format!("{}.\n", web.pages.words().text("leave.done"))).into_response());
    }
    let page = web.pages.render("goodbye.html", &Goodbye {})?;
    Ok(([NOT_INDEXED], page).into_response())
}

/// Whether a mail program asks (RFC 8058 §3.2), as `application/x-www-form-urlencoded` or `multipart/form-data`.
fn is_one_click(body: &[u8]) -> bool {
    let has = |text: &str| body.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()));
    has("List-Unsubscribe=One-Click")
        || (has("One-Click") && (has("name=\"List-Unsubscribe\"") || has("name=List-Unsubscribe")))
}

#[cfg(test)]
mod tests {
    use super::is_one_click;

    #[test]
    fn a_mail_program_is_known_by_its_body() {
        for body in [
            "List-Unsubscribe=One-Click",
            "List-Unsubscribe=One-Click\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
            "--b\r\ncontent-disposition: form-data; name=List-Unsubscribe\r\n\r\nOne-Click\r\n--b--\r\n",
        ] {
            assert!(is_one_click(body.as_bytes()), "{body:?}");
        }
        for body in ["", "leave=yes", "List-Unsubscribe=", "One-Click", "name=\"List-Unsubscribe\""] {
            assert!(!is_one_click(body.as_bytes()), "{body:?}");
        }
    }
}

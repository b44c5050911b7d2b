//! Deciding about a comment by the links of a moderator's letter. GET shows it, POST decides.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::info;

use super::comments::Shown;
use super::failure::Failure;
use super::message::Message;
use super::origin::{OurForm, Sender};
use super::unsubscribe::NOT_INDEXED;
use super::{Expiring, Web};
use crate::comment::{Comment, CommentId, Moderation};
use crate::message::Purpose;
use crate::press::links_end_with;

#[derive(Serialize)]
struct Page {
    comment: Shown,
    title: String,
    standing: String,
    article_url: String,
    /// The buttons: what they do, and what stands on them; the one that the link is for comes first.
    decisions: Vec<Button>,
}

#[derive(Serialize)]
struct Button {
    action: String,
    words: String,
}

/// `GET /moderate/{token}/{decision}`: the comment, and a button for each decision; changes nothing.
pub(super) async fn ask(
    State(web): State<Arc<Web>>,
    Path((token, decision)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let first = decided(&decision)?;
    match found(&web, &token).await? {
        Some(comment) => page(&web, &token, first, &comment).await,
        None => expired(&web),
    }
}

/// `POST /moderate/{token}/{decision}`: decides; again, it changes nothing.
pub(super) async fn decide(
    State(web): State<Arc<Web>>,
    Path((token, decision)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let moderation = decided(&decision)?;
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Moderation(&format!("{token}/{decision}")).refuse(&web);
    }
    let Some(comment) = found(&web, &token).await? else { return expired(&web) };
    if web.store.moderate(comment.id, moderation, web.clock.now()).await? {
        info!(comment = %comment.id, moderation = moderation.as_str(), "a comment is decided about");
    }
    page(&web, &token, moderation, &Comment { moderation, ..comment }).await
}

fn decided(word: &str) -> Result<Moderation, Failure> {
    match word {
        "approve" => Ok(Moderation::Approved),
        "reject" => Ok(Moderation::Rejected),
        _ => Err(Failure::NoSuchPage),
    }
}

/// The comment that `token` is about; `None` when the token has expired, or the comment is erased.
async fn found(web: &Web, token: &str) -> Result<Option<Comment>, Failure> {
    let Some(Expiring { number, expires, .. }) = web.expiring(Purpose::Moderate, token).await? else {
        return Ok(None);
    };
    Ok(web.store.comment(CommentId(number)).await?.filter(|comment| links_end_with(comment, expires)))
}

async fn page(web: &Web, token: &str, first: Moderation, comment: &Comment) -> Result<Response, Failure> {
    let words = web.pages.words();
    let button = |moderation: Moderation| {
        let (path, key) = match moderation {
            Moderation::Approved | Moderation::Pending => ("approve", "comments.approve"),
            Moderation::Rejected => ("reject", "comments.reject"),
        };
        let action = web.pages.path(&format!("/moderate/{token}/{path}"));
        Button { action, words: words.text(key).to_owned() }
    };
    let other = match first {
        Moderation::Approved | Moderation::Pending => Moderation::Rejected,
        Moderation::Rejected => Moderation::Approved,
    };
    let decisions =
        [first, other].into_iter().filter(|decision| *decision != comment.moderation).map(button).collect();
    let title = web.subject(&comment.slug).await?.title;
    let shown = web.shown(comment);
    let standing = match comment.moderation {
        Moderation::Pending => "comments.is_pending",
        Moderation::Approved => "comments.is_approved",
        Moderation::Rejected => "comments.is_rejected",
    };
    let page = Page {
        title,
        comment: shown,
        standing: words.text(standing).to_owned(),
        article_url: web.pages.path(&format!("/articles/{}", comment.slug)),
        decisions,
    };
    Ok(([NOT_INDEXED], web.pages.render("moderate.html", &page)?).into_response())
}

fn expired(web: &Web) -> Result<Response, Failure> {
    let words = web.pages.words();
    Message {
        heading: words.text("comments.expired").to_owned(),
        deck: words.text("comments.expired_advice").to_owned(),
        ..Message::default()
    }
    .answer(web, StatusCode::GONE)
}

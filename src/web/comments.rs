//! What readers say beneath an article: the comments that are shown, and the form for one more.
//!
//! Nothing is shown before a person has approved it, and the author's address never is.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::info;

use super::Web;
use super::client::Client;
use super::failure::Failure;
use super::forms;
use super::guard::Complete;
use super::message::{self, Message};
use super::origin::{OurForm, Sender};
use crate::archive::Card;
use crate::article::Slug;
use crate::comment::{
    self, Comment, CommentId, EmailFault, Faults, NAME_LIMIT, NameFault, NewComment, TEXT_LIMIT, TextFault,
};
use crate::config::AcceptComments;
use crate::store::Out;
use crate::words::Words;

/// How many comments a page has.
const PAGE: u32 = 100;

/// The comments of an article, as its page shows them.
#[derive(Debug, Serialize)]
pub(super) struct Comments {
    count: u64,
    shown: Vec<Shown>,
    /// Where the next ones are.
    more: Option<String>,
    form: Option<FormView>,
}

/// A comment, as a page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: i64,
    name: String,
    date: String,
    day: String,
    html: String,
}

/// The form, with what was written and what is wrong with it.
#[derive(Debug, Default, Serialize)]
struct FormView {
    action: String,
    name: String,
    email: String,
    text: String,
    name_limit: usize,
    text_limit: usize,
    wrong: Wrong,
    is_wrong: bool,
    /// Why nothing was sent, where no field is wrong.
    note: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Wrong {
    name: Option<String>,
    email: Option<String>,
    text: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    text: String,
    /// The trap: no person sees this field.
    #[serde(default)]
    website: String,
}

/// Where a page of comments begins.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    after: i64,
}

/// What is commented on: an article that has gone out, whether the archive has it or not.
pub(super) struct Subject {
    slug: Slug,
    pub(super) title: String,
    frozen_at: DateTime<Utc>,
}

impl Subject {
    pub(super) fn of_card(card: &Card) -> Result<Self, Failure> {
        let slug = card.slug.parse().map_err(|_| Failure::NoSuchPage)?;
        Ok(Subject { slug, title: card.title.clone(), frozen_at: card.published_at })
    }

    pub(super) fn of_out(out: &Out) -> Result<Self, Failure> {
        let slug = out.headline.slug.parse().map_err(|_| Failure::NoSuchPage)?;
        Ok(Subject { slug, title: out.headline.title.clone(), frozen_at: out.published_at })
    }
}

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    article_url: String,
    comments: Comments,
}

impl Web {
    /// The comments of an article behind `after`, and the form while it takes any.
    pub(super) async fn comments(&self, on: &Subject, after: CommentId) -> Result<Comments, Failure> {
        let slug = &on.slug;
        let count = self.store.shown_comment_count(slug).await?;
        let mut found = self.store.shown_comments(slug, after, PAGE).await?;
        let mut full = found.len() == PAGE as usize;
        // Files have no page behind the first.
        while full && !self.pages.are_live() {
            let last = found.last().map_or(after, |last| last.id);
            let next = self.store.shown_comments(slug, last, PAGE).await?;
            full = next.len() == PAGE as usize;
            found.extend(next);
        }
        let more = found
            .last()
            .filter(|_| full)
            .map(|last| self.pages.path(&format!("/articles/{slug}/comments?after={}", last.id)));
        let takes = self.takes_comments(on.frozen_at);
        let form = takes.then(|| self.form(slug, &Filled::default(), Wrong::default()));
        Ok(Comments { count, shown: found.iter().map(|comment| self.shown(comment)).collect(), more, form })
    }

    /// Whether an article takes comments whose edition was frozen then.
    pub(super) fn takes_comments(&self, frozen_at: DateTime<Utc>) -> bool {
        let is_over = self.comments.close_after.is_some_and(|after| frozen_at + after <= self.clock.now());
        self.comments.accept == AcceptComments::Open && !is_over
    }

    /// A comment as pages show it, whether it is approved or not.
    pub(super) fn shown(&self, comment: &Comment) -> Shown {
        let day = comment.made_at.with_timezone(&self.timezone).date_naive();
        Shown {
            id: comment.id.0,
            name: comment.name.clone(),
            date: day.to_string(),
            day: self.pages.words().calendar().day(day),
            html: comment::html(&comment.text),
        }
    }

    fn form(&self, slug: &Slug, filled: &Filled, wrong: Wrong) -> FormView {
        FormView {
            action: self.pages.path(&format!("/articles/{slug}/comments")),
            name: forms::one_line(&filled.name),
            email: forms::one_line(&filled.email),
            text: filled.text.clone(),
            name_limit: NAME_LIMIT,
            text_limit: TEXT_LIMIT,
            is_wrong: wrong.name.is_some() || wrong.email.is_some() || wrong.text.is_some(),
            wrong,
            note: None,
        }
    }

    fn article_url(&self, slug: &str) -> String {
        self.pages.path(&format!("/articles/{slug}"))
    }

    /// The article of this slug that has gone out.
    pub(super) async fn subject(&self, slug: &str) -> Result<Subject, Failure> {
        Subject::of_out(&self.store.out(slug).await?.ok_or(Failure::NoSuchPage)?)
    }
}

/// `GET /articles/{slug}/comments`: more of them than the article's page has, and the form.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    Query(from): Query<From>,
) -> Result<Response, Failure> {
    let on = web.subject(&slug).await?;
    let comments = web.comments(&on, CommentId(from.after)).await?;
    page(&web, &on, comments, StatusCode::OK)
}

fn page(web: &Web, on: &Subject, comments: Comments, status: StatusCode) -> Result<Response, Failure> {
    let page = Page { title: &on.title, article_url: web.article_url(on.slug.as_str()), comments };
    let page = web.pages.render("comment_page.html", &page)?;
    Ok((status, axum::Extension(Complete), [super::unsubscribe::NOT_INDEXED], page).into_response())
}

/// The form as it was filled, without the comments that are there.
fn form_again(web: &Web, on: &Subject, form: FormView, status: StatusCode) -> Result<Response, Failure> {
    page(web, on, Comments { count: 0, shown: Vec::new(), more: None, form: Some(form) }, status)
}

/// `POST /articles/{slug}/comments`: keeps a comment for the moderators; the same one again is the same comment.
pub(super) async fn say(
    State(web): State<Arc<Web>>,
    client: Client,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, Failure> {
    let words = web.pages.words();
    let on = web.subject(&slug).await?;
    let tell = |status, heading: &str, deck: &str| {
        Message {
            heading: words.text(heading).to_owned(),
            deck: words.text(deck).to_owned(),
            onward: Some((words.text("comments.back").to_owned(), web.article_url(on.slug.as_str()))),
            ..Message::default()
        }
        .answer(&web, status)
    };
    // Sites that may sign readers up do not speak for them.
    if web.sender(&headers) != Sender::Ours {
        return OurForm::Comment(on.slug.as_str()).refuse(&web);
    }
    if !web.takes_comments(on.frozen_at) {
        return tell(StatusCode::FORBIDDEN, "comments.closed_title", "comments.closed");
    }
    if forms::is_robot(&filled.website) {
        info!(slug, "a comment by a robot is dropped");
        return tell(StatusCode::OK, "comments.thanks", "comments.thanks_next");
    }
    let slug = on.slug.clone();
    let comment = match NewComment::parse(slug.clone(), &filled.name, &filled.email, &filled.text) {
        Ok(comment) => comment,
        Err(faults) => {
            let wrong = sentences(&faults, words, &filled.email);
            let form = web.form(&slug, &filled, wrong);
            return form_again(&web, &on, form, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let now = web.clock.now();
    let keys = web.store.token_keys(now).await?;
    let limits = &web.comments.limits;
    let quotas = [
        forms::quotas(&keys, "comment/network", &client.network(), &limits.per_network),
        forms::quotas(&keys, "comment/address", comment.email().key(), &limits.per_address),
        forms::quotas(&keys, "comment/all", "", &limits.in_all),
    ]
    .concat();
    if web.store.take_quotas(&quotas, now).await?.is_some() {
        // What they wrote is theirs to send later.
        let note = Some(words.text("comments.too_many_advice").to_owned());
        let form = FormView { note, is_wrong: true, ..web.form(&slug, &filled, Wrong::default()) };
        let mut again = form_again(&web, &on, form, StatusCode::TOO_MANY_REQUESTS)?;
        again.headers_mut().insert(RETRY_AFTER, message::LATER);
        return Ok(again);
    }
    if let Some(id) = web.store.add_comment(&comment, now).await? {
        info!(comment = %id, %slug, from = %comment.email().masked(), "a comment is kept");
    }
    tell(StatusCode::OK, "comments.thanks", "comments.thanks_next")
}

/// A sentence for each field that is wrong.
fn sentences(faults: &Faults, words: &Words, email: &str) -> Wrong {
    let limit = |limit: usize| words.number(limit as u64);
    Wrong {
        name: faults.name.map(|fault| match fault {
            NameFault::Missing => words.text("comments.name_missing").to_owned(),
            NameFault::TooLong => words.fill("comments.name_too_long", &[("limit", &limit(NAME_LIMIT))]),
        }),
        email: faults.email.as_ref().map(|fault| match fault {
            EmailFault::Missing => words.text("sign_up.email_missing").to_owned(),
            EmailFault::Invalid(_) => forms::email(email, words).err().unwrap_or_default(),
        }),
        text: faults.text.map(|fault| match fault {
            TextFault::Missing => words.text("comments.text_missing").to_owned(),
            TextFault::TooLong => words.fill("comments.text_too_long", &[("limit", &limit(TEXT_LIMIT))]),
        }),
    }
}

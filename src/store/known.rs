//! All that is kept of somebody, a reader or not: what they may ask for, and what an operator is shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::sign_ups::Consent;
use super::{Store, StoreError, millis, time};
use crate::comment::Comment;
use crate::subscriber::{EmailAddress, Subscriber, SubscriberId};

/// All that is known of a reader.
#[derive(Debug, Clone, Serialize)]
pub struct Known {
    /// The address.
    pub email: String,
    /// What they want to be called.
    pub name: Option<String>,
    /// Their time zone.
    pub timezone: Option<String>,
    /// Whether they get the edition.
    pub status: String,
    /// How they came: `sign-up`, `file`, `operator` or `example`.
    pub origin: String,
    /// When they subscribed.
    pub since: DateTime<Utc>,
    /// When status, address or wishes were last changed: of one who has left, when that was.
    pub changed_at: DateTime<Utc>,
    /// When an operator took them off the list last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<DateTime<Utc>>,
    /// Who that was, which is nobody's business but the operators'.
    #[serde(skip)]
    pub removed_by: Option<String>,
    /// Until when they get nothing.
    pub paused_until: Option<DateTime<Utc>>,
    /// The record of consent, and what else forms were sent for with their address.
    pub consents: Vec<Consent>,
    /// What was sent to them, and how that ended.
    pub editions: Vec<Received>,
    /// Single letters to them.
    pub letters: Vec<Received>,
    /// What they said beneath articles.
    pub comments: Vec<Commented>,
}

/// What is kept of somebody who is no subscriber.
#[derive(Debug, Clone, Serialize)]
pub struct Guest {
    /// The address.
    pub email: String,
    /// What they said beneath articles.
    pub comments: Vec<Commented>,
    /// Single letters to them.
    pub letters: Vec<Received>,
    /// What forms were sent for with the address.
    pub sign_ups: Vec<Consent>,
}

/// A comment of a reader's.
#[derive(Debug, Clone, Serialize)]
pub struct Commented {
    /// Beneath which article.
    pub article: String,
    /// Under which name.
    pub name: String,
    /// What they wrote.
    pub text: String,
    /// `pending`, `approved` or `rejected`.
    pub moderation: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// One thing that was sent to a reader.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// The edition's name, or the letter's subject.
    pub what: String,
    /// To which address, of a letter: they may have had another one then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `sent`, `queued`, …
    pub state: String,
    /// When that was settled.
    pub at: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub begun: u64,
    /// The last reply of the mail server, of an edition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// What was said when it did not go out.
    pub reason: Option<String>,
    /// The attempts that did not end well, of an edition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempted>,
}

/// An attempt to send an edition that did not end well.
#[derive(Debug, Clone, Serialize)]
pub struct Attempted {
    /// Which, from 1.
    pub attempt: u64,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// `deferred`, `failed`, `not-sent` or `uncertain`.
    pub outcome: String,
    /// The reply of the mail server.
    pub code: Option<i64>,
    /// What was said.
    pub reason: Option<String>,
}

const ORIGIN: &str = "SELECT origin, changed_at, removed_at, removed_by FROM subscribers WHERE id = $1";
const EDITIONS_OF: &str = "SELECT e.id, e.key, d.state, d.settled_at, d.attempt, d.code, d.reason
    FROM deliveries d JOIN editions e ON e.id = d.edition_id
    WHERE d.subscriber_id = $1 ORDER BY e.id";
const ATTEMPTS_OF: &str = "SELECT e.id, a.attempt, a.ended_at, a.outcome, a.code, a.reason
    FROM editions e JOIN attempts a ON a.edition_id = e.id
    WHERE a.subscriber_id = $1 ORDER BY e.id, a.attempt";
const LETTERS_ABOUT: &str = concat!(
    "SELECT subject, recipient, state, settled_at, attempt, reason FROM letters WHERE subscriber_id = $1 OR ",
    is_sent_to!("$2"),
    " ORDER BY id"
);
// The last column: whether it is theirs, or another reader's who wants their mail here.
const ASKED_ABOUT: &str = concat!(
    "SELECT kind, state, email, name, timezone, former, words, origin, asked_at, asked_from, confirmed_at, confirmed_from,
        put_back_at, (subscriber_id = $1 OR ",
    is_nobodys!("sign_ups"),
    ") FROM sign_ups WHERE subscriber_id = $1 OR ",
    is_asked_at!("$2"),
    " ORDER BY id"
);
// Readers with another address of today who had this one: by a form, or by letters that went there.
const KEPT_ELSEWHERE: &str = "SELECT s.email FROM subscribers s
    WHERE s.erased_at IS NULL AND s.email_key <> $1 AND s.id IN (
        SELECT u.subscriber_id FROM sign_ups u WHERE u.email_key = $1 AND u.state = 'confirmed'
        UNION SELECT u.subscriber_id FROM sign_ups u WHERE u.former_key = $1
        UNION SELECT l.subscriber_id FROM letters l WHERE l.recipient_key = $1)
    ORDER BY s.id";

/// Nobody's number: of who is no subscriber.
const NOBODY: SubscriberId = SubscriberId(-1);

type EditionRow = (i64, String, String, Option<i64>, i64, Option<i64>, Option<String>);
type AttemptRow = (i64, i64, i64, String, Option<i64>, Option<String>);
type LetterRow = (String, String, String, Option<i64>, i64, Option<String>);
type AskedRow = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    String,
    i64,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    bool,
);

impl Store {
    /// All that is known of `reader`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn known(&self, reader: &Subscriber) -> Result<Known, StoreError> {
        let id = reader.id;
        let origin: Option<(String, i64, Option<i64>, Option<String>)> =
            reading!(self, |c| sqlx::query_as(ORIGIN).bind(id.0).fetch_optional(&mut *c).await?);
        let nothing = || (String::new(), millis(reader.since), None, None);
        let (origin, changed_at, removed_at, removed_by) = origin.unwrap_or_else(nothing);
        Ok(Known {
            email: reader.email.to_string(),
            name: reader.name.clone(),
            timezone: reader.timezone.map(|zone| zone.name().to_owned()),
            status: reader.status.to_string(),
            origin,
            since: reader.since,
            changed_at: time(changed_at)?,
            removed_at: removed_at.map(time).transpose()?,
            removed_by,
            paused_until: self.paused_until(id).await?,
            consents: self.asked(id, reader.email.key()).await?,
            editions: self.received_by(id).await?,
            letters: self.letters_about(id, &reader.email).await?,
            comments: self.comments_by(&reader.email).await?.into_iter().map(commented).collect(),
        })
    }

    /// What is kept of somebody who is no subscriber; `None` when nothing is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn guest(&self, email: &EmailAddress) -> Result<Option<Guest>, StoreError> {
        let guest = Guest {
            email: email.to_string(),
            comments: self.comments_by(email).await?.into_iter().map(commented).collect(),
            letters: self.letters_about(NOBODY, email).await?,
            sign_ups: self.asked(NOBODY, email.key()).await?,
        };
        let is_none = guest.comments.is_empty() && guest.letters.is_empty() && guest.sign_ups.is_empty();
        Ok((!is_none).then_some(guest))
    }

    /// The addresses of today of readers who had `email` before, and of whom something is kept under it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn kept_elsewhere(&self, email: &EmailAddress) -> Result<Vec<EmailAddress>, StoreError> {
        let found: Vec<String> = reading!(self, |c| sqlx::query_scalar(KEPT_ELSEWHERE)
            .bind(email.key())
            .fetch_all(&mut *c)
            .await?);
        found
            .into_iter()
            .map(|text| {
                text.parse()
                    .map_err(|_| StoreError::Unreadable { what: "a subscriber's address", value: text })
            })
            .collect()
    }

    /// What stands on record of a reader's consent, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn consents(&self, id: SubscriberId) -> Result<Vec<Consent>, StoreError> {
        self.asked(id, "").await
    }

    async fn received_by(&self, id: SubscriberId) -> Result<Vec<Received>, StoreError> {
        let editions: Vec<EditionRow> =
            reading!(self, |c| sqlx::query_as(EDITIONS_OF).bind(id.0).fetch_all(&mut *c).await?);
        let rows: Vec<AttemptRow> =
            reading!(self, |c| sqlx::query_as(ATTEMPTS_OF).bind(id.0).fetch_all(&mut *c).await?);
        let mut attempts: HashMap<i64, Vec<Attempted>> = HashMap::new();
        for (edition, attempt, at, outcome, code, reason) in rows {
            let attempted =
                Attempted { attempt: attempt.unsigned_abs(), at: time(at)?, outcome, code, reason };
            attempts.entry(edition).or_default().push(attempted);
        }
        editions
            .into_iter()
            .map(|(edition, what, state, at, begun, code, reason)| {
                let attempts = attempts.remove(&edition).unwrap_or_default();
                let (at, begun) = (at.map(time).transpose()?, begun.unsigned_abs());
                Ok(Received { what, to: None, state, at, begun, code, reason, attempts })
            })
            .collect()
    }

    async fn letters_about(
        &self,
        id: SubscriberId,
        email: &EmailAddress,
    ) -> Result<Vec<Received>, StoreError> {
        let rows: Vec<LetterRow> = reading!(self, |c| sqlx::query_as(LETTERS_ABOUT)
            .bind(id.0)
            .bind(email.key())
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter()
            .map(|(what, to, state, at, begun, reason)| {
                let (at, begun, to) = (at.map(time).transpose()?, begun.unsigned_abs(), Some(to));
                Ok(Received { what, to, state, at, begun, code: None, reason, attempts: Vec::new() })
            })
            .collect()
    }

    /// What forms were sent for by this reader, or with the address `key`.
    async fn asked(&self, id: SubscriberId, key: &str) -> Result<Vec<Consent>, StoreError> {
        let rows: Vec<AskedRow> =
            reading!(self, |c| sqlx::query_as(ASKED_ABOUT).bind(id.0).bind(key).fetch_all(&mut *c).await?);
        rows.into_iter().map(consent).collect()
    }
}

fn consent(row: AskedRow) -> Result<Consent, StoreError> {
    let (
        kind,
        state,
        email,
        name,
        timezone,
        former,
        words,
        origin,
        asked_at,
        asked_from,
        confirmed_at,
        confirmed_from,
        put_back_at,
        is_theirs,
    ) = row;
    Ok(Consent {
        kind,
        state,
        email,
        // Another reader's name and network are that reader's.
        name: name.filter(|_| is_theirs),
        timezone: timezone.filter(|_| is_theirs),
        former,
        words,
        origin,
        asked_at: time(asked_at)?,
        asked_from: asked_from.filter(|_| is_theirs),
        confirmed_at: confirmed_at.map(time).transpose()?,
        confirmed_from,
        put_back_at: put_back_at.map(time).transpose()?,
    })
}

fn commented(comment: Comment) -> Commented {
    let Comment { slug, name, text, moderation, made_at, .. } = comment;
    Commented { article: slug, name, text, moderation: moderation.as_str().to_owned(), at: made_at }
}

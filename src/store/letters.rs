//! Letters: single messages to one person, durable rows, one a cause.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, millis};
use crate::delivery::{Next, State};
use crate::letter::Written;
use crate::subscriber::{EmailAddress, SubscriberId};

/// The store's number of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub i64);

/// A letter that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenLetter {
    /// The store's number.
    pub id: LetterId,
    /// To whom.
    pub to: EmailAddress,
    /// What it says.
    pub written: Written,
    /// How often it was begun before.
    pub attempt: u32,
    /// How many attempts counted towards the back-off.
    pub deferrals: u32,
    /// How many attempts ended without an answer.
    pub uncertain: u32,
    /// When it was written.
    pub made_at: DateTime<Utc>,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
}

/// What an [`OpenLetter`] is made of: id, recipient, subject; text, HTML, link for leaving; name and text of the file;
/// counts; when it was written, and since when it is due.
type Row = (
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    i64,
    i64,
    i64,
    i64,
);
pub(super) const ADD: &str =
    "INSERT INTO letters (cause, recipient, subject, text, html, unsubscribe_url, file_name,
        file_text, subscriber_id, state, due_at, made_at, recipient_key, stood_in)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $10, $11, $12) ON CONFLICT (cause) DO NOTHING";
const DUE: &str =
    "SELECT id, recipient, subject, text, html, unsubscribe_url, file_name, file_text, attempt, deferrals,
        uncertain, made_at, due_at FROM letters
    WHERE state IN ('queued', 'deferred') AND due_at <= $1 AND (due_at > $2 OR (due_at = $2 AND id > $3))
    ORDER BY due_at, id LIMIT $4";
const BEGIN: &str = "UPDATE letters SET state = 'sending', attempt = attempt + 1, owner = $3
    WHERE id = $1 AND attempt = $2 AND state IN ('queued', 'deferred')";
const SETTLE: &str =
    "UPDATE letters SET state = $3, due_at = COALESCE($4, due_at), deferrals = deferrals + $5,
        uncertain = uncertain + $6, reason = $7, settled_at = $8
    WHERE id = $1 AND attempt = $2 AND state = 'sending'";
// A letter that may have arrived is better sent twice than never: alarms are for people who wait for them.
const RECOVER: &str = "UPDATE letters SET state = 'queued', due_at = $1, uncertain = uncertain + 1
    WHERE state = 'sending' AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = letters.owner)";
// One that may have arrived stays: nothing else tells of it.
const PRUNE: &str = "DELETE FROM letters WHERE id IN (SELECT id FROM letters
    WHERE state IN ('sent', 'failed') AND settled_at < $1 ORDER BY id LIMIT $2)";
// What another node removes is skipped, not waited for.
const PRUNE_SHARED: &str = "DELETE FROM letters WHERE id IN (SELECT id FROM letters
    WHERE state IN ('sent', 'failed') AND settled_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";
// What has been sent holds links that open a reader's pages or decide about a comment, and is not kept. What has failed is
// kept until it is pruned: a person may have it sent again.
const EMPTY: &str = "UPDATE letters SET text = '', html = NULL, unsubscribe_url = NULL, file_text = NULL
    WHERE id = $1 AND state = 'sent'";

const HAS: &str = "SELECT COUNT(*) FROM letters WHERE cause = $1";
const SENT_AND_OPEN: &str = "SELECT COUNT(CASE WHEN state = 'sent' AND settled_at >= $1 THEN 1 END),
        COUNT(CASE WHEN state IN ('queued', 'deferred') THEN 1 END) FROM letters";

// The last reason stands for the others.
const IN_TROUBLE: &str = "SELECT l.state, COUNT(*),
        (SELECT r.reason FROM letters r WHERE r.state = l.state AND r.made_at >= $1 ORDER BY r.id DESC LIMIT 1)
    FROM letters l WHERE l.state IN ('deferred', 'failed', 'uncertain') AND l.made_at >= $1
    GROUP BY l.state ORDER BY l.state";

/// Puts `$letter` into the post within the transaction of `$c`; how many rows are new.
macro_rules! insert_letter {
    ($c:expr, $cause:expr, $to:expr, $letter:expr, $subscriber:expr, $now:expr) => {{
        let (cause, to): (&str, &$crate::subscriber::EmailAddress) = ($cause, $to);
        let letter: &$crate::letter::Written = $letter;
        let subscriber: Option<$crate::subscriber::SubscriberId> = $subscriber;
        sqlx::query($crate::store::letters::ADD)
            .bind(format!("{cause}/{}", to.key()))
            .bind(to.as_str())
            .bind(&letter.subject)
            .bind(&letter.text)
            .bind(letter.html.as_deref())
            .bind(letter.unsubscribe_url.as_deref())
            .bind(letter.attachment.as_ref().map(|(name, _)| name.as_str()))
            .bind(letter.attachment.as_ref().map(|(_, text)| text.as_str()))
            .bind(subscriber.map(|id| id.0))
            .bind($crate::store::millis($now))
            .bind(to.key())
            .bind(letter.stood_in.as_deref())
            .execute($c)
            .await?
            .rows_affected()
    }};
}

impl Store {
    /// How many letters of those made since `since` are deferred, have failed or are uncertain, and why the last of them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn letters_in_trouble(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(State, u64, Option<String>)>, StoreError> {
        let rows: Vec<(String, i64, Option<String>)> =
            reading!(self, |c| sqlx::query_as(IN_TROUBLE).bind(millis(since)).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(word, count, reason)| Ok((super::deliveries::state(&word)?, count.unsigned_abs(), reason)))
            .collect()
    }

    /// Writes a letter; whether it is new: a cause has one letter a recipient.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_letter(
        &self,
        cause: &str,
        to: &EmailAddress,
        subject: &str,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.post_letter(cause, to, &Written::plain(subject, text), None, now).await
    }

    /// Puts a letter into the post, for a reader when it is one; whether it is new: a cause has one letter a recipient.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn post_letter(
        &self,
        cause: &str,
        to: &EmailAddress,
        letter: &Written,
        reader: Option<SubscriberId>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(writing!(self, |c| insert_letter!(&mut *c, cause, to, letter, reader, now)) > 0)
    }

    /// Whether there is a letter for this cause to this recipient, in whatever state.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_letter(&self, cause: &str, to: &EmailAddress) -> Result<bool, StoreError> {
        let cause = format!("{cause}/{}", to.key());
        let count: i64 = reading!(self, |c| sqlx::query_scalar(HAS).bind(&cause).fetch_one(&mut *c).await?);
        Ok(count > 0)
    }

    /// How many letters were sent since `since`, by whichever process, and how many wait.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn letters_sent_and_open(&self, since: DateTime<Utc>) -> Result<(u64, u64), StoreError> {
        let (sent, open): (i64, i64) =
            reading!(self, |c| sqlx::query_as(SENT_AND_OPEN).bind(millis(since)).fetch_one(&mut *c).await?);
        Ok((sent.unsigned_abs(), open.unsigned_abs()))
    }

    /// Up to `limit` letters that are due by `now`, in the order of (due time, number), behind `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due_letters(
        &self,
        now: DateTime<Utc>,
        after: Option<(DateTime<Utc>, LetterId)>,
        limit: u32,
    ) -> Result<Vec<OpenLetter>, StoreError> {
        let (due_at, id) = after.map_or((i64::MIN, 0), |(due_at, id)| (millis(due_at), id.0));
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(DUE)
            .bind(millis(now))
            .bind(due_at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(letter).collect()
    }

    /// Puts on record that `letter` is about to be sent; `false` when it was begun elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_letter(&self, letter: &OpenLetter) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(BEGIN)
            .bind(letter.id.0)
            .bind(i64::from(letter.attempt))
            .bind(self.owner())
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Puts on record how the attempt at `letter` that [`begin_letter`](Self::begin_letter) began has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle_letter(
        &self,
        letter: &OpenLetter,
        next: &Next,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let state = if next.state == State::Suppressed { State::Failed } else { next.state };
        writing!(self, |c| {
            sqlx::query(SETTLE)
                .bind(letter.id.0)
                .bind(i64::from(letter.attempt) + 1)
                .bind(state.as_str())
                .bind(next.due_at.map(millis))
                .bind(i64::from(next.spends_attempt))
                .bind(i64::from(next.records_uncertain))
                .bind(next.reason.as_deref())
                .bind(millis(now))
                .execute(&mut *c)
                .await?;
            sqlx::query(EMPTY).bind(letter.id.0).execute(&mut *c).await?;
        });
        Ok(())
    }

    /// Removes up to `limit` letters that were sent or given up before `settled_before`; how many. Their causes may have
    /// a letter again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune_letters(&self, settled_before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let prune = if self.is_shared() { PRUNE_SHARED } else { PRUNE };
        Ok(writing!(self, |c| sqlx::query(prune)
            .bind(millis(settled_before))
            .bind(i64::from(limit))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// Takes up letters whose sender died, as [`recover`](Self::recover) does deliveries.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover_letters(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.bury_the_dead().await?;
        Ok(writing!(self, |c| sqlx::query(RECOVER).bind(millis(now)).execute(&mut *c).await?.rows_affected()))
    }
}

fn letter(row: Row) -> Result<OpenLetter, StoreError> {
    let (
        id,
        to,
        subject,
        text,
        html,
        unsubscribe_url,
        file,
        content,
        attempt,
        deferrals,
        uncertain,
        made_at,
        due_at,
    ) = row;
    let parsed = to.parse();
    let to = parsed
        .map_err(|_| StoreError::Unreadable { what: "a letter's address", value: format!("letter {id}") })?;
    let count = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    Ok(OpenLetter {
        id: LetterId(id),
        to,
        written: Written {
            subject,
            text,
            html,
            unsubscribe_url,
            attachment: file.zip(content),
            stood_in: None,
        },
        attempt: count(attempt),
        deferrals: count(deferrals),
        uncertain: count(uncertain),
        made_at: super::time(made_at)?,
        due_at: super::time(due_at)?,
    })
}

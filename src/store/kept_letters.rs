//! Letters as a person sees them: which have not got through, and what is decided about them.

use chrono::{DateTime, Utc};

use super::deliveries::state;
use super::troubled::SETTLED_BY_A_PERSON;
use super::{LetterId, Store, StoreError, millis};
use crate::delivery::State;

/// A letter on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLetter {
    /// The store's number.
    pub id: LetterId,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: Option<String>,
    /// Whether what it says is kept still, so that it can be sent.
    pub is_whole: bool,
    /// Why a built-in template wrote it in place of the user's own, if one did.
    pub stood_in: Option<String>,
}

/// Letters that a built-in template wrote, because one of the user's own failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoodIn {
    /// How many.
    pub count: u64,
    /// When the last of them was written.
    pub last_at: DateTime<Utc>,
    /// What was wrong with the template then, and where.
    pub why: String,
}

/// Which letters are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichLetters {
    /// This one.
    One(LetterId),
    /// All, or all that are in this state.
    All(Option<State>),
}

impl WhichLetters {
    /// The number, or 0 for any; the state, or an empty word for any.
    fn bound(self) -> (i64, &'static str) {
        match self {
            WhichLetters::One(LetterId(id)) => (id, ""),
            WhichLetters::All(state) => (0, state.map_or("", State::as_str)),
        }
    }
}

const LIST: &str = "SELECT id, recipient, subject, state, reason, text <> '', stood_in FROM letters
    WHERE id > $1 AND (state = $2 OR ($2 = '' AND state <> 'sent')) ORDER BY id LIMIT $3";
const ONE: &str =
    "SELECT id, recipient, subject, state, reason, text <> '', stood_in FROM letters WHERE id = $1";
// The last reason stands for the others.
const STOOD_IN: &str = "SELECT COUNT(*), MAX(l.made_at),
        (SELECT r.stood_in FROM letters r WHERE r.stood_in IS NOT NULL AND r.made_at >= $1 ORDER BY r.id DESC LIMIT 1)
    FROM letters l WHERE l.stood_in IS NOT NULL AND l.made_at >= $1";
// Before this was to be had, nothing was kept of what had failed.
const RETRY: &str = "UPDATE letters SET state = 'queued', due_at = $3, settled_at = NULL
    WHERE state IN ('failed', 'uncertain', 'deferred') AND text <> '' AND ($1 = 0 OR id = $1) AND ($2 = '' OR state = $2)";
const LOST: &str = "UPDATE letters SET state = 'failed', settled_at = $3, reason = $4
    WHERE state = 'uncertain' AND ($1 = 0 OR id = $1) AND ($2 = '' OR state = $2)";
// As of what has been sent, nothing is kept of it.
const ARRIVED: &str = "UPDATE letters SET state = 'sent', settled_at = $3, reason = $4,
        text = '', html = NULL, unsubscribe_url = NULL, file_text = NULL
    WHERE state = 'uncertain' AND ($1 = 0 OR id = $1) AND ($2 = '' OR state = $2)";

type Row = (i64, String, String, String, Option<String>, bool, Option<String>);

impl Store {
    /// Up to `limit` letters in `wanted`, or all that are not sent, behind `after`, in the order of their numbers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn kept_letters(
        &self,
        wanted: Option<State>,
        after: LetterId,
        limit: u32,
    ) -> Result<Vec<KeptLetter>, StoreError> {
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(LIST)
            .bind(after.0)
            .bind(wanted.map_or("", State::as_str))
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(kept).collect()
    }

    /// The letter of this number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn kept_letter(&self, id: LetterId) -> Result<Option<KeptLetter>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(ONE).bind(id.0).fetch_optional(&mut *c).await?);
        row.map(kept).transpose()
    }

    /// Which letters of those made since `since` a built-in template wrote in place of the user's own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn letters_that_stood_in(&self, since: DateTime<Utc>) -> Result<Option<StoodIn>, StoreError> {
        let row: (i64, Option<i64>, Option<String>) =
            reading!(self, |c| sqlx::query_as(STOOD_IN).bind(millis(since)).fetch_one(&mut *c).await?);
        let (count, Some(last_at), Some(why)) = row else { return Ok(None) };
        Ok(Some(StoodIn { count: count.unsigned_abs(), last_at: super::time(last_at)?, why }))
    }

    /// Queues failed, uncertain and deferred letters anew; how many. The reasons stay until there is another answer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn retry_letters(&self, which: WhichLetters, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (id, state) = which.bound();
        Ok(writing!(self, |c| sqlx::query(RETRY)
            .bind(id)
            .bind(state)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// Settles uncertain letters by a person's word; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resolve_letters(
        &self,
        which: WhichLetters,
        arrived: bool,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let (id, state) = which.bound();
        Ok(writing!(self, |c| sqlx::query(if arrived { ARRIVED } else { LOST })
            .bind(id)
            .bind(state)
            .bind(millis(now))
            .bind(SETTLED_BY_A_PERSON)
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }
}

fn kept((id, to, subject, word, reason, is_whole, stood_in): Row) -> Result<KeptLetter, StoreError> {
    Ok(KeptLetter { id: LetterId(id), to, subject, state: state(&word)?, reason, is_whole, stood_in })
}

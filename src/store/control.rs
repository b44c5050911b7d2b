//! What a person decides about an edition while it goes out: pause, resume, cancel. Whoever sends heeds it at the next
//! claim and, in the same statement that puts a message on record, at every beginning, on every node.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{EditionId, Store, StoreError, millis, time};
use crate::edition::EditionKey;

/// What a person decides about an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Nothing further is begun.
    Paused,
    /// It goes on.
    Resumed,
    /// Whoever has not got it never will.
    Cancelled,
}

impl Course {
    /// The word used in the store and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Course::Paused => "paused",
            Course::Resumed => "resumed",
            Course::Cancelled => "cancelled",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Course::Paused, Course::Resumed, Course::Cancelled]
            .into_iter()
            .find(|course| course.as_str() == word)
            .ok_or_else(|| StoreError::Unreadable { what: "a decision", value: word.to_owned() })
    }
}

/// A decision, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub course: Course,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it, as in `ann on mail1`.
    pub who: String,
    /// Why, if they said.
    pub reason: Option<String>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}, {}", self.course.as_str(), self.who, self.at.format("%Y-%m-%d %H:%M UTC"))?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// What [`Store::cancel`] settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// Deliveries that will not be sent.
    pub withheld: u64,
    /// Articles that are off the public pages with it, because nobody has got them.
    pub withdrawn: u64,
}

pub(super) type DecisionRow = (String, i64, String, Option<String>);

const STOP: &str = "INSERT INTO stops (edition_id, course, at, who, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (edition_id) DO NOTHING";
const CANCEL: &str =
    "INSERT INTO stops (edition_id, course, at, who, reason) VALUES ($1, 'cancelled', $2, $3, $4)
    ON CONFLICT (edition_id) DO UPDATE SET course = excluded.course, at = excluded.at, who = excluded.who,
        reason = excluded.reason
    WHERE stops.course <> 'cancelled'";
const LET_GO: &str = "DELETE FROM stops WHERE edition_id = $1 AND course = 'paused' RETURNING at";
const ADD_PAUSE: &str = "UPDATE editions SET paused_for = paused_for + $2 WHERE id = $1";
const NOTE: &str = "INSERT INTO decisions (edition_id, course, at, who, reason) VALUES ($1, $2, $3, $4, $5)";
const STOP_OF: &str = "SELECT course, at, who, reason FROM stops WHERE edition_id = $1";
const DECISIONS: &str = "SELECT course, at, who, reason FROM decisions WHERE edition_id = $1 ORDER BY id";
// What was on the wire when the edition was cancelled and came to nothing is open again: it is withheld like the rest.
const WITHHOLD: &str = "UPDATE deliveries SET state = 'suppressed', settled_at = $1, owner = NULL,
        reason = (SELECT CASE WHEN h.reason IS NULL THEN 'cancelled' ELSE 'cancelled: ' || h.reason END
            FROM stops h WHERE h.edition_id = deliveries.edition_id)
    WHERE state IN ('queued', 'deferred')
        AND edition_id IN (SELECT h.edition_id FROM stops h WHERE h.course = 'cancelled')";
const PAUSED: &str = "SELECT e.key FROM stops h JOIN editions e ON e.id = h.edition_id
    WHERE h.course = 'paused' ORDER BY e.id";
const GOING: &str = "SELECT e.key FROM editions e
    WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = e.id AND d.state IN ('queued', 'deferred'))
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = e.id) ORDER BY e.id";

impl Store {
    /// Stops the edition until it is resumed; `false` when it is stopped already. What is on record as `sending` goes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pause(
        &self,
        edition: EditionId,
        who: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(writing!(self, |c| {
            let stopped = sqlx::query(STOP)
                .bind(edition.0)
                .bind(Course::Paused.as_str())
                .bind(millis(now))
                .bind(who)
                .bind(reason)
                .execute(&mut *c)
                .await?
                .rows_affected();
            if stopped > 0 {
                note!(c, edition, Course::Paused, who, reason, now);
            }
            stopped > 0
        }))
    }

    /// Lets a paused edition go on; for how long it was paused, `None` when it was not. That time does not count towards
    /// giving up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(
        &self,
        edition: EditionId,
        who: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeDelta>, StoreError> {
        Ok(writing!(self, |c| {
            let since: Option<i64> =
                sqlx::query_scalar(LET_GO).bind(edition.0).fetch_optional(&mut *c).await?;
            match since {
                None => None,
                Some(since) => {
                    let paused = (millis(now) - since).max(0);
                    sqlx::query(ADD_PAUSE).bind(edition.0).bind(paused).execute(&mut *c).await?;
                    note!(c, edition, Course::Resumed, who, reason, now);
                    Some(TimeDelta::milliseconds(paused))
                }
            }
        }))
    }

    /// Ends the edition: what is open is settled as `suppressed`, with the decision as its reason. `None` when it is
    /// cancelled already. What has been sent stays so, what is uncertain stays on record, and what is on the wire is
    /// settled by its answer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cancel(
        &self,
        edition: EditionId,
        who: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<Cancelled>, StoreError> {
        Ok(writing!(self, |c| {
            let stopped = sqlx::query(CANCEL)
                .bind(edition.0)
                .bind(millis(now))
                .bind(who)
                .bind(reason)
                .execute(&mut *c)
                .await?
                .rows_affected();
            if stopped == 0 {
                None
            } else {
                note!(c, edition, Course::Cancelled, who, reason, now);
                let withheld = sqlx::query(WITHHOLD).bind(millis(now)).execute(&mut *c).await?;
                let withdrawn = sqlx::query(super::withdrawals::WITHDRAW_UNSENT)
                    .bind(edition.0)
                    .bind(millis(now))
                    .bind(who)
                    .bind(reason)
                    .execute(&mut *c)
                    .await?;
                Some(Cancelled { withheld: withheld.rows_affected(), withdrawn: withdrawn.rows_affected() })
            }
        }))
    }

    /// Withholds what has become open again of cancelled editions since: it was on the wire, and came to nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withhold_cancelled(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(WITHHOLD)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// By whose decision the edition is stopped, if it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stop_of(&self, edition: EditionId) -> Result<Option<Decision>, StoreError> {
        let row: Option<DecisionRow> =
            reading!(self, |c| sqlx::query_as(STOP_OF).bind(edition.0).fetch_optional(&mut *c).await?);
        row.map(decision).transpose()
    }

    /// Every decision about the edition, in the order in which they were made.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decisions(&self, edition: EditionId) -> Result<Vec<Decision>, StoreError> {
        let rows: Vec<DecisionRow> =
            reading!(self, |c| sqlx::query_as(DECISIONS).bind(edition.0).fetch_all(&mut *c).await?);
        rows.into_iter().map(decision).collect()
    }

    /// The editions that are paused, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn paused_editions(&self) -> Result<Vec<EditionKey>, StoreError> {
        let keys: Vec<String> = reading!(self, |c| sqlx::query_scalar(PAUSED).fetch_all(&mut *c).await?);
        keys.iter().map(|key| super::editions::edition_key(key)).collect()
    }

    /// The editions that have something left to send, due or not, and are not stopped, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn going_editions(&self) -> Result<Vec<EditionKey>, StoreError> {
        let keys: Vec<String> = reading!(self, |c| sqlx::query_scalar(GOING).fetch_all(&mut *c).await?);
        keys.iter().map(|key| super::editions::edition_key(key)).collect()
    }
}

/// Writes a decision down, in the transaction that carries it out.
macro_rules! note {
    ($c:expr, $edition:expr, $course:expr, $who:expr, $reason:expr, $now:expr) => {
        sqlx::query(NOTE)
            .bind($edition.0)
            .bind($course.as_str())
            .bind(millis($now))
            .bind($who)
            .bind($reason)
            .execute(&mut *$c)
            .await?
    };
}
use note;

pub(super) fn decision((course, at, who, reason): DecisionRow) -> Result<Decision, StoreError> {
    Ok(Decision { course: Course::parse(&course)?, at: time(at)?, who, reason })
}

//! What a person decides about an edition before it goes out: hold it, let it go, call it off. Publishing heeds it in
//! its own transaction.

use chrono::{DateTime, Utc};

use super::control::{self, Course, Decision, DecisionRow};
use super::{Store, StoreError, editions, millis};
use crate::edition::EditionKey;

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It stands.
    Done,
    /// It stood already.
    Already,
    /// The edition is out: it is paused or cancelled as one that goes out.
    Out,
}

// Whoever is held may be called off; what is called off stays so until it is resumed.
const HOLD: &str = "INSERT INTO holds (key, course, at, who, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (key) DO UPDATE SET course = excluded.course, at = excluded.at, who = excluded.who,
        reason = excluded.reason
    WHERE holds.course = 'paused' AND excluded.course = 'cancelled'";
const LET_GO: &str = "DELETE FROM holds WHERE key = $1";
const HOLD_OF: &str = "SELECT course, at, who, reason FROM holds WHERE key = $1";
// Held editions that were never let go do not come up for ever.
const HELD: &str = "SELECT h.key FROM holds h WHERE h.key >= $1
    AND NOT EXISTS (SELECT 1 FROM editions e WHERE e.key = h.key) ORDER BY h.key";
/// Whether an edition may go out, read where it goes out.
pub(super) const IS_HELD: &str = "SELECT course FROM holds WHERE key = $1";

impl Store {
    /// Holds the edition `key` before it goes out (`Paused`), or calls it off (`Cancelled`).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hold(
        &self,
        key: &EditionKey,
        course: Course,
        who: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Held, StoreError> {
        let key = key.to_string();
        Ok(writing!(self, |c| {
            alone!(self, c);
            let out: Option<i64> =
                sqlx::query_scalar(editions::ID_OF_KEY).bind(&key).fetch_optional(&mut *c).await?;
            if out.is_some() {
                Held::Out
            } else {
                let held = sqlx::query(HOLD)
                    .bind(&key)
                    .bind(course.as_str())
                    .bind(millis(now))
                    .bind(who)
                    .bind(reason)
                    .execute(&mut *c)
                    .await?
                    .rows_affected();
                if held > 0 { Held::Done } else { Held::Already }
            }
        }))
    }

    /// Lets an edition go that was held or called off; whether it was.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn let_go(&self, key: &EditionKey) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(LET_GO)
            .bind(key.to_string())
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// By whose decision the edition does not go out, if there is one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hold_of(&self, key: &EditionKey) -> Result<Option<Decision>, StoreError> {
        let row: Option<DecisionRow> =
            reading!(self, |c| sqlx::query_as(HOLD_OF).bind(key.to_string()).fetch_optional(&mut *c).await?);
        row.map(control::decision).transpose()
    }

    /// The editions from `oldest` on that are held or called off and have not gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn held_editions(&self, oldest: &EditionKey) -> Result<Vec<EditionKey>, StoreError> {
        let keys: Vec<String> =
            reading!(self, |c| sqlx::query_scalar(HELD).bind(oldest.to_string()).fetch_all(&mut *c).await?);
        keys.iter().map(|key| editions::edition_key(key)).collect()
    }
}

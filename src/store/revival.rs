//! Bounced addresses that are taken for good again, by a person's word: one, or all that one edition struck off.

use chrono::{DateTime, Utc};

use super::{EditionId, Store, StoreError, millis};
use crate::subscriber::SubscriberId;

/// An address that an edition struck off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StruckOff {
    /// Whose.
    pub subscriber: SubscriberId,
    /// The address.
    pub email: String,
    /// What the server said.
    pub reason: String,
}

// Who signed up and never confirmed comes in by confirming alone. An address bounced by the delivery that failed at the same
// moment: who was refused by this edition and bounced by another is not meant.
macro_rules! is_revived {
    () => {
        "s.status = 'bounced' AND s.erased_at IS NULL AND (s.origin <> 'sign-up' OR EXISTS
            (SELECT 1 FROM sign_ups u WHERE u.subscriber_id = s.id AND u.state = 'confirmed'))"
    };
}
macro_rules! is_struck_off {
    () => {
        concat!(
            is_revived!(),
            " AND d.edition_id = $1 AND d.subscriber_id = s.id AND d.state = 'failed' AND d.settled_at = s.changed_at
            AND LOWER(' ' || COALESCE(d.reason, '') || ' ') LIKE $2 ESCAPE '!'"
        )
    };
}

const REVIVE: &str = concat!(
    "UPDATE subscribers AS s SET status = 'active', changed_at = $2 WHERE s.id = $1 AND ",
    is_revived!()
);
const REVIVE_ALL: &str = concat!(
    "UPDATE subscribers AS s SET status = 'active', changed_at = $3 FROM deliveries d WHERE ",
    is_struck_off!()
);
const COUNT: &str = concat!(
    "SELECT COUNT(*) FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id WHERE ",
    is_struck_off!()
);
const LIST: &str = concat!(
    "SELECT s.id, s.email, COALESCE(d.reason, '') FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id
    WHERE s.id > $3 AND ",
    is_struck_off!(),
    " ORDER BY s.id LIMIT $4"
);

impl Store {
    /// Takes a bounced address for good again, by a person's word; whether it was one of a reader who had agreed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revive(&self, id: SubscriberId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.change_status(REVIVE, id, now).await
    }

    /// Takes all addresses for good again that `edition` struck off, or those of them with `reason` in what the server
    /// said; how many.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn revive_all(
        &self,
        edition: EditionId,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(REVIVE_ALL)
            .bind(edition.0)
            .bind(pattern(reason))
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// How many addresses `edition` has struck off that nobody has taken for good again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn struck_off_count(&self, edition: EditionId) -> Result<u64, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(COUNT)
            .bind(edition.0)
            .bind(pattern(None))
            .fetch_one(&mut *c)
            .await?);
        Ok(count.unsigned_abs())
    }

    /// Up to `limit` of those that [`revive_all`](Self::revive_all) takes, behind `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn struck_off(
        &self,
        edition: EditionId,
        reason: Option<&str>,
        after: SubscriberId,
        limit: u32,
    ) -> Result<Vec<StruckOff>, StoreError> {
        let rows: Vec<(i64, String, String)> = reading!(self, |c| sqlx::query_as(LIST)
            .bind(edition.0)
            .bind(pattern(reason))
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        let struck_off = |(id, email, reason)| StruckOff { subscriber: SubscriberId(id), email, reason };
        Ok(rows.into_iter().map(struck_off).collect())
    }
}

/// What stands for these words in a LIKE, with a blank before and behind all that is searched: a code is a word (5.1.1 is
/// not in 5.1.10).
fn pattern(reason: Option<&str>) -> String {
    let Some(reason) = reason else { return "%".to_owned() };
    let words = reason.trim().to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    if words.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return format!("% {words} %");
    }
    format!("%{words}%")
}

//! Deliveries that a server refused, and of which it is found out later whether that speaks of them or of us.

use chrono::{DateTime, Utc};

use super::{EditionId, Store, StoreError, millis};
use crate::subscriber::SubscriberId;

/// An attempt that was refused; its delivery has been put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Of which edition.
    pub edition: EditionId,
    /// For whom.
    pub subscriber: SubscriberId,
    /// Which attempt, from 1: the fence.
    pub attempt: u32,
}

const CONDEMN: &str = "UPDATE deliveries SET state = 'failed', settled_at = $4
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND state = 'deferred'";
const CONDEMN_ATTEMPT: &str = "UPDATE attempts SET outcome = 'failed', ended_at = $4
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND outcome = 'deferred'";
// Behind all who have not been tried yet.
const ACQUIT: &str = "UPDATE deliveries SET state = 'queued', due_at = $4, settled_at = NULL
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND state = 'deferred'";
const SENT_SINCE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries
    WHERE edition_id = $1 AND state = 'sent' AND settled_at > $2 LIMIT $3) these";

impl Store {
    /// Fails `refused`, if nothing else has become of them: the refusals spoke of themselves.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn condemn(&self, refused: &[Refusal], now: DateTime<Utc>) -> Result<(), StoreError> {
        self.decide(refused, &[CONDEMN, CONDEMN_ATTEMPT], now).await
    }

    /// Queues `refused` anew, due now, if nothing else has become of them: the refusals spoke of us.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn acquit(&self, refused: &[Refusal], now: DateTime<Utc>) -> Result<(), StoreError> {
        self.decide(refused, &[ACQUIT], now).await
    }

    async fn decide(
        &self,
        refused: &[Refusal],
        statements: &[&'static str],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        writing!(self, |c| {
            for refusal in refused {
                for &statement in statements {
                    sqlx::query(statement)
                        .bind(refusal.edition.0)
                        .bind(refusal.subscriber.0)
                        .bind(i64::from(refusal.attempt))
                        .bind(millis(now))
                        .execute(&mut *c)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// How many deliveries of `edition` were sent after `since`; at most `limit` are counted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sent_since(
        &self,
        edition: EditionId,
        since: DateTime<Utc>,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(SENT_SINCE)
            .bind(edition.0)
            .bind(millis(since))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(&mut *c)
            .await?);
        Ok(count.unsigned_abs())
    }
}

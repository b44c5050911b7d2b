//! Deliveries that did not get through, reader by reader, and what a person decides about them.

use chrono::{DateTime, Utc};

use super::{EditionId, Store, StoreError, millis};
use crate::delivery::State;
use crate::subscriber::{EmailAddress, SubscriberId};

/// A delivery that is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// For whom.
    pub subscriber: SubscriberId,
    /// Where it goes.
    pub email: String,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: Option<String>,
}

const LIST: &str = "SELECT d.subscriber_id, s.email, d.state, d.reason
    FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = $1 AND d.subscriber_id > $2 AND d.state <> 'sent' ORDER BY d.subscriber_id LIMIT $3";
// A bounced address is asked again only once its reader is active again; `BEGIN` sees to that.
const RETRY: &str = "UPDATE deliveries SET state = 'queued', due_at = $3, settled_at = NULL
    WHERE edition_id = $1 AND state IN ('failed', 'uncertain', 'deferred')
        AND ($2 = '' OR subscriber_id = (SELECT id FROM subscribers WHERE email_key = $2))";
const RESOLVE: &str = "UPDATE deliveries SET state = $3, settled_at = $4, reason = $5
    WHERE edition_id = $1 AND state = 'uncertain'
        AND ($2 = '' OR subscriber_id = (SELECT id FROM subscribers WHERE email_key = $2))";

impl Store {
    /// Up to `limit` deliveries of `edition` that are not sent, behind `after`, in the order of subscribers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn troubled(
        &self,
        edition: EditionId,
        after: SubscriberId,
        limit: u32,
    ) -> Result<Vec<Troubled>, StoreError> {
        let rows: Vec<(i64, String, String, Option<String>)> = reading!(self, |c| sqlx::query_as(LIST)
            .bind(edition.0)
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter()
            .map(|(id, email, word, reason)| {
                let state = State::parse(&word)
                    .ok_or_else(|| StoreError::Unreadable { what: "a state", value: word.clone() })?;
                Ok(Troubled { subscriber: SubscriberId(id), email, state, reason })
            })
            .collect()
    }

    /// Queues failed, uncertain and deferred deliveries of `edition` anew, of one reader or of all; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn retry(
        &self,
        edition: EditionId,
        reader: Option<&EmailAddress>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(RETRY)
            .bind(edition.0)
            .bind(reader.map_or("", EmailAddress::key))
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// Settles uncertain deliveries of `edition` by a person's word, of one reader or of all; how many. The attempts
    /// stay on record as uncertain.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resolve(
        &self,
        edition: EditionId,
        reader: Option<&EmailAddress>,
        arrived: bool,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let state = if arrived { State::Sent } else { State::Failed };
        Ok(writing!(self, |c| sqlx::query(RESOLVE)
            .bind(edition.0)
            .bind(reader.map_or("", EmailAddress::key))
            .bind(state.as_str())
            .bind(millis(now))
            .bind("settled by a person")
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }
}

//! Deliveries that did not get through, reader by reader, and what a person decides about them.

use chrono::{DateTime, Utc};

use super::deliveries::state;
use super::subscribers::status;
use super::{EditionId, Store, StoreError, millis};
use crate::delivery::State;
use crate::subscriber::{EmailAddress, Status, SubscriberId};

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
    WHERE d.edition_id = $1 AND d.subscriber_id > $2 AND s.id > $2 AND d.state <> 'sent' ORDER BY d.subscriber_id LIMIT $3";
// Who has left or bounced is not queued: the sender would set them aside, and nobody would be told. Who was set aside and is
// back has missed it: a domain that is revived.
const RETRY: &str = "UPDATE deliveries SET state = 'queued', due_at = $3, settled_at = NULL
    WHERE edition_id = $1 AND state IN ('failed', 'uncertain', 'deferred', 'suppressed')
        AND ($2 = '' OR subscriber_id = (SELECT id FROM subscribers WHERE email_key = $2))
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber_id AND s.status = 'active')
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = $1 AND h.course = 'cancelled')";
const LEFT_OUT: &str =
    "SELECT s.status, COUNT(*) FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = $1 AND d.state IN ('failed', 'uncertain', 'deferred', 'suppressed') AND s.status <> 'active'
    GROUP BY s.status ORDER BY s.status";
const OF_READER: &str = "SELECT s.status, d.state, d.reason
    FROM subscribers s LEFT JOIN deliveries d ON d.subscriber_id = s.id AND d.edition_id = $1
    WHERE s.email_key = $2 AND s.erased_at IS NULL";
const RESOLVE: &str = "UPDATE deliveries SET state = $3, settled_at = $4, reason = $5
    WHERE edition_id = $1 AND state = 'uncertain'
        AND ($2 = '' OR subscriber_id = (SELECT id FROM subscribers WHERE email_key = $2))";

/// How an edition stands with one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfReader {
    /// Whether they get editions at all.
    pub status: Status,
    /// Where their delivery stands, and why; `None` when the edition was not for them.
    pub delivery: Option<(State, Option<String>)>,
}

/// The reason of a delivery about which a person has decided.
pub(super) const SETTLED_BY_A_PERSON: &str = "settled by a person";

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
                let state = state(&word)?;
                Ok(Troubled { subscriber: SubscriberId(id), email, state, reason })
            })
            .collect()
    }

    /// How `edition` stands with the subscriber of this address; `None` when there is no such subscriber.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of_reader(
        &self,
        edition: EditionId,
        reader: &EmailAddress,
    ) -> Result<Option<OfReader>, StoreError> {
        let row: Option<(String, Option<String>, Option<String>)> =
            reading!(self, |c| sqlx::query_as(OF_READER)
                .bind(edition.0)
                .bind(reader.key())
                .fetch_optional(&mut *c)
                .await?);
        let Some((word, at, reason)) = row else { return Ok(None) };
        let delivery = at.map(|at| state(&at).map(|state| (state, reason))).transpose()?;
        Ok(Some(OfReader { status: status(word)?, delivery }))
    }

    /// How many deliveries of `edition` [`retry`](Self::retry) leaves as they are because of their readers' status.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn left_out_of_retry(&self, edition: EditionId) -> Result<Vec<(Status, u64)>, StoreError> {
        let rows: Vec<(String, i64)> =
            reading!(self, |c| sqlx::query_as(LEFT_OUT).bind(edition.0).fetch_all(&mut *c).await?);
        rows.into_iter().map(|(word, count)| Ok((status(word)?, count.unsigned_abs()))).collect()
    }

    /// Queues failed, uncertain, deferred and suppressed deliveries of `edition` anew, of one reader or of all; how many.
    /// Readers who are not active are passed over, and editions that are cancelled. The reasons stay until there is another
    /// answer.
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
            .bind(SETTLED_BY_A_PERSON)
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }
}

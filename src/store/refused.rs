//! Deliveries that a server refused, and of which it is found out later whether that speaks of them or of us.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::batch::{Both, rows};
use super::{EditionId, Store, StoreError, millis};
use crate::subscriber::{AddressPrint, SubscriberId};

/// An attempt that was refused; its delivery has been put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Of which edition.
    pub edition: EditionId,
    /// For whom.
    pub subscriber: SubscriberId,
    /// Which attempt, from 1: the fence.
    pub attempt: u32,
    /// Which address was asked.
    pub asked: AddressPrint,
    /// What was refused.
    pub of: Refused,
}

/// What a refusal says no to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// To the message: the address is kept.
    Message,
    /// To the address: it bounces when that was true.
    Address,
}

/// How an edition stands before a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// At how many domains somebody was sent to.
    pub sent_to: SentTo,
    /// How many were refused, and went back to the queue undecided; a hundred at most are counted.
    pub refused: usize,
    /// Domains that wait by themselves: several there were refused, and are asked again at the same moment.
    pub waiting: HashSet<String>,
}

/// At how many domains an edition was sent to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentTo {
    /// Nobody was sent to.
    Nobody,
    /// All were at this one.
    One(String),
    /// At more than one.
    Several,
}

/// So many who were refused at a domain and are put off until the same moment wait as that.
const TOGETHER: usize = 3;

// A row: edition, subscriber, attempt.
const CONDEMN: Both = both!(
    "UPDATE deliveries SET state = 'failed', settled_at = $2 FROM",
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND state || '' = 'deferred'
    RETURNING edition_id, subscriber_id"
);
// Where something is open of editions before this one. (By when it is due, the index of what is open is used.)
const OPEN_BEFORE: &str = "SELECT e.id FROM editions e WHERE e.id < $1 AND EXISTS (SELECT 1 FROM deliveries d
        WHERE d.edition_id = e.id AND d.state IN ('queued', 'deferred') AND d.due_at < $2) ORDER BY e.id";
// The readers of other rows, in one of those editions.
const CONDEMN_BEFORE: Both = both!(
    "UPDATE deliveries SET state = 'failed', settled_at = $2 FROM",
    "WHERE edition_id = $3 AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND state || '' IN ('queued', 'deferred') AND code >= 500
    RETURNING edition_id, subscriber_id, CAST(attempt AS BIGINT)"
);
// When it was refused stays to be known: refusals are in a row by that.
const CONDEMN_ATTEMPT: Both = both!(
    "UPDATE attempts SET outcome = 'failed' FROM",
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND outcome = 'deferred'"
);
// Behind all who have not been tried yet.
const ACQUIT: &str = "UPDATE deliveries SET state = 'queued', due_at = $4, settled_at = NULL
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND state = 'deferred'";
// Who was refused before keeps the reason; the others have the domain's.
const POSTPONE: &str = "UPDATE deliveries SET state = 'deferred', due_at = $3, settled_at = NULL,
        reason = COALESCE(reason, $4)
    WHERE edition_id = $1 AND state IN ('queued', 'deferred') AND due_at < $3
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = subscriber_id AND s.email_key LIKE $2)";
const IS_ANYBODY_NEW: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries
    WHERE edition_id = $1 AND state IN ('queued', 'deferred') AND due_at <= $2 AND (code IS NULL OR code < 500)
    LIMIT 1) one";
const HOLD_BACK: &str = "UPDATE deliveries SET due_at = $4
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND state = 'deferred'";
const ONE_SENT: &str = "SELECT s.email_key FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = $1 AND d.state = 'sent' AND s.email_key LIKE '%@%' AND s.email_key NOT LIKE $2 LIMIT 1";
// Whoever was put off for a refusal is `deferred` until it is decided, and `queued` once it was us. (What a person has
// queued anew was decided.)
const GONE_BACK: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d JOIN attempts a
        ON a.edition_id = d.edition_id AND a.subscriber_id = d.subscriber_id AND a.attempt = d.attempt
    WHERE d.edition_id = $1 AND d.state = 'queued' AND d.code >= 500 AND d.code <> 552
        AND a.outcome = 'deferred' LIMIT 100) these";
const PUT_OFF: &str =
    "SELECT s.email_key, d.due_at FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = $1 AND d.state = 'deferred' AND d.code >= 500 AND d.code <> 552 LIMIT 4096";
const LAST_SENT: &str = "SELECT MAX(settled_at) FROM deliveries WHERE edition_id = $1 AND state = 'sent'";
// A full mailbox (552 at RCPT) is put off as after a 4xx.
const REFUSED_SINCE: &str =
    "SELECT DISTINCT s.id, s.email_key FROM attempts a JOIN subscribers s ON s.id = a.subscriber_id
    WHERE a.edition_id = $1 AND a.ended_at > $2 AND a.outcome IN ('deferred', 'failed')
        AND a.code >= 500 AND a.code <> 552 LIMIT $3";
const SENT_SINCE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries
    WHERE edition_id = $1 AND state = 'sent' AND settled_at > $2 LIMIT $3) these";

/// Runs a statement on the delivery of `$refusal` with the time `$at`; how many rows it changed.
macro_rules! decided {
    ($c:expr, $statement:expr, $refusal:expr, $at:expr) => {
        sqlx::query($statement)
            .bind($refusal.edition.0)
            .bind($refusal.subscriber.0)
            .bind(i64::from($refusal.attempt))
            .bind($at)
            .execute($c)
            .await?
            .rows_affected()
    };
}

/// The domain of an address as it is compared; who is erased has none.
fn domain_of(key: &str) -> Option<&str> {
    key.rsplit_once('@').map(|(_, domain)| domain)
}

impl Store {
    /// Fails `refused`, if nothing else has become of them: the refusals spoke of themselves. Addresses of which they
    /// spoke bounce. What is left of editions before, of these readers, has failed too if it was refused.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn condemn(&self, refused: &[Refusal], now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = |one: &Refusal| (one.edition.0, one.subscriber.0, i64::from(one.attempt));
        let all = rows(&refused.iter().map(row).collect::<Vec<_>>());
        writing!(self, |c| {
            let failed: Vec<(i64, i64)> =
                sqlx::query_as(CONDEMN.on(self)).bind(&all).bind(millis(now)).fetch_all(&mut *c).await?;
            let failed: HashSet<(i64, i64)> = failed.into_iter().collect();
            let them = refused.iter().filter(|one| failed.contains(&(one.edition.0, one.subscriber.0)));
            let mut attempts: Vec<(i64, i64, i64)> = them.clone().map(row).collect();
            let condemned = rows(&attempts);
            let edition = failed.iter().map(|(edition, _)| *edition).min();
            let open: Vec<i64> =
                sqlx::query_scalar(OPEN_BEFORE).bind(edition).bind(i64::MAX).fetch_all(&mut *c).await?;
            for before in open {
                let condemn = sqlx::query_as(CONDEMN_BEFORE.on(self)).bind(&condemned);
                let too: Vec<(i64, i64, i64)> =
                    condemn.bind(millis(now)).bind(before).fetch_all(&mut *c).await?;
                attempts.extend(too);
            }
            sqlx::query(CONDEMN_ATTEMPT.on(self)).bind(rows(&attempts)).execute(&mut *c).await?;
            for refusal in them.filter(|one| one.of == Refused::Address) {
                strike_off!(c, refusal, millis(now));
            }
        });
        Ok(())
    }

    /// Queues `refused` anew, due now, if nothing else has become of them: the refusals spoke of us.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn acquit(&self, refused: &[Refusal], now: DateTime<Utc>) -> Result<(), StoreError> {
        writing!(self, |c| for refusal in refused {
            decided!(&mut *c, ACQUIT, refusal, millis(now));
        });
        Ok(())
    }

    /// Puts everybody of `edition` at `domain` off until `until`, for `reason`.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn postpone(
        &self,
        edition: EditionId,
        domain: &str,
        until: DateTime<Utc>,
        reason: &str,
    ) -> Result<(), StoreError> {
        // No domain has a character that means something in a pattern.
        let pattern = format!("%@{domain}");
        writing!(self, |c| {
            let postpone = sqlx::query(POSTPONE).bind(edition.0).bind(pattern);
            postpone.bind(millis(until)).bind(reason).execute(&mut *c).await?;
        });
        Ok(())
    }

    /// Puts `refused` off, if nothing else has become of them, until right behind those who are put off until `until`:
    /// who was not refused yet comes first.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn hold_back(&self, refused: &[Refusal], until: DateTime<Utc>) -> Result<(), StoreError> {
        writing!(self, |c| for refusal in refused {
            decided!(&mut *c, HOLD_BACK, refusal, millis(until) + 1);
        });
        Ok(())
    }

    /// Whether anybody of `edition` who is due by `now` has not been refused.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_anybody_new(&self, edition: EditionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(IS_ANYBODY_NEW)
            .bind(edition.0)
            .bind(millis(now))
            .fetch_one(&mut *c)
            .await?);
        Ok(count > 0)
    }

    /// How `edition` stands before it is tried.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stands_before(&self, edition: EditionId) -> Result<Before, StoreError> {
        let sent_to = match self.sent_elsewhere(edition, "").await? {
            None => SentTo::Nobody,
            Some(domain) => match self.sent_elsewhere(edition, &format!("%@{domain}")).await? {
                None => SentTo::One(domain),
                Some(_) => SentTo::Several,
            },
        };
        let refused: i64 =
            reading!(self, |c| sqlx::query_scalar(GONE_BACK).bind(edition.0).fetch_one(&mut *c).await?);
        let refused = usize::try_from(refused).unwrap_or_default();
        Ok(Before { sent_to, refused, waiting: self.waiting(edition).await? })
    }

    /// The domains of `edition` that wait by themselves. Who is put off alone has a moment of their own.
    async fn waiting(&self, edition: EditionId) -> Result<HashSet<String>, StoreError> {
        let put_off: Vec<(String, i64)> =
            reading!(self, |c| sqlx::query_as(PUT_OFF).bind(edition.0).fetch_all(&mut *c).await?);
        let mut together = HashMap::<(&str, i64), usize>::new();
        for (domain, due_at) in put_off.iter().filter_map(|(key, due_at)| Some((domain_of(key)?, *due_at))) {
            *together.entry((domain, due_at)).or_default() += 1;
        }
        together.retain(|_, count| *count >= TOGETHER);
        Ok(together.into_keys().map(|(domain, _)| domain.to_owned()).collect())
    }

    /// The domain of somebody whom `edition` was sent to and whose address is not as `pattern`.
    async fn sent_elsewhere(&self, edition: EditionId, pattern: &str) -> Result<Option<String>, StoreError> {
        let key: Option<String> = reading!(self, |c| sqlx::query_scalar(ONE_SENT)
            .bind(edition.0)
            .bind(pattern)
            .fetch_optional(&mut *c)
            .await?);
        Ok(key.as_deref().and_then(domain_of).map(str::to_owned))
    }

    /// When a delivery of `edition` was sent for the last time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_sent(&self, edition: EditionId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let last: Option<i64> =
            reading!(self, |c| sqlx::query_scalar(LAST_SENT).bind(edition.0).fetch_one(&mut *c).await?);
        last.map(super::time).transpose()
    }

    /// The domain of each reader of `edition` who was refused after `since`, by whichever node; at most `limit` are
    /// looked for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn refused_since(
        &self,
        edition: EditionId,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(i64, String)> = reading!(self, |c| sqlx::query_as(REFUSED_SINCE)
            .bind(edition.0)
            .bind(millis(since))
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        Ok(rows.iter().filter_map(|(_, key)| domain_of(key)).map(str::to_owned).collect())
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

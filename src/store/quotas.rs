//! Quotas: how often something may be done in an hour or a day, held across processes, bounded and pruned.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::batch::{Both, rows};
use super::{Store, StoreError, millis};

/// So many times in so long, of whatever `bucket` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// What is counted; a digest where it would tell of somebody.
    pub bucket: String,
    /// How many times.
    pub limit: u32,
    /// In how long: windows of this length since 1970.
    pub window: Duration,
}

impl Quota {
    fn bounds(&self, now: DateTime<Utc>) -> (i64, i64) {
        let length = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let begins = millis(now) - millis(now).rem_euclid(length);
        (begins, begins.saturating_add(length))
    }

    /// What the store calls it: its window is part of the name, so that an hour and a day are counted apart.
    fn name(&self) -> String {
        format!("{}/{}", self.bucket, self.window.as_secs())
    }
}

/// A row of the statements: name, begin, end.
type Row = (String, i64, i64);

const TAKEN: Both = both!(
    "SELECT q.bucket, q.begins_at, q.taken FROM",
    "JOIN quotas q ON q.bucket = j.value->>0 AND q.begins_at = CAST(j.value->>1 AS BIGINT)"
);
const TAKE: Both = both!(
    "INSERT INTO quotas (bucket, begins_at, ends_at, taken)
    SELECT j.value->>0, CAST(j.value->>1 AS BIGINT), CAST(j.value->>2 AS BIGINT), 1 FROM",
    "WHERE j.value->>0 <> '' ON CONFLICT (bucket, begins_at) DO UPDATE SET taken = quotas.taken + 1"
);
const PRUNE: &str = "DELETE FROM quotas WHERE ends_at <= $1";

impl Store {
    /// Which of `quotas` is used up at `now`, the first; writes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn used_up(&self, quotas: &[Quota], now: DateTime<Utc>) -> Result<Option<usize>, StoreError> {
        let wanted = rows(&wanted(quotas, now));
        let taken: Vec<(String, i64, i64)> =
            reading!(self, |c| sqlx::query_as(TAKEN.on(self)).bind(&wanted).fetch_all(&mut *c).await?);
        Ok(quotas.iter().position(|quota| {
            let name = quota.name();
            taken.iter().any(|(bucket, _, taken)| *bucket == name && *taken >= i64::from(quota.limit))
        }))
    }

    /// Takes one of each of `quotas`, or none of any when one is used up: which, the first. Requests at the same moment
    /// may exceed a limit by as many as there are of them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_quotas(
        &self,
        quotas: &[Quota],
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, StoreError> {
        let used_up = self.used_up(quotas, now).await?;
        if used_up.is_none() {
            let wanted = rows(&wanted(quotas, now));
            writing!(self, |c| {
                sqlx::query(TAKE.on(self)).bind(&wanted).execute(&mut *c).await?;
            });
        }
        Ok(used_up)
    }

    /// Forgets windows that are over; how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune_quotas(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(PRUNE).bind(millis(now)).execute(&mut *c).await?.rows_affected()))
    }
}

/// The statement that takes one of each, for a transaction that does more.
pub(super) fn take(store: &Store, quotas: &[Quota], now: DateTime<Utc>) -> (&'static str, String) {
    (TAKE.on(store), rows(&wanted(quotas, now)))
}

fn wanted(quotas: &[Quota], now: DateTime<Utc>) -> Vec<Row> {
    let row = |quota: &Quota| {
        let (begins, ends) = quota.bounds(now);
        (quota.name(), begins, ends)
    };
    let mut rows: Vec<Row> = quotas.iter().map(row).collect();
    // In one order, so that two transactions never wait for each other.
    rows.sort();
    rows.dedup();
    rows
}

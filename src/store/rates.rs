//! Rates that hold across nodes: each takes a slice of the time to come, and nobody waits for anybody.

use std::time::Duration;

use super::engine::Pool;
use super::{Store, StoreError};

// One row is locked for the length of one statement. The answer is how long from now the slice begins.
const TAKE: &str =
    "WITH clock AS (SELECT CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT) AS now)
    INSERT INTO rates (bucket, next_at) SELECT $1, clock.now + $2 FROM clock
    ON CONFLICT (bucket) DO UPDATE SET next_at = GREATEST(rates.next_at, excluded.next_at - $2) + $2
    RETURNING next_at - $2 - (SELECT now FROM clock)";

impl Store {
    /// Takes the next slice of `length` of the rate `bucket` for this process alone: in how long it begins. `None` when
    /// this process is the only one that sends, and may keep count itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_slice(&self, bucket: &str, length: Duration) -> Result<Option<Duration>, StoreError> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(None) };
        let length = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let begins_in: i64 = insist!(self, {
            let take = sqlx::query_scalar(TAKE).bind(bucket).bind(length).fetch_one(pool);
            take.await.map_err(StoreError::from)
        })?;
        Ok(Some(Duration::from_micros(begins_in.max(0).unsigned_abs())))
    }
}

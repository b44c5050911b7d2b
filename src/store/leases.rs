//! Claims of several nodes on one PostgreSQL: leases that promise nothing, and what becomes of those of the dead.

use chrono::{DateTime, Utc};

use super::deliveries::{ClaimRow, Claimed, claimed, refused_before};
use super::engine::Pool;
use super::{EditionId, Store, StoreError, millis};

// What another node works on is skipped, not waited for. Our own are those that we did not get round to. Where to go on
// is one comparison of two columns, which the index can begin at: with an OR each claim reads all before it again.
macro_rules! claim {
    ($state:literal, $of:expr) => {
        concat!(
            "UPDATE deliveries d SET owner = $6 FROM subscribers s
            WHERE s.id = d.subscriber_id AND d.edition_id = $1 AND d.subscriber_id IN (
                SELECT c.subscriber_id FROM deliveries c
                WHERE c.edition_id = $1 AND ",
            $state,
            " IN ('queued', 'deferred') AND c.due_at <= $2
                    AND (c.due_at, c.subscriber_id) > ($3, $4)
                    AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = $1)
                    AND (c.owner IS NULL OR c.owner = $6 OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = c.owner))",
            $of,
            " ORDER BY c.due_at, c.subscriber_id LIMIT $5 FOR UPDATE SKIP LOCKED)
            RETURNING d.subscriber_id, s.email, s.name, s.since, s.birthmark, d.due_at, d.attempt, d.deferrals,
                d.uncertain, d.code"
        )
    };
}
pub(super) const CLAIM: &str = claim!("c.state", "");
pub(super) const CLAIM_REFUSED: &str = claim!("c.state", " AND c.code >= 500");
pub(super) const CLAIM_REFUSED_BEFORE: &str =
    claim!("c.state || ''", concat!(" AND c.subscriber_id", refused_before!()));
const OTHERS_AT_WORK: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d JOIN nodes n ON n.owner = d.owner
    WHERE d.edition_id = $1 AND d.state IN ('queued', 'deferred', 'sending') AND d.owner <> $2 LIMIT 1) one";
// With SQLite nobody is in `nodes`, and every delivery that is due is to be had.
const HAS_DUE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries c
    WHERE c.edition_id = $1 AND c.state IN ('queued', 'deferred') AND c.due_at <= $2
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = $1)
        AND (c.owner IS NULL OR c.owner = $3 OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = c.owner))
    LIMIT 1) one";
const RELEASE: &str = "UPDATE deliveries SET owner = NULL
    WHERE edition_id = $1 AND owner = $2 AND state IN ('queued', 'deferred')";
const BURY: &str = concat!("DELETE FROM nodes WHERE lease_until <= ", server_millis!());

impl Store {
    /// Whether a delivery of `edition` is due by `now` that this process may claim; none is while the edition is stopped.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_due(&self, edition: EditionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(HAS_DUE)
            .bind(edition.0)
            .bind(millis(now))
            .bind(self.owner())
            .fetch_one(&mut *c)
            .await?);
        Ok(count > 0)
    }

    /// Whether another node has claimed deliveries of `edition`, or has them on the wire.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn are_others_at_work(&self, edition: EditionId) -> Result<bool, StoreError> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(false) };
        let asked = sqlx::query_scalar::<_, i64>(OTHERS_AT_WORK).bind(edition.0).bind(self.owner());
        Ok(asked.fetch_one(pool).await? > 0)
    }

    /// Lets go of what this process has claimed of `edition` and not begun, for other nodes to take.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self, edition: EditionId) -> Result<(), StoreError> {
        if let Pool::Postgres(pool) = &self.pool {
            sqlx::query(RELEASE).bind(edition.0).bind(self.owner()).execute(pool).await?;
        }
        Ok(())
    }

    /// [`claim`](Self::claim) with PostgreSQL.
    pub(super) async fn claim_on_lease(
        &self,
        claim: &'static str,
        edition: EditionId,
        now: DateTime<Utc>,
        (due, subscriber): (i64, i64),
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(Vec::new()) };
        let owner = self.owner();
        let rows: Result<Vec<ClaimRow>, StoreError> = insist!(self, {
            let claim = sqlx::query_as(claim)
                .bind(edition.0)
                .bind(millis(now))
                .bind(due)
                .bind(subscriber)
                .bind(i64::from(limit))
                .bind(&owner)
                .fetch_all(pool);
            claim.await.map_err(StoreError::from)
        });
        let mut rows = rows?.into_iter().map(|row| claimed(edition, row)).collect::<Result<Vec<_>, _>>()?;
        // RETURNING promises no order.
        rows.sort_by_key(|row| (row.due_at, row.subscriber));
        Ok(rows)
    }

    /// Strikes off the nodes whose lease is over.
    pub(super) async fn bury_the_dead(&self) -> Result<(), StoreError> {
        if let Pool::Postgres(pool) = &self.pool {
            sqlx::query(BURY).execute(pool).await?;
        }
        Ok(())
    }
}

//! Articles that are taken off the public pages. Mails that have gone out have them all the same.

use chrono::{DateTime, Utc};

use super::editions::edition_key;
use super::{Store, StoreError, millis, time};
use crate::edition::EditionKey;

/// An article that is off the public pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its slug.
    pub slug: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// By whose decision.
    pub who: String,
    /// Why, if that was said.
    pub reason: Option<String>,
}

/// What tells one state of the public pages from another. Two that are equal are of the same pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveStanding {
    /// The hash of the edition that was published last, and when it was frozen. Its hash and not its number, which another
    /// edition gets after a backup is restored.
    pub newest: Option<(String, DateTime<Utc>)>,
    /// How many articles are off.
    pub withdrawn: u64,
    /// When one was taken off, or put back, last.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

const WITHDRAW: &str = "INSERT INTO withdrawals (slug, at, who, reason)
    SELECT h.slug, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT) FROM headlines h
        WHERE h.slug = $1 AND h.edition_id IS NOT NULL
    ON CONFLICT (slug) DO UPDATE SET at = excluded.at, who = excluded.who, reason = excluded.reason, restored_at = NULL
    WHERE withdrawals.restored_at IS NOT NULL";
const RESTORE: &str = "UPDATE withdrawals SET restored_at = $2 WHERE slug = $1 AND restored_at IS NULL";
const IS_WITHDRAWN: &str = "SELECT COUNT(*) FROM withdrawals WHERE slug = $1 AND restored_at IS NULL";
const IS_EDITION_WITHDRAWN: &str = "SELECT COUNT(*) FROM editions e WHERE e.key = $1
    AND NOT EXISTS (SELECT 1 FROM public_editions p WHERE p.id = e.id)";
const IS_WHOLE: &str = "SELECT COUNT(*) FROM public_editions e WHERE e.key = $1
    AND NOT EXISTS (SELECT 1 FROM headlines h JOIN withdrawals w ON w.slug = h.slug AND w.restored_at IS NULL
        WHERE h.edition_id = e.id)";
const WITHDRAWALS: &str =
    "SELECT slug, at, who, reason FROM withdrawals WHERE restored_at IS NULL ORDER BY at, slug";
const EDITIONS_OFF: &str = "SELECT e.key FROM editions e
    WHERE EXISTS (SELECT 1 FROM headlines h JOIN withdrawals w ON w.slug = h.slug AND w.restored_at IS NULL
        WHERE h.edition_id = e.id) ORDER BY e.key";
// One row: it is asked for each page.
const STANDING: &str =
    "SELECT (SELECT hash FROM editions ORDER BY id DESC LIMIT 1), (SELECT frozen_at FROM editions ORDER BY id DESC LIMIT 1),
        COALESCE(SUM(CASE WHEN restored_at IS NULL THEN 1 ELSE 0 END), 0), MAX(COALESCE(restored_at, at))
    FROM withdrawals";
// Nobody has it, and nobody is about to: what was written for it is off with it.
pub(super) const WITHDRAW_UNSENT: &str = "INSERT INTO withdrawals (slug, at, who, reason)
    SELECT h.slug, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT) FROM headlines h
        WHERE h.edition_id = $1 AND NOT EXISTS (SELECT 1 FROM deliveries d
            WHERE d.edition_id = $1 AND d.state IN ('sent', 'sending', 'uncertain'))
    ON CONFLICT (slug) DO NOTHING";

impl Store {
    /// Takes the article of this slug off the public pages; `false` when it is off already, or has not gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw(
        &self,
        slug: &str,
        who: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = writing!(self, |c| sqlx::query(WITHDRAW)
            .bind(slug)
            .bind(millis(now))
            .bind(who)
            .bind(reason)
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(rows > 0)
    }

    /// Puts an article back that was withdrawn; `false` when it was not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn restore(&self, slug: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let rows = writing!(self, |c| sqlx::query(RESTORE)
            .bind(slug)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(rows > 0)
    }

    /// Whether the article of this slug is off the public pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_withdrawn(&self, slug: &str) -> Result<bool, StoreError> {
        self.has(IS_WITHDRAWN, slug).await
    }

    /// Whether all of the edition of this name is off the public pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_edition_withdrawn(&self, key: &EditionKey) -> Result<bool, StoreError> {
        self.has(IS_EDITION_WITHDRAWN, &key.to_string()).await
    }

    /// Whether everything that was in the edition of this name may be read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_edition_whole(&self, key: &EditionKey) -> Result<bool, StoreError> {
        self.has(IS_WHOLE, &key.to_string()).await
    }

    /// Whether `counting` finds any of this name.
    async fn has(&self, counting: &'static str, name: &str) -> Result<bool, StoreError> {
        let count: i64 =
            reading!(self, |c| sqlx::query_scalar(counting).bind(name).fetch_one(&mut *c).await?);
        Ok(count > 0)
    }

    /// What is off, the earliest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdrawals(&self) -> Result<Vec<Withdrawal>, StoreError> {
        let rows: Vec<(String, i64, String, Option<String>)> =
            reading!(self, |c| sqlx::query_as(WITHDRAWALS).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(slug, at, who, reason)| Ok(Withdrawal { slug, at: time(at)?, who, reason }))
            .collect()
    }

    /// The editions of which something is off.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn editions_with_withdrawals(&self) -> Result<Vec<EditionKey>, StoreError> {
        let keys: Vec<String> =
            reading!(self, |c| sqlx::query_scalar(EDITIONS_OFF).fetch_all(&mut *c).await?);
        keys.iter().map(|key| edition_key(key)).collect()
    }

    /// What tells one state of the public pages from another.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn archive_standing(&self) -> Result<ArchiveStanding, StoreError> {
        let (hash, frozen_at, withdrawn, at): (Option<String>, Option<i64>, i64, Option<i64>) =
            reading!(self, |c| sqlx::query_as(STANDING).fetch_one(&mut *c).await?);
        Ok(ArchiveStanding {
            newest: hash.zip(frozen_at.map(time).transpose()?),
            withdrawn: withdrawn.unsigned_abs(),
            withdrawn_at: at.map(time).transpose()?,
        })
    }
}

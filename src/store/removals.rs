//! Readers whom an operator takes off the list: one who has left, or everybody at a domain that is gone. The latter can be
//! undone.

use chrono::{DateTime, Utc};

use super::subscribers::{Row, subscriber};
use super::{Store, StoreError, millis};
use crate::subscriber::{Subscriber, SubscriberId};

// Who bounced may leave, too: then nobody revives them.
const REMOVE: &str = "UPDATE subscribers
    SET status = 'unsubscribed', changed_at = $2, removed_at = $2, removed_by = $3
    WHERE id = $1 AND status IN ('pending', 'active', 'bounced')";
macro_rules! active {
    () => {
        "email_key LIKE $1 AND status = 'active'"
    };
}
// Whoever was struck off by themselves, or has left since, is not meant; of who is erased no domain is left.
macro_rules! removed {
    () => {
        "email_key LIKE $1 AND status = 'bounced' AND removed_at = changed_at"
    };
}
// They have not asked to leave: it is their addresses that are dead.
const REMOVE_DOMAIN: &str = concat!(
    "UPDATE subscribers SET status = 'bounced', changed_at = $2, removed_at = $2, removed_by = $3 WHERE ",
    active!()
);
const PUT_BACK_DOMAIN: &str =
    concat!("UPDATE subscribers SET status = 'active', changed_at = $2 WHERE ", removed!());
macro_rules! list {
    ($whom:expr) => {
        concat!(
            "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers WHERE id > $2 AND ",
            $whom,
            " ORDER BY id LIMIT $3"
        )
    };
}
const LIST_ACTIVE: &str = list!(active!());
const LIST_REMOVED: &str = list!(removed!());

/// Who of a domain is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfDomain {
    /// Those who get editions.
    Active,
    /// Those who were taken off with their domain, and of whom nothing has been heard since.
    Removed,
}

impl Store {
    /// Lets a reader go by the word of `who`; whether they were still there. Effective on the next claim.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, id: SubscriberId, who: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(REMOVE)
            .bind(id.0)
            .bind(millis(now))
            .bind(who)
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Sets everybody at `domain` aside who gets editions, by the word of `who`; how many. Effective on the next claim.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn remove_domain(
        &self,
        domain: &str,
        who: &str,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(REMOVE_DOMAIN)
            .bind(at(domain))
            .bind(millis(now))
            .bind(who)
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// Takes everybody for good again whom [`remove_domain`](Self::remove_domain) set aside and of whom nothing has been
    /// heard since; how many.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn put_back_domain(&self, domain: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(PUT_BACK_DOMAIN)
            .bind(at(domain))
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// Up to `limit` of those at `domain` who are meant, behind `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn at_domain(
        &self,
        domain: &str,
        which: OfDomain,
        after: SubscriberId,
        limit: u32,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let list = match which {
            OfDomain::Active => LIST_ACTIVE,
            OfDomain::Removed => LIST_REMOVED,
        };
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(list)
            .bind(at(domain))
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(subscriber).collect()
    }
}

/// What stands for the addresses of `domain`. No domain has a character that means something in a pattern.
fn at(domain: &str) -> String {
    format!("%@{domain}")
}

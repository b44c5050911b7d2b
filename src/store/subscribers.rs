//! Subscribers in the store: imports that never delete and never bring back who left.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Store, StoreError, millis, time};
use crate::subscriber::{Birthmark, EmailAddress, Holder, Status, Subscriber, SubscriberId};

/// The columns of a subscriber's row: id, email, name, timezone, status, since, birthmark.
pub(super) type Row = (i64, String, Option<String>, Option<String>, String, i64, i64);

/// Whose a personal link is, by what the store has of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Whose {
    /// This reader's, who may have left.
    Reader(Subscriber),
    /// That of one who is erased.
    Erased,
    /// Nobody's: who had the number is gone, and whoever has it since a backup was restored is another.
    Nobody,
}

const BY_KEY: &str =
    "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers WHERE email_key = $1";
// Of who has been erased only the number is left.
const BY_ID: &str = "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers WHERE id = $1 AND erased_at IS NULL";
const BY_HOLDER: &str = "SELECT id, email, name, timezone, status, since, birthmark, erased_at
    FROM subscribers WHERE id = $1 AND birthmark = $2";
const PAGE: &str = "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers
    WHERE id > $1 AND erased_at IS NULL AND ($2 = '' OR status = $2) ORDER BY id LIMIT $3";
// Who bounced may leave, too: then nobody revives them.
const UNSUBSCRIBE: &str = "UPDATE subscribers SET status = 'unsubscribed', changed_at = $2
    WHERE id = $1 AND status IN ('pending', 'active', 'bounced')";
const BOUNCE: &str = "UPDATE subscribers SET status = 'bounced', changed_at = $2
    WHERE id = $1 AND status IN ('pending', 'active')";
const PREFERENCES: &str =
    "UPDATE subscribers SET name = $2, timezone = $3, paused_until = $5, changed_at = $4
    WHERE id = $1 AND status IN ('pending', 'active')";
const COUNT_ALL: &str = "SELECT COUNT(*) FROM subscribers";
const COUNT_BY_STATUS: &str =
    "SELECT status, COUNT(*) FROM subscribers WHERE erased_at IS NULL GROUP BY status";

impl Store {
    /// The subscriber with this address, however it is spelt.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_email(&self, email: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(BY_KEY).bind(email.key()).fetch_optional(&mut *c).await?);
        row.map(subscriber).transpose()
    }

    /// The subscriber of this number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn subscriber(&self, id: SubscriberId) -> Result<Option<Subscriber>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(BY_ID).bind(id.0).fetch_optional(&mut *c).await?);
        row.map(subscriber).transpose()
    }

    /// Whose the links of `holder` are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn whose(&self, holder: Holder) -> Result<Whose, StoreError> {
        type HeldRow = (i64, String, Option<String>, Option<String>, String, i64, i64, Option<i64>);
        let row: Option<HeldRow> = reading!(self, |c| sqlx::query_as(BY_HOLDER)
            .bind(holder.id.0)
            .bind(holder.birthmark.get())
            .fetch_optional(&mut *c)
            .await?);
        Ok(match row {
            None => Whose::Nobody,
            Some((.., Some(_erased_at))) => Whose::Erased,
            Some((id, email, name, timezone, status, since, birthmark, None)) => {
                Whose::Reader(subscriber((id, email, name, timezone, status, since, birthmark))?)
            }
        })
    }

    /// Up to `limit` subscribers behind `after`, in the order of their numbers; only those of `status` when given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn subscribers(
        &self,
        after: SubscriberId,
        status: Option<Status>,
        limit: u32,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(PAGE)
            .bind(after.0)
            .bind(status.map_or("", Status::as_str))
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(subscriber).collect()
    }

    /// How many subscribers there are of each status; a status nobody has is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn subscriber_counts(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        let rows: Vec<(String, i64)> =
            reading!(self, |c| sqlx::query_as(COUNT_BY_STATUS).fetch_all(&mut *c).await?);
        let mut counts = rows
            .into_iter()
            .map(|(word, count)| Ok((status(word)?, count.unsigned_abs())))
            .collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_by_key(|(status, _)| Status::ALL.iter().position(|x| x == status));
        Ok(counts)
    }

    /// Whether nobody ever subscribed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_no_subscribers(&self) -> Result<bool, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(COUNT_ALL).fetch_one(&mut *c).await?);
        Ok(count == 0)
    }

    /// Lets a reader go; whether they were still there. Effective on the next claim.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsubscribe(&self, id: SubscriberId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.change_status(UNSUBSCRIBE, id, now).await
    }

    /// Marks an address as dead; whether it was alive.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn bounce(&self, id: SubscriberId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.change_status(BOUNCE, id, now).await
    }

    /// Runs `statement`, which changes a status; whether it did.
    pub(super) async fn change_status(
        &self,
        statement: &'static str,
        id: SubscriberId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(statement)
            .bind(id.0)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Sets what a reader wants to be called, their time zone, and until when they get no edition; whether they are still
    /// there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn update_preferences(
        &self,
        id: SubscriberId,
        name: Option<&str>,
        timezone: Option<Tz>,
        paused_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(PREFERENCES)
            .bind(id.0)
            .bind(name)
            .bind(timezone.map(Tz::name))
            .bind(millis(now))
            .bind(paused_until.map(millis))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }
}

pub(super) fn status(word: String) -> Result<Status, StoreError> {
    word.parse().map_err(|_| StoreError::Unreadable { what: "a status", value: word })
}

pub(super) fn subscriber(row: Row) -> Result<Subscriber, StoreError> {
    let (id, email, name, timezone, word, since, birthmark) = row;
    let parsed = email.parse::<EmailAddress>();
    let email =
        parsed.map_err(|_| StoreError::Unreadable { what: "an address", value: format!("row {id}") })?;
    let timezone = timezone
        .map(|name| name.parse().map_err(|_| StoreError::Unreadable { what: "a time zone", value: name }))
        .transpose()?;
    Ok(Subscriber {
        id: SubscriberId(id),
        birthmark: Birthmark::new(birthmark),
        email,
        name,
        timezone,
        status: status(word)?,
        since: time(since)?,
    })
}

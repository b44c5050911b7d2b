//! Subscribers in the store: imports that never delete and never bring back who left.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Store, StoreError, millis, time};
use crate::subscriber::{EmailAddress, NewSubscriber, Status, Subscriber, SubscriberId};

/// Where a subscriber came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The example file: never mailed beside real readers, nor through a real server.
    Example,
    /// A file of the operator's.
    File,
    /// `straight subscribers add`.
    Operator,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Origin::Example => "example",
            Origin::File => "file",
            Origin::Operator => "operator",
        }
    }
}

/// What became of one subscriber of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// New in the store.
    New,
    /// Was there; name, time zone or a pending status were brought up to date.
    Updated,
    /// Was there just so.
    Unchanged,
    /// Left, bounced or complained, and stays out whatever the file says.
    Suppressed,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// New in the store.
    pub new: u64,
    /// Brought up to date.
    pub updated: u64,
    /// Just as they were.
    pub unchanged: u64,
    /// Stayed out: left, bounced or complained.
    pub suppressed: u64,
}

impl ImportReport {
    fn count(&mut self, added: Added) {
        match added {
            Added::New => self.new += 1,
            Added::Updated => self.updated += 1,
            Added::Unchanged => self.unchanged += 1,
            Added::Suppressed => self.suppressed += 1,
        }
    }
}

impl std::ops::AddAssign for ImportReport {
    fn add_assign(&mut self, other: ImportReport) {
        self.new += other.new;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.suppressed += other.suppressed;
    }
}

/// The columns of a subscriber's row: id, email, name, timezone, status, since.
type Row = (i64, String, Option<String>, Option<String>, String, i64);

const BY_KEY: &str = "SELECT id, email, name, timezone, status, since FROM subscribers WHERE email_key = $1";
const BY_ID: &str = "SELECT id, email, name, timezone, status, since FROM subscribers WHERE id = $1";
const PAGE: &str = "SELECT id, email, name, timezone, status, since FROM subscribers
    WHERE id > $1 AND ($2 = '' OR status = $2) ORDER BY id LIMIT $3";
const INSERT: &str =
    "INSERT INTO subscribers (email, email_key, name, timezone, status, origin, since, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_key) DO NOTHING";
// An import fills in and corrects; a name that it leaves out stays. `pending` may become active, never back.
const UPDATE: &str = "UPDATE subscribers SET name = COALESCE($2, name), timezone = COALESCE($3, timezone),
        status = CASE WHEN status = 'pending' THEN $4 ELSE status END,
        origin = CASE WHEN origin = 'example' THEN $5 ELSE origin END, changed_at = $6
    WHERE email_key = $1 AND status IN ('pending', 'active')
        AND (name IS DISTINCT FROM COALESCE($2, name) OR timezone IS DISTINCT FROM COALESCE($3, timezone)
            OR (status = 'pending' AND $4 <> 'pending') OR (origin = 'example' AND $5 <> 'example'))";
// An operator or a file may also bring the news that somebody left.
const SUPPRESS_BY_KEY: &str = "UPDATE subscribers SET status = $2, changed_at = $3
    WHERE email_key = $1 AND status IN ('pending', 'active')";
const UNSUBSCRIBE: &str = "UPDATE subscribers SET status = 'unsubscribed', changed_at = $2
    WHERE id = $1 AND status IN ('pending', 'active')";
const BOUNCE: &str = "UPDATE subscribers SET status = 'bounced', changed_at = $2
    WHERE id = $1 AND status IN ('pending', 'active')";
const PREFERENCES: &str = "UPDATE subscribers SET name = $2, timezone = $3, changed_at = $4
    WHERE id = $1 AND status IN ('pending', 'active')";
const COUNT_ALL: &str = "SELECT COUNT(*) FROM subscribers";
const COUNT_BY_STATUS: &str = "SELECT status, COUNT(*) FROM subscribers GROUP BY status";

/// How many rows of an import one transaction takes, so that a send beside it never stalls.
const CHUNK: usize = 2_000;

impl Store {
    /// Takes subscribers in, in chunks of one transaction each; run twice, it gives the same result.
    ///
    /// # Errors
    /// When the store fails; whole chunks before that are in.
    pub async fn import(
        &self,
        subscribers: &[NewSubscriber],
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<ImportReport, StoreError> {
        let mut report = ImportReport::default();
        for chunk in subscribers.chunks(CHUNK) {
            let mut part = ImportReport::default();
            writing!(self, |c| for subscriber in chunk {
                let added = add!(c, subscriber, origin, now);
                part.count(added);
            });
            report += part;
        }
        Ok(report)
    }

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
        let done = writing!(self, |c| sqlx::query(UNSUBSCRIBE)
            .bind(id.0)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Marks an address as dead; whether it was alive.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn bounce(&self, id: SubscriberId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(BOUNCE)
            .bind(id.0)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Sets what a reader wants to be called and their time zone; whether they are still there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn update_preferences(
        &self,
        id: SubscriberId,
        name: Option<&str>,
        timezone: Option<Tz>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(PREFERENCES)
            .bind(id.0)
            .bind(name)
            .bind(timezone.map(Tz::name))
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }
}

/// Adds or updates one subscriber on the connection `$c`.
macro_rules! add {
    ($c:ident, $subscriber:expr, $origin:expr, $now:expr) => {{
        let subscriber: &NewSubscriber = $subscriber;
        let key = subscriber.email.key();
        let zone = subscriber.timezone.map(Tz::name);
        let inserted = sqlx::query(INSERT)
            .bind(subscriber.email.as_str())
            .bind(key)
            .bind(subscriber.name.as_deref())
            .bind(zone)
            .bind(subscriber.status.as_str())
            .bind($origin.as_str())
            .bind(millis(subscriber.since.unwrap_or($now)))
            .bind(millis($now))
            .execute(&mut *$c)
            .await?
            .rows_affected();
        if inserted > 0 {
            Added::New
        } else if subscriber.status.is_suppressed() {
            let left = sqlx::query(SUPPRESS_BY_KEY)
                .bind(key)
                .bind(subscriber.status.as_str())
                .bind(millis($now))
                .execute(&mut *$c)
                .await?
                .rows_affected();
            if left > 0 { Added::Updated } else { Added::Unchanged }
        } else {
            let updated = sqlx::query(UPDATE)
                .bind(key)
                .bind(subscriber.name.as_deref())
                .bind(zone)
                .bind(subscriber.status.as_str())
                .bind($origin.as_str())
                .bind(millis($now))
                .execute(&mut *$c)
                .await?
                .rows_affected();
            let row: Row = sqlx::query_as(BY_KEY).bind(key).fetch_one(&mut *$c).await?;
            if status(row.4)?.is_suppressed() {
                Added::Suppressed
            } else if updated > 0 {
                Added::Updated
            } else {
                Added::Unchanged
            }
        }
    }};
}
use add;

fn status(word: String) -> Result<Status, StoreError> {
    word.parse().map_err(|_| StoreError::Unreadable { what: "a status", value: word })
}

fn subscriber((id, email, name, timezone, word, since): Row) -> Result<Subscriber, StoreError> {
    let parsed = email.parse::<EmailAddress>();
    let email =
        parsed.map_err(|_| StoreError::Unreadable { what: "an address", value: format!("row {id}") })?;
    let timezone = timezone
        .map(|name| name.parse().map_err(|_| StoreError::Unreadable { what: "a time zone", value: name }))
        .transpose()?;
    Ok(Subscriber { id: SubscriberId(id), email, name, timezone, status: status(word)?, since: time(since)? })
}

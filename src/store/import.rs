//! Importing subscribers: it never deletes and never brings back who left. A chunk of rows is one transaction of a few
//! statements, however many rows it has.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::batch::{Both, rows};
use super::subscribers::status;
use super::{Store, StoreError, millis};
use crate::fail_point::FailPoint;
use crate::subscriber::{Birthmark, NewSubscriber, Status};

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

/// The columns of a row of an import: email, key, name, timezone, status, origin, since, time of change, birthmark.
type ImportRow<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str, &'a str, i64, i64, i64);

const INSERT_NEW: Both = both!(
    "INSERT INTO subscribers (email, email_key, name, timezone, status, origin, since, changed_at, birthmark)
    SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5,
        CAST(j.value->>6 AS BIGINT), CAST(j.value->>7 AS BIGINT), CAST(j.value->>8 AS BIGINT)
    FROM",
    "WHERE j.value->>1 <> '' ON CONFLICT (email_key) DO NOTHING"
);
const KNOWN: Both =
    both!("SELECT s.email_key, s.status FROM", "JOIN subscribers s ON s.email_key = j.value->>1");
// An import fills in and corrects; a name that it leaves out stays. `pending` may become active, never back.
const UPDATE: Both = both!(
    "UPDATE subscribers SET name = COALESCE(j.value->>2, name), timezone = COALESCE(j.value->>3, timezone),
        status = CASE WHEN status = 'pending' THEN j.value->>4 ELSE status END,
        origin = CASE WHEN origin = 'example' THEN j.value->>5 ELSE origin END,
        changed_at = CAST(j.value->>7 AS BIGINT)
    FROM",
    "WHERE email_key = j.value->>1 AND status IN ('pending', 'active')
        AND (name IS DISTINCT FROM COALESCE(j.value->>2, name)
            OR timezone IS DISTINCT FROM COALESCE(j.value->>3, timezone)
            OR (status = 'pending' AND j.value->>4 <> 'pending')
            OR (origin = 'example' AND j.value->>5 <> 'example'))
    RETURNING email_key"
);
// An operator or a file may also bring the news that somebody left.
const SUPPRESS: Both = both!(
    "UPDATE subscribers SET status = j.value->>4, changed_at = CAST(j.value->>7 AS BIGINT) FROM",
    "WHERE email_key = j.value->>1 AND status IN ('pending', 'active') RETURNING email_key"
);

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
            let (chunk, erased) = self.without_erased(chunk, now).await?;
            report.suppressed += erased;
            for part in without_repeats(&chunk) {
                report += self.import_part(&part, origin, now).await?;
            }
        }
        Ok(report)
    }

    /// One transaction for subscribers of whom no two share an address.
    async fn import_part(
        &self,
        part: &[&NewSubscriber],
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<ImportReport, StoreError> {
        let all: Vec<_> = part.iter().map(|new| columns(new, origin, Birthmark::random(), now)).collect();
        let all = rows(&all);
        Ok(writing!(self, |c| {
            // Before the insertion, so that who is listed here was there already.
            let known: Vec<(String, String)> =
                sqlx::query_as(KNOWN.on(self)).bind(&all).fetch_all(&mut *c).await?;
            let known: HashMap<String, String> = known.into_iter().collect();
            let inserted = if known.len() < part.len() {
                sqlx::query(INSERT_NEW.on(self)).bind(&all).execute(&mut *c).await?.rows_affected()
            } else {
                0
            };
            let mut changed: HashSet<String> = HashSet::new();
            // Who is new is as the file says; another node may have been faster with some of them.
            let all_are_new = inserted == part.len() as u64;
            for (statement, leaves) in [(&UPDATE, false), (&SUPPRESS, true)] {
                let concerned: Vec<_> = part
                    .iter()
                    .filter(|subscriber| !all_are_new && subscriber.status.is_suppressed() == leaves)
                    .map(|subscriber| columns(subscriber, origin, Birthmark::NONE, now))
                    .collect();
                if !concerned.is_empty() {
                    let keys: Vec<String> = sqlx::query_scalar(statement.on(self))
                        .bind(rows(&concerned))
                        .fetch_all(&mut *c)
                        .await?;
                    changed.extend(keys);
                }
            }
            FailPoint::MidImport.pass();
            let mut report = ImportReport::default();
            for subscriber in part {
                let key = subscriber.email.key();
                let before = known.get(key).map(|word| status(word.clone())).transpose()?;
                report.count(added(before, subscriber.status, changed.contains(key)));
            }
            report
        }))
    }
}

/// What became of a row: by what its address was before, what the row says, and whether that changed anything.
fn added(before: Option<Status>, says: Status, changed: bool) -> Added {
    match before {
        None => Added::New,
        Some(_) if changed => Added::Updated,
        Some(before) if before.is_suppressed() && !says.is_suppressed() => Added::Suppressed,
        Some(_) => Added::Unchanged,
    }
}

/// The rows in parts, in their order, so that a repeated address comes in a later part than its first row.
fn without_repeats<'s>(chunk: &[&'s NewSubscriber]) -> Vec<Vec<&'s NewSubscriber>> {
    let mut parts: Vec<Vec<&NewSubscriber>> = Vec::new();
    let mut times: HashMap<&str, usize> = HashMap::with_capacity(chunk.len());
    for subscriber in chunk {
        let time = times.entry(subscriber.email.key()).or_default();
        if parts.len() == *time {
            parts.push(Vec::with_capacity(if *time == 0 { chunk.len() } else { 1 }));
        }
        parts[*time].push(subscriber);
        *time += 1;
    }
    parts
}

fn columns(
    subscriber: &NewSubscriber,
    origin: Origin,
    birthmark: Birthmark,
    now: DateTime<Utc>,
) -> ImportRow<'_> {
    (
        subscriber.email.as_str(),
        subscriber.email.key(),
        subscriber.name.as_deref(),
        subscriber.timezone.map(Tz::name),
        subscriber.status.as_str(),
        origin.as_str(),
        millis(subscriber.since.unwrap_or(now)),
        millis(now),
        birthmark.get(),
    )
}

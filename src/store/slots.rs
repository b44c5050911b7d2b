//! What became of the slots of the schedule, and single facts.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Store, StoreError, millis, time};

/// What became of a slot that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotOutcome {
    /// Its edition is out.
    Published,
    /// There was nothing new to publish, or nobody to read it.
    Empty,
    /// It lies further back than `catch_up`.
    Missed,
}

impl SlotOutcome {
    fn as_str(self) -> &'static str {
        match self {
            SlotOutcome::Published => "published",
            SlotOutcome::Empty => "empty",
            SlotOutcome::Missed => "missed",
        }
    }
}

const NOTE_SLOT: &str = "INSERT INTO slots (date, at, outcome, note, noted_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (date) DO NOTHING";
const LAST_SLOT: &str = "SELECT MAX(at) FROM slots WHERE at <= $1";
const SET_FACT_ONCE: &str = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
const FACT: &str = "SELECT value FROM facts WHERE name = $1";

const SET_FACT: &str = "INSERT INTO facts (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE facts.value <> excluded.value";

/// What the server said of the size of messages.
const SERVER_SIZE: &str = "server-size";
/// When a person last asked that what is due be sent.
const ASKED_TO_SEND: &str = "asked-to-send";
/// When the schedule was first watched.
const FIRST_START: &str = "first-start";

impl Store {
    /// Which server takes messages of how many octets at most, as it said last, without a number when it has set no limit;
    /// `None` when no server has said anything yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn server_size(&self) -> Result<Option<(String, Option<u64>)>, StoreError> {
        let value: Option<String> =
            reading!(self, |c| sqlx::query_scalar(FACT).bind(SERVER_SIZE).fetch_optional(&mut *c).await?);
        let value = value.unwrap_or_default();
        Ok(value.rsplit_once(' ').map(|(server, limit)| (server.to_owned(), limit.parse().ok())))
    }

    /// Keeps what `server` says.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_server_size(&self, server: &str, limit: Option<u64>) -> Result<(), StoreError> {
        let value = format!("{server} {}", limit.map_or("any".to_owned(), |limit| limit.to_string()));
        writing!(self, |c| {
            sqlx::query(SET_FACT).bind(SERVER_SIZE).bind(&value).execute(&mut *c).await?;
        });
        Ok(())
    }

    /// Keeps that a person has asked at `now` for what is due to be sent: a sender that rests after a halt heeds it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask_to_send(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let value = millis(now).to_string();
        writing!(self, |c| {
            sqlx::query(SET_FACT).bind(ASKED_TO_SEND).bind(&value).execute(&mut *c).await?;
        });
        Ok(())
    }

    /// Whether a person has asked after `since` for what is due to be sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_asked_to_send_since(&self, since: DateTime<Utc>) -> Result<bool, StoreError> {
        let value: Option<String> =
            reading!(self, |c| sqlx::query_scalar(FACT).bind(ASKED_TO_SEND).fetch_optional(&mut *c).await?);
        Ok(value.and_then(|at| at.parse().ok()).is_some_and(|at: i64| at > millis(since)))
    }

    /// Writes down what became of the slot of `date`; whether that is news.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_slot(
        &self,
        date: NaiveDate,
        at: DateTime<Utc>,
        outcome: SlotOutcome,
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(NOTE_SLOT)
            .bind(date.to_string())
            .bind(millis(at))
            .bind(outcome.as_str())
            .bind(note)
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// The latest slot that is over. One from more than a day in the future is none: some clock was wrong.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_slot(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let latest = millis(now + chrono::TimeDelta::days(1));
        let at: Option<i64> =
            reading!(self, |c| sqlx::query_scalar(LAST_SLOT).bind(latest).fetch_one(&mut *c).await?);
        at.map(time).transpose()
    }

    /// When the schedule was first watched over this store; `None` when it never was.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn started(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let value: Option<String> =
            reading!(self, |c| sqlx::query_scalar(FACT).bind(FIRST_START).fetch_optional(&mut *c).await?);
        value.map(first_start).transpose()
    }

    /// When the schedule was first watched over this store: `now` if that is the first time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn first_start(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        writing!(self, |c| {
            sqlx::query(SET_FACT_ONCE)
                .bind(FIRST_START)
                .bind(millis(now).to_string())
                .execute(&mut *c)
                .await?;
        });
        let value: String =
            reading!(self, |c| sqlx::query_scalar(FACT).bind(FIRST_START).fetch_one(&mut *c).await?);
        first_start(value)
    }
}

fn first_start(value: String) -> Result<DateTime<Utc>, StoreError> {
    match value.parse() {
        Ok(at) => time(at),
        Err(_) => Err(StoreError::Unreadable { what: "the first start", value }),
    }
}

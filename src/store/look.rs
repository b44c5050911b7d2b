//! A store opened for looking only: nothing is made, brought up to date or written.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::engine::Pool;
use super::ledger_file::LedgerFile;
use super::ownership::Node;
use super::subscribers::{Row, subscriber};
use super::{Store, StoreError, millis};
use crate::config::Database;
use crate::edition::EditionKey;
use crate::subscriber::Subscriber;

/// `$1` is a pattern of LIKE in lower case, `!` before what is meant literally.
const FIND: &str = "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers
    WHERE (email_key LIKE $1 ESCAPE '!' OR LOWER(COALESCE(name, '')) LIKE $1 ESCAPE '!') ORDER BY email_key LIMIT $2";

// Whom `editions::INSERT_DELIVERIES` takes.
const COUNT_RECIPIENTS: &str = "SELECT COUNT(*) FROM subscribers s
    WHERE s.status = 'active' AND (s.paused_until IS NULL OR s.paused_until <= CAST($2 AS BIGINT)) AND (s.origin <> 'example'
        OR (CAST($1 AS BIGINT) = 1 AND NOT EXISTS (SELECT 1 FROM subscribers r WHERE r.origin <> 'example')))";

// All by keys and ends of indexes: it is asked every second.
const SIGNS: &str = "SELECT
    (SELECT hash FROM approvals WHERE key = $1), (SELECT approved_at FROM approvals WHERE key = $1),
    (SELECT course FROM holds WHERE key = $1), (SELECT at FROM holds WHERE key = $1),
    (SELECT MAX(id) FROM editions), (SELECT MAX(id) FROM subscribers)";

/// What shows that persons have decided about an edition, or that another went out: equal while nothing has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signs {
    approval: Option<(String, i64)>,
    hold: Option<(String, i64)>,
    newest_edition: Option<i64>,
    newest_reader: Option<i64>,
}

type SignsRow = (Option<String>, Option<i64>, Option<String>, Option<i64>, Option<i64>, Option<i64>);

impl Store {
    /// What would be different if somebody had decided about the edition `key`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn signs(&self, key: &EditionKey) -> Result<Signs, StoreError> {
        let (hash, approved_at, course, held_at, newest_edition, newest_reader): SignsRow =
            reading!(self, |c| sqlx::query_as(SIGNS).bind(key.to_string()).fetch_one(&mut *c).await?);
        Ok(Signs {
            approval: hash.zip(approved_at),
            hold: course.zip(held_at),
            newest_edition,
            newest_reader,
        })
    }

    /// Opens the store without the right to change anything; `None` when there is none yet.
    ///
    /// # Errors
    /// When there is one that cannot be opened, or the server is not reached.
    pub async fn look(database: &Database) -> Result<Option<Store>, StoreError> {
        let pool = match database {
            Database::Sqlite(path) => {
                if !path.exists() {
                    return Ok(None);
                }
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .read_only(true)
                    .busy_timeout(Duration::from_secs(5));
                let pool = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options);
                Pool::Sqlite { writer: pool.clone(), readers: pool, ledger: Arc::new(LedgerFile::at(path)) }
            }
            Database::Postgres(url) => {
                // The address may hold a password: it is never repeated in an error.
                let options = PgConnectOptions::from_str(url.reveal())
                    .map_err(|_| StoreError::Engine("DATABASE_URL is no postgres:// address".to_owned()))?
                    .application_name("straight preview")
                    .options([("default_transaction_read_only", "on")]);
                let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5));
                Pool::Postgres(pool.connect_lazy_with(options))
            }
        };
        Ok(Some(Store { pool, node: Arc::new(Node::new()) }))
    }

    /// How many readers an edition that is published at `now` has; `examples_too` as in [`Issue`](super::Issue).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_recipients(&self, examples_too: bool, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(COUNT_RECIPIENTS)
            .bind(i64::from(examples_too))
            .bind(millis(now))
            .fetch_one(&mut *c)
            .await?);
        Ok(count.unsigned_abs())
    }

    /// Up to `limit` subscribers, whatever their status, whose address or name has `words` in it, in any case of
    /// ASCII letters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find_subscribers(&self, words: &str, limit: u32) -> Result<Vec<Subscriber>, StoreError> {
        let mut pattern = String::from("%");
        for c in words.trim().chars().flat_map(char::to_lowercase) {
            if ['%', '_', '!'].contains(&c) {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(FIND)
            .bind(&pattern)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(subscriber).collect()
    }
}

//! A store opened for looking only: nothing is made, brought up to date or written.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::engine::Pool;
use super::ledger_file::LedgerFile;
use super::ownership::Node;
use super::subscribers::{Row, subscriber};
use super::{Store, StoreError};
use crate::config::Database;
use crate::subscriber::Subscriber;

/// `$1` is a pattern of LIKE in lower case, `!` before what is meant literally.
const FIND: &str = "SELECT id, email, name, timezone, status, since, birthmark FROM subscribers
    WHERE (email_key LIKE $1 ESCAPE '!' OR LOWER(COALESCE(name, '')) LIKE $1 ESCAPE '!') ORDER BY email_key LIMIT $2";

// Whom `editions::INSERT_DELIVERIES` takes.
const COUNT_RECIPIENTS: &str = "SELECT COUNT(*) FROM subscribers s
    WHERE s.status = 'active' AND (s.origin <> 'example'
        OR (CAST($1 AS BIGINT) = 1 AND NOT EXISTS (SELECT 1 FROM subscribers r WHERE r.origin <> 'example')))";

impl Store {
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

    /// How many readers an edition that is published now has; `examples_too` as in [`Issue`](super::Issue).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_recipients(&self, examples_too: bool) -> Result<u64, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(COUNT_RECIPIENTS)
            .bind(i64::from(examples_too))
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

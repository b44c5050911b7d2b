//! Whether the database may be sent from: it is whole, and no older than what has been sent.
//!
//! Beside a SQLite database lies a mark: a counter that stands in the database too and moves with every start of
//! sending, every edition and every end of one. A database behind its mark is an old copy: it knows nothing of what
//! went out since, and would send it again.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions as _, Connection as _};

use super::engine::Pool;
use super::{Store, StoreError, millis, time};
use crate::edition::Headline;

/// A database that is older than its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The counter in the file.
    mark: i64,
    /// The newest edition that went out before the database was replaced, if any did.
    pub newest: Option<String>,
    /// When that edition was frozen.
    pub frozen_at: Option<DateTime<Utc>>,
}

const QUICK_CHECK: &str = "PRAGMA quick_check(3)";
const MARK: &str = "SELECT value FROM facts WHERE name = 'mark'";
const ADVANCE: &str = "INSERT INTO facts (name, value) VALUES ('mark', '1')
    ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS TEXT) RETURNING value";
const SET_MARK: &str = "INSERT INTO facts (name, value) VALUES ('mark', $1)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const NEWEST: &str = "SELECT key, frozen_at FROM editions ORDER BY frozen_at DESC, id DESC LIMIT 1";
const HOLD_OPEN: &str = "UPDATE deliveries SET state = 'uncertain', settled_at = $1, reason = $2
    WHERE state IN ('queued', 'sending', 'deferred')";

/// What is written beside a delivery of which the restored database does not know whether it was made.
const FROM_A_BACKUP: &str = "open in a restored backup: it may have been sent since";

impl Store {
    /// Makes sure that the database is whole and not older than what has been sent.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Restored`], or when the store fails.
    pub async fn check_soundness(&self) -> Result<(), StoreError> {
        let Pool::Sqlite { readers, .. } = &self.pool else { return Ok(()) };
        // On a connection of its own: one that has looked before checks what it remembers of the search index, and takes
        // what another connection has merged since for damage.
        let mut fresh = readers.connect_options().connect().await?;
        let found: Vec<String> = sqlx::query_scalar(QUICK_CHECK).fetch_all(&mut fresh).await?;
        fresh.close().await?;
        if found != ["ok"] {
            return Err(StoreError::Damaged(found.join("; ")));
        }
        match self.restored().await? {
            None => Ok(()),
            Some(restored) => {
                let newest = restored.newest.map(|key| format!(" (the newest edition was {key})"));
                Err(StoreError::Restored(newest.unwrap_or_default()))
            }
        }
    }

    /// What is known of the time after this database was copied, if it is an old copy.
    ///
    /// # Errors
    /// When the store fails, or the mark cannot be read.
    pub async fn restored(&self) -> Result<Option<Restored>, StoreError> {
        let Some(file) = self.mark_file() else { return Ok(None) };
        let Some(mark) = read_mark(&file)? else { return Ok(None) };
        let own: Option<String> =
            reading!(self, |c| sqlx::query_scalar(MARK).fetch_optional(&mut *c).await?);
        let own: i64 = own.and_then(|value| value.parse().ok()).unwrap_or(0);
        Ok((mark.mark > own).then_some(mark))
    }

    /// Moves the mark on, in the database first: a crash in between leaves the database ahead, which is no harm.
    ///
    /// # Errors
    /// When the store fails, or the file cannot be written.
    pub async fn advance_mark(&self) -> Result<(), StoreError> {
        let Some(file) = self.mark_file() else { return Ok(()) };
        let (mark, newest) = writing!(self, |c| {
            let mark: String = sqlx::query_scalar(ADVANCE).fetch_one(&mut *c).await?;
            let newest: Option<(String, i64)> = sqlx::query_as(NEWEST).fetch_optional(&mut *c).await?;
            (mark, newest)
        });
        let newest = newest.map(|(key, frozen_at)| format!(" {key} {frozen_at}"));
        write_mark(&file, &format!("{mark}{}\n", newest.unwrap_or_default()))
    }

    /// Goes on with a restored database: what is open in it is left for a person, `gone_out` counts as published.
    /// Gives how many deliveries were open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accept_restored(
        &self,
        restored: &Restored,
        gone_out: &[Headline],
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| {
            for (position, headline) in (0_i64..).zip(gone_out) {
                sqlx::query(super::editions::INSERT_EARLIER)
                    .bind(&headline.slug)
                    .bind(position)
                    .bind(&headline.title)
                    .bind(&headline.url)
                    .bind(headline.date.to_string())
                    .bind(&headline.summary)
                    .execute(&mut *c)
                    .await?;
            }
            sqlx::query(SET_MARK).bind(restored.mark.to_string()).execute(&mut *c).await?;
            sqlx::query(HOLD_OPEN)
                .bind(millis(now))
                .bind(FROM_A_BACKUP)
                .execute(&mut *c)
                .await?
                .rows_affected()
        }))
    }

    fn mark_file(&self) -> Option<PathBuf> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => {
                Some(writer.connect_options().get_filename().with_extension("mark"))
            }
            Pool::Postgres(_) => None,
        }
    }
}

fn read_mark(file: &Path) -> Result<Option<Restored>, StoreError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io("cannot read", file, source)),
    };
    let mut words = text.split_whitespace();
    let mark = words.next().and_then(|word| word.parse().ok());
    let newest = words.next().map(str::to_owned);
    let frozen_at = words.next().and_then(|word| word.parse().ok()).map(time).transpose()?;
    match mark {
        Some(mark) => Ok(Some(Restored { mark, newest, frozen_at })),
        None => Err(StoreError::Unreadable { what: "a mark beside its file", value: text }),
    }
}

fn write_mark(file: &Path, text: &str) -> Result<(), StoreError> {
    let unfinished = file.with_extension(format!("mark-{}", std::process::id()));
    let write = || {
        let mut new = File::create(&unfinished)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        fs::rename(&unfinished, file)
    };
    write().map_err(|source| io("cannot write", file, source))
}

fn io(action: &'static str, file: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { action, path: file.display().to_string(), source }
}

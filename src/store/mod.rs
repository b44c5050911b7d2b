//! The store: the only SQL. One concrete [`Store`] over SQLite or PostgreSQL, one text of each statement for both.

#[macro_use]
mod engine;
#[macro_use]
mod batch;
#[macro_use]
mod letters;
#[macro_use]
mod struck_off;
#[macro_use]
mod whose;
mod archive;
mod approvals;
mod comments;
mod control;
mod deliveries;
mod editions;
mod erasure;
mod holds;
mod import;
mod kept_letters;
mod keys;
mod known;
mod leases;
mod ledger_file;
mod ledger_tick;
mod look;
mod moves;
mod ownership;
mod quotas;
mod rates;
mod refused;
mod removals;
mod revival;
mod sign_ups;
mod search;
mod slots;
mod soundness;
mod standing;
mod subscribers;
mod troubled;
mod troubles;
mod withdrawals;

use chrono::{DateTime, Utc};

pub use approvals::Approval;
pub use archive::{
    ArticlePlace, ArticleStanding, Group, GroupPage, GroupSize, GroupStanding, InEdition, Out,
};
pub use control::{Cancelled, Course, Decision};
pub use deliveries::{Begin, Claimed, Counts, Recovered, RecoveryPolicy, Settle};
pub use editions::{EditionId, EditionSummary, Issue, PublishOutcome, StoredEdition};
pub use engine::Store;
pub use erasure::Moved;
pub use holds::Held;
pub use import::{Added, ImportReport, Origin};
pub use kept_letters::{KeptLetter, StoodIn, WhichLetters};
pub use keys::KeyStanding;
pub use known::{Attempted, Commented, Guest, Known, Received};
pub use letters::{LetterId, OpenLetter};
pub use look::Signs;
pub use moves::{DAYS_TO_PUT_BACK, Move, PutBack, PutBackBy, put_back_until};
pub use ownership::{LEASE, Ownership, SenderLock};
pub use quotas::Quota;
pub use refused::{Before, Refusal, Refused, SentTo};
pub use removals::OfDomain;
pub use revival::StruckOff;
pub use search::{Found, Searched};
pub use sign_ups::{Ask, Asks, Confirmed, Consent, OpenSignUp, SignUp, SignUpId};
pub use slots::SlotOutcome;
pub use soundness::Restored;
pub use standing::{Domains, InDoubt};
pub use subscribers::Whose;
pub use troubled::{OfReader, Troubled};
pub use troubles::{Noted, Trouble};
pub use withdrawals::{ArchiveStanding, Withdrawal};

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine said no.
    #[error("the store failed: {0}")]
    Sql(sqlx::Error),
    /// SQLite said no to a tick of the ledger.
    #[error("the store failed: {0}")]
    Ledger(rusqlite::Error),
    /// The database file is damaged.
    #[error(
        "the database is damaged ({0}); nothing is sent from it: put the newest good backup in its place, or rescue what is readable with `sqlite3 FILE .recover`"
    )]
    Damaged(String),
    /// The tables could not be made or brought up to date.
    #[error(
        "the store's tables could not be brought up to date: {0}; is the database of a newer version of straight?"
    )]
    Migrate(sqlx::migrate::MigrateError),
    /// The database is older than what has been sent.
    #[error(
        "the database is older than what was sent last{0}: was a backup restored? Nothing is sent, for it would go out again; put the newer database back, or go on from here with `straight ledger accept`"
    )]
    Restored(String),
    /// The folder or the lock file.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried, as in `cannot make the folder`.
        action: &'static str,
        /// On which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A row that this version did not write.
    #[error("the store has {what} that cannot be read: {value:?}; was it changed by hand?")]
    Unreadable {
        /// Which kind of thing.
        what: &'static str,
        /// What stands there.
        value: String,
    },
    /// The configured engine cannot be used.
    #[error("{0}")]
    Engine(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match sqlite_code(&error) {
            Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(error.to_string()),
            Some(_) | None => StoreError::Sql(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match ledger_code(&error) {
            Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(error.to_string()),
            Some(_) | None => StoreError::Ledger(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => StoreError::Migrate(other),
        }
    }
}

impl StoreError {
    /// Whether the same may succeed later, and nothing has changed meanwhile: the disk is full, the database is locked.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Sql(error) => {
                matches!(sqlite_code(error), Some(FULL | BUSY | LOCKED))
                    || error.as_database_error().and_then(|error| error.code()).is_some_and(|code| {
                        // PostgreSQL: disk_full, lock_not_available.
                        code == "53100" || code == "55P03"
                    })
            }
            StoreError::Ledger(error) => matches!(ledger_code(error), Some(FULL | BUSY | LOCKED)),
            StoreError::Damaged(_)
            | StoreError::Restored(_)
            | StoreError::Migrate(_)
            | StoreError::Io { .. }
            | StoreError::Unreadable { .. }
            | StoreError::Engine(_) => false,
        }
    }

    /// Whether there is no room left to write to.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            StoreError::Sql(error) => {
                sqlite_code(error) == Some(FULL)
                    || error
                        .as_database_error()
                        .and_then(|error| error.code())
                        .is_some_and(|code| code == "53100")
            }
            StoreError::Ledger(error) => ledger_code(error) == Some(FULL),
            StoreError::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            StoreError::Damaged(_)
            | StoreError::Restored(_)
            | StoreError::Migrate(_)
            | StoreError::Unreadable { .. }
            | StoreError::Engine(_) => false,
        }
    }

    /// Whether the engine can no longer be believed: the disk failed under it, or its file is damaged.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            StoreError::Damaged(_) => true,
            StoreError::Sql(error) => sqlite_code(error) == Some(IO_ERROR),
            StoreError::Ledger(error) => ledger_code(error) == Some(IO_ERROR),
            StoreError::Restored(_)
            | StoreError::Migrate(_)
            | StoreError::Io { .. }
            | StoreError::Unreadable { .. }
            | StoreError::Engine(_) => false,
        }
    }
}

// SQLite's primary result codes.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const IO_ERROR: u32 = 10;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const NOT_A_DATABASE: u32 = 26;

/// SQLite's primary result code: the lowest octet of the extended one.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let error = error.as_database_error()?.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let extended: u32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(extended & 0xff)
}

fn ledger_code(error: &rusqlite::Error) -> Option<u32> {
    error.sqlite_error().and_then(|error| u32::try_from(error.extended_code & 0xff).ok())
}

/// Milliseconds since 1970, as the store keeps times.
fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

fn time(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| StoreError::Unreadable { what: "a time", value: millis.to_string() })
}

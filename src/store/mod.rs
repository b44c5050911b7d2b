//! The store: the only SQL. One concrete [`Store`] over SQLite or PostgreSQL, one text of each statement for both.

#[macro_use]
mod engine;
mod deliveries;
mod editions;
mod keys;
mod leases;
mod letters;
mod ownership;
mod rates;
mod slots;
mod subscribers;

use chrono::{DateTime, Utc};

pub use deliveries::{Begin, Claimed, Counts, Recovered, RecoveryPolicy, Settle};
pub use editions::{EditionId, EditionSummary, Issue, PublishOutcome, StoredEdition};
pub use engine::Store;
pub use letters::{LetterId, OpenLetter};
pub use ownership::{LEASE, Ownership, SenderLock};
pub use slots::SlotOutcome;
pub use subscribers::{Added, ImportReport, Origin};

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine said no.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// The tables could not be made or brought up to date.
    #[error(
        "the store's tables could not be brought up to date: {0}; is the database of a newer version of straight?"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
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

/// Milliseconds since 1970, as the store keeps times.
fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

fn time(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| StoreError::Unreadable { what: "a time", value: millis.to_string() })
}

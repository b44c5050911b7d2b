//! Who sends. With SQLite the process that holds an operating-system file lock; with PostgreSQL the session that holds
//! an advisory lock. Either is freed the moment its holder is gone, however it went.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;

use super::engine::Pool;
use super::{Store, StoreError};

/// The right to send from this store; dropped, it is free for the next.
#[derive(Debug)]
pub struct SenderLock {
    _held: Held,
}

#[derive(Debug)]
enum Held {
    File { _file: File },
    Session { _connection: Box<sqlx::PgConnection> },
}

/// Whether this process may send.
#[derive(Debug)]
pub enum Ownership {
    /// It may, as long as the lock is kept.
    Ours(SenderLock),
    /// Another process is at it.
    Others,
}

/// The number of our advisory lock: "straight" in ASCII.
const ADVISORY: i64 = 0x7374_7261_6967_6874;
const TRY_ADVISORY: &str = "SELECT pg_try_advisory_lock($1)";

impl Store {
    /// Takes the right to send, if nobody has it.
    ///
    /// # Errors
    /// When the lock file cannot be made, or the store fails.
    pub async fn acquire_sender(&self) -> Result<Ownership, StoreError> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => lock_file(&database_file(writer)),
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let ours: bool =
                    sqlx::query_scalar(TRY_ADVISORY).bind(ADVISORY).fetch_one(&mut *connection).await?;
                // The lock lives as long as its session, so that session leaves the pool.
                Ok(if ours {
                    let connection = Box::new(PoolConnection::detach(connection));
                    Ownership::Ours(SenderLock { _held: Held::Session { _connection: connection } })
                } else {
                    Ownership::Others
                })
            }
        }
    }
}

fn database_file(pool: &SqlitePool) -> std::path::PathBuf {
    pool.connect_options().get_filename().to_owned()
}

fn lock_file(database: &Path) -> Result<Ownership, StoreError> {
    let path = database.with_extension("lock");
    let io = |source| StoreError::Io { action: "cannot lock", path: path.display().to_string(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Ownership::Ours(SenderLock { _held: Held::File { _file: file } })),
        Err(TryLockError::WouldBlock) => Ok(Ownership::Others),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

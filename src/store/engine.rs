//! The two engines, and how a statement runs on whichever is there.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, SqlSafeStr, SqlitePool};

use super::StoreError;
use super::ledger_file::LedgerFile;
use super::ownership::Node;
use crate::config::Database;

/// Everything that is remembered: subscribers, editions, deliveries, letters, keys.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: Pool,
    pub(super) node: Arc<Node>,
}

#[derive(Debug, Clone)]
pub(super) enum Pool {
    /// One connection writes, and one more the ledger of a running edition; the others read beside them (WAL).
    Sqlite { writer: SqlitePool, readers: SqlitePool, ledger: Arc<LedgerFile> },
    /// Every connection does both.
    Postgres(PgPool),
}

/// Runs `$body` with `$c` as a connection for reading, on whichever engine is there.
macro_rules! reading {
    ($store:expr, |$c:ident| $body:expr) => {
        match &$store.pool {
            $crate::store::engine::Pool::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                let $c = &mut *connection;
                $body
            }
            $crate::store::engine::Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let $c = &mut *connection;
                $body
            }
        }
    };
}

/// Runs `$body` in one transaction with `$c` as its connection; a `?` in it rolls back.
macro_rules! writing {
    ($store:expr, |$c:ident| $body:expr) => {
        match &$store.pool {
            $crate::store::engine::Pool::Sqlite { writer, .. } => {
                // A busy time-out does not cover the upgrade of a read transaction: lock at once.
                let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
                let value = {
                    let $c = &mut *transaction;
                    $body
                };
                transaction.commit().await?;
                value
            }
            $crate::store::engine::Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let value = {
                    let $c = &mut *transaction;
                    $body
                };
                transaction.commit().await?;
                value
            }
        }
    };
}

/// Within [`writing!`]: no node publishes, nor decides whether one may, until the transaction ends. (SQLite has one
/// writer anyway.)
macro_rules! alone {
    ($store:expr, $c:expr) => {
        if $store.is_shared() {
            sqlx::query($crate::store::editions::ONE_AT_A_TIME).execute(&mut *$c).await?;
        }
    };
}

/// Runs `$try`, again while the server is away or picks us as the loser of a conflict. What it does must be safe to repeat.
macro_rules! insist {
    ($store:expr, $try:block) => {{
        let mut pauses = $crate::store::engine::PAUSES.iter();
        loop {
            match $try {
                Err(error) if $store.is_shared() && $crate::store::engine::passes(&error) => {
                    match pauses.next() {
                        Some(pause) => tokio::time::sleep(*pause).await,
                        None => break Err(error),
                    }
                }
                done => break done,
            }
        }
    }};
}

/// How long is waited between tries: a server that restarts is back within half a minute.
pub(super) const PAUSES: [Duration; 8] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(8),
    Duration::from_secs(8),
];

impl StoreError {
    /// Whether it is of the connection or of a conflict, so that it passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        passes(self)
    }
}

/// Whether an error is of the connection or of a conflict, so that it passes.
pub(super) fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Sql(sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut) => true,
        StoreError::Sql(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
            // Connection lost, shut down or starting up, deadlock, serialisation, idle in a transaction for too long
            // (PostgreSQL, appendix A).
            code.starts_with("08") || code.starts_with("57P0") || code.starts_with("40") || code == "25P03"
        }),
        StoreError::Sql(_)
        | StoreError::Ledger(_)
        | StoreError::Migrate(_)
        | StoreError::Io { .. }
        | StoreError::Unreadable { .. }
        | StoreError::Engine(_)
        | StoreError::Damaged(_)
        | StoreError::Restored(_) => false,
    }
}

/// PostgreSQL's clock in milliseconds since 1970, as leases go by it.
macro_rules! server_millis {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}

impl Store {
    /// Opens the store, making it and its tables when they are not there.
    ///
    /// # Errors
    /// When the folder cannot be made, the file is no database, the server is not reached, or a newer version
    /// of the program has been at it.
    pub async fn open(database: &Database) -> Result<Store, StoreError> {
        let (pool, _one_at_a_time) = match database {
            Database::Sqlite(path) => {
                let folder = folder_of(path).await?;
                (open_sqlite(path).await?, Some(folder))
            }
            Database::Postgres(url) => (open_postgres(url.reveal()).await?, None),
        };
        let store = Store { pool, node: Arc::new(Node::new()) };
        store.migrate().await?;
        Ok(store)
    }

    /// Asks the engine for a sign of life.
    ///
    /// # Errors
    /// When it gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        const PING: &str = "SELECT CAST(1 AS BIGINT)";
        let _: i64 = reading!(self, |c| sqlx::query_scalar(PING).fetch_one(&mut *c).await?);
        Ok(())
    }

    /// Ends all connections; SQLite writes its log back into the file.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { writer, readers, ledger } => {
                ledger.close();
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres(pool) => {
                self.leave(pool).await;
                pool.close().await;
            }
        }
    }

    /// After something was erased: SQLite's log still has the pages as they were, so it is written back and emptied. As long
    /// as somebody reads the old pages it stays; the next erasure, or the end of the last process, empties it then.
    pub(super) async fn leave_nothing_behind(&self) -> Result<(), StoreError> {
        if let Pool::Sqlite { writer, .. } = &self.pool {
            let mut connection = writer.acquire().await?;
            sqlx::raw_sql(EMPTY_LOG).execute(&mut *connection).await?;
        }
        Ok(())
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => {
                let words = [
                    ("{id}", "INTEGER PRIMARY KEY"),
                    ("{bytes}", "BLOB"),
                    ("{clustered}", "WITHOUT ROWID"),
                    ("{bytewise}", ""),
                    ("{article_index}", super::archive::SQLITE.table),
                    ("{lasting_ids}", include_str!("lasting_ids_sqlite.sql")),
                    ("{position}", "instr"),
                ];
                migrations(words).run(writer).await?;
            }
            Pool::Postgres(pool) => {
                let words = [
                    ("{id}", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
                    ("{bytes}", "BYTEA"),
                    ("{clustered}", ""),
                    ("{bytewise}", "COLLATE \"C\""),
                    ("{article_index}", super::archive::POSTGRES.table),
                    ("{lasting_ids}", "SELECT 1"),
                    ("{position}", "strpos"),
                ];
                let migrations = migrations(words);
                // The migrator locks even where there is nothing to do: one node's start would wait for another's.
                if !are_applied(&migrations, pool).await? {
                    migrations.run(pool).await?;
                }
            }
        }
        Ok(())
    }
}

// Nobody waits for a long backup.
const EMPTY_LOG: &str =
    "PRAGMA busy_timeout = 2000; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 60000";
const HAS_HISTORY: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
const HISTORY: &str = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";

/// Whether these are the steps that the server's tables have taken, one by one to the last.
async fn are_applied(migrations: &Migrator, pool: &PgPool) -> Result<bool, StoreError> {
    let has_history: bool = sqlx::query_scalar(HAS_HISTORY).fetch_one(pool).await?;
    if !has_history {
        return Ok(false);
    }
    let history: Vec<(i64, Vec<u8>)> = sqlx::query_as(HISTORY).fetch_all(pool).await?;
    let taken = history.iter().map(|(version, checksum)| (*version, checksum.as_slice()));
    Ok(taken.eq(migrations.iter().map(|step| (step.version, &*step.checksum))))
}

/// The tables' history: `sqlx` applies what is new, once, and refuses a history it does not know.
fn migrations(words: [(&str, &str); 7]) -> Migrator {
    let steps = [
        (1, "the ledger", include_str!("schema.sql")),
        (2, "several nodes", include_str!("nodes.sql")),
        (3, "comments", include_str!("comments.sql")),
        (4, "pause and cancel", include_str!("control.sql")),
        (5, "the archive", include_str!("archive.sql")),
        (6, "troubles", include_str!("troubles.sql")),
        (7, "sign-ups", include_str!("sign_ups.sql")),
        (8, "approvals and holds", include_str!("approval.sql")),
        (9, "shortened editions", include_str!("whole.sql")),
        (10, "how far editions are cut", include_str!("cut.sql")),
        (11, "keys that give way", include_str!("token_keys.sql")),
        (12, "numbers that never come back", include_str!("lasting_ids.sql")),
        (13, "birthmarks", include_str!("birthmarks.sql")),
        (14, "whose letters, and moves that can be undone", include_str!("whose.sql")),
        (15, "articles that are taken off the web", include_str!("withdrawals.sql")),
        (16, "who took readers off the list", include_str!("removals.sql")),
        (17, "what an approval leaves to the next edition", include_str!("before_approval.sql")),
        (18, "letters by a built-in template", include_str!("stood_in.sql")),
        (19, "a broken server among several", include_str!("broken_server.sql")),
    ];
    let migrations = steps.map(|(version, name, sql)| {
        let put = |sql: String, (place, word): &(&str, &str)| sql.replace(place, word);
        let sql = words.iter().fold(sql.to_owned(), put);
        // The text is ours, compiled in; only the words above are put into it.
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.into())
}

/// The folder of the database, made when it is not there, and locked: of two processes that find no tables one makes
/// them, and the other waits that moment. (PostgreSQL's migrations have a lock of their own.)
async fn folder_of(path: &Path) -> Result<File, StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let io = |action| move |source| StoreError::Io { action, path: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(io("cannot make the folder"))?;
    let opened = File::open(folder).map_err(io("cannot open the folder"))?;
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(TryLockError::Error(source)) => return Err(io("cannot lock the folder")(source)),
        }
    }
}

/// Makes the database's file for its owner alone, when it is not there: it has the readers' addresses and the key of their
/// links. What SQLite puts beside it takes after it; the rights of a file that is there are the operator's.
fn own_file(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => {
            let (action, path) = ("cannot make the database", path.display().to_string());
            Err(StoreError::Io { action, path, source })
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Pool, StoreError> {
    own_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted is overwritten: the file, and each copy of it, holds nothing more of who was erased.
        .pragma("secure_delete", "ON")
        .busy_timeout(Duration::from_secs(60));
    let name = |error: sqlx::Error| match StoreError::from(error) {
        damaged @ StoreError::Damaged(_) => damaged,
        other => StoreError::Engine(format!("cannot open the database {}: {other}", path.display())),
    };
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        // A file does not hang up.
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(120))
        .after_release(|connection, _| {
            Box::pin(async move {
                // After a commit that failed for want of space SQLite has rolled back by itself, and sqlx still counts
                // a transaction, for ever: such a connection is replaced.
                if connection.is_in_transaction() {
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options.clone())
        .await
        .map_err(name)?;
    let readers =
        SqlitePoolOptions::new().max_connections(4).test_before_acquire(false).connect_lazy_with(options);
    Ok(Pool::Sqlite { writer, readers, ledger: Arc::new(LedgerFile::at(path)) })
}

async fn open_postgres(url: &str) -> Result<Pool, StoreError> {
    // The address may hold a password: it is never repeated in an error.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Engine("DATABASE_URL is no postgres:// address".to_owned()))?
        .application_name("straight")
        // A node that is halted in the middle of a transaction holds up the others for less than a lease.
        .options([("idle_in_transaction_session_timeout", "20s")]);
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await
        .map_err(|error| StoreError::Engine(format!("cannot reach the PostgreSQL server: {error}")))?;
    Ok(Pool::Postgres(pool))
}

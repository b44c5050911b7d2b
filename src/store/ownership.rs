//! Who sends. With SQLite the one process that holds an operating-system file lock, which is free the moment its holder
//! is gone. With PostgreSQL every process is a node with a lease, kept by heartbeat; what a node has taken is its own
//! until its lease is over. Leases go by the server's clock, so that nodes need not agree on the time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use sqlx::sqlite::SqlitePool;
use tokio::task::AbortHandle;

use super::engine::Pool;
use super::{Store, StoreError};

/// How long a node that gives no sign of life keeps what it has taken.
pub const LEASE: Duration = Duration::from_secs(30);

/// The right to send from this store; dropped, it is free for the next.
#[derive(Debug)]
pub struct SenderLock {
    _held: Held,
}

#[derive(Debug)]
enum Held {
    File { _file: File },
    Lease { _heartbeat: Heartbeat },
}

/// Whether this process may send.
#[derive(Debug)]
pub enum Ownership {
    /// It may, as long as the lock is kept.
    Ours(SenderLock),
    /// Another process is at it, and the engine has room for one.
    Others,
}

/// This process among those that send from one store.
#[derive(Debug)]
pub(super) struct Node {
    name: String,
    lease: Duration,
    tenure: Mutex<Tenure>,
}

/// One stretch of time in which this process is a sender.
#[derive(Debug, Default)]
struct Tenure {
    /// Which one it is: each has an owner's name of its own.
    number: u32,
    /// Until when it surely lasts, when it goes by lease.
    until: Option<Instant>,
}

const JOIN: &str = concat!(
    "INSERT INTO nodes (owner, lease_until) VALUES ($1, ",
    server_millis!(),
    " + CAST($2 AS BIGINT))"
);
const RENEW: &str = concat!(
    "UPDATE nodes SET lease_until = ",
    server_millis!(),
    " + CAST($2 AS BIGINT) WHERE owner = $1 AND lease_until > ",
    server_millis!()
);
const LEAVE: &str = "DELETE FROM nodes WHERE owner = $1";

impl Node {
    pub(super) fn new() -> Self {
        let mut random = [0_u8; 4];
        SystemRandom::new().fill(&mut random).expect("the system has randomness");
        let name = format!("{}/{}/{:08x}", host(), std::process::id(), u32::from_be_bytes(random));
        Node { name, lease: LEASE, tenure: Mutex::default() }
    }

    fn tenure(&self) -> std::sync::MutexGuard<'_, Tenure> {
        self.tenure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease_millis(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Store {
    /// The same store with another length of lease, for tests.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.node = Arc::new(Node { lease, ..Node::new() });
        self
    }

    /// Whether several processes send from this store side by side.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match &self.pool {
            Pool::Sqlite { .. } => false,
            Pool::Postgres(_) => true,
        }
    }

    /// The name under which this process takes deliveries; it has a new one after its lease was over.
    #[must_use]
    pub fn owner(&self) -> String {
        format!("{}/{}", self.node.name, self.node.tenure().number)
    }

    /// Whether what this process has put on record as `sending` is still its own to send. To be asked right before
    /// a message leaves: a process that was halted for longer than its lease has been taken for dead.
    #[must_use]
    pub fn is_sender(&self) -> bool {
        match &self.pool {
            Pool::Sqlite { .. } => true,
            Pool::Postgres(_) => self.node.tenure().until.is_some_and(|until| Instant::now() < until),
        }
    }

    /// Whether this process was a sender by lease, and is none now.
    #[must_use]
    pub fn has_lost_its_lease(&self) -> bool {
        self.is_shared() && self.node.tenure().number > 0 && !self.is_sender()
    }

    /// Takes the right to send, if it is to be had.
    ///
    /// # Errors
    /// When the lock file cannot be made, or the store fails.
    pub async fn acquire_sender(&self) -> Result<Ownership, StoreError> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => lock_file(&database_file(writer)),
            Pool::Postgres(pool) => {
                self.node.tenure().number += 1;
                let owner = self.owner();
                let asked = Instant::now();
                sqlx::query(JOIN).bind(&owner).bind(self.node.lease_millis()).execute(pool).await?;
                self.node.tenure().until = Some(asked + self.node.lease);
                let heartbeat = Heartbeat::start(self.clone(), pool.clone(), owner);
                Ok(Ownership::Ours(SenderLock { _held: Held::Lease { _heartbeat: heartbeat } }))
            }
        }
    }

    /// Gives the right to send back, as far as it goes by lease: what is `sending` still is for the others to judge.
    pub(super) async fn leave(&self, pool: &sqlx::PgPool) {
        if self.node.tenure().until.take().is_some() {
            // Who cannot say goodbye is found out when the lease is over.
            let _ = sqlx::query(LEAVE).bind(self.owner()).execute(pool).await;
        }
    }
}

/// Renews a lease until it is dropped, or the lease is over.
#[derive(Debug)]
struct Heartbeat(AbortHandle);

impl Heartbeat {
    fn start(store: Store, pool: sqlx::PgPool, owner: String) -> Self {
        let beat = store.node.lease / 3;
        let task = tokio::spawn(async move {
            while store.owner() == owner && store.is_sender() {
                tokio::time::sleep(beat).await;
                let asked = Instant::now();
                let renewed =
                    sqlx::query(RENEW).bind(&owner).bind(store.node.lease_millis()).execute(&pool).await;
                let mut tenure = store.node.tenure();
                match renewed {
                    Ok(done)
                        if done.rows_affected() == 1 && tenure.until.is_some_and(|until| asked < until) =>
                    {
                        tenure.until = Some(asked + store.node.lease);
                    }
                    // The server has counted us out; or we slept through it, and it may have.
                    Ok(_) => tenure.until = None,
                    Err(error) => tracing::warn!(%error, "the lease could not be renewed; trying again"),
                }
            }
        });
        Heartbeat(task.abort_handle())
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// This machine's name; empty when it has none.
pub(super) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
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

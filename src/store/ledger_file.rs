//! SQLite's fast way into the ledger: a connection of its own, called on the thread that asks. `sqlx` talks to SQLite
//! through another thread, which costs two changes of thread for each statement; a tick of the ledger is mostly that.
//!
//! While another connection writes, nobody waits on that thread: the other's transaction may be one of the same task (a
//! letter that is put on record beside an edition), which could then never end it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use tokio::time::Instant;

use super::{Begin, Settle, StoreError, millis};

/// How long another process, or a web request's transaction, may keep us from writing.
const BUSY: Duration = Duration::from_secs(60);
/// How soon it is tried again at first, and at most.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

const SENT: &str =
    "UPDATE deliveries SET state = 'sent', deferrals = deferrals + 1, code = ?4, reason = NULL,
        settled_at = ?5, owner = NULL
    WHERE edition_id = ?1 AND subscriber_id = ?2 AND attempt = ?3 AND state = 'sending'";
const BEGIN: &str = "UPDATE deliveries SET state = 'sending', attempt = attempt + 1, owner = ?4
    WHERE edition_id = ?1 AND subscriber_id = ?2 AND attempt = ?3 AND state IN ('queued', 'deferred')
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = ?2 AND s.status = 'active' AND s.email = ?5)
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = ?1)";

/// The connection, opened when it is first needed.
#[derive(Debug)]
pub(super) struct LedgerFile {
    path: PathBuf,
    open: Mutex<Option<Connection>>,
}

/// What a tick did, in the order in which it was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) settled: Vec<bool>,
    pub(super) begun: Vec<bool>,
}

impl LedgerFile {
    pub(super) fn at(path: &Path) -> Self {
        LedgerFile { path: path.to_owned(), open: Mutex::new(None) }
    }

    /// Ends the connection; another is opened when it is needed.
    pub(super) fn close(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// One transaction: of `settles`, which are all `sent`, and of `begins`, what fits the fence. `before_commit` is
    /// called when nothing of it is durable yet.
    pub(super) async fn tick(
        &self,
        settles: &[Settle],
        begins: &[Begin<'_>],
        owner: &str,
        before_commit: impl Fn(),
    ) -> Result<Done, StoreError> {
        let until = Instant::now() + BUSY;
        let (mut pause, longest) = TRY_AGAIN;
        loop {
            match self.tick_once(settles, begins, owner, &before_commit) {
                Err(error) if is_busy(&error) && Instant::now() < until => {
                    tokio::time::sleep(pause).await;
                    pause = (2 * pause).min(longest);
                }
                done => return Ok(done?),
            }
        }
    }

    fn tick_once(
        &self,
        settles: &[Settle],
        begins: &[Begin<'_>],
        owner: &str,
        before_commit: impl Fn(),
    ) -> rusqlite::Result<Done> {
        aside(|| {
            self.with(|connection| {
                let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
                let done = Done {
                    settled: settle(&transaction, settles)?,
                    begun: begin(&transaction, begins, owner)?,
                };
                before_commit();
                transaction.commit()?;
                Ok(done)
            })
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match open.take() {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let done = work(&connection);
        // After any other error the state of a connection is not worth finding out: the next tick has a new one.
        if done.as_ref().err().is_none_or(is_busy) {
            *open = Some(connection);
        }
        done
    }
}

/// Another connection writes.
fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

fn settle(transaction: &Transaction<'_>, settles: &[Settle]) -> rusqlite::Result<Vec<bool>> {
    let mut sent = transaction.prepare_cached(SENT)?;
    settles
        .iter()
        .map(|settle| {
            let (edition, subscriber) = (settle.edition.0, settle.subscriber.0);
            let row = params![edition, subscriber, settle.attempt, settle.code, millis(settle.at)];
            Ok(sent.execute(row)? > 0)
        })
        .collect()
}

fn begin(transaction: &Transaction<'_>, begins: &[Begin<'_>], owner: &str) -> rusqlite::Result<Vec<bool>> {
    let mut sending = transaction.prepare_cached(BEGIN)?;
    begins
        .iter()
        .map(|begin| {
            let row = params![begin.edition.0, begin.subscriber.0, begin.attempt, owner, begin.address];
            Ok(sending.execute(row)? > 0)
        })
        .collect()
}

/// Waits for the disk on this thread, which a runtime of several threads can spare.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::config::Database;
    use crate::delivery::{Next, State};
    use crate::store::engine::Pool;
    use crate::store::{EditionId, Store};
    use crate::subscriber::{AddressPrint, SubscriberId};

    const ROWS: &str = "INSERT INTO subscribers (id, email, email_key, status, origin, since, changed_at) VALUES
            (1, 'a@x.org', 'a@x.org', 'active', 'file', 0, 0), (2, 'b@x.org', 'b@x.org', 'active', 'file', 0, 0),
            (3, 'c@x.org', 'c@x.org', 'unsubscribed', 'file', 0, 0);
        INSERT INTO editions (id, key, number, subject, preheader, html, text, letterhead, hash, frozen_at, recipients)
            VALUES (7, '2026-01-01', 1, '', '', '', '', '', '', 0, 3);
        INSERT INTO deliveries (edition_id, subscriber_id, state, due_at) SELECT 7, id, 'queued', 0 FROM subscribers";

    fn begin(subscriber: i64, attempt: u32, address: &str) -> Begin<'_> {
        Begin { edition: EditionId(7), subscriber: SubscriberId(subscriber), attempt, address }
    }

    fn sent(subscriber: i64, attempt: u32) -> Settle {
        Settle {
            edition: EditionId(7),
            subscriber: SubscriberId(subscriber),
            attempt,
            asked: AddressPrint::of("a@x.org"),
            next: Next {
                state: State::Sent,
                due_at: None,
                spends_attempt: true,
                records_uncertain: false,
                bounces_address: false,
                reason: None,
            },
            code: Some(250),
            at: DateTime::from_timestamp_millis(5_000).unwrap(),
        }
    }

    #[tokio::test]
    async fn a_tick_does_what_fits_the_fence_and_says_what_did_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("straight.db");
        let store = Store::open(&Database::Sqlite(path.clone())).await.unwrap();
        let ledger = LedgerFile::at(&path);
        connect(&path).unwrap().execute_batch(ROWS).unwrap();

        // The second was begun elsewhere since it was claimed, and then claimed before its reader moved; the third has left.
        let begins = [
            begin(1, 0, "a@x.org"),
            begin(2, 1, "b@x.org"),
            begin(2, 0, "old@x.org"),
            begin(3, 0, "c@x.org"),
        ];
        let done = ledger.tick(&[], &begins, "we", || {}).await.unwrap();
        assert_eq!(done, Done { settled: vec![], begun: vec![true, false, false, false] });

        let begins = [begin(2, 0, "b@x.org")];
        let done = ledger.tick(&[sent(1, 1), sent(2, 1)], &begins, "we", || {}).await.unwrap();
        assert_eq!(done, Done { settled: vec![true, false], begun: vec![true] });

        let row: (String, i64, i64, i64, i64) = connect(&path)
            .unwrap()
            .query_row(
                "SELECT state, attempt, deferrals, code, settled_at FROM deliveries WHERE subscriber_id = 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
            .unwrap();
        assert_eq!(row, ("sent".to_owned(), 1, 1, 250, 5_000));
        store.close().await;
    }

    #[tokio::test]
    async fn a_tick_lets_a_transaction_of_its_own_task_come_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("straight.db");
        let store = Store::open(&Database::Sqlite(path.clone())).await.unwrap();
        let ledger = LedgerFile::at(&path);
        connect(&path).unwrap().execute_batch(ROWS).unwrap();
        let Pool::Sqlite { writer, .. } = &store.pool else { panic!() };

        let mut letter = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let begins = [begin(1, 0, "a@x.org")];
        let tick = ledger.tick(&[], &begins, "we", || {});
        let letter = async {
            tokio::task::yield_now().await;
            sqlx::query("UPDATE subscribers SET name = 'Ann' WHERE id = 1")
                .execute(&mut *letter)
                .await
                .unwrap();
            letter.commit().await.unwrap();
        };
        let began = Instant::now();
        let (done, ()) = tokio::join!(tick, letter);
        assert_eq!(done.unwrap().begun, [true]);
        assert!(began.elapsed() < BUSY / 4, "{:?}", began.elapsed());
        store.close().await;
    }
}

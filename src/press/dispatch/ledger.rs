//! The one task that writes to the ledger while an edition goes out. It commits in group: one transaction a tick takes
//! every answer that has come in and puts on record what each connection sends next.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::fail_point::FailPoint;
use crate::press::{Clock, Press};
use crate::store::{Begin, Claimed, EditionId, Settle, Store, StoreError};
use crate::subscriber::SubscriberId;

/// How many rows are claimed ahead.
const CLAIM: u32 = 256;
/// How many requests one tick takes.
const TICK: usize = 256;
/// How long a group is waited for, at most, once its first request is there.
const LINGER: Duration = Duration::from_millis(2);
/// How often progress is told at least while nothing happens.
const PULSE: Duration = Duration::from_millis(250);

/// How long a full disk or a locked database is left alone.
const RESPITE: Duration = Duration::from_millis(500);

/// What a connection asks of the ledger.
pub(super) enum Request {
    /// The next message, put on record as `sending`; `None` when there is no more.
    Next(oneshot::Sender<Option<Claimed>>),
    /// How an attempt ended; told when that is durable.
    Settle(Settle, oneshot::Sender<()>),
}

/// The ledger of one edition's dispatch.
pub(super) struct Ledger<'a> {
    pub(super) store: &'a Store,
    pub(super) edition: EditionId,
    pub(super) owner: &'a str,
    pub(super) clock: &'a Clock,
    /// Cancelled when the run is over.
    over: CancellationToken,
    /// How long answers are held back for a store that does not take them once the run is over.
    patience: Duration,
    claimed: VecDeque<Claimed>,
    /// The last row of the last claim: the next one begins behind it.
    cursor: Option<(DateTime<Utc>, SubscriberId)>,
    exhausted: bool,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(press: &'a Press, edition: EditionId, owner: &'a str, over: CancellationToken) -> Self {
        Ledger {
            store: &press.store,
            edition,
            owner,
            clock: &press.clock,
            over,
            patience: press.patience,
            claimed: VecDeque::new(),
            cursor: None,
            exhausted: false,
        }
    }

    /// Serves the requests of `width` connections until every one has hung up. `settled` is told of each group that is
    /// durable.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        width: usize,
        settled: &(dyn Fn(usize) + Sync),
    ) -> Result<(), StoreError> {
        let mut group = Vec::with_capacity(TICK);
        let mut waiting: VecDeque<oneshot::Sender<Option<Claimed>>> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match tokio::time::timeout(PULSE, requests.recv_many(&mut group, TICK)).await {
                    Ok(0) => return Ok(()),
                    Ok(_) => {}
                    Err(_) => {
                        settled(0);
                        continue;
                    }
                }
            }
            gather(&mut requests, &mut group, width.saturating_sub(waiting.len())).await;
            let (mut settles, mut told) = (Vec::new(), Vec::new());
            for request in group.drain(..) {
                match request {
                    Request::Next(reply) => waiting.push_back(reply),
                    Request::Settle(settle, durable) => {
                        settles.push(settle);
                        told.push(durable);
                    }
                }
            }
            self.tick(&settles, &mut waiting).await?;
            for durable in told {
                // Who has nothing more to send does not wait for it.
                let _ = durable.send(());
            }
            settled(settles.len());
        }
    }

    /// One transaction: the answers in, the next messages out.
    async fn tick(
        &mut self,
        settles: &[Settle],
        waiting: &mut VecDeque<oneshot::Sender<Option<Claimed>>>,
    ) -> Result<(), StoreError> {
        self.refill(waiting.len()).await?;
        let next: Vec<Claimed> = (0..waiting.len()).map_while(|_| self.claimed.pop_front()).collect();
        let begins: Vec<Begin> = next
            .iter()
            .map(|row| Begin { edition: row.edition, subscriber: row.subscriber, attempt: row.attempt })
            .collect();
        let may_send = if settles.is_empty() && begins.is_empty() {
            Vec::new()
        } else {
            self.commit(settles, &begins).await?
        };
        for (mut row, may_send) in next.into_iter().zip(may_send) {
            if !may_send {
                continue;
            }
            row.attempt += 1;
            let Some(reply) = waiting.pop_front() else { break };
            // A connection that hung up in between leaves its row to the recovery; it cannot: it waits for us.
            let _ = reply.send(Some(row));
        }
        if self.exhausted && self.claimed.is_empty() {
            for reply in waiting.drain(..) {
                let _ = reply.send(None);
            }
        }
        Ok(())
    }

    /// Makes one group durable. While the disk is full or the database is locked nothing new is sent, and the answers
    /// that have come wait here: they would be uncertain if they were dropped.
    async fn commit(&self, settles: &[Settle], begins: &[Begin]) -> Result<Vec<bool>, StoreError> {
        let mut failures = 0_u32;
        let mut over_since = None;
        let may_send = loop {
            let error = match self.store.tick(settles, begins, self.owner, self.clock.now()).await {
                Ok(may_send) => break may_send,
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            if failures.is_multiple_of(20) {
                warn!(%error, "the ledger cannot be written: sending waits, and goes on by itself");
            }
            failures += 1;
            if self.over.is_cancelled() {
                let since = *over_since.get_or_insert_with(tokio::time::Instant::now);
                if since.elapsed() >= self.patience {
                    return Err(error);
                }
            }
            tokio::time::sleep(RESPITE).await;
        };
        if failures > 0 {
            info!("the ledger can be written again");
        }
        if !begins.is_empty() {
            FailPoint::AfterSending.pass();
        }
        if !settles.is_empty() {
            FailPoint::AfterSettling.pass();
        }
        Ok(may_send)
    }

    async fn refill(&mut self, wanted: usize) -> Result<(), StoreError> {
        if self.exhausted || self.claimed.len() >= wanted.max(1) {
            return Ok(());
        }
        let rows = self.store.claim(self.edition, self.clock.now(), self.cursor, CLAIM).await?;
        match rows.last() {
            Some(last) => self.cursor = Some((last.due_at, last.subscriber)),
            None => self.exhausted = true,
        }
        self.claimed.extend(rows);
        FailPoint::Claim.pass();
        Ok(())
    }
}

/// Waits for a group: one commit serves all of it. As each connection may have two messages on record, one a connection
/// is half of them, and the other half is on the wire while this one is committed.
async fn gather(requests: &mut mpsc::Receiver<Request>, group: &mut Vec<Request>, wanted: usize) {
    let end = Instant::now() + LINGER;
    let asks = |group: &[Request]| group.iter().filter(|request| matches!(request, Request::Next(_))).count();
    while group.len() < TICK {
        match requests.try_recv() {
            Ok(request) => group.push(request),
            Err(TryRecvError::Empty) if asks(group) < wanted => {
                match tokio::time::timeout_at(end, requests.recv()).await {
                    Ok(Some(request)) => group.push(request),
                    Ok(None) | Err(_) => break,
                }
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
}

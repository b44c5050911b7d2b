//! The one task that writes to the ledger while an edition goes out. It commits in group: one transaction a tick takes
//! every answer that has come in and puts on record what each connection sends next.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::press::Clock;
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

/// What a connection asks of the ledger.
pub(super) enum Request {
    /// The next message, put on record as `sending`; `None` when there is no more.
    Next(oneshot::Sender<Option<Claimed>>),
    /// How an attempt ended.
    Settle(Settle),
}

/// The ledger of one edition's dispatch.
pub(super) struct Ledger<'a> {
    pub(super) store: &'a Store,
    pub(super) edition: EditionId,
    pub(super) owner: &'a str,
    pub(super) clock: &'a Clock,
    claimed: VecDeque<Claimed>,
    /// The last row of the last claim: the next one begins behind it.
    cursor: Option<(DateTime<Utc>, SubscriberId)>,
    exhausted: bool,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(store: &'a Store, edition: EditionId, owner: &'a str, clock: &'a Clock) -> Self {
        Ledger { store, edition, owner, clock, claimed: VecDeque::new(), cursor: None, exhausted: false }
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
            let mut settles = Vec::new();
            for request in group.drain(..) {
                match request {
                    Request::Next(reply) => waiting.push_back(reply),
                    Request::Settle(settle) => settles.push(settle),
                }
            }
            self.tick(&settles, &mut waiting).await?;
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
            self.store.tick(settles, &begins, self.owner, self.clock.now()).await?
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

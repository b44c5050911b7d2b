//! The one task that writes to the ledger while an edition goes out. It commits in group: one transaction a tick takes
//! every answer that has come in and puts on record what each connection sends next.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::queue::Queue;
use crate::press::Clock;
use crate::store::{Begin, Claimed, EditionId, Settle, Store, StoreError};

/// How many requests one tick takes.
const TICK: usize = 256;
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
    store: &'a Store,
    owner: &'a str,
    clock: &'a Clock,
    queue: Queue<'a>,
    /// Cancelled when the run is over: then nobody waits for a turn any longer.
    over: &'a CancellationToken,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        store: &'a Store,
        edition: EditionId,
        owner: &'a str,
        clock: &'a Clock,
        pace: &'a mut Pace,
        over: &'a CancellationToken,
    ) -> Self {
        Ledger { store, owner, clock, queue: Queue::new(store, edition, clock, pace), over }
    }

    /// Serves requests until every connection has hung up. `settled` is told of each group that is durable.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
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
            } else if let Some(until) = self.queue.blocked_until() {
                // A limit holds everybody up: answers are taken meanwhile.
                tokio::select! {
                    count = requests.recv_many(&mut group, TICK) => if count == 0 { return Ok(()) },
                    () = tokio::time::sleep_until(until.min(Instant::now() + PULSE)) => {}
                    () = self.over.cancelled() => waiting.drain(..).for_each(|reply| {
                        let _ = reply.send(None);
                    }),
                }
            } else {
                // Somebody waits already: take what is there, and go.
                while group.len() < TICK {
                    match requests.try_recv() {
                        Ok(request) => group.push(request),
                        Err(_) => break,
                    }
                }
            }
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
        let mut next = Vec::new();
        while next.len() < waiting.len()
            && let Some(row) = self.queue.next().await?
        {
            next.push(row);
        }
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
        if self.queue.is_through() {
            for reply in waiting.drain(..) {
                let _ = reply.send(None);
            }
        }
        Ok(())
    }
}

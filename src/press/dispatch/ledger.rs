//! The one task that writes to the ledger while an edition goes out. It commits in group: one transaction a tick takes
//! every answer that has come in and puts on record what each connection sends next.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::bearing::Bearing;
use super::queue::Queue;
use crate::delivery::State;
use crate::fail_point::FailPoint;
use crate::press::health::{Failures, Work};
use crate::press::{Clock, Press};
use crate::store::{Begin, Claimed, EditionId, Refusal, Settle, Store, StoreError};

/// How many requests one tick takes.
const TICK: usize = 256;
/// How long a group is waited for, at most, once its first request is there.
const LINGER: Duration = Duration::from_millis(2);
/// How often progress is told at least while nothing happens.
const PULSE: Duration = Duration::from_millis(250);

/// How often it is asked whether a person has stopped the edition. Nothing is begun after that in any case; so soon it is
/// noticed by those who wait for a turn.
const STOP_IS_SEEN: Duration = Duration::from_secs(1);

/// So many who have failed are written down in one transaction, rather than a few beside each tick. Until then they are
/// deferred, and asked again after a crash.
const CONDEMNED: usize = 64;

/// How long a full disk or a locked database is left alone.
const RESPITE: Duration = Duration::from_millis(500);

/// What a connection asks of the ledger.
pub(super) enum Request {
    /// The next message, put on record as `sending`; `None` when there is no more.
    Next(oneshot::Sender<Option<Claimed>>),
    /// How an attempt ended; told when that is durable.
    Settle(Settle, oneshot::Sender<()>),
    /// These were refused for what is their own: they have failed.
    Condemn(Vec<Refusal>),
    /// These were refused for nothing of theirs, as far as is known: they are asked again among the others.
    Acquit(Vec<Refusal>),
    /// Who is at other domains goes first.
    OthersFirst(String),
    /// All at this domain wait, these behind the others there; for what is told, unless it was before.
    LeaveAlone { domain: String, refused: Vec<Refusal>, until: DateTime<Utc>, told: Option<String> },
}

/// The ledger of one edition's dispatch.
pub(super) struct Ledger<'a> {
    store: &'a Store,
    owner: &'a str,
    clock: &'a Clock,
    edition: EditionId,
    queue: Queue<'a>,
    /// When it was last asked whether the edition is stopped; `None` to ask at once.
    asked: Option<Instant>,
    /// Cancelled when the run is over: then nobody waits for a turn any longer.
    over: &'a CancellationToken,
    /// How long answers are held back for a store that does not take them once the run is over.
    patience: Duration,
    /// Where it is told that the store does not take them.
    failures: &'a Failures,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        press: &'a Press,
        edition: EditionId,
        owner: &'a str,
        over: &'a CancellationToken,
    ) -> Self {
        let (store, clock) = (&press.store, &press.clock);
        let queue = Queue::new(store, edition, clock, &press.limits);
        let asked = Some(Instant::now());
        let (patience, failures) = (press.patience, &press.failures);
        Ledger { store, owner, clock, edition, queue, asked, over, patience, failures }
    }

    /// Serves the requests of the connections until every one has hung up. `settled` is told how many deliveries have come
    /// to their end by each group that is durable.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        bearing: &Bearing,
        settled: &(dyn Fn(usize) + Sync),
    ) -> Result<(), StoreError> {
        let mut group = Vec::with_capacity(TICK);
        let mut waiting: VecDeque<oneshot::Sender<Option<Claimed>>> = VecDeque::new();
        let mut condemned = Vec::new();
        let mut pulse = tokio::time::interval(PULSE);
        loop {
            if waiting.is_empty() {
                tokio::select! {
                    biased;
                    count = requests.recv_many(&mut group, TICK) => if count == 0 { break },
                    _ = pulse.tick() => {
                        settled(self.condemn(&mut condemned).await);
                        continue;
                    }
                }
            } else if let Some(until) = self.queue.blocked_until() {
                // A limit holds everybody up: answers are taken meanwhile.
                tokio::select! {
                    count = requests.recv_many(&mut group, TICK) => if count == 0 { break },
                    () = tokio::time::sleep_until(until.min(Instant::now() + PULSE)) => {}
                    () = self.over.cancelled() => waiting.drain(..).for_each(|reply| {
                        let _ = reply.send(None);
                    }),
                }
            }
            gather(&mut requests, &mut group, bearing.open().div_ceil(2).saturating_sub(waiting.len())).await;
            let (mut settles, mut told) = (Vec::new(), Vec::new());
            let (mut left_alone, mut acquitted) = (Vec::new(), Vec::new());
            for request in group.drain(..) {
                match request {
                    Request::Next(reply) => waiting.push_back(reply),
                    Request::Settle(settle, durable) => {
                        settles.push(settle);
                        told.push(durable);
                    }
                    Request::Condemn(refused) => condemned.extend(refused),
                    Request::Acquit(refused) => acquitted.extend(refused),
                    Request::OthersFirst(domain) => self.queue.let_go_of(domain),
                    Request::LeaveAlone { domain, refused, until, told } => {
                        if told.is_some() {
                            self.queue.let_go_of(domain.clone());
                        }
                        left_alone.push((domain, refused, until, told));
                    }
                }
            }
            self.queue.accepted(settles.iter().filter(|settle| settle.next.state == State::Sent).count());
            self.tick(&settles, &mut waiting).await?;
            let mut ended = settles.iter().filter(|settle| !settle.next.state.is_open()).count();
            if condemned.len() >= CONDEMNED {
                ended += self.condemn(&mut condemned).await;
            }
            for (domain, refused, until, told) in left_alone {
                self.leave_alone(&domain, &refused, until, told.as_deref()).await;
            }
            if !acquitted.is_empty() {
                match self.store.acquit(&acquitted, self.clock.now()).await {
                    Ok(()) => self.queue.some_are_back(),
                    Err(error) => warn!(
                        %error,
                        "that these are asked again at once is not written down: they are asked later"
                    ),
                }
            }
            self.heed_a_stop(&mut waiting).await;
            for durable in told {
                // Who has nothing more to send does not wait for it.
                let _ = durable.send(());
            }
            settled(ended);
        }
        settled(self.condemn(&mut condemned).await);
        Ok(())
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
        let begins: Vec<Begin<'_>> = next.iter().map(Claimed::begin).collect();
        let may_send = if settles.is_empty() && begins.is_empty() {
            Vec::new()
        } else {
            self.commit(settles, &begins).await?
        };
        for (mut row, may_send) in next.into_iter().zip(may_send) {
            if !may_send {
                // Its reader has left or moved, or the edition is stopped: that is to be known at once.
                self.asked = None;
                continue;
            }
            row.attempt += 1;
            let Some(reply) = waiting.pop_front() else { break };
            // A connection that hung up in between leaves its row to the recovery; it cannot: it waits for us.
            let _ = reply.send(Some(row));
        }
        self.dismiss_when_through(waiting);
        Ok(())
    }

    /// Fails what was refused and had been put off; how many those are.
    async fn condemn(&self, refused: &mut Vec<Refusal>) -> usize {
        let refused = std::mem::take(refused);
        if refused.is_empty() {
            return 0;
        }
        match self.store.condemn(&refused, self.clock.now()).await {
            Ok(()) => refused.len(),
            Err(error) => {
                warn!(%error, "what was refused is not written down as failed: it is asked once more");
                0
            }
        }
    }

    /// Puts off everybody at a domain.
    async fn leave_alone(&self, domain: &str, refused: &[Refusal], until: DateTime<Utc>, told: Option<&str>) {
        let written = async {
            if let Some(told) = told {
                self.store.postpone(self.edition, domain, until, told).await?;
            }
            self.store.hold_back(refused, until).await
        };
        if let Err(error) = written.await {
            warn!(%domain, %error, "that everybody there waits is not written down: they are asked sooner");
        }
    }

    fn dismiss_when_through(&self, waiting: &mut VecDeque<oneshot::Sender<Option<Claimed>>>) {
        if self.queue.is_through() {
            for reply in waiting.drain(..) {
                let _ = reply.send(None);
            }
        }
    }

    /// Sends everybody home when a person has stopped the edition.
    async fn heed_a_stop(&mut self, waiting: &mut VecDeque<oneshot::Sender<Option<Claimed>>>) {
        if self.asked.is_some_and(|asked| asked.elapsed() < STOP_IS_SEEN) {
            return;
        }
        self.asked = Some(Instant::now());
        match self.store.stop_of(self.edition).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                self.queue.close();
                self.dismiss_when_through(waiting);
            }
            // Nothing is begun of a stopped edition in any case, and the next tick says what is wrong.
            Err(error) => debug!(%error, "whether the edition is stopped cannot be asked"),
        }
    }

    /// Makes one group durable. While the disk is full or the database is locked nothing new is sent, and the answers
    /// that have come wait here: they would be uncertain if they were dropped.
    async fn commit(&self, settles: &[Settle], begins: &[Begin<'_>]) -> Result<Vec<bool>, StoreError> {
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
            self.failures.failed(Work::Ledger, &error, self.clock.now());
            if self.over.is_cancelled() {
                let since = *over_since.get_or_insert_with(tokio::time::Instant::now);
                if since.elapsed() >= self.patience {
                    self.failures.over(Work::Ledger);
                    return Err(error);
                }
            }
            tokio::time::sleep(RESPITE).await;
        };
        if failures > 0 {
            self.failures.over(Work::Ledger);
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
}

/// Waits for a group: one commit serves all of it. Half of the connections make one, so that the server is busy with the
/// bodies of the other half while this one is committed.
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

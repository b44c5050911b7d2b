//! What a courier carries next, composed while the message before it is on the wire.

use std::collections::VecDeque;

use tokio::sync::{mpsc, oneshot};

use super::ledger::Request;
use super::run::Run;
use crate::delivery::Envelope;
use crate::store::Claimed;

/// How many deliveries of a courier may be on record as `sending`: the one it carries, and the next.
const ON_RECORD: usize = 2;

/// A message ready to go.
pub(super) struct Parcel {
    pub(super) row: Claimed,
    pub(super) envelope: Envelope,
    pub(super) message: Vec<u8>,
}

/// The next messages of one courier, each on record as `sending` before it is seen here.
pub(super) struct Ahead<'r> {
    run: &'r Run,
    tickets: VecDeque<oneshot::Receiver<Option<Claimed>>>,
    composed: Option<Parcel>,
}

impl<'r> Ahead<'r> {
    pub(super) fn of(run: &'r Run) -> Self {
        Ahead { run, tickets: VecDeque::with_capacity(ON_RECORD), composed: None }
    }

    /// Asks the ledger for as many as may be on record while nothing is carried; `false` when it has gone.
    pub(super) async fn ask(&mut self, ledger: &mpsc::Sender<Request>) -> bool {
        while self.tickets.len() + usize::from(self.composed.is_some()) < ON_RECORD {
            let (reply, ticket) = oneshot::channel();
            if ledger.send(Request::Next(reply)).await.is_err() {
                return false;
            }
            self.tickets.push_back(ticket);
        }
        true
    }

    /// Waits until the next message is on record, and composes it: its envelope and octets; `None` when there is none.
    ///
    /// Whoever stops waiting loses nothing.
    pub(super) async fn look(&mut self) -> Option<(Envelope, usize)> {
        if self.composed.is_none() {
            let answer = self.tickets.front_mut()?.await;
            self.tickets.pop_front();
            self.composed = Some(self.run.compose(answer.ok()??));
        }
        self.composed.as_ref().map(|parcel| (parcel.envelope.clone(), parcel.message.len()))
    }

    /// The next message; `None` when there is no more.
    pub(super) async fn take(&mut self) -> Option<Parcel> {
        self.look().await;
        self.composed.take()
    }

    /// Tells the ledger that none of them is sent.
    pub(super) async fn give_back(&mut self, ledger: &mpsc::Sender<Request>) {
        if let Some(parcel) = self.composed.take() {
            self.run.give_back(parcel.row, ledger).await;
        }
        for ticket in self.tickets.drain(..) {
            if let Ok(Some(row)) = ticket.await {
                self.run.give_back(row, ledger).await;
            }
        }
    }
}

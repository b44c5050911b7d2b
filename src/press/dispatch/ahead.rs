//! What a courier carries next, composed while the message before it is on the wire.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::compose::{Coming, Composer, Prepared};
use super::ledger::Request;
use crate::store::Claimed;

/// How many deliveries of a courier may be on record as `sending`: the one it carries, and the next.
const ON_RECORD: usize = 2;

/// The next messages of one courier, each on record as `sending` before it is seen here.
pub(super) struct Ahead<'r> {
    composer: &'r Arc<Composer>,
    coming: VecDeque<Coming>,
    /// Was the first of those.
    seen: Option<Prepared>,
}

impl<'r> Ahead<'r> {
    pub(super) fn new(composer: &'r Arc<Composer>) -> Self {
        Ahead { composer, coming: VecDeque::with_capacity(ON_RECORD), seen: None }
    }

    /// Asks the ledger for as many as may be on record while nothing is carried; `false` when it has gone.
    pub(super) async fn ask(&mut self, ledger: &mpsc::Sender<Request>) -> bool {
        while self.coming.len() + usize::from(self.seen.is_some()) < ON_RECORD {
            let (reply, ticket) = oneshot::channel();
            if ledger.send(Request::Next(reply)).await.is_err() {
                return false;
            }
            self.coming.push_back(self.composer.begin(ticket));
        }
        true
    }

    /// Whether nothing has been asked for that has not been taken.
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_none() && self.coming.is_empty()
    }

    /// Waits until the next message is on record and composed; `None` when there is none.
    ///
    /// Whoever stops waiting loses nothing.
    pub(super) async fn look(&mut self) -> Option<&Prepared> {
        if self.seen.is_none() {
            self.seen = self.coming.front_mut()?.await;
            self.coming.pop_front();
        }
        self.seen.as_ref()
    }

    /// The next message; `None` when there is no more.
    pub(super) async fn take(&mut self) -> Option<Prepared> {
        self.look().await;
        self.seen.take()
    }

    /// The rows that stand as `sending` and are not sent after all.
    pub(super) async fn give_up(&mut self) -> Vec<Claimed> {
        let mut rows = Vec::with_capacity(ON_RECORD);
        while self.seen.is_some() || !self.coming.is_empty() {
            rows.extend(self.take().await.map(|prepared| prepared.row));
        }
        rows
    }
}

//! The places for connections. When all are taken, whoever has gone longest without a whole request gives theirs up.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long whoever asks keeps the place in any case: a request is on its way for a moment.
const A_MOMENT: Duration = Duration::from_secs(1);

/// So many connections at once.
pub(super) struct Places {
    free: Arc<Semaphore>,
    asking: Mutex<Asking>,
}

/// Who is not being answered, by the time since when.
#[derive(Default)]
struct Asking {
    next: u64,
    since: BTreeMap<u64, (Instant, CancellationToken)>,
}

/// The place of one connection; free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    since: Mutex<Option<u64>>,
    give_up: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(at_once: usize) -> Arc<Self> {
        Arc::new(Places { free: Arc::new(Semaphore::new(at_once)), asking: Mutex::default() })
    }

    /// A place: a free one, else that of whoever has been asking for longest. Waits while everybody is being answered, or
    /// has only just come.
    pub(super) async fn take(self: &Arc<Self>) -> Arc<Place> {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            let longest = self.asking().since.first_key_value().map(|(_, (since, _))| *since + A_MOMENT);
            // Whoever is answered meanwhile may ask again: then there is somebody to look at.
            let patience = longest.unwrap_or_else(|| Instant::now() + A_MOMENT);
            if let Ok(permit) =
                tokio::time::timeout_at(patience, Arc::clone(&self.free).acquire_owned()).await
            {
                break permit.expect("the semaphore is never closed");
            }
            self.turn_out();
        };
        let place = Arc::new(Place {
            places: Arc::clone(self),
            since: Mutex::new(None),
            give_up: CancellationToken::new(),
            _permit: permit,
        });
        place.asks();
        place
    }

    /// Ends the connection of whoever has been asking for longest, if for more than a moment.
    fn turn_out(&self) {
        let mut asking = self.asking();
        let is_long = |(since, _): &(Instant, CancellationToken)| since.elapsed() >= A_MOMENT;
        if let Some(longest) = asking.since.first_entry().filter(|longest| is_long(longest.get())) {
            longest.remove().1.cancel();
        }
    }

    fn asking(&self) -> std::sync::MutexGuard<'_, Asking> {
        // Nothing that is done under the lock can leave it half done.
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// From now on whoever is here is waited for: nothing has come, or no whole request.
    pub(super) fn asks(&self) {
        let mut asking = self.places.asking();
        let now = asking.next;
        asking.next += 1;
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = since.replace(now) {
            asking.since.remove(&before);
        }
        asking.since.insert(now, (Instant::now(), self.give_up.clone()));
    }

    /// From now on whoever is here waits for us, and keeps the place.
    pub(super) fn is_answered(&self) {
        let mut asking = self.places.asking();
        if let Some(before) = self.since.lock().unwrap_or_else(PoisonError::into_inner).take() {
            asking.since.remove(&before);
        }
    }

    /// Ends when somebody else needs the place more.
    pub(super) async fn given_up(&self) {
        self.give_up.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_answered();
    }
}

/// A request's body; once it is whole, its sender is answered.
pub(super) struct WholeRequest {
    body: Incoming,
    place: Arc<Place>,
}

impl WholeRequest {
    pub(super) fn new(body: Incoming, place: Arc<Place>) -> Self {
        WholeRequest { body, place }
    }
}

impl Body for WholeRequest {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.place.is_answered();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

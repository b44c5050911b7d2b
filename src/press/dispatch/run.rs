//! One run of couriers over an edition: what they share, and what each of them does.

mod answers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Ending;
use super::ahead::Ahead;
use super::bearing::{Bearing, Place};
use super::blame::{Blame, Told};
use super::compose::{Composer, Prepared};
use super::courier::Courier;
use super::ledger::Request;
use super::pace::Mail;
use crate::config::UncertainPolicy;
use crate::delivery::outbox::file_name;
use crate::delivery::{Backoff, ConnectError, Envelope, Outcome};
use crate::edition::EditionKey;
use crate::message::Skeleton;
use crate::press::{Clock, Press, size};
use crate::store::{Before, Claimed, Noted, Store, StoredEdition, Trouble};
use crate::subscriber::{EmailAddress, SubscriberId, masked_in};

/// After how long without a message a connection is opened anew.
const IDLE: Duration = Duration::from_secs(20);
/// How long a goodbye is waited for when we are to stop.
const IN_A_MOMENT: Duration = Duration::from_secs(1);
/// How long a courier pauses whose connection refused what others take: the next one may lead there, too.
const AFTER_A_BROKEN_ONE: Duration = Duration::from_secs(30);
/// How long a courier pauses whose connection was lost.
const AFTER_A_LOSS: Duration = Duration::from_secs(1);

/// What the couriers of one run share.
pub(super) struct Run {
    key: EditionKey,
    composer: Arc<Composer>,
    from: EmailAddress,
    /// When it was frozen, and later by the time for which it was paused.
    queued_at: DateTime<Utc>,
    backoff: Backoff,
    policy: UncertainPolicy,
    clock: Clock,
    store: Store,
    patience: Duration,
    /// Cancelled by the caller's stop, and by an ending of our own.
    over: CancellationToken,
    /// The caller's stop, and how long answers are waited for behind it.
    stop: CancellationToken,
    grace: Duration,
    ending: Mutex<Option<Ending>>,
    last_progress: Mutex<Instant>,
    blame: Mutex<Blame>,
    /// Domains that wait by themselves, and how that is told.
    left_alone: Mutex<Vec<(String, Told)>>,
    /// Nothing has been said of a server that is not there.
    silent: AtomicBool,
    /// How often in a row each delivery was begun in vain, and how many messages had got through by then.
    fruitless: Mutex<HashMap<SubscriberId, (u32, u64)>>,
    bearing: Arc<Bearing>,
    /// What the server says of the size of messages is in the store.
    size_is_kept: AtomicBool,
    /// What has been said of what the server bears.
    told: Mutex<Option<String>>,
    /// Some rate is configured: there may be long waits for a turn.
    is_limited: bool,
}

impl Run {
    pub(super) fn new(
        press: &Press,
        edition: &StoredEdition,
        skeleton: Skeleton,
        bearing: Arc<Bearing>,
        noted: &[Noted],
        before: Before,
        stop: &CancellationToken,
    ) -> Self {
        let is_probe = noted.iter().any(|noted| noted.trouble == Trouble::Halted);
        // It may be another process's, or that of a process that is gone.
        let has_broken = noted.iter().any(|noted| noted.trouble == Trouble::Broken);
        let slowed = noted.iter().find(|noted| noted.trouble == Trouble::Slowed);
        Run {
            key: edition.summary.key.clone(),
            composer: Arc::new(Composer::new(press, edition, skeleton)),
            from: edition.letterhead.from.clone(),
            queued_at: edition.summary.frozen_at + edition.summary.paused_for,
            backoff: Backoff { give_up_after: press.config.delivery.give_up_after },
            policy: press.config.delivery.uncertain,
            clock: press.clock.clone(),
            store: press.store.clone(),
            patience: press.patience,
            over: stop.child_token(),
            stop: stop.clone(),
            grace: press.config.delivery.grace,
            ending: Mutex::new(None),
            last_progress: Mutex::new(Instant::now()),
            blame: Mutex::new(Blame::new(is_probe, before).after_a_broken(has_broken)),
            left_alone: Mutex::default(),
            silent: AtomicBool::new(true),
            fruitless: Mutex::default(),
            size_is_kept: AtomicBool::new(false),
            told: Mutex::new(slowed.map(|noted| noted.told.clone())),
            bearing,
            is_limited: press.limits.are_set,
        }
    }

    pub(super) fn bearing(&self) -> &Bearing {
        &self.bearing
    }

    pub(super) fn over(&self) -> &CancellationToken {
        &self.over
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    pub(super) fn ending(&self) -> Ending {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match ending {
            Some(ending) => ending,
            None if self.over.is_cancelled() => Ending::Stopped,
            None => Ending::Complete,
        }
    }

    /// Domains that were left to wait by themselves in this run, each with how that is told.
    pub(super) fn left_alone(&self) -> Vec<(String, Told)> {
        std::mem::take(&mut *self.left_alone.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many were refused over connections that refuse what others take, and in which words.
    pub(super) fn broken(&self) -> Option<(usize, String)> {
        self.blame().broken().map(|(readers, words)| (readers, masked_in(words).into_owned()))
    }

    /// Carries messages until there are no more, or the run is over. Whoever finds that there are no more says so by
    /// `through`, for those who wait for a place at the server.
    pub(super) async fn carry(
        self: Arc<Self>,
        mut courier: Courier,
        ledger: mpsc::Sender<Request>,
        through: CancellationToken,
    ) {
        let mut place = None;
        // Over the present connection.
        let mut carried = 0;
        let mut over = None;
        let mut ahead = Ahead::new(&self.composer);
        // The answer to the message before: until it is durable a crash would make it uncertain, and so the next one,
        // should its dot have left. One message a connection may be in doubt, not two.
        let mut settled: Option<oneshot::Receiver<()>> = None;
        loop {
            let is_ready = courier.is_ready();
            if !self.connect(&mut courier, &mut place, &mut ahead, &ledger, &through).await {
                break;
            }
            if !is_ready {
                carried = 0;
            }
            let mut present = match over {
                Some(present) if is_ready => present,
                before => self.blame().connected(before),
            };
            over = Some(present);
            // A letter wants the place: what is on record is carried first, and nothing more is asked for.
            if place.as_mut().is_some_and(Place::gives_way) {
                if ahead.is_empty() {
                    courier.hang_up().await;
                    place = None;
                    continue;
                }
            } else if !ahead.ask(&ledger).await {
                // With the answer to the last message went the wish for one more: one commit serves both.
                break;
            }
            let asked = Instant::now();
            if self.is_limited
                && let Some(mine) = &mut place
            {
                // Whoever waits for a turn keeps no letter waiting.
                let is_wanted = tokio::select! {
                    biased;
                    _ = ahead.look() => false,
                    () = mine.wanted() => true,
                };
                if is_wanted {
                    courier.hang_up().await;
                    place = None;
                    continue;
                }
            }
            let Some(Prepared { row, message }) = ahead.take().await else {
                through.cancel();
                break;
            };
            if asked.elapsed() > IDLE {
                // A limit held us up, and servers hang up on those who say nothing.
                courier.hang_up().await;
                carried = 0;
                if courier.ready().await.is_err() {
                    self.give_back(row, &ledger).await;
                    continue;
                }
                present = self.blame().connected(over);
                over = Some(present);
            }
            if !self.store.is_sender() {
                // We were away for so long that another node may send this one by now.
                self.end(Ending::Unreachable("this process was away for longer than its lease".to_owned()));
            }
            if self.is_over() {
                self.give_back(row, &ledger).await;
                break;
            }
            let name = || file_name(&self.key.to_string(), row.subscriber.0, row.email.as_str());
            let envelope = self.envelope(&row);
            // Where the server ends each connection after so many, we end it, and it refuses nothing.
            let is_last = self.bearing.is_last(carried + 1);
            let next = async {
                if is_last {
                    return None;
                }
                ahead.look().await.map(|next| (self.envelope(&next.row), next.message.octets()))
            };
            let before = settled.take();
            let release = async {
                let is_durable = match before {
                    Some(durable) => durable.await.is_ok(),
                    None => true,
                };
                // Halted with the message all but sent, we may have been taken for dead: no dot then.
                is_durable && self.store.is_sender()
            };
            let begun = Instant::now();
            let pieces = message.pieces();
            let outcome = tokio::select! {
                biased;
                outcome = courier.send_before(&envelope, name, &pieces, release, next) => Some(outcome),
                () = grace_is_over(&self.stop, self.grace) => None,
            };
            let outcome = outcome.unwrap_or_else(|| courier.cut_off());
            let outcome = self.of_whom(outcome, &row);
            self.judge(&outcome, &row, begun);
            let fruitless = self.count_fruitless(row.subscriber, &outcome);
            let heard = Heard::of(&outcome);
            let is_refused = matches!(outcome, Outcome::Refused(_) | Outcome::Bounced(_));
            settled = self.settle(row, outcome, (begun, present), fruitless, &ledger).await;
            if settled.is_none() {
                break;
            }
            if is_refused && self.leaves_a_broken(present, &ledger).await {
                courier.abandon_next();
                self.give_back_ahead(&mut ahead, &ledger).await;
                courier.hang_up().await;
                place = None;
                self.pause(AFTER_A_BROKEN_ONE, &through).await;
                continue;
            }
            match heard {
                Heard::Answer => {
                    carried += 1;
                    self.bearing.carried(carried);
                    if is_last {
                        courier.hang_up().await;
                    }
                }
                Heard::Nothing => {
                    courier.abandon_next();
                    self.give_back_ahead(&mut ahead, &ledger).await;
                    self.pause(AFTER_A_LOSS, &through).await;
                }
                Heard::Silence => {
                    courier.hang_up().await;
                    self.give_back_ahead(&mut ahead, &ledger).await;
                    if let Some(place) = place.take() {
                        place.silent();
                    }
                }
                Heard::SlowDown { code } => {
                    courier.abandon_next();
                    self.give_back_ahead(&mut ahead, &ledger).await;
                    courier.hang_up().await;
                    place = place.take().and_then(|place| place.slowed(code, carried));
                    self.tell_what_is_borne().await;
                }
            }
        }
        self.give_back_ahead(&mut ahead, &ledger).await;
        farewell(courier.close(), &self.stop).await;
    }

    /// Makes the courier ready once there is a place for it at the server; `false` when the run is over, or there are no
    /// more messages to wait for.
    async fn connect(
        &self,
        courier: &mut Courier,
        place: &mut Option<Place>,
        ahead: &mut Ahead<'_>,
        ledger: &mpsc::Sender<Request>,
        through: &CancellationToken,
    ) -> bool {
        loop {
            if self.is_over() {
                return false;
            }
            if courier.is_ready() && place.is_some() {
                return true;
            }
            let mut mine = match place.take() {
                Some(mine) => mine,
                None => tokio::select! {
                    mine = self.bearing.enter(Mail::Edition) => mine,
                    () = self.over.cancelled() => return false,
                    () = through.cancelled() => return false,
                },
            };
            mine.closed();
            // Nothing of ours is on the wire before there is a connection: it may be left at any moment.
            let ready = tokio::select! {
                ready = courier.ready() => ready,
                () = self.over.cancelled() => return false,
            };
            match ready {
                Ok(()) => {
                    mine.opened();
                    *place = Some(mine);
                    self.tell_what_is_borne().await;
                    if let Some((server, size)) = courier.server()
                        && !self.size_is_kept.swap(true, Ordering::Relaxed)
                    {
                        size::keep(&self.store, server, size).await;
                    }
                    return true;
                }
                Err(ConnectError::Permanent(why)) => {
                    self.end(Ending::Halted(why));
                    return false;
                }
                Err(ConnectError::Transient(why)) => {
                    // Nothing of ours is on the wire: no row may stand as `sending` while we wait.
                    self.give_back_ahead(ahead, ledger).await;
                    if self.silent.swap(false, Ordering::Relaxed) {
                        warn!(why = %masked_in(&why), "no connection; nothing is lost, trying again");
                    } else {
                        debug!(why = %masked_in(&why), "no connection");
                    }
                    mine.refused();
                    self.lose_patience(&why);
                    self.tell_what_is_borne().await;
                }
            }
        }
    }

    /// Says what the server does not bear, in the log and in the store, whenever that is something new.
    pub(super) async fn tell_what_is_borne(&self) {
        let now = self.bearing.told();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if *told == now {
                return;
            }
            told.clone_from(&now);
        }
        match &now {
            Some(told) => info!(edition = %self.key, "{told}"),
            None => info!(edition = %self.key, "the server takes all that is configured"),
        }
        self.note(Trouble::Slowed, now.as_deref()).await;
    }

    /// Writes down for `straight status` how it stands with the server.
    async fn note(&self, trouble: Trouble, told: Option<&str>) {
        if let Err(error) = self.store.note_trouble(trouble, told, self.clock.now()).await {
            debug!(%error, "what the server bears is not written down");
        }
    }

    fn envelope(&self, row: &Claimed) -> Envelope {
        Envelope { from: self.from.clone(), to: row.email.clone() }
    }

    fn heard_of_it(&self) {
        self.silent.store(true, Ordering::Relaxed);
        *self.last_progress.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn lose_patience(&self, why: &str) {
        let last = *self.last_progress.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= self.patience {
            self.end(Ending::Unreachable(why.to_owned()));
        }
    }

    /// Servers repeat whom they refuse, and an ending is told in the log, in `straight status` and in the editors' letter.
    pub(super) fn end(&self, ending: Ending) {
        let ending = match ending {
            Ending::Halted(why) => Ending::Halted(masked_in(&why).into_owned()),
            Ending::Unreachable(why) => Ending::Unreachable(masked_in(&why).into_owned()),
            other @ (Ending::Complete | Ending::Stopped | Ending::Paused(_) | Ending::Cancelled(_)) => other,
        };
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.over.cancel();
    }

    /// Waits, or until the run is over or through.
    async fn pause(&self, pause: Duration, through: &CancellationToken) {
        tokio::select! {
            () = self.over.cancelled() => {}
            () = through.cancelled() => {}
            () = tokio::time::sleep(pause.min(self.patience)) => {}
        }
    }
}

/// Ends a connection politely, and when we are to stop in a moment.
pub(in crate::press) async fn farewell(close: impl Future<Output = ()>, stop: &CancellationToken) {
    tokio::select! {
        biased;
        () = close => {}
        () = grace_is_over(stop, IN_A_MOMENT) => {}
    }
}

/// Waits until `grace` after `stop`: then no answer is waited for any longer.
pub(in crate::press) async fn grace_is_over(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// What an outcome says of the connection.
enum Heard {
    /// There was an answer to this message.
    Answer,
    /// The connection was lost before the dot.
    Nothing,
    /// The dot was sent, and no answer came.
    Silence,
    /// The server wants less of us.
    SlowDown { code: u16 },
}

impl Heard {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::NotSent(_) => Heard::Nothing,
            Outcome::Unanswered(_) => Heard::Silence,
            Outcome::Slowed(reply) | Outcome::Closed(reply) => Heard::SlowDown { code: reply.code },
            Outcome::Accepted(_)
            | Outcome::Deferred(_)
            | Outcome::Bounced(_)
            | Outcome::Refused(_)
            | Outcome::Halt(_)
            | Outcome::SlowedThere(_)
            | Outcome::Undeliverable(_) => Heard::Answer,
        }
    }
}

//! Dispatch: claim → compose → send → settle, for one edition over several couriers.
//!
//! No message is handed over before its `sending` is durable, and each courier has at most two such rows: the one it
//! carries, and the next.

mod ahead;
mod anew;
mod bearing;
mod blame;
mod compose;
mod connections;
mod courier;
mod errands;
mod ledger;
mod limits;
mod pace;
mod queue;
mod run;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Press, PressError};
use crate::config::{Transport, UncertainPolicy};
use crate::delivery::State;
use crate::fail_point::FailPoint;
use crate::message::Skeleton;
use crate::store::{Counts, Course, Decision, EditionId, Recovered, RecoveryPolicy, StoredEdition, Trouble};
use crate::subscriber::masked_in;

use blame::{Alarm, InAll, LEFT_ALONE, Rest, Told};

pub(super) use bearing::{Bearing, Place};
pub use courier::{Courier, Route, RouteError};
pub(super) use limits::Limits;
pub(super) use pace::{Mail, Turn};
pub(super) use run::{farewell, grace_is_over};

/// How long a dispatch goes on without any message getting through before it stops; nothing is lost by that.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is waited for what other nodes hear before it is decided of whom refusals speak, and how often it is asked.
const OTHERS_ARE_WAITED_FOR: Duration = Duration::from_secs(10);
const LOOK_AT_OTHERS: Duration = Duration::from_millis(100);
/// How many refusals are looked at for that.
const MOST_IN_A_ROW: u32 = 1_000;

/// Whatever is open is due by then.
const LONG_FROM_NOW: TimeDelta = TimeDelta::days(3_650);

/// How a dispatch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything that was due has been tried.
    Complete,
    /// Stopped on request; what is left is queued.
    Stopped,
    /// A person has paused the edition; what is left is queued.
    Paused(Decision),
    /// A person has cancelled the edition; nothing is left.
    Cancelled(Decision),
    /// The server was not reached, or let nothing through, for as long as our patience; what is left is queued.
    Unreachable(String),
    /// Only a person can mend it: log-in, certificate, a server that refuses us; what is left is queued.
    Halted(String),
}

/// What a dispatch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatched {
    /// How it ended.
    pub ending: Ending,
    /// Where the deliveries stand now.
    pub counts: Counts,
}

/// Told how many deliveries have come to their end, and of how many.
pub type Progress<'a> = dyn Fn(u64, u64) + Sync + 'a;

impl Press {
    /// Sends what is due of `edition`. The caller holds the sender lock and has called [`recover`](Self::recover).
    ///
    /// # Errors
    /// When the store fails, or the edition cannot be made a message.
    pub async fn dispatch(
        &self,
        route: &Route,
        edition: &StoredEdition,
        progress: &Progress<'_>,
        stop: &CancellationToken,
    ) -> Result<Dispatched, PressError> {
        let id = edition.summary.id;
        let now = self.clock.now();
        let expired = self.store.expire(id, now - self.config.delivery.give_up_after, now).await?;
        let skeleton = Skeleton::new(&edition.rendered, &edition.letterhead)?;
        self.renew_keys().await?;
        let before = route.bearing().count();
        let noted = self.store.troubles_here(now).await?;
        if expired > 0 && noted.iter().any(|noted| noted.trouble != Trouble::Slowed) {
            self.tell_of_the_expired(&edition.summary.key, expired).await?;
        }
        if noted.iter().any(|noted| noted.trouble == Trouble::Halted) {
            route.bearing().narrow();
        }
        let stands = self.store.stands_before(id).await?;
        let run = Arc::new(run::Run::new(self, edition, skeleton, route.bearing(), &noted, stands, stop));
        let owner = self.store.owner();
        let errands = errands::Errands::start().map_err(PressError::Thread)?;
        loop {
            if self.store.is_shared() {
                self.recover().await?;
            }
            let before = self.store.counts(id).await?;
            let total = before.total();
            let done = AtomicU64::new(total - before.open());
            progress(done.load(Ordering::Relaxed), total);
            if run.is_over() || !self.store.has_due(id, self.clock.now()).await? {
                break;
            }
            let settled = |count: usize| {
                let done = done.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
                progress(done.min(total), total);
            };
            let (requests, served) = mpsc::channel(1024);
            let mut couriers = JoinSet::new();
            let through = CancellationToken::new();
            for _ in 0..route.width() {
                let carry = Arc::clone(&run).carry(route.courier(), requests.clone(), through.clone());
                couriers.spawn_on(carry, errands.handle());
            }
            drop(requests);
            let ledger = ledger::Ledger::new(self, id, &owner, run.over());
            let done = CancellationToken::new();
            let ledger = async {
                let ended = ledger.run(served, run.bearing(), &settled).await;
                done.cancel();
                ended
            };
            // A long or limited edition keeps nobody waiting for their letter.
            let (ended, ()) = tokio::join!(ledger, self.send_letters_meanwhile(route, &done, stop));
            if let Err(error) = ended {
                // What is under way ends without a dot, or without its answer: the recovery finds it as `sending`.
                couriers.shutdown().await;
                return Err(error.into());
            }
            couriers.join_all().await;
            self.look_behind(&run, id).await?;
        }
        self.store.release(id).await?;
        let stopped = self.store.stop_of(id).await?;
        self.decide(&run, id, stopped.is_some()).await?;
        if stopped.as_ref().is_some_and(|stop| stop.course == Course::Cancelled) {
            self.store.withhold_cancelled(self.clock.now()).await?;
        }
        self.store.advance_mark().await?;
        FailPoint::End.pass();
        let counts = self.store.counts(id).await?;
        let ending = match (run.ending(), stopped) {
            (Ending::Complete, Some(stop)) => match stop.course {
                Course::Cancelled => Ending::Cancelled(stop),
                Course::Paused if counts.open() > 0 => Ending::Paused(stop),
                Course::Paused | Course::Resumed => Ending::Complete,
            },
            (ending, _) => ending,
        };
        if run.ending() == Ending::Complete {
            run.bearing().rest_is_over();
        }
        run.tell_what_is_borne().await;
        // A server that answers 451 to everybody is there, and takes nothing yet.
        let over: &[Trouble] = match run.bearing().count() > before {
            true if run.blame().has_accepted() => &[Trouble::Halted, Trouble::Unreachable],
            true => &[Trouble::Unreachable],
            false => &[],
        };
        self.note_ending(&ending, over).await?;
        for (domain, Told { of, why }) in run.left_alone() {
            self.tell_of_a_domain(&edition.summary, &domain, of, &why).await?;
        }
        let was_broken = noted.iter().any(|noted| noted.trouble == Trouble::Broken);
        match run.broken() {
            Some((readers, words)) => {
                let told = format!("some connections refuse what others take, the last with: {words}");
                self.store.note_trouble(Trouble::Broken, Some(&told), self.clock.now()).await?;
                self.tell_of_a_broken_server(&edition.summary.key, readers, &words).await?;
            }
            // Whom it refused has been asked since, or given up.
            None if was_broken => self.forget_moot_troubles().await?,
            None => {}
        }
        self.tell_of_the_struck_off(&edition.summary, counts).await?;
        Ok(Dispatched { ending, counts })
    }

    /// Once everybody has been asked but those behind whom the others went first: whether it is these, or us.
    async fn look_behind(&self, run: &run::Run, id: EditionId) -> Result<(), PressError> {
        if run.is_over() {
            return Ok(());
        }
        let through = run.blame().list_is_through(Instant::now());
        let now = self.clock.now();
        self.store.acquit(&through.acquitted, now).await?;
        for (domain, words) in through.slow {
            let until = now + run.slow_for(&domain, &words);
            self.store.postpone(id, &domain, until, &masked_in(&words)).await?;
        }
        match through.alarm {
            Some(alarm) => self.heed(run, id, alarm).await,
            None => Ok(()),
        }
    }

    async fn heed(&self, run: &run::Run, id: EditionId, alarm: Alarm) -> Result<(), PressError> {
        match alarm {
            Alarm::Halt(why) => run.end(Ending::Halted(why)),
            Alarm::Others(_) => {}
            Alarm::Domain { domain, refused, told } => {
                let until = self.clock.now() + LEFT_ALONE;
                if let Some(told) = told {
                    let told = run.left_to_wait(&domain, told);
                    self.store.postpone(id, &domain, until, &told).await?;
                }
                self.store.hold_back(&refused, until).await?;
            }
        }
        Ok(())
    }

    /// What becomes of those that were refused when the run was over before it was known of whom that speaks. They go
    /// back, unless it was theirs, or their domain's.
    async fn decide(&self, run: &run::Run, id: EditionId, is_stopped: bool) -> Result<(), PressError> {
        if run.blame().is_decided() {
            return Ok(());
        }
        let is_through = || !is_stopped && run.ending() == Ending::Complete;
        if is_through() && !self.have_others_answered(run, id).await? && is_through() {
            // What they hear may show that it is us: who was refused stays put off, and is asked again.
            return Ok(());
        }
        if is_through() {
            let (in_all, in_a_row) = self.in_all(run, id).await?;
            let counts = self.store.counts(id).await?;
            let (sent, open) = (counts.of(State::Sent), counts.open());
            let end = run.blame().at_the_end(in_all, sent, open, Instant::now());
            for domain in end.domains {
                self.heed(run, id, domain).await?;
            }
            match end.rest {
                Rest::Theirs => {
                    let refused = run.blame().undecided();
                    return Ok(self.store.condemn(&refused, self.clock.now()).await?);
                }
                Rest::AskedAgain => return Ok(()),
                Rest::Ours(why) => {
                    let why = in_a_row.map_or(why, |count| run.blame().told_in_a_row(count));
                    run.end(Ending::Halted(why));
                }
            }
        }
        let refused = run.blame().undecided();
        Ok(self.store.acquit(&refused, self.clock.now()).await?)
    }

    /// Waits a moment for what other nodes have on the wire, or are about to send; whether nothing of it is left.
    async fn have_others_answered(&self, run: &run::Run, id: EditionId) -> Result<bool, PressError> {
        let waited = Instant::now();
        while self.store.are_others_at_work(id).await? {
            if waited.elapsed() >= OTHERS_ARE_WAITED_FOR || run.is_over() {
                return Ok(false);
            }
            tokio::time::sleep(LOOK_AT_OTHERS).await;
        }
        Ok(true)
    }

    /// Of whom it speaks that all nodes, in whichever run, have been refused so many in a row; and how many, if nobody was
    /// accepted meanwhile.
    async fn in_all(
        &self,
        run: &run::Run,
        id: EditionId,
    ) -> Result<(Option<InAll>, Option<usize>), PressError> {
        let last_sent = self.store.last_sent(id).await?.unwrap_or(DateTime::UNIX_EPOCH);
        let since = run.blame().in_a_row_since(last_sent);
        let sent = self.store.sent_since(id, since, MOST_IN_A_ROW.into()).await?;
        let refused = self.store.refused_since(id, since, MOST_IN_A_ROW).await?;
        let in_a_row = (sent == 0 && !refused.is_empty()).then_some(refused.len());
        Ok((run.blame().in_all(&refused, sent), in_a_row))
    }

    /// Writes down for `straight status` how it stands with the server, and tells the editors what they must know. What is
    /// over when all went well is struck out.
    pub(super) async fn note_ending(&self, ending: &Ending, over: &[Trouble]) -> Result<(), PressError> {
        let (trouble, why) = match ending {
            Ending::Halted(why) => (Trouble::Halted, why),
            Ending::Unreachable(why) => (Trouble::Unreachable, why),
            Ending::Complete | Ending::Stopped | Ending::Paused(_) | Ending::Cancelled(_) => {
                for &over in over {
                    self.store.note_trouble(over, None, self.clock.now()).await?;
                }
                return Ok(());
            }
        };
        self.store.note_trouble(trouble, Some(why), self.clock.now()).await?;
        self.raise_alarm(trouble, why).await
    }

    /// Strikes out what kept editions from going out once none is left to go out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_moot_troubles(&self) -> Result<(), PressError> {
        let now = self.clock.now();
        let over = [Trouble::Halted, Trouble::Unreachable, Trouble::Broken];
        let noted = self.store.troubles_here(now).await?;
        if noted.iter().any(|noted| over.contains(&noted.trouble))
            && self.store.open_editions(now + LONG_FROM_NOW).await?.is_empty()
        {
            for trouble in over {
                self.store.note_trouble(trouble, None, now).await?;
            }
        }
        Ok(())
    }

    /// Takes up what dead senders left on the wire, but for cancelled editions; the caller holds the sender lock.
    ///
    /// # Errors
    /// When the store fails, or its database is damaged or older than what has been sent.
    pub async fn recover(&self) -> Result<Recovered, PressError> {
        self.store.check_soundness().await?;
        self.store.advance_mark().await?;
        let policy = match (&self.config.transport, self.config.delivery.uncertain) {
            (Transport::Outbox { .. }, _) => RecoveryPolicy::Requeue,
            (Transport::Smtp(_), UncertainPolicy::Resend) => RecoveryPolicy::ResendOnce,
            (Transport::Smtp(_), UncertainPolicy::Hold) => RecoveryPolicy::Hold,
        };
        let now = self.clock.now();
        self.store.recover_letters(now).await?;
        let recovered = self.store.recover(policy, now).await?;
        self.store.withhold_cancelled(now).await?;
        Ok(recovered)
    }
}

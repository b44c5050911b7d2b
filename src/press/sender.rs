//! The sender that `straight run` keeps: whoever holds the sender lock sends what is due, letters first. With SQLite one
//! process holds it; with PostgreSQL every node does, and looks at each beat whether another has died.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::dispatch::Mail;
use super::{Ending, Press, PressError, Route};
use crate::delivery::State;
use crate::edition::EditionKey;
use crate::store::{EditionId, EditionSummary, Ownership, SenderLock};

/// How long nothing is tried after a halt that only a person can mend.
const AFTER_A_HALT: TimeDelta = TimeDelta::minutes(10);
/// An edition of which all who are left have been refused is left alone for longer each time, and so long at most.
const AT_MOST: TimeDelta = TimeDelta::hours(2);

/// A halt that only a person can mend.
#[derive(Debug, Clone, Copy)]
struct Halt {
    at: DateTime<Utc>,
    of: Mail,
}

/// An edition of which the readers were refused: it is left alone for so long, and others go on.
#[derive(Debug, Clone, Copy)]
struct LeftAlone {
    at: DateTime<Utc>,
    rests: TimeDelta,
}

/// One process's readiness to send from one store.
#[derive(Debug)]
pub struct Sender {
    press: Press,
    route: Route,
    lock: Option<SenderLock>,
    /// The halt after which it rests.
    halt: Option<Halt>,
    /// Editions that are left alone.
    left_alone: HashMap<EditionId, LeftAlone>,
    /// Why not everything that was due went out at the last beat.
    held_up: Option<String>,
    /// When what is over was forgotten last.
    forgot_at: Option<DateTime<Utc>>,
}

impl Sender {
    /// Prepares the way out; sends nothing yet.
    ///
    /// # Errors
    /// When the way out cannot be prepared, or sample values would reach real people.
    pub fn prepare(press: Press) -> Result<Self, PressError> {
        press.guard()?;
        let route = Route::prepare(&press.config.transport)?;
        Ok(Sender {
            press,
            route,
            lock: None,
            halt: None,
            left_alone: HashMap::new(),
            held_up: None,
            forgot_at: None,
        })
    }

    /// Answers sign-ups, tells moderators of comments, sends letters, then what is due of every edition: oldest first, and
    /// last those of which all who are left have been refused, because the next edition may show of whom that speaks.
    ///
    /// # Errors
    /// When the store fails, or an edition cannot be made a message.
    pub async fn send_due(&mut self, stop: &CancellationToken) -> Result<(), PressError> {
        let done = self.try_to_send(stop).await;
        if done.is_err() {
            // What stood as `sending` when the store failed is taken up with the lock, as after a crash.
            self.lock = None;
        }
        done
    }

    async fn try_to_send(&mut self, stop: &CancellationToken) -> Result<(), PressError> {
        let now = self.press.clock.now();
        let rests = self.rests(now).await?;
        // Letters go on when it is editions that the server refuses.
        if rests == Some(Mail::Letter) || !self.is_sender().await? {
            return Ok(());
        }
        self.held_up = None;
        self.press.forget_what_is_over(&mut self.forgot_at).await?;
        self.press.answer_sign_ups().await?;
        self.press.tell_moderators().await?;
        let ending = self.press.send_letters(&self.route, stop).await?;
        if !self.goes_on(ending, Mail::Letter, "letters") || rests.is_some() {
            return Ok(());
        }
        self.halt = None;
        self.press.forget_moot_troubles().await?;
        for (id, key) in self.whose_turn_it_is(now).await? {
            if !self.press.store.has_due(id, now).await? {
                // Other nodes have claimed all that is due: their work, and theirs to tell of.
                continue;
            }
            let Some(edition) = self.press.store.edition(&key).await? else { continue };
            let begun = self.press.clock.now() - TimeDelta::milliseconds(1);
            let done = self.press.dispatch(&self.route, &edition, &|_, _| {}, stop).await?;
            let counts = done.counts;
            info!(edition = %key, sent = counts.of(State::Sent), open = counts.open(), "dispatched");
            if let Err(error) = self.press.show(&self.route, &edition) {
                warn!(%error, "the outbox's page is not written");
            }
            // The next edition may be taken, and asks a few only to find out.
            if let Ending::Halted(why) = &done.ending
                && !self.press.store.refused_since(id, begun, 1).await?.is_empty()
            {
                self.leave_alone(&edition.summary, why).await?;
            } else if self.goes_on(done.ending, Mail::Edition, &key.to_string()) {
                self.left_alone.remove(&id);
                let (failed, sent) = (counts.of(State::Failed), counts.of(State::Sent));
                if failed > sent {
                    self.held_up =
                        Some(format!("the edition {key} failed for {failed} and was sent to {sent}"));
                }
            } else {
                break;
            }
        }
        Ok(())
    }

    /// The editions that may be sent now, in that order.
    async fn whose_turn_it_is(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<Vec<(EditionId, EditionKey)>, PressError> {
        let store = &self.press.store;
        let mut open = store.open_editions(now).await?;
        self.left_alone.retain(|id, _| open.iter().any(|(is_open, _)| is_open == id));
        if let Some(last) = self.left_alone.values().map(|left| left.at).max()
            && store.is_asked_to_send_since(last).await?
        {
            self.left_alone.clear();
        }
        open.retain(|(id, _)| {
            self.left_alone.get(id).is_none_or(|LeftAlone { at, rests }| now >= *at + *rests)
        });
        if open.len() < 2 {
            return Ok(open);
        }
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for edition in open {
            match store.is_anybody_new(edition.0, now).await? {
                true => first.push(edition),
                false => last.push(edition),
            }
        }
        first.append(&mut last);
        Ok(first)
    }

    /// Leaves an edition alone of which the readers are refused: for longer each time, once nobody of it is left whom it has
    /// not asked.
    async fn leave_alone(&mut self, edition: &EditionSummary, why: &str) -> Result<(), PressError> {
        let (id, key, at) = (edition.id, &edition.key, self.press.clock.now());
        let rests = match self.left_alone.get(&id) {
            Some(before) if !self.press.store.is_anybody_new(id, at).await? => AT_MOST.min(before.rests * 2),
            Some(_) | None => AFTER_A_HALT,
        };
        // When it is given up it is looked at again.
        let given_up = self.press.gives_up_at(edition) + TimeDelta::seconds(1);
        let rests = rests.min(given_up - at).max(AFTER_A_HALT);
        self.tell_of_a_halt(&key.to_string(), &format!("straight send --edition {key}"), why, rests);
        self.left_alone.insert(id, LeftAlone { at, rests });
        Ok(())
    }

    /// Why not everything that was due went out at the last beat, if the server is to blame for it or more failed than were
    /// sent to.
    #[must_use]
    pub fn held_up(&self) -> Option<&str> {
        self.held_up.as_deref()
    }

    fn goes_on(&mut self, ending: Ending, of: Mail, what: &str) -> bool {
        match ending {
            Ending::Complete => true,
            Ending::Stopped => false,
            // It is said once: a stopped edition is not dispatched again before it is resumed.
            Ending::Paused(stop) => {
                warn!(%what, "{stop}; `straight resume --edition {what}` lets it go on");
                true
            }
            Ending::Cancelled(stop) => {
                warn!(%what, "{stop}; nobody else gets it");
                true
            }
            Ending::Unreachable(why) => {
                warn!(%what, %why, "the server lets nothing through; trying again");
                self.held_up = Some(format!("nothing gets through: {why}"));
                false
            }
            Ending::Halted(why) => {
                let send = match of {
                    Mail::Letter => "straight send".to_owned(),
                    Mail::Edition => format!("straight send --edition {what}"),
                };
                self.tell_of_a_halt(what, &send, &why, AFTER_A_HALT);
                self.halt = Some(Halt { at: self.press.clock.now(), of });
                false
            }
        }
    }

    fn tell_of_a_halt(&mut self, what: &str, send: &str, why: &str, rests: TimeDelta) {
        let minutes = rests.num_minutes();
        error!(%what, %why, "halted; nothing is lost, and it is tried again in {minutes} minutes, or at once by `{send}`");
        self.held_up = Some(format!("sending is halted: {why}\nMend it, and `{send}` goes on"));
    }

    /// What it leaves alone after a halt: until `straight send` asks, or for ten minutes.
    async fn rests(&self, now: DateTime<Utc>) -> Result<Option<Mail>, PressError> {
        match self.halt {
            Some(Halt { at, of }) if now < at + AFTER_A_HALT => {
                let is_asked = self.press.store.is_asked_to_send_since(at).await?;
                Ok((!is_asked).then_some(of))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Whether this process sends; takes up what others left behind, and takes over when the place is free.
    async fn is_sender(&mut self) -> Result<bool, PressError> {
        let store = &self.press.store;
        if self.lock.is_some() && store.is_sender() {
            if store.is_shared() {
                self.recover().await?;
            }
            return Ok(true);
        }
        self.lock = None;
        match store.acquire_sender().await? {
            Ownership::Ours(lock) => {
                self.recover().await?;
                self.lock = Some(lock);
                Ok(true)
            }
            Ownership::Others => Ok(false),
        }
    }

    async fn recover(&self) -> Result<(), PressError> {
        let recovered = self.press.recover().await?;
        if recovered.requeued + recovered.held > 0 {
            let (requeued, held) = (recovered.requeued, recovered.held);
            warn!(requeued, held, "a sender stopped in the middle: taken up");
        }
        Ok(())
    }
}

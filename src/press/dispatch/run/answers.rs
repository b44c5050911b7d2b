//! What an answer says of its reader, of the run, and of us; and how it goes into the ledger.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::Run;
use crate::delivery::{
    Backoff, FRUITLESS, Next, Outcome, Reply, State, next_after_fruitless, next_after_refusal, next_state,
};
use crate::press::Ending;
use crate::press::dispatch::ahead::Ahead;
use crate::press::dispatch::blame::{Alarm, Asked, Blame, FoundOut, LEFT_ALONE, LessFor, Told};
use crate::press::dispatch::connections::Over;
use crate::press::dispatch::ledger::Request;
use crate::store::{Claimed, Refusal, Refused};
use crate::subscriber::{SubscriberId, masked_in};

impl Run {
    /// Less is wanted for the recipient's domain, or of us: what is said at RCPT speaks of the one until it is found out
    /// to speak of the other.
    pub(super) fn of_whom(&self, outcome: Outcome, row: &Claimed) -> Outcome {
        let Outcome::SlowedThere(reply) = outcome else { return outcome };
        let put_off = refusal(row, Refused::Message);
        match self.blame().slowed(put_off, row.email.domain(), &reply, Instant::now()) {
            LessFor::All => Outcome::Slowed(reply),
            LessFor::TheDomain => Outcome::SlowedThere(reply),
        }
    }

    /// Looks at an outcome for what it says of the run as a whole.
    pub(super) fn judge(&self, outcome: &Outcome, row: &Claimed, begun: Instant) {
        // Put into words only when it is logged.
        let to = std::fmt::from_fn(|f| f.write_str(&row.email.masked()));
        match outcome {
            Outcome::Accepted(reply) => {
                debug!(edition = %self.key, %to, code = reply.code, "accepted");
            }
            Outcome::Deferred(reply)
            | Outcome::Bounced(reply)
            | Outcome::Refused(reply)
            | Outcome::Halt(reply) => {
                info!(edition = %self.key, %to, code = reply.code, reply = %masked_in(&reply.text), "not accepted");
            }
            Outcome::Undeliverable(why) => {
                info!(edition = %self.key, %to, why = %masked_in(why), "cannot be given to this server")
            }
            Outcome::Unanswered(why) => {
                warn!(edition = %self.key, %to, why = %masked_in(why), "no answer after the message");
            }
            Outcome::NotSent(why) => debug!(edition = %self.key, %to, why = %masked_in(why), "not sent"),
            Outcome::Slowed(reply) | Outcome::SlowedThere(reply) | Outcome::Closed(reply) => {
                debug!(edition = %self.key, %to, code = reply.code, reply = %masked_in(&reply.text), "slowed down");
            }
        }
        match outcome {
            Outcome::NotSent(why) => self.lose_patience(why),
            Outcome::Slowed(reply) | Outcome::Closed(reply) => {
                self.lose_patience(&format!("the server slows us down: {reply}"))
            }
            Outcome::Halt(reply) => {
                self.end(Ending::Halted(format!("the server refuses our messages: {reply}")))
            }
            // It answers, and no more than that can be said for it.
            Outcome::Refused(_) | Outcome::Bounced(_) | Outcome::SlowedThere(_) => self.heard_of_it(),
            // We did not wait for it.
            Outcome::Unanswered(_) if self.stop.is_cancelled() => {}
            Outcome::Unanswered(_) => {
                let halt = self.blame().unanswered(begun, Instant::now());
                if let Some(why) = halt {
                    self.end(Ending::Halted(why));
                }
            }
            Outcome::Accepted(_) | Outcome::Deferred(_) | Outcome::Undeliverable(_) => {
                self.bearing.accepted();
                self.heard_of_it();
            }
        }
    }

    /// How often in a row this delivery was now begun in vain. When the server slows everybody down that is not counted.
    pub(super) fn count_fruitless(&self, subscriber: SubscriberId, outcome: &Outcome) -> u32 {
        let mut fruitless = self.fruitless.lock().unwrap_or_else(PoisonError::into_inner);
        let through = self.bearing.count();
        let is_its_own = match outcome {
            Outcome::NotSent(_) => true,
            Outcome::Slowed(_) => fruitless.get(&subscriber).is_none_or(|(_, before)| *before < through),
            Outcome::Accepted(_)
            | Outcome::Deferred(_)
            | Outcome::Bounced(_)
            | Outcome::Refused(_)
            | Outcome::Halt(_)
            | Outcome::SlowedThere(_)
            | Outcome::Undeliverable(_)
            | Outcome::Closed(_)
            | Outcome::Unanswered(_) => {
                fruitless.remove(&subscriber);
                return 0;
            }
        };
        let (count, before) = fruitless.entry(subscriber).or_default();
        *count += u32::from(is_its_own);
        *before = through;
        let count = *count;
        if count >= FRUITLESS {
            fruitless.remove(&subscriber);
        }
        count
    }

    /// Hands an answer to the ledger; gives what tells when it is durable, `None` when the ledger has gone.
    pub(super) async fn settle(
        &self,
        row: Claimed,
        outcome: Outcome,
        (begun, over): (Instant, Over),
        fruitless: u32,
        ledger: &mpsc::Sender<Request>,
    ) -> Option<oneshot::Receiver<()>> {
        let at = self.clock.now();
        let attempt = row.deferrals.saturating_add(1);
        let domain = row.email.domain();
        let next = match &outcome {
            Outcome::Refused(reply) | Outcome::Bounced(reply) => next_after_refusal(reply, at, LEFT_ALONE),
            Outcome::NotSent(why) if fruitless >= FRUITLESS => {
                next_after_fruitless(why, attempt, self.queued_at, at, self.backoff)
            }
            Outcome::Slowed(reply) if fruitless >= FRUITLESS => {
                next_after_fruitless(&reply.to_string(), attempt, self.queued_at, at, self.backoff)
            }
            _ => next_state(&outcome, attempt, row.uncertain, self.queued_at, at, self.backoff, self.policy),
        };
        let settle = row.settled(next, outcome.code(), at);
        let (durable, told) = oneshot::channel();
        ledger.send(Request::Settle(settle, durable)).await.ok()?;
        // Behind that in the ledger's queue comes what is decided of it, by whomever.
        match outcome {
            Outcome::Accepted(_) => {
                self.bearing.kept();
                // What halts a run speaks of us, whatever was begun before it comes through.
                let found = match self.is_over() {
                    true => FoundOut::default(),
                    false => {
                        let mut blame = self.blame();
                        blame.taken(row.subscriber);
                        blame.accepted(domain, over, begun)
                    }
                };
                if !found.anew.is_empty() {
                    ledger.send(Request::Acquit(found.anew)).await.ok()?;
                }
                if !found.own.is_empty() {
                    ledger.send(Request::Condemn(found.own)).await.ok()?;
                }
                for (domain, words) in found.slow {
                    let until = at + self.slow_for(&domain, &words);
                    let told = Some(masked_in(&words).into_owned());
                    let request = Request::LeaveAlone { domain, refused: Vec::new(), until, told };
                    ledger.send(request).await.ok()?;
                }
            }
            Outcome::SlowedThere(_) => {
                ledger.send(Request::OthersFirst(domain.to_owned())).await.ok()?;
            }
            Outcome::Refused(reply) => {
                self.suspect(&row, Refused::Message, &reply, (at, over), ledger).await?
            }
            Outcome::Bounced(reply) => {
                self.suspect(&row, Refused::Address, &reply, (at, over), ledger).await?
            }
            _ => {}
        }
        Some(told)
    }

    /// Looks at what was refused at `at` for what it says of others; `None` when the ledger has gone.
    async fn suspect(
        &self,
        row: &Claimed,
        of: Refused,
        reply: &Reply,
        (at, over): (DateTime<Utc>, Over),
        ledger: &mpsc::Sender<Request>,
    ) -> Option<()> {
        let asked = if row.is_refused_before() { Asked::Again } else { Asked::First };
        let now = (at, Instant::now());
        let alarm = self.blame().refused(refusal(row, of), row.email.domain(), reply, (asked, over), now);
        match alarm {
            Some(Alarm::Halt(why)) => self.end(Ending::Halted(why)),
            Some(Alarm::Others(domain)) => ledger.send(Request::OthersFirst(domain)).await.ok()?,
            Some(Alarm::Domain { domain, refused, told }) => {
                let until = self.clock.now() + LEFT_ALONE;
                let told = told.map(|told| self.left_to_wait(&domain, told));
                ledger.send(Request::LeaveAlone { domain, refused, until, told }).await.ok()?;
            }
            None => {}
        }
        Some(())
    }

    /// Whether a connection refuses what others take, and is to be ended. Whom it refused are asked again over another.
    pub(super) async fn leaves_a_broken(&self, over: Over, ledger: &mpsc::Sender<Request>) -> bool {
        let found = self.blame().refused_by_a_broken(over);
        let Some((refused, words)) = found else { return false };
        let (readers, words) = (refused.len(), masked_in(&words).into_owned());
        warn!(edition = %self.key, readers, reply = %words, "a connection refuses what others take: these are asked again over another");
        // A ledger that has gone leaves them put off.
        let _ = ledger.send(Request::Acquit(refused)).await;
        true
    }

    /// Says that everybody at `domain` waits, nobody being refused for themselves; gives the words for the record.
    pub(in crate::press::dispatch) fn left_to_wait(&self, domain: &str, mut told: Told) -> String {
        told.why = masked_in(&told.why).into_owned();
        let why = told.why.clone();
        warn!(edition = %self.key, %domain, %why, "everybody there waits for half an hour; nobody is struck off");
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        left_alone.push((domain.to_owned(), told));
        why
    }

    /// Says that everybody at `domain` waits, for the server wants less for it; gives for how long.
    pub(in crate::press::dispatch) fn slow_for(&self, domain: &str, words: &str) -> Duration {
        warn!(edition = %self.key, %domain, reply = %masked_in(words), "less is wanted there: all wait for five minutes");
        Backoff::delay(1)
    }

    pub(in crate::press::dispatch) fn blame(&self) -> MutexGuard<'_, Blame> {
        self.blame.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn give_back(&self, row: Claimed, ledger: &mpsc::Sender<Request>) {
        // It keeps its place, and whatever was said to it before.
        let next = Next {
            state: State::Queued,
            due_at: None,
            spends_attempt: false,
            bounces_address: false,
            records_uncertain: false,
            reason: None,
        };
        let settle = row.settled(next, None, self.clock.now());
        let (durable, _) = oneshot::channel();
        // A ledger that has gone leaves it to the recovery.
        let _ = ledger.send(Request::Settle(settle, durable)).await;
    }

    pub(super) async fn give_back_ahead(&self, ahead: &mut Ahead<'_>, ledger: &mpsc::Sender<Request>) {
        for row in ahead.give_up().await {
            self.give_back(row, ledger).await;
        }
    }
}

fn refusal(row: &Claimed, of: Refused) -> Refusal {
    let (edition, subscriber, attempt, asked) = (row.edition, row.subscriber, row.attempt, row.asked());
    Refusal { edition, subscriber, attempt, asked, of }
}

//! The post: letters to single people, ahead of editions, over the same way out and within the same limits.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::dispatch::{Bearing, Mail, Place, Turn, farewell, grace_is_over};
use super::{Courier, Ending, Press, PressError, Route};
use crate::delivery::outbox::file_name;
use crate::delivery::smtp::speaks_of_the_size;
use crate::delivery::{
    Backoff, ConnectError, Envelope, FRUITLESS, Outcome, next_after_deferral, next_after_fruitless,
    next_after_silence, next_state,
};
use crate::letter::{self, Letter};
use crate::message::Letterhead;
use crate::store::{OpenLetter, Trouble};
use crate::subscriber::masked_in;

/// How often it is looked for letters while an edition goes out.
const LOOK: Duration = Duration::from_secs(1);
/// The same after the server would not have one.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How often a letter that is refused is tried again in any case.
const REFUSED: u32 = 3;
/// How often an alarm that may or may not have arrived is sent once more: twice does no harm, and never does.
const ALARM_UNANSWERED: u32 = 5;
/// How many letters are read at a time.
const AT_A_TIME: u32 = 64;
/// A turn that comes so soon is waited for with the connection in hand.
const SOON: Duration = Duration::from_secs(1);
/// How long letters have the only connection before it is an edition's again.
const ROUND: Duration = Duration::from_secs(1);

/// Who wants to send beside letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    AnEdition,
}

/// What a round of letters came to.
struct Round {
    ending: Ending,
    got_through: bool,
    /// When the first of those may go that a limit holds up.
    next_turn: Option<Instant>,
}

/// What became of one letter in a round.
enum Tried {
    /// A limit holds it up.
    Waits,
    /// It was sent, or tried, here or elsewhere; whether others may follow at once.
    Begun { go_on: bool },
    /// No letter can go.
    Ended(Ending),
}

/// How letters get out: at most one connection, which has its place among those of editions.
struct WayOut {
    bearing: Arc<Bearing>,
    place: Option<Place>,
    courier: Courier,
    /// How many messages the present connection has carried.
    carried: usize,
    /// When the process is to stop, and how long answers are waited for behind that.
    stop: CancellationToken,
    grace: Duration,
}

impl WayOut {
    fn over(route: &Route, stop: &CancellationToken, grace: Duration) -> Self {
        let (bearing, courier) = (route.bearing(), route.courier());
        WayOut { bearing, place: None, courier, carried: 0, stop: stop.clone(), grace }
    }

    /// Waits for a place and connects, unless there is a connection.
    async fn open(&mut self) -> Result<(), ConnectError> {
        if self.courier.is_ready() && self.place.is_some() {
            return Ok(());
        }
        self.carried = 0;
        let mut place = match self.place.take() {
            Some(place) => place,
            None => self.bearing.enter(Mail::Letter).await,
        };
        place.closed();
        match self.courier.ready().await {
            Ok(()) => {
                place.opened();
                self.place = Some(place);
                Ok(())
            }
            Err(error) => {
                if let ConnectError::Transient(_) = &error {
                    place.refused();
                }
                Err(error)
            }
        }
    }

    /// Learns from what the server said to a letter; whether others may follow at once.
    async fn learn(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Slowed(reply) | Outcome::Closed(reply) => {
                self.courier.hang_up().await;
                self.place = self.place.take().and_then(|place| place.slowed(reply.code, self.carried));
                return self.place.is_some();
            }
            Outcome::NotSent(_) | Outcome::Halt(_) | Outcome::Unanswered(_) => return true,
            Outcome::Refused(_) | Outcome::Bounced(_) | Outcome::SlowedThere(_) => {}
            Outcome::Accepted(_) | Outcome::Deferred(_) | Outcome::Undeliverable(_) => {
                self.bearing.accepted()
            }
        }
        self.carried += 1;
        self.bearing.carried(self.carried);
        if self.bearing.is_last(self.carried) {
            self.courier.hang_up().await;
        }
        true
    }

    /// Ends the connection before the place is given back: the server never sees one too many.
    async fn close(mut self) {
        let stop = self.stop.clone();
        farewell(self.courier.hang_up(), &stop).await;
        drop(self.place);
    }
}

impl Press {
    /// Sends the letters that are due, as far as the limits allow for the moment; the caller holds the sender lock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn send_letters(&self, route: &Route, stop: &CancellationToken) -> Result<Ending, PressError> {
        let round = self.send_due_letters(route, Beside::Nobody, stop, stop).await?;
        let over: &[Trouble] = match round.got_through {
            // A server that takes letters may refuse editions all the same.
            true if self.store.open_editions(self.clock.now()).await?.is_empty() => {
                &[Trouble::Halted, Trouble::Unreachable]
            }
            true => &[Trouble::Unreachable],
            false => &[],
        };
        self.note_ending(&round.ending, over).await?;
        Ok(round.ending)
    }

    /// Writes and sends letters as they come while an edition goes out, until `done`.
    pub(super) async fn send_letters_meanwhile(
        &self,
        route: &Route,
        done: &CancellationToken,
        stop: &CancellationToken,
    ) {
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            // One that is begun is finished: nobody else may know what became of it.
            let round = async {
                self.renew_keys().await?;
                self.answer_sign_ups().await?;
                self.tell_moderators().await?;
                self.send_due_letters(route, Beside::AnEdition, done, stop).await
            };
            pause = match round.await {
                Ok(Round { ending: Ending::Complete, next_turn, .. }) => {
                    next_turn.map_or(LOOK, |turn| turn.saturating_duration_since(Instant::now()).min(LOOK))
                }
                Ok(Round { ending, .. }) => {
                    debug!(?ending, "letters wait");
                    LOOK_AGAIN
                }
                Err(error) => {
                    warn!(%error, "letters wait");
                    LOOK_AGAIN
                }
            };
        }
    }

    /// Sends what is due and may go now, each letter at most once; no other is begun after `done`, and after `stop` no
    /// answer is waited for long.
    async fn send_due_letters(
        &self,
        route: &Route,
        beside: Beside,
        done: &CancellationToken,
        stop: &CancellationToken,
    ) -> Result<Round, PressError> {
        let mut way = WayOut::over(route, stop, self.config.delivery.grace);
        let mut round = Round { ending: Ending::Complete, got_through: false, next_turn: None };
        let began = Instant::now();
        let mut tried = HashSet::new();
        // Each pass goes from the first to the last, a page at a time.
        let mut after = None;
        let mut has_sent = false;
        let ended = 'round: loop {
            let page = match self.store.due_letters(self.clock.now(), after, AT_A_TIME).await {
                Ok(page) => page,
                Err(error) => break Err(error.into()),
            };
            let Some(last) = page.last() else {
                // More may have come, and some may have their turn soon.
                let soon = round.next_turn.filter(|turn| *turn <= Instant::now() + SOON);
                match soon {
                    Some(turn) if !has_sent => {
                        if !comes(turn, done).await {
                            break Ok(Ending::Stopped);
                        }
                    }
                    None if !has_sent => break Ok(Ending::Complete),
                    Some(_) | None => {}
                }
                (after, has_sent, round.next_turn) = (None, false, None);
                continue;
            };
            after = Some((last.due_at, last.id));
            for letter in page {
                if beside == Beside::AnEdition && began.elapsed() >= ROUND && way.bearing.is_narrow() {
                    break 'round Ok(Ending::Complete);
                }
                if tried.contains(&letter.id) {
                    continue;
                }
                match self.send_one(&letter, &mut way, &mut round, done).await {
                    Ok(Tried::Waits) => {}
                    Ok(Tried::Begun { go_on }) => {
                        tried.insert(letter.id);
                        has_sent = true;
                        if !go_on {
                            break 'round Ok(Ending::Complete);
                        }
                    }
                    Ok(Tried::Ended(ending)) => break 'round Ok(ending),
                    Err(error) => break 'round Err(error),
                }
            }
        };
        way.close().await;
        Ok(Round { ending: ended?, ..round })
    }

    /// Sends `letter` if it may go now.
    async fn send_one(
        &self,
        letter: &OpenLetter,
        way: &mut WayOut,
        round: &mut Round,
        stop: &CancellationToken,
    ) -> Result<Tried, PressError> {
        loop {
            let at = match self.limits.turn(&self.store, Mail::Letter, letter.to.domain()).await? {
                Turn::Now => break,
                Turn::All(at) if at <= Instant::now() + SOON => {
                    if !comes(at, stop).await {
                        return Ok(Tried::Ended(Ending::Stopped));
                    }
                    continue;
                }
                Turn::All(at) | Turn::Domain(at) => at,
            };
            // Others may have other domains: this one keeps nobody waiting.
            round.next_turn = Some(round.next_turn.map_or(at, |turn| turn.min(at)));
            return Ok(Tried::Waits);
        }
        let ready = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Tried::Ended(Ending::Stopped)),
            ready = way.open() => ready,
        };
        match ready {
            Ok(()) => {}
            Err(ConnectError::Transient(why)) => {
                return Ok(Tried::Ended(Ending::Unreachable(masked_in(&why).into_owned())));
            }
            Err(ConnectError::Permanent(why)) => {
                return Ok(Tried::Ended(Ending::Halted(masked_in(&why).into_owned())));
            }
        }
        // Away for longer than our lease, we may have been taken for dead.
        if !self.store.is_sender() || !self.store.begin_letter(letter).await? {
            return Ok(Tried::Begun { go_on: true });
        }
        let outcome = tokio::select! {
            biased;
            outcome = self.hand_over(&mut way.courier, letter) => Some(outcome),
            () = grace_is_over(&way.stop, way.grace) => None,
        };
        let outcome = outcome.unwrap_or_else(|| way.courier.cut_off());
        if let Outcome::Accepted(_) = outcome {
            round.got_through = true;
            way.bearing.kept();
        }
        self.settle_letter(letter, &outcome, &way.bearing).await?;
        if let Outcome::Halt(reply) = &outcome
            && !speaks_of_the_size(reply)
        {
            let why = format!("the server refuses our messages: {reply}");
            return Ok(Tried::Ended(Ending::Halted(masked_in(&why).into_owned())));
        }
        Ok(Tried::Begun { go_on: way.learn(&outcome).await })
    }

    async fn hand_over(&self, courier: &mut Courier, open: &OpenLetter) -> Outcome {
        let letterhead = Letterhead::of(&self.config.publication);
        let domain = letterhead.from.domain();
        let id = format!("letter.{}@{domain}", self.keys().digest("letter", &open.id.0.to_string()));
        let written = &open.written;
        let letter = Letter {
            to: &open.to,
            subject: &written.subject,
            text: &written.text,
            html: written.html.as_deref(),
            unsubscribe_url: written.unsubscribe_url.as_deref(),
            attachment: written.attachment.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        };
        match letter::compose(&letter, &letterhead, &id, open.made_at) {
            Ok(message) => {
                let message = match self.config.dkim.signer(&letterhead.from) {
                    None => message,
                    Some(signer) => {
                        let made_at = open.made_at;
                        let signing = tokio::task::spawn_blocking(move || signer.signed(&message, made_at));
                        signing.await.expect("signing a message does not panic")
                    }
                };
                let envelope = Envelope { from: letterhead.from.clone(), to: open.to.clone() };
                courier.send(&envelope, file_name("letter", open.id.0, open.to.as_str()), message).await
            }
            Err(error) => Outcome::Undeliverable(error.to_string()),
        }
    }

    async fn settle_letter(
        &self,
        open: &OpenLetter,
        outcome: &Outcome,
        bearing: &Bearing,
    ) -> Result<(), PressError> {
        let now = self.clock.now();
        let backoff = Backoff { give_up_after: self.config.delivery.give_up_after };
        let attempt = open.deferrals.saturating_add(1);
        let fruitless = (open.attempt + 1).saturating_sub(open.deferrals + open.uncertain);
        // It has been tried for half an hour and more, and others have got through since the last time.
        let is_its_own = open.deferrals >= REFUSED && bearing.has_kept_within(Backoff::delay(open.deferrals));
        let of = |outcome: &Outcome| {
            let policy = self.config.delivery.uncertain;
            next_state(outcome, attempt, open.uncertain, open.made_at, now, backoff, policy)
        };
        let is_alarm = self.config.publication.editors.contains(&open.to);
        let next = match outcome {
            Outcome::Unanswered(why) if is_alarm && open.uncertain < ALARM_UNANSWERED => {
                next_after_silence(why, open.uncertain, now)
            }
            // The messages of an edition are of one size, and a letter has its own: this one does not go, and others do.
            Outcome::Halt(reply) | Outcome::Refused(reply) if speaks_of_the_size(reply) => {
                of(&Outcome::Refused(reply.clone()))
            }
            // Less is wanted at its domain: that holds up no letter to another.
            Outcome::SlowedThere(reply) => of(&Outcome::Deferred(reply.clone())),
            // It may be us that the server refuses: nobody's confirmation is lost by that.
            Outcome::Refused(reply) | Outcome::Bounced(reply) if !is_its_own => {
                next_after_deferral(reply.to_string(), attempt, open.made_at, now, backoff)
            }
            // It may be this letter that nothing comes of.
            Outcome::NotSent(why) if fruitless >= FRUITLESS => {
                next_after_fruitless(why, attempt, open.made_at, now, backoff)
            }
            Outcome::Halt(reply) if fruitless >= FRUITLESS => {
                next_after_fruitless(&reply.to_string(), attempt, open.made_at, now, backoff)
            }
            outcome => of(outcome),
        };
        let to = open.to.masked();
        match &next.reason {
            None => info!(%to, letter = open.id.0, "letter sent"),
            Some(why) => {
                let why = masked_in(why);
                warn!(%to, letter = open.id.0, state = next.state.as_str(), %why, "letter not sent")
            }
        }
        Ok(self.store.settle_letter(open, &next, now).await?)
    }
}

/// Waits for `turn`; `false` when it is time to stop.
async fn comes(turn: Instant, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep_until(turn) => true,
    }
}

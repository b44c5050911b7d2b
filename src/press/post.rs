//! The post: letters to single people, ahead of editions, over the same way out.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Ending, Press, PressError, Route};
use crate::delivery::outbox::file_name;
use crate::delivery::{Backoff, ConnectError, Envelope, Outcome, next_state};
use crate::letter::{self, Letter};
use crate::message::Letterhead;
use crate::store::OpenLetter;

/// How often it is looked for letters while an edition goes out.
const LOOK: Duration = Duration::from_secs(1);
/// The same after the server would not have one.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How many letters are taken at a time.
const AT_A_TIME: u32 = 64;

impl Press {
    /// Sends the letters that are due; the caller holds the sender lock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn send_letters(&self, route: &Route, stop: &CancellationToken) -> Result<Ending, PressError> {
        let (ending, got_through) = self.send_due_letters(route, stop).await?;
        self.note_ending(&ending, got_through).await?;
        Ok(ending)
    }

    /// Sends letters as they come while an edition goes out, over a connection of their own, until `done`.
    pub(super) async fn send_letters_meanwhile(&self, route: &Route, done: &CancellationToken) {
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            // One that is begun is finished: nobody else may know what became of it.
            pause = match self.send_due_letters(route, done).await {
                Ok((Ending::Complete, _)) => LOOK,
                // A server may have room for the edition's connections only; the letters come behind it then.
                Ok((ending, _)) => {
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

    /// How it ended, and whether one got through.
    async fn send_due_letters(
        &self,
        route: &Route,
        stop: &CancellationToken,
    ) -> Result<(Ending, bool), PressError> {
        let mut courier = route.courier();
        let mut got_through = false;
        let mut tried = std::collections::HashSet::new();
        let ending = 'post: loop {
            let due = self.store.due_letters(self.clock.now(), AT_A_TIME).await?;
            let fresh: Vec<OpenLetter> = due.into_iter().filter(|letter| tried.insert(letter.id)).collect();
            if fresh.is_empty() {
                break Ending::Complete;
            }
            for letter in fresh {
                if stop.is_cancelled() {
                    break 'post Ending::Stopped;
                }
                match courier.ready().await {
                    Ok(()) => {}
                    Err(ConnectError::Transient(why)) => break 'post Ending::Unreachable(why),
                    Err(ConnectError::Permanent(why)) => break 'post Ending::Halted(why),
                }
                if self.store.begin_letter(&letter).await? {
                    let outcome = self.hand_over(&mut courier, &letter).await;
                    got_through |= matches!(outcome, Outcome::Accepted(_));
                    self.settle_letter(&letter, &outcome).await?;
                }
            }
        };
        courier.close().await;
        Ok((ending, got_through))
    }

    async fn hand_over(&self, courier: &mut super::Courier, open: &OpenLetter) -> Outcome {
        let letterhead = Letterhead::of(&self.config.publication);
        let domain = letterhead.from.domain();
        let id = format!("letter.{}@{domain}", self.keys.digest("letter", &open.id.0.to_string()));
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

    async fn settle_letter(&self, open: &OpenLetter, outcome: &Outcome) -> Result<(), PressError> {
        let now = self.clock.now();
        let next = next_state(
            outcome,
            open.deferrals.saturating_add(1),
            open.uncertain,
            open.made_at,
            now,
            Backoff { give_up_after: self.config.delivery.give_up_after },
            self.config.delivery.uncertain,
        );
        let to = open.to.masked();
        match &next.reason {
            None => info!(%to, letter = open.id.0, "letter sent"),
            Some(why) => {
                warn!(%to, letter = open.id.0, state = next.state.as_str(), %why, "letter not sent")
            }
        }
        Ok(self.store.settle_letter(open, &next, now).await?)
    }
}

//! The watch that `straight run` keeps over the schedule: publishes what is due, reports what was missed.

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::schedule::{self, Slot};
use super::{Asker, Press, PressError, Published, Withheld};
use crate::edition::EditionKey;
use crate::store::{Course, SlotOutcome};

/// How long after its hour an edition waits for files that are being written.
const LAST_MOMENT: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// One process's watch over one store.
#[derive(Debug)]
pub struct Watch {
    press: Press,
    started: DateTime<Utc>,
    /// What was said last, so that a held or empty slot is not told at each beat.
    said: Option<String>,
    /// The slot whose edition was announced last.
    announced: Option<DateTime<Utc>>,
}

impl Watch {
    /// Begins the watch.
    ///
    /// # Errors
    /// When sample values would reach real people, or the store fails.
    pub async fn begin(press: Press) -> Result<Self, PressError> {
        press.guard()?;
        let started = press.store.first_start(press.clock.now()).await?;
        Ok(Watch { press, started, said: None, announced: None })
    }

    /// When the next edition is due.
    #[must_use]
    pub fn next_slot(&self) -> Option<Slot> {
        schedule::next_slot(&self.press.config.schedule, self.press.clock.now())
    }

    /// Publishes the slot that is due, if any, and reports those that were missed.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does; the slot stays due.
    pub async fn publish_due(&mut self) -> Result<(), PressError> {
        let now = self.press.clock.now();
        let last = self.press.store.last_slot(now).await?;
        let plan = schedule::due(&self.press.config.schedule, last, self.started, now);
        if let Some(last) = plan.distrusted {
            self.say(format!("the last edition was at {last}, in the future: a clock was wrong"));
        }
        for slot in &plan.missed {
            self.miss(*slot, now).await?;
        }
        let Some(slot) = plan.publish else { return self.announce(now).await };
        let key = EditionKey::of(slot.date);
        let published = if now < slot.at + LAST_MOMENT {
            self.press.publish_when_settled(Asker::Program, key.clone()).await
        } else {
            self.press.publish(key.clone()).await
        };
        let published = match published {
            Err(error @ (PressError::Template(_) | PressError::Render(_) | PressError::TooLarge { .. })) => {
                return self.hold_for_template(&key, &error).await;
            }
            other => other?,
        };
        let (outcome, note) = match published {
            Published::Unsettled(files) => {
                info!(edition = %key, files = files.len(), "files were changed just now: waiting a moment");
                return Ok(());
            }
            Published::Out { edition, waiting, skipped } => {
                let recipients = edition.summary.recipients;
                info!(edition = %key, recipients, hash = %edition.summary.hash, "published");
                for article in waiting {
                    info!(article = %article.path.display(), why = %article.why, "does not go out");
                }
                for problem in skipped {
                    warn!(%problem, "skipped");
                }
                (SlotOutcome::Published, edition.summary.hash)
            }
            Published::AlreadyOut(_) => {
                info!(edition = %key, "is out already");
                (SlotOutcome::Published, "was out already".to_owned())
            }
            Published::Nothing { waiting } => {
                info!(edition = %key, articles = waiting.len(), "nothing new: nothing is sent");
                (SlotOutcome::Empty, "nothing new".to_owned())
            }
            Published::NoReaders => {
                warn!(edition = %key, "nobody is subscribed: nothing is sent");
                (SlotOutcome::Empty, "no readers".to_owned())
            }
            Published::Held(held) => {
                let errors = held.errors.iter().map(|error| format!("\n  {error}")).collect::<String>();
                self.say(format!("the edition {key} is held until this is mended:{errors}"));
                return Ok(());
            }
            Published::Withheld(Withheld::Decided(decision)) if decision.course == Course::Cancelled => {
                warn!(edition = %key, %decision, "called off: nothing is sent");
                (SlotOutcome::Empty, decision.to_string())
            }
            Published::Withheld(why) => {
                self.say(format!("the edition {key} {why}; {}", why.remedy(&key)));
                return Ok(());
            }
        };
        self.press.store.note_slot(slot.date, slot.at, outcome, &note, now).await?;
        self.said = None;
        Ok(())
    }

    /// Tells the editors of the edition that is due soon, once.
    async fn announce(&mut self, now: DateTime<Utc>) -> Result<(), PressError> {
        let Some(slot) = self.next_slot().filter(|slot| self.announced != Some(slot.at)) else {
            return Ok(());
        };
        let lead = self.press.announced_before();
        if lead.is_zero() || slot.at - now > lead {
            return Ok(());
        }
        self.press.announce(slot).await?;
        self.announced = Some(slot.at);
        Ok(())
    }

    /// A template that fails, or an edition too large for the server, is like a broken article: the editors are told, and
    /// the slot stays due.
    async fn hold_for_template(&mut self, key: &EditionKey, error: &PressError) -> Result<(), PressError> {
        let subject = format!("{}: the edition of {key} is held", self.press.config.publication.name);
        let text = format!("The edition of {key} is held until this is mended:\n\n  {error}\n");
        let cause = format!("template/{key}/{}", self.press.keys().digest("template", &error.to_string()));
        self.press.write_to_editors(&cause, &subject, &text).await?;
        self.say(format!("the edition {key} is held until this is mended: {error}"));
        Ok(())
    }

    async fn miss(&mut self, slot: Slot, now: DateTime<Utc>) -> Result<(), PressError> {
        let store = &self.press.store;
        if store.edition_summary(&EditionKey::of(slot.date)).await?.is_some() {
            // Nobody has missed it: it went out by hand, or the hour was changed.
            store.note_slot(slot.date, slot.at, SlotOutcome::Published, "was out already", now).await?;
            return Ok(());
        }
        let new =
            store.note_slot(slot.date, slot.at, SlotOutcome::Missed, "not published in time", now).await?;
        if !new {
            return Ok(());
        }
        warn!(edition = %slot.date, due = %slot.at, "missed");
        let subject = format!("{}: no edition on {}", self.press.config.publication.name, slot.date);
        let text = format!(
            "The edition of {} was due at {} and could not be published within catch_up.\nIts articles go with the next edition, as long as they are not older than the backlog.\n",
            slot.date, slot.at
        );
        self.press.write_to_editors(&format!("missed/{}", slot.date), &subject, &text).await?;
        Ok(())
    }

    fn say(&mut self, text: String) {
        if self.said.as_deref() != Some(text.as_str()) {
            warn!("{text}");
            self.said = Some(text);
        }
    }
}

//! Trials: an edition sent to editors alone, marked as a test. Nothing is written down, and its links change nothing.

use chrono::{DateTime, SubsecRound as _, Utc};
use tracing::info;

use super::{Look, PressError, Route};
use crate::delivery::outbox::file_name;
use crate::delivery::{Envelope, Outcome};
use crate::edition::RenderedEdition;
use crate::message::{Letterhead, Recipient, Skeleton, TokenKey, TokenKeys};
use crate::subscriber::{Birthmark, EmailAddress, SubscriberId};

/// One test message and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// To whom.
    pub to: EmailAddress,
    /// What the server, or the outbox, said.
    pub outcome: Outcome,
}

impl Look {
    /// Sends `edition` to each of `to` over one connection, as they would get it but for the mark. The links in it are
    /// signed with a key that nobody keeps: they lead to the real pages, which do not know them.
    ///
    /// # Errors
    /// When sample values would reach a real relay, the way out cannot be prepared or is not to be had, or the edition
    /// cannot be made a message.
    pub async fn send_trials(
        &self,
        edition: &RenderedEdition,
        to: &[EmailAddress],
    ) -> Result<Vec<Trial>, PressError> {
        self.guard()?;
        let now = self.clock.now().trunc_subsecs(0);
        // The Date of a message that is sent now.
        let edition = RenderedEdition { frozen_at: now, ..edition.clone() };
        let letterhead = Letterhead::of(&self.config.publication);
        let skeleton = Skeleton::of_trial(&edition, &letterhead)?;
        let signer = self.config.dkim.signer(&letterhead.from);
        let mut courier = Route::prepare(&self.config.transport)?.courier();
        let mut trials = Vec::with_capacity(to.len());
        for (number, to) in (1_i64..).zip(to) {
            let recipient = self.recipient(to, now).await?;
            // A key of its own each time: the Message-ID is a new one too, so that no mail program hides the second test.
            let key = TokenKeys::new(vec![TokenKey::generate(1)]);
            let mut message = skeleton.fill(&recipient, &key);
            if let Some(signer) = &signer {
                message.sign(signer, now);
            }
            let outcome = match courier.ready().await {
                Err(why) => Outcome::NotSent(why.to_string()),
                Ok(()) => {
                    let envelope = Envelope { from: letterhead.from.clone(), to: to.clone() };
                    let batch = format!("test-{}", now.format("%Y%m%dT%H%M%S"));
                    courier.send(&envelope, file_name(&batch, number, to.as_str()), message.to_bytes()).await
                }
            };
            info!(edition = %edition.key, to = %to.masked(), code = outcome.code(), "test sent");
            trials.push(Trial { to: to.clone(), outcome });
        }
        courier.close().await;
        Ok(trials)
    }

    /// What a message says to `to`: the reader's own name and day, when they are one.
    async fn recipient(&self, to: &EmailAddress, now: DateTime<Utc>) -> Result<Recipient, PressError> {
        let reader = match &self.store {
            Some(store) => store.by_email(to).await?,
            None => None,
        };
        let since = reader.as_ref().map_or(now, |reader| reader.since);
        let since = since.with_timezone(&self.config.schedule.timezone).date_naive();
        // Nobody has the number 0.
        let (id, birthmark) = (SubscriberId(0), Birthmark::NONE);
        Ok(Recipient { id, birthmark, email: to.clone(), name: reader.and_then(|reader| reader.name), since })
    }
}

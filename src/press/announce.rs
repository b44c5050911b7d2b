//! A word to the editors before an edition leaves: what it is, to how many, when, and how to hold it.

use chrono::TimeDelta;
use tracing::info;

use super::schedule::Slot;
use super::{Press, PressError};
use crate::config::ApprovalPolicy;
use crate::edition::EditionKey;

/// How long before its hour the editors are reminded of an edition that nobody has approved.
const REMINDER: TimeDelta = TimeDelta::hours(1);

impl Press {
    /// How long before its hour an edition is announced; zero when it is not.
    pub(super) fn announced_before(&self) -> TimeDelta {
        let window = TimeDelta::from_std(self.config.schedule.cancel_window).unwrap_or(TimeDelta::zero());
        match self.config.edition.approval {
            ApprovalPolicy::Required => window.max(REMINDER),
            ApprovalPolicy::NotNeeded => window,
        }
    }

    /// Writes to the editors about the edition of `slot`, once, if there is anything for it. What is broken they are told
    /// at its hour; `straight check` says it at any time.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does.
    pub(super) async fn announce(&self, slot: Slot) -> Result<(), PressError> {
        let key = EditionKey::of(slot.date);
        if self.store.edition_summary(&key).await?.is_some() {
            return Ok(());
        }
        let approval = self.store.approval(&key).await?;
        let (rendered, state) = match approval {
            Some(approval) => {
                let state = match self.approved_again(&approval).await?.changed {
                    None => format!("It is approved by {}, and goes out as it was.", approval.who),
                    Some(changed) => format!(
                        "It was approved by {}, and would not go out, for it has changed since:\n\n{}\n\
                         Undo the change, or look at it anew and `straight approve {key}`.",
                        approval.who, changed.how
                    ),
                };
                (approval.rendered, state)
            }
            None => {
                let Some(rendered) = self.draft(key.clone(), slot.at).await?.rendered else { return Ok(()) };
                let state = match self.config.edition.approval {
                    ApprovalPolicy::Required => format!(
                        "It is NOT approved, and does not go out before it is: look at it, then `straight approve {key}`."
                    ),
                    ApprovalPolicy::NotNeeded => "What is saved until then still changes it.".to_owned(),
                };
                (rendered, state)
            }
        };
        let examples_too = self.config.transport.is_outbox();
        let readers = self.store.count_recipients(examples_too, slot.at).await?;
        let at = slot.at.with_timezone(&self.config.schedule.timezone).format("%H:%M %Z");
        let mut stories = String::new();
        for headline in &rendered.headlines {
            stories.push_str(&format!("  - {}\n", headline.title));
        }
        let name = &self.config.publication.name;
        let title = crate::edition::with_sample_words(&rendered.subject, &rendered, &self.config.publication);
        let subject = format!("{name}: at {at} to {readers} readers: {title}");
        let text = format!(
            "The edition of {key} is due at {at}, to {readers} readers:\n\n  {title}\n\n{stories}\n{state}\n\n\
             To hold it:      straight pause --edition {key}\n\
             To let it go:    straight resume --edition {key}\n\
             To call it off:  straight cancel --edition {key}\n\
             To see it:       straight send --edition {key} --to ADDRESS\n",
        );
        // One letter a slot; and another once it was approved, or changed after that.
        let cause = format!("announced/{key}/{}", self.keys().digest("announced", &state));
        let told = self.write_to_editors(&cause, &subject, &text).await?;
        let minutes = (slot.at - self.clock.now()).num_minutes();
        info!(edition = %key, readers, told, minutes, "due soon");
        Ok(())
    }
}

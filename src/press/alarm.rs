//! Alarms: letters to the editors when mail does not go out, one for each time that it happens.

use chrono::TimeDelta;

use super::{Press, PressError};
use crate::edition::EditionKey;
use crate::store::Trouble;

/// For how long nothing gets through before that is told: a server that is restarted is nobody's trouble.
const UNREACHABLE_IS_TOLD: TimeDelta = TimeDelta::minutes(30);

impl Press {
    /// Writes to the editors that sending is halted, or that nothing has got through for a while. Whichever node and
    /// edition it comes from, one trouble is told once; the letter waits for a server that takes it, as all do.
    pub(super) async fn raise_alarm(&self, trouble: Trouble, why: &str) -> Result<(), PressError> {
        let now = self.clock.now();
        let noted = self.store.troubles(now).await?;
        let Some(since) =
            noted.iter().filter(|noted| noted.trouble == trouble).map(|noted| noted.since).min()
        else {
            return Ok(());
        };
        let told = match trouble {
            Trouble::Halted => "sending is halted",
            Trouble::Unreachable if now - since >= UNREACHABLE_IS_TOLD => "nothing gets through",
            Trouble::Unreachable | Trouble::Slowed => return Ok(()),
        };
        let remedy = match trouble {
            Trouble::Halted => {
                "Mend it: `straight run` tries again every ten minutes, and `straight send` at once. If the server \
                 refuses this letter too, it comes once the server takes mail again."
            }
            Trouble::Unreachable | Trouble::Slowed => {
                "It is tried again all the time, and goes on by itself. This letter goes the same way as all mail: when \
                 you read it, something gets through again."
            }
        };
        let since_when = since.with_timezone(&self.config.schedule.timezone).format("%Y-%m-%d %H:%M %Z");
        let subject = format!("{}: {told}", self.config.publication.name);
        let text = format!(
            "Since {since_when} {told}. Whoever has not got their mail yet waits for it, until `delivery.give_up_after` is \
             over.\n\n  {why}\n\n{remedy}\n\n`straight status` says how it stands.\n"
        );
        let cause = format!("{}/{}", trouble.as_str(), since.timestamp_millis());
        self.write_to_editors(&cause, &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors that `readers` of an edition have waited for too long.
    pub(super) async fn tell_of_the_expired(&self, key: &EditionKey, readers: u64) -> Result<(), PressError> {
        let subject =
            format!("{}: {readers} readers do not get the edition {key}", self.config.publication.name);
        let text = format!(
            "The edition {key} waited for its server longer than `delivery.give_up_after` allows, and has been given up for \
             {readers} readers.\n\n`straight status --edition {key}` says why.\n"
        );
        self.write_to_editors(&format!("given-up/{key}"), &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors that the server knows nobody at `domain`, once an edition.
    pub(super) async fn tell_of_the_unknown(
        &self,
        key: &EditionKey,
        domain: &str,
        why: &str,
    ) -> Result<(), PressError> {
        let subject = format!("{}: hardly anybody at {domain} is known", self.config.publication.name);
        let text = format!(
            "While the edition {key} goes out, {why}\n\nThat is more likely an outage there, or in our own server, than the \
             truth, so nobody has been struck off. Whoever is at {domain} waits and is tried again every half hour, until \
             `delivery.give_up_after` is over; all others get their mail.\n\n`straight status --edition {key}` says how it \
             stands.\n"
        );
        self.write_to_editors(&format!("unknown/{key}/{domain}"), &subject, &text).await?;
        Ok(())
    }
}

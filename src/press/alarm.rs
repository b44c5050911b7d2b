//! Alarms: letters to the editors when mail does not go out, one for each time that it happens.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Press, PressError};
use crate::delivery::State;
use crate::edition::EditionKey;
use crate::store::{Counts, EditionSummary, Refused, Trouble};

/// For how long nothing gets through before that is told: a server that is restarted is nobody's trouble.
const UNREACHABLE_IS_TOLD: TimeDelta = TimeDelta::minutes(30);
/// So many who fail, and of twenty readers more than one, are told of: no list loses that many from one day to the next.
const MANY_FAILED: u64 = 10;

impl Press {
    /// When the edition is given up for whom it has not reached by then: a halt does not stop that clock, and a pause does.
    #[must_use]
    pub fn gives_up_at(&self, edition: &EditionSummary) -> DateTime<Utc> {
        edition.frozen_at + edition.paused_for + self.config.delivery.give_up_after
    }

    /// The first edition that will be given up of those that are going out.
    async fn next_to_be_given_up(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<(EditionKey, DateTime<Utc>)>, PressError> {
        let mut next: Option<(EditionKey, DateTime<Utc>)> = None;
        for key in self.store.going_editions().await? {
            let Some(edition) = self.store.edition_summary(&key).await? else { continue };
            let at = self.gives_up_at(&edition);
            if at > now && next.as_ref().is_none_or(|(_, first)| at < *first) {
                next = Some((key, at));
            }
        }
        Ok(next)
    }

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
            Trouble::Unreachable | Trouble::Slowed | Trouble::Broken => return Ok(()),
        };
        let next = self.next_to_be_given_up(now).await?;
        let of = next.as_ref().map(|(key, _)| format!(" --edition {key}")).unwrap_or_default();
        let remedy = match trouble {
            Trouble::Halted => format!(
                "Mend it: `straight run` tries again after ten minutes, less often where all who are left have been \
                 refused, and `straight send{of}` at once. If the server refuses this letter too, it comes once the server \
                 takes mail again."
            ),
            Trouble::Unreachable | Trouble::Slowed | Trouble::Broken => {
                "It is tried again all the time, and goes on by itself. This letter goes the same way as all mail: when \
                 you read it, something gets through again."
                    .to_owned()
            }
        };
        let since_when = self.config.schedule.local(since);
        let subject = format!("{}: {told}", self.config.publication.name);
        let deadline = match next {
            Some((key, at)) => {
                let at = self.config.schedule.local(at);
                format!(" They do so until {at}: then the edition {key} is given up for them, mended or not.")
            }
            None => String::new(),
        };
        let text = format!(
            "Since {since_when} {told}. Whoever has not got their mail yet waits for it.{deadline}\n\n  {why}\n\n\
             {remedy}\n\n`straight status` says how it stands.\n"
        );
        let cause = format!("{}/{}", trouble.as_str(), since.timestamp_millis());
        self.write_to_editors(&cause, &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors that `readers` of an edition have waited for too long.
    pub(super) async fn tell_of_the_expired(&self, key: &EditionKey, readers: u64) -> Result<(), PressError> {
        let (who, get) = match readers {
            1 => ("1 reader".to_owned(), "does not get"),
            many => (format!("{many} readers"), "do not get"),
        };
        let subject = format!("{}: {who} {get} the edition {key}", self.config.publication.name);
        let text = format!(
            "The edition {key} waited for its server longer than `delivery.give_up_after` allows, and has been given up for \
             {who}.\n\n`straight status --edition {key}` says why.\n"
        );
        self.write_to_editors(&format!("given-up/{key}"), &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors, once an edition, that it has struck off unusually many: an outage at a provider looks like that,
    /// too, and then they are to be taken back.
    pub(super) async fn tell_of_the_struck_off(
        &self,
        edition: &EditionSummary,
        counts: Counts,
    ) -> Result<(), PressError> {
        let (failed, total) = (counts.of(State::Failed), counts.total());
        if failed < MANY_FAILED || 20 * failed <= total {
            return Ok(());
        }
        let key = &edition.key;
        let cause = format!("struck-off/{key}");
        // To count them takes long, and this comes at every try.
        if self.are_editors_told(&cause).await? {
            return Ok(());
        }
        let count = self.store.struck_off_count(edition.id).await?;
        if count < MANY_FAILED {
            return Ok(());
        }
        let subject = format!("{}: {count} addresses were struck off", self.config.publication.name);
        let text = format!(
            "While the edition {key} went out, {count} addresses of {total} were unknown to their servers, and have been struck \
             off, as dead ones are. So many at once can also be an outage at a provider.\n\n\
             `straight subscribers revive --edition {key} --dry-run` says whom and why. Without `--dry-run` it takes them for \
             good again, and `straight deliveries retry --all --edition {key}` sends them what they missed.\n"
        );
        self.write_to_editors(&cause, &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors, once an edition, that one of several servers behind a name refuses what the others take.
    pub(super) async fn tell_of_a_broken_server(
        &self,
        key: &EditionKey,
        readers: usize,
        words: &str,
    ) -> Result<(), PressError> {
        let subject = format!("{}: mail is taken over some connections only", self.config.publication.name);
        let (who, they) = match readers {
            1 => ("1 reader was".to_owned(), "the reader is"),
            many => (format!("{many} readers were"), "they are"),
        };
        let text = format!(
            "While the edition {key} went out, {who} refused over connections that refuse what others take. The last words \
             were:\n\n  {words}\n\n\
             Behind the name in `smtp.url` there may be several servers, one of which is broken or has other settings. \
             Nobody has been struck off for it: {they} asked again over another connection.\n"
        );
        self.write_to_editors(&format!("broken/{key}"), &subject, &text).await?;
        Ok(())
    }

    /// Writes to the editors that everybody at `domain` waits, once an edition: the server knows nobody there, or refuses all.
    pub(super) async fn tell_of_a_domain(
        &self,
        edition: &EditionSummary,
        domain: &str,
        of: Refused,
        why: &str,
    ) -> Result<(), PressError> {
        let (cause, is_so, means) = match of {
            Refused::Address => (
                "unknown",
                format!("several readers at {domain} are not known"),
                "That is more likely an outage there, or in our own server, than the truth, so nobody has been struck off.",
            ),
            Refused::Message => (
                "refuses",
                format!("{domain} refuses our mail"),
                "Nobody there is taken any more, and others elsewhere are: it is that domain that refuses us, and not its readers, \
                 so nobody is given up for it yet.",
            ),
        };
        let (key, until) = (&edition.key, self.config.schedule.local(self.gives_up_at(edition)));
        let subject = format!("{}: {is_so}", self.config.publication.name);
        let text = format!(
            "While the edition {key} goes out, {why}\n\n{means} Whoever is at {domain} waits and is tried again every half \
             hour, until {until}: then the edition is given up for them. All others get their mail.\n\n\
             If {domain} is gone for good, `straight subscribers remove --domain {domain}` takes everybody there off the \
             list, and `straight subscribers revive --domain {domain}` brings them back.\n\n\
             `straight status --edition {key}` says how it stands.\n"
        );
        self.write_to_editors(&format!("{cause}/{key}/{domain}"), &subject, &text).await?;
        Ok(())
    }
}

//! `straight send --to`: an edition sent to editors alone, marked as a test.

use std::io::Write;

use anyhow::bail;

use super::render::{edition_of, tell_what_is_missing};
use crate::config::Transport;
use crate::delivery::Outcome;
use crate::edition::EditionKey;
use crate::press::Look;
use crate::subscriber::EmailAddress;

/// Sends a test of the edition `key`, today's when absent, to each of `to`. Gives whether all were accepted.
///
/// # Errors
/// When there is nothing to send, sample values would reach a real relay, or the edition cannot be made a message.
pub(super) async fn send(
    look: &Look,
    key: Option<EditionKey>,
    to: &[EmailAddress],
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    look.guard()?;
    let key = key.unwrap_or_else(|| look.key_at(look.clock.now()));
    let edition = edition_of(look, &key).await?;
    let trials = look.send_trials(&edition.rendered, to).await?;
    writeln!(out, "[Test] {}", edition.rendered.subject)?;
    tell_what_is_missing(&edition.rendered, &edition.waiting, &edition.skipped, out)?;
    let mut accepted = 0;
    for trial in &trials {
        let told = match &trial.outcome {
            Outcome::Accepted(reply) => {
                accepted += 1;
                format!("accepted: {reply}")
            }
            Outcome::Deferred(reply)
            | Outcome::Slowed(reply)
            | Outcome::SlowedThere(reply)
            | Outcome::Closed(reply) => {
                format!("put off by the server: {reply}; try again later")
            }
            Outcome::Bounced(reply) | Outcome::Refused(reply) | Outcome::Halt(reply) => {
                format!("refused by the server: {reply}")
            }
            Outcome::Undeliverable(why) | Outcome::NotSent(why) => format!("not sent: {why}"),
            Outcome::Unanswered(why) => format!("may have arrived, no answer came: {why}"),
        };
        writeln!(out, "  {}: {told}", trial.to)?;
    }
    if let Transport::Outbox { folder } = &look.config.transport {
        writeln!(out, "Look at it: {}", folder.join("new").display())?;
    }
    writeln!(out, "A test leaves no trace: nothing is counted as sent, and the links in it change nothing.")?;
    if accepted < trials.len() {
        bail!("{} of {} tests did not get through", trials.len() - accepted, trials.len());
    }
    Ok(true)
}

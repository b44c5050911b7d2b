//! `straight deliveries`: the readers whom an edition did not reach, and what a person decides about them.

use std::io::Write;

use anyhow::bail;

use super::args::{DeliveriesCommand, OfReaders, Verdict};
use crate::edition::EditionKey;
use crate::press::Press;
use crate::store::{Course, EditionSummary};
use crate::subscriber::{EmailAddress, SubscriberId};

/// How many deliveries are in memory at a time.
const PAGE: u32 = 1_000;

/// Runs one of the commands.
pub(super) async fn run(
    press: &Press,
    command: &DeliveriesCommand,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    match command {
        DeliveriesCommand::List(args) => list(press, args.edition.clone(), out).await,
        DeliveriesCommand::Retry(args) => retry(press, args, out).await,
        DeliveriesCommand::Resolve(args) => {
            let edition = edition_of(press, args.of.edition.clone()).await?;
            let reader = readers(&args.of)?;
            let arrived = args.verdict == Verdict::Arrived;
            let count = press.store.resolve(edition.id, reader, arrived, press.clock.now()).await?;
            let word = if arrived { "sent" } else { "failed" };
            writeln!(out, "{count} uncertain deliveries of {} count as {word}.", edition.key)?;
            Ok(true)
        }
    }
}

async fn list(press: &Press, key: Option<EditionKey>, out: &mut dyn Write) -> anyhow::Result<bool> {
    let edition = edition_of(press, key).await?;
    let mut after = SubscriberId(0);
    let mut count = 0;
    loop {
        let page = press.store.troubled(edition.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.subscriber;
        for delivery in &page {
            let reason = delivery.reason.as_deref().unwrap_or_default();
            let line = format!("{:<10}  {:<40}  {reason}", delivery.state.as_str(), delivery.email);
            writeln!(out, "{}", line.trim_end())?;
            count += 1;
        }
    }
    writeln!(out, "{count} of {} deliveries of {} are not sent", edition.recipients, edition.key)?;
    Ok(true)
}

async fn retry(press: &Press, of: &OfReaders, out: &mut dyn Write) -> anyhow::Result<bool> {
    let edition = edition_of(press, of.edition.clone()).await?;
    let (readers, key) = (readers(of)?, &edition.key);
    let sends = match press.store.stop_of(edition.id).await? {
        None => format!("`straight run` or `straight send --edition {key}` sends them"),
        Some(stop) => match stop.course {
            Course::Cancelled => bail!("the edition {key} was {stop}: what is cancelled does not go on"),
            Course::Paused | Course::Resumed => {
                format!("it is {stop}, and `straight resume --edition {key}` lets it go on")
            }
        },
    };
    let count = press.store.retry(edition.id, readers, press.clock.now()).await?;
    writeln!(out, "{count} deliveries of {key} are queued anew; {sends}.")?;
    Ok(true)
}

/// One reader, or with `--all` everybody.
fn readers(of: &OfReaders) -> anyhow::Result<Option<&EmailAddress>> {
    match (&of.email, of.all) {
        (Some(email), false) => Ok(Some(email)),
        (None, true) => Ok(None),
        (Some(_), true) | (None, false) => bail!("name one reader, or say --all"),
    }
}

async fn edition_of(press: &Press, key: Option<EditionKey>) -> anyhow::Result<EditionSummary> {
    match key {
        Some(key) => match press.store.edition(&key).await? {
            Some(edition) => Ok(edition.summary),
            None => bail!("the edition {key} has not gone out"),
        },
        None => match press.store.editions(None, 1).await?.into_iter().next() {
            Some(newest) => Ok(newest),
            None => bail!("no edition has gone out yet"),
        },
    }
}

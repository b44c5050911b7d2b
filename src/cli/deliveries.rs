//! `straight deliveries`: the readers whom an edition did not reach, and what a person decides about them.

use std::io::Write;

use anyhow::bail;
use chrono::TimeDelta;

use super::args::{DeliveriesCommand, OfReaders, ResolveArgs, Verdict};
use super::subscribers::stays_out_as;
use super::why::readers as counted;
use crate::delivery::State;
use crate::edition::EditionKey;
use crate::press::Press;
use crate::store::{Course, EditionSummary, OfReader};
use crate::subscriber::{EmailAddress, Status, SubscriberId};

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
        DeliveriesCommand::Resolve(args) => resolve(press, args, out).await,
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
    let key = &edition.key;
    let stop = press.store.stop_of(edition.id).await?;
    let sends = match &stop {
        None => format!("`straight run` or `straight send --edition {key}` sends it"),
        Some(stop) => match stop.course {
            Course::Cancelled => bail!("the edition {key} was {stop}: what is cancelled does not go on"),
            Course::Paused | Course::Resumed => {
                format!("it is {stop}, and `straight resume --edition {key}` lets it go on")
            }
        },
    };
    let now = press.clock.now();
    let paused = stop.map_or(TimeDelta::zero(), |stop| now - stop.at);
    let given_up = edition.frozen_at + edition.paused_for + paused + press.config.delivery.give_up_after;
    if given_up <= now {
        bail!(
            "nothing is queued: what is not sent of the edition {key} is given up since {}, and what is queued now would \
             be at once; a longer `delivery.give_up_after` in newsletter.yaml allows it",
            press.config.schedule.local(given_up)
        );
    }
    match &of.email {
        Some(email) => retry_one(press, &edition, email, &sends, out).await,
        None => retry_all(press, &edition, &sends, out).await,
    }
}

async fn retry_one(
    press: &Press,
    edition: &EditionSummary,
    email: &EmailAddress,
    sends: &str,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let key = &edition.key;
    let OfReader { status, delivery } = of_reader(press, edition, email).await?;
    let Some((state, reason)) = delivery else { bail!("{}", not_for(key, email, status)) };
    match state {
        State::Sent => bail!("the edition {key} is sent to {email} already: nobody is sent a second copy"),
        State::Queued => bail!("the edition {key} is queued for {email} already; {sends}"),
        State::Sending => bail!("the edition {key} is on its way to {email}: wait for the answer"),
        State::Failed | State::Uncertain | State::Deferred | State::Suppressed => {}
    }
    if status != Status::Active {
        let who = match status {
            Status::Bounced => format!(
                "bounced: once the address works again, `straight subscribers revive {email}` takes it for good; then retry"
            ),
            Status::Pending | Status::Active | Status::Unsubscribed | Status::Complained => {
                stays_out_as(status).to_owned()
            }
        };
        let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        bail!("nothing is queued for {email}, who {who}\n  it is {}{why}", state.as_str());
    }
    if press.store.retry(edition.id, Some(email), press.clock.now()).await? == 0 {
        bail!(
            "the edition {key} has moved on for {email} just now: `straight deliveries list` says where it stands"
        );
    }
    writeln!(out, "The edition {key} is queued anew for {email}; {sends}.")?;
    if state == State::Uncertain {
        writeln!(out, "  no answer came the last time: if it did arrive, {email} gets it twice")?;
    }
    Ok(true)
}

async fn retry_all(
    press: &Press,
    edition: &EditionSummary,
    sends: &str,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let key = &edition.key;
    let before = press.store.counts(edition.id).await?;
    let count = press.store.retry(edition.id, None, press.clock.now()).await?;
    let after = press.store.counts(edition.id).await?;
    let left_out = press.store.left_out_of_retry(edition.id).await?;
    match count {
        0 => writeln!(out, "Nothing is queued anew: no reader of {key} is to be tried again.")?,
        _ => writeln!(out, "The edition {key} is queued anew for {}; {sends}.", counted(count))?,
    }
    let doubled = before.of(State::Uncertain).saturating_sub(after.of(State::Uncertain));
    if doubled > 0 {
        writeln!(out, "  for {} no answer came the last time: they may get it twice", counted(doubled))?;
    }
    for (status, count) in &left_out {
        writeln!(out, "  not queued: {} who {}", counted(*count), stays_out_as(*status))?;
    }
    Ok(true)
}

async fn resolve(press: &Press, args: &ResolveArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let edition = edition_of(press, args.of.edition.clone()).await?;
    let (reader, key) = (args.of.email.as_ref(), &edition.key);
    let arrived = args.verdict == Verdict::Arrived;
    let word = if arrived { State::Sent } else { State::Failed }.as_str();
    let count = press.store.resolve(edition.id, reader, arrived, press.clock.now()).await?;
    match (count, reader) {
        (0, None) => writeln!(out, "Nothing of {key} is uncertain: there is nothing to settle.")?,
        (0, Some(email)) => {
            let OfReader { status, delivery } = of_reader(press, &edition, email).await?;
            let Some((state, _)) = delivery else { bail!("{}", not_for(key, email, status)) };
            let instead = match state {
                State::Failed | State::Deferred => "; `straight deliveries retry` queues it anew",
                State::Queued | State::Sending | State::Sent | State::Uncertain | State::Suppressed => "",
            };
            bail!(
                "the edition {key} is {} for {email}, and only what is uncertain is settled by a person{instead}",
                state.as_str()
            );
        }
        (_, Some(email)) => writeln!(out, "The edition {key} counts as {word} for {email}.")?,
        (count, None) => writeln!(out, "The edition {key} counts as {word} for {}.", counted(count))?,
    }
    if count > 0 && !arrived {
        writeln!(out, "  `straight deliveries retry` queues it anew")?;
    }
    Ok(true)
}

async fn of_reader(
    press: &Press,
    edition: &EditionSummary,
    email: &EmailAddress,
) -> anyhow::Result<OfReader> {
    match press.store.of_reader(edition.id, email).await? {
        Some(standing) => Ok(standing),
        None => bail!("{email} is not among the subscribers"),
    }
}

fn not_for(key: &EditionKey, email: &EmailAddress, status: Status) -> String {
    match status {
        Status::Active => format!(
            "the edition {key} was not for {email}: they came later, or had paused, when it went out; \
             `straight send --edition {key} --to {email}` sends a test of it"
        ),
        Status::Pending | Status::Unsubscribed | Status::Bounced | Status::Complained => {
            format!("the edition {key} was not for {email}, who {}", stays_out_as(status))
        }
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

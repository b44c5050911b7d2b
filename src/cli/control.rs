//! `straight pause`, `resume` and `cancel`: what a person decides about an edition that is going out.

use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::args::{CancelArgs, PauseArgs, ResumeArgs};
use super::holds;
use super::why::readers;
use crate::delivery::State;
use crate::edition::EditionKey;
use crate::press::Press;
use crate::store::{Counts, Course, EditionSummary};

/// How long what is on the wire is waited for before the figures are given.
const ON_THE_WIRE: Duration = Duration::from_secs(5);

/// Runs `straight pause`.
///
/// # Errors
/// When nothing is going out, or the edition is unknown, through or cancelled.
pub(super) async fn pause(press: &Press, args: &PauseArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let editions = match &args.edition {
        Some(key) if is_to_come(press, key).await? => {
            return holds::hold(press, key, args.reason.as_deref(), out).await;
        }
        Some(key) => vec![summary(press, key).await?],
        None => {
            let going = summaries(press, press.store.going_editions().await?).await?;
            if going.is_empty()
                && let Some(key) = holds::about_to_leave(press).await?
            {
                return holds::hold(press, &key, args.reason.as_deref(), out).await;
            }
            if going.is_empty() {
                bail!("no edition is going out: there is nothing to pause{}", paused_already(press).await?);
            }
            going
        }
    };
    for EditionSummary { id, key, .. } in editions {
        if press.store.counts(id).await?.open() == 0 {
            match press.store.stop_of(id).await?.filter(|stop| stop.course == Course::Cancelled) {
                Some(stop) => bail!("the edition {key} was {stop}: there is nothing to pause"),
                None => bail!("the edition {key} is through: there is nothing to pause"),
            }
        }
        let (who, reason) = (who(), args.reason.as_deref());
        if !press.store.pause(id, &who, reason, press.clock.now()).await? {
            let stop = press.store.stop_of(id).await?;
            bail!(
                "the edition {key} is stopped already{}",
                stop.map_or(String::new(), |stop| format!(": {stop}"))
            );
        }
        let counts = settled(press, &key).await?;
        writeln!(out, "The edition {key} is paused: {}.", figures(counts))?;
        writeln!(
            out,
            "  `straight resume --edition {key}` lets it go on, `straight cancel --edition {key}` ends it"
        )?;
    }
    Ok(true)
}

/// Runs `straight resume`.
///
/// # Errors
/// When nothing is paused.
pub(super) async fn resume(press: &Press, args: &ResumeArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let editions = match &args.edition {
        Some(key) if is_to_come(press, key).await? => {
            return holds::let_go(press, std::slice::from_ref(key), out).await;
        }
        Some(key) => vec![summary(press, key).await?],
        None => summaries(press, press.store.paused_editions().await?).await?,
    };
    let held = if args.edition.is_none() { holds::held(press).await? } else { Vec::new() };
    if !held.is_empty() {
        holds::let_go(press, &held, out).await?;
    } else if editions.is_empty() {
        bail!("no edition is paused: there is nothing to resume");
    }
    for EditionSummary { id, key, .. } in editions {
        let (who, reason, now) = (who(), args.reason.as_deref(), press.clock.now());
        let Some(paused) = press.store.resume(id, &who, reason, now).await? else {
            match press.store.stop_of(id).await? {
                Some(stop) => bail!("the edition {key} was {stop}; what is cancelled does not go on"),
                None => bail!("the edition {key} is not paused"),
            }
        };
        let counts = press.store.counts(id).await?;
        writeln!(out, "The edition {key} goes on after {}: {}.", words(paused), figures(counts))?;
        writeln!(
            out,
            "  a running `straight run` or `straight send` takes it up by itself; else `straight send --edition {key}` does"
        )?;
    }
    Ok(true)
}

/// Runs `straight cancel`.
///
/// # Errors
/// When it is not clear which edition, when it is through, or when nobody can be asked.
pub(super) async fn cancel(press: &Press, args: &CancelArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let key = match &args.edition {
        Some(key) => key.clone(),
        None => only_one(press).await?,
    };
    if is_to_come(press, &key).await? {
        return holds::call_off(press, &key, args, out).await;
    }
    let EditionSummary { id, key, .. } = summary(press, &key).await?;
    let counts = press.store.counts(id).await?;
    if let Some(stop) = press.store.stop_of(id).await?.filter(|stop| stop.course == Course::Cancelled) {
        bail!("the edition {key} is cancelled already: {stop}");
    }
    if counts.open() == 0 {
        bail!(
            "the edition {key} is through, sent to {} of {}: there is nothing to cancel",
            counts.of(State::Sent),
            counts.total()
        );
    }
    if !args.yes && !confirmed(&key, counts, out)? {
        writeln!(out, "Nothing is changed.")?;
        return Ok(false);
    }
    let Some(cancelled) = press.store.cancel(id, &who(), args.reason.as_deref(), press.clock.now()).await?
    else {
        bail!("somebody else has cancelled the edition {key} just now");
    };
    settled(press, &key).await?;
    // What was on the wire and came to nothing meanwhile is withheld too, also when nobody sends any more.
    let late = press.store.withhold_cancelled(press.clock.now()).await?;
    let counts = press.store.counts(id).await?;
    writeln!(
        out,
        "The edition {key} is cancelled: sent to {} of {}, and {} readers will not get it.",
        counts.of(State::Sent),
        counts.total(),
        cancelled.withheld + late
    )?;
    if counts.of(State::Uncertain) > 0 {
        writeln!(out, "  uncertain, and on record: {} may have it", readers(counts.of(State::Uncertain)))?;
    }
    if counts.of(State::Sending) > 0 {
        writeln!(out, "  on the wire still, for {}: the answers decide", readers(counts.of(State::Sending)))?;
    }
    if cancelled.withdrawn > 0 {
        writeln!(
            out,
            "  nobody has got it, so the public pages do not have it either; `straight archive restore` puts an article back"
        )?;
    } else {
        writeln!(
            out,
            "  who got it has it, and the public pages too; `straight archive withdraw` takes an article off them"
        )?;
    }
    writeln!(out, "  its articles count as published; one that is to go out again needs another slug")?;
    Ok(true)
}

/// Whether the edition has not gone out yet.
async fn is_to_come(press: &Press, key: &EditionKey) -> anyhow::Result<bool> {
    Ok(press.store.edition_summary(key).await?.is_none())
}

/// Asks on the terminal.
fn confirmed(key: &EditionKey, counts: Counts, out: &mut dyn Write) -> anyhow::Result<bool> {
    let (sent, left) = (counts.of(State::Sent), counts.open());
    if !io::stdin().is_terminal() {
        bail!("{} would never get the edition {key}: say --yes to cancel it", readers(left));
    }
    writeln!(
        out,
        "The edition {key} was sent to {sent} of {} readers. The other {left} will never get it, and this cannot be undone.",
        counts.total()
    )?;
    write!(out, "Cancel it? Type yes: ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The edition that is going out or paused, before it goes out too, if there is one and no more.
async fn only_one(press: &Press) -> anyhow::Result<EditionKey> {
    let mut keys = press.store.going_editions().await?;
    keys.extend(paused(press).await?);
    match keys.as_slice() {
        [key] => Ok(key.clone()),
        [] => bail!("no edition is going out or paused: there is nothing to cancel"),
        several => {
            let named: Vec<String> = several.iter().map(EditionKey::to_string).collect();
            bail!("{} are open: say which with --edition", named.join(" and "))
        }
    }
}

/// The counts once what is on the wire has its answers, or it has been waited for long enough.
async fn settled(press: &Press, key: &EditionKey) -> anyhow::Result<Counts> {
    let id = summary(press, key).await?.id;
    let began = Instant::now();
    loop {
        let counts = press.store.counts(id).await?;
        if counts.of(State::Sending) == 0 || began.elapsed() >= ON_THE_WIRE {
            return Ok(counts);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn figures(counts: Counts) -> String {
    let (sent, of) = (counts.of(State::Sent), counts.total());
    let wait = counts.of(State::Queued) + counts.of(State::Deferred);
    let wire = match counts.of(State::Sending) {
        0 => String::new(),
        sending => format!(", {sending} are on the wire"),
    };
    format!("sent to {sent} of {of}, {wait} wait{wire}")
}

/// The editions that are paused, and those that are held before they go out.
async fn paused(press: &Press) -> anyhow::Result<Vec<EditionKey>> {
    let mut paused = press.store.paused_editions().await?;
    paused.extend(holds::held(press).await?);
    Ok(paused)
}

async fn paused_already(press: &Press) -> anyhow::Result<String> {
    Ok(paused(press).await?.first().map_or(String::new(), |key| format!(" ({key} is paused already)")))
}

async fn summary(press: &Press, key: &EditionKey) -> anyhow::Result<EditionSummary> {
    match press.store.edition_summary(key).await? {
        Some(summary) => Ok(summary),
        None => bail!("the edition {key} has not gone out"),
    }
}

async fn summaries(press: &Press, keys: Vec<EditionKey>) -> anyhow::Result<Vec<EditionSummary>> {
    let mut editions = Vec::with_capacity(keys.len());
    for key in keys {
        editions.push(summary(press, &key).await?);
    }
    Ok(editions)
}

/// Who types this, as in `ann on mail1`.
pub(super) fn who() -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let user = user.filter(|name| !name.trim().is_empty() && !name.contains(char::is_control));
    let number = || {
        std::fs::metadata("/proc/self")
            .map_or_else(|_| "somebody".to_owned(), |me| format!("user {}", me.uid()))
    };
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match host.trim() {
        "" => user.unwrap_or_else(number),
        host => format!("{} on {host}", user.unwrap_or_else(number)),
    }
}

fn words(paused: chrono::TimeDelta) -> String {
    match (paused.num_minutes(), paused.num_hours()) {
        (0, _) => format!("{} s", paused.num_seconds()),
        (minutes, 0..=2) => format!("{minutes} min"),
        (_, hours) => format!("{hours} h"),
    }
}

//! `straight letters`: the single letters that did not get through, and what a person decides about them.

use std::io::Write;

use anyhow::bail;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::args::{
    LettersCommand, ListLettersArgs, OfLetters, ResolveLettersArgs, RetryLettersArgs, Verdict,
};
use crate::delivery::State;
use crate::press::Press;
use crate::store::{KeptLetter, LetterId, StoodIn, WhichLetters};

/// How many letters are in memory at a time.
const PAGE: u32 = 1_000;
/// Of how long letters are told that did not go as they were meant to.
pub(super) const LATELY: TimeDelta = TimeDelta::days(7);

/// Runs one of the commands.
pub(super) async fn run(
    press: &Press,
    command: &LettersCommand,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    match command {
        LettersCommand::List(args) => list(press, args, out).await,
        LettersCommand::Retry(args) => retry(press, args, out).await,
        LettersCommand::Resolve(args) => resolve(press, args, out).await,
    }
}

async fn list(press: &Press, args: &ListLettersArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut after = LetterId(0);
    let mut count = 0;
    loop {
        let page = press.store.kept_letters(args.state, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for KeptLetter { id, to, subject, state, reason, stood_in, .. } in &page {
            let why = reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
            writeln!(out, "{:>6}  {:<9}  {to:<32}  {subject}{why}", id.0, state.as_str())?;
            if let Some(why) = stood_in {
                writeln!(out, "        written by the built-in template, for yours fails: {}", first(why))?;
            }
            count += 1;
        }
    }
    let standing = args.state.map_or("not sent", State::as_str);
    match count {
        1 => writeln!(out, "1 letter is {standing}")?,
        _ => writeln!(out, "{count} letters are {standing}")?,
    }
    // Those that are sent are not among them.
    tell_stood_in(press, out).await?;
    Ok(true)
}

/// Says which letters of late a built-in template wrote, because one of the user's own failed.
pub(super) async fn tell_stood_in(press: &Press, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(StoodIn { count, last_at, why }) = stood_in(press).await? else { return Ok(()) };
    let (days, last) = (LATELY.num_days(), press.config.schedule.local(last_at));
    let went = match count {
        1 => "1 was written by a built-in template, for yours fails".to_owned(),
        many => format!("{many} were written by built-in templates, for yours fail"),
    };
    writeln!(out, "Letters of the last {days} days: {went}, the last at {last}: {}", first(&why))?;
    writeln!(
        out,
        "  mend it; `straight check` tries the templates, and `straight run` reads those of letters when it starts"
    )?;
    Ok(())
}

/// The same for programs.
pub(super) async fn stood_in_json(press: &Press) -> anyhow::Result<Value> {
    Ok(stood_in(press).await?.map_or(Value::Null, |StoodIn { count, last_at, why }| {
        json!({ "count": count, "last_at": last_at.to_rfc3339(), "why": why })
    }))
}

async fn stood_in(press: &Press) -> anyhow::Result<Option<StoodIn>> {
    Ok(press.store.letters_that_stood_in(press.clock.now() - LATELY).await?)
}

/// What was wrong first: that is mended first.
fn first(why: &str) -> &str {
    why.lines().next().unwrap_or_default()
}

async fn retry(press: &Press, args: &RetryLettersArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let which = which(&args.of, args.state);
    if let WhichLetters::One(id) = which {
        let KeptLetter { to, state, is_whole, reason, .. } = letter(press, id).await?;
        let id = id.0;
        match state {
            State::Sent => bail!("letter {id} is sent to {to} already: nobody is sent a second copy"),
            State::Queued => {
                bail!("letter {id} is queued for {to} already; `straight run` or `straight send` sends it")
            }
            State::Sending => bail!("letter {id} is on its way to {to}: wait for the answer"),
            State::Failed | State::Uncertain | State::Deferred | State::Suppressed => {}
        }
        if !is_whole {
            bail!(
                "nothing is queued: what letter {id} said is no longer kept; who signs up again gets another"
            );
        }
        if press.store.retry_letters(which, press.clock.now()).await? == 0 {
            bail!("letter {id} has moved on just now: `straight letters list` says where it stands");
        }
        let why = reason.map(|reason| format!(" (it was {}: {reason})", state.as_str())).unwrap_or_default();
        writeln!(
            out,
            "Letter {id} is queued anew for {to}{why}; `straight run` or `straight send` sends it."
        )?;
        if state == State::Uncertain {
            writeln!(out, "  no answer came the last time: if it did arrive, {to} gets it twice")?;
        }
        return Ok(true);
    }
    match press.store.retry_letters(which, press.clock.now()).await? {
        0 => {
            let such = args.state.map(|state| format!(" that is {}", state.as_str())).unwrap_or_default();
            writeln!(out, "Nothing is queued anew: no letter{such} is to be tried again.")?;
        }
        1 => writeln!(out, "1 letter is queued anew; `straight run` or `straight send` sends it.")?,
        many => {
            writeln!(out, "{many} letters are queued anew; `straight run` or `straight send` sends them.")?;
        }
    }
    Ok(true)
}

async fn resolve(press: &Press, args: &ResolveLettersArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let which = which(&args.of, None);
    let arrived = args.verdict == Verdict::Arrived;
    let word = if arrived { State::Sent } else { State::Failed }.as_str();
    let count = press.store.resolve_letters(which, arrived, press.clock.now()).await?;
    match (count, which) {
        (0, WhichLetters::All(_)) => writeln!(out, "No letter is uncertain: there is nothing to settle.")?,
        (0, WhichLetters::One(id)) => {
            let KeptLetter { to, state, .. } = letter(press, id).await?;
            let instead = match state {
                State::Failed | State::Deferred => "; `straight letters retry` queues it anew",
                State::Queued | State::Sending | State::Sent | State::Uncertain | State::Suppressed => "",
            };
            bail!(
                "letter {} to {to} is {}, and only what is uncertain is settled by a person{instead}",
                id.0,
                state.as_str()
            );
        }
        (_, WhichLetters::One(id)) => writeln!(out, "Letter {} counts as {word}.", id.0)?,
        (1, WhichLetters::All(_)) => writeln!(out, "1 letter counts as {word}.")?,
        (many, WhichLetters::All(_)) => writeln!(out, "{many} letters count as {word}.")?,
    }
    if count > 0 && !arrived {
        writeln!(out, "  `straight letters retry` queues it anew")?;
    }
    Ok(true)
}

async fn letter(press: &Press, id: LetterId) -> anyhow::Result<KeptLetter> {
    match press.store.kept_letter(id).await? {
        Some(letter) => Ok(letter),
        None => bail!("there is no letter {}: `straight letters list` has their numbers", id.0),
    }
}

/// One letter, or with `--all` all of them, or all in this state.
fn which(of: &OfLetters, state: Option<State>) -> WhichLetters {
    of.id.map_or(WhichLetters::All(state), |id| WhichLetters::One(LetterId(id)))
}

//! `straight status`: where the deliveries of an edition stand, and why.

use std::io::Write;

use anyhow::bail;

use crate::delivery::State;
use crate::edition::EditionKey;
use crate::press::Press;
use crate::store::Course;

/// How many reasons are shown.
const REASONS: u32 = 20;

/// Prints the counts of the edition `key`, of the newest when absent.
///
/// # Errors
/// When there is no such edition.
pub(super) async fn status(
    press: &Press,
    key: Option<EditionKey>,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let today = press.key_at(press.clock.now());
    if key.is_none() && press.store.edition(&today).await?.is_none() {
        let errors = press.draft(today.clone(), press.clock.now()).await.map(|draft| draft.errors.len());
        match errors {
            Ok(0) => {}
            Ok(count) => writeln!(
                out,
                "The edition of {today} is held by {count} errors; `straight check` shows them."
            )?,
            Err(why) => writeln!(out, "The edition of {today} cannot be made: {why}")?,
        }
    }
    let newest = press.store.editions(None, 1).await?.into_iter().next();
    let Some(key) = key.or(newest.map(|summary| summary.key)) else {
        writeln!(out, "No edition has gone out yet.")?;
        return Ok(true);
    };
    let Some(edition) = press.store.edition(&key).await? else {
        bail!("the edition {key} has not gone out");
    };
    let summary = edition.summary;
    let counts = press.store.counts(summary.id).await?;
    writeln!(out, "Edition {key}, no. {}: {}", summary.number, summary.subject)?;
    writeln!(
        out,
        "  frozen {}, content hash {}",
        summary.frozen_at.format("%Y-%m-%d %H:%M:%S UTC"),
        summary.hash
    )?;
    writeln!(out, "  {:>10}  of {} readers", "", summary.recipients)?;
    for state in State::ALL {
        if counts.of(state) > 0 {
            writeln!(out, "  {:>10}  {}", counts.of(state), state.as_str())?;
        }
    }
    let decisions = press.store.decisions(summary.id).await?;
    for decision in &decisions {
        writeln!(out, "  {decision}")?;
    }
    let stop = press.store.stop_of(summary.id).await?;
    if stop.as_ref().is_some_and(|stop| stop.course == Course::Paused) {
        writeln!(
            out,
            "  `straight resume --edition {key}` lets it go on, `straight cancel --edition {key}` ends it"
        )?;
    }
    let in_doubt = press.store.uncertain_attempts(summary.id).await?;
    if in_doubt > 0 {
        writeln!(
            out,
            "  {in_doubt} attempts ended without an answer: as many readers may have it twice, or not at all"
        )?;
    }
    let reasons = press.store.reasons(summary.id, REASONS).await?;
    if !reasons.is_empty() {
        writeln!(out, "  why, by frequency (`straight deliveries list` names the readers):")?;
    }
    for (state, reason, count) in reasons {
        writeln!(out, "    {count} × {}: {reason}", state.as_str())?;
    }
    if stop.is_none()
        && let Some(due) = press.store.next_due(summary.id).await?
    {
        writeln!(
            out,
            "  next try {}",
            due.with_timezone(&press.config.schedule.timezone).format("%Y-%m-%d %H:%M %Z")
        )?;
    }
    Ok(true)
}

//! `straight approve` and `unapprove`: what a person lets go out, byte for byte.

use std::io::Write;

use anyhow::bail;
use chrono::TimeDelta;
use clap::Args;

use super::control::who;
use super::dry_run::tell_taken_before;
use crate::config::ApprovalPolicy;
use crate::diagnostic;
use crate::edition::{self, EditionKey};
use crate::press::schedule::{next_slot, slots};
use crate::press::{Approving, AsOf, Look, Press, Withheld};
use crate::store::{Approval, Course};

/// Fix what goes out: the edition as it is now, byte for byte
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight approve                  the edition that is due next\n  \
    straight approve 2025-11-04       that one\n  \
    straight approve --now            today's, dated now: the one that `straight send` sends\n  \
    straight approve --show           what is approved, and whether it is still the same\n  \
    straight unapprove 2025-11-04     takes it back\n\n\
    With `edition.require_approval: true` nothing else goes out. If an approved article changes, the edition waits, and \
    the editors are told how it differs. What is saved after the approval goes with the next edition.")]
pub(super) struct ApproveArgs {
    /// This edition [default: the one that is due next; with --now, today's]
    pub(super) edition: Option<EditionKey>,
    /// Change nothing: say what is approved, and how it differs from what is there now
    #[arg(long, conflicts_with = "now")]
    pub(super) show: bool,
    /// Date it now, not for its hour: for `straight send`
    #[arg(long)]
    pub(super) now: bool,
}

/// Take an approval back
#[derive(Debug, Clone, Args)]
pub(super) struct UnapproveArgs {
    /// Of this edition [default: the one that is due next]
    pub(super) edition: Option<EditionKey>,
}

/// Runs `straight approve`. Gives whether what is there may go out.
///
/// # Errors
/// When it has gone out, no article is due, one is broken, or the store fails.
pub(super) async fn approve(press: &Press, args: &ApproveArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let key = match &args.edition {
        Some(key) => key.clone(),
        // Of the one that `straight send` would send.
        None if args.now => press.key_at(press.clock.now()),
        None => due_next(press, CalledOff::Skip).await?,
    };
    if args.show {
        return show(press, &key, out).await;
    }
    let as_of = if args.now { AsOf::Now } else { AsOf::Slot };
    let (approval, waiting) = match press.approve(&key, as_of, &who()).await? {
        Approving::Done { approval, waiting } => (approval, waiting),
        Approving::Out => bail!("the edition {key} has gone out already: there is nothing to approve"),
        Approving::Over => {
            let next = due_next(press, CalledOff::Skip).await?;
            bail!(
                "the day of the edition {key} is over, and it does not go out any more: its articles go with the next one, \
                 which `straight approve {next}` approves"
            )
        }
        Approving::NoSlot => {
            bail!("the schedule has no edition on {key}: approve it on its day, or with --now")
        }
        Approving::Broken(errors) => {
            let shown = diagnostic::human(&errors, super::colour());
            bail!("the edition {key} cannot be approved before this is mended:\n\n{shown}")
        }
        Approving::Nothing(waiting) => {
            let list =
                waiting.iter().map(|article| format!("\n  {} {}", article.path.display(), article.why));
            bail!("no article is due for {key}: there is nothing to approve{}", list.collect::<String>())
        }
    };
    tell(press, &approval, out)?;
    let is_outbox = press.config.transport.is_outbox();
    let readers = press.store.count_recipients(is_outbox, press.clock.now()).await?;
    if readers > 0 {
        writeln!(out, "  to {readers} readers as of now")?;
    }
    let moment = approval.rendered.frozen_at;
    if tell_hold(press, &key, out).await? {
        // An approval promises nothing of what is held.
    } else if !key.is_regular() {
        writeln!(
            out,
            "  `straight send --edition {key}` sends it: `straight run` sends no extra edition by itself"
        )?;
    } else if moment > approval.at {
        let before = tell_taken_before(&Look::of(press), &approval.rendered, out).await?;
        match before {
            None => writeln!(out, "  `straight run` sends it at {}", press.config.schedule.local(moment))?,
            Some(before) => writeln!(
                out,
                "  then this is not what would go out any more, and waits: `straight approve {key}` anew once {before} is out"
            )?,
        }
    } else {
        writeln!(out, "  `straight run` sends it if its hour is over, else `straight send --edition {key}`")?;
    }
    for article in waiting.iter().filter(|article| article.why.is_news()) {
        writeln!(out, "  left out: {} {}", article.path.display(), article.why)?;
    }
    for warning in edition::size_report(&approval.rendered).warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    Ok(true)
}

/// Runs `straight unapprove`.
///
/// # Errors
/// When there is no approval, or the store fails.
pub(super) async fn unapprove(
    press: &Press,
    args: &UnapproveArgs,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let key = match &args.edition {
        Some(key) => key.clone(),
        None => due_next(press, CalledOff::Skip).await?,
    };
    if press.store.edition_summary(&key).await?.is_some() {
        bail!(
            "the edition {key} has gone out: `straight pause` and `straight cancel` stop what is left of it"
        );
    }
    if !press.store.withdraw_approval(&key).await? {
        bail!("the edition {key} is not approved");
    }
    match press.config.edition.approval {
        ApprovalPolicy::Required => {
            writeln!(out, "The edition {key} is not approved any more: it does not go out.")?
        }
        ApprovalPolicy::NotNeeded => writeln!(
            out,
            "The edition {key} is not approved any more. It goes out nevertheless, with what is there at its hour: \
             `edition.require_approval` is false."
        )?,
    }
    Ok(true)
}

/// Says what is approved, and how it differs from what would be made now.
async fn show(press: &Press, key: &EditionKey, out: &mut dyn Write) -> anyhow::Result<bool> {
    let gone = press.store.edition_summary(key).await?;
    let Some(approval) = press.store.approval(key).await? else {
        match gone {
            Some(_) => writeln!(out, "The edition {key} went out without an approval.")?,
            None => {
                writeln!(out, "The edition {key} is not approved; `straight approve {key}` does it.")?;
                tell_hold(press, key, out).await?;
            }
        }
        return Ok(false);
    };
    tell(press, &approval, out)?;
    if let Some(gone) = gone {
        let same = gone.hash == approval.rendered.hash;
        writeln!(
            out,
            "  it has gone out{}",
            if same { ", just so" } else { ", and NOT as it was approved" }
        )?;
        return Ok(same);
    }
    let is_held = tell_hold(press, key, out).await?;
    let again = press.approved_again(&approval).await?;
    for article in again.waiting.iter().filter(|article| article.why.is_news()) {
        writeln!(out, "  left out: {} {}", article.path.display(), article.why)?;
    }
    match again.changed {
        None => {
            writeln!(out, "  what is there is still the same")?;
            Ok(!is_held)
        }
        Some(changed) => {
            writeln!(out, "  it would not go out, for it has changed since:\n\n{}", changed.how)?;
            writeln!(out, "Undo the change, or look at it anew and `straight approve {key}`.")?;
            Ok(false)
        }
    }
}

/// Says by whose decision the edition `key` does not go out, approved or not. Gives whether there is one.
async fn tell_hold(press: &Press, key: &EditionKey, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(decision) = press.store.hold_of(key).await? else { return Ok(false) };
    let why = Withheld::Decided(decision);
    writeln!(out, "  but it {why}, and does not go out: {}", why.remedy(key))?;
    Ok(true)
}

fn tell(press: &Press, approval: &Approval, out: &mut dyn Write) -> anyhow::Result<()> {
    let rendered = &approval.rendered;
    writeln!(out, "Approved: the edition {}: {}", rendered.key, rendered.subject)?;
    for headline in rendered.headlines.iter().skip(1) {
        writeln!(out, "  also in it: {}", headline.title)?;
    }
    writeln!(out, "  by {}, {}", approval.who, press.config.schedule.local(approval.at))?;
    writeln!(
        out,
        "  dated {}, content hash {}",
        press.config.schedule.local(rendered.frozen_at),
        rendered.hash
    )?;
    Ok(())
}

/// What becomes of an edition that is called off, where the next one is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CalledOff {
    /// It does not go out: the one after it is next.
    Skip,
    /// It is told of, until its day is over.
    Name,
}

/// The edition whose hour comes next, or is over for less than `catch_up` without its having gone out.
pub(super) async fn due_next(press: &Press, called_off: CalledOff) -> anyhow::Result<EditionKey> {
    let (schedule, now) = (&press.config.schedule, press.clock.now());
    let catch_up = TimeDelta::from_std(schedule.catch_up).unwrap_or(TimeDelta::zero());
    if let Some(slot) = slots(schedule, now - catch_up, now).last() {
        let key = EditionKey::of(slot.date);
        if is_to_come(press, &key, called_off).await? {
            return Ok(key);
        }
    }
    let mut after = now;
    while let Some(slot) = next_slot(schedule, after) {
        let key = EditionKey::of(slot.date);
        if is_to_come(press, &key, called_off).await? {
            return Ok(key);
        }
        after = slot.at;
    }
    Ok(press.key_at(now))
}

/// Whether the edition `key` is still to go out: it may have been sent by hand before its hour, or called off.
async fn is_to_come(press: &Press, key: &EditionKey, called_off: CalledOff) -> anyhow::Result<bool> {
    if press.store.edition_summary(key).await?.is_some() {
        return Ok(false);
    }
    let decision = match called_off {
        CalledOff::Skip => press.store.hold_of(key).await?,
        CalledOff::Name => None,
    };
    Ok(decision.is_none_or(|decision| decision.course != Course::Cancelled))
}

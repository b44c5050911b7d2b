//! `straight pause`, `resume` and `cancel` before an edition goes out: hold it, let it go, call it off.

use std::io::Write;

use anyhow::bail;
use chrono::{Days, TimeDelta};

use super::args::CancelArgs;
use super::control::who;
use crate::edition::EditionKey;
use crate::press::Press;
use crate::press::schedule::{next_slot, slot_on};
use crate::store::{Course, Held};

/// Holds the edition `key`.
///
/// # Errors
/// When its day is over, it is held already, or goes out at this moment.
pub(super) async fn hold(
    press: &Press,
    key: &EditionKey,
    reason: Option<&str>,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    decide(press, key, Course::Paused, reason).await?;
    writeln!(out, "The edition {key} is held before it goes out: nobody has got any of it.")?;
    writeln!(
        out,
        "  `straight resume --edition {key}` lets it go, `straight cancel --edition {key}` calls it off"
    )?;
    if let Some(slot) = slot_on(&press.config.schedule, key.date()) {
        let last = (slot.at + press.config.schedule.catch_up).with_timezone(&press.config.schedule.timezone);
        writeln!(out, "  it still goes when it is resumed before {}", last.format("%Y-%m-%d %H:%M %Z"))?;
    }
    Ok(true)
}

/// Lets the editions `keys` go.
///
/// # Errors
/// When one of them is not held.
pub(super) async fn let_go(press: &Press, keys: &[EditionKey], out: &mut dyn Write) -> anyhow::Result<bool> {
    for key in keys {
        if !press.store.let_go(key).await? {
            bail!("the edition {key} has not gone out, and is not held: there is nothing to resume");
        }
        writeln!(out, "The edition {key} may go out.")?;
    }
    Ok(true)
}

/// Calls the edition `key` off.
///
/// # Errors
/// When its day is over, or it goes out at this moment.
pub(super) async fn call_off(
    press: &Press,
    key: &EditionKey,
    args: &CancelArgs,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    decide(press, key, Course::Cancelled, args.reason.as_deref()).await?;
    writeln!(
        out,
        "The edition {key} is called off: it does not go out, and its articles go with the next one."
    )?;
    writeln!(out, "  `straight resume --edition {key}` lets it go after all")?;
    Ok(true)
}

/// The edition that leaves within `schedule.cancel_window`.
pub(super) async fn about_to_leave(press: &Press) -> anyhow::Result<Option<EditionKey>> {
    let (schedule, now) = (&press.config.schedule, press.clock.now());
    let window = TimeDelta::from_std(schedule.cancel_window).unwrap_or(TimeDelta::zero());
    let Some(slot) = next_slot(schedule, now).filter(|slot| slot.at - now <= window) else { return Ok(None) };
    let key = EditionKey::of(slot.date);
    Ok(press.store.edition_summary(&key).await?.is_none().then_some(key))
}

/// The editions that are held and may still go out.
pub(super) async fn held(press: &Press) -> anyhow::Result<Vec<EditionKey>> {
    let mut held = Vec::new();
    for key in press.store.held_editions(&oldest(press)).await? {
        let decision = press.store.hold_of(&key).await?;
        // What was called off comes back by its name alone.
        if decision.is_some_and(|decision| decision.course == Course::Paused) {
            held.push(key);
        }
    }
    Ok(held)
}

async fn decide(press: &Press, key: &EditionKey, course: Course, reason: Option<&str>) -> anyhow::Result<()> {
    if *key < oldest(press) {
        bail!("the edition {key} has not gone out, and its day is over");
    }
    match press.store.hold(key, course, &who(), reason, press.clock.now()).await? {
        Held::Done => Ok(()),
        Held::Out => bail!("the edition {key} goes out at this moment: say it again"),
        Held::Already => match press.store.hold_of(key).await? {
            Some(decision) => bail!("the edition {key} is stopped already: {decision}"),
            None => bail!("somebody else has decided about the edition {key} just now: say it again"),
        },
    }
}

/// Editions of earlier days do not go out any more.
fn oldest(press: &Press) -> EditionKey {
    let today = press.key_at(press.clock.now()).date();
    EditionKey::of(today.checked_sub_days(Days::new(1)).unwrap_or(today))
}

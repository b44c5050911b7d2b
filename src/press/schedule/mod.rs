//! When an edition is due: the slots of a local rule, across every change of the clock. Pure.
//!
//! - **One slot a local date.** The date is the edition's key, so a cron rule that fires several times a day counts
//!   with its first time of the day. A date that the zone skips whole (Samoa, 30 December 2011) has none.
//! - **A slot is the first instant at which the local clock shows the rule's time, or later.** So 07:00 stays 07:00
//!   across a change; a time that does not exist runs once, at the instant after the gap; one that exists twice runs
//!   once, the first time. The slot keeps the date of the rule, also where the gap ends on the next day.
//! - **Slots depend on nothing but the rule**: not on when they are asked for, nor on what was asked before. Cutting
//!   an interval in two gives the same slots, so a restart, a suspended machine, a stepped clock and a second node
//!   are all the same case. That none goes out twice is the store's doing: publishing conflicts on the date.
//!
//! croner reads the expression and finds its dates on a clock without a zone; it is never shown the zone itself,
//! because it gives up in gaps longer than two hours and drops a time that lies in a gap when a field has a list.

mod due;
mod local;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::config::Schedule;

pub use due::{Plan, due};

/// How far back of its end an interval is looked at; with one slot a date, [`slots`] gives no more than this many.
pub const DAYS_LOOKED_AT: u64 = 400;

/// One time at which an edition is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The local date that the rule speaks of: the edition's key.
    pub date: NaiveDate,
}

/// The slots in (`after`, `until`], oldest first.
///
/// Of an interval longer than [`DAYS_LOOKED_AT`] days only the last that many are looked at.
#[must_use]
pub fn slots(schedule: &Schedule, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Slot> {
    let earliest = until.checked_sub_days(Days::new(DAYS_LOOKED_AT)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let after = after.max(earliest);
    if after >= until {
        return Vec::new();
    }
    slots_around(schedule, after)
        .skip_while(|slot| slot.at <= after)
        .take_while(|slot| slot.at <= until)
        .collect()
}

/// The first slot after `after`; `None` when the rule never comes true again.
#[must_use]
pub fn next_slot(schedule: &Schedule, after: DateTime<Utc>) -> Option<Slot> {
    slots_around(schedule, after).find(|slot| slot.at > after)
}

/// The slot of `date`, if the rule has one then.
#[must_use]
pub fn slot_on(schedule: &Schedule, date: NaiveDate) -> Option<Slot> {
    // Midnight is less than a day off UTC's in every zone.
    let before = date.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(1);
    slots(schedule, before, before + TimeDelta::days(3)).into_iter().find(|slot| slot.date == date)
}

/// All slots from a little before `instant` on, oldest first.
fn slots_around(schedule: &Schedule, instant: DateTime<Utc>) -> impl Iterator<Item = Slot> {
    // No zone was ever two days off UTC.
    let mut from = instant.date_naive().checked_sub_days(Days::new(2));
    let dates = std::iter::from_fn(move || {
        let due = local::first_due(&schedule.rule, from?)?;
        from = due.date().succ_opt();
        Some(due)
    });
    dates.filter_map(|due| {
        let at = local::instant_of(schedule.timezone, due)?;
        Some(Slot { at, date: due.date() })
    })
}

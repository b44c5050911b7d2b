//! What is to be published now, and what has been missed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Schedule;

use super::{Slot, slots};

/// What the schedule asks for at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The edition to publish: never more than one.
    pub publish: Option<Slot>,
    /// Slots that nobody publishes any more, oldest first: to be reported.
    pub missed: Vec<Slot>,
    /// A last edition from more than a day in the future, which was set aside: the clock was wrong then, or is now.
    pub distrusted: Option<DateTime<Utc>>,
}

impl Plan {
    /// The instant up to which the plan has answered for the slots; `None` when it holds none.
    #[must_use]
    pub fn settles(&self) -> Option<DateTime<Utc>> {
        self.publish.as_ref().or(self.missed.last()).map(|slot| slot.at)
    }
}

/// What is due at `now`.
///
/// `last_edition` is the instant up to which slots are settled: the latest one that is written down as published,
/// empty or missed. While an edition is held its slot is not settled, and is asked for again until `catch_up` is
/// over. `started` stands in before the first edition: nothing is due that lies before it.
///
/// - Of the slots in (`last_edition`, `now`] the newest is published, if it is not older than `catch_up`; all others
///   are missed. So a long pause brings one edition, not a burst, and each slot is either published or reported.
/// - When the clock steps forward, that is a long pause. When it steps back by no more than a day, nothing is due until it
///   has passed the last edition again. A last edition still further in the future is set aside, lest one wrong clock
///   silence the list for a year: what fell due within `catch_up` is asked for, and an edition of that date which has
///   gone out already is not made again, because the store knows its key.
#[must_use]
pub fn due(
    schedule: &Schedule,
    last_edition: Option<DateTime<Utc>>,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Plan {
    let catch_up = TimeDelta::from_std(schedule.catch_up).unwrap_or(TimeDelta::MAX);
    let settled = last_edition.unwrap_or(started);
    let distrusted = (settled.signed_duration_since(now) > TimeDelta::days(1)).then_some(settled);
    let after = match distrusted {
        // Only what would be published, so that a wrong clock reports no misses.
        Some(_) => now.checked_sub_signed(catch_up).unwrap_or(DateTime::<Utc>::MIN_UTC),
        None => settled,
    };
    let mut missed = slots(schedule, after, now);
    let publish = missed.pop_if(|newest| now.signed_duration_since(newest.at) <= catch_up);
    if distrusted.is_some() {
        missed.clear();
    }
    Plan { publish, missed, distrusted }
}

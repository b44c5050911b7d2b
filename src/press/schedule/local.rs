//! From a local rule to local times, and from these to instants.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::config::ScheduleRule;

/// The first local time of the first date from `from` on for which `rule` holds, on a clock that never changes.
pub(super) fn first_due(rule: &ScheduleRule, from: NaiveDate) -> Option<NaiveDateTime> {
    match rule {
        ScheduleRule::Daily { at, days } => from
            .iter_days()
            .take(7)
            .find(|date| days.contains(&date.weekday()))
            .map(|date| date.and_time(*at)),
        ScheduleRule::Cron(cron) => cron.find_next_occurrence(&from.and_time(NaiveTime::MIN), true).ok(),
    }
}

/// The first instant at which a clock in `zone` shows `local` or later; `None` when the zone skips that date whole.
pub(super) fn instant_of(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    if let Some(at) = zone.from_local_datetime(&local).earliest() {
        return Some(at.to_utc());
    }
    let gap = GapInfo::new(&local, &zone)?;
    let (begin, end) = (gap.begin?.0, gap.end?);
    let skips_whole_date =
        begin <= local.date().and_time(NaiveTime::MIN) && end.naive_local().date() > local.date();
    (!skips_whole_date).then(|| end.to_utc())
}

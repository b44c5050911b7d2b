//! The planner against every zone's changes of the clock, and against clocks that go wrong.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;
use straight::config::{Schedule, ScheduleRule};
use straight::press::schedule::{DAYS_LOOKED_AT, Slot, due, next_slot, slots};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn hours(n: u64) -> Duration {
    Duration::from_secs(3600 * n)
}

fn daily(at: &str, timezone: Tz) -> Schedule {
    Schedule {
        rule: ScheduleRule::Daily { at: time(at), days: WEEK.to_vec() },
        timezone,
        catch_up: hours(6),
        cancel_window: hours(0),
    }
}

fn cron(expression: &str, timezone: Tz) -> Schedule {
    Schedule {
        rule: ScheduleRule::cron(expression).unwrap(),
        timezone,
        catch_up: hours(6),
        cancel_window: hours(0),
    }
}

/// `2025-03-30 2025-03-30T03:00:00+02:00`: the date, and the instant as the zone's clock shows it.
fn shown(schedule: &Schedule, after: &str, until: &str) -> Vec<String> {
    slots(schedule, utc(after), utc(until))
        .iter()
        .map(|slot| format!("{} {}", slot.date, slot.at.with_timezone(&schedule.timezone).to_rfc3339()))
        .collect()
}

fn dates(slots: &[Slot]) -> Vec<String> {
    slots.iter().map(|slot| slot.date.to_string()).collect()
}

#[test]
fn seven_stays_seven_across_a_change() {
    let new_york = daily("07:00", chrono_tz::America::New_York);
    assert_eq!(
        shown(&new_york, "2025-11-01T00:00:00Z", "2025-11-03T23:00:00Z"),
        [
            "2025-11-01 2025-11-01T07:00:00-04:00",
            "2025-11-02 2025-11-02T07:00:00-05:00",
            "2025-11-03 2025-11-03T07:00:00-05:00",
        ]
    );
}

#[test]
fn a_time_that_does_not_exist_runs_once_after_the_gap() {
    let wanted = [
        "2025-03-29 2025-03-29T02:30:00+01:00",
        "2025-03-30 2025-03-30T03:00:00+02:00",
        "2025-03-31 2025-03-31T02:30:00+02:00",
    ];
    for schedule in [daily("02:30", chrono_tz::Europe::Berlin), cron("30 2 * * *", chrono_tz::Europe::Berlin)]
    {
        assert_eq!(shown(&schedule, "2025-03-28T12:00:00Z", "2025-03-31T12:00:00Z"), wanted);
    }
}

#[test]
fn a_time_that_exists_twice_runs_once_the_first_time() {
    let wanted = [
        "2025-11-01 2025-11-01T01:30:00-04:00",
        "2025-11-02 2025-11-02T01:30:00-04:00",
        "2025-11-03 2025-11-03T01:30:00-05:00",
    ];
    for schedule in
        [daily("01:30", chrono_tz::America::New_York), cron("30 1 * * *", chrono_tz::America::New_York)]
    {
        assert_eq!(shown(&schedule, "2025-11-01T00:00:00Z", "2025-11-03T12:00:00Z"), wanted);
    }
}

#[test]
fn a_gap_at_midnight_keeps_the_date() {
    let cairo = daily("00:00", chrono_tz::Africa::Cairo);
    assert_eq!(
        shown(&cairo, "2025-04-24T12:00:00Z", "2025-04-26T12:00:00Z"),
        ["2025-04-25 2025-04-25T01:00:00+03:00", "2025-04-26 2025-04-26T00:00:00+03:00"]
    );
}

#[test]
fn a_gap_that_ends_on_the_next_day_keeps_the_date_of_the_rule() {
    // Toronto, 1919: at 23:30 of 30 March the clock went to 00:30 of 31 March.
    let toronto = daily("23:45", chrono_tz::America::Toronto);
    assert_eq!(
        shown(&toronto, "1919-03-30T12:00:00Z", "1919-04-01T12:00:00Z"),
        ["1919-03-30 1919-03-31T00:30:00-04:00", "1919-03-31 1919-03-31T23:45:00-04:00"]
    );
}

#[test]
fn a_date_that_a_zone_skips_whole_has_no_edition() {
    for (zone, skipped) in [
        (chrono_tz::Pacific::Apia, "2011-12-30"),
        (chrono_tz::Pacific::Fakaofo, "2011-12-30"),
        (chrono_tz::Pacific::Kwajalein, "1993-08-21"),
        (chrono_tz::Pacific::Kiritimati, "1994-12-31"),
        (chrono_tz::Pacific::Enderbury, "1994-12-31"),
    ] {
        for at in ["00:00", "00:01", "07:00", "12:00", "23:59"] {
            let schedule = daily(at, zone);
            let skipped = date(skipped);
            let middle = skipped.and_time(NaiveTime::MIN).and_utc();
            let found = slots(&schedule, middle - TimeDelta::days(4), middle + TimeDelta::days(4));
            let around: Vec<_> = found.iter().map(|slot| slot.date).collect();
            assert!(!around.contains(&skipped), "{zone} {at}: {around:?}");
            for day in [skipped.pred_opt().unwrap(), skipped.succ_opt().unwrap()] {
                assert_eq!(around.iter().filter(|&&found| found == day).count(), 1, "{zone} {at} {day}");
            }
            for slot in found {
                assert_eq!(
                    slot.at.with_timezone(&zone).naive_local(),
                    slot.date.and_time(time(at)),
                    "{zone}"
                );
            }
        }
    }
}

#[test]
fn of_several_times_a_day_the_first_makes_the_edition() {
    let schedule = cron("0,30 6-18/6 * * mon-fri", chrono_tz::UTC);
    assert_eq!(
        shown(&schedule, "2026-09-25T06:00:00Z", "2026-09-29T12:00:00Z"),
        ["2026-09-28 2026-09-28T06:00:00+00:00", "2026-09-29 2026-09-29T06:00:00+00:00"]
    );
    // Every quarter of an hour in a gap: the first of the day is before it.
    let quarters = cron("*/15 2-4 * * *", chrono_tz::Europe::Berlin);
    assert_eq!(
        shown(&quarters, "2025-03-29T12:00:00Z", "2025-03-31T12:00:00Z"),
        ["2025-03-30 2025-03-30T03:00:00+02:00", "2025-03-31 2025-03-31T02:00:00+02:00"]
    );
}

#[test]
fn weekdays_are_the_zone_s_own() {
    let mut auckland = daily("07:00", chrono_tz::Pacific::Auckland);
    auckland.rule = ScheduleRule::Daily { at: time("07:00"), days: vec![Weekday::Mon] };
    // Monday in Auckland is Sunday in UTC.
    assert_eq!(
        shown(&auckland, "2026-06-01T00:00:00Z", "2026-06-15T00:00:00Z"),
        ["2026-06-08 2026-06-08T07:00:00+12:00", "2026-06-15 2026-06-15T07:00:00+12:00"]
    );
}

#[test]
fn a_rare_date_is_found_and_an_impossible_one_refused() {
    let leap = cron("0 7 29 2 *", chrono_tz::UTC);
    assert_eq!(next_slot(&leap, utc("2096-03-01T00:00:00Z")).unwrap().at, utc("2104-02-29T07:00:00Z"));
    for impossible in ["0 7 30 2 *", "0 7 31 4 *", "0 7 * *", "0 0 7 * * *", "61 7 * * *", "", "soon"] {
        assert!(ScheduleRule::cron(impossible).is_err(), "{impossible:?}");
    }
}

#[test]
fn the_edges_of_an_interval_belong_to_its_end() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let at = utc("2026-01-02T07:00:00Z");
    let second = TimeDelta::seconds(1);
    assert_eq!(slots(&schedule, at - second, at).len(), 1);
    assert_eq!(slots(&schedule, at, at + second).len(), 0);
    assert_eq!(slots(&schedule, at, at).len(), 0);
    assert_eq!(slots(&schedule, at + second, at - second).len(), 0);
    assert_eq!(next_slot(&schedule, at).unwrap().at, utc("2026-01-03T07:00:00Z"));
}

#[test]
fn an_endless_interval_is_cut_to_its_last_days() {
    let schedule = daily("07:00", chrono_tz::Asia::Tokyo);
    let found = slots(&schedule, DateTime::UNIX_EPOCH, utc("2999-06-01T00:00:00Z"));
    assert_eq!(u64::try_from(found.len()).unwrap(), DAYS_LOOKED_AT);
    assert_eq!(found.last().unwrap().date, date("2999-06-01"));
    for edge in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for zone in [chrono_tz::Pacific::Kiritimati, chrono_tz::Etc::GMTPlus12] {
            let schedule = daily("07:00", zone);
            let _ = (slots(&schedule, edge, edge), next_slot(&schedule, edge));
            let _ = due(&schedule, Some(edge), DateTime::UNIX_EPOCH, utc("2026-01-01T00:00:00Z"));
            let _ = due(&schedule, None, DateTime::UNIX_EPOCH, edge);
        }
    }
}

/// A change of a zone's clock: the instant, and the offsets in seconds before and after.
struct Change {
    at: DateTime<Utc>,
    before: TimeDelta,
    after: TimeDelta,
}

fn offset(zone: Tz, at: DateTime<Utc>) -> TimeDelta {
    TimeDelta::seconds(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc().into())
}

/// The changes from 2024 to 2027, found from the zone's offsets alone.
fn changes(zone: Tz) -> Vec<Change> {
    let mut found = Vec::new();
    let mut day = utc("2024-01-01T00:00:00Z");
    while day < utc("2028-01-01T00:00:00Z") {
        let (mut low, mut high) = (day, day + TimeDelta::days(1));
        day = high;
        let (before, after) = (offset(zone, low), offset(zone, high));
        if before == after {
            continue;
        }
        while high - low > TimeDelta::seconds(1) {
            let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
            if offset(zone, middle) == before { low = middle } else { high = middle }
        }
        found.push(Change { at: high, before, after });
    }
    found
}

#[test]
fn every_zone_keeps_its_promise_at_every_change() {
    let mut seen = 0;
    for zone in TZ_VARIANTS {
        for change in changes(zone) {
            seen += 1;
            let first = (change.at - TimeDelta::days(2)).date_naive();
            for half_hour in 0..48 {
                let at = NaiveTime::from_num_seconds_from_midnight_opt(half_hour * 1800, 0).unwrap();
                let mut schedule = daily("00:00", zone);
                schedule.rule = ScheduleRule::Daily { at, days: WEEK.to_vec() };
                let wanted: Vec<Slot> = (0..5)
                    .map(|n| first + TimeDelta::days(n))
                    .map(|date| {
                        // The first instant whose local time is the rule's or later.
                        let local = date.and_time(at).and_utc();
                        let before = local - change.before;
                        let at =
                            if before < change.at { before } else { change.at.max(local - change.after) };
                        Slot { at, date }
                    })
                    .collect();
                let (start, end) = (wanted[0].at - TimeDelta::seconds(1), wanted[4].at);
                assert_eq!(slots(&schedule, start, end), wanted, "{zone}, {at}, change at {}", change.at);
            }
        }
    }
    assert!(seen > 1000, "only {seen} changes looked at");
}

#[test]
fn every_zone_has_one_slot_a_date_for_years() {
    for zone in TZ_VARIANTS {
        let schedule = daily("02:30", zone);
        let as_cron = cron("30 2 * * *", zone);
        for year in 2024..2028 {
            let start = Utc.with_ymd_and_hms(year, 1, 1, 12, 0, 0).unwrap();
            let end = Utc.with_ymd_and_hms(year + 1, 1, 1, 12, 0, 0).unwrap();
            let found = slots(&schedule, start, end);
            assert_eq!(i64::try_from(found.len()).unwrap(), (end - start).num_days(), "{zone} {year}");
            for pair in found.windows(2) {
                assert!(pair[0].at < pair[1].at, "{zone}: {pair:?}");
                assert_eq!(pair[0].date.succ_opt(), Some(pair[1].date), "{zone}: {pair:?}");
            }
            if year == 2026 {
                assert_eq!(slots(&as_cron, start, end), found, "{zone}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Where an interval is cut, and when the planner is asked, changes nothing.
    #[test]
    fn cutting_an_interval_gives_the_same_slots(
        zone in 0..TZ_VARIANTS.len(),
        second in 0u32..86_400,
        days in 1u8..128,
        start in 0i64..130_000_000,
        lengths in prop::collection::vec(0i64..4_000_000, 1..8),
    ) {
        let zone = TZ_VARIANTS[zone];
        let at = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
        let days: Vec<_> = WEEK.into_iter().filter(|day| days & (1 << day.num_days_from_monday()) != 0).collect();
        let schedule =
            Schedule { rule: ScheduleRule::Daily { at, days: days.clone() }, timezone: zone, catch_up: hours(6), cancel_window: hours(0) };
        let start = utc("2024-01-01T00:00:00Z") + TimeDelta::seconds(start);
        let end = start + TimeDelta::seconds(lengths.iter().sum());
        let whole = slots(&schedule, start, end);

        let mut pieces = Vec::new();
        let mut cut = start;
        for length in lengths {
            let next = cut + TimeDelta::seconds(length);
            pieces.extend(slots(&schedule, cut, next));
            cut = next;
        }
        prop_assert_eq!(&pieces, &whole);

        let mut walked = Vec::new();
        let mut cut = start;
        while let Some(slot) = next_slot(&schedule, cut).filter(|slot| slot.at <= end) {
            walked.push(slot);
            cut = slot.at;
        }
        prop_assert_eq!(&walked, &whole);

        for slot in &whole {
            prop_assert!(days.contains(&slot.date.weekday()));
            let local = slot.at.with_timezone(&zone).naive_local();
            let meant = slot.date.and_time(at);
            prop_assert!(local == meant || (local > meant && zone.from_local_datetime(&meant).earliest().is_none()));
        }
        for pair in whole.windows(2) {
            prop_assert!(pair[0].at < pair[1].at && pair[0].date < pair[1].date);
        }
    }

    /// Whatever the clock does, a plan never holds more than one edition, and it is never older than `catch_up`.
    #[test]
    fn no_clock_makes_a_burst(
        readings in prop::collection::vec(0i64..200_000_000, 1..40),
        catch_up in 0u64..80,
    ) {
        let mut schedule = daily("07:00", chrono_tz::America::New_York);
        schedule.catch_up = hours(catch_up);
        let origin = utc("2024-01-01T00:00:00Z");
        let mut settled = None;
        for reading in readings {
            let now = origin + TimeDelta::seconds(reading);
            let plan = due(&schedule, settled, origin, now);
            if let Some(slot) = plan.publish {
                prop_assert!(slot.at <= now && now - slot.at <= TimeDelta::from_std(schedule.catch_up).unwrap());
            }
            let all: Vec<_> = plan.missed.iter().chain(&plan.publish).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].at < pair[1].at));
            settled = plan.settles().or(settled);
            let again = due(&schedule, settled, origin, now);
            prop_assert!(plan.settles().is_none() || (again.publish.is_none() && again.missed.is_empty()));
        }
    }
}

#[test]
fn one_edition_at_its_hour_and_none_before_or_after() {
    let schedule = daily("07:00", chrono_tz::America::New_York);
    let started = utc("2025-11-01T00:00:00Z");
    let yesterday = Some(utc("2025-11-03T12:00:00Z"));
    assert_eq!(due(&schedule, yesterday, started, utc("2025-11-04T11:59:59Z")).publish, None);
    let plan = due(&schedule, yesterday, started, utc("2025-11-04T12:00:00Z"));
    assert_eq!(plan.publish, Some(Slot { at: utc("2025-11-04T12:00:00Z"), date: date("2025-11-04") }));
    assert!(plan.missed.is_empty());
    assert_eq!(plan.settles(), Some(utc("2025-11-04T12:00:00Z")));
    let plan = due(&schedule, plan.settles(), started, utc("2025-11-04T12:00:01Z"));
    assert_eq!(plan, Default::default());
}

#[test]
fn a_held_edition_stays_due_until_catch_up_is_over() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2026-01-01T00:00:00Z");
    let last = Some(utc("2026-01-01T07:00:00Z"));
    assert!(due(&schedule, last, started, utc("2026-01-02T13:00:00Z")).publish.is_some());
    let late = due(&schedule, last, started, utc("2026-01-02T13:00:01Z"));
    assert_eq!((late.publish, dates(&late.missed)), (None, vec!["2026-01-02".to_owned()]));
}

#[test]
fn after_a_pause_only_the_newest_goes_out_and_the_others_are_reported() {
    let mut schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2026-01-01T00:00:00Z");
    let last = Some(utc("2026-01-01T07:00:00Z"));
    let plan = due(&schedule, last, started, utc("2026-01-05T08:00:00Z"));
    assert_eq!(plan.publish.unwrap().date, date("2026-01-05"));
    assert_eq!(dates(&plan.missed), ["2026-01-02", "2026-01-03", "2026-01-04"]);
    // Also when catch_up would reach back over several.
    schedule.catch_up = hours(72);
    assert_eq!(due(&schedule, last, started, utc("2026-01-05T08:00:00Z")), plan);
    // Down for a year: bounded, and one edition.
    let plan = due(&schedule, last, started, utc("2028-01-05T08:00:00Z"));
    assert!(plan.publish.is_some() && plan.missed.len() < 400);
}

#[test]
fn the_first_start_owes_nothing_from_before_it() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2026-01-02T08:00:00Z");
    assert_eq!(due(&schedule, None, started, utc("2026-01-02T08:00:05Z")), Default::default());
    let plan = due(&schedule, None, started, utc("2026-01-03T07:00:00Z"));
    assert_eq!((plan.publish.unwrap().date, plan.missed.len()), (date("2026-01-03"), 0));
}

#[test]
fn a_clock_that_steps_back_a_little_waits() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2026-01-01T00:00:00Z");
    let last = Some(utc("2026-01-02T07:00:02Z"));
    for now in ["2026-01-02T06:59:59Z", "2026-01-02T07:00:00Z", "2026-01-01T12:00:00Z"] {
        assert_eq!(due(&schedule, last, started, utc(now)), Default::default(), "{now}");
    }
}

#[test]
fn a_clock_that_steps_back_a_year_makes_no_burst_and_asks_for_known_dates_only() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2025-01-01T00:00:00Z");
    let last = utc("2026-11-04T07:00:00Z");
    let plan = due(&schedule, Some(last), started, utc("2025-11-04T07:30:00Z"));
    // The store has an edition of that date, or nothing new for it: either way nobody gets a second copy.
    assert_eq!(plan.publish.unwrap().date, date("2025-11-04"));
    assert_eq!((plan.missed.len(), plan.distrusted), (0, Some(last)));
    assert_eq!(due(&schedule, plan.settles(), started, utc("2025-11-04T07:31:00Z")), Default::default());
    // Set right again: the days between are no misses of ours, but they are reported, and one edition goes out.
    let plan = due(&schedule, Some(last), started, utc("2026-11-05T07:30:00Z"));
    assert_eq!((plan.publish.unwrap().date, plan.missed.len()), (date("2026-11-05"), 0));
}

#[test]
fn a_clock_that_stepped_forward_a_year_and_back_does_not_silence_the_list() {
    let schedule = daily("07:00", chrono_tz::UTC);
    let started = utc("2025-01-01T00:00:00Z");
    let forward = due(&schedule, Some(utc("2025-11-04T07:00:00Z")), started, utc("2026-11-04T08:00:00Z"));
    assert_eq!(forward.publish.unwrap().date, date("2026-11-04"));
    assert_eq!(forward.missed.len(), 364);
    let last = Some(utc("2026-11-04T08:00:00Z"));
    let back = due(&schedule, last, started, utc("2025-11-05T07:00:00Z"));
    assert_eq!((back.publish.unwrap().date, back.distrusted), (date("2025-11-05"), last));
}

#[test]
fn new_rules_of_a_zone_ask_for_the_same_date_again_and_not_for_another() {
    // A zone that moves by an hour after the edition went out: the slot comes again, under the key the store has.
    let before = daily("07:00", chrono_tz::Etc::GMTMinus2);
    let after = daily("07:00", chrono_tz::Etc::GMTMinus1);
    let first =
        due(&before, Some(utc("2026-06-01T06:00:00Z")), DateTime::UNIX_EPOCH, utc("2026-06-02T05:00:00Z"));
    let second = due(&after, first.settles(), DateTime::UNIX_EPOCH, utc("2026-06-02T06:00:00Z"));
    assert_eq!(first.publish.unwrap().date, second.publish.unwrap().date);
}

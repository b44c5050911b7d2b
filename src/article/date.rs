//! Dates as editors write them.

use std::path::Path;

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;

/// What `date:` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    /// The day in the publication's zone.
    pub(super) day: NaiveDate,
    /// Not before then, when a time of day is given.
    pub(super) not_before: Option<DateTime<Utc>>,
}

/// The accepted forms, for remedies.
pub(super) const FORMS: &str = "write year, month and day as in 2025-11-04; with a time 2025-11-04 06:30 (the publication's zone), \
                                2025-11-04T06:30+01:00 or 2025-11-04 06:30 Europe/Berlin";

/// Reads a date, or a date and time with or without zone; without one it is `zone`'s.
pub(super) fn parse(text: &str, zone: Tz) -> Option<Dated> {
    let (day, at) = as_written(text, zone)?;
    Some(Dated {
        day: at.map_or(day, |at| at.with_timezone(&zone).date_naive()),
        not_before: at.map(|at| at.with_timezone(&Utc)),
    })
}

/// The day as it is written, and the moment in the zone that goes with it, when there is a time of day.
fn as_written(text: &str, zone: Tz) -> Option<(NaiveDate, Option<DateTime<FixedOffset>>)> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(10)?;
    let shape =
        day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|_| shape)?;
    if rest.is_empty() {
        return Some((day, None));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(rest.len());
    let (time, suffix) = rest.split_at(end);
    let time = ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"]
        .iter()
        .find_map(|form| chrono::NaiveTime::parse_from_str(time, form).ok())?;
    let local = day.and_time(time);
    let at = match suffix.trim() {
        "" => in_zone(local, zone)?.with_timezone(&zone).fixed_offset(),
        "Z" | "z" | "UTC" | "GMT" => local.and_utc().fixed_offset(),
        suffix if suffix.starts_with(['+', '-']) => offset(suffix)?.from_local_datetime(&local).single()?,
        name => {
            let zone: Tz = name.parse().ok()?;
            in_zone(local, zone)?.with_timezone(&zone).fixed_offset()
        }
    };
    Some((day, Some(at)))
}

/// The day with which a file's name begins: `2025-11-04-ferry.md`.
pub(super) fn of_file_name(file: &Path) -> Option<NaiveDate> {
    let (day, rest) = file.file_stem()?.to_str()?.split_at_checked(10)?;
    let ends = rest.is_empty() || rest.starts_with(['-', '_', ' ', '.']);
    day.parse().ok().filter(|_| ends && day.bytes().filter(|b| *b == b'-').count() == 2)
}

/// A time that does not exist is taken after the gap; one that exists twice, the first time.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let instant = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
        // No zone skips more than a day.
        LocalResult::None => (1..=96).find_map(|quarters| {
            zone.from_local_datetime(&(local + TimeDelta::minutes(15 * quarters))).earliest()
        })?,
    };
    Some(instant.with_timezone(&Utc))
}

/// `+01:00`, `+0100` or `+01`.
fn offset(text: &str) -> Option<FixedOffset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text[1..].replace(':', "");
    if !(digits.len() == 2 || digits.len() == 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|m| !m.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
    (hours <= 14 && minutes < 60).then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)))?
}

/// What was meant by a date in another notation, as it is to be written, when only one can be meant.
pub(super) fn meant(text: &str, zone: Tz) -> Option<String> {
    // A writing program's quotes are no marks of YAML, and a comma behind a value is one of JSON.
    let text = text.trim().trim_end_matches([',', ';']).trim_matches(['“', '”', '„', '‘', '’', '«', '»']);
    as_written(text, zone)
        .map(|_| text.to_owned())
        .or_else(|| day(text).map(|day| day.to_string()))
        .or_else(|| without_brackets(text, zone))
        .or_else(|| padded(text, zone))
        .or_else(|| of_mail(text))
}

/// `Fri, 27 Nov 2026 07:00:00 +0100` (RFC 2822), whose day of the week has to be that of the day.
fn of_mail(text: &str) -> Option<String> {
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Without what means nothing to us: dashes of printers between figures, `27th`, and the spaces that break no line.
fn plainly(text: &str) -> String {
    let text = text.replace(['–', '‑', '‒'], "-").replace(['\u{a0}', '\u{202f}'], " ");
    let words = text.split(' ').map(|word| {
        let (word, comma) = word.strip_suffix(',').map_or((word, ""), |word| (word, ","));
        let number = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
        let number = number.filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        format!("{}{comma}", number.unwrap_or(word))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A date as other programs write it, as `date:` takes it: when it can be read, or when only one can be meant. A time
/// keeps its zone, so that the day is the one that its author wrote.
pub(crate) fn import_date(text: &str, zone: Tz) -> Option<String> {
    let meant = meant(text, zone)?;
    let (day, at) = as_written(&meant, zone)?;
    Some(at.map_or_else(|| day.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true)))
}

/// The moment from which what is dated so, in a form of `date:`, may be shown: that of a day its beginning.
pub(crate) fn import_moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let Dated { day, not_before } = parse(text, zone)?;
    not_before.or_else(|| in_zone(day.and_time(NaiveTime::MIN), zone))
}

/// What to write instead of `text`.
pub(super) fn remedy(text: &str, zone: Tz) -> String {
    match meant(text, zone) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => FORMS.to_owned(),
    }
}

/// A day in words, with other dividers or with none.
fn day(text: &str) -> Option<NaiveDate> {
    let forms = [
        "%Y-%m-%d",
        "%d %B %Y",
        "%d. %B %Y",
        "%B %d, %Y",
        "%B %d %Y",
        "%d %b %Y",
        "%b %d, %Y",
        "%d.%m.%Y",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y%m%d",
        "%A, %B %d, %Y",
        "%A, %d %B %Y",
        "%A %d %B %Y",
    ];
    let text = &*plainly(text);
    let near = |form: &&str| {
        let day = NaiveDate::parse_from_str(text, form).ok()?;
        (1900..2200).contains(&chrono::Datelike::year(&day)).then_some(day)
    };
    // A month there is a day here: only one of the two may be possible.
    let swapped = [["%m/%d/%Y", "%d/%m/%Y"], ["%m-%d-%Y", "%d-%m-%Y"]].iter().find_map(|forms| {
        let mut days: Vec<NaiveDate> = forms.iter().filter_map(&near).collect();
        days.dedup();
        days.pop().filter(|_| days.is_empty())
    });
    forms.iter().find_map(near).or(swapped)
}

/// `2025-11-04T06:30+01:00[Europe/Berlin]` (RFC 9557): the offset says it, else the zone does.
fn without_brackets(text: &str, zone: Tz) -> Option<String> {
    let (outer, name) = text.strip_suffix(']')?.split_once('[')?;
    let named = format!("{} {}", outer.trim(), name.trim());
    [named, outer.trim().to_owned()].into_iter().find(|text| parse(text, zone).is_some())
}

/// `2026-1-3 6:30`: a day and a time, of which the day wants noughts.
fn padded(text: &str, zone: Tz) -> Option<String> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let text = format!("{} {}", day(date)?, rest.trim());
    parse(&text, zone).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text, chrono_tz::Europe::Berlin) {
            None => "no".to_owned(),
            Some(Dated { day, not_before: None }) => day.to_string(),
            Some(Dated { day, not_before: Some(at) }) => format!("{day} from {}", at.format("%FT%TZ")),
        }
    }

    #[test]
    fn accepted_forms() {
        for (text, expected) in [
            ("2025-11-04", "2025-11-04"),
            ("2025-11-04 06:30", "2025-11-04 from 2025-11-04T05:30:00Z"),
            ("2025-11-04T06:30:15", "2025-11-04 from 2025-11-04T05:30:15Z"),
            ("2025-11-04T23:30Z", "2025-11-05 from 2025-11-04T23:30:00Z"),
            ("2025-11-04T06:30+01:00", "2025-11-04 from 2025-11-04T05:30:00Z"),
            ("2025-11-04 06:30 -0500", "2025-11-04 from 2025-11-04T11:30:00Z"),
            ("2025-11-04 06:30 America/New_York", "2025-11-04 from 2025-11-04T11:30:00Z"),
            // The gap, and the hour that comes twice.
            ("2025-03-30 02:30", "2025-03-30 from 2025-03-30T01:00:00Z"),
            ("2025-10-26 02:30", "2025-10-26 from 2025-10-26T00:30:00Z"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for text in [
            "",
            "2025-13-01",
            "2025-02-29",
            "2025-1-4",
            "20251104",
            "2025-11-04x",
            "2025-11-04 25:00",
            "2025-11-04 06:30 Nowhere/City",
            "2025-11-04 06:30+99:00",
            "４月",
        ] {
            assert_eq!(shown(text), "no", "{text}");
        }
    }

    #[test]
    fn other_notations_are_guessed() {
        let guess = |text| meant(text, chrono_tz::Europe::Berlin);
        for text in [
            "4 November 2025",
            "November 4, 2025",
            "4 Nov 2025",
            "04.11.2025",
            "2025/11/04",
            "20251104",
            "2025-11-4",
            "Tuesday, November 4, 2025",
            "Tuesday, 4 November 2025",
            "Nov 4th, 2025",
            "2025–11–04",
        ] {
            assert_eq!(guess(text).as_deref(), Some("2025-11-04"), "{text}");
        }
        for (text, meant) in [
            ("“2025-11-04”", Some("2025-11-04")),
            ("„4.11.2025“,", Some("2025-11-04")),
            ("2025-11-04 06:30,", Some("2025-11-04 06:30")),
            ("2026-1-3", Some("2026-01-03")),
            ("2026-1-3 06:30", Some("2026-01-03 06:30")),
            ("11/23/2026", Some("2026-11-23")),
            ("23/11/2026", Some("2026-11-23")),
            ("11/11/2026", Some("2026-11-11")),
            ("11-23-2026", Some("2026-11-23")),
            ("2025-11-04T06:30+01:00[Europe/Berlin]", Some("2025-11-04T06:30+01:00")),
            ("2025-11-04 06:30[Europe/Berlin]", Some("2025-11-04 06:30 Europe/Berlin")),
            ("2025-11-04T06:30Z[Nowhere]", Some("2025-11-04T06:30Z")),
            ("11/04/2025", None),
            ("13/13/2025", None),
            ("2025-11-04[", None),
            ("Tue, 4 Nov 2025 06:30:00 +0100", Some("2025-11-04T06:30:00+01:00")),
            // It was a Tuesday.
            ("Monday, November 4, 2025", None),
            ("11–04–2025", None),
            ("soon", None),
        ] {
            assert_eq!(guess(text).as_deref(), meant, "{text}");
        }
    }
}

//! The forms of single values, each with the words for one that is not of its form.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;
use croner::errors::CronError;
use url::{Host, Url};

use crate::diagnostic::{Diagnostic, Severity};
use crate::subscriber::EmailAddress;
use crate::yaml::{self, Place};

use super::layers::Origin;
use super::{Rate, ScheduleRule};

/// What is wrong with a value, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Wrong { message: message.into(), remedy: remedy.into() }
    }

    /// `value` is no `what`.
    fn value(value: &str, what: &str, remedy: impl Into<String>) -> Self {
        Wrong::new(format!("`{}` is {what}", shown(value)), remedy)
    }
}

/// A value as a message shows it: short and printable.
pub(super) fn shown(value: &str) -> String {
    const MOST: usize = 60;
    let mut shown = String::new();
    for (at, c) in value.chars().enumerate() {
        if at == MOST {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// A finding about `key`, as whoever set it calls it.
pub(super) fn finding(
    origin: &Origin,
    place: Option<&Place>,
    key: &str,
    rule: &'static str,
    wrong: &Wrong,
) -> Diagnostic {
    let (file, name) = match origin {
        Origin::Default => (PathBuf::from("newsletter.example.yaml"), key),
        Origin::File(path) => (path.clone(), key),
        Origin::Environment(variable) => (PathBuf::from("environment"), variable.as_str()),
        Origin::Flag(flag) => (PathBuf::from("command line"), *flag),
    };
    let message =
        if name.is_empty() { wrong.message.clone() } else { format!("`{name}`: {}", wrong.message) };
    let finding =
        Diagnostic::of_file(Severity::Error, rule, file, message).with_remedy(wrong.remedy.as_str());
    match place.cloned() {
        Some(Place { line, column, bytes: span }) => Diagnostic { line, column, span, ..finding },
        None => finding,
    }
}

/// A text of one line, not empty.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("the text is empty", "write a text, or leave the key out"));
    }
    if text.contains(char::is_control) {
        return Err(Wrong::new(
            "the text has a line break or another control character",
            "write it in one line",
        ));
    }
    Ok(text.to_owned())
}

/// A text of several lines, not empty.
pub(super) fn lines(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("the text is empty", "write a text, or leave the key out"));
    }
    if text.contains(|c: char| c.is_control() && c != '\n') {
        return Err(Wrong::new("the text has a control character", "take it out"));
    }
    Ok(text.to_owned())
}

/// The line of copyright; `{year}` and `{name}` stand for what they say.
pub(super) fn copyright(text: &str) -> Result<String, Wrong> {
    const WORDS: [&str; 2] = ["year", "name"];
    let text = line(text)?;
    let unknown = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(word, _)| word))
        .find(|word| !WORDS.contains(word));
    match unknown {
        None => Ok(text),
        Some(word) => {
            let remedy = match yaml::nearest(word.trim(), WORDS) {
                Some(near) => format!("did you mean `{{{near}}}`?"),
                None => "write {year} or {name}, or the words themselves".to_owned(),
            };
            Err(Wrong::new(format!("nothing stands for `{{{}}}`", shown(word)), remedy))
        }
    }
}

/// `30s`, `5m`, `6h`, `7d`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let refused = || Wrong::value(text, "no length of time", "write it as in 30s, 5m, 6h, 7d or 1h30m");
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest.is_empty() {
        return Err(refused());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
        let count: u64 = rest[..digits].parse().map_err(|_| refused())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return Err(refused()),
        };
        seconds = count.checked_mul(unit).and_then(|s| s.checked_add(seconds)).ok_or_else(refused)?;
        rest = rest[letters..].trim_start();
    }
    // A year: longer is a slip, and arithmetic with dates stays in its range.
    if seconds > 366 * 86_400 {
        return Err(Wrong::value(text, "longer than a year", "write a shorter time"));
    }
    Ok(Duration::from_secs(seconds))
}

/// A length of time that is not nothing.
pub(super) fn some_time(text: &str) -> Result<Duration, Wrong> {
    match duration(text)? {
        Duration::ZERO => Err(Wrong::value(text, "no time at all", "write a time above zero")),
        time => Ok(time),
    }
}

/// A length of time in whole days, at least one.
pub(super) fn days(text: &str) -> Result<u32, Wrong> {
    let seconds = duration(text)?.as_secs();
    match u32::try_from(seconds / 86_400) {
        Ok(days) if days > 0 && seconds % 86_400 == 0 => Ok(days),
        _ => Err(Wrong::value(text, "no number of whole days", "write it as in 7d")),
    }
}

/// `07:00`, `7:00`, `18:30`.
pub(super) fn time_of_day(text: &str) -> Result<NaiveTime, Wrong> {
    let refused =
        || Wrong::value(text, "no time of day", "write hours and minutes, 00:00 to 23:59, as in 07:00");
    let (hours, minutes) = text.trim().split_once(':').ok_or_else(refused)?;
    let number = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()
    };
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 {
        return Err(refused());
    }
    let (Some(hours), Some(minutes)) = (number(hours), number(minutes)) else { return Err(refused()) };
    NaiveTime::from_hms_opt(hours, minutes, 0).ok_or_else(refused)
}

/// `mon`, `Friday`, `mon..fri`, `sat..mon`: one day or a range.
pub(super) fn weekdays(text: &str) -> Result<Vec<Weekday>, Wrong> {
    let refused = || {
        Wrong::value(
            text,
            "no day of the week",
            "write mon, tue, wed, thu, fri, sat, sun, or a range as in mon..fri",
        )
    };
    let day = |word: &str| word.trim().parse::<Weekday>().map_err(|_| refused());
    match text.split_once("..") {
        None => Ok(vec![day(text)?]),
        Some((first, last)) => {
            let (mut at, last) = (day(first)?, day(last)?);
            let mut days = vec![at];
            while at != last {
                at = at.succ();
                days.push(at);
            }
            Ok(days)
        }
    }
}

/// A time zone of the IANA's data base, or what to write instead.
fn zone(text: &str) -> Result<Tz, String> {
    crate::subscriber::zone(text).map_err(|unknown| unknown.remedy)
}

/// As [`zone`].
pub(super) fn timezone(text: &str) -> Result<Tz, Wrong> {
    zone(text).map_err(|remedy| Wrong::value(text, "no time zone", remedy))
}

/// A cron expression of five fields that comes true some day.
pub(super) fn cron(text: &str) -> Result<ScheduleRule, Wrong> {
    let text = text.trim();
    let example = "write minute, hour, day, month and weekday, as in 0 7 * * MON-FRI";
    if text.split_ascii_whitespace().count() != 5 {
        return Err(Wrong::value(text, "no cron expression of five fields", example));
    }
    ScheduleRule::cron(text).map_err(|why| match why {
        CronError::TimeSearchLimitExceeded => Wrong::value(text, "never true on any day", example),
        why => Wrong::value(
            text,
            &format!("no cron expression ({})", why.to_string().trim_end_matches('.')),
            example,
        ),
    })
}

/// An address; the message does not repeat it.
pub(super) fn address(text: &str) -> Result<EmailAddress, Wrong> {
    text.parse()
        .map_err(|why| Wrong::new(format!("this is no address: {why}"), "write it as in daily@example.com"))
}

/// `Name <address>` or an address alone.
pub(super) fn mailbox(text: &str) -> Result<(Option<String>, EmailAddress), Wrong> {
    match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        None => Ok((None, address(text)?)),
        Some((name, inner)) => {
            let name = name.trim().trim_matches('"').trim();
            let name = if name.is_empty() { None } else { Some(line(name)?) };
            Ok((name, address(inner)?))
        }
    }
}

/// An address on the web, http or https.
pub(super) fn web_address(text: &str) -> Result<Url, Wrong> {
    let refused =
        || Wrong::value(text, "no web address", "write it as in https://news.example.com/authors/ann");
    let url = Url::parse(text.trim()).map_err(|_| refused())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    if fits { Ok(url) } else { Err(refused()) }
}

/// The address of a photograph: https.
pub(super) fn https_address(text: &str) -> Result<Url, Wrong> {
    let url = web_address(text)?;
    match url.scheme() {
        "https" => Ok(url),
        _ => Err(Wrong::value(text, "not https", "mail programs load pictures over https only")),
    }
}

/// Where readers reach us: https, or http on this machine; no query; no slash at the end.
pub(super) fn public_url(text: &str) -> Result<Url, Wrong> {
    let refused = |what| Wrong::value(text, what, "write it as in https://news.example.com");
    let mut url = web_address(text).map_err(|_| refused("no web address"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("more than a host and a path"));
    }
    if url.scheme() == "http" && !url.host().is_some_and(|host| is_loopback(&host)) {
        return Err(Wrong::value(
            text,
            "not https",
            "one-click unsubscribe (RFC 8058) asks for https; http is for localhost alone",
        ));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Whether a browser takes a host for this machine (RFC 6761 §6.3).
fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref().trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, or `off`.
pub(super) fn listen(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    match text.trim() {
        "off" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Wrong::value(
                text,
                "no address to listen on",
                "write address and port as in 127.0.0.1:8080, or off",
            )
        }),
    }
}

/// A language tag of BCP 47, by its shape.
pub(super) fn language(text: &str) -> Result<String, Wrong> {
    let mut parts = text.trim().split('-');
    let first = parts.next().unwrap_or_default();
    let fits = (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if fits {
        Ok(text.trim().to_owned())
    } else {
        Err(Wrong::value(text, "no language", "write a tag as in en-US, de or pt-BR"))
    }
}

/// A list identifier (RFC 2919 §2): a dotted name.
pub(super) fn list_id(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+!#$%&'*/=?^`{|}~".contains(&b))
    };
    if text.len() <= 255 && text.contains('.') && text.split('.').all(label) {
        Ok(text.to_owned())
    } else {
        Err(Wrong::value(
            text,
            "no list identifier",
            "write a dotted name as in daily.example.com, without < and >",
        ))
    }
}

/// A whole number from `least` to `most`.
pub(super) fn number(least: usize, most: usize) -> impl Fn(&str) -> Result<usize, Wrong> {
    move |text| match text.trim().parse::<usize>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Wrong::value(
            text,
            "no number that fits",
            format!("write a whole number from {least} to {most}"),
        )),
    }
}

/// `60KiB`: the bytes of an edition's HTML, from 16 to 95 KiB.
pub(super) fn size(text: &str) -> Result<usize, Wrong> {
    let digits = text.trim().strip_suffix("KiB").unwrap_or_default().trim();
    match digits.parse::<usize>() {
        Ok(size) if (16..=95).contains(&size) => Ok(size * 1024),
        _ => Err(Wrong::value(text, "no size that fits", "write it from 16KiB to 95KiB, as in 60KiB")),
    }
}

/// `10/s`, `500/min`, `20000/h`, `90000/d`.
pub(super) fn rate(text: &str) -> Result<Rate, Wrong> {
    let refused = || Wrong::value(text, "no rate", "write it as in 10/s, 500/min or 20000/h");
    let (count, unit) = text.split_once('/').ok_or_else(refused)?;
    let messages: NonZeroU32 = count.trim().parse().map_err(|_| refused())?;
    let seconds = match unit.trim() {
        "s" | "sec" | "second" => 1,
        "m" | "min" | "minute" => 60,
        "h" | "hour" => 3_600,
        "d" | "day" => 86_400,
        _ => return Err(refused()),
    };
    Ok(Rate { messages, per: Duration::from_secs(seconds) })
}

/// One of a few words.
pub(super) fn choice<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Result<T, Wrong> {
    move |text| {
        let found = words.iter().find(|(word, _)| *word == text.trim());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let all = words.iter().map(|(word, _)| *word);
            let remedy = match yaml::nearest(text.trim(), all.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {}", all.collect::<Vec<_>>().join(" or ")),
            };
            Wrong::value(text, "not one of the choices", remedy)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_of_time() {
        let seconds = |text| duration(text).map(|d| d.as_secs()).ok();
        assert_eq!(seconds("30s"), Some(30));
        assert_eq!(seconds("5m"), Some(300));
        assert_eq!(seconds("20h"), Some(72_000));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("1 day 2 hours"), Some(93_600));
        assert_eq!(seconds("0s"), Some(0));
        for wrong in ["", "5", "h", "5 fortnights", "-5m", "1.5h", "99999999999999999999s", "400d", "5m3"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        assert_eq!(days("7d"), Ok(7));
        assert_eq!(days("48h"), Ok(2));
        assert!(days("0d").is_err() && days("36h").is_err());
    }

    #[test]
    fn copyrights() {
        let read = |text| copyright(text).map_err(|wrong| format!("{}; {}", wrong.message, wrong.remedy));
        assert_eq!(read(" © {year} {name} "), Ok("© {year} {name}".into()));
        assert_eq!(read("© 2026 {"), Ok("© 2026 {".into()));
        let told = |text| read(text).unwrap_err();
        assert_eq!(told("© {yaer} {name}"), "nothing stands for `{yaer}`; did you mean `{year}`?");
        assert_eq!(told("© {Name}"), "nothing stands for `{Name}`; did you mean `{name}`?");
        assert_eq!(
            told("{city}"),
            "nothing stands for `{city}`; write {year} or {name}, or the words themselves"
        );
    }

    #[test]
    fn times_of_day() {
        for (text, shown) in
            [("07:00", "07:00:00"), ("7:05", "07:05:00"), ("23:59", "23:59:00"), ("00:00", "00:00:00")]
        {
            assert_eq!(time_of_day(text).unwrap().to_string(), shown);
        }
        for wrong in ["7", "24:00", "07:60", "07:0", "007:00", "7am", "07:00:00", "+7:00", ""] {
            assert!(time_of_day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zones_are_found_by_their_city() {
        assert_eq!(zone("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(zone("berlin"), Err("did you mean `Europe/Berlin`?".into()));
        assert_eq!(zone("new york"), Err("did you mean `America/New_York`?".into()));
        assert_eq!(zone("Amercia/New_York"), Err("did you mean `America/New_York`?".into()));
        assert_eq!(zone("+02:00"), Err("write it as in Europe/Berlin, America/New_York or UTC".into()));
    }

    #[test]
    fn mailboxes() {
        let read = |text| mailbox(text).map(|(name, address)| (name, address.to_string())).ok();
        assert_eq!(read("a@b.example"), Some((None, "a@b.example".into())));
        assert_eq!(read("<a@b.example>"), Some((None, "a@b.example".into())));
        assert_eq!(read("\"A, B\" <a@b.example>"), Some((Some("A, B".into()), "a@b.example".into())));
        assert_eq!(read("A\nBcc: x <a@b.example>"), None);
        assert_eq!(read("A <a@b.example> x"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|[0-9:.a-z/\\[\\]@<> -]{0,30}") {
            let _ = (duration(&text), days(&text), time_of_day(&text), weekdays(&text), timezone(&text), rate(&text));
            let _ = (cron(&text), mailbox(&text), public_url(&text), listen(&text), language(&text), list_id(&text));
        }
    }
}

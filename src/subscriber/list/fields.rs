//! From a row's texts to a subscriber.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::super::{EmailAddress, NewSubscriber, Status};
use super::Wrong;
use crate::subscriber::zone;
use crate::yaml::nearest;

/// What a date without a time of day stands for.
const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("noon is a time");

/// A column of a CSV file, a key of a YAML file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Name,
    Timezone,
    Status,
    Since,
}

impl Field {
    pub(super) const NAMES: [&str; 5] = ["email", "name", "timezone", "status", "since"];

    /// The words for each field, its name first, then those that other programs export.
    const WORDS: [(Field, &[&str]); 5] = [
        (
            Field::Email,
            &["email", "e_mail", "mail", "address", "email_address", "e_mail_address", "mail_address"],
        ),
        (Field::Name, &["name", "full_name", "first_name", "display_name", "firstname", "fullname"]),
        (Field::Timezone, &["timezone", "time_zone", "tz"]),
        (Field::Status, &["status", "state", "subscription_status"]),
        (
            Field::Since,
            &[
                "since",
                "subscribed",
                "subscribed_at",
                "subscribed_on",
                "subscription_date",
                "signed_up_at",
                "sign_up_date",
                "signup_date",
                "date_added",
                "created",
                "created_at",
                "optin_time",
                "confirm_time",
            ],
        ),
    ];

    /// The field that a column's heading or a key names, in whatever case.
    pub(super) fn of_heading(heading: &str) -> Option<Field> {
        let heading = heading.trim().to_lowercase().replace(['-', ' '], "_");
        Field::WORDS.iter().find(|(_, words)| words.contains(&heading.as_str())).map(|(field, _)| *field)
    }

    /// The field that was most likely meant by an unknown heading.
    pub(super) fn nearest(heading: &str) -> Option<Field> {
        let words = Field::WORDS.iter().flat_map(|(_, words)| words.iter().copied());
        Field::of_heading(nearest(heading.trim(), words)?)
    }

    pub(super) fn name(self) -> &'static str {
        Field::NAMES[self as usize]
    }
}

/// Why a row is no subscriber.
#[derive(Debug)]
pub(super) struct Refused {
    /// The field that is wrong, unless it is missing.
    pub(super) field: Option<Field>,
    /// Where it stands in its line.
    pub(super) column: usize,
    /// What is wrong with it.
    pub(super) wrong: Wrong,
}

/// A row's texts; an empty one counts as absent.
#[derive(Debug, Default)]
pub(super) struct Draft {
    texts: [Option<(String, usize)>; 5],
}

impl Draft {
    /// Sets a field, which stands at `column`.
    pub(super) fn set(&mut self, field: Field, text: &str, column: usize) {
        if !text.trim().is_empty() {
            self.texts[field as usize] = Some((text.to_owned(), column));
        }
    }

    fn get(&self, field: Field) -> Option<(&str, usize)> {
        self.texts[field as usize].as_ref().map(|(text, column)| (text.as_str(), *column))
    }

    /// Takes `Ann Reader <ann@example.org>` apart; a name of its own goes before the one in it.
    fn split_mailbox(&mut self) {
        let Some((text, column)) = self.get(Field::Email) else { return };
        let Some((name, address)) = text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<'))
        else {
            return;
        };
        let name = name.trim().trim_matches('"').trim();
        // Two addresses in one field are no name and an address.
        if name.contains(['<', '>', '@']) {
            return;
        }
        let (name, address) = (name.to_owned(), address.to_owned());
        if self.get(Field::Name).is_none() {
            self.set(Field::Name, &name, column);
        }
        self.texts[Field::Email as usize] = Some((address, column));
    }

    /// Checks one field.
    fn read<T>(
        &self,
        field: Field,
        parse: impl Fn(&str) -> Result<T, (String, String)>,
    ) -> Result<Option<T>, Refused> {
        let Some((text, column)) = self.get(field) else { return Ok(None) };
        // A line break is no slip of the pen: it would begin a header of its own in a message.
        let parsed = if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            Err(("there is a control character in it".to_owned(), "take it out".to_owned()))
        } else {
            parse(text.trim())
        };
        parsed.map(Some).map_err(|(message, remedy)| {
            let wrong = Wrong::new("bad-value", format!("`{}`: {message}", field.name()), remedy);
            Refused { field: Some(field), column, wrong }
        })
    }

    /// The subscriber, or the first field that is wrong.
    pub(super) fn into_subscriber(mut self) -> Result<NewSubscriber, Refused> {
        self.split_mailbox();
        let email = self.read(Field::Email, |text| {
            text.parse::<EmailAddress>()
                .map_err(|why| (why.without_text(), "write it as in ann@example.org".into()))
        })?;
        let name = self.read(Field::Name, |text| {
            const LONGEST: usize = 200;
            if text.chars().count() <= LONGEST {
                Ok(text.to_owned())
            } else {
                Err((format!("it is longer than {LONGEST} characters"), "shorten it".into()))
            }
        })?;
        let timezone = self.read(Field::Timezone, |text| {
            zone(text).map_err(|e| ("this is no time zone".into(), e.remedy))
        })?;
        let status = self.read(Field::Status, |text| {
            text.to_lowercase().parse::<Status>().map_err(|_| {
                (
                    "there is no such status".into(),
                    "write pending, active, unsubscribed, bounced or complained".into(),
                )
            })
        })?;
        let since = self.read(Field::Since, |text| {
            moment(text).ok_or_else(|| {
                ("this is no date".into(), "write it as in 2026-01-31 or 2026-01-31T08:00:00Z".into())
            })
        })?;
        let missing = || Refused {
            field: None,
            column: 1,
            wrong: Wrong::new("missing-value", "the address is missing", "write an `email`"),
        };
        Ok(NewSubscriber {
            email: email.ok_or_else(missing)?,
            name,
            timezone,
            status: status.unwrap_or(Status::Active),
            since,
        })
    }
}

/// A date, or a date and time with its offset (RFC 3339), of four digits in the year.
///
/// A date alone is noon in UTC: every zone from -12 to +11 then shows the day that was written, and whoever reads a list
/// does not know the publication's.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    if !text.as_bytes().first_chunk::<4>()?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if text.len() == 10 {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return Some(date.and_time(NOON).and_utc());
    }
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}

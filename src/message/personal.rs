//! What one reader's copy says that no other does.

use std::borrow::Cow;

use chrono::{Locale, NaiveDate};

use crate::edition::Slot;

use super::header::without_controls;
use super::{Letterhead, Purpose, Recipient, TokenKeys};

/// The values of all slots for one reader.
#[derive(Debug)]
pub(super) struct Personal<'r> {
    /// Without control characters, which no name has; empty when there is none.
    pub(super) name: Cow<'r, str>,
    email: &'r str,
    since: String,
    /// One line of printable ASCII.
    pub(super) unsubscribe_url: String,
    preferences_url: String,
}

impl<'r> Personal<'r> {
    pub(super) fn of(
        recipient: &'r Recipient,
        letterhead: &Letterhead,
        locale: Locale,
        keys: &TokenKeys,
    ) -> Self {
        let link =
            |path, purpose| format!("{}/{path}/{}", letterhead.public_url, keys.issue(purpose, recipient.id));
        let name = match without_controls(recipient.name.as_deref().unwrap_or_default()) {
            Cow::Borrowed(name) => Cow::Borrowed(name.trim()),
            Cow::Owned(name) => Cow::Owned(name.trim().to_owned()),
        };
        Personal {
            name,
            email: recipient.email.as_str(),
            since: written_date(recipient.since, locale),
            unsubscribe_url: link("unsubscribe", Purpose::Unsubscribe),
            preferences_url: link("preferences", Purpose::Preferences),
        }
    }

    pub(super) fn value(&self, slot: Slot) -> &str {
        match slot {
            Slot::Email => self.email,
            Slot::Name => &self.name,
            Slot::Since => &self.since,
            Slot::UnsubscribeUrl => &self.unsubscribe_url,
            Slot::PreferencesUrl => &self.preferences_url,
        }
    }
}

/// As in 1 January 2026, with the language's name of the month.
fn written_date(date: NaiveDate, locale: Locale) -> String {
    date.format_localized("%-d %B %Y", locale).to_string()
}

/// The locale in which `language` (BCP 47) writes dates; English where we know none.
pub(super) fn locale_of(language: &str) -> Locale {
    let mut subtags = language.split('-');
    let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
    let region = subtags.find(|subtag| subtag.len() == 2).map(str::to_ascii_uppercase);
    // Where the language is not called like the country that most of its dates come from.
    let home = match primary.as_str() {
        "ar" => "EG",
        "cs" => "CZ",
        "da" => "DK",
        "el" => "GR",
        "en" => "US",
        "et" => "EE",
        "fa" => "IR",
        "he" => "IL",
        "hi" => "IN",
        "ja" => "JP",
        "ko" => "KR",
        "nb" => "NO",
        "sl" => "SI",
        "sv" => "SE",
        "uk" => "UA",
        "vi" => "VN",
        "zh" => "CN",
        other => &other.to_ascii_uppercase(),
    };
    let of_region = region.and_then(|region| Locale::try_from(format!("{primary}_{region}").as_str()).ok());
    of_region.or_else(|| Locale::try_from(format!("{primary}_{home}").as_str()).ok()).unwrap_or(Locale::en_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_the_publications_language() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let written = |language| written_date(day, locale_of(language));
        assert_eq!(written("en-US"), "1 January 2026");
        assert_eq!(written("en"), "1 January 2026");
        assert_eq!(written("de"), "1 Januar 2026");
        assert_eq!(written("fr-CA"), "1 janvier 2026");
        assert_eq!(written("sr-Latn-RS"), written("sr-RS"));
        assert_eq!(written("tlh"), "1 January 2026");
    }
}

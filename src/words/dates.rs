//! Days in words, by language: which habits it has. [`Calendar`] is for writing many.

use chrono::{Locale, NaiveDate};

use super::Calendar;

/// A day with its weekday, as a masthead has it: `Monday 2 March 2026`.
#[must_use]
pub fn with_weekday(date: NaiveDate, language: &str) -> String {
    Calendar::of(language).with_weekday(date)
}

/// A day without its weekday: `1 January 2026`.
#[must_use]
pub fn day(date: NaiveDate, language: &str) -> String {
    Calendar::of(language).day(date)
}

/// CLDR's full and long date, in the C library's notation.
pub(super) fn patterns(language: &str) -> (&'static str, &'static str) {
    match primary(language).as_str() {
        "en" if is_american(language) => ("%A, %B %-d, %Y", "%B %-d, %Y"),
        "en" | "fr" | "it" | "nl" | "pl" | "ro" | "tr" | "uk" | "ru" | "bg" | "el" | "id" | "sv" => {
            ("%A %-d %B %Y", "%-d %B %Y")
        }
        "de" | "da" | "nb" | "nn" | "no" | "cs" | "fi" | "et" | "sk" | "sl" | "hr" => {
            ("%A, %-d. %B %Y", "%-d. %B %Y")
        }
        "es" | "pt" | "gl" => ("%A, %-d de %B de %Y", "%-d de %B de %Y"),
        "hu" => ("%Y. %B %-d., %A", "%Y. %B %-d."),
        "ja" | "zh" => ("%Y年%-m月%-d日 %A", "%Y年%-m月%-d日"),
        "ko" => ("%Y년 %-m월 %-d일 %A", "%Y년 %-m월 %-d일"),
        "ar" | "fa" | "ur" => ("%A، %-d %B %Y", "%-d %B %Y"),
        _ => ("%A, %-d %B %Y", "%-d %B %Y"),
    }
}

pub(super) fn primary(language: &str) -> String {
    language.split('-').next().unwrap_or_default().to_lowercase()
}

fn region(language: &str) -> Option<String> {
    language
        .split('-')
        .skip(1)
        .find(|s| s.len() == 2 && s.bytes().all(|b| b.is_ascii_alphabetic()))
        .map(str::to_uppercase)
}

fn is_american(language: &str) -> bool {
    region(language).is_none_or(|region| ["US", "PH"].contains(&region.as_str()))
}

/// The C library's name of the language's habits: those of its region, else those of its largest one.
pub(super) fn locale(language: &str) -> Option<Locale> {
    let primary = match primary(language).as_str() {
        "no" => "nb".to_owned(),
        "iw" => "he".to_owned(),
        other => other.to_owned(),
    };
    let home = match primary.as_str() {
        "en" => "US",
        "ar" => "EG",
        "bn" => "BD",
        "ca" | "eu" | "gl" => "ES",
        "cs" => "CZ",
        "da" => "DK",
        "el" => "GR",
        "et" => "EE",
        "fa" => "IR",
        "he" => "IL",
        "hi" | "ta" | "te" => "IN",
        "ja" => "JP",
        "ko" => "KR",
        "nb" | "nn" => "NO",
        "pt" => "BR",
        "sl" => "SI",
        "sr" => "RS",
        "sv" => "SE",
        "uk" => "UA",
        "ur" => "PK",
        "vi" => "VN",
        "zh" => "CN",
        _ => "",
    };
    let home = if home.is_empty() { primary.to_uppercase() } else { home.to_owned() };
    region(language)
        .into_iter()
        .chain([home])
        .find_map(|region| Locale::try_from(format!("{primary}_{region}").as_str()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second_of_march() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
    }

    #[test]
    fn a_day_is_written_as_its_language_writes_it() {
        let cases = [
            ("en-US", "Monday, March 2, 2026", "March 2, 2026"),
            ("en", "Monday, March 2, 2026", "March 2, 2026"),
            ("en-GB", "Monday 2 March 2026", "2 March 2026"),
            ("de", "Montag, 2. März 2026", "2. März 2026"),
            ("fr-CA", "lundi 2 mars 2026", "2 mars 2026"),
            ("es-MX", "lunes, 2 de marzo de 2026", "2 de marzo de 2026"),
            ("ru", "Понедельник 2 марта 2026", "2 марта 2026"),
            ("ja", "2026年3月2日 月曜日", "2026年3月2日"),
            ("he", "שני, 2 מרץ 2026", "2 מרץ 2026"),
            ("ar", "الاثنين، 2 مارس 2026", "2 مارس 2026"),
            ("ar-EG", "الاثنين، ٢ مارس ٢٠٢٦", "٢ مارس ٢٠٢٦"),
            ("ar-SY", "الاثنين، ٢ آذار ٢٠٢٦", "٢ آذار ٢٠٢٦"),
            ("ar-MA", "الاثنين، 2 مارس 2026", "2 مارس 2026"),
            ("xx", "2026-03-02", "2026-03-02"),
        ];
        for (language, long, short) in cases {
            assert_eq!(with_weekday(second_of_march(), language), long, "{language}");
            assert_eq!(day(second_of_march(), language), short, "{language}");
        }
    }
}

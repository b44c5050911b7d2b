//! Days as one language writes them, looked up once and used for many.

use chrono::{Locale, NaiveDate};

use super::dates;
use super::numbers::Numbers;

/// How a language writes days.
#[derive(Debug, Clone)]
pub struct Calendar {
    locale: Option<Locale>,
    /// With the weekday, and without.
    patterns: (&'static str, &'static str),
    /// The language's own digits, where they are not 0 to 9.
    digits: Option<Vec<String>>,
}

impl Calendar {
    /// That of `language` (BCP 47).
    #[must_use]
    pub fn of(language: &str) -> Self {
        let locale = dates::locale(language);
        let digits = Numbers::of(language).digits();
        let is_own = locale.is_some() && digits.first().is_some_and(|zero| zero != "0");
        Calendar { locale, patterns: dates::patterns(language), digits: is_own.then_some(digits) }
    }

    /// A day with its weekday, as a masthead has it: `Monday 2 March 2026`.
    #[must_use]
    pub fn with_weekday(&self, date: NaiveDate) -> String {
        self.written(date, self.patterns.0)
    }

    /// A day without its weekday: `1 January 2026`.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> String {
        self.written(date, self.patterns.1)
    }

    /// The month of a day, with its year: `March 2026`.
    #[must_use]
    pub fn month(&self, date: NaiveDate) -> String {
        match self.locale {
            Some(_) => self.written(date, "%B %Y"),
            None => date.format("%Y-%m").to_string(),
        }
    }

    /// A number that is no quantity, such as a year: in the language's digits, without groups.
    #[must_use]
    pub fn digits(&self, number: i32) -> String {
        self.in_own_digits(number.to_string())
    }

    fn written(&self, date: NaiveDate, pattern: &str) -> String {
        match self.locale {
            Some(locale) => self.in_own_digits(date.format_localized(pattern, locale).to_string()),
            // Better a date that every reader can read than English words in another language.
            None => date.format("%Y-%m-%d").to_string(),
        }
    }

    fn in_own_digits(&self, text: String) -> String {
        let Some(digits) = &self.digits else { return text };
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c.to_digit(10).and_then(|digit| digits.get(digit as usize)) {
                Some(digit) => out.push_str(digit),
                None => out.push(c),
            }
        }
        out
    }
}

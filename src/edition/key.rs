//! The name of an edition.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The name of an edition: its slot's local date, and for an extra edition a name behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EditionKey {
    date: NaiveDate,
    extra: Option<String>,
}

impl EditionKey {
    /// The regular edition of `date`.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        EditionKey { date, extra: None }
    }

    /// Whether it is the one of its day, and no extra edition.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.extra.is_none()
    }

    /// The day it is dated.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        self.date
    }
}

impl fmt::Display for EditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date.format("%Y-%m-%d"))?;
        match &self.extra {
            Some(name) => write!(f, "-{name}"),
            None => Ok(()),
        }
    }
}

impl FromStr for EditionKey {
    type Err = EditionKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || EditionKeyError(text.to_owned());
        let (day, rest) = text.split_at_checked(10).ok_or_else(refused)?;
        if !day
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
        {
            return Err(refused());
        }
        let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| refused())?;
        if rest.is_empty() {
            return Ok(EditionKey::of(date));
        }
        let name = rest.strip_prefix('-').ok_or_else(refused)?;
        let fits = !name.is_empty()
            && name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(EditionKey { date, extra: Some(name.to_owned()) }) } else { Err(refused()) }
    }
}

impl TryFrom<String> for EditionKey {
    type Error = EditionKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EditionKey> for String {
    fn from(key: EditionKey) -> String {
        key.to_string()
    }
}

/// A text that names no edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no edition; write its date, as in 2025-11-04, and for an extra edition a name behind it, as in 2025-11-04-flood"
)]
pub struct EditionKeyError(pub String);

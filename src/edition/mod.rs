//! The daily update of one calendar day: its articles, put in order, rendered and frozen.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::article::Article;

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

/// A day's articles in their order, not rendered yet.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Its name.
    pub key: EditionKey,
    /// Lead first, then by time and path; at least one.
    pub articles: Vec<Article>,
    /// Headlines of earlier editions, newest first.
    pub recent: Vec<Headline>,
    /// The running number, from 1.
    pub number: u64,
    /// The moment of freezing: the message's Date.
    pub frozen_at: DateTime<Utc>,
}

/// What other editions and pages say of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// The article's slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Where it is read on the web.
    pub url: String,
    /// Its day.
    pub date: NaiveDate,
    /// One or two sentences of plain text.
    pub summary: Option<String>,
}

/// An edition as it goes out, the same for all but its [`Slot`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedEdition {
    /// Its name.
    pub key: EditionKey,
    /// One line of text; may hold slots.
    pub subject: String,
    /// What an inbox shows behind the subject.
    pub preheader: String,
    /// A whole document; may hold slots; lines end in LF.
    pub html: String,
    /// Wrapped at 72; may hold slots; lines end in LF.
    pub text: String,
    /// Pictures that travel with it; empty when they are linked.
    pub embedded: Vec<EmbeddedPicture>,
    /// Its articles, for "Recent news" of later ones.
    pub headlines: Vec<Headline>,
    /// The moment of freezing, to the second.
    pub frozen_at: DateTime<Utc>,
    /// SHA-256 over all of the above, 64 hex digits.
    pub hash: String,
}

/// A picture that travels in the message (RFC 2392).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedPicture {
    /// Without angle brackets: `3f2a….jpg@straight`.
    pub content_id: String,
    /// Name of the part.
    pub file_name: String,
    /// `image/jpeg` …
    pub media_type: String,
    /// The picture.
    pub bytes: Arc<[u8]>,
}

/// A place in a rendered edition that is filled for each subscriber.
///
/// Its [`marker`](Self::marker) is made of private-use characters, which content never has: they are removed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The subscriber's address.
    Email,
    /// The subscriber's name, or nothing.
    Name,
    /// The local date of subscribing, as in 1 January 2026.
    Since,
    /// The subscriber's own https address for leaving.
    UnsubscribeUrl,
    /// The subscriber's own https address for changing what they get.
    PreferencesUrl,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Slot; 5] =
        [Slot::Email, Slot::Name, Slot::Since, Slot::UnsubscribeUrl, Slot::PreferencesUrl];

    /// Begins every marker.
    pub const OPEN: char = '\u{E000}';
    /// Ends every marker.
    pub const CLOSE: char = '\u{E001}';

    /// What templates call it: `slot.unsubscribe_url`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Slot::Email => "email",
            Slot::Name => "name",
            Slot::Since => "since",
            Slot::UnsubscribeUrl => "unsubscribe_url",
            Slot::PreferencesUrl => "preferences_url",
        }
    }

    /// What stands in the rendered edition until it is filled.
    #[must_use]
    pub fn marker(self) -> String {
        format!("{}{}{}", Slot::OPEN, self.name(), Slot::CLOSE)
    }
}

//! What lists of articles and editions show, in the words of the publication.

use chrono::NaiveDate;
use serde::Serialize;

use super::Pages;
use crate::archive::{Card, Named};
use crate::edition::{Headline, Slot};
use crate::store::{EditionSummary, InEdition};

/// How many articles a page of a list has.
pub(super) const PAGE: u32 = 20;

/// Something with an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) url: String,
}

/// A day, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Day {
    pub(super) date: String,
    pub(super) words: String,
}

/// An article in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) title: String,
    /// Empty when it is not to be read on the web.
    pub(super) url: String,
    pub(super) day: Day,
    pub(super) summary: Option<String>,
    pub(super) author: Option<Link>,
}

/// An edition in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct EditionLine {
    pub(super) key: String,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) day: Day,
    pub(super) number: u64,
    pub(super) articles: Vec<Line>,
}

impl Pages {
    pub(super) fn day(&self, date: NaiveDate) -> Day {
        Day { date: date.to_string(), words: self.words().calendar().day(date) }
    }

    pub(super) fn author(&self, author: &Named) -> Link {
        Link { name: author.name.clone(), url: self.path(&format!("/authors/{}", author.key)) }
    }

    pub(super) fn tag(&self, tag: &Named) -> Link {
        Link { name: tag.name.clone(), url: self.path(&format!("/tags/{}", tag.key)) }
    }

    pub(super) fn line(&self, card: &Card) -> Line {
        Line {
            title: card.title.clone(),
            url: self.path(&format!("/articles/{}", card.slug)),
            day: self.day(card.date),
            summary: card.summary.clone(),
            author: card.author.as_ref().map(|author| self.author(author)),
        }
    }

    pub(super) fn headline(&self, headline: &Headline) -> Line {
        Line {
            title: headline.title.clone(),
            url: self.here(&headline.url),
            day: self.day(headline.date),
            summary: headline.summary.clone(),
            author: None,
        }
    }

    pub(super) fn edition(&self, edition: &InEdition) -> EditionLine {
        let summary = &edition.summary;
        EditionLine {
            key: summary.key.to_string(),
            url: self.path(&format!("/editions/{}", summary.key)),
            title: edition_title(summary),
            day: Day {
                date: summary.key.date().to_string(),
                words: self.words().calendar().with_weekday(summary.key.date()),
            },
            number: summary.number,
            articles: edition.headlines.iter().map(|headline| self.headline(headline)).collect(),
        }
    }

    /// An address kept with an edition as a browser on this site asks for it.
    fn here(&self, address: &str) -> String {
        let home = self.publication().link("");
        address.strip_prefix(&home).map_or_else(|| address.to_owned(), |path| self.path(&format!("/{path}")))
    }
}

/// A subject may greet its reader by name; on a page there is none.
pub(super) fn edition_title(edition: &EditionSummary) -> String {
    let bare = |text: String, slot: &Slot| text.replace(&slot.marker(), "");
    let text = Slot::ALL.iter().fold(edition.subject.clone(), bare);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

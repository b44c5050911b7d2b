//! What has been published, for reading on the web: articles frozen as their edition is, found again by their words.
//!
//! Nothing in here is anybody's own: no slot, no personal link, no address of a reader.
//!
//! The HTML is semantic, as [`crate::article::markdown`] promises it. Addresses on this site begin with [`SITE`] in place
//! of `public_url`, so that what is kept outlives a move; [`placed`] puts the address in.

mod feed;
mod freeze;
mod key;
mod news_article;
mod place;
pub mod search;
pub mod sitemap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::edition::EditionKey;

pub(crate) use feed::time;
pub use feed::{Feed, atom, json_feed};
pub use freeze::freeze;
pub(crate) use news_article::canonical;
pub use news_article::news_article;
pub(crate) use place::leads_out;
pub use place::{Outside, SITE, placed};

/// A published article, frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedArticle {
    /// What lists say of it.
    pub card: Card,
    /// What only its page shows.
    pub body: Body,
}

impl ArchivedArticle {
    /// What leads to its text, a line each: the deck, the highlights, the caption of its picture.
    #[must_use]
    pub fn lead(&self) -> String {
        let Body { highlights, image, .. } = &self.body;
        let caption = image.as_ref().and_then(|image| image.caption.as_ref());
        let lines = highlights.iter().chain(caption).map(|html| search::without_tags(html));
        self.card.summary.iter().cloned().chain(lines).collect::<Vec<_>>().join("\n")
    }
}

/// What lists say of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its name in addresses.
    pub slug: String,
    /// The edition that it went out in.
    pub edition: EditionKey,
    /// Its place in the edition, from 0.
    pub position: u32,
    /// Plain text.
    pub title: String,
    /// Its day.
    pub date: NaiveDate,
    /// When its edition was frozen.
    pub published_at: DateTime<Utc>,
    /// The deck: a sentence or two of plain text.
    pub summary: Option<String>,
    /// Who wrote it.
    pub author: Option<Named>,
    /// As written, without those that mean the same.
    pub tags: Vec<Named>,
    /// Where it stands on the web, when not with us.
    pub elsewhere: Option<String>,
    /// How many words a reader reads.
    pub words: usize,
}

/// An author or a tag: how it is shown, and its key in addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Lower-case letters, digits and hyphens.
    pub key: String,
    /// As written.
    pub name: String,
}

/// What only an article's page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// BCP 47 tag of the publication at that time.
    pub language: String,
    /// Inline HTML, one each.
    pub highlights: Vec<String>,
    /// The picture at the top.
    pub image: Option<ArchivedImage>,
    /// Who wrote it, with what they say of themselves.
    pub byline: Option<Byline>,
    /// Where the facts come from.
    pub sources: Vec<ArchivedSource>,
    /// The line beneath it, with its year and name.
    pub copyright: String,
    /// Semantic HTML.
    pub html: String,
    /// Plain text, a paragraph a line: what is searched.
    pub text: String,
}

/// The picture at the top of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedImage {
    /// Its address.
    pub src: String,
    /// What is to be seen, for those who cannot.
    pub alt: String,
    /// Inline HTML.
    pub caption: Option<String>,
    /// Width and height in pixels, when they are known.
    pub size: Option<(u32, u32)>,
}

/// Who wrote an article, as they said of themselves then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Byline {
    /// The key and the name.
    pub author: Named,
    /// Inline HTML.
    pub biography: Option<String>,
    /// A page of theirs.
    pub link: Option<String>,
    /// Address of a photograph.
    pub photo: Option<String>,
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedSource {
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub url: Option<String>,
}

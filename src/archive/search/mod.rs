//! Full-text search: words as both engines index them, a reader's query, and excerpts with the hits marked.
//!
//! Words are folded here, not in the engines, so that SQLite and PostgreSQL find the same: case, accents, Arabic vowel
//! signs and spellings do not matter, no language is assumed, and scripts without spaces are searched by character.

mod excerpt;
mod query;
mod token;

pub use excerpt::{excerpt, marked};
pub use query::{LONGEST_QUERY, Query, Term};
pub use token::{Token, tokens};

use super::ArchivedArticle;

/// More words of an article are not indexed: a phrase's place must fit the engines.
const MOST_WORDS: usize = 12_000;
/// Nor more bytes: an entry of PostgreSQL's index is below one megabyte.
const BYTES_A_WORD: usize = 32;

/// The folded words of an article, by how much a hit in them weighs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexEntry {
    /// Of the title: the most.
    pub title: Vec<String>,
    /// Of the deck, the highlights and the caption.
    pub lead: Vec<String>,
    /// Of author and tags.
    pub names: Vec<String>,
    /// Of the text.
    pub body: Vec<String>,
}

impl IndexEntry {
    /// What is indexed of `article`.
    #[must_use]
    pub fn of(article: &ArchivedArticle) -> Self {
        let words = |text: &str| tokens(text).map(|token| token.folded).collect::<Vec<_>>();
        let card = &article.card;
        let names = card.author.iter().chain(&card.tags).flat_map(|named| words(&named.name)).collect();
        IndexEntry {
            title: words(&card.title),
            lead: bounded(words(&article.lead()), MOST_WORDS / 10),
            names,
            body: bounded(words(&article.body.text), MOST_WORDS),
        }
    }

    /// From the heaviest to the lightest.
    #[must_use]
    pub fn fields(&self) -> [&[String]; 4] {
        [&self.title, &self.lead, &self.names, &self.body]
    }
}

/// The first of `words`: so many, and so many bytes.
fn bounded(words: Vec<String>, most: usize) -> Vec<String> {
    let mut bytes = 0;
    let fits = |word: &String| {
        bytes += word.len();
        bytes <= most * BYTES_A_WORD
    };
    words.into_iter().take(most).take_while(fits).collect()
}

/// The text of inline HTML of ours: every `<` in it begins a tag.
#[must_use]
pub fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for (i, part) in html.split('<').enumerate() {
        text.push_str(if i == 0 { part } else { part.split_once('>').map_or("", |(_, behind)| behind) });
    }
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&nbsp;", "\u{A0}"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    named.into_iter().fold(text, |text, (entity, c)| text.replace(entity, c))
}

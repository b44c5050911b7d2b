//! The daily update of one calendar day: its articles, put in order, rendered and frozen.

mod assemble;
mod breakable;
mod css;
mod cut;
mod diff;
mod hash;
mod html;
mod key;
mod links;
mod outbox_page;
mod pieces;
mod problem;
mod public;
mod render;
mod slot;
mod stray;
mod templates;
mod view;
mod wrap;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::article::Article;

pub use assemble::{Assembled, NotDue, Past, Rules, Waiting, assemble, oldest_news, over, sort, to_be_named};
pub(crate) use css::Sheet;
pub use cut::Cut;
pub use diff::diff;
pub(crate) use html::{find_ignoring_case, tags};
pub use key::{EditionKey, EditionKeyError};
pub use links::{EditionLink, LinkFault, LinkKind, LinkWeight, links};
pub use outbox_page::{OutboxMessage, outbox_page, with_sample_words};
pub(crate) use problem::of_engine as problems_of_engine;
pub use problem::{TemplateError, TemplateProblem};
pub use public::public_html;
pub use render::{RenderError, RenderSettings, SizeReport, pictures, render, size_report};
pub(crate) use render::{tidy_text, without_markers};
pub use slot::Slot;
pub use stray::stray_templates;
pub(crate) use templates::{
    DEFAULT_FOLDER, engine as template_engine, load_logo, load_words, own as own_template,
    path_of as template_path,
};
pub use templates::{Templates, built_in_files};
pub(crate) use view::turned;
pub use view::{headline, link_between};
pub(crate) use wrap::{rewrapped, shorten};

pub use crate::words::dates;

/// A day's articles in their order, not rendered yet.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Its name.
    pub key: EditionKey,
    /// Lead first, then by time and path; at least one.
    pub articles: Vec<Article>,
    /// Headlines of earlier editions, newest first.
    pub recent: Vec<Headline>,
    /// Where articles of earlier editions are read, by their file in the articles folder: links to them lead there.
    pub earlier: BTreeMap<PathBuf, String>,
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
    /// Where it is read on the web; empty when it is not there.
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
    /// What was cut so that mail programs show it whole.
    pub shortened: Option<Shortened>,
    /// SHA-256 over all of the above, 64 hex digits.
    pub hash: String,
}

/// What of an edition was cut for the mail, and stands on the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened {
    /// How many of its articles are cut, and how far.
    pub cut: Cut,
    /// The HTML with all of them whole, for view in browser.
    pub whole_html: String,
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

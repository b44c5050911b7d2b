//! One Markdown file with YAML front matter, read, checked and rendered.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use url::Url;

use crate::config::Author;
use crate::diagnostic::Diagnostic;

/// The stable name of an article: lower-case ASCII letters, digits and single hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Slug(String);

impl Slug {
    /// The slug as it stands in addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole, checked article; a file with an error never becomes one.
#[derive(Debug, Clone)]
pub struct Article {
    /// The file, relative to the articles folder.
    pub path: PathBuf,
    /// From `slug:`, else from the title.
    pub slug: Slug,
    /// Plain text, typographic quotes as written.
    pub title: String,
    /// The day, in the publication's time zone.
    pub date: NaiveDate,
    /// When `date:` had a time of day: not before then.
    pub not_before: Option<DateTime<Utc>>,
    /// Whoever wrote it.
    pub author: Option<Author>,
    /// Markdown inline, one each.
    pub highlights: Vec<String>,
    /// As written.
    pub tags: Vec<String>,
    /// Plain text, one or two sentences.
    pub summary: Option<String>,
    /// The picture at the top.
    pub image: Option<Figure>,
    /// Where the article stands on the web, when not with us.
    pub url: Option<Url>,
    /// Comes first in its edition.
    pub lead: bool,
    /// Is checked, and never goes out.
    pub draft: bool,
    /// Where the facts come from.
    pub sources: Vec<Source>,
    /// Free for templates.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// The Markdown below the front matter.
    pub markdown: String,
    /// Every local picture of the article by its source as written, `image` included.
    pub pictures: BTreeMap<String, Picture>,
    /// When the file was last changed.
    pub modified: DateTime<Utc>,
}

/// The picture at the top of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// As written: a path beside the article, or an https address.
    pub src: String,
    /// What is to be seen, for those who cannot.
    pub alt: String,
    /// Markdown inline.
    pub caption: Option<String>,
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub url: Option<Url>,
}

/// A local picture, ready for mail: decoded, scaled to twice the shown width at most, encoded anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg`, `image/png`, `image/gif`.
    pub media_type: &'static str,
    /// File name for the MIME part and for addresses: first 16 hex digits of the content's SHA-256 and the extension.
    pub file_name: String,
    /// Width in pixels of `bytes`.
    pub width: u32,
    /// Height in pixels of `bytes`.
    pub height: u32,
    /// The encoded picture.
    pub bytes: Arc<[u8]>,
}

/// What a folder of articles holds: the whole ones, and all that is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Sorted by date, then path; drafts included.
    pub articles: Vec<Article>,
    /// Files that have an error, relative to the folder, with the date they claim if it could be read.
    pub broken: Vec<Broken>,
    /// Every finding of every file.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that rest less than the settling time, or bear a temporary name; they wait.
    pub unsettled: Vec<PathBuf>,
}

/// A file that is no article yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file, relative to the articles folder.
    pub path: PathBuf,
    /// The date its front matter claims, when that much could be read.
    pub date: Option<NaiveDate>,
}

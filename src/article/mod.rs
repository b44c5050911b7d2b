//! One Markdown file with YAML front matter, read, checked and rendered.

mod blank;
mod broken_yaml;
mod crew;
mod date;
mod directives;
mod findings;
mod front_matter;
mod head;
mod lint;
mod load;
mod logo;
pub mod markdown;
mod mend;
mod outside;
mod parse;
mod picture;
mod picture_cache;
mod reading;
mod shelf;
mod slug;
mod source;
mod spot;
pub mod subject;
mod walk;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use url::Url;

use crate::config::Author;
use crate::diagnostic::Diagnostic;

pub use blank::{Beginning, Byline, blank};
pub(crate) use crew::each_alone;
pub(crate) use date::{import_date, import_moment};
pub use front_matter::schema;
pub use head::Outline;
pub use load::{
    LoadError, LoadOptions, Others, Parsed, PictureWork, WebLinks, Whole, load_dir, load_one, load_paths,
    mend_paths, parse_bytes,
};
pub use logo::logo;
pub use markdown::{Medium, RenderOptions, RenderedBody, RenderedInline};
pub use mend::{Mended, Mending};
pub use outside::OutsideLink;
pub(crate) use picture::shown_in_mail;
pub use picture::{Picture, SHOWN_WIDTH};
pub use picture_cache::PictureCache;
pub(crate) use slug::latin;
pub use slug::{Slug, SlugError};
pub(crate) use source::windows_1252;
pub use spot::Spot;

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

/// What a folder of articles holds: the whole ones, and all that is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Those that are given whole, sorted by date, then path; drafts included.
    pub articles: Vec<Article>,
    /// The others, in the same order. One whose top alone was read may have an error further down.
    pub others: Vec<Outline>,
    /// Files that have an error, with the date they claim if it could be read; drafts are not among them.
    pub broken: Vec<Broken>,
    /// Every finding of every file.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that rest less than the settling time; they wait. Those with a temporary name are not looked at.
    pub unsettled: Vec<PathBuf>,
    /// How many files were read.
    pub files: usize,
    /// Where the articles that are given whole have their titles.
    pub names: Vec<Spot>,
    /// Links to the web with their places, when they were asked for.
    pub web_links: Vec<OutsideLink>,
    /// What can be mended, when that was asked for: articles and findings are as they are with it done.
    pub mended: Vec<Mended>,
}

impl Loaded {
    /// All articles, whole or not, sorted by date, then path.
    #[must_use]
    pub fn outlines(&self) -> Vec<Outline> {
        let mut all: Vec<_> =
            self.articles.iter().map(Article::outline).chain(self.others.iter().cloned()).collect();
        all.sort_by(|a, b| (a.date, &a.path).cmp(&(b.date, &b.path)));
        all
    }
}

/// Where the head of a file is no YAML, in plain words: the line, from 0, what is wrong, and what helps.
pub(crate) fn broken_head(head: &str) -> Option<(usize, String, String)> {
    let yaml::SyntaxError { span, message, remedy } = yaml::parse(head, 0).err()?;
    Some((head[..span.start.min(head.len())].matches('\n').count(), message, remedy))
}

/// A file that is no article yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file, relative to the articles folder.
    pub path: PathBuf,
    /// The date its front matter claims, when that much could be read.
    pub date: Option<NaiveDate>,
}

/// The article that a relative link of the article `from` means, both relative to the articles folder, and the
/// heading behind its `#`.
///
/// ```text
/// link_target("2025/tide.md", "../ferry.md#cost") = ("ferry.md", Some("cost"))
/// ```
#[must_use]
pub fn link_target(from: &Path, target: &str) -> Option<(PathBuf, Option<String>)> {
    let (path, id) = target.split_once('#').map_or((target, None), |(path, id)| (path, Some(id)));
    let folder = from.parent().unwrap_or(Path::new(""));
    let path = shelf::normalised(folder, &markdown::percent_decode(path))?;
    Some((path, id.filter(|id| !id.is_empty()).map(markdown::percent_decode)))
}

/// The one of `known` that was most likely meant by `written`.
fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // Longer ones are no slips, and comparing them takes time.
    if written.chars().count() > 100 {
        return None;
    }
    let written = written.to_lowercase();
    let length = written.chars().count();
    let far = if length < 2 { 0 } else { (length / 3).clamp(1, 4) };
    let begun = |name: &str| length > 2 && name.to_lowercase().starts_with(&written);
    known
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|&(distance, name)| distance <= far || begun(name))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// The one of `known` that is meant by `written` beyond doubt: but for the case of its letters, an `s` at its end, or
/// a slip in a word long enough, it is that one and no other.
fn surely<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let length = written.chars().count();
    let slips = match length {
        0..4 | 101.. => 0,
        4..8 => 1,
        8..=100 => 2,
    };
    let lower = written.to_lowercase();
    let plural = |name: &str| name.strip_suffix('s') == Some(&lower) || lower.strip_suffix('s') == Some(name);
    let mut near = known.filter(|name| {
        let other = name.to_lowercase();
        plural(&other)
            || lower == other
            || (slips > 0
                && other.chars().next() == lower.chars().next()
                && strsim::damerau_levenshtein(&lower, &other) <= slips)
    });
    near.next().filter(|_| near.next().is_none())
}

/// Whether `written` begins with what looks like the name of a web site: `www.example.com/x`, `example.org`.
fn is_web_site(written: &str) -> bool {
    let host = written.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let known = ["com", "org", "net", "gov", "edu", "int", "info"];
    let countries = |end: &str| end.len() == 2 && end.bytes().all(|b| b.is_ascii_lowercase()) && end != "md";
    host.starts_with("www.")
        || host
            .rsplit_once('.')
            .is_some_and(|(name, end)| !name.is_empty() && (known.contains(&end) || countries(end)))
}

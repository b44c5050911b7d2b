//! What a file says of itself at its top: enough for those beside it, and to know whether it is worth reading whole.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use super::directives::Directives;
use super::findings::Findings;
use super::front_matter::{self, Context, FrontMatter};
use super::load::LoadOptions;
use super::{Article, Slug, shelf, source, yaml};

/// An article as far as lists of articles, and the question whether it is due, need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The file, relative to the articles folder.
    pub path: PathBuf,
    /// From `slug:`, else from the title.
    pub slug: Slug,
    /// Plain text.
    pub title: String,
    /// The day, in the publication's time zone.
    pub date: NaiveDate,
    /// When `date:` had a time of day: not before then.
    pub not_before: Option<DateTime<Utc>>,
    /// Comes first in its edition.
    pub lead: bool,
    /// Is checked, and never goes out.
    pub draft: bool,
    /// Where the article stands on the web, when not with us.
    pub url: Option<Url>,
    /// Plain text, one or two sentences.
    pub summary: Option<String>,
}

impl Article {
    /// The article as lists have it.
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline {
            path: self.path.clone(),
            slug: self.slug.clone(),
            title: self.title.clone(),
            date: self.date,
            not_before: self.not_before,
            lead: self.lead,
            draft: self.draft,
            url: self.url.clone(),
            summary: self.summary.clone(),
        }
    }
}

impl Outline {
    /// Reads the outline of `file`, which is at `path` of the articles folder, from its top alone; nothing when there is
    /// anything wrong with that, so that it has to be read whole.
    pub(super) fn read(
        file: &Path,
        path: &Path,
        options: &LoadOptions,
        now: DateTime<Utc>,
    ) -> Option<Outline> {
        let (front, Standing::Right) = top(file, options, now)? else { return None };
        let slug = slug(&front, path)?;
        let dated = front.dated?;
        Some(Outline {
            path: path.to_owned(),
            slug,
            title: front.title?,
            date: dated.day,
            not_before: dated.not_before,
            lead: front.lead,
            draft: front.draft,
            url: front.url,
            summary: front.summary,
        })
    }
}

/// What another file's front matter says, as far as it is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) slug: Option<Slug>,
    pub(super) day: Option<NaiveDate>,
    pub(super) draft: bool,
}

impl Head {
    /// Reads the head of `file`; nothing when it has none that can be read.
    pub(super) fn read(file: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<Head> {
        let (front, _) = top(file, options, now)?;
        Some(Head { slug: slug(&front, file), day: front.dated.map(|dated| dated.day), draft: front.draft })
    }
}

enum Standing {
    Right,
    Wrong,
}

/// The front matter of `file`, and whether all is right with it; nothing when there is none that can be read.
fn top(file: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<(FrontMatter, Standing)> {
    let beginning = shelf::read_beginning(file, options.max_bytes).ok()?;
    let whole;
    let text = match source::decode(&beginning).ok().filter(|text| source::split(text).is_ok()) {
        Some(text) => text,
        None => {
            whole = shelf::read(file, options.max_bytes).ok()?;
            source::decode(&whole).ok()?
        }
    };
    let parts = source::split(&text).ok()?;
    let at = parts.front_matter;
    let top = &text[..parts.body.start];
    let node = yaml::parse(&text[at.clone()], at.start).ok()?;
    let context = Context { timezone: options.timezone, authors: &options.authors, now, file };
    // What is wrong with it is told when it is checked itself.
    let mut findings = Findings::new(file, top).under(&options.lint);
    findings.obey(Directives::read(top, &at, &[]));
    let front = front_matter::check(&node, 0..0, &context, &mut findings);
    let standing = if findings.has_errors() { Standing::Wrong } else { Standing::Right };
    Some((front, standing))
}

/// The name that an article goes by: its `slug`, else one made from its title.
pub(super) fn slug(front: &FrontMatter, file: &Path) -> Option<Slug> {
    if front.slug.is_some() || front.slug_is_wrong {
        return front.slug.clone();
    }
    let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    front.title.as_ref().map(|title| Slug::of_title(title, &stem))
}

/// The heads of the articles that others link to, read when first asked for.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<HashMap<PathBuf, Option<Arc<Head>>>>);

impl Heads {
    pub(super) fn of(&self, file: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<Arc<Head>> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(file) {
            return known.clone();
        }
        // Not under the lock: another thread may read it too, and finds the same.
        let head = Head::read(file, options, now).map(Arc::new);
        known().insert(file.to_owned(), head.clone());
        head
    }
}

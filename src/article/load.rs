//! A folder of files → articles, and all that is wrong with it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::parse::{self, Input, Memory};
use super::picture::SHOWN_WIDTH;
use super::picture_cache::PictureCache;
use super::reading::{Settling, Work, gather};
use super::walk::{self, Found, Kind, Walk};
use super::{Article, Loaded};
use crate::config::{Authors, Config};
use crate::diagnostic::{Diagnostic, Levels};

/// How articles are read.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The publication's zone, in which dates without one are meant.
    pub timezone: Tz,
    /// The configured authors by key.
    pub authors: Authors,
    /// How long a file must have rested before it is read as whole.
    pub settle: Duration,
    /// A file that is larger is refused.
    pub max_bytes: u64,
    /// The width at which pictures are shown; they are scaled to twice that.
    pub shown_width: u32,
    /// Whether pictures are made ready for mail.
    pub pictures: PictureWork,
    /// Where pictures that were made ready are kept.
    pub cache: PictureCache,
    /// The rules that are switched.
    pub lint: Levels,
    /// The language of the edition, as in `en-US`.
    pub language: String,
    /// Which articles are given whole; of the others there are outlines.
    pub whole: Whole,
    /// How the others are read.
    pub others: Others,
    /// Whether the links to the web are given too, of files that are read to their ends.
    pub web_links: WebLinks,
    /// The files, relative to the articles folder, that are left as they are where others are mended.
    pub spared: HashSet<PathBuf>,
}

/// Which articles of a folder are given whole: text, pictures and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whole {
    /// Every one.
    Every,
    /// Not one.
    None,
    /// Those of these days.
    Days(RangeInclusive<NaiveDate>),
    /// Those from the newest day that has an article for an edition which goes out at `at`, and is of `by` at the latest,
    /// until `to`.
    NewestDay {
        /// The last day whose articles are given whole.
        to: NaiveDate,
        /// The newest day that may be the one looked for.
        by: NaiveDate,
        /// Articles with a time of day go out if it has come.
        at: DateTime<Utc>,
    },
}

impl Whole {
    /// The same, and every article of a later day.
    #[must_use]
    pub fn and_later(self) -> Self {
        match self {
            Whole::Every | Whole::None => self,
            Whole::Days(days) => Whole::Days(*days.start()..=NaiveDate::MAX),
            Whole::NewestDay { to: _, by, at } => Whole::NewestDay { to: NaiveDate::MAX, by, at },
        }
    }
}

/// How those articles are read that are not given whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// To their ends: what is wrong with any file is told.
    Review,
    /// Their tops alone. What is wrong with one is told when it does not say its day, when that is one of those asked
    /// for, or when another that was asked for has its name.
    Skim,
}

/// Whether the links of articles to the web are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebLinks {
    /// Nobody asks for them.
    Leave,
    /// Each with its place, to be asked about.
    List,
}

/// What is done with the pictures of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureWork {
    /// They are decoded, scaled and encoded: for an edition.
    Prepare,
    /// Their headers are looked at: for what does not go out now.
    LookOnly,
}

impl LoadOptions {
    /// The usual: 5 s of rest, 1 MiB of Markdown, pictures shown 552 pixels wide and prepared.
    #[must_use]
    pub fn new(timezone: Tz, authors: Authors) -> Self {
        LoadOptions {
            timezone,
            authors,
            settle: Duration::from_secs(5),
            max_bytes: 1024 * 1024,
            shown_width: SHOWN_WIDTH,
            pictures: PictureWork::Prepare,
            cache: PictureCache::None,
            lint: Levels::default(),
            language: "en".to_owned(),
            whole: Whole::Every,
            others: Others::Review,
            web_links: WebLinks::Leave,
            spared: HashSet::new(),
        }
    }

    /// What the configuration says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let options = LoadOptions::new(config.schedule.timezone, config.authors.clone());
        LoadOptions {
            settle: config.articles.settle,
            cache: PictureCache::Look(config.data.join("pictures")),
            lint: config.lint.clone(),
            language: config.publication.language.to_string(),
            ..options
        }
    }

    /// The same, with new pictures kept in the data folder too.
    #[must_use]
    pub fn keeping_pictures(self) -> Self {
        let cache = match self.cache {
            PictureCache::Look(folder) | PictureCache::Keep(folder) => PictureCache::Keep(folder),
            PictureCache::None => PictureCache::None,
        };
        LoadOptions { cache, ..self }
    }

    /// The same with `pictures` done.
    #[must_use]
    pub fn with_pictures(self, pictures: PictureWork) -> Self {
        LoadOptions { pictures, ..self }
    }

    /// The same with links to the web listed or not.
    #[must_use]
    pub fn with_web_links(self, web_links: WebLinks) -> Self {
        LoadOptions { web_links, ..self }
    }

    /// The same, and none of the files `spared` is mended, which are relative to the articles folder.
    #[must_use]
    pub fn sparing(self, spared: HashSet<PathBuf>) -> Self {
        LoadOptions { spared, ..self }
    }

    /// The same with `whole` articles, and the `others` read so.
    #[must_use]
    pub fn giving(self, whole: Whole, others: Others) -> Self {
        LoadOptions { whole, others, ..self }
    }
}

/// Why no articles could be looked for.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing is there.
    #[error("there is no `{}`; make the folder, or name the right one", path.display())]
    Missing {
        /// As it was named.
        path: PathBuf,
    },
    /// A file where a folder must be.
    #[error("`{}` is no folder; name the folder that holds the articles", path.display())]
    NoFolder {
        /// As it was named.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("`{}` cannot be read: {source}; mend its permissions", path.display())]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

/// Reads the articles of `folder` and its sub-folders.
///
/// # Errors
/// When the folder itself cannot be read; what is wrong with a file is among the diagnostics.
pub fn load_dir(folder: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Result<Loaded, LoadError> {
    let root = canonical(folder)?;
    if !root.is_dir() {
        return Err(LoadError::NoFolder { path: folder.to_owned() });
    }
    let mut walk = Walk::default();
    walk.folder(folder, &Arc::from(root), Path::new(""))?;
    Ok(gather(walk, Vec::new(), Settling::Wait, Work::Check, options, now))
}

/// Reads the files and folders `paths`, however fresh they are; links and pictures are looked for in `folder` when
/// they are in it, else in their own.
///
/// # Errors
/// When `folder` is among `paths` and is not there; any other path that is not is a finding beside the others.
pub fn load_paths(
    paths: &[PathBuf],
    folder: &Path,
    options: &LoadOptions,
    now: DateTime<Utc>,
) -> Result<Loaded, LoadError> {
    asked(paths, folder, options, Work::Check, now)
}

/// As [`load_paths`], with all mended that needs no judgement; nothing is written, what would be is in
/// [`Loaded::mended`].
///
/// # Errors
/// As for [`load_paths`].
pub fn mend_paths(
    paths: &[PathBuf],
    folder: &Path,
    options: &LoadOptions,
    now: DateTime<Utc>,
) -> Result<Loaded, LoadError> {
    asked(paths, folder, options, Work::Mend, now)
}

fn asked(
    paths: &[PathBuf],
    folder: &Path,
    options: &LoadOptions,
    work: Work,
    now: DateTime<Utc>,
) -> Result<Loaded, LoadError> {
    let articles: Option<Arc<Path>> = fs::canonicalize(folder).ok().map(Arc::from);
    let mut walk = Walk::default();
    let mut astray = 0;
    for path in paths {
        let real = match canonical(path) {
            Ok(real) => real,
            Err(error) if path == folder => return Err(error),
            Err(error) => {
                astray += 1;
                walk.diagnostics.push(walk::astray(&error));
                continue;
            }
        };
        let root = articles.clone().filter(|root| real.starts_with(root));
        if real.is_dir() {
            let root = root.unwrap_or_else(|| Arc::from(real.as_path()));
            let inside = real.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
            if let Err(error) = walk.folder(path, &root, &inside) {
                astray += 1;
                walk.diagnostics.push(walk::astray(&error));
            }
        } else {
            let file = at(path, &real, root);
            match walk::kind(&file.path) {
                Kind::Document => {
                    astray += 1;
                    walk.passed_over.push(file);
                }
                Kind::Text => {
                    walk.files.push(file.clone());
                    walk.passed_over.push(file);
                }
                Kind::Article | Kind::Other => walk.files.push(file),
            }
        }
    }
    let mut asked = HashSet::new();
    walk.files.retain(|file| asked.insert(file.place()));
    let mut passed_over = HashSet::new();
    walk.passed_over.retain(|file| passed_over.insert(file.place()));
    // Their names are compared with those of the files beside them. A folder that cannot be read holds no name that is
    // known, and what is wrong in it was not asked for.
    let mut beside = Walk::default();
    if let Some(root) = articles.filter(|_| !paths.iter().any(|path| path == folder)) {
        let _ = beside.folder(folder, &root, Path::new(""));
        beside.files.retain(|file| !asked.contains(&file.place()));
    }
    let mut loaded = gather(walk, beside.files, Settling::Ignore, work, options, now);
    loaded.files += astray;
    Ok(loaded)
}

/// Reads the one article `path` of `folder`; nothing when it has an error.
#[must_use]
pub fn load_one(folder: &Path, path: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<Article> {
    let root = fs::canonicalize(folder).ok()?;
    let real = fs::canonicalize(root.join(path)).ok().filter(|real| real.starts_with(&root))?;
    let walk = Walk { files: vec![at(&folder.join(path), &real, Some(Arc::from(root)))], ..Walk::default() };
    let options = LoadOptions { whole: Whole::Every, ..options.clone() };
    gather(walk, Vec::new(), Settling::Ignore, Work::Check, &options, now).articles.pop()
}

/// The file `real` that the user calls `shown`, in the articles folder `root` or else in its own.
fn at(shown: &Path, real: &Path, root: Option<Arc<Path>>) -> Found {
    let root = root.or_else(|| real.parent().map(Arc::from)).unwrap_or_else(|| Arc::from(Path::new("")));
    let path = real.strip_prefix(&root).unwrap_or(real).to_owned();
    Found { shown: shown.to_owned(), root, path }
}

/// One article that is in no file yet: for the preview, and for whoever has bytes.
#[derive(Debug)]
pub struct Parsed {
    /// The article, when no error was found; its pictures are not looked for.
    pub article: Option<Article>,
    /// Every finding.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads one article from memory; `name` stands for the file in findings and gives the slug where the title cannot.
#[must_use]
pub fn parse_bytes(name: &Path, bytes: &[u8], options: &LoadOptions, now: DateTime<Utc>) -> Parsed {
    let input = Input { shown: name, root: None, path: name, bytes, modified: now };
    let outcome = parse::article(&input, options, now, &Memory::default());
    Parsed { article: outcome.article, diagnostics: outcome.diagnostics }
}

fn canonical(path: &Path) -> Result<PathBuf, LoadError> {
    fs::canonicalize(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LoadError::Missing { path: path.to_owned() },
        _ => LoadError::Unreadable { path: path.to_owned(), source },
    })
}

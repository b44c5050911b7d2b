//! A folder of files → articles, and all that is wrong with it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::parse::{self, Input, Memory, Outcome};
use super::picture::SHOWN_WIDTH;
use super::picture_cache::PictureCache;
use super::shelf::{self, PathFault};
use super::{Article, Broken, Loaded, Mended, Slug, directives, head, mend};
use crate::config::{Authors, Config};
use crate::diagnostic::{Diagnostic, Levels, Severity};

/// How deep sub-folders are walked into.
const DEEPEST_FOLDER: usize = 8;

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
}

/// What is done with the pictures of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureWork {
    /// They are decoded, scaled and encoded: for an edition.
    Prepare,
    /// Their headers are looked at: for a check.
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

/// Reads every article of `folder` and its sub-folders.
///
/// # Errors
/// When the folder itself cannot be read; what is wrong with a file is among the diagnostics.
pub fn load_dir(folder: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Result<Loaded, LoadError> {
    let root = canonical(folder)?;
    if !root.is_dir() {
        return Err(LoadError::NoFolder { path: folder.to_owned() });
    }
    let mut loader = Loader::new(options, now, Settling::Wait);
    loader.walk(folder, &root, Path::new(""), 0)?;
    Ok(loader.finish())
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
    load(Loader::new(options, now, Settling::Ignore), paths, folder)
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
    let mut loader = Loader::new(options, now, Settling::Ignore);
    loader.work = Work::Mend;
    load(loader, paths, folder)
}

fn load(mut loader: Loader<'_>, paths: &[PathBuf], folder: &Path) -> Result<Loaded, LoadError> {
    let articles = fs::canonicalize(folder).ok();
    for path in paths {
        let real = match canonical(path) {
            Ok(real) => real,
            Err(error) if path == folder => return Err(error),
            Err(error) => {
                loader.astray(&error);
                continue;
            }
        };
        let root = articles.clone().filter(|root| real.starts_with(root));
        if real.is_dir() {
            let root = root.unwrap_or_else(|| real.clone());
            let inside = real.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
            if let Err(error) = loader.walk(path, &root, &inside, 0) {
                loader.astray(&error);
            }
        } else {
            let root = root.or_else(|| real.parent().map(Path::to_owned)).unwrap_or_default();
            let inside = real.strip_prefix(&root).unwrap_or(&real).to_owned();
            loader.file(path, &root, &inside);
        }
    }
    if let Some(root) = &articles {
        loader.reading = Reading::Name;
        // A folder that cannot be read holds no name that is known; it was not asked for.
        let _ = loader.walk(folder, root, Path::new(""), 0);
    }
    Ok(loader.finish())
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
    let outcome = parse::article(&input, options, now, &mut Memory::default());
    Parsed { article: outcome.article, diagnostics: outcome.diagnostics }
}

/// Whether the name is that of an article: `*.md` or `*.markdown`.
pub(super) fn is_article(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("md") || extension.eq_ignore_ascii_case("markdown")
    })
}

/// Names that editors give to what is not saved yet, and hidden files.
fn is_temporary(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with(['.', '#', '~'])
        || name.ends_with(['~', '#'])
        || [".tmp", ".swp", ".swx", ".part", ".crdownload", ".bak"].iter().any(|end| lower.ends_with(end))
}

/// The article beside `path` whose name is most like it.
pub(super) fn similar(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_stem()?.to_string_lossy().into_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .take(1_000)
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|name| is_article(name))
        .collect();
    let stems: Vec<String> =
        names.iter().filter_map(|name| Some(name.file_stem()?.to_string_lossy().into_owned())).collect();
    let stem = super::nearest(&wanted, stems.iter().map(String::as_str))?;
    names.into_iter().find(|name| name.file_stem().is_some_and(|s| s.to_string_lossy() == stem))
}

fn canonical(path: &Path) -> Result<PathBuf, LoadError> {
    fs::canonicalize(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LoadError::Missing { path: path.to_owned() },
        _ => LoadError::Unreadable { path: path.to_owned(), source },
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settling {
    Wait,
    Ignore,
}

/// What is done with a file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Check,
    /// It is mended, then checked.
    Mend,
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// All of it.
    Whole,
    /// What it is called, to be compared with those that were read whole; nothing is told of it.
    Name,
}

/// A file that was read, whole or not, with what a finding across files needs.
struct Read {
    shown: PathBuf,
    /// Relative to the articles folder.
    path: PathBuf,
    article: Option<Article>,
    outcome: Outcome,
}

struct Loader<'a> {
    options: &'a LoadOptions,
    now: DateTime<Utc>,
    settling: Settling,
    reading: Reading,
    work: Work,
    memory: Memory,
    loaded: Loaded,
    read: Vec<Read>,
    /// The files of `read`.
    places: HashSet<PathBuf>,
    /// The slugs of files that were not asked for.
    taken: HashMap<Slug, PathBuf>,
}

impl<'a> Loader<'a> {
    fn new(options: &'a LoadOptions, now: DateTime<Utc>, settling: Settling) -> Self {
        Loader {
            options,
            now,
            settling,
            reading: Reading::Whole,
            work: Work::Check,
            memory: Memory::default(),
            loaded: Loaded::default(),
            read: Vec::new(),
            places: HashSet::new(),
            taken: HashMap::new(),
        }
    }

    /// Reads the articles of the folder `inside` of `root`, which the user calls `shown`, by name.
    fn walk(&mut self, shown: &Path, root: &Path, inside: &Path, depth: usize) -> Result<(), LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: shown.to_owned(), source };
        let mut names = fs::read_dir(root.join(inside))
            .and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>()
            })
            .map_err(unreadable)?;
        names.sort();
        for name in names {
            if is_temporary(&name.to_string_lossy()) {
                continue;
            }
            let (shown, path) = (shown.join(&name), inside.join(&name));
            let place = root.join(&path);
            let Ok(kind) = fs::symlink_metadata(&place).map(|metadata| metadata.file_type()) else {
                continue;
            };
            if kind.is_dir() {
                if depth < DEEPEST_FOLDER {
                    self.walk(&shown, root, &path, depth + 1)?;
                } else {
                    self.refuse(&shown, &path, "too-deep", "this folder is nested too deep", "move it up");
                }
            } else if kind.is_symlink() {
                self.link(&shown, root, &path);
            } else if is_article(&path) {
                self.file(&shown, root, &path);
            }
        }
        Ok(())
    }

    /// A symbolic link: to a file of the folder it is read, to another place it is refused.
    fn link(&mut self, shown: &Path, root: &Path, path: &Path) {
        match fs::canonicalize(root.join(path)) {
            Ok(real) if real.starts_with(root) => {
                if real.is_file() && is_article(path) {
                    self.file(shown, root, path);
                }
            }
            Ok(real) if is_article(path) || real.is_dir() => self.refuse(
                shown,
                path,
                "unsafe-path",
                "this is a link that leads out of the articles folder",
                "put the file itself into the folder",
            ),
            Err(_) if is_article(path) => {
                self.refuse(shown, path, "unsafe-path", "this is a link that leads nowhere", "delete it");
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn refuse(&mut self, shown: &Path, path: &Path, rule: &'static str, message: &str, remedy: &str) {
        if self.reading == Reading::Name {
            return;
        }
        self.loaded
            .diagnostics
            .push(Diagnostic::of_file(Severity::Error, rule, shown, message).with_remedy(remedy));
        if is_article(path) {
            self.loaded.files += 1;
            self.loaded.broken.push(Broken { path: path.to_owned(), date: None });
        }
    }

    /// A path that was asked for and leads to nothing that can be read.
    fn astray(&mut self, error: &LoadError) {
        let (path, rule, message, remedy) = match error {
            LoadError::Missing { path } => {
                let remedy = match similar(path) {
                    Some(name) => format!("did you mean `{}`?", path.with_file_name(name).display()),
                    None => "name a file or a folder that is there".to_owned(),
                };
                (path, "missing-file", "there is nothing at this path".to_owned(), remedy)
            }
            LoadError::NoFolder { path } => {
                (path, "unreadable", "this is no folder".to_owned(), "name a folder".to_owned())
            }
            LoadError::Unreadable { path, source } => {
                let message = format!("this cannot be read: {source}");
                (path, "unreadable", message, "mend its permissions".to_owned())
            }
        };
        self.loaded.files += 1;
        let finding = Diagnostic::of_file(Severity::Error, rule, path, message).with_remedy(remedy);
        self.loaded.diagnostics.push(finding);
    }

    fn file(&mut self, shown: &Path, root: &Path, path: &Path) {
        let place = root.join(path);
        match self.reading {
            Reading::Whole => {
                self.places.insert(place.clone());
            }
            Reading::Name => {
                if !self.places.contains(&place)
                    && let Some(slug) = head::read(&place, self.options, self.now).and_then(|head| head.slug)
                {
                    self.taken.entry(slug).or_insert_with(|| shown.to_owned());
                }
                return;
            }
        }
        let modified = fs::metadata(&place)
            .and_then(|metadata| metadata.modified())
            .map_or(self.now, DateTime::<Utc>::from);
        if self.settling == Settling::Wait && self.is_fresh(modified) {
            self.loaded.unsettled.push(path.to_owned());
            return;
        }
        let bytes = match shelf::read(&place, self.options.max_bytes) {
            Ok(bytes) => bytes,
            Err(fault) => return self.unread(shown, path, &fault),
        };
        self.loaded.files += 1;
        let input = Input { shown, root: Some(root), path, bytes: &bytes, modified };
        let mut outcome = parse::article(&input, self.options, self.now, &mut self.memory);
        if self.work == Work::Mend {
            let (again, mended) = mend::mend(&input, outcome, self.options, self.now, &mut self.memory);
            outcome = again;
            let is_new = |mended: &Mended| self.loaded.mended.iter().all(|other| other.place != mended.place);
            let mended = mended.filter(is_new);
            self.loaded.mended.extend(mended);
        }
        self.loaded.diagnostics.append(&mut outcome.diagnostics);
        let article = outcome.article.take();
        // A draft never goes out, and holds nothing up.
        if article.is_none() && !outcome.draft {
            self.loaded.broken.push(Broken { path: path.to_owned(), date: outcome.date });
        }
        self.read.push(Read { shown: shown.to_owned(), path: path.to_owned(), article, outcome });
    }

    fn is_fresh(&self, modified: DateTime<Utc>) -> bool {
        let settle = TimeDelta::from_std(self.options.settle).unwrap_or(TimeDelta::MAX);
        // A time far in the future is a wrong clock, and no reason to wait for it.
        (self.now - modified).abs() < settle
    }

    fn unread(&mut self, shown: &Path, path: &Path, fault: &PathFault) {
        let limit = self.options.max_bytes;
        match fault {
            PathFault::TooLarge => self.refuse(
                shown,
                path,
                "large-file",
                &format!("the file is larger than {} KiB", limit / 1024),
                "split it, and put pictures into files of their own",
            ),
            PathFault::NoFile => {
                self.refuse(
                    shown,
                    path,
                    "unsafe-path",
                    "this is no regular file",
                    "put a text file in its place",
                );
            }
            PathFault::Unreadable(error) => {
                let message = format!("the file cannot be read: {error}");
                self.refuse(shown, path, "unreadable", &message, "mend its permissions");
            }
            PathFault::Unsafe(why) => {
                self.refuse(shown, path, "unsafe-path", &format!("the file is not read: {why}"), "move it");
            }
            PathFault::Missing { .. } => {
                self.refuse(shown, path, "unreadable", "the file is gone", "check again");
            }
        }
    }

    /// Sorts, and breaks those whose slug an earlier one has; one that is broken anyway takes none from a whole one.
    fn finish(mut self) -> Loaded {
        self.read.sort_by(|a, b| {
            let key = |read: &Read| (read.article.is_none(), read.outcome.date);
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        self.loaded.diagnostics.append(&mut same_titles(&self.read, &self.options.lint));
        for Read { shown, path, article, outcome } in self.read {
            let Some(slug) = outcome.slug else { continue };
            let Some(first) = self.taken.get(&slug) else {
                self.taken.insert(slug, shown);
                self.loaded.articles.extend(article);
                continue;
            };
            let message = format!("`{}` has the slug `{slug}` already", first.display());
            let mut finding = Diagnostic::of_file(Severity::Error, "duplicate-slug", &shown, message)
                .with_remedy("write a `slug:` of its own, or delete one of the two files");
            if let Some((source, span)) = outcome.named_at {
                finding = finding.at(&source, span);
            }
            self.loaded.diagnostics.push(finding);
            if article.is_some_and(|article| !article.draft) {
                self.loaded.broken.push(Broken { path, date: outcome.date });
            }
        }
        self.loaded.broken.sort_by(|a, b| a.path.cmp(&b.path));
        self.loaded.diagnostics.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        self.loaded
    }
}

/// Articles of a month with one title and two names: the second is most likely the first one, moved.
fn same_titles(read: &[Read], levels: &Levels) -> Vec<Diagnostic> {
    const RULE: &str = "same-title";
    let mut first: HashMap<String, &Read> = HashMap::new();
    let mut told = Vec::new();
    for read in read {
        let Some(article) = read.article.as_ref().filter(|article| !article.draft) else { continue };
        let earlier = match first.entry(article.title.to_lowercase()) {
            Entry::Vacant(entry) => {
                entry.insert(read);
                continue;
            }
            Entry::Occupied(mut entry) => entry.insert(read),
        };
        let Some(other) = &earlier.article else { continue };
        // A column has the same title every year, and one slug has a finding of its own.
        if other.slug == article.slug || (article.date - other.date).num_days() > 31 {
            continue;
        }
        let Some((source, span)) = &read.outcome.named_at else { continue };
        let severity = directives::weigh(&read.outcome.directives, levels, RULE, source, span.start);
        told.extend(severity.map(|severity| {
            Diagnostic::of_file(
                severity,
                RULE,
                &read.shown,
                format!("`{}` has this title too", earlier.shown.display()),
            )
            .with_remedy("tell the two apart, or delete one of the files")
            .at(source, span.clone())
        }));
    }
    told
}

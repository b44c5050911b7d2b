//! Which files of a folder are articles, and which are refused before they are read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::load::LoadError;
use super::shelf::{self, PathFault};
use crate::diagnostic::{Diagnostic, Severity};

/// How deep sub-folders are walked into.
const DEEPEST_FOLDER: usize = 8;

/// A file by the name of an article.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// As the user calls it.
    pub(super) shown: PathBuf,
    /// The articles folder, canonical.
    pub(super) root: Arc<Path>,
    /// Relative to `root`.
    pub(super) path: PathBuf,
}

impl Found {
    pub(super) fn place(&self) -> PathBuf {
        self.root.join(&self.path)
    }
}

/// A walk through folders.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// In the order of their names, folder by folder.
    pub(super) files: Vec<Found>,
    /// What is wrong with what is not read.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Files that are not read, relative to their root.
    pub(super) refused: Vec<PathBuf>,
    /// Files that are no articles by their names, and that somebody may have meant as such: [`PassedOver`] looks at them.
    pub(super) passed_over: Vec<Found>,
}

/// A file that is not read, though it may have been meant to be.
#[derive(Debug)]
pub(super) struct PassedOver {
    /// As the user calls it.
    shown: PathBuf,
    looks: Looks,
}

/// What a file looks like that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// An article of another name.
    Article,
    /// What a writing program keeps in a form of its own.
    Document,
}

impl PassedOver {
    /// The file `found`, when it looks like an article.
    pub(super) fn of(found: Found) -> Option<Self> {
        let looks = match kind(&found.path) {
            Kind::Document => Looks::Document,
            Kind::Text if begins_as_an_article(&found.place()) => Looks::Article,
            Kind::Article | Kind::Text | Kind::Other => return None,
        };
        Some(PassedOver { shown: found.shown, looks })
    }

    /// What is told of it, with this weight.
    pub(super) fn told(self, severity: Severity) -> Diagnostic {
        let stem = self.shown.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if is_article(Path::new(&stem)) { stem } else { format!("{stem}.md") };
        let (message, remedy) = match self.looks {
            Looks::Article => (
                "this file begins as an article does, and is not read: its name does not end in `.md`",
                format!("name it `{name}`"),
            ),
            Looks::Document => (
                "this document of a writing program is not read: an article is a text file whose name ends in `.md`",
                format!("write the article as `{name}`; or move this out of the folder of articles"),
            ),
        };
        Diagnostic::of_file(severity, UNREAD, &self.shown, message).with_remedy(remedy)
    }
}

/// The rule of files that are passed over.
pub(super) const UNREAD: &str = "unread-file";

/// Endings of what writing programs keep in a form of their own.
const DOCUMENTS: [&str; 6] = ["docx", "doc", "odt", "rtf", "pages", "pdf"];
/// Endings of text that may be an article by another name.
const TEXTS: [&str; 7] = ["txt", "text", "mdx", "mdown", "mkd", "mdwn", "markdwn"];

/// What a file may be by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By its name it is one.
    Article,
    /// What a writing program keeps in a form of its own: there is no text in it that could be read.
    Document,
    /// Text, or anything: only a look into it tells whether it was meant as an article.
    Text,
    /// Pictures and the like.
    Other,
}

/// What the file at `path` may be.
pub(super) fn kind(path: &Path) -> Kind {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        _ if is_article(path) => Kind::Article,
        Some(ending) if DOCUMENTS.contains(&ending) => Kind::Document,
        Some(ending) if !TEXTS.contains(&ending) => Kind::Other,
        Some(_) | None => Kind::Text,
    }
}

fn begins_as_an_article(place: &Path) -> bool {
    let Ok(beginning) = shelf::read_beginning(place, u64::MAX) else { return false };
    let text = String::from_utf8_lossy(&beginning);
    let mut lines = text.trim_start_matches('\u{FEFF}').lines();
    lines.next() == Some("---") && lines.any(|line| line.trim_start().starts_with("title:"))
}

impl Walk {
    /// Finds the articles of the folder `inside` of `root`, which the user calls `shown`.
    pub(super) fn folder(&mut self, shown: &Path, root: &Arc<Path>, inside: &Path) -> Result<(), LoadError> {
        self.walk(shown, root, inside, 0)
    }

    fn walk(&mut self, shown: &Path, root: &Arc<Path>, inside: &Path, depth: usize) -> Result<(), LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: shown.to_owned(), source };
        let mut entries = fs::read_dir(root.join(inside))
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| (entry.file_name(), entry)))
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(unreadable)?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, entry) in entries {
            if is_temporary(&name.to_string_lossy()) {
                continue;
            }
            let (shown, path) = (shown.join(&name), inside.join(&name));
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if depth < DEEPEST_FOLDER {
                    self.walk(&shown, root, &path, depth + 1)?;
                } else {
                    self.refuse(&shown, &path, "too-deep", "this folder is nested too deep", "move it up");
                }
            } else if kind.is_symlink() {
                self.link(shown, root, path);
            } else {
                match self::kind(&path) {
                    Kind::Article => self.files.push(Found { shown, root: Arc::clone(root), path }),
                    Kind::Document | Kind::Text => {
                        self.passed_over.push(Found { shown, root: Arc::clone(root), path });
                    }
                    Kind::Other => {}
                }
            }
        }
        Ok(())
    }

    /// A symbolic link: to a file of the folder it is read, to another place it is refused.
    fn link(&mut self, shown: PathBuf, root: &Arc<Path>, path: PathBuf) {
        match fs::canonicalize(root.join(&path)) {
            Ok(real) if real.starts_with(root) => {
                if real.is_file() && is_article(&path) {
                    self.files.push(Found { shown, root: Arc::clone(root), path });
                }
            }
            Ok(real) if is_article(&path) || real.is_dir() => self.refuse(
                &shown,
                &path,
                "unsafe-path",
                "this is a link that leads out of the articles folder",
                "put the file itself into the folder",
            ),
            Err(_) if is_article(&path) => {
                self.refuse(&shown, &path, "unsafe-path", "this is a link that leads nowhere", "delete it");
            }
            Ok(_) | Err(_) => {}
        }
    }

    fn refuse(&mut self, shown: &Path, path: &Path, rule: &'static str, message: &str, remedy: &str) {
        self.diagnostics.push(Diagnostic::of_file(Severity::Error, rule, shown, message).with_remedy(remedy));
        if is_article(path) {
            self.refused.push(path.to_owned());
        }
    }
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

/// What is told of a path that was asked for and leads to nothing that can be read.
pub(super) fn astray(error: &LoadError) -> Diagnostic {
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
    Diagnostic::of_file(Severity::Error, rule, path, message).with_remedy(remedy)
}

/// What is told of the article `shown` that is not read, where at most `limit` bytes are.
pub(super) fn unread(shown: &Path, fault: &PathFault, limit: u64) -> Diagnostic {
    let (rule, message, remedy) = match fault {
        PathFault::TooLarge => (
            "large-file",
            format!("the file is larger than {} KiB", limit / 1024),
            "split it, and put pictures into files of their own",
        ),
        PathFault::NoFile => {
            ("unsafe-path", "this is no regular file".to_owned(), "put a text file in its place")
        }
        PathFault::Unreadable(error) => {
            ("unreadable", format!("the file cannot be read: {error}"), "mend its permissions")
        }
        PathFault::Unsafe(why) => ("unsafe-path", format!("the file is not read: {why}"), "move it"),
        PathFault::Missing { .. } => ("unreadable", "the file is gone".to_owned(), "check again"),
    };
    Diagnostic::of_file(Severity::Error, rule, shown, message).with_remedy(remedy)
}

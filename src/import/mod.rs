//! Writing of elsewhere → articles: the posts of Jekyll and Hugo, and a WordPress export.
//!
//! ```text
//!   tree: a site's files
//!   a folder of posts ─┐ head: its front matter     body: its tags expanded, HTML as Markdown
//!                      ├──────────────► Post ──► finish: links and pictures, the check ──► OUT/2016/2016-03-04-slug.md
//!   export.xml ────────┘ streamed
//! ```
//!
//! Nothing is fetched, and no file is ever overwritten. What cannot be carried over is told with its place.

mod addresses;
mod files;
mod finish;
mod frames;
mod front;
mod goldmark;
mod head;
mod homes;
mod hugo;
mod inherited;
mod jekyll;
mod kramdown;
mod languages;
mod liquid;
mod names;
mod pattern;
mod raw_html;
mod reading;
mod relink;
mod rewrite;
mod settings;
mod shelves;
mod shortcodes;
mod site;
mod tags;
mod tree;
mod variables;
mod wordpress;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

pub use site::{Flavour, site};
pub use wordpress::wordpress;

/// How an import is made.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The folder into which articles are written.
    pub out: &'a Path,
    /// The folder of articles, whose names are taken.
    pub articles: &'a Path,
    /// Whether files are written, or only told of.
    pub writing: Writing,
    /// Where the writing stood: links within it lead there when their posts are not imported with it.
    pub site: Option<Url>,
    /// The folder of pictures that an export refers to.
    pub uploads: Option<&'a Path>,
    /// The zone of dates that have none.
    pub timezone: Tz,
    /// The present.
    pub now: DateTime<Utc>,
}

/// Whether files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// They are.
    Files,
    /// They are not: `--dry-run`.
    Nothing,
}

/// One post, ready to become an article.
#[derive(Debug, Clone, Default)]
struct Post {
    head: head::Head,
    /// Markdown.
    body: String,
    /// The file it comes from, as the user named it.
    file: PathBuf,
    /// The line on which `body` begins there, from 1.
    line: usize,
    /// Whether each line of `body` is one of the file's.
    keeps_lines: bool,
    /// What stands there from `line` on, in which a link or a picture of `body` is found again.
    source: String,
}

/// Something that could not be carried over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file it stands in.
    pub file: PathBuf,
    /// Line, from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// What, in one line.
    pub what: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what: String = self.what.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match self.line {
            0 => write!(f, "{}: {what}", self.file.display()),
            line => write!(f, "{}:{line}: {what}", self.file.display()),
        }
    }
}

/// What an import comes to.
#[derive(Debug, Default)]
pub struct Report {
    /// The articles that were written, or would be, relative to the working directory.
    pub written: Vec<PathBuf>,
    /// How many pictures were copied with them.
    pub pictures: usize,
    /// Posts that did not become articles, with the reason.
    pub refused: Vec<Note>,
    /// What is missing from those that did.
    pub notes: Vec<Note>,
    /// What is another in the article than in its post: a name, a day, its standing.
    pub remarks: Vec<Note>,
    /// Files of a site that are written too, and are no posts: pages, translations.
    pub not_posts: Vec<Note>,
    /// Posts whose articles are there already, as they would be written.
    pub unchanged: usize,
    /// The pictures of articles that stay elsewhere on the web: the article, and as `what` the address.
    pub remote: Vec<Note>,
    /// What was passed over by intent, by its kind: `drafts`, `pages`.
    pub passed_over: BTreeMap<&'static str, usize>,
    /// Authors whom a file of their own names, as the configuration has them.
    pub authors: Vec<(String, String)>,
}

impl Report {
    fn note(&mut self, file: &Path, line: usize, what: impl Into<String>) {
        let note = Note { file: file.to_owned(), line, what: what.into() };
        if self.notes.last() != Some(&note) {
            self.notes.push(note);
        }
    }

    fn remark(&mut self, file: &Path, what: impl Into<String>) {
        self.remarks.push(Note { file: file.to_owned(), line: 0, what: what.into() });
    }

    fn refuse(&mut self, file: &Path, line: usize, what: impl Into<String>) {
        self.refused.push(Note { file: file.to_owned(), line, what: what.into() });
    }

    /// Adds what is told of one post.
    fn add(&mut self, told: Report) {
        let Report {
            written,
            pictures,
            refused,
            notes,
            remarks,
            not_posts,
            unchanged,
            remote,
            passed_over,
            authors,
        } = told;
        self.written.extend(written);
        self.pictures += pictures;
        self.refused.extend(refused);
        self.notes.extend(notes);
        self.remarks.extend(remarks);
        self.not_posts.extend(not_posts);
        self.unchanged += unchanged;
        self.remote.extend(remote);
        for (kind, count) in passed_over {
            *self.passed_over.entry(kind).or_default() += count;
        }
        self.authors.extend(authors);
    }

    fn pass_over(&mut self, kind: &'static str) {
        *self.passed_over.entry(kind).or_default() += 1;
    }
}

/// Why an import cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source is not there or cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The source is of another kind.
    #[error("`{}` {why}", path.display())]
    Strange {
        /// As it was named.
        path: PathBuf,
        /// What is wrong with it, and what to name instead.
        why: &'static str,
    },
    /// An export that is no XML.
    #[error("{}:{line}: this is no WordPress export: {why}", path.display())]
    Xml {
        /// As it was named.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// An export that is only a part of one.
    #[error(
        "{}:{line}: this export is cut off: it ends in the middle, as a download does that was broken off; export it again",
        path.display()
    )]
    Cut {
        /// As it was named.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// An article or a picture cannot be written.
    #[error("`{}` cannot be written: {source}", path.display())]
    Unwritable {
        /// Where.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

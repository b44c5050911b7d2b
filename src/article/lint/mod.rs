//! What is wrong with an article's Markdown: links that lead nowhere, pictures that are not there, unsafe HTML.

mod editorial;
mod links;
mod markup;
mod numbers;
mod tags;
mod words;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use super::findings::Findings;
use super::head::Heads;
use super::load::LoadOptions;
use super::markdown::{self, Seen, Target, What, document};
use super::shelf::{self, PathFault};
use super::{is_web_site, nearest, source};

pub(super) use editorial::{Manuscript, editorial};

/// Where an article stands, for links and pictures.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// The articles folder, canonical; `None` for text that is in no file.
    pub(super) root: Option<&'a Path>,
    /// The article, relative to `root`.
    pub(super) path: &'a Path,
    pub(super) headings: &'a Headings,
    pub(super) heads: &'a Heads,
    pub(super) options: &'a LoadOptions,
    pub(super) now: DateTime<Utc>,
    /// The day it goes out at the earliest: what comes later cannot be linked to.
    pub(super) day: NaiveDate,
}

/// The ids of headings of other articles, read when first asked for.
#[derive(Debug, Default)]
pub(super) struct Headings(Mutex<HashMap<PathBuf, Arc<HashSet<String>>>>);

impl Headings {
    fn of(&self, file: &Path, max_bytes: u64) -> Arc<HashSet<String>> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(file) {
            return Arc::clone(known);
        }
        // Not under the lock: another thread may read it too, and finds the same.
        let text = shelf::read(file, max_bytes).ok().and_then(|bytes| source::decode(&bytes).ok());
        let ids = text.map(|text| match source::split(&text) {
            Ok(parts) => headings(&document(&text[parts.body]).seen),
            Err(_) => HashSet::new(),
        });
        let ids = Arc::new(ids.unwrap_or_default());
        known().insert(file.to_owned(), Arc::clone(&ids));
        ids
    }
}

fn headings(seen: &[Seen]) -> HashSet<String> {
    seen.iter()
        .filter_map(|seen| match &seen.what {
            What::Heading { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect()
}

/// A local picture that an article shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// As written.
    pub(super) src: String,
    /// Where.
    pub(super) span: Range<usize>,
}

/// Checks a body that begins at byte `offset` of the file; gives the local pictures it shows.
pub(super) fn body(seen: &[Seen], offset: usize, place: &Place<'_>, findings: &mut Findings) -> Vec<Shown> {
    let mut linter = Linter { place, own: headings(seen), findings, shown: Vec::new() };
    for seen in seen {
        linter.look(&seen.what, offset + seen.span.start..offset + seen.span.end);
    }
    linter.shown
}

/// Checks a line of Markdown that stands at `span`; gives the local pictures it shows.
pub(super) fn line(source: &str, span: &Range<usize>, place: &Place<'_>, findings: &mut Findings) {
    let (_, seen) = markdown::line(source);
    let mut linter = Linter { place, own: HashSet::new(), findings, shown: Vec::new() };
    for seen in seen {
        match seen.what {
            What::Image { .. } => linter.findings.warning(
                "misplaced-image",
                span.clone(),
                "an image cannot stand here, and its text is taken",
                "put it in the article's text, or into `image`",
            ),
            What::Heading { .. } => {}
            what => {
                if let What::Link { target, text } = &what {
                    links::one(target, text.as_deref(), span, linter.findings);
                }
                linter.look(&what, span.clone());
            }
        }
    }
}

/// Checks the source of an image; whether it is a local one.
pub(super) fn image(src: &str, span: Range<usize>, findings: &mut Findings) -> bool {
    match Target::of(src) {
        Target::Beside(_) => true,
        Target::Outside(url) if url.starts_with("https:") => false,
        Target::Outside(url) if url.starts_with("http:") => {
            let message = "the picture is fetched without encryption";
            findings.warning(
                "insecure-image",
                span,
                message,
                "use an https address, or put the file beside the article",
            );
            false
        }
        Target::Outside(_) | Target::Here(_) | Target::Refused => {
            refused_image(src, span, findings);
            false
        }
    }
}

fn refused_image(src: &str, span: Range<usize>, findings: &mut Findings) {
    let shown = shortened(src);
    let local = markdown::scheme(src).is_none() || src.get(1..2) == Some(":") || src.starts_with("file:");
    if src.is_empty() {
        let message = "this image has no address";
        findings.error("missing-image", span, message, "write the path of a file beside the article");
    } else if local {
        let message = format!("`{shown}` is no path within the articles folder");
        findings.error("unsafe-path", span, message, "put the file beside the article, and write its name");
    } else {
        let message = format!("a mail cannot show `{shown}`");
        findings.error("unsafe-image", span, message, "put the file beside the article, and write its name");
    }
}

/// Says why a local picture is not read.
pub(super) fn path_fault(fault: &PathFault, written: &str, span: Range<usize>, findings: &mut Findings) {
    let shown = shortened(written);
    let place = span.clone();
    match fault {
        PathFault::Unsafe(why) => findings.error(
            "unsafe-path",
            span,
            format!("`{shown}` is not read: {why}"),
            "write the path from the article's own folder or from the articles folder, with `/`",
        ),
        PathFault::Missing { like } => findings.error(
            "missing-image",
            span,
            format!("there is no file `{shown}`"),
            match like {
                Some(name) => format!("did you mean `{name}`?"),
                None => "put the file beside the article, or mend its name".to_owned(),
            },
        ),
        PathFault::NoFile => findings.error(
            "unsafe-path",
            span,
            format!("`{shown}` is no regular file"),
            "name a JPEG, PNG, GIF or WebP file",
        ),
        PathFault::TooLarge => findings.error(
            "large-image",
            span,
            format!("`{shown}` is larger than {} MiB", super::picture::LARGEST_FILE / 1024 / 1024),
            "scale it down; 1104 pixels of width are enough",
        ),
        PathFault::Unreadable(error) => findings.error(
            "missing-image",
            span,
            format!("`{shown}` cannot be read: {error}"),
            "mend the file's permissions",
        ),
    }
    if let PathFault::Missing { like: Some(name) } = fault {
        other_case(written, name, place, findings);
    }
}

/// Lets the finding that was told just now be mended when what is written differs from what is there in nothing but
/// the case of letters, as it may on the computer it was written on.
fn other_case(written: &str, there: &str, span: Range<usize>, findings: &mut Findings) {
    let is_plain = there.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'));
    if is_plain && written != there && written.to_lowercase() == there.to_lowercase() {
        findings.fixed_within(span, written, there, "writes the name as it is");
    }
}

struct Linter<'a, 'p> {
    place: &'a Place<'p>,
    own: HashSet<String>,
    findings: &'a mut Findings,
    shown: Vec<Shown>,
}

impl Linter<'_, '_> {
    fn look(&mut self, what: &What, span: Range<usize>) {
        match what {
            What::Link { target, text } => {
                if text.as_deref() == Some("") {
                    let message = "this link has no text, so that nobody can follow it";
                    self.findings.warning(
                        "empty-link",
                        span.clone(),
                        message,
                        "write the text between the brackets",
                    );
                }
                self.link(target, span);
            }
            What::Image { src, alt } => {
                if alt.is_empty() {
                    self.findings.warning(
                        "missing-alt",
                        span.clone(),
                        "this image has no text, so that those who cannot see it miss it",
                        "write what is to be seen: `![a white ferry](…)`",
                    );
                }
                if image(src, span.clone(), self.findings) {
                    self.shown.push(Shown { src: src.clone(), span });
                }
            }
            What::Heading { .. } => {}
            What::DroppedTag(_) | What::Simpler(_) => {
                let lost = what.lost().unwrap_or_default();
                self.findings.warning("dropped-html", span, lost, "remove it, or say it in Markdown");
            }
            What::UndefinedLabel(label) => self.findings.warning(
                "undefined-label",
                span,
                format!("no address is given for `[{}]`", shortened(label)),
                format!("write a line `[{}]: https://…`", shortened(label)),
            ),
            What::UndefinedNote(label) => self.findings.warning(
                "undefined-note",
                span,
                format!("there is no footnote `[^{}]`", shortened(label)),
                format!("write a line `[^{}]: …` with its text", shortened(label)),
            ),
            What::UnusedNote(label) => self.findings.warning(
                "unused-note",
                span,
                format!("nothing refers to the footnote `[^{}]`, and it is left out", shortened(label)),
                format!("put `[^{}]` where it belongs", shortened(label)),
            ),
            What::TooDeep => self.findings.error(
                "too-deep",
                span,
                "this is nested deeper than mail programs show",
                "write it flat: three levels of lists or quotes are plenty",
            ),
        }
    }

    fn link(&mut self, target: &str, span: Range<usize>) {
        match Target::of(target) {
            Target::Outside(url) => {
                if url.starts_with("http:") {
                    let message = "this link is not encrypted";
                    self.findings.hint("plain-http", span, message, "write https:// if the site has it");
                }
            }
            Target::Here(id) => {
                if !self.own.contains(&id) {
                    self.no_heading(&id, &self.own.clone(), "this article", span);
                }
            }
            Target::Beside(written) => self.relative(&written, span),
            Target::Refused => self.refused(target, span),
        }
    }

    fn refused(&mut self, target: &str, span: Range<usize>) {
        let shown = shortened(target);
        match markdown::scheme(target) {
            Some(scheme) if scheme == "https" || scheme == "http" => {
                let message = format!("`{shown}` is no web address");
                self.findings.error("bad-url", span, message, "write it as in https://example.com/page");
            }
            Some(scheme) => {
                let message = format!("a link to `{scheme}:` does not go into a mail");
                self.findings.error("unsafe-link", span, message, "link to an https, http or mailto address");
            }
            None if target.trim().trim_start_matches('#').is_empty() => {
                let message = "this link leads nowhere";
                self.findings.error(
                    "broken-link",
                    span,
                    message,
                    "write its address between the parentheses",
                );
            }
            None => {
                let message = format!("`{shown}` leads nowhere from a mail");
                self.findings.error(
                    "broken-link",
                    span,
                    message,
                    "write the whole address, as in https://example.com/page",
                );
            }
        }
    }

    fn relative(&mut self, written: &str, span: Range<usize>) {
        let Some(root) = self.place.root else { return };
        let shown = shortened(written);
        let (path, id) = written.split_once('#').map_or((written, None), |(path, id)| (path, Some(id)));
        let path = markdown::percent_decode(path);
        let folder = self.place.path.parent().unwrap_or(Path::new(""));
        let Some(inside) = shelf::normalised(folder, &path) else {
            let message = format!("`{shown}` leads out of the articles folder");
            return self.findings.error(
                "broken-link",
                span,
                message,
                "link to another article, or to a web address",
            );
        };
        let file = root.join(&inside);
        let real = file.canonicalize().ok().filter(|real| real.starts_with(root) && real.is_file());
        let Some(real) = real else {
            let like = super::walk::similar(&file)
                .map(|name| Path::new(&path).with_file_name(name).to_string_lossy().into_owned());
            let remedy = match (is_web_site(written), &like) {
                (true, _) => format!("did you mean `https://{shown}`?"),
                (false, Some(name)) => format!("did you mean `{name}`?"),
                (false, None) => "link to another article's file, or to a web address".to_owned(),
            };
            let message = format!("there is no article `{shown}`");
            self.findings.error("broken-link", span.clone(), message, remedy);
            if let Some(name) = like {
                other_case(&path, &name, span, self.findings);
            }
            return;
        };
        if !super::walk::is_article(&real) {
            let message = format!("readers of a mail cannot open the file `{shown}`");
            return self.findings.error(
                "broken-link",
                span,
                message,
                "put it on the web, and link to its address there",
            );
        }
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            let id = markdown::percent_decode(id);
            let ids = self.place.headings.of(&real, self.place.options.max_bytes);
            if !ids.contains(&id) {
                self.no_heading(&id, &ids, &format!("`{path}`"), span.clone());
            }
        }
        if inside != self.place.path {
            self.not_published(&real, &path, span);
        }
    }

    /// Whether the article `real` goes out too late for a link to it, or never.
    fn not_published(&mut self, real: &Path, written: &str, span: Range<usize>) {
        let Some(head) = self.place.heads.of(real, self.place.options, self.place.now) else { return };
        let (why, remedy) = match head.day {
            _ if head.draft => {
                (", and it is a draft".to_owned(), "take `draft` out of it, or remove the link")
            }
            Some(day) if day > self.place.day => {
                (format!(" on {day}"), "publish it with this article or before it, or remove the link")
            }
            Some(_) | None => return,
        };
        let message = format!("this link goes nowhere until `{}` is published{why}", shortened(written));
        self.findings.warning("dead-link", span, message, remedy);
    }

    fn no_heading(&mut self, id: &str, ids: &HashSet<String>, of: &str, span: Range<usize>) {
        let mut known: Vec<&str> = ids.iter().map(String::as_str).collect();
        known.sort_unstable();
        let remedy = match nearest(id, known.iter().copied()) {
            Some(id) => format!("did you mean `#{id}`?"),
            None if known.is_empty() => format!("{of} has no headings"),
            None => format!("its headings are {}", listed(&known)),
        };
        let message = format!("{of} has no heading `#{}`", shortened(id));
        self.findings.error("broken-link", span.clone(), message, remedy);
        if let Some(known) = known.iter().find(|known| id.to_lowercase() == **known) {
            self.findings.fixed_within(
                span,
                &format!("#{id}"),
                &format!("#{known}"),
                "writes the name as it is",
            );
        }
    }
}

fn listed(ids: &[&str]) -> String {
    ids.iter().take(8).map(|id| format!("`#{}`", shortened(id))).collect::<Vec<_>>().join(", ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

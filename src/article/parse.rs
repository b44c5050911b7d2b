//! The bytes of one file → an article, or what is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use super::directives::Directives;
use super::findings::Findings;
use super::front_matter::{self, Context, FrontMatter, mending};
use super::head::{self, Heads};
use super::lint::{self, Headings, Manuscript, Place, Shown};
use super::load::{LoadOptions, PictureWork, WebLinks};
use super::markdown::{self, document};
use super::outside::{self, OutsideLink};
use super::picture::{self, Picture, PictureError};
use super::shelf::{self, Shelf};
use super::source::{self, NotText};
use super::{Article, Slug, date, yaml};
use crate::diagnostic::Diagnostic;

/// What is known of other files while one is read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    headings: Headings,
    heads: Heads,
    /// Pictures by file and what was done with them: several articles may show one.
    pictures: Mutex<HashMap<(PathBuf, PictureWork), Looked>>,
}

/// A picture's file, looked at.
#[derive(Debug, Clone)]
struct Looked {
    /// Made ready when that was asked for.
    prepared: Result<Option<Picture>, PictureError>,
    /// What it weighs, when that is more than it need: `7 MiB`, `6000 pixels wide`.
    weight: Option<String>,
    /// What kind of moving picture it is, if it is one: `GIF`.
    moves: Option<&'static str>,
}

/// One file, read.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The article, when no error was found.
    pub(super) article: Option<Article>,
    /// The day it claims, if that could be read.
    pub(super) date: Option<NaiveDate>,
    /// The name it goes by, if its head gave one.
    pub(super) slug: Option<Slug>,
    /// Whether it says that it is a draft.
    pub(super) draft: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What its comments silence, for findings across files.
    pub(super) directives: Directives,
    /// Where it names itself, for findings across files.
    pub(super) named_at: Option<Named>,
    /// Its links to the web, when they were asked for.
    pub(super) links: Vec<OutsideLink>,
}

/// Where a file names itself.
#[derive(Debug)]
pub(super) struct Named {
    /// The text down to its Markdown.
    pub(super) top: Arc<str>,
    /// Where the slug is written, or else the title it is made of.
    pub(super) slug: Range<usize>,
    /// Where the title is written, or else the first line.
    pub(super) title: Range<usize>,
}

/// A file to be read, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    /// As the user named it.
    pub(super) shown: &'a Path,
    /// The articles folder, canonical; `None` for text that is in no folder.
    pub(super) root: Option<&'a Path>,
    /// Relative to `root`.
    pub(super) path: &'a Path,
    pub(super) bytes: &'a [u8],
    pub(super) modified: DateTime<Utc>,
}

/// Reads one article.
pub(super) fn article(
    input: &Input<'_>,
    options: &LoadOptions,
    now: DateTime<Utc>,
    memory: &Memory,
) -> Outcome {
    let text = match source::decode(input.bytes) {
        Ok(text) => text,
        Err(NotText { shown, span, message, remedy }) => {
            let mut findings = Findings::new(input.shown, &shown);
            findings.error("not-text", span, message, remedy);
            return Outcome::broken(claimed_date(&shown, options), findings);
        }
    };
    let mut findings = Findings::new(input.shown, &text).under(&options.lint);
    let parts = match source::split(&text) {
        Ok(parts) => parts,
        Err(fault) => {
            let (rule, message, remedy) = fault.words();
            findings.error(rule, fault.place(&text), message, remedy);
            if let Some((does, edits)) = mending::without_head(&text, fault) {
                findings.fixed_by(does, edits);
            }
            return Outcome::broken(claimed_date(&text, options), findings);
        }
    };
    let body = &text[parts.body.clone()];
    let document = document(body);
    let at = |comment: &Range<usize>| parts.body.start + comment.start..parts.body.start + comment.end;
    let comments: Vec<_> = document.comments.iter().map(at).collect();
    findings.obey(Directives::read(&text, &parts.front_matter, &comments));
    if let Some(oddity) = source::oddity(input.bytes) {
        findings.report("odd-encoding", 0..0, oddity, "save the file as UTF-8, without a byte order mark");
        findings.fixed_by("saves the file as UTF-8", Vec::new());
    }
    let mut placed = outside::Placed::new();
    let opening = 0..3;
    let front = match yaml::parse(&text[parts.front_matter.clone()], parts.front_matter.start) {
        Ok(node) => {
            let (timezone, authors) = (options.timezone, &options.authors);
            let context = Context { timezone, authors, now, file: input.path };
            if options.web_links == WebLinks::List {
                placed.extend(outside::of_head(&node));
            }
            front_matter::check(&node, opening, &context, &mut findings)
        }
        Err(error) => {
            let at = error.span.start;
            findings.error("broken-yaml", error.span, error.message, error.remedy);
            let head = parts.front_matter.clone();
            if let Some((does, edits)) = mending::broken_yaml(&text[head.clone()], head.start, at) {
                findings.fixed_by(does, edits);
            }
            let dated = claimed_date(&text, options);
            let place = place(input, options, now, dated, memory);
            lint::body(&document.seen, parts.body.start, &place, &mut findings);
            return Outcome::broken(dated, findings);
        }
    };
    let place = place(input, options, now, front.dated.map(|dated| dated.day), memory);
    for (line, span) in &front.lines {
        lint::line(line, span, &place, &mut findings);
    }
    let mut shown = lint::body(&document.seen, parts.body.start, &place, &mut findings);
    if body.trim().is_empty() {
        let end = text.trim_end().len();
        findings.warning(
            "empty-body",
            end..end,
            "the article has no text",
            "write it below the front matter",
        );
    }
    if let Some(image) = &front.image
        && lint::image(&image.src, front.image_place.clone(), &mut findings)
    {
        shown.push(Shown { src: image.src.clone(), span: front.image_place.clone() });
    }
    let pictures = match input.root {
        Some(root) => pictures(&shown, &Shelf::new(root, input.path), options, memory, &mut findings),
        None => BTreeMap::new(),
    };
    if options.pictures == PictureWork::LookOnly {
        findings.leave_out(&["still-picture"]);
    }
    let offset = parts.body.start;
    let manuscript = Manuscript { front: &front, document: &document, body, offset, options, now };
    lint::editorial(&manuscript, &mut findings);
    if options.web_links == WebLinks::List {
        let lines = front.lines.iter().flat_map(|(line, span)| outside::of_line(line, span));
        placed.extend(lines.chain(outside::of_text(&document.seen, offset)));
    }
    let mut outcome = finish(input, &text[..offset], body, front, pictures, findings);
    if !placed.is_empty() {
        let source = Arc::from(text.as_str());
        outcome.links = outside::links(placed, (input.shown, input.path), &source, &outcome.directives);
    }
    outcome
}

fn place<'a>(
    input: &Input<'a>,
    options: &'a LoadOptions,
    now: DateTime<Utc>,
    day: Option<NaiveDate>,
    memory: &'a Memory,
) -> Place<'a> {
    let today = now.with_timezone(&options.timezone).date_naive();
    Place {
        root: input.root,
        path: input.path,
        headings: &memory.headings,
        heads: &memory.heads,
        options,
        now,
        day: day.map_or(today, |day| day.max(today)),
    }
}

fn finish(
    input: &Input<'_>,
    top: &str,
    body: &str,
    front: FrontMatter,
    pictures: BTreeMap<String, Picture>,
    mut findings: Findings,
) -> Outcome {
    let broken = findings.has_errors();
    let date = front.dated.map(|dated| dated.day);
    let draft = front.draft;
    if draft {
        findings.leave_out(&["no-highlights"]);
    }
    // The last thing to be written: what has an error, or is a draft, is not there yet.
    if let Some(place) = front.no_highlights.clone().filter(|_| !broken && !draft) {
        findings.warning(
            "no-highlights",
            place,
            "there are no `highlights`, so that the top of the edition says nothing of this article",
            "write `highlights:` and beneath it three lines of `  - ` and a point",
        );
    }
    let named_at =
        Some(Named { top: Arc::from(top), slug: front.name_place.clone(), title: front.title_place.clone() });
    let slug = head::slug(&front, input.path);
    let article = match (front.title, front.dated, slug.clone()) {
        (Some(title), Some(dated), Some(slug)) if !broken => Some(Article {
            path: input.path.to_owned(),
            slug,
            title,
            date: dated.day,
            not_before: dated.not_before,
            author: front.author,
            highlights: front.highlights,
            tags: front.tags,
            summary: front.summary,
            image: front.image,
            url: front.url,
            lead: front.lead,
            draft,
            sources: front.sources,
            extra: front.extra,
            markdown: markdown::clean(&body.replace("\r\n", "\n").replace('\r', "\n")),
            pictures,
            modified: input.modified,
        }),
        _ => None,
    };
    let (diagnostics, directives) = findings.into_list();
    Outcome { article, date, slug, draft, diagnostics, directives, named_at, links: Vec::new() }
}

/// Finds, looks at and prepares the pictures that an article shows.
fn pictures(
    shown: &[Shown],
    shelf: &Shelf,
    options: &LoadOptions,
    memory: &Memory,
    findings: &mut Findings,
) -> BTreeMap<String, Picture> {
    let mut pictures = BTreeMap::new();
    for Shown { src, span } in shown {
        if pictures.contains_key(src) {
            continue;
        }
        let file = match shelf.find(&markdown::percent_decode(src)) {
            Ok(file) => file,
            Err(fault) => {
                lint::path_fault(&fault, src, span.clone(), findings);
                continue;
            }
        };
        let key = (file.clone(), options.pictures);
        let remembered = || memory.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered().get(&key).cloned();
        let Looked { prepared, weight, moves } = match known {
            Some(known) => known,
            None => match shelf::read(&file, picture::LARGEST_FILE) {
                Ok(bytes) => {
                    let prepared = prepare(&bytes, options);
                    let weight = weight(&bytes, prepared.is_ok());
                    let looked = Looked { prepared, weight, moves: picture::moving(&bytes) };
                    remembered().insert(key, looked.clone());
                    looked
                }
                Err(fault) => {
                    lint::path_fault(&fault, src, span.clone(), findings);
                    continue;
                }
            },
        };
        if let Some(weight) = weight {
            findings.report(
                "heavy-image",
                span.clone(),
                format!("this picture is {weight}"),
                "scale it down; 1104 pixels of width are all that a mail shows",
            );
        }
        match prepared {
            Ok(Some(picture)) => {
                if let Some(kind) = moves.filter(|_| picture.media_type != "image/gif") {
                    let (message, remedy) = still(kind);
                    findings.warning("still-picture", span.clone(), message, remedy);
                }
                pictures.insert(src.clone(), picture);
            }
            Ok(None) => {}
            Err(error) => findings.error("bad-image", span.clone(), error.to_string(), error.remedy()),
        }
    }
    pictures
}

fn prepare(bytes: &[u8], options: &LoadOptions) -> Result<Option<Picture>, PictureError> {
    match options.pictures {
        PictureWork::Prepare => {
            let width = options.shown_width.saturating_mul(2);
            options.cache.get(bytes, width, || picture::prepare(bytes, width)).map(Some)
        }
        PictureWork::LookOnly => picture::look(bytes).map(|_| None),
    }
}

/// What is told of a moving picture that is sent as a still one, and the remedy.
fn still(kind: &str) -> (String, &'static str) {
    match kind {
        "GIF" => (
            "a moving GIF that has to be scaled or made smaller is sent as a still picture".to_owned(),
            "make it at most 1104 pixels wide and 300 KiB large",
        ),
        _ => (
            format!("a moving {kind} is sent as a still picture: most mail programs do not show it move"),
            "save it as a GIF, at most 1104 pixels wide and 300 KiB large",
        ),
    }
}

/// What makes a picture heavy; its size counts when it is one that can be shown.
fn weight(bytes: &[u8], is_shown: bool) -> Option<String> {
    if bytes.len() > picture::HEAVY_BYTES {
        return Some(format!("a file of {} MiB", bytes.len() / 1024 / 1024));
    }
    let (width, height) = picture::size(bytes).filter(|_| is_shown)?;
    (width.max(height) > picture::HEAVY_SIDE).then(|| format!("{width} × {height} pixels"))
}

/// The day that a front matter claims which cannot be parsed: which edition a broken file would hold.
fn claimed_date(text: &str, options: &LoadOptions) -> Option<NaiveDate> {
    text.lines()
        .take(200)
        .find_map(|line| line.strip_prefix("date:"))
        .and_then(|value| date::parse(value.trim().trim_matches(['"', '\'']), options.timezone))
        .map(|dated| dated.day)
}

impl Outcome {
    /// A file that was not read at all.
    pub(super) fn unread(why: Diagnostic) -> Self {
        Outcome {
            article: None,
            date: None,
            slug: None,
            draft: false,
            diagnostics: vec![why],
            directives: Directives::default(),
            named_at: None,
            links: Vec::new(),
        }
    }

    fn broken(date: Option<NaiveDate>, findings: Findings) -> Self {
        let (diagnostics, directives) = findings.into_list();
        Outcome {
            article: None,
            date,
            slug: None,
            draft: false,
            diagnostics,
            directives,
            named_at: None,
            links: Vec::new(),
        }
    }
}

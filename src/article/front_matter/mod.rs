//! Front matter → what an article says of itself, with every problem told at once.

mod entries;
mod foreign;
mod keys;
pub(super) mod mending;
mod misread;
mod schema;
mod values;

use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::date::{self, Dated};
use super::findings::Findings;
use super::slug::{Slug, SlugError};
use super::subject::{LONGEST, SubjectLength};
use super::yaml::{Node, Value};
use super::{Figure, Source, nearest};
use crate::config::{Author, Authors};
use entries::Entries;
use foreign::Origin;
use keys::FRONT_MATTER;

pub use schema::schema;

/// What a front matter says, as far as it is right.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) dated: Option<Dated>,
    pub(super) author: Option<Author>,
    pub(super) highlights: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) image: Option<Figure>,
    pub(super) slug: Option<Slug>,
    /// A `slug` is written and is none.
    pub(super) slug_is_wrong: bool,
    pub(super) url: Option<Url>,
    pub(super) lead: bool,
    pub(super) draft: bool,
    pub(super) sources: Vec<Source>,
    pub(super) extra: serde_json::Map<String, serde_json::Value>,
    /// Where highlights would stand, when there are none.
    pub(super) no_highlights: Option<Range<usize>>,
    /// Where the image's source is written.
    pub(super) image_place: Range<usize>,
    /// Where the slug is written, or else the title.
    pub(super) name_place: Range<usize>,
    /// Lines of Markdown and where they are written, for the linter.
    pub(super) lines: Vec<(String, Range<usize>)>,
    /// Where the title is written.
    pub(super) title_place: Range<usize>,
    /// Where highlights are written, one each.
    pub(super) highlight_places: Vec<Range<usize>>,
    /// How many more are written, that are no text.
    pub(super) wrong_highlights: usize,
    /// Where the key of the highlights stands, or else the first line.
    pub(super) highlights_place: Range<usize>,
    /// Where the summary is written; nothing when there is none.
    pub(super) summary_place: Option<Range<usize>>,
    /// Where the image's text is written.
    pub(super) alt_place: Option<Range<usize>>,
    /// Where the caption, the author's name and the biography are written.
    pub(super) credit_places: Vec<Range<usize>>,
    /// Addresses that are values of their own.
    pub(super) links: Vec<HeadLink>,
}

/// An address that is a value of the head.
#[derive(Debug)]
pub(super) struct HeadLink {
    pub(super) url: Url,
    pub(super) place: Range<usize>,
    /// What an editor wrote to be shown in its stead, and where.
    pub(super) text: Option<(String, Range<usize>)>,
}

/// What front matter is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) timezone: Tz,
    pub(super) authors: &'a Authors,
    pub(super) now: DateTime<Utc>,
    /// The file, whose name may begin with a day.
    pub(super) file: &'a Path,
}

/// Checks a whole front matter; `opening` is the place of its first line.
pub(super) fn check(
    node: &Node,
    opening: Range<usize>,
    context: &Context<'_>,
    findings: &mut Findings,
) -> FrontMatter {
    let nothing = Vec::new();
    let map = match &node.value {
        Value::Map(map) => map,
        Value::Null => &nothing,
        other => {
            let message = format!("the front matter must be keys and values, and this is {}", other.kind());
            findings.error("wrong-type", node.span.clone(), message, "write each line as `key: value`");
            return FrontMatter::default();
        }
    };
    let adopted = foreign::adopt(map, context, findings);
    misread::look(&adopted.map, findings);
    let entries = Entries::check(&adopted.map, FRONT_MATTER, "", findings);
    let origin = adopted.origin;
    let mut checker = Checker { entries, origin, context, findings, out: FrontMatter::default() };
    checker.title(&opening);
    checker.date(&opening);
    checker.author();
    checker.highlights(&opening);
    checker.image();
    checker.slug(&opening);
    checker.flags();
    checker.rest();
    checker.out
}

/// Tags that stand twice, in whatever case.
fn repeated_tags(items: &[Node], findings: &mut Findings) {
    let text = |item: &Node| match &item.value {
        Value::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => None,
    };
    let mut seen: Vec<String> = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let Some(tag) = text(item) else { continue };
        let first = seen.iter().find(|seen| seen.to_lowercase() == tag.to_lowercase());
        if let Some(first) = first {
            let shown: String = first.chars().take(60).collect();
            let message = format!("the tag `{shown}` stands here a second time");
            let is_same = *first == tag;
            findings.report("repeated-tag", item.span.clone(), message, "keep one of the two");
            if is_same {
                mending::without_item(items, number, findings);
            }
        }
        seen.push(tag);
    }
}

struct Checker<'a, 'n> {
    entries: Entries<'n>,
    origin: Origin,
    context: &'a Context<'a>,
    findings: &'a mut Findings,
    out: FrontMatter,
}

impl Checker<'_, '_> {
    fn title(&mut self, opening: &Range<usize>) {
        let node = self.entries.get("title");
        let title = node.and_then(|node| values::line(node, "title", self.findings));
        if let (Some(title), Some(node)) = (&title, node) {
            if SubjectLength::of(title) == SubjectLength::Cut {
                let length = title.chars().count();
                self.findings.warning(
                    "long-title",
                    node.span.clone(),
                    format!(
                        "the title has {length} characters, and subject lines are cut after about {LONGEST}"
                    ),
                    "shorten it to 60, and say the rest in `summary`",
                );
            }
            self.double_space(node);
        }
        let blank =
            node.is_some_and(|node| matches!(&node.value, Value::Text(text) if text.trim().is_empty()));
        if blank || self.entries.lacks("title") {
            let (place, message) = match self.entries.place("title") {
                Some(place) => (place, "`title` is empty"),
                None => (opening.clone(), "there is no `title`"),
            };
            self.findings.error("missing-title", place, message, "write `title: ` and the headline");
        }
        self.out.title = title;
    }

    /// HTML shows two spaces as one; a subject line shows two.
    fn double_space(&mut self, node: &Node) {
        let Value::Text(text) = &node.value else { return };
        if !text.trim().contains("  ") {
            return;
        }
        let span = node.span.clone();
        let message = "the title has two spaces where one is meant";
        self.findings.report("double-space", span.clone(), message, "remove one: subject lines show both");
        let written = self.findings.source(span.clone());
        if !written.contains('\n') {
            let mut single = written.to_owned();
            while single.contains("  ") {
                single = single.replace("  ", " ");
            }
            self.findings.fixed_by("leaves one space", vec![(span, single)]);
        }
    }

    fn date(&mut self, opening: &Range<usize>) {
        let today = self.context.now.with_timezone(&self.context.timezone).date_naive();
        let Some(node) = self.entries.get("date") else {
            if self.entries.lacks("date") {
                let (place, message) = match self.entries.place("date") {
                    Some(place) => (place, "`date` is empty"),
                    None => (opening.clone(), "there is no `date`"),
                };
                if let Some(day) = date::of_file_name(self.context.file) {
                    let message = format!("{message}, and that of the file's name is taken");
                    self.findings.warning("date-in-name", place, message, format!("write `date: {day}`"));
                    self.out.dated = Some(Dated { day, not_before: None });
                    return;
                }
                let remedy = format!("write the day it goes out, as in `date: {today}`");
                self.findings.error("missing-date", place, message, remedy);
            }
            return;
        };
        let Value::Text(text) = &node.value else { return };
        let Some(dated) = date::parse(text, self.context.timezone) else {
            let remedy = date::remedy(text, self.context.timezone);
            let shown: String = text.chars().take(60).collect();
            self.findings.error("bad-date", node.span.clone(), format!("`{shown}` is no date"), remedy);
            if let Some(meant) = date::meant(text, self.context.timezone) {
                self.findings.fixed_by("writes the date as it is read", vec![(node.span.clone(), meant)]);
            }
            return;
        };
        if dated.day > today || dated.not_before.is_some_and(|at| at > self.context.now) {
            let zone = self.context.timezone;
            let when = dated.not_before.map_or_else(
                || format!("{} ({zone})", dated.day),
                |at| format!("{} ({zone})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M")),
            );
            self.findings.hint(
                "future-date",
                node.span.clone(),
                format!("this article waits until {when}"),
                "nothing is to be done, if that is meant",
            );
        }
        self.out.dated = Some(dated);
    }

    fn author(&mut self) {
        let Some(node) = self.entries.get("author") else { return };
        self.out.author = match &node.value {
            Value::Map(map) => {
                let author = values::author(map, node, self.findings, &mut self.out);
                // Of whom no more is said than a name the configuration may say more.
                match author {
                    Some(Author { name, biography: None, link: None, photo: None }) => {
                        let bare = || Author { name: name.clone(), biography: None, link: None, photo: None };
                        Some(self.configured_author(&name).unwrap_or_else(bare))
                    }
                    author => author,
                }
            }
            Value::Text(text) => {
                self.out.credit_places.push(node.span.clone());
                self.named_author(text.trim(), node)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) => None,
        };
    }

    /// The author of the configuration who has this key or this name.
    fn configured_author(&self, written: &str) -> Option<Author> {
        let authors = self.context.authors;
        let by_name = |author: &&Author| author.name.to_lowercase() == written.to_lowercase();
        authors.get(written).or_else(|| authors.values().find(by_name)).cloned()
    }

    fn named_author(&mut self, written: &str, node: &Node) -> Option<Author> {
        let authors = self.context.authors;
        if let Some(author) = self.configured_author(written) {
            return Some(author);
        }
        let name = values::line(node, "author", self.findings)?;
        if name.contains(char::is_whitespace) || self.origin == Origin::Elsewhere {
            return Some(Author { name, biography: None, link: None, photo: None });
        }
        let remedy = match nearest(&name, authors.keys().map(String::as_str)) {
            Some(key) => format!("did you mean `{key}`?"),
            None if authors.is_empty() => {
                format!("no authors are configured; write the whole name, or `author: {{name: {name}}}`")
            }
            None => {
                let keys: Vec<String> = authors.keys().take(12).map(|key| format!("`{key}`")).collect();
                format!("the keys are {}; write a name as `author: {{name: {name}}}`", keys.join(", "))
            }
        };
        let message = format!("no author has the key `{name}`");
        self.findings.error("unknown-author", node.span.clone(), message, remedy);
        // Where it is no error, the name is taken as it stands.
        Some(Author { name, biography: None, link: None, photo: None })
    }

    fn highlights(&mut self, opening: &Range<usize>) {
        let node = self.entries.get("highlights");
        if let Some(Value::List(items)) = node.map(|node| &node.value) {
            for item in items {
                match values::text_of_list(item, "highlights", self.findings) {
                    Some(text) => {
                        self.out.lines.push((text.clone(), item.span.clone()));
                        self.out.highlights.push(text);
                        self.out.highlight_places.push(item.span.clone());
                    }
                    // One of another kind is one all the same, and an empty one is none.
                    None => self.out.wrong_highlights += usize::from(!values::is_blank(item)),
                }
            }
        }
        let given = match node.map(|node| &node.value) {
            Some(Value::List(items)) => Some(items.len()),
            _ => (self.entries.lacks("highlights") && !self.entries.is_null("highlights")).then_some(0),
        };
        let place = self.entries.place("highlights").unwrap_or_else(|| opening.clone());
        self.out.highlights_place = place.clone();
        if given == Some(0) {
            self.out.no_highlights = Some(place);
        } else if let Some(given @ 8..) = given {
            self.findings.warning(
                "many-highlights",
                place,
                format!("there are {given} highlights"),
                "keep the seven that matter",
            );
        }
    }

    fn image(&mut self) {
        let Some(node) = self.entries.get("image") else { return };
        self.out.image_place = node.span.clone();
        let (src, alt, caption) = match &node.value {
            Value::Map(map) => {
                let inner = Entries::check(map, keys::IMAGE, "image", self.findings);
                let src = inner.get("src").and_then(|node| {
                    self.out.image_place = node.span.clone();
                    values::line(node, "src", self.findings)
                });
                if inner.lacks("src") {
                    let message = "`image` has no `src`";
                    self.findings.error(
                        "missing-image",
                        node.span.clone(),
                        message,
                        "write `src: ` and the path",
                    );
                }
                let alt = inner.get("alt").and_then(|node| {
                    self.out.alt_place = Some(node.span.clone());
                    values::line(node, "alt", self.findings)
                });
                let caption = inner.get("caption").and_then(|node| {
                    let caption = values::flowing(node, "caption", self.findings)?;
                    self.out.lines.push((caption.clone(), node.span.clone()));
                    self.out.credit_places.push(node.span.clone());
                    Some(caption)
                });
                (src, alt, caption)
            }
            _ => (values::line(node, "image", self.findings), None, None),
        };
        if src.is_some() && alt.is_none() {
            self.findings.warning(
                "missing-alt",
                self.out.image_place.clone(),
                "the image has no `alt`, so that those who cannot see it miss it",
                "write `image:` and beneath it `src:` and `alt:`, which says what is to be seen",
            );
        }
        self.out.image = src.map(|src| Figure { src, alt: alt.unwrap_or_default(), caption });
    }

    fn slug(&mut self, opening: &Range<usize>) {
        let title_place = self.entries.get("title").map(|node| node.span.clone());
        self.out.name_place = title_place.unwrap_or_else(|| opening.clone());
        self.out.title_place = self.out.name_place.clone();
        let Some(node) = self.entries.get("slug") else { return };
        self.out.name_place = node.span.clone();
        self.out.slug_is_wrong = true;
        let Some(written) = values::line(node, "slug", self.findings) else { return };
        match written.parse() {
            Ok(slug) => {
                self.out.slug = Some(slug);
                self.out.slug_is_wrong = false;
            }
            Err(error @ (SlugError::Shape(_) | SlugError::TooLong)) => {
                let remedy = match Slug::of_text(&written) {
                    Some(slug) => format!("write `slug: {slug}`"),
                    None => "remove the line, and it is made from the title".to_owned(),
                };
                self.findings.error("bad-slug", node.span.clone(), error.to_string(), remedy);
                if let Some(slug) = Slug::of_text(&written) {
                    self.findings.fixed_by("writes the slug", vec![(node.span.clone(), slug.to_string())]);
                }
            }
        }
    }

    fn flags(&mut self) {
        let switch = |node: Option<&Node>| matches!(node.map(|node| &node.value), Some(Value::Bool(true)));
        self.out.lead = switch(self.entries.get("lead"));
        self.out.draft = switch(self.entries.get("draft"));
        if let Some(node) = self.entries.get("draft").filter(|_| self.out.draft) {
            self.findings.hint(
                "draft",
                node.span.clone(),
                "this article is a draft and does not go out",
                "remove the line when it is ready",
            );
        }
    }

    fn rest(&mut self) {
        let findings = &mut *self.findings;
        self.out.tags =
            self.entries.get("tags").map(|node| values::texts(node, "tags", findings)).unwrap_or_default();
        if let Some(Value::List(items)) = self.entries.get("tags").map(|node| &node.value) {
            repeated_tags(items, findings);
        }
        self.out.summary =
            self.entries.get("summary").and_then(|node| values::flowing(node, "summary", findings));
        // A wrong one is there all the same.
        self.out.summary_place = match self.entries.get("summary") {
            Some(node) => Some(node.span.clone()),
            None if self.entries.lacks("summary") => None,
            None => self.entries.place("summary"),
        };
        self.out.url = self
            .entries
            .get("url")
            .and_then(|node| values::linked(node, "url", None, findings, &mut self.out.links));
        if let Some(node) = self.entries.get("sources") {
            self.out.sources = values::sources(node, findings, &mut self.out.links);
        }
        if let Some(serde_json::Value::Object(extra)) =
            self.entries.get("extra").map(|node| node.value.to_json())
        {
            self.out.extra = extra;
        }
    }
}

//! Keys that other programs write (Jekyll, Hugo, Hexo, Astro, WordPress's exports): what becomes of them, told once.
//!
//! A file with one of them comes from elsewhere. What its keys mean here is read; what they mean to the program that
//! built its site is passed over. A file without any is one of ours, and each unknown key in it is a mistake.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};

use super::Context;
use super::keys::{FRONT_MATTER, Kind};
use crate::article::findings::Findings;
use crate::article::yaml::{Key, Node, Value};
use crate::article::{date, surely};

/// What becomes of a key of another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is read as this one of ours, unless that is there.
    Ours(&'static str),
    /// It says whether the post is to be seen at all.
    Visible,
    /// It is ours by another name, which is to be written: a picture wants a text, and a path that leads somewhere.
    Told(&'static str),
    /// It says how a site is built, and nothing of the article.
    Nothing,
}

/// Keys by which a file from elsewhere is known, in lower case without `-` and `_`.
const FOREIGN: &[(Fate, &[&str])] = &[
    (
        Fate::Ours("date"),
        &[
            "pubdate",
            "pubdatetime",
            "publishdate",
            "publishedat",
            "publisheddate",
            "publishedon",
            "datepublished",
            "datecreated",
            "createddate",
            "createdat",
            "created",
            "createdate",
        ],
    ),
    (Fate::Ours("summary"), &["description", "excerpt", "abstract", "desc", "metadescription", "intro"]),
    (Fate::Ours("tags"), &["tag", "categories", "category", "keywords", "labels", "topics"]),
    (Fate::Ours("author"), &["authors"]),
    (Fate::Visible, &["published", "publish", "status", "hidden", "private"]),
    (
        Fate::Told("image"),
        &[
            "images",
            "img",
            "cover",
            "coverimage",
            "coverimg",
            "featuredimage",
            "featuredimg",
            "featureimage",
            "thumbnail",
            "thumb",
            "hero",
            "heroimage",
            "banner",
            "bannerimg",
            "bannerimage",
            "headerimg",
            "headerimage",
            "indeximg",
            "topimg",
            "ogimage",
            "socialimage",
            "teaser",
        ],
    ),
    (
        Fate::Nothing,
        &[
            "layout",
            "type",
            "permalink",
            "aliases",
            "alias",
            "redirectfrom",
            "redirects",
            "comments",
            "comment",
            "markup",
            "weight",
            "lastmod",
            "lastmodified",
            "lastmodifiedat",
            "modified",
            "modifiedtime",
            "modifieddate",
            "moddatetime",
            "updated",
            "updatedat",
            "updateddate",
            "updatetime",
            "dateupdated",
            "datemodified",
            "toc",
            "tocsticky",
            "toclabel",
            "tocicon",
            "mathjax",
            "math",
            "katex",
            "mermaid",
            "categorie",
            "id",
            "uuid",
            "guid",
            "abbrlink",
            "link",
            "lang",
            "language",
            "locale",
            "translationkey",
            "series",
            "seriesorder",
            "featured",
            "pinned",
            "sticky",
            "top",
            "header",
            "sidebar",
            "sidebarposition",
            "menu",
            "nav",
            "navorder",
            "parent",
            "classes",
            "authorprofile",
            "authorlogin",
            "authoremail",
            "authorurl",
            "subtitle",
            "catalog",
            "catalogue",
            "share",
            "related",
            "readtime",
            "readingtime",
            "canonicalurl",
            "canonical",
            "postslug",
            "path",
            "template",
            "templatekey",
            "excerptseparator",
            "wordpressid",
            "wordpressurl",
            "dategmt",
            "bloggerid",
            "bloggerorigurl",
            "posttitle",
            "postformat",
            "dgpublish",
            "cssclass",
            "cssclasses",
            "seotitle",
            "seodescription",
            "metakeywords",
            "eleventyexcludefromcollections",
            "eleventynavigation",
            "outputs",
            "output",
            "resources",
            "params",
            "taxonomies",
            "pagination",
            "password",
        ],
    ),
];

/// The mapping of a file from elsewhere, in our keys.
pub(super) struct Adopted {
    pub(super) map: Vec<(Key, Node)>,
    pub(super) origin: Origin,
}

/// For which program a front matter was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// This one.
    Here,
    /// Another: a word in its byline is a name, and no key of the configured authors.
    Elsewhere,
}

/// Reads `map` in our keys when it has those of another program, and tells so once.
pub(super) fn adopt(map: &[(Key, Node)], context: &Context<'_>, findings: &mut Findings) -> Adopted {
    let Some((first, _)) = map.iter().find(|(key, _)| fate(&key.name).is_some()) else {
        return Adopted { map: map.to_vec(), origin: Origin::Here };
    };
    let (read, passed) = (Vec::new(), Vec::new());
    let mut adoption = Adoption { context, map: Vec::new(), read, passed, told: None, unseen: None };
    for (key, node) in map.iter().filter(|(key, _)| is_ours(&key.name)) {
        adoption.take(key.clone(), node, findings);
    }
    for (key, node) in map.iter().filter(|(key, _)| !is_ours(&key.name)) {
        adoption.meet(key, node, findings);
    }
    let message = adoption.message();
    let remedy = adoption.remedy();
    adoption.hide();
    findings.warning("foreign-key", first.span.clone(), message, remedy);
    Adopted { map: adoption.map, origin: Origin::Elsewhere }
}

/// One file being read.
struct Adoption<'a> {
    context: &'a Context<'a>,
    map: Vec<(Key, Node)>,
    /// Keys and what they were read as.
    read: Vec<(String, &'static str)>,
    passed: Vec<String>,
    /// A picture's key and its place.
    told: Option<(String, &'static str)>,
    /// The key that says that it is not to be seen, and where.
    unseen: Option<(String, Range<usize>)>,
}

impl Adoption<'_> {
    fn has(&self, name: &str) -> bool {
        self.map.iter().any(|(key, _)| key.name == name)
    }

    /// A key of ours, whose value may have another program's form.
    fn take(&mut self, key: Key, node: &Node, findings: &Findings) {
        match adapted(&key.name, node, findings) {
            Some(node) => self.map.push((key, node)),
            // Its place is told where one is asked for.
            None if matches!(key.name.as_str(), "title" | "date") => self.map.push((key, node.clone())),
            None if is_empty(&node.value) => {}
            None => self.passed.push(key.name),
        }
    }

    fn meet(&mut self, key: &Key, node: &Node, findings: &Findings) {
        let lower = key.name.to_lowercase();
        if let Some(row) = FRONT_MATTER.iter().find(|row| row.name == lower && !self.has(row.name)) {
            self.read.push((shown(&key.name), row.name));
            return self.take(Key { name: lower, span: key.span.clone() }, node, findings);
        }
        match fate(&key.name) {
            Some(Fate::Ours(ours)) => self.read_as(ours, key, node, findings),
            // Astro and others keep the day there.
            Some(Fate::Visible) if begins_with_a_year(&node.value) => {
                self.read_as("date", key, node, findings);
            }
            Some(Fate::Visible) => {
                if is_unseen(&lower, &node.value) {
                    let place = key.span.start..node.span.end.max(key.span.end);
                    self.unseen.get_or_insert((shown(&key.name), place));
                } else {
                    self.passed.push(shown(&key.name));
                }
            }
            Some(Fate::Told(ours)) => {
                if !self.has(ours) && !is_empty(&node.value) {
                    self.told.get_or_insert((shown(&key.name), ours));
                }
                self.passed.push(shown(&key.name));
            }
            Some(Fate::Nothing) => self.passed.push(shown(&key.name)),
            // A slip, and no other program's key.
            None if surely(&key.name, FRONT_MATTER.iter().map(|row| row.name)).is_some() => {
                self.map.push((key.clone(), node.clone()));
            }
            None => self.passed.push(shown(&key.name)),
        }
    }

    fn read_as(&mut self, ours: &'static str, key: &Key, node: &Node, findings: &Findings) {
        let there = self.map.iter().find(|(known, node)| known.name == ours && !is_empty(&node.value));
        let adapted = adapted(ours, node, findings);
        let is_free = match (there, &adapted) {
            (None, _) => true,
            // Of the day that it was written and the day that it is published, the later one counts.
            (Some((_, there)), Some(node)) if ours == "date" && plain(&key.name) == "publishdate" => {
                self.day(node) > self.day(there)
            }
            (Some(_), _) => false,
        };
        match adapted.filter(|_| is_free) {
            Some(node) => {
                self.map.retain(|(known, _)| known.name != ours);
                self.map.push((Key { name: ours.to_owned(), span: key.span.clone() }, node));
                self.read.push((shown(&key.name), ours));
            }
            None => self.passed.push(shown(&key.name)),
        }
    }

    /// From when on it may go out, when `node` is a date that can be read.
    fn day(&self, node: &Node) -> Option<(NaiveDate, Option<DateTime<Utc>>)> {
        let Value::Text(text) = &node.value else { return None };
        date::parse(text, self.context.timezone).map(|dated| (dated.day, dated.not_before))
    }

    /// What another program would not show is a draft.
    fn hide(&mut self) {
        let Some((_, span)) = self.unseen.take() else { return };
        self.map.retain(|(key, _)| key.name != "draft");
        let key = Key { name: "draft".to_owned(), span: span.clone() };
        self.map.push((key, Node { value: Value::Bool(true), span }));
    }

    fn message(&self) -> String {
        let mut parts = Vec::new();
        if !self.read.is_empty() {
            let read: Vec<String> =
                self.read.iter().map(|(key, ours)| format!("`{key}` as `{ours}`")).collect();
            parts.push(format!("{} {} read", read.join(", "), is_or_are(self.read.len())));
        }
        if let Some((key, _)) = &self.unseen {
            parts.push(format!("`{key}` makes it a draft"));
        }
        if !self.passed.is_empty() {
            const MOST: usize = 6;
            let mut names: Vec<String> =
                self.passed.iter().take(MOST).map(|name| format!("`{name}`")).collect();
            if self.passed.len() > MOST {
                names.push(format!("{} more", self.passed.len() - MOST));
            }
            parts.push(format!("{} {} passed over", names.join(", "), is_or_are(self.passed.len())));
        }
        let what = if parts.is_empty() { "they say nothing".to_owned() } else { parts.join("; ") };
        format!("this front matter has keys of another program: {what}")
    }

    fn remedy(&self) -> String {
        let whole = "`straight import` carries a whole blog over";
        match (&self.unseen, &self.told) {
            (Some((key, _)), _) => format!(
                "write `draft: true` for `{key}` before you remove it; what your templates need goes beneath `extra`; {whole}"
            ),
            (None, Some((key, ours))) => format!(
                "write `{key}` as `{ours}:` with `src:` and `alt:`, and what your templates need beneath `extra`; {whole}"
            ),
            (None, None) => format!("remove them, or put what your templates need beneath `extra`; {whole}"),
        }
    }
}

fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// As it may stand within a message.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn is_ours(name: &str) -> bool {
    FRONT_MATTER.iter().any(|row| row.name == name)
}

fn fate(name: &str) -> Option<Fate> {
    if is_ours(name) || name.len() > 60 {
        return None;
    }
    let plain = plain(name);
    FOREIGN.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(fate, _)| *fate)
}

/// In small letters, without `-` and `_`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::List(items) => items.iter().all(|item| is_empty(&item.value)),
        Value::Map(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn begins_with_a_year(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.len() >= 8 && text.bytes().take(4).all(|b| b.is_ascii_digit()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => false,
    }
}

/// Whether `published: false`, `status: draft`, `hidden: true` or the like is said.
fn is_unseen(key: &str, value: &Value) -> bool {
    let said = match value {
        Value::Bool(said) => said.to_string(),
        Value::Text(text) => text.trim().to_lowercase(),
        Value::Null | Value::Number(_) | Value::List(_) | Value::Map(_) => return false,
    };
    match key {
        "published" | "publish" => matches!(said.as_str(), "false" | "no" | "off"),
        "status" => {
            const UNSEEN: [&str; 8] =
                ["draft", "private", "pending", "scheduled", "future", "hidden", "trash", "unpublished"];
            UNSEEN.contains(&said.as_str())
        }
        _ => matches!(said.as_str(), "true" | "yes" | "on"),
    }
}

/// The value in the form that our key `name` has; nothing when it says nothing, or nothing that fits.
fn adapted(name: &str, node: &Node, findings: &Findings) -> Option<Node> {
    if is_empty(&node.value) {
        return None;
    }
    let kind = FRONT_MATTER.iter().find(|row| row.name == name)?.kind;
    let value = match (kind, &node.value) {
        (Kind::Texts, value) => {
            let mut texts = Vec::new();
            gather(node, &mut texts, findings);
            if let Value::Text(text) = value {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                texts = parts.map(|part| in_place(part.to_owned(), node)).collect();
            }
            Value::List(texts)
        }
        (Kind::Author, Value::List(_) | Value::Map(_)) => {
            let mut names = Vec::new();
            gather(node, &mut names, findings);
            let names: Vec<&str> = names
                .iter()
                .filter_map(|name| match &name.value {
                    Value::Text(text) => Some(text.trim()),
                    _ => None,
                })
                .collect();
            if names.is_empty() {
                return None;
            }
            let key = Key { name: "name".to_owned(), span: node.span.clone() };
            Value::Map(vec![(key, in_place(names.join(", "), node))])
        }
        (Kind::Image, Value::Map(map)) => {
            let source = ["src", "path", "url", "image", "feature"].iter().find_map(|name| {
                map.iter().find(|(key, node)| key.name == *name && !is_empty(&node.value))
            })?;
            let key = Key { name: "src".to_owned(), span: source.0.span.clone() };
            let mut picture = vec![(key, source.1.clone())];
            picture.extend(
                map.iter().filter(|(key, _)| matches!(key.name.as_str(), "alt" | "caption")).cloned(),
            );
            Value::Map(picture)
        }
        (Kind::Text | Kind::Slug | Kind::Date, Value::Number(_) | Value::Bool(_)) => {
            Value::Text(findings.source(node.span.clone()).to_owned())
        }
        (Kind::Switch, Value::Text(text)) => Value::Bool(match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            _ => return None,
        }),
        // Hugo's is a path of the site.
        (Kind::Url, Value::Text(text)) if !text.contains("://") => return None,
        (Kind::Text | Kind::Url, Value::List(_) | Value::Map(_)) => return None,
        (_, value) => value.clone(),
    };
    Some(Node { value, span: node.span.clone() })
}

/// The texts of a list, of lists within it, and of the names of mappings.
fn gather(node: &Node, texts: &mut Vec<Node>, findings: &Findings) {
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => {}
        Value::Text(_) => texts.push(node.clone()),
        Value::Number(_) | Value::Bool(_) => {
            texts.push(in_place(findings.source(node.span.clone()).to_owned(), node));
        }
        Value::List(items) => items.iter().for_each(|item| gather(item, texts, findings)),
        Value::Map(map) => {
            let name = ["name", "display_name", "title", "slug", "login"]
                .iter()
                .find_map(|name| map.iter().find(|(key, node)| key.name == *name && !is_empty(&node.value)));
            if let Some((_, name)) = name {
                gather(name, texts, findings);
            }
        }
        Value::Null => {}
    }
}

fn in_place(text: String, node: &Node) -> Node {
    Node { value: Value::Text(text), span: node.span.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_that_is_passed_over_is_one_slip_away_from_ours() {
        for (fate, names) in FOREIGN {
            for name in names.iter().filter(|_| *fate == Fate::Nothing) {
                let ours = surely(name, FRONT_MATTER.iter().map(|row| row.name));
                assert_eq!(ours, None, "`{name}` may be meant as `{}`", ours.unwrap_or_default());
            }
        }
    }
}

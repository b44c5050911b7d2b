//! Front matter of other programs → ours.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::article::markdown::document;
use crate::article::{Slug, import_date};

/// What a post says of itself, in our keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) title: String,
    /// As it is written into `date:`; empty when none could be read.
    pub(super) date: String,
    /// Why that is, and in which line of the file when it is one's fault.
    pub(super) undated: String,
    pub(super) undated_line: usize,
    pub(super) authors: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) tags: Vec<String>,
    /// Those of the tags that are part of an address with Jekyll.
    pub(super) categories: Vec<String>,
    pub(super) image: Option<HeadImage>,
    pub(super) slug: Option<String>,
    pub(super) draft: bool,
    /// The site makes no page of it: it is a part of others.
    pub(super) has_no_page: bool,
    /// Jekyll's address of it, or the pattern of that: `/wrecks/:title/`.
    pub(super) permalink: Option<String>,
    /// Hugo's address of it.
    pub(super) url: Option<String>,
    /// Where else the post stood on its site, as far as it says so: `/wrecks/anna/`.
    pub(super) addresses: Vec<String>,
    /// Hugo's `publishDate`: it is not shown before.
    pub(super) not_before: Option<String>,
    /// Hugo's `expiryDate`: it is not shown after.
    pub(super) not_after: Option<String>,
    pub(super) extra: Map<String, Value>,
}

/// The picture of a head.
#[derive(Debug, Clone)]
pub(super) struct HeadImage {
    pub(super) src: String,
    pub(super) alt: Option<String>,
    /// A line of Markdown.
    pub(super) caption: Option<String>,
}

/// What a key of a front matter says, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Date,
    /// The day, where there is no `date`.
    OtherDate,
    NotBefore,
    NotAfter,
    Authors,
    Summary,
    Tags,
    Categories,
    Image,
    Slug,
    /// Whether its site shows it.
    Shown,
    /// Whether it has a page at all.
    Page,
    Permalink,
    Url,
    Addresses,
    /// How the site is built, and nothing of the post.
    OfTheSite,
    /// Whatever else.
    Other,
}

impl Field {
    /// What `key` says, in whatever letters it is written.
    pub(super) fn of(key: &str) -> Self {
        match key.to_lowercase().as_str() {
            "title" => Field::Title,
            "date" => Field::Date,
            "pubdate" | "pubdatetime" | "publish_date" | "publishedat" | "published_at"
            | "date_published" | "datepublished" => Field::OtherDate,
            "publishdate" => Field::NotBefore,
            "expirydate" | "unpublishdate" => Field::NotAfter,
            "author" | "authors" => Field::Authors,
            "summary" | "description" | "excerpt" | "subtitle" | "deck" => Field::Summary,
            "tags" | "tag" | "keywords" | "labels" => Field::Tags,
            "categories" | "category" => Field::Categories,
            "image" | "images" | "cover" | "thumbnail" | "featured_image" | "featuredimage"
            | "feature_image" | "hero" | "banner" | "header-img" | "cover_image" | "coverimage" | "img"
            | "header" => Field::Image,
            "slug" => Field::Slug,
            "draft" | "published" | "publish" | "status" | "hidden" | "private" => Field::Shown,
            "headless" | "build" | "_build" => Field::Page,
            "permalink" => Field::Permalink,
            "url" => Field::Url,
            "aliases" | "redirect_from" => Field::Addresses,
            "layout" | "type" | "comments" | "markup" | "weight" | "lastmod" | "toc" | "cascade" => {
                Field::OfTheSite
            }
            _ => Field::Other,
        }
    }
}

/// Reads the fields of a front matter; gives the head, and the date that could not be read.
pub(super) fn head(fields: Map<String, Value>, zone: Tz) -> (Head, Option<String>) {
    let mut head = Head::default();
    let mut bad_date = None;
    let mut second_date = None;
    for (key, value) in fields {
        let mut date = || {
            let written = text(&value).filter(|written| !written.is_empty())?;
            let date = import_date(&written, zone);
            if date.is_none() {
                bad_date = Some(written);
            }
            date
        };
        match Field::of(&key) {
            Field::Title => head.title = without_tags(text(&value).unwrap_or_default()),
            Field::Date => head.date = date().unwrap_or_default(),
            Field::NotBefore => {
                head.not_before = date();
                second_date = second_date.or_else(|| head.not_before.clone());
            }
            Field::OtherDate => second_date = second_date.or_else(date),
            Field::NotAfter => head.not_after = date(),
            Field::Authors => head.authors.extend(texts(&value, false)),
            Field::Summary if head.summary.is_none() => {
                head.summary = text(&value).filter(|text| !text.is_empty());
            }
            field @ (Field::Tags | Field::Categories) => {
                for tag in texts(&value, true) {
                    if field == Field::Categories {
                        head.categories.push(tag.clone());
                    }
                    if !head.tags.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
                        head.tags.push(tag);
                    }
                }
            }
            Field::Image if head.image.is_none() => head.image = image(&value),
            Field::Slug => head.slug = text(&value),
            Field::Shown => head.draft |= is_not_shown(&key.to_lowercase(), &value),
            Field::Page => head.has_no_page |= has_no_page(&value),
            Field::Addresses => {
                // Without those of other sites.
                head.addresses.extend(texts(&value, false).into_iter().filter(|path| !path.contains(':')));
            }
            Field::Permalink => head.permalink = text(&value).filter(|path| !path.contains("://")),
            Field::Url => head.url = text(&value).filter(|path| !path.contains("://")),
            Field::OfTheSite => {}
            Field::Summary | Field::Image | Field::Other if value.is_null() => {}
            Field::Summary | Field::Image | Field::Other => {
                head.extra.insert(key, value);
            }
        }
    }
    if head.date.is_empty() {
        head.date = second_date.unwrap_or_default();
    }
    (head, bad_date)
}

/// Whether the site does not show the post: what its blog does not show does not go out either.
fn is_not_shown(key: &str, value: &Value) -> bool {
    match key {
        "draft" | "hidden" | "private" => is_true(value),
        "status" => is_unseen(value),
        _ => is_false(value),
    }
}

/// Hugo's `headless: true` and `build: {render: never}`: a page of its own is not made of it.
fn has_no_page(value: &Value) -> bool {
    let render = value.get("render");
    is_true(value) || render.is_some_and(|render| is_false(render) || render.as_str() == Some("never"))
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
        || value.as_str().is_some_and(|text| matches!(text, "true" | "yes" | "on"))
}

fn is_false(value: &Value) -> bool {
    matches!(value, Value::Bool(false))
        || value.as_str().is_some_and(|text| matches!(text, "false" | "no" | "off"))
}

fn is_unseen(value: &Value) -> bool {
    value.as_str().is_some_and(|status| {
        let status = status.trim().to_lowercase();
        ["draft", "private", "pending", "hidden", "trash", "unpublished"].contains(&status.as_str())
    })
}

/// One line of text, whatever it was written as.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(items) => return items.first().and_then(text),
        Value::Null | Value::Object(_) => return None,
    };
    Some(one_line(&text))
}

/// A title without the tags that set words of it off; `Vec<T>` and the `<b>` of a title about HTML stay.
fn without_tags(mut title: String) -> String {
    for name in
        ["b", "strong", "i", "em", "u", "small", "sub", "sup", "span", "mark", "code", "cite", "del", "ins"]
    {
        let close = format!("</{name}>");
        // What is longer is no title, and refused later.
        while let Some(end) = title.find(&close).filter(|_| title.len() < 2_000) {
            let opens = title[..end].rmatch_indices(&format!("<{name}")).map(|(at, _)| at).find_map(|at| {
                let rest = &title[at + 1 + name.len()..end];
                let length = rest.find('>').filter(|_| rest.starts_with(['>', ' ']))?;
                Some(at..at + 1 + name.len() + length + 1)
            });
            let Some(open) = opens else { break };
            title.replace_range(end..end + close.len(), "");
            title.replace_range(open, "");
        }
    }
    title
}

/// On one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands above `<!--more-->`, in Markdown, as a summary: its words on one line, unless that is too long for one.
pub(super) fn summary_of(above: &str) -> Option<String> {
    let text = one_line(&document(above).words());
    Some(text).filter(|text| !text.is_empty() && text.chars().count() <= 300)
}

/// Several texts; with `split` those of one text are divided by commas, or else by spaces as Jekyll does.
fn texts(value: &Value, split: bool) -> Vec<String> {
    let all: Vec<String> = match value {
        Value::Array(items) => items.iter().flat_map(|item| texts(item, false)).collect(),
        Value::Object(fields) => fields.get("name").and_then(text).into_iter().collect(),
        value => match text(value) {
            Some(line) if split && line.contains(',') => {
                line.split(',').map(|part| part.trim().to_owned()).collect()
            }
            Some(line) if split => line.split(' ').map(str::to_owned).collect(),
            Some(line) => vec![line],
            None => Vec::new(),
        },
    };
    all.into_iter().filter(|text| !text.is_empty()).collect()
}

fn image(value: &Value) -> Option<HeadImage> {
    match value {
        Value::Object(fields) => {
            let of = |names: &[&str]| names.iter().find_map(|name| fields.get(*name).and_then(text));
            Some(HeadImage {
                src: of(&["src", "path", "url", "image", "feature", "teaser", "overlay_image"])?,
                alt: of(&["alt", "image_alt"]),
                caption: of(&["caption"]).filter(|caption| !caption.is_empty()),
            })
        }
        Value::Array(items) => items.first().and_then(image),
        value => {
            let src = text(value).filter(|text| !text.is_empty())?;
            Some(HeadImage { src, alt: None, caption: None })
        }
    }
}

impl Head {
    /// The name it goes by, which may be another post's too.
    pub(super) fn name(&self, stem: &str) -> String {
        let written = self.slug.as_deref().and_then(Slug::of_text);
        let name = written.or_else(|| Slug::of_text(stem));
        name.unwrap_or_else(|| Slug::of_title(&self.title, stem)).to_string()
    }

    /// As the front matter of an article whose name is `slug`.
    pub(super) fn yaml(&self, slug: &str) -> String {
        let mut out = format!("---\ntitle: {}\ndate: {}\n", quoted(&self.title), self.date);
        if !self.authors.is_empty() {
            // As a mapping, so that one who is not among the configured authors is no mistake.
            out.push_str(&format!("author: {{name: {}}}\n", quoted(&self.authors.join(", "))));
        }
        // A post called 404 has a text for its name, not a number.
        let is_text = slug.parse::<f64>().is_err()
            && !["0x", "0o", "0b"].iter().any(|base| slug.starts_with(base))
            && (quoted(slug) == slug || slug.contains('-'));
        let written = if is_text { slug.to_owned() } else { Value::from(slug).to_string() };
        out.push_str(&format!("slug: {written}\n"));
        if let Some(summary) = &self.summary {
            out.push_str(&format!("summary: {}\n", quoted(summary)));
        }
        if let Some(HeadImage { src, alt, caption }) = &self.image {
            let texts = [("alt", alt), ("caption", caption)].into_iter();
            let texts: String = texts
                .filter_map(|(key, text)| Some(format!(", {key}: {}", quoted(text.as_ref()?))))
                .collect();
            out.push_str(&format!("image: {{src: {}{texts}}}\n", quoted(src)));
        }
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| quoted(tag)).collect();
            out.push_str(&format!("tags: [{}]\n", tags.join(", ")));
        }
        if self.draft {
            out.push_str("draft: true\n");
        }
        if !self.extra.is_empty() {
            // JSON is YAML.
            out.push_str("extra:\n");
            for (key, value) in &self.extra {
                out.push_str(&format!("  {}: {value}\n", quoted(key)));
            }
        }
        out.push_str("---\n");
        out
    }
}

/// In double quotes; plain where nothing in it could mean anything else.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_alphabetic())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '’' | '!' | '?' | '(' | ')' | '/'))
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: Value) -> Head {
        let Value::Object(fields) = fields else { panic!("{fields} is no head") };
        head(fields, chrono_tz::UTC).0
    }

    #[test]
    fn what_a_blog_does_not_show_is_a_draft() {
        for field in ["published", "publish"] {
            assert!(read(serde_json::json!({ field: false })).draft, "{field}");
        }
        for status in ["draft", "Private", "pending"] {
            assert!(read(serde_json::json!({ "status": status })).draft, "{status}");
        }
        assert!(read(serde_json::json!({ "hidden": true })).draft);
        assert!(!read(serde_json::json!({ "status": "publish", "hidden": false, "published": true })).draft);
    }

    #[test]
    fn a_name_is_a_text_whatever_it_looks_like() {
        let head = read(serde_json::json!({ "title": "X", "date": "2025-11-03" }));
        for (slug, written) in [
            ("404", "\"404\""),
            ("1e5", "\"1e5\""),
            ("0x1f", "\"0x1f\""),
            ("no", "\"no\""),
            ("ferry", "ferry"),
        ] {
            assert!(head.yaml(slug).contains(&format!("\nslug: {written}\n")), "{}", head.yaml(slug));
        }
        assert!(head.yaml("25-years-no").contains("\nslug: 25-years-no\n"), "{}", head.yaml("25-years-no"));
    }

    #[test]
    fn a_title_loses_the_tags_that_set_words_off() {
        for (written, title) in [
            ("H <b>bold</b>", "H bold"),
            ("<span class=\"x\">The <b>big</b> <b>ferry</b></span>", "The big ferry"),
            ("Vec<T> < 3, the <b> of HTML, </i>", "Vec<T> < 3, the <b> of HTML, </i>"),
            ("Of <base> and </b>", "Of <base> and </b>"),
        ] {
            assert_eq!(read(serde_json::json!({ "title": written })).title, title);
        }
    }

    #[test]
    fn a_date_goes_by_many_names() {
        for field in ["date", "pubDate", "pubDatetime", "publishedAt", "date_published"] {
            assert_eq!(read(serde_json::json!({ field: "2025-11-03" })).date, "2025-11-03", "{field}");
        }
    }
}

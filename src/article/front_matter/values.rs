//! Single values of the front matter.

use std::ops::Range;

use url::Url;

use super::entries::{Entries, in_quotes};
use super::keys::{AUTHOR, SOURCE};
use super::{FrontMatter, HeadLink, mending};
use crate::article::findings::Findings;
use crate::article::markdown::clean;
use crate::article::yaml::{Key, Node, Value};
use crate::article::{Source, is_web_site};
use crate::config::Author;

/// One line of text; control characters, line breaks among them, are errors: it may end in a header.
pub(super) fn line(node: &Node, name: &str, findings: &mut Findings) -> Option<String> {
    let Value::Text(text) = &node.value else { return None };
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if let Some(c) = text.chars().find(|&c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        let what = match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => "a line break".to_owned(),
            c => format!("the control character U+{:04X}", u32::from(c)),
        };
        let message = format!("`{name}` holds {what}");
        findings.error("control-character", node.span.clone(), message, "write it on one line, without it");
        return None;
    }
    Some(clean(text)).filter(|text| !text.trim().is_empty())
}

/// Text that may run over several lines, which become one.
pub(super) fn flowing(node: &Node, name: &str, findings: &mut Findings) -> Option<String> {
    let Value::Text(text) = &node.value else { return None };
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line(&Node { value: Value::Text(joined), span: node.span.clone() }, name, findings)
}

/// The texts of a list.
pub(super) fn texts(node: &Node, name: &str, findings: &mut Findings) -> Vec<String> {
    let Value::List(items) = &node.value else { return Vec::new() };
    items.iter().filter_map(|item| text_of_list(item, name, findings)).collect()
}

pub(super) fn text_of_list(item: &Node, name: &str, findings: &mut Findings) -> Option<String> {
    let remedy = match &item.value {
        Value::Text(_) => {
            let text = flowing(item, name, findings);
            if text.is_none() {
                empty_item(item, name, findings);
            }
            return text;
        }
        Value::Null => {
            empty_item(item, name, findings);
            return None;
        }
        Value::Map(_) => "put the item in quotes: it holds a colon and a space".to_owned(),
        Value::List(_) => "write one `- ` for each item".to_owned(),
        Value::Number(_) | Value::Bool(_) => in_quotes(item, findings),
    };
    let message = format!("an item of `{name}` must be text, and this is {}", item.value.kind());
    findings.error("wrong-type", item.span.clone(), message, remedy);
    mending::of_item(item, findings);
    None
}

/// Whether nothing is written there.
pub(super) fn is_blank(item: &Node) -> bool {
    match &item.value {
        Value::Text(text) => text.trim().is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => false,
    }
}

fn empty_item(item: &Node, name: &str, findings: &mut Findings) {
    if is_blank(item) {
        let message = format!("an item of `{name}` is empty");
        findings.warning("empty-item", item.span.clone(), message, "write it, or remove the line");
    }
}

/// An http or https address.
pub(super) fn url(node: &Node, name: &str, findings: &mut Findings) -> Option<Url> {
    let written = line(node, name, findings)?;
    match Url::parse(&written) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => return Some(url),
        Ok(_) | Err(_) => {}
    }
    let with_scheme = Url::parse(&format!("https://{written}")).ok().filter(|_| is_web_site(&written));
    let remedy = match with_scheme {
        Some(url) => format!("did you mean `{url}`?"),
        None => "write the whole address, as in https://example.com/page".to_owned(),
    };
    let shown: String = written.chars().take(80).collect();
    findings.error("bad-url", node.span.clone(), format!("`{name}` is no web address: `{shown}`"), remedy);
    None
}

/// An author who is a mapping.
pub(super) fn author(
    map: &[(Key, Node)],
    node: &Node,
    findings: &mut Findings,
    out: &mut FrontMatter,
) -> Option<Author> {
    let entries = Entries::check(map, AUTHOR, "author", findings);
    let name = entries.get("name").and_then(|node| {
        out.credit_places.push(node.span.clone());
        line(node, "name", findings)
    });
    let biography = entries.get("biography").and_then(|node| {
        let biography = flowing(node, "biography", findings)?;
        out.lines.push((biography.clone(), node.span.clone()));
        out.credit_places.push(node.span.clone());
        Some(biography)
    });
    let link = entries.get("link").and_then(|node| linked(node, "link", None, findings, &mut out.links));
    let photo = entries.get("photo").and_then(|node| url(node, "photo", findings));
    if entries.lacks("name") {
        findings.error(
            "missing-name",
            node.span.clone(),
            "`author` has no `name`",
            "write `name: ` and the name",
        );
    }
    Some(Author { name: name?, biography, link, photo })
}

/// An address that readers can follow, which is put into `links` too, with the text that stands for it.
pub(super) fn linked(
    node: &Node,
    key: &str,
    text: Option<(String, Range<usize>)>,
    findings: &mut Findings,
    links: &mut Vec<HeadLink>,
) -> Option<Url> {
    let url = url(node, key, findings)?;
    links.push(HeadLink { url: url.clone(), place: node.span.clone(), text });
    Some(url)
}

/// Texts, addresses and mappings; the addresses are put into `links` too.
pub(super) fn sources(node: &Node, findings: &mut Findings, links: &mut Vec<HeadLink>) -> Vec<Source> {
    let Value::List(items) = &node.value else { return Vec::new() };
    let mut sources = Vec::new();
    for item in items {
        match &item.value {
            Value::Map(map) if is_colon_trap(map) => sources.extend(colon_trap(item, findings)),
            Value::Map(map) => {
                let entries = Entries::check(map, SOURCE, "sources", findings);
                let title = entries.get("title").and_then(|node| line(node, "title", findings));
                let text = title.clone().zip(entries.get("title").map(|node| node.span.clone()));
                let url = entries.get("url").and_then(|node| linked(node, "url", text, findings, links));
                let shown = title.or_else(|| url.as_ref().map(shown_address));
                if entries.lacks("title") && entries.lacks("url") {
                    let message = "this source has neither `title` nor `url`";
                    findings.error(
                        "missing-title",
                        item.span.clone(),
                        message,
                        "write `title: ` and its name",
                    );
                }
                sources.extend(shown.map(|title| Source { title, url }));
            }
            Value::Text(text) if text.contains("://") && !text.trim().contains(' ') => {
                let url = linked(item, "sources", None, findings, links);
                sources.extend(url.map(|url| Source { title: shown_address(&url), url: Some(url) }));
            }
            _ => {
                let text = text_of_list(item, "sources", findings);
                sources.extend(text.map(|title| Source { title, url: None }));
            }
        }
    }
    sources
}

/// `- Ministry: the roadmap` is a mapping to YAML; nobody means it.
fn is_colon_trap(map: &[(Key, Node)]) -> bool {
    matches!(map, [(key, _)] if !SOURCE.iter().any(|row| row.name == key.name)
        && crate::article::nearest(&key.name, SOURCE.iter().map(|row| row.name)).is_none())
}

fn colon_trap(item: &Node, findings: &mut Findings) -> Option<Source> {
    text_of_list(item, "sources", findings).map(|title| Source { title, url: None })
}

/// `https://www.example.com/a/b?c` as `example.com/a/b`.
fn shown_address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    format!("{}{path}", host.strip_prefix("www.").unwrap_or(host))
}

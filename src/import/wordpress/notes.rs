//! The footnotes of a post: WordPress keeps their texts beside the post, and in it the places that refer to them.

use std::collections::HashSet;

use serde_json::Value;

use super::super::frames::{as_links, attribute};
use super::content::with_addresses;
use crate::article::markdown::from_html;

/// Stands for a reference while HTML becomes Markdown, in which it would be escaped.
const REFERENCE: [char; 2] = ['\u{E010}', '\u{E011}'];

/// The footnotes of a post, and which of them it has referred to.
pub(super) struct Notes {
    /// Their ids and texts, which are HTML.
    all: Vec<(String, String)>,
    /// By their place in `all`, as their numbers follow each other.
    referred_to: Vec<usize>,
}

impl Notes {
    /// Those of the text that an export has of them: `[{"content":"…","id":"…"}]`.
    pub(super) fn of(json: &str) -> Self {
        let all: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
        let text = |note: &Value, key: &str| Some(note.get(key)?.as_str()?.to_owned());
        let all = all.iter().filter_map(|note| Some((text(note, "id")?, text(note, "content")?))).collect();
        Notes { all, referred_to: Vec::new() }
    }

    /// `html` with a sign in place of each `<sup data-fn="…">`; tells of those that there is no text to, with their tag.
    pub(super) fn referred_to(&mut self, html: &str, lost: &mut dyn FnMut(&str, String)) -> String {
        let mut out = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(open) = rest.find("<sup ") {
            let (before, from) = rest.split_at(open);
            let tag = &from[..from.find('>').map_or(from.len(), |end| end + 1)];
            let end = from.find("</sup>").map(|end| end + "</sup>".len());
            out.push_str(before);
            let (Some(id), Some(end)) = (attribute(tag, "data-fn"), end) else {
                out.push_str(tag);
                rest = &from[tag.len()..];
                continue;
            };
            rest = &from[end..];
            match self.all.iter().position(|(known, _)| known == id) {
                Some(note) => {
                    let known = self.referred_to.iter().position(|known| *known == note);
                    let number = known.unwrap_or_else(|| {
                        self.referred_to.push(note);
                        self.referred_to.len() - 1
                    });
                    let [begin, close] = REFERENCE;
                    out.push_str(&format!("{begin}{}{close}", number + 1));
                }
                None => lost(
                    tag,
                    "a reference to a footnote is left out: the export does not have the note".to_owned(),
                ),
            }
        }
        out.push_str(rest);
        out
    }

    /// `markdown` with its references, and the notes behind it; tells of what is lost of them, and of those that nothing
    /// refers to.
    pub(super) fn put_into(self, mut markdown: String, lost: &mut dyn FnMut(String)) -> String {
        let [begin, close] = REFERENCE;
        for (number, note) in (1..).zip(&self.referred_to) {
            markdown = markdown.replace(&format!("{begin}{number}{close}"), &format!("[^{number}]"));
            let converted = from_html(&with_addresses(&as_links(&self.all[*note].1)));
            for found in converted.lost {
                lost(format!("of footnote {number}: {}", found.what));
            }
            let text = converted.markdown;
            // What is not its first line is indented.
            let text = text.trim().replace('\n', "\n    ");
            markdown.push_str(&format!("\n[^{number}]: {text}\n"));
        }
        let known: HashSet<usize> = self.referred_to.into_iter().collect();
        if known.len() < self.all.len() {
            let count = self.all.len() - known.len();
            lost(format!("footnotes to which nothing refers are left out ({count})"));
        }
        markdown
    }
}

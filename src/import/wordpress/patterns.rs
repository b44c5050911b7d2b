//! The blocks of a post that its site fills when it shows it: synced patterns, which the export has, and lists and forms,
//! which it has not.

use std::collections::HashMap;
use std::ops::Range;

use super::overrides::{self, Own};

/// Patterns may show others, and in a hand-made export themselves.
const DEEPEST: usize = 5;

/// No article is larger, however often a pattern is shown in it.
const LARGEST: usize = 2 * 1024 * 1024;

/// Blocks that keep in the post what they show: those that are written without anything are empty.
const KEPT: [&str; 25] = [
    "audio",
    "button",
    "buttons",
    "code",
    "column",
    "columns",
    "cover",
    "details",
    "embed",
    "file",
    // They stand behind the text, wherever it shows them.
    "footnotes",
    "freeform",
    "gallery",
    "group",
    "heading",
    "html",
    "image",
    "list",
    "list-item",
    "media-text",
    "paragraph",
    "quote",
    "separator",
    "spacer",
    "video",
];

/// The synced patterns of an export, by their ids.
#[derive(Debug, Default)]
pub(super) struct Patterns(HashMap<String, String>);

/// The content of a post with its patterns in it.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) text: String,
    /// What was put in, and the byte of the post from which the text goes on.
    put_in: Vec<(Range<usize>, Range<usize>)>,
}

impl Filled {
    /// The byte of the post for one of the text: of what was put in that of its block.
    pub(super) fn place(&self, at: usize) -> usize {
        let behind = self.put_in.partition_point(|(here, _)| here.start <= at);
        match self.put_in[..behind].last() {
            None => at,
            Some((here, there)) if at < here.end => there.start,
            Some((here, there)) => there.end + (at - here.end),
        }
    }
}

impl Patterns {
    /// Keeps the content of a pattern, unless it is longer than any article: an export may be of any size.
    pub(super) fn add(&mut self, id: &str, content: &str) {
        if content.len() <= LARGEST {
            self.0.insert(id.trim().to_owned(), content.to_owned());
        }
    }

    /// Puts patterns where `content` shows them; tells which it cannot, and what else the site would fill in.
    pub(super) fn put_into(&self, content: &str, lost: &mut dyn FnMut(usize, String)) -> Filled {
        let mut filled = Filled::default();
        let (mut at, mut left) = (0, LARGEST);
        while let Some(block) = next_empty(content, at) {
            filled.text.push_str(&content[at..block.place.start]);
            at = block.place.end;
            let start = filled.text.len();
            self.write(&block, (0, &mut left), &mut filled.text, &mut |what| lost(block.place.start, what));
            filled.put_in.push((start..filled.text.len(), block.place));
        }
        filled.text.push_str(&content[at..]);
        filled
    }

    /// Writes what `block` shows, `depth` patterns deep, of which no more than `left` bytes are put in.
    fn write(
        &self,
        block: &Block<'_>,
        (depth, left): (usize, &mut usize),
        out: &mut String,
        lost: &mut dyn FnMut(String),
    ) {
        if block.name != "block" {
            if !KEPT.contains(&block.name) {
                lost(format!("the block `{}` is left out: its site makes what it shows", block.name));
            }
            return;
        }
        let Some(content) = self.0.get(&block.pattern) else {
            lost(format!("the synced pattern {} is left out: the export does not have it", block.pattern));
            return;
        };
        let too_often = || format!("the synced pattern {} is left out: it is shown too often", block.pattern);
        if depth >= DEEPEST || content.len() > *left {
            return lost(too_often());
        }
        let (content, says_all) = overrides::put_in(content, &block.own);
        if content.len() > *left {
            return lost(too_often());
        }
        *left -= content.len();
        if !says_all {
            lost(format!(
                "of what this post says in place of words of the synced pattern {}, not all can be put in: that is left out",
                block.pattern
            ));
        }
        let mut at = 0;
        while let Some(inner) = next_empty(&content, at) {
            out.push_str(&content[at..inner.place.start]);
            at = inner.place.end;
            self.write(&inner, (depth + 1, &mut *left), out, lost);
        }
        out.push_str(&content[at..]);
    }
}

/// A block that is written without anything within: `<!-- wp:block {"ref":99} /-->`.
struct Block<'c> {
    name: &'c str,
    /// The id of the pattern, if it is one.
    pattern: String,
    /// The words with which it is shown in place of the pattern's.
    own: Own,
    place: Range<usize>,
}

fn next_empty(content: &str, from: usize) -> Option<Block<'_>> {
    let mut at = from;
    loop {
        let start = at + content[at..].find("<!-- wp:")?;
        let end = start + content[start..].find("-->")? + 3;
        at = end;
        let Some(inner) = content[start + 8..end - 3].trim_end().strip_suffix('/') else { continue };
        let (name, settings) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        let mut settings: serde_json::Value = serde_json::from_str(settings.trim()).unwrap_or_default();
        let pattern = settings.get("ref").map(ToString::to_string).unwrap_or_default();
        let pattern = pattern.trim_matches('"').chars().take(20).collect();
        let own = match settings.get_mut("content").map(serde_json::Value::take) {
            Some(serde_json::Value::Object(own)) => own,
            Some(_) | None => Own::new(),
        };
        return Some(Block { name, pattern, own, place: start..end });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_what_was_put_in_is_that_of_its_block() {
        let mut patterns = Patterns::default();
        patterns.add("9", "<p>Long text of the house.</p>");
        let content = "ab<!-- wp:block {\"ref\":9} /-->cd<!-- wp:image /-->yz";
        let filled = patterns.put_into(content, &mut |_, what| panic!("{what}"));
        assert_eq!(filled.text, "ab<p>Long text of the house.</p>cdyz");
        for (text, there) in [("ab", "ab"), ("house", "<!-- wp:block"), ("cd", "cd"), ("yz", "yz")] {
            let at = filled.text.find(text).unwrap_or_default();
            assert_eq!(Some(filled.place(at)), content.find(there), "{text}");
        }
    }

    #[test]
    fn patterns_that_show_themselves_come_to_an_end() {
        let mut patterns = Patterns::default();
        patterns.add("1", &"x<!-- wp:block {\"ref\":1} /-->".repeat(3));
        let block = "<!-- wp:block {\"ref\":2} /-->".repeat(40);
        patterns.add("2", &(block.clone() + &"y".repeat(100_000)));
        let mut told = 0;
        let filled = patterns.put_into("<!-- wp:block {\"ref\":1} /-->", &mut |_, _| told += 1);
        assert_eq!((filled.text.len(), told), (3 + 9 + 27 + 81 + 243, 243));
        let filled = patterns.put_into(&block, &mut |_, _| {});
        assert!((100_000..=LARGEST).contains(&filled.text.len()), "{}", filled.text.len());
    }
}

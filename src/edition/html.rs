//! What of a rendered document is needed without building it whole: its links and its places.

use std::collections::BTreeSet;
use std::ops::Range;

/// A link as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Its text with white space folded; of pictures their alternative text.
    pub(super) words: String,
    /// The value of `href`, decoded.
    pub(super) target: String,
}

/// The links of a document, and the names of its places.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) anchors: Vec<Anchor>,
    pub(super) ids: BTreeSet<String>,
}

/// A tag of a document: its place, its name in lower case and its attributes.
#[derive(Debug)]
pub(crate) struct Tag<'a> {
    /// From `<` to behind `>`.
    pub(crate) span: Range<usize>,
    /// `/a` when it closes.
    pub(crate) name: String,
    attributes: &'a str,
}

impl Tag<'_> {
    /// The value of an attribute, decoded; empty when it has none.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return None;
            }
            let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
            // An `=` in front belongs to no name.
            let end = end.max(rest.chars().next().map_or(1, char::len_utf8));
            let name = &rest[..end];
            rest = rest[end..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                (value, rest) = match after.chars().next() {
                    Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len())),
                };
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decoded(value));
            }
        }
    }
}

/// The tags of `html` in their order; what stands in comments, styles and scripts is passed over.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + html[at..].find('<')?;
            let rest = &html[start..];
            if rest.starts_with("<!--") {
                at = start + rest.find("-->").map_or(rest.len(), |end| end + 3);
                continue;
            }
            let inside = &rest[1..];
            if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
                at = start + 1;
                continue;
            }
            let length = tag_end(inside);
            let tag = &inside[..length];
            let name_end = tag.find(|c: char| c.is_ascii_whitespace() || (c == '/' && !tag.starts_with('/')));
            let name = tag[..name_end.unwrap_or(tag.len())].to_ascii_lowercase();
            let attributes = &tag[name_end.unwrap_or(tag.len())..];
            let end = (start + 1 + length + 1).min(html.len());
            at = end;
            if name == "style" || name == "script" {
                let close = format!("</{name}");
                at = end + find_ignoring_case(&html[end..], &close).unwrap_or(html.len() - end);
            }
            return Some(Tag { span: start..end, name, attributes });
        }
    })
}

/// Where a tag ends: at the first `>` outside quotes.
fn tag_end(inside: &str) -> usize {
    let mut quote = None;
    inside
        .bytes()
        .position(|b| {
            match quote {
                None if b == b'"' || b == b'\'' => quote = Some(b),
                Some(open) if open == b => quote = None,
                None | Some(_) => {}
            }
            b == b'>' && quote.is_none()
        })
        .unwrap_or(inside.len())
}

pub(crate) fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    text.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// The links of `html`, and the names of its places.
pub(super) fn scan(html: &str) -> Scan {
    let mut scan = Scan::default();
    // The link that is open: its target, and its words so far.
    let mut open: Option<(String, String)> = None;
    let mut at = 0;
    for tag in tags(html) {
        if let Some((_, words)) = &mut open {
            words.push_str(&without_comments(&html[at.min(tag.span.start)..tag.span.start]));
            if tag.name == "img" {
                words.push_str(&format!(" {} ", tag.attribute("alt").unwrap_or_default()));
            }
        }
        at = tag.span.end;
        if let Some(id) = tag.attribute("id").filter(|_| !tag.name.starts_with('/')) {
            scan.ids.insert(id);
        }
        if matches!(tag.name.as_str(), "a" | "/a") {
            if let Some((target, words)) = open.take() {
                scan.anchors.push(Anchor { words: folded(&decoded(&words)), target });
            }
            if tag.name == "a" {
                if let Some(name) = tag.attribute("name") {
                    scan.ids.insert(name);
                }
                open = tag.attribute("href").map(|href| (href.trim().to_owned(), String::new()));
            }
        }
    }
    scan
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = behind.split_once("-->").map_or("", |(_, after)| after);
    }
    out + rest
}

fn folded(text: &str) -> String {
    let invisible = |c: &char| !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    text.chars().filter(invisible).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The character references that templates and serialisers write; others stay as they are.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let name_end = behind.bytes().take(12).position(|b| b == b';');
        let found = name_end.and_then(|end| Some((character(&behind[..end])?, end + 1)));
        match found {
            Some((c, length)) => {
                out.push(c);
                rest = &behind[length..];
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "shy" => '\u{AD}',
        "zwnj" => '\u{200C}',
        "copy" => '©',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_however_they_are_written() {
        let html = "<a disabled href = 'x?a=1&amp;b' title=\"a > b\" data-x=y/>t</a>";
        let tag = tags(html).next().unwrap();
        assert_eq!(tag.attribute("HREF").as_deref(), Some("x?a=1&b"));
        assert_eq!(tag.attribute("title").as_deref(), Some("a > b"));
        assert_eq!(tag.attribute("disabled").as_deref(), Some(""));
        assert_eq!(tag.attribute("alt"), None);
        assert_eq!(&html[tag.span.end..], "t</a>");
    }

    #[test]
    fn anything_ends() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href='",
            "<!--",
            "<style>a<b",
            "a<1",
            "<é>",
            "<a =é ='>",
            "&#x;&",
        ] {
            scan(html);
        }
        assert_eq!(scan("<a href=x>open").anchors, []);
        assert_eq!(decoded("a &#x41;&#66; &amp;&nope; &"), "a AB &&nope; &");
    }
}

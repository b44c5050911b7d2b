//! Tags of Jekyll's Liquid and shortcodes of Hugo → Markdown, or a note of what is lost.

use std::collections::HashSet;

use super::Flavour;
use super::liquid::Liquid;
use super::shortcodes::Shortcodes;
use super::variables::Variables;
use crate::article::markdown::{self, Target, What, document, escape};

/// What tags are expanded with.
pub(super) struct Expander<'a> {
    pub(super) flavour: Flavour,
    /// The Markdown path of another post, as this one links to it; else what there is of its name: `there is no post`.
    pub(super) post: &'a dyn Fn(&str) -> Result<String, &'static str>,
    /// What the site and the post say of themselves.
    pub(super) variables: Variables<'a>,
    /// Told of what is lost: bytes into the text, and what.
    pub(super) lost: &'a mut dyn FnMut(usize, String),
}

impl Expander<'_> {
    /// The text with its tags expanded; lines stay lines.
    pub(super) fn expand(self, text: &str) -> String {
        match self.flavour {
            Flavour::Jekyll => {
                Liquid { post: self.post, variables: self.variables, lost: self.lost }.expand(text)
            }
            Flavour::Hugo => {
                Shortcodes { post: self.post, lost: self.lost, unclosed: HashSet::new() }.expand(text)
            }
        }
    }
}

/// Arguments of a tag: `"ferry.jpg" alt="A white ferry"`.
pub(super) struct Words<'t> {
    pub(super) bare: Vec<&'t str>,
    named: Vec<(&'t str, &'t str)>,
}

impl<'t> Words<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut words = Words { bare: Vec::new(), named: Vec::new() };
        let mut rest = text.trim_end_matches('/').trim_start();
        while !rest.is_empty() {
            let name_end =
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(rest.len());
            let after_name = rest[name_end..].trim_start();
            let name = Some(&rest[..name_end]).filter(|_| name_end > 0 && after_name.starts_with('='));
            let value = if name.is_some() { after_name[1..].trim_start() } else { rest };
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '`' | '\''));
            let (value, after) = match quote {
                Some(quote) => {
                    let inner = &value[1..];
                    let end = end_of_quote(inner, quote);
                    (&inner[..end], inner.get(end + 1..).unwrap_or_default())
                }
                None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            match name {
                Some(name) => words.named.push((name, value)),
                None => words.bare.push(value),
            }
            rest = after.trim_start();
        }
        words
    }

    pub(super) fn named(&self, name: &str) -> Option<&'t str> {
        let found = self.named.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// The first of these names that there is a value for.
    pub(super) fn any(&self, names: &[&str]) -> Option<&'t str> {
        names.iter().find_map(|name| self.named(name).filter(|value| !value.trim().is_empty()))
    }

    pub(super) fn first(&self) -> Option<&'t str> {
        self.bare.first().copied()
    }
}

/// Where a quoted text ends; a quotation mark in it has a backslash before it.
fn end_of_quote(inner: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            '\\' if quote != '`' && !escaped => escaped = true,
            c if c == quote && !escaped => return at,
            _ => escaped = false,
        }
    }
    inner.len()
}

/// A quoted text without the backslashes before its quotation marks.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\'", "'")
}

/// A picture in Markdown, and as its title what stands beneath it, which may be a line of Markdown itself. Where the picture
/// is a link it has no place for that, and the line stands behind it.
pub(super) fn picture(src: &str, alt: &str, caption: Option<&str>, link: Option<&str>) -> String {
    let caption = caption.filter(|caption| *caption != alt && !caption.trim().is_empty());
    let (alt, src) = (escape(alt), src.trim());
    match link.filter(|link| !link.is_empty()) {
        Some(link) => {
            let below = caption.map(|line| format!("<br>{line}")).unwrap_or_default();
            format!("[![{alt}](<{src}>)](<{link}>){below}")
        }
        None => {
            let quoted = |line: &str| line.replace('\\', "\\\\").replace('"', "\\\"");
            let title = caption.map(|line| format!(" \"{}\"", quoted(line))).unwrap_or_default();
            format!("![{alt}](<{src}>{title})")
        }
    }
}

/// The line beneath a picture as it is carried over: with its emphasis and with its links, when each of these leads to the web
/// or the line stands in the text, since the picture is a `link` itself; else its words alone, which `lose` is told.
pub(super) fn caption(written: String, link: Option<&str>, lose: impl FnOnce(String)) -> String {
    let words = plain(&written);
    if !has_marks(&written, &words) {
        return words;
    }
    let leads_out = |what: &What| match what {
        What::Link { target, .. } => matches!(Target::of(target), Target::Outside(_)),
        _ => false,
    };
    let is_in_text = link.is_some_and(|link| !link.is_empty());
    if is_in_text || document(&written).seen.iter().all(|seen| leads_out(&seen.what)) {
        return written;
    }
    lose(format!("of the caption `{}` only the words stay", short(&written)));
    words
}

/// The words of what may be Markdown.
pub(super) fn plain(text: &str) -> String {
    match text.contains(['*', '_', '[', '`']) {
        true => markdown::plain(text),
        false => text.to_owned(),
    }
}

/// Whether a caption in Markdown says more than its words, which are `plain`: emphasis, a link.
fn has_marks(caption: &str, plain: &str) -> bool {
    // Quotation marks and dashes are set as print has them.
    let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || "'\"‘’“”-–—.…".contains(c), "");
    bare(caption) != bare(plain)
}

/// What is shown elsewhere on the web, as a link.
pub(super) fn shown_elsewhere(service: &str, words: &Words<'_>) -> Option<String> {
    let id = words.any(&["id", "video_id", "videoid", "v", "url"]).or(words.first()).unwrap_or_default();
    let id = id.trim();
    if id.is_empty() {
        return None;
    }
    let second = words.bare.get(1).copied().unwrap_or_default();
    let address = match service {
        _ if id.starts_with("https://") || id.starts_with("http://") => id.to_owned(),
        "youtube" => format!("https://www.youtube.com/watch?v={}", id.replace('?', "&")),
        "vimeo" => format!("https://vimeo.com/{id}"),
        "instagram" => format!("https://www.instagram.com/p/{id}/"),
        "gist" => format!("https://gist.github.com/{id}/{second}"),
        _ => {
            let user = words.named("user").unwrap_or("i");
            let id = if words.named("id").is_none() && !second.is_empty() { second } else { id };
            format!("https://x.com/{user}/status/{id}")
        }
    };
    let is_whole = address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"'));
    is_whole.then(|| format!("<{}>", address.trim_end_matches('/')))
}

/// Writes the fence of a piece of code that ends where `inner` does, on a line of its own, indented as its tag is.
pub(super) fn fence(out: &mut String, language: &str, inner: &str) {
    begin_line(out);
    let longest = inner.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    out.push_str(&"`".repeat(longest.max(2) + 1));
    out.push_str(language);
}

/// Ends the line, unless there is nothing on it yet.
pub(super) fn begin_line(out: &mut String) {
    let line = &out[out.rfind('\n').map_or(0, |at| at + 1)..];
    if !line.trim().is_empty() {
        out.push('\n');
    }
}

/// Whether what follows `out` is an address: of a link, a picture or an attribute.
pub(super) fn is_in_address(out: &str) -> bool {
    // No address is longer, and a text may be one line.
    let near = (out.len().saturating_sub(2_000)..).find(|at| out.is_char_boundary(*at)).unwrap_or_default();
    let line = &out[near..];
    let line = &line[line.rfind('\n').map_or(0, |at| at + 1)..];
    let word = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_label = line.trim_start().starts_with('[') && line.trim_end_matches(['<', ' ']).ends_with("]:");
    is_label
        || ["](", "=\"", "='"]
            .iter()
            .any(|mark| word.rsplit_once(mark).is_some_and(|(_, rest)| !rest.contains([')', '"', '\''])))
}

/// As many line breaks as `text` has, so that lines stay lines.
pub(super) fn breaks(text: &str) -> String {
    "\n".repeat(text.matches('\n').count())
}

pub(super) fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

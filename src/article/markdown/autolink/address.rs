//! Where addresses stand in a text.

use std::ops::Range;

use super::super::Target;

/// An address in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bare {
    pub(super) at: Range<usize>,
    pub(super) target: String,
}

/// Every address that stands bare in `text`.
pub(super) fn bare(text: &str) -> Vec<Bare> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = begin(text, from) {
        let end = start + address(&text[start..]);
        from = end.max(start + 1);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let written = &text[start..end];
        let target = if is_www(written) { format!("https://{written}") } else { written.to_owned() };
        if end > start && matches!(Target::of(&target), Target::Outside(_)) {
            found.push(Bare { at: start..end, target });
        }
    }
    found
}

/// Where an address may begin next, from byte `from` on.
fn begin(text: &str, from: usize) -> Option<usize> {
    let starts = |(at, c): (usize, char)| {
        let rest = &text[from + at..];
        let begins = match c {
            'h' | 'H' => scheme(rest).is_some(),
            'w' => is_www(rest),
            _ => false,
        };
        let before = text[..from + at].chars().next_back();
        let is_free =
            before.is_none_or(|c| c.is_whitespace() || "*_~([{\"'<>|:;,!?".contains(c) || !c.is_ascii());
        (begins && is_free).then_some(from + at)
    };
    text.get(from..)?.char_indices().find_map(starts)
}

fn is_www(text: &str) -> bool {
    text.starts_with("www.")
}

/// What stands behind the scheme of an address that begins with one.
fn scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let begins = text.get(..scheme.len())?.eq_ignore_ascii_case(scheme);
        begins.then(|| &text[scheme.len()..])
    })
}

/// How many bytes at the beginning of `text` are an address; none when its domain is none.
fn address(text: &str) -> usize {
    let behind = scheme(text).unwrap_or(text);
    let domain = behind.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
    let domain = behind[..domain.unwrap_or(behind.len())].trim_end_matches(['.', '_']);
    // What names a user, or a password, is no address for a reader to follow, and none to be shown once more.
    let authority = behind.find(|c: char| "/?#".contains(c) || ends_address(c)).unwrap_or(behind.len());
    if !is_domain(domain, is_www(text)) || behind[..authority].contains('@') {
        return 0;
    }
    let end = text.find(ends_address).unwrap_or(text.len());
    without_tail(&text[..end]).len()
}

fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c == '<'
        || matches!(c, '\u{2013}'..='\u{201F}' | '\u{2026}' | '\u{2039}' | '\u{203A}' | '«' | '»')
        // Punctuation of Chinese and Japanese, which have no space behind an address.
        || matches!(c, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}')
        || matches!(c, '\u{FF01}' | '\u{FF08}' | '\u{FF09}' | '\u{FF0C}' | '\u{FF1A}' | '\u{FF1B}' | '\u{FF1F}')
        // Of Arabic, Urdu, Armenian and the scripts of India.
        || matches!(c, '\u{060C}' | '\u{061B}' | '\u{061F}' | '\u{06D4}' | '\u{0589}' | '\u{055D}' | '\u{0964}' | '\u{0965}')
        // Signs that are not seen: of no width, and of the direction of writing.
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        || matches!(c, '\u{E000}'..='\u{F8FF}')
}

/// Without what ends the sentence around it.
fn without_tail(address: &str) -> &str {
    let mut rest = address;
    let mut open = ["()", "[]", "{}"].map(|pair| {
        let count = |sign| address.matches(sign).count();
        let mut signs = pair.chars();
        (pair, signs.next().map_or(0, count), signs.next().map_or(0, count))
    });
    while let Some(last) = rest.chars().next_back() {
        let shorter = &rest[..rest.len() - last.len_utf8()];
        if "?!.,:*_~'\"".contains(last) {
            rest = shorter;
        } else if last == ';' {
            // An entity that is none in Markdown goes whole.
            let word = shorter.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
            rest = word.strip_suffix('&').filter(|_| word.len() < shorter.len()).unwrap_or(shorter);
        } else if let Some((_, opened, closed)) =
            open.iter_mut().find(|(pair, opened, closed)| pair.ends_with(last) && closed > opened)
        {
            // Those that an entity took along count still: they were none of the end.
            let _ = opened;
            *closed -= 1;
            rest = shorter;
        } else {
            break;
        }
    }
    rest
}

/// Whether this is the name of a host: parts between dots, and no `_` in the last two. Behind `www.` there are two
/// more; `localhost` may stand alone behind a scheme.
fn is_domain(domain: &str, is_www: bool) -> bool {
    let parts: Vec<&str> = domain.split('.').collect();
    let enough = if is_www { parts.len() >= 3 } else { !parts.is_empty() };
    enough
        && parts.iter().all(|part| !part.is_empty())
        && parts.iter().rev().take(2).all(|part| !part.contains('_'))
}

//! A piece of text around the hits, as HTML with each hit in `<mark>`.

use std::ops::Range;

use super::{Query, Token, tokens};
use crate::article::markdown::escaped;

/// How many words an excerpt has.
const WORDS: usize = 36;
/// How many of them stand before the first hit.
const BEFORE: usize = 8;

/// The part of `text` with the most hits of `query`, escaped, its hits in `<mark>`; the beginning when there is none.
/// A cut is shown as `…`.
#[must_use]
pub fn excerpt(text: &str, query: &Query) -> String {
    let words: Vec<Token> = tokens(text).collect();
    let hits = hits(&words, query);
    let begins = hits.iter().map(|hit| hit.start.saturating_sub(BEFORE));
    // The most hits, of different terms before repeated ones; the earliest of equals.
    let best = begins
        .map(|from| (variety(&words, &hits, from), from))
        .max_by_key(|&(n, from)| (n, std::cmp::Reverse(from)));
    let from = best.map_or(0, |(_, from)| from.min(words.len().saturating_sub(WORDS)));
    let to = (from + WORDS).min(words.len());
    let Some(last) = words[..to].last() else { return String::new() };
    let start = if from == 0 { 0 } else { words[from].place.start };
    let end = if to == words.len() { text.len() } else { last.place.end };
    let before = if from == 0 { "" } else { "… " };
    let behind = if to == words.len() { "" } else { " …" };
    format!("{before}{}{behind}", with_marks(text, start..end, &words, &hits))
}

/// The whole of `text`, escaped, the hits of `query` in `<mark>`.
#[must_use]
pub fn marked(text: &str, query: &Query) -> String {
    let words: Vec<Token> = tokens(text).collect();
    let hits = hits(&words, query);
    with_marks(text, 0..text.len(), &words, &hits)
}

fn with_marks(text: &str, within: Range<usize>, words: &[Token], hits: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(within.len() + 64);
    let mut at = within.start;
    for hit in hits {
        let (first, last) = (&words[hit.start].place, &words[hit.end - 1].place);
        if first.start < at || last.end > within.end {
            continue;
        }
        out.push_str(&escaped(&text[at..first.start]));
        out.push_str("<mark>");
        out.push_str(&escaped(&text[first.start..last.end]));
        out.push_str("</mark>");
        at = last.end;
    }
    out.push_str(&escaped(&text[at..within.end]));
    out.replace('\n', " ")
}

/// Where the wanted terms stand, as ranges of words, in their order.
fn hits(words: &[Token], query: &Query) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = query
            .wanted
            .iter()
            .filter(|term| {
                let last = term.words.len() - 1;
                words.len() - at > last
                    && term.words.iter().zip(&words[at..]).enumerate().all(|(i, (wanted, word))| {
                        word.folded == *wanted
                            || (i == last && term.begins && word.folded.starts_with(wanted.as_str()))
                    })
            })
            .map(|term| term.words.len())
            .max();
        if let Some(length) = longest {
            found.push(at..at + length);
        }
        at += longest.unwrap_or(1);
    }
    found
}

/// How many different words are hit in the excerpt that begins at `from`, and how many in all.
fn variety(words: &[Token], hits: &[Range<usize>], from: usize) -> (usize, usize) {
    let within = hits.iter().filter(|hit| hit.start >= from && hit.end <= from + WORDS);
    let different: std::collections::BTreeSet<&str> =
        within.clone().map(|hit| words[hit.start].folded.as_str()).collect();
    (different.len(), within.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_and_everything_else_is_text() {
        let query = Query::of("naive \"high water\" tid");
        assert_eq!(
            marked("Naïve <b>tides</b> & high  water, water high", &query),
            "<mark>Naïve</mark> &lt;b&gt;<mark>tides</mark>&lt;/b&gt; &amp; <mark>high  water</mark>, water high"
        );
        assert_eq!(marked("<script>alert(1)</script>", &Query::of("script")).matches("<script").count(), 0);
    }

    #[test]
    fn the_excerpt_is_where_most_is_found() {
        let text = format!(
            "Tide one. {} A tide and a ferry, <at> last. {}",
            "word ".repeat(100),
            "more ".repeat(100)
        );
        let found = excerpt(&text, &Query::of("tide ferry "));
        assert!(found.contains("A <mark>tide</mark> and a <mark>ferry</mark>, &lt;at&gt; last."), "{found}");
        assert!(found.starts_with("… word") && found.ends_with("more …"), "{found}");
        assert_eq!(tokens(&found.replace("mark", " ").replace("lt", "").replace("gt", "")).count(), WORDS);
        assert!(excerpt(&text, &Query::of("nowhere")).starts_with("<mark>").eq(&false));
        assert!(excerpt(&text, &Query::of("nowhere")).starts_with("Tide one."));
        assert_eq!(excerpt("", &Query::of("x")), "");
        assert_eq!(excerpt("short text\nof two", &Query::of("two")), "short text of <mark>two</mark>");
    }
}

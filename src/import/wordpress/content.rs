//! What WordPress keeps as the text of a post → Markdown: blocks, classic paragraphs, shortcodes.

use super::super::frames::as_links;
use super::notes::Notes;
use super::patterns::Patterns;
use super::shortcodes::{Gallery, expanded};
use crate::article::markdown::{Simpler, from_html};

/// A piece between blocks is converted by itself, so that a long post is no large document.
const PIECE: usize = 200;

/// What the content of a post shows without having it.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    /// The pictures of galleries.
    pub(super) gallery: &'a Gallery<'a>,
    pub(super) patterns: &'a Patterns,
    /// Its footnotes, as the export has them.
    pub(super) notes: &'a str,
}

/// Turns the content of a post into Markdown; tells what is lost, with its byte.
pub(super) fn markdown(
    content: &str,
    Sources { gallery, patterns, notes }: Sources<'_>,
    lost: &mut dyn FnMut(usize, String),
) -> String {
    let has_blocks = content.contains("<!-- wp:");
    let filled = patterns.put_into(content, lost);
    let lost = &mut |at: usize, what: String| lost(filled.place(at), what);
    let content = &filled.text;
    for at in half_comments(content) {
        lost(at, Simpler::OpenComment.what().to_owned());
    }
    let mut notes = Notes::of(notes);
    let mut out = String::new();
    for (at, piece) in pieces(content, has_blocks) {
        let html = expanded(piece, gallery, &mut |within, what| lost(at + within, what));
        let html =
            notes.referred_to(&html, &mut |mark, what| lost(at + piece.find(mark).unwrap_or_default(), what));
        let html = with_addresses(&as_links(&html));
        let html = if has_blocks { blocks(&html) } else { paragraphs(&html) };
        for part in parts(&html) {
            let converted = from_html(part);
            for found in converted.lost {
                lost(at + found.place(piece), found.what);
            }
            if !converted.markdown.trim().is_empty() {
                if !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&converted.markdown);
            }
        }
    }
    notes.put_into(out, &mut |what| lost(content.len(), what))
}

/// Where comments begin that are closed by the end of another: the editor's own, which stand around each block.
fn half_comments(content: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = content[at..].find("<!--").map(|open| at + open) {
        let Some(length) = content[open..].find("-->") else { break };
        let inner = &content[open + 4..(open + length).max(open + 4)];
        if inner.contains("<!-- wp:") || inner.contains("<!-- /wp:") {
            found.push(open);
        }
        at = open + length + 3;
    }
    found
}

/// Pieces of whole lines with so few tags that each is converted: a longer one would be taken for an attack.
fn parts(html: &str) -> Vec<&str> {
    const MOST_TAGS: usize = 2_000;
    let mut parts = Vec::new();
    let (mut start, mut at, mut tags) = (0, 0, 0);
    for line in html.split_inclusive('\n') {
        let more = line.matches('<').count();
        if tags + more > MOST_TAGS && at > start {
            parts.push(&html[start..at]);
            (start, tags) = (at, 0);
        }
        tags += more;
        at += line.len();
    }
    parts.push(&html[start..]);
    parts
}

/// The blocks of the editor, a handful at a time; without blocks the whole.
fn pieces(content: &str, has_blocks: bool) -> Vec<(usize, &str)> {
    if !has_blocks {
        return vec![(0, content)];
    }
    let mut pieces = Vec::new();
    let (mut start, mut at, mut depth, mut count) = (0, 0, 0_usize, 0_usize);
    while let Some(found) = content[at..].find("<!-- ") {
        let open = at + found;
        let Some(length) = content[open..].find("-->") else { break };
        let end = open + length + 3;
        let inner = &content[open + 5..end - 3];
        if inner.starts_with("/wp:") {
            depth = depth.saturating_sub(1);
        } else if inner.starts_with("wp:") && !inner.trim_end().ends_with('/') {
            depth += 1;
        }
        at = end;
        if depth == 0 {
            count += 1;
            if count.is_multiple_of(PIECE) {
                pieces.push((start, &content[start..end]));
                start = end;
            }
        }
    }
    pieces.push((start, &content[start..]));
    pieces
}

/// Addresses that stand alone on their line become links.
pub(super) fn with_addresses(html: &str) -> String {
    let alone = |line: &str| {
        let text = line.trim();
        let is_address = (text.starts_with("https://") || text.starts_with("http://"))
            && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
        if is_address {
            line.replace(text, &format!("<a href=\"{text}\">{text}</a>"))
        } else {
            line.to_owned()
        }
    };
    html.split('\n').map(alone).collect::<Vec<_>>().join("\n")
}

/// Blocks without what they say twice, and what stands between them as classic paragraphs.
fn blocks(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut at, mut depth) = (0, 0_usize);
    while at < html.len() {
        let open = html[at..].find("<!-- ").map_or(html.len(), |found| at + found);
        let text = &html[at..open];
        if depth == 0 && !text.trim().is_empty() {
            out.push_str(&paragraphs(text));
        } else {
            out.push_str(text);
        }
        let Some(length) = html[open..].find("-->") else {
            out.push_str(&html[open..]);
            break;
        };
        let end = open + length + 3;
        let inner = html[open..end].trim_start_matches("<!-- ");
        // What the classic editor wrote, as a block.
        let is_classic = inner.starts_with("wp:freeform") || inner.starts_with("/wp:freeform");
        if is_classic || inner.trim_end_matches("-->").trim_end().ends_with('/') {
        } else if inner.starts_with("/wp:") {
            depth = depth.saturating_sub(1);
        } else if inner.starts_with("wp:") {
            depth += 1;
        }
        out.push_str(&html[open..end]);
        at = end;
    }
    without_buttons(&out)
}

/// Without the second link to a file, which says "Download".
fn without_buttons(html: &str) -> String {
    let mut out = html.to_owned();
    while let Some(mark) = out.find("wp-block-file__button") {
        let open = out[..mark].rfind("<a");
        let end = out[mark..].find("</a>").map(|end| mark + end + 4);
        match open.zip(end) {
            Some((open, end)) => out.replace_range(open..end, ""),
            None => out.replace_range(mark..mark + 21, ""),
        }
    }
    out
}

/// Elements that need no paragraph around them.
const BLOCKS: [&str; 24] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "table",
    "figure",
    "div",
    "hr",
    "dl",
    "section",
    "form",
    "iframe",
    "script",
    "style",
    "center",
    "address",
];

/// The classic editor keeps paragraphs as blank lines.
fn paragraphs(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut preformatted = false;
    let html = parted(html);
    for part in html.split("\n\n") {
        let within = preformatted;
        preformatted = match (part.rfind("<pre"), part.rfind("</pre")) {
            (Some(open), close) => close.is_none_or(|close| close < open),
            (None, Some(_)) => false,
            (None, None) => preformatted,
        };
        if within {
            out.push_str("\n\n");
            out.push_str(part);
        } else if is_block(part.trim()) {
            out.push_str(if preformatted { part.trim_start() } else { part.trim() });
        } else if !part.trim().is_empty() {
            out.push_str(&format!("<p>{}</p>", part.trim().replace('\n', "<br>")));
        }
        if !preformatted && !part.trim().is_empty() {
            out.push('\n');
        }
    }
    out
}

/// Whether `text` begins with the tag of an element that is a block.
fn is_block(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('<') else { return false };
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
    inner.starts_with('/') || BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block))
}

/// With a blank line before and behind each line that a block begins or ends, as WordPress reads them.
fn parted(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut preformatted = false;
    let mut behind_block = false;
    for line in html.split('\n') {
        let text = line.trim();
        let begins = is_block(text) && !text.starts_with("<li") && !text.starts_with("</li");
        if !out.is_empty() {
            out.push('\n');
            if !preformatted && (begins || behind_block) && !text.is_empty() && !out.ends_with("\n\n") {
                out.push('\n');
            }
        }
        out.push_str(line);
        preformatted = match (line.rfind("<pre"), line.rfind("</pre")) {
            (Some(open), close) => close.is_none_or(|close| close < open),
            (None, Some(_)) => false,
            (None, None) => preformatted,
        };
        let last = text.rfind('<').map(|at| text[at..].trim_start_matches(['<', '/']));
        let ends = text.ends_with('>')
            && last.is_some_and(|last| is_block(&format!("<{last}")) && !last.starts_with("li"));
        behind_block = ends && !text.ends_with("<br>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(html: &str) -> (String, Vec<String>) {
        let mut lost = Vec::new();
        let sources = Sources { gallery: &|_| Vec::new(), patterns: &Patterns::default(), notes: "" };
        let text = markdown(html, sources, &mut |at, what| lost.push(format!("{at}: {what}")));
        (text, lost)
    }

    #[test]
    fn the_classic_editor_keeps_paragraphs_as_blank_lines() {
        let (text, lost) = converted(
            "The ferry <em>sails</em>.\nAgain.\n\n<strong>Soon</strong> [sic] &amp; often.\n\n<ul>\n\t<li>One</li>\n</ul>\n\n\
             [caption id=\"x\" width=\"3\"]<a href=\"https://e.org/\"><img src=\"https://e.org/a.jpg\" alt=\"A ferry\"></a> On trials[/caption]\n\n\
             https://www.youtube.com/watch?v=1\n\n[gallery ids=\"1,2\"]\n\n[su_note color=red]Mind[/su_note]\n\n<pre>a\n\nb</pre>",
        );
        insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), omit_expression => true }, {
            insta::assert_snapshot!(text);
        });
        assert_eq!(
            lost,
            [
                "259: the shortcode `[gallery ids=\"1,2\"]` is left out",
                "280: the shortcode `[su_note color=red]` is left out"
            ]
        );
    }

    #[test]
    fn blocks_lose_their_comments() {
        let (text, lost) = converted(
            "<!-- wp:heading {\"level\":3} -->\n<h3>The fare</h3>\n<!-- /wp:heading -->\n\n<!-- wp:paragraph -->\n<p>It stays.</p>\n\
             <!-- /wp:paragraph -->\n\n<!-- wp:embed {\"url\":\"x\"} -->\n<figure class=\"wp-block-embed\"><div>\n\
             https://example.com/film\n</div></figure>\n<!-- /wp:embed -->\n<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n\
             <!-- wp:html --><iframe src=\"https://www.youtube.com/embed/abc?x=1\"></iframe><iframe src=\"https://m.example/\"></iframe><!-- /wp:html -->",
        );
        assert_eq!(
            text,
            "### The fare\n\nIt stays.\n\n<https://example.com/film>\n\n<https://www.youtube.com/watch?v=abc>\n"
        );
        assert_eq!(lost.len(), 1, "{lost:?}");
    }

    #[test]
    fn a_long_post_is_converted_in_pieces() {
        let block = "<!-- wp:paragraph -->\n<p>One <b>of</b> many.</p>\n<!-- /wp:paragraph -->\n";
        let (text, lost) = converted(&block.repeat(5_000));
        assert_eq!((text.matches("One **of** many.").count(), lost.len()), (5_000, 0));
        let (text, lost) = converted(&"<p>One <b>of</b> many.</p>\n".repeat(5_000));
        assert_eq!((text.matches("One **of** many.").count(), lost.len()), (5_000, 0));
    }
}

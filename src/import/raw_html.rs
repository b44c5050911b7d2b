//! Raw HTML in Markdown of elsewhere → Markdown.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Flavour;
use super::frames::{as_links, attribute};
use crate::article::markdown::{Simpler, from_html};

/// Elements whose start and end say how a piece of a line looks, and no more.
const LOOKS: [&str; 4] = ["span", "font", "center", "div"];

/// `body` with its HTML as Markdown; tells what is lost, with its byte.
pub(super) fn without_html(flavour: Flavour, body: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut anchors: Vec<Range<usize>> = Vec::new();
    let mut passed = 0;
    for (event, span) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        if span.start < passed {
            continue;
        }
        match event {
            Event::Start(Tag::HtmlBlock) => {
                let html = &body[span.clone()];
                // What stands deeper, in a list or a quote, has its indentation; and a comment may silence a rule.
                let deeper = !(span.start == 0 || body[..span.start].ends_with('\n'));
                if deeper || html.trim_start().starts_with("<!--") {
                    if html.contains("<!--") && !html.contains("-->") {
                        lost(span.start, Simpler::OpenComment.what().to_owned());
                    }
                    continue;
                }
                let mut written = block(flavour, html, span.start, lost);
                // A paragraph that follows at once is none of it.
                let is_followed = !body[span.end..].is_empty() && !body[span.end..].starts_with('\n');
                if is_followed && !written.is_empty() && !written.ends_with("\n\n") {
                    written.push('\n');
                }
                edits.push((span.clone(), written));
                passed = span.end;
            }
            Event::InlineHtml(tag) => match name_of(&tag) {
                ("a", false) => anchors.push(span),
                ("a", true) => match anchors.pop() {
                    Some(open) => {
                        let target =
                            attribute(&body[open.clone()], "href").map(str::trim).unwrap_or_default();
                        let (before, after) = match target {
                            "" => (String::new(), String::new()),
                            target if target.contains([' ', '(', ')']) => {
                                ("[".to_owned(), format!("](<{}>)", target.replace("&amp;", "&")))
                            }
                            target => ("[".to_owned(), format!("]({})", target.replace("&amp;", "&"))),
                        };
                        edits.push((open, before));
                        edits.push((span, after));
                    }
                    None => {
                        lost(span.start, "a `</a>` that closes nothing is left out".to_owned());
                        edits.push((span, String::new()));
                    }
                },
                (name @ ("video" | "audio" | "iframe" | "script"), false) => {
                    let close = format!("</{name}>");
                    let end = body[span.start..].find(&close).map(|at| span.start + at + close.len());
                    let Some(end) = end.filter(|end| !body[span.start..*end].contains("\n\n")) else {
                        continue;
                    };
                    let whole = span.start..end;
                    let link = as_links(&body[whole.clone()]);
                    if link != body[whole.clone()] {
                        passed = end;
                        edits.push((whole, from_html(&link).markdown.trim().to_owned()));
                    }
                }
                (name, _) if LOOKS.contains(&name) => edits.push((span, String::new())),
                _ => {}
            },
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell) => {
                for open in anchors.drain(..) {
                    if attribute(&body[open.clone()], "href").is_some() {
                        lost(open.start, "an `<a>` that is never closed is left out".to_owned());
                    }
                    edits.push((open, String::new()));
                }
            }
            _ => {}
        }
    }
    edits.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    for (span, new) in edits {
        if span.start < at {
            continue;
        }
        out.push_str(&body[at..span.start]);
        out.push_str(&new);
        at = span.end;
    }
    out.push_str(&body[at..]);
    out
}

/// A block of HTML as Markdown, of no fewer lines.
fn block(flavour: Flavour, html: &str, start: usize, lost: &mut dyn FnMut(usize, String)) -> String {
    let mut out = String::new();
    for (at, piece, is_html) in pieces(flavour, html) {
        let written = match is_html {
            true => {
                let converted = from_html(&as_links(piece));
                for found in converted.lost {
                    lost(start + at + found.place(piece), found.what);
                }
                let count = |tag: &str| piece.matches(tag).count();
                if count("</a>") > count("<a ") + count("<a>") + count("<a\n") {
                    lost(start + at, "a `</a>` that closes nothing is left out".to_owned());
                }
                converted.markdown
            }
            false => piece.to_owned(),
        };
        if !out.is_empty() && !written.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
        out.push_str(&written);
        // What comes behind is told by its line.
        let missing =
            html[..at + piece.len()].matches('\n').count().saturating_sub(out.matches('\n').count());
        out.push_str(&"\n".repeat(missing));
    }
    out
}

/// The HTML of a block, and with kramdown the Markdown that follows the last element without a blank line.
fn pieces(flavour: Flavour, html: &str) -> Vec<(usize, &str, bool)> {
    if flavour == Flavour::Hugo {
        return vec![(0, html, true)];
    }
    let mut pieces: Vec<(usize, usize, bool)> = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    for line in html.split_inclusive('\n') {
        let is_html = depth > 0 || line.trim_start().starts_with('<');
        if is_html {
            depth = depth_behind(line, depth);
        }
        match pieces.last_mut().filter(|(_, _, known)| *known == is_html) {
            Some((_, end, _)) => *end = at + line.len(),
            None => pieces.push((at, at + line.len(), is_html)),
        }
        at += line.len();
    }
    pieces.into_iter().map(|(from, to, is_html)| (from, &html[from..to], is_html)).collect()
}

/// How many elements are open behind a line.
fn depth_behind(line: &str, mut depth: usize) -> usize {
    const EMPTY: [&str; 10] = ["br", "hr", "img", "input", "source", "link", "meta", "col", "wbr", "embed"];
    for (at, _) in line.match_indices('<') {
        let tag = &line[at..line[at..].find('>').map_or(line.len(), |end| at + end + 1)];
        match name_of(tag) {
            ("", _) => {}
            (_, true) => depth = depth.saturating_sub(1),
            (name, false) if EMPTY.contains(&name) || tag.ends_with("/>") => {}
            (_, false) => depth += 1,
        }
    }
    depth
}

/// The name of a tag, and whether it closes its element.
fn name_of(tag: &str) -> (&str, bool) {
    let inner = tag.trim_start_matches('<');
    let (inner, closes) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    (&inner[..end], closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(flavour: Flavour, body: &str) -> (String, Vec<String>) {
        let mut lost = Vec::new();
        let text = without_html(flavour, body, &mut |at, what| lost.push(format!("{at}: {what}")));
        (text, lost)
    }

    #[test]
    fn tags_within_a_line_become_markdown_and_half_ones_go() {
        for (body, left) in [
            ("See <a href=\"/quay?a=1&amp;b\" class=x>the *quay*</a>.\n", "See [the *quay*](/quay?a=1&b).\n"),
            ("<a name=\"top\"></a>A <span style=\"color:red\">red</span> boat.\n", "A red boat.\n"),
            ("A <video src=\"/v.mp4\"></video> film.\n", "A [v.mp4](/v.mp4) film.\n"),
            ("A <sup>2</sup> and `</a>`.\n", "A <sup>2</sup> and `</a>`.\n"),
        ] {
            assert_eq!(converted(Flavour::Hugo, body), (left.to_owned(), Vec::new()), "{body}");
        }
        for (body, left, told) in [
            ("A stray</a> tag.\n", "A stray tag.\n", "7: a `</a>` that closes nothing is left out"),
            (
                "A <a href=\"/x\">half one.\n\nB.\n",
                "A half one.\n\nB.\n",
                "2: an `<a>` that is never closed is left out",
            ),
            ("<p>Stray</a></p>\n", "Stray\n", "0: a `</a>` that closes nothing is left out"),
        ] {
            assert_eq!(converted(Flavour::Jekyll, body), (left.to_owned(), vec![told.to_owned()]), "{body}");
        }
    }

    #[test]
    fn a_comment_that_is_never_closed_is_told() {
        let told = format!("4: {}", Simpler::OpenComment.what());
        let body = "A.\n\n<!-- half\n\nB.\n";
        assert_eq!(converted(Flavour::Jekyll, body), (body.to_owned(), vec![told]));
        let body = "<div>A <!-- half\nB.</div>\n";
        let told = format!("7: {}", Simpler::OpenComment.what());
        assert_eq!(converted(Flavour::Hugo, body), ("A\n\n".to_owned(), vec![told]));
        let body = "<!-- whole -->\n\nB.\n";
        assert_eq!(converted(Flavour::Jekyll, body), (body.to_owned(), Vec::new()));
    }

    #[test]
    fn kramdown_reads_markdown_behind_an_element_without_a_blank_line() {
        let body = "<figure>\n<img src=\"a.png\" alt=\"A\">\n</figure>\n![B](b.png)\n*so*\n<p>C</p>\n";
        let (text, _) = converted(Flavour::Jekyll, body);
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["![A](a.png)", "![B](b.png)", "*so*", "C"]);
        assert!(text.matches('\n').count() >= body.matches('\n').count(), "{text:?}");
        let (text, _) = converted(Flavour::Hugo, body);
        assert!(text.contains("\\*so\\*"), "{text}");
    }
}

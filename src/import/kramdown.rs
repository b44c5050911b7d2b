//! Kramdown's attribute lists, which say how a site looks and nothing to a reader: `{: .wide}`, `{:toc}`.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::tags::breaks;

/// `body` without attribute lists, on lines of their own or behind a picture, a link and their like; those in code stay.
/// What stands for a table of contents goes too, and is told with its byte.
pub(super) fn without_attributes(body: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    if !body.contains("{:") {
        return body.to_owned();
    }
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut literal = 0_usize;
    let mut element_end = None;
    for (event, span) in
        Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
    {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => literal += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => literal = literal.saturating_sub(1),
            Event::End(
                TagEnd::Link | TagEnd::Image | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough,
            )
            | Event::Code(_) => element_end = Some(span.end),
            Event::Text(_) if literal == 0 && body[span.start..].starts_with("{:") => {
                let Some(list) = List::at(body, span.start) else { continue };
                if list.line.is_some() || element_end == Some(span.start) {
                    if list.is_contents {
                        lost(span.start, "the table of contents is left out: a mail has none".to_owned());
                    }
                    cuts.push(list.line.unwrap_or(list.span));
                }
            }
            _ => {}
        }
    }
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    for cut in cuts {
        out.push_str(&body[at.min(cut.start)..cut.start]);
        // Lines stay lines.
        out.push_str(&breaks(&body[cut.clone()]));
        at = at.max(cut.end);
    }
    out.push_str(&body[at..]);
    out
}

/// An attribute list.
struct List {
    span: Range<usize>,
    /// Its line, when it stands alone on it; with a table of contents the item that it takes the place of.
    line: Option<Range<usize>>,
    is_contents: bool,
}

impl List {
    fn at(body: &str, start: usize) -> Option<Self> {
        let line_start = body[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = body[start..].find('\n').map_or(body.len(), |at| start + at + 1);
        let end = start + body[start..line_end].find('}')? + 1;
        let is_alone = body[line_start..start].trim_matches([' ', '\t', '>']).is_empty()
            && body[end..line_end].trim().is_empty();
        let is_contents = is_alone && body[start + 2..end - 1].trim() == "toc";
        let item = body[..line_start].trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        let is_item = body[item..line_start].trim_start().starts_with(['*', '-', '+', '1']);
        let from = if is_contents && is_item { item } else { line_start };
        Some(List { span: start..end, line: is_alone.then_some(from..line_end), is_contents })
    }
}

/// What stands only in lines of kramdown's own, as Markdown that others read: the inside of `markdown="1"`, tables with
/// lines above and below. Extensions and abbreviations go. Lines stay lines.
pub(super) fn as_markdown(body: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let inside_all = body.contains("parse_block_html=\"true\"");
    if !inside_all && !["markdown=", "{::", "*[", "|-", "|=", "|:"].iter().any(|mark| body.contains(mark)) {
        return body.to_owned();
    }
    let mut out = String::with_capacity(body.len());
    // The elements whose tags have gone, as they are within each other; of others of their names nothing.
    let mut open: Vec<(&'static str, bool)> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut is_comment = false;
    let mut at = 0;
    let mut before = "";
    let mut is_in_table = false;
    for line in body.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim();
        let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
        let mark = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark));
        if let Some(mark) = mark.filter(|_| !is_comment) {
            fence = match fence {
                None => Some(mark),
                Some(open) if open == mark => None,
                open => open,
            };
        }
        let is_code =
            fence.is_some() || mark.is_some() || line.starts_with("    ") && !is_comment && before.is_empty();
        if is_code {
            out.push_str(line);
            before = if fence.is_some() || mark.is_some() { text } else { "" };
            continue;
        }
        if text.starts_with("{::comment}") || is_comment {
            is_comment = !(text.contains("{:/comment}") || text.ends_with("{:/}"));
            out.push_str(end);
            continue;
        }
        if text.starts_with("*[") && text.contains("]:") {
            lost(start, format!("the abbreviation `{text}` is left out"));
            out.push_str(end);
            continue;
        }
        let is_ruled = |line: &str| {
            line.starts_with(['|', '+'])
                && line.contains(['-', '='])
                && line.chars().all(|c| "|+-=: ".contains(c))
        };
        if is_ruled(text) {
            // Markdown's tables have one such line, beneath their head, of as many columns.
            if before.contains('|') && !is_in_table && !text.contains('=') {
                out.push_str(&ruled(text, columns(before)));
                out.push_str(end);
                is_in_table = true;
            } else if !before.contains('|') {
                out.push_str(end);
            }
            continue;
        }
        is_in_table &= text.contains('|');
        before = text;
        let mut kept = extensions(line);
        if kept.contains('<') {
            kept = insides(&kept, inside_all, &mut open);
        }
        out.push_str(&kept);
    }
    out
}

/// How many cells a row of a table has.
fn columns(row: &str) -> usize {
    let inner = row.trim_matches('|').replace("\\|", "");
    inner.matches('|').count() + 1
}

/// A line of hyphens beneath so many columns.
fn ruled(line: &str, columns: usize) -> String {
    let inner = line.replace('+', "|");
    let mut cells: Vec<&str> = inner.trim_matches('|').split('|').map(str::trim).collect();
    cells.iter_mut().for_each(|cell| {
        if cell.is_empty() {
            *cell = "---";
        }
    });
    cells.resize(columns, "---");
    format!("|{}|", cells.join("|"))
}

/// A line without `{::options … /}`, `{::nomarkdown}` and what closes it.
fn extensions(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("{:") {
        let is_extension = rest[at + 2..].starts_with([':', '/']);
        match rest[at..].find('}').filter(|_| is_extension) {
            Some(end) => {
                out.push_str(&rest[..at]);
                rest = &rest[at + end + 1..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A line without the tags of elements whose inside is Markdown.
fn insides(line: &str, inside_all: bool, open: &mut Vec<(&'static str, bool)>) -> String {
    const ELEMENTS: [&str; 10] =
        ["div", "section", "aside", "article", "figure", "details", "span", "center", "header", "p"];
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag = &rest[at..rest[at..].find('>').map_or(rest.len(), |end| at + end + 1)];
        let inner = tag.trim_start_matches('<');
        let (inner, closes) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
        let name = ELEMENTS.into_iter().find(|name| {
            inner
                .strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        let goes = match (name, closes) {
            (None, _) => false,
            (Some(name), false) => {
                let marked = super::frames::attribute(tag, "markdown");
                let is_inside = marked.map_or(inside_all && name != "p", |value| value != "0");
                // Paragraphs are seldom closed.
                let is_kept = is_inside || open.len() < 100;
                if is_kept {
                    open.push((name, is_inside));
                }
                is_inside
            }
            (Some(name), true) => {
                let mine = open.iter().rposition(|(known, _)| *known == name);
                mine.is_some_and(|mine| open.remove(mine).1)
            }
        };
        if !goes {
            out.push_str(tag);
        }
        rest = &rest[at + tag.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_lists_go_and_code_that_shows_them_stays() {
        for (body, left) in [
            ("A text.\n{: .note}\n\nMore.\n", "A text.\n\n\nMore.\n"),
            ("![Quay](quay.png){: .left width=\"50\"} and *so*{:.x}.\n", "![Quay](quay.png) and *so*.\n"),
            ("See [it](a.md){:target=\"_blank\"} and `x`{: .y}\n", "See [it](a.md) and `x`\n"),
            ("| a | b |\n|---|---|\n| 1 | 2 |\n{: .wide}\n", "| a | b |\n|---|---|\n| 1 | 2 |\n\n"),
            ("> Said.\n> {: .by}\n", "> Said.\n\n"),
            ("# Title\n{: #top}\nText.\n", "# Title\n\nText.\n"),
            ("* TOC\n{:toc}\n\nText.\n", "\n\n\nText.\n"),
        ] {
            assert_eq!(without_attributes(body, &mut |_, _| {}), left, "{body}");
        }
        for same in [
            "Write `{: .x}` so.\n",
            "~~~\n{: .x}\n~~~\n",
            "````\n```\n{: .x}\n````\n",
            "    {: .x}\n",
            "A set {: n > 1} of numbers, and {:.\n",
            "<div>\n{: .x}\n</div>\n",
        ] {
            assert_eq!(without_attributes(same, &mut |_, _| panic!("nothing is lost")), same);
        }
        let mut told = Vec::new();
        without_attributes("* TOC\n{:toc}\n", &mut |at, what| told.push((at, what)));
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn what_only_kramdown_reads_is_markdown_for_all() {
        for (body, left) in [
            ("<div markdown=\"1\" class=\"x\">\n**Bold**\n</div>\nMore.\n", "\n**Bold**\n\nMore.\n"),
            ("<div class=\"a\"><span markdown='span'>*so*</span></div>\n", "<div class=\"a\">*so*</div>\n"),
            ("<div markdown=\"1\"><div>\n*so*\n</div></div>\n", "<div>\n*so*\n</div>\n"),
            ("{::options parse_block_html=\"true\" /}\n<div>\n*so*\n</div>\n", "\n\n*so*\n\n"),
            ("{::comment}\nsecret\n{:/comment}\nA.\n", "\n\n\nA.\n"),
            ("{::nomarkdown}<b>x</b>{:/}\n", "<b>x</b>\n"),
            (
                "|-----+-----|\n| a | b |\n|:---+---:|\n| 1 | 2 |\n|=====+=====|\n| f | g |\n",
                "\n| a | b |\n|:---|---:|\n| 1 | 2 |\n| f | g |\n",
            ),
        ] {
            assert_eq!(as_markdown(body, &mut |_, what| panic!("{what}")), left, "{body}");
        }
        for same in [
            "```\n<div markdown=\"1\">\n{::comment}\n```\n",
            "    <div markdown=\"1\">\n",
            "a | b\n--|--\n1 | 2\n",
            "| a | b |\n|---|---|\n| 1 | 2 |\n",
            "A set {: x} and {:.y} *[z].\n",
            "Head\n===\n\nOther\n---\n\n| a |\n",
        ] {
            assert_eq!(as_markdown(same, &mut |_, what| panic!("{what}")), same);
        }
        let mut told = Vec::new();
        assert_eq!(as_markdown("A.\n\n*[TK]: To come\n", &mut |at, what| told.push((at, what))), "A.\n\n\n");
        assert_eq!(told, [(4, "the abbreviation `*[TK]: To come` is left out".to_owned())]);
    }
}

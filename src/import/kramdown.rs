//! Kramdown's attribute lists, which say how a site looks and nothing to a reader: `{: .wide}`, `{:toc}`.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_lists_go_and_code_that_shows_them_stays() {
        for (body, left) in [
            ("A text.\n{: .note}\n\nMore.\n", "A text.\n\nMore.\n"),
            ("![Quay](quay.png){: .left width=\"50\"} and *so*{:.x}.\n", "![Quay](quay.png) and *so*.\n"),
            ("See [it](a.md){:target=\"_blank\"} and `x`{: .y}\n", "See [it](a.md) and `x`\n"),
            ("| a | b |\n|---|---|\n| 1 | 2 |\n{: .wide}\n", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
            ("> Said.\n> {: .by}\n", "> Said.\n"),
            ("# Title\n{: #top}\nText.\n", "# Title\nText.\n"),
            ("* TOC\n{:toc}\n\nText.\n", "\nText.\n"),
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
}

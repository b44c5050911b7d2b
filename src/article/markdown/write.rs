//! HTML of elsewhere → Markdown, by way of the tree that both have in common.

use super::raw;
use super::tree::{Aligned, Block, Definition, Inline, Item, Style, Table, What};

/// HTML as Markdown.
#[derive(Debug)]
pub(crate) struct Converted {
    /// Ends in a line break unless it is empty.
    pub(crate) markdown: String,
    /// The elements that no mail shows, and what else could not be carried over.
    pub(crate) lost: Vec<String>,
}

/// Turns a fragment of HTML into Markdown. What has no place in a mail is left out.
pub(crate) fn from_html(html: &str) -> Converted {
    let parsed = raw::blocks(html);
    let lost = parsed.seen.iter().filter_map(|seen| match seen {
        What::DroppedTag(name) => Some(format!("`<{name}>`")),
        What::TooDeep => Some("a piece with too many tags".to_owned()),
        _ => None,
    });
    let lost = lost.collect();
    let mut markdown = blocks(&parsed.blocks, false);
    if !markdown.is_empty() {
        markdown.push('\n');
    }
    Converted { markdown, lost }
}

/// Plain text as Markdown that says it.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let before = text[..at].chars().next_back();
        let after = text[at + c.len_utf8()..].chars().next();
        let within_word =
            before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        let means = match c {
            '\\' | '*' | '[' | ']' | '<' | '`' | '~' | '|' => true,
            '_' => !within_word,
            // An entity, as in `&amp;`.
            '&' => after.is_some_and(|c| c.is_ascii_alphabetic() || c == '#'),
            // `{#id}` behind a heading.
            '{' => true,
            _ => false,
        };
        if means {
            out.push('\\');
        }
        out.push(c);
    }
    // What begins a block at the start of a line.
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &out[digits..];
    if digits == 0 && rest.starts_with(['#', '>', '+', '-', '=', ':']) {
        out.insert(0, '\\');
    } else if digits > 0 && digits < 10 && rest.starts_with(['.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

fn blocks(all: &[Block], tight: bool) -> String {
    let mut out = String::new();
    for (at, one) in all.iter().enumerate() {
        let written = block(one);
        if written.trim().is_empty() {
            continue;
        }
        if !out.is_empty() {
            // Two lists in a row are two only with something between them.
            let both_lists = matches!((&all[at - 1], one), (Block::List { .. }, Block::List { .. }));
            out.push_str(if both_lists {
                "\n\n<!-- -->\n\n"
            } else if tight {
                "\n"
            } else {
                "\n\n"
            });
        }
        out.push_str(&written);
    }
    out
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(content) | Block::Plain(content) => inlines(content).trim().to_owned(),
        Block::Heading { level, content, .. } => {
            let text = inlines(content).replace("\\\n", " ").replace('\n', " ");
            format!("{} {}", "#".repeat(usize::from(*level)), text.trim())
        }
        Block::Quote(inner) => prefixed(&blocks(inner, false), "> ", "> "),
        Block::Code(text) => {
            let fence = "`".repeat(longest_run(text).max(2) + 1);
            format!("{fence}\n{}\n{fence}", text.trim_end_matches('\n'))
        }
        Block::List { start, items } => list(*start, items),
        Block::Table(table_of) => table(table_of),
        Block::Figure(image) => picture(&image.src, &image.alt, image.title.as_deref()),
        Block::Definitions(entries) => definitions(entries),
        Block::Rule => "---".to_owned(),
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

fn prefixed(text: &str, first: &str, rest: &str) -> String {
    let lines = text.lines().enumerate().map(|(at, line)| {
        let prefix = if at == 0 { first } else { rest };
        format!("{prefix}{line}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn list(start: Option<u64>, items: &[Item]) -> String {
    let loose =
        items.iter().any(|item| item.blocks.iter().filter(|b| matches!(b, Block::Paragraph(_))).count() > 1);
    let lines = items.iter().zip(start.unwrap_or_default()..).map(|(item, number)| {
        let mut marker = match start {
            Some(_) => format!("{}. ", number.min(999_999_999)),
            None => "- ".to_owned(),
        };
        let indent = " ".repeat(marker.len());
        if let Some(done) = item.task {
            marker.push_str(if done { "[x] " } else { "[ ] " });
        }
        let text = blocks(&item.blocks, !loose);
        if text.is_empty() { marker.trim_end().to_owned() } else { prefixed(&text, &marker, &indent) }
    });
    lines.collect::<Vec<_>>().join(if loose { "\n\n" } else { "\n" })
}

fn table(table: &Table) -> String {
    let cell =
        |content: &Vec<Inline>| inlines(content).replace("\\\n", " ").replace('\n', " ").trim().to_owned();
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut rows = table.rows.iter();
    // Markdown's tables have a head: without one the first row is it.
    let head = if table.head.is_empty() { rows.next() } else { Some(&table.head) };
    let Some(head) = head else { return String::new() };
    let rules = (0..head.len()).map(|at| match table.aligned.get(at) {
        Some(Aligned::Right) => "---:".to_owned(),
        Some(Aligned::Centre) => ":---:".to_owned(),
        Some(Aligned::Left) | None => "---".to_owned(),
    });
    let mut lines = vec![row(head.iter().map(cell).collect()), row(rules.collect())];
    lines.extend(rows.map(|cells| row(cells.iter().map(cell).collect())));
    lines.join("\n")
}

fn definitions(entries: &[Definition]) -> String {
    let lines = entries.iter().map(|entry| match entry {
        Definition::Term(content) => inlines(content).replace('\n', " ").trim().to_owned(),
        Definition::Meaning(inner) => prefixed(&blocks(inner, false), ": ", "  ") + "\n",
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn picture(src: &str, alt: &str, title: Option<&str>) -> String {
    let title = title
        .map(|title| format!(" \"{}\"", title.replace('\\', "\\\\").replace('"', "\\\"")))
        .unwrap_or_default();
    format!("![{}]({}{title})", escape(alt), address(src))
}

fn address(target: &str) -> String {
    if target.is_empty() || target.contains([' ', '(', ')', '<', '>']) {
        let target = target.replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C");
        return format!("<{target}>");
    }
    target.replace('\\', "%5C")
}

fn inlines(content: &[Inline]) -> String {
    let mut out = String::new();
    for inline in content {
        match inline {
            Inline::Text(text) => {
                let text = text.replace('\n', " ");
                let at_start = out.is_empty() || out.ends_with('\n');
                let escaped = escape(&text);
                // Only a line's first text can begin a block.
                let plain = if at_start { escaped } else { unguarded(escaped, &text) };
                out.push_str(if at_start { plain.trim_start() } else { &plain });
            }
            Inline::Code(text) => {
                let fence = "`".repeat(longest_run(text) + 1);
                let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
                out.push_str(&format!("{fence}{pad}{text}{pad}{fence}"));
            }
            Inline::Styled(style, inner) => styled(*style, inner, &mut out),
            Inline::Link { target, content } => {
                let text = inlines(content);
                if text.trim().is_empty() {
                    continue;
                }
                if text == escape(target) && target.starts_with("http") {
                    out.push_str(&format!("<{target}>"));
                } else {
                    out.push_str(&format!("[{}]({})", text.replace('\n', " "), address(target)));
                }
            }
            Inline::Image(image) => out.push_str(&picture(&image.src, &image.alt, image.title.as_deref())),
            Inline::Note(_) => {}
            Inline::SoftBreak => out.push('\n'),
            Inline::HardBreak => {
                out.truncate(out.trim_end_matches(' ').len());
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push_str("\\\n");
                }
            }
        }
    }
    // A break at the end breaks nothing.
    out.truncate(out.trim_end_matches(['\\', '\n']).len().max(out.trim_end_matches("\\\n").len()));
    out
}

/// Without the guard at its start, which nothing in the middle of a line needs.
fn unguarded(escaped: String, text: &str) -> String {
    let guarded = escaped
        .strip_prefix('\\')
        .filter(|rest| !text.starts_with('\\') && rest.starts_with(['#', '>', '+', '-', '=', ':']));
    guarded.map(str::to_owned).unwrap_or(escaped)
}

fn styled(style: Style, inner: &[Inline], out: &mut String) {
    let text = inlines(inner);
    let core = text.trim();
    if core.is_empty() {
        out.push_str(&text);
        return;
    }
    let (lead, tail) = (&text[..text.len() - text.trim_start().len()], &text[text.trim_end().len()..]);
    let mark = match style {
        Style::Emphasis => "*",
        Style::Strong => "**",
        Style::Struck => "~~",
        _ => {
            let tag = style.tag();
            out.push_str(&format!("{lead}<{tag}>{core}</{tag}>{tail}"));
            return;
        }
    };
    out.push_str(&format!("{lead}{mark}{core}{mark}{tail}"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::markdown::document;

    fn words(text: &str) -> String {
        text.chars().filter(|c| c.is_alphanumeric()).collect()
    }

    #[test]
    fn html_becomes_markdown_as_people_write_it() {
        let html = "<h2>The fare</h2><p>It <strong>stays</strong> at <em>two</em> pounds &amp; more,<br>see \
            <a href=\"https://ferry.example/a_b\">the timetable</a>.</p><ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>\
            <ol start=3><li>three</li></ol><blockquote><p>A quote</p><p>of two</p></blockquote><pre><code>let x = `1`;\n</code></pre>\
            <table><tr><th>A<th align=right>B<tr><td>1|2<td>2</table><figure><img src=\"a b.png\" alt=\"A [ferry]\"><figcaption>On \
            trials</figcaption></figure><p># no heading, 1. no list, *no stress*, snake_case and _so_</p><p>- nor this</p><iframe src=x></iframe><hr>";
        let converted = from_html(html);
        insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), omit_expression => true }, {
            insta::assert_snapshot!(converted.markdown);
        });
        assert_eq!(converted.lost, ["`<iframe>`"]);
    }

    proptest! {
        #[test]
        fn text_says_the_same_in_markdown(text in "[ -~äß\n]{0,60}") {
            let text = text.replace('\n', " ");
            let document = document(&escape(text.trim()));
            prop_assert_eq!(words(&document.plain()), words(&text), "{:?}", escape(&text));
        }

        #[test]
        fn any_html_is_converted(html in "(<(p|b|i|ul|li|ol|h3|pre|code|table|tr|td|a href=x|img src=y|blockquote)>|</(p|b|ul|li|pre|table)>|[a-z*_#>.` \\[\\]-]{0,6}){0,30}") {
            from_html(&html);
        }
    }
}

//! HTML of elsewhere → Markdown, by way of the tree that both have in common.

use super::build::heading_id;
use super::raw;
use super::tree::{Aligned, Block, Definition, Inline, Item, Style, Table, What, letters};

/// HTML as Markdown.
#[derive(Debug)]
pub(crate) struct Converted {
    /// Ends in a line break unless it is empty.
    pub(crate) markdown: String,
    /// What could not be carried over.
    pub(crate) lost: Vec<Lost>,
}

/// Something of the HTML that Markdown or a mail has no place for.
#[derive(Debug, PartialEq)]
pub(crate) struct Lost {
    /// What, in one line.
    pub(crate) what: String,
    seen: What,
}

impl Lost {
    /// The byte of `html` at which it stands; the first when it is not found there.
    pub(crate) fn place(&self, html: &str) -> usize {
        raw::Places::new(html).find(&self.seen).map_or(0, |at| at.start)
    }
}

/// Turns a fragment of HTML into Markdown. What has no place in a mail is left out.
pub(crate) fn from_html(html: &str) -> Converted {
    let parsed = raw::blocks_with_ids(html);
    let lost = parsed.seen.into_iter().filter_map(|seen| Some(Lost { what: seen.lost()?, seen })).collect();
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
        Block::Heading { level, id, content } => {
            let mut text = inlines(content).replace("\\\n", " ").replace('\n', " ").trim().to_owned();
            if text.is_empty() {
                return text;
            }
            // `## C #` would be one of `C`.
            if text.ends_with('#') && text.trim_end_matches('#').ends_with(' ') {
                text.insert(text.len() - 1, '\\');
            }
            // One that links may point at, and no other than it has by its words.
            let fits = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
            let is_own = !id.is_empty() && fits && *id != heading_id(&letters(content));
            let id = if is_own { format!(" {{#{id}}}") } else { String::new() };
            format!("{} {}{id}", "#".repeat(usize::from(*level)), text)
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
    let block = Around { before: None, after: None, within: &[] };
    written(content, block, &mut out);
    // A break at the end breaks nothing.
    let (lead, core, _) = without_gaps(&out);
    out.truncate(lead.len() + core.len());
    out
}

/// What a piece of a line stands in.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The letter in front of it and the one behind it; none where a line begins or ends.
    before: Option<char>,
    after: Option<char>,
    /// The styles that are open.
    within: &'a [Style],
}

fn written(content: &[Inline], around: Around<'_>, out: &mut String) {
    let mut at = 0;
    while let Some(inline) = content.get(at) {
        at += 1;
        let before = out.chars().next_back().or(around.before);
        match inline {
            Inline::Text(text) => {
                let mut text = text.clone();
                // What two pieces say together may mean something: `1` and `. a`.
                while let Some(Inline::Text(more)) = content.get(at) {
                    text.push_str(more);
                    at += 1;
                }
                let text = text.replace('\n', " ");
                let at_start = before.is_none_or(|c| c == '\n');
                let text = if at_start { text.trim_start() } else { &text };
                let escaped = escape(text);
                // Only a line's first text can begin a block.
                out.push_str(&if at_start { escaped } else { unguarded(escaped, text) });
            }
            // Two pieces of code side by side would be one, or none.
            Inline::Code(text) if before == Some('`') => {
                out.push_str(&format!("<code>{}</code>", unguarded(escape(text), text)));
            }
            Inline::Code(text) => {
                let fence = "`".repeat(longest_run(text) + 1);
                let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
                out.push_str(&format!("{fence}{pad}{text}{pad}{fence}"));
            }
            Inline::Styled(style, inner) => {
                let after = first_letter(&content[at..], around.within).or(around.after);
                styled(*style, inner, Around { before, after, ..around }, out);
            }
            Inline::Link { target, content } => {
                let mut text = String::new();
                written(content, Around { before: Some('['), after: Some(']'), ..around }, &mut text);
                let text = text.replace("\\\n", " ").replace('\n', " ");
                if text.trim().is_empty() {
                    let parts = !text.is_empty() && before.is_some_and(|c| !c.is_whitespace());
                    out.push_str(if parts { " " } else { "" });
                    continue;
                }
                if text == escape(target) && target.starts_with("http") {
                    out.push_str(&format!("<{target}>"));
                } else {
                    // `![` would begin a picture.
                    if out.ends_with('!') {
                        out.insert(out.len() - 1, '\\');
                    }
                    out.push_str(&format!("[{text}]({})", address(target)));
                }
            }
            Inline::Image(image) => out.push_str(&picture(&image.src, &image.alt, image.title.as_deref())),
            Inline::Note(_) => {}
            Inline::SoftBreak => out.push('\n'),
            Inline::HardBreak => {
                out.truncate(out.trim_end_matches(' ').len());
                if out.chars().next_back().or(around.before).is_some_and(|c| c != '\n') {
                    out.push_str("\\\n");
                }
            }
        }
    }
}

/// Without the guard at its start, which nothing in the middle of a line needs.
fn unguarded(escaped: String, text: &str) -> String {
    let guarded = escaped
        .strip_prefix('\\')
        .filter(|rest| !text.starts_with('\\') && rest.starts_with(['#', '>', '+', '-', '=', ':']));
    guarded.map(str::to_owned).unwrap_or(escaped)
}

/// The letter with which `content` begins where the styles `within` are open, or another of its kind.
fn first_letter(content: &[Inline], within: &[Style]) -> Option<char> {
    content.iter().find_map(|inline| match inline {
        Inline::Text(text) => text.chars().next(),
        Inline::Styled(style, content) => first_letter(content, within).map(|first| {
            // Behind the mark of another it is a tag.
            if first.is_whitespace() || within.contains(style) { first } else { '<' }
        }),
        Inline::Code(_) => Some('`'),
        Inline::Link { content, .. } => first_letter(content, within).map(|_| '['),
        Inline::Image(_) => Some('!'),
        Inline::SoftBreak | Inline::HardBreak => Some('\n'),
        Inline::Note(_) => None,
    })
}

fn styled(style: Style, inner: &[Inline], around: Around<'_>, out: &mut String) {
    // Nothing is twice as bold.
    if around.within.contains(&style) {
        return written(inner, around, out);
    }
    use Style::{Emphasis, Strong, Struck};
    let is_open = |style: Style| around.within.contains(&style);
    // `***both***`
    let (mark, inner, styles) = match (style, inner) {
        (Strong, [Inline::Styled(Emphasis, inner)]) if !is_open(Emphasis) => {
            ("***", inner.as_slice(), vec![Strong, Emphasis])
        }
        (Emphasis, [Inline::Styled(Strong, inner)]) if !is_open(Strong) => {
            ("***", inner.as_slice(), vec![Emphasis, Strong])
        }
        (Strong, _) => ("**", inner, vec![style]),
        (Emphasis, _) => ("*", inner, vec![style]),
        (Struck, _) => ("~~", inner, vec![style]),
        _ => ("", inner, vec![style]),
    };
    let sign = mark.chars().next();
    let within: Vec<Style> = around.within.iter().chain(&styles).copied().collect();
    let mut text = String::new();
    // Between tags the same stands as between marks: both are punctuation.
    let between = sign.or(Some('>'));
    written(inner, Around { before: between, after: between, within: &within }, &mut text);
    let (lead, core, tail) = without_gaps(&text);
    gap(lead, around, out);
    if core.is_empty() {
        return gap(tail, around, out);
    }
    let before = out.chars().next_back().or(around.before);
    let after = if tail.is_empty() { around.after } else { Some(' ') };
    let is_read = sign.is_some()
        && flanks(core.chars().next(), before, sign)
        && flanks(core.chars().next_back(), after, sign);
    let (opened, closed): (String, String) = if is_read {
        (mark.to_owned(), mark.to_owned())
    } else {
        let tags = styles.iter().map(|style| style.tag());
        (
            tags.clone().map(|tag| format!("<{tag}>")).collect(),
            tags.rev().map(|tag| format!("</{tag}>")).collect(),
        )
    };
    out.push_str(&format!("{opened}{core}{closed}"));
    gap(tail, around, out);
}

/// The spaces and breaks at the beginning of `text`, what stands between, and those at its end.
fn without_gaps(text: &str) -> (&str, &str, &str) {
    let mut core = text.trim_start();
    while let Some(rest) = core.strip_prefix("\\\n") {
        core = rest.trim_start();
    }
    let lead = &text[..text.len() - core.len()];
    let mut end = core;
    loop {
        let line = end.trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
        match line.strip_suffix("\\\n") {
            Some(rest) => end = rest,
            None => break end = line.trim_end(),
        }
    }
    (lead, end, &core[end.len()..])
}

/// Writes spaces and breaks beside what is set off.
fn gap(text: &str, around: Around<'_>, out: &mut String) {
    match text.contains("\\\n") {
        true => written(&[Inline::HardBreak], around, out),
        false => out.push_str(text),
    }
}

/// Whether a mark between the letter `inner` of what it marks and the letter `outer` beside that is read as one
/// (CommonMark's "flanking"): not next to a sign, unless another or a space is on its other side.
fn flanks(inner: Option<char>, outer: Option<char>, sign: Option<char>) -> bool {
    let is_sign = |c: char| c.is_ascii_punctuation();
    inner.is_some_and(|c| Some(c) != sign)
        && outer != sign
        && (inner.is_some_and(char::is_alphanumeric) || outer.is_none_or(|c| c.is_whitespace() || is_sign(c)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::Simpler;
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
        let lost: Vec<&str> = converted.lost.iter().map(|lost| lost.what.as_str()).collect();
        assert_eq!(lost, ["`<iframe>` does not go into a mail and is left out"]);
    }

    #[test]
    fn what_is_set_off_is_so_next_to_any_sign() {
        for (html, markdown) in [
            ("<strong>Note:</strong>text", "<strong>Note:</strong>text"),
            ("<strong>Note:</strong> text", "**Note:** text"),
            ("<strong>重要。</strong>次の文", "<strong>重要。</strong>次の文"),
            ("<strong>重要</strong>次の文", "**重要**次の文"),
            ("x<em>\"quoted\"</em>y", "x<em>\"quoted\"</em>y"),
            (
                "<strong><a href=\"https://e.org\">a link</a></strong>more",
                "<strong>[a link](https://e.org)</strong>more",
            ),
            ("<b>a</b><b>b</b>", "**a**<strong>b</strong>"),
            ("<em>a</em><strong>b</strong> c", "*a*<strong>b</strong> c"),
            ("<b>bold <i>both</b> italic</i>", "**bold <em>both</em>** *italic*"),
            ("<b><i>both</i></b>, <i><b>too</b></i>", "***both***, ***too***"),
            ("<b>a <strong>b</strong></b>", "**a b**"),
            ("a<b><br>b<br></b>c", "a\\\n**b**\\\nc"),
            ("<s>£3!</s>£2, <s>£3</s>£2", "<del>£3!</del>£2, ~~£3~~£2"),
            ("*<b>x</b>*", "\\*<strong>x</strong>\\*"),
            ("!<a href=\"https://e.org\">so</a>", "\\![so](https://e.org)"),
            (
                "<span>1</span>. So, and <span>\\</span>!<b>!</b><a href=\"https://e.org\">x</a>",
                "1\\. So, and \\\\!**!**[x](https://e.org)",
            ),
        ] {
            assert_eq!(from_html(&format!("<p>{html}</p>")).markdown, format!("{markdown}\n"), "{html}");
        }
    }

    #[test]
    fn cells_over_several_rows_and_columns_leave_the_others_where_they_are() {
        let html = "<table><tr><th rowspan=2>Ship<th colspan=2>Fare<th data-align=right>Tons</tr><tr><td>Adult<td>Child<td>1</tr>\
            <tr><td>A<td>2<td rowspan=2>3<td>4</tr><tr><td>B<td>5<td>6</tr></table>";
        let converted = from_html(html);
        assert_eq!(
            converted.markdown,
            "| Ship | Fare |  | Tons |\n| --- | --- | --- | ---: |\n|  | Adult | Child | 1 |\n| A | 2 | 3 | 4 |\n| B | 5 |  | 6 |\n"
        );
        let lost: Vec<(&str, usize)> =
            converted.lost.iter().map(|lost| lost.place(html)).map(|at| (&html[at..at + 7], at)).collect();
        assert_eq!(lost, [("rowspan", 15), ("colspan", 33)]);
        let wide = format!("<table><tr>{}</table>", "<td colspan=100 rowspan=100>x".repeat(1_400));
        assert!(from_html(&wide).markdown.len() < 100_000);
    }

    #[test]
    fn what_markdown_has_no_place_for_is_told_and_its_words_stay() {
        for (html, markdown, told) in [
            ("<abbr title=x>TV</abbr>", "TV", "`<abbr>` does not go into a mail; its text stays"),
            ("<ruby>漢<rt>kan</rt></ruby>", "漢kan", "`<rt>` does not go into a mail; its text stays"),
            ("a<input>", "a", "`<input>` does not go into a mail and is left out"),
            ("a <q>b</q>", "a “b”", ""),
            ("<a href=\"tel:+1 555\">call us</a>, <a href=\"TEL:5-6\">56</a>", "call us (+1 555), 56", ""),
            (
                "a<img src=\"data:image/png;base64,AAAA\">",
                "a",
                "a link or a picture of `data:…` does not go into a mail and is left out",
            ),
            ("a<!-- b", "a", Simpler::OpenComment.what()),
            ("<!-- a --><!--> -->b", "\\-->b", ""),
            ("<ol type=a><li>b</ol>", "1. b", Simpler::Letters.what()),
            ("<ol reversed><li>b</ol>", "1. b", Simpler::Backwards.what()),
            ("<ol type=1><li>b</ol>", "1. b", ""),
            ("<h2></h2><h2>&nbsp;</h2>a", "a", ""),
            ("<h2>In C #</h2><h2>C#</h2>", "## In C \\#\n\n## C#", ""),
            ("<h2 id=\"fares\">What it costs</h2>", "## What it costs {#fares}", ""),
            ("<h2 id=\"what-it-costs\">What it costs</h2>", "## What it costs", ""),
            ("<h2 id=\"a} b\">c</h2>", "## c", ""),
            ("<h2 id=\"new-price\"><s>Old</s> New price</h2>", "## ~~Old~~ New price {#new-price}", ""),
            ("<h2 id=\"old-new-price\"><s>Old</s> New price</h2>", "## ~~Old~~ New price", ""),
        ] {
            let converted = from_html(html);
            let lost = converted.lost.first().map_or("", |lost| lost.what.as_str());
            assert_eq!((converted.markdown.trim_end(), lost), (markdown, told), "{html}");
        }
    }

    /// Text with more of Markdown's signs than chance gives.
    fn inline() -> impl Strategy<Value = Inline> {
        let signs = prop::sample::select(vec![
            "a", "b", "1", " ", "  ", "*", "!", "(", ")", "[", "]", "~", "_", ":", ",", "<", "&", "#", "\\",
            "`", "。", "重", "«", "é", "\u{a0}", "€",
        ]);
        let text = prop::collection::vec(signs, 1..5).prop_map(|signs| Inline::Text(signs.concat()));
        let leaf =
            prop_oneof![6 => text, 1 => Just(Inline::HardBreak), 1 => Just(Inline::Code("x".to_owned()))];
        let styled = |inner: BoxedStrategy<Inline>| {
            let styles = vec![Style::Emphasis, Style::Strong, Style::Struck, Style::Underlined];
            (prop::sample::select(styles), prop::collection::vec(inner, 1..4))
                .prop_map(|(style, content)| Inline::Styled(style, content))
                .boxed()
        };
        let flat = leaf.prop_recursive(3, 12, 3, move |inner| styled(inner.boxed())).boxed();
        let link = prop::collection::vec(flat.clone(), 1..4)
            .prop_map(|content| Inline::Link { target: "https://e.org/x".to_owned(), content });
        let any = prop_oneof![3 => flat, 1 => link].boxed();
        prop_oneof![any.clone(), styled(any)]
    }

    /// Each letter with the styles that it has; a run of spaces and breaks is one space of none.
    fn lettered(
        content: &[Inline],
        within: &mut Vec<&'static str>,
        out: &mut Vec<(char, Vec<&'static str>)>,
    ) {
        for inline in content {
            match inline {
                Inline::Styled(Style::Code, content) => lettered(content, within, out),
                Inline::Text(text) | Inline::Code(text) => {
                    for c in text.chars() {
                        let mut marks = within.clone();
                        marks.sort_unstable();
                        marks.dedup();
                        match c.is_whitespace() {
                            true if out.last().is_none_or(|(last, _)| *last == ' ') => {}
                            true => out.push((' ', Vec::new())),
                            false => out.push((c, marks)),
                        }
                    }
                }
                Inline::Styled(style, content) => {
                    within.push(style.tag());
                    lettered(content, within, out);
                    within.pop();
                }
                Inline::Link { content, .. } => lettered(content, within, out),
                Inline::SoftBreak | Inline::HardBreak => {
                    lettered(&[Inline::Text(" ".to_owned())], within, out)
                }
                Inline::Image(_) | Inline::Note(_) => {}
            }
        }
    }

    fn letters(blocks: &[Block]) -> Vec<(char, Vec<&'static str>)> {
        let mut out = Vec::new();
        for block in blocks {
            match block {
                Block::Paragraph(content) | Block::Plain(content) => {
                    lettered(content, &mut Vec::new(), &mut out)
                }
                other => panic!("{other:?} is no paragraph"),
            }
        }
        while out.last().is_some_and(|(last, _)| *last == ' ') {
            out.pop();
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_set_off_is_read_back_as_it_was(content in proptest::collection::vec(inline(), 1..5)) {
            let blocks = [Block::Paragraph(content)];
            let markdown = super::blocks(&blocks, false);
            prop_assert_eq!(letters(&document(&markdown).blocks), letters(&blocks), "{:?}", markdown);
        }
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

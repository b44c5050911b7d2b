//! [`Document`] → plain text, as the module above promises it.

use std::collections::HashMap;

use super::quotes::Quotes;
use super::script;
use super::tree::{Aligned, Block, Definition, Document, Inline, Item, Style, Table, plain};
use super::wrap::{measure, wrap};
use super::{RenderOptions, Target};
use crate::words::Words;

/// Columns of a line.
const WIDTH: usize = 72;
/// Code is set in so far, and its over-long lines go on so much further in.
const CODE_INDENT: usize = 4;
/// However deep a list is, its text keeps so many columns; deeper ones are indented no further.
const NARROWEST: usize = 24;
/// Stand for the brackets that are ours, until those of the content are told apart; content never has them.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Text, and the addresses behind its numbers.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) links: Vec<String>,
}

pub(super) fn render(document: &Document, options: &RenderOptions<'_>) -> Rendered {
    let mut writer = Writer { options, links: Vec::new(), numbers: HashMap::new() };
    let mut lines = writer.blocks(&document.blocks, WIDTH);
    for (index, blocks) in document.notes.iter().enumerate() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let marked = with_mark(blocks, &format!("{} ", writer.note(index)));
        lines.extend(prefixed("", "    ", writer.blocks(&marked, WIDTH - 4)));
    }
    let text: String = lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect();
    Rendered { text, links: writer.links }
}

pub(super) fn render_inline(content: &[Inline], options: &RenderOptions<'_>) -> Rendered {
    let mut writer = Writer { options, links: Vec::new(), numbers: HashMap::new() };
    let text = writer.line(content);
    Rendered { text, links: writer.links }
}

/// How a task begins: mails have no check boxes.
pub(super) fn tick(done: bool) -> &'static str {
    if done { "☑ " } else { "☐ " }
}

/// Whether a link shows nothing but its own address.
pub(super) fn is_its_own_text(shown: &str, target: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches("mailto:").trim_end_matches('/').to_owned();
    // `www.` says as much as a scheme does: programs that read mail make a link of it.
    let whole = if shown.starts_with("www.") { format!("https://{shown}") } else { shown.to_owned() };
    target.contains([':', '@']) && bare(&whole) == bare(target)
}

struct Writer<'a, 'o> {
    options: &'a RenderOptions<'o>,
    links: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Writer<'_, '_> {
    /// How a footnote is referred to.
    fn note(&self, index: usize) -> String {
        self.options.words.fill("note_mark", &[("number", &(index + 1).to_string())])
    }

    fn blocks(&mut self, blocks: &[Block], width: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut before: Option<&Block> = None;
        for block in blocks {
            let written = self.block(block, width);
            if written.is_empty() {
                continue;
            }
            let tight =
                matches!((before, block), (Some(Block::Plain(_)), Block::List { .. } | Block::Plain(_)));
            if before.is_some() && !tight {
                lines.push(String::new());
            }
            lines.extend(written);
            before = Some(block);
        }
        lines
    }

    fn block(&mut self, block: &Block, width: usize) -> Vec<String> {
        match block {
            Block::Paragraph(content) | Block::Plain(content) => self.flow(content, width),
            Block::Heading { content, .. } => {
                let mut lines = self.flow(content, width);
                let longest = lines.iter().map(|line| measure(line)).max().unwrap_or(0);
                if longest > 0 {
                    // An address is broken nowhere, and may be wider.
                    lines.push("-".repeat(longest.min(width)));
                }
                lines
            }
            Block::Quote(blocks) => self.indented("> ", "> ", blocks, width),
            Block::Code(code) => code_lines(code, width),
            Block::List { start, items } => self.list(*start, items, width),
            Block::Table(table) => self.table(table, width),
            Block::Figure(image) => {
                let mut lines = self.flow(&[Inline::Image(image.clone())], width);
                if let Some(caption) = &image.title {
                    let quotes = Quotes::of(self.options.words);
                    lines.extend(self.flow(&super::line_in(caption, &quotes).0, width));
                }
                lines
            }
            Block::Definitions(entries) => self.definitions(entries, width),
            Block::Rule => vec!["* * *".to_owned()],
        }
    }

    /// Blocks behind `first` and, from the second line on, behind `rest`.
    fn indented(&mut self, first: &str, rest: &str, blocks: &[Block], width: usize) -> Vec<String> {
        match width.checked_sub(measure(rest)).filter(|&left| left >= NARROWEST) {
            Some(left) => prefixed(first, rest, self.blocks(blocks, left)),
            None => self.blocks(&with_mark(blocks, first), width),
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Item], width: usize) -> Vec<String> {
        let loose =
            items.iter().flat_map(|item| &item.blocks).any(|block| matches!(block, Block::Paragraph(_)));
        let mut lines = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if loose && index > 0 {
                lines.push(String::new());
            }
            let marker = match start {
                Some(start) => format!("{}. ", start.saturating_add(index as u64)),
                None => "* ".to_owned(),
            };
            let ticked;
            let blocks = match item.task {
                Some(done) => {
                    ticked = with_mark(&item.blocks, tick(done));
                    &ticked
                }
                None => &item.blocks,
            };
            let written = self.indented(&marker, &" ".repeat(marker.len()), blocks, width);
            if written.is_empty() {
                // What is struck altogether is no item any more.
                if blocks.is_empty() {
                    lines.push(marker);
                }
            } else {
                lines.extend(written);
            }
        }
        lines
    }

    fn definitions(&mut self, entries: &[Definition], width: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for entry in entries {
            match entry {
                Definition::Term(content) => {
                    if !lines.is_empty() {
                        lines.push(String::new());
                    }
                    lines.extend(self.flow(content, width));
                }
                Definition::Meaning(blocks) => lines.extend(self.indented("    ", "    ", blocks, width)),
            }
        }
        lines
    }

    fn table(&mut self, table: &Table, width: usize) -> Vec<String> {
        let head: Vec<String> = table.head.iter().map(|cell| self.line(cell)).collect();
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| self.line(cell)).collect()).collect();
        let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
        let widest: Vec<usize> = (0..columns)
            .map(|i| {
                rows.iter().chain([&head]).filter_map(|row| row.get(i)).map(|c| measure(c)).max().unwrap_or(0)
            })
            .collect();
        if widest.iter().sum::<usize>() + 2 * columns.saturating_sub(1) > width {
            return records(&head, &rows, width, self.options.words);
        }
        let row = |cells: &[String]| -> String {
            let padded: Vec<String> = widest
                .iter()
                .enumerate()
                .map(|(i, &wide)| pad(cells.get(i).map_or("", String::as_str), wide, table.aligned.get(i)))
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        let mut lines = Vec::new();
        if head.iter().any(|cell| !cell.is_empty()) {
            lines.push(row(&head));
            lines.push(widest.iter().map(|&wide| "-".repeat(wide)).collect::<Vec<_>>().join("  "));
        }
        lines.extend(rows.iter().map(|cells| row(cells)).filter(|line| !line.is_empty()));
        lines
    }

    fn flow(&mut self, content: &[Inline], width: usize) -> Vec<String> {
        let text = self.inlines(content);
        wrap(&text, width).into_iter().map(|line| line.replace('\u{A0}', " ")).collect()
    }

    /// Content on one line.
    fn line(&mut self, content: &[Inline]) -> String {
        let text = self.inlines(content).replace('\u{A0}', " ");
        text.split([' ', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn inlines(&mut self, content: &[Inline]) -> String {
        let mut out = String::new();
        self.collect(content, false, &mut out);
        without_false_numbers(&script::without_struck(&out)).replace(OPEN, "[").replace(CLOSE, "]")
    }

    fn collect(&mut self, content: &[Inline], in_link: bool, out: &mut String) {
        for inline in content {
            match inline {
                Inline::Text(text) => out.push_str(&visible(text)),
                Inline::Code(code) => {
                    out.push_str(
                        &visible(code).replace('[', &OPEN.to_string()).replace(']', &CLOSE.to_string()),
                    );
                }
                // A correction that read as both would be none.
                Inline::Styled(Style::Struck, _) => out.push(script::STRUCK),
                Inline::Styled(style @ (Style::Superscript | Style::Subscript), content) => {
                    let mut set = String::new();
                    self.collect(content, in_link, &mut set);
                    out.push_str(&script::set(*style, &script::without_struck(&set)));
                }
                Inline::Styled(_, content) => self.collect(content, in_link, out),
                Inline::Link { target, content } => {
                    self.collect(content, true, out);
                    if let Some(url) = self.address(target).filter(|_| !in_link)
                        && !is_its_own_text(&plain(content), target)
                    {
                        let number = self.number(url);
                        let gap = if out.ends_with([' ', '\n']) || out.is_empty() { "" } else { " " };
                        out.push_str(&format!("{gap}{OPEN}{number}{CLOSE}"));
                    }
                }
                Inline::Image(image) if image.alt.is_empty() => {}
                Inline::Image(image) => {
                    let alt = visible(&image.alt);
                    let shown = self.options.words.fill("picture", &[("alt", &alt)]);
                    out.push_str(&format!("{OPEN}{shown}{CLOSE}"));
                }
                Inline::Note(index) => {
                    let gap = if out.ends_with([' ', '\n']) || out.is_empty() { "" } else { " " };
                    out.push_str(&format!("{gap}{}", self.note(*index).replace(' ', "\u{A0}")));
                }
                Inline::SoftBreak => out.push(' '),
                Inline::HardBreak => out.push('\n'),
            }
        }
    }

    fn address(&self, target: &str) -> Option<String> {
        match Target::of(target) {
            Target::Outside(url) => Some(url),
            Target::Beside(target) => (self.options.link)(&target),
            Target::Here(_) | Target::Refused => None,
        }
    }

    /// The number of an address; the same address has the same one.
    fn number(&mut self, url: String) -> usize {
        if let Some(number) = self.options.numbered.get(&url) {
            return *number;
        }
        let next = self.options.numbered.len() + 1 + self.links.len();
        *self.numbers.entry(url).or_insert_with_key(|url| {
            self.links.push(url.clone());
            next
        })
    }
}

fn prefixed(first: &str, rest: &str, lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| format!("{}{line}", if i == 0 { first } else { rest }).trim_end().to_owned())
        .collect()
}

/// `blocks` with `mark` at the beginning of their text.
fn with_mark(blocks: &[Block], mark: &str) -> Vec<Block> {
    let mut marked = blocks.to_vec();
    match marked.first_mut() {
        Some(Block::Paragraph(content) | Block::Plain(content)) => {
            content.insert(0, Inline::Text(mark.to_owned()));
        }
        _ => marked.insert(0, Block::Plain(vec![Inline::Text(mark.trim_end().to_owned())])),
    }
    marked
}

/// Code, four columns in. A line that is too long goes on deeper than it began, broken at a space where there is one.
fn code_lines(code: &str, width: usize) -> Vec<String> {
    let room = width.saturating_sub(CODE_INDENT).max(8);
    let mut lines = Vec::new();
    for line in code.trim_end_matches('\n').split('\n') {
        let line = line.replace('\t', "    ");
        let mut rest = line.trim_end();
        let depth = (rest.len() - rest.trim_start_matches(' ').len()).min(room / 2);
        let mut indent = 0;
        loop {
            let fits = fitting(rest, room - indent);
            let spaces = " ".repeat(if rest.is_empty() { 0 } else { CODE_INDENT + indent });
            lines.push(format!("{spaces}{}", rest[..fits].trim_end()));
            rest = rest[fits..].trim_start_matches(' ');
            if rest.is_empty() {
                break;
            }
            indent = (depth + CODE_INDENT).min(room / 2);
        }
    }
    lines
}

/// How many bytes of `code` fit into `room` columns: all of it, else up to a space behind its first half, else what can.
fn fitting(code: &str, room: usize) -> usize {
    let mut taken = 0;
    let over = code.char_indices().find(|(_, c)| {
        taken += measure(c.encode_utf8(&mut [0; 4]));
        taken > room
    });
    let Some((end, _)) = over else { return code.len() };
    let begins = code.len() - code.trim_start_matches(' ').len();
    let at_space = if code[end..].starts_with(' ') { Some(end) } else { code[..end].rfind(' ') };
    at_space.filter(|&at| at > begins && at * 2 > end).unwrap_or(end.max(1))
}

/// A table that is too wide: a block of `header: value` lines for each row.
fn records(head: &[String], rows: &[Vec<String>], width: usize, words: &Words) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in rows {
        let mut block = Vec::new();
        for (i, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let text = match head.get(i).filter(|name| !name.is_empty()) {
                Some(name) => words.fill("labelled", &[("label", name), ("text", cell)]),
                None => cell.clone(),
            };
            block.extend(prefixed("", "  ", wrap(&text, width.saturating_sub(2))));
        }
        if !block.is_empty() && !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(block);
    }
    lines
}

fn pad(cell: &str, width: usize, aligned: Option<&Aligned>) -> String {
    let missing = width.saturating_sub(measure(cell));
    let before = match aligned {
        Some(Aligned::Right) => missing,
        Some(Aligned::Centre) => missing / 2,
        Some(Aligned::Left) | None => 0,
    };
    format!("{}{cell}{}", " ".repeat(before), " ".repeat(missing - before))
}

/// Without what shows as nothing: soft hyphens, zero-width spaces, joiners of words, byte order marks.
fn visible(text: &str) -> String {
    text.replace(['\u{AD}', '\u{200B}', '\u{2060}', '\u{FEFF}', '\u{34F}'], "")
}

/// `[7]` of the content becomes `(7)`: it would read as the number of a link.
fn without_false_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        out.push_str(before);
        let digits = bracket[1..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && bracket[1 + digits..].starts_with(']') {
            out.push_str(&format!("({})", &bracket[1..=digits]));
            rest = &bracket[digits + 2..];
        } else {
            out.push('[');
            rest = &bracket[1..];
        }
    }
    out.push_str(rest);
    out
}

//! [`Document`] → bare text: what is searched and quoted, a block a line.

use super::line_in;
use super::quotes::Quotes;
use super::tree::{Block, Definition, Document, Inline, plain};

/// Captions, which are read here only, get their marks from `quotes`.
pub(super) fn render(document: &Document, quotes: &Quotes<'_>) -> String {
    let mut lines = Vec::new();
    blocks(&document.blocks, quotes, &mut lines);
    for note in &document.notes {
        blocks(note, quotes, &mut lines);
    }
    lines.join("\n")
}

fn blocks(content: &[Block], quotes: &Quotes<'_>, lines: &mut Vec<String>) {
    for block in content {
        match block {
            Block::Paragraph(content) | Block::Plain(content) | Block::Heading { content, .. } => {
                line(content, lines);
            }
            Block::Quote(content) => blocks(content, quotes, lines),
            Block::Code(code) => push(code, lines),
            Block::List { items, .. } => {
                for item in items {
                    blocks(&item.blocks, quotes, lines);
                }
            }
            Block::Table(table) => {
                for row in std::iter::once(&table.head).chain(&table.rows) {
                    push(&row.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" "), lines);
                }
            }
            Block::Figure(image) => {
                push(&image.alt, lines);
                line(&line_in(image.title.as_deref().unwrap_or_default(), quotes).0, lines);
            }
            Block::Definitions(entries) => {
                for entry in entries {
                    match entry {
                        Definition::Term(content) => line(content, lines),
                        Definition::Meaning(content) => blocks(content, quotes, lines),
                    }
                }
            }
            Block::Rule => {}
        }
    }
}

fn line(content: &[Inline], lines: &mut Vec<String>) {
    push(&plain(content), lines);
}

fn push(text: &str, lines: &mut Vec<String>) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        lines.push(text);
    }
}

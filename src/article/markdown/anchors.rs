//! Which headings of a document its own links point at.

use std::collections::HashSet;

use super::Target;
use super::tree::{Block, Definition, Document, Inline};

/// The ids of headings that need one in the HTML.
pub(super) fn linked(document: &Document) -> HashSet<String> {
    let mut linked = HashSet::new();
    document.blocks.iter().chain(document.notes.iter().flatten()).for_each(|b| linked_in(b, &mut linked));
    let headings = document.heading_ids();
    linked.retain(|id| headings.contains(id.as_str()));
    linked
}

/// Gathers what `#heading` links of a block point at.
fn linked_in(block: &Block, linked: &mut HashSet<String>) {
    let mut look = |content: &[Inline]| linked_in_inlines(content, linked);
    match block {
        Block::Paragraph(content) | Block::Plain(content) | Block::Heading { content, .. } => look(content),
        Block::Table(table) => {
            table.head.iter().chain(table.rows.iter().flatten()).for_each(|cell| look(cell))
        }
        Block::Quote(blocks) => blocks.iter().for_each(|b| linked_in(b, linked)),
        Block::List { items, .. } => items.iter().flat_map(|i| &i.blocks).for_each(|b| linked_in(b, linked)),
        Block::Definitions(entries) => {
            for entry in entries {
                match entry {
                    Definition::Term(content) => linked_in_inlines(content, linked),
                    Definition::Meaning(blocks) => blocks.iter().for_each(|b| linked_in(b, linked)),
                }
            }
        }
        Block::Code(_) | Block::Figure(_) | Block::Rule => {}
    }
}

fn linked_in_inlines(content: &[Inline], linked: &mut HashSet<String>) {
    for inline in content {
        match inline {
            Inline::Link { target, content } => {
                if let Target::Here(id) = Target::of(target) {
                    linked.insert(id);
                }
                linked_in_inlines(content, linked);
            }
            Inline::Styled(_, content) => linked_in_inlines(content, linked),
            Inline::Text(_)
            | Inline::Code(_)
            | Inline::Image(_)
            | Inline::Note(_)
            | Inline::SoftBreak
            | Inline::HardBreak => {}
        }
    }
}

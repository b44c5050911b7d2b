//! What Markdown says, before it is HTML or text.

use std::collections::HashSet;
use std::ops::Range;

use super::raw::keeps_its_text;
use super::script;
use super::wrap::sentence;

/// A document: what both renderers walk, and what the linter looks at.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
    /// Footnotes in the order of their first reference.
    pub(crate) notes: Vec<Vec<Block>>,
    /// What the linter looks at, in the order of the source.
    pub(crate) seen: Vec<Seen>,
    /// Where the words stand, marks and addresses left out, in the order of the source.
    pub(crate) words: Vec<Range<usize>>,
    /// Where paragraphs stand.
    pub(crate) paragraphs: Vec<Range<usize>>,
    /// Where comments of HTML stand.
    pub(crate) comments: Vec<Range<usize>>,
    /// Where a block of code begins that is never closed.
    pub(crate) open_fence: Option<Range<usize>>,
}

/// A block; see the module's contract for its HTML.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Paragraph(Vec<Inline>),
    /// Content of a tight list item: a paragraph without its element.
    Plain(Vec<Inline>),
    Heading {
        level: u8,
        id: String,
        content: Vec<Inline>,
    },
    Quote(Vec<Block>),
    Code(String),
    List {
        start: Option<u64>,
        items: Vec<Item>,
    },
    Table(Table),
    /// An image that stands alone.
    Figure(Image),
    Definitions(Vec<Definition>),
    Rule,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Item {
    /// Whether it is done, when it is a task.
    pub(crate) task: Option<bool>,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Definition {
    Term(Vec<Inline>),
    Meaning(Vec<Block>),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) aligned: Vec<Aligned>,
    pub(crate) head: Vec<Vec<Inline>>,
    pub(crate) rows: Vec<Vec<Vec<Inline>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aligned {
    Left,
    Centre,
    Right,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Styled(Style, Vec<Inline>),
    Link {
        target: String,
        content: Vec<Inline>,
    },
    Image(Image),
    /// A reference to a footnote, from 0.
    Note(usize),
    SoftBreak,
    HardBreak,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) src: String,
    pub(crate) alt: String,
    /// Becomes the caption where the image stands alone.
    pub(crate) title: Option<String>,
}

/// Inline elements without attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Emphasis,
    Strong,
    Struck,
    Inserted,
    Superscript,
    Subscript,
    Small,
    Marked,
    Underlined,
    Cited,
    Keyboard,
    Code,
}

impl Style {
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Style::Emphasis => "em",
            Style::Strong => "strong",
            Style::Struck => "del",
            Style::Inserted => "ins",
            Style::Superscript => "sup",
            Style::Subscript => "sub",
            Style::Small => "small",
            Style::Marked => "mark",
            Style::Underlined => "u",
            Style::Cited => "cite",
            Style::Keyboard => "kbd",
            Style::Code => "code",
        }
    }

    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        Some(match tag {
            "em" | "i" => Style::Emphasis,
            "strong" | "b" => Style::Strong,
            "del" | "s" | "strike" => Style::Struck,
            "ins" => Style::Inserted,
            "sup" => Style::Superscript,
            "sub" => Style::Subscript,
            "small" => Style::Small,
            "mark" => Style::Marked,
            "u" => Style::Underlined,
            "cite" => Style::Cited,
            "kbd" => Style::Keyboard,
            "code" => Style::Code,
            _ => return None,
        })
    }
}

/// Something the linter looks at, with its bytes in the source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) what: What,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Link {
        target: String,
        /// What a reader clicks, where it is known: not for a tag of raw HTML.
        text: Option<String>,
    },
    Image {
        src: String,
        alt: String,
    },
    Heading {
        id: String,
        level: u8,
    },
    /// A tag of raw HTML that does not go into a mail.
    DroppedTag(String),
    /// Raw HTML that a mail shows in a simpler way.
    Simpler(Simpler),
    /// A `[text][label]` without the label's address.
    UndefinedLabel(String),
    /// A `[^label]` without its footnote.
    UndefinedNote(String),
    /// A footnote that nothing refers to.
    UnusedNote(String),
    /// Nested deeper than is rendered.
    TooDeep,
}

/// What of raw HTML a mail shows in a simpler way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simpler {
    /// A cell over several rows.
    Rows,
    /// A cell over several columns.
    Columns,
    /// A list numbered with letters or Roman numerals.
    Letters,
    /// A list numbered backwards.
    Backwards,
    /// A comment that is never closed.
    OpenComment,
}

impl Simpler {
    /// What becomes of it, in one line.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Simpler::Rows => {
                "a cell over several rows (`rowspan`) stands in the first of them, and the others are empty there"
            }
            Simpler::Columns => {
                "a cell over several columns (`colspan`) stands in the first of them, and the others are empty there"
            }
            Simpler::Letters => "the letters of this list (`type`) become numbers",
            Simpler::Backwards => "this list is counted forwards, not backwards (`reversed`)",
            Simpler::OpenComment => {
                "a comment that is never closed (`-->`) hides what stands behind it, which is left out"
            }
        }
    }

    /// How it begins in the source.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Simpler::Rows => "rowspan",
            Simpler::Columns => "colspan",
            Simpler::Letters => "type",
            Simpler::Backwards => "reversed",
            Simpler::OpenComment => "<!--",
        }
    }
}

impl What {
    /// What of raw HTML is lost, in one line.
    pub(crate) fn lost(&self) -> Option<String> {
        match self {
            What::DroppedTag(name) => {
                let fate = if keeps_its_text(name) { "; its text stays" } else { " and is left out" };
                Some(format!("`<{}>` does not go into a mail{fate}", name.get(..80).unwrap_or(name)))
            }
            What::Simpler(simpler) => Some(simpler.what().to_owned()),
            What::TooDeep => Some("a piece with too many tags is left out".to_owned()),
            // What runs something, or holds a whole picture.
            What::Link { target, .. } if target.ends_with('…') => {
                Some(format!("a link or a picture of `{target}` does not go into a mail and is left out"))
            }
            What::Link { .. }
            | What::Image { .. }
            | What::Heading { .. }
            | What::UndefinedLabel(_)
            | What::UndefinedNote(_)
            | What::UnusedNote(_) => None,
        }
    }
}

/// The text of `content`, without marks: what is raised or lowered in characters that are, and nothing that is struck.
pub(crate) fn plain(content: &[Inline]) -> String {
    let mut out = String::new();
    collect_plain(content, Pictures::Named, &mut out);
    script::without_struck(&out)
}

/// Every letter of `content`, whatever marks it has: what names are made of, and what tells whether there is anything.
pub(crate) fn letters(content: &[Inline]) -> String {
    let one = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Styled(_, content) | Inline::Link { content, .. } => letters(content),
        Inline::Image(image) => image.alt.clone(),
        Inline::Note(_) => String::new(),
        Inline::SoftBreak | Inline::HardBreak => " ".to_owned(),
    };
    content.iter().map(one).collect()
}

/// Whether a text has the words that stand for its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pictures {
    Named,
    PassedOver,
}

impl Document {
    /// What stands beneath the picture that is all of it.
    pub(crate) fn caption(&self) -> Option<&str> {
        match self.blocks.as_slice() {
            [Block::Figure(image)] => image.title.as_deref(),
            _ => None,
        }
    }

    /// Where the words stand, those together that touch: signs that might be markup part them.
    pub(crate) fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for word in &self.words {
            match runs.last_mut().filter(|run| run.end == word.start) {
                Some(run) => run.end = word.end,
                None => runs.push(word.clone()),
            }
        }
        runs
    }

    /// Its first blocks and the notes they refer to; a heading at their end has nothing beneath it, and is left out.
    pub(super) fn beginning(mut self, blocks: usize) -> Self {
        self.blocks.truncate(blocks);
        while matches!(self.blocks.last(), Some(Block::Heading { .. })) {
            self.blocks.pop();
        }
        // Notes are in the order of their first reference, those of notes behind those of the text.
        let mut kept = notes_in(&self.blocks);
        while let Some(more) =
            Some(notes_in(&self.notes[..kept].concat()).max(kept)).filter(|more| *more > kept)
        {
            kept = more;
        }
        self.notes.truncate(kept);
        self
    }

    /// The ids of its headings, which a link may point at.
    pub(crate) fn heading_ids(&self) -> HashSet<&str> {
        let headings = self.seen.iter().filter_map(|seen| match &seen.what {
            What::Heading { id, .. } => Some(id.as_str()),
            _ => None,
        });
        headings.collect()
    }

    /// Everything that a reader reads, a block a line.
    pub(crate) fn plain(&self) -> String {
        let mut out = String::new();
        let notes = self.notes.iter().flatten();
        self.blocks.iter().chain(notes).for_each(|block| block_plain(block, Pictures::Named, &mut out));
        script::without_struck(&out)
    }

    /// Its own words: without notes, and without those that stand for a picture.
    pub(crate) fn words(&self) -> String {
        let mut out = String::new();
        self.blocks.iter().for_each(|block| block_plain(block, Pictures::PassedOver, &mut out));
        script::without_struck(&out)
    }

    /// The words of its paragraphs, and of nothing around them; where it has none, those of its quotes and lists.
    pub(super) fn opening(&self) -> String {
        let own = |block: &Block| match block {
            Block::Paragraph(content) => words_of(content),
            _ => String::new(),
        };
        let all: Vec<String> = self.blocks.iter().map(own).filter(|text| !text.is_empty()).collect();
        match all.is_empty() {
            true => spoken(&self.blocks).join(" "),
            // A paragraph may lead to what is left out: its colon stays.
            false => all
                .iter()
                .map(|text| if text.ends_with(':') { text.clone() } else { sentence(text) })
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

/// What is said in quotes and lists, each as a sentence.
fn spoken(blocks: &[Block]) -> Vec<String> {
    let said = |block: &Block| match block {
        Block::Paragraph(content) | Block::Plain(content) => vec![words_of(content)],
        Block::Quote(blocks) => spoken(blocks),
        Block::List { items, .. } => items.iter().flat_map(|item| spoken(&item.blocks)).collect(),
        Block::Heading { .. }
        | Block::Code(_)
        | Block::Table(_)
        | Block::Figure(_)
        | Block::Definitions(_)
        | Block::Rule => Vec::new(),
    };
    blocks.iter().flat_map(said).filter(|text| !text.is_empty()).map(|text| sentence(&text)).collect()
}

/// The words of `content` on one line, without those that stand for a picture.
fn words_of(content: &[Inline]) -> String {
    let mut out = String::new();
    collect_plain(content, Pictures::PassedOver, &mut out);
    script::without_struck(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many notes there are up to the last one that these blocks refer to.
fn notes_in(blocks: &[Block]) -> usize {
    fn in_inlines(content: &[Inline]) -> usize {
        let note = |inline: &Inline| match inline {
            Inline::Note(index) => index + 1,
            Inline::Styled(_, content) | Inline::Link { content, .. } => in_inlines(content),
            Inline::Text(_) | Inline::Code(_) | Inline::Image(_) | Inline::SoftBreak | Inline::HardBreak => 0,
        };
        content.iter().map(note).max().unwrap_or(0)
    }
    let in_block = |block: &Block| match block {
        Block::Paragraph(content) | Block::Plain(content) | Block::Heading { content, .. } => {
            in_inlines(content)
        }
        Block::Quote(blocks) => notes_in(blocks),
        Block::List { items, .. } => items.iter().map(|item| notes_in(&item.blocks)).max().unwrap_or(0),
        Block::Table(table) => {
            let cells = table.head.iter().chain(table.rows.iter().flatten());
            cells.map(|cell| in_inlines(cell)).max().unwrap_or(0)
        }
        Block::Definitions(entries) => {
            let entry = |entry: &Definition| match entry {
                Definition::Term(content) => in_inlines(content),
                Definition::Meaning(blocks) => notes_in(blocks),
            };
            entries.iter().map(entry).max().unwrap_or(0)
        }
        Block::Code(_) | Block::Figure(_) | Block::Rule => 0,
    };
    blocks.iter().map(in_block).max().unwrap_or(0)
}

fn block_plain(block: &Block, pictures: Pictures, out: &mut String) {
    match block {
        Block::Paragraph(content) | Block::Plain(content) | Block::Heading { content, .. } => {
            collect_plain(content, pictures, out);
        }
        Block::Quote(blocks) => blocks.iter().for_each(|block| block_plain(block, pictures, out)),
        Block::Code(text) => out.push_str(text),
        Block::List { items, .. } => {
            items.iter().flat_map(|item| &item.blocks).for_each(|block| block_plain(block, pictures, out));
        }
        Block::Table(table) => {
            for cell in table.head.iter().chain(table.rows.iter().flatten()) {
                collect_plain(cell, pictures, out);
                out.push('\n');
            }
        }
        Block::Figure(_) if pictures == Pictures::PassedOver => {}
        Block::Figure(image) => {
            out.push_str(&image.alt);
            out.push('\n');
            out.push_str(image.title.as_deref().unwrap_or_default());
        }
        Block::Definitions(definitions) => definitions.iter().for_each(|definition| match definition {
            Definition::Term(content) => {
                collect_plain(content, pictures, out);
                out.push('\n');
            }
            Definition::Meaning(blocks) => blocks.iter().for_each(|block| block_plain(block, pictures, out)),
        }),
        Block::Rule => {}
    }
    out.push('\n');
}

fn collect_plain(content: &[Inline], pictures: Pictures, out: &mut String) {
    for inline in content {
        match inline {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Styled(Style::Struck, _) => out.push(script::STRUCK),
            Inline::Styled(style @ (Style::Superscript | Style::Subscript), content) => {
                let mut set = String::new();
                collect_plain(content, pictures, &mut set);
                out.push_str(&script::set(*style, &script::without_struck(&set)));
            }
            Inline::Styled(_, content) | Inline::Link { content, .. } => {
                collect_plain(content, pictures, out)
            }
            Inline::Image(_) if pictures == Pictures::PassedOver => {}
            Inline::Image(image) => out.push_str(&image.alt),
            Inline::Note(_) => {}
            Inline::SoftBreak | Inline::HardBreak => out.push(' '),
        }
    }
}

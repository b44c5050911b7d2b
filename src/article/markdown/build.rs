//! Events of pulldown-cmark → [`Document`].

use std::collections::{HashMap, HashSet};
use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{
    Alignment, BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag,
};

use super::autolink;
use super::quotes::Quotes;
use super::raw::{self, RawTag};
use super::run::{Opened, Run};
use super::tree::{
    Aligned, Block, Definition, Document, Image, Inline, Item, Seen, Style, Table, What, letters, plain,
};
use super::{clean, clean_line};

/// Containers nested deeper than this are taken as their content: nobody writes them, and they cost stack.
pub(super) const DEEPEST: usize = 24;

/// Parses `source`, with quotation marks as in English.
pub(crate) fn document(source: &str) -> Document {
    document_in(source, &Quotes::ENGLISH)
}

/// Parses `source`; what it quotes with marks of a typewriter gets these.
pub(super) fn document_in(source: &str, quotes: &Quotes<'_>) -> Document {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST;
    let mut broken: Vec<(String, Range<usize>)> = Vec::new();
    let mut record = |link: BrokenLink<'_>| {
        // `[so]` alone is most often just brackets; `[text][label]` never is.
        if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
            broken.push((link.reference.to_string(), link.span));
        }
        None::<(CowStr<'static>, CowStr<'static>)>
    };
    let events = Parser::new_with_broken_link_callback(source, options, Some(&mut record)).into_offset_iter();
    let mut builder = Builder {
        source,
        quotes,
        events: autolink::linked(source, events).peekable(),
        depth: 0,
        seen: Vec::new(),
        words: Vec::new(),
        paragraphs: Vec::new(),
        comments: Vec::new(),
        open_fence: None,
        ids: HashSet::new(),
        repeated: HashMap::new(),
        labels: HashMap::new(),
        defined: HashMap::new(),
        told_too_deep: false,
        task: None,
    };
    let blocks = builder.blocks();
    let mut document = builder.finish(blocks);
    document.seen.extend(
        broken.into_iter().map(|(label, span)| Seen { what: What::UndefinedLabel(clean_line(&label)), span }),
    );
    document.seen.sort_by_key(|seen| seen.span.start);
    document
}

struct Builder<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> {
    source: &'a str,
    quotes: &'a Quotes<'a>,
    events: Peekable<I>,
    depth: usize,
    seen: Vec<Seen>,
    words: Vec<Range<usize>>,
    paragraphs: Vec<Range<usize>>,
    comments: Vec<Range<usize>>,
    open_fence: Option<Range<usize>>,
    ids: HashSet<String>,
    repeated: HashMap<String, usize>,
    /// Footnotes by label: their number, in the order of reference.
    labels: HashMap<String, usize>,
    defined: HashMap<String, (Vec<Block>, Range<usize>)>,
    told_too_deep: bool,
    /// Whether the item being read is a task, and done.
    task: Option<bool>,
}

impl<'a, I: Iterator<Item = (Event<'a>, Range<usize>)>> Builder<'a, I> {
    fn finish(mut self, blocks: Vec<Block>) -> Document {
        let mut notes = vec![Vec::new(); self.labels.len()];
        let mut defined = std::mem::take(&mut self.defined);
        for (label, &number) in &self.labels {
            if let Some((blocks, _)) = defined.remove(label) {
                notes[number] = blocks;
            }
        }
        for (label, (_, span)) in defined {
            self.see(What::UnusedNote(label), span);
        }
        let Builder { seen, words, paragraphs, comments, open_fence, .. } = self;
        Document { blocks, notes, seen, words, paragraphs, comments, open_fence }
    }

    fn see(&mut self, what: What, span: Range<usize>) {
        self.seen.push(Seen { what, span });
    }

    /// Whether one more container may be entered; says so once when not.
    fn may_enter(&mut self, span: &Range<usize>) -> bool {
        if self.depth < DEEPEST {
            return true;
        }
        if !self.told_too_deep {
            self.told_too_deep = true;
            self.see(What::TooDeep, span.start..(span.start + 1).min(self.source.len()));
        }
        false
    }

    /// Blocks up to the end of the container that was entered, its end included.
    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        // Containers that are too deep to enter, and taken as their content.
        let mut transparent = 0_usize;
        self.depth += 1;
        while let Some((event, span)) = self.events.peek() {
            let span = span.clone();
            match event {
                Event::End(_) => {
                    self.events.next();
                    if transparent == 0 {
                        break;
                    }
                    transparent -= 1;
                }
                Event::Rule => {
                    self.events.next();
                    blocks.push(Block::Rule);
                }
                Event::Start(tag) if is_block(tag) => {
                    let tag = tag.clone();
                    self.events.next();
                    let leaf = matches!(
                        tag,
                        Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock
                    );
                    if leaf || self.may_enter(&span) {
                        self.block(tag, span, &mut blocks);
                    } else {
                        transparent += 1;
                    }
                }
                Event::Html(_) => blocks.extend(self.html_block(&span)),
                _ => {
                    let content = self.inlines(Until::Block);
                    if !content.is_empty() {
                        blocks.push(Block::Plain(content));
                    }
                }
            }
        }
        self.depth -= 1;
        blocks
    }

    fn block(&mut self, tag: Tag<'a>, span: Range<usize>, blocks: &mut Vec<Block>) {
        match tag {
            Tag::Paragraph => {
                self.paragraphs.push(span);
                let content = self.inlines(Until::End);
                if !content.is_empty() {
                    blocks.push(paragraph(content));
                }
            }
            Tag::Heading { level, id, .. } => {
                let content = self.inlines(Until::End);
                let id = self.heading_id(id.as_deref(), &content);
                let level = level_number(level);
                self.see(What::Heading { id: id.clone(), level }, span);
                blocks.push(Block::Heading { level, id, content });
            }
            Tag::BlockQuote(_) => blocks.push(Block::Quote(self.blocks())),
            Tag::CodeBlock(kind) => {
                if matches!(kind, CodeBlockKind::Fenced(_)) {
                    self.look_for_open_fence(&span);
                }
                blocks.push(Block::Code(self.literal()));
            }
            Tag::HtmlBlock => {
                blocks.extend(self.html_block(&span));
                self.skip_end();
            }
            Tag::List(start) => {
                let items = self.items();
                blocks.push(Block::List { start, items });
            }
            Tag::FootnoteDefinition(label) => {
                let content = self.blocks();
                self.defined.entry(label.to_string()).or_insert((content, span));
            }
            Tag::DefinitionList => {
                let entries = self.definitions();
                blocks.push(Block::Definitions(entries));
            }
            Tag::Table(alignments) => {
                let table = self.table(&alignments);
                blocks.push(Block::Table(table));
            }
            // Only stray parts of lists and tables remain: their content counts.
            _ => blocks.extend(self.blocks()),
        }
    }

    fn look_for_open_fence(&mut self, span: &Range<usize>) {
        let mut lines = self.source[span.clone()].trim_end().lines();
        let Some(first) = lines.next().filter(|_| self.source[span.end..].trim().is_empty()) else { return };
        let sign = first.chars().next().unwrap_or('`');
        let fence: &str = &first[..first.len() - first.trim_start_matches(sign).len()];
        let closes = |line: &str| {
            let line = line.trim_start_matches([' ', '>']).trim_end();
            line.starts_with(fence) && line.trim_start_matches(sign).is_empty()
        };
        if !lines.next_back().is_some_and(closes) {
            self.open_fence = Some(span.start..span.start + first.trim_end().len());
        }
    }

    fn skip_end(&mut self) {
        self.events.next_if(|(event, _)| matches!(event, Event::End(_)));
    }

    /// Text up to the end of a code block, its end included.
    fn literal(&mut self) -> String {
        let mut text = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::End(_) => break,
                Event::Text(part) => text.push_str(&part),
                _ => {}
            }
        }
        clean(&text)
    }

    /// Raw HTML up to the end of its block, the end left alone.
    fn html_block(&mut self, span: &Range<usize>) -> Vec<Block> {
        let mut html = String::new();
        while let Some((event, _)) =
            self.events.next_if(|(event, _)| matches!(event, Event::Html(_) | Event::Text(_)))
        {
            if let Event::Html(part) | Event::Text(part) = event {
                html.push_str(&part);
            }
        }
        self.note_comments(span);
        let parsed = raw::blocks(&html, self.quotes);
        let mut places = raw::Places::new(&self.source[span.clone()]);
        for what in parsed.seen {
            let place =
                places.find(&what).map_or(span.clone(), |at| span.start + at.start..span.start + at.end);
            self.see(what, place);
        }
        parsed.blocks
    }

    fn note_comments(&mut self, span: &Range<usize>) {
        let source = &self.source[span.clone()];
        let mut at = 0;
        while let Some(start) = source[at..].find("<!--").map(|found| at + found) {
            let Some(end) = source[start + 4..].find("-->").map(|found| start + 4 + found + 3) else { break };
            self.comments.push(span.start + start..span.start + end);
            at = end;
        }
    }

    fn items(&mut self) -> Vec<Item> {
        let outer = self.task.take();
        let mut items = Vec::new();
        while let Some((Event::Start(_), _)) = self.events.next() {
            let blocks = self.blocks();
            items.push(Item { task: self.task.take(), blocks });
        }
        self.task = outer;
        items
    }

    fn definitions(&mut self) -> Vec<Definition> {
        let mut entries = Vec::new();
        while let Some((Event::Start(tag), _)) = self.events.next() {
            entries.push(match tag {
                Tag::DefinitionListTitle => Definition::Term(self.inlines(Until::End)),
                _ => Definition::Meaning(self.blocks()),
            });
        }
        entries
    }

    fn table(&mut self, alignments: &[Alignment]) -> Table {
        let aligned = alignments
            .iter()
            .map(|alignment| match alignment {
                Alignment::None | Alignment::Left => Aligned::Left,
                Alignment::Center => Aligned::Centre,
                Alignment::Right => Aligned::Right,
            })
            .collect();
        let mut table = Table { aligned, ..Table::default() };
        while let Some((Event::Start(tag), _)) = self.events.next() {
            let mut cells = Vec::new();
            while let Some((Event::Start(_), _)) = self.events.next() {
                cells.push(self.inlines(Until::End));
            }
            match tag {
                Tag::TableHead => table.head = cells,
                _ => table.rows.push(cells),
            }
        }
        table
    }

    fn heading_id(&mut self, written: Option<&str>, content: &[Inline]) -> String {
        let base = match written {
            Some(id) => clean_line(id).replace(char::is_whitespace, "-"),
            None => heading_id(&letters(content)),
        };
        let mut id = base.clone();
        while !self.ids.insert(id.clone()) {
            // Counted on from the last time: many headings may have the same words.
            let number = self.repeated.entry(base.clone()).or_insert(0);
            *number += 1;
            id = format!("{base}-{number}");
        }
        id
    }

    fn inlines(&mut self, until: Until) -> Vec<Inline> {
        let mut run = Run::default();
        let mut transparent = 0_usize;
        let mut region: Option<Range<usize>> = None;
        self.depth += 1;
        while let Some((event, span)) = self.events.peek() {
            let span = span.clone();
            let stops = match event {
                Event::End(_) => transparent == 0,
                Event::Start(tag) => is_block(tag),
                Event::Rule | Event::Html(_) => true,
                _ => false,
            };
            if stops && until == Until::Block {
                break;
            }
            let Some((event, _)) = self.events.next() else { break };
            let region = region.get_or_insert_with(|| span.clone());
            region.end = region.end.max(span.end);
            match event {
                Event::End(_) if transparent == 0 => break,
                Event::End(_) => transparent -= 1,
                Event::Start(tag) if is_block(&tag) || !self.may_enter(&span) => transparent += 1,
                Event::Start(tag) => self.inline(tag, span, &mut run),
                Event::Text(text) => {
                    let quote = self.quotes.in_place_of(&text, self.source, &span);
                    run.push_text(&quote.map_or_else(|| clean(&text), str::to_owned));
                    self.words.push(span);
                }
                Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => {
                    run.push(Inline::Code(clean_line(&code)));
                }
                Event::InlineHtml(html) | Event::Html(html) => self.inline_html(&html, span, &mut run),
                Event::FootnoteReference(label) => {
                    let next = self.labels.len();
                    run.push(Inline::Note(*self.labels.entry(label.to_string()).or_insert(next)));
                }
                Event::SoftBreak => run.push(Inline::SoftBreak),
                Event::HardBreak => run.push(Inline::HardBreak),
                Event::TaskListMarker(done) => self.task = Some(done),
                Event::Rule => {}
            }
        }
        self.depth -= 1;
        let content = run.close();
        if let Some(region) = region {
            self.look_for_undefined_notes(&content, &region);
        }
        content
    }

    fn inline(&mut self, tag: Tag<'a>, span: Range<usize>, run: &mut Run) {
        match tag {
            Tag::Link { link_type, dest_url, .. } => {
                let content = self.inlines(Until::End);
                let mail = link_type == LinkType::Email && !dest_url.starts_with("mailto:");
                let target = format!("{}{}", if mail { "mailto:" } else { "" }, clean_line(&dest_url));
                let text = Some(letters(&content).trim().to_owned());
                self.see(What::Link { target: target.clone(), text }, span);
                run.push(Inline::Link { target, content });
            }
            Tag::Image { dest_url, title, .. } => {
                let alt = plain(&self.inlines(Until::End)).trim().to_owned();
                let src = clean_line(&dest_url);
                let title = Some(clean_line(&title)).filter(|title| !title.trim().is_empty());
                self.see(What::Image { src: src.clone(), alt: alt.clone() }, span);
                run.push(Inline::Image(Image { src, alt, title }));
            }
            tag => {
                let style = match tag {
                    Tag::Emphasis => Style::Emphasis,
                    Tag::Strikethrough => Style::Struck,
                    Tag::Superscript => Style::Superscript,
                    Tag::Subscript => Style::Subscript,
                    _ => Style::Strong,
                };
                let content = self.inlines(Until::End);
                run.push(Inline::Styled(style, content));
            }
        }
    }

    fn inline_html(&mut self, html: &str, span: Range<usize>, run: &mut Run) {
        match raw::tag(html) {
            RawTag::Ignored => self.note_comments(&span),
            RawTag::Dropped(name) => self.see(What::DroppedTag(name), span),
            RawTag::Discard(name) => {
                self.see(What::DroppedTag(name.clone()), span);
                run.open(name, Opened::Discard);
            }
            RawTag::Break => run.push(Inline::HardBreak),
            RawTag::Quote { closing } => run.push_text(self.quotes.double[usize::from(closing)]),
            RawTag::Open(name, style) => run.open(name, Opened::Styled(style)),
            RawTag::Link(target) => {
                self.see(What::Link { target: target.clone(), text: None }, span);
                run.open("a".to_owned(), Opened::Link(target));
            }
            RawTag::Image(image) => {
                self.see(What::Image { src: image.src.clone(), alt: image.alt.clone() }, span);
                run.push(Inline::Image(image));
            }
            RawTag::Close(name) => run.shut(&name),
        }
    }

    fn look_for_undefined_notes(&mut self, content: &[Inline], region: &Range<usize>) {
        for inline in content {
            let Inline::Text(text) = inline else { continue };
            for (at, _) in text.match_indices("[^") {
                let Some(label) = text[at + 2..].split_once(']').map(|(label, _)| label) else { continue };
                let written = format!("[^{label}]");
                let source = &self.source[region.clone()];
                let Some(found) = source.find(&written).filter(|&found| !source[..found].ends_with('\\'))
                else {
                    continue;
                };
                let start = region.start + found;
                self.see(What::UndefinedNote(label.to_owned()), start..start + written.len());
            }
        }
    }
}

/// Where a run of inline content ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// At the end of its element, which is consumed.
    End,
    /// Before the next block, or the end of the container.
    Block,
}

/// A paragraph, or a figure where an image stands alone.
pub(super) fn paragraph(mut content: Vec<Inline>) -> Block {
    let blank = |inline: &Inline| match inline {
        Inline::Text(text) => text.trim().is_empty(),
        Inline::SoftBreak | Inline::HardBreak => true,
        Inline::Code(_) | Inline::Styled(..) | Inline::Link { .. } | Inline::Image(_) | Inline::Note(_) => {
            false
        }
    };
    let mut solid = content.iter().enumerate().filter(|(_, inline)| !blank(inline));
    if let (Some((at, Inline::Image(_))), None) = (solid.next(), solid.next())
        && let Inline::Image(image) = content.swap_remove(at)
    {
        return Block::Figure(image);
    }
    Block::Paragraph(content)
}

/// The id that links of GitHub's kind use: `## Cost & benefit` is `#cost--benefit`.
pub(super) fn heading_id(text: &str) -> String {
    text.trim()
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            c if c.is_whitespace() => Some('-'),
            _ => None,
        })
        .collect()
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    match tag {
        Tag::Emphasis
        | Tag::Strong
        | Tag::Strikethrough
        | Tag::Superscript
        | Tag::Subscript
        | Tag::Link { .. }
        | Tag::Image { .. } => false,
        Tag::Paragraph
        | Tag::Heading { .. }
        | Tag::BlockQuote(_)
        | Tag::CodeBlock(_)
        | Tag::HtmlBlock
        | Tag::List(_)
        | Tag::Item
        | Tag::FootnoteDefinition(_)
        | Tag::DefinitionList
        | Tag::DefinitionListTitle
        | Tag::DefinitionListDefinition
        | Tag::Table(_)
        | Tag::TableHead
        | Tag::TableRow
        | Tag::TableCell
        | Tag::MetadataBlock(_) => true,
    }
}

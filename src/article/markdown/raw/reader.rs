//! Tags and text of sanitised HTML → blocks of the tree.

use super::super::build::{DEEPEST, paragraph};
use super::super::quotes::Quotes;
use super::super::tree::{Aligned, Block, Definition, Inline, Item, Style, Table, letters, plain};
use super::token::{Token, attribute, image};
use super::{GROUPS, INLINES, Ids, is_number, span_of};

/// Cells over several columns make no table wider than this.
const MOST_COLUMNS: usize = 100;

/// Tokens → blocks.
pub(super) struct Reader<'q, I: Iterator<Item = Token>> {
    pub(super) tokens: std::iter::Peekable<I>,
    pub(super) depth: usize,
    pub(super) ids: Ids,
    pub(super) quotes: &'q Quotes<'q>,
}

impl<I: Iterator<Item = Token>> Reader<'_, I> {
    /// Blocks up to the next closing tag of a block, which is consumed.
    pub(super) fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut transparent = 0_usize;
        self.depth += 1;
        while let Some(token) = self.tokens.peek() {
            match token {
                Token::Close(name) if !is_inline(name) => {
                    self.tokens.next();
                    if transparent == 0 {
                        break;
                    }
                    transparent -= 1;
                }
                Token::Open { name, attributes } if !is_inline(name) => {
                    let (name, attributes) = (name.clone(), attributes.clone());
                    self.tokens.next();
                    if name == "hr" {
                        blocks.push(Block::Rule);
                    } else if GROUPS.contains(&name.as_str()) || self.depth >= DEEPEST {
                        transparent += 1;
                    } else {
                        self.block(&name, &attributes, &mut blocks);
                    }
                }
                Token::Open { .. } | Token::Close(_) | Token::Text(_) => {
                    let content = self.inlines();
                    if !letters(&content).trim().is_empty() || content.iter().any(has_image) {
                        blocks.push(paragraph(content));
                    }
                }
            }
        }
        self.depth -= 1;
        blocks
    }

    /// The text up to the end of a `<pre>`, its lines kept.
    fn literal(&mut self) -> String {
        let mut text = String::new();
        for token in self.tokens.by_ref() {
            match token {
                Token::Text(part) => text.push_str(&part),
                Token::Open { name, .. } if name == "br" => text.push('\n'),
                Token::Close(name) if name == "pre" => break,
                Token::Open { .. } | Token::Close(_) => {}
            }
        }
        text
    }

    fn block(&mut self, name: &str, attributes: &[(String, String)], blocks: &mut Vec<Block>) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes()[1] - b'0';
                let content = self.content_of_block();
                if !letters(&content).trim().is_empty() || content.iter().any(has_image) {
                    let id =
                        attribute(attributes, "id").filter(|_| self.ids == Ids::Kept).unwrap_or_default();
                    blocks.push(Block::Heading { level, id, content });
                }
            }
            "ul" | "ol" => {
                let start = attribute(attributes, "start").and_then(|start| start.parse().ok());
                let start = (name == "ol").then(|| start.unwrap_or(1));
                blocks.push(Block::List { start, items: self.items() });
            }
            "blockquote" => blocks.push(Block::Quote(self.blocks())),
            "pre" => {
                let code = self.literal();
                blocks.push(Block::Code(code));
            }
            "table" => {
                let inner = self.table();
                blocks.push(Block::Table(inner));
            }
            "dl" => {
                let entries = self.definitions();
                blocks.push(Block::Definitions(entries));
            }
            "summary" => {
                let content = self.content_of_block();
                blocks.push(Block::Paragraph(vec![Inline::Styled(Style::Strong, content)]));
            }
            _ => blocks.extend(self.blocks()),
        }
    }

    /// Inline content up to the end of the block that was entered; blocks inside it are taken as their content.
    fn content_of_block(&mut self) -> Vec<Inline> {
        let mut content = Vec::new();
        let mut transparent = 0_usize;
        while let Some(token) = self.tokens.peek() {
            match token {
                Token::Close(name) if !is_inline(name) => {
                    self.tokens.next();
                    if transparent == 0 {
                        break;
                    }
                    transparent -= 1;
                }
                Token::Open { name, .. } if !is_inline(name) => {
                    transparent += usize::from(name != "hr");
                    self.tokens.next();
                    content.push(Inline::SoftBreak);
                }
                Token::Open { .. } | Token::Close(_) | Token::Text(_) => content.extend(self.inlines()),
            }
        }
        content
    }

    fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Close(name) if !is_inline(&name) => break,
                Token::Open { name, .. } if name == "li" => {
                    let mut blocks = self.blocks();
                    if let [Block::Paragraph(content)] = blocks.as_mut_slice() {
                        blocks = vec![Block::Plain(std::mem::take(content))];
                    }
                    items.push(Item { task: None, blocks });
                }
                Token::Open { name, .. } if !is_inline(&name) && name != "hr" => {
                    items.push(Item { task: None, blocks: self.blocks() });
                }
                Token::Open { .. } | Token::Close(_) | Token::Text(_) => {}
            }
        }
        items
    }

    fn definitions(&mut self) -> Vec<Definition> {
        let mut entries = Vec::new();
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Close(name) if !is_inline(&name) => break,
                Token::Open { name, .. } if name == "dt" => {
                    entries.push(Definition::Term(self.content_of_block()))
                }
                Token::Open { name, .. } if !is_inline(&name) && name != "hr" => {
                    entries.push(Definition::Meaning(self.blocks()));
                }
                Token::Open { .. } | Token::Close(_) | Token::Text(_) => {}
            }
        }
        entries
    }

    fn table(&mut self) -> Table {
        let mut rows: Vec<(bool, Vec<Vec<Inline>>)> = Vec::new();
        let mut aligned: Vec<Aligned> = Vec::new();
        // In how many of the next rows a column is taken by a cell from above.
        let mut taken: Vec<usize> = Vec::new();
        let mut inside = 1_usize;
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Close(name) if !is_inline(&name) => {
                    inside -= 1;
                    if inside == 0 {
                        break;
                    }
                }
                Token::Open { name, attributes } if name == "td" || name == "th" => {
                    let cell = self.content_of_block();
                    if rows.is_empty() {
                        rows.push((true, Vec::new()));
                    }
                    if let Some((head, cells)) = rows.last_mut() {
                        *head &= name == "th";
                        while let Some(rows @ 1..) = taken.get_mut(cells.len()) {
                            *rows -= 1;
                            cells.push(Vec::new());
                        }
                        let at = cells.len();
                        cells.push(cell);
                        // No table has more columns than are written and a mail could show.
                        let columns =
                            span_of(&attributes, "colspan").min(MOST_COLUMNS.saturating_sub(at)).max(1);
                        cells.resize(at + columns, Vec::new());
                        taken.resize(taken.len().max(cells.len()), 0);
                        taken[at..].iter_mut().take(columns).for_each(|rows| {
                            *rows = span_of(&attributes, "rowspan") - 1;
                        });
                        let align = attribute(&attributes, "align").or(attribute(&attributes, "data-align"));
                        let aligned_here = match align.as_deref() {
                            Some("right") => Aligned::Right,
                            Some("center") => Aligned::Centre,
                            _ => Aligned::Left,
                        };
                        aligned.resize(aligned.len().max(cells.len()), aligned_here);
                    }
                }
                Token::Open { name, .. } if !is_inline(&name) && name != "hr" => {
                    inside += 1;
                    if name == "tr" {
                        // What is taken behind the last cell of the row before.
                        let before = rows.last().map_or(0, |(_, cells)| cells.len());
                        taken.iter_mut().skip(before).for_each(|rows| *rows = rows.saturating_sub(1));
                        rows.push((true, Vec::new()));
                    }
                }
                Token::Open { .. } | Token::Close(_) | Token::Text(_) => {}
            }
        }
        let columns = aligned.len();
        let mut table = Table { aligned, ..Table::default() };
        for (head, mut cells) in rows {
            cells.resize(columns, Vec::new());
            if head && table.head.is_empty() && table.rows.is_empty() {
                table.head = cells;
            } else {
                table.rows.push(cells);
            }
        }
        table
    }

    /// A run of inline content, up to the next tag of a block.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut stack: Vec<(String, Option<String>, Vec<Inline>)> = Vec::new();
        let mut current = Vec::new();
        while let Some(token) = self.tokens.next_if(|token| match token {
            Token::Open { name, .. } | Token::Close(name) => is_inline(name),
            Token::Text(_) => true,
        }) {
            match token {
                Token::Text(text) => {
                    // White space of HTML is one space; what was a line break may wrap.
                    current.push(Inline::Text(text.replace(['\n', '\t'], " ")));
                }
                Token::Open { name, .. } if name == "br" => current.push(Inline::HardBreak),
                Token::Open { name, attributes } if name == "img" => {
                    current.extend(image(&attributes).map(Inline::Image));
                }
                Token::Open { name, attributes } => {
                    if stack.len() < DEEPEST {
                        let href = attribute(&attributes, "href");
                        stack.push((name, href, std::mem::take(&mut current)));
                    }
                }
                Token::Close(name) => {
                    if stack.last().is_some_and(|(open, ..)| *open == name) {
                        shut(&mut stack, &mut current, self.quotes);
                    }
                }
            }
        }
        while !stack.is_empty() {
            shut(&mut stack, &mut current, self.quotes);
        }
        current
    }
}

fn shut(
    stack: &mut Vec<(String, Option<String>, Vec<Inline>)>,
    current: &mut Vec<Inline>,
    quotes: &Quotes<'_>,
) {
    if let Some((name, href, outer)) = stack.pop() {
        let content = std::mem::replace(current, outer);
        match (name.as_str(), href, Style::of_tag(&name)) {
            ("a", Some(target), _) if is_number(&target) => {
                let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                let number = target[4..].to_owned();
                let is_said = digits(&plain(&content)).contains(&digits(&number));
                current.extend(content);
                if !is_said {
                    current.push(Inline::Text(format!(" ({number})")));
                }
            }
            ("a", Some(target), _) => current.push(Inline::Link { target, content }),
            ("q", ..) => {
                let [open, close] = quotes.double.map(|mark| Inline::Text(mark.to_owned()));
                current.push(open);
                current.extend(content);
                current.push(close);
            }
            ("code", ..) => current.push(Inline::Code(letters(&content))),
            (_, _, Some(style)) => current.push(Inline::Styled(style, content)),
            _ => current.extend(content),
        }
    }
}

fn is_inline(name: &str) -> bool {
    INLINES.contains(&name) || name == "span" || name == "font"
}

fn has_image(inline: &Inline) -> bool {
    match inline {
        Inline::Image(_) => true,
        Inline::Styled(_, content) | Inline::Link { content, .. } => content.iter().any(has_image),
        Inline::Text(_) | Inline::Code(_) | Inline::Note(_) | Inline::SoftBreak | Inline::HardBreak => false,
    }
}

//! Raw HTML in Markdown, sanitised and taken into the same tree as everything else.
//!
//! ammonia parses it as browsers do and drops what has no place in a mail; what it leaves is well-formed, and small
//! enough a language to be read here. Nothing of the source's HTML is ever copied into an edition.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::build::paragraph;
use super::tree::{Aligned, Block, Definition, Image, Inline, Item, Style, Table, What, plain};
use super::{clean, clean_line};

/// A fragment with more tags is dropped: it is no article's, and parsing it takes time.
const MOST_TAGS: usize = 3_000;
/// Elements nested deeper are taken as their content.
const DEEPEST: usize = 24;

/// Elements whose content is no text.
const DISCARDED: [&str; 13] = [
    "script", "style", "iframe", "object", "noscript", "template", "svg", "math", "title", "textarea", "select",
    "audio", "video",
];
/// Elements that only group others.
const GROUPS: [&str; 14] = [
    "div", "section", "article", "aside", "header", "footer", "main", "center", "figure", "details", "span", "font",
    "tbody", "tfoot",
];
const BLOCKS: [&str; 23] = [
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "thead", "tr", "th", "td",
    "dl", "dt", "dd", "hr", "figcaption", "summary",
];
const INLINES: [&str; 19] = [
    "em", "i", "strong", "b", "del", "s", "strike", "ins", "sup", "sub", "small", "mark", "u", "cite", "kbd", "code", "a",
    "img", "br",
];

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::empty();
    let tags: HashSet<&str> = GROUPS.into_iter().chain(BLOCKS).chain(INLINES).chain(["caption"]).collect();
    builder
        .tags(tags)
        .clean_content_tags(DISCARDED.into())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "alt"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align"])),
            ("th", HashSet::from(["align"])),
        ]))
        .url_schemes(HashSet::from(["https", "http", "mailto"]))
        .link_rel(None);
    builder
});

/// What one inline tag means.
#[derive(Debug, PartialEq)]
pub(super) enum RawTag {
    /// A comment, a group, an attribute-less rest.
    Ignored,
    /// Does not go into a mail; its content does.
    Dropped(String),
    /// Does not go into a mail, nor its content.
    Discard(String),
    Break,
    Open(String, Style),
    Link(String),
    Image(Image),
    Close(String),
}

/// Reads one inline tag, as CommonMark hands it over.
pub(super) fn tag(html: &str) -> RawTag {
    let inner = html.trim_start_matches('<');
    let closing = inner.starts_with('/');
    let name = tag_name(inner.trim_start_matches('/'));
    if name.is_empty() || GROUPS.contains(&name.as_str()) {
        return RawTag::Ignored;
    }
    if closing {
        return RawTag::Close(name);
    }
    if DISCARDED.contains(&name.as_str()) {
        return RawTag::Discard(name);
    }
    if let Some(style) = Style::of_tag(&name) {
        return RawTag::Open(name, style);
    }
    match name.as_str() {
        "br" => RawTag::Break,
        "a" | "img" => {
            if let Some(target) = unsafe_address(html) {
                return RawTag::Link(target);
            }
            match tokens(&SANITISER.clean(html).to_string()).into_iter().next() {
                Some(Token::Open { name, attributes }) if name == "a" => match attribute(&attributes, "href") {
                    Some(href) => RawTag::Link(href),
                    None => RawTag::Ignored,
                },
                Some(Token::Open { attributes, .. }) => image(&attributes).map_or(RawTag::Ignored, RawTag::Image),
                Some(Token::Close(_) | Token::Text(_)) | None => RawTag::Ignored,
            }
        }
        name if BLOCKS.contains(&name) => RawTag::Ignored,
        _ => RawTag::Dropped(name),
    }
}

/// A block of raw HTML as blocks of the tree.
pub(super) struct Parsed {
    pub(super) blocks: Vec<Block>,
    /// What the linter looks at.
    pub(super) seen: Vec<What>,
}

/// Sanitises and reads a block of raw HTML.
pub(super) fn blocks(html: &str) -> Parsed {
    let mut seen: Vec<What> = dropped_tags(html).into_iter().map(What::DroppedTag).collect();
    if let Some(target) = unsafe_address(html) {
        seen.push(What::Link { target, empty: false });
    }
    if html.matches('<').count() > MOST_TAGS {
        seen.push(What::TooDeep);
        return Parsed { blocks: Vec::new(), seen };
    }
    let clean_html = SANITISER.clean(html).to_string();
    let tokens = tokens(&clean_html);
    for token in &tokens {
        if let Token::Open { name, attributes } = token {
            match (name.as_str(), attribute(attributes, "href"), image(attributes)) {
                ("a", Some(target), _) => seen.push(What::Link { target, empty: false }),
                ("img", _, Some(image)) => seen.push(What::Image { src: image.src, alt: image.alt }),
                _ => {}
            }
        }
    }
    let mut reader = Reader { tokens: tokens.into_iter().peekable(), depth: 0 };
    let mut blocks = Vec::new();
    while reader.tokens.peek().is_some() {
        blocks.extend(reader.blocks());
    }
    Parsed { blocks, seen }
}

/// The address of a link that runs something, for the linter: ammonia only drops it.
fn unsafe_address(html: &str) -> Option<String> {
    let flat: String = html.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let flat = flat.to_ascii_lowercase();
    ["javascript:", "vbscript:", "data:"].into_iter().find_map(|scheme| {
        let at = flat.find(scheme)?;
        let before = &flat[..at];
        let in_attribute = ["href=", "href=\"", "href='", "src=", "src=\"", "src='"];
        in_attribute.iter().any(|start| before.ends_with(start)).then(|| format!("{scheme}…"))
    })
}

fn tag_name(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn dropped_tags(html: &str) -> BTreeSet<String> {
    html.split('<')
        .skip(1)
        .map(tag_name)
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter(|name| {
            let name = name.as_str();
            !GROUPS.contains(&name) && !BLOCKS.contains(&name) && !INLINES.contains(&name) && name != "caption"
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Token {
    Open { name: String, attributes: Vec<(String, String)> },
    Close(String),
    Text(String),
}

fn attribute(attributes: &[(String, String)], name: &str) -> Option<String> {
    let value = attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())?;
    (!value.is_empty()).then(|| clean_line(value))
}

fn image(attributes: &[(String, String)]) -> Option<Image> {
    let src = attribute(attributes, "src")?;
    Some(Image { src, alt: attribute(attributes, "alt").unwrap_or_default(), title: None })
}

/// Reads ammonia's output: well-formed, attributes in double quotes, comments gone.
fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(inside) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            tokens.push(Token::Text(clean(&decode(&rest[..end]))));
            rest = &rest[end..];
            continue;
        };
        let end = tag_end(inside);
        let (tag, after) = (&inside[..end], inside.get(end + 1..).unwrap_or_default());
        rest = after;
        match tag.strip_prefix('/') {
            Some(name) => tokens.push(Token::Close(tag_name(name))),
            None => tokens.push(Token::Open { name: tag_name(tag), attributes: attributes(tag) }),
        }
    }
    tokens
}

/// Where a tag ends: at the first `>` outside quotes.
fn tag_end(inside: &str) -> usize {
    let mut quoted = false;
    inside
        .bytes()
        .position(|b| {
            quoted ^= b == b'"';
            b == b'>' && !quoted
        })
        .unwrap_or(inside.len())
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let name = before.rsplit(' ').next().unwrap_or_default();
        let (value, next) = after.split_once('"').unwrap_or((after, ""));
        found.push((name.to_owned(), decode(value)));
        rest = next;
    }
    found
}

/// The character references that the serialiser writes.
fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{A0}")
        .replace("&amp;", "&")
}

/// Tokens → blocks.
struct Reader<I: Iterator<Item = Token>> {
    tokens: std::iter::Peekable<I>,
    depth: usize,
}

impl<I: Iterator<Item = Token>> Reader<I> {
    /// Blocks up to the next closing tag of a block, which is consumed.
    fn blocks(&mut self) -> Vec<Block> {
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
                    if !plain(&content).trim().is_empty() || content.iter().any(has_image) {
                        blocks.push(paragraph(content));
                    }
                }
            }
        }
        self.depth -= 1;
        blocks
    }

    fn block(&mut self, name: &str, attributes: &[(String, String)], blocks: &mut Vec<Block>) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes()[1] - b'0';
                let content = self.content_of_block();
                blocks.push(Block::Heading { level, id: String::new(), content });
            }
            "ul" | "ol" => {
                let start = attribute(attributes, "start").and_then(|start| start.parse().ok());
                let start = (name == "ol").then(|| start.unwrap_or(1));
                blocks.push(Block::List { start, items: self.items() });
            }
            "blockquote" => blocks.push(Block::Quote(self.blocks())),
            "pre" => {
                let code = plain(&self.content_of_block());
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
                Token::Open { name, .. } if name == "dt" => entries.push(Definition::Term(self.content_of_block())),
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
                        cells.push(cell);
                        if cells.len() > aligned.len() {
                            aligned.push(match attribute(&attributes, "align").as_deref() {
                                Some("right") => Aligned::Right,
                                Some("center") => Aligned::Centre,
                                _ => Aligned::Left,
                            });
                        }
                    }
                }
                Token::Open { name, .. } if !is_inline(&name) && name != "hr" => {
                    inside += 1;
                    if name == "tr" {
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
                        shut(&mut stack, &mut current);
                    }
                }
            }
        }
        while !stack.is_empty() {
            shut(&mut stack, &mut current);
        }
        current
    }
}

fn shut(stack: &mut Vec<(String, Option<String>, Vec<Inline>)>, current: &mut Vec<Inline>) {
    if let Some((name, href, outer)) = stack.pop() {
        let content = std::mem::replace(current, outer);
        match (name.as_str(), href, Style::of_tag(&name)) {
            ("a", Some(target), _) => current.push(Inline::Link { target, content }),
            ("code", ..) => current.push(Inline::Code(plain(&content))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_html_becomes_blocks() {
        let parsed = blocks(
            "<div style=\"color:red\" onclick=\"x()\"><h3 id=x>Head</h3>Text <b>bold</b> &amp; <a href='https://e.org/?a=1&b=2' onclick=y>link</a>\
             <ul><li>one<li>two <p>more</ul><table><tr><th>A<th align=right>B<tr><td>1<td>2</table></div>",
        );
        insta::assert_snapshot!(format!("{:#?}", parsed.blocks));
    }

    #[test]
    fn what_runs_is_dropped_and_named() {
        let parsed = blocks("<p>a<script>alert(1)</script><a href=\"java\nscript:x()\">b</a></p><iframe src=x></iframe><form><input></form>");
        assert_eq!(
            parsed.seen,
            [
                What::DroppedTag("form".into()),
                What::DroppedTag("iframe".into()),
                What::DroppedTag("input".into()),
                What::DroppedTag("script".into()),
                What::Link { target: "javascript:…".into(), empty: false },
            ]
        );
        assert_eq!(parsed.blocks, [Block::Paragraph(vec![Inline::Text("a".into()), Inline::Text("b".into())])]);
    }

    #[test]
    fn deep_and_many_tags_are_bounded() {
        for html in ["<div>".repeat(2_900), "<blockquote>".repeat(2_900), "<b><p>".repeat(1_400), "<a>".repeat(90_000)] {
            blocks(&html);
        }
    }
}

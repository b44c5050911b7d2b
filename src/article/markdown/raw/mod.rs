//! Raw HTML in Markdown, sanitised and taken into the same tree as everything else.
//!
//! ammonia parses it as browsers do and drops what has no place in a mail; what it leaves is well-formed, and small
//! enough a language to be read here. Nothing of the source's HTML is ever copied into an edition.

mod place;
mod reader;
mod token;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::quotes::Quotes;
use super::tree::{Block, Image, Simpler, Style, What};
pub(super) use place::Places;
use reader::Reader;
use token::{Token, attribute, image, tokens};

/// A fragment with more tags is dropped: it is no article's, and parsing it takes time.
const MOST_TAGS: usize = 3_000;

/// Elements whose content is no text.
const DISCARDED: [&str; 13] = [
    "script", "style", "iframe", "object", "noscript", "template", "svg", "math", "title", "textarea",
    "select", "audio", "video",
];
/// Elements that have no text.
const EMPTY: [&str; 13] = [
    "input", "embed", "source", "track", "param", "link", "meta", "base", "area", "col", "wbr", "frame",
    "keygen",
];
/// Elements that only group others.
const GROUPS: [&str; 14] = [
    "div", "section", "article", "aside", "header", "footer", "main", "center", "figure", "details", "span",
    "font", "tbody", "tfoot",
];
const BLOCKS: [&str; 23] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "table",
    "thead",
    "tr",
    "th",
    "td",
    "dl",
    "dt",
    "dd",
    "hr",
    "figcaption",
    "summary",
];
const INLINES: [&str; 20] = [
    "em", "i", "strong", "b", "del", "s", "strike", "ins", "sup", "sub", "small", "mark", "u", "cite", "kbd",
    "code", "a", "img", "br", "q",
];

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::empty();
    let tags: HashSet<&str> = GROUPS.into_iter().chain(BLOCKS).chain(INLINES).chain(["caption"]).collect();
    let cell = HashSet::from(["align", "data-align", "rowspan", "colspan"]);
    let id = HashSet::from(["id"]);
    builder
        .tags(tags)
        .clean_content_tags(DISCARDED.into())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "alt"])),
            ("ol", HashSet::from(["start", "type", "reversed"])),
            ("td", cell.clone()),
            ("th", cell),
            ("h1", id.clone()),
            ("h2", id.clone()),
            ("h3", id.clone()),
            ("h4", id.clone()),
            ("h5", id.clone()),
            ("h6", id),
        ]))
        .url_schemes(HashSet::from(["https", "http", "mailto", "tel"]))
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
    /// Opens or closes a quotation.
    Quote {
        closing: bool,
    },
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
    if name == "q" {
        return RawTag::Quote { closing };
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
                Some(Token::Open { name, attributes }) if name == "a" => match attribute(&attributes, "href")
                {
                    Some(href) if !is_number(&href) => RawTag::Link(href),
                    Some(_) | None => RawTag::Ignored,
                },
                Some(Token::Open { attributes, .. }) => {
                    image(&attributes).map_or(RawTag::Ignored, RawTag::Image)
                }
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

/// Whether headings have the ids that the HTML gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    Kept,
    Dropped,
}

/// Sanitises and reads a block of raw HTML.
pub(super) fn blocks(html: &str, quotes: &Quotes<'_>) -> Parsed {
    read(html, Ids::Dropped, quotes)
}

/// As [`blocks`], with the ids of headings.
pub(super) fn blocks_with_ids(html: &str) -> Parsed {
    read(html, Ids::Kept, &Quotes::ENGLISH)
}

fn read(html: &str, ids: Ids, quotes: &Quotes<'_>) -> Parsed {
    let mut seen: Vec<What> = dropped_tags(html).into_iter().map(What::DroppedTag).collect();
    if let Some(target) = unsafe_address(html) {
        seen.push(What::Link { target, text: None });
    }
    if html.matches('<').count() > MOST_TAGS {
        seen.push(What::TooDeep);
        return Parsed { blocks: Vec::new(), seen };
    }
    if open_comment(html).is_some() {
        seen.push(What::Simpler(Simpler::OpenComment));
    }
    let clean_html = SANITISER.clean(html).to_string();
    let tokens = tokens(&clean_html);
    for token in &tokens {
        if let Token::Open { name, attributes } = token {
            match (name.as_str(), attribute(attributes, "href"), image(attributes)) {
                ("a", Some(target), _) if !is_number(&target) => {
                    seen.push(What::Link { target, text: None });
                }
                ("ol", ..) => {
                    let kind = attribute(attributes, "type").filter(|kind| kind != "1");
                    seen.extend(kind.map(|_| What::Simpler(Simpler::Letters)));
                    let is_reversed = attributes.iter().any(|(name, _)| name == "reversed");
                    seen.extend(is_reversed.then_some(What::Simpler(Simpler::Backwards)));
                }
                ("td" | "th", ..) => {
                    for (name, simpler) in [("rowspan", Simpler::Rows), ("colspan", Simpler::Columns)] {
                        let is_wide = span_of(attributes, name) > 1;
                        if is_wide && !seen.contains(&What::Simpler(simpler)) {
                            seen.push(What::Simpler(simpler));
                        }
                    }
                }
                ("img", _, Some(image)) => seen.push(What::Image { src: image.src, alt: image.alt }),
                _ => {}
            }
        }
    }
    let mut reader = Reader { tokens: tokens.into_iter().peekable(), depth: 0, ids, quotes };
    let mut blocks = Vec::new();
    while reader.tokens.peek().is_some() {
        blocks.extend(reader.blocks());
    }
    Parsed { blocks, seen }
}

/// Where a comment begins that is never closed.
fn open_comment(html: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let open = at + html[at..].find("<!--")?;
        match html[open + 2..].find("-->") {
            Some(length) => at = open + 2 + length + 3,
            None => return Some(open),
        }
    }
}

/// Whether an address is a telephone's, which no mail holds: a reader finds the number behind the text.
fn is_number(target: &str) -> bool {
    target.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"))
}

/// How many rows or columns a cell takes.
fn span_of(attributes: &[(String, String)], name: &str) -> usize {
    // None of an article's is larger.
    attribute(attributes, name).and_then(|span| span.parse().ok()).unwrap_or(1).clamp(1, 100)
}

/// Whether the text of an element stays when its tag goes.
pub(super) fn keeps_its_text(name: &str) -> bool {
    !DISCARDED.contains(&name) && !EMPTY.contains(&name)
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
            !GROUPS.contains(&name)
                && !BLOCKS.contains(&name)
                && !INLINES.contains(&name)
                && name != "caption"
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::Inline;
    use super::*;

    const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

    fn english(html: &str) -> Parsed {
        blocks(html, &Quotes::ENGLISH)
    }

    #[test]
    fn a_block_of_html_becomes_blocks() {
        let parsed = english(
            "<div style=\"color:red\" onclick=\"x()\"><h3 id=x>Head</h3>Text <b>bold</b> &amp; <a href='https://e.org/?a=1&b=2' onclick=y>link</a>\
             <ul><li>one<li>two <p>more</ul><table><tr><th>A<th align=right>B<tr><td>1<td>2</table></div>",
        );
        insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, {
        insta::assert_snapshot!(format!("{:#?}", parsed.blocks));
        });
    }

    #[test]
    fn what_runs_is_dropped_and_named() {
        let parsed = english(
            "<p>a<script>alert(1)</script><a href=\"java\nscript:x()\">b</a></p><iframe src=x></iframe><form><input></form>",
        );
        assert_eq!(
            parsed.seen,
            [
                What::DroppedTag("form".into()),
                What::DroppedTag("iframe".into()),
                What::DroppedTag("input".into()),
                What::DroppedTag("script".into()),
                What::Link { target: "javascript:…".into(), text: None },
            ]
        );
        assert_eq!(
            parsed.blocks,
            [Block::Paragraph(vec![Inline::Text("a".into()), Inline::Text("b".into())])]
        );
    }

    #[test]
    fn deep_and_many_tags_are_bounded() {
        for html in [
            "<div>".repeat(2_900),
            "<blockquote>".repeat(2_900),
            "<b><p>".repeat(1_400),
            "<a>".repeat(90_000),
        ] {
            english(&html);
        }
    }
}

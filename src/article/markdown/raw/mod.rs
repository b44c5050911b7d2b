//! Raw HTML in Markdown, sanitised and taken into the same tree as everything else.
//!
//! ammonia parses it as browsers do and drops what has no place in a mail; what it leaves is well-formed, and small
//! enough a language to be read here. Nothing of the source's HTML is ever copied into an edition.

mod place;
mod reader;
mod token;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::tree::{Block, Image, Style, What};
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
const INLINES: [&str; 19] = [
    "em", "i", "strong", "b", "del", "s", "strike", "ins", "sup", "sub", "small", "mark", "u", "cite", "kbd",
    "code", "a", "img", "br",
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
                Some(Token::Open { name, attributes }) if name == "a" => match attribute(&attributes, "href")
                {
                    Some(href) => RawTag::Link(href),
                    None => RawTag::Ignored,
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

/// Sanitises and reads a block of raw HTML.
pub(super) fn blocks(html: &str) -> Parsed {
    let mut seen: Vec<What> = dropped_tags(html).into_iter().map(What::DroppedTag).collect();
    if let Some(target) = unsafe_address(html) {
        seen.push(What::Link { target, text: None });
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
                ("a", Some(target), _) => seen.push(What::Link { target, text: None }),
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

    #[test]
    fn a_block_of_html_becomes_blocks() {
        let parsed = blocks(
            "<div style=\"color:red\" onclick=\"x()\"><h3 id=x>Head</h3>Text <b>bold</b> &amp; <a href='https://e.org/?a=1&b=2' onclick=y>link</a>\
             <ul><li>one<li>two <p>more</ul><table><tr><th>A<th align=right>B<tr><td>1<td>2</table></div>",
        );
        insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, {
        insta::assert_snapshot!(format!("{:#?}", parsed.blocks));
        });
    }

    #[test]
    fn what_runs_is_dropped_and_named() {
        let parsed = blocks(
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
            blocks(&html);
        }
    }
}

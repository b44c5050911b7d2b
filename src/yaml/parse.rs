//! From text to tree, within limits.

use std::collections::HashMap;
use std::fmt;

use serde_yaml::granit_parser::{self as granit, ErrorKind, Event, Marker, ScalarStyle, Span};

use super::{Entry, Node, Place, Value};

/// How much a document may hold; aliases count as what they stand for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Values, mappings and lists.
    pub nodes: usize,
    /// Bytes of all texts.
    pub bytes: usize,
    /// Mappings and lists in each other.
    pub depth: usize,
}

impl Limits {
    /// For a configuration or a front matter.
    pub const DOCUMENT: Limits = Limits { nodes: 20_000, bytes: 4 << 20, depth: 32 };
    /// For one item of a long list.
    pub const ITEM: Limits = Limits { nodes: 200, bytes: 64 << 10, depth: 4 };

    /// What the parser is told; the tree is held to the same by [`TreeBuilder`].
    #[must_use]
    pub(crate) fn options(self) -> granit::Options {
        granit::options! {
            emit_comments: false,
            flow_nesting_limit: self.depth + 2,
            block_nesting_limit: self.depth + 2,
        }
    }
}

/// What is asked of whoever leaves one open.
pub(crate) const CLOSE_THE_BRACKET: &str = "close the bracket";

/// Why a text is no YAML that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// What is wrong, in one line; it quotes nothing of the text.
    pub message: String,
    /// What to do, when the parser's complaint has one usual cause.
    pub remedy: Option<&'static str>,
    /// Where.
    pub place: Place,
}

impl YamlError {
    fn new(message: impl Into<String>, remedy: Option<&'static str>, place: Place) -> Self {
        YamlError { message: message.into(), remedy, place }
    }

    /// What the parser complained of, in words for somebody who writes YAML twice a year.
    pub(crate) fn scan(error: &granit::ScanError) -> Self {
        let at = error.marker();
        let remedy = match error.kind() {
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart => Some("indent with spaces"),
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => Some(
                "put a text with a colon and a space into quotes; begin keys that belong together in one column",
            ),
            ErrorKind::UnclosedQuotedScalar => {
                Some("close the quote, or write '' for a ' within single quotes")
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                Some("put the whole text into quotes of the other kind")
            }
            ErrorKind::UnexpectedCharacter { .. } | ErrorKind::UnknownAnchor => {
                Some("put a text that begins with a sign into quotes")
            }
            ErrorKind::UnknownQuotedScalarEscape => Some("write \\\\ for a backslash, or use single quotes"),
            ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry => Some("begin keys that belong together in one column"),
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                Some("write `key: value`, with a colon and a space")
            }
            ErrorKind::UnexpectedEofFlowSequence | ErrorKind::UnclosedFlowCollection { .. } => {
                Some(CLOSE_THE_BRACKET)
            }
            _ => None,
        };
        YamlError::new(format!("this is no YAML: {}", error.info()), remedy, point(at).unwrap_or_default())
    }
}

/// The place of a marker alone.
fn point(at: &Marker) -> Option<Place> {
    Some(Place {
        line: at.line(),
        column: at.col() + 1,
        bytes: at.byte_offset().map(|offset| offset..offset),
    })
}

fn place(span: &Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1, bytes: span.byte_range() }
}

/// Reads a whole document.
///
/// # Errors
/// When it is no YAML, holds more than one document, or exceeds `limits`.
pub fn parse(text: &str, limits: Limits) -> Result<Node, YamlError> {
    let mut events = granit::Parser::new_from_str_with_options(text, limits.options());
    let mut root = None;
    while let Some(event) = events.next() {
        let (event, span) = event.map_err(|e| YamlError::scan(&e))?;
        match event {
            Event::DocumentStart(..) if root.is_some() => {
                return Err(YamlError::new(
                    "a second document begins here",
                    Some("leave out the line `---`"),
                    place(&span),
                ));
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
            event => root = Some(TreeBuilder::new(limits).build(event, &span, &mut events)?),
        }
    }
    Ok(root.unwrap_or(Node {
        value: Value::Scalar { text: String::new(), quoted: false },
        place: Place { line: 1, column: 1, bytes: Some(0..0) },
    }))
}

/// Reads a whole document that stands in a larger file, behind `line` lines of `byte` bytes.
///
/// # Errors
/// As [`parse`], with places in the larger file.
pub fn parse_at(text: &str, limits: Limits, line: usize, byte: usize) -> Result<Node, YamlError> {
    let shift = |place: &mut Place| {
        place.line += line;
        if let Some(bytes) = &mut place.bytes {
            *bytes = bytes.start + byte..bytes.end + byte;
        }
    };
    match parse(text, limits) {
        Ok(mut root) => {
            shift_all(&mut root, &shift);
            Ok(root)
        }
        Err(mut error) => {
            shift(&mut error.place);
            Err(error)
        }
    }
}

fn shift_all(node: &mut Node, shift: &impl Fn(&mut Place)) {
    shift(&mut node.place);
    match &mut node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(|item| shift_all(item, shift)),
        Value::Map(entries) => entries.iter_mut().for_each(|entry| {
            shift(&mut entry.place);
            shift_all(&mut entry.value, shift);
        }),
    }
}

/// Builds one tree out of the parser's events.
pub struct TreeBuilder {
    limits: Limits,
    nodes: usize,
    bytes: usize,
    anchors: HashMap<usize, Node>,
}

impl fmt::Debug for TreeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl TreeBuilder {
    /// Builds within `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        TreeBuilder { limits, nodes: 0, bytes: 0, anchors: HashMap::new() }
    }

    /// The tree that begins with `event`; takes from `events` what belongs to it.
    ///
    /// # Errors
    /// When the events end in an error, or the tree exceeds its limits.
    pub fn build<'i>(
        &mut self,
        event: Event<'i>,
        span: &Span,
        events: &mut impl Iterator<Item = Result<(Event<'i>, Span), granit::ScanError>>,
    ) -> Result<Node, YamlError> {
        self.node(event, span, events, 0)
    }

    fn node<'i>(
        &mut self,
        event: Event<'i>,
        span: &Span,
        events: &mut impl Iterator<Item = Result<(Event<'i>, Span), granit::ScanError>>,
        depth: usize,
    ) -> Result<Node, YamlError> {
        let start = place(span);
        self.spend(1, 0, &start)?;
        if depth > self.limits.depth {
            return Err(YamlError::new("this is nested too deeply", None, start));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                self.spend(0, text.len(), &start)?;
                (Value::Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = next(events, &start)?;
                    if event == Event::SequenceEnd {
                        break (Value::List(items), anchor);
                    }
                    items.push(self.node(event, &span, events, depth + 1)?);
                }
            }
            Event::MappingStart(_, anchor, _) => {
                let mut entries = Vec::new();
                loop {
                    let (event, span) = next(events, &start)?;
                    if event == Event::MappingEnd {
                        break (Value::Map(entries), anchor);
                    }
                    let Node { value: Value::Scalar { text: key, .. }, place } =
                        self.node(event, &span, events, depth + 1)?
                    else {
                        return Err(YamlError::new("a key is a text", None, self::place(&span)));
                    };
                    let (event, span) = next(events, &start)?;
                    let value = self.node(event, &span, events, depth + 1)?;
                    entries.push(Entry { key, place, value });
                }
            }
            Event::Alias(id) => {
                let Some(target) = self.anchors.get(&id).cloned() else {
                    return Err(YamlError::new("this alias names nothing that ends before it", None, start));
                };
                let (nodes, bytes) = weight(&target);
                self.spend(nodes, bytes, &start)?;
                // The place of the alias: that is where the value was asked for.
                (target.value, 0)
            }
            _ => return Err(YamlError::new("a value was expected here", None, start)),
        };
        let node = Node { value, place: start };
        if anchor != 0 {
            let (nodes, bytes) = weight(&node);
            self.spend(nodes, bytes, &node.place)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: &Place) -> Result<(), YamlError> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > self.limits.nodes || self.bytes > self.limits.bytes {
            let limits = self.limits;
            return Err(YamlError::new(
                format!(
                    "this is too much: at most {} values and {} bytes of text",
                    limits.nodes, limits.bytes
                ),
                None,
                at.clone(),
            ));
        }
        Ok(())
    }
}

fn next<'i>(
    events: &mut impl Iterator<Item = Result<(Event<'i>, Span), granit::ScanError>>,
    start: &Place,
) -> Result<(Event<'i>, Span), YamlError> {
    match events.next() {
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(YamlError::scan(&error)),
        None => Err(YamlError::new("this does not end", None, start.clone())),
    }
}

/// Nodes and bytes of a tree.
fn weight(node: &Node) -> (usize, usize) {
    let sum = |(n, b): (usize, usize), (m, c): (usize, usize)| (n + m, b + c);
    match &node.value {
        Value::Scalar { text, .. } => (1, text.len()),
        Value::List(items) => items.iter().map(weight).fold((1, 0), sum),
        Value::Map(entries) => {
            entries.iter().map(|e| sum(weight(&e.value), (1, e.key.len()))).fold((1, 0), sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        let e = parse(text, Limits::DOCUMENT).unwrap_err();
        let remedy = e.remedy.map(|r| format!("; {r}")).unwrap_or_default();
        format!("{}:{}: {}{remedy}", e.place.line, e.place.column, e.message)
    }

    #[test]
    fn places_are_lines_columns_in_characters_and_bytes() {
        let text = "name: é\nlist:\n  - ä\n  - \"ö: x\"\n";
        let node = parse(text, Limits::DOCUMENT).unwrap();
        let last = &node.get("list").unwrap().as_list().unwrap()[1];
        assert_eq!((last.place.line, last.place.column), (4, 5));
        assert_eq!(&text[last.place.bytes.clone().unwrap()], "\"ö: x\"");
        let entry = &node.as_map().unwrap()[1];
        assert_eq!((entry.place.line, entry.place.column), (2, 1));
        assert_eq!(&text[entry.place.bytes.clone().unwrap()], "list");
    }

    #[test]
    fn a_document_within_a_file_has_the_places_of_the_file() {
        let file = "---\ntitle: x\n---\n";
        let node = parse_at(&file[4..12], Limits::DOCUMENT, 1, 4).unwrap();
        let entry = &node.as_map().unwrap()[0];
        assert_eq!(entry.place.line, 2);
        assert_eq!(&file[entry.place.bytes.clone().unwrap()], "title");
        assert_eq!(parse_at("a: [", Limits::DOCUMENT, 1, 4).unwrap_err().place.line, 2);
    }

    #[test]
    fn usual_slips_have_their_remedy() {
        insta::assert_snapshot!(
            [
                "title: Rare: Earths",
                "title: \"open",
                "a:\n\tb: 1",
                "title: 'it's'",
                "title: \"x\" y",
                "at: @noon",
                "a: 1\n b: 2",
                "list: [a, b",
                "just a line\nkey: 1",
                "a: *none",
                "a: 1\n---\nb: 2",
                "? [a]\n: b",
            ]
            .map(error)
            .join("\n"), @r#"
        1:12: this is no YAML: mapping values are not allowed in this context; put a text with a colon and a space into quotes; begin keys that belong together in one column
        1:8: this is no YAML: unclosed quote; close the quote, or write '' for a ' within single quotes
        2:2: this is no YAML: tabs disallowed within this context (block indentation); indent with spaces
        1:12: this is no YAML: invalid trailing content after single-quoted scalar; put the whole text into quotes of the other kind
        1:12: this is no YAML: invalid trailing content after double-quoted scalar; put the whole text into quotes of the other kind
        1:5: this is no YAML: unexpected character: `@'; put a text that begins with a sign into quotes
        2:3: this is no YAML: mapping values are not allowed in this context; put a text with a colon and a space into quotes; begin keys that belong together in one column
        1:7: this is no YAML: unclosed bracket '['; close the bracket
        2:4: this is no YAML: mapping values are not allowed in this context; put a text with a colon and a space into quotes; begin keys that belong together in one column
        1:4: this is no YAML: while parsing node, found unknown anchor; put a text that begins with a sign into quotes
        2:1: a second document begins here; leave out the line `---`
        1:3: a key is a text
        "#);
    }

    #[test]
    fn bombs_and_deep_nesting_are_refused_in_bounded_time() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let refs = vec![format!("*a{}", i - 1); 9].join(",");
            bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        assert!(error(&bomb).contains("too much"), "{}", error(&bomb));
        let deep = "[".repeat(100_000);
        assert!(error(&deep).contains("recursion limit"), "{}", error(&deep));
        let deep: String = (0..5_000).map(|i| format!("{}a:\n", " ".repeat(i % 200))).collect();
        assert!(parse(&deep, Limits::DOCUMENT).is_err());
    }

    #[test]
    fn nothing_is_null() {
        for text in ["", "# only a comment\n", "---\n"] {
            assert!(parse(text, Limits::DOCUMENT).unwrap().is_null(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,400}") {
            let _ = parse(&text, Limits::DOCUMENT);
        }

        #[test]
        fn any_yaml_like_text_is_read_or_refused(text in "[ a-c:\\-\\[\\]{}#&*!|>'\"%@\n\t,?é]{0,120}") {
            if let Err(e) = parse(&text, Limits::DOCUMENT) {
                prop_assert!(e.place.line <= text.lines().count() + 1);
            }
        }
    }
}

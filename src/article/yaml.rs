//! YAML as a tree in which every key and value knows its place in the file.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Location, MessageFormatter, Spanned, UserMessageFormatter};

use super::broken_yaml::{self, Slip};

/// A value and the bytes it stands at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

/// A value of YAML; mappings keep their order and their duplicates.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and the bytes it stands at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) span: Range<usize>,
}

/// Text that is no YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Value {
    /// With its article: `a number`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping of keys",
        }
    }

    /// As JSON; of duplicate keys the last one stays.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => n.clone().into(),
            Value::Text(text) => super::markdown::clean(text).into(),
            Value::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(k, v)| (super::markdown::clean(&k.name), v.value.to_json())).collect()
            }
        }
    }
}

/// Parses `source`, whose first byte is byte `offset` of the file.
pub(super) fn parse(source: &str, offset: usize) -> Result<Node, SyntaxError> {
    let parsed = read(source).map_err(|error| syntax_error(&error, source, offset))?;
    Ok(Place { source, offset }.node(parsed))
}

/// The byte at which `source` breaks; none when it is YAML.
pub(super) fn breaks(source: &str) -> Option<usize> {
    read(source).err().map(|error| breaks_at(&error, source))
}

fn read(source: &str) -> Result<Spanned<Raw>, serde_yaml::Error> {
    // Deep nesting and alias bombs end here, not in our stack.
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: 16,
            flow_nesting_limit: 16,
            max_nodes: 20_000,
            max_events: 60_000,
            max_aliases: 100,
            max_anchors: 100,
            max_recorded_anchor_events: 20_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(source, options)
}

/// The byte of `source` at which `error` saw it break.
fn breaks_at(error: &serde_yaml::Error, source: &str) -> usize {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    source.floor_char_boundary(Place { source, offset: 0 }.byte(&location))
}

fn syntax_error(error: &serde_yaml::Error, source: &str, offset: usize) -> SyntaxError {
    let start = breaks_at(error, source);
    let told = UserMessageFormatter.format_message(error);
    let Slip { span, message, remedy } = broken_yaml::slip(source, start, &told);
    SyntaxError {
        span: offset + span.start..offset + span.end,
        message: format!("the front matter cannot be read: {message}"),
        remedy,
    }
}

/// A space that YAML takes for a letter.
pub(super) const NO_BREAK: [char; 2] = ['\u{a0}', '\u{202f}'];

/// Where a piece of YAML stands in its file.
struct Place<'a> {
    source: &'a str,
    offset: usize,
}

impl Place<'_> {
    fn byte(&self, location: &Location) -> usize {
        if let Some(byte) = location.span().byte_offset() {
            return usize::try_from(byte).unwrap_or(usize::MAX);
        }
        let line = usize::try_from(location.line()).unwrap_or(usize::MAX).saturating_sub(1);
        let column = usize::try_from(location.column()).unwrap_or(usize::MAX).saturating_sub(1);
        let start: usize = self.source.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = &self.source[start..];
        start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
    }

    fn span(&self, location: &Location) -> Range<usize> {
        let start = self.byte(location).min(self.source.len());
        let length = location.span().byte_len().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let end = start.saturating_add(length).min(self.source.len());
        let text = self.source.get(start..end).unwrap_or_default();
        let shown = text.trim_end().len();
        self.offset + start..self.offset + start + shown
    }

    fn node(&self, raw: Spanned<Raw>) -> Node {
        let mut span = self.span(&raw.referenced);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(b) => Value::Bool(b),
            Raw::Number(n) => Value::Number(n),
            Raw::Text(text) => Value::Text(text),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let span = self.span(&key.referenced);
                        (Key { name: key.value.0, span }, self.node(value))
                    })
                    .collect(),
            ),
        };
        // A collection is shown by its first line: the parser gives it no length.
        if span.is_empty() {
            span.end = match &value {
                Value::List(items) => items.first().map_or(span.end, |item| item.span.end.max(span.end)),
                Value::Map(entries) => entries.first().map_or(span.end, |(k, _)| k.span.end.max(span.end)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => span.end,
            };
        }
        Node { value, span }
    }
}

/// What the deserialiser hands over.
enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<RawKey>, Spanned<Raw>)>),
}

struct RawKey(String);

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(RawKey)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_bool<E>(self, b: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(b))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Raw, E> {
                Ok(Raw::Number(n.into()))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Raw, E> {
                Ok(Raw::Number(n.into()))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Raw, E> {
                Ok(serde_json::Number::from_f64(n).map_or_else(|| Raw::Text(n.to_string()), Raw::Number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Raw, E> {
                Ok(Raw::Text(text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

    fn shown(source: &str) -> String {
        fn walk(node: &Node, source: &str, depth: usize, out: &mut String) {
            let pad = "  ".repeat(depth);
            let at = source.get(node.span.clone()).unwrap_or("?").replace('\n', "⏎");
            match &node.value {
                Value::List(items) => {
                    out.push_str(&format!("{pad}list «{at}»\n"));
                    items.iter().for_each(|item| walk(item, source, depth + 1, out));
                }
                Value::Map(entries) => {
                    out.push_str(&format!("{pad}map «{at}»\n"));
                    for (key, value) in entries {
                        let at = source.get(key.span.clone()).unwrap_or("?");
                        out.push_str(&format!("{pad}  key {} «{at}»\n", key.name));
                        walk(value, source, depth + 2, out);
                    }
                }
                value => out.push_str(&format!("{pad}{value:?} «{at}»\n")),
            }
        }
        let mut out = String::new();
        match parse(source, 0) {
            Ok(node) => walk(&node, source, 0, &mut out),
            Err(error) => out.push_str(&format!("{error:?}")),
        }
        out
    }

    #[test]
    fn every_value_knows_its_place() {
        let source = "title: “Ä”\ntags: [a, \"b c\"]\ntags:\n  - x: 1\nn: 007\nb: yes\nt: true\ne:\nf: |\n  two\n  lines\n\"q\": 1.5\n2025: x\n";
        insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, {
        insta::assert_snapshot!(shown(source));
        });
    }

    #[test]
    fn broken_yaml_says_what_helps() {
        let broken = [
            "title: a: b\n",
            "title: \"open\ndate: x\n",
            "\ttitle: x\n",
            "title: *star\n",
            "title: @home\n",
            "tags: [a, b\ntitle: x\n",
            "- a\nb: c\n",
            "title\n",
            "",
            "? [a, b]\n: c\n",
            "x: !!binary zzz\n",
            "title:The ferry\ndate: x\n",
            "title:\u{a0}The ferry\ndate: x\n",
            "highlights:\n- 10:30 the ferry\n  and: more\n",
            "summary: the ferry\n  leaves:at ten\n  and: more\n",
            "title: \"C:\\path\"\n",
            "title: \"The \"new\" ferry\"\n",
            "title: 'The ferry's back'\n",
            "tags: [a, , b]\n",
            "title: [Live] The ferry\n",
            "title: The ferry\n  is: back again: now\n",
            "title: The ferry\n  is back: again\n",
            "tags:\n- sea\n-quay\n",
            "tags:\n  - sea\n  date: x\n",
            "title: The ferry\n\nIt sails.\ndate: x\n",
            "<<<<<<< HEAD\ntitle: a\n=======\ntitle: b\n>>>>>>> c\n",
            "title: x\n--\ndate: x\n",
            "summary: |\n  a\n  ----\ntitle: b: c\n",
        ];
        let shown: Vec<String> =
            broken.iter().map(|source| format!("{source:?}\n{}", shown(source))).collect();
        insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, {
        insta::assert_snapshot!(shown.join("\n"));
        });
    }

    #[test]
    fn what_a_template_left_unfilled_is_shown_as_that() {
        for (source, placeholder) in [
            ("title: x\ncreated: {{date}}\n", "{{date}}"),
            ("date: {{ .Date }}\n", "{{ .Date }}"),
            ("date: {{< now >}}\n", "{{< now >}}"),
            ("date: {% now 'local' %}\n", "{% now 'local' %}"),
            ("tags: [sea, {{tag}}]\n", "{{tag}}"),
            ("tags:\n  - {{tag}}\n", "{{tag}}"),
            ("title: {{name}}: the ferry\n", "{{name}}"),
            (
                "title: \"{{ replace .Name \"-\" \" \" | title }}\"\ndate: x\n",
                "{{ replace .Name \"-\" \" \" | title }}",
            ),
        ] {
            let error = parse(source, 0).unwrap_err();
            assert_eq!(&source[error.span.clone()], placeholder, "{source}: {error:?}");
            assert!(error.message.ends_with(&format!("was left unfilled: `{placeholder}`")), "{error:?}");
            assert!(error.remedy.starts_with("write the value in its place"), "{error:?}");
        }
        // What breaks beside one is told as ever, and in quotes, or within a text, it is text.
        for source in
            ["title: Hello {{name}}: the ferry\n", "tags: [a, {b: {c: d}\ntitle: x\n", "x: {{date\n"]
        {
            let error = parse(source, 0).unwrap_err();
            assert!(!error.message.contains("placeholder"), "{source}: {error:?}");
        }
        for source in ["title: '{{date}}'\n", "title: Hello {{name}}\n", "title: {a: {b: c}}\n"] {
            assert!(parse(source, 0).is_ok(), "{source}");
        }
    }

    #[test]
    fn bombs_are_refused_in_time() {
        let mut laughs = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for i in 0..20 {
            let (this, last) = (char::from(b'b' + i), char::from(b'a' + i));
            laughs.push_str(&format!(
                "{this}: &{this} [*{last},*{last},*{last},*{last},*{last},*{last},*{last}]\n"
            ));
        }
        let deep_flow = format!("a: {}", "[".repeat(100_000));
        let deep_block: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i % 500))).collect();
        let many = "- a\n".repeat(200_000);
        let dashes = format!("a:\n  {}x", "- ".repeat(50_000));
        for bomb in [laughs, deep_flow, deep_block, many, dashes] {
            assert!(parse(&bomb, 0).is_err());
        }
    }
}

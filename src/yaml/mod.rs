//! YAML as a tree that knows where each value stands, for errors with line and column.
//!
//! Scalars keep their text as written: `07:00`, `1.10` and `no` mean what the reader of the tree wants them to mean.

mod nearest;
mod parse;

use std::ops::Range;

pub use nearest::nearest;
pub(crate) use parse::CLOSE_THE_BRACKET;
pub use parse::{Limits, TreeBuilder, YamlError, parse, parse_at};

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1; 0 when it does not stand in a file.
    pub line: usize,
    /// Column in characters, from 1; 0 when it does not stand in a file.
    pub column: usize,
    /// Bytes of the file; absent when the file was read as a stream.
    pub bytes: Option<Range<usize>>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text; `quoted` when it stands in quotes or as a block, so that it can be nothing else.
    Scalar {
        /// The text, escapes resolved.
        text: String,
        /// Whether it can only be a text.
        quoted: bool,
    },
    /// `- one` or `[one]`.
    List(Vec<Node>),
    /// `key: value` or `{key: value}`, in the order of the file; a key may stand twice.
    Map(Vec<Entry>),
}

/// One key of a mapping and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A text that stands in no file.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Node {
        Node { value: Value::Scalar { text: text.into(), quoted: true }, place: Place::default() }
    }

    /// A list of texts that stand in no file.
    #[must_use]
    pub fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Node {
        Node { value: Value::List(texts.into_iter().map(Node::text).collect()), place: Place::default() }
    }

    /// Whether nothing was written: an empty value, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, quoted: false } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::Scalar { quoted: true, .. } | Value::List(_) | Value::Map(_) => false,
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Scalar { .. } | Value::Map(_) => None,
        }
    }

    /// The value of `key`, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// What it is, for messages: `a text`, `a list`, `a mapping`, `nothing`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value as JSON, plain scalars by the core schema of YAML 1.2 (§10.3).
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            _ if self.is_null() => Json::Null,
            Value::Scalar { text, quoted: true } => Json::String(text.clone()),
            Value::Scalar { text, quoted: false } => match text.as_str() {
                "true" | "True" | "TRUE" => Json::Bool(true),
                "false" | "False" | "FALSE" => Json::Bool(false),
                _ => number(text).map_or_else(|| Json::String(text.clone()), Json::Number),
            },
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect())
            }
        }
    }
}

/// A decimal number of YAML's core schema; `1e400` and its kind stay texts.
fn number(text: &str) -> Option<serde_json::Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !digits.contains(|c: char| c.is_ascii_digit())
        || !digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
    {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema_and_quoted_ones_are_texts() {
        let node = parse(
            "[~, '', null, true, no, 12, -3, 1.5, 1e3, 0x10, 07:00, 1.2.3, '12', \"true\", 2025-11-04, .5]",
            Limits::DOCUMENT,
        )
        .unwrap();
        assert_eq!(
            node.to_json().to_string(),
            r#"[null,"",null,true,"no",12,-3,1.5,1000.0,"0x10","07:00","1.2.3","12","true","2025-11-04",0.5]"#
        );
    }

    #[test]
    fn mappings_keep_their_order() {
        let node = parse("z: 1\na:\n  - x\n  - {y: 2}\n", Limits::DOCUMENT).unwrap();
        assert_eq!(node.to_json().to_string(), r#"{"z":1,"a":["x",{"y":2}]}"#);
        assert_eq!(node.get("a").unwrap().kind(), "a list");
        assert_eq!(node.get("b"), None);
    }
}

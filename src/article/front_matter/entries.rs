//! A mapping against its table: unknown, doubled, empty, missing keys and wrong types, all told at once.

use std::collections::BTreeMap;
use std::ops::Range;

use super::keys::{KeyRow, Kind};
use super::mending;
use crate::article::findings::Findings;
use crate::article::yaml::{Key, Node, Value};
use crate::article::{nearest, surely};

/// The values of a mapping that have the right type, by key.
#[derive(Debug, Default)]
pub(super) struct Entries<'n> {
    found: BTreeMap<&'static str, &'n Node>,
    /// Keys that stand there, whatever their value.
    present: BTreeMap<&'static str, Range<usize>>,
    empty: Vec<&'static str>,
    /// Keys that an unknown one was most likely meant to be.
    misspelt: Vec<&'static str>,
}

impl<'n> Entries<'n> {
    /// Checks `map`, the value of `owner` (empty for the front matter itself), against `rows`.
    pub(super) fn check(
        map: &'n [(Key, Node)],
        rows: &'static [KeyRow],
        owner: &str,
        findings: &mut Findings,
    ) -> Self {
        let mut entries = Entries::default();
        for (key, node) in map {
            let Some(row) = rows.iter().find(|row| row.name == key.name) else {
                entries.misspelt.extend(unknown_key(key, node, map, rows, owner, findings));
                continue;
            };
            if entries.present.contains_key(row.name) {
                findings.error(
                    "duplicate-key",
                    key.span.clone(),
                    format!("`{}` stands here a second time", row.name),
                    "keep one of the two",
                );
                mending::of_double(key, node, map, findings);
                continue;
            }
            entries.present.insert(row.name, key.span.clone());
            if node.value == Value::Null {
                entries.empty.push(row.name);
                if !row.required {
                    findings.warning(
                        "empty-key",
                        key.span.clone(),
                        format!("`{}` is empty", row.name),
                        "give it a value, or remove the line",
                    );
                }
            } else if fits(row.kind, &node.value) {
                entries.found.insert(row.name, node);
            } else {
                wrong_type(row.name, row.kind, node, findings);
            }
        }
        entries
    }

    pub(super) fn get(&self, name: &'static str) -> Option<&'n Node> {
        self.found.get(name).copied()
    }

    /// Whether the key `name` stands there without a value.
    pub(super) fn is_null(&self, name: &'static str) -> bool {
        self.empty.contains(&name)
    }

    /// Whether the key `name` is not there, and no misspelt one stands for it; or is there without a value.
    pub(super) fn lacks(&self, name: &'static str) -> bool {
        self.is_null(name) || !(self.present.contains_key(name) || self.misspelt.contains(&name))
    }

    /// Where the key `name` stands, whatever its value.
    pub(super) fn place(&self, name: &'static str) -> Option<Range<usize>> {
        self.present.get(name).cloned()
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Text | Kind::Markdown | Kind::Date | Kind::Path | Kind::Slug | Kind::Url => {
            matches!(value, Value::Text(_))
        }
        Kind::Author | Kind::Image => matches!(value, Value::Text(_) | Value::Map(_)),
        Kind::Texts | Kind::Markdowns | Kind::Sources => matches!(value, Value::List(_)),
        Kind::Switch => matches!(value, Value::Bool(_)),
        Kind::Free => matches!(value, Value::Map(_)),
    }
}

/// Gives the key that was most likely meant.
fn unknown_key(
    key: &Key,
    node: &Node,
    map: &[(Key, Node)],
    rows: &'static [KeyRow],
    owner: &str,
    findings: &mut Findings,
) -> Option<&'static str> {
    let of = if owner.is_empty() { String::new() } else { format!(" of `{owner}`") };
    let shown: String = key.name.chars().take(60).collect();
    let meant = nearest(&key.name, rows.iter().map(|row| row.name));
    let remedy = match meant {
        Some(name) => format!("did you mean `{name}`?"),
        None if owner.is_empty() => {
            format!("the keys are {}; what your own templates need goes beneath `extra`", list(rows))
        }
        None => format!("the keys{of} are {}", list(rows)),
    };
    let unseen =
        key.name.chars().find(|c| matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'));
    let message = match unseen {
        Some(sign) => {
            let code = u32::from(sign);
            format!("unknown key{of}: `{shown}` has a sign in it that cannot be seen (U+{code:04X})")
        }
        None => format!("unknown key{of}: `{shown}`"),
    };
    findings.error("unknown-key", key.span.clone(), message, remedy);
    // Of two that are both taken for it, neither is beyond doubt.
    let sure = |key: &Key| surely(&key.name, rows.iter().map(|row| row.name));
    let others = map.iter().filter(|(other, _)| sure(other) == sure(key)).count();
    if let Some(row) = rows.iter().find(|row| sure(key) == Some(row.name)).filter(|_| others == 1) {
        mending::of_key(key, node, row, map, fits(row.kind, &node.value), findings);
    }
    meant
}

fn list(rows: &[KeyRow]) -> String {
    rows.iter().map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
}

fn wrong_type(name: &str, kind: Kind, node: &Node, findings: &mut Findings) {
    let is = node.value.kind();
    let remedy = match (kind, &node.value) {
        (Kind::Switch, _) => "write `true` or `false`".to_owned(),
        (Kind::Texts | Kind::Markdowns | Kind::Sources, _) => {
            format!("write a line of `{name}:` and beneath it `  - ` with the text, one line an item")
        }
        // The zone decides nothing: a number has no time of day.
        (Kind::Date, _) => crate::article::date::remedy(findings.source(node.span.clone()), chrono_tz::UTC),
        (Kind::Free, _) => format!("write a line of `{name}:` and beneath it keys of your own, indented"),
        (Kind::Url, Value::Number(_) | Value::Bool(_)) => {
            "write the whole address, as in https://example.com/page".to_owned()
        }
        (_, Value::Number(_) | Value::Bool(_)) => in_quotes(node, findings),
        (Kind::Author, Value::List(_)) => {
            format!("write one name, or all of them as one text: `{name}: Mara Lind and Tobias Ekwall`")
        }
        (_, Value::List(_)) => format!("write one text behind `{name}:`, without brackets and dashes"),
        (_, Value::Map(_)) => "put it in quotes if the colon is part of the text".to_owned(),
        _ => format!("`{name}` must be {}", kind.phrase()),
    };
    let message = format!("`{name}` must be {}, and this is {is}", kind.phrase());
    findings.error("wrong-type", node.span.clone(), message, remedy);
    mending::of_wrong_type(name, kind, node, findings);
}

/// "write it in quotes", with what is written.
pub(super) fn in_quotes(node: &Node, findings: &Findings) -> String {
    let written = findings.source(node.span.clone());
    if written.is_empty() || written.contains(['"', '\\', '\n']) {
        "write it in quotes".to_owned()
    } else {
        format!("write it in quotes: \"{written}\"")
    }
}

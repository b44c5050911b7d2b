//! How a front matter is mended where only one thing can have been meant.

use std::ops::Range;

use super::keys::{AUTHOR, FRONT_MATTER, IMAGE, KeyRow, Kind, SOURCE};
use crate::article::findings::Findings;
use crate::article::source::{NoFrontMatter, is_long_dash, is_other_dashes};
use crate::article::yaml::{self, Key, Node, Value};
use crate::article::{blank, date};

/// Byte ranges of the file, and what takes their place.
pub(in crate::article) type Edits = Vec<(Range<usize>, String)>;

/// What mends a file that has no front matter at first sight.
pub(in crate::article) fn without_head(text: &str, fault: NoFrontMatter) -> Option<(&'static str, Edits)> {
    match fault {
        NoFrontMatter::CarriageReturns => {
            Some(("ends the lines as Unix does", vec![(0..text.len(), text.replace('\r', "\n"))]))
        }
        NoFrontMatter::Dash | NoFrontMatter::Dashes => {
            let place = fault.place(text);
            // What opens a head of its own below is left to it.
            let mut above = text[place.start..].lines().take(30).take_while(|line| line.trim_end() != "---");
            let has_head = above.any(|line| line.starts_with("title:"));
            let is_opening = place.start == 0;
            let is_closing = text.get(..place.start).and_then(|head| head.split_once('\n')).is_some_and(
                |(_, head)| matches!(yaml::parse(head, 0), Ok(Node { value: Value::Map(map), .. }) if has_title(&map)),
            );
            let line = &text[place.clone()];
            let dash = is_long_dash(line) || is_other_dashes(line);
            (dash && ((is_opening && has_head) || is_closing))
                .then(|| ("writes `---`", vec![(place, "---".to_owned())]))
        }
        NoFrontMatter::Empty
        | NoFrontMatter::Missing
        | NoFrontMatter::Toml
        | NoFrontMatter::Json
        | NoFrontMatter::Fenced
        | NoFrontMatter::Bare
        | NoFrontMatter::Below
        | NoFrontMatter::Unclosed => None,
    }
}

fn has_title(map: &[(Key, Node)]) -> bool {
    map.iter().any(|(key, _)| key.name == "title")
}

/// What mends the YAML of `head`, whose first byte is byte `offset` of the file, and which breaks at byte `at` of it.
pub(in crate::article) fn broken_yaml(head: &str, offset: usize, at: usize) -> Option<(&'static str, Edits)> {
    let before = &head[..at.saturating_sub(offset).min(head.len())];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let above = before[..start.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
    let tabs = || {
        let edits = tabs_of(head);
        works(head, &edits, start).then_some(("indents with spaces", edits))
    };
    // Some breaks are seen only on the line below.
    let quotes = || {
        [start, above].into_iter().find_map(|line| {
            let edits = in_quotes(head, line)?;
            works(head, &edits, start).then_some(("puts the text in quotes", edits))
        })
    };
    // `title:The ferry`, or a space there that is none to YAML.
    let space = || {
        let rest = before.ends_with(':').then(|| &head[before.len()..])?;
        let no_break = rest.len() - rest.trim_start_matches(yaml::NO_BREAK).len();
        let edits = vec![(before.len()..before.len() + no_break, " ".to_owned())];
        works(head, &edits, start).then_some(("writes a space behind the colon", edits))
    };
    let (does, edits) = space().or_else(quotes).or_else(tabs)?;
    let moved = |(range, text): (Range<usize>, String)| (offset + range.start..offset + range.end, text);
    Some((does, edits.into_iter().map(moved).collect()))
}

/// Whether `head`, which breaks on the line that begins at byte `start`, is YAML with `edits`, at least to the end of that
/// line.
fn works(head: &str, edits: &Edits, start: usize) -> bool {
    if edits.is_empty() {
        return false;
    }
    let (text, _) =
        crate::diagnostic::apply(head, &[&crate::diagnostic::Fix { does: "", edits: edits.clone() }]);
    let lines = |text: &str| text.bytes().filter(|b| *b == b'\n').count();
    let Some(breaks) = yaml::breaks(&text) else { return true };
    // A slip may be told above the line on which the head breaks.
    let broken = lines(&head[..start.max(yaml::breaks(head).unwrap_or(start))]);
    let until: String = text.split_inclusive('\n').take(broken + 1).collect();
    lines(&text[..breaks]) > broken && yaml::breaks(&until).is_none()
}

/// Two spaces for every tab that indents a line.
fn tabs_of(head: &str) -> Edits {
    let mut edits = Vec::new();
    let mut at = 0;
    for line in head.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[..indent].contains('\t') {
            edits.push((at..at + indent, line[..indent].replace('\t', "  ")));
        }
        at += line.len();
    }
    edits
}

/// The value, or the item, on the line that begins at byte `start`, in double quotes.
fn in_quotes(head: &str, start: usize) -> Option<Edits> {
    let line = head[start..].lines().next()?.trim_end();
    let text = line.trim_start();
    let item = text.strip_prefix("- ").map(str::trim_start);
    let value = match item {
        Some(item) => value_behind(item, &[AUTHOR, IMAGE, SOURCE]).unwrap_or(item),
        None => value_behind_word(text)?,
    };
    // Quotes make a text, and nothing else.
    let is_no_text = |row: &KeyRow| {
        matches!(row.kind, Kind::Date | Kind::Switch | Kind::Slug | Kind::Url)
            && text.strip_prefix(row.name).is_some_and(|rest| rest.starts_with(':'))
    };
    if FRONT_MATTER.iter().any(is_no_text) {
        return None;
    }
    // What may be a comment, quotes of its own, or a list is for a person to look at.
    let is_plain = !value.is_empty()
        && !value.starts_with(['"', '\'', '[', '{', '|', '>', '#'])
        // A mark of YAML's own, which breaks nothing by itself.
        && !value.starts_with("!!")
        && !value.starts_with('&')
        && !value.contains(" #")
        && !value.contains(char::is_control);
    let at = start + (value.as_ptr() as usize - line.as_ptr() as usize);
    is_plain.then(|| vec![(at..at + value.len(), quoted(value))])
}

/// What stands behind `key: `, when it is a key of one of the `tables`.
fn value_behind<'t>(text: &'t str, tables: &[&[KeyRow]]) -> Option<&'t str> {
    let (key, value) = text.split_once(": ")?;
    tables.iter().any(|rows| rows.iter().any(|row| row.name == key)).then(|| value.trim_start())
}

/// What stands behind `word: `, be the word a key that is known or one that is mistyped.
fn value_behind_word(text: &str) -> Option<&str> {
    let (key, value) = text.split_once(": ")?;
    let is_word = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    is_word.then(|| value.trim_start())
}

/// In double quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// Lets the finding that was told just now, of the value of `name` that should be of `kind`, be mended, where only one
/// thing can be meant.
pub(super) fn of_wrong_type(name: &str, kind: Kind, node: &Node, findings: &mut Findings) {
    let written = findings.source(node.span.clone()).to_owned();
    if written.is_empty() || written.contains('\n') {
        return;
    }
    let mend = match (kind, &node.value) {
        (Kind::Switch, Value::Text(text)) => {
            match text.trim_matches(['“', '”', '„', '‘', '’', ' ']).to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => Some(("writes `true`", "true".to_owned())),
                "no" | "off" | "n" | "false" => Some(("writes `false`", "false".to_owned())),
                _ => None,
            }
        }
        (Kind::Date, Value::Number(_)) => {
            date::meant(&written, chrono_tz::UTC).map(|day| ("writes the date as it is read", day))
        }
        (Kind::Texts | Kind::Markdowns | Kind::Sources, Value::Text(text)) if is_something(text) => {
            list_of(name, kind, text, &written, node, findings)
        }
        (Kind::Texts, Value::Number(_)) => Some(("makes it a list", format!("[{}]", quoted(&written)))),
        (Kind::Text | Kind::Markdown | Kind::Author, Value::Number(_) | Value::Bool(_)) => {
            Some(("puts the text in quotes", quoted(&written)))
        }
        _ => None,
    };
    if let Some((does, new)) = mend {
        // What begins a line of its own leaves no space behind the colon.
        let before = &findings.text()[..node.span.start];
        let start = if new.starts_with('\n') { before.trim_end_matches(' ').len() } else { before.len() };
        findings.fixed_by(does, vec![(start..node.span.end, new)]);
    }
}

/// Whether somebody who wrote `text` wanted an item in the list.
fn is_something(text: &str) -> bool {
    let nothing = ["", "-", "none", "no", "n/a", "na", "nil", "nothing", "false", "tbd"];
    !nothing.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// A list that holds the one text, which stays as it is written; tags are parted where they have commas.
fn list_of(
    name: &str,
    kind: Kind,
    text: &str,
    written: &str,
    node: &Node,
    findings: &Findings,
) -> Option<(&'static str, String)> {
    const DOES: &str = "makes it a list";
    let line_start = findings.text()[..node.span.start].rfind('\n').map_or(0, |at| at + 1);
    let on_its_line = findings.source(line_start..node.span.start).trim_end() == format!("{name}:");
    if kind == Kind::Texts {
        let items: Vec<String> = text
            .split([',', ';'])
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(blank::scalar)
            .collect();
        return Some((DOES, format!("[{}]", items.join(", "))));
    }
    // In its own line it may hold commas and brackets, as it does now.
    on_its_line.then(|| (DOES, format!("\n  - {written}")))
}

/// Lets the finding that was told just now, of an item that is no text, be mended.
pub(super) fn of_item(item: &Node, findings: &mut Findings) {
    let span = match &item.value {
        Value::Number(_) | Value::Bool(_) => item.span.clone(),
        // `- Cost: 5 pounds` is a mapping to YAML, and to nobody else.
        Value::Map(map) => match map.as_slice() {
            [(key, Node { value: Value::Text(_) | Value::Number(_) | Value::Bool(_), span })]
                if !span.is_empty() =>
            {
                key.span.start..span.end
            }
            _ => return,
        },
        Value::Null | Value::Text(_) | Value::List(_) => return,
    };
    let written = findings.source(span.clone()).to_owned();
    // `- {a: b}` means a mapping.
    let is_braced = findings.text()[..span.start].trim_end().ends_with('{');
    if !(written.is_empty() || is_braced || written.contains(['\n', '"', '\''])) {
        findings.fixed_by("puts the text in quotes", vec![(span, quoted(&written))]);
    }
}

/// Lets the finding that was told just now, of an unknown key, be mended: `map` has it with the value `node`, and
/// `meant` is beyond doubt.
pub(super) fn of_key(
    key: &Key,
    node: &Node,
    meant: &KeyRow,
    map: &[(Key, Node)],
    fits: bool,
    findings: &mut Findings,
) {
    let is_there = map.iter().any(|(other, _)| other.name == meant.name);
    let is_text_of_list =
        matches!((meant.kind, &node.value), (Kind::Texts | Kind::Markdowns, Value::Text(_)));
    let is_as_written = findings.source(key.span.clone()) == key.name;
    if !is_there && is_as_written && (fits || is_text_of_list) {
        findings.fixed_by("writes the key", vec![(key.span.clone(), meant.name.to_owned())]);
    }
}

/// Lets the finding that was told just now, of a key that stands a second time, be mended when both say the same.
pub(super) fn of_double(key: &Key, node: &Node, map: &[(Key, Node)], findings: &mut Findings) {
    let same = map.iter().find(|(first, _)| first.name == key.name).is_some_and(|(_, first)| {
        matches!(&first.value, Value::Text(_) | Value::Number(_) | Value::Bool(_))
            && first.value == node.value
    });
    if let Some(line) = own_line(key.span.start..node.span.end, findings.text()).filter(|_| same) {
        findings.fixed_by("removes the line", vec![(line, String::new())]);
    }
}

/// The line of `span` with its end, when nothing else stands on it.
fn own_line(span: Range<usize>, text: &str) -> Option<Range<usize>> {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map(|at| span.end + at + 1)?;
    let alone = text[start..span.start].trim().is_empty() && text[span.end..end].trim().is_empty();
    (alone && !text[span].contains('\n')).then_some(start..end)
}

/// Lets the finding that was told just now be mended: the item `number` of `items` goes.
pub(super) fn without_item(items: &[Node], number: usize, findings: &mut Findings) {
    let Some(item) = items.get(number) else { return };
    let Some(before) = number.checked_sub(1).and_then(|number| items.get(number)) else { return };
    let text = findings.text();
    let between = text.get(before.span.end..item.span.start).unwrap_or_default();
    let line = between.rfind('\n').map(|at| before.span.end + at + 1);
    let range = match line {
        // `- sea`
        Some(line) if text[line..item.span.start].trim() == "-" => {
            let end = text[item.span.end..].find('\n').map(|at| item.span.end + at + 1);
            end.filter(|end| text[item.span.end..*end].trim().is_empty()).map(|end| line..end)
        }
        // `[moon, sea]`
        _ if between.trim() == "," => Some(before.span.end..item.span.end),
        _ => None,
    };
    if let Some(range) = range {
        findings.fixed_by("removes it", vec![(range, String::new())]);
    }
}

//! Texts of a head of which YAML takes a part for something else, so that readers never see it.

use std::ops::Range;

use crate::article::findings::Findings;
use crate::article::yaml::{Key, Node, Value};

const RULE: &str = "misread-text";
const REMEDY: &str = "put all of the text in quotes; a comment stands on a line of its own";
const DOES: &str = "puts the text in quotes";

/// The keys whose values are texts for readers; what stands beneath them is too.
const TEXTS: [&str; 5] = ["title", "summary", "highlights", "author", "image"];

/// Tells of each text of `map` that loses words, or runs into another.
pub(super) fn look(map: &[(Key, Node)], findings: &mut Findings) {
    for (key, node) in map.iter().filter(|(key, _)| TEXTS.contains(&key.name.as_str())) {
        if node.value == Value::Null {
            all_lost(key.span.end, findings);
        }
        each(node, findings);
    }
}

/// Looks at the line of a key that ends at byte `end` and has no value: `title: #1 again`.
fn all_lost(end: usize, findings: &mut Findings) {
    let line = findings.text()[end..].lines().next().unwrap_or_default();
    let comment = line.trim_start_matches([':', ' ']).trim_end();
    if !comment.starts_with('#') || !comment[1..].starts_with(char::is_alphanumeric) {
        return;
    }
    let start = end + (line.len() - line.trim_start_matches([':', ' ']).len());
    let place = start..start + comment.len();
    let message = format!("`{}` is not shown: behind a space, `#` begins a comment", shown(comment));
    let quoted = serde_json::Value::String(comment.to_owned()).to_string();
    findings.report(RULE, place.clone(), message, REMEDY);
    findings.fixed_by(DOES, vec![(place, quoted)]);
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn each(node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Text(_) => text(&node.span, findings),
        Value::List(items) => items.iter().for_each(|item| each(item, findings)),
        Value::Map(map) => map.iter().for_each(|(_, node)| each(node, findings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Looks at the text that YAML has seen at `span`, with what stands before and behind it on its lines.
fn text(span: &Range<usize>, findings: &mut Findings) {
    let source = findings.text();
    let written = findings.source(span.clone());
    // In quotes, or as a block, everything is text.
    if written.is_empty() || written.starts_with(['"', '\'', '|', '>', '*']) {
        return;
    }
    let before = source[..span.start].rsplit('\n').next().unwrap_or_default();
    let line_end = source[span.end..].find('\n').map_or(source.len(), |at| span.end + at);
    let behind = source[span.end..line_end].trim_end();
    let sign = before.trim_end().rsplit([' ', '[', ',']).next().unwrap_or_default();
    if (sign.starts_with('!') && !sign.starts_with("!!")) || sign.starts_with('&') {
        let start = span.start - (before.len() - before.rfind(sign).unwrap_or(0));
        let message = format!("`{sign}` is not shown: YAML takes it for a mark of its own");
        findings.report(RULE, start..span.start, message, "put all of the text in quotes");
    } else if behind.trim_start().starts_with('#') && !behind.contains("lint-disable") {
        let comment = behind.trim_start();
        let start = span.end + behind.len() - comment.len();
        let message = format!("`{}` is not shown: behind a space, `#` begins a comment", shown(comment));
        let place = start..start + comment.len();
        // `#1`, and no `# as the desk wants it`: that may be meant for nobody else.
        let is_word = comment[1..].starts_with(char::is_alphanumeric);
        let whole = findings.source(span.start..place.end).to_owned();
        let is_alone = before.trim_end().ends_with([':', '-']) && !whole.contains(['\n', '\t']);
        findings.report(RULE, place.clone(), message, REMEDY);
        if is_word && is_alone {
            let quoted = serde_json::Value::String(whole).to_string();
            findings.fixed_by(DOES, vec![(span.start..place.end, quoted)]);
        }
    } else if let Some(at) = written.find('\n').and_then(|line| nested(written, line)) {
        let message = "this line runs on from the one above: the dash makes no item of its own";
        let end = written[at..].find('\n').map_or(written.len(), |end| at + end);
        let place = span.start + at..span.start + end;
        findings.report(RULE, place, message, "put its dash beneath the dash above");
    }
}

/// Where the first line behind `line` begins with a dash.
fn nested(written: &str, line: usize) -> Option<usize> {
    written[line..].match_indices('\n').find_map(|(at, _)| {
        let rest = &written[line + at + 1..];
        let text = rest.trim_start_matches(' ');
        text.starts_with("- ").then(|| written.len() - text.len())
    })
}

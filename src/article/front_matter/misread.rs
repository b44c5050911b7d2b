//! Texts of a head of which YAML takes a part for something else, so that readers never see it.

use std::ops::Range;

use super::foreign::shown;
use super::keys::{AUTHOR, FRONT_MATTER, IMAGE, KeyRow, Kind};
use super::mending::quoted;
use crate::article::findings::Findings;
use crate::article::yaml::{Key, Node, Value};

const RULE: &str = "misread-text";
const QUOTE: &str = "put all of the text in quotes; a comment stands on a line of its own";

/// Tells of each text for readers in `map` that loses words, or runs into another.
pub(super) fn look(map: &[(Key, Node)], findings: &mut Findings) {
    look_into(map, FRONT_MATTER, findings);
}

/// Looks at the texts of `map`, whose keys are those of `rows`. Behind a path or an address a comment may well stand.
fn look_into(map: &[(Key, Node)], rows: &[KeyRow], findings: &mut Findings) {
    for (key, node) in map {
        let Some(row) = rows.iter().find(|row| row.name == key.name) else { continue };
        match row.kind {
            Kind::Text | Kind::Markdown | Kind::Markdowns => texts(key, node, findings),
            Kind::Author => match &node.value {
                Value::Map(map) => look_into(map, AUTHOR, findings),
                _ => texts(key, node, findings),
            },
            Kind::Image => {
                if let Value::Map(map) = &node.value {
                    look_into(map, IMAGE, findings);
                }
            }
            Kind::Texts if node.value == Value::Null => {
                let place = behind(key.span.end, findings);
                if is_word(findings.source(place.clone())) {
                    tell(place, "write tags without `#`, in brackets: `tags: [sea, quay]`", findings);
                }
            }
            Kind::Date
            | Kind::Texts
            | Kind::Path
            | Kind::Slug
            | Kind::Url
            | Kind::Switch
            | Kind::Sources
            | Kind::Free => {}
        }
    }
}

fn texts(key: &Key, node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Null => all_lost(key.span.end, findings),
        Value::Text(_) => text(&node.span, findings),
        Value::List(items) => {
            for item in items.iter().filter(|item| matches!(item.value, Value::Text(_))) {
                text(&item.span, findings);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Map(_) => {}
    }
}

/// Looks at the line of a key that ends at byte `end` and has no value: `title: #1 again`, `title: &Sea`.
fn all_lost(end: usize, findings: &mut Findings) {
    let place = behind(end, findings);
    let text = findings.source(place.clone());
    if is_word(text) {
        tell(place.clone(), QUOTE, findings);
        mend(place, findings);
    } else if text.strip_prefix(['&', '!']).is_some_and(|text| text.starts_with(char::is_alphanumeric)) {
        let message = format!("`{}` is not shown: YAML takes it for a mark of its own", shown(text));
        findings.report(RULE, place, message, "put all of the text in quotes");
    }
}

/// What stands on the line of a key that ends at byte `end`, behind its colon.
fn behind(end: usize, findings: &Findings) -> Range<usize> {
    let line = findings.text()[end..].lines().next().unwrap_or_default();
    let text = line.trim_start_matches([':', ' ']);
    let start = end + line.len() - text.len();
    start..start + text.trim_end().len()
}

/// `#1`, and no `# as the desk wants it`: that may be meant for nobody else.
fn is_word(comment: &str) -> bool {
    comment.strip_prefix('#').is_some_and(|text| text.starts_with(char::is_alphanumeric))
}

/// Tells of the comment at `place`, and what helps.
fn tell(place: Range<usize>, remedy: &str, findings: &mut Findings) {
    let shown = shown(findings.source(place.clone()));
    let message = format!("`{shown}` is not shown: behind a space, `#` begins a comment");
    findings.report(RULE, place, message, remedy);
}

/// Lets what was told just now be mended: all of `text` is one.
fn mend(text: Range<usize>, findings: &mut Findings) {
    let quoted = quoted(findings.source(text.clone()));
    findings.fixed_by("puts the text in quotes", vec![(text, quoted)]);
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
        let place = start..start + comment.len();
        let is_word = is_word(comment);
        let whole = span.start..place.end;
        let is_alone =
            before.trim_end().ends_with([':', '-']) && !findings.source(whole.clone()).contains(['\n', '\t']);
        tell(place, QUOTE, findings);
        if is_word && is_alone {
            mend(whole, findings);
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

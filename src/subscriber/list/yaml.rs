//! `subscribers:` and a list beneath it, or the list alone; read item by item.

use std::io::BufRead;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde_yaml::granit_parser::{ErrorKind, Event, FallibleBufferedInput, Parser, ScalarStyle, Span};

use super::fields::{Draft, Field, Refused};
use super::lines::{Fault, Lines};
use super::{Place, Row, Wrong};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Limits, Node, TreeBuilder, Value, YamlError, nearest};

/// The parser keeps an item and what it looks ahead in memory: no more than this, in bytes.
const LARGEST_ITEM: usize = 1 << 20;

/// The items of a YAML list.
pub(super) struct Items<R: BufRead> {
    events: Parser<'static, FallibleBufferedInput<Chars<R>>>,
    watch: Arc<Watch>,
    place: Place,
    at: At,
}

/// Where the reading stands.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    /// In the mapping that holds `subscribers`.
    Mapping,
    /// In the list; `in_mapping` when it stands under `subscribers`.
    List {
        in_mapping: bool,
    },
    End,
}

impl<R: BufRead> Items<R> {
    pub(super) fn new(lines: Lines<R>, place: Place) -> Self {
        let watch = Arc::new(Watch::default());
        let chars = Chars { lines, line: String::new(), at: 0, watch: Arc::clone(&watch) };
        let events = Parser::new_from_fallible_iter_with_options(chars, Limits::ITEM.options());
        Items { events, watch, place, at: At::Start }
    }

    /// The last finding: the rest of the file cannot be read.
    fn stop(&mut self, error: YamlError) -> Diagnostic {
        self.at = At::End;
        if let Some((line, fault)) = self.watch.fault.get() {
            return self.place.finding(*line, 1, Wrong::from(fault));
        }
        let remedy = error.remedy.map_or_else(String::new, |remedy| format!("{remedy}; "));
        let wrong = Wrong::new("bad-yaml", error.message, format!("{remedy}nothing behind it was read"));
        self.place.finding(error.place.line, error.place.column, wrong)
    }

    fn event(&mut self) -> Result<Option<(Event<'static>, Span)>, Diagnostic> {
        self.events.next().transpose().map_err(|error| self.stop(YamlError::scan(&error)))
    }

    /// The last finding: this is no list.
    fn refuse(
        &mut self,
        span: &Span,
        rule: &'static str,
        message: &str,
        remedy: impl Into<String>,
    ) -> Diagnostic {
        self.at = At::End;
        self.place.finding(span.start.line(), span.start.col() + 1, Wrong::new(rule, message, remedy))
    }

    /// Takes the next event and what belongs to it; most events are no row.
    fn step(&mut self) -> Result<Option<Row>, Diagnostic> {
        let Some((event, span)) = self.event()? else {
            self.at = At::End;
            return Ok(None);
        };
        match (self.at, event) {
            (_, Event::StreamStart | Event::DocumentEnd | Event::StreamEnd)
            | (At::Start, Event::DocumentStart(..)) => {}
            // An empty file has no readers.
            (At::Start, Event::Scalar(text, style, ..)) if is_nothing(&text, style) => {}
            (At::Start, Event::MappingStart(..)) => self.at = At::Mapping,
            (At::Start, Event::SequenceStart(..)) => self.at = At::List { in_mapping: false },
            (At::Mapping, Event::MappingEnd) => self.at = At::End,
            (At::Mapping, Event::Scalar(key, ..)) if key == "subscribers" => match self.event()? {
                Some((Event::SequenceStart(..), _)) => self.at = At::List { in_mapping: true },
                Some((Event::Scalar(text, style, ..), _)) if is_nothing(&text, style) => {}
                Some((_, span)) => {
                    let remedy = "write `- email: …` beneath `subscribers:`";
                    return Err(self.refuse(&span, "wrong-type", "here stands no list", remedy));
                }
                None => self.at = At::End,
            },
            (At::Mapping, Event::Scalar(key, ..)) => {
                let remedy = match nearest(&key, ["subscribers"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "only `subscribers` may stand here, with a list beneath it".to_owned(),
                };
                return Err(self.refuse(&span, "unknown-key", "this key is unknown", remedy));
            }
            (At::List { in_mapping: true }, Event::SequenceEnd) => self.at = At::Mapping,
            (At::List { in_mapping: false }, Event::SequenceEnd) => self.at = At::End,
            (At::List { .. }, event) => {
                self.watch.taken.store(0, Ordering::Relaxed);
                let tree = TreeBuilder::new(Limits::ITEM).build(event, &span, &mut self.events);
                let node = tree.map_err(|error| self.stop(error))?;
                return item(&node, &self.place).map(Some);
            }
            (At::Start | At::Mapping | At::End, _) => {
                let remedy = "write `subscribers:` and beneath it `- email: …`";
                return Err(self.refuse(&span, "wrong-type", "this is no list of subscribers", remedy));
            }
        }
        Ok(None)
    }
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = Result<Row, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at != At::End {
            if let Some(row) = self.step().transpose() {
                return Some(row);
            }
        }
        None
    }
}

/// Whether nothing was written; the parser says `~` then.
fn is_nothing(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null")
}

/// The subscriber of one item: a mapping, or an address alone.
fn item(node: &Node, place: &Place) -> Result<Row, Diagnostic> {
    let mut draft = Draft::default();
    let refused = |at: &crate::yaml::Place, wrong| Err(place.finding(at.line, at.column, wrong));
    // A field may stand on a line of its own; the draft knows columns alone.
    let mut line_of = [node.place.line; 5];
    match &node.value {
        Value::Scalar { .. } if node.is_null() => {}
        Value::Scalar { text, .. } => draft.set(Field::Email, text, node.place.column),
        Value::List(_) => {
            let remedy = "write `- email: …`, or `- ann@example.org`";
            return refused(&node.place, Wrong::new("wrong-type", "here stands a list", remedy));
        }
        Value::Map(entries) => {
            let mut seen = Vec::with_capacity(entries.len());
            for entry in entries {
                let Some(field) = Field::of_heading(&entry.key) else {
                    let remedy = match Field::nearest(&entry.key) {
                        Some(near) => format!("did you mean `{}`?", near.name()),
                        None => "there are email, name, timezone, status and since".to_owned(),
                    };
                    let key: String =
                        entry.key.chars().filter(|c| !c.is_control() && *c != '@').take(40).collect();
                    return refused(
                        &entry.place,
                        Wrong::new("unknown-key", format!("unknown key `{key}`"), remedy),
                    );
                };
                if seen.contains(&field) {
                    let message = format!("`{}` stands here for the second time", field.name());
                    return refused(
                        &entry.place,
                        Wrong::new("repeated-key", message, "delete one of the two"),
                    );
                }
                seen.push(field);
                if entry.value.is_null() {
                    continue;
                }
                let Some(text) = entry.value.as_text() else {
                    let message = format!("`{}`: here stands {}", field.name(), entry.value.kind());
                    return refused(&entry.value.place, Wrong::new("wrong-type", message, "write one text"));
                };
                line_of[field as usize] = entry.value.place.line;
                draft.set(field, text, entry.value.place.column);
            }
        }
    }
    match draft.into_subscriber() {
        Ok(subscriber) => Ok(Row { line: node.place.line, subscriber }),
        Err(Refused { field, column, wrong }) => {
            let line = field.map_or(node.place.line, |field| line_of[field as usize]);
            Err(place.finding(line, column, wrong))
        }
    }
}

/// What the source and the reader of its items tell each other.
#[derive(Default)]
struct Watch {
    /// The line that could not be used.
    fault: OnceLock<(usize, Fault)>,
    /// Bytes since the last item.
    taken: AtomicUsize,
}

/// The characters of the file, as the parser wants them.
struct Chars<R> {
    lines: Lines<R>,
    line: String,
    at: usize,
    watch: Arc<Watch>,
}

impl<R: BufRead> Iterator for Chars<R> {
    type Item = Result<char, ErrorKind>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(c) = self.line[self.at..].chars().next() {
            self.at += c.len_utf8();
            return Some(Ok(c));
        }
        let (number, line) = self.lines.next()?;
        let length = line.as_ref().map_or(0, |line| line.len() + 1);
        let taken = self.watch.taken.fetch_add(length, Ordering::Relaxed) + length;
        let line = if taken > LARGEST_ITEM { Err(Fault::LargeItem(LARGEST_ITEM)) } else { line };
        match line {
            Ok(line) => {
                self.line = line + "\n";
                self.at = 0;
                self.next()
            }
            Err(fault) => {
                // The parser looks ahead: its own mark is not the line of the fault.
                let _ = self.watch.fault.set((number, fault));
                Some(Err(ErrorKind::Custom("the file cannot be read on".to_owned())))
            }
        }
    }
}

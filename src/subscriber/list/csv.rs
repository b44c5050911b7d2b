//! A header row and a row a subscriber.
//!
//! A row is a line: no field of a subscriber has a line break, so that a quote that is not closed spoils its own row
//! and no other.

use std::io::BufRead;

use super::fields::{Draft, Field};
use super::lines::Lines;
use super::text::address;
use super::{Place, Row, Wrong};
use crate::diagnostic::Diagnostic;

/// The rows of a CSV file.
pub(super) struct Records<R> {
    lines: Lines<R>,
    place: Place,
    layout: Layout,
}

/// What the rows look like.
enum Layout {
    /// The first row has not been read.
    Unknown,
    /// By the header.
    Columns { delimiter: char, fields: Vec<Field> },
    /// No header: an address a line.
    Addresses,
    /// The header is wrong, so that nothing can be read.
    Broken,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(lines: Lines<R>, place: Place) -> Self {
        Records { lines, place, layout: Layout::Unknown }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Row, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if matches!(self.layout, Layout::Broken) {
                return None;
            }
            let (number, line) = self.lines.next()?;
            let line = match line {
                Ok(line) => line,
                Err(fault) => {
                    // Without its header a file means nothing.
                    if matches!(self.layout, Layout::Unknown) {
                        self.layout = Layout::Broken;
                    }
                    return Some(Err(self.place.finding(number, 1, Wrong::from(&fault))));
                }
            };
            if line.trim().is_empty() {
                continue;
            }
            if matches!(self.layout, Layout::Unknown) {
                match header(&line) {
                    Ok(layout) => self.layout = layout,
                    Err((column, wrong)) => {
                        self.layout = Layout::Broken;
                        return Some(Err(self.place.finding(number, column, wrong)));
                    }
                }
                if matches!(self.layout, Layout::Columns { .. }) {
                    continue;
                }
            }
            return Some(match &self.layout {
                Layout::Addresses => address(&line, number, &self.place),
                Layout::Columns { delimiter, fields } => match record(&line, *delimiter, fields) {
                    Ok(None) => continue,
                    Ok(Some(subscriber)) => Ok(Row { line: number, subscriber }),
                    Err((column, wrong)) => Err(self.place.finding(number, column, wrong)),
                },
                Layout::Unknown | Layout::Broken => return None,
            });
        }
    }
}

/// What the first row says of the others.
fn header(line: &str) -> Result<Layout, (usize, Wrong)> {
    let delimiter =
        [',', ';', '\t'].into_iter().max_by_key(|&d| (line.matches(d).count(), d == ',')).unwrap_or(',');
    let cells = cells(line, delimiter)?;
    let known: Vec<Option<Field>> = cells.iter().map(|cell| Field::of_heading(&cell.text)).collect();
    if known.iter().all(Option::is_none) {
        if let [only] = cells.as_slice()
            && only.text.contains('@')
        {
            return Ok(Layout::Addresses);
        }
        let remedy =
            "write email,name,timezone,status,since as the first row, or those of them that there are";
        return Err((1, Wrong::new("no-header", "the first row does not name the columns", remedy)));
    }
    let mut fields = Vec::with_capacity(cells.len());
    for (cell, known) in cells.iter().zip(known) {
        let Some(field) = known else {
            let near = Field::nearest(&cell.text).map(|near| format!("did you mean `{}`?", near.name()));
            let usual = || "delete the column, or name it email, name, timezone, status or since".to_owned();
            let wrong = Wrong::new("unknown-key", "this column is unknown", near.unwrap_or_else(usual));
            return Err((cell.column, wrong));
        };
        if fields.contains(&field) {
            let message = format!("the column `{}` stands here for the second time", field.name());
            return Err((cell.column, Wrong::new("repeated-key", message, "delete one of the two")));
        }
        fields.push(field);
    }
    if !fields.contains(&Field::Email) {
        return Err((
            1,
            Wrong::new("no-header", "there is no column `email`", "name the column of the addresses"),
        ));
    }
    Ok(Layout::Columns { delimiter, fields })
}

/// The subscriber of a row; nothing when all its cells are empty.
fn record(
    line: &str,
    delimiter: char,
    fields: &[Field],
) -> Result<Option<super::NewSubscriber>, (usize, Wrong)> {
    let cells = cells(line, delimiter)?;
    if cells.iter().all(|cell| cell.text.trim().is_empty()) {
        return Ok(None);
    }
    if let Some(more) = cells.iter().skip(fields.len()).find(|cell| !cell.text.trim().is_empty()) {
        let message = format!("this row has more than {} cells", fields.len());
        return Err((
            more.column,
            Wrong::new("wrong-type", message, "put a text that holds the divider into quotes"),
        ));
    }
    let mut draft = Draft::default();
    for (cell, field) in cells.iter().zip(fields) {
        draft.set(*field, unguarded(&cell.text), cell.column);
    }
    draft.into_subscriber().map(Some).map_err(|refused| (refused.column, refused.wrong))
}

/// A cell and its column in characters, from 1.
struct Cell {
    text: String,
    column: usize,
}

/// The cells of a line (RFC 4180 §2, without line breaks in quotes).
fn cells(line: &str, delimiter: char) -> Result<Vec<Cell>, (usize, Wrong)> {
    let mut cells = Vec::new();
    let mut chars = line.chars().enumerate().peekable();
    loop {
        let column = chars.peek().map_or_else(|| line.chars().count() + 1, |(at, _)| at + 1);
        let mut text = String::new();
        let quoted = chars.next_if(|(_, c)| *c == '"').is_some();
        if quoted {
            loop {
                match chars.next() {
                    Some((_, '"')) if chars.next_if(|(_, c)| *c == '"').is_some() => text.push('"'),
                    Some((_, '"')) => break,
                    Some((_, c)) => text.push(c),
                    None => {
                        let remedy = "close the quote, and write \"\" for a \" within";
                        return Err((
                            column,
                            Wrong::new("open-quote", "this quote is not closed on its line", remedy),
                        ));
                    }
                }
            }
        }
        loop {
            match chars.next() {
                None => {
                    cells.push(Cell { text, column });
                    return Ok(cells);
                }
                Some((_, c)) if c == delimiter => break,
                Some((_, ' ')) if quoted => {}
                Some((at, _)) if quoted => {
                    let remedy = "write \"\" for a \" within quotes";
                    return Err((
                        at + 1,
                        Wrong::new("open-quote", "the cell goes on behind its quote", remedy),
                    ));
                }
                Some((_, c)) => text.push(c),
            }
        }
        cells.push(Cell { text, column });
    }
}

/// Whether a spreadsheet would take the text for a formula, or for one that is guarded by `'`.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text as it goes into a cell: `'` keeps a spreadsheet from running it.
pub(super) fn guarded(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell as it was before [`guarded`].
fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

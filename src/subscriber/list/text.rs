//! An address a line.

use std::io::BufRead;

use super::fields::{Draft, Field};
use super::lines::Lines;
use super::{Place, Row, Wrong};
use crate::diagnostic::Diagnostic;

/// The addresses of a text.
pub(super) struct Addresses<R> {
    lines: Lines<R>,
    place: Place,
}

impl<R: BufRead> Addresses<R> {
    pub(super) fn new(lines: Lines<R>, place: Place) -> Self {
        Addresses { lines, place }
    }
}

impl<R: BufRead> Iterator for Addresses<R> {
    type Item = Result<Row, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        for (number, line) in self.lines.by_ref() {
            let line = match line {
                Ok(line) => line,
                Err(fault) => return Some(Err(self.place.finding(number, 1, Wrong::from(&fault)))),
            };
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            return Some(address(&line, number, &self.place));
        }
        None
    }
}

/// The subscriber of a line that is an address.
pub(super) fn address(line: &str, number: usize, place: &Place) -> Result<Row, Diagnostic> {
    let mut draft = Draft::default();
    draft.set(Field::Email, line, 1);
    match draft.into_subscriber() {
        Ok(subscriber) => Ok(Row { line: number, subscriber }),
        Err(refused) => Err(place.finding(number, refused.column, refused.wrong)),
    }
}

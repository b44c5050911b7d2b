//! Changes that mend findings, and how they are made to a text.

use std::ops::Range;

use serde::Serialize;

/// A change of a file that mends a finding and means the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in one line: `puts the value in quotes`.
    pub does: &'static str,
    /// The bytes of the finding's source, and what takes their place; in order, and apart from each other. None at
    /// all where the text stays, and only its encoding becomes UTF-8.
    pub edits: Vec<(Range<usize>, String)>,
}

/// `text` with those of `fixes` made that do not meet an earlier one; for each of them whether it was.
///
/// What was left out is to be looked for again in the new text.
#[must_use]
pub fn apply(text: &str, fixes: &[&Fix]) -> (String, Vec<bool>) {
    let mut edits: Vec<&(Range<usize>, String)> = Vec::new();
    let mut made = Vec::with_capacity(fixes.len());
    for fix in fixes {
        let fits =
            fix.edits.iter().all(|edit| text.get(edit.0.clone()).is_some() && is_apart(&edit.0, &edits));
        if fits {
            edits.extend(&fix.edits);
        }
        made.push(fits);
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut mended = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        mended.push_str(&text[at..range.start]);
        mended.push_str(new);
        at = range.end;
    }
    mended.push_str(&text[at..]);
    (mended, made)
}

/// Two that touch are apart, unless one of them only puts something in: which of them comes first is not known.
fn is_apart(range: &Range<usize>, others: &[&(Range<usize>, String)]) -> bool {
    others.iter().all(|(other, _)| {
        let (first, second) =
            if (range.start, range.end) < (other.start, other.end) { (range, other) } else { (other, range) };
        first.end < second.start || (first.end == second.start && !first.is_empty() && !second.is_empty())
    })
}

/// A [`Fix`] as programs read it: places in bytes and in lines and columns of the text, which is UTF-8 without a byte
/// order mark.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    does: &'a str,
    edits: Vec<ShownEdit<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownEdit<'a> {
    start: Position,
    end: Position,
    text: &'a str,
}

/// A place between two characters.
#[derive(Debug, Serialize)]
struct Position {
    /// From 0.
    byte: usize,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
}

impl<'a> Shown<'a> {
    pub(super) fn of(fix: &'a Fix, source: &str) -> Self {
        let edit = |(range, text): &'a (Range<usize>, String)| ShownEdit {
            start: Position::of(range.start, source),
            end: Position::of(range.end, source),
            text,
        };
        Shown { does: fix.does, edits: fix.edits.iter().map(edit).collect() }
    }
}

impl Position {
    fn of(byte: usize, source: &str) -> Self {
        let before = &source[..super::floor_char_boundary(source, byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            byte,
            line: before.bytes().filter(|&b| b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(Range<usize>, &str)]) -> Fix {
        Fix {
            does: "x",
            edits: edits.iter().map(|(range, text)| (range.clone(), (*text).to_owned())).collect(),
        }
    }

    fn made(text: &str, fixes: &[Fix]) -> (String, Vec<bool>) {
        apply(text, &fixes.iter().collect::<Vec<_>>())
    }

    #[test]
    fn changes_are_made_in_the_order_of_the_text() {
        let fixes = [fix(&[(4..7, "2"), (13..13, ".")]), fix(&[(0..3, "Öne")])];
        assert_eq!(made("one two three", &fixes), ("Öne 2 three.".to_owned(), vec![true, true]));
    }

    #[test]
    fn of_two_that_meet_the_first_is_made() {
        for (first, second, text) in [
            (fix(&[(0..3, "a")]), fix(&[(2..5, "b")]), "a two"),
            (fix(&[(3..3, ",")]), fix(&[(3..3, ";")]), "one, two"),
            (fix(&[(3..3, ",")]), fix(&[(0..3, "1")]), "one, two"),
            (fix(&[(1..2, "")]), fix(&[(4..5, "T"), (1..2, "N")]), "oe two"),
        ] {
            assert_eq!(made("one two", &[first, second]), (text.to_owned(), vec![true, false]));
        }
        // Two that stand side by side do not meet.
        let side_by_side = [fix(&[(0..3, "1")]), fix(&[(3..4, "-")])];
        assert_eq!(made("one two", &side_by_side), ("1-two".to_owned(), vec![true, true]));
    }

    #[test]
    fn what_is_no_place_of_the_text_is_not_made() {
        for range in [5..9, 1..2] {
            assert_eq!(made("é", &[fix(&[(range, "x")])]), ("é".to_owned(), vec![false]));
        }
    }
}

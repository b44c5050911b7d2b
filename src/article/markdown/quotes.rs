//! Quotation marks of a language, in place of those of a typewriter.

use std::ops::Range;

use crate::words::Words;

/// The marks that open and close a quotation, and those of one within it.
pub(super) struct Quotes<'w> {
    pub(super) double: [&'w str; 2],
    single: [&'w str; 2],
}

impl Quotes<'_> {
    pub(super) const ENGLISH: Quotes<'static> = Quotes { double: ["“", "”"], single: ["‘", "’"] };

    /// Those of `words`: four, with a space between each; English ones where there are not.
    pub(super) fn of(words: &Words) -> Quotes<'_> {
        match words.text("quotation_marks").split(' ').collect::<Vec<_>>()[..] {
            [open, close, open_within, close_within] => {
                Quotes { double: [open, close], single: [open_within, close_within] }
            }
            _ => Quotes::ENGLISH,
        }
    }

    /// The mark for one of a typewriter that stands at `span` of `source`, and was read as the English `mark`.
    pub(super) fn in_place_of(&self, mark: &str, source: &str, span: &Range<usize>) -> Option<&str> {
        let behind = source.get(span.end..)?;
        match (mark, source.get(span.clone())?) {
            ("“", "\"") => Some(self.double[0]),
            ("”", "\"") => Some(self.double[1]),
            ("‘", "'") if is_closed(behind) => Some(self.single[0]),
            ("’", "'") if is_opened(&source[..span.start]) && !behind.starts_with(char::is_alphanumeric) => {
                Some(self.single[1])
            }
            // An apostrophe is the same in every language.
            ("‘" | "’", "'") => Some("’"),
            _ => None,
        }
    }
}

/// Whether a `'` in the rest of the paragraph closes a quotation that is opened before `behind`.
fn is_closed(behind: &str) -> bool {
    let rest = behind.split("\n\n").next().unwrap_or_default();
    rest.match_indices('\'').any(|(at, _)| closes(rest, at))
}

/// Whether the `'` at this byte stands where one closes.
fn closes(text: &str, at: usize) -> bool {
    !text[..at].ends_with(char::is_whitespace) && !text[at + 1..].starts_with(char::is_alphanumeric)
}

/// Whether the last `'` of the paragraph that stands at a word's beginning has not been closed.
fn is_opened(before: &str) -> bool {
    let rest = before.rsplit("\n\n").next().unwrap_or_default();
    let opens = |at: usize| {
        !rest[..at].ends_with(char::is_alphanumeric) && !rest[at + 1..].starts_with(char::is_whitespace)
    };
    rest.match_indices('\'').fold(false, |open, (at, _)| if open { !closes(rest, at) } else { opens(at) })
}

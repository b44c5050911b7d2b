//! Header fields as RFC 5322 bytes: folded, and anything beyond ASCII as encoded words (RFC 2047).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::subscriber::EmailAddress;

/// RFC 5322 §2.1.1: the length a line should not exceed, without CRLF.
const LINE: usize = 76;
/// RFC 2047 §2: the length of an encoded word.
const ENCODED_WORD: usize = 75;
/// `=?utf-8?q?` and `?=`.
const FRAME: usize = 12;
/// A longer word of plain text is encoded, because it could not be folded.
const LONGEST_PLAIN_WORD: usize = 60;

/// Appends a field whose value is ASCII and must stay on one line.
pub(super) fn verbatim(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a field of free text (RFC 5322 §2.2.1), such as Subject.
pub(super) fn unstructured(out: &mut Vec<u8>, name: &str, text: &str) {
    let mut field = Field::begin(out, name);
    if reads_back_plain(text) {
        text.split(' ').for_each(|word| field.token(word));
    } else {
        field.encoded_words(text);
    }
    field.end();
}

/// Appends a field with a phrase and something in angle brackets, such as List-Id (RFC 2919).
pub(super) fn phrase_and_angle(out: &mut Vec<u8>, name: &str, phrase: &str, inner: &str) {
    let mut field = Field::begin(out, name);
    field.phrase(phrase);
    field.token(&format!("<{inner}>"));
    field.end();
}

/// Appends a field with one mailbox (RFC 5322 §3.4).
///
/// A local part beyond ASCII has no ASCII form. Its mailbox becomes a group without members whose name tells the
/// address, as RFC 6857 §3.1.8 has it, so that the message stays ASCII; the envelope carries the real one.
pub(super) fn mailbox(out: &mut Vec<u8>, name: &str, display: Option<&str>, address: &EmailAddress) {
    let path = address.to_path();
    let mut field = Field::begin(out, name);
    if address.needs_smtputf8() {
        let shown = display.map_or_else(|| path.clone(), |display| format!("{display} {path}"));
        field.encoded_words(&shown);
        field.token(":;");
    } else if let Some(display) = display {
        field.phrase(display);
        field.token(&format!("<{path}>"));
    } else {
        field.token(&path);
    }
    field.end();
}

/// `text` without control characters: whoever puts a line break in a name gets no header of their own.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(text.chars().filter(|c| !c.is_control()).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a reader that decodes encoded words and unfolds finds exactly `text` again when it stands there as it is.
fn reads_back_plain(text: &str) -> bool {
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && text.split(' ').all(|word| (1..=LONGEST_PLAIN_WORD).contains(&word.len()))
}

/// RFC 5322 §3.2.3 `atext`.
fn is_atom_character(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

/// RFC 2047 §5 (3): what may stand for itself in an encoded word inside a phrase, and so anywhere.
fn stands_for_itself(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!*+-/".contains(&b)
}

/// One field under way.
struct Field<'o> {
    out: &'o mut Vec<u8>,
    column: usize,
}

impl<'o> Field<'o> {
    fn begin(out: &'o mut Vec<u8>, name: &str) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Field { out, column: name.len() + 1 }
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// Appends a space, or folds, so that `length` more characters fit.
    fn space_for(&mut self, length: usize) {
        if self.column + 1 + length > LINE {
            self.out.extend_from_slice(b"\r\n ");
            self.column = 1;
        } else {
            self.out.push(b' ');
            self.column += 1;
        }
    }

    fn token(&mut self, token: &str) {
        self.space_for(token.len());
        self.out.extend_from_slice(token.as_bytes());
        self.column += token.len();
    }

    /// RFC 5322 §3.2.5: atoms, a quoted string, or encoded words.
    fn phrase(&mut self, text: &str) {
        if !reads_back_plain(text) {
            return self.encoded_words(text);
        }
        if text.bytes().all(|b| b == b' ' || is_atom_character(b)) {
            return text.split(' ').for_each(|word| self.token(word));
        }
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        if quoted.len() < LONGEST_PLAIN_WORD { self.token(&quoted) } else { self.encoded_words(text) }
    }

    /// Appends `text` as encoded words of whole characters: in Q, which can be read, while it does not more than double.
    fn encoded_words(&mut self, text: &str) {
        let by_q: usize = text.bytes().map(q_length).sum();
        let use_q = by_q <= 2 * text.len();
        let mut rest = text;
        loop {
            // A stump of a word at the end of a line would hold next to nothing.
            let room = LINE.saturating_sub(self.column + 1);
            let room = if room < 30 { ENCODED_WORD } else { room.min(ENCODED_WORD) };
            let cut = fitting_prefix(rest, room - FRAME, use_q);
            let (now, later) = rest.split_at(cut);
            let word = if use_q { q_word(now) } else { format!("=?utf-8?b?{}?=", STANDARD.encode(now)) };
            self.token(&word);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
    }
}

fn q_length(b: u8) -> usize {
    if b == b' ' || stands_for_itself(b) { 1 } else { 3 }
}

fn q_word(text: &str) -> String {
    let mut word = String::from("=?utf-8?q?");
    for b in text.bytes() {
        match b {
            b' ' => word.push('_'),
            b if stands_for_itself(b) => word.push(char::from(b)),
            b => word.push_str(&format!("={b:02X}")),
        }
    }
    word.push_str("?=");
    word
}

/// How many bytes of `text`, in whole characters, are at most `room` when encoded.
fn fitting_prefix(text: &str, room: usize, use_q: bool) -> usize {
    let mut cost = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if use_q {
            cost += text[at..end].bytes().map(q_length).sum::<usize>();
        } else {
            cost = end.div_ceil(3) * 4;
        }
        if cost > room {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> String {
        let mut out = Vec::new();
        unstructured(&mut out, "Subject", text);
        String::from_utf8(out).unwrap()
    }

    fn to(display: &str, address: &str) -> String {
        let mut out = Vec::new();
        mailbox(&mut out, "To", Some(display), &address.parse().unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stays_readable_and_is_folded_between_words() {
        assert_eq!(subject("Tuesday's update"), "Subject: Tuesday's update\r\n");
        let long = subject("word ".repeat(40).trim_end());
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
        assert_eq!(long.replace("\r\n ", " ").matches("word").count(), 40);
    }

    #[test]
    fn typographic_quotes_become_encoded_words() {
        assert_eq!(
            subject("Rare Earths aren’t “a Metal.”"),
            "Subject: =?utf-8?q?Rare_Earths_aren=E2=80=99t_=E2=80=9Ca_Metal=2E=E2=80=9D?=\r\n"
        );
        assert!(subject("أخبار اليوم").contains("=?utf-8?b?"));
    }

    #[test]
    fn text_that_looks_like_an_encoded_word_is_encoded() {
        assert_eq!(subject("=?utf-8?q?x?="), "Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=\r\n");
    }

    #[test]
    fn a_display_name_is_atoms_a_quoted_string_or_encoded_words() {
        assert_eq!(to("Ann Bee", "ann@example.org"), "To: Ann Bee <ann@example.org>\r\n");
        assert_eq!(
            to(r#"Bee, Ann "Buzz""#, "ann@example.org"),
            "To: \"Bee, Ann \\\"Buzz\\\"\" <ann@example.org>\r\n"
        );
        assert_eq!(to("Jörg", "joerg@example.org"), "To: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n");
        assert_eq!(
            to("Zoë", "zoe@bücher.example"),
            "To: =?utf-8?q?Zo=C3=AB?= <zoe@xn--bcher-kva.example>\r\n"
        );
    }

    #[test]
    fn an_address_beyond_ascii_becomes_an_empty_group() {
        assert_eq!(
            to("Jörg", "jörg@example.org"),
            "To: =?utf-8?q?J=C3=B6rg_j=C3=B6rg=40example=2Eorg?= :;\r\n"
        );
    }

    #[test]
    fn no_encoded_word_is_longer_than_75_and_no_line_longer_than_76() {
        for text in ["ü".repeat(500), "漢字".repeat(200), "x".repeat(3000), format!("{} é", "y".repeat(70))]
        {
            let field = subject(&text);
            for line in field.lines() {
                assert!(line.len() <= LINE, "{} {line}", line.len());
                assert!(line.split(' ').all(|word| word.len() <= ENCODED_WORD), "{line}");
            }
        }
    }
}

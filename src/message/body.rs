//! A body part with slots: encoded once in the shorter of two transfer encodings, filled by copying.

use std::borrow::Cow;

use crate::edition::Slot;

use super::personal::Personal;
use super::skeleton::ComposeError;
use super::{base64_body, quoted_printable};

/// Fixed text, and the slots between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment<'t> {
    Fixed(&'t str),
    Slot(Slot),
}

/// Cuts `text` at the markers of slots.
pub(super) fn segments<'t>(part: &'static str, text: &'t str) -> Result<Vec<Segment<'t>>, ComposeError> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(Slot::OPEN) {
        let refused = || ComposeError::UnknownSlot { part };
        let (name, after) = after.split_once(Slot::CLOSE).ok_or_else(refused)?;
        let slot = Slot::ALL.into_iter().find(|slot| slot.name() == name).ok_or_else(refused)?;
        if !before.is_empty() {
            segments.push(Segment::Fixed(before));
        }
        segments.push(Segment::Slot(slot));
        rest = after;
    }
    if !rest.is_empty() {
        segments.push(Segment::Fixed(rest));
    }
    Ok(segments)
}

/// How a slot's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Text,
    Html,
}

impl Markup {
    pub(super) fn write(self, value: &str) -> Cow<'_, str> {
        match self {
            Markup::Text => Cow::Borrowed(value),
            Markup::Html => escape_html(value),
        }
    }
}

/// `value` fit for an element and for a quoted attribute.
fn escape_html(value: &str) -> Cow<'_, str> {
    if !value.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// An encoded body part.
#[derive(Debug, Clone)]
pub(super) struct Body {
    markup: Markup,
    encoded: Encoded,
}

#[derive(Debug, Clone)]
enum Encoded {
    QuotedPrintable(Vec<Piece<Vec<u8>>>),
    Base64(Vec<Piece<base64_body::Stretch>>),
}

#[derive(Debug, Clone)]
enum Piece<T> {
    Fixed(T),
    Slot(Slot),
}

impl Body {
    /// Encodes `text` (lines ending in LF, CRLF or CR) in the shorter encoding.
    pub(super) fn new(part: &'static str, text: &str, markup: Markup) -> Result<Self, ComposeError> {
        let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
        // The last piece is fixed text then, and nothing hangs on how the boundary follows.
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let segments = segments(part, &text)?;
        let quoted: Vec<Piece<Vec<u8>>> = pieces(&segments, |fixed| {
            let mut out = Vec::new();
            quoted_printable::encode(&mut out, fixed);
            out
        });
        let quoted_length: usize = quoted.iter().map(|piece| piece.length(Vec::len)).sum();
        let base64_length = text.len() * 78 / 57;
        let encoded = if quoted_length <= base64_length {
            Encoded::QuotedPrintable(quoted)
        } else {
            Encoded::Base64(pieces(&segments, |fixed| {
                base64_body::Stretch::new(fixed.replace('\n', "\r\n").as_bytes())
            }))
        };
        Ok(Body { markup, encoded })
    }

    /// The value of Content-Transfer-Encoding.
    pub(super) fn transfer_encoding(&self) -> &'static str {
        match self.encoded {
            Encoded::QuotedPrintable(_) => "quoted-printable",
            Encoded::Base64(_) => "base64",
        }
    }

    /// Appends the body for one reader; it ends in CRLF.
    pub(super) fn fill(&self, personal: &Personal<'_>, out: &mut Vec<u8>) {
        let value = |slot| self.markup.write(personal.value(slot));
        match &self.encoded {
            Encoded::QuotedPrintable(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Fixed(bytes) => out.extend_from_slice(bytes),
                        Piece::Slot(slot) => quoted_printable::encode(out, &value(*slot)),
                    }
                }
            }
            Encoded::Base64(pieces) => {
                let mut writer = base64_body::Writer::default();
                for piece in pieces {
                    match piece {
                        Piece::Fixed(stretch) => writer.stretch(out, stretch),
                        Piece::Slot(slot) => writer.value(out, value(*slot).as_bytes()),
                    }
                }
                writer.finish(out);
            }
        }
    }
}

impl<T> Piece<T> {
    fn length(&self, of_fixed: impl Fn(&T) -> usize) -> usize {
        match self {
            Piece::Fixed(fixed) => of_fixed(fixed),
            Piece::Slot(_) => 0,
        }
    }
}

fn pieces<T>(segments: &[Segment<'_>], encode: impl Fn(&str) -> T) -> Vec<Piece<T>> {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Fixed(text) => Piece::Fixed(encode(text)),
            Segment::Slot(slot) => Piece::Slot(*slot),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_its_markers() {
        let text = format!("Dear {},\nbye {}", Slot::Name.marker(), Slot::Email.marker());
        let wanted = vec![
            Segment::Fixed("Dear "),
            Segment::Slot(Slot::Name),
            Segment::Fixed(",\nbye "),
            Segment::Slot(Slot::Email),
        ];
        assert_eq!(segments("text", &text), Ok(wanted));
    }

    #[test]
    fn a_marker_that_names_no_slot_is_refused() {
        for text in ["\u{E000}nobody\u{E001}", "\u{E000}name"] {
            assert_eq!(segments("text", text), Err(ComposeError::UnknownSlot { part: "text" }));
        }
    }
}

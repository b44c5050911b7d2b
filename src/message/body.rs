//! A body part with slots: encoded once in the shorter of two transfer encodings, filled by copying.

use std::borrow::Cow;

use crate::edition::Slot;

use super::personal::Personal;
use super::pieces::{Filling, Stock, Stretch};
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
    QuotedPrintable(Vec<Piece<Stretch>>),
    Base64(Vec<Piece<base64_body::Phases>>),
}

#[derive(Debug, Clone)]
enum Piece<T> {
    Fixed(T),
    Slot(Slot),
}

impl Body {
    /// Encodes `text` (lines ending in LF, CRLF or CR) in the shorter encoding; what is fixed goes into the stock.
    pub(super) fn new(
        part: &'static str,
        text: &str,
        markup: Markup,
        stock: &mut Stock,
    ) -> Result<Self, ComposeError> {
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
        let quoted_length: usize = quoted.iter().filter_map(Piece::fixed).map(Vec::len).sum();
        let base64_length = text.len() * 78 / 57;
        let encoded = if quoted_length <= base64_length {
            Encoded::QuotedPrintable(quoted.into_iter().map(|piece| piece.kept(stock)).collect())
        } else {
            Encoded::Base64(pieces(&segments, |fixed| {
                base64_body::Phases::new(fixed.replace('\n', "\r\n").as_bytes(), stock)
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

    /// The fixed stretch with which it begins in every message, if it does.
    pub(super) fn first_stretch(&self) -> Option<&Stretch> {
        match &self.encoded {
            Encoded::QuotedPrintable(pieces) => pieces.first()?.fixed(),
            Encoded::Base64(pieces) => pieces.first()?.fixed()?.at_the_beginning(),
        }
    }

    /// Of how many pieces a message's body is, at most.
    pub(super) fn pieces(&self) -> usize {
        1 + match &self.encoded {
            Encoded::QuotedPrintable(pieces) => pieces.len(),
            Encoded::Base64(pieces) => 2 * pieces.len(),
        }
    }

    /// Appends the body for one reader; it ends in CRLF.
    pub(super) fn fill(&self, personal: &Personal<'_>, out: &mut Filling) {
        let value = |slot| self.markup.write(personal.value(slot));
        match &self.encoded {
            Encoded::QuotedPrintable(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Fixed(stretch) => out.share(stretch),
                        Piece::Slot(slot) => quoted_printable::encode(out.own(), &value(*slot)),
                    }
                }
            }
            Encoded::Base64(pieces) => {
                let mut writer = base64_body::Writer::default();
                for piece in pieces {
                    match piece {
                        Piece::Fixed(phases) => writer.stretch(out, phases),
                        Piece::Slot(slot) => writer.value(out, value(*slot).as_bytes()),
                    }
                }
                writer.finish(out);
            }
        }
    }
}

impl<T> Piece<T> {
    fn fixed(&self) -> Option<&T> {
        match self {
            Piece::Fixed(fixed) => Some(fixed),
            Piece::Slot(_) => None,
        }
    }
}

impl Piece<Vec<u8>> {
    fn kept(self, stock: &mut Stock) -> Piece<Stretch> {
        match self {
            Piece::Fixed(bytes) => Piece::Fixed(stock.keep(&bytes)),
            Piece::Slot(slot) => Piece::Slot(slot),
        }
    }
}

fn pieces<T>(segments: &[Segment<'_>], mut encode: impl FnMut(&str) -> T) -> Vec<Piece<T>> {
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

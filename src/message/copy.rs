//! One reader's copy as they read it: the same words as in the message, not encoded.

use crate::edition::RenderedEdition;
use crate::words::Calendar;

use super::body::{Markup, Segment, segments};
use super::personal::Personal;
use super::{ComposeError, Letterhead, Recipient, TokenKeys};

/// One reader's copy of an edition: what their mail program makes of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadersCopy {
    /// One line.
    pub subject: String,
    /// A whole document; pictures are still addressed by `cid:`.
    pub html: String,
    /// Lines end in LF.
    pub text: String,
}

impl ReadersCopy {
    /// Fills the slots of `edition` for `recipient`.
    ///
    /// # Errors
    /// When a marker names no slot.
    pub fn of(
        edition: &RenderedEdition,
        recipient: &Recipient,
        letterhead: &Letterhead,
        keys: &TokenKeys,
    ) -> Result<Self, ComposeError> {
        let calendar = Calendar::of(&letterhead.language);
        let personal = Personal::of(recipient, letterhead, &calendar, keys);
        let fill = |part, text: &str, markup: Markup| -> Result<String, ComposeError> {
            let filled = segments(part, text)?.into_iter().map(|segment| match segment {
                Segment::Fixed(text) => text.into(),
                Segment::Slot(slot) => markup.write(personal.value(slot)),
            });
            Ok(filled.collect())
        };
        Ok(ReadersCopy {
            subject: fill("subject", &edition.subject, Markup::Text)?.trim().to_owned(),
            html: fill("html", &edition.html, Markup::Html)?,
            text: fill("text", &edition.text, Markup::Text)?,
        })
    }
}

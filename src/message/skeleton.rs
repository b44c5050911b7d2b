//! The MIME skeleton of an edition, encoded once; filling it for one subscriber is copying.

use crate::edition::RenderedEdition;

use super::{Letterhead, Recipient, TokenKeys};

/// One edition as RFC 5322 bytes with the places known that differ from reader to reader.
#[derive(Debug, Clone)]
pub struct Skeleton {}

/// Why an edition cannot be made a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A control character where a header field goes.
    #[error("{field} has a control character ({value:?}); remove it")]
    Control {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
    },
}

impl Skeleton {
    /// Encodes `edition` once under `letterhead`.
    ///
    /// # Errors
    /// When a header field would hold a control character.
    pub fn new(edition: &RenderedEdition, letterhead: &Letterhead) -> Result<Self, ComposeError> {
        let _ = (edition, letterhead);
        Ok(Skeleton {})
    }

    /// Appends the whole message for `recipient` to `out`, lines ending in CRLF.
    pub fn fill(&self, recipient: &Recipient, keys: &TokenKeys, out: &mut Vec<u8>) {
        let _ = (recipient, keys, out);
    }
}

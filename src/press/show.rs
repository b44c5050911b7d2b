//! The outbox's page: what went into it, for looking at.

use std::path::PathBuf;

use super::{Press, Route};
use crate::delivery::outbox::{Outbox, OutboxError};
use crate::edition::{self, OutboxMessage};
use crate::store::StoredEdition;
use crate::words::Words;

/// How many messages the page lists.
const LISTED: usize = 200;

impl Press {
    /// Writes the page that shows `edition`, when the way out is the outbox; gives where it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn show(&self, route: &Route, edition: &StoredEdition) -> Result<Option<PathBuf>, OutboxError> {
        match route {
            Route::Outbox(outbox) => self.write_page(outbox, edition).map(Some),
            Route::Smtp { .. } => Ok(None),
        }
    }

    fn write_page(&self, outbox: &Outbox, edition: &StoredEdition) -> Result<PathBuf, OutboxError> {
        let (names, total) = outbox.messages_of(&edition.summary.key.to_string(), LISTED)?;
        let files: Vec<String> = names.iter().map(|name| format!("new/{name}")).collect();
        let messages: Vec<_> =
            files.iter().map(|file| OutboxMessage { file, to: address_in(file) }).collect();
        let language = &self.config.publication.language;
        // What is wrong with the user's own words was told when the edition was made; the page is for looking.
        let words = edition::load_words(self.config.edition.templates.as_deref(), language)
            .unwrap_or_else(|_| Words::english());
        let page =
            edition::outbox_page(&edition.rendered, &self.config.publication, &words, &messages, total);
        outbox.write_page(&page)
    }
}

/// The address in `new/2025-11-04.7.ann@example.org.eml`.
fn address_in(file: &str) -> &str {
    let name = file.strip_suffix(".eml").unwrap_or(file);
    name.splitn(3, '.').nth(2).unwrap_or(name)
}

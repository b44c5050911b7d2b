//! One reader's message: who they are, their copy, and the octets that a server would be given.

use crate::message::{ReadersCopy, Recipient};
use crate::store::StoreError;
use crate::subscriber::{Birthmark, EmailAddress, Subscriber, SubscriberId};
use crate::words::dates;

use super::choice::Choice;
use super::sheet::{Proof, Sheet};
use super::{Audience, Preview};

/// The reader whose message is shown.
pub(super) struct Reader {
    pub(super) recipient: Recipient,
    pub(super) status: ReaderStatus,
}

/// What the reader is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReaderStatus {
    /// Made up.
    Example,
    /// In the store, and this is their status.
    Known(crate::subscriber::Status),
    /// Asked for, and not in the store.
    Unknown,
}

impl Preview {
    /// Whose message `choice` asks for.
    pub(super) async fn reader(&self, sheet: &Sheet, choice: &Choice) -> Result<Reader, StoreError> {
        let store = sheet.store.as_ref().filter(|_| self.audience == Audience::ThisMachine);
        let mut found = None;
        if let (Some(store), Some(id)) = (store, choice.reader) {
            found = store.subscriber(SubscriberId(id)).await?;
        }
        let asked = self.reader.as_ref().filter(|_| choice.reader.is_none());
        if let (Some(store), Some(email)) = (store, asked) {
            found = store.by_email(email).await?;
        }
        Ok(match (found, asked) {
            (Some(subscriber), _) => known(sheet, subscriber),
            (None, Some(email)) => {
                Reader { recipient: made_up(sheet, email.clone(), None), status: ReaderStatus::Unknown }
            }
            (None, None) => {
                let email = "reader@example.org".parse().expect("a test reads the address");
                let recipient = made_up(sheet, email, Some("Robin Reader".to_owned()));
                Reader { recipient, status: ReaderStatus::Example }
            }
        })
    }

    /// The copy of `proof` that `reader` gets.
    pub(super) fn copy(&self, proof: &Proof, reader: &Reader) -> Result<ReadersCopy, String> {
        ReadersCopy::of(&proof.rendered, &reader.recipient, &proof.letterhead, &self.keys)
            .map_err(|error| error.to_string())
    }

    /// The whole message of `reader` (RFC 5322), signed when there are keys for From.
    pub(super) fn raw(&self, sheet: &Sheet, proof: &Proof, reader: &Reader) -> Result<Vec<u8>, String> {
        let mut message = proof.skeleton().map_err(str::to_owned)?.fill(&reader.recipient, &self.keys);
        if let Some(signer) = sheet.config.dkim.signer(&proof.letterhead.from) {
            message.sign(&signer, proof.rendered.frozen_at);
        }
        Ok(message.to_bytes())
    }
}

impl Reader {
    /// As the page calls them: `Ann <ann@example.org>`.
    pub(super) fn label(&self) -> String {
        match &self.recipient.name {
            Some(name) => format!("{name} <{}>", self.recipient.email),
            None => self.recipient.email.to_string(),
        }
    }

    /// What is to be known of them.
    pub(super) fn about(&self, language: &str) -> String {
        match self.status {
            ReaderStatus::Example => "an example".to_owned(),
            ReaderStatus::Unknown => "no subscriber, shown as one".to_owned(),
            ReaderStatus::Known(status) => {
                format!("{} since {}", status.as_str(), dates::day(self.recipient.since, language))
            }
        }
    }
}

fn known(sheet: &Sheet, subscriber: Subscriber) -> Reader {
    let since = subscriber.since.with_timezone(&sheet.config.schedule.timezone).date_naive();
    let Subscriber { id, birthmark, email, name, status, .. } = subscriber;
    let recipient = Recipient { id, birthmark, email, name, since };
    Reader { recipient, status: ReaderStatus::Known(status) }
}

fn made_up(sheet: &Sheet, email: EmailAddress, name: Option<String>) -> Recipient {
    let (id, birthmark) = (SubscriberId(0), Birthmark::NONE);
    Recipient { id, birthmark, email, name, since: sheet.key.date() }
}

//! An edition made personal for one subscriber: one RFC 5322 message with a stable Message-ID.

mod base64_body;
mod body;
mod copy;
mod header;
mod personal;
mod pieces;
mod quoted_printable;
pub mod skeleton;
pub mod token;

use chrono::{DateTime, NaiveDate, Utc};

use crate::config::Publication;
use crate::edition::EditionKey;
use crate::subscriber::{Birthmark, EmailAddress, Holder, SubscriberId};

pub use copy::ReadersCopy;
pub use pieces::Message;
pub use skeleton::{ComposeError, Skeleton};
pub use token::{Purpose, Token, TokenKey, TokenKeys, Trust, Verdict};

/// The one to whom a message goes: all that is personal in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipient {
    /// The store's number.
    pub id: SubscriberId,
    /// What tells them from another of this number.
    pub birthmark: Birthmark,
    /// Where it goes.
    pub email: EmailAddress,
    /// Stands in To and where the templates say.
    pub name: Option<String>,
    /// Day of subscribing in the publication's time zone.
    pub since: NaiveDate,
}

impl Recipient {
    /// For whom the personal links are.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder { id: self.id, birthmark: self.birthmark }
    }
}

/// What of the publication's configuration stands in a message's header; stored with the edition.
#[derive(Debug, Clone, PartialEq)]
pub struct Letterhead {
    /// Display name of From.
    pub from_name: String,
    /// Address of From.
    pub from: EmailAddress,
    /// Reply-To.
    pub reply_to: Option<EmailAddress>,
    /// Description of List-Id (RFC 2919).
    pub list_name: String,
    /// Identifier of List-Id (RFC 2919).
    pub list_id: String,
    /// Prefix of all links, without a slash at its end.
    pub public_url: String,
    /// BCP 47 tag: Content-Language, and how dates are written.
    pub language: String,
}

impl Letterhead {
    /// Takes what the header needs from the configuration.
    #[must_use]
    pub fn of(publication: &Publication) -> Self {
        Letterhead {
            from_name: publication.from_name.clone().unwrap_or_else(|| publication.name.clone()),
            from: publication.from.clone(),
            reply_to: publication.reply_to.clone(),
            list_name: publication.name.clone(),
            list_id: publication.list_id.clone(),
            public_url: publication.public_url.as_str().trim_end_matches('/').to_owned(),
            language: publication.language.clone(),
        }
    }
}

/// The RFC 5322 Message-ID, without angle brackets, of `edition` for `subscriber`: the same at each attempt,
/// and no count of subscribers to be read from it.
#[must_use]
pub fn message_id(keys: &TokenKeys, edition: &EditionKey, subscriber: SubscriberId, domain: &str) -> String {
    let digest = keys.digest("message-id", &format!("{edition}/{subscriber}"));
    format!("{edition}.{digest}@{domain}")
}

/// RFC 5322 §3.3 date-time in UTC.
#[must_use]
pub fn rfc5322_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

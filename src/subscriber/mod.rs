//! Subscribers: who gets the edition, under which address, and whether they want it.

mod address;
mod birthmark;
pub mod list;
mod mask;
mod zone;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use address::{AddressError, AddressPrint, EmailAddress};
pub use birthmark::{Birthmark, Holder};
pub use mask::{masked_in, with_addresses};
pub use zone::{UnknownZone, zone};

/// The store's number of a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriberId(pub i64);

impl fmt::Display for SubscriberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a subscriber gets the edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Signed up, not confirmed yet.
    Pending,
    /// Gets every edition.
    Active,
    /// Left.
    Unsubscribed,
    /// The address does not exist any more.
    Bounced,
    /// Reported an edition as spam.
    Complained,
}

impl Status {
    /// Every status, in the order a life takes.
    pub const ALL: [Status; 5] =
        [Status::Pending, Status::Active, Status::Unsubscribed, Status::Bounced, Status::Complained];

    /// The word used in files, in the store and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Active => "active",
            Status::Unsubscribed => "unsubscribed",
            Status::Bounced => "bounced",
            Status::Complained => "complained",
        }
    }

    /// Whether no import and no operator's slip may mail this subscriber again.
    #[must_use]
    pub fn is_suppressed(self) -> bool {
        match self {
            Status::Pending | Status::Active => false,
            Status::Unsubscribed | Status::Bounced | Status::Complained => true,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Status::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownStatus(s.to_owned()))
    }
}

/// A word that is no [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown status `{0}`; use pending, active, unsubscribed, bounced or complained")]
pub struct UnknownStatus(pub String);

/// One reader as the store knows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// The store's number.
    pub id: SubscriberId,
    /// What tells them from another of this number.
    pub birthmark: Birthmark,
    /// Where the mail goes.
    pub email: EmailAddress,
    /// What they want to be called.
    pub name: Option<String>,
    /// Their own time zone, when they told it.
    pub timezone: Option<Tz>,
    /// Whether they get the edition.
    pub status: Status,
    /// When they subscribed.
    pub since: DateTime<Utc>,
}

impl Subscriber {
    /// For whom this reader's personal links are.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder { id: self.id, birthmark: self.birthmark }
    }
}

/// A reader as a file or a form names them: not in the store yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubscriber {
    /// Where the mail goes.
    pub email: EmailAddress,
    /// What they want to be called.
    pub name: Option<String>,
    /// Their own time zone.
    pub timezone: Option<Tz>,
    /// What the file says; the store decides (who left stays out).
    pub status: Status,
    /// When they subscribed, if the file says.
    pub since: Option<DateTime<Utc>>,
}

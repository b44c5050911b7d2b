//! What one reader's copy says that no other does.

use std::borrow::Cow;

use crate::edition::Slot;
use crate::words::Calendar;

use super::header::without_controls;
use super::{Letterhead, Purpose, Recipient, TokenKeys};

/// The values of all slots for one reader.
#[derive(Debug)]
pub(super) struct Personal<'r> {
    /// Without control characters, which no name has; empty when there is none.
    pub(super) name: Cow<'r, str>,
    email: &'r str,
    since: String,
    /// One line of printable ASCII.
    pub(super) unsubscribe_url: String,
    preferences_url: String,
}

impl<'r> Personal<'r> {
    pub(super) fn of(
        recipient: &'r Recipient,
        letterhead: &Letterhead,
        calendar: &Calendar,
        keys: &TokenKeys,
    ) -> Self {
        let holder = recipient.holder();
        let link =
            |path, purpose| format!("{}/{path}/{}", letterhead.public_url, keys.issue(purpose, holder));
        let name = match without_controls(recipient.name.as_deref().unwrap_or_default()) {
            Cow::Borrowed(name) => Cow::Borrowed(name.trim()),
            Cow::Owned(name) => Cow::Owned(name.trim().to_owned()),
        };
        Personal {
            name,
            email: recipient.email.as_str(),
            since: calendar.day(recipient.since),
            unsubscribe_url: link("unsubscribe", Purpose::Unsubscribe),
            preferences_url: link("preferences", Purpose::Preferences),
        }
    }

    pub(super) fn value(&self, slot: Slot) -> &str {
        match slot {
            Slot::Email => self.email,
            Slot::Name => &self.name,
            Slot::Since => &self.since,
            Slot::UnsubscribeUrl => &self.unsubscribe_url,
            Slot::PreferencesUrl => &self.preferences_url,
        }
    }
}

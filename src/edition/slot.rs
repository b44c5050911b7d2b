//! The places in a rendered edition that are filled for each subscriber.

use crate::config::Publication;

/// A place in a rendered edition that is filled for each subscriber.
///
/// Its [`marker`](Self::marker) is made of private-use characters, which content never has: they are removed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The subscriber's address.
    Email,
    /// The subscriber's name, or nothing.
    Name,
    /// The local date of subscribing, as in 1 January 2026.
    Since,
    /// The subscriber's own https address for leaving.
    UnsubscribeUrl,
    /// The subscriber's own https address for changing what they get.
    PreferencesUrl,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Slot; 5] =
        [Slot::Email, Slot::Name, Slot::Since, Slot::UnsubscribeUrl, Slot::PreferencesUrl];

    /// Begins every marker.
    pub const OPEN: char = '\u{E000}';
    /// Ends every marker.
    pub const CLOSE: char = '\u{E001}';

    /// What templates call it: `slot.unsubscribe_url`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Slot::Email => "email",
            Slot::Name => "name",
            Slot::Since => "since",
            Slot::UnsubscribeUrl => "unsubscribe_url",
            Slot::PreferencesUrl => "preferences_url",
        }
    }

    /// What stands in the rendered edition until it is filled.
    #[must_use]
    pub fn marker(self) -> String {
        format!("{}{}{}", Slot::OPEN, self.name(), Slot::CLOSE)
    }
}

/// How many bytes the slots of `html` may take for a reader beyond their markers: for any address, and for names and
/// tokens of a usual length.
pub(super) fn room(html: &str, publication: &Publication) -> usize {
    let link = publication.link("preferences/").len() + 64;
    let room = |slot: Slot| match slot {
        Slot::Email => 254,
        Slot::Name => 100,
        Slot::Since => 40,
        Slot::UnsubscribeUrl | Slot::PreferencesUrl => link,
    };
    Slot::ALL.into_iter().map(|slot| html.matches(&slot.marker()).count() * room(slot)).sum()
}

/// Puts what `value` says in the place of every marker.
pub(super) fn fill_with(text: &str, value: impl Fn(Slot) -> String) -> String {
    Slot::ALL.into_iter().fold(text.to_owned(), |text, slot| {
        let marker = slot.marker();
        if text.contains(&marker) { text.replace(&marker, &value(slot)) } else { text }
    })
}

//! Which header fields are signed.

/// Which header fields are signed; those that a message has not are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedFields {
    /// Signed as often as they are there.
    pub once: Vec<String>,
    /// Signed once more than they are there, so that nobody can add one (RFC 6376 §8.15).
    pub oversigned: Vec<String>,
}

const OVERSIGNED: [&str; 8] = [
    "From",
    "Subject",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Archive",
    "List-Post",
];

const ONCE: [&str; 8] = [
    "To",
    "Reply-To",
    "Auto-Submitted",
    "Precedence",
    "Feedback-ID",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
];

/// What some relays (Amazon SES) replace.
const REWRITTEN: [&str; 2] = ["Date", "Message-ID"];

impl SignedFields {
    /// Everything that says something; From, Subject and List-* oversigned.
    #[must_use]
    pub fn all() -> Self {
        SignedFields::named(&Self::names())
    }

    /// Date and Message-ID left out, because some relays (Amazon SES) replace them.
    #[must_use]
    pub fn for_rewriting_relays() -> Self {
        SignedFields::named(&[&OVERSIGNED[..], &ONCE].concat())
    }

    /// These, in their order; From, Subject and List-* oversigned.
    #[must_use]
    pub fn named(names: &[&str]) -> Self {
        let is_oversigned = |name: &&str| OVERSIGNED.iter().any(|known| known.eq_ignore_ascii_case(name));
        let (oversigned, once): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(is_oversigned);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        SignedFields { oversigned: owned(oversigned), once: owned(once) }
    }

    /// Every field that our messages have and that may be signed.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        [&OVERSIGNED[..], &ONCE, &REWRITTEN].concat()
    }
}

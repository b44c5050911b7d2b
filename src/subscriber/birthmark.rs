//! What tells a reader from another who had the same number: after a backup is restored, numbers are given out again.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use super::SubscriberId;

/// A random value that a row gets when it is made, and keeps whatever happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birthmark(i64);

impl Birthmark {
    /// That of rows of before there were any.
    pub const NONE: Birthmark = Birthmark(0);

    /// Takes a stored value, or one of a test's.
    #[must_use]
    pub const fn new(value: i64) -> Self {
        Birthmark(value)
    }

    /// A new one, from the system's random generator.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 8];
        SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
        match i64::from_be_bytes(bytes) {
            0 => Birthmark(1),
            value => Birthmark(value),
        }
    }

    /// The value as it is stored.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// For whom a personal link is: a number, and the birthmark of the one who had it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The store's number.
    pub id: SubscriberId,
    /// What tells them from another of this number.
    pub birthmark: Birthmark,
}

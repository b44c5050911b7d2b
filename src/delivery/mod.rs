//! One delivery is one (edition, subscriber): its states, what moves it, and the ways out of the house.

pub mod outbox;
pub mod reasons;
pub mod smtp;
mod state;

use serde::{Deserialize, Serialize};

use crate::subscriber::EmailAddress;

pub use state::{
    Backoff, FRUITLESS, Next, State, next_after_deferral, next_after_fruitless, next_after_refusal,
    next_after_silence, next_state,
};

/// The sender and the one recipient of a transaction (RFC 5321 §2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse-path of MAIL.
    pub from: EmailAddress,
    /// The forward-path of RCPT.
    pub to: EmailAddress,
}

/// A server's reply, as far as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// RFC 5321 §4.2: 250, 451, 550 …
    pub code: u16,
    /// RFC 3463: class, subject, detail.
    pub enhanced: Option<(u8, u16, u16)>,
    /// The text, escaped to printable characters, at most 1,000 of them.
    pub text: String,
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// How one attempt to hand over one message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took responsibility (250 after the dot).
    Accepted(Reply),
    /// A 4xx that speaks of this message or reader: later.
    Deferred(Reply),
    /// A 5xx to RCPT that speaks of the address (5.1.x, 5.2.1 and their kind).
    Bounced(Reply),
    /// A 5xx that speaks of the message or of us; the address is kept.
    Refused(Reply),
    /// A 5xx to MAIL: it speaks of us, before any reader was named. The run halts, nobody is blamed.
    Halt(Reply),
    /// The message cannot be given to this server at all: no SMTPUTF8 for a local part beyond ASCII.
    Undeliverable(String),
    /// Nothing was accepted and no attempt is spent: the connection was lost before the dot.
    NotSent(String),
    /// Nothing was accepted and no attempt is spent: the server slows us down (421, 454, or a 4xx that speaks of how
    /// much we send).
    Slowed(Reply),
    /// The same, at RCPT: it may speak of the recipient's domain alone.
    SlowedThere(Reply),
    /// A 421 to the dot (RFC 5321 §3.8): nothing was accepted, the message is put off, and the server closes, as it does to
    /// slow us down.
    Closed(Reply),
    /// The dot was sent and no answer came.
    Unanswered(String),
}

impl Outcome {
    /// The server's code, when there was one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Outcome::Accepted(reply)
            | Outcome::Deferred(reply)
            | Outcome::Bounced(reply)
            | Outcome::Refused(reply)
            | Outcome::Halt(reply)
            | Outcome::Slowed(reply)
            | Outcome::SlowedThere(reply)
            | Outcome::Closed(reply) => Some(reply.code),
            Outcome::Undeliverable(_) | Outcome::NotSent(_) | Outcome::Unanswered(_) => None,
        }
    }
}

/// Why no connection is to be had, or why it must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Worth trying again: refused, timed out, 421, 454. No attempt is spent.
    #[error("{0}")]
    Transient(String),
    /// Only a person can mend it: certificate, log-in, STARTTLS missing, 5xx at the banner or to MAIL. The run halts.
    #[error("{0}")]
    Permanent(String),
}

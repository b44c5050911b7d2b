//! The outbox: a Maildir-style folder that takes messages instead of a server.

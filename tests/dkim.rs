//! DKIM: keys from files, and signatures on what goes out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod keys;
mod program;
mod signed;
mod verify;

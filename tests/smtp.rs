//! The SMTP connection against a scripted server: the table of faults, row by row.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

mod ahead;
mod connect;
mod release;
mod script;
mod sockets;
mod transaction;

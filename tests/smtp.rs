//! The SMTP connection against a scripted server: the table of faults, row by row.

mod connect;
mod script;
mod sockets;
mod transaction;

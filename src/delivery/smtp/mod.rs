//! Our own SMTP connection (RFC 5321) over tokio and tokio-rustls.
//!
//! `reply` takes bytes and makes replies, within limits; `wire` adds a stream and deadlines; `connect` brings a
//! connection from TCP to logged in; `transaction` hands over one message; `classify` says what a refusal means.
//! Each works over any stream, so that a test plays the server byte by byte on a virtual clock.

mod auth;
mod capabilities;
mod classify;
mod connect;
mod reply;
mod tls;
mod transaction;
mod transport;
mod wire;

pub use classify::{speaks_of_the_address, speaks_of_the_size};
pub use tls::TlsClient;
pub(crate) use tls::tls_config;
pub use transaction::{Connection, Permission};
pub use transport::Stream;

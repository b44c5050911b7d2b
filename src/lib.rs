//! Straight Into Your Inbox: a folder of Markdown becomes a daily update in every reader's inbox.
//!
//! The modules stand in the order of the pipeline; each imports only those above it.
//!
//! ```text
//!   articles/*.md
//!        │  article   parse, check, Markdown → HTML and text
//!        ▼
//!     edition         a day's articles, frozen and rendered, with a content hash
//!        │  message   the edition's MIME skeleton, with slots for what is personal
//!        ▼
//!     delivery        the state machine of (edition, subscriber); SMTP and outbox
//!        │
//!        ▼
//!     press           publish · dispatch (claim → compose → send → settle) · schedule
//! ```
//!
//! `store` holds the only SQL; `web` and `cli` call `press` and `store`.

// In the order of the pipeline, which tests/layers.rs holds.
mod fail_point;
pub mod diagnostic;
pub mod yaml;
pub mod words;
pub mod network;
pub mod subscriber;
pub mod dkim;
pub mod config;
pub mod article;
pub mod import;
pub mod edition;
pub mod archive;
pub mod message;
pub mod letter;
pub mod delivery;
pub mod probe;
pub mod comment;
pub mod store;
pub mod press;
pub mod web;
pub mod cli;

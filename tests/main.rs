//! The one integration-test binary; a module for each part, and `stories` for the whole.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod article;
mod config;
mod edition;
mod message;
mod schedule;
mod smtp;
mod store;
mod stories;
mod subscriber;
mod web;

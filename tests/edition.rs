//! Tests of `edition`: what is due, how it looks, and what it refuses.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

mod assembling;
mod checking;
mod newsroom;
mod pages;
mod rendering;
mod shortening;
mod templates;

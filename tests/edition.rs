//! Tests of `edition`: what is due, how it looks, and what it refuses.

mod assembling;
mod newsroom;
mod pages;
mod rendering;
mod templates;

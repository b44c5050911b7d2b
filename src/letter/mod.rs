//! Single letters to one person: confirm, welcome, goodbye, alarm.

mod compose;

pub use compose::{Letter, compose};

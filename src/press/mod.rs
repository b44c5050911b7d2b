//! Joins nouns to effects: publish, dispatch, schedule.
pub mod schedule;

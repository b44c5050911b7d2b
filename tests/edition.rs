//! Tests of `edition`.

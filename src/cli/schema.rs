//! `straight schema`: the JSON Schema of the front matter.

use std::io::{self, Write};

/// Writes the schema to `out`.
///
/// # Errors
/// When `out` cannot be written.
pub fn schema(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:#}", crate::article::schema())
}

//! The command line: clap types, one function a command.

pub mod check;
pub mod schema;

use std::process::ExitCode;

/// Parses the arguments and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}

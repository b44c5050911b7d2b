//! The `straight` program: parse arguments, call the library, exit with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    straight::cli::main()
}

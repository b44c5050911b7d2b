//! The program itself, as an editor runs it.

use std::path::Path;
use std::process::Command;

/// Runs it in `folder`; gives its exit code, and what it says on both outputs.
pub(crate) fn straight(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STRAIGHT_")) {
        command.env_remove(name);
    }
    let output = command.current_dir(folder).env_remove("DATABASE_URL").args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(told).unwrap())
}

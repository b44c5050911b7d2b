//! What the program says, and to whom.

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::Colour;

/// Writes a result to standard output; a reader that has seen enough (`| head`) is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes lines to standard error; when that is closed there is nobody to tell.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes one error to standard error.
pub(super) fn error(text: &str) {
    let word = match colour_of_stderr() {
        Colour::Never => "error:",
        Colour::Always => "\x1b[1;31merror:\x1b[0m",
    };
    // A diagnostic has its own head.
    let has_head = text.trim_start_matches("\x1b[1m\x1b[91m").starts_with("error[");
    complain(&if has_head { text.to_owned() } else { format!("{word} {text}") });
}

/// Whether standard error shows colours (see no-color.org).
pub(super) fn colour_of_stderr() -> Colour {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !unwanted { Colour::Always } else { Colour::Never }
}

//! What the program says, and to whom.

use std::io::{self, IsTerminal, Write};

use crate::diagnostic::Colour;

/// What a command does when whoever reads its standard output has seen enough (`| head`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenUnread {
    /// It ends, for it does nothing but tell.
    End,
    /// It does its work to the end, and tells nobody: a send is no less a send.
    GoOn,
}

/// Nobody reads standard output any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
pub(super) struct Unread;

/// The code by which shells know a program that a closed pipe ended, as they know `yes` in `yes | head`: 128 and SIGPIPE.
pub(super) const UNREAD: u8 = 128 + 13;

/// A standard stream.
pub(super) struct Out<W> {
    stream: W,
    when_unread: WhenUnread,
    state: Reach,
}

/// Whether what is written still gets somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Arrives,
    Lost,
}

/// Standard output.
pub(super) fn stdout(when_unread: WhenUnread) -> Out<io::Stdout> {
    Out { stream: io::stdout(), when_unread, state: Reach::Arrives }
}

/// Standard error: work goes on without it.
pub(super) fn stderr() -> Out<io::Stderr> {
    Out { stream: io::stderr(), when_unread: WhenUnread::GoOn, state: Reach::Arrives }
}

/// Whether a person sees what is said: both streams are a terminal.
pub(super) fn is_watched() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

impl<W: Write> Out<W> {
    fn after<T>(&mut self, written: io::Result<T>, instead: T) -> io::Result<T> {
        let error = match written {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match (self.when_unread, error.kind()) {
            (_, io::ErrorKind::Interrupted) => Err(error),
            (WhenUnread::End, io::ErrorKind::BrokenPipe) => Err(io::Error::other(Unread)),
            (WhenUnread::End, _) => Err(error),
            (WhenUnread::GoOn, kind) => {
                self.state = Reach::Lost;
                if kind != io::ErrorKind::BrokenPipe {
                    complain(&format!("what follows cannot be written, and the work goes on: {error}"));
                }
                Ok(instead)
            }
        }
    }
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state == Reach::Lost {
            return Ok(bytes.len());
        }
        let written = self.stream.write(bytes);
        self.after(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.state == Reach::Lost {
            return Ok(());
        }
        let flushed = self.stream.flush();
        self.after(flushed, ())
    }
}

/// Whether `error` is that nobody reads standard output any more.
pub(super) fn is_unread(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<Unread>()
            || cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .is_some_and(|inner| inner.is::<Unread>())
    })
}

/// Writes a result to standard output.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout(WhenUnread::End);
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and fails from then on.
    struct Narrow(usize, io::ErrorKind);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.min(bytes.len()) {
                0 => Err(self.1.into()),
                taken => {
                    self.0 -= taken;
                    Ok(taken)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(when_unread: WhenUnread, kind: io::ErrorKind) -> io::Result<()> {
        let mut out = Out { stream: Narrow(3, kind), when_unread, state: Reach::Arrives };
        (0..5).try_for_each(|_| writeln!(out, "a line"))
    }

    #[test]
    fn who_only_tells_ends_when_nobody_reads_and_who_works_goes_on() {
        let told = write(WhenUnread::End, io::ErrorKind::BrokenPipe).unwrap_err();
        assert!(is_unread(&anyhow::Error::new(told).context("listing")));
        // A pipe to somebody else, as to a server, is another matter.
        assert!(!is_unread(&io::Error::from(io::ErrorKind::BrokenPipe).into()));
        // What is lost for another reason is told.
        let full = write(WhenUnread::End, io::ErrorKind::StorageFull).unwrap_err();
        assert!(!is_unread(&full.into()));
        for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull] {
            write(WhenUnread::GoOn, kind).unwrap();
        }
    }
}

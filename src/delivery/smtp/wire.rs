//! Lines and replies over a stream, each within its deadline.

use std::io::{self, IoSlice};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::reply::{LONGEST_LINE, Parser, RawReply, ReplyError};
use super::transport::Stream;

/// Why nothing more is to be had from a stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the server closed the connection")]
    Closed,
    #[error("the connection was lost ({0})")]
    Lost(io::ErrorKind),
    #[error("the server did nothing for {0:?}")]
    TimedOut(Duration),
    #[error("the transaction took longer than allowed")]
    TransactionTimedOut,
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => WireError::Closed,
            kind => WireError::Lost(kind),
        }
    }
}

/// How a message's end was not reached.
#[derive(Debug)]
pub(super) struct Interrupted {
    pub(super) error: WireError,
    /// Whether the final dot may have left.
    pub(super) dot_left: bool,
}

/// When a wait ends: after its own time, and at the latest with the transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) each: Duration,
    pub(super) until: Option<Instant>,
}

impl Patience {
    pub(super) fn of(each: Duration) -> Self {
        Patience { each, until: None }
    }

    /// Waits for `work`; `None` when that takes too long.
    pub(super) async fn limit<T>(self, work: impl Future<Output = T>) -> Option<T> {
        self.wait(async { Ok(work.await) }).await.ok()
    }

    async fn wait<T>(self, work: impl Future<Output = Result<T, WireError>>) -> Result<T, WireError> {
        let own_end = Instant::now() + self.each;
        let (end, transaction) = match self.until {
            Some(until) if until < own_end => (until, true),
            Some(_) | None => (own_end, false),
        };
        timeout_at(end, work).await.unwrap_or(Err(if transaction {
            WireError::TransactionTimedOut
        } else {
            WireError::TimedOut(self.each)
        }))
    }
}

/// A stream with what has been read from it and not been used.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    /// At most a line and one read.
    buffer: Vec<u8>,
    /// The lines of a reply that is not whole yet: whoever stops waiting for it loses none of it.
    parser: Parser,
}

impl<S: Stream> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Wire { stream, buffer: Vec::new(), parser: Parser::default() }
    }

    /// Whether the server has said more than it was asked for.
    pub(super) fn has_unread(&self) -> bool {
        !self.buffer.is_empty()
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Writes `lines`, which end in CRLF.
    pub(super) async fn write(&mut self, lines: &[u8], patience: Patience) -> Result<(), WireError> {
        let stream = &mut self.stream;
        patience
            .wait(async {
                stream.write_all(lines).await?;
                Ok(stream.flush().await?)
            })
            .await
    }

    /// Reads one whole reply; the patience is for all of it, however it drips.
    pub(super) async fn reply(&mut self, patience: Patience) -> Result<RawReply, WireError> {
        patience.wait(self.read_reply()).await
    }

    async fn read_reply(&mut self) -> Result<RawReply, WireError> {
        let mut scanned = 0;
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.buffer[scanned..]).map(|at| scanned + at) {
                let line = &self.buffer[..end];
                let parsed = self.parser.line(line.strip_suffix(b"\r").unwrap_or(line));
                self.buffer.drain(..=end);
                scanned = 0;
                if let Some(reply) = parsed? {
                    self.parser = Parser::default();
                    return Ok(reply);
                }
            }
            scanned = self.buffer.len();
            if scanned > LONGEST_LINE {
                return Err(ReplyError::TooLong.into());
            }
            self.buffer.reserve(LONGEST_LINE);
            let mut room = (&mut self.stream).take(LONGEST_LINE as u64);
            if room.read_buf(&mut self.buffer).await? == 0 {
                return Err(WireError::Closed);
            }
        }
    }

    /// Writes a message in pieces, of lines ending in CRLF, with its dots doubled, and the final dot (RFC 5321 §4.5.2).
    ///
    /// The patience is for each block that the server takes.
    pub(super) async fn write_message(
        &mut self,
        message: &[&[u8]],
        patience: Patience,
    ) -> Result<(), Interrupted> {
        self.write_slices(dot_stuffed(message), patience).await
    }

    /// The same without the final dot, which [`write_dot`](Self::write_dot) writes.
    pub(super) async fn write_body(
        &mut self,
        message: &[&[u8]],
        patience: Patience,
    ) -> Result<(), WireError> {
        let mut slices = dot_stuffed(message);
        slices.pop();
        self.write_slices(slices, patience).await.map_err(|interrupted| interrupted.error)
    }

    /// Writes the final dot of a message whose body is written.
    pub(super) async fn write_dot(
        &mut self,
        message: &[&[u8]],
        patience: Patience,
    ) -> Result<(), Interrupted> {
        self.write_slices(vec![final_dot(message)], patience).await
    }

    async fn write_slices(
        &mut self,
        mut slices: Vec<IoSlice<'_>>,
        patience: Patience,
    ) -> Result<(), Interrupted> {
        let mut rest = slices.as_mut_slice();
        while !rest.is_empty() {
            let stream = &mut self.stream;
            let written = patience
                .wait(async {
                    match stream.write_vectored(rest).await? {
                        0 => Err(WireError::Closed),
                        written => Ok(written),
                    }
                })
                .await
                .map_err(|error| Interrupted { error, dot_left: false })?;
            IoSlice::advance_slices(&mut rest, written);
        }
        let stream = &mut self.stream;
        patience
            .wait(async { Ok(stream.flush().await?) })
            .await
            .map_err(|error| Interrupted { error, dot_left: true })
    }

    /// Ends the stream, with TLS's own farewell where there is TLS.
    pub(super) async fn shut_down(&mut self, patience: Patience) -> Result<(), WireError> {
        let stream = &mut self.stream;
        patience.wait(async { Ok(stream.shutdown().await?) }).await
    }
}

/// The message in slices such that a dot at the beginning of a line comes twice, and the final dot.
fn dot_stuffed<'m>(message: &[&'m [u8]]) -> Vec<IoSlice<'m>> {
    let line_of_dot = memchr::memmem::Finder::new(b"\n.");
    let mut slices = Vec::with_capacity(message.len() + 1);
    let mut at_line = true;
    for piece in message {
        if at_line && piece.starts_with(b".") {
            slices.push(IoSlice::new(b"."));
        }
        let mut begin = 0;
        for at in line_of_dot.find_iter(piece) {
            // Up to and with the dot; the next slice begins with the same dot.
            slices.push(IoSlice::new(&piece[begin..at + 2]));
            begin = at + 1;
        }
        slices.push(IoSlice::new(&piece[begin..]));
        at_line = piece.last().map_or(at_line, |last| *last == b'\n');
    }
    slices.push(final_dot(message));
    // An empty slice would look like a stream that takes nothing.
    slices.retain(|slice| !slice.is_empty());
    slices
}

/// The end of a message: a dot on a line of its own.
fn final_dot(message: &[&[u8]]) -> IoSlice<'static> {
    let ends_line = message.iter().rev().flat_map(|piece| piece.iter().rev()).take(2).eq(b"\n\r");
    IoSlice::new(if ends_line { b".\r\n" } else { b"\r\n.\r\n" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled() {
        for (message, wire) in [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            ("", "\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"),
            (".a\r\n..b\r\nc.\r\n.\r\n.", "..a\r\n...b\r\nc.\r\n..\r\n..\r\n.\r\n"),
            // Whoever takes a bare LF for a line's end finds no end of the message here either.
            ("a\n.\r\nMAIL FROM:<x>\r\n", "a\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
        ] {
            for cut in 0..=message.len() {
                let (before, behind) = message.as_bytes().split_at(cut);
                let slices = dot_stuffed(&[before, b"", behind]);
                let written: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
                assert_eq!(String::from_utf8(written).unwrap(), wire, "{message:?}, cut at {cut}");
            }
        }
    }
}

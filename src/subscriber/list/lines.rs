//! Lines of bounded length, whatever the file is.

use std::io::{self, BufRead};

use super::Wrong;

/// No row of a list is longer, in bytes.
pub(super) const LONGEST_LINE: usize = 64 << 10;

/// A line that cannot be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// More than [`LONGEST_LINE`]; the rest of it is skipped.
    TooLong,
    /// An item that goes on for more bytes than this; nothing more can be read.
    LargeItem(usize),
    /// Some other encoding.
    NotUtf8,
    /// A byte order mark of UTF-16 at the beginning; nothing more can be read.
    Utf16,
    /// The disk; nothing more can be read.
    Io(io::Error),
}

impl From<&Fault> for Wrong {
    fn from(fault: &Fault) -> Wrong {
        const ENCODING: &str = "save the file as UTF-8";
        match fault {
            Fault::TooLong => Wrong::new(
                "long-line",
                format!("this line is longer than {LONGEST_LINE} bytes"),
                "give every subscriber a line",
            ),
            Fault::LargeItem(most) => Wrong::new(
                "long-line",
                format!("up to here one subscriber takes more than {most} bytes"),
                "close the quotes and brackets of the subscriber before",
            ),
            Fault::NotUtf8 => Wrong::new("not-utf8", "this line is not UTF-8", ENCODING),
            Fault::Utf16 => Wrong::new("not-utf8", "this file is UTF-16", ENCODING),
            Fault::Io(why) => Wrong::new(
                "unreadable",
                format!("cannot read on: {why}"),
                "read the file again when it is whole",
            ),
        }
    }
}

/// Line after line with its number, without its line break.
pub(super) struct Lines<R> {
    input: R,
    number: usize,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Lines { input, number: 0, ended: false }
    }

    /// Bytes up to the next line break, at most [`LONGEST_LINE`] of them; nothing at the end.
    fn bytes(&mut self) -> io::Result<Option<Result<Vec<u8>, Fault>>> {
        let mut line = Vec::new();
        let mut too_long = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                if line.is_empty() && !too_long {
                    return Ok(None);
                }
                break;
            }
            let end = chunk.iter().position(|&b| b == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if line.len() + part.len() > LONGEST_LINE {
                too_long = true;
            } else if !too_long {
                line.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(Some(if too_long { Err(Fault::TooLong) } else { Ok(line) }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = (usize, Result<String, Fault>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.number += 1;
        let line = match self.bytes() {
            Err(why) => {
                self.ended = true;
                Err(Fault::Io(why))
            }
            Ok(None) => return None,
            Ok(Some(line)) => line.and_then(|mut bytes| {
                if self.number == 1 {
                    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                        self.ended = true;
                        return Err(Fault::Utf16);
                    }
                    if bytes.starts_with("\u{feff}".as_bytes()) {
                        bytes.drain(..3);
                    }
                }
                if bytes.last() == Some(&b'\r') {
                    bytes.pop();
                }
                String::from_utf8(bytes).map_err(|_| Fault::NotUtf8)
            }),
        };
        Some((self.number, line))
    }
}

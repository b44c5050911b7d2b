//! Base64 (RFC 2045 §6.8) with places left open: each fixed stretch is encoded ahead for all three positions that it
//! may take in a group of three bytes, so that filling is copying plus at most two groups at each seam.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pieces::{Filling, Stock, Stretch};

const LINE: usize = 76;

/// A fixed stretch, encoded ahead; the index is how many bytes of a group are pending before it.
#[derive(Debug, Clone)]
pub(super) struct Phases([Phase; 3]);

#[derive(Debug, Clone)]
struct Phase {
    /// Completes the pending group.
    head: Vec<u8>,
    /// Whole groups as lines, each ending in CRLF; none where there is no whole group.
    middle: Option<Stretch>,
    /// Begins the next group.
    tail: Vec<u8>,
}

impl Phases {
    pub(super) fn new(bytes: &[u8], stock: &mut Stock) -> Self {
        Phases([0, 1, 2].map(|pending: usize| {
            let (head, rest) = bytes.split_at(((3 - pending) % 3).min(bytes.len()));
            let (middle, tail) = rest.split_at(rest.len() / 3 * 3);
            let middle = (!middle.is_empty()).then(|| stock.keep(&lines(middle)));
            Phase { head: head.to_vec(), middle, tail: tail.to_vec() }
        }))
    }

    /// What follows at once where nothing is pending.
    pub(super) fn at_the_beginning(&self) -> Option<&Stretch> {
        self.0[0].middle.as_ref()
    }
}

/// `bytes` as lines of base64, each ending in CRLF.
pub(super) fn lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(57) * (LINE + 2));
    for line in bytes.chunks(LINE / 4 * 3) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Writes stretches and values one after another as one base64 body.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pending: [u8; 3],
    pending_length: usize,
    column: usize,
}

impl Writer {
    pub(super) fn stretch(&mut self, out: &mut Filling, phases: &Phases) {
        let phase = &phases.0[self.pending_length];
        self.value(out, &phase.head);
        if let Some(middle) = &phase.middle {
            self.break_line(out.own());
            out.share(middle);
        }
        self.value(out, &phase.tail);
    }

    pub(super) fn value(&mut self, out: &mut Filling, bytes: &[u8]) {
        let out = out.own();
        for &b in bytes {
            self.pending[self.pending_length] = b;
            self.pending_length += 1;
            if self.pending_length == 3 {
                self.group(out);
            }
        }
    }

    pub(super) fn finish(mut self, out: &mut Filling) {
        let out = out.own();
        if self.pending_length > 0 {
            self.group(out);
        }
        self.break_line(out);
    }

    fn group(&mut self, out: &mut Vec<u8>) {
        if self.column == LINE {
            self.break_line(out);
        }
        let mut group = [0; 4];
        STANDARD
            .encode_slice(&self.pending[..self.pending_length], &mut group)
            .expect("three bytes make four characters");
        out.extend_from_slice(&group);
        self.pending_length = 0;
        self.column += 4;
    }

    fn break_line(&mut self, out: &mut Vec<u8>) {
        if self.column > 0 {
            out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn every_seam_decodes_to_what_went_in() {
        for first in 0..7 {
            for value in 0..7 {
                for last in [0, 1, 2, 3, 56, 57, 58, 200] {
                    let bytes: Vec<u8> = (0..first + value + last).map(|n| (n * 37 % 251) as u8).collect();
                    let mut stock = Stock::default();
                    let before = Phases::new(&bytes[..first], &mut stock);
                    let behind = Phases::new(&bytes[first + value..], &mut stock);
                    let mut out = Filling::new(&Arc::new(stock), Vec::new(), 9);
                    let mut writer = Writer::default();
                    writer.stretch(&mut out, &before);
                    writer.value(&mut out, &bytes[first..first + value]);
                    writer.stretch(&mut out, &behind);
                    writer.finish(&mut out);

                    let text = String::from_utf8(out.finish().to_bytes()).unwrap();
                    assert!(text.lines().all(|line| line.len() <= LINE && line.len() % 4 == 0), "{text}");
                    assert!(text.is_empty() || text.ends_with("\r\n"));
                    assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), bytes);
                }
            }
        }
    }
}

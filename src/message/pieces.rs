//! A message in pieces: the stretches that all messages of an edition share, and between them what is one reader's own.
//! Nothing of the edition is copied for a reader, and of its hash only what stands behind the first own piece is worked
//! out for each.

use std::ops::Range;
use std::sync::Arc;

use crate::dkim::{BodyHash, Seal, Signer, canonical_lines};
use chrono::{DateTime, Utc};

/// What the bodies of all messages of an edition share, one stretch behind another.
///
/// A stretch is whole lines, or has no white space but line breaks: its canonical form (RFC 6376 §3.4.4) is the same
/// wherever it stands, as long as a line with words in it follows.
#[derive(Debug, Default)]
pub(super) struct Stock {
    wire: Vec<u8>,
    /// Of the stretches for which it is another one.
    canonical: Vec<u8>,
    /// The pieces with which each body begins, and their hash.
    lead: Vec<Piece>,
    lead_hash: BodyHash,
}

/// A part of the [`Stock`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    wire: Range<usize>,
    canonical: Option<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Shared(Stretch),
    Own(Range<usize>),
}

impl Stock {
    /// Adds a stretch.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Stretch {
        let canonical = match canonical_lines(bytes) {
            std::borrow::Cow::Borrowed(_) => None,
            std::borrow::Cow::Owned(canonical) => Some(append(&mut self.canonical, &canonical)),
        };
        Stretch { wire: append(&mut self.wire, bytes), canonical }
    }

    /// Works out the hash of the stretches with which each body begins.
    pub(super) fn begin_with(&mut self, lead: Vec<Stretch>) {
        let mut hash = BodyHash::default();
        lead.iter().for_each(|stretch| hash.canonical(self.canonical(stretch)));
        self.lead = lead.into_iter().map(Piece::Shared).collect();
        self.lead_hash = hash;
    }

    fn canonical(&self, stretch: &Stretch) -> &[u8] {
        match &stretch.canonical {
            None => &self.wire[stretch.wire.clone()],
            Some(range) => &self.canonical[range.clone()],
        }
    }
}

fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let begin = to.len();
    to.extend_from_slice(bytes);
    begin..to.len()
}

/// One RFC 5322 message, lines ending in CRLF.
#[derive(Debug, Clone)]
pub struct Message {
    stock: Arc<Stock>,
    /// The fields of its signatures.
    signatures: Vec<u8>,
    /// The header and the blank line behind it, and then the body's own pieces.
    own: Vec<u8>,
    header: usize,
    body: Vec<Piece>,
}

impl Message {
    /// The whole, piece by piece.
    #[must_use]
    pub fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = Vec::with_capacity(self.body.len() + 2);
        pieces.extend([self.signatures.as_slice(), &self.own[..self.header]]);
        pieces.extend(self.body.iter().map(|piece| match piece {
            Piece::Shared(stretch) => &self.stock.wire[stretch.wire.clone()],
            Piece::Own(range) => &self.own[range.clone()],
        }));
        pieces
    }

    /// How long it is.
    #[must_use]
    pub fn octets(&self) -> usize {
        let body: usize = self.body.iter().map(|piece| piece.wire().len()).sum();
        self.signatures.len() + self.header + body
    }

    /// The whole in one piece.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.pieces().concat()
    }

    /// Puts signatures of `signer` made `at` before its header, in place of those that are there.
    pub fn sign(&mut self, signer: &Signer, at: DateTime<Utc>) {
        self.sign_by(&signer.seal(self.header(), at));
    }

    /// The same with a seal made before, for a header of the same fields.
    pub fn sign_by(&mut self, seal: &Seal) {
        let mut signatures = std::mem::take(&mut self.signatures);
        signatures.clear();
        seal.sign(self.header(), self.body_hash(), &mut signatures);
        self.signatures = signatures;
    }

    /// The header's fields, without its signatures and without the blank line behind it.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        self.own[..self.header].strip_suffix(b"\r\n").expect("a skeleton ends its header with a blank line")
    }

    fn body_hash(&self) -> BodyHash {
        let (mut hash, rest) = match self.body.strip_prefix(self.stock.lead.as_slice()) {
            Some(rest) => (self.stock.lead_hash.clone(), rest),
            None => (BodyHash::default(), self.body.as_slice()),
        };
        for piece in rest {
            match piece {
                Piece::Shared(stretch) => hash.canonical(self.stock.canonical(stretch)),
                Piece::Own(range) => hash.canonical(&canonical_lines(&self.own[range.clone()])),
            }
        }
        hash
    }
}

impl Piece {
    fn wire(&self) -> &Range<usize> {
        match self {
            Piece::Shared(stretch) => &stretch.wire,
            Piece::Own(range) => range,
        }
    }
}

/// A body under way, behind its header.
pub(super) struct Filling {
    message: Message,
    /// Where the own piece begins that is being written.
    begun: usize,
}

impl Filling {
    /// Begins behind `header`, which ends in its blank line; the body has at most so many `pieces`.
    pub(super) fn new(stock: &Arc<Stock>, header: Vec<u8>, pieces: usize) -> Self {
        let begun = header.len();
        let body = Vec::with_capacity(pieces);
        let stock = Arc::clone(stock);
        let message = Message { stock, signatures: Vec::new(), own: header, header: begun, body };
        Filling { message, begun }
    }

    /// Where what is the reader's own is appended: whole lines, or such as have no white space.
    pub(super) fn own(&mut self) -> &mut Vec<u8> {
        &mut self.message.own
    }

    /// Appends what all share.
    pub(super) fn share(&mut self, stretch: &Stretch) {
        self.end_own();
        self.message.body.push(Piece::Shared(stretch.clone()));
    }

    pub(super) fn finish(mut self) -> Message {
        self.end_own();
        self.message
    }

    fn end_own(&mut self) {
        let end = self.message.own.len();
        if self.begun < end {
            self.message.body.push(Piece::Own(self.begun..end));
            self.begun = end;
        }
    }
}

//! DKIM signatures (RFC 6376, RFC 8463) of whole messages: relaxed/relaxed, no `l=`.

mod canonical;
mod fields;
mod key;
mod record;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use canonical::{Field, fields, relaxed_body, relaxed_field};

pub use canonical::canonical_lines;
pub use fields::SignedFields;
pub use key::{DkimError, DkimKey, new_ed25519_key, new_rsa_key};

/// Signs with every one of its keys, so that a verifier may take the one it knows.
#[derive(Debug, Clone)]
pub struct Signer {
    keys: Vec<DkimKey>,
    signed: SignedFields,
}

/// The hash of a body, taken in its canonical form (RFC 6376 §3.7, `bh=`).
#[derive(Clone)]
pub struct BodyHash(Context);

/// What is the same in the signatures of all messages with the same fields in their headers.
#[derive(Debug, Clone)]
pub struct Seal {
    signer: Signer,
    /// The names of the header's fields, in lower case.
    layout: Vec<String>,
    /// Which of them are signed, in this order.
    order: Vec<usize>,
    at: DateTime<Utc>,
    /// The field of each key but for two values: up to `bh=`, and from there to `b=`.
    frames: Vec<[String; 2]>,
}

impl Default for BodyHash {
    fn default() -> Self {
        BodyHash(Context::new(&SHA256))
    }
}

impl BodyHash {
    /// That of a whole body, whose lines end in CRLF.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        let mut hash = BodyHash::default();
        relaxed_body(body, |bytes| hash.canonical(bytes));
        hash
    }

    /// Takes what comes next; it is in its canonical form ([`canonical_lines`]).
    pub fn canonical(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn encoded(self) -> String {
        STANDARD.encode(self.0.finish())
    }
}

impl std::fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodyHash")
    }
}

impl Signer {
    /// Takes the keys, in the order in which the signatures stand.
    #[must_use]
    pub fn new(keys: Vec<DkimKey>, signed: SignedFields) -> Self {
        Signer { keys, signed }
    }

    /// Whether signing takes longer than hashing a message: RSA does, ten times.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.keys.iter().any(DkimKey::is_slow)
    }

    /// Works out what is the same for all messages whose headers have the fields of `header` (lines ending in CRLF).
    #[must_use]
    pub fn seal(&self, header: &[u8], at: DateTime<Utc>) -> Seal {
        let present = fields(header);
        let names = self.names(&present);
        let frame = |key: &DkimKey| {
            let before = format!(
                "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={};\r\n s={}; t={};\r\n bh=",
                key.algorithm(),
                key.domain(),
                key.selector(),
                at.timestamp(),
            );
            let mut behind = ";\r\n".to_owned();
            fold(&mut behind, " h=", &names.join(":"), ':');
            behind.push_str(";\r\n b=");
            [before, behind]
        };
        let frames = self.keys.iter().map(frame).collect();
        let order = signed_order(&present, &names);
        let layout = present.iter().map(Field::name).collect();
        Seal { signer: self.clone(), layout, order, at, frames }
    }

    /// `message` (lines ending in CRLF) behind a DKIM-Signature field for each key.
    ///
    /// The same message, keys and time give the same bytes.
    #[must_use]
    pub fn signed(&self, message: &[u8], at: DateTime<Utc>) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + self.keys.len() * 1024);
        let (header, body) = split(message);
        self.seal(header, at).sign(header, BodyHash::of(body), &mut out);
        out.extend_from_slice(message);
        out
    }

    /// The list `h=`.
    fn names(&self, present: &[Field<'_>]) -> Vec<String> {
        let mut names = Vec::new();
        for (list, more) in [(&self.signed.oversigned, 1), (&self.signed.once, 0)] {
            for name in list {
                let lower = name.to_ascii_lowercase();
                let count = present.iter().filter(|field| field.is_named(&lower)).count();
                names.extend(std::iter::repeat_n(lower, count + more));
            }
        }
        names
    }
}

impl Seal {
    /// Appends a DKIM-Signature field for each key to `out`, for a message of this `header` and `body`.
    ///
    /// A header of other fields than those for which the seal was made gets what belongs to it, only slower.
    pub fn sign(&self, header: &[u8], body: BodyHash, out: &mut Vec<u8>) {
        let present = fields(header);
        if !self.fits(&present) {
            return self.signer.seal(header, self.at).sign_fields(&present, body, out);
        }
        self.sign_fields(&present, body, out);
    }

    /// Whether the fields have the names for which this was made.
    fn fits(&self, present: &[Field<'_>]) -> bool {
        let pairs = present.iter().zip(&self.layout);
        present.len() == self.layout.len() && pairs.into_iter().all(|(field, name)| field.is_named(name))
    }

    fn sign_fields(&self, present: &[Field<'_>], body: BodyHash, out: &mut Vec<u8>) {
        let body_hash = body.encoded();
        let mut signed = Vec::with_capacity(4_096);
        push_signed_fields(present, &self.order, &mut signed);
        let common = signed.len();
        for (key, [before, behind]) in self.signer.keys.iter().zip(&self.frames) {
            let begin = out.len();
            for part in [before, &body_hash, behind] {
                out.extend_from_slice(part.as_bytes());
            }
            signed.truncate(common);
            // RFC 6376 §3.7: without its value and without the last CRLF.
            relaxed_field(&out[begin..], &mut signed);
            let signature = STANDARD.encode(key.sign(&signed));
            let (first, rest) = signature.as_bytes().split_at(70);
            out.extend_from_slice(first);
            for line in rest.chunks(74) {
                out.extend_from_slice(b"\r\n ");
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Header, its last CRLF included, and body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(message, b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, b""),
    }
}

/// RFC 6376 §5.4.2: of several fields of a name, the last is taken first; where there is none more, nothing.
fn signed_order<N: AsRef<str>>(present: &[Field<'_>], names: &[N]) -> Vec<usize> {
    let mut order = Vec::with_capacity(names.len());
    for name in names {
        let is_next =
            |(at, field): &(usize, &Field<'_>)| !order.contains(at) && field.is_named(name.as_ref());
        if let Some((at, _)) = present.iter().enumerate().rev().find(is_next) {
            order.push(at);
        }
    }
    order
}

/// Appends the canonical form of the fields of that order.
fn push_signed_fields(present: &[Field<'_>], order: &[usize], out: &mut Vec<u8>) {
    for &at in order {
        relaxed_field(present[at].bytes, out);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends `tag` and `value`, with folds behind `separator`.
fn fold(field: &mut String, tag: &str, value: &str, separator: char) {
    field.push_str(tag);
    let mut column = tag.len();
    for piece in value.split_inclusive(separator) {
        if column + piece.len() > 76 {
            field.push_str("\r\n ");
            column = 1;
        }
        field.push_str(piece);
        column += piece.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8463 appendix A.2.
    const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
        \r\n\
        Hi.\r\n\
        \r\n\
        We lost the game.  Are you hungry yet?\r\n\
        \r\n\
        Joe.\r\n";

    /// RFC 8463 appendix A.3, up to the signature.
    const FIELD: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
        d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
        subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";

    #[test]
    fn the_example_of_rfc_8463_is_signed_as_there() {
        let (header, body) = split(MESSAGE.as_bytes());
        assert_eq!(BodyHash::of(body).encoded(), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");

        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let mut signed = Vec::new();
        let present = fields(header);
        push_signed_fields(&present, &signed_order(&present, &names), &mut signed);
        relaxed_field(FIELD.as_bytes(), &mut signed);
        let seed = STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
        let key = key::ed25519_from_seed("football.example.com", "brisbane", &seed);
        assert_eq!(
            STANDARD.encode(key.sign(&signed)),
            "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
        );
        assert_eq!(key.dns_record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    #[test]
    fn a_seal_signs_other_headers_as_a_seal_of_theirs_would() {
        let keys = vec![key::ed25519_from_seed("example.org", "s", &[7; 32])];
        let signer = Signer::new(keys, SignedFields::all());
        let at = DateTime::from_timestamp(1_528_637_909, 0).unwrap();
        let first = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: one\r\n";
        let seal = signer.seal(first, at);
        for header in [
            first.as_slice(),
            b"From: a@example.org\r\nTo: c@example.org\r\nSubject: two\r\n words\r\n",
            b"From: a@example.org\r\nTo: b@example.org\r\nX-Other: x\r\n",
            b"To: b@example.org\r\nFrom: a@example.org\r\nSubject: one\r\n",
            b"From: a@example.org\r\nTo: b@example.org\r\nSubject: one\r\nSubject: two\r\n",
        ] {
            let (mut by_seal, mut by_its_own) = (Vec::new(), Vec::new());
            seal.sign(header, BodyHash::of(b"Hi.\r\n"), &mut by_seal);
            signer.seal(header, at).sign(header, BodyHash::of(b"Hi.\r\n"), &mut by_its_own);
            assert_eq!(String::from_utf8(by_seal), String::from_utf8(by_its_own));
        }
    }

    #[test]
    fn of_several_fields_the_last_comes_first() {
        let mut signed = Vec::new();
        let present = fields(b"A: 1\r\nB: x\r\na: 2\r\n");
        push_signed_fields(&present, &signed_order(&present, &["a", "a", "a"]), &mut signed);
        assert_eq!(signed, b"a:2\r\na:1\r\n");
    }
}

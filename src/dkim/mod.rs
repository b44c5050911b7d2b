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

pub use fields::SignedFields;
pub use key::{DkimError, DkimKey, new_ed25519_key, new_rsa_key};

/// Signs with every one of its keys, so that a verifier may take the one it knows.
#[derive(Debug, Clone)]
pub struct Signer {
    keys: Vec<DkimKey>,
    signed: SignedFields,
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

    /// Appends a DKIM-Signature field for each key to `out`; `message` (lines ending in CRLF) belongs behind them.
    ///
    /// The same message, keys and time give the same bytes.
    pub fn sign(&self, message: &[u8], at: DateTime<Utc>, out: &mut Vec<u8>) {
        let (header, body) = split(message);
        let present = fields(header);
        let mut hash = Context::new(&SHA256);
        relaxed_body(body, |bytes| hash.update(bytes));
        let body_hash = STANDARD.encode(hash.finish());

        let names = self.names(&present);
        let mut signed = Vec::with_capacity(header.len());
        push_signed_fields(&present, &names, &mut signed);
        let common = signed.len();
        for key in &self.keys {
            let mut field = format!(
                "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={};\r\n s={}; t={};\r\n bh={body_hash};\r\n",
                key.algorithm(),
                key.domain(),
                key.selector(),
                at.timestamp(),
            );
            fold(&mut field, " h=", &names.join(":"), ':');
            field.push_str(";\r\n b=");
            signed.truncate(common);
            // RFC 6376 §3.7: without its value and without the last CRLF.
            relaxed_field(field.as_bytes(), &mut signed);
            let signature = STANDARD.encode(key.sign(&signed));
            let (first, rest) = signature.split_at(70);
            field.push_str(first);
            for line in rest.as_bytes().chunks(74) {
                field.push_str("\r\n ");
                field.extend(line.iter().map(|&b| char::from(b)));
            }
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    /// `message` behind its signatures.
    #[must_use]
    pub fn signed(&self, message: &[u8], at: DateTime<Utc>) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + self.keys.len() * 1024);
        self.sign(message, at, &mut out);
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

/// Header, its last CRLF included, and body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(message, b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, b""),
    }
}

/// RFC 6376 §5.4.2: of several fields of a name, the last is taken first; where there is none more, nothing.
fn push_signed_fields<N: AsRef<str>>(present: &[Field<'_>], names: &[N], out: &mut Vec<u8>) {
    let mut used = vec![false; present.len()];
    for name in names {
        let next =
            present.iter().enumerate().rev().find(|(at, field)| !used[*at] && field.is_named(name.as_ref()));
        if let Some((at, field)) = next {
            used[at] = true;
            relaxed_field(field.bytes, out);
            out.extend_from_slice(b"\r\n");
        }
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
        let mut hash = Context::new(&SHA256);
        relaxed_body(body, |bytes| hash.update(bytes));
        assert_eq!(STANDARD.encode(hash.finish()), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");

        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let mut signed = Vec::new();
        push_signed_fields(&fields(header), &names, &mut signed);
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
    fn of_several_fields_the_last_comes_first() {
        let mut signed = Vec::new();
        push_signed_fields(&fields(b"A: 1\r\nB: x\r\na: 2\r\n"), &["a", "a", "a"], &mut signed);
        assert_eq!(signed, b"a:2\r\na:1\r\n");
    }
}

//! A verifier of its own, by the book (RFC 6376 §6.1.3): nothing of it is shared with the signer.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// TXT records by name.
pub(super) type Dns = BTreeMap<String, String>;

/// Whether each signature of `message` is good, by selector, in the order in which they stand.
pub(super) fn verify(message: &[u8], dns: &Dns) -> Vec<(String, bool)> {
    let text = std::str::from_utf8(message).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let last = fields.last_mut().unwrap();
            last.push_str("\r\n");
            last.push_str(line);
        } else {
            fields.push(line.to_owned());
        }
    }
    let signatures = fields.iter().filter(|field| field.starts_with("DKIM-Signature:"));
    signatures.map(|field| (tags(field).remove("s").unwrap(), is_good(field, &fields, body, dns))).collect()
}

/// The tags of a signature or a record, white space taken out.
pub(super) fn tags(field: &str) -> BTreeMap<String, String> {
    let list = field.strip_prefix("DKIM-Signature:").unwrap_or(field);
    let pairs = list.split(';').filter_map(|tag| tag.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.split_whitespace().collect())).collect()
}

fn is_good(signature: &str, fields: &[String], body: &str, dns: &Dns) -> bool {
    let tags = tags(signature);
    assert_eq!((tags["v"].as_str(), tags["c"].as_str()), ("1", "relaxed/relaxed"));
    if STANDARD.encode(digest(&SHA256, relaxed_body(body).as_bytes())) != tags["bh"] {
        return false;
    }
    let mut left: Vec<&String> = fields.iter().filter(|field| *field != signature).collect();
    let mut signed = String::new();
    for name in tags["h"].split(':') {
        let is_it = |field: &&String| field.split(':').next().unwrap().eq_ignore_ascii_case(name);
        if let Some(at) = left.iter().rposition(is_it) {
            signed.push_str(&relaxed_field(left.remove(at)));
            signed.push_str("\r\n");
        }
    }
    let at = signature.find("\r\n b=").unwrap() + "\r\n b=".len();
    signed.push_str(&relaxed_field(&signature[..at]));

    let Some(record) = dns.get(&format!("{}._domainkey.{}", tags["s"], tags["d"])) else { return false };
    let record = self::tags(record);
    let public = STANDARD.decode(&record["p"]).unwrap();
    let given = STANDARD.decode(&tags["b"]).unwrap();
    match (tags["a"].as_str(), record["k"].as_str()) {
        ("rsa-sha256", "rsa") => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(signed.as_bytes(), &given)
            .is_ok(),
        ("ed25519-sha256", "ed25519") => UnparsedPublicKey::new(&ED25519, public)
            .verify(digest(&SHA256, signed.as_bytes()).as_ref(), &given)
            .is_ok(),
        other => panic!("{other:?}"),
    }
}

fn relaxed_field(field: &str) -> String {
    let (name, value) = field.split_once(':').unwrap();
    let words: Vec<&str> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.trim_end().to_lowercase(), words.join(" "))
}

fn relaxed_body(body: &str) -> String {
    let mut out = String::new();
    for line in body.split("\r\n") {
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        if line.starts_with([' ', '\t']) && !words.is_empty() {
            out.push(' ');
        }
        out.push_str(&words.join(" "));
        out.push_str("\r\n");
    }
    while out.ends_with("\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    if out == "\r\n" { String::new() } else { out }
}

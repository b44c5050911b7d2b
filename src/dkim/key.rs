//! Keys that sign: RSA (RFC 6376) and Ed25519 (RFC 8463).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

/// The least RSA modulus that receivers take seriously (RFC 8301 §3.2 says at least 1024, should be 2048).
const LEAST_MODULUS_OCTETS: usize = 256;

const NEW_ONE: &str = "make a new one with `straight dkim keygen`";

/// A private key with the name under which its public half is in DNS: `selector._domainkey.domain`.
#[derive(Clone)]
pub struct DkimKey {
    domain: String,
    selector: String,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Rsa(Arc<RsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

/// Why there is no key; never a word of the key itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// A name that cannot stand in DNS.
    #[error("`{0}` cannot stand in DNS")]
    Name(String),
    /// Not PEM, or of another kind of thing.
    #[error("{0}")]
    Unreadable(&'static str),
    /// RSA below 2048 bits.
    #[error("the RSA key has fewer than 2048 bits")]
    TooShort,
    /// Neither RSA nor Ed25519.
    #[error("the key is neither RSA nor Ed25519")]
    Unsuitable,
    /// RSA or Ed25519, but damaged or beyond what receivers take.
    #[error("the key is damaged, or longer than 8192 bits")]
    Damaged,
}

impl DkimError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            DkimError::Name(_) => "write letters, digits, hyphens and dots, as in example.com and s2026",
            DkimError::Unreadable(why) if *why == ENCRYPTED => {
                "take the passphrase off with `openssl pkey -in KEY -out NEW`"
            }
            DkimError::Unreadable(_) => {
                "name a file with a private key in PEM (PKCS#8 or PKCS#1), or make one with `straight dkim keygen`"
            }
            DkimError::TooShort | DkimError::Unsuitable | DkimError::Damaged => NEW_ONE,
        }
    }
}

const ENCRYPTED: &str = "the key is locked with a passphrase";

impl DkimKey {
    /// Reads a selector, in lower case.
    ///
    /// # Errors
    /// When it cannot stand in DNS.
    pub fn selector_of(text: &str) -> Result<String, DkimError> {
        let name = text.trim().to_ascii_lowercase();
        if is_dns_name(&name) { Ok(name) } else { Err(DkimError::Name(name)) }
    }

    /// Reads a private key: RSA in PKCS#8 or PKCS#1, Ed25519 in PKCS#8.
    ///
    /// # Errors
    /// When a name cannot stand in DNS, or the key is unreadable or unsuitable.
    pub fn from_pem(domain: &str, selector: &str, pem: &str) -> Result<Self, DkimError> {
        if let Some(name) = [domain, selector].into_iter().find(|name| !is_dns_name(name)) {
            return Err(DkimError::Name(name.to_owned()));
        }
        // The parser's own words would repeat a line of the file.
        let der = PrivateKeyDer::from_pem_slice(pem.trim_start_matches('\u{FEFF}').as_bytes())
            .map_err(|_| DkimError::Unreadable(no_key_in(pem)))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => Pair::rsa(RsaKeyPair::from_der(der.secret_pkcs1_der()))?,
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                match Ed25519KeyPair::from_pkcs8(der) {
                    Ok(pair) => Pair::Ed25519(Arc::new(pair)),
                    Err(_) => Pair::rsa(RsaKeyPair::from_pkcs8(der))?,
                }
            }
            _ => return Err(DkimError::Unsuitable),
        };
        Ok(DkimKey { domain: domain.to_owned(), selector: selector.to_owned(), pair })
    }

    /// `d=`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `s=`.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// `k=` and `p=` of the record in DNS.
    pub(super) fn public_half(&self) -> (&'static str, String) {
        match &self.pair {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().expect("an RSA key that was read can be written");
                ("rsa", STANDARD.encode(der.as_ref()))
            }
            Pair::Ed25519(pair) => ("ed25519", STANDARD.encode(pair.public_key().as_ref())),
        }
    }

    pub(super) fn is_slow(&self) -> bool {
        match self.pair {
            Pair::Rsa(_) => true,
            Pair::Ed25519(_) => false,
        }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    pub(super) fn sign(&self, signed: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature)
                    .expect("a key of 2048 bits or more signs a SHA-256");
                signature
            }
            // RFC 8463 §3: the hash is what is signed.
            Pair::Ed25519(pair) => pair.sign(digest(&SHA256, signed).as_ref()).as_ref().to_vec(),
        }
    }
}

/// Whether `name` can be a domain or a selector: labels of lower-case letters, digits, hyphens and underscores.
fn is_dns_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    name.len() <= 253
        && name.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(plain))
}

impl Pair {
    fn rsa(read: Result<RsaKeyPair, KeyRejected>) -> Result<Self, DkimError> {
        match read {
            Ok(pair) if pair.public_modulus_len() < LEAST_MODULUS_OCTETS => Err(DkimError::TooShort),
            Ok(pair) => Ok(Pair::Rsa(Arc::new(pair))),
            // The library tells its reasons apart by their names alone.
            Err(why) => Err(match why.description_() {
                "TooSmall" => DkimError::TooShort,
                "WrongAlgorithm" => DkimError::Unsuitable,
                _ => DkimError::Damaged,
            }),
        }
    }
}

/// What is there instead of a private key.
fn no_key_in(pem: &str) -> &'static str {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        ENCRYPTED
    } else if pem.contains("BEGIN OPENSSH PRIVATE KEY") {
        "this is a key of OpenSSH's own form"
    } else if pem.contains("PRIVATE KEY-----") {
        "the key is not whole, or its line breaks are lost"
    } else if pem.contains("BEGIN PUBLIC KEY") || pem.contains("BEGIN RSA PUBLIC KEY") {
        "this is the public key, not the private one"
    } else if pem.contains("BEGIN CERTIFICATE") {
        "this is a certificate, not a private key"
    } else {
        "there is no private key in PEM"
    }
}

impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({}._domainkey.{}, {}, ********)", self.selector, self.domain, self.algorithm())
    }
}

/// A new RSA key of 2048 bits as PEM (PKCS#8).
#[must_use]
pub fn new_rsa_key() -> String {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("the system has randomness");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("a new key can be written");
    pem(der.as_ref())
}

/// A new Ed25519 key as PEM (PKCS#8).
#[must_use]
pub fn new_ed25519_key() -> String {
    let der = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).expect("the system has randomness");
    pem(der.as_ref())
}

/// RFC 7468.
fn pem(pkcs8: &[u8]) -> String {
    let encoded = STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in encoded.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&b| char::from(b)));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
pub(super) fn ed25519_from_seed(domain: &str, selector: &str, seed: &[u8]) -> DkimKey {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    DkimKey { domain: domain.to_owned(), selector: selector.to_owned(), pair: Pair::Ed25519(Arc::new(pair)) }
}

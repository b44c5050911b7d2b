//! Signed tokens in personal links: bound to a purpose and a subscriber, verified in constant time.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::subscriber::SubscriberId;

/// What a token is good for; a token for one purpose is nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Leaving (RFC 8058). Never expires.
    Unsubscribe,
    /// Changing name and time zone. Never expires.
    Preferences,
    /// Saying yes to a sign-up. Expires.
    Confirm,
    /// Saying yes to having one's mail at this address. Expires.
    NewAddress,
    /// Deciding whether a comment is shown. Expires.
    Moderate,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Purpose::Unsubscribe => "unsubscribe",
            Purpose::Preferences => "preferences",
            Purpose::Confirm => "confirm",
            Purpose::NewAddress => "new-address",
            Purpose::Moderate => "moderate",
        }
    }
}

/// What a token that expires is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is good, for the thing of this number.
    Good(i64),
    /// It was good once.
    Expired,
    /// It is nobody's.
    Forged,
}

/// One secret of 32 bytes with the number under which tokens name it.
#[derive(Clone)]
pub struct TokenKey {
    /// Its number; the highest signs.
    pub id: u32,
    secret: [u8; 32],
}

impl TokenKey {
    /// Takes a stored secret.
    #[must_use]
    pub fn new(id: u32, secret: [u8; 32]) -> Self {
        TokenKey { id, secret }
    }

    /// Makes a new secret from the system's random generator.
    #[must_use]
    pub fn generate(id: u32) -> Self {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).expect("the system has randomness");
        TokenKey { id, secret }
    }

    /// The secret as the store keeps it.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({}, ********)", self.id)
    }
}

/// All keys that ever signed: the newest signs, each verifies.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    keys: Vec<(u32, hmac::Key)>,
}

/// A token's text, safe in an address: `1.42.qf3…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TokenKeys {
    /// Takes every key, at least one.
    ///
    /// # Panics
    /// When there is none: the store makes the first at first start.
    #[must_use]
    pub fn new(mut keys: Vec<TokenKey>) -> Self {
        assert!(!keys.is_empty(), "the store makes a key at first start");
        keys.sort_by_key(|key| key.id);
        let keys =
            keys.into_iter().map(|key| (key.id, hmac::Key::new(hmac::HMAC_SHA256, &key.secret))).collect();
        TokenKeys { keys }
    }

    /// The token of `subscriber` for `purpose`; the same each time until the key is rotated.
    #[must_use]
    pub fn issue(&self, purpose: Purpose, subscriber: SubscriberId) -> Token {
        let (id, key) = self.keys.last().expect("there is at least one key");
        let tag = hmac::sign(key, signed_text(purpose, subscriber).as_bytes());
        Token(format!("{id}.{subscriber}.{}", URL_SAFE_NO_PAD.encode(&tag.as_ref()[..24])))
    }

    /// Whose token for `purpose` this is; `None` when it is nobody's.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<SubscriberId> {
        let mut parts = token.splitn(3, '.');
        let key_id: u32 = parts.next()?.parse().ok()?;
        let subscriber = SubscriberId(parts.next()?.parse().ok()?);
        let given = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let (_, key) = self.keys.iter().find(|(id, _)| *id == key_id)?;
        let wanted = hmac::sign(key, signed_text(purpose, subscriber).as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(&wanted.as_ref()[..24], &given).ok()?;
        Some(subscriber)
    }

    /// A token for `purpose` about the thing of this number, good until `expires`, to the second.
    #[must_use]
    pub fn issue_until(&self, purpose: Purpose, number: i64, expires: DateTime<Utc>) -> Token {
        let (id, key) = self.keys.last().expect("there is at least one key");
        let expires = expires.timestamp();
        let tag = hmac::sign(key, expiring_text(purpose, number, expires).as_bytes());
        Token(format!("{id}.{number}.{expires}.{}", URL_SAFE_NO_PAD.encode(&tag.as_ref()[..24])))
    }

    /// What a token of [`issue_until`](Self::issue_until) is worth for `purpose` at `now`.
    #[must_use]
    pub fn verify_until(&self, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Verdict {
        let verified = || {
            let mut parts = token.splitn(4, '.');
            let key_id: u32 = parts.next()?.parse().ok()?;
            let number: i64 = parts.next()?.parse().ok()?;
            let expires: i64 = parts.next()?.parse().ok()?;
            let given = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
            let (_, key) = self.keys.iter().find(|(id, _)| *id == key_id)?;
            let wanted = hmac::sign(key, expiring_text(purpose, number, expires).as_bytes());
            aws_lc_rs::constant_time::verify_slices_are_equal(&wanted.as_ref()[..24], &given).ok()?;
            Some((number, expires))
        };
        match verified() {
            None => Verdict::Forged,
            Some((_, expires)) if expires <= now.timestamp() => Verdict::Expired,
            Some((number, _)) => Verdict::Good(number),
        }
    }

    /// A keyed digest of 20 characters `[A-Za-z0-9_-]` by the first key, which never changes: for identifiers.
    #[must_use]
    pub fn digest(&self, purpose: &str, text: &str) -> String {
        let (_, key) = self.keys.first().expect("there is at least one key");
        let tag = hmac::sign(key, format!("straight/{purpose}\0{text}").as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..15])
    }
}

fn expiring_text(purpose: Purpose, number: i64, expires: i64) -> String {
    format!("straight/token\0{}\0{number}\0{expires}", purpose.label())
}

fn signed_text(purpose: Purpose, subscriber: SubscriberId) -> String {
    format!("straight/token\0{}\0{subscriber}", purpose.label())
}

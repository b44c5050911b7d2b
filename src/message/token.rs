//! Signed tokens in personal links: bound to a purpose and a subscriber, verified in constant time, opaque.
//!
//! A token is the number of a key, and behind it 24 or 32 bytes in base64: a tag (HMAC-SHA-256 over purpose and content,
//! cut to 128 bits) and the content under AES-128 in counter mode from that tag, as SIV (RFC 5297) has it. So the same
//! reader has the same token at each attempt, and none tells how many readers there are or who came before whom. Tokens of
//! before, whose content stood in the clear, go on working, and so do those of each key that was ever made; but for those of
//! a key that has leaked, which are good for leaving only.

use std::sync::Arc;

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{hmac, iv};
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
    /// It is good, for the thing of this number that ends with it: whoever reads the thing compares.
    Good {
        /// Of the thing.
        number: i64,
        /// When both end, in seconds since 1970.
        expires: i64,
    },
    /// It was good once.
    Expired,
    /// It is nobody's.
    Forged,
}

/// How far the tokens of a key are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// For each purpose.
    Full,
    /// For leaving alone: others may have the key, and the links of mails that are out must go on letting readers leave.
    LeavingOnly,
}

impl Trust {
    fn covers(self, purpose: Purpose) -> bool {
        match self {
            Trust::Full => true,
            Trust::LeavingOnly => purpose == Purpose::Unsubscribe,
        }
    }
}

/// One secret of 32 bytes with the number under which tokens name it.
#[derive(Clone)]
pub struct TokenKey {
    /// Its number; the highest signs.
    pub id: u32,
    /// How far its tokens are believed.
    pub trust: Trust,
    secret: [u8; 32],
}

impl TokenKey {
    /// Takes a stored secret.
    #[must_use]
    pub fn new(id: u32, secret: [u8; 32]) -> Self {
        TokenKey { id, trust: Trust::Full, secret }
    }

    /// The same key, believed so far.
    #[must_use]
    pub fn trusted(self, trust: Trust) -> Self {
        TokenKey { trust, ..self }
    }

    /// Makes a new secret from the system's random generator.
    #[must_use]
    pub fn generate(id: u32) -> Self {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).expect("the system has randomness");
        TokenKey::new(id, secret)
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

/// One key, ready to sign and to hide.
struct Prepared {
    id: u32,
    trust: Trust,
    mac: hmac::Key,
    cipher: EncryptingKey,
}

impl Prepared {
    fn of(key: &TokenKey) -> Self {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, &key.secret);
        let secret = hmac::sign(&mac, b"straight/token-cipher");
        let unbound = UnboundCipherKey::new(&AES_128, &secret.as_ref()[..16]);
        let cipher = unbound.and_then(EncryptingKey::ctr).expect("16 bytes are a key of AES-128");
        Prepared { id: key.id, trust: key.trust, mac, cipher }
    }

    fn tag(&self, purpose: Purpose, content: &[u8]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(b"straight/opaque-token\0");
        context.update(purpose.label().as_bytes());
        context.update(b"\0");
        context.update(content);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG]);
        tag
    }

    /// Counter mode from `tag`: hides what is in the clear, and shows what is hidden.
    fn turn(&self, tag: [u8; TAG], content: &mut [u8]) {
        let from_tag = EncryptionContext::Iv128(iv::FixedLength::from(tag));
        self.cipher.less_safe_encrypt(content, from_tag).expect("counter mode takes an IV of 128 bits");
    }

    fn seal(&self, purpose: Purpose, mut content: impl AsMut<[u8]>) -> Token {
        let content = content.as_mut();
        let tag = self.tag(purpose, content);
        self.turn(tag, content);
        let mut sealed = [0; TAG + LONGEST];
        sealed[..TAG].copy_from_slice(&tag);
        sealed[TAG..TAG + content.len()].copy_from_slice(content);
        let mut text = String::with_capacity(48);
        text.push_str(&self.id.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&sealed[..TAG + content.len()], &mut text);
        Token(text)
    }

    /// The content of `sealed`, when it is of this length and this key has signed it for `purpose`.
    fn open<const LENGTH: usize>(&self, purpose: Purpose, sealed: &str) -> Option<[u8; LENGTH]> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (tag, hidden) = sealed.split_first_chunk::<TAG>()?;
        let mut content: [u8; LENGTH] = hidden.try_into().ok()?;
        self.turn(*tag, &mut content);
        let wanted = self.tag(purpose, &content);
        aws_lc_rs::constant_time::verify_slices_are_equal(&wanted, tag).ok()?;
        Some(content)
    }

    /// Whether `given` is the tag of `text` as tokens had it whose content stood in the clear.
    fn has_signed(&self, text: &str, given: &str) -> bool {
        let Ok(given) = URL_SAFE_NO_PAD.decode(given) else { return false };
        let wanted = hmac::sign(&self.mac, text.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(&wanted.as_ref()[..24], &given).is_ok()
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({}, ********)", self.id)
    }
}

/// Bytes of a tag.
const TAG: usize = 16;
/// Bytes of the longest content: a number and a moment.
const LONGEST: usize = 16;

/// All keys that ever signed: one signs, by default the newest, and each verifies. A clone is cheap enough for a message.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    /// By their numbers.
    keys: Arc<[Prepared]>,
    /// Which of them signs.
    signs: usize,
}

/// A token's text, safe in an address: `1.qf3…`.
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
        TokenKeys { signs: keys.len() - 1, keys: keys.iter().map(Prepared::of).collect() }
    }

    /// The same keys, of which that of this number signs: the messages of an edition have the same bytes at each attempt,
    /// whichever key is the newest by then. One that has leaked signs nothing; the newest does in its place.
    #[must_use]
    pub fn under(&self, id: u32) -> TokenKeys {
        let newest = self.keys.len() - 1;
        let signs = self.keys.iter().position(|key| key.id == id && key.trust == Trust::Full);
        TokenKeys { keys: Arc::clone(&self.keys), signs: signs.unwrap_or(newest) }
    }

    fn signing(&self) -> &Prepared {
        &self.keys[self.signs]
    }

    /// The key that `token` names, as long as it is believed for `purpose`, and what stands behind its number.
    fn named<'t>(&self, purpose: Purpose, token: &'t str) -> Option<(&Prepared, &'t str)> {
        let (id, rest) = token.split_once('.')?;
        let id: u32 = id.parse().ok()?;
        Some((self.keys.iter().find(|key| key.id == id && key.trust.covers(purpose))?, rest))
    }

    /// The token of `subscriber` for `purpose`; the same each time until the key is rotated.
    #[must_use]
    pub fn issue(&self, purpose: Purpose, subscriber: SubscriberId) -> Token {
        self.signing().seal(purpose, subscriber.0.to_be_bytes())
    }

    /// Whose token for `purpose` this is; `None` when it is nobody's.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<SubscriberId> {
        let (key, rest) = self.named(purpose, token)?;
        if let Some((number, tag)) = rest.split_once('.') {
            let subscriber = SubscriberId(number.parse().ok()?);
            return key.has_signed(&text_in_the_clear(purpose, subscriber), tag).then_some(subscriber);
        }
        Some(SubscriberId(i64::from_be_bytes(key.open(purpose, rest)?)))
    }

    /// A token for `purpose` about the thing of this number, good until `expires`, to the second.
    #[must_use]
    pub fn issue_until(&self, purpose: Purpose, number: i64, expires: DateTime<Utc>) -> Token {
        let mut content = [0; LONGEST];
        content[..8].copy_from_slice(&number.to_be_bytes());
        content[8..].copy_from_slice(&expires.timestamp().to_be_bytes());
        self.signing().seal(purpose, content)
    }

    /// What a token of [`issue_until`](Self::issue_until) is worth for `purpose` at `now`.
    #[must_use]
    pub fn verify_until(&self, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Verdict {
        let verified = || {
            let (key, rest) = self.named(purpose, token)?;
            if let Some((number, rest)) = rest.split_once('.') {
                let (expires, tag) = rest.split_once('.')?;
                let (number, expires): (i64, i64) = (number.parse().ok()?, expires.parse().ok()?);
                let text = expiring_text_in_the_clear(purpose, number, expires);
                return key.has_signed(&text, tag).then_some((number, expires));
            }
            let content: [u8; LONGEST] = key.open(purpose, rest)?;
            let (number, expires) = content.split_first_chunk::<8>()?;
            Some((i64::from_be_bytes(*number), i64::from_be_bytes(expires.try_into().ok()?)))
        };
        match verified() {
            None => Verdict::Forged,
            Some((_, expires)) if expires <= now.timestamp() => Verdict::Expired,
            Some((number, expires)) => Verdict::Good { number, expires },
        }
    }

    /// A keyed digest of 20 characters `[A-Za-z0-9_-]` by the first key, which stays the first however often keys are rotated: for identifiers.
    #[must_use]
    pub fn digest(&self, purpose: &str, text: &str) -> String {
        let first = self.keys.first().expect("there is at least one key");
        let tag = hmac::sign(&first.mac, format!("straight/{purpose}\0{text}").as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..15])
    }
}

/// What tokens of before signed, whose content stood beside the tag.
fn text_in_the_clear(purpose: Purpose, subscriber: SubscriberId) -> String {
    format!("straight/token\0{}\0{subscriber}", purpose.label())
}

fn expiring_text_in_the_clear(purpose: Purpose, number: i64, expires: i64) -> String {
    format!("straight/token\0{}\0{number}\0{expires}", purpose.label())
}

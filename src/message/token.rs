//! Signed tokens in personal links: bound to a purpose and a subscriber, verified in constant time, opaque.
//!
//! A token is the number of a key, and behind it 24 or 32 bytes in base64: a tag (HMAC-SHA-256 over purpose and content,
//! cut to 128 bits) and the content under AES-128 in counter mode from that tag, as SIV (RFC 5297) has it. So the same
//! reader has the same token at each attempt, and none tells how many readers there are or who came before whom. A reader's
//! has their birthmark in it, because numbers come back with a restored backup. Tokens of before, without a birthmark or with
//! their content in the clear, go on working for readers who have none, and so do those of each key that was ever made; but
//! for those of a key that has leaked, which are good for leaving only.

use std::sync::Arc;

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{hmac, iv};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use crate::subscriber::{Birthmark, Holder, SubscriberId};

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
    /// Taking back that one's mail goes to another address. Expires.
    PutBack,
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
            Purpose::PutBack => "put-back",
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

/// What a token is made of, beside its purpose: one of two of the same length is never taken for the other.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// A number, with the moment at which it expires when it does.
    Number,
    /// A number and the birthmark of its holder.
    Holder,
}

impl Content {
    fn label(self) -> &'static [u8] {
        match self {
            Content::Number => b"straight/opaque-token\0",
            Content::Holder => b"straight/token-of-holder\0",
        }
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

    fn tag(&self, content: Content, purpose: Purpose, bytes: &[u8]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(content.label());
        context.update(purpose.label().as_bytes());
        context.update(b"\0");
        context.update(bytes);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG]);
        tag
    }

    /// Counter mode from `tag`: hides what is in the clear, and shows what is hidden.
    fn turn(&self, tag: [u8; TAG], bytes: &mut [u8]) {
        let from_tag = EncryptionContext::Iv128(iv::FixedLength::from(tag));
        self.cipher.less_safe_encrypt(bytes, from_tag).expect("counter mode takes an IV of 128 bits");
    }

    fn seal(&self, content: Content, purpose: Purpose, mut bytes: impl AsMut<[u8]>) -> Token {
        let bytes = bytes.as_mut();
        let tag = self.tag(content, purpose, bytes);
        self.turn(tag, bytes);
        let mut sealed = [0; TAG + LONGEST];
        sealed[..TAG].copy_from_slice(&tag);
        sealed[TAG..TAG + bytes.len()].copy_from_slice(bytes);
        let mut text = String::with_capacity(48);
        text.push_str(&self.id.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&sealed[..TAG + bytes.len()], &mut text);
        Token(text)
    }

    /// The content of `sealed`, when it is of this length and this key has signed it for `purpose`.
    fn open<const LENGTH: usize>(
        &self,
        content: Content,
        purpose: Purpose,
        sealed: &str,
    ) -> Option<[u8; LENGTH]> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (tag, hidden) = sealed.split_first_chunk::<TAG>()?;
        let mut bytes: [u8; LENGTH] = hidden.try_into().ok()?;
        self.turn(*tag, &mut bytes);
        let wanted = self.tag(content, purpose, &bytes);
        aws_lc_rs::constant_time::verify_slices_are_equal(&wanted, tag).ok()?;
        Some(bytes)
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
/// Bytes of the longest content: a number, and a moment or a birthmark.
const LONGEST: usize = 16;

fn pair(first: i64, second: i64) -> [u8; LONGEST] {
    let mut bytes = [0; LONGEST];
    bytes[..8].copy_from_slice(&first.to_be_bytes());
    bytes[8..].copy_from_slice(&second.to_be_bytes());
    bytes
}

fn parted(bytes: [u8; LONGEST]) -> (i64, i64) {
    let both = u128::from_be_bytes(bytes);
    ((both >> 64) as i64, both as i64)
}

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

    /// The token of `holder` for `purpose`; the same each time until the key is rotated.
    #[must_use]
    pub fn issue(&self, purpose: Purpose, holder: Holder) -> Token {
        if holder.birthmark == Birthmark::NONE {
            // As the messages of editions have it that were frozen before there were birthmarks.
            return self.signing().seal(Content::Number, purpose, holder.id.0.to_be_bytes());
        }
        self.signing().seal(Content::Holder, purpose, pair(holder.id.0, holder.birthmark.get()))
    }

    /// Whose token for `purpose` this is: whoever looks them up compares the birthmark. `None` when it is nobody's.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<Holder> {
        let (key, rest) = self.named(purpose, token)?;
        let of_before = |number| Holder { id: SubscriberId(number), birthmark: Birthmark::NONE };
        if let Some((number, tag)) = rest.split_once('.') {
            let number: i64 = number.parse().ok()?;
            let text = text_in_the_clear(purpose, SubscriberId(number));
            return key.has_signed(&text, tag).then(|| of_before(number));
        }
        if let Some(bytes) = key.open(Content::Holder, purpose, rest) {
            let (number, birthmark) = parted(bytes);
            return Some(Holder { id: SubscriberId(number), birthmark: Birthmark::new(birthmark) });
        }
        Some(of_before(i64::from_be_bytes(key.open(Content::Number, purpose, rest)?)))
    }

    /// A token for `purpose` about the thing of this number, good until `expires`, to the second.
    #[must_use]
    pub fn issue_until(&self, purpose: Purpose, number: i64, expires: DateTime<Utc>) -> Token {
        self.signing().seal(Content::Number, purpose, pair(number, expires.timestamp()))
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
            Some(parted(key.open(Content::Number, purpose, rest)?))
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

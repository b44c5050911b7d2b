//! An address as RFC 5321 §4.1.2 has it, kept as written and compared by one key.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::str::FromStr;

/// A checked e-mail address (RFC 5321 §4.1.2, with RFC 6531 for local parts beyond ASCII).
///
/// What was written is kept for the envelope; two addresses are equal when their [`key`](Self::key)s are.
#[derive(Clone)]
pub struct EmailAddress {
    original: String,
    /// Lower-cased local part, `@`, domain as lower-cased A-labels.
    key: String,
}

/// Tells one address, as it is written, from another, and not which it is; it is good within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrint(u64);

impl AddressPrint {
    /// That of `address` as it is stored.
    #[must_use]
    pub fn of(address: &str) -> Self {
        AddressPrint(BuildHasherDefault::<DefaultHasher>::new().hash_one(address))
    }
}

/// Why a text is no [`EmailAddress`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was there.
    #[error("the address is empty")]
    Empty,
    /// No `@`, or nothing on one side of it.
    #[error("an address has a name, an @ and a domain")]
    Shape,
    /// A CR, LF, NUL or other control character: an attempt at header injection, or a broken file.
    #[error("the address has a control character")]
    Control,
    /// One that shows as nothing and comes along when an address is copied from a page.
    #[error("the address has the invisible character U+{:04X}", u32::from(*.0))]
    Invisible(char),
    /// RFC 5321 §4.5.3.1.
    #[error("the address is longer than {limit} octets ({part}, RFC 5321 section 4.5.3.1)")]
    TooLong {
        /// The octets allowed.
        limit: usize,
        /// Of which part.
        part: &'static str,
    },
    /// A character that RFC 5321's `Dot-string` has not, outside quotes.
    #[error("the part before the @ has {0:?}, which is only allowed in quotes")]
    LocalPart(char),
    /// Two dots in a row, or one at an end.
    #[error("the part before the @ begins or ends with a dot, or has two in a row")]
    Dots,
    /// IDNA says no.
    #[error("`{0}` is no domain name")]
    Domain(String),
}

impl AddressError {
    /// The reason without any part of the address, for logs and reports.
    #[must_use]
    pub fn without_text(&self) -> String {
        match self {
            AddressError::Domain(_) => "what stands behind the @ is no domain name".to_owned(),
            AddressError::Empty
            | AddressError::Shape
            | AddressError::Control
            | AddressError::Invisible(_)
            | AddressError::TooLong { .. }
            | AddressError::LocalPart(_)
            | AddressError::Dots => self.to_string(),
        }
    }
}

impl EmailAddress {
    /// The address as its owner wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.original
    }

    /// What two spellings of one address share: lower case, the domain as A-labels.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part before the last `@`, as written.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.original.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The domain as lower-cased A-labels (RFC 5890).
    #[must_use]
    pub fn domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address as an SMTP path: the local part as written, the domain as A-labels.
    #[must_use]
    pub fn to_path(&self) -> String {
        format!("{}@{}", self.local_part(), self.domain())
    }

    /// Whether the server must offer SMTPUTF8 (RFC 6531) to be given this address.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part().is_ascii()
    }

    /// For logs: `a…@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next().unwrap_or('?');
        format!("{first}…@{}", self.domain())
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        if let Some(c) = text.chars().find(|&c| is_invisible(c)) {
            return Err(AddressError::Invisible(c));
        }
        // No address of 254 octets is longer than this with its domain as U-labels.
        if text.len() > 4 * LONGEST {
            return Err(TOO_LONG);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Shape);
        }
        if local.len() > 64 {
            return Err(AddressError::TooLong { limit: 64, part: "before the @" });
        }
        check_local_part(local)?;
        let ascii = domain_to_ascii(domain)?;
        if local.len() + 1 + ascii.len() > LONGEST {
            return Err(TOO_LONG);
        }
        let key = format!("{}@{ascii}", plainest(local).to_lowercase());
        Ok(EmailAddress { original: text.to_owned(), key })
    }
}

/// RFC 5321 §4.5.3.1.3: a path holds 256 octets with its angle brackets.
const LONGEST: usize = 254;

const TOO_LONG: AddressError = AddressError::TooLong { limit: LONGEST, part: "in all" };

/// Characters without a glyph, those that turn the direction of writing, and private ones.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..)
}

/// `"ann"` and `"a\nn"` are `ann` to every server (RFC 5321 §4.1.2): the local part without quotes that it does not need.
fn plainest(local: &str) -> Cow<'_, str> {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(local);
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    if check_local_part(&text).is_ok() && !text.starts_with('"') {
        return Cow::Owned(text);
    }
    let needed = |c: char| if matches!(c, '"' | '\\') { format!("\\{c}") } else { c.to_string() };
    Cow::Owned(format!("\"{}\"", text.chars().map(needed).collect::<String>()))
}

/// RFC 5321 §4.1.2: `Dot-string` or `Quoted-string`.
fn check_local_part(local: &str) -> Result<(), AddressError> {
    if let Some(quoted) = local.strip_prefix('"') {
        let inner =
            quoted.strip_suffix('"').filter(|_| local.len() >= 2).ok_or(AddressError::LocalPart('"'))?;
        let mut escaped = false;
        for c in inner.chars() {
            match c {
                // A quoted pair is of ASCII, in RFC 6531 too.
                _ if escaped && !c.is_ascii() => return Err(AddressError::LocalPart(c)),
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Err(AddressError::LocalPart('"')),
                _ => {}
            }
        }
        return if escaped { Err(AddressError::LocalPart('\\')) } else { Ok(()) };
    }
    if local.split('.').any(str::is_empty) {
        return Err(AddressError::Dots);
    }
    let allowed = |c: char| {
        c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && !c.is_whitespace())
    };
    match local.chars().find(|&c| !allowed(c)) {
        Some(c) => Err(AddressError::LocalPart(c)),
        None => Ok(()),
    }
}

fn domain_to_ascii(domain: &str) -> Result<String, AddressError> {
    let refused = || AddressError::Domain(domain.to_owned());
    if !domain.is_ascii() && domain.chars().any(|c| c.is_whitespace()) {
        return Err(refused());
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| refused())?;
    // RFC 1035 §2.3.4; a mail domain without a dot is a host of one's own network and no reader's.
    let labels_fit = ascii
        .split('.')
        .all(|label| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-'));
    // Digits alone behind the last dot are an IP address without its brackets.
    let is_number = ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if !labels_fit || ascii.len() > 253 || !ascii.contains('.') || is_number {
        return Err(refused());
    }
    Ok(ascii)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.original)
    }
}

/// Masked, because what is debugged ends in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<EmailAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn what_rfc_5321_allows_is_kept_as_written() {
        let longest_local = format!("{}@example.org", "a".repeat(64));
        let longest =
            format!("{}@{}.{}.{}.org", "a".repeat(62), "b".repeat(63), "c".repeat(63), "d".repeat(59));
        assert_eq!(longest.len(), 254);
        for text in [
            "ann@example.org",
            "Ann.Reader+news@Example.ORG",
            "!#$%&'*+-/=?^_`{|}~@example.org",
            "\"ann reader\"@example.org",
            "\"a@b\"@example.org",
            "\"a\\\"b\"@example.org",
            "\"\"@example.org",
            "\"..\"@example.org",
            "ann@xn--bcher-kva.example",
            "ann@bücher.example",
            "änn@example.org",
            "用户@例子.example",
            "a@1and1.example",
            longest_local.as_str(),
            longest.as_str(),
        ] {
            assert_eq!(read(text).map(|a| a.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(read(" \tann@example.org ").unwrap().as_str(), "ann@example.org");
    }

    #[test]
    fn what_it_does_not_is_refused_with_the_reason() {
        use AddressError as E;
        let too_long_local = format!("{}@example.org", "a".repeat(65));
        let too_long =
            format!("a{}@{}.{}.{}.org", "a".repeat(62), "b".repeat(63), "c".repeat(63), "d".repeat(59));
        let endless = format!("ann@{}", "x".repeat(10_000_000));
        let domain = |text: &str| E::Domain(text.to_owned());
        for (text, why) in [
            ("", E::Empty),
            ("  ", E::Empty),
            ("ann", E::Shape),
            ("@example.org", E::Shape),
            ("ann@", E::Shape),
            ("ann@example.org\r\nBcc: eve@example.org", E::Control),
            ("ann\0@example.org", E::Control),
            ("ann@example.org\n", E::Control),
            ("ann\u{85}@example.org", E::Control),
            ("ann\u{200b}@example.org", E::Invisible('\u{200b}')),
            ("\u{feff}ann@example.org", E::Invisible('\u{feff}')),
            ("ann\u{e000}email\u{e001}@example.org", E::Invisible('\u{e000}')),
            ("ann reader@example.org", E::LocalPart(' ')),
            ("ann\u{a0}reader@example.org", E::LocalPart('\u{a0}')),
            ("<ann@example.org>", E::LocalPart('<')),
            ("ann@home@example.org", E::LocalPart('@')),
            ("\"ann@example.org", E::LocalPart('"')),
            ("\"@example.org", E::LocalPart('"')),
            ("\"a\"b\"@example.org", E::LocalPart('"')),
            ("\"a\\\"@example.org", E::LocalPart('\\')),
            (".ann@example.org", E::Dots),
            ("ann.@example.org", E::Dots),
            ("a..b@example.org", E::Dots),
            ("ann@localhost", domain("localhost")),
            ("ann@example..org", domain("example..org")),
            ("ann@example.org.", domain("example.org.")),
            ("ann@-example.org", domain("-example.org")),
            ("ann@exa_mple.org", domain("exa_mple.org")),
            ("ann@exa mple.org", domain("exa mple.org")),
            ("ann@192.0.2.1", domain("192.0.2.1")),
            ("ann@[192.0.2.1]", domain("[192.0.2.1]")),
            ("ann@example.org>", domain("example.org>")),
            (too_long_local.as_str(), E::TooLong { limit: 64, part: "before the @" }),
            (too_long.as_str(), E::TooLong { limit: 254, part: "in all" }),
            (endless.as_str(), E::TooLong { limit: 254, part: "in all" }),
        ] {
            let shown: String = text.chars().take(60).collect();
            assert_eq!(read(text), Err(why), "{shown:?}");
        }
    }

    #[test]
    fn spellings_of_one_address_are_equal() {
        for (one, other) in [
            ("ann@example.org", "ANN@EXAMPLE.ORG"),
            ("ann@bücher.example", "Ann@XN--BCHER-KVA.example"),
            ("ann@bücher.example", "ann@BÜCHER.example"),
            ("ann@example.org", "ann@example。org"),
            ("ÄNN@example.org", "änn@example.org"),
            ("ann@example.org", "\"ann\"@example.org"),
            ("ann@example.org", "\"a\\nn\"@example.org"),
            ("\"a b\"@example.org", "\"a\\ B\"@example.org"),
        ] {
            assert_eq!(read(one).unwrap().key(), read(other).unwrap().key(), "{one} {other}");
            assert_eq!(read(one), read(other));
        }
        for (one, other) in [("ann@example.org", "a.nn@example.org"), ("a+b@example.org", "a@example.org")] {
            assert_ne!(read(one), read(other));
        }
    }

    #[test]
    fn the_path_is_of_a_labels_and_logs_see_a_letter() {
        let address = read("Jürgen@Bücher.example").unwrap();
        assert_eq!(address.to_path(), "Jürgen@xn--bcher-kva.example");
        assert!(address.needs_smtputf8());
        assert_eq!(format!("{address:?}"), "J…@xn--bcher-kva.example");
        assert!(!read("ann@bücher.example").unwrap().needs_smtputf8());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,300}") {
            let _ = read(&text);
        }

        #[test]
        fn what_is_read_reads_back_as_itself(
            text in "[a-zA-Z0-9.+\"\\\\ äßİ@-]{1,20}@[a-zA-ZäßIİ0-9.-]{1,20}\\.[a-z]{2,4}",
        ) {
            if let Ok(address) = read(&text) {
                let again = read(&address.to_string()).unwrap();
                prop_assert_eq!(again.as_str(), address.as_str());
                prop_assert_eq!(again.key(), address.key());
                // The key is an address too, and its own key: who left under one spelling stays out under all.
                prop_assert_eq!(&read(address.key()).unwrap(), &address);
                prop_assert_eq!(&read(&address.to_path()).unwrap(), &address);
            }
        }
    }
}

//! An address as RFC 5321 §4.1.2 has it, kept as written and compared by one key.

use std::fmt;
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
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Shape);
        }
        if local.len() > 64 {
            return Err(AddressError::TooLong { limit: 64, part: "before the @" });
        }
        check_local_part(local)?;
        let ascii = domain_to_ascii(domain)?;
        // RFC 5321 §4.5.3.1.3: a path holds 256 octets with its angle brackets.
        if local.len() + 1 + ascii.len() > 254 {
            return Err(AddressError::TooLong { limit: 254, part: "in all" });
        }
        let key = format!("{}@{ascii}", local.to_lowercase());
        Ok(EmailAddress { original: text.to_owned(), key })
    }
}

/// RFC 5321 §4.1.2: `Dot-string` or `Quoted-string`.
fn check_local_part(local: &str) -> Result<(), AddressError> {
    if let Some(quoted) = local.strip_prefix('"') {
        let inner =
            quoted.strip_suffix('"').filter(|_| local.len() >= 3).ok_or(AddressError::LocalPart('"'))?;
        let mut escaped = false;
        for c in inner.chars() {
            match c {
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
    if !labels_fit || ascii.len() > 253 || !ascii.contains('.') {
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

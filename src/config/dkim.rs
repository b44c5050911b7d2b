//! `dkim:`, the keys that sign, read from their files and checked against From.

use std::io::Read as _;
use std::path::Path;

use url::Host;

use crate::dkim::{DkimKey, SignedFields, Signer};
use crate::subscriber::EmailAddress;
use crate::yaml;

use super::layers::Given;
use super::reader::{Reader, text_of};
use super::values::{Wrong, line, shown};

const KEYS: &str = "dkim.keys";
const FIELDS: &str = "dkim.fields";
const FORM: &str = "write {domain: example.com, selector: s2026, key_file: dkim/s2026.pem}, \
                    or s2026._domainkey.example.com=dkim/s2026.pem";
/// Bytes of a key file; RSA of 8192 bits has some six thousand.
const LARGEST_KEY_FILE: u64 = 64 << 10;

/// What signs messages.
#[derive(Debug, Clone)]
pub struct DkimConfig {
    /// Which header fields are signed.
    pub fields: SignedFields,
    /// The keys, in the order in which their signatures stand; none when nothing is signed.
    pub keys: Vec<DkimKey>,
}

impl DkimConfig {
    /// What signs messages from `from`: the keys of its domain, of a domain above it or beneath it, as DMARC's relaxed
    /// alignment has it (RFC 7489 §3.1.1); nothing when there is none.
    #[must_use]
    pub fn signer(&self, from: &EmailAddress) -> Option<Signer> {
        let aligned: Vec<DkimKey> =
            self.keys.iter().filter(|key| is_aligned(key.domain(), from.domain())).cloned().collect();
        (!aligned.is_empty()).then(|| Signer::new(aligned, self.fields.clone()))
    }
}

/// Whether the domains are the same, or one stands beneath the other.
fn is_aligned(of_key: &str, of_from: &str) -> bool {
    let beneath = |lower: &str, upper: &str| {
        lower.strip_suffix(upper).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    beneath(of_key, of_from) || beneath(of_from, of_key)
}

pub(super) fn dkim(reader: &mut Reader<'_>, from: &EmailAddress) -> DkimConfig {
    let fields = fields(reader);
    let before = reader.findings.len();
    let keys = keys(reader);
    if let Some(given) = reader.given(KEYS)
        && reader.findings.len() == before
        && !keys.is_empty()
        && !keys.iter().any(|key| is_aligned(key.domain(), from.domain()))
    {
        let message = format!("none of them signs for `{}`, the domain of `publication.from`", from.domain());
        let remedy = format!("make one with `straight dkim keygen --domain {}`", from.domain());
        reader.note(given, KEYS, "conflict", &Wrong::new(message, remedy));
    }
    DkimConfig { fields, keys }
}

fn fields(reader: &mut Reader<'_>) -> SignedFields {
    let is_list = reader.given(FIELDS).is_some_and(|given| given.node.as_list().is_some());
    if !is_list {
        return reader.value(FIELDS, |text| match text {
            "all" => Ok(SignedFields::all()),
            "rewriting_relay" => Ok(SignedFields::for_rewriting_relays()),
            _ => Err(Wrong::new(
                format!("`{}` is none of the known words", shown(text)),
                "write all, rewriting_relay, or a list of header fields",
            )),
        });
    }
    let before = reader.findings.len();
    let names = reader.list(FIELDS, field_name);
    // RFC 6376 §5.4: a signature without From is none.
    if let Some(given) = reader.given(FIELDS).filter(|_| reader.findings.len() == before)
        && !names.contains(&"From")
    {
        reader.note(given, FIELDS, "missing-value", &Wrong::new("`From` is missing", "put From into it"));
    }
    SignedFields::named(&names)
}

/// A field that our messages have: of others a misspelt one would go unsigned without a word.
fn field_name(text: &str) -> Result<&'static str, Wrong> {
    let known = SignedFields::names();
    known.iter().find(|known| known.eq_ignore_ascii_case(text)).copied().ok_or_else(|| {
        let remedy = match yaml::nearest(text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        Wrong::new(format!("our messages have no field `{}` that can be signed", shown(text)), remedy)
    })
}

fn keys(reader: &mut Reader<'_>) -> Vec<DkimKey> {
    let Some(given) = reader.given(KEYS) else { return Vec::new() };
    let items = given.node.as_list().unwrap_or(std::slice::from_ref(given.node));
    let mut keys: Vec<DkimKey> = Vec::with_capacity(items.len());
    for node in items {
        let item = Given { node, ..given };
        let key = match node.as_map() {
            Some(_) => of_mapping(reader, item),
            None => of_text(reader, item),
        };
        let Some(key) = key else { continue };
        if keys.iter().any(|other| other.dns_name() == key.dns_name()) {
            let message = format!("`{}` has a key already", key.dns_name());
            let remedy = "give each key a selector of its own, the two algorithms too";
            reader.note(item, KEYS, "conflict", &Wrong::new(message, remedy));
        }
        keys.push(key);
    }
    keys
}

fn of_mapping(reader: &mut Reader<'_>, item: Given<'_>) -> Option<DkimKey> {
    const NAMES: [&str; 3] = ["domain", "selector", "key_file"];
    let before = reader.findings.len();
    reader.only(item.origin, KEYS, item.node.as_map()?, &NAMES);
    let domain = reader.within(item, KEYS, "domain", domain);
    let selector = reader.within(item, KEYS, "selector", selector);
    let (Some(domain), Some(selector)) = (domain, selector) else {
        missing(reader, item, before, &NAMES);
        return None;
    };
    let layers = reader.layers();
    let read = |file: &str| read_key(&domain, &selector, &layers.resolve(item.origin, &line(file)?));
    let key = reader.within(item, KEYS, "key_file", read);
    missing(reader, item, before, &NAMES);
    key
}

/// Names what is absent, unless something else has been said of this key.
fn missing(reader: &mut Reader<'_>, item: Given<'_>, before: usize, names: &[&str]) {
    let is_absent = |name: &&&str| item.node.get(name).is_none_or(yaml::Node::is_null);
    if let Some(name) = names.iter().find(is_absent).filter(|_| reader.findings.len() == before) {
        reader.note(item, KEYS, "missing-value", &Wrong::new(format!("`{name}` is missing"), FORM));
    }
}

/// `s2026._domainkey.example.com=dkim/s2026.pem`, which fits an environment variable too.
fn of_text(reader: &mut Reader<'_>, item: Given<'_>) -> Option<DkimKey> {
    let layers = reader.layers();
    let parse = |text: &str| {
        let (name, file) = text.split_once('=').ok_or_else(|| Wrong::new("this names no key", FORM))?;
        let (own, of_domain) =
            name.split_once("._domainkey.").ok_or_else(|| Wrong::new("this names no key", FORM))?;
        let (of_domain, own) = (domain(of_domain)?, selector(own)?);
        read_key(&of_domain, &own, &layers.resolve(item.origin, &line(file)?))
    };
    let text = text_of(item.node).map_err(|(rule, wrong)| (rule, Wrong::new(wrong.message, FORM)));
    match text.and_then(|text| parse(text).map_err(|wrong| ("bad-value", wrong))) {
        Ok(key) => Some(key),
        Err((rule, wrong)) => {
            reader.note(item, KEYS, rule, &wrong);
            None
        }
    }
}

/// A domain name of two labels or more, as A-labels in lower case.
fn domain(text: &str) -> Result<String, Wrong> {
    match Host::parse(text.trim()) {
        Ok(Host::Domain(name)) if name.contains('.') && !name.ends_with('.') => Ok(name),
        _ => Err(Wrong::new(
            format!("`{}` is no domain", shown(text)),
            "write the domain of `publication.from`, as in example.com",
        )),
    }
}

fn selector(text: &str) -> Result<String, Wrong> {
    DkimKey::selector_of(text).map_err(|error| Wrong::new(error.to_string(), error.remedy()))
}

/// Reads a key; nothing that is said of it repeats a word of the file.
fn read_key(domain: &str, selector: &str, file: &Path) -> Result<DkimKey, Wrong> {
    let shown = file.display();
    let mut pem = Vec::new();
    std::fs::File::open(file).and_then(|file| file.take(LARGEST_KEY_FILE).read_to_end(&mut pem)).map_err(
        |why| {
            let remedy = match why.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("name the file, or make one with `straight dkim keygen --domain {domain}`")
                }
                _ => "let the user that runs the program read it, and nobody else".to_owned(),
            };
            Wrong::new(format!("cannot read `{shown}`: {why}"), remedy)
        },
    )?;
    DkimKey::from_pem(domain, selector, &String::from_utf8_lossy(&pem))
        .map_err(|error| Wrong::new(format!("`{shown}`: {error}"), error.remedy()))
}

#[cfg(test)]
mod tests {
    use super::is_aligned;

    #[test]
    fn domains_above_and_beneath_are_aligned_and_others_are_not() {
        for (of_key, of_from, wanted) in [
            ("example.com", "example.com", true),
            ("example.com", "news.example.com", true),
            ("mail.example.com", "example.com", true),
            ("mail.example.com", "news.example.com", false),
            ("ample.com", "example.com", false),
            ("example.org", "example.com", false),
        ] {
            assert_eq!(is_aligned(of_key, of_from), wanted, "{of_key} {of_from}");
        }
    }
}

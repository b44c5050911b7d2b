//! The configuration in effect as YAML.

use std::fmt::Write as _;

use crate::yaml::{self, Node, Value};

use super::layers::{Layers, Origin};
use super::reader::SECRETS;
use super::{Config, Database, TlsMode, Transport};

/// Keys whose values are paths, shown as they are resolved.
const PATHS: [&str; 8] = [
    "articles.folder",
    "edition.templates",
    "outbox.folder",
    "theme.logo.file",
    "smtp.password_file",
    "smtp.ca_file",
    "data",
    "subscribers",
];

/// Every key, section by section, in the order of the example.
pub(super) fn whole(layers: &Layers, config: &Config) -> String {
    let mut out = String::new();
    section(&mut out, layers, config, Layers::schema(), "", 0);
    out
}

/// One key, or all keys of a section.
pub(super) fn one(layers: &Layers, config: &Config, key: &str) -> Result<String, String> {
    let mut schema = Layers::schema();
    for part in key.split('.') {
        schema = schema.get(part).ok_or_else(|| {
            let mut keys = Vec::new();
            all_keys(Layers::schema(), "", &mut keys);
            // The last part alone is enough for a guess: `url` is `smtp.url`.
            let by_end = keys.iter().find(|known| known.rsplit('.').next() == key.rsplit('.').next());
            match by_end.map(String::as_str).or_else(|| yaml::nearest(key, keys.iter().map(String::as_str))) {
                Some(near) => format!("there is no key `{key}`; did you mean `{near}`?"),
                None => format!("there is no key `{key}`; `straight config` shows those that there are"),
            }
        })?;
    }
    if is_section(schema, key) {
        let mut out = String::new();
        section(&mut out, layers, config, schema, key, 0);
        return Ok(out);
    }
    Ok(match shown(layers, config, key) {
        (Some(node), _) => node.as_text().map_or_else(|| flow(&node), str::to_owned),
        (None, _) => String::new(),
    })
}

fn all_keys(schema: &Node, within: &str, keys: &mut Vec<String>) {
    for entry in schema.as_map().unwrap_or_default() {
        let key = join(within, &entry.key);
        if is_section(&entry.value, &key) {
            all_keys(&entry.value, &key, keys);
        }
        keys.push(key);
    }
}

fn join(within: &str, key: &str) -> String {
    if within.is_empty() { key.to_owned() } else { format!("{within}.{key}") }
}

fn is_section(schema: &Node, key: &str) -> bool {
    schema.as_map().is_some() && key != "authors"
}

fn section(out: &mut String, layers: &Layers, config: &Config, schema: &Node, within: &str, depth: usize) {
    let pad = "  ".repeat(depth);
    for entry in schema.as_map().unwrap_or_default() {
        let key = join(within, &entry.key);
        if is_section(&entry.value, &key) {
            let _ = writeln!(out, "{pad}{}:", entry.key);
            section(out, layers, config, &entry.value, &key, depth + 1);
            continue;
        }
        let (node, note) = shown(layers, config, &key);
        let note = note.map(|note| format!("  # {note}")).unwrap_or_default();
        match node {
            Some(Node { value: Value::Map(entries), .. }) => {
                let _ = writeln!(out, "{pad}{}:{note}", entry.key);
                for inner in entries {
                    let _ = writeln!(out, "{pad}  {}: {}", scalar(&inner.key), flow(&inner.value));
                }
            }
            Some(node) => {
                let _ = writeln!(out, "{pad}{}: {}{note}", entry.key, flow(&node));
            }
            None => {
                let _ = writeln!(out, "{pad}{}:{note}", entry.key);
            }
        }
    }
}

/// What to show for `key`, and where it comes from.
fn shown(layers: &Layers, config: &Config, key: &str) -> (Option<Node>, Option<String>) {
    let Some(given) = layers.given(key) else {
        let (text, why) = derived(config, key).unzip();
        return (text.map(Node::text), why.map(str::to_owned));
    };
    let note = match given.origin {
        Origin::Default => None,
        Origin::File(path) => Some(format!("{}:{}", path.display(), given.node.place.line)),
        Origin::Environment(name) => Some(name.clone()),
        Origin::Flag(flag) => Some((*flag).to_owned()),
    };
    let as_path = |text: &str| layers.resolve(given.origin, text).display().to_string();
    let node = match (&given.node.value, SECRETS.contains(&key), PATHS.contains(&key)) {
        (Value::Scalar { text, .. }, true, _) => Node::text(masked(text)),
        (Value::Scalar { text, .. }, _, true) => Node::text(as_path(text)),
        (Value::List(items), _, true) => Node::texts(items.iter().filter_map(Node::as_text).map(as_path)),
        _ => given.node.clone(),
    };
    (Some(node), note)
}

/// Where words come from that no layer has.
const IN_LANGUAGE: &str = "in publication.language";

/// What follows from other keys when `key` has no value.
fn derived(config: &Config, key: &str) -> Option<(String, &'static str)> {
    match (key, &config.transport, &config.database) {
        ("transport", Transport::Outbox { .. }, _) => Some(("outbox".into(), "no smtp.url")),
        ("transport", Transport::Smtp(_), _) => Some(("smtp".into(), "there is an smtp.url")),
        ("smtp.tls", Transport::Smtp(smtp), _) => {
            let word = match smtp.tls {
                TlsMode::None => "none",
                TlsMode::StartTls => "starttls",
                TlsMode::Implicit => "implicit",
            };
            Some((word.into(), "of smtp.url"))
        }
        ("publication.copyright", ..) => Some((config.publication.copyright.clone(), IN_LANGUAGE)),
        ("publication.sign_up.title", ..) => Some((config.publication.sign_up.title.clone(), IN_LANGUAGE)),
        ("publication.sign_up.promise", ..) => {
            Some((config.publication.sign_up.promise.clone(), IN_LANGUAGE))
        }
        ("publication.sign_up.thanks", ..) => Some((config.publication.sign_up.thanks.clone(), IN_LANGUAGE)),
        ("publication.list_id", ..) => Some((config.publication.list_id.clone(), "of publication.from")),
        ("database_url", _, Database::Sqlite(path)) => {
            Some((format!("sqlite:{}", path.display()), "in data"))
        }
        ("subscribers", ..) if !config.subscribers.is_empty() => {
            Some(("subscribers.yaml".into(), "it is in this folder"))
        }
        _ => None,
    }
}

/// A secret as it may be seen: of an address all but the password and the query, of anything else nothing.
fn masked(text: &str) -> String {
    const MASK: &str = "********";
    let text = text.trim();
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Some((scheme, rest)) = text.split_once("://") else { return MASK.to_owned() };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query @ ("tls=none" | "tls=starttls" | "tls=implicit"))) => (rest, format!("?{query}")),
        Some((rest, _)) => (rest, format!("?{MASK}")),
        None => (rest, String::new()),
    };
    match rest.rsplit_once('@') {
        None => format!("{scheme}://{rest}{query}"),
        Some((user, host)) => {
            let user =
                user.split_once(':').map_or_else(|| user.to_owned(), |(name, _)| format!("{name}:{MASK}"));
            format!("{scheme}://{user}@{host}{query}")
        }
    }
}

/// A value in one line.
fn flow(node: &Node) -> String {
    match &node.value {
        _ if node.is_null() => String::new(),
        Value::Scalar { text, quoted: false } if matches!(text.as_str(), "true" | "false") => text.clone(),
        Value::Scalar { text, .. } => scalar(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let pairs = entries.iter().filter(|entry| !entry.value.is_null());
            let pairs = pairs.map(|entry| format!("{}: {}", scalar(&entry.key), flow(&entry.value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text that YAML reads back as it is: plain when nothing in it means something, else as JSON writes it.
fn scalar(text: &str) -> String {
    let number_and_unit = text.starts_with(|c: char| c.is_ascii_digit())
        && text.trim_start_matches(|c: char| c.is_ascii_digit()).len() <= 1
        && text.chars().all(|c| c.is_ascii_alphanumeric());
    let words = text.starts_with(|c: char| c.is_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_alphanumeric() || " ./_-@+".contains(c))
        && !text.ends_with(' ')
        && !matches!(text.to_lowercase().as_str(), "null" | "true" | "false");
    let plain = number_and_unit || words;
    if plain { text.to_owned() } else { serde_json::Value::String(text.to_owned()).to_string() }
}

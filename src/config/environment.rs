//! Environment variables that stand over the file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Node};

use super::layers::{Origin, Over};
use super::values::{Wrong, finding};

/// A variable and the key that it sets.
struct Variable {
    name: &'static str,
    key: &'static str,
    kind: Kind,
}

/// How a variable's text is read.
#[derive(PartialEq)]
enum Kind {
    /// As one value.
    One,
    /// As a list, divided by commas.
    List,
    /// As one value, which may stand in the file that `…_FILE` names.
    Secret,
}

const fn variable(name: &'static str, key: &'static str, kind: Kind) -> Variable {
    Variable { name, key, kind }
}

/// Every variable that sets a key.
const VARIABLES: &[Variable] = &[
    variable("STRAIGHT_NAME", "publication.name", Kind::One),
    variable("STRAIGHT_FROM", "publication.from", Kind::One),
    variable("STRAIGHT_REPLY_TO", "publication.reply_to", Kind::One),
    variable("STRAIGHT_PUBLIC_URL", "publication.public_url", Kind::One),
    variable("STRAIGHT_POSTAL_ADDRESS", "publication.postal_address", Kind::One),
    variable("STRAIGHT_EDITORS", "publication.editors", Kind::List),
    variable("STRAIGHT_ARTICLES", "articles.folder", Kind::One),
    variable("STRAIGHT_TEMPLATES", "edition.templates", Kind::One),
    variable("STRAIGHT_TIMEZONE", "schedule.timezone", Kind::One),
    variable("STRAIGHT_SUBSCRIBERS", "subscribers", Kind::List),
    variable("STRAIGHT_TRANSPORT", "transport", Kind::One),
    variable("STRAIGHT_OUTBOX", "outbox.folder", Kind::One),
    variable("STRAIGHT_SMTP_URL", "smtp.url", Kind::Secret),
    variable("STRAIGHT_SMTP_USERNAME", "smtp.username", Kind::One),
    variable("STRAIGHT_SMTP_PASSWORD", "smtp.password", Kind::Secret),
    variable("STRAIGHT_SMTP_CA_FILE", "smtp.ca_file", Kind::One),
    variable("STRAIGHT_SMTP_HELO_NAME", "smtp.helo_name", Kind::One),
    variable("STRAIGHT_DKIM_KEYS", "dkim.keys", Kind::List),
    variable("STRAIGHT_RATE", "delivery.rate", Kind::One),
    variable("STRAIGHT_LISTEN", "web.listen", Kind::One),
    variable("STRAIGHT_DATA", "data", Kind::One),
    variable("DATABASE_URL", "database_url", Kind::Secret),
];

/// Variables that are read elsewhere: the file itself, and the log.
const OTHERS: &[&str] = &[
    CONFIG,
    "STRAIGHT_LOG",
    "STRAIGHT_LOG_FORMAT",
    #[cfg(any(feature = "fail-points", debug_assertions))]
    crate::fail_point::VARIABLE,
    #[cfg(any(feature = "fail-points", debug_assertions))]
    crate::fail_point::LINKS_VARIABLE,
];

/// Bytes of a file that holds a secret; access tokens have some thousands.
const LONGEST_SECRET: u64 = 64 << 10;

/// Names the configuration file.
const CONFIG: &str = "STRAIGHT_CONFIG";

/// The variables that concern us: `STRAIGHT_…` and `DATABASE_URL…`. One without a value counts as absent.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The process's own.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The configuration file that it names.
    #[must_use]
    pub fn config_file(&self) -> Option<PathBuf> {
        self.0.get(CONFIG).map(PathBuf::from)
    }

    /// What it sets; what is wrong with it goes to `findings`.
    pub(super) fn overrides(&self, findings: &mut Vec<Diagnostic>) -> Vec<Over> {
        let mut set = Vec::new();
        let known = || VARIABLES.iter().map(|v| v.name).chain(OTHERS.iter().copied());
        for (name, value) in &self.0 {
            let origin = Origin::Environment(name.clone());
            let found = |wrong: &Wrong| finding(&origin, None, name, "bad-variable", wrong);
            let Some((variable, is_file)) = lookup(name) else {
                if !known().any(|known| known == name) {
                    let remedy = match yaml::nearest(name, known()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "newsletter.example.yaml names those that there are".to_owned(),
                    };
                    findings.push(found(&Wrong::new("there is no such variable", remedy)));
                }
                continue;
            };
            let Some(text) = value.to_str() else {
                findings.push(found(&Wrong::new("it is not UTF-8", "give it a text in UTF-8")));
                continue;
            };
            let text = if is_file {
                if self.0.contains_key(variable.name) {
                    let message = format!("`{}` is given too", variable.name);
                    findings.push(found(&Wrong::new(message, "give one of the two")));
                    continue;
                }
                match read_secret(Path::new(text)) {
                    Ok(secret) => secret,
                    Err(wrong) => {
                        findings.push(found(&wrong));
                        continue;
                    }
                }
            } else {
                text.to_owned()
            };
            let node = match variable.kind {
                Kind::One | Kind::Secret => Node::text(text),
                Kind::List => Node::texts(text.split(',').map(str::trim).filter(|item| !item.is_empty())),
            };
            set.push(Over { key: variable.key, node, origin });
        }
        set
    }
}

/// The variable of `name`, and whether `name` is its `…_FILE`.
fn lookup(name: &str) -> Option<(&'static Variable, bool)> {
    let of = |name: &str| VARIABLES.iter().find(|v| v.name == name);
    of(name)
        .map(|v| (v, false))
        .or_else(|| of(name.strip_suffix("_FILE")?).filter(|v| v.kind == Kind::Secret).map(|v| (v, true)))
}

/// The one line of a file that holds a secret.
///
/// # Errors
/// When the file cannot be read, is empty, or holds several lines.
pub(super) fn read_secret(file: &Path) -> Result<String, Wrong> {
    let shown = file.display();
    let mut text = String::new();
    std::fs::File::open(file).and_then(|file| file.take(LONGEST_SECRET).read_to_string(&mut text)).map_err(
        |e| Wrong::new(format!("cannot read `{shown}`: {e}"), "name a text file that this user can read"),
    )?;
    let secret = text.trim();
    if secret.is_empty() || secret.contains(char::is_control) {
        return Err(Wrong::new(
            format!("`{shown}` does not hold one line"),
            "write the secret into it, and nothing else",
        ));
    }
    Ok(secret.to_owned())
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let ours = |name: &str| name.starts_with("STRAIGHT_") || name.starts_with("DATABASE_URL");
        Environment(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .filter(|(name, value)| ours(name) && !value.is_empty())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_every_variable() {
        let example = include_str!("../../newsletter.example.yaml");
        for variable in VARIABLES {
            assert!(example.contains(variable.name), "{}", variable.name);
            let by_file = format!("{}_FILE", variable.name);
            assert_eq!(example.contains(&by_file), variable.kind == Kind::Secret, "{by_file}");
        }
    }
}

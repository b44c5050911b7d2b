//! Why there is no configuration.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Severity};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("the configuration `{}` is larger than {limit} bytes; name another file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// Keys or values are wrong.
    #[error("{}", list(findings))]
    Wrong {
        /// All that is wrong, by place; no snippet of it shows a secret.
        findings: Vec<Diagnostic>,
    },
}

impl ConfigError {
    /// The same as findings, each with its file and, where known, its line.
    #[must_use]
    pub fn findings(self) -> Vec<Diagnostic> {
        let told = self.to_string();
        let (message, remedy) =
            told.split_once("; ").unwrap_or((&told, "look at the file and its permissions"));
        match self {
            ConfigError::Wrong { findings } => findings,
            ConfigError::Unreadable { path, .. } | ConfigError::TooLarge { path, .. } => {
                vec![Diagnostic::of_file(Severity::Error, "configuration", path, message).with_remedy(remedy)]
            }
        }
    }
}

fn list(findings: &[Diagnostic]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The text with everything that may be a secret replaced, byte by byte, so that places stay.
///
/// A line is hidden from its colon on when its key sounds of a secret or its value has a user's part of an address:
/// a misspelt `pasword:` is hidden too.
pub(super) fn without_secrets(text: &str) -> String {
    let mut in_secret_block: Option<usize> = None;
    text.split_inclusive('\n')
        .map(|line| {
            let indent = line.len() - line.trim_start().len();
            if let Some(of_key) = in_secret_block {
                if indent > of_key || line.trim().is_empty() {
                    return hidden(line, indent);
                }
                in_secret_block = None;
            }
            let Some((key, _)) = line.split_once(':') else { return line.to_owned() };
            let word = key.trim().trim_start_matches("- ").trim_matches(['"', '\'']).to_lowercase();
            let from = key.len() + 1;
            let sounds_secret =
                ["pass", "secret", "token", "credential", "database"].iter().any(|part| word.contains(part))
                    || strsim::damerau_levenshtein(&word, "password") <= 3;
            let is_comment = key.trim_start().starts_with('#');
            if sounds_secret && !is_comment {
                in_secret_block = Some(indent);
                hidden(line, from)
            } else if line.contains('@') && (line.contains("://") || line.contains("pass")) {
                hidden(line, from)
            } else {
                line.to_owned()
            }
        })
        .collect()
}

/// The line with asterisks in place of what is not blank from byte `from` on.
fn hidden(line: &str, from: usize) -> String {
    let (head, tail) = line.split_at(from);
    let tail: String = tail
        .chars()
        .flat_map(|c| {
            let shown = if c.is_whitespace() { c } else { '*' };
            let width = if c.is_whitespace() { 1 } else { c.len_utf8() };
            std::iter::repeat_n(shown, width)
        })
        .collect();
    format!("{head}{tail}")
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn secrets_and_their_misspelt_kin_are_hidden_and_places_stay() {
        let text = "name: Ann\nsmtp:\n  pasword: hunter2 # x\n  url: smtp://a:söcret@h\n  password: |\n    hunter2\n    x\n  tls: none\n";
        let safe = without_secrets(text);
        assert_eq!(safe.len(), text.len());
        assert_eq!(
            safe,
            "name: Ann\nsmtp:\n  pasword: ******* * *\n  url: ******************\n  password: *\n    *******\n    *\n  tls: none\n"
        );
    }
}

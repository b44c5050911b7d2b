//! From files, variables and flags to a [`Config`].

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::yaml::{self, Limits, Node, Place};

use super::check::check;
use super::environment::Environment;
use super::error::{ConfigError, without_secrets};
use super::layers::{Layers, Overrides};
use super::{Config, show, theme};

/// The file that is read when none is named, if it is there.
const USUAL_FILE: &str = "newsletter.yaml";

/// More is no configuration.
const LARGEST_FILE: u64 = 1 << 20;

/// Reads the configuration: `file`, else the one that `STRAIGHT_CONFIG` names, else `newsletter.yaml` if it is there;
/// the environment over it and `flags` over both.
///
/// # Errors
/// When a file that is named cannot be read, and with everything that is wrong at once.
pub fn load(file: Option<&Path>, environment: &Environment, flags: Overrides) -> Result<Config, ConfigError> {
    Effective::load(file, environment, flags).map(|effective| effective.config)
}

/// The configuration in effect, and where each value comes from.
#[derive(Debug)]
pub struct Effective {
    /// The checked values.
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    layers: Layers,
}

impl Effective {
    /// As [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(
        file: Option<&Path>,
        environment: &Environment,
        flags: Overrides,
    ) -> Result<Effective, ConfigError> {
        let named = file.map(Path::to_owned).or_else(|| environment.config_file());
        let usual = || Some(PathBuf::from(USUAL_FILE)).filter(|path| path.exists());
        let file = named.or_else(usual);
        let source_text = file.as_deref().map(read).transpose()?;
        let mut findings = Vec::new();
        let tree = match (&file, &source_text) {
            (Some(path), Some(text)) => tree(path, text, &mut findings).map(|node| {
                theme::unquoted(&node, text, path, &mut findings);
                (path.as_path(), node)
            }),
            _ => None,
        };
        let overs = environment.overrides(&mut findings);
        let layers = Layers::new(tree, flags, overs);
        layers.misshapen(&mut findings);
        match check(&layers, findings) {
            Ok(config) => Ok(Effective { config, file, layers }),
            Err(mut findings) => {
                // Snippets show whole lines, so that they are taken from a text without secrets.
                let shown: Option<Arc<str>> = source_text.map(|text| without_secrets(&text).into());
                for finding in findings.iter_mut().filter(|finding| finding.span.is_some()) {
                    finding.source.clone_from(&shown);
                }
                Err(ConfigError::Wrong { findings })
            }
        }
    }

    /// The configuration as YAML, secrets masked, each value with where it comes from.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        show::whole(&self.layers, &self.config)
    }

    /// The value of one key (`smtp.url`), secrets masked.
    ///
    /// # Errors
    /// When there is no such key; the text says which is meant.
    pub fn value_of(&self, key: &str) -> Result<String, String> {
        show::one(&self.layers, &self.config, key)
    }
}

impl Default for Config {
    /// The sample publication, as `newsletter.example.yaml` has it.
    fn default() -> Self {
        check(&Layers::defaults(), Vec::new()).expect("the defaults are of their forms, as a test shows")
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    let count = file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(unreadable)?;
    if count as u64 > LARGEST_FILE {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: LARGEST_FILE });
    }
    Ok(text)
}

fn tree(path: &Path, text: &str, findings: &mut Vec<Diagnostic>) -> Option<Node> {
    match yaml::parse(text, Limits::DOCUMENT) {
        Ok(tree) => Some(tree),
        Err(error) => {
            let Place { line, column, bytes: span } = error.place;
            let finding = Diagnostic::of_file(Severity::Error, "bad-yaml", path, error.message);
            let is_open = error.remedy == Some(yaml::CLOSE_THE_BRACKET);
            let remedy = error.remedy.map(str::to_owned);
            let found = || Diagnostic { line, column, span, remedy, ..finding };
            let comment = is_open.then(|| theme::unquoted_in_brackets(text, path)).flatten();
            findings.push(comment.unwrap_or_else(found));
            None
        }
    }
}

//! The configuration of a site, in whatever notation, and nothing outside of the site.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::front::{from_toml, from_yaml};

/// More is no configuration.
const LARGEST: u64 = 256 * 1024;

/// As the names of its files end, the first that is there counting.
const NOTATIONS: [&str; 4] = ["toml", "yaml", "yml", "json"];

/// The keys of a file of the configuration.
pub(super) type Settings = Map<String, Value>;

/// A file that is there and cannot be read.
#[derive(Debug)]
pub(super) struct SettingsError {
    pub(super) file: PathBuf,
    pub(super) why: String,
}

/// The settings of `folder`/`name`, when that is a file of the site at `root`.
pub(super) fn settings(root: &Path, folder: &Path, name: &str) -> Result<Option<Settings>, SettingsError> {
    for end in NOTATIONS {
        let file = folder.join(format!("{name}.{end}"));
        let Some(text) = read_within(root, &file)? else { continue };
        let line = |(line, why): (usize, String)| format!("line {}: {why}", line.saturating_sub(1).max(1));
        let read = match end {
            "toml" => from_toml(&text).map_err(line),
            "json" => serde_json::from_str(&text).map_err(|error| error.to_string()),
            _ => from_yaml(&text).map_err(line),
        };
        return read.map(Some).map_err(|why| SettingsError { file, why });
    }
    Ok(None)
}

/// The file of `folder` that has the settings called `name`, when there is one.
pub(super) fn file_of(folder: &Path, name: &str) -> Option<PathBuf> {
    NOTATIONS.iter().map(|end| folder.join(format!("{name}.{end}"))).find(|file| file.is_file())
}

/// The text of `file`; nothing when there is none, or when it is or leads outside of `root`, which is canonical.
pub(super) fn read_within(root: &Path, file: &Path) -> Result<Option<String>, SettingsError> {
    let Ok(real) = file.canonicalize() else { return Ok(None) };
    let Some(size) = fs::metadata(&real).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
    else {
        return Ok(None);
    };
    if !real.starts_with(root) {
        return Ok(None);
    }
    let wrong = |why: String| SettingsError { file: file.to_owned(), why };
    if size > LARGEST {
        return Err(wrong("it is larger than 256 KiB".to_owned()));
    }
    fs::read_to_string(&real).map(Some).map_err(|error| wrong(format!("it cannot be read: {error}")))
}

/// The value of `key`; programs read their keys in any case.
pub(super) fn get<'m>(settings: &'m Settings, key: &str) -> Option<&'m Value> {
    settings.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

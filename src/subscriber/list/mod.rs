//! Files of subscribers: reading and writing them, a file a format.
//!
//! Reading is a stream in bounded memory, and a bad row does not stop the others. What is wrong is told by line and
//! column, never with the address itself.

mod csv;
mod fields;
mod lines;
mod text;
mod write;
mod yaml;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::NewSubscriber;
use crate::diagnostic::{Diagnostic, Severity};

pub use write::Writer;

/// The readers of `subscribers.example.yaml`, as YAML.
pub const EXAMPLE: &str = include_str!("../../../subscribers.example.yaml");
/// What the example readers' file is called in messages.
pub const EXAMPLE_FILE: &str = "subscribers.example.yaml";

/// How a file of subscribers is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `subscribers:` and a list beneath it, or the list alone; every field.
    Yaml,
    /// A header row and a row a subscriber, divided by `,`, `;` or tabs; every field.
    Csv,
    /// An address a line; `#` begins a comment.
    Text,
}

impl Format {
    /// The format that a file's name tells.
    #[must_use]
    pub fn of(file: &Path) -> Option<Format> {
        let extension = file.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "tsv" => Some(Format::Csv),
            "yml" => Some(Format::Yaml),
            "txt" => Some(Format::Text),
            word => word.parse().ok(),
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "yaml" => Ok(Format::Yaml),
            "csv" => Ok(Format::Csv),
            "text" => Ok(Format::Text),
            _ => Err(UnknownFormat(word.to_owned())),
        }
    }
}

/// A word that is no [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{0}`; use yaml, csv or text")]
pub struct UnknownFormat(pub String);

/// A subscriber of a file, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Line, from 1.
    pub line: usize,
    /// What the row says.
    pub subscriber: NewSubscriber,
}

/// The rows of a file, one after the other; an error is about one row, or ends the file.
pub type Rows<'r> = Box<dyn Iterator<Item = Result<Row, Diagnostic>> + Send + 'r>;

/// Opens a file, in the format that its name tells.
///
/// # Errors
/// When it cannot be opened, or its name tells no format.
pub fn open(path: &Path) -> Result<Rows<'static>, Diagnostic> {
    let refused = |rule, message: String, remedy: &str| {
        Diagnostic::of_file(Severity::Error, rule, path, message).with_remedy(remedy)
    };
    let format = Format::of(path).ok_or_else(|| {
        refused(
            "unknown-format",
            "this is no list of subscribers by its name".into(),
            "name it *.yaml, *.csv or *.txt",
        )
    })?;
    let unreadable = |why: std::io::Error| {
        refused("unreadable", format!("cannot read it: {why}"), "name a file that this user can read")
    };
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(refused("unreadable", "this is no file".into(), "name a file"));
    }
    Ok(read(BufReader::new(file), format, path))
}

/// Reads what `input` holds; `file` is its name in messages.
pub fn read<'r>(input: impl BufRead + Send + 'r, format: Format, file: &Path) -> Rows<'r> {
    let place = Place { file: file.to_owned() };
    let lines = lines::Lines::new(input);
    match format {
        Format::Yaml => Box::new(yaml::Items::new(lines, place)),
        Format::Csv => Box::new(csv::Records::new(lines, place)),
        Format::Text => Box::new(text::Addresses::new(lines, place)),
    }
}

/// Makes findings about one file.
#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
}

impl Place {
    fn finding(&self, line: usize, column: usize, wrong: Wrong) -> Diagnostic {
        let finding = Diagnostic::of_file(Severity::Error, wrong.rule, self.file.as_path(), wrong.message)
            .with_remedy(wrong.remedy);
        Diagnostic { line, column, ..finding }
    }
}

/// What is wrong, and what to do about it; neither repeats what the file says, which may be an address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    rule: &'static str,
    message: String,
    remedy: String,
}

impl Wrong {
    fn new(rule: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Wrong { rule, message: message.into(), remedy: remedy.into() }
    }
}

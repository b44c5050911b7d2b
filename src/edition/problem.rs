//! What is wrong with templates, and where.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tera::{Error, ErrorKind};

use super::templates::{DEFAULT_FOLDER, position, word_in_tag};
use crate::diagnostic::{Diagnostic, Severity};

/// The rule's name in reports.
const RULE: &str = "template";

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder cannot be read.
    #[error(
        "{}; make the folder, or take `edition.templates` out of the configuration",
        no_folder(folder, error)
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file cannot be read.
    #[error("{}: {error}; make it a readable UTF-8 file of at most 256 KiB, or remove it", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What is written in them is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<TemplateProblem>),
    /// There are no words of the language, a file of words is wrong, or the logo is no picture.
    #[error("{}", .0.iter().map(Diagnostic::told).collect::<Vec<_>>().join("\n"))]
    Found(Vec<Diagnostic>),
}

/// One thing that is wrong with a template, and where: `mine/body.html:4:12: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The file as the user named it; the path in the repository of a built-in one.
    pub file: PathBuf,
    /// Line from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// Column from 1 in characters; 0 when it is about the file as a whole.
    pub column: usize,
    /// What is wrong and, behind a semicolon, what to do.
    pub message: String,
    /// The file's text, when it is known.
    pub source: Option<Arc<str>>,
}

impl TemplateError {
    /// The same as findings, each with the line it is about.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let (file, message, remedy) = match self {
            TemplateError::Invalid(problems) => {
                return problems.iter().map(TemplateProblem::diagnostic).collect();
            }
            TemplateError::Found(findings) => return findings.clone(),
            TemplateError::Folder { folder, error } => {
                let remedy = "make the folder, or take `edition.templates` out of the configuration";
                (folder, no_folder(folder, error), remedy)
            }
            TemplateError::Unreadable { file, error } => {
                (file, error.to_string(), "make it a readable UTF-8 file of at most 256 KiB, or remove it")
            }
        };
        vec![Diagnostic::of_file(Severity::Error, RULE, file, message).with_remedy(remedy)]
    }
}

/// What is told of the folder of templates, of which the system says `error`.
fn no_folder(folder: &Path, error: &io::Error) -> String {
    let shown = folder.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder `{shown}`, which `edition.templates` of the configuration names")
        }
        _ => format!("`{shown}`, the folder that `edition.templates` names, cannot be read: {error}"),
    }
}

impl TemplateProblem {
    /// The same as a finding, with the line it is about.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let (message, remedy) = match self.message.split_once("; ") {
            Some((message, remedy)) => (message, Some(remedy)),
            None => (self.message.as_str(), None),
        };
        let mut found = Diagnostic::of_file(Severity::Error, RULE, &self.file, message);
        if let Some(remedy) = remedy {
            found = found.with_remedy(remedy);
        }
        match &self.source {
            Some(source) if self.line > 0 => found.at(source, span(source, self.line, self.column)),
            _ => Diagnostic { line: self.line, column: self.column, ..found },
        }
    }
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What the engine says; `file` gives a template's path and text by its name.
pub(crate) fn of_engine(
    error: &Error,
    file: impl Fn(&str) -> (PathBuf, Option<Arc<str>>),
) -> Vec<TemplateProblem> {
    let at = |name: &str, line, column, message: &str| {
        let (file, source) = file(name);
        TemplateProblem { file, line, column, message: in_our_voice(message), source }
    };
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let (line, column) = (report.span().start_line, report.span().start_col + 1);
            vec![at(report.filename(), line, column, report.message())]
        }
        // Several reports of the engine's in one text, each with `--> name:line:column` on its second line.
        ErrorKind::Msg(reports) if reports.contains("\n") && reports.contains("--> ") => reports
            .split("error: ")
            .filter_map(|report| {
                let message = report.lines().next()?;
                let (_, place) = report.split_once("--> ")?;
                let mut place = place.lines().next()?.rsplitn(3, ':');
                let column = place.next()?.parse().ok()?;
                let line = place.next()?.parse().ok()?;
                Some(at(place.next()?, line, column, message))
            })
            .collect(),
        // With its own name for itself, a file extends itself and not what it stands in for.
        ErrorKind::CircularExtend { tpl, .. } => {
            let (file, source) = file(tpl);
            let text = source.as_deref().unwrap_or_default();
            let (line, column) = word_in_tag(text, "extends").map_or((0, 0), |at| position(text, at));
            let message = format!(
                "`{tpl}` extends itself; to change the built-in one, write {{% extends \"{DEFAULT_FOLDER}{tpl}\" %}}"
            );
            vec![TemplateProblem { file, line, column, message, source }]
        }
        other => vec![TemplateProblem {
            file: PathBuf::from("templates"),
            line: 0,
            column: 0,
            message: other.to_string(),
            source: None,
        }],
    }
}

/// The engine's message as ours begin: in lower case.
fn in_our_voice(message: &str) -> String {
    let mut chars = message.trim().chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// The bytes of the word, or else the character, at this place.
fn span(source: &str, line: usize, column: usize) -> Range<usize> {
    let line_start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let text = source[line_start..].split('\n').next().unwrap_or_default();
    let within = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let rest = &text[within..];
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let length = word.max(rest.chars().next().map_or(0, char::len_utf8));
    line_start + within..line_start + within + length
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_place_is_its_word() {
        let source = "é {{ a }}\n{{ thé.b }}";
        for (line, column, word) in [(1, 6, "a"), (2, 4, "thé"), (1, 1, "é"), (2, 99, ""), (9, 1, "")] {
            assert_eq!(&source[span(source, line, column)], word, "{line}:{column}");
        }
    }
}

//! What is wrong with a file, where, and what to do about it.

mod excerpt;
mod fix;
mod report;
pub mod rules;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

pub use excerpt::ExcerptLine;
pub use fix::{Fix, apply};
pub use report::{Colour, Counts, folded, github, human, json, one, set_aside, visible_lines};
pub use rules::Levels;

/// How much a [`Diagnostic`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Hint,
    /// Looks wrong; the article still goes out.
    Warning,
    /// The article cannot go out.
    Error,
}

impl Severity {
    /// The word that reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding in one file: what, where, and the remedy.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// Short, stable name of the rule, in kebab case: `unknown-key`.
    pub rule: &'static str,
    /// The file as the user named it (relative where they were relative).
    #[serde(serialize_with = "lossy")]
    pub file: PathBuf,
    /// Line, from 1; 0 when the finding is about the file as a whole.
    pub line: usize,
    /// Column in characters, from 1; 0 when the finding is about the file as a whole.
    pub column: usize,
    /// The bytes of `source` it speaks of, when known.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
    /// What is wrong, in one line: ``unknown key `tittle` ``.
    pub message: String,
    /// What to do, in one line: ``did you mean `title`?``.
    pub remedy: Option<String>,
    /// The text of the file, for the snippet; shared by all findings of the file.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
    /// What mends it without a change of meaning, when something does.
    #[serde(skip)]
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// A finding about `file` as a whole.
    #[must_use]
    pub fn of_file(
        severity: Severity,
        rule: &'static str,
        file: impl Into<PathBuf>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic {
            severity,
            rule,
            file: file.into(),
            line: 0,
            column: 0,
            span: None,
            message: message.into(),
            remedy: None,
            source: None,
            fix: None,
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// As it is displayed, without how much it weighs: for a message that says so itself.
    pub(crate) fn told(&self) -> String {
        self.to_string().replacen(&format!(": {}: ", self.severity.as_str()), ": ", 1)
    }

    /// The same with its place: `span` is in bytes of `source`.
    #[must_use]
    pub fn at(mut self, source: &Arc<str>, span: Range<usize>) -> Self {
        let start = floor_char_boundary(source, span.start);
        let end = floor_char_boundary(source, span.end.max(start));
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        self.column = before[line_start..].chars().count() + 1;
        self.span = Some(start..end);
        self.source = Some(Arc::clone(source));
        self
    }
}

/// A file name may be any bytes; a report is Unicode.
fn lossy<S: serde::Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&file.display())
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// `articles/tide.md:4:1: error: unknown key `tittle`; did you mean `title`?`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity.as_str(), self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): the source is too long to be of use.
impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

//! What is wrong with a file, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

/// How much a [`Diagnostic`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Looks wrong; the article still goes out.
    Warning,
    /// The article cannot go out.
    Error,
}

/// One finding in one file: what, where, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// Short, stable name of the rule, in kebab case: `unknown-key`.
    pub rule: &'static str,
    /// The file as the user named it (relative where they were relative).
    pub file: PathBuf,
    /// Line, from 1; 0 when the finding is about the file as a whole.
    pub line: usize,
    /// Column in characters, from 1; 0 when the finding is about the file as a whole.
    pub column: usize,
    /// The bytes of the file it speaks of, when known.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
    /// What is wrong, in one line: ``unknown key `tittle` ``.
    pub message: String,
    /// What to do, in one line: ``did you mean `title`?``.
    pub remedy: Option<String>,
}

/// `articles/tide.md:4:1: error: unknown key `tittle`; did you mean `title`?`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, ": {severity}: {}", self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

//! Gathers what is wrong with one file, up to a number that still helps.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};

/// More findings than this in one file are only counted: nobody reads them, and each costs time.
const MOST: usize = 100;

/// The findings of one file.
#[derive(Debug)]
pub(super) struct Findings {
    file: PathBuf,
    source: Arc<str>,
    list: Vec<Diagnostic>,
    unlisted: usize,
    errors: usize,
}

impl Findings {
    pub(super) fn new(file: &Path, source: &str) -> Self {
        Findings {
            file: file.to_owned(),
            source: Arc::from(source),
            list: Vec::new(),
            unlisted: 0,
            errors: 0,
        }
    }

    pub(super) fn error(
        &mut self,
        rule: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Error, rule, span, message.into(), remedy.into());
    }

    pub(super) fn warning(
        &mut self,
        rule: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Warning, rule, span, message.into(), remedy.into());
    }

    pub(super) fn note(
        &mut self,
        rule: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Note, rule, span, message.into(), remedy.into());
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Range<usize>,
        message: String,
        remedy: String,
    ) {
        if severity == Severity::Error {
            self.errors += 1;
        }
        if self.list.len() >= MOST {
            self.unlisted += 1;
            return;
        }
        self.list.push(
            Diagnostic::of_file(severity, rule, self.file.clone(), message)
                .with_remedy(remedy)
                .at(&self.source, span),
        );
    }

    /// What stands at `span`.
    pub(super) fn source(&self, span: Range<usize>) -> &str {
        self.source.get(span).unwrap_or_default()
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The findings by their place in the file.
    pub(super) fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.line, d.column));
        if self.unlisted > 0 {
            let severity = if self.errors > 0 { Severity::Error } else { Severity::Warning };
            let message = format!("{} more findings in this file are not listed", self.unlisted);
            self.list.push(
                Diagnostic::of_file(severity, "more-findings", self.file, message)
                    .with_remedy("mend the ones above, then check again"),
            );
        }
        self.list
    }
}

//! A place in an article's file, for findings that are made when the file is not at hand any more.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directives::Directives;
use crate::diagnostic::rules::{self, Reach};
use crate::diagnostic::{Diagnostic, Levels};

/// A place in a file, with what the file's comments silence there.
#[derive(Debug, Clone)]
pub struct Spot {
    /// As the user named it.
    file: PathBuf,
    /// Relative to the articles folder.
    path: PathBuf,
    source: Arc<str>,
    span: Range<usize>,
    /// Rules beyond the folder that a comment silences here.
    silenced: Vec<&'static str>,
}

impl Spot {
    pub(super) fn new(
        (shown, path): (&Path, &Path),
        source: &Arc<str>,
        span: Range<usize>,
        directives: &Directives,
    ) -> Self {
        let beyond = rules::all().filter(|rule| match rule.reach {
            Reach::File | Reach::Folder => false,
            Reach::Past | Reach::Edition | Reach::Network => true,
        });
        let silenced = beyond
            .map(|rule| rule.name)
            .filter(|rule| directives.silence(rule, source, span.start))
            .collect();
        Spot { file: shown.to_owned(), path: path.to_owned(), source: Arc::clone(source), span, silenced }
    }

    /// The file, relative to the articles folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A finding of `rule` in this place, unless `levels` or a comment in the file switches it off.
    #[must_use]
    pub fn finding(
        &self,
        rule: &'static str,
        levels: &Levels,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Option<Diagnostic> {
        let usual = rules::find(rule)?.severity;
        let severity = levels.of(rule, usual).filter(|_| !self.silenced.contains(&rule))?;
        let finding = Diagnostic::of_file(severity, rule, &self.file, message);
        Some(finding.with_remedy(remedy).at(&self.source, self.span.clone()))
    }
}

//! Gathers what is wrong with one file, up to a number that still helps.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directives::Directives;
use crate::diagnostic::{Diagnostic, Fix, Levels, Severity, rules};

/// More findings than this in one file are only counted: nobody reads them, and each costs time.
const MOST: usize = 100;

/// The findings of one file.
#[derive(Debug)]
pub(super) struct Findings {
    file: PathBuf,
    source: Arc<str>,
    list: Vec<Diagnostic>,
    unlisted: usize,
    has_errors: bool,
    levels: Levels,
    directives: Directives,
    /// Rules that are not asked for in this file.
    left_out: Vec<&'static str>,
    /// Where the latest finding is in `list`, when it was told.
    latest: Option<usize>,
}

impl Findings {
    pub(super) fn new(file: &Path, source: &str) -> Self {
        Findings {
            file: file.to_owned(),
            source: Arc::from(source),
            list: Vec::new(),
            unlisted: 0,
            has_errors: false,
            levels: Levels::default(),
            directives: Directives::default(),
            left_out: Vec::new(),
            latest: None,
        }
    }

    /// The same, with the rules switched as `levels` has them.
    pub(super) fn under(self, levels: &Levels) -> Self {
        Findings { levels: levels.clone(), ..self }
    }

    /// Silences what the file's own comments switch off, from now on.
    pub(super) fn obey(&mut self, directives: Directives) {
        self.directives = directives;
    }

    /// Says that nobody asks for these rules in this file, as it stands.
    pub(super) fn leave_out(&mut self, rules: &[&'static str]) {
        self.left_out.extend_from_slice(rules);
    }

    /// Whether the rule is asked for in this file, so that it would have had its findings by now.
    pub(super) fn asks(&self, rule: &'static str) -> bool {
        self.levels.is_on(rule) && !self.left_out.contains(&rule)
    }

    /// A finding that weighs what the table of rules says.
    pub(super) fn report(
        &mut self,
        rule: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let severity = rules::find(rule).map_or(Severity::Warning, |rule| rule.severity);
        self.push(severity, rule, span, message.into(), remedy.into());
    }

    /// Lets the finding that was told just now be mended; when it was silenced there is nothing to mend.
    pub(super) fn fixed_by(&mut self, does: &'static str, edits: Vec<(Range<usize>, String)>) {
        let Some(latest) = self.latest.and_then(|at| self.list.get_mut(at)) else { return };
        debug_assert!(
            rules::find(latest.rule).is_some_and(|rule| rule.mends.is_some()),
            "the table of rules does not say how `{}` is mended",
            latest.rule
        );
        latest.fix = Some(Box::new(Fix { does, edits }));
    }

    /// As [`fixed_by`](Self::fixed_by), by `new` instead of `written`, if that stands once within `span`.
    pub(super) fn fixed_within(&mut self, span: Range<usize>, written: &str, new: &str, does: &'static str) {
        let mut places = self.source(span.clone()).match_indices(written);
        if let (Some((at, _)), None) = (places.next(), places.next()) {
            let at = span.start + at;
            self.fixed_by(does, vec![(at..at + written.len(), new.to_owned())]);
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

    pub(super) fn hint(
        &mut self,
        rule: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Hint, rule, span, message.into(), remedy.into());
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Range<usize>,
        message: String,
        remedy: String,
    ) {
        debug_assert!(rules::find(rule).is_some(), "the rule `{rule}` is not in the table");
        self.latest = None;
        let Some(severity) = self.levels.of(rule, severity) else { return };
        if self.directives.silence(rule, &self.source, span.start) {
            return;
        }
        if severity == Severity::Error {
            self.has_errors = true;
        }
        if self.list.len() >= MOST {
            self.unlisted += 1;
            return;
        }
        self.latest = Some(self.list.len());
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

    /// The whole file.
    pub(super) fn text(&self) -> &str {
        &self.source
    }

    /// The line on which byte `at` is, from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.source.as_bytes()[..at.min(self.source.len())].iter().filter(|b| **b == b'\n').count() + 1
    }

    pub(super) fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// The findings by their place in the file, and the comments that may silence those across files.
    pub(super) fn into_list(mut self) -> (Vec<Diagnostic>, Directives) {
        let directives = std::mem::take(&mut self.directives);
        directives.report_useless(&mut self);
        (self.sorted(), directives)
    }

    fn sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.line, d.column));
        if self.unlisted > 0 {
            let severity = if self.has_errors { Severity::Error } else { Severity::Warning };
            let message = format!("{} more findings in this file are not listed", self.unlisted);
            self.list.push(
                Diagnostic::of_file(severity, "more-findings", self.file, message)
                    .with_remedy("mend the ones above, then check again"),
            );
        }
        self.list
    }
}

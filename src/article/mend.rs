//! Mends what needs no judgement: a file's text is read, changed and read again until nothing is left to change.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::load::LoadOptions;
use super::parse::{self, Input, Memory, Outcome};
use crate::diagnostic::{self, Severity};

/// Rounds after which a file is left as it is: each finding needs one at the most, and a file lists a hundred.
const MOST_ROUNDS: usize = 200;

/// A file before and after it is mended; nothing has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The file as the user named it.
    pub file: PathBuf,
    /// Where it is, without links on the way.
    pub place: PathBuf,
    /// Its bytes as they were read.
    pub before: Vec<u8>,
    /// The same as text, without a byte order mark.
    pub text_before: String,
    /// Its text once mended, to be written in UTF-8.
    pub after: String,
    /// What is done to it, in order.
    pub done: Vec<Mending>,
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// The rule whose finding it mends.
    pub rule: &'static str,
    /// The line it began on when it was made, from 1.
    pub line: usize,
    /// What it does, in one line.
    pub does: &'static str,
}

/// How far a file is from being an article: it is only told what is wrong in its head when its head can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Errors(usize),
    NoHead,
    NoText,
}

impl Distance {
    fn of(outcome: &Outcome) -> Self {
        let has = |rules: &[&str]| outcome.diagnostics.iter().any(|found| rules.contains(&found.rule));
        if has(&["not-text", "empty-file", "line-ends", "no-front-matter", "unclosed-front-matter"]) {
            Distance::NoText
        } else if has(&["broken-yaml"]) {
            Distance::NoHead
        } else {
            let errors = outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error);
            Distance::Errors(errors.count())
        }
    }
}

/// Mends the file of `input`, of which `outcome` is known; gives what is known of it then.
///
/// A link is left alone: what it leads to has its own name.
pub(super) fn mend(
    input: &Input<'_>,
    mut outcome: Outcome,
    options: &LoadOptions,
    now: DateTime<Utc>,
    memory: &Memory,
) -> (Outcome, Option<Mended>) {
    let Some(place) = input.root.map(|root| root.join(input.path)) else { return (outcome, None) };
    if !fs::symlink_metadata(&place).is_ok_and(|metadata| metadata.is_file()) {
        return (outcome, None);
    }
    let mut mended: Option<Mended> = None;
    for _ in 0..MOST_ROUNDS {
        let fixable: Vec<_> = outcome.diagnostics.iter().filter(|found| found.fix.is_some()).collect();
        let Some(source) = fixable.first().and_then(|found| found.source.clone()) else { break };
        let fixes: Vec<_> = fixable.iter().filter_map(|found| found.fix.as_deref()).collect();
        let (text, made) = diagnostic::apply(&source, &fixes);
        let done = fixable.iter().zip(made).filter(|(_, made)| *made).filter_map(|(found, _)| {
            let does = found.fix.as_deref()?.does;
            Some(Mending { rule: found.rule, line: found.line, does })
        });
        let done: Vec<Mending> = done.collect();
        let again = parse::article(&Input { bytes: text.as_bytes(), ..*input }, options, now, memory);
        // What would make it worse mends nothing.
        if Distance::of(&again) > Distance::of(&outcome) || done.is_empty() {
            break;
        }
        let is_over = *text == *source && mended.is_some();
        let all = mended.get_or_insert_with(|| Mended {
            file: input.shown.to_owned(),
            place: place.clone(),
            before: input.bytes.to_vec(),
            text_before: source.to_string(),
            after: String::new(),
            done: Vec::new(),
        });
        all.after = text;
        all.done.extend(done);
        outcome = again;
        if is_over {
            break;
        }
    }
    (outcome, mended)
}

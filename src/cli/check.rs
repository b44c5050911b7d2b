//! `straight check [PATH…]`: everything that is wrong with the articles, at once.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::article::{LoadOptions, Loaded, load_paths, mend_paths};
use crate::config::Config;
use crate::diagnostic::{self, Colour, Counts, Diagnostic, Severity, rules};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: snippets, remedies, counts.
    Human(Colour),
    /// For programs: an array of objects, and nothing else.
    Json,
    /// For GitHub: a workflow command a finding, and nothing else.
    Github,
}

/// What fails a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Errors.
    Errors,
    /// Errors and warnings: `--strict`.
    Warnings,
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exit code 0.
    Fine,
    /// Exit code 1.
    Failed,
}

/// Checks `paths`, or without any the whole `folder`, and writes the findings to `out`.
///
/// Gives what was read beside the verdict, so that the caller can say which articles are due.
///
/// # Errors
/// When the folder or a path cannot be read, or `out` not be written.
pub fn check(
    paths: &[PathBuf],
    folder: &Path,
    options: &LoadOptions,
    format: Format,
    strictness: Strictness,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<(Verdict, Loaded)> {
    let loaded = read(paths, folder, options, Mend::No, now)?;
    Ok((tell(&loaded, &HashSet::new(), format, strictness, out)?, loaded))
}

/// Whether what needs no judgement is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    No,
    /// `--fix`
    Yes,
}

/// Reads `paths`, or without any the whole `folder`; with `mend` as they are when that is done.
pub(super) fn read(
    paths: &[PathBuf],
    folder: &Path,
    options: &LoadOptions,
    mend: Mend,
    now: DateTime<Utc>,
) -> anyhow::Result<Loaded> {
    // An editor checks what was saved just now: nothing waits.
    let whole = [folder.to_owned()];
    let paths = if paths.is_empty() { &whole } else { paths };
    Ok(match mend {
        Mend::No => load_paths(paths, folder, options, now)?,
        Mend::Yes => mend_paths(paths, folder, options, now)?,
    })
}

/// Writes the findings to `out`; those of the files `over` are mended only where they are named.
pub(super) fn tell(
    loaded: &Loaded,
    over: &HashSet<PathBuf>,
    format: Format,
    strictness: Strictness,
    out: &mut dyn Write,
) -> anyhow::Result<Verdict> {
    let counts = Counts::of(&loaded.diagnostics);
    let written = match format {
        Format::Json => diagnostic::json(&loaded.diagnostics),
        Format::Github => diagnostic::github(&loaded.diagnostics),
        Format::Human(colour) => report(loaded, over, colour),
    };
    out.write_all(written.as_bytes()).context("cannot write the findings")?;
    let failed = match strictness {
        Strictness::Errors => counts.errors > 0,
        Strictness::Warnings => counts.errors + counts.warnings > 0,
    };
    Ok(if failed { Verdict::Failed } else { Verdict::Fine })
}

/// Every rule with what its findings weigh here, under its chapter.
pub(super) fn rules(config: &Config) -> String {
    let mut text = String::new();
    for (chapter, rules) in rules::CHAPTERS {
        text.push_str(&format!("{chapter}\n"));
        for rule in *rules {
            let weight = config.lint.of(rule.name, rule.severity).map_or("off", Severity::as_str);
            text.push_str(&format!("  {:<22} {weight:<8} {}\n", rule.name, rule.finds));
        }
    }
    text
}

fn report(loaded: &Loaded, over: &HashSet<PathBuf>, colour: Colour) -> String {
    let shown = diagnostic::folded(&loaded.diagnostics);
    let counts = Counts::of(&shown);
    let mut text = diagnostic::human(&shown, colour);
    if !text.is_empty() {
        text.push('\n');
    }
    let files = match loaded.files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    if counts == Counts::default() {
        text.push_str(&format!("Everything is fine in {files}.\n"));
    } else {
        text.push_str(&format!("{counts} in {files}\n"));
    }
    let is_mended = |found: &&Diagnostic| found.fix.is_some() && !over.contains(&found.file);
    match loaded.diagnostics.iter().filter(is_mended).count() {
        0 => {}
        1 => text.push_str("`straight check --fix` mends one of them.\n"),
        count => text.push_str(&format!("`straight check --fix` mends {count} of them.\n")),
    }
    text
}

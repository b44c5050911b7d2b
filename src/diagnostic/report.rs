//! Diagnostics as people and as programs read them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use serde::Serialize;

use super::fix::Shown;
use super::{Diagnostic, Severity};

/// Whether a report is coloured; only where a terminal shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// How many findings of each weight there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Findings that keep an article from going out.
    pub errors: usize,
    /// Findings that look wrong.
    pub warnings: usize,
    /// Findings worth knowing.
    pub hints: usize,
}

impl Counts {
    /// Counts `diagnostics`.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        diagnostics.iter().fold(Counts::default(), |mut counts, diagnostic| {
            match diagnostic.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Hint => counts.hints += 1,
            }
            counts
        })
    }
}

/// `2 errors, 1 warning`; `nothing to report` when there is nothing.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [(self.errors, "error"), (self.warnings, "warning"), (self.hints, "hint")];
        let parts: Vec<String> = named
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|&(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if parts.is_empty() { f.write_str("nothing to report") } else { f.write_str(&parts.join(", ")) }
    }
}

/// A finding of which one a file is enough for a person.
const ONCE_A_FILE: &str = "bare-url";
/// So many lines are named of those that are not shown by themselves.
const LINES_NAMED: usize = 8;

/// `diagnostics` for people: of what is told once a file the first finding stands for all, with their number. Programs,
/// which put each beside its line, get all of them.
#[must_use]
pub fn folded(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut shown: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    let mut more: HashMap<&Path, (usize, Vec<usize>)> = HashMap::new();
    for found in diagnostics {
        let is_folded = found.rule == ONCE_A_FILE && found.severity == Severity::Hint;
        match more.entry(&found.file) {
            Entry::Vacant(first) if is_folded => {
                first.insert((shown.len(), Vec::new()));
                shown.push(found.clone());
            }
            Entry::Occupied(mut known) if is_folded => known.get_mut().1.push(found.line),
            Entry::Vacant(_) | Entry::Occupied(_) => shown.push(found.clone()),
        }
    }
    for (first, lines) in more.into_values().filter(|(_, lines)| !lines.is_empty()) {
        let times = match lines.len() {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        let mut named: Vec<String> = lines.iter().map(usize::to_string).collect();
        named.dedup();
        let rest = if named.len() > LINES_NAMED { ", …" } else { "" };
        named.truncate(LINES_NAMED);
        let line = if named.len() == 1 { "line" } else { "lines" };
        let told = format!(", and so it is {times} more in this file ({line} {}{rest})", named.join(", "));
        shown[first].message.push_str(&told);
    }
    shown
}

/// Takes the warnings and hints of `files` out of `diagnostics`: how many there were, and of how many files.
pub fn set_aside(diagnostics: &mut Vec<Diagnostic>, files: &HashSet<PathBuf>) -> (usize, usize) {
    let mut of: HashSet<PathBuf> = HashSet::new();
    let before = diagnostics.len();
    diagnostics.retain(|found| {
        let stays = found.severity == Severity::Error || !files.contains(&found.file);
        if !stays && !of.contains(&found.file) {
            of.insert(found.file.clone());
        }
        stays
    });
    (before - diagnostics.len(), of.len())
}

/// Every finding with its snippet and remedy, a blank line between two; ends in a line break unless empty.
#[must_use]
pub fn human(diagnostics: &[Diagnostic], colour: Colour) -> String {
    let shown: Vec<String> = diagnostics.iter().map(|d| one(d, colour)).collect();
    if shown.is_empty() { String::new() } else { shown.join("\n\n") + "\n" }
}

/// One finding with its snippet and remedy, without a line break at its end.
#[must_use]
pub fn one(diagnostic: &Diagnostic, colour: Colour) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let path = shown_path(&diagnostic.file);
    let message = visible(&diagnostic.message);
    let title = level.primary_title(message.as_str()).id(diagnostic.rule);
    let window = Window::of(diagnostic);
    let mut group = match &window {
        Some(window) => title.element(
            Snippet::source(window.text)
                .line_start(diagnostic.line)
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(window.start..window.end)),
        ),
        // Without a snippet (an address, a secret) the place is all there is to go by.
        None if diagnostic.line > 0 => {
            title.element(Origin::path(path.as_str()).line(diagnostic.line).char_column(diagnostic.column))
        }
        None => title.element(Origin::path(path.as_str())),
    };
    let remedy = diagnostic.remedy.as_deref().map(visible);
    if let Some(remedy) = &remedy {
        group = group.element(Level::HELP.message(remedy.as_str()));
    }
    let renderer = match colour {
        Colour::Never => Renderer::plain(),
        Colour::Always => Renderer::styled(),
    };
    let report = renderer.render(&[group]);
    report.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A finding as programs read it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    diagnostic: &'a Diagnostic,
    fix: Option<Shown<'a>>,
}

/// An array of objects: severity, rule, file, line, column, message, remedy, and the fix where there is one.
#[must_use]
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let mut told = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let source = diagnostic.source.as_deref();
        let fix = diagnostic.fix.as_deref().zip(source).map(|(fix, source)| Shown::of(fix, source));
        told.push(Told { diagnostic, fix });
    }
    let mut text = serde_json::to_string_pretty(&told).expect("findings are texts and numbers");
    text.push('\n');
    text
}

/// Workflow commands, a line each, by which GitHub shows findings beside the lines of a change: `::error file=…::…`.
#[must_use]
pub fn github(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "notice",
        };
        let mut message = diagnostic.message.clone();
        if let Some(remedy) = &diagnostic.remedy {
            message.push_str("; ");
            message.push_str(remedy);
        }
        if let Some(fix) = &diagnostic.fix {
            message.push_str(&format!(" (`straight check --fix` {})", fix.does));
        }
        let place = match diagnostic.line {
            0 => String::new(),
            line => format!(",line={line},col={}", diagnostic.column),
        };
        text.push_str(&format!(
            "::{command} file={}{place},title={}::{}\n",
            escaped(&diagnostic.file.to_string_lossy(), &[',', ':']),
            escaped(diagnostic.rule, &[',', ':']),
            escaped(&message, &[]),
        ));
    }
    text
}

/// As the runner reads it back: `%`, line breaks and `signs` percent-encoded. Other control characters are shown.
fn escaped(text: &str, signs: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' | '\r' | '\n' => out.push_str(&format!("%{:02X}", u32::from(c))),
            c if signs.contains(&c) => out.push_str(&format!("%{:02X}", u32::from(c))),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// The line of the source that a finding begins on, and the finding's place in it.
struct Window<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Window<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Option<Self> {
        let source = diagnostic.source.as_deref()?;
        let span = diagnostic.span.clone()?;
        let line_start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &source[line_start..];
        let text = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let start = (span.start - line_start).min(text.len());
        let end = (span.end - line_start).clamp(start, text.len());
        Some(Window { text, start, end })
    }
}

fn shown_path(file: &Path) -> String {
    visible(&file.to_string_lossy())
}

/// `text` with its control characters made visible, but for line breaks and tabs.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// `text` with its control characters made visible, for what an editor pasted may drive a terminal.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control();
            let plain = (!escaped).then_some(c);
            plain.into_iter().chain(escaped.then(|| c.escape_default()).into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn github_reads_back_what_was_found() {
        let whole =
            Diagnostic::of_file(Severity::Warning, "bare-url", "a,b:c%.md", "100 %\r\n::error::x\u{1b}")
                .with_remedy("mend it: now");
        let placed = Diagnostic { line: 12, column: 3, severity: Severity::Hint, ..whole.clone() };
        assert_eq!(
            github(&[whole, placed]),
            "::warning file=a%2Cb%3Ac%25.md,title=bare-url::100 %25%0D%0A::error::x\\u{1b}; mend it: now\n\
             ::notice file=a%2Cb%3Ac%25.md,line=12,col=3,title=bare-url::100 %25%0D%0A::error::x\\u{1b}; mend it: now\n"
        );
    }

    #[test]
    fn a_finding_without_a_snippet_still_tells_its_place() {
        let whole = Diagnostic::of_file(Severity::Error, "bad-value", "readers.csv", "`email`: no `@`")
            .with_remedy("write it as in ann@example.org");
        let placed = Diagnostic { line: 12, column: 3, ..whole.clone() };
        insta::assert_snapshot!(one(&placed, Colour::Never), @r"
        error[bad-value]: `email`: no `@`
        --> readers.csv:12:3
         = help: write it as in ann@example.org
        ");
        assert!(one(&whole, Colour::Never).contains("--> readers.csv\n"));
    }

    #[test]
    fn people_are_told_once_a_file_of_bare_addresses_and_programs_each_time() {
        let source: Arc<str> = "a\nb\nc\nd\n".into();
        let bare = |file: &str, at: usize| {
            let found = Diagnostic::of_file(Severity::Hint, "bare-url", file, "the text is its address");
            found.at(&source, at..at + 1)
        };
        let weighty = Diagnostic { severity: Severity::Warning, ..bare("a.md", 6) };
        let all = [
            bare("a.md", 0),
            bare("b.md", 0),
            bare("a.md", 2),
            bare("a.md", 2),
            weighty.clone(),
            bare("a.md", 4),
        ];
        let told: Vec<_> =
            folded(&all).into_iter().map(|found| (found.file, found.line, found.message)).collect();
        let row = |file: &str, line: usize, message: &str| (file.into(), line, message.to_owned());
        assert_eq!(
            told,
            [
                row(
                    "a.md",
                    1,
                    "the text is its address, and so it is 3 times more in this file (lines 2, 3)"
                ),
                row("b.md", 1, "the text is its address"),
                row("a.md", 4, "the text is its address"),
            ]
        );
        assert_eq!(github(&all).lines().count(), 6);
    }
}

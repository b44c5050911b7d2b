//! The lines that a finding speaks of, for pages that show them.

use super::Diagnostic;

/// A finding in a line longer than this shows the line's part around it, in characters.
const LONGEST: usize = 240;

/// A line of a file, and what is marked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptLine {
    /// From 1.
    pub number: usize,
    /// What stands before the marked passage; the whole line when nothing is marked.
    pub before: String,
    /// What the finding speaks of.
    pub marked: Option<String>,
    /// What stands behind it.
    pub after: String,
}

impl Diagnostic {
    /// The line it begins on with the passage marked, between the lines around it; nothing without a place.
    #[must_use]
    pub fn excerpt(&self) -> Vec<ExcerptLine> {
        let (Some(source), Some(span)) = (self.source.as_deref(), &self.span) else { return Vec::new() };
        if self.line == 0 || source.get(span.clone()).is_none() {
            return Vec::new();
        }
        let start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let mut lines = Vec::new();
        let first = self.line.saturating_sub(1).max(1);
        for (number, text) in (1..).zip(source.lines()).skip(first - 1).take(self.line + 2 - first) {
            if number != self.line {
                let before = shortened(text);
                lines.push(ExcerptLine { number, before, marked: None, after: String::new() });
                continue;
            }
            let from = (span.start - start).min(text.len());
            let to = (span.end - start).clamp(from, text.len());
            lines.push(ExcerptLine {
                number,
                before: tail(&text[..from]),
                marked: Some(shortened(&text[from..to])),
                after: shortened(&text[to..]),
            });
        }
        lines
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn tail(text: &str) -> String {
    match text.char_indices().rev().nth(LONGEST) {
        Some((at, _)) => format!("…{}", &text[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Severity;
    use super::*;

    fn found(source: &str, word: &str) -> Vec<ExcerptLine> {
        let at = source.find(word).unwrap();
        let source: Arc<str> = source.into();
        Diagnostic::of_file(Severity::Error, "rule", "a.md", "wrong")
            .at(&source, at..at + word.len())
            .excerpt()
    }

    #[test]
    fn the_line_stands_between_its_neighbours() {
        let lines = found("one\ntwo is wrong here\nthree\nfour\n", "wrong");
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 3]);
        let line = &lines[1];
        assert_eq!(
            (line.before.as_str(), line.marked.as_deref(), line.after.as_str()),
            ("two is ", Some("wrong"), " here")
        );
        assert_eq!(found("only", "only").len(), 1);
        assert!(Diagnostic::of_file(Severity::Error, "rule", "a.md", "wrong").excerpt().is_empty());
    }

    #[test]
    fn a_very_long_line_shows_the_part_around() {
        let long = format!("{}HERE{}", "é".repeat(10_000), "x".repeat(10_000));
        let line = &found(&long, "HERE")[0];
        assert!(line.before.chars().count() < 300 && line.before.starts_with('…'), "{}", line.before);
        assert!(line.after.chars().count() < 300 && line.after.ends_with('…'));
    }

    #[test]
    fn a_passage_of_several_lines_is_marked_on_its_first() {
        let lines = found("a: |\n  b\n  c\nd\n", "a: |\n  b\n  c");
        assert_eq!(lines[0].marked.as_deref(), Some("a: |"));
    }
}

//! Comments by which a file silences rules: `<!-- lint-disable-next-line bare-url -->` in the text, and
//! `# lint-disable-next-line long-title` in the front matter.

use std::cell::Cell;
use std::ops::Range;

use super::findings::Findings;
use crate::diagnostic::Severity;
use crate::diagnostic::rules::{self, Reach, Standing};

/// The comments of one file.
#[derive(Debug, Default)]
pub(super) struct Directives(Vec<Directive>);

/// What a comment silences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    File,
    /// The line on which this byte is.
    Line(usize),
}

#[derive(Debug)]
struct Directive {
    silences: Where,
    rules: Vec<Named>,
    /// The whole comment.
    span: Range<usize>,
}

/// A rule as a comment names it.
#[derive(Debug)]
struct Named {
    name: String,
    span: Range<usize>,
    used: Cell<bool>,
}

const WORDS: [&str; 3] = ["lint-disable-next-line", "lint-disable-line", "lint-disable-file"];

impl Directives {
    /// Reads the comments of `text`: lines of its front matter that begin with `#`, and those of its Markdown, which
    /// stand at `comments`.
    pub(super) fn read(text: &str, front_matter: &Range<usize>, comments: &[Range<usize>]) -> Self {
        let mut directives = Directives::default();
        if !text.contains("lint-disable") {
            return directives;
        }
        let mut at = front_matter.start;
        for line in text[front_matter.clone()].split_inclusive('\n') {
            // Behind a value too, where YAML has a space before the sign.
            let hash = line.match_indices('#').map(|(at, _)| at).find(|&hash| {
                line[..hash].chars().next_back().is_none_or(char::is_whitespace)
                    && line[hash + 1..].trim_start().starts_with("lint-disable")
            });
            if let Some(hash) = hash {
                let end = at + line.trim_end().len();
                directives.add(text, at + hash..end, at + hash + 1..end);
            }
            at += line.len();
        }
        for comment in comments {
            let inner = comment.start + 4..comment.end.saturating_sub(3).max(comment.start + 4);
            if text[inner.clone()].trim_start().starts_with("lint-disable") {
                directives.add(text, comment.clone(), inner);
            }
        }
        directives
    }

    fn add(&mut self, text: &str, span: Range<usize>, inner: Range<usize>) {
        let mut words = words(text, inner);
        let Some(first) = words.next() else { return };
        let silences = match &text[first.clone()] {
            "lint-disable-file" => Where::File,
            "lint-disable-line" => Where::Line(span.start),
            "lint-disable-next-line" => Where::Line(next_line(text, span.end)),
            // Told by the rule for names, as the one name of a comment that silences nothing.
            _ => {
                let named =
                    Named { name: text[first.clone()].to_owned(), span: first, used: Cell::new(false) };
                return self.0.push(Directive {
                    silences: Where::Line(text.len()),
                    rules: vec![named],
                    span,
                });
            }
        };
        let rules = words
            // What stands behind a dash says why.
            .take_while(|word| !matches!(&text[word.clone()], "-" | "--" | "–" | "—"))
            .map(|span| Named { name: text[span.clone()].to_owned(), span, used: Cell::new(false) })
            .collect();
        self.0.push(Directive { silences, rules, span });
    }

    /// Whether a comment silences the finding of `rule` at byte `at`.
    pub(super) fn silence(&self, rule: &str, text: &str, at: usize) -> bool {
        if self.0.is_empty() || rules::find(rule).is_none_or(|rule| rule.standing == Standing::Fixed) {
            return false;
        }
        let mut silenced = false;
        for directive in &self.0 {
            let here = match directive.silences {
                Where::File => true,
                Where::Line(line) => same_line(text, line, at),
            };
            for named in directive.rules.iter().filter(|named| here && named.name == rule) {
                named.used.set(true);
                silenced = true;
            }
        }
        silenced
    }

    /// Tells of comments that name no rule, and of those that have nothing to silence.
    pub(super) fn report_useless(&self, findings: &mut Findings) {
        // Behind an error much is not asked for: what a comment is good for shows once it is mended.
        let is_asked_all = !findings.has_errors();
        for directive in &self.0 {
            if directive.rules.is_empty() {
                findings.report(
                    "useless-disable",
                    directive.span.clone(),
                    "this comment names no rule",
                    "write the rule behind it, as in `<!-- lint-disable-next-line bare-url -->`",
                );
            }
            let mut idle = 0;
            for named in &directive.rules {
                if WORDS.iter().any(|word| word == &named.name) || named.name.starts_with("lint-disable") {
                    let message = format!("there is no comment `{}`", named.name);
                    let remedy = format!("write `{}`", WORDS.join("`, `"));
                    findings.report("unknown-rule", named.span.clone(), message, remedy);
                    continue;
                }
                let Some(rule) = rules::find(&named.name) else {
                    let shown: String = named.name.chars().take(60).collect();
                    let remedy = match super::nearest(&named.name, rules::switchable()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`straight check --rules` lists those that there are".to_owned(),
                    };
                    let message = format!("there is no rule `{shown}`");
                    findings.report("unknown-rule", named.span.clone(), message, remedy);
                    if let Some(meant) = super::surely(&named.name, rules::switchable()) {
                        findings.fixed_by("names the rule", vec![(named.span.clone(), meant.to_owned())]);
                    }
                    continue;
                };
                let (message, remedy) = match rule.standing {
                    Standing::Fixed => (
                        format!("`{}` cannot be switched off: without it there is no article", rule.name),
                        "mend what it finds, and remove the comment",
                    ),
                    // Whether those across files had to be silenced is not known here.
                    Standing::Switchable if rule.reach != Reach::File || named.used.get() => continue,
                    // A rule that the configuration has switched off may be switched on again, and one that waits for
                    // the article to be ready will be asked for then.
                    Standing::Switchable if !is_asked_all || !findings.asks(rule.name) => continue,
                    Standing::Switchable => (
                        format!("`{}` has no finding here that this comment silences", rule.name),
                        "remove it",
                    ),
                };
                idle += 1;
                findings.report("useless-disable", named.span.clone(), message, remedy);
                // The whole comment goes, when none of its rules is of use.
                if idle == directive.rules.len() {
                    let edits = vec![(removable(findings.text(), &directive.span), String::new())];
                    findings.fixed_by("removes the comment", edits);
                }
            }
        }
    }
}

/// The words of `text` within `range`, by their places.
fn words(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let start = range.start;
    let inner = &text[range];
    inner.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).map(move |word| {
        let at = start + (word.as_ptr() as usize - inner.as_ptr() as usize);
        at..at + word.len()
    })
}

/// The first byte of the next line behind byte `at` that is not blank.
fn next_line(text: &str, at: usize) -> usize {
    let mut start = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    for line in text[start..].split_inclusive('\n') {
        if !line.trim().is_empty() {
            break;
        }
        start += line.len();
    }
    start
}

fn same_line(text: &str, a: usize, b: usize) -> bool {
    let (from, to) = (a.min(b), a.max(b));
    from == to || text.get(from..to).is_some_and(|between| !between.contains('\n'))
}

/// The comment, and its line with it when nothing else stands there.
fn removable(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
    let alone = text[start..span.start].trim().is_empty() && text[span.end..end].trim().is_empty();
    let blank = |line: Option<&str>| line.is_none_or(|line| line.trim().is_empty());
    let parts = blank(text[..start].lines().next_back()) || blank(text[end..].lines().next());
    if alone && parts {
        return start..end;
    }
    if alone {
        // It parts two paragraphs, and an empty line does so as well.
        return span.clone();
    }
    // The space that parts it from what stands before it.
    let before = text[start..span.start].trim_end_matches([' ', '\t']).len();
    if text[span.end..end].trim().is_empty() { start + before..span.end } else { span.clone() }
}

/// How a finding across files is weighed that stands in a file with these comments.
pub(super) fn weigh(
    directives: &Directives,
    levels: &crate::diagnostic::Levels,
    rule: &'static str,
    text: &str,
    at: usize,
) -> Option<Severity> {
    let usual = rules::find(rule).map_or(Severity::Warning, |rule| rule.severity);
    levels.of(rule, usual).filter(|_| !directives.silence(rule, text, at))
}

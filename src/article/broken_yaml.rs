//! What was most likely meant where a head is no YAML, said to whoever has never heard of YAML.

use std::ops::Range;

use super::source::is_other_end;
use super::yaml::{self, NO_BREAK};

/// What is wrong, and where in the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// What is wrong with `source`, which breaks at byte `at`, where `told` is what the parser says.
pub(super) fn slip(source: &str, at: usize, told: &str) -> Slip {
    let head = Head { source, at };
    head.placeholder()
        .or_else(|| head.conflict())
        .or_else(|| head.dashes())
        .or_else(|| head.joined_key())
        .or_else(|| head.other_colon())
        .or_else(|| head.first_line_indented())
        .or_else(|| head.key_indented())
        .or_else(|| head.colon_in_a_text_of_two_lines())
        .or_else(|| head.joined_dash())
        .or_else(|| head.line_of_no_key())
        .unwrap_or_else(|| head.as_told(told))
}

/// The text of a head, and where it breaks.
#[derive(Clone, Copy)]
struct Head<'a> {
    source: &'a str,
    at: usize,
}

/// A line of a head.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Its first byte.
    start: usize,
    /// Without what ends it.
    text: &'a str,
}

impl<'a> Line<'a> {
    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// What is written on it, and where.
    fn written(self) -> (Range<usize>, &'a str) {
        let text = self.text.trim();
        let start = self.start + self.text.len() - self.text.trim_start().len();
        (start..start + text.len(), text)
    }

    /// The key that it begins with, and what stands behind that: `title`, `The ferry`.
    fn key(self) -> Option<(&'a str, &'a str)> {
        let (key, value) = self.written().1.split_once(':')?;
        let is_word = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let is_apart = value.is_empty() || value.starts_with([' ', '\t']);
        (is_word && is_apart).then(|| (key, value.trim()))
    }

    fn is_item(self) -> bool {
        let text = self.text.trim_start();
        text == "-" || text.starts_with("- ")
    }

    fn says_something(self) -> bool {
        !self.text.trim().is_empty() && !self.text.trim_start().starts_with('#')
    }
}

impl<'a> Head<'a> {
    fn lines(self) -> impl Iterator<Item = Line<'a>> {
        let mut start = 0;
        self.source.split_inclusive('\n').map(move |line| {
            let this = Line { start, text: line.trim_end_matches(['\n', '\r']) };
            start += line.len();
            this
        })
    }

    /// The line on which it breaks, and those above it that say something, the nearest first.
    fn here(self) -> (Line<'a>, Vec<Line<'a>>) {
        let mut lines: Vec<Line<'a>> = self.lines().take_while(|line| line.start <= self.at).collect();
        let here = lines.pop().unwrap_or(Line { start: 0, text: "" });
        lines.reverse();
        lines.retain(|line| line.says_something());
        (here, lines)
    }

    /// What a template's program should have filled in, as `{{date}}`, `{{< now >}}` or `{% now %}`.
    fn placeholder(self) -> Option<Slip> {
        let (Line { start, text: line }, _) = self.here();
        let at = self.at.min(start + line.len());
        let place = [("{{", "}}"), ("{%", "%}")].into_iter().find_map(|(open, close)| {
            let begins = line[..line.floor_char_boundary(at - start + open.len())].rfind(open)?;
            let ends = begins + open.len() + line[begins + open.len()..].find(close)? + close.len();
            let place = start + begins..start + ends;
            place.contains(&self.at).then_some(place)
        })?;
        let shown: String = self.source[place.clone()].chars().take(60).collect();
        Some(Slip {
            span: place,
            message: format!("a template's placeholder was left unfilled: `{shown}`"),
            remedy: "write the value in its place; if the braces are meant, put all of it in single quotes"
                .to_owned(),
        })
    }

    /// What git leaves where two have changed the same lines.
    fn conflict(self) -> Option<Slip> {
        let line = self.lines().find(|line| line.text.starts_with("<<<<<<< "))?;
        Some(Slip {
            span: line.written().0,
            message: "git left two versions here, one behind the other".to_owned(),
            remedy: "keep one of the two, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`"
                .to_owned(),
        })
    }

    /// `-One` for `- One`.
    fn joined_dash(self) -> Option<Slip> {
        let (here, above) = self.here();
        std::iter::once(here).chain(above).take(2).find_map(|line| {
            let (place, text) = line.written();
            let is_joined =
                text.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            (is_joined && self.is_mended_without(line)).then(|| Slip {
                span: place.start..place.start + 1,
                message: "no space stands behind this dash".to_owned(),
                remedy: "write `- ` before each item of a list".to_owned(),
            })
        })
    }

    /// `----` where `---` was to end the head, which goes on to the next one.
    fn dashes(self) -> Option<Slip> {
        // Further in, it is a part of some text.
        let line = self.lines().find(|line| is_other_end(line.text) && line.indent() == 0)?;
        // Where it breaks above, that is another matter.
        (line.start <= self.at.saturating_add(1)).then(|| Slip {
            span: line.written().0,
            message: "this line should be three dashes, and nothing else".to_owned(),
            remedy: "write `---` at its beginning, if the head ends here; else remove the line".to_owned(),
        })
    }

    /// `title:The ferry`, or a space there that is none to YAML; on the line that breaks, or the one above it. An item of a list
    /// may be a text with a colon, as `- 10:30 the ferry`.
    fn joined_key(self) -> Option<Slip> {
        let (here, above) = self.here();
        let (at, word) = [Some(here), above.first().copied()].into_iter().flatten().find_map(|line| {
            let (key, value) = line.text.split_once(':')?;
            let word = key.trim_start_matches(' ');
            let is_word =
                word.len() > 1 && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            let is_joined = value.starts_with(|c: char| NO_BREAK.contains(&c) || !c.is_whitespace());
            let is_address = value.starts_with("//");
            let at = line.start + key.len() + 1;
            (is_word && is_joined && !is_address && self.is_mended_by_a_space(at)).then_some((at, word))
        })?;
        let sign = self.source[at..].chars().next().unwrap_or_default();
        let (message, remedy) = match NO_BREAK.contains(&sign) {
            true => (
                format!(
                    "what stands behind `{word}:` looks like a space, and is none (U+{:04X})",
                    u32::from(sign)
                ),
                "write a plain space behind the colon",
            ),
            false => (
                format!("no space stands behind `{word}:`"),
                "write a space behind the colon, or put the whole line in quotes",
            ),
        };
        Some(Slip { span: at..at + sign.len_utf8(), message, remedy: remedy.to_owned() })
    }

    /// `title; The ferry`, `title = The ferry`.
    fn other_colon(self) -> Option<Slip> {
        let (here, above) = self.here();
        std::iter::once(here).chain(above).take(2).find_map(|line| {
            let (place, text) = line.written();
            let word: &str =
                &text[..text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))?];
            let rest = text[word.len()..].trim_start();
            let sign = rest.chars().next().filter(|sign| matches!(sign, ';' | '：' | '='))?;
            let at = place.end - rest.len();
            (!word.is_empty() && !text.contains(": ") && self.is_mended_without(line)).then(|| Slip {
                span: at..at + sign.len_utf8(),
                message: format!("behind `{word}` stands `{sign}`, and no colon"),
                remedy: format!("write `{word}: ` and the value"),
            })
        })
    }

    /// Whether a space at byte `at` lets it break further down, or not at all.
    fn is_mended_by_a_space(self, at: usize) -> bool {
        let spaced = format!("{} {}", &self.source[..at], self.source[at..].trim_start_matches(NO_BREAK));
        self.is_mended_as(&spaced)
    }

    /// Whether it breaks further down, or not at all, when `line` is not there: then that is to blame.
    fn is_mended_without(self, line: Line<'a>) -> bool {
        let behind =
            self.source[line.start..].find('\n').map_or(self.source.len(), |end| line.start + end + 1);
        // An empty line in its place keeps the numbers of the others.
        self.is_mended_as(&format!("{}\n{}", &self.source[..line.start], &self.source[behind..]))
    }

    /// Whether `other`, which has as many lines, breaks further down, or not at all.
    fn is_mended_as(self, other: &str) -> bool {
        let line = |source: &str, at: usize| source[..at].matches('\n').count();
        yaml::breaks(other).is_none_or(|breaks| line(other, breaks) > line(self.source, self.at))
    }

    /// The first key stands further in than the others.
    fn first_line_indented(self) -> Option<Slip> {
        let (here, above) = self.here();
        let first = above.last()?;
        let (key, _) = first.key()?;
        let (other, _) = here.key().filter(|_| here.indent() < first.indent())?;
        Some(Slip {
            span: first.written().0.start..first.written().0.start + key.len(),
            message: format!("`{key}:` stands further in than `{other}:` below it"),
            remedy: format!("remove the spaces before `{key}:`"),
        })
    }

    /// A key stands further in than one above that has its value on its own line.
    fn key_indented(self) -> Option<Slip> {
        let (here, above) = self.here();
        let (key, _) = here.key().filter(|_| here.indent() > 0)?;
        let span = here.written().0.start..here.written().0.start + key.len();
        let nearest = above.first()?;
        let around = above.iter().find(|line| line.indent() < here.indent());
        if let Some((other, value)) = around.and_then(|line| line.key())
            && !value.is_empty()
        {
            return Some(Slip {
                span,
                message: format!(
                    "`{key}:` stands further in than `{other}:` above it, and is taken for a part of its text"
                ),
                remedy: format!(
                    "remove the spaces before `{key}:`; or, if it is a part of that text, write both as one line, in quotes"
                ),
            });
        }
        if nearest.is_item() && here.indent() >= nearest.indent() {
            return Some(Slip {
                span,
                message: format!("`{key}:` stands beneath the items of a list, and has no dash"),
                remedy: format!(
                    "remove the spaces before `{key}:`; or write `- ` before it, if it is an item"
                ),
            });
        }
        // Beneath `image:` the lines begin in one column.
        let fellow = above.iter().take_while(|line| line.indent() > 0).last()?;
        let (other, _) = fellow.key().filter(|_| fellow.indent() != here.indent())?;
        Some(Slip {
            span,
            message: format!("`{key}:` does not begin in the column of `{other}:` above it"),
            remedy: "write the same number of spaces before both".to_owned(),
        })
    }

    /// A text goes on on the line below its key, and holds a colon there.
    fn colon_in_a_text_of_two_lines(self) -> Option<Slip> {
        let (here, above) = self.here();
        let (key, value) = above.iter().find(|line| line.indent() < here.indent())?.key()?;
        let is_plain = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{', '|', '>']);
        let (place, text) = here.written();
        (is_plain && text.contains(": ")).then(|| Slip {
            span: place,
            message: format!("the text of `{key}` goes on here, and holds a colon with a space behind it"),
            remedy: format!("write all of it on one line, in quotes: `{key}: \"…\"`"),
        })
    }

    /// A line that begins with no key and no dash, as where a title goes on.
    fn line_of_no_key(self) -> Option<Slip> {
        let (here, above) = self.here();
        let lines: Vec<Line<'a>> = std::iter::once(here).chain(above).take(3).collect();
        lines.windows(2).find_map(|pair| {
            let (line, before) = (pair[0], pair[1]);
            let (place, text) = line.written();
            let begins = |signs: &[char]| text.starts_with(signs);
            let is_text = line.says_something()
                && !line.is_item()
                && !text.contains(": ")
                && !text.ends_with(':')
                && !begins(&['"', '\'', '[', ']', '{', '}', ',']);
            if !is_text || line.indent() > before.indent() || !self.is_mended_without(line) {
                return None;
            }
            let shown = |text: &str| -> String { text.chars().take(40).collect() };
            let (message, remedy) = match before.key() {
                Some((key, value))
                    if !value.is_empty() && !value.starts_with(['"', '\'', '[', '{', '|', '>']) =>
                {
                    (
                        format!("`{}` stands on a line of its own, and belongs to no key", shown(text)),
                        format!(
                            "if it goes on with `{key}`, write both as one line: `{key}: {} {}`",
                            shown(value),
                            shown(text)
                        ),
                    )
                }
                None if before.is_item() => (
                    format!("`{}` stands on a line of its own, without a dash before it", shown(text)),
                    "write `- ` before it; or, if it goes on with the line above, write both as one"
                        .to_owned(),
                ),
                Some(_) | None => (
                    format!("`{}` stands on a line of its own, and belongs to no key", shown(text)),
                    "write a key and a colon before it, as in `summary: …`; or remove the line".to_owned(),
                ),
            };
            Some(Slip { span: place, message, remedy })
        })
    }

    /// What the parser says, in plain words where there are some.
    fn as_told(self, told: &str) -> Slip {
        let (source, start) = (self.source, self.at);
        let end = source[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        let remedy = remedy(&source[..start], line, told).to_owned();
        let large =
            ["limits breached", "too complex", "limit exceeded"].iter().any(|words| told.contains(words));
        let message = if large {
            "it is too large or nested too deep".to_owned()
        } else if told.contains("did not find expected key") && value_on(line).starts_with(['[', '{']) {
            "a text that begins with a bracket is taken for a list, and something stands behind that"
                .to_owned()
        } else {
            in_plain_words(told).map_or_else(|| told.replace('\n', " "), str::to_owned)
        };
        Slip { span: start..end, message, remedy }
    }
}

/// What the parser says in the words of its trade, in those of everybody.
fn in_plain_words(told: &str) -> Option<&'static str> {
    const PLAIN: [(&str, &str); 21] = [
        ("expected string scalar", "a key has to be one word"),
        ("block sequence entries", "a text that begins with a dash is taken for an item of a list"),
        ("mapping keys are not allowed", "a text that begins with `?` is taken for a mark"),
        ("scanning a block scalar", "a text that begins with `|` or `>` is taken for a mark"),
        ("scanning a tag", "a text that begins with `!` is taken for a mark"),
        ("tab", "a tab stands where spaces should"),
        ("expected <document start>", "this line is no key of those above"),
        (
            "mapping values are not allowed",
            "a second colon with a space behind it stands here, as if there were another key",
        ),
        ("unclosed quote", "these quotes are never closed"),
        ("unclosed bracket", "this bracket is never closed"),
        ("reference to unknown value", "a text that begins with `*` is taken for a mark"),
        ("unexpected character: `@'", "a text cannot begin with `@`"),
        ("unexpected character: ``'", "a text cannot begin with a backtick"),
        ("unexpected character: `%'", "a text cannot begin with `%`"),
        ("illegal placement of ':'", "a bracket that is opened above is not closed before this line"),
        ("did not find expected '-'", "this line is no item of the list above, and stands where one should"),
        (
            "unknown escape character",
            "the backslash makes one sign of itself and the letter behind it, and there is no such sign",
        ),
        ("trailing content after", "something stands behind the closing quotes"),
        ("implicit flow mapping", "between the brackets a comma has nothing before it"),
        ("did not find expected key", "this line is no key of those around it"),
        ("simple key expected ':'", "a line has no colon, and is neither a key nor an item of a list"),
    ];
    PLAIN.iter().find(|(words, _)| told.contains(words)).map(|(_, plain)| *plain)
}

/// What stands behind the key of a line, or behind its dash.
fn value_on(line: &str) -> &str {
    let Some((_, value)) = line.split_once(": ") else {
        let text = line.trim();
        return text.strip_prefix("- ").unwrap_or(text);
    };
    value.trim()
}

/// What most likely helps, judged by the line that breaks.
fn remedy(before: &str, line: &str, message: &str) -> &'static str {
    let open = |sign: char| before.matches(sign).count();
    let value = value_on(line);
    if message.contains("unclosed bracket") {
        "close it: write its `]` or `}` behind the last item"
    } else if value.starts_with('\'')
        && message.contains("unclosed quote")
        && value.matches('\'').count() == 1
    {
        "put all of the text in double quotes: it begins with an apostrophe"
    } else if line.trim_start_matches(' ').starts_with('\t') || message.contains("tab") {
        "indent with spaces; YAML takes no tabs"
    } else if value.starts_with('"') && message.contains("escape") {
        "put the text in single quotes: inside double ones a backslash and the letter behind it are one sign"
    } else if value.starts_with('"') && message.contains("trailing") {
        "put all of the text in single quotes; or put all of it in double quotes, and write \\\" for each quote inside them"
    } else if value.starts_with('\'') && message.contains("trailing") {
        "put all of the text in double quotes; or in single ones, and write an apostrophe inside them twice: ''"
    } else if value.starts_with('"') || value.starts_with('\'') {
        "close the quotes, and write nothing behind them"
    } else if message.contains("limit") || message.contains("budget") || message.contains("depth") {
        "front matter is a few keys and short lists; write it flat and without aliases"
    } else if is_comma_astray(line) {
        "remove the comma that has nothing before it"
    } else if open('[') > open(']') || open('{') > open('}') {
        "close the bracket that is open above"
    } else if value.ends_with(':') {
        "put the value in quotes: it ends with a colon"
    } else if value.contains(": ") {
        "put the value in quotes: it holds a colon and a space"
    } else if value.starts_with(['*', '&', '@', '`', '%', '!', '|', '>', '[', '{'])
        || value.starts_with("- ")
        || value.starts_with("? ")
    {
        "put the value in quotes: it begins with a sign that means something in YAML"
    } else {
        "write each line as `key: value`, lists as `- item` beneath their key, and quote what holds a `: ` or a `#`"
    }
}

/// Whether a list on the line has a comma with nothing before it: `[a, , b]`.
fn is_comma_astray(line: &str) -> bool {
    let signs: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    signs.contains("[,") || signs.contains('[') && signs.contains(",,")
}

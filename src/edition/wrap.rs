//! Plain text: lines of at most 72 columns, and what is cut at a word's end.

pub(super) use crate::article::markdown::wrap::sentence;
use crate::article::markdown::wrap::{measure, wrap as lines};

/// Columns of a line of plain text.
pub(super) const COLUMNS: usize = 72;

/// Sets `text` in lines of at most [`COLUMNS`], the first after `first`, the others after `rest`.
pub(super) fn wrap(text: &str, first: &str, rest: &str) -> String {
    let columns = COLUMNS - measure(first).max(measure(rest)).min(COLUMNS / 2);
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in lines(text, columns).into_iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str(if n == 0 { first } else { rest });
        out.push_str(&line);
    }
    out
}

/// Stands for a space at which no line is broken, while lines are broken.
const KEPT_SPACE: &str = "\u{E000}";
/// The longest code, in columns, that is moved to the next line rather than broken.
const LONGEST_WHOLE_CODE: usize = 40;

/// `line` with the spaces within its code (between two backticks) made such that no line is broken there; long code is not.
fn with_whole_code(line: &str) -> String {
    let parts = line.split('`').enumerate().map(|(at, part)| match at % 2 {
        1 if measure(part) <= LONGEST_WHOLE_CODE => part.replace(' ', KEPT_SPACE),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// `text` with its lines of more than [`COLUMNS`] broken, what follows set in as far as they begin; the others are kept.
pub(crate) fn rewrapped(text: &str) -> String {
    let line = |line: &str| {
        if measure(line) <= COLUMNS {
            return format!("{line}\n");
        }
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        let rest = format!("{indent}{}", if words.starts_with("- ") { "  " } else { "" });
        wrap(&with_whole_code(words), indent, &rest).replace(KEPT_SPACE, " ") + "\n"
    };
    text.lines().map(line).collect()
}

/// At most `limit` characters of `text`, cut at a word's end with an ellipsis, which counts too.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= limit {
        return text;
    }
    let room = limit.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    let cut = if text[end..].starts_with(' ') { end } else { head.rfind(' ').unwrap_or(end) };
    // A single word may be longer than half of the room: then it is cut, rather than lost.
    let cut = if cut * 2 < end { end } else { cut };
    format!("{}…", text[..cut].trim_end_matches([' ', ',', ';', ':', '–', '—', '-', '(', '“', '‘']))
}

/// A headline: in capitals, or where the script has none with a line beneath it.
pub(super) fn caps(text: &str) -> String {
    let first = text.chars().find(|c| c.is_alphabetic());
    if first.is_some_and(|c| c.is_lowercase() || c.is_uppercase()) {
        return text.to_uppercase();
    }
    let longest = lines(text, COLUMNS).iter().map(|line| measure(line)).max().unwrap_or(0);
    if longest == 0 { String::new() } else { format!("{}\n{}", text.trim(), "=".repeat(longest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_where_they_begin_and_short_ones_are_kept() {
        let words = "word ".repeat(16);
        let text = format!("To hold it:      now\n\n  - {words}\n  {words}\n");
        let thirteen = "word ".repeat(13).trim_end().to_owned();
        let broken = format!(
            "To hold it:      now\n\n  - {thirteen}\n    word word word\n  {thirteen} word\n  word word\n"
        );
        assert_eq!(rewrapped(&text), broken);
    }

    #[test]
    fn short_code_stays_whole_with_its_spaces() {
        let words = "word ".repeat(13);
        let text = format!("{words}and `  - ` or `{words}`");
        let broken = format!("{words}and\n`  - ` or `{}word\nword `\n", "word ".repeat(11));
        assert_eq!(rewrapped(&text), broken);
    }

    #[test]
    fn a_bullet_hangs_and_no_line_is_over_72() {
        let text = "China separates more than ninety per cent of the world’s rare earths and makes about \
                    ninety-five per cent of the magnets.";
        let set = wrap(text, "* ", "  ");
        insta::assert_snapshot!(set, @r"
        * China separates more than ninety per cent of the world’s rare earths
          and makes about ninety-five per cent of the magnets.
        ");
    }

    #[test]
    fn an_address_stays_whole_and_wide_letters_count_twice() {
        let address = format!("https://example.org/{}", "a".repeat(90));
        assert_eq!(wrap(&format!("See {address} now"), "", ""), format!("See\n{address}\nnow"));
        let wide = wrap(&"稀土".repeat(60), "* ", "  ");
        assert!(wide.lines().count() > 3 && wide.lines().all(|line| measure(line) <= COLUMNS), "{wide}");
    }

    #[test]
    fn a_title_is_cut_at_a_word() {
        assert_eq!(shorten("Rare Earths aren’t “a Metal.”", 70), "Rare Earths aren’t “a Metal.”");
        assert_eq!(shorten("One two three four", 12), "One two…");
        assert_eq!(shorten("One two, three", 9), "One two…");
        assert_eq!(shorten(&"x".repeat(100), 10), format!("{}…", "x".repeat(9)));
        for limit in 1..40 {
            assert!(shorten("Größe – und “Quotes” aplenty in a title", limit).chars().count() <= limit);
        }
    }

    #[test]
    fn a_headline_stands_out_in_every_script() {
        assert_eq!(caps("Außerdem: Äpfel"), "AUSSERDEM: ÄPFEL");
        assert_eq!(wrap(&caps("بريد الواحة"), "", ""), "بريد الواحة\n===========");
        assert_eq!(caps("稀土"), "稀土\n====");
        assert_eq!(caps("ملف Excel"), "ملف Excel\n=========");
        assert!(wrap(&caps(&"稀土".repeat(60)), "", "").lines().all(|line| measure(line) <= COLUMNS));
        assert_eq!(caps(" "), "");
    }

    #[test]
    fn a_sentence_ends_once() {
        assert_eq!(sentence("It rains"), "It rains.");
        assert_eq!(sentence("It rains!"), "It rains!");
        assert_eq!(sentence("“It rains.”"), "“It rains.”");
        assert_eq!(sentence(""), "");
    }
}

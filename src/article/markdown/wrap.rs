//! Wrapping plain text by what columns it takes.

use unicode_width::UnicodeWidthChar;

/// Columns of one character; one that takes none counts as one, for others count characters.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0).max(1)
}

/// Columns of `text`.
pub(crate) fn measure(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// `text` with a full stop behind it, unless it ends a sentence already.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let bare = text.trim_end_matches(['”', '’', '"', '\'', ')', '»']);
    if text.is_empty() || bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// The lines of `text`, each at most `width` columns; a `\n` is kept as a break.
///
/// Addresses are never broken; any other word that is longer than a line is, and scripts without spaces are broken
/// between their characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = Line { text: String::new(), taken: 0, width, done: &mut lines };
        for word in paragraph.split([' ', '\t']).filter(|word| !word.is_empty()) {
            line.word(word);
        }
        line.finish();
    }
    lines
}

struct Line<'a> {
    text: String,
    taken: usize,
    width: usize,
    done: &'a mut Vec<String>,
}

impl Line<'_> {
    fn word(&mut self, word: &str) {
        let length = measure(word);
        let gap = usize::from(self.taken > 0);
        if self.taken + gap + length <= self.width {
            self.put(" ", gap);
            self.put(word, length);
        } else if is_address(word) || (length <= self.width && !word.chars().any(is_wide)) {
            self.finish();
            self.put(word, length);
        } else {
            self.put_in_pieces(word, gap);
        }
    }

    fn put_in_pieces(&mut self, word: &str, gap: usize) {
        for (i, piece) in pieces(word).into_iter().enumerate() {
            let gap = if i == 0 { gap } else { 0 };
            let length = measure(piece);
            if self.taken + gap + length <= self.width {
                self.put(" ", gap);
                self.put(piece, length);
                continue;
            }
            self.finish();
            for c in piece.chars() {
                if self.taken + columns(c) > self.width {
                    self.finish();
                }
                self.put(c.encode_utf8(&mut [0; 4]), columns(c));
            }
        }
    }

    fn put(&mut self, text: &str, length: usize) {
        if length > 0 {
            self.text.push_str(text);
            self.taken += length;
        }
    }

    fn finish(&mut self) {
        if self.taken > 0 {
            self.done.push(std::mem::take(&mut self.text));
            self.taken = 0;
        }
    }
}

/// Where a word of wide characters may be broken: before each of them that may begin a line.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before_wide = false;
    for (at, c) in word.char_indices() {
        let may_begin = !"、。，．・：；？！）」』】〕》〉ー々".contains(c) && c.width() != Some(0);
        if at > start && may_begin && (is_wide(c) || before_wide) {
            pieces.push(&word[start..at]);
            start = at;
        }
        before_wide = is_wide(c) && !"（「『【〔《〈".contains(c);
    }
    pieces.push(&word[start..]);
    pieces
}

fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}

/// Whether `word` holds an address, which must stay whole to be of use.
pub(super) fn is_address(word: &str) -> bool {
    word.contains("://") || word.contains("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_not_overfilled() {
        assert_eq!(wrap("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("aaaaaaaaaaaaaaaaaaaa b", 8), ["aaaaaaaa", "aaaaaaaa", "aaaa b"]);
        assert_eq!(
            wrap("see https://example.org/a/long/one there", 10),
            ["see", "https://example.org/a/long/one", "there"]
        );
        assert_eq!(wrap("", 10), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_spaces_are_broken_between_characters() {
        assert_eq!(
            wrap("稀土不是一种金属。", 8),
            ["稀土不是", "一种金属。"]
                .map(|l| l.to_owned())
                .to_vec()
                .into_iter()
                .flat_map(|l| wrap(&l, 8))
                .collect::<Vec<_>>()
        );
        assert!(wrap("稀土不是一种金属，而是十七种元素。", 12).iter().all(|line| measure(line) <= 12));
    }
}

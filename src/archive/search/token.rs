//! A text's words, folded to what they have in common with other spellings of theirs.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::article::latin;

/// Longer words are cut: nobody looks for more of them.
const LONGEST: usize = 48;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Letters, digits and the marks that are part of a letter only.
    pub folded: String,
    /// Its bytes in the text.
    pub place: Range<usize>,
}

/// The words of `text` in their order.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = chars.find(|&(_, c)| c.is_alphanumeric())?;
            let mut end = start + first.len_utf8();
            if !stands_alone(first) {
                while let Some((at, _)) = chars.next_if(|&(_, c)| continues(c)) {
                    end = at;
                }
                // An apostrophe at the end is a quotation mark.
                end = match chars.peek() {
                    Some(&(next, _)) => next,
                    None => text.len(),
                }
                .max(end);
                let word = text[start..end].trim_end_matches(is_apostrophe);
                end = start + word.len();
            } else {
                while let Some((at, c)) = chars.next_if(|&(_, c)| is_combining_mark(c)) {
                    end = at + c.len_utf8();
                }
            }
            let folded = fold(&text[start..end]);
            if !folded.is_empty() {
                return Some(Token { folded, place: start..end });
            }
        }
    })
}

fn continues(c: char) -> bool {
    (c.is_alphanumeric() && !stands_alone(c)) || is_combining_mark(c) || is_apostrophe(c) || is_unseen(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ')
}

/// Joiners, the soft hyphen, and the stroke that stretches Arabic words.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{640}' | '\u{200C}' | '\u{200D}' | '\u{2060}')
}

/// Whether `c` is of a script that writes no spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn fold(word: &str) -> String {
    let bare = word.nfkd().flat_map(char::to_lowercase).filter(|&c| !is_accent(c)).filter(|&c| {
        // What decomposition makes may be anything, a space among it.
        c.is_alphanumeric() || is_combining_mark(c)
    });
    let mut folded = String::with_capacity(word.len());
    for c in bare.nfc() {
        match latin(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(common_letter(c)),
        }
    }
    match folded.char_indices().nth(LONGEST) {
        Some((at, _)) => folded[..at].to_owned(),
        None => folded,
    }
}

/// Accents, vowel signs of Arabic and Hebrew; the marks of Indian scripts and of kana are part of their letter.
fn is_accent(c: char) -> bool {
    let class = canonical_combining_class(c);
    (class != 0 && !(7..=9).contains(&class)) || is_unseen(c)
}

/// Letters of Arabic and Persian that are written one for another, and digits, as the same.
fn common_letter(c: char) -> char {
    match c {
        '\u{649}' | '\u{6CC}' => '\u{64A}',
        '\u{629}' => '\u{647}',
        '\u{6A9}' => '\u{643}',
        '\u{671}' => '\u{627}',
        '\u{660}'..='\u{669}' => digit(c, '\u{660}'),
        '\u{6F0}'..='\u{6F9}' => digit(c, '\u{6F0}'),
        '\u{966}'..='\u{96F}' => digit(c, '\u{966}'),
        c => c,
    }
}

fn digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).map(|token| token.folded).collect()
    }

    #[test]
    fn words_are_what_their_spellings_have_in_common() {
        assert_eq!(words("Don’t “Rare-Earth” don't"), ["dont", "rare", "earth", "dont"]);
        assert_eq!(words("Übergröße, ÆRØ – Łódź İstanbul"), ["ubergrosse", "aero", "lodz", "istanbul"]);
        assert_eq!(words("naïve nai\u{308}ve NAÏVE"), ["naive"; 3]);
        assert_eq!(words("مُحَمَّد محمد محمـــد"), ["محمد"; 3]);
        assert_eq!(words("الأرض الارض إلى الى"), ["الارض", "الارض", "الي", "الي"]);
        assert_eq!(words("٢٠٢٥ ۲۰۲۵ 2025"), ["2025"; 3]);
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
        assert_eq!(words("稀土 がか"), ["稀", "土", "が", "か"]);
        assert_eq!(words("한국어"), ["한국어"]);
        assert_eq!(words("’tis 'quoted' $1,200.50 C++ ’ '' "), ["tis", "quoted", "1", "200", "50", "c"]);
        assert_eq!(words(&"x".repeat(500))[0].len(), LONGEST);
        assert!(words("… — ’’ \u{640}\u{200D}").is_empty());
    }

    #[test]
    fn a_word_stands_where_it_was_found() {
        let text = "A “naïve” 稀土’s don’t’";
        let found: Vec<&str> = tokens(text).map(|token| &text[token.place]).collect();
        assert_eq!(found, ["A", "naïve", "稀", "土", "s", "don’t"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words_of_letters_at_their_places(text in "\\PC{0,80}") {
            let mut last = 0;
            for token in tokens(&text) {
                proptest::prop_assert!(token.place.start >= last && token.place.end <= text.len());
                proptest::prop_assert!(text.get(token.place.clone()).is_some());
                proptest::prop_assert!(!token.folded.contains(['"', '\'', '\\', ' ', '<', ':', '*', '&']));
                last = token.place.end;
            }
        }
    }
}

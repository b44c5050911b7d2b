//! Where long words may be broken, so that nothing runs over the edge of a telephone.
//!
//! The CSS for it (`word-break`, `overflow-wrap`) is unknown to several mail programs, and so is `<wbr>`; two
//! characters are not: the zero-width space in addresses, code and numbers, the soft hyphen in words of letters only.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

/// A longer word of running text gets places to break at.
const LONGEST_WORD: usize = 20;
/// Code is copied, and a hidden character harms a copy: only what fits no telephone gets one.
const LONGEST_CODE: usize = 28;
/// In a table's cell room is scarcer; in each of so many columns there is room for so many letters on a telephone.
const LONGEST_WORDS_IN_CELL: [(usize, usize); 5] = [(8, 2), (7, 3), (6, 4), (5, 5), (4, 7)];
const LONGEST_WORD_IN_CELL: usize = 10;
/// What is longer and no word there is an address or code.
const LONGEST_NUMBER: usize = 14;
/// Digits that stay together.
const LONGEST_GROUP: usize = 3;
/// No part of a broken word of text is shorter, and as few as can be are longer: so many letters of a headline fit a telephone.
const PARTS: RangeInclusive<usize> = 4..=18;
/// In cells parts may be shorter: so many letters in tables of few columns, and in those of many.
const SHORTEST_PARTS_IN_CELL: [usize; 2] = [3, 2];
/// Consonants that are written together and stay so.
const ONE_SOUND: [&str; 20] = [
    "ch", "ck", "ph", "sh", "st", "th", "gh", "br", "cr", "dr", "fr", "gr", "kr", "pr", "tr", "bl", "cl",
    "fl", "gl", "pl",
];
/// What begins a syllable wherever it stands before a vowel, the longer ones first: of others the first consonant may be the last
/// of one word, and the second the first of the next.
const BEGINNINGS: [&str; 8] = ["schl", "schm", "schn", "schr", "schw", "sch", "ch", "ph"];
const LAST_LATIN: char = '\u{24F}';
/// The scripts above break without help, or not at all.
const LAST_SPACED_SCRIPT: char = '\u{052F}';

/// `html` with places to break at in its long words; tags, attributes and entities stay as they are.
pub(super) fn breakable(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut place = Place::default();
    let mut rest = html;
    while !rest.is_empty() {
        let text_ends = rest.find('<').unwrap_or(rest.len());
        let (text, tag) = rest.split_at(text_ends);
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end();
            put_word(&mut out, bare, &place);
            out.push_str(&word[bare.len()..]);
        }
        let tag_ends = tag.find('>').map_or(tag.len(), |at| at + 1);
        place.enter(&tag[..tag_ends]);
        out.push_str(&tag[..tag_ends]);
        rest = &tag[tag_ends..];
    }
    out
}

/// In which elements the text stands.
#[derive(Debug, Default)]
struct Place {
    cells: usize,
    code: usize,
    /// Of the table.
    columns: usize,
}

impl Place {
    /// Enters or leaves the element of `tag`.
    fn enter(&mut self, tag: &str) {
        if let Some((_, columns)) = tag.split_once("class=\"columns-").filter(|_| tag.starts_with("<table")) {
            let digits = columns.find(|c: char| !c.is_ascii_digit()).unwrap_or(columns.len());
            self.columns = columns[..digits].parse().unwrap_or(0);
        }
        let name = tag.trim_start_matches(['<', '/']).split([' ', '>', '\n']).next().unwrap_or_default();
        let depth = match name {
            "td" | "th" => &mut self.cells,
            "pre" | "code" | "kbd" => &mut self.code,
            _ => return,
        };
        *depth = if tag.starts_with("</") { depth.saturating_sub(1) } else { *depth + 1 };
    }
}

fn put_word(out: &mut String, word: &str, place: &Place) {
    let letters = letters(word);
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_prose = place.code == 0 && bare.chars().all(char::is_alphabetic);
    let limit = match place {
        Place { cells: 1.., columns, .. } => longest_in_cell(*columns),
        Place { code: 1.., .. } => LONGEST_CODE,
        Place { cells: 0, code: 0, .. } => LONGEST_WORD,
    };
    if letters.len() <= limit || letters.iter().any(|letter| is_of_another_script(letter)) {
        out.push_str(word);
        return;
    }
    // Behind its hyphens, those of its writer too, a word may be broken anyway: each part is one by itself.
    let joints = ['-', '\u{AD}'];
    let is_joined = bare.contains(joints) && bare.chars().all(|c| c.is_alphabetic() || joints.contains(&c));
    if place.code == 0 && is_joined {
        word.split_inclusive(joints).for_each(|part| put_word(out, part, place));
        return;
    }
    if place.cells > 0 && !is_prose && letters.len() <= LONGEST_NUMBER {
        put_number(out, &letters);
        return;
    }
    // The class holds a word on one line where one has room for it, so that it gets no hyphen that it does not need.
    let (opened, closed) =
        if place.cells > 0 && is_prose { ("<span class=\"n\">", "</span>") } else { ("", "") };
    out.push_str(opened);
    if is_prose && bare.chars().all(|c| c <= LAST_LATIN) {
        let parts = if place.cells > 0 { parts_in_cell(limit) } else { PARTS };
        put_syllables(out, &letters, &parts);
        out.push_str(closed);
        return;
    }
    let mark = if is_prose { "\u{AD}" } else { "\u{200B}" };
    let step = limit.div_ceil(2);
    let shortest_rest = step.min(4);
    let mut since = 0;
    for (n, letter) in letters.iter().enumerate() {
        out.push_str(letter);
        since += 1;
        let left = letters.len() - n - 1;
        let after_sign = letter.len() == 1 && b"/_-.?&=,;:".contains(&letter.as_bytes()[0]);
        let next_joins = letters.get(n + 1).is_some_and(|next| next.starts_with(is_combining));
        if left >= shortest_rest && !next_joins && (since >= step || (since >= 4 && after_sign)) {
            out.push_str(mark);
            since = 0;
        }
    }
    out.push_str(closed);
}

/// Words in Latin letters are broken where a hyphen stands most often: between the consonants of `vowel consonant | consonant
/// vowel`; where that leaves a part that is longer than `parts` are to be, before the last of several consonants, or those that
/// are one sound; then before the only one; and where none is, anywhere.
fn put_syllables(out: &mut String, letters: &[&str], parts: &RangeInclusive<usize>) {
    let (shortest, longest) = (*parts.start(), *parts.end());
    let sound =
        |at: Option<usize>| at.and_then(|at| letters.get(at)).map_or(Sound::None, |letter| Sound::of(letter));
    // They are of letters without marks.
    let is_written = |at: usize, sounds: &[&'static str]| {
        let is_letter = |(letter, byte): (&&str, u8)| letter.as_bytes().eq_ignore_ascii_case(&[byte]);
        let is_here = |sound: &&&str| {
            let there = letters.get(at..at + sound.len());
            there.is_some_and(|there| there.iter().zip(sound.bytes()).all(is_letter))
        };
        sounds.iter().find(is_here).map(|sound| sound.len())
    };
    let begins_syllable = |at: usize| {
        if sound(Some(at)) != Sound::Consonant {
            return false;
        }
        let reaches =
            |before: usize, sounds| is_written(before, sounds).is_some_and(|length| before + length > at);
        let is_parted = (at.saturating_sub(3)..at).any(|before| reaches(before, &BEGINNINGS))
            || (at > 0 && reaches(at - 1, &ONE_SOUND));
        let behind = at + is_written(at, &BEGINNINGS).unwrap_or(1);
        sound(Some(behind)) == Sound::Vowel && !is_parted
    };
    let last_of_several = |at: usize| sound(at.checked_sub(1)) == Sound::Consonant && begins_syllable(at);
    let before_one_sound = |at: usize| {
        let behind = is_written(at, &ONE_SOUND).map(|length| at + length);
        sound(at.checked_sub(1)) == Sound::Consonant
            && behind.is_some_and(|at| sound(Some(at)) == Sound::Vowel)
    };
    let between = |at: usize| sound(at.checked_sub(2)) == Sound::Vowel && last_of_several(at);
    let before = |at: usize| sound(at.checked_sub(1)) == Sound::Vowel && begins_syllable(at);
    let anywhere = |at: usize| !letters[at].starts_with(is_combining);
    let is_letter = |letter: &&str| Sound::of(letter) != Sound::None;
    let first = letters.iter().position(is_letter).unwrap_or_default();
    let end = letters.iter().rposition(is_letter).map_or(first, |last| last + 1);
    let mut ends = vec![first, end];
    let rules: [Rule<'_>; 5] = [
        (shortest, &between, shortest),
        (longest, &last_of_several, shortest),
        (longest, &before_one_sound, shortest),
        (longest, &before, shortest),
        (longest, &anywhere, longest.div_ceil(2)),
    ];
    for (longest, may_break, shortest_here) in rules {
        for part in ends.clone().windows(2).filter(|part| part[1] - part[0] > longest) {
            let mut last = part[0];
            for at in part[0] + shortest..=part[1] - shortest {
                if at - last >= shortest_here && may_break(at) {
                    ends.push(at);
                    last = at;
                }
            }
        }
        ends.sort_unstable();
    }
    for (at, letter) in letters.iter().enumerate() {
        out.push_str(if at > first && at < end && ends.binary_search(&at).is_ok() { "\u{AD}" } else { "" });
        out.push_str(letter);
    }
}

/// Where a part is longer than so much, it is broken where this says, into parts of so many letters at least.
type Rule<'r> = (usize, &'r dyn Fn(usize) -> bool, usize);

/// What a letter is for where words are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Vowel,
    Consonant,
    /// A sign, or a mark that belongs to the letter before it.
    None,
}

impl Sound {
    fn of(letter: &str) -> Self {
        let base = letter.nfd().next().unwrap_or_default().to_ascii_lowercase();
        match base {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'æ' | 'œ' | 'ø' | 'ı' => Sound::Vowel,
            base if base.is_alphabetic() => Sound::Consonant,
            _ => Sound::None,
        }
    }
}

/// A number may be broken between its groups, and within one that is longer than groups are; the style sheet knows the
/// class and holds it on one line where one has room for it.
fn put_number(out: &mut String, letters: &[&str]) {
    let is_sign = |letter: &str| !letter.chars().all(char::is_alphanumeric);
    // Its spaces become those of the usual kind, which show at no end of a line: the class holds them on one. Among words from
    // the right they would also turn it, but for the mark that it runs from the left; Arabic digits need theirs for that.
    let is_of_ours = |letter: &&str| letter.chars().all(|c| c.is_ascii() || !c.is_alphanumeric());
    let spaced = letters.contains(&"&nbsp;") && letters.iter().all(is_of_ours);
    out.push_str(if spaced { "<span class=\"n\">\u{200E}" } else { "<span class=\"n\">" });
    let mut rest = letters;
    while !rest.is_empty() {
        let next_sign = (1..rest.len()).find(|&at| is_sign(rest[at]));
        let space = next_sign.filter(|&at| spaced && rest[at] == "&nbsp;");
        let (group, behind) = match space {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => rest.split_at(next_sign.map_or(rest.len(), |at| at + 1)),
        };
        let parts = group.iter().filter(|letter| !is_sign(letter)).count().div_ceil(LONGEST_GROUP).max(1);
        for (n, part) in group.chunks(group.len().div_ceil(parts)).enumerate() {
            if n > 0 {
                out.push('\u{200B}');
            }
            part.iter().for_each(|letter| out.push_str(letter));
        }
        if space.is_some() {
            out.push(' ');
        } else if !behind.is_empty() {
            out.push('\u{200B}');
        }
        rest = behind;
    }
    out.push_str("</span>");
}

/// How long the parts of a word are in a cell whose words of more than `limit` letters are broken: each has a hyphen behind it,
/// and the letters of some are wide.
fn parts_in_cell(limit: usize) -> RangeInclusive<usize> {
    let longest = (limit * 7 / 8).max(1);
    let [of_few, of_many] = SHORTEST_PARTS_IN_CELL;
    let shortest = if limit == LONGEST_WORD_IN_CELL { of_few } else { of_many };
    shortest.min(longest.div_ceil(2))..=longest
}

fn longest_in_cell(columns: usize) -> usize {
    let known = LONGEST_WORDS_IN_CELL.iter().find(|(least, _)| columns >= *least);
    known.map_or(LONGEST_WORD_IN_CELL, |(_, longest)| *longest)
}

/// Characters, an entity counting as one.
fn letters(word: &str) -> Vec<&str> {
    let mut letters = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let entity = rest.find(';').filter(|end| first == '&' && *end < 10 && rest.is_char_boundary(end + 1));
        let (letter, behind) = rest.split_at(entity.map_or(first.len_utf8(), |end| end + 1));
        letters.push(letter);
        rest = behind;
    }
    letters
}

fn is_of_another_script(letter: &str) -> bool {
    letter.chars().any(|c| c > LAST_SPACED_SCRIPT && c.is_alphabetic())
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_words_change_and_tags_never() {
        let same = "<p>Short words, <a href=\"https://example.org/a/very/long/address/indeed\">here</a> &amp; there.</p>";
        assert_eq!(breakable(same), same);
    }

    #[test]
    fn addresses_and_code_break_at_their_signs_and_words_get_hyphens() {
        assert_eq!(
            breakable("<p>https://example.org/one_two_three/four</p>"),
            "<p>https:|//example.|org/|one_|two_|three/|four</p>".replace('|', "\u{200B}")
        );
        assert_eq!(
            breakable("<code>abcdefghijklmnopqrstuvwxyz0123456789</code>"),
            "<code>abcdefghijklmn\u{200B}opqrstuvwxyz01\u{200B}23456789</code>"
        );
    }

    #[test]
    fn words_are_broken_where_a_hyphen_stands_most_often() {
        for word in [
            "Donaudampf-schiff-fahrts-gesell-schaft.",
            "Schifffahrtsun-ternehmen",
            "Grundstücksver-kehrsgeneh-migung",
            "Geschwin-digkeitsbegren-zung,",
            "„Rechtsschutzver-sicherungs-gesell-schaften“",
            "electroen-cephalographically",
            "Über-wachungsmaß-nahmen",
            "Hono-rifi-cabi-litu-dini-tatibus",
        ] {
            let word = word.replace('-', "\u{AD}");
            assert_eq!(breakable(&word.replace('\u{AD}', "")), word);
        }
        // Nothing overflows where no rule of ours holds.
        let parts = breakable(&"Strč".repeat(12));
        assert!(parts.split('\u{AD}').all(|part| (4..=18).contains(&part.chars().count())), "{parts}");
    }

    #[test]
    fn words_are_broken_behind_their_own_hyphens_and_those_of_their_writer() {
        for same in ["Hafenrundfahrt-Gesellschaft", "Donau\u{AD}dampfschifffahrts\u{AD}gesellschaft"] {
            assert_eq!(breakable(same), same);
        }
        assert_eq!(
            breakable("<td>Hafenrundfahrt-Gesellschaft</td>"),
            "<td><span class=\"n\">Hafen|rund|fahrt-</span><span class=\"n\">Gesell|schaft</span></td>"
                .replace('|', "\u{AD}")
        );
    }

    #[test]
    fn words_of_cells_are_broken_between_syllables_too() {
        for (columns, word) in [
            (2, "Hafen-rund-fahrt-gesell-schaft"),
            (3, "Donau-dampf-schiff-fahrts-gesell-schaft"),
            (3, "Grund-stücks-ver-kehrs-geneh-migung,"),
            (3, "Pra-seo-dymium"),
            (4, "Pra-seo-dy-mium"),
            (4, "Lan-thanum"),
            (4, "Rechts-schutz-ver-si-che-rung"),
            (4, "Ge-schwin-dig-keits-begren-zung"),
            (4, "Was-ser-stands-mel-dung"),
            (5, "Neo-dy-mium"),
            (9, "W-h-e-a-t"),
        ] {
            let table =
                |word: &str| format!("<table class=\"columns-{columns}\"><tr><td>{word}</td></tr></table>");
            let broken = format!("<span class=\"n\">{}</span>", word.replace('-', "\u{AD}"));
            assert_eq!(breakable(&table(&word.replace('-', ""))), table(&broken));
        }
        // Whatever the word: with its hyphen no part is wider than a word that stays whole.
        for word in ["Strč".repeat(12), "Aeiou".repeat(9), "Schwindelerregenderweise".repeat(2)] {
            for columns in 1..=9 {
                let cell = format!("<table class=\"columns-{columns}\"><tr><td>{word}</td></tr></table>");
                let broken = breakable(&cell);
                let (_, parts) = broken.split_once("<span class=\"n\">").unwrap();
                let parts = parts.split("</span>").next().unwrap().split('\u{AD}');
                let longest = parts.map(|part| part.chars().count()).max().unwrap();
                assert!(longest < longest_in_cell(columns), "{columns}: {broken}");
            }
        }
    }

    #[test]
    fn cells_break_sooner_and_entities_stay_whole() {
        assert_eq!(breakable("<td>Lanthanum oxide</td>"), "<td>Lanthanum oxide</td>");
        assert_eq!(
            breakable("<td>Praseodymium</td>"),
            "<td><span class=\"n\">Pra\u{AD}seo\u{AD}dymium</span></td>"
        );
        let head = |columns| format!("<table class=\"columns-{columns}\"><tr><th>A</th></tr>");
        for (columns, cell) in [(3, "<td>Wheat</td>"), (6, "<td><span class=\"n\">Wh\u{AD}eat</span></td>")] {
            let broken = format!("{}<tr>{cell}</tr></table>", head(columns));
            let bare = broken.replace('\u{AD}', "").replace("<span class=\"n\">", "").replace("</span>", "");
            assert_eq!(breakable(&bare), broken);
        }
        for (number, broken) in [
            ("1&nbsp;234&nbsp;567", "\u{200E}1 234 567"),
            ("−1&nbsp;234", "\u{200E}−1 234"),
            ("١&nbsp;٢٣٤", "١&nbsp;|٢٣٤"),
            ("−1,234,567", "−1,|234,|567"),
            ("31/12/2026", "31/|12/|20|26"),
            ("234%", "234%"),
            ("12345", "123|45"),
            ("€1,234", "€1,|234"),
            ("Q3/2026", "Q3/|20|26"),
        ] {
            let row = |cell: &str| format!("{}<tr><td>{cell}</td></tr></table>", head(9));
            let broken = format!("<span class=\"n\">{}</span>", broken.replace('|', "\u{200B}"));
            assert_eq!(breakable(&row(number)), row(&broken));
        }
        assert_eq!(breakable("<td>1,234,567</td>"), "<td>1,234,567</td>");
        let entities = format!("{}tail", "a&amp;".repeat(12));
        assert_eq!(breakable(&entities).replace('\u{200B}', ""), entities);
        assert!(!breakable(&entities).contains("&\u{200B}"));
    }

    #[test]
    fn scripts_that_break_without_help_are_left_alone() {
        for text in ["稀土".repeat(40), "ภาษาไทย".repeat(9), "ქართული".repeat(5)]
        {
            assert_eq!(breakable(&text), text);
        }
    }
}

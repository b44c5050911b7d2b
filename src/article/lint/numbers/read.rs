//! Numbers written in digits.

use std::ops::Range;

use super::words::scale;

/// A number written in digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// Where it stands, its word of scale included.
    pub(super) at: Range<usize>,
    /// What it can mean: `1.234` is a thousand and more in one country, and little more than one in another.
    pub(super) values: Vec<f64>,
    /// What it means when it is read without what stands beside it: the 3 of `3 million`.
    pub(super) loosely: Vec<f64>,
    /// Digits behind the decimal point, and the scale, for each of `values`.
    steps: Vec<f64>,
    /// "About" and its kind stand before it.
    pub(super) is_about: bool,
    /// It is part of a date or an hour.
    pub(super) is_date: bool,
    /// It is part of a name: `A380`.
    pub(super) is_name: bool,
}

impl Number {
    /// The unit of the last digit that is written.
    pub(super) fn step(&self, value: f64) -> f64 {
        let at = self.values.iter().position(|other| *other == value).unwrap_or_default();
        self.steps.get(at).copied().unwrap_or(1.0)
    }
}

/// More numbers than this are no article's.
const MOST: usize = 20_000;
/// Longer ones are no numbers that people compare.
const LONGEST: usize = 40;

/// The numbers of `text`, in order.
pub(super) fn read(text: &str) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(|c: char| c.is_ascii_digit() || fraction(c).is_some()) {
        let start = at + found;
        if numbers.len() >= MOST {
            break;
        }
        if let Some((value, length)) =
            text[start..].chars().next().and_then(|c| Some((fraction(c)?, c.len_utf8())))
        {
            numbers.push(plain(start..start + length, vec![(value, 0.01)], text));
            at = start + length;
            continue;
        }
        let written = Written::at(text, start);
        at = written.end;
        written.add(text, &mut numbers);
    }
    share_scales(text, &mut numbers);
    numbers
}

fn fraction(c: char) -> Option<f64> {
    match c {
        '½' => Some(0.5),
        '¼' => Some(0.25),
        '¾' => Some(0.75),
        '⅓' => Some(0.33),
        '⅔' => Some(0.67),
        _ => None,
    }
}

fn plain(at: Range<usize>, values: Vec<(f64, f64)>, text: &str) -> Number {
    let (values, steps) = values.into_iter().unzip();
    let is_name = text[..at.start].chars().next_back().is_some_and(is_part_of_name);
    Number {
        is_about: is_about(&text[..at.start]),
        at,
        values,
        loosely: Vec::new(),
        steps,
        is_date: false,
        is_name,
    }
}

fn is_part_of_name(before: char) -> bool {
    before.is_alphabetic() || before == '_' || before == '#'
}

/// Groups of digits with what divides them.
struct Written<'a> {
    start: usize,
    end: usize,
    groups: Vec<&'a str>,
    dividers: Vec<char>,
}

impl<'a> Written<'a> {
    fn at(text: &'a str, start: usize) -> Self {
        let digits = |at: usize| text[at..].bytes().take_while(u8::is_ascii_digit).count();
        let first = digits(start);
        let mut written = Written {
            start,
            end: start + first,
            groups: vec![&text[start..start + first]],
            dividers: Vec::new(),
        };
        while let Some(divider) = text[written.end..].chars().next() {
            let next = written.end + divider.len_utf8();
            let length = digits(next);
            let joins = match divider {
                '.' | ',' | '\'' | '’' | '_' => length > 0,
                // `10 000`, and not `in 2025 300 people`.
                ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => {
                    length == 3
                        && written.groups[0].len() <= 3
                        && written.groups[1..].iter().all(|group| group.len() == 3)
                        && written.dividers.iter().all(|d| *d == divider)
                }
                _ => false,
            };
            if !joins || written.end - start > LONGEST {
                break;
            }
            written.groups.push(&text[next..next + length]);
            written.dividers.push(if divider == '’' { '\'' } else { divider });
            written.end = next + length;
        }
        written
    }

    /// What it can mean, each with the unit of its last digit; nothing when it is a date or a version.
    fn meanings(&self, text: &str) -> Vec<(f64, f64)> {
        let number = |whole: &[&str], decimals: &str| -> Option<(f64, f64)> {
            let decimals: String = decimals.chars().take(LONGEST).collect();
            let text = format!("{}.{decimals}0", whole.concat());
            let places = i32::try_from(decimals.len()).unwrap_or(i32::MAX);
            Some((text.parse().ok()?, 10_f64.powi(-places)))
        };
        let groups = &self.groups;
        let thousands =
            groups[0].len() <= 3 && !groups[0].is_empty() && groups[1..].iter().all(|group| group.len() == 3);
        let read = match self.dividers.as_slice() {
            [] => vec![number(groups, "")],
            // `am 4.3.`
            ['.'] if groups.iter().all(|group| group.len() <= 2) && text[self.end..].starts_with('.') => {
                let date = !text[self.end + 1..].starts_with([' ', '\n'])
                    || text[self.end + 1..].trim_start().starts_with(|c: char| !c.is_uppercase());
                if date { Vec::new() } else { vec![number(&groups[..1], groups[1])] }
            }
            // Nobody writes three noughts behind a decimal point.
            ['.' | ','] if thousands && groups[1] == "000" => vec![number(groups, "")],
            ['.' | ','] if thousands => vec![number(groups, ""), number(&groups[..1], groups[1])],
            ['.' | ','] => vec![number(&groups[..1], groups[1])],
            ['\'' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '_'] => vec![number(groups, "")],
            [first, rest @ ..] if rest.iter().all(|d| d == first) => {
                // `12,34,567` is Indian; `4.3.2026` is a date and `1.2.3` a version.
                let indian = *first == ',' && groups.last().is_some_and(|group| group.len() == 3);
                if thousands || indian { vec![number(groups, "")] } else { Vec::new() }
            }
            [.., '.' | ','] => {
                let (decimals, whole) = groups.split_last().expect("there are two groups and more");
                vec![number(whole, decimals)]
            }
            _ => Vec::new(),
        };
        read.into_iter().flatten().collect()
    }

    fn add(self, text: &str, numbers: &mut Vec<Number>) {
        let meanings = self.meanings(text);
        let is_name = text[..self.start].chars().next_back().is_some_and(is_part_of_name)
            // `COVID-19`, and not `minus -19`.
            || text[..self.start].strip_suffix('-').is_some_and(|b| b.ends_with(char::is_alphabetic))
            // Round the clock, and nothing that a text counts.
            || self.groups == ["24"] && text[self.end..].starts_with("/7")
            || self.groups == ["7"] && text[..self.start].ends_with("24/");
        if meanings.is_empty() {
            let mut at = self.start;
            for group in &self.groups {
                let range = at..at + group.len();
                at = range.end + text[range.end..].chars().next().map_or(0, char::len_utf8);
                let value: f64 = group.parse().unwrap_or_default();
                numbers.push(Number { is_date: true, is_name, ..plain(range, vec![(value, 1.0)], text) });
            }
            return;
        }
        let mut number = Number { is_name, ..plain(self.start..self.end, meanings, text) };
        let after = &text[self.end..];
        if let Some((factors, length, sure)) = scale(after) {
            number.loosely.clone_from(&number.values);
            let scaled: Vec<(f64, f64)> = number
                .values
                .iter()
                .zip(&number.steps)
                .flat_map(|(value, step)| factors.iter().map(move |factor| (value * factor, step * factor)))
                .collect();
            if sure {
                number.values.clear();
                number.steps.clear();
            }
            number.values.extend(scaled.iter().map(|(value, _)| value));
            number.steps.extend(scaled.iter().map(|(_, step)| step));
            number.at.end += length;
        }
        self.dates(text, &mut number);
        numbers.push(number);
    }

    /// Hours, years and parts of dates.
    fn dates(&self, text: &str, number: &mut Number) {
        let (before, after) = (&text[..self.start], &text[self.end..]);
        let digit = |c: char| c.is_ascii_digit();
        let behind = |sign: char| before.strip_suffix(sign).is_some_and(|b| b.ends_with(digit));
        let ahead = |sign: char| after.strip_prefix(sign).is_some_and(|a| a.starts_with(digit));
        let Some(&value) = number.values.first().filter(|_| self.dividers.is_empty()) else { return };
        number.is_date |= ['/', '-', ':'].into_iter().any(|sign| behind(sign) || ahead(sign));
        // The minutes of `7:00`.
        if behind(':') && value == 0.0 {
            number.is_name = true;
        }
        let word = after.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let word: String = word.chars().take(4).collect::<String>().to_lowercase();
        let evening = word.starts_with("pm") || word.starts_with("p.m");
        let hour = ahead(':')
            || evening
            || word.starts_with("uhr")
            || word.starts_with("am")
            || word.starts_with("a.m");
        let mut add = |value: f64| {
            number.values.push(value);
            number.steps.push(0.0);
        };
        if evening && value < 12.0 {
            add(value + 12.0);
        } else if hour && (13.0..24.0).contains(&value) {
            add(value - 12.0);
        }
        if before.ends_with(['\'', '’']) && self.groups[0].len() == 2 {
            add(2000.0 + value);
            add(1900.0 + value);
        }
    }
}

/// Gives the 3 of `3 to 5 million` its millions.
fn share_scales(text: &str, numbers: &mut [Number]) {
    for second in (1..numbers.len()).rev() {
        let (left, right) = numbers.split_at_mut(second);
        let (Some(left), Some(right)) = (left.last_mut(), right.first()) else { continue };
        let between = text[left.at.end..right.at.start].trim().trim_end_matches(['$', '€', '£']).trim();
        let joins = ["-", "–", "—", "and", "to", "or", "bis", "und", "oder"].contains(&between);
        if !joins || right.loosely.is_empty() || !left.loosely.is_empty() {
            continue;
        }
        let factors: Vec<f64> = right
            .loosely
            .first()
            .filter(|loose| **loose != 0.0)
            .map(|loose| right.values.iter().map(|value| value / loose).collect())
            .unwrap_or_default();
        let scaled: Vec<f64> =
            left.values.iter().flat_map(|value| factors.iter().map(move |factor| value * factor)).collect();
        left.steps.extend(scaled.iter().map(|_| 0.0));
        left.values.extend(scaled);
    }
}

/// Whether what stands before a number says that it is not exact.
fn is_about(before: &str) -> bool {
    const WORDS: [&str; 26] = [
        "about",
        "around",
        "some",
        "nearly",
        "almost",
        "over",
        "than",
        "roughly",
        "approximately",
        "circa",
        "ca",
        "under",
        "to",
        "least",
        "most",
        "rund",
        "etwa",
        "fast",
        "knapp",
        "über",
        "ungefähr",
        "circa",
        "beinahe",
        "als",
        "gut",
        "unter",
    ];
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '$' | '€' | '£' | '¥'));
    if before.ends_with(['~', '≈', '>', '<']) {
        return true;
    }
    let before = before.trim_end_matches('.');
    let word: String = before.chars().rev().take_while(|c| c.is_alphabetic()).take(16).collect();
    let word: String = word.chars().rev().collect::<String>().to_lowercase();
    WORDS.contains(&word.as_str())
}

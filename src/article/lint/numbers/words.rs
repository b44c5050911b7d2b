//! Numbers written in words, in English and German.

/// What a word behind a number multiplies it by: the factors that can be meant, its length with the space before it,
/// and whether it can mean nothing else.
pub(super) fn scale(after: &str) -> Option<(&'static [f64], usize, bool)> {
    let rest = after.trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{2009}', '-']);
    let gap = after.len() - rest.len();
    if gap > 4 {
        return None;
    }
    let far_east: Option<&[f64]> = match rest.chars().next() {
        Some('万') => Some(&[1e4]),
        Some('億' | '亿') => Some(&[1e8]),
        _ => None,
    };
    if let Some(factors) = far_east {
        return Some((factors, gap + '万'.len_utf8(), true));
    }
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).take(14).collect();
    let factors: (&[f64], bool) = match (word.to_lowercase().as_str(), gap) {
        ("k", 0) => (&[1e3], false),
        ("m", 0) => (&[1e6], false),
        ("b", 0) => (&[1e9], false),
        ("t", 0) => (&[1e12], false),
        ("hundred" | "hundert", _) => (&[1e2], true),
        ("dozen" | "dutzend", _) => (&[12.0], true),
        ("thousand" | "thousands" | "tausend" | "tsd", _) => (&[1e3], true),
        ("lakh" | "lakhs", _) => (&[1e5], true),
        ("mn" | "mln" | "mio" | "million" | "millions" | "millionen", _) => (&[1e6], true),
        ("crore" | "crores", _) => (&[1e7], true),
        ("bn" | "bln" | "mrd" | "milliarde" | "milliarden" | "billions", _) => (&[1e9], true),
        // The German billion is the English trillion.
        ("billion", _) => (&[1e9, 1e12], true),
        ("billionen" | "tn" | "trn" | "trillion" | "trillions", _) => (&[1e12], true),
        _ => return None,
    };
    Some((factors.0, gap + word.len(), factors.1))
}

/// What a single word says, and whether it may have a unit behind it: `twenty-one`.
fn value(word: &str) -> Option<f64> {
    Some(match word {
        "zero" | "null" => 0.0,
        "one" | "first" | "once" | "single" | "ein" | "eins" | "eine" | "einen" | "einem" | "einer"
        | "erste" | "ersten" | "erster" | "erstes" => 1.0,
        "two" | "second" | "twice" | "double" | "doubled" | "doubles" | "doubling" | "both" | "pair"
        | "zwei" | "zweite" | "zweiten" | "zweiter" | "doppelt" | "verdoppelt" | "beide" | "beiden" => 2.0,
        "three" | "third" | "triple" | "tripled" | "thrice" | "drei" | "dritte" | "dritten" | "dritter"
        | "verdreifacht" => 3.0,
        "four" | "fourth" | "quadruple" | "quadrupled" | "vier" | "vierte" | "vierten" | "vervierfacht" => {
            4.0
        }
        "five" | "fifth" | "fünf" | "fünfte" | "fünften" => 5.0,
        "six" | "sixth" | "sechs" | "sechste" | "sechsten" => 6.0,
        "seven" | "seventh" | "sieben" | "siebte" | "siebten" => 7.0,
        "eight" | "eighth" | "acht" | "achte" | "achten" => 8.0,
        "nine" | "ninth" | "neun" | "neunte" | "neunten" => 9.0,
        "ten" | "tenth" | "decade" | "zehn" | "zehnte" | "zehnten" | "jahrzehnt" => 10.0,
        "eleven" | "eleventh" | "elf" | "elfte" | "elften" => 11.0,
        "twelve" | "twelfth" | "dozen" | "zwölf" | "zwölfte" | "zwölften" | "dutzend" | "noon" => 12.0,
        "thirteen" | "dreizehn" => 13.0,
        "fourteen" | "vierzehn" => 14.0,
        "fifteen" | "fünfzehn" => 15.0,
        "sixteen" | "sechzehn" => 16.0,
        "seventeen" | "siebzehn" => 17.0,
        "eighteen" | "achtzehn" => 18.0,
        "nineteen" | "neunzehn" => 19.0,
        "twenty" | "zwanzig" => 20.0,
        "thirty" | "dreißig" | "dreissig" => 30.0,
        "forty" | "vierzig" => 40.0,
        "fifty" | "fünfzig" => 50.0,
        "sixty" | "sechzig" => 60.0,
        "seventy" | "siebzig" => 70.0,
        "eighty" | "achtzig" => 80.0,
        "ninety" | "neunzig" => 90.0,
        _ => return None,
    })
}

fn factor(word: &str) -> Option<f64> {
    Some(match word {
        "hundred" | "hundreds" | "hundert" | "hunderte" | "century" | "jahrhundert" => 1e2,
        "thousand" | "thousands" | "tausend" | "tausende" => 1e3,
        "million" | "millions" | "millionen" => 1e6,
        "billion" | "billions" | "milliarde" | "milliarden" => 1e9,
        "trillion" | "trillions" | "billionen" => 1e12,
        _ => return None,
    })
}

/// Parts of a whole, and what they are in percent.
fn parts(word: &str) -> &'static [f64] {
    match word {
        "half" | "halves" | "halved" | "halving" | "hälfte" | "halb" | "halbe" | "halbiert" => &[0.5, 50.0],
        "third" | "thirds" | "drittel" => &[33.0, 33.3, 67.0, 66.0, 66.7],
        "quarter" | "quarters" | "viertel" => &[0.25, 25.0, 75.0],
        "fifth" | "fifths" | "fünftel" => &[20.0, 40.0, 60.0, 80.0],
        "tenth" | "tenths" | "zehntel" => &[10.0],
        "double" | "doubled" | "doubles" | "verdoppelt" => &[100.0],
        _ => &[],
    }
}

fn month(word: &str) -> Option<f64> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "jan", "januar", "jänner"],
        &["february", "feb", "februar"],
        &["march", "mar", "märz"],
        &["april", "apr"],
        &["may", "mai"],
        &["june", "jun", "juni"],
        &["july", "jul", "juli"],
        &["august", "aug"],
        &["september", "sep", "sept"],
        &["october", "oct", "oktober", "okt"],
        &["november", "nov"],
        &["december", "dec", "dezember", "dez"],
    ];
    (1_u8..).zip(MONTHS).find(|(_, names)| names.contains(&word)).map(|(number, _)| f64::from(number))
}

/// `einundzwanzig`, `zweihundert`, `dreitausend`.
fn german(word: &str) -> Option<f64> {
    if let Some((unit, tens)) = word.split_once("und")
        && let (Some(unit), Some(tens)) = (value(unit), value(tens))
    {
        return Some(unit + tens);
    }
    for (end, factor) in [("hundert", 1e2), ("tausend", 1e3)] {
        if let Some(count) = word.strip_suffix(end).and_then(value) {
            return Some(count * factor);
        }
    }
    None
}

/// Adds every number that `text` says in words, and its months.
pub(super) fn spelt(text: &str, values: &mut Vec<f64>, of_dates: &mut Vec<f64>) {
    let mut last: Option<f64> = None;
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        // Long ones are no number words, and most words are not looked up.
        if word.len() > 24 || word.starts_with(|c: char| c.is_ascii_digit()) {
            last = None;
            continue;
        }
        of_dates.extend(month(word));
        values.extend(parts(word));
        let said = value(word).or_else(|| german(word));
        last = match (said, factor(word), last) {
            (Some(unit), _, Some(tens)) if unit < 10.0 && tens >= 20.0 && tens % 10.0 == 0.0 => {
                Some(tens + unit)
            }
            (Some(said), ..) => Some(said),
            (None, Some(factor), Some(count)) => Some(count * factor),
            (None, Some(factor), None) => Some(factor),
            // `two and a half`, `one hundred and five` go on.
            (None, None, last) => last.filter(|_| word == "and" || word == "a"),
        };
        values.extend(said);
        values.extend(last);
    }
}

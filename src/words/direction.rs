//! How a text runs: from the left or from the right.

use super::dates::primary;

/// How a text in `language` (BCP 47) runs: `ltr` or `rtl`.
#[must_use]
pub fn of_language(language: &str) -> &'static str {
    let mut subtags = language.split('-').skip(1);
    let rtl_script = |s: &str| ["arab", "hebr", "syrc", "thaa", "nkoo", "adlm"].contains(&s);
    match subtags.find(|s| s.len() == 4).map(str::to_lowercase) {
        Some(script) if rtl_script(&script) => return "rtl",
        Some(_) => return "ltr",
        None => {}
    }
    match primary(language).as_str() {
        "ar" | "he" | "iw" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" | "ckb" | "syr" | "arc" => "rtl",
        _ => "ltr",
    }
}

/// How most of the letters of `text` run; none when it has no letter.
#[must_use]
pub fn of_text(text: &str) -> Option<&'static str> {
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    let right_to_left = letters().filter(|c| is_right_to_left(*c)).count();
    match letters().count() {
        0 => None,
        all if 2 * right_to_left > all => Some("rtl"),
        _ => Some("ltr"),
    }
}

/// How `text` runs, when not as `around` it and all says so, its first letter and most of its letters: an abbreviation that
/// begins it turns nothing.
#[must_use]
pub fn turned_within(text: &str, around: &str) -> Option<&'static str> {
    let first = text.chars().find(|c| c.is_alphabetic())?;
    let own = if is_right_to_left(first) { "rtl" } else { "ltr" };
    (own != around && of_text(text) == Some(own)).then_some(own)
}

/// Whether it is of a block that Unicode keeps for scripts from right to left (`Bidi_Class` R and AL).
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_outweighs_the_language_in_the_direction() {
        for (language, dir) in
            [("en-US", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("az-Arab", "rtl"), ("ur-Latn", "ltr")]
        {
            assert_eq!(of_language(language), dir, "{language}");
        }
    }

    #[test]
    fn most_letters_say_how_a_text_runs() {
        for (text, dir) in [
            ("The tide turns", Some("ltr")),
            ("أوبك: OPEC ترفع الإنتاج", Some("rtl")),
            ("Prices in الرياض rose", Some("ltr")),
            ("שלום", Some("rtl")),
            ("2026: 45 %", None),
            ("", None),
        ] {
            assert_eq!(of_text(text), dir, "{text}");
        }
    }
}

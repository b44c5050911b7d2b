//! Superscript, subscript and struck text where there is no markup: `10⁶`, `H₂O`, `e^(iπ)`, and a correction as it now reads.

use super::tree::Style;

/// Stands where struck text stood, until it is known what stands around; content never has it.
pub(super) const STRUCK: char = '\u{E002}';
/// Endings of numbers and words, which are raised for their looks: `1st` says what it should.
const ENDINGS: [&str; 13] =
    ["st", "nd", "rd", "th", "er", "ers", "re", "res", "me", "lle", "nde", "TM", "SM"];
const RAISED: &str = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾nⁿiⁱeᵉ";
const LOWERED: &str = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑoₒxₓhₕkₖlₗmₘnₙpₚsₛtₜ";

/// `text` as it is raised or lowered: in characters that are where each has one, else as it is typed.
pub(super) fn set(style: Style, text: &str) -> String {
    let text = text.trim();
    let (pairs, sign) = match style {
        Style::Superscript if ENDINGS.contains(&text) => return text.to_owned(),
        Style::Superscript => (RAISED, '^'),
        _ => (LOWERED, '_'),
    };
    let one = |c: char| {
        let mut both = pairs.chars();
        while let (Some(usual), Some(set)) = (both.next(), both.next()) {
            if usual == c {
                return Some(set);
            }
        }
        None
    };
    match text.chars().map(one).collect::<Option<String>>() {
        Some(set) => set,
        None if text.chars().nth(1).is_none() => format!("{sign}{text}"),
        None => format!("{sign}({text})"),
    }
}

/// `text` without what was struck, and without the space that this leaves too many.
pub(super) fn without_struck(text: &str) -> String {
    let mut parts = text.split(STRUCK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let part = if out.is_empty() || out.ends_with([' ', '\n', '(', '[', '“', '„', '«']) {
            part.trim_start_matches(' ')
        } else {
            part
        };
        if part.is_empty() || part.starts_with(['.', ',', ';', ':', '!', '?', ')', '\n', '…', '”']) {
            out.truncate(out.trim_end_matches(' ').len());
        }
        out.push_str(part);
    }
    out
}

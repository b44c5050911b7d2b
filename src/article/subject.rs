//! How long a subject line may be, in characters: the one source for the lint, the preview, the report of sizes and the
//! letters to editors.

use std::ops::RangeInclusive;

/// What is read best: telephones show all of it, and it says enough.
pub const BEST: RangeInclusive<usize> = 30..=50;

/// What inboxes on a desk show; more is cut.
pub const LONGEST: usize = 70;

/// What inboxes make of a subject by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectLength {
    /// It has room to say more.
    Short,
    /// As it is read best.
    Good,
    /// Telephones cut it.
    Long,
    /// Every inbox cuts it.
    Cut,
}

impl SubjectLength {
    /// Measures a subject, or a title that is to be one.
    #[must_use]
    pub fn of(subject: &str) -> Self {
        match subject.chars().count() {
            length if length < *BEST.start() => SubjectLength::Short,
            length if length <= *BEST.end() => SubjectLength::Good,
            length if length <= LONGEST => SubjectLength::Long,
            _ => SubjectLength::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rules;

    #[test]
    fn a_subject_is_measured_in_characters() {
        for (length, of) in [
            (0, SubjectLength::Short),
            (29, SubjectLength::Short),
            (30, SubjectLength::Good),
            (50, SubjectLength::Good),
            (51, SubjectLength::Long),
            (70, SubjectLength::Long),
            (71, SubjectLength::Cut),
        ] {
            assert_eq!(SubjectLength::of(&"ß".repeat(length)), of, "{length}");
        }
    }

    #[test]
    fn the_rules_say_these_lengths() {
        let says = |rule: &str| rules::find(rule).unwrap().finds;
        assert!(says("long-title").contains(&format!("more than {LONGEST} characters")));
        let best = format!("fewer than {} or more than {} characters", BEST.start(), BEST.end());
        assert!(says("subject-length").contains(&best));
    }
}

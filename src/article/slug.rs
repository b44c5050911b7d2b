//! Slugs: the stable names of articles.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// Longer slugs make addresses that mail programs wrap.
const LONGEST: usize = 80;

/// The stable name of an article: lower-case ASCII letters, digits and single hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Slug(String);

impl Slug {
    /// The slug as it stands in addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The slug that `text` makes: `Rare Earths aren’t “a Metal.”` becomes `rare-earths-arent-a-metal`.
    ///
    /// Letters lose their accents (`Ärger` becomes `arger`). `None` when most letters are of a script other than
    /// Latin, or none are left.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let mut slug = String::new();
        let mut lost = 0;
        for c in text.nfkd().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' => slug.push(c),
                '\'' | '’' | '‘' | 'ʼ' | '′' => {}
                _ if is_mark(c) => {}
                _ => match latin(c) {
                    Some(letters) => slug.push_str(letters),
                    None => {
                        lost += usize::from(c.is_alphabetic());
                        if !slug.is_empty() && !slug.ends_with('-') {
                            slug.push('-');
                        }
                    }
                },
            }
        }
        let kept = slug.bytes().filter(|&b| b != b'-').count();
        if kept == 0 || lost > kept {
            return None;
        }
        if slug.len() > LONGEST {
            let cut = slug[..=LONGEST].rfind('-').unwrap_or(LONGEST);
            slug.truncate(cut);
        }
        slug.truncate(slug.trim_end_matches('-').len());
        Some(Slug(slug))
    }

    /// The slug of an article that names none: of its title, else of its file's name, else a hash of the title.
    #[must_use]
    pub fn of_title(title: &str, file_stem: &str) -> Self {
        Slug::of_text(title).or_else(|| Slug::of_text(file_stem)).unwrap_or_else(|| {
            let hash = digest(&SHA256, title.as_bytes());
            let hex: String = hash.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            Slug(format!("article-{hex}"))
        })
    }
}

/// Combining marks, which decomposition splits off.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
}

/// Latin letters that Unicode does not decompose.
pub(crate) fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        'ŋ' => "n",
        'ŧ' => "t",
        'ə' => "e",
        _ => return None,
    })
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(SlugError::TooLong);
        }
        let fits = text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if fits { Ok(Slug(text.to_owned())) } else { Err(SlugError::Shape(text.to_owned())) }
    }
}

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Other letters than those allowed.
    #[error("`{0}` is no slug: it holds lower-case letters a to z, digits and single hyphens between them")]
    Shape(String),
    /// Over 80 bytes.
    #[error("a slug has at most {LONGEST} letters")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typographic_titles_make_plain_slugs() {
        for (title, slug) in [
            ("Rare Earths aren’t “a Metal.”", "rare-earths-arent-a-metal"),
            ("Ärger über Öl — eine Straße", "arger-uber-ol-eine-strasse"),
            ("Łódź, São Tomé & Ærø", "lodz-sao-tome-aero"),
            ("  3.8 — or 28.7?  ", "3-8-or-28-7"),
            ("ﬁne ①", "fine-1"),
        ] {
            assert_eq!(Slug::of_text(title).map(|s| s.to_string()).as_deref(), Some(slug), "{title}");
        }
    }

    #[test]
    fn other_scripts_fall_back_to_the_file_then_to_a_hash() {
        assert_eq!(Slug::of_title("Редкие земли", "rare-earths").as_str(), "rare-earths");
        let hashed = Slug::of_title("Редкие земли", "редкие");
        assert!(hashed.as_str().starts_with("article-"), "{hashed}");
        assert_eq!(hashed, Slug::of_title("Редкие земли", "другое"));
    }

    #[test]
    fn what_is_no_slug_is_refused() {
        for text in ["", "-a", "a-", "a--b", "A", "a b", "ä", "a/b", "..", &"a".repeat(81)] {
            assert!(text.parse::<Slug>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_of_a_slug_is_itself(title in ".{0,120}") {
            let slug = Slug::of_title(&title, "file");
            prop_assert_eq!(slug.as_str().parse::<Slug>(), Ok(slug.clone()));
            let again = Slug::of_text(slug.as_str());
            prop_assert_eq!(again, Some(slug));
        }
    }
}

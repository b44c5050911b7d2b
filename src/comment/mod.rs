//! What readers say about an article, and whether it is shown.

mod html;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::article::Slug;
use crate::subscriber::{AddressError, EmailAddress};

pub use html::html;

/// How long a name may be, in characters.
pub const NAME_LIMIT: usize = 80;
/// How long a comment may be, in characters.
pub const TEXT_LIMIT: usize = 5_000;

/// The store's number of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommentId(pub i64);

impl fmt::Display for CommentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a comment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moderation {
    /// Nobody has looked at it: it is not shown.
    Pending,
    /// It is shown.
    Approved,
    /// It stays out.
    Rejected,
}

impl Moderation {
    /// All of them, as a comment goes through them.
    pub const ALL: [Moderation; 3] = [Moderation::Pending, Moderation::Approved, Moderation::Rejected];

    /// The word of the store, the command line and the pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Moderation::Pending => "pending",
            Moderation::Approved => "approved",
            Moderation::Rejected => "rejected",
        }
    }
}

impl FromStr for Moderation {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Moderation::ALL.into_iter().find(|moderation| moderation.as_str() == word).ok_or(())
    }
}

/// A comment as it stands in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// The store's number.
    pub id: CommentId,
    /// On which article.
    pub slug: String,
    /// What its author is called; shown.
    pub name: String,
    /// Where its author is reached; never shown on a page.
    pub email: EmailAddress,
    /// As its author wrote it: Markdown, of which [`html`] keeps the harmless part.
    pub text: String,
    /// Whether it is shown.
    pub moderation: Moderation,
    /// When it was sent.
    pub made_at: DateTime<Utc>,
    /// When the moderators were written to, if they were.
    pub told_at: Option<DateTime<Utc>>,
    /// When a person decided, if one did.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A comment that may be kept: each field is within its limits, and none has a character that only deceives.
#[derive(Debug, Clone, PartialEq)]
pub struct NewComment {
    slug: Slug,
    name: String,
    email: EmailAddress,
    text: String,
}

/// What is wrong with the fields of a comment; at least one is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// With the name.
    pub name: Option<NameFault>,
    /// With the address.
    pub email: Option<EmailFault>,
    /// With the comment itself.
    pub text: Option<TextFault>,
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// There is none.
    Missing,
    /// It has more than [`NAME_LIMIT`] characters.
    TooLong,
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailFault {
    /// There is none.
    Missing,
    /// It is no address.
    Invalid(AddressError),
}

/// What is wrong with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// There is none.
    Missing,
    /// It has more than [`TEXT_LIMIT`] characters.
    TooLong,
}

impl NewComment {
    /// Checks what a form sent.
    ///
    /// # Errors
    /// With what is wrong with each field.
    pub fn parse(slug: Slug, name: &str, email: &str, text: &str) -> Result<Self, Faults> {
        let name = checked_name(name);
        let email = match email.trim() {
            "" => Err(EmailFault::Missing),
            email => email.parse().map_err(EmailFault::Invalid),
        };
        let text = checked_text(text);
        match (name, email, text) {
            (Ok(name), Ok(email), Ok(text)) => Ok(NewComment { slug, name, email, text }),
            (name, email, text) => Err(Faults { name: name.err(), email: email.err(), text: text.err() }),
        }
    }

    /// On which article.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// What its author is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its author is reached.
    #[must_use]
    pub fn email(&self) -> &EmailAddress {
        &self.email
    }

    /// Markdown, lines ending in LF.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn checked_name(written: &str) -> Result<String, NameFault> {
    let name = without_deceit(written).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(NameFault::Missing);
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(NameFault::TooLong);
    }
    Ok(name)
}

fn checked_text(written: &str) -> Result<String, TextFault> {
    // A form sends CRLF, whatever was typed (WHATWG HTML, form submission).
    let text = without_deceit(&written.replace("\r\n", "\n").replace('\r', "\n"));
    let text = text.trim_matches('\n').trim_end();
    if text.trim().is_empty() {
        return Err(TextFault::Missing);
    }
    if text.chars().count() > TEXT_LIMIT {
        return Err(TextFault::TooLong);
    }
    Ok(text.to_owned())
}

/// Without controls, and without what turns the direction of the text around it or shows as nothing.
fn without_deceit(text: &str) -> String {
    text.chars().filter(|&c| !deceives(c)).collect()
}

fn deceives(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, email: &str, text: &str) -> Result<NewComment, Faults> {
        NewComment::parse(Slug::of_text("tide").unwrap(), name, email, text)
    }

    #[test]
    fn each_field_is_told_what_is_wrong_with_it() {
        assert_eq!(
            parse(" ", "", "\r\n \n").unwrap_err(),
            Faults {
                name: Some(NameFault::Missing),
                email: Some(EmailFault::Missing),
                text: Some(TextFault::Missing)
            }
        );
        assert_eq!(
            parse(&"x".repeat(81), "ann@example.org", &"é".repeat(5_001)).unwrap_err(),
            Faults { name: Some(NameFault::TooLong), email: None, text: Some(TextFault::TooLong) }
        );
        assert!(matches!(
            parse("Ann", "ann", "Hello").unwrap_err().email,
            Some(EmailFault::Invalid(AddressError::Shape))
        ));
        let longest = parse(&"é".repeat(80), "ann@example.org", &"é".repeat(5_000));
        assert!(longest.is_ok());
    }

    #[test]
    fn what_only_deceives_is_taken_out() {
        let comment =
            parse("An\u{202E}n\r\nBcc: x", "ann@example.org", "One\r\n\r\ntwo\0\u{200B}\r\n").unwrap();
        assert_eq!(comment.name(), "Ann Bcc: x");
        assert_eq!(comment.text(), "One\n\ntwo");
        assert_eq!(parse("\u{200B}", "ann@example.org", "Hi").unwrap_err().name, Some(NameFault::Missing));
    }

    #[test]
    fn indented_code_keeps_its_first_line() {
        assert_eq!(parse("Ann", "ann@example.org", "\n    let x;\n").unwrap().text(), "    let x;");
    }
}

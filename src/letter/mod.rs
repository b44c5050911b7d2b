//! Single letters to one person: confirm, welcome, goodbye, alarm.

mod compose;
mod templates;

use chrono::NaiveDate;
use serde::Serialize;

pub use compose::{Letter, compose};
pub use templates::Templates;

/// What a letter to a reader is about; each has its subject, HTML and text among the templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody gave this address: was it its owner?
    Confirm,
    /// Somebody gave the address of one who is subscribed already.
    Already,
    /// They are subscribed now.
    Welcome,
    /// They have left.
    Goodbye,
    /// A reader wants their mail at this address: is it theirs?
    NewAddress,
    /// To the old address: the mail goes to another from now on.
    Moved,
    /// All that is known of them.
    Data,
    /// To a moderator: somebody said this; is it shown?
    Comment,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Confirm,
        Kind::Already,
        Kind::Welcome,
        Kind::Goodbye,
        Kind::NewAddress,
        Kind::Moved,
        Kind::Data,
        Kind::Comment,
    ];

    /// What its templates are called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Confirm => "confirm",
            Kind::Already => "already",
            Kind::Welcome => "welcome",
            Kind::Goodbye => "goodbye",
            Kind::NewAddress => "new_address",
            Kind::Moved => "moved",
            Kind::Data => "data",
            Kind::Comment => "comment",
        }
    }
}

/// What a letter says of its reader; the templates' `reader` and `link`.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// What they want to be called.
    pub name: Option<String>,
    /// Where the letter's button leads.
    pub url: String,
    /// Until when that works.
    pub until: Option<NaiveDate>,
    /// Where they change what they get.
    pub preferences_url: Option<String>,
    /// Where they leave, when they are subscribed; stands in the header too.
    pub unsubscribe_url: Option<String>,
    /// What has gone out last.
    pub latest: Option<Latest>,
    /// The address that it is about, when it is not the letter's own.
    pub address: Option<String>,
    /// Whether the latest edition comes by itself.
    pub sends_latest: bool,
    /// A file that travels with it: its name and its text (JSON).
    pub attachment: Option<(String, String)>,
    /// The comment that it is about.
    pub comment: Option<Said>,
}

/// A comment, as a letter to a moderator quotes it.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// The title of the article.
    pub article: String,
    /// Where the article is read.
    pub article_url: String,
    /// What its author is called.
    pub author: String,
    /// Its text as written, a line each.
    pub lines: Vec<String>,
    /// Where it is kept out; the letter's button leads to where it is approved.
    pub reject_url: String,
}

/// What has gone out last.
#[derive(Debug, Clone, Serialize)]
pub struct Latest {
    /// Its subject.
    pub title: String,
    /// Where it is read.
    pub url: String,
}

/// A letter, written, not addressed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// Plain text, lines ending in LF.
    pub text: String,
    /// The same as a whole HTML document, if there is one.
    pub html: Option<String>,
    /// Where its reader leaves by one click (RFC 8058), when they are subscribed.
    pub unsubscribe_url: Option<String>,
    /// A file that travels with it: its name and its text (JSON).
    pub attachment: Option<(String, String)>,
    /// Why a built-in template wrote it in place of the user's own, if one did.
    pub stood_in: Option<String>,
}

impl Written {
    /// A letter of plain text.
    #[must_use]
    pub fn plain(subject: &str, text: &str) -> Self {
        Written {
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: None,
            unsubscribe_url: None,
            attachment: None,
            stood_in: None,
        }
    }
}

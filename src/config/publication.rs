//! Who publishes, who writes, and in which words.

use std::collections::BTreeMap;

use url::Url;

use crate::subscriber::EmailAddress;

use super::Theme;

/// Who publishes, and in which words.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The name on the masthead, and in From when `from_name` is absent.
    pub name: String,
    /// One line beneath the name.
    pub tagline: String,
    /// BCP 47 tag: `en-US`.
    pub language: String,
    /// RFC 5322 From address.
    pub from: EmailAddress,
    /// The name in From, when it is not `name`.
    pub from_name: Option<String>,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<EmailAddress>,
    /// The https address under which `run` is reached; never ends in a slash.
    pub public_url: Url,
    /// Where the publisher is reached by post; law asks for it in many countries.
    pub postal_address: String,
    /// The line under every article; `{year}` and `{name}` are filled in.
    pub copyright: String,
    /// RFC 2919 identifier, without angle brackets: `daily.example.com`.
    pub list_id: String,
    /// Who is told when something is wrong.
    pub editors: Vec<EmailAddress>,
    /// Words of the sign-up box.
    pub sign_up: SignUpWords,
    /// How everything looks.
    pub theme: Theme,
    /// Keys that still have the sample's value; while there are any, mail goes to loopback only.
    pub sample_keys: Vec<&'static str>,
}

impl Publication {
    /// The address of `path` (no leading slash) under `public_url`.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// Words of the sign-up box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUpWords {
    /// The heading: "Straight Into Your Inbox".
    pub title: String,
    /// What the reader gets, and how often.
    pub promise: String,
    /// The answer to a sign-up.
    pub thanks: String,
}

/// The configured authors by key.
pub type Authors = BTreeMap<String, Author>;

/// Somebody who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// As it stands in the byline.
    pub name: String,
    /// A sentence or two, Markdown inline.
    pub biography: Option<String>,
    /// Where more of theirs is.
    pub link: Option<Url>,
    /// Address of a photograph (https).
    pub photo: Option<Url>,
}

//! What readers are written to, apart from editions: which letter says what, and where its links lead.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::comment::Comment;
use crate::config::{Config, Publication};
use crate::edition::{EditionKey, TemplateError, without_markers};
use crate::letter::{About, Kind, Latest, Said, Templates, Written};
use crate::message::{Purpose, TokenKeys};
use crate::store::{EditionSummary, SignUpId};
use crate::subscriber::{EmailAddress, Holder};

/// Writes letters to readers; a clone is cheap enough for a request.
#[derive(Debug, Clone)]
pub struct Correspondence {
    templates: Templates,
    publication: Publication,
    timezone: Tz,
}

/// What a new reader has until the next edition comes.
#[derive(Debug, Clone, Copy)]
pub enum FirstEdition<'e> {
    /// The latest edition, which is sent at once.
    ComesNow(&'e EditionSummary),
    /// The latest edition, to be read on the web.
    OnTheWeb(&'e EditionSummary),
    /// Nothing: none has gone out.
    None,
}

impl Correspondence {
    /// Compiles the templates of letters: the built-in ones, and the user's own over them.
    ///
    /// # Errors
    /// When a template of the user's cannot be read, or is none.
    pub fn prepare(config: &Config) -> Result<Self, TemplateError> {
        Ok(Correspondence {
            templates: Templates::load(&config.publication, config.edition.templates.as_deref())?,
            publication: config.publication.clone(),
            timezone: config.schedule.timezone,
        })
    }

    /// Asks whether a sign-up was its owner's. It has nothing in it that whoever filled in the form has written, a name
    /// neither: it may go to somebody who never asked.
    ///
    /// # Errors
    /// When a template fails, as all of these.
    pub fn confirm(
        &self,
        keys: &TokenKeys,
        sign_up: SignUpId,
        until: DateTime<Utc>,
    ) -> Result<Written, TemplateError> {
        let token = keys.issue_until(Purpose::Confirm, sign_up.0, until);
        let url = self.publication.link(&format!("confirm/{token}"));
        self.write(Kind::Confirm, About { url, until: Some(self.day(until)), ..About::default() })
    }

    /// Tells somebody who is subscribed that their address was given again.
    ///
    /// # Errors
    /// When a template fails.
    pub fn already(
        &self,
        keys: &TokenKeys,
        reader: Holder,
        name: Option<&str>,
    ) -> Result<Written, TemplateError> {
        self.write(
            Kind::Already,
            About { url: self.preferences(keys, reader), ..self.choices(keys, reader, name) },
        )
    }

    /// Greets a new reader.
    ///
    /// # Errors
    /// When a template fails.
    pub fn welcome(
        &self,
        keys: &TokenKeys,
        reader: Holder,
        name: Option<&str>,
        first: FirstEdition<'_>,
    ) -> Result<Written, TemplateError> {
        let (edition, sends_latest) = match first {
            FirstEdition::ComesNow(edition) => (Some(edition), true),
            FirstEdition::OnTheWeb(edition) => (Some(edition), false),
            FirstEdition::None => (None, false),
        };
        let latest = edition.map(|edition| Latest {
            title: without_markers(&edition.subject),
            url: self.edition(&edition.key),
        });
        let url = latest.as_ref().map_or_else(|| self.publication.link(""), |latest| latest.url.clone());
        self.write(Kind::Welcome, About { url, latest, sends_latest, ..self.choices(keys, reader, name) })
    }

    /// Says goodbye, with a way back.
    ///
    /// # Errors
    /// When a template fails.
    pub fn goodbye(&self, name: Option<&str>) -> Result<Written, TemplateError> {
        self.write(Kind::Goodbye, About { url: self.publication.link("subscribe"), ..called(name) })
    }

    /// Asks whether a new address is the reader's; without their name, as [`confirm`](Self::confirm).
    ///
    /// # Errors
    /// When a template fails.
    pub fn new_address(
        &self,
        keys: &TokenKeys,
        change: SignUpId,
        until: DateTime<Utc>,
    ) -> Result<Written, TemplateError> {
        let token = keys.issue_until(Purpose::NewAddress, change.0, until);
        let url = self.publication.link(&format!("address/{token}"));
        self.write(Kind::NewAddress, About { url, until: Some(self.day(until)), ..About::default() })
    }

    /// Tells the old address that the mail goes to `new` from now on, by the form `change`; its owner takes that back `until`.
    ///
    /// # Errors
    /// When a template fails.
    pub fn moved(
        &self,
        keys: &TokenKeys,
        name: Option<&str>,
        new: &EmailAddress,
        change: SignUpId,
        until: DateTime<Utc>,
    ) -> Result<Written, TemplateError> {
        let token = keys.issue_until(Purpose::PutBack, change.0, until);
        let url = self.publication.link(&format!("put-back/{token}"));
        let (address, until) = (Some(new.masked()), Some(self.day(until)));
        self.write(Kind::Moved, About { url, until, address, ..called(name) })
    }

    /// Brings a reader all that is known of them, as JSON.
    ///
    /// # Errors
    /// When a template fails.
    pub fn data(
        &self,
        keys: &TokenKeys,
        reader: Holder,
        name: Option<&str>,
        json: String,
    ) -> Result<Written, TemplateError> {
        let attachment = Some(("your-data.json".to_owned(), json));
        let url = self.preferences(keys, reader);
        self.write(Kind::Data, About { url, attachment, ..called(name) })
    }

    /// Asks a moderator whether a comment on the article of this `title` is shown; the links work `until`.
    ///
    /// # Errors
    /// When a template fails.
    pub fn comment(
        &self,
        keys: &TokenKeys,
        comment: &Comment,
        title: String,
        until: DateTime<Utc>,
    ) -> Result<Written, TemplateError> {
        let token = keys.issue_until(Purpose::Moderate, comment.id.0, until);
        let decide = |decision| self.publication.link(&format!("moderate/{token}/{decision}"));
        let said = Said {
            article: title,
            article_url: self.publication.link(&format!("articles/{}", comment.slug)),
            author: comment.name.clone(),
            lines: comment.text.lines().map(str::to_owned).collect(),
            reject_url: decide("reject"),
        };
        let until = Some(self.day(until));
        self.write(
            Kind::Comment,
            About { url: decide("approve"), until, comment: Some(said), ..About::default() },
        )
    }

    fn write(&self, kind: Kind, about: About) -> Result<Written, TemplateError> {
        self.templates.write(kind, &about)
    }

    fn choices(&self, keys: &TokenKeys, reader: Holder, name: Option<&str>) -> About {
        let leave = keys.issue(Purpose::Unsubscribe, reader);
        About {
            preferences_url: Some(self.preferences(keys, reader)),
            unsubscribe_url: Some(self.publication.link(&format!("unsubscribe/{leave}"))),
            ..called(name)
        }
    }

    fn preferences(&self, keys: &TokenKeys, reader: Holder) -> String {
        self.publication.link(&format!("preferences/{}", keys.issue(Purpose::Preferences, reader)))
    }

    fn edition(&self, key: &EditionKey) -> String {
        self.publication.link(&format!("editions/{key}"))
    }

    /// The day of `at`, the last on which a link still works for all of it: the one before, in the publication's zone.
    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        let day = at.with_timezone(&self.timezone).date_naive();
        day.pred_opt().unwrap_or(day)
    }
}

fn called(name: Option<&str>) -> About {
    About { name: name.map(str::to_owned), ..About::default() }
}

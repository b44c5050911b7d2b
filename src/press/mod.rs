//! The press joins nouns to effects: publish, dispatch, schedule.

mod alarm;
mod announce;
mod approve;
mod clock;
mod comments;
mod consent;
mod correspondence;
mod dispatch;
mod draft;
mod forget;
pub mod health;
mod keyring;
mod look;
mod post;
mod publish;
mod recipients;
mod restored;
pub mod schedule;
mod sender;
mod sent;
mod show;
mod sign_ups;
mod size;
mod trial;
mod watch;
mod withheld;

use std::time::Duration;

use crate::config::{Config, Transport};
use crate::diagnostic::{Diagnostic, Severity};
use crate::edition::Templates;
use crate::store::{Store, StoreError};

pub use approve::{Again, Approving, AsOf};
pub use clock::Clock;
pub use comments::links_end_with;
pub use consent::{Approved, Consent};
pub use correspondence::{Correspondence, FirstEdition};
pub use dispatch::{Courier, Dispatched, Ending, PATIENCE, Progress, Route, RouteError};
pub use draft::{
    Draft, Record, backlog_of, draft, draft_of_one, end_of_day, missing_words, moment_of, render_due,
};
pub use look::Look;
pub(crate) use look::overdue;
pub use publish::{Asker, Held, Published};
pub use recipients::{Recipients, RecipientsError, count_known};
pub use restored::Accepted;
pub use sender::Sender;
pub use sent::{Sent, already_sent, subject_length};
pub use trial::Trial;
pub use watch::Watch;
pub use withheld::{Changed, Withheld};

/// All that publishing and sending need.
#[derive(Debug, Clone)]
pub struct Press {
    /// What is configured.
    pub config: Config,
    /// What is remembered.
    pub store: Store,
    /// What readers are written to.
    pub letters: Correspondence,
    /// What time it is.
    pub clock: Clock,
    /// How long a dispatch goes on without anything getting through.
    pub patience: Duration,
    /// What signs links.
    keyring: keyring::Keyring,
    /// What may be sent in a time; all clones count together.
    limits: dispatch::Limits,
    /// When the server was asked which size it takes; all clones know.
    asked_for_size: size::Asked,
    /// What fails in this process again and again; all clones know.
    failures: health::Failures,
}

/// What can go wrong between articles and readers.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The articles folder.
    #[error(transparent)]
    Articles(#[from] crate::article::LoadError),
    /// A template.
    #[error(transparent)]
    Template(#[from] crate::edition::TemplateError),
    /// Rendering.
    #[error(transparent)]
    Render(#[from] crate::edition::RenderError),
    /// The message.
    #[error(transparent)]
    Compose(#[from] crate::message::ComposeError),
    /// The way out.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The server does not take messages of this size.
    #[error(
        "the edition makes messages of {octets} octets, and {server} takes {limit} at most (SIZE): take out pictures or articles, or have the server's limit raised"
    )]
    TooLarge {
        /// How large a message is, about.
        octets: usize,
        /// Host and port.
        server: String,
        /// What it said when it was asked last.
        limit: u64,
    },
    /// The system gives no thread.
    #[error("the system gives no thread to send from: {0}")]
    Thread(std::io::Error),
    /// Sample values would reach real people.
    #[error(
        "nothing is sent through {host} while the configuration has sample values; set {} in newsletter.yaml", keys.join(", ")
    )]
    SampleValues {
        /// The relay.
        host: String,
        /// The keys to set.
        keys: Vec<&'static str>,
    },
}

impl PressError {
    /// The findings of a template that is wrong; anything else is a finding about the edition as a whole.
    #[must_use]
    pub fn findings(&self) -> Vec<Diagnostic> {
        match self {
            PressError::Template(error) => error.diagnostics(),
            PressError::Render(error) => error.diagnostics(),
            PressError::Store(_)
            | PressError::Articles(_)
            | PressError::Compose(_)
            | PressError::Route(_)
            | PressError::TooLarge { .. }
            | PressError::Thread(_)
            | PressError::SampleValues { .. } => {
                vec![Diagnostic::of_file(Severity::Error, "edition", "edition", self.to_string())]
            }
        }
    }
}

impl Press {
    /// Opens the store and prepares what is configured.
    ///
    /// # Errors
    /// When the store or the templates cannot be used.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, PressError> {
        // They are read at each publishing; what is wrong with them now is told now.
        Templates::load(config.edition.templates.as_deref(), &config.publication)?;
        let letters = Correspondence::prepare(&config)?;
        let store = Store::open(&config.database).await?;
        let keyring = keyring::Keyring::of(store.token_keys(clock.now()).await?);
        let limits = dispatch::Limits::new(&config.delivery);
        Ok(Press {
            config,
            store,
            letters,
            clock,
            patience: PATIENCE,
            keyring,
            limits,
            asked_for_size: size::Asked::default(),
            failures: health::Failures::default(),
        })
    }

    /// Refuses a relay that is not on loopback while From, postal address or `public_url` are the sample's.
    ///
    /// # Errors
    /// With the keys to set.
    pub fn guard(&self) -> Result<(), PressError> {
        guard(&self.config)
    }
}

/// As [`Press::guard`].
fn guard(config: &Config) -> Result<(), PressError> {
    let sample_keys = &config.publication.sample_keys;
    match &config.transport {
        Transport::Smtp(smtp) if !smtp.is_loopback() && !sample_keys.is_empty() => {
            Err(PressError::SampleValues { host: smtp.host.clone(), keys: sample_keys.clone() })
        }
        Transport::Smtp(_) | Transport::Outbox { .. } => Ok(()),
    }
}

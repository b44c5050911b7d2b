//! `newsletter.yaml`, the environment over it and flags over both, checked once into a [`Config`].

mod check;
mod comments;
mod dkim;
mod environment;
mod error;
mod layers;
mod load;
mod publication;
mod rates;
mod reader;
mod secret;
mod show;
mod sign_up;
mod smtp;
mod theme;
mod values;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use crate::diagnostic::Levels;
use crate::subscriber::EmailAddress;
pub use comments::{AcceptComments, CommentLimits, CommentsConfig};
pub use dkim::DkimConfig;
pub use environment::Environment;
pub use error::ConfigError;
pub use layers::{Origin, Overrides};
pub use load::{Effective, load};
pub use publication::{Author, Authors, Publication, SignUpWords};
pub use rates::DomainRates;
pub use secret::Secret;
pub use sign_up::{Network, RecordAddress, SignUpConfig, SignUpLimits};
pub use theme::{Colour, Font, Logo, Palette, Role, Theme};

/// Everything that is configured, checked; the defaults are a working sample publication.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who publishes, and in which words.
    pub publication: Publication,
    /// How readers sign up.
    pub sign_up: SignUpConfig,
    /// The configured authors by key.
    pub authors: Authors,
    /// Where articles are and what becomes of them.
    pub articles: ArticlesConfig,
    /// The rules of the check that are switched.
    pub lint: Levels,
    /// How an edition is put together.
    pub edition: EditionConfig,
    /// When an edition is due.
    pub schedule: Schedule,
    /// Files of subscribers that `send` and `run` import at start.
    pub subscribers: Vec<PathBuf>,
    /// Where messages go.
    pub transport: Transport,
    /// How deliveries are made.
    pub delivery: DeliveryConfig,
    /// What signs messages.
    pub dkim: DkimConfig,
    /// What readers may say beneath articles.
    pub comments: CommentsConfig,
    /// The web address that `run` serves.
    pub web: WebConfig,
    /// Folder of what the program keeps.
    pub data: PathBuf,
    /// Where the store is.
    pub database: Database,
}

impl Config {
    /// Who decides about comments: those who are named for it, or the editors.
    #[must_use]
    pub fn moderators(&self) -> &[EmailAddress] {
        self.comments.moderators.as_ref().unwrap_or(&self.publication.editors)
    }
}

/// Where articles are and what becomes of them.
#[derive(Debug, Clone)]
pub struct ArticlesConfig {
    /// The folder, sub-folders included.
    pub folder: PathBuf,
    /// Whether local images travel in the message or are linked to `public_url`.
    pub images: ImagePolicy,
    /// What a broken article does to the edition.
    pub on_broken: OnBrokenArticle,
    /// How many days back an unpublished article is still news.
    pub backlog_days: u32,
    /// How long a file must have rested before it is read as whole.
    pub settle: Duration,
}

/// Whether local images travel in the message or are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImagePolicy {
    /// As `cid:` parts of a multipart/related (RFC 2387).
    Embed,
    /// As addresses under the publication's `public_url`.
    Link,
}

/// What a broken article does to the day's edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBrokenArticle {
    /// The edition waits until it is mended, within `catch_up`; the editors are told.
    HoldEdition,
    /// The edition goes without it; the editors are told.
    Skip,
}

/// How an edition is put together.
#[derive(Debug, Clone)]
pub struct EditionConfig {
    /// The user's own templates; those it has not are the built-in ones.
    pub templates: Option<PathBuf>,
    /// How many earlier headlines stand under "Recent news".
    pub recent: usize,
    /// Whether an edition goes out only as it was approved.
    pub approval: ApprovalPolicy,
    /// Bytes of HTML beyond which the later articles are shortened.
    pub size_limit: usize,
}

/// Whether an edition goes out only as it was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// A person approves it first.
    Required,
    /// It goes out without; who approves it nevertheless binds it.
    NotNeeded,
}

/// When an edition is due, as a local rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The rule.
    pub rule: ScheduleRule,
    /// Whose clock it speaks of; editions are dated by it too.
    pub timezone: Tz,
    /// How late a missed edition is still sent.
    pub catch_up: Duration,
    /// How long before it goes out the editors are told of an edition; zero when they are not.
    pub cancel_window: Duration,
}

/// The rule of a [`Schedule`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleRule {
    /// On these days at this local time.
    Daily {
        /// Local time of day.
        at: NaiveTime,
        /// The days, at least one.
        days: Vec<Weekday>,
    },
    /// A cron expression of five fields, as croner reads it; of several times a day the first counts.
    Cron(Box<croner::Cron>),
}

impl Schedule {
    /// `at` on the clock of the schedule, as it is told: `2025-11-04 06:00 CET`.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.timezone).format("%Y-%m-%d %H:%M %Z").to_string()
    }
}

impl ScheduleRule {
    /// Reads a cron expression of five fields.
    ///
    /// # Errors
    /// When croner cannot read it, or when it never comes true (30 February).
    pub fn cron(expression: &str) -> Result<Self, CronError> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression)?;
        cron.find_next_occurrence(&DateTime::UNIX_EPOCH.naive_utc(), true)?;
        Ok(ScheduleRule::Cron(Box::new(cron)))
    }
}

/// Where messages go.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a program has one of it")]
pub enum Transport {
    /// A Maildir-style folder, for looking at.
    Outbox {
        /// The folder.
        folder: PathBuf,
    },
    /// A server that speaks SMTP.
    Smtp(SmtpConfig),
}

impl Transport {
    /// Whether nothing leaves the machine; then the example readers get it too, where there are no others.
    #[must_use]
    pub fn is_outbox(&self) -> bool {
        matches!(self, Transport::Outbox { .. })
    }
}

/// How to reach and speak to an SMTP server.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Host name or address.
    pub host: String,
    /// TCP port: 25, 465, 587 …
    pub port: u16,
    /// How the connection is secured.
    pub tls: TlsMode,
    /// File of PEM certificates trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Who logs in, if anybody.
    pub credentials: Option<Credentials>,
    /// Name said in EHLO; the machine's own when absent.
    pub helo_name: Option<String>,
    /// How many connections at most.
    pub connections: usize,
    /// How many messages one connection carries at most.
    pub messages_per_connection: usize,
    /// The deadlines of RFC 5321 §4.5.3.2.
    pub deadlines: Deadlines,
}

/// How an SMTP connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all: `smtp://…?tls=none`, the default on loopback only.
    None,
    /// STARTTLS (RFC 3207), required: `smtp://`.
    StartTls,
    /// From the first byte (RFC 8314): `smtps://`.
    Implicit,
}

/// Who logs in, and how (RFC 4954).
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The password, or for XOAUTH2 the access token.
    pub password: Secret,
    /// The mechanism; the best one that is offered when absent.
    pub mechanism: Option<AuthMechanism>,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMechanism {
    /// RFC 4616.
    Plain,
    /// The old one that some servers have alone.
    Login,
    /// Google's and Microsoft's access tokens.
    XOAuth2,
}

/// How long each reply may take (RFC 5321 §4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// TCP and TLS.
    pub connect: Duration,
    /// The banner, and the replies to EHLO, STARTTLS and AUTH.
    pub banner: Duration,
    /// MAIL, RCPT and RSET.
    pub envelope: Duration,
    /// DATA.
    pub data: Duration,
    /// Each block of the message.
    pub block: Duration,
    /// The reply after the final dot.
    pub dot: Duration,
    /// One whole transaction.
    pub transaction: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Deadlines {
            connect: minutes(1),
            banner: minutes(5),
            envelope: minutes(5),
            data: minutes(2),
            block: minutes(3),
            dot: minutes(10),
            transaction: minutes(30),
        }
    }
}

/// How deliveries are made.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// What becomes of a message whose acceptance is unknown.
    pub uncertain: UncertainPolicy,
    /// After how long a deferred delivery fails as expired.
    pub give_up_after: Duration,
    /// The most that is sent, if there is a limit.
    pub rate: Option<Rate>,
    /// The most that is sent to one recipient domain.
    pub rate_per_domain: DomainRates,
    /// How long the answers to what is on the wire are waited for once we are to stop.
    pub grace: Duration,
    /// For how many days a letter that is sent or given up is kept.
    pub keep_letters: u32,
}

/// So many messages in so much time: `500/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub messages: NonZeroU32,
    /// In how long.
    pub per: Duration,
}

/// What becomes of a message whose acceptance is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UncertainPolicy {
    /// Sent once more under the same Message-ID, as mail servers do.
    Resend,
    /// Left for a person.
    Hold,
}

/// The web address that `run` serves.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Where it listens; `None` when it does not.
    pub listen: Option<SocketAddr>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Other sites whose pages may sign readers up, as a browser's Origin has them.
    pub allowed_origins: Vec<String>,
    /// How links of articles to other sites open.
    pub outside_links: OutsideLinks,
}

/// How links of articles to other sites open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideLinks {
    /// As any link does.
    SameTab,
    /// In a new tab, which they say.
    NewTab,
}

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file; its folder is made when absent.
    Sqlite(PathBuf),
    /// A `postgres://` address, which may hold a password.
    Postgres(Secret),
}

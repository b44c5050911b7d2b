//! The arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, ArgGroup, Args, Subcommand, ValueEnum};

use crate::config::{ConfigError, Effective, Environment, Overrides};
use crate::delivery::State;
use crate::edition::EditionKey;
use crate::subscriber::list::Format;
use crate::subscriber::{AddressError, EmailAddress, Status, zone};

/// Options that every command has: they stand over the configuration file and the environment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct GlobalArgs {
    /// Read this configuration [default: newsletter.yaml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say more on standard error: -v what is done, -vv how, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Take the articles from this folder
    #[arg(long, global = true, value_name = "FOLDER")]
    pub articles: Option<String>,
    /// Take templates from this folder before the built-in ones
    #[arg(long, global = true, value_name = "FOLDER")]
    pub templates: Option<String>,
    /// Import subscribers from this file; may be given several times
    #[arg(long = "subscribers", global = true, value_name = "FILE")]
    pub subscriber_files: Vec<String>,
    /// Keep the program's own data in this folder
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Keep everything in this database: sqlite:FILE or postgres://…
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Write messages into this folder instead of sending them
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with = "smtp_url")]
    pub outbox: Option<String>,
    /// Send through this server: smtp://host:587, smtps://host:465
    #[arg(long, global = true, value_name = "URL")]
    pub smtp_url: Option<String>,
}

impl GlobalArgs {
    /// The configuration under these options, in the environment of the process.
    ///
    /// # Errors
    /// As [`Effective::load`].
    pub fn load(&self) -> Result<Effective, ConfigError> {
        Effective::load(self.config.as_deref(), &Environment::of_process(), self.overrides())
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            articles: self.articles.clone(),
            data: self.data.clone(),
            database_url: self.database_url.clone(),
            outbox: self.outbox.clone(),
            smtp_url: self.smtp_url.clone(),
            subscribers: self.subscriber_files.clone(),
            templates: self.templates.clone(),
        }
    }
}

/// Render today's edition and deliver it to every active subscriber, once
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight send                               today's edition, into outbox/ without a server\n  \
    straight send --edition 2025-11-04          the edition of that day\n  \
    straight send --edition 2025-11-04-flood    an extra edition beside it\n  \
    straight send --to ann@example.org          a marked test of it; nothing is written down\n  \
    straight send --dry-run                     what would be sent, to how many, and when\n\n\
    What has gone out does not go out again: a second `send` says so and sends nothing of it. Letters that wait \
    (confirmations, alarms) go out with it, and where there is no edition to send too.\n\
    Ends with 1 when the edition may not go out, and says why; when the server halted it or let nothing through; when more \
    readers failed than were sent to.")]
pub struct SendArgs {
    /// Send this edition: a date, or a date and a name for an extra one [default: today]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Send a test to this address alone, with `[Test]` in its subject; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<EmailAddress>,
    /// Say what would be sent, to how many and when; change nothing
    #[arg(long, conflicts_with = "to")]
    pub dry_run: bool,
}

/// Publish by the schedule and answer unsubscribe links, until stopped
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight run           publishes at the hours of `schedule`, and serves `web.listen`\n  \
    straight run --once    publishes and delivers what is due now, then ends (for cron)")]
pub struct RunArgs {
    /// Do what is due now, then end
    #[arg(long)]
    pub once: bool,
}

/// A day as arguments have it.
pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "that is no day; write it as YYYY-MM-DD, as in 2026-03-02".to_owned())
}

/// Write an edition's HTML, text and subject into a folder, without any subscriber
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  straight render --date 2025-11-04 --out preview/")]
pub struct RenderArgs {
    /// The day of the edition [default: today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub date: Option<NaiveDate>,
    /// The folder to write into; it is made when absent
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// See the next edition in a browser as its readers get it, made anew at each save
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight preview --open                        the next edition, and what is wrong with it\n  \
    straight preview --edition 2025-11-04          the edition of that day\n  \
    straight preview --reader ann@example.org      as this subscriber gets it\n\n\
    Nothing is written and nothing is sent. Ctrl-C ends it.")]
pub struct PreviewArgs {
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    pub listen: SocketAddr,
    /// Let other machines see it too: there is no log-in, so that no subscriber is shown
    #[arg(long, conflicts_with = "reader")]
    pub expose: bool,
    /// Open a browser
    #[arg(long)]
    pub open: bool,
    /// Show this edition [default: the next one of the schedule]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Show the message of this subscriber [default: an example's]
    #[arg(long, value_name = "EMAIL")]
    pub reader: Option<EmailAddress>,
}

/// Compare the text of two editions
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  straight diff 2025-11-03 2025-11-04")]
pub struct DiffArgs {
    /// The earlier edition
    pub from: EditionKey,
    /// The later edition
    pub to: EditionKey,
}

/// Find every mistake in every article, with its line and the remedy
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight check                          every article of the folder\n  \
    straight check articles/tide.md         one file\n  \
    straight check --strict --format json   for programs; warnings count as errors\n  \
    straight check --fix --dry-run          what would be mended, as a diff\n  \
    straight check --fix articles/tide.md   though it went out already\n  \
    straight check --links                  ask the web too whether the links lead somewhere\n  \
    straight check --rules                  what is looked for, and how much it weighs\n\n\
    Ends with 0 when there is no error (with --strict: no warning either), with 1 when there is one or \
    something cannot be read, and with 2 for wrong arguments. docs/lint.md tells of the rules.")]
pub struct CheckArgs {
    /// Files or folders [default: the articles folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Mend what needs no judgement, show what was changed, and tell what is left; without PATH, of articles that have not gone out
    #[arg(long)]
    pub fix: bool,
    /// With --fix: show what would be changed, and write nothing
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// Ask the web where the links lead too; without PATH, those of articles that have not gone out
    #[arg(long)]
    pub links: bool,
    /// List the rules, with what each finds and weighs, and check nothing
    #[arg(long, conflicts_with_all = ["paths", "strict", "fix", "links"])]
    pub rules: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the line and a caret
    Human,
    /// As an array of objects
    Json,
    /// As workflow commands, which GitHub shows beside the lines of a change
    Github,
}

/// Show what was sent, to how many, and what is waiting
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight status\n  \
    straight status --edition 2025-11-04 --domains 50\n  \
    straight status --format json | jq .edition.counts")]
pub struct StatusArgs {
    /// Of this edition [default: the latest one]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Show so many recipient domains, those with the most readers, and the others added up; 0 for none
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub domains: u32,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub format: StatusFormat,
}

/// How the status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// In lines
    Human,
    /// As one object
    Json,
}

/// `deliveries list`
#[derive(Debug, Clone, Args)]
pub struct OfEdition {
    /// Of this edition [default: the latest one]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
}

/// Stop an edition that is going out, or hold one before it does, until it is resumed
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight pause                                         what is going out, or about to\n  \
    straight pause --edition 2025-11-04 --reason \"wrong headline\"\n\n\
    Every process and node that sends heeds it at its next message; what is on the wire finishes.\n\
    The time of a pause does not count towards `delivery.give_up_after`. An edition that has not gone out yet does not \
    go before it is resumed; resumed within `schedule.catch_up` of its hour, it still goes.")]
pub struct PauseArgs {
    /// This edition [default: every one that is going out]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
}

/// Let a paused or held edition go on
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  straight resume")]
pub struct ResumeArgs {
    /// This edition [default: every one that is paused]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
}

/// End an edition for good: who has not got it never will; or call one off before it goes out
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight cancel                               the one that is going out, paused or held; asks first\n  \
    straight cancel --edition 2025-11-04 --yes    without asking\n\n\
    What was sent stays sent. Whoever is left out stands as suppressed, with the reason. The articles of an edition \
    that is called off before it goes out go with the next one.")]
pub struct CancelArgs {
    /// This edition [default: the one that is going out, paused or held]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// See the readers whom an edition did not reach, and decide about them
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight deliveries list\n  \
    straight deliveries retry ann@example.org\n  \
    straight deliveries retry --all --edition 2025-11-04\n  \
    straight deliveries resolve --all --as arrived\n\n\
    A reader who is sent what is uncertain once more may have it twice. Whoever bounced is not queued before \
    `straight subscribers revive` says that the address works again, whoever left not before they are subscribed anew \
    by their own word; whoever complained never is.\n\
    Ends with 1, and says why, when the reader who is named has nothing to retry or resolve, and when the edition is \
    cancelled or given up.")]
pub enum DeliveriesCommand {
    /// Show what is not sent, a reader a line, with the reason
    List(OfEdition),
    /// Queue what is not sent anew, for readers who are subscribed: whoever was set aside and is back among them
    Retry(OfReaders),
    /// Settle uncertain deliveries: did they arrive or not?
    Resolve(ResolveArgs),
}

/// Deliveries of an edition.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["email", "all"])))]
pub struct OfReaders {
    /// Of this reader
    pub email: Option<EmailAddress>,
    /// Of all readers
    #[arg(long)]
    pub all: bool,
    /// Of this edition [default: the latest one]
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
}

/// `deliveries resolve`
#[derive(Debug, Clone, Args)]
pub struct ResolveArgs {
    /// Which
    #[command(flatten)]
    pub of: OfReaders,
    /// What became of them
    #[arg(long = "as", value_enum)]
    pub verdict: Verdict,
}

/// What a person found out about an uncertain delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// It counts as sent
    Arrived,
    /// It counts as failed, and may be tried again
    Lost,
}

/// See the letters to single people that did not get through, and decide about them
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight letters list                          those that are not sent, with their numbers\n  \
    straight letters list --state uncertain\n  \
    straight letters retry 17\n  \
    straight letters resolve --all --as arrived\n\n\
    Letters are what goes to one person: confirmations, welcomes, alarms to the editors, comments to their moderators. \
    They stay on record for `delivery.keep_letters`.\n\
    Ends with 1 when there is nothing to retry or resolve about the letter that is named, and says why.")]
pub enum LettersCommand {
    /// Show letters, one a line, with their number and the reason
    List(ListLettersArgs),
    /// Queue failed, uncertain or deferred letters anew
    Retry(RetryLettersArgs),
    /// Settle uncertain letters: did they arrive or not?
    Resolve(ResolveLettersArgs),
}

/// `letters list`
#[derive(Debug, Clone, Args)]
pub struct ListLettersArgs {
    /// Show those in this state [default: all that are not sent]
    #[arg(long, value_name = "STATE", value_parser = states(&OF_LETTERS))]
    pub state: Option<State>,
}

/// Some letters.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
pub struct OfLetters {
    /// The letter of this number
    #[arg(value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub id: Option<i64>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// `letters retry`
#[derive(Debug, Clone, Args)]
pub struct RetryLettersArgs {
    /// Which
    #[command(flatten)]
    pub of: OfLetters,
    /// With --all: only those in this state
    #[arg(long, value_name = "STATE", value_parser = states(&RETRIED), requires = "all")]
    pub state: Option<State>,
}

/// The states out of which a letter is queued anew.
const RETRIED: [State; 3] = [State::Deferred, State::Failed, State::Uncertain];

/// `letters resolve`
#[derive(Debug, Clone, Args)]
pub struct ResolveLettersArgs {
    /// Which
    #[command(flatten)]
    pub of: OfLetters,
    /// What became of them
    #[arg(long = "as", value_enum)]
    pub verdict: Verdict,
}

/// The states that a letter can be in.
const OF_LETTERS: [State; 6] =
    [State::Queued, State::Sending, State::Sent, State::Deferred, State::Failed, State::Uncertain];

fn states(which: &[State]) -> impl TypedValueParser<Value = State> + use<> {
    let words = which.iter().copied().map(State::as_str);
    PossibleValuesParser::new(words).map(|word| State::parse(&word).expect("each of them is a state"))
}

/// Show the configuration in effect, and where each value comes from
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight config                              everything, with secrets masked\n  \
    straight config --path schedule.timezone     one value\n  \
    straight config --path smtp                  one section")]
pub struct ConfigArgs {
    /// Show this key alone: a section, or a value by its dotted name
    #[arg(long, value_name = "KEY")]
    pub path: Option<String>,
}

/// Make the keys that sign messages, and show what stands in DNS for them
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight dkim keygen                        keys for the domain of publication.from\n  \
    straight dkim keygen --domain example.com --selector s2026 --algorithm rsa\n  \
    straight dkim records                       what DNS has to say of the configured keys")]
pub enum DkimCommand {
    /// Write new keys into files; print the records for DNS and the lines for newsletter.yaml
    Keygen(KeygenArgs),
    /// Print the DNS records of the configured keys
    Records,
}

/// `dkim keygen`
#[derive(Debug, Clone, Args)]
pub struct KeygenArgs {
    /// The domain that signs [default: that of `publication.from`]
    #[arg(long)]
    pub domain: Option<String>,
    /// The keys' name within the domain; with two keys, -rsa and -ed25519 are put behind it
    /// [default: s and the month, as in s202611]
    #[arg(long)]
    pub selector: Option<String>,
    /// Which keys
    #[arg(long, value_enum, default_value_t = Algorithm::Both)]
    pub algorithm: Algorithm,
    /// The folder for the files; it is made when absent, and no file is overwritten
    #[arg(long, value_name = "FOLDER", default_value = "dkim")]
    pub out: PathBuf,
}

/// The keys to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// RSA with 2048 bits, which every receiver knows
    Rsa,
    /// Ed25519 (RFC 8463), short and fast, which some receivers do not know yet
    Ed25519,
    /// One of each: receivers take the one they know
    Both,
}

/// Ask a running `straight run` whether it is well (for containers)
#[derive(Debug, Clone, Args)]
pub struct HealthcheckArgs {
    /// Wait at most this many seconds for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub timeout: u64,
    /// Fail too when mail does not go out: halted, paused, nothing gets through, an edition overdue; the reason is told
    #[arg(long)]
    pub sending: bool,
}

/// `ledger`
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum LedgerCommand {
    /// Go on with a restored backup: what went out after it was made does not go out again
    Accept,
}

/// See the keys that sign the links in mails, and make a new one
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight keys list\n  \
    straight keys rotate             a new key for new links; those that are out go on working\n  \
    straight keys rotate --leaked    somebody has a backup: what they can do with the keys in it ends\n\n\
    The keys are in the database, and so in its backups; no secret is ever shown.")]
pub enum KeysCommand {
    /// Show them, one a line, the oldest first, and what each is for
    List,
    /// Make a new key for new links; a running `straight run`, on whichever node, takes it without a restart
    Rotate(RotateArgs),
}

/// `keys rotate`
#[derive(Debug, Clone, Args)]
pub struct RotateArgs {
    /// Others may have the keys so far: the links made with them let readers leave, and do nothing else from now on.
    /// There is no way back
    #[arg(long)]
    pub leaked: bool,
}

/// See and change who gets the edition
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight subscribers list --status active\n  \
    straight subscribers add ann@example.org --name \"Ann Reader\" --timezone Europe/Berlin\n  \
    straight subscribers import readers.csv\n  \
    straight subscribers export --format csv --out readers.csv")]
pub enum SubscribersCommand {
    /// Show them, one a line
    List(ListArgs),
    /// Add one; who has left stays out
    Add(AddArgs),
    /// Mark one as unsubscribed, or set all at a domain aside that is gone: no import brings them back
    Remove(RemoveArgs),
    /// Take bounced addresses for good again, once they work: one, all that an edition struck off, or a removed domain's
    Revive(ReviveArgs),
    /// Show all that is known of one, with the record of consent
    Show(ShowArgs),
    /// Delete all that is known of one; a keyed digest of the address keeps imports from bringing them back
    Erase(EraseArgs),
    /// Give one the address back that they had before the last change: it was not theirs to make
    PutBack(PutBackArgs),
    /// Add and update from files; nothing is deleted, and who has left stays out
    Import(ImportArgs),
    /// Write them to a file that `import` reads
    Export(ExportArgs),
}

/// `subscribers list`
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only those: pending, active, unsubscribed, bounced or complained
    #[arg(long)]
    pub status: Option<Status>,
}

/// `subscribers add`
#[derive(Debug, Clone, Args)]
pub struct AddArgs {
    /// The address
    pub email: EmailAddress,
    /// What the reader wants to be called
    #[arg(long, value_parser = reader_name)]
    pub name: Option<String>,
    /// The reader's time zone, as in Europe/Berlin
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<Tz>,
}

/// `subscribers remove`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight subscribers remove ann@example.org\n  \
    straight subscribers remove --domain example.org --dry-run\n\n\
    With `straight subscribers revive --domain example.org` the second is taken back.",
    group(ArgGroup::new("whom").required(true).args(["email", "domain"])))]
pub struct RemoveArgs {
    /// This address
    pub email: Option<EmailAddress>,
    /// All who get editions at this domain, which is gone for good: they are set aside as bounced
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    pub domain: Option<String>,
    /// Show whom, a whole address a line, and how many; change nothing
    #[arg(long, conflicts_with = "email")]
    pub dry_run: bool,
}

/// `subscribers revive`
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight subscribers revive ann@example.org\n  \
    straight subscribers revive --edition 2025-11-04 --dry-run\n  \
    straight subscribers revive --edition 2025-11-04 --reason 5.1.1\n  \
    straight subscribers revive --domain example.org\n\n\
    They get the next edition; `straight deliveries retry`, with an address or --all, sends one that they missed while it \
    went out.",
    group(ArgGroup::new("whom").required(true).args(["email", "edition", "domain"])))]
pub struct ReviveArgs {
    /// This address
    pub email: Option<EmailAddress>,
    /// All that this edition struck off
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionKey>,
    /// All whom `remove --domain` set aside
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    pub domain: Option<String>,
    /// Only those with these words, or this code, in what the server said
    #[arg(long, value_name = "TEXT", value_parser = reason, conflicts_with_all = ["email", "domain"])]
    pub reason: Option<String>,
    /// Show whom, a whole address a line, and how many; change nothing
    #[arg(long, conflicts_with = "email")]
    pub dry_run: bool,
}

/// `subscribers show`
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The address
    pub email: EmailAddress,
    /// As JSON, as the reader gets it on request
    #[arg(long)]
    pub json: bool,
}

/// `subscribers erase`
#[derive(Debug, Clone, Args)]
pub struct EraseArgs {
    /// The address
    pub email: EmailAddress,
}

/// `subscribers put-back`
#[derive(Debug, Clone, Args)]
pub struct PutBackArgs {
    /// The address to which the mail goes today
    pub email: EmailAddress,
}

/// `subscribers import`
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "YAML has every field (see subscribers.example.yaml); CSV names its columns in the first row, \
    email,name,timezone,status,since or some of them; text has an address a line.\n\
    A bad row is told by its line, and the others are imported."
)]
pub struct ImportArgs {
    /// Files: .yaml, .csv, .tsv or .txt
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Read them as yaml, csv or text, whatever their names say
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// `subscribers export`
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Write yaml, csv, or text (the addresses of the active ones) [default: by the name of FILE, else yaml]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Only those: pending, active, unsubscribed, bounced or complained
    #[arg(long)]
    pub status: Option<Status>,
    /// Write into this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// One line, as the ledger keeps it.
pub(super) fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.contains(char::is_control) {
        return Err("a reason is one line");
    }
    if text.is_empty() || text.chars().count() > 500 {
        return Err("a reason has 1 to 500 characters");
    }
    Ok(text.to_owned())
}

/// A domain of mail, as addresses are kept: with A-labels.
fn domain(text: &str) -> Result<String, String> {
    let at_it = format!("somebody@{}", text.trim().trim_start_matches('@'));
    let address: EmailAddress = at_it.parse().map_err(|error: AddressError| error.to_string())?;
    Ok(address.domain().to_owned())
}

/// A name as lists hold it.
fn reader_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.contains(char::is_control) {
        return Err("a name has no control characters");
    }
    if text.is_empty() || text.chars().count() > 200 {
        return Err("a name has 1 to 200 characters");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    /// The commands of this file together, as the program has them.
    #[derive(Debug, Parser)]
    #[command(name = "straight")]
    struct All {
        #[command(flatten)]
        global: GlobalArgs,
        #[command(subcommand)]
        command: Every,
    }

    #[derive(Debug, Subcommand)]
    enum Every {
        Send(SendArgs),
        Run(RunArgs),
        Render(RenderArgs),
        Preview(PreviewArgs),
        Diff(DiffArgs),
        Check(CheckArgs),
        Status(StatusArgs),
        Pause(PauseArgs),
        Resume(ResumeArgs),
        Cancel(CancelArgs),
        Config(ConfigArgs),
        #[command(subcommand)]
        Dkim(DkimCommand),
        Healthcheck(HealthcheckArgs),
        #[command(subcommand)]
        Keys(KeysCommand),
        #[command(subcommand)]
        Subscribers(SubscribersCommand),
    }

    #[test]
    fn all_commands_are_of_one_piece() {
        All::command().debug_assert();
    }

    #[test]
    fn commands_as_they_are_typed() {
        for line in [
            "send",
            "send --edition 2025-11-04-flood --outbox try -vv",
            "send --to ann@example.org --to bo@example.org",
            "send --dry-run --edition 2025-11-04",
            "run --once --config other.yaml",
            "render --date 2025-11-04 --out preview",
            "preview",
            "preview --listen [::1]:0 --open --edition 2025-11-04 --reader ann@example.org",
            "diff 2025-11-03 2025-11-04",
            "check --strict --format json a.md b.md",
            "check --links --format github",
            "status --edition 2025-11-04",
            "status --domains 0 --format json",
            "pause",
            "pause --edition 2025-11-04 --reason headline",
            "resume --edition 2025-11-04",
            "cancel --edition 2025-11-04 --yes",
            "config --path smtp.url",
            "dkim keygen",
            "dkim keygen --domain example.com --selector s2026 --algorithm ed25519 --out keys",
            "dkim records --config other.yaml",
            "healthcheck --timeout 2",
            "healthcheck --sending",
            "keys list",
            "keys rotate --leaked",
            "subscribers list --status active",
            "subscribers add ann@example.org --name Ann --timezone Europe/Berlin",
            "subscribers remove ann@example.org",
            "subscribers revive ann@example.org",
            "subscribers show ann@example.org --json",
            "subscribers erase ann@example.org",
            "subscribers import a.csv b.yaml --format csv",
            "subscribers export --format text --out readers.txt",
            "--subscribers a.csv --subscribers b.csv send --smtp-url smtp://localhost:1025",
        ] {
            let read = All::try_parse_from(["straight"].into_iter().chain(line.split(' ')));
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
        }
        assert!(day("tomorrow").unwrap_err().contains("YYYY-MM-DD"));
        for line in [
            "send --edition tomorrow",
            "pause 2025-11-04",
            "cancel --reason a\nb",
            "send --to nobody",
            "send --to ann@example.org --dry-run",
            "send --outbox a --smtp-url smtp://b",
            "render",
            "preview --listen here",
            "preview --expose --reader ann@example.org",
            "diff 2025-11-03",
            "subscribers add nobody",
            "subscribers add ann@example.org --timezone berlin",
            "subscribers add ann@example.org --name A\nB",
            "subscribers import",
            "subscribers list --status gone",
            "dkim",
            "dkim keygen --algorithm dsa",
            "healthcheck --timeout 0",
            "keys",
            "keys list --leaked",
        ] {
            assert!(All::try_parse_from(["straight"].into_iter().chain(line.split(' '))).is_err(), "{line}");
        }
    }
}

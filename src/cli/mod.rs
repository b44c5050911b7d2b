//! The command line: clap types, one function a command.

mod approve;
mod archive;
mod args;
pub mod check;
mod comments;
mod config;
mod control;
mod deliveries;
pub mod dkim;
mod dry_run;
mod due;
mod healthcheck;
mod holds;
pub mod import;
mod keys;
mod ledger;
mod letters;
mod links;
mod log;
mod manual;
mod mend;
pub mod new;
mod out;
mod preview;
mod readers;
mod render;
mod run;
pub mod schema;
mod send;
mod signals;
mod site;
mod status;
mod subscribers;
mod templates;
mod trial;
mod why;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::diagnostic::{self, Colour, Counts};
use crate::edition::EditionKey;
use crate::press::{Clock, Look, Press};
use out::WhenUnread;

pub use args::{
    AddArgs, Algorithm, CancelArgs, CheckArgs, CheckFormat, ConfigArgs, DeliveriesCommand, DiffArgs,
    DkimCommand, ExportArgs, GlobalArgs, HealthcheckArgs, ImportArgs, KeygenArgs, KeysCommand, LedgerCommand,
    LettersCommand, ListArgs, ListLettersArgs, OfEdition, OfLetters, OfReaders, PauseArgs, PreviewArgs,
    RemoveArgs, RenderArgs, ResolveArgs, ResolveLettersArgs, ResumeArgs, RetryLettersArgs, ReviveArgs,
    RotateArgs, RunArgs, SendArgs, StatusArgs, StatusFormat, SubscribersCommand, Verdict,
};

/// A folder of Markdown becomes the daily update in your readers' inboxes: once, on time, looking right.
#[derive(Debug, Parser)]
#[command(
    name = "straight",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Without a configuration everything works with samples: mail goes to files in outbox/.\n\
                  newsletter.example.yaml names every setting, and the variable that sets it."
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
enum Command {
    New(new::NewArgs),
    Send(SendArgs),
    Run(RunArgs),
    Check(CheckArgs),
    Preview(PreviewArgs),
    Render(RenderArgs),
    Diff(DiffArgs),
    Site(site::SiteArgs),
    Status(StatusArgs),
    Approve(approve::ApproveArgs),
    Unapprove(approve::UnapproveArgs),
    Pause(PauseArgs),
    Resume(ResumeArgs),
    Cancel(CancelArgs),
    /// See the readers whom an edition did not reach, and decide about them
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// See and change what of the archive may be read on the web
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// See the letters to single people that did not get through, and decide about them
    #[command(subcommand)]
    Letters(LettersCommand),
    /// See and change who gets the edition
    #[command(subcommand)]
    Subscribers(SubscribersCommand),
    /// Read what readers say about articles, and decide what is shown
    #[command(subcommand)]
    Comments(comments::CommentsCommand),
    /// Decide what only a person can about the record of what was sent
    #[command(subcommand)]
    Ledger(LedgerCommand),
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Print the JSON Schema of an article's front matter, for editors' programs
    Schema,
    /// List the built-in templates and words, or print one to start your own from
    Templates {
        /// One of those that are listed, as in edition/body.html or words/en.yaml
        file: Option<String>,
    },
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
    /// Show the configuration in effect, and where each value comes from
    Config(ConfigArgs),
    /// Make the keys that sign messages, and show what stands in DNS for them
    #[command(subcommand)]
    Dkim(DkimCommand),
    /// Ask a running `straight run` whether it is well (for containers)
    Healthcheck(HealthcheckArgs),
}

/// Parses the arguments and runs the command: 0 when it is done, 1 when there is a problem, 2 for wrong arguments, 141 when
/// it only tells and nobody reads on.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version are no errors; clap knows which goes where. A closed pipe is nobody's fault.
            let _ = usage.print();
            return u8::try_from(usage.exit_code()).unwrap_or(2);
        }
    };
    // Who starts a daemon wants to see what it does.
    let verbosity = cli.global.verbose + u8::from(matches!(cli.command, Command::Run(_)));
    if let Err(why) = log::start(verbosity) {
        out::error(&why);
        return 2;
    }
    match dispatch(&cli) {
        Ok(code) => code,
        Err(error) if out::is_unread(&error) => out::UNREAD,
        Err(error) => {
            report(&error);
            1
        }
    }
}

impl Command {
    /// Whether the command does more than tell.
    fn when_unread(&self) -> WhenUnread {
        let only_tells = match self {
            Command::Check(args) => !args.fix,
            Command::Send(args) => args.dry_run,
            Command::Approve(args) => args.show,
            Command::Subscribers(SubscribersCommand::Remove(args)) => args.dry_run,
            Command::Subscribers(SubscribersCommand::Revive(args)) => args.dry_run,
            Command::Diff(_)
            | Command::Status(_)
            | Command::Schema
            | Command::Templates { .. }
            | Command::Completions(_)
            | Command::Config(_)
            | Command::Healthcheck(_)
            | Command::Deliveries(DeliveriesCommand::List(_))
            | Command::Letters(LettersCommand::List(_))
            | Command::Keys(KeysCommand::List)
            | Command::Archive(archive::ArchiveCommand::List)
            | Command::Dkim(DkimCommand::Records)
            | Command::Comments(comments::CommentsCommand::List(_) | comments::CommentsCommand::Show(_))
            | Command::Subscribers(
                SubscribersCommand::List(_) | SubscribersCommand::Show(_) | SubscribersCommand::Export(_),
            ) => true,
            Command::New(_)
            | Command::Run(_)
            | Command::Preview(_)
            | Command::Render(_)
            | Command::Site(_)
            | Command::Unapprove(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Cancel(_)
            | Command::Deliveries(_)
            | Command::Archive(_)
            | Command::Letters(_)
            | Command::Subscribers(_)
            | Command::Comments(_)
            | Command::Ledger(_)
            | Command::Keys(_)
            | Command::Import(_)
            | Command::Man(_)
            | Command::Dkim(_) => false,
        };
        if only_tells { WhenUnread::End } else { WhenUnread::GoOn }
    }
}

/// Runs the command; the code is that of the process.
fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    let out = &mut out::stdout(cli.command.when_unread());
    let well = match &cli.command {
        Command::Config(args) => return config::show(&cli.global, args),
        Command::Dkim(command) => {
            dkim::run(&cli.global, command, Clock::system().now(), out)?;
            true
        }
        Command::Healthcheck(args) => return healthcheck::ask(&cli.global, args),
        Command::Preview(args) => preview::run(&cli.global, args, out)?,
        Command::Import(command) => import::run(&config_of(cli)?, command, Clock::system().now(), out)?,
        Command::Templates { file } => {
            templates::templates(file.as_deref(), out)?;
            true
        }
        Command::Completions(args) => {
            manual::completions(Cli::command(), args, out)?;
            true
        }
        Command::Man(args) => {
            manual::man(Cli::command(), args, out)?;
            true
        }
        Command::Schema => {
            schema::schema(out)?;
            true
        }
        Command::New(args) => {
            new::new(&config_of(cli)?, args, Clock::system().now(), out)?;
            true
        }
        Command::Check(args) => with_look(cli, async |look, out| due::check(look, args, out).await)
            .or_else(|why| due::tell_no_configuration(why, args.format, out))?,
        Command::Send(args) if args.dry_run => {
            with_look(cli, async |look, out| dry_run::dry_run(look, args.edition.clone(), out).await)?
        }
        Command::Send(args) if !args.to.is_empty() => {
            with_look(cli, async |look, out| trial::send(look, args.edition.clone(), &args.to, out).await)?
        }
        Command::Send(args) => with_press(cli, async |press, out, stop| {
            send::send(press, args.edition.clone(), out, stop).await
        })?,
        Command::Run(args) => {
            with_press(cli, async |press, out, stop| run::run(press, args.once, out, stop).await)?
        }
        Command::Render(args) => with_look(cli, async |look, out| {
            let today = look.key_at(look.clock.now());
            render::render(look, args.date.map_or(today, EditionKey::of), &args.out, out).await
        })?,
        Command::Diff(args) => {
            with_look(cli, async |look, out| render::diff(look, &args.from, &args.to, out).await)?
        }
        Command::Status(args) => {
            with_press(cli, async |press, out, _| status::status(press, args, out).await)?
        }
        Command::Site(args) => with_press(cli, async |press, out, _| site::site(press, args, out).await)?,
        Command::Approve(args) => {
            with_press(cli, async |press, out, _| approve::approve(press, args, out).await)?
        }
        Command::Unapprove(args) => {
            with_press(cli, async |press, out, _| approve::unapprove(press, args, out).await)?
        }
        Command::Pause(args) => {
            with_press(cli, async |press, out, _| control::pause(press, args, out).await)?
        }
        Command::Resume(args) => {
            with_press(cli, async |press, out, _| control::resume(press, args, out).await)?
        }
        Command::Cancel(args) => {
            with_press(cli, async |press, out, _| control::cancel(press, args, out).await)?
        }
        Command::Ledger(command) => {
            with_press(cli, async |press, out, _| ledger::run(press, command, out).await)?
        }
        Command::Keys(command) => {
            with_press(cli, async |press, out, _| keys::run(press, command, out).await)?
        }
        Command::Comments(command) => {
            with_press(cli, async |press, out, _| comments::run(press, command, out).await)?
        }
        Command::Deliveries(command) => {
            with_press(cli, async |press, out, _| deliveries::run(press, command, out).await)?
        }
        Command::Archive(command) => {
            with_press(cli, async |press, out, _| archive::run(press, command, out).await)?
        }
        Command::Letters(command) => {
            with_press(cli, async |press, out, _| letters::run(press, command, out).await)?
        }
        Command::Subscribers(command) => {
            with_press(cli, async |press, out, _| subscribers::run(press, command, out).await)?
        }
    };
    Ok(u8::from(!well))
}

fn config_of(cli: &Cli) -> anyhow::Result<Config> {
    Ok(cli.global.load()?.config)
}

/// Opens the press, runs `command` with standard output and a stop that signals pull, and closes the store.
fn with_press(
    cli: &Cli,
    command: impl AsyncFnOnce(&Press, &mut dyn Write, &CancellationToken) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let config = config_of(cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = signals::stop()?;
        let press = Press::open(config, Clock::system()).await?;
        let done = command(&press, &mut out::stdout(cli.command.when_unread()), &stop).await;
        press.store.close().await;
        done
    })
}

/// Opens the store for reading alone, runs `command` with standard output, and closes it: nothing is made or changed.
fn with_look(
    cli: &Cli,
    command: impl AsyncFnOnce(&Look, &mut dyn Write) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let config = config_of(cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let look = Look::open(config, Clock::system()).await?;
        let done = command(&look, &mut out::stdout(cli.command.when_unread())).await;
        look.close().await;
        done
    })
}

/// Whether what goes to standard output or error may be coloured.
fn colour() -> Colour {
    out::colour_of_stderr()
}

/// One clear paragraph, or for a configuration every finding with its line.
fn report(error: &anyhow::Error) {
    if let Some(ConfigError::Wrong { findings }) = error.downcast_ref() {
        let told = diagnostic::human(findings, out::colour_of_stderr());
        out::complain(&format!("{told}\nthe configuration has {}", Counts::of(findings)));
        return;
    }
    // A cause often repeats what its error has said already.
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !told.contains(&cause) {
            told = if told.is_empty() { cause } else { format!("{told}: {cause}") };
        }
    }
    out::error(&told);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_of_one_piece() {
        Cli::command().debug_assert();
    }

    /// Comments become help word for word: an escape that is right in the one is shown in the other.
    #[test]
    fn no_help_and_no_page_of_the_manual_shows_an_escape() {
        fn look(command: &mut clap::Command) {
            let help = command.render_long_help().to_string();
            assert!(!help.contains('\\'), "{help}");
            // Prose is wrapped to the width of the terminal: a line that is broken by hand leaves half a line there.
            let behind = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = behind.lines().collect();
            for pair in lines.windows(2) {
                let goes_on = pair[1].starts_with(|c: char| c.is_lowercase() || c == '`');
                assert!(pair[0].ends_with(['.', ':']) || !goes_on, "{behind}");
            }
            let mut page = Vec::new();
            clap_mangen::Man::new(command.clone()).render(&mut page).unwrap();
            // A backslash that is shown is written `\e`, or twice.
            let page = String::from_utf8(page).unwrap();
            assert!(!page.contains(r"\\") && !page.contains(r"\e"), "{page}");
            command.get_subcommands_mut().for_each(look);
        }
        look(&mut Cli::command());
    }

    #[test]
    fn wrong_arguments_are_told_by_the_code_two() {
        let code = |line: &str| run(line.split(' ').map(OsString::from));
        assert_eq!(code("straight --version"), 0);
        assert_eq!(code("straight --help"), 0);
        assert_eq!(code("straight"), 2);
        assert_eq!(code("straight confg"), 2);
        assert_eq!(code("straight config --colour"), 2);
        for line in [
            "deliveries retry",
            "deliveries retry ann@example.org --all",
            "letters resolve --as lost",
            // Only what is uncertain is settled, and only what was not sent is queued anew.
            "letters resolve --all --as lost --state deferred",
            "letters retry --all --state sent",
        ] {
            assert_eq!(code(&format!("straight {line}")), 2, "{line}");
        }
    }
}

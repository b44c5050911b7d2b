//! The command line: clap types, one function a command.

mod args;
mod config;
mod healthcheck;
mod log;
mod out;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::ConfigError;
use crate::diagnostic::{self, Counts};

pub use args::{
    AddArgs, CheckArgs, CheckFormat, ConfigArgs, DiffArgs, ExportArgs, GlobalArgs, HealthcheckArgs,
    ImportArgs, ListArgs, RemoveArgs, RenderArgs, RunArgs, SendArgs, StatusArgs, SubscribersCommand,
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
    /// Show the configuration in effect, and where each value comes from
    Config(ConfigArgs),
    /// Ask a running `straight run` whether it is well (for containers)
    Healthcheck(HealthcheckArgs),
}

/// Parses the arguments and runs the command: 0 when it is done, 1 when there is a problem, 2 for wrong arguments.
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
    if let Err(why) = log::start(cli.global.verbose) {
        out::error(&why);
        return 2;
    }
    match dispatch(&cli) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            1
        }
    }
}

/// Runs the command; the code is that of the process.
fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    match &cli.command {
        Command::Config(args) => config::show(&cli.global, args),
        Command::Healthcheck(args) => healthcheck::ask(&cli.global, args),
    }
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_of_one_piece() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_arguments_are_told_by_the_code_two() {
        let code = |line: &str| run(line.split(' ').map(OsString::from));
        assert_eq!(code("straight --version"), 0);
        assert_eq!(code("straight --help"), 0);
        assert_eq!(code("straight"), 2);
        assert_eq!(code("straight confg"), 2);
        assert_eq!(code("straight config --colour"), 2);
    }
}

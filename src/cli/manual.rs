//! `straight completions` and `straight man`: what shells and `man` know of the program, made from its arguments.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;

/// Print the completions of a shell: commands and options come at the press of Tab
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight completions bash > ~/.local/share/bash-completion/completions/straight\n  \
    straight completions zsh > ~/.zfunc/_straight      (with fpath+=~/.zfunc before compinit in .zshrc)\n  \
    straight completions fish > ~/.config/fish/completions/straight.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: Shell,
}

/// Print the manual page, or write one for each command
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight man | man -l -\n  \
    straight man --out ~/.local/share/man/man1")]
pub(super) struct ManArgs {
    /// Write straight.1 and a page for each command into this folder; it is made when absent
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
}

/// Prints the completions of `program`.
///
/// # Errors
/// When `out` takes no more.
pub(super) fn completions(
    mut program: Command,
    args: &CompletionsArgs,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "straight", &mut script);
    out.write_all(&script)
}

/// Prints the manual page of `program`, or writes that of each command.
///
/// # Errors
/// When the output takes no more.
pub(super) fn man(program: Command, args: &ManArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut program = program.disable_help_subcommand(true);
    // Names the commands as they are typed: `straight dkim keygen`.
    program.build();
    let Some(folder) = &args.out else {
        out.write_all(&page(&program)?)?;
        return Ok(());
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let count = write_pages(&program, folder)?;
    writeln!(out, "{count} pages in {}", folder.display())?;
    Ok(())
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let name = file_stem(command);
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    Ok(page)
}

fn file_stem(command: &Command) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).replace(' ', "-")
}

fn write_pages(command: &Command, folder: &Path) -> anyhow::Result<usize> {
    let path = folder.join(format!("{}.1", file_stem(command)));
    fs::write(&path, page(command)?).with_context(|| format!("cannot write {}", path.display()))?;
    let mut count = 1;
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        count += write_pages(command, folder)?;
    }
    Ok(count)
}

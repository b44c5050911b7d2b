//! `straight archive`: articles that are taken off the public pages.

use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::control::who;
use crate::article::Slug;
use crate::press::Press;

/// See and change what of the archive may be read on the web
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight archive withdraw harbour-closes --reason \"the court forbids it\"\n  \
    straight archive restore harbour-closes\n  \
    straight archive list                      what is withdrawn\n\n\
    An article is named by its slug, the end of its address. What is withdrawn is in no page, feed, list, search or file of \
    `straight site`, nor is the mail that it was in; whoever was sent it has it. An edition that is cancelled before anybody has got \
    it is withdrawn by itself.")]
pub(super) enum ArchiveCommand {
    /// Show what is withdrawn
    List,
    /// Take an article off the public pages
    Withdraw(WithdrawArgs),
    /// Put one back
    Restore(RestoreArgs),
}

/// `archive withdraw`
#[derive(Debug, Clone, Args)]
pub(super) struct WithdrawArgs {
    /// The end of its address
    pub(super) slug: Slug,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = super::args::reason)]
    pub(super) reason: Option<String>,
}

/// `archive restore`
#[derive(Debug, Clone, Args)]
pub(super) struct RestoreArgs {
    /// The end of its address
    pub(super) slug: Slug,
}

/// Runs `straight archive …`.
///
/// # Errors
/// When the store fails, or there is nothing to withdraw or to restore.
pub(super) async fn run(
    press: &Press,
    command: &ArchiveCommand,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    match command {
        ArchiveCommand::List => list(press, out).await?,
        ArchiveCommand::Withdraw(args) => withdraw(press, args, out).await?,
        ArchiveCommand::Restore(args) => restore(press, &args.slug, out).await?,
    }
    Ok(true)
}

async fn list(press: &Press, out: &mut dyn Write) -> anyhow::Result<()> {
    let withdrawn = press.store.withdrawals().await?;
    for off in &withdrawn {
        let at = press.config.schedule.local(off.at);
        let reason = off.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        writeln!(out, "{}  {at}  by {}{reason}", off.slug, off.who)?;
    }
    writeln!(out, "{} withdrawn", withdrawn.len())?;
    Ok(())
}

async fn withdraw(press: &Press, args: &WithdrawArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let slug = args.slug.as_str();
    if !press.store.withdraw(slug, &who(), args.reason.as_deref(), press.clock.now()).await? {
        if press.store.is_withdrawn(slug).await? {
            bail!("the article {slug} is withdrawn already");
        }
        bail!("no article {slug} has gone out: the slug is the end of its address, as in articles/{slug}");
    }
    writeln!(
        out,
        "The article {slug} is withdrawn: no page, feed, list or search has it, in any process over this database."
    )?;
    writeln!(
        out,
        "  whoever was sent it has it; what stands in front of the server may keep pages for a minute"
    )?;
    writeln!(out, "  its file is untouched; `straight archive restore {slug}` puts it back")?;
    Ok(())
}

async fn restore(press: &Press, slug: &Slug, out: &mut dyn Write) -> anyhow::Result<()> {
    if !press.store.restore(slug.as_str(), press.clock.now()).await? {
        bail!("the article {slug} is not withdrawn: `straight archive list` shows what is");
    }
    writeln!(out, "The article {slug} may be read again.")?;
    Ok(())
}

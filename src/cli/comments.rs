//! `straight comments`: what readers say about articles, and what a moderator decides.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use crate::comment::{Comment, CommentId, Moderation};
use crate::press::Press;
use crate::subscriber::EmailAddress;

/// How many comments are in memory at a time.
const PAGE: u32 = 200;
/// How much of a comment stands in a list, in characters.
const EXCERPT: usize = 60;

/// Read what readers say about articles, and decide what is shown
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight comments list                    those that wait for a decision\n  \
    straight comments show 7\n  \
    straight comments approve 7 8 9\n  \
    straight comments reject 10")]
pub(super) enum CommentsCommand {
    /// Show them, one a line, the oldest first
    List(ListCommentsArgs),
    /// Show them whole, with their authors' addresses
    Show(WhichComments),
    /// Show them under their articles
    Approve(WhichComments),
    /// Keep them out, or take them down again
    Reject(WhichComments),
    /// Delete everything that the holder of an address said
    Erase(EraseCommentsArgs),
}

/// `comments list`
#[derive(Debug, Clone, Args)]
pub(super) struct ListCommentsArgs {
    /// Those that stand so
    #[arg(long, value_enum, default_value_t = Standing::Pending)]
    pub(super) status: Standing,
}

/// How a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Standing {
    /// Nobody has decided
    Pending,
    /// Shown
    Approved,
    /// Kept out
    Rejected,
}

impl From<Standing> for Moderation {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Pending => Moderation::Pending,
            Standing::Approved => Moderation::Approved,
            Standing::Rejected => Moderation::Rejected,
        }
    }
}

/// Comments by their numbers.
#[derive(Debug, Clone, Args)]
pub(super) struct WhichComments {
    /// Their numbers, as `comments list` shows them
    #[arg(required = true, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) numbers: Vec<i64>,
}

/// `comments erase`
#[derive(Debug, Clone, Args)]
pub(super) struct EraseCommentsArgs {
    /// The address
    pub(super) email: EmailAddress,
}

/// Runs one of the commands.
pub(super) async fn run(
    press: &Press,
    command: &CommentsCommand,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    match command {
        CommentsCommand::List(args) => list(press, args.status.into(), out).await,
        CommentsCommand::Show(which) => {
            for comment in found(press, which).await? {
                show(&comment, out)?;
            }
            Ok(true)
        }
        CommentsCommand::Approve(which) => decide(press, which, Moderation::Approved, out).await,
        CommentsCommand::Reject(which) => decide(press, which, Moderation::Rejected, out).await,
        CommentsCommand::Erase(args) => {
            let count = press.store.erase_comments(&args.email).await?;
            writeln!(out, "{count} comments are deleted.")?;
            Ok(true)
        }
    }
}

async fn list(press: &Press, moderation: Moderation, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut after = CommentId(0);
    let mut count = 0;
    loop {
        let page = press.store.comments(moderation, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for comment in &page {
            let day = comment.made_at.format("%Y-%m-%d %H:%M");
            let line = comment.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut excerpt: String = line.chars().take(EXCERPT).collect();
            if excerpt.len() < line.len() {
                excerpt.push('…');
            }
            writeln!(out, "{:>5}  {day}  {}  {}: {excerpt}", comment.id, comment.slug, comment.name)?;
            count += 1;
        }
    }
    let verb = if count == 1 { "comment is" } else { "comments are" };
    writeln!(out, "{count} {verb} {}", moderation.as_str())?;
    Ok(true)
}

fn show(comment: &Comment, out: &mut dyn Write) -> anyhow::Result<()> {
    let made = comment.made_at.format("%Y-%m-%d %H:%M UTC");
    writeln!(out, "{} · {} · {} · {made}", comment.id, comment.slug, comment.moderation.as_str())?;
    writeln!(out, "{} <{}>", comment.name, comment.email)?;
    for line in comment.text.lines() {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    writeln!(out)?;
    Ok(())
}

async fn decide(
    press: &Press,
    which: &WhichComments,
    moderation: Moderation,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    // All are looked up before the first is changed, so that a slip of the keyboard changes nothing.
    for comment in found(press, which).await? {
        let changed = press.store.moderate(comment.id, moderation, press.clock.now()).await?;
        let already = if changed { "" } else { " already" };
        let (id, word, name) = (comment.id, moderation.as_str(), &comment.name);
        writeln!(out, "{id} by {name} on {} is{already} {word}.", comment.slug)?;
    }
    Ok(true)
}

async fn found(press: &Press, which: &WhichComments) -> anyhow::Result<Vec<Comment>> {
    let mut comments = Vec::new();
    for number in which.numbers.iter().copied().collect::<BTreeSet<_>>() {
        match press.store.comment(CommentId(number)).await? {
            Some(comment) => comments.push(comment),
            None => bail!("there is no comment {number}; `straight comments list` shows those that wait"),
        }
    }
    Ok(comments)
}

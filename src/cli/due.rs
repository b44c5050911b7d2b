//! `straight check`: what is wrong, and what of the rest is due.

use std::io::{self, IsTerminal as _, Write};

use super::args::{CheckArgs, CheckFormat};
use super::check::{self, Format, Strictness, Verdict};
use crate::article::{LoadOptions, Loaded, PictureWork};
use crate::config::{Config, Database};
use crate::diagnostic::Colour;
use crate::edition::{self, Past, Rules};
use crate::press::Clock;
use crate::store::Store;

/// Checks what the arguments name, then says which articles go out next and why others do not.
pub(super) fn check(config: &Config, args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let now = Clock::system().now();
    let options = LoadOptions::of(config).with_pictures(PictureWork::LookOnly);
    let colour = if io::stdout().is_terminal() { Colour::Always } else { Colour::Never };
    let format = match args.format {
        CheckFormat::Human => Format::Human(colour),
        CheckFormat::Json => Format::Json,
    };
    let strictness = if args.strict { Strictness::Warnings } else { Strictness::Errors };
    let folder = &config.articles.folder;
    let (verdict, loaded) = check::check(&args.paths, folder, &options, format, strictness, now, out)?;
    if args.format == CheckFormat::Human && args.paths.is_empty() {
        tell_what_is_due(config, loaded, now, out)?;
    }
    Ok(verdict == Verdict::Fine)
}

fn tell_what_is_due(
    config: &Config,
    loaded: Loaded,
    now: chrono::DateTime<chrono::Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    // A look makes no database.
    let published = match &config.database {
        Database::Sqlite(path) if !path.exists() => Default::default(),
        Database::Sqlite(_) | Database::Postgres(_) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let store = Store::open(&config.database).await?;
                let published = store.published_slugs().await;
                store.close().await;
                published
            })?
        }
    };
    let past = if published.is_empty() { Past::Nothing } else { Past::Editions(&published) };
    let timezone = config.schedule.timezone;
    let rules = Rules { backlog_days: config.articles.backlog_days, now, timezone };
    let waits: Vec<_> = loaded.unsettled.clone();
    let assembled = edition::assemble(loaded.articles, past, rules);
    match assembled.due.len() {
        0 => writeln!(out, "No article is due.")?,
        count => writeln!(out, "Due for the next edition: {count}.")?,
    }
    for article in &assembled.due {
        writeln!(out, "  {}: {}", article.path.display(), article.title)?;
    }
    if !assembled.waiting.is_empty() {
        writeln!(out, "Not due:")?;
    }
    for article in &assembled.waiting {
        writeln!(out, "  {} {}", article.path.display(), article.why)?;
    }
    for path in waits {
        writeln!(out, "  {} was changed just now, and waits a moment", path.display())?;
    }
    Ok(())
}

//! `straight new "Title"`: an article's file, ready to be written into.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use crate::article::{Beginning, Byline, Slug, blank};
use crate::config::{Authors, Config};
use crate::yaml::nearest;

/// Begin an article: a file with today's date and a front matter to fill in
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    straight new \"The Ferry Is Back\"\n  \
    straight new \"The Ferry Is Back\" --date 2026-03-02 --author mara-lind --lead\n  \
    straight new \"The Ferry Is Back\" --tag harbour --extra series=\"The bay\"\n\n\
    Prints the file's path. The file is a draft: remove its line `draft: true` when it is ready to go out. No file is \
    ever overwritten.")]
pub struct NewArgs {
    /// The headline
    #[arg(value_parser = title)]
    pub title: String,
    /// The day it goes out [default: today, in the publication's time zone]
    #[arg(long, value_name = "DATE", value_parser = super::args::day)]
    pub date: Option<NaiveDate>,
    /// Who writes it: a key of `authors`, or a name [default: the only one that is configured]
    #[arg(long, value_name = "AUTHOR", value_parser = line)]
    pub author: Option<String>,
    /// The name in addresses, and of the file [default: made from the title]
    #[arg(long, value_name = "SLUG")]
    pub slug: Option<Slug>,
    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "TAG", value_parser = line)]
    pub tags: Vec<String>,
    /// It comes first in its edition
    #[arg(long)]
    pub lead: bool,
    /// A key and a text for your own templates; may be given several times
    #[arg(long, value_name = "KEY=TEXT", value_parser = pair)]
    pub extra: Vec<(String, String)>,
}

/// Writes the file into the folder of its day, `articles/2026-03-02/the-ferry-is-back.md`, and prints its path.
///
/// # Errors
/// When the file is there already, the author is not known, or the folder cannot be written.
pub fn new(
    config: &Config,
    args: &NewArgs,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<PathBuf> {
    let date = args.date.unwrap_or_else(|| now.with_timezone(&config.schedule.timezone).date_naive());
    let byline = byline(args.author.as_deref(), &config.authors)?;
    let name = args.slug.clone().unwrap_or_else(|| Slug::of_title(&args.title, ""));
    let beginning = Beginning {
        title: args.title.clone(),
        date,
        byline,
        slug: args.slug.clone(),
        tags: args.tags.clone(),
        lead: args.lead,
        extra: args.extra.clone(),
    };
    let folder = config.articles.folder.join(date.to_string());
    let path = folder.join(format!("{name}.md"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    write_new(&path, &blank(&beginning))?;
    writeln!(out, "{}", path.display())?;
    Ok(path)
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = match fs::File::create_new(path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::AlreadyExists => bail!(
            "{} is there already, and is left as it is; choose another title, or name the new file with --slug",
            path.display()
        ),
        Err(why) => return Err(why).with_context(|| format!("cannot make {}", path.display())),
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

fn byline(author: Option<&str>, authors: &Authors) -> anyhow::Result<Byline> {
    let Some(author) = author else {
        let mut keys = authors.keys().cloned();
        return Ok(match (keys.next(), keys.next()) {
            (Some(only), None) => Byline::Known(only),
            _ => Byline::OneOf(authors.keys().cloned().collect()),
        });
    };
    // One word is a key, as in the front matter.
    let is_name = author.contains(char::is_whitespace);
    if is_name || authors.contains_key(author) {
        return Ok(Byline::Known(author.to_owned()));
    }
    let keys: Vec<&str> = authors.keys().map(String::as_str).collect();
    match nearest(author, keys.iter().copied()) {
        Some(key) => bail!("no author has the key `{author}`; did you mean `{key}`?"),
        None if keys.is_empty() => {
            bail!("no authors are configured; write the whole name: --author \"Jo Guest\"")
        }
        None => bail!("no author has the key `{author}`; the keys are {}", keys.join(", ")),
    }
}

/// One line with something on it, its spaces made single.
fn line(text: &str) -> Result<String, &'static str> {
    if text.contains(|c: char| c.is_control() && c != '\t' || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("it stands on one line, without control characters");
    }
    match text.split_whitespace().collect::<Vec<_>>().join(" ") {
        empty if empty.is_empty() => Err("it is empty"),
        text => Ok(text),
    }
}

fn title(text: &str) -> Result<String, &'static str> {
    let title = line(text)?;
    if title.chars().count() > 200 { Err("a title has at most 200 characters") } else { Ok(title) }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("write it as in series=\"The bay\"")?;
    Ok((line(key)?, line(value)?))
}

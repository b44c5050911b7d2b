//! `straight import`: posts of elsewhere become articles.

use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use url::Url;

use crate::config::Config;
use crate::import::{self, Flavour, Note, Options, Report, Writing};

/// Bring in what you wrote elsewhere: the posts of Jekyll or Hugo, or a WordPress export
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "Examples:\n  \
    straight import jekyll ../blog --dry-run\n  \
    straight import hugo ../site --out articles/archive --site https://blog.example.com\n  \
    straight import wordpress export.xml --uploads wp-content/uploads\n\n\
    Nothing is fetched and no file is overwritten. What cannot be carried over is told with its file and line.\n\
    A second run adds what is new. Ends with 0 when every post is an article, with 1 when one is not, and with 2 for \
    wrong arguments.\n\
    Readers are imported by `straight subscribers import`.")]
pub enum ImportCommand {
    /// The posts of a Jekyll site: its folder, or _posts
    Jekyll(SourceArgs),
    /// The posts of a Hugo site: its folder, or one in content
    Hugo(SourceArgs),
    /// The posts of a WordPress export: the .xml file of Tools → Export
    #[command(name = "wordpress")]
    WordPress(WordPressArgs),
}

/// Where posts come from, and where they go.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// What is imported
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The folder into which the articles are written [default: the articles folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Where the writing stood: links and pictures that are not imported lead there
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub site: Option<Url>,
    /// Tell what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// An export, and the pictures that it refers to.
#[derive(Debug, Clone, Args)]
pub struct WordPressArgs {
    /// The export itself.
    #[command(flatten)]
    pub from: SourceArgs,
    /// A copy of wp-content/uploads, in which the posts' pictures are found
    #[arg(long, value_name = "FOLDER")]
    pub uploads: Option<PathBuf>,
}

fn address(text: &str) -> Result<Url, &'static str> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .ok_or("write a whole address, as in https://blog.example.com")
}

/// Imports what `command` names, and tells what came of it; whether every post became an article.
///
/// # Errors
/// When the source cannot be read, is of another kind, or an article cannot be written.
pub(super) fn run(
    config: &Config,
    command: &ImportCommand,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (args, uploads) = match command {
        ImportCommand::Jekyll(args) | ImportCommand::Hugo(args) => (args, None),
        ImportCommand::WordPress(args) => (&args.from, args.uploads.as_deref()),
    };
    let folder = args.out.as_deref().unwrap_or(&config.articles.folder);
    let writing = if args.dry_run { Writing::Nothing } else { Writing::Files };
    let timezone = config.schedule.timezone;
    let articles = config.articles.folder.as_path();
    let options = Options { out: folder, articles, writing, site: args.site.clone(), uploads, timezone, now };
    let report = match command {
        ImportCommand::Jekyll(_) => import::site(Flavour::Jekyll, &args.source, &options)?,
        ImportCommand::Hugo(_) => import::site(Flavour::Hugo, &args.source, &options)?,
        ImportCommand::WordPress(_) => import::wordpress(&args.source, &options)?,
    };
    let may_copy = matches!(command, ImportCommand::WordPress(_)) && uploads.is_none();
    tell(&report, writing, may_copy, out)?;
    Ok(report.refused.is_empty())
}

/// `may_copy`: whether there is an option that would copy pictures.
fn tell(report: &Report, writing: Writing, may_copy: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    for path in &report.written {
        writeln!(out, "{}", path.display())?;
    }
    let mut section = |title: &str, notes: &[Note]| -> anyhow::Result<()> {
        if !notes.is_empty() {
            writeln!(out, "\n{title}:")?;
        }
        let mut notes: Vec<&Note> = notes.iter().collect();
        notes.sort_by_key(|note| (&note.file, note.line));
        for note in notes {
            writeln!(out, "  {note}")?;
        }
        Ok(())
    };
    section("Left out", &report.notes)?;
    section("Worth a look", &report.remarks)?;
    section("Not imported", &report.refused)?;
    section("Not posts", &report.not_posts)?;
    section("Pictures that stay on the web", &report.remote)?;
    if !report.remote.is_empty() {
        let copy = if may_copy {
            "import anew with --uploads FOLDER, a copy of wp-content/uploads, or "
        } else {
            ""
        };
        writeln!(
            out,
            "  They are shown for as long as they are there. To have them: {copy}save each beside its article, and write\n  its name in place of the address."
        )?;
    }
    if !report.authors.is_empty() {
        writeln!(out, "\nAuthors, for newsletter.yaml:\nauthors:")?;
        for (key, name) in &report.authors {
            let key = crate::article::Slug::of_text(key).map_or_else(|| key.clone(), |key| key.to_string());
            writeln!(out, "  {}:\n    name: {}", serde_json::json!(key), serde_json::json!(name))?;
        }
    }
    let verb = match writing {
        Writing::Files => "became articles",
        Writing::Nothing => "would become articles",
    };
    let mut summary = format!("\n{} {verb}", count(report.written.len(), "post"));
    if report.pictures > 0 {
        summary.push_str(&format!(", with {}", count(report.pictures, "picture")));
    }
    if !report.refused.is_empty() {
        summary.push_str(&format!("; {} did not", report.refused.len()));
    }
    summary.push('.');
    if report.unchanged > 0 {
        summary.push_str(&format!(" {} there already, unchanged.", is_or_are(report.unchanged)));
    }
    if !report.passed_over.is_empty() {
        let kinds: Vec<String> =
            report.passed_over.iter().map(|(kind, count)| format!("{kind} ({count})")).collect();
        summary.push_str(&format!(" Passed over: {}.", kinds.join(", ")));
    }
    writeln!(out, "{summary}")?;
    if writing == Writing::Files && !report.written.is_empty() {
        writeln!(out, "`straight check` says what an editor may still mend, and which of them are due.")?;
    }
    Ok(())
}

fn is_or_are(number: usize) -> String {
    format!("{number} {}", if number == 1 { "is" } else { "are" })
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

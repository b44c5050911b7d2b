//! `straight check`: what is wrong, and what of the rest is due.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::args::{CheckArgs, CheckFormat};
use super::check::{self, Format, Mend, Strictness, Verdict};
use super::mend;
use crate::article::{Article, LoadOptions, PictureWork};
use crate::config::{Config, Database};
use crate::diagnostic::{Colour, Diagnostic};
use crate::edition::{
    self, Assembled, Edition, EditionKey, Headline, Past, RenderSettings, RenderedEdition, Rules,
    TemplateError, Templates,
};
use crate::letter;
use crate::press::Clock;
use crate::store::Store;
use crate::web::Pages;

/// Checks what the arguments name, then says which articles go out next and why others do not.
pub(super) fn check(config: &Config, args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    if args.rules {
        out.write_all(check::rules(config).as_bytes())?;
        return Ok(true);
    }
    let now = Clock::system().now();
    let options = LoadOptions::of(config).with_pictures(PictureWork::LookOnly);
    let colour = if io::stdout().is_terminal() { Colour::Always } else { Colour::Never };
    let format = match args.format {
        CheckFormat::Human => Format::Human(colour),
        CheckFormat::Json => Format::Json,
        CheckFormat::Github => Format::Github,
    };
    let strictness = if args.strict { Strictness::Warnings } else { Strictness::Errors };
    let mend = if args.fix { Mend::Yes } else { Mend::No };
    let mut loaded = check::read(&args.paths, &config.articles.folder, &options, mend, now)?;
    // What programs read is the findings, and nothing else.
    let mut account: Box<dyn Write + '_> = match format {
        Format::Human(_) => Box::new(&mut *out),
        Format::Json | Format::Github => Box::new(io::stderr()),
    };
    if args.dry_run {
        mend::show(&loaded, &mut account)?;
    } else {
        mend::write(&mut loaded, &mut account)?;
    }
    drop(account);
    if !args.paths.is_empty() {
        return Ok(check::tell(&loaded, format, strictness, out)? == Verdict::Fine);
    }
    let outlook = Outlook::of(config, std::mem::take(&mut loaded.articles), now)?;
    for found in &outlook.findings {
        // Editions, pages and letters share words, style sheet and logo.
        if !loaded.diagnostics.contains(found) {
            loaded.diagnostics.push(found.clone());
        }
    }
    let verdict = check::tell(&loaded, format, strictness, out)?;
    if args.format == CheckFormat::Human {
        outlook.tell(&loaded.unsettled, out)?;
    }
    Ok(verdict == Verdict::Fine)
}

/// What the store says of the past.
#[derive(Default)]
struct Before {
    published: BTreeMap<String, Option<EditionKey>>,
    headlines: Vec<Headline>,
}

/// The next edition as it would be now.
struct Outlook {
    assembled: Assembled,
    /// What is wrong with the templates.
    findings: Vec<Diagnostic>,
    /// The edition of what is due.
    next: Option<RenderedEdition>,
}

impl Outlook {
    fn of(config: &Config, articles: Vec<Article>, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let timezone = config.schedule.timezone;
        let key = EditionKey::of(now.with_timezone(&timezone).date_naive());
        let before = Before::read(config, &key)?;
        let past = match before.published.is_empty() {
            true => Past::Nothing,
            false => Past::Editions(&before.published),
        };
        let rules = Rules { backlog_days: config.articles.backlog_days, now, timezone };
        let newest = articles.iter().max_by_key(|article| article.date).cloned();
        let assembled = edition::assemble(articles, past, rules);

        let mut outlook = Outlook { findings: wrong_in_folder(config), next: None, assembled };
        let templates = match Templates::load(config.edition.templates.as_deref(), &config.publication) {
            Ok(templates) => {
                outlook.findings.extend(templates.words().warnings().iter().cloned());
                templates
            }
            Err(error) => {
                outlook.findings.extend(error.diagnostics());
                return Ok(outlook);
            }
        };
        let is_due = !outlook.assembled.due.is_empty();
        // What is not due still shows whether the templates work.
        let articles = if is_due { outlook.assembled.due.clone() } else { newest.into_iter().collect() };
        if articles.is_empty() {
            return Ok(outlook);
        }
        let earlier = outlook.assembled.before.iter();
        let earlier = earlier.map(|article| edition::headline(article, None, &config.publication));
        let mut recent: Vec<_> = before.headlines.into_iter().chain(earlier).collect();
        recent.truncate(config.edition.recent);
        let draft = Edition { key, articles, recent, earlier: Default::default(), number: 1, frozen_at: now };
        let settings =
            RenderSettings { images: config.articles.images, size_limit: config.edition.size_limit };
        match edition::render(&draft, &config.publication, &templates, &settings) {
            Ok(rendered) => outlook.next = is_due.then_some(rendered),
            Err(error) => outlook.findings.extend(error.diagnostics()),
        }
        Ok(outlook)
    }

    fn tell(&self, unsettled: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
        match self.assembled.due.len() {
            0 => writeln!(out, "No article is due.")?,
            count => writeln!(out, "Due for the next edition: {count}.")?,
        }
        for article in &self.assembled.due {
            writeln!(out, "  {}: {}", article.path.display(), article.title)?;
        }
        for warning in self.next.iter().flat_map(|next| edition::size_report(next).warnings) {
            writeln!(out, "  warning: {warning}")?;
        }
        if !self.assembled.waiting.is_empty() {
            writeln!(out, "Not due:")?;
        }
        for article in &self.assembled.waiting {
            writeln!(out, "  {} {}", article.path.display(), article.why)?;
        }
        for path in unsettled {
            writeln!(out, "  {} was changed just now, and waits a moment", path.display())?;
        }
        Ok(())
    }
}

impl Before {
    fn read(config: &Config, key: &EditionKey) -> anyhow::Result<Self> {
        // A look makes no database.
        if matches!(&config.database, Database::Sqlite(path) if !path.exists()) {
            return Ok(Before::default());
        }
        let limit = u32::try_from(config.edition.recent).unwrap_or(u32::MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let store = Store::open(&config.database).await?;
            let published = store.published_slugs().await;
            let headlines = store.recent_headlines(key.date(), limit).await;
            store.close().await;
            Ok(Before { published: published?, headlines: headlines? })
        })
    }
}

/// What can be said of the user's templates before an edition is rendered with them.
fn wrong_in_folder(config: &Config) -> Vec<Diagnostic> {
    let Some(folder) = &config.edition.templates else { return Vec::new() };
    let mut findings = edition::stray_templates(folder, &Pages::names(), &letter::Templates::names());
    match Pages::new(&config.publication, Some(folder)) {
        // Whoever loads the edition's templates tells of their words.
        Ok(_) | Err(TemplateError::Found(_)) => {}
        Err(error) => findings.extend(error.diagnostics()),
    }
    // What is wrong with the style sheet is told of the edition.
    if edition::Templates::load(Some(folder), &config.publication).is_ok()
        && let Err(error) = letter::Templates::load(&config.publication, Some(folder))
    {
        findings.extend(error.diagnostics());
    }
    findings
}

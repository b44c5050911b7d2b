//! `straight check`: what is wrong, and what of the rest is due.

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::args::{CheckArgs, CheckFormat};
use super::check::{self, Format, Mend, Strictness, Verdict};
use super::mend;
use crate::article::{self, LoadOptions, Loaded, Others, Outline, PictureWork};
use crate::config::Config;
use crate::diagnostic::{Colour, Diagnostic};
use crate::edition::{self, EditionKey, RenderedEdition, TemplateError, Templates, Waiting};
use crate::letter;
use crate::press::{self, Look, PressError, Record};
use crate::web::Pages;

/// Checks what the arguments name, then says which articles go out next and why others do not.
pub(super) async fn check(look: &Look, args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let config = &look.config;
    if args.rules {
        out.write_all(check::rules(config).as_bytes())?;
        return Ok(true);
    }
    let now = look.clock.now();
    let options = LoadOptions::of(config).with_pictures(PictureWork::LookOnly);
    let colour = if io::stdout().is_terminal() { Colour::Always } else { Colour::Never };
    let format = match args.format {
        CheckFormat::Human => Format::Human(colour),
        CheckFormat::Json => Format::Json,
        CheckFormat::Github => Format::Github,
    };
    let strictness = if args.strict { Strictness::Warnings } else { Strictness::Errors };
    let folder = &config.articles.folder;
    let mend = if args.fix { Mend::Yes } else { Mend::No };
    let next = if args.paths.is_empty() {
        let key = look.key_at(now);
        Some((look.record(&key).await?, key))
    } else {
        None
    };
    let options = match &next {
        Some((record, key)) => options.giving(record.wanted(key, config, now), Others::Review),
        None => options,
    };
    let mut loaded = check::read(&args.paths, folder, &options, mend, now)?;
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
    let Some((record, key)) = next else {
        return Ok(check::tell(&loaded, format, strictness, out)? == Verdict::Fine);
    };
    let mut report = Loaded {
        diagnostics: std::mem::take(&mut loaded.diagnostics),
        unsettled: std::mem::take(&mut loaded.unsettled),
        files: loaded.files,
        ..Loaded::default()
    };
    let outlook = Outlook::of(config, loaded, &record, key, now);
    for found in &outlook.findings {
        // Editions, pages and letters share words, style sheet and logo.
        if !report.diagnostics.contains(found) {
            report.diagnostics.push(found.clone());
        }
    }
    let verdict = check::tell(&report, format, strictness, out)?;
    if args.format == CheckFormat::Human {
        outlook.tell(&report.unsettled, out)?;
    }
    Ok(verdict == Verdict::Fine)
}

/// The next edition as it would be now.
struct Outlook {
    due: Vec<Outline>,
    waiting: Vec<Waiting>,
    /// What is wrong with the templates.
    findings: Vec<Diagnostic>,
    /// The edition of what is due.
    next: Option<RenderedEdition>,
}

impl Outlook {
    fn of(config: &Config, loaded: Loaded, record: &Record, key: EditionKey, now: DateTime<Utc>) -> Self {
        let newest = loaded.outlines().pop();
        let assembled = record.assemble(loaded, config, now);
        let mut outlook = Outlook {
            due: assembled.due.iter().map(article::Article::outline).collect(),
            waiting: assembled.waiting.clone(),
            findings: wrong_in_folder(config),
            next: None,
        };
        match Templates::load(config.edition.templates.as_deref(), &config.publication) {
            Ok(templates) => outlook.findings.extend(templates.words().warnings().iter().cloned()),
            Err(error) => {
                outlook.findings.extend(error.diagnostics());
                return outlook;
            }
        }
        match press::render_due(assembled, record, config, key.clone(), now) {
            Ok(Some((next, _))) => outlook.next = Some(next),
            // What is not due still shows whether the templates work.
            Ok(None) => {
                let sample = newest.and_then(|newest| {
                    let options = LoadOptions::of(config).with_pictures(PictureWork::LookOnly);
                    article::load_one(&config.articles.folder, &newest.path, &options, now)
                });
                let tried = sample.map(|sample| press::draft_of_one(sample, record, config, key, now));
                outlook.findings.extend(tried.and_then(Result::err).iter().flat_map(PressError::findings));
            }
            Err(error) => outlook.findings.extend(error.findings()),
        }
        outlook
    }

    fn tell(&self, unsettled: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
        match self.due.len() {
            0 => writeln!(out, "No article is due.")?,
            count => writeln!(out, "Due for the next edition: {count}.")?,
        }
        for article in &self.due {
            writeln!(out, "  {}: {}", article.path.display(), article.title)?;
        }
        for warning in self.next.iter().flat_map(|next| edition::size_report(next).warnings) {
            writeln!(out, "  warning: {warning}")?;
        }
        if !self.waiting.is_empty() {
            writeln!(out, "Not due:")?;
        }
        for article in &self.waiting {
            writeln!(out, "  {} {}", article.path.display(), article.why)?;
        }
        for path in unsettled {
            writeln!(out, "  {} was changed just now, and waits a moment", path.display())?;
        }
        Ok(())
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

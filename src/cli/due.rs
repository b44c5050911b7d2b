//! `straight check`: what is wrong, and what of the rest is due.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use super::args::{CheckArgs, CheckFormat};
use super::check::{self, Format, Mend, Strictness, Verdict};
use super::{links, mend};
use crate::article::{self, LoadOptions, Loaded, Others, Outline, OutsideLink, PictureWork, WebLinks};
use crate::config::{Config, ConfigError, OnBrokenArticle};
use crate::diagnostic::{self, Colour, Diagnostic};
use crate::edition::{self, EditionKey, RenderedEdition, Templates, Waiting};
use crate::press::{self, Approved, Look, PressError, Record, Sent};
use crate::probe::Network;
use crate::web::wrong_templates;

/// Checks what the arguments name, then says which articles go out next and why others do not.
pub(super) async fn check(look: &Look, args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let config = &look.config;
    if args.rules {
        out.write_all(check::rules(config).as_bytes())?;
        return Ok(true);
    }
    let now = look.clock.now();
    let web_links = if args.links { WebLinks::List } else { WebLinks::Leave };
    let options = LoadOptions::of(config).with_web_links(web_links);
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
        let sent = match &look.store {
            Some(store) => Sent::until(store, &key).await?,
            None => Vec::new(),
        };
        Some((look.record_to_come(&key).await?, sent, key))
    } else {
        None
    };
    let options = match &next {
        // What is due or comes later is made ready as for an edition: only that shows whether it can be.
        Some((record, _, key)) => options.giving(record.wanted(key, config, now).and_later(), Others::Review),
        None => options,
    };
    let mut loaded = check::read(&args.paths, folder, &options, mend, now)?;
    let mut spared: HashSet<PathBuf> = HashSet::new();
    if let Some((record, _, key)) = &next {
        let over = record.over(&loaded, key, config, now);
        spared = over.iter().map(|path| folder.join(path)).collect();
        // An article that went out is not written to unless somebody names it.
        if loaded.mended.iter().any(|mended| spared.contains(&mended.file)) {
            let options = options.clone().sparing(over);
            loaded = check::read(&args.paths, folder, &options, mend, now)?;
        }
    }
    // What programs read is the findings, and nothing else.
    let mut account: Box<dyn Write + '_> = match format {
        Format::Human(_) => Box::new(&mut *out),
        Format::Json | Format::Github => Box::new(super::out::stderr()),
    };
    if args.dry_run {
        mend::show(&loaded, &mut account)?;
    } else {
        let failed = mend::write(&mut loaded, &mut account)?;
        // What was not mended is told of as it is.
        if !failed.is_empty() {
            loaded = check::read(&args.paths, folder, &options, Mend::No, now)?;
            loaded.diagnostics.extend(failed);
        }
    }
    drop(account);
    let mut web_links = std::mem::take(&mut loaded.web_links);
    let Some((record, sent, key)) = next else {
        let asked = ask(args, &web_links, config, &mut loaded.diagnostics).await?;
        let verdict = check::tell(&loaded, &spared, format, strictness, out)?;
        tell_asked(asked, args.format, out)?;
        return Ok(verdict == Verdict::Fine);
    };
    let mut report = Loaded {
        diagnostics: std::mem::take(&mut loaded.diagnostics),
        unsettled: std::mem::take(&mut loaded.unsettled),
        files: loaded.files,
        ..Loaded::default()
    };
    let mut outlook = Outlook::of(config, loaded, (&record, &sent), key, now);
    if let Some(approved) = look.approved_next(now).await? {
        outlook.heed(approved);
    }
    for found in &outlook.findings {
        // Editions, pages and letters share words, style sheet and logo.
        if !report.diagnostics.contains(found) {
            report.diagnostics.push(found.clone());
        }
    }
    // What has gone out cannot be mended.
    let over = edition::over(&outlook.waiting, &outlook.all, outlook.oldest);
    let over: HashSet<PathBuf> = over.iter().map(|article| folder.join(&article.path)).collect();
    web_links.retain(|link| !over.contains(&folder.join(link.spot.path())));
    let asked = ask(args, &web_links, config, &mut report.diagnostics).await?;
    let left = left_alone(&report.diagnostics, &spared);
    let aside = diagnostic::set_aside(&mut report.diagnostics, &over);
    // What goes out next is what an editor is at.
    let due: HashSet<PathBuf> = outlook.due.iter().map(|article| folder.join(&article.path)).collect();
    report.diagnostics.sort_by(|a, b| {
        let place = |found: &Diagnostic| (!due.contains(&found.file), found.line, found.column);
        let ((a_waits, a_line, a_column), (b_waits, b_line, b_column)) = (place(a), place(b));
        (a_waits, &a.file, a_line, a_column).cmp(&(b_waits, &b.file, b_line, b_column))
    });
    let verdict = check::tell(&report, &spared, format, strictness, out)?;
    if let (findings @ 1.., files) = aside {
        tell_beside(&told_aside(findings, files, folder), args.format, out)?;
    }
    if let Some(told) = left.filter(|_| args.fix) {
        tell_beside(&told, args.format, out)?;
    }
    tell_asked(asked, args.format, out)?;
    if args.format == CheckFormat::Human {
        outlook.tell(&report.unsettled, out)?;
    }
    Ok(verdict == Verdict::Fine)
}

/// Writes a line that is no finding, beside them.
fn tell_beside(told: &str, format: CheckFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        CheckFormat::Human => writeln!(out, "{told}"),
        CheckFormat::Json | CheckFormat::Github => writeln!(super::out::stderr(), "{told}"),
    }
}

/// What is told of the articles `over`, whose time is past, that could be mended.
fn left_alone(diagnostics: &[Diagnostic], over: &HashSet<PathBuf>) -> Option<String> {
    let mendable = diagnostics.iter().filter(|found| found.fix.is_some() && over.contains(&found.file));
    let files: BTreeSet<&PathBuf> = mendable.map(|found| &found.file).collect();
    let first = files.first()?.display();
    Some(match files.len() {
        1 => {
            format!("1 article whose time is past is left as it is; `straight check --fix {first}` mends it.")
        }
        count => format!(
            "{count} articles whose time is past are left as they are; name those to be mended, \
             as in `straight check --fix {first}`."
        ),
    })
}

/// What is told of warnings and hints that are not: they are of articles whose time is past.
fn told_aside(findings: usize, files: usize, folder: &Path) -> String {
    let (s, are) = if findings == 1 { ("", "is") } else { ("s", "are") };
    let articles = if files == 1 { "an article" } else { "articles" };
    format!(
        "{findings} finding{s} of {articles} whose time is past {are} left out; `straight check {}` tells all.",
        folder.display()
    )
}

/// Tells a program what is wrong with the configuration as it tells of findings; a person is told as by every command.
///
/// # Errors
/// With `why` itself, when nobody was told.
pub(super) fn tell_no_configuration(
    why: anyhow::Error,
    format: CheckFormat,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let written = match format {
        CheckFormat::Human => return Err(why),
        CheckFormat::Json => diagnostic::json,
        CheckFormat::Github => diagnostic::github,
    };
    let findings = why.downcast::<ConfigError>()?.findings();
    out.write_all(written(&findings).as_bytes())?;
    Ok(false)
}

/// Asks about `links` if that is wished, and puts what is to be told of them among `diagnostics`; how many were asked about.
async fn ask(
    args: &CheckArgs,
    links: &[OutsideLink],
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) -> anyhow::Result<Option<usize>> {
    if !args.links {
        return Ok(None);
    }
    let asked = links::ask(links, &config.lint, Network::of_environment()).await?;
    diagnostics.extend(asked.findings);
    diagnostics.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    Ok(Some(asked.pages))
}

fn tell_asked(asked: Option<usize>, format: CheckFormat, out: &mut dyn Write) -> io::Result<()> {
    match (asked, format) {
        (Some(pages), CheckFormat::Human) => writeln!(out, "{}", links::told(pages)),
        (Some(_), CheckFormat::Json | CheckFormat::Github) | (None, _) => Ok(()),
    }
}

/// So many broken files are named at the end: each has been told of above.
const NAMED: usize = 5;

/// The next edition as it would be now.
struct Outlook {
    /// All articles that were read.
    all: Vec<Outline>,
    /// Who approved it.
    approved_by: Option<String>,
    due: Vec<Outline>,
    waiting: Vec<Waiting>,
    /// The broken files that may belong to it, and what becomes of it.
    broken: Vec<PathBuf>,
    on_broken: OnBrokenArticle,
    /// The oldest day whose articles are news.
    oldest: NaiveDate,
    /// What is wrong with the templates.
    findings: Vec<Diagnostic>,
    /// The edition of what is due.
    next: Option<RenderedEdition>,
}

impl Outlook {
    fn of(
        config: &Config,
        mut loaded: Loaded,
        (record, sent): (&Record, &[Sent]),
        key: EditionKey,
        now: DateTime<Utc>,
    ) -> Self {
        let all = loaded.outlines();
        let names = std::mem::take(&mut loaded.names);
        let broken = record.holding(&loaded, &key, config);
        let assembled = record.assemble(loaded, &key, config, now);
        let mut outlook = Outlook {
            all,
            approved_by: None,
            oldest: press::backlog_of(key.date(), config),
            due: assembled.due.iter().map(article::Article::outline).collect(),
            waiting: assembled.waiting.clone(),
            broken,
            on_broken: config.articles.on_broken,
            findings: wrong_templates(config),
            next: None,
        };
        outlook.findings.extend(press::already_sent(
            &assembled.due,
            (&names, &outlook.all),
            sent,
            &key,
            config,
        ));
        match Templates::load(config.edition.templates.as_deref(), &config.publication) {
            Ok(templates) => outlook.findings.extend(templates.words().warnings().iter().cloned()),
            Err(error) => {
                outlook.findings.extend(error.diagnostics());
                return outlook;
            }
        }
        match press::render_due(assembled, record, config, key.clone(), now) {
            Ok(Some((next, _))) => {
                let lead = outlook.due.first().map(|article| &article.path);
                let lead = names.iter().find(|name| Some(name.path()) == lead.map(PathBuf::as_path));
                let told = lead.and_then(|lead| press::subject_length(&next, lead, &config.lint));
                outlook.findings.extend(told);
                outlook.next = Some(next);
            }
            // What is not due still shows whether the templates work.
            Ok(None) => {
                let sample = outlook.all.last().and_then(|newest| {
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

    /// What was approved goes out, and nothing that came since.
    fn heed(&mut self, approved: Approved) {
        let Approved { approval, again } = approved;
        let of = |slug: &str| self.all.iter().find(|article| article.slug.as_str() == slug).cloned();
        self.due = approval.rendered.headlines.iter().filter_map(|headline| of(&headline.slug)).collect();
        self.waiting = again.waiting;
        self.next = Some(approval.rendered);
        self.approved_by = Some(approval.who);
        // What is broken is none of it.
        self.broken.clear();
    }

    fn tell(&self, unsettled: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
        match (self.due.len(), &self.approved_by) {
            // What is broken may be all that is, and holds it.
            (0, _) if !self.broken.is_empty() && self.on_broken == OnBrokenArticle::HoldEdition => {}
            (0, _) => writeln!(out, "No article is due.")?,
            (count, Some(who)) => {
                writeln!(out, "Due for the next edition, as {who} approved it: {count}.")?;
            }
            (count, None) => writeln!(out, "Due for the next edition: {count}.")?,
        }
        for article in &self.due {
            writeln!(out, "  {}: {}", article.path.display(), article.title)?;
        }
        for warning in self.next.iter().flat_map(|next| edition::size_report(next).warnings) {
            writeln!(out, "  warning: {warning}")?;
        }
        if !self.broken.is_empty() {
            let becomes = match self.on_broken {
                OnBrokenArticle::HoldEdition => "the edition is held until this is mended",
                OnBrokenArticle::Skip => "left out until it is mended",
            };
            writeln!(out, "Broken, and {becomes}:")?;
        }
        for path in self.broken.iter().take(NAMED) {
            writeln!(out, "  {}", path.display())?;
        }
        if let more @ 1.. = self.broken.len().saturating_sub(NAMED) {
            writeln!(out, "  and {more} more")?;
        }
        if !self.waiting.is_empty() {
            writeln!(out, "Not due:")?;
        }
        let (named, more) = edition::to_be_named(&self.waiting);
        for article in named {
            writeln!(out, "  {} {}", article.path.display(), article.why)?;
        }
        if more > 0 {
            writeln!(out, "  and {more} more, whose time is past")?;
        }
        for path in unsettled {
            writeln!(out, "  {} was changed just now, and waits a moment", path.display())?;
        }
        Ok(())
    }
}

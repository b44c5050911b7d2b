//! `straight render`: what an edition would be, as files; and `straight diff`.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use crate::config::OnBrokenArticle;
use crate::diagnostic::{self, Diagnostic};
use crate::edition::{self, EditionKey, EmbeddedPicture, RenderedEdition, Waiting};
use crate::press::{Draft, Look, missing_words, moment_of};

/// Writes the edition `key` into `folder`: subject, text, HTML, pictures; what went out when it has gone out, else what
/// it would be.
///
/// # Errors
/// When there is nothing of that day, an article is broken, or the folder cannot be written.
pub(super) async fn render(
    look: &Look,
    key: EditionKey,
    folder: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let edition = edition_of(look, &key).await?;
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    let sample = |text: &str| edition::with_sample_words(text, &edition.rendered, &look.config.publication);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write("subject.txt", format!("{}\n", edition.rendered.subject).as_bytes())?;
    write("body.txt", sample(&edition.rendered.text).as_bytes())?;
    let mut html = sample(&edition.rendered.html);
    for picture in &edition.pictures {
        html = html.replace(&format!("cid:{}", picture.content_id), &format!("images/{}", picture.file_name));
    }
    write("body.html", html.as_bytes())?;
    if !edition.pictures.is_empty() {
        fs::create_dir_all(folder.join("images"))?;
        for picture in &edition.pictures {
            write(&format!("images/{}", picture.file_name), &picture.bytes)?;
        }
    }
    writeln!(out, "Edition {key}: {}", edition.rendered.subject)?;
    match edition.went_out {
        Some(at) => {
            let at = look.config.schedule.local(at);
            writeln!(
                out,
                "  this is what went out, frozen {at}; changes made to its articles since are not in it"
            )?;
        }
        None => {
            writeln!(out, "  this is what it would be; it has not gone out")?;
            for missing in missing_words(&look.config) {
                writeln!(out, "  {missing}")?;
            }
        }
    }
    tell_what_is_missing(&edition.rendered, &edition.waiting, &edition.skipped, out)?;
    writeln!(out, "  {} ({} bytes), body.txt, subject.txt", folder.join("body.html").display(), html.len())?;
    writeln!(out, "  content hash {}", edition.rendered.hash)?;
    Ok(true)
}

/// Prints how the subject and text of the edition `b` differ from those of `a`.
///
/// # Errors
/// When there is nothing of one of the days.
pub(super) async fn diff(
    look: &Look,
    a: &EditionKey,
    b: &EditionKey,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let mut both = Vec::new();
    for key in [a, b] {
        both.push(edition_of(look, key).await?.rendered);
    }
    write!(out, "{}", edition::diff(&both[0], &both[1]))?;
    Ok(true)
}

/// An edition with its pictures.
pub(super) struct Whole {
    pub(super) rendered: RenderedEdition,
    pub(super) pictures: Vec<EmbeddedPicture>,
    /// When it was frozen, if it has gone out.
    pub(super) went_out: Option<DateTime<Utc>>,
    /// What would not go out with it, and why.
    pub(super) waiting: Vec<Waiting>,
    /// What is wrong with articles that it would go out without.
    pub(super) skipped: Vec<Diagnostic>,
}

/// What went out, if the edition has gone out; else what it would be.
///
/// # Errors
/// When there is nothing of that day, or a broken article holds it.
pub(super) async fn edition_of(look: &Look, key: &EditionKey) -> anyhow::Result<Whole> {
    if let Some(frozen) = look.edition(key).await? {
        let rendered = frozen.rendered;
        let went_out = Some(rendered.frozen_at);
        let (waiting, skipped) = (Vec::new(), Vec::new());
        return Ok(Whole { pictures: rendered.embedded.clone(), rendered, went_out, waiting, skipped });
    }
    let now = look.clock.now();
    let draft = look.draft(key, moment_of(&look.config.schedule, key, now)).await?;
    let Draft { rendered, pictures, waiting, errors, due: _, before: _ } = draft;
    let is_held = look.config.articles.on_broken == OnBrokenArticle::HoldEdition;
    match rendered {
        // Where nothing else is due, what is broken is all there is to tell.
        Some(rendered) if errors.is_empty() || !is_held => {
            Ok(Whole { rendered, pictures, went_out: None, waiting, skipped: errors })
        }
        None if errors.is_empty() => bail!("{}", nothing(key, &waiting)),
        Some(_) | None => bail!("{}", diagnostic::human(&errors, super::colour())),
    }
}

/// Says what `edition` does not hold, or not whole: articles that an editor may expect, broken ones, and what was cut.
pub(super) fn tell_what_is_missing(
    edition: &RenderedEdition,
    waiting: &[Waiting],
    skipped: &[Diagnostic],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let left_out = waiting.iter().filter(|article| article.why.is_news()).count();
    match left_out {
        0 => {}
        1 => writeln!(out, "  1 article does not go out; `straight check` says which, and why")?,
        _ => writeln!(out, "  {left_out} articles do not go out; `straight check` says which, and why")?,
    }
    for problem in skipped {
        writeln!(out, "  left out: {problem}")?;
    }
    for warning in edition::size_report(edition).warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    Ok(())
}

/// How many articles are named when none is due.
const NAMED: usize = 20;

/// Why there is no edition `key`.
fn nothing(key: &EditionKey, waiting: &[Waiting]) -> String {
    if waiting.is_empty() {
        return format!(
            "there is nothing to make the edition {key} of: the articles folder holds no article"
        );
    }
    let mut told = format!("no edition {key} has gone out, and no article is due for it:");
    for article in waiting.iter().take(NAMED) {
        told.push_str(&format!("\n  {} {}", article.path.display(), article.why));
    }
    if waiting.len() > NAMED {
        told.push_str(&format!("\n  and {} more; `straight check` names them all", waiting.len() - NAMED));
    }
    told
}

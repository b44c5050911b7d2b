//! `straight render`: what an edition would be, as files; and `straight diff`.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::diagnostic;
use crate::edition::{self, EditionKey, RenderedEdition};
use crate::press::{Press, end_of_day};

/// Renders the edition `key` as of the end of its day into `folder`: subject, text, HTML, pictures.
///
/// # Errors
/// When nothing is due on that day, an article is broken, or the folder cannot be written.
pub(super) async fn render(
    press: &Press,
    key: EditionKey,
    folder: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let edition = edition_of(press, &key).await?;
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    let sample = |text: &str| edition::with_sample_words(text, &edition.rendered, &press.config.publication);
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
    writeln!(out, "  {} ({} bytes), body.txt, subject.txt", folder.join("body.html").display(), html.len())?;
    writeln!(out, "  content hash {}", edition.rendered.hash)?;
    Ok(true)
}

/// Prints how the subject and text of the edition `b` differ from those of `a`.
///
/// # Errors
/// When there is nothing of one of the days.
pub(super) async fn diff(
    press: &Press,
    a: &EditionKey,
    b: &EditionKey,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let mut both = Vec::new();
    for key in [a, b] {
        both.push(edition_of(press, key).await?.rendered);
    }
    write!(out, "{}", edition::diff(&both[0], &both[1]))?;
    Ok(true)
}

struct Whole {
    rendered: RenderedEdition,
    pictures: Vec<edition::EmbeddedPicture>,
}

/// What went out, if the edition has gone out; else what it would be.
async fn edition_of(press: &Press, key: &EditionKey) -> anyhow::Result<Whole> {
    if let Some(frozen) = press.store.rendered(key).await? {
        return Ok(Whole { pictures: frozen.embedded.clone(), rendered: frozen });
    }
    let draft = press.draft(key.clone(), end_of_day(press.config.schedule.timezone, key.date())).await?;
    if !draft.errors.is_empty() {
        bail!("{}", diagnostic::human(&draft.errors, super::colour()));
    }
    match draft.rendered {
        Some(rendered) => Ok(Whole { rendered, pictures: draft.pictures }),
        None => {
            let why =
                draft.waiting.iter().map(|article| format!("\n  {} {}", article.path.display(), article.why));
            bail!("no article is due on {}{}", key.date(), why.collect::<String>())
        }
    }
}

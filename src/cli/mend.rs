//! `straight check --fix`: what was mended is shown, and written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use similar::TextDiff;

use crate::article::{Loaded, Mended};
use crate::diagnostic::{self, Diagnostic, Severity};

/// Writes what was mended, and tells `out` of it; gives a finding for each file that cannot be written.
pub(super) fn write(loaded: &mut Loaded, out: &mut dyn Write) -> io::Result<Vec<Diagnostic>> {
    let mut failed = Vec::new();
    for mended in std::mem::take(&mut loaded.mended) {
        match replace(&mended) {
            Ok(()) => tell(&mended, "mended", out)?,
            Err(why) => failed.push(
                Diagnostic::of_file(
                    Severity::Error,
                    "not-mended",
                    &mended.file,
                    format!("this file was not mended: {why}"),
                )
                .with_remedy("mend its permissions, or check again when nobody else writes to it"),
            ),
        }
    }
    Ok(failed)
}

/// Tells `out` what would be mended.
pub(super) fn show(loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    loaded.mended.iter().try_for_each(|mended| tell(mended, "would be mended", out))
}

fn tell(mended: &Mended, how: &str, out: &mut dyn Write) -> io::Result<()> {
    let name = diagnostic::visible_lines(&mended.file.display().to_string());
    writeln!(out, "{name} {how}:")?;
    for done in &mended.done {
        writeln!(out, "  line {}: {} ({})", done.line, done.does, done.rule)?;
    }
    let diff = TextDiff::from_lines(&mended.text_before, &mended.after)
        .unified_diff()
        .context_radius(1)
        .header(&name, &name)
        .to_string();
    writeln!(out, "{}", diagnostic::visible_lines(&diff))
}

/// The file is replaced in one step by one with its mode; nothing is lost when somebody else has written to it.
fn replace(mended: &Mended) -> io::Result<()> {
    let place = &mended.place;
    let metadata = fs::symlink_metadata(place)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    if metadata.permissions().readonly() {
        return Err(io::Error::other("it may not be written to"));
    }
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(io::Error::other("it has no name"));
    };
    // A name that nobody takes for an article.
    let unfinished = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let done = fill(&unfinished, mended, &metadata).and_then(|()| {
        if fs::read(place)? == mended.before {
            fs::rename(&unfinished, place)
        } else {
            Err(io::Error::other("somebody else changed it meanwhile"))
        }
    });
    if done.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    done?;
    File::open(folder)?.sync_all()
}

fn fill(unfinished: &Path, mended: &Mended, metadata: &fs::Metadata) -> io::Result<()> {
    let mut file = File::create_new(unfinished)?;
    file.set_permissions(metadata.permissions())?;
    file.write_all(mended.after.as_bytes())?;
    file.sync_all()
}

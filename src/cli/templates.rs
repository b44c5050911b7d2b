//! `straight templates [FILE]`: the built-in templates and words, to start one's own from.

use std::io::Write;

use anyhow::bail;

use crate::web::Pages;
use crate::{edition, letter, words, yaml};

/// Lists the files, or writes the one called `name` to `out`.
///
/// # Errors
/// When there is no such file, or `out` cannot be written.
pub(super) fn templates(name: Option<&str>, out: &mut dyn Write) -> anyhow::Result<()> {
    let words = words::built_in_files().map(|(language, text)| (format!("words/{language}.yaml"), text));
    let mut files = edition::built_in_files();
    files.extend(letter::Templates::built_in_files());
    files.extend(Pages::built_in_files());
    files.extend(words);
    let Some(name) = name else {
        for (name, _) in &files {
            writeln!(out, "{name}")?;
        }
        return Ok(());
    };
    match files.iter().find(|(known, _)| known == name) {
        Some((_, text)) => Ok(out.write_all(text.as_bytes())?),
        None => match yaml::nearest(name, files.iter().map(|(known, _)| known.as_str())) {
            Some(near) => bail!("there is no template `{name}`; did you mean `{near}`?"),
            None => bail!("there is no template `{name}`; `straight templates` lists them"),
        },
    }
}

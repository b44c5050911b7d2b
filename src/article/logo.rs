//! The publication's logo: a picture like those of articles.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::picture::{LARGEST_FILE, Picture, prepare};
use crate::diagnostic::{Diagnostic, Severity};

/// The picture at `path`, ready for mail, for a place of `width` CSS pixels.
///
/// # Errors
/// When the file cannot be read or is no picture that mail programs show.
pub fn logo(path: &Path, width: u32) -> Result<Picture, Diagnostic> {
    let wrong = |message: String, remedy: &str| {
        Diagnostic::of_file(Severity::Error, "logo", path, message).with_remedy(remedy)
    };
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| {
        wrong(format!("cannot be read: {error}"), "make it readable, or take `theme.logo.file` out")
    })?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(wrong("is larger than 25 MB".to_owned(), "scale it down to twice its shown width"));
    }
    // Twice the pixels that it is shown with, for fine displays.
    prepare(&bytes, width * 2).map_err(|error| wrong(error.to_string(), error.remedy()))
}

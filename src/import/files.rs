//! Files that an import writes: whole or not at all, and never over another.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Whether `file` has this content.
pub(super) fn is_same(file: &Path, bytes: &[u8]) -> bool {
    fs::read(file).is_ok_and(|there| there == bytes)
}

/// Whether both files have the same content.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    fs::read(other).is_ok_and(|bytes| is_same(one, &bytes))
}

/// Writes a file that must not be there, in one piece.
pub(super) fn create(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let half = folder.join(format!(".{}.part", place.file_name().unwrap_or_default().to_string_lossy()));
    let written = fs::File::create(&half)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        // A link, where a rename would overwrite.
        .and_then(|()| fs::hard_link(&half, place));
    let _ = fs::remove_file(&half);
    written
}

/// Copies a file, unless there is one already.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match create(to, &fs::read(from)?) {
        // From an import before this one; whether it is another one is looked at by whoever asked.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        written => written,
    }
}

//! Files beside an article: found by relative path, never outside the articles folder.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The front matter of most articles ends within these bytes.
const BEGINNING: u64 = 4096;

/// The articles folder, seen from one article.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    /// Canonical.
    root: PathBuf,
    /// Where the article is, relative to `root`.
    folder: PathBuf,
}

/// Why a path is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathFault {
    /// Absolute, with `..` or a backslash, or a link that leads outside.
    Unsafe(&'static str),
    /// Nothing is there; the nearest names that are.
    Missing { like: Option<String> },
    /// A folder, a pipe or a device.
    NoFile,
    /// Larger than the limit, in bytes.
    TooLarge,
    /// The system's word.
    Unreadable(String),
}

impl Shelf {
    pub(super) fn new(root: &Path, article: &Path) -> Self {
        Shelf { root: root.to_owned(), folder: article.parent().unwrap_or(Path::new("")).to_owned() }
    }

    /// The file that `written` means: beside the article, else from the articles folder.
    pub(super) fn find(&self, written: &str) -> Result<PathBuf, PathFault> {
        if written.contains('\\') {
            return Err(PathFault::Unsafe("it has a backslash"));
        }
        let path = Path::new(written);
        for part in path.components() {
            match part {
                Component::Normal(_) | Component::CurDir => {}
                Component::ParentDir => return Err(PathFault::Unsafe("it goes up by `..`")),
                Component::RootDir | Component::Prefix(_) => return Err(PathFault::Unsafe("it is absolute")),
            }
        }
        let beside = self.root.join(&self.folder).join(path);
        let from_root = self.root.join(path);
        let found = [beside, from_root].into_iter().find(|place| fs::symlink_metadata(place).is_ok());
        let found = found.ok_or_else(|| PathFault::Missing { like: self.like(path) })?;
        let real = fs::canonicalize(&found).map_err(|_| PathFault::Missing { like: None })?;
        if !real.starts_with(&self.root) {
            return Err(PathFault::Unsafe("it is a link that leads out of the articles folder"));
        }
        Ok(real)
    }

    /// The name in the same folders that is most like the last part of `path`.
    fn like(&self, path: &Path) -> Option<String> {
        let wanted = path.file_name()?.to_string_lossy().into_owned();
        let parent = path.parent().unwrap_or(Path::new(""));
        let names: BTreeSet<String> = [self.root.join(&self.folder).join(parent), self.root.join(parent)]
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flat_map(|entries| entries.flatten().take(500))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        let best = super::nearest(&wanted, names.iter().map(String::as_str))?;
        Some(parent.join(best).to_string_lossy().into_owned())
    }
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, PathFault> {
    let (file, length) = open(path, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit { Err(PathFault::TooLarge) } else { Ok(bytes) }
}

/// Reads the beginning of a regular file of at most `limit` bytes: all of a small one, of a larger one the lines that end
/// within its first 4 KiB.
pub(super) fn read_beginning(path: &Path, limit: u64) -> Result<Vec<u8>, PathFault> {
    let (file, length) = open(path, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(BEGINNING)).unwrap_or(0));
    file.take(BEGINNING).read_to_end(&mut bytes).map_err(unreadable)?;
    if length > BEGINNING {
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    }
    Ok(bytes)
}

fn open(path: &Path, limit: u64) -> Result<(File, u64), PathFault> {
    // Looked at before it is opened: opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(PathFault::NoFile);
    }
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > limit { Err(PathFault::TooLarge) } else { Ok((file, length)) }
}

fn unreadable(error: std::io::Error) -> PathFault {
    PathFault::Unreadable(error.to_string())
}

/// `written`, seen from `folder`, without `.` and `..`; `None` when it leaves the root.
pub(super) fn normalised(folder: &Path, written: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    for part in Path::new(written).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

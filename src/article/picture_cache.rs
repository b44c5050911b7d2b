//! Pictures made ready, kept by the content they were made of: an edition that is held, or tried every few seconds, does
//! not scale its photographs again.
//!
//! The folder may be deleted at any time. A file's name says what it was made of and what it is; one that is not what its
//! name says is made anew. What the folder refuses is only not kept.
//!
//! Whoever only looks writes nothing there, and remembers instead: the preview looks again at each save.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aws_lc_rs::digest::{Context, SHA256};

use super::picture::Picture;

/// The most that is kept; the oldest go first.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most that is remembered: some two hundred photographs. Those that were asked for least lately go first.
const MOST_REMEMBERED: usize = 64 * 1024 * 1024;
/// Raised when pictures are made ready in another way.
const VERSION: u8 = 2;

/// Where ready pictures are kept, if anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PictureCache {
    /// Nowhere.
    #[default]
    None,
    /// In this folder, for reading: whoever looks makes nothing there. What is not in it is remembered by the process.
    Look(PathBuf),
    /// In this folder, which is made when absent.
    Keep(PathBuf),
}

impl PictureCache {
    /// The picture made of `source` for `max_width`: a kept one, else that of `make`, which is kept.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn get<E>(
        &self,
        source: &[u8],
        max_width: u32,
        make: impl FnOnce() -> Result<Picture, E>,
    ) -> Result<Picture, E> {
        let (PictureCache::Look(folder) | PictureCache::Keep(folder)) = self else { return make() };
        let key = key(source, max_width);
        let kept = read(folder, &key).or_else(|| match self {
            PictureCache::Look(_) => remembered().get(&key),
            PictureCache::Keep(_) | PictureCache::None => None,
        });
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let picture = make()?;
        match self {
            PictureCache::None => {}
            PictureCache::Look(_) => remembered().put(key, picture.clone()),
            PictureCache::Keep(folder) => {
                if let Err(error) = keep(folder, &key, &picture, MOST_BYTES) {
                    tracing::debug!(folder = %folder.display(), %error, "a ready picture is not kept");
                }
            }
        }
        Ok(picture)
    }
}

/// What this process has made while it only looked.
fn remembered() -> MutexGuard<'static, Remembered> {
    static REMEMBERED: Mutex<Remembered> = Mutex::new(Remembered::new(MOST_REMEMBERED));
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pictures by what they were made of, up to so many bytes; the one asked for last stands last.
#[derive(Debug)]
struct Remembered {
    pictures: VecDeque<(String, Picture)>,
    bytes: usize,
    most: usize,
}

impl Remembered {
    const fn new(most: usize) -> Self {
        Remembered { pictures: VecDeque::new(), bytes: 0, most }
    }

    fn get(&mut self, key: &str) -> Option<Picture> {
        let at = self.pictures.iter().position(|(of, _)| of == key)?;
        let found = self.pictures.remove(at)?;
        let picture = found.1.clone();
        self.pictures.push_back(found);
        Some(picture)
    }

    fn put(&mut self, key: String, picture: Picture) {
        // Two threads may have made the same one, and one that has no room is not worth all others.
        if picture.bytes.len() > self.most || self.get(&key).is_some() {
            return;
        }
        self.bytes += picture.bytes.len();
        self.pictures.push_back((key, picture));
        while self.bytes > self.most
            && let Some((_, oldest)) = self.pictures.pop_front()
        {
            self.bytes -= oldest.bytes.len();
        }
    }
}

/// 32 hex digits of what a picture is made of.
fn key(source: &[u8], max_width: u32) -> String {
    let mut context = Context::new(&SHA256);
    context.update(&[VERSION]);
    context.update(&max_width.to_be_bytes());
    context.update(source);
    context.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// `KEY.WIDTHxHEIGHT.CONTENT.jpg`.
fn read(folder: &Path, key: &str) -> Option<Picture> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let name = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find(|name| name.starts_with(key))?;
    let (size, file_name) = name.strip_prefix(key)?.strip_prefix('.')?.split_once('.')?;
    let (width, height) = size.split_once('x')?;
    let picture = Picture::named(
        file_name,
        (width.parse().ok()?, height.parse().ok()?),
        fs::read(folder.join(&name)).ok()?,
    );
    // Half written, or changed by hand: what would go out is not what was made.
    picture.filter(|picture| picture.file_name == file_name)
}

fn keep(folder: &Path, key: &str, picture: &Picture, most: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let name = format!("{key}.{}x{}.{}", picture.width, picture.height, picture.file_name);
    let unfinished = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::File::create(&unfinished).and_then(|mut file| file.write_all(&picture.bytes));
    let kept = written.and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if kept.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    kept?;
    clear(folder, most)
}

/// Removes the oldest files until at most `most` bytes are left.
fn clear(folder: &Path, most: u64) -> io::Result<()> {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        })
        .collect();
    let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
    files.sort();
    for (_, length, path) in files {
        if total <= most {
            break;
        }
        fs::remove_file(path)?;
        total -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(filling: u8) -> Picture {
        Picture::named("0.jpg", (40, 20), vec![filling; 1000]).unwrap()
    }

    #[test]
    fn a_picture_is_made_once_and_read_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PictureCache::Keep(folder.path().join("pictures"));
        let made = cache.get::<()>(b"source", 1104, || Ok(picture(1))).unwrap();
        assert_eq!(cache.get::<()>(b"source", 1104, || panic!("it is kept")), Ok(made.clone()));
        let look = PictureCache::Look(folder.path().join("pictures"));
        assert_eq!(look.get::<()>(b"source", 1104, || panic!("it is kept")), Ok(made));
        for (source, width) in [(b"source".as_slice(), 552), (b"other", 1104)] {
            assert_eq!(cache.get::<()>(source, width, || Ok(picture(2))), Ok(picture(2)));
        }
    }

    #[test]
    fn what_is_damaged_is_made_anew_and_what_cannot_be_kept_is_made_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PictureCache::Keep(folder.path().to_owned());
        cache.get::<()>(b"source", 1104, || Ok(picture(1))).unwrap();
        let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        fs::write(&file, b"half").unwrap();
        assert_eq!(cache.get::<()>(b"source", 1104, || Ok(picture(1))), Ok(picture(1)));
        assert_eq!(fs::read(&file).unwrap(), [1; 1000], "and mended");

        let no_folder = PictureCache::Keep(file.join("pictures"));
        assert_eq!(no_folder.get::<()>(b"source", 1104, || Ok(picture(3))), Ok(picture(3)));
    }

    #[test]
    fn whoever_only_looks_makes_a_picture_once_and_nothing_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = folder.path().join("nothing");
        let look = || PictureCache::Look(nothing.clone());
        let made = look().get::<()>(b"looked at", 1104, || Ok(picture(3)));
        assert_eq!(look().get::<()>(b"looked at", 1104, || panic!("it is remembered")), made);
        assert_eq!(
            look().get::<()>(b"looked at", 552, || Ok(picture(4))),
            Ok(picture(4)),
            "of another width"
        );
        assert!(!nothing.exists(), "whoever looks makes nothing");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_asked_for_stays() {
        let mut remembered = Remembered::new(3_000);
        for number in 0..3_u8 {
            remembered.put(number.to_string(), picture(number));
        }
        remembered.put("0".to_owned(), picture(0));
        assert_eq!(
            remembered.get("1"),
            Some(picture(1)),
            "three have room, and the first is not counted twice"
        );
        remembered.put("3".to_owned(), picture(3));
        let kept = ["0", "1", "2", "3"].map(|key| remembered.get(key).is_some());
        assert_eq!(kept, [true, true, false, true], "the one least lately asked for has gone");
        remembered.put("vast".to_owned(), Picture::named("0.jpg", (40, 20), vec![0; 3_001]).unwrap());
        assert_eq!(
            (remembered.pictures.len(), remembered.bytes),
            (3, 3_000),
            "what has no room drives nothing out"
        );
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5_u8 {
            keep(folder.path(), &format!("{number:032}"), &picture(number), 3_000).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 3);
        assert!(names[0].starts_with(&format!("{:032}", 2)), "{names:?}");
    }
}

//! The outbox: a Maildir-style folder that takes messages instead of a server.
//!
//! A message is written under `tmp/` and moved to `new/`, so that what is in `new/` is whole. Its name is made of the
//! edition and the subscriber: delivering it twice gives one file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Outcome, Reply};

/// The folder.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

/// The folder could not be made, or the page not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to the outbox {folder}: {source}; is it a folder that you may write to?")]
pub struct OutboxError {
    folder: String,
    source: io::Error,
}

impl Outbox {
    /// Opens the folder, making it with its Maildir sub-folders `tmp`, `new` and `cur`.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn open(folder: &Path) -> Result<Self, OutboxError> {
        for name in ["tmp", "new", "cur"] {
            fs::create_dir_all(folder.join(name)).map_err(|source| error(folder, source))?;
        }
        Ok(Outbox { folder: folder.to_owned() })
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes one message under `name` (see [`file_name`]); durable when it returns.
    #[must_use]
    pub fn deliver(&self, name: &str, message: &[u8]) -> Outcome {
        match self.write("new", name, message) {
            Ok(()) => {
                Outcome::Accepted(Reply { code: 250, enhanced: None, text: format!("kept as new/{name}") })
            }
            Err(error) => Outcome::NotSent(format!("cannot write new/{name}: {error}")),
        }
    }

    /// Writes `index.html`, which shows the edition.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_page(&self, html: &str) -> Result<PathBuf, OutboxError> {
        self.write("", "index.html", html.as_bytes()).map_err(|source| error(&self.folder, source))?;
        Ok(self.folder.join("index.html"))
    }

    /// The names of the messages of `edition`, sorted, at most `limit`, and how many there are.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn messages_of(&self, edition: &str, limit: usize) -> Result<(Vec<String>, usize), OutboxError> {
        let prefix = format!("{edition}.");
        let entries = fs::read_dir(self.folder.join("new")).map_err(|source| error(&self.folder, source))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(&prefix))
            .collect();
        let count = names.len();
        names.sort();
        names.truncate(limit);
        Ok((names, count))
    }

    fn write(&self, sub_folder: &str, name: &str, content: &[u8]) -> io::Result<()> {
        // Two processes may write the same page at once: each has its own until it is whole.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join("tmp").join(format!("{name}.{}.{count}", std::process::id()));
        let folder = self.folder.join(sub_folder);
        let mut file = File::create(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(name))?;
        File::open(&folder)?.sync_all()
    }
}

fn error(folder: &Path, source: io::Error) -> OutboxError {
    OutboxError { folder: folder.display().to_string(), source }
}

/// `2025-11-04.7.ann@example.org.eml`: the number makes it unique, the address is for those who look.
#[must_use]
pub fn file_name(batch: &str, number: i64, address: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "@.+-_".contains(c);
    let address: String = address.chars().map(|c| if harmless(c) { c } else { '_' }).take(120).collect();
    format!("{batch}.{number}.{address}.eml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_in_new_and_a_second_one_of_the_same_name_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path()).unwrap();
        let name = file_name("2025-11-04", 7, "ann/b@example.org");
        assert_eq!(name, "2025-11-04.7.ann_b@example.org.eml");
        assert!(matches!(outbox.deliver(&name, b"one"), Outcome::Accepted(_)));
        assert!(matches!(outbox.deliver(&name, b"two"), Outcome::Accepted(_)));
        assert_eq!(fs::read(folder.path().join("new").join(&name)).unwrap(), b"two");
        assert_eq!(outbox.messages_of("2025-11-04", 9).unwrap(), (vec![name], 1));
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn those_who_write_one_page_at_once_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &'static str| {
            let outbox = Outbox::open(folder.path()).unwrap();
            std::thread::spawn(move || (0..100).for_each(|_| drop(outbox.write_page(text).unwrap())))
        };
        let writers = [write("one"), write("two")];
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
        assert!(page == "one" || page == "two", "{page}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_sends_nothing_and_blames_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path()).unwrap();
        fs::remove_dir_all(folder.path().join("tmp")).unwrap();
        assert!(matches!(outbox.deliver("a.eml", b"x"), Outcome::NotSent(_)));
    }
}

//! Which files the edition is made of, and when one of them changes.
//!
//! The system tells of a change within a millisecond (`notify`); where it cannot (network drives, folders that a
//! container shares with its host, too many watches), a look at names, sizes and times every two seconds finds it.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::config::Config;

/// How long nothing may change before the files are read: who saves, writes several times.
const QUIET: Duration = Duration::from_millis(12);
/// A file that is written on and on is read all the same.
const MOST_PATIENCE: Duration = Duration::from_millis(150);
/// How often the files are looked at in case the system tells nothing.
const LOOK: Duration = Duration::from_secs(2);
/// A look goes no deeper and no further than this.
const DEEPEST: usize = 10;
const MOST_FILES: usize = 50_000;

/// The files that an edition is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Files {
    /// Folders with all that is in them.
    folders: Vec<PathBuf>,
    /// Single files, that may come and go.
    files: Vec<PathBuf>,
}

impl Files {
    /// The articles, the templates, the logo, the lists of readers and the configuration.
    pub(super) fn of(config: &Config, config_file: Option<&Path>) -> Self {
        let folders = [Some(config.articles.folder.clone()), config.edition.templates.clone()];
        // One that is not there yet may be made.
        let file = config_file.map_or_else(|| PathBuf::from("newsletter.yaml"), Path::to_owned);
        let logo = config.publication.theme.logo.as_ref().map(|logo| logo.file.clone());
        Files {
            folders: folders.into_iter().flatten().collect(),
            files: logo.into_iter().chain([file]).chain(config.subscribers.iter().cloned()).collect(),
        }
    }

    /// Names, sizes and times of everything, as one number.
    fn stamp(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut left = MOST_FILES;
        for path in self.folders.iter().chain(&self.files) {
            stamp(path, 0, &mut left, &mut hasher);
        }
        hasher.finish()
    }
}

fn stamp(path: &Path, depth: usize, left: &mut usize, hasher: &mut DefaultHasher) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if *left == 0 || depth > DEEPEST {
        return;
    }
    *left -= 1;
    path.hash(hasher);
    if metadata.is_dir() {
        let Ok(entries) = fs::read_dir(path) else { return };
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.retain(|path| is_of_interest(path));
        entries.sort();
        for entry in entries {
            stamp(&entry, depth + 1, left, hasher);
        }
    } else {
        metadata.len().hash(hasher);
        metadata.modified().ok().hash(hasher);
    }
}

/// What editors and databases write beside files is no change of them.
fn is_of_interest(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return true };
    !(name.starts_with(['.', '#', '~'])
        || name.ends_with(['~', '#'])
        || ["-wal", "-shm", "-journal", ".lock", ".tmp", ".swp", ".swx"]
            .iter()
            .any(|end| name.ends_with(end)))
}

/// Waits for changes of [`Files`].
pub(super) struct Watcher {
    files: Files,
    system: Option<notify::RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
    tell: mpsc::Sender<()>,
    stamp: u64,
}

impl Watcher {
    pub(super) fn new(files: Files) -> Self {
        let (tell, changes) = mpsc::channel(1);
        let mut watcher = Watcher { files, system: None, changes, tell, stamp: 0 };
        watcher.follow_system();
        watcher.stamp = watcher.files.stamp();
        watcher
    }

    /// Waits for changes of `files` from now on.
    pub(super) fn follow(&mut self, files: Files) {
        if self.files != files {
            self.files = files;
            self.follow_system();
        }
        self.stamp = self.files.stamp();
    }

    /// Waits until something changed and rests for a moment.
    pub(super) async fn changed(&mut self) {
        loop {
            tokio::select! {
                _ = self.changes.recv() => {
                    let patience = tokio::time::Instant::now() + MOST_PATIENCE;
                    // Until nothing comes for a while, or for too long something always does.
                    while tokio::time::Instant::now() < patience
                        && tokio::time::timeout(QUIET, self.changes.recv()).await.is_ok()
                    {}
                    return;
                }
                () = tokio::time::sleep(LOOK) => {
                    let files = self.files.clone();
                    let stamp = tokio::task::spawn_blocking(move || files.stamp()).await;
                    if stamp.is_ok_and(|stamp| stamp != self.stamp) {
                        // A folder that was replaced is watched anew.
                        self.follow_system();
                        return;
                    }
                }
            }
        }
    }

    fn follow_system(&mut self) {
        self.system = None;
        let tell = self.tell.clone();
        let singles: Vec<PathBuf> = self.files.files.clone();
        let folders: Vec<PathBuf> =
            self.files.folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect();
        let within = folders.clone();
        let heard = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let concerns = |path: &PathBuf| {
                let single = || singles.iter().any(|file| file.file_name() == path.file_name());
                is_of_interest(path) && (within.iter().any(|folder| path.starts_with(folder)) || single())
            };
            if writes(&event.kind) && (event.need_rescan() || event.paths.iter().any(concerns)) {
                debug!(?event, "a file changed");
                // One that waits already stands for all.
                let _ = tell.try_send(());
            }
        };
        let mut system = match notify::recommended_watcher(heard) {
            Ok(system) => system,
            Err(error) => {
                warn!(%error, "the system does not tell of changes: looking every two seconds");
                return;
            }
        };
        let beside = self.files.files.iter().map(|file| folder_of(file));
        let watches = folders.iter().map(|folder| (folder.clone(), RecursiveMode::Recursive));
        for (folder, mode) in watches.chain(beside.map(|folder| (folder, RecursiveMode::NonRecursive))) {
            if mode == RecursiveMode::NonRecursive && folders.contains(&folder) {
                continue;
            }
            if let Err(error) = system.watch(&folder, mode) {
                debug!(folder = %folder.display(), %error, "the system does not tell of changes here");
            }
        }
        self.system = Some(system);
    }
}

/// Whether something was written, made, moved or removed; being read is no change.
fn writes(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Any | EventKind::Other => true,
        EventKind::Access(_) => false,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
    }
}

/// The folder of `file`: it is watched because files are often saved by putting a new one in their place.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

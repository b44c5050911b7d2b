//! The files of pictures, and nothing outside of where they may be.

use std::path::{Path, PathBuf};

use super::addresses::Addressing;
use super::homes::Homes;
use crate::article::markdown::percent_decode;

/// Where the pictures of a site are.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    /// The site's folder, canonical: nothing outside of it is taken.
    root: Option<PathBuf>,
    /// Folders in which pictures with an absolute path are looked for, canonical.
    folders: Vec<PathBuf>,
    /// The folder that the site stands in on the web: `/blog`.
    base: String,
    /// Its addresses.
    homes: Homes,
}

impl Shelves {
    /// Those of the site at `root`, which is canonical; `folders` are relative to it.
    pub(super) fn of_site(root: &Path, folders: &[PathBuf], addressing: &Addressing) -> Self {
        let folders = folders.iter().filter_map(|folder| root.join(folder).canonicalize().ok());
        let folders = folders.filter(|folder| folder.starts_with(root)).collect();
        let (base, homes) = (addressing.base.clone(), addressing.homes.clone());
        Shelves { root: Some(root.to_owned()), folders, base, homes }
    }

    /// The file that a path means: beside the post, or from the root of the site; never outside of that.
    pub(super) fn find(&self, src: &str, beside: Option<&Path>) -> Option<PathBuf> {
        let root = self.root.as_deref()?;
        let path = percent_decode(src.split(['?', '#']).next().unwrap_or_default());
        let own =
            beside.filter(|_| !path.starts_with('/')).and_then(|folder| within(root, &folder.join(&path)));
        // `../../images/ferry.jpg` climbs from the address of the post, which is no place of a file.
        let shelved = |path: &str| {
            let inside = path.trim_start_matches(['/', '.']).trim_start_matches('/');
            self.folders.iter().find_map(|folder| within(root, &folder.join(inside)))
        };
        let beneath = || path.strip_prefix(self.base.as_str()).filter(|_| !self.base.is_empty());
        own.or_else(|| shelved(&path)).or_else(|| shelved(beneath()?))
    }

    /// The file that the site has at the whole address `url`.
    pub(super) fn find_whole(&self, url: &str) -> Option<PathBuf> {
        self.find(&self.homes.path_of(url)?, None)
    }
}

/// The picture behind an address of `wp-content/uploads`; of a scaled one the original.
pub(super) fn upload(folder: &Path, src: &str) -> Option<PathBuf> {
    let (_, path) = src.split_once("/uploads/")?;
    let path = percent_decode(path.split(['?', '#']).next().unwrap_or_default());
    if Path::new(&path).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return None;
    }
    let folder = folder.canonicalize().ok()?;
    let within = |path: &str| within(&folder, &folder.join(path));
    within(&path).or_else(|| {
        let (stem, end) = path.rsplit_once('.')?;
        let (original, size) = stem.rsplit_once('-')?;
        let (width, height) = size.split_once('x')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (digits(width) && digits(height)).then(|| within(&format!("{original}.{end}")))?
    })
}

/// The regular file `file`, canonical, unless it is or a link leads out of `root`, which is canonical.
fn within(root: &Path, file: &Path) -> Option<PathBuf> {
    let file = file.canonicalize().ok()?;
    (file.starts_with(root) && file.is_file()).then_some(file)
}

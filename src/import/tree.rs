//! The files of a site, and which of them are posts.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::inherited::Inherited;
use super::languages::Languages;
use super::{Flavour, ImportError, Note};

/// Folders are walked into no deeper than this.
const DEEPEST: usize = 12;
/// A site is looked for no higher above a folder of its posts.
const HIGHEST: usize = 5;

/// A site, and what in it is written.
#[derive(Debug)]
pub(super) struct Tree {
    /// Its folder, canonical: nothing outside of it is read.
    pub(super) root: PathBuf,
    /// Its folder, as the user names it.
    pub(super) shown: PathBuf,
    /// Where pictures with an absolute path are, relative to the folder.
    pub(super) shelves: Vec<PathBuf>,
    /// The posts, by their paths.
    pub(super) posts: Vec<Spot>,
    /// What else is written there: `a page, not a post`.
    pub(super) others: Vec<Note>,
    /// Pictures and other files, as the user names them, and relative to the site.
    pub(super) rest: Vec<File>,
    /// What the site says of many posts at once.
    pub(super) inherited: Inherited,
}

/// A file of the site.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// As the user names it.
    pub(super) shown: PathBuf,
    /// Relative to the site.
    pub(super) path: PathBuf,
}

/// A post, and what its place says of it.
#[derive(Debug)]
pub(super) struct Spot {
    /// As the user names it.
    pub(super) shown: PathBuf,
    /// Relative to the folder from which posts link to each other: the site, and with Hugo its `content`.
    pub(super) path: PathBuf,
    /// Its name, without day, language and ending.
    pub(super) stem: String,
    /// The day that begins its name.
    pub(super) day: Option<String>,
    /// Jekyll's folders above `_posts`.
    pub(super) categories: Vec<String>,
    /// Where it stands.
    pub(super) standing: Standing,
}

/// What the place of a post makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A file of its own.
    Alone,
    /// A file of Jekyll's `_drafts`.
    Draft,
    /// Hugo's `ferry/index.md`: its pictures stand beside it.
    Bundle,
    /// A file of no section: a post only when it has a date.
    Loose,
}

/// What a file turns out to be.
pub(super) enum Kind {
    Post(Spot),
    Other(String),
    Rest,
    Nothing,
}

/// What is walked through.
#[derive(Default)]
struct Walk {
    /// Where articles are written, when that is within the site.
    out: Option<PathBuf>,
    files: Vec<File>,
    links: Vec<File>,
    too_deep: Vec<PathBuf>,
}

impl Tree {
    /// Looks through the site at `source`: its folder, or one of its posts. The folder `out`, into which articles are
    /// written, may be in it.
    pub(super) fn of(flavour: Flavour, source: &Path, out: &Path) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable { path: source.to_owned(), source: error };
        let real = source.canonicalize().map_err(unreadable)?;
        let root = site_above(flavour, &real).unwrap_or_else(|| real.clone());
        let inside = real.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        let out = out.canonicalize().ok();
        let out = out.and_then(|out| out.strip_prefix(&root).ok().map(Path::to_owned));
        let mut walk = Walk { out, ..Walk::default() };
        walk.folder(source, &inside, 0)?;
        walk.files.sort_by(|a, b| a.shown.cmp(&b.shown));
        let shown = if inside.as_os_str().is_empty() { source.to_owned() } else { root.clone() };
        let mut tree = Tree {
            root,
            shown: shown.clone(),
            shelves: Vec::new(),
            posts: Vec::new(),
            others: Vec::new(),
            rest: Vec::new(),
            inherited: Inherited::default(),
        };
        match flavour {
            Flavour::Jekyll => tree.jekyll(walk.files),
            Flavour::Hugo => tree.hugo(walk.files),
        }
        tree.inherited = match (flavour, tree.shelves.last()) {
            (Flavour::Hugo, Some(content)) => Inherited::hugo(&tree.root, content, &shown, &tree.posts),
            (Flavour::Hugo, None) => Inherited::default(),
            (Flavour::Jekyll, _) => Inherited::jekyll(&tree.root, &shown),
        };
        // A draft takes no name from a post.
        tree.posts.sort_by_key(|spot| spot.standing == Standing::Draft);
        for File { shown, path } in walk.links {
            let holds_posts = match flavour {
                Flavour::Jekyll => {
                    ["_posts", "_drafts"].iter().any(|name| has(&path, name)) || is_markdown(&path)
                }
                Flavour::Hugo => {
                    let of_content = tree.shelves.last().is_some_and(|content| path.starts_with(content));
                    of_content && (path.extension().is_none() || is_markdown(&path))
                }
            };
            if holds_posts {
                let what = "a symbolic link, which is not followed".to_owned();
                tree.others.push(Note { file: shown, line: 0, what });
            }
        }
        for folder in walk.too_deep {
            let what = format!("a folder more than {DEEPEST} deep, which is not looked into");
            tree.others.push(Note { file: folder, line: 0, what });
        }
        if tree.posts.is_empty() {
            let is_link = tree.others.iter().any(|other| other.what.starts_with("a symbolic link"));
            let why = match flavour {
                _ if is_link => {
                    "holds no posts but behind symbolic links, which are not followed; name the folder that one leads to"
                }
                Flavour::Jekyll => "holds no posts; they are files such as _posts/2016-03-04-ferry.md",
                Flavour::Hugo => "holds no posts; they are files such as content/posts/ferry.md",
            };
            return Err(ImportError::Strange { path: source.to_owned(), why });
        }
        Ok(tree)
    }

    /// Puts a file where it belongs.
    pub(super) fn take(&mut self, file: File, kind: Kind) {
        match kind {
            Kind::Post(spot) => self.posts.push(spot),
            Kind::Other(what) => self.others.push(Note { file: file.shown, line: 0, what }),
            Kind::Rest => self.rest.push(file),
            Kind::Nothing => {}
        }
    }
}

impl Walk {
    /// Walks through the folder that the user calls `shown`, and that is `inside` of the site.
    fn folder(&mut self, shown: &Path, inside: &Path, depth: usize) -> Result<(), ImportError> {
        let unreadable = |source| ImportError::Unreadable { path: shown.to_owned(), source };
        for entry in fs::read_dir(shown).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let file = File { shown: shown.join(&name), path: inside.join(&name) };
            let name = name.to_string_lossy();
            // What the site was built into stands at its top; a section may have the same name.
            let is_top = inside.as_os_str().is_empty();
            let is_built = name == "node_modules"
                || is_top && matches!(&*name, "_site" | "public" | "resources" | "vendor");
            if name.starts_with('.') || is_built {
                continue;
            }
            if kind.is_dir() && self.out.as_ref() == Some(&file.path) {
                // What an import before this one made is no post of the site.
                continue;
            }
            if kind.is_dir() && depth < DEEPEST {
                self.folder(&file.shown, &file.path, depth + 1)?;
            } else if kind.is_dir() {
                self.too_deep.push(file.shown);
            } else if kind.is_symlink() {
                // It may lead anywhere, and round in a circle.
                self.links.push(file);
            } else if kind.is_file() {
                self.files.push(file);
            }
        }
        Ok(())
    }
}

/// The site that the folder `real` of posts belongs to, when that is above it.
fn site_above(flavour: Flavour, real: &Path) -> Option<PathBuf> {
    let mut above = real.ancestors().take(HIGHEST).skip(1);
    match flavour {
        Flavour::Jekyll if is_jekyll(real) || !["_posts", "_drafts"].iter().any(|name| has(real, name)) => {
            None
        }
        Flavour::Jekyll => above.find(|folder| is_jekyll(folder)).map(Path::to_owned),
        Flavour::Hugo if is_hugo(real) || real.join("content").is_dir() => None,
        Flavour::Hugo => above
            .find(|folder| is_hugo(folder) && real.starts_with(folder.join(Languages::of(folder).content())))
            .map(Path::to_owned),
    }
}

pub(super) fn is_jekyll(folder: &Path) -> bool {
    ["_config.yml", "_config.yaml", "_config.toml"].iter().any(|name| folder.join(name).is_file())
}

fn is_hugo(folder: &Path) -> bool {
    let ends = ["toml", "yaml", "yml", "json"];
    let is_there = |name: &str| ends.iter().any(|end| folder.join(format!("{name}.{end}")).is_file());
    is_there("hugo")
        || is_there("config")
        || ["config/_default", "archetypes", "static"].iter().any(|inner| folder.join(inner).is_dir())
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Whether a part of `path` is `name`.
pub(super) fn has(path: &Path, name: &str) -> bool {
    path.components().any(|part| part == Component::Normal(name.as_ref()))
}

fn ending(path: &Path) -> String {
    path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// HTML is text of a post too.
pub(super) fn is_markdown(path: &Path) -> bool {
    is_html(path) || ["md", "markdown", "mkd", "mkdn", "mdown"].contains(&ending(path).as_str())
}

pub(super) fn is_html(path: &Path) -> bool {
    ["html", "htm"].contains(&ending(path).as_str())
}

/// The name of a notation that is not read.
pub(super) fn other_markup(path: &Path) -> Option<&'static str> {
    match ending(path).as_str() {
        "textile" => Some("Textile"),
        "org" => Some("Org mode"),
        "adoc" | "asciidoc" | "ad" => Some("AsciiDoc"),
        "rst" => Some("reStructuredText"),
        "pandoc" | "pdc" => Some("Pandoc"),
        _ => None,
    }
}

/// Whether a file begins as a front matter does; what does not is copied by both programs as it is.
pub(super) fn begins_with_head(file: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(6).read_to_end(&mut beginning));
    let text = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&beginning);
    read.is_ok() && (text.starts_with(b"---") || text.starts_with(b"+++"))
}

/// `2016-03-04-ferry.md` → its day and the rest.
pub(super) fn dated(file: &str) -> Option<(&str, &str)> {
    let (day, rest) = file.split_at_checked(10)?;
    let shape =
        day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    Some((day, rest.strip_prefix('-')?)).filter(|_| shape)
}

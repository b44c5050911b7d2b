//! The files of a site, and which of them are posts.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::hugo::Languages;
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
    /// Where pictures with an absolute path are, relative to the folder.
    pub(super) shelves: Vec<PathBuf>,
    /// The posts, by their paths.
    pub(super) posts: Vec<Spot>,
    /// What else is written there: `a page, not a post`.
    pub(super) others: Vec<Note>,
    /// Pictures and other files, as the user names them, and relative to the site.
    pub(super) rest: Vec<File>,
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
enum Kind {
    Post(Spot),
    Other(String),
    Rest,
    Nothing,
}

/// What is walked through.
#[derive(Default)]
struct Walk {
    files: Vec<File>,
    links: Vec<File>,
    too_deep: Vec<PathBuf>,
}

impl Tree {
    /// Looks through the site at `source`: its folder, or one of its posts.
    pub(super) fn of(flavour: Flavour, source: &Path) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable { path: source.to_owned(), source: error };
        let real = source.canonicalize().map_err(unreadable)?;
        let root = site_above(flavour, &real).unwrap_or_else(|| real.clone());
        let inside = real.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        let mut walk = Walk::default();
        walk.folder(source, &inside, 0)?;
        walk.files.sort_by(|a, b| a.shown.cmp(&b.shown));
        let mut tree =
            Tree { root, shelves: Vec::new(), posts: Vec::new(), others: Vec::new(), rest: Vec::new() };
        match flavour {
            Flavour::Jekyll => tree.jekyll(walk.files),
            Flavour::Hugo => tree.hugo(walk.files),
        }
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

    fn take(&mut self, file: File, kind: Kind) {
        match kind {
            Kind::Post(spot) => self.posts.push(spot),
            Kind::Other(what) => self.others.push(Note { file: file.shown, line: 0, what }),
            Kind::Rest => self.rest.push(file),
            Kind::Nothing => {}
        }
    }

    fn jekyll(&mut self, files: Vec<File>) {
        self.shelves.push(PathBuf::new());
        // Whoever names a folder of posts that is no site means all that are in it.
        let is_site = is_jekyll(&self.root)
            || files.iter().any(|file| has(&file.path, "_posts") || has(&file.path, "_drafts"))
            || ["_posts", "_drafts"].iter().any(|name| has(&self.root, name));
        for file in files {
            let kind = jekyll(&file, is_site, &self.root);
            self.take(file, kind);
        }
    }

    fn hugo(&mut self, files: Vec<File>) {
        let languages = Languages::of(&self.root);
        let content = languages.content().to_owned();
        let is_site = self.root.join(&content).is_dir();
        let content = if is_site { content } else { PathBuf::new() };
        self.shelves = vec!["static".into(), "assets".into(), content.clone()];
        let written: Vec<&File> = files.iter().filter(|file| is_markdown(&file.path)).collect();
        let mut beside: HashMap<&Path, Vec<&str>> = HashMap::new();
        for file in &written {
            let stem = file.path.file_stem().and_then(|stem| stem.to_str());
            beside.entry(folder_of(&file.path)).or_default().extend(stem);
        }
        let mut named: Vec<(File, String, Option<String>)> = Vec::new();
        let mut bundles = HashSet::new();
        for file in &written {
            let stem =
                file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let others = beside.get(folder_of(&file.path)).map(Vec::as_slice).unwrap_or_default();
            let split =
                languages.split(&stem, others).map(|(bare, language)| (bare.to_owned(), language.to_owned()));
            let (bare, language) = split.map_or((stem, None), |(bare, language)| (bare, Some(language)));
            // Where both are there, `tide.md` is the post and `tide.en.md` is none.
            let is_default = language.as_deref().is_none_or(|language| {
                !others.contains(&bare.as_str()) && language.eq_ignore_ascii_case(languages.usual())
            });
            if bare.eq_ignore_ascii_case("index") && (!is_site || folder_of(&file.path) != content) {
                bundles.insert(folder_of(&file.path).to_owned());
            }
            named.push(((*file).clone(), bare, language.filter(|_| !is_default)));
        }
        let rest = files.iter().filter(|file| !is_markdown(&file.path)).cloned().collect::<Vec<_>>();
        let place =
            Place { root: &self.root, content: &content, languages: &languages, bundles: &bundles, is_site };
        let mut kinds: Vec<(File, Kind)> = named
            .into_iter()
            .map(|(file, bare, language)| {
                let kind = place.hugo(&file, &bare, language.as_deref());
                (file, kind)
            })
            .collect();
        let in_section = |kind: &Kind| matches!(kind, Kind::Post(spot) if spot.standing != Standing::Loose && spot.path.components().count() > 1);
        if is_site && kinds.iter().any(|(_, kind)| in_section(kind)) {
            for (_, kind) in &mut kinds {
                if matches!(kind, Kind::Post(spot) if spot.standing == Standing::Loose) {
                    *kind = Kind::Other("a page of no section, not a post".to_owned());
                }
            }
        }
        for (file, kind) in kinds {
            self.take(file, kind);
        }
        for file in rest {
            let kind = match other_markup(&file.path).filter(|_| file.path.starts_with(&content)) {
                Some(markup) => Kind::Other(format!("written in {markup}, not in Markdown")),
                None => Kind::Rest,
            };
            self.take(file, kind);
        }
        self.others.sort();
    }
}

/// What is known of a Hugo site while its files are looked at.
struct Place<'a> {
    root: &'a Path,
    content: &'a Path,
    languages: &'a Languages,
    /// Folders that are one page with what it shows.
    bundles: &'a HashSet<PathBuf>,
    is_site: bool,
}

impl Place<'_> {
    fn hugo(&self, file: &File, bare: &str, language: Option<&str>) -> Kind {
        let translation = |language: &str| {
            Kind::Other(format!("in another language (`{language}`) than the site's; a publication has one"))
        };
        if let Some(language) = self.languages.of_folder(&file.path) {
            return translation(language);
        }
        let Ok(inside) = file.path.strip_prefix(self.content) else { return Kind::Nothing };
        if is_html(inside) && !begins_with_head(&self.root.join(&file.path)) {
            return Kind::Nothing;
        }
        if bare.eq_ignore_ascii_case("_index") {
            let is_home = self.is_site && folder_of(inside) == Path::new("");
            let page = if is_home { "home page" } else { "page of a section" };
            return Kind::Other(format!("the {page}, not a post"));
        }
        let folder = folder_of(&file.path);
        let is_index = bare.eq_ignore_ascii_case("index");
        let above = folder.ancestors().skip(usize::from(is_index));
        let above = above.take_while(|above| above.starts_with(self.content));
        if let Some(bundle) = above.into_iter().find(|above| self.bundles.contains(*above)) {
            let bundle = bundle.strip_prefix(self.content).unwrap_or(bundle).display();
            return Kind::Other(format!("a part of the page `{bundle}`, not a post"));
        }
        if let Some(language) = language {
            return translation(language);
        }
        let depth = inside.components().count();
        if self.is_site && is_index && depth == 1 {
            return Kind::Other("the home page, not a post".to_owned());
        }
        let is_loose = depth == 1 || is_index && depth == 2;
        let name = match is_index {
            true => self.root.join(folder).file_name().map(|name| name.to_string_lossy().into_owned()),
            false => Some(bare.to_owned()),
        };
        let name = name.unwrap_or_else(|| bare.to_owned());
        let (day, stem) = dated(&name).map_or((None, name.as_str()), |(day, rest)| (Some(day), rest));
        Kind::Post(Spot {
            shown: file.shown.clone(),
            path: without_language(inside, bare),
            stem: stem.to_owned(),
            day: day.map(str::to_owned),
            categories: Vec::new(),
            standing: match (self.is_site && is_loose, is_index) {
                (true, false) => Standing::Loose,
                (_, true) => Standing::Bundle,
                (false, false) => Standing::Alone,
            },
        })
    }
}

/// `post/tide.en.md` → `post/tide.md`.
fn without_language(path: &Path, bare: &str) -> PathBuf {
    let end = path.extension().map(|end| end.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{bare}.{end}"))
}

fn jekyll(file: &File, is_site: bool, root: &Path) -> Kind {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let whole = root.join(&file.path);
    let is_post = has(&whole, "_posts");
    let is_draft = has(&whole, "_drafts");
    let day_and_rest = dated(&name);
    if !is_markdown(&file.path) {
        return match other_markup(&file.path)
            .filter(|_| (is_post || !is_site) && day_and_rest.is_some() || is_draft)
        {
            Some(markup) => Kind::Other(format!("written in {markup}, not in Markdown")),
            None => Kind::Rest,
        };
    }
    if !is_draft && (is_post || !is_site) && day_and_rest.is_none() {
        return Kind::Other(
            "its name does not begin with a day, as in 2016-03-04-ferry.md, so that it is no post".to_owned(),
        );
    }
    if !(is_draft || is_post || !is_site) {
        return jekyll_page(file, &whole);
    }
    let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (day, stem) = match dated(&stem) {
        Some((day, rest)) => (Some(day.to_owned()), rest.to_owned()),
        None => (None, stem),
    };
    let above = file.path.parent().into_iter().flat_map(Path::components);
    let above = above.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let categories: Vec<String> =
        above.take_while(|part| !matches!(part.as_str(), "_posts" | "_drafts")).collect();
    let has_folder = has(&file.path, "_posts") || has(&file.path, "_drafts");
    Kind::Post(Spot {
        shown: file.shown.clone(),
        path: file.path.clone(),
        stem,
        day,
        categories: if has_folder { categories } else { Vec::new() },
        standing: if is_draft { Standing::Draft } else { Standing::Alone },
    })
}

/// A file of a Jekyll site that stands in no folder of posts.
fn jekyll_page(file: &File, whole: &Path) -> Kind {
    let special = file.path.components().find_map(|part| match part {
        Component::Normal(name) => name.to_str().filter(|name| name.starts_with('_')),
        _ => None,
    });
    match special {
        Some("_layouts" | "_includes" | "_sass" | "_data" | "_plugins" | "_site") => Kind::Nothing,
        _ if is_html(&file.path) && !begins_with_head(whole) => Kind::Nothing,
        Some(collection) if file.path.components().count() > 1 => {
            Kind::Other(format!("of the collection `{}`, not a post", collection.trim_start_matches('_')))
        }
        Some(_) | None => Kind::Other("a page, not a post".to_owned()),
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

fn is_jekyll(folder: &Path) -> bool {
    ["_config.yml", "_config.yaml", "_config.toml"].iter().any(|name| folder.join(name).is_file())
}

fn is_hugo(folder: &Path) -> bool {
    let ends = ["toml", "yaml", "yml", "json"];
    let is_there = |name: &str| ends.iter().any(|end| folder.join(format!("{name}.{end}")).is_file());
    is_there("hugo")
        || is_there("config")
        || ["config/_default", "archetypes", "static"].iter().any(|inner| folder.join(inner).is_dir())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Whether a part of `path` is `name`.
fn has(path: &Path, name: &str) -> bool {
    path.components().any(|part| part == Component::Normal(name.as_ref()))
}

fn ending(path: &Path) -> String {
    path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// HTML is text of a post too.
fn is_markdown(path: &Path) -> bool {
    is_html(path) || ["md", "markdown", "mkd", "mkdn", "mdown"].contains(&ending(path).as_str())
}

fn is_html(path: &Path) -> bool {
    ["html", "htm"].contains(&ending(path).as_str())
}

/// The name of a notation that is not read.
fn other_markup(path: &Path) -> Option<&'static str> {
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
fn begins_with_head(file: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(6).read_to_end(&mut beginning));
    let text = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&beginning);
    read.is_ok() && (text.starts_with(b"---") || text.starts_with(b"+++"))
}

/// `2016-03-04-ferry.md` → its day and the rest.
fn dated(file: &str) -> Option<(&str, &str)> {
    let (day, rest) = file.split_at_checked(10)?;
    let shape =
        day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    Some((day, rest.strip_prefix('-')?)).filter(|_| shape)
}

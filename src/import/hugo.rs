//! Which files of a Hugo site are posts: sections, page bundles, translations.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::languages::Languages;
use super::tree::{
    File, Kind, Spot, Standing, Tree, begins_with_head, dated, folder_of, is_html, is_markdown, other_markup,
};

impl Tree {
    /// Tells the posts of a Hugo site from what else is in it.
    pub(super) fn hugo(&mut self, files: Vec<File>) {
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

//! What Hugo's own configuration says of where posts are, and in which languages.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::settings::{get, settings};

/// The languages of a site.
#[derive(Debug, Default)]
pub(super) struct Languages {
    /// That of posts which do not say theirs; known when the configuration is.
    default: Option<String>,
    /// Every one that is configured, in small letters.
    known: Vec<String>,
    /// Folders of their own, relative to the site.
    folders: Vec<(String, PathBuf)>,
    /// The folder of posts, when it is not `content`.
    content: Option<PathBuf>,
}

impl Languages {
    /// What the configuration of the site at `root` says; nothing when there is none that can be read.
    pub(super) fn of(root: &Path) -> Self {
        let mut languages = Languages::default();
        for folder in [root.to_owned(), root.join("config/_default"), root.join("config")] {
            for name in ["hugo", "config"] {
                if let Ok(Some(settings)) = settings(root, &folder, name) {
                    languages.default =
                        languages.default.or_else(|| text(&settings, "defaultcontentlanguage"));
                    languages.content =
                        languages.content.or_else(|| text(&settings, "contentdir").map(PathBuf::from));
                    if let Some(Value::Object(each)) = get(&settings, "languages") {
                        languages.add(each);
                    }
                }
            }
            if let Ok(Some(each)) = settings(root, &folder, "languages") {
                languages.add(&each);
            }
        }
        languages
    }

    fn add(&mut self, each: &Map<String, Value>) {
        for (language, settings) in each {
            let language = language.to_lowercase();
            let folder = settings.as_object().and_then(|settings| text(settings, "contentdir"));
            if let Some(folder) = folder.filter(|folder| is_inside(folder)) {
                self.folders.push((language.clone(), PathBuf::from(folder)));
            }
            if !self.known.contains(&language) {
                self.known.push(language);
            }
        }
    }

    /// The language of posts which do not say theirs; Hugo's own is English.
    pub(super) fn usual(&self) -> &str {
        self.default.as_deref().unwrap_or("en")
    }

    /// The folder of posts.
    pub(super) fn content(&self) -> &Path {
        let own =
            self.folders.iter().find(|(language, _)| language == self.usual()).map(|(_, folder)| folder);
        let usual = self.content.as_ref().filter(|folder| is_inside(&folder.to_string_lossy()));
        own.or(usual).map_or(Path::new("content"), PathBuf::as_path)
    }

    /// The other language whose folder the file `path` of the site is in.
    pub(super) fn of_folder(&self, path: &Path) -> Option<&str> {
        let others = self.folders.iter().filter(|(language, _)| language != self.usual());
        others.filter(|(_, folder)| path.starts_with(folder)).map(|(language, _)| language.as_str()).next()
    }

    /// `tide.de` → `tide` and `de`, when that is a language: one of the configuration's, else one as `others`, the stems
    /// of the files beside it, make likely.
    pub(super) fn split<'s>(&self, stem: &'s str, others: &[&str]) -> Option<(&'s str, &'s str)> {
        let (bare, language) = stem.rsplit_once('.').filter(|(bare, _)| !bare.is_empty())?;
        let is_known = self.known.iter().any(|known| known.eq_ignore_ascii_case(language));
        // `node.js.md` is a post about a program.
        let is_likely = || {
            looks_like_a_language(language)
                && others.iter().any(|other| {
                    let sibling = other.strip_prefix(bare);
                    *other != stem
                        && sibling.is_some_and(|rest| {
                            rest.is_empty() || rest.strip_prefix('.').is_some_and(looks_like_a_language)
                        })
                })
        };
        let is_language = if self.known.is_empty() { is_likely() } else { is_known };
        is_language.then_some((bare, language))
    }
}

/// `de`, `pt-br`, `zh-hans`.
fn looks_like_a_language(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    parts.next().is_some_and(|part| part.len() == 2 && letters(part))
        && parts.all(|part| (2..=4).contains(&part.len()) && letters(part))
}

/// Whether a path of the configuration stays within the site.
fn is_inside(folder: &str) -> bool {
    !folder.is_empty()
        && Path::new(folder).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn text(settings: &Map<String, Value>, key: &str) -> Option<String> {
    let text = get(settings, key)?.as_str()?.trim().trim_end_matches('/');
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_language_is_one_of_the_configuration_or_stands_beside_another() {
        let guessed = Languages::default();
        assert_eq!(guessed.split("tide.de", &["tide", "tide.de"]), Some(("tide", "de")));
        assert_eq!(guessed.split("index.pt-br", &["index.en", "index.pt-br"]), Some(("index", "pt-br")));
        assert_eq!(guessed.split("node.js", &["node.js", "tide"]), None);
        assert_eq!(guessed.split("release-1.0", &["release-1", "release-1.0"]), None);
        let configured = Languages { known: vec!["en".into(), "de".into()], ..Languages::default() };
        assert_eq!(configured.split("tide.de", &["tide.de"]), Some(("tide", "de")));
        assert_eq!(configured.split("tide.js", &["tide", "tide.js"]), None);
    }

    #[test]
    fn the_configuration_is_read_in_each_notation_and_only_within_the_site() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let toml = "defaultContentLanguage = 'de'\n[languages.de]\ncontentDir = 'content/de'\n[languages.fr]\n\
                    contentDir = 'content/fr'\n[languages.xx]\ncontentDir = '../..'\n";
        fs::write(root.join("hugo.toml"), toml).unwrap();
        let languages = Languages::of(&root);
        assert_eq!((languages.usual(), languages.content()), ("de", Path::new("content/de")));
        assert_eq!(languages.of_folder(Path::new("content/fr/tide.md")), Some("fr"));
        assert_eq!(languages.of_folder(Path::new("content/de/tide.md")), None);
        assert_eq!(languages.known, ["de", "fr", "xx"]);
        fs::remove_file(root.join("hugo.toml")).unwrap();
        fs::create_dir_all(root.join("config/_default")).unwrap();
        fs::write(root.join("config/_default/hugo.yaml"), "contentDir: articles\n").unwrap();
        fs::write(root.join("config/_default/languages.json"), r#"{"en": {}, "de": {}}"#).unwrap();
        let languages = Languages::of(&root);
        assert_eq!((languages.content(), languages.known.len()), (Path::new("articles"), 2));
    }
}

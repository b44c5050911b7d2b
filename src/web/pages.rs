//! The pages' templates, compiled once, with what every page says of the publication.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::response::Html;
use serde::Serialize;
use tera::{Context, Tera};

use crate::article::Picture;
use crate::config::{Publication, Theme};
use crate::edition::{TemplateError, load_logo, load_words, problems_of_engine};
use crate::words::{self, Words};

const TEMPLATES: [(&str, &str); 10] = [
    ("base.html", include_str!("../../templates/web/base.html")),
    ("edition_list.html", include_str!("../../templates/web/edition_list.html")),
    ("editions.html", include_str!("../../templates/web/editions.html")),
    ("front.html", include_str!("../../templates/web/front.html")),
    ("goodbye.html", include_str!("../../templates/web/goodbye.html")),
    ("left.html", include_str!("../../templates/web/left.html")),
    ("preferences.html", include_str!("../../templates/web/preferences.html")),
    ("problem.html", include_str!("../../templates/web/problem.html")),
    ("unsubscribe.html", include_str!("../../templates/web/unsubscribe.html")),
    ("style.css", include_str!("../../templates/web/style.css")),
];

/// The pages' templates, compiled, with what every page says of the publication.
#[derive(Clone)]
pub struct Pages {
    inner: Arc<Inner>,
}

struct Inner {
    tera: Tera,
    style: StyleSheet,
    base: String,
    words: Words,
    logo: Option<Picture>,
}

/// The style sheet under the hash of its content.
pub(super) struct StyleSheet {
    pub(super) text: String,
    pub(super) hash: String,
}

#[derive(Serialize)]
struct SiteWords<'a> {
    name: &'a str,
    tagline: &'a str,
    postal_address: &'a str,
    language: &'a str,
    direction: &'a str,
    base: &'a str,
    style: String,
}

impl Pages {
    /// The names of the templates.
    #[must_use]
    pub fn names() -> [&'static str; 10] {
        TEMPLATES.map(|(name, _)| name)
    }

    /// Compiles the built-in templates; those that the user's `folder` has in `web` under the same name stand in for
    /// them. The words are those of the publication's language.
    ///
    /// # Errors
    /// When a file of `folder` cannot be read, or is no template, or there are no words.
    pub fn new(publication: &Publication, folder: Option<&Path>) -> Result<Self, TemplateError> {
        let words = load_words(folder, &publication.language)?;
        let folder = folder.map(|folder| folder.join("web"));
        let folder = folder.as_deref();
        let mut texts = Vec::with_capacity(TEMPLATES.len());
        for (name, built_in) in TEMPLATES {
            texts.push((name, own(folder, name)?.unwrap_or_else(|| built_in.to_owned())));
        }
        let (_, mut style) = texts.pop().expect("the style sheet is the last of the templates");
        if publication.theme != Theme::default() {
            style.push_str(&publication.theme.style_variables());
        }
        let logo = load_logo(&publication.theme)?;
        let hash = hash(&style);
        let mut tera = Tera::new();
        words::register(&mut tera, &words);
        let sources: BTreeMap<_, Arc<str>> =
            texts.iter().map(|(name, text)| (*name, Arc::from(text.as_str()))).collect();
        tera.add_raw_templates(texts).map_err(|error| {
            TemplateError::Invalid(problems_of_engine(&error, |name| {
                (path_of(folder, name), sources.get(name).cloned())
            }))
        })?;
        let base = publication.public_url.path().trim_end_matches('/').to_owned();
        let site = SiteWords {
            name: &publication.name,
            tagline: &publication.tagline,
            postal_address: &publication.postal_address,
            language: &publication.language,
            direction: words.direction(),
            base: &base,
            style: format!("{base}/style.css?v={hash}"),
        };
        let at = logo.as_ref().map(|logo| format!("{base}/images/{}", logo.file_name));
        tera.global_context().insert("theme", &publication.theme.variable(at.as_deref()));
        tera.global_context().insert("site", &site);
        Ok(Pages {
            inner: Arc::new(Inner { tera, style: StyleSheet { text: style, hash }, base, words, logo }),
        })
    }

    /// The page `name` with `words`.
    pub(super) fn render(&self, name: &str, words: &impl Serialize) -> Result<Html<String>, tera::Error> {
        self.inner.tera.render(name, &Context::from_serialize(words)?).map(Html)
    }

    /// The style sheet.
    pub(super) fn style(&self) -> &StyleSheet {
        &self.inner.style
    }

    /// `path`, which begins with a slash, as the reader's browser asks for it.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.inner.base)
    }

    /// The logo, when the theme has one.
    pub(super) fn logo(&self) -> Option<&Picture> {
        self.inner.logo.as_ref()
    }

    /// The words of the publication's language.
    pub(super) fn words(&self) -> &Words {
        &self.inner.words
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

/// The user's own file of this name, if there is one.
fn own(folder: Option<&Path>, name: &str) -> Result<Option<String>, TemplateError> {
    let Some(path) = folder.map(|folder| folder.join(name)) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TemplateError::Unreadable { file: path, error }),
    }
}

/// The user's own file of this name, or else the path in the repository of the built-in one.
fn path_of(folder: Option<&Path>, name: &str) -> PathBuf {
    let own = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
    own.unwrap_or_else(|| Path::new("templates/web").join(name))
}

fn hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

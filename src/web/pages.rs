//! The pages' templates, compiled once, with what every page says of the publication.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::response::Html;
use serde::Serialize;
use tera::{Context, Tera};

use super::digest::{Digest, hash};
use crate::article::Picture;
use crate::config::{Publication, Theme};
use crate::edition::{
    DEFAULT_FOLDER, TemplateError, load_logo, load_words, own_template, problems_of_engine, template_path,
};
use crate::words::{self, Words};

const TEMPLATES: &[(&str, &str)] = &[
    ("after_mail.html", include_str!("../../templates/web/after_mail.html")),
    ("article.html", include_str!("../../templates/web/article.html")),
    ("article_about.html", include_str!("../../templates/web/article_about.html")),
    ("article_story.html", include_str!("../../templates/web/article_story.html")),
    ("article_before.html", include_str!("../../templates/web/article_before.html")),
    ("article_list.html", include_str!("../../templates/web/article_list.html")),
    ("base.html", include_str!("../../templates/web/base.html")),
    ("comment_form.html", include_str!("../../templates/web/comment_form.html")),
    ("comment_list.html", include_str!("../../templates/web/comment_list.html")),
    ("comment_page.html", include_str!("../../templates/web/comment_page.html")),
    ("comments.html", include_str!("../../templates/web/comments.html")),
    ("deck.html", include_str!("../../templates/web/deck.html")),
    ("edition.html", include_str!("../../templates/web/edition.html")),
    ("editions.html", include_str!("../../templates/web/editions.html")),
    ("embed.html", include_str!("../../templates/web/embed.html")),
    ("embed_form.html", include_str!("../../templates/web/embed_form.html")),
    ("front.html", include_str!("../../templates/web/front.html")),
    ("group.html", include_str!("../../templates/web/group.html")),
    ("goodbye.html", include_str!("../../templates/web/goodbye.html")),
    ("left.html", include_str!("../../templates/web/left.html")),
    ("message.html", include_str!("../../templates/web/message.html")),
    ("moderate.html", include_str!("../../templates/web/moderate.html")),
    ("own_data.html", include_str!("../../templates/web/own_data.html")),
    ("preferences.html", include_str!("../../templates/web/preferences.html")),
    ("problem.html", include_str!("../../templates/web/problem.html")),
    ("question.html", include_str!("../../templates/web/question.html")),
    ("search.html", include_str!("../../templates/web/search.html")),
    ("search_form.html", include_str!("../../templates/web/search_form.html")),
    ("sign_up_box.html", include_str!("../../templates/web/sign_up_box.html")),
    ("subscribe.html", include_str!("../../templates/web/subscribe.html")),
    ("trap.html", include_str!("../../templates/web/trap.html")),
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
    publication: Publication,
    makeup: String,
    served: Served,
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
    sign_up_title: &'a str,
    sign_up_promise: &'a str,
    /// Whether there is a program behind the pages, which forms can speak to.
    live: bool,
}

/// How pages reach their readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Served {
    Live,
    AsFiles,
}

impl Pages {
    /// The built-in templates, by their path below the folder of templates.
    #[must_use]
    pub fn built_in_files() -> Vec<(String, &'static str)> {
        TEMPLATES.iter().map(|(name, text)| (format!("web/{name}"), *text)).collect()
    }

    /// The names of the templates.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        TEMPLATES.iter().map(|(name, _)| *name).collect()
    }

    /// Compiles the built-in templates; those that the user's `folder` has in `web` under the same name stand in for
    /// them. The words are those of the publication's language.
    ///
    /// # Errors
    /// When a file of `folder` cannot be read, or is no template, or there are no words.
    pub fn new(publication: &Publication, folder: Option<&Path>) -> Result<Self, TemplateError> {
        Pages::compile(publication, folder, Served::Live)
    }

    /// As [`new`](Self::new), for files: without forms.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_files(publication: &Publication, folder: Option<&Path>) -> Result<Self, TemplateError> {
        Pages::compile(publication, folder, Served::AsFiles)
    }

    fn compile(
        publication: &Publication,
        folder: Option<&Path>,
        served: Served,
    ) -> Result<Self, TemplateError> {
        let words = load_words(folder, &publication.language)?;
        let folder = folder.map(|folder| folder.join("web"));
        let folder = folder.as_deref();
        let mut texts = Vec::with_capacity(TEMPLATES.len());
        for &(name, built_in) in TEMPLATES {
            texts.push((name, own_template(folder, name)?.unwrap_or_else(|| built_in.to_owned())));
        }
        let (_, mut style) = texts.pop().expect("the style sheet is the last of the templates");
        if publication.theme != Theme::default() {
            style.push_str(&publication.theme.style_variables());
        }
        let logo = load_logo(&publication.theme)?;
        let hash = hash(&style);
        let mut makeup = Digest::default();
        makeup.part(env!("CARGO_PKG_VERSION"));
        texts.iter().for_each(|(_, text)| makeup.part(text));
        makeup.part(&style);
        // What the configuration and the words are made of, in full; neither has a secret.
        makeup.part(&format!("{served:?} {publication:?} {words:?}"));
        makeup.part(logo.as_ref().map_or("", |logo| &logo.file_name));
        let mut tera = Tera::new();
        words::register(&mut tera, &words);
        let sources: BTreeMap<_, Arc<str>> =
            texts.iter().map(|(name, text)| (*name, Arc::from(text.as_str()))).collect();
        let defaults = TEMPLATES.iter().filter(|(name, _)| name.ends_with(".html"));
        let defaults = defaults.map(|(name, text)| (format!("{DEFAULT_FOLDER}{name}"), (*text).to_owned()));
        let all: Vec<_> =
            texts.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).chain(defaults).collect();
        tera.add_raw_templates(all).map_err(|error| {
            TemplateError::Invalid(problems_of_engine(&error, |name| {
                (
                    template_path("web", folder, name.trim_start_matches(DEFAULT_FOLDER)),
                    sources.get(name).cloned(),
                )
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
            sign_up_title: &publication.sign_up.title,
            sign_up_promise: &publication.sign_up.promise,
            live: served == Served::Live,
        };
        let at = logo.as_ref().map(|logo| format!("{base}/images/{}", logo.file_name));
        tera.global_context().insert("theme", &publication.theme.variable(at.as_deref()));
        tera.global_context().insert("site", &site);
        Ok(Pages {
            inner: Arc::new(Inner {
                tera,
                style: StyleSheet { text: style, hash },
                base,
                words,
                logo,
                publication: publication.clone(),
                makeup: makeup.hex(),
                served,
            }),
        })
    }

    /// Whether there is a program behind the pages, and not files alone.
    pub(super) fn are_live(&self) -> bool {
        self.inner.served == Served::Live
    }

    /// The page `name` with `words`.
    pub(super) fn render(&self, name: &str, words: &impl Serialize) -> Result<Html<String>, tera::Error> {
        self.inner.tera.render(name, &Context::from_serialize(words)?).map(Html)
    }

    /// The style sheet.
    pub(super) fn style(&self) -> &StyleSheet {
        &self.inner.style
    }

    /// A digest of all that pages are made of besides their content.
    pub(super) fn makeup(&self) -> &str {
        &self.inner.makeup
    }

    /// `path`, which begins with a slash, as the reader's browser asks for it.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.inner.base)
    }

    /// The logo, when the theme has one.
    pub(super) fn logo(&self) -> Option<&Picture> {
        self.inner.logo.as_ref()
    }

    /// Who publishes.
    pub(super) fn publication(&self) -> &Publication {
        &self.inner.publication
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

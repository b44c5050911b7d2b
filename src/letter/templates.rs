//! The templates of letters: the built-in ones, and over them file by file those of the user's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tera::{Context, Tera};

use super::{About, Kind, Latest, Said, Written};
use crate::config::Publication;
use crate::edition::{self, TemplateError, TemplateProblem};
use crate::words::Words;

/// The built-in files; a file of the same name in the user's `letter` folder stands in for one.
const BUILT_IN: [(&str, &str); 26] = [
    ("base.html", include_str!("../../templates/letter/base.html")),
    ("base.txt", include_str!("../../templates/letter/base.txt")),
    ("already.html", include_str!("../../templates/letter/already.html")),
    ("already.subject.txt", include_str!("../../templates/letter/already.subject.txt")),
    ("already.txt", include_str!("../../templates/letter/already.txt")),
    ("comment.html", include_str!("../../templates/letter/comment.html")),
    ("comment.subject.txt", include_str!("../../templates/letter/comment.subject.txt")),
    ("comment.txt", include_str!("../../templates/letter/comment.txt")),
    ("confirm.html", include_str!("../../templates/letter/confirm.html")),
    ("confirm.subject.txt", include_str!("../../templates/letter/confirm.subject.txt")),
    ("confirm.txt", include_str!("../../templates/letter/confirm.txt")),
    ("data.html", include_str!("../../templates/letter/data.html")),
    ("data.subject.txt", include_str!("../../templates/letter/data.subject.txt")),
    ("data.txt", include_str!("../../templates/letter/data.txt")),
    ("goodbye.html", include_str!("../../templates/letter/goodbye.html")),
    ("goodbye.subject.txt", include_str!("../../templates/letter/goodbye.subject.txt")),
    ("goodbye.txt", include_str!("../../templates/letter/goodbye.txt")),
    ("moved.html", include_str!("../../templates/letter/moved.html")),
    ("moved.subject.txt", include_str!("../../templates/letter/moved.subject.txt")),
    ("moved.txt", include_str!("../../templates/letter/moved.txt")),
    ("new_address.html", include_str!("../../templates/letter/new_address.html")),
    ("new_address.subject.txt", include_str!("../../templates/letter/new_address.subject.txt")),
    ("new_address.txt", include_str!("../../templates/letter/new_address.txt")),
    ("welcome.html", include_str!("../../templates/letter/welcome.html")),
    ("welcome.subject.txt", include_str!("../../templates/letter/welcome.subject.txt")),
    ("welcome.txt", include_str!("../../templates/letter/welcome.txt")),
];

/// Compiled templates with the publication's words; a clone is cheap.
#[derive(Clone)]
pub struct Templates {
    inner: Arc<Inner>,
}

struct Inner {
    tera: Tera,
    sheet: edition::Sheet,
    words: Words,
    folder: Option<PathBuf>,
    sources: BTreeMap<&'static str, Arc<str>>,
}

#[derive(Serialize)]
struct PublicationWords<'a> {
    name: &'a str,
    tagline: &'a str,
    promise: &'a str,
    from: &'a str,
    postal_address: &'a str,
    url: String,
    language: &'a str,
    dir: &'a str,
}

/// What the templates see.
#[derive(Serialize)]
struct View<'a> {
    reader: ReaderView<'a>,
    link: LinkView<'a>,
    latest: Option<&'a Latest>,
    sends_latest: bool,
    comment: Option<&'a Said>,
    css: &'a str,
}

#[derive(Serialize)]
struct ReaderView<'a> {
    name: Option<&'a str>,
    address: Option<&'a str>,
}

#[derive(Serialize)]
struct LinkView<'a> {
    url: &'a str,
    until: Option<String>,
    preferences: Option<&'a str>,
    unsubscribe: Option<&'a str>,
}

impl Templates {
    /// The names of the templates.
    #[must_use]
    pub fn names() -> [&'static str; 26] {
        BUILT_IN.map(|(name, _)| name)
    }

    /// Compiles the built-in templates; those that the `letter` folder within `templates`, the user's own, has under the
    /// same name stand in for them. The style sheet is the edition's.
    ///
    /// # Errors
    /// When a file cannot be read, or is no template.
    pub fn load(publication: &Publication, templates: Option<&Path>) -> Result<Self, TemplateError> {
        let folder = templates.map(|folder| folder.join("letter"));
        let mut sources = BTreeMap::new();
        for (name, built_in) in BUILT_IN {
            let own = edition::own_template(folder.as_deref(), name)?;
            sources.insert(name, own.map_or_else(|| Arc::from(built_in), Arc::from));
        }
        let words = edition::load_words(templates, &publication.language)?;
        let mut tera = edition::template_engine(&words);
        let texts: Vec<_> = sources.iter().map(|(name, text): (_, &Arc<str>)| (*name, &**text)).collect();
        tera.add_raw_templates(texts).map_err(|error| problems(&error, folder.as_deref(), &sources))?;
        let shown = PublicationWords {
            name: &publication.name,
            tagline: &publication.tagline,
            promise: &publication.sign_up.promise,
            from: publication.reply_to.as_ref().unwrap_or(&publication.from).as_str(),
            postal_address: &publication.postal_address,
            url: publication.link(""),
            language: &publication.language,
            dir: words.direction(),
        };
        tera.global_context().insert("publication", &shown);
        let styled = edition::Templates::load(templates, publication)?;
        let sheet = styled.sheet(&publication.theme)?;
        let logo = styled.logo().map(|logo| publication.link(&format!("images/{}", logo.file_name)));
        tera.global_context().insert("theme", &publication.theme.variable(logo.as_deref()));
        Ok(Templates { inner: Arc::new(Inner { tera, sheet, words, folder, sources }) })
    }

    /// Writes a letter of `kind`.
    ///
    /// # Errors
    /// When a template fails; the message has its line and column.
    pub fn write(&self, kind: Kind, about: &About) -> Result<Written, TemplateError> {
        let inner = &*self.inner;
        let view = View {
            reader: ReaderView { name: about.name.as_deref(), address: about.address.as_deref() },
            link: LinkView {
                url: &about.url,
                until: about.until.map(|day| inner.words.calendar().day(day)),
                preferences: about.preferences_url.as_deref(),
                unsubscribe: about.unsubscribe_url.as_deref(),
            },
            latest: about.latest.as_ref(),
            sends_latest: about.sends_latest,
            comment: about.comment.as_ref(),
            css: &inner.sheet.kept,
        };
        let context = Context::from_serialize(&view).expect("the view is a map with string keys");
        let render = |ending: &str| {
            let rendered = inner.tera.render(&format!("{}.{ending}", kind.name()), &context);
            rendered.map_err(|error| problems(&error, inner.folder.as_deref(), &inner.sources))
        };
        let html = inner.sheet.inline(&render("html")?).map_err(|error| {
            TemplateError::Invalid(vec![TemplateProblem {
                file: edition::template_path(
                    "letter",
                    inner.folder.as_deref(),
                    &format!("{}.html", kind.name()),
                ),
                line: 0,
                column: 0,
                message: format!("the style sheet cannot be inlined: {error}; look at its selectors"),
                source: None,
            }])
        })?;
        Ok(Written {
            subject: render("subject.txt")?.split_whitespace().collect::<Vec<_>>().join(" "),
            text: edition::tidy_text(&render("txt")?),
            html: Some(html),
            unsubscribe_url: about.unsubscribe_url.clone(),
            attachment: about.attachment.clone(),
        })
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

fn problems(error: &tera::Error, folder: Option<&Path>, sources: &BTreeMap<&str, Arc<str>>) -> TemplateError {
    TemplateError::Invalid(edition::problems_of_engine(error, |name| {
        (edition::template_path("letter", folder, name), sources.get(name).cloned())
    }))
}

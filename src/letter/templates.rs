//! The templates of letters: the built-in ones, and over them file by file those of the user's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;
use tera::{Context, Tera};
use tracing::error;

use super::{About, Kind, Latest, Said, Written};
use crate::config::Publication;
use crate::diagnostic::Diagnostic;
use crate::edition::{self, DEFAULT_FOLDER, TemplateError, TemplateProblem};
use crate::subscriber::masked_in;
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
    own: Files,
    /// What goes in place of a letter that the user's files fail at, where there are any.
    built_in: Option<Files>,
    sheet: edition::Sheet,
    words: Words,
}

/// The files that letters are made of.
struct Files {
    tera: Tera,
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

    /// The built-in files, by their path below the folder of templates.
    #[must_use]
    pub fn built_in_files() -> Vec<(String, &'static str)> {
        BUILT_IN.iter().map(|(name, text)| (format!("letter/{name}"), *text)).collect()
    }

    /// Compiles the built-in templates; those that the `letter` folder within `templates`, the user's own, has under the
    /// same name stand in for them. The style sheet is the edition's.
    ///
    /// # Errors
    /// When a file cannot be read, or is no template.
    pub fn load(publication: &Publication, templates: Option<&Path>) -> Result<Self, TemplateError> {
        let words = edition::load_words(templates, &publication.language)?;
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
        let styled = edition::Templates::load(templates, publication)?;
        let sheet = styled.sheet(&publication.theme)?;
        let logo = styled.logo().map(|logo| publication.link(&format!("images/{}", logo.file_name)));
        let theme = publication.theme.variable(logo.as_deref());
        let compile = |folder: Option<PathBuf>| -> Result<Files, TemplateError> {
            let mut files = Files::compile(folder, &words)?;
            files.tera.global_context().insert("publication", &shown);
            files.tera.global_context().insert("theme", &theme);
            Ok(files)
        };
        let folder = templates.map(|folder| folder.join("letter")).filter(|folder| folder.is_dir());
        let built_in = folder.is_some().then(|| compile(None)).transpose()?;
        let own = compile(folder)?;
        Ok(Templates { inner: Arc::new(Inner { own, built_in, sheet, words }) })
    }

    /// Writes a letter of `kind`: with the built-in templates where those of the user's own fail, because somebody waits for it.
    ///
    /// # Errors
    /// When a built-in template fails; the message has its line and column.
    pub fn write(&self, kind: Kind, about: &About) -> Result<Written, TemplateError> {
        let Inner { own, built_in, .. } = &*self.inner;
        match (self.written(own, kind, about), built_in) {
            (Err(why), Some(built_in)) => {
                // The engine may quote what it was given.
                let why = masked_in(&why.to_string()).into_owned();
                error!(letter = kind.name(), %why, "a template of your own fails; the built-in one goes in its place");
                Ok(Written { stood_in: Some(why), ..self.written(built_in, kind, about)? })
            }
            (written, _) => written,
        }
    }

    /// What is wrong with the user's own files, by letters of each kind with as much and as little in them as there may be.
    #[must_use]
    pub fn problems(&self, publication: &Publication) -> Vec<Diagnostic> {
        let letters =
            Kind::ALL.into_iter().flat_map(|kind| samples(kind, publication).map(|about| (kind, about)));
        let wrong = letters.filter_map(|(kind, about)| self.written(&self.inner.own, kind, &about).err());
        let mut found: Vec<Diagnostic> = Vec::new();
        for problem in wrong.flat_map(|error| error.diagnostics()) {
            if !found.contains(&problem) {
                found.push(problem);
            }
        }
        found
    }

    fn written(&self, files: &Files, kind: Kind, about: &About) -> Result<Written, TemplateError> {
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
        let render = |ending: &str| files.render(&format!("{}.{ending}", kind.name()), &context);
        let wrong =
            |ending: &str, message: String| files.wrong(&format!("{}.{ending}", kind.name()), message);
        let html = inner.sheet.inline(&render("html")?).map_err(|error| {
            wrong("html", format!("the style sheet cannot be inlined: {error}; look at its selectors"))
        })?;
        let subject = render("subject.txt")?.split_whitespace().collect::<Vec<_>>().join(" ");
        if subject.is_empty() {
            return Err(wrong("subject.txt", "gives an empty subject; it must write one line".to_owned()));
        }
        let text = edition::tidy_text(&render("txt")?);
        if let Some((name, url)) = needed(kind, about) {
            let plain_html = html.replace("&#x2F;", "/").replace("&amp;", "&");
            for (ending, part) in [("html", &plain_html), ("txt", &text)] {
                if !part.contains(url) {
                    let message =
                        format!("has not the link that this letter is for; put {{{{ {name} }}}} into it");
                    return Err(wrong(ending, message));
                }
            }
        }
        let (unsubscribe_url, attachment) = (about.unsubscribe_url.clone(), about.attachment.clone());
        Ok(Written { subject, text, html: Some(html), unsubscribe_url, attachment, stood_in: None })
    }
}

/// The link without which a letter of `kind` is worth nothing, by its name in templates: what it asks for, or for whoever is
/// subscribed the way out.
fn needed(kind: Kind, about: &About) -> Option<(&'static str, &str)> {
    match kind {
        Kind::Confirm | Kind::NewAddress | Kind::Moved | Kind::Comment => Some(("link.url", &about.url)),
        Kind::Welcome | Kind::Already => Some(("link.unsubscribe", about.unsubscribe_url.as_deref()?)),
        Kind::Goodbye | Kind::Data => None,
    }
}

/// Two letters of `kind`, one with all that it may have and one with all that it must.
fn samples(kind: Kind, publication: &Publication) -> [About; 2] {
    let link = |path: &str| publication.link(&format!("{path}/sample"));
    let is_subscribed = matches!(kind, Kind::Welcome | Kind::Already);
    let is_asked = matches!(kind, Kind::Confirm | Kind::NewAddress);
    let least = About {
        url: link(kind.name()),
        until: matches!(kind, Kind::Confirm | Kind::NewAddress | Kind::Moved | Kind::Comment)
            .then(|| NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default()),
        preferences_url: is_subscribed.then(|| link("preferences")),
        unsubscribe_url: is_subscribed.then(|| link("unsubscribe")),
        address: (kind == Kind::Moved).then(|| "a…@example.org".to_owned()),
        comment: (kind == Kind::Comment).then(|| Said {
            article: "An article".to_owned(),
            article_url: link("articles"),
            author: "Ann".to_owned(),
            lines: vec!["A line".to_owned(), String::new(), "and another".to_owned()],
            reject_url: link("reject"),
        }),
        ..About::default()
    };
    let most = About {
        name: (!is_asked && kind != Kind::Comment).then(|| "Ann".to_owned()),
        latest: (kind == Kind::Welcome)
            .then(|| Latest { title: "An edition".to_owned(), url: link("editions") }),
        ..least.clone()
    };
    [most, least]
}

impl Files {
    fn compile(folder: Option<PathBuf>, words: &Words) -> Result<Self, TemplateError> {
        let mut sources = BTreeMap::new();
        for (name, built_in) in BUILT_IN {
            let own = edition::own_template(folder.as_deref(), name)?;
            sources.insert(name, own.map_or_else(|| Arc::from(built_in), Arc::from));
        }
        let mut files = Files { tera: edition::template_engine(words), folder, sources };
        let own = files.sources.iter().map(|(name, text)| ((*name).to_owned(), text.to_string()));
        let defaults =
            BUILT_IN.iter().map(|(name, text)| (format!("{DEFAULT_FOLDER}{name}"), (*text).to_owned()));
        let texts: Vec<_> = own.chain(defaults).collect();
        files.tera.add_raw_templates(texts).map_err(|error| files.problems(&error))?;
        Ok(files)
    }

    fn render(&self, name: &str, context: &Context) -> Result<String, TemplateError> {
        self.tera.render(name, context).map_err(|error| self.problems(&error))
    }

    fn problems(&self, error: &tera::Error) -> TemplateError {
        TemplateError::Invalid(edition::problems_of_engine(error, |name| {
            match name.strip_prefix(DEFAULT_FOLDER) {
                Some(built_in) => (edition::template_path("letter", None, built_in), None),
                None => (self.path(name), self.sources.get(name).cloned()),
            }
        }))
    }

    /// What is wrong with a file as a whole.
    fn wrong(&self, name: &str, message: String) -> TemplateError {
        let file = self.path(name);
        TemplateError::Invalid(vec![TemplateProblem { file, line: 0, column: 0, message, source: None }])
    }

    fn path(&self, name: &str) -> PathBuf {
        edition::template_path("letter", self.folder.as_deref(), name)
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates")
    }
}

//! The templates of an edition: the built-in ones, and over them file by file those of a folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tera::{Context, Error, ErrorKind, Kwargs, State, Tera, Value};

use super::breakable::breakable;
use super::css::Sheet;
use super::problem::{self, TemplateError, TemplateProblem};
use super::wrap;
use crate::article::Picture;
use crate::config::{Logo, Publication, Theme};
use crate::diagnostic::Diagnostic;
use crate::words::{self, Words};
use crate::yaml::nearest;

/// The built-in files; a folder's file of the same name stands in for one.
const BUILT_IN: [(&str, &str); 12] = [
    ("subject.txt", include_str!("../../templates/edition/subject.txt")),
    ("preheader.txt", include_str!("../../templates/edition/preheader.txt")),
    ("body.html", include_str!("../../templates/edition/body.html")),
    ("article.html", include_str!("../../templates/edition/article.html")),
    ("article_headline.html", include_str!("../../templates/edition/article_headline.html")),
    ("article_picture.html", include_str!("../../templates/edition/article_picture.html")),
    ("article_highlights.html", include_str!("../../templates/edition/article_highlights.html")),
    ("article_text.html", include_str!("../../templates/edition/article_text.html")),
    ("article_sources.html", include_str!("../../templates/edition/article_sources.html")),
    ("article_button.html", include_str!("../../templates/edition/article_button.html")),
    ("body.txt", include_str!("../../templates/edition/body.txt")),
    (STYLE_SHEET, include_str!("../../templates/edition/edition.css")),
];

/// Before the names of the built-in files as they are, whatever a folder has in their place: of editions, letters and pages.
pub(crate) const DEFAULT_FOLDER: &str = "default/";
const STYLE_SHEET: &str = "edition.css";
/// No template has a reason to be larger, and none may fill the memory.
const LARGEST_FILE: u64 = 256 * 1024;
/// Ends a template that loops without end.
const LARGEST_OUTPUT: usize = 4 * 1024 * 1024;
const LONGEST_RANGE: i64 = 100;
/// What stands in the loop over the articles, and is set in it.
const IN_ARTICLES: [&str; 3] = ["article", "top", "loop"];
/// The names that every template finds.
pub(super) const VARIABLES: [&str; 12] = [
    "edition",
    "publication",
    "articles",
    "lead",
    "authors",
    "headlines",
    "recent",
    "links",
    "slot",
    "css",
    "words",
    "theme",
];

/// Compiled templates. They reach no file and no environment.
#[derive(Debug, Clone)]
pub struct Templates {
    tera: Tera,
    css: String,
    files: BTreeMap<String, PathBuf>,
    sources: BTreeMap<String, Arc<str>>,
    words: Words,
    logo: Option<Picture>,
}

/// The words of `language`; those of the user lie in `words` below their templates.
///
/// # Errors
/// When there are none of this language, or a file of the user's is wrong.
pub(crate) fn load_words(folder: Option<&Path>, language: &str) -> Result<Words, TemplateError> {
    let own = folder.map(|folder| folder.join("words"));
    Words::load(language, own.as_deref()).map_err(TemplateError::Found)
}

/// The theme's logo, when it has one.
///
/// # Errors
/// When its file cannot be read or is no picture.
pub(crate) fn load_logo(theme: &Theme) -> Result<Option<Picture>, TemplateError> {
    let read = |logo: &Logo| {
        crate::article::logo(&logo.file, logo.width).map_err(|found| match &logo.place.0 {
            None => found,
            Some(place) => {
                let message = format!("{}{}: {}", place.message, found.file.display(), found.message);
                Diagnostic { message, remedy: found.remedy, ..(**place).clone() }
            }
        })
    };
    theme.logo.as_ref().map(read).transpose().map_err(|found| TemplateError::Found(vec![found]))
}

/// The built-in files, by their path below the folder of templates.
#[must_use]
pub fn built_in_files() -> Vec<(String, &'static str)> {
    BUILT_IN.iter().map(|(name, text)| (format!("edition/{name}"), *text)).collect()
}

/// The names of the built-in files.
pub(super) fn names() -> [&'static str; 12] {
    BUILT_IN.map(|(name, _)| name)
}

impl Templates {
    /// The built-in templates, in English.
    #[must_use]
    pub fn built_in() -> Self {
        Templates::with_words(Words::english())
    }

    /// The built-in templates with `words`.
    #[must_use]
    pub fn with_words(words: Words) -> Self {
        let files = BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let paths = BUILT_IN.map(|(name, _)| (name.to_owned(), Path::new("templates/edition").join(name)));
        Templates::compile(files.into(), paths.into(), words).expect("a test compiles the built-in templates")
    }

    /// The built-in templates, and over them those of the user's folder, if there is one: of its `edition` folder
    /// where it has one (it may hold other pages' templates too), else its own. Their words and the logo are those of
    /// `publication`.
    ///
    /// # Errors
    /// As [`with_folder`](Self::with_folder), and when there are no words of its language, or wrong ones, or no logo.
    pub fn load(folder: Option<&Path>, publication: &Publication) -> Result<Self, TemplateError> {
        let words = load_words(folder, &publication.language)?;
        let templates = match folder {
            None => Templates::with_words(words),
            Some(folder) if folder.join("edition").is_dir() => {
                Templates::with_folder(&folder.join("edition"), words)?
            }
            Some(folder) => Templates::with_folder(folder, words)?,
        };
        Ok(Templates { logo: load_logo(&publication.theme)?, ..templates })
    }

    /// The built-in templates, and over them the `.txt`, `.html` and `.css` files of `folder`; any others there
    /// are for `{% include %}`.
    ///
    /// # Errors
    /// When a file cannot be read or does not compile; the message has its line and column.
    pub fn with_folder(folder: &Path, words: Words) -> Result<Self, TemplateError> {
        let mut files: BTreeMap<String, String> =
            BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let mut paths: BTreeMap<String, PathBuf> =
            BUILT_IN.map(|(name, _)| (name.to_owned(), Path::new("templates/edition").join(name))).into();
        let unreadable = |file: &Path| {
            let file = file.to_owned();
            move |error| TemplateError::Unreadable { file, error }
        };
        let no_folder = |error| TemplateError::Folder { folder: folder.to_owned(), error };
        for entry in std::fs::read_dir(folder).map_err(no_folder)? {
            let path = entry.map_err(no_folder)?.path();
            let known = ["txt", "html", "css"].map(Some);
            if !known.contains(&path.extension().and_then(|x| x.to_str())) {
                continue;
            }
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let text = read_bounded(&path).map_err(unreadable(&path))?;
            files.insert(name.to_owned(), text);
            paths.insert(name.to_owned(), path);
        }
        Templates::compile(files, paths, words)
    }

    fn compile(
        mut files: BTreeMap<String, String>,
        paths: BTreeMap<String, PathBuf>,
        words: Words,
    ) -> Result<Self, TemplateError> {
        let sources = files.iter().map(|(name, text)| (name.clone(), Arc::from(text.as_str()))).collect();
        let css = files.remove(STYLE_SHEET).unwrap_or_default();
        // Whoever changes a part extends the whole: `{% extends "default/body.html" %}`.
        for (name, text) in BUILT_IN.into_iter().filter(|(name, _)| *name != STYLE_SHEET) {
            files.insert(format!("{DEFAULT_FOLDER}{name}"), text.to_owned());
        }
        let mut templates = Templates { tera: engine(&words), css, files: paths, sources, words, logo: None };
        if let Err(error) = templates.tera.add_raw_templates(&files) {
            return Err(TemplateError::Invalid(templates.problems(&error)));
        }
        // A component may call itself without end, which no limit of the engine's stops.
        let components: Vec<_> = templates.tera.get_component_names().collect();
        if let Some(component) = components.first() {
            let message = format!("`{component}` is a component; write an include in its place");
            return Err(TemplateError::Invalid(templates.found(&files, component, &message)));
        }
        templates.check_variables(&files)?;
        Ok(templates)
    }

    fn check_variables(&self, files: &BTreeMap<String, String>) -> Result<(), TemplateError> {
        let mut problems = Vec::new();
        for name in files.keys() {
            let mut unknown: Vec<&str> = match self.tera.get_template_variables(name) {
                Ok(used) => used
                    .into_iter()
                    .filter(|used| !VARIABLES.contains(used) && !IN_ARTICLES.contains(used))
                    .collect(),
                Err(error) => return Err(TemplateError::Invalid(self.problems(&error))),
            };
            unknown.sort_unstable();
            for variable in unknown {
                let near = VARIABLES.into_iter().max_by(|a, b| {
                    strsim::jaro_winkler(a, variable).total_cmp(&strsim::jaro_winkler(b, variable))
                });
                let remedy = match near {
                    Some(near) if strsim::jaro_winkler(near, variable) > 0.8 => {
                        format!("did you mean `{near}`?")
                    }
                    _ => format!("there are {}", VARIABLES.join(", ")),
                };
                let message = format!("unknown variable `{variable}`; {remedy}");
                problems.extend(self.found(files, variable, &message));
            }
        }
        // An included file's variables are its includer's too.
        problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        problems.dedup();
        if problems.is_empty() { Ok(()) } else { Err(TemplateError::Invalid(problems)) }
    }

    /// The problem `message` at each file's first tag that has the word `word`.
    fn found(&self, files: &BTreeMap<String, String>, word: &str, message: &str) -> Vec<TemplateProblem> {
        files
            .iter()
            .filter_map(|(name, text)| {
                let (line, column) = position(text, word_in_tag(text, word)?);
                let (file, source) = self.file(name);
                Some(TemplateProblem { file, line, column, message: message.to_owned(), source })
            })
            .collect()
    }

    /// What they say, and in which language.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The logo, read.
    pub(crate) fn logo(&self) -> Option<&Picture> {
        self.logo.as_ref()
    }

    /// The style sheet with the theme's colours and fonts.
    pub(crate) fn sheet(&self, theme: &Theme) -> Result<Sheet, TemplateError> {
        Sheet::of(&self.css).themed(theme).map_err(|name| {
            let (file, source) = self.file(STYLE_SHEET);
            let text = source.as_deref().unwrap_or_default();
            let at = text.find(&format!("var(--{name}")).map_or(0, |at| at + "var(".len());
            let (line, column) = position(text, at);
            let remedy = match nearest(&name, Theme::style_names()) {
                Some(near) => format!("did you mean `--{near}`?"),
                None => format!("there are --{}", Theme::style_names().collect::<Vec<_>>().join(", --")),
            };
            let message = format!("the theme has no `--{name}`; {remedy}");
            TemplateError::Invalid(vec![TemplateProblem { file, line, column, message, source }])
        })
    }

    /// Where the file `name` stands.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        let built_in = || match name.strip_prefix(DEFAULT_FOLDER) {
            Some(name) => Path::new("templates/edition").join(name),
            None => PathBuf::from(name),
        };
        self.files.get(name).cloned().unwrap_or_else(built_in)
    }

    /// Renders the file `name`.
    pub(super) fn render(&self, name: &str, context: &Context) -> Result<String, TemplateError> {
        let mut out = Bounded(Vec::new());
        match self.tera.render_to(name, context, &mut out) {
            Ok(()) => Ok(String::from_utf8(out.0).expect("the engine writes UTF-8")),
            Err(error) => Err(TemplateError::Invalid(match error.kind() {
                ErrorKind::Io(_) => vec![TemplateProblem {
                    file: self.path(name),
                    line: 0,
                    column: 0,
                    message: "writes more than 4 MiB; look for a loop that repeats itself".to_owned(),
                    source: None,
                }],
                _ => self.problems(&error),
            })),
        }
    }

    fn problems(&self, error: &Error) -> Vec<TemplateProblem> {
        problem::of_engine(error, |name| self.file(name))
    }

    fn file(&self, name: &str) -> (PathBuf, Option<Arc<str>>) {
        let built_in = || BUILT_IN.iter().find(|(known, _)| name.strip_prefix(DEFAULT_FOLDER) == Some(known));
        let source = self.sources.get(name).cloned();
        (self.path(name), source.or_else(|| built_in().map(|(_, text)| Arc::from(*text))))
    }
}

/// The engine with our filters and functions and the words, and no template yet.
pub(crate) fn engine(words: &Words) -> Tera {
    let mut tera = Tera::new();
    words::register(&mut tera, words);
    tera.register_filter("wrap", |text: &str, args: Kwargs, _: &State| -> tera::TeraResult<String> {
        let first = args.get::<&str>("first")?.unwrap_or_default();
        let rest = args.get::<&str>("rest")?.unwrap_or_default();
        Ok(wrap::wrap(text, first, rest))
    });
    tera.register_filter("caps", |text: &str, _: Kwargs, _: &State| wrap::caps(text));
    tera.register_filter("shorten", |text: &str, args: Kwargs, _: &State| -> tera::TeraResult<String> {
        Ok(wrap::shorten(text, args.must_get::<usize>("length")?))
    });
    // Escapes too: what comes out is HTML.
    tera.register_filter("breakable", |text: &str, _: Kwargs, _: &State| -> tera::TeraResult<Value> {
        let mut escaped = Vec::with_capacity(text.len());
        tera::escape_html(text, &mut escaped)?;
        let escaped = String::from_utf8(escaped)?;
        Ok(Value::safe_string(&breakable(&escaped)))
    });
    tera.register_filter("sentence", |text: &str, _: Kwargs, _: &State| wrap::sentence(text));
    tera.register_function("range", |args: Kwargs, _: &State| -> tera::TeraResult<Vec<i64>> {
        let (start, end) = (args.get::<i64>("start")?.unwrap_or(0), args.must_get::<i64>("end")?);
        if end.saturating_sub(start) > LONGEST_RANGE {
            return Err(Error::message(format!("`range` counts to {LONGEST_RANGE} at most")));
        }
        Ok((start..end).collect())
    });
    tera
}

/// The user's own file of this name in `folder`, if there is one.
///
/// # Errors
/// When it is there, and cannot be read.
pub(crate) fn own(folder: Option<&Path>, name: &str) -> Result<Option<String>, TemplateError> {
    let Some(path) = folder.map(|folder| folder.join(name)) else {
        return Ok(None);
    };
    match read_bounded(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TemplateError::Unreadable { file: path, error }),
    }
}

/// The user's own file of this name, or else the path in the repository of the built-in one, of the part `part`.
pub(crate) fn path_of(part: &str, folder: Option<&Path>, name: &str) -> PathBuf {
    let own = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
    own.unwrap_or_else(|| Path::new("templates").join(part).join(name))
}

/// The text of `path`, if it is no larger than a template may be.
pub(super) fn read_bounded(path: &Path) -> io::Result<String> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "is no file, or too large"));
    }
    std::fs::read_to_string(path)
}

/// Where `word` first stands as a whole word within `{{ … }}` or `{% … %}`.
pub(super) fn word_in_tag(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let opened = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        opened > closed
            && !before.ends_with(is_part)
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_OUTPUT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the output is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

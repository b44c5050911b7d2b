//! The words of all templates and pages, a file a language, with plurals, numbers and days by its rules.
//!
//! `templates/words/en.yaml` has every key there is, and says at its head how templates use them; every other language
//! has the same keys. A folder of the user's adds languages and changes single words.

mod calendar;
pub mod dates;
pub mod direction;
mod file;
mod filters;
mod numbers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Severity};

pub use calendar::Calendar;
use file::{Own, Text};
pub use filters::register;
use numbers::Numbers;

/// The language whose file says which keys there are, and whose words stand in for those of a user's that are missing.
const BASE: &str = "en";

const BUILT_IN: [(&str, &str); 3] = [
    ("ar", include_str!("../../templates/words/ar.yaml")),
    ("de", include_str!("../../templates/words/de.yaml")),
    (BASE, include_str!("../../templates/words/en.yaml")),
];

const RULE: &str = "words";

/// The words of one language; a copy costs nothing.
#[derive(Debug, Clone)]
pub struct Words {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    language: String,
    texts: BTreeMap<String, Text>,
    numbers: Numbers,
    calendar: Calendar,
    /// What the user's files leave out.
    warnings: Vec<Diagnostic>,
}

/// The built-in files: the language and its text.
#[must_use]
pub fn built_in_files() -> [(&'static str, &'static str); 3] {
    BUILT_IN
}

/// The languages that have words: the built-in ones and those of `folder`, which holds a file a language.
#[must_use]
pub fn languages(folder: Option<&Path>) -> Vec<String> {
    let built_in = BUILT_IN.iter().map(|(language, _)| (*language).to_owned());
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
    let own = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_words = path.extension().is_some_and(|extension| extension == "yaml");
        is_words.then(|| path.file_stem()?.to_str().map(str::to_owned))?
    });
    let mut all: Vec<String> = built_in.chain(own).collect();
    all.sort();
    all.dedup();
    all
}

/// Whether `language` (BCP 47) has words; the file of a longer tag stands over that of a shorter one.
#[must_use]
pub fn exist(language: &str, folder: Option<&Path>) -> bool {
    let there = languages(folder);
    tags(language).iter().any(|tag| there.iter().any(|one| one.eq_ignore_ascii_case(tag)))
}

/// What to do when there are no words of `language`.
#[must_use]
pub fn remedy(language: &str, folder: Option<&Path>) -> String {
    let there = languages(folder);
    let (last, others) = there.split_last().expect("there are built-in languages");
    let primary = language.split('-').next().unwrap_or(language);
    let file = folder.map_or_else(
        || format!("words/{primary}.yaml of the folder that `edition.templates` names"),
        |folder| folder.join(format!("{primary}.yaml")).display().to_string(),
    );
    format!(
        "there are {} and {last}; to add it, translate what `straight templates words/en.yaml` prints into {file}",
        others.join(", ")
    )
}

impl Words {
    /// The built-in words of English.
    #[must_use]
    pub fn english() -> Self {
        Words::load(BASE, None).expect("a test loads the built-in words")
    }

    /// The words of `language` (BCP 47): the built-in ones, and over them those of `folder`.
    ///
    /// # Errors
    /// When there are none of this language, or a file of `folder` is wrong; with every place at once.
    pub fn load(language: &str, folder: Option<&Path>) -> Result<Self, Vec<Diagnostic>> {
        if !exist(language, folder) {
            let message = format!("there are no words of the language `{language}`");
            let file = folder.unwrap_or_else(|| Path::new("templates/words"));
            let found = Diagnostic::of_file(Severity::Error, RULE, file, message);
            return Err(vec![found.with_remedy(remedy(language, folder))]);
        }
        let base = file::built_in(built_in(BASE).expect("English is built in"));
        let numbers = Numbers::of(language);
        let mut texts = BTreeMap::new();
        let mut findings = Vec::new();
        let mut own = None;
        for tag in tags(language) {
            if let Some(text) = built_in(&tag) {
                texts.extend(file::built_in(text));
            }
            if let Some(path) = folder.and_then(|folder| own_file(folder, &tag)) {
                match Own::read(&path, &base, &numbers) {
                    Ok(more) => {
                        texts.extend(more.texts.clone());
                        own = Some(more);
                    }
                    Err(more) => findings.extend(more),
                }
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let missing: Vec<&str> =
            base.keys().filter(|key| !texts.contains_key(*key)).map(String::as_str).collect();
        let warnings = own.map(|own| own.tell_missing(&missing, base.len())).unwrap_or_default();
        for (key, text) in base {
            texts.entry(key).or_insert(text);
        }
        let calendar = Calendar::of(language);
        Ok(Words {
            inner: Arc::new(Inner { language: language.to_owned(), texts, numbers, calendar, warnings }),
        })
    }

    /// BCP 47 tag.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.inner.language
    }

    /// How its script runs: `ltr` or `rtl`.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        direction::of_language(&self.inner.language)
    }

    /// How `text` runs, when not as these words do.
    #[must_use]
    pub fn turned(&self, text: &str) -> Option<&'static str> {
        direction::of_text(text).filter(|dir| *dir != self.direction())
    }

    /// How all of `text` runs, when not as what stands around it: as `dir`, or else as these words.
    #[must_use]
    pub fn turned_within(&self, text: &str, dir: Option<&str>) -> Option<&'static str> {
        direction::turned_within(text, dir.unwrap_or_else(|| self.direction()))
    }

    /// What the user's files leave out, for `check`.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.inner.warnings
    }

    /// How days are written.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.inner.calendar
    }

    /// A number with the digits and groups of the language: `1,234`, `1.234`, `١٬٢٣٤`.
    #[must_use]
    pub fn number(&self, number: u64) -> String {
        self.inner.numbers.written(number)
    }

    /// The words under `key`, as in `preferences.saved`; the key itself, when it is not one of the file's.
    #[must_use]
    pub fn text<'w>(&'w self, key: &'w str) -> &'w str {
        match self.inner.texts.get(key) {
            Some(Text::Plain(text)) => text,
            Some(Text::Plural(forms)) => forms.other(),
            None => key,
        }
    }

    /// The words under `key` with `values` in place of their names in braces.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        filled(self.text(key), values)
    }

    /// The form of the words under `key` that goes with `count`, with `{count}` and `values` filled in.
    #[must_use]
    pub fn count(&self, key: &str, count: u64, values: &[(&str, &str)]) -> String {
        let form = match self.inner.texts.get(key) {
            Some(Text::Plural(forms)) => forms.of(self.inner.numbers.category(count)),
            Some(Text::Plain(_)) | None => self.text(key),
        };
        let count = self.number(count);
        filled(form, &[&[("count", count.as_str())], values].concat())
    }

    /// As templates see them: `words.preferences.saved`; a plural is a map of its forms.
    #[must_use]
    pub fn variable(&self) -> Value {
        let mut all = Map::new();
        for (key, text) in &self.inner.texts {
            let mut within = &mut all;
            let (sections, name) = key.rsplit_once('.').map_or((None, key.as_str()), |(a, b)| (Some(a), b));
            for section in sections.into_iter().flat_map(|sections| sections.split('.')) {
                let inner = within.entry(section).or_insert_with(|| Value::Object(Map::new()));
                within = inner.as_object_mut().expect("a section holds no words of its own");
            }
            within.insert(name.to_owned(), text.to_json());
        }
        Value::Object(all)
    }
}

/// `text` with `values` in place of their names in braces, which mean nothing within a value.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let known = behind.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        rest = match known {
            Some((value, after)) => {
                out.push_str(value);
                after
            }
            None => {
                out.push('{');
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

fn built_in(tag: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(language, _)| language.eq_ignore_ascii_case(tag)).map(|(_, text)| *text)
}

/// The file of this tag, in whatever case.
fn own_file(folder: &Path, tag: &str) -> Option<PathBuf> {
    let name = languages(Some(folder)).into_iter().find(|one| one.eq_ignore_ascii_case(tag))?;
    Some(folder.join(format!("{name}.yaml"))).filter(|path| path.exists())
}

/// `zh-Hant-TW` → `zh`, `zh-Hant`, `zh-Hant-TW`.
fn tags(language: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for subtag in language.split('-') {
        let longer = tags.last().map_or_else(|| subtag.to_owned(), |shorter| format!("{shorter}-{subtag}"));
        tags.push(longer);
    }
    tags
}

//! A file of words: read, and held against the English one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icu_plurals::PluralCategory;
use serde_json::{Map, Value};

use super::RULE;
use super::numbers::{CATEGORIES, Numbers, category, name};
use crate::diagnostic::{Diagnostic, Severity};
use crate::yaml::{self, Limits, Node, Place};

/// More is no file of words.
const LARGEST_FILE: u64 = 256 * 1024;

/// So many missing words are named, and the rest counted.
const MOST_NAMED: usize = 5;

/// What stands under a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    /// One text.
    Plain(String),
    /// A text for each of the language's numbers.
    Plural(Forms),
}

/// The forms of a plural, by category.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Forms([Option<String>; 6]);

impl Forms {
    /// The form of `category`, or the one that every language has.
    pub(super) fn of(&self, category: PluralCategory) -> &str {
        self.0[category as usize].as_deref().unwrap_or_else(|| self.other())
    }

    /// The form that every language has.
    pub(super) fn other(&self) -> &str {
        self.0[PluralCategory::Other as usize].as_deref().unwrap_or_default()
    }

    fn set(&mut self, category: PluralCategory, text: String) {
        self.0[category as usize] = Some(text);
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        CATEGORIES.into_iter().filter_map(|one| Some((name(one), self.0[one as usize].as_deref()?)))
    }
}

impl Text {
    /// As templates see it.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Text::Plain(text) => Value::String(text.clone()),
            Text::Plural(forms) => {
                let forms =
                    forms.iter().map(|(name, text)| (name.to_owned(), Value::String(text.to_owned())));
                Value::Object(forms.collect::<Map<_, _>>())
            }
        }
    }

    /// The names in braces.
    fn places(&self) -> BTreeSet<&str> {
        match self {
            Text::Plain(text) => places(text).collect(),
            Text::Plural(forms) => forms.iter().flat_map(|(_, text)| places(text)).collect(),
        }
    }
}

/// The names in braces of a text: `{count}` and its kind.
pub(super) fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// The texts of a built-in file.
pub(super) fn built_in(text: &str) -> BTreeMap<String, Text> {
    let tree = yaml::parse(text, Limits::DOCUMENT).expect("a test reads the built-in words");
    let mut reader = Reader::default();
    reader.map(&tree, "");
    reader.texts
}

/// A user's file of words.
pub(super) struct Own {
    path: PathBuf,
    source: Arc<str>,
    pub(super) texts: BTreeMap<String, Text>,
    /// Where its sections begin.
    sections: BTreeMap<String, Place>,
}

impl Own {
    /// Reads a user's file, which may only have keys, forms and names that are known.
    pub(super) fn read(
        path: &Path,
        base: &BTreeMap<String, Text>,
        numbers: &Numbers,
    ) -> Result<Self, Vec<Diagnostic>> {
        let source: Arc<str> = bounded(path)
            .map_err(|error| {
                let found =
                    Diagnostic::of_file(Severity::Error, RULE, path, format!("cannot be read: {error}"));
                vec![found.with_remedy("make it a readable UTF-8 file of at most 256 KiB, or remove it")]
            })?
            .into();
        let shown = |wrong: Wrong| {
            let found = placed(Severity::Error, path, &source, &wrong.place, wrong.message);
            Diagnostic { remedy: Some(wrong.remedy).filter(|remedy| !remedy.is_empty()), ..found }
        };
        let tree = yaml::parse(&source, Limits::DOCUMENT).map_err(|error| {
            let remedy = error.remedy.unwrap_or_default();
            vec![shown(Wrong { place: error.place, message: error.message, remedy: remedy.to_owned() })]
        })?;
        let mut reader = Reader { base: Some((base, numbers)), ..Reader::default() };
        reader.map(&tree, "");
        if !reader.wrong.is_empty() {
            return Err(reader.wrong.into_iter().map(shown).collect());
        }
        let Reader { texts, sections, .. } = reader;
        Ok(Own { path: path.to_owned(), source, texts, sections })
    }

    /// Tells of the keys that are `missing` of all `known`: of those of its sections where each begins, of the rest at once.
    pub(super) fn tell_missing(&self, missing: &[&str], known: usize) -> Vec<Diagnostic> {
        let mut of_section: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for key in missing {
            let section = key.rsplit_once('.').map_or("", |(section, _)| section);
            let section = if self.sections.contains_key(section) { section } else { "" };
            of_section.entry(section).or_default().push(key);
        }
        let told = |(section, keys): (&str, Vec<&str>)| {
            let what = if section.is_empty() {
                format!("{} of {known} words {} missing", keys.len(), one_or_many(keys.len(), "is", "are"))
            } else {
                let count = keys.len();
                format!(
                    "{count} {} of `{section}` {} missing",
                    one_or_many(count, "word", "words"),
                    one_or_many(count, "is", "are")
                )
            };
            let named = keys[..keys.len().min(MOST_NAMED)].join(", ");
            let message = match keys.len().saturating_sub(MOST_NAMED) {
                0 => format!("{what}: {named}"),
                more => format!("{what}: {named} and {more} more"),
            };
            let found = match self.sections.get(section) {
                Some(place) => placed(Severity::Warning, &self.path, &self.source, place, message),
                None => Diagnostic::of_file(Severity::Warning, RULE, &self.path, message),
            };
            found.with_remedy(
                "add them, as `straight templates words/en.yaml` has them; until then the English ones stand in",
            )
        };
        of_section.into_iter().map(told).collect()
    }
}

fn one_or_many(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

fn placed(severity: Severity, path: &Path, source: &Arc<str>, place: &Place, message: String) -> Diagnostic {
    let found = Diagnostic::of_file(severity, RULE, path, message);
    match &place.bytes {
        Some(span) => found.at(source, span.clone()),
        None => Diagnostic { line: place.line, column: place.column, ..found },
    }
}

fn bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no file"));
    }
    if file.take(LARGEST_FILE + 1).read_to_string(&mut text)? as u64 > LARGEST_FILE {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "it is too large"));
    }
    Ok(text)
}

struct Wrong {
    place: Place,
    message: String,
    remedy: String,
}

#[derive(Default)]
struct Reader<'b> {
    /// What the file is held against; a built-in file is held against it by a test.
    base: Option<(&'b BTreeMap<String, Text>, &'b Numbers)>,
    texts: BTreeMap<String, Text>,
    sections: BTreeMap<String, Place>,
    wrong: Vec<Wrong>,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &Place, message: String, remedy: impl Into<String>) {
        self.wrong.push(Wrong { place: place.clone(), message, remedy: remedy.into() });
    }

    fn map(&mut self, node: &Node, within: &str) {
        let Some(entries) = node.as_map() else {
            if !(within.is_empty() && node.is_null()) {
                let message = format!("this is {}", node.kind());
                self.wrong(&node.place, message, "write `key: words` lines");
            }
            return;
        };
        for entry in entries {
            let key = if within.is_empty() { entry.key.clone() } else { format!("{within}.{}", entry.key) };
            if self.texts.contains_key(&key) {
                self.wrong(&entry.place, format!("`{key}` stands twice"), "keep one of the two");
                continue;
            }
            match self.shape(&key, &entry.value) {
                Shape::Plain => self.plain(&key, &entry.value),
                Shape::Plural => self.plural(&key, &entry.value),
                Shape::Section => {
                    self.map(&entry.value, &key);
                    self.sections.insert(key, entry.place.clone());
                }
                Shape::Unknown(near) => {
                    let remedy = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`straight templates words/en.yaml` shows every key".to_owned(),
                    };
                    self.wrong(&entry.place, format!("unknown key `{key}`"), remedy);
                }
            }
        }
    }

    /// What should stand under `key`: in a built-in file what it looks like.
    fn shape(&self, key: &str, node: &Node) -> Shape {
        let Some((base, _)) = self.base else {
            return match node.as_map() {
                None => Shape::Plain,
                Some(entries) if entries.iter().all(|entry| category(&entry.key).is_some()) => Shape::Plural,
                Some(_) => Shape::Section,
            };
        };
        match base.get(key) {
            Some(Text::Plain(_)) => Shape::Plain,
            Some(Text::Plural(_)) => Shape::Plural,
            None if base.keys().any(|known| known.starts_with(&format!("{key}."))) => Shape::Section,
            None => Shape::Unknown(yaml::nearest(key, base.keys().map(String::as_str)).map(str::to_owned)),
        }
    }

    fn plain(&mut self, key: &str, node: &Node) {
        if let Some(text) = self.words(key, node) {
            self.texts.insert(key.to_owned(), Text::Plain(text));
        }
    }

    fn plural(&mut self, key: &str, node: &Node) {
        let Some(entries) = node.as_map() else {
            let remedy =
                "write its forms beneath it, as in `one: {count} minute` and `other: {count} minutes`";
            self.wrong(&node.place, format!("`{key}` needs a form for each number"), remedy);
            return;
        };
        let known = self.base.map_or_else(|| CATEGORIES.to_vec(), |(_, numbers)| numbers.categories());
        let mut forms = Forms::default();
        for entry in entries {
            match category(&entry.key).filter(|one| known.contains(one)) {
                Some(one) => {
                    if let Some(text) = self.words(key, &entry.value) {
                        forms.set(one, text);
                    }
                }
                None => {
                    let names: Vec<&str> =
                        CATEGORIES.iter().filter(|c| known.contains(c)).map(|c| name(*c)).collect();
                    let message = format!("`{}` is no form of this language's numbers", entry.key);
                    self.wrong(&entry.place, message, format!("they have {}", names.join(", ")));
                }
            }
        }
        if forms.other().is_empty() {
            self.wrong(&node.place, format!("`{key}` has no form `other`"), "add it: every language has it");
        }
        self.texts.insert(key.to_owned(), Text::Plural(forms));
    }

    /// One line of text, its names in braces among those that the English text has.
    fn words(&mut self, key: &str, node: &Node) -> Option<String> {
        let Some(text) = node.as_text().filter(|_| !node.is_null()) else {
            let message = format!("the words of `{key}` are {}", node.kind());
            self.wrong(&node.place, message, "write one line of text");
            return None;
        };
        let text = text.trim();
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{E000}'..='\u{F8FF}')) {
            let message = format!("the words of `{key}` have a line break or another control character");
            self.wrong(&node.place, message, "write them in one line");
            return None;
        }
        if let Some((base, _)) = self.base {
            let known = base.get(key).map(Text::places).unwrap_or_default();
            for place in places(text).filter(|place| !known.contains(place)) {
                let remedy = match known.len() {
                    0 => "take it out: nothing is filled in here".to_owned(),
                    _ => format!("there {} {}", if known.len() == 1 { "is" } else { "are" }, braced(&known)),
                };
                let message = format!("`{{{place}}}` means nothing in `{key}`");
                self.wrong(&node.place, message, remedy);
            }
        }
        Some(text.to_owned())
    }
}

fn braced(names: &BTreeSet<&str>) -> String {
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

enum Shape {
    Plain,
    Plural,
    Section,
    Unknown(Option<String>),
}

#[cfg(test)]
mod tests {
    use super::super::{BASE, BUILT_IN};
    use super::*;

    #[test]
    fn every_built_in_language_has_every_key_every_form_and_every_name() {
        let base = built_in(super::super::built_in(BASE).unwrap());
        assert!(base.len() > 20);
        for (language, text) in BUILT_IN {
            let numbers = Numbers::of(language);
            let tree = yaml::parse(text, Limits::DOCUMENT).unwrap();
            let mut reader = Reader { base: Some((&base, &numbers)), ..Reader::default() };
            reader.map(&tree, "");
            let wrong: Vec<String> = reader
                .wrong
                .iter()
                .map(|wrong| {
                    format!("{language}.yaml:{}: {}; {}", wrong.place.line, wrong.message, wrong.remedy)
                })
                .collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
            let texts = reader.texts;
            let missing: Vec<_> = base.keys().filter(|key| !texts.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{language}.yaml lacks {missing:?}");
            for (key, text) in &texts {
                assert_eq!(text.places(), base[key].places(), "{language}.yaml: {key}");
                if let Text::Plural(forms) = text {
                    let has: Vec<&str> = forms.iter().map(|(name, _)| name).collect();
                    let needs: Vec<&str> = CATEGORIES
                        .into_iter()
                        .filter(|c| numbers.categories().contains(c))
                        .map(name)
                        .collect();
                    assert_eq!(has, needs, "{language}.yaml: {key}");
                }
            }
        }
    }
}

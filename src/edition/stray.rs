//! Files among a user's own templates that stand in for nothing: most often a name mistyped.

use std::path::{Path, PathBuf};

use super::templates;
use crate::diagnostic::{Diagnostic, Severity};

const RULE: &str = "unknown-template";

/// A warning for every file of the user's `folder` that is no template's and that no template includes; `web` and
/// `letter` are the names of the templates of pages and letters.
#[must_use]
pub fn stray_templates(folder: &Path, web: &[&str], letter: &[&str]) -> Vec<Diagnostic> {
    let edition = templates::names();
    let inner = folder.join("edition");
    let mut found = if inner.is_dir() {
        let mut found = stray_in(&inner, &edition, &[]);
        found.extend(stray_in(folder, &[], &["edition", "letter", "web", "words"]));
        found
    } else {
        stray_in(folder, &edition, &["letter", "web", "words"])
    };
    found.extend(stray_in(&folder.join("web"), web, &[]));
    found.extend(stray_in(&folder.join("letter"), letter, &[]));
    found.extend(stray_words(&folder.join("words")));
    found
}

/// A file of words is found by its language's code.
fn stray_words(folder: &Path) -> Vec<Diagnostic> {
    let is_of_a_language = |name: &str| {
        let subtags = name.strip_suffix(".yaml").map(|tag| tag.split('-').collect::<Vec<_>>());
        subtags.is_some_and(|tags| {
            let is_word = |tag: &&str| !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric());
            (2..=3).contains(&tags[0].len()) && tags.iter().all(is_word)
        })
    };
    let told = |(path, name): (PathBuf, String)| {
        let message = format!("`{name}` is not named by a language, and is not used");
        let found = Diagnostic::of_file(Severity::Warning, RULE, path, message);
        found.with_remedy("name it by the language's code, as in en.yaml or pt-BR.yaml")
    };
    entries(folder).into_iter().filter(|(_, name)| !is_of_a_language(name)).map(told).collect()
}

/// What is in `folder`, by name, but for editors' spare copies and notes, which are nobody's mistake.
fn entries(folder: &Path) -> Vec<(PathBuf, String)> {
    // Whoever loads the templates says that a folder cannot be read.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let named = |path: PathBuf| Some((path.clone(), path.file_name()?.to_string_lossy().into_owned()));
    let is_aside = |name: &str| name.starts_with('.') || name.ends_with('~') || name.ends_with(".md");
    let mut all: Vec<_> = entries.filter_map(|entry| named(entry.ok()?.path())).collect();
    all.retain(|(_, name)| !is_aside(name));
    all.sort();
    all
}

fn stray_in(folder: &Path, names: &[&str], folders: &[&str]) -> Vec<Diagnostic> {
    let entries = entries(folder);
    let texts: Vec<String> =
        entries.iter().filter_map(|(path, _)| templates::read_bounded(path).ok()).collect();
    let is_included = |name: &str| {
        texts.iter().any(|text| [format!("\"{name}\""), format!("'{name}'")].iter().any(|n| text.contains(n)))
    };
    let mut found = Vec::new();
    for (path, name) in &entries {
        let known: &[&str] = if path.is_dir() { folders } else { names };
        if known.contains(&name.as_str()) || (path.is_file() && is_included(name)) {
            continue;
        }
        let finding = Diagnostic::of_file(
            Severity::Warning,
            RULE,
            path,
            format!("`{name}` is not the name of a template, and is not used"),
        );
        found.push(finding.with_remedy(remedy(name, names, folders)));
    }
    found
}

fn remedy(name: &str, names: &[&str], folders: &[&str]) -> String {
    let likeness = |other: &str| strsim::jaro_winkler(other, name);
    let all = names.iter().chain(folders).copied();
    match all.clone().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(near) if likeness(near) > 0.8 => format!("did you mean `{near}`?"),
        _ => format!("there are {}", all.collect::<Vec<_>>().join(", ")),
    }
}

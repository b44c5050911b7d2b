//! Files among a user's own templates that stand in for nothing: most often a name mistyped.

use std::path::Path;

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
    let found = stray_in(folder, &[], &[]).into_iter().filter(|found| {
        let name = found.file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        !is_of_a_language(&name)
    });
    let told = |found: Diagnostic| {
        let name = found.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let message = format!("`{name}` is not named by a language, and is not used");
        let remedy = "name it by the language's code, as in en.yaml or pt-BR.yaml";
        Diagnostic { message, ..found }.with_remedy(remedy)
    };
    found.map(told).collect()
}

fn stray_in(folder: &Path, names: &[&str], folders: &[&str]) -> Vec<Diagnostic> {
    // Whoever loads the templates says that a folder cannot be read.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().filter_map(|path| templates::read_bounded(path).ok()).collect();
    let is_included = |name: &str| {
        texts.iter().any(|text| [format!("\"{name}\""), format!("'{name}'")].iter().any(|n| text.contains(n)))
    };
    let mut found = Vec::new();
    for path in &paths {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let known: &[&str] = if path.is_dir() { folders } else { names };
        // Editors' spare copies and notes are nobody's mistake.
        let is_aside = name.starts_with('.') || name.ends_with('~') || name.ends_with(".md");
        if known.contains(&name.as_ref()) || is_aside || (path.is_file() && is_included(&name)) {
            continue;
        }
        let finding = Diagnostic::of_file(
            Severity::Warning,
            RULE,
            path,
            format!("`{name}` is not the name of a template, and is not used"),
        );
        found.push(finding.with_remedy(remedy(&name, names, folders)));
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

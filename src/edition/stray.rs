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
    found
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

//! What can be said of a user's own templates before anything is rendered with them.

use super::Pages;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::edition::{self, TemplateError, Templates};
use crate::letter;

/// Files of the user's templates that stand in for nothing, and what is wrong with those of pages and letters.
#[must_use]
pub fn wrong_templates(config: &Config) -> Vec<Diagnostic> {
    let Some(folder) = &config.edition.templates else { return Vec::new() };
    let mut findings = edition::stray_templates(folder, &Pages::names(), &letter::Templates::names());
    match Pages::new(&config.publication, Some(folder)) {
        // Whoever loads the edition's templates tells of their words.
        Ok(_) | Err(TemplateError::Found(_)) => {}
        Err(error) => findings.extend(error.diagnostics()),
    }
    // What is wrong with the style sheet is told of the edition.
    if Templates::load(Some(folder), &config.publication).is_ok() {
        findings.extend(match letter::Templates::load(&config.publication, Some(folder)) {
            Ok(letters) => letters.problems(&config.publication),
            Err(error) => error.diagnostics(),
        });
    }
    findings
}

//! What changed between two editions, as a reader of the plain text sees it.

use similar::TextDiff;

use super::RenderedEdition;

/// A unified diff of subject and text with three lines of context; empty when they are the same.
#[must_use]
pub fn diff(a: &RenderedEdition, b: &RenderedEdition) -> String {
    let (old, new) = (readable(a), readable(b));
    TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(3)
        .header(&a.key.to_string(), &b.key.to_string())
        .missing_newline_hint(false)
        .to_string()
}

fn readable(edition: &RenderedEdition) -> String {
    let text = super::slot::fill_with(&edition.text, |slot| format!("<{}>", slot.name()));
    let subject = super::slot::fill_with(&edition.subject, |slot| format!("<{}>", slot.name()));
    format!("Subject: {subject}\n\n{}\n", text.trim_end())
}

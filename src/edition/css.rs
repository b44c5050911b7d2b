//! The style sheet: its rules move into `style` attributes, its at-rules stay in the head.

use css_inline::{CSSInliner, InlineError};

use crate::config::Theme;

/// Marks the head's `<style>`, which the inliner is to leave alone.
const LEAVE: &str = " data-css-inline=\"ignore\"";

/// A line of an at-rule ends before so many bytes: SMTP ends lines at 998, and the theme's values come in yet.
const LONG_LINE: usize = 800;

/// A style sheet in two parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Rules for `style` attributes.
    pub(super) inlined: String,
    /// At-rules and `:root`, which only a `<style>` can hold; without comments, a rule on
    /// one line or on several.
    pub(crate) kept: String,
}

impl Sheet {
    /// The same with the theme's values in place of `var(--name)`; the first name that there is not, if any.
    pub(super) fn themed(mut self, theme: &Theme) -> Result<Self, String> {
        self.inlined = with_values(&self.inlined, |name| theme.style_value(name, &theme.light))?;
        let mut kept = Vec::new();
        for rule in rules(&self.kept) {
            let is_dark = rule
                .split('{')
                .next()
                .is_some_and(|head| head.contains("dark") && head.starts_with("@media"));
            let palette = if is_dark { &theme.dark } else { &theme.light };
            kept.push(with_values(rule, |name| theme.style_value(name, palette))?);
        }
        self.kept = kept.join("\n");
        Ok(self)
    }

    /// Divides `css` at its top level.
    pub(super) fn of(css: &str) -> Self {
        let mut sheet = Sheet::default();
        for rule in rules(&without_comments(css)) {
            if rule.starts_with('@') || rule.starts_with(":root") {
                sheet.kept.push_str(&condense(rule));
                sheet.kept.push('\n');
            } else {
                sheet.inlined.push_str(rule);
                sheet.inlined.push('\n');
            }
        }
        sheet.kept.truncate(sheet.kept.trim_end().len());
        sheet
    }

    /// `html` with the rules that move in `style` attributes.
    pub(crate) fn inline(&self, html: &str) -> Result<String, InlineError> {
        inline(html, &self.inlined)
    }
}

/// `html` with `rules`, and those of its own `<style>` elements, in `style` attributes.
pub(super) fn inline(html: &str, rules: &str) -> Result<String, InlineError> {
    let inlined = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_style_tags(true)
        .remove_inlined_selectors(true)
        .minify_css(true)
        .extra_css(Some(rules.into()))
        .build()
        .inline(html)?;
    let html = inlined.replace(LEAVE, "").replace("<style></style>", "");
    // The inliner writes the document type in capitals; one spelling for all.
    let html = html.replacen("<!DOCTYPE html>", "<!doctype html>\n", 1);
    Ok(html.trim_end().to_owned() + "\n")
}

/// How many bytes [`inline`] makes of `html` at least: it adds to tags, and what it writes more shortly are entities and little
/// more.
pub(super) fn inlined_at_least(html: &str) -> usize {
    const ENTITY: usize = "&hellip;".len();
    const LITTLE: usize = 512;
    html.len().saturating_sub(html.matches('&').count() * ENTITY + LITTLE)
}

/// About how many bytes a part of the HTML has once it is joined with the style sheet: every other tag gets a `style`.
pub(super) fn weight(html: &str) -> usize {
    const STYLE: usize = 50;
    html.len() + html.matches('<').count() / 2 * STYLE
}

fn with_values(css: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, behind)) = rest.split_once("var(--") {
        let (name, after) = behind.split_once(')').unwrap_or((behind, ""));
        out.push_str(before);
        out.push_str(&value(name.trim()).ok_or_else(|| name.trim().to_owned())?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The rules and statements of `css` at its top level.
fn rules(css: &str) -> impl Iterator<Item = &str> {
    let mut rest = css.trim_start();
    std::iter::from_fn(move || {
        let (rule, behind) = rest.split_at(end_of_rule(rest));
        rest = behind.trim_start();
        Some(rule.trim()).filter(|rule| !rule.is_empty())
    })
}

/// A rule ends with the brace that closes its first, a statement (`@import …;`) with its semicolon.
fn end_of_rule(css: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in css.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    css.len()
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}

/// On one line, or on several that a mail bears.
fn condense(rule: &str) -> String {
    let mut condensed = String::with_capacity(rule.len());
    let mut length = 0;
    for line in rule.lines().map(str::trim) {
        if length > 0 && length + line.len() > LONG_LINE {
            condensed.push('\n');
            length = 0;
        }
        condensed.push_str(line);
        length += line.len();
    }
    condensed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rules_stay_and_rules_move() {
        let sheet = Sheet::of(
            "/* a } comment */\np{margin:0}\n@media (max-width:480px){\n  .h1{color:red!important}\n}\n\
             :root{color-scheme:light dark}\nli{padding:0}",
        );
        assert_eq!(sheet.inlined, "p{margin:0}\nli{padding:0}\n");
        assert_eq!(
            sheet.kept,
            "@media (max-width:480px){.h1{color:red!important}}\n:root{color-scheme:light dark}"
        );
    }

    #[test]
    fn a_long_at_rule_has_lines_that_a_mail_bears_and_is_one_rule_all_the_same() {
        let rules = ".a{color:var(--link)}\n".repeat(100);
        let theme = Theme::default();
        let sheet =
            Sheet::of(&format!("@media (prefers-color-scheme:dark) {{\n{rules}}}\n")).themed(&theme).unwrap();
        assert!(
            sheet.kept.lines().count() > 1 && sheet.kept.lines().all(|line| line.len() < 998),
            "{}",
            sheet.kept
        );
        let dark = theme.style_value("link", &theme.dark).unwrap();
        assert_eq!(sheet.kept.matches(&format!(".a{{color:{dark}}}")).count(), 100);
    }

    #[test]
    fn conditional_comments_markers_and_the_kept_style_come_through_whole() {
        let html = "<!doctype html>\n<html lang=\"en\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head>\
            <meta charset=\"utf-8\"><!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->\
            <style data-css-inline=\"ignore\">@media (max-width:480px){.x{color:red!important}}</style></head>\
            <body><!--[if mso]><table role=\"presentation\"><tr><td style=\"padding:0 24px\"><![endif]-->\
            <p class=\"x\"><a href=\"\u{E000}unsubscribe_url\u{E001}\">Leave, \u{E000}name\u{E001}</a></p>\
            <!--[if mso]></td></tr></table><![endif]--></body></html>";
        let out = inline(html, "p{margin:0;mso-line-height-rule:exactly} .unused{color:blue}").unwrap();
        assert!(inlined_at_least(html) < out.len());
        let quoted = format!("<!doctype html><p>{}</p>", "&quot;&#39;&hellip;".repeat(9_000));
        assert!(inlined_at_least(&quoted) <= inline(&quoted, "").unwrap().len(), "what is shortened counts");
        let expected = html
            .replace(LEAVE, "")
            .replace("<p class=\"x\">", "<p class=\"x\" style=\"margin:0;mso-line-height-rule:exactly\">");
        assert_eq!(out, expected + "\n");
    }
}

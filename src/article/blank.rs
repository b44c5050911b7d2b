//! A new article's file: its head filled in as far as is known, its body waiting for words.

use chrono::NaiveDate;

use super::Slug;

/// What an article is begun with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Plain text, one line.
    pub title: String,
    /// The day it goes out.
    pub date: NaiveDate,
    /// Who writes it.
    pub byline: Byline,
    /// The name in addresses, when not the one that the title makes.
    pub slug: Option<Slug>,
    /// As they are to be written.
    pub tags: Vec<String>,
    /// Whether it comes first in its edition.
    pub lead: bool,
    /// Keys of `extra` with their texts, in order.
    pub extra: Vec<(String, String)>,
}

/// Who writes a new article, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Byline {
    /// A key of the configured authors, or a name.
    Known(String),
    /// One of these keys; none when nobody is configured.
    OneOf(Vec<String>),
}

/// The text of the file: whole front matter, a draft, with `TK` (to come) where words are missing.
///
/// A draft, because what is begun today must not go out tomorrow morning, nor hold up what is ready.
#[must_use]
pub fn blank(beginning: &Beginning) -> String {
    let Beginning { title, date, byline, slug, tags, lead, extra } = beginning;
    let author = match byline {
        Byline::Known(author) => format!("author: {}\n", scalar(author)),
        Byline::OneOf(keys) if keys.is_empty() => "# author: the name, or a key of `authors`\n".to_owned(),
        Byline::OneOf(keys) => format!("# author: {}\n", keys.join(" | ")),
    };
    let slug = match slug {
        Some(slug) => format!("slug: {slug}\n"),
        None => "# slug: made from the title; name one here, and a new title keeps the address\n".to_owned(),
    };
    let tags = match tags.as_slice() {
        [] => "# tags: [harbour, transport]\n".to_owned(),
        tags => format!("tags: [{}]\n", tags.iter().map(|tag| scalar(tag)).collect::<Vec<_>>().join(", ")),
    };
    let lead = if *lead { "lead: true\n" } else { "# lead: true   # comes first in its edition\n" };
    let extra = match extra.as_slice() {
        [] => String::new(),
        pairs => {
            let line = |(key, text): &(String, String)| format!("  {}: {}\n", scalar(key), scalar(text));
            format!("extra:\n{}", pairs.iter().map(line).collect::<String>())
        }
    };
    format!(
        "---\n\
         title: {title}\n\
         date: {date}\n\
         draft: true   # remove this line when it is ready to go out\n\
         {author}\
         summary: TK one or two sentences, for previews and lists\n\
         highlights:\n\
         {INDENT}- TK what a reader takes away, a line each\n\
         {INDENT}- TK three of them are good, seven are the most\n\
         {INDENT}- TK figures here stand in the text too\n\
         # image: {{src: images/ferry.jpg, alt: What is to be seen, caption: Who took it}}\n\
         # sources:\n\
         #   - {{title: Council minutes, url: \"https://example.com/minutes\"}}\n\
         {tags}{lead}{slug}{extra}\
         ---\n\
         TK\n",
        title = scalar(title),
    )
}

const INDENT: &str = "  ";

/// A text as it stands behind `key: `: plain where that can be nothing else, else in double quotes as in JSON.
pub(super) fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(char::is_alphabetic)
        && !text.ends_with(char::is_whitespace)
        && text.chars().all(|c| {
            c.is_alphanumeric()
                || matches!(c, ' ' | '-' | '.' | '\'' | '’' | '“' | '”' | '–' | '—' | '?' | '!')
        })
        && !is_word_of_yaml(text);
    if is_plain { text.to_owned() } else { serde_json::Value::String(text.to_owned()).to_string() }
}

/// Words that YAML, of one version or another, takes for something else than text.
fn is_word_of_yaml(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::article::{LoadOptions, Parsed, parse_bytes};
    use crate::config::Authors;

    fn beginning(title: &str) -> Beginning {
        Beginning {
            title: title.to_owned(),
            date: "2026-03-02".parse().unwrap(),
            byline: Byline::OneOf(vec!["mara-lind".to_owned(), "tobias-ekwall".to_owned()]),
            slug: None,
            tags: Vec::new(),
            lead: false,
            extra: Vec::new(),
        }
    }

    fn read(text: &str) -> Parsed {
        let options = LoadOptions::new(chrono_tz::UTC, Authors::new());
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        parse_bytes(Path::new("new.md"), text.as_bytes(), &options, now)
    }

    #[test]
    fn a_new_file_names_every_key_that_an_editor_may_want() {
        insta::assert_snapshot!(blank(&beginning("The Ferry Is Back")), @r#"
        ---
        title: The Ferry Is Back
        date: 2026-03-02
        draft: true   # remove this line when it is ready to go out
        # author: mara-lind | tobias-ekwall
        summary: TK one or two sentences, for previews and lists
        highlights:
          - TK what a reader takes away, a line each
          - TK three of them are good, seven are the most
          - TK figures here stand in the text too
        # image: {src: images/ferry.jpg, alt: What is to be seen, caption: Who took it}
        # sources:
        #   - {title: Council minutes, url: "https://example.com/minutes"}
        # tags: [harbour, transport]
        # lead: true   # comes first in its edition
        # slug: made from the title; name one here, and a new title keeps the address
        ---
        TK
        "#);
    }

    #[test]
    fn what_is_given_is_written_and_read_again() {
        let begun = Beginning {
            byline: Byline::Known("Jo Guest".to_owned()),
            slug: Some("ferry".parse().unwrap()),
            tags: vec!["harbour".to_owned(), "1, 2: \"3\"".to_owned()],
            lead: true,
            extra: vec![
                ("series".to_owned(), "The bay: part 2".to_owned()),
                ("no".to_owned(), "yes".to_owned()),
            ],
            ..beginning("Yes")
        };
        let parsed = read(&blank(&begun));
        let article = parsed.article.unwrap();
        assert_eq!(article.title, "Yes");
        assert_eq!(article.author.unwrap().name, "Jo Guest");
        assert_eq!(article.slug.as_str(), "ferry");
        assert_eq!(article.tags, begun.tags);
        assert!(article.lead && article.draft);
        assert_eq!(article.extra["series"], "The bay: part 2");
        assert_eq!(article.extra["no"], "yes");
    }

    proptest! {
        #[test]
        fn any_title_comes_back_as_it_was_typed(title in "[ -~äöüéß“”’—–:#\\[\\]{}&*!|>%@`]{1,80}") {
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assume!(!title.is_empty());
            let parsed = read(&blank(&beginning(&title)));
            let errors: Vec<_> = parsed.diagnostics.iter().filter(|found| found.severity == crate::diagnostic::Severity::Error).collect();
            prop_assert!(errors.is_empty(), "{errors:?}");
            prop_assert_eq!(parsed.article.unwrap().title, title);
        }
    }
}

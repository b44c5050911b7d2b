//! The keys of the front matter: one table for the checker, for `straight schema` and for the documentation.

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line of plain text.
    Text,
    /// One line of Markdown.
    Markdown,
    /// A date, or a date and time.
    Date,
    /// A key of the configured authors, a name, or [`AUTHOR`].
    Author,
    /// Texts.
    Texts,
    /// Lines of Markdown.
    Markdowns,
    /// A path or address, or [`IMAGE`].
    Image,
    /// A path beside the article, or an https address.
    Path,
    /// Lower-case letters, digits and hyphens.
    Slug,
    /// An http or https address.
    Url,
    /// True or false.
    Switch,
    /// Texts, addresses, or [`SOURCE`] each.
    Sources,
    /// Anything beneath keys.
    Free,
}

impl Kind {
    /// In words, for "`tags` must be …".
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Kind::Text | Kind::Markdown | Kind::Slug | Kind::Path => "text",
            Kind::Date => "a date",
            Kind::Author => "a name, a key of the configured authors, or a mapping with `name`",
            Kind::Texts | Kind::Markdowns => "a list of texts",
            Kind::Image => "a path, or a mapping with `src` and `alt`",
            Kind::Url => "an address",
            Kind::Switch => "true or false",
            Kind::Sources => "a list",
            Kind::Free => "a mapping of keys",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct KeyRow {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// One sentence for editors.
    pub(crate) description: &'static str,
    /// A value, as YAML in flow style (which JSON is).
    pub(crate) example: &'static str,
}

const fn row(name: &'static str, kind: Kind, description: &'static str, example: &'static str) -> KeyRow {
    KeyRow { name, kind, required: false, description, example }
}

const fn required(
    name: &'static str,
    kind: Kind,
    description: &'static str,
    example: &'static str,
) -> KeyRow {
    KeyRow { name, kind, required: true, description, example }
}

/// The keys of the front matter.
pub(crate) const FRONT_MATTER: &[KeyRow] = &[
    required(
        "title",
        Kind::Text,
        "The headline, in plain text; up to 60 characters fit every subject line.",
        r#""The harbour ferry returns""#,
    ),
    required(
        "date",
        Kind::Date,
        "The day it goes out, or the moment before which it does not; without a zone it is the publication's.",
        r#""2025-11-04""#,
    ),
    row(
        "author",
        Kind::Author,
        "Who wrote it: a key of the configured authors, a name, or a mapping.",
        r#""ada""#,
    ),
    row(
        "highlights",
        Kind::Markdowns,
        "Three to seven points for the top of the edition, one line of Markdown each.",
        r#"["Six sailings a day", "The fare stays at **two pounds**"]"#,
    ),
    row("tags", Kind::Texts, "What it is about.", r#"["harbour", "transport"]"#),
    row(
        "summary",
        Kind::Text,
        "One or two sentences of plain text for previews and lists.",
        r#""The ferry sails again on Monday after four years in dry dock.""#,
    ),
    row(
        "image",
        Kind::Image,
        "The picture at the top.",
        r#"{"src": "images/ferry.jpg", "alt": "A white ferry at the quay"}"#,
    ),
    row(
        "slug",
        Kind::Slug,
        "The stable name in addresses; made from the title when absent.",
        r#""harbour-ferry-returns""#,
    ),
    row(
        "url",
        Kind::Url,
        "Where the article stands on the web, when not with us.",
        r#""https://example.com/harbour-ferry""#,
    ),
    row("lead", Kind::Switch, "Whether it comes first in its edition.", "true"),
    row("draft", Kind::Switch, "Whether it is checked and never goes out.", "true"),
    row(
        "sources",
        Kind::Sources,
        "Where the facts come from: texts, addresses, or mappings.",
        r#"["https://example.com/minutes", {"title": "Council minutes", "url": "https://example.com/minutes"}]"#,
    ),
    row("extra", Kind::Free, "Anything your own templates need.", r#"{"series": "The bay"}"#),
];

/// The keys of `image`.
pub(crate) const IMAGE: &[KeyRow] = &[
    required(
        "src",
        Kind::Path,
        "A file beside the article or in the articles folder, or an https address.",
        r#""images/ferry.jpg""#,
    ),
    row("alt", Kind::Text, "What is to be seen, for those who cannot.", r#""A white ferry at the quay""#),
    row(
        "caption",
        Kind::Markdown,
        "What stands beneath it, one line of Markdown.",
        r#""The ferry on trials. Photograph: Ada""#,
    ),
];

/// The keys of `author`, when it is a mapping.
pub(crate) const AUTHOR: &[KeyRow] = &[
    required("name", Kind::Text, "As it stands in the byline.", r#""Ada Reporter""#),
    row(
        "biography",
        Kind::Markdown,
        "A sentence or two, one line of Markdown.",
        r#""Ada covers the harbour.""#,
    ),
    row("link", Kind::Url, "Where more of theirs is.", r#""https://example.com/ada""#),
    row("photo", Kind::Url, "The https address of a photograph.", r#""https://example.com/ada.jpg""#),
];

/// The keys of an item of `sources`, when it is a mapping.
pub(crate) const SOURCE: &[KeyRow] = &[
    required("title", Kind::Text, "What the source is called.", r#""Council minutes""#),
    row("url", Kind::Url, "Where it is.", r#""https://example.com/minutes""#),
];

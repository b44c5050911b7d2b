//! Markdown → HTML and plain text, from one parse.
//!
//! # The contract of the HTML
//! It is semantic and without style: whoever places it styles elements and these classes.
//!
//! | Markdown | HTML |
//! |---|---|
//! | paragraph, quote, rule | `<p>`, `<blockquote>` holding blocks, `<hr>` |
//! | heading | `<h2>` … `<h6>`: the smallest level becomes `top_heading`, gaps are closed; `id` only where a link in the document points at it |
//! | list | `<ul>`, `<ol start>`, `<li>`; with tasks `<ul class="tasks">`, and ☐ or ☑ begins the item |
//! | definition list | `<dl>`, `<dt>`, `<dd>` |
//! | table | `<table class="columns-3"><thead><tr><th scope="col">…<tbody><tr><td>`, `columns-9` for nine and more (words in its cells are broken by it); aligned cells have class `right` or `center` |
//! | table in a mail | the same with the columns' widths (`fit.rs`); `tight` where it needs small letters, `records` where each row is to be a record on a telephone: `<span class="label">` has the head of each cell, which the style sheet hides elsewhere; what fits nowhere is turned, with `<th scope="row">` |
//! | code | `<pre><code>` and `<code>`; no highlighting |
//! | image on its own | `<p class="figure"><img src alt width></p>`, and `<p class="caption">` when it has a title |
//! | image in text | `<img src alt width>`; the width is the smaller of 552 and the picture's own |
//! | footnote | `<sup><a href="#Pfn1" id="Pfnref1" aria-label="Note 1">1</a></sup>`, and at the end `<ol class="notes"><li id="Pfn1">…<a href="#Pfnref1" aria-label="Back to the text">↩</a></li></ol>`, P being `id_prefix` |
//! | emphasis | `<em>`, `<strong>`, `<del>`; raw HTML adds `ins sup sub small mark u cite kbd` |
//! | raw HTML | goes through ammonia into the same elements; none of it is copied |
//!
//! An address that stands bare in the text is a link too (`autolink.rs`).
//! Links are `https:`, `http:` and `mailto:`, or what `RenderOptions::link` makes of a relative one; everything else
//! is its text. Lines are broken at spaces before 200 bytes where they can be.
//!
//! # The contract of the text
//! Wrapped at 72 columns, LF, no trailing spaces, blocks separated by one blank line. Links are `text [n]`; an address
//! that is its own text stands alone. Footnotes are `(note 1)`, listed at the end; images `[Picture: alt]`; both in the
//! words that are given, as are the labels above. Content that looks like a link number, `[7]`, becomes `(7)`. What is raised or
//! lowered is `10⁶`, `H₂O` or `e^(iπ)` (`script.rs`); what is struck is left out, so that a correction reads as it now stands.

mod anchors;
mod autolink;
mod build;
mod fit;
mod html;
mod prose;
mod quotes;
mod raw;
mod run;
mod script;
mod text;
mod tree;
pub(crate) mod wrap;
mod write;

use std::collections::HashMap;
use std::fmt;

use url::Url;

pub(crate) use build::document;
use build::document_in;
use quotes::Quotes;
use tree::{Block, Inline};
pub(crate) use tree::{Document, Seen, Simpler, What};
pub(crate) use write::{escape, from_html};

use super::Article;
use super::picture::SHOWN_WIDTH;
use crate::words::Words;

/// What the HTML is for: a page has its own ways with a wide table, a mail needs one that is set to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A column of 552 pixels, in programs that know little of style.
    Mail,
    /// A page of the web.
    Page,
}

/// How an article's body is rendered into its surroundings.
#[derive(Clone, Copy)]
pub struct RenderOptions<'a> {
    /// What the HTML is for.
    pub medium: Medium,
    /// The level of the article's largest heading, 1 to 6.
    pub top_heading: u8,
    /// The addresses that have a number already, from 1; those of the text keep it, and others get the next ones.
    pub numbered: &'a HashMap<String, usize>,
    /// What notes and pictures are called.
    pub words: &'a Words,
    /// How the text runs, when not as the words do: `ltr` or `rtl`.
    pub dir: Option<&'a str>,
    /// Begins every `id`, so that several articles fit in one document.
    pub id_prefix: &'a str,
    /// The address of a local picture, given its source as written.
    pub picture_src: &'a dyn Fn(&str) -> String,
    /// The address of a relative link, given its target as written; `None` leaves its text.
    pub link: &'a dyn Fn(&str) -> Option<String>,
}

impl fmt::Debug for RenderOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderOptions")
            .field("medium", &self.medium)
            .field("top_heading", &self.top_heading)
            .field("numbered", &self.numbered.len())
            .field("dir", &self.dir)
            .field("id_prefix", &self.id_prefix)
            .finish_non_exhaustive()
    }
}

/// An article's body, rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderedBody {
    /// As the module's contract says.
    pub html: String,
    /// Wrapped at 72, without the list of links.
    pub text: String,
    /// The addresses that had no number before, in the order of those they got.
    pub links: Vec<String>,
    /// How many words a reader reads.
    pub words: usize,
}

/// The text of a body, rendered.
#[derive(Debug)]
pub(crate) struct RenderedText {
    /// Wrapped at 72, without the list of links.
    pub(crate) text: String,
    /// The addresses that had no number before, in the order of those they got.
    pub(crate) links: Vec<String>,
}

impl RenderedText {
    /// How many words a reader reads.
    pub(crate) fn words(&self) -> usize {
        count_words(&self.text)
    }
}

/// A line of Markdown, rendered: a highlight, a caption, a biography.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderedInline {
    /// Inline elements, without a block around them.
    pub html: String,
    /// Not wrapped.
    pub text: String,
    /// The addresses that had no number before, in the order of those they got.
    pub links: Vec<String>,
}

/// An article's body, read once to be rendered in several ways.
#[derive(Debug, Clone)]
pub(crate) struct ReadBody<'a> {
    document: Document,
    /// Of its pictures, by their sources as written.
    widths: HashMap<&'a str, u32>,
}

impl Article {
    /// Reads the body, with the quotation marks of `words`.
    pub(crate) fn read(&self, words: &Words) -> ReadBody<'_> {
        let widths = self.pictures.iter().map(|(src, picture)| (src.as_str(), picture.width)).collect();
        ReadBody { document: document_in(&self.markdown, &Quotes::of(words)), widths }
    }

    /// Renders the body to HTML and plain text.
    #[must_use]
    pub fn render(&self, options: &RenderOptions<'_>) -> RenderedBody {
        self.read(options.words).render(options)
    }

    /// The body as bare text, a block a line, without marks, link numbers and addresses.
    #[must_use]
    pub fn prose(&self) -> String {
        prose::render(&document(&self.markdown), &Quotes::ENGLISH)
    }
}

impl ReadBody<'_> {
    /// Renders it to HTML and plain text.
    pub(crate) fn render(&self, options: &RenderOptions<'_>) -> RenderedBody {
        let text = self.text(options);
        let words = text.words();
        RenderedBody { html: self.html(options), text: text.text, links: text.links, words }
    }

    /// As [`Article::prose`], with the quotation marks of `words`, with which it was read.
    pub(crate) fn prose(&self, words: &Words) -> String {
        prose::render(&self.document, &Quotes::of(words))
    }

    /// As the module's contract says.
    pub(crate) fn html(&self, options: &RenderOptions<'_>) -> String {
        html::render(&self.document, &self.widths, options)
    }

    /// As the module's contract says.
    pub(crate) fn text(&self, options: &RenderOptions<'_>) -> RenderedText {
        let text::Rendered { text, links } = text::render(&self.document, options);
        RenderedText { text, links }
    }

    /// How many blocks it has that are in no other.
    pub(crate) fn blocks(&self) -> usize {
        self.document.blocks.len()
    }

    /// Its first `blocks` blocks, and the footnotes they refer to; no heading ends them.
    pub(crate) fn beginning(&self, blocks: usize) -> Self {
        ReadBody { document: self.document.clone().beginning(blocks), widths: self.widths.clone() }
    }

    /// The words of its paragraphs, on one line: how it begins, where nothing else says what it is about.
    pub(crate) fn opening(&self) -> String {
        self.document.opening()
    }
}

/// Renders one line of Markdown; blocks mean nothing in it (`2025. A year` is no list). What is `numbered` and `dir`
/// says [`RenderOptions`].
#[must_use]
pub fn inline(
    source: &str,
    numbered: &HashMap<String, usize>,
    dir: Option<&str>,
    words: &Words,
) -> RenderedInline {
    let content = line_in(source, &Quotes::of(words)).0;
    let options = RenderOptions {
        medium: Medium::Page,
        top_heading: 2,
        numbered,
        words,
        dir,
        id_prefix: "",
        picture_src: &|_| String::new(),
        link: &|_| None,
    };
    let html = html::render_inline(&content, &options).trim().to_owned();
    let text::Rendered { text, links } = text::render_inline(&content, &options);
    RenderedInline { html, text, links }
}

/// The text of one line of Markdown, without marks and link numbers.
#[must_use]
pub fn plain(source: &str) -> String {
    tree::plain(&line(source).0).trim().to_owned()
}

/// The same with the quotation marks of `words`.
#[must_use]
pub fn plain_in(source: &str, words: &Words) -> String {
    tree::plain(&line_in(source, &Quotes::of(words)).0).trim().to_owned()
}

/// An address as it is shown to readers: without its scheme, and cut where it is long.
#[must_use]
pub fn shown_address(address: &str) -> String {
    html::shortened(address)
}

/// Parses one line of Markdown, and what there is to look at in it.
pub(super) fn line(source: &str) -> (Vec<Inline>, Vec<Seen>) {
    line_in(source, &Quotes::ENGLISH)
}

fn line_in(source: &str, quotes: &Quotes<'_>) -> (Vec<Inline>, Vec<Seen>) {
    // A space in disguise: what follows it begins no block, and opens emphasis and quotes all the same.
    let guarded = format!("&#32;{}", clean_line(source).trim());
    let document = document_in(&guarded, quotes);
    let content = document.blocks.into_iter().fold(Vec::new(), |mut content, block| {
        match block {
            Block::Paragraph(inlines) | Block::Plain(inlines) | Block::Heading { content: inlines, .. } => {
                content.extend(inlines);
            }
            Block::Figure(image) => content.push(Inline::Image(image)),
            Block::Quote(_)
            | Block::Code(_)
            | Block::List { .. }
            | Block::Table(_)
            | Block::Definitions(_)
            | Block::Rule => {}
        }
        content
    });
    let mut line: Vec<Inline> =
        content.into_iter().filter(|inline| !matches!(inline, Inline::Note(_))).collect();
    if let Some(Inline::Text(first)) = line.first_mut() {
        *first = first.trim_start_matches(' ').to_owned();
    }
    (line, document.seen)
}

/// Where a link or an image leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `https:`, `http:` or `mailto:`, normalised.
    Outside(String),
    /// `#heading`, without its sign.
    Here(String),
    /// A relative one, as written.
    Beside(String),
    /// No address at all, or of a scheme that no mail may hold.
    Refused,
}

impl Target {
    pub(crate) fn of(written: &str) -> Self {
        let written = written.trim();
        if let Some(id) = written.strip_prefix('#') {
            return if id.is_empty() { Target::Refused } else { Target::Here(percent_decode(id)) };
        }
        match scheme(written) {
            Some(scheme) if ["https", "http", "mailto"].contains(&scheme.as_str()) => {
                match Url::parse(written) {
                    Ok(url) if scheme == "mailto" || url.has_host() => Target::Outside(url.into()),
                    Ok(_) | Err(_) => Target::Refused,
                }
            }
            Some(_) => Target::Refused,
            None if written.is_empty() || written.starts_with(['/', '\\', '?']) => Target::Refused,
            None => Target::Beside(written.to_owned()),
        }
    }
}

/// The scheme of an absolute address (RFC 3986 §3.1), in lower case.
pub(crate) fn scheme(written: &str) -> Option<String> {
    let (scheme, _) = written.split_once(':')?;
    let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    fits.then(|| scheme.to_ascii_lowercase())
}

/// As the text of an element of HTML, or as the value of an attribute in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `my%20file.md` → `my file.md`; what is no UTF-8 stays as written.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let decoded = (*first == b'%')
            .then(|| after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Without control characters other than tab and line feed, and without the private-use characters that mark an
/// edition's slots; the separators U+2028 and U+2029 become line feeds.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || matches!(c, '\u{E000}'..='\u{E002}')))
        .map(|c| if matches!(c, '\u{2028}' | '\u{2029}') { '\n' } else { c })
        .collect()
}

/// As [`clean`], on one line.
pub(super) fn clean_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// Words as people count them: by spaces, and two characters each where a script has none.
pub(super) fn count_words(text: &str) -> usize {
    let wide = |c: &char| unicode_width::UnicodeWidthChar::width(*c) == Some(2) && c.is_alphanumeric();
    let spaced =
        text.split_whitespace().filter(|word| word.chars().any(|c| c.is_alphanumeric() && !wide(&c))).count();
    spaced + text.chars().filter(wide).count().div_ceil(2)
}

#[cfg(test)]
mod tests;

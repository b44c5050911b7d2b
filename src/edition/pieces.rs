//! What is made of each article once, whatever the layout is in which it stands: its body read, and its HTML.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::breakable::breakable;
use super::view::{edition_url, link_between, picture_address, turned};
use super::{Edition, wrap};
use crate::article::markdown::{Medium, ReadBody, RenderOptions, RenderedText};
use crate::article::{Article, each_alone};
use crate::config::{ImagePolicy, Publication};
use crate::words::Words;

/// What an article stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'e> {
    pub(super) edition: &'e Edition,
    pub(super) publication: &'e Publication,
    pub(super) images: ImagePolicy,
    pub(super) words: &'e Words,
}

impl Surroundings<'_> {
    /// The HTML of `body`, which is the one of `article` or its beginning, as mail programs bear it.
    pub(super) fn html(&self, article: &Article, body: &ReadBody<'_>, top_heading: u8) -> String {
        let html = self.with_options(article, top_heading, &HashMap::new(), |options| body.html(options));
        for_mail(&html, &edition_url(&self.edition.key, self.publication))
    }

    /// The text of `body`, with numbers behind those that are given.
    pub(super) fn text(
        &self,
        article: &Article,
        body: &ReadBody<'_>,
        numbered: &HashMap<String, usize>,
    ) -> RenderedText {
        self.with_options(article, 2, numbered, |options| body.text(options))
    }

    fn with_options<R>(
        &self,
        article: &Article,
        top_heading: u8,
        numbered: &HashMap<String, usize>,
        render: impl FnOnce(&RenderOptions<'_>) -> R,
    ) -> R {
        render(&RenderOptions {
            medium: Medium::Mail,
            top_heading,
            numbered,
            words: self.words,
            dir: turned(article, self.words),
            id_prefix: &format!("{}-", article.slug),
            picture_src: &|src| self.picture_src(article, src),
            link: &|target| link_between(self.edition, article, target, self.publication),
        })
    }

    /// Where a mail finds the picture that `article` calls so.
    pub(super) fn picture_src(&self, article: &Article, src: &str) -> String {
        match article.pictures.get(src) {
            None => src.to_owned(),
            Some(picture) => picture_address(&picture.file_name, self.images, self.publication),
        }
    }
}

/// The pieces of an edition, by the positions of its articles.
#[derive(Debug)]
pub(super) struct Pieces<'e> {
    pub(super) around: Surroundings<'e>,
    /// The level of the largest heading in `html`.
    top_heading: u8,
    bodies: Vec<ReadBody<'e>>,
    html: Vec<String>,
    lengths: RefCell<BTreeMap<usize, usize>>,
    openings: RefCell<BTreeMap<usize, String>>,
}

impl<'e> Pieces<'e> {
    /// Reads and renders all articles, on as many cores as there are.
    pub(super) fn of(around: Surroundings<'e>) -> Self {
        let articles = &around.edition.articles;
        let top_heading = top_heading(articles.len());
        let pieces = each_alone(articles, |article| {
            let body = article.read(around.words);
            let html = around.html(article, &body, top_heading);
            (body, html)
        });
        let (bodies, html) = pieces.into_iter().unzip();
        Pieces {
            around,
            top_heading,
            bodies,
            html,
            lengths: RefCell::default(),
            openings: RefCell::default(),
        }
    }

    /// The HTML of the article at this position, where so many stand in the mail.
    pub(super) fn html(&self, position: usize, stories: usize) -> String {
        match top_heading(stories) {
            level if level == self.top_heading => self.html[position].clone(),
            level => self.around.html(self.article(position), &self.bodies[position], level),
        }
    }

    /// Its text, with numbers behind those that are given.
    pub(super) fn text(&self, position: usize, numbered: &HashMap<String, usize>) -> RenderedText {
        self.around.text(self.article(position), &self.bodies[position], numbered)
    }

    /// The HTML and the text of its first `blocks` blocks.
    pub(super) fn beginning(
        &self,
        position: usize,
        blocks: usize,
        stories: usize,
        numbered: &HashMap<String, usize>,
    ) -> (String, RenderedText) {
        let (article, beginning) = (self.article(position), self.bodies[position].beginning(blocks));
        let html = self.around.html(article, &beginning, top_heading(stories));
        (html, self.around.text(article, &beginning, numbered))
    }

    /// How many blocks it has that are in no other.
    pub(super) fn blocks(&self, position: usize) -> usize {
        self.bodies[position].blocks()
    }

    /// How many words it has: as they were counted before, else as `count` says.
    pub(super) fn length(&self, position: usize, count: impl FnOnce() -> usize) -> usize {
        *self.lengths.borrow_mut().entry(position).or_insert_with(count)
    }

    /// How its text begins, in so many characters.
    pub(super) fn opening(&self, position: usize, limit: usize) -> String {
        let mut openings = self.openings.borrow_mut();
        wrap::shorten(openings.entry(position).or_insert_with(|| self.bodies[position].opening()), limit)
    }

    fn article(&self, position: usize) -> &'e Article {
        &self.around.edition.articles[position]
    }
}

/// The level of an article's largest heading beneath its own, where so many stand in the mail.
fn top_heading(stories: usize) -> u8 {
    if stories == 1 { 2 } else { 3 }
}

/// An article's HTML as mail programs bear it.
fn for_mail(html: &str, edition_url: &str) -> String {
    // Outlook and Yahoo! know no `mark`.
    let html = html.replace("<mark>", "<span class=\"mark\">").replace("</mark>", "</span>");
    breakable(&without_way_to_notes(&html, edition_url))
}

/// Mail programs do not jump within a message: notes keep their numbers and lose their links, and a link to a heading
/// leads to the edition on the web.
fn without_way_to_notes(html: &str, edition_url: &str) -> String {
    const OPEN: &str = "<a href=\"#";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, link)) = rest.split_once(OPEN) {
        out.push_str(before);
        let whole = link.split_once('>').and_then(|(tag, behind)| {
            behind.split_once("</a>").map(|(content, after)| (tag, content, after))
        });
        match whole {
            Some((tag, content, after)) if tag.contains("aria-label=") => {
                out.push_str(if content == "↩" { "" } else { content });
                rest = after;
            }
            Some(_) | None => {
                out.push_str(&format!("<a href=\"{edition_url}#"));
                rest = link;
            }
        }
    }
    out.push_str(rest);
    out
}

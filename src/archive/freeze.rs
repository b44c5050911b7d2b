//! An edition's articles as the archive keeps them.

use std::collections::HashMap;

use chrono::Datelike as _;

use super::{ArchivedArticle, ArchivedImage, ArchivedSource, Body, Byline, Card, Named, SITE};
use crate::article::markdown::{self, Medium, RenderOptions};
use crate::article::{Article, Figure};
use crate::config::Publication;
use crate::edition::{self, Edition};
use crate::words::Words;

/// The articles of `edition` in its order, for the archive: the same Markdown as the mail's, rendered for the web.
#[must_use]
pub fn freeze(edition: &Edition, publication: &Publication, words: &Words) -> Vec<ArchivedArticle> {
    let freezer = Freezer { edition, publication, words };
    (0..).zip(&edition.articles).map(|(position, article)| freezer.article(position, article)).collect()
}

struct Freezer<'a> {
    edition: &'a Edition,
    publication: &'a Publication,
    words: &'a Words,
}

impl Freezer<'_> {
    /// A line of Markdown as inline HTML.
    fn line(&self, source: &str, dir: Option<&str>) -> String {
        markdown::inline(source, &HashMap::new(), dir, self.words).html
    }

    fn article(&self, position: u32, article: &Article) -> ArchivedArticle {
        let dir = edition::turned(article, self.words);
        let read = article.read(self.words);
        let rendered = read.render(&RenderOptions {
            medium: Medium::Page,
            top_heading: 2,
            numbered: &HashMap::new(),
            words: self.words,
            dir,
            // As in the mail, so that a link to a heading leads to the same place on either page.
            id_prefix: &format!("{}-", article.slug),
            picture_src: &|src| self.picture_src(article, src),
            link: &|target| self.link(article, target),
        });
        let byline = article.author.as_ref().map(|author| Byline {
            author: named(&author.name),
            biography: author.biography.as_deref().map(|text| self.line(text, self.words.turned(text))),
            link: author.link.as_ref().map(ToString::to_string),
            photo: author.photo.as_ref().map(ToString::to_string),
        });
        let mut tags: Vec<Named> = Vec::new();
        for tag in article.tags.iter().map(|tag| named(tag)) {
            if !tags.iter().any(|known| known.key == tag.key) {
                tags.push(tag);
            }
        }
        let card = Card {
            slug: article.slug.to_string(),
            edition: self.edition.key.clone(),
            position,
            title: plain(&article.title),
            date: article.date,
            published_at: self.edition.frozen_at,
            summary: article.summary.as_deref().map(plain),
            author: byline.as_ref().map(|byline| byline.author.clone()),
            tags,
            elsewhere: article.url.as_ref().map(ToString::to_string),
            words: rendered.words,
        };
        let source = |source: &crate::article::Source| ArchivedSource {
            title: plain(&source.title),
            url: source.url.as_ref().map(ToString::to_string),
        };
        let copyright = self
            .publication
            .copyright
            .replace("{year}", &self.edition.key.date().year().to_string())
            .replace("{name}", &self.publication.name);
        let body = Body {
            language: self.publication.language.clone(),
            highlights: article.highlights.iter().map(|highlight| self.line(highlight, dir)).collect(),
            image: article.image.as_ref().map(|figure| self.image(article, figure, dir)),
            byline,
            sources: article.sources.iter().map(source).collect(),
            copyright,
            html: rendered.html,
            text: read.prose(self.words),
        };
        ArchivedArticle { card, body }
    }

    fn image(&self, article: &Article, figure: &Figure, dir: Option<&str>) -> ArchivedImage {
        ArchivedImage {
            src: self.picture_src(article, &figure.src),
            alt: plain(&figure.alt),
            caption: figure.caption.as_deref().map(|text| self.line(text, dir)),
            size: article.pictures.get(&figure.src).map(|picture| (picture.width, picture.height)),
        }
    }

    fn picture_src(&self, article: &Article, src: &str) -> String {
        match article.pictures.get(src) {
            Some(picture) => format!("{SITE}/images/{}", picture.file_name),
            None => src.to_owned(),
        }
    }

    fn link(&self, from: &Article, target: &str) -> Option<String> {
        let address = edition::link_between(self.edition, from, target, self.publication)?;
        let home = self.publication.link("");
        Some(address.strip_prefix(&home).map_or(address.clone(), |path| format!("{SITE}/{path}")))
    }
}

fn named(name: &str) -> Named {
    Named::of(&plain(name))
}

/// Without the characters that mark slots and places.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')).collect()
}

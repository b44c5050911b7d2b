//! An article as our pages show it: on its own page, and in its edition's.

use serde::Serialize;

use super::Web;
use super::listing::{Day, Link};
use crate::archive::{ArchivedArticle, ArchivedImage, ArchivedSource, Byline, Outside, leads_out, placed};
use crate::article::markdown::escaped;
use crate::config::OutsideLinks;

/// Words that a reader reads in a minute.
const WORDS_A_MINUTE: usize = 230;

/// What a page shows of an article: templates know it as `article`.
#[derive(Serialize)]
pub(super) struct ArticleView {
    pub(super) slug: String,
    pub(super) title: String,
    /// Its own page.
    url: String,
    summary: Option<String>,
    pub(super) day: Day,
    minutes: usize,
    language: String,
    /// How it runs, when not as the site does: `ltr` or `rtl`.
    dir: Option<&'static str>,
    author: Option<Link>,
    image: Option<ImageView>,
    highlights: Vec<String>,
    html: String,
    sources: Vec<Reference>,
    tags: Vec<Link>,
    copyright: String,
}

/// What may stand anywhere on the web.
#[derive(Serialize)]
pub(super) struct Reference {
    name: String,
    url: Option<String>,
    /// Whether it is on another site.
    leads_out: bool,
    /// Whether it opens in a new tab, and says so.
    new_tab: bool,
}

/// A picture as a page shows it.
#[derive(Serialize)]
pub(super) struct ImageView {
    src: String,
    alt: String,
    caption: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

/// Somebody who writes, as a page shows them.
#[derive(Serialize)]
pub(super) struct AuthorView {
    name: String,
    url: String,
    biography: Option<String>,
    /// A page of theirs that is not this one.
    link: Option<Reference>,
    photo: Option<String>,
}

impl ArticleView {
    pub(super) fn of(web: &Web, article: &ArchivedArticle) -> Self {
        let ArchivedArticle { card, body } = article;
        let line = web.pages.line(card);
        ArticleView {
            slug: card.slug.clone(),
            title: line.title,
            url: line.url,
            summary: line.summary,
            day: line.day,
            minutes: card.words.div_ceil(WORDS_A_MINUTE).max(1),
            language: body.language.clone(),
            dir: web.turned(article),
            author: line.author,
            image: body.image.as_ref().map(|image| image_view(web, image)),
            highlights: body.highlights.iter().map(|line| web.placed(line)).collect(),
            html: scrolling(&web.placed(&body.html), web.pages.words().text("archive.table")),
            sources: body.sources.iter().map(|source| web.source(source)).collect(),
            tags: card.tags.iter().map(|tag| web.pages.tag(tag)).collect(),
            copyright: body.copyright.clone(),
        }
    }

    /// Its headings one level further down, for a page on which its title is one among others.
    pub(super) fn one_level_down(self) -> Self {
        ArticleView { html: deeper(&self.html), ..self }
    }
}

/// Each table in a box of its own that scrolls, by keys too, where the page is narrower. Text has no `<`.
fn scrolling(html: &str, label: &str) -> String {
    let label = escaped(label);
    let open = format!("<div class=\"wide\" role=\"group\" aria-label=\"{label}\" tabindex=\"0\"><table");
    html.replace("<table", &open).replace("</table>", "</table></div>")
}

/// The renderer writes every heading as `<hN`, and nothing else so: text has no `<`.
fn deeper(html: &str) -> String {
    let lower = |html: String, level: u8| {
        let below = level + 1;
        html.replace(&format!("<h{level}"), &format!("<h{below}"))
            .replace(&format!("</h{level}>"), &format!("</h{below}>"))
    };
    (2..=5).rev().fold(html.to_owned(), lower)
}

pub(super) fn image_view(web: &Web, image: &ArchivedImage) -> ImageView {
    ImageView {
        src: web.placed(&image.src),
        alt: image.alt.clone(),
        caption: image.caption.as_deref().map(|caption| web.placed(caption)),
        width: image.size.map(|(width, _)| width),
        height: image.size.map(|(_, height)| height),
    }
}

pub(super) fn author_view(web: &Web, byline: &Byline) -> AuthorView {
    let own = web.pages.publication().link(&format!("authors/{}", byline.author.key));
    AuthorView {
        name: byline.author.name.clone(),
        url: web.pages.author(&byline.author).url,
        biography: byline.biography.as_deref().map(|biography| web.placed(biography)),
        link: byline.link.as_ref().filter(|link| **link != own).map(|link| {
            let name = web.pages.words().fill("more_by", &[("name", &byline.author.name)]);
            web.reference(name, Some(link.clone()))
        }),
        photo: byline.photo.clone(),
    }
}

impl Web {
    /// How an article runs, when not as the site does: `ltr` or `rtl`.
    pub(super) fn turned(&self, article: &ArchivedArticle) -> Option<&'static str> {
        // Not by its text, in which code and names of another script may be most.
        self.pages.words().turned(&format!("{}\n{}", article.card.title, article.lead()))
    }

    fn source(&self, source: &ArchivedSource) -> Reference {
        self.reference(source.title.clone(), source.url.clone())
    }

    fn reference(&self, name: String, url: Option<String>) -> Reference {
        let public_url = self.pages.publication().public_url.as_str().trim_end_matches('/');
        let leads_out = url.as_ref().is_some_and(|url| leads_out(url, public_url));
        Reference {
            name,
            url,
            leads_out,
            new_tab: leads_out && self.access.outside_links == OutsideLinks::NewTab,
        }
    }

    /// Kept HTML as our pages show it.
    pub(super) fn placed(&self, html: &str) -> String {
        let publication = self.pages.publication();
        let outside = match self.access.outside_links {
            OutsideLinks::SameTab => Outside::SameTab,
            OutsideLinks::NewTab => Outside::NewTab { notice: self.pages.words().text("archive.new_tab") },
        };
        let public_url = publication.public_url.as_str().trim_end_matches('/');
        placed(html, &self.pages.path(""), public_url, outside)
    }
}

#[cfg(test)]
mod tests {
    use super::{deeper, scrolling};

    #[test]
    fn headings_go_down_one_level_and_end_at_the_last() {
        assert_eq!(
            deeper("<h2 id=\"a\">A</h2><p>h2 &lt;h2</p><h3>B</h3><h5>C</h5><h6>D</h6><hr>"),
            "<h3 id=\"a\">A</h3><p>h2 &lt;h2</p><h4>B</h4><h6>C</h6><h6>D</h6><hr>"
        );
    }

    #[test]
    fn a_table_scrolls_by_itself() {
        assert_eq!(
            scrolling("<p>&lt;table</p><table><tr><td>1</td></tr></table>", "\"T\""),
            "<p>&lt;table</p><div class=\"wide\" role=\"group\" aria-label=\"&quot;T&quot;\" tabindex=\"0\"><table><tr><td>1</td></tr></table></div>"
        );
    }
}

//! The newest articles for feed readers: Atom (RFC 4287) and JSON Feed 1.1, whole.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{ArchivedArticle, Outside, placed};
use crate::article::markdown::escaped;
use crate::config::Publication;

/// What a feed is made from.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// Who publishes.
    pub publication: &'a Publication,
    /// Newest first.
    pub articles: &'a [ArchivedArticle],
}

impl Feed<'_> {
    /// When the newest article was published.
    #[must_use]
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        self.articles.iter().map(|article| article.card.published_at).max()
    }

    /// The address of this site, without a slash at its end.
    fn site(&self) -> &str {
        self.publication.public_url.as_str().trim_end_matches('/')
    }

    /// The article's address on this site.
    fn address(&self, article: &ArchivedArticle) -> String {
        self.publication.link(&format!("articles/{}", article.card.slug))
    }

    /// A name that stays when the site moves to another path (RFC 4151): whose it was that day, and the slug.
    fn id(&self, article: &ArchivedArticle) -> String {
        let host = self.publication.public_url.host_str().unwrap_or("localhost");
        format!("tag:{host},{}:{}", article.card.edition.date(), article.card.slug)
    }

    /// The whole article as HTML with absolute addresses.
    fn content(&self, article: &ArchivedArticle) -> String {
        let mut html = String::new();
        let body = &article.body;
        if let Some(image) = &body.image {
            let _ = writeln!(
                html,
                "<p><img src=\"{}\" alt=\"{}\"></p>",
                escaped(&image.src),
                escaped(&image.alt)
            );
            if let Some(caption) = &image.caption {
                let _ = writeln!(html, "<p><small>{caption}</small></p>");
            }
        }
        if !body.highlights.is_empty() {
            let items: String = body.highlights.iter().map(|line| format!("<li>{line}</li>\n")).collect();
            let _ = writeln!(html, "<ul>\n{items}</ul>");
        }
        // Notes stand on the article's page: in a reader of feeds nothing else is found by their names.
        let own = self.publication.link(&format!("articles/{}", article.card.slug));
        html.push_str(&body.html.replace("href=\"#", &format!("href=\"{}#", escaped(&own))));
        let _ = writeln!(html, "<p><small>{}</small></p>", escaped(&body.copyright));
        placed(&html, self.site(), self.site(), Outside::SameTab)
    }
}

/// The feed as Atom.
#[must_use]
pub fn atom(feed: &Feed<'_>) -> String {
    let publication = feed.publication;
    let home = publication.link("");
    let own = publication.link("feed.atom");
    let updated = time(feed.updated().unwrap_or(DateTime::UNIX_EPOCH));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\" xml:base=\"{}\">\n\
         <id>{}</id>\n<title>{}</title>\n",
        xml(&publication.language),
        xml(&home),
        xml(&home),
        xml(&publication.name)
    );
    if !publication.tagline.is_empty() {
        let _ = writeln!(out, "<subtitle>{}</subtitle>", xml(&publication.tagline));
    }
    let _ = writeln!(
        out,
        "<updated>{updated}</updated>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n<author><name>{}</name></author>",
        xml(&own),
        xml(&home),
        xml(&publication.name)
    );
    for article in feed.articles {
        let card = &article.card;
        let at = time(card.published_at);
        let _ = writeln!(
            out,
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
             <published>{at}</published>\n<updated>{at}</updated>",
            xml(&feed.id(article)),
            xml(&card.title),
            xml(&feed.address(article))
        );
        if let Some(author) = &card.author {
            let uri = publication.link(&format!("authors/{}", author.key));
            let _ =
                writeln!(out, "<author><name>{}</name><uri>{}</uri></author>", xml(&author.name), xml(&uri));
        }
        for tag in &card.tags {
            let _ = writeln!(out, "<category term=\"{}\" label=\"{}\"/>", xml(&tag.key), xml(&tag.name));
        }
        if let Some(summary) = &card.summary {
            let _ = writeln!(out, "<summary>{}</summary>", xml(summary));
        }
        let _ = writeln!(
            out,
            "<content type=\"html\" xml:lang=\"{}\">{}</content>\n</entry>",
            xml(&article.body.language),
            xml(&feed.content(article))
        );
    }
    out.push_str("</feed>\n");
    out
}

/// The feed as JSON Feed 1.1.
#[must_use]
pub fn json_feed(feed: &Feed<'_>) -> Value {
    let publication = feed.publication;
    let items: Vec<Value> = feed.articles.iter().map(|article| item(feed, article)).collect();
    let mut out = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": publication.name,
        "home_page_url": publication.link(""),
        "feed_url": publication.link("feed.json"),
        "language": publication.language,
        "authors": [{ "name": publication.name, "url": publication.link("") }],
        "items": items,
    });
    if !publication.tagline.is_empty() {
        out["description"] = publication.tagline.as_str().into();
    }
    out
}

fn item(feed: &Feed<'_>, article: &ArchivedArticle) -> Value {
    let card = &article.card;
    let mut item = json!({
        "id": feed.id(article),
        "url": feed.address(article),
        "title": card.title,
        "content_html": feed.content(article),
        "date_published": time(card.published_at),
        "language": article.body.language,
    });
    if let Some(elsewhere) = &card.elsewhere {
        item["external_url"] = elsewhere.as_str().into();
    }
    if let Some(summary) = &card.summary {
        item["summary"] = summary.as_str().into();
    }
    if let Some(image) = &article.body.image {
        item["image"] = image.src.replace(super::SITE, feed.site()).into();
    }
    if let Some(author) = &card.author {
        let url = feed.publication.link(&format!("authors/{}", author.key));
        item["authors"] = json!([{ "name": author.name, "url": url }]);
    }
    if !card.tags.is_empty() {
        item["tags"] = card.tags.iter().map(|tag| tag.name.as_str()).collect();
    }
    item
}

/// As RFC 3339 has it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Text for XML 1.0: escaped, without the characters that it cannot hold.
pub(super) fn xml(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    escaped(&text.chars().filter(fits).collect::<String>())
}

//! What search engines read of an article: schema.org's NewsArticle as JSON-LD.

use serde_json::{Value, json};

use super::feed::time;
use super::{ArchivedArticle, SITE};
use crate::config::Publication;

/// Longer headlines are cut by those who read them.
const LONGEST_HEADLINE: usize = 110;

/// The JSON for a `<script type="application/ld+json">`; nothing in it ends that element.
#[must_use]
pub fn news_article(article: &ArchivedArticle, publication: &Publication) -> String {
    let card = &article.card;
    let site = publication.public_url.as_str().trim_end_matches('/');
    let at = time(card.published_at);
    let address = canonical(article, publication);
    let publisher = json!({ "@type": "Organization", "name": publication.name, "url": publication.link("") });
    let mut out = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": card.title.chars().take(LONGEST_HEADLINE).collect::<String>(),
        "datePublished": at,
        "dateModified": at,
        "inLanguage": article.body.language,
        "mainEntityOfPage": address,
        "url": address,
        "wordCount": card.words,
        "isAccessibleForFree": true,
        "publisher": publisher,
        "author": match &card.author {
            Some(author) => json!({
                "@type": "Person",
                "name": author.name,
                "url": publication.link(&format!("authors/{}", author.key)),
            }),
            None => publisher.clone(),
        },
    });
    if let Some(summary) = &card.summary {
        out["description"] = summary.as_str().into();
    }
    if let Some(image) = &article.body.image {
        out["image"] = Value::from(vec![image.src.replace(SITE, site)]);
    }
    if !card.tags.is_empty() {
        out["keywords"] = card.tags.iter().map(|tag| tag.name.as_str()).collect();
    }
    // JSON may write any character by its number; HTML looks for these within a script.
    out.to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Where the article stands by its own word: elsewhere, or with us.
pub(crate) fn canonical(article: &ArchivedArticle, publication: &Publication) -> String {
    let card = &article.card;
    card.elsewhere.clone().unwrap_or_else(|| publication.link(&format!("articles/{}", card.slug)))
}

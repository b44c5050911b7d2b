//! An edition that is too large: its later articles are cut to their highlights, and stand whole on the web.

use straight::article::{Article, Slug};
use straight::edition::{RenderSettings, RenderedEdition, public_html, render, size_report};

use super::newsroom::{EMBED, article, edition, ferry, library, publication, templates};

/// Twenty articles of some 6 KB of HTML each.
pub(crate) fn twenty() -> Vec<Article> {
    let body = "The harbour ferry sails again on Monday after four years in dry dock, says [the council](https://council.example.org/minutes).\n\n## Why now\n\n";
    let more = "The council approved the timetable last night by nine votes to two, and the minutes were published this morning for everybody to read.\n\n";
    let one = |number: usize| Article {
        title: format!("Report {number}: the north quay opens a little further every day"),
        slug: Slug::of_text(&format!("report {number}")).unwrap(),
        summary: Some(format!("What the quay did on day {number}, and what it will do next.")),
        highlights: ["Six sailings each way", "The fare stays", "Bicycles travel free"]
            .map(str::to_owned)
            .to_vec(),
        markdown: format!("{body}{}", more.repeat(20)),
        ..article(&format!("report-{number}.md"), "2026-03-02")
    };
    std::iter::once(ferry()).chain((2..=20).map(one)).collect()
}

fn limited(articles: Vec<Article>, size_limit: usize) -> RenderedEdition {
    let settings = RenderSettings { size_limit, ..EMBED };
    render(&edition(articles), &publication(), &templates("en-GB"), &settings).unwrap()
}

#[test]
fn as_few_as_can_be_of_the_last_articles_are_shortened() {
    let out = limited(twenty(), 60 * 1024);
    let shortened = out.shortened.as_ref().unwrap();
    assert!(out.html.len() <= 60 * 1024, "{}", out.html.len());
    assert!(out.html.len() > 52 * 1024, "one more would have fitted: {}", out.html.len());
    assert!((8..19).contains(&shortened.articles), "{}", shortened.articles);
    // Each has its headline, its highlights and the way to the whole; the lead is whole, and so are its pictures.
    assert_eq!(out.html.matches(">Read the whole article</a>").count(), shortened.articles);
    assert!(out.html.contains("href=\"https://post.example.org/articles/report-20\""));
    assert_eq!(out.html.matches("<li style=\"margin:0 0 8px\">Bicycles travel free</li>").count(), 19);
    assert!(
        out.html.contains("harbour master expects no delay") && out.html.contains("44ee55ff66aa77bb.png")
    );
    let told = format!("<span dir=\"auto\">{}</span> articles are shortened", shortened.articles);
    assert!(out.html.contains(&told), "the mail says so");
}

#[test]
fn the_text_is_shortened_alike_and_its_links_still_count_upwards() {
    let out = limited(twenty(), 60 * 1024);
    let cut = out.shortened.as_ref().unwrap().articles;
    assert_eq!(out.text.matches("Read the whole article:\nhttps://post.example.org/articles/").count(), cut);
    let unwrapped = out.text.replace('\n', " ");
    assert!(unwrapped.contains(&format!("{cut} articles are shortened")), "{}", out.text);
    let (body, links) = out.text.split_once("\nLINKS\n").unwrap();
    let links: Vec<&str> = links.lines().filter(|line| line.starts_with('[')).collect();
    for (number, line) in (1..).zip(&links) {
        assert!(line.starts_with(&format!("[{number}] ")) && body.contains(&format!("[{number}]")), "{line}");
    }
    for line in out.text.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() <= 72, "{line}");
    }
}

#[test]
fn in_the_browser_every_article_is_whole() {
    let out = limited(twenty(), 60 * 1024);
    let page = public_html(&out, "");
    assert!(!page.contains("Read the whole article") && !page.contains("are shortened"));
    assert_eq!(page.matches("Why now").count(), 19);
    assert!(page.len() > 100 * 1024);
}

#[test]
fn an_edition_within_the_limit_is_left_alone() {
    let out = limited(vec![ferry(), library()], 60 * 1024);
    assert_eq!(out.shortened, None);
    assert!(size_report(&out).warnings.is_empty());
    // A single article is never cut: there is nothing after it.
    let long = Article { markdown: "Another paragraph.\n\n".repeat(3000), ..ferry() };
    let out = limited(vec![long], 60 * 1024);
    assert_eq!(out.shortened, None);
    assert!(size_report(&out).warnings[0].contains("Gmail may clip it"));
}

#[test]
fn the_limit_is_configurable_and_the_cut_is_told() {
    let out = limited(vec![ferry(), library()], 16 * 1024);
    let warnings = size_report(&out).warnings;
    assert!(warnings[0].starts_with("1 of 2 articles is shortened to highlights and a link"), "{warnings:?}");
    assert!(out.html.contains("Read it on library.example.org"), "whose own button leads to the whole");
    assert!(!out.html.contains("Read the whole article"));
    assert_ne!(out.hash, limited(vec![ferry(), library()], 60 * 1024).hash);
}

#[test]
fn without_highlights_and_summary_an_article_shows_how_it_begins() {
    let bare = Article {
        markdown: "It <b>begins</b> & goes on.\n\n".repeat(200),
        ..article("bare.md", "2026-03-02")
    };
    let out = limited(vec![ferry(), bare], 16 * 1024);
    assert!(out.html.contains(">It begins &amp; goes on. It begins"), "{}", out.html);
    assert!(out.text.contains("It begins & goes on. It begins"));
}

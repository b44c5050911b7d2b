use proptest::prelude::*;

use super::address::bare;
use super::linked;
use crate::article::markdown::tests::rendered;
use pulldown_cmark::Event;

/// The addresses of `text`, as they are written.
fn found(text: &str) -> Vec<&str> {
    bare(text).into_iter().map(|link| &text[link.at]).collect()
}

#[test]
fn an_address_begins_behind_a_space_or_a_sign_and_ends_before_the_sentence_does() {
    for (text, address) in [
        ("See https://example.org/a.", "https://example.org/a"),
        ("https://example.org/a?b=c&d=e, and", "https://example.org/a?b=c&d=e"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("https://en.example.org/wiki/Tide_(sea)", "https://en.example.org/wiki/Tide_(sea)"),
        ("(https://en.example.org/wiki/Tide_(sea))", "https://en.example.org/wiki/Tide_(sea)"),
        ("www.google.com/search?q=(business))+ok", "www.google.com/search?q=(business))+ok"),
        ("www.google.com/search?q=commonmark&hl;", "www.google.com/search?q=commonmark"),
        ("[www.example.org]", "www.example.org"),
        ("“https://example.org/a”", "https://example.org/a"),
        ("„www.example.org/ä“", "www.example.org/ä"),
        ("请看https://example.org/潮。然后", "https://example.org/潮"),
        ("https://example.org/a…", "https://example.org/a"),
        ("https://example.org/a!?...", "https://example.org/a"),
        ("https://example.org/a<b", "https://example.org/a"),
        ("HTTPS://Example.org", "HTTPS://Example.org"),
        ("Source:https://example.org", "https://example.org"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
        ("https://münchen.example/ü", "https://münchen.example/ü"),
    ] {
        assert_eq!(found(text), [address], "{text}");
    }
    for none in [
        "https://",
        "www.",
        "www.example",
        "http://.",
        "https://a..b",
        "https://a.b_c.org",
        "xhttps://a.org",
        "awww.example.org",
        "a/www.example.org",
        "ftp://example.org",
        "httpss://example.org",
        "https:/a.org",
        "ann@www.example.org",
        "https://*",
        "www..org",
        "https://“a”",
    ] {
        assert_eq!(found(none), Vec::<&str>::new(), "{none}");
    }
}

#[test]
fn bare_addresses_are_links_in_html_and_stand_once_in_text() {
    let body = rendered("See https://example.org/~ann/_c_/d*e*,\nand (www.example.org/b).\n");
    assert_eq!(
        body.html,
        "<p>See <a href=\"https://example.org/~ann/_c_/d*e\">example.org/~ann/_c_/d*e</a>*,\n\
         and (<a href=\"https://www.example.org/b\">www.example.org/b</a>).</p>\n"
    );
    assert_eq!(body.text, "See https://example.org/~ann/_c_/d*e*, and (www.example.org/b).\n");
    assert_eq!(body.links, Vec::<String>::new());
}

#[test]
fn signs_within_an_address_are_its_own() {
    for (source, target) in [
        ("https://example.org/a--b'c\n", "https://example.org/a--b'c"),
        ("https://example.org/?a=1&amp;b=2\n", "https://example.org/?a=1&amp;b=2"),
        (r"https://example.org/\_a\_b", "https://example.org/_a_b"),
        ("**https://example.org/a**\n", "https://example.org/a"),
        ("*see https://example.org/a*\n", "https://example.org/a"),
        ("https://example.org/a[1]b\n", "https://example.org/a[1]b"),
        ("> - https://example.org/a\n", "https://example.org/a"),
        ("# https://example.org/a\n", "https://example.org/a"),
    ] {
        let html = rendered(source).html;
        assert!(html.contains(&format!("href=\"{target}\"")), "{source}: {html}");
        assert_eq!(html.matches("<a ").count(), 1, "{source}: {html}");
    }
    let html = rendered("*https://example.org/a* and \"www.example.org\" -- it's\n").html;
    assert!(html.starts_with("<p><em><a href") && html.contains("</a></em>"), "{html}");
    assert!(html.contains("“<a") && html.contains("</a>” – it’s"), "{html}");
}

#[test]
fn code_and_links_are_left_alone() {
    for source in [
        "`https://example.org`",
        "    https://example.org",
        "```\nhttps://example.org\n```",
        "![https://example.org](a.png)",
        "<code>https://example.org</code>",
        "a\n\n[b]: https://example.org",
    ] {
        assert!(!rendered(source).html.contains("<a "), "{source}");
    }
    for source in [
        "[see https://example.org/a](https://example.net)",
        "<https://example.org>",
        "<a href=\"https://example.net\">https://example.org</a>",
        "<A\nhref=\"https://example.net\">www.example.org",
    ] {
        assert_eq!(rendered(source).html.matches("<a ").count(), 1, "{source}");
    }
    // A tag left open ends with its paragraph.
    assert_eq!(rendered("<kbd>x\n\nhttps://example.org").html.matches("<a ").count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn events_of_a_text_without_addresses_are_what_they_were(source in "[a-z:/.*_~`'&;()\\[\\]<>\\\\ \n-]{0,80}") {
        let events: Vec<_> = pulldown_cmark::Parser::new(&source).into_offset_iter().collect();
        let ours: Vec<_> = linked(&source, events.clone().into_iter()).collect();
        prop_assume!(bare(&source).is_empty());
        prop_assert_eq!(events, ours);
    }

    #[test]
    fn every_word_stays_where_it_was(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("https://example.org/a_b".to_owned()),
                Just("www.example.org".to_owned()),
                Just("http://".to_owned()),
                Just("<a>".to_owned()),
                "[a-z*_~`'\"&;()\\[\\]<>\\\\.,!? \n潮é-]{0,8}",
            ],
            0..12,
        )
    ) {
        let source = pieces.concat();
        let events = pulldown_cmark::Parser::new_ext(&source, pulldown_cmark::Options::all());
        let mut before = 0;
        for (event, span) in linked(&source, events.into_offset_iter()) {
            prop_assert!(source.get(span.clone()).is_some(), "{:?} at {:?}", event, span);
            if let Event::Text(_) = event {
                prop_assert!(before <= span.start, "{:?} at {:?}", event, span);
                before = span.start;
            }
        }
        // What a link says is what it leads to.
        for link in bare(&source) {
            prop_assert!(link.target.ends_with(&source[link.at.clone()]));
            prop_assert!(bare(&source[link.at.clone()]).len() == 1, "{:?}", &source[link.at]);
        }
    }
}

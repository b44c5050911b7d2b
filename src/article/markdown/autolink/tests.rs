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
fn punctuation_of_other_scripts_and_marks_of_direction_are_none_of_an_address() {
    for mark in [
        '\u{060C}', '\u{061B}', '\u{061F}', '\u{06D4}', '\u{0964}', '\u{0589}', '\u{200B}', '\u{200E}',
        '\u{200F}', '\u{202A}', '\u{202C}', '\u{202E}', '\u{2066}', '\u{2069}', '\u{061C}',
    ] {
        let text = format!("https://example.org/a{mark} b");
        assert_eq!(found(&text), ["https://example.org/a"], "{mark:?}");
    }
    let arabic = rendered("اقرأ \u{2066}https://example.org/مد\u{2069}، ثم www.example.org/ب؟ نعم.").html;
    assert!(
        arabic.contains("href=\"https://example.org/%D9%85%D8%AF\"")
            || arabic.contains("href=\"https://example.org/مد\""),
        "{arabic}"
    );
    assert!(arabic.contains("</a>\u{2069}، ثم") && arabic.contains("</a>؟ نعم."), "{arabic}");
}

#[test]
fn an_address_with_a_password_stays_text() {
    for text in [
        "https://ann:secret@example.org/a",
        "https://ann@example.org",
        "http://ann:www.secret.org@example.org/",
        "www.example.org:secret@other.example.org",
    ] {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
    assert_eq!(found("https://example.org/@ann?to=b@c.org"), ["https://example.org/@ann?to=b@c.org"]);
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

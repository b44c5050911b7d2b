//! The edition for the browser, the outbox page, and the difference of two editions.

use straight::archive::freeze;
use straight::article::Article;
use straight::edition::{OutboxMessage, Slot, diff, outbox_page, public_html};

use straight::words::Words;

use super::newsroom::{edition, ferry, library, publication, rendered};

#[test]
fn the_public_page_has_nothing_personal() {
    let html = public_html(&rendered(vec![ferry()]), "https://post.example.org");
    assert!(!html.contains(Slot::OPEN) && !html.contains(Slot::CLOSE));
    for personal in ["Unsubscribe", "Change&nbsp;what", "You get this", "View in", "mail-only"] {
        assert!(!html.contains(personal), "{personal}");
    }
    assert!(html.contains("src=\"https://post.example.org/images/00aa11bb22cc33dd.jpg\""));
    // The site has its own sign-up, and its files have none.
    assert!(!html.contains("post.example.org/subscribe") && !html.contains("Was this forwarded"));
    assert!(html.contains("© 2026 The Morning Post"));
}

#[test]
fn what_is_searched_has_the_quotation_marks_of_its_language() {
    let markdown = "Er sagt \"ja\".\n\n![](https://example.org/a.png \"Das 'Boot' und *das* Eis\")\n";
    let article = Article { markdown: markdown.to_owned(), ..ferry() };
    let words = Words::load("de", None).unwrap();
    let frozen = freeze(&edition(vec![article]), &publication(), &words);
    assert_eq!(frozen[0].body.text, "Er sagt „ja“.\nDas ‚Boot‘ und das Eis");
}

#[test]
fn slots_that_a_template_left_in_the_open_are_filled_with_public_words() {
    let mut edition = rendered(vec![ferry()]);
    edition.html = format!("<a href=\"{}\">Leave</a>", Slot::UnsubscribeUrl.marker());
    assert_eq!(public_html(&edition, ""), "<a href=\"/\">Leave</a>");
}

#[test]
fn the_outbox_page_shows_the_edition_and_its_messages() {
    let edition = rendered(vec![ferry()]);
    let messages = [
        OutboxMessage { file: "new/1.ann@example.org:2,.eml", to: "a…@example.org" },
        OutboxMessage { file: "new/2.eml", to: "<b>@example.org" },
    ];
    let page = outbox_page(&edition, &publication(), &Words::english(), &messages, 2);
    assert!(page.contains("href=\"./new/1.ann%40example.org%3A2%2C.eml\">a…@example.org</a>"), "{page}");
    assert!(page.contains("&lt;b&gt;@example.org"));
    assert!(page.contains("All <span dir=\"auto\">2</span>."));
    assert!(!page.contains(Slot::OPEN));
    assert!(page.contains("sandbox=") && page.contains("srcdoc=\"&lt;!doctype html&gt;"), "{page}");
    assert!(page.contains("data:image/jpeg;base64,") && !page.contains("cid:"));
    if let Ok(folder) = std::env::var("STRAIGHT_TEST_SHOW") {
        std::fs::write(std::path::Path::new(&folder).join("outbox.html"), &page).unwrap();
    }
}

#[test]
fn the_outbox_page_lists_two_hundred_messages_at_most() {
    let messages = vec![OutboxMessage { file: "new/1.eml", to: "a…@example.org" }; 500];
    let page = outbox_page(&rendered(vec![ferry()]), &publication(), &Words::english(), &messages, 1_000_000);
    assert_eq!(page.matches("<li><a href").count(), 200);
    assert!(page.contains("The first <span dir=\"auto\">200</span> of <span dir=\"auto\">1,000,000</span>."));
}

#[test]
fn two_editions_differ_in_what_a_reader_sees() {
    let before = rendered(vec![ferry()]);
    let mut corrected = ferry();
    corrected.title = "Harbour ferry returns after five years".to_owned();
    corrected.markdown = corrected.markdown.replace("nine votes to two", "eight votes to three");
    insta::assert_snapshot!(diff(&before, &rendered(vec![corrected])));
    assert_eq!(diff(&before, &before), "");
    assert_ne!(diff(&before, &rendered(vec![ferry(), library()])), "");
}

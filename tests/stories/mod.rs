//! Stories: what editors do, and what readers then have in their inbox.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod approval;
mod archive;
mod attacks;
mod bearing;
mod canary;
mod control;
mod decisions;
mod delivery;
mod desk;
mod keys;
mod letters;
mod limits;
mod newsroom;
mod next_edition;
mod program;
mod readers;
mod refusals;

mod schedule;
mod server;
mod sink;
mod site;

pub(crate) use newsroom::{Newsroom, key, reader};
pub(crate) use sink::Sink;

use straight::delivery::State;
use straight::press::Published;
use straight::store::Origin;
use straight::subscriber::Status;

#[tokio::test]
async fn an_article_reaches_every_reader_once() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.net"])
        .await;
    let sent = room.send().await.unwrap();
    assert_eq!(sent.sent(), 2);
    let inbox = room.inbox("ann@example.org");
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].subject, "The Tide Turns");
    assert!(inbox[0].text.contains("The story of The Tide Turns."), "{}", inbox[0].text);
    assert!(inbox[0].html.contains("The story of The Tide Turns."));
    assert!(inbox[0].text.contains(&inbox[0].unsubscribe), "the whole address for leaving is in the text");
    let other = &room.inbox("bo@example.net")[0];
    assert_ne!(inbox[0].unsubscribe, other.unsubscribe);
    assert_ne!(inbox[0].message_id, other.message_id);

    // A second run changes nothing.
    let again = room.send().await.unwrap();
    assert_eq!(again.sent(), 2);
    assert_eq!(room.outbox().len(), 2);
}

#[tokio::test]
async fn the_next_day_brings_what_is_new_and_recalls_what_was() {
    let room = Newsroom::new();
    room.article("old", "2026-09-20", "Long Ago")
        .article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org"])
        .await;
    let first = room.send().await.unwrap();
    assert_eq!(first.edition.rendered.headlines.len(), 1, "the first edition takes the newest day only");
    assert!(room.inbox("ann@example.org")[0].html.contains("Long Ago"), "as recent news");

    room.at("2026-09-25T07:00:00Z").article("ferry", "2026-09-25", "The Ferry Returns");
    room.send().await.unwrap();
    let inbox = room.inbox("ann@example.org");
    assert_eq!(inbox.len(), 2);
    assert_eq!(inbox[1].subject, "The Ferry Returns");
    assert!(inbox[1].text.contains("The Tide Turns"), "as recent news");
    assert!(!inbox[1].text.contains("The story of The Tide Turns."), "no article goes out twice");

    room.at("2026-09-26T07:00:00Z");
    assert!(room.send().await.is_none(), "a day with nothing new sends nothing");
    assert_eq!(room.outbox().len(), 2);
}

#[tokio::test]
async fn a_broken_article_holds_the_edition_until_it_is_mended() {
    let room = Newsroom::new().settings("publication: {editors: [desk@example.org]}");
    room.article("tide", "2026-09-24", "The Tide Turns")
        .file("broken.md", "---\ntittle: Oops\ndate: 2026-09-24\n---\nText.\n")
        .readers(&["ann@example.org"])
        .await;
    assert!(room.send().await.is_none());
    assert!(room.send().await.is_none());
    assert!(room.inbox("ann@example.org").is_empty());
    let desk = room.inbox("desk@example.org");
    assert_eq!(desk.len(), 1, "one letter, however often it is tried");
    assert!(desk[0].subject.contains("held"), "{}", desk[0].subject);
    assert!(desk[0].text.contains("broken.md:2:1"), "{}", desk[0].text);
    assert!(desk[0].text.contains("did you mean `title`?"), "{}", desk[0].text);

    room.article("broken", "2026-09-24", "Mended");
    assert_eq!(room.send().await.unwrap().sent(), 1);
    assert!(room.inbox("ann@example.org")[0].text.contains("Mended"));
}

#[tokio::test]
async fn with_skip_the_edition_goes_without_the_broken_article() {
    let room = Newsroom::new().settings(
        "publication: {editors: [desk@example.org]}\narticles: {on_broken_article: skip, settle: 0s}",
    );
    room.article("tide", "2026-09-24", "The Tide Turns")
        .file("broken.md", "---\ndate: 2026-09-24\n---\nNo title.\n")
        .readers(&["ann@example.org"])
        .await;
    assert_eq!(room.send().await.unwrap().sent(), 1);
    assert_eq!(room.inbox("desk@example.org").len(), 1);
}

#[tokio::test]
async fn who_left_stays_out_whatever_a_file_says() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.net"])
        .await;
    let press = room.press().await;
    let ann = press.store.by_email(&"ANN@example.org".parse().unwrap()).await.unwrap().unwrap();
    assert!(press.store.unsubscribe(ann.id, press.clock.now()).await.unwrap());
    let report =
        press.store.import(&[reader("Ann@Example.org")], Origin::File, press.clock.now()).await.unwrap();
    assert_eq!((report.suppressed, report.new), (1, 0));
    let ann = press.store.subscriber(ann.id).await.unwrap().unwrap();
    assert_eq!(ann.status, Status::Unsubscribed);
    assert_eq!(room.send().await.unwrap().sent(), 1);
    assert!(room.inbox("ann@example.org").is_empty());
}

#[tokio::test]
async fn a_reader_who_leaves_after_publishing_is_not_sent_to() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.net"])
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let ann = press.store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap();
    press.store.unsubscribe(ann.id, press.clock.now()).await.unwrap();
    let done = room.deliver(&press, &edition).await;
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Suppressed)), (1, 1));
    assert!(room.inbox("ann@example.org").is_empty());
}

#[tokio::test]
async fn the_same_inputs_and_clock_give_the_same_bytes() {
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let room = Newsroom::new();
        room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
        hashes.push(room.send().await.unwrap().edition.summary.hash);
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0].len(), 64);
}

#[tokio::test]
async fn nothing_leaves_for_a_real_relay_while_sample_values_stand() {
    let room = Newsroom::new().settings("smtp: {url: \"smtp://relay.example.com:587\"}");
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    let refusal = press.publish(key("2026-09-24")).await.unwrap_err().to_string();
    for key in ["publication.from", "publication.postal_address", "publication.public_url"] {
        assert!(refusal.contains(key), "{refusal}");
    }
}

#[tokio::test]
async fn what_was_frozen_is_read_back_as_it_was() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let sent = room.send().await.unwrap();
    let press = room.press().await;
    let again = press.store.rendered(&key("2026-09-24")).await.unwrap().unwrap();
    assert_eq!(again, sent.edition.rendered);
}

#[tokio::test]
async fn a_broken_article_of_the_newest_day_holds_the_first_edition_however_old_it_is() {
    let room = Newsroom::new();
    room.article("long-ago", "2025-11-03", "Long Ago")
        .file("broken.md", "---\ntittle: Oops\ndate: 2025-11-04\n---\nText.\n")
        .readers(&["ann@example.org"])
        .await;
    assert!(room.send().await.is_none(), "what is mended tomorrow would be the newest day");
    room.article("broken", "2025-11-04", "Mended");
    let sent = room.send().await.unwrap();
    assert_eq!(sent.edition.rendered.subject, "Mended");
    // An old broken file holds nothing up from then on.
    room.file("old.md", "---\ntittle: Oops\ndate: 2025-11-02\n---\nText.\n")
        .article("next", "2026-09-25", "Next")
        .at("2026-09-25T07:00:00Z");
    assert_eq!(room.send().await.unwrap().sent(), 1);
}

#[tokio::test]
async fn a_link_to_an_earlier_article_leads_to_its_page() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    room.at("2026-09-25T07:00:00Z").file(
        "ferry.md",
        "---\ntitle: The Ferry\ndate: 2026-09-25\nhighlights: [It sails]\n---\nAs [we wrote](tide.md), it turns.\n",
    );
    room.send().await.unwrap();
    let mail = &room.inbox("ann@example.org")[1];
    let address = "https://news.example.com/articles/the-tide-turns";
    assert!(mail.html.contains(address), "{}", mail.html);
    assert!(mail.text.contains(address), "{}", mail.text);
}

#[tokio::test]
async fn an_edition_named_by_its_day_has_what_was_news_on_that_day() {
    let room = Newsroom::new();
    room.at("2026-09-01T09:00:00Z").article("tide", "2026-09-01", "The tide turns");
    room.readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    // The edition of the 3rd was forgotten, and is sent three weeks later.
    room.article("ferry", "2026-09-03", "The ferry is back").article("gale", "2026-08-20", "A gale passed");
    room.at("2026-09-24T09:00:00Z");
    let press = room.press().await;
    let Published::Out { edition, waiting, .. } = press.publish(key("2026-09-03")).await.unwrap() else {
        panic!()
    };
    assert_eq!(edition.rendered.subject, "The ferry is back");
    let gale = waiting.iter().find(|article| article.path.ends_with("gale.md")).unwrap();
    let why = "is dated 2026-08-20, more than 7 days before the edition; date it anew, or raise `backlog`";
    assert_eq!(gale.why.to_string(), why);
    press.store.close().await;
}

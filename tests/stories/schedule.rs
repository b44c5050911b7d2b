//! Stories of the schedule: the watch publishes at the hour, once, late within `catch_up`, and says what it missed.

use straight::press::{Sender, Watch};
use tokio_util::sync::CancellationToken;

use super::{Newsroom, key};

pub(super) async fn beat(room: &Newsroom) {
    let press = room.press().await;
    let mut watch = Watch::begin(press.clone()).await.unwrap();
    watch.publish_due().await.unwrap();
    Sender::prepare(press.clone()).unwrap().send_due(&CancellationToken::new()).await.unwrap();
    press.store.close().await;
}

#[tokio::test]
async fn the_edition_goes_out_at_the_hour_and_once() {
    let room = Newsroom::new();
    room.at("2026-09-24T06:00:00Z").article("tide", "2026-09-24", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.at("2026-09-24T06:59:59Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 0);
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T07:00:05Z", "2026-09-24T12:00:00Z"] {
        room.at(time);
        beat(&room).await;
        assert_eq!(room.outbox().len(), 1, "{time}");
    }
}

#[tokio::test]
async fn a_missed_hour_is_made_up_for_within_catch_up_and_reported_after_it() {
    let room = Newsroom::new().settings("publication: {editors: [desk@example.org]}");
    room.at("2026-09-24T06:00:00Z").article("tide", "2026-09-24", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    // Down over the hour, back within six hours.
    room.at("2026-09-24T12:30:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1);
    // Down for days: one letter a missed day, no burst of editions.
    room.article("ferry", "2026-09-26", "The Ferry Returns").at("2026-09-27T15:00:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1);
    assert_eq!(room.inbox("desk@example.org").len(), 3);
    // What was missed goes with the next edition.
    room.at("2026-09-28T07:00:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 2);
}

#[tokio::test]
async fn an_edition_sent_by_hand_is_not_published_again_at_the_hour() {
    let room = Newsroom::new();
    room.at("2026-09-24T06:00:00Z").article("tide", "2026-09-24", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.send().await.unwrap();
    room.article("late", "2026-09-24", "Too Late").at("2026-09-24T07:00:00Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 1);
    let press = room.press().await;
    assert_eq!(press.store.rendered(&key("2026-09-24")).await.unwrap().unwrap().headlines.len(), 1);
}

#[tokio::test]
async fn an_edition_sent_by_hand_is_not_missed_when_the_program_was_down_over_its_hour() {
    let room = Newsroom::new().settings("publication: {editors: [desk@example.org]}");
    room.at("2026-09-24T06:00:00Z").article("tide", "2026-09-24", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.send().await.unwrap();
    room.at("2026-09-24T20:00:00Z");
    beat(&room).await;
    assert_eq!((room.inbox("ann@example.org").len(), room.inbox("desk@example.org").len()), (1, 0));
}

#[tokio::test]
async fn a_held_edition_goes_out_once_it_is_mended() {
    let room = Newsroom::new();
    room.at("2026-09-24T06:00:00Z").file("tide.md", "---\ndate: 2026-09-24\n---\nNo title.\n");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.at("2026-09-24T07:00:00Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 0);
    room.article("tide", "2026-09-24", "The Tide Turns").at("2026-09-24T07:20:00Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 1);
}

#[tokio::test]
async fn what_is_saved_in_the_last_moment_still_goes() {
    let room = Newsroom::new().settings("articles: {settle: 5s}");
    room.at("2026-09-24T06:00:00Z").readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.article("tide", "2026-09-24", "The Tide Turns");
    let saved = |time: &str| {
        let file = room.folder.path().join("articles/tide.md");
        let time: chrono::DateTime<chrono::Utc> = time.parse().unwrap();
        std::fs::File::options().append(true).open(file).unwrap().set_modified(time.into()).unwrap();
    };
    saved("2026-09-24T06:59:58Z");
    room.at("2026-09-24T07:00:00Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 0, "it may be half written");
    room.at("2026-09-24T07:00:05Z");
    beat(&room).await;
    assert_eq!(room.outbox().len(), 1);
}

#[tokio::test]
async fn a_template_that_fails_at_the_hour_holds_the_edition_and_the_editors_are_told() {
    let room =
        Newsroom::new().settings("publication: {editors: [desk@example.org]}\nedition: {templates: look}");
    let template = room.folder.path().join("look/subject.txt");
    std::fs::create_dir(room.folder.path().join("look")).unwrap();
    std::fs::write(&template, "{{ articles[1].title }}").unwrap();
    room.at("2026-09-24T06:00:00Z").article("tide", "2026-09-24", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T07:00:05Z"] {
        room.at(time);
        beat(&room).await;
    }
    assert!(room.inbox("ann@example.org").is_empty());
    let desk = room.inbox("desk@example.org");
    assert_eq!(desk.len(), 1, "one letter, however often it is tried");
    assert!(desk[0].text.contains("subject.txt"), "{}", desk[0].text);

    std::fs::write(&template, "{{ articles[0].title }}").unwrap();
    room.at("2026-09-24T07:10:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1);
}

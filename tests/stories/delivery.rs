//! Stories of delivery: what a server does, what a crash does, and what the ledger then says.

use std::sync::Mutex;
use std::time::Duration;

use straight::delivery::State;
use straight::press::{Ending, Published, Route};
use straight::store::Ownership;
use straight::subscriber::Status;
use tokio_util::sync::CancellationToken;

use super::sink::Bears;
use super::{Newsroom, Sink, key};

#[tokio::test]
async fn a_server_gets_each_message_once() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    let readers: Vec<String> = (0..40).map(|n| format!("reader{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let sent = room.send().await.unwrap();
    assert_eq!((sent.sent(), &sent.dispatched.ending), (40, &Ending::Complete));
    assert_eq!(sink.total(), 40);
    for address in addresses {
        assert_eq!(sink.copies(address).len(), 1, "{address}");
    }
    room.send().await.unwrap();
    assert_eq!(sink.total(), 40);
}

#[tokio::test]
async fn every_answer_has_its_place_in_the_ledger() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    let readers = ["ann@example.org", "grey@example.org", "gone@example.org", "policy@example.org"];
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&readers).await;
    let sent = room.send().await.unwrap();
    let counts = sent.counts();
    assert_eq!(counts.of(State::Sent), 1);
    assert_eq!(counts.of(State::Deferred), 3, "who is refused is asked again where others wait");
    assert_eq!(counts.total(), 4, "the states add up to the recipients");
    let press = room.press().await;
    let status =
        async |address: &str| press.store.by_email(&address.parse().unwrap()).await.unwrap().unwrap().status;

    // The greylisted one is due after five minutes, not before.
    room.at("2026-09-24T07:04:00Z");
    assert_eq!(room.send().await.unwrap().sent(), 1);
    room.at("2026-09-24T07:06:00Z");
    assert_eq!(room.send().await.unwrap().sent(), 2);
    assert_eq!(sink.copies("grey@example.org").len(), 1);
    assert_eq!(status("gone@example.org").await, Status::Active);

    let counts = room.at("2026-09-24T07:32:00Z").send().await.unwrap().counts();
    assert_eq!((counts.of(State::Sent), counts.of(State::Failed)), (2, 2));
    assert_eq!(status("gone@example.org").await, Status::Bounced, "5.1.1 speaks of the address");
    assert_eq!(status("policy@example.org").await, Status::Active, "5.7.1 speaks of us");
}

#[tokio::test]
async fn a_deferral_that_outlives_its_edition_expires_and_says_so() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["grey@example.org"]).await;
    room.send().await.unwrap();
    let press = room.press().await;
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    room.at("2026-09-25T06:00:00Z");
    let done = room.deliver(&press, &edition).await;
    assert_eq!(done.counts.of(State::Failed), 1);
    let reasons = press.store.reasons(edition.summary.id, 5).await.unwrap().largest;
    assert!(reasons[0].1.starts_with("expired: 451"), "{reasons:?}");
    assert_eq!(sink.total(), 0);
}

#[tokio::test]
async fn an_answer_lost_after_the_dot_is_on_record_and_sent_once_more_under_the_same_id() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["drop@example.org"]).await;
    let sent = room.send().await.unwrap();
    assert_eq!(sent.sent(), 1);
    let copies = sink.copies("drop@example.org");
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0], copies[1], "one Message-ID, so that a mailbox may join them");
    let press = room.press().await;
    assert_eq!(press.store.uncertain_attempts(sent.edition.summary.id).await.unwrap(), 1);
}

#[tokio::test]
async fn what_a_stopped_run_gives_back_has_no_reason_to_be_told() {
    let sink = Sink::open().await;
    let room = Newsroom::new()
        .settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: 1}}", sink.port));
    let readers: Vec<String> = (0..5).map(|n| format!("slow{n}@example.org")).collect();
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&readers.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let route = Route::prepare(&press.config.transport).unwrap();
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let stop = CancellationToken::new();
    let stopping = async {
        while sink.total() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    let (done, ()) =
        tokio::join!(async { press.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap() }, stopping);
    assert_eq!(done.ending, Ending::Stopped);
    let id = edition.summary.id;
    let waiting = press.store.claim(id, press.clock.now(), None, 9).await.unwrap();
    assert!(waiting.iter().any(|row| row.attempt > 0), "one was on record already, and is given back");
    assert_eq!(press.store.reasons(id, 5).await.unwrap().largest, []);
}

#[tokio::test]
async fn progress_counts_whom_it_is_over_for_and_nobody_who_was_put_off_or_given_back() {
    // The server ends each connection after three messages: whoever comes fourth is given back.
    let sink = Sink::that_bears(Bears { messages: Some(3), ..Bears::default() }).await;
    let room = Newsroom::new().settings(&sink.settings());
    let readers: Vec<String> =
        (0..9).map(|n| format!("{}{n}@example.org", if n < 3 { "grey" } else { "ann" })).collect();
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&readers.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let route = Route::prepare(&press.config.transport).unwrap();
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let told = Mutex::new(Vec::new());
    let progress = |done, total| told.lock().unwrap().push((done, total));
    let done = press.dispatch(&route, &edition, &progress, &CancellationToken::new()).await.unwrap();
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Deferred)), (6, 3));
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted(), "it never goes back: {told:?}");
    assert_eq!((told.first(), told.last()), (Some(&(0, 9)), Some(&(6, 9))));
}

#[tokio::test]
async fn with_hold_an_answer_lost_after_the_dot_waits_for_a_person() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{uncertain: hold}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["drop@example.org"]).await;
    let sent = room.send().await.unwrap();
    assert_eq!(sent.counts().of(State::Uncertain), 1);
    room.send().await.unwrap();
    assert_eq!(sink.copies("drop@example.org").len(), 1, "under hold nobody ever gets two");
}

#[tokio::test]
async fn what_a_dead_sender_had_on_the_wire_is_taken_up_on_record() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.org"])
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let id = edition.summary.id;
    // A process puts one on record as `sending`, and dies.
    let claimed = press.store.claim(id, press.clock.now(), None, 1).await.unwrap().remove(0);
    let begin = claimed.begin();
    assert_eq!(press.store.tick(&[], &[begin], "dead", press.clock.now()).await.unwrap(), [true]);
    assert_eq!(press.store.tick(&[], &[begin], "other", press.clock.now()).await.unwrap(), [false], "fenced");
    press.store.close().await;

    let sent = room.send().await.unwrap();
    assert_eq!(sent.sent(), 2);
    assert_eq!(room.press().await.store.uncertain_attempts(id).await.unwrap(), 1);
    assert_eq!(sink.total(), 2);
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_nobody_an_attempt() {
    let port = Sink::open().await.port; // its listener lives on: take one that nobody has
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_ne!(port, free);
    let room = Newsroom::new().settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{free}\"}}"));
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let sent = room.send().await.unwrap();
    assert!(matches!(sent.dispatched.ending, Ending::Unreachable(_)), "{:?}", sent.dispatched.ending);
    assert_eq!(sent.counts().of(State::Queued), 1);
}

#[tokio::test]
async fn ten_refusals_in_a_row_halt_the_run() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    let readers: Vec<String> = (0..40).map(|n| format!("policy{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let sent = room.send().await.unwrap();
    assert!(matches!(sent.dispatched.ending, Ending::Halted(_)), "{:?}", sent.dispatched.ending);
    assert!(sent.counts().of(State::Queued) > 20, "{:?}", sent.counts());
    assert_eq!(sent.counts().of(State::Sending), 0);
}

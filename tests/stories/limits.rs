//! Stories of limits: what is sent a second, in all and to a domain; and of a message that no connection survives.

use std::time::{Duration, Instant};

use straight::delivery::State;
use straight::press::{Ending, Published};

use super::{Newsroom, Sink, key};

/// Sends to `readers` under `limit`; how long that took, and in which order the copies came.
async fn send_under(limit: &str, readers: &[String]) -> (Duration, Vec<String>) {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {limit}", sink.settings()));
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let start = Instant::now();
    let sent = room.send().await.unwrap();
    assert_eq!(sent.sent(), readers.len() as u64);
    (start.elapsed(), sink.order())
}

fn readers_at(domain: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("reader{n}@{domain}")).collect()
}

#[tokio::test]
async fn no_more_goes_out_in_a_second_than_is_allowed() {
    let (took, order) = send_under("{rate: 20/s}", &readers_at("example.org", 21)).await;
    assert_eq!(order.len(), 21);
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_domain_that_is_limited_holds_up_nobody_else() {
    let mut readers = readers_at("slow.example", 4);
    readers.extend(readers_at("example.org", 300));
    let (took, order) = send_under("{rate_per_domain: {Slow.Example: 2/s}}", &readers).await;
    assert!(took >= Duration::from_millis(1_500), "{took:?}");
    let slow: Vec<usize> =
        order.iter().enumerate().filter(|(_, to)| to.ends_with("slow.example")).map(|(at, _)| at).collect();
    assert!(slow[0] < 10, "the first goes at once: {slow:?}");
    // How many go in between is a matter of speed: a fast sender is through with all of them by then.
    assert!(slow[1] > slow[0] + 10, "others go in between: {slow:?}");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_turn() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{rate: 1/h}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.org"])
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let route = straight::press::Route::prepare(&press.config.transport).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = async {
        while sink.total() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let dispatch = press.dispatch(&route, &edition, &|_, _| {}, &stop);
    let (done, ()) = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(dispatch, stopped) })
        .await
        .unwrap();
    let done = done.unwrap();
    assert_eq!(done.ending, Ending::Stopped);
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Queued)), (1, 1));
}

#[tokio::test]
async fn a_letter_does_not_wait_for_an_edition_that_goes_out_slowly() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{rate: 1/h}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.org"])
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let route = straight::press::Route::prepare(&press.config.transport).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let written = async {
        while sink.total() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (to, now) = ("new@example.net".parse().unwrap(), press.clock.now());
        let began = Instant::now();
        press.store.add_letter("welcome", &to, "Welcome", "You are in.\n", now).await.unwrap();
        while sink.copies("new@example.net").is_empty() {
            assert!(began.elapsed() < Duration::from_secs(15), "the letter waits for the edition");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let dispatch = press.dispatch(&route, &edition, &|_, _| {}, &stop);
    let (done, ()) = tokio::time::timeout(Duration::from_secs(40), async { tokio::join!(dispatch, written) })
        .await
        .unwrap();
    let counts = done.unwrap().counts;
    assert_eq!((counts.of(State::Sent), counts.of(State::Queued)), (1, 1), "the edition keeps its limit");
    assert_eq!(sink.copies("new@example.net").len(), 1);
    assert_eq!(press.store.due_letters(press.clock.now(), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_message_that_no_connection_survives_is_put_off() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["kill@example.org", "ann@example.org", "bo@example.org"])
        .await;
    let mut press = room.press().await;
    press.patience = Duration::from_secs(30);
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let done = room.deliver(&press, &edition).await;
    assert_eq!(done.ending, Ending::Complete);
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Deferred)), (2, 1));
    let reasons = press.store.reasons(edition.summary.id, 5).await.unwrap();
    assert!(reasons[0].1.starts_with("5 attempts in a row came to nothing"), "{reasons:?}");
    assert_eq!(press.store.uncertain_attempts(edition.summary.id).await.unwrap(), 0);
}

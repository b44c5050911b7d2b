//! Stories of limits: what is sent a second, in all and to a domain; and of a message that no connection survives.

use std::time::{Duration, Instant};

use straight::delivery::State;
use straight::press::{Dispatched, Ending, Press, Published, Route};
use straight::store::{Ask, Asks, EditionId};
use tokio_util::sync::CancellationToken;

use super::sink::Bears;
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

/// An edition on its way to the readers, and beside it whatever `beside` does before it stops the edition, or lets it end.
async fn dispatch_beside<F: Future<Output = ()>>(
    settings: &str,
    readers: &[String],
    beside: impl FnOnce(Press, CancellationToken) -> F,
) -> (Newsroom, Press, Dispatched) {
    let room = Newsroom::new().settings(settings);
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let route = Route::prepare(&press.config.transport).unwrap();
    let stop = CancellationToken::new();
    let dispatch = press.dispatch(&route, &edition, &|_, _| {}, &stop);
    let beside = beside(press.clone(), stop.clone());
    let both = async { tokio::join!(dispatch, beside) };
    let (done, ()) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("it comes to an end");
    (room, press, done.unwrap())
}

/// Waits until `sink` has so many copies.
async fn until_there_are(sink: &Sink, copies: usize) {
    while sink.total() < copies {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Puts a letter to each of `addresses` into the post.
async fn write_to(press: &Press, addresses: &[String]) {
    for to in addresses {
        let to = to.parse().unwrap();
        press.store.add_letter("welcome", &to, "Welcome", "You are in.\n", press.clock.now()).await.unwrap();
    }
}

fn rate(limit: &str, sink: &Sink) -> String {
    format!("{}\ndelivery: {limit}", sink.settings())
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_turn() {
    let sink = Sink::open().await;
    let (_room, _, done) =
        dispatch_beside(&rate("{rate: 1/h}", &sink), &readers_at("example.org", 2), async |_, stop| {
            until_there_are(&sink, 1).await;
            stop.cancel();
        })
        .await;
    assert_eq!(done.ending, Ending::Stopped);
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Queued)), (1, 1));
}

#[tokio::test]
async fn a_letter_does_not_wait_for_an_edition_that_goes_out_slowly() {
    // The only connection waits for its domain, too: it is had for the letter all the same.
    for connections in [1, 3] {
        let sink = Sink::open().await;
        let settings = rate("{rate_per_domain: {example.org: 1/h}}", &sink)
            .replace("connections: 3", &format!("connections: {connections}"));
        let (_room, press, done) =
            dispatch_beside(&settings, &readers_at("example.org", 2), async |press, stop| {
                until_there_are(&sink, 1).await;
                write_to(&press, &["new@example.net".to_owned()]).await;
                let began = Instant::now();
                until_there_are(&sink, 2).await;
                assert!(began.elapsed() < Duration::from_secs(15), "the letter waits for the edition");
                stop.cancel();
            })
            .await;
        let counts = done.counts;
        assert_eq!((counts.of(State::Sent), counts.of(State::Queued)), (1, 1), "the edition keeps its limit");
        assert_eq!(sink.copies("new@example.net").len(), 1);
        assert_eq!(press.store.due_letters(press.clock.now(), None, 9).await.unwrap(), []);
        assert!(sink.refused().1 <= connections, "{} connections stood at once", sink.refused().1);
    }
}

#[tokio::test]
async fn letters_count_towards_the_rate_and_go_before_the_edition() {
    let sink = Sink::open().await;
    let letters = readers_at("example.net", 5);
    let began = Instant::now();
    let readers = readers_at("example.org", 45);
    let (_room, _, done) = dispatch_beside(&rate("{rate: 10/s}", &sink), &readers, async |press, _| {
        write_to(&press, &letters).await;
    })
    .await;
    assert_eq!((done.counts.of(State::Sent), sink.total()), (45, 50));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(4_800), "50 mails at ten a second take five: {took:?}");
    let order = sink.order();
    // How many of the edition go in between is a matter of the machine's speed; `pace` holds the order slot by slot.
    let last = order.iter().rposition(|to| to.ends_with("example.net")).unwrap();
    assert!(last < 40, "letters go first: {order:?}");
}

#[tokio::test]
async fn letters_keep_the_rate_of_their_domain_and_let_others_pass() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&rate("{rate_per_domain: {slow.example: 2/s}}", &sink));
    let press = room.press().await;
    let mut letters = readers_at("slow.example", 4);
    letters.push("new@example.net".to_owned());
    write_to(&press, &letters).await;
    let route = Route::prepare(&press.config.transport).unwrap();
    let began = Instant::now();
    let ending = press.send_letters(&route, &CancellationToken::new()).await.unwrap();
    assert_eq!((ending, sink.total()), (Ending::Complete, 5));
    assert!(began.elapsed() >= Duration::from_millis(1_450), "{:?}", began.elapsed());
    assert_eq!(sink.order()[..2], ["reader0@slow.example", "new@example.net"]);
    assert_eq!(sink.refused(), (0, 1), "all over one connection");
}

#[tokio::test]
async fn a_letter_whose_turn_is_far_away_keeps_nobody_waiting() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&rate("{rate: 1/h}", &sink));
    let press = room.press().await;
    write_to(&press, &readers_at("example.net", 3)).await;
    let route = Route::prepare(&press.config.transport).unwrap();
    let stop = CancellationToken::new();
    for _ in 0..3 {
        let sent = tokio::time::timeout(Duration::from_secs(10), press.send_letters(&route, &stop)).await;
        assert_eq!(sent.unwrap().unwrap(), Ending::Complete);
        assert_eq!(sink.total(), 1, "asking again does not help");
    }
    assert_eq!(press.store.due_letters(press.clock.now(), None, 9).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_never_sees_more_connections_than_are_configured() {
    for connections in [1, 2] {
        // It bears no more, and says so to each one beyond.
        let sink = Sink::that_bears(Bears { connections: Some(connections), ..Bears::default() }).await;
        let settings = sink.settings().replace("connections: 3", &format!("connections: {connections}"));
        let readers: Vec<String> = (0..20 * connections).map(|n| format!("slow{n}@example.org")).collect();
        let (_room, press, done) = dispatch_beside(&settings, &readers, async |press, _| {
            // Four times while all places are taken.
            for n in 0..4 {
                until_there_are(&sink, 3 * connections + 4 * connections * n).await;
                write_to(&press, &readers_at(&format!("example{n}.net"), 3)).await;
            }
        })
        .await;
        assert_eq!(done.ending, Ending::Complete);
        assert_eq!(done.counts.of(State::Sent), readers.len() as u64);
        assert_eq!(press.store.uncertain_attempts(press_edition(&press).await).await.unwrap(), 0);
        assert_eq!(sink.refused(), (0, connections), "{connections} configured");
        let order = sink.order();
        let first = order.iter().position(|to| to.ends_with("example0.net")).unwrap();
        assert!(first < order.len() - 8, "they go while the edition does: {order:?}");
        // What came last is sent by the next round.
        let route = Route::prepare(&press.config.transport).unwrap();
        press.send_letters(&route, &CancellationToken::new()).await.unwrap();
        assert_eq!(sink.total(), readers.len() + 12);
    }
}

/// The number of the only edition.
async fn press_edition(press: &Press) -> EditionId {
    press.store.edition(&key("2026-09-24")).await.unwrap().unwrap().summary.id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_no_connection_survives_is_put_off() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    let press = room.press().await;
    let route = Route::prepare(&press.config.transport).unwrap();
    write_to(&press, &["kill@example.org".to_owned(), "ann@example.org".to_owned()]).await;
    let due = async || press.store.due_letters(press.clock.now(), None, 9).await.unwrap().len();
    for _ in 0..4 {
        press.send_letters(&route, &CancellationToken::new()).await.unwrap();
        assert_eq!((due().await, sink.total()), (1, 1), "the other one has gone");
    }
    press.send_letters(&route, &CancellationToken::new()).await.unwrap();
    assert_eq!(due().await, 0);
    room.at("2026-09-24T07:06:00Z");
    assert_eq!(due().await, 1, "five minutes later it is tried again");
}

#[tokio::test]
async fn who_signs_up_while_an_edition_goes_out_is_written_to_at_once() {
    let sink = Sink::open().await;
    let settings = rate("{rate_per_domain: {example.org: 1/h}}", &sink);
    dispatch_beside(&settings, &readers_at("example.org", 2), async |press, stop| {
        until_there_are(&sink, 1).await;
        let now = press.clock.now();
        let email = "new@example.net".parse().unwrap();
        let ask = Ask {
            asks: Asks::Subscribe,
            email: &email,
            name: None,
            timezone: None,
            words: "The box",
            origin: "site",
            from: None,
            expires_at: now + chrono::TimeDelta::days(3),
        };
        press.store.ask(&ask, &[], now).await.unwrap();
        until_there_are(&sink, 2).await;
        stop.cancel();
    })
    .await;
    assert!(sink.messages("new@example.net")[0].contains("/confirm/"));
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
    let reasons = press.store.reasons(edition.summary.id, 5).await.unwrap().largest;
    assert!(reasons[0].1.starts_with("5 attempts in a row came to nothing"), "{reasons:?}");
    assert_eq!(press.store.uncertain_attempts(edition.summary.id).await.unwrap(), 0);
}

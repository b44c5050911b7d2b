//! Stories of a server that bears less than it is given (rows 40 to 42 of the table of faults), over a whole edition.

use std::time::{Duration, Instant};

use straight::delivery::State;
use straight::press::{Ending, Press, Published};
use straight::store::{EditionId, Trouble};

use super::sink::Bears;
use super::{Newsroom, Sink, key};

const READERS: usize = 300;

/// An edition that was sent to a server that bears only so much.
struct SentTo {
    sink: Sink,
    press: Press,
    id: EditionId,
    took: Duration,
    /// Its database is there as long as this is.
    _room: Newsroom,
}

async fn send_to(bears: Bears, connections: usize) -> SentTo {
    let sink = Sink::that_bears(bears).await;
    let room = Newsroom::new()
        .settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: {connections}}}", sink.port));
    let readers: Vec<String> = (0..READERS).map(|n| format!("reader{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let mut press = room.press().await;
    press.patience = Duration::from_secs(30);
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let began = Instant::now();
    let done = room.deliver(&press, &edition).await;
    let took = began.elapsed();
    assert_eq!(
        (&done.ending, done.counts.of(State::Sent)),
        (&Ending::Complete, READERS as u64),
        "{:?}",
        done.counts
    );
    for reader in &readers {
        assert_eq!(sink.copies(reader).len(), 1, "{reader}");
    }
    let id = edition.summary.id;
    assert_eq!(press.store.uncertain_attempts(id).await.unwrap(), 0);
    assert_eq!(press.store.reasons(id, 5).await.unwrap().largest, []);
    SentTo { sink, press, id, took, _room: room }
}

async fn told(press: &Press) -> Vec<(Trouble, String)> {
    let noted = press.store.troubles(press.clock.now()).await.unwrap();
    noted.into_iter().map(|noted| (noted.trouble, noted.told)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_40_a_connection_that_ends_after_so_many_messages_is_replaced_and_the_rule_is_learnt() {
    let SentTo { sink, press, took, _room, .. } =
        send_to(Bears { messages: Some(20), ..Bears::default() }, 4).await;
    let (refused, _) = sink.refused();
    println!("row 40: {READERS} mails in {took:?}, {refused} refused tries");
    // Each connection may find it out by itself twice; then we end them.
    assert!((2..=8).contains(&refused), "{refused} refused tries");
    assert!(took < Duration::from_secs(10), "nobody rests for that: {took:?}");
    assert_eq!(
        told(&press).await,
        [(Trouble::Slowed, "the server takes 20 messages over one connection".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_41_a_limit_in_a_time_is_waited_for_and_nobody_loses_an_attempt() {
    for words in [
        "421 4.7.0 too many messages from you\r\n",
        "451 4.7.1 too many messages, try again later\r\n",
        "454 4.7.0 slow down\r\n",
    ] {
        let bears = Bears { rate: Some((120, Duration::from_secs(3), words)), ..Bears::default() };
        let SentTo { sink, press, id, took, _room } = send_to(bears, 4).await;
        let (refused, _) = sink.refused();
        println!("row 41: {READERS} mails in {took:?}, {refused} refused tries of {words:?}");
        // 300 mails take three windows; in each of the two waits every connection may run into it once, and then one
        // alone asks after 1, 2 and 4 s.
        assert!((2..=20).contains(&refused), "{refused} refused tries: {words}");
        assert!((Duration::from_secs(4)..Duration::from_secs(30)).contains(&took), "{took:?}: {words}");
        // Nobody has spent an attempt: whoever was refused is as fresh as before.
        assert_eq!(press.store.troubled(id, straight::subscriber::SubscriberId(0), 9).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_24_a_server_that_closes_at_each_dot_is_left_alone_for_longer_and_longer() {
    let sink = Sink::open().await;
    let room = Newsroom::new()
        .settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: 4}}", sink.port));
    let readers: Vec<String> = (0..60).map(|n| format!("shut{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let mut press = room.press().await;
    press.patience = Duration::from_secs(2);
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let done = room.deliver(&press, &edition).await;
    assert!(
        matches!(&done.ending, Ending::Unreachable(why) if why.contains("421 4.3.2 closing")),
        "{done:?}"
    );
    // One at once, and others after 1, 2 and perhaps 4 s: each is put off, and nobody else has lost an attempt.
    let (deferred, queued) = (done.counts.of(State::Deferred), done.counts.of(State::Queued));
    assert!((2..=4).contains(&deferred) && deferred + queued == 60, "{done:?}");
    assert_eq!(sink.total(), 0);

    sink.mend();
    let done = room.deliver(&press, &edition).await;
    assert_eq!((&done.ending, done.counts.of(State::Sent)), (&Ending::Complete, queued));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_42_a_cap_on_connections_is_found_and_kept() {
    let SentTo { sink, press, took, _room, .. } =
        send_to(Bears { connections: Some(3), ..Bears::default() }, 16).await;
    let (refused, most) = sink.refused();
    println!("row 42: {READERS} mails in {took:?}, {refused} refused connections, {most} at most");
    assert_eq!(most, 3);
    assert!((1..=13).contains(&refused), "{refused} refused connections");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(
        told(&press).await,
        [(Trouble::Slowed, "the server takes 3 connections at a time, of 16 configured".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_limits_at_once_are_borne_with() {
    let bears = Bears {
        octets: None,
        connections: Some(2),
        messages: Some(25),
        rate: Some((150, Duration::from_secs(3), "450 4.7.1 Error: too much mail from 127.0.0.1\r\n")),
    };
    let SentTo { sink, took, .. } = send_to(bears, 8).await;
    let (refused, most) = sink.refused();
    println!(
        "rows 40 to 42: {READERS} mails in {took:?}, {refused} refused tries, {most} connections at most"
    );
    assert_eq!(most, 2);
    assert!(refused <= 30, "{refused} refused tries");
}

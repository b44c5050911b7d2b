//! Stories of servers that cannot take an edition as it is: rows 1, 37 and 39 of the table of faults, and a halt that a
//! person sees.

use std::time::Duration;

use straight::delivery::State;
use straight::press::{AsOf, Ending, PressError, Published, Route, Sender};
use straight::store::Trouble;
use straight::subscriber::SubscriberId;
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use super::sink::Bears;
use super::{Newsroom, Sink, key};

/// A port whose connections are begun and never made: its queue is full, and every further SYN is swallowed.
async fn swallowing_port() -> (tokio::net::TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 64, "the queue is never full");
    }
    (listener, waiting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_1_a_swallowed_connection_pauses_the_run_and_spends_no_attempt() {
    let (listener, waiting) = swallowing_port().await;
    let port = listener.local_addr().unwrap().port();
    let room = Newsroom::new().settings(&format!(
        "smtp: {{url: \"smtp://127.0.0.1:{port}\", connections: 4, deadlines: {{connect: 1s}}}}"
    ));
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.org"])
        .await;
    let mut press = room.press().await;
    press.patience = Duration::from_millis(2_500);
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let id = edition.summary.id;
    let began = std::time::Instant::now();
    let done = room.deliver(&press, &edition).await;
    assert!(
        matches!(&done.ending, Ending::Unreachable(why) if why.contains("did not answer in 1s")),
        "{done:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(done.counts.of(State::Queued), 2);
    let claimed = press.store.claim(id, press.clock.now(), None, 9).await.unwrap();
    assert!(claimed.iter().all(|row| (row.attempt, row.deferrals) == (0, 0)), "{claimed:?}");
    let noted = press.store.troubles(press.clock.now()).await.unwrap();
    assert!(noted.iter().any(|noted| noted.trouble == Trouble::Unreachable), "{noted:?}");
    drop(waiting);
}

#[tokio::test]
async fn row_37_a_server_without_8bitmime_gets_seven_bits_and_the_reader_every_letter() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "Größe, 大きさ und “Umlaute”").readers(&["ann@example.org"]).await;
    assert_eq!(room.send().await.unwrap().sent(), 1);
    let message = sink.messages("ann@example.org").remove(0);
    assert!(message.is_ascii(), "no octet beyond the seventh bit");
    assert!(sink.envelopes().iter().all(|mail| !mail.contains("BODY=")), "{:?}", sink.envelopes());
    let mail = super::newsroom::Mail::parse(message.as_bytes());
    assert_eq!(mail.subject, "Größe, 大きさ und “Umlaute”");
    assert!(mail.text.contains("Größe, 大きさ"), "{}", mail.text);
}

/// Settings that lead to a port where nobody listens.
async fn nowhere() -> String {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    format!("smtp: {{url: \"smtp://127.0.0.1:{port}\", connections: 3}}")
}

#[tokio::test]
async fn row_39_an_edition_too_large_for_the_server_is_refused_before_any_send() {
    let sink = Sink::that_bears(Bears { octets: Some(4_000), ..Bears::default() }).await;
    // It goes out while the server does not answer, so that nobody knows what it takes.
    let room = Newsroom::new().settings(&nowhere().await);
    let readers: Vec<String> = (0..20).map(|n| format!("reader{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    press.store.close().await;
    let room = room.settings(&sink.settings());
    let press = room.press().await;
    let sent = room.deliver(&press, &edition).await;
    assert!(
        matches!(&sent.ending, Ending::Halted(why) if why.contains("the server takes 4000 (SIZE)")),
        "{:?}",
        sent.ending
    );
    assert_eq!((sent.counts.of(State::Queued), sent.counts.total()), (20, 20), "nobody is blamed");
    assert_eq!(sink.envelopes(), Vec::<String>::new(), "not even an envelope");
    let noted = press.store.troubles(press.clock.now()).await.unwrap();
    assert!(matches!(&noted[..], [halt] if halt.trouble == Trouble::Halted), "{noted:?}");

    // The next day it is known, and nothing is frozen.
    room.at("2026-09-25T02:00:00Z").article("ferry", "2026-09-25", "The Ferry Returns");
    let refused = press.publish(key("2026-09-25")).await.unwrap_err();
    assert!(matches!(refused, PressError::TooLarge { limit: 4_000, .. }), "{refused}");
    assert!(refused.to_string().contains("take out pictures or articles"), "{refused}");
    assert!(press.store.edition(&key("2026-09-25")).await.unwrap().is_none(), "it can still go out");

    // The server's limit is raised: the halted edition goes, and the next is published again. It is sent by a container of
    // another name.
    let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
    assert_eq!(database.execute("UPDATE troubles SET node = 'the-container-before'", []).unwrap(), 1);
    drop(database);
    let roomy = Sink::open().await;
    let room = room.settings(&roomy.settings());
    let press = room.press().await;
    let first = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let done = room.deliver(&press, &first).await;
    assert_eq!((done.ending, done.counts.of(State::Sent)), (Ending::Complete, 20));
    assert_eq!(press.store.troubles(press.clock.now()).await.unwrap(), [], "the halt is over");
    assert!(matches!(press.publish(key("2026-09-25")).await.unwrap(), Published::Out { .. }));
    assert_eq!(press.store.troubled(first.summary.id, SubscriberId(0), 9).await.unwrap(), []);
}

/// Every letter on record, as the database has it: recipient, state and reason.
fn letters_of(room: &Newsroom) -> Vec<(String, String, Option<String>)> {
    let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
    let mut all = database.prepare("SELECT recipient, state, reason FROM letters ORDER BY id").unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_letter_too_large_for_the_server_fails_alone() {
    let too_large = "552 5.3.4 larger than we take\r\n";
    for (offers, bears) in [
        ("its SIZE", Bears { octets: Some(4_000), ..Bears::default() }),
        // It is asked once more than it bears.
        ("nothing", Bears { rate: Some((1, Duration::from_secs(3_600), too_large)), ..Bears::default() }),
    ] {
        let sink = Sink::that_bears(bears).await;
        let room = Newsroom::new().settings(&sink.settings());
        room.article("tide", "2026-09-24", "The Tide Turns").readers(&["reader@example.org"]).await;
        let press = room.press().await;
        let (ann, bo) = ("ann@example.org".parse().unwrap(), "bo@example.org".parse().unwrap());
        let now = press.clock.now();
        press.store.add_letter("welcome", &ann, "Welcome", "You are in.\n", now).await.unwrap();
        press
            .store
            .add_letter("copy", &bo, "All of it", &"It was a long day.\n".repeat(400), now)
            .await
            .unwrap();
        let route = Route::prepare(&press.config.transport).unwrap();
        for _ in 0..3 {
            let ending = press.send_letters(&route, &CancellationToken::new()).await.unwrap();
            assert_eq!(ending, Ending::Complete, "a server that offers {offers}");
        }
        assert_eq!(sink.order(), ["ann@example.org"]);
        let letters = letters_of(&room);
        assert_eq!(letters[0], ("ann@example.org".to_owned(), "sent".to_owned(), None));
        let (to, state, why) = &letters[1];
        assert_eq!((to.as_str(), state.as_str()), ("bo@example.org", "failed"), "{why:?}");
        assert!(why.as_ref().unwrap().starts_with("552 5.3.4 "), "{why:?}");
        assert!(sink.envelopes().len() <= 2, "it was tried once: {:?}", sink.envelopes());
        assert_eq!(press.store.troubles(now).await.unwrap(), [], "and nothing is wrong with the server");

        // To an edition the same words are said of all its messages: nothing of it goes out, and nobody is blamed.
        if offers == "its SIZE" {
            let refused = press.publish(key("2026-09-24")).await.unwrap_err();
            assert!(matches!(refused, PressError::TooLarge { limit: 4_000, .. }), "{refused}");
        } else {
            let sent = room.send().await.unwrap();
            assert!(matches!(&sent.dispatched.ending, Ending::Halted(why) if why.contains("552 5.3.4")));
            assert_eq!(sent.counts().of(State::Queued), 1);
        }
    }
}

#[tokio::test]
async fn what_runs_forgets_letters_once_they_were_kept_for_long_enough() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{keep_letters: 10d}}", sink.settings()));
    let press = room.press().await;
    let ann = "ann@example.org".parse().unwrap();
    let mut sender = Sender::prepare(room.press().await).unwrap();
    let stop = CancellationToken::new();
    room.at("2026-09-24T07:00:00Z");
    press.store.add_letter("welcome", &ann, "Welcome", "You are in.\n", press.clock.now()).await.unwrap();
    for (now, kept) in [
        ("2026-09-24T07:00:00Z", 1),
        ("2026-10-04T07:00:00Z", 1),
        // It is looked for once an hour.
        ("2026-10-04T07:59:59Z", 1),
        ("2026-10-04T08:00:00Z", 0),
    ] {
        room.at(now);
        sender.send_due(&stop).await.unwrap();
        assert_eq!(letters_of(&room).len(), kept, "{now}");
    }
    assert_eq!(sink.order(), ["ann@example.org"], "it was sent before it was forgotten");
}

#[tokio::test]
async fn row_39_the_very_first_edition_is_refused_before_it_is_frozen_and_goes_once_the_limit_is_raised() {
    let sink = Sink::that_bears(Bears { octets: Some(4_000), ..Bears::default() }).await;
    let room = Newsroom::new().settings(&sink.settings());
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    let too_large = async || {
        let refused = press.publish(key("2026-09-24")).await.unwrap_err();
        assert!(matches!(refused, PressError::TooLarge { limit: 4_000, .. }), "{refused}");
        assert!(press.store.edition(&key("2026-09-24")).await.unwrap().is_none(), "it can still go out");
    };
    too_large().await;
    assert_eq!(sink.envelopes(), Vec::<String>::new(), "asked, and nothing more");
    let (_, asked) = sink.refused();
    assert_eq!(asked, 1, "one connection at a time");

    // What it said is believed for some minutes, and asked again after them.
    sink.raise_size(1_000_000);
    too_large().await;
    room.at("2026-09-24T07:05:00Z");
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    assert_eq!(room.deliver(&press, &edition).await.counts.of(State::Sent), 1);
    let server = format!("127.0.0.1:{}", sink.port);
    assert_eq!(press.store.server_size().await.unwrap(), Some((server.clone(), Some(1_000_000))));

    // Who knows that it fits does not ask.
    press.store.set_server_size(&server, Some(999_999)).await.unwrap();
    room.at("2026-09-25T07:00:00Z").article("ferry", "2026-09-25", "The Ferry Returns");
    assert!(matches!(press.publish(key("2026-09-25")).await.unwrap(), Published::Out { .. }));
    assert_eq!(press.store.server_size().await.unwrap(), Some((server, Some(999_999))));
}

#[tokio::test]
async fn an_approved_edition_too_large_for_the_server_is_refused_before_it_is_frozen_too() {
    let sink = Sink::that_bears(Bears { octets: Some(4_000), ..Bears::default() }).await;
    let room = Newsroom::new().settings(&format!("{}\nedition: {{require_approval: true}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    press.approve(&key("2026-09-24"), AsOf::Now, "ed").await.unwrap();
    let refused = press.publish(key("2026-09-24")).await.unwrap_err();
    assert!(matches!(refused, PressError::TooLarge { limit: 4_000, .. }), "{refused}");
    assert!(press.store.edition(&key("2026-09-24")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_keeps_no_edition_from_being_frozen() {
    let (listener, waiting) = swallowing_port().await;
    let port = listener.local_addr().unwrap().port();
    let room = Newsroom::new().settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{port}\"}}"));
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    let began = std::time::Instant::now();
    assert!(matches!(press.publish(key("2026-09-24")).await.unwrap(), Published::Out { .. }));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(press.store.server_size().await.unwrap(), None);
    drop(waiting);
}

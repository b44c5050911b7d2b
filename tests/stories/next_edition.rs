//! Stories of an edition of which the last readers are refused: the next one goes out, and shows of whom that speaks.

use std::time::Duration;

use straight::delivery::State;
use straight::press::{Clock, Ending, Press, Published, Route, Sender};
use straight::store::{Counts, EditionId, Ownership, StoredEdition, Trouble};
use straight::subscriber::Status;
use tokio_util::sync::CancellationToken;

use super::program::shown;
use super::refusals::{alarms, anywhere, named, newsroom};
use super::{Newsroom, Sink, key};

/// A process that goes on sending, in a newsroom whose clock is set by hand.
struct Running<'a> {
    room: &'a Newsroom,
    press: Press,
    sender: Sender,
}

impl<'a> Running<'a> {
    async fn over(room: &'a Newsroom) -> Self {
        let press = room.press().await;
        let sender = Sender::prepare(press.clone()).unwrap();
        Running { room, press, sender }
    }

    /// What `straight run` does at this time.
    async fn beat(&mut self, time: &str) {
        self.room.at(time);
        self.sender.send_due(&CancellationToken::new()).await.unwrap();
    }

    async fn standing(&self, edition: EditionId) -> (u64, u64, u64) {
        standing(&self.press.store.counts(edition).await.unwrap())
    }
}

/// How many are queued, sent and failed.
fn standing(counts: &Counts) -> (u64, u64, u64) {
    (counts.of(State::Queued), counts.of(State::Sent), counts.of(State::Failed))
}

async fn the_first(press: &Press) -> StoredEdition {
    press.store.edition(&key("2026-09-24")).await.unwrap().unwrap()
}

/// Publishes an extra edition of the same day, or one of another.
async fn publish(room: &Newsroom, press: &Press, time: &str, name: &str) -> StoredEdition {
    room.article(&format!("news-{name}"), &name[..10], "The Flood").at(time);
    let Published::Out { edition, .. } = press.publish(key(name)).await.unwrap() else { panic!("{name}") };
    *edition
}

/// Fifty who are there, and behind them twelve of that name at their domains.
fn twelve_at_the_end(name: &str) -> Vec<String> {
    // Nobody of their domains is on the wire any more when they come.
    [named("early", 20), anywhere("ann", 10), named("reader", 20), anywhere(name, 12)].concat()
}

#[tokio::test]
async fn the_next_edition_goes_out_and_shows_that_the_last_of_the_one_before_are_refused_for_themselves() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &twelve_at_the_end("policy")).await;
    let mut run = Running::over(&room).await;
    let first = the_first(&run.press).await.summary.id;
    run.beat("2026-09-24T07:01:00Z").await;
    assert!(run.sender.held_up().is_some());
    for minute in ["11", "31"] {
        run.beat(&format!("2026-09-24T07:{minute}:00Z")).await;
        assert_eq!(run.standing(first).await, (12, 50, 0), "nobody was accepted behind them");
    }
    let second = publish(&room, &run.press, "2026-09-24T07:40:00Z", "2026-09-24-flood").await.summary.id;
    run.beat("2026-09-24T07:40:05Z").await;
    assert_eq!(run.standing(second).await, (0, 50, 12), "it does not wait");
    assert_eq!(run.standing(first).await, (0, 50, 12), "and decides what was left");
    assert_eq!(run.sender.held_up(), None);
    run.beat("2026-09-24T07:41:00Z").await;
    assert_eq!(alarms(&room), [("The Rare Earth Daily: sending is halted".to_owned(), "sent".to_owned())]);
    assert_eq!(run.press.store.troubles(run.press.clock.now()).await.unwrap(), []);
    let twice =
        sink.everything().into_iter().filter(|(to, copies)| to != "desk@example.com" && copies.len() == 2);
    assert_eq!(twice.count(), 50);
}

#[tokio::test]
async fn the_next_edition_decides_what_was_left_when_it_is_sent_by_hand_too() {
    let sink = Sink::open().await;
    // One by one: on several connections some of the last go before others.
    let one = sink.settings().replace("connections: 3", "connections: 1");
    let editors = "publication: {editors: [desk@example.com]}";
    let room = newsroom(&sink, "", &twelve_at_the_end("gone")).await.settings(&format!("{editors}\n{one}"));
    let press = room.press().await;
    let first = the_first(&press).await;
    let done = room.deliver(&press, &first).await;
    assert!(matches!(done.ending, Ending::Halted(_)), "{:?}", done.ending);
    assert_eq!(standing(&done.counts), (12, 50, 0));
    let second = publish(&room, &press, "2026-09-24T07:40:00Z", "2026-09-24-flood").await;
    let done = room.deliver(&press, &second).await;
    assert_eq!((&done.ending, standing(&done.counts)), (&Ending::Complete, (0, 50, 12)));
    let counts = press.store.counts(first.summary.id).await.unwrap();
    assert_eq!(standing(&counts), (2, 50, 10), "it halted at ten: two were not asked");
    let readers = press.store.subscriber_counts().await.unwrap();
    assert_eq!(readers, [(Status::Active, 50), (Status::Bounced, 12)]);
}

#[tokio::test]
async fn whom_an_edition_was_given_up_for_at_its_end_are_decided_by_the_next_one_without_a_halt() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &twelve_at_the_end("gone")).await;
    let mut run = Running::over(&room).await;
    let first = the_first(&run.press).await.summary.id;
    // Every ten minutes until it is given up, and some more.
    let (mut tries, mut asked) = (0, 0);
    for minute in (1..=20 * 60 + 151).step_by(10) {
        let (hours, minutes) = (7 + minute / 60, minute % 60);
        let (day, hour) = (24 + hours / 24, hours % 24);
        run.beat(&format!("2026-09-{day}T{hour:02}:{minutes:02}:00Z")).await;
        let now = sink.envelopes().len();
        tries += usize::from(now > asked + 2);
        asked = now;
    }
    assert_eq!(run.standing(first).await, (0, 50, 12));
    assert!((8..=14).contains(&tries), "{tries}: less and less often");
    let subjects = |room: &Newsroom| alarms(room).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    let told = [
        "The Rare Earth Daily: sending is halted",
        "The Rare Earth Daily: 12 readers do not get the edition 2026-09-24",
    ];
    assert_eq!(subjects(&room), told);
    let counted = run.press.store.subscriber_counts().await.unwrap();
    assert_eq!(counted, [(Status::Active, 62)], "they may have been refused for what is ours");
    // The next day they come among the others.
    let second = publish(&room, &run.press, "2026-09-25T10:00:00Z", "2026-09-25").await.summary.id;
    run.beat("2026-09-25T10:00:05Z").await;
    assert_eq!(run.standing(second).await, (0, 50, 12));
    let counted = run.press.store.subscriber_counts().await.unwrap();
    assert_eq!(counted, [(Status::Active, 50), (Status::Bounced, 12)]);
    assert_eq!(subjects(&room)[2..], ["The Rare Earth Daily: 12 addresses were struck off"]);
}

#[tokio::test]
async fn a_server_that_refuses_everything_of_two_editions_loses_nobody_and_is_asked_little() {
    for by_hand in [false, true] {
        let sink = Sink::open().await;
        sink.answer(Some(("", "550 5.7.1 not from you\r\n")));
        let readers = anywhere("ann", 40);
        let room = newsroom(&sink, "", &readers).await;
        let mut run = Running::over(&room).await;
        let first = the_first(&run.press).await;
        let mut asked = 0;
        let second = publish(&room, &run.press, "2026-09-24T07:30:00Z", "2026-09-24-flood").await;
        for minute in ["30", "41", "52"] {
            if by_hand {
                room.at(&format!("2026-09-24T07:{minute}:00Z"));
                for edition in [&first, &second] {
                    let done = room.deliver(&run.press, edition).await;
                    assert!(matches!(done.ending, Ending::Halted(_)), "{:?}", done.ending);
                }
            } else {
                run.beat(&format!("2026-09-24T07:{minute}:00Z")).await;
            }
            let now = sink.envelopes().len();
            // Ten and those on their way at first; then half of those before, those on their way, and the alarm, of each.
            let most = if asked == 0 { 26 } else { 34 };
            assert!((6..=most).contains(&(now - asked)), "{minute}: {}", now - asked);
            asked = now;
            for edition in [&first, &second] {
                assert_eq!(run.standing(edition.summary.id).await, (40, 0, 0));
            }
        }
        sink.answer(None);
        if by_hand {
            for edition in [&first, &second] {
                assert_eq!(room.deliver(&run.press, edition).await.ending, Ending::Complete);
            }
        } else {
            run.beat("2026-09-24T08:03:00Z").await;
        }
        for edition in [&first, &second] {
            assert_eq!(run.standing(edition.summary.id).await, (0, 40, 0), "{by_hand}");
        }
        assert!(readers.iter().all(|reader| sink.copies(reader).len() == 2), "{:?}", sink.everything());
    }
}

#[tokio::test]
async fn a_quota_that_ends_two_editions_fails_nobody() {
    let sink = Sink::open().await;
    let readers = anywhere("policy", 60);
    let room = newsroom(&sink, "", &readers).await;
    let mut run = Running::over(&room).await;
    let first = the_first(&run.press).await.summary.id;
    sink.allow(48);
    run.beat("2026-09-24T07:01:00Z").await;
    assert_eq!(run.standing(first).await, (12, 48, 0));
    // The next hour is enough for half of the next edition.
    let second = publish(&room, &run.press, "2026-09-24T08:00:00Z", "2026-09-24-flood").await.summary.id;
    sink.allow(30);
    run.beat("2026-09-24T08:00:05Z").await;
    // Whoever of the first has not been asked yet goes before the second.
    let ((_, sent, failed), (_, also_sent, also_failed)) =
        (run.standing(first).await, run.standing(second).await);
    assert_eq!((sent + also_sent, failed, also_failed), (48 + 30, 0, 0));
    for time in ["08:11", "08:32"] {
        run.beat(&format!("2026-09-24T{time}:00Z")).await;
    }
    sink.mend();
    for time in ["10:40", "10:51"] {
        run.beat(&format!("2026-09-24T{time}:00Z")).await;
    }
    assert_eq!((run.standing(first).await, run.standing(second).await), ((0, 60, 0), (0, 60, 0)));
    assert!(readers.iter().all(|reader| sink.copies(reader).len() == 2), "{:?}", sink.everything());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_an_edition_does_not_take_the_halt_of_another_for_its_own() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("slow", 12)).await;
    let press = room.press().await;
    let edition = the_first(&press).await;
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let began = Clock::system().now();
    let folder = room.folder.path().to_owned();
    let follower = tokio::task::spawn_blocking(move || {
        super::program::straight(&folder, &["send", "--edition", "2026-09-24"])
    });
    while !press.store.is_asked_to_send_since(began).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Another edition is refused, and a moment later it is this one's turn.
    let why = "550 5.7.1 that one is refused";
    press.store.note_trouble(Trouble::Halted, Some(why), Clock::system().now()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    let (route, stop) = (Route::prepare(&press.config.transport).unwrap(), CancellationToken::new());
    let done = press.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap();
    assert_eq!(done.ending, Ending::Complete);
    let told = shown(&follower.await.unwrap());
    assert!(told.contains("Sent to 12 of 12 readers") && !told.contains("halted"), "{told}");
}

#[tokio::test]
async fn a_quota_that_ends_an_edition_again_once_the_next_was_taken_fails_nobody() {
    for by_hand in [false, true] {
        let sink = Sink::open().await;
        let readers = anywhere("policy", 26);
        let room = newsroom(&sink, "", &readers).await;
        let mut run = Running::over(&room).await;
        let first = the_first(&run.press).await;
        sink.allow(15);
        match by_hand {
            true => drop(room.deliver(&run.press, &first).await),
            false => run.beat("2026-09-24T07:01:00Z").await,
        }
        assert_eq!(run.standing(first.summary.id).await, (11, 15, 0));
        // The next hour is enough for all of the next edition, and for four whom the first was refused.
        let second = publish(&room, &run.press, "2026-09-24T08:00:00Z", "2026-09-24-flood").await;
        sink.allow(30);
        if by_hand {
            assert_eq!(room.deliver(&run.press, &second).await.ending, Ending::Complete);
            let done = room.deliver(&run.press, &first).await;
            assert!(matches!(done.ending, Ending::Halted(_)), "{:?}", done.ending);
        } else {
            run.beat("2026-09-24T08:00:05Z").await;
        }
        assert_eq!(run.standing(second.summary.id).await, (0, 26, 0));
        assert_eq!(run.standing(first.summary.id).await, (7, 19, 0));
        sink.mend();
        match by_hand {
            true => drop(room.deliver(&run.press, &first).await),
            false => run.beat("2026-09-24T09:00:00Z").await,
        }
        assert_eq!(run.standing(first.summary.id).await, (0, 26, 0));
        let counted = run.press.store.subscriber_counts().await.unwrap();
        assert_eq!(counted, [(Status::Active, 26)]);
    }
}

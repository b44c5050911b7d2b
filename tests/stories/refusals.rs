//! Stories of a server that refuses us, or says nothing: nobody pays for what is ours, and the editors are told.

use std::time::{Duration, Instant};

use straight::delivery::State;
use straight::press::{Clock, Dispatched, Ending, Press, Published, Route, Sender};
use straight::store::{Counts, LetterId, Origin, Ownership, Trouble};
use straight::subscriber::{Status, SubscriberId};
use tokio_util::sync::CancellationToken;

use super::program::shown;
use super::{Newsroom, Sink, key, reader};
use crate::store::engines::on_postgres;

/// So many addresses that begin with `name`.
pub(super) fn named(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{name}{n:02}@example.org")).collect()
}

/// A newsroom whose mail goes to `sink`, with an article and these readers.
pub(super) async fn newsroom(sink: &Sink, more: &str, readers: &[String]) -> Newsroom {
    newsroom_over(&sink.settings(), more, readers).await
}

/// The same whose mail goes as these settings say.
async fn newsroom_over(smtp: &str, more: &str, readers: &[String]) -> Newsroom {
    let room =
        Newsroom::new().settings(&format!("publication: {{editors: [desk@example.com]}}\n{smtp}\n{more}"));
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&readers).await;
    let press = room.press().await;
    let Published::Out { .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    press.store.close().await;
    room.at("2026-09-24T07:01:00Z");
    room
}

#[track_caller]
fn assert_halted(done: &Dispatched, why: &str) {
    assert!(matches!(&done.ending, Ending::Halted(told) if told.contains(why)), "{:?}", done.ending);
}

/// How many are queued, sent and failed.
fn standing(counts: &Counts) -> (u64, u64, u64) {
    (counts.of(State::Queued), counts.of(State::Sent), counts.of(State::Failed))
}

/// Subjects of the letters to the editors that are on record, with their state.
pub(super) fn alarms(room: &Newsroom) -> Vec<(String, String)> {
    let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
    let mut all = database
        .prepare("SELECT subject, state FROM letters WHERE recipient = 'desk@example.com' ORDER BY id")
        .unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What the letter to the editors with this subject says.
fn letter_of(room: &Newsroom, subject: &str) -> String {
    let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
    let text = "SELECT text FROM letters WHERE recipient = 'desk@example.com' AND subject = ?1";
    database.query_row(text, [subject], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn who_was_refused_with_all_the_others_gets_it_once_the_server_is_mended() {
    let sink = Sink::open().await;
    let readers = named("policy", 40);
    let room = newsroom(&sink, "", &readers).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "messages in a row, the last with: 550 5.7.1");
    assert_eq!(standing(&sent.counts()), (40, 0, 0), "nobody has failed");
    // Each further try asks a few, and costs nobody anything.
    for minute in 2..10 {
        let sent = room.at(&format!("2026-09-24T07:0{minute}:00Z")).send().await.unwrap();
        assert_halted(&sent.dispatched, "messages in a row");
        assert_eq!(standing(&sent.counts()), (40, 0, 0));
    }
    sink.mend();
    let sent = room.send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 40, 0)));
    assert!(readers.iter().all(|reader| sink.copies(reader).len() == 1), "{:?}", sink.everything());
    let troubles = room.press().await.store.troubles("2026-09-24T07:00:00Z".parse().unwrap()).await;
    assert_eq!(troubles.unwrap(), []);
}

#[tokio::test]
async fn a_halt_is_not_over_before_the_server_takes_a_message() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("grey", 3)).await;
    let press = room.press().await;
    press.store.note_trouble(Trouble::Halted, Some("550 5.7.1 quota"), press.clock.now()).await.unwrap();
    let sent = room.send().await.unwrap();
    assert_eq!((sent.dispatched.ending.clone(), sent.counts().of(State::Deferred)), (Ending::Complete, 3));
    let noted = press.store.troubles(press.clock.now()).await.unwrap();
    assert!(matches!(&noted[..], [halt] if halt.trouble == Trouble::Halted), "{noted:?}");
    let sent = room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    assert_eq!(sent.counts().of(State::Sent), 3);
    assert_eq!(press.store.troubles(press.clock.now()).await.unwrap(), []);
}

#[tokio::test]
async fn three_readers_who_are_all_refused_are_not_blamed_either() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("policy", 3)).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "refused 3 messages in a row");
    assert_eq!(standing(&sent.counts()), (3, 0, 0));
}

#[tokio::test]
async fn refusals_that_are_the_readers_own_fail_and_do_not_hold_up_the_others() {
    let sink = Sink::open().await;
    // Twelve in a row at the head of the list: the first try takes them for ours.
    let readers = [named("policy", 12), named("reader", 20)].concat();
    let room = newsroom(&sink, "", &readers).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "in a row");
    // The next goes on with those who have not been tried, and then it shows of whom the refusals spoke.
    let sent = room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 20, 12)));
    let press = room.press().await;
    let id = sent.edition.summary.id;
    let troubled = press.store.troubled(id, SubscriberId(0), 99).await.unwrap();
    assert_eq!(troubled.len(), 12);
    for one in troubled {
        assert_eq!(one.state, State::Failed);
        assert_eq!(one.reason.as_deref(), Some("550 5.7.1 not from you"), "{}", one.email);
    }
    let outcomes = |room: &Newsroom| -> Vec<(String, i64)> {
        let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
        let mut all =
            database.prepare("SELECT outcome, COUNT(*) FROM attempts GROUP BY outcome ORDER BY 1").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let kept = outcomes(&room);
    assert_eq!(kept.iter().find(|(outcome, _)| outcome == "failed").map(|(_, count)| *count), Some(12));
}

#[tokio::test]
async fn a_server_that_knows_nobody_strikes_nobody_off() {
    let sink = Sink::open().await;
    sink.forget(Some(""));
    let readers = [named("ann", 30), (0..30).map(|n| format!("bob{n}@example.net")).collect()].concat();
    let room = newsroom(&sink, "", &readers).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "messages in a row, the last with: 550 5.1.1");
    assert_eq!(standing(&sent.counts()), (60, 0, 0), "nobody has failed");
    for minute in 2..9 {
        let sent = room.at(&format!("2026-09-24T07:0{minute}:00Z")).send().await.unwrap();
        assert_halted(&sent.dispatched, "messages in a row");
        assert_eq!(standing(&sent.counts()), (60, 0, 0));
    }
    let press = room.press().await;
    assert_eq!(press.store.subscriber_counts().await.unwrap(), [(Status::Active, 60)]);
    // The alarm is refused as all the others are, and waits.
    press
        .send_letters(&Route::prepare(&press.config.transport).unwrap(), &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(
        alarms(&room),
        [("The Rare Earth Daily: sending is halted".to_owned(), "deferred".to_owned())]
    );
    sink.forget(None);
    let sent = room.at("2026-09-24T07:20:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 60, 0)));
    press
        .send_letters(&Route::prepare(&press.config.transport).unwrap(), &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(sink.copies("desk@example.com").len(), 1);
}

#[tokio::test]
async fn who_is_unknown_among_others_is_struck_off_whatever_the_length_of_the_list() {
    // So many who are gone, and so many who are there: whether the run halts.
    for (gone, there, halts) in [(1, 0, false), (1, 2, false), (2, 1, false), (3, 0, true), (60, 90, false)] {
        let sink = Sink::open().await;
        let readers = mixed(&named("gone", gone), &named("ann", there));
        let room = newsroom(&sink, "", &readers).await;
        let sent = room.send().await.unwrap();
        let (gone, there) = (gone as u64, there as u64);
        let press = room.press().await;
        let bounced = press.store.subscriber_counts().await.unwrap();
        let bounced =
            bounced.iter().find(|(status, _)| *status == Status::Bounced).map_or(0, |(_, count)| *count);
        if halts {
            assert_halted(&sent.dispatched, "in a row, the last with: 550 5.1.1");
            assert_eq!((standing(&sent.counts()), bounced), ((gone, 0, 0), 0));
        } else {
            assert_eq!(sent.dispatched.ending, Ending::Complete, "{gone} and {there}");
            assert_eq!((standing(&sent.counts()), bounced), ((0, there, gone), gone), "{gone} and {there}");
            // A provider whose directory is out strikes off as many.
            let told: Vec<String> = alarms(&room).into_iter().map(|(subject, _)| subject).collect();
            let many = ["The Rare Earth Daily: 60 addresses were struck off".to_owned()];
            assert_eq!(told, if gone < 60 { &[][..] } else { &many[..] });
        }
    }
}

/// The one and the others in turn, in the order of their share.
fn mixed(few: &[String], many: &[String]) -> Vec<String> {
    let every = (few.len() + many.len()).max(1);
    let place = |n: usize, of: usize| n * every / of.max(1);
    let mut all: Vec<(usize, &String)> =
        few.iter().enumerate().map(|(n, one)| (place(n, few.len()), one)).collect();
    all.extend(many.iter().enumerate().map(|(n, one)| (place(n, many.len()), one)));
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, one)| one.clone()).collect()
}

#[tokio::test]
async fn dead_addresses_at_the_head_of_a_list_hold_up_the_others_a_few_times_and_are_struck_off_then() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &[anywhere("gone", 30), anywhere("reader", 50)].concat()).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "in a row, the last with: 550 5.1.1");
    assert_eq!(standing(&sent.counts()), (80, 0, 0));
    // The next asks as many more as half of those, and halts again; with each the others come nearer by more.
    let mut tries = 0;
    let sent = loop {
        tries += 1;
        let sent = room.at(&format!("2026-09-24T08:{tries}0:00Z")).send().await.unwrap();
        if sent.dispatched.ending == Ending::Complete {
            break sent;
        }
        assert!(tries < 4, "{:?}", sent.dispatched.ending);
    };
    assert_eq!(standing(&sent.counts()), (0, 50, 30), "{tries}");
    assert_eq!(
        room.press().await.store.subscriber_counts().await.unwrap(),
        [(Status::Active, 50), (Status::Bounced, 30)]
    );
}

#[tokio::test]
async fn a_domain_that_knows_nobody_waits_and_holds_up_nobody_else() {
    let sink = Sink::open().await;
    sink.forget(Some("@big.example"));
    let big: Vec<String> = (0..60).map(|n| format!("bob{n}@big.example")).collect();
    let room = newsroom(&sink, "", &mixed(&big, &named("ann", 30))).await;
    let sent = room.send().await.unwrap();
    assert_eq!(sent.dispatched.ending, Ending::Complete);
    assert_eq!(standing(&sent.counts()), (0, 30, 0));
    assert_eq!(sent.counts().of(State::Deferred), 60);
    let press = room.press().await;
    assert_eq!(press.store.subscriber_counts().await.unwrap(), [(Status::Active, 90)]);
    let id = sent.edition.summary.id;
    let troubled = press.store.troubled(id, SubscriberId(0), 99).await.unwrap();
    let asked = |reason: &str| {
        troubled
            .iter()
            .filter(|one| one.reason.as_deref().is_some_and(|said| said.starts_with(reason)))
            .count()
    };
    let (refused, waiting) =
        (asked("550 5.1.1"), asked("the server does not know 20 readers at big.example"));
    // Those that were on their way were asked too: two a connection.
    assert!((20..=26).contains(&refused) && refused + waiting == 60, "{refused} {waiting}");
    let subject = "The Rare Earth Daily: several readers at big.example are not known";
    assert_eq!(alarms(&room).iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>(), [subject]);
    let letter = letter_of(&room, subject).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(letter.contains("`straight subscribers remove --domain big.example`"), "{letter}");
    // Before their time nobody there is asked; then twenty are, who were not before.
    let tried = |sink: &Sink| sink.envelopes().len();
    room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    let before = tried(&sink);
    room.at("2026-09-24T07:20:00Z").send().await.unwrap();
    assert_eq!(tried(&sink), before);
    let again = room.at("2026-09-24T07:32:00Z").send().await.unwrap();
    assert!((20..=26).contains(&(tried(&sink) - before)), "{}", tried(&sink) - before);
    assert_eq!((again.dispatched.ending.clone(), again.counts().of(State::Deferred)), (Ending::Complete, 60));
    assert_eq!(alarms(&room).len(), 1, "it is told once an edition");
    let asked = press.store.troubled(id, SubscriberId(0), 99).await.unwrap();
    let asked =
        asked.iter().filter(|one| one.reason.as_deref().is_some_and(|said| said.starts_with("550"))).count();
    assert!(asked >= 40, "{asked}: not the same ones again");
    sink.forget(None);
    let sent = room.at("2026-09-24T08:05:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 90, 0)));
}

#[tokio::test]
async fn where_one_of_several_servers_is_broken_the_others_take_everybody() {
    let dead: Vec<String> = (0..6).map(|n| format!("gone{n}@d{n}.example")).collect();
    for (words, domains, count) in [
        ("550 5.1.1 nobody of that name\r\n", 5, 120),
        ("550 5.7.1 relay access denied\r\n", 5, 120),
        ("550 5.1.1 nobody of that name\r\n", 999, 120),
        ("550 5.1.1 nobody of that name\r\n", 1, 120),
    ] {
        let sink = Sink::open().await;
        sink.break_each(3, words);
        let readers: Vec<String> =
            (0..count).map(|n| format!("ann{n:03}@d{}.example", n % domains)).collect();
        let room = newsroom(&sink, "", &mixed(&dead, &readers)).await;
        let mut sent = room.send().await.unwrap();
        assert_eq!(sent.dispatched.ending, Ending::Complete, "{words} {domains}");
        // Whom the last connections refused, too, is asked half an hour later; it is mended by then.
        assert!(sent.counts().of(State::Deferred) <= 8, "{words} {domains}: {:?}", sent.counts());
        sink.break_each(usize::MAX, words);
        sent = room.at("2026-09-24T07:40:00Z").send().await.unwrap();
        // Of the dead, those wait on whom only a connection that has accepted nobody says so.
        let waiting = sent.counts().of(State::Deferred);
        assert_eq!(standing(&sent.counts()), (0, count as u64, 6 - waiting), "{words} {domains}");
        assert!(readers.iter().all(|reader| sink.copies(reader).len() == 1), "{:?}", sink.everything());
        let press = room.press().await;
        let counts = press.store.subscriber_counts().await.unwrap();
        let active = counts.iter().find(|(status, _)| *status == Status::Active).unwrap().1;
        assert_eq!(active, count as u64 + waiting, "{words}");
        assert!(alarms(&room).iter().any(|(subject, _)| subject == SOME_ONLY), "{:?}", alarms(&room));
    }
}

/// What the editors are told of a broken server.
const SOME_ONLY: &str = "The Rare Earth Daily: mail is taken over some connections only";

#[tokio::test]
async fn where_each_connection_carries_one_message_or_two_a_broken_server_strikes_nobody_off() {
    const NOBODY: &str = "550 5.1.1 nobody of that name\r\n";
    let dead: Vec<String> = (0..6).map(|n| format!("gone{n}@d{}.example", n % 5)).collect();
    for (most, nth) in [(1, 3), (2, 3), (1, 7)] {
        let sink = Sink::open().await;
        sink.break_each(nth, NOBODY);
        let readers: Vec<String> = (0..300).map(|n| format!("ann{n:03}@d{}.example", n % 5)).collect();
        let smtp = sink
            .settings()
            .replace("connections: 3", &format!("connections: 3, messages_per_connection: {most}"));
        let room = newsroom_over(&smtp, "", &mixed(&dead, &readers)).await;
        let sent = room.send().await.unwrap();
        assert_eq!(sent.dispatched.ending, Ending::Complete, "{most} {nth}");
        let press = room.press().await;
        let active = async || {
            let counts = press.store.subscriber_counts().await.unwrap();
            counts.iter().find(|(status, _)| *status == Status::Active).unwrap().1
        };
        assert!(active().await >= 300, "{most} {nth}: nobody living is struck off");
        // Most of whom it refused were asked over another connection at once.
        assert!(sent.sent() >= 240, "{most} {nth}: {:?}", sent.counts());
        assert!(alarms(&room).iter().any(|(subject, _)| subject == SOME_ONLY), "{:?}", alarms(&room));
        let told = letter_of(&room, SOME_ONLY).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains(" readers were refused over connections that refuse what others take"),
            "{told}"
        );
        sink.break_each(usize::MAX, NOBODY);
        let sent = room.at("2026-09-24T07:40:00Z").send().await.unwrap();
        assert_eq!(sent.sent(), 300, "{most} {nth}: {:?}", sent.counts());
        assert!(readers.iter().all(|reader| sink.copies(reader).len() == 1), "{:?}", sink.everything());
        let waiting = sent.counts().of(State::Deferred);
        assert_eq!(active().await, 300 + waiting, "{most} {nth}: the dead are, or wait");
    }
}

#[tokio::test]
async fn a_server_that_breaks_in_the_middle_strikes_nobody_off_and_no_domain_waits() {
    const NOBODY: &str = "550 5.1.1 nobody of that name\r\n";
    for domains in [1, 5, 999] {
        let sink = Sink::open().await;
        sink.spoil_each(3, 10, NOBODY);
        let readers: Vec<String> = (0..300).map(|n| format!("ann{n:03}@d{}.example", n % domains)).collect();
        let room = newsroom(&sink, "", &readers).await;
        let sent = room.send().await.unwrap();
        assert_eq!(sent.dispatched.ending, Ending::Complete, "{domains}");
        sink.spoil_each(usize::MAX, 0, NOBODY);
        let sent = room.at("2026-09-24T07:40:00Z").send().await.unwrap();
        assert_eq!(standing(&sent.counts()), (0, 300, 0), "{domains}");
        assert!(readers.iter().all(|reader| sink.copies(reader).len() == 1), "{:?}", sink.everything());
        let subjects: Vec<String> = alarms(&room).into_iter().map(|(subject, _)| subject).collect();
        assert_eq!(subjects, [SOME_ONLY], "{domains}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_anew_comes_among_the_others() {
    let sink = Sink::open().await;
    sink.break_each(7, "550 5.1.1 nobody of that name\r\n");
    let smtp = sink.settings().replace("connections: 3", "connections: 3, messages_per_connection: 1");
    let room = Newsroom::new().settings(&format!("{smtp}\nweb: {{listen: off}}"));
    let readers: Vec<String> = (0..240).map(|n| format!("ann{n:03}@d{}.example", n % 5)).collect();
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    // The clock goes on, as it does.
    let (_, told) = super::control::straight(&room, &["send"]).await;
    let order: Vec<usize> =
        sink.order().iter().filter_map(|to| to.get(3..6).and_then(|n| n.parse().ok())).collect();
    assert!(order.len() > 215, "a seventh are refused, and most of these taken then: {told}");
    let late = order.iter().rev().take(20).filter(|n| **n < 200).count();
    assert!(late < 10, "they do not come behind the others: {order:?}");
    let (_, told) = super::control::straight(&room, &["status"]).await;
    let words = " some connections refuse what others take, the last with: 550 5.1.1 nobody of that name";
    assert!(told.contains(words) && told.contains("Nobody is struck off for what it says."), "{told}");
}

#[tokio::test]
async fn what_was_found_of_a_broken_server_is_known_to_the_next_try() {
    const NOBODY: &str = "550 5.1.1 nobody of that name\r\n";
    let sink = Sink::open().await;
    sink.break_each(3, NOBODY);
    let late: Vec<String> = (0..3).map(|n| format!("grey{n}@late{n}.example")).collect();
    let readers: Vec<String> = (0..120).map(|n| format!("ann{n:03}@d{n}.example")).collect();
    let room = newsroom(&sink, "", &[late.clone(), readers].concat()).await;
    let sent = room.send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, sent.counts().of(State::Failed)), (&Ending::Complete, 0));
    assert!(alarms(&room).iter().any(|(subject, _)| subject == SOME_ONLY), "{:?}", alarms(&room));
    // Three were put off for another reason, and are asked over a broken one alone.
    sink.break_each(1, NOBODY);
    let sent = room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, sent.counts().of(State::Failed)), (&Ending::Complete, 0));
    let press = room.press().await;
    assert_eq!(press.store.subscriber_counts().await.unwrap(), [(Status::Active, 123)]);
    sink.break_each(usize::MAX, NOBODY);
    let sent = room.at("2026-09-24T07:50:00Z").send().await.unwrap();
    assert_eq!(standing(&sent.counts()), (0, 123, 0));
    assert!(late.iter().all(|reader| sink.copies(reader).len() == 1));
    assert_eq!(press.store.troubles(press.clock.now()).await.unwrap(), [], "that is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_strike_nobody_off_either() {
    for (unknown, waiting, alarm) in [
        ("", "queued", "sending is halted"),
        ("@big.example", "deferred", "several readers at big.example are not known"),
    ] {
        on_postgres(async |engine| {
            let sink = Sink::open().await;
            sink.forget(Some(unknown));
            let editors = "publication: {editors: [desk@example.com]}\nweb: {listen: off}";
            let room = Newsroom::new().settings(&format!("{editors}\n{}", sink.settings()));
            room.article("tide", "2025-01-02", "The Tide Turns");
            let store = engine.open().await;
            // More than one claim, so that each node has its part.
            let big: Vec<String> = (0..400).map(|n| format!("bob{n}@big.example")).collect();
            let readers: Vec<_> = mixed(&big, &named("slow", 400)).iter().map(|one| reader(one)).collect();
            store.import(&readers, Origin::File, straight::press::Clock::system().now()).await.unwrap();
            let url = engine.url();
            let node = |data: &'static str| {
                let (folder, url) = (room.folder.path().to_owned(), url.clone());
                tokio::task::spawn_blocking(move || {
                    let data = ["--data", data, "--database-url", &url, "send"];
                    super::program::straight(&folder, &data)
                })
            };
            let (one, other) = tokio::join!(node("data-1"), node("data-2"));
            let told = format!("{}\n{}", shown(&one.unwrap()), shown(&other.unwrap()));
            let id = store.editions(None, 1).await.unwrap()[0].id;
            let counts = store.counts(id).await.unwrap();
            let wait = counts.of(State::parse(waiting).unwrap());
            assert_eq!((wait + counts.of(State::Sent), counts.of(State::Failed)), (800, 0), "{told}");
            assert!(wait >= 400, "{counts:?}: {told}");
            assert_eq!(store.subscriber_counts().await.unwrap(), [(Status::Active, 800)]);
            // One node may have sent what the other wrote.
            let mut letters = store.kept_letters(None, LetterId(0), 9).await.unwrap();
            letters.extend(store.kept_letters(Some(State::Sent), LetterId(0), 9).await.unwrap());
            let subjects: Vec<_> = letters.iter().map(|letter| letter.subject.as_str()).collect();
            assert_eq!(subjects, [format!("The Rare Earth Daily: {alarm}")], "{told}");
            store.close().await;
        })
        .await;
    }
}

/// The one and the others in turn, `count` of them at domains of their own.
pub(super) fn anywhere(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{name}{n:02}@d{}.example", n % 10)).collect()
}

#[tokio::test]
async fn a_quota_that_is_used_up_again_and_again_fails_nobody() {
    let sink = Sink::open().await;
    let readers = anywhere("policy", 60);
    let room = newsroom(&sink, "", &readers).await;
    let (mut sent, mut hour) = (0, 8);
    while sent < 60 {
        // Fourteen an hour, of which the first try of the hour has all and the next nothing.
        sink.allow(14);
        for minute in ["00", "10", "20"] {
            let tried = room.at(&format!("2026-09-24T{hour:02}:{minute}:00Z")).send().await.unwrap();
            sent = 60.min(14 * (hour - 7));
            assert_eq!(standing(&tried.counts()), (60 - sent, sent, 0), "{hour}:{minute}");
            if sent < 60 {
                assert_halted(&tried.dispatched, "in a row, the last with: 550 5.7.1 not from you");
            }
        }
        hour += 1;
    }
    assert_eq!(hour, 13);
    assert!(readers.iter().all(|reader| sink.copies(reader).len() == 1), "{:?}", sink.everything());
}

/// So many at one domain.
fn at_big(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("bob{n:02}@big.example")).collect()
}

#[tokio::test]
async fn a_domain_that_refuses_our_mail_waits_and_holds_up_nobody_else_wherever_it_stands() {
    const NO: &str = "550 5.7.1 not from you\r\n";
    let others = anywhere("ann", 20);
    // Before the others, among them, behind them; while a halt is on record, and not; many, and some.
    let lists = [40, 12].into_iter().flat_map(|size| {
        let (big, others) = (at_big(size), others.clone());
        let all = [[big.clone(), others.clone()].concat(), mixed(&big, &others), [others, big].concat()];
        all.into_iter().flat_map(move |list| [(list.clone(), size, false), (list, size, true)])
    });
    for (readers, size, is_probe) in lists {
        let sink = Sink::open().await;
        sink.answer(Some(("@big.example", NO)));
        let room = newsroom(&sink, "", &readers).await;
        if is_probe {
            let press = room.press().await;
            let now = press.clock.now();
            press.store.note_trouble(Trouble::Halted, Some("550 5.7.1 we are refused"), now).await.unwrap();
            press.store.close().await;
        }
        let sent = room.send().await.unwrap();
        assert_eq!(sent.dispatched.ending, Ending::Complete, "{size} {} {is_probe}", readers[0]);
        assert_eq!(standing(&sent.counts()), (0, 20, 0));
        assert_eq!(sent.counts().of(State::Deferred), size as u64);
        let subject = "The Rare Earth Daily: big.example refuses our mail";
        assert_eq!(alarms(&room).iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>(), [subject]);
        sink.answer(None);
        let sent = room.at("2026-09-24T07:40:00Z").send().await.unwrap();
        assert_eq!(
            (&sent.dispatched.ending, standing(&sent.counts())),
            (&Ending::Complete, (0, 20 + size as u64, 0))
        );
    }
}

#[tokio::test]
async fn when_other_domains_refuse_too_it_is_us() {
    let sink = Sink::open().await;
    sink.answer(Some(("example", "550 5.7.1 not from you\r\n")));
    let room = newsroom(&sink, "", &[at_big(40), anywhere("ann", 20)].concat()).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "in a row, the last with: 550 5.7.1");
    assert_eq!(standing(&sent.counts()), (60, 0, 0));
    let asked = sink.envelopes().len();
    let sent = room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    assert_halted(&sent.dispatched, "messages in a row");
    // The alarm, one each at half as many domains as were refused, and who else was on record by then.
    assert!(sink.envelopes().len() - asked <= 18, "{}", sink.envelopes().len() - asked);
    sink.answer(None);
    let sent = room.at("2026-09-24T07:20:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 60, 0)));
}

#[tokio::test]
async fn a_domain_for_which_less_is_wanted_is_put_off_and_the_others_go_on() {
    const RATE: &str = "450 4.7.28 Rate limit exceeded for this domain, try again later\r\n";
    let others = anywhere("ann", 20);
    for readers in [
        [at_big(30), others.clone()].concat(),
        mixed(&at_big(30), &others),
        [others.clone(), at_big(30)].concat(),
    ] {
        let sink = Sink::open().await;
        sink.answer(Some(("@big.example", RATE)));
        let room = newsroom(&sink, "", &readers).await;
        let began = Instant::now();
        let sent = room.send().await.unwrap();
        assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 20, 0)));
        assert_eq!(sent.counts().of(State::Deferred), 30);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        let press = room.press().await;
        let put_off = press.store.troubled(sent.edition.summary.id, SubscriberId(0), 99).await.unwrap();
        assert!(put_off.iter().all(|one| one.reason.as_deref() == Some(RATE.trim_end())), "{put_off:?}");
        // Those on their way were asked too, and nobody has lost an attempt.
        let due =
            press.store.claim(sent.edition.summary.id, "2026-09-24T07:10:00Z".parse().unwrap(), None, 99);
        let due = due.await.unwrap();
        assert!(due.iter().all(|row| row.deferrals == 0), "{due:?}");
        assert!(due.iter().filter(|row| row.attempt > 0).count() <= 8, "{due:?}");
        press.store.close().await;
        sink.answer(None);
        let sent = room.at("2026-09-24T07:10:00Z").send().await.unwrap();
        assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 50, 0)));
    }
}

#[tokio::test]
async fn where_all_are_at_that_domain_the_server_is_given_a_rest_and_nobody_is_put_off() {
    let sink = Sink::open().await;
    sink.answer(Some(("@big.example", "450 4.7.1 too many recipients from 192.0.2.1\r\n")));
    let room = newsroom(&sink, "", &at_big(20)).await;
    let mut press = room.press().await;
    press.patience = Duration::from_secs(30);
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let mended = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        sink.answer(None);
    };
    let (done, ()) = tokio::join!(room.deliver(&press, &edition), mended);
    assert_eq!((&done.ending, standing(&done.counts)), (&Ending::Complete, (0, 20, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_two_nodes_hear_between_them_are_in_a_row() {
    on_postgres(async |engine| {
        let sink = Sink::open().await;
        // Each node claims half of the list.
        let room =
            newsroom(&sink, &format!("database_url: \"{}\"", engine.url()), &named("policy", 512)).await;
        sink.allow(498);
        let (mut one, mut other) = (room.press().await, room.press().await);
        // What was refused in a row is told by its time.
        let (start, began) = (one.clock.now(), Instant::now());
        for node in [&mut one, &mut other] {
            node.clock = Clock::from_fn(move || start + began.elapsed());
        }
        let edition = one.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        let (done, its) = tokio::join!(room.deliver(&one, &edition), room.deliver(&other, &edition));
        let counts = one.store.counts(edition.summary.id).await.unwrap();
        assert_eq!(standing(&counts), (14, 498, 0), "{done:?} {its:?}");
        let halted = |done: &Dispatched| matches!(done.ending, Ending::Halted(_));
        assert!(halted(&done) || halted(&its), "{done:?} {its:?}");
        one.store.close().await;
        other.store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_through_fails_nobody_while_another_has_not_said_what_it_heard() {
    on_postgres(async |engine| {
        let sink = Sink::open().await;
        let readers = [anywhere("ann", 20), anywhere("policy", 6)].concat();
        let room = newsroom(&sink, &format!("database_url: \"{}\"", engine.url()), &readers).await;
        let (one, slow) = (room.press().await, room.press().await);
        let edition = one.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        let id = edition.summary.id;
        // The other has claimed some of the list, and is held up.
        let Ownership::Ours(lock) = slow.store.acquire_sender().await.unwrap() else { panic!() };
        assert_eq!(slow.store.claim(id, slow.clock.now(), None, 5).await.unwrap().len(), 5);
        let done = room.deliver(&one, &edition).await;
        assert_eq!((&done.ending, standing(&done.counts)), (&Ending::Complete, (5, 15, 0)));
        assert_eq!(done.counts.of(State::Deferred), 6, "what it hears may make ten of them");
        let route = Route::prepare(&slow.config.transport).unwrap();
        let stop = CancellationToken::new();
        let done = slow.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap();
        drop(lock);
        assert_eq!((standing(&done.counts), done.counts.of(State::Deferred)), ((0, 20, 0), 6));
        let done = room.at("2026-09-24T07:32:00Z").deliver(&one, &edition).await;
        assert_eq!((&done.ending, standing(&done.counts)), (&Ending::Complete, (0, 20, 6)));
        one.store.close().await;
        slow.store.close().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_refused_one_at_a_time_is_asked_again_and_ten_are_in_a_row_too() {
    // So many are put off one after the other, and each is refused by itself when it is asked again.
    for (readers, there, halts) in [
        (named("greypolicy", 14), 0, 5),
        ([anywhere("reader", 10), anywhere("greypolicy", 14)].concat(), 10, 5),
        ([anywhere("reader", 10), anywhere("greypolicy", 9)].concat(), 10, 0),
    ] {
        let sink = Sink::open().await;
        let room = newsroom(&sink, "", &readers).await;
        let press = room.press().await;
        let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        room.deliver(&press, &edition).await;
        let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
        let spread = "UPDATE deliveries SET due_at = due_at + 60000 * subscriber_id WHERE state = 'deferred'";
        database.execute(spread, []).unwrap();
        let first = "SELECT MIN(due_at) FROM deliveries WHERE state = 'deferred'";
        let first: i64 = database.query_row(first, [], |row| row.get(0)).unwrap();
        let at = |minutes: i64| chrono::DateTime::from_timestamp_millis(first + 60_000 * minutes).unwrap();
        let grey = readers.len() - there;
        let mut halted = 0;
        for n in 0..grey {
            let done = room.at(&at(n as i64).to_rfc3339()).deliver(&press, &edition).await;
            if let Ending::Halted(why) = &done.ending {
                // Found at the end, of all tries; a later one that has three to ask goes no further.
                let in_a_row = [10, 11, 3, 3, 3][halted];
                let told = format!("the server refused {in_a_row} messages in a row, the last with: 550");
                assert!(why.starts_with(&told), "{why}");
                halted += 1;
            }
            assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Failed)), (there as u64, 0));
        }
        assert_eq!(halted, halts);
        // A domain of which all are refused is no other matter.
        let told = vec!["The Rare Earth Daily: sending is halted".to_owned(); usize::from(halts > 0)];
        assert_eq!(alarms(&room).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>(), told);
        sink.mend();
        let done = room.at(&at(grey as i64 + 31).to_rfc3339()).deliver(&press, &edition).await;
        assert_eq!((&done.ending, standing(&done.counts)), (&Ending::Complete, (0, readers.len() as u64, 0)));
    }
}

#[tokio::test]
async fn where_everybody_is_at_one_domain_it_is_us_whenever_some_were_taken() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &[named("reader", 10), named("greypolicy", 30)].concat()).await;
    let press = room.press().await;
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let done = room.deliver(&press, &edition).await;
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Deferred)), (10, 30));
    let done = room.at("2026-09-24T07:10:00Z").deliver(&press, &edition).await;
    assert_halted(&done, "in a row, the last with: 550 5.7.1");
    let alarms = alarms(&room).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    assert_eq!(alarms, ["The Rare Earth Daily: sending is halted"], "there are no others who are taken");
}

#[tokio::test]
async fn dead_addresses_at_a_domain_that_was_out_are_struck_off_once_others_there_are_taken() {
    let sink = Sink::open().await;
    sink.forget(Some("@big.example"));
    let big =
        |name: &str, count: usize| (0..count).map(|n| format!("{name}{n}@big.example")).collect::<Vec<_>>();
    let room = newsroom(&sink, "", &[named("ann", 30), big("gone", 25), big("bob", 60)].concat()).await;
    let sent = room.send().await.unwrap();
    assert_eq!((standing(&sent.counts()), sent.counts().of(State::Deferred)), ((0, 30, 0), 85));
    sink.forget(None);
    let sent = room.at("2026-09-24T07:35:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 90, 25)));
    assert_eq!(
        room.press().await.store.subscriber_counts().await.unwrap(),
        [(Status::Active, 90), (Status::Bounced, 25)]
    );
}

#[tokio::test]
async fn those_who_are_left_over_after_a_halt_do_not_fail_when_it_is_stopped_and_goes_on() {
    // Behind so many others who had not been asked before: whom these show to be refused for themselves.
    for (others, failed) in [(12, 0..=9), (1, 0..=2)] {
        let sink = Sink::open().await;
        let readers = [named("policy", 12), named("slow", others)].concat();
        let room = newsroom(&sink, "", &readers).await;
        let press = room.press().await;
        let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        let id = edition.summary.id;
        assert_halted(&room.deliver(&press, &edition).await, "in a row");
        room.at("2026-09-24T07:10:00Z");
        // Those who were refused come among the others; we are stopped before it is known of whom all that speaks.
        let stop = CancellationToken::new();
        let route = Route::prepare(&press.config.transport).unwrap();
        let Ownership::Ours(lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
        let stopper = async {
            while press.store.counts(id).await.unwrap().of(State::Sent) < others as u64 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            stop.cancel();
        };
        tokio::join!(async { press.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap() }, stopper);
        drop(lock);
        room.at("2026-09-24T07:20:00Z");
        let done = room.deliver(&press, &edition).await;
        assert_halted(&done, "in a row");
        let (_, sent, its_own) = standing(&done.counts);
        assert_eq!(sent, others as u64);
        assert!(failed.contains(&its_own), "{others} others, {its_own} failed: {:?}", done.ending);
    }
}

#[tokio::test]
async fn a_slow_acceptance_does_not_condemn_whom_the_server_refused_meanwhile() {
    let sink = Sink::open().await;
    let readers = [named("reader", 4), named("slow", 1), named("policy", 25)].concat();
    let room = newsroom(&sink, "", &readers).await;
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "in a row");
    assert_eq!(standing(&sent.counts()), (25, 5, 0), "nobody has failed");
}

#[tokio::test]
async fn a_server_that_takes_one_and_refuses_the_others_again_condemns_nobody() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("policy", 25)).await;
    for minute in [10, 20, 30] {
        let sent = room.at(&format!("2026-09-24T07:{minute}:00Z")).send().await.unwrap();
        assert_eq!(standing(&sent.counts()), (25, 0, 0));
    }
    sink.allow(1);
    let sent = room.at("2026-09-24T07:40:00Z").send().await.unwrap();
    assert_halted(&sent.dispatched, "in a row");
    assert_eq!(standing(&sent.counts()), (24, 1, 0));
}

#[tokio::test]
async fn the_last_few_of_a_list_are_not_blamed_while_a_halt_is_on_record() {
    for (last, told) in
        [(1, "refused 1 message: 550 5.7.1"), (2, "refused 2 messages in a row, the last with")]
    {
        let sink = Sink::open().await;
        // They are put off while the others get it, and are refused when they are asked again.
        let room = newsroom(&sink, "", &[named("reader", 12), named("greypolicy", last)].concat()).await;
        let press = room.press().await;
        let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        let done = room.deliver(&press, &edition).await;
        let last = last as u64;
        assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Deferred)), (12, last));
        let stop = "550 5.7.1 we are refused";
        press.store.note_trouble(Trouble::Halted, Some(stop), press.clock.now()).await.unwrap();
        let done = room.at("2026-09-24T07:10:00Z").deliver(&press, &edition).await;
        assert_halted(&done, told);
        assert_eq!(standing(&done.counts), (last, 12, 0));
    }
}

#[tokio::test]
async fn readers_for_whom_an_edition_is_given_up_while_it_is_halted_are_told_of() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("policy", 12)).await;
    room.send().await.unwrap();
    let told = |room: &Newsroom| alarms(room).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    assert_eq!(told(&room).len(), 1);
    // Whoever has to mend it knows by when.
    let until = "2026-09-25 03:00 UTC";
    let alarm = letter_of(&room, "The Rare Earth Daily: sending is halted");
    let deadline = format!("until {until}: then the edition 2026-09-24 is given up for them, mended or not.");
    assert!(alarm.split_whitespace().collect::<Vec<_>>().join(" ").contains(&deadline), "{alarm}");
    let (_, status) = super::control::straight(&room, &["status", "--edition", "2026-09-24"]).await;
    assert!(
        status.contains(&format!("given up {until} for whoever waits then; a halt does not stop that clock")),
        "{status}"
    );
    let (_, json) =
        super::control::straight(&room, &["status", "--edition", "2026-09-24", "--format", "json"]).await;
    assert!(json.contains("\"gives_up_at\": \"2026-09-25T03:00:00+00:00\""), "{json}");
    let sent = room.at("2026-09-25T04:00:00Z");
    let press = sent.press().await;
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let done = room.deliver(&press, &edition).await;
    assert_eq!(standing(&done.counts), (0, 0, 12));
    assert_eq!(told(&room)[1], "The Rare Earth Daily: 12 readers do not get the edition 2026-09-24");
    // And nothing is left that could be halted.
    press.forget_moot_troubles().await.unwrap();
    assert_eq!(press.store.troubles(press.clock.now()).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_refused_stays_open_until_it_is_known_of_whom_it_speaks() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &[named("policy", 6), named("slow", 1)].concat()).await;
    let press = room.press().await;
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let id = edition.summary.id;
    // The six have been refused when the process is asked to stop: they are as if they had not been tried.
    let stop = CancellationToken::new();
    let route = Route::prepare(&press.config.transport).unwrap();
    let Ownership::Ours(lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let stopper = async {
        loop {
            let counts = press.store.counts(id).await.unwrap();
            assert_eq!(counts.of(State::Failed), 0, "nobody is blamed yet");
            if counts.of(State::Deferred) == 6 {
                stop.cancel();
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let (done, ()) =
        tokio::join!(async { press.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap() }, stopper);
    drop(lock);
    // The slow one may have been on the wire.
    let (queued, sent, failed) = standing(&done.counts);
    assert_eq!((queued + sent, failed), (7, 0), "{:?}", done.counts);
    assert!(queued >= 6, "{:?}", done.counts);
}

#[tokio::test]
async fn a_server_that_never_says_whether_it_keeps_a_message_does_not_get_the_list_twice() {
    let sink = Sink::open().await;
    let readers = named("void", 40);
    let room = newsroom(&sink, "", &readers).await;
    let began = Instant::now();
    let sent = room.send().await.unwrap();
    assert_halted(&sent.dispatched, "does not say whether it keeps them");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let total = || readers.iter().map(|reader| sink.copies(reader).len()).sum::<usize>();
    let first = total();
    // At most one a connection, and three more; each is on record.
    assert!((4..=6).contains(&first), "{first}");
    let id = sent.edition.summary.id;
    assert_eq!(room.press().await.store.uncertain_attempts(id).await.unwrap(), first as u64);
    assert_eq!(standing(&sent.counts()), (40, 0, 0));

    // The next try asks one.
    let sent = room.at("2026-09-24T07:11:00Z").send().await.unwrap();
    assert_halted(&sent.dispatched, "does not say");
    assert_eq!(total(), first + 1);

    sink.mend();
    let sent = room.at("2026-09-24T07:21:00Z").send().await.unwrap();
    assert_eq!((&sent.dispatched.ending, standing(&sent.counts())), (&Ending::Complete, (0, 40, 0)));
    assert_eq!(total(), 40 + first + 1, "one more for each that was in doubt");
    let now = "2026-09-24T07:21:00Z".parse().unwrap();
    assert_eq!(
        room.press().await.store.troubles(now).await.unwrap(),
        [],
        "what another process noted is over"
    );
    for reader in &readers {
        let copies = sink.copies(reader);
        assert!(copies.windows(2).all(|pair| pair[0] == pair[1]), "{reader}: {copies:?}");
        assert!(copies.len() <= 2, "{reader}: {copies:?}");
    }
}

#[tokio::test]
async fn an_alarm_that_is_not_answered_is_sent_again_and_another_letter_is_not() {
    let sink = Sink::open().await;
    let more = "delivery: {uncertain: hold}";
    let settings = format!("publication: {{editors: [void@example.com]}}\n{}\n{more}", sink.settings());
    let room = newsroom(&sink, "", &named("reader", 1)).await.settings(&settings);
    let press = room.press().await;
    let now = || press.clock.now();
    let letter = async |to: &str, cause: &str| {
        press.store.add_letter(cause, &to.parse().unwrap(), cause, "Please.\n", now()).await.unwrap()
    };
    letter("void@example.com", "halted").await;
    letter("void2@example.com", "confirm").await;
    let route = Route::prepare(&press.config.transport).unwrap();
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let states = async || -> Vec<(String, State)> {
        let kept = press.store.kept_letters(None, LetterId(0), 9).await.unwrap();
        kept.into_iter().map(|letter| (letter.subject, letter.state)).collect()
    };
    // Whenever it is due, for so long, and no longer.
    for (tried, minute) in [0, 6, 17, 38, 79, 140].into_iter().enumerate() {
        room.at(&format!("2026-09-24T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60));
        press.send_letters(&route, &CancellationToken::new()).await.unwrap();
        let alarm = if tried < 5 { State::Deferred } else { State::Uncertain };
        assert_eq!(states().await, [("halted".to_owned(), alarm), ("confirm".to_owned(), State::Uncertain)]);
        assert_eq!(sink.copies("void@example.com").len(), tried + 1);
    }
    room.at("2026-09-25T08:00:00Z");
    press.send_letters(&route, &CancellationToken::new()).await.unwrap();
    assert_eq!(sink.copies("void@example.com").len(), 6);
    assert_eq!(sink.copies("void2@example.com").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_reaches_nobody_does_not_end_well() {
    let sink = Sink::open().await;
    for (readers, said) in [
        (named("policy", 12), "messages in a row, the last with: 550 5.7.1"),
        (named("void", 12), "sending is halted: the server takes our messages"),
        (named("policy", 1), "Sent to 0 of 1 readers"),
    ] {
        let room = newsroom(&sink, "", &readers).await;
        room.article("today", &straight::press::Clock::system().now().format("%F").to_string(), "Today");
        let folder = room.folder.path().to_owned();
        let done =
            tokio::task::spawn_blocking(move || super::program::straight(&folder, &["send"])).await.unwrap();
        assert_eq!(done.status.code(), Some(1), "{}", shown(&done));
        if shown(&done).contains("halted") {
            let folder = room.folder.path().to_owned();
            let once =
                tokio::task::spawn_blocking(move || super::program::straight(&folder, &["run", "--once"]));
            let once = once.await.unwrap();
            assert_eq!(once.status.code(), Some(1), "{}", shown(&once));
            assert!(shown(&once).contains("not everything went out"), "{}", shown(&once));
            assert!(shown(&once).contains("Mend it, and `straight send --edition 20"), "{}", shown(&once));
        }
        assert!(shown(&done).contains(said), "{}", shown(&done));
    }
}

#[tokio::test]
async fn a_halt_is_told_once_and_the_next_one_again() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("policy", 12)).await;
    room.send().await.unwrap();
    room.at("2026-09-24T07:10:00Z").send().await.unwrap();
    let halted = "The Rare Earth Daily: sending is halted";
    let subjects = |room: &Newsroom| alarms(room).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    assert_eq!(subjects(&room), [halted]);
    sink.mend();
    room.at("2026-09-24T07:20:00Z").send().await.unwrap();
    // The next day it is refused again: a certificate that ran out, say.
    let other = Sink::open().await;
    let room = room.settings(&format!("publication: {{editors: [desk@example.com]}}\n{}", other.settings()));
    room.article("ferry", "2026-09-25", "The Ferry").at("2026-09-25T07:00:00Z").send().await.unwrap();
    assert_eq!(subjects(&room), [halted, halted]);
    assert!(
        alarms(&room).iter().all(|(_, state)| state == "sent" || state == "queued"),
        "{:?}",
        alarms(&room)
    );
}

/// Sends what is due as `straight run` does, once.
async fn beat(press: &Press) {
    Sender::prepare(press.clone()).unwrap().send_due(&CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_for_half_an_hour_is_told_when_it_is_back() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let away =
        format!("publication: {{editors: [desk@example.com]}}\nsmtp: {{url: \"smtp://127.0.0.1:{port}\"}}");
    let room = Newsroom::new().settings(&away);
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    press.publish(key("2026-09-24")).await.unwrap();
    for (time, told) in [("07:00", 0), ("07:20", 0), ("07:31", 1), ("08:30", 1)] {
        room.at(&format!("2026-09-24T{time}:00Z"));
        beat(&press).await;
        assert_eq!(alarms(&room).len(), told, "{time}: {:?}", alarms(&room));
    }
    press.store.close().await;
    let sink = Sink::open().await;
    let room = room.settings(&format!("publication: {{editors: [desk@example.com]}}\n{}", sink.settings()));
    beat(&room.press().await).await;
    let told = sink.messages("desk@example.com").remove(0);
    assert!(told.contains("Since 2026-09-24 07:00 UTC nothing gets through"), "{told}");
    assert_eq!(sink.copies("ann@example.org").len(), 1);
}

#[tokio::test]
async fn a_stop_waits_for_an_answer_no_longer_than_its_grace_and_says_so_on_record() {
    let sink = Sink::open().await;
    let room =
        newsroom(&sink, "delivery: {grace: 1s}", &[named("mute", 1), named("reader", 3)].concat()).await;
    let press = room.press().await;
    let edition = press.store.edition(&key("2026-09-24")).await.unwrap().unwrap();
    let stop = CancellationToken::new();
    let route = Route::prepare(&press.config.transport).unwrap();
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let stopper = async {
        while sink.copies("mute00@example.org").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        Instant::now()
    };
    let (done, stopped) =
        tokio::join!(async { press.dispatch(&route, &edition, &|_, _| {}, &stop).await.unwrap() }, stopper);
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    assert_eq!(done.ending, Ending::Stopped);
    let id = edition.summary.id;
    assert_eq!(press.store.uncertain_attempts(id).await.unwrap(), 1, "it may have arrived");
    assert_eq!(done.counts.of(State::Sending), 0);
}

#[tokio::test]
async fn a_letter_that_is_refused_is_tried_again_until_others_have_got_through() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("reader", 1)).await;
    let press = room.press().await;
    let route = Route::prepare(&press.config.transport).unwrap();
    let stop = CancellationToken::new();
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    let state = |name: &str| -> String {
        let database = rusqlite::Connection::open(room.folder.path().join("data/straight.db")).unwrap();
        let state = "SELECT state FROM letters WHERE subject = ?1";
        database.query_row(state, [name], |row| row.get(0)).unwrap()
    };
    let letter = async |cause: &str, to: &str| {
        let to = to.parse().unwrap();
        let now = press.clock.now();
        assert!(press.store.add_letter(cause, &to, cause, "Please.\n", now).await.unwrap());
    };
    letter("confirm", "policy@example.org").await;
    press.send_letters(&route, &stop).await.unwrap();
    assert_eq!(state("confirm"), "deferred", "it may be us");
    room.at("2026-09-24T07:06:00Z");
    press.send_letters(&route, &stop).await.unwrap();
    assert_eq!(state("confirm"), "deferred", "and nobody has got through since");
    letter("other", "ann@example.org").await;
    room.at("2026-09-24T07:20:00Z");
    press.send_letters(&route, &stop).await.unwrap();
    assert_eq!(state("other"), "sent");
    assert_eq!(state("confirm"), "deferred", "one that is taken says little");
    room.at("2026-09-24T07:41:00Z");
    press.send_letters(&route, &stop).await.unwrap();
    assert_eq!(
        state("confirm"),
        "failed",
        "others are taken, and this one is not, for half an hour and more"
    );

    letter("again", "policy@example.org").await;
    press.send_letters(&route, &stop).await.unwrap();
    sink.mend();
    room.at("2026-09-24T08:00:00Z");
    press.send_letters(&route, &stop).await.unwrap();
    assert_eq!(state("again"), "sent");
}

#[tokio::test]
async fn a_letter_for_a_domain_for_which_less_is_wanted_holds_up_no_letter_to_another() {
    let sink = Sink::open().await;
    sink.answer(Some(("@big.example", "450 4.7.28 Rate limit exceeded for this domain\r\n")));
    let room = newsroom(&sink, "", &named("reader", 1)).await;
    let press = room.press().await;
    let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else { panic!() };
    for to in ["bob@big.example", "ann@example.net"] {
        let now = press.clock.now();
        assert!(press.store.add_letter(to, &to.parse().unwrap(), to, "Please.\n", now).await.unwrap());
    }
    room.post(&press).await;
    assert_eq!((sink.copies("bob@big.example").len(), sink.copies("ann@example.net").len()), (0, 1));
    let asked = sink.envelopes().len();
    room.at("2026-09-24T07:03:00Z").post(&press).await;
    assert_eq!(sink.envelopes().len(), asked, "it is left alone for five minutes");
    sink.answer(None);
    room.at("2026-09-24T07:07:00Z").post(&press).await;
    assert_eq!(sink.copies("bob@big.example").len(), 1);
}

#[tokio::test]
async fn a_sender_that_rests_after_a_halt_tries_again_when_it_is_asked() {
    let sink = Sink::open().await;
    let room = newsroom(&sink, "", &named("policy", 12)).await;
    let press = room.press().await;
    let mut sender = Sender::prepare(press.clone()).unwrap();
    let mut beat_at = async |time: &str| {
        room.at(time);
        sender.send_due(&CancellationToken::new()).await.unwrap();
        sink.envelopes().iter().filter(|mail| mail.starts_with("MAIL")).count()
    };
    let tried = beat_at("2026-09-24T07:01:00Z").await;
    assert!(tried > 9, "{tried}");
    let ann = "ann@example.net".parse().unwrap();
    press.store.add_letter("welcome", &ann, "Welcome", "You are in.\n", press.clock.now()).await.unwrap();
    assert_eq!(
        beat_at("2026-09-24T07:02:00Z").await,
        tried + 2,
        "it rests, but for the alarm and the letter"
    );
    assert_eq!(sink.copies("ann@example.net").len(), 1);
    let tried = tried + 2;
    press.store.ask_to_send("2026-09-24T07:03:00Z".parse().unwrap()).await.unwrap();
    let asked = beat_at("2026-09-24T07:03:05Z").await;
    assert!(asked > tried, "it was asked");
    assert_eq!(beat_at("2026-09-24T07:04:00Z").await, asked, "once");
    sink.mend();
    press.store.ask_to_send("2026-09-24T07:05:00Z".parse().unwrap()).await.unwrap();
    beat_at("2026-09-24T07:05:05Z").await;
    assert_eq!(sink.everything().keys().filter(|reader| reader.starts_with("policy")).count(), 12);
}

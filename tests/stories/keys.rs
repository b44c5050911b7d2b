//! Stories of the key that signs links: exchanged by command, in the middle of an edition too.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use straight::delivery::State;
use straight::message::Trust;
use straight::press::{Press, Published};

use super::program::{article, samples, shown, straight, today};
use super::{Newsroom, Sink, key};

/// As `straight keys rotate` does it while `straight run` goes on.
async fn rotate(room: &Newsroom, before: Trust) {
    let other: Press = room.press().await;
    other.store.rotate_token_key(before, other.clock.now()).await.unwrap();
    other.store.close().await;
}

/// The numbers of the keys of all links for leaving in these messages, each once.
fn keys_of(messages: &[String]) -> Vec<char> {
    let mut keys: Vec<char> = Vec::new();
    for message in messages {
        // Lines that quoted-printable has broken.
        let whole = message.replace("=\r\n", "").replace("=\n", "");
        keys.extend(whole.split("/unsubscribe/").skip(1).filter_map(|rest| rest.chars().next()));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[test]
fn an_operator_exchanges_the_key_and_sees_which_is_for_what() {
    let folder = samples();
    let told = |arguments: &[&str]| {
        let output = straight(folder.path(), arguments);
        assert!(output.status.success(), "{}", shown(&output));
        shown(&output)
    };
    // The moment is the machine's.
    let list = || {
        let lines = told(&["keys", "list"]);
        let short = |line: &str| {
            let (number, rest) = line.split_at(line.find("made ").unwrap());
            let at = "2026-11-04 07:00 UTC".len();
            format!("{number}{}\n", &rest["made ".len() + at..])
        };
        lines.lines().map(short).collect::<String>()
    };
    told(&["send"]);
    assert_eq!(list(), "   1    signs new links; makes identifiers and digests of erased addresses\n");
    let rotated = told(&["keys", "rotate"]);
    assert!(rotated.starts_with("Key 2 signs new links from now on, in every process"), "{rotated}");
    assert!(rotated.contains("links that are out go on working"), "{rotated}");

    let new = folder.path().join("articles/new.md");
    fs::write(&new, article("A New Day", &today())).unwrap();
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    fs::File::options().append(true).open(&new).unwrap().set_modified(long_ago).unwrap();
    told(&["send", "--edition", &format!("{}-extra", today())]);
    let mails = || -> Vec<String> {
        let entries = fs::read_dir(folder.path().join("outbox/new")).unwrap();
        entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    };
    let (extra, first): (Vec<_>, Vec<_>) = mails().into_iter().partition(|mail| mail.contains("A New Day"));
    assert_eq!((first.len(), extra.len()), (4, 4));
    assert_eq!((keys_of(&first), keys_of(&extra)), (vec!['1'], vec!['2']));

    let rotated = told(&["keys", "rotate", "--leaked"]);
    assert!(rotated.starts_with("Key 3 signs new links from now on"), "{rotated}");
    assert!(rotated.contains("let readers leave, and are good for nothing else"), "{rotated}");
    let lines = told(&["keys", "list"]);
    let leaked = "UTC its links are good for leaving alone";
    assert_eq!(lines.matches(leaked).count(), 2, "{lines}");
    let last = list().lines().last().unwrap().to_owned();
    assert_eq!(last, "   3    signs new links");
}

#[tokio::test]
async fn an_edition_is_under_its_own_key_at_each_attempt_and_the_next_under_the_new_one() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{uncertain: hold}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["drop@example.org"]).await;
    // This process goes on throughout.
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let done = room.deliver(&press, &edition).await;
    assert_eq!(done.counts.of(State::Uncertain), 1);

    rotate(&room, Trust::Full).await;
    press.store.retry(edition.summary.id, None, press.clock.now()).await.unwrap();
    assert_eq!(room.deliver(&press, &edition).await.counts.of(State::Sent), 1);
    let copies = sink.messages("drop@example.org");
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0], copies[1], "whoever gets it twice gets the same bytes");
    assert_eq!(keys_of(&copies), ['1']);

    room.at("2026-09-25T07:00:00Z").article("ferry", "2026-09-25", "The Ferry Returns");
    let Published::Out { edition, .. } = press.publish(key("2026-09-25")).await.unwrap() else { panic!() };
    room.deliver(&press, &edition).await;
    let copies = sink.messages("drop@example.org");
    assert_eq!(keys_of(&copies[2..]), ['2'], "without a restart");
    press.store.close().await;
}

#[tokio::test]
async fn a_key_that_leaks_while_an_edition_goes_out_signs_no_further_link_of_it() {
    let sink = Sink::open().await;
    let room = Newsroom::new()
        .settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: 1}}", sink.port));
    let readers: Vec<String> = (0..20).map(|n| format!("slow{n}@example.org")).collect();
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let leak = async {
        while sink.total() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        rotate(&room, Trust::LeavingOnly).await;
    };
    let (done, ()) = tokio::join!(room.deliver(&press, &edition), leak);
    assert_eq!(done.counts.of(State::Sent), 20);
    let order = sink.order();
    let keys = |address: &str| keys_of(&sink.messages(address));
    assert_eq!(keys(&order[0]), ['1']);
    assert_eq!(keys(order.last().unwrap()), ['2'], "it was noticed within a second or two");
    for address in &order {
        assert_eq!(sink.copies(address).len(), 1, "{address}");
        assert_eq!(keys(address).len(), 1, "a message is of one piece");
    }
    press.store.close().await;
}

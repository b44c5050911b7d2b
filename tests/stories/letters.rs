//! Stories of letters that wait while their edition does not go out: `straight send` sends them, once, and nothing else.

use std::process::{Child, Command};
use std::time::Duration;

use straight::press::Clock;

use super::control::{command, output, straight, until_sent};
use super::{Newsroom, Sink};

/// What keeps an edition from going out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// A person has paused it when it was out in part.
    Paused,
    /// A person has cancelled it then.
    Cancelled,
    /// It is not approved.
    Unapproved,
    /// A person holds it before it goes out.
    Held,
}

impl Kept {
    const ALL: [Kept; 4] = [Kept::Paused, Kept::Cancelled, Kept::Unapproved, Kept::Held];

    /// What `straight send` says of the edition.
    fn told(self) -> &'static str {
        match self {
            Kept::Paused => " was paused by ann",
            Kept::Cancelled => " was cancelled by ann",
            Kept::Unapproved => " is not approved, and nothing is sent: ",
            Kept::Held => " is paused by ann",
        }
    }

    /// What is cancelled is as a person wants it; the rest is left undone.
    fn is_well(self) -> bool {
        self == Kept::Cancelled
    }

    /// Of these it was sent to one before.
    fn is_out_in_part(self) -> bool {
        matches!(self, Kept::Paused | Kept::Cancelled)
    }
}

const READERS: [&str; 2] = ["ann@example.org", "grey@example.org"];

/// A newsroom whose edition is kept from going out.
async fn room_with_edition(kept: Kept) -> (Newsroom, Sink) {
    let sink = Sink::open().await;
    let approval = if kept == Kept::Unapproved { "edition: {require_approval: true}" } else { "" };
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}\n{approval}", sink.settings()));
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&READERS).await;
    let today = Clock::system().now().format("%Y-%m-%d").to_string();
    let commands: &[&[&str]] = match kept {
        Kept::Paused => &[&["send"], &["pause"]],
        Kept::Cancelled => &[&["send"], &["cancel", "--yes"]],
        Kept::Unapproved => &[],
        Kept::Held => &[&["pause", "--edition", &today]],
    };
    for arguments in commands {
        let (well, told) = straight(&room, arguments).await;
        assert!(well, "{kept:?} {arguments:?}: {told}");
    }
    (room, sink)
}

/// Puts a letter for each of these into the post.
async fn write(room: &Newsroom, recipients: &[String]) {
    let press = room.press().await;
    for to in recipients {
        let now = Clock::system().now();
        assert!(press.store.add_letter(to, &to.parse().unwrap(), "Please", "Please.\n", now).await.unwrap());
    }
    press.store.close().await;
}

fn slow(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("slow{n}@example.org")).collect()
}

/// That each letter came once, and of the edition what had come before.
fn assert_once(sink: &Sink, kept: Kept, letters: &[String]) {
    let copies: Vec<usize> = letters.iter().map(|to| sink.copies(to).len()).collect();
    assert_eq!(copies, vec![1; letters.len()], "{kept:?}");
    let of_the_edition = READERS.map(|reader| sink.copies(reader).len());
    assert_eq!(of_the_edition, [usize::from(kept.is_out_in_part()), 0], "{kept:?}: the edition is kept");
}

#[tokio::test]
async fn letters_go_out_once_where_their_edition_does_not() {
    for kept in Kept::ALL {
        let (room, sink) = room_with_edition(kept).await;
        let letters = slow(2);
        write(&room, &letters).await;
        for words in [Some("2 letters went out.\n"), None] {
            let (well, told) = straight(&room, &["send"]).await;
            assert_eq!(well, kept.is_well(), "{told}");
            assert!(told.contains(kept.told()), "{kept:?}: {told}");
            match words {
                Some(words) => assert!(
                    told.contains(words) && !told.contains("straight letters list"),
                    "{kept:?}: {told}"
                ),
                None => assert!(!told.contains(" letter"), "{kept:?}: {told}"),
            }
            assert_once(&sink, kept, &letters);
        }
        if kept == Kept::Paused {
            let (well, told) = straight(&room, &["cancel"]).await;
            assert!(!well && told.contains("1 reader would never get the edition"), "{told}");
        }
    }
}

#[tokio::test]
async fn who_is_told_that_an_edition_waits_for_approval_is_told_once() {
    let sink = Sink::open().await;
    let settings = "edition: {require_approval: true}\npublication: {editors: [desk@example.com]}";
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}\n{settings}", sink.settings()));
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&READERS).await;
    let letters = slow(1);
    write(&room, &letters).await;
    let (well, told) = straight(&room, &["send"]).await;
    assert!(!well && told.contains("2 letters went out.\n") && told.contains("is not approved"), "{told}");
    let (_, told) = straight(&room, &["send"]).await;
    assert!(!told.contains("went out"), "{told}");
    assert_eq!(sink.copies("desk@example.com").len(), 1);
    assert_once(&sink, Kept::Unapproved, &letters);
}

fn interrupt(sender: &Child) {
    assert!(Command::new("kill").args(["-INT", &sender.id().to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_is_interrupted_among_letters_says_what_waits_and_the_next_goes_on() {
    for kept in Kept::ALL {
        let (room, sink) = room_with_edition(kept).await;
        let letters = slow(12);
        write(&room, &letters).await;
        let before = sink.total();
        let sender = command(&room, &["send"]).spawn().unwrap();
        until_sent(&sink, before + 2).await;
        interrupt(&sender);
        let (ended, told) = output(sender).await;
        assert_eq!(ended.status.success(), kept.is_well(), "{told}");
        let went = sink.total() - before;
        assert!((2..12).contains(&went), "in the middle: {went}");
        let waits = match 12 - went {
            1 => "1 letter waits; `straight letters list` shows it.".to_owned(),
            many => format!("{many} letters wait; `straight letters list` shows them."),
        };
        assert!(told.contains(&format!("{went} letters went out.\n{waits}\n")), "{went}: {told}");
        assert!(told.contains("\nStopped. `straight send` goes on with the letters.\n"), "{told}");
        assert!(told.contains(kept.told()), "{told}");
        let (well, told) = straight(&room, &["send"]).await;
        assert!(well == kept.is_well() && told.contains(kept.told()), "{told}");
        assert_once(&sink, kept, &letters);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_send_letters_at_once_send_each_once() {
    for kept in Kept::ALL {
        let (room, sink) = room_with_edition(kept).await;
        let letters = slow(8);
        write(&room, &letters).await;
        let before = sink.total();
        let first = command(&room, &["send"]).spawn().unwrap();
        until_sent(&sink, before + 2).await;
        let (well, told) = straight(&room, &["send"]).await;
        assert_eq!(well, kept.is_well(), "{told}");
        assert!(told.contains(kept.told()), "{told}");
        let asked = " wait; `straight letters list` shows them.\nAnother process is sending, and is asked to take what waits.\n";
        assert!(told.contains(asked), "{told}");
        let (ended, told) = tokio::time::timeout(Duration::from_secs(60), output(first)).await.unwrap();
        assert_eq!(ended.status.success(), kept.is_well(), "{told}");
        assert!(told.contains("8 letters went out.\n") && !told.contains(" wait;"), "{told}");
        assert_once(&sink, kept, &letters);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_was_stopped_names_the_edition_that_goes_on() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
    let readers = slow(20);
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&readers).await;
    let sender = command(&room, &["send", "--edition", "2025-01-02-flood"]).spawn().unwrap();
    until_sent(&sink, 3).await;
    interrupt(&sender);
    let (_, told) = output(sender).await;
    assert!(sink.total() < 20, "in the middle: {told}");
    let remedy = told.split("Stopped. `straight ").nth(1).and_then(|rest| rest.split('`').next());
    let remedy: Vec<&str> = remedy.unwrap_or_else(|| panic!("{told}")).split(' ').collect();
    let (well, told) = straight(&room, &remedy).await;
    assert!(well && told.contains("Sent to 20 of 20 readers."), "{remedy:?}: {told}");
    assert_eq!(sink.total(), 20, "each once");
}

//! Stories of a person who pauses, resumes or cancels an edition that is going out.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use straight::delivery::State;
use straight::press::{Clock, Ending, Published};
use straight::store::{Course, Origin};

use super::{Newsroom, Sink, key, reader};
use crate::store::engines::{Engine, on_postgres};

/// Slow readers, so that there is a middle of the run.
fn slow_readers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("slow{n}@example.org")).collect()
}

/// Processes over one PostgreSQL, with an edition to send.
struct Nodes {
    room: Newsroom,
    sink: Sink,
    url: String,
}

impl Nodes {
    /// For `readers` in the database of `engine`.
    async fn over(engine: &Engine, readers: &[String]) -> Self {
        let sink = Sink::open().await;
        let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
        room.article("tide", "2025-01-02", "The Tide Turns");
        let store = engine.open().await;
        let readers: Vec<_> = readers.iter().map(|email| reader(email)).collect();
        store.import(&readers, Origin::File, Clock::system().now()).await.unwrap();
        store.close().await;
        Nodes { room, sink, url: engine.url() }
    }

    /// A command of the node with this folder of data.
    fn node(&self, data: &str, arguments: &[&str]) -> Command {
        let mut node = command(&self.room, &[&["--data", data], arguments].concat());
        node.env("DATABASE_URL", &self.url);
        node
    }
}

/// A newsroom with an edition for `readers`, and the server that counts copies.
async fn room_for(readers: &[String]) -> (Newsroom, Sink) {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\nweb: {{listen: off}}", sink.settings()));
    let addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2025-01-02", "The Tide Turns").readers(&addresses).await;
    (room, sink)
}

pub(super) async fn until_sent(sink: &Sink, copies: usize) {
    let came = tokio::time::timeout(Duration::from_secs(60), async {
        while sink.total() < copies {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    came.await.expect("the server gets messages");
}

pub(super) fn command(room: &Newsroom, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
    command.args(["--config", "newsletter.yaml"]).args(arguments).current_dir(room.folder.path());
    command.env_clear().env("USER", "ann").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(super) async fn output(child: Child) -> (Output, String) {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let told = format!(
        "{:?}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output, told)
}

/// Runs the program to its end: whether it was content, and what it said.
pub(super) async fn straight(room: &Newsroom, arguments: &[&str]) -> (bool, String) {
    let (output, told) = output(command(room, arguments).spawn().unwrap()).await;
    (output.status.success(), told)
}

#[tokio::test]
async fn a_pause_stops_a_dispatch_in_the_middle_even_while_it_waits_for_a_limit() {
    let sink = Sink::open().await;
    let room = Newsroom::new().settings(&format!("{}\ndelivery: {{rate: 1/h}}", sink.settings()));
    room.article("tide", "2026-09-24", "The Tide Turns")
        .readers(&["ann@example.org", "bo@example.org"])
        .await;
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24")).await.unwrap() else { panic!() };
    let (id, other) = (edition.summary.id, room.press().await);
    let paused = async {
        until_sent(&sink, 1).await;
        assert!(other.store.pause(id, "ann", None, other.clock.now()).await.unwrap());
    };
    let both = async { tokio::join!(room.deliver(&press, &edition), paused) };
    let (done, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert!(matches!(&done.ending, Ending::Paused(stop) if stop.who == "ann"), "{:?}", done.ending);
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Queued)), (1, 1));

    other.store.cancel(id, "ann", None, other.clock.now()).await.unwrap().unwrap();
    let done = room.deliver(&press, &edition).await;
    assert!(
        matches!(&done.ending, Ending::Cancelled(stop) if stop.course == Course::Cancelled),
        "{:?}",
        done.ending
    );
    assert_eq!((done.counts.of(State::Sent), done.counts.of(State::Suppressed)), (1, 1));
    assert_eq!(sink.total(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_is_paused_from_elsewhere_waits_and_goes_on_when_it_is_resumed() {
    let (room, sink) = room_for(&slow_readers(60)).await;
    let sending = command(&room, &["send"]).spawn().unwrap();
    until_sent(&sink, 6).await;
    let (well, told) = straight(&room, &["pause", "--reason", "wrong headline"]).await;
    assert!(well && told.contains("is paused: sent to "), "{told}");
    let (well, again) = straight(&room, &["pause"]).await;
    assert!(
        !well && again.contains("there is nothing to pause") && again.contains("is paused already"),
        "{again}"
    );
    let before = sink.total();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(sink.total(), before, "nothing is begun while it is paused");
    assert!((6..60).contains(&before), "in the middle of the run: {before}");
    assert!(told.contains(&format!("sent to {before} of 60, {} wait", 60 - before)), "{before}: {told}");
    let (_, status) = straight(&room, &["status"]).await;
    assert!(status.contains("paused by ann on ") && status.contains("(wrong headline)"), "{status}");
    assert!(status.contains("`straight resume --edition "), "{status}");

    // One more `send` says how it stands, and does not wait.
    let (well, second) = straight(&room, &["send"]).await;
    assert!(!well && second.contains("was paused by ann") && second.contains("straight resume"), "{second}");

    let (well, resumed) = straight(&room, &["resume"]).await;
    assert!(well && resumed.contains("goes on after "), "{resumed}");
    let (_, told) = output(sending).await;
    assert!(told.contains("Sent to 60 of 60 readers."), "{told}");
    assert!(told.contains("(wrong headline): `straight resume --edition "), "{told}");
    assert_eq!(sink.total(), 60, "each of them once");
}

/// How many nodes have a message on the wire just now.
async fn nodes_that_send(eye: &mut PgConnection) -> i64 {
    let senders = "SELECT COUNT(DISTINCT owner) FROM deliveries WHERE state = 'sending'";
    sqlx::query_scalar(senders).fetch_one(eye).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_stops_two_nodes_at_once_and_both_go_on_when_it_is_resumed() {
    on_postgres(async |engine| {
        // More than one node claims at a time, and the first of each claim are slow.
        const READERS: usize = 520;
        let name = |n: usize| if n % 256 < 60 { format!("slow{n}") } else { format!("reader{n}") };
        let readers: Vec<_> = (0..READERS).map(|n| format!("{}@example.org", name(n))).collect();
        let all = Nodes::over(engine, &readers).await;
        let sink = &all.sink;
        let mut nodes = ["data-1", "data-2"].map(|data| all.node(data, &["send"]).spawn().unwrap());
        until_sent(sink, 6).await;
        let mut eye = PgConnection::connect(&all.url).await.unwrap();
        let both = tokio::time::timeout(Duration::from_secs(60), async {
            while nodes_that_send(&mut eye).await < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        both.await.expect("both have a part in it");

        let (paused, told) = output(all.node("data-3", &["pause"]).spawn().unwrap()).await;
        assert!(paused.status.success() && told.contains("is paused: sent to "), "{told}");
        assert_eq!(nodes_that_send(&mut eye).await, 0, "what was on the wire is settled");
        let before = sink.total();
        assert!((6..READERS).contains(&before), "in the middle of the run: {before}");
        assert!(
            told.contains(&format!("sent to {before} of {READERS}, {} wait", READERS - before)),
            "{told}"
        );
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(sink.total(), before, "neither begins anything while it is paused");
        for node in &mut nodes {
            assert!(node.try_wait().unwrap().is_none(), "both wait for a word");
        }

        let (resumed, told) = output(all.node("data-3", &["resume"]).spawn().unwrap()).await;
        assert!(resumed.status.success() && told.contains("goes on after "), "{told}");
        let both = tokio::time::timeout(Duration::from_secs(60), async {
            while nodes_that_send(&mut eye).await < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        both.await.expect("both go on");
        for node in nodes {
            let (done, told) = output(node).await;
            assert!(done.status.success(), "{told}");
            assert!(told.contains(&format!("Sent to {READERS} of {READERS} readers.")), "{told}");
        }
        let copies = sink.everything();
        assert!(copies.values().all(|copies| copies.len() == 1), "each of them once: {copies:?}");
        assert_eq!((copies.len(), sink.total()), (READERS, READERS));
        let doubtful: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM attempts").fetch_one(&mut eye).await.unwrap();
        assert_eq!(doubtful, 0, "and no attempt is in doubt");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_daemon_heeds_a_cancel_and_nobody_else_gets_it() {
    let (room, sink) = room_for(&slow_readers(60)).await;
    // A slot that fell due just now: the daemon publishes at once, and sends.
    let (well, told) = straight(&room, &["send", "--outbox", "elsewhere"]).await;
    assert!(well, "{told}");
    room.article("flood", &Clock::system().now().format("%Y-%m-%d").to_string(), "A Flood");
    let mut daemon = command(&room, &["run"]).spawn().unwrap();
    let extra = format!("{}-flood", Clock::system().now().format("%Y-%m-%d"));
    let following = command(&room, &["send", "--edition", &extra]).spawn().unwrap();
    until_sent(&sink, 6).await;
    let (well, asked) = straight(&room, &["cancel"]).await;
    assert!(!well && asked.contains("readers would never get") && asked.contains("--yes"), "{asked}");
    let (well, told) = straight(&room, &["cancel", "--yes", "--reason", "wrong list"]).await;
    assert!(well && told.contains("is cancelled: sent to "), "{told}");
    assert!(told.contains("who got it has it, and the public pages too"), "{told}");
    let sent = sink.total();
    assert!((6..60).contains(&sent), "in the middle of the run: {sent}");
    assert!(
        told.contains(&format!("sent to {sent} of 60, and {} readers will not get it", 60 - sent)),
        "{told}"
    );
    let (_, followed) = output(following).await;
    assert!(followed.contains("cancelled by ann") && followed.contains("nobody else gets it"), "{followed}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.total(), sent);
    let (well, resumed) = straight(&room, &["resume", "--edition", &extra]).await;
    assert!(!well && resumed.contains("what is cancelled does not go on"), "{resumed}");
    let (well, sent_again) = straight(&room, &["send", "--edition", &extra]).await;
    assert!(well && sent_again.contains("was cancelled by ann"), "{sent_again}");
    let (well, paused) = straight(&room, &["pause", "--edition", &extra]).await;
    assert!(!well && paused.contains("was cancelled by ann"), "{paused}");
    let (_, status) = straight(&room, &["status", "--edition", &extra]).await;
    assert!(status.contains(&format!("{sent}  sent")), "{status}");
    assert!(status.contains(&format!("{} × suppressed: cancelled: wrong list", 60 - sent)), "{status}");
    Command::new("kill").arg(daemon.id().to_string()).status().unwrap();
    assert!(tokio::task::spawn_blocking(move || daemon.wait().unwrap()).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_stopped_gives_back_at_once_what_it_has_claimed() {
    for (signal, command_line) in [("INT", ["send"]), ("TERM", ["run"])] {
        on_postgres(async |engine| {
            let nodes = Nodes::over(engine, &slow_readers(300)).await;
            let sink = &nodes.sink;
            if command_line == ["run"] {
                // Its hour may be to come: what is open goes on.
                let mut first = nodes.node("data-0", &["send"]).spawn().unwrap();
                until_sent(sink, 1).await;
                stop(&mut first, "INT");
                first.wait().unwrap();
            }
            let before = sink.total();
            let mut one = nodes.node("data-1", &command_line).spawn().unwrap();
            until_sent(sink, before + 4).await;
            let mut eye = PgConnection::connect(&nodes.url).await.unwrap();
            let mut count = async |what: &'static str| -> i64 {
                sqlx::query_scalar(what).fetch_one(&mut eye).await.unwrap()
            };
            const CLAIMED: &str =
                "SELECT COUNT(*) FROM deliveries WHERE owner IS NOT NULL AND state <> 'sent'";
            assert!(count(CLAIMED).await > 100, "it has claimed ahead");
            stop(&mut one, signal);
            let (_, told) = output(one).await;
            assert_eq!(count(CLAIMED).await, 0, "{command_line:?}: {told}");
            assert_eq!(count("SELECT COUNT(*) FROM nodes").await, 0, "{command_line:?}: {told}");
            assert_eq!(count("SELECT COUNT(*) FROM attempts").await, 0, "nothing is in doubt: {told}");
            // So that the next has them without waiting for a lease.
            let before = sink.total();
            let mut next = nodes.node("data-2", &["send"]).spawn().unwrap();
            let began = std::time::Instant::now();
            until_sent(sink, before + 4).await;
            assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
            stop(&mut next, "INT");
            next.wait().unwrap();
        })
        .await;
    }
}

fn stop(node: &mut Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &node.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_says_nothing_of_an_edition_that_another_sends() {
    on_postgres(async |engine| {
        let nodes = Nodes::over(engine, &slow_readers(200)).await;
        // One has claimed them all; the other looks every few seconds.
        let mut busy = nodes.node("data-1", &["send"]).spawn().unwrap();
        until_sent(&nodes.sink, 2).await;
        let mut idle = nodes.node("data-2", &["run"]).spawn().unwrap();
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert!(busy.try_wait().unwrap().is_none(), "it is still at it");
        stop(&mut idle, "TERM");
        let (_, told) = output(idle).await;
        assert!(told.contains("INFO") && !told.contains("dispatched"), "{told}");
        stop(&mut busy, "INT");
        busy.wait().unwrap();
    })
    .await;
}

//! A publisher's house: a folder with an edition to send, a server that counts, and the program as a process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::invariant::{Tally, assert_invariant, ledger};
use crate::stories::{Newsroom, Sink};

/// How many connections every house has.
pub(super) const CONNECTIONS: u64 = 3;

/// What becomes of a message whose acceptance is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Resend,
    Hold,
}

impl Policy {
    pub(super) const BOTH: [Policy; 2] = [Policy::Resend, Policy::Hold];

    fn word(self) -> &'static str {
        match self {
            Policy::Resend => "resend",
            Policy::Hold => "hold",
        }
    }
}

/// A folder with one article, its readers and the way to the sink.
pub(super) struct House {
    pub(super) sink: Sink,
    pub(super) policy: Policy,
    room: Newsroom,
}

impl House {
    pub(super) async fn new(readers: usize, policy: Policy) -> Self {
        let names: Vec<String> = (0..readers).map(|n| format!("reader{n}@example.org")).collect();
        Self::with_readers(&names, policy).await
    }

    pub(super) async fn with_readers(names: &[String], policy: Policy) -> Self {
        let sink = Sink::open().await;
        let settings = format!(
            "smtp: {{url: \"smtp://127.0.0.1:{}\", connections: {CONNECTIONS}}}\ndelivery: {{uncertain: {}}}\nweb: {{listen: off}}",
            sink.port,
            policy.word()
        );
        let room = Newsroom::new().settings(&settings);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        room.article("tide", "2025-01-02", "The Tide Turns").readers(&names).await;
        House { sink, policy, room }
    }

    pub(super) fn folder(&self) -> &Path {
        self.room.folder.path()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder().join("data/straight.db")
    }

    /// The program with `arguments`, not yet started, in an environment of its own.
    pub(super) fn straight(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
        command.args(["--config", "newsletter.yaml"]).args(arguments).current_dir(self.folder());
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts `straight send` with these variables.
    pub(super) fn start(&self, variables: &[(&str, &str)]) -> Child {
        self.straight(&["send"]).envs(variables.iter().copied()).spawn().unwrap()
    }

    /// Runs `straight send` to its end.
    pub(super) async fn send(&self, variables: &[(&str, &str)]) -> Output {
        ended(self.start(variables)).await
    }

    /// Waits until the server has taken so many copies.
    pub(super) async fn until_sent(&self, copies: usize) {
        let came = tokio::time::timeout(Duration::from_secs(60), async {
            while self.sink.total() < copies {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        came.await.expect("the server gets messages");
    }

    /// Sends until nothing is open, and gives what is then on record and at the server.
    pub(super) async fn complete(&self) -> Tally {
        let output = self.send(&[]).await;
        assert!(output.status.success(), "{}", shown(&output));
        let tally = self.tally().await;
        assert_eq!(tally.open, 0, "{tally:?}\n{}", shown(&output));
        tally
    }

    /// Compares the server with the ledger.
    pub(super) async fn tally(&self) -> Tally {
        assert_invariant(&self.sink, &ledger(&self.database()).await, self.policy)
    }
}

/// Waits for the end of a process, while the server goes on.
pub(super) async fn ended(child: Child) -> Output {
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

pub(super) fn shown(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{:?}\n{out}{err}", output.status)
}

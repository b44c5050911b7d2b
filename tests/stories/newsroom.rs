//! A newsroom for stories: a folder with articles and readers, a clock that is set by hand, and the post that went out.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use straight::config::{self, Environment, Overrides};
use straight::delivery::State;
use straight::edition::EditionKey;
use straight::press::{Clock, Dispatched, Press, Published, Route};
use straight::store::{Counts, Origin, Ownership, StoredEdition};
use straight::subscriber::{NewSubscriber, Status};
use tokio_util::sync::CancellationToken;

/// A newsroom in a folder of its own.
pub(crate) struct Newsroom {
    pub(crate) folder: tempfile::TempDir,
    clock: Arc<Mutex<DateTime<Utc>>>,
    settings: String,
}

impl Newsroom {
    /// Opens at seven in the morning of 24 September 2026, in UTC, with an outbox.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("articles")).unwrap();
        let clock = Arc::new(Mutex::new("2026-09-24T07:00:00Z".parse().unwrap()));
        Newsroom { folder, clock, settings: String::new() }.settings("")
    }

    /// Sets keys of `newsletter.yaml` beside those of every story.
    pub(crate) fn settings(mut self, yaml: &str) -> Self {
        self.settings = yaml.to_owned();
        if !yaml.contains("schedule:") {
            self.settings.push_str("\nschedule: {at: \"07:00\", timezone: UTC, days: [mon..sun]}\n");
        }
        if !yaml.contains("articles:") {
            self.settings.push_str("\narticles: {settle: 0s}\n");
        }
        fs::write(self.folder.path().join("newsletter.yaml"), &self.settings).unwrap();
        self
    }

    /// Sets the clock.
    pub(crate) fn at(&self, time: &str) -> &Self {
        *self.clock.lock().unwrap() = time.parse().unwrap();
        self
    }

    /// Drops a file into `articles/`.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        fs::write(self.folder.path().join("articles").join(name), text).unwrap();
        self
    }

    /// Drops a whole article of this day into `articles/`.
    pub(crate) fn article(&self, name: &str, date: &str, title: &str) -> &Self {
        let text = format!(
            "---\ntitle: {title}\ndate: {date}\nsummary: What {title} is about.\nhighlights:\n  - It is about {title}\n---\nThe story of {title}.\n"
        );
        self.file(&format!("{name}.md"), &text)
    }

    /// Opens the press over what the folder holds now.
    pub(crate) async fn press(&self) -> Press {
        let file = self.folder.path().join("newsletter.yaml");
        let config = config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
        let clock = Arc::clone(&self.clock);
        let mut press = Press::open(config, Clock::from_fn(move || *clock.lock().unwrap())).await.unwrap();
        press.patience = std::time::Duration::from_millis(300);
        press
    }

    /// Subscribes these addresses.
    pub(crate) async fn readers(&self, addresses: &[&str]) -> &Self {
        let press = self.press().await;
        let readers: Vec<_> = addresses.iter().map(|address| reader(address)).collect();
        press.store.import(&readers, Origin::Operator, press.clock.now()).await.unwrap();
        press.store.close().await;
        self
    }

    /// Publishes today's edition and delivers it, as `straight send` does; `None` when nothing was published.
    pub(crate) async fn send(&self) -> Option<Sent> {
        let press = self.press().await;
        let key = press.key_at(press.clock.now());
        let edition = match press.publish(key).await.unwrap() {
            Published::Out { edition, .. } | Published::AlreadyOut(edition) => edition,
            other @ (Published::Nothing { .. }
            | Published::NoReaders
            | Published::Held(_)
            | Published::Withheld(_)
            | Published::Unsettled(_)) => {
                println!("nothing is published: {other:?}");
                self.post(&press).await;
                return None;
            }
        };
        let dispatched = self.deliver(&press, &edition).await;
        press.store.close().await;
        Some(Sent { edition: *edition, dispatched })
    }

    /// Delivers what is due of `edition`.
    pub(crate) async fn deliver(&self, press: &Press, edition: &StoredEdition) -> Dispatched {
        let stop = CancellationToken::new();
        let route = Route::prepare(&press.config.transport).unwrap();
        let Ownership::Ours(_lock) = press.store.acquire_sender().await.unwrap() else {
            panic!("somebody else is sending");
        };
        press.recover().await.unwrap();
        press.send_letters(&route, &stop).await.unwrap();
        press.dispatch(&route, edition, &|_, _| {}, &stop).await.unwrap()
    }

    /// Sends the letters that are due.
    pub(crate) async fn post(&self, press: &Press) {
        let route = Route::prepare(&press.config.transport).unwrap();
        press.send_letters(&route, &CancellationToken::new()).await.unwrap();
    }

    /// Every message in the outbox by its file name, parsed by an implementation that is not ours.
    pub(crate) fn outbox(&self) -> BTreeMap<String, Mail> {
        let new = self.folder.path().join("outbox/new");
        let Ok(entries) = fs::read_dir(new) else { return BTreeMap::new() };
        entries
            .map(|entry| {
                let path: PathBuf = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, Mail::parse(&fs::read(&path).unwrap()))
            })
            .collect()
    }

    /// What came for `address`, oldest first by file name.
    pub(crate) fn inbox(&self, address: &str) -> Vec<Mail> {
        self.outbox().into_values().filter(|mail| mail.to == address).collect()
    }
}

/// What [`Newsroom::send`] did.
pub(crate) struct Sent {
    pub(crate) edition: StoredEdition,
    pub(crate) dispatched: Dispatched,
}

impl Sent {
    pub(crate) fn counts(&self) -> Counts {
        self.dispatched.counts
    }

    pub(crate) fn sent(&self) -> u64 {
        self.counts().of(State::Sent)
    }
}

/// A message as a mail program reads it.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) unsubscribe: String,
}

impl Mail {
    pub(crate) fn parse(bytes: &[u8]) -> Mail {
        let mail = mail_parser::MessageParser::default().parse(bytes).unwrap();
        let head = String::from_utf8_lossy(bytes);
        let unsubscribe = head
            .lines()
            .find_map(|line| line.strip_prefix("List-Unsubscribe: <"))
            .and_then(|line| line.split('>').next())
            .unwrap_or_default()
            .to_owned();
        Mail {
            to: mail.to().unwrap().first().unwrap().address().unwrap().to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
            unsubscribe,
        }
    }
}

pub(crate) fn reader(address: &str) -> NewSubscriber {
    NewSubscriber {
        email: address.parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Active,
        since: None,
    }
}

pub(crate) fn key(text: &str) -> EditionKey {
    text.parse().unwrap()
}

#[test]
fn check_tells_what_has_gone_out_and_survives_a_namesake_of_it() {
    let room = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_straight"));
        let output = command.args(arguments).current_dir(room.path()).env_clear().output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let articles = room.path().join("articles");
    std::fs::create_dir(&articles).unwrap();
    std::fs::write(room.path().join("newsletter.yaml"), "articles: {settle: 0s}\n").unwrap();
    std::fs::write(room.path().join("subscribers.yaml"), "- email: ann@example.org\n").unwrap();
    let write = |name: &str, date: &str| {
        std::fs::write(articles.join(name), format!("---\ntitle: The Ferry\ndate: {date}\n---\nIt sails.\n"))
            .unwrap();
    };
    write("ferry.md", "2025-11-04");
    write("ferry-2.md", "2025-11-05");
    // Before the first edition, too, the newest day may be that of an article with another's name.
    let (code, told) = run(&["check"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("duplicate-slug") && told.contains("waits until what is wrong"), "{told}");
    std::fs::remove_file(articles.join("ferry-2.md")).unwrap();
    let (code, told) = run(&["send"]);
    assert!(code == Some(0) && told.contains("Sent to 1 of 1 readers"), "{told}");
    let (_, told) = run(&["check"]);
    assert!(told.contains("ferry.md went out in the edition"), "{told}");
    write("namesake.md", "2025-11-05");
    let (code, told) = run(&["check"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("duplicate-slug"), "{told}");
}

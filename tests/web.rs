//! The public pages over real connections: what a reader, a mail program and a link scanner get.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

mod archive;
mod attacks;
mod comments;
mod connections;
mod editions;
mod health;
mod keys;
mod log;
mod preferences;
mod sign_up;
mod unsubscribe;
mod wishes;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use straight::archive::ArchivedArticle;
use straight::config::{self, Config, Database, Environment, Overrides, Publication, SignUpWords, Theme};
use straight::edition::{EmbeddedPicture, Headline, RenderedEdition, Slot};
use straight::message::{Letterhead, Purpose, TokenKeys};
use straight::press::{Clock, Press};
use straight::store::{Issue, OpenLetter, Origin, Store};
use straight::subscriber::{Holder, NewSubscriber, Status, Subscriber, SubscriberId};
use straight::web;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

fn now() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn publication() -> Publication {
    Publication {
        name: "Tide & Time".into(),
        tagline: "What the coast will be talking about".into(),
        language: "en-GB".into(),
        from: "desk@tide.example".parse().unwrap(),
        from_name: None,
        reply_to: None,
        public_url: "https://tide.example".parse().unwrap(),
        postal_address: "1 Harbour Street, Port Example".into(),
        copyright: "© {year} {name}".into(),
        list_id: "daily.tide.example".into(),
        editors: Vec::new(),
        sign_up: SignUpWords {
            title: "Straight Into Your Inbox".into(),
            promise: "The tides of every weekday.".into(),
            thanks: "Fantastic! Thanks for subscribing, you won't regret it.".into(),
        },
        sample_keys: Vec::new(),
        theme: Theme::default(),
    }
}

/// A running site with one reader, Ann, and her links.
struct Harbour {
    address: SocketAddr,
    store: Store,
    keys: TokenKeys,
    ann: SubscriberId,
    holder: Holder,
    folder: TempDir,
    press: Press,
    time: Arc<Mutex<DateTime<Utc>>>,
    shutdown: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

impl Harbour {
    async fn open() -> Self {
        Self::open_with(&publication(), None).await
    }

    async fn open_with(publication: &Publication, templates: Option<&Path>) -> Self {
        Self::open_as(publication, templates, "").await
    }

    /// With these lines of `newsletter.yaml`.
    async fn with(settings: &str) -> Self {
        Self::open_as(&publication(), None, settings).await
    }

    async fn open_as(publication: &Publication, templates: Option<&Path>, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("newsletter.yaml");
        std::fs::write(&file, format!("{settings}\n")).unwrap();
        let mut config = config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
        config.publication = publication.clone();
        config.edition.templates = templates.map(Path::to_owned);
        config.schedule.timezone = chrono_tz::Europe::London;
        config.database = Database::Sqlite(folder.path().join("straight.db"));
        Self::serve(folder, config).await
    }

    async fn serve(folder: TempDir, config: Config) -> Self {
        let time = Arc::new(Mutex::new(now()));
        let told = Arc::clone(&time);
        let press = Press::open(config, Clock::from_fn(move || *told.lock().unwrap())).await.unwrap();
        let store = press.store.clone();
        let keys = store.token_keys(now()).await.unwrap();
        let ann = add(&store, "ann@example.org").await;
        let holder = store.subscriber(ann).await.unwrap().unwrap().holder();
        let site = web::Web::new(&press).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(web::serve(listener, site, shutdown.clone()));
        Harbour { address, store, keys, ann, holder, folder, press, time, shutdown, server }
    }

    /// Keeps a copy of the database.
    async fn backup(&self) -> PathBuf {
        use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
        let (database, backup) = (self.folder.path().join("straight.db"), self.folder.path().join("backup"));
        let mut connection = SqliteConnection::connect(database.to_str().unwrap()).await.unwrap();
        let copy = AssertSqlSafe(format!("VACUUM INTO '{}'", backup.display()));
        sqlx::query(copy).execute(&mut connection).await.unwrap();
        backup
    }

    /// Stops, puts `backup` in the place of the database, and starts again.
    async fn restored(self, backup: &Path) -> Self {
        self.shutdown.cancel();
        self.server.await.unwrap();
        self.store.close().await;
        for rest in ["straight.db-wal", "straight.db-shm"] {
            let _ = std::fs::remove_file(self.folder.path().join(rest));
        }
        std::fs::copy(backup, self.folder.path().join("straight.db")).unwrap();
        Self::serve(self.folder, self.press.config.clone()).await
    }

    fn unsubscribe_link(&self) -> String {
        format!("/unsubscribe/{}", self.keys.issue(Purpose::Unsubscribe, self.holder))
    }

    fn preferences_link(&self) -> String {
        format!("/preferences/{}", self.keys.issue(Purpose::Preferences, self.holder))
    }

    async fn ann(&self) -> Subscriber {
        self.store.subscriber(self.ann).await.unwrap().unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    async fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        self.say(
            format!("{method} {path} HTTP/1.1\r\nHost: tide.example\r\nConnection: close\r\n{headers}\r\n")
                .as_bytes(),
        )
        .await
    }

    async fn post(&self, path: &str, media_type: &str, body: &str) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: tide.example\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.say((head + body).as_bytes()).await
    }

    /// Sends a form as a browser does, with `headers` besides.
    async fn send(&self, path: &str, headers: &str, media_type: &str, body: &str) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: tide.example\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.say((head + body).as_bytes()).await
    }

    /// Sets the clock.
    fn at(&self, time: DateTime<Utc>) {
        *self.time.lock().unwrap() = time;
    }

    /// The letters that the post has for `to`, after the sign-ups are answered.
    async fn letters(&self, to: &str) -> Vec<OpenLetter> {
        self.press.answer_sign_ups().await.unwrap();
        let due = self.store.due_letters(self.press.clock.now(), None, 1_000).await.unwrap();
        due.into_iter().filter(|letter| letter.to.as_str() == to).collect()
    }

    /// Every row of every table as text.
    async fn dump(&self) -> String {
        use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
        let url = format!("sqlite:{}", self.folder.path().join("straight.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let tables = "SELECT m.name, group_concat('quote(\"' || c.name || '\")', ' || '' '' || ') FROM sqlite_master m
            JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name";
        let tables: Vec<(String, String)> = sqlx::query_as(tables).fetch_all(&mut connection).await.unwrap();
        let mut dump = String::new();
        for (table, columns) in tables {
            let rows = AssertSqlSafe(format!("SELECT {columns} FROM \"{table}\" ORDER BY 1"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            dump.extend(rows.iter().map(|row| format!("{table}: {row}\n")));
        }
        dump
    }

    async fn status(&self, address: &str) -> Option<Status> {
        self.store.by_email(&address.parse().unwrap()).await.unwrap().map(|reader| reader.status)
    }

    async fn post_form(&self, path: &str, body: &str) -> Answer {
        self.post(path, "application/x-www-form-urlencoded", body).await
    }

    /// Sends `bytes` over a connection of their own and reads to its end.
    async fn say(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer, and close, before it has all.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Answer::parse(&answer)
    }

    /// Every byte that the store has on disk.
    fn disk(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            // The shared memory of SQLite's readers.
            .filter(|(name, _)| !name.ends_with("-shm"))
            .collect();
        files.sort();
        files
    }

    async fn publish(&self, edition: &RenderedEdition) {
        self.publish_with(edition, &[]).await;
    }

    async fn publish_with(&self, edition: &RenderedEdition, articles: &[ArchivedArticle]) {
        let letterhead = Letterhead::of(&publication());
        let issue = Issue {
            edition,
            letterhead: &letterhead,
            pictures: &edition.embedded,
            articles,
            earlier: &[],
            examples_too: true,
            needs_approval: false,
        };
        self.store.publish(&issue, edition.frozen_at).await.unwrap();
    }
}

async fn add(store: &Store, address: &str) -> SubscriberId {
    let subscriber = NewSubscriber {
        email: address.parse().unwrap(),
        name: Some("Ann".into()),
        timezone: None,
        status: Status::Active,
        since: Some(now()),
    };
    store.import(std::slice::from_ref(&subscriber), Origin::File, now()).await.unwrap();
    store.by_email(&subscriber.email).await.unwrap().unwrap().id
}

fn edition(key: &str, subject: &str) -> RenderedEdition {
    let unsubscribe = Slot::UnsubscribeUrl.marker();
    let preferences = Slot::PreferencesUrl.marker();
    let email = Slot::Email.marker();
    RenderedEdition {
        shortened: None,
        key: key.parse().unwrap(),
        subject: subject.into(),
        preheader: "What is in it".into(),
        html: format!(
            "<!DOCTYPE html><html lang=\"en-GB\"><head><title>{subject}</title></head><body style=\"color:#1b1b1b\">\
             <p>High water at noon.</p><img src=\"cid:wave@straight\" alt=\"A wave\">\
             <p>Sent to {email}. <a href=\"{unsubscribe}\">Unsubscribe</a> <a href=\"{preferences}\">Change</a></p></body></html>"
        ),
        text: "High water at noon.".into(),
        embedded: vec![EmbeddedPicture {
            content_id: "wave@straight".into(),
            file_name: "0123456789abcdef.png".into(),
            media_type: "image/png".into(),
            bytes: Arc::from(&b"\x89PNG not really"[..]),
        }],
        headlines: vec![Headline {
            slug: format!("tide-{key}"),
            title: subject.into(),
            url: "https://tide.example/".into(),
            date: key[..10].parse().unwrap(),
            summary: None,
        }],
        frozen_at: now(),
        hash: format!("{key}-hash"),
    }
}

/// The path of the first link in `letter` that begins with `path`.
fn link(letter: &OpenLetter, path: &str) -> String {
    let text = &letter.written.text;
    let begin = text.find(&format!("https://tide.example{path}")).unwrap_or_else(|| panic!("{text}"));
    let link: String = text[begin..].chars().take_while(|c| !c.is_whitespace()).collect();
    link["https://tide.example".len()..].to_owned()
}

/// What came back.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Answer {
            status: status.unwrap_or(0),
            headers,
            body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    fn assert_page(&self, status: u16, heading: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert!(self.text().contains(&format!("<h1>{heading}</h1>")), "{}", self.text());
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
    }
}

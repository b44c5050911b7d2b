//! The preview over real connections: what an editor sees after each save, and what a stranger's page gets.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use straight::config::{Database, Environment, Overrides};
use straight::press::{AsOf, Clock, Press, Watch};
use straight::probe::Network;
use straight::store::{Course, Origin, Store};
use straight::subscriber::{NewSubscriber, Status};
use straight::web::preview::{Audience, Wishes, preview};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The evening before the edition of 24 September.
fn now() -> DateTime<Utc> {
    "2026-09-23T20:00:00Z".parse().unwrap()
}

/// An editor's folder with its preview.
struct Studio {
    folder: tempfile::TempDir,
    address: SocketAddr,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let settings = "publication: {name: Tide & Time, public_url: https://tide.example}\n\
                    schedule: {at: \"07:00\", timezone: UTC, days: [mon..sun]}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    folder
}

fn article(date: &str, title: &str, body: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: {date}\nsummary: What {title} means for the harbour.\nhighlights: [One, Two]\n---\n{body}\n"
    )
}

impl Studio {
    async fn open(folder: tempfile::TempDir) -> Self {
        Studio::open_with(folder, |_| {}).await
    }

    async fn open_with(folder: tempfile::TempDir, change: impl FnOnce(&mut Wishes)) -> Self {
        let file = folder.path().join("newsletter.yaml");
        let environment = Environment::default();
        let mut wishes = Wishes {
            edition: None,
            reader: None,
            audience: Audience::ThisMachine,
            read_config: Arc::new(move || {
                let config = straight::config::load(Some(&file), &environment, Overrides::default())?;
                Ok((config, Some(file.clone())))
            }),
            network: Network::Public,
            clock: Clock::from_fn(now),
        };
        change(&mut wishes);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn(preview(listener, wishes, stop.clone()));
        Studio { folder, address, stop, server }
    }

    fn save(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("articles").join(name), text).unwrap();
    }

    async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, path: &str) -> String {
        self.get_with(path, &format!("Host: localhost:{}", self.address.port())).await
    }

    async fn get_with(&self, path: &str, headers: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n")).await
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// The page, as soon as it has `words`.
    async fn page_with(&self, path: &str, words: &str) -> String {
        for _ in 0..400 {
            let page = self.get(path).await;
            if page.contains(words) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the page never says {words:?}:\n{}", self.get(path).await);
    }

    async fn close(self) -> tempfile::TempDir {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.server).await.unwrap().unwrap();
        self.folder
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    // What SQLite makes for reading beside others: shared memory, and a log with nothing in it.
    found.retain(|(path, bytes)| {
        let name = path.to_string_lossy();
        !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())
    });
    found.sort();
    found
}

/// The token that the page's forms have.
fn token_of(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_next_edition_is_shown_without_a_database_and_none_is_made() {
    let folder = folder();
    fs::write(folder.path().join("articles/tide.md"), article("2026-09-24", "High water", "Noon.")).unwrap();
    fs::write(folder.path().join("articles/later.md"), article("2026-09-30", "Low water", "Soon.")).unwrap();
    let before = files(folder.path());
    let studio = Studio::open(folder).await;

    let page = studio.get("/").await;
    for words in [
        "<h1>Thursday 24 September 2026</h1>",
        "<strong>Ready.</strong> Goes out on Thursday 24 September 2026 at 07:00 UTC, to 4 active readers.",
        "<b lang=\"en-US\" dir=\"auto\">High water</b> <span class=\"path\">tide.md</span>",
        "is dated 2026-09-30, which has not come yet",
        "There is no database yet",
    ] {
        assert!(page.contains(words), "{words} is not in:\n{page}");
    }
    let frame = studio.get("/frame").await;
    assert!(frame.contains("Noon.") && frame.contains("reader@example.org"), "{frame}");
    assert!(
        frame.contains("sandbox allow-same-origin allow-popups") && !frame.contains("allow-scripts"),
        "{frame}"
    );
    assert!(studio.get("/?view=text").await.contains("with this address:\nreader@example.org"));
    assert!(studio.get("/?view=inbox").await.contains("<b class=\"note\">10 characters</b>"));
    assert!(studio.get("/?view=headers").await.contains("<th scope=\"row\">List-Unsubscribe-Post</th>"));
    assert!(studio.get("/?view=source").await.contains("Subject: High water"));
    let links = studio.get("/?view=links").await;
    assert!(links.contains("own address for leaving"), "{links}");
    let message = studio.get("/message.eml").await;
    let raw = message.split_once("\r\n\r\n").unwrap().1;
    let parsed = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
    assert_eq!(parsed.subject(), Some("High water"));
    // What is not due can be looked at all the same.
    let alone = studio.get("/frame?article=low-water").await;
    assert!(alone.contains("Soon.") && !alone.contains("Noon."), "{alone}");
    assert!(studio.get("/?view=nonsense").await.starts_with("HTTP/1.1 400"));

    let folder = studio.close().await;
    assert!(files(folder.path()) == before, "a preview writes nothing");
}

#[tokio::test]
async fn a_save_is_shown_and_told_and_an_error_comes_and_goes() {
    let folder = folder();
    fs::write(folder.path().join("articles/tide.md"), article("2026-09-24", "High water", "Noon.")).unwrap();
    let studio = Studio::open(folder).await;
    studio.page_with("/", "High water").await;

    let mut events = BufReader::new(TcpStream::connect(studio.address).await.unwrap()).lines();
    let ask = format!("GET /events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", studio.address.port());
    events.get_mut().write_all(ask.as_bytes()).await.unwrap();
    let mut told = async || loop {
        let line = tokio::time::timeout(Duration::from_secs(10), events.next_line()).await.unwrap().unwrap();
        if let Some(number) = line.unwrap().strip_prefix("data: ") {
            return number.parse::<u64>().unwrap();
        }
    };
    let first = told().await;

    studio.save("tide.md", &article("2026-09-24", "High water", "Half past noon."));
    let second = told().await;
    assert!(second > first);
    assert!(studio.get("/frame").await.contains("Half past noon."));
    assert!(studio.get("/").await.contains(&format!("data-version=\"{second}\"")));

    // Broken YAML, a missing picture, an unknown key: each with its place, and the last good edition stays.
    let broken = "---\ntitle: High water\ndate: 2026-09-24\ntittle: no\n---\n![A wave](no.png)\n";
    studio.save("tide.md", broken);
    let page = studio.page_with("/", "articles/tide.md:4:1").await;
    for words in [
        "unknown key: `tittle`",
        "did you mean `title`?",
        "<mark>tittle</mark>",
        "articles/tide.md:6",
        "no.png",
        "errors to mend",
        "Below is the last edition that was in order",
    ] {
        assert!(page.contains(words), "{words} is not in:\n{page}");
    }
    assert!(studio.get("/frame").await.contains("Half past noon."), "the last good edition stays");
    assert!(!page.contains("content hash"), "it is not that of this try: {page}");

    studio.save("tide.md", &article("2026-09-24", "High water", "Mended."));
    let page = studio.page_with("/", "<strong>Ready.</strong>").await;
    assert!(
        !page.contains("class=\"finding error\"") && !page.contains("last edition that was in order"),
        "{page}"
    );
    assert!(studio.get("/frame").await.contains("Mended."));

    // The configuration is read anew too, and what is wrong with it is shown.
    let settings = studio.folder.path().join("newsletter.yaml");
    let good = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{good}edition: {{recnt: 3}}\n")).unwrap();
    let page = studio.page_with("/", "recnt").await;
    assert!(page.contains("newsletter.yaml:3:"), "{page}");
    assert!(studio.get("/frame").await.contains("Mended."));
    fs::write(&settings, good.replace("Tide &", "Time &")).unwrap();
    let page = studio.page_with("/", "Time &amp; Time").await;
    // The script changes what is a part.
    assert!(page.contains("<p class=\"masthead\" id=\"masthead\" data-part>"), "{page}");
    let none = studio.get("/?view=nope").await;
    assert!(none.contains("This address asks for a view that there is not"), "{none}");

    // A file that is put in another's place, as editors save, and one that goes.
    let draft = studio.folder.path().join("articles/.tide.md.new");
    fs::write(&draft, article("2026-09-24", "Ebb", "Moved.")).unwrap();
    fs::rename(&draft, studio.folder.path().join("articles/tide.md")).unwrap();
    studio.page_with("/frame", "Moved.").await;
    fs::remove_file(studio.folder.path().join("articles/tide.md")).unwrap();
    studio.page_with("/", "Nothing is due").await;
    studio.close().await;
}

#[tokio::test]
async fn where_all_that_is_due_is_broken_the_page_shows_that_and_does_not_say_that_nothing_is_due() {
    for (settings, line) in [
        ("", "The edition is held until the articles are mended."),
        ("articles: {on_broken_article: skip}\n", "The edition cannot be made until this is mended."),
    ] {
        let folder = folder();
        let file = folder.path().join("newsletter.yaml");
        fs::write(&file, fs::read_to_string(&file).unwrap() + settings).unwrap();
        fs::write(
            folder.path().join("articles/tide.md"),
            "---\ntittle: High water\ndate: 2026-09-24\n---\nNoon.\n",
        )
        .unwrap();
        let studio = Studio::open(folder).await;
        let page = studio.page_with("/", "articles/tide.md:2:1").await;
        assert!(page.contains("One error to mend") && page.contains(line), "{page}");
        for wrong in ["No article is due", "Nothing is due", "nothing to show yet"] {
            assert!(!page.contains(wrong), "{wrong}: {page}");
        }
        studio.save("tide.md", &article("2026-09-24", "High water", "Mended."));
        studio.page_with("/", "<strong>Ready.</strong>").await;
        studio.close().await;
    }
}

#[tokio::test]
async fn a_template_that_fails_is_told_with_its_line() {
    let folder = folder();
    fs::write(folder.path().join("articles/tide.md"), article("2026-09-24", "High water", "Noon.")).unwrap();
    let templates = folder.path().join("mine");
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join("subject.txt"), "{{ lead.title }}").unwrap();
    let settings = folder.path().join("newsletter.yaml");
    let text = fs::read_to_string(&settings).unwrap() + "edition: {templates: mine}\n";
    fs::write(&settings, text).unwrap();
    let studio = Studio::open(folder).await;
    studio.page_with("/", "<strong>Ready.</strong>").await;
    fs::write(templates.join("subject.txt"), "News:\n{{ laed.title }}").unwrap();
    let page = studio.page_with("/", "subject.txt:2:").await;
    assert!(page.contains("did you mean `lead`?") && page.contains("<mark>laed</mark>"), "{page}");
    assert!(page.contains("The edition cannot be made until this is mended."), "{page}");
    assert!(studio.get("/frame").await.contains("Noon."));
    fs::write(templates.join("subject.txt"), "News: {{ lead.title }}").unwrap();
    studio.page_with("/?view=inbox", "News: High water").await;
    fs::remove_dir_all(&templates).unwrap();
    let page = studio.page_with("/", "there is no folder `").await;
    assert!(page.contains("mine`, which `edition.templates` of the configuration names"), "{page}");
    studio.close().await;
}

/// An archive in the folder is neither listed nor looked through at each save.
#[tokio::test]
async fn what_is_over_stands_behind_what_goes_out_next() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join("articles").join(name), text).unwrap();
    write("z.md", &article("2026-09-24", "High water", "It is TK."));
    for day in 1..=9 {
        let text =
            article(&format!("2016-03-0{day}"), &format!("Tide {day}"), "Look [here](https://tide.example).");
        write(&format!("a{day}.md"), &text);
    }
    // What is to come is looked at beforehand, and comes behind what goes out next.
    write("b.md", &article("2026-09-30", "Low water", "Look [here](https://tide.example)."));
    let studio = Studio::open(folder).await;
    let page = studio.page_with("/?view=findings", "placeholder").await;
    assert!(page.matches("vague-link").count() == 1, "{page}");
    assert!(page.find("placeholder").unwrap() < page.find("vague-link").unwrap(), "{page}");
    assert!(
        page.contains("Articles whose time is past are not looked through here: <code>straight check "),
        "{page}"
    );
    assert!(page.contains("Not in it <span class=\"count\">10</span>"), "{page}");
    assert!(page.contains("articles/b.md") || page.contains("b.md"), "{page}");
    assert!(
        page.contains("Tide 9")
            && !page.contains("Tide 1<")
            && page.contains("And 4 more, whose time is past."),
        "{page}"
    );
    studio.close().await;
}

/// A folder with a database: three readers and an edition that went out.
async fn published() -> tempfile::TempDir {
    let folder = folder();
    fs::write(folder.path().join("articles/old.md"), article("2026-09-23", "Yesterday", "Gone.")).unwrap();
    let file = folder.path().join("newsletter.yaml");
    let mut config =
        straight::config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
    config.articles.settle = Duration::ZERO;
    let clock = Clock::from_fn(|| "2026-09-23T07:00:00Z".parse().unwrap());
    let press = Press::open(config, clock).await.unwrap();
    let reader = |email: &str, name: &str, status| NewSubscriber {
        email: email.parse().unwrap(),
        name: Some(name.to_owned()),
        timezone: None,
        status,
        since: Some("2026-01-05T12:00:00Z".parse().unwrap()),
    };
    let readers = [
        reader("ann@example.org", "Ann Canary <b>", Status::Active),
        reader("bo@example.org", "Bo", Status::Active),
        reader("cy@example.org", "Cy", Status::Unsubscribed),
    ];
    press.store.import(&readers, Origin::Operator, now()).await.unwrap();
    press.publish("2026-09-23".parse().unwrap()).await.unwrap();
    press.store.close().await;
    fs::write(folder.path().join("articles/new.md"), article("2026-09-24", "Today", "Fresh.")).unwrap();
    folder
}

#[tokio::test]
async fn a_readers_copy_is_found_by_post_and_leaves_no_trace() {
    let folder = published().await;
    let before = files(folder.path());
    let studio = Studio::open(folder).await;
    let page = studio
        .page_with("/", "Goes out on Thursday 24 September 2026 at 07:00 UTC, to 2 active readers.")
        .await;
    assert!(page.contains("went out in the edition 2026-09-23"), "{page}");
    let token = token_of(&page);
    let port = studio.address.port();
    let ours = format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}");
    let found = studio.post("/readers?view=text", &ours, &format!("token={token}&find=canary")).await;
    assert!(found.contains("ann@example.org") && found.contains("Ann Canary &lt;b&gt;"), "{found}");
    assert!(!found.contains("bo@example.org"), "{found}");
    assert!(
        found.contains("href=\"/?view=text&amp;reader=1\"") || found.contains("view=text&reader=1"),
        "{found}"
    );

    let text = studio.get("/?view=text&reader=1").await;
    assert!(text.contains("You subscribed on January 5, 2026 with this address:\nann@example.org"), "{text}");
    let message = studio.get("/message.eml?reader=1").await;
    assert!(message.contains("<ann@example.org>"), "{message}");
    // The link for leaving looks like Ann's, and is none: it was signed with a key that nobody else has.
    let link = message.split_once("List-Unsubscribe: <https://tide.example/unsubscribe/").unwrap().1;
    let link = link.split('>').next().unwrap().to_owned();
    let database = Database::Sqlite(studio.folder.path().join("data/straight.db"));
    let store = Store::look(&database).await.unwrap().unwrap();
    let keys = store.token_keys(now()).await.unwrap();
    assert_eq!(keys.verify(straight::message::Purpose::Unsubscribe, &link), None);
    store.close().await;

    // Whoever has no token, another Origin, or none, is refused; so is a look by GET.
    let evil = format!("Host: localhost:{port}\r\nOrigin: http://evil.example");
    let plain = format!("Host: localhost:{port}");
    for (headers, body) in [
        (&ours, "token=x&find=canary".to_owned()),
        (&evil, format!("token={token}&find=canary")),
        (&plain, format!("token={token}&find=canary")),
    ] {
        let answer = studio.post("/readers", headers, &body).await;
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("ann@"), "{answer}");
    }
    assert!(studio.get("/readers").await.starts_with("HTTP/1.1 405"));

    let folder = studio.close().await;
    assert!(files(folder.path()) == before, "a preview writes nothing");
}

#[tokio::test]
async fn what_has_gone_out_is_shown_as_it_was() {
    let folder = published().await;
    fs::write(folder.path().join("articles/old.md"), article("2026-09-23", "Yesterday", "Rewritten."))
        .unwrap();
    let studio = Studio::open_with(folder, |wishes| {
        wishes.edition = Some("2026-09-23".parse().unwrap());
        wishes.reader = Some("bo@example.org".parse().unwrap());
    })
    .await;
    let page = studio.page_with("/", "<strong>Gone out.</strong>").await;
    assert!(
        page.contains("Frozen 2026-09-23 07:00 UTC") && page.contains("Bo &lt;bo@example.org&gt;"),
        "{page}"
    );
    let frame = studio.get("/frame").await;
    assert!(frame.contains("Gone.") && !frame.contains("Rewritten."), "{frame}");
    studio.close().await;
}

#[tokio::test]
async fn an_edition_that_waits_for_a_person_is_not_called_ready() {
    let folder = published().await;
    let file = folder.path().join("newsletter.yaml");
    let settings = fs::read_to_string(&file).unwrap() + "edition: {require_approval: true}\n";
    fs::write(&file, settings).unwrap();
    let config = straight::config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
    let press = Press::open(config, Clock::from_fn(now)).await.unwrap();
    let (key, store) = ("2026-09-24".parse().unwrap(), press.store.clone());
    let studio = Studio::open(folder).await;
    // No file is saved for it: what is decided in the store shows by itself.
    let page_with = async |words: &str| {
        let page = studio.page_with("/", words).await;
        assert!(!page.contains("<strong>Ready.</strong>"), "{page}");
        page
    };

    let page = page_with("<strong>Waits for approval.</strong>").await;
    assert!(page.contains("It is not approved: look at it, then `straight approve 2026-09-24`."), "{page}");
    assert!(
        page.contains("Its hour is Thursday 24 September 2026 at 07:00 UTC, to 2 active readers."),
        "{page}"
    );

    // Approved, it is shown as it goes out: without what came later.
    press.approve(&key, AsOf::Slot, "ed on desk1").await.unwrap();
    studio.save("late.md", &article("2026-09-24", "Too Late", "Next time."));
    let page = page_with("<strong>Approved by ed on desk1.</strong> Goes out on Thursday").await;
    assert!(page.contains("late.md") && page.contains("Too Late"), "{page}");
    let frame = studio.get("/frame").await;
    assert!(frame.contains("Fresh.") && !frame.contains("Next time."), "{frame}");

    studio.save("new.md", &article("2026-09-24", "Today", "Changed."));
    let page = page_with("<strong>Changed since it was approved.</strong>").await;
    assert!(page.contains("undo the change, or look at it anew"), "{page}");
    assert!(studio.get("/frame").await.contains("Changed."), "what is there now is what is to be looked at");

    store.hold(&key, Course::Paused, "ann on mail1", Some("a call"), now()).await.unwrap();
    let page = page_with("<strong>Held.</strong>").await;
    assert!(page.contains("is paused by ann on mail1, 2026-09-23 20:00 UTC (a call)"), "{page}");
    assert!(page.contains("`straight resume --edition 2026-09-24` lets it go"), "{page}");
    store.hold(&key, Course::Cancelled, "ann on mail1", None, now()).await.unwrap();
    page_with("<strong>Called off.</strong>").await;
    store.let_go(&key).await.unwrap();
    page_with("<strong>Changed since it was approved.</strong>").await;
    let more = NewSubscriber {
        email: "di@example.org".parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Active,
        since: None,
    };
    store.import(&[more], Origin::Operator, now()).await.unwrap();
    page_with("07:00 UTC, to 3 active readers").await;
    store.close().await;
    studio.close().await;
}

#[tokio::test]
async fn readers_are_counted_whom_a_send_takes_in_first() {
    let folder = folder();
    let list = folder.path().join("subscribers.yaml");
    let settings = folder.path().join("newsletter.yaml");
    let more = format!("{}subscribers: {}\n", fs::read_to_string(&settings).unwrap(), list.display());
    fs::write(&settings, more).unwrap();
    fs::write(
        &list,
        "- ann@example.org\n- bo@example.org\n- {email: cy@example.org, status: unsubscribed}\n",
    )
    .unwrap();
    fs::write(folder.path().join("articles/tide.md"), article("2026-09-24", "High water", "Noon.")).unwrap();
    let studio = Studio::open(folder).await;
    studio.page_with("/", "at 07:00 UTC, to 2 active readers.").await;
    // Who is added to the list is seen as an article is.
    fs::write(&list, "- ann@example.org\n- bo@example.org\n- di@example.org\n").unwrap();
    studio.page_with("/", "at 07:00 UTC, to 3 active readers.").await;

    // Once they are in the store, nobody counts twice; and a database that is made shows by itself.
    let file = studio.folder.path().join("newsletter.yaml");
    let config = straight::config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
    let press = Press::open(config, Clock::from_fn(now)).await.unwrap();
    let reader = |email: &str| NewSubscriber {
        email: email.parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Active,
        since: None,
    };
    press
        .store
        .import(&[reader("ann@example.org"), reader("eve@example.org")], Origin::File, now())
        .await
        .unwrap();
    studio.page_with("/", "at 07:00 UTC, to 4 active readers.").await;
    press.store.close().await;

    fs::remove_file(&list).unwrap();
    let broken = studio.page_with("/?view=findings", "subscribers.yaml").await;
    assert!(!broken.contains("to 4 active readers"), "{broken}");
    studio.close().await;
}

#[tokio::test]
async fn what_went_out_ahead_of_its_hour_is_not_the_next_edition() {
    let folder = published().await;
    let studio = Studio::open_with(folder, |wishes| {
        wishes.clock = Clock::from_fn(|| "2026-09-23T05:00:00Z".parse().unwrap());
    })
    .await;
    let page = studio.page_with("/", "<strong>Ready.</strong>").await;
    assert!(page.contains("<h1>Thursday 24 September 2026</h1>"), "{page}");
    assert!(studio.get("/frame").await.contains("Fresh."));
    studio.close().await;
}

#[tokio::test]
async fn an_hour_that_is_over_shows_the_edition_that_is_made_up_for() {
    let clock = |wishes: &mut Wishes| {
        wishes.clock = Clock::from_fn(|| "2026-09-24T09:00:00Z".parse().unwrap());
    };
    // Nobody watches the schedule: nothing is made up for.
    let studio = Studio::open_with(published().await, clock).await;
    studio.page_with("/", "<h1>Friday 25 September 2026</h1>").await;
    let folder = studio.close().await;

    let mut config = straight::config::load(
        Some(&folder.path().join("newsletter.yaml")),
        &Environment::default(),
        Overrides::default(),
    )
    .unwrap();
    config.articles.settle = Duration::ZERO;
    let press =
        Press::open(config, Clock::from_fn(|| "2026-09-23T07:05:00Z".parse().unwrap())).await.unwrap();
    drop(Watch::begin(press.clone()).await.unwrap());
    press.store.close().await;
    let studio = Studio::open_with(folder, clock).await;
    let page = studio.page_with("/", "`straight run` makes up for that").await;
    // By tomorrow plain `straight send` means another.
    assert!(page.contains("`straight send --edition 2026-09-24` sends it now"), "{page}");
    assert!(page.contains("<h1>Thursday 24 September 2026</h1>"), "{page}");
    assert!(studio.get("/frame").await.contains("Fresh."));
    // What is made up for with nothing is over.
    fs::remove_file(studio.folder.path().join("articles/new.md")).unwrap();
    studio.page_with("/", "<h1>Friday 25 September 2026</h1>").await;
    studio.close().await;
}

#[tokio::test]
async fn other_pages_and_names_that_lead_here_get_nothing() {
    let folder = published().await;
    let studio = Studio::open(folder).await;
    let port = studio.address.port();
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.9"] {
        let answer = studio.get_with("/", &format!("Host: {host}:{port}")).await;
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("Tide"), "{host}: {answer}");
    }
    let local = format!("Host: 127.0.0.1:{port}");
    assert!(studio.get_with("/", &local).await.starts_with("HTTP/1.1 200"));
    // Another site's page may lead here, and neither embed nor fetch anything.
    let visit = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document";
    assert!(studio.get_with("/", &format!("{local}\r\n{visit}")).await.starts_with("HTTP/1.1 200"));
    for dest in ["iframe", "script", "image", "empty"] {
        for site in ["cross-site", "same-site"] {
            let headers = format!("{local}\r\nSec-Fetch-Site: {site}\r\nSec-Fetch-Dest: {dest}");
            for path in ["/", "/frame", "/events", "/message.eml?reader=1"] {
                let answer = studio.get_with(path, &headers).await;
                assert!(answer.starts_with("HTTP/1.1 403"), "{dest} {path}: {answer}");
            }
        }
    }
    let page = studio.get("/").await.to_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self';",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-resource-policy: same-origin",
        "cache-control: no-store",
    ] {
        assert!(page.contains(header), "{header}: {page}");
    }
    assert!(!page.contains("<script>") && !page.contains(" style=") && !page.contains("onclick"), "{page}");
    studio.close().await;

    // Over the network there is no log-in, and so nobody to be seen.
    let folder = published().await;
    let studio = Studio::open_with(folder, |wishes| wishes.audience = Audience::Network).await;
    let port = studio.address.port();
    let page = studio.get_with("/?reader=1", &format!("Host: 10.0.0.7:{port}")).await;
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains("ann@example.org"), "{page}");
    let ours = format!("Host: 10.0.0.7:{port}\r\nOrigin: http://10.0.0.7:{port}");
    let answer = studio.post("/readers", &ours, "token=x&find=ann").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(studio.get_with("/", &format!("Host: tide.example:{port}")).await.starts_with("HTTP/1.1 403"));
    studio.close().await;
}

#[tokio::test]
async fn links_are_asked_about_when_somebody_clicks_for_it() {
    let server = crate::lint::links::Server::at("127.0.0.1", |line| {
        Some(match line {
            "HEAD /there" => "HTTP/1.1 200 OK\r\n\r\n",
            _ => "HTTP/1.1 404 Not Found\r\n\r\n",
        })
    });
    let folder = folder();
    let body = format!("It is [there]({}), and [was]({}).", server.url("/there"), server.url("/lost"));
    fs::write(folder.path().join("articles/a.md"), article("2026-09-24", "Today", &body)).unwrap();
    let studio = Studio::open_with(folder, |wishes| wishes.network = crate::lint::links::loopback()).await;
    let page = studio.page_with("/?view=links", "/lost").await;
    assert!(page.contains("Nothing here was asked for over the network."), "{page}");
    assert_eq!(server.asked(), Vec::<String>::new());

    let port = studio.address.port();
    let ours = format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}");
    let refused = studio.post("/links?view=links", &ours, "token=x").await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert_eq!(server.asked(), Vec::<String>::new());

    let token = token_of(&page);
    let page = studio.post("/links?view=links", &ours, &format!("token={token}")).await;
    assert!(page.contains("The web was asked where these lead."), "{page}");
    assert!(page.contains("is not there: 404 Not Found") && page.contains(">is there<"), "{page}");
    let mut asked = server.asked();
    asked.sort();
    assert_eq!(asked, ["GET /lost", "HEAD /lost", "HEAD /there"]);
    // It stays on the page, and nothing is asked again.
    let page = studio.get("/?view=links").await;
    assert!(page.contains("is not there: 404 Not Found"), "{page}");
    assert_eq!(server.asked().len(), 3);
    studio.close().await;
}

#[tokio::test]
async fn nobody_sends_questions_from_here_over_the_network() {
    let server = crate::lint::links::Server::at("127.0.0.1", |_| Some("HTTP/1.1 200 OK\r\n\r\n"));
    let folder = folder();
    let body = format!("It is [there]({}).", server.url("/there"));
    fs::write(folder.path().join("articles/a.md"), article("2026-09-24", "Today", &body)).unwrap();
    let studio = Studio::open_with(folder, |wishes| {
        wishes.audience = Audience::Network;
        wishes.network = crate::lint::links::loopback();
    })
    .await;
    let page = studio.page_with("/?view=links", "/there").await;
    assert!(!page.contains("Ask where they lead"), "{page}");
    let port = studio.address.port();
    let ours = format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}");
    let answer = studio.post("/links", &ours, "token=x").await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("over the network"), "{answer}");
    assert_eq!(server.asked(), Vec::<String>::new());
    studio.close().await;
}

#[tokio::test]
async fn a_template_that_stands_in_for_nothing_is_told() {
    let folder = folder();
    let settings = fs::read_to_string(folder.path().join("newsletter.yaml")).unwrap();
    fs::write(folder.path().join("newsletter.yaml"), settings + "edition: {templates: own}\n").unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    fs::write(folder.path().join("own/subject.text"), "{{ lead.title }}").unwrap();
    fs::write(folder.path().join("articles/a.md"), article("2026-09-24", "Today", "Text.")).unwrap();
    let studio = Studio::open(folder).await;
    let page = studio.page_with("/?view=findings", "subject.text").await;
    assert!(page.contains("unknown-template") && page.contains("did you mean"), "{page}");
    fs::rename(studio.folder.path().join("own/subject.text"), studio.folder.path().join("own/subject.txt"))
        .unwrap();
    for _ in 0..400 {
        if !studio.get("/?view=findings").await.contains("unknown-template") {
            return drop(studio.close().await);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it stays on the page: {}", studio.get("/?view=findings").await);
}

//! A canary: a password, a key and readers' addresses that nobody else has, looked for wherever they must not be. What the
//! program says of failures, at its most talkative; letters of alarm; and what a backup holds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Newsroom;
use super::program::{shown, straight};

const PASSWORD: &str = "canary-p4ssw0rd-in-a-mine";

/// A server that takes a log-in, or does not, and refuses everybody in words that repeat them.
async fn echo(log_in: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(refuse(stream, log_in));
        }
    });
    port
}

async fn refuse(stream: TcpStream, log_in: &'static str) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 echo\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let reply = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-echo\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n".to_owned(),
            "AUTH" => format!("{log_in}\r\n"),
            "RCPT" => {
                let to = line.split(['<', '>']).nth(1).unwrap_or_default();
                format!("550 5.7.1 <{to}>: we take nothing for {to} from you\r\n")
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => "250 2.0.0 fine\r\n".to_owned(),
        };
        write.write_all(reply.as_bytes()).await?;
    }
    Ok(())
}

/// More than are refused before a run halts, and once more as many.
fn readers() -> Vec<String> {
    (0..24).map(|n| format!("canary{n}.reader@example.org")).collect()
}

async fn newsroom(settings: &str) -> Newsroom {
    let room = Newsroom::new()
        .settings(&format!("publication: {{editors: [desk@example.com]}}\nweb: {{listen: off}}\n{settings}"));
    let readers = readers();
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    room.article("tide", "2025-09-24", "The Tide Turns").readers(&readers).await;
    room
}

/// What a command says, on both channels and at its most talkative.
async fn said(folder: &Path, arguments: &[&str]) -> String {
    let folder = folder.to_owned();
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let done = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = arguments.iter().map(String::as_str).chain(["-vvv"]).collect();
        straight(&folder, &words)
    });
    shown(&done.await.unwrap())
}

#[track_caller]
fn assert_no_secret(text: &str, of: &str) {
    let twice = STANDARD.encode(format!("\0daily\0{PASSWORD}"));
    for secret in [PASSWORD, &STANDARD.encode(PASSWORD), &twice] {
        assert!(!text.contains(secret), "the password is in what {of} says:\n{text}");
    }
}

#[track_caller]
fn assert_no_reader(text: &str, of: &str) {
    for reader in readers() {
        assert!(!text.contains(&reader), "{reader} is in what {of} says:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_repeats_whom_it_refuses_puts_nobody_into_log_status_or_alarm() {
    let port = echo("235 2.7.0 welcome").await;
    let room = newsroom(&format!(
        "smtp: {{url: \"smtp://127.0.0.1:{port}?tls=none\", username: daily, password: {PASSWORD}, connections: 1}}"
    ))
    .await;
    let folder = room.folder.path();
    let mut told = String::new();
    for command in [["send"].as_slice(), &["run", "--once"], &["status"], &["status", "--format", "json"]] {
        let said = said(folder, command).await;
        assert_no_secret(&said, &command.join(" "));
        assert_no_reader(&said, &command.join(" "));
        told.push_str(&said);
    }
    // It was said at all, with as much of the address as tells whose server it is.
    assert!(told.contains("not accepted") && told.contains("c…@example.org"), "{told}");
    assert!(told.contains(" messages in a row, the last with: 550 5.7.1 "), "{told}");

    let press = room.press().await;
    let noted = press.store.troubles(straight::press::Clock::system().now()).await.unwrap();
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_no_reader(&noted[0].told, "the note of the halt");
    let due = press.store.due_letters("2100-01-01T00:00:00Z".parse().unwrap(), None, 99).await.unwrap();
    let alarms: Vec<_> = due.iter().filter(|letter| letter.to.as_str() == "desk@example.com").collect();
    assert!(alarms.iter().any(|alarm| alarm.written.subject.contains("halted")), "{due:?}");
    for alarm in alarms {
        let text = format!("{}\n{}", alarm.written.subject, alarm.written.text);
        assert_no_reader(&text, "an alarm");
        assert_no_secret(&text, "an alarm");
        assert!(!text.contains(&folder.display().to_string()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_told_without_its_password() {
    let refusing = echo("535 5.7.8 not with that").await;
    let settings = [
        format!(
            "smtp: {{url: \"smtp://127.0.0.1:{refusing}?tls=none\", username: daily, password: {PASSWORD}}}"
        ),
        format!("smtp: {{url: \"smtp://daily:{PASSWORD}@127.0.0.1:{refusing}?tls=none\"}}"),
        format!("smtp: {{url: \"smtp://daily:{PASSWORD}@127.0.0.1:1?tls=none\"}}"),
        // An expected STARTTLS that is not there, a port that is no number, words that are no address.
        format!("smtp: {{url: \"smtp://daily:{PASSWORD}@127.0.0.1:{refusing}?tls=starttls\"}}"),
        format!("smtp: {{url: \"smtp://daily:{PASSWORD}@127.0.0.1:port\"}}"),
        format!("smtp: {{url: \"daily:{PASSWORD}@nowhere\"}}"),
        format!("smtp: {{url: \"smtp://127.0.0.1:1\", username: daily, pasword: {PASSWORD}}}"),
        format!("database_url: \"postgres://daily:{PASSWORD}@127.0.0.1:1/news\""),
        format!("database_url: \"mysql://daily:{PASSWORD}@127.0.0.1:1/news\""),
    ];
    for settings in settings {
        let room = Newsroom::new();
        room.article("tide", "2025-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
        let room = room.settings(&format!("{settings}\nweb: {{listen: off}}"));
        // A trial connects once, where a send is patient.
        for command in [["send", "--to", "ed@example.com"].as_slice(), &["status"], &["config"], &["check"]] {
            let said = said(room.folder.path(), command).await;
            // A line of the file that is wrong is shown as it stands there, to whoever has the file; not so its value.
            if settings.contains("pasword") && said.contains("unknown key") {
                continue;
            }
            assert_no_secret(&said, &format!("{} with {settings}", command.join(" ")));
        }
    }
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A backup is the data folder. It has the readers' addresses and the key of their links, so that it is for its owner alone;
/// the passwords and the keys that the configuration names are not in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_no_password_and_is_for_its_owner_alone() {
    let port = echo("235 2.7.0 welcome").await;
    let room = newsroom(&format!(
        "smtp: {{url: \"smtp://127.0.0.1:{port}?tls=none\", username: daily, password: {PASSWORD}, connections: 1}}"
    ))
    .await;
    let folder = room.folder.path();
    let made =
        said(folder, &["dkim", "keygen", "--domain", "example.com", "--selector", "s1", "--out", "keys"])
            .await;
    let keys = files(&folder.join("keys"));
    assert!(!keys.is_empty(), "{made}");
    said(folder, &["send"]).await;
    said(folder, &["status"]).await;
    let data = files(&folder.join("data"));
    assert!(data.iter().any(|(_, bytes)| holds(bytes, &readers()[0])), "the readers are in it");
    for (name, bytes) in &data {
        assert!(!holds(bytes, PASSWORD), "the password is in {name}");
        for (key, pem) in &keys {
            let pem = String::from_utf8_lossy(pem);
            let line = pem.lines().filter(|line| !line.starts_with("---") && line.len() > 20).nth(1);
            let line = line.or_else(|| pem.lines().find(|line| !line.starts_with("---")));
            assert!(!holds(bytes, line.unwrap()), "{key} is in {name}");
        }
        if name.contains("straight.db") {
            let mode = fs::metadata(name).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name} is for its owner alone");
        }
    }

    // What leaves for readers to see has neither.
    said(folder, &["site", "--out", "public"]).await;
    for (name, bytes) in files(&folder.join("public")) {
        assert!(!holds(&bytes, PASSWORD) && !holds(&bytes, "canary"), "{name}");
        assert!(!holds(&bytes, "/unsubscribe/1.") && !holds(&bytes, "/preferences/1."), "{name}");
    }
    // A list is what was asked for, and no more of a reader: no link, no address of a network.
    let left = folder.join("list.unfinished");
    fs::write(&left, "of an export that was cut off").unwrap();
    fs::set_permissions(&left, fs::Permissions::from_mode(0o644)).unwrap();
    let list = said(folder, &["subscribers", "export", "--format", "yaml", "--out", "list.yaml"]).await;
    let exported = fs::read_to_string(folder.join("list.yaml")).unwrap_or_else(|why| panic!("{why}: {list}"));
    assert!(exported.contains(&readers()[0]), "{exported}");
    let mode = fs::metadata(folder.join("list.yaml")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "every address is in it");
    assert!(!exported.contains("unsubscribe/") && !exported.contains(PASSWORD), "{exported}");
}

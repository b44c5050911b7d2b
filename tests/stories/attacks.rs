//! Attacks through what is written and through what servers answer: stories of content that wants to leave its place.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Newsroom;
use super::program::{samples, shown, straight, today};

/// What a strict server has read: commands, and messages up to their dots, byte for byte.
#[derive(Debug, Clone, Default)]
struct Read {
    commands: Vec<Vec<u8>>,
    messages: Vec<Vec<u8>>,
}

/// A server for which only CR LF ends a line and only CR LF . CR LF a message (RFC 5321 §2.3.8); without PIPELINING.
async fn strict_server() -> (u16, Arc<Mutex<Read>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let read = Arc::new(Mutex::new(Read::default()));
    let served = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&served)));
        }
    });
    (port, read)
}

async fn converse(mut stream: TcpStream, read: Arc<Mutex<Read>>) -> std::io::Result<()> {
    stream.write_all(b"220 strict\r\n").await?;
    let mut unread = Vec::new();
    let mut end: &[u8] = b"\r\n";
    loop {
        let found = unread.windows(end.len()).position(|bytes| bytes == end);
        let Some(place) = found else {
            let mut some = [0; 4096];
            let count = stream.read(&mut some).await?;
            if count == 0 {
                return Ok(());
            }
            unread.extend_from_slice(&some[..count]);
            continue;
        };
        let rest = unread.split_off(place + end.len());
        let taken = std::mem::replace(&mut unread, rest)[..place].to_vec();
        let reply: &[u8] = if end.len() > 2 {
            read.lock().unwrap().messages.push(taken);
            end = b"\r\n";
            b"250 kept\r\n"
        } else {
            let verb = String::from_utf8_lossy(&taken[..taken.len().min(4)]).to_ascii_uppercase();
            read.lock().unwrap().commands.push(taken);
            match verb.as_str() {
                "EHLO" => b"250 strict\r\n",
                "DATA" => {
                    end = b"\r\n.\r\n";
                    b"354 go on\r\n"
                }
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => b"250 fine\r\n",
            }
        };
        stream.write_all(reply).await?;
    }
}

#[tokio::test]
async fn no_message_brings_another_one_with_it() {
    let (port, read) = strict_server().await;
    let room =
        Newsroom::new().settings(&format!("smtp: {{url: \"smtp://127.0.0.1:{port}\", connections: 1}}"));
    let smuggled = "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nSubject: Smuggled\r\n\r\nBuy.";
    let mut body = String::new();
    // Ends of data that lenient servers have taken for the real one.
    for end in ["\r\n.\r\n", "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\u{85}.\r\n"] {
        body.push_str(&format!(
            "A paragraph.{end}{smuggled}{end}\r\n\r\n```\r\ncode{end}{smuggled}{end}\r\n```\r\n\r\n"
        ));
    }
    room.file(
        "tide.md",
        &format!(
            "---\ntitle: The Tide\ndate: 2026-09-24\nsummary: Of tides.\nhighlights: [One]\n---\n{body}"
        ),
    )
    .readers(&["ann@example.org", "bo@example.org"])
    .await;
    assert_eq!(room.send().await.expect("the edition goes out").sent(), 2);
    let read = read.lock().unwrap().clone();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let commands: Vec<String> = read.commands.iter().map(|command| text(command)).collect();
    let of = |verb: &str| commands.iter().filter(|command| command.starts_with(verb)).count();
    assert_eq!((of("MAIL"), of("RCPT"), of("DATA"), read.messages.len()), (2, 2, 2, 2), "{commands:?}");
    assert!(commands.iter().all(|command| !command.contains("evil") && !command.contains("victim")));
    for message in &read.messages {
        let shown = text(message);
        assert!(shown.contains("evil.example"), "the words are there, as words");
        let bare = message.windows(2).any(|two| (two[0] == b'\r') != (two[1] == b'\n'));
        assert!(!bare, "a CR or an LF stands alone in {shown}");
        assert!(message.is_ascii() && !message.contains(&0), "{shown}");
        // What begins with a dot has been given another one, so that no line is a dot alone.
        assert!(
            message.split(|b| *b == b'\n').all(|line| !line.starts_with(b".") || line.starts_with(b".."))
        );
        let (head, _) = shown.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.matches("\r\nSubject: ").count(), 1, "{head}");
        assert!(!head.contains("Smuggled"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_written_makes_the_program_fetch_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let folder = samples();
    let here = format!("https://127.0.0.1:{port}");
    let article = format!(
        "---\ntitle: \"Look\"\ndate: {}\nsummary: \"See {here}/summary\"\nhighlights: [\"![x]({here}/highlight.png)\"]\n\
         image: {{src: \"{here}/lead.png\", alt: A picture}}\n\
         author: {{name: Eve, link: \"{here}/eve\", photo: \"{here}/eve.png\"}}\n\
         sources: [\"{here}/source\"]\n---\n\
         ![A picture]({here}/body.png) [a link]({here}/link) <{here}/auto>\n\n\
         <img src=\"{here}/raw.png\"><link rel=\"stylesheet\" href=\"{here}/sheet.css\"><iframe src=\"{here}/frame\"></iframe>\n\n\
         <style>@import url({here}/import.css);</style>\n",
        today()
    );
    fs::write(folder.path().join("articles/look.md"), article).unwrap();
    // A file of this machine is refused by name, and the article left out.
    let local = "---\ntitle: Away\ndate: 2020-01-01\n---\n![file](file:///etc/passwd)\n";
    fs::write(folder.path().join("articles/away.md"), local).unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    let css = format!("@import url(\"{here}/mine.css\"); .masthead{{background:url({here}/back.png)}}");
    fs::write(folder.path().join("templates/edition.css"), css).unwrap();
    fs::write(
        folder.path().join("newsletter.yaml"),
        "edition: {templates: templates}\narticles: {settle: 0s, on_broken_article: skip}\n",
    )
    .unwrap();
    let mut output = String::new();
    for arguments in [
        ["check"].as_slice(),
        &["render", "--date", &today(), "--out", "day"],
        &["send"],
        &["status"],
        &["site", "--out", "public"],
        &["subscribers", "list"],
    ] {
        let (folder, arguments) = (folder.path().to_owned(), arguments.to_vec());
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let done = tokio::task::spawn_blocking(move || {
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            shown(&straight(&folder, &words))
        });
        output.push_str(&done.await.unwrap());
    }
    let rendered = fs::read_to_string(folder.path().join("day/body.html")).unwrap_or_default();
    assert!(rendered.contains(&here), "the addresses were there to be fetched:\n{output}");
    assert!(output.contains("`file:///etc/passwd` is no path within the articles folder"), "{output}");
    assert!(!rendered.contains("root:"), "{rendered}");
    assert_eq!(asked.load(Ordering::SeqCst), 0, "{output}");
    // That the listener counts at all.
    drop(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    for _ in 0..100 {
        if asked.load(Ordering::SeqCst) == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a connection is not counted");
}

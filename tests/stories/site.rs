//! The archive as files: every link of every page leads to a file, and a second run touches nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use straight::edition::Headline;
use straight::store::Issue;
use straight::web::{Written, write_site};

use super::Newsroom;

fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
            found.insert(path.clone(), (std::fs::read(&path).unwrap(), changed));
        }
    }
    found
}

const SETTINGS: &str = "publication: {public_url: https://post.example.org/daily}";

/// Every link of every page leads to a file, and to a place in it that is there; nothing in it needs a server, and nothing is
/// anybody's own.
#[track_caller]
fn assert_of_one_piece(out: &Path) {
    let mut links = 0;
    for (path, (content, _)) in
        files(out).iter().filter(|(path, _)| path.extension().is_some_and(|x| x == "html"))
    {
        let html = std::str::from_utf8(content).unwrap();
        assert!(
            !html.contains("canary") && !html.contains("<form") && !html.contains("/search"),
            "{}",
            path.display()
        );
        for link in html.split(['"']).filter(|part| part.starts_with("/daily")) {
            let (address, place) = link.split_once('#').unwrap_or((link, ""));
            let target = out.join(address.split('?').next().unwrap().strip_prefix("/daily/").unwrap());
            let file = if target.is_file() { target } else { target.join("index.html") };
            let led_to = std::fs::read(&file).unwrap_or_else(|_| panic!("{link} in {}", path.display()));
            let id = format!("id=\"{place}\"");
            assert!(
                place.is_empty() || String::from_utf8(led_to).unwrap().contains(&id),
                "{link} in {}: there is no {id}",
                path.display()
            );
            links += 1;
        }
    }
    assert!(links > 10, "{links} links");
    let map = std::fs::read_to_string(out.join("sitemap.xml")).unwrap();
    for page in map.split("<loc>").skip(1).map(|rest| rest.split('<').next().unwrap()) {
        let file = out.join(page.strip_prefix("https://post.example.org/daily/").unwrap()).join("index.html");
        assert!(file.is_file(), "{page} is in the map");
    }
}

#[tokio::test]
async fn the_archive_becomes_files_without_a_dead_link() {
    let room = Newsroom::new().settings(SETTINGS);
    room.article("ferry", "2026-09-24", "The Ferry")
        .file("tide.md", "---\ntitle: The Tide\ndate: 2026-09-24\nauthor: {name: Ada, biography: Writes.}\ntags: [Sea]\n---\nSee [it](ferry.md).\n")
        .readers(&["canary@example.org"])
        .await;
    room.send().await.unwrap();
    let press = room.press().await;
    let out = room.folder.path().join("public");
    let first = write_site(&press, &out).await.unwrap();
    std::fs::write(out.join("mine.txt"), "not yours").unwrap();
    let before = files(&out);
    assert_eq!(
        write_site(&press, &out).await.unwrap(),
        Written { unchanged: first.changed, ..Written::default() }
    );
    assert_eq!(files(&out), before, "nothing is touched, nothing removed");

    let cards = press.store.latest_articles(9).await.unwrap();
    let ferry = cards.iter().find(|article| article.card.title == "The Ferry").unwrap().card.slug.clone();
    assert!(press.store.withdraw(&ferry, "ann", None, press.clock.now()).await.unwrap());
    let written = write_site(&press, &out).await.unwrap();
    // The article, and the mail that it was in.
    assert_eq!(written.removed, 2, "{written:?}");
    assert!(!out.join(format!("articles/{ferry}/index.html")).exists() && out.join("mine.txt").exists());
    for (path, (content, _)) in files(&out) {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("The Ferry"), "{}", path.display());
    }
    assert!(press.store.restore(&ferry, press.clock.now()).await.unwrap());
    write_site(&press, &out).await.unwrap();

    assert_of_one_piece(&out);
    for file in [
        "index.html",
        "404.html",
        "articles/the-tide/index.html",
        "authors/ada/index.html",
        "tags/sea/index.html",
        "editions/index.html",
        "editions/2026-09/index.html",
        "editions/2026-09-24/index.html",
        "editions/2026-09-24/mail/index.html",
        "feed.atom",
        "feed.json",
        "sitemap.xml",
        "style.css",
        "robots.txt",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }

    // An edition more changes what it must.
    room.at("2026-09-25T07:00:00Z").article("quay", "2026-09-25", "The Quay");
    room.send().await.unwrap();
    let second = write_site(&press, &out).await.unwrap();
    assert!(second.unchanged > 0 && out.join("articles/the-quay/index.html").is_file(), "{second:?}");
    assert_eq!(std::fs::read_to_string(out.join("mine.txt")).unwrap(), "not yours");
    press.store.close().await;
}

#[tokio::test]
async fn editions_of_before_the_archive_are_among_the_files_and_lead_to_their_mail() {
    let ferry = "---\ntitle: The Ferry\ndate: 2026-09-24\nsummary: It sails.\nhighlights: [It sails]\n---\nOf the ferry.\n";
    // An edition as a version without an archive has left it: its mail and its headlines, and no article.
    let old = {
        let room = Newsroom::new().settings(SETTINGS);
        room.file("ferry.md", ferry)
            .article("tide", "2026-09-24", "The Tide")
            .readers(&["ann@example.org"])
            .await;
        room.send().await.unwrap().edition
    };
    let room = Newsroom::new().settings(SETTINGS);
    room.file("ferry.md", ferry).readers(&["canary@example.org"]).await;
    let press = room.press().await;
    let long_ago = Headline {
        slug: "long-ago".into(),
        title: "Long Ago".into(),
        url: String::new(),
        date: "2026-09-20".parse().unwrap(),
        summary: None,
    };
    let issue = Issue {
        edition: &old.rendered,
        letterhead: &old.letterhead,
        pictures: &old.rendered.embedded,
        articles: &[],
        earlier: &[long_ago],
        examples_too: false,
        needs_approval: false,
    };
    press.store.publish(&issue, press.clock.now()).await.unwrap();
    let out = room.folder.path().join("public");
    write_site(&press, &out).await.unwrap();
    assert_of_one_piece(&out);

    // Editions of now stand beside it, and may lead to it.
    room.at("2026-09-25T07:00:00Z").file(
        "quay.md",
        "---\ntitle: The Quay\ndate: 2026-09-25\nhighlights: [It stands]\n---\nAs [we wrote](ferry.md), it sails.\n",
    );
    room.send().await.unwrap();
    write_site(&press, &out).await.unwrap();
    assert_of_one_piece(&out);
    let page = |path: &str| std::fs::read_to_string(out.join(path)).unwrap();
    let before = page("articles/the-ferry/index.html");
    assert!(before.contains("href=\"/daily/editions/2026-09-24/mail#the-ferry\""), "{before}");
    assert!(!before.contains("Of the ferry."), "{before}");
    assert!(page("editions/2026-09-24/mail/index.html").contains("Of the ferry."));
    let edition = page("editions/2026-09-24/index.html");
    assert!(
        edition.contains("href=\"/daily/articles/the-ferry\"") && edition.contains("The Tide"),
        "{edition}"
    );
    assert!(page("articles/the-quay/index.html").contains("href=\"/daily/articles/the-ferry\""));
    let front = page("index.html");
    assert!(front.contains("Long Ago") && !front.contains("articles/long-ago"), "{front}");
    assert!(!out.join("articles/long-ago").exists(), "it was never ours to show");
    let map = page("sitemap.xml");
    assert!(map.contains("<loc>https://post.example.org/daily/editions/2026-09-24</loc>"), "{map}");
    press.store.close().await;
}

#[tokio::test]
async fn files_have_every_comment_there_is() {
    let room = Newsroom::new().settings(SETTINGS);
    room.article("ferry", "2026-09-24", "The Ferry").readers(&["canary@example.org"]).await;
    room.send().await.unwrap();
    let press = room.press().await;
    let slug = press.store.recent_headlines("2026-09-25".parse().unwrap(), 1).await.unwrap().remove(0).slug;
    let slug = straight::article::Slug::of_text(&slug).unwrap();
    for number in 0..205 {
        let text = format!("Said number {number}.");
        let comment =
            straight::comment::NewComment::parse(slug.clone(), "Bo", "bo@example.org", &text).unwrap();
        let id = press.store.add_comment(&comment, press.clock.now()).await.unwrap().unwrap();
        press.store.moderate(id, straight::comment::Moderation::Approved, press.clock.now()).await.unwrap();
    }
    let out = room.folder.path().join("public");
    write_site(&press, &out).await.unwrap();
    let page = std::fs::read_to_string(out.join(format!("articles/{slug}/index.html"))).unwrap();
    assert_eq!(page.matches("Said number ").count(), 205);
    assert_of_one_piece(&out);
}

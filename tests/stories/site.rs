//! The archive as files: every link of every page leads to a file, and a second run touches nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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

#[tokio::test]
async fn the_archive_becomes_files_without_a_dead_link() {
    let room = Newsroom::new().settings("publication: {public_url: https://post.example.org/daily}");
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
    assert_eq!(write_site(&press, &out).await.unwrap(), Written { changed: 0, unchanged: first.changed });
    assert_eq!(files(&out), before, "nothing is touched, nothing removed");

    for (path, (content, _)) in
        before.iter().filter(|(path, _)| path.extension().is_some_and(|x| x == "html"))
    {
        let html = std::str::from_utf8(content).unwrap();
        assert!(
            !html.contains("canary") && !html.contains("<form") && !html.contains("/search"),
            "{}",
            path.display()
        );
        for link in html.split(['"']).filter(|part| part.starts_with("/daily")) {
            let target = link.split(['?', '#']).next().unwrap().strip_prefix("/daily/").unwrap();
            let file = out.join(target);
            assert!(file.is_file() || file.join("index.html").is_file(), "{link} in {}", path.display());
        }
    }
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

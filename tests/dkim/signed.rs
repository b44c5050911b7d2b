//! Stories of what goes out signed.

use straight::cli::KeygenArgs;
use straight::cli::dkim::{keygen, told};

use super::verify::{Dns, tags, verify};
use crate::stories::{Newsroom, Sink};

/// A newsroom with both keys of `domain`, made as an operator makes them, and what DNS then says.
fn newsroom(domain: &str, from: &str, fields: &str) -> (Newsroom, Dns) {
    let room = Newsroom::new();
    let args = KeygenArgs {
        domain: None,
        selector: Some("s2026".to_owned()),
        algorithm: straight::cli::Algorithm::Both,
        out: room.folder.path().join("dkim"),
    };
    let made = keygen(&args, domain, "2026-09-24T07:00:00Z".parse().unwrap()).unwrap();
    let dns = made.iter().map(|made| (made.key.dns_name(), made.key.dns_record())).collect();
    let told = told(&made, Some(room.folder.path())).unwrap();
    let lines = &told[told.find("dkim:\n  keys:").unwrap()..];
    let settings = format!("publication: {{from: {from}}}\n{lines}  fields: {fields}\n");
    (room.settings(&settings), dns)
}

fn all_good() -> Vec<(String, bool)> {
    vec![("s2026-rsa".to_owned(), true), ("s2026-ed25519".to_owned(), true)]
}

fn raw(room: &Newsroom) -> Vec<Vec<u8>> {
    let new = room.folder.path().join("outbox/new");
    std::fs::read_dir(new).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn an_edition_goes_out_with_two_signatures_that_hold() {
    let (room, dns) = newsroom("example.com", "daily@news.example.com", "all");
    room.article("tide", "2026-09-24", "The “Tide” Turns")
        .readers(&["ann@example.org", "bo@example.net"])
        .await;
    assert_eq!(room.send().await.unwrap().sent(), 2);
    let messages = raw(&room);
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert_eq!(verify(message, &dns), all_good());
        // Whatever is changed on the way is seen, a field that is put in too.
        let text = std::str::from_utf8(message).unwrap();
        for (from, to) in [
            ("Subject: ", "Subject: Re: "),
            ("\r\nFrom: ", "\r\nFrom: mallory@example.net\r\nFrom: "),
            ("List-Unsubscribe: <https", "List-Unsubscribe: <http"),
            ("Content-Type: multipart/alternative", "Content-Type: text/plain"),
            ("Date: Thu", "Date: Wed"),
            ("The story of", "The tale of"),
        ] {
            assert!(text.contains(from), "{from}");
            let changed = text.replacen(from, to, 1);
            let good = verify(changed.as_bytes(), &dns);
            assert!(good.iter().all(|(_, good)| !good), "{from:?} {good:?}");
        }
        // Trace fields on top and white space at the ends of lines are not.
        let travelled =
            format!("Received: from a by b\r\n{}\r\n\r\n", text.replace("The story", "The  story"));
        assert_eq!(verify(travelled.as_bytes(), &dns), all_good());
    }
}

#[tokio::test]
async fn a_server_gets_the_same_signed_bytes_at_each_attempt() {
    let sink = Sink::open().await;
    let (room, dns) = newsroom("example.com", "daily@example.com", "all");
    let settings = std::fs::read_to_string(room.folder.path().join("newsletter.yaml")).unwrap();
    let room = room.settings(&format!("{settings}\n{}", sink.settings()));
    let readers: Vec<String> = (0..30).map(|n| format!("reader{n}@example.org")).collect();
    let mut addresses: Vec<&str> = readers.iter().map(String::as_str).collect();
    addresses.push("drop@example.org");
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&addresses).await;
    assert_eq!(room.send().await.unwrap().sent(), 31);
    for address in addresses {
        for copy in sink.messages(address) {
            assert_eq!(verify(copy.as_bytes(), &dns), all_good(), "{address}");
        }
    }
    let copies = sink.messages("drop@example.org");
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0], copies[1]);
}

#[tokio::test]
async fn letters_are_signed_too() {
    let (room, dns) = newsroom("example.com", "daily@example.com", "all");
    let editors = std::fs::read_to_string(room.folder.path().join("newsletter.yaml"))
        .unwrap()
        .replace("{from: daily@example.com}", "{from: daily@example.com, editors: [desk@example.org]}");
    let room = room.settings(&editors);
    room.file("broken.md", "---\ntittle: Oops\ndate: 2026-09-24\n---\nText.\n")
        .readers(&["ann@example.org"])
        .await;
    assert!(room.send().await.is_none());
    let letters = raw(&room);
    assert_eq!(letters.len(), 1);
    assert_eq!(verify(&letters[0], &dns), all_good());
}

#[tokio::test]
async fn for_a_relay_that_rewrites_date_and_message_id_they_are_left_out() {
    let (room, dns) = newsroom("example.com", "daily@example.com", "rewriting_relay");
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    let text = String::from_utf8(raw(&room).remove(0)).unwrap();
    let rewritten =
        text.replace("Date: Thu, 24", "Date: Fri, 25").replace("Message-ID: <", "Message-ID: <x.");
    assert_ne!(rewritten, text);
    assert_eq!(verify(rewritten.as_bytes(), &dns), all_good());
}

#[tokio::test]
async fn the_fields_may_be_ones_own() {
    let (room, dns) = newsroom("example.com", "daily@example.com", "[from, Subject, to]");
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    let message = raw(&room).remove(0);
    assert_eq!(verify(&message, &dns), all_good());
    let listed = tags(std::str::from_utf8(&message).unwrap().split("\r\nDate").next().unwrap());
    assert_eq!(listed["h"], "from:from:subject:subject:to");
}

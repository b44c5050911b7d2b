//! Links after the key that signed them has given way to a new one.

use chrono::TimeDelta;
use straight::message::Trust;
use straight::store::Store;
use straight::subscriber::Status;

use super::archive::site;
use super::{Harbour, link, now};

const SETTINGS: &str = "comments: {moderators: [mo@example.org]}";

/// As `straight keys rotate` does it: in another process, over the same database.
async fn rotate(harbour: &Harbour, before: Trust) {
    let other = Store::open(&harbour.press.config.database).await.unwrap();
    other.rotate_token_key(before, now()).await.unwrap();
    other.close().await;
}

async fn subscribe(harbour: &Harbour, address: &str) {
    harbour.post_form("/subscribe", &format!("email={}", address.replace('@', "%40"))).await;
}

/// The links of a letter that asks for confirmation, and of one that asks a moderator.
async fn asked(harbour: &Harbour, reader: &str) -> (String, String) {
    subscribe(harbour, reader).await;
    let confirm = link(&harbour.letters(reader).await[0], "/confirm/");
    let comment = format!("name=Bo&email=bo%40example.org&website=&text=Of+{reader}");
    harbour.post_form("/articles/tide/comments", &comment).await;
    harbour.press.tell_moderators().await.unwrap();
    let letters = harbour.letters("mo@example.org").await;
    (confirm, link(letters.last().unwrap(), "/moderate/"))
}

#[tokio::test]
async fn links_that_are_out_go_on_working_and_a_running_server_signs_with_the_new_key_at_once() {
    let harbour = site(SETTINGS).await;
    let (confirm, approve) = asked(&harbour, "bo@example.org").await;
    rotate(&harbour, Trust::Full).await;

    harbour.post_form(&confirm, "yes=yes").await.assert_page(200, "You are subscribed");
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Active));
    assert!(harbour.post_form(&approve, "yes=yes").await.text().contains("It is shown."));
    let wishes = harbour.get(&harbour.preferences_link()).await;
    assert_eq!(wishes.status, 200);
    assert!(wishes.text().contains("\"/unsubscribe/2."), "its own links are new: {}", wishes.text());
    let leave = harbour.unsubscribe_link();
    assert!(leave.starts_with("/unsubscribe/1."), "{leave}");
    harbour.post_form(&leave, "leave=yes").await.assert_page(200, "You are unsubscribed");
    assert_eq!(harbour.ann().await.status, Status::Unsubscribed);

    // Every letter that this process writes from now on is under the new key.
    let (confirm, approve) = asked(&harbour, "cy@example.org").await;
    assert!(confirm.starts_with("/confirm/2."), "{confirm}");
    assert!(approve.starts_with("/moderate/2."), "{approve}");
    let welcome = harbour.letters("bo@example.org").await.pop().unwrap();
    assert!(link(&welcome, "/preferences/").starts_with("/preferences/2."), "{}", welcome.written.text);
    harbour.post_form(&confirm, "yes=yes").await.assert_page(200, "You are subscribed");
}

#[tokio::test]
async fn after_a_leak_links_of_before_let_readers_leave_and_open_nothing_else() {
    let harbour = site(SETTINGS).await;
    let (confirm, approve) = asked(&harbour, "bo@example.org").await;
    let wishes = harbour.preferences_link();
    rotate(&harbour, Trust::LeavingOnly).await;

    let nothing = harbour.get("/unsubscribe/nobody").await;
    nothing.assert_page(404, "There is no such page");
    for path in [&confirm, &approve, &wishes, &format!("{wishes}/erase")] {
        let (got, posted) = (harbour.get(path).await, harbour.post_form(path, "yes=yes").await);
        assert_eq!((got.status, &got.body), (404, &nothing.body), "{path}");
        assert_eq!((posted.status, &posted.body), (404, &nothing.body), "{path}");
    }
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Pending));
    assert_eq!(harbour.ann().await.status, Status::Active);
    let leave = harbour.unsubscribe_link();
    harbour.get(&leave).await.assert_page(200, "Unsubscribe");
    harbour.post_form(&leave, "List-Unsubscribe=One-Click").await;
    assert_eq!(harbour.ann().await.status, Status::Unsubscribed);

    // Whoever asks again, a day later, gets a letter whose link works.
    harbour.at(now() + TimeDelta::hours(25));
    subscribe(&harbour, "bo@example.org").await;
    let letter = harbour.letters("bo@example.org").await.pop().unwrap();
    let again = link(&letter, "/confirm/");
    assert!(again.starts_with("/confirm/2."), "{again}");
    harbour.post_form(&again, "yes=yes").await.assert_page(200, "You are subscribed");
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Active));
}

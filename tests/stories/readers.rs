//! What an operator is told of readers, and does for them, by the program.

use chrono::TimeDelta;
use straight::comment::NewComment;
use straight::config::Database;
use straight::letter::Written;
use straight::press::Clock;
use straight::store::{Ask, Asks, Moved, Store};
use straight::subscriber::EmailAddress;

use super::program::{samples, shown, straight};

/// A folder of which the first edition has gone out, and its store.
async fn house() -> (tempfile::TempDir, Store) {
    let folder = samples();
    let sent = straight(folder.path(), &["send"]);
    assert!(sent.status.success(), "{}", shown(&sent));
    let store = Store::open(&Database::Sqlite(folder.path().join("data/straight.db"))).await.unwrap();
    (folder, store)
}

async fn say(store: &Store, email: &str, text: &str) {
    let slugs = store.published_slugs().await.unwrap();
    let slug = straight::article::Slug::of_text(slugs.keys().next().unwrap()).unwrap();
    let comment = NewComment::parse(slug, "Ann", email, text).unwrap();
    store.add_comment(&comment, Clock::system().now()).await.unwrap().unwrap();
}

#[tokio::test]
async fn who_was_erased_and_comments_since_is_shown_it_and_erased_again() {
    let (folder, store) = house().await;
    let run = |arguments: &[&str]| {
        let output = straight(folder.path(), arguments);
        (output.status.success(), shown(&output))
    };
    assert!(run(&["subscribers", "add", "ann@example.org"]).0);
    let (well, told) = run(&["subscribers", "show", "ann@example.org"]);
    assert!(well && told.contains(", by operator; last changed "), "{told}");
    assert!(run(&["subscribers", "erase", "ann@example.org"]).0);
    let (well, told) = run(&["subscribers", "show", "ann@example.org"]);
    assert!(!well && told.contains("was erased"), "{told}");

    say(&store, "ann@example.org", "I am back").await;
    let (well, told) = run(&["subscribers", "show", "ann@example.org"]);
    assert!(well && told.contains("Comment: ") && told.contains("was erased"), "{told}");
    let (well, json) = run(&["subscribers", "show", "ann@example.org", "--json"]);
    let kept: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(well && kept["comments"][0]["text"] == "I am back", "{json}");
    let (well, told) = run(&["subscribers", "erase", "ann@example.org"]);
    assert!(well && told.contains("Erased: comments 1,"), "{told}");

    // A guest who is erased is kept out as a reader is.
    say(&store, "guest@example.org", "Passing by").await;
    assert!(run(&["subscribers", "erase", "guest@example.org"]).0);
    let (well, told) = run(&["subscribers", "add", "guest@example.org"]);
    assert!(!well, "{told}");
    store.close().await;
}

#[tokio::test]
async fn an_operator_sees_where_a_reader_came_from_and_puts_them_back() {
    let (folder, store) = house().await;
    let run = |arguments: &[&str]| {
        let output = straight(folder.path(), arguments);
        (output.status.success(), shown(&output))
    };
    let now = Clock::system().now();
    assert!(run(&["subscribers", "add", "ann@example.org"]).0);
    let ann = store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap().id;
    let (well, told) = run(&["subscribers", "put-back", "ann@example.org"]);
    assert!(!well && told.contains("nothing to put back"), "{told}");

    let email: EmailAddress = "thief@example.net".parse().unwrap();
    let ask = Ask {
        asks: Asks::NewAddress(ann),
        email: &email,
        name: None,
        timezone: None,
        words: "A new address",
        origin: "site",
        from: None,
        expires_at: now + TimeDelta::days(7),
    };
    store.ask(&ask, &[], now).await.unwrap();
    let lately = now - TimeDelta::days(1);
    let open = store.open_sign_ups(lately, 9).await.unwrap().remove(0);
    assert!(
        store.answer_sign_up(&open, &email, &Written::plain("Yours?", "Yes?"), lately, now).await.unwrap()
    );
    let (keys, notice) = (store.token_keys(now).await.unwrap(), Written::plain("Moved", "Moved"));
    let moved = store.confirm_new_address(open.id, &keys, None, &notice, now).await.unwrap();
    assert_eq!(moved, Moved::Now);

    let (well, told) = run(&["subscribers", "erase", "ann@example.org"]);
    assert!(!well && told.contains("gets the mail at t…@example.net today"), "{told}");
    assert!(!told.contains("nothing else is kept") && !told.contains("thief@"), "{told}");
    let (well, told) = run(&["subscribers", "show", "ann@example.org"]);
    assert!(well && told.contains("t…@example.net"), "{told}");
    let (well, told) = run(&["subscribers", "show", "thief@example.net"]);
    assert!(well && told.contains("Moved here from ann@example.org"), "{told}");
    let (well, told) = run(&["subscribers", "put-back", "thief@example.net"]);
    assert!(well && told.contains("goes to ann@example.org again"), "{told}");
    let (well, told) = run(&["subscribers", "show", "ann@example.org"]);
    assert!(well && told.contains("is active") && told.contains("taken back on"), "{told}");
    assert!(!told.contains("Moved here"), "{told}");
    store.close().await;
}

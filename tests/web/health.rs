//! `/healthz`: life by its status, and by its body whether mail goes out.

use serde_json::{Value, json};
use straight::press::PressError;
use straight::press::health::Work;
use straight::store::{Course, StoreError, Trouble};

use super::{Harbour, edition, now};

async fn told(harbour: &Harbour) -> Value {
    let before = harbour.disk();
    let answer = harbour.get("/healthz").await;
    assert_eq!(answer.status, 200, "a node that does not send lives all the same: {}", answer.text());
    assert!(harbour.disk() == before, "looking writes nothing");
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(told["status"], "ok");
    assert_eq!(told["sending"] == "ok", told["troubles"] == json!([]), "{told}");
    told["troubles"].clone()
}

#[tokio::test]
async fn a_halt_and_a_silent_server_are_told_until_they_are_over_and_without_their_words() {
    let harbour = Harbour::open().await;
    assert_eq!(told(&harbour).await, json!([]));
    let note = async |trouble, words: Option<&str>| {
        harbour.store.note_trouble(trouble, words, now()).await.unwrap();
    };
    note(Trouble::Slowed, Some("the server takes 3 connections")).await;
    assert_eq!(told(&harbour).await, json!([]), "slower is no trouble");
    note(Trouble::Unreachable, Some("relay.canary.example:25 cannot be reached")).await;
    note(Trouble::Halted, Some("535 canary authentication failed")).await;
    assert_eq!(
        told(&harbour).await,
        json!([
            {"trouble": "halted", "since": "2026-03-02T12:00:00Z"},
            {"trouble": "unreachable", "since": "2026-03-02T12:00:00Z"},
        ]),
        "the gravest first; hosts and replies are not for the public"
    );
    note(Trouble::Halted, None).await;
    note(Trouble::Unreachable, None).await;
    assert_eq!(told(&harbour).await, json!([]));
}

#[tokio::test]
async fn an_edition_that_a_person_has_stopped_is_told() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let id = harbour.store.editions(None, 1).await.unwrap()[0].id;
    harbour.store.pause(id, "ops", Some("wrong headline"), now()).await.unwrap();
    assert_eq!(
        told(&harbour).await,
        json!([{"trouble": "paused", "since": "2026-03-02T12:00:00Z", "edition": "2026-03-02"}])
    );
    harbour.store.resume(id, "ops", None, now()).await.unwrap();
    assert_eq!(told(&harbour).await, json!([]));
}

#[tokio::test]
async fn an_edition_that_is_not_out_after_its_hour_is_overdue() {
    let harbour = Harbour::with("schedule: {at: \"07:00\", days: [mon..sun]}").await;
    assert_eq!(told(&harbour).await, json!([]), "nobody watches the schedule over this store yet");
    harbour.store.first_start("2026-03-01T12:00:00Z".parse().unwrap()).await.unwrap();
    // 07:00 in London is 07:00 in UTC in March.
    for (time, overdue) in [
        ("2026-03-02T06:59:00Z", false),
        ("2026-03-02T07:14:00Z", false),
        ("2026-03-02T07:15:00Z", true),
        ("2026-03-02T12:59:00Z", true),
    ] {
        harbour.at(time.parse().unwrap());
        let wanted = match overdue {
            true => json!([{"trouble": "overdue", "since": "2026-03-02T07:00:00Z", "edition": "2026-03-02"}]),
            false => json!([]),
        };
        assert_eq!(told(&harbour).await, wanted, "{time}");
    }
    // Held by a person it is as little out.
    let key = "2026-03-02".parse().unwrap();
    harbour.store.hold(&key, Course::Paused, "ops", None, now()).await.unwrap();
    assert_eq!(told(&harbour).await[0]["trouble"], "overdue");
    harbour.store.let_go(&key).await.unwrap();
    harbour.publish(&edition("2026-03-02", "High water")).await;
    assert_eq!(told(&harbour).await, json!([]));
}

#[tokio::test]
async fn work_that_fails_again_and_again_is_told_since_its_first_time() {
    let harbour = Harbour::open().await;
    let failing = || {
        let error = std::io::Error::new(std::io::ErrorKind::StorageFull, "canary");
        let path = "/canary".to_owned();
        Err(PressError::Store(StoreError::Io { action: "cannot write", path, source: error }))
    };
    harbour.press.note_work(Work::Sending, &failing());
    harbour.at("2026-03-02T12:05:00Z".parse().unwrap());
    harbour.press.note_work(Work::Sending, &failing());
    harbour.press.note_work(Work::Publishing, &failing());
    let full = json!([{"trouble": "disk-full", "since": "2026-03-02T12:00:00Z"}]);
    assert_eq!(told(&harbour).await, full, "one reason is told once");
    harbour.press.note_work(Work::Sending, &Ok(()));
    harbour
        .press
        .note_work(Work::Publishing, &Err(PressError::Store(StoreError::Engine("canary".to_owned()))));
    assert_eq!(told(&harbour).await, json!([{"trouble": "failing", "since": "2026-03-02T12:05:00Z"}]));
    harbour.press.note_work(Work::Publishing, &Ok(()));
    assert_eq!(told(&harbour).await, json!([]));
}

//! Approvals and holds: heeded in the transaction that publishes.

use straight::store::{Approval, Course, Held, Issue, Origin, PublishOutcome};

use super::{at, key, letterhead, on_both, picture, reader, rendered};

fn approval(hash: &str) -> Approval {
    let mut rendered = rendered("2026-09-24", &["tide", "ferry"]);
    hash.clone_into(&mut rendered.hash);
    Approval {
        rendered,
        pictures: vec![picture("tide", b"\x00\x01\xff"), picture("linked", b"png")],
        letterhead: letterhead(),
        at: at(-60),
        who: "ed on desk1".to_owned(),
        before: (hash != "first").then(|| vec!["long-ago".to_owned()]),
    }
}

#[tokio::test]
async fn only_what_is_approved_is_published() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let (first, second) = (approval("first"), approval("second"));
        let publish = async |approval: &Approval, needs_approval| {
            let issue = Issue {
                edition: &approval.rendered,
                letterhead: &approval.letterhead,
                pictures: &approval.pictures,
                articles: &[],
                earlier: &[],
                examples_too: false,
                needs_approval,
            };
            store.publish(&issue, at(0)).await.unwrap()
        };
        assert_eq!(publish(&first, true).await, PublishOutcome::Withheld, "nothing is approved");
        assert!(store.approve(&first).await.unwrap());
        assert_eq!(store.approval(&key("2026-09-24")).await.unwrap().as_ref(), Some(&first));
        assert!(store.approve(&second).await.unwrap(), "approving anew takes the place of the old");
        assert_eq!(store.approval(&key("2026-09-24")).await.unwrap().as_ref(), Some(&second));
        assert_eq!(publish(&first, true).await, PublishOutcome::Withheld);
        assert_eq!(publish(&first, false).await, PublishOutcome::Withheld, "an approval binds in any case");

        let hold =
            async |course| store.hold(&key("2026-09-24"), course, "ed", Some("why"), at(1)).await.unwrap();
        assert_eq!(hold(Course::Paused).await, Held::Done);
        assert_eq!(hold(Course::Paused).await, Held::Already);
        assert_eq!(publish(&second, true).await, PublishOutcome::Withheld);
        assert_eq!(hold(Course::Cancelled).await, Held::Done);
        assert_eq!(hold(Course::Paused).await, Held::Already);
        let decision = store.hold_of(&key("2026-09-24")).await.unwrap().unwrap();
        assert_eq!((decision.course, decision.reason.as_deref()), (Course::Cancelled, Some("why")));
        assert_eq!(store.held_editions(&key("2026-09-24")).await.unwrap(), [key("2026-09-24")]);
        assert!(store.held_editions(&key("2026-09-25")).await.unwrap().is_empty());
        assert!(store.let_go(&key("2026-09-24")).await.unwrap());
        assert!(!store.let_go(&key("2026-09-24")).await.unwrap());

        assert!(matches!(publish(&second, true).await, PublishOutcome::Published { .. }));
        assert_eq!(hold(Course::Paused).await, Held::Out);
        assert!(!store.approve(&first).await.unwrap(), "it is out");
        let out = store.edition(&key("2026-09-24")).await.unwrap().unwrap();
        assert_eq!(out.rendered, second.rendered);
        assert!(store.withdraw_approval(&key("2026-09-24")).await.unwrap());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn every_decision_about_an_edition_leaves_its_sign_and_none_about_another() {
    on_both(async |engine| {
        let store = engine.open().await;
        let look = engine.look().await.unwrap();
        let mut before = look.signs(&key("2026-09-24")).await.unwrap();
        let mut changed = async || {
            let now = look.signs(&key("2026-09-24")).await.unwrap();
            std::mem::replace(&mut before, now.clone()) != now
        };
        assert!(!changed().await);
        assert!(store.approve(&approval("first")).await.unwrap());
        assert!(changed().await);
        assert!(store.approve(&approval("second")).await.unwrap());
        assert!(changed().await, "approved anew");
        for course in [Course::Paused, Course::Cancelled] {
            store.hold(&key("2026-09-24"), course, "ed", None, at(1)).await.unwrap();
            assert!(changed().await, "{course:?}");
        }
        store.hold(&key("2026-09-25"), Course::Paused, "ed", None, at(1)).await.unwrap();
        assert!(!changed().await, "another edition");
        assert!(store.let_go(&key("2026-09-24")).await.unwrap());
        assert!(changed().await);
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        assert!(changed().await, "a reader");
        look.close().await;
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_pauses_their_mail_is_no_recipient_until_then() {
    on_both(async |engine| {
        let store = engine.open().await;
        store
            .import(&[reader("ann@example.org"), reader("bo@example.org")], Origin::File, at(0))
            .await
            .unwrap();
        let ann = store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap();
        assert!(store.update_preferences(ann.id, None, None, Some(at(60)), at(1)).await.unwrap());
        assert_eq!(store.count_recipients(false, at(59)).await.unwrap(), 1);
        assert_eq!(store.count_recipients(false, at(60)).await.unwrap(), 2);
        store.close().await;
    })
    .await;
}

//! Subscribers: who is in, who is out, and what an import may change.

use straight::store::{ImportReport, Origin};
use straight::subscriber::{NewSubscriber, Status, SubscriberId};

use super::{at, on_both, reader};

#[tokio::test]
async fn an_import_adds_once_and_corrects_without_forgetting() {
    on_both(async |engine| {
        let store = engine.open().await;
        assert!(store.has_no_subscribers().await.unwrap());
        let ann =
            NewSubscriber { name: Some("Ann".to_owned()), since: Some(at(-9)), ..reader("Ann@Example.org") };
        let bo = NewSubscriber { status: Status::Pending, ..reader("bo@example.org") };
        let list = [ann, bo, reader("cy@bücher.example")];
        let report = store.import(&list, Origin::File, at(0)).await.unwrap();
        assert_eq!(report, ImportReport { new: 3, ..ImportReport::default() });
        let again = store.import(&list, Origin::File, at(1)).await.unwrap();
        assert_eq!(again, ImportReport { unchanged: 3, ..ImportReport::default() });
        assert!(!store.has_no_subscribers().await.unwrap());

        // Another spelling is the same reader; a name that is left out stays; pending becomes active, never back.
        let zoned = NewSubscriber { timezone: Some(chrono_tz::Europe::Berlin), ..reader("ann@example.ORG") };
        let list = [
            zoned,
            reader("bo@example.org"),
            NewSubscriber { status: Status::Pending, ..reader("cy@xn--bcher-kva.example") },
        ];
        let report = store.import(&list, Origin::File, at(2)).await.unwrap();
        assert_eq!(report, ImportReport { updated: 2, unchanged: 1, ..ImportReport::default() });
        let ann = store.by_email(&"ANN@example.org".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((ann.name.as_deref(), ann.timezone), (Some("Ann"), Some(chrono_tz::Europe::Berlin)));
        assert_eq!((ann.email.as_str(), ann.since), ("Ann@Example.org", at(-9)));
        let cy = store.by_email(&"cy@bücher.example".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((cy.status, cy.since), (Status::Active, at(0)));
        assert_eq!(store.subscriber(cy.id).await.unwrap(), Some(cy));
        assert_eq!(store.by_email(&"dee@example.org".parse().unwrap()).await.unwrap(), None);
        assert_eq!(store.subscriber(SubscriberId(999)).await.unwrap(), None);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_left_or_bounced_or_complained_stays_out() {
    on_both(async |engine| {
        let store = engine.open().await;
        let list = ["ann@example.org", "bo@example.org", "cy@example.org"].map(reader);
        store.import(&list, Origin::Operator, at(0)).await.unwrap();
        let id = async |email: &str| store.by_email(&email.parse().unwrap()).await.unwrap().unwrap().id;
        let (ann, bo) = (id("ann@example.org").await, id("bo@example.org").await);
        assert!(store.unsubscribe(ann, at(1)).await.unwrap());
        assert!(!store.unsubscribe(ann, at(2)).await.unwrap(), "left already");
        assert!(store.bounce(bo, at(1)).await.unwrap());
        assert!(!store.bounce(ann, at(2)).await.unwrap(), "whoever left did not bounce");
        // A file may bring the news of a complaint.
        let complaint = NewSubscriber { status: Status::Complained, ..reader("cy@example.org") };
        let report = store.import(&[complaint.clone(), complaint], Origin::File, at(2)).await.unwrap();
        assert_eq!(report, ImportReport { updated: 1, unchanged: 1, ..ImportReport::default() });
        let report = store.import(&list, Origin::File, at(3)).await.unwrap();
        assert_eq!(report, ImportReport { suppressed: 3, ..ImportReport::default() });
        assert!(!store.update_preferences(ann, Some("Ann"), None, None, at(4)).await.unwrap());
        let counts = store.subscriber_counts().await.unwrap();
        assert_eq!(counts, [(Status::Unsubscribed, 1), (Status::Bounced, 1), (Status::Complained, 1)]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_subscribers_follow_each_other() {
    on_both(async |engine| {
        let store = engine.open().await;
        let list: Vec<_> = (0..25).map(|n| reader(&format!("reader{n}@example.org"))).collect();
        store.import(&list, Origin::File, at(0)).await.unwrap();
        let mut seen = Vec::new();
        let mut after = SubscriberId(0);
        loop {
            let page = store.subscribers(after, None, 10).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            seen.extend(page.into_iter().map(|subscriber| subscriber.email.to_string()));
        }
        assert_eq!(seen, list.iter().map(|reader| reader.email.to_string()).collect::<Vec<_>>());
        let third = store.subscribers(SubscriberId(0), None, 3).await.unwrap().remove(2).id;
        store.unsubscribe(third, at(1)).await.unwrap();
        assert_eq!(store.subscribers(SubscriberId(0), Some(Status::Active), 100).await.unwrap().len(), 24);
        let left = store.subscribers(SubscriberId(0), Some(Status::Unsubscribed), 100).await.unwrap();
        assert_eq!(left.iter().map(|subscriber| subscriber.id).collect::<Vec<_>>(), [third]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn preferences_are_kept_as_they_were_written() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let ann = store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        let name = "Ánn '; DROP TABLE subscribers; -- \u{1f30a}";
        assert!(
            store
                .update_preferences(ann, Some(name), Some(chrono_tz::Asia::Tokyo), None, at(1))
                .await
                .unwrap()
        );
        let row = store.subscriber(ann).await.unwrap().unwrap();
        assert_eq!((row.name.as_deref(), row.timezone), (Some(name), Some(chrono_tz::Asia::Tokyo)));
        assert!(store.update_preferences(ann, None, None, None, at(2)).await.unwrap());
        let row = store.subscriber(ann).await.unwrap().unwrap();
        assert_eq!((row.name, row.timezone), (None, None));
        store.close().await;
    })
    .await;
}

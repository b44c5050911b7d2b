//! Editions: frozen whole, once, and read back as they were.

use straight::edition::EditionKey;
use straight::store::{Origin, PublishOutcome};

use super::{at, key, letterhead, on_both, on_postgres, picture, publish_for, reader, rendered};

#[tokio::test]
async fn an_edition_is_frozen_once_and_read_back_as_it_was() {
    on_both(async |engine| {
        let store = engine.open().await;
        let edition = rendered("2026-09-24", &["tide", "ferry"]);
        assert_eq!(publish_for(&store, &edition, true).await, PublishOutcome::NoReaders);
        assert!(store.edition(&edition.key).await.unwrap().is_none(), "so that it can still go out");
        assert_eq!(store.next_number().await.unwrap(), 1);

        store
            .import(&[reader("ann@example.org"), reader("bo@example.org")], Origin::File, at(0))
            .await
            .unwrap();
        let PublishOutcome::Published { id, recipients } = publish_for(&store, &edition, false).await else {
            panic!("it has readers")
        };
        assert_eq!(recipients, 2);
        assert_eq!(publish_for(&store, &edition, false).await, PublishOutcome::AlreadyOut(id));
        assert_eq!(store.next_number().await.unwrap(), 2);
        assert_eq!(store.counts(id).await.unwrap().total(), 2);

        let stored = store.edition(&edition.key).await.unwrap().unwrap();
        assert_eq!(stored.rendered, edition);
        assert_eq!(stored.letterhead, letterhead());
        assert_eq!((stored.summary.number, stored.summary.recipients), (1, 2));
        assert_eq!(store.rendered(&edition.key).await.unwrap(), Some(edition));
        assert_eq!(store.rendered(&key("2026-09-25")).await.unwrap(), None);
        let tide = picture("tide", b"\x00\x01\xff");
        let stored = store.picture("tide.png").await.unwrap().unwrap();
        assert_eq!(stored, (tide.media_type, tide.bytes.to_vec()));
        assert_eq!(store.picture("none.png").await.unwrap(), None);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn editions_and_headlines_are_listed_newest_first() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        for (day, slug) in
            [("2026-09-24", "a"), ("2026-09-24-flood", "b"), ("2026-09-24-2nd", "c"), ("2026-09-25", "d")]
        {
            publish_for(&store, &rendered(day, &[slug]), false).await;
        }
        let keys = async |before: Option<&EditionKey>, limit| {
            let list = store.editions(before, limit).await.unwrap();
            list.into_iter().map(|summary| summary.key.to_string()).collect::<Vec<_>>()
        };
        // Of one day, what went out last comes first.
        let all = ["2026-09-25", "2026-09-24-2nd", "2026-09-24-flood", "2026-09-24"];
        assert_eq!(keys(None, 9).await, all);
        assert_eq!(keys(Some(&key("2026-09-25")), 2).await, all[1..3]);
        assert_eq!(keys(Some(&key("2026-09-24")), 2).await, Vec::<String>::new());

        let day = "2026-09-24".parse().unwrap();
        let recent = store.recent_headlines(day, 9).await.unwrap();
        let slugs: Vec<&str> = recent.iter().map(|headline| headline.slug.as_str()).collect();
        assert_eq!(slugs, ["a", "b", "c", "long-ago"]);
        assert_eq!(recent[0], rendered("2026-09-24", &["a"]).headlines[0]);
        let published = store.published_slugs().await.unwrap();
        assert_eq!(published["d"], Some(key("2026-09-25")));
        assert_eq!(published["long-ago"], None, "counts as published before the first edition");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn example_readers_are_for_the_outbox_and_never_beside_real_ones() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("sample@example.com")], Origin::Example, at(0)).await.unwrap();
        let edition = rendered("2026-09-24", &["tide"]);
        assert_eq!(publish_for(&store, &edition, false).await, PublishOutcome::NoReaders);
        let PublishOutcome::Published { recipients, .. } = publish_for(&store, &edition, true).await else {
            panic!()
        };
        assert_eq!(recipients, 1);
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let PublishOutcome::Published { id, recipients } =
            publish_for(&store, &rendered("2026-09-25", &["ferry"]), true).await
        else {
            panic!()
        };
        assert_eq!(recipients, 1);
        let _lock = super::sender(&store).await;
        let rows = store.claim(id, at(1), None, 9).await.unwrap();
        assert_eq!(rows[0].email.as_str(), "ann@example.org");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_article_is_in_one_edition_or_the_second_fails_whole() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        publish_for(&store, &rendered("2026-09-24", &["tide"]), false).await;
        let second = rendered("2026-09-25", &["ferry", "tide"]);
        let letterhead = letterhead();
        let issue = straight::store::Issue {
            edition: &second,
            letterhead: &letterhead,
            pictures: &[],
            articles: &[],
            earlier: &[],
            examples_too: false,
            needs_approval: false,
        };
        assert!(store.publish(&issue, at(0)).await.is_err());
        assert!(store.edition(&second.key).await.unwrap().is_none());
        assert!(!store.published_slugs().await.unwrap().contains_key("ferry"));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn nodes_that_publish_at_once_make_one_edition() {
    on_postgres(async |engine| {
        let first = engine.open().await;
        first.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let mut nodes = Vec::new();
        for _ in 0..6 {
            nodes.push(engine.open().await);
        }
        for day in 10..20 {
            let edition = rendered(&format!("2026-09-{day}"), &[&format!("slug{day}")]);
            let mut tasks = tokio::task::JoinSet::new();
            for node in nodes.clone() {
                let edition = edition.clone();
                tasks.spawn(async move { publish_for(&node, &edition, false).await });
            }
            let outcomes = tasks.join_all().await;
            let published =
                outcomes.iter().filter(|outcome| matches!(outcome, PublishOutcome::Published { .. })).count();
            assert_eq!(published, 1, "{outcomes:?}");
            assert!(outcomes.iter().all(|outcome| *outcome != PublishOutcome::NoReaders));
        }
        assert_eq!(first.next_number().await.unwrap(), 11);
        for node in nodes {
            node.close().await;
        }
        first.close().await;
    })
    .await;
}

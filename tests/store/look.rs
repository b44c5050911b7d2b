//! A store opened for looking only.

use straight::config::Database;
use straight::store::{Origin, Store};
use straight::subscriber::{NewSubscriber, Status};

use super::{at, on_both, reader};

#[tokio::test]
async fn who_looks_makes_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::Sqlite(folder.path().join("new").join("straight.db"));
    assert!(Store::look(&database).await.unwrap().is_none());
    assert!(!folder.path().join("new").exists());

    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::Operator, at(0)).await.unwrap();
        let look = engine.look().await.unwrap();
        let ann = look.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap();
        assert!(look.unsubscribe(ann.id, at(1)).await.is_err(), "a look may not write");
        assert!(look.import(&[reader("bo@example.org")], Origin::Operator, at(1)).await.is_err());
        assert_eq!(store.subscriber(ann.id).await.unwrap(), Some(ann));
        // What is written beside it is seen.
        store.import(&[reader("cy@example.org")], Origin::Operator, at(2)).await.unwrap();
        assert!(look.by_email(&"cy@example.org".parse().unwrap()).await.unwrap().is_some());
        look.close().await;
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn readers_are_found_by_any_part_of_address_or_name() {
    on_both(async |engine| {
        let store = engine.open().await;
        let named = |email: &str, name: &str| NewSubscriber { name: Some(name.to_owned()), ..reader(email) };
        let gone = NewSubscriber { status: Status::Unsubscribed, ..reader("ann.old@example.net") };
        let list = [named("bo_x@example.org", "Annabel 100%"), reader("cy@example.org"), gone];
        store.import(&list, Origin::File, at(0)).await.unwrap();
        let found = async |words: &str| {
            let found = store.find_subscribers(words, 10).await.unwrap();
            found.into_iter().map(|reader| reader.email.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(found("ANN").await, ["ann.old@example.net", "bo_x@example.org"]);
        assert_eq!(found(" example.ORG ").await, ["bo_x@example.org", "cy@example.org"]);
        assert_eq!(found("0%").await, ["bo_x@example.org"]);
        assert_eq!(found("_").await, ["bo_x@example.org"], "an underscore is no wildcard");
        assert!(found("x%example").await.is_empty() && found("'; DROP TABLE subscribers").await.is_empty());
        assert_eq!(store.find_subscribers("example", 2).await.unwrap().len(), 2);
        store.close().await;
    })
    .await;
}

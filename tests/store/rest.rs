//! Slots, facts, and the store's own life.

use straight::message::Purpose;
use straight::store::SlotOutcome;
use straight::subscriber::{Birthmark, Holder, SubscriberId};

use super::{at, on_both, on_postgres};

const ANN: Holder = Holder { id: SubscriberId(1), birthmark: Birthmark::NONE };

#[tokio::test]
async fn a_slot_is_noted_once() {
    on_both(async |engine| {
        let store = engine.open().await;
        let day = "2026-09-24".parse().unwrap();
        assert_eq!(store.last_slot(at(0)).await.unwrap(), None);
        assert!(store.note_slot(day, at(0), SlotOutcome::Published, "hash", at(1)).await.unwrap());
        assert!(!store.note_slot(day, at(0), SlotOutcome::Missed, "late", at(2)).await.unwrap());
        let next = "2026-09-25".parse().unwrap();
        store.note_slot(next, at(86_400), SlotOutcome::Empty, "nothing new", at(3)).await.unwrap();
        assert_eq!(store.last_slot(at(86_400)).await.unwrap(), Some(at(86_400)));
        // One that lies more than a day ahead was noted under a wrong clock.
        assert_eq!(store.last_slot(at(-1)).await.unwrap(), Some(at(0)));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_first_start_stays_the_first() {
    on_both(async |engine| {
        let store = engine.open().await;
        assert_eq!(store.first_start(at(5)).await.unwrap(), at(5));
        store.close().await;
        let store = engine.open().await;
        assert_eq!(store.first_start(at(9)).await.unwrap(), at(5));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn processes_that_start_at_once_make_the_tables_once() {
    on_postgres(async |engine| {
        let stores = tokio::join!(engine.open(), engine.open(), engine.open(), engine.open());
        let keys =
            tokio::join!(stores.0.token_keys(at(0)), stores.1.token_keys(at(0)), stores.2.token_keys(at(0)));
        let token = keys.0.unwrap().issue(Purpose::Unsubscribe, ANN);
        for keys in [keys.1.unwrap(), keys.2.unwrap()] {
            assert!(keys.verify(Purpose::Unsubscribe, token.as_str()).is_some());
        }
        for store in [stores.0, stores.1, stores.2, stores.3] {
            store.close().await;
        }
    })
    .await;
}

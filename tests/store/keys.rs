//! The keys of signed links: made once, exchanged by command, and what they were used for before.

use straight::message::{Purpose, Trust, message_id};
use straight::store::Origin;
use straight::subscriber::{Birthmark, Holder, SubscriberId};

use super::{at, edition_for, key, on_both, publish_for, reader, rendered};

const ANN: Holder = Holder { id: SubscriberId(7), birthmark: Birthmark::new(70) };

#[tokio::test]
async fn the_first_key_is_made_once_and_shared() {
    on_both(async |engine| {
        let (one, two) = (engine.open().await, engine.open().await);
        one.ping().await.unwrap();
        let first = one.token_keys(at(0)).await.unwrap();
        let second = two.token_keys(at(9)).await.unwrap();
        let token = first.issue(Purpose::Unsubscribe, ANN);
        assert_eq!(second.verify(Purpose::Unsubscribe, token.as_str()), Some(ANN));
        let standings = two.key_standings().await.unwrap();
        assert_eq!(standings.len(), 1);
        assert_eq!((standings[0].id, standings[0].made_at, standings[0].leaked_at), (1, at(0), None));
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_new_key_signs_on_every_node_and_what_was_signed_before_is_believed() {
    on_both(async |engine| {
        let (one, two) = (engine.open().await, engine.open().await);
        let before = one.token_keys(at(0)).await.unwrap();
        let old = before.issue(Purpose::Unsubscribe, ANN);
        assert_eq!(one.rotate_token_key(Trust::Full, at(5)).await.unwrap(), 2);
        let after = two.token_keys(at(9)).await.unwrap();
        let new = after.issue(Purpose::Unsubscribe, ANN);
        assert!(old.as_str().starts_with("1.") && new.as_str().starts_with("2."), "{old} {new}");
        for token in [&old, &new] {
            assert_eq!(after.verify(Purpose::Unsubscribe, token.as_str()), Some(ANN), "{token}");
        }
        assert_eq!(before.verify(Purpose::Unsubscribe, new.as_str()), None, "it is another key indeed");
        let made: Vec<_> = one.key_standings().await.unwrap().iter().map(|key| key.made_at).collect();
        assert_eq!(made, [at(0), at(5)]);
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test]
async fn rotations_at_once_leave_every_node_with_the_same_keys() {
    on_both(async |engine| {
        let (one, two) = (engine.open().await, engine.open().await);
        let old = one.token_keys(at(0)).await.unwrap().issue(Purpose::Preferences, ANN);
        for round in 1..=8 {
            let (made, by) = tokio::join!(
                one.rotate_token_key(Trust::Full, at(round)),
                two.rotate_token_key(Trust::Full, at(round)),
            );
            let newest = u32::max(made.unwrap(), by.unwrap());
            let (here, there) =
                (one.token_keys(at(round)).await.unwrap(), two.token_keys(at(round)).await.unwrap());
            let token = here.issue(Purpose::Preferences, ANN);
            assert_eq!(token, there.issue(Purpose::Preferences, ANN));
            assert!(token.as_str().starts_with(&format!("{newest}.")), "{token} of key {newest}");
            assert_eq!(there.verify(Purpose::Preferences, old.as_str()), Some(ANN));
        }
        let standings = one.key_standings().await.unwrap();
        let ids: Vec<u32> = standings.iter().map(|key| key.id).collect();
        assert!((9..=17).contains(&ids.len()), "each time there is a new one: {ids:?}");
        assert!((1..).zip(&ids).all(|(number, id)| number == *id), "without a gap: {ids:?}");
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_has_leaked_is_believed_for_leaving_alone_and_for_ever() {
    on_both(async |engine| {
        let store = engine.open().await;
        let before = store.token_keys(at(0)).await.unwrap();
        let leave = before.issue(Purpose::Unsubscribe, ANN);
        let wishes = before.issue(Purpose::Preferences, ANN);
        assert_eq!(store.rotate_token_key(Trust::LeavingOnly, at(5)).await.unwrap(), 2);
        // A rotation of every day gives nothing back.
        assert_eq!(store.rotate_token_key(Trust::Full, at(8)).await.unwrap(), 3);
        let after = store.token_keys(at(9)).await.unwrap();
        assert_eq!(after.verify(Purpose::Unsubscribe, leave.as_str()), Some(ANN));
        assert_eq!(after.verify(Purpose::Preferences, wishes.as_str()), None);
        let leaked: Vec<_> = store.key_standings().await.unwrap().iter().map(|key| key.leaked_at).collect();
        assert_eq!(leaked, [Some(at(5)), None, None]);
        // Once more: the moment of the first leak stays on record.
        store.rotate_token_key(Trust::LeavingOnly, at(10)).await.unwrap();
        let leaked: Vec<_> = store.key_standings().await.unwrap().iter().map(|key| key.leaked_at).collect();
        assert_eq!(leaked, [Some(at(5)), Some(at(10)), Some(at(10)), None]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_was_erased_stays_out_and_messages_keep_their_ids_whichever_key_signs() {
    on_both(async |engine| {
        let store = engine.open().await;
        let before = store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["ann@example.org", "bo@example.org"]).await;
        let id = async |email: &str| store.by_email(&email.parse().unwrap()).await.unwrap().unwrap().id;
        assert!(store.erase(id("ann@example.org").await, &before, at(1)).await.unwrap());
        store.rotate_token_key(Trust::LeavingOnly, at(2)).await.unwrap();
        let after = store.token_keys(at(3)).await.unwrap();
        assert!(store.erase(id("bo@example.org").await, &after, at(3)).await.unwrap());
        store.rotate_token_key(Trust::Full, at(4)).await.unwrap();
        for email in ["ann@example.org", "bo@example.org"] {
            assert!(store.is_erased(&email.parse().unwrap(), at(5)).await.unwrap(), "{email}");
            let report = store.import(&[reader(email)], Origin::File, at(5)).await.unwrap();
            assert_eq!((report.new, report.suppressed), (0, 1), "{email}");
        }
        let of = |keys| message_id(keys, &key("2026-09-24"), ANN.id, "example.com");
        assert_eq!(of(&before), of(&after));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_edition_keeps_the_key_that_was_the_newest_when_it_was_frozen() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["ann@example.org"]).await;
        store.rotate_token_key(Trust::Full, at(1)).await.unwrap();
        publish_for(&store, &rendered("2026-09-25", &["ebb"]), false).await;
        let of = async |day: &str| store.edition(&key(day)).await.unwrap().unwrap().token_key;
        assert_eq!((of("2026-09-24").await, of("2026-09-25").await), (1, 2));
        store.close().await;
    })
    .await;
}

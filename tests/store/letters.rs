//! Letters: one a cause and recipient, begun by one, never lost.

use std::time::Duration;

use straight::delivery::{Next, State};

use super::{at, on_both, sender};

fn next(state: State) -> Next {
    Next {
        state,
        due_at: None,
        spends_attempt: true,
        bounces_address: false,
        records_uncertain: false,
        reason: None,
    }
}

#[tokio::test]
async fn a_letter_is_written_once_for_each_cause_and_recipient() {
    on_both(async |engine| {
        let store = engine.open().await;
        let (ann, bo) = ("ann@example.org".parse().unwrap(), "bo@example.org".parse().unwrap());
        assert!(store.add_letter("held/2026-09-24", &ann, "Held", "Line\nline\n", at(0)).await.unwrap());
        assert!(!store.add_letter("held/2026-09-24", &ann, "Held", "Other", at(1)).await.unwrap());
        assert!(store.add_letter("held/2026-09-24", &bo, "Held", "Line\nline\n", at(1)).await.unwrap());
        assert_eq!(store.due_letters(at(0), None, 9).await.unwrap().len(), 1);
        let due = store.due_letters(at(1), None, 9).await.unwrap();
        assert_eq!(
            due.iter().map(|letter| letter.to.to_string()).collect::<Vec<_>>(),
            ["ann@example.org", "bo@example.org"]
        );
        assert_eq!((due[0].written.text.as_str(), due[0].made_at), ("Line\nline\n", at(0)));
        assert_eq!(store.due_letters(at(1), None, 1).await.unwrap().len(), 1);

        assert!(store.begin_letter(&due[0]).await.unwrap());
        assert!(!store.begin_letter(&due[0]).await.unwrap(), "begun already");
        store
            .settle_letter(&due[0], &Next { due_at: Some(at(300)), ..next(State::Deferred) }, at(2))
            .await
            .unwrap();
        assert_eq!(store.due_letters(at(2), None, 9).await.unwrap().len(), 1);
        let again = store.due_letters(at(300), None, 9).await.unwrap().pop().unwrap();
        assert_eq!((again.id, again.attempt, again.deferrals), (due[0].id, 1, 1));
        assert!(store.begin_letter(&again).await.unwrap());
        store.settle_letter(&again, &next(State::Sent), at(301)).await.unwrap();
        assert_eq!(store.due_letters(at(999), None, 9).await.unwrap(), due[1..]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn letters_that_are_over_are_removed_a_few_at_a_time_and_the_others_stay() {
    on_both(async |engine| {
        let store = engine.open().await;
        let _lock = sender(&store).await;
        let ends = [
            ("sent", Some(State::Sent)),
            ("failed", Some(State::Failed)),
            ("also-sent", Some(State::Sent)),
            ("uncertain", Some(State::Uncertain)),
            ("deferred", Some(State::Deferred)),
            ("queued", None),
        ];
        let write = async |cause: &str, now| {
            store
                .add_letter(cause, &"ann@example.org".parse().unwrap(), "Held", "Text", at(now))
                .await
                .unwrap()
        };
        for (cause, end) in ends {
            assert!(write(cause, 0).await);
            let letter = store.due_letters(at(0), None, 9).await.unwrap().pop().unwrap();
            if let Some(end) = end {
                assert!(store.begin_letter(&letter).await.unwrap());
                let next = Next { due_at: Some(at(900)), ..next(end) };
                store.settle_letter(&letter, &next, at(10)).await.unwrap();
            }
        }
        assert_eq!(store.prune_letters(at(10), 9).await.unwrap(), 0, "none was settled before that");
        assert_eq!(store.prune_letters(at(11), 2).await.unwrap(), 2);
        assert_eq!(store.prune_letters(at(11), 2).await.unwrap(), 1);
        assert_eq!(store.prune_letters(at(11), 2).await.unwrap(), 0);
        // A cause has one letter for as long as that is on record.
        for (cause, end) in ends {
            let is_over = matches!(end, Some(State::Sent | State::Failed));
            assert_eq!(write(cause, 1_000).await, is_over, "{cause}");
        }
        assert_eq!(store.due_letters(at(999), None, 9).await.unwrap().len(), 2, "what waits still waits");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn letters_are_counted_that_went_out_since_and_that_wait_and_a_cause_is_known_by_its_recipient() {
    on_both(async |engine| {
        let store = engine.open().await;
        let _lock = sender(&store).await;
        let (ann, bo) = ("ann@example.org".parse().unwrap(), "bo@example.org".parse().unwrap());
        let ends = [("early", State::Sent, 10), ("late", State::Sent, 20), ("lost", State::Failed, 20)];
        for (cause, end, settled) in ends {
            store.add_letter(cause, &ann, "Held", "Text", at(0)).await.unwrap();
            let letter = store.due_letters(at(0), None, 9).await.unwrap().pop().unwrap();
            assert!(store.begin_letter(&letter).await.unwrap());
            store.settle_letter(&letter, &next(end), at(settled)).await.unwrap();
        }
        store.add_letter("waits", &ann, "Held", "Text", at(30)).await.unwrap();
        assert_eq!(store.letters_sent_and_open(at(0)).await.unwrap(), (2, 1));
        assert_eq!(store.letters_sent_and_open(at(20)).await.unwrap(), (1, 1));
        assert_eq!(store.letters_sent_and_open(at(21)).await.unwrap(), (0, 1));
        for (cause, to, is_there) in
            [("lost", &ann, true), ("waits", &ann, true), ("lost", &bo, false), ("wait", &ann, false)]
        {
            assert_eq!(store.has_letter(cause, to).await.unwrap(), is_there, "{cause} {to}");
        }
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_letter_of_a_dead_sender_is_sent_again_and_one_of_the_living_is_not() {
    on_both(async |engine| {
        let store = engine.open().await.with_lease(Duration::from_millis(300));
        let ann = "ann@example.org".parse().unwrap();
        store.add_letter("held", &ann, "Held", "Text", at(0)).await.unwrap();
        let lock = sender(&store).await;
        let letter = store.due_letters(at(0), None, 1).await.unwrap().remove(0);
        store.begin_letter(&letter).await.unwrap();
        if store.is_shared() {
            assert_eq!(store.recover_letters(at(1)).await.unwrap(), 0);
        }
        drop(lock);
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(store.recover_letters(at(1)).await.unwrap(), 1);
        let again = store.due_letters(at(1), None, 1).await.unwrap().remove(0);
        assert_eq!((again.attempt, again.uncertain), (1, 1));
        store.close().await;
    })
    .await;
}

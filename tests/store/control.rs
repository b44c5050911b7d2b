//! What a person decides about an edition while it goes out, on both engines.

use chrono::TimeDelta;
use straight::delivery::State;
use straight::store::{Course, RecoveryPolicy};

use super::{at, begin, edition_for, key, on_both, sender, settle};

const READERS: [&str; 4] = ["ann@example.org", "bo@example.org", "cy@example.org", "dee@example.org"];

#[tokio::test]
async fn nothing_more_of_a_paused_edition_is_claimed_or_begun_until_it_is_resumed() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &READERS).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        assert_eq!(store.tick(&[], &[begin(&rows[0])], &owner, at(1)).await.unwrap(), [true]);

        // Another process, as `straight pause` is one.
        let other = engine.open().await;
        assert_eq!(other.stop_of(id).await.unwrap(), None);
        assert!(other.pause(id, "ann on mail1", Some("wrong headline"), at(60)).await.unwrap());
        assert!(!other.pause(id, "bo", None, at(61)).await.unwrap(), "it is paused already");
        let stop = store.stop_of(id).await.unwrap().unwrap();
        assert_eq!(stop.to_string(), "paused by ann on mail1, 2026-09-24 07:01 UTC (wrong headline)");

        // What was claimed before is not begun, in the plain tick and in the full one; its answer is settled.
        let next = [begin(&rows[1]), begin(&rows[2])];
        assert_eq!(store.tick(&[], &next, &owner, at(62)).await.unwrap(), [false, false]);
        let mut later = settle(&rows[0], State::Deferred, at(62));
        later.next.due_at = Some(at(300));
        assert_eq!(store.tick(&[later], &next, &owner, at(62)).await.unwrap(), [false, false]);
        assert_eq!(store.claim(id, at(400), None, 9).await.unwrap(), []);
        assert!(!store.has_due(id, at(400)).await.unwrap());
        assert_eq!(store.open_editions(at(400)).await.unwrap(), []);
        assert_eq!(store.going_editions().await.unwrap(), []);
        assert_eq!(store.paused_editions().await.unwrap(), [key("2026-09-24")]);
        let counts = store.counts(id).await.unwrap();
        assert_eq!((counts.of(State::Queued), counts.of(State::Deferred), counts.total()), (3, 1, 4));

        assert_eq!(other.resume(id, "bo", None, at(660)).await.unwrap(), Some(TimeDelta::minutes(10)));
        assert_eq!(other.resume(id, "bo", None, at(661)).await.unwrap(), None, "it is not paused");
        assert_eq!(store.claim(id, at(700), None, 9).await.unwrap().len(), 4);
        let courses: Vec<Course> =
            store.decisions(id).await.unwrap().into_iter().map(|decision| decision.course).collect();
        assert_eq!(courses, [Course::Paused, Course::Resumed], "every decision is kept");
        other.close().await;
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_time_of_a_pause_does_not_count_towards_giving_up() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &READERS).await;
        let hour = |hour: i64| at(3_600 * hour);
        store.pause(id, "ann", None, hour(1)).await.unwrap();
        // Given up is what was frozen more than twenty hours ago.
        assert_eq!(
            store.expire(id, hour(30 - 20), hour(30)).await.unwrap(),
            0,
            "nothing is given up meanwhile"
        );
        store.resume(id, "ann", None, hour(31)).await.unwrap();
        assert_eq!(
            store.edition_summary(&key("2026-09-24")).await.unwrap().unwrap().paused_for,
            TimeDelta::hours(30)
        );
        assert_eq!(store.expire(id, hour(49 - 20), hour(49)).await.unwrap(), 0, "nineteen hours count");
        assert_eq!(store.expire(id, hour(51 - 20), hour(51)).await.unwrap(), 4, "twenty-one hours count");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_edition_is_settled_and_its_states_add_up() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &READERS).await;
        let lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        let begins = [begin(&rows[0]), begin(&rows[1]), begin(&rows[2])];
        store.tick(&[], &begins, &owner, at(1)).await.unwrap();
        store.tick(&[settle(&rows[0], State::Sent, at(2))], &[], &owner, at(2)).await.unwrap();

        let other = engine.open().await;
        other.pause(id, "ann", None, at(3)).await.unwrap();
        let cancelled = other.cancel(id, "ann", Some("wrong list"), at(4)).await.unwrap().unwrap();
        assert_eq!(
            cancelled.withheld, 1,
            "sent stays sent, and what is on the wire is settled by its answer"
        );
        assert_eq!(other.cancel(id, "ann", None, at(5)).await.unwrap(), None, "it is cancelled already");
        assert!(!other.pause(id, "ann", None, at(5)).await.unwrap());
        assert_eq!(
            other.resume(id, "ann", None, at(5)).await.unwrap(),
            None,
            "what is cancelled does not go on"
        );
        assert_eq!(store.tick(&[], &[begin(&rows[3])], &owner, at(5)).await.unwrap(), [false]);

        // Of the two on the wire one arrives, and the other's sender dies.
        store.tick(&[settle(&rows[1], State::Sent, at(6))], &[], &owner, at(6)).await.unwrap();
        drop(lock);
        store.close().await;
        let store = engine.open().await;
        let _lock = sender(&store).await;
        let recovered = store.recover(RecoveryPolicy::ResendOnce, at(7)).await.unwrap();
        assert_eq!(recovered.requeued, 1);
        assert_eq!(store.claim(id, at(8), None, 9).await.unwrap(), []);
        assert_eq!(store.withhold_cancelled(at(8)).await.unwrap(), 1);
        let counts = store.counts(id).await.unwrap();
        assert_eq!((counts.of(State::Sent), counts.of(State::Suppressed)), (2, 2));
        assert_eq!((counts.open(), counts.total()), (0, 4));
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 1, "what may have arrived stays on record");
        assert_eq!(
            store.reasons(id, 9).await.unwrap().largest,
            [(State::Suppressed, "cancelled: wrong list".to_owned(), 2)]
        );
        assert_eq!(store.retry(id, None, at(9)).await.unwrap(), 0, "nobody is queued anew by mistake");
        other.close().await;
        store.close().await;
    })
    .await;
}

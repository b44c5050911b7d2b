//! Several nodes on one PostgreSQL: each row is one node's, and a node that was away learns that it was.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use straight::delivery::State;
use straight::store::{Ownership, RecoveryPolicy};

use super::{addresses, at, begin, edition_for, on_both, on_postgres, sender, settle};

#[tokio::test]
async fn with_sqlite_one_process_sends_and_the_next_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let database = straight::config::Database::Sqlite(folder.path().join("straight.db"));
    let (one, two) = (
        straight::store::Store::open(&database).await.unwrap(),
        straight::store::Store::open(&database).await.unwrap(),
    );
    let lock = sender(&one).await;
    assert!(matches!(two.acquire_sender().await.unwrap(), Ownership::Others));
    drop(lock);
    assert!(matches!(two.acquire_sender().await.unwrap(), Ownership::Ours(_)));
    assert!(!one.is_shared() && one.is_sender());
    assert_eq!(one.take_slice("all", Duration::from_secs(1)).await.unwrap(), None);
}

#[tokio::test]
async fn nodes_claim_side_by_side_and_never_the_same() {
    on_postgres(async |engine| {
        let first = engine.open().await;
        let readers: Vec<String> = (0..500).map(|n| format!("reader{n}@example.org")).collect();
        let id = edition_for(&first, &readers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let node = engine.open().await;
            tasks.spawn(async move {
                let _lock = sender(&node).await;
                let mut got = Vec::new();
                let mut after = None;
                loop {
                    let rows = node.claim(id, at(0), after, 16).await.unwrap();
                    let Some(last) = rows.last() else { break };
                    after = Some((last.due_at, last.subscriber));
                    let begins: Vec<_> = rows.iter().map(begin).collect();
                    let began = node.tick(&[], &begins, &node.owner(), at(0)).await.unwrap();
                    assert!(began.iter().all(|may_send| *may_send), "a claim of the living is theirs alone");
                    let answers: Vec<_> = rows.iter().map(|row| settle(row, State::Sent, at(1))).collect();
                    node.tick(&answers, &[], &node.owner(), at(1)).await.unwrap();
                    got.extend(rows);
                }
                node.close().await;
                got
            });
        }
        let all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(all.len(), 500, "each once");
        assert_eq!(addresses(&all), readers.into_iter().collect::<BTreeSet<_>>());
        assert_eq!(first.counts(id).await.unwrap().of(State::Sent), 500);
        first.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_tick_looks_at_its_own_readers_however_long_the_list_is() {
    on_postgres(async |engine| {
        let (readers, ticks, each) = (2_000, 20, 8);
        let node = engine.open().await;
        let list: Vec<String> = (0..readers).map(|n| format!("reader{n}@example.org")).collect();
        let id = edition_for(&node, &list.iter().map(String::as_str).collect::<Vec<_>>()).await;
        node.close().await;
        let mut eye = PgConnection::connect(&engine.url()).await.unwrap();
        let (_, before) = rows_begun_and_subscribers_read(&mut eye).await;

        let node = engine.open().await;
        let _lock = sender(&node).await;
        let rows = node.claim(id, at(0), None, ticks * each).await.unwrap();
        for rows in rows.chunks(each as usize) {
            let begins: Vec<_> = rows.iter().map(begin).collect();
            let began = node.tick(&[], &begins, &node.owner(), at(0)).await.unwrap();
            assert!(began.iter().all(|may_send| *may_send));
        }
        node.close().await;

        // The claim has updated each row once, and so has its tick. The server counts when a session ends.
        let mut seen = (0, 0);
        for _ in 0..100 {
            seen = rows_begun_and_subscribers_read(&mut eye).await;
            if seen.0 >= 2 * i64::from(ticks * each) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(seen.0 >= 2 * i64::from(ticks * each), "the server has not counted: {seen:?}");
        let read = seen.1 - before;
        assert!(
            read <= 2 * readers,
            "{ticks} ticks of {each} readers read {read} rows of {readers} subscribers"
        );
    })
    .await;
}

/// How many deliveries were updated, and how many rows of `subscribers` were read, as the server has counted so far.
async fn rows_begun_and_subscribers_read(eye: &mut PgConnection) -> (i64, i64) {
    let counted = "SELECT
        (SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'deliveries'),
        (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'subscribers')";
    sqlx::query_as(counted).fetch_one(eye).await.unwrap()
}

#[tokio::test]
async fn what_a_node_lets_go_another_takes_at_once() {
    on_both(async |engine| {
        let (one, two) = (engine.open().await, engine.open().await);
        let id = edition_for(&one, &["ann@example.org", "bo@example.org"]).await;
        let lock = sender(&one).await;
        assert_eq!(one.claim(id, at(0), None, 9).await.unwrap().len(), 2);
        assert_eq!(
            one.claim(id, at(0), None, 9).await.unwrap().len(),
            2,
            "what we have taken we may take again"
        );
        assert!(one.has_due(id, at(0)).await.unwrap());
        assert_eq!(two.has_due(id, at(0)).await.unwrap(), !two.is_shared());
        one.release(id).await.unwrap();
        drop(lock);
        let _lock = sender(&two).await;
        assert_eq!(two.claim(id, at(0), None, 9).await.unwrap().len(), 2);
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_heartbeat_keeps_the_lease_and_a_halted_node_is_fenced() {
    on_postgres(async |engine| {
        let one = engine.open().await.with_lease(Duration::from_millis(400));
        let id = edition_for(&one, &["ann@example.org", "bo@example.org"]).await;
        let lock = sender(&one).await;
        let owner = one.owner();
        let rows = one.claim(id, at(0), None, 9).await.unwrap();
        assert_eq!(one.tick(&[], &[begin(&rows[0])], &owner, at(0)).await.unwrap(), [true]);
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        assert!(one.is_sender(), "the heartbeat renews it");
        let two = engine.open().await;
        let _other = sender(&two).await;
        assert_eq!(two.recover(RecoveryPolicy::ResendOnce, at(1)).await.unwrap().requeued, 0);

        // SIGSTOP, as far as the store can see: the heart stands still for longer than the lease.
        drop(lock);
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!one.is_sender());
        assert_eq!(
            one.tick(&[], &[begin(&rows[1])], &owner, at(1)).await.unwrap(),
            [false],
            "fenced before anybody took over"
        );
        assert_eq!(two.recover(RecoveryPolicy::ResendOnce, at(2)).await.unwrap().requeued, 1);
        let taken = two.claim(id, at(2), None, 9).await.unwrap();
        assert_eq!(taken.len(), 2);
        let lost = taken.iter().find(|row| row.subscriber == rows[0].subscriber).unwrap();
        assert_eq!((lost.attempt, lost.uncertain), (1, 1));
        assert_eq!(two.tick(&[], &[begin(lost)], &two.owner(), at(2)).await.unwrap(), [true]);
        // Now the second copy is on its way, and on record; the late answer to the first changes nothing.
        one.tick(&[settle(&rows[0], State::Sent, at(3))], &[], &owner, at(3)).await.unwrap();
        assert_eq!(two.counts(id).await.unwrap().of(State::Sending), 1);
        assert_eq!(two.uncertain_attempts(id).await.unwrap(), 1);

        // It comes back under a new name.
        let _lock = sender(&one).await;
        assert_ne!(one.owner(), owner);
        assert!(one.is_sender());
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test]
async fn slices_of_a_rate_follow_each_other_across_nodes() {
    on_postgres(async |engine| {
        let (one, two) = (engine.open().await, engine.open().await);
        let slice = Duration::from_secs(10);
        assert_eq!(one.take_slice("all", slice).await.unwrap(), Some(Duration::ZERO));
        let second = two.take_slice("all", slice).await.unwrap().unwrap();
        let third = one.take_slice("all", slice).await.unwrap().unwrap();
        assert!(second > Duration::from_secs(8) && second <= slice, "{second:?}");
        assert!(third > Duration::from_secs(18) && third <= 2 * slice, "{third:?}");
        assert_eq!(two.take_slice("example.org", slice).await.unwrap(), Some(Duration::ZERO));
        one.close().await;
        two.close().await;
    })
    .await;
}

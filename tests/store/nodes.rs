//! Several nodes on one PostgreSQL: each row is one node's, and a node that was away learns that it was.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::migrate::Migrate as _;
use sqlx::{Connection as _, PgConnection};
use straight::delivery::State;
use straight::press::health::Ailment;
use straight::store::{EditionId, Ownership, PublishOutcome, RecoveryPolicy};
use straight::subscriber::SubscriberId;

use super::engines::Engine;
use super::{addresses, at, begin, edition_for, on_both, on_postgres, publish_for, rendered, sender, settle};

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
        assert!(!first.are_others_at_work(id).await.unwrap());
        first.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_claim_and_a_tick_look_at_their_own_rows_however_long_the_list_is() {
    on_postgres(async |engine| {
        const READERS: i64 = 4_000;
        let node = engine.open().await;
        let list: Vec<String> = (0..READERS).map(|n| format!("reader{n}@example.org")).collect();
        let first = edition_for(&node, &list.iter().map(String::as_str).collect::<Vec<_>>()).await;
        node.close().await;
        let mut eye = PgConnection::connect(&engine.url()).await.unwrap();
        // Nothing is known of the tables yet, as on the first day.
        looks_at_its_own(engine, &mut eye, first, READERS).await;

        // What is known of them is of yesterday: everybody had their copy, and nothing was open.
        let yesterday = "UPDATE deliveries SET state = 'sent', attempt = 1, owner = NULL, settled_at = 0";
        // What it reads itself is counted when it ends, and not later on.
        let mut hand = PgConnection::connect(&engine.url()).await.unwrap();
        sqlx::query(yesterday).execute(&mut hand).await.unwrap();
        sqlx::query("ANALYZE").execute(&mut hand).await.unwrap();
        hand.close().await.unwrap();
        let node = engine.open().await;
        let second = publish_for(&node, &rendered("2026-09-25", &["quay"]), false).await;
        let PublishOutcome::Published { id: second, .. } = second else { panic!("{second:?}") };
        node.close().await;
        looks_at_its_own(engine, &mut eye, second, READERS).await;
    })
    .await;
}

/// Claims 160 deliveries in the middle of the list, begins them in ticks of eight, and asserts that of neither table many
/// more rows were read than that.
async fn looks_at_its_own(engine: &Engine, eye: &mut PgConnection, edition: EditionId, readers: i64) {
    let (ticks, each) = (20_u32, 8_usize);
    let rows = ticks as usize * each;
    let before = Looks::until_updated(eye, 0).await;
    let node = engine.open().await;
    let _lock = sender(&node).await;
    // Half of the list is on lease by the time.
    let half = node.claim(edition, at(0), None, u32::try_from(readers / 2).unwrap()).await.unwrap();
    let after = half.last().map(|row| (row.due_at, row.subscriber));
    node.close().await;
    let claimed_first = Looks::until_updated(eye, before.updated + readers / 2).await;

    let node = engine.open().await;
    let _lock = sender(&node).await;
    let claimed = node.claim(edition, at(0), after, u32::try_from(rows).unwrap()).await.unwrap();
    assert_eq!(claimed.len(), rows);
    for rows in claimed.chunks(each) {
        let begins: Vec<_> = rows.iter().map(begin).collect();
        let began = node.tick(&[], &begins, &node.owner(), at(0)).await.unwrap();
        assert!(began.iter().all(|may_send| *may_send));
    }
    node.close().await;

    // The claim has updated each row once, and so has its tick.
    let rows = i64::try_from(rows).unwrap();
    let after = Looks::until_updated(eye, claimed_first.updated + 2 * rows).await;
    for (table, read) in [
        ("deliveries", after.deliveries - claimed_first.deliveries),
        ("subscribers", after.subscribers - claimed_first.subscribers),
    ] {
        assert!(
            read <= 10 * rows && rows <= read,
            "a claim and {ticks} ticks of {rows} rows read {read} rows of {table}, of {readers} readers"
        );
    }
}

#[tokio::test]
async fn the_reasons_and_the_list_of_a_long_edition_read_each_row_about_once() {
    on_postgres(async |engine| {
        const READERS: i64 = 60_000;
        let node = engine.open().await;
        let id = edition_for(&node, &["ann@example.org"]).await;
        node.close().await;
        let mut hand = PgConnection::connect(&engine.url()).await.unwrap();
        const MORE: &str = "INSERT INTO subscribers (id, email, email_key, status, origin, since, changed_at)
            SELECT i, i || '@example.org', i || '@example.org', 'active', 'file', 0, 0
            FROM generate_series(1000, 999 + CAST($1 AS BIGINT)) i";
        sqlx::query(MORE).bind(READERS).execute(&mut hand).await.unwrap();
        const REFUSED: &str = "INSERT INTO deliveries (edition_id, subscriber_id, state, due_at, reason)
            SELECT edition_id, i, 'failed', due_at, '550 5.7.1 <' || i || '@example.org>: no'
            FROM deliveries, generate_series(1000, 999 + CAST($1 AS BIGINT)) i";
        sqlx::query(REFUSED).bind(READERS).execute(&mut hand).await.unwrap();
        // What is known of the tables is what lets the server join them in their order.
        sqlx::query("ANALYZE").execute(&mut hand).await.unwrap();
        hand.close().await.unwrap();
        let mut eye = PgConnection::connect(&engine.url()).await.unwrap();
        let mut before = Looks::until_updated(&mut eye, 0).await;
        for what in ["reasons", "list"] {
            let node = engine.open().await;
            if what == "reasons" {
                let told = (State::Failed, "550 5.7.1 <(the reader)>: no".to_owned(), READERS.unsigned_abs());
                assert_eq!(node.reasons(id, 5).await.unwrap().largest, [told]);
            } else {
                let mut after = SubscriberId(0);
                while let Some(last) = node.troubled(id, after, 2_000).await.unwrap().last() {
                    after = last.subscriber;
                }
            }
            node.close().await;
            let now = Looks::until_updated(&mut eye, 0).await;
            for (table, read) in [
                ("deliveries", now.deliveries - before.deliveries),
                ("subscribers", now.subscribers - before.subscribers),
            ] {
                assert!(
                    (READERS..3 * READERS).contains(&read),
                    "the {what} of {READERS} readers read {read} rows of {table}"
                );
            }
            before = now;
        }
    })
    .await;
}

/// How much the server has looked at, as it has counted so far.
#[derive(Debug)]
struct Looks {
    /// Rows of `deliveries` that were updated.
    updated: i64,
    /// Rows, or entries of an index, that were read of `deliveries`.
    deliveries: i64,
    /// The same of `subscribers`.
    subscribers: i64,
}

impl Looks {
    async fn so_far(eye: &mut PgConnection) -> Self {
        let counted = "SELECT SUM(n_tup_upd) FILTER (WHERE t.relname = 'deliveries')::BIGINT AS updated,
                SUM(t.seq_tup_read + i.entries) FILTER (WHERE t.relname = 'deliveries')::BIGINT AS deliveries,
                SUM(t.seq_tup_read + i.entries) FILTER (WHERE t.relname = 'subscribers')::BIGINT AS subscribers
            FROM pg_stat_user_tables t JOIN (SELECT relid, SUM(idx_tup_read)::BIGINT AS entries
                FROM pg_stat_user_indexes GROUP BY relid) i ON i.relid = t.relid";
        let (updated, deliveries, subscribers) = sqlx::query_as(counted).fetch_one(eye).await.unwrap();
        Looks { updated, deliveries, subscribers }
    }

    /// The server counts when a session ends: when all but ours have.
    async fn until_updated(eye: &mut PgConnection, updated: i64) -> Self {
        let others = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        for _ in 0..200 {
            let others: i64 = sqlx::query_scalar(others).fetch_one(&mut *eye).await.unwrap();
            let looks = Looks::so_far(eye).await;
            if others == 0 && looks.updated >= updated {
                return looks;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server has not counted {updated} updates: {:?}", Looks::so_far(eye).await);
    }
}

#[tokio::test]
async fn a_node_starts_without_waiting_for_another_that_starts() {
    on_postgres(async |engine| {
        engine.open().await.close().await;
        let mut starting = PgConnection::connect(&engine.url()).await.unwrap();
        starting.lock().await.unwrap();
        let node = tokio::time::timeout(Duration::from_secs(20), engine.open());
        node.await.expect("nobody is waited for where the tables are as they should be").close().await;
        starting.unlock().await.unwrap();
    })
    .await;
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
        assert!(!one.has_lost_its_lease(), "who never had one has lost none");
        let lock = sender(&one).await;
        assert!(!one.has_lost_its_lease());
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
        let schedule =
            straight::config::load(None, &Default::default(), Default::default()).unwrap().schedule;
        let health = straight::press::health::Health::of(one.clone(), schedule);
        let ailing = health.ailments(at(1)).await.unwrap();
        assert!(matches!(&ailing[..], [only] if only.ailment == Ailment::LeaseLost), "{ailing:?}");
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
        assert_eq!(health.ailments(at(1)).await.unwrap(), []);
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

//! Who is forgotten, and what of whom: on both engines.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use straight::delivery::State;
use straight::letter::Written;
use straight::store::{Asks, Confirmed, Moved, Origin, Store};
use straight::subscriber::{EmailAddress, SubscriberId};

use super::engines::Engine;
use super::sign_ups::{answer, ask, confirm};
use super::{at, begin, edition_for, on_both, publish_for, reader, rendered, sender, settle};

pub(super) const DAY: i64 = 24 * 3_600;

pub(super) fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub(super) async fn id(store: &Store, email: &str) -> SubscriberId {
    store.by_email(&address(email)).await.unwrap().unwrap().id
}

/// Signs `email` up, at so many seconds.
pub(super) async fn sign_up(store: &Store, email: &str, seconds: i64) -> SubscriberId {
    let form = ask(store, Asks::Subscribe, email, seconds).await;
    assert!(answer(store, form, seconds + 1).await);
    let Confirmed::Now(reader) = confirm(store, form, seconds + 2).await else { panic!("not confirmed") };
    reader
}

/// Moves a reader to `email`, at so many seconds.
pub(super) async fn relocate(store: &Store, reader: SubscriberId, email: &str, seconds: i64) {
    let keys = store.token_keys(at(0)).await.unwrap();
    let form = ask(store, Asks::NewAddress(reader), email, seconds).await;
    assert!(answer(store, form, seconds + 1).await);
    let notice = Written::plain("Moved", "Moved");
    let moved = store.confirm_new_address(form, &keys, None, &notice, at(seconds + 2)).await.unwrap();
    assert_eq!(moved, Moved::Now);
}

/// Runs statements of a test's own in a transaction that stays open for a moment, and `meanwhile` beside it.
async fn beside<T>(engine: &Engine, statements: &[&str], meanwhile: impl Future<Output = T>) -> T {
    let (url, wait) = (engine.url(), Duration::from_millis(300));
    match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut connection = SqliteConnection::connect(file).await.unwrap();
            let mut open = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
            for text in statements {
                sqlx::query(AssertSqlSafe((*text).to_owned())).execute(&mut *open).await.unwrap();
            }
            let end = async {
                tokio::time::sleep(wait).await;
                open.commit().await.unwrap();
            };
            tokio::join!(meanwhile, end).0
        }
        None => {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            let mut open = connection.begin().await.unwrap();
            for text in statements {
                sqlx::query(AssertSqlSafe((*text).to_owned())).execute(&mut *open).await.unwrap();
            }
            let end = async {
                tokio::time::sleep(wait).await;
                open.commit().await.unwrap();
            };
            tokio::join!(meanwhile, end).0
        }
    }
}

#[tokio::test]
async fn who_is_erased_at_an_address_that_another_has_given_up_takes_nothing_of_theirs_along() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        let ann = sign_up(&store, "ann@example.org", 0).await;
        relocate(&store, ann, "ann2@example.org", DAY).await;
        let known = async || store.known(&store.subscriber(ann).await.unwrap().unwrap()).await.unwrap();
        let before = known().await;
        assert_eq!((before.consents.len(), before.letters.len()), (2, 4), "{before:?}");

        let carl = sign_up(&store, "Ann@example.org", 3 * DAY).await;
        assert_ne!(carl, ann);
        assert!(store.erase(carl, &keys, at(4 * DAY)).await.unwrap());
        let after = known().await;
        assert_eq!(format!("{after:?}"), format!("{before:?}"), "Ann keeps what is hers");
        assert!(store.guest(&address("ann@example.org")).await.unwrap().is_none(), "Carl's is gone");
        // Whoever is asked to erase the address she gave up learns that she keeps something there.
        let elsewhere = store.kept_elsewhere(&address("ANN@example.org")).await.unwrap();
        assert_eq!(elsewhere, [address("ann2@example.org")]);
        assert_eq!(store.kept_elsewhere(&address("ann2@example.org")).await.unwrap(), []);

        assert!(store.erase(ann, &keys, at(5 * DAY)).await.unwrap());
        assert_eq!(store.kept_elsewhere(&address("ann@example.org")).await.unwrap(), []);
        assert_eq!(store.due_letters(at(9 * DAY), None, 9).await.unwrap(), []);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn of_who_never_confirmed_the_letters_are_found_and_erased() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        for email in ["never1@example.org", "never2@example.org"] {
            let form = ask(&store, Asks::Subscribe, email, 0).await;
            assert!(answer(&store, form, 1).await);
        }
        assert_eq!(store.prune_sign_ups(at(8 * DAY)).await.unwrap(), 2);
        // Of one the row is gone, of the newest the number is left.
        for email in ["never1@example.org", "never2@example.org"] {
            let email = address(email);
            assert!(store.by_email(&email).await.unwrap().is_none());
            let guest = store.guest(&email).await.unwrap().unwrap();
            assert_eq!(guest.letters[0].to.as_deref(), Some(email.as_str()));
            store.erase_guest(&email, &keys, at(8 * DAY)).await.unwrap();
            assert!(store.guest(&email).await.unwrap().is_none());
            let report =
                store.import(&[reader(email.as_str())], Origin::Operator, at(9 * DAY)).await.unwrap();
            assert_eq!((report.new, report.suppressed), (0, 1), "an import does not bring them back");
        }
        assert_eq!(store.due_letters(at(9 * DAY), None, 9).await.unwrap(), []);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_address_beyond_ascii_is_one_in_capitals_too_and_a_longer_one_is_another() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["bo@example.org"]).await;
        let bo = id(&store, "bo@example.org").await;
        for (email, seconds) in [("Ida@BÜCHER.example", 0), ("x/ida@bücher.example", 2 * DAY)] {
            let form = ask(&store, Asks::NewAddress(bo), email, seconds).await;
            assert!(answer(&store, form, seconds + 1).await);
        }
        let store = as_before_letters_had_keys(engine, store).await;
        let (ida, other) = (address("ida@bücher.example"), address("x/ida@bücher.example"));
        let guest = store.guest(&ida).await.unwrap().unwrap();
        assert_eq!((guest.letters.len(), guest.sign_ups.len()), (1, 1));
        assert_eq!(guest.sign_ups[0].asked_from, None, "the network is that of the reader who asked");
        store.erase_guest(&ida, &keys, at(3 * DAY)).await.unwrap();
        assert!(store.guest(&ida).await.unwrap().is_none());
        assert_eq!(store.guest(&other).await.unwrap().unwrap().letters.len(), 1);
        store.close().await;
    })
    .await;
}

/// Takes the last step of the tables' history back, and lets a store take it again over what is there.
async fn as_before_letters_had_keys(engine: &Engine, store: Store) -> Store {
    store.close().await;
    let back = [
        "DROP INDEX letters_by_recipient",
        "ALTER TABLE letters DROP COLUMN recipient_key",
        "DROP INDEX sign_ups_by_former",
        "ALTER TABLE sign_ups DROP COLUMN former",
        "ALTER TABLE sign_ups DROP COLUMN former_key",
        "ALTER TABLE sign_ups DROP COLUMN put_back_at",
        "ALTER TABLE comments DROP COLUMN moved_by",
        "DELETE FROM _sqlx_migrations WHERE version = 14",
    ];
    beside(engine, &back, async {}).await;
    engine.open().await
}

#[tokio::test]
async fn a_move_in_the_midst_of_an_erasure_leaves_the_new_address_among_the_erased() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["ann@example.org"]).await;
        let ann = id(&store, "ann@example.org").await;
        let moves = "UPDATE subscribers SET email = 'ann2@example.org', email_key = 'ann2@example.org'";
        assert!(beside(engine, &[moves], store.erase(ann, &keys, at(1))).await.unwrap());
        assert!(store.is_erased(&address("ann2@example.org"), at(2)).await.unwrap());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn all_that_is_kept_of_somebody_is_told() {
    on_both(async |engine| {
        let store = engine.open().await;
        let bea = sign_up(&store, "bea@example.org", 0).await;
        // Again, and passed over: what was typed is kept for a while.
        for seconds in [3, 4] {
            ask(&store, Asks::Subscribe, "Bea@example.org", seconds).await;
        }
        for open in store.open_sign_ups(at(5) - TimeDelta::days(1), 9).await.unwrap() {
            store.pass_over(&open).await.unwrap();
        }
        let lonely = address("BEA@example.org");
        assert!(store.add_letter("lonely", &lonely, "Is this yours?", "Text", at(6)).await.unwrap());
        publish_for(&store, &rendered("2026-09-24", &["tide"]), false).await;
        let edition = store.editions(None, 1).await.unwrap()[0].id;
        let _lock = super::sender(&store).await;
        let row = store.claim(edition, at(0), None, 9).await.unwrap().pop().unwrap();
        assert_eq!(store.tick(&[], &[super::begin(&row)], &store.owner(), at(0)).await.unwrap(), [true]);
        let mut failed = super::settle(&row, straight::delivery::State::Failed, at(7));
        failed.next.reason = Some("554 no such person".to_owned());
        store.tick(&[failed], &[], &store.owner(), at(7)).await.unwrap();

        let known = store.known(&store.subscriber(bea).await.unwrap().unwrap()).await.unwrap();
        assert_eq!(known.origin, "sign-up");
        let states: Vec<_> =
            known.consents.iter().map(|one| (one.state.as_str(), one.name.as_deref())).collect();
        assert_eq!(
            states,
            [("confirmed", Some("Bo")), ("passed-over", Some("Bo")), ("passed-over", Some("Bo"))]
        );
        assert!(known.consents.iter().all(|one| one.asked_from.as_deref() == Some("192.0.2.0")));
        let subjects: Vec<_> = known.letters.iter().map(|letter| letter.what.as_str()).collect();
        assert_eq!(subjects, ["Confirm", "Welcome", "Is this yours?"]);
        let edition = &known.editions[0];
        assert_eq!((edition.begun, edition.reason.as_deref()), (1, Some("554 no such person")));
        assert_eq!(edition.attempts[0].reason.as_deref(), Some("554 no such person"));

        // Of a guest too.
        let guest = "guest@example.org";
        ask(&store, Asks::Subscribe, guest, 10).await;
        let kept = store.guest(&address(guest)).await.unwrap().unwrap().sign_ups.remove(0);
        let kept = (kept.state, kept.name, kept.asked_from);
        assert_eq!(kept, ("asked".to_owned(), Some("Bo".to_owned()), Some("192.0.2.0".to_owned())));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_erased_while_a_message_is_on_the_wire_is_not_written_down_by_its_answer() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        let readers = ["ann@example.org", "bo@example.org", "cy@example.org"];
        let edition = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(edition, at(9), None, 9).await.unwrap();
        let begins: Vec<_> = rows.iter().map(begin).collect();
        store.tick(&[], &begins, &owner, at(9)).await.unwrap();
        for row in &rows[..2] {
            assert!(store.erase(row.subscriber, &keys, at(10)).await.unwrap());
        }
        // The answers to ann and cy repeat whom they refuse; bo's sender is gone, and then answers after all.
        let answers: Vec<_> = rows
            .iter()
            .map(|row| {
                let mut answer = settle(row, State::Failed, at(11));
                answer.next.reason = Some(format!("550 5.7.1 <{}>: not you", row.email));
                answer
            })
            .collect();
        let mut silence = settle(&rows[1], State::Uncertain, at(11));
        silence.next.records_uncertain = true;
        silence.next.reason = Some(format!("at <{}>: no answer", rows[1].email));
        store.tick(&[answers[0].clone(), silence, answers[2].clone()], &[], &owner, at(11)).await.unwrap();
        store.tick(&answers[1..2], &[], &owner, at(12)).await.unwrap();

        let words = |reasons: Vec<Option<String>>| reasons.into_iter().flatten().collect::<Vec<_>>();
        const OF_DELIVERIES: &str = "SELECT reason FROM deliveries ORDER BY subscriber_id";
        const OF_ATTEMPTS: &str = "SELECT reason FROM attempts ORDER BY subscriber_id, attempt";
        for statement in [OF_DELIVERIES, OF_ATTEMPTS] {
            let url = engine.url();
            let reasons: Vec<Option<String>> = match url.strip_prefix("sqlite:") {
                Some(file) => {
                    let mut connection = SqliteConnection::connect(file).await.unwrap();
                    sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap()
                }
                None => {
                    let mut connection = PgConnection::connect(&url).await.unwrap();
                    sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap()
                }
            };
            let wanted = ["erased", "erased", "550 5.7.1 <cy@example.org>: not you"];
            assert_eq!(words(reasons), wanted, "{statement}");
        }
        assert_eq!(store.counts(edition).await.unwrap().of(State::Failed), 3);
        store.close().await;
    })
    .await;
}

/// A copy of the file is a backup, and is searched as whoever finds one would.
#[tokio::test]
async fn no_byte_of_who_is_erased_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("straight.db");
    let store = Store::open(&straight::config::Database::Sqlite(file.clone())).await.unwrap();
    let keys = store.token_keys(at(0)).await.unwrap();
    let holds = |what: &str| {
        let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap_or_default();
        let all = [bytes("straight.db"), bytes("straight.db-wal")].concat();
        all.windows(what.len()).filter(|window| *window == what.as_bytes()).count()
    };
    let many: Vec<_> = (0..400).map(|n| reader(&format!("reader{n}@example.org"))).collect();
    store.import(&many, Origin::File, at(0)).await.unwrap();
    let zoe = sign_up(&store, "unmistakable@example.org", 0).await;
    let links = format!("https://news.example.com/preferences/unmistakable {}", "x".repeat(20_000));
    let letter = Written::plain("Links", &links);
    let to = address("unmistakable@example.org");
    assert!(store.post_letter("links", &to, &letter, Some(zoe), at(1)).await.unwrap());
    let guest = address("forgettable@example.org");
    store.add_letter("guest", &guest, "Links", "forgettable", at(1)).await.unwrap();
    assert!(holds("unmistakable") > 0 && holds("forgettable") > 0);

    assert!(store.erase(zoe, &keys, at(9)).await.unwrap());
    assert_eq!(holds("unmistakable"), 0, "while the store is open, and its log beside it");
    store.erase_guest(&guest, &keys, at(9)).await.unwrap();
    assert_eq!(holds("forgettable"), 0);
    assert!(holds("reader399@example.org") > 0, "the others are there");
    store.close().await;
    assert_eq!(holds("unmistakable") + holds("forgettable"), 0);
}

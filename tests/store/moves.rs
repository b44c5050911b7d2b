//! Moves to another address that are taken back, on both engines.

use straight::article::Slug;
use straight::comment::NewComment;
use straight::delivery::State;
use straight::letter::Written;
use straight::store::{Asks, Moved, Origin, PutBack, PutBackBy, Refusal, Refused, Store};
use straight::subscriber::Status;

use super::erasure::{DAY, address, id, relocate, sign_up};
use super::sign_ups::{answer, ask};
use super::{at, begin, edition_for, on_both, reader, sender, settle};

async fn say(store: &Store, email: &str, text: &str) {
    let comment = NewComment::parse(Slug::of_text("tide").unwrap(), "Somebody", email, text).unwrap();
    store.add_comment(&comment, at(1)).await.unwrap().unwrap();
}

/// What is on record as said by `email`, a reader or not.
async fn said(store: &Store, email: &str) -> Vec<String> {
    let comments = match store.by_email(&address(email)).await.unwrap() {
        Some(reader) => store.known(&reader).await.unwrap().comments,
        None => store.guest(&address(email)).await.unwrap().map(|guest| guest.comments).unwrap_or_default(),
    };
    comments.into_iter().map(|comment| comment.text).collect()
}

#[tokio::test]
async fn the_owner_of_the_former_address_takes_a_move_back_whatever_was_done_since() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["olga@example.org", "bo@example.org"]).await;
        let olga = id(&store, "olga@example.org").await;
        say(&store, "olga@example.org", "Hers").await;
        say(&store, "thief@example.net", "His before").await;
        assert_eq!(store.held_until(olga, at(0)).await.unwrap(), None);

        // Whoever has a mail of hers moves, and once more, so that the traces lead elsewhere.
        relocate(&store, olga, "thief@example.net", 10).await;
        assert_eq!(said(&store, "thief@example.net").await, ["Hers", "His before"]);
        say(&store, "thief@example.net", "His since").await;
        let first = store.last_move(olga).await.unwrap().unwrap();
        relocate(&store, olga, "thief2@example.net", 2 * DAY).await;
        assert_eq!(first.former, address("olga@example.org"));
        assert_eq!(store.held_until(olga, at(3 * DAY)).await.unwrap(), Some(at(16 * DAY + 2)));
        assert_eq!(store.held_until(olga, at(16 * DAY + 2)).await.unwrap(), None);
        // They ask for a third address, leave, and let the old one be asked whether it wants to subscribe.
        let third = ask(&store, Asks::NewAddress(olga), "thief3@example.net", 4 * DAY).await;
        assert!(answer(&store, third, 4 * DAY).await);
        store.unsubscribe(olga, at(4 * DAY)).await.unwrap();
        let form = ask(&store, Asks::Subscribe, "olga@example.org", 4 * DAY).await;
        assert!(answer(&store, form, 4 * DAY).await);
        let squatter = id(&store, "olga@example.org").await;
        assert_ne!(squatter, olga);

        assert_eq!(store.put_back(&first, PutBackBy::Owner, &keys, at(5 * DAY)).await.unwrap(), PutBack::Now);
        let reader_again = store.by_email(&address("olga@example.org")).await.unwrap().unwrap();
        assert_eq!((reader_again.id, reader_again.status), (olga, Status::Active));
        assert_eq!(store.subscriber(squatter).await.unwrap(), None);
        assert_eq!(said(&store, "olga@example.org").await, ["Hers"]);
        assert_eq!(said(&store, "thief2@example.net").await, ["His before", "His since"]);
        assert_eq!(store.held_until(olga, at(5 * DAY)).await.unwrap(), None, "her data is hers at once");
        assert_eq!(store.stays_until(olga, at(5 * DAY)).await.unwrap(), Some(at(19 * DAY)));
        let notice = Written::plain("Moved", "Moved");
        let late = store.confirm_new_address(third, &keys, None, &notice, at(5 * DAY)).await.unwrap();
        assert_eq!(late, Moved::No, "what was asked for is void");
        let again = store.put_back(&first, PutBackBy::Owner, &keys, at(6 * DAY)).await.unwrap();
        assert_eq!(again, PutBack::Before);

        // A list brings neither the thief in, nor does it take Olga for one who is gone.
        let list = [reader("olga@example.org"), reader("thief2@example.net")];
        let report = store.import(&list, Origin::File, at(7 * DAY)).await.unwrap();
        assert_eq!((report.new, report.suppressed), (0, 1), "{report:?}");
        assert!(store.erase(olga, &keys, at(8 * DAY)).await.unwrap());
        let left = store.due_letters(at(9 * DAY), None, 99).await.unwrap();
        assert_eq!(left, [], "letters about her at any address are gone");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_goes_home_leaves_the_address_between_no_word_about_it() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        let olga = sign_up(&store, "olga@example.org", 0).await;
        relocate(&store, olga, "thief@example.net", DAY).await;
        let letters = store.due_letters(at(2 * DAY), None, 99).await.unwrap().len();
        relocate(&store, olga, "olga@example.org", 3 * DAY).await;
        let reader_again = store.subscriber(olga).await.unwrap().unwrap();
        assert_eq!(reader_again.email, address("olga@example.org"));
        // The one letter more asks her: none goes to the thief with a link that turns it round again.
        assert_eq!(store.due_letters(at(4 * DAY), None, 99).await.unwrap().len(), letters + 1);
        assert_eq!(store.last_move(olga).await.unwrap(), None);
        assert_eq!(store.held_until(olga, at(4 * DAY)).await.unwrap(), None);
        assert!(!store.is_erased(&address("olga@example.org"), at(4 * DAY)).await.unwrap());
        assert!(store.erase(olga, &keys, at(5 * DAY)).await.unwrap());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_move_is_not_taken_back_over_another_reader_and_by_the_operator_brings_nobody_back() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        let ann = sign_up(&store, "ann@example.org", 0).await;
        relocate(&store, ann, "ann2@example.org", DAY).await;
        let moved = store.last_move(ann).await.unwrap().unwrap();
        let carl = sign_up(&store, "ann@example.org", 3 * DAY).await;
        let tried = store.put_back(&moved, PutBackBy::Owner, &keys, at(4 * DAY)).await.unwrap();
        assert_eq!(tried, PutBack::Taken);
        assert_eq!(store.subscriber(carl).await.unwrap().unwrap().email, address("ann@example.org"));
        assert_eq!(store.subscriber(ann).await.unwrap().unwrap().email, address("ann2@example.org"));

        assert!(store.erase(carl, &keys, at(5 * DAY)).await.unwrap());
        store.unsubscribe(ann, at(5 * DAY)).await.unwrap();
        let done = store.put_back(&moved, PutBackBy::Operator, &keys, at(6 * DAY)).await.unwrap();
        assert_eq!(done, PutBack::Now);
        let ann = store.subscriber(ann).await.unwrap().unwrap();
        assert_eq!((ann.email, ann.status), (address("ann@example.org"), Status::Unsubscribed));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_moves_between_claim_and_send_is_sent_to_at_the_new_address() {
    on_both(async |engine| {
        let store = engine.open().await;
        let edition = edition_for(&store, &["bo@old.example", "cy@old.example"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let claimed = store.claim(edition, at(9), None, 9).await.unwrap();
        relocate(&store, claimed[0].subscriber, "bo@new.example", 1).await;

        // A tick of answers that are all well, and one that is not, have statements of their own.
        let begins: Vec<_> = claimed.iter().map(begin).collect();
        assert_eq!(store.tick(&[], &begins, &owner, at(9)).await.unwrap(), [false, true]);
        let cys = settle(&claimed[1], State::Uncertain, at(9));
        assert_eq!(store.tick(&[cys], &begins[..1], &owner, at(9)).await.unwrap(), [false]);
        assert!(store.has_due(edition, at(9)).await.unwrap());

        let again = store.claim(edition, at(9), None, 9).await.unwrap().remove(0);
        assert_eq!((again.email.as_str(), again.attempt), ("bo@new.example", 0));
        assert_eq!(store.tick(&[], &[begin(&again)], &owner, at(9)).await.unwrap(), [true]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_server_says_of_the_address_before_strikes_off_no_other() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = ["ann@old.example", "bo@old.example", "cy@old.example"];
        let edition = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let claimed = store.claim(edition, at(9), None, 9).await.unwrap();
        let begins: Vec<_> = claimed.iter().map(begin).collect();
        store.tick(&[], &begins, &owner, at(9)).await.unwrap();
        // While they are on the wire two of them move.
        relocate(&store, claimed[0].subscriber, "ann@new.example", 10).await;
        relocate(&store, claimed[1].subscriber, "bo@new.example", 20).await;

        // Of the first it is known at once that the address is dead, of the others after a while.
        let mut answers = Vec::new();
        for (row, state) in claimed.iter().zip([State::Failed, State::Deferred, State::Deferred]) {
            let mut unknown = settle(row, state, at(30));
            (unknown.code, unknown.next.due_at) = (Some(550), Some(at(300)));
            unknown.next.bounces_address = state == State::Failed;
            unknown.next.reason = Some("550 5.1.1 nobody of that name".to_owned());
            answers.push(unknown);
        }
        store.tick(&answers, &[], &owner, at(30)).await.unwrap();
        let refused: Vec<_> = claimed[1..]
            .iter()
            .map(|row| Refusal {
                edition,
                subscriber: row.subscriber,
                attempt: row.attempt + 1,
                asked: row.asked(),
                of: Refused::Address,
            })
            .collect();
        store.condemn(&refused, at(40)).await.unwrap();

        let counted = store.subscriber_counts().await.unwrap();
        assert_eq!(counted, [(Status::Active, 2), (Status::Bounced, 1)]);
        let again = store.claim(edition, at(41), None, 9).await.unwrap();
        let due: Vec<_> = again.iter().map(|row| (row.email.as_str(), row.code)).collect();
        assert_eq!(due, [("ann@new.example", None), ("bo@new.example", None)], "they are asked there");
        assert_eq!(store.counts(edition).await.unwrap().of(State::Failed), 1);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_moves_starts_at_the_new_address_as_one_who_was_never_refused() {
    on_both(async |engine| {
        let store = engine.open().await;
        let edition = edition_for(&store, &["ann@old.example", "bo@old.example"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let claimed = store.claim(edition, at(9), None, 9).await.unwrap();
        let begins: Vec<_> = claimed.iter().map(begin).collect();
        store.tick(&[], &begins, &owner, at(9)).await.unwrap();
        let refused = claimed.iter().map(|row| {
            let mut refused = settle(row, State::Deferred, at(10));
            (refused.code, refused.next.due_at) = (Some(550), Some(at(300)));
            refused.next.reason = Some("550 5.7.1 not from you".to_owned());
            refused
        });
        store.tick(&refused.collect::<Vec<_>>(), &[], &owner, at(10)).await.unwrap();
        let due = async |by| -> Vec<(String, Option<u16>)> {
            let rows = store.claim(edition, at(by), None, 9).await.unwrap();
            rows.into_iter().map(|row| (row.email.to_string(), row.code)).collect()
        };
        let ann = claimed[0].subscriber;
        relocate(&store, ann, "ann@new.example", 20).await;
        assert_eq!(due(30).await, [("ann@new.example".to_owned(), None)], "at once");
        let bo = ("bo@old.example".to_owned(), Some(550));
        assert_eq!(due(300).await, [("ann@new.example".to_owned(), None), bo.clone()]);

        // Refused there, they take it back.
        let claimed = store.claim(edition, at(30), None, 9).await.unwrap();
        store.tick(&[], &[begin(&claimed[0])], &owner, at(31)).await.unwrap();
        let mut refused = settle(&claimed[0], State::Deferred, at(32));
        (refused.code, refused.next.due_at) = (Some(550), Some(at(300)));
        store.tick(&[refused], &[], &owner, at(32)).await.unwrap();
        assert_eq!(due(40).await, []);
        let (keys, moved) =
            (store.token_keys(at(0)).await.unwrap(), store.last_move(ann).await.unwrap().unwrap());
        let back = store.put_back(&moved, PutBackBy::Owner, &keys, at(50)).await.unwrap();
        assert_eq!((back, due(60).await), (PutBack::Now, vec![("ann@old.example".to_owned(), None)]));
        store.close().await;
    })
    .await;
}

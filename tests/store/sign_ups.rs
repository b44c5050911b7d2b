//! Sign-ups, limits and what a reader may ask for, on both engines.

use std::time::Duration;

use chrono::TimeDelta;
use straight::delivery::{Next, State};
use straight::letter::Written;
use straight::store::{Ask, Asks, Confirmed, EditionId, Moved, Origin, Quota, SignUpId, Store, Whose};
use straight::subscriber::{Birthmark, EmailAddress, Holder, NewSubscriber, Status, SubscriberId};

use super::{at, edition_for, on_both, publish_for, reader, rendered};

pub(super) async fn ask(store: &Store, asks: Asks, email: &str, seconds: i64) -> SignUpId {
    let email: EmailAddress = email.parse().unwrap();
    let ask = Ask {
        asks,
        email: &email,
        name: Some("Bo"),
        timezone: None,
        words: "Daily",
        origin: "site",
        from: Some("192.0.2.0"),
        expires_at: at(seconds) + TimeDelta::days(7),
    };
    store.ask(&ask, &[quota("ask", 99)], at(seconds)).await.unwrap();
    store.open_sign_ups(at(seconds) - TimeDelta::days(1), 99).await.unwrap().last().unwrap().id
}

pub(super) async fn answer(store: &Store, id: SignUpId, seconds: i64) -> bool {
    let lately = at(seconds) - TimeDelta::days(1);
    let open = store.open_sign_ups(lately, 99).await.unwrap();
    let open = open.iter().find(|open| open.id == id).unwrap();
    store
        .answer_sign_up(open, &open.email, &Written::plain("Confirm", "Yes?"), lately, at(seconds))
        .await
        .unwrap()
}

pub(super) async fn confirm(store: &Store, id: SignUpId, seconds: i64) -> Confirmed {
    let keys = store.token_keys(at(0)).await.unwrap();
    let welcome = Written::plain("Welcome", "Hello");
    store.confirm_sign_up(id, &keys, None, &welcome, at(seconds)).await.unwrap()
}

fn quota(bucket: &str, limit: u32) -> Quota {
    Quota { bucket: bucket.to_owned(), limit, window: Duration::from_secs(3_600) }
}

async fn status(store: &Store, email: &str) -> Option<Status> {
    store.by_email(&email.parse().unwrap()).await.unwrap().map(|reader| reader.status)
}

#[tokio::test]
async fn a_sign_up_is_answered_once_and_confirmed_once() {
    on_both(async |engine| {
        let store = engine.open().await;
        let first = ask(&store, Asks::Subscribe, "Bo@example.org", 0).await;
        let second = ask(&store, Asks::Subscribe, "bo@Example.org", 1).await;
        assert_eq!(status(&store, "bo@example.org").await, None);
        assert!(answer(&store, first, 2).await);
        assert!(!answer(&store, second, 2).await, "one letter an address a day");
        let open = store.open_sign_ups(at(2) - TimeDelta::days(1), 9).await.unwrap();
        assert!(open[0].mailed_lately && open[0].known.is_some(), "{open:?}");
        store.pass_over(&open[0]).await.unwrap();
        assert_eq!(store.open_sign_ups(at(2), 9).await.unwrap(), []);
        assert_eq!(status(&store, "bo@example.org").await, Some(Status::Pending));

        assert_eq!(confirm(&store, second, 3).await, Confirmed::No);
        let Confirmed::Now(bo) = confirm(&store, first, 3).await else { panic!("not confirmed") };
        assert_eq!(confirm(&store, first, 4).await, Confirmed::Before);
        let reader = store.subscriber(bo).await.unwrap().unwrap();
        assert_eq!(
            (reader.status, reader.name.as_deref(), reader.since),
            (Status::Active, Some("Bo"), at(3))
        );
        let letters = store.due_letters(at(9), None, 9).await.unwrap();
        let subjects: Vec<_> = letters.iter().map(|letter| letter.written.subject.as_str()).collect();
        assert_eq!(subjects, ["Confirm", "Welcome"]);
        let consent = store.consents(bo).await.unwrap().remove(0);
        assert_eq!((consent.words.as_str(), consent.confirmed_at), ("Daily", Some(at(3))));

        // Too late is too late, and what nobody confirmed is forgotten with its pending reader.
        let late = ask(&store, Asks::Subscribe, "cy@example.org", 10).await;
        assert!(answer(&store, late, 11).await);
        let cy = store.by_email(&"cy@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        let week = 7 * 24 * 3_600;
        assert_eq!(confirm(&store, late, week + 10).await, Confirmed::No);
        assert!(store.prune_sign_ups(at(week + 11)).await.unwrap() >= 1);
        assert_eq!(status(&store, "cy@example.org").await, None);
        // Of a reader who is forgotten the number is not given again either.
        store.import(&[super::reader("dee@example.org")], Origin::File, at(week + 12)).await.unwrap();
        let dee = store.by_email(&"dee@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        assert!(dee > cy, "{dee:?} {cy:?}");
        assert_eq!(status(&store, "bo@example.org").await, Some(Status::Active));
        assert_eq!(store.consents(bo).await.unwrap().len(), 1, "consent is kept");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_has_one_birthmark_for_life_and_whoever_gets_their_number_has_another() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        store
            .import(&[reader("ann@example.org"), reader("cy@example.org")], Origin::File, at(0))
            .await
            .unwrap();
        let by = async |email: &str| store.by_email(&email.parse().unwrap()).await.unwrap().unwrap();
        let id = ask(&store, Asks::Subscribe, "bo@example.org", 1).await;
        assert!(answer(&store, id, 1).await);
        let (ann, bo, cy) =
            (by("ann@example.org").await, by("bo@example.org").await, by("cy@example.org").await);
        let marks = [ann.birthmark, bo.birthmark, cy.birthmark];
        assert!(marks.iter().all(|mark| *mark != Birthmark::NONE), "{marks:?}");
        assert!(marks[0] != marks[1] && marks[1] != marks[2] && marks[0] != marks[2], "{marks:?}");

        // Whatever happens to them, they stay who they are.
        assert!(matches!(confirm(&store, id, 2).await, Confirmed::Now(_)));
        let named = NewSubscriber { name: Some("Bo".to_owned()), ..reader("BO@example.org") };
        store.import(&[named], Origin::File, at(3)).await.unwrap();
        store.update_preferences(bo.id, Some("Bob"), None, None, at(4)).await.unwrap();
        let change = ask(&store, Asks::NewAddress(bo.id), "bob@example.org", 5).await;
        assert!(answer(&store, change, 6).await);
        let notice = Written::plain("Moved", "Moved");
        let moved = store.confirm_new_address(change, &keys, None, &notice, at(7)).await;
        assert_eq!(moved.unwrap(), Moved::Now);
        store.unsubscribe(bo.id, at(8)).await.unwrap();
        let now = by("bob@example.org").await;
        assert_eq!((now.holder(), now.status), (bo.holder(), Status::Unsubscribed));
        assert_eq!(store.whose(bo.holder()).await.unwrap(), Whose::Reader(now));
        store.erase(bo.id, &keys, at(9)).await.unwrap();
        assert_eq!(store.whose(bo.holder()).await.unwrap(), Whose::Erased);

        // A backup from before Cy is restored, and the next reader gets Cy's number.
        engine.run(format!("DELETE FROM subscribers WHERE id = {}", cy.id)).await;
        assert_eq!(store.whose(cy.holder()).await.unwrap(), Whose::Nobody);
        store.import(&[reader("dee@example.org")], Origin::File, at(10)).await.unwrap();
        let dee = by("dee@example.org").await.id;
        engine.run(format!("UPDATE subscribers SET id = {} WHERE id = {dee}", cy.id)).await;
        let dee = by("dee@example.org").await;
        assert_eq!(dee.id, cy.id);
        assert_eq!(store.whose(cy.holder()).await.unwrap(), Whose::Nobody);
        let of_before = Holder { birthmark: Birthmark::NONE, ..cy.holder() };
        assert_eq!(store.whose(of_before).await.unwrap(), Whose::Nobody);
        assert_eq!(store.whose(dee.holder()).await.unwrap(), Whose::Reader(dee.clone()));

        // A row of before there were birthmarks has the links that it had.
        engine.run(format!("UPDATE subscribers SET birthmark = 0 WHERE id = {}", ann.id)).await;
        let ann = by("ann@example.org").await;
        assert_eq!(ann.birthmark, Birthmark::NONE);
        assert_eq!(store.whose(ann.holder()).await.unwrap(), Whose::Reader(ann));
        // What is claimed knows whose it is.
        publish_for(&store, &rendered("2026-09-24", &["tide"]), false).await;
        let edition = store.editions(None, 1).await.unwrap()[0].id;
        let _lock = super::sender(&store).await;
        let claimed = store.claim(edition, at(11), None, 9).await.unwrap();
        let of_dee = claimed.iter().find(|row| row.subscriber == dee.id).unwrap();
        assert_eq!(of_dee.birthmark, dee.birthmark);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_letter_of_one_kind_does_not_stand_in_the_way_of_the_other() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let ann = store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        let change = ask(&store, Asks::NewAddress(ann), "vic@example.org", 1).await;
        assert!(answer(&store, change, 2).await);
        let sign_up = ask(&store, Asks::Subscribe, "vic@example.org", 3).await;
        let again = ask(&store, Asks::NewAddress(ann), "vic@example.org", 4).await;
        let open = store.open_sign_ups(at(4) - TimeDelta::days(1), 9).await.unwrap();
        let lately: Vec<_> = open.iter().map(|open| (open.id, open.mailed_lately)).collect();
        assert_eq!(lately, [(sign_up, false), (again, true)]);
        assert!(answer(&store, sign_up, 5).await);
        assert!(!answer(&store, again, 6).await);
        assert!(matches!(confirm(&store, sign_up, 7).await, Confirmed::Now(_)));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_could_not_be_delivered_keeps_nobody_from_asking_for_another() {
    on_both(async |engine| {
        let store = engine.open().await;
        let first = ask(&store, Asks::Subscribe, "vic@example.org", 1).await;
        assert!(answer(&store, first, 2).await);
        let letter = store.due_letters(at(3), None, 9).await.unwrap().remove(0);
        let second = ask(&store, Asks::Subscribe, "vic@example.org", 4).await;
        assert!(!answer(&store, second, 5).await, "one letter a day");
        assert!(store.begin_letter(&letter).await.unwrap());
        let failed = Next {
            state: State::Failed,
            due_at: None,
            spends_attempt: true,
            bounces_address: false,
            records_uncertain: false,
            reason: Some("550 5.7.1 not from you".to_owned()),
        };
        store.settle_letter(&letter, &failed, at(6)).await.unwrap();
        let open = store.open_sign_ups(at(7) - TimeDelta::days(1), 9).await.unwrap();
        assert!(open.iter().all(|open| !open.mailed_lately), "{open:?}");
        assert!(answer(&store, second, 8).await);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_bounced_may_leave_and_is_not_revived_then() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let ann = store.by_email(&"ann@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        assert!(store.bounce(ann, at(1)).await.unwrap());
        assert!(store.unsubscribe(ann, at(2)).await.unwrap());
        assert_eq!(status(&store, "ann@example.org").await, Some(Status::Unsubscribed));
        assert!(!store.revive(ann, at(3)).await.unwrap());
        assert!(!store.unsubscribe(ann, at(4)).await.unwrap(), "once");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_latest_edition_goes_to_one_more_and_adds_up() {
    on_both(async |engine| {
        let store = engine.open().await;
        let edition = edition_for(&store, &["ann@example.org"]).await;
        store.import(&[reader("bo@example.org")], Origin::File, at(1)).await.unwrap();
        let bo = store.by_email(&"bo@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        assert!(store.deliver_to(edition, bo, at(2)).await.unwrap());
        assert!(!store.deliver_to(edition, bo, at(3)).await.unwrap());
        assert!(!store.deliver_to(EditionId(99), bo, at(3)).await.unwrap());
        let summary = store.editions(None, 1).await.unwrap().remove(0);
        assert_eq!((summary.recipients, store.counts(edition).await.unwrap().total()), (2, 2));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn quotas_are_taken_by_the_window_all_or_none() {
    on_both(async |engine| {
        let store = engine.open().await;
        let quotas = [quota("network", 2), quota("all", 3)];
        assert_eq!(store.take_quotas(&quotas, at(0)).await.unwrap(), None);
        assert_eq!(store.take_quotas(&quotas, at(1)).await.unwrap(), None);
        assert_eq!(store.take_quotas(&quotas, at(2)).await.unwrap(), Some(0));
        let others = [quota("other network", 2), quota("all", 3)];
        assert_eq!(store.take_quotas(&others, at(3)).await.unwrap(), None);
        assert_eq!(store.take_quotas(&others, at(4)).await.unwrap(), Some(1));
        assert_eq!(store.used_up(&others, at(3_600)).await.unwrap(), None);
        assert_eq!(store.prune_quotas(at(3_599)).await.unwrap(), 0);
        assert_eq!(store.prune_quotas(at(3_600)).await.unwrap(), 3);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_pause_an_address_and_an_erasure() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        let edition = edition_for(&store, &["ann@example.org", "bo@example.org"]).await;
        let id = async |email: &str| store.by_email(&email.parse().unwrap()).await.unwrap().unwrap().id;
        let (ann, bo) = (id("ann@example.org").await, id("bo@example.org").await);

        let until = at(24 * 3_600);
        assert!(store.update_preferences(bo, None, None, Some(until), at(1)).await.unwrap());
        assert_eq!(store.paused_until(bo).await.unwrap(), Some(until));
        publish_for(&store, &rendered("2026-09-25", &["ebb"]), false).await;
        assert_eq!(store.editions(None, 1).await.unwrap()[0].recipients, 1, "bo rests");

        let change = ask(&store, Asks::NewAddress(ann), "new@example.org", 2).await;
        assert!(answer(&store, change, 3).await);
        let notice = Written::plain("Moved", "Moved");
        let moved = store.confirm_new_address(change, &keys, None, &notice, at(4)).await.unwrap();
        assert_eq!((moved, id("new@example.org").await), (Moved::Now, ann));
        let taken = ask(&store, Asks::NewAddress(ann), "bo@example.org", 5).await;
        assert!(answer(&store, taken, 6).await);
        let moved = store.confirm_new_address(taken, &keys, None, &notice, at(7)).await.unwrap();
        assert_eq!(moved, Moved::Taken);
        let report = store.import(&[reader("ann@example.org")], Origin::File, at(8)).await.unwrap();
        assert_eq!((report.new, report.suppressed), (0, 1), "the old address stays out");

        let known = store.known(&store.subscriber(ann).await.unwrap().unwrap()).await.unwrap();
        assert_eq!((known.email.as_str(), known.editions.len()), ("new@example.org", 2));
        assert!(store.erase(ann, &keys, at(9)).await.unwrap());
        assert!(!store.erase(ann, &keys, at(10)).await.unwrap());
        assert_eq!(store.subscriber(ann).await.unwrap(), None);
        assert_eq!(store.counts(edition).await.unwrap().total(), 2, "what was sent still adds up");
        let all = store.subscribers(SubscriberId(0), None, 9).await.unwrap();
        assert_eq!(all.iter().map(|reader| reader.id).collect::<Vec<_>>(), [bo]);
        assert_eq!(store.subscriber_counts().await.unwrap(), [(Status::Active, 1)]);
        let report = store.import(&[reader("NEW@example.org")], Origin::File, at(11)).await.unwrap();
        assert_eq!((report.new, report.suppressed), (0, 1));
        let letters = store.due_letters(at(99), None, 9).await.unwrap();
        assert!(letters.iter().all(|letter| letter.to.key() != "new@example.org"), "{letters:?}");
        // Their own sign-up lifts it.
        let back = ask(&store, Asks::Subscribe, "new@example.org", 12).await;
        assert!(answer(&store, back, 13).await);
        assert!(matches!(confirm(&store, back, 14).await, Confirmed::Now(_)));
        assert!(!store.is_erased(&"new@example.org".parse().unwrap(), at(15)).await.unwrap());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_of_who_is_erased_stays_in_another_spelling_at_an_old_address_or_in_letters_to_others() {
    on_both(async |engine| {
        let store = engine.open().await;
        let keys = store.token_keys(at(0)).await.unwrap();
        edition_for(&store, &["Zoe@example.org", "bo@example.org"]).await;
        let zoe = store.by_email(&"zoe@example.org".parse().unwrap()).await.unwrap().unwrap().id;
        let say = async |email: &str, text: &str, seconds| {
            let tide = straight::article::Slug::of_text("tide").unwrap();
            let comment = straight::comment::NewComment::parse(tide, "Somebody", email, text).unwrap();
            let id = store.add_comment(&comment, at(seconds)).await.unwrap().unwrap();
            let desk = "desk@example.org".parse().unwrap();
            assert!(
                store
                    .add_letter(&format!("comment/{id}"), &desk, "A comment", text, at(seconds))
                    .await
                    .unwrap()
            );
        };
        say("zoe@example.org", "Hers before", 1).await;
        say("bo@example.org", "His", 2).await;
        let spelt = "ZOE@example.org".parse().unwrap();
        assert!(store.add_letter("already/1", &spelt, "Already", "Links", at(2)).await.unwrap());
        let change = ask(&store, Asks::NewAddress(zoe), "zoe2@example.org", 3).await;
        assert!(answer(&store, change, 4).await);
        let moved =
            store.confirm_new_address(change, &keys, None, &Written::plain("Moved", "Moved"), at(5)).await;
        assert_eq!(moved.unwrap(), Moved::Now);
        // She moves once more. The address between is nobody's, and what she confirmed there stays hers.
        let again = ask(&store, Asks::NewAddress(zoe), "zoe3@example.org", 100_000).await;
        assert!(answer(&store, again, 100_001).await);
        let notice = Written::plain("Moved", "Moved");
        assert_eq!(
            store.confirm_new_address(again, &keys, None, &notice, at(100_002)).await.unwrap(),
            Moved::Now
        );
        let between = "zoe2@example.org".parse().unwrap();
        assert!(store.guest(&between).await.unwrap().is_none());
        store.erase_guest(&between, &keys, at(100_003)).await.unwrap();
        assert_eq!(store.consents(zoe).await.unwrap().len(), 2);
        // Of the next one nobody has said yes.
        let other = ask(&store, Asks::NewAddress(zoe), "stranger@example.org", 200_000).await;
        assert!(answer(&store, other, 200_001).await);
        let known = store.known(&store.subscriber(zoe).await.unwrap().unwrap()).await.unwrap();
        assert_eq!(known.comments.len(), 1, "what she said has moved with her");

        assert!(store.erase(zoe, &keys, at(200_009)).await.unwrap());
        let left = store.due_letters(at(300_000), None, 99).await.unwrap();
        let left: Vec<_> =
            left.iter().map(|letter| (letter.to.as_str(), letter.written.text.as_str())).collect();
        assert_eq!(left, [("desk@example.org", "His")]);
        for address in ["zoe@example.org", "zoe2@example.org", "zoe3@example.org", "stranger@example.org"] {
            assert!(store.guest(&address.parse().unwrap()).await.unwrap().is_none(), "{address}");
        }

        // Who only commented is found and forgotten too.
        let guest = "Guest@example.org".parse().unwrap();
        say("guest@example.org", "Passing by", 20).await;
        assert_eq!(store.guest(&guest).await.unwrap().unwrap().comments[0].text, "Passing by");
        store.erase_guest(&guest, &keys, at(21)).await.unwrap();
        assert!(store.guest(&guest).await.unwrap().is_none());
        let left = store.due_letters(at(99), None, 99).await.unwrap();
        assert!(left.iter().all(|letter| letter.written.text != "Passing by"), "{left:?}");
        store.close().await;
    })
    .await;
}

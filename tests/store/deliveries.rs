//! Deliveries: claimed, begun, settled; and what is taken up after a crash.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use straight::delivery::State;
use straight::store::{
    Before, InDoubt, OfReader, Origin, PublishOutcome, Recovered, RecoveryPolicy, Refusal, Refused, SentTo,
};
use straight::subscriber::{NewSubscriber, Status, SubscriberId};

use super::engines::Engine;
use super::{addresses, at, begin, edition_for, on_both, publish_for, reader, rendered, sender, settle};

/// What is kept of attempts, in their order.
async fn attempts_on_record(engine: &Engine) -> Vec<(i64, String)> {
    const KEPT: &str = "SELECT attempt, outcome FROM attempts ORDER BY attempt";
    let url = engine.url();
    match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut connection = SqliteConnection::connect(file).await.unwrap();
            sqlx::query_as(KEPT).fetch_all(&mut connection).await.unwrap()
        }
        None => {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            sqlx::query_as(KEPT).fetch_all(&mut connection).await.unwrap()
        }
    }
}

#[tokio::test]
async fn an_attempt_that_is_given_back_unsent_leaves_no_record_and_one_that_was_answered_does() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org"]).await;
        let _lock = sender(&store).await;
        // Given back; slowed down by a 421; on the wire without an answer; sent.
        for (attempt, code, in_doubt, state) in [
            (1, None, false, State::Queued),
            (2, Some(421), false, State::Queued),
            (3, None, true, State::Queued),
            (4, Some(250), false, State::Sent),
        ] {
            let row = store.claim(id, at(0), None, 9).await.unwrap().pop().unwrap();
            assert_eq!(row.attempt + 1, attempt);
            assert_eq!(store.tick(&[], &[begin(&row)], &store.owner(), at(0)).await.unwrap(), [true]);
            let mut answer = settle(&row, state, at(0));
            answer.code = code;
            answer.next.due_at = Some(at(0));
            answer.next.records_uncertain = in_doubt;
            store.tick(&[answer], &[], &store.owner(), at(0)).await.unwrap();
        }
        let kept = attempts_on_record(engine).await;
        assert_eq!(kept, [(2, "not-sent".to_owned()), (3, "uncertain".to_owned())]);
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 1);
        assert_eq!(store.counts(id).await.unwrap().of(State::Sent), 1);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn everybody_at_a_domain_is_put_off_and_who_was_refused_there_comes_last() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = ["ann@big.example", "Bo@BIG.example", "cy@notbig.example", "di@sub.big.example"];
        let id = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        store.tick(&[], &[begin(&rows[0])], &store.owner(), at(0)).await.unwrap();
        let mut answer = settle(&rows[0], State::Deferred, at(1));
        (answer.code, answer.next.due_at) = (Some(550), Some(at(1_801)));
        answer.next.reason = Some("550 5.1.1 no".to_owned());
        store.tick(&[answer], &[], &store.owner(), at(1)).await.unwrap();
        let first = &rows[0];
        let (subscriber, asked) = (first.subscriber, first.asked());
        let refused = Refusal { edition: id, subscriber, attempt: 1, asked, of: Refused::Address };
        store.postpone(id, "big.example", at(1_800), "nobody there is known").await.unwrap();
        store.hold_back(&[refused], at(1_800)).await.unwrap();

        let due = async |seconds| -> Vec<String> {
            let rows = store.claim(id, at(seconds), None, 9).await.unwrap();
            rows.into_iter().map(|row| row.email.to_string()).collect()
        };
        assert_eq!(due(1_799).await, ["cy@notbig.example", "di@sub.big.example"]);
        assert_eq!(due(1_802).await[2..], ["Bo@BIG.example", "ann@big.example"]);
        let reasons: Vec<_> = store.troubled(id, SubscriberId(0), 2).await.unwrap();
        let reasons: Vec<_> = reasons.iter().map(|one| one.reason.as_deref()).collect();
        assert_eq!(reasons, [Some("550 5.1.1 no"), Some("nobody there is known")]);

        // In the end it was true of the one: the address bounces, once.
        store.condemn(&[refused], at(2_000)).await.unwrap();
        store.condemn(&[Refusal { subscriber: rows[1].subscriber, ..refused }], at(2_000)).await.unwrap();
        let counted = store.subscriber_counts().await.unwrap();
        assert_eq!(counted, [(Status::Active, 3), (Status::Bounced, 1)]);
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_fails_or_goes_back_by_its_own_attempt_and_no_other() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org", "bo@example.org", "cy@example.org"]).await;
        let _lock = sender(&store).await;
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        let mut refused = Vec::new();
        for row in &rows {
            assert_eq!(row.code, None);
            store.tick(&[], &[begin(row)], &store.owner(), at(0)).await.unwrap();
            let mut answer = settle(row, State::Deferred, at(1));
            (answer.code, answer.next.due_at) = (Some(550), Some(at(300)));
            answer.next.reason = Some("550 no".to_owned());
            store.tick(&[answer], &[], &store.owner(), at(1)).await.unwrap();
            refused.push(Refusal {
                edition: id,
                subscriber: row.subscriber,
                attempt: row.attempt + 1,
                asked: row.asked(),
                of: Refused::Message,
            });
        }
        let of = async |state| store.counts(id).await.unwrap().of(state);
        let mut other = refused.clone();
        other.iter_mut().for_each(|refusal| refusal.attempt += 1);
        store.condemn(&other, at(2)).await.unwrap();
        store.acquit(&other, at(2)).await.unwrap();
        assert_eq!(of(State::Deferred).await, 3, "another attempt's refusals are not these");

        store.condemn(&refused[..1], at(2)).await.unwrap();
        store.acquit(&refused, at(2)).await.unwrap();
        assert_eq!((of(State::Failed).await, of(State::Queued).await), (1, 2), "what has failed stays so");
        let kept = attempts_on_record(engine).await;
        let failed = kept.iter().filter(|(_, outcome)| outcome == "failed").count();
        assert_eq!((failed, kept.len()), (1, 3));

        // They are due at once, and it is known what was said to them; given back without a word they keep it.
        let again = store.claim(id, at(2), None, 9).await.unwrap();
        let known: Vec<_> = again.iter().map(|row| (row.code, row.due_at)).collect();
        assert_eq!(known, [(Some(550), at(2)), (Some(550), at(2))]);
        store.tick(&[], &[begin(&again[0])], &store.owner(), at(3)).await.unwrap();
        let mut given_back = settle(&again[0], State::Queued, at(3));
        (given_back.code, given_back.next.due_at, given_back.next.reason) = (None, None, None);
        store.tick(&[given_back], &[], &store.owner(), at(3)).await.unwrap();
        let kept = store.claim(id, at(3), None, 9).await.unwrap();
        assert!(kept.iter().all(|row| (row.code, row.due_at) == (Some(550), at(2))), "{kept:?}");
        let reasons = store.troubled(id, SubscriberId(0), 9).await.unwrap();
        assert!(reasons.iter().all(|one| one.reason.as_deref() == Some("550 no")), "{reasons:?}");

        // Who was refused before is to be had by itself, and that somebody was is known when it was, for good.
        let refused_before = store.claim_refused(id, at(2), at(1), 9).await.unwrap();
        assert_eq!(addresses(&refused_before), addresses(&kept));
        assert_eq!(store.claim_refused(id, at(2), at(2), 9).await.unwrap(), []);
        let domains = store.refused_since(id, at(0), 9).await.unwrap();
        assert_eq!(domains, ["example.org"; 3]);
        assert_eq!(store.refused_since(id, at(1), 9).await.unwrap(), [""; 0]);
        assert_eq!(store.last_sent(id).await.unwrap(), None);

        assert_eq!(store.sent_since(id, at(0), 9).await.unwrap(), 0);
        let last = kept.last().unwrap();
        store.tick(&[], &[begin(last)], &store.owner(), at(4)).await.unwrap();
        let mut yes = settle(last, State::Sent, at(5));
        yes.code = Some(250);
        store.tick(&[yes], &[], &store.owner(), at(5)).await.unwrap();
        assert_eq!(store.sent_since(id, at(4), 9).await.unwrap(), 1);
        assert_eq!(store.sent_since(id, at(4), 0).await.unwrap(), 0);
        assert_eq!(store.sent_since(id, at(5), 9).await.unwrap(), 0);
        assert_eq!(store.last_sent(id).await.unwrap(), Some(at(5)));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_delivery_goes_from_queued_over_sending_to_its_end() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id =
            edition_for(&store, &["ann@example.org", "bo@example.org", "cy@example.org", "dee@example.org"])
                .await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        assert!(!store.has_due(id, at(-1)).await.unwrap());
        assert!(store.has_due(id, at(0)).await.unwrap());
        assert_eq!(store.claim(id, at(-1), None, 9).await.unwrap(), []);
        let rows = store.claim(id, at(0), None, 3).await.unwrap();
        assert_eq!(addresses(&rows).len(), 3);
        assert!(rows.is_sorted_by_key(|row| (row.due_at, row.subscriber)));
        let last = rows.last().map(|row| (row.due_at, row.subscriber));
        let rest = store.claim(id, at(0), last, 3).await.unwrap();
        assert_eq!(addresses(&rest).into_iter().collect::<Vec<_>>(), ["dee@example.org"]);

        // One reader leaves between claim and begin.
        store.unsubscribe(rows[2].subscriber, at(1)).await.unwrap();
        let begins: Vec<_> = rows.iter().map(begin).collect();
        assert_eq!(store.tick(&[], &begins, &owner, at(1)).await.unwrap(), [true, true, false]);
        assert_eq!(store.tick(&[], &begins[..1], &owner, at(1)).await.unwrap(), [false], "begun already");
        let counts = store.counts(id).await.unwrap();
        assert_eq!((counts.of(State::Sending), counts.of(State::Suppressed)), (2, 1));

        let mut later = settle(&rows[1], State::Deferred, at(2));
        later.next.due_at = Some(at(300));
        let answers = [settle(&rows[0], State::Sent, at(2)), later];
        assert_eq!(store.tick(&answers, &[begin(&rest[0])], &owner, at(2)).await.unwrap(), [true]);
        let mut bounce = settle(&rest[0], State::Failed, at(3));
        bounce.next.bounces_address = true;
        store.tick(&[bounce], &[], &owner, at(3)).await.unwrap();
        let dead = store.subscriber(rest[0].subscriber).await.unwrap().unwrap();
        assert_eq!(dead.status, Status::Bounced);

        let counts = store.counts(id).await.unwrap();
        let of =
            [State::Sent, State::Deferred, State::Failed, State::Suppressed].map(|state| counts.of(state));
        assert_eq!((of, counts.total(), counts.open()), ([1, 1, 1, 1], 4, 1));
        assert_eq!(store.next_due(id).await.unwrap(), Some(at(300)));
        assert_eq!(store.open_editions(at(299)).await.unwrap(), []);
        assert_eq!(store.open_editions(at(300)).await.unwrap().len(), 1);
        let again = store.claim(id, at(300), None, 9).await.unwrap();
        assert_eq!((again[0].attempt, again[0].deferrals, again[0].uncertain), (1, 1, 0));
        let reasons = store.reasons(id, 9).await.unwrap().largest;
        assert_eq!(reasons.len(), 3, "{reasons:?}");
        assert!(reasons.contains(&(State::Suppressed, "unsubscribed".to_owned(), 1)));
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 0);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_settles_its_own_attempt_only() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let first = store.claim(id, at(0), None, 1).await.unwrap().remove(0);
        store.tick(&[], &[begin(&first)], &owner, at(0)).await.unwrap();
        let mut back = settle(&first, State::Queued, at(1));
        back.next.spends_attempt = false;
        store.tick(&[back.clone()], &[], &owner, at(1)).await.unwrap();
        let second = store.claim(id, at(1), None, 1).await.unwrap().remove(0);
        assert_eq!((second.attempt, second.deferrals), (1, 0));
        assert_eq!(store.tick(&[], &[begin(&first)], &owner, at(1)).await.unwrap(), [false]);
        assert_eq!(store.tick(&[], &[begin(&second)], &owner, at(1)).await.unwrap(), [true]);
        // What came late of the first attempt says nothing of the second.
        store.tick(&[back, settle(&first, State::Sent, at(2))], &[], &owner, at(2)).await.unwrap();
        assert_eq!(store.counts(id).await.unwrap().of(State::Sending), 1);
        store.tick(&[settle(&second, State::Sent, at(3))], &[], &owner, at(3)).await.unwrap();
        assert_eq!(store.counts(id).await.unwrap().of(State::Sent), 1);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_open_after_its_time_expires_and_says_so() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org", "bo@example.org"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let row = store.claim(id, at(0), None, 1).await.unwrap().remove(0);
        store.tick(&[], &[begin(&row)], &owner, at(0)).await.unwrap();
        let mut later = settle(&row, State::Deferred, at(1));
        later.next.due_at = Some(at(300));
        store.tick(&[later], &[], &owner, at(1)).await.unwrap();
        assert_eq!(store.expire(id, at(0), at(400)).await.unwrap(), 0);
        assert_eq!(store.expire(id, at(1), at(400)).await.unwrap(), 2);
        let mut reasons = store.reasons(id, 9).await.unwrap().largest;
        reasons.sort();
        let wanted = ["expired", "expired: 450 later"].map(|reason| (State::Failed, reason.to_owned(), 1));
        assert_eq!(reasons, wanted);
        assert_eq!(store.next_due(id).await.unwrap(), None);
        store.close().await;
    })
    .await;
}

/// A sender that puts one delivery on record as `sending` and dies, and one that takes over from it.
async fn takeover(policy: RecoveryPolicy, wanted: Recovered, state: State, uncertain: u64) {
    on_both(async |engine| {
        let dying = engine.open().await.with_lease(Duration::from_millis(1_500));
        let id = edition_for(&dying, &["ann@example.org", "bo@example.org"]).await;
        let lock = sender(&dying).await;
        let rows = dying.claim(id, at(0), None, 2).await.unwrap();
        dying.tick(&[], &[begin(&rows[0])], &dying.owner(), at(0)).await.unwrap();
        let next = engine.open().await;
        if dying.is_shared() {
            let _lock = sender(&next).await;
            assert_eq!(next.recover(policy, at(1)).await.unwrap(), Recovered::default(), "it is alive");
            assert_eq!(next.claim(id, at(1), None, 9).await.unwrap(), [], "and these are its own");
        }
        drop(lock);
        tokio::time::sleep(Duration::from_millis(1_700)).await;
        assert_eq!(dying.is_sender(), !dying.is_shared());

        let _lock = sender(&next).await;
        assert_eq!(next.recover(policy, at(5)).await.unwrap(), wanted);
        assert_eq!(next.recover(policy, at(6)).await.unwrap(), Recovered::default(), "once");
        assert_eq!(next.counts(id).await.unwrap().of(state), if state == State::Queued { 2 } else { 1 });
        assert_eq!(next.uncertain_attempts(id).await.unwrap(), uncertain);
        let rows = next.claim(id, at(6), None, 9).await.unwrap();
        assert_eq!(rows.len() as u64, 2 - wanted.held);
        let began =
            next.tick(&[], &rows.iter().map(begin).collect::<Vec<_>>(), &next.owner(), at(6)).await.unwrap();
        assert!(began.iter().all(|may_send| *may_send), "a claim that came to nothing is simply taken up");
        dying.close().await;
        next.close().await;
    })
    .await;
}

#[tokio::test]
async fn to_a_server_what_a_dead_sender_had_is_sent_once_more_on_record() {
    takeover(RecoveryPolicy::ResendOnce, Recovered { requeued: 1, held: 0 }, State::Queued, 1).await;
}

#[tokio::test]
async fn under_hold_what_a_dead_sender_had_waits_for_a_person() {
    takeover(RecoveryPolicy::Hold, Recovered { requeued: 0, held: 1 }, State::Uncertain, 1).await;
}

#[tokio::test]
async fn to_an_outbox_what_a_dead_sender_had_is_written_again() {
    takeover(RecoveryPolicy::Requeue, Recovered { requeued: 1, held: 0 }, State::Queued, 0).await;
}

/// What becomes of a delivery whose sender was taken for dead, and then answers.
async fn late_answer(policy: RecoveryPolicy, answer: State, wanted: State) {
    on_both(async |engine| {
        let store = engine.open().await.with_lease(Duration::from_millis(200));
        let id = edition_for(&store, &["ann@example.org"]).await;
        let lock = sender(&store).await;
        let row = store.claim(id, at(0), None, 1).await.unwrap().remove(0);
        store.tick(&[], &[begin(&row)], &store.owner(), at(0)).await.unwrap();
        drop(lock);
        tokio::time::sleep(Duration::from_millis(300)).await;
        store.recover(policy, at(1)).await.unwrap();
        let mut late = settle(&row, answer, at(2));
        if answer == State::Queued {
            // Given back without a dot.
            (late.code, late.next.reason) = (None, None);
        }
        for _ in 0..2 {
            store.tick(std::slice::from_ref(&late), &[], &store.owner(), at(2)).await.unwrap();
            assert_eq!(store.counts(id).await.unwrap().of(wanted), 1, "{answer:?} under {policy:?}");
        }
        // Its attempt stays on record; who is known to have got nothing by it is not in doubt.
        let kept = match answer {
            State::Sent => "uncertain",
            State::Queued => "not-sent",
            _ => "failed",
        };
        assert_eq!(attempts_on_record(engine).await, [(1, kept.to_owned())], "{answer:?} under {policy:?}");
        if wanted == State::Queued {
            let _lock = sender(&store).await;
            let row = store.claim(id, at(9), None, 1).await.unwrap().remove(0);
            assert_eq!(row.uncertain, 0, "{answer:?} under {policy:?}");
            store.tick(&[], &[begin(&row)], &store.owner(), at(9)).await.unwrap();
            store.tick(&[settle(&row, State::Sent, at(9))], &[], &store.owner(), at(9)).await.unwrap();
            assert_eq!(store.counts(id).await.unwrap().of(State::Sent), 1);
        }
        assert_eq!(store.in_doubt(id).await.unwrap(), InDoubt::default(), "nobody has it twice");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_settles_what_nobody_has_sent_again() {
    late_answer(RecoveryPolicy::Hold, State::Sent, State::Sent).await;
    late_answer(RecoveryPolicy::Hold, State::Failed, State::Failed).await;
    late_answer(RecoveryPolicy::Hold, State::Queued, State::Queued).await;
    late_answer(RecoveryPolicy::ResendOnce, State::Sent, State::Sent).await;
    late_answer(RecoveryPolicy::ResendOnce, State::Failed, State::Queued).await;
}

#[tokio::test]
async fn a_delivery_that_is_given_back_unsent_keeps_what_was_said_of_it_before() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org", "bo@example.org"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        // Ann is put off by a 450 and given back when it is her turn again; bo is given back at once.
        for round in 0..2 {
            let rows = store.claim(id, at(9), None, 9).await.unwrap();
            assert_eq!(rows.len(), 2);
            store.tick(&[], &rows.iter().map(begin).collect::<Vec<_>>(), &owner, at(1)).await.unwrap();
            let answers: Vec<_> = rows
                .iter()
                .map(|row| {
                    let is_put_off = round == 0 && row.email.as_str().starts_with("ann");
                    let mut answer =
                        settle(row, if is_put_off { State::Deferred } else { State::Queued }, at(2));
                    answer.next.due_at = Some(at(2));
                    if !is_put_off {
                        (answer.next.reason, answer.code) = (None, None);
                    }
                    answer
                })
                .collect();
            store.tick(&answers, &[], &owner, at(2)).await.unwrap();
        }
        assert_eq!(store.counts(id).await.unwrap().of(State::Queued), 2);
        let reasons = store.reasons(id, 9).await.unwrap().largest;
        assert_eq!(reasons, [(State::Queued, "450 later".to_owned(), 1)], "of bo nothing was said");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_bounced_or_left_is_not_queued_anew_and_the_bounce_stays_on_record() {
    on_both(async |engine| {
        let store = engine.open().await;
        let addresses = ["ann@example.org", "bo@example.org", "cy@example.org"];
        let id = edition_for(&store, &addresses).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        store.tick(&[], &rows.iter().map(begin).collect::<Vec<_>>(), &owner, at(1)).await.unwrap();
        let answers: Vec<_> = rows
            .iter()
            .map(|row| {
                let mut refused = settle(row, State::Failed, at(2));
                refused.next.bounces_address = row.email.as_str().starts_with("ann");
                refused.next.reason = Some("550 5.1.1 nobody".to_owned());
                refused
            })
            .collect();
        store.tick(&answers, &[], &owner, at(2)).await.unwrap();
        let [ann, bo, cy] = addresses.map(|address| address.parse().unwrap());
        let number = async |of| store.by_email(of).await.unwrap().unwrap().id;
        store.unsubscribe(number(&bo).await, at(3)).await.unwrap();
        let refused = Some((State::Failed, Some("550 5.1.1 nobody".to_owned())));

        assert_eq!(store.retry(id, Some(&ann), at(4)).await.unwrap(), 0);
        assert_eq!(store.retry(id, Some(&bo), at(4)).await.unwrap(), 0);
        assert_eq!(store.retry(id, None, at(4)).await.unwrap(), 1, "cy alone");
        let left_out = [(Status::Bounced, 1), (Status::Unsubscribed, 1)];
        assert_eq!(store.left_out_of_retry(id).await.unwrap(), left_out);
        for (reader, status) in [(&ann, Status::Bounced), (&bo, Status::Unsubscribed)] {
            let standing = store.of_reader(id, reader).await.unwrap().unwrap();
            assert_eq!(standing, OfReader { status, delivery: refused.clone() });
        }
        assert_eq!(store.of_reader(id, &"dee@example.org".parse().unwrap()).await.unwrap(), None);

        // By a person's word the address is good again; not so for one who left.
        assert!(!store.revive(number(&bo).await, at(5)).await.unwrap());
        assert!(store.revive(number(&ann).await, at(5)).await.unwrap());
        assert!(!store.revive(number(&ann).await, at(5)).await.unwrap(), "once");
        assert_eq!(store.retry(id, Some(&ann), at(6)).await.unwrap(), 1);
        // Before it is her turn, another edition finds her mailbox gone once more.
        store.bounce(number(&ann).await, at(7)).await.unwrap();
        let rows = store.claim(id, at(8), None, 9).await.unwrap();
        let of_ann: Vec<_> = rows.iter().filter(|row| row.email == ann).map(begin).collect();
        assert_eq!(store.tick(&[], &of_ann, &owner, at(8)).await.unwrap(), [false]);
        let standing = store.of_reader(id, &ann).await.unwrap().unwrap();
        let set_aside = (State::Suppressed, Some("bounced: 550 5.1.1 nobody".to_owned()));
        assert_eq!(standing.delivery, Some(set_aside.clone()), "set aside, and why is still there");

        // What was set aside is queued once she is back, and not before.
        assert_eq!(store.retry(id, Some(&ann), at(9)).await.unwrap(), 0);
        assert_eq!(store.retry(id, None, at(9)).await.unwrap(), 0);
        assert_eq!(store.left_out_of_retry(id).await.unwrap(), left_out);
        assert_eq!(store.of_reader(id, &ann).await.unwrap().unwrap().delivery, Some(set_aside));
        store.revive(number(&ann).await, at(9)).await.unwrap();
        assert_eq!(store.retry(id, Some(&ann), at(9)).await.unwrap(), 1);
        assert_eq!(store.of_reader(id, &cy).await.unwrap().unwrap().delivery.unwrap().0, State::Queued);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_was_set_aside_with_their_domain_and_is_back_is_queued_with_all_the_others_and_nobody_else() {
    on_both(async |engine| {
        let store = engine.open().await;
        let names = ["ann", "bo", "left", "dead", "spam", "there"];
        let addresses = names.map(|name| format!("{name}@big.example"));
        let id = edition_for(&store, &addresses.each_ref().map(String::as_str)).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let number = async |name: &str| {
            let email = format!("{name}@big.example").parse().unwrap();
            store.by_email(&email).await.unwrap().unwrap().id
        };
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        let there: Vec<_> = rows.iter().filter(|row| row.email.as_str().starts_with("there")).collect();
        let begun = store.tick(&[], &[begin(there[0])], &owner, at(1)).await.unwrap();
        assert_eq!(begun, [true]);
        store.tick(&[settle(there[0], State::Sent, at(1))], &[], &owner, at(1)).await.unwrap();

        store.unsubscribe(number("left").await, at(2)).await.unwrap();
        store.bounce(number("dead").await, at(2)).await.unwrap();
        let spam = NewSubscriber { status: Status::Complained, ..reader("spam@big.example") };
        store.import(&[spam], Origin::File, at(2)).await.unwrap();
        assert_eq!(store.remove_domain("big.example", "ed", at(3)).await.unwrap(), 3);
        let begins: Vec<_> = rows.iter().filter(|row| row.email != there[0].email).map(begin).collect();
        assert_eq!(store.tick(&[], &begins, &owner, at(4)).await.unwrap(), [false; 5]);
        assert_eq!(store.counts(id).await.unwrap().of(State::Suppressed), 5);
        assert_eq!(store.retry(id, None, at(5)).await.unwrap(), 0, "nobody is back");

        assert_eq!(store.put_back_domain("big.example", at(6)).await.unwrap(), 3);
        let left_out = [(Status::Bounced, 1), (Status::Complained, 1), (Status::Unsubscribed, 1)];
        assert_eq!(store.left_out_of_retry(id).await.unwrap(), left_out);
        assert_eq!(store.retry(id, None, at(7)).await.unwrap(), 2, "ann and bo");
        let counts = store.counts(id).await.unwrap();
        let standing = [State::Queued, State::Sent, State::Suppressed].map(|state| counts.of(state));
        assert_eq!(standing, [2, 1, 3]);
        let queued = store.claim(id, at(8), None, 9).await.unwrap();
        let queued: Vec<_> = queued.iter().map(|row| row.email.as_str()).collect();
        assert_eq!(queued, ["ann@big.example", "bo@big.example"]);

        // What is cancelled does not go on, whoever is back.
        store.cancel(id, "ed", None, at(9)).await.unwrap().unwrap();
        assert_eq!(store.retry(id, None, at(9)).await.unwrap(), 0);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_who_was_not_reached_and_decides() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@example.org", "bo@example.org", "cy@example.org"]).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        let begins: Vec<_> = rows.iter().map(begin).collect();
        store.tick(&[], &begins, &owner, at(1)).await.unwrap();
        let ends = [State::Sent, State::Failed, State::Uncertain];
        let answers: Vec<_> = rows.iter().zip(ends).map(|(row, end)| settle(row, end, at(2))).collect();
        store.tick(&answers, &[], &owner, at(2)).await.unwrap();

        let named = store.troubled(id, straight::subscriber::SubscriberId(0), 9).await.unwrap();
        let states: Vec<_> = named.iter().map(|delivery| delivery.state).collect();
        assert_eq!(states, [State::Failed, State::Uncertain]);
        let failed = named[0].email.parse().unwrap();
        let uncertain = named[1].email.parse().unwrap();

        assert_eq!(
            store.resolve(id, Some(&failed), true, at(3)).await.unwrap(),
            0,
            "it is known to have failed"
        );
        assert_eq!(store.resolve(id, Some(&uncertain), true, at(3)).await.unwrap(), 1);
        assert_eq!(store.retry(id, None, at(4)).await.unwrap(), 1, "what arrived is not sent again");
        let counts = store.counts(id).await.unwrap();
        assert_eq!((counts.of(State::Sent), counts.of(State::Queued)), (2, 1));
        assert_eq!(store.claim(id, at(4), None, 9).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_fails_in_an_edition_has_failed_in_those_before_that_are_refused_and_open() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = ["ann@example.org", "bo@example.org", "cy@example.org", "di@example.org"];
        let first = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let answer = async |row: &straight::store::Claimed, code, state| {
            store.tick(&[], &[begin(row)], &owner, at(1)).await.unwrap();
            let mut answer = settle(row, state, at(2));
            (answer.code, answer.next.due_at) = (Some(code), Some(at(3)));
            answer.next.reason = Some(format!("{code} no"));
            store.tick(&[answer], &[], &owner, at(2)).await.unwrap();
        };
        // Two are refused, one is put off, and one has not been asked.
        let rows = store.claim(first, at(0), None, 9).await.unwrap();
        for (row, code) in rows.iter().zip([550, 554, 451]) {
            answer(row, code, State::Deferred).await;
        }
        let published = publish_for(&store, &rendered("2026-09-25", &["ferry"]), false).await;
        let PublishOutcome::Published { id: second, .. } = published else { panic!("{published:?}") };
        let before = store.claim_refused_before(second, at(9), 9).await.unwrap();
        let asked = ["ann@example.org", "bo@example.org"].map(str::to_owned);
        assert_eq!(addresses(&before), std::collections::BTreeSet::from(asked));
        assert_eq!(store.claim_refused_before(first, at(9), 9).await.unwrap(), []);
        assert_eq!(store.claim_refused_before(second, at(9), 1).await.unwrap().len(), 1);
        assert!(store.is_anybody_new(first, at(9)).await.unwrap());

        // All but the second are refused by the second edition for themselves.
        let rows = store.claim(second, at(9), None, 9).await.unwrap();
        let mut refused = Vec::new();
        for row in [&rows[0], &rows[2], &rows[3]] {
            answer(row, 550, State::Deferred).await;
            let (edition, subscriber, attempt, asked) = (second, row.subscriber, 1, row.asked());
            refused.push(Refusal { edition, subscriber, attempt, asked, of: Refused::Message });
        }
        store.condemn(&refused, at(10)).await.unwrap();
        assert_eq!(store.counts(second).await.unwrap().of(State::Failed), 3);
        let troubled = store.troubled(first, SubscriberId(0), 9).await.unwrap();
        let standing: Vec<_> = troubled.iter().map(|one| (one.email.as_str(), one.state)).collect();
        let stood = [State::Failed, State::Deferred, State::Deferred, State::Queued];
        assert_eq!(standing, readers.into_iter().zip(stood).collect::<Vec<_>>());
        assert_eq!(troubled[0].reason.as_deref(), Some("550 no"), "as it was said of this edition");
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_domain_waits_by_itself_where_several_are_put_off_until_the_same_moment() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers: Vec<String> =
            (0..9).map(|n| format!("ann{n}@{}.example", ["one", "two", "three"][n / 3])).collect();
        let edition = edition_for(&store, &readers.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let _lock = sender(&store).await;
        let mut refused = Vec::new();
        for (n, row) in store.claim(edition, at(0), None, 9).await.unwrap().iter().enumerate() {
            store.tick(&[], &[begin(row)], &store.owner(), at(1)).await.unwrap();
            let mut answer = settle(row, State::Deferred, at(2));
            let code = if row.email.domain() == "three.example" { 451 } else { 550 };
            (answer.code, answer.next.due_at) = (Some(code), Some(at(10 + n as i64)));
            store.tick(&[answer], &[], &store.owner(), at(2)).await.unwrap();
            let (subscriber, asked) = (row.subscriber, row.asked());
            refused.push((
                row.email.domain().to_owned(),
                Refusal { edition, subscriber, attempt: 1, asked, of: Refused::Message },
            ));
        }
        assert_eq!(store.stands_before(edition).await.unwrap().waiting, HashSet::new());
        for domain in ["one.example", "three.example"] {
            let there: Vec<Refusal> =
                refused.iter().filter(|(at, _)| at == domain).map(|(_, one)| *one).collect();
            store.hold_back(&there, at(30)).await.unwrap();
        }
        let waiting = store.stands_before(edition).await.unwrap().waiting;
        assert_eq!(waiting, HashSet::from(["one.example".to_owned()]));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn how_an_edition_stands_before_a_try_is_of_that_edition() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = ["ann@one.example", "bo@one.example", "cy@two.example", "di@two.example"];
        let edition = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let answer = async |row: &straight::store::Claimed, code, state| {
            store.tick(&[], &[begin(row)], &owner, at(1)).await.unwrap();
            let mut answer = settle(row, state, at(2));
            (answer.code, answer.next.due_at) = (Some(code), Some(at(3)));
            store.tick(&[answer], &[], &owner, at(2)).await.unwrap();
        };
        let stands = async |sent_to, refused| {
            let waiting = HashSet::new();
            assert_eq!(store.stands_before(edition).await.unwrap(), Before { sent_to, refused, waiting });
        };
        stands(SentTo::Nobody, 0).await;
        let rows = store.claim(edition, at(0), None, 9).await.unwrap();
        answer(&rows[0], 250, State::Sent).await;
        stands(SentTo::One("one.example".to_owned()), 0).await;
        // Who is refused is undecided until they go back; a full mailbox is no refusal, and what is failed is decided.
        let mut refused = Vec::new();
        for (row, code) in rows[1..].iter().zip([550, 552, 554]) {
            answer(row, code, State::Deferred).await;
            let (subscriber, asked) = (row.subscriber, row.asked());
            refused.push(Refusal { edition, subscriber, attempt: 1, asked, of: Refused::Message });
        }
        let one = || SentTo::One("one.example".to_owned());
        stands(one(), 0).await;
        store.acquit(&refused[..2], at(4)).await.unwrap();
        store.condemn(&refused[2..], at(4)).await.unwrap();
        stands(one(), 1).await;
        // One whom a person queues anew was decided.
        assert_eq!(store.retry(edition, None, at(5)).await.unwrap(), 1);
        stands(one(), 1).await;
        let rows = store.claim(edition, at(9), None, 9).await.unwrap();
        let cy = rows.iter().find(|row| row.email.as_str() == "cy@two.example").unwrap();
        answer(cy, 250, State::Sent).await;
        stands(SentTo::Several, 1).await;
        store.close().await;
    })
    .await;
}

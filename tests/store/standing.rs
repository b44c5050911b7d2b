//! Where an edition stands by domain and by reason, on both engines.

use straight::delivery::State;
use straight::store::InDoubt;

use super::{at, begin, edition_for, on_both, sender, settle};

#[tokio::test]
async fn an_edition_stands_by_domain_and_the_others_are_counted() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = [
            "ann@big.example",
            "bo@Big.Example",
            "\"cy@trick\"@big.example",
            "dee@münchen.example",
            "eve@a.example",
            "fay@b.example",
        ];
        let id = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9).await.unwrap();
        store.tick(&[], &rows.iter().map(begin).collect::<Vec<_>>(), &owner, at(1)).await.unwrap();
        let answers: Vec<_> = rows
            .iter()
            .map(|row| match row.email.as_str() {
                "ann@big.example" | "dee@münchen.example" => settle(row, State::Sent, at(2)),
                address => {
                    let mut refused = settle(row, State::Failed, at(2));
                    refused.next.reason = Some(format!("550 5.7.1 <{address}>: not from you"));
                    refused
                }
            })
            .collect();
        store.tick(&answers, &[], &owner, at(2)).await.unwrap();

        let domains = store.domains(id, 2).await.unwrap();
        assert_eq!(domains.all, 4);
        let (name, counts) = &domains.largest[0];
        assert_eq!((name.as_str(), counts.total()), ("big.example", 3), "{domains:?}");
        assert_eq!((counts.of(State::Sent), counts.of(State::Failed)), (1, 2));
        assert_eq!(domains.largest[1].0, "a.example", "of the same size by name");
        let rest = store.counts(id).await.unwrap().without(domains.largest.iter().map(|(_, counts)| counts));
        assert_eq!((rest.total(), rest.of(State::Sent), rest.of(State::Failed)), (2, 1, 1));
        let all = store.domains(id, 100).await.unwrap();
        assert!(all.largest.iter().any(|(name, _)| name == "xn--mnchen-3ya.example"), "{all:?}");

        assert_eq!(
            store.reasons(id, 9).await.unwrap().largest,
            [(State::Failed, "550 5.7.1 <(the reader)>: not from you".to_owned(), 4)],
            "one reason, whoever it was said of"
        );
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_thousand_refusals_in_as_many_words_are_one_reason_and_the_rest_is_counted() {
    on_both(async |engine| {
        const READERS: usize = 2_500; // more than are read at a time
        let store = engine.open().await;
        let readers: Vec<String> = (0..READERS).map(|n| format!("Reader{n}@example.org")).collect();
        let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
        let id = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        let rows = store.claim(id, at(0), None, 9_999).await.unwrap();
        store.tick(&[], &rows.iter().map(begin).collect::<Vec<_>>(), &owner, at(1)).await.unwrap();
        let answers: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(n, row)| {
                let to = row.email.as_str().to_lowercase();
                let said = match n {
                    0 => "552 5.2.2 mailbox full".to_owned(),
                    1 => format!("550 5.1.1 {to} is now ann@example.net"),
                    2 => return settle(row, State::Sent, at(2)),
                    _ => format!("550 5.7.1 <{to}>: not from you (4bX{n:04}kF1Lz9z9sQ)"),
                };
                let mut refused = settle(row, State::Failed, at(2));
                refused.next.reason = Some(said);
                refused
            })
            .collect();
        store.tick(&answers, &[], &owner, at(2)).await.unwrap();

        let reasons = store.reasons(id, 1).await.unwrap();
        let refused = (State::Failed, "550 5.7.1 <(the reader)>: not from you (…)".to_owned(), 2_497);
        assert_eq!(reasons.largest, std::slice::from_ref(&refused));
        assert_eq!((reasons.other_kinds, reasons.other_readers), (2, 2));
        let reasons = store.reasons(id, 3).await.unwrap();
        let others = ["550 5.1.1 (the reader) is now (another address)", "552 5.2.2 mailbox full"];
        let others = others.map(|told| (State::Failed, told.to_owned(), 1));
        assert_eq!(reasons.largest, [vec![refused], others.to_vec()].concat());
        assert_eq!((reasons.other_kinds, reasons.other_readers), (0, 0));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn readers_are_counted_in_doubt_once_and_by_what_became_of_them() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = ["ann@a.example", "bo@a.example", "cy@a.example", "dee@a.example", "eve@a.example"];
        let id = edition_for(&store, &readers).await;
        let _lock = sender(&store).await;
        let owner = store.owner();
        // Twice no answer came for anybody; what comes third differs.
        let ends = [State::Sent, State::Failed, State::Queued, State::Uncertain, State::Uncertain];
        for round in 0..3 {
            let rows = store.claim(id, at(9), None, 9).await.unwrap();
            assert_eq!(rows.len(), 5, "round {round}");
            let begins: Vec<_> = rows.iter().map(begin).collect();
            assert_eq!(store.tick(&[], &begins, &owner, at(1)).await.unwrap(), [true; 5]);
            let answers: Vec<_> = rows
                .iter()
                .zip(ends)
                .map(|(row, end)| {
                    let mut answer = settle(row, if round < 2 { State::Queued } else { end }, at(2));
                    answer.next.due_at = Some(at(2));
                    answer.next.records_uncertain = round < 2 || end == State::Uncertain;
                    answer
                })
                .collect();
            store.tick(&answers, &[], &owner, at(2)).await.unwrap();
        }
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 12);
        let wanted = InDoubt { twice: 1, already: 2 };
        assert_eq!(
            store.in_doubt(id).await.unwrap(),
            wanted,
            "ann has it twice; bo and cy may have it already"
        );
        assert_eq!(store.counts(id).await.unwrap().of(State::Uncertain), 2, "and two are uncertain");

        // Once a person knows, nobody is in doubt; whoever was sent to three times may have got more than the one.
        let [dee, eve] = ["dee@a.example", "eve@a.example"].map(|address| address.parse().unwrap());
        assert_eq!(store.resolve(id, Some(&dee), false, at(3)).await.unwrap(), 1);
        assert_eq!(store.resolve(id, Some(&eve), true, at(3)).await.unwrap(), 1);
        assert_eq!(store.in_doubt(id).await.unwrap(), InDoubt { twice: 2, already: 2 });
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_arrived_after_all_in_its_only_attempt_is_there_once() {
    on_both(async |engine| {
        let store = engine.open().await;
        let id = edition_for(&store, &["ann@a.example"]).await;
        let _lock = sender(&store).await;
        let row = store.claim(id, at(0), None, 9).await.unwrap().remove(0);
        store.tick(&[], &[begin(&row)], &store.owner(), at(1)).await.unwrap();
        let mut silence = settle(&row, State::Uncertain, at(2));
        silence.next.records_uncertain = true;
        store.tick(&[silence], &[], &store.owner(), at(2)).await.unwrap();
        store.resolve(id, None, true, at(3)).await.unwrap();
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 1);
        assert_eq!(store.in_doubt(id).await.unwrap(), InDoubt::default());
        store.close().await;
    })
    .await;
}

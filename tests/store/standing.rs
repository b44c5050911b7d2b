//! Where an edition stands by domain and by reason, on both engines.

use straight::delivery::State;

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
            store.reasons(id, 9).await.unwrap(),
            [(State::Failed, "550 5.7.1 <(the reader)>: not from you".to_owned(), 4)],
            "one reason, whoever it was said of"
        );
        store.close().await;
    })
    .await;
}

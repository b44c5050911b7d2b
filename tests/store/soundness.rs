//! Whether a database is taken for whole: one that has only grown is.

use straight::config::Database;
use straight::store::{Origin, Store};

use super::archive::{article, found, publish};
use super::{at, reader};

/// Words that differ from article to article, so that the index of the search has something to merge.
fn words(edition: usize, position: usize) -> String {
    (0..120).map(|n| format!("word{} ", (edition * 7_919 + position * 104_729 + n * 31) % 50_021)).collect()
}

#[tokio::test]
async fn a_search_index_that_has_grown_since_it_was_looked_at_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Database::Sqlite(folder.path().join("straight.db"))).await.unwrap();
    store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
    for edition in 0..12_usize {
        // As every publishing does.
        if let Err(error) = store.check_soundness().await {
            panic!("after {edition} editions: {error}");
        }
        // A connection that has searched remembers how the index lies, and this edition's articles are merged into it.
        let before = found(&store, "e0n77").await.len();
        assert_eq!(before, usize::from(edition > 0));
        let key = format!("2026-09-01-e{edition:02}");
        let articles: Vec<_> = (0..100_usize)
            .map(|n| {
                let (slug, position) = (format!("a{edition}-{n}"), u32::try_from(n).unwrap());
                article(&key, position, &slug, &format!("Title e{edition}n{n}"), &words(edition, n))
            })
            .collect();
        publish(&store, &key, &articles).await;
    }
    store.check_soundness().await.unwrap();
    store.close().await;
}

//! PostgreSQL goes away in the middle of a COMMIT: before it heard of it, and before we heard of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use straight::config::{Database, Secret};
use straight::delivery::State;
use straight::store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{at, begin, edition_for, on_postgres, sender, settle};

/// What becomes of the next COMMIT that passes.
const PASS: u8 = 0;
const LOSE: u8 = 1;
const LOSE_ITS_ANSWER: u8 = 2;

/// A wire to the server that is cut at a COMMIT, once.
async fn wire(server: String, cut: Arc<AtomicU8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, cut) = (server.clone(), Arc::clone(&cut));
            tokio::spawn(async move {
                // A wire that is cut has nothing to say of it.
                let _ = carry(client, TcpStream::connect(server).await.unwrap(), &cut).await;
            });
        }
    });
    port
}

async fn carry(mut client: TcpStream, mut server: TcpStream, cut: &AtomicU8) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let sent = &up[..read?];
                if sent.is_empty() {
                    return Ok(());
                }
                let commits = sent.windows(6).any(|window| window == b"COMMIT");
                let what = if commits { cut.swap(PASS, Ordering::SeqCst) } else { PASS };
                if what == LOSE {
                    return Ok(());
                }
                server.write_all(sent).await?;
                if what == LOSE_ITS_ANSWER {
                    assert_ne!(server.read(&mut down).await?, 0, "the server answers");
                    return Ok(());
                }
            }
            read = server.read(&mut down) => {
                let answered = &down[..read?];
                if answered.is_empty() {
                    return Ok(());
                }
                client.write_all(answered).await?;
            }
        }
    }
}

#[tokio::test]
async fn a_commit_of_unknown_fate_is_read_back_before_anything_is_sent() {
    on_postgres(async |engine| {
        let url = engine.url();
        let (user, place) = url.split_once('@').unwrap();
        let (server, name) = place.split_once('/').unwrap();
        let cut = Arc::new(AtomicU8::new(PASS));
        let port = wire(server.to_owned(), Arc::clone(&cut)).await;
        let wired = Secret::new(format!("{user}@127.0.0.1:{port}/{name}?sslmode=disable"));
        let store = Store::open(&Database::Postgres(wired)).await.unwrap();
        let id = edition_for(&store, &["ann@example.org", "bo@example.org"]).await;
        let _lock = sender(&store).await;
        for (seconds, what) in [(1, LOSE), (2, LOSE_ITS_ANSWER)] {
            let row = store.claim(id, at(seconds), None, 1).await.unwrap().remove(0);
            cut.store(what, Ordering::SeqCst);
            let began = store.tick(&[], &[begin(&row)], &store.owner(), at(seconds)).await.unwrap();
            assert_eq!(cut.load(Ordering::SeqCst), PASS, "the wire was cut");
            assert_eq!(began, [true], "it is on record once, and ours to send");
            assert_eq!(store.counts(id).await.unwrap().of(State::Sending), 1);
            cut.store(what, Ordering::SeqCst);
            let mut answer = settle(&row, State::Sent, at(seconds));
            answer.next.spends_attempt = true;
            store.tick(&[answer], &[], &store.owner(), at(seconds)).await.unwrap();
            assert_eq!(cut.load(Ordering::SeqCst), PASS, "the wire was cut");
            let counts = store.counts(id).await.unwrap();
            assert_eq!((counts.of(State::Sent), counts.of(State::Sending)), (seconds.unsigned_abs(), 0));
        }
        assert_eq!(store.uncertain_attempts(id).await.unwrap(), 0);
        store.close().await;
    })
    .await;
}

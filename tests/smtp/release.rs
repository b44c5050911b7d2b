//! A final dot that waits for the ledger: DESIGN.md, promise 2.

use std::future::{pending, ready};
use std::time::Duration;

use straight::delivery::Outcome;
use tokio::sync::oneshot;

use super::script::*;

const SENT: &str = "Subject: tide\r\n\r\nOne line.\r\n..a dot\r\n";

fn up_to_the_body(then: Vec<Act>) -> Vec<Act> {
    let envelope =
        [Hear("MAIL"), Hear("RCPT"), Hear("DATA"), say("250 ok\n250 ok\n354 go\n"), Part(SENT.len())];
    [greeting(&["PIPELINING"]), envelope.to_vec(), then].concat()
}

#[tokio::test(start_paused = true)]
async fn the_body_goes_and_the_dot_waits_for_its_release() {
    let script = up_to_the_body(vec![Quiet, Quiet, Hear("."), say("250 ok\n")]);
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let (release, released) = oneshot::channel::<()>();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        release.send(()).unwrap();
    });
    let release = async { released.await.is_ok() };
    let to = envelope("ann@example.org");
    let outcome = connection.send_before(&to, &[MESSAGE.as_bytes()], release, ready(None)).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert!(connection.is_usable());
    drop(connection);
    assert_eq!(heard.await.unwrap().rest, SENT);
}

#[tokio::test(start_paused = true)]
async fn when_the_ledger_fails_the_connection_is_closed_without_a_dot() {
    for (waits, body) in [(false, ""), (true, SENT)] {
        let mut script = up_to_the_body(vec![]);
        script.pop();
        let (connection, heard) = open_with(&config(), script).await;
        let mut connection = connection.unwrap();
        let release = async {
            if waits {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            false
        };
        let to = envelope("ann@example.org");
        let outcome = connection.send_before(&to, &[MESSAGE.as_bytes()], release, ready(None)).await;
        assert_eq!(outcome, Outcome::NotSent("the ledger could not be written".to_owned()));
        assert!(!connection.is_usable());
        connection.quit().await;
        assert_eq!(heard.await.unwrap().rest, body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_never_comes_is_not_waited_for_longer_than_a_server_would() {
    let mut script = up_to_the_body(vec![]);
    script.pop();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let to = envelope("ann@example.org");
    let outcome = connection.send_before(&to, &[MESSAGE.as_bytes()], pending(), ready(None)).await;
    assert_eq!(outcome, Outcome::NotSent("the ledger could not be written".to_owned()));
    connection.quit().await;
    assert_eq!(heard.await.unwrap().rest, SENT);
}

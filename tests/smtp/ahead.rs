//! The next message's envelope, sent ahead behind the dot (RFC 2920 §3.1).

use std::time::Duration;

use straight::delivery::Outcome;

use super::script::*;

const ENVELOPE: [Act; 3] = [Hear("MAIL FROM:<bounce@news.example.org>"), Hear("RCPT TO:<"), Hear("DATA")];

fn first() -> Vec<Act> {
    [greeting(&["PIPELINING"]), ENVELOPE.to_vec(), vec![say("250 ok\n250 ok\n354 go\n"), Body]].concat()
}

/// Sends to Ann while Bo is next; then to `second`.
async fn two(script: Vec<Act>, second: &str) -> ([Outcome; 2], Heard) {
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let next = async { Some((envelope("bo@example.org"), MESSAGE.len())) };
    let ann = connection
        .send_before(&envelope("ann@example.org"), &[MESSAGE.as_bytes()], async { true }, next)
        .await;
    let other = connection.send(&envelope(second), MESSAGE.as_bytes()).await;
    connection.quit().await;
    ([ann, other], heard.await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_next_envelope_goes_before_the_answer_and_no_second_dot_before_its_permission() {
    // The server answers the first dot only once it has the second envelope; the second message comes after its 354.
    let script =
        [first(), ENVELOPE.to_vec(), vec![say("250 kept\n"), Quiet, say("250 ok\n250 ok\n354 go\n"), Body]];
    let script = [script.concat(), vec![say("250 kept too\n"), Hear("QUIT"), say("221 bye\n")]].concat();
    let ([ann, bo], heard) = two(script, "bo@example.org").await;
    assert!(matches!(ann, Outcome::Accepted(reply) if reply.text == "kept"));
    assert!(matches!(bo, Outcome::Accepted(reply) if reply.text == "kept too"));
    assert_eq!(heard.messages, [MESSAGE, MESSAGE]);
    assert_eq!(heard.rest, "");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_next_reader_is_told_of_them_and_not_of_the_one_before() {
    let answers = say("451 4.3.0 later\n250 ok\n550 5.1.1 nobody\n503 5.5.1 nobody to send to\n");
    let script = [first(), ENVELOPE.to_vec(), vec![answers, Hear("QUIT"), say("221 bye\n")]].concat();
    let ([ann, bo], heard) = two(script, "bo@example.org").await;
    assert!(matches!(ann, Outcome::Deferred(reply) if reply.code == 451));
    assert!(matches!(bo, Outcome::Bounced(reply) if reply.code == 550));
    assert_eq!(heard.messages, [MESSAGE]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_in_two_by_the_next_envelope_is_read_whole() {
    let script =
        [first(), vec![say("250-kept\n")], ENVELOPE.to_vec(), vec![say("250 in two lines\n")]].concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    // It becomes known while the answer is under way.
    let next = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((envelope("bo@example.org"), MESSAGE.len()))
    };
    let outcome = connection
        .send_before(&envelope("ann@example.org"), &[MESSAGE.as_bytes()], async { true }, next)
        .await;
    assert!(matches!(outcome, Outcome::Accepted(reply) if reply.text == "kept in two lines"));
    drop(connection);
    assert_eq!(heard.await.unwrap().rest, "");
}

#[tokio::test(start_paused = true)]
async fn another_message_than_the_announced_one_never_goes_under_its_envelope() {
    let script = [first(), ENVELOPE.to_vec(), vec![say("250 kept\n250 ok\n250 ok\n354 go\n")]].concat();
    let ([ann, cy], heard) = two(script, "cy@example.org").await;
    assert!(matches!(ann, Outcome::Accepted(_)));
    assert!(matches!(cy, Outcome::NotSent(_)), "{cy:?}");
    // Neither a message nor a dot, nor a QUIT that would be taken for one.
    assert_eq!((heard.messages.len(), heard.rest.as_str()), (1, ""));
}

//! Handing over one message: the rows of the table of faults from MAIL to the answer after the dot.

use std::time::Duration;

use straight::delivery::Outcome;
use straight::delivery::smtp::{Connection, TlsClient};
use tokio::time::Instant;

use super::script::*;

const PIPELINING: &[&str] = &["PIPELINING"];

/// The envelope as it comes in one go, and these answers.
fn group(answers: &str) -> Vec<Act> {
    vec![Hear("MAIL FROM:<bounce@news.example.org>"), Hear("RCPT TO:<"), Hear("DATA"), say(answers)]
}

fn accepted() -> Vec<Act> {
    group("250 ok\n250 ok\n354 go\n")
}

/// Up to the message, and then this.
fn after_354(acts: Vec<Act>) -> Vec<Act> {
    [accepted(), acts].concat()
}

fn after_dot(acts: Vec<Act>) -> Vec<Act> {
    [accepted(), vec![Body], acts].concat()
}

/// In a word, with the reply where there is one.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) => format!("accepted: {reply}"),
        Outcome::Deferred(reply) => format!("deferred: {reply}"),
        Outcome::Bounced(reply) => format!("bounced: {reply}"),
        Outcome::Refused(reply) => format!("refused: {reply}"),
        Outcome::Halt(reply) => format!("halt: {reply}"),
        Outcome::Undeliverable(why) => format!("undeliverable: {why}"),
        Outcome::NotSent(why) => format!("not sent: {why}"),
        Outcome::Slowed(reply) => format!("slowed: {reply}"),
        Outcome::Closed(reply) => format!("closed: {reply}"),
        Outcome::SlowedThere(reply) => format!("slowed there: {reply}"),
        Outcome::Unanswered(why) => format!("unanswered: {why}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_arrives_as_it_was_in_one_round_trip_less() {
    let (outcome, usable, heard) =
        send_one(&["PIPELINING", "SIZE 1000000"], after_dot(vec![say("250 2.0.0 queued\n")])).await;
    assert_eq!(told(&outcome), "accepted: 250 2.0.0 queued");
    assert!(usable);
    assert_eq!(heard.messages, [MESSAGE]);
    let size = MESSAGE.len();
    assert_eq!(
        heard.lines[1..],
        [&format!("MAIL FROM:<bounce@news.example.org> SIZE={size}"), "RCPT TO:<ann@example.org>", "DATA"]
    );
    assert_eq!(heard.rest, "");
}

#[tokio::test(start_paused = true)]
async fn row_35_without_pipelining_each_command_waits_for_its_answer() {
    let script = vec![
        Hear("MAIL"),
        Quiet,
        say("250 ok\n"),
        Hear("RCPT"),
        Quiet,
        say("250 ok\n"),
        Hear("DATA"),
        Quiet,
        say("354 go\n"),
        Body,
        say("250 ok\n"),
    ];
    let (outcome, usable, heard) = send_one(&[], script).await;
    assert_eq!(told(&outcome), "accepted: 250 ok");
    assert!(usable);
    assert_eq!(heard.lines[1], "MAIL FROM:<bounce@news.example.org>");
    assert_eq!(heard.messages, [MESSAGE]);
}

/// Rows 12 to 19 with both ways of speaking: no octet of the message leaves, and the next reader gets theirs.
#[tokio::test(start_paused = true)]
async fn rows_11_to_19_a_refusal_is_for_whom_it_speaks_of_and_the_next_message_goes() {
    for (step, answer, wanted) in [
        ("MAIL", "451 4.3.0 later", "deferred"),
        ("MAIL", "454 4.7.0 slow down", "slowed"),
        ("MAIL", "550 sender refused", "halt"),
        ("RCPT", "451 4.7.1 greylisted", "deferred"),
        ("RCPT", "452 4.5.3 too many", "deferred"),
        ("RCPT", "454 4.7.0 slow down", "slowed"),
        ("RCPT", "550 5.1.1 user unknown", "bounced"),
        ("RCPT", "550 5.7.515 access denied", "refused"),
        ("RCPT", "552 5.2.2 mailbox full", "deferred"),
        ("DATA", "554 5.7.1 no", "refused"),
        ("DATA", "451 later", "deferred"),
    ] {
        for pipelined in [true, false] {
            let answers = match step {
                "MAIL" => [answer, "503 no MAIL", "503 no MAIL"],
                "RCPT" => ["250 ok", answer, "554 no valid recipients"],
                _ => ["250 ok", "250 ok", answer],
            };
            let steps = ["MAIL", "RCPT", "DATA"];
            let refused_at = steps.iter().position(|name| *name == step).unwrap();
            let mut script = greeting(if pipelined { PIPELINING } else { &[] });
            if pipelined {
                script.extend(steps.map(Hear));
                script.push(say(&format!("{}\n", answers.join("\n"))));
                script.push(Quiet);
            } else {
                for at in 0..=refused_at {
                    script.extend([Hear(steps[at]), say(&format!("{}\n", answers[at]))]);
                }
                script.push(Quiet);
            }
            // Where a sender was taken, it must be forgotten first.
            if step != "MAIL" {
                script.push(Hear("RSET"));
                script.push(say("250 forgotten\n"));
            }
            if pipelined {
                script.extend(accepted());
            } else {
                for (command, answer) in steps.into_iter().zip(["250 ok\n", "250 ok\n", "354 go\n"]) {
                    script.extend([Hear(command), say(answer)]);
                }
            }
            script.extend([Body, say("250 ok\n")]);

            let (connection, heard) = open_with(&config(), script).await;
            let mut connection = connection.unwrap();
            let first = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
            let about = format!("{step} {answer} pipelined: {pipelined}: {first:?}");
            assert!(told(&first).starts_with(wanted), "{about}");
            assert!(told(&first).contains(answer), "{about}");
            assert!(connection.is_usable(), "{about}");
            tokio::time::sleep(Duration::from_secs(2)).await;
            let second = connection.send(&envelope("bob@example.org"), b"Subject: second\r\n\r\n").await;
            assert_eq!(told(&second), "accepted: 250 ok", "{about}");
            drop(connection);
            let heard = heard.await.unwrap();
            assert_eq!(heard.messages, ["Subject: second\r\n\r\n"], "{about}");
            assert_eq!(heard.rest, "", "{about}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_421_before_the_dot_spends_nothing_and_ends_the_connection() {
    for answers in ["421 4.3.2 closing\n", "250 ok\n421 closing\n", "250 ok\n250 ok\n421 closing\n"] {
        let (outcome, usable, heard) = send_one(PIPELINING, [group(answers), vec![Close]].concat()).await;
        assert!(told(&outcome).starts_with("slowed: 421"), "{outcome:?}");
        assert!(!usable);
        assert_eq!(heard.messages, [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn row_36_a_354_for_nobody_gets_a_lone_dot() {
    for (refusal, wanted) in [("550 5.1.1 user unknown", "bounced"), ("451 4.7.1 greylisted", "deferred")] {
        let script = [
            greeting(PIPELINING),
            group(&format!("250 ok\n{refusal}\n354 go on\n")),
            vec![Body, say("554 no valid recipients\n")],
            accepted(),
            vec![Body, say("250 ok\n")],
        ]
        .concat();
        let (connection, heard) = open_with(&config(), script).await;
        let mut connection = connection.unwrap();
        let first = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
        assert!(told(&first).starts_with(wanted), "{first:?}");
        let second = connection.send(&envelope("bob@example.org"), b"Subject: second\r\n\r\n").await;
        assert_eq!(told(&second), "accepted: 250 ok");
        drop(connection);
        assert_eq!(heard.await.unwrap().messages, ["", "Subject: second\r\n\r\n"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_354_with_a_recipient_but_no_sender_gets_no_dot_at_all() {
    let (outcome, usable, heard) = send_one(PIPELINING, group("550 no\n250 ok\n354 go on\n")).await;
    assert_eq!(told(&outcome), "halt: 550 no");
    assert!(!usable);
    assert_eq!(heard.rest, "");
}

#[tokio::test(start_paused = true)]
async fn row_20_a_250_where_354_was_due_closes_the_connection() {
    let (outcome, usable, heard) = send_one(PIPELINING, group("250 ok\n250 ok\n250 ok\n")).await;
    assert_eq!(told(&outcome), "not sent: DATA was answered 250 ok; the connection was closed");
    assert!(!usable);
    assert_eq!(heard.rest, "");
}

#[tokio::test(start_paused = true)]
async fn row_21_a_connection_dropped_in_mid_body_sent_nothing() {
    let (connection, heard) =
        open_with(&config(), [greeting(PIPELINING), after_354(vec![Part(5000), Close])].concat()).await;
    let mut connection = connection.unwrap();
    let long = "x".repeat(70) + "\r\n";
    let outcome = connection.send(&envelope("ann@example.org"), long.repeat(3000).as_bytes()).await;
    assert!(told(&outcome).starts_with("not sent: at the message: "), "{outcome:?}");
    assert!(!connection.is_usable());
    assert_eq!(heard.await.unwrap().rest.len(), 5000);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_mid_body_is_told_when_the_server_hangs_up() {
    let script =
        [greeting(PIPELINING), after_354(vec![Part(5000), say("552 5.3.4 too big\n"), Close])].concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let long = "x".repeat(70) + "\r\n";
    let outcome = connection.send(&envelope("ann@example.org"), long.repeat(3000).as_bytes()).await;
    assert_eq!(told(&outcome), "refused: 552 5.3.4 too big");
    assert!(!connection.is_usable());
    heard.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_22_a_window_shut_for_minutes_ends_with_the_blocks_deadline() {
    let script = [greeting(PIPELINING), after_354(vec![Sleep(Duration::from_secs(3600))])].concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let begin = Instant::now();
    let long = "x".repeat(70) + "\r\n";
    let outcome = connection.send(&envelope("ann@example.org"), long.repeat(3000).as_bytes()).await;
    assert_eq!(told(&outcome), "not sent: at the message: the server did nothing for 180s");
    assert_eq!(begin.elapsed().as_secs(), 181, "the block's three minutes, and a second for last words");
    assert!(!connection.is_usable());
    drop(connection);
    let heard = heard.await.unwrap();
    assert!(!heard.rest.ends_with("\r\n.\r\n"), "no dot was left behind in a buffer");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_opens_a_little_at_a_time_is_borne() {
    let message = ("x".repeat(70) + "\r\n").repeat(2000);
    let slow = [Sleep(Duration::from_secs(120)), Part(40_000)];
    let script = [
        greeting(PIPELINING),
        after_354([slow.to_vec(), slow.to_vec(), vec![Body, say("250 ok\n")]].concat()),
    ]
    .concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let outcome = connection.send(&envelope("ann@example.org"), message.as_bytes()).await;
    assert_eq!(told(&outcome), "accepted: 250 ok");
    drop(connection);
    let heard = heard.await.unwrap();
    assert_eq!(heard.rest + &heard.messages[0], message);
}

#[tokio::test(start_paused = true)]
async fn rows_23_27_29_to_32_after_the_dot_what_is_no_answer_leaves_it_open() {
    let flood = "250-".to_owned() + &"x".repeat(10_000_000);
    let lines = "250-x\r\n".repeat(1_500_000);
    for (acts, wanted) in [
        (vec![Close], "the server closed the connection"),
        (vec![Sleep(Duration::from_secs(700))], "the server did nothing for 600s"),
        (vec![Drip(vec![b'2'; 4000], Duration::from_secs(1))], "the server did nothing for 600s"),
        (vec![say("\u{1}\u{2} what?\n")], "the server's answer is no SMTP reply: \\u{1}\\u{2} what?"),
        (
            vec![say("250-fine\n550 not\n")],
            "the lines of the server's reply have different codes (250 and 550)",
        ),
        (vec![Say(flood.clone().into_bytes())], "the server's reply is too long"),
        (vec![Say(lines.clone().into_bytes())], "the server's reply is too long"),
    ] {
        let (outcome, usable, heard) = send_one(PIPELINING, after_dot(acts)).await;
        assert_eq!(told(&outcome), format!("unanswered: after the final dot: {wanted}"));
        assert!(!usable);
        assert_eq!(heard.messages, [MESSAGE]);
    }
    let (outcome, usable, _) = send_one(PIPELINING, after_dot(vec![say("354 again\n")])).await;
    assert_eq!(told(&outcome), "unanswered: the final dot was answered 354 again");
    assert!(!usable);
}

#[tokio::test(start_paused = true)]
async fn rows_29_to_32_before_the_dot_the_same_sends_nothing() {
    let flood = "250-".to_owned() + &"x".repeat(10_000_000);
    for (acts, wanted) in [
        (vec![Close], "the server closed the connection"),
        (vec![Sleep(Duration::from_secs(700))], "the server did nothing for 300s"),
        (vec![Drip(vec![b'2'; 4000], Duration::from_secs(1))], "the server did nothing for 300s"),
        (vec![say("what?\n")], "the server's answer is no SMTP reply: what?"),
        (
            vec![say("250-fine\n550 not\n")],
            "the lines of the server's reply have different codes (250 and 550)",
        ),
        (vec![Say(flood.clone().into_bytes())], "the server's reply is too long"),
    ] {
        let script = [vec![Hear("MAIL"), Hear("RCPT"), Hear("DATA")], acts].concat();
        let (outcome, usable, heard) = send_one(PIPELINING, script).await;
        assert_eq!(told(&outcome), format!("not sent: at MAIL: {wanted}"));
        assert!(!usable);
        assert_eq!(heard.rest, "", "no octet of the message left");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_24_and_25_a_refusal_after_the_dot_is_an_answer() {
    for (answer, wanted, stays) in [
        ("421 4.3.2 closing\n", "closed: 421 4.3.2 closing", false),
        ("451 4.3.0 later\n", "deferred: 451 4.3.0 later", true),
        ("554 5.7.1 spam\n", "refused: 554 5.7.1 spam", true),
        ("552 too big\n", "refused: 552 too big", true),
    ] {
        let (outcome, usable, _) = send_one(PIPELINING, after_dot(vec![say(answer)])).await;
        assert_eq!(told(&outcome), wanted);
        assert_eq!(usable, stays, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_26_and_28_a_late_or_slow_250_is_a_250() {
    for acts in [
        vec![Sleep(Duration::from_secs(9 * 60)), say("250 at last\n")],
        vec![Drip(b"250 at last\r\n".to_vec(), Duration::from_secs(30))],
    ] {
        let (outcome, usable, _) = send_one(PIPELINING, after_dot(acts)).await;
        assert_eq!(told(&outcome), "accepted: 250 at last");
        assert!(usable);
    }
}

#[tokio::test(start_paused = true)]
async fn row_34_a_reset_after_the_250_harms_only_what_comes_next() {
    let script = [greeting(PIPELINING), after_dot(vec![say("250 ok\n"), Close])].concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let first = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&first), "accepted: 250 ok");
    heard.await.unwrap();
    let second = connection.send(&envelope("bob@example.org"), MESSAGE.as_bytes()).await;
    assert!(told(&second).starts_with("not sent: "), "{second:?}");
    assert!(!connection.is_usable());
}

#[tokio::test(start_paused = true)]
async fn row_33_what_a_terminal_might_obey_is_escaped() {
    let answer = Say(b"554 \0\x1b[2Jno\xff\r\n".to_vec());
    let (outcome, _, _) = send_one(PIPELINING, after_dot(vec![answer])).await;
    assert_eq!(told(&outcome), r"refused: 554 \0\u{1b}[2Jno\xff");
}

#[tokio::test(start_paused = true)]
async fn row_38_an_address_beyond_ascii_needs_smtputf8_and_a_domain_does_not() {
    for (extensions, to, wanted, command) in [
        (&["PIPELINING"][..], "jörg@example.org", "undeliverable", None),
        (&["PIPELINING", "SMTPUTF8"][..], "jörg@example.org", "accepted", Some("RCPT TO:<jörg@example.org>")),
        (&["PIPELINING"][..], "joe@bücher.example", "accepted", Some("RCPT TO:<joe@xn--bcher-kva.example>")),
    ] {
        let mut script = greeting(extensions);
        if command.is_some() {
            script.extend(after_dot(vec![say("250 ok\n")]));
        }
        let (connection, heard) = open_with(&config(), script).await;
        let mut connection = connection.unwrap();
        let outcome = connection.send(&envelope(to), MESSAGE.as_bytes()).await;
        assert!(told(&outcome).starts_with(wanted), "{outcome:?}");
        assert!(connection.is_usable(), "the next reader is none the worse");
        drop(connection);
        let heard = heard.await.unwrap();
        assert_eq!(heard.lines.get(2).map(String::as_str), command);
        let with_utf8 = heard.lines.get(1).is_some_and(|mail| mail.ends_with(" SMTPUTF8"));
        assert_eq!(with_utf8, extensions.contains(&"SMTPUTF8"));
    }
}

#[tokio::test(start_paused = true)]
async fn row_39_a_message_over_the_servers_size_is_refused_unsent() {
    let (connection, heard) = open_with(&config(), greeting(&["SIZE 20"])).await;
    let mut connection = connection.unwrap();
    assert_eq!(connection.size_limit(), Some(20));
    let outcome = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    let size = MESSAGE.len();
    assert_eq!(
        told(&outcome),
        format!("halt: 552 5.3.4 not sent: the message has {size} octets, and the server takes 20 (SIZE)")
    );
    drop(connection);
    let heard = heard.await.unwrap();
    assert_eq!((heard.lines.len(), heard.rest.as_str()), (1, ""));
}

#[tokio::test(start_paused = true)]
async fn the_whole_transaction_has_a_deadline_of_its_own() {
    let mut config = config();
    config.deadlines.transaction = Duration::from_secs(60);
    let slow = |answer: &str| [Sleep(Duration::from_secs(25)), say(answer)];
    let mut script = greeting(&[]);
    script.push(Hear("MAIL"));
    script.extend(slow("250 ok\n"));
    script.push(Hear("RCPT"));
    script.extend(slow("250 ok\n"));
    script.push(Hear("DATA"));
    script.extend(slow("354 go\n"));
    let (connection, heard) = open_with(&config, script).await;
    let mut connection = connection.unwrap();
    let begin = Instant::now();
    let outcome = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&outcome), "not sent: at DATA: the transaction took longer than allowed");
    assert_eq!(begin.elapsed().as_secs(), 60);
    drop(connection);
    assert_eq!(heard.await.unwrap().rest, "");
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_is_dropped_lets_no_octet_out() {
    let (connection, heard) = open_with(&config(), [greeting(PIPELINING), accepted()].concat()).await;
    let mut connection = connection.unwrap();
    assert!(connection.begin(&envelope("ann@example.org"), MESSAGE.len()).await.is_ok());
    assert!(!connection.is_usable());
    let outcome = connection.send(&envelope("bob@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&outcome), "not sent: the connection is used up");
    connection.quit().await;
    assert_eq!(heard.await.unwrap().rest, "");
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_asked_for_are_never_taken_for_others() {
    // Were the second 250 taken for the answer to the next MAIL, every answer after it would be off by one.
    let script = [greeting(PIPELINING), after_dot(vec![say("250 ok\n250 and more\n")])].concat();
    let (connection, heard) = open_with(&config(), script).await;
    let mut connection = connection.unwrap();
    let first = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&first), "accepted: 250 ok");
    let second = connection.send(&envelope("bob@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&second), "not sent: the server spoke without being asked: 250 and more");
    assert!(!connection.is_usable());
    drop(connection);
    assert_eq!(heard.await.unwrap().rest, "");

    let (outcome, usable, heard) = send_one(PIPELINING, group("250 ok\n250 ok\n354 go\n250 got it\n")).await;
    assert_eq!(told(&outcome), "not sent: the server spoke without being asked: 250 got it");
    assert!(!usable);
    assert_eq!(heard.rest, "");
}

#[tokio::test(start_paused = true)]
async fn a_connection_carries_so_many_messages_and_says_goodbye() {
    let mut config = config();
    config.messages_per_connection = 2;
    let one = after_dot(vec![say("250 ok\n")]);
    let script = [greeting(PIPELINING), one.clone(), one, vec![Hear("QUIT"), say("221 bye\n")]].concat();
    let (connection, heard) = open_with(&config, script).await;
    let mut connection = connection.unwrap();
    for left in [true, false] {
        let outcome = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
        assert_eq!(told(&outcome), "accepted: 250 ok");
        assert_eq!(connection.is_usable(), left);
    }
    connection.quit().await;
    let heard = heard.await.unwrap();
    assert_eq!(heard.messages.len(), 2);
    assert_eq!(heard.lines.last().map(String::as_str), Some("QUIT"));
}

#[tokio::test(start_paused = true)]
async fn a_dot_that_may_have_left_leaves_it_open() {
    let (stream, heard) = server([greeting(PIPELINING), after_dot(vec![])].concat());
    let tls = TlsClient::new(&config()).unwrap();
    let stream = LosesTheDot::over(stream);
    let mut connection = Connection::over(stream, &config(), &tls, "tide.example.org").await.unwrap();
    let outcome = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    assert_eq!(told(&outcome), "unanswered: at the message: the connection was lost (connection reset)");
    assert!(!connection.is_usable());
    drop(connection);
    assert_eq!(heard.await.unwrap().messages, [MESSAGE], "and it had");
}

//! From the banner to the log-in.

use std::time::Duration;

use straight::config::{AuthMechanism, Credentials, Secret, SmtpConfig, TlsMode};
use straight::delivery::ConnectError;

use super::script::*;

async fn refused(config: &SmtpConfig, script: Vec<Act>) -> (ConnectError, Heard) {
    let (connection, heard) = open_with(config, script).await;
    let error = connection.map(drop).unwrap_err();
    (error, heard.await.unwrap())
}

fn transient(text: &str) -> ConnectError {
    ConnectError::Transient(text.to_owned())
}

fn permanent(text: &str) -> ConnectError {
    ConnectError::Permanent(text.to_owned())
}

fn with_log_in(mechanism: Option<AuthMechanism>) -> SmtpConfig {
    let credentials =
        Credentials { username: "tim".to_owned(), password: Secret::new("tanstaaftanstaaf"), mechanism };
    SmtpConfig { credentials: Some(credentials), ..config() }
}

#[tokio::test(start_paused = true)]
async fn rows_2_to_5_a_bad_banner() {
    let minutes = |n: u64| Sleep(Duration::from_secs(60 * n));
    for (acts, wanted) in [
        (vec![say("421 4.3.2 busy\n"), Close], transient("the server greets with 421 4.3.2 busy")),
        (vec![say("554 no service\n"), Close], permanent("the server greets with 554 no service")),
        (vec![Close], transient("at its banner: the server closed the connection")),
        (vec![minutes(10)], transient("at its banner: the server did nothing for 300s")),
        (
            vec![say("SSH-2.0-x\n")],
            transient("at its banner: the server's answer is no SMTP reply: SSH-2.0-x"),
        ),
    ] {
        let (error, heard) = refused(&config(), acts).await;
        assert_eq!(error, wanted);
        assert_eq!(heard, Heard::default());
    }
}

#[tokio::test(start_paused = true)]
async fn row_6_helo_only_where_neither_tls_nor_a_log_in_is_required() {
    let no_ehlo = [say("220-long\n220 banner\n"), Hear("EHLO"), say("502 what?\n")];
    let script = [
        no_ehlo.as_slice(),
        &[Hear("HELO tide.example.org"), say("250 mx\n"), Hear("QUIT"), say("221 bye\n")],
    ]
    .concat();
    let (connection, heard) = open_with(&config(), script).await;
    connection.unwrap().quit().await;
    heard.await.unwrap();

    let starttls = SmtpConfig { tls: TlsMode::StartTls, ..config() };
    for config in [with_log_in(None), starttls] {
        let (error, heard) = refused(&config, no_ehlo.to_vec()).await;
        assert_eq!(error, permanent("the server is to use TLS or a log-in, but answers EHLO with 502 what?"));
        assert_eq!(heard.rest, "");
    }
}

#[tokio::test(start_paused = true)]
async fn row_7_without_starttls_nothing_more_is_said() {
    let config = SmtpConfig { tls: TlsMode::StartTls, ..with_log_in(None) };
    let (error, heard) = refused(&config, greeting(&["AUTH PLAIN LOGIN"])).await;
    assert!(matches!(&error, ConnectError::Permanent(why) if why.contains("does not offer STARTTLS")));
    assert_eq!((heard.lines.len(), heard.rest.as_str()), (1, ""));

    let busy = [greeting(&["STARTTLS"]), vec![Hear("STARTTLS"), say("454 4.3.0 not now\n")]].concat();
    let (error, _) = refused(&config, busy).await;
    assert_eq!(error, transient("the server answers STARTTLS with 454 4.3.0 not now"));
}

#[tokio::test(start_paused = true)]
async fn row_8_plaintext_slipped_in_behind_starttls_cuts_the_connection() {
    let config = SmtpConfig { tls: TlsMode::StartTls, ..with_log_in(None) };
    let script =
        [greeting(&["STARTTLS", "AUTH PLAIN"]), vec![Hear("STARTTLS"), say("220 go ahead\n250 mx\n")]]
            .concat();
    let (error, heard) = refused(&config, script).await;
    assert!(matches!(&error, ConnectError::Permanent(why) if why.contains("slipped in")), "{error:?}");
    assert_eq!(heard.rest, "", "not even a TLS hello");
}

#[tokio::test(start_paused = true)]
async fn each_mechanism_logs_in() {
    let plain = "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm";
    let token = "AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB";
    let yes = || say("235 2.7.0 welcome\n");
    for (mechanism, offered, dialogue) in [
        (None, "AUTH LOGIN PLAIN", vec![Hear(plain), yes()]),
        (
            Some(AuthMechanism::Login),
            "AUTH LOGIN PLAIN",
            vec![
                Hear("AUTH LOGIN"),
                say("334 VXNlcm5hbWU6\n"),
                Hear("dGlt"),
                say("334 UGFzc3dvcmQ6\n"),
                Hear("dGFuc3RhYWZ0YW5zdGFhZg=="),
                yes(),
            ],
        ),
        (Some(AuthMechanism::XOAuth2), "AUTH XOAUTH2 PLAIN", vec![Hear(token), yes()]),
        (
            Some(AuthMechanism::Plain),
            "AUTH=PLAIN",
            vec![Hear(plain), say("334 \n"), Hear("AHRpbQB0YW5zdGFhZnRhbnN0YWFm"), yes()],
        ),
    ] {
        let script = [greeting(&[offered]), dialogue].concat();
        let (connection, heard) = open_with(&with_log_in(mechanism), script).await;
        assert!(connection.unwrap().is_usable());
        assert_eq!(heard.await.unwrap().rest, "");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_10_and_11_a_refused_log_in() {
    for (answer, wanted) in [
        ("535 5.7.8 bad password\n", permanent("the server refuses the log-in: 535 5.7.8 bad password")),
        ("454 4.7.0 later\n", transient("the server refuses the log-in: 454 4.7.0 later")),
        ("421 4.7.0 too many\n", transient("the server refuses the log-in: 421 4.7.0 too many")),
    ] {
        let script = [greeting(&["AUTH PLAIN"]), vec![Hear("AUTH PLAIN"), say(answer)]].concat();
        let (error, heard) = refused(&with_log_in(None), script).await;
        assert_eq!(error, wanted);
        assert_eq!(heard.rest, "");
        assert!(!format!("{error} {error:?}").contains("tanstaaf"));
    }

    let token_expired = vec![
        Hear("AUTH XOAUTH2"),
        say("334 eyJzdGF0dXMiOiI0MDEifQ==\n"),
        Hear(""),
        say("535 5.7.8 expired\n"),
    ];
    let script = [greeting(&["AUTH XOAUTH2"]), token_expired].concat();
    let (error, _) = refused(&with_log_in(Some(AuthMechanism::XOAuth2)), script).await;
    assert_eq!(error, permanent("the server refuses the log-in: 535 5.7.8 expired"));

    let (error, heard) = refused(&with_log_in(None), greeting(&["AUTH CRAM-MD5"])).await;
    assert_eq!(error, permanent("the server does not offer PLAIN, LOGIN or XOAUTH2; it offers CRAM-MD5"));
    assert_eq!(heard.rest, "");
}

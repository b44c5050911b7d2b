//! Over real sockets on loopback: TCP and TLS.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use straight::config::{Credentials, Secret, SmtpConfig, TlsMode};
use straight::delivery::smtp::{Connection, TlsClient};
use straight::delivery::{ConnectError, Outcome};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::script::*;

/// An authority of our own, as a file for `ca_file`.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    fn acceptor(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate, &key)
    }
}

fn acceptor(certificate: rcgen::Certificate, key: &KeyPair) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A server that secures the connection as `mode` says, and plays `script` over TLS; what it heard, if TLS came about.
async fn tls_server(
    mode: TlsMode,
    acceptor: TlsAcceptor,
    script: Vec<Act>,
) -> (u16, JoinHandle<Option<Heard>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        if mode == TlsMode::StartTls {
            let mut line = String::new();
            stream.write_all(b"220 mx\r\n").await.unwrap();
            stream.read_line(&mut line).await.unwrap();
            stream.write_all(b"250-mx\r\n250 STARTTLS\r\n").await.unwrap();
            stream.read_line(&mut line).await.unwrap();
            assert!(line.ends_with("STARTTLS\r\n"), "{line}");
            stream.write_all(b"220 go\r\n").await.unwrap();
        }
        match acceptor.accept(stream).await {
            Ok(stream) => Some(Player::new(stream).play(script).await),
            Err(_) => None,
        }
    });
    (port, heard)
}

fn config_for(port: u16, tls: TlsMode, authority: &Authority) -> SmtpConfig {
    let credentials =
        Credentials { username: "tim".to_owned(), password: Secret::new("secret"), mechanism: None };
    SmtpConfig {
        port,
        tls,
        ca_file: Some(authority.file.path().to_owned()),
        credentials: Some(credentials),
        helo_name: Some("tide.example.org".to_owned()),
        ..config()
    }
}

async fn open(config: &SmtpConfig) -> Result<Connection, ConnectError> {
    Connection::open(config, &TlsClient::new(config)?).await
}

fn whole_session(mode: TlsMode) -> Vec<Act> {
    let mut script = greeting(&["PIPELINING", "AUTH PLAIN"]);
    if mode == TlsMode::StartTls {
        script.remove(0);
    }
    script.extend([
        Hear("AUTH PLAIN"),
        say("235 welcome\n"),
        Hear("MAIL"),
        Hear("RCPT"),
        Hear("DATA"),
        say("250 ok\n250 ok\n354 go\n"),
        Body,
        say("250 ok\n"),
        Hear("QUIT"),
        say("221 bye\n"),
    ]);
    script
}

#[tokio::test]
async fn a_message_goes_over_tls_with_a_certificate_of_our_own_authority() {
    let authority = Authority::new();
    for mode in [TlsMode::StartTls, TlsMode::Implicit] {
        let acceptor = authority.acceptor("localhost", |_| ());
        let (port, heard) = tls_server(mode, acceptor, whole_session(mode)).await;
        let mut connection = open(&config_for(port, mode, &authority)).await.unwrap();
        let message = ("Subject: long\r\n".to_owned() + &".dots\r\n".repeat(30_000)).into_bytes();
        let outcome = connection.send(&envelope("ann@example.org"), &message).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
        connection.quit().await;
        let heard = heard.await.unwrap().unwrap();
        assert_eq!(heard.messages[0].as_bytes(), message);
        assert_eq!(heard.rest, "");
    }
}

#[tokio::test]
async fn row_9_a_certificate_that_is_not_good_gets_no_log_in() {
    let authority = Authority::new();
    // Under a name of its own, and under that of the authority.
    let self_signed = |name: Option<&str>| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        if let Some(name) = name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        acceptor(params.self_signed(&key).unwrap(), &key)
    };
    let nobody = "nobody whom this machine trusts has signed its certificate; if it is one of your own, name the CA \
         certificate that has signed it in `smtp.ca_file`";
    let shown_by_itself = {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), certificate.pem()).unwrap();
        (acceptor(certificate, &key), file)
    };
    let ca_file = authority.file.path();
    for (acceptor, ca_file, words) in [
        (
            authority.acceptor("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1)),
            ca_file,
            "expired",
        ),
        (authority.acceptor("other.example.org", |_| ()), ca_file, "not valid for name"),
        (self_signed(Some("somebody else")), ca_file, nobody),
        (self_signed(None), ca_file, nobody),
        (
            shown_by_itself.0,
            shown_by_itself.1.path(),
            "make a CA certificate and one for localhost that it has signed, give the server the latter",
        ),
    ] {
        for mode in [TlsMode::StartTls, TlsMode::Implicit] {
            let (port, heard) = tls_server(mode, acceptor.clone(), whole_session(mode)).await;
            let config =
                SmtpConfig { ca_file: Some(ca_file.to_owned()), ..config_for(port, mode, &authority) };
            let error = open(&config).await.map(drop).unwrap_err();
            let ConnectError::Permanent(why) = &error else { panic!("{error:?}") };
            assert!(why.contains(words), "{why}");
            assert_eq!(heard.await.unwrap(), None, "TLS never came about, so nothing was said");
        }
    }
}

#[tokio::test]
async fn tls_where_there_is_none_needs_a_person() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        Player::new(stream).play(vec![say("220 mx.example.org\n")]).await
    });
    let error = open(&config_for(port, TlsMode::Implicit, &authority)).await.map(drop).unwrap_err();
    let words = "TLS with localhost failed: what it answers is no TLS; a server that begins in the clear is reached by \
         smtp://localhost, with STARTTLS, on port 587";
    assert_eq!(error, ConnectError::Permanent(words.to_owned()));
    plain.await.unwrap();
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let authority = Authority::new();
    for (content, words) in [("", "no certificate is in it"), ("-----BEGIN CERTIFICATE-----\n!", "")] {
        std::fs::write(authority.file.path(), content).unwrap();
        let error = TlsClient::new(&config_for(465, TlsMode::Implicit, &authority)).unwrap_err();
        let ConnectError::Permanent(why) = &error else { panic!("{error:?}") };
        assert!(why.starts_with(&authority.file.path().display().to_string()), "{why}");
        assert!(why.contains(words) && why.ends_with("name a file of PEM certificates"), "{why}");
    }
}

#[tokio::test]
async fn row_1_a_refused_connection_is_for_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let config = SmtpConfig { host: "127.0.0.1".to_owned(), port, ..config() };
    let error = open(&config).await.map(drop).unwrap_err();
    let wanted = format!("127.0.0.1:{port} cannot be reached: connection refused");
    assert_eq!(error, ConnectError::Transient(wanted));
}

#[tokio::test]
async fn row_5_a_silent_server_is_left_after_its_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = SmtpConfig { host: "127.0.0.1".to_owned(), port, ..config() };
    config.deadlines.banner = Duration::from_millis(50);
    let error = open(&config).await.map(drop).unwrap_err();
    assert_eq!(error, ConnectError::Transient("at its banner: the server did nothing for 50ms".to_owned()));
}

#[tokio::test]
async fn a_machine_without_a_name_says_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        Player::new(stream).play(vec![say("220 mx\n"), Hear("EHLO "), say("250 mx\n")]).await
    });
    let config = SmtpConfig { host: "127.0.0.1".to_owned(), port, ..config() };
    drop(open(&config).await.unwrap());
    let heard = heard.await.unwrap();
    let name = heard.lines[0].strip_prefix("EHLO ").unwrap();
    assert!(name == "[127.0.0.1]" || name.contains('.'), "{name}");
}

//! `straight healthcheck`: a container's own question, without a shell or another program in the image.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::args::{GlobalArgs, HealthcheckArgs};
use super::out;
use crate::press::health::Ailment;

/// How much of an answer is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Asks `/healthz` at the configured address; an answer other than 200 is an error, and with `--sending` also that mail
/// does not go out.
pub(super) fn ask(global: &GlobalArgs, args: &HealthcheckArgs) -> anyhow::Result<u8> {
    let Some(listen) = global.load()?.config.web.listen else {
        out::print("`web.listen` is off: there is nothing to ask\n")?;
        return Ok(0);
    };
    let address = reachable(listen);
    let limit = Duration::from_secs(args.timeout);
    let wanted = if args.sending { Wanted::Body } else { Wanted::Status };
    let (status, body) = answer_of(address, wanted, limit)
        .with_context(|| format!("no answer from http://{address}/healthz; is `straight run` running?"))?;
    if status != 200 {
        bail!("http://{address}/healthz answers {status}");
    }
    if args.sending {
        let told: Told = serde_json::from_slice(&body).with_context(|| {
            format!("http://{address}/healthz says nothing of sending; is it another version?")
        })?;
        let troubles: Vec<String> = told.troubles.iter().map(Trouble::to_string).collect();
        if !troubles.is_empty() {
            bail!("{}; `straight status` says more", troubles.join("; "));
        }
    }
    Ok(0)
}

/// What of an answer is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Status,
    Body,
}

/// What `/healthz` says of sending.
#[derive(Deserialize)]
struct Told {
    troubles: Vec<Trouble>,
}

#[derive(Deserialize)]
struct Trouble {
    trouble: String,
    since: Option<String>,
    edition: Option<String>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Ailment::ALL.into_iter().find(|ailment| ailment.as_str() == self.trouble);
        f.write_str(known.map_or(self.trouble.as_str(), |ailment| ailment.sentence()))?;
        match (&self.edition, &self.since) {
            (Some(edition), Some(since)) => write!(f, " ({edition}, since {since})")?,
            (Some(edition), None) => write!(f, " ({edition})")?,
            (None, Some(since)) => write!(f, ", since {since}")?,
            (None, None) => {}
        }
        Ok(())
    }
}

/// Who listens on every address is reached on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status code of the answer (RFC 9112 §4) and what is wanted of its body, within `limit` in all.
fn answer_of(address: SocketAddr, wanted: Wanted, limit: Duration) -> io::Result<(u16, Vec<u8>)> {
    let end = Instant::now() + limit;
    let left = || match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
        left => Ok(left),
    };
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut some = [0; 1024];
    // "HTTP/1.1 200" is enough for the status; whoever drips bytes is stopped by the clock.
    while wanted == Wanted::Body && answer.len() < LONGEST || answer.len() < 12 {
        stream.set_read_timeout(Some(left()?))?;
        let read = stream.read(&mut some)?;
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&some[..read]);
    }
    let head = answer.iter().take(12).copied().collect::<Vec<u8>>();
    let head = String::from_utf8_lossy(&head);
    let code = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split_at_checked(2));
    let code = code
        .and_then(|(_, code)| code.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is no HTTP"))?;
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |head| head + 4);
    Ok((code, answer.split_off(body)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that answers one question with `answer`, then waits for the other side to go.
    fn answering(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 64];
            let _ = stream.read(&mut question);
            let _ = stream.write_all(answer);
            if answer.is_empty() {
                let _ = stream.read(&mut question);
                thread::sleep(Duration::from_secs(2));
            }
        });
        address
    }

    #[test]
    fn the_status_is_read_from_the_first_line() {
        let limit = Duration::from_secs(5);
        let status_of = |address, limit| answer_of(address, Wanted::Status, limit).map(|(status, _)| status);
        assert_eq!(status_of(answering(b"HTTP/1.1 200 OK\r\n\r\n"), limit).unwrap(), 200);
        assert_eq!(status_of(answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), limit).unwrap(), 503);
        assert_eq!(
            status_of(answering(b"220 mail.example.net ESMTP"), limit).unwrap_err().to_string(),
            "the answer is no HTTP"
        );
    }

    #[test]
    fn a_body_is_read_to_its_end_and_no_further_than_its_bound() {
        let limit = Duration::from_secs(5);
        let (status, body) =
            answer_of(answering(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n{}"), Wanted::Body, limit).unwrap();
        assert_eq!((status, body.as_slice()), (200, b"{}".as_slice()));
        let endless = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[b'x'; 4 * LONGEST]].concat();
        let (_, body) = answer_of(answering(endless.leak()), Wanted::Body, limit).unwrap();
        assert!(body.len() < LONGEST + 1024, "{}", body.len());
    }

    #[test]
    fn troubles_are_told_in_words() {
        let body = r#"{"status": "ok", "sending": "troubled", "troubles": [
            {"trouble": "halted", "since": "2026-03-02T07:00:00Z"},
            {"trouble": "paused", "edition": "2026-03-02"},
            {"trouble": "of-another-version"}]}"#;
        let told: Told = serde_json::from_str(body).unwrap();
        let told: Vec<String> = told.troubles.iter().map(Trouble::to_string).collect();
        assert_eq!(
            told,
            [
                "sending is halted until a person mends it, since 2026-03-02T07:00:00Z",
                "a person has stopped the edition (2026-03-02)",
                "of-another-version",
            ]
        );
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        let began = Instant::now();
        assert!(answer_of(answering(b""), Wanted::Body, Duration::from_millis(200)).is_err());
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn every_address_is_reached_on_this_machine() {
        let reached = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080"), "[::1]:8080");
        assert_eq!(reached("192.0.2.7:8080"), "192.0.2.7:8080");
    }
}

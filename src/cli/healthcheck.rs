//! `straight healthcheck`: a container's own question, without a shell or another program in the image.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::args::{GlobalArgs, HealthcheckArgs};
use super::out;

/// Asks `/healthz` at the configured address; an answer other than 200 is an error.
pub(super) fn ask(global: &GlobalArgs, args: &HealthcheckArgs) -> anyhow::Result<u8> {
    let Some(listen) = global.load()?.config.web.listen else {
        out::print("`web.listen` is off: there is nothing to ask\n")?;
        return Ok(0);
    };
    let address = reachable(listen);
    let status = status_of(address, Duration::from_secs(args.timeout))
        .with_context(|| format!("no answer from http://{address}/healthz; is `straight run` running?"))?;
    if status != 200 {
        bail!("http://{address}/healthz answers {status}");
    }
    Ok(0)
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

/// The status code of the answer (RFC 9112 §4), within `limit` in all.
fn status_of(address: SocketAddr, limit: Duration) -> io::Result<u16> {
    let end = Instant::now() + limit;
    let left = || match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
        left => Ok(left),
    };
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = Vec::new();
    let mut byte = [0];
    // "HTTP/1.1 200" is enough; whoever drips bytes is stopped by the clock.
    while head.len() < 12 {
        stream.set_read_timeout(Some(left()?))?;
        if stream.read(&mut byte)? == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let code = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split_at_checked(2));
    code.and_then(|(_, code)| code.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is no HTTP"))
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
        assert_eq!(status_of(answering(b"HTTP/1.1 200 OK\r\n\r\n"), limit).unwrap(), 200);
        assert_eq!(status_of(answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), limit).unwrap(), 503);
        assert_eq!(
            status_of(answering(b"220 mail.example.net ESMTP"), limit).unwrap_err().to_string(),
            "the answer is no HTTP"
        );
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        let began = Instant::now();
        assert!(status_of(answering(b""), Duration::from_millis(200)).is_err());
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

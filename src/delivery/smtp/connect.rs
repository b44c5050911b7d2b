//! From TCP to logged in.

use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::capabilities::Capabilities;
use super::reply::RawReply;
use super::tls::TlsClient;
use super::transport::{Stream, Transport};
use super::wire::{Patience, Wire, WireError};
use super::{Connection, auth};
use crate::config::{Credentials, SmtpConfig, TlsMode};
use crate::delivery::{ConnectError, Reply};

impl Connection<TcpStream> {
    /// Connects, secures, greets and logs in as `config` says.
    ///
    /// # Errors
    /// Transient for what time mends, permanent for what needs a person.
    pub async fn open(config: &SmtpConfig, tls: &TlsClient) -> Result<Self, ConnectError> {
        let stream = connect(config).await?;
        // 40 ms a message on loopback, and more elsewhere, without.
        stream.set_nodelay(true).map_err(|error| unreachable(config, error.kind()))?;
        let name = match &config.helo_name {
            Some(name) => name.clone(),
            None => own_name(stream.local_addr().ok()),
        };
        Connection::over(stream, config, tls, &name).await
    }
}

impl<S: Stream> Connection<S> {
    /// The same over a stream that is connected already; `name` is said in EHLO.
    ///
    /// # Errors
    /// As [`open`](Connection::open).
    pub async fn over(
        stream: S,
        config: &SmtpConfig,
        tls: &TlsClient,
        name: &str,
    ) -> Result<Self, ConnectError> {
        let secure = async |stream| {
            timeout(config.deadlines.connect, tls.wrap(stream, config)).await.unwrap_or_else(|_| {
                Err(ConnectError::Transient(format!("TLS with {} took too long", config.host)))
            })
        };
        let transport = match config.tls {
            TlsMode::None | TlsMode::StartTls => Transport::Plain(stream),
            TlsMode::Implicit => secure(stream).await?,
        };
        let mut hello = Hello { wire: Wire::new(transport), config, name };
        hello.banner().await?;
        let mut offered = hello.ehlo().await?;
        match config.tls {
            TlsMode::None | TlsMode::Implicit => {}
            TlsMode::StartTls => {
                let stream = hello.starttls(&offered).await?;
                hello = Hello { wire: Wire::new(secure(stream).await?), config, name };
                // RFC 3207 §4.2: what was offered before is forgotten.
                offered = hello.ehlo().await?;
            }
        }
        if let Some(credentials) = &config.credentials {
            hello.log_in(credentials, &offered).await?;
        }
        Ok(Connection::new(hello.wire, offered, config))
    }
}

async fn connect(config: &SmtpConfig) -> Result<TcpStream, ConnectError> {
    let late = || {
        ConnectError::Transient(format!(
            "{}:{} did not answer in {:?}",
            config.host, config.port, config.deadlines.connect
        ))
    };
    let found = timeout(config.deadlines.connect, lookup_host((config.host.as_str(), config.port)))
        .await
        .map_err(|_| late())?;
    let addresses: Vec<SocketAddr> = found
        .map_err(|error| ConnectError::Transient(format!("{} is not found: {error}", config.host)))?
        .collect();
    // One address that swallows packets must not use up the time of the next.
    let each = config.deadlines.connect / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut failure = late();
    for address in addresses {
        match timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = unreachable(config, error.kind()),
            Err(_) => failure = late(),
        }
    }
    Err(failure)
}

fn unreachable(config: &SmtpConfig, why: std::io::ErrorKind) -> ConnectError {
    ConnectError::Transient(format!("{}:{} cannot be reached: {why}", config.host, config.port))
}

/// RFC 5321 §4.1.4: the machine's full name, or where it has none its address in brackets.
fn own_name(local: Option<SocketAddr>) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let is_full = host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    match local {
        _ if is_full => host.to_owned(),
        Some(SocketAddr::V6(address)) => format!("[IPv6:{}]", address.ip()),
        Some(SocketAddr::V4(address)) => format!("[{}]", address.ip()),
        None => "[127.0.0.1]".to_owned(),
    }
}

/// A connection that has not come to its first MAIL.
struct Hello<'c, S> {
    wire: Wire<Transport<S>>,
    config: &'c SmtpConfig,
    name: &'c str,
}

impl<S: Stream> Hello<'_, S> {
    async fn banner(&mut self) -> Result<(), ConnectError> {
        let reply = self.reply("its banner").await?;
        match reply.code {
            220 => Ok(()),
            _ => Err(refusal("greets with", &reply)),
        }
    }

    async fn ehlo(&mut self) -> Result<Capabilities, ConnectError> {
        let reply = self.command(&format!("EHLO {}", self.name), "EHLO").await?;
        match reply.code {
            250 => Ok(Capabilities::of(&reply)),
            500..=599 => self.helo(&reply).await,
            _ => Err(refusal("answers EHLO with", &reply)),
        }
    }

    /// RFC 5321 §3.2: for a server that knows no EHLO, and so neither TLS nor AUTH.
    async fn helo(&mut self, refused: &RawReply) -> Result<Capabilities, ConnectError> {
        let may_do_without = match self.config.tls {
            TlsMode::None => self.config.credentials.is_none(),
            TlsMode::StartTls | TlsMode::Implicit => false,
        };
        if !may_do_without {
            return Err(refusal("is to use TLS or a log-in, but answers EHLO with", refused));
        }
        let reply = self.command(&format!("HELO {}", self.name), "HELO").await?;
        match reply.code {
            250 => Ok(Capabilities::default()),
            _ => Err(refusal("answers HELO with", &reply)),
        }
    }

    /// Asks for TLS; gives the bare stream for it.
    async fn starttls(mut self, offered: &Capabilities) -> Result<S, ConnectError> {
        if !offered.starttls {
            return Err(ConnectError::Permanent(
                "the server does not offer STARTTLS; use smtps:// (port 465), or ?tls=none on a network of your own"
                    .to_owned(),
            ));
        }
        let reply = self.command("STARTTLS", "STARTTLS").await?;
        if reply.code != 220 {
            return Err(refusal("answers STARTTLS with", &reply));
        }
        // RFC 3207 §6: whatever stands here was slipped in by somebody on the way.
        if self.wire.has_unread() {
            return Err(ConnectError::Permanent(
                "something was slipped in behind the server's answer to STARTTLS; the connection was cut"
                    .to_owned(),
            ));
        }
        match self.wire.into_stream() {
            Transport::Plain(stream) => Ok(stream),
            Transport::Tls(_) => Err(ConnectError::Permanent("the connection has TLS already".to_owned())),
        }
    }

    async fn log_in(
        &mut self,
        credentials: &Credentials,
        offered: &Capabilities,
    ) -> Result<(), ConnectError> {
        let mechanism =
            auth::choose(credentials.mechanism, &offered.auth).map_err(ConnectError::Permanent)?;
        for line in auth::dialogue(credentials, mechanism) {
            let reply = self.command(&line, "AUTH").await?;
            match reply.code {
                235 => return Ok(()),
                334 => {}
                _ => return Err(refusal("refuses the log-in:", &reply)),
            }
        }
        Err(ConnectError::Permanent("the server asks for more than its log-in mechanism has".to_owned()))
    }

    async fn command(&mut self, line: &str, what: &str) -> Result<RawReply, ConnectError> {
        let patience = Patience::of(self.config.deadlines.banner);
        let line = format!("{line}\r\n");
        self.wire.write(line.as_bytes(), patience).await.map_err(|error| broken(what, &error))?;
        self.reply(what).await
    }

    async fn reply(&mut self, what: &str) -> Result<RawReply, ConnectError> {
        let patience = Patience::of(self.config.deadlines.banner);
        self.wire.reply(patience).await.map_err(|error| broken(what, &error))
    }
}

fn broken(what: &str, error: &WireError) -> ConnectError {
    ConnectError::Transient(format!("at {what}: {error}"))
}

/// A 5xx needs a person; anything else may pass.
fn refusal(what: &str, reply: &RawReply) -> ConnectError {
    let reply: Reply = reply.to_reply();
    let words = format!("the server {what} {reply}");
    match reply.code {
        500..=599 => ConnectError::Permanent(words),
        _ => ConnectError::Transient(words),
    }
}

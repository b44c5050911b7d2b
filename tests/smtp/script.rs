//! A server that plays a script byte by byte, and remembers what it heard.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use straight::config::{Deadlines, SmtpConfig, TlsMode};
use straight::delivery::smtp::{Connection, TlsClient};
use straight::delivery::{ConnectError, Envelope, Outcome};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub(super) const MESSAGE: &str = "Subject: tide\r\n\r\nOne line.\r\n.a dot\r\n";

/// What the server does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Says these bytes at once.
    Say(Vec<u8>),
    /// Says these bytes one at a time, with this long between.
    Drip(Vec<u8>, Duration),
    /// Hears a line that begins so.
    Hear(&'static str),
    /// Hears a whole message up to its dot.
    Body,
    /// Hears so many octets.
    Part(usize),
    /// Hears nothing at all for a second.
    Quiet,
    /// Neither hears nor speaks for so long.
    Sleep(Duration),
    /// Hangs up.
    Close,
}

pub(super) fn say(text: &str) -> Act {
    Act::Say(text.replace('\n', "\r\n").into_bytes())
}

pub(super) use Act::{Body, Close, Drip, Hear, Part, Quiet, Say, Sleep};

/// What a server heard.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// Command lines.
    pub(super) lines: Vec<String>,
    /// Whole messages, dots undone.
    pub(super) messages: Vec<String>,
    /// What came after the script's end, or belonged to nothing.
    pub(super) rest: String,
}

pub(super) struct Player<S> {
    stream: S,
    heard: Heard,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Player<S> {
    pub(super) fn new(stream: S) -> Self {
        Player { stream, heard: Heard::default() }
    }

    pub(super) async fn play(mut self, script: Vec<Act>) -> Heard {
        for act in script {
            match act {
                // Whether the client still listens is for the test to say.
                Say(bytes) => drop(self.stream.write_all(&bytes).await),
                Drip(bytes, gap) => {
                    for byte in bytes {
                        sleep(gap).await;
                        if self.stream.write_all(&[byte]).await.is_err() {
                            break;
                        }
                    }
                }
                Hear(begin) => {
                    let line = self.line().await;
                    assert!(line.starts_with(begin), "wanted {begin}, heard {line:?}; {:?}", self.heard);
                    self.heard.lines.push(line);
                }
                Body => {
                    let message = self.message().await;
                    self.heard.messages.push(message);
                }
                Part(octets) => {
                    let mut bytes = vec![0; octets];
                    self.stream.read_exact(&mut bytes).await.unwrap();
                    self.heard.rest.push_str(&String::from_utf8_lossy(&bytes));
                }
                Quiet => {
                    let mut byte = [0];
                    let heard = timeout(Duration::from_secs(1), self.stream.read(&mut byte)).await;
                    assert!(heard.is_err(), "heard {byte:?} where nothing was due; {:?}", self.heard);
                }
                Sleep(time) => sleep(time).await,
                Close => return self.heard,
            }
        }
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
        self.heard.rest.push_str(&String::from_utf8_lossy(&rest));
        self.heard
    }

    async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => line.push(byte),
                Err(_) => {
                    panic!("the client hung up after {:?}; {:?}", String::from_utf8_lossy(&line), self.heard)
                }
            }
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).unwrap()
    }

    async fn message(&mut self) -> String {
        let mut message = String::new();
        loop {
            let line = self.line().await;
            if line == "." {
                return message;
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
            message.push_str("\r\n");
        }
    }
}

/// A server that plays `script` in the background.
pub(super) fn server(script: Vec<Act>) -> (DuplexStream, JoinHandle<Heard>) {
    let (client, server) = tokio::io::duplex(1 << 16);
    (client, tokio::spawn(Player::new(server).play(script)))
}

pub(super) fn config() -> SmtpConfig {
    SmtpConfig {
        host: "localhost".to_owned(),
        port: 25,
        tls: TlsMode::None,
        ca_file: None,
        credentials: None,
        helo_name: None,
        connections: 1,
        messages_per_connection: 100,
        deadlines: Deadlines::default(),
    }
}

pub(super) async fn open_with(
    config: &SmtpConfig,
    script: Vec<Act>,
) -> (Result<Connection<DuplexStream>, ConnectError>, JoinHandle<Heard>) {
    let (stream, heard) = server(script);
    let tls = TlsClient::new(config).unwrap();
    (Connection::over(stream, config, &tls, "tide.example.org").await, heard)
}

pub(super) fn envelope(to: &str) -> Envelope {
    Envelope { from: "bounce@news.example.org".parse().unwrap(), to: to.parse().unwrap() }
}

/// Banner and EHLO, with these extensions.
pub(super) fn greeting(extensions: &[&str]) -> Vec<Act> {
    let mut lines = vec!["mx.example.org"];
    lines.extend_from_slice(extensions);
    let last = lines.len() - 1;
    let reply: String = lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("250{}{line}\n", if at == last { ' ' } else { '-' }))
        .collect();
    vec![say("220 mx.example.org\n"), Hear("EHLO tide.example.org"), say(&reply)]
}

/// What came of one message to Ann, whether the connection may be used again, and what the server heard.
pub(super) async fn send_one(extensions: &[&str], script: Vec<Act>) -> (Outcome, bool, Heard) {
    let (connection, heard) = open_with(&config(), [greeting(extensions), script].concat()).await;
    let mut connection = connection.unwrap();
    let outcome = connection.send(&envelope("ann@example.org"), MESSAGE.as_bytes()).await;
    let usable = connection.is_usable();
    drop(connection);
    (outcome, usable, heard.await.unwrap())
}

/// A stream that takes the final dot, and then cannot say whether it was passed on.
pub(super) struct LosesTheDot {
    inner: DuplexStream,
    dot_taken: bool,
}

impl LosesTheDot {
    pub(super) fn over(inner: DuplexStream) -> Self {
        LosesTheDot { inner, dot_taken: false }
    }
}

impl AsyncRead for LosesTheDot {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for LosesTheDot {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.dot_taken |= bytes.ends_with(b".\r\n");
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.dot_taken {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

//! An SMTP server for stories: counts the copies that it accepted, and misbehaves as the recipient's name says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server on loopback.
///
/// | the recipient's name begins with | the server |
/// |---|---|
/// | `grey` | answers 451 to the first RCPT |
/// | `gone` | answers 550 5.1.1 to RCPT |
/// | `policy` | answers 550 5.7.1 to RCPT |
/// | `drop` | takes the message the first time and hangs up before it answers |
/// | `slow` | takes 200 ms |
/// | `kill` | hangs up at DATA |
/// | anything else | accepts |
#[derive(Clone, Default)]
pub(crate) struct Sink {
    seen: Arc<Mutex<Seen>>,
    pub(crate) port: u16,
}

#[derive(Default)]
struct Seen {
    /// Message-ID by recipient, one entry a copy.
    copies: BTreeMap<String, Vec<String>>,
    /// The same as they came, dots unstuffed.
    messages: BTreeMap<String, Vec<String>>,
    tried: BTreeMap<String, u32>,
    /// The recipients in the order in which their copies came.
    order: Vec<String>,
}

impl Sink {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Sink { port: listener.local_addr().unwrap().port(), ..Sink::default() };
        let served = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                // A client that is killed ends its conversation: nothing to report.
                tokio::spawn(async move {
                    let _ = served.converse(stream).await;
                });
            }
        });
        sink
    }

    /// The settings that lead here.
    pub(crate) fn settings(&self) -> String {
        format!("smtp: {{url: \"smtp://127.0.0.1:{}\", connections: 3}}", self.port)
    }

    /// The Message-IDs of all copies for `address`.
    pub(crate) fn copies(&self, address: &str) -> Vec<String> {
        self.seen.lock().unwrap().copies.get(address).cloned().unwrap_or_default()
    }

    /// The Message-IDs of all copies by recipient.
    pub(crate) fn everything(&self) -> BTreeMap<String, Vec<String>> {
        self.seen.lock().unwrap().copies.clone()
    }

    /// The copies for `address` themselves.
    pub(crate) fn messages(&self, address: &str) -> Vec<String> {
        self.seen.lock().unwrap().messages.get(address).cloned().unwrap_or_default()
    }

    /// How many copies there are in all.
    pub(crate) fn total(&self) -> usize {
        self.seen.lock().unwrap().copies.values().map(Vec::len).sum()
    }

    /// The recipients in the order in which their copies came.
    pub(crate) fn order(&self) -> Vec<String> {
        self.seen.lock().unwrap().order.clone()
    }

    fn nth_try(&self, address: &str) -> u32 {
        let mut seen = self.seen.lock().unwrap();
        let tried = seen.tried.entry(address.to_owned()).or_default();
        *tried += 1;
        *tried
    }

    async fn converse(self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 sink\r\n").await?;
        let mut to = String::new();
        let mut accepted = false;
        while let Some(line) = lines.next_line().await? {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let reply = match verb.as_str() {
                "EHLO" => "250-sink\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n",
                "MAIL" | "RSET" | "NOOP" => "250 2.0.0 fine\r\n",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    accepted = false;
                    if to.starts_with("grey") && self.nth_try(&to) == 1 {
                        "451 4.7.1 greylisted, come back\r\n"
                    } else if to.starts_with("gone") {
                        "550 5.1.1 nobody of that name\r\n"
                    } else if to.starts_with("policy") {
                        "550 5.7.1 not from you\r\n"
                    } else {
                        accepted = true;
                        "250 2.1.5 fine\r\n"
                    }
                }
                "DATA" if accepted => {
                    if to.starts_with("kill") {
                        return Ok(());
                    }
                    write.write_all(b"354 go on\r\n").await?;
                    let (mut id, mut message) = (String::new(), String::new());
                    loop {
                        // A client that is gone before the dot has sent nothing.
                        let Some(line) = lines.next_line().await? else { return Ok(()) };
                        if line == "." {
                            break;
                        }
                        if let Some(value) = line.strip_prefix("Message-ID: ") {
                            id = value.to_owned();
                        }
                        message.push_str(line.strip_prefix('.').unwrap_or(&line));
                        message.push_str("\r\n");
                    }
                    self.seen.lock().unwrap().messages.entry(to.clone()).or_default().push(message);
                    self.seen.lock().unwrap().copies.entry(to.clone()).or_default().push(id);
                    self.seen.lock().unwrap().order.push(to.clone());
                    if to.starts_with("drop") && self.nth_try(&to) == 1 {
                        return Ok(());
                    }
                    if to.starts_with("slow") {
                        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    }
                    "250 2.0.0 kept\r\n"
                }
                "DATA" => "503 5.5.1 no recipient\r\n",
                "QUIT" => {
                    write.write_all(b"221 2.0.0 bye\r\n").await?;
                    return Ok(());
                }
                _ => "500 5.5.1 what?\r\n",
            };
            write.write_all(reply.as_bytes()).await?;
        }
        Ok(())
    }
}

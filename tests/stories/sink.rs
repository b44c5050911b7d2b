//! An SMTP server for stories: counts the copies that it accepted, and misbehaves as the recipient's name says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server on loopback.
///
/// | the recipient's name begins with | the server |
/// |---|---|
/// | `grey` | answers 451 to the first RCPT |
/// | `gone` | answers 550 5.1.1 to RCPT |
/// | `policy` | answers 550 5.7.1 to RCPT, until it is mended |
/// | `greypolicy` | does the one, and then the other |
/// | `void` | takes the message and hangs up before it answers, until it is mended |
/// | `mute` | takes the message and says nothing for a minute |
/// | `drop` | takes the message the first time and hangs up before it answers |
/// | `shut` | answers 421 to the final dot and hangs up, until it is mended |
/// | `slow` | takes 200 ms |
/// | `kill` | hangs up at DATA |
/// | anything else | accepts |
#[derive(Clone, Default)]
pub(crate) struct Sink {
    seen: Arc<Mutex<Seen>>,
    bears: Bears,
    pub(crate) port: u16,
}

/// What the server bears, and what it says beyond.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bears {
    /// SIZE: so many octets.
    pub(crate) octets: Option<usize>,
    /// So many connections at a time: 421 in the banner.
    pub(crate) connections: Option<usize>,
    /// So many messages over one connection: 421 to the next MAIL, and it closes.
    pub(crate) messages: Option<usize>,
    /// So many messages in such a time: this to any other MAIL; after a 421 it closes.
    pub(crate) rate: Option<(usize, Duration, &'static str)>,
}

#[derive(Default)]
struct Seen {
    /// How many connections stand.
    open: usize,
    /// The most that ever stood.
    most_open: usize,
    /// How often a connection or a MAIL was refused for what the server does not bear.
    refused: usize,
    /// Since when messages are counted for the rate, and how many there were.
    window: Option<(Instant, usize)>,
    /// Message-ID by recipient, one entry a copy.
    copies: BTreeMap<String, Vec<String>>,
    /// The same as they came, dots unstuffed.
    messages: BTreeMap<String, Vec<String>>,
    tried: BTreeMap<String, u32>,
    /// What stands over the octets that it bore at first.
    octets: Option<usize>,
    /// `policy` and `void` are as anybody else.
    is_mended: bool,
    /// Who is at a domain that ends so is as `gone`, whatever they are called.
    unknown: Option<String>,
    /// Who is at a domain that ends so is answered this at RCPT.
    answer: Option<(String, &'static str)>,
    /// Each so many-th connection leads to a server that answers this to everybody but the editors.
    broken: Option<(usize, &'static str)>,
    /// After how many messages over it such a server breaks.
    sound_for: usize,
    /// How many connections were made.
    connections: usize,
    /// How many of `policy` are taken before the others are refused.
    allowance: u32,
    /// Every MAIL command.
    envelopes: Vec<String>,
    /// The recipients in the order in which their copies came.
    order: Vec<String>,
}

/// A connection that stands; dropped, it is counted no more.
struct Standing(Arc<Mutex<Seen>>);

impl Drop for Standing {
    fn drop(&mut self) {
        self.0.lock().unwrap().open -= 1;
    }
}

impl Sink {
    pub(crate) async fn open() -> Self {
        Sink::that_bears(Bears::default()).await
    }

    /// Opens one with limits.
    pub(crate) async fn that_bears(bears: Bears) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Sink { port: listener.local_addr().unwrap().port(), bears, ..Sink::default() };
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

    /// From now on it takes messages of so many octets, as when an operator raises the limit.
    pub(crate) fn raise_size(&self, octets: usize) {
        self.seen.lock().unwrap().octets = Some(octets);
    }

    /// From now on `policy`, `void` and `shut` are as anybody else.
    pub(crate) fn mend(&self) {
        self.seen.lock().unwrap().is_mended = true;
    }

    /// Takes so many of `policy`, and refuses the others.
    pub(crate) fn allow(&self, count: u32) {
        self.seen.lock().unwrap().allowance = count;
    }

    /// From now on it knows nobody whose address ends so; `None` to know them again.
    pub(crate) fn forget(&self, ending: Option<&str>) {
        self.seen.lock().unwrap().unknown = ending.map(str::to_owned);
    }

    /// From now on it answers this to whoever's address ends so; `None` for no more of that.
    pub(crate) fn answer(&self, answer: Option<(&str, &'static str)>) {
        self.seen.lock().unwrap().answer = answer.map(|(ending, words)| (ending.to_owned(), words));
    }

    /// From now on each so many-th connection leads to a broken server, which answers this to all readers.
    pub(crate) fn break_each(&self, nth: usize, words: &'static str) {
        self.spoil_each(nth, 0, words);
    }

    /// The same of a server that breaks after so many messages over the connection.
    pub(crate) fn spoil_each(&self, nth: usize, sound_for: usize, words: &'static str) {
        let mut seen = self.seen.lock().unwrap();
        (seen.broken, seen.sound_for) = (Some((nth, words)), sound_for);
    }

    fn answer_to(&self, address: &str, connection: usize, carried: usize) -> Option<&'static str> {
        let seen = self.seen.lock().unwrap();
        if let Some((nth, words)) = seen.broken
            && connection.is_multiple_of(nth)
            && carried >= seen.sound_for
            && !address.starts_with("desk@")
        {
            return Some(words);
        }
        seen.answer.as_ref().filter(|(ending, _)| address.ends_with(ending.as_str())).map(|(_, words)| *words)
    }

    fn knows(&self, address: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        !seen.unknown.as_ref().is_some_and(|ending| address.ends_with(ending.as_str()))
    }

    fn takes_one_more(&self) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let takes = seen.is_mended || seen.allowance > 0;
        seen.allowance = seen.allowance.saturating_sub(1);
        takes
    }

    fn is_mended(&self) -> bool {
        self.seen.lock().unwrap().is_mended
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

    /// Every MAIL command that came.
    pub(crate) fn envelopes(&self) -> Vec<String> {
        self.seen.lock().unwrap().envelopes.clone()
    }

    /// How many copies there are in all.
    pub(crate) fn total(&self) -> usize {
        self.seen.lock().unwrap().copies.values().map(Vec::len).sum()
    }

    /// The recipients in the order in which their copies came.
    pub(crate) fn order(&self) -> Vec<String> {
        self.seen.lock().unwrap().order.clone()
    }

    /// How often it has refused what it does not bear, and how many connections stood at most.
    pub(crate) fn refused(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        (seen.refused, seen.most_open)
    }

    /// Counts a connection; whether it is borne.
    fn bears_one_more(&self) -> bool {
        let mut seen = self.seen.lock().unwrap();
        seen.open += 1;
        let borne = self.bears.connections.is_none_or(|most| seen.open <= most);
        if borne {
            seen.most_open = seen.most_open.max(seen.open);
        } else {
            seen.refused += 1;
        }
        borne
    }

    /// What is said to a MAIL after `carried` messages over its connection, if it is not borne.
    fn refusal(&self, carried: usize) -> Option<&'static str> {
        let mut seen = self.seen.lock().unwrap();
        let worn = self.bears.messages.is_some_and(|most| carried >= most);
        let mut refusal = worn.then_some("421 4.7.0 enough for one connection\r\n");
        if let Some((most, time, words)) = self.bears.rate {
            let now = Instant::now();
            let (_, count) = seen.window.filter(|(since, _)| now - *since < time).unwrap_or((now, 0));
            if count == 0 {
                seen.window = Some((now, 0));
            }
            if count >= most {
                refusal = Some(words);
            } else if let Some((_, count)) = &mut seen.window {
                *count += 1;
            }
        }
        seen.refused += usize::from(refusal.is_some());
        refusal
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
        let is_borne = self.bears_one_more();
        let standing = Standing(Arc::clone(&self.seen));
        if !is_borne {
            return write.write_all(b"421 4.3.2 too many connections from you\r\n").await;
        }
        let mut carried = 0;
        let connection = {
            let mut seen = self.seen.lock().unwrap();
            seen.connections += 1;
            seen.connections
        };
        write.write_all(b"220 sink\r\n").await?;
        let mut to = String::new();
        let mut accepted = false;
        let mut refused = false;
        while let Some(line) = lines.next_line().await? {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            if verb == "MAIL" {
                self.seen.lock().unwrap().envelopes.push(line.clone());
            }
            let reply = match verb.as_str() {
                "EHLO" => {
                    let octets = self.seen.lock().unwrap().octets.or(self.bears.octets);
                    let size = octets.map(|most| format!("250-SIZE {most}\r\n"));
                    let offer = size.unwrap_or_default();
                    write.write_all(format!("250-sink\r\n250-PIPELINING\r\n{offer}").as_bytes()).await?;
                    "250 ENHANCEDSTATUSCODES\r\n"
                }
                "MAIL" => match self.refusal(carried) {
                    Some(words) if words.starts_with("421") => {
                        return write.write_all(words.as_bytes()).await;
                    }
                    Some(words) => {
                        refused = true;
                        words
                    }
                    None => {
                        refused = false;
                        "250 2.0.0 fine\r\n"
                    }
                },
                "RCPT" if refused => "503 5.5.1 MAIL first\r\n",
                "RSET" | "NOOP" => "250 2.0.0 fine\r\n",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    accepted = false;
                    if to.starts_with("grey") && self.nth_try(&to) == 1 {
                        "451 4.7.1 greylisted, come back\r\n"
                    } else if let Some(words) = self.answer_to(&to, connection, carried) {
                        words
                    } else if to.starts_with("gone") || !self.knows(&to) {
                        "550 5.1.1 nobody of that name\r\n"
                    } else if ["policy", "greypolicy"].iter().any(|name| to.starts_with(name))
                        && !self.takes_one_more()
                    {
                        "550 5.7.1 not from you\r\n"
                    } else {
                        accepted = true;
                        "250 2.1.5 fine\r\n"
                    }
                }
                "DATA" if accepted && !refused => {
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
                    if to.starts_with("shut") && !self.is_mended() {
                        return write.write_all(b"421 4.3.2 closing\r\n").await;
                    }
                    self.seen.lock().unwrap().messages.entry(to.clone()).or_default().push(message);
                    self.seen.lock().unwrap().copies.entry(to.clone()).or_default().push(id);
                    self.seen.lock().unwrap().order.push(to.clone());
                    if to.starts_with("drop") && self.nth_try(&to) == 1 {
                        return Ok(());
                    }
                    if to.starts_with("void") && !self.is_mended() {
                        return Ok(());
                    }
                    if to.starts_with("mute") {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    carried += 1;
                    if to.starts_with("slow") {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    "250 2.0.0 kept\r\n"
                }
                "DATA" => "503 5.5.1 no recipient\r\n",
                "QUIT" => {
                    // Whoever has heard the answer may come again.
                    drop(standing);
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

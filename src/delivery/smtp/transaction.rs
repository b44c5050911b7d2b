//! Handing over one message: MAIL, RCPT, DATA, and after the 354 the message with its dot.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::capabilities::Capabilities;
use super::classify::{Step, rejected};
use super::reply::RawReply;
use super::transport::{Stream, Transport};
use super::wire::{Interrupted, Patience, Wire, WireError};
use crate::config::{Deadlines, SmtpConfig};
use crate::delivery::{Envelope, Outcome, Reply};
use crate::fail_point::FailPoint;

/// How long a server that has stopped taking the message is asked why.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long QUIT's answer is waited for.
const FAREWELL: Duration = Duration::from_secs(5);

/// A connection that is ready for messages, one after another.
#[derive(Debug)]
pub struct Connection<S = TcpStream> {
    wire: Wire<Transport<S>>,
    server: Capabilities,
    deadlines: Deadlines,
    state: State,
    /// The server still has a sender, or a recipient, of a transaction that was not finished.
    needs_reset: bool,
    /// The envelope that was sent behind the last dot, and is not answered yet.
    sent_ahead: Option<Commands>,
    messages_left: usize,
    /// The final dot of the transaction under way may be on its way.
    dot_may_have_left: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    /// In a transaction, or lost; a future dropped on the way leaves it so.
    Unusable,
}

/// The server's 354: it waits for the message.
///
/// Dropped without [`finish`](Permission::finish), the connection is of no more use and no dot leaves: that is for a
/// ledger that could not write down what was about to happen.
#[derive(Debug)]
pub struct Permission<'c, S = TcpStream> {
    connection: &'c mut Connection<S>,
    ends: Instant,
}

impl<S: Stream> Connection<S> {
    pub(super) fn new(wire: Wire<Transport<S>>, server: Capabilities, config: &SmtpConfig) -> Self {
        Connection {
            wire,
            server,
            deadlines: config.deadlines,
            state: State::Ready,
            needs_reset: false,
            sent_ahead: None,
            messages_left: config.messages_per_connection.max(1),
            dot_may_have_left: false,
        }
    }

    /// Whether another message may be given to this connection.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        match self.state {
            State::Ready => self.messages_left > 0,
            State::Unusable => false,
        }
    }

    /// The largest message that the server takes, in octets, if it says so (RFC 1870).
    #[must_use]
    pub fn size_limit(&self) -> Option<u64> {
        self.server.size.flatten()
    }

    /// Hands over one message, whose lines end in CRLF.
    pub async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Outcome {
        self.send_before(envelope, &[message], std::future::ready(true), std::future::ready(None)).await
    }

    /// The same in pieces; the final dot leaves when `release` says so, and if it says no, the connection is closed without one.
    ///
    /// Once `next` knows sender, recipient and octets of the message that follows, and the answer to this
    /// one is still out, that envelope is sent ahead (RFC 2920 §3.1), so that a message costs one round trip.
    ///
    /// A connection whose next message turns out to be another one is of no more use.
    pub async fn send_before(
        &mut self,
        envelope: &Envelope,
        message: &[&[u8]],
        release: impl Future<Output = bool>,
        next: impl Future<Output = Option<(Envelope, usize)>>,
    ) -> Outcome {
        let octets = message.iter().map(|piece| piece.len()).sum();
        match self.begin(envelope, octets).await {
            Ok(permission) => permission.finish_before(message, release, next).await,
            Err(outcome) => outcome,
        }
    }

    /// Names sender and recipient of a message of `size` octets, and asks for permission to send it.
    ///
    /// # Errors
    /// The outcome, when there will be no message.
    pub async fn begin(&mut self, envelope: &Envelope, size: usize) -> Result<Permission<'_, S>, Outcome> {
        if !self.is_usable() {
            return Err(Outcome::NotSent("the connection is used up".to_owned()));
        }
        let commands = Commands::of(envelope, size, &self.server)?;
        self.state = State::Unusable;
        self.dot_may_have_left = false;
        self.messages_left -= 1;
        let ahead = self.sent_ahead.take();
        if ahead.as_ref().is_some_and(|ahead| *ahead != commands) {
            return Err(Outcome::NotSent("the connection was waiting for another message".to_owned()));
        }
        if ahead.is_none() && self.wire.has_unread() {
            return Err(self.unasked().await);
        }
        let ends = Instant::now() + self.deadlines.transaction;
        if ahead.is_some() {
            self.envelope_replies(ends).await?;
        } else if self.server.pipelining {
            self.begin_pipelined(&commands, ends).await?;
        } else {
            self.begin_in_lockstep(&commands, ends).await?;
        }
        // Were it taken for the answer to the dot, a message could pass for sent that is not.
        if self.wire.has_unread() {
            return Err(self.unasked().await);
        }
        Ok(Permission { connection: self, ends })
    }

    /// What became of a message whose handing over was not waited for to its end: the future of it was dropped.
    #[must_use]
    pub fn cut_off(&self) -> Outcome {
        let why = "we were to stop, and the server had not answered";
        match self.dot_may_have_left {
            true => Outcome::Unanswered(why.to_owned()),
            false => Outcome::NotSent(why.to_owned()),
        }
    }

    /// Forgets the envelope that was sent ahead, if any: the connection is of no more use then.
    pub fn abandon_next(&mut self) {
        if self.sent_ahead.take().is_some() {
            self.state = State::Unusable;
        }
    }

    /// Says QUIT, and closes. The answer is waited for: a server that takes no more connections than there are would
    /// refuse the next one before.
    pub async fn quit(mut self) {
        // To a server that waits for a message, QUIT would be one.
        if self.state == State::Ready && self.sent_ahead.is_none() {
            let patience = Patience::of(FAREWELL);
            // Nothing hangs on what it says.
            if self.wire.write(b"QUIT\r\n", patience).await.is_ok() && self.wire.reply(patience).await.is_ok()
            {
                let _ = self.wire.shut_down(patience).await;
            }
        }
    }

    /// RFC 2920 §3.1: the whole envelope at once.
    async fn begin_pipelined(&mut self, commands: &Commands, ends: Instant) -> Result<(), Outcome> {
        let reset = std::mem::take(&mut self.needs_reset);
        let mut group = String::from(if reset { RESET } else { "" });
        group.push_str(&commands.group());
        self.write(&group, ends).await?;
        if reset {
            self.reset_reply(ends).await?;
        }
        self.envelope_replies(ends).await
    }

    /// Reads the three answers to an envelope that was sent at once.
    async fn envelope_replies(&mut self, ends: Instant) -> Result<(), Outcome> {
        let mail = self.step(Step::Mail, ends).await?;
        let rcpt = match self.step(Step::Rcpt, ends).await {
            Ok(reply) => reply,
            Err(lost) => return Err(rejection(Step::Mail, &mail).unwrap_or(lost)),
        };
        let refused = rejection(Step::Mail, &mail).or_else(|| rejection(Step::Rcpt, &rcpt));
        let data = match self.step(Step::Data, ends).await {
            Ok(reply) => reply,
            Err(lost) => return Err(refused.unwrap_or(lost)),
        };
        let Some(refused) = refused else {
            return self.permitted(&data);
        };
        let named_nobody = rejection(Step::Rcpt, &rcpt).is_some();
        match data.code {
            // RFC 2920 §3.1: no recipient, and still it waits for a message. It gets an empty one, for nobody.
            354 if named_nobody => {
                let dot = self.patience(self.deadlines.dot, ends);
                let ended = self.wire.write(b".\r\n", dot).await.is_ok();
                if ended && self.wire.reply(dot).await.is_ok_and(|reply| reply.code != 421) {
                    self.state = State::Ready;
                }
            }
            400..=599 => {
                self.needs_reset = rejection(Step::Mail, &mail).is_none();
                self.state = State::Ready;
            }
            _ => {}
        }
        Err(refused)
    }

    async fn begin_in_lockstep(&mut self, commands: &Commands, ends: Instant) -> Result<(), Outcome> {
        if std::mem::take(&mut self.needs_reset) {
            self.write(RESET, ends).await?;
            self.reset_reply(ends).await?;
        }
        for (step, command) in [(Step::Mail, &commands.mail), (Step::Rcpt, &commands.rcpt)] {
            self.write(command, ends).await?;
            let reply = self.step(step, ends).await?;
            if let Some(refused) = rejection(step, &reply) {
                self.needs_reset = step != Step::Mail;
                self.state = State::Ready;
                return Err(refused);
            }
        }
        self.write(DATA, ends).await?;
        let data = self.step(Step::Data, ends).await?;
        self.permitted(&data)
    }

    /// What the answer to DATA makes of an envelope that was taken.
    fn permitted(&mut self, data: &RawReply) -> Result<(), Outcome> {
        match data.code {
            354 => Ok(()),
            400..=599 => {
                self.needs_reset = true;
                self.state = State::Ready;
                Err(rejected(Step::Data, data.to_reply()))
            }
            _ => Err(out_of_step(Step::Data, data)),
        }
    }

    /// Reads the answer to `step`: one that belongs there, or the connection is lost.
    async fn step(&mut self, step: Step, ends: Instant) -> Result<RawReply, Outcome> {
        let each = match step {
            Step::Mail | Step::Rcpt => self.deadlines.envelope,
            Step::Data => self.deadlines.data,
            Step::Dot => self.deadlines.dot,
        };
        let patience = self.patience(each, ends);
        let reply = self.wire.reply(patience).await.map_err(|error| lost(step.name(), &error))?;
        match (step, reply.code) {
            (Step::Mail | Step::Rcpt, 300..=399) => Err(out_of_step(step, &reply)),
            // Nothing more comes after it.
            (_, 421) => Err(rejected(step, reply.to_reply())),
            _ => Ok(reply),
        }
    }

    async fn reset_reply(&mut self, ends: Instant) -> Result<(), Outcome> {
        let patience = self.patience(self.deadlines.envelope, ends);
        let reply = self.wire.reply(patience).await.map_err(|error| lost("RSET", &error))?;
        match reply.code {
            200..=299 => Ok(()),
            _ => Err(Outcome::NotSent(format!("RSET was answered {}", reply.to_reply()))),
        }
    }

    async fn write(&mut self, lines: &str, ends: Instant) -> Result<(), Outcome> {
        let patience = self.patience(self.deadlines.envelope, ends);
        match self.wire.write(lines.as_bytes(), patience).await {
            Ok(()) => Ok(()),
            // A server that hangs up mostly says why before.
            Err(error) => Err(match self.wire.reply(Patience::of(LAST_WORDS)).await {
                Ok(reply) if reply.code == 421 => Outcome::Slowed(reply.to_reply()),
                Ok(reply) => Outcome::NotSent(format!("the server hung up: {}", reply.to_reply())),
                Err(_) => lost("the envelope", &error),
            }),
        }
    }

    /// Writes the message, and its final dot once `release` says so; meanwhile the body is on its way.
    ///
    /// # Errors
    /// The outcome, when the dot is not to leave.
    async fn write_released(
        &mut self,
        message: &[&[u8]],
        release: impl Future<Output = bool>,
        block: Patience,
    ) -> Result<Result<(), Interrupted>, Outcome> {
        let not_sent = || Outcome::NotSent("the ledger could not be written".to_owned());
        tokio::pin!(release);
        let released = tokio::select! {
            biased;
            released = &mut release => Some(released),
            () = std::future::ready(()) => None,
        };
        match released {
            Some(true) => {
                self.dot_may_have_left = true;
                return Ok(self.wire.write_message(message, block).await);
            }
            Some(false) => return Err(not_sent()),
            None => {}
        }
        if let Err(error) = self.wire.write_body(message, block).await {
            return Ok(Err(Interrupted { error, dot_left: false }));
        }
        match block.limit(release).await {
            Some(true) => {
                self.dot_may_have_left = true;
                Ok(self.wire.write_dot(message, block).await)
            }
            Some(false) | None => Err(not_sent()),
        }
    }

    /// Waits for the answer to the final dot; if `next` is known before, sends its envelope.
    async fn reply_or_ahead(
        &mut self,
        patience: Patience,
        next: impl Future<Output = Option<(Envelope, usize)>>,
    ) -> Result<RawReply, WireError> {
        let next = tokio::select! {
            // A next message that is known already goes ahead before anything is read.
            biased;
            next = next, if self.server.pipelining && self.messages_left > 0 => next,
            reply = self.wire.reply(patience) => return reply,
        };
        if let Some((envelope, size)) = next
            // What cannot be sent says so when its turn comes.
            && let Ok(commands) = Commands::of(&envelope, size, &self.server)
        {
            // A server that takes nothing more may still have answered: that is what is read next.
            if self.wire.write(commands.group().as_bytes(), patience).await.is_ok() {
                self.sent_ahead = Some(commands);
            } else {
                self.messages_left = 0;
            }
        }
        let reply = self.wire.reply(patience).await?;
        if self.sent_ahead.is_some() && !self.wire.has_unread() {
            self.wire.stream().acknowledge();
        }
        Ok(reply)
    }

    async fn unasked(&mut self) -> Outcome {
        match self.wire.reply(Patience::of(LAST_WORDS)).await {
            // RFC 5321 §3.8: a server that closes may say so at any time.
            Ok(reply) if reply.code == 421 => Outcome::Slowed(reply.to_reply()),
            Ok(reply) => {
                Outcome::NotSent(format!("the server spoke without being asked: {}", reply.to_reply()))
            }
            Err(error) => Outcome::NotSent(format!("the server spoke without being asked, and then {error}")),
        }
    }

    fn patience(&self, each: Duration, ends: Instant) -> Patience {
        Patience { each, until: Some(ends) }
    }
}

impl<S: Stream> Permission<'_, S> {
    /// Sends the message, whose lines end in CRLF, with its final dot, and waits for the answer.
    pub async fn finish(self, message: &[u8]) -> Outcome {
        self.finish_before(&[message], std::future::ready(true), std::future::ready(None)).await
    }

    async fn finish_before(
        self,
        message: &[&[u8]],
        release: impl Future<Output = bool>,
        next: impl Future<Output = Option<(Envelope, usize)>>,
    ) -> Outcome {
        let Permission { connection, ends } = self;
        let block = connection.patience(connection.deadlines.block, ends);
        if FailPoint::MidBody.strikes() {
            // What is written up to there is on its way when the process dies.
            let whole = message.concat();
            let _ = connection.wire.write(&whole[..whole.len() / 2], block).await;
            std::process::abort();
        }
        let written = match connection.write_released(message, release, block).await {
            Ok(written) => written,
            Err(held) => return held,
        };
        if let Err(interrupted) = written {
            let why = lost("the message", &interrupted.error);
            return match why {
                Outcome::NotSent(why) if interrupted.dot_left => Outcome::Unanswered(why),
                // Refused in the middle, and hung up: what it said last is the answer.
                why => match connection.wire.reply(Patience::of(LAST_WORDS)).await {
                    Ok(reply) if (400..=599).contains(&reply.code) => rejected(Step::Dot, reply.to_reply()),
                    Ok(_) | Err(_) => why,
                },
            };
        }
        FailPoint::AfterDot.pass();
        let dot = connection.patience(connection.deadlines.dot, ends);
        let reply = match connection.reply_or_ahead(dot, next).await {
            Ok(reply) => reply,
            Err(error) => return Outcome::Unanswered(format!("after the final dot: {error}")),
        };
        connection.dot_may_have_left = false;
        match reply.code {
            200..=299 => {
                connection.state = State::Ready;
                Outcome::Accepted(reply.to_reply())
            }
            400..=599 => {
                connection.state = if reply.code == 421 { State::Unusable } else { State::Ready };
                rejected(Step::Dot, reply.to_reply())
            }
            _ => Outcome::Unanswered(format!("the final dot was answered {}", reply.to_reply())),
        }
    }
}

const RESET: &str = "RSET\r\n";
const DATA: &str = "DATA\r\n";

/// The lines of one envelope.
#[derive(Debug, PartialEq, Eq)]
struct Commands {
    mail: String,
    rcpt: String,
}

impl Commands {
    /// RFC 2920 §3.1: DATA comes last.
    fn group(&self) -> String {
        [&self.mail, &self.rcpt, DATA].concat()
    }

    fn of(envelope: &Envelope, size: usize, server: &Capabilities) -> Result<Self, Outcome> {
        if let Some(limit) = server.size.flatten().filter(|&limit| limit < size as u64) {
            // The messages of an edition are of one size: it is nobody's own trouble.
            return Err(Outcome::Halt(Reply {
                code: 552,
                enhanced: Some((5, 3, 4)),
                text: format!(
                    "5.3.4 not sent: the message has {size} octets, and the server takes {limit} (SIZE)"
                ),
            }));
        }
        let beyond_ascii = envelope.to.needs_smtputf8() || envelope.from.needs_smtputf8();
        if beyond_ascii && !server.smtputf8 {
            return Err(Outcome::Undeliverable(
                "the address has letters beyond ASCII before the @, and the server does not offer SMTPUTF8"
                    .to_owned(),
            ));
        }
        let size = if server.size.is_some() { format!(" SIZE={size}") } else { String::new() };
        let utf8 = if beyond_ascii { " SMTPUTF8" } else { "" };
        Ok(Commands {
            mail: format!("MAIL FROM:<{}>{size}{utf8}\r\n", envelope.from.to_path()),
            rcpt: format!("RCPT TO:<{}>\r\n", envelope.to.to_path()),
        })
    }
}

fn rejection(step: Step, reply: &RawReply) -> Option<Outcome> {
    (400..=599).contains(&reply.code).then(|| rejected(step, reply.to_reply()))
}

fn lost(what: &str, error: &WireError) -> Outcome {
    Outcome::NotSent(format!("at {what}: {error}"))
}

fn out_of_step(step: Step, reply: &RawReply) -> Outcome {
    Outcome::NotSent(format!("{} was answered {}; the connection was closed", step.name(), reply.to_reply()))
}

//! What a refusal means: for this reader later, for this address never again, or for the whole run.

use crate::delivery::{Outcome, Reply};

/// What was asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Mail,
    Rcpt,
    Data,
    /// The final dot.
    Dot,
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Step::Mail => "MAIL",
            Step::Rcpt => "RCPT",
            Step::Data => "DATA",
            Step::Dot => "the final dot",
        }
    }
}

/// The outcome of a 4xx or 5xx at `step`.
pub(super) fn rejected(step: Step, reply: Reply) -> Outcome {
    match (step, reply.code) {
        (Step::Dot, 421) => Outcome::Closed(reply),
        (Step::Dot, 400..=499) => Outcome::Deferred(reply),
        // They speak of the service as a whole: slow the run, not this reader.
        (_, 421 | 454) => Outcome::Slowed(reply),
        (Step::Rcpt, 400..=499) if speaks_of_a_rate(&reply) => Outcome::SlowedThere(reply),
        (_, 400..=499) if speaks_of_a_rate(&reply) => Outcome::Slowed(reply),
        (_, 400..=499) => Outcome::Deferred(reply),
        // Nobody has been named yet, so it is about us.
        (Step::Mail, _) => Outcome::Halt(reply),
        // RFC 5321 §4.5.3.1.10: 552 at RCPT is what 452 should be.
        (Step::Rcpt, 552) => Outcome::Deferred(reply),
        (Step::Rcpt, _) if speaks_of_the_address(&reply) => Outcome::Bounced(reply),
        (Step::Rcpt | Step::Data | Step::Dot, _) => Outcome::Refused(reply),
    }
}

/// Whether a 4xx says that we send too much or too fast, rather than anything of this reader.
fn speaks_of_a_rate(reply: &Reply) -> bool {
    const RATE: [&str; 12] = [
        "too many messages",
        "too many mails",
        "too many connections",
        "too many recipients from",
        "too many errors",
        "too much mail",
        "too fast",
        "rate limit",
        "rate-limit",
        "ratelimit",
        "throttl",
        "slow down",
    ];
    match reply.enhanced {
        // The mailbox gets too much, from whomever; or one transaction has too many recipients (RFC 3463 §3.3, §3.6).
        Some((4, 2, _) | (4, 5, 3)) => false,
        Some(_) | None => {
            let text = reply.text.to_ascii_lowercase();
            RATE.iter().any(|words| text.contains(words))
                && !text.contains("reylist")
                && !text.contains("raylist")
        }
    }
}

/// Whether a 5xx to RCPT says that the address itself is dead.
///
/// The enhanced code decides where it says anything (RFC 3463 §3.2, §3.3). Without one, or with an unspecific one, the
/// text must speak of the mailbox and not of policy: to keep a dead address costs a refusal a day, to strike off a
/// living one costs a reader.
#[must_use]
pub fn speaks_of_the_address(reply: &Reply) -> bool {
    if !(500..=599).contains(&reply.code) {
        return false;
    }
    match reply.enhanced {
        // The sender's address, or a relay's trouble.
        Some((5, 1, 7..=9)) => false,
        Some((5, 1, 1..)) | Some((5, 2, 1)) => true,
        Some((5, 0, 0) | (5, 1, 0) | (5, 5, 0)) | None => {
            matches!(reply.code, 550 | 551 | 553) && text_speaks_of_the_mailbox(&reply.text)
        }
        Some(_) => false,
    }
}

/// Whether a refusal says that the message is too large for the server (RFC 1870 §6.1), rather than anything of us.
#[must_use]
pub fn speaks_of_the_size(reply: &Reply) -> bool {
    let own_words = matches!(reply.enhanced, None | Some((5, 2, 3) | (5, 3, 4) | (5, 0 | 3, 0)));
    reply.code == 552 && own_words
}

fn text_speaks_of_the_mailbox(text: &str) -> bool {
    const MAILBOX: [&str; 24] = [
        "user unknown",
        "unknown user",
        "unknown recipient",
        "recipient unknown",
        "unknown address",
        "no such user",
        "no such recipient",
        "no such mailbox",
        "no such address",
        "no mailbox",
        "not a valid mailbox",
        "does not exist",
        "doesn't exist",
        "user not found",
        "recipient not found",
        "mailbox not found",
        "mailbox unavailable",
        "user doesn",
        "invalid recipient",
        "invalid mailbox",
        "mailbox is disabled",
        "mailbox disabled",
        "account is disabled",
        "account has been disabled",
    ];
    const POLICY: [&str; 18] = [
        "spam",
        "block",
        "policy",
        "blacklist",
        "denylist",
        "reputation",
        "listed",
        "spf",
        "dkim",
        "dmarc",
        "relay",
        "sender",
        "greylist",
        "rate limit",
        "too many",
        "authenticat",
        "helo",
        "reverse",
    ];
    let text = text.to_ascii_lowercase();
    MAILBOX.iter().any(|words| text.contains(words)) && !POLICY.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        let mut parser = super::super::reply::Parser::default();
        parser.line(text.as_bytes()).unwrap().unwrap().to_reply()
    }

    #[test]
    fn a_5xx_to_rcpt_bounces_only_when_it_speaks_of_the_address() {
        for (text, bounces) in [
            ("550 5.1.1 <x>: Recipient address rejected: User unknown", true),
            ("550 5.1.1 blocked", true),
            ("550 5.1.2 bad domain", true),
            ("553 5.1.3 bad syntax", true),
            ("550 5.1.6 moved", true),
            ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", true),
            ("550 5.2.1 The email account that you tried to reach is inactive", true),
            ("550 No such user here", true),
            ("551 User not local; unknown user", true),
            ("550 5.5.0 Requested action not taken: mailbox unavailable", true),
            ("550 5.0.0 user unknown", true),
            ("550 5.1.7 bad sender address", false),
            ("550 5.1.8 sender's domain does not exist", false),
            ("552 5.2.2 mailbox full", false),
            ("550 5.2.0 mailbox unavailable", false),
            ("550 5.4.1 Recipient address rejected: Access denied", false),
            ("550 5.7.1 relaying denied", false),
            ("550 5.7.515 Access denied, sending domain does not meet the level", false),
            ("550 5.7.26 unauthenticated mail", false),
            ("550 rejected", false),
            ("550 mailbox unavailable: blocked by spam policy", false),
            ("550 Sender domain does not exist", false),
            ("554 user unknown", false),
            ("450 4.1.1 user unknown", false),
        ] {
            assert_eq!(speaks_of_the_address(&reply(text)), bounces, "{text}");
        }
    }

    #[test]
    fn a_552_speaks_of_the_size_unless_it_names_something_else() {
        for (text, is_size) in [
            ("552 message size exceeds fixed maximum message size", true),
            ("552 5.3.4 too big", true),
            ("552 5.2.3 longer than is allowed", true),
            ("552 5.0.0 no", true),
            ("552 5.2.2 sender over quota", false),
            ("552 5.7.0 blocked for its content", false),
            ("550 5.3.4 too big", false),
            ("452 4.3.1 no room just now", false),
        ] {
            assert_eq!(speaks_of_the_size(&reply(text)), is_size, "{text}");
        }
    }

    #[test]
    fn each_step_has_its_outcomes() {
        use Step::{Data, Dot, Mail, Rcpt};
        for (step, text, wanted) in [
            (Mail, "550 no", "halt"),
            (Mail, "530 5.7.0 authentication required", "halt"),
            (Mail, "552 5.3.4 too big", "halt"),
            (Mail, "451 4.3.0 later", "deferred"),
            (Mail, "421 4.7.0 bye", "slowed"),
            (Mail, "454 4.7.0 slow down", "slowed"),
            (Mail, "450 4.7.1 Error: too much mail from 192.0.2.1", "slowed"),
            (Mail, "451 4.7.0 Rate limit exceeded, try again in a minute", "slowed"),
            (Rcpt, "450 4.7.1 Error: too many recipients from 192.0.2.1", "slowed there"),
            (Rcpt, "450 4.7.28 Rate limit exceeded for this domain", "slowed there"),
            (Rcpt, "450 4.2.1 The user is receiving mail at a rate limited", "deferred"),
            (Rcpt, "451 4.7.1 greylisted: too many messages from the unknown", "deferred"),
            (Rcpt, "550 5.1.1 gone", "bounced"),
            (Rcpt, "550 5.7.1 no", "refused"),
            (Rcpt, "552 5.2.2 full", "deferred"),
            (Rcpt, "452 4.5.3 too many", "deferred"),
            (Rcpt, "451 4.7.1 greylisted", "deferred"),
            (Rcpt, "421 bye", "slowed"),
            (Data, "554 no", "refused"),
            (Data, "451 later", "deferred"),
            (Data, "421 bye", "slowed"),
            (Dot, "554 5.7.1 spam", "refused"),
            (Dot, "552 too big", "refused"),
            (Dot, "451 later", "deferred"),
            (Dot, "421 bye", "closed"),
        ] {
            let outcome = match rejected(step, reply(text)) {
                Outcome::Halt(_) => "halt",
                Outcome::Deferred(_) => "deferred",
                Outcome::Slowed(_) => "slowed",
                Outcome::Closed(_) => "closed",
                Outcome::SlowedThere(_) => "slowed there",
                Outcome::Bounced(_) => "bounced",
                Outcome::Refused(_) => "refused",
                other => panic!("{other:?}"),
            };
            assert_eq!(outcome, wanted, "{step:?} {text}");
        }
    }
}

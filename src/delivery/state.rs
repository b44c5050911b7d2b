//! The state machine of a delivery and its back-off: pure, with time as an argument.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Outcome, Reply};
use crate::config::UncertainPolicy;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// Is on record as about to be sent, or on the wire.
    Sending,
    /// A server took responsibility for it.
    Sent,
    /// Waits for its `due_at` after a 4xx.
    Deferred,
    /// Will not be sent; the reason is on record.
    Failed,
    /// May or may not have been accepted; waits for a person.
    Uncertain,
    /// Will not be sent: the subscriber left between publishing and sending, or the edition was cancelled.
    Suppressed,
}

impl State {
    /// Every state, in the order a delivery takes.
    pub const ALL: [State; 7] = [
        State::Queued,
        State::Sending,
        State::Sent,
        State::Deferred,
        State::Failed,
        State::Uncertain,
        State::Suppressed,
    ];

    /// The word used in the store and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Deferred => "deferred",
            State::Failed => "failed",
            State::Uncertain => "uncertain",
            State::Suppressed => "suppressed",
        }
    }

    /// The state of a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the delivery still has something to wait for without a person.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            State::Queued | State::Sending | State::Deferred => true,
            State::Sent | State::Failed | State::Uncertain | State::Suppressed => false,
        }
    }
}

/// What a delivery becomes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The new state.
    pub state: State,
    /// When it is due again, for `Queued` and `Deferred`.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether the attempt counts towards the back-off.
    pub spends_attempt: bool,
    /// Whether the address itself is dead.
    pub bounces_address: bool,
    /// Whether an uncertain attempt is to be kept on record.
    pub records_uncertain: bool,
    /// The reason in words, for `Failed`, `Deferred` and `Uncertain`.
    pub reason: Option<String>,
}

/// When a deferred delivery is tried again, and when it is given up.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// After how long since publishing a deferred delivery fails as expired.
    pub give_up_after: Duration,
}

impl Backoff {
    /// Waiting time after the `attempt`th deferral (from 1): 5 minutes outlive greylisting, then longer, at most 2 hours.
    #[must_use]
    pub fn delay(attempt: u32) -> Duration {
        let minutes = match attempt {
            0 | 1 => 5,
            2 => 10,
            3 => 20,
            4 => 40,
            5 => 60,
            _ => 120,
        };
        Duration::from_secs(60 * minutes)
    }
}

/// Moves a delivery on after `outcome`.
///
/// `attempt` counts from 1 and includes this one; `uncertain_before` is how many uncertain attempts it already has.
#[must_use]
pub fn next_state(
    outcome: &Outcome,
    attempt: u32,
    uncertain_before: u32,
    queued_at: DateTime<Utc>,
    now: DateTime<Utc>,
    backoff: Backoff,
    policy: UncertainPolicy,
) -> Next {
    let plain = Next {
        state: State::Sent,
        due_at: None,
        spends_attempt: true,
        bounces_address: false,
        records_uncertain: false,
        reason: None,
    };
    let words = |reply: &Reply| Some(reply.to_string());
    match outcome {
        Outcome::Accepted(_) => plain,
        Outcome::Deferred(reply) | Outcome::Closed(reply) => {
            next_after_deferral(reply.to_string(), attempt, queued_at, now, backoff)
        }
        Outcome::Bounced(reply) => {
            Next { state: State::Failed, bounces_address: true, reason: words(reply), ..plain }
        }
        Outcome::Refused(reply) => Next { state: State::Failed, reason: words(reply), ..plain },
        Outcome::Undeliverable(why) => Next { state: State::Failed, reason: Some(why.clone()), ..plain },
        // The reader waits where they were until a person has mended what is ours.
        Outcome::Halt(reply) => Next {
            state: State::Queued,
            due_at: Some(now),
            spends_attempt: false,
            reason: words(reply),
            ..plain
        },
        Outcome::Slowed(reply) => Next {
            state: State::Queued,
            due_at: Some(now),
            spends_attempt: false,
            reason: words(reply),
            ..plain
        },
        Outcome::SlowedThere(reply) => next_after_refusal(reply, now, Backoff::delay(1)),
        Outcome::NotSent(why) => Next {
            state: State::Queued,
            due_at: Some(now),
            spends_attempt: false,
            reason: Some(why.clone()),
            ..plain
        },
        Outcome::Unanswered(why) => {
            let reason = Some(why.clone());
            match policy {
                // As MTAs do: once more, under the same Message-ID; a second time is for a person.
                UncertainPolicy::Resend if uncertain_before == 0 => {
                    Next { state: State::Queued, due_at: Some(now), records_uncertain: true, reason, ..plain }
                }
                UncertainPolicy::Resend | UncertainPolicy::Hold => {
                    Next { state: State::Uncertain, records_uncertain: true, reason, ..plain }
                }
            }
        }
    }
}

/// After so many attempts in a row that came to nothing, a delivery is put off as after a 4xx: it may be the message
/// itself that kills each connection.
pub const FRUITLESS: u32 = 5;

/// Moves a delivery on after [`FRUITLESS`] attempts of which none came to an answer; arguments as for [`next_state`].
#[must_use]
pub fn next_after_fruitless(
    why: &str,
    attempt: u32,
    queued_at: DateTime<Utc>,
    now: DateTime<Utc>,
    backoff: Backoff,
) -> Next {
    let why = format!("{FRUITLESS} attempts in a row came to nothing: {why}");
    next_after_deferral(why, attempt, queued_at, now, backoff)
}

/// Moves a delivery on that was refused, or slowed down, while it is not known of whom that speaks: it waits for so long at
/// most, and nothing is spent.
#[must_use]
pub fn next_after_refusal(reply: &Reply, now: DateTime<Utc>, at_most: Duration) -> Next {
    Next {
        state: State::Deferred,
        due_at: Some(now + at_most),
        spends_attempt: false,
        bounces_address: false,
        records_uncertain: false,
        reason: Some(reply.to_string()),
    }
}

/// Moves a message on that is better sent twice than never, after the `before + 1`st dot without an answer: it is sent once
/// more, later each time.
#[must_use]
pub fn next_after_silence(why: &str, before: u32, now: DateTime<Utc>) -> Next {
    Next {
        state: State::Deferred,
        due_at: Some(now + Backoff::delay(before + 1)),
        spends_attempt: false,
        bounces_address: false,
        records_uncertain: true,
        reason: Some(why.to_owned()),
    }
}

/// Puts a delivery off for `reason`: later, or never when that would be too late. Arguments as for [`next_state`].
#[must_use]
pub fn next_after_deferral(
    reason: String,
    attempt: u32,
    queued_at: DateTime<Utc>,
    now: DateTime<Utc>,
    backoff: Backoff,
) -> Next {
    let due_at = now + Backoff::delay(attempt);
    let is_late = due_at > queued_at + backoff.give_up_after;
    Next {
        state: if is_late { State::Failed } else { State::Deferred },
        due_at: (!is_late).then_some(due_at),
        spends_attempt: true,
        bounces_address: false,
        records_uncertain: false,
        reason: Some(if is_late { format!("expired: {reason}") } else { reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_leaves_the_delivery_where_it_was() {
        let now = DateTime::from_timestamp(1_762_239_600, 0).unwrap();
        let reply = Reply { code: 550, enhanced: None, text: "sender refused".to_owned() };
        let next = next_state(
            &Outcome::Halt(reply),
            3,
            0,
            now - Duration::from_secs(24 * 3600),
            now,
            Backoff { give_up_after: Duration::from_secs(20 * 3600) },
            UncertainPolicy::Hold,
        );
        let wanted = Next {
            state: State::Queued,
            due_at: Some(now),
            spends_attempt: false,
            bounces_address: false,
            records_uncertain: false,
            reason: Some("550 sender refused".to_owned()),
        };
        assert_eq!(next, wanted);
    }

    #[test]
    fn what_comes_to_nothing_again_and_again_is_put_off_and_expires_in_the_end() {
        let queued_at = DateTime::from_timestamp(1_762_239_600, 0).unwrap();
        let backoff = Backoff { give_up_after: Duration::from_secs(3600) };
        let next = |attempt, minutes: u64| {
            let now = queued_at + Duration::from_secs(60 * minutes);
            next_after_fruitless("the server hung up", attempt, queued_at, now, backoff)
        };
        let first = next(1, 1);
        assert_eq!(
            (first.state, first.due_at),
            (State::Deferred, Some(queued_at + Duration::from_secs(6 * 60)))
        );
        assert!(first.spends_attempt && !first.bounces_address && !first.records_uncertain);
        let third = next(3, 30);
        assert_eq!(third.due_at, Some(queued_at + Duration::from_secs(50 * 60)));
        let last = next(4, 59);
        assert_eq!((last.state, last.due_at), (State::Failed, None));
        assert_eq!(
            last.reason.as_deref(),
            Some("expired: 5 attempts in a row came to nothing: the server hung up")
        );
    }
}

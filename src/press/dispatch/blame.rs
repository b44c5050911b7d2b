//! Of whom a refusal speaks, or a silence after the dot: of one reader, or of us. Pure.
//!
//! One refusal alone cannot tell. So that nobody pays for what is ours, a refused delivery is put off until a message is
//! accepted that was begun behind it: then it was its own. When several are refused in a row it is us, and all of them go
//! back.

use tokio::time::Instant;

use crate::delivery::Reply;
use crate::store::Refusal;

/// After how many refusals in a row, from whichever connection, the run halts.
const SEVERAL: usize = 10;
/// The same for a run that finds out whether a halt is over.
const SEVERAL_AFTER_A_HALT: usize = 3;
/// Those who were refused before are refused for themselves once so many others have been sent to since.
pub(super) const OTHERS: u64 = SEVERAL as u64;
/// The run halts when so many messages more are left without an answer, one after another, once one was.
const SILENCES: u32 = 3;

/// What has been refused, or left without an answer, since a message was accepted.
#[derive(Debug)]
pub(super) struct Blame {
    /// A halt is on record, and nothing has got through since.
    is_probe: bool,
    /// Each with the moment at which it was heard.
    refused: Vec<(Refusal, Instant)>,
    last_words: Option<String>,
    silent_since: Option<Instant>,
    silences: u32,
    has_accepted: bool,
}

impl Blame {
    /// Of a run that has sent nothing yet.
    pub(super) fn new(is_probe: bool) -> Self {
        let refused = Vec::new();
        Blame { is_probe, refused, last_words: None, silent_since: None, silences: 0, has_accepted: false }
    }

    /// A message was accepted that was begun at `begun`. Gives the refusals before that: each was about its own reader or
    /// message.
    pub(super) fn accepted(&mut self, begun: Instant) -> Vec<Refusal> {
        (self.is_probe, self.silent_since, self.has_accepted) = (false, None, true);
        self.silences = 0;
        self.refused.extract_if(.., |(_, heard)| *heard < begun).map(|(refusal, _)| refusal).collect()
    }

    /// Whether what is undecided at the end of the list was its own: when so many of the edition were `sent`, and this run
    /// does not have to find out whether a halt is over.
    pub(super) fn is_theirs(&self, sent: u64) -> bool {
        let refused = self.refused.len() as u64;
        let is_known = self.has_accepted || !self.is_probe;
        is_known && (refused == 1 || sent >= refused)
    }

    /// A delivery was refused, and has been put off. Gives why the run halts, if it does.
    pub(super) fn refused(&mut self, refusal: Refusal, reply: &Reply, now: Instant) -> Option<String> {
        self.refused.push((refusal, now));
        self.last_words = Some(reply.to_string());
        let several = if self.is_probe { SEVERAL_AFTER_A_HALT } else { SEVERAL };
        (self.refused.len() >= several).then(|| self.told())
    }

    /// A message that was begun at `begun` was left without an answer to its dot. Gives why the run halts, if it does.
    ///
    /// All that were on the wire when a server dies are one silence; one that was begun after it is another.
    pub(super) fn unanswered(&mut self, begun: Instant, now: Instant) -> Option<String> {
        match self.silent_since {
            Some(since) if begun > since => self.silences += 1,
            Some(_) => {}
            None => self.silent_since = Some(now),
        }
        let most = if self.is_probe { 0 } else { SILENCES };
        (self.silences >= most).then(|| {
            "the server takes our messages and does not say whether it keeps them: those may have arrived, and are on \
             record as uncertain"
                .to_owned()
        })
    }

    /// How the refusals since the last acceptance are told.
    pub(super) fn told(&self) -> String {
        let last = self.last_words.as_deref().unwrap_or_default();
        format!("the server refused {} messages in a row, the last with: {last}", self.refused.len())
    }

    /// Whether it is known of whom each refusal speaks.
    pub(super) fn is_decided(&self) -> bool {
        self.refused.is_empty()
    }

    /// The refusals of which it has not been found out of whom they speak.
    pub(super) fn undecided(&mut self) -> Vec<Refusal> {
        std::mem::take(&mut self.refused).into_iter().map(|(refusal, _)| refusal).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::EditionId;
    use crate::subscriber::SubscriberId;

    fn of(reader: i64) -> Refusal {
        Refusal { edition: EditionId(1), subscriber: SubscriberId(reader), attempt: 1 }
    }

    fn no() -> Reply {
        Reply { code: 550, enhanced: Some((5, 7, 1)), text: "5.7.1 not from you".to_owned() }
    }

    #[test]
    fn a_refusal_between_two_acceptances_was_its_own() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        let mut blame = Blame::new(false);
        assert_eq!(blame.accepted(began), []);
        for reader in 0..100 {
            let at = 2 * reader as u64;
            assert_eq!(blame.refused(of(reader), &no(), later(at)), None);
            assert_eq!(blame.accepted(later(at + 1)), [of(reader)]);
        }
        assert_eq!(blame.undecided(), []);
    }

    #[test]
    fn a_slow_acceptance_says_nothing_of_what_was_refused_meanwhile() {
        let began = Instant::now();
        let mut blame = Blame::new(false);
        blame.refused(of(1), &no(), began);
        let slow = began + Duration::from_secs(1);
        blame.refused(of(2), &no(), began + Duration::from_secs(2));
        assert_eq!(blame.accepted(slow), [of(1)]);
        assert_eq!(blame.undecided(), [of(2)]);
    }

    #[test]
    fn ten_in_a_row_are_ours_and_three_when_a_halt_is_on_record() {
        let now = Instant::now();
        for (is_probe, several) in [(false, 10), (true, 3)] {
            let mut blame = Blame::new(is_probe);
            let halts: Vec<bool> =
                (1..=several).map(|n| blame.refused(of(n), &no(), now).is_some()).collect();
            assert_eq!(halts.iter().position(|halts| *halts), Some(halts.len() - 1), "{is_probe}");
            assert!(
                blame.told().contains(&format!("refused {several} messages in a row, the last with: 550"))
            );
            assert_eq!(blame.undecided().len(), halts.len());
        }
        let mut over = Blame::new(true);
        over.accepted(now);
        assert!((1..10).all(|n| over.refused(of(n), &no(), now).is_none()), "the halt is over");
    }

    #[test]
    fn what_is_refused_last_is_its_own_where_more_were_sent_to() {
        let now = Instant::now();
        for (is_probe, accepts, refused, sent, theirs) in [
            (false, true, 1, 0, true),
            (false, true, 3, 3, true),
            (false, true, 3, 2, false),
            (false, false, 3, 0, false),
            (true, false, 1, 100, false),
            (true, true, 2, 100, true),
        ] {
            let mut blame = Blame::new(is_probe);
            if accepts {
                blame.accepted(now);
            }
            for n in 0..refused {
                blame.refused(of(n), &no(), now);
            }
            assert_eq!(blame.is_theirs(sent), theirs, "{is_probe} {accepts} {refused} {sent}");
        }
    }

    #[test]
    fn what_was_on_the_wire_when_a_server_died_is_one_silence() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        let mut blame = Blame::new(false);
        assert!((0..16).all(|_| blame.unanswered(began, later(1)).is_none()));
        assert_eq!(blame.unanswered(later(2), later(3)), None);
        assert_eq!(blame.unanswered(later(4), later(5)), None);
        assert!(blame.unanswered(later(6), later(7)).is_some(), "and three more");

        let mut answering = Blame::new(false);
        for hour in 0..9 {
            let at = 3_600 * hour;
            assert_eq!(answering.unanswered(later(at), later(at + 1)), None);
            answering.accepted(later(at));
        }
        assert!(Blame::new(true).unanswered(began, later(1)).is_some(), "one is enough after a halt");
    }
}

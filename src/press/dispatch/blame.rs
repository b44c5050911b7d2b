//! Of whom a refusal speaks, or a silence after the dot: of one reader, or of us. Pure.
//!
//! One refusal alone cannot tell. So that nobody pays for what is ours, a refused delivery is put off until another
//! message is accepted: then it was its own. When several are refused in a row it is us, and all of them go back.

use tokio::time::Instant;

use crate::delivery::Reply;
use crate::store::Refusal;

/// After how many refusals in a row, from whichever connection, the run halts.
const SEVERAL: usize = 10;
/// The same for a run that finds out whether a halt is over.
const SEVERAL_AFTER_A_HALT: usize = 3;
/// The run halts when so many messages more are left without an answer, one after another, once one was.
const SILENCES: u32 = 3;

/// What has been refused, or left without an answer, since a message was accepted.
#[derive(Debug)]
pub(super) struct Blame {
    /// A halt is on record, and nothing has got through since.
    is_probe: bool,
    refused: Vec<Refusal>,
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

    /// A message was accepted. Gives the refusals before it: each was about its own reader or message.
    pub(super) fn accepted(&mut self) -> Vec<Refusal> {
        (self.is_probe, self.silent_since, self.has_accepted) = (false, None, true);
        self.silences = 0;
        std::mem::take(&mut self.refused)
    }

    /// Whether a message was accepted in this run.
    pub(super) fn has_accepted(&self) -> bool {
        self.has_accepted
    }

    /// A delivery was refused, and has been put off. Gives why the run halts, if it does.
    pub(super) fn refused(&mut self, refusal: Refusal, reply: &Reply) -> Option<String> {
        self.refused.push(refusal);
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

    /// The refusals of which it has not been found out of whom they speak.
    pub(super) fn undecided(&mut self) -> Vec<Refusal> {
        std::mem::take(&mut self.refused)
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
        let mut blame = Blame::new(false);
        assert_eq!(blame.accepted(), []);
        for reader in 0..100 {
            assert_eq!(blame.refused(of(reader), &no()), None);
            assert_eq!(blame.accepted(), [of(reader)]);
        }
        assert_eq!(blame.undecided(), []);
    }

    #[test]
    fn ten_in_a_row_are_ours_and_three_when_a_halt_is_on_record() {
        for (is_probe, several) in [(false, 10), (true, 3)] {
            let mut blame = Blame::new(is_probe);
            let halts: Vec<bool> = (1..=several).map(|n| blame.refused(of(n), &no()).is_some()).collect();
            assert_eq!(halts.iter().position(|halts| *halts), Some(halts.len() - 1), "{is_probe}");
            assert!(
                blame.told().contains(&format!("refused {several} messages in a row, the last with: 550"))
            );
            assert_eq!(blame.undecided().len(), halts.len());
        }
        let mut over = Blame::new(true);
        over.accepted();
        assert!((1..10).all(|n| over.refused(of(n), &no()).is_none()), "the halt is over");
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
            answering.accepted();
        }
        assert!(Blame::new(true).unanswered(began, later(1)).is_some(), "one is enough after a halt");
    }
}

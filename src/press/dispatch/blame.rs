//! Of whom a refusal speaks, or a silence after the dot: of one reader, of everybody at a domain, or of us. Pure.
//!
//! One refusal alone cannot tell. So that nobody pays for what is ours, a refused delivery is put off until a message is
//! accepted that was begun behind it: then it was its own. When several are refused in a row it is us, and all of them go
//! back.
//!
//! That an address is unknown is believed only once somebody else at its domain was accepted behind it, or at the end of
//! the list: a relay or a provider whose directory is out says so of everybody, and would strike the whole list off.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::Reply;
use crate::store::{Refusal, Refused};

/// After how many refusals in a row, from whichever connection, the run halts.
const SEVERAL: usize = 10;
/// The same for a run that finds out whether a halt is over.
const SEVERAL_AFTER_A_HALT: usize = 3;
/// Those who were refused before are refused for themselves once so many others have been sent to since.
pub(super) const OTHERS: u64 = SEVERAL as u64;
/// The run halts when so many messages more are left without an answer, one after another, once one was.
const SILENCES: u32 = 3;
/// A domain at which so many are unknown, and nobody was accepted behind them, is left alone for a while.
const MANY_AT_A_DOMAIN: usize = 20;
/// For how long.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(30 * 60);
/// Over how many answers it is looked whether nearly everybody is unknown.
const RECENT: usize = 50;
/// How many unknown addresses are kept in mind until somebody at their domain is accepted.
const HELD: usize = 4_096;
/// Of how many domains it is kept in mind that somebody there was accepted.
const ALIVE: usize = 10_000;

/// A refusal of which it has not been found out of whom it speaks.
#[derive(Debug)]
struct Suspect {
    refusal: Refusal,
    heard: Instant,
    domain: String,
}

/// What a refusal says of more than its reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// It speaks of us: the run halts, for this reason.
    Halt(String),
    /// It speaks of a domain: all who are there wait, and these behind the others. Told unless it has been.
    Domain { domain: String, unknown: Vec<Refusal>, told: Option<String> },
}

/// What has been refused, or left without an answer, since a message was accepted.
#[derive(Debug)]
pub(super) struct Blame {
    /// A halt is on record, and nothing has got through since.
    is_probe: bool,
    /// Refused in a row, since a message was accepted.
    refused: Vec<Suspect>,
    /// Unknown addresses behind which others were accepted, and nobody at their own domain.
    held: HashMap<String, Vec<(Refusal, Instant)>>,
    held_count: usize,
    /// Domains at which somebody was accepted, and nobody has been unknown since.
    alive: HashSet<String>,
    /// Whether each of the last addresses was unknown.
    recent: VecDeque<bool>,
    /// Domains that are left alone, and since when.
    left_alone: HashMap<String, Instant>,
    last_words: Option<String>,
    silent_since: Option<Instant>,
    silences: u32,
    has_accepted: bool,
    /// The edition has been sent to somebody before this run.
    has_sent: bool,
}

impl Blame {
    /// Of a run that has sent nothing yet, of an edition that was sent to somebody or not.
    pub(super) fn new(is_probe: bool, has_sent: bool) -> Self {
        Blame {
            is_probe,
            refused: Vec::new(),
            held: HashMap::new(),
            held_count: 0,
            alive: HashSet::new(),
            recent: VecDeque::with_capacity(RECENT),
            left_alone: HashMap::new(),
            last_words: None,
            silent_since: None,
            silences: 0,
            has_accepted: false,
            has_sent,
        }
    }

    /// A message to `domain` was accepted that was begun at `begun`. Gives the refusals before that which were about
    /// their own reader or message.
    pub(super) fn accepted(&mut self, domain: &str, begun: Instant) -> Vec<Refusal> {
        (self.is_probe, self.silent_since, self.has_accepted) = (false, None, true);
        self.silences = 0;
        self.note_recent(false);
        let mut own = Vec::new();
        for Suspect { refusal, heard, domain } in self.refused.extract_if(.., |one| one.heard < begun) {
            match refusal.of {
                Refused::Message => own.push(refusal),
                Refused::Address => {
                    self.held.entry(domain).or_default().push((refusal, heard));
                    self.held_count += 1;
                }
            }
        }
        if self.are_nearly_all_unknown() {
            return own;
        }
        let before = own.len();
        if self.held_count > HELD {
            own.extend(self.held.drain().flat_map(|(_, held)| held).map(|(refusal, _)| refusal));
        } else if let Some(held) = self.held.get_mut(domain) {
            own.extend(held.extract_if(.., |(_, heard)| *heard < begun).map(|(refusal, _)| refusal));
            if held.is_empty() {
                self.held.remove(domain);
            }
        }
        self.held_count -= own.len() - before;
        let is_alive =
            !self.held.contains_key(domain) && !self.refused.iter().any(|one| one.is_unknown_at(domain));
        if is_alive && self.alive.len() < ALIVE && !self.alive.contains(domain) {
            self.alive.insert(domain.to_owned());
        }
        own
    }

    /// Whether what is undecided at the end of the list was its own: when enough of the edition were `sent`, and this run
    /// does not have to find out whether a halt is over.
    pub(super) fn is_theirs(&self, sent: u64) -> bool {
        let messages = self.refused.iter().filter(|one| one.refusal.of == Refused::Message).count() as u64;
        let all = self.refused.len() as u64 + self.held_count as u64;
        let is_known = self.has_accepted || !self.is_probe;
        is_known && (all == 1 || (sent >= messages && 3 * sent >= all))
    }

    /// Whether somebody at `domain` was accepted, and nobody there has been unknown since.
    pub(super) fn is_alive(&self, domain: &str) -> bool {
        self.alive.contains(domain)
    }

    /// A delivery to `domain` was refused, and has been put off. Gives what that says of others, if it does.
    ///
    /// `in_a_row` is false of one that was refused before, while many others have been sent to since.
    pub(super) fn refused(
        &mut self,
        refusal: Refusal,
        domain: &str,
        in_a_row: bool,
        reply: &Reply,
        now: Instant,
    ) -> Option<Alarm> {
        self.last_words = Some(reply.to_string());
        if refusal.of == Refused::Address {
            if self.left_alone.get(domain).is_some_and(|since| now < *since + LEFT_ALONE) {
                // It was on its way when the domain was given up for a while.
                return Some(Alarm::Domain { domain: domain.to_owned(), unknown: vec![refusal], told: None });
            }
            self.alive.remove(domain);
            // One that is asked again in the same run is still one.
            if let Some(held) = self.held.get_mut(domain) {
                let before = held.len();
                held.retain(|(earlier, _)| earlier.subscriber != refusal.subscriber);
                self.held_count -= before - held.len();
            }
        }
        if in_a_row {
            self.note_recent(refusal.of == Refused::Address);
            self.refused.push(Suspect { refusal, heard: now, domain: domain.to_owned() });
        } else {
            self.held.entry(domain.to_owned()).or_default().push((refusal, now));
            self.held_count += 1;
        }
        if self.are_many_in_a_row() || self.is_hardly_anybody_known() {
            return Some(Alarm::Halt(self.told()));
        }
        let is_unknown = refusal.of == Refused::Address;
        (is_unknown && self.unknown_at(domain) >= MANY_AT_A_DOMAIN)
            .then(|| self.take_domain(domain, reply, now))
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

    /// How what is undecided is told.
    pub(super) fn told(&self) -> String {
        let last = self.last_words.as_deref().unwrap_or_default();
        let (in_a_row, all) = (self.refused.len(), self.refused.len() + self.held_count);
        if self.are_many_in_a_row() || in_a_row == all {
            return format!("the server refused {in_a_row} messages in a row, the last with: {last}");
        }
        if self.is_hardly_anybody_known() {
            let unknown = self.recent.iter().filter(|unknown| **unknown).count();
            return format!(
                "the server does not know {unknown} of the last {RECENT} readers, the last with: {last}"
            );
        }
        format!("the server refused {all} messages, the last with: {last}")
    }

    /// Whether it is known of whom each refusal speaks.
    pub(super) fn is_decided(&self) -> bool {
        self.refused.is_empty() && self.held.is_empty()
    }

    /// The refusals of which it has not been found out of whom they speak.
    pub(super) fn undecided(&mut self) -> Vec<Refusal> {
        self.held_count = 0;
        let held = std::mem::take(&mut self.held).into_values().flatten().map(|(refusal, _)| refusal);
        let refused = std::mem::take(&mut self.refused).into_iter().map(|one| one.refusal);
        held.chain(refused).collect()
    }

    fn note_recent(&mut self, unknown: bool) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(unknown);
    }

    fn is_hardly_anybody_known(&self) -> bool {
        self.recent.len() == RECENT && self.are_nearly_all_unknown()
    }

    /// No list that is written to is so stale.
    fn are_nearly_all_unknown(&self) -> bool {
        let unknown = self.recent.iter().filter(|unknown| **unknown).count();
        4 * unknown >= 3 * self.recent.len().max(1)
    }

    /// Whether so many were refused in a row that it speaks of us. Where others of the edition were taken, those who are
    /// unknown at one domain speak of that.
    fn are_many_in_a_row(&self) -> bool {
        let several = if self.is_probe { SEVERAL_AFTER_A_HALT } else { SEVERAL };
        self.refused.len() >= several && (self.is_probe || !self.are_of_one_domain_among_others())
    }

    fn are_of_one_domain_among_others(&self) -> bool {
        let Some(first) = self.refused.first() else { return false };
        (self.has_accepted || self.has_sent)
            && self.refused.iter().all(|one| one.is_unknown_at(&first.domain))
    }

    fn unknown_at(&self, domain: &str) -> usize {
        self.held.get(domain).map_or(0, Vec::len)
            + self.refused.iter().filter(|one| one.is_unknown_at(domain)).count()
    }

    fn take_domain(&mut self, domain: &str, reply: &Reply, now: Instant) -> Alarm {
        let held = self.held.remove(domain).unwrap_or_default();
        self.held_count -= held.len();
        let unknown: Vec<Refusal> = held
            .into_iter()
            .map(|(refusal, _)| refusal)
            .chain(self.refused.extract_if(.., |one| one.is_unknown_at(domain)).map(|one| one.refusal))
            .collect();
        self.left_alone.insert(domain.to_owned(), now);
        let told = format!("the server does not know {} readers at {domain}: {reply}", unknown.len());
        Alarm::Domain { domain: domain.to_owned(), unknown, told: Some(told) }
    }
}

impl Suspect {
    fn is_unknown_at(&self, domain: &str) -> bool {
        self.refusal.of == Refused::Address && self.domain == domain
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::EditionId;
    use crate::subscriber::{AddressPrint, SubscriberId};

    const HERE: &str = "example.org";

    fn of(reader: i64) -> Refusal {
        let (asked, of) = (AddressPrint::of("a@example.org"), Refused::Message);
        Refusal { edition: EditionId(1), subscriber: SubscriberId(reader), attempt: 1, asked, of }
    }

    fn unknown(reader: i64) -> Refusal {
        Refusal { of: Refused::Address, ..of(reader) }
    }

    /// Refuses `refusal` in a row with the others.
    fn refuse(blame: &mut Blame, refusal: Refusal, domain: &str, now: Instant) -> Option<Alarm> {
        blame.refused(refusal, domain, true, &no(), now)
    }

    fn no() -> Reply {
        Reply { code: 550, enhanced: Some((5, 7, 1)), text: "5.7.1 not from you".to_owned() }
    }

    #[test]
    fn a_refusal_between_two_acceptances_was_its_own() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        let mut blame = Blame::new(false, false);
        assert_eq!(blame.accepted(HERE, began), []);
        for reader in 0..100 {
            let at = 2 * reader as u64;
            assert_eq!(refuse(&mut blame, of(reader), HERE, later(at)), None);
            assert_eq!(blame.accepted(HERE, later(at + 1)), [of(reader)]);
        }
        assert_eq!(blame.undecided(), []);
    }

    #[test]
    fn a_slow_acceptance_says_nothing_of_what_was_refused_meanwhile() {
        let began = Instant::now();
        let mut blame = Blame::new(false, false);
        refuse(&mut blame, of(1), HERE, began);
        let slow = began + Duration::from_secs(1);
        refuse(&mut blame, of(2), HERE, began + Duration::from_secs(2));
        assert_eq!(blame.accepted(HERE, slow), [of(1)]);
        assert_eq!(blame.undecided(), [of(2)]);
    }

    #[test]
    fn ten_in_a_row_are_ours_and_three_when_a_halt_is_on_record() {
        let now = Instant::now();
        for (is_probe, several) in [(false, 10), (true, 3)] {
            let mut blame = Blame::new(is_probe, false);
            let halts: Vec<bool> =
                (1..=several).map(|n| refuse(&mut blame, of(n), HERE, now).is_some()).collect();
            assert_eq!(halts.iter().position(|halts| *halts), Some(halts.len() - 1), "{is_probe}");
            assert!(
                blame.told().contains(&format!("refused {several} messages in a row, the last with: 550"))
            );
            assert_eq!(blame.undecided().len(), halts.len());
        }
        let mut over = Blame::new(true, false);
        over.accepted(HERE, now);
        assert!((1..10).all(|n| refuse(&mut over, of(n), HERE, now).is_none()), "the halt is over");
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
            let mut blame = Blame::new(is_probe, false);
            if accepts {
                blame.accepted(HERE, now);
            }
            for n in 0..refused {
                refuse(&mut blame, of(n), HERE, now);
            }
            assert_eq!(blame.is_theirs(sent), theirs, "{is_probe} {accepts} {refused} {sent}");
        }
    }

    #[test]
    fn what_was_on_the_wire_when_a_server_died_is_one_silence() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        let mut blame = Blame::new(false, false);
        assert!((0..16).all(|_| blame.unanswered(began, later(1)).is_none()));
        assert_eq!(blame.unanswered(later(2), later(3)), None);
        assert_eq!(blame.unanswered(later(4), later(5)), None);
        assert!(blame.unanswered(later(6), later(7)).is_some(), "and three more");

        let mut answering = Blame::new(false, false);
        for hour in 0..9 {
            let at = 3_600 * hour;
            assert_eq!(answering.unanswered(later(at), later(at + 1)), None);
            answering.accepted(HERE, later(at));
        }
        assert!(Blame::new(true, false).unanswered(began, later(1)).is_some(), "one is enough after a halt");
    }

    #[test]
    fn an_address_is_unknown_once_somebody_at_its_domain_is_accepted_behind_it() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        let mut blame = Blame::new(false, false);
        assert_eq!(blame.accepted("a.example", began), []);
        refuse(&mut blame, unknown(1), "a.example", later(1));
        refuse(&mut blame, unknown(2), "b.example", later(1));
        assert_eq!(blame.accepted("c.example", later(2)), [], "that says nothing of them");
        assert!(!blame.is_alive("a.example") && blame.is_alive("c.example"));
        assert_eq!(blame.accepted("a.example", later(3)), [unknown(1)]);
        assert!(blame.is_alive("a.example"));
        assert!(blame.is_theirs(3), "few of the list are left");
        assert_eq!(blame.undecided(), [unknown(2)]);
        assert!(blame.is_decided());
    }

    #[test]
    fn a_stale_list_is_struck_off_and_one_of_which_nearly_nobody_is_known_is_not() {
        // Of so many in ten the server knows nobody: how many fail, and whether the run halts.
        for (stale, failed, halts) in [(2, 200, false), (5, 500, false), (7, 700, false), (9, 0, true)] {
            let began = Instant::now();
            let mut blame = Blame::new(false, false);
            let (mut own, mut halted) = (0, false);
            for reader in 0..1_000 {
                let at = began + Duration::from_secs(2 * reader);
                let domain = format!("d{}.example", reader / 10 % 40);
                if reader % 10 < 10 - stale {
                    own += blame.accepted(&domain, at).len();
                } else if let Some(alarm) = refuse(&mut blame, unknown(reader as i64), &domain, at) {
                    assert!(
                        matches!(&alarm, Alarm::Halt(why) if why.contains("of the last 50 readers")),
                        "{alarm:?}"
                    );
                    halted = true;
                    break;
                }
            }
            if !halted && blame.is_theirs(1_000 - 100 * stale) {
                own += blame.undecided().len();
            }
            assert_eq!((own, halted), (failed, halts), "{stale} in ten");
        }
    }

    #[test]
    fn who_is_unknown_at_one_domain_speaks_of_that_where_others_are_taken() {
        let began = Instant::now();
        let later = |seconds| began + Duration::from_secs(seconds);
        for has_sent in [true, false] {
            let mut blame = Blame::new(false, has_sent);
            let alarms: Vec<Option<Alarm>> =
                (0..20).map(|reader| refuse(&mut blame, unknown(reader), HERE, later(1))).collect();
            let first = alarms.iter().position(Option::is_some);
            if !has_sent {
                assert_eq!(first, Some(9), "nobody was taken: it may be us");
                continue;
            }
            assert_eq!(first, Some(19));
            let Some(Alarm::Domain { domain, unknown: waiting, told }) = &alarms[19] else {
                panic!("{alarms:?}")
            };
            assert_eq!((domain.as_str(), waiting.len()), (HERE, 20));
            assert!(
                told.as_ref().is_some_and(|told| told.contains("not know 20 readers at example.org: 550"))
            );
            assert!(blame.is_decided(), "all of them are put off");
            // Those that were on their way follow them without a word; half an hour later it begins anew.
            let late = refuse(&mut blame, unknown(20), HERE, later(2));
            let unknown_too = vec![unknown(20)];
            assert_eq!(
                late,
                Some(Alarm::Domain { domain: HERE.to_owned(), unknown: unknown_too, told: None })
            );
            assert_eq!(refuse(&mut blame, unknown(21), HERE, later(1_802)), None);
        }
    }

    #[test]
    fn one_who_is_asked_again_is_one() {
        let began = Instant::now();
        let mut blame = Blame::new(false, true);
        for asked in 0..30 {
            let at = began + Duration::from_secs(60 * asked);
            let again = Refusal { attempt: asked as u32, ..unknown(1) };
            assert_eq!(blame.refused(again, HERE, false, &no(), at), None);
        }
        assert_eq!(blame.undecided().len(), 1);
    }

    #[test]
    fn unknown_addresses_at_domains_of_their_own_are_not_kept_in_mind_without_end() {
        let began = Instant::now();
        let mut blame = Blame::new(false, false);
        let mut own = 0;
        for reader in 0..20_000 {
            let at = began + Duration::from_secs(2 * reader);
            own += blame.accepted(HERE, at).len();
            let domain = format!("d{reader}.example");
            assert_eq!(refuse(&mut blame, unknown(reader as i64), &domain, at), None);
            assert!(blame.held_count <= HELD + 1 && blame.alive.len() <= ALIVE);
        }
        own += blame.undecided().len();
        assert_eq!(own, 20_000);
    }
}

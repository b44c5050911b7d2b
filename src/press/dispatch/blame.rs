//! Of whom a refusal speaks, or a silence after the dot: of one reader, of everybody at a domain, or of us. Pure.
//!
//! One refusal alone cannot tell, the second of a reader no more than the first: a quota or an outage says the same of
//! everybody. So that nobody pays for what is ours, a refused delivery is put off until somebody else at its domain is
//! accepted whose message was begun behind it, or until the end of the list: then it was its own.
//!
//! When several are refused in a row at one domain, the others are asked first: once one of those is accepted it is the
//! domain, and that waits by itself. When it is several domains, or there are no others, it is us, and all who were refused
//! go back.
//!
//! Where one of several servers behind a name refuses what the others take, nobody is meant. So a refusal is not believed
//! before somebody behind it is accepted over its own connection, too.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::anew::Anew;
use super::connections::{Connections, Over, Word};
use crate::delivery::{Backoff, Reply};
use crate::store::{Before, Refusal, Refused, SentTo};
use crate::subscriber::SubscriberId;

/// After how many refusals in a row, from whichever connection, the run halts; as many at one domain, and the others are
/// asked first.
const SEVERAL: usize = 10;
/// Of those no domain counts for more, unless there are no others.
const OF_A_DOMAIN: usize = 5;
/// After so many in a row it halts that finds out whether a halt is over. Each is at a domain of its own, where there are
/// several.
const SEVERAL_AFTER_A_HALT: usize = 3;
/// That grows with how many were refused before, so that the dead at the head of a list are soon behind it; to this at most.
const MOST_AFTER_A_HALT: usize = 50;
/// The run halts when so many messages more are left without an answer, one after another, once one was.
const SILENCES: u32 = 3;
/// A domain at which so many are refused, and nobody was accepted behind them, is left alone for a while.
const MANY_AT_A_DOMAIN: usize = 20;
/// For how long.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(30 * 60);
/// Over how many answers it is looked whether nearly everybody is refused.
const RECENT: usize = 50;
/// Of those so many refused messages are us: that is seldom a reader's own. No domain counts for more than five.
const MESSAGES_OF_RECENT: usize = 13;
/// How many refusals are kept in mind until somebody at their domain is accepted.
const HELD: usize = 4_096;

/// A refusal of which it has not been found out of whom it speaks.
#[derive(Debug)]
struct Suspect {
    refusal: Refusal,
    heard: Instant,
    at: DateTime<Utc>,
    domain: String,
    words: String,
    asked: Asked,
    over: Over,
    /// Somebody at the domain was accepted behind it: what is left is to know that its connection is sound.
    is_likely_own: bool,
}

impl Suspect {
    /// Whether they have not been asked anew yet.
    fn is_new_to(&self, anew: &Anew) -> bool {
        anew.is_new(self.refusal.subscriber, self.asked == Asked::Again)
    }
}

/// One of the last answers that was a refusal.
#[derive(Debug)]
struct Recent {
    of: Refused,
    domain: String,
    over: Over,
}

/// Whether somebody who is refused had been refused by an earlier try of the same edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    First,
    Again,
}

/// Of whom it speaks that so many were refused in a row, by whichever node in whichever run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InAll {
    Us,
    Domain(String),
}

/// What becomes at the end of the list of those of whom nothing was found out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AtTheEnd {
    /// These domains wait by themselves.
    pub(super) domains: Vec<Alarm>,
    pub(super) rest: Rest,
}

/// What becomes of those who are at no such domain.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// They were refused for what is their own.
    Theirs,
    /// They stay put off, and are asked again with others who are.
    AskedAgain,
    /// It is us: why the run halts.
    Ours(String),
}

/// What a refusal says of more than its reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// It speaks of us: the run halts, for this reason.
    Halt(String),
    /// It may speak of this domain: the others are asked first.
    Others(String),
    /// It speaks of a domain: all who are there wait, and these behind the others. Told unless it has been.
    Domain { domain: String, refused: Vec<Refusal>, told: Option<Told> },
}

/// How it is told that a domain waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// What was refused of everybody there: all their addresses, or the messages.
    pub(super) of: Refused,
    pub(super) why: String,
}

/// Of whom it speaks that less is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LessFor {
    /// Of us.
    All,
    /// Of the recipient's domain, as it seems.
    TheDomain,
}

/// What an acceptance, or the end of the list, has found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoundOut {
    /// These were refused for what is their own.
    pub(super) own: Vec<Refusal>,
    /// At these domains less is wanted, in the server's words: all who are there wait.
    pub(super) slow: Vec<(String, String)>,
    /// These are asked anew among the others: whether they were refused for what is their own is not known.
    pub(super) anew: Vec<Refusal>,
}

/// What is done once everybody has been asked who could be.
#[derive(Debug, Default)]
pub(super) struct Through {
    pub(super) alarm: Option<Alarm>,
    /// At these domains less is wanted, in the server's words: all who are there wait.
    pub(super) slow: Vec<(String, String)>,
    /// These were put off for their domain's sake, and it was not their domain.
    pub(super) acquitted: Vec<Refusal>,
}

/// A domain of which the server said that less is wanted, and behind which nobody else has been accepted yet.
#[derive(Debug)]
struct Slow {
    words: String,
    heard: Instant,
    rows: Vec<Refusal>,
}

/// What has been refused, or left without an answer, since a message was accepted.
#[derive(Debug)]
pub(super) struct Blame {
    /// A halt is on record, and nothing has got through since.
    is_probe: bool,
    /// A halt was on record when it began, or whom the edition was refused in one had not been asked again.
    is_after_a_halt: bool,
    /// How many those were.
    refused_before: usize,
    /// Refused in a row, since a message was accepted.
    refused: Vec<Suspect>,
    /// Refusals behind which others were accepted, and nobody at their own domain.
    held: HashMap<String, Vec<Suspect>>,
    held_count: usize,
    /// Messages behind which others were accepted at their own domain: theirs, unless so many are refused that it is us.
    likely_own: Vec<Refusal>,
    /// What the last answers refused.
    recent: VecDeque<Option<Recent>>,
    connections: Connections,
    /// One of them was broken: there may be more.
    has_broken: bool,
    /// How many those refused, and what was said last.
    broken: Option<(usize, String)>,
    /// Whom connections refused that ended before they had accepted anybody behind.
    anew: Anew,
    /// Domains behind which the others are asked first, since a message was accepted.
    behind: HashSet<String>,
    /// Only those are left to ask.
    are_no_others: bool,
    /// Domains that waited by themselves when it began, as all know.
    waiting: HashSet<String>,
    /// Domains that are left alone, and since when.
    left_alone: HashMap<String, Instant>,
    /// Domains of which less is wanted, since a message was accepted.
    slow: HashMap<String, Slow>,
    /// The same where it has been found out that it is the domain, and until when all there wait.
    slow_until: HashMap<String, Instant>,
    /// Put off for their domain's sake, and it was not their domain.
    not_slow: Vec<Refusal>,
    /// Where messages were accepted; before this run, too, unless it has to find out whether a halt is over.
    sent_to: SentTo,
    last_words: Option<String>,
    silent_since: Option<Instant>,
    silences: u32,
    has_accepted: bool,
}

impl Blame {
    /// Of a run that has sent nothing yet, of an edition that stands so.
    pub(super) fn new(is_probe: bool, before: Before) -> Self {
        Blame {
            is_probe,
            is_after_a_halt: is_probe || before.refused > 0,
            refused_before: before.refused,
            refused: Vec::new(),
            held: HashMap::new(),
            held_count: 0,
            likely_own: Vec::new(),
            recent: VecDeque::with_capacity(RECENT),
            connections: Connections::default(),
            has_broken: false,
            broken: None,
            anew: Anew::default(),
            behind: HashSet::new(),
            are_no_others: false,
            waiting: before.waiting,
            left_alone: HashMap::new(),
            slow: HashMap::new(),
            slow_until: HashMap::new(),
            not_slow: Vec::new(),
            sent_to: if is_probe { SentTo::Nobody } else { before.sent_to },
            last_words: None,
            silent_since: None,
            silences: 0,
            has_accepted: false,
        }
    }

    /// The same where one of several servers was found to be broken before.
    pub(super) fn after_a_broken(self, has_broken: bool) -> Self {
        Blame { has_broken, ..self }
    }

    /// A connection stands, where there may have been another before.
    pub(super) fn connected(&mut self, before: Option<Over>) -> Over {
        if let Some(before) = before {
            self.connections.end(before);
        }
        if self.connections.ended() > 2 * HELD {
            let these = self.suspects().map(|one| one.over).collect();
            self.connections.forget_ended_but(&these);
        }
        self.connections.open()
    }

    /// Somebody was accepted. If they had been refused over a connection that has ended, that was broken.
    pub(super) fn taken(&mut self, subscriber: SubscriberId) {
        self.has_broken |= self.anew.taken(subscriber);
    }

    /// How many were refused over connections that refuse what others take, and in which words, if that is to be told.
    pub(super) fn broken(&self) -> Option<(usize, &str)> {
        let broken = self.broken.as_ref().map(|(count, words)| (*count, words.as_str()));
        match (broken, self.anew.told()) {
            (Some((count, words)), Some((more, _))) => Some((count + more, words)),
            (broken, anew) => broken.or(anew),
        }
    }

    /// Whom a connection refused that refuses what others take, and in which words: it is broken, and they are to be asked over
    /// another. Nothing while it is not.
    pub(super) fn refused_by_a_broken(&mut self, over: Over) -> Option<(Vec<Refusal>, String)> {
        if !self.connections.is_broken(over) {
            return None;
        }
        self.connections.end(over);
        self.has_broken = true;
        self.recent.retain(|recent| recent.as_ref().is_none_or(|recent| recent.over != over));
        let refused = self.take_suspects(|one, _| one.over == over);
        let words = self.last_words.clone().unwrap_or_default();
        // Of all whom it refused something else may have been found out before.
        if !refused.is_empty() {
            let before = self.broken.as_ref().map_or(0, |(count, _)| *count);
            self.broken = Some((before + refused.len(), words.clone()));
        }
        Some((refused, words))
    }

    /// A message to `domain` was accepted `over` a connection that was begun at `begun`. Gives the refusals before that
    /// which were about their own reader or message, and the domains that are slower than others.
    pub(super) fn accepted(&mut self, domain: &str, over: Over, begun: Instant) -> FoundOut {
        (self.is_probe, self.silent_since, self.has_accepted) = (false, None, true);
        self.silences = 0;
        self.waiting.remove(domain);
        self.note_recent(None);
        match &self.sent_to {
            SentTo::Nobody => self.sent_to = SentTo::One(domain.to_owned()),
            SentTo::One(first) if first != domain => self.sent_to = SentTo::Several,
            SentTo::One(_) | SentTo::Several => {}
        }
        let slow = self.slower_than(domain, begun);
        let mut anew = Vec::new();
        for one in self.refused.extract_if(.., |one| one.heard < begun) {
            if self.connections.word(one.over, one.heard) == Word::Never && one.is_new_to(&self.anew) {
                self.anew.ask(one.refusal.subscriber, &one.words);
                anew.push(one.refusal);
                continue;
            }
            self.held.entry(one.domain.clone()).or_default().push(one);
            self.held_count += 1;
        }
        if self.refused.is_empty() {
            self.behind.clear();
        }
        self.connections.accepted(over, begun);
        if self.are_nearly_all_refused() {
            return FoundOut { slow, anew, ..FoundOut::default() };
        }
        let mut own = Vec::new();
        if self.held_count > HELD {
            own.extend(self.let_go_of_the_held());
        } else {
            for one in self.held.get_mut(domain).into_iter().flatten().filter(|one| one.heard < begun) {
                let is_new = !std::mem::replace(&mut one.is_likely_own, true);
                if is_new && self.connections.word(one.over, one.heard) == Word::Open {
                    self.connections.is_waited_for(one.over, domain);
                }
            }
            for refusal in self.take_own(domain, &mut anew) {
                match refusal.of {
                    Refused::Message => self.likely_own.push(refusal),
                    Refused::Address => own.push(refusal),
                }
            }
        }
        if self.recent.len() == RECENT && self.messages_refused() < MESSAGES_OF_RECENT {
            own.append(&mut self.likely_own);
        }
        FoundOut { own, slow, anew }
    }

    /// Too many are kept in mind. It was their own, but of those whom a connection refused that may be broken: they stay put
    /// off, and are asked again later.
    fn let_go_of_the_held(&mut self) -> Vec<Refusal> {
        self.held_count = 0;
        let mut own = Vec::new();
        for one in std::mem::take(&mut self.held).into_values().flatten() {
            self.anew.forget(one.refusal.subscriber);
            let is_own = match self.connections.word(one.over, one.heard) {
                Word::Sound => true,
                Word::Open => !self.connections.is_suspicious(one.over),
                Word::Never => !self.has_broken,
            };
            if is_own {
                own.push(one.refusal);
            }
        }
        own
    }

    /// Whom their refusal is likely to mean, at `domain` or wherever something new is known of a connection. Of whom nothing
    /// more will be known is asked `anew`, once; and stays put off, where that has shown that a connection was broken.
    fn take_own(&mut self, domain: &str, anew: &mut Vec<Refusal>) -> Vec<Refusal> {
        let news = self.connections.take_news();
        let (connections, has_broken) = (&self.connections, self.has_broken);
        let has_word = has_broken || self.anew.has_answers();
        let is_decided = |one: &mut Suspect| {
            one.is_likely_own
                && match connections.word(one.over, one.heard) {
                    Word::Sound => true,
                    Word::Open => false,
                    Word::Never => has_word || one.is_new_to(&self.anew),
                }
        };
        let mut decided = Vec::new();
        for domain in news.iter().map(String::as_str).chain([domain]) {
            let Some(held) = self.held.get_mut(domain) else { continue };
            decided.extend(held.extract_if(.., is_decided));
            if held.is_empty() {
                self.held.remove(domain);
            }
        }
        self.held_count -= decided.len();
        let mut own = Vec::new();
        for one in decided {
            let word = self.connections.word(one.over, one.heard);
            if word == Word::Never && one.is_new_to(&self.anew) {
                self.anew.ask(one.refusal.subscriber, &one.words);
                anew.push(one.refusal);
                continue;
            }
            self.anew.forget(one.refusal.subscriber);
            if word == Word::Sound || !has_broken {
                own.push(one.refusal);
            }
        }
        own
    }

    /// Whom a connection refused that has accepted nobody behind them, while others were accepted over others: they are asked
    /// over another. Once more, if they are few, and on and on where one was broken.
    fn refused_in_doubt(&mut self) -> Vec<Refusal> {
        let (has_broken, are_few) = (self.has_broken, self.undecided_count() < SEVERAL);
        let is_new = |one: &Suspect| one.asked == Asked::First;
        let is_meant = |one: &Suspect| has_broken || (are_few && is_new(one));
        if self.is_after_a_halt {
            return Vec::new();
        }
        self.take_suspects(|one, connections| is_meant(one) && connections.is_doubtful(one.over))
    }

    /// Takes out whom `is_meant` names of those who are suspected.
    fn take_suspects(&mut self, is_meant: impl Fn(&Suspect, &Connections) -> bool) -> Vec<Refusal> {
        let is_meant = |one: &mut Suspect| is_meant(one, &self.connections);
        let mut taken: Vec<Refusal> = self.refused.extract_if(.., is_meant).map(|one| one.refusal).collect();
        let in_a_row = taken.len();
        self.held.retain(|_, held| {
            taken.extend(held.extract_if(.., is_meant).map(|one| one.refusal));
            !held.is_empty()
        });
        self.held_count -= taken.len() - in_a_row;
        taken
    }

    /// Whether the server has taken a message in this run.
    pub(super) fn has_accepted(&self) -> bool {
        self.has_accepted
    }

    /// Which of the domains of which less is wanted are so by themselves, now that one at `domain` was accepted.
    fn slower_than(&mut self, domain: &str, begun: Instant) -> Vec<(String, String)> {
        if let Some(not_slow) = self.slow.remove(domain) {
            self.not_slow.extend(not_slow.rows);
        }
        let mut slow = Vec::new();
        for (domain, Slow { words, .. }) in self.slow.extract_if(|_, one| one.heard < begun) {
            self.slow_until.insert(domain.clone(), begun + Backoff::delay(1));
            slow.push((domain, words));
        }
        slow
    }

    /// Less is wanted for `domain`, or of us: `row` was put off for it. It is the domain that waits, and the others are
    /// asked first, until another domain is refused so too.
    pub(super) fn slowed(&mut self, row: Refusal, domain: &str, reply: &Reply, now: Instant) -> LessFor {
        if self.slow_until.get(domain).is_some_and(|until| now < *until) {
            return LessFor::TheDomain;
        }
        if self.are_no_others || self.slow.keys().any(|other| other != domain) {
            self.not_slow.extend(self.slow.drain().flat_map(|(_, slow)| slow.rows));
            return LessFor::All;
        }
        self.behind.insert(domain.to_owned());
        let slow = self.slow.entry(domain.to_owned());
        let slow = slow.or_insert_with(|| Slow { words: reply.to_string(), heard: now, rows: Vec::new() });
        slow.rows.push(row);
        LessFor::TheDomain
    }

    /// A delivery to `domain` was refused, and has been put off. Gives what that says of others, if it does.
    pub(super) fn refused(
        &mut self,
        refusal: Refusal,
        domain: &str,
        reply: &Reply,
        (asked, over): (Asked, Over),
        (at, now): (DateTime<Utc>, Instant),
    ) -> Option<Alarm> {
        let words = reply.to_string();
        self.last_words = Some(words.clone());
        if self.left_alone.get(domain).is_some_and(|since| now < *since + LEFT_ALONE) {
            // It was on its way when the domain was given up for a while.
            return Some(Alarm::Domain { domain: domain.to_owned(), refused: vec![refusal], told: None });
        }
        // One that is asked again in the same run is still one.
        if let Some(held) = self.held.get_mut(domain) {
            let before = held.len();
            held.retain(|earlier| earlier.refusal.subscriber != refusal.subscriber);
            self.held_count -= before - held.len();
        }
        self.refused.retain(|earlier| earlier.refusal.subscriber != refusal.subscriber);
        self.connections.refused(over, domain);
        if !self.anew.refused(refusal.subscriber) {
            self.note_recent(Some(Recent { of: refusal.of, domain: domain.to_owned(), over }));
        }
        self.refused.push(Suspect {
            refusal,
            heard: now,
            at,
            domain: domain.to_owned(),
            words,
            asked,
            over,
            is_likely_own: false,
        });
        if self.are_many_in_a_row() || self.is_hardly_anybody_taken() {
            return Some(Alarm::Halt(self.told()));
        }
        let in_a_row = self.in_a_row_at(domain);
        // Where somebody there was accepted behind them it is not the domain.
        let held = self.held.get(domain).into_iter().flatten().filter(|one| !one.is_likely_own).count();
        if self.is_accepted_elsewhere(domain) && held + in_a_row >= MANY_AT_A_DOMAIN {
            return Some(self.take_domain(domain, now));
        }
        let several = if self.is_probe { 1 } else { SEVERAL };
        (!self.are_no_others && in_a_row >= several && self.behind.insert(domain.to_owned()))
            .then(|| Alarm::Others(domain.to_owned()))
    }

    /// Everybody has been asked who could be, but for those behind whom the others went first.
    pub(super) fn list_is_through(&mut self, now: Instant) -> Through {
        let in_doubt = self.refused_in_doubt();
        let in_a_row = self.refused.iter().filter(|one| !self.is_waiting(&one.domain)).count();
        let alarm =
            (in_a_row >= self.several() && self.one_domain().is_none()).then(|| Alarm::Halt(self.told()));
        let (mut slow, mut acquitted) = (Vec::new(), std::mem::take(&mut self.not_slow));
        acquitted.extend(in_doubt);
        for (domain, one) in std::mem::take(&mut self.slow) {
            if self.is_accepted_elsewhere(&domain) {
                self.slow_until.insert(domain.clone(), now + Backoff::delay(1));
                slow.push((domain, one.words));
            } else {
                acquitted.extend(one.rows);
            }
        }
        self.are_no_others = !self.behind.is_empty() && slow.is_empty();
        self.behind.clear();
        Through { alarm, slow, acquitted }
    }

    /// The one domain of which all that is undecided speaks, if others were accepted.
    fn one_domain(&self) -> Option<&str> {
        let domain = match self.refused.first() {
            Some(first) => first.domain.as_str(),
            None => self.held.keys().next()?,
        };
        let is_one = self.held.keys().all(|held| held == domain)
            && self.refused.iter().all(|one| one.domain == domain);
        (is_one && self.is_accepted_elsewhere(domain)).then_some(domain)
    }

    /// Whether it waited by itself when this began, and others are accepted: what it refuses says nothing of these.
    fn is_waiting(&self, domain: &str) -> bool {
        self.waiting.contains(domain) && self.is_accepted_elsewhere(domain)
    }

    fn is_accepted_elsewhere(&self, domain: &str) -> bool {
        match &self.sent_to {
            SentTo::Nobody => false,
            SentTo::One(first) => first != domain,
            SentTo::Several => true,
        }
    }

    /// What becomes of the undecided at the end of the list, where so many of the edition were `sent` and so many are `open`.
    pub(super) fn at_the_end(
        &mut self,
        in_all: Option<InAll>,
        sent: u64,
        open: u64,
        now: Instant,
    ) -> AtTheEnd {
        let told = self.told();
        // Those stay put off whom a connection refused that may be broken, and are asked over another later.
        // (After a halt one that has accepted somebody may refuse what a quota leaves over.)
        let (has_broken, is_after_a_halt) = (self.has_broken, self.is_after_a_halt);
        self.take_suspects(|one, connections| match has_broken {
            true => {
                connections.word(one.over, one.heard) != Word::Sound && connections.is_suspicious(one.over)
            }
            false => {
                connections.is_doubtful(one.over) && (!is_after_a_halt || connections.is_untried(one.over))
            }
        });
        let mut many = HashMap::<String, usize>::new();
        // Where somebody was accepted behind them it is not their domain.
        for one in self.suspects().filter(|one| !one.is_likely_own) {
            *many.entry(one.domain.clone()).or_default() += 1;
        }
        let are_others_open = open > self.undecided_count() as u64;
        let is_ours = match &in_all {
            Some(InAll::Us) => true,
            Some(InAll::Domain(domain)) => !self.is_accepted_elsewhere(domain),
            None => false,
        };
        if is_ours {
            return AtTheEnd { domains: Vec::new(), rest: Rest::Ours(told) };
        }
        many.retain(|domain, count| {
            let is_the_one = matches!(&in_all, Some(InAll::Domain(one)) if one == domain);
            (is_the_one || *count >= OF_A_DOMAIN || self.waiting.contains(domain))
                && self.is_accepted_elsewhere(domain)
        });
        let mut domains: Vec<Alarm> = many.into_keys().map(|domain| self.take_domain(&domain, now)).collect();
        let rest = if self.is_decided() {
            Rest::Theirs
        } else if self.is_theirs(sent) {
            match are_others_open && self.suspects().any(|one| one.asked == Asked::First) {
                true => Rest::AskedAgain,
                false => Rest::Theirs,
            }
        } else if let Some(domain) = self.one_domain().map(str::to_owned) {
            domains.push(self.take_domain(&domain, now));
            Rest::Theirs
        } else {
            Rest::Ours(told)
        };
        AtTheEnd { domains, rest }
    }

    fn undecided_count(&self) -> usize {
        self.refused.len() + self.held_count + self.likely_own.len()
    }

    fn suspects(&self) -> impl Iterator<Item = &Suspect> {
        self.held.values().flatten().chain(&self.refused)
    }

    /// Whether what is undecided at the end of the list was its own: when enough of the edition were `sent`, and this run
    /// does not have to find out whether a halt is over. A quota that is used up comes back after a halt: several in a row
    /// at the end are not their own then.
    fn is_theirs(&self, sent: u64) -> bool {
        let messages = self.suspects().filter(|one| one.refusal.of == Refused::Message).count();
        let (messages, all) = ((messages + self.likely_own.len()) as u64, self.undecided_count() as u64);
        if self.is_after_a_halt && self.refused.len() >= SEVERAL_AFTER_A_HALT {
            return false;
        }
        let is_known = self.has_accepted || !self.is_probe;
        is_known && (all == 1 || (sent >= messages && 3 * sent >= all))
    }

    /// After when refusals may be in a row with those of other nodes and of earlier runs, where the edition was sent to
    /// somebody at `last_sent` for the last time.
    pub(super) fn in_a_row_since(&self, last_sent: DateTime<Utc>) -> DateTime<Utc> {
        let before = |first: &Suspect| first.at - TimeDelta::milliseconds(1);
        self.refused.first().map_or(last_sent, |first| last_sent.min(before(first)))
    }

    /// Of whom it speaks that readers at these domains, one each, were refused by whichever node in whichever run since then,
    /// when it was `sent` to so many meanwhile; nothing when those are few.
    pub(super) fn in_all(&self, domains: &[String], sent: u64) -> Option<InAll> {
        let mut at = HashMap::<&str, usize>::new();
        let is_known = |domain: &&String| self.left_alone.contains_key(*domain) || self.is_waiting(domain);
        for domain in domains.iter().filter(|domain| !is_known(domain)) {
            *at.entry(domain).or_default() += 1;
        }
        at.retain(|_, count| *count < MANY_AT_A_DOMAIN);
        let refused: usize = at.values().sum();
        let mut of = at.into_keys().map(str::to_owned);
        // What other nodes had on the wire comes through meanwhile.
        if refused < SEVERAL || sent > refused as u64 {
            return None;
        }
        match (of.next(), of.next()) {
            (Some(domain), None) => Some(InAll::Domain(domain)),
            _ => Some(InAll::Us),
        }
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
        let (in_a_row, all) = (self.refused.len(), self.undecided_count());
        if in_a_row >= self.several() || in_a_row == all {
            return self.told_in_a_row(in_a_row);
        }
        if self.is_hardly_anybody_taken() {
            let (refused, recent) = (self.recently_refused().count(), self.recent.len());
            return format!(
                "the server refused {refused} of the last {recent} messages, the last with: {last}"
            );
        }
        match all {
            1 => self.told_in_a_row(1),
            _ => format!("the server refused {all} messages, the last with: {last}"),
        }
    }

    /// How it is told that so many were refused in a row, by whichever node in whichever run.
    pub(super) fn told_in_a_row(&self, count: usize) -> String {
        let last = self.last_words.as_deref().unwrap_or_default();
        match count {
            1 => format!("the server refused 1 message: {last}"),
            _ => format!("the server refused {count} messages in a row, the last with: {last}"),
        }
    }

    /// Whether it is known of whom each refusal speaks.
    pub(super) fn is_decided(&self) -> bool {
        self.undecided_count() == 0
    }

    /// The refusals of which it has not been found out of whom they speak.
    pub(super) fn undecided(&mut self) -> Vec<Refusal> {
        self.held_count = 0;
        let held = std::mem::take(&mut self.held).into_values().flatten();
        let suspects = held.chain(std::mem::take(&mut self.refused)).map(|one| one.refusal);
        suspects.chain(std::mem::take(&mut self.likely_own)).collect()
    }

    fn note_recent(&mut self, refused: Option<Recent>) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(refused);
    }

    fn is_hardly_anybody_taken(&self) -> bool {
        (self.recent.len() == RECENT && self.are_nearly_all_refused())
            || self.messages_refused() >= MESSAGES_OF_RECENT
    }

    /// How many of the last answers refused a message; no domain counts for more than five.
    fn messages_refused(&self) -> usize {
        let mut at = HashMap::<&str, usize>::new();
        for one in self.recently_refused().filter(|one| one.of == Refused::Message) {
            *at.entry(&one.domain).or_default() += 1;
        }
        at.into_values().map(|count| count.min(OF_A_DOMAIN)).sum()
    }

    /// What the last answers refused. A connection over which nobody has been accepted says nothing yet where there are
    /// others: it may be broken. Where one was, that is so of those that have ended, too.
    fn recently_refused(&self) -> impl Iterator<Item = &Recent> {
        let may_be_broken = |over| {
            (self.has_accepted && self.connections.is_untried(over))
                || (self.has_broken && self.connections.is_suspicious(over))
        };
        let is_known = move |one: &&Recent| !may_be_broken(one.over);
        let says_more = |one: &&Recent| !self.is_waiting(&one.domain);
        self.recent.iter().flatten().filter(is_known).filter(says_more)
    }

    /// No list that is written to is so stale.
    fn are_nearly_all_refused(&self) -> bool {
        let refused = self.recently_refused().count();
        4 * refused >= 3 * self.recent.len().max(1)
    }

    fn several(&self) -> usize {
        match self.is_probe {
            true => (self.refused_before / 2).clamp(SEVERAL_AFTER_A_HALT, MOST_AFTER_A_HALT),
            false => SEVERAL,
        }
    }

    /// Whether so many were refused in a row that it speaks of us.
    fn are_many_in_a_row(&self) -> bool {
        let in_a_row = || self.refused.iter().filter(|one| !self.is_waiting(&one.domain));
        if in_a_row().count() < self.several() {
            return false;
        }
        if self.are_no_others {
            return self.one_domain().is_none();
        }
        let most = if self.is_probe { 1 } else { OF_A_DOMAIN };
        let mut at = HashMap::<&str, usize>::new();
        for one in in_a_row() {
            *at.entry(&one.domain).or_default() += 1;
        }
        at.into_values().map(|count| count.min(most)).sum::<usize>() >= self.several()
    }

    fn in_a_row_at(&self, domain: &str) -> usize {
        self.refused.iter().filter(|one| one.domain == domain).count()
    }

    fn take_domain(&mut self, domain: &str, now: Instant) -> Alarm {
        let mut taken = self.held.remove(domain).unwrap_or_default();
        self.held_count -= taken.len();
        taken.extend(self.refused.extract_if(.., |one| one.domain == domain));
        let last = taken.last().map(|one| one.words.clone()).unwrap_or_default();
        let refused: Vec<Refusal> = taken.into_iter().map(|one| one.refusal).collect();
        self.left_alone.insert(domain.to_owned(), now);
        // What was said of it says nothing of the others.
        self.recent.clear();
        let (count, s) = (refused.len(), if refused.len() == 1 { "" } else { "s" });
        let told = if refused.iter().all(|one| one.of == Refused::Address) {
            let why = format!("the server does not know {count} reader{s} at {domain}: {last}");
            Told { of: Refused::Address, why }
        } else {
            let why = format!("the server refuses {count} message{s} to readers at {domain}: {last}");
            Told { of: Refused::Message, why }
        };
        Alarm::Domain { domain: domain.to_owned(), refused, told: Some(told) }
    }
}

#[cfg(test)]
mod tests;

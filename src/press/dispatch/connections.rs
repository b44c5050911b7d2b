//! What the connections of a run say of each other. Behind one name there may be several servers, and one of them broken, from
//! the start or since a moment ago: what that refuses speaks of no reader and of no domain, and not of us, for the others take
//! it. Pure.

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

/// A connection that has accepted nobody is broken when it refused so many, each at a domain of its own or where others were
/// accepted behind them, and as many were accepted over others meanwhile.
const SEVERAL: usize = 3;
/// One that has accepted somebody, when it has refused so many since: lists are stale in places.
const SEVERAL_SINCE: usize = 10;

/// The connection over which a message was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Over(u64);

#[cfg(test)]
impl Over {
    /// One that was never opened: nothing is known of it.
    pub(super) const ONE: Over = Over(0);
}

/// What a connection says of a refusal that was heard over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It is sound for all that is known: the refusal may be believed.
    Sound,
    /// It stands, and has accepted nobody behind it yet.
    Open,
    /// It has ended before it accepted anybody behind it: nothing more will be known.
    Never,
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Known {
    /// When the last message was begun that was accepted over it.
    accepted: Option<Instant>,
    /// Where it refused somebody since, as far as that counts.
    refused_at: HashSet<String>,
    /// How many had been accepted in all when it refused the first of those.
    accepted_before: u64,
    /// At which domain those are who wait for its word only, each.
    waiting: Vec<String>,
    has_ended: bool,
}

impl Known {
    fn several(&self) -> usize {
        if self.accepted.is_none() { SEVERAL } else { SEVERAL_SINCE }
    }

    /// Whether so many were refused, each at a domain of its own or where others were accepted behind them.
    fn has_refused(&self, several: usize) -> bool {
        self.refused_at.len() >= several || self.waiting.len() >= several
    }

    /// Whether what it refused since it accepted somebody may be what a broken server says.
    fn is_suspicious(&self) -> bool {
        match self.accepted {
            // Those that have ended are known for that alone.
            _ if self.has_ended => true,
            None => !self.refused_at.is_empty(),
            Some(_) => self.has_refused(SEVERAL),
        }
    }
}

/// All connections of a run: those that stand, and those that ended suspicious.
#[derive(Debug, Default)]
pub(super) struct Connections {
    known: HashMap<Over, Known>,
    /// How many of those have ended.
    ended: usize,
    opened: u64,
    accepted: u64,
    /// Where those are who need to wait no more: their connection has accepted somebody, or has ended.
    news: Vec<String>,
}

impl Connections {
    /// Another one stands.
    pub(super) fn open(&mut self) -> Over {
        self.opened += 1;
        let over = Over(self.opened);
        self.known.insert(over, Known::default());
        over
    }

    /// It has ended.
    pub(super) fn end(&mut self, over: Over) {
        let Some(one) = self.known.get_mut(&over).filter(|one| !one.has_ended) else { return };
        one.has_ended = one.is_suspicious();
        self.news.append(&mut one.waiting);
        match one.has_ended {
            true => self.ended += 1,
            false => drop(self.known.remove(&over)),
        }
    }

    /// How many are known that have ended.
    pub(super) fn ended(&self) -> usize {
        self.ended
    }

    /// Forgets those that have ended, but for `these`.
    pub(super) fn forget_ended_but(&mut self, these: &HashSet<Over>) {
        self.known.retain(|over, one| !one.has_ended || these.contains(over));
        self.ended = self.known.values().filter(|one| one.has_ended).count();
    }

    /// A message that was begun at `begun` was accepted over it.
    pub(super) fn accepted(&mut self, over: Over, begun: Instant) {
        self.accepted += 1;
        let Some(one) = self.known.get_mut(&over) else { return };
        one.accepted = Some(begun);
        one.refused_at.clear();
        self.news.append(&mut one.waiting);
    }

    /// At which domains somebody waited for the word of a connection and need not any more, since this was asked for the last
    /// time.
    pub(super) fn take_news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// Somebody at `domain` was refused over it.
    pub(super) fn refused(&mut self, over: Over, domain: &str) {
        let Some(one) = self.known.get_mut(&over) else { return };
        if one.refused_at.is_empty() {
            one.accepted_before = self.accepted;
        }
        if one.refused_at.len() < one.several() {
            one.refused_at.insert(domain.to_owned());
        }
    }

    /// Somebody at `domain` who was refused over it would be struck off if it were sound.
    pub(super) fn is_waited_for(&mut self, over: Over, domain: &str) {
        if let Some(one) = self.known.get_mut(&over) {
            one.waiting.push(domain.to_owned());
        }
    }

    /// What it says of what it refused at `heard`.
    pub(super) fn word(&self, over: Over, heard: Instant) -> Word {
        match self.known.get(&over) {
            None => Word::Sound,
            Some(one) if one.accepted.is_some_and(|begun| begun > heard) => Word::Sound,
            Some(one) if one.has_ended => Word::Never,
            Some(_) => Word::Open,
        }
    }

    /// Whether it stands and has accepted nobody yet.
    pub(super) fn is_untried(&self, over: Over) -> bool {
        self.known.get(&over).is_some_and(|one| one.accepted.is_none() && !one.has_ended)
    }

    /// Whether what it refused last may be what a broken server says.
    pub(super) fn is_suspicious(&self, over: Over) -> bool {
        self.known.get(&over).is_some_and(Known::is_suspicious)
    }

    /// Whether that is so, it stands, and others were accepted over others meanwhile.
    pub(super) fn is_doubtful(&self, over: Over) -> bool {
        self.known
            .get(&over)
            .is_some_and(|one| !one.has_ended && one.is_suspicious() && self.accepted > one.accepted_before)
    }

    /// Whether it refuses what others take.
    pub(super) fn is_broken(&self, over: Over) -> bool {
        self.known.get(&over).is_some_and(|one| {
            !one.has_ended
                && one.has_refused(one.several())
                && self.accepted - one.accepted_before >= one.several() as u64
        })
    }
}

//! What the connections of a run say of each other. Behind one name there may be several servers, and one of them broken:
//! what that refuses speaks of no reader and of no domain, and not of us, for the others take it. Pure.

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

/// A connection that has accepted nobody is broken when it refused so many, each at a domain of its own or where others were
/// accepted behind them, and as many were accepted over others meanwhile.
const SEVERAL: usize = 3;

/// The connection over which a message was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Over(u64);

#[cfg(test)]
impl Over {
    /// One that was never opened: nothing is known of it.
    pub(super) const ONE: Over = Over(0);
}

/// What is known of a connection while it stands.
#[derive(Debug, Default)]
struct Standing {
    /// When the last message was begun that was accepted over it.
    accepted: Option<Instant>,
    /// Where it refused somebody, as long as it has accepted nobody.
    refused_at: HashSet<String>,
    /// How many were accepted over others before.
    accepted_before: u64,
    /// At which domain those are who wait for its word only, each.
    waiting: Vec<String>,
}

/// All connections of a run.
#[derive(Debug, Default)]
pub(super) struct Connections {
    standing: HashMap<Over, Standing>,
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
        self.standing.insert(over, Standing::default());
        over
    }

    /// It has ended.
    pub(super) fn end(&mut self, over: Over) {
        self.news.extend(self.standing.remove(&over).into_iter().flat_map(|one| one.waiting));
    }

    /// A message that was begun at `begun` was accepted over it.
    pub(super) fn accepted(&mut self, over: Over, begun: Instant) {
        self.accepted += 1;
        let Some(one) = self.standing.get_mut(&over) else { return };
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
        let Some(one) = self.standing.get_mut(&over).filter(|one| one.accepted.is_none()) else { return };
        if one.refused_at.is_empty() {
            one.accepted_before = self.accepted;
        }
        if one.refused_at.len() < SEVERAL {
            one.refused_at.insert(domain.to_owned());
        }
    }

    /// Somebody at `domain` who was refused over it would be struck off if it were sound.
    pub(super) fn is_waited_for(&mut self, over: Over, domain: &str) {
        if let Some(one) = self.standing.get_mut(&over) {
            one.waiting.push(domain.to_owned());
        }
    }

    /// Whether it is sound for all that is known: what it refused at `heard` may be believed. One that has ended is.
    pub(super) fn is_sound(&self, over: Over, heard: Instant) -> bool {
        self.standing.get(&over).is_none_or(|one| one.accepted.is_some_and(|begun| begun > heard))
    }

    /// Whether it has accepted nobody yet.
    pub(super) fn is_untried(&self, over: Over) -> bool {
        self.standing.get(&over).is_some_and(|one| one.accepted.is_none())
    }

    /// Whether it has refused somebody, accepted nobody, and others were accepted over others meanwhile.
    pub(super) fn is_doubtful(&self, over: Over) -> bool {
        self.standing.get(&over).is_some_and(|one| {
            one.accepted.is_none() && !one.refused_at.is_empty() && self.accepted > one.accepted_before
        })
    }

    /// Whether it refuses what others take.
    pub(super) fn is_broken(&self, over: Over) -> bool {
        self.standing.get(&over).is_some_and(|one| {
            one.accepted.is_none()
                && (one.refused_at.len() >= SEVERAL || one.waiting.len() >= SEVERAL)
                && self.accepted - one.accepted_before >= SEVERAL as u64
        })
    }
}

//! The rows that are claimed ahead, in the order in which they may be sent: a row whose domain has no budget now is put
//! aside, and those behind it go first. Whoever was refused before, or in the edition before, comes among those who were not:
//! so it shows of whom a second refusal speaks.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::limits::Limits;
use super::pace::{Mail, Turn};
use crate::fail_point::FailPoint;
use crate::press::Clock;
use crate::store::{Claimed, EditionId, Store, StoreError};
use crate::subscriber::SubscriberId;

/// How many rows are claimed at a time.
const CLAIM: u32 = 256;
/// How many rows are kept aside at most. What is beyond is passed over, and claimed again when the list is through.
const ASIDE: usize = 4_096;
/// How many who were refused before come among the others. More of them come behind.
const AGAIN: u32 = 4 * CLAIM;
/// How many rows in a row may be passed over before no more are looked at until there is room again.
const PASSED_OVER: usize = 16 * CLAIM as usize;

/// What is claimed of one edition.
pub(super) struct Queue<'a> {
    store: &'a Store,
    clock: &'a Clock,
    edition: EditionId,
    limits: &'a Limits,
    claimed: VecDeque<Claimed>,
    /// The last row of the last claim: the next one begins behind it.
    cursor: Option<(DateTime<Utc>, SubscriberId)>,
    /// Nothing is claimed that falls due later: who goes back to the queue waits for the next round, behind whoever has not
    /// had a turn in this one.
    began: DateTime<Utc>,
    exhausted: bool,
    /// Were refused before, and are to come among the others.
    again: VecDeque<Claimed>,
    /// All of those, also when they have had their turn.
    known: HashSet<SubscriberId>,
    /// Some were given back since, who are to come among them.
    are_some_back: bool,
    /// For each message that was accepted one of those may go, and others between them.
    accepted: usize,
    was_again: bool,
    /// Whoever is at these domains is passed over.
    behind: HashSet<String>,
    /// Rows whose domain has to wait, and when each domain's turn is.
    aside: HashMap<String, VecDeque<Claimed>>,
    turns: BTreeSet<(Instant, String)>,
    kept: usize,
    passed_over: usize,
    blocked_until: Option<Instant>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(store: &'a Store, edition: EditionId, clock: &'a Clock, limits: &'a Limits) -> Self {
        Queue {
            store,
            clock,
            edition,
            limits,
            claimed: VecDeque::new(),
            cursor: None,
            began: clock.now(),
            exhausted: false,
            again: VecDeque::new(),
            known: HashSet::new(),
            are_some_back: false,
            accepted: 0,
            was_again: false,
            behind: HashSet::new(),
            aside: HashMap::new(),
            turns: BTreeSet::new(),
            kept: 0,
            passed_over: 0,
            blocked_until: None,
        }
    }

    /// Lets go of everything: the edition is stopped.
    pub(super) fn close(&mut self) {
        self.exhausted = true;
        self.claimed.clear();
        self.again.clear();
        self.aside.clear();
        self.turns.clear();
        self.kept = 0;
        self.blocked_until = None;
    }

    /// Lets go of the rows of `domain`: they are put off, or the others go first.
    pub(super) fn let_go_of(&mut self, domain: String) {
        self.claimed.retain(|row| row.email.domain() != domain);
        self.again.retain(|row| row.email.domain() != domain);
        self.kept -= self.aside.remove(&domain).map_or(0, |rows| rows.len());
        self.turns.retain(|(_, whose)| *whose != domain);
        self.behind.insert(domain);
    }

    /// Whether nothing is left that was due.
    pub(super) fn is_through(&self) -> bool {
        self.exhausted && self.claimed.is_empty() && self.kept == 0
    }

    /// Until when nothing may be sent, when [`next`](Self::next) gave nothing for that reason.
    pub(super) fn blocked_until(&self) -> Option<Instant> {
        self.blocked_until
    }

    /// The next row that may be sent now.
    pub(super) async fn next(&mut self) -> Result<Option<Claimed>, StoreError> {
        self.blocked_until = None;
        self.take_back().await?;
        while let Some((_, domain)) = self.turns.first().filter(|(at, _)| *at <= Instant::now()).cloned() {
            let (at, _) = self.turns.pop_first().expect("there is a first one");
            match self.turn(&domain).await? {
                Turn::Now => return Ok(self.take_aside(domain)),
                Turn::Domain(later) => self.turns.insert((later, domain)),
                Turn::All(later) => {
                    self.turns.insert((at, domain));
                    self.blocked_until = Some(later);
                    return Ok(None);
                }
            };
        }
        loop {
            let Some(row) = self.take_claimed() else {
                if self.refill().await? {
                    continue;
                }
                // Where all were passed over that came, answers are taken before more are looked at.
                let is_more = !self.exhausted && !self.is_full();
                self.blocked_until =
                    if is_more { Some(Instant::now()) } else { self.turns.first().map(|(at, _)| *at) };
                return Ok(None);
            };
            let domain = row.email.domain().to_owned();
            if self.aside.contains_key(&domain) {
                self.put_aside(domain, row);
                continue;
            }
            match self.turn(&domain).await? {
                Turn::Now => {
                    self.passed_over = 0;
                    return Ok(Some(row));
                }
                Turn::Domain(at) => {
                    if self.put_aside(domain.clone(), row) {
                        self.turns.insert((at, domain));
                    }
                }
                Turn::All(at) => {
                    self.claimed.push_front(row);
                    self.blocked_until = Some(at);
                    return Ok(None);
                }
            }
        }
    }

    /// So many more messages were accepted.
    pub(super) fn accepted(&mut self, count: usize) {
        self.accepted += count;
    }

    /// Some who were refused have been given back: they come among the others.
    pub(super) fn some_are_back(&mut self) {
        self.are_some_back = true;
    }

    /// Claims those who were given back, once there are none who come among the others. (They fell due since this began.)
    async fn take_back(&mut self) -> Result<(), StoreError> {
        if self.exhausted || !self.again.is_empty() || !std::mem::take(&mut self.are_some_back) {
            return Ok(());
        }
        let mut back = self.store.claim_refused(self.edition, self.clock.now(), self.began, AGAIN).await?;
        back.retain(|row| self.known.insert(row.subscriber) && !self.behind.contains(row.email.domain()));
        self.again = back.into();
        Ok(())
    }

    fn take_claimed(&mut self) -> Option<Claimed> {
        if !self.was_again && self.accepted > 0 && !self.claimed.is_empty() && !self.again.is_empty() {
            self.accepted -= 1;
            self.was_again = true;
            return self.again.pop_front();
        }
        self.was_again = false;
        self.claimed.pop_front()
    }

    async fn turn(&self, domain: &str) -> Result<Turn, StoreError> {
        self.limits.turn(self.store, Mail::Edition, domain).await
    }

    /// Keeps a row for later, unless there are too many; whether it is kept.
    fn put_aside(&mut self, domain: String, row: Claimed) -> bool {
        self.passed_over += 1;
        if self.kept >= ASIDE {
            return false;
        }
        self.kept += 1;
        self.aside.entry(domain).or_default().push_back(row);
        true
    }

    /// The first row kept for `domain`, whose turn it is.
    fn take_aside(&mut self, domain: String) -> Option<Claimed> {
        let rows = self.aside.get_mut(&domain)?;
        let row = rows.pop_front()?;
        self.kept -= 1;
        if rows.is_empty() {
            self.aside.remove(&domain);
        } else {
            self.turns.insert((Instant::now(), domain));
        }
        Some(row)
    }

    fn is_full(&self) -> bool {
        self.kept > ASIDE / 2 && self.passed_over >= PASSED_OVER
    }

    /// Claims what comes next; `false` when there is no more, or no room for it, or all of it is passed over.
    async fn refill(&mut self) -> Result<bool, StoreError> {
        if self.exhausted || self.is_full() {
            return Ok(false);
        }
        let rows = self.store.claim(self.edition, self.began, self.cursor, CLAIM).await?;
        if self.cursor.is_none()
            && let Some(first) = rows.first()
        {
            let mut again = self.store.claim_refused_before(self.edition, self.began, AGAIN).await?;
            again.extend(self.store.claim_refused(self.edition, self.began, first.due_at, AGAIN).await?);
            again.retain(|row| self.known.insert(row.subscriber));
            self.again = again.into();
        }
        match rows.last() {
            Some(last) => self.cursor = Some((last.due_at, last.subscriber)),
            None => {
                self.exhausted = true;
                self.claimed.append(&mut self.again);
            }
        }
        for row in rows {
            if self.known.contains(&row.subscriber) || self.behind.contains(row.email.domain()) {
                continue;
            }
            self.claimed.push_back(row);
        }
        FailPoint::Claim.pass();
        Ok(!self.claimed.is_empty())
    }
}

//! What the server bears: how many connections at a time, how many messages over one of them, and when it wants a rest.
//! Learnt from what it refuses, as a network's load is: up step by step while all goes well, down at once when it does
//! not, and then up again slowly. Nothing that is refused for this costs a reader an attempt.
//!
//! Letters have their place among those: where all are taken, an edition's courier gives its own back for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::pace::Mail;

/// The first rest after a refusal; each one more in a row is twice as long.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// After how long without a refusal one connection more is tried; twice as long each time that it is refused.
const FIRST_PROBE: Duration = Duration::from_secs(30);
/// The longest time between two of these.
const LONGEST_PROBE: Duration = Duration::from_secs(600);

/// What is learnt of one server, shared by all who send to it.
#[derive(Debug)]
pub struct Bearing {
    learnt: Mutex<Learnt>,
    changed: Notify,
}

/// The right to have a connection; given back when it is dropped.
#[derive(Debug)]
pub(in crate::press) struct Place {
    bearing: Arc<Bearing>,
    is_open: bool,
    /// It is about to be given back, for a letter.
    gives_way: bool,
}

/// Pure, with time as an argument.
#[derive(Debug)]
struct Learnt {
    /// As configured.
    most: usize,
    /// How many places there are now.
    limit: usize,
    /// Up to here the limit doubles; beyond, it is tried one by one.
    known: usize,
    taken: usize,
    /// Places whose connection stands.
    open: usize,
    /// How many letters' couriers wait for a place: as many are left to them.
    letters: usize,
    /// Places that are about to be given back for them.
    giving_way: usize,
    /// When one more is tried, and how long the next time.
    probe_at: Option<Instant>,
    probe: Duration,
    rest_until: Option<Instant>,
    /// The last rest; none since a message got through.
    rest: Option<Duration>,
    accepted: u64,
    /// When the server last took responsibility for a message.
    kept_at: Option<Instant>,
    refused: u64,
    /// After how many messages the server has ended a connection, once.
    worn_at: Option<usize>,
    /// The same, twice.
    per_connection: Option<usize>,
    /// When a connection is to carry more than that, and how long the next time.
    longer_at: Option<Instant>,
    longer: Duration,
}

impl Learnt {
    fn new(most: usize) -> Self {
        Learnt {
            most: most.max(1),
            limit: 1,
            known: most.max(1),
            taken: 0,
            open: 0,
            letters: 0,
            giving_way: 0,
            probe_at: None,
            probe: FIRST_PROBE,
            rest_until: None,
            rest: None,
            accepted: 0,
            kept_at: None,
            refused: 0,
            worn_at: None,
            per_connection: None,
            longer_at: None,
            longer: FIRST_PROBE,
        }
    }

    /// Takes a place if there is one; else until when it is of no use to ask, if that is known.
    fn enter(&mut self, mail: Mail, now: Instant) -> Result<(), Option<Instant>> {
        if let Some(until) = self.rest_until.filter(|until| *until > now) {
            return Err(Some(until));
        }
        let kept = match mail {
            Mail::Letter => 0,
            Mail::Edition => self.letters,
        };
        if self.taken + kept >= self.limit {
            return Err(None);
        }
        self.taken += 1;
        Ok(())
    }

    /// Whether one of the places that editions have is to be given back for a letter; it is counted as given back.
    fn gives_way(&mut self) -> bool {
        let is_wanted = self.letters > 0 && self.taken - self.giving_way >= self.limit;
        self.giving_way += usize::from(is_wanted);
        is_wanted
    }

    /// A message got through; whether there are more places now.
    fn accepted(&mut self, now: Instant) -> bool {
        self.accepted += 1;
        self.rest = None;
        self.rest_until = None;
        // More are of use only when all there are stand.
        if self.limit >= self.most || self.open < self.limit {
            return false;
        }
        if self.limit < self.known {
            self.limit = (2 * self.limit).min(self.known);
            return true;
        }
        match self.probe_at {
            Some(at) if at <= now => {
                self.limit += 1;
                self.known = self.limit;
                self.probe_at = Some(now + self.probe);
                true
            }
            Some(_) => false,
            None => {
                self.probe_at = Some(now + self.probe);
                false
            }
        }
    }

    /// A connection was refused, or its first message; `others` stand. Whether fewer are borne than was known.
    fn refused(&mut self, others: usize, now: Instant) -> bool {
        self.refused += 1;
        if others == 0 {
            self.slow_down(now);
            return false;
        }
        let before = self.known;
        self.limit = others;
        if self.probe_at.is_some() && self.known == others + 1 {
            self.probe = (2 * self.probe).min(LONGEST_PROBE);
        }
        self.known = others;
        self.probe_at = Some(now + self.probe);
        self.known < before
    }

    /// One more connection stands, also while another was refused.
    fn opened(&mut self) {
        self.open += 1;
        self.known = self.known.max(self.open);
        if self.rest.is_none() {
            self.limit = self.limit.max(self.open);
        }
    }

    /// Nothing gets through: everybody rests, and one tries first when that is over.
    fn slow_down(&mut self, now: Instant) {
        if self.rest_until.is_some_and(|until| until > now) {
            return;
        }
        let rest = self.rest.map_or(FIRST_REST, |rest| (2 * rest).min(LONGEST_REST));
        self.rest = Some(rest);
        self.rest_until = Some(now + rest);
        self.limit = 1;
    }

    /// The server has ended a connection after `carried` messages; whether that is its rule.
    fn worn(&mut self, carried: usize, now: Instant) -> bool {
        self.refused += 1;
        let is_rule = self.worn_at == Some(carried) && self.per_connection != Some(carried);
        self.worn_at = Some(carried);
        if is_rule {
            self.per_connection = Some(carried);
            self.longer_at = Some(now + self.longer);
        }
        is_rule
    }

    /// Whether we end a connection behind its `nth` message, because the server would. Now and then one goes on, for it may
    /// have been a passing trouble: the next answer tells.
    fn is_last(&mut self, nth: usize, now: Instant) -> bool {
        match self.per_connection {
            None => false,
            Some(most) if nth != most => nth > most,
            Some(_) if self.longer_at.is_some_and(|at| at <= now) => {
                self.longer = (2 * self.longer).min(LONGEST_PROBE);
                self.longer_at = Some(now + self.longer);
                false
            }
            Some(_) => true,
        }
    }

    /// A connection has carried `carried` messages and stands: a rule that says fewer is none, or none any more.
    fn carried(&mut self, carried: usize) {
        if self.per_connection.is_some_and(|most| carried > most) {
            (self.per_connection, self.longer_at, self.longer) = (None, None, FIRST_PROBE);
        }
    }
}

impl Bearing {
    /// Of a server to which `most` connections may be made.
    pub(super) fn of(most: usize) -> Arc<Self> {
        Arc::new(Bearing { learnt: Mutex::new(Learnt::new(most)), changed: Notify::new() })
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place; a letter's courier goes first.
    pub(in crate::press) async fn enter(self: &Arc<Self>, mail: Mail) -> Place {
        let _queued = match mail {
            Mail::Letter => Some(Queued::at(self)),
            Mail::Edition => None,
        };
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Whoever gives a place back after we have looked wakes us all the same.
            changed.as_mut().enable();
            let until = match self.learnt().enter(mail, Instant::now()) {
                Ok(()) => {
                    return Place { bearing: Arc::clone(self), is_open: false, gives_way: false };
                }
                Err(until) => until,
            };
            match until {
                None => changed.await,
                Some(until) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(until) => {}
                },
            }
        }
    }

    /// Whether there is one place only for now.
    pub(in crate::press) fn is_narrow(&self) -> bool {
        self.learnt().limit == 1
    }

    /// A message got through.
    pub(in crate::press) fn accepted(&self) {
        if self.learnt().accepted(Instant::now()) {
            self.changed.notify_waiters();
        }
    }

    /// Over one connection it is found out whether a trouble is over.
    pub(super) fn narrow(&self) {
        self.learnt().limit = 1;
    }

    /// The server took responsibility for a message.
    pub(in crate::press) fn kept(&self) {
        self.learnt().kept_at = Some(Instant::now());
    }

    /// Whether it has done so within `time`.
    pub(in crate::press) fn has_kept_within(&self, time: Duration) -> bool {
        self.learnt().kept_at.is_some_and(|at| at.elapsed() < time)
    }

    /// How many messages got through so far.
    pub(super) fn count(&self) -> u64 {
        self.learnt().accepted
    }

    /// How many connections stand, at least one.
    pub(super) fn open(&self) -> usize {
        self.learnt().open.max(1)
    }

    /// Whether a connection is to be ended behind its `nth` message: the server ends each after so many.
    pub(in crate::press) fn is_last(&self, nth: usize) -> bool {
        self.learnt().is_last(nth, Instant::now())
    }

    /// A connection has carried `carried` messages.
    pub(in crate::press) fn carried(&self, carried: usize) {
        self.learnt().carried(carried);
    }

    /// The server has ended a connection after `carried` messages; whether we have understood just now that it always
    /// does.
    fn worn(&self, carried: usize) -> bool {
        self.learnt().worn(carried, Instant::now())
    }

    /// All that was due has been tried: it is not known that the server takes nothing.
    pub(super) fn rest_is_over(&self) {
        self.learnt().rest = None;
    }

    /// Nothing gets through for now: everybody rests.
    fn slow_down(&self) {
        let mut learnt = self.learnt();
        learnt.refused += 1;
        learnt.slow_down(Instant::now());
    }

    /// What the server does not bear, in words; `None` when it bears all that is configured.
    pub(super) fn told(&self) -> Option<String> {
        let learnt = self.learnt();
        let mut told = Vec::new();
        if learnt.known < learnt.most {
            told.push(format!("{} connections at a time, of {} configured", learnt.known, learnt.most));
        }
        if let Some(messages) = learnt.per_connection {
            told.push(format!("{messages} messages over one connection"));
        }
        if let Some(rest) = learnt.rest {
            told.push(format!("nothing for now: after a rest of {} s one message is tried", rest.as_secs()));
        }
        (!told.is_empty()).then(|| format!("the server takes {}", told.join("; ")))
    }
}

/// A letter's courier that waits for a place.
struct Queued<'b>(&'b Bearing);

impl<'b> Queued<'b> {
    fn at(bearing: &'b Bearing) -> Self {
        bearing.learnt().letters += 1;
        bearing.changed.notify_waiters();
        Queued(bearing)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.learnt().letters -= 1;
        self.0.changed.notify_waiters();
    }
}

impl Place {
    /// Whether a letter is to have it: then its connection is ended, and it is dropped.
    pub(super) fn gives_way(&mut self) -> bool {
        if !self.gives_way {
            self.gives_way = self.bearing.learnt().gives_way();
        }
        self.gives_way
    }

    /// Waits until a letter is to have it.
    pub(super) async fn wanted(&mut self) {
        loop {
            let bearing = Arc::clone(&self.bearing);
            let mut changed = std::pin::pin!(bearing.changed.notified());
            changed.as_mut().enable();
            if self.gives_way() {
                return;
            }
            changed.await;
        }
    }

    /// Its connection stands.
    pub(in crate::press) fn opened(&mut self) {
        if !std::mem::replace(&mut self.is_open, true) {
            self.bearing.learnt().opened();
        }
    }

    /// Its connection is gone, and another will be made.
    pub(in crate::press) fn closed(&mut self) {
        if std::mem::replace(&mut self.is_open, false) {
            self.bearing.learnt().open -= 1;
        }
    }

    /// Gives it back because the server would not have it; whether it bears fewer than was known.
    pub(in crate::press) fn refused(mut self) -> bool {
        self.closed();
        let mut learnt = self.bearing.learnt();
        let others = learnt.open;
        learnt.refused(others, Instant::now())
    }

    /// Its connection was lost behind a dot that was not answered: it is closed, and everybody rests.
    pub(super) fn silent(self) {
        self.bearing.slow_down();
    }

    /// What follows when the server slows us down with `code` after `carried` messages over its connection, which is
    /// closed; it is kept if another connection may be made at once.
    pub(in crate::press) fn slowed(mut self, code: u16, carried: usize) -> Option<Self> {
        match code {
            // RFC 5321 §3.8: it closes this connection, and says nothing of the next.
            421 if carried > 0 => {
                self.closed();
                self.bearing.worn(carried);
                Some(self)
            }
            421 => {
                self.refused();
                None
            }
            _ => {
                self.bearing.slow_down();
                None
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.closed();
        {
            let mut learnt = self.bearing.learnt();
            learnt.taken -= 1;
            learnt.giving_way -= usize::from(self.gives_way);
        }
        self.bearing.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many connections stand, each of which has carried a message.
    fn standing(learnt: &mut Learnt, now: Instant) {
        while learnt.enter(Mail::Edition, now).is_ok() {
            learnt.open += 1;
            learnt.accepted(now);
        }
    }

    #[test]
    fn connections_double_until_all_that_are_configured_stand() {
        let (mut learnt, now) = (Learnt::new(16), Instant::now());
        assert_eq!(learnt.enter(Mail::Edition, now), Ok(()));
        assert_eq!(learnt.enter(Mail::Edition, now), Err(None), "one first");
        learnt.open = 1;
        let limits: Vec<usize> = (0..5)
            .map(|_| {
                learnt.accepted(now);
                learnt.open = learnt.limit;
                learnt.limit
            })
            .collect();
        assert_eq!(limits, [2, 4, 8, 16, 16]);
    }

    #[test]
    fn no_more_are_tried_while_one_is_still_being_made() {
        let (mut learnt, now) = (Learnt::new(16), Instant::now());
        learnt.enter(Mail::Edition, now).unwrap();
        learnt.open = 1;
        assert!(learnt.accepted(now));
        assert!(!learnt.accepted(now), "the second does not stand yet");
        assert_eq!(learnt.limit, 2);
    }

    #[test]
    fn a_cap_is_kept_and_tried_again_ever_more_rarely() {
        let (mut learnt, mut now) = (Learnt::new(16), Instant::now());
        standing(&mut learnt, now);
        // The server bears four.
        for _ in 4..16 {
            learnt.taken -= 1;
            learnt.open = 4;
            learnt.refused(4, now);
        }
        assert_eq!((learnt.limit, learnt.known, learnt.rest), (4, 4, None));
        let mut tried = 0;
        for _ in 0..3_600 {
            now += Duration::from_secs(1);
            learnt.accepted(now);
            if learnt.enter(Mail::Edition, now).is_ok() {
                tried += 1;
                learnt.taken -= 1;
                learnt.refused(4, now);
            }
        }
        assert!((4..=10).contains(&tried), "{tried} tries in an hour");
        // One day it bears more.
        for _ in 0..7_200 {
            now += Duration::from_secs(1);
            if learnt.enter(Mail::Edition, now).is_ok() {
                learnt.opened();
            }
            learnt.accepted(now);
        }
        assert_eq!(learnt.limit, 16);
    }

    #[test]
    fn a_letter_gets_the_place_of_one_courier_and_of_no_more() {
        let (mut learnt, now) = (Learnt::new(2), Instant::now());
        standing(&mut learnt, now);
        assert_eq!((learnt.taken, learnt.gives_way()), (2, false), "nobody wants it");
        learnt.letters = 1;
        assert_eq!((learnt.gives_way(), learnt.gives_way()), (true, false), "one of the two");
        (learnt.taken, learnt.giving_way) = (1, 0);
        assert_eq!(learnt.enter(Mail::Edition, now), Err(None), "it is kept for the letter");
        assert_eq!(learnt.enter(Mail::Letter, now), Ok(()));
        learnt.letters = 0;
        assert_eq!(learnt.enter(Mail::Edition, now), Err(None));
    }

    #[tokio::test]
    async fn whoever_waits_in_vain_for_a_place_leaves_it_to_the_others() {
        let bearing = Bearing::of(1);
        let mut only = bearing.enter(Mail::Edition).await;
        let patience = Duration::from_millis(20);
        let letter = tokio::time::timeout(patience, bearing.enter(Mail::Letter));
        let (letter, ()) = tokio::join!(letter, only.wanted());
        assert!(letter.is_err(), "it is not given back before its connection is closed");
        drop(only);
        let again = tokio::time::timeout(patience, bearing.enter(Mail::Edition)).await;
        assert!(!again.unwrap().gives_way(), "the letter has gone");
    }

    #[test]
    fn when_nothing_gets_through_all_rest_and_one_tries_first() {
        let (mut learnt, mut now) = (Learnt::new(4), Instant::now());
        standing(&mut learnt, now);
        assert_eq!(learnt.open, 4);
        now += Duration::from_secs(2);
        let mut tries = 0;
        let over = now + Duration::from_secs(60);
        (learnt.open, learnt.taken) = (0, 0);
        learnt.refused(0, now);
        while now < over {
            now += Duration::from_millis(100);
            if learnt.enter(Mail::Edition, now).is_ok() {
                tries += 1;
                assert_eq!(learnt.enter(Mail::Edition, now), Err(None), "one alone");
                learnt.taken -= 1;
                learnt.refused(0, now);
            }
        }
        assert!((4..=6).contains(&tries), "{tries} tries in a minute");
        now += LONGEST_REST;
        assert_eq!(learnt.enter(Mail::Edition, now), Ok(()));
        learnt.open = 1;
        standing(&mut learnt, now);
        learnt.accepted(now);
        standing(&mut learnt, now);
        assert_eq!((learnt.limit, learnt.rest), (4, None), "as before, once a message gets through");
    }

    #[test]
    fn that_connections_end_after_so_many_messages_is_a_rule_the_second_time() {
        let (mut learnt, now) = (Learnt::new(4), Instant::now());
        assert!(!learnt.worn(100, now));
        assert!(!learnt.worn(37, now));
        assert!(!learnt.worn(100, now));
        assert!(learnt.worn(100, now));
        assert_eq!((learnt.is_last(99, now), learnt.is_last(100, now)), (false, true));
        assert!(!learnt.worn(100, now), "that is known");
    }

    #[test]
    fn a_rule_of_so_many_messages_is_tried_ever_more_rarely_and_forgotten_when_it_holds_no_more() {
        let (mut learnt, mut now) = (Learnt::new(4), Instant::now());
        assert!(!learnt.worn(1, now));
        assert!(learnt.worn(1, now));
        // Each second a connection is made: it carries one message, and the server refuses a second.
        let mut tried = 0;
        for _ in 0..3_600 {
            now += Duration::from_secs(1);
            learnt.carried(1);
            if !learnt.is_last(1, now) {
                tried += 1;
                assert!(learnt.is_last(1, now), "one connection alone tries it");
                assert!(!learnt.worn(1, now));
            }
        }
        assert!((4..=10).contains(&tried), "{tried} tries in an hour");
        assert_eq!(learnt.per_connection, Some(1));
        // One day it takes the second.
        while learnt.is_last(1, now) {
            now += Duration::from_secs(1);
        }
        learnt.carried(2);
        assert_eq!((learnt.per_connection, learnt.is_last(1, now)), (None, false));
    }
}

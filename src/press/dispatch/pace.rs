//! The pace: how many messages a second, in all and for each recipient domain. Pure, with time as an argument.
//!
//! A bucket hands out slots at even distances. It gets them in slices, a stretch of time that is its own: from its own
//! count when this process is the only one, else from the store, where nodes take slices one behind the other.
//! A letter that has to wait keeps the next slot to itself: editions take those behind it.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{DeliveryConfig, DomainRates, Rate};

/// About how long a slice is: so often the store is asked, and so much is sent at once after a pause.
const SLICE: Duration = Duration::from_millis(250);
/// How long a slot may be used after its time.
const GRACE: Duration = Duration::from_secs(1);
/// How many domains are kept in mind before those are forgotten that have nothing to wait for.
const DOMAINS: usize = 4_096;
/// The bucket of all messages; no domain has such a name.
const ALL: &str = "*";

/// What wants to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::press) enum Mail {
    /// A message to one person, which goes before editions.
    Letter,
    /// A message of an edition.
    Edition,
}

/// Whether a message may go now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::press) enum Turn {
    /// It may, and has taken its slot.
    Now,
    /// None of its kind to its domain may before this.
    Domain(Instant),
    /// None of its kind may before this.
    All(Instant),
}

/// A slice that a bucket needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `*`, or a domain.
    pub(super) bucket: String,
    /// How long it is.
    pub(super) length: Duration,
}

/// All buckets of one process.
#[derive(Debug)]
pub(super) struct Pace {
    all: Option<Bucket>,
    rates: DomainRates,
    domains: HashMap<String, Bucket>,
    /// When so many are kept in mind, those are looked for that have nothing to wait for: twice as many as had at the last look.
    look_at: usize,
}

#[derive(Debug)]
struct Bucket {
    interval: Duration,
    /// The next slot, and how many are left.
    next: Option<Instant>,
    left: u32,
    /// Until when this process has given out slices itself.
    taken_until: Option<Instant>,
    /// A letter waits for the next slot: until then it is left to it.
    kept_until: Option<Instant>,
}

impl Bucket {
    fn of(rate: Rate) -> Self {
        Bucket {
            interval: rate.per / rate.messages.get(),
            next: None,
            left: 0,
            taken_until: None,
            kept_until: None,
        }
    }

    fn slots(&self) -> u32 {
        let slots = SLICE.as_nanos() / self.interval.as_nanos().max(1);
        u32::try_from(slots.clamp(1, 1_000)).unwrap_or(1)
    }

    fn length(&self) -> Duration {
        self.interval * self.slots()
    }

    /// The next slot that is still good at `now`.
    fn slot(&mut self, now: Instant) -> Option<Instant> {
        while let Some(next) = self.next.filter(|_| self.left > 0) {
            if next + self.interval + GRACE >= now {
                return Some(next);
            }
            self.use_one(next);
        }
        None
    }

    /// When the next message of this kind may go, as far as is known at `now`.
    fn slot_for(&mut self, mail: Mail, now: Instant) -> Option<Instant> {
        let slot = self.slot(now)?;
        Some(match mail {
            Mail::Edition if self.kept_until.is_some_and(|until| until > now) => {
                slot.max(now) + self.interval
            }
            Mail::Edition => slot,
            Mail::Letter => {
                self.kept_until = (slot > now).then(|| slot + GRACE);
                slot
            }
        })
    }

    fn use_one(&mut self, slot: Instant) {
        self.next = Some(slot + self.interval);
        self.left -= 1;
    }

    fn begin(&mut self, start: Instant) {
        self.next = Some(start);
        self.left = self.slots();
    }

    fn is_idle(&self, now: Instant) -> bool {
        let slots_over = self.next.is_none_or(|next| next + self.length() < now);
        slots_over && self.taken_until.is_none_or(|until| until < now)
    }
}

impl Pace {
    pub(super) fn new(delivery: &DeliveryConfig) -> Self {
        Pace {
            all: delivery.rate.map(Bucket::of),
            rates: delivery.rate_per_domain.clone(),
            domains: HashMap::new(),
            look_at: DOMAINS,
        }
    }

    /// Whether a message to `domain` may go at `now`; if so, its slots are taken.
    ///
    /// # Errors
    /// With the slice that a bucket needs first.
    pub(super) fn turn(&mut self, mail: Mail, domain: &str, now: Instant) -> Result<Turn, Wanted> {
        let wanted =
            |name: &str, bucket: &Bucket| Wanted { bucket: name.to_owned(), length: bucket.length() };
        let mut of_domain = None;
        if let Some(rate) = self.rates.of(domain) {
            if self.domains.len() >= self.look_at && !self.domains.contains_key(domain) {
                self.domains.retain(|_, bucket| !bucket.is_idle(now));
                self.look_at = DOMAINS.max(2 * self.domains.len());
            }
            let bucket = self.domains.entry(domain.to_owned()).or_insert_with(|| Bucket::of(rate));
            match bucket.slot_for(mail, now) {
                None => return Err(wanted(domain, bucket)),
                Some(slot) if slot > now => return Ok(Turn::Domain(slot)),
                Some(slot) => of_domain = Some((bucket, slot)),
            }
        }
        if let Some(all) = &mut self.all {
            match all.slot_for(mail, now) {
                None => return Err(wanted(ALL, all)),
                Some(slot) if slot > now => return Ok(Turn::All(slot)),
                Some(slot) => all.use_one(slot),
            }
        }
        if let Some((bucket, slot)) = of_domain {
            bucket.use_one(slot);
        }
        Ok(Turn::Now)
    }

    /// The slice that was wanted begins at `start`.
    pub(super) fn grant(&mut self, wanted: &Wanted, start: Instant) {
        if let Some(bucket) = self.bucket(wanted) {
            bucket.begin(start);
        }
    }

    /// Nobody else sends: the slice begins where the last one ended, or at once.
    pub(super) fn grant_own(&mut self, wanted: &Wanted, now: Instant) {
        if let Some(bucket) = self.bucket(wanted) {
            let start = bucket.taken_until.map_or(now, |until| until.max(now));
            bucket.taken_until = Some(start + wanted.length);
            bucket.begin(start);
        }
    }

    fn bucket(&mut self, wanted: &Wanted) -> Option<&mut Bucket> {
        if wanted.bucket == ALL { self.all.as_mut() } else { self.domains.get_mut(&wanted.bucket) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UncertainPolicy;

    fn rate(messages: u32, seconds: u64) -> Rate {
        Rate { messages: messages.try_into().unwrap(), per: Duration::from_secs(seconds) }
    }

    fn pace(all: Option<Rate>, default: Option<Rate>, of: &[(&str, Rate)]) -> Pace {
        let of = of.iter().map(|(domain, rate)| ((*domain).to_owned(), *rate)).collect();
        Pace::new(&DeliveryConfig {
            grace: Duration::from_secs(8),
            keep_letters: 30,
            uncertain: UncertainPolicy::Resend,
            give_up_after: Duration::from_secs(3600),
            rate: all,
            rate_per_domain: DomainRates { default, of },
        })
    }

    /// What becomes of a message to `domain`, as the only sender.
    fn ask_for(mail: Mail, pace: &mut Pace, domain: &str, now: Instant) -> Turn {
        loop {
            match pace.turn(mail, domain, now) {
                Err(wanted) => pace.grant_own(&wanted, now),
                Ok(turn) => return turn,
            }
        }
    }

    fn ask(pace: &mut Pace, domain: &str, now: Instant) -> Turn {
        ask_for(Mail::Edition, pace, domain, now)
    }

    /// When each of `count` messages goes, each sent as soon as it may; in milliseconds.
    fn times(pace: &mut Pace, domains: &[&str], count: usize) -> Vec<u64> {
        let start = Instant::now();
        let mut now = start;
        let mut times = Vec::new();
        for domain in domains.iter().cycle().take(count) {
            loop {
                match ask(pace, domain, now) {
                    Turn::Now => break,
                    Turn::Domain(at) | Turn::All(at) => now = at,
                }
            }
            times.push(u64::try_from((now - start).as_millis()).unwrap());
        }
        times
    }

    #[test]
    fn without_a_limit_everything_goes_at_once() {
        assert_eq!(times(&mut pace(None, None, &[]), &["a.example"], 1_000).last(), Some(&0));
    }

    #[test]
    fn slots_lie_at_even_distances() {
        assert_eq!(
            times(&mut pace(Some(rate(10, 1)), None, &[]), &["a.example"], 5),
            [0, 100, 200, 300, 400]
        );
        assert_eq!(times(&mut pace(Some(rate(2, 60)), None, &[]), &["a.example"], 3), [0, 30_000, 60_000]);
        let fast = times(&mut pace(Some(rate(1_000, 1)), None, &[]), &["a.example"], 3_001);
        assert_eq!(fast.last(), Some(&3_000));
    }

    #[test]
    fn a_domain_has_its_own_rate_and_the_others_go_on() {
        let mut pace = pace(None, Some(rate(1, 1)), &[("big.example", rate(4, 1))]);
        let now = Instant::now();
        assert_eq!(ask(&mut pace, "small.example", now), Turn::Now);
        assert_eq!(ask(&mut pace, "small.example", now), Turn::Domain(now + Duration::from_secs(1)));
        assert_eq!(ask(&mut pace, "other.example", now), Turn::Now);
        assert_eq!(ask(&mut pace, "big.example", now), Turn::Now);
        assert_eq!(ask(&mut pace, "big.example", now), Turn::Domain(now + Duration::from_millis(250)));
    }

    #[test]
    fn a_message_that_waits_for_its_domain_takes_nothing_from_all() {
        let mut pace = pace(Some(rate(2, 1)), Some(rate(1, 1)), &[]);
        let now = Instant::now();
        assert_eq!(ask(&mut pace, "a.example", now), Turn::Now);
        for _ in 0..10 {
            assert!(matches!(ask(&mut pace, "a.example", now), Turn::Domain(_)));
        }
        assert_eq!(ask(&mut pace, "b.example", now), Turn::All(now + Duration::from_millis(500)));
        assert_eq!(ask(&mut pace, "b.example", now + Duration::from_millis(500)), Turn::Now);
    }

    #[test]
    fn a_pause_saves_up_no_more_than_its_grace() {
        let mut pace = pace(Some(rate(100, 1)), None, &[]);
        let mut now = Instant::now();
        assert_eq!(ask(&mut pace, "a.example", now), Turn::Now);
        now += Duration::from_secs(3600);
        let at_once = (0..1_000).take_while(|_| ask(&mut pace, "a.example", now) == Turn::Now).count();
        assert_eq!(at_once, 1, "the hour is not made up for");
    }

    #[test]
    fn two_nodes_that_take_slices_in_turn_hold_the_limit_together() {
        let start = Instant::now();
        let mut until = start;
        let mut nodes = [pace(Some(rate(100, 1)), None, &[]), pace(Some(rate(100, 1)), None, &[])];
        let mut sent = 0;
        for millis in 0..10_000 {
            let now = start + Duration::from_millis(millis);
            for node in &mut nodes {
                loop {
                    match node.turn(Mail::Edition, "a.example", now) {
                        Ok(Turn::Now) => sent += 1,
                        // As the store has it: behind whatever anybody has taken.
                        Err(wanted) => {
                            let begins = until.max(now);
                            until = begins + wanted.length;
                            node.grant(&wanted, begins);
                        }
                        Ok(Turn::All(_) | Turn::Domain(_)) => break,
                    }
                }
            }
        }
        assert_eq!(sent, 1_000, "a hundred a second, neither more nor less");
    }

    /// In ten seconds, of which every millisecond has an edition and so many letters to this domain that want to be sent.
    fn sent_in_ten_seconds(pace: &mut Pace, domain: &str, mut letters: u32) -> (u32, u32) {
        let start = Instant::now();
        let (mut of_letters, mut of_editions) = (0, 0);
        for millis in 0..10_000 {
            let now = start + Duration::from_millis(millis);
            // The edition is always there first.
            while ask(pace, "reader.example", now) == Turn::Now {
                of_editions += 1;
            }
            while letters > 0 && ask_for(Mail::Letter, pace, domain, now) == Turn::Now {
                letters -= 1;
                of_letters += 1;
            }
        }
        (of_letters, of_editions)
    }

    #[test]
    fn letters_go_before_editions_and_both_are_counted() {
        let mut all = pace(Some(rate(20, 1)), None, &[]);
        let (letters, editions) = sent_in_ten_seconds(&mut all, "one.example", 50);
        assert_eq!((letters, editions), (50, 150), "200 in ten seconds, the letters all of them");
        let (letters, editions) =
            sent_in_ten_seconds(&mut pace(Some(rate(20, 1)), None, &[]), "x.example", 900);
        assert_eq!((letters, editions), (199, 1), "only the first slot was free when the edition came");
    }

    #[test]
    fn letters_to_one_domain_wait_for_its_slots_and_leave_the_others_alone() {
        let mut pace = pace(None, None, &[("one.example", rate(2, 1))]);
        let now = Instant::now();
        assert_eq!(ask(&mut pace, "one.example", now), Turn::Now);
        let turn = now + Duration::from_millis(500);
        assert_eq!(ask_for(Mail::Letter, &mut pace, "one.example", now), Turn::Domain(turn));
        assert_eq!(ask(&mut pace, "other.example", now), Turn::Now);
        // The slot is the letter's, and the edition has the one behind it.
        assert_eq!(ask(&mut pace, "one.example", turn), Turn::Domain(turn + Duration::from_millis(500)));
        assert_eq!(ask_for(Mail::Letter, &mut pace, "one.example", turn), Turn::Now);
        assert_eq!(ask(&mut pace, "one.example", turn + Duration::from_millis(500)), Turn::Now);
    }

    #[test]
    fn a_slot_whose_letter_does_not_come_is_the_editions_again() {
        let mut pace = pace(Some(rate(1, 60)), None, &[]);
        let now = Instant::now();
        assert_eq!(ask(&mut pace, "a.example", now), Turn::Now);
        let turn = now + Duration::from_secs(60);
        assert_eq!(ask_for(Mail::Letter, &mut pace, "a.example", now), Turn::All(turn));
        assert_eq!(ask(&mut pace, "a.example", turn), Turn::All(turn + Duration::from_secs(60)));
        assert_eq!(ask(&mut pace, "a.example", turn + GRACE), Turn::Now);
    }

    #[test]
    fn domains_that_wait_for_nothing_are_forgotten() {
        let mut pace = pace(None, Some(rate(1, 1)), &[]);
        let mut now = Instant::now();
        for n in 0..3 * DOMAINS {
            now += Duration::from_millis(1);
            assert_eq!(ask(&mut pace, &format!("{n}.example"), now), Turn::Now);
        }
        assert!(pace.domains.len() < 2 * DOMAINS, "{}", pace.domains.len());
        assert!(matches!(ask(&mut pace, &format!("{}.example", 3 * DOMAINS - 1), now), Turn::Domain(_)));
    }
}

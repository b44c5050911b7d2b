//! Whether mail goes out as it should: what `/healthz` and `straight healthcheck --sending` tell. It is read, and nothing is
//! written. The address is public, so that it names kinds and times; `straight status` has hosts, replies and remedies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Press, PressError, overdue};
use crate::config::Schedule;
use crate::edition::EditionKey;
use crate::store::{Store, StoreError, Trouble};

/// How long after its hour an edition that is not out is overdue: files that are being written, and a restart, take less.
const OVERDUE: TimeDelta = TimeDelta::minutes(15);

/// One thing that keeps mail from going out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ailment {
    /// Only a person can mend it.
    Halted,
    /// The disk is full: what cannot be written down is not sent.
    DiskFull,
    /// Publishing or sending fails again and again, for another reason.
    Failing,
    /// Nothing gets through to the server.
    Unreachable,
    /// This node's lease is over, and it has no other.
    LeaseLost,
    /// A person has stopped an edition.
    Paused,
    /// An edition is not out though its hour is over.
    Overdue,
}

impl Ailment {
    /// Each of them.
    pub const ALL: [Ailment; 7] = [
        Ailment::Halted,
        Ailment::DiskFull,
        Ailment::Failing,
        Ailment::Unreachable,
        Ailment::LeaseLost,
        Ailment::Paused,
        Ailment::Overdue,
    ];

    /// The word that programs read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Ailment::Halted => "halted",
            Ailment::DiskFull => "disk-full",
            Ailment::Failing => "failing",
            Ailment::Unreachable => "unreachable",
            Ailment::LeaseLost => "lease-lost",
            Ailment::Paused => "paused",
            Ailment::Overdue => "overdue",
        }
    }

    /// The words that people read.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Ailment::Halted => "sending is halted until a person mends it",
            Ailment::DiskFull => "the disk is full, and what cannot be written down is not sent",
            Ailment::Failing => "publishing or sending fails again and again (the log says why)",
            Ailment::Unreachable => "nothing gets through to the mail server",
            Ailment::LeaseLost => "this node has lost its lease and sends nothing",
            Ailment::Paused => "a person has stopped the edition",
            Ailment::Overdue => "the edition is not out though its hour is over",
        }
    }
}

/// An ailment that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailing {
    /// Which kind.
    pub ailment: Ailment,
    /// Since when, as far as it is known.
    pub since: Option<DateTime<Utc>>,
    /// Which edition, when it is about one.
    pub edition: Option<EditionKey>,
}

/// What of a process's work can fail while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Publishing what is due.
    Publishing,
    /// Sending what is due.
    Sending,
    /// Writing down what is being sent.
    Ledger,
}

/// What fails in this process, and since when; all clones know. It is kept in memory: a full disk takes no note.
#[derive(Debug, Clone, Default)]
pub struct Failures(Arc<Mutex<Failing>>);

/// As what each work's failing is told, and since when it fails.
type Failing = BTreeMap<Work, (Ailment, DateTime<Utc>)>;

impl Failures {
    fn all(&self) -> MutexGuard<'_, Failing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `work` has failed at `now`.
    pub fn failed(&self, work: Work, error: &StoreError, now: DateTime<Utc>) {
        let ailment = if error.is_disk_full() { Ailment::DiskFull } else { Ailment::Failing };
        self.note(work, ailment, now);
    }

    /// `work` is done.
    pub fn over(&self, work: Work) {
        self.all().remove(&work);
    }

    fn note(&self, work: Work, ailment: Ailment, now: DateTime<Utc>) {
        let mut all = self.all();
        let since = all.get(&work).map_or(now, |(_, since)| *since);
        all.insert(work, (ailment, since));
    }
}

/// All that is needed to tell whether mail goes out.
#[derive(Debug, Clone)]
pub struct Health {
    store: Store,
    schedule: Schedule,
    failures: Failures,
}

impl Press {
    /// What tells of this process whether mail goes out.
    #[must_use]
    pub fn health(&self) -> Health {
        let (store, schedule) = (self.store.clone(), self.config.schedule.clone());
        Health { store, schedule, failures: self.failures.clone() }
    }

    /// Keeps in mind how `work` has ended, for [`health`](Self::health).
    pub fn note_work(&self, work: Work, ended: &Result<(), PressError>) {
        match ended {
            Ok(()) => self.failures.over(work),
            Err(PressError::Store(error)) => self.failures.failed(work, error, self.clock.now()),
            Err(_) => self.failures.note(work, Ailment::Failing, self.clock.now()),
        }
    }
}

impl Health {
    /// Of a store that nobody publishes or sends from in this process.
    #[must_use]
    pub fn of(store: Store, schedule: Schedule) -> Self {
        Health { store, schedule, failures: Failures::default() }
    }

    /// What keeps mail from going out at `now`, the gravest first; nothing when all is well.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ailments(&self, now: DateTime<Utc>) -> Result<Vec<Ailing>, StoreError> {
        let mut found = Vec::new();
        let mut add = |ailment, since, edition| found.push(Ailing { ailment, since, edition });
        let of_process: Vec<_> = self.failures.all().values().copied().collect();
        for (ailment, since) in of_process {
            add(ailment, Some(since), None);
        }
        for noted in self.store.troubles_here(now).await? {
            match noted.trouble {
                Trouble::Halted => add(Ailment::Halted, Some(noted.since), None),
                Trouble::Unreachable => add(Ailment::Unreachable, Some(noted.since), None),
                // It goes out, only slower, or over other connections.
                Trouble::Slowed | Trouble::Broken => {}
            }
        }
        if self.store.has_lost_its_lease() {
            add(Ailment::LeaseLost, None, None);
        }
        for key in self.store.paused_editions().await? {
            let since = match self.store.edition_summary(&key).await? {
                Some(edition) => self.store.stop_of(edition.id).await?.map(|stop| stop.at),
                None => None,
            };
            add(Ailment::Paused, since, Some(key));
        }
        if let Some((key, due)) = self.overdue(now).await? {
            add(Ailment::Overdue, Some(due), Some(key));
        }
        // Of two kinds of work that fail for one reason, one is told.
        found.sort_by_key(|ailing| (ailing.ailment, ailing.since));
        found.dedup_by_key(|ailing| (ailing.ailment, ailing.edition.clone()));
        Ok(found)
    }

    /// The edition whose hour is over and that is not out, and its hour.
    async fn overdue(&self, now: DateTime<Utc>) -> Result<Option<(EditionKey, DateTime<Utc>)>, StoreError> {
        let slot = overdue(&self.store, &self.schedule, now).await?;
        Ok(slot.filter(|slot| now >= slot.at + OVERDUE).map(|slot| (EditionKey::of(slot.date), slot.at)))
    }
}

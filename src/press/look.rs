//! A look at the press: what is configured and remembered, without the right to change anything.

use chrono::{DateTime, Utc};

use super::draft::{self, Draft, Record};
use super::schedule::{self, Slot};
use super::{Approved, Clock, Consent, Press, PressError, publish};
use crate::config::{Config, Schedule};
use crate::edition::EditionKey;
use crate::store::{Store, StoreError, StoredEdition};

/// What looking needs. Where there is no database yet none is made, and nothing has gone out.
#[derive(Debug, Clone)]
pub struct Look {
    /// What is configured.
    pub config: Config,
    /// What is remembered, opened for reading alone.
    pub store: Option<Store>,
    /// What time it is.
    pub clock: Clock,
}

impl Look {
    /// Opens the store for reading, if there is one.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, PressError> {
        let store = Store::look(&config.database).await?;
        Ok(Look { config, store, clock })
    }

    /// The same eyes as those of `press`.
    #[must_use]
    pub fn of(press: &Press) -> Self {
        Look { config: press.config.clone(), store: Some(press.store.clone()), clock: press.clock.clone() }
    }

    /// The slot whose hour is over and whose edition is not out: `straight run` publishes it as soon as it runs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn overdue(&self, now: DateTime<Utc>) -> Result<Option<Slot>, PressError> {
        match &self.store {
            Some(store) => Ok(overdue(store, &self.config.schedule, now).await?),
            None => Ok(None),
        }
    }

    /// The name of the regular edition at `now`: the local date.
    #[must_use]
    pub fn key_at(&self, now: DateTime<Utc>) -> EditionKey {
        publish::key_at(&self.config, now)
    }

    /// What went out as `key`, if it has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn edition(&self, key: &EditionKey) -> Result<Option<StoredEdition>, PressError> {
        match &self.store {
            Some(store) => Ok(store.edition(key).await?),
            None => Ok(None),
        }
    }

    /// What the edition `key` depends on, as it was on its day; when it is still made up for, as it is now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record(&self, key: &EditionKey) -> Result<Record, PressError> {
        let Some(store) = &self.store else { return Ok(Record::default()) };
        let record = Record::read(store, key, &self.config).await?;
        let overdue = overdue(store, &self.config.schedule, self.clock.now()).await?;
        let is_overdue = overdue.is_some_and(|slot| *key == EditionKey::of(slot.date));
        Ok(if is_overdue { record } else { record.before(key) })
    }

    /// What is to come depends on: as [`record`](Self::record), and when the edition `key` has gone out, with what it took.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record_to_come(&self, key: &EditionKey) -> Result<Record, PressError> {
        match &self.store {
            Some(store) if store.edition_summary(key).await?.is_some() => {
                Ok(Record::read(store, key, &self.config).await?)
            }
            Some(_) | None => self.record(key).await,
        }
    }

    /// What the edition `key` would be at `now`, as it would have been on its day; with what was saved just now, since
    /// whoever looks has just saved it.
    ///
    /// # Errors
    /// When the articles cannot be read or a template fails.
    pub async fn draft(&self, key: &EditionKey, now: DateTime<Utc>) -> Result<Draft, PressError> {
        let record = self.record(key).await?;
        let loaded = draft::look(&self.config, record.wanted(key, &self.config, now), now).await?;
        draft::draft(loaded, &record, &self.config, key.clone(), now)
    }

    /// Whether persons let the edition `key` leave at `leaving`, as things are now.
    ///
    /// # Errors
    /// As [`Consent::of`].
    pub async fn consent(&self, key: &EditionKey, leaving: DateTime<Utc>) -> Result<Consent, PressError> {
        match &self.store {
            Some(store) => Consent::of(store, &self.config, key, leaving, self.clock.now()).await,
            None => Ok(Consent::without_approval(&self.config)),
        }
    }

    /// The approval that holds of the edition that comes next: what is overdue, today's, or that of the next hour.
    ///
    /// # Errors
    /// As [`Consent::of`].
    pub async fn approved_next(&self, now: DateTime<Utc>) -> Result<Option<Approved>, PressError> {
        let schedule = &self.config.schedule;
        let of_slot = |slot: Slot| (EditionKey::of(slot.date), slot.at.max(now));
        let overdue = self.overdue(now).await?.map(of_slot);
        let today = self.key_at(now);
        let hour = schedule::slot_on(schedule, today.date()).map_or(now, |slot| slot.at.max(now));
        let next = schedule::next_slot(schedule, now).map(of_slot);
        for (key, leaving) in overdue.into_iter().chain([(today, hour)]).chain(next) {
            let is_out = self.edition(&key).await?.is_some();
            if let (false, Consent::Approved(approved)) = (is_out, self.consent(&key, leaving).await?) {
                return Ok(Some(*approved));
            }
        }
        Ok(None)
    }

    /// Refuses a relay that is not on loopback while sample values stand, as sending does.
    ///
    /// # Errors
    /// With the keys to set.
    pub fn guard(&self) -> Result<(), PressError> {
        super::guard(&self.config)
    }

    /// Ends all connections.
    pub async fn close(&self) {
        if let Some(store) = &self.store {
            store.close().await;
        }
    }
}

/// The slot whose hour is over and whose edition is not out: `straight run` publishes it as soon as it runs.
pub(crate) async fn overdue(
    store: &Store,
    schedule: &Schedule,
    now: DateTime<Utc>,
) -> Result<Option<Slot>, StoreError> {
    // Who never watched the schedule owes nothing.
    let Some(started) = store.started().await? else { return Ok(None) };
    let plan = schedule::due(schedule, store.last_slot(now).await?, started, now);
    Ok(match plan.publish {
        Some(slot) if store.edition_summary(&EditionKey::of(slot.date)).await?.is_none() => Some(slot),
        Some(_) | None => None,
    })
}

//! Who would get an edition that is published now: those in the store, and those whom the configured files add first.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::store::{Store, StoreError};
use crate::subscriber::list::{self, EXAMPLE_FILE, Format};
use crate::subscriber::{EmailAddress, Status, SubscriberId};

/// How many readers are in memory at a time.
const AT_A_TIME: u32 = 2_000;

/// Who would get it.
#[derive(Debug, Default)]
pub struct Recipients {
    /// Those in the store.
    pub known: u64,
    /// Those that files add first, by file.
    pub added: Vec<(String, u64)>,
    /// By domain, where a limit a domain is set.
    pub domains: BTreeMap<String, u64>,
}

/// Why they cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum RecipientsError {
    /// A file of readers cannot be read.
    #[error("{0}")]
    File(Box<Diagnostic>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Recipients {
    /// Counts them. Nothing is kept or changed.
    ///
    /// # Errors
    /// When a file or the store cannot be read.
    pub async fn of(
        config: &Config,
        store: Option<&Store>,
        now: DateTime<Utc>,
    ) -> Result<Self, RecipientsError> {
        let mut readers = Recipients::of_files(config, store).await?;
        if let Some(store) = store {
            readers.known = count_known(config, store, readers.total(), now).await?;
            readers.count_domains(config, store).await?;
        }
        Ok(readers)
    }

    /// Counts those alone whom files add to the ones in the store.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub async fn of_files(config: &Config, store: Option<&Store>) -> Result<Self, RecipientsError> {
        let mut readers = Recipients::default();
        let is_empty = match store {
            Some(store) => store.has_no_subscribers().await?,
            None => true,
        };
        // Where nobody is known, nobody has to be looked up.
        let known = store.filter(|_| !is_empty);
        let mut seen = HashSet::new();
        for file in &config.subscribers {
            let mut added = 0;
            for row in list::open(file).map_err(|wrong| RecipientsError::File(Box::new(wrong)))? {
                // A bad row is told when the file is imported.
                let Ok(row) = row else { continue };
                let reader = row.subscriber;
                if reader.status == Status::Active
                    && seen.insert(reader.email.key().to_owned())
                    && !is_known(known, &reader.email).await?
                {
                    added += 1;
                    readers.count_domain(config, &reader.email);
                }
            }
            readers.added.push((file.display().to_string(), added));
        }
        if is_empty && config.transport.is_outbox() && config.subscribers.is_empty() {
            let rows = list::read(list::EXAMPLE.as_bytes(), Format::Yaml, Path::new(EXAMPLE_FILE));
            let active = rows.flatten().filter(|row| row.subscriber.status == Status::Active).count();
            readers.added.push((format!("{EXAMPLE_FILE}, the examples"), active as u64));
        }
        Ok(readers)
    }

    /// How many.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.known + self.added.iter().map(|(_, count)| count).sum::<u64>()
    }

    fn count_domain(&mut self, config: &Config, email: &EmailAddress) {
        if config.delivery.rate_per_domain.of(email.domain()).is_some() {
            *self.domains.entry(email.domain().to_owned()).or_default() += 1;
        }
    }

    async fn count_domains(&mut self, config: &Config, store: &Store) -> Result<(), StoreError> {
        let limits = &config.delivery.rate_per_domain;
        if limits.default.is_none() && limits.of.is_empty() {
            return Ok(());
        }
        let mut after = SubscriberId(0);
        loop {
            let page = store.subscribers(after, Some(Status::Active), AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for reader in &page {
                self.count_domain(config, &reader.email);
            }
        }
    }
}

/// How many readers in `store` an edition of `now` has, when files have `added` so many.
///
/// # Errors
/// When the store fails.
pub async fn count_known(
    config: &Config,
    store: &Store,
    added: u64,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // The examples step back for the first reader of one's own.
    store.count_recipients(config.transport.is_outbox() && added == 0, now).await
}

async fn is_known(store: Option<&Store>, email: &EmailAddress) -> Result<bool, StoreError> {
    match store {
        Some(store) => Ok(store.by_email(email).await?.is_some()),
        None => Ok(false),
    }
}

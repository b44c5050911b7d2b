//! Whether the server takes messages as large as an edition makes them (RFC 1870). It says so in its greeting only; what
//! it said last is kept, and where that is nothing, or too little, it is asked: so an edition that is too large, the very
//! first one too, is refused before it is frozen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::debug;

use super::{Press, PressError};
use crate::config::{SmtpConfig, Transport};
use crate::delivery::smtp::{Connection, TlsClient};
use crate::edition::RenderedEdition;
use crate::message::{Letterhead, Recipient, Skeleton};
use crate::store::Store;
use crate::subscriber::{Birthmark, SubscriberId};

/// A name of the usual length in the header, and a DKIM signature or two.
const PERSONAL: usize = 2_048;
/// How long the server is waited for, in all; without an answer the edition is frozen, and refused by the send.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon the server is asked once more, while the heart beats every few seconds.
const ASKED_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// When this process asked the server last.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked(Arc<Mutex<Option<DateTime<Utc>>>>);

impl Asked {
    /// Whether it may be asked at `now`; if so, that is written down.
    fn may_ask(&self, now: DateTime<Utc>) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = last.is_some_and(|last| (last..last + ASKED_AGAIN).contains(&now));
        if !rests {
            *last = Some(now);
        }
        !rests
    }
}

impl Press {
    /// Refuses an edition whose messages the server would not take, as far as it is known or says so when it is asked.
    ///
    /// # Errors
    /// [`PressError::TooLarge`], or when the store fails.
    pub(super) async fn fits_the_server(
        &self,
        edition: &RenderedEdition,
        letterhead: &Letterhead,
    ) -> Result<(), PressError> {
        let Transport::Smtp(smtp) = &self.config.transport else { return Ok(()) };
        let someone = Recipient {
            id: SubscriberId(0),
            birthmark: Birthmark::new(1),
            email: letterhead.from.clone(),
            name: None,
            since: edition.frozen_at.date_naive(),
        };
        let octets = Skeleton::new(edition, letterhead)?.fill(&someone, &self.keys()).octets() + PERSONAL;
        let server = name_of(smtp);
        let known = self.store.server_size().await?.filter(|(of, _)| *of == server).map(|(_, limit)| limit);
        if known.is_some_and(|limit| takes(limit, octets)) {
            return Ok(());
        }
        // What it said yesterday may have been raised since.
        let limit = self.ask(smtp).await.or(known).flatten();
        match limit {
            Some(limit) if !takes(Some(limit), octets) => Err(PressError::TooLarge { octets, server, limit }),
            Some(_) | None => Ok(()),
        }
    }

    /// What the server says of the size of messages; `None` when it gives no answer in time.
    async fn ask(&self, smtp: &SmtpConfig) -> Option<Option<u64>> {
        if !self.asked_for_size.may_ask(self.clock.now()) {
            return None;
        }
        let asking = async {
            let tls = TlsClient::new(smtp).map_err(|error| error.to_string())?;
            let connection = Connection::open(smtp, &tls).await.map_err(|error| error.to_string())?;
            let limit = connection.size_limit();
            connection.quit().await;
            Ok::<_, String>(limit)
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(limit)) => {
                keep(&self.store, smtp, limit).await;
                Some(limit)
            }
            Ok(Err(why)) => {
                debug!(%why, "the server cannot be asked which size it takes");
                None
            }
            Err(_) => {
                debug!("the server does not say in time which size it takes");
                None
            }
        }
    }
}

/// Whether a server with this limit takes a message of so many octets.
fn takes(limit: Option<u64>, octets: usize) -> bool {
    limit.is_none_or(|limit| octets as u64 <= limit)
}

/// Keeps what the server said of itself.
pub(super) async fn keep(store: &Store, smtp: &SmtpConfig, limit: Option<u64>) {
    if let Err(error) = store.set_server_size(&name_of(smtp), limit).await {
        debug!(%error, "the server's SIZE is not kept");
    }
}

fn name_of(smtp: &SmtpConfig) -> String {
    format!("{}:{}", smtp.host, smtp.port)
}

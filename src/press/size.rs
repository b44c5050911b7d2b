//! Whether the server takes messages as large as an edition makes them (RFC 1870). It says so in its greeting only; what
//! it said last is kept, so that an edition that is too large is refused before it is frozen.

use tracing::debug;

use super::{Press, PressError};
use crate::config::{SmtpConfig, Transport};
use crate::edition::RenderedEdition;
use crate::message::{Letterhead, Recipient, Skeleton};
use crate::store::Store;
use crate::subscriber::SubscriberId;

/// A name of the usual length in the header, and a DKIM signature or two.
const PERSONAL: usize = 2_048;

impl Press {
    /// Refuses an edition whose messages the server would not take, as far as it is known.
    ///
    /// # Errors
    /// [`PressError::TooLarge`], or when the store fails.
    pub(super) async fn fits_the_server(
        &self,
        edition: &RenderedEdition,
        letterhead: &Letterhead,
    ) -> Result<(), PressError> {
        let Transport::Smtp(smtp) = &self.config.transport else { return Ok(()) };
        let Some((server, limit)) = self.store.server_size().await? else { return Ok(()) };
        if server != name_of(smtp) {
            return Ok(());
        }
        let someone = Recipient {
            id: SubscriberId(0),
            email: letterhead.from.clone(),
            name: None,
            since: edition.frozen_at.date_naive(),
        };
        let octets = Skeleton::new(edition, letterhead)?.fill(&someone, &self.keys).octets() + PERSONAL;
        if octets as u64 > limit { Err(PressError::TooLarge { octets, server, limit }) } else { Ok(()) }
    }
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

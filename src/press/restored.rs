//! After an old backup is restored: nothing that has gone out goes out again.

use super::{Press, PressError};
use crate::article::Whole;
use crate::edition::{self, Past, Rules};

/// A backlog of a hundred years.
const ALL_OF_THEM: u32 = 36_525;

/// What [`Press::accept_restored`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Deliveries that were open in the backup; they are `uncertain` now, for a person.
    pub held: u64,
    /// Articles that went out after the backup was made.
    pub articles: usize,
}

impl Press {
    /// Goes on with a restored backup; `None` when the database is none.
    ///
    /// # Errors
    /// When the articles cannot be read or the store fails.
    pub async fn accept_restored(&self) -> Result<Option<Accepted>, PressError> {
        let Some(restored) = self.store.restored().await? else { return Ok(None) };
        let published = self.store.published_slugs().await?;
        // Whatever could go out when the newest edition was frozen is in that edition, in one before it, or too old.
        let gone_out = match restored.frozen_at {
            Some(now) => {
                let timezone = self.config.schedule.timezone;
                let rules = Rules { day: now.date_naive(), backlog_days: ALL_OF_THEM, now, timezone };
                // Their tops say enough.
                let articles = self.load(Whole::None, now).await?.outlines();
                edition::sort(articles, Past::Editions(&published), rules).due
            }
            None => Vec::new(),
        };
        let headlines: Vec<_> = gone_out.iter().map(|article| self.earlier_headline(article)).collect();
        let held = self.store.accept_restored(&restored, &headlines, self.clock.now()).await?;
        Ok(Some(Accepted { held, articles: headlines.len() }))
    }
}

//! What is over is forgotten: windows of limits, sign-ups that nobody confirmed, letters that were sent long ago.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use super::{Press, PressError};

/// How often it is looked for what is over.
const EVERY: TimeDelta = TimeDelta::hours(1);
/// How many letters are removed at a time: a send waits for no more.
const AT_A_TIME: u32 = 1_000;

impl Press {
    /// Forgets what is over, at most once an hour; `last` is when that was done.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_what_is_over(&self, last: &mut Option<DateTime<Utc>>) -> Result<(), PressError> {
        let now = self.clock.now();
        if last.is_some_and(|last| (last..last + EVERY).contains(&now)) {
            return Ok(());
        }
        self.store.prune_quotas(now).await?;
        let forgotten = self.store.prune_sign_ups(now).await?;
        if forgotten > 0 {
            info!(forgotten, "sign-ups that nobody confirmed are forgotten");
        }
        let forgotten = self.forget_letters(now).await?;
        if forgotten > 0 {
            info!(forgotten, "letters of long ago are forgotten");
        }
        *last = Some(now);
        Ok(())
    }

    async fn forget_letters(&self, now: DateTime<Utc>) -> Result<u64, PressError> {
        let settled_before = now - TimeDelta::days(self.config.delivery.keep_letters.into());
        let mut forgotten = 0;
        loop {
            let some = self.store.prune_letters(settled_before, AT_A_TIME).await?;
            forgotten += some;
            if some < u64::from(AT_A_TIME) {
                return Ok(forgotten);
            }
        }
    }
}

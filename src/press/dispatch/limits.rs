//! The limits of one process: what it may send now, whichever edition or letter that is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::pace::{Mail, Pace, Turn};
use crate::config::DeliveryConfig;
use crate::store::{Store, StoreError};

/// The rates that are configured, and what of them is taken; all clones count together.
#[derive(Debug, Clone)]
pub(in crate::press) struct Limits {
    pace: Arc<Mutex<Pace>>,
    /// Some rate is configured.
    pub(super) are_set: bool,
}

impl Limits {
    pub(in crate::press) fn new(delivery: &DeliveryConfig) -> Self {
        let are_set = delivery.rate.is_some() || delivery.rate_per_domain.are_set();
        Limits { pace: Arc::new(Mutex::new(Pace::new(delivery))), are_set }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message to `domain` may go now; if so, it is counted.
    ///
    /// # Errors
    /// When nodes share the rates, and the store fails.
    pub(in crate::press) async fn turn(
        &self,
        store: &Store,
        mail: Mail,
        domain: &str,
    ) -> Result<Turn, StoreError> {
        if !self.are_set {
            return Ok(Turn::Now);
        }
        loop {
            let now = Instant::now();
            let wanted = match self.pace().turn(mail, domain, now) {
                Ok(turn) => return Ok(turn),
                Err(wanted) => wanted,
            };
            // An edition and a letter may ask at the same time: then one slice is lost, and the limit is kept.
            match store.take_slice(&wanted.bucket, wanted.length).await? {
                Some(begins_in) => self.pace().grant(&wanted, now + begins_in),
                None => self.pace().grant_own(&wanted, now),
            }
        }
    }
}

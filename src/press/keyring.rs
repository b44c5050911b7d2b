//! The keys of signed links as this process knows them. A key that another process makes is noticed without a restart, and
//! without a question to the store for each message.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Press, PressError};
use crate::message::TokenKeys;

/// The keys as they were read last; all clones know.
#[derive(Debug, Clone)]
pub(super) struct Keyring(Arc<RwLock<TokenKeys>>);

impl Keyring {
    pub(super) fn of(keys: TokenKeys) -> Self {
        Keyring(Arc::new(RwLock::new(keys)))
    }

    pub(super) fn keys(&self) -> TokenKeys {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Press {
    /// The keys as they were read last. What identifiers are made with never changes.
    #[must_use]
    pub fn keys(&self) -> TokenKeys {
        self.keyring.keys()
    }

    /// The keys as they are now, for this process and all that it has under way.
    pub(super) async fn renew_keys(&self) -> Result<TokenKeys, PressError> {
        let keys = self.store.token_keys(self.clock.now()).await?;
        *self.keyring.0.write().unwrap_or_else(PoisonError::into_inner) = keys.clone();
        Ok(keys)
    }
}

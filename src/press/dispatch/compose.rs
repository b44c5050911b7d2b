//! An edition's messages, composed and signed while the one before them is on its way.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::dkim::{Seal, Signer};
use crate::message::{Message, Recipient, Skeleton};
use crate::press::Press;
use crate::press::keyring::Keyring;
use crate::store::{Claimed, StoredEdition};

/// Makes the messages of one edition.
pub(super) struct Composer {
    skeleton: Skeleton,
    /// What is learnt of a key while the edition goes out counts at the next message.
    keyring: Keyring,
    /// The edition's own: with it each attempt has the same bytes.
    token_key: u32,
    timezone: Tz,
    signer: Option<Signer>,
    /// `t=` of the signatures: with the time of freezing each attempt has the same bytes.
    frozen_at: DateTime<Utc>,
    /// Made with the first message.
    seal: OnceLock<Seal>,
}

/// A row that stands as `sending`, and its message.
pub(super) struct Prepared {
    pub(super) row: Claimed,
    pub(super) message: Message,
}

/// A message that comes when its row is on record; nothing when there is no more. It goes on while it is waited for.
pub(super) type Coming = Pin<Box<dyn Future<Output = Option<Prepared>> + Send>>;

impl Composer {
    pub(super) fn new(press: &Press, edition: &StoredEdition, skeleton: Skeleton) -> Self {
        let signer = press.config.dkim.signer(&edition.letterhead.from);
        if signer.is_none() && !press.config.dkim.keys.is_empty() {
            let (edition, domain) = (&edition.summary.key, edition.letterhead.from.domain());
            warn!(%edition, domain, "no key of dkim.keys is for the edition's From: it goes unsigned");
        }
        Composer {
            skeleton,
            keyring: press.keyring.clone(),
            token_key: edition.token_key,
            timezone: press.config.schedule.timezone,
            signer,
            frozen_at: edition.summary.frozen_at,
            seal: OnceLock::new(),
        }
    }

    /// Begins to compose the message of the row that `ticket` brings.
    pub(super) fn begin(self: &Arc<Self>, ticket: oneshot::Receiver<Option<Claimed>>) -> Coming {
        let composer = Arc::clone(self);
        Box::pin(async move {
            let row = ticket.await.ok()??;
            let recipient = Recipient {
                id: row.subscriber,
                birthmark: row.birthmark,
                email: row.email.clone(),
                name: row.name.clone(),
                since: row.since.with_timezone(&composer.timezone).date_naive(),
            };
            let message = match &composer.signer {
                // RSA takes longer than a thread that serves the network should be away.
                Some(signer) if signer.is_slow() => spawn_blocking(move || composer.compose(&recipient))
                    .await
                    .expect("composing a message does not panic"),
                None | Some(_) => composer.compose(&recipient),
            };
            Some(Prepared { row, message })
        })
    }

    fn compose(&self, recipient: &Recipient) -> Message {
        let keys = self.keyring.keys().under(self.token_key);
        let mut message = self.skeleton.fill(recipient, &keys);
        if let Some(signer) = &self.signer {
            message.sign_by(self.seal.get_or_init(|| signer.seal(message.header(), self.frozen_at)));
        }
        message
    }
}

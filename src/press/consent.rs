//! Whether persons let an edition go out: one answer for whoever publishes it and for all who say beforehand what will be.

use chrono::{DateTime, Utc};

use super::approve::{self, Again};
use super::{PressError, Withheld};
use crate::config::{ApprovalPolicy, Config};
use crate::edition::EditionKey;
use crate::store::{Approval, Store};

/// What persons have decided about an edition that is not out.
#[derive(Debug)]
pub enum Consent {
    /// Nobody is asked, and nobody has held it.
    NotNeeded,
    /// It does not go out. [`Unapproved`](Withheld::Unapproved) matters only where an article is due.
    Withheld(Withheld),
    /// What was approved goes out.
    Approved(Box<Approved>),
}

/// An approval that holds.
#[derive(Debug)]
pub struct Approved {
    /// What goes out.
    pub approval: Approval,
    /// The same, made again.
    pub again: Again,
}

impl Consent {
    /// Whether the edition `key` may leave at `leaving`, as things are at `now`. Nothing is kept or changed.
    ///
    /// # Errors
    /// When the store fails; or, where there is an approval, when the articles cannot be read or a template fails.
    pub async fn of(
        store: &Store,
        config: &Config,
        key: &EditionKey,
        leaving: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, PressError> {
        if let Some(decision) = store.hold_of(key).await? {
            return Ok(Consent::Withheld(Withheld::Decided(decision)));
        }
        let Some(approval) = store.approval(key).await? else { return Ok(Self::without_approval(config)) };
        let mut again = approve::again(store, config, &approval, now).await?;
        let moment = approval.rendered.frozen_at;
        Ok(match again.changed.take() {
            // Its hour would not send it either.
            Some(changed) => Consent::Withheld(Withheld::Changed(changed)),
            None if leaving < moment => {
                Consent::Withheld(Withheld::Early(moment.with_timezone(&config.schedule.timezone)))
            }
            None => Consent::Approved(Box::new(Approved { approval, again })),
        })
    }

    /// Where no person has said anything yet.
    #[must_use]
    pub fn without_approval(config: &Config) -> Self {
        match config.edition.approval {
            ApprovalPolicy::Required => Consent::Withheld(Withheld::Unapproved),
            ApprovalPolicy::NotNeeded => Consent::NotNeeded,
        }
    }
}

//! Sign-ups are answered behind the request's back: a form writes a row, the same for every address, and here it is decided
//! which letter goes to whom. So nobody can tell from an answer's words or time who is subscribed.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use super::{Press, PressError};
use crate::letter::Written;
use crate::message::TokenKeys;
use crate::store::{Asks, OpenSignUp};
use crate::subscriber::{EmailAddress, Status};

/// One letter of a kind goes to an address in this time.
const ONE_A: TimeDelta = TimeDelta::hours(24);
/// How many sign-ups are read at a time.
const AT_A_TIME: u32 = 64;

impl Press {
    /// Answers the sign-ups that nobody has answered yet, each with a letter or with nothing; how many.
    ///
    /// # Errors
    /// When the store or a template fails; what is not answered yet is answered at the next call.
    pub async fn answer_sign_ups(&self) -> Result<usize, PressError> {
        let mut answered = 0;
        loop {
            let now = self.clock.now();
            let open = self.store.open_sign_ups(now - ONE_A, AT_A_TIME).await?;
            if open.is_empty() {
                return Ok(answered);
            }
            let keys = self.renew_keys().await?;
            // Of several to one address each pass takes the first, and the next one knows of it.
            let mut seen = HashSet::new();
            for sign_up in open.iter().filter(|sign_up| seen.insert(sign_up.email.key().to_owned())) {
                self.answer(sign_up, &keys, now).await?;
                answered += 1;
            }
        }
    }

    async fn answer(
        &self,
        sign_up: &OpenSignUp,
        keys: &TokenKeys,
        now: DateTime<Utc>,
    ) -> Result<(), PressError> {
        let letter = if sign_up.mailed_lately || sign_up.expires_at <= now {
            None
        } else {
            self.letter_for(sign_up, keys).await?
        };
        let to = sign_up.email.masked();
        if let Some((address, letter)) = letter
            && self.store.answer_sign_up(sign_up, &address, &letter, now - ONE_A, now).await?
        {
            info!(sign_up = sign_up.id.0, %to, "a letter about a sign-up is in the post");
        } else {
            self.store.pass_over(sign_up).await?;
            info!(sign_up = sign_up.id.0, %to, mailed_lately = sign_up.mailed_lately, "a sign-up is passed over");
        }
        Ok(())
    }

    /// Which letter a sign-up deserves, and at which address; `None` for one who complained: mail that was called spam is not sent again, whoever
    /// typed the address.
    async fn letter_for(
        &self,
        sign_up: &OpenSignUp,
        keys: &TokenKeys,
    ) -> Result<Option<(EmailAddress, Written)>, PressError> {
        let typed = || sign_up.email.clone();
        let letters = &self.letters;
        let confirm = || letters.confirm(keys, sign_up.id, sign_up.expires_at);
        Ok(match (sign_up.asks, sign_up.known) {
            (_, Some((_, Status::Complained))) => None,
            (Asks::NewAddress(of), _) => {
                let reader = self.store.subscriber(of).await?;
                match reader.filter(|reader| !reader.status.is_suppressed()) {
                    Some(_) => Some((typed(), letters.new_address(keys, sign_up.id, sign_up.expires_at)?)),
                    None => None,
                }
            }
            (Asks::Subscribe, Some((id, Status::Active))) => {
                // It has the reader's own links: it goes to the address as the reader has spelt it.
                match self.store.subscriber(id).await? {
                    Some(reader) => {
                        let letter = letters.already(keys, reader.holder(), reader.name.as_deref())?;
                        Some((reader.email, letter))
                    }
                    None => None,
                }
            }
            (Asks::Subscribe, None | Some((_, Status::Pending | Status::Unsubscribed | Status::Bounced))) => {
                Some((typed(), confirm()?))
            }
        })
    }
}

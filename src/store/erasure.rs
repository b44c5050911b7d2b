//! What a reader may ask of us: another address, and to be forgotten.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::batch::{Both, rows};
use super::moves::{PutBack, PutBackBy};
use super::sign_ups::{Asks, SignUp, SignUpId, erased_digest};
use super::struck_off::ASK_AT_THE_NEW_ADDRESS;
use super::{Store, StoreError, comments, millis, sign_ups, time};
use crate::letter::Written;
use crate::message::TokenKeys;
use crate::subscriber::{EmailAddress, NewSubscriber, SubscriberId};

/// What moving to a new address came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The mail goes to the new address from now on.
    Now,
    /// It has gone there before: nothing has changed.
    Before,
    /// Somebody else is in the store under the new address.
    Taken,
    /// It is too late, or the reader has left meanwhile.
    No,
}

const PAUSED_UNTIL: &str = "SELECT paused_until FROM subscribers WHERE id = $1";
// Takes the row before anything is read of it, so that nobody gives it another address meanwhile.
pub(super) const TAKE: &str =
    "UPDATE subscribers SET changed_at = $2 WHERE id = $1 AND erased_at IS NULL RETURNING email_key";
// Nothing, where the address is somebody's: two readers never become one by a form.
const MOVE: &str = "UPDATE subscribers SET email = $2, email_key = $3, changed_at = $4
    WHERE id = $1 AND status IN ('pending', 'active') AND erased_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM subscribers o WHERE o.email_key = $3 AND o.id <> $1)";
pub(super) const REMEMBER: &str =
    "INSERT INTO erased_addresses (digest, erased_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";

// The row stays as a number without a person, so that what was sent still adds up. What the server said may hold the
// address, and goes.
const ERASE: &str =
    "UPDATE subscribers SET email = 'erased.' || id || '@erased.invalid', email_key = 'erased/' || id,
        name = NULL, timezone = NULL, paused_until = NULL, removed_at = NULL, removed_by = NULL, erased_at = $2,
        changed_at = $2, status = CASE WHEN status IN ('pending', 'active') THEN 'unsubscribed' ELSE status END
    WHERE id = $1 AND erased_at IS NULL";
// What is on the wire has its answer yet to come: the ledger keeps this word over what is said then.
const ERASE_REASONS: &str = "UPDATE deliveries SET reason = 'erased'
    WHERE subscriber_id = $1 AND (reason IS NOT NULL OR state = 'sending')";
const ERASE_ATTEMPTS: &str =
    "UPDATE attempts SET reason = 'erased' WHERE subscriber_id = $1 AND reason IS NOT NULL";
const ERASE_LETTERS: &str = concat!("DELETE FROM letters WHERE subscriber_id = $1 OR ", is_sent_to!("$2"));
// Letters to others that tell of them: to moderators of their comments, to the new address that they named.
pub(super) const ERASE_TOLD: &str = "DELETE FROM letters WHERE EXISTS (SELECT 1 FROM comments c
    WHERE c.email_key = $1 AND letters.cause LIKE 'comment/' || c.id || '/%')";
const ERASE_ASKED: &str = concat!(
    "DELETE FROM letters WHERE EXISTS (SELECT 1 FROM sign_ups WHERE (sign_ups.subscriber_id = $1 OR ",
    is_asked_at!("$2"),
    ") AND letters.cause LIKE 'sign-up/' || sign_ups.id || '/%')"
);
// Of an address that a reader has given up, the letters and what was confirmed are that reader's, and no guest's.
const ERASE_GUESTS_LETTERS: &str = concat!("DELETE FROM letters WHERE ", is_sent_to!("$1"));
const ERASE_GUESTS_SIGN_UPS: &str = concat!("DELETE FROM sign_ups WHERE ", is_asked_at!("$1"));
// Letters to an address that a reader gives up stay theirs.
const KEEP_LETTERS: &str =
    "UPDATE letters SET subscriber_id = $1 WHERE subscriber_id IS NULL AND recipient_key = $2";
// What a reader said beneath articles goes with them to their new address.
const MOVE_COMMENTS: &str =
    "UPDATE comments SET email = $2, email_key = $3, moved_by = COALESCE(moved_by, $4)
    WHERE email_key = $1";
const KEEP_FORMER: &str = "UPDATE sign_ups SET former = $2, former_key = $3 WHERE id = $1";
const ERASE_SIGN_UPS: &str = concat!("DELETE FROM sign_ups WHERE subscriber_id = $1 OR ", is_asked_at!("$2"));
const ANY_ERASED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM erased_addresses LIMIT 1) x";
const AMONG_ERASED: Both = both!("SELECT e.digest FROM", "JOIN erased_addresses e ON e.digest = j.value->>0");

impl Store {
    /// Until when a reader gets nothing, if they have asked for a pause.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn paused_until(&self, id: SubscriberId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let until: Option<Option<i64>> =
            reading!(self, |c| sqlx::query_scalar(PAUSED_UNTIL).bind(id.0).fetch_optional(&mut *c).await?);
        until.flatten().map(time).transpose()
    }

    /// Takes the word of the owner of a new address: the reader who asked gets their mail there. The old address hears of
    /// it by `notice`, which has the link that takes it back, and no import brings it back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn confirm_new_address(
        &self,
        id: SignUpId,
        keys: &TokenKeys,
        from: Option<&str>,
        notice: &Written,
        now: DateTime<Utc>,
    ) -> Result<Moved, StoreError> {
        let Some(SignUp { asks: Asks::NewAddress(of), email, confirmed, .. }) = self.sign_up(id).await?
        else {
            return Ok(Moved::No);
        };
        if confirmed {
            return Ok(Moved::Before);
        }
        let Some(reader) = self.subscriber(of).await?.filter(|reader| !reader.status.is_suppressed()) else {
            return Ok(Moved::No);
        };
        if self.by_email(&email).await?.is_some_and(|other| other.id != of) {
            return Ok(Moved::Taken);
        }
        // Whoever goes home takes the move back that led away from there: the address between has no last word about it.
        if let Some(away) = self.move_from(of, &email, now).await? {
            return Ok(
                match self.put_back_by_form(&away, PutBackBy::Owner, Some((id, from)), keys, now).await? {
                    PutBack::Now => Moved::Now,
                    PutBack::Before => Moved::Before,
                    PutBack::Taken => Moved::Taken,
                    PutBack::No => Moved::No,
                },
            );
        }
        let (old, new) = (erased_digest(keys, reader.email.key()), erased_digest(keys, email.key()));
        let cause = format!("moved/{}", id.0);
        let outcome = writing!(self, |c| {
            let key: Option<String> =
                sqlx::query_scalar(TAKE).bind(of.0).bind(millis(now)).fetch_optional(&mut *c).await?;
            // Another request was faster, and the address that would be told is no longer theirs.
            let ours = if key.as_deref() == Some(reader.email.key()) {
                sqlx::query(sign_ups::CONFIRM)
                    .bind(id.0)
                    .bind(millis(now))
                    .bind(from)
                    .execute(&mut *c)
                    .await?
                    .rows_affected()
            } else {
                0
            };
            let moved = if ours == 0 {
                0
            } else {
                sqlx::query(MOVE)
                    .bind(of.0)
                    .bind(email.as_str())
                    .bind(email.key())
                    .bind(millis(now))
                    .execute(&mut *c)
                    .await?
                    .rows_affected()
            };
            if moved > 0 && old != new {
                sqlx::query(REMEMBER).bind(&old).bind(millis(now)).execute(&mut *c).await?;
                sqlx::query(sign_ups::FORGIVE).bind(&new).execute(&mut *c).await?;
                let ask = sqlx::query(ASK_AT_THE_NEW_ADDRESS).bind(of.0).bind(millis(now)).bind(i64::MAX);
                ask.execute(&mut *c).await?;
                sqlx::query(KEEP_LETTERS).bind(of.0).bind(reader.email.key()).execute(&mut *c).await?;
                sqlx::query(MOVE_COMMENTS)
                    .bind(reader.email.key())
                    .bind(email.as_str())
                    .bind(email.key())
                    .bind(id.0)
                    .execute(&mut *c)
                    .await?;
                sqlx::query(KEEP_FORMER)
                    .bind(id.0)
                    .bind(reader.email.as_str())
                    .bind(reader.email.key())
                    .execute(&mut *c)
                    .await?;
                insert_letter!(&mut *c, &cause, &reader.email, notice, Some(of), now);
            }
            (ours, moved)
        });
        Ok(match outcome {
            (0, _) => {
                if self.is_confirmed(id).await? {
                    Moved::Before
                } else {
                    Moved::No
                }
            }
            (_, 0) => Moved::No,
            (_, _) => Moved::Now,
        })
    }

    /// Forgets a reader: address, name, consent, letters and what servers said of them. Their deliveries stay as counts, and
    /// a keyed digest of the address keeps imports from bringing them back. Whether there was anything to forget.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase(
        &self,
        id: SubscriberId,
        keys: &TokenKeys,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let erased = writing!(self, |c| {
            let key: Option<String> =
                sqlx::query_scalar(TAKE).bind(id.0).bind(millis(now)).fetch_optional(&mut *c).await?;
            if let Some(key) = &key {
                sqlx::query(ERASE).bind(id.0).bind(millis(now)).execute(&mut *c).await?;
                let digest = erased_digest(keys, key);
                sqlx::query(REMEMBER).bind(&digest).bind(millis(now)).execute(&mut *c).await?;
                sqlx::query(ERASE_REASONS).bind(id.0).execute(&mut *c).await?;
                sqlx::query(ERASE_ATTEMPTS).bind(id.0).execute(&mut *c).await?;
                sqlx::query(ERASE_TOLD).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_ASKED).bind(id.0).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_LETTERS).bind(id.0).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_SIGN_UPS).bind(id.0).bind(key).execute(&mut *c).await?;
                sqlx::query(comments::ERASE).bind(key).execute(&mut *c).await?;
            }
            key.is_some()
        });
        self.leave_nothing_behind().await?;
        Ok(erased)
    }

    /// Forgets somebody who is no subscriber: comments, letters, sign-ups that were not confirmed. As of a reader, a keyed
    /// digest of the address keeps imports from making them one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase_guest(
        &self,
        email: &EmailAddress,
        keys: &TokenKeys,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let digest = erased_digest(keys, email.key());
        writing!(self, |c| {
            sqlx::query(REMEMBER).bind(&digest).bind(millis(now)).execute(&mut *c).await?;
            sqlx::query(ERASE_TOLD).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(ERASE_GUESTS_LETTERS).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(ERASE_GUESTS_SIGN_UPS).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(comments::ERASE).bind(email.key()).execute(&mut *c).await?;
        });
        self.leave_nothing_behind().await
    }

    /// Whether this address was erased, or given up for another.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_erased(&self, email: &EmailAddress, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let keys = self.token_keys(now).await?;
        Ok(!self.erased_among(&keys, &[email.key()]).await?.is_empty())
    }

    /// The subscribers of an import without those whose address was erased; nobody's digest is made as long as nobody was.
    pub(super) async fn without_erased<'s>(
        &self,
        chunk: &'s [NewSubscriber],
        now: DateTime<Utc>,
    ) -> Result<(Vec<&'s NewSubscriber>, u64), StoreError> {
        let any: i64 = reading!(self, |c| sqlx::query_scalar(ANY_ERASED).fetch_one(&mut *c).await?);
        if any == 0 {
            return Ok((chunk.iter().collect(), 0));
        }
        let keys = self.token_keys(now).await?;
        let all: Vec<&str> = chunk.iter().map(|subscriber| subscriber.email.key()).collect();
        let erased = self.erased_among(&keys, &all).await?;
        let stay: Vec<&NewSubscriber> =
            chunk.iter().filter(|s| !erased.contains(&erased_digest(&keys, s.email.key()))).collect();
        let out = (chunk.len() - stay.len()) as u64;
        Ok((stay, out))
    }

    async fn erased_among(&self, keys: &TokenKeys, all: &[&str]) -> Result<HashSet<String>, StoreError> {
        let digests: Vec<(String,)> = all.iter().map(|key| (erased_digest(keys, key),)).collect();
        let digests = rows(&digests);
        let found: Vec<String> = reading!(self, |c| sqlx::query_scalar(AMONG_ERASED.on(self))
            .bind(&digests)
            .fetch_all(&mut *c)
            .await?);
        Ok(found.into_iter().collect())
    }
}

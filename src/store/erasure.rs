//! What a reader may ask of us: another address, all that we know of them, and to be forgotten.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::batch::{Both, rows};
use super::sign_ups::{Asks, Consent, SignUp, SignUpId, erased_digest};
use super::{Store, StoreError, comments, millis, sign_ups, time};
use crate::comment::Comment;
use crate::letter::Written;
use crate::message::TokenKeys;
use crate::subscriber::{EmailAddress, NewSubscriber, Subscriber, SubscriberId};

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

/// All that is known of a reader.
#[derive(Debug, Clone, Serialize)]
pub struct Known {
    /// The address.
    pub email: String,
    /// What they want to be called.
    pub name: Option<String>,
    /// Their time zone.
    pub timezone: Option<String>,
    /// Whether they get the edition.
    pub status: String,
    /// When they subscribed.
    pub since: DateTime<Utc>,
    /// Until when they get nothing.
    pub paused_until: Option<DateTime<Utc>>,
    /// The record of consent.
    pub consents: Vec<Consent>,
    /// What was sent to them, and how that ended.
    pub editions: Vec<Received>,
    /// Single letters to them.
    pub letters: Vec<Received>,
    /// What they said beneath articles.
    pub comments: Vec<Commented>,
}

/// What is kept of somebody who is no subscriber.
#[derive(Debug, Clone, Serialize)]
pub struct Guest {
    /// The address.
    pub email: String,
    /// What they said beneath articles.
    pub comments: Vec<Commented>,
    /// Single letters to them.
    pub letters: Vec<Received>,
    /// How often a form was sent with the address.
    pub sign_ups: u64,
}

/// A comment of a reader's.
#[derive(Debug, Clone, Serialize)]
pub struct Commented {
    /// Beneath which article.
    pub article: String,
    /// Under which name.
    pub name: String,
    /// What they wrote.
    pub text: String,
    /// `pending`, `approved` or `rejected`.
    pub moderation: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// One thing that was sent to a reader.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// The edition's name, or the letter's subject.
    pub what: String,
    /// `sent`, `queued`, …
    pub state: String,
    /// When that was settled.
    pub at: Option<DateTime<Utc>>,
}

const PAUSED_UNTIL: &str = "SELECT paused_until FROM subscribers WHERE id = $1";
const EDITIONS_OF: &str =
    "SELECT e.key, d.state, d.settled_at FROM deliveries d JOIN editions e ON e.id = d.edition_id
    WHERE d.subscriber_id = $1 ORDER BY e.id";
const LETTERS_OF: &str =
    "SELECT subject, state, settled_at FROM letters WHERE subscriber_id = $1 ORDER BY id";

// Nothing, where the address is somebody's: two readers never become one by a form.
const MOVE: &str = "UPDATE subscribers SET email = $2, email_key = $3, changed_at = $4
    WHERE id = $1 AND status IN ('pending', 'active') AND erased_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM subscribers o WHERE o.email_key = $3 AND o.id <> $1)";
const REMEMBER: &str =
    "INSERT INTO erased_addresses (digest, erased_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";

// The row stays as a number without a person, so that what was sent still adds up. What the server said may hold the
// address, and goes.
const ERASE: &str =
    "UPDATE subscribers SET email = 'erased.' || id || '@erased.invalid', email_key = 'erased/' || id,
        name = NULL, timezone = NULL, paused_until = NULL, erased_at = $2, changed_at = $2,
        status = CASE WHEN status IN ('pending', 'active') THEN 'unsubscribed' ELSE status END
    WHERE id = $1 AND erased_at IS NULL";
const ERASE_REASONS: &str =
    "UPDATE deliveries SET reason = 'erased' WHERE subscriber_id = $1 AND reason IS NOT NULL";
const ERASE_ATTEMPTS: &str =
    "UPDATE attempts SET reason = 'erased' WHERE subscriber_id = $1 AND reason IS NOT NULL";
// Letters to them; an address is one in every spelling.
const ERASE_LETTERS: &str = "DELETE FROM letters
    WHERE subscriber_id = $1 OR lower(recipient) = lower($2) OR lower(recipient) = $3";
// Letters to others that tell of them: to moderators of their comments, to the new address that they named.
pub(super) const ERASE_TOLD: &str = "DELETE FROM letters WHERE EXISTS (SELECT 1 FROM comments c
    WHERE c.email_key = $1 AND letters.cause LIKE 'comment/' || c.id || '/%')";
const ERASE_ASKED: &str = "DELETE FROM letters WHERE EXISTS (SELECT 1 FROM sign_ups u
    WHERE (u.subscriber_id = $1 OR u.email_key = $2) AND letters.cause LIKE 'sign-up/' || u.id || '/%')";
// Of an address that a reader has given up, the letters and what was confirmed are that reader's, and no guest's.
const GUESTS_LETTERS: &str = "SELECT subject, state, settled_at FROM letters
    WHERE subscriber_id IS NULL AND (lower(recipient) = lower($1) OR lower(recipient) = $2) ORDER BY id";
const GUESTS_SIGN_UPS: &str = "SELECT COUNT(*) FROM sign_ups WHERE email_key = $1 AND state <> 'confirmed'";
const ERASE_GUESTS_LETTERS: &str = "DELETE FROM letters
    WHERE subscriber_id IS NULL AND (lower(recipient) = lower($1) OR lower(recipient) = $2)";
const ERASE_GUESTS_SIGN_UPS: &str = "DELETE FROM sign_ups WHERE email_key = $1 AND state <> 'confirmed'";
// Letters to an address that a reader gives up stay theirs.
const KEEP_LETTERS: &str = "UPDATE letters SET subscriber_id = $1
    WHERE subscriber_id IS NULL AND (lower(recipient) = lower($2) OR lower(recipient) = $3)";
// What a reader said beneath articles goes with them to their new address.
const MOVE_COMMENTS: &str = "UPDATE comments SET email = $2, email_key = $3 WHERE email_key = $1";
const ERASE_SIGN_UPS: &str = "DELETE FROM sign_ups WHERE subscriber_id = $1 OR email_key = $2";
const ANY_ERASED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM erased_addresses LIMIT 1) x";
const AMONG_ERASED: Both = both!("SELECT e.digest FROM", "JOIN erased_addresses e ON e.digest = j.value->>0");

type ReceivedRow = (String, String, Option<i64>);

fn received(rows: Vec<ReceivedRow>) -> Result<Vec<Received>, StoreError> {
    rows.into_iter()
        .map(|(what, state, at)| Ok(Received { what, state, at: at.map(time).transpose()? }))
        .collect()
}

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

    /// All that is known of `reader`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn known(&self, reader: &Subscriber) -> Result<Known, StoreError> {
        let id = reader.id;
        let editions: Vec<ReceivedRow> =
            reading!(self, |c| sqlx::query_as(EDITIONS_OF).bind(id.0).fetch_all(&mut *c).await?);
        let letters: Vec<ReceivedRow> =
            reading!(self, |c| sqlx::query_as(LETTERS_OF).bind(id.0).fetch_all(&mut *c).await?);
        Ok(Known {
            email: reader.email.to_string(),
            name: reader.name.clone(),
            timezone: reader.timezone.map(|zone| zone.name().to_owned()),
            status: reader.status.to_string(),
            since: reader.since,
            paused_until: self.paused_until(id).await?,
            consents: self.consents(id).await?,
            editions: received(editions)?,
            letters: received(letters)?,
            comments: self.comments_by(&reader.email).await?.into_iter().map(commented).collect(),
        })
    }

    /// Takes the word of the owner of a new address: the reader who asked gets their mail there. The old address hears of
    /// it by `notice`, and no import brings it back.
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
        let (old, new) = (erased_digest(keys, reader.email.key()), erased_digest(keys, email.key()));
        let cause = format!("moved/{}", id.0);
        let outcome = writing!(self, |c| {
            let ours = sqlx::query(sign_ups::CONFIRM)
                .bind(id.0)
                .bind(millis(now))
                .bind(from)
                .execute(&mut *c)
                .await?
                .rows_affected();
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
                sqlx::query(KEEP_LETTERS)
                    .bind(of.0)
                    .bind(reader.email.as_str())
                    .bind(reader.email.key())
                    .execute(&mut *c)
                    .await?;
                sqlx::query(MOVE_COMMENTS)
                    .bind(reader.email.key())
                    .bind(email.as_str())
                    .bind(email.key())
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
        let Some(reader) = self.subscriber(id).await? else { return Ok(false) };
        let digest = erased_digest(keys, reader.email.key());
        Ok(writing!(self, |c| {
            let done =
                sqlx::query(ERASE).bind(id.0).bind(millis(now)).execute(&mut *c).await?.rows_affected() > 0;
            if done {
                sqlx::query(REMEMBER).bind(&digest).bind(millis(now)).execute(&mut *c).await?;
                sqlx::query(ERASE_REASONS).bind(id.0).execute(&mut *c).await?;
                sqlx::query(ERASE_ATTEMPTS).bind(id.0).execute(&mut *c).await?;
                let (spelt, key) = (reader.email.as_str(), reader.email.key());
                sqlx::query(ERASE_TOLD).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_ASKED).bind(id.0).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_LETTERS).bind(id.0).bind(spelt).bind(key).execute(&mut *c).await?;
                sqlx::query(ERASE_SIGN_UPS).bind(id.0).bind(key).execute(&mut *c).await?;
                sqlx::query(comments::ERASE).bind(key).execute(&mut *c).await?;
            }
            done
        }))
    }

    /// What is kept of somebody who is no subscriber; `None` when nothing is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn guest(&self, email: &EmailAddress) -> Result<Option<Guest>, StoreError> {
        let letters: Vec<ReceivedRow> = reading!(self, |c| sqlx::query_as(GUESTS_LETTERS)
            .bind(email.as_str())
            .bind(email.key())
            .fetch_all(&mut *c)
            .await?);
        let sign_ups: i64 = reading!(self, |c| sqlx::query_scalar(GUESTS_SIGN_UPS)
            .bind(email.key())
            .fetch_one(&mut *c)
            .await?);
        let guest = Guest {
            email: email.to_string(),
            comments: self.comments_by(email).await?.into_iter().map(commented).collect(),
            letters: received(letters)?,
            sign_ups: sign_ups.unsigned_abs(),
        };
        Ok((!guest.comments.is_empty() || !guest.letters.is_empty() || guest.sign_ups > 0).then_some(guest))
    }

    /// Forgets somebody who is no subscriber: comments, letters, sign-ups that were not confirmed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase_guest(&self, email: &EmailAddress) -> Result<(), StoreError> {
        writing!(self, |c| {
            sqlx::query(ERASE_TOLD).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(ERASE_GUESTS_LETTERS).bind(email.as_str()).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(ERASE_GUESTS_SIGN_UPS).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(comments::ERASE).bind(email.key()).execute(&mut *c).await?;
        });
        Ok(())
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

fn commented(comment: Comment) -> Commented {
    let Comment { slug, name, text, moderation, made_at, .. } = comment;
    Commented { article: slug, name, text, moderation: moderation.as_str().to_owned(), at: made_at }
}

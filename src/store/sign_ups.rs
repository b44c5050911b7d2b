//! Sign-ups: what a form asked for, and the record of consent.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::quotas::{self, Quota};
use super::subscribers::status;
use super::{EditionId, Store, StoreError, millis, time};
use crate::letter::Written;
use crate::message::TokenKeys;
use crate::subscriber::{Birthmark, EmailAddress, Status, SubscriberId};

/// The store's number of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignUpId(pub i64);

/// What a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// To be subscribed.
    Subscribe,
    /// To have one's mail at another address: of whom.
    NewAddress(SubscriberId),
}

/// A form as it was filled in.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// What for.
    pub asks: Asks,
    /// The address.
    pub email: &'a EmailAddress,
    /// What they want to be called.
    pub name: Option<&'a str>,
    /// Their time zone.
    pub timezone: Option<Tz>,
    /// What the form said.
    pub words: &'a str,
    /// `site`, or the origin of another site.
    pub origin: &'a str,
    /// The network address as it is recorded.
    pub from: Option<&'a str>,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
}

/// One that has been asked for, with what is known of its address.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSignUp {
    /// The store's number.
    pub id: SignUpId,
    /// What for.
    pub asks: Asks,
    /// The address.
    pub email: EmailAddress,
    /// What they want to be called.
    pub name: Option<String>,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
    /// The subscriber of this address, if there is one.
    pub known: Option<(SubscriberId, Status)>,
    /// Whether a letter that asks the same went to this address within a day.
    pub mailed_lately: bool,
}

/// A sign-up as its owner sees it, who holds its token.
#[derive(Debug, Clone, PartialEq)]
pub struct SignUp {
    /// What for.
    pub asks: Asks,
    /// The address.
    pub email: EmailAddress,
    /// What they want to be called.
    pub name: Option<String>,
    /// Whose it became; the asking subscriber's of a new address.
    pub subscriber: Option<SubscriberId>,
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
    /// Whether it has been.
    pub confirmed: bool,
}

/// What confirming came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The reader is subscribed from now on.
    Now(SubscriberId),
    /// It had been confirmed before: nothing has changed.
    Before,
    /// It is too late, or the reader may not come back this way.
    No,
}

/// What stands on record of a reader's consent.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Consent {
    /// `sign-up` or `new-address`.
    pub kind: String,
    /// What became of it: `asked`, `mailed`, `passed-over` or `confirmed`.
    pub state: String,
    /// The address as it was given.
    pub email: String,
    /// The name as it was given.
    pub name: Option<String>,
    /// The time zone as it was given.
    pub timezone: Option<String>,
    /// The address before, of a new one that was confirmed.
    pub former: Option<String>,
    /// What the form said.
    pub words: String,
    /// `site`, or the origin of another site.
    pub origin: String,
    /// When it was sent.
    pub asked_at: DateTime<Utc>,
    /// The network address as it is recorded.
    pub asked_from: Option<String>,
    /// When it was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// From which network address.
    pub confirmed_from: Option<String>,
    /// When a new address was taken back.
    pub put_back_at: Option<DateTime<Utc>>,
}

const INSERT: &str =
    "INSERT INTO sign_ups (kind, state, email, email_key, name, timezone, subscriber_id, words, origin, asked_at,
        asked_from, expires_at)
    VALUES ($1, 'asked', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const ASKED: &str = "SELECT u.id, u.kind, u.email, u.name, u.expires_at, u.subscriber_id, s.id, s.status,
        EXISTS (SELECT 1 FROM sign_ups m WHERE m.email_key = u.email_key AND m.kind = u.kind AND m.id <> u.id
            AND m.state = 'mailed' AND m.asked_at > $1 AND NOT EXISTS (SELECT 1 FROM letters l
                WHERE l.cause = 'sign-up/' || CAST(m.id AS TEXT) || '/' || m.email_key AND l.state = 'failed'))
    FROM sign_ups u LEFT JOIN subscribers s ON s.email_key = u.email_key
    WHERE u.state = 'asked' ORDER BY u.id LIMIT $2";
const PASS_OVER: &str = "UPDATE sign_ups SET state = 'passed-over' WHERE id = $1 AND state = 'asked'";
// One letter of each kind an address a day, whichever node looks. A reader who says that an address will be theirs keeps
// nobody from signing up with it, nor does who signs up with it keep a reader from moving there. A letter that could not
// be delivered keeps nobody from asking for another.
const ANSWER: &str = "UPDATE sign_ups SET state = 'mailed' WHERE id = $1 AND state = 'asked'
    AND NOT EXISTS (SELECT 1 FROM sign_ups m WHERE m.email_key = sign_ups.email_key AND m.kind = sign_ups.kind
        AND m.id <> sign_ups.id AND m.state = 'mailed' AND m.asked_at > $2 AND NOT EXISTS (SELECT 1 FROM letters l
            WHERE l.cause = 'sign-up/' || CAST(m.id AS TEXT) || '/' || m.email_key AND l.state = 'failed'))";
// The number is "sign-ups" in ASCII.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(8316293164014776435)";
const ADD_PENDING: &str =
    "INSERT INTO subscribers (email, email_key, name, timezone, status, origin, since, changed_at, birthmark)
    SELECT email, email_key, name, timezone, 'pending', 'sign-up', asked_at, asked_at, CAST($2 AS BIGINT)
    FROM sign_ups WHERE id = $1
    ON CONFLICT (email_key) DO NOTHING";
const ASSIGN: &str = "UPDATE sign_ups SET subscriber_id =
        (SELECT s.id FROM subscribers s WHERE s.email_key = sign_ups.email_key)
    WHERE id = $1 AND kind = 'sign-up' RETURNING subscriber_id";
const BY_ID: &str = "SELECT kind, email, name, subscriber_id, expires_at, state FROM sign_ups WHERE id = $1";
// What confirming does to the record of consent, whatever was asked for.
pub(super) const CONFIRM: &str =
    "UPDATE sign_ups SET state = 'confirmed', confirmed_at = $2, confirmed_from = $3
    WHERE id = $1 AND state = 'mailed' AND expires_at > $2";
// Only the reader's own word lifts `unsubscribed` and `bounced`; nothing lifts `complained`.
const ACTIVATE: &str =
    "UPDATE subscribers SET status = 'active', since = $2, changed_at = $2, paused_until = NULL,
        origin = 'sign-up',
        name = COALESCE((SELECT u.name FROM sign_ups u WHERE u.id = $3), name),
        timezone = COALESCE((SELECT u.timezone FROM sign_ups u WHERE u.id = $3), timezone)
    WHERE id = $1 AND status IN ('pending', 'unsubscribed', 'bounced') AND erased_at IS NULL";
pub(super) const FORGIVE: &str = "DELETE FROM erased_addresses WHERE digest = $1";
const DELIVER: &str = "INSERT INTO deliveries (edition_id, subscriber_id, state, due_at)
    SELECT e.id, CAST($2 AS BIGINT), 'queued', CAST($3 AS BIGINT) FROM editions e WHERE e.id = $1
        AND NOT EXISTS (SELECT 1 FROM stops x WHERE x.edition_id = e.id AND x.course = 'cancelled')
    ON CONFLICT (edition_id, subscriber_id) DO NOTHING";
const ONE_MORE: &str = "UPDATE editions SET recipients = recipients + 1 WHERE id = $1";
const PRUNE: &str = "DELETE FROM sign_ups WHERE state IN ('mailed', 'passed-over') AND expires_at < $1";
// The newest of all stays as a number without a person: its number would be the next one's in SQLite.
const PRUNE_NEWEST_PENDING: &str =
    "UPDATE subscribers SET email = 'erased.' || id || '@erased.invalid', email_key = 'erased/' || id, name = NULL,
        timezone = NULL, paused_until = NULL, status = 'unsubscribed', erased_at = $2, changed_at = $2
    WHERE id = (SELECT MAX(n.id) FROM subscribers n)
    AND status = 'pending' AND origin = 'sign-up' AND changed_at < $1
    AND NOT EXISTS (SELECT 1 FROM sign_ups u WHERE u.subscriber_id = subscribers.id)
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber_id = subscribers.id)";
const PRUNE_PENDING: &str =
    "DELETE FROM subscribers WHERE status = 'pending' AND origin = 'sign-up' AND changed_at < $1
    AND NOT EXISTS (SELECT 1 FROM sign_ups u WHERE u.subscriber_id = subscribers.id)
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber_id = subscribers.id)";

type AskedRow = (i64, String, String, Option<String>, i64, Option<i64>, Option<i64>, Option<String>, bool);

impl Store {
    /// Writes down what a form asks for, and takes one of each of `quotas`: the same for every address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask(&self, ask: &Ask<'_>, quotas: &[Quota], now: DateTime<Utc>) -> Result<(), StoreError> {
        let (kind, of) = match ask.asks {
            Asks::Subscribe => ("sign-up", None),
            Asks::NewAddress(id) => ("new-address", Some(id.0)),
        };
        let (take, taken) = quotas::take(self, quotas, now);
        writing!(self, |c| {
            sqlx::query(take).bind(&taken).execute(&mut *c).await?;
            sqlx::query(INSERT)
                .bind(kind)
                .bind(ask.email.as_str())
                .bind(ask.email.key())
                .bind(ask.name)
                .bind(ask.timezone.map(Tz::name))
                .bind(of)
                .bind(ask.words)
                .bind(ask.origin)
                .bind(millis(now))
                .bind(ask.from)
                .bind(millis(ask.expires_at))
                .execute(&mut *c)
                .await?;
        });
        Ok(())
    }

    /// Up to `limit` sign-ups of which nothing has become yet, oldest first; `lately` is a day ago.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_sign_ups(
        &self,
        lately: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<OpenSignUp>, StoreError> {
        let rows: Vec<AskedRow> = reading!(self, |c| sqlx::query_as(ASKED)
            .bind(millis(lately))
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter()
            .map(|(id, kind, email, name, expires_at, of, known, word, mailed_lately)| {
                Ok(OpenSignUp {
                    id: SignUpId(id),
                    asks: asks(id, &kind, of)?,
                    email: address(id, &email)?,
                    name,
                    expires_at: time(expires_at)?,
                    known: known
                        .zip(word)
                        .map(|(known, word)| Ok::<_, StoreError>((SubscriberId(known), status(word)?)))
                        .transpose()?,
                    mailed_lately,
                })
            })
            .collect()
    }

    /// Answers `sign_up` with a letter to `to`, and with a pending subscriber where its address is new; whether nobody else had
    /// answered it, and no letter that asks the same went to its address since `lately`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn answer_sign_up(
        &self,
        sign_up: &OpenSignUp,
        to: &EmailAddress,
        letter: &Written,
        lately: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let cause = format!("sign-up/{}", sign_up.id.0);
        Ok(writing!(self, |c| {
            if self.is_shared() {
                sqlx::query(ONE_AT_A_TIME).execute(&mut *c).await?;
            }
            let ours = sqlx::query(ANSWER)
                .bind(sign_up.id.0)
                .bind(millis(lately))
                .execute(&mut *c)
                .await?
                .rows_affected()
                > 0;
            if ours {
                let subscriber = match sign_up.asks {
                    Asks::NewAddress(_) => None,
                    Asks::Subscribe => {
                        sqlx::query(ADD_PENDING)
                            .bind(sign_up.id.0)
                            .bind(Birthmark::random().get())
                            .execute(&mut *c)
                            .await?;
                        let id: Option<i64> =
                            sqlx::query_scalar(ASSIGN).bind(sign_up.id.0).fetch_one(&mut *c).await?;
                        id.map(SubscriberId)
                    }
                };
                insert_letter!(&mut *c, &cause, to, letter, subscriber, now);
            }
            ours
        }))
    }

    /// Leaves `sign_up` without an answer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pass_over(&self, sign_up: &OpenSignUp) -> Result<(), StoreError> {
        writing!(self, |c| {
            sqlx::query(PASS_OVER).bind(sign_up.id.0).execute(&mut *c).await?;
        });
        Ok(())
    }

    /// The sign-up of this number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_up(&self, id: SignUpId) -> Result<Option<SignUp>, StoreError> {
        type Row = (String, String, Option<String>, Option<i64>, i64, String);
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(BY_ID).bind(id.0).fetch_optional(&mut *c).await?);
        row.map(|(kind, email, name, subscriber, expires_at, state)| {
            Ok(SignUp {
                asks: asks(id.0, &kind, subscriber)?,
                email: address(id.0, &email)?,
                name,
                subscriber: subscriber.map(SubscriberId),
                expires_at: time(expires_at)?,
                confirmed: state == "confirmed",
            })
        })
        .transpose()
    }

    /// Takes the word of the owner of the address: subscribes them, lifts what kept imports out, and puts `welcome` (made
    /// of the subscriber's number) into the post. Again, it changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn confirm_sign_up(
        &self,
        id: SignUpId,
        keys: &TokenKeys,
        from: Option<&str>,
        welcome: &Written,
        now: DateTime<Utc>,
    ) -> Result<Confirmed, StoreError> {
        let Some(SignUp { asks: Asks::Subscribe, subscriber: Some(subscriber), email, confirmed, .. }) =
            self.sign_up(id).await?
        else {
            return Ok(Confirmed::No);
        };
        if confirmed {
            return self.stands(subscriber).await;
        }
        let digest = erased_digest(keys, email.key());
        let cause = format!("welcome/{}", id.0);
        let outcome = writing!(self, |c| {
            let ours = sqlx::query(CONFIRM)
                .bind(id.0)
                .bind(millis(now))
                .bind(from)
                .execute(&mut *c)
                .await?
                .rows_affected();
            let active = if ours == 0 {
                0
            } else {
                sqlx::query(ACTIVATE)
                    .bind(subscriber.0)
                    .bind(millis(now))
                    .bind(id.0)
                    .execute(&mut *c)
                    .await?
                    .rows_affected()
            };
            if active > 0 {
                sqlx::query(FORGIVE).bind(&digest).execute(&mut *c).await?;
                insert_letter!(&mut *c, &cause, &email, welcome, Some(subscriber), now);
            }
            (ours, active)
        });
        Ok(match outcome {
            (0, _) => {
                // Another request was faster, or it is too late.
                if self.is_confirmed(id).await? { self.stands(subscriber).await? } else { Confirmed::No }
            }
            (_, 0) => self.stands(subscriber).await?,
            (_, _) => Confirmed::Now(subscriber),
        })
    }

    /// What a word that changes nothing is worth: the reader is subscribed, or has left since.
    async fn stands(&self, reader: SubscriberId) -> Result<Confirmed, StoreError> {
        let reader = self.subscriber(reader).await?;
        let active = reader.is_some_and(|reader| reader.status == Status::Active);
        Ok(if active { Confirmed::Before } else { Confirmed::No })
    }

    /// Whether it stands as confirmed by now.
    pub(super) async fn is_confirmed(&self, id: SignUpId) -> Result<bool, StoreError> {
        Ok(self.sign_up(id).await?.is_some_and(|sign_up| sign_up.confirmed))
    }

    /// Makes one more delivery of an edition that is out, for a reader who came after it; whether there was none. The
    /// edition counts one recipient more, so that its states still add up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliver_to(
        &self,
        edition: EditionId,
        reader: SubscriberId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(writing!(self, |c| {
            let new = sqlx::query(DELIVER)
                .bind(edition.0)
                .bind(reader.0)
                .bind(millis(now))
                .execute(&mut *c)
                .await?
                .rows_affected()
                > 0;
            if new {
                sqlx::query(ONE_MORE).bind(edition.0).execute(&mut *c).await?;
            }
            new
        }))
    }

    /// Forgets sign-ups that nobody confirmed and that expired before `expired`, with the pending readers they made; how
    /// many sign-ups.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune_sign_ups(&self, expired: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| {
            let gone = sqlx::query(PRUNE).bind(millis(expired)).execute(&mut *c).await?.rows_affected();
            if gone > 0 {
                let at = millis(expired);
                sqlx::query(PRUNE_NEWEST_PENDING).bind(at).bind(at).execute(&mut *c).await?;
                sqlx::query(PRUNE_PENDING).bind(millis(expired)).execute(&mut *c).await?;
            }
            gone
        }))
    }
}

/// What is kept of an erased address: a keyed digest of its key.
pub(super) fn erased_digest(keys: &TokenKeys, key: &str) -> String {
    keys.digest("erased", key)
}

fn asks(id: i64, kind: &str, of: Option<i64>) -> Result<Asks, StoreError> {
    match (kind, of) {
        ("sign-up", _) => Ok(Asks::Subscribe),
        ("new-address", Some(of)) => Ok(Asks::NewAddress(SubscriberId(of))),
        _ => Err(StoreError::Unreadable { what: "a sign-up", value: id.to_string() }),
    }
}

fn address(id: i64, text: &str) -> Result<EmailAddress, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Unreadable { what: "a sign-up's address", value: format!("row {id}") })
}

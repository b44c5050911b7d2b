//! Moves to another address, and how the owner of the one before takes them back.
//!
//! A mail that is forwarded has its reader's link in it, and with that anybody may ask for another address. So the address before
//! is told, and has the last word for some days; until those are over, what is known of the reader goes to nobody by that
//! link alone.

use chrono::{DateTime, TimeDelta, Utc};

use super::erasure::{REMEMBER, TAKE};
use super::sign_ups::{CONFIRM, FORGIVE, SignUpId, erased_digest};
use super::struck_off::ASK_AT_THE_NEW_ADDRESS;
use super::{Store, StoreError, millis, time};
use crate::message::TokenKeys;
use crate::subscriber::{EmailAddress, SubscriberId};

/// For how many days the owner of the former address takes a move back, and for how many no other is asked for after that.
pub const DAYS_TO_PUT_BACK: i64 = 14;

/// A move to another address that was confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The form that asked for it.
    pub id: SignUpId,
    /// Whose.
    pub reader: SubscriberId,
    /// The address before.
    pub former: EmailAddress,
    /// When the owner of the new address said yes.
    pub at: DateTime<Utc>,
    /// When it was undone.
    pub put_back_at: Option<DateTime<Utc>>,
}

impl Move {
    /// Until when the owner of the former address takes it back.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        put_back_until(self.at)
    }
}

/// Until when a move of `at` is taken back.
#[must_use]
pub fn put_back_until(at: DateTime<Utc>) -> DateTime<Utc> {
    at + TimeDelta::days(DAYS_TO_PUT_BACK)
}

/// Who takes a move back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBackBy {
    /// The owner of the former address, who gets their mail again, whatever was done at the other one.
    Owner,
    /// The operator, who brings nobody back that has left.
    Operator,
}

/// What taking a move back came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// The mail goes to the former address again.
    Now,
    /// It was taken back before: nothing has changed.
    Before,
    /// Somebody has subscribed with the former address meanwhile: nothing has changed.
    Taken,
    /// There is no such reader any more.
    No,
}

const BY_ID: &str = "SELECT id, subscriber_id, former, confirmed_at, put_back_at FROM sign_ups
    WHERE id = $1 AND kind = 'new-address' AND state = 'confirmed' AND former IS NOT NULL
        AND subscriber_id IS NOT NULL AND confirmed_at IS NOT NULL";
const STANDING: &str = "SELECT id, subscriber_id, former, confirmed_at, put_back_at FROM sign_ups
    WHERE subscriber_id = $1 AND kind = 'new-address' AND state = 'confirmed' AND former IS NOT NULL
        AND confirmed_at IS NOT NULL AND put_back_at IS NULL
    ORDER BY confirmed_at DESC, id DESC LIMIT 1";
const AWAY_FROM: &str = "SELECT id, subscriber_id, former, confirmed_at, put_back_at FROM sign_ups
    WHERE subscriber_id = $1 AND kind = 'new-address' AND state = 'confirmed' AND former_key = $2
        AND confirmed_at > $3 AND put_back_at IS NULL
    ORDER BY confirmed_at, id LIMIT 1";
const LAST_PUT_BACK: &str = "SELECT MAX(put_back_at) FROM sign_ups WHERE subscriber_id = $1";
const STANDS: &str = "SELECT COUNT(*) FROM sign_ups WHERE id = $1 AND put_back_at IS NULL";
// Whoever holds the form's page may have had the former address asked whether it wants to subscribe: as long as nobody has
// said yes there, that is nobody.
const MAKE_ROOM: &str =
    "UPDATE subscribers SET email = 'erased.' || id || '@erased.invalid', email_key = 'erased/' || id,
        name = NULL, timezone = NULL, paused_until = NULL, status = 'unsubscribed', erased_at = $3, changed_at = $3
    WHERE email_key = $1 AND id <> $2 AND status = 'pending' RETURNING id";
const CLOSE_THEIRS: &str =
    "UPDATE sign_ups SET state = 'passed-over', subscriber_id = NULL WHERE subscriber_id = $1";
const TAKE_LETTERS: &str = "UPDATE letters SET subscriber_id = $2 WHERE subscriber_id = $1";
// What was said of the other address (that it bounces, that its owner calls this spam) says nothing of this one.
const RETURN: &str = "UPDATE subscribers SET email = $2, email_key = $3, changed_at = $4,
        status = CASE WHEN status IN ('bounced', 'complained') OR (status = 'unsubscribed' AND $5) THEN 'active'
            ELSE status END
    WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM subscribers o WHERE o.email_key = $3 AND o.id <> $1)";
// What was written under the former address and before, and nothing that was written since.
const RETURN_COMMENTS: &str = "UPDATE comments SET email = $2, email_key = $3,
        moved_by = CASE WHEN moved_by = $4 THEN NULL ELSE moved_by END
    WHERE email_key = $1 AND moved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sign_ups u
        WHERE u.id = comments.moved_by AND u.id <> $4 AND u.confirmed_at >= $5)";
// With what came of it: the moves behind it, and those that nobody has confirmed yet.
const UNDO: &str = "UPDATE sign_ups SET put_back_at = $3 WHERE subscriber_id = $1 AND kind = 'new-address'
    AND state = 'confirmed' AND confirmed_at >= $2 AND put_back_at IS NULL";
const CLOSE_OPEN: &str = "UPDATE sign_ups SET state = 'passed-over'
    WHERE subscriber_id = $1 AND kind = 'new-address' AND state IN ('asked', 'mailed')";

type Row = (i64, i64, String, i64, Option<i64>);

impl Store {
    /// The move that the form of this number came to, if it came to one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn move_of(&self, id: SignUpId) -> Result<Option<Move>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(BY_ID).bind(id.0).fetch_optional(&mut *c).await?);
        row.map(found).transpose()
    }

    /// The reader's last move that stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_move(&self, reader: SubscriberId) -> Result<Option<Move>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(STANDING).bind(reader.0).fetch_optional(&mut *c).await?);
        row.map(found).transpose()
    }

    /// Until when, after `now`, a former address may take the reader back: so long nothing goes to the new one by a link alone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn held_until(
        &self,
        reader: SubscriberId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(last) = self.last_move(reader).await? else { return Ok(None) };
        // A move behind it that was taken back counts as one more: it has led to where that one led.
        let until = match self.last_put_back(reader).await? {
            Some(at) => put_back_until(at.max(last.at)),
            None => last.until(),
        };
        Ok(Some(until).filter(|until| *until > now))
    }

    /// Until when, after `now`, the reader's link asks for no other address, because one was taken back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stays_until(
        &self,
        reader: SubscriberId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let last = self.last_put_back(reader).await?;
        Ok(last.map(put_back_until).filter(|until| *until > now))
    }

    async fn last_put_back(&self, reader: SubscriberId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let last: Option<i64> =
            reading!(self, |c| sqlx::query_scalar(LAST_PUT_BACK).bind(reader.0).fetch_one(&mut *c).await?);
        last.map(time).transpose()
    }

    /// The first of the reader's moves that can be taken back at `now` and that led away from `email`.
    pub(super) async fn move_from(
        &self,
        reader: SubscriberId,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<Move>, StoreError> {
        let row: Option<Row> = reading!(self, |c| sqlx::query_as(AWAY_FROM)
            .bind(reader.0)
            .bind(email.key())
            .bind(millis(now - TimeDelta::days(DAYS_TO_PUT_BACK)))
            .fetch_optional(&mut *c)
            .await?);
        row.map(found).transpose()
    }

    /// Gives a reader the address back that they had before `moved`, with all that has come with them from there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_back(
        &self,
        moved: &Move,
        by: PutBackBy,
        keys: &TokenKeys,
        now: DateTime<Utc>,
    ) -> Result<PutBack, StoreError> {
        self.put_back_by_form(moved, by, None, keys, now).await
    }

    /// As [`put_back`](Self::put_back); `form` is a sign-up that asked for the former address, and from where it was
    /// confirmed.
    pub(super) async fn put_back_by_form(
        &self,
        moved: &Move,
        by: PutBackBy,
        form: Option<(SignUpId, Option<&str>)>,
        keys: &TokenKeys,
        now: DateTime<Utc>,
    ) -> Result<PutBack, StoreError> {
        let (reader, former) = (moved.reader, &moved.former);
        let forgiven = erased_digest(keys, former.key());
        Ok(writing!(self, |c| {
            let from: Option<String> =
                sqlx::query_scalar(TAKE).bind(reader.0).bind(millis(now)).fetch_optional(&mut *c).await?;
            let stands: i64 = sqlx::query_scalar(STANDS).bind(moved.id.0).fetch_one(&mut *c).await?;
            match from {
                None => PutBack::No,
                Some(_) if stands == 0 => PutBack::Before,
                Some(from) => {
                    let nobody: Option<i64> = sqlx::query_scalar(MAKE_ROOM)
                        .bind(former.key())
                        .bind(reader.0)
                        .bind(millis(now))
                        .fetch_optional(&mut *c)
                        .await?;
                    if let Some(nobody) = nobody {
                        sqlx::query(CLOSE_THEIRS).bind(nobody).execute(&mut *c).await?;
                        sqlx::query(TAKE_LETTERS).bind(nobody).bind(reader.0).execute(&mut *c).await?;
                    }
                    let returned = sqlx::query(RETURN)
                        .bind(reader.0)
                        .bind(former.as_str())
                        .bind(former.key())
                        .bind(millis(now))
                        .bind(by == PutBackBy::Owner)
                        .execute(&mut *c)
                        .await?
                        .rows_affected();
                    if returned == 0 {
                        PutBack::Taken
                    } else {
                        let ask = sqlx::query(ASK_AT_THE_NEW_ADDRESS).bind(reader.0);
                        ask.bind(millis(now)).bind(i64::MAX).execute(&mut *c).await?;
                        sqlx::query(RETURN_COMMENTS)
                            .bind(&from)
                            .bind(former.as_str())
                            .bind(former.key())
                            .bind(moved.id.0)
                            .bind(millis(moved.at))
                            .execute(&mut *c)
                            .await?;
                        sqlx::query(UNDO)
                            .bind(reader.0)
                            .bind(millis(moved.at))
                            .bind(millis(now))
                            .execute(&mut *c)
                            .await?;
                        if let Some((form, from)) = form {
                            sqlx::query(CONFIRM)
                                .bind(form.0)
                                .bind(millis(now))
                                .bind(from)
                                .execute(&mut *c)
                                .await?;
                        }
                        sqlx::query(CLOSE_OPEN).bind(reader.0).execute(&mut *c).await?;
                        sqlx::query(FORGIVE).bind(&forgiven).execute(&mut *c).await?;
                        if from != former.key() {
                            let given_up = erased_digest(keys, &from);
                            sqlx::query(REMEMBER).bind(&given_up).bind(millis(now)).execute(&mut *c).await?;
                        }
                        PutBack::Now
                    }
                }
            }
        }))
    }
}

fn found((id, reader, former, at, put_back_at): Row) -> Result<Move, StoreError> {
    let former = former
        .parse()
        .map_err(|_| StoreError::Unreadable { what: "a former address", value: format!("sign-up {id}") })?;
    Ok(Move {
        id: SignUpId(id),
        reader: SubscriberId(reader),
        former,
        at: time(at)?,
        put_back_at: put_back_at.map(time).transpose()?,
    })
}

//! Deliveries: claimed, begun, settled. The row is the job.

use chrono::{DateTime, Utc};

use super::batch::Both;
use super::editions::edition_key;
use super::{EditionId, Store, StoreError, leases, millis, time};
use crate::delivery::{Next, State};
use crate::edition::EditionKey;
use crate::subscriber::{AddressPrint, Birthmark, EmailAddress, SubscriberId};

/// A delivery that is due, with all that its message needs. Claiming promises nothing: see [`Begin`].
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Of which edition.
    pub edition: EditionId,
    /// For whom.
    pub subscriber: SubscriberId,
    /// What tells them from another of this number.
    pub birthmark: Birthmark,
    /// Where it goes.
    pub email: EmailAddress,
    /// What they want to be called.
    pub name: Option<String>,
    /// When they subscribed.
    pub since: DateTime<Utc>,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
    /// How often it was begun before.
    pub attempt: u32,
    /// How many attempts counted towards the back-off.
    pub deferrals: u32,
    /// How many attempts ended without an answer.
    pub uncertain: u32,
    /// The server's last code, if there was one.
    pub code: Option<u16>,
}

impl Claimed {
    /// Whether it was refused by an earlier try. (A full mailbox, 552 at RCPT, is put off as after a 4xx.)
    #[must_use]
    pub fn is_refused_before(&self) -> bool {
        self.code.is_some_and(|code| code >= 500 && code != 552)
    }

    /// Its next attempt, to the address with which it was claimed.
    #[must_use]
    pub fn begin(&self) -> Begin<'_> {
        let Claimed { edition, subscriber, attempt, .. } = *self;
        Begin { edition, subscriber, attempt, address: self.email.as_str() }
    }

    /// The address that is asked.
    #[must_use]
    pub fn asked(&self) -> AddressPrint {
        AddressPrint::of(self.email.as_str())
    }

    /// The answer to its present attempt: what the state machine says, the server's code, and when it came.
    #[must_use]
    pub fn settled(&self, next: Next, code: Option<u16>, at: DateTime<Utc>) -> Settle {
        let Claimed { edition, subscriber, attempt, .. } = *self;
        Settle { edition, subscriber, attempt, asked: self.asked(), next, code, at }
    }
}

/// Puts on record that a claimed delivery is about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin<'a> {
    /// Of which edition.
    pub edition: EditionId,
    /// For whom.
    pub subscriber: SubscriberId,
    /// How often it was begun before, as claimed: the fence.
    pub attempt: u32,
    /// Where it goes, as claimed: the fence, too. Whoever has moved meanwhile is claimed anew.
    pub address: &'a str,
}

/// The answer to an attempt, on its way to the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// Of which edition.
    pub edition: EditionId,
    /// For whom.
    pub subscriber: SubscriberId,
    /// Which attempt, from 1: the fence.
    pub attempt: u32,
    /// Which address was asked: what is said of it is said of no other.
    pub asked: AddressPrint,
    /// What the state machine says.
    pub next: Next,
    /// The server's last code, if there was one.
    pub code: Option<u16>,
    /// When the answer came.
    pub at: DateTime<Utc>,
}

/// How many deliveries of an edition stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    by_state: [u64; State::ALL.len()],
}

impl Counts {
    /// How many stand at `state`.
    #[must_use]
    pub fn of(&self, state: State) -> u64 {
        self.by_state[index(state)]
    }

    /// How many there are; always the edition's number of recipients.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_state.iter().sum()
    }

    /// How many still wait for something other than a person.
    #[must_use]
    pub fn open(&self) -> u64 {
        State::ALL.into_iter().filter(|state| state.is_open()).map(|state| self.of(state)).sum()
    }

    /// These less `others`, state by state, and never less than none.
    #[must_use]
    pub fn without<'a>(mut self, others: impl IntoIterator<Item = &'a Counts>) -> Counts {
        for other in others {
            for (count, less) in self.by_state.iter_mut().zip(other.by_state) {
                *count = count.saturating_sub(less);
            }
        }
        self
    }

    pub(super) fn set(&mut self, state: State, count: u64) {
        self.by_state[index(state)] = count;
    }
}

impl FromIterator<(State, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (State, u64)>>(rows: I) -> Self {
        let mut counts = Counts::default();
        rows.into_iter().for_each(|(state, count)| counts.set(state, count));
        counts
    }
}

fn index(state: State) -> usize {
    State::ALL.iter().position(|x| *x == state).expect("ALL holds every state")
}

/// What becomes of deliveries that were on the wire when their sender died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryPolicy {
    /// To an outbox: written again, which replaces the file.
    Requeue,
    /// To a server, `uncertain: resend`: once more, on record.
    ResendOnce,
    /// To a server, `uncertain: hold`: left for a person.
    Hold,
}

/// What [`Store::recover`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Queued again.
    pub requeued: u64,
    /// Left as `uncertain` for a person.
    pub held: u64,
}

pub(super) type ClaimRow = (i64, String, Option<String>, i64, i64, i64, i64, i64, i64, Option<i64>);

// A file lock makes one sender of many processes, so that with SQLite a claim is a read.
macro_rules! claim {
    ($state:literal, $of:expr) => {
        concat!(
            "SELECT d.subscriber_id, s.email, s.name, s.since, s.birthmark, d.due_at, d.attempt, d.deferrals,
                d.uncertain, d.code
            FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
            WHERE d.edition_id = $1 AND ",
            $state,
            " IN ('queued', 'deferred') AND d.due_at <= $2
                AND (d.due_at > $3 OR (d.due_at = $3 AND d.subscriber_id > $4))
                AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = $1)",
            $of,
            " ORDER BY d.due_at, d.subscriber_id LIMIT $5"
        )
    };
}
const CLAIM: Both = Both { sqlite: claim!("d.state", ""), postgres: leases::CLAIM };
const CLAIM_REFUSED: Both =
    Both { sqlite: claim!("d.state", " AND d.code >= 500"), postgres: leases::CLAIM_REFUSED };
/// Behind the column of readers: those whom the edition before was refused. They are few, and found by their key: not by the
/// index of all that is open.
macro_rules! refused_before {
    () => {
        " IN (SELECT a.subscriber_id FROM attempts a
            WHERE a.edition_id = (SELECT MAX(e.id) FROM editions e WHERE e.id < $1) AND a.code >= 500)"
    };
}
pub(super) use refused_before;
const CLAIM_REFUSED_BEFORE: Both = Both {
    sqlite: claim!("d.state || ''", concat!(" AND d.subscriber_id", refused_before!())),
    postgres: leases::CLAIM_REFUSED_BEFORE,
};
// Nothing is given up while it is paused, and the time of pauses does not count.
const EXPIRE: &str = "UPDATE deliveries SET state = 'failed', settled_at = $2,
        reason = CASE WHEN reason IS NULL THEN 'expired' ELSE 'expired: ' || reason END
    WHERE edition_id = $1 AND state IN ('queued', 'deferred')
        AND EXISTS (SELECT 1 FROM editions e WHERE e.id = $1 AND e.frozen_at + e.paused_for < $3)
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = $1)";
const COUNT: &str = "SELECT state, COUNT(*) FROM deliveries WHERE edition_id = $1 GROUP BY state";
const UNCERTAIN: &str = "SELECT COUNT(*) FROM attempts WHERE edition_id = $1 AND outcome = 'uncertain'";
const NEXT_DUE: &str =
    "SELECT MIN(due_at) FROM deliveries WHERE edition_id = $1 AND state IN ('queued', 'deferred')";
const OPEN_EDITIONS: &str = "SELECT e.id, e.key FROM editions e WHERE EXISTS (SELECT 1 FROM deliveries d
    WHERE d.edition_id = e.id AND d.state IN ('queued', 'deferred') AND d.due_at <= $1)
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = e.id) ORDER BY e.id";
// Lost is what is `sending` and whose owner is not alive. With SQLite nobody is in `nodes`: all of it.
const RECORD_LOST: &str =
    "INSERT INTO attempts (edition_id, subscriber_id, attempt, ended_at, outcome, code, reason)
    SELECT edition_id, subscriber_id, attempt, CAST($1 AS BIGINT), 'uncertain', NULL, $2
    FROM deliveries WHERE state = 'sending' AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = deliveries.owner)
    ON CONFLICT (edition_id, subscriber_id, attempt) DO NOTHING";
const LOCK_LOST: &str = "SELECT 1 FROM deliveries
    WHERE state = 'sending' AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = deliveries.owner) FOR UPDATE";
const REQUEUE_LOST: &str =
    "UPDATE deliveries SET state = 'queued', due_at = $1, uncertain = uncertain + $2, owner = NULL,
        reason = CASE WHEN reason = 'erased' THEN reason ELSE $3 END
    WHERE state = 'sending' AND uncertain <= $4
        AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = deliveries.owner)";
const HOLD_LOST: &str =
    "UPDATE deliveries SET state = 'uncertain', uncertain = uncertain + 1, settled_at = $1, owner = NULL,
        reason = CASE WHEN reason = 'erased' THEN reason ELSE $2 END
    WHERE state = 'sending' AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.owner = deliveries.owner)";

/// What is written beside an attempt whose sender died.
const LOST: &str = "the sender stopped before the answer was on record";

impl Store {
    /// Up to `limit` deliveries of `edition` that are due by `now`, in the order of (due time, subscriber), behind
    /// `after`, which is the last row that an earlier call gave. With PostgreSQL they are on lease to this process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(
        &self,
        edition: EditionId,
        now: DateTime<Utc>,
        after: Option<(DateTime<Utc>, SubscriberId)>,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let after = after.map_or((i64::MIN, 0), |(due, id)| (millis(due), id.0));
        self.claim_of(&CLAIM, edition, now, after, limit).await
    }

    /// The same of those only that were refused before and are due after `due`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_refused(
        &self,
        edition: EditionId,
        now: DateTime<Utc>,
        due: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.claim_of(&CLAIM_REFUSED, edition, now, (millis(due), i64::MAX), limit).await
    }

    /// The same of those only whom the edition before was refused, whatever became of them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_refused_before(
        &self,
        edition: EditionId,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.claim_of(&CLAIM_REFUSED_BEFORE, edition, now, (i64::MIN, 0), limit).await
    }

    async fn claim_of(
        &self,
        claim: &Both,
        edition: EditionId,
        now: DateTime<Utc>,
        (due, subscriber): (i64, i64),
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        if self.is_shared() {
            return self.claim_on_lease(claim.on(self), edition, now, (due, subscriber), limit).await;
        }
        let rows: Vec<ClaimRow> = reading!(self, |c| sqlx::query_as(claim.on(self))
            .bind(edition.0)
            .bind(millis(now))
            .bind(due)
            .bind(subscriber)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(|row| claimed(edition, row)).collect()
    }

    /// Takes up what senders left behind that died: call it with the sender lock held, before the first claim. With
    /// PostgreSQL the dead are those whose lease is over, and it may be called at any time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self, policy: RecoveryPolicy, now: DateTime<Utc>) -> Result<Recovered, StoreError> {
        let at = millis(now);
        self.bury_the_dead().await?;
        let recovered = writing!(self, |c| {
            let mut recovered = Recovered::default();
            if self.is_shared() {
                // An answer may be on its way into the ledger: it goes first.
                sqlx::query(LOCK_LOST).execute(&mut *c).await?;
            }
            if policy != RecoveryPolicy::Requeue {
                sqlx::query(RECORD_LOST).bind(at).bind(LOST).execute(&mut *c).await?;
            }
            // How many uncertain attempts a delivery may have had and still be sent again.
            let (counts, most) = match policy {
                RecoveryPolicy::Requeue => (0_i64, i64::MAX),
                RecoveryPolicy::ResendOnce => (1, 0),
                RecoveryPolicy::Hold => (1, -1),
            };
            recovered.requeued = sqlx::query(REQUEUE_LOST)
                .bind(at)
                .bind(counts)
                .bind(LOST)
                .bind(most)
                .execute(&mut *c)
                .await?
                .rows_affected();
            recovered.held =
                sqlx::query(HOLD_LOST).bind(at).bind(LOST).execute(&mut *c).await?.rows_affected();
            recovered
        });
        Ok(recovered)
    }

    /// Gives up what is still open of `edition` if it was frozen before `frozen_before`, not counting the time for which
    /// it was paused, unless it is paused now; how many that were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire(
        &self,
        edition: EditionId,
        frozen_before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |c| sqlx::query(EXPIRE)
            .bind(edition.0)
            .bind(millis(now))
            .bind(millis(frozen_before))
            .execute(&mut *c)
            .await?
            .rows_affected()))
    }

    /// How many deliveries of `edition` stand where.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn counts(&self, edition: EditionId) -> Result<Counts, StoreError> {
        let rows: Vec<(String, i64)> =
            reading!(self, |c| sqlx::query_as(COUNT).bind(edition.0).fetch_all(&mut *c).await?);
        let mut counts = Counts::default();
        for (word, count) in rows {
            counts.set(state(&word)?, count.unsigned_abs());
        }
        Ok(counts)
    }

    /// How many attempts of `edition` ended without an answer: each may have been one copy more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn uncertain_attempts(&self, edition: EditionId) -> Result<u64, StoreError> {
        let count: i64 =
            reading!(self, |c| sqlx::query_scalar(UNCERTAIN).bind(edition.0).fetch_one(&mut *c).await?);
        Ok(count.unsigned_abs())
    }

    /// When the next open delivery of `edition` is due; `None` when none is open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_due(&self, edition: EditionId) -> Result<Option<DateTime<Utc>>, StoreError> {
        let due: Option<i64> =
            reading!(self, |c| sqlx::query_scalar(NEXT_DUE).bind(edition.0).fetch_one(&mut *c).await?);
        due.map(time).transpose()
    }

    /// The editions that have a delivery due by `now` and are not stopped, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_editions(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<(EditionId, EditionKey)>, StoreError> {
        let rows: Vec<(i64, String)> =
            reading!(self, |c| sqlx::query_as(OPEN_EDITIONS).bind(millis(now)).fetch_all(&mut *c).await?);
        rows.into_iter().map(|(id, key)| Ok((EditionId(id), edition_key(&key)?))).collect()
    }
}

pub(super) fn state(word: &str) -> Result<State, StoreError> {
    State::parse(word).ok_or_else(|| StoreError::Unreadable { what: "a state", value: word.to_owned() })
}

pub(super) fn claimed(edition: EditionId, row: ClaimRow) -> Result<Claimed, StoreError> {
    let (id, email, name, since, birthmark, due_at, attempt, deferrals, uncertain, code) = row;
    let parsed = email.parse();
    let email =
        parsed.map_err(|_| StoreError::Unreadable { what: "an address", value: format!("row {id}") })?;
    let count = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    Ok(Claimed {
        edition,
        subscriber: SubscriberId(id),
        birthmark: Birthmark::new(birthmark),
        email,
        name,
        since: time(since)?,
        due_at: time(due_at)?,
        attempt: count(attempt),
        deferrals: count(deferrals),
        uncertain: count(uncertain),
        code: code.and_then(|code| u16::try_from(code).ok()),
    })
}

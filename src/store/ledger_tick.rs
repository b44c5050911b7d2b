//! One tick of the ledger: what was answered goes in, what is sent next goes on record, in one transaction and one
//! statement for each of the two, however many rows there are.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::batch::{Both, rows};
use super::engine::Pool;
use super::ledger_file::LedgerFile;
use super::{Begin, Settle, Store, StoreError, millis};
use crate::delivery::State;
use crate::fail_point::FailPoint;

/// A row of [`SETTLE`] and [`RECORD_ATTEMPT`]: edition, subscriber, attempt, state, due, deferrals, uncertain, code,
/// reason, time, and the word under which the attempt is kept.
type SettleRow<'a> =
    (i64, i64, u32, &'a str, Option<i64>, u32, u32, Option<u16>, Option<&'a str>, i64, Option<&'static str>);

/// The answer's reason for `deliveries.reason`, or what an erasure has left there: servers repeat whom they refuse.
macro_rules! said {
    () => {
        "CASE WHEN deliveries.reason = 'erased' AND j.value->>8 IS NOT NULL THEN 'erased' ELSE j.value->>8 END"
    };
}

/// The same for an attempt, once the delivery is settled.
macro_rules! said_of_the_attempt {
    () => {
        "CASE WHEN j.value->>8 IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries d
            WHERE d.edition_id = CAST(j.value->>0 AS BIGINT) AND d.subscriber_id = CAST(j.value->>1 AS BIGINT)
                AND d.reason = 'erased') THEN 'erased' ELSE j.value->>8 END"
    };
}

// What goes back to the queue without a word keeps what was said to it before.
const SETTLE: Both = both!(
    concat!(
        "UPDATE deliveries SET state = j.value->>3, due_at = COALESCE(CAST(j.value->>4 AS BIGINT), due_at),
        deferrals = deferrals + CAST(j.value->>5 AS BIGINT), uncertain = uncertain + CAST(j.value->>6 AS BIGINT),
        code = CASE j.value->>3 WHEN 'queued' THEN COALESCE(CAST(j.value->>7 AS BIGINT), code)
            ELSE CAST(j.value->>7 AS BIGINT) END,
        reason = CASE j.value->>3 WHEN 'queued' THEN COALESCE(",
        said!(),
        ", reason) ELSE ",
        said!(),
        " END, settled_at = CAST(j.value->>9 AS BIGINT), owner = NULL
    FROM"
    ),
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND state = 'sending'"
);
// An answer that comes after its sender was taken for dead. What it says is true all the same, unless the next attempt
// has begun; one that is queued for that stays queued, but for a yes.
const SETTLE_LATE: Both = both!(
    concat!(
        "UPDATE deliveries SET state = j.value->>3, due_at = COALESCE(CAST(j.value->>4 AS BIGINT), due_at),
        code = CAST(j.value->>7 AS BIGINT), reason = ",
        said!(),
        ", settled_at = CAST(j.value->>9 AS BIGINT), owner = NULL
    FROM"
    ),
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND CAST(j.value->>6 AS BIGINT) = 0
        AND (state = 'uncertain' OR (state = 'queued' AND j.value->>3 = 'sent'))"
);
const RECORD_ATTEMPT: Both = both!(
    concat!(
        "INSERT INTO attempts (edition_id, subscriber_id, attempt, ended_at, outcome, code, reason)
    SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT), CAST(j.value->>2 AS BIGINT),
        CAST(j.value->>9 AS BIGINT), j.value->>10, CAST(j.value->>7 AS BIGINT), ",
        said_of_the_attempt!(),
        " FROM"
    ),
    "WHERE j.value->>10 IS NOT NULL ON CONFLICT (edition_id, subscriber_id, attempt) DO NOTHING"
);
// A late no, whatever has become of the delivery meanwhile: nobody has a copy by that attempt, and it is in doubt no longer.
const COUNT_NO_DOUBT: Both = both!(
    "UPDATE deliveries SET uncertain = uncertain - 1 FROM",
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND CAST(j.value->>6 AS BIGINT) = 0 AND j.value->>3 <> 'sent'
        AND EXISTS (SELECT 1 FROM attempts a WHERE a.edition_id = deliveries.edition_id
            AND a.subscriber_id = deliveries.subscriber_id AND a.attempt = CAST(j.value->>2 AS BIGINT)
            AND a.outcome = 'uncertain')"
);
const TAKE_BACK_DOUBT: Both = both!(
    concat!(
        "UPDATE attempts SET outcome = COALESCE(j.value->>10, 'not-sent'), code = CAST(j.value->>7 AS BIGINT),
        ended_at = CAST(j.value->>9 AS BIGINT), reason = ",
        said_of_the_attempt!(),
        " FROM"
    ),
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND outcome = 'uncertain' AND CAST(j.value->>6 AS BIGINT) = 0
        AND j.value->>3 <> 'sent'"
);
const BEGIN: Both = both!(
    "UPDATE deliveries SET state = 'sending', attempt = attempt + 1, owner = $2 FROM",
    "WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND state IN ('queued', 'deferred')
        AND EXISTS (SELECT 1 FROM subscribers s
            WHERE s.id = subscriber_id AND s.status = 'active' AND s.email = j.value->>3)
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = deliveries.edition_id)
    RETURNING edition_id, subscriber_id"
);
// A claim was a lease: it must still be ours, and we among the living. Status and address are values of the row, no EXISTS:
// that may become a join, for which PostgreSQL reads every active subscriber in each tick. The state is an expression,
// so that the index of what is open does not serve: statistics as old as the last edition know of nothing open, and
// PostgreSQL reads all that is in each tick then, rather than the rows named here by their key.
const BEGIN_LEASED: &str = concat!(
    "UPDATE deliveries SET state = 'sending', attempt = attempt + 1
    FROM json_array_elements(CAST($1 AS json)) AS j(value)
    WHERE edition_id = CAST(j.value->>0 AS BIGINT) AND subscriber_id = CAST(j.value->>1 AS BIGINT)
        AND attempt = CAST(j.value->>2 AS BIGINT) AND owner = $2 AND state || '' IN ('queued', 'deferred')
        AND (SELECT s.status FROM subscribers s WHERE s.id = subscriber_id) = 'active'
        AND (SELECT s.email FROM subscribers s WHERE s.id = subscriber_id) = j.value->>3
        AND NOT EXISTS (SELECT 1 FROM stops h WHERE h.edition_id = deliveries.edition_id)
        AND EXISTS (SELECT 1 FROM nodes n WHERE n.owner = $2 AND n.lease_until > ",
    server_millis!(),
    ") RETURNING edition_id, subscriber_id"
);
const BEGUN: Both = both!(
    "SELECT d.edition_id, d.subscriber_id FROM",
    "JOIN deliveries d ON d.edition_id = CAST(j.value->>0 AS BIGINT) AND d.subscriber_id = CAST(j.value->>1 AS BIGINT)
    WHERE d.attempt = CAST(j.value->>2 AS BIGINT) + 1 AND d.owner = $2 AND d.state = 'sending'"
);
// Why an address bounced stays to be read beside that it did.
const SUPPRESS: &str = "UPDATE deliveries SET state = 'suppressed', settled_at = $3,
        reason = (SELECT CASE WHEN s.status = 'bounced' AND deliveries.reason IS NOT NULL
            THEN s.status || ': ' || deliveries.reason ELSE s.status END FROM subscribers s WHERE s.id = $2)
    WHERE edition_id = $1 AND subscriber_id = $2 AND state IN ('queued', 'deferred')
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = $2 AND s.status <> 'active')";

impl Store {
    /// One tick of the ledger, in one transaction: settles what was answered, then begins what comes next.
    ///
    /// Gives for each of `begins` whether it may be sent: not when it was begun elsewhere, its reader has left or moved to
    /// another address, or its edition is stopped.
    /// Nothing may be sent before this returns.
    ///
    /// # Errors
    /// When the store fails: then nothing has changed.
    pub async fn tick(
        &self,
        settles: &[Settle],
        begins: &[Begin<'_>],
        owner: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<bool>, StoreError> {
        let is_plain = settles.iter().all(|settle| settle.next.state == State::Sent);
        if let Pool::Sqlite { ledger, .. } = &self.pool
            && is_plain
        {
            return self.tick_plainly(ledger, settles, begins, owner, now).await;
        }
        let mut again = false;
        insist!(self, {
            let tick = self.tick_once(settles, begins, owner, now, again).await;
            again = true;
            tick
        })
    }

    /// A tick whose answers are all `sent`, with SQLite. What does not fit its fence is looked at once more.
    async fn tick_plainly(
        &self,
        ledger: &LedgerFile,
        settles: &[Settle],
        begins: &[Begin<'_>],
        owner: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<bool>, StoreError> {
        let mut done = ledger.tick(settles, begins, owner, || pass(settles, begins)).await?;
        if done.settled.contains(&false) || done.begun.contains(&false) {
            let missed = |done: &[bool]| {
                done.iter().enumerate().filter(|(_, done)| !**done).map(|(at, _)| at).collect()
            };
            let (late, left): (Vec<usize>, Vec<usize>) = (missed(&done.settled), missed(&done.begun));
            let settles: Vec<Settle> = late.iter().map(|&at| settles[at].clone()).collect();
            let begins: Vec<Begin<'_>> = left.iter().map(|&at| begins[at]).collect();
            // Who came back in between stands as `sending` then, and is sent to.
            let may_send = self.tick_once(&settles, &begins, owner, now, false).await?;
            left.into_iter().zip(may_send).for_each(|(at, may)| done.begun[at] = may);
        }
        Ok(done.begun)
    }

    /// One try of [`tick`](Self::tick). When it is not the first, an earlier one may have been committed without our
    /// hearing of it: what is begun under our name then is ours to send, and an answer settles once.
    async fn tick_once(
        &self,
        settles: &[Settle],
        begins: &[Begin<'_>],
        owner: &str,
        now: DateTime<Utc>,
        again: bool,
    ) -> Result<Vec<bool>, StoreError> {
        let settled: Vec<SettleRow<'_>> = settles.iter().map(settle_row).collect();
        let to_keep = settled.iter().any(|row| row.10.is_some());
        let settled = rows(&settled);
        let wanted: Vec<(i64, i64, u32, &str)> = begins
            .iter()
            .map(|begin| (begin.edition.0, begin.subscriber.0, begin.attempt, begin.address))
            .collect();
        let wanted_rows = rows(&wanted);
        let begin = if self.is_shared() { BEGIN_LEASED } else { BEGIN.on(self) };
        let mut begun: HashSet<(i64, i64)> = HashSet::new();
        writing!(self, |c| {
            if !settles.is_empty() {
                let count =
                    sqlx::query(SETTLE.on(self)).bind(&settled).execute(&mut *c).await?.rows_affected();
                if count < settles.len() as u64 {
                    for late in [&SETTLE_LATE, &COUNT_NO_DOUBT, &TAKE_BACK_DOUBT] {
                        sqlx::query(late.on(self)).bind(&settled).execute(&mut *c).await?;
                    }
                }
            }
            if to_keep {
                sqlx::query(RECORD_ATTEMPT.on(self)).bind(&settled).execute(&mut *c).await?;
            }
            for settle in settles.iter().filter(|settle| settle.next.bounces_address) {
                strike_off!(c, settle, millis(settle.at));
            }
            // Those of an earlier try first, so that none is taken for one that this try begins.
            for (statement, needed) in [(BEGUN.on(self), again), (begin, true)] {
                if needed && begun.len() < begins.len() {
                    let rows: Vec<(i64, i64)> =
                        sqlx::query_as(statement).bind(&wanted_rows).bind(owner).fetch_all(&mut *c).await?;
                    begun.extend(rows);
                }
            }
            for (edition, subscriber, ..) in wanted.iter().filter(|row| !begun.contains(&(row.0, row.1))) {
                sqlx::query(SUPPRESS)
                    .bind(edition)
                    .bind(subscriber)
                    .bind(millis(now))
                    .execute(&mut *c)
                    .await?;
            }
            pass(settles, begins);
        });
        Ok(wanted.iter().map(|row| begun.contains(&(row.0, row.1))).collect())
    }
}

/// Nothing of this tick is durable yet.
fn pass(settles: &[Settle], begins: &[Begin]) {
    if !begins.is_empty() {
        FailPoint::BeforeSending.pass();
    }
    if !settles.is_empty() {
        FailPoint::BeforeSettling.pass();
    }
}

fn settle_row(settle: &Settle) -> SettleRow<'_> {
    let next = &settle.next;
    (
        settle.edition.0,
        settle.subscriber.0,
        settle.attempt,
        next.state.as_str(),
        next.due_at.map(millis),
        u32::from(next.spends_attempt),
        u32::from(next.records_uncertain),
        settle.code,
        next.reason.as_deref(),
        millis(settle.at),
        recorded_outcome(settle),
    )
}

/// The word under which an attempt is kept for ever; `None` for one that was accepted, and for one that was given back
/// before the server said anything to it: nobody can have got that, and the delivery's own row has the reason.
fn recorded_outcome(Settle { next, code, .. }: &Settle) -> Option<&'static str> {
    if next.records_uncertain {
        return Some("uncertain");
    }
    match next.state {
        State::Sent | State::Sending | State::Suppressed => None,
        State::Queued => code.map(|_| "not-sent"),
        State::Deferred => Some("deferred"),
        State::Failed => Some("failed"),
        State::Uncertain => Some("uncertain"),
    }
}

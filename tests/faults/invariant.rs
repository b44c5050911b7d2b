//! The invariant of every case: what the server accepted, compared with the ledger.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};
use straight::delivery::State;

use super::Policy;
use crate::stories::Sink;

/// What the ledger says, read from the file without the program's help.
pub(super) struct Ledger {
    /// Reader, state, how many uncertain attempts the delivery counts, and how many are on record.
    deliveries: Vec<(String, State, i64, i64)>,
    /// The edition's frozen number of recipients.
    recipients: i64,
}

/// What came of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    /// Queued, deferred or on the wire.
    pub(super) open: u64,
    pub(super) sending: u64,
    pub(super) held: u64,
    pub(super) failed: u64,
    pub(super) suppressed: u64,
    /// Copies beyond the first.
    pub(super) doubles: u64,
    /// Uncertain attempts on record.
    pub(super) uncertain: u64,
}

/// Reads the ledger of the one edition that is in the database.
pub(super) async fn ledger(database: &Path) -> Ledger {
    let mut connection = SqliteConnection::connect(&database.display().to_string()).await.unwrap();
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT s.email, d.state, d.uncertain, (SELECT COUNT(*) FROM attempts a WHERE a.edition_id = d.edition_id
            AND a.subscriber_id = d.subscriber_id AND a.outcome = 'uncertain')
        FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let recipients: Option<i64> =
        sqlx::query_scalar("SELECT SUM(recipients) FROM editions").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let deliveries = rows
        .into_iter()
        .map(|(email, state, counted, recorded)| (email, State::parse(&state).unwrap(), counted, recorded))
        .collect();
    Ledger { deliveries, recipients: recipients.unwrap_or(0) }
}

/// Holds the server's side against the ledger's, whether the sender is well, dead or done:
///
/// - `sent`: one copy, and at most one more for each uncertain attempt on record;
/// - `sending`, its sender dead: the copies of uncertain attempts, and at most the one that was on the wire;
/// - anything else: none but what uncertain attempts on record account for;
/// - under `hold` nobody has two;
/// - all copies for one reader have one Message-ID;
/// - the states add up to the recipients, and the server knows nobody else.
pub(super) fn assert_invariant(sink: &Sink, ledger: &Ledger, policy: Policy) -> Tally {
    let mut accepted = sink.everything();
    let mut tally = Tally::default();
    assert_eq!(ledger.deliveries.len() as i64, ledger.recipients, "the states add up to the recipients");
    for (email, state, counted, recorded) in &ledger.deliveries {
        let mut ids = accepted.remove(email).unwrap_or_default();
        let copies = ids.len() as i64;
        let told =
            format!("{email} is {state:?} with {recorded} uncertain attempts, and got {copies} copies");
        assert_eq!(counted, recorded, "every uncertain attempt is on record: {told}");
        match state {
            State::Sent => assert!((1..=1 + recorded).contains(&copies), "{told}"),
            State::Sending => assert!(copies <= 1 + recorded, "{told}"),
            State::Queued | State::Deferred | State::Failed | State::Uncertain | State::Suppressed => {
                assert!(copies <= *recorded, "{told}");
            }
        }
        if policy == Policy::Hold {
            assert!(copies <= 1, "under hold nobody gets two: {told}");
        }
        ids.dedup();
        assert!(ids.len() <= 1, "one Message-ID a reader: {told}: {ids:?}");
        match state {
            State::Sent => tally.sent += 1,
            State::Queued | State::Deferred => tally.open += 1,
            State::Sending => {
                tally.open += 1;
                tally.sending += 1;
            }
            State::Uncertain => tally.held += 1,
            State::Failed => tally.failed += 1,
            State::Suppressed => tally.suppressed += 1,
        }
        tally.doubles += u64::try_from(copies - 1).unwrap_or(0);
        tally.uncertain += u64::try_from(*recorded).unwrap();
    }
    assert!(accepted.is_empty(), "the server took messages for nobody's delivery: {accepted:?}");
    tally
}

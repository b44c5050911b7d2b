//! Where an edition stands, domain by domain and reason by reason: added up by the engine, whatever the length of the list.

use super::deliveries::state;
use super::engine::Pool;
use super::troubled::SETTLED_BY_A_PERSON;
use super::{Counts, EditionId, Store, StoreError};
use crate::delivery::State;
use crate::delivery::reasons::{Reasons, Tally};

/// How an edition stands at the domains that have the most readers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domains {
    /// The largest ones, largest first.
    pub largest: Vec<(String, Counts)>,
    /// How many domains there are in all.
    pub all: u64,
}

type DomainRow = (String, i64, i64, i64, i64, i64, i64, i64, i64);

/// Counts by domain, with how many domains there are. The domain stands behind the last `@` of an address's key; behind
/// the first is quicker, and differs for quoted local parts only.
macro_rules! by_domain {
    ($first:literal) => {
        concat!(
            "SELECT domain, COUNT(*) OVER (), queued, sending, sent, deferred, failed, uncertain, suppressed FROM (
                SELECT CASE WHEN s.email_key LIKE '\"%'
                        THEN substr(s.email_key, length(rtrim(s.email_key, replace(s.email_key, '@', ''))) + 1)
                        ELSE substr(s.email_key, ",
            $first,
            "(s.email_key, '@') + 1) END AS domain,
                    COUNT(*) AS readers,
                    COUNT(CASE d.state WHEN 'queued' THEN 1 END) AS queued,
                    COUNT(CASE d.state WHEN 'sending' THEN 1 END) AS sending,
                    COUNT(CASE d.state WHEN 'sent' THEN 1 END) AS sent,
                    COUNT(CASE d.state WHEN 'deferred' THEN 1 END) AS deferred,
                    COUNT(CASE d.state WHEN 'failed' THEN 1 END) AS failed,
                    COUNT(CASE d.state WHEN 'uncertain' THEN 1 END) AS uncertain,
                    COUNT(CASE d.state WHEN 'suppressed' THEN 1 END) AS suppressed
                FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
                WHERE d.edition_id = $1 GROUP BY 1) counted
            ORDER BY readers DESC, domain LIMIT $2"
        )
    };
}
const BY_DOMAIN_SQLITE: &str = by_domain!("instr");
const BY_DOMAIN_POSTGRES: &str = by_domain!("strpos");
// PostgreSQL joins both in their order: where the one begins is said of the other too, or each page reads it from its start.
const TOLD: &str = "SELECT d.subscriber_id, d.state, d.reason, s.email, s.email_key
    FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = $1 AND d.subscriber_id > $2 AND s.id > $2 AND d.state <> 'sent'
        AND d.reason IS NOT NULL
    ORDER BY d.subscriber_id LIMIT $3";
// A second copy went out once another attempt was begun; what a person has settled is in doubt no longer.
const IN_DOUBT: &str = "SELECT COUNT(CASE WHEN d.state = 'sent' AND d.attempt > a.doubted THEN 1 END),
        COUNT(CASE WHEN d.state IN ('queued', 'sending', 'deferred', 'suppressed')
            OR (d.state = 'failed' AND (d.reason IS NULL OR d.reason <> $2)) THEN 1 END)
    FROM (SELECT subscriber_id, MIN(attempt) AS doubted FROM attempts
        WHERE edition_id = $1 AND outcome = 'uncertain' GROUP BY subscriber_id) a
    JOIN deliveries d ON d.edition_id = $1 AND d.subscriber_id = a.subscriber_id";

/// How many reasons are in memory at a time.
const PAGE: i64 = 2_000;

/// Readers who may have more or other than their delivery says, because an attempt ended without an answer. Those whose
/// delivery is `uncertain` itself are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InDoubt {
    /// Sent to once more since, and accepted: they may have it twice.
    pub twice: u64,
    /// Not sent to since: they may have it all the same.
    pub already: u64,
}

impl Store {
    /// How many deliveries of `edition` stand where at each of the `limit` domains that have the most readers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn domains(&self, edition: EditionId, limit: u32) -> Result<Domains, StoreError> {
        let by_domain = match &self.pool {
            Pool::Sqlite { .. } => BY_DOMAIN_SQLITE,
            Pool::Postgres(_) => BY_DOMAIN_POSTGRES,
        };
        let rows: Vec<DomainRow> = reading!(self, |c| sqlx::query_as(by_domain)
            .bind(edition.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        let all = rows.first().map_or(0, |row| row.1.unsigned_abs());
        let largest = rows
            .into_iter()
            .map(|(domain, _, queued, sending, sent, deferred, failed, uncertain, suppressed)| {
                let mut counts = Counts::default();
                for (state, count) in [
                    (State::Queued, queued),
                    (State::Sending, sending),
                    (State::Sent, sent),
                    (State::Deferred, deferred),
                    (State::Failed, failed),
                    (State::Uncertain, uncertain),
                    (State::Suppressed, suppressed),
                ] {
                    counts.set(state, count.unsigned_abs());
                }
                (domain, counts)
            })
            .collect();
        Ok(Domains { largest, all })
    }

    /// The most frequent kinds of reasons why deliveries of `edition` are not sent, without what is particular to a
    /// reader. They are read in pages, so that memory does not grow with the list.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reasons(&self, edition: EditionId, limit: usize) -> Result<Reasons, StoreError> {
        let mut tally = Tally::default();
        let mut after = i64::MIN;
        loop {
            let rows: Vec<(i64, String, String, String, String)> = reading!(self, |c| sqlx::query_as(TOLD)
                .bind(edition.0)
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut *c)
                .await?);
            let Some(last) = rows.last() else { break };
            after = last.0;
            for (_, word, reason, email, key) in &rows {
                tally.add(state(word)?, reason, email, key);
            }
        }
        Ok(tally.largest(limit))
    }

    /// The readers of `edition` of whom an attempt ended without an answer, and who are not left as `uncertain`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn in_doubt(&self, edition: EditionId) -> Result<InDoubt, StoreError> {
        let (twice, already): (i64, i64) = reading!(self, |c| sqlx::query_as(IN_DOUBT)
            .bind(edition.0)
            .bind(SETTLED_BY_A_PERSON)
            .fetch_one(&mut *c)
            .await?);
        Ok(InDoubt { twice: twice.unsigned_abs(), already: already.unsigned_abs() })
    }
}

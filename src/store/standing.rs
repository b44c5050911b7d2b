//! Where an edition stands, domain by domain and reason by reason: added up by the engine, whatever the length of the list.

use super::deliveries::state;
use super::engine::Pool;
use super::{Counts, EditionId, Store, StoreError};
use crate::delivery::State;

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
// Servers repeat the address that they refuse: with it every reason would be another one.
const REASONS: &str = "SELECT state, reason, COUNT(*) FROM (
        SELECT d.state AS state, replace(d.reason, s.email, '(the reader)') AS reason
        FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
        WHERE d.edition_id = $1 AND d.reason IS NOT NULL AND d.state <> 'sent') told
    GROUP BY state, reason ORDER BY COUNT(*) DESC, state, reason LIMIT $2";

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

    /// The most frequent reasons why deliveries of `edition` are not sent, with their counts; a reader's address in
    /// them is replaced.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reasons(
        &self,
        edition: EditionId,
        limit: u32,
    ) -> Result<Vec<(State, String, u64)>, StoreError> {
        let rows: Vec<(String, String, i64)> = reading!(self, |c| sqlx::query_as(REASONS)
            .bind(edition.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter()
            .map(|(word, reason, count)| Ok((state(&word)?, reason, count.unsigned_abs())))
            .collect()
    }
}

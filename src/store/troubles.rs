//! What keeps a node from sending as it is configured to: for `straight status`, whichever process it is asked from.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Store, StoreError, millis, time};

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The server takes less than it is given.
    Slowed,
    /// Nothing gets through; it is tried again by itself.
    Unreachable,
    /// Only a person can mend it.
    Halted,
    /// One of several servers behind a name refuses what the others take.
    Broken,
}

impl Trouble {
    const ALL: [Trouble; 4] = [Trouble::Slowed, Trouble::Unreachable, Trouble::Halted, Trouble::Broken];

    /// The word used in the store and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::Slowed => "slowed",
            Trouble::Unreachable => "unreachable",
            Trouble::Halted => "halted",
            Trouble::Broken => "broken",
        }
    }
}

/// A trouble that has been noted and is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Which machine.
    pub node: String,
    /// Which kind.
    pub trouble: Trouble,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was noted last.
    pub seen_at: DateTime<Utc>,
    /// In words.
    pub told: String,
}

/// After how long without a word a node's trouble is forgotten: it may be gone for good.
const FORGOTTEN: TimeDelta = TimeDelta::days(2);

const NOTE: &str = "INSERT INTO troubles (node, trouble, since, seen_at, told) VALUES ($1, $2, $3, $3, $4)
    ON CONFLICT (node, trouble) DO UPDATE SET seen_at = excluded.seen_at, told = excluded.told";
// A halt speaks of the server: when one node finds it over, it is over for all, and for a node that is gone.
const STRIKE_OUT: &str =
    "DELETE FROM troubles WHERE (trouble = $2 AND (node = $1 OR trouble = 'halted')) OR seen_at < $3";
const LIST: &str =
    "SELECT node, trouble, since, seen_at, told FROM troubles WHERE seen_at >= $1 ORDER BY since, node";

impl Store {
    /// Writes down that this node is in `trouble`, or with `None` that it is no longer: of a halt, that no node is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_trouble(
        &self,
        trouble: Trouble,
        told: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let node = super::ownership::host();
        writing!(self, |c| {
            match told {
                Some(told) => {
                    sqlx::query(NOTE)
                        .bind(&node)
                        .bind(trouble.as_str())
                        .bind(millis(now))
                        .bind(told)
                        .execute(&mut *c)
                        .await?;
                }
                None => {
                    sqlx::query(STRIKE_OUT)
                        .bind(&node)
                        .bind(trouble.as_str())
                        .bind(millis(now - FORGOTTEN))
                        .execute(&mut *c)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// The troubles of this machine, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn troubles_here(&self, now: DateTime<Utc>) -> Result<Vec<Noted>, StoreError> {
        let here = super::ownership::host();
        let mut troubles = self.troubles(now).await?;
        troubles.retain(|noted| noted.node == here);
        Ok(troubles)
    }

    /// The troubles of all nodes, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn troubles(&self, now: DateTime<Utc>) -> Result<Vec<Noted>, StoreError> {
        let rows: Vec<(String, String, i64, i64, String)> =
            reading!(self, |c| sqlx::query_as(LIST).bind(millis(now - FORGOTTEN)).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(node, word, since, seen_at, told)| {
                let trouble = Trouble::ALL.into_iter().find(|trouble| trouble.as_str() == word);
                let trouble = trouble.ok_or(StoreError::Unreadable { what: "a trouble", value: word })?;
                Ok(Noted { node, trouble, since: time(since)?, seen_at: time(seen_at)?, told })
            })
            .collect()
    }
}

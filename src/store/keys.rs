//! The keys of signed tokens: the first is made at first start, others by command.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, millis, time};
use crate::message::{TokenKey, TokenKeys, Trust};

const KEYS: &str = "SELECT id, secret, leaked_at FROM token_keys ORDER BY id";
const STANDINGS: &str = "SELECT id, made_at, leaked_at FROM token_keys ORDER BY id";
const ADD_FIRST: &str =
    "INSERT INTO token_keys (id, secret, made_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
// Of two nodes at once one makes it, and for the other there is a new one too.
const ADD_NEXT: &str = "INSERT INTO token_keys (id, secret, made_at)
    SELECT COALESCE(MAX(id), 0) + 1, $1, $2 FROM token_keys WHERE TRUE ON CONFLICT (id) DO NOTHING";
const NEWEST: &str = "SELECT MAX(id) FROM token_keys";
const LEAKED: &str = "UPDATE token_keys SET leaked_at = $2 WHERE id < $1 AND leaked_at IS NULL";

/// A key as it is shown: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStanding {
    /// Its number, which stands at the beginning of its tokens.
    pub id: u32,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Since when others may have it.
    pub leaked_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Every key that ever signed; the first is made when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn token_keys(&self, now: DateTime<Utc>) -> Result<TokenKeys, StoreError> {
        let keys = self.read_keys().await?;
        if !keys.is_empty() {
            return Ok(TokenKeys::new(keys));
        }
        let first = TokenKey::generate(1);
        writing!(self, |c| {
            sqlx::query(ADD_FIRST).bind(first.secret().as_slice()).bind(millis(now)).execute(&mut *c).await?;
        });
        // Another node may have been first: what is stored counts.
        Ok(TokenKeys::new(self.read_keys().await?))
    }

    /// Every key without its secret, the newest last.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn key_standings(&self) -> Result<Vec<KeyStanding>, StoreError> {
        let rows: Vec<(i64, i64, Option<i64>)> =
            reading!(self, |c| sqlx::query_as(STANDINGS).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(id, made_at, leaked_at)| {
                let (id, made_at) = (key_id(id)?, time(made_at)?);
                Ok(KeyStanding { id, made_at, leaked_at: leaked_at.map(time).transpose()? })
            })
            .collect()
    }

    /// Makes a new key, which signs from now on, and believes those before it as far as `before` says from now on; what was
    /// not believed is not believed again. The new key's number.
    ///
    /// # Errors
    /// When the store fails; then nothing has changed.
    pub async fn rotate_token_key(&self, before: Trust, now: DateTime<Utc>) -> Result<u32, StoreError> {
        // The number is the store's to give.
        let new = TokenKey::generate(0);
        let newest: i64 = writing!(self, |c| {
            sqlx::query(ADD_NEXT).bind(new.secret().as_slice()).bind(millis(now)).execute(&mut *c).await?;
            let newest: i64 = sqlx::query_scalar(NEWEST).fetch_one(&mut *c).await?;
            match before {
                Trust::Full => {}
                Trust::LeavingOnly => {
                    sqlx::query(LEAKED).bind(newest).bind(millis(now)).execute(&mut *c).await?;
                }
            }
            newest
        });
        key_id(newest)
    }

    async fn read_keys(&self) -> Result<Vec<TokenKey>, StoreError> {
        let rows: Vec<(i64, Vec<u8>, Option<i64>)> =
            reading!(self, |c| sqlx::query_as(KEYS).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(id, secret, leaked_at)| {
                let secret: [u8; 32] = secret.try_into().map_err(|_| unreadable(id))?;
                let trust = if leaked_at.is_some() { Trust::LeavingOnly } else { Trust::Full };
                Ok(TokenKey::new(key_id(id)?, secret).trusted(trust))
            })
            .collect()
    }
}

/// A key's number as tokens have it.
pub(super) fn key_id(id: i64) -> Result<u32, StoreError> {
    u32::try_from(id).map_err(|_| unreadable(id))
}

fn unreadable(id: i64) -> StoreError {
    StoreError::Unreadable { what: "a token key", value: id.to_string() }
}

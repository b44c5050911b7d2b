//! The keys of signed tokens, made at first start.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, millis};
use crate::message::{TokenKey, TokenKeys};

const KEYS: &str = "SELECT id, secret FROM token_keys ORDER BY id";
const ADD_KEY: &str =
    "INSERT INTO token_keys (id, secret, made_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";

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
            sqlx::query(ADD_KEY)
                .bind(i64::from(first.id))
                .bind(first.secret().as_slice())
                .bind(millis(now))
                .execute(&mut *c)
                .await?;
        });
        // Another node may have been first: what is stored counts.
        Ok(TokenKeys::new(self.read_keys().await?))
    }

    async fn read_keys(&self) -> Result<Vec<TokenKey>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = reading!(self, |c| sqlx::query_as(KEYS).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(id, secret)| {
                let unreadable = || StoreError::Unreadable { what: "a token key", value: id.to_string() };
                let secret: [u8; 32] = secret.try_into().map_err(|_| unreadable())?;
                Ok(TokenKey::new(u32::try_from(id).map_err(|_| unreadable())?, secret))
            })
            .collect()
    }
}

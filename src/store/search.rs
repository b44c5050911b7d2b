//! Full-text search: each engine by its own index, with the same words and the same order of weights.

use std::time::{Duration, Instant};

use super::archive::article;
use super::engine::Pool;
use super::{Store, StoreError, sqlite_code};
use crate::archive::ArchivedArticle;
use crate::archive::search::Query;

/// A search may take so long, and no longer: it is anybody's to ask for.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many steps of SQLite's machine are between two looks at the clock: about a millisecond.
const STEPS: i32 = 20_000;
/// SQLite's code for what was broken off.
const INTERRUPTED: u32 = 9;
/// PostgreSQL's code for the same.
const CANCELLED: &str = "57014";

const COUNT_SQLITE: &str = "SELECT COUNT(*) FROM article_index WHERE article_index MATCH $1
    AND rowid NOT IN (SELECT x.id FROM withdrawals w JOIN articles x ON x.slug = w.slug WHERE w.restored_at IS NULL)";
// A hit in the title outweighs any number in the text, for bm25 levels off; of equals the newest comes first.
const HITS_SQLITE: &str = "SELECT a.card, a.body FROM
    (SELECT rowid AS id, ROUND(bm25(article_index, 200.0, 30.0, 8.0, 1.0), 9) AS score FROM article_index
        WHERE article_index MATCH $1
        AND rowid NOT IN (SELECT x.id FROM withdrawals w JOIN articles x ON x.slug = w.slug WHERE w.restored_at IS NULL)
        ORDER BY score, id DESC LIMIT $2 OFFSET $3) AS hit
    JOIN articles a ON a.id = hit.id ORDER BY hit.score, hit.id DESC";
const COUNT_POSTGRES: &str = "SELECT COUNT(*) FROM article_index WHERE words @@ CAST($1 AS TEXT)::tsquery
    AND id NOT IN (SELECT x.id FROM withdrawals w JOIN articles x ON x.slug = w.slug WHERE w.restored_at IS NULL)";
const HITS_POSTGRES: &str = "SELECT a.card, a.body FROM
    (SELECT id, ts_rank(words, CAST($1 AS TEXT)::tsquery) AS score FROM article_index
        WHERE words @@ CAST($1 AS TEXT)::tsquery
        AND id NOT IN (SELECT x.id FROM withdrawals w JOIN articles x ON x.slug = w.slug WHERE w.restored_at IS NULL)
        ORDER BY score DESC, id DESC LIMIT $2 OFFSET $3) AS hit
    JOIN articles a ON a.id = hit.id ORDER BY hit.score DESC, hit.id DESC";
const LIMIT_TIME: &str = "SET LOCAL statement_timeout = 3000";

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How many articles in all.
    pub total: u64,
    /// These, the best first.
    pub articles: Vec<ArchivedArticle>,
}

/// What became of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searched {
    /// It was done.
    Found(Found),
    /// It took too long, and was broken off.
    TookTooLong,
}

type Rows = (i64, Vec<(String, String)>);

impl Store {
    /// Up to `limit` articles with the words of `query`, the best first, after the first `skip`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn search(&self, query: &Query, skip: u64, limit: u32) -> Result<Searched, StoreError> {
        if query.is_empty() {
            return Ok(Searched::Found(Found { total: 0, articles: Vec::new() }));
        }
        let store = self.clone();
        let (query, skip) = (query.clone(), i64::try_from(skip).unwrap_or(i64::MAX));
        // On its own, so that a reader who goes away leaves no deadline behind on a connection.
        let rows = tokio::spawn(async move { store.hits(&query, skip, i64::from(limit)).await });
        match rows.await.expect("a search does not panic") {
            Ok((total, rows)) => {
                let articles = rows.into_iter().map(article).collect::<Result<_, _>>()?;
                Ok(Searched::Found(Found { total: total.unsigned_abs(), articles }))
            }
            Err(error) if was_broken_off(&error) => Ok(Searched::TookTooLong),
            Err(error) => Err(error.into()),
        }
    }

    async fn hits(&self, query: &Query, skip: i64, limit: i64) -> Result<Rows, sqlx::Error> {
        match &self.pool {
            Pool::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await?;
                let end = Instant::now() + PATIENCE;
                connection.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < end);
                let found = async {
                    let c = &mut *connection;
                    let words = query.for_sqlite();
                    let total = sqlx::query_scalar(COUNT_SQLITE).bind(&words).fetch_one(&mut *c).await?;
                    let rows = sqlx::query_as(HITS_SQLITE).bind(&words).bind(limit).bind(skip);
                    Ok((total, rows.fetch_all(&mut *c).await?))
                }
                .await;
                connection.lock_handle().await?.remove_progress_handler();
                found
            }
            Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let c = &mut *transaction;
                sqlx::query(LIMIT_TIME).execute(&mut *c).await?;
                let words = query.for_postgres();
                let total = sqlx::query_scalar(COUNT_POSTGRES).bind(&words).fetch_one(&mut *c).await?;
                let rows = sqlx::query_as(HITS_POSTGRES).bind(&words).bind(limit).bind(skip);
                let rows = rows.fetch_all(&mut *c).await?;
                transaction.rollback().await?;
                Ok((total, rows))
            }
        }
    }
}

fn was_broken_off(error: &sqlx::Error) -> bool {
    sqlite_code(error) == Some(INTERRUPTED)
        || error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == CANCELLED)
}

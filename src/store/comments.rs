//! Comments on articles, and what a moderator decided about them.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};

use super::{Store, StoreError, erasure, millis, time};
use crate::article::Slug;
use crate::comment::{Comment, CommentId, Moderation, NewComment};
use crate::letter::Written;
use crate::subscriber::EmailAddress;

/// The columns of a comment's row: id, slug, name, email, text, moderation, made_at, told_at, decided_at.
type Row = (i64, String, String, String, String, String, i64, Option<i64>, Option<i64>);

const ADD: &str =
    "INSERT INTO comments (slug, name, email, email_key, text, fingerprint, moderation, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7) ON CONFLICT (slug, fingerprint) DO NOTHING RETURNING id";
const BY_ID: &str = "SELECT id, slug, name, email, text, moderation, made_at, told_at, decided_at FROM comments WHERE id = $1";
const PAGE: &str =
    "SELECT id, slug, name, email, text, moderation, made_at, told_at, decided_at FROM comments
    WHERE id > $1 AND moderation = $2 ORDER BY id LIMIT $3";
const BY_AUTHOR: &str =
    "SELECT id, slug, name, email, text, moderation, made_at, told_at, decided_at FROM comments
    WHERE email_key = $1 ORDER BY id";
const UNTOLD: &str =
    "SELECT id, slug, name, email, text, moderation, made_at, told_at, decided_at FROM comments
    WHERE told_at IS NULL ORDER BY id LIMIT $1";
const TOLD: &str = "UPDATE comments SET told_at = $2 WHERE id = $1 AND told_at IS NULL";
const SHOWN: &str =
    "SELECT id, slug, name, email, text, moderation, made_at, told_at, decided_at FROM comments
    WHERE slug = $1 AND moderation = 'approved' AND id > $2 ORDER BY id LIMIT $3";
const SHOWN_COUNT: &str = "SELECT COUNT(*) FROM comments WHERE slug = $1 AND moderation = 'approved'";
const COUNTS: &str = "SELECT moderation, COUNT(*) FROM comments GROUP BY moderation";
const DECIDE: &str =
    "UPDATE comments SET moderation = $2, decided_at = $3 WHERE id = $1 AND moderation <> $2";
pub(super) const ERASE: &str = "DELETE FROM comments WHERE email_key = $1";

impl Store {
    /// Keeps a comment until somebody has looked at it; `None` when the same text of the same author on the same
    /// article is here already.
    ///
    /// # Errors
    /// When the store fails, or the article has never gone out.
    pub async fn add_comment(
        &self,
        comment: &NewComment,
        now: DateTime<Utc>,
    ) -> Result<Option<CommentId>, StoreError> {
        let id: Option<i64> = writing!(self, |c| sqlx::query_scalar(ADD)
            .bind(comment.slug().as_str())
            .bind(comment.name())
            .bind(comment.email().as_str())
            .bind(comment.email().key())
            .bind(comment.text())
            .bind(fingerprint(comment))
            .bind(millis(now))
            .fetch_optional(&mut *c)
            .await?);
        Ok(id.map(CommentId))
    }

    /// The comment of this number.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn comment(&self, id: CommentId) -> Result<Option<Comment>, StoreError> {
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(BY_ID).bind(id.0).fetch_optional(&mut *c).await?);
        row.map(comment).transpose()
    }

    /// Up to `limit` comments that stand so, behind `after`, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn comments(
        &self,
        moderation: Moderation,
        after: CommentId,
        limit: u32,
    ) -> Result<Vec<Comment>, StoreError> {
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(PAGE)
            .bind(after.0)
            .bind(moderation.as_str())
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(comment).collect()
    }

    /// Up to `limit` comments that are shown under an article, behind `after`, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shown_comments(
        &self,
        slug: &Slug,
        after: CommentId,
        limit: u32,
    ) -> Result<Vec<Comment>, StoreError> {
        let rows: Vec<Row> = reading!(self, |c| sqlx::query_as(SHOWN)
            .bind(slug.as_str())
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(comment).collect()
    }

    /// Up to `limit` comments of which no moderator has been told, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn untold_comments(&self, limit: u32) -> Result<Vec<Comment>, StoreError> {
        let rows: Vec<Row> =
            reading!(self, |c| sqlx::query_as(UNTOLD).bind(i64::from(limit)).fetch_all(&mut *c).await?);
        rows.into_iter().map(comment).collect()
    }

    /// Tells `moderators` of a comment by `letter`, and puts that on record as of `now`, with which its links end; how many
    /// letters that were. None, when they have been told before.
    ///
    /// # Errors
    /// When the store fails; then nobody is told.
    pub async fn tell_of_comment(
        &self,
        id: CommentId,
        moderators: &[EmailAddress],
        letter: &Written,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let cause = format!("comment/{id}");
        Ok(writing!(self, |c| {
            let ours = sqlx::query(TOLD).bind(id.0).bind(millis(now)).execute(&mut *c).await?.rows_affected();
            let mut letters = 0;
            for moderator in moderators.iter().filter(|_| ours > 0) {
                letters += insert_letter!(&mut *c, &cause, moderator, letter, None, now);
            }
            letters
        }))
    }

    /// How many comments are shown under an article.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shown_comment_count(&self, slug: &Slug) -> Result<u64, StoreError> {
        let count: i64 = reading!(self, |c| sqlx::query_scalar(SHOWN_COUNT)
            .bind(slug.as_str())
            .fetch_one(&mut *c)
            .await?);
        Ok(count.unsigned_abs())
    }

    /// How many comments stand how; what none does is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn comment_counts(&self) -> Result<Vec<(Moderation, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = reading!(self, |c| sqlx::query_as(COUNTS).fetch_all(&mut *c).await?);
        let mut counts = rows
            .into_iter()
            .map(|(word, count)| Ok((moderation(word)?, count.unsigned_abs())))
            .collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_by_key(|(moderation, _)| Moderation::ALL.iter().position(|x| x == moderation));
        Ok(counts)
    }

    /// Puts a decision on record; whether it changes anything.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn moderate(
        &self,
        id: CommentId,
        moderation: Moderation,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = writing!(self, |c| sqlx::query(DECIDE)
            .bind(id.0)
            .bind(moderation.as_str())
            .bind(millis(now))
            .execute(&mut *c)
            .await?
            .rows_affected());
        Ok(done > 0)
    }

    /// Everything that the holder of `email` said, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn comments_by(&self, email: &EmailAddress) -> Result<Vec<Comment>, StoreError> {
        let rows: Vec<Row> =
            reading!(self, |c| sqlx::query_as(BY_AUTHOR).bind(email.key()).fetch_all(&mut *c).await?);
        rows.into_iter().map(comment).collect()
    }

    /// Takes out everything that the holder of `email` said; how many comments that was.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase_comments(&self, email: &EmailAddress) -> Result<u64, StoreError> {
        let erased = writing!(self, |c| {
            sqlx::query(erasure::ERASE_TOLD).bind(email.key()).execute(&mut *c).await?;
            sqlx::query(ERASE).bind(email.key()).execute(&mut *c).await?.rows_affected()
        });
        self.leave_nothing_behind().await?;
        Ok(erased)
    }
}

fn fingerprint(comment: &NewComment) -> String {
    let content = format!("{}\0{}", comment.email().key(), comment.text());
    digest(&SHA256, content.as_bytes()).as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn moderation(word: String) -> Result<Moderation, StoreError> {
    word.parse().map_err(|()| StoreError::Unreadable { what: "a comment's moderation", value: word })
}

fn comment(
    (id, slug, name, email, text, word, made_at, told_at, decided_at): Row,
) -> Result<Comment, StoreError> {
    let email = email.parse().map_err(|_| StoreError::Unreadable {
        what: "a comment's address",
        value: format!("comment {id}"),
    })?;
    Ok(Comment {
        id: CommentId(id),
        slug,
        name,
        email,
        text,
        moderation: moderation(word)?,
        made_at: time(made_at)?,
        told_at: told_at.map(time).transpose()?,
        decided_at: decided_at.map(time).transpose()?,
    })
}

//! Editions as they were approved: what goes out is this, byte for byte, or nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::editions::{self, letterhead_from_json, letterhead_to_json};
use super::{Store, StoreError, millis, time};
use crate::edition::{EditionKey, EmbeddedPicture, Headline, RenderedEdition};
use crate::message::Letterhead;

/// An edition that a person has approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// What goes out.
    pub rendered: RenderedEdition,
    /// Its local pictures, whether they travel with it or are served on the web.
    pub pictures: Vec<EmbeddedPicture>,
    /// What stands in its messages' header.
    pub letterhead: Letterhead,
    /// When it was approved.
    pub at: DateTime<Utc>,
    /// Who approved it, as in `ann on mail1`.
    pub who: String,
    /// The slugs that counted as published before it, when it is the first edition; `None` where that was not kept yet.
    pub before: Option<Vec<String>>,
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    String,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);
type PictureRow = (String, i64, String, String, Vec<u8>);

const APPROVE: &str =
    "INSERT INTO approvals (key, subject, preheader, html, text, letterhead, headlines, hash, frozen_at, approved_at, who,
        shortened, cut, whole_html, before_first)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const ADD_PICTURE: &str = "INSERT INTO approval_pictures (key, position, content_id, travels, file_name)
    VALUES ($1, $2, $3, $4, $5)";
const DROP_PICTURES: &str = "DELETE FROM approval_pictures WHERE key = $1";
const DROP: &str = "DELETE FROM approvals WHERE key = $1";
const APPROVAL: &str =
    "SELECT subject, preheader, html, text, letterhead, headlines, hash, frozen_at, approved_at, who,
        shortened, cut, whole_html, before_first
    FROM approvals WHERE key = $1";
const PICTURES: &str = "SELECT a.content_id, a.travels, p.file_name, p.media_type, p.content
    FROM approval_pictures a JOIN pictures p ON p.file_name = a.file_name WHERE a.key = $1 ORDER BY a.position";
/// The hash that may go out, read where it goes out.
pub(super) const APPROVED_HASH: &str = "SELECT hash FROM approvals WHERE key = $1";

impl Store {
    /// Puts an approval on record, in place of an earlier one; `false` when the edition is out already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn approve(&self, approval: &Approval) -> Result<bool, StoreError> {
        let rendered = &approval.rendered;
        let key = rendered.key.to_string();
        let headlines = serde_json::to_string(&rendered.headlines).expect("headlines are JSON");
        let before =
            approval.before.as_ref().map(|slugs| serde_json::to_string(slugs).expect("slugs are JSON"));
        Ok(writing!(self, |c| {
            // Whoever publishes waits for us, and we for them.
            alone!(self, c);
            let out: Option<i64> =
                sqlx::query_scalar(editions::ID_OF_KEY).bind(&key).fetch_optional(&mut *c).await?;
            if out.is_none() {
                sqlx::query(DROP_PICTURES).bind(&key).execute(&mut *c).await?;
                sqlx::query(DROP).bind(&key).execute(&mut *c).await?;
                sqlx::query(APPROVE)
                    .bind(&key)
                    .bind(&rendered.subject)
                    .bind(&rendered.preheader)
                    .bind(&rendered.html)
                    .bind(&rendered.text)
                    .bind(letterhead_to_json(&approval.letterhead))
                    .bind(&headlines)
                    .bind(&rendered.hash)
                    .bind(millis(rendered.frozen_at))
                    .bind(millis(approval.at))
                    .bind(&approval.who)
                    .bind(editions::articles_cut(rendered))
                    .bind(editions::cut(rendered))
                    .bind(editions::whole_html(rendered))
                    .bind(&before)
                    .execute(&mut *c)
                    .await?;
                for (position, picture) in (0_i64..).zip(&approval.pictures) {
                    sqlx::query(editions::INSERT_PICTURE)
                        .bind(&picture.file_name)
                        .bind(&picture.media_type)
                        .bind(&picture.bytes[..])
                        .execute(&mut *c)
                        .await?;
                    let travels = rendered.embedded.iter().any(|other| other.file_name == picture.file_name);
                    sqlx::query(ADD_PICTURE)
                        .bind(&key)
                        .bind(position)
                        .bind(&picture.content_id)
                        .bind(i64::from(travels))
                        .bind(&picture.file_name)
                        .execute(&mut *c)
                        .await?;
                }
            }
            out.is_none()
        }))
    }

    /// Takes an approval back; whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw_approval(&self, key: &EditionKey) -> Result<bool, StoreError> {
        let key = key.to_string();
        let done = writing!(self, |c| {
            alone!(self, c);
            sqlx::query(DROP_PICTURES).bind(&key).execute(&mut *c).await?;
            sqlx::query(DROP).bind(&key).execute(&mut *c).await?.rows_affected()
        });
        Ok(done > 0)
    }

    /// The edition as it was approved, if it was.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn approval(&self, key: &EditionKey) -> Result<Option<Approval>, StoreError> {
        let row: Option<Row> = reading!(self, |c| sqlx::query_as(APPROVAL)
            .bind(key.to_string())
            .fetch_optional(&mut *c)
            .await?);
        let Some((
            subject,
            preheader,
            html,
            text,
            letterhead,
            headlines,
            hash,
            frozen_at,
            at,
            who,
            articles,
            cut,
            whole_html,
            before,
        )) = row
        else {
            return Ok(None);
        };
        let pictures: Vec<PictureRow> =
            reading!(self, |c| sqlx::query_as(PICTURES).bind(key.to_string()).fetch_all(&mut *c).await?);
        let picture = |(content_id, travels, file_name, media_type, bytes): PictureRow| {
            (travels != 0, EmbeddedPicture { content_id, file_name, media_type, bytes: Arc::from(bytes) })
        };
        let pictures: Vec<_> = pictures.into_iter().map(picture).collect();
        let headlines: Vec<Headline> = serde_json::from_str(&headlines)
            .map_err(|_| StoreError::Unreadable { what: "an approval's headlines", value: headlines })?;
        let unreadable = |value| StoreError::Unreadable { what: "what was before an approval", value };
        let before = before.map(|slugs| serde_json::from_str(&slugs).map_err(|_| unreadable(slugs)));
        let embedded = pictures.iter().filter(|(travels, _)| *travels).map(|(_, p)| p.clone()).collect();
        let rendered = RenderedEdition {
            key: key.clone(),
            subject,
            preheader,
            html,
            text,
            embedded,
            headlines,
            frozen_at: time(frozen_at)?,
            shortened: editions::shortened(articles, cut, whole_html)?,
            hash,
        };
        let pictures = pictures.into_iter().map(|(_, picture)| picture).collect();
        let letterhead = letterhead_from_json(&letterhead)?;
        Ok(Some(Approval { rendered, pictures, letterhead, at: time(at)?, who, before: before.transpose()? }))
    }
}

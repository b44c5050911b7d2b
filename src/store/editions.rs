//! Editions: frozen and made into deliveries in one transaction, and read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::approvals::APPROVED_HASH;
use super::archive::{self, insert_articles};
use super::holds::IS_HELD;
use super::keys::key_id;
use super::{Store, StoreError, millis, time};
use crate::archive::ArchivedArticle;
use crate::edition::{Cut, EditionKey, EmbeddedPicture, Headline, RenderedEdition, Shortened};
use crate::message::Letterhead;

/// The store's number of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditionId(pub i64);

/// What [`Store::publish`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishOutcome {
    /// The edition is in the store with this many deliveries.
    Published {
        /// The store's number.
        id: EditionId,
        /// How many deliveries there are.
        recipients: u64,
    },
    /// It was there already: nothing has changed.
    AlreadyOut(EditionId),
    /// Nobody would get it: nothing has changed, so that it can still go out.
    NoReaders,
    /// It is held, or it is not what was approved: nothing has changed.
    Withheld,
}

/// All that is frozen when an edition is published.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// The rendered edition.
    pub edition: &'a RenderedEdition,
    /// What stands in its messages' header.
    pub letterhead: &'a Letterhead,
    /// Its local pictures, whether they travel with it or are served on the web.
    pub pictures: &'a [EmbeddedPicture],
    /// Its articles as the archive keeps them.
    pub articles: &'a [ArchivedArticle],
    /// The articles that count as published before the first edition.
    pub earlier: &'a [Headline],
    /// Whether the example readers get it, if there are no others.
    pub examples_too: bool,
    /// Whether it goes out only when just this was approved. An approval that there is binds in any case.
    pub needs_approval: bool,
}

/// What a list of editions shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EditionSummary {
    /// The store's number.
    pub id: EditionId,
    /// Its name.
    pub key: EditionKey,
    /// The running number, from 1.
    pub number: u64,
    /// Its subject.
    pub subject: String,
    /// When it was frozen.
    pub frozen_at: DateTime<Utc>,
    /// How many deliveries it has.
    pub recipients: u64,
    /// Its content hash.
    pub hash: String,
    /// For how long it was paused; that time does not count towards giving up.
    pub paused_for: TimeDelta,
}

/// An edition with all that its messages are made of.
#[derive(Debug, Clone)]
pub struct StoredEdition {
    /// What a list shows.
    pub summary: EditionSummary,
    /// The frozen edition.
    pub rendered: RenderedEdition,
    /// What stands in its messages' header.
    pub letterhead: Letterhead,
    /// The key that was the newest when it was frozen: it signs the links of its messages.
    pub token_key: u32,
}

type Content = (String, String, String, String, Option<i64>, Option<String>, Option<String>, i64);
pub(super) type SummaryRow = (i64, String, i64, String, i64, i64, String, i64);

const INSERT_EDITION: &str =
    "INSERT INTO editions (key, number, subject, preheader, html, text, letterhead, hash, frozen_at,
        shortened, cut, whole_html, token_key, recipients)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        (SELECT COALESCE(MAX(k.id), 1) FROM token_keys k), 0) ON CONFLICT (key) DO NOTHING RETURNING id";
// The number is "straight" in ASCII.
pub(super) const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(8319400174365927540)";
pub(super) const ID_OF_KEY: &str = "SELECT id FROM editions WHERE key = $1";
const NEXT_NUMBER: &str = "SELECT COALESCE(MAX(number), 0) + 1 FROM editions";
pub(super) const INSERT_PICTURE: &str =
    "INSERT INTO pictures (file_name, media_type, content) VALUES ($1, $2, $3)
    ON CONFLICT (file_name) DO NOTHING";
const INSERT_EDITION_PICTURE: &str =
    "INSERT INTO edition_pictures (edition_id, position, content_id, file_name) VALUES ($1, $2, $3, $4)";
// An article is in one edition only: a second one that holds it fails here, whole.
const INSERT_HEADLINE: &str = "INSERT INTO headlines (slug, edition_id, position, title, url, date, summary) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const INSERT_EARLIER: &str =
    "INSERT INTO headlines (slug, edition_id, position, title, url, date, summary) VALUES ($1, NULL, $2, $3, $4, $5, $6)
    ON CONFLICT (slug) DO NOTHING";
// Example readers are never mailed through a real server ($3 = 0), nor beside real readers.
const INSERT_DELIVERIES: &str = "INSERT INTO deliveries (edition_id, subscriber_id, state, due_at)
    SELECT CAST($1 AS BIGINT), s.id, 'queued', CAST($2 AS BIGINT) FROM subscribers s
    WHERE s.status = 'active' AND (s.paused_until IS NULL OR s.paused_until <= CAST($2 AS BIGINT)) AND (s.origin <> 'example'
        OR (CAST($3 AS BIGINT) = 1 AND NOT EXISTS (SELECT 1 FROM subscribers r WHERE r.origin <> 'example')))";
const SET_RECIPIENTS: &str = "UPDATE editions SET recipients = $2 WHERE id = $1";
// Of one day's editions the latest is what went out last, whatever it is called.
macro_rules! summaries {
    ($from:literal) => {
        concat!(
            "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM ",
            $from,
            " WHERE $1 = '' OR SUBSTR(key, 1, 10) < SUBSTR($1, 1, 10) OR (SUBSTR(key, 1, 10) = SUBSTR($1, 1, 10)
                AND number < COALESCE((SELECT b.number FROM editions b WHERE b.key = $1), 0))
            ORDER BY SUBSTR(key, 1, 10) DESC, number DESC LIMIT $2"
        )
    };
}
const SUMMARIES: &str = summaries!("editions");
const PUBLIC_SUMMARIES: &str = summaries!("public_editions");
const PUBLIC_SUMMARY: &str = "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM public_editions WHERE key = $1";
// What a new reader is sent, or led to.
const LATEST_TO_SEND: &str =
    "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM public_editions
    WHERE NOT EXISTS (SELECT 1 FROM stops x WHERE x.edition_id = public_editions.id AND x.course = 'cancelled')
    ORDER BY SUBSTR(key, 1, 10) DESC, number DESC LIMIT 1";
const SUMMARY: &str =
    "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM editions WHERE key = $1";
const CONTENT: &str = "SELECT preheader, html, text, letterhead, shortened, cut, whole_html, token_key FROM editions WHERE id = $1";
const EDITION_PICTURES: &str = "SELECT e.content_id, p.file_name, p.media_type, p.content
    FROM edition_pictures e JOIN pictures p ON p.file_name = e.file_name WHERE e.edition_id = $1 ORDER BY e.position";
const EDITION_HEADLINES: &str =
    "SELECT slug, title, url, date, summary FROM headlines WHERE edition_id = $1 ORDER BY position";
const RECENT: &str = "SELECT slug, title, url, date, summary FROM public_headlines
    WHERE date <= $1 ORDER BY date DESC, position, slug LIMIT $2";
const SLUGS: &str = "SELECT h.slug, e.key FROM headlines h LEFT JOIN editions e ON e.id = h.edition_id";
const ADDRESSES: &str = "SELECT slug, url FROM public_headlines WHERE edition_id IS NOT NULL AND url <> ''";
const PICTURE_NAMES: &str = "SELECT file_name FROM pictures ORDER BY file_name";
const PICTURE: &str = "SELECT media_type, content FROM pictures WHERE file_name = $1";

impl Store {
    /// Freezes the edition and makes a delivery for every active reader, in one transaction; a second call of the same
    /// key, from this node or another, changes nothing.
    ///
    /// # Errors
    /// When the store fails, or when one of its articles is in another edition.
    pub async fn publish(&self, issue: &Issue<'_>, now: DateTime<Utc>) -> Result<PublishOutcome, StoreError> {
        let key = issue.edition.key.to_string();
        let letterhead = letterhead_to_json(issue.letterhead);
        match &self.pool {
            super::engine::Pool::Sqlite { writer, .. } => {
                let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
                let outcome = publish_on!(&mut *transaction, issue, letterhead, key, now, archive::SQLITE);
                finish_publishing(transaction, outcome).await
            }
            super::engine::Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                // Nodes publish one after the other: two at once would take the same number.
                sqlx::query(ONE_AT_A_TIME).execute(&mut *transaction).await?;
                let outcome = publish_on!(&mut *transaction, issue, letterhead, key, now, archive::POSTGRES);
                finish_publishing(transaction, outcome).await
            }
        }
    }

    /// The number that the next edition bears.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_number(&self) -> Result<u64, StoreError> {
        let number: i64 = reading!(self, |c| sqlx::query_scalar(NEXT_NUMBER).fetch_one(&mut *c).await?);
        Ok(number.unsigned_abs())
    }

    /// Up to `limit` editions before `before`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn editions(
        &self,
        before: Option<&EditionKey>,
        limit: u32,
    ) -> Result<Vec<EditionSummary>, StoreError> {
        self.summaries(SUMMARIES, before, limit).await
    }

    /// As [`editions`](Self::editions), of those that may be read on the web.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn public_editions(
        &self,
        before: Option<&EditionKey>,
        limit: u32,
    ) -> Result<Vec<EditionSummary>, StoreError> {
        self.summaries(PUBLIC_SUMMARIES, before, limit).await
    }

    async fn summaries(
        &self,
        list: &'static str,
        before: Option<&EditionKey>,
        limit: u32,
    ) -> Result<Vec<EditionSummary>, StoreError> {
        let before = before.map(EditionKey::to_string).unwrap_or_default();
        let rows: Vec<SummaryRow> = reading!(self, |c| sqlx::query_as(list)
            .bind(&before)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(summary).collect()
    }

    /// As [`edition_summary`](Self::edition_summary), if it may be read on the web.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn public_edition(&self, key: &EditionKey) -> Result<Option<EditionSummary>, StoreError> {
        let key = key.to_string();
        let row: Option<SummaryRow> =
            reading!(self, |c| sqlx::query_as(PUBLIC_SUMMARY).bind(&key).fetch_optional(&mut *c).await?);
        row.map(summary).transpose()
    }

    /// The newest edition that a new reader may be sent: it may be read, and is not cancelled.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest_to_send(&self) -> Result<Option<EditionSummary>, StoreError> {
        let row: Option<SummaryRow> =
            reading!(self, |c| sqlx::query_as(LATEST_TO_SEND).fetch_optional(&mut *c).await?);
        row.map(summary).transpose()
    }

    /// What a list shows of the edition of this name, if it has gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn edition_summary(&self, key: &EditionKey) -> Result<Option<EditionSummary>, StoreError> {
        let row: Option<SummaryRow> =
            reading!(self, |c| sqlx::query_as(SUMMARY).bind(key.to_string()).fetch_optional(&mut *c).await?);
        row.map(summary).transpose()
    }

    /// The edition of this name, if it has gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn edition(&self, key: &EditionKey) -> Result<Option<StoredEdition>, StoreError> {
        let Some(summary) = self.edition_summary(key).await? else {
            return Ok(None);
        };
        let id = summary.id.0;
        let (preheader, html, text, letterhead, articles, cut, whole_html, token_key): Content =
            reading!(self, |c| sqlx::query_as(CONTENT).bind(id).fetch_one(&mut *c).await?);
        let pictures: Vec<(Option<String>, String, String, Vec<u8>)> =
            reading!(self, |c| sqlx::query_as(EDITION_PICTURES).bind(id).fetch_all(&mut *c).await?);
        let headlines: Vec<HeadlineRow> =
            reading!(self, |c| sqlx::query_as(EDITION_HEADLINES).bind(id).fetch_all(&mut *c).await?);
        let embedded = pictures
            .into_iter()
            .filter_map(|(content_id, file_name, media_type, bytes)| {
                let bytes = Arc::from(bytes);
                Some(EmbeddedPicture { content_id: content_id?, file_name, media_type, bytes })
            })
            .collect();
        let rendered = RenderedEdition {
            key: summary.key.clone(),
            subject: summary.subject.clone(),
            preheader,
            html,
            text,
            embedded,
            headlines: headlines.into_iter().map(headline).collect::<Result<_, _>>()?,
            frozen_at: summary.frozen_at,
            shortened: self::shortened(articles, cut, whole_html)?,
            hash: summary.hash.clone(),
        };
        let letterhead = letterhead_from_json(&letterhead)?;
        Ok(Some(StoredEdition { summary, rendered, letterhead, token_key: key_id(token_key)? }))
    }

    /// The frozen content of an edition, if it has gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rendered(&self, key: &EditionKey) -> Result<Option<RenderedEdition>, StoreError> {
        Ok(self.edition(key).await?.map(|stored| stored.rendered))
    }

    /// The newest headlines up to `day`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recent_headlines(&self, day: NaiveDate, limit: u32) -> Result<Vec<Headline>, StoreError> {
        let rows: Vec<HeadlineRow> = reading!(self, |c| sqlx::query_as(RECENT)
            .bind(day.to_string())
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(headline).collect()
    }

    /// The slug of every article that has gone out, with its edition; `None` for what counts as published before
    /// the first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn published_slugs(&self) -> Result<BTreeMap<String, Option<EditionKey>>, StoreError> {
        let rows: Vec<(String, Option<String>)> =
            reading!(self, |c| sqlx::query_as(SLUGS).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(slug, key)| Ok((slug, key.map(|key| edition_key(&key)).transpose()?)))
            .collect()
    }

    /// Where each article that has gone out is read on the web, by slug.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn published_addresses(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows: Vec<(String, String)> =
            reading!(self, |c| sqlx::query_as(ADDRESSES).fetch_all(&mut *c).await?);
        Ok(rows.into_iter().collect())
    }

    /// The file name of every picture of any edition.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn picture_names(&self) -> Result<Vec<String>, StoreError> {
        Ok(reading!(self, |c| sqlx::query_scalar(PICTURE_NAMES).fetch_all(&mut *c).await?))
    }

    /// A picture of any edition by its file name: media type and bytes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn picture(&self, file_name: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        Ok(reading!(self, |c| sqlx::query_as(PICTURE).bind(file_name).fetch_optional(&mut *c).await?))
    }
}

/// How many articles of `edition` were cut for the mail, as a column.
pub(super) fn articles_cut(edition: &RenderedEdition) -> Option<i64> {
    edition.shortened.as_ref().map(|cut| i64::try_from(cut.cut.articles()).unwrap_or(i64::MAX))
}

/// How far they were cut, as a column.
pub(super) fn cut(edition: &RenderedEdition) -> Option<String> {
    edition.shortened.as_ref().map(|cut| serde_json::to_string(&cut.cut).expect("counts are JSON"))
}

/// The HTML with all of them whole, as a column.
pub(super) fn whole_html(edition: &RenderedEdition) -> Option<&str> {
    edition.shortened.as_ref().map(|cut| cut.whole_html.as_str())
}

/// What the three columns say.
pub(super) fn shortened(
    articles: Option<i64>,
    cut: Option<String>,
    whole_html: Option<String>,
) -> Result<Option<Shortened>, StoreError> {
    let Some((articles, whole_html)) = articles.zip(whole_html) else { return Ok(None) };
    let cut = match cut {
        Some(json) => serde_json::from_str(&json)
            .map_err(|_| StoreError::Unreadable { what: "what was cut of an edition", value: json })?,
        None => Cut { highlights: usize::try_from(articles).unwrap_or_default(), ..Cut::default() },
    };
    Ok(Some(Shortened { cut, whole_html }))
}

/// The statements of [`Store::publish`] on one connection.
macro_rules! publish_on {
    ($c:expr, $issue:expr, $letterhead:expr, $key:expr, $now:expr, $index:expr) => {{
        let issue: &Issue<'_> = $issue;
        let edition = issue.edition;
        let number: i64 = sqlx::query_scalar(NEXT_NUMBER).fetch_one($c).await?;
        let id: Option<i64> = sqlx::query_scalar(INSERT_EDITION)
            .bind(&$key)
            .bind(number)
            .bind(&edition.subject)
            .bind(&edition.preheader)
            .bind(&edition.html)
            .bind(&edition.text)
            .bind(&$letterhead)
            .bind(&edition.hash)
            .bind(millis(edition.frozen_at))
            .bind(articles_cut(edition))
            .bind(cut(edition))
            .bind(whole_html(edition))
            .fetch_optional($c)
            .await?;
        let held: Option<String> = sqlx::query_scalar(IS_HELD).bind(&$key).fetch_optional($c).await?;
        let approved: Option<String> =
            sqlx::query_scalar(APPROVED_HASH).bind(&$key).fetch_optional($c).await?;
        let may_go = held.is_none() && approved.map_or(!issue.needs_approval, |hash| hash == edition.hash);
        match id {
            Some(_) if !may_go => PublishOutcome::Withheld,
            None => {
                let id: i64 = sqlx::query_scalar(ID_OF_KEY).bind(&$key).fetch_one($c).await?;
                PublishOutcome::AlreadyOut(EditionId(id))
            }
            Some(id) => {
                for (position, picture) in (0_i64..).zip(issue.pictures) {
                    sqlx::query(INSERT_PICTURE)
                        .bind(&picture.file_name)
                        .bind(&picture.media_type)
                        .bind(&picture.bytes[..])
                        .execute($c)
                        .await?;
                    let travels =
                        edition.embedded.iter().any(|embedded| embedded.file_name == picture.file_name);
                    sqlx::query(INSERT_EDITION_PICTURE)
                        .bind(id)
                        .bind(position)
                        .bind(travels.then_some(&picture.content_id))
                        .bind(&picture.file_name)
                        .execute($c)
                        .await?;
                }
                for (position, headline) in (0_i64..).zip(&edition.headlines) {
                    sqlx::query(INSERT_HEADLINE)
                        .bind(&headline.slug)
                        .bind(id)
                        .bind(position)
                        .bind(&headline.title)
                        .bind(&headline.url)
                        .bind(headline.date.to_string())
                        .bind(&headline.summary)
                        .execute($c)
                        .await?;
                }
                insert_articles!($c, issue.articles, $index);
                for (position, headline) in (0_i64..).zip(issue.earlier) {
                    sqlx::query(INSERT_EARLIER)
                        .bind(&headline.slug)
                        .bind(position)
                        .bind(&headline.title)
                        .bind(&headline.url)
                        .bind(headline.date.to_string())
                        .bind(&headline.summary)
                        .execute($c)
                        .await?;
                }
                let recipients = sqlx::query(INSERT_DELIVERIES)
                    .bind(id)
                    .bind(millis($now))
                    .bind(i64::from(issue.examples_too))
                    .execute($c)
                    .await?
                    .rows_affected();
                sqlx::query(SET_RECIPIENTS)
                    .bind(id)
                    .bind(i64::try_from(recipients).unwrap_or(i64::MAX))
                    .execute($c)
                    .await?;
                if recipients == 0 {
                    PublishOutcome::NoReaders
                } else {
                    PublishOutcome::Published { id: EditionId(id), recipients }
                }
            }
        }
    }};
}
use publish_on;

async fn finish_publishing<DB: sqlx::Database>(
    transaction: sqlx::Transaction<'_, DB>,
    outcome: PublishOutcome,
) -> Result<PublishOutcome, StoreError> {
    match outcome {
        PublishOutcome::Published { .. } => transaction.commit().await?,
        PublishOutcome::AlreadyOut(_) | PublishOutcome::NoReaders | PublishOutcome::Withheld => {
            transaction.rollback().await?
        }
    }
    Ok(outcome)
}

pub(super) type HeadlineRow = (String, String, String, String, Option<String>);

pub(super) fn headline((slug, title, url, date, summary): HeadlineRow) -> Result<Headline, StoreError> {
    let date = date.parse().map_err(|_| StoreError::Unreadable { what: "a date", value: date })?;
    Ok(Headline { slug, title, url, date, summary })
}

pub(super) fn edition_key(text: &str) -> Result<EditionKey, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable { what: "an edition's key", value: text.to_owned() })
}

pub(super) fn summary(
    (id, key, number, subject, frozen_at, recipients, hash, paused_for): SummaryRow,
) -> Result<EditionSummary, StoreError> {
    Ok(EditionSummary {
        id: EditionId(id),
        key: edition_key(&key)?,
        number: number.unsigned_abs(),
        subject,
        frozen_at: time(frozen_at)?,
        recipients: recipients.unsigned_abs(),
        hash,
        paused_for: TimeDelta::milliseconds(paused_for),
    })
}

pub(super) fn letterhead_to_json(letterhead: &Letterhead) -> String {
    serde_json::json!({
        "from_name": letterhead.from_name,
        "from": letterhead.from.as_str(),
        "reply_to": letterhead.reply_to.as_ref().map(|address| address.as_str()),
        "list_name": letterhead.list_name,
        "list_id": letterhead.list_id,
        "public_url": letterhead.public_url,
        "language": letterhead.language,
    })
    .to_string()
}

pub(super) fn letterhead_from_json(text: &str) -> Result<Letterhead, StoreError> {
    let unreadable = || StoreError::Unreadable { what: "a letterhead", value: text.to_owned() };
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    let word = |name: &str| json[name].as_str().map(str::to_owned);
    let required = |name: &str| word(name).ok_or_else(unreadable);
    let address = |text: String| text.parse().map_err(|_| unreadable());
    Ok(Letterhead {
        from_name: required("from_name")?,
        from: address(required("from")?)?,
        reply_to: word("reply_to").map(address).transpose()?,
        list_name: required("list_name")?,
        list_id: required("list_id")?,
        public_url: required("public_url")?,
        language: required("language")?,
    })
}

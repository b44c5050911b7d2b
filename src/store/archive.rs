//! Published articles: kept with their edition, read by page.

use chrono::{DateTime, Utc};

use super::editions::{SummaryRow, edition_key, headline, summary};
use super::{EditionSummary, Store, StoreError, time};
use crate::archive::search::IndexEntry;
use crate::archive::{ArchivedArticle, Byline, Card};
use crate::edition::{EditionKey, Headline};

/// How an engine keeps the words of articles.
pub(super) struct Index {
    /// Makes its table.
    pub(super) table: &'static str,
    /// Adds the article `$1`: words of the title `$2`, of what leads `$3`, of names `$4`, of the text `$5`.
    pub(super) insert: &'static str,
    /// The four as the statement takes them.
    pub(super) words: fn(&IndexEntry) -> [String; 4],
}

// Without the text: excerpts are made of the article itself. Marks are part of a word, which is folded already.
pub(super) const SQLITE: Index = Index {
    table: "CREATE VIRTUAL TABLE article_index USING fts5(title, lead, names, body, content = '',
        tokenize = \"unicode61 remove_diacritics 0 categories 'L* M* N* Co'\")",
    insert: "INSERT INTO article_index (rowid, title, lead, names, body) VALUES ($1, $2, $3, $4, $5)",
    words: |entry| entry.fields().map(|words| words.join(" ")),
};

// Weights A to D; the words are given with their places, so that no parser of the server's looks at them.
pub(super) const POSTGRES: Index = Index {
    table:
        "CREATE TABLE article_index (id BIGINT PRIMARY KEY REFERENCES articles (id), words tsvector NOT NULL);
        CREATE INDEX article_index_words ON article_index USING gin (words)",
    insert: "INSERT INTO article_index (id, words) VALUES ($1,
        CAST(CAST($2 AS TEXT) AS tsvector) || CAST(CAST($3 AS TEXT) AS tsvector)
        || CAST(CAST($4 AS TEXT) AS tsvector) || CAST(CAST($5 AS TEXT) AS tsvector))",
    words: |entry| {
        let mut weights = ['A', 'B', 'C', 'D'].into_iter();
        entry.fields().map(|words| {
            let weight = weights.next().unwrap_or('D');
            let placed = (1..).zip(words).map(|(place, word): (u32, _)| format!("'{word}':{place}{weight}"));
            placed.collect::<Vec<_>>().join(" ")
        })
    },
};

pub(super) const INSERT_ARTICLE: &str =
    "INSERT INTO articles (slug, edition_key, position, author_key, published_at, card, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
pub(super) const INSERT_TAG: &str =
    "INSERT INTO article_tags (tag_key, edition_key, position, article_id) VALUES ($1, $2, $3, $4)";

/// Keeps `$articles` on the connection `$c`, with their words in `$index`.
macro_rules! insert_articles {
    ($c:expr, $articles:expr, $index:expr) => {
        for article in $articles {
            let card = &article.card;
            let id: i64 = sqlx::query_scalar($crate::store::archive::INSERT_ARTICLE)
                .bind(&card.slug)
                .bind(card.edition.to_string())
                .bind(i64::from(card.position))
                .bind(card.author.as_ref().map(|author| &author.key))
                .bind(millis(card.published_at))
                .bind($crate::store::archive::json(card))
                .bind($crate::store::archive::json(&article.body))
                .fetch_one($c)
                .await?;
            for tag in &card.tags {
                sqlx::query($crate::store::archive::INSERT_TAG)
                    .bind(&tag.key)
                    .bind(card.edition.to_string())
                    .bind(i64::from(card.position))
                    .bind(id)
                    .execute($c)
                    .await?;
            }
            let [title, lead, names, body] =
                ($index.words)(&$crate::archive::search::IndexEntry::of(article));
            let words = sqlx::query($index.insert).bind(id).bind(title).bind(lead).bind(names).bind(body);
            words.execute($c).await?;
        }
    };
}
pub(super) use insert_articles;

const ARTICLE: &str = "SELECT card, body FROM public_articles WHERE slug = $1";
const EDITION_ARTICLES: &str =
    "SELECT card, body FROM public_articles WHERE edition_key = $1 ORDER BY position";
const OUT: &str = "SELECT e.key, e.frozen_at, h.slug, h.title, h.url, h.date, h.summary
    FROM public_headlines h JOIN public_editions e ON e.id = h.edition_id WHERE h.slug = $1";
const BEFORE_ARCHIVE: &str = "SELECT h.slug FROM public_headlines h
    WHERE h.edition_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.slug = h.slug)
    AND h.slug > $1 ORDER BY h.slug LIMIT $2";
const EDITIONS_OF_BEFORE: &str = "SELECT e.key, e.frozen_at FROM public_editions e
    WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.edition_key = e.key) ORDER BY e.key DESC LIMIT $1";
const EDITION_EARLIER: &str =
    "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM public_editions
    WHERE SUBSTR(key, 1, 10) < SUBSTR($1, 1, 10) OR (SUBSTR(key, 1, 10) = SUBSTR($1, 1, 10)
        AND number < (SELECT b.number FROM editions b WHERE b.key = $1))
    ORDER BY SUBSTR(key, 1, 10) DESC, number DESC LIMIT 1";
const EDITION_LATER: &str =
    "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM public_editions
    WHERE SUBSTR(key, 1, 10) > SUBSTR($1, 1, 10) OR (SUBSTR(key, 1, 10) = SUBSTR($1, 1, 10)
        AND number > (SELECT b.number FROM editions b WHERE b.key = $1))
    ORDER BY SUBSTR(key, 1, 10), number LIMIT 1";
// The articles beside it, as EARLIER and LATER find them, and what is shown of the comments, in one row.
const ARTICLE_STANDING: &str = "SELECT a.published_at, e.slug, l.slug, e.published_at, l.published_at,
        (SELECT x.hash FROM editions x WHERE x.key = a.edition_key),
        (SELECT x.hash FROM editions x WHERE x.key = e.edition_key),
        (SELECT x.hash FROM editions x WHERE x.key = l.edition_key),
        COUNT(c.id), MAX(c.decided_at), CAST(SUM(c.id) AS BIGINT)
    FROM articles a
    LEFT JOIN articles e ON e.id = (SELECT b.id FROM public_articles b
        WHERE b.edition_key <= a.edition_key AND (b.edition_key < a.edition_key OR b.position > a.position)
        ORDER BY b.edition_key DESC, b.position LIMIT 1)
    LEFT JOIN articles l ON l.id = (SELECT b.id FROM public_articles b
        WHERE b.edition_key >= a.edition_key AND (b.edition_key > a.edition_key OR b.position < a.position)
        ORDER BY b.edition_key, b.position DESC LIMIT 1)
    LEFT JOIN comments c ON c.slug = a.slug AND c.moderation = 'approved'
    WHERE a.slug = $1 AND NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.slug = a.slug AND w.restored_at IS NULL)
    GROUP BY a.id, e.id, l.id";
const EARLIER: &str =
    "SELECT card FROM public_articles WHERE edition_key <= $1 AND (edition_key < $1 OR position > $2)
    ORDER BY edition_key DESC, position LIMIT 1";
const LATER: &str =
    "SELECT card FROM public_articles WHERE edition_key >= $1 AND (edition_key > $1 OR position < $2)
    ORDER BY edition_key, position DESC LIMIT 1";
const LATEST: &str = "SELECT card, body FROM public_articles ORDER BY edition_key DESC, position LIMIT $1";
const BY_AUTHOR: &str = "SELECT card FROM public_articles WHERE author_key = $1
    ORDER BY edition_key DESC, position LIMIT $2 OFFSET $3";
const AUTHOR_STANDING: &str = "SELECT COUNT(*), MAX(published_at),
        (SELECT x.hash FROM editions x WHERE x.key = (SELECT MAX(n.edition_key) FROM public_articles n WHERE n.author_key = $1))
    FROM public_articles WHERE author_key = $1";
const TAG_STANDING: &str = "SELECT COUNT(*), MAX(a.published_at),
        (SELECT x.hash FROM editions x WHERE x.key = (SELECT MAX(n.edition_key) FROM article_tags n WHERE n.tag_key = $1))
    FROM article_tags t JOIN public_articles a ON a.id = t.article_id WHERE t.tag_key = $1";
const COUNT_BY_AUTHOR: &str = "SELECT COUNT(*) FROM public_articles WHERE author_key = $1";
const BYLINE: &str =
    "SELECT body FROM public_articles WHERE author_key = $1 ORDER BY edition_key DESC, position LIMIT 1";
const BY_TAG: &str = "SELECT a.card FROM article_tags t JOIN public_articles a ON a.id = t.article_id
    WHERE t.tag_key = $1 ORDER BY t.edition_key DESC, t.position LIMIT $2 OFFSET $3";
const COUNT_BY_TAG: &str =
    "SELECT COUNT(*) FROM article_tags t JOIN public_articles a ON a.id = t.article_id WHERE t.tag_key = $1";
const AUTHORS: &str = "SELECT author_key, COUNT(*), MAX(published_at) FROM public_articles
    WHERE author_key IS NOT NULL GROUP BY author_key ORDER BY author_key";
const TAGS: &str = "SELECT t.tag_key, COUNT(*), MAX(a.published_at) FROM article_tags t
    JOIN public_articles a ON a.id = t.article_id GROUP BY t.tag_key ORDER BY t.tag_key";
const MONTHS: &str = "SELECT SUBSTR(key, 1, 7) AS month, COUNT(*) FROM public_editions GROUP BY SUBSTR(key, 1, 7) ORDER BY month DESC";
const EDITIONS_BETWEEN: &str =
    "SELECT id, key, number, subject, frozen_at, recipients, hash, paused_for FROM public_editions
    WHERE key >= $1 AND key < $2 ORDER BY SUBSTR(key, 1, 10) DESC, number DESC LIMIT $3";
const HEADLINES_BETWEEN: &str = "SELECT e.key, h.slug, h.title, h.url, h.date, h.summary
    FROM public_editions e JOIN public_headlines h ON h.edition_id = e.id WHERE e.key >= $1 AND e.key < $2
    ORDER BY SUBSTR(e.key, 1, 10) DESC, e.number DESC, h.position";
const NEWEST_PLACE: &str =
    "SELECT id, slug, published_at, edition_key FROM public_articles ORDER BY id DESC LIMIT 1";
const PLACES: &str =
    "SELECT id, slug, published_at, edition_key FROM public_articles WHERE id > $1 ORDER BY id LIMIT $2";

/// An author's or a tag's articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group<'a> {
    /// Those of the author with this key.
    Author(&'a str),
    /// Those with the tag of this key.
    Tag(&'a str),
}

/// A part of an author's or a tag's articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPage {
    /// How many there are in all.
    pub total: u64,
    /// These, newest first.
    pub cards: Vec<Card>,
}

/// An author or a tag as maps of the site list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSize {
    /// The key.
    pub key: String,
    /// How many articles there are.
    pub total: u64,
    /// When the newest was published.
    pub newest: DateTime<Utc>,
}

/// How many articles an author or a tag has, and when the newest was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStanding {
    /// How many there are.
    pub total: u64,
    /// When the newest was published.
    pub newest: DateTime<Utc>,
    /// The hash of the edition that the first of the list was in: tells what is there now from what was before a backup was
    /// restored.
    pub hash: Option<String>,
}

/// What changes about an article's page once it is out. Two that are equal are of the same page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleStanding {
    /// When its edition was frozen.
    pub frozen_at: DateTime<Utc>,
    /// When the last of it and the two next to it was published.
    pub published_at: DateTime<Utc>,
    /// The slugs of the articles next to it: the earlier one and the later one.
    pub beside: [Option<String>; 2],
    /// The hashes of the editions of the article and of the two: after a backup is restored, others have the slugs.
    pub hashes: [Option<String>; 3],
    /// How many comments are shown.
    pub comments: u64,
    /// Which comments they are, by the sum of their ids and the last decision about one, in milliseconds.
    pub comment_marks: (i64, i64),
}

/// An article that is out, as its edition's list has it, whether the archive has it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// What lists say of it.
    pub headline: Headline,
    /// Its edition.
    pub edition: EditionKey,
    /// When that was frozen.
    pub published_at: DateTime<Utc>,
}

/// Where an article is, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticlePlace {
    /// Counts upwards with publishing.
    pub id: i64,
    /// Its name in addresses.
    pub slug: String,
    /// When its edition was frozen.
    pub published_at: DateTime<Utc>,
    /// Its edition.
    pub edition: EditionKey,
}

/// An edition and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct InEdition {
    /// The edition.
    pub summary: EditionSummary,
    /// Its articles in their order, those published before there was an archive too.
    pub headlines: Vec<Headline>,
}

impl Store {
    /// The article of this slug, if it has been published.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn article(&self, slug: &str) -> Result<Option<ArchivedArticle>, StoreError> {
        let row: Option<(String, String)> =
            reading!(self, |c| sqlx::query_as(ARTICLE).bind(slug).fetch_optional(&mut *c).await?);
        row.map(article).transpose()
    }

    /// The article of this slug as its edition's list has it, whether the archive has the article or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn out(&self, slug: &str) -> Result<Option<Out>, StoreError> {
        type Row = (String, i64, String, String, String, String, Option<String>);
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(OUT).bind(slug).fetch_optional(&mut *c).await?);
        row.map(|(key, at, slug, title, url, date, text)| {
            Ok(Out {
                headline: headline((slug, title, url, date, text))?,
                edition: edition_key(&key)?,
                published_at: time(at)?,
            })
        })
        .transpose()
    }

    /// Up to `limit` slugs behind `after` of articles that went out before there was an archive.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn slugs_of_before(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        Ok(reading!(self, |c| sqlx::query_scalar(BEFORE_ARCHIVE)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?))
    }

    /// Up to `limit` editions, newest first, of which the archive has no article, and when they were frozen.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn editions_of_before(
        &self,
        limit: u32,
    ) -> Result<Vec<(EditionKey, DateTime<Utc>)>, StoreError> {
        let rows: Vec<(String, i64)> = reading!(self, |c| sqlx::query_as(EDITIONS_OF_BEFORE)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(|(key, at)| Ok((edition_key(&key)?, time(at)?))).collect()
    }

    /// The articles of an edition in their order; those published before there was an archive are not among them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn articles_in(&self, key: &EditionKey) -> Result<Vec<ArchivedArticle>, StoreError> {
        let rows: Vec<(String, String)> = reading!(self, |c| sqlx::query_as(EDITION_ARTICLES)
            .bind(key.to_string())
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(article).collect()
    }

    /// The editions next to `key` in the order of lists: the earlier one, and the later one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn editions_beside(
        &self,
        key: &EditionKey,
    ) -> Result<(Option<EditionSummary>, Option<EditionSummary>), StoreError> {
        let key = key.to_string();
        let (earlier, later): (Option<SummaryRow>, Option<SummaryRow>) = reading!(self, |c| {
            let earlier = sqlx::query_as(EDITION_EARLIER).bind(&key).fetch_optional(&mut *c).await?;
            (earlier, sqlx::query_as(EDITION_LATER).bind(&key).fetch_optional(&mut *c).await?)
        });
        Ok((earlier.map(summary).transpose()?, later.map(summary).transpose()?))
    }

    /// What changes about the page of the article of this slug, if the archive has it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn article_standing(&self, slug: &str) -> Result<Option<ArticleStanding>, StoreError> {
        type At = Option<i64>;
        type Text = Option<String>;
        type Row = (i64, Text, Text, At, At, Text, Text, Text, i64, At, Option<i64>);
        let row: Option<Row> =
            reading!(self, |c| sqlx::query_as(ARTICLE_STANDING).bind(slug).fetch_optional(&mut *c).await?);
        row.map(|(at, earlier, later, earlier_at, later_at, own, before, behind, comments, decided, ids)| {
            let last = earlier_at.into_iter().chain(later_at).fold(at, i64::max);
            Ok(ArticleStanding {
                frozen_at: time(at)?,
                published_at: time(last)?,
                beside: [earlier, later],
                hashes: [own, before, behind],
                comments: comments.unsigned_abs(),
                comment_marks: (ids.unwrap_or(0), decided.unwrap_or(0)),
            })
        })
        .transpose()
    }

    /// How many articles `group` has, and when the newest was published; `None` when it has none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn group_standing(&self, group: Group<'_>) -> Result<Option<GroupStanding>, StoreError> {
        let (statement, key) = match group {
            Group::Author(key) => (AUTHOR_STANDING, key),
            Group::Tag(key) => (TAG_STANDING, key),
        };
        let (total, newest, hash): (i64, Option<i64>, Option<String>) =
            reading!(self, |c| sqlx::query_as(statement).bind(key).fetch_one(&mut *c).await?);
        newest
            .map(|newest| Ok(GroupStanding { total: total.unsigned_abs(), newest: time(newest)?, hash }))
            .transpose()
    }

    /// The articles next to `of` in the order of lists: the earlier one, and the later one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn neighbours(&self, of: &Card) -> Result<(Option<Card>, Option<Card>), StoreError> {
        let (key, position) = (of.edition.to_string(), i64::from(of.position));
        let (earlier, later): (Option<String>, Option<String>) = reading!(self, |c| {
            let earlier =
                sqlx::query_scalar(EARLIER).bind(&key).bind(position).fetch_optional(&mut *c).await?;
            (earlier, sqlx::query_scalar(LATER).bind(&key).bind(position).fetch_optional(&mut *c).await?)
        });
        Ok((earlier.map(|row| card(&row)).transpose()?, later.map(|row| card(&row)).transpose()?))
    }

    /// Up to `limit` articles, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest_articles(&self, limit: u32) -> Result<Vec<ArchivedArticle>, StoreError> {
        let rows: Vec<(String, String)> =
            reading!(self, |c| sqlx::query_as(LATEST).bind(i64::from(limit)).fetch_all(&mut *c).await?);
        rows.into_iter().map(article).collect()
    }

    /// Up to `limit` articles of `group`, newest first, after the first `skip`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn articles_of(
        &self,
        group: Group<'_>,
        skip: u64,
        limit: u32,
    ) -> Result<GroupPage, StoreError> {
        let (count, page, key) = match group {
            Group::Author(key) => (COUNT_BY_AUTHOR, BY_AUTHOR, key),
            Group::Tag(key) => (COUNT_BY_TAG, BY_TAG, key),
        };
        let skip = i64::try_from(skip).unwrap_or(i64::MAX);
        let (total, rows): (i64, Vec<String>) = reading!(self, |c| {
            let total = sqlx::query_scalar(count).bind(key).fetch_one(&mut *c).await?;
            let rows = sqlx::query_scalar(page).bind(key).bind(i64::from(limit)).bind(skip);
            (total, rows.fetch_all(&mut *c).await?)
        });
        let cards = rows.iter().map(|row| card(row)).collect::<Result<_, _>>()?;
        Ok(GroupPage { total: total.unsigned_abs(), cards })
    }

    /// What the author with this key said of themselves last.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn byline(&self, author_key: &str) -> Result<Option<Byline>, StoreError> {
        let row: Option<String> =
            reading!(self, |c| sqlx::query_scalar(BYLINE).bind(author_key).fetch_optional(&mut *c).await?);
        let body: Option<crate::archive::Body> = row.map(|row| from_json(&row)).transpose()?;
        Ok(body.and_then(|body| body.byline))
    }

    /// Every author of an article.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn authors(&self) -> Result<Vec<GroupSize>, StoreError> {
        self.groups(AUTHORS).await
    }

    /// Every tag of an article.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tags(&self) -> Result<Vec<GroupSize>, StoreError> {
        self.groups(TAGS).await
    }

    async fn groups(&self, statement: &'static str) -> Result<Vec<GroupSize>, StoreError> {
        let rows: Vec<(String, i64, i64)> =
            reading!(self, |c| sqlx::query_as(statement).fetch_all(&mut *c).await?);
        rows.into_iter()
            .map(|(key, total, newest)| {
                Ok(GroupSize { key, total: total.unsigned_abs(), newest: time(newest)? })
            })
            .collect()
    }

    /// The months with editions, `2025-11`, newest first, and how many each has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn months(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = reading!(self, |c| sqlx::query_as(MONTHS).fetch_all(&mut *c).await?);
        Ok(rows.into_iter().map(|(month, count)| (month, count.unsigned_abs())).collect())
    }

    /// Up to `limit` editions of a month (`2025-11`), newest first, with their headlines.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn editions_of(&self, month: &str, limit: u32) -> Result<Vec<InEdition>, StoreError> {
        // Every key of the month goes on with a hyphen, which comes before a full stop.
        self.editions_between(month, &format!("{month}."), limit).await
    }

    /// The newest edition that may be read, with its headlines.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest_edition(&self) -> Result<Option<InEdition>, StoreError> {
        let Some(newest) = self.public_editions(None, 1).await?.into_iter().next() else { return Ok(None) };
        self.in_edition(&newest.key).await
    }

    /// The edition of this name with its headlines, if it has gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn in_edition(&self, key: &EditionKey) -> Result<Option<InEdition>, StoreError> {
        let key = key.to_string();
        // Whatever begins with this key goes on with a hyphen, which comes behind an exclamation mark.
        Ok(self.editions_between(&key, &format!("{key}!"), 1).await?.into_iter().next())
    }

    async fn editions_between(
        &self,
        from: &str,
        beyond: &str,
        limit: u32,
    ) -> Result<Vec<InEdition>, StoreError> {
        let (editions, headlines): (Vec<SummaryRow>, Vec<KeyedHeadline>) = reading!(self, |c| {
            let editions = sqlx::query_as(EDITIONS_BETWEEN).bind(from).bind(beyond).bind(i64::from(limit));
            let editions = editions.fetch_all(&mut *c).await?;
            let headlines = sqlx::query_as(HEADLINES_BETWEEN).bind(from).bind(beyond);
            (editions, headlines.fetch_all(&mut *c).await?)
        });
        let mut headlines = headlines.into_iter().peekable();
        let mut found = Vec::with_capacity(editions.len());
        for row in editions {
            let key = row.1.clone();
            let mut own = Vec::new();
            while let Some((_, slug, title, url, date, text)) = headlines.next_if(|next| next.0 == key) {
                own.push(headline((slug, title, url, date, text))?);
            }
            found.push(InEdition { summary: summary(row)?, headlines: own });
        }
        Ok(found)
    }

    /// Up to `limit` articles with an id above `after`, in the order of publishing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn article_places(&self, after: i64, limit: u32) -> Result<Vec<ArticlePlace>, StoreError> {
        let rows: Vec<PlaceRow> = reading!(self, |c| sqlx::query_as(PLACES)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *c)
            .await?);
        rows.into_iter().map(place).collect()
    }

    /// The article that was published last.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn newest_article_place(&self) -> Result<Option<ArticlePlace>, StoreError> {
        let row: Option<PlaceRow> =
            reading!(self, |c| sqlx::query_as(NEWEST_PLACE).fetch_optional(&mut *c).await?);
        row.map(place).transpose()
    }
}

type PlaceRow = (i64, String, i64, String);

fn place((id, slug, at, key): PlaceRow) -> Result<ArticlePlace, StoreError> {
    Ok(ArticlePlace { id, slug, published_at: time(at)?, edition: edition_key(&key)? })
}

type KeyedHeadline = (String, String, String, String, String, Option<String>);

pub(super) fn article((head, body): (String, String)) -> Result<ArchivedArticle, StoreError> {
    Ok(ArchivedArticle { card: card(&head)?, body: from_json(&body)? })
}

fn card(json: &str) -> Result<Card, StoreError> {
    from_json(json)
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable {
        what: "an archived article",
        value: format!("{error}: {}", json.chars().take(200).collect::<String>()),
    })
}

pub(super) fn json(of: &impl serde::Serialize) -> String {
    serde_json::to_string(of).expect("an article is JSON")
}

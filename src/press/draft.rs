//! What an edition would be: the articles and the record of the past, assembled and rendered. Nothing is frozen.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::{Press, PressError, schedule};
use crate::article::{self, Article, Broken, LoadOptions, Loaded, Others, Whole};
use crate::config::{Config, Schedule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::edition::{
    self, Assembled, Edition, EditionKey, EmbeddedPicture, Headline, NotDue, Past, RenderSettings,
    RenderedEdition, Rules, Templates, Waiting,
};
use crate::store::{Store, StoreError};
use crate::words::Words;

/// More earlier headlines than an edition shows are read, since some may be its own articles'; at most so many.
const MOST_OWN: usize = 200;

/// What an edition would be, before it is frozen.
#[derive(Debug)]
pub struct Draft {
    /// The edition; `None` when no article is due.
    pub rendered: Option<RenderedEdition>,
    /// Its local pictures.
    pub pictures: Vec<EmbeddedPicture>,
    /// The files of its articles in their order, relative to the articles folder.
    pub due: Vec<PathBuf>,
    /// What does not go with it, and why.
    pub waiting: Vec<Waiting>,
    /// What is wrong with files that may belong to it.
    pub errors: Vec<Diagnostic>,
    /// The slugs that count as published before it, when it is the first edition.
    pub before: Vec<String>,
}

/// What the store knows of the past, as far as the next edition depends on it.
#[derive(Debug, Clone)]
pub struct Record {
    /// Every slug that was published, with its edition; without one it counts as published before the first.
    pub published: BTreeMap<String, Option<EditionKey>>,
    /// Headlines of earlier editions, newest first.
    pub headlines: Vec<Headline>,
    /// Where published articles are read, by slug.
    pub addresses: BTreeMap<String, String>,
    /// The running number of the next edition, from 1.
    pub number: u64,
    /// The day of the oldest edition within the backlog that was held or called off and never went out.
    pub called_off: Option<NaiveDate>,
}

/// The oldest day whose articles are news on `day`.
pub fn backlog_of(day: NaiveDate, config: &Config) -> NaiveDate {
    edition::oldest_news(day, config.articles.backlog_days)
}

/// Before the first edition, when there may be no store yet.
impl Default for Record {
    fn default() -> Self {
        let (published, addresses) = (BTreeMap::new(), BTreeMap::new());
        Record { published, headlines: Vec::new(), addresses, number: 1, called_off: None }
    }
}

impl Record {
    /// Reads what the edition `key` depends on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(store: &Store, key: &EditionKey, config: &Config) -> Result<Self, StoreError> {
        let limit = u32::try_from(config.edition.recent + MOST_OWN).unwrap_or(u32::MAX);
        let held = store.held_editions(&EditionKey::of(backlog_of(key.date(), config))).await?;
        Ok(Record {
            published: store.published_slugs().await?,
            headlines: store.recent_headlines(key.date(), limit).await?,
            addresses: store.published_addresses().await?,
            number: store.next_number().await?,
            called_off: held.iter().filter(|held| *held < key).map(EditionKey::date).min(),
        })
    }

    /// The record as it was on the day of `key`: what that edition took, and those of later days, is still to come. What went
    /// out in another of the same day is gone, be it an extra edition that left before the regular one.
    #[must_use]
    pub fn before(mut self, key: &EditionKey) -> Self {
        let is_before = |other: &EditionKey| other != key && other.date() <= key.date();
        self.published.retain(|_, edition| edition.as_ref().is_none_or(is_before));
        if self.published.values().all(Option::is_none) {
            self.published.clear();
        }
        self
    }

    /// Which articles have to be read whole to make the edition `key` as of `now`: those that may be due, and those that
    /// hold it when they are broken.
    #[must_use]
    pub fn wanted(&self, key: &EditionKey, config: &Config, now: DateTime<Utc>) -> Whole {
        let today = now.with_timezone(&config.schedule.timezone).date_naive();
        let (first, last) = (today.min(key.date()), today.max(key.date()));
        match self.past() {
            Past::Nothing => Whole::NewestDay { to: last, by: first, at: now },
            Past::CalledOff(day) => Whole::NewestDay { to: last, by: first.min(day), at: now },
            Past::Editions(_) => Whole::Days(backlog_of(first, config)..=last),
        }
    }

    fn past(&self) -> Past<'_> {
        match (self.published.is_empty(), self.called_off) {
            (false, _) => Past::Editions(&self.published),
            (true, Some(day)) => Past::CalledOff(day),
            (true, None) => Past::Nothing,
        }
    }

    /// Sorts the articles by whether they are due at `now` for the edition `key`; they were loaded with what is [`wanted`](Self::wanted).
    #[must_use]
    pub fn assemble(
        &self,
        loaded: Loaded,
        key: &EditionKey,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Assembled {
        edition::assemble(loaded, self.past(), rules(key, config, now))
    }

    /// Of what is loaded the files, relative to the articles folder, whose time is past for the edition `key`: they went out,
    /// or will not. Where nothing is on record, as beside a change on its way, what is of these days may be due elsewhere.
    #[must_use]
    pub fn over(
        &self,
        loaded: &Loaded,
        key: &EditionKey,
        config: &Config,
        now: DateTime<Utc>,
    ) -> HashSet<PathBuf> {
        let outlines = loaded.outlines();
        let oldest = backlog_of(key.date(), config);
        let sorted = edition::sort(outlines.clone(), self.past(), rules(key, config, now));
        let over = edition::over(&sorted.waiting, &outlines, oldest);
        let counts = counting(loaded, key, self, config);
        let broken =
            loaded.broken.iter().filter(|file| !counts(file) && file.date.is_some_and(|date| date < oldest));
        over.into_iter().map(|article| &article.path).chain(broken.map(|file| &file.path)).cloned().collect()
    }

    /// The broken files of what is loaded, relative to the articles folder, that may belong to the edition `key`: it is held
    /// until they are mended, or goes out without them.
    #[must_use]
    pub fn holding(&self, loaded: &Loaded, key: &EditionKey, config: &Config) -> Vec<PathBuf> {
        let counts = counting(loaded, key, self, config);
        loaded.broken.iter().filter(|file| counts(file)).map(|file| file.path.clone()).collect()
    }

    /// Of what is there, what was there when the first edition `key` was approved, its slugs being known to `is_known`; beside it
    /// what came since, each with why it does not go out. That would change which day the edition takes, and what it says
    /// of the days before. `None` when another edition was the first.
    pub(super) fn without_late(
        &self,
        loaded: &Loaded,
        is_known: impl Fn(&str) -> bool,
        (key, config, now): (&EditionKey, &Config, DateTime<Utc>),
    ) -> Option<(Loaded, Vec<Waiting>)> {
        if let Past::Editions(_) = self.past() {
            return None;
        }
        let (articles, others) = (loaded.articles.iter(), loaded.others.iter());
        let known = Loaded {
            articles: articles.filter(|article| is_known(article.slug.as_str())).cloned().collect(),
            others: others.filter(|article| is_known(article.slug.as_str())).cloned().collect(),
            ..Loaded::default()
        };
        let late = loaded.outlines().into_iter().filter(|article| !is_known(article.slug.as_str()));
        // As for the edition after it, which is not the first any more.
        let nothing = BTreeMap::new();
        let Assembled { due, mut waiting, before: _ } =
            edition::sort(late.collect(), Past::Editions(&nothing), rules(key, config, now));
        waiting.extend(due.into_iter().map(|article| Waiting {
            path: article.path,
            slug: article.slug,
            why: NotDue::AfterApproval,
        }));
        Some((known, waiting))
    }

    /// Where the articles that went out before are read, by file.
    fn earlier_addresses(&self, assembled: &Assembled) -> BTreeMap<PathBuf, String> {
        let address = |article: &Waiting| {
            Some((article.path.clone(), self.addresses.get(article.slug.as_str())?.clone()))
        };
        assembled.waiting.iter().filter_map(address).collect()
    }
}

fn rules(key: &EditionKey, config: &Config, now: DateTime<Utc>) -> Rules {
    let backlog_days = config.articles.backlog_days;
    Rules { day: key.date(), backlog_days, now, timezone: config.schedule.timezone }
}

/// Assembles and renders what the edition `key` would be at `now`, given the past and the articles, of which those are
/// whole that the record [wants](Record::wanted).
///
/// # Errors
/// When a template fails.
pub fn draft(
    loaded: Loaded,
    record: &Record,
    config: &Config,
    key: EditionKey,
    now: DateTime<Utc>,
) -> Result<Draft, PressError> {
    let errors = errors_that_count(&loaded, &key, record, config);
    let assembled = record.assemble(loaded, &key, config, now);
    let due = assembled.due.iter().map(|article| article.path.clone()).collect();
    let waiting = assembled.waiting.clone();
    let before = assembled.before.iter().map(|article| article.slug.to_string()).collect();
    let (rendered, pictures) = render_due(assembled, record, config, key, now)?.unzip();
    Ok(Draft { rendered, pictures: pictures.unwrap_or_default(), due, waiting, errors, before })
}

/// Renders the edition `key` of what is due; nothing when nothing is.
///
/// # Errors
/// When a template fails.
pub fn render_due(
    assembled: Assembled,
    record: &Record,
    config: &Config,
    key: EditionKey,
    now: DateTime<Utc>,
) -> Result<Option<(RenderedEdition, Vec<EmbeddedPicture>)>, PressError> {
    match assembled.due.is_empty() {
        true => Ok(None),
        false => render(&put_together(key, assembled, record, config, now), config).map(Some),
    }
}

impl Press {
    /// What the edition `key` would be at `now`, as it would have been on its day; `None` when nothing is due.
    ///
    /// # Errors
    /// When the articles cannot be read or a template fails.
    pub async fn draft(&self, key: EditionKey, now: DateTime<Utc>) -> Result<Draft, PressError> {
        let record = Record::read(&self.store, &key, &self.config).await?.before(&key);
        let loaded = self.load(record.wanted(&key, &self.config, now), now).await?;
        draft(loaded, &record, &self.config, key, now)
    }
}

/// Renders `article` alone, whether it is due or not: for looking at it.
///
/// # Errors
/// When a template fails.
pub fn draft_of_one(
    article: Article,
    record: &Record,
    config: &Config,
    key: EditionKey,
    now: DateTime<Utc>,
) -> Result<(RenderedEdition, Vec<EmbeddedPicture>), PressError> {
    let assembled = Assembled { due: vec![article], waiting: Vec::new(), before: Vec::new() };
    render(&put_together(key, assembled, record, config, now), config)
}

/// Reads the articles folder at `now`, of which `whole` to their ends; files that rest less than `settle` wait.
pub(super) async fn load(
    config: &Config,
    settle: Duration,
    whole: Whole,
    now: DateTime<Utc>,
) -> Result<Loaded, PressError> {
    read(config, LoadOptions { settle, ..LoadOptions::of(config) }.keeping_pictures(), whole, now).await
}

/// Reads the articles folder at `now`, what was saved just now included, and keeps nothing.
pub(super) async fn look(config: &Config, whole: Whole, now: DateTime<Utc>) -> Result<Loaded, PressError> {
    read(config, LoadOptions { settle: Duration::ZERO, ..LoadOptions::of(config) }, whole, now).await
}

async fn read(
    config: &Config,
    options: LoadOptions,
    whole: Whole,
    now: DateTime<Utc>,
) -> Result<Loaded, PressError> {
    let folder = config.articles.folder.clone();
    let options = options.giving(whole, Others::Skim);
    let load = tokio::task::spawn_blocking(move || article::load_dir(&folder, &options, now));
    Ok(load.await.expect("loading articles does not panic")?)
}

/// The edition of what is due, with the headlines of earlier ones; not rendered yet.
pub(super) fn put_together(
    key: EditionKey,
    assembled: Assembled,
    record: &Record,
    config: &Config,
    now: DateTime<Utc>,
) -> Edition {
    let ours: BTreeSet<&str> = assembled.due.iter().map(|article| article.slug.as_str()).collect();
    // Before the first edition, what is older counts as published.
    let before = assembled.before.iter();
    let before = before.map(|article| edition::headline(article, None, &config.publication));
    let mut recent: Vec<_> = record.headlines.iter().cloned().chain(before).collect();
    recent.retain(|headline| !ours.contains(headline.slug.as_str()));
    recent.truncate(config.edition.recent);
    let earlier = record.earlier_addresses(&assembled);
    Edition { key, articles: assembled.due, recent, earlier, number: record.number, frozen_at: now }
}

pub(super) fn render(
    edition: &Edition,
    config: &Config,
) -> Result<(RenderedEdition, Vec<EmbeddedPicture>), PressError> {
    let settings = RenderSettings { images: config.articles.images, size_limit: config.edition.size_limit };
    // Read anew each time, so that a template mended is a template in use.
    let templates = Templates::load(config.edition.templates.as_deref(), &config.publication)?;
    let rendered = edition::render(edition, &config.publication, &templates, &settings)?;
    Ok((rendered, edition::pictures(edition, &templates)))
}

/// The words of the publication's language.
pub(super) fn words(config: &Config) -> Result<Words, PressError> {
    Ok(edition::load_words(config.edition.templates.as_deref(), &config.publication.language)?)
}

/// The words that the user's file of the publication's language leaves out: English ones stand in, in the middle of it.
#[must_use]
pub fn missing_words(config: &Config) -> Vec<Diagnostic> {
    // Where there are none at all, rendering says so.
    words(config).map(|words| words.warnings().to_vec()).unwrap_or_default()
}

/// The errors of files that may belong to the edition: by their date, or because they do not tell it.
///
/// The first edition ever has no oldest day: it takes the newest that has articles, and that may be a broken one's.
pub(super) fn errors_that_count(
    loaded: &Loaded,
    key: &EditionKey,
    record: &Record,
    config: &Config,
) -> Vec<Diagnostic> {
    let counts = counting(loaded, key, record, config);
    let files: Vec<_> = loaded.broken.iter().filter(|file| counts(file)).collect();
    let is_of_one = |found: &&Diagnostic| files.iter().any(|file| found.file.ends_with(&file.path));
    loaded
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .filter(is_of_one)
        .cloned()
        .collect()
}

/// Whether a broken file of what is loaded may belong to the edition.
fn counting(loaded: &Loaded, key: &EditionKey, record: &Record, config: &Config) -> impl Fn(&Broken) -> bool {
    let newest_whole = |by: NaiveDate| {
        loaded.articles.iter().filter(|a| !a.draft && a.date <= by).map(|article| article.date).max()
    };
    let oldest = match record.past() {
        Past::Editions(_) => Some(backlog_of(key.date(), config)),
        Past::CalledOff(day) => newest_whole(day.min(key.date())).or_else(|| newest_whole(key.date())),
        Past::Nothing => newest_whole(key.date()),
    };
    let oldest = oldest.unwrap_or(NaiveDate::MIN);
    let days = oldest..=key.date();
    move |file| file.date.is_none_or(|date| days.contains(&date))
}

/// The moment as of which the edition `key` is made, when it is looked at or approved at `now`: its slot while that is
/// to come; without one, now on its own day, and else the end of its day.
#[must_use]
pub fn moment_of(schedule: &Schedule, key: &EditionKey, now: DateTime<Utc>) -> DateTime<Utc> {
    match slot_to_come(schedule, key, now) {
        Some(slot) => slot,
        None if key.date() == now.with_timezone(&schedule.timezone).date_naive() => now,
        None => end_of_day(schedule.timezone, key.date()),
    }
}

/// The slot of the edition `key`, when it has one after `now`.
pub(super) fn slot_to_come(
    schedule: &Schedule,
    key: &EditionKey,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let slot = schedule::slot_on(schedule, key.date()).filter(|_| key.is_regular())?;
    (slot.at > now).then_some(slot.at)
}

/// The last second of `day` in `zone`: an edition of the past, or of no slot, has no other clock.
#[must_use]
pub fn end_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
    let midnight = zone.from_local_datetime(&next).earliest();
    let midnight = midnight.map_or_else(|| next.and_utc(), |local| local.with_timezone(&Utc));
    midnight - TimeDelta::seconds(1)
}

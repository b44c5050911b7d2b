//! Publish: load the articles, assemble and render the edition, freeze it with its deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Days, NaiveDate, SubsecRound as _, Utc};

use super::{Press, PressError};
use crate::article::{self, Article, Loaded};
use crate::config::{OnBrokenArticle, Transport};
use crate::diagnostic::{Diagnostic, Severity};
use crate::edition::{
    self, Assembled, Edition, EditionKey, EmbeddedPicture, Headline, Past, RenderSettings, RenderedEdition,
    Rules, Templates, Waiting,
};
use crate::message::Letterhead;
use crate::store::{Issue, PublishOutcome, StoredEdition};

/// What publishing came to.
#[derive(Debug)]
pub enum Published {
    /// The edition is frozen, with its deliveries.
    Out {
        /// The edition.
        edition: Box<StoredEdition>,
        /// What did not go with it, and why.
        waiting: Vec<Waiting>,
        /// What is wrong with articles that were skipped.
        skipped: Vec<Diagnostic>,
    },
    /// It was out already: nothing has changed.
    AlreadyOut(Box<StoredEdition>),
    /// No article is due.
    Nothing {
        /// What is there, and why it is not due.
        waiting: Vec<Waiting>,
    },
    /// Nobody is subscribed; it can still go out.
    NoReaders,
    /// A broken article holds it; the editors have been written to.
    Held(Held),
    /// These files were changed just now, and may be half written: ask again in a moment.
    Unsettled(Vec<PathBuf>),
}

/// Why an edition is held.
#[derive(Debug, Clone)]
pub struct Held {
    /// What is wrong, errors only.
    pub errors: Vec<Diagnostic>,
    /// How many editors a letter has been written to.
    pub told: usize,
}

/// What becomes of files that were changed just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsettled {
    /// They go with the next edition.
    LeaveOut,
    /// Nothing is published until they rest.
    AwaitThem,
}

/// What an edition would be, before it is frozen.
#[derive(Debug)]
pub struct Draft {
    /// The edition; `None` when no article is due.
    pub rendered: Option<RenderedEdition>,
    /// Its local pictures.
    pub pictures: Vec<EmbeddedPicture>,
    /// What does not go with it, and why.
    pub waiting: Vec<Waiting>,
    /// What is wrong with files that may belong to it.
    pub errors: Vec<Diagnostic>,
}

impl Press {
    /// The name of the regular edition at `now`: the local date.
    #[must_use]
    pub fn key_at(&self, now: DateTime<Utc>) -> EditionKey {
        EditionKey::of(now.with_timezone(&self.config.schedule.timezone).date_naive())
    }

    /// Publishes the edition `key` of what is due now, without files that were changed just now. A second call changes
    /// nothing.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does; then nothing is frozen.
    pub async fn publish(&self, key: EditionKey) -> Result<Published, PressError> {
        self.publish_with(key, Unsettled::LeaveOut).await
    }

    /// As [`publish`](Self::publish), but publishes nothing while a file was changed just now: an editor who saves at
    /// the last moment means it to go.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn publish_when_settled(&self, key: EditionKey) -> Result<Published, PressError> {
        self.publish_with(key, Unsettled::AwaitThem).await
    }

    async fn publish_with(&self, key: EditionKey, unsettled: Unsettled) -> Result<Published, PressError> {
        self.guard()?;
        if let Some(edition) = self.store.edition(&key).await? {
            return Ok(Published::AlreadyOut(Box::new(edition)));
        }
        self.store.check_soundness().await?;
        let now = self.clock.now().trunc_subsecs(0);
        let mut loaded = self.load(now).await?;
        if unsettled == Unsettled::AwaitThem && !loaded.unsettled.is_empty() {
            return Ok(Published::Unsettled(std::mem::take(&mut loaded.unsettled)));
        }
        let published = self.store.published_slugs().await?;
        let broken = errors_that_count(&loaded, &key, self.oldest_day(&key, &published));
        if !broken.is_empty() && self.config.articles.on_broken == OnBrokenArticle::HoldEdition {
            let told = self.tell_editors(&key, &broken, "is held until this is mended").await?;
            return Ok(Published::Held(Held { errors: broken, told }));
        }
        let assembled = self.assemble(loaded, &published, now);
        if assembled.due.is_empty() {
            return Ok(Published::Nothing { waiting: assembled.waiting });
        }
        let before =
            assembled.before.iter().map(|article| self.earlier_headline(article)).collect::<Vec<_>>();
        let waiting = assembled.waiting.clone();
        let (rendered, pictures) = self.render(key.clone(), assembled, now).await?;
        let issue = Issue {
            edition: &rendered,
            letterhead: &Letterhead::of(&self.config.publication),
            pictures: &pictures,
            earlier: &before,
            examples_too: matches!(self.config.transport, Transport::Outbox { .. }),
        };
        let outcome = self.store.publish(&issue, now).await?;
        let edition = self.store.edition(&key).await?;
        match (outcome, edition) {
            (PublishOutcome::NoReaders, _) | (_, None) => Ok(Published::NoReaders),
            (PublishOutcome::AlreadyOut(_), Some(edition)) => Ok(Published::AlreadyOut(Box::new(edition))),
            (PublishOutcome::Published { .. }, Some(edition)) => {
                self.store.advance_mark().await?;
                if !broken.is_empty() {
                    self.tell_editors(&key, &broken, "went out without these articles").await?;
                }
                Ok(Published::Out { edition: Box::new(edition), waiting, skipped: broken })
            }
        }
    }

    /// Renders what the edition `key` would be at `now`, without freezing anything; `None` when nothing is due.
    ///
    /// # Errors
    /// When the articles cannot be read or a template fails.
    pub async fn draft(&self, key: EditionKey, now: DateTime<Utc>) -> Result<Draft, PressError> {
        let loaded = self.load(now).await?;
        // As it would have been on that day: what later editions took is still to come.
        let mut published = self.store.published_slugs().await?;
        published.retain(|_, edition| edition.as_ref().is_none_or(|other| *other < key));
        if published.values().all(Option::is_none) {
            published.clear();
        }
        let errors = errors_that_count(&loaded, &key, self.oldest_day(&key, &published));
        let assembled = self.assemble(loaded, &published, now);
        let waiting = assembled.waiting.clone();
        let rendered =
            if assembled.due.is_empty() { None } else { Some(self.render(key, assembled, now).await?) };
        let (rendered, pictures) = rendered.unzip();
        Ok(Draft { rendered, pictures: pictures.unwrap_or_default(), waiting, errors })
    }

    pub(super) async fn load(&self, now: DateTime<Utc>) -> Result<Loaded, PressError> {
        let options = article::LoadOptions::of(&self.config);
        let folder = self.config.articles.folder.clone();
        let load = tokio::task::spawn_blocking(move || article::load_dir(&folder, &options, now));
        Ok(load.await.expect("loading articles does not panic")?)
    }

    /// The oldest day whose articles are news; `None` before the first edition.
    fn oldest_day(
        &self,
        key: &EditionKey,
        published: &BTreeMap<String, Option<EditionKey>>,
    ) -> Option<NaiveDate> {
        let backlog = Days::new(u64::from(self.config.articles.backlog_days));
        (!published.is_empty()).then(|| key.date().checked_sub_days(backlog).unwrap_or(NaiveDate::MIN))
    }

    fn assemble(
        &self,
        loaded: Loaded,
        published: &BTreeMap<String, Option<EditionKey>>,
        now: DateTime<Utc>,
    ) -> Assembled {
        let past = if published.is_empty() { Past::Nothing } else { Past::Editions(published) };
        let rules = Rules {
            backlog_days: self.config.articles.backlog_days,
            now,
            timezone: self.config.schedule.timezone,
        };
        edition::assemble(loaded.articles, past, rules)
    }

    /// Where the articles that went out before are read, by file; looked up only when an article links to a file.
    async fn earlier_addresses(
        &self,
        assembled: &Assembled,
    ) -> Result<BTreeMap<PathBuf, String>, PressError> {
        if !assembled.due.iter().any(|article| article.markdown.contains(".md")) {
            return Ok(BTreeMap::new());
        }
        let addresses = self.store.published_addresses().await?;
        let address =
            |article: &Waiting| Some((article.path.clone(), addresses.get(article.slug.as_str())?.clone()));
        Ok(assembled.waiting.iter().filter_map(address).collect())
    }

    async fn render(
        &self,
        key: EditionKey,
        assembled: Assembled,
        now: DateTime<Utc>,
    ) -> Result<(RenderedEdition, Vec<EmbeddedPicture>), PressError> {
        let ours: BTreeSet<&str> = assembled.due.iter().map(|article| article.slug.as_str()).collect();
        let wanted = u32::try_from(self.config.edition.recent + ours.len()).unwrap_or(u32::MAX);
        let mut recent = self.store.recent_headlines(key.date(), wanted).await?;
        // Before the first edition, what is older counts as published.
        recent.extend(assembled.before.iter().map(|article| self.earlier_headline(article)));
        recent.retain(|headline| !ours.contains(headline.slug.as_str()));
        recent.truncate(self.config.edition.recent);
        let number = self.store.next_number().await?;
        let earlier = self.earlier_addresses(&assembled).await?;
        let edition = Edition { key, articles: assembled.due, recent, earlier, number, frozen_at: now };
        let settings = RenderSettings { images: self.config.articles.images };
        // Read anew each time, so that a template mended is a template in use.
        let templates = Templates::load(self.config.edition.templates.as_deref())?;
        let rendered = edition::render(&edition, &self.config.publication, &templates, &settings)?;
        Ok((rendered, edition::pictures(&edition)))
    }

    pub(super) fn earlier_headline(&self, article: &Article) -> Headline {
        edition::headline(article, None, &self.config.publication)
    }

    /// Writes to the editors what is wrong, once for each set of problems; how many letters are new.
    async fn tell_editors(
        &self,
        key: &EditionKey,
        errors: &[Diagnostic],
        what: &str,
    ) -> Result<usize, PressError> {
        let list = errors.iter().map(|error| format!("  {error}\n")).collect::<String>();
        let name = &self.config.publication.name;
        let subject = format!("{name}: the edition of {key} {what}");
        let text = format!(
            "The edition of {key} {what}:\n\n{list}\nMend the files in the articles folder; `straight check` shows each place.\n"
        );
        let cause = format!("broken/{key}/{}", self.keys.digest("broken-articles", &list));
        self.write_to_editors(&cause, &subject, &text).await
    }

    /// Writes a letter to every editor, once for each cause; how many letters are new.
    pub(super) async fn write_to_editors(
        &self,
        cause: &str,
        subject: &str,
        text: &str,
    ) -> Result<usize, PressError> {
        let mut told = 0;
        for editor in &self.config.publication.editors {
            if self.store.add_letter(cause, editor, subject, text, self.clock.now()).await? {
                told += 1;
            }
        }
        Ok(told)
    }
}

/// The errors of files that may belong to the edition: by their date, or because they do not tell it.
///
/// The first edition ever has no oldest day: it takes the newest that has articles, and that may be a broken one's.
fn errors_that_count(loaded: &Loaded, key: &EditionKey, oldest: Option<NaiveDate>) -> Vec<Diagnostic> {
    let newest_whole =
        || loaded.articles.iter().filter(|a| !a.draft && a.date <= key.date()).map(|a| a.date).max();
    let oldest = oldest.or_else(newest_whole).unwrap_or(NaiveDate::MIN);
    let counts = |file: &article::Broken| file.date.is_none_or(|date| (oldest..=key.date()).contains(&date));
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

//! Publish: load the articles, assemble and render the edition, freeze it with its deliveries.

use std::path::PathBuf;

use chrono::{DateTime, SubsecRound as _, Utc};

use super::consent::{Approved, Consent};
use super::draft::{self, Record};
use super::withheld::Withheld;
use super::{Press, PressError};
use crate::archive;
use crate::article::{Loaded, Outline, Whole, subject};
use crate::config::{Config, OnBrokenArticle};
use crate::diagnostic::Diagnostic;
use crate::edition::{self, EditionKey, Headline, Waiting};
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
    /// It waits for a person; the editors have been written to, unless they know, or whoever asked is told.
    Withheld(Withheld),
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

/// Who asks for an edition, and so who is told when a person has not let it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The schedule, or another program: the editors are written to.
    Program,
    /// A person at a terminal, who is told there.
    Person,
}

/// As [`Press::key_at`].
pub(super) fn key_at(config: &Config, now: DateTime<Utc>) -> EditionKey {
    EditionKey::of(now.with_timezone(&config.schedule.timezone).date_naive())
}

impl Press {
    /// The name of the regular edition at `now`: the local date.
    #[must_use]
    pub fn key_at(&self, now: DateTime<Utc>) -> EditionKey {
        key_at(&self.config, now)
    }

    /// Publishes the edition `key` of what is due now, without files that were changed just now. A second call changes
    /// nothing.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does; then nothing is frozen.
    pub async fn publish(&self, key: EditionKey) -> Result<Published, PressError> {
        self.publish_for(Asker::Program, key).await
    }

    /// As [`publish`](Self::publish), for `asker`.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn publish_for(&self, asker: Asker, key: EditionKey) -> Result<Published, PressError> {
        self.publish_with(asker, key, Unsettled::LeaveOut).await
    }

    /// As [`publish_for`](Self::publish_for), but publishes nothing while a file was changed just now: an editor who saves at
    /// the last moment means it to go.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub async fn publish_when_settled(&self, asker: Asker, key: EditionKey) -> Result<Published, PressError> {
        self.publish_with(asker, key, Unsettled::AwaitThem).await
    }

    async fn publish_with(
        &self,
        asker: Asker,
        key: EditionKey,
        unsettled: Unsettled,
    ) -> Result<Published, PressError> {
        self.guard()?;
        if let Some(edition) = self.store.edition(&key).await? {
            return Ok(Published::AlreadyOut(Box::new(edition)));
        }
        self.store.check_soundness().await?;
        let now = self.clock.now().trunc_subsecs(0);
        let needs_approval = match Consent::of(&self.store, &self.config, &key, now, now).await? {
            Consent::Approved(approved) => return self.publish_approved(*approved, now).await,
            // Whether an article is due is to be seen.
            Consent::Withheld(Withheld::Unapproved) => true,
            Consent::Withheld(why) => return self.withhold(asker, &key, why).await,
            Consent::NotNeeded => false,
        };
        let record = Record::read(&self.store, &key, &self.config).await?;
        let mut loaded = self.load(record.wanted(&key, &self.config, now), now).await?;
        if unsettled == Unsettled::AwaitThem && !loaded.unsettled.is_empty() {
            return Ok(Published::Unsettled(std::mem::take(&mut loaded.unsettled)));
        }
        let broken = draft::errors_that_count(&loaded, &key, &record, &self.config);
        if !broken.is_empty() && self.config.articles.on_broken == OnBrokenArticle::HoldEdition {
            let told = self.tell_editors(&key, &broken, "is held until this is mended").await?;
            return Ok(Published::Held(Held { errors: broken, told }));
        }
        let assembled = record.assemble(loaded, &key, &self.config, now);
        if assembled.due.is_empty() {
            // Another process may have published it while the articles were read.
            return Ok(match self.store.edition(&key).await? {
                Some(edition) => Published::AlreadyOut(Box::new(edition)),
                None => Published::Nothing { waiting: assembled.waiting },
            });
        }
        if needs_approval {
            return self.withhold(asker, &key, Withheld::Unapproved).await;
        }
        let before: Vec<_> = assembled.before.iter().map(|article| self.earlier_headline(article)).collect();
        let waiting = assembled.waiting.clone();
        let edition = draft::put_together(key.clone(), assembled, &record, &self.config, now);
        let (rendered, pictures) = draft::render(&edition, &self.config)?;
        let letterhead = Letterhead::of(&self.config.publication);
        self.fits_the_server(&rendered, &letterhead).await?;
        let issue = Issue {
            edition: &rendered,
            letterhead: &letterhead,
            pictures: &pictures,
            articles: &archive::freeze(&edition, &self.config.publication, &draft::words(&self.config)?),
            earlier: &before,
            examples_too: self.config.transport.is_outbox(),
            needs_approval,
        };
        let published = self.freeze(&issue, waiting, broken, now).await?;
        if let Published::Out { skipped, .. } = &published
            && !skipped.is_empty()
        {
            self.tell_editors(&key, skipped, "went out without these articles").await?;
        }
        Ok(published)
    }

    /// Publishes what was approved, and is still what would go out.
    async fn publish_approved(
        &self,
        approved: Approved,
        now: DateTime<Utc>,
    ) -> Result<Published, PressError> {
        let Approved { approval, again } = approved;
        self.fits_the_server(&approval.rendered, &approval.letterhead).await?;
        let issue = Issue {
            edition: &approval.rendered,
            letterhead: &approval.letterhead,
            pictures: &approval.pictures,
            articles: &again.articles,
            earlier: &again.before,
            examples_too: self.config.transport.is_outbox(),
            needs_approval: true,
        };
        self.freeze(&issue, again.waiting, Vec::new(), now).await
    }

    async fn freeze(
        &self,
        issue: &Issue<'_>,
        waiting: Vec<Waiting>,
        skipped: Vec<Diagnostic>,
        now: DateTime<Utc>,
    ) -> Result<Published, PressError> {
        let outcome = self.store.publish(issue, now).await?;
        let edition = self.store.edition(&issue.edition.key).await?;
        Ok(match (outcome, edition) {
            (PublishOutcome::Withheld, _) => Published::Withheld(Withheld::Overtaken),
            (PublishOutcome::NoReaders, _) | (_, None) => Published::NoReaders,
            (PublishOutcome::AlreadyOut(_), Some(edition)) => Published::AlreadyOut(Box::new(edition)),
            (PublishOutcome::Published { .. }, Some(edition)) => {
                self.store.advance_mark().await?;
                Published::Out { edition: Box::new(edition), waiting, skipped }
            }
        })
    }

    async fn withhold(&self, asker: Asker, key: &EditionKey, why: Withheld) -> Result<Published, PressError> {
        match asker {
            Asker::Program => self.tell_withheld(key, &why).await?,
            Asker::Person => {}
        }
        Ok(Published::Withheld(why))
    }

    pub(super) async fn load(&self, whole: Whole, now: DateTime<Utc>) -> Result<Loaded, PressError> {
        draft::load(&self.config, self.config.articles.settle, whole, now).await
    }

    pub(super) fn earlier_headline(&self, article: &Outline) -> Headline {
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
        let subject = format!("{name}: edition {key} {what}");
        let text = format!(
            "The edition of {key} {what}:\n\n{list}\nMend the files in the articles folder; `straight check` shows each place.\n"
        );
        let cause = format!("broken/{key}/{}", self.keys().digest("broken-articles", &list));
        self.write_to_editors(&cause, &subject, &text).await
    }

    /// Writes a letter to every editor, once for each cause; how many letters are new.
    pub(super) async fn write_to_editors(
        &self,
        cause: &str,
        subject: &str,
        text: &str,
    ) -> Result<usize, PressError> {
        let (subject, text) = (&edition::shorten(subject, subject::LONGEST), &edition::rewrapped(text));
        let mut told = 0;
        for editor in &self.config.publication.editors {
            if self.store.add_letter(cause, editor, subject, text, self.clock.now()).await? {
                told += 1;
            }
        }
        Ok(told)
    }

    /// Whether each of the editors has been written to for this cause.
    pub(super) async fn are_editors_told(&self, cause: &str) -> Result<bool, PressError> {
        for editor in &self.config.publication.editors {
            if !self.store.has_letter(cause, editor).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

//! Approval: what was approved goes out, byte for byte, or nothing does.
//!
//! Approving renders the edition as of its moment (its slot while that is to come, else now) and keeps all of it: subject,
//! HTML, text, pictures, running number, Date and letterhead. At its hour the approved articles are rendered again with
//! the same moment; only when that gives the same hash and letterhead does the approved edition go out. Articles that
//! have come since are after the cut-off, and wait for the next edition: those of earlier days too, which the first edition
//! would else count as published before it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};

use super::draft::{self, Record};
use super::withheld::Changed;
use super::{Press, PressError, schedule};
use crate::archive::{self, ArchivedArticle};
use crate::article::Whole;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::edition::{self, EditionKey, Headline, NotDue, Waiting};
use crate::message::Letterhead;
use crate::store::{Approval, Store};

/// How many lines of a difference are told.
const TOLD: usize = 120;

/// What an edition is made as of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Its slot while that is to come, else now.
    Slot,
    /// Now, to be sent at once.
    Now,
}

/// What approving came to.
#[derive(Debug)]
pub enum Approving {
    /// It is approved.
    Done {
        /// What goes out.
        approval: Box<Approval>,
        /// What does not go with it, and why.
        waiting: Vec<Waiting>,
    },
    /// It has gone out already.
    Out,
    /// Its day is over, and it does not go out late any more.
    Over,
    /// Its day is to come, and the schedule has no edition then: it would bear a wrong date.
    NoSlot,
    /// No article is due.
    Nothing(Vec<Waiting>),
    /// Files that may belong to it are broken.
    Broken(Vec<Diagnostic>),
}

/// What would go out in place of an approved edition.
#[derive(Debug)]
pub struct Again {
    /// Its articles as the archive keeps them; none when one of them is missing.
    pub articles: Vec<ArchivedArticle>,
    /// What counts as published before the first edition.
    pub before: Vec<Headline>,
    /// What does not go out, and why.
    pub waiting: Vec<Waiting>,
    /// How it differs; `None` when it is what was approved.
    pub changed: Option<Changed>,
}

impl Press {
    /// Approves the edition `key` as it is now, in place of an earlier approval.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does.
    pub async fn approve(&self, key: &EditionKey, as_of: AsOf, who: &str) -> Result<Approving, PressError> {
        if self.store.edition_summary(key).await?.is_some() {
            return Ok(Approving::Out);
        }
        let now = self.clock.now().trunc_subsecs(0);
        if key.date() < self.key_at(now).date() && !self.may_go_late(key, now) {
            return Ok(Approving::Over);
        }
        let moment = match (as_of, draft::slot_to_come(&self.config.schedule, key, now)) {
            (AsOf::Now, _) => now,
            (AsOf::Slot, Some(slot)) => slot,
            (AsOf::Slot, None) if key.date() > self.key_at(now).date() => return Ok(Approving::NoSlot),
            (AsOf::Slot, None) => now,
        };
        // Whoever approves has just saved, and means that.
        let record = Record::read(&self.store, key, &self.config).await?;
        let whole = record.wanted(key, &self.config, moment);
        let loaded = draft::load(&self.config, Duration::ZERO, whole, now).await?;
        let draft = draft::draft(loaded, &record, &self.config, key.clone(), moment)?;
        if !draft.errors.is_empty() {
            return Ok(Approving::Broken(draft.errors));
        }
        let Some(rendered) = draft.rendered else { return Ok(Approving::Nothing(draft.waiting)) };
        let approval = Approval {
            rendered,
            pictures: draft.pictures,
            letterhead: Letterhead::of(&self.config.publication),
            at: now,
            who: who.to_owned(),
            before: Some(draft.before),
        };
        match self.store.approve(&approval).await? {
            true => Ok(Approving::Done { approval: Box::new(approval), waiting: draft.waiting }),
            false => Ok(Approving::Out),
        }
    }

    /// Whether the edition `key`, whose day is over, still goes out: one of late in the evening may do so in the night.
    fn may_go_late(&self, key: &EditionKey, now: DateTime<Utc>) -> bool {
        let schedule = &self.config.schedule;
        let slot = schedule::slot_on(schedule, key.date()).filter(|_| key.is_regular());
        slot.is_some_and(|slot| now <= slot.at + schedule.catch_up)
    }

    /// Makes the edition of an approval once more from what is there now, to see whether it is the same.
    ///
    /// # Errors
    /// When the articles cannot be read, a template fails, or the store does.
    pub async fn approved_again(&self, approval: &Approval) -> Result<Again, PressError> {
        again(&self.store, &self.config, approval, self.clock.now()).await
    }
}

/// As [`Press::approved_again`], and it keeps nothing: whoever only looks may ask too.
pub(super) async fn again(
    store: &Store,
    config: &Config,
    approval: &Approval,
    now: DateTime<Utc>,
) -> Result<Again, PressError> {
    let approved = &approval.rendered;
    let record = Record::read(store, &approved.key, config).await?;
    let whole = match (record.wanted(&approved.key, config, approved.frozen_at), oldest(approval)) {
        // The first edition has taken its day; a newer one may have come.
        (Whole::NewestDay { to, .. }, Some(first)) => Whole::Days(first..=to),
        (whole, _) => whole,
    };
    let loaded = draft::look(config, whole, now).await?;
    let broken = draft::errors_that_count(&loaded, &approved.key, &record, config);
    let slugs: BTreeSet<&str> = approved.headlines.iter().map(|headline| headline.slug.as_str()).collect();
    let is_approved = |slug: &str| slugs.contains(slug);
    let known = approval.before.as_ref().and_then(|before| {
        let is_known = |slug: &str| is_approved(slug) || before.iter().any(|known| known == slug);
        record.without_late(&loaded, is_known, (&approved.key, config, approved.frozen_at))
    });
    let all = record.assemble(loaded, &approved.key, config, approved.frozen_at);
    let (mut assembled, since) = match known {
        Some((known, since)) => (record.assemble(known, &approved.key, config, approved.frozen_at), since),
        None => (all.clone(), Vec::new()),
    };
    let before: Vec<_> = assembled
        .before
        .iter()
        .map(|article| edition::headline(article, None, &config.publication))
        .collect();
    let late = assembled.due.extract_if(.., |article| !is_approved(article.slug.as_str()));
    let late =
        late.map(|article| Waiting { path: article.path, slug: article.slug, why: NotDue::AfterApproval });
    assembled.waiting.extend(late.chain(since).collect::<Vec<_>>());
    let waiting = assembled.waiting.clone();

    let mut articles = Vec::new();
    let due: BTreeSet<&str> = assembled.due.iter().map(|article| article.slug.as_str()).collect();
    let mut how: String = slugs
        .difference(&due)
        .map(|slug| {
            let why = waiting.iter().find(|article| article.slug.as_str() == *slug);
            match why {
                Some(article) => format!("{} {}\n", article.path.display(), article.why),
                None => format!("the article `{slug}` is not there, or broken\n"),
            }
        })
        .collect();
    if !how.is_empty() {
        how.extend(broken.iter().map(|error| format!("{error}\n")));
        // A new title is a new name in addresses, and the same article to whoever changed it.
        if !all.due.is_empty() {
            let key = approved.key.clone();
            let edition = draft::put_together(key, all, &record, config, approved.frozen_at);
            let (again, _) = draft::render(&edition, config)?;
            how.push_str(&shortened(&edition::diff(approved, &again)));
        }
    } else {
        let key = approved.key.clone();
        let edition = draft::put_together(key, assembled, &record, config, approved.frozen_at);
        let (again, _) = draft::render(&edition, config)?;
        articles = archive::freeze(&edition, &config.publication, &draft::words(config)?);
        if again.hash != approved.hash {
            how = shortened(&edition::diff(approved, &again));
            if how.is_empty() {
                how = "subject and text are the same; the HTML or the pictures are not\n".to_owned();
            }
        } else if Letterhead::of(&config.publication) != approval.letterhead {
            how = "the configuration of From, Reply-To or the list is another\n".to_owned();
        }
    }
    let changed = (!how.is_empty()).then(|| Changed { approved: approved.hash.clone(), how });
    Ok(Again { articles, before, waiting, changed })
}

/// The oldest day of what was approved, where it is on record what was before it.
fn oldest(approval: &Approval) -> Option<NaiveDate> {
    approval.before.as_ref()?;
    approval.rendered.headlines.iter().map(|headline| headline.date).min()
}

fn shortened(diff: &str) -> String {
    let lines = diff.lines().count();
    let mut told: String = diff.lines().take(TOLD).flat_map(|line| [line, "\n"]).collect();
    if lines > TOLD {
        told.push_str(&format!("… and {} lines more\n", lines - TOLD));
    }
    told
}

//! What the page shows: the edition as it stands after the last save, with all that is to be said of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::alone::Alone;
use crate::article::{self, LoadOptions, Outline};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::edition::{EditionKey, EmbeddedPicture, RenderedEdition, Waiting};
use crate::message::{Letterhead, Skeleton};
use crate::press::schedule::Slot;
use crate::press::{self, Record, Withheld};
use crate::store::Store;

/// The edition after the last save.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Counts the changes, from 1.
    pub(super) version: u64,
    /// When it was made, and how long that took.
    pub(super) made_at: DateTime<Utc>,
    pub(super) took: Duration,
    /// The configuration: the last one that was in order.
    pub(super) config: Arc<Config>,
    /// Where readers are looked up; `None` when there is no store yet.
    pub(super) store: Option<Store>,
    pub(super) key: EditionKey,
    /// The moment at which the edition is thought to be frozen.
    pub(super) as_of: DateTime<Utc>,
    /// When it is due, if the schedule has a slot on its day.
    pub(super) slot: Option<Slot>,
    /// Whether that hour is over and `straight run` makes up for it.
    pub(super) made_up_for: bool,
    pub(super) standing: Standing,
    /// What keeps it, or a part of it, from going out.
    pub(super) problems: Vec<Diagnostic>,
    /// Everything else that `straight check` finds, but for articles whose time is past.
    pub(super) findings: Vec<Diagnostic>,
    /// The articles that go out, in their order.
    pub(super) due: Vec<Due>,
    /// Those that do not, and why.
    pub(super) waiting: Vec<Waiting>,
    /// How many readers would get it now, those included whom files of readers add first; `None` when these cannot be read.
    pub(super) readers: Option<u64>,
    /// The edition itself: the last one that could be made.
    pub(super) proof: Option<Arc<Proof>>,
    /// Every article that has no error, by its file, and what went before: what waits can be looked at too.
    pub(super) articles: Arc<BTreeMap<PathBuf, Outline>>,
    pub(super) record: Arc<Record>,
    /// What was looked at by itself.
    pub(super) alone: Arc<Alone>,
}

/// How the edition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It can go out.
    Ready,
    /// It was approved, goes out just so, and is shown so.
    Approved {
        /// By whom.
        who: String,
    },
    /// A person has not approved it, or has stopped it.
    Withheld(Withheld),
    /// It went out, and is shown as it was.
    Out,
    /// No article is due.
    Nothing,
    /// A broken article holds it.
    Held,
    /// It goes out without broken articles.
    Without,
    /// It cannot be made: a template, the configuration, the folder, the store.
    Broken,
}

/// An article that goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) path: PathBuf,
    pub(super) title: String,
}

/// A rendered edition, to be shown.
#[derive(Debug)]
pub(super) struct Proof {
    /// The sheet that it was made with.
    pub(super) version: u64,
    pub(super) made_at: DateTime<Utc>,
    pub(super) rendered: RenderedEdition,
    pub(super) pictures: Vec<EmbeddedPicture>,
    pub(super) letterhead: Letterhead,
    /// Encoded when a message is asked for the first time.
    skeleton: OnceLock<Result<Skeleton, String>>,
}

impl Proof {
    pub(super) fn new(
        version: u64,
        made_at: DateTime<Utc>,
        rendered: RenderedEdition,
        pictures: Vec<EmbeddedPicture>,
        letterhead: Letterhead,
    ) -> Self {
        Proof { version, made_at, rendered, pictures, letterhead, skeleton: OnceLock::new() }
    }

    /// The message's skeleton, or why it cannot be a message.
    pub(super) fn skeleton(&self) -> Result<&Skeleton, &str> {
        let made = self.skeleton.get_or_init(|| {
            Skeleton::new(&self.rendered, &self.letterhead).map_err(|error| error.to_string())
        });
        made.as_ref().map_err(String::as_str)
    }

    /// Its articles' pictures, and what else travels with it.
    pub(super) fn all_pictures(&self) -> impl Iterator<Item = &EmbeddedPicture> {
        self.pictures.iter().chain(&self.rendered.embedded)
    }

    /// The picture of this name.
    pub(super) fn picture(&self, file_name: &str) -> Option<&EmbeddedPicture> {
        self.all_pictures().find(|picture| picture.file_name == file_name)
    }
}

impl Sheet {
    /// Whether the edition shown is older than what is wrong now.
    pub(super) fn is_stale(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.version != self.version)
    }

    /// The edition shown; an article that waits by itself when `slug` names one.
    pub(super) fn shown(&self, slug: Option<&str>) -> Option<Arc<Proof>> {
        let Some(slug) = slug else { return self.proof.clone() };
        let outline = self.articles.values().find(|article| article.slug.as_str() == slug)?;
        self.alone.shown(slug, self.version, || {
            let config = &self.config;
            let options = LoadOptions::of(config);
            let article = article::load_one(&config.articles.folder, &outline.path, &options, self.made_at)?;
            let made = press::draft_of_one(article, &self.record, config, self.key.clone(), self.as_of);
            let (rendered, pictures) = made.ok()?;
            let letterhead = Letterhead::of(&config.publication);
            Some(Proof::new(self.version, self.made_at, rendered, pictures, letterhead))
        })
    }

    /// Whether a page that shows `other` shows the same as one of this.
    pub(super) fn says_the_same_as(&self, other: &Sheet) -> bool {
        let hash = |sheet: &Sheet| sheet.proof.as_ref().map(|proof| proof.rendered.hash.clone());
        hash(self) == hash(other)
            && self.key == other.key
            && self.slot == other.slot
            && self.made_up_for == other.made_up_for
            && self.standing == other.standing
            && self.problems == other.problems
            && self.findings == other.findings
            && self.due == other.due
            && self.waiting == other.waiting
            && self.readers == other.readers
    }
}

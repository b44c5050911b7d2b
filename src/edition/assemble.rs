//! Which articles an edition takes, and why the others wait.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::EditionKey;
use crate::article::{Article, Loaded, Outline, Slug};

/// What has been published before.
#[derive(Debug, Clone, Copy)]
pub enum Past<'a> {
    /// Nothing: this is the first edition ever.
    Nothing,
    /// Nothing, though an edition of this day was to be the first: it was called off, and this one takes what it had.
    CalledOff(NaiveDate),
    /// These slugs, each with its edition; without one it counts as published before the first edition.
    Editions(&'a BTreeMap<String, Option<EditionKey>>),
}

/// The rules of time by which articles are due.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The day of the edition, whenever it is made: from it the backlog counts.
    pub day: NaiveDate,
    /// How many days back an unpublished article is still news.
    pub backlog_days: u32,
    /// The moment of freezing.
    pub now: DateTime<Utc>,
    /// The publication's time zone, in which days are compared.
    pub timezone: Tz,
}

/// The articles sorted by whether they are due.
#[derive(Debug, Clone)]
pub struct Assembled<A = Article> {
    /// What goes out: lead first, then the newest, then by path.
    pub due: Vec<A>,
    /// What does not, and why; in the order in which it was sorted.
    pub waiting: Vec<Waiting>,
    /// What counts as published before, because it is older than the first edition's day; newest first.
    pub before: Vec<Outline>,
}

/// An article that does not go out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The file, relative to the articles folder.
    pub path: PathBuf,
    /// Its slug.
    pub slug: Slug,
    /// Why it does not go out.
    pub why: NotDue,
}

/// So many articles are named whose time is past.
const NAMED: usize = 5;

/// The articles to be named of those that do not go out: all that are to come, then a few whose time is past (what an
/// editor may not expect before all, then the newest of `waiting`, which is in order of time); and how many more there are.
#[must_use]
pub fn to_be_named(waiting: &[Waiting]) -> (Vec<&Waiting>, usize) {
    let (mut over, mut named): (Vec<&Waiting>, Vec<&Waiting>) =
        waiting.iter().partition(|article| article.why.is_over());
    over.sort_by_key(|article| article.why.is_news());
    let more = over.len().saturating_sub(NAMED);
    named.extend(over.into_iter().skip(more));
    (named, more)
}

/// The oldest day whose articles are news on `day`.
#[must_use]
pub fn oldest_news(day: NaiveDate, backlog_days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(backlog_days))).unwrap_or(NaiveDate::MIN)
}

/// The articles of `waiting` whose time is past for any edition; `articles` has their days. Where there is no record of
/// what went out, as beside a change on its way, what only the first edition leaves behind, since it takes one day, may
/// be due elsewhere when it is no older than `oldest`.
#[must_use]
pub fn over<'w>(waiting: &'w [Waiting], articles: &[Outline], oldest: NaiveDate) -> Vec<&'w Waiting> {
    let days: HashMap<&Path, NaiveDate> =
        articles.iter().map(|article| (article.path.as_path(), article.date)).collect();
    let is_news = |article: &Waiting| days.get(article.path.as_path()).is_some_and(|day| *day >= oldest);
    let is_left = |article: &Waiting| matches!(article.why, NotDue::OlderThanFirstDay(_));
    let over = waiting.iter().filter(|article| article.why.is_over());
    over.filter(|article| !(is_left(article) && is_news(article))).collect()
}

/// Why an article is not due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDue {
    /// It says `draft: true`.
    Draft,
    /// Its day has not come.
    Future(NaiveDate),
    /// Its day has come, its time of day has not.
    NotBefore(DateTime<Tz>),
    /// An edition had it.
    AlreadyIn(EditionKey),
    /// It was there before the first edition.
    BeforeFirstEdition,
    /// It was never published, and is not news any more.
    TooOld {
        /// Its day.
        date: NaiveDate,
        /// How far back the edition looks.
        backlog_days: u32,
    },
    /// The first edition ever takes one day only, the newest.
    OlderThanFirstDay(NaiveDate),
    /// Another article of this edition has the same slug.
    SlugTaken(PathBuf),
    /// It was not there when the edition was approved.
    AfterApproval,
    /// An article of a newer day is broken, and may decide which day the first edition takes.
    Withheld,
}

impl NotDue {
    /// Whether an editor may not expect it: the article is new, and still does not go out.
    #[must_use]
    pub fn is_news(&self) -> bool {
        match self {
            NotDue::TooOld { .. } | NotDue::SlugTaken(_) | NotDue::AfterApproval | NotDue::Withheld => true,
            NotDue::Draft
            | NotDue::Future(_)
            | NotDue::NotBefore(_)
            | NotDue::AlreadyIn(_)
            | NotDue::BeforeFirstEdition
            | NotDue::OlderThanFirstDay(_) => false,
        }
    }
}

impl NotDue {
    /// Whether its time is past: it went out, or will not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            NotDue::AlreadyIn(_)
            | NotDue::BeforeFirstEdition
            | NotDue::OlderThanFirstDay(_)
            | NotDue::TooOld { .. } => true,
            NotDue::Draft
            | NotDue::Future(_)
            | NotDue::NotBefore(_)
            | NotDue::SlugTaken(_)
            | NotDue::AfterApproval
            | NotDue::Withheld => false,
        }
    }
}

impl fmt::Display for NotDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotDue::Draft => f.write_str(
                "is a draft; to publish it, remove `draft: true`, or what other programs write for it (`status`, `published`, …)",
            ),
            NotDue::Future(date) => write!(f, "is dated {date}, which has not come yet"),
            NotDue::NotBefore(at) => write!(f, "goes out after {}", at.format("%Y-%m-%d %H:%M %Z")),
            NotDue::AlreadyIn(key) => write!(f, "went out in the edition {key}"),
            NotDue::BeforeFirstEdition => {
                f.write_str("is older than the first edition, and counts as published before it")
            }
            NotDue::TooOld { date, backlog_days } => write!(
                f,
                "is dated {date}, more than {backlog_days} days before the edition; date it anew, or raise `backlog`"
            ),
            NotDue::OlderThanFirstDay(first) => write!(
                f,
                "is older than {first}, the day that the first edition takes, and counts as published before"
            ),
            NotDue::SlugTaken(path) => {
                write!(f, "has the slug of {}; give it a `slug:` of its own", path.display())
            }
            NotDue::Withheld => f.write_str("waits until what is wrong with a newer article is mended"),
            NotDue::AfterApproval => f.write_str(
                "came after the edition was approved, and goes with the next; approve anew to take it in",
            ),
        }
    }
}

/// Sorts articles by whether they are due, and takes those that are out of `loaded`, which has them whole.
#[must_use]
pub fn assemble(loaded: Loaded, past: Past<'_>, rules: Rules) -> Assembled {
    let Assembled { due, mut waiting, before } = sort(loaded.outlines(), past, rules);
    let mut whole: BTreeMap<PathBuf, Article> =
        loaded.articles.into_iter().map(|article| (article.path.clone(), article)).collect();
    let mut taken = Vec::new();
    for outline in due {
        match whole.remove(&outline.path) {
            Some(article) => taken.push(article),
            // Whoever loads reads every article whole that may be due. Which day the first edition takes it does not know
            // when the only article of a newer one is broken, as by another's name: then the edition waits for that.
            None => waiting.push(Waiting { path: outline.path, slug: outline.slug, why: NotDue::Withheld }),
        }
    }
    Assembled { due: taken, waiting, before }
}

/// Sorts articles by whether they are due: date ≤ now, in no earlier edition, not older than the backlog.
///
/// The first edition ever takes the newest day that has articles, whatever its age; after one that was called off, its
/// day and those since.
#[must_use]
pub fn sort(articles: Vec<Outline>, past: Past<'_>, rules: Rules) -> Assembled<Outline> {
    let days = || articles.iter().filter(|a| not_yet(a, rules).is_none()).map(|article| article.date);
    let first_day = match past {
        Past::Nothing => days().max(),
        Past::CalledOff(day) => days().filter(|date| *date <= day).max().or_else(|| days().max()),
        Past::Editions(_) => None,
    };
    let mut sorted = Assembled { due: Vec::new(), waiting: Vec::new(), before: Vec::new() };
    for article in articles {
        let why = not_yet(&article, rules).or_else(|| match past {
            Past::Nothing | Past::CalledOff(_) => {
                first_day.filter(|first| article.date < *first).map(NotDue::OlderThanFirstDay)
            }
            Past::Editions(published) => published_or_old(&article, published, rules),
        });
        match why {
            None => sorted.due.push(article),
            Some(why) => {
                sorted.waiting.push(Waiting {
                    path: article.path.clone(),
                    slug: article.slug.clone(),
                    why: why.clone(),
                });
                if let NotDue::OlderThanFirstDay(_) = why {
                    sorted.before.push(article);
                }
            }
        }
    }
    sorted.due.sort_by(in_order);
    sorted.before.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| in_order(a, b)));
    set_namesakes_aside(&mut sorted);
    sorted
}

/// Lead first, then by time (newest first; what has a time comes before what has only a day), then by path.
fn in_order(a: &Outline, b: &Outline) -> std::cmp::Ordering {
    b.lead
        .cmp(&a.lead)
        .then_with(|| b.date.cmp(&a.date))
        .then_with(|| b.not_before.cmp(&a.not_before))
        .then_with(|| a.path.cmp(&b.path))
}

fn not_yet(article: &Outline, rules: Rules) -> Option<NotDue> {
    if article.draft {
        return Some(NotDue::Draft);
    }
    let today = rules.now.with_timezone(&rules.timezone).date_naive();
    if article.date > today {
        return Some(NotDue::Future(article.date));
    }
    article
        .not_before
        .filter(|at| *at > rules.now)
        .map(|at| NotDue::NotBefore(at.with_timezone(&rules.timezone)))
}

fn published_or_old(
    article: &Outline,
    published: &BTreeMap<String, Option<EditionKey>>,
    rules: Rules,
) -> Option<NotDue> {
    match published.get(article.slug.as_str()) {
        Some(Some(key)) => return Some(NotDue::AlreadyIn(key.clone())),
        Some(None) => return Some(NotDue::BeforeFirstEdition),
        None => {}
    }
    (article.date < oldest_news(rules.day, rules.backlog_days))
        .then_some(NotDue::TooOld { date: article.date, backlog_days: rules.backlog_days })
}

/// A slug is an address within the edition, so the first in order keeps it.
fn set_namesakes_aside(sorted: &mut Assembled<Outline>) {
    let mut holders: BTreeMap<Slug, PathBuf> = BTreeMap::new();
    let mut aside = BTreeSet::new();
    for article in &sorted.due {
        match holders.get(&article.slug) {
            None => {
                holders.insert(article.slug.clone(), article.path.clone());
            }
            Some(holder) => {
                aside.insert(article.path.clone());
                sorted.waiting.push(Waiting {
                    path: article.path.clone(),
                    slug: article.slug.clone(),
                    why: NotDue::SlugTaken(holder.clone()),
                });
            }
        }
    }
    sorted.due.retain(|article| !aside.contains(&article.path));
}

//! Makes the sheet anew at each change: configuration, record of the past, articles, edition.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, NaiveTime, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::Wishes;
use super::sheet::{Due, Proof, Sheet, Standing};
use super::watcher::{Files, Watcher};
use crate::article::{Article, LoadError, LoadOptions, Others, Outline, load_paths};
use crate::config::{Config, Database, OnBrokenArticle};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::edition::{self, EditionKey, RenderedEdition};
use crate::message::Letterhead;
use crate::press::schedule::{self, Slot};
use crate::press::{
    self, Approved, Consent, Draft, PressError, Recipients, RecipientsError, Record, Sent, Withheld,
};
use crate::store::{Approval, Signs, Store, StoreError};
use crate::web::wrong_templates;

/// How often is looked whether a person has decided something in the store.
const SECOND: Duration = Duration::from_secs(1);
/// Without any change, how often is looked whether another day has come or readers have left.
const MINUTE: Duration = Duration::from_secs(60);

/// Makes sheets.
pub(super) struct Builder {
    wishes: Wishes,
    watcher: Watcher,
    /// The store of the configuration; it is looked for anew until it is there.
    store: Option<(Database, Store)>,
    /// What went out until an edition, and the number that edition would have: it changes with each that goes out.
    sent: Option<(EditionKey, u64, Arc<Vec<Sent>>)>,
    /// What the store had decided when the sheet was made.
    signs: Option<Signs>,
    /// How many readers the files of readers add, and what that depends on.
    added: Option<(Stamp, u64)>,
    sheet: watch::Sender<Arc<Sheet>>,
    config_file: Option<PathBuf>,
}

/// Sizes and times of the files of readers, whether the mails stay in the outbox, and the newest reader in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    files: Vec<(PathBuf, Option<(u64, SystemTime)>)>,
    is_outbox: bool,
    signs: Option<Signs>,
}

/// What the making of one sheet came to.
struct Made {
    /// Of every article that was read whole, and is not over.
    findings: Vec<Diagnostic>,
    articles: BTreeMap<PathBuf, Outline>,
    draft: Result<Draft, PressError>,
}

impl Made {
    /// Reads at `now` whole what the edition `key` may take and what comes later, and of the other articles their tops.
    fn of(
        config: &Config,
        (record, sent): (&Record, &[Sent]),
        key: EditionKey,
        as_of: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, LoadError> {
        let folder = &config.articles.folder;
        // What is over is not looked through at each save: an archive would be nearly all of the work.
        let options =
            LoadOptions::of(config).giving(record.wanted(&key, config, as_of).and_later(), Others::Skim);
        let mut loaded = load_paths(std::slice::from_ref(folder), folder, &options, now)?;
        let outlines = loaded.outlines();
        let names = std::mem::take(&mut loaded.names);
        let mut findings = loaded.diagnostics.clone();
        let is_new = |article: &&Article| !record.published.contains_key(article.slug.as_str());
        let again = loaded.articles.iter().filter(is_new);
        let again = press::already_sent(again, (&names, &outlines), sent, &key, config);
        let oldest = press::backlog_of(key.date(), config);
        let draft = press::draft(loaded, record, config, key, as_of);
        if let Ok(draft) = &draft {
            let over = edition::over(&draft.waiting, &outlines, oldest);
            let over = over.iter().map(|article| folder.join(&article.path)).collect();
            diagnostic::set_aside(&mut findings, &over);
            let is_due = |found: &Diagnostic| draft.due.iter().any(|path| found.file.ends_with(path));
            findings.extend(again.into_iter().filter(is_due));
            let lead = names.iter().find(|name| draft.due.first().is_some_and(|path| name.path() == path));
            let subject = lead.zip(draft.rendered.as_ref());
            findings.extend(
                subject.and_then(|(lead, edition)| press::subject_length(edition, lead, &config.lint)),
            );
        }
        findings.extend(wrong_templates(config));
        findings.extend(press::missing_words(config));
        Ok(Made {
            findings,
            articles: outlines.into_iter().map(|article| (article.path.clone(), article)).collect(),
            draft,
        })
    }
}

impl Builder {
    /// Makes the first sheet.
    pub(super) async fn begin(wishes: Wishes) -> (Self, watch::Receiver<Arc<Sheet>>) {
        let (config, config_file) = match (wishes.read_config)() {
            Ok((config, file)) => (config, file),
            // What is wrong with it stands on the first sheet.
            Err(_) => (Config::default(), None),
        };
        let now = wishes.clock.now();
        let (key, as_of, slot) = due_at(&config, wishes.edition.as_ref(), now);
        let blank = Sheet {
            version: 0,
            made_at: now,
            took: Duration::ZERO,
            config: Arc::new(config),
            store: None,
            key,
            as_of,
            slot,
            made_up_for: false,
            standing: Standing::Nothing,
            problems: Vec::new(),
            findings: Vec::new(),
            due: Vec::new(),
            waiting: Vec::new(),
            readers: None,
            proof: None,
            articles: Arc::default(),
            record: Arc::default(),
            alone: Arc::default(),
        };
        let watcher = Watcher::new(Files::of(&blank.config, config_file.as_deref()));
        let (sheet, shown) = watch::channel(Arc::new(blank));
        let (store, sent, signs, added) = (None, None, None, None);
        let mut builder = Builder { wishes, watcher, store, sent, signs, added, sheet, config_file };
        builder.make().await;
        (builder, shown)
    }

    /// Makes a sheet at each change, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let shown = self.sheet.borrow().clone();
            tokio::select! {
                () = self.watcher.changed() => {}
                () = decided(&shown, self.signs.as_ref()) => {}
                () = tokio::time::sleep(MINUTE) => {}
                () = stop.cancelled() => return,
            }
            self.make().await;
        }
    }

    /// Makes a sheet, and tells of it when it says something new.
    async fn make(&mut self) {
        let started = Instant::now();
        let before = self.sheet.borrow().clone();
        let mut sheet = self.sheet_after(&before).await;
        sheet.took = started.elapsed();
        let took = sheet.took.as_millis();
        if before.version > 0 && sheet.says_the_same_as(&before) {
            debug!(took, "nothing new");
            return;
        }
        info!(edition = %sheet.key, took, problems = sheet.problems.len(), "edition made");
        self.sheet.send_replace(Arc::new(sheet));
    }

    /// The edition that `straight run` makes up for when an hour is over, else the next one.
    async fn sheet_after(&mut self, before: &Sheet) -> Sheet {
        let sheet = self.sheet_of(before, Turn::Overdue).await;
        // Nothing is made up for with nothing.
        match (&self.wishes.edition, sheet.made_up_for, &sheet.standing) {
            (None, true, Standing::Nothing) => self.sheet_of(before, Turn::Next).await,
            _ => sheet,
        }
    }

    async fn sheet_of(&mut self, before: &Sheet, turn: Turn) -> Sheet {
        let now = self.wishes.clock.now();
        let mut sheet = Sheet {
            version: before.version + 1,
            made_at: now,
            took: Duration::ZERO,
            config: before.config.clone(),
            store: before.store.clone(),
            key: before.key.clone(),
            as_of: before.as_of,
            slot: before.slot,
            made_up_for: before.made_up_for,
            standing: Standing::Broken,
            problems: Vec::new(),
            findings: before.findings.clone(),
            due: before.due.clone(),
            waiting: before.waiting.clone(),
            readers: before.readers,
            proof: before.proof.clone(),
            articles: before.articles.clone(),
            record: before.record.clone(),
            alone: before.alone.clone(),
        };
        match (self.wishes.read_config)() {
            Ok((config, file)) => {
                sheet.config = Arc::new(config);
                self.config_file = file;
            }
            Err(error) => {
                sheet.problems = error.findings();
                return sheet;
            }
        }
        self.watcher.follow(Files::of(&sheet.config, self.config_file.as_deref()));
        (sheet.key, sheet.as_of, sheet.slot) = due_at(&sheet.config, self.wishes.edition.as_ref(), now);
        let mut past = self.past(&sheet.config, &sheet.key).await;
        // What went out ahead of its hour is not the next edition any more.
        let is_out = past.as_ref().is_ok_and(|past| past.gone_out.is_some());
        if let (None, true, Some(slot)) = (&self.wishes.edition, is_out, sheet.slot) {
            (sheet.key, sheet.as_of, sheet.slot) = due_at(&sheet.config, None, slot.at);
            past = self.past(&sheet.config, &sheet.key).await;
        }
        let overdue = match (&past, turn) {
            (Ok(Past { store: Some(store), .. }), Turn::Overdue) => {
                press::overdue(store, &sheet.config.schedule, now).await
            }
            (Ok(_) | Err(_), _) => Ok(None),
        };
        sheet.made_up_for = false;
        match overdue {
            Ok(Some(slot))
                if self.wishes.edition.as_ref().is_none_or(|key| *key == EditionKey::of(slot.date)) =>
            {
                let key = EditionKey::of(slot.date);
                (sheet.as_of, sheet.slot, sheet.made_up_for) = (now.trunc_subsecs(0), Some(slot), true);
                if sheet.key != key {
                    sheet.key = key;
                    past = self.past(&sheet.config, &sheet.key).await;
                }
            }
            Ok(_) => {}
            Err(error) => past = Err(error),
        }
        let key = sheet.key.clone();
        let past = match past {
            Ok(past) => past,
            Err(error) => {
                sheet.problems = vec![wrong_store(&error)];
                return sheet;
            }
        };
        sheet.store = past.store;
        self.signs = past.signs;
        let counted = self.count_readers(&sheet.config, sheet.store.as_ref(), now).await;
        let unreadable = match counted {
            Ok(readers) => {
                sheet.readers = Some(readers);
                None
            }
            Err(RecipientsError::File(wrong)) => {
                sheet.readers = None;
                Some(*wrong)
            }
            Err(RecipientsError::Store(error)) => {
                sheet.problems = vec![wrong_store(&error)];
                return sheet;
            }
        };
        // What is made up for is made with all that is on record.
        let record = if sheet.made_up_for { past.record } else { past.record.before(&key) };
        let record = Arc::new(record);
        sheet.record = record.clone();
        let made = {
            let (config, as_of, sent) = (sheet.config.clone(), sheet.as_of, past.sent);
            tokio::task::spawn_blocking(move || Made::of(&config, (&record, &sent), key, as_of, now))
        };
        let made = match made.await.expect("making an edition does not panic") {
            Ok(made) => made,
            Err(error) => {
                sheet.problems =
                    vec![of_whole(&sheet.config.articles.folder, "articles", &error.to_string())];
                return sheet;
            }
        };
        let is_out = past.gone_out.is_some();
        take(&mut sheet, made, past.gone_out);
        // Nothing is sent before it is mended.
        sheet.findings.splice(0..0, unreadable);
        if !is_out {
            match consent(&sheet, now).await {
                Ok(consent) => heed(&mut sheet, consent),
                // What fails here has failed above too, where a person was not asked.
                Err(error) if sheet.problems.is_empty() => {
                    sheet.standing = Standing::Broken;
                    sheet.problems = error.findings();
                }
                Err(_) => {}
            }
        }
        sheet
    }

    /// What the store knows, if there is one.
    async fn past(&mut self, config: &Config, key: &EditionKey) -> Result<Past, StoreError> {
        let known = self.store.take_if(|(database, _)| *database == config.database);
        let store = match known {
            Some((_, store)) => Some(store),
            None => Store::look(&config.database).await?,
        };
        let Some(store) = store else { return Ok(Past::default()) };
        let known = self.sent.take();
        let read = async {
            // First, so that what is decided meanwhile is seen as new.
            let signs = store.signs(key).await?;
            let record = Record::read(&store, key, config).await?;
            let sent = match known {
                Some((of, number, sent)) if of == *key && number == record.number => sent,
                Some(_) | None => Arc::new(Sent::until(&store, key).await?),
            };
            Ok::<_, StoreError>(Past {
                record,
                sent,
                signs: Some(signs),
                gone_out: store.edition(key).await?.map(|edition| (edition.rendered, edition.letterhead)),
                store: Some(store.clone()),
            })
        };
        let read = read.await;
        // One that fails is opened anew: its file may be another one by now.
        if let Ok(past) = &read {
            self.sent = Some((key.clone(), past.record.number, Arc::clone(&past.sent)));
            self.store = Some((config.database.clone(), store));
        }
        read
    }

    /// How many readers an edition has that is sent now.
    async fn count_readers(
        &mut self,
        config: &Config,
        store: Option<&Store>,
        now: DateTime<Utc>,
    ) -> Result<u64, RecipientsError> {
        let stamp = |file: &PathBuf| {
            let metadata = std::fs::metadata(file).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        let stamp = Stamp {
            files: config.subscribers.iter().map(|file| (file.clone(), stamp(file))).collect(),
            is_outbox: config.transport.is_outbox(),
            signs: self.signs.clone(),
        };
        let added = match &self.added {
            Some((of, added)) if *of == stamp => *added,
            Some(_) | None => Recipients::of_files(config, store).await?.total(),
        };
        self.added = Some((stamp, added));
        let known = match store {
            Some(store) => press::count_known(config, store, added, now).await?,
            None => 0,
        };
        Ok(known + added)
    }
}

/// Waits until a person has decided about the edition shown, another has gone out, or the database is there.
async fn decided(shown: &Sheet, before: Option<&Signs>) {
    loop {
        tokio::time::sleep(SECOND).await;
        let signs = match &shown.store {
            Some(store) => store.signs(&shown.key).await.ok(),
            None => match Store::look(&shown.config.database).await {
                // One that is still being made is looked at again.
                Ok(Some(store)) => {
                    let signs = store.signs(&shown.key).await.ok();
                    store.close().await;
                    signs
                }
                Ok(None) | Err(_) => None,
            },
        };
        if signs.is_some() && signs.as_ref() != before {
            return;
        }
    }
}

/// What the store knows; nothing where there is none.
#[derive(Default)]
struct Past {
    record: Record,
    sent: Arc<Vec<Sent>>,
    signs: Option<Signs>,
    gone_out: Option<(RenderedEdition, Letterhead)>,
    store: Option<Store>,
}

/// Puts what was made into `sheet`; what cannot be made leaves the last edition that could be.
fn take(sheet: &mut Sheet, made: Made, gone_out: Option<(RenderedEdition, Letterhead)>) {
    let Made { findings, articles, draft } = made;
    let proof = |sheet: &Sheet, rendered: RenderedEdition, pictures, letterhead| {
        Some(Arc::new(Proof::new(sheet.version, sheet.made_at, rendered, pictures, letterhead)))
    };
    let letterhead = Letterhead::of(&sheet.config.publication);
    sheet.findings = diagnostic::folded(&findings);
    match draft {
        Err(error) => sheet.problems = error.findings(),
        Ok(draft) => {
            let title =
                |path: &PathBuf| articles.get(path).map(|article| article.title.clone()).unwrap_or_default();
            sheet.due = draft.due.iter().map(|path| Due { path: path.clone(), title: title(path) }).collect();
            sheet.waiting = draft.waiting;
            sheet.problems = draft.errors;
            let skips = sheet.config.articles.on_broken == OnBrokenArticle::Skip;
            let keeps_the_last = !sheet.problems.is_empty() && !skips && sheet.proof.is_some();
            sheet.standing = match (sheet.problems.is_empty(), skips, &draft.rendered) {
                (false, false, _) => Standing::Held,
                // What is broken may be all that is due.
                (false, true, None) => Standing::Broken,
                (true, _, None) => Standing::Nothing,
                (false, true, Some(_)) => Standing::Without,
                (true, _, Some(_)) => Standing::Ready,
            };
            if !keeps_the_last {
                sheet.proof =
                    draft.rendered.and_then(|rendered| proof(sheet, rendered, draft.pictures, letterhead));
            }
        }
    }
    if let Some((rendered, letterhead)) = gone_out {
        sheet.standing = Standing::Out;
        sheet.due = (rendered.headlines.iter())
            .map(|headline| Due { path: PathBuf::new(), title: headline.title.clone() })
            .collect();
        sheet.proof = proof(sheet, rendered, Vec::new(), letterhead);
        sheet.problems.clear();
    }
    let problems = &sheet.problems;
    sheet.findings.retain(|finding| !problems.contains(finding));
    sort_findings(sheet);
    sheet.articles = Arc::new(articles);
}

/// Errors first, then what is said of the articles that go out next.
fn sort_findings(sheet: &mut Sheet) {
    let folder = &sheet.config.articles.folder;
    let due: HashSet<PathBuf> = sheet.due.iter().map(|article| folder.join(&article.path)).collect();
    sheet.findings.sort_by_key(|found| {
        (found.severity != Severity::Error, !due.contains(&found.file), Reverse(found.severity))
    });
}

/// Whether persons let the edition go at its hour; when that is over, now.
async fn consent(sheet: &Sheet, now: DateTime<Utc>) -> Result<Consent, PressError> {
    let Some(store) = &sheet.store else { return Ok(Consent::without_approval(&sheet.config)) };
    let leaving = sheet.slot.map_or(now, |slot| slot.at.max(now));
    Consent::of(store, &sheet.config, &sheet.key, leaving, now).await
}

/// Puts what persons have decided above what the articles say.
fn heed(sheet: &mut Sheet, consent: Consent) {
    match consent {
        Consent::NotNeeded => {}
        Consent::Withheld(Withheld::Unapproved) => match sheet.standing {
            Standing::Ready | Standing::Without => sheet.standing = Standing::Withheld(Withheld::Unapproved),
            // There is nothing to approve yet.
            Standing::Nothing | Standing::Held | Standing::Broken => {}
            Standing::Out | Standing::Approved { .. } | Standing::Withheld(_) => {}
        },
        Consent::Withheld(why) => sheet.standing = Standing::Withheld(why),
        Consent::Approved(approved) => {
            let Approved { approval, again } = *approved;
            let Approval { rendered, pictures, letterhead, who, at: _, before: _ } = approval;
            let path = |slug: &str| {
                let article = sheet.articles.values().find(|article| article.slug.as_str() == slug);
                article.map(|article| article.path.clone()).unwrap_or_default()
            };
            sheet.due = (rendered.headlines.iter())
                .map(|headline| Due { path: path(&headline.slug), title: headline.title.clone() })
                .collect();
            sheet.waiting = again.waiting;
            sheet.standing = Standing::Approved { who };
            sheet.proof =
                Some(Arc::new(Proof::new(sheet.version, sheet.made_at, rendered, pictures, letterhead)));
            // What is broken is none of it: it stands among the findings.
            sheet.findings.append(&mut sheet.problems);
            sort_findings(sheet);
        }
    }
}

/// Which edition is shown where none is asked for.
#[derive(Clone, Copy)]
enum Turn {
    /// The one whose hour is over and that is not out; where there is none, the next.
    Overdue,
    Next,
}

/// Which edition is shown, as of which moment, and when it is due: `wanted`, or the next one to go out.
fn due_at(
    config: &Config,
    wanted: Option<&EditionKey>,
    now: DateTime<Utc>,
) -> (EditionKey, DateTime<Utc>, Option<Slot>) {
    let zone = config.schedule.timezone;
    let (key, slot) = match wanted {
        None => match schedule::next_slot(&config.schedule, now) {
            Some(slot) => (EditionKey::of(slot.date), Some(slot)),
            None => (EditionKey::of(now.with_timezone(&zone).date_naive()), None),
        },
        Some(key) => {
            let midnight = zone.from_local_datetime(&key.date().and_time(NaiveTime::MIN)).earliest();
            let from = midnight.map_or_else(
                || key.date().and_time(NaiveTime::MIN).and_utc(),
                |local| local.with_timezone(&Utc),
            );
            // A slot of midnight is one of the day, and one in a gap of the clock may come the day after.
            let slots =
                schedule::slots(&config.schedule, from - TimeDelta::seconds(1), from + TimeDelta::days(2));
            let is_regular = *key == EditionKey::of(key.date());
            (key.clone(), slots.into_iter().find(|slot| is_regular && slot.date == key.date()))
        }
    };
    let end = press::end_of_day(zone, key.date());
    let as_of = slot.filter(|slot| slot.at > now).map_or(end, |slot| slot.at);
    (key, as_of.trunc_subsecs(0), slot)
}

fn wrong_store(error: &StoreError) -> Diagnostic {
    Diagnostic::of_file(Severity::Error, "database", "database", error.to_string()).with_remedy(
        "a store of an earlier version is brought up to date by any other command, such as `straight status`",
    )
}

/// A finding about a file as a whole; what stands behind its semicolon is the remedy.
fn of_whole(path: &std::path::Path, rule: &'static str, told: &str) -> Diagnostic {
    let (message, remedy) = told.split_once("; ").unwrap_or((told, "look at the file and its permissions"));
    Diagnostic::of_file(Severity::Error, rule, path, message).with_remedy(remedy)
}

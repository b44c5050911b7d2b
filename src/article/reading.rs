//! Files of articles → what they hold: each is read as far as is asked for, then they are compared with each other.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::head::{Head, Outline};
use super::load::{LoadOptions, Others, PictureWork, Whole};
use super::parse::{self, Input, Memory, Named, Outcome};
use super::spot::Spot;
use super::walk::{self, Found, PassedOver, Walk};
use super::{Broken, Loaded, Mended, Slug, crew, directives, mend, shelf};
use crate::diagnostic::{Diagnostic, Levels, Severity};

/// What becomes of files that were changed just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settling {
    /// They are left alone.
    Wait,
    /// They are read.
    Ignore,
}

/// What is done with a file that was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Check,
    /// It is mended, then checked.
    Mend,
}

/// Reads what `walk` found; its names are compared with those of the files `beside` it, of which nothing is told.
pub(super) fn gather(
    walk: Walk,
    beside: Vec<Found>,
    settling: Settling,
    work: Work,
    options: &LoadOptions,
    now: DateTime<Utc>,
) -> Loaded {
    let Walk { files, mut diagnostics, refused, passed_over } = walk;
    if let Some(severity) = options.lint.of(walk::UNREAD, Severity::Warning) {
        diagnostics
            .extend(passed_over.into_iter().filter_map(PassedOver::of).map(|file| file.told(severity)));
    }
    let mut loaded = Loaded { diagnostics, files: refused.len(), ..Loaded::default() };
    loaded.broken.extend(refused.into_iter().map(|path| Broken { path, date: None }));
    let mut settled = Vec::with_capacity(files.len());
    for file in files {
        let modified = fs::metadata(file.place()).and_then(|metadata| metadata.modified());
        let modified = modified.map_or(now, DateTime::<Utc>::from);
        match settling == Settling::Wait && is_fresh(modified, options, now) {
            true => loaded.unsettled.push(file.path),
            false => settled.push(Resting { file, modified }),
        }
    }
    loaded.files += settled.len();
    let reader = Reader {
        options,
        work,
        unpictured: options.clone().with_pictures(PictureWork::LookOnly),
        now,
        memory: Memory::default(),
    };
    let (read, skimmed) = reader.read(&settled);
    let heads = crew::each(&beside, |file| Head::read(&file.place(), options, now));
    let mut taken: HashMap<Slug, PathBuf> = HashMap::new();
    for (file, head) in beside.into_iter().zip(heads) {
        if let Some(slug) = head.and_then(|head| head.slug) {
            taken.entry(slug).or_insert(file.shown);
        }
    }
    compare(read, skimmed, taken, &options.lint, loaded)
}

fn is_fresh(modified: DateTime<Utc>, options: &LoadOptions, now: DateTime<Utc>) -> bool {
    let settle = TimeDelta::from_std(options.settle).unwrap_or(TimeDelta::MAX);
    // A time far in the future is a wrong clock, and no reason to wait for it.
    (now - modified).abs() < settle
}

/// A file that is not being written to.
struct Resting {
    file: Found,
    modified: DateTime<Utc>,
}

/// A file that was read to its end.
struct Read {
    shown: PathBuf,
    /// Relative to the articles folder.
    path: PathBuf,
    /// Of the article, when no error was found; the article itself is in `outcome` where it is given whole.
    outline: Option<Outline>,
    outcome: Outcome,
    mended: Option<Mended>,
}

struct Reader<'a> {
    options: &'a LoadOptions,
    work: Work,
    /// The same, with pictures looked at only: for articles that are not given whole.
    unpictured: LoadOptions,
    now: DateTime<Utc>,
    memory: Memory,
}

impl Reader<'_> {
    /// Reads as much of `files` as the options ask for: some to their ends, of the others an outline.
    fn read(&self, files: &[Resting]) -> (Vec<Read>, Vec<Outline>) {
        if self.options.whole == Whole::Every {
            return (crew::each_alone(files, |file| self.whole(file, None, Keep::Whole)), Vec::new());
        }
        let mut skimmed = crew::each(files, |resting| {
            Outline::read(&resting.file.place(), &resting.file.path, self.options, self.now)
        });
        let mut read: Vec<Option<Read>> = files.iter().map(|_| None).collect();
        // Those that do not say what they are have to be read to be told of.
        let obscure: Vec<usize> = (0..files.len()).filter(|n| skimmed[*n].is_none()).collect();
        self.fill(&obscure, files, &skimmed, Keep::Whole, &mut read);
        let days = match &self.options.whole {
            Whole::Every => NaiveDate::MIN..=NaiveDate::MAX,
            Whole::None => NaiveDate::MAX..=NaiveDate::MIN,
            Whole::Days(days) => days.clone(),
            Whole::NewestDay { to, by, at } => self.newest_day(*to, *by, *at, files, &skimmed, &mut read),
        };
        let unread = |read: &[Option<Read>], wanted: &dyn Fn(&Outline) -> bool| -> Vec<usize> {
            let is_wanted = |n: &usize| read[*n].is_none() && skimmed[*n].as_ref().is_some_and(wanted);
            (0..files.len()).filter(is_wanted).collect()
        };
        let of_these_days = unread(&read, &|outline| days.contains(&outline.date));
        self.fill(&of_these_days, files, &skimmed, Keep::Whole, &mut read);
        let rest = match self.options.others {
            Others::Review => unread(&read, &|_| true),
            Others::Skim => {
                let names: HashSet<Slug> =
                    read.iter().flatten().filter_map(|read| read.outcome.slug.clone()).collect();
                unread(&read, &|outline| names.contains(&outline.slug))
            }
        };
        self.fill(&rest, files, &skimmed, Keep::Outline, &mut read);
        for (read, outline) in read.iter_mut().zip(&mut skimmed) {
            let Some(read) = read else { continue };
            *outline = None;
            if !read.outcome.date.is_some_and(|date| days.contains(&date)) {
                read.outcome.article = None;
            }
        }
        (read.into_iter().flatten().collect(), skimmed.into_iter().flatten().collect())
    }

    /// Reads the files `which` to their ends.
    fn fill(
        &self,
        which: &[usize],
        files: &[Resting],
        skimmed: &[Option<Outline>],
        keep: Keep,
        read: &mut [Option<Read>],
    ) {
        let done = crew::each_alone(which, |n| self.whole(&files[*n], skimmed[*n].as_ref(), keep));
        for (n, done) in which.iter().zip(done) {
            read[*n] = Some(done);
        }
    }

    /// Reads from the day `to` back until a whole article is found that goes out at `at` and is of `by` or before; the
    /// days that were read.
    fn newest_day(
        &self,
        to: NaiveDate,
        by: NaiveDate,
        at: DateTime<Utc>,
        files: &[Resting],
        skimmed: &[Option<Outline>],
        read: &mut [Option<Read>],
    ) -> RangeInclusive<NaiveDate> {
        let goes_out = |outline: &Outline| {
            !outline.draft && outline.date <= by && outline.not_before.is_none_or(|time| time <= at)
        };
        let newest = |read: &[Option<Read>]| {
            let whole = read.iter().flatten().filter_map(|read| read.outline.as_ref());
            whole.filter(|outline| goes_out(outline)).map(|outline| outline.date).max()
        };
        let mut days: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
        for (n, outline) in skimmed.iter().enumerate() {
            if let Some(outline) = outline.as_ref().filter(|outline| outline.date <= to) {
                days.entry(outline.date).or_default().push(n);
            }
        }
        let mut found = newest(read);
        for (day, which) in days.into_iter().rev() {
            if found.is_some_and(|found| day < found) {
                break;
            }
            self.fill(&which, files, skimmed, Keep::Whole, read);
            found = newest(read);
        }
        found.unwrap_or(NaiveDate::MIN)..=to
    }

    /// Reads a file to its end.
    fn whole(&self, Resting { file, modified }: &Resting, outline: Option<&Outline>, keep: Keep) -> Read {
        let options = match keep {
            Keep::Whole => self.options,
            Keep::Outline => &self.unpictured,
        };
        let mut mended = None;
        let mut outcome = match shelf::read(&file.place(), options.max_bytes) {
            Ok(bytes) => {
                let (shown, root, path) = (&*file.shown, Some(&*file.root), &*file.path);
                let input = Input { shown, root, path, bytes: &bytes, modified: *modified };
                let mut outcome = parse::article(&input, options, self.now, &self.memory);
                if self.work == Work::Mend && !self.options.spared.contains(path) {
                    (outcome, mended) = mend::mend(&input, outcome, options, self.now, &self.memory);
                }
                outcome
            }
            Err(fault) => Outcome::unread(walk::unread(&file.shown, &fault, options.max_bytes)),
        };
        let outline = match (&outcome.article, outline) {
            (None, _) => None,
            // What was mended may have another top.
            (Some(_), Some(known)) if mended.is_none() => Some(known.clone()),
            (Some(article), _) => Some(article.outline()),
        };
        if keep == Keep::Outline {
            outcome.article = None;
        }
        Read { shown: file.shown.clone(), path: file.path.clone(), outline, outcome, mended }
    }
}

/// What stays in memory of an article that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Whole,
    Outline,
}

/// Sorts, and breaks those whose slug an earlier one has; one that is broken anyway takes none from a whole one.
fn compare(
    mut read: Vec<Read>,
    mut skimmed: Vec<Outline>,
    mut taken: HashMap<Slug, PathBuf>,
    levels: &Levels,
    mut loaded: Loaded,
) -> Loaded {
    read.sort_by(|a, b| {
        let key = |read: &Read| (read.outline.is_none(), read.outcome.date);
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    for read in &mut read {
        loaded.diagnostics.append(&mut read.outcome.diagnostics);
        loaded.web_links.append(&mut read.outcome.links);
        let is_new = |mended: &Mended| loaded.mended.iter().all(|other| other.place != mended.place);
        let mended = read.mended.take().filter(is_new);
        loaded.mended.extend(mended);
        // A draft never goes out, and holds nothing up.
        if read.outline.is_none() && !read.outcome.draft {
            loaded.broken.push(Broken { path: read.path.clone(), date: read.outcome.date });
        }
    }
    loaded.diagnostics.append(&mut same_titles(&read, levels));
    for Read { shown, path, outline, outcome, mended: _ } in read {
        let Some(slug) = outcome.slug else { continue };
        let Some(first) = taken.get(&slug) else {
            taken.insert(slug, shown.clone());
            match outcome.article {
                Some(article) => {
                    if let Some(Named { top, title, .. }) = outcome.named_at {
                        let names = Spot::new((&shown, &path), &top, title, &outcome.directives);
                        loaded.names.push(names);
                    }
                    loaded.articles.push(article);
                }
                None => loaded.others.extend(outline),
            }
            continue;
        };
        loaded.diagnostics.push(named_twice(first, &slug, &shown, outcome.named_at));
        if outline.is_some_and(|outline| !outline.draft) {
            loaded.broken.push(Broken { path, date: outcome.date });
        }
    }
    skimmed.sort_by(|a, b| (a.date, &a.path).cmp(&(b.date, &b.path)));
    // None of them has the name of one that was read.
    let mut names = HashSet::new();
    skimmed.retain(|outline| names.insert(outline.slug.clone()));
    loaded.others.append(&mut skimmed);
    loaded.others.sort_by(|a, b| (a.date, &a.path).cmp(&(b.date, &b.path)));
    loaded.broken.sort_by(|a, b| a.path.cmp(&b.path));
    loaded.diagnostics.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    loaded
}

/// What is told of `shown`, which has the slug of `first`.
fn named_twice(first: &Path, slug: &Slug, shown: &Path, named_at: Option<Named>) -> Diagnostic {
    let message = format!("`{}` has the slug `{slug}` already", first.display());
    let finding = Diagnostic::of_file(Severity::Error, "duplicate-slug", shown, message)
        .with_remedy("write a `slug:` of its own, or delete one of the two files");
    match named_at {
        Some(named) => finding.at(&named.top, named.slug),
        None => finding,
    }
}

/// Articles of a month with one title and two names: the second is most likely the first one, moved.
fn same_titles(read: &[Read], levels: &Levels) -> Vec<Diagnostic> {
    const RULE: &str = "same-title";
    let mut first: HashMap<String, (&Read, &Outline)> = HashMap::new();
    let mut told = Vec::new();
    for read in read {
        let Some(outline) = read.outline.as_ref().filter(|outline| !outline.draft) else { continue };
        let (earlier, other) = match first.entry(outline.title.to_lowercase()) {
            Entry::Vacant(entry) => {
                entry.insert((read, outline));
                continue;
            }
            Entry::Occupied(mut entry) => entry.insert((read, outline)),
        };
        // A column has the same title every year, and one slug has a finding of its own.
        if other.slug == outline.slug || (outline.date - other.date).num_days() > 31 {
            continue;
        }
        let Some(Named { top, title, .. }) = &read.outcome.named_at else { continue };
        let severity = directives::weigh(&read.outcome.directives, levels, RULE, top, title.start);
        told.extend(severity.map(|severity| {
            Diagnostic::of_file(
                severity,
                RULE,
                &read.shown,
                format!("`{}` has this title too", earlier.shown.display()),
            )
            .with_remedy("tell the two apart, or delete one of the files")
            .at(top, title.clone())
        }));
    }
    told
}

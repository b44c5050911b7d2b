//! What a file says of itself at its top, for those beside it: its name, its day, whether it is a draft.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use chrono::{DateTime, NaiveDate, Utc};

use super::findings::Findings;
use super::front_matter::{self, Context, FrontMatter};
use super::load::LoadOptions;
use super::{Slug, shelf, source, yaml};

/// What another file's front matter says, as far as it is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) slug: Option<Slug>,
    pub(super) day: Option<NaiveDate>,
    pub(super) draft: bool,
}

/// Reads the head of `file`; nothing when it has none that can be read.
pub(super) fn read(file: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<Head> {
    let bytes = shelf::read(file, options.max_bytes).ok()?;
    let text = source::decode(&bytes).ok()?;
    let at = source::split(&text).ok()?.front_matter;
    let node = yaml::parse(&text[at.clone()], at.start).ok()?;
    let context = Context { timezone: options.timezone, authors: &options.authors, now, file };
    // What is wrong with it is told when it is checked itself.
    let front = front_matter::check(&node, 0..0, &context, &mut Findings::new(file, &text));
    Some(Head { slug: slug(&front, file), day: front.dated.map(|dated| dated.day), draft: front.draft })
}

/// The name that an article goes by: its `slug`, else one made from its title.
pub(super) fn slug(front: &FrontMatter, file: &Path) -> Option<Slug> {
    if front.slug.is_some() || front.slug_is_wrong {
        return front.slug.clone();
    }
    let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    front.title.as_ref().map(|title| Slug::of_title(title, &stem))
}

/// The heads of the articles that others link to, read when first asked for.
#[derive(Debug, Default)]
pub(super) struct Heads(RefCell<HashMap<PathBuf, Option<Rc<Head>>>>);

impl Heads {
    pub(super) fn of(&self, file: &Path, options: &LoadOptions, now: DateTime<Utc>) -> Option<Rc<Head>> {
        if let Some(known) = self.0.borrow().get(file) {
            return known.clone();
        }
        let head = read(file, options, now).map(Rc::new);
        self.0.borrow_mut().insert(file.to_owned(), head.clone());
        head
    }
}

//! A post → an article's file: links and pictures found, the check passed, nothing overwritten.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{copy, create, is_same, is_same_file};
use super::head::Head;
use super::relink::{Links, Relink, remote};
use super::shelves::Shelves;
use super::{ImportError, Note, Options, Post, Report, Writing};
use crate::article::{LoadOptions, Others, PictureWork, Whole, load_dir, parse_bytes};
use crate::config::Authors;
use crate::diagnostic::Severity;

/// What is known while posts are written.
pub(super) struct Finish<'a> {
    options: &'a Options<'a>,
    shelves: Shelves,
    /// The names that posts have got, and whose they are: their files and articles.
    names: HashMap<String, (PathBuf, PathBuf)>,
    /// The names that articles had before, and which.
    before: HashMap<String, PathBuf>,
}

impl<'a> Finish<'a> {
    pub(super) fn new(options: &'a Options<'a>, shelves: Shelves) -> Self {
        Finish { options, shelves, names: HashMap::new(), before: names_before(options) }
    }

    /// The file of a post, relative to the folder of articles; nothing when it cannot be one.
    pub(super) fn name(
        &mut self,
        head: &Head,
        stem: &str,
        file: &Path,
        report: &mut Report,
    ) -> Option<PathBuf> {
        if head.date.is_empty() {
            report.refuse(file, head.undated_line, head.undated.as_str());
            return None;
        }
        if head.title.is_empty() {
            report.refuse(file, 0, "it has no title");
            return None;
        }
        let wanted = head.name(stem);
        let day = &head.date[..10];
        let mut slug = wanted.clone();
        let mut number = 2;
        let mut other = None;
        let name = loop {
            let name = PathBuf::from(&day[..4]).join(format!("{day}-{slug}.md"));
            // What an import before this one made of it keeps the name that it got then.
            let is_there = fs::symlink_metadata(self.options.out.join(&name)).is_ok();
            // An export holds many posts, which only their articles tell apart.
            let of_post =
                self.names.get(&slug).map(|(other, article)| if other == file { article } else { other });
            match of_post.or_else(|| self.before.get(&slug).filter(|_| !is_there)) {
                None => break name,
                Some(taken) => other = other.or_else(|| Some(taken.clone())),
            }
            slug = format!("{}-{number}", &wanted[..wanted.len().min(74)].trim_end_matches('-'));
            number += 1;
        };
        // Others would link to what becomes no article.
        let bare = Head { image: None, ..head.clone() };
        if let Err(why) = self.article(&name, &(bare.yaml(&slug) + "Text.\n")) {
            report.refuse(file, 0, why);
            return None;
        }
        if let Some(other) = other {
            let what = format!("the name `{wanted}` is that of {}; here it is `{slug}`", other.display());
            report.remark(file, what);
        }
        self.names.insert(slug, (file.to_owned(), self.options.out.join(&name)));
        Some(name)
    }

    /// Writes `post` as the file `name`; gives the files of its pictures, or nothing when it is there already and would be
    /// the same.
    pub(super) fn write(
        &self,
        mut post: Post,
        name: &Path,
        links: &Links<'_>,
        report: &mut Report,
    ) -> Result<Option<Vec<PathBuf>>, ImportError> {
        let place = self.options.out.join(name);
        let slug = name.file_stem().map(|stem| stem.to_string_lossy()[11..].to_owned()).unwrap_or_default();
        let mut copied = Vec::new();
        let mut told = Report::default();
        let relink = Relink { options: self.options, shelves: &self.shelves };
        relink.image(&mut post, &slug, links, &mut copied, &mut told);
        post.body = relink.body(&post, &slug, links, &mut copied, &mut told);
        let text = self.checked(&post, name, &slug, &mut told);
        if fs::symlink_metadata(&place).is_ok() {
            if text.is_some_and(|text| is_same(&place, text.as_bytes())) {
                return Ok(None);
            }
            let what = format!(
                "`{}` is there already, with another content, and is not overwritten",
                place.display()
            );
            report.refuse(&post.file, 0, what);
            return Ok(Some(Vec::new()));
        }
        report.add(told);
        let Some(text) = text else { return Ok(Some(Vec::new())) };
        report.written.push(place.clone());
        report.remote.extend(remote(&post).into_iter().map(|url| Note {
            file: place.clone(),
            line: 0,
            what: url,
        }));
        report.pictures += copied.len();
        let folder = place.parent().unwrap_or(self.options.out);
        for picture in &copied {
            let to = folder.join(&picture.to);
            if self.options.writing == Writing::Files {
                copy(&picture.from, &to)
                    .map_err(|source| ImportError::Unwritable { path: to.clone(), source })?;
            }
            if fs::symlink_metadata(&to).is_ok() && !is_same_file(&to, &picture.from) {
                let what =
                    format!("`{}` is there already, another picture, and is not overwritten", to.display());
                report.remark(&post.file, what);
            }
        }
        if self.options.writing == Writing::Files {
            create(&place, text.as_bytes())
                .map_err(|source| ImportError::Unwritable { path: place, source })?;
        }
        Ok(Some(copied.into_iter().map(|picture| picture.from).collect()))
    }

    /// The text of the article when it passes the check; else what is wrong with it is told.
    fn checked(&self, post: &Post, name: &Path, slug: &str, report: &mut Report) -> Option<String> {
        let text = post.head.yaml(slug) + &post.body;
        match self.article(name, &text) {
            Ok(()) => Some(text),
            Err(why) => {
                report.refuse(&post.file, post.line, why);
                None
            }
        }
    }

    /// Why `text` would be no article.
    fn article(&self, name: &Path, text: &str) -> Result<(), String> {
        let options = LoadOptions::new(self.options.timezone, Authors::new());
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > options.max_bytes {
            return Err("it is larger than 1 MiB".to_owned());
        }
        let parsed = parse_bytes(name, text.as_bytes(), &options, self.options.now);
        let error = parsed.diagnostics.into_iter().find(|found| found.severity == Severity::Error);
        error.map_or(Ok(()), |error| Err(format!("it would be no article: {}", error.message)))
    }
}

/// The names of the articles that there are.
fn names_before(options: &Options<'_>) -> HashMap<String, PathBuf> {
    let mut read = LoadOptions::new(options.timezone, Authors::new());
    read = read.giving(Whole::None, Others::Skim).with_pictures(PictureWork::LookOnly);
    read.settle = std::time::Duration::ZERO;
    let mut names = HashMap::new();
    let folder = if options.out.starts_with(options.articles) { options.articles } else { options.out };
    // A folder that is not there holds no names.
    if let Ok(loaded) = load_dir(folder, &read, options.now) {
        // One with an error is known by its file's name: `2016-03-04-ferry.md`.
        let broken = loaded.broken.iter().filter_map(|broken| {
            let stem = broken.path.file_stem()?.to_string_lossy().into_owned();
            Some((stem.get(11..).unwrap_or(&stem).to_owned(), &broken.path))
        });
        for (slug, path) in
            loaded.others.iter().map(|other| (other.slug.to_string(), &other.path)).chain(broken)
        {
            names.entry(slug).or_insert_with(|| folder.join(path));
        }
    }
    names
}

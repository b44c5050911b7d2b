//! The posts of a Jekyll or Hugo site.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use pulldown_cmark::{Event, Parser, Tag};

use super::finish::{Finish, Links};
use super::front::fields;
use super::head::{Head, head, one_line};
use super::liquid::Expander;
use super::names::{Names, Unknown};
use super::shelves::Shelves;
use super::tree::{Spot, Standing, Tree};
use super::{ImportError, Note, Options, Post, Report};
use crate::article::markdown::{What, document, from_html};

/// Whose posts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `_posts/2016-03-04-ferry.md`, with Liquid in them.
    Jekyll,
    /// `content/posts/ferry.md` or `content/posts/ferry/index.md`, with shortcodes.
    Hugo,
}

/// A post that is larger is no post.
const LARGEST: u64 = 1024 * 1024;

/// A post whose head has been read, and the name it will have.
struct Planned<'t> {
    spot: &'t Spot,
    name: PathBuf,
    /// What its head and its name gave reason to tell.
    told: Report,
}

/// Imports the posts of the site at `source`: its folder, or that of the posts alone.
///
/// # Errors
/// When the source cannot be read, or nothing can be written.
pub fn site(flavour: Flavour, source: &Path, options: &Options<'_>) -> Result<Report, ImportError> {
    let metadata = fs::metadata(source)
        .map_err(|error| ImportError::Unreadable { path: source.to_owned(), source: error })?;
    if !metadata.is_dir() {
        let why = "is no folder; name the folder of the site, or that of its posts";
        return Err(ImportError::Strange { path: source.to_owned(), why });
    }
    let tree = Tree::of(flavour, source, options.out)?;
    let mut report = Report { not_posts: tree.others.clone(), ..Report::default() };
    let mut finish = Finish::new(options, Shelves::of_site(&tree.root, &tree.shelves));
    // Posts link to each other by names that are known only when all heads have been read.
    let mut planned = Vec::new();
    let mut names = Names::default();
    for spot in &tree.posts {
        let mut told = Report::default();
        let read = read(spot, options, &mut told);
        if let Some((head, ..)) = &read
            && head.date.is_empty()
            && spot.standing == Standing::Loose
        {
            let what = "a page of no section and without a date, not a post".to_owned();
            report.not_posts.push(Note { file: spot.shown.clone(), line: 0, what });
            continue;
        }
        let named = read.and_then(|(head, ..)| {
            let name = finish.name(&head, &spot.stem, &spot.shown, &mut told)?;
            Some((name, addresses(flavour, spot, &head)))
        });
        match named {
            Some((name, addresses)) => {
                names.add(&spot.path, &addresses, &name);
                planned.push(Planned { spot, name, told });
            }
            None => report.add(told),
        }
    }
    let headings = Headings {
        flavour,
        options,
        names: &names,
        posts: planned.iter().map(|planned| (planned.name.clone(), planned.spot)).collect(),
        known: RefCell::default(),
    };
    for Planned { spot, name, mut told } in planned {
        // What is wrong with its head has been told.
        let Some((head, body, line)) = read(spot, options, &mut Report::default()) else { continue };
        let body = markdown(flavour, &body, line, (spot, &name, &names), &mut told);
        let mut post = Post { head, body, file: spot.shown.clone(), line, keeps_lines: true };
        summarised(&mut post);
        let from = spot.path.parent().unwrap_or(Path::new(""));
        let links = Links {
            beside: spot.shown.parent(),
            is_ours: &|link| names.is_ours(link),
            post: &|path| names.behind(from, path).map(|other| super::finish::relative(&name, other)),
            has_heading: &|link, id| headings.has(link, id),
        };
        let taken = finish.write(post, &name, &links, &mut told)?;
        if let Some(taken) = taken {
            if spot.standing == Standing::Bundle && !told.written.is_empty() {
                left_beside(spot, &taken, &tree, &mut told);
            }
            report.add(told);
        } else {
            report.unchanged += 1;
        }
    }
    Ok(report)
}

/// The headings of posts that others link to, read when first asked for.
struct Headings<'t> {
    flavour: Flavour,
    options: &'t Options<'t>,
    names: &'t Names,
    /// By the article that each becomes.
    posts: HashMap<PathBuf, &'t Spot>,
    known: RefCell<HashMap<PathBuf, HashSet<String>>>,
}

impl Headings<'_> {
    /// Whether the article that `link`, as an article has it, leads to has the heading `id`.
    fn has(&self, link: &str, id: &str) -> bool {
        let name = PathBuf::from(link.trim_start_matches("../"));
        let mut known = self.known.borrow_mut();
        let headings = known.entry(name).or_insert_with_key(|name| self.of(name));
        headings.contains(id)
    }

    fn of(&self, name: &Path) -> HashSet<String> {
        // What is wrong with that post is told when it is written itself.
        let mut told = Report::default();
        let read = self.posts.get(name).and_then(|spot| Some((*spot, read(spot, self.options, &mut told)?)));
        let Some((spot, (_, body, line))) = read else { return HashSet::new() };
        let body = markdown(self.flavour, &body, line, (spot, name, self.names), &mut Report::default());
        let headings = document(&body).seen.into_iter().filter_map(|seen| match seen.what {
            What::Heading { id, .. } => Some(id),
            _ => None,
        });
        headings.collect()
    }
}

/// Where browsers found a post, as far as that is known: its folders, Jekyll's usual addresses, and what its head says.
fn addresses(flavour: Flavour, spot: &Spot, head: &Head) -> Vec<String> {
    let mut addresses = head.addresses.clone();
    let names = [Some(spot.stem.as_str()), head.slug.as_deref()].into_iter().flatten();
    match flavour {
        Flavour::Jekyll => {
            let categories: String = spot.categories.iter().map(|category| format!("{category}/")).collect();
            for name in names {
                for day in [spot.day.as_deref(), head.date.get(..10)].into_iter().flatten() {
                    let dated = format!("{}/{name}", day.replace('-', "/"));
                    addresses.extend([format!("{categories}{dated}"), dated]);
                }
            }
        }
        Flavour::Hugo => {
            let folder = match spot.standing {
                // `post/flood/index.md`
                Standing::Bundle => spot.path.parent().and_then(Path::parent),
                Standing::Alone | Standing::Loose | Standing::Draft => spot.path.parent(),
            };
            let folder = folder.unwrap_or(Path::new("")).to_string_lossy();
            addresses.extend(names.map(|name| format!("{folder}/{name}")));
        }
    }
    addresses
}

/// The body of a post, its tags expanded and its HTML as Markdown.
fn markdown(
    flavour: Flavour,
    body: &str,
    line: usize,
    (spot, name, names): (&Spot, &Path, &Names),
    told: &mut Report,
) -> String {
    let from = spot.path.parent().unwrap_or(Path::new(""));
    let post_of = |key: &str| {
        let found = names.find(from, key).map(|other| super::finish::relative(name, other));
        found.map_err(|unknown| match unknown {
            Unknown::None => "there is no post",
            Unknown::Several => "there is more than one post",
        })
    };
    let place = |body: &str, at: usize| line + body[..at].matches('\n').count();
    let mut lost = |at: usize, what: String| told.note(&spot.shown, place(body, at), what);
    let expanded = Expander { flavour, post: &post_of, lost: &mut lost }.expand(body);
    without_html(&expanded, &mut |at, what| told.note(&spot.shown, place(&expanded, at), what))
}

/// Tells which pictures and files stand beside a post, as Hugo has them, and did not go with it.
fn left_beside(spot: &Spot, taken: &[PathBuf], tree: &Tree, told: &mut Report) {
    let Some(folder) = spot.shown.parent() else { return };
    for file in tree.rest.iter().filter(|file| file.shown.starts_with(folder)) {
        if !taken.contains(&tree.root.join(&file.path)) {
            told.note(&file.shown, 0, "it stands beside the post, is not shown in it, and is left out");
        }
    }
}

/// Reads a post: its head, its body, and the line on which that begins.
fn read(spot: &Spot, options: &Options<'_>, report: &mut Report) -> Option<(Head, String, usize)> {
    let path = &spot.shown;
    let metadata = fs::metadata(path).ok();
    if metadata.as_ref().is_some_and(|metadata| metadata.len() > LARGEST) {
        report.refuse(path, 0, "the file is larger than 1 MiB");
        return None;
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.refuse(path, 0, format!("it cannot be read: {error}"));
            return None;
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count();
            report.note(path, line, "this is not UTF-8, and is read as well as it can be");
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (fields, at) = match fields(&text) {
        Ok(read) => read,
        Err((line, why)) => {
            report.refuse(path, line, why);
            return None;
        }
    };
    let (mut head, bad_date) = head(fields, options.timezone);
    head.draft |= spot.standing == Standing::Draft;
    if head.date.is_empty() {
        head.date = spot.day.clone().unwrap_or_default();
        if let Some(bad) = bad_date.filter(|_| !head.date.is_empty()) {
            let what = format!("`{bad}` is no date that is read; the file's name gives {}", head.date);
            report.note(path, 0, what);
        }
    }
    if head.date.is_empty() && head.draft {
        // As Jekyll has it. A draft never goes out, whatever its day.
        let changed =
            metadata.and_then(|metadata| metadata.modified().ok()).map_or(options.now, DateTime::<Utc>::from);
        head.date = changed.with_timezone(&options.timezone).date_naive().to_string();
        report.remark(path, format!("this draft has no date, and gets that of its file, {}", head.date));
    }
    in_time(&mut head, path, options, report);
    for category in &spot.categories {
        if !head.tags.iter().any(|tag| tag.eq_ignore_ascii_case(category)) {
            head.tags.push(category.clone());
        }
    }
    if head.title.is_empty() {
        head.title = title_of(&spot.stem);
    }
    Some((head, text[at..].to_owned(), 1 + text[..at].matches('\n').count()))
}

/// What the site shows only from a day or until one, and what it will show one day.
fn in_time(head: &mut Head, path: &Path, options: &Options<'_>, report: &mut Report) {
    let now = options.now;
    let is_past = |date: &str| match date.len() {
        10 => *date <= *now.with_timezone(&options.timezone).date_naive().to_string(),
        _ => *date <= *now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    if let Some(until) = head.not_after.take() {
        if is_past(&until) {
            head.draft = true;
            report.remark(path, format!("its site has not shown it since {until}, so that it is a draft"));
        } else {
            report.remark(path, format!("`expiryDate: {until}` is left out: what has gone out stays"));
        }
    }
    // What waits for a day is that day's, and stays so when the day has passed.
    if let Some(from) = head.not_before.take().filter(|from| *from > head.date) {
        head.date = from;
    }
    if !head.date.is_empty() && !head.draft && !is_past(&head.date) {
        report.remark(path, format!("its date is yet to come, and it goes out then: {}", head.date));
    }
}

/// `the-ferry-is-back` → `The ferry is back`.
fn title_of(stem: &str) -> String {
    let words = one_line(&stem.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Raw HTML as Markdown, and without the attribute lists of kramdown.
fn without_html(body: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    let blocks: Vec<_> = Parser::new(body)
        .into_offset_iter()
        .filter_map(|(event, span)| matches!(event, Event::Start(Tag::HtmlBlock)).then_some(span))
        .collect();
    for span in blocks {
        let html = &body[span.clone()];
        // What stands deeper, in a list or a quote, has its indentation; and a comment may silence a rule.
        let deeper = !(span.start == 0 || body[..span.start].ends_with('\n'));
        if deeper || span.start < at || html.trim_start().starts_with("<!--") {
            continue;
        }
        let converted = from_html(html);
        for what in converted.lost {
            lost(span.start, format!("{what} does not go into a mail and is left out"));
        }
        out.push_str(&body[at..span.start]);
        out.push_str(&converted.markdown);
        if !converted.markdown.is_empty() {
            out.push('\n');
        }
        at = span.end;
    }
    out.push_str(&body[at..]);
    let mut fenced = false;
    let lines = out.split_inclusive('\n').filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        let line = line.trim();
        fenced || !(line.starts_with("{:") && line.ends_with('}'))
    });
    lines.collect()
}

/// What stands above `<!--more-->` is the summary, when there is none.
fn summarised(post: &mut Post) {
    let Some(more) = ["<!--more-->", "<!-- more -->"].iter().find_map(|mark| post.body.find(mark)) else {
        return;
    };
    if post.head.summary.is_none() {
        let text = one_line(&document(&post.body[..more]).plain());
        post.head.summary = Some(text).filter(|text| !text.is_empty() && text.chars().count() <= 300);
    }
    for mark in ["<!--more-->", "<!-- more -->"] {
        post.body = post.body.replace(mark, "");
    }
}

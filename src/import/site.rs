//! The posts of a Jekyll or Hugo site.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::addresses::Addressing;
use super::finish::Finish;
use super::goldmark;
use super::head::{Head, summary_of};
use super::inherited::Inherited;
use super::kramdown::{self, without_attributes};
use super::names::{Names, Unknown};
use super::raw_html::without_html;
use super::reading::read;
use super::relink::{Behind, Links};
use super::shelves::Shelves;
use super::tags::Expander;
use super::tree::{Spot, Standing, Tree};
use super::variables::Variables;
use super::{ImportError, Note, Options, Post, Report};
use crate::article::markdown::document;

/// Whose posts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `_posts/2016-03-04-ferry.md`, with Liquid in them.
    Jekyll,
    /// `content/posts/ferry.md` or `content/posts/ferry/index.md`, with shortcodes.
    Hugo,
}

/// A post whose head has been read, and the name it will have.
struct Planned<'t> {
    spot: &'t Spot,
    name: PathBuf,
    /// Its address within the site.
    address: String,
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
    let addressing = Addressing::of(flavour, (&tree.root, &tree.shown), options.site.as_ref());
    let notes = tree.inherited.told.iter().chain(&addressing.told).cloned().collect();
    let mut report = Report { not_posts: tree.others.clone(), notes, ..Report::default() };
    let mut finish = Finish::new(options, Shelves::of_site(&tree.root, &tree.shelves, &addressing));
    // Posts link to each other by names that are known only when all heads have been read.
    let mut planned = Vec::new();
    let mut names = Names::default();
    for spot in &tree.posts {
        let mut told = Report::default();
        let read = read(spot, &tree.inherited, options, &mut told);
        if let Some(what) = read.as_ref().and_then(|(head, ..)| no_post(flavour, spot, head)) {
            report.not_posts.push(Note { file: spot.shown.clone(), line: 0, what: what.to_owned() });
            continue;
        }
        let named = read.and_then(|(head, ..)| {
            let name = finish.name(&head, &spot.stem, &spot.shown, &mut told)?;
            let mut lost = |what| told.note(&spot.shown, 0, what);
            Some((name, addressing.of_post(spot, &head, &mut lost)))
        });
        match named {
            Some((name, addresses)) => {
                names.add(&spot.path, &addresses, &name);
                planned.push(Planned { spot, name, address: addresses.own, told });
            }
            None => report.add(told),
        }
    }
    let bodies = Bodies { flavour, addressing: &addressing, names: &names };
    let headings = Headings {
        bodies: &bodies,
        options,
        inherited: &tree.inherited,
        posts: planned.iter().map(|planned| (planned.name.clone(), planned.spot)).collect(),
        known: RefCell::default(),
    };
    for Planned { spot, name, address, mut told } in planned {
        // What is wrong with its head has been told.
        let Some((head, body, line)) = read(spot, &tree.inherited, options, &mut Report::default()) else {
            continue;
        };
        let lines = body.matches('\n').count();
        let source = body;
        let body = bodies.markdown((&head, &source, line), (spot, &name), &mut told);
        // What took more lines than it had moves what is behind it.
        let keeps_lines = body.matches('\n').count() == lines;
        let mut post = Post { head, body, file: spot.shown.clone(), line, keeps_lines, source };
        summarised(&mut post);
        let from = spot.path.parent().unwrap_or(Path::new(""));
        let links = Links {
            beside: spot.shown.parent(),
            address: Some(&address),
            is_ours: &|link| names.is_ours(link),
            post: &|path| {
                let within = addressing.homes.path_of(path);
                let path = match &within {
                    Some(within) => within.as_str(),
                    None if path.contains("://") => return None,
                    None => path,
                };
                // From its file, else from where browsers found it.
                let seen = || names.behind(from, &from_address(&address, path)?);
                let beneath = || names.behind(from, addressing.within_base(path)?);
                let other = names.behind(from, path).or_else(beneath).or_else(seen);
                other.map(|other| super::relink::relative(&name, other))
            },
            else_behind: &|_| Behind::Elsewhere,
            site: options.site.as_ref(),
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

/// Why a file that could be a post is none, which its head alone tells.
fn no_post(flavour: Flavour, spot: &Spot, head: &Head) -> Option<&'static str> {
    if flavour == Flavour::Hugo && head.has_no_page {
        return Some("without a page of its own (`headless` or `build`), not a post");
    }
    let is_page = spot.standing == Standing::Loose && head.date.is_empty();
    is_page.then_some("a page of no section and without a date, not a post")
}

/// The headings of posts that others link to, read when first asked for.
struct Headings<'t> {
    bodies: &'t Bodies<'t>,
    options: &'t Options<'t>,
    inherited: &'t Inherited,
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
        let read = self
            .posts
            .get(name)
            .and_then(|spot| Some((*spot, read(spot, self.inherited, self.options, &mut told)?)));
        let Some((spot, (head, body, line))) = read else { return HashSet::new() };
        let body = self.bodies.markdown((&head, &body, line), (spot, name), &mut Report::default());
        document(&body).heading_ids().into_iter().map(str::to_owned).collect()
    }
}

/// The path within the site that the relative link `path` leads to from a page at `address`.
fn from_address(address: &str, path: &str) -> Option<String> {
    let is_relative = !path.is_empty() && !path.starts_with(['/', '\\', '#']) && !path.contains(':');
    let folder = &address[..address.rfind('/').map_or(0, |at| at + 1)];
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let path = path.split(['?', '#']).next()?;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    is_relative.then(|| format!("/{}", parts.join("/")))
}

/// How the bodies of a site's posts are read.
struct Bodies<'t> {
    flavour: Flavour,
    addressing: &'t Addressing,
    names: &'t Names,
}

impl Bodies<'_> {
    /// The body of a post, its tags expanded and its HTML as Markdown.
    fn markdown(
        &self,
        (head, body, line): (&Head, &str, usize),
        (spot, name): (&Spot, &Path),
        told: &mut Report,
    ) -> String {
        let from = spot.path.parent().unwrap_or(Path::new(""));
        let post_of = |key: &str| {
            let found = self.names.find(from, key).map(|other| super::relink::relative(name, other));
            found.map_err(|unknown| match unknown {
                Unknown::None => "there is no post",
                Unknown::Several => "there is more than one post",
            })
        };
        let place = |body: &str, at: usize| line + body[..at].matches('\n').count();
        let mut lost = |at: usize, what: String| told.note(&spot.shown, place(body, at), what);
        let variables = Variables {
            settings: &self.addressing.settings,
            url: self.addressing.url.as_deref(),
            base: &self.addressing.base,
            head,
            set: HashMap::new(),
        };
        let expander = Expander { flavour: self.flavour, post: &post_of, variables, lost: &mut lost };
        let expanded = expander.expand(body);
        let mut lost = |at: usize, what: String| told.note(&spot.shown, place(&expanded, at), what);
        let read = match self.flavour {
            Flavour::Jekyll => kramdown::as_markdown(&expanded, &mut lost),
            Flavour::Hugo => goldmark::as_markdown(&expanded),
        };
        let mut lost = |at: usize, what: String| told.note(&spot.shown, place(&read, at), what);
        let markdown = without_html(self.flavour, &read, &mut lost);
        match self.flavour {
            Flavour::Jekyll => without_attributes(&markdown, &mut |at, what| {
                told.note(&spot.shown, place(&markdown, at), what);
            }),
            Flavour::Hugo => markdown,
        }
    }
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

/// What stands above `<!--more-->` is the summary, when there is none.
fn summarised(post: &mut Post) {
    let Some(more) = ["<!--more-->", "<!-- more -->"].iter().find_map(|mark| post.body.find(mark)) else {
        return;
    };
    if post.head.summary.is_none() {
        post.head.summary = summary_of(&post.body[..more]);
    }
    for mark in ["<!--more-->", "<!-- more -->"] {
        while let Some(at) = post.body.find(mark) {
            let behind = post.body[at + mark.len()..].chars().next();
            let is_within = !post.body[..at].ends_with(char::is_whitespace)
                && behind.is_some_and(|behind| !behind.is_whitespace());
            post.body.replace_range(at..at + mark.len(), if is_within { " " } else { "" });
        }
    }
}

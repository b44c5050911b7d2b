//! The posts of a WordPress export → articles.

mod addresses;
mod content;
mod export;
mod notes;
mod overrides;
mod patterns;
mod shortcodes;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use chrono::{FixedOffset, NaiveDateTime, Offset as _, SecondsFormat, Utc};
use url::Url;

use super::finish::Finish;
use super::head::{Head, HeadImage, one_line, summary_of};
use super::homes::{Homes, on_the_web};
use super::reading::OTHER_LETTERS;
use super::relink::{Links, relative};
use super::shelves::Shelves;
use super::{ImportError, Options, Post, Report};
use crate::article::import_date;
use crate::article::markdown::{document, from_html};
use addresses::{Addresses, Found, Led};
use content::Sources;
use export::{Entry, Item, entries};
use patterns::Patterns;

/// What is gathered before posts are read.
#[derive(Default)]
struct Known {
    /// Authors by login.
    authors: BTreeMap<String, String>,
    /// Addresses and texts of pictures by id.
    pictures: HashMap<String, (String, String)>,
    /// The ids of the pictures that were put into a post, by its id.
    of_posts: HashMap<String, Vec<String>>,
    /// The article that each post becomes, as they follow each other, and what there is to tell of its name.
    planned: VecDeque<(Option<PathBuf>, Report)>,
    addresses: Addresses,
    patterns: Patterns,
}

impl Known {
    /// The pictures of these ids, else those that were put into the post.
    fn gallery(&self, item: &Item, ids: Option<&str>) -> Vec<(String, String)> {
        let named = ids.into_iter().flat_map(|ids| ids.split(',')).map(str::trim);
        let own = self.of_posts.get(&item.id).filter(|_| ids.is_none()).into_iter().flatten();
        let all = named.chain(own.map(String::as_str)).take(100);
        let pictures = all.filter_map(|id| self.pictures.get(id).cloned());
        let is_picture = |src: &str| {
            let src = src.to_lowercase();
            [".jpg", ".jpeg", ".png", ".gif", ".webp"].iter().any(|end| src.ends_with(end))
        };
        pictures.filter(|(src, _)| is_picture(src)).collect()
    }
}

/// Imports the posts of the export at `path`, which is read more than once and, but for its patterns, not held in memory.
///
/// # Errors
/// When it cannot be read, is no export, or nothing can be written.
pub fn wordpress(path: &Path, options: &Options<'_>) -> Result<Report, ImportError> {
    let mut finish = Finish::new(options, Shelves::default());
    let mut known = gather(path, options, &mut finish)?;
    let mut report = Report { authors: known.authors.clone().into_iter().collect(), ..Report::default() };
    entries(path, &mut |entry| {
        let item = match entry {
            Entry::Item(item) => item,
            Entry::OtherLetters(line) => {
                report.note(path, line, OTHER_LETTERS);
                return Ok(());
            }
            Entry::Author { .. } | Entry::Home(_) => return Ok(()),
        };
        *report.passed_over.entry("comments").or_default() += item.comments;
        if let Some(kind) = passed_over(&item) {
            report.pass_over(kind);
            return Ok(());
        }
        let Some((name, mut told)) = known.planned.pop_front() else { return Ok(()) };
        let link = on_the_web(&item.link);
        let post = post(*item, path, &known, options, &mut told);
        for note in told
            .refused
            .iter_mut()
            .chain(&mut told.notes)
            .chain(&mut told.remarks)
            .filter(|note| note.line == 0)
        {
            note.line = post.line;
        }
        let Some(name) = name else {
            report.add(told);
            return Ok(());
        };
        let addresses = &known.addresses;
        let links = Links {
            beside: None,
            address: None,
            is_ours: &|link| addresses.is_ours(link),
            post: &|target| {
                let whole = on_the_web(target).or_else(|| link.as_ref()?.join(target).ok())?;
                Some(relative(&name, addresses.article(whole.as_str())?))
            },
            else_behind: &|url| addresses.else_behind(url),
            has_heading: &|link, id| addresses.has_heading(link, id),
            site: options.site.as_ref().or(link.as_ref()),
        };
        match finish.write(post, &name, &links, &mut told)? {
            Some(_) => report.add(told),
            None => report.unchanged += 1,
        }
        Ok(())
    })?;
    report.passed_over.retain(|_, count| *count > 0);
    Ok(report)
}

/// What an item is, when it is no post that the site shows to all.
fn passed_over(item: &Item) -> Option<&'static str> {
    match (item.kind.as_str(), item.status.as_str()) {
        // It is published for those who know the password alone.
        ("post", "publish" | "future") if !item.password.is_empty() => Some("posts with a password"),
        ("post", "publish") => None,
        ("post", "draft" | "auto-draft" | "pending" | "trash" | "inherit") => Some("drafts"),
        ("post", "private") => Some("private posts"),
        ("post", "future") => Some("posts that wait for their day"),
        ("post", _) => Some("posts of another status"),
        ("page", _) => Some("pages"),
        ("attachment", _) => Some("attachments"),
        ("wp_block", _) => Some("synced patterns"),
        _ => Some("menus, settings and the like"),
    }
}

/// Reads who is who, and what is behind each address: posts link to others that come after them.
fn gather(path: &Path, options: &Options<'_>, finish: &mut Finish<'_>) -> Result<Known, ImportError> {
    let mut known = Known::default();
    let mut homes = Homes::default();
    homes.extend(options.site.iter().map(Url::as_str));
    let mut found = Vec::new();
    let mut with_ids = HashSet::new();
    entries(path, &mut |entry| {
        match entry {
            Entry::Author { login, name } => {
                let name = if name.trim().is_empty() { login.clone() } else { name };
                known.authors.insert(one_line(&login), one_line(&name));
            }
            Entry::Home(url) => homes.extend([url.as_str()]),
            Entry::OtherLetters(_) => {}
            Entry::Item(item) => {
                let led = match passed_over(&item) {
                    None => {
                        let mut told = Report::default();
                        let head = head(&item, &known, options);
                        let stem = head.slug.clone().unwrap_or_default();
                        let name = finish.name(&head, &stem, path, &mut told);
                        known.planned.push_back((name.clone(), told));
                        with_ids.extend(addresses_with_ids(&item));
                        name.map_or(Led::Left("a post that becomes no article"), Led::Post)
                    }
                    Some(_) if item.kind == "attachment" && !item.attachment_url.is_empty() => {
                        let picture = (item.attachment_url.clone(), one_line(&item.alt));
                        known.pictures.insert(item.id.clone(), picture);
                        if !matches!(item.parent.as_str(), "" | "0") {
                            known.of_posts.entry(item.parent.clone()).or_default().push(item.id.clone());
                        }
                        Led::File(item.attachment_url.trim().to_owned())
                    }
                    // WordPress shows no others either.
                    Some(_)
                        if item.kind == "wp_block"
                            && item.status == "publish"
                            && item.password.is_empty() =>
                    {
                        known.patterns.add(&item.id, &item.content);
                        Led::Left("what is no post")
                    }
                    Some(_) => Led::Left(match (item.kind.as_str(), item.status.as_str()) {
                        ("page", _) => "a page",
                        ("post", "private") => "a private post",
                        ("post", "publish") => "a post with a password",
                        ("post", "future") => "a post that waits for its day",
                        ("post", _) => "a draft",
                        _ => "what is no post",
                    }),
                };
                found.push(Found::of(&item, led));
            }
        }
        Ok(())
    })?;
    known.addresses = Addresses::new(homes, found);
    let wanted: HashSet<PathBuf> =
        with_ids.iter().filter_map(|url| known.addresses.article(url)).map(Path::to_owned).collect();
    if !wanted.is_empty() {
        headings(path, &wanted, &mut known)?;
    }
    Ok(known)
}

/// The whole addresses with a heading behind them that a post links to, without it.
fn addresses_with_ids(item: &Item) -> Vec<String> {
    let link = on_the_web(&item.link);
    let marks = item.content.match_indices('#').map(|(at, _)| &item.content[..at]);
    let before = marks.filter_map(|before| {
        let target = &before[before.rfind(['"', '\'', '(', '='])? + 1..];
        // `href="#here"`, and `#` in a text.
        let is_address = !target.is_empty() && target.len() < 500 && !target.contains(['<', '>', ' ', '&']);
        is_address.then_some(target)
    });
    before
        .filter_map(|target| on_the_web(target).or_else(|| link.as_ref()?.join(target).ok()))
        .map(String::from)
        .collect()
}

/// Reads the headings of the posts that become the articles `wanted`.
fn headings(path: &Path, wanted: &HashSet<PathBuf>, known: &mut Known) -> Result<(), ImportError> {
    let mut number = 0;
    let mut found = Vec::new();
    entries(path, &mut |entry| {
        if let Entry::Item(item) = entry
            && passed_over(&item).is_none()
        {
            let name = known.planned.get(number).and_then(|(name, _)| name.as_ref());
            if let Some(name) = name.filter(|name| wanted.contains(*name)) {
                let sources =
                    Sources { gallery: &|_| Vec::new(), patterns: &known.patterns, notes: &item.notes };
                let body = content::markdown(&item.content, sources, &mut |_, _| {});
                let ids = document(&body).heading_ids().into_iter().map(str::to_owned).collect();
                found.push((name.clone(), ids));
            }
            number += 1;
        }
        Ok(())
    })?;
    for (name, ids) in found {
        known.addresses.has_headings(name, ids);
    }
    Ok(())
}

fn post(item: Item, path: &Path, known: &Known, options: &Options<'_>, report: &mut Report) -> Post {
    let line = if item.content_line > 0 { item.content_line } else { item.line };
    let mut told = Vec::new();
    let gallery = |ids: Option<&str>| known.gallery(&item, ids);
    let sources = Sources { gallery: &gallery, patterns: &known.patterns, notes: &item.notes };
    let body = content::markdown(&item.content, sources, &mut |at, what| {
        told.push((line + item.content[..at.min(item.content.len())].matches('\n').count(), what));
    });
    for (line, what) in told {
        report.note(path, line, what);
    }
    let mut head = head(&item, known, options);
    if head.summary.is_none()
        && let Some((above, _)) = item.content.split_once("<!--more")
    {
        // What is lost of it was told with the whole.
        head.summary = summary_of(&content::markdown(above, sources, &mut |_, _| {}));
    }
    Post { head, body, file: path.to_owned(), line, keeps_lines: false, source: item.content }
}

fn head(item: &Item, known: &Known, options: &Options<'_>) -> Head {
    let plain = |html: &str| one_line(&document(&from_html(html).markdown).plain());
    let summary = Some(plain(&item.excerpt)).filter(|text| !text.is_empty());
    let creator = one_line(&item.creator);
    let authors = known.authors.get(&creator).cloned().or(Some(creator)).filter(|name| !name.is_empty());
    let mut tags: Vec<String> = Vec::new();
    for tag in item.categories.iter().map(|tag| plain(tag)) {
        if !tag.is_empty() && tag != "Uncategorized" && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Head {
        title: plain(&item.title),
        date: date(item, options),
        undated: match item.date.trim() {
            "" => "it has no date".to_owned(),
            written => format!("its date is `{written}`, which is none"),
        },
        authors: authors.into_iter().collect(),
        summary,
        tags,
        image: known.pictures.get(item.thumbnail.trim()).map(|(src, alt)| HeadImage {
            src: src.clone(),
            alt: Some(alt.clone()).filter(|alt| !alt.is_empty()),
            caption: None,
        }),
        slug: Some(crate::article::markdown::percent_decode(item.name.trim()))
            .filter(|name| !name.is_empty()),
        ..Head::default()
    }
}

/// The moment it was published. WordPress has it in UTC too, unless that is all noughts: what is between the two is the zone.
fn date(item: &Item, options: &Options<'_>) -> String {
    let read = |text: &str| NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok();
    let gmt = read(&item.date_gmt);
    let offset = gmt.zip(read(&item.date)).map(|(gmt, local)| (local - gmt).num_seconds());
    let zone = offset
        .filter(|offset| offset % 60 == 0 && offset.abs() <= 14 * 3600)
        .and_then(|offset| FixedOffset::east_opt(i32::try_from(offset).ok()?))
        .unwrap_or_else(|| Utc.fix());
    gmt.map(|gmt| gmt.and_utc().with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true))
        .or_else(|| import_date(item.date.trim(), options.timezone))
        .or_else(|| import_date(item.feed_date.trim(), options.timezone))
        .unwrap_or_default()
}

//! The posts of a WordPress export → articles.

mod content;
mod export;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::NaiveDateTime;

use super::finish::Finish;
use super::head::{Head, one_line};
use super::relink::Links;
use super::shelves::Shelves;
use super::{ImportError, Options, Post, Report};
use crate::article::import_date;
use crate::article::markdown::{document, from_html};
use export::{Entry, Item, entries};

/// What posts refer to, gathered before they are read.
#[derive(Default)]
struct Known {
    /// Authors by login.
    authors: BTreeMap<String, String>,
    /// Addresses and texts of pictures by id: only of those that stand at the top of a post.
    pictures: HashMap<String, (String, String)>,
}

/// Imports the posts of the export at `path`, which is read twice and never held in memory.
///
/// # Errors
/// When it cannot be read, is no export, or nothing can be written. What came before a fault is written.
pub fn wordpress(path: &Path, options: &Options<'_>) -> Result<Report, ImportError> {
    let known = gather(path)?;
    let mut report = Report { authors: known.authors.clone().into_iter().collect(), ..Report::default() };
    let mut finish = Finish::new(options, Shelves::default());
    entries(path, &mut |entry| {
        let Entry::Item(item) = entry else { return Ok(()) };
        *report.passed_over.entry("comments").or_default() += item.comments;
        match (item.kind.as_str(), item.status.as_str()) {
            // It is published for those who know the password alone.
            ("post", "publish" | "future") if !item.password.is_empty() => {
                report.pass_over("posts with a password");
                return Ok(());
            }
            ("post", "publish") => {}
            ("post", "draft" | "auto-draft" | "pending" | "trash" | "inherit") => {
                report.pass_over("drafts");
                return Ok(());
            }
            ("post", "private") => {
                report.pass_over("private posts");
                return Ok(());
            }
            ("post", "future") => {
                report.pass_over("posts that wait for their day");
                return Ok(());
            }
            ("post", _) => {
                report.pass_over("posts of another status");
                return Ok(());
            }
            ("page", _) => {
                report.pass_over("pages");
                return Ok(());
            }
            ("attachment", _) => {
                report.pass_over("attachments");
                return Ok(());
            }
            _ => {
                report.pass_over("menus, settings and the like");
                return Ok(());
            }
        }
        let mut told = Report::default();
        let post = post(*item, path, &known, options, &mut told);
        let stem = post.head.slug.clone().unwrap_or_default();
        let name = finish.name(&post.head, &stem, path, &mut told);
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
        match finish.write(post, &name, &Links::NONE, &mut told)? {
            Some(_) => report.add(told),
            None => report.unchanged += 1,
        }
        Ok(())
    })?;
    report.passed_over.retain(|_, count| *count > 0);
    Ok(report)
}

fn gather(path: &Path) -> Result<Known, ImportError> {
    let mut known = Known::default();
    entries(path, &mut |entry| {
        match entry {
            Entry::Author { login, name } => {
                let name = if name.trim().is_empty() { login.clone() } else { name };
                known.authors.insert(one_line(&login), one_line(&name));
            }
            Entry::Item(item) if item.kind == "attachment" && !item.attachment_url.is_empty() => {
                known.pictures.insert(item.id.clone(), (item.attachment_url.clone(), one_line(&item.alt)));
            }
            Entry::Item(_) => {}
        }
        Ok(())
    })?;
    Ok(known)
}

fn post(item: Item, path: &Path, known: &Known, options: &Options<'_>, report: &mut Report) -> Post {
    let line = if item.content_line > 0 { item.content_line } else { item.line };
    let mut told = Vec::new();
    let body = content::markdown(&item.content, &mut |at, what| {
        told.push((line + item.content[..at.min(item.content.len())].matches('\n').count(), what));
    });
    for (line, what) in told {
        report.note(path, line, what);
    }
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
    let head = Head {
        title: plain(&item.title),
        date: date(&item, options),
        authors: authors.into_iter().collect(),
        summary,
        tags,
        image: known
            .pictures
            .get(item.thumbnail.trim())
            .map(|(src, alt)| (src.clone(), Some(alt.clone()).filter(|alt| !alt.is_empty()))),
        slug: Some(crate::article::markdown::percent_decode(item.name.trim()))
            .filter(|name| !name.is_empty()),
        ..Head::default()
    };
    Post { head, body, file: path.to_owned(), line, keeps_lines: false }
}

/// The moment it was published; WordPress has it in UTC too, unless that is all noughts.
fn date(item: &Item, options: &Options<'_>) -> String {
    let gmt = NaiveDateTime::parse_from_str(item.date_gmt.trim(), "%Y-%m-%d %H:%M:%S").ok();
    gmt.map(|gmt| gmt.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .or_else(|| import_date(item.date.trim(), options.timezone))
        .unwrap_or_default()
}

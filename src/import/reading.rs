//! A file of a post → its head and its body.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::front::fields;
use super::head::{Head, head, one_line};
use super::inherited::Inherited;
use super::tree::{Spot, Standing};
use super::{Options, Report};
use crate::article::{import_moment, windows_1252};

/// A post that is larger is no post.
const LARGEST: u64 = 1024 * 1024;

/// What is told of a file in another encoding than UTF-8.
pub(super) const OTHER_LETTERS: &str = "this is not UTF-8 but Windows-1252, and is read as that";

/// The text of a file whose letters are not, or not all, in UTF-8.
fn in_other_letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for piece in bytes.utf8_chunks() {
        text.push_str(piece.valid());
        text.extend(piece.invalid().iter().map(|byte| windows_1252(*byte)));
    }
    text
}

/// Reads a post: its head, its body, and the line on which that begins.
pub(super) fn read(
    spot: &Spot,
    inherited: &Inherited,
    options: &Options<'_>,
    report: &mut Report,
) -> Option<(Head, String, usize)> {
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
            report.note(path, line, OTHER_LETTERS);
            in_other_letters(error.as_bytes())
        }
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (mut fields, at) = match fields(&text) {
        Ok(read) => read,
        Err((line, why)) => {
            report.refuse(path, line, why);
            return None;
        }
    };
    inherited.add(spot, &mut fields);
    let (mut head, bad_date) = head(fields, options.timezone);
    head.draft |= spot.standing == Standing::Draft;
    if head.date.is_empty() {
        head.date = spot.day.clone().unwrap_or_default();
        let is_undated = head.date.is_empty();
        match bad_date {
            None => head.undated = "it has no date, in its head or its file's name".to_owned(),
            Some(bad) => {
                let line = text[..at].lines().position(|line| line.contains(&bad)).map_or(0, |line| line + 1);
                let what = format!("`{bad}` is no date that is read");
                if is_undated {
                    head.undated = format!("{what}; write it as in 2016-03-04");
                    head.undated_line = line;
                } else {
                    report.note(path, line, format!("{what}; the file's name gives {}", head.date));
                }
            }
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
    let moment = |date: &str| import_moment(date, options.timezone);
    let is_past = |date: &str| moment(date).is_some_and(|at| at <= now);
    if let Some(until) = head.not_after.take() {
        if is_past(&until) {
            head.draft = true;
            report.remark(path, format!("its site has not shown it since {until}, so that it is a draft"));
        } else {
            report.remark(path, format!("`expiryDate: {until}` is left out: what has gone out stays"));
        }
    }
    // What waits for a day is that day's, and stays so when the day has passed.
    if let Some(from) = head.not_before.take().filter(|from| moment(from) > moment(&head.date)) {
        head.date = from;
    }
    // A day that there is not is none to come.
    if !head.draft && moment(&head.date).is_some_and(|at| at > now) {
        report.remark(path, format!("its date is yet to come, and it goes out then: {}", head.date));
    }
}

/// `the-ferry-is-back` → `The ferry is back`.
fn title_of(stem: &str) -> String {
    let words = one_line(&stem.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

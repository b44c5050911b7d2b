//! A WordPress export (WXR, an RSS with more) as a stream of its items, in memory that does not grow with the file.
//!
//! No entity but XML's own five is ever resolved, and no document type is read: there is nothing to expand.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::super::ImportError;
use crate::article::windows_1252;

/// A single text, comment or tag of an export is no larger than this.
const LARGEST_PIECE: usize = 16 * 1024 * 1024;
/// WXR nests six deep.
const DEEPEST: usize = 64;

/// What an export holds.
#[derive(Debug)]
pub(super) enum Entry {
    Author {
        login: String,
        name: String,
    },
    /// An address at which the whole site stood.
    Home(String),
    /// It is not in UTF-8; at this line first.
    OtherLetters(usize),
    Item(Box<Item>),
}

/// A post, a page, a picture.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// The line on which its text begins.
    pub(super) content_line: usize,
    pub(super) id: String,
    /// The item that it was put into, by id.
    pub(super) parent: String,
    pub(super) kind: String,
    pub(super) status: String,
    /// Whom it is shown to: those who know this.
    pub(super) password: String,
    pub(super) title: String,
    pub(super) name: String,
    /// Its address on the site.
    pub(super) link: String,
    /// The address it had first, which stays when the site moves.
    pub(super) guid: String,
    /// `_wp_old_slug`: names it had before.
    pub(super) old_names: Vec<String>,
    pub(super) creator: String,
    pub(super) date: String,
    pub(super) date_gmt: String,
    /// As feeds have it: `Fri, 04 Mar 2016 11:00:00 +0000`.
    pub(super) feed_date: String,
    pub(super) content: String,
    pub(super) excerpt: String,
    pub(super) categories: Vec<String>,
    pub(super) attachment_url: String,
    /// `_thumbnail_id`: the picture at the top, by its id.
    pub(super) thumbnail: String,
    /// `_wp_attachment_image_alt`
    pub(super) alt: String,
    /// `footnotes`: their texts, in JSON.
    pub(super) notes: String,
    pub(super) comments: usize,
}

/// Bytes of a file as UTF-8: what is none is read as Windows-1252, and what XML allows no document to hold is replaced.
struct Clean<R> {
    inner: R,
    /// An unfinished letter from the end of the last piece.
    rest: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    /// Bytes read since the last event.
    since: Rc<Cell<usize>>,
    /// Lines read until now, and the first of them that is not in UTF-8.
    lines: usize,
    odd: Rc<Cell<Option<usize>>>,
}

impl<R: Read> Read for Clean<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            let mut piece = std::mem::take(&mut self.rest);
            let kept = piece.len();
            piece.resize(kept + 32 * 1024, 0);
            let read = self.inner.read(&mut piece[kept..])?;
            piece.truncate(kept + read);
            if piece.is_empty() {
                return Ok(0);
            }
            self.out.clear();
            self.at = 0;
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let (good, bad) = match std::str::from_utf8(rest) {
                    Ok(text) => (text, None),
                    Err(error) => {
                        let good = &rest[..error.valid_up_to()];
                        (std::str::from_utf8(good).unwrap_or_default(), Some(error.error_len()))
                    }
                };
                let clean =
                    |c: char| if c.is_control() && !matches!(c, '\n' | '\t' | '\r') { '\u{fffd}' } else { c };
                self.out.extend(good.chars().map(clean).collect::<String>().into_bytes());
                rest = &rest[good.len()..];
                self.lines += good.matches('\n').count();
                match bad {
                    None => break,
                    Some(None) if read > 0 => {
                        self.rest = rest.to_vec();
                        break;
                    }
                    Some(length) => {
                        let (bad, behind) = rest.split_at(length.unwrap_or(rest.len()));
                        self.out.extend(
                            bad.iter().map(|byte| windows_1252(*byte)).collect::<String>().into_bytes(),
                        );
                        self.odd.set(self.odd.get().or(Some(1 + self.lines)));
                        rest = behind;
                    }
                }
            }
        }
        let length = buffer.len().min(self.out.len() - self.at);
        buffer[..length].copy_from_slice(&self.out[self.at..self.at + length]);
        self.at += length;
        self.since.set(self.since.get() + length);
        if self.since.get() > LARGEST_PIECE {
            return Err(io::Error::other("a single piece of it is larger than 16 MiB"));
        }
        Ok(length)
    }
}

/// Reads the export at `path`, and hands each of its entries to `each`.
pub(super) fn entries(
    path: &Path,
    each: &mut dyn FnMut(Entry) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let unreadable = |source| ImportError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        let why = "is no file; name the .xml file that WordPress's Tools → Export gives";
        return Err(ImportError::Strange { path: path.to_owned(), why });
    }
    let since = Rc::new(Cell::new(0));
    let odd = Rc::new(Cell::new(None));
    let clean = Clean {
        inner: file,
        rest: Vec::new(),
        out: Vec::new(),
        at: 0,
        since: Rc::clone(&since),
        lines: 0,
        odd: Rc::clone(&odd),
    };
    let mut reader = Reader::from_reader(BufReader::new(clean));
    // An `&` that stands for itself is a mistake that many exports have.
    reader.config_mut().allow_dangling_amp = true;
    let mut walk =
        Walk { path, line: 1, open: Vec::new(), text: String::new(), item: None, author: None, meta: None };
    let mut buffer = Vec::new();
    let mut is_export = false;
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| match error {
            // Its errors of this kind are all one: the file has ended before something that was begun.
            Error::Syntax(_) if is_export => walk.cut(),
            error => walk.wrong(error.to_string()),
        })?;
        since.set(0);
        let ended = matches!(event, Event::Eof);
        is_export |= matches!(&event, Event::Start(tag) if tag.name().as_ref() == "rss");
        let entry = walk.event(event)?;
        walk.line += buffer.iter().filter(|b| **b == b'\n').count();
        buffer.clear();
        if let Some(entry) = entry {
            each(entry)?;
        }
        if ended && !is_export {
            return Err(
                walk.wrong("it has no `<rss>`; name the .xml file that Tools → Export gives".to_owned())
            );
        }
        if ended && !walk.open.is_empty() {
            return Err(walk.cut());
        }
        if ended {
            return odd.get().map_or(Ok(()), |line| each(Entry::OtherLetters(line)));
        }
    }
}

struct Walk<'a> {
    path: &'a Path,
    line: usize,
    /// The elements that are open, by name.
    open: Vec<String>,
    /// What the innermost element says.
    text: String,
    item: Option<Box<Item>>,
    author: Option<(String, String)>,
    /// The key of the `wp:postmeta` that is open.
    meta: Option<String>,
}

impl Walk<'_> {
    fn wrong(&self, why: String) -> ImportError {
        ImportError::Xml { path: self.path.to_owned(), line: self.line, why }
    }

    fn cut(&self) -> ImportError {
        ImportError::Cut { path: self.path.to_owned(), line: self.line }
    }

    fn event(&mut self, event: Event<'_>) -> Result<Option<Entry>, ImportError> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::End(_) => return Ok(self.end()),
            Event::Text(text) => self.say(&text.xml10_content())?,
            Event::CData(text) => self.say(&text.xml10_content())?,
            Event::GeneralRef(name) => match (name.resolve_char_ref(), name.as_ref()) {
                (Ok(Some(c)), _) => self.say(c.encode_utf8(&mut [0; 4]))?,
                (_, "amp") => self.say("&")?,
                (_, "lt") => self.say("<")?,
                (_, "gt") => self.say(">")?,
                (_, "quot") => self.say("\"")?,
                (_, "apos") => self.say("'")?,
                // HTML's own are read as HTML later; a document's own are never expanded.
                (_, other) => self.say(&format!("&{other};"))?,
            },
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::Eof => {}
        }
        Ok(None)
    }

    fn say(&mut self, text: &str) -> Result<(), ImportError> {
        if self.text.len() + text.len() > LARGEST_PIECE {
            return Err(self.wrong("a single text of it is larger than 16 MiB".to_owned()));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ImportError> {
        if self.open.len() >= DEEPEST {
            return Err(self.wrong("it is nested deeper than an export is".to_owned()));
        }
        let mut name = tag.name().as_ref().chars().take(100).collect::<String>();
        let domain = tag.try_get_attribute("domain").ok().flatten();
        if name == "category" && domain.is_some_and(|domain| domain.value == "post_format") {
            // "Aside", "Gallery": how its theme shows a post, and not what it is about.
            name = "post format".to_owned();
        }
        match name.as_str() {
            "item" => self.item = Some(Box::new(Item { line: self.line, ..Item::default() })),
            "wp:author" => self.author = Some(Default::default()),
            "content:encoded" => {
                if let Some(item) = &mut self.item {
                    item.content_line = self.line;
                }
            }
            _ => {}
        }
        self.open.push(name);
        self.text.clear();
        Ok(())
    }

    fn end(&mut self) -> Option<Entry> {
        let name = self.open.pop()?;
        let text = std::mem::take(&mut self.text);
        if let Some((login, display)) = &mut self.author {
            match name.as_str() {
                "wp:author_login" => *login = text,
                "wp:author_display_name" => *display = text,
                "wp:author" => {
                    let (login, name) = self.author.take()?;
                    return Some(Entry::Author { login, name });
                }
                _ => {}
            }
            return None;
        }
        let Some(item) = self.item.as_mut() else {
            // `<channel><link>`, and not that of the site's logo.
            let is_home = name == "wp:base_blog_url" || name == "link" && self.open.len() == 2;
            return is_home.then_some(Entry::Home(text));
        };
        match name.as_str() {
            "title" => item.title = text,
            "link" => item.link = text,
            "guid" => item.guid = text,
            "dc:creator" => item.creator = text,
            "content:encoded" => item.content = text,
            "excerpt:encoded" => item.excerpt = text,
            "wp:post_id" => item.id = text,
            "wp:post_parent" => item.parent = text,
            "wp:post_name" => item.name = text,
            "pubDate" => item.feed_date = text,
            "wp:post_date" => item.date = text,
            "wp:post_date_gmt" => item.date_gmt = text,
            "wp:post_type" => item.kind = text,
            "wp:status" => item.status = text,
            "wp:post_password" => item.password = text,
            "wp:attachment_url" => item.attachment_url = text,
            "wp:comment" => item.comments += 1,
            "wp:meta_key" => self.meta = Some(text),
            "wp:meta_value" => match self.meta.as_deref() {
                Some("_thumbnail_id") => item.thumbnail = text,
                Some("_wp_attachment_image_alt") => item.alt = text,
                Some("footnotes") => item.notes = text,
                Some("_wp_old_slug") if item.old_names.len() < 50 => item.old_names.push(text),
                _ => {}
            },
            "category" if item.categories.len() < 200 => item.categories.push(text),
            "item" => return self.item.take().map(Entry::Item),
            _ => {}
        }
        None
    }
}

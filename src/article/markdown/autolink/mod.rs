//! Addresses that stand bare in the text become links, as in GitHub's Markdown ("extended autolinks"): `https://`,
//! `http://` and `www.`. What ends a sentence, or closes a bracket that the address did not open, is not theirs.
//!
//! Two things differ from there: `www.` leads to `https://`, and marks of typography (`“…”`, `—`, `。`) end an address,
//! since no address holds them as they are.

mod address;

use std::ops::Range;
use std::vec::IntoIter;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use address::{Bare, bare};

/// An event, and its bytes in the source.
type Placed<'a> = (Event<'a>, Range<usize>);

/// The `events` of `source` with bare addresses made links, as if they stood between angle brackets.
pub(super) fn linked<'a>(source: &'a str, events: impl Iterator<Item = Placed<'a>>) -> IntoIter<Placed<'a>> {
    let events: Vec<Placed<'a>> = events.collect();
    if !source.contains("://") && !source.contains("www.") {
        return events.into_iter();
    }
    let mut out = Vec::with_capacity(events.len());
    let mut inside = Inside::default();
    let mut events = events.into_iter().peekable();
    while let Some((event, span)) = events.next() {
        inside.follow(&event);
        if !matches!(event, Event::Text(_)) || inside.is_closed() {
            out.push((event, span));
            continue;
        }
        let mut run = Run::default();
        run.add(source, event, span);
        while let Some((event, span)) = events.peek() {
            let goes_on = match event {
                Event::Text(_) => run.meets(source, span),
                // Marks of emphasis within an address are a part of it.
                Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough) => {
                    run.meets(source, span) && run.is_in_address && is_one_word(&source[span.clone()])
                }
                _ => false,
            };
            if !goes_on {
                break;
            }
            let end = span.end;
            let mut piece: Vec<Placed<'a>> = events.next().into_iter().collect();
            if !matches!(piece.as_slice(), [(Event::Text(_), _)]) {
                while let Some(inner) = events.next_if(|(_, inner)| inner.end <= end && inner.start < end) {
                    piece.push(inner);
                }
            }
            run.add_piece(source, piece);
        }
        run.write(&mut out);
    }
    out.into_iter()
}

/// Whether a link may begin: not in another, in the description of a picture, in code, or in a tag of raw HTML that
/// is one of these.
#[derive(Default)]
struct Inside<'a> {
    depth: usize,
    tag: Option<&'a str>,
}

/// Tags of raw HTML whose text is a link already, or code.
const CLOSED_TAGS: [&str; 7] = ["a", "code", "pre", "kbd", "samp", "script", "style"];

impl Inside<'_> {
    fn follow(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                self.depth += 1;
            }
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                self.depth = self.depth.saturating_sub(1);
            }
            // What was left open ends with its block.
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell) => {
                self.tag = None;
            }
            Event::InlineHtml(html) => self.tag(html),
            _ => {}
        }
    }

    fn tag(&mut self, html: &str) {
        let is = |rest: &str, name: &str| {
            let (begins, ends) = (rest.get(..name.len()), rest.get(name.len()..).unwrap_or_default());
            begins.is_some_and(|begins| begins.eq_ignore_ascii_case(name))
                && ends.starts_with(|c: char| c == '>' || c == '/' || c.is_whitespace())
        };
        match (html.strip_prefix("</"), html.strip_prefix('<'), self.tag) {
            (Some(rest), _, Some(open)) if is(rest, open) => self.tag = None,
            (None, Some(rest), None) => self.tag = CLOSED_TAGS.into_iter().find(|name| is(rest, name)),
            _ => {}
        }
    }

    fn is_closed(&self) -> bool {
        self.depth > 0 || self.tag.is_some()
    }
}

/// Text that Markdown parted at its signs, put together again.
#[derive(Default)]
struct Run<'a> {
    /// As it was written, but for escapes and entities: these stand for what they mean.
    text: String,
    pieces: Vec<Piece<'a>>,
    /// Where its last word begins.
    word: usize,
    /// Whether an address may have begun in that word.
    is_in_address: bool,
}

struct Piece<'a> {
    /// Its bytes in the run's text.
    at: Range<usize>,
    span: Range<usize>,
    events: Vec<Placed<'a>>,
}

impl Piece<'_> {
    /// Where the byte `at` of the run's text stands in the source.
    fn place(&self, at: usize) -> usize {
        match at - self.at.start {
            0 => self.span.start,
            _ if at == self.at.end => self.span.end,
            // Only what was written as it is can be cut.
            within => self.span.start + within,
        }
    }
}

impl<'a> Run<'a> {
    fn add(&mut self, source: &'a str, event: Event<'a>, span: Range<usize>) {
        self.add_piece(source, vec![(event, span)]);
    }

    fn add_piece(&mut self, source: &'a str, events: Vec<Placed<'a>>) {
        let [(event, span), ..] = events.as_slice() else { return };
        let (span, start) = (span.clone(), self.text.len());
        let written = &source[span.clone()];
        match event {
            // `&amp;` is an `&`; `--` and `'` are no dash and no quote while they may be of an address.
            Event::Text(text) if written.starts_with('&') => self.text.push_str(text),
            _ => self.text.push_str(written),
        }
        self.pieces.push(Piece { at: start..self.text.len(), span, events });
        if let Some((at, space)) = self.text[start..].char_indices().rfind(|(_, c)| c.is_whitespace()) {
            self.word = start + at + space.len_utf8();
            self.is_in_address = false;
        }
        // Markdown may part a scheme too: a few bytes before are looked at again.
        let mut from = start.saturating_sub(4).max(self.word);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        let new = &self.text[from..];
        self.is_in_address |= new.contains("://") || new.contains("www.");
    }

    /// Whether what stands at `span` goes on from here; a backslash between makes a sign of it.
    fn meets(&self, source: &str, span: &Range<usize>) -> bool {
        let end = self.pieces.last().map_or(0, |piece| piece.span.end);
        source.get(end..span.start).is_some_and(|between| matches!(between, "" | "\\"))
    }

    /// The events of the run, with its addresses as links.
    fn write(self, out: &mut Vec<Placed<'a>>) {
        let mut found = bare(&self.text).into_iter().peekable();
        for piece in self.pieces {
            let mut at = piece.at.start;
            let is_free = found.peek().is_none_or(|link| link.at.start >= piece.at.end);
            if is_free {
                out.extend(piece.events);
                continue;
            }
            while at < piece.at.end {
                let Some(link) = found.peek().filter(|link| link.at.start < piece.at.end) else {
                    out.push(text(&self.text, at..piece.at.end, piece.place(at)..piece.span.end));
                    break;
                };
                if at < link.at.start {
                    let place = piece.place(at)..piece.place(link.at.start);
                    out.push(text(&self.text, at..link.at.start, place));
                    at = link.at.start;
                }
                if at == link.at.start {
                    out.push((Event::Start(link.tag()), piece.place(at)..piece.place(at)));
                }
                let end = link.at.end.min(piece.at.end);
                out.push(text(&self.text, at..end, piece.place(at)..piece.place(end)));
                if end == link.at.end {
                    close(out, piece.place(end));
                    found.next();
                }
                at = end;
            }
        }
    }
}

impl Bare {
    fn tag<'a>(&self) -> Tag<'a> {
        Tag::Link {
            link_type: LinkType::Autolink,
            dest_url: self.target.clone().into(),
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        }
    }
}

fn text<'a>(whole: &str, at: Range<usize>, span: Range<usize>) -> Placed<'a> {
    (Event::Text(whole[at].to_owned().into()), span)
}

/// Ends the link that was begun last, at `end`; both of its events have all of its place.
fn close(out: &mut Vec<Placed<'_>>, end: usize) {
    let begun = out.iter_mut().rev().find(|(event, _)| matches!(event, Event::Start(Tag::Link { .. })));
    if let Some((_, span)) = begun {
        span.end = end;
        let span = span.clone();
        out.push((Event::End(TagEnd::Link), span));
    }
}

fn is_one_word(written: &str) -> bool {
    !written.contains(|c: char| c.is_whitespace() || c == '<' || c == '`')
}

#[cfg(test)]
mod tests;

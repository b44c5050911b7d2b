//! What an editor would say of a manuscript that has no mistake.

use std::ops::Range;

use chrono::{DateTime, Datelike, Utc};

use super::super::findings::Findings;
use super::super::front_matter::FrontMatter;
use super::super::load::LoadOptions;
use super::super::markdown::{self, Document, Seen, What};
use super::numbers::{self, Known};
use super::{links, markup, shortened, tags, words};

/// The longest highlight, summary (in characters) and paragraph (in words) that read well.
const LONGEST_HIGHLIGHT: usize = 160;
const LONGEST_SUMMARY: usize = 300;
const LONGEST_PARAGRAPH: usize = 150;

/// What is asked for in a finished article only.
const WHEN_FINISHED: [&str; 5] =
    ["long-summary", "missing-summary", "placeholder", "missing-attachment", "stale-year"];

/// An article as it was written.
#[derive(Debug, Clone, Copy)]
pub(in crate::article) struct Manuscript<'a> {
    pub(in crate::article) front: &'a FrontMatter,
    pub(in crate::article) document: &'a Document,
    /// The text below the front matter.
    pub(in crate::article) body: &'a str,
    /// Where it begins in the file.
    pub(in crate::article) offset: usize,
    pub(in crate::article) options: &'a LoadOptions,
    pub(in crate::article) now: DateTime<Utc>,
}

/// Checks the whole of a manuscript. What is only missing is not asked for while it is a draft, or has an error.
pub(in crate::article) fn editorial(manuscript: &Manuscript<'_>, findings: &mut Findings) {
    let is_finished = !findings.has_errors() && !manuscript.front.draft;
    links::look(&manuscript.document.seen, manuscript.offset, findings);
    for link in &manuscript.front.links {
        links::of_head(link, findings);
    }
    manuscript.headings(findings);
    manuscript.paragraphs(findings);
    manuscript.highlights(findings);
    manuscript.pictures(findings);
    manuscript.tags(findings);
    manuscript.passwords(findings);
    markup::look(manuscript, findings);
    if is_finished {
        manuscript.summary(findings);
        manuscript.unfinished(findings);
    } else {
        findings.leave_out(&WHEN_FINISHED);
    }
}

impl Manuscript<'_> {
    pub(super) fn at(&self, span: &Range<usize>) -> Range<usize> {
        self.offset + span.start..self.offset + span.end
    }

    fn headings(&self, findings: &mut Findings) {
        let mut last: Option<u8> = None;
        for (number, Seen { what, span }) in self.document.seen.iter().enumerate() {
            let What::Heading { level, .. } = what else { continue };
            if let Some(last) = last.filter(|last| *level > last + 1) {
                let line = self.body[span.clone()].trim_end();
                let length = line.find('\n').unwrap_or(line.len());
                findings.report(
                    "skipped-heading",
                    self.at(&(span.start..span.start + length)),
                    format!("a heading of level {level} follows one of level {last}"),
                    format!("write `{}`, the level beneath it", "#".repeat(usize::from(last) + 1)),
                );
                if let Some(edits) = self.lifted(number, *level, level - last - 1) {
                    findings.fixed_by("lifts it, and the headings beneath it", edits);
                }
            }
            last = Some(*level);
        }
    }

    /// The heading `first` of `level`, and those that follow it at its level and beneath it, by `steps` higher.
    fn lifted(&self, first: usize, level: u8, steps: u8) -> Option<Vec<(Range<usize>, String)>> {
        let mut edits = Vec::new();
        for Seen { what, span } in &self.document.seen[first..] {
            let What::Heading { level: other, .. } = what else { continue };
            if *other < level {
                break;
            }
            let signs = &self.body[span.clone()];
            let written = signs.len() - signs.trim_start_matches('#').len();
            // One of HTML has no signs to take away.
            if written != usize::from(*other) {
                return None;
            }
            edits.push((self.at(&(span.start..span.start + usize::from(steps))), String::new()));
        }
        Some(edits)
    }

    fn paragraphs(&self, findings: &mut Findings) {
        for span in &self.document.paragraphs {
            let text = &self.body[span.clone()];
            // The shortest word and its space.
            if text.len() < LONGEST_PARAGRAPH * 2 {
                continue;
            }
            let words = markdown::count_words(text);
            if words > LONGEST_PARAGRAPH {
                let first = text
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(60)
                    .map(char::len_utf8)
                    .sum::<usize>();
                findings.report(
                    "long-paragraph",
                    self.at(&(span.start..span.start + first)),
                    format!("this paragraph has {words} words, which fill the screen of a telephone"),
                    "break it where a new thought begins",
                );
            }
        }
    }

    fn highlights(&self, findings: &mut Findings) {
        let front = self.front;
        // Whoever writes the head first has no text yet.
        let has_text = !self.body.trim().is_empty();
        if !has_text {
            findings.leave_out(&["number-not-in-text"]);
        }
        if let count @ 1..=2 = front.highlights.len() + front.wrong_highlights {
            let (is, s) = if count == 1 { ("is", "") } else { ("are", "s") };
            findings.report(
                "few-highlights",
                front.highlights_place.clone(),
                format!("there {is} {count} highlight{s}"),
                "write three to seven: they are what most readers read",
            );
        }
        let places = front.highlight_places.iter();
        let mut known: Option<Known> = None;
        for (highlight, place) in front.highlights.iter().zip(places) {
            let plain = markdown::plain(highlight);
            let length = plain.chars().count();
            if length > LONGEST_HIGHLIGHT {
                findings.report(
                    "long-highlight",
                    place.clone(),
                    format!("this highlight has {length} characters"),
                    format!("say it in {LONGEST_HIGHLIGHT}, and the rest in the text"),
                );
            }
            if !has_text || !plain.contains(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let known = known.get_or_insert_with(|| self.numbers());
            for number in numbers::missing(&plain, known) {
                let number = &plain[number];
                let source = findings.source(place.clone());
                let span = source
                    .find(number)
                    .map_or_else(|| place.clone(), |at| place.start + at..place.start + at + number.len());
                findings.report(
                    "number-not-in-text",
                    span,
                    format!("the text has no `{number}`"),
                    "check the number, or let the text say where it comes from",
                );
            }
        }
    }

    fn numbers(&self) -> Known {
        let mut text = self.document.plain();
        if let Some(image) = &self.front.image {
            text.push_str(&markdown::plain(image.caption.as_deref().unwrap_or_default()));
            text.push('\n');
            text.push_str(&image.alt);
        }
        Known::of(&text, self.front.dated.map(|dated| dated.day))
    }

    fn pictures(&self, findings: &mut Findings) {
        let front = self.front.image.iter().filter_map(|image| {
            Some((image.alt.as_str(), image.src.as_str(), self.front.alt_place.clone()?))
        });
        let body = self.document.seen.iter().filter_map(|seen| match &seen.what {
            What::Image { src, alt } => Some((alt.as_str(), src.as_str(), self.at(&seen.span))),
            _ => None,
        });
        for (alt, src, span) in front.chain(body) {
            if words::is_useless_alt(alt, src) {
                findings.report(
                    "useless-alt",
                    span,
                    format!("`{}` does not say what is to be seen", shortened(alt)),
                    "write what the picture shows: `A white ferry at the quay`",
                );
            }
        }
    }

    fn summary(&self, findings: &mut Findings) {
        match (&self.front.summary, &self.front.summary_place) {
            (Some(summary), Some(place)) => {
                let length = summary.chars().count();
                if length > LONGEST_SUMMARY {
                    findings.report(
                        "long-summary",
                        place.clone(),
                        format!("the summary has {length} characters"),
                        "keep to a sentence or two: inboxes show about 100 characters of it",
                    );
                }
            }
            (_, Some(_)) => {}
            (_, None) => findings.report(
                "missing-summary",
                self.front.title_place.clone(),
                "there is no `summary`",
                "write `summary: ` and a sentence or two: the inbox shows it beside the subject",
            ),
        }
    }

    /// Tags that another program would have replaced.
    fn tags(&self, findings: &mut Findings) {
        let front = self.front;
        let heads = [Some(&front.title_place), front.summary_place.as_ref()].into_iter().flatten();
        let heads = heads.chain(&front.highlight_places).map(|span| (span.clone(), span.end));
        let end = self.offset + self.body.len();
        let body = self.document.words.iter().map(|span| (self.at(span), end));
        let mut told = 0;
        for (span, end) in heads.chain(body) {
            // A tag may hold signs of Markdown, at which the text is parted; code is no text.
            while let Some(tag) = tags::first(findings.text(), span.start.max(told)..span.end, end) {
                told = tag.end;
                let shown = shortened(findings.source(tag.clone()).lines().next().unwrap_or_default());
                findings.report(
                    "template-tag",
                    tag,
                    format!("`{shown}` goes out as it stands: there is no program here that replaces it"),
                    "write what is meant; `straight import jekyll` and `hugo` do so for a whole site",
                );
            }
        }
    }

    /// Addresses in the text that hold a password.
    fn passwords(&self, findings: &mut Findings) {
        for span in self.document.words.iter().map(|span| self.at(span)) {
            let text = findings.source(span.clone()).to_owned();
            for at in words::passwords(&text) {
                findings.report(
                    "shown-password",
                    span.start + at.start..span.start + at.end,
                    "this address holds a name and a password, which every reader sees",
                    "write it without them, and change the password if it was ever sent",
                );
            }
        }
    }

    /// What was to be written, to be attached, or to be brought up to date.
    fn unfinished(&self, findings: &mut Findings) {
        let front = self.front;
        let heads = [Some(&front.title_place), front.summary_place.as_ref()].into_iter().flatten();
        let heads = heads.chain(&front.highlight_places).cloned();
        let runs = self.document.runs();
        let body = runs.iter().map(|span| self.at(span));
        let year = self.now.with_timezone(&self.options.timezone).year();
        for span in &front.credit_places {
            let text = findings.source(span.clone()).to_owned();
            placeholders(&text, span.start, findings);
        }
        let mut told_attachment = false;
        for span in heads.chain(body) {
            let text = findings.source(span.clone()).to_owned();
            placeholders(&text, span.start, findings);
            if let Some(at) = words::attachment(&text, &self.options.language).filter(|_| !told_attachment) {
                told_attachment = true;
                findings.report(
                    "missing-attachment",
                    span.start + at.start..span.start + at.end,
                    "an edition has no attachments",
                    "put the file on the web, and link to it",
                );
            }
            // What somebody else has written, or has a right in, is theirs to date.
            let quoted = findings.text()[..span.start]
                .rsplit('\n')
                .next()
                .is_some_and(|l| l.trim_start().starts_with('>'));
            if let Some((at, stale)) = stale_year(&text, year).filter(|_| !quoted) {
                findings.report(
                    "stale-year",
                    span.start + at.start..span.start + at.end,
                    format!("this copyright is of {stale}, and it is {year}"),
                    "bring it up to date, or leave it to the footer of the edition",
                );
            }
        }
    }
}

/// Tells of what stands for something that was to be written, in a text that begins at byte `start`.
fn placeholders(text: &str, start: usize, findings: &mut Findings) {
    for at in words::placeholders(text) {
        findings.report(
            "placeholder",
            start + at.start..start + at.end,
            format!("`{}` stands where something was to be written", &text[at]),
            "write it, or let `draft: true` stand in the front matter until it is known",
        );
    }
}

/// The latest year of a line of copyright, when it is over.
fn stale_year(text: &str, now: i32) -> Option<(Range<usize>, i32)> {
    let sign = text.find('©').map(|at| at + '©'.len_utf8());
    let word = ["Copyright", "copyright", "COPYRIGHT", "(c)", "(C)"]
        .iter()
        .find_map(|word| Some(text.find(word)? + word.len()));
    let from = sign.or(word)?;
    // The years stand beside the sign: `© 2019–2023 The Post`, `Copyright (c) 2023`.
    let near: usize = text[from..].chars().take(24).map(char::len_utf8).sum();
    let near = &text[from..from + near];
    let mut latest: Option<(Range<usize>, i32)> = None;
    let mut at = 0;
    for part in near.split(|c: char| !c.is_ascii_digit()) {
        if part.len() == 4
            && let Ok(year @ 1900..2200) = part.parse::<i32>()
            && latest.as_ref().is_none_or(|(_, latest)| year > *latest)
        {
            latest = Some((from + at..from + at + 4, year));
        }
        at += part.len() + near[at + part.len()..].chars().next().map_or(0, char::len_utf8);
    }
    let theirs = |at: &Range<usize>| {
        let behind = text[at.end..].trim_start_matches([' ', ',']);
        behind.to_lowercase().starts_with("by ") || is_credit(&text[..from])
    };
    latest.filter(|(at, year)| *year < now && !theirs(at))
}

/// Whether a text that ends with the sign of copyright says whose a picture is: a word of those stands a few words before.
fn is_credit(before: &str) -> bool {
    const NEAR: usize = 8;
    const PICTURES: [&str; 21] = [
        "photo",
        "photos",
        "photograph",
        "photographs",
        "photography",
        "photographer",
        "picture",
        "pictures",
        "image",
        "images",
        "foto",
        "fotos",
        "fotografie",
        "fotograf",
        "fotografin",
        "bild",
        "bilder",
        "bildnachweis",
        "bildquelle",
        "صورة",
        "الصورة",
    ];
    // `Symbolbild` and `Archivfoto` are pictures too; `Ausbildung` is none.
    before.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).rev().take(NEAR).any(
        |word| {
            let word = word.to_lowercase();
            PICTURES.iter().any(|picture| word.ends_with(picture))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copyright_that_is_over_is_stale() {
        let stale = |text| stale_year(text, 2026).map(|(at, _)| text[at].to_owned());
        assert_eq!(stale("© 2023 The Post").as_deref(), Some("2023"));
        assert_eq!(stale("Copyright (c) 2019–2024, The Post").as_deref(), Some("2024"));
        // Words that hold one of a picture's, and one that stands far from the sign.
        for text in [
            "Ausbildung © 2019 Die Post",
            "Imagery of the sea. © 2019 The Post",
            "The picture changed, as all had said it would before the year was out. © 2019 The Post",
        ] {
            assert_eq!(stale(text).as_deref(), Some("2019"), "{text}");
        }
        for text in [
            "Bild: A. B. Becker / Agentur, © 2024",
            "(Photo) © 2024 The Post",
            "Symbolbild: © 2024 dpa",
            "Archivfoto © 2024",
            "Foto:Becker/Agentur © 2024",
            "© 2019–2026 The Post",
            "© The Post",
            "© 2024 by the Kalgoorlie Miner",
            "Photograph: Ada, © 2024",
            "copyright law of the year that was called by many 1976",
            "2019",
        ] {
            assert_eq!(stale(text), None, "{text}");
        }
    }
}

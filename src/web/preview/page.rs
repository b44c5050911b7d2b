//! The words of the page.

use serde_json::{Value, json};
use tera::{Context, Tera};

use super::choice::{Choice, Scheme, Shown, View, Width};
use super::message::Reader;
use super::sheet::{Proof, Sheet, Standing};
use super::{Audience, Preview, asking, facts};
use crate::article::subject::{self, SubjectLength};
use crate::diagnostic::{Counts, Diagnostic};
use crate::edition::{self, EditionLink, LinkFault, LinkKind, LinkWeight, Slot};
use crate::press::Withheld;
use crate::probe::State;
use crate::store::Course;
use crate::subscriber::Subscriber;
use crate::words::{dates, direction};

pub(super) const STYLE: &str = include_str!("../../../templates/preview/preview.css");
pub(super) const SCRIPT: &str = include_str!("../../../templates/preview/preview.js");

/// Sizes of the HTML in bytes: what to aim at, what to stay below, and where Gmail clips a message.
const AIM: usize = 20 * 1024;
const LIMIT: usize = 60 * 1024;
const CLIPPED: usize = 102 * 1024;
/// The right end of the meter.
const METER: usize = 120 * 1024;
/// Its width in the units of its drawing.
const METER_UNITS: usize = 300;

/// The page's templates, compiled.
pub(super) struct Templates {
    tera: Tera,
    /// Of style and script: their addresses change with them.
    pub(super) version: String,
}

impl Templates {
    pub(super) fn new() -> Self {
        let mut tera = Tera::new();
        let files = [
            ("page.html", include_str!("../../../templates/preview/page.html")),
            ("views.html", include_str!("../../../templates/preview/views.html")),
            ("findings.html", include_str!("../../../templates/preview/findings.html")),
        ];
        tera.add_raw_templates(files).expect("a test compiles the preview's templates");
        let version = crate::web::digest::hash(&format!("{STYLE}{SCRIPT}"));
        Templates { tera, version }
    }

    pub(super) fn page(&self, words: &Value) -> Result<String, tera::Error> {
        self.tera.render("page.html", &Context::from_serialize(words)?)
    }
}

/// The colour and the heading of an edition that a person keeps from going out.
fn withheld(why: &Withheld) -> (&'static str, &'static str) {
    match why {
        Withheld::Decided(decision) => match decision.course {
            Course::Paused | Course::Resumed => ("warning", "Held"),
            Course::Cancelled => ("note", "Called off"),
        },
        Withheld::Unapproved => ("warning", "Waits for approval"),
        Withheld::Changed(_) => ("error", "Changed since it was approved"),
        Withheld::Early(_) => ("warning", "Approved for another hour"),
        Withheld::Overtaken => ("note", "Decided about just now"),
    }
}

/// The readers that were found.
pub(super) struct Found {
    pub(super) words: String,
    pub(super) readers: Vec<Subscriber>,
    pub(super) more: bool,
}

/// What a page is made from.
pub(super) struct Page<'a> {
    pub(super) preview: &'a Preview,
    pub(super) sheet: &'a Sheet,
    pub(super) proof: Option<&'a Proof>,
    pub(super) choice: &'a Choice,
    pub(super) reader: &'a Reader,
    pub(super) found: Option<Found>,
}

impl Page<'_> {
    pub(super) fn words(&self) -> Value {
        let sheet = self.sheet;
        let publication = &sheet.config.publication;
        let links = self.proof.map(|proof| edition::links(&proof.rendered.html, &publication.public_url));
        let links = links.unwrap_or_default();
        let day = dates::with_weekday(sheet.key.date(), "en-GB");
        let (named, more_waiting) = edition::to_be_named(&sheet.waiting);
        json!({
            "asset": self.preview.templates.version,
            "token": self.preview.form_token,
            "version": sheet.version,
            "publication": publication.name,
            "language": publication.language,
            "direction": direction::of_language(&publication.language),
            "key": sheet.key.to_string(),
            "day": day,
            "standing": self.standing(),
            "problems": sheet.problems.iter().map(finding).collect::<Vec<_>>(),
            "tabs": self.tabs(&links),
            "view": self.choice.view.word(),
            "here": self.choice.href("/"),
            "alone": self.alone(),
            "groups": self.groups(),
            "frame": self.frame(),
            "reader": self.reader(),
            "due": self.due(),
            "waiting": self.waiting(&named),
            "more_waiting": more_waiting,
            "not_in_it": self.sheet.waiting.len(),
            "size": self.size(),
            "body": self.body(&links),
        })
    }

    /// The verdict: a word for its colour, a heading and a sentence.
    fn standing(&self) -> Value {
        let sheet = self.sheet;
        let zone = sheet.config.schedule.timezone;
        let clock =
            |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&zone).format("%H:%M:%S").to_string();
        let when = sheet.slot.map(|slot| {
            let at = slot.at.with_timezone(&zone);
            let day = dates::with_weekday(at.date_naive(), "en-GB");
            (slot.at > sheet.made_at, format!("{day} at {}", at.format("%H:%M %Z")))
        });
        let to = match sheet.readers {
            None => String::new(),
            Some(1) => ", to 1 active reader".to_owned(),
            Some(count) => format!(", to {} active readers", thousands(count)),
        };
        let goes = match &when {
            Some((true, when)) => format!("Goes out on {when}{to}."),
            Some((false, when)) if sheet.made_up_for => {
                format!(
                    "Was due on {when}; `straight run` makes up for that as soon as it runs, and `straight send --edition {}` sends it now{to}.",
                    sheet.key
                )
            }
            Some((false, when)) => {
                format!("Was due on {when}; `straight send --edition {}` sends it now{to}.", sheet.key)
            }
            None => format!(
                "The schedule has no hour for it; `straight send --edition {}` sends it{to}.",
                sheet.key
            ),
        };
        let errors = match sheet.problems.len() {
            1 => "One error".to_owned(),
            count => format!("{count} errors"),
        };
        let (word, heading, line) = match &sheet.standing {
            Standing::Ready => ("ok", "Ready".to_owned(), goes),
            Standing::Approved { who } => ("ok", format!("Approved by {who}"), goes),
            Standing::Withheld(why) => {
                let due = match &when {
                    Some((true, when)) => format!(" Its hour is {when}{to}."),
                    Some((false, when)) => format!(" Its hour was {when}."),
                    None => String::new(),
                };
                let (word, heading) = withheld(why);
                (word, heading.to_owned(), format!("It {why}: {}.{due}", why.remedy(&sheet.key)))
            }
            Standing::Out => {
                let at = sheet.proof.as_ref().map(|proof| proof.rendered.frozen_at.with_timezone(&zone));
                let at = at.map(|at| at.format("%Y-%m-%d %H:%M %Z").to_string()).unwrap_or_default();
                (
                    "ok",
                    "Gone out".to_owned(),
                    format!("Frozen {at}; it is shown as it was, and no file changes it."),
                )
            }
            Standing::Nothing => {
                ("note", "Nothing is due".to_owned(), "No article is due; nothing will be sent.".to_owned())
            }
            Standing::Held => (
                "error",
                format!("{errors} to mend"),
                "The edition is held until the articles are mended.".to_owned(),
            ),
            Standing::Without => {
                ("warning", format!("{errors} to mend"), format!("{goes} What is broken stays behind."))
            }
            Standing::Broken => (
                "error",
                format!("{errors} to mend"),
                "The edition cannot be made until this is mended.".to_owned(),
            ),
        };
        let stale = sheet.is_stale() && !sheet.problems.is_empty();
        let stale = sheet.proof.as_ref().filter(|_| stale).map(|proof| clock(proof.made_at));
        json!({
            "word": word,
            "heading": heading,
            "line": line,
            "made_at": clock(sheet.made_at),
            "took": sheet.took.as_millis(),
            "number": self.proof.is_some().then_some(sheet.record.number),
            // That of the last edition that was in order is none of this try's.
            "hash": self.proof.filter(|_| stale.is_none()).map(|proof| proof.rendered.hash.get(..12).unwrap_or_default()),
            "stale": stale,
        })
    }

    fn tabs(&self, links: &[EditionLink]) -> Vec<Value> {
        let doubtful =
            |weight| links.iter().any(|link| link.faults.iter().any(|fault| fault.weight() == weight));
        let counts = Counts::of(&self.sheet.findings);
        let problems = self.sheet.problems.len() + counts.errors;
        View::ALL
            .iter()
            .map(|&view| {
                let (count, tone) = match view {
                    View::Links => {
                        let tone = match (doubtful(LinkWeight::Wrong), doubtful(LinkWeight::Doubtful)) {
                            (true, _) => "error",
                            (false, true) => "warning",
                            (false, false) => "",
                        };
                        (Some(links.len()), tone)
                    }
                    View::Findings => {
                        let tone = match (problems, counts.warnings) {
                            (0, 0) => "",
                            (0, _) => "warning",
                            _ => "error",
                        };
                        (Some(self.sheet.problems.len() + self.sheet.findings.len()), tone)
                    }
                    View::Message | View::Text | View::Inbox | View::Headers | View::Source => (None, ""),
                };
                json!({
                    "id": format!("tab-{}", view.word()),
                    "label": view.label(),
                    "href": self.choice.with(|choice| choice.view = view).href("/"),
                    "current": view == self.choice.view,
                    "count": count,
                    "tone": tone,
                })
            })
            .collect()
    }

    /// The switches above the frame.
    fn groups(&self) -> Vec<Value> {
        let choice = self.choice;
        let option = |group: &str, word: &str, label: &str, current: bool, other: Choice| json!({ "id": format!("{group}-{word}"), "label": label, "current": current, "href": other.href("/") });
        let widths = Width::ALL.iter().map(|&width| {
            let other = choice.with(|choice| choice.width = width);
            option("width", width.word(), width.label(), width == choice.width, other)
        });
        let schemes = Scheme::ALL.iter().map(|&scheme| {
            let other = choice.with(|choice| choice.scheme = scheme);
            option("scheme", scheme.word(), scheme.label(), scheme == choice.scheme, other)
        });
        let images = Shown::ALL.iter().map(|&shown| {
            let other = choice.with(|choice| choice.images = shown);
            option("images", shown.word(), shown.label(), shown == choice.images, other)
        });
        let styles = Shown::ALL.iter().map(|&shown| {
            let other = choice.with(|choice| choice.styles = shown);
            option("styles", shown.word(), shown.label(), shown == choice.styles, other)
        });
        vec![
            json!({ "label": "Width", "options": widths.collect::<Vec<_>>() }),
            json!({ "label": "Colours", "options": schemes.collect::<Vec<_>>() }),
            json!({ "label": "Images", "options": images.collect::<Vec<_>>() }),
            json!({ "label": "Styles", "options": styles.collect::<Vec<_>>() }),
        ]
    }

    fn frame(&self) -> Option<Value> {
        let proof = self.proof.filter(|_| self.choice.view == View::Message)?;
        let src = self.choice.with(|choice| choice.width = Width::default()).href("/frame");
        let joint = if src.contains('?') { '&' } else { '?' };
        let width = self.choice.width.word();
        Some(json!({
            "src": format!("{src}{joint}v={}-{}", proof.version, proof.rendered.hash.get(..8).unwrap_or_default()),
            "width": width,
            "scheme": self.choice.scheme.word(),
        }))
    }

    /// What is said of an article that is looked at by itself.
    fn alone(&self) -> Option<Value> {
        let slug = self.choice.article.as_deref()?;
        let waiting = self.sheet.waiting.iter().find(|article| article.slug.as_str() == slug);
        let back = self.choice.with(|choice| choice.article = None).href("/");
        let why = waiting.map(|article| format!("{} {}", article.path.display(), article.why));
        Some(json!({ "why": why, "found": self.proof.is_some(), "back": back }))
    }

    fn reader(&self) -> Value {
        let language = &self.sheet.config.publication.language;
        let with = |id: Option<i64>| self.choice.with(|choice| choice.reader = id);
        let found = self.found.as_ref().map(|found| {
            let rows = found.readers.iter().map(|reader| {
                json!({
                    "id": format!("reader-{}", reader.id.0),
                    "name": reader.name,
                    "email": reader.email.to_string(),
                    "status": reader.status.as_str(),
                    "href": with(Some(reader.id.0)).href("/"),
                })
            });
            json!({ "words": found.words, "rows": rows.collect::<Vec<_>>(), "more": found.more })
        });
        let can_search = self.sheet.store.is_some() && self.preview.audience == Audience::ThisMachine;
        json!({
            "label": self.reader.label(),
            "about": self.reader.about(language),
            "can_search": can_search,
            "why_not": match self.preview.audience {
                Audience::ThisMachine => "There is no database yet: subscribers are there after the first `straight send`, `run` or `subscribers import`.",
                Audience::Network => "Subscribers are not shown while the preview is open to the network.",
            },
            "action": self.choice.href("/readers"),
            "example": self.choice.reader.is_some().then(|| with(None).href("/")),
            "found": found,
        })
    }

    fn due(&self) -> Vec<Value> {
        let due = self.sheet.due.iter();
        due.map(|due| json!({ "title": due.title, "path": due.path.display().to_string() })).collect()
    }

    fn waiting(&self, named: &[&edition::Waiting]) -> Vec<Value> {
        let mut waiting = named.to_vec();
        // What an editor may not expect comes first, then what is still to come, then the past.
        waiting.sort_by_key(|article| (!article.why.is_news(), article.why.is_over()));
        let row = |article: &&edition::Waiting| {
            let slug = article.slug.as_str();
            let title = self.sheet.articles.get(&article.path);
            json!({
                "path": article.path.display().to_string(),
                "title": title.map(|article| article.title.clone()),
                "why": article.why.to_string(),
                "news": article.why.is_news(),
                "current": self.choice.article.as_deref() == Some(slug),
                "href": title.is_some().then(|| self.choice.with(|choice| choice.article = Some(slug.to_owned())).href("/")),
            })
        };
        waiting.iter().map(row).collect()
    }

    fn size(&self) -> Option<Value> {
        let proof = self.proof?;
        let report = edition::size_report(&proof.rendered);
        let whole = self.preview.raw(self.sheet, proof, self.reader).map_or(0, |raw| raw.len());
        let at = |bytes: usize| bytes.min(METER) * METER_UNITS / METER;
        let (word, verdict) = match report.html {
            html if html <= AIM => ("ok", "within what to aim at"),
            html if html <= LIMIT => ("ok", "within the limit"),
            html if html < CLIPPED => ("warning", "close to Gmail's limit"),
            _ => ("error", "Gmail clips it"),
        };
        Some(json!({
            "word": word,
            "verdict": verdict,
            "html": kilobytes(report.html),
            "text": kilobytes(report.text),
            "pictures": kilobytes(report.pictures),
            "whole": kilobytes(whole),
            "percent": report.html * 100 / CLIPPED,
            "filled": at(report.html).max(2),
            "aim": at(AIM),
            "limit": at(LIMIT),
            "clipped": at(CLIPPED),
            "warnings": report.warnings,
        }))
    }

    /// What the tab in front shows.
    fn body(&self, links: &[EditionLink]) -> Option<Value> {
        if self.choice.view == View::Findings {
            let findings = self.sheet.findings.iter().map(finding).collect::<Vec<_>>();
            let over = self.sheet.waiting.iter().any(|article| article.why.is_over());
            let folder = self.sheet.config.articles.folder.display().to_string();
            return Some(json!({
                "findings": findings,
                "counts": Counts::of(&self.sheet.findings).to_string(),
                "over": over.then_some(folder),
            }));
        }
        let proof = self.proof?;
        let copy = match self.preview.copy(proof, self.reader) {
            Ok(copy) => copy,
            Err(why) => return Some(json!({ "wrong": why })),
        };
        let raw = || self.preview.raw(self.sheet, proof, self.reader);
        let download = self.choice.href("/message.eml");
        Some(match self.choice.view {
            View::Message | View::Findings => json!({ "html": copy.html.len() }),
            View::Text => {
                // An address stays whole, however long.
                let lines = copy.text.lines().filter(|line| !line.contains("://"));
                let longest = lines.map(|line| line.chars().count()).max().unwrap_or(0);
                json!({ "text": copy.text, "lines": copy.text.lines().count(), "longest": longest })
            }
            View::Inbox => self.inbox(proof, &copy.subject),
            View::Headers => match raw() {
                Ok(raw) => {
                    let fields = facts::fields(&raw);
                    let signed = fields.iter().filter(|field| field.name == "DKIM-Signature").count();
                    json!({ "fields": fields, "signed": signed })
                }
                Err(why) => json!({ "wrong": why }),
            },
            View::Source => match raw() {
                Ok(raw) => {
                    json!({ "source": facts::source(&raw), "download": download, "bytes": kilobytes(raw.len()) })
                }
                Err(why) => json!({ "wrong": why }),
            },
            View::Links => self.links(links),
        })
    }

    /// The links with what the web said of them, when it was asked.
    fn links(&self, links: &[EditionLink]) -> Value {
        let states: Vec<Option<State>> = links.iter().map(|link| self.preview.asking.state(link)).collect();
        let asked = states.iter().flatten().next().is_some();
        let rows = links.iter().zip(&states).map(|(row, state)| link(row, state.as_ref()));
        let can_ask = self.preview.audience == Audience::ThisMachine
            && links.iter().any(|link| link.kind == LinkKind::Web);
        json!({
            "links": rows.collect::<Vec<_>>(),
            "asked": asked,
            "ask": can_ask.then(|| self.choice.href("/links")),
        })
    }

    fn inbox(&self, proof: &Proof, subject: &str) -> Value {
        let count = |text: &str| text.chars().count();
        let subject_word = match SubjectLength::of(subject) {
            SubjectLength::Good => "ok",
            SubjectLength::Short if subject.is_empty() => "warning",
            SubjectLength::Short | SubjectLength::Long => "note",
            SubjectLength::Cut => "warning",
        };
        let preheader_length = count(&proof.rendered.preheader);
        json!({
            "from": proof.letterhead.from_name,
            "initial": proof.letterhead.from_name.chars().next().map(String::from),
            "subject": subject,
            "subject_length": count(subject),
            "best": [subject::BEST.start(), subject::BEST.end()],
            "longest": subject::LONGEST,
            "subject_word": subject_word,
            "preheader": proof.rendered.preheader,
            "preheader_length": preheader_length,
            "preheader_word": if (40..=250).contains(&preheader_length) { "ok" } else { "warning" },
            "dark": self.choice.scheme == Scheme::Dark,
            "time": self.sheet.as_of.with_timezone(&self.sheet.config.schedule.timezone).format("%H:%M").to_string(),
        })
    }
}

fn finding(found: &Diagnostic) -> Value {
    let lines = found.excerpt();
    let lines = lines.iter().map(|line| {
        json!({ "number": line.number, "before": line.before, "marked": line.marked, "after": line.after })
    });
    let place = match found.line {
        0 => found.file.display().to_string(),
        line => format!("{}:{line}:{}", found.file.display(), found.column),
    };
    json!({
        "severity": found.severity.as_str(),
        "rule": found.rule,
        "place": place,
        "message": found.message,
        "remedy": found.remedy,
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn link(link: &EditionLink, state: Option<&State>) -> Value {
    let kind = match link.kind {
        LinkKind::Web => "web",
        LinkKind::Own => "ours",
        LinkKind::Within => "within",
        LinkKind::Personal => "personal",
        LinkKind::Contact => "contact",
        LinkKind::Nowhere => "nowhere",
    };
    let told_by_web = state.and_then(asking::weight);
    let worst = link.faults.iter().map(|fault| fault.weight()).chain(told_by_web).max();
    let word = match worst {
        None => "ok",
        Some(LinkWeight::Hint) => "hint",
        Some(LinkWeight::Doubtful) => "warning",
        Some(LinkWeight::Wrong) => "error",
    };
    let faults = link.faults.iter().map(|fault| told(*fault, link.times));
    let faults: Vec<String> = faults.chain(state.and_then(State::in_short)).collect();
    let personal = Slot::ALL.into_iter().find(|slot| link.target.contains(&slot.marker()));
    let target = match personal {
        Some(Slot::UnsubscribeUrl) => "each reader's own address for leaving".to_owned(),
        Some(Slot::PreferencesUrl) => "each reader's own address for changing what they get".to_owned(),
        Some(Slot::Email | Slot::Name | Slot::Since) => "made of what is known of the reader".to_owned(),
        None => link.target.clone(),
    };
    let opens = matches!(link.kind, LinkKind::Web | LinkKind::Own).then_some(&link.target);
    json!({ "words": link.words, "target": target, "opens": opens, "kind": kind, "word": word, "faults": faults })
}

fn told(fault: LinkFault, times: usize) -> String {
    match fault {
        LinkFault::Empty => "has no address".to_owned(),
        LinkFault::Relative => {
            "is relative, and leads nowhere from a mail; write the whole address".to_owned()
        }
        LinkFault::Unresolved => "names a place that the edition does not have".to_owned(),
        LinkFault::Private => "leads to this machine or a private network; no reader gets there".to_owned(),
        LinkFault::Scheme => "is of a kind that mail programs do not open".to_owned(),
        LinkFault::Malformed => "is no address".to_owned(),
        LinkFault::NoWords => "has no words to click, or to be read aloud".to_owned(),
        LinkFault::Insecure => "is not encrypted on its way; try https".to_owned(),
        LinkFault::SameWords => "the same words lead elsewhere too".to_owned(),
        LinkFault::Duplicate => format!("stands {times} times"),
    }
}

/// `11.5 KB`, of 1024 bytes.
fn kilobytes(bytes: usize) -> String {
    let tenths = (bytes * 10).div_ceil(1024);
    match tenths {
        0..1000 => format!("{}.{} KB", tenths / 10, tenths % 10),
        _ => format!("{} KB", tenths.div_ceil(10)),
    }
}

fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            [0, 1, 1024, 11_700, 104_448].map(kilobytes),
            ["0.0 KB", "0.1 KB", "1.0 KB", "11.5 KB", "102 KB"]
        );
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn the_templates_compile_and_the_style_sheet_stays_small() {
        Templates::new();
        assert!(STYLE.len() <= 12 * 1024, "{}", STYLE.len());
        assert!(SCRIPT.len() <= 8 * 1024, "{}", SCRIPT.len());
    }
}

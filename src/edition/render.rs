//! From an edition to what goes out: subject, preheader, HTML and text.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tera::Context;

use super::cut::{Ladder, Layout};
use super::pieces::{Pieces, Surroundings};
use super::view::{self, View};
use super::{
    Cut, Edition, EmbeddedPicture, RenderedEdition, Shortened, Slot, TemplateError, Templates, css, hash,
    slot, wrap,
};
use crate::article::markdown::escaped;
use crate::article::{Picture, subject};
use crate::config::{ImagePolicy, Publication};
use crate::diagnostic::{Diagnostic, Severity};

/// Gmail clips a message near 102 KB; this leaves room for long words in the transfer encoding.
const LARGEST_HTML: usize = 60 * 1024;
/// A shorter preheader shows, in an inbox, whatever the mail says next: the masthead.
const SHORTEST_PREHEADER: usize = 150;
const LONGEST_PREHEADER: usize = 250;
/// Of a preheader that is how the text begins, which follows at once.
const LONGEST_OPENING: usize = 90;

/// How an edition is rendered, besides by its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderSettings {
    /// Whether local pictures travel with it or are linked.
    pub images: ImagePolicy,
    /// Bytes of HTML beyond which articles are cut, the later ones first.
    pub size_limit: usize,
}

/// Why an edition cannot be rendered; nothing is half rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The style sheet or the HTML cannot be joined.
    #[error("{file}: the style sheet cannot be inlined: {reason}; look at its selectors")]
    Css {
        /// The HTML template.
        file: String,
        /// What the inliner says.
        reason: String,
    },
    /// There is nothing in it.
    #[error("the edition has no article; an edition needs at least one")]
    NoArticle,
    /// A mail without a subject.
    #[error("{0}: gives an empty subject; it must write one line, such as {{{{ lead.title }}}}")]
    EmptySubject(String),
    /// A mail that nobody can leave.
    #[error("{0}: has no link for leaving; put {{{{ slot.unsubscribe_url }}}} into its footer")]
    NoUnsubscribe(String),
}

impl RenderError {
    /// The same as findings, each with its file and, where known, its line.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let file = match self {
            RenderError::Template(error) => return error.diagnostics(),
            RenderError::Css { file, .. }
            | RenderError::EmptySubject(file)
            | RenderError::NoUnsubscribe(file) => file.as_str(),
            RenderError::NoArticle => "articles",
        };
        let told = self.to_string();
        let told = told.strip_prefix(&format!("{file}: ")).unwrap_or(&told);
        let (message, remedy) = told.split_once("; ").unwrap_or((told, "look into the file"));
        vec![Diagnostic::of_file(Severity::Error, "template", file, message).with_remedy(remedy)]
    }
}

/// How large an edition is, and what receivers will say to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeReport {
    /// Bytes of the HTML.
    pub html: usize,
    /// Bytes of the plain text.
    pub text: usize,
    /// Bytes of the pictures that travel with it.
    pub pictures: usize,
    /// One sentence each; none when all is well.
    pub warnings: Vec<String>,
}

/// Renders `edition`: the same inputs give the same bytes.
///
/// # Errors
/// When a template is wrong (with its line and column), or the result would have no subject or no way to leave.
pub fn render(
    edition: &Edition,
    publication: &Publication,
    templates: &Templates,
    settings: &RenderSettings,
) -> Result<RenderedEdition, RenderError> {
    if edition.articles.is_empty() {
        return Err(RenderError::NoArticle);
    }
    let sheet = templates.sheet(&publication.theme)?;
    let words = templates.words();
    let pieces = Pieces::of(Surroundings { edition, publication, images: settings.images, words });
    let printer = Printer { edition, publication, templates, settings, sheet, pieces };
    let (parts, shortened) = printer.within_limit()?;
    for (name, part) in [("body.html", &parts.html), ("body.txt", &parts.text)] {
        if !part.contains(&Slot::UnsubscribeUrl.marker()) {
            return Err(RenderError::NoUnsubscribe(templates.path(name).display().to_string()));
        }
    }

    let mut rendered = RenderedEdition {
        key: edition.key.clone(),
        subject: parts.subject,
        preheader: parts.preheader,
        html: parts.html,
        text: parts.text,
        shortened,
        embedded: match settings.images {
            ImagePolicy::Embed => pictures(edition, templates),
            ImagePolicy::Link => Vec::new(),
        },
        headlines: edition
            .articles
            .iter()
            .map(|article| view::headline(&article.outline(), Some(&edition.key), publication))
            .collect(),
        frozen_at: to_the_second(edition.frozen_at),
        hash: String::new(),
    };
    rendered.hash = hash::hash(&rendered);
    Ok(rendered)
}

/// What the templates write.
struct Parts {
    subject: String,
    preheader: String,
    html: String,
    text: String,
}

/// What the templates write before it is known whether it is small enough: the HTML without its style sheet, and no text.
struct Sketch {
    subject: String,
    preheader: String,
    html: String,
    /// How much its articles add to the HTML, each in proportion to the others.
    weights: Vec<usize>,
    context: Context,
}

struct Printer<'r> {
    edition: &'r Edition,
    publication: &'r Publication,
    templates: &'r Templates,
    settings: &'r RenderSettings,
    sheet: css::Sheet,
    /// A further layout only puts them together.
    pieces: Pieces<'r>,
}

impl Printer<'_> {
    /// The edition, and when its HTML is larger than the limit as little cut as can be: see [`Ladder`].
    fn within_limit(&self) -> Result<(Parts, Option<Shortened>), RenderError> {
        let whole = self.sketch(&Layout::whole(self.edition.articles.len()))?;
        // What a reader gets has their own words and addresses in place of the markers.
        let limit = self.settings.size_limit.saturating_sub(slot::room(&whole.html, self.publication));
        let (html, cut) = if css::inlined_at_least(&whole.html) <= limit {
            let html = self.inlined(&whole.html)?;
            if html.len() <= limit { (html, None) } else { self.cut_to(limit, &whole.weights, || Ok(html))? }
        } else {
            // Joining all of it with the style sheet takes longer than finding the cut: it goes on beside that.
            thread::scope(|scope| {
                let (html, rules) = (&whole.html, &self.sheet.inlined);
                let inlining = scope.spawn(move || css::inline(html, rules));
                let inlined = || {
                    let html = inlining.join().unwrap_or_else(|panic| resume_unwind(panic));
                    html.map_err(|error| self.no_style(&error))
                };
                self.cut_to(limit, &whole.weights, inlined)
            })?
        };
        match cut {
            None => Ok((self.parts(whole, html)?, None)),
            Some((parts, cut)) => Ok((parts, Some(Shortened { cut, whole_html: html }))),
        }
    }

    /// All of the HTML, which `whole` gives, and the edition in the first layout that fits in `limit`, or else in the smallest
    /// one; nothing when all of it fits.
    fn cut_to(
        &self,
        limit: usize,
        weights: &[usize],
        whole: impl FnOnce() -> Result<String, RenderError>,
    ) -> Result<(String, Option<(Parts, Cut)>), RenderError> {
        let articles = &self.edition.articles;
        let ladder = Ladder::new(articles.len(), self.pieces.blocks(0), weights[0], limit);
        let (mut whole_html, mut best) = (String::new(), None);
        let all_of_it = || {
            whole_html = whole()?;
            Ok(whole_html.len())
        };
        let fits = ladder.first_within(limit, weights, all_of_it, |step| {
            Ok::<_, RenderError>(match self.fitting(&ladder.layout(step), limit)? {
                Ok(fitting) => best.insert(fitting).1.len(),
                Err(length) => length,
            })
        })?;
        if fits == 0 {
            return Ok((whole_html, None));
        }
        let layout = ladder.layout(fits);
        let (layout, parts) = match best {
            // The last one that fitted is the first one in the order.
            Some(fitting) => {
                let (layout, (sketch, html)) = self.sparing(layout, weights, limit, fitting)?;
                (layout, self.parts(sketch, html)?)
            }
            None => {
                let parts = self.laid_out(&layout)?;
                (layout, parts)
            }
        };
        // A template of the user's own may not show what is left of articles that are cut: then none is cut so, since
        // a mail that is too large is better than news that nobody hears of.
        if (1..articles.len()).find(|at| layout.is_told(*at)).is_some_and(|told| self.hides(told, &parts)) {
            return Ok((whole_html, None));
        }
        if layout.headlines().next().is_some_and(|named| self.hides(named, &parts)) {
            let layout = ladder.layout(ladder.all_told());
            let parts = self.laid_out(&layout)?;
            return Ok(match self.hides(1, &parts) {
                true => (whole_html, None),
                false => (whole_html, Some((parts, layout.cut()))),
            });
        }
        Ok((whole_html, Some((parts, layout.cut()))))
    }

    /// `layout`, which fits as it is given, with as many as have room of the articles that were cut before a long one was.
    fn sparing(
        &self,
        mut layout: Layout,
        weights: &[usize],
        limit: usize,
        mut fitting: (Sketch, String),
    ) -> Result<(Layout, (Sketch, String)), RenderError> {
        let mut more = layout.with_room(weights, limit - fitting.1.len());
        while !more.is_empty() {
            let wider = layout.sparing(&more);
            if let Ok(wide) = self.fitting(&wider, limit)? {
                more = wider.with_room(weights, limit - wide.1.len());
                (layout, fitting) = (wider, wide);
            } else {
                // The weights said too little: half of them wait.
                more.truncate(more.len() / 2);
            }
        }
        Ok((layout, fitting))
    }

    /// The edition in this layout when it is within `limit`; else its size, or the least that it has.
    fn fitting(&self, layout: &Layout, limit: usize) -> Result<Result<(Sketch, String), usize>, RenderError> {
        let sketch = self.sketch(layout)?;
        let at_least = css::inlined_at_least(&sketch.html);
        if at_least > limit {
            return Ok(Err(at_least));
        }
        let html = self.inlined(&sketch.html)?;
        Ok(if html.len() <= limit { Ok((sketch, html)) } else { Err(html.len()) })
    }

    /// Whether a template does not show the article at this position, or the way to it.
    fn hides(&self, position: usize, parts: &Parts) -> bool {
        let url = view::address_of(&self.edition.articles[position], self.publication);
        // Of `/ferry-returns` no more than its beginning is `/ferry`.
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '%' | '~');
        let shows = |all: &str, url: &str| {
            all.match_indices(url).any(|(at, _)| !all[at + url.len()..].starts_with(goes_on))
        };
        !shows(&parts.html, &escaped(&url)) || !shows(&parts.text, &url)
    }

    /// The edition in this layout.
    fn laid_out(&self, layout: &Layout) -> Result<Parts, RenderError> {
        let sketch = self.sketch(layout)?;
        let html = self.inlined(&sketch.html)?;
        self.parts(sketch, html)
    }

    fn sketch(&self, layout: &Layout) -> Result<Sketch, RenderError> {
        let Printer { publication, templates, settings, sheet, pieces, .. } = self;
        let address = |logo: &Picture| view::picture_address(&logo.file_name, settings.images, publication);
        let logo = templates.logo().map(address);
        let view = View::of(pieces, layout);
        let weights = view.articles.iter().map(|article| css::weight(&article.html)).collect();
        let mut variables = view.into_variables(&sheet.kept);
        variables.insert("theme".to_owned(), publication.theme.variable(logo.as_deref()));
        let mut context =
            Context::from_serialize(&variables).expect("the variables are a map with string keys");

        let subject = one_line(&templates.render("subject.txt", &context)?);
        if subject.is_empty() {
            return Err(RenderError::EmptySubject(templates.path("subject.txt").display().to_string()));
        }
        set(&mut variables, &mut context, "subject", &subject);
        let preheader = one_line(&templates.render("preheader.txt", &context)?);
        let preheader = self.preheader(&preheader);
        set(&mut variables, &mut context, "preheader", &preheader);
        let html = templates.render("body.html", &context)?;
        Ok(Sketch { subject, preheader, html, weights, context })
    }

    /// What the template says; where that is little, behind it how the first article begins, what else there is to read, and
    /// what the publication is.
    fn preheader(&self, written: &str) -> String {
        let (articles, publication) = (&self.edition.articles, self.publication);
        let mut said = wrap::sentence(&without_markers(written));
        let described = match publication.tagline.as_str() {
            "" => &publication.sign_up.promise,
            tagline => tagline,
        };
        let more = std::iter::once_with(|| self.pieces.opening(0, LONGEST_OPENING))
            .chain(articles.iter().skip(1).map(|article| article.title.clone()))
            .chain([described.to_owned()]);
        let mut more = more.map(|text| view::without_private_use(&text));
        while said.chars().count() < SHORTEST_PREHEADER
            && let Some(text) = more.next()
        {
            if !text.is_empty() && !said.contains(text.trim_end_matches('…')) {
                said = format!("{said} {}", wrap::sentence(&text)).trim_start().to_owned();
            }
        }
        wrap::shorten(&said, LONGEST_PREHEADER)
    }

    /// `html` joined with the style sheet.
    fn inlined(&self, html: &str) -> Result<String, RenderError> {
        css::inline(html, &self.sheet.inlined).map_err(|error| self.no_style(&error))
    }

    fn no_style(&self, error: &css_inline::InlineError) -> RenderError {
        let file = self.templates.path("body.html").display().to_string();
        RenderError::Css { file, reason: error.to_string() }
    }

    /// `sketch` with its text.
    fn parts(&self, sketch: Sketch, html: String) -> Result<Parts, RenderError> {
        let Sketch { subject, preheader, html: _, weights: _, context } = sketch;
        let text = tidy_text(&self.templates.render("body.txt", &context)?);
        Ok(Parts { subject, preheader, html, text })
    }
}

/// Every local picture of `edition` once, by name, the logo among them; a publication that links them serves these
/// under `images/`.
#[must_use]
pub fn pictures(edition: &Edition, templates: &Templates) -> Vec<EmbeddedPicture> {
    let by_name: BTreeMap<_, _> = edition
        .articles
        .iter()
        .flat_map(|article| article.pictures.values())
        .chain(templates.logo())
        .map(|picture| (&picture.file_name, picture))
        .collect();
    by_name
        .into_values()
        .map(|picture| EmbeddedPicture {
            content_id: view::content_id(&picture.file_name),
            file_name: picture.file_name.clone(),
            media_type: picture.media_type.to_owned(),
            bytes: picture.bytes.clone(),
        })
        .collect()
}

/// Measures `edition` against what mail clients bear.
#[must_use]
pub fn size_report(edition: &RenderedEdition) -> SizeReport {
    let pictures = edition.embedded.iter().map(|picture| picture.bytes.len()).sum();
    let mut warnings = Vec::new();
    if let Some(shortened) = &edition.shortened {
        warnings.push(told_of(shortened, edition.headlines.len()));
    }
    if edition.html.len() > LARGEST_HTML {
        warnings.push(format!(
            "the HTML has {} KiB; beyond 60 KiB Gmail may clip it: shorten an article, or split the edition",
            edition.html.len().div_ceil(1024)
        ));
    }
    let length = edition.subject.chars().count();
    if length > subject::LONGEST {
        warnings.push(format!(
            "the subject has {length} characters; inboxes cut it beyond {}: shorten the title",
            subject::LONGEST
        ));
    }
    SizeReport { html: edition.html.len(), text: edition.text.len(), pictures, warnings }
}

/// What was cut of `all` articles, and why, in a sentence.
fn told_of(shortened: &Shortened, all: usize) -> String {
    let Cut { beginnings, highlights, headlines, left_out } = shortened.cut;
    let ways = [
        (beginnings, "shortened to its beginning and a link"),
        (highlights, "shortened to highlights and a link"),
        (headlines, "in a list of headlines"),
        (left_out, "on the web only, which the mail says"),
    ];
    let mut said = ways.iter().filter(|(count, _)| *count > 0).map(|(count, way)| {
        let are = if *count == 1 { "is" } else { "are" };
        (count, format!("{are} {way}"))
    });
    let of = |count: &usize| match all {
        1 => "the article".to_owned(),
        _ => format!("{count} of {all} articles"),
    };
    let first = said.next().map(|(count, way)| format!("{} {way}", of(count))).unwrap_or_default();
    let cut = said.fold(first, |cut, (count, way)| format!("{cut}, {count} {way}"));
    let kib = shortened.whole_html.len().div_ceil(1024);
    let whole = if all == 1 { "all of it" } else { "all of them" };
    format!("{cut}, because {whole} would make {kib} KiB of HTML (`edition.size_limit`)")
}

/// Sets what is said of the edition, once it is known.
fn set(variables: &mut Map<String, Value>, context: &mut Context, name: &str, value: &str) {
    let edition = variables.get_mut("edition").and_then(Value::as_object_mut);
    let edition = edition.expect("a view has its edition");
    edition.insert(name.to_owned(), Value::String(value.to_owned()));
    context.insert("edition", edition);
}

/// An inbox shows the preheader to its owner only, but the archive and the desk show it as it is.
pub(crate) fn without_markers(text: &str) -> String {
    slot::fill_with(text, |_| String::new())
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines end in LF and not in spaces (but for the signature's `-- `); no more than two blank lines in a row.
pub(crate) fn tidy_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines() {
        let line = if line.trim_end() == "--" { "-- " } else { line.trim_end() };
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn to_the_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).expect("a moment without its fraction is a moment")
}

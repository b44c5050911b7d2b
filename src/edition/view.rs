//! What templates see of an edition: everything escaped or rendered where it is HTML, numbered where it is a link.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use super::breakable::breakable;
use super::cut::{Layout, Lead};
use super::pieces::{Pieces, Surroundings};
use super::{Cut, Edition, EditionKey, Headline, Slot, wrap};
use crate::article::markdown::{self, RenderedInline, RenderedText, escaped};
use crate::article::{Article, Figure, Outline, Slug, Source};
use crate::config::{Author, ImagePolicy, Publication};
use crate::words::Words;

/// Characters of an article's beginning, where nothing else says what it is about.
const LONGEST_OPENING: usize = 280;
/// Width in pixels at which a picture is shown in the column.
const SHOWN_WIDTH: u32 = 552;
/// Words that a reader reads in a minute.
const WORDS_A_MINUTE: usize = 230;

/// The whole of it; the names are the templates' variables.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) edition: EditionView,
    pub(super) publication: PublicationView,
    pub(super) articles: Vec<ArticleView>,
    pub(super) lead: ArticleView,
    /// Articles that are their headline only.
    pub(super) headlines: Vec<HeadlineView>,
    pub(super) authors: Vec<AuthorView>,
    pub(super) recent: Vec<RecentView>,
    pub(super) links: Vec<Link>,
}

#[derive(Debug, Serialize)]
pub(super) struct EditionView {
    pub(super) key: String,
    pub(super) number: u64,
    /// In the publication's language, with its weekday.
    pub(super) date: String,
    pub(super) year: i32,
    pub(super) language: String,
    pub(super) dir: &'static str,
    /// Whether it shows one article only, besides headlines.
    pub(super) single: bool,
    pub(super) url: String,
    pub(super) past_issues_url: String,
    pub(super) subscribe_url: String,
    /// How many articles are cut to their highlights.
    pub(super) shortened: usize,
    /// How many are not in the mail.
    pub(super) left_out: usize,
    /// Filled when it is known: empty while it is itself rendered.
    pub(super) subject: String,
    pub(super) preheader: String,
}

#[derive(Debug, Serialize)]
pub(super) struct PublicationView {
    pub(super) name: String,
    pub(super) tagline: String,
    pub(super) postal_address: String,
    pub(super) copyright: String,
    pub(super) sign_up_title: String,
    pub(super) sign_up_promise: String,
    pub(super) url: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ArticleView {
    pub(super) slug: String,
    pub(super) title: String,
    /// How it runs, when not as the edition does: `ltr` or `rtl`.
    pub(super) dir: Option<&'static str>,
    pub(super) url: String,
    /// The host of its own address, when it stands elsewhere on the web.
    pub(super) host: Option<String>,
    pub(super) date: String,
    /// Whether it is dated as its edition is.
    pub(super) of_the_day: bool,
    pub(super) author: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) highlights: Vec<Inline>,
    pub(super) tags: Vec<String>,
    pub(super) image: Option<ImageView>,
    pub(super) html: String,
    pub(super) text: String,
    pub(super) words: usize,
    pub(super) minutes: usize,
    pub(super) sources: Vec<SourceView>,
    /// Whether it is cut, and `html` and `text` lead to the whole.
    pub(super) shortened: bool,
    /// How it begins, when it is cut and has neither highlights nor a summary.
    pub(super) opening: String,
    pub(super) extra: Map<String, Value>,
}

/// A line of Markdown in its three forms.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Inline {
    pub(super) html: String,
    /// With the numbers of its links.
    pub(super) text: String,
    /// Without them.
    pub(super) plain: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ImageView {
    pub(super) src: String,
    pub(super) alt: String,
    pub(super) caption: Option<Inline>,
    pub(super) width: u32,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct SourceView {
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) number: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct AuthorView {
    pub(super) name: String,
    /// How the biography runs, when not as the edition does.
    pub(super) dir: Option<&'static str>,
    pub(super) biography: Option<Inline>,
    pub(super) link: Option<String>,
    pub(super) photo: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RecentView {
    pub(super) title: String,
    /// How it runs, when not as the edition does.
    pub(super) dir: Option<&'static str>,
    pub(super) url: String,
    pub(super) date: String,
    pub(super) summary: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct HeadlineView {
    pub(super) title: String,
    pub(super) url: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Link {
    pub(super) number: usize,
    pub(super) url: String,
}

/// The addresses of the plain text and their numbers, from 1 through the whole edition: a reader who has looked one up
/// knows it wherever it stands again.
#[derive(Debug, Default)]
struct Links(HashMap<String, usize>);

impl Links {
    fn number(&mut self, url: String) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(url).or_insert(next)
    }

    fn extend(&mut self, urls: Vec<String>) {
        for url in urls {
            self.number(url);
        }
    }

    fn inline(&mut self, source: &str, dir: Option<&str>, words: &Words) -> Inline {
        let RenderedInline { html, text, links } = markdown::inline(source, &self.0, dir, words);
        self.extend(links);
        let plain = markdown::plain_in(source, words);
        let html = match words.turned_within(&plain, dir) {
            Some(own) => format!("<span dir=\"{own}\">{}</span>", breakable(&html)),
            None => breakable(&html),
        };
        Inline { html, text, plain }
    }

    /// All of them, by their numbers.
    fn listed(self) -> Vec<Link> {
        let mut listed: Vec<Link> = self.0.into_iter().map(|(url, number)| Link { number, url }).collect();
        listed.sort_unstable_by_key(|link| link.number);
        listed
    }
}

impl View {
    /// Looks at the edition that `pieces` are of, which has at least one article, laid out in this way.
    pub(super) fn of(pieces: &Pieces<'_>, layout: &Layout) -> Self {
        let Surroundings { edition, publication, images: _, words } = pieces.around;
        let reader = Reader { edition, publication, words, layout, pieces };
        let stories = &edition.articles[..layout.stories()];
        let mut links = Links::default();
        // In the order in which the text shows them, so that its notes count upwards: with several articles all
        // highlights stand at the top.
        let highlights: Vec<Vec<Inline>> = if stories.len() > 1 {
            (0..).zip(stories).map(|(at, article)| reader.highlights(at, article, &mut links)).collect()
        } else {
            Vec::new()
        };
        let mut highlights = highlights.into_iter();
        let articles: Vec<ArticleView> = (0..)
            .zip(stories)
            .map(|(at, article)| {
                let highlights =
                    highlights.next().unwrap_or_else(|| reader.highlights(at, article, &mut links));
                reader.article(at, article, highlights, &mut links)
            })
            .collect();
        let headlines = edition.articles[layout.headlines()]
            .iter()
            .map(|article| HeadlineView {
                title: article.title.clone(),
                url: address_of(article, publication),
            })
            .collect();
        let Cut { highlights: shortened, left_out, .. } = layout.cut();
        let recent = if layout.lead == Lead::Named { &[][..] } else { &edition.recent };
        let authors = reader.authors(&mut links);
        View {
            edition: EditionView {
                key: edition.key.to_string(),
                number: edition.number,
                date: words.calendar().with_weekday(edition.key.date()),
                year: edition.key.date().year(),
                language: publication.language.clone(),
                dir: words.direction(),
                single: articles.len() == 1,
                url: edition_url(&edition.key, publication),
                past_issues_url: publication.link("editions/"),
                subscribe_url: publication.link("subscribe"),
                shortened,
                left_out,
                subject: String::new(),
                preheader: String::new(),
            },
            publication: PublicationView::of(publication, edition.key.date(), words),
            lead: articles.first().expect("an edition has an article").clone(),
            articles,
            headlines,
            authors,
            recent: recent.iter().map(|headline| RecentView::of(headline, words)).collect(),
            links: links.listed(),
        }
    }

    /// As the templates' variables. Content keeps no character of a slot's marker; the markers come after.
    pub(super) fn into_variables(self, css: &str) -> Map<String, Value> {
        let mut view = serde_json::to_value(self).expect("a view has string keys only");
        remove_private_use(&mut view);
        let Value::Object(mut variables) = view else { unreachable!("a view is a struct") };
        let slots = Slot::ALL.map(|slot| (slot.name().to_owned(), Value::String(slot.marker())));
        variables.insert("slot".to_owned(), Value::Object(slots.into_iter().collect()));
        variables.insert("css".to_owned(), Value::String(css.to_owned()));
        variables
    }
}

struct Reader<'a> {
    edition: &'a Edition,
    publication: &'a Publication,
    words: &'a Words,
    layout: &'a Layout,
    pieces: &'a Pieces<'a>,
}

impl Reader<'_> {
    /// Whether no more than its headline is left of the article at this position.
    fn is_bare(&self, position: usize) -> bool {
        position == 0 && self.layout.lead == Lead::Named
    }

    fn highlights(&self, position: usize, article: &Article, links: &mut Links) -> Vec<Inline> {
        let shown = if self.is_bare(position) { &[][..] } else { &article.highlights };
        let dir = turned(article, self.words);
        shown.iter().map(|highlight| links.inline(highlight, dir, self.words)).collect()
    }

    fn article(
        &self,
        position: usize,
        article: &Article,
        highlights: Vec<Inline>,
        links: &mut Links,
    ) -> ArticleView {
        let bare = self.is_bare(position);
        let dir = turned(article, self.words);
        let image = article.image.as_ref().filter(|_| !bare);
        let image = image.map(|figure| self.image(article, figure, dir, links));
        let stories = self.layout.stories();
        let shown = match self.layout.lead {
            _ if self.layout.is_told(position) => Shown::Highlights,
            Lead::Named if position == 0 => Shown::Way,
            Lead::Begun(blocks) if position == 0 => {
                let (html, text) = self.pieces.beginning(position, blocks, stories, &links.0);
                Shown::Beginning(html, text)
            }
            Lead::Whole | Lead::Begun(_) | Lead::Named => {
                Shown::Whole(self.pieces.html(position, stories), self.pieces.text(position, &links.0))
            }
        };
        let words = self.pieces.length(position, || match &shown {
            Shown::Whole(_, whole) => whole.words(),
            Shown::Beginning(..) | Shown::Highlights | Shown::Way => {
                self.pieces.text(position, &links.0).words()
            }
        });
        let shortened = !matches!(shown, Shown::Whole(..));
        let says_nothing = article.highlights.is_empty() && article.summary.is_none();
        let opening = match &shown {
            Shown::Beginning(..) | Shown::Highlights if says_nothing => {
                self.pieces.opening(position, LONGEST_OPENING)
            }
            _ => String::new(),
        };
        let url = address_of(article, self.publication);
        let (html, text, sources) = match shown {
            Shown::Whole(html, body) => {
                links.extend(body.links);
                let sources = article.sources.iter().map(|source| SourceView::of(source, links)).collect();
                (html, body.text.trim_end().to_owned(), sources)
            }
            Shown::Beginning(begun, beginning) if !begun.is_empty() => {
                links.extend(beginning.links);
                let (html, text) = self.way_on(article, &url);
                (begun + &html, format!("{}\n\n{text}", beginning.text.trim_end()), Vec::new())
            }
            Shown::Beginning(..) | Shown::Highlights => {
                let (html, text) = self.way_to_whole(&opening, article, &url);
                (html, text, Vec::new())
            }
            Shown::Way => {
                let (html, text) = self.way(article, &url);
                (html, text, Vec::new())
            }
        };
        ArticleView {
            slug: article.slug.to_string(),
            title: article.title.clone(),
            dir,
            url,
            host: article
                .url
                .as_ref()
                .and_then(|url| url.host_str())
                .map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned()),
            date: self.words.calendar().day(article.date),
            of_the_day: article.date == self.edition.key.date(),
            author: article.author.as_ref().map(|author| author.name.clone()),
            summary: article.summary.clone().filter(|_| !bare),
            highlights,
            tags: article.tags.clone(),
            image,
            html,
            text,
            shortened,
            opening,
            words,
            minutes: words.div_ceil(WORDS_A_MINUTE).max(1),
            sources,
            extra: article.extra.clone(),
        }
    }

    /// What stands in place of an article that is cut to its highlights: how it begins, where there are none; and the way to
    /// the whole, unless a button leads there.
    fn way_to_whole(&self, opening: &str, article: &Article, url: &str) -> (String, String) {
        let (mut html, mut text) = (String::new(), String::new());
        if !opening.is_empty() {
            html.push_str(&format!("<p>{}</p>", breakable(&escaped(opening))));
            text.push_str(&wrap::wrap(opening, "", ""));
        }
        let (link, address) = self.way(article, url);
        html.push_str(&link);
        text.push_str(if text.is_empty() || address.is_empty() { "" } else { "\n\n" });
        text.push_str(&address);
        (html, text)
    }

    /// The way to the whole of an article, unless a button leads there.
    fn way(&self, article: &Article, url: &str) -> (String, String) {
        if article.url.is_some() {
            return Default::default();
        }
        let words = self.words.text("read_whole");
        let html = format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(words));
        let label = self.words.fill("labelled", &[("label", words), ("text", "")]);
        (html, format!("{}\n{url}", label.trim_end()))
    }

    /// What stands where the beginning of an article ends.
    fn way_on(&self, article: &Article, url: &str) -> (String, String) {
        let told = self.words.text("goes_on");
        let (link, address) = self.way(article, url);
        let html = format!("<p class=\"m\">{}</p>{link}", escaped(told));
        let text = wrap::wrap(told, "", "");
        (html, if address.is_empty() { text } else { format!("{text}\n\n{address}") })
    }

    fn image(&self, article: &Article, figure: &Figure, dir: Option<&str>, links: &mut Links) -> ImageView {
        let width = article.pictures.get(&figure.src).map_or(SHOWN_WIDTH, |p| p.width.min(SHOWN_WIDTH));
        ImageView {
            src: self.pieces.around.picture_src(article, &figure.src),
            alt: figure.alt.clone(),
            caption: figure.caption.as_deref().map(|caption| links.inline(caption, dir, self.words)),
            width,
        }
    }

    /// Everybody with something to say of themselves, once, who wrote what is to be read here.
    fn authors(&self, links: &mut Links) -> Vec<AuthorView> {
        let mut seen: Vec<&Author> = Vec::new();
        let read = (0..).zip(&self.edition.articles).filter(|(at, _)| self.layout.is_read(*at));
        for author in read.filter_map(|(_, article)| article.author.as_ref()) {
            let known = author.biography.is_some() || author.link.is_some();
            if known && !seen.contains(&author) {
                seen.push(author);
            }
        }
        seen.into_iter()
            .map(|author| {
                let biography = author.biography.as_deref();
                let dir = biography.and_then(|biography| self.words.turned(biography));
                AuthorView {
                    name: author.name.clone(),
                    dir,
                    biography: biography.map(|biography| links.inline(biography, dir, self.words)),
                    link: author.link.as_ref().map(ToString::to_string),
                    photo: author.photo.as_ref().map(ToString::to_string),
                }
            })
            .collect()
    }
}

/// How an article runs, when not as `words` do: `ltr` or `rtl`. What is written of it beside its text says so; in that,
/// code and names of another script may be most.
pub(crate) fn turned(article: &Article, words: &Words) -> Option<&'static str> {
    let summary = article.summary.iter().map(String::as_str);
    let highlights = article.highlights.iter().map(|highlight| markdown::plain(highlight));
    let beside: Vec<String> = summary.map(str::to_owned).chain(highlights).collect();
    words.turned(&format!("{} {}", article.title, beside.join(" ")))
}

/// What the mail shows of an article; of what is read here its HTML and its text.
enum Shown {
    Whole(String, RenderedText),
    Beginning(String, RenderedText),
    Highlights,
    Way,
}

impl PublicationView {
    fn of(publication: &Publication, day: NaiveDate, words: &Words) -> Self {
        let copyright = publication
            .copyright
            .replace("{year}", &words.calendar().digits(day.year()))
            .replace("{name}", &publication.name);
        PublicationView {
            name: publication.name.clone(),
            tagline: publication.tagline.clone(),
            postal_address: publication.postal_address.clone(),
            copyright,
            sign_up_title: publication.sign_up.title.clone(),
            sign_up_promise: publication.sign_up.promise.clone(),
            url: publication.link(""),
        }
    }
}

impl SourceView {
    fn of(source: &Source, links: &mut Links) -> Self {
        let url = source.url.as_ref().map(ToString::to_string);
        let number = url.clone().map(|url| links.number(url));
        // What is called by its address alone is told no longer than an address in a text.
        let is_address = url.as_deref().is_some_and(|url| url.contains(&source.title));
        let title = if is_address { markdown::shown_address(&source.title) } else { source.title.clone() };
        SourceView { title, url, number }
    }
}

impl RecentView {
    fn of(headline: &Headline, words: &Words) -> Self {
        RecentView {
            title: headline.title.clone(),
            dir: words.turned(&format!(
                "{} {}",
                headline.title,
                headline.summary.as_deref().unwrap_or_default()
            )),
            url: headline.url.clone(),
            date: words.calendar().day(headline.date),
            summary: headline.summary.clone(),
        }
    }
}

/// What later editions and pages say of `article`, which went out in `edition`; without one it counts as
/// published before the first, and without an address of its own it leads nowhere: an empty `url`.
#[must_use]
pub fn headline(article: &Outline, edition: Option<&EditionKey>, publication: &Publication) -> Headline {
    let url = match (edition, &article.url) {
        (Some(_), _) => article_url(article.url.as_ref(), &article.slug, publication),
        (None, Some(url)) => url.to_string(),
        (None, None) => String::new(),
    };
    Headline {
        slug: article.slug.to_string(),
        title: without_private_use(&article.title),
        url: without_private_use(&url),
        date: article.date,
        summary: article.summary.as_deref().map(without_private_use),
    }
}

/// Where a mail finds the picture of this name.
pub(super) fn picture_address(file_name: &str, images: ImagePolicy, publication: &Publication) -> String {
    match images {
        ImagePolicy::Embed => format!("cid:{}", content_id(file_name)),
        ImagePolicy::Link => publication.link(&format!("images/{file_name}")),
    }
}

/// The Content-ID of a picture that travels with the edition.
pub(super) fn content_id(file_name: &str) -> String {
    format!("{file_name}@straight")
}

/// Where an article is read on the web.
pub(super) fn address_of(article: &Article, publication: &Publication) -> String {
    article_url(article.url.as_ref(), &article.slug, publication)
}

pub(super) fn edition_url(key: &EditionKey, publication: &Publication) -> String {
    publication.link(&format!("editions/{key}"))
}

/// Where an article is read on the web: at its own address, else on its page in the archive.
fn article_url(own: Option<&Url>, slug: &Slug, publication: &Publication) -> String {
    match own {
        Some(url) => url.to_string(),
        None => publication.link(&format!("articles/{slug}")),
    }
}

/// Where a link of `from`, an article of `edition`, to another article's file leads: to that article's own address, in
/// this edition or an earlier one.
#[must_use]
pub fn link_between(
    edition: &Edition,
    from: &Article,
    target: &str,
    publication: &Publication,
) -> Option<String> {
    let (path, _) = crate::article::link_target(&from.path, target)?;
    let here = edition.articles.iter().find(|article| tidy(&article.path) == path);
    here.map(|article| article_url(article.url.as_ref(), &article.slug, publication))
        .or_else(|| edition.earlier.get(&path).cloned())
}

/// `a/./b/../c.md` → `a/c.md`, without looking at the file system.
fn tidy(path: &std::path::Path) -> std::path::PathBuf {
    use std::path::Component;
    path.components().fold(std::path::PathBuf::new(), |mut tidy, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
        tidy
    })
}

pub(super) fn without_private_use(text: &str) -> String {
    text.replace(is_private_use, "")
}

fn is_private_use(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

fn remove_private_use(value: &mut Value) {
    match value {
        // Letter by letter only where there may be one: in UTF-8 they begin with such a byte.
        Value::String(text) if text.bytes().any(|byte| byte >= 0xEE) => text.retain(|c| !is_private_use(c)),
        Value::String(_) => {}
        Value::Array(values) => values.iter_mut().for_each(remove_private_use),
        Value::Object(map) => map.values_mut().for_each(remove_private_use),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

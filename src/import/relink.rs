//! The links and pictures of a post, made to work in its article.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use url::Url;

use super::head::HeadImage;
use super::rewrite::{bare, readdressed};
use super::shelves::{Shelves, upload};
use super::{Options, Post, Report};
use crate::article::markdown::{Seen, Target, What, document, percent_decode, plain, scheme};

/// A larger picture is refused by the check.
const LARGEST_PICTURE: u64 = 25 * 1024 * 1024;
/// Links within links: changed from the inside out.
const MOST_ROUNDS: usize = 8;

/// How the links of a post are read.
pub(super) struct Links<'a> {
    /// The folder of its own pictures.
    pub(super) beside: Option<&'a Path>,
    /// Where browsers found it within the site, from which its relative links lead on: `posts/ferry/`.
    pub(super) address: Option<&'a str>,
    /// Whether a link was made to lead to an article already.
    pub(super) is_ours: &'a dyn Fn(&str) -> bool,
    /// The way to the article of the post that a link within the site, or the whole address of one, leads to.
    pub(super) post: &'a dyn Fn(&str) -> Option<String>,
    /// What is behind a whole address at which no article is.
    pub(super) else_behind: &'a dyn Fn(&str) -> Behind,
    /// Whether the article that a link leads to has a heading.
    pub(super) has_heading: &'a dyn Fn(&str, &str) -> bool,
    /// Where links within the site lead when what they lead to is not imported.
    pub(super) site: Option<&'a Url>,
}

/// What is behind a whole address that leads to no article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Behind {
    /// Another site, or nothing that is known of.
    Elsewhere,
    /// The page of a file, at this address.
    File(String),
    /// What is of the old site, and is not imported: `a page`.
    Left(&'static str),
}

/// What becomes of a link or a picture.
enum Fate {
    Stays,
    /// Stays, and what of it is told.
    Tells(String),
    Becomes(String),
    /// As `Becomes`, with something less; what.
    Loses(String, String),
    /// Only its text stays; why.
    Goes(String),
    /// Only its text stays, and there was nothing more.
    Bare,
}

/// A picture that is to be copied beside the article.
pub(super) struct Copied {
    pub(super) from: PathBuf,
    /// Relative to the article's folder.
    pub(super) to: PathBuf,
}

/// Where links and pictures may lead.
pub(super) struct Relink<'a> {
    pub(super) options: &'a Options<'a>,
    pub(super) shelves: &'a Shelves,
}

impl Relink<'_> {
    pub(super) fn image(
        &self,
        post: &mut Post,
        slug: &str,
        links: &Links<'_>,
        copied: &mut Vec<Copied>,
        report: &mut Report,
    ) {
        let Some(mut image) = post.head.image.take() else { return };
        if let Some(caption) = &mut image.caption {
            let leads_out = |seen: &Seen| match &seen.what {
                What::Link { target, .. } => matches!(Target::of(target), Target::Outside(_)),
                _ => false,
            };
            if !document(caption).seen.iter().all(leads_out) {
                let what = format!("of the caption `{}` only the words stay", short(caption));
                report.note(&post.file, 0, what);
                *caption = plain(caption);
            }
        }
        match self.picture(&image.src, slug, links, copied) {
            Fate::Stays | Fate::Tells(_) => post.head.image = Some(image),
            Fate::Becomes(src) | Fate::Loses(src, _) => post.head.image = Some(HeadImage { src, ..image }),
            Fate::Bare => {}
            Fate::Goes(why) => {
                report.note(&post.file, 0, format!("the picture `{}` is left out: {why}", short(&image.src)))
            }
        }
    }

    /// The body with links and pictures that work.
    pub(super) fn body(
        &self,
        post: &Post,
        slug: &str,
        links: &Links<'_>,
        copied: &mut Vec<Copied>,
        report: &mut Report,
    ) -> String {
        let mut body = post.body.trim_matches('\n').to_owned() + "\n";
        let skipped = post.body.len() - post.body.trim_start_matches('\n').len();
        let mut told_of = HashSet::new();
        for round in 0..MOST_ROUNDS {
            let document = document(&body);
            let ids = document.heading_ids();
            let mut edits: Vec<(Range<usize>, String)> = Vec::new();
            // From the inside out: of two that overlap the later one begins within the earlier.
            for Seen { what, span } in document.seen.iter().rev() {
                let source = &body[span.clone()];
                let (written, fate) = match what {
                    What::Link { target, .. } if self.is_enlarged(source, target, links) => {
                        (target, Fate::Bare)
                    }
                    What::Link { target, .. } => (target, self.link(target, &ids, links)),
                    What::Image { src, .. } => (src, self.picture(src, slug, links, copied)),
                    _ => continue,
                };
                // It is looked for when there is something to tell: most links stay.
                let line = || match post.keeps_lines && round == 0 {
                    true => post.line + body[..span.start].matches('\n').count() + skipped,
                    false => post.line_of(written),
                };
                let kind = if matches!(what, What::Image { .. }) { "picture" } else { "link" };
                if let Fate::Tells(what) = &fate {
                    if told_of.insert(written.clone()) {
                        report.note(&post.file, line(), format!("the {kind} `{}` {what}", short(written)));
                    }
                    continue;
                }
                if edits.last().is_some_and(|(later, _)| later.start < span.end) {
                    continue;
                }
                let new = match &fate {
                    Fate::Stays | Fate::Tells(_) => continue,
                    Fate::Becomes(target) | Fate::Loses(target, _) => readdressed(source, written, target),
                    Fate::Goes(_) | Fate::Bare => bare(source, what),
                };
                if new == source {
                    continue;
                }
                let lost = match &fate {
                    Fate::Goes(why) => Some(format!("is left out: {why}")),
                    Fate::Loses(_, what) => Some(what.clone()),
                    Fate::Stays | Fate::Tells(_) | Fate::Becomes(_) | Fate::Bare => None,
                };
                if let Some(lost) = lost {
                    report.note(&post.file, line(), format!("the {kind} `{}` {lost}", short(written)));
                }
                edits.push((span.clone(), new));
            }
            if edits.is_empty() {
                break;
            }
            for (span, new) in edits {
                body.replace_range(span, &new);
            }
        }
        without_gaps(&body)
    }

    fn link(&self, target: &str, ids: &HashSet<&str>, links: &Links<'_>) -> Fate {
        match Target::of(target) {
            Target::Outside(url) => to_post(&url, links).unwrap_or_else(|| match (links.else_behind)(&url) {
                Behind::Elsewhere => Fate::Stays,
                Behind::File(file) => Fate::Becomes(file),
                Behind::Left(what) => Fate::Tells(format!(
                    "stays as it is: it leads to the old site, to {what}, which is not imported"
                )),
            }),
            Target::Here(id) if ids.contains(id.as_str()) => Fate::Stays,
            Target::Here(_) => Fate::Goes("there is no such heading".to_owned()),
            Target::Beside(path) if (links.is_ours)(&path) => match path.split_once('#') {
                Some((path, id)) if !(links.has_heading)(path, &percent_decode(id)) => without_id(path, id),
                Some(_) | None => Fate::Stays,
            },
            Target::Beside(_) | Target::Refused => {
                let within = target.trim();
                // One to a post that is not there has been told.
                if within.is_empty() {
                    return Fate::Bare;
                }
                if let Some(fate) = to_post(within, links) {
                    return fate;
                }
                // `//example.org/x` has the scheme of its page.
                if let Some(rest) = within.strip_prefix("//") {
                    return Fate::Becomes(format!("https://{rest}"));
                }
                let has_scheme = scheme(within).is_some();
                if let (Some(site), Some(address)) = (links.site, links.address)
                    && !has_scheme
                    && !within.starts_with(['/', '\\'])
                    && let Some(url) = site
                        .join(address.trim_start_matches('/'))
                        .ok()
                        .and_then(|here| here.join(within).ok())
                {
                    let what =
                        format!("leads to {url}, as it did from the post's own address: no post is there");
                    return Fate::Loses(url.into(), what);
                }
                match links.site.filter(|_| !has_scheme).and_then(|site| site.join(within).ok()) {
                    Some(url) => Fate::Becomes(url.into()),
                    None if has_scheme => Fate::Goes("no mail may hold such a link".to_owned()),
                    None => Fate::Goes("it leads within the old site; --site ADDRESS keeps it".to_owned()),
                }
            }
        }
    }

    /// Whether a link leads from a picture to its own file, which is copied.
    fn is_enlarged(&self, source: &str, target: &str, links: &Links<'_>) -> bool {
        let file = || {
            let upload = self.options.uploads.and_then(|folder| upload(folder, target));
            let shelved = || match scheme(target) {
                Some(_) => self.shelves.find_whole(target),
                None => self.shelves.find(target, links.beside),
            };
            upload.or_else(shelved)
        };
        source.starts_with("[![")
            && source.matches("![").count() == 1
            && source.contains(")](")
            && file().is_some_and(|file| crate::article::shown_in_mail(&file, LARGEST_PICTURE).is_ok())
    }

    fn picture(&self, src: &str, slug: &str, links: &Links<'_>, copied: &mut Vec<Copied>) -> Fate {
        let src = src.trim();
        let upload = self.options.uploads.and_then(|folder| upload(folder, src));
        let local = match Target::of(src) {
            Target::Outside(url) if url.starts_with("http") => {
                match upload.or_else(|| self.shelves.find_whole(&url)) {
                    Some(file) => file,
                    None => return Fate::Stays,
                }
            }
            // Of ours, from the round before.
            Target::Beside(path)
                if copied.iter().any(|known| known.to == Path::new(&percent_decode(&path))) =>
            {
                return Fate::Stays;
            }
            _ if src.starts_with("//") => return Fate::Becomes(format!("https:{src}")),
            _ if src.is_empty() => return Fate::Goes("it has no address".to_owned()),
            _ if scheme(src).is_some() => {
                return Fate::Goes("no mail can show it".to_owned());
            }
            _ => match upload.or_else(|| self.shelves.find(src, links.beside)) {
                Some(file) => file,
                None => {
                    return match links.site.and_then(|site| site.join(src).ok()) {
                        Some(url) => Fate::Becomes(url.into()),
                        None => Fate::Goes("there is no such file; --site ADDRESS links to it".to_owned()),
                    };
                }
            },
        };
        if let Err(why) = crate::article::shown_in_mail(&local, LARGEST_PICTURE) {
            return Fate::Goes(why);
        }
        let file = local.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Names that need no escaping in an address.
        let file: String = file
            .chars()
            .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
            .collect();
        let mut to = PathBuf::from("images").join(slug).join(&file);
        let mut number = 2;
        while copied.iter().any(|known| known.to == to && known.from != local) {
            to = PathBuf::from("images").join(slug).join(format!("{number}-{file}"));
            number += 1;
        }
        let written = to.to_string_lossy().replace('\\', "/");
        if !copied.iter().any(|known| known.to == to) {
            copied.push(Copied { from: local, to });
        }
        Fate::Becomes(written)
    }
}

impl Post {
    /// The line on which the address `written` stands in the file; that of the text where it is written otherwise there.
    fn line_of(&self, written: &str) -> usize {
        let escaped = written.replace('&', "&amp;");
        let numbered = written.replace('&', "&#038;");
        let found =
            [written, &escaped, &numbered].into_iter().filter(|one| !one.is_empty()).find_map(|address| {
                // As an address, and not as a part of a longer one.
                let mut places = self.source.match_indices(address);
                places.find(|(at, _)| {
                    let behind = self.source[at + address.len()..].chars().next();
                    behind
                        .is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '>' | '<' | '['))
                })
            });
        self.line + found.map_or(0, |(at, _)| self.source[..at].matches('\n').count())
    }
}

/// `body` with one blank line where several are, but in code.
fn without_gaps(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut fence: Option<String> = None;
    let mut blank = 0;
    for line in body.split_inclusive('\n') {
        let text = line.trim_start_matches([' ', '>', '\t']);
        let run: String =
            text.chars().take_while(|c| text.starts_with(*c) && matches!(c, '`' | '~')).collect();
        if run.len() >= 3 {
            fence = match fence {
                None => Some(run),
                Some(open) if run.starts_with(open.as_str()) && text.trim_end() == run => None,
                open => open,
            };
        }
        blank = if line.trim().is_empty() { blank + 1 } else { 0 };
        if blank < 2 || fence.is_some() {
            out.push_str(line);
        }
    }
    out
}

/// The link `within` the site as one to the article of a post, when it leads to one.
fn to_post(within: &str, links: &Links<'_>) -> Option<Fate> {
    let (path, id) = within.split_once('#').map_or((within, None), |(path, id)| (path, Some(id)));
    let path = (links.post)(&percent_decode(path))?;
    Some(match id.filter(|id| !id.is_empty()) {
        Some(id) if (links.has_heading)(&path, &percent_decode(id)) => Fate::Becomes(format!("{path}#{id}")),
        Some(id) => without_id(&path, id),
        None => Fate::Becomes(path),
    })
}

fn without_id(path: &str, id: &str) -> Fate {
    Fate::Loses(path.to_owned(), format!("leads to the whole post: that has no heading `#{}`", short(id)))
}

/// The way from the article `from` to the article `to`, both relative to the folder of articles.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let up = from.components().count().saturating_sub(1);
    "../".repeat(up) + &to.to_string_lossy().replace('\\', "/")
}

/// The addresses of the pictures of `post` that are on the web, each once.
pub(super) fn remote(post: &Post) -> Vec<String> {
    let body = document(&post.body);
    let shown = body.seen.iter().filter_map(|seen| match &seen.what {
        What::Image { src, .. } => Some(src),
        _ => None,
    });
    let mut urls: Vec<String> = Vec::new();
    for src in post.head.image.iter().map(|image| &image.src).chain(shown) {
        if let Target::Outside(url) = Target::of(src)
            && url.starts_with("http")
            && !urls.contains(&url)
        {
            urls.push(url);
        }
    }
    urls
}

fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_blank_lines_are_one_but_in_code() {
        for (body, left) in [
            ("A.\n\n\n\nB.\n", "A.\n\nB.\n"),
            ("```\na\n\n\nb\n```\n\n\nC.\n", "```\na\n\n\nb\n```\n\nC.\n"),
            ("````\n```\n\n\n````\n", "````\n```\n\n\n````\n"),
            ("- a\n\n  ~~~\n\n\n  ~~~\n", "- a\n\n  ~~~\n\n\n  ~~~\n"),
        ] {
            assert_eq!(without_gaps(body), left, "{body}");
        }
    }
}

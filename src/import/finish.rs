//! A post → an article's file: links and pictures found, the check passed, nothing overwritten.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::head::Head;
use super::{ImportError, Note, Options, Post, Report, Writing};
use crate::article::markdown::{Seen, Target, What, document, percent_decode};
use crate::article::{LoadOptions, parse_bytes};
use crate::config::Authors;
use crate::diagnostic::Severity;

/// A larger picture is refused by the check.
const LARGEST_PICTURE: u64 = 25 * 1024 * 1024;
/// Links within links: changed from the inside out.
const MOST_ROUNDS: usize = 8;

/// What is known while posts are written.
pub(super) struct Finish<'a> {
    options: &'a Options<'a>,
    /// Folders in which pictures with an absolute path are looked for.
    roots: Vec<PathBuf>,
    /// The slugs that are taken.
    slugs: HashSet<String>,
}

/// What becomes of a link or a picture.
enum Fate {
    Stays,
    Becomes(String),
    /// Only its text stays; why.
    Goes(String),
}

/// A picture that is to be copied beside the article.
struct Copied {
    from: PathBuf,
    /// Relative to the article's folder.
    to: PathBuf,
}

impl<'a> Finish<'a> {
    pub(super) fn new(options: &'a Options<'a>, roots: Vec<PathBuf>) -> Self {
        Finish { options, roots, slugs: HashSet::new() }
    }

    /// The file of a post, relative to the folder of articles; nothing when it cannot be one.
    pub(super) fn name(
        &mut self,
        head: &Head,
        stem: &str,
        file: &Path,
        report: &mut Report,
    ) -> Option<PathBuf> {
        if head.date.is_empty() {
            report.refuse(file, 0, "it has no date, in its head or its file's name");
            return None;
        }
        if head.title.is_empty() {
            report.refuse(file, 0, "it has no title");
            return None;
        }
        let wanted = head.name(stem);
        let mut slug = wanted.clone();
        let mut number = 2;
        while !self.slugs.insert(slug.clone()) {
            slug = format!("{}-{number}", &wanted[..wanted.len().min(74)].trim_end_matches('-'));
            number += 1;
        }
        let day = &head.date[..10];
        Some(PathBuf::from(&day[..4]).join(format!("{day}-{slug}.md")))
    }

    /// Writes `post` as the file `name`; `beside` is the folder of its own pictures.
    pub(super) fn write(
        &self,
        mut post: Post,
        name: &Path,
        beside: Option<&Path>,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        let place = self.options.out.join(name);
        if fs::symlink_metadata(&place).is_ok() {
            report.refuse(
                &post.file,
                0,
                format!("`{}` is there already, and is not overwritten", place.display()),
            );
            return Ok(());
        }
        let slug = name.file_stem().map(|stem| stem.to_string_lossy()[11..].to_owned()).unwrap_or_default();
        let mut copied = Vec::new();
        self.image(&mut post, &slug, beside, &mut copied, report);
        post.body = self.body(&post, &slug, beside, &mut copied, report);
        let Some(text) = self.checked(&post, name, &slug, report) else { return Ok(()) };
        report.written.push(place.clone());
        report.remote.extend(remote(&post).into_iter().map(|url| Note {
            file: place.clone(),
            line: 0,
            what: url,
        }));
        report.pictures += copied.len();
        if self.options.writing == Writing::Nothing {
            return Ok(());
        }
        let folder = place.parent().unwrap_or(self.options.out);
        for picture in copied {
            let to = folder.join(&picture.to);
            copy(&picture.from, &to).map_err(|source| ImportError::Unwritable { path: to, source })?;
        }
        create(&place, text.as_bytes()).map_err(|source| ImportError::Unwritable { path: place, source })
    }

    fn image(
        &self,
        post: &mut Post,
        slug: &str,
        beside: Option<&Path>,
        copied: &mut Vec<Copied>,
        report: &mut Report,
    ) {
        let Some((src, alt)) = post.head.image.take() else { return };
        match self.picture(&src, slug, beside, copied) {
            Fate::Stays => post.head.image = Some((src, alt)),
            Fate::Becomes(src) => post.head.image = Some((src, alt)),
            Fate::Goes(why) => {
                report.note(&post.file, 0, format!("the picture `{}` is left out: {why}", short(&src)))
            }
        }
    }

    /// The body with links and pictures that work.
    fn body(
        &self,
        post: &Post,
        slug: &str,
        beside: Option<&Path>,
        copied: &mut Vec<Copied>,
        report: &mut Report,
    ) -> String {
        let mut body = post.body.trim_matches('\n').to_owned() + "\n";
        let skipped = post.body.len() - post.body.trim_start_matches('\n').len();
        for round in 0..MOST_ROUNDS {
            let document = document(&body);
            let ids: HashSet<&str> = document
                .seen
                .iter()
                .filter_map(|seen| match &seen.what {
                    What::Heading { id, .. } => Some(id.as_str()),
                    _ => None,
                })
                .collect();
            let mut edits: Vec<(Range<usize>, String)> = Vec::new();
            // From the inside out: of two that overlap the later one begins within the earlier.
            for Seen { what, span } in document.seen.iter().rev() {
                let (written, fate) = match what {
                    What::Link { target, .. } => (target, self.link(target, &ids)),
                    What::Image { src, .. } => (src, self.picture(src, slug, beside, copied)),
                    _ => continue,
                };
                if edits.last().is_some_and(|(later, _)| later.start < span.end) {
                    continue;
                }
                let source = &body[span.clone()];
                let new = match &fate {
                    Fate::Stays => continue,
                    Fate::Becomes(target) => readdressed(source, written, target),
                    Fate::Goes(_) => bare(source, what),
                };
                if new == source {
                    continue;
                }
                if let Fate::Goes(why) = &fate {
                    let line = match post.keeps_lines && round == 0 {
                        true => post.line + body[..span.start].matches('\n').count() + skipped,
                        false => post.line,
                    };
                    let kind = if matches!(what, What::Image { .. }) { "picture" } else { "link" };
                    report.note(
                        &post.file,
                        line,
                        format!("the {kind} `{}` is left out: {why}", short(written)),
                    );
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
        body
    }

    fn link(&self, target: &str, ids: &HashSet<&str>) -> Fate {
        match Target::of(target) {
            Target::Outside(_) => Fate::Stays,
            Target::Here(id) if ids.contains(id.as_str()) => Fate::Stays,
            Target::Here(_) => Fate::Goes("there is no such heading".to_owned()),
            // A link of ours, made from a post's name.
            Target::Beside(path)
                if path.split('#').next().is_some_and(|p| p.starts_with("../") && p.ends_with(".md")) =>
            {
                Fate::Stays
            }
            Target::Beside(_) | Target::Refused => {
                let within = target.trim();
                // `//example.org/x` has the scheme of its page.
                if let Some(rest) = within.strip_prefix("//") {
                    return Fate::Becomes(format!("https://{rest}"));
                }
                let scheme = crate::article::markdown::scheme(within);
                match self
                    .options
                    .site
                    .as_ref()
                    .filter(|_| scheme.is_none())
                    .and_then(|site| site.join(within).ok())
                {
                    Some(url) => Fate::Becomes(url.into()),
                    None if scheme.is_some() => Fate::Goes("no mail may hold such a link".to_owned()),
                    None if within.is_empty() => Fate::Goes("it has no address".to_owned()),
                    None => Fate::Goes("it leads within the old site; --site ADDRESS keeps it".to_owned()),
                }
            }
        }
    }

    fn picture(&self, src: &str, slug: &str, beside: Option<&Path>, copied: &mut Vec<Copied>) -> Fate {
        let src = src.trim();
        let upload = self.options.uploads.and_then(|folder| upload(folder, src));
        let local = match Target::of(src) {
            Target::Outside(url) if url.starts_with("http") => match upload {
                Some(file) => file,
                None => return Fate::Stays,
            },
            // Of ours, from the round before.
            Target::Beside(path)
                if copied.iter().any(|known| known.to == Path::new(&percent_decode(&path))) =>
            {
                return Fate::Stays;
            }
            _ if src.starts_with("//") => return Fate::Becomes(format!("https:{src}")),
            _ if src.is_empty() => return Fate::Goes("it has no address".to_owned()),
            _ if crate::article::markdown::scheme(src).is_some() => {
                return Fate::Goes("no mail can show it".to_owned());
            }
            _ => match upload.or_else(|| self.find(src, beside)) {
                Some(file) => file,
                None => {
                    return match self.options.site.as_ref().and_then(|site| site.join(src).ok()) {
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

    /// The file that a path means: beside the post, or from the root of the site; never outside of either.
    fn find(&self, src: &str, beside: Option<&Path>) -> Option<PathBuf> {
        let path = percent_decode(src.split(['?', '#']).next().unwrap_or_default());
        let absolute = path.starts_with('/');
        let inside = path.trim_start_matches(['/', '.']).trim_start_matches('/');
        let own = beside.into_iter().map(Path::to_owned).filter(|_| !absolute);
        own.chain(self.roots.iter().cloned()).find_map(|root| within(&root, Path::new(inside)))
    }

    /// The text of the article when it passes the check; else what is wrong with it is told.
    fn checked(&self, post: &Post, name: &Path, slug: &str, report: &mut Report) -> Option<String> {
        let mut options = LoadOptions::new(self.options.timezone, Authors::new());
        options.max_bytes = 1024 * 1024;
        let text = post.head.yaml(slug) + &post.body;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > options.max_bytes {
            report.refuse(&post.file, post.line, "it is larger than 1 MiB");
            return None;
        }
        let parsed = parse_bytes(name, text.as_bytes(), &options, self.options.now);
        match parsed.diagnostics.iter().find(|found| found.severity == Severity::Error) {
            None => Some(text),
            Some(error) => {
                report.refuse(&post.file, post.line, format!("it would be no article: {}", error.message));
                None
            }
        }
    }
}

/// The regular file `inside` of `root`, unless a link leads out of it.
fn within(root: &Path, inside: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    let file = root.join(inside).canonicalize().ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

/// The picture behind an address of `wp-content/uploads`; of a scaled one the original.
fn upload(folder: &Path, src: &str) -> Option<PathBuf> {
    let (_, path) = src.split_once("/uploads/")?;
    let path = percent_decode(path.split(['?', '#']).next().unwrap_or_default());
    if Path::new(&path).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return None;
    }
    within(folder, Path::new(&path)).or_else(|| {
        let (stem, end) = path.rsplit_once('.')?;
        let (original, size) = stem.rsplit_once('-')?;
        let (width, height) = size.split_once('x')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (digits(width) && digits(height)).then(|| within(folder, Path::new(&format!("{original}.{end}"))))?
    })
}

/// The same link or picture with another address.
fn readdressed(source: &str, written: &str, target: &str) -> String {
    if let Some(at) = source.rfind(written).filter(|_| !written.is_empty()) {
        return format!("{}{target}{}", &source[..at], &source[at + written.len()..]);
    }
    // By its label, or written with escapes.
    let open = if source.starts_with('!') { 2 } else { 1 };
    match (
        source.starts_with(['[', '!']),
        source.rfind("](").or_else(|| source.rfind("][")).or_else(|| source.rfind(']')),
    ) {
        (true, Some(end)) if end >= open => format!("{}]({target})", &source[..end]),
        _ => source.to_owned(),
    }
}

/// The text of a link, or the description of a picture.
fn bare(source: &str, what: &What) -> String {
    if let What::Image { alt, .. } = what {
        return if alt.is_empty() {
            String::new()
        } else {
            format!("*{}*", crate::article::markdown::escape(alt))
        };
    }
    if let Some(inner) = source.strip_prefix('<') {
        // A tag, or an address between angle brackets.
        let is_tag = inner.strip_prefix(['a', 'A']).is_some_and(|rest| rest.starts_with(char::is_whitespace));
        return if is_tag { String::new() } else { source.trim_matches(['<', '>']).to_owned() };
    }
    let end = source.rfind("](").or_else(|| source.rfind("][")).or_else(|| source.rfind(']'));
    match end.filter(|end| source.starts_with('[') && *end > 0) {
        Some(end) => source[1..end].to_owned(),
        None => String::new(),
    }
}

/// The way from the article `from` to the article `to`, both relative to the folder of articles.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let up = from.components().count().saturating_sub(1);
    "../".repeat(up) + &to.to_string_lossy().replace('\\', "/")
}

/// The addresses of the pictures of `post` that are on the web, each once.
fn remote(post: &Post) -> Vec<String> {
    let body = document(&post.body);
    let shown = body.seen.iter().filter_map(|seen| match &seen.what {
        What::Image { src, .. } => Some(src),
        _ => None,
    });
    let mut urls: Vec<String> = Vec::new();
    for src in post.head.image.iter().map(|(src, _)| src).chain(shown) {
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

/// Writes a file that must not be there, in one piece.
fn create(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let half = folder.join(format!(".{}.part", place.file_name().unwrap_or_default().to_string_lossy()));
    let written = fs::File::create(&half)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        // A link, where a rename would overwrite.
        .and_then(|()| fs::hard_link(&half, place));
    let _ = fs::remove_file(&half);
    written
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match create(to, &fs::read(from)?) {
        // From an import before this one; a picture that differs would have another name.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        written => written,
    }
}

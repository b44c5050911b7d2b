//! The posts of a Jekyll or Hugo site.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Parser, Tag};
use serde_json::{Map, Value};

use super::finish::Finish;
use super::head::{Head, head, one_line};
use super::liquid::Expander;
use super::{ImportError, Options, Post, Report};
use crate::article::markdown::{document, from_html};
use crate::yaml::{self, Limits};

/// Whose posts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `_posts/2016-03-04-ferry.md`, with Liquid in them.
    Jekyll,
    /// `content/posts/ferry.md` or `content/posts/ferry/index.md`, with shortcodes.
    Hugo,
}

/// Folders are walked into no deeper than this.
const DEEPEST: usize = 12;
/// A post that is larger is no post.
const LARGEST: u64 = 1024 * 1024;

/// A post whose head has been read, and the name it will have.
struct Planned {
    path: PathBuf,
    name: PathBuf,
}

/// Imports the posts of the site at `source`: its folder, or that of the posts alone.
///
/// # Errors
/// When the source cannot be read, or nothing can be written.
pub fn site(flavour: Flavour, source: &Path, options: &Options<'_>) -> Result<Report, ImportError> {
    let metadata = fs::metadata(source)
        .map_err(|error| ImportError::Unreadable { path: source.to_owned(), source: error })?;
    if !metadata.is_dir() {
        let why = "is no folder; name the folder of the site, or that of its posts";
        return Err(ImportError::Strange { path: source.to_owned(), why });
    }
    let mut report = Report::default();
    let mut files = Vec::new();
    walk(source, 0, &mut files)?;
    files.retain(|path| is_post(flavour, source, path));
    files.sort();
    if files.is_empty() {
        let why = match flavour {
            Flavour::Jekyll => "holds no posts; they are files such as _posts/2016-03-04-ferry.md",
            Flavour::Hugo => "holds no posts; they are files such as content/posts/ferry.md",
        };
        return Err(ImportError::Strange { path: source.to_owned(), why });
    }
    let mut finish = Finish::new(options, roots(flavour, source));
    // Posts link to each other by names that are known only when all heads have been read.
    let mut planned = Vec::new();
    let mut names: HashMap<String, PathBuf> = HashMap::new();
    for path in files {
        let Some((head, ..)) = read(flavour, &path, options, &mut report) else { continue };
        let stem = stem(flavour, &path);
        let Some(name) = finish.name(&head, &stem, &path, &mut report) else { continue };
        for key in keys(flavour, source, &path) {
            names.entry(key).or_insert_with(|| name.clone());
        }
        planned.push(Planned { path, name });
    }
    let mut again = Report::default();
    for Planned { path, name } in planned {
        // What is wrong with its head has been told.
        let Some((head, body, line)) = read(flavour, &path, options, &mut again) else { continue };
        let post_of = |key: &str| {
            let key = key.trim_matches('/').trim_end_matches(".md").trim_end_matches("/index").to_lowercase();
            let other = names.get(&key).or_else(|| names.get(key.rsplit('/').next().unwrap_or_default()))?;
            Some(super::finish::relative(&name, other))
        };
        let mut lost = |at: usize, what: String| {
            report.note(&path, line + body[..at].matches('\n').count(), what);
        };
        let body = Expander { flavour, post: &post_of, lost: &mut lost }.expand(&body);
        let body = without_html(&body, &mut |at, what| {
            report.note(&path, line + body[..at].matches('\n').count(), what);
        });
        let mut post = Post { head, body, file: path.clone(), line, keeps_lines: true };
        summarised(&mut post);
        finish.write(post, &name, path.parent(), &mut report)?;
    }
    Ok(report)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let unreadable = |source| ImportError::Unreadable { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A link may lead anywhere, and round in a circle.
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let built =
            matches!(name.to_str(), Some("node_modules" | "_site" | "public" | "resources" | "vendor"));
        if kind.is_dir() && depth < DEEPEST && !hidden && !built {
            walk(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() && !hidden {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn is_markdown(path: &Path) -> bool {
    path.extension().and_then(|end| end.to_str()).is_some_and(|end| {
        ["md", "markdown", "mkd", "mkdn", "html"].iter().any(|known| end.eq_ignore_ascii_case(known))
    })
}

fn is_post(flavour: Flavour, source: &Path, path: &Path) -> bool {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let inside = path.strip_prefix(source).unwrap_or(path);
    let within = |folder: &str| inside.components().any(|part| part == Component::Normal(folder.as_ref()));
    match flavour {
        Flavour::Jekyll => {
            is_markdown(path) && dated(file).is_some() || is_markdown(path) && within("_drafts")
        }
        Flavour::Hugo => {
            let of_content = within("content") || !source.join("content").is_dir();
            is_markdown(path)
                && !file.eq_ignore_ascii_case("_index.md")
                && !file.ends_with(".html")
                && of_content
                && !["layouts", "archetypes", "themes", "i18n", "data"].iter().any(|folder| within(folder))
        }
    }
}

/// `2016-03-04-ferry.md` → its day and the rest.
fn dated(file: &str) -> Option<(&str, &str)> {
    let (day, rest) = file.split_at_checked(10)?;
    let shape =
        day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    Some((day, rest.strip_prefix('-')?)).filter(|_| shape)
}

/// Where pictures with an absolute path are.
fn roots(flavour: Flavour, source: &Path) -> Vec<PathBuf> {
    // Whoever names the folder of the posts has the site above it.
    let above = source.ancestors().skip(1).take(3).filter(|path| !path.as_os_str().is_empty());
    let sites = std::iter::once(source).chain(above).map(Path::to_owned);
    match flavour {
        Flavour::Jekyll => {
            sites.filter(|path| path == source || path.join("_config.yml").is_file()).collect()
        }
        Flavour::Hugo => {
            sites.flat_map(|path| [path.join("static"), path.join("assets")]).filter(|p| p.is_dir()).collect()
        }
    }
}

fn stem(flavour: Flavour, path: &Path) -> String {
    let name =
        |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let own = name(path);
    match flavour {
        Flavour::Jekyll => dated(&own).map_or(own.clone(), |(_, rest)| rest.to_owned()),
        Flavour::Hugo if own == "index" => path.parent().map(name).unwrap_or(own),
        Flavour::Hugo => own,
    }
}

/// The names by which other posts link to this one.
fn keys(flavour: Flavour, source: &Path, path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(source).unwrap_or(path).with_extension("");
    let inside = inside.to_string_lossy().replace('\\', "/").to_lowercase();
    let inside = inside.trim_end_matches("/index").trim_start_matches("content/").to_owned();
    let last = inside.rsplit('/').next().unwrap_or_default().to_owned();
    let mut keys = vec![inside, last.clone()];
    if flavour == Flavour::Hugo {
        keys.push(stem(flavour, path).to_lowercase());
    }
    keys
}

/// Reads a post: its head, its body, and the line on which that begins.
fn read(
    flavour: Flavour,
    path: &Path,
    options: &Options<'_>,
    report: &mut Report,
) -> Option<(Head, String, usize)> {
    let size = fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    if size > LARGEST {
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
            report.note(path, line, "this is not UTF-8, and is read as well as it can be");
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (fields, at) = match fields(&text) {
        Ok(read) => read,
        Err((line, why)) => {
            report.refuse(path, line, why);
            return None;
        }
    };
    let (mut head, bad_date) = head(fields, options.timezone);
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if head.date.is_empty() {
        head.date = dated(file).map(|(day, _)| day.to_owned()).unwrap_or_default();
        if let Some(bad) = bad_date.filter(|_| !head.date.is_empty()) {
            report.note(
                path,
                0,
                format!("`{bad}` is no date that is read; the file's name gives {}", head.date),
            );
        }
    }
    let drafts = path.components().any(|part| part.as_os_str() == "_drafts");
    head.draft |= flavour == Flavour::Jekyll && drafts;
    if head.title.is_empty() {
        head.title = title_of(&stem(flavour, path));
    }
    Some((head, text[at..].to_owned(), 1 + text[..at].matches('\n').count()))
}

/// `the-ferry-is-back` → `The ferry is back`.
fn title_of(stem: &str) -> String {
    let words = one_line(&stem.replace(['-', '_'], " "));
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The fields of a front matter in YAML, TOML or JSON, and where the body begins.
fn fields(text: &str) -> Result<(Map<String, Value>, usize), (usize, String)> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let fence = match first {
        "---" => "---",
        "+++" => "+++",
        _ if text.starts_with('{') => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            return match values.next() {
                Some(Ok(Value::Object(fields))) => Ok((fields, values.byte_offset())),
                Some(Ok(_)) | None => Err((1, "the front matter is no object of JSON".to_owned())),
                Some(Err(error)) => Err((error.line(), format!("the front matter is no JSON: {error}"))),
            };
        }
        _ => return Ok((Map::new(), 0)),
    };
    let start = text.find('\n').map_or(text.len(), |at| at + 1);
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == fence || fence == "---" && line.trim_end() == "..." {
            let head = &text[start..end];
            let body = end + line.len();
            let fields = if fence == "---" { from_yaml(head)? } else { from_toml(head)? };
            return Ok((fields, body));
        }
        end += line.len();
    }
    Err((1, format!("the front matter is never closed: there is no second line of `{fence}`")))
}

fn from_yaml(head: &str) -> Result<Map<String, Value>, (usize, String)> {
    if head.trim().is_empty() {
        return Ok(Map::new());
    }
    let node = yaml::parse(head, Limits::DOCUMENT).map_err(|error| {
        let remedy = error.remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
        (error.place.line + 1, format!("the front matter is no YAML: {}{remedy}", error.message))
    })?;
    match node.to_json() {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err((2, "the front matter is no mapping of keys".to_owned())),
    }
}

fn from_toml(head: &str) -> Result<Map<String, Value>, (usize, String)> {
    let table: toml::Table = head.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| head[..span.start.min(head.len())].matches('\n').count());
        (line + 2, format!("the front matter is no TOML: {}", error.message()))
    })?;
    fn json(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => number.into(),
            toml::Value::Boolean(flag) => flag.into(),
            toml::Value::Datetime(moment) => moment.to_string().into(),
            toml::Value::Array(items) => items.into_iter().map(json).collect(),
            toml::Value::Table(fields) => {
                Value::Object(fields.into_iter().map(|(k, v)| (k, json(v))).collect())
            }
        }
    }
    Ok(table.into_iter().map(|(key, value)| (key, json(value))).collect())
}

/// Raw HTML as Markdown, and without the attribute lists of kramdown.
fn without_html(body: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    let blocks: Vec<_> = Parser::new(body)
        .into_offset_iter()
        .filter_map(|(event, span)| matches!(event, Event::Start(Tag::HtmlBlock)).then_some(span))
        .collect();
    for span in blocks {
        let html = &body[span.clone()];
        // What stands deeper, in a list or a quote, has its indentation; and a comment may silence a rule.
        let deeper = !(span.start == 0 || body[..span.start].ends_with('\n'));
        if deeper || span.start < at || html.trim_start().starts_with("<!--") {
            continue;
        }
        let converted = from_html(html);
        for what in converted.lost {
            lost(span.start, format!("{what} does not go into a mail and is left out"));
        }
        out.push_str(&body[at..span.start]);
        out.push_str(&converted.markdown);
        if !converted.markdown.is_empty() {
            out.push('\n');
        }
        at = span.end;
    }
    out.push_str(&body[at..]);
    let mut fenced = false;
    let lines = out.split_inclusive('\n').filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        let line = line.trim();
        fenced || !(line.starts_with("{:") && line.ends_with('}'))
    });
    lines.collect()
}

/// What stands above `<!--more-->` is the summary, when there is none.
fn summarised(post: &mut Post) {
    let Some(more) = ["<!--more-->", "<!-- more -->"].iter().find_map(|mark| post.body.find(mark)) else {
        return;
    };
    if post.head.summary.is_none() {
        let text = one_line(&document(&post.body[..more]).plain());
        post.head.summary = Some(text).filter(|text| !text.is_empty() && text.chars().count() <= 300);
    }
    for mark in ["<!--more-->", "<!-- more -->"] {
        post.body = post.body.replace(mark, "");
    }
}

//! Where browsers found the posts of a site: its patterns of addresses, Jekyll's `permalink` and Hugo's `permalinks`.

use std::path::Path;

use chrono::{DateTime, NaiveDate};
use serde_json::Value;
use url::Url;

use super::head::Head;
use super::homes::Homes;
use super::settings::{Settings, file_of, get, settings};
use super::tree::{Spot, Standing, folder_of};
use super::{Flavour, Note};

/// How a site gives its posts their addresses.
#[derive(Debug)]
pub(super) struct Addressing {
    flavour: Flavour,
    /// By section, and without one for all: `/:year/:title/`.
    patterns: Vec<(Option<String>, String)>,
    /// Hugo's `uglyURLs`: `/posts/ferry.html`.
    is_ugly: bool,
    /// The addresses of the whole site.
    pub(super) homes: Homes,
    /// The site's own address, without a path: `https://example.org`.
    pub(super) url: Option<String>,
    /// The folder that it stands in there: `/blog`, or nothing.
    pub(super) base: String,
    /// Jekyll's configuration, of which its posts may speak.
    pub(super) settings: Settings,
    /// What of the configuration could not be understood.
    pub(super) told: Vec<Note>,
}

/// The addresses of one post, each from the root of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addresses {
    /// That which the site gives it.
    pub(super) own: String,
    /// Those that lead there too, or did, or would by the usual pattern.
    pub(super) others: Vec<String>,
}

/// Jekyll's names of its own patterns.
fn style(name: &str) -> &str {
    match name {
        "date" => "/:categories/:year/:month/:day/:title:output_ext",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "ordinal" => "/:categories/:year/:y_day/:title:output_ext",
        "weekdate" => "/:categories/:year/W:week/:short_day/:title:output_ext",
        "none" => "/:categories/:title:output_ext",
        pattern => pattern,
    }
}

impl Addressing {
    /// That of a site without a configuration.
    fn bare(flavour: Flavour) -> Self {
        Addressing {
            flavour,
            patterns: Vec::new(),
            is_ugly: false,
            homes: Homes::default(),
            url: None,
            base: String::new(),
            settings: Settings::new(),
            told: Vec::new(),
        }
    }

    /// What the configuration of the site at `root`, which the user calls `shown`, says; `site` is where it stood, as far
    /// as the user said it.
    pub(super) fn of(flavour: Flavour, (root, shown): (&Path, &Path), site: Option<&Url>) -> Self {
        let mut addressing = Addressing::bare(flavour);
        match flavour {
            // What cannot be read is told where its `defaults` are looked for.
            Flavour::Jekyll => {
                if let Ok(Some(config)) = settings(root, root, "_config") {
                    addressing.jekyll(&config);
                    addressing.settings = config;
                }
                addressing.check((root, shown), root, &["_config"]);
            }
            Flavour::Hugo => {
                for folder in [root.to_owned(), root.join("config/_default"), root.join("config")] {
                    for name in ["hugo", "config"] {
                        if let Ok(Some(config)) = settings(root, &folder, name) {
                            addressing.hugo(&config);
                        }
                    }
                    if let Ok(Some(permalinks)) = settings(root, &folder, "permalinks") {
                        addressing.sections(&permalinks);
                    }
                    addressing.check((root, shown), &folder, &["permalinks", "hugo", "config"]);
                }
            }
        }
        if let Some(site) = site.filter(|_| addressing.url.is_none()) {
            addressing.url = Some(site.origin().ascii_serialization());
        }
        let home = addressing.url.clone().map(|url| url + &addressing.base);
        addressing.homes.extend(home.as_deref());
        addressing.homes.extend(site.map(Url::as_str));
        addressing
    }

    fn jekyll(&mut self, config: &Settings) {
        let of_posts = get(config, "collections").and_then(|all| all.get("posts")?.get("permalink"));
        let pattern = of_posts.or_else(|| get(config, "permalink")).and_then(Value::as_str);
        self.patterns.extend(pattern.map(|pattern| (None, style(pattern.trim()).to_owned())));
        let of = |key| {
            get(config, key).and_then(Value::as_str).map(|text: &str| text.trim().trim_end_matches('/'))
        };
        self.url = of("url").filter(|url| url.starts_with("http")).map(str::to_owned);
        let base = of("baseurl").unwrap_or_default();
        self.base =
            if base.is_empty() { String::new() } else { format!("/{}", base.trim_start_matches('/')) };
    }

    fn hugo(&mut self, config: &Settings) {
        if let Some(permalinks) = get(config, "permalinks").and_then(Value::as_object) {
            self.sections(permalinks);
        }
        self.is_ugly |= get(config, "uglyurls").and_then(Value::as_bool).unwrap_or_default();
        let home = get(config, "baseurl").and_then(Value::as_str).and_then(super::homes::on_the_web);
        if let Some(home) = home.filter(|_| self.url.is_none()) {
            self.url = Some(home.origin().ascii_serialization());
            self.base = home.path().trim_end_matches('/').to_owned();
        }
    }

    /// `posts = "/:year/:slug/"`, at the top or, as Hugo has it since 0.114, beneath `page`.
    fn sections(&mut self, permalinks: &Settings) {
        let of_pages = get(permalinks, "page").and_then(Value::as_object);
        for (section, pattern) in of_pages.into_iter().flatten().chain(permalinks) {
            if let Some(pattern) = pattern.as_str() {
                self.patterns.push((Some(section.trim_matches('/').to_lowercase()), pattern.to_owned()));
            }
        }
    }

    /// Tells of patterns with words that are not known, and does without them.
    fn check(&mut self, (root, shown): (&Path, &Path), folder: &Path, names: &[&str]) {
        let Some(file) = names.iter().find_map(|name| file_of(folder, name)) else { return };
        let file = shown.join(file.strip_prefix(root).unwrap_or(&file));
        let flavour = self.flavour;
        let is_known = |token: &str| value(flavour, token, &Values::default()).is_some();
        self.patterns.retain(|(_, pattern)| {
            let unknown = expand(pattern, &|token| is_known(token).then(String::new)).err();
            self.told.extend(unknown.as_ref().map(|token| Note {
                file: file.clone(),
                line: 0,
                what: format!(
                    "`:{token}` of the permalink `{pattern}` is not understood: links by such addresses are not followed"
                ),
            }));
            unknown.is_none()
        });
    }

    /// The addresses of a post; the word of its own pattern that is not understood is given to `lost`.
    pub(super) fn of_post(&self, spot: &Spot, head: &Head, lost: &mut dyn FnMut(String)) -> Addresses {
        // Where a Jekyll site names no zone, its addresses have the day of the machine that builds it, which is mostly UTC.
        let in_utc = DateTime::parse_from_rfc3339(&head.date).map(|at| at.to_utc().date_naive().to_string());
        let mut days: Vec<&str> = Vec::new();
        for day in [head.date.get(..10), spot.day.as_deref(), in_utc.as_deref().ok()].into_iter().flatten() {
            if !days.contains(&day) {
                days.push(day);
            }
        }
        let of_day = |day: &str| Values {
            day: day.parse().ok(),
            time: head.date.get(11..19).unwrap_or("00:00:00"),
            title: &head.title,
            slug: head.slug.as_deref(),
            name: name_of(spot),
            stem: &spot.stem,
            folder: match spot.standing {
                // `post/flood/index.md`
                Standing::Bundle => folder_of(folder_of(&spot.path)),
                Standing::Alone | Standing::Loose | Standing::Draft => folder_of(&spot.path),
            },
            categories: spot.categories.iter().chain(&head.categories).map(String::as_str).collect(),
        };
        let filled = |pattern: &str, day: &str| {
            expand(pattern, &|token| value(self.flavour, token, &of_day(day))).map(|path| rooted(&path))
        };
        let own_pattern = match self.flavour {
            Flavour::Jekyll => head.permalink.as_deref().map(style),
            Flavour::Hugo => head.url.as_deref(),
        };
        let mut all = Vec::new();
        for pattern in own_pattern.into_iter().chain(self.pattern_of(spot)) {
            for day in &days {
                match filled(pattern, day) {
                    Ok(address) => all.push(address),
                    Err(token) => {
                        lost(format!(
                            "`:{token}` of its address `{pattern}` is not understood: links to it by that are not followed"
                        ));
                        break;
                    }
                }
            }
        }
        let usual: &[&str] = match (self.flavour, self.is_ugly) {
            (Flavour::Jekyll, _) => &[style("date"), "/:year/:month/:day/:title:output_ext"],
            (Flavour::Hugo, true) => {
                &["/:sections/:slugorfilename.html", "/:sections/:filename.html", "/:sections/:stem.html"]
            }
            (Flavour::Hugo, false) => {
                &["/:sections/:slugorfilename/", "/:sections/:filename/", "/:sections/:stem/"]
            }
        };
        all.extend(usual.iter().flat_map(|pattern| days.iter().filter_map(|day| filled(pattern, day).ok())));
        let folder = folder_of(&spot.path).to_string_lossy().replace('\\', "/");
        for alias in &head.addresses {
            all.push(rooted(alias));
            if self.flavour == Flavour::Hugo && !alias.starts_with('/') {
                all.push(rooted(&format!("{folder}/{alias}")));
            }
        }
        let mut all = all.into_iter();
        Addresses { own: all.next().unwrap_or_default(), others: all.collect() }
    }

    fn pattern_of(&self, spot: &Spot) -> Option<&str> {
        let folder = folder_of(&spot.path).to_string_lossy().replace('\\', "/").to_lowercase();
        let is_of = |section: &str| {
            folder
                .strip_prefix(section)
                .is_some_and(|rest| section.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        let mine = self.patterns.iter().filter(|(section, _)| section.as_deref().is_none_or(is_of));
        mine.max_by_key(|(section, _)| section.as_ref().map_or(0, String::len))
            .map(|(_, pattern)| pattern.as_str())
    }

    /// `path` from the root of the site, when it names the folder too that the site stands in.
    pub(super) fn within_base<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.base.as_str()).filter(|_| !self.base.is_empty())?;
        rest.starts_with('/').then_some(rest)
    }
}

/// The name of a post's file, or of the folder that is the post.
fn name_of(spot: &Spot) -> &str {
    let named = match spot.standing {
        Standing::Bundle => folder_of(&spot.path).file_name(),
        Standing::Alone | Standing::Loose | Standing::Draft => spot.path.file_stem(),
    };
    named.and_then(|name| name.to_str()).unwrap_or(&spot.stem)
}

/// What the words of a pattern stand for.
struct Values<'a> {
    day: Option<NaiveDate>,
    /// `06:00:00`
    time: &'a str,
    title: &'a str,
    slug: Option<&'a str>,
    /// With its day.
    name: &'a str,
    /// Without it.
    stem: &'a str,
    folder: &'a Path,
    categories: Vec<&'a str>,
}

impl Default for Values<'_> {
    fn default() -> Self {
        Values {
            day: Some(NaiveDate::default()),
            time: "00:00:00",
            title: "",
            slug: None,
            name: "",
            stem: "",
            folder: Path::new(""),
            categories: Vec::new(),
        }
    }
}

/// What `:token` stands for; nothing when it is no word of this program's.
fn value(flavour: Flavour, token: &str, of: &Values<'_>) -> Option<String> {
    let day = |format: &str| of.day.map(|day| day.format(format).to_string()).unwrap_or_default();
    let time = |at: usize| of.time.get(at..at + 2).unwrap_or("00").to_owned();
    let folder = of.folder.to_string_lossy().replace('\\', "/");
    let text = match (flavour, token) {
        (_, "year") => day("%Y"),
        (_, "month") => day("%m"),
        (_, "day") => day("%d"),
        (Flavour::Jekyll, "title") => slugged(of.slug.unwrap_or(of.stem), "._~!$&'()+,;=@"),
        (Flavour::Jekyll, "slug") => slugged(of.slug.unwrap_or(of.stem), ""),
        (Flavour::Jekyll, "name") => slugged(of.stem, ""),
        (Flavour::Jekyll, "categories") => of.categories.join("/"),
        (Flavour::Jekyll, "slugified_categories") => {
            of.categories.iter().map(|name| slugged(name, "")).collect::<Vec<_>>().join("/")
        }
        (Flavour::Jekyll, "collection") => "posts".to_owned(),
        (Flavour::Jekyll, "output_ext") => ".html".to_owned(),
        (Flavour::Jekyll, "short_year") => day("%y"),
        (Flavour::Jekyll, "i_month") => day("%-m"),
        (Flavour::Jekyll, "i_day") => day("%-d"),
        (Flavour::Jekyll, "short_month") => day("%b"),
        (Flavour::Jekyll, "long_month") => day("%B"),
        (Flavour::Jekyll, "short_day") => day("%a"),
        (Flavour::Jekyll, "long_day") => day("%A"),
        (Flavour::Jekyll, "y_day") => day("%j"),
        (Flavour::Jekyll, "week") => day("%V"),
        (Flavour::Jekyll, "w_year") => day("%G"),
        (Flavour::Jekyll, "w_day") => day("%u"),
        (Flavour::Jekyll, "hour") => time(0),
        (Flavour::Jekyll, "minute") => time(3),
        (Flavour::Jekyll, "second") => time(6),
        (Flavour::Hugo, "monthname") => day("%B"),
        (Flavour::Hugo, "weekday") => day("%w"),
        (Flavour::Hugo, "weekdayname") => day("%A"),
        (Flavour::Hugo, "yearday") => day("%-j"),
        (Flavour::Hugo, "section" | "sectionslug") => folder.split('/').next().unwrap_or_default().to_owned(),
        (Flavour::Hugo, "sections" | "sectionslugs") => folder,
        (Flavour::Hugo, "sections[1:]" | "sectionslugs[1:]") => {
            folder.split_once('/').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
        }
        (Flavour::Hugo, "title") => urlized(of.title),
        (Flavour::Hugo, "slug") => urlized(of.slug.unwrap_or(of.title)),
        (Flavour::Hugo, "slugorfilename" | "slugorcontentbasename") => urlized(of.slug.unwrap_or(of.name)),
        (Flavour::Hugo, "filename" | "contentbasename") => urlized(of.name),
        // Not a word of Hugo's: where its `frontmatter` takes the day from the name of the file, the rest is the slug.
        (Flavour::Hugo, "stem") => urlized(of.stem),
        _ => return None,
    };
    Some(text)
}

/// `pattern` with its words filled in; else the first that nothing stands for.
fn expand(pattern: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find(':') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let length = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '_')).unwrap_or(rest.len());
        let slice = rest[length..].starts_with('[').then(|| rest[length..].find(']')).flatten();
        let whole = slice.map_or(length, |end| length + end + 1);
        // `:year_:month`: an underscore may be one of the pattern's own.
        let cuts = rest[..length].rmatch_indices('_').map(|(at, _)| at);
        let found = [whole].into_iter().chain(cuts).find_map(|end| Some((end, value(&rest[..end])?)));
        let Some((end, text)) = found else { return Err(rest[..whole].to_owned()) };
        out.push_str(&text);
        rest = &rest[end..];
    }
    out.push_str(rest);
    Ok(out)
}

/// With one slash at its beginning, and none twice.
fn rooted(path: &str) -> String {
    let end = if path.ends_with('/') { "/" } else { "" };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "/".to_owned() } else { format!("/{}{end}", parts.join("/")) }
}

/// As Jekyll writes a name into an address: whatever is no letter, number or one of `kept` becomes a hyphen.
fn slugged(name: &str, kept: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() || kept.contains(c) {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// As Hugo writes a title into an address: spaces become hyphens, and other marks go.
fn urlized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '~' | '/') => {
                out.extend(c.to_lowercase())
            }
            c if (c == '-' || c.is_whitespace()) && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot() -> Spot {
        Spot {
            shown: "x".into(),
            path: "blog/trips/2016-03-04-The_Ferry.md".into(),
            stem: "The_Ferry".to_owned(),
            day: Some("2016-03-04".to_owned()),
            categories: vec!["sport".to_owned()],
            standing: Standing::Alone,
        }
    }

    fn own(flavour: Flavour, pattern: &str) -> String {
        let head = Head {
            title: "It's Back, Again".to_owned(),
            date: "2016-03-04T06:07:08Z".to_owned(),
            categories: vec!["Cups".to_owned()],
            permalink: Some(pattern.to_owned()),
            url: Some(pattern.to_owned()),
            ..Head::default()
        };
        let addressing = Addressing::bare(flavour);
        addressing.of_post(&spot(), &head, &mut |what| panic!("{what}")).own
    }

    #[test]
    fn the_words_of_a_pattern_stand_for_what_both_programs_make_of_them() {
        for (pattern, address) in [
            ("date", "/sport/Cups/2016/03/04/the_ferry.html"),
            ("pretty", "/sport/Cups/2016/03/04/the_ferry/"),
            ("ordinal", "/sport/Cups/2016/064/the_ferry.html"),
            ("weekdate", "/sport/Cups/2016/W09/Fri/the_ferry.html"),
            ("none", "/sport/Cups/the_ferry.html"),
            ("/:year_:i_month/:slug", "/2016_3/the-ferry"),
            ("/b/:short_year-:i_day-:hour:minute/:title.html", "/b/16-4-0607/the_ferry.html"),
        ] {
            assert_eq!(own(Flavour::Jekyll, pattern), address, "{pattern}");
        }
        for (pattern, address) in [
            ("/:year/:month/:slug/", "/2016/03/its-back-again/"),
            ("/:sections/:filename/", "/blog/trips/2016-03-04-the_ferry/"),
            ("/:sections[1:]/:yearday/:slugorfilename", "/trips/64/2016-03-04-the_ferry"),
            ("/:section/:monthname/:title", "/blog/March/its-back-again"),
        ] {
            assert_eq!(own(Flavour::Hugo, pattern), address, "{pattern}");
        }
        assert_eq!(
            expand("/:year/:colour/", &|token| (token == "year").then(String::new)),
            Err("colour".to_owned())
        );
    }
}

//! Tests of `article`: what an editor is told, and what comes of any bytes.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use straight::article::{
    LoadError, LoadOptions, Loaded, Medium, Others, PictureWork, RenderOptions, Whole, link_target, load_dir,
    load_one, load_paths, parse_bytes,
};
use straight::cli::check::{Format, Strictness, Verdict, check};
use straight::config::{Author, Authors};
use straight::diagnostic::{Colour, human, json};
use straight::words::Words;

fn now() -> DateTime<Utc> {
    "2025-11-04T12:00:00Z".parse().unwrap()
}

fn authors() -> Authors {
    let author = |name: &str| Author { name: name.to_owned(), biography: None, link: None, photo: None };
    BTreeMap::from([
        ("ada-reporter".to_owned(), author("Ada Reporter")),
        ("mara-lind".to_owned(), author("Mara Lind")),
        ("tobias-ekwall".to_owned(), author("Tobias Ekwall")),
    ])
}

fn options() -> LoadOptions {
    LoadOptions::new(chrono_tz::Europe::Berlin, authors())
}

/// A folder of articles whose files have rested.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        age(&path, 60);
        self
    }

    fn article(self, name: &str, title: &str, more: &str, body: &str) -> Self {
        let text = format!(
            "---\ntitle: \"{title}\"\ndate: 2025-11-03\nhighlights: [One, Two, Three]\nsummary: In short.\n{more}---\n{body}\n"
        );
        self.with(name, text)
    }

    fn load(&self) -> Loaded {
        load_dir(self.path(), &options(), now()).unwrap()
    }

    /// What an editor reads, with the folder's name left out.
    fn told(&self, loaded: &Loaded) -> String {
        human(&loaded.diagnostics, Colour::Never).replace(self.path().to_str().unwrap(), "articles")
    }
}

/// Sets the file's time to `seconds` before [`now`].
fn age(path: &Path, seconds: i64) {
    let then = now() - TimeDelta::seconds(seconds);
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(then.into()).unwrap();
}

fn titles(loaded: &Loaded) -> Vec<&str> {
    loaded.articles.iter().map(|article| article.title.as_str()).collect()
}

/// A PNG of one colour.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([11, 92, 173]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// What another program's keys say is read as ours; what they mean to its site is not.
#[test]
fn a_post_of_another_program_is_read_in_our_words() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/articles/broken").join(name);
        let text = fs::read_to_string(path).unwrap().replace("tittle: A slip stays a slip\n", "");
        let parsed = parse_bytes(Path::new(name), text.as_bytes(), &options(), now());
        parsed.article.unwrap_or_else(|| panic!("{}", human(&parsed.diagnostics, Colour::Never)))
    };
    let jekyll = read("foreign-jekyll.md");
    assert_eq!(jekyll.tags, ["harbour", "transport"]);
    assert_eq!(jekyll.author.unwrap().name, "mara");
    assert_eq!(jekyll.not_before.unwrap().to_rfc3339(), "2025-11-03T05:30:00+00:00");
    assert!(jekyll.image.is_none() && !jekyll.draft && jekyll.extra.is_empty());
    let hexo = read("foreign-hexo.md");
    assert_eq!(hexo.title, "The ferry is back");
    assert_eq!(
        (hexo.tags.join("|"), hexo.summary.as_deref()),
        ("harbour|transport".to_owned(), Some("It sails on Monday."))
    );
    assert_eq!(hexo.author.unwrap().name, "Mara Lind, Tobias Ekwall");
    assert_eq!(hexo.date.to_string(), "2025-11-03");
    let unseen = read("foreign-unseen.md");
    assert!(unseen.draft, "what its blog keeps private does not go out");
    assert_eq!(unseen.tags, ["2016", "quay", "transport"]);
    assert_eq!((unseen.author.unwrap().name.as_str(), unseen.url), ("Mara Lind", None));
    assert_eq!(unseen.image.unwrap().src, "https://example.com/ferry.jpg");
    assert_eq!(read("2025-11-03-day-in-the-name.md").date.to_string(), "2025-11-03");
}

#[test]
fn a_list_of_authors_is_told_what_to_write_and_not_where_it_stands_already() {
    let text = "---\ntitle: The ferry\ndate: 2025-11-03\nauthor: [mara-lind, tobias]\n---\nIt sails.\n";
    let parsed = parse_bytes(Path::new("ferry.md"), text.as_bytes(), &options(), now());
    let told = human(&parsed.diagnostics, Colour::Never);
    assert!(
        told.contains("write one name, or all of them as one text: `author: Mara Lind and Tobias Ekwall`"),
        "{told}"
    );
}

/// What makes a post a draft is told as that, and no remedy publishes it.
#[test]
fn a_post_that_another_program_would_not_show_is_a_draft_whatever_it_calls_that() {
    let read = |more: &str| {
        let text = format!("---\ntitle: The ferry is back\ndate: 2025-11-03\n{more}\n---\nIt sails.\n");
        parse_bytes(Path::new("ferry.md"), text.as_bytes(), &options(), now())
    };
    for (more, key) in [
        ("status: Draft", "status"),
        ("status: scheduled", "status"),
        ("status: future", "status"),
        ("hidden: yes", "hidden"),
        ("published: no", "published"),
    ] {
        let parsed = read(more);
        assert!(parsed.article.as_ref().is_some_and(|article| article.draft), "{more}");
        let told = human(&parsed.diagnostics, Colour::Never);
        assert!(told.contains(&format!("another program: `{key}` makes it a draft")), "{told}");
        assert!(told.contains(&format!("write `draft: true` for `{key}` before you remove it")), "{told}");
    }
    assert!(!read("status: published").article.unwrap().draft);
    // The day of publication counts when it is later, and not when it is earlier.
    for (more, day) in [
        ("publishDate: 2027-01-01", "2027-01-01"),
        ("publish_date: 2027-01-01T06:00:00Z", "2027-01-01"),
        ("publishDate: 2025-01-01", "2025-11-03"),
        ("publishDate: soon", "2025-11-03"),
    ] {
        assert_eq!(read(more).article.unwrap().date.to_string(), day, "{more}");
    }
}

#[test]
fn a_key_of_another_program_that_resembles_ours_is_passed_over() {
    let read = |key: &str| {
        let text =
            format!("---\ntitle: The ferry\npubDate: 2025-11-03\nlayout: post\n{key}\n---\nIt sails.\n");
        parse_bytes(Path::new("ferry.md"), text.as_bytes(), &options(), now())
    };
    for key in ["sourceHash: 5207e2b9", "head:\n  - - meta\n    - name: description"] {
        let parsed = read(key);
        assert!(parsed.article.is_some(), "{}", human(&parsed.diagnostics, Colour::Never));
    }
    let told = human(&read("sumary: It sails.").diagnostics, Colour::Never);
    assert!(told.contains("did you mean `summary`?"), "{told}");
}

/// `published: false` and its kin: none of them may let an article out.
#[test]
fn what_another_program_would_not_show_is_a_draft() {
    for (line, draft) in [
        ("published: false", true),
        ("published: 'no'", true),
        ("publish: false", true),
        ("status: draft", true),
        ("status: pending", true),
        ("hidden: true", true),
        ("draft: 'true'\nlayout: post", true),
        ("draft: false\npublished: false", true),
        ("published: true", false),
        ("status: publish", false),
        ("hidden: false", false),
        ("layout: post", false),
    ] {
        let text = format!("---\ntitle: The ferry\ndate: 2025-11-03\n{line}\n---\nIt sails.\n");
        let parsed = parse_bytes(Path::new("ferry.md"), text.as_bytes(), &options(), now());
        assert_eq!(parsed.article.map(|article| article.draft), Some(draft), "{line}");
    }
}

#[test]
fn every_broken_file_tells_its_editor_what_to_do() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/articles/broken");
    let mut names: Vec<PathBuf> =
        fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let folder = Folder::new()
        .with("images/quay.png", png(20, 10))
        .with("images/note.txt", "no picture")
        .with("images/chart.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        .with("dupe.md", fs::read(names[0].with_file_name("dupe.md")).unwrap());
    for name in names {
        let stem = name.file_stem().unwrap().to_str().unwrap();
        let file = folder.path().join(format!("{stem}.md"));
        fs::copy(&name, &file).unwrap();
        let loaded = load_paths(std::slice::from_ref(&file), folder.path(), &options(), now()).unwrap();
        // It is there to be linked to.
        if stem == "dupe" {
            assert!(loaded.diagnostics.is_empty());
            continue;
        }
        // Many have one title: each is looked at alone.
        fs::remove_file(&file).unwrap();
        assert!(!loaded.diagnostics.is_empty(), "{stem} is told nothing");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("broken/{stem}").replace('/', "_"), folder.told(&loaded));
        });
    }
}

#[test]
fn highlights_are_asked_for_when_the_rest_is_right() {
    let rules = |more: &str| -> Vec<&str> {
        let text = format!("---\ntitle: A\ndate: 2025-11-03\n{more}---\nText.\n");
        let parsed = parse_bytes(Path::new("x.md"), text.as_bytes(), &options(), now());
        parsed.diagnostics.iter().map(|d| d.rule).collect()
    };
    assert_eq!(rules(""), ["no-highlights", "missing-summary"]);
    assert_eq!(rules("draft: true\n"), ["draft"]);
    assert_eq!(rules("url: x\n"), ["bad-url"]);
}

#[test]
fn a_broken_file_never_breaks_the_others() {
    let folder = Folder::new()
        .article("a.md", "A", "", "Text.")
        .with("b.md", "---\ntitle: B: x\ndate: 2025-11-02\n---\n")
        .article("deep/er/c.md", "C", "", "Text.")
        .article("draft.md", "D", "draft: true\nurl: x\n", "Text.");
    let loaded = folder.load();
    assert_eq!(titles(&loaded), ["A", "C"]);
    let broken: Vec<_> =
        loaded.broken.iter().map(|b| (b.path.to_str().unwrap(), b.date.unwrap().to_string())).collect();
    assert_eq!(broken, [("b.md", "2025-11-02".to_owned())]);
    assert_eq!(loaded.files, 4);
}

#[test]
fn encodings_are_decoded_or_located() {
    let text = "---\r\ntitle: Ärger am Kai\r\ndate: 2025-11-03\r\nhighlights: [Ö]\r\n---\r\nÜber\r\nuns.\r\n";
    let utf16: Vec<u8> = format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = Folder::new()
        .with("bom.md", format!("\u{FEFF}{text}"))
        .with("latin1.md", b"---\ntitle: Caf\xE9\ndate: 2025-11-03\n---\n")
        .with("nul.md", b"---\ntitle: A\ndate: 2025-11-03\n---\nA\0B\n")
        .with("utf16.md", utf16.replace_title())
        .with("utf16-broken.md", b"\xFF\xFE-\0-\0\0\xD8");
    let loaded = folder.load();
    assert_eq!(titles(&loaded), ["Ärger am Kai", "Ärger am Tor"]);
    assert_eq!(loaded.articles[0].markdown, "Über\nuns.\n");
    insta::assert_snapshot!(folder.told(&loaded));
}

trait ReplaceTitle {
    fn replace_title(self) -> Vec<u8>;
}

impl ReplaceTitle for Vec<u8> {
    fn replace_title(self) -> Vec<u8> {
        let units: Vec<u16> = self.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).unwrap().replace("Kai", "Tor");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_the_folder_is_refused() {
    let outside = Folder::new().article("secret.md", "Secret", "", "Text.").with("secret.png", png(2, 2));
    let folder = Folder::new()
        .article("a.md", "A", "image: {src: link.png, alt: x}\n", "![p](pipe.png) ![d](images)")
        .with("images/x.png", png(2, 2));
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    link(&outside.path().join("secret.md"), "stolen.md");
    link(&outside.path().join("secret.png"), "link.png");
    link(outside.path(), "folder");
    link(Path::new("/dev/zero"), "zero.md");
    link(Path::new("nowhere"), "dangling.md");
    link(Path::new("."), "loop");
    for pipe in ["pipe.md", "pipe.png"] {
        assert!(
            std::process::Command::new("mkfifo").arg(folder.path().join(pipe)).status().unwrap().success()
        );
    }
    let started = Instant::now();
    let loaded = folder.load();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(loaded.articles.is_empty(), "{:?}", titles(&loaded));
    insta::assert_snapshot!(folder.told(&loaded));
}

#[test]
fn sizes_are_limited() {
    let mut bomb = png(1, 1);
    bomb[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
    bomb[29..33].copy_from_slice(&[0xE9, 0x45, 0x6F, 0xED]);
    let aliases: String = ('b'..='z')
        .map(|c| {
            format!(
                "{c}: &{c} [{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}]\n",
                format!("*{}", char::from(c as u8 - 1))
            )
        })
        .collect();
    let folder = Folder::new()
        .with("huge.md", vec![b'a'; 100 * 1024 * 1024])
        .with("aliases.md", format!("---\na: &a [x, x]\n{aliases}---\n"))
        .with("nested.md", format!("---\ntitle: {}\n---\n", "[".repeat(100_000)))
        .article("quotes.md", "Quotes", "", &"> ".repeat(5_000))
        .article("many.md", "Many", "", &"[x](missing.md) ".repeat(5_000))
        .article("bomb.md", "Bomb", "", "![bomb](bomb.png)")
        .with("bomb.png", bomb);
    let started = Instant::now();
    let loaded = folder.load();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(loaded.articles.is_empty());
    let first_of_each: Vec<String> = loaded
        .diagnostics
        .iter()
        .filter(|d| !(d.rule == "broken-link" && d.column > 1))
        .map(|d| d.to_string().replace(folder.path().to_str().unwrap(), "articles"))
        .collect();
    insta::assert_snapshot!(first_of_each.join("\n"));
}

#[test]
fn half_written_files_wait() {
    let folder =
        Folder::new().article("fresh.md", "Fresh", "", "Text.").article("old.md", "Old", "", "Text.");
    let text = fs::read(folder.path().join("old.md")).unwrap();
    for name in [".old.md.swp", "old.md~", "#old.md#", ".#old.md", "old.md.tmp", ".hidden.md", ".git/x.md"] {
        let place = folder.path().join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, &text).unwrap();
    }
    age(&folder.path().join("fresh.md"), 2);
    let loaded = folder.load();
    assert_eq!(titles(&loaded), ["Old"]);
    assert_eq!(loaded.unsettled, [PathBuf::from("fresh.md")]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);

    // A clock that was wrong is no reason to wait for a year.
    age(&folder.path().join("fresh.md"), -365 * 86_400);
    assert_eq!(titles(&folder.load()), ["Fresh", "Old"]);
}

#[test]
fn one_slug_is_one_article() {
    let folder = Folder::new()
        .article("a.md", "Same", "", "Text.")
        .article("sub/b.md", "Other", "slug: same\n", "Text.")
        .article("z.md", "Sãme!", "", "Text.");
    let loaded = folder.load();
    assert_eq!(titles(&loaded), ["Same"]);
    assert_eq!(loaded.broken.len(), 2);
    insta::assert_snapshot!(folder.told(&loaded));
}

#[test]
fn a_slug_is_compared_with_broken_files_and_with_those_not_asked_for() {
    let folder = Folder::new()
        .article("a.md", "Same", "url: x\n", "Text.")
        .article("b.md", "Same", "", "Text.")
        .article("sub/c.md", "Other", "slug: same\ntgas: [x]\n", "Text.");
    let loaded = folder.load();
    // The one that is whole goes out.
    assert_eq!(titles(&loaded), ["Same"]);
    let broken: Vec<_> = loaded.broken.iter().map(|b| b.path.to_str().unwrap()).collect();
    assert_eq!(broken, ["a.md", "sub/c.md"]);
    let one = load_paths(&[folder.path().join("b.md")], folder.path(), &options(), now()).unwrap();
    assert_eq!(one.files, 1);
    insta::assert_snapshot!(format!("{}=====\n{}", folder.told(&loaded), folder.told(&one)));
}

fn dated(date: &str, title: &str, more: &str, body: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: {date}\nsummary: In short.\nhighlights: [One, Two, Three]\n{more}---\n{body}\n"
    )
}

/// Files in `load` by their standing: whole, known by their tops, broken.
fn standing(loaded: &Loaded) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let others = loaded.others.iter().map(|outline| outline.title.as_str()).collect();
    (titles(loaded), others, loaded.broken.iter().map(|file| file.path.to_str().unwrap()).collect())
}

#[test]
fn only_the_articles_of_the_days_asked_for_are_read_to_their_ends() {
    let wrong = "[gone](gone.md)";
    let folder = Folder::new()
        .with("old.md", dated("2025-10-01", "Old", "", wrong))
        .with("older-broken.md", dated("2025-09-30", "Older", "tgas: [x]\n", "Text."))
        .with("undated.md", "---\ntitle: Undated\n---\nText.\n")
        .with("new.md", dated("2025-11-03", "New", "", "Text."))
        .with("new-wrong.md", dated("2025-11-04", "Wrong", "", wrong))
        .with("later.md", dated("2025-12-01", "Later", "", wrong));
    let days = Whole::Days("2025-10-28".parse().unwrap()..="2025-11-04".parse().unwrap());
    let load = |others| load_dir(folder.path(), &options().giving(days.clone(), others), now()).unwrap();
    let skimmed = load(Others::Skim);
    assert_eq!(
        standing(&skimmed),
        (vec!["New"], vec!["Old", "Later"], vec!["new-wrong.md", "older-broken.md", "undated.md"])
    );
    assert_eq!(skimmed.files, 6);
    let reviewed = load(Others::Review);
    let broken = vec!["later.md", "new-wrong.md", "old.md", "older-broken.md", "undated.md"];
    assert_eq!(standing(&reviewed), (vec!["New"], vec![], broken));
    assert_eq!(folder.told(&reviewed), folder.told(&folder.load()), "reading whole or not, the same is told");
    assert!(reviewed.articles[0].markdown.contains("Text."));

    let one = |name: &str| load_one(folder.path(), Path::new(name), &options(), now());
    assert_eq!(one("new.md").unwrap().title, "New");
    assert!(one("old.md").is_none(), "it has an error");
    assert!(one("../new.md").is_none() && one("none.md").is_none());
}

#[test]
fn a_name_that_an_old_article_has_is_found_though_that_is_not_asked_for() {
    let day = || "2025-11-04".parse().unwrap();
    let options = options().giving(Whole::Days(day()..=day()), Others::Skim);
    let folder = Folder::new()
        .with("old.md", dated("2020-01-01", "Tide", "", "Text."))
        .with("older.md", dated("2019-01-01", "Ferry", "", "[gone](gone.md)"))
        .with("oldest-a.md", dated("2018-01-01", "Gull", "", "Text."))
        .with("oldest-b.md", dated("2018-01-02", "Gull", "", "Text."))
        .with("ferry.md", dated("2025-11-04", "Ferry", "", "Text."))
        .with("tide.md", dated("2025-11-04", "Tide", "", "Text."));
    let loaded = load_dir(folder.path(), &options, now()).unwrap();
    // An old article that is broken takes no name from a whole one.
    assert_eq!(standing(&loaded), (vec!["Ferry"], vec!["Gull", "Tide"], vec!["older.md", "tide.md"]));
    assert!(folder.told(&loaded).contains("has the slug `tide` already"), "{}", folder.told(&loaded));
    let paths: Vec<_> = loaded.outlines().into_iter().map(|outline| outline.path).collect();
    assert_eq!(paths, [Path::new("oldest-a.md"), Path::new("old.md"), Path::new("ferry.md")]);
}

#[test]
fn the_newest_day_is_that_of_an_article_that_is_whole_to_its_end() {
    let (to, by, at) = ("2025-11-05".parse().unwrap(), "2025-11-04".parse().unwrap(), now());
    let options = options().giving(Whole::NewestDay { to, by, at }, Others::Skim);
    let folder = Folder::new()
        .with("ahead.md", dated("2025-11-05", "Ahead", "", "Text."))
        .with("broken.md", dated("2025-11-04", "Broken", "", "[gone](gone.md)"))
        .with("evening.md", dated("2025-11-04 23:00", "Evening", "", "Text."))
        .with("draft.md", dated("2025-11-03", "Draft", "draft: true\n", "Text."))
        .with("found.md", dated("2025-11-02", "Found", "", "Text."))
        .with("beside.md", dated("2025-11-02", "Beside", "", "[gone](gone.md)"))
        .with("before.md", dated("2025-11-01", "Before", "", "[gone](gone.md)"));
    let loaded = load_dir(folder.path(), &options, now()).unwrap();
    assert_eq!(
        standing(&loaded),
        (vec!["Found", "Draft", "Evening", "Ahead"], vec!["Before"], vec!["beside.md", "broken.md"])
    );
}

#[test]
fn a_top_is_understood_however_long_it_is_and_in_any_encoding() {
    let options = options().giving(Whole::None, Others::Skim);
    let long = format!("extra: {{notes: \"{}\"}}\n", "ä".repeat(6_000));
    let utf16: Vec<u8> = "\u{FEFF}"
        .encode_utf16()
        .chain(dated("2025-11-03", "Wide", "", &"x\n".repeat(9_000)).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let many = dated("2025-11-03", "Umlauts", "", &"ä".repeat(9_000));
    let folder = Folder::new()
        .with("long.md", dated("2025-11-03", "Long", &long, "Text."))
        .with("many.md", many)
        .with("wide.md", utf16);
    let loaded = load_dir(folder.path(), &options, now()).unwrap();
    assert_eq!(standing(&loaded), (vec![], vec!["Long", "Umlauts", "Wide"], vec![]));
}

#[test]
fn many_files_are_told_of_in_the_order_of_their_names() {
    let folder = (0..200).fold(Folder::new(), |folder, n| {
        let body = if n % 3 == 0 { "[gone](gone.md)" } else { "Text." };
        folder.with(&format!("{n:03}.md"), dated("2025-11-03", &format!("Number {n}"), "", body))
    });
    let told = |loaded: &Loaded| -> Vec<PathBuf> {
        loaded
            .diagnostics
            .iter()
            .map(|found| found.file.strip_prefix(folder.path()).unwrap().to_owned())
            .collect()
    };
    let loaded = folder.load();
    let expected: Vec<PathBuf> = (0..200).step_by(3).map(|n| format!("{n:03}.md").into()).collect();
    assert_eq!(told(&loaded), expected);
    assert_eq!(loaded.articles.len(), 133);
}

#[test]
fn links_between_articles_are_followed() {
    let folder = Folder::new()
        .article(
            "2025/a.md",
            "A",
            "",
            "[b](../b.md#spring-tides) [c](c%20d.md) [self](a.md) [own](#x)\n\n## x",
        )
        .article("2025/c d.md", "C", "", "Text.")
        .article("b.md", "B", "", "## Spring tides\n\nText.");
    let loaded = folder.load();
    assert!(loaded.diagnostics.is_empty(), "{}", folder.told(&loaded));
    let from = Path::new("2025/a.md");
    assert_eq!(link_target(from, "../b.md#spring-tides"), Some(("b.md".into(), Some("spring-tides".into()))));
    assert_eq!(link_target(from, "c%20d.md"), Some(("2025/c d.md".into(), None)));
    assert_eq!(link_target(from, "../../x.md"), None);
}

#[test]
fn a_link_to_what_is_not_published_yet_is_told() {
    let folder = Folder::new()
        .article("a.md", "A", "", "[d](draft.md) [l](later.md#x) [b](b.md) [self](a.md)")
        .article("b.md", "B", "", "Text.")
        .article("draft.md", "D", "draft: true\n", "[own](draft.md)")
        .with("later.md", "---\ntitle: L\ndate: 2025-12-01\nhighlights: [x]\n---\n[too](last.md)\n\n## x\n")
        .with("last.md", "---\ntitle: M\ndate: 2025-12-01 06:00\nhighlights: [x]\n---\nText.\n");
    let loaded = folder.load();
    assert_eq!(loaded.articles.len(), 5);
    let dead: Vec<String> =
        loaded.diagnostics.iter().filter(|d| d.rule == "dead-link").map(ToString::to_string).collect();
    insta::assert_snapshot!(dead.join("\n").replace(folder.path().to_str().unwrap(), "articles"));
}

#[test]
fn pictures_are_found_and_prepared() {
    let folder = Folder::new()
        .article("2025/a.md", "A", "image: {src: images/wide.png, alt: Wide}\n", "![n](near%20by.png)")
        .with("images/wide.png", png(1600, 900))
        .with("2025/near by.png", png(200, 100));
    let loaded = folder.load();
    assert!(loaded.diagnostics.is_empty(), "{}", folder.told(&loaded));
    let article = &loaded.articles[0];
    let sizes: Vec<_> = article.pictures.iter().map(|(src, p)| (src.as_str(), p.width, p.height)).collect();
    assert_eq!(sizes, [("images/wide.png", 1104, 621), ("near%20by.png", 200, 100)]);
    let body = article.render(&RenderOptions {
        medium: Medium::Mail,
        top_heading: 2,
        numbered: &HashMap::new(),
        words: &Words::english(),
        dir: None,
        id_prefix: "",
        picture_src: &|src| format!("cid:{}", article.pictures[src].file_name),
        link: &|_| None,
    });
    let name = &article.pictures["near%20by.png"].file_name;
    assert_eq!(
        body.html,
        format!("<p class=\"figure\"><img src=\"cid:{name}\" alt=\"n\" width=\"200\"></p>\n")
    );

    let looked = load_dir(folder.path(), &options().with_pictures(PictureWork::LookOnly), now()).unwrap();
    assert!(looked.articles[0].pictures.is_empty() && looked.diagnostics.is_empty());
}

#[test]
fn a_slip_in_a_key_of_ours_is_an_error_beside_keys_of_another_program_too() {
    for more in ["source: https://e.org\n", "source: https://e.org\nlayout: post\n"] {
        let folder = Folder::new().article("a.md", "A", more, "Text.");
        let told = folder.told(&folder.load());
        assert!(told.contains("error[unknown-key]") && told.contains("did you mean `sources`?"), "{told}");
    }
    // What is laxer for a post from elsewhere is not for one of ours.
    let folder = Folder::new().article("a.md", "A", "source: https://e.org\nlead: yes\n", "Text.");
    let told = folder.told(&folder.load());
    assert!(told.contains("`lead`"), "{told}");
}

#[test]
fn html_that_no_mail_shows_says_whether_its_text_stays() {
    let folder = Folder::new().article(
        "a.md",
        "A",
        "",
        "On <abbr>TV</abbr> they <q>say so</q>.\n\n<iframe src=\"x\"></iframe>\n\n\
         <table><tr><td rowspan=\"2\">1</td><td>2</td></tr><tr><td>3</td></tr></table>\n",
    );
    let loaded = folder.load();
    let dropped: Vec<&str> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.rule == "dropped-html")
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(
        dropped,
        [
            "`<abbr>` does not go into a mail; its text stays",
            "`<iframe>` does not go into a mail and is left out",
            "a cell over several rows (`rowspan`) stands in the first of them, and the others are empty there",
        ]
    );
    assert!(loaded.articles[0].prose().contains("On TV they “say so”."), "{}", loaded.articles[0].prose());
}

#[test]
fn authors_are_found_by_key_and_name() {
    let folder = Folder::new()
        .article("a.md", "A", "author: mara-lind\n", "Text.")
        .article("b.md", "B", "author: mara LIND\n", "Text.")
        .article("c.md", "C", "author: Somebody Else\n", "Text.")
        .article("d.md", "D", "author: {name: Voltaire, link: https://example.com/v}\n", "Text.")
        .article("e.md", "E", "", "Text.")
        .article("f.md", "F", "author: {name: mara lind}\n", "Text.")
        .article("g.md", "G", "author: {name: mara-lind}\n", "Text.")
        .article("h.md", "H", "author: {name: Mara Lind, biography: Of her own.}\n", "Text.")
        .article("i.md", "I", "author: {name: admin}\n", "Text.");
    let mut authors = authors();
    authors.get_mut("mara-lind").unwrap().biography = Some("Of the harbour.".to_owned());
    let options = LoadOptions::new(chrono_tz::Europe::Berlin, authors);
    let loaded = load_dir(folder.path(), &options, now()).unwrap();
    let lives: Vec<_> = loaded
        .articles
        .iter()
        .filter_map(|a| a.author.as_ref())
        .map(|author| (author.name.as_str(), author.biography.as_deref()))
        .skip(4)
        .collect();
    let mara = ("Mara Lind", Some("Of the harbour."));
    assert_eq!(lives, [mara, mara, ("Mara Lind", Some("Of her own.")), ("admin", None)]);
    let names: Vec<_> = loaded.articles.iter().map(|a| a.author.as_ref().map(|a| a.name.as_str())).collect();
    let first = [Some("Mara Lind"), Some("Mara Lind"), Some("Somebody Else"), Some("Voltaire"), None];
    assert_eq!(names[..5], first);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let missing = load_dir(Path::new("no/such/folder"), &options(), now()).unwrap_err();
    assert!(matches!(missing, LoadError::Missing { .. }));
    insta::assert_snapshot!(missing, @"there is no `no/such/folder`; make the folder, or name the right one");
    let file = load_dir(Path::new("Cargo.toml"), &options(), now()).unwrap_err();
    insta::assert_snapshot!(file, @"`Cargo.toml` is no folder; name the folder that holds the articles");
}

#[test]
fn a_path_that_is_wrong_is_told_beside_the_others() {
    let folder = Folder::new().article("tide.md", "A", "", "Text.").article("b.md", "B", "url: x\n", "Text.");
    let paths = ["tide.md", "tied.md", "nope.md", "b.md", "none"].map(|name| folder.path().join(name));
    let loaded = load_paths(&paths, folder.path(), &options(), now()).unwrap();
    assert_eq!(titles(&loaded), ["A"]);
    insta::assert_snapshot!(folder.told(&loaded));
}

#[test]
fn check_counts_and_decides() {
    let run = |folder: &Folder, format, strictness| {
        let mut out = Vec::new();
        let (verdict, _) =
            check(&[], folder.path(), &options(), format, strictness, now(), &mut out).unwrap();
        (verdict, String::from_utf8(out).unwrap().replace(folder.path().to_str().unwrap(), "articles"))
    };
    let fine = Folder::new().article("a.md", "A", "", "Text.");
    let people = Format::Human(Colour::Never);
    assert_eq!(
        run(&fine, people, Strictness::Warnings),
        (Verdict::Fine, "Everything is fine in 1 file.\n".to_owned())
    );
    assert_eq!(run(&fine, Format::Json, Strictness::Errors), (Verdict::Fine, "[]\n".to_owned()));

    let warned = Folder::new().article("a.md", "A", "tags:\n", "Text.");
    assert_eq!(run(&warned, people, Strictness::Errors).0, Verdict::Fine);
    let (verdict, told) = run(&warned, people, Strictness::Warnings);
    assert_eq!(verdict, Verdict::Failed);
    assert!(told.ends_with("\n1 warning in 1 file\n"), "{told}");

    let broken =
        Folder::new().article("a.md", "A", "sumary: x\n", "[x](y.md)").article("b.md", "B", "", "Text.");
    let (verdict, told) = run(&broken, Format::Json, Strictness::Errors);
    assert_eq!(verdict, Verdict::Failed);
    insta::assert_snapshot!(told);
    assert!(human(&broken.load().diagnostics, Colour::Always).contains("\u{1b}["));
}

#[test]
fn the_sample_articles_are_fine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("articles");
    let later = DateTime::<Utc>::from(std::time::UNIX_EPOCH) + TimeDelta::days(40_000);
    let loaded = load_dir(&folder, &options(), later).unwrap();
    assert!(loaded.diagnostics.is_empty(), "{}", human(&loaded.diagnostics, Colour::Never));
    assert_eq!(loaded.articles.len(), 4);
    for article in &loaded.articles {
        assert_eq!(article.highlights.len(), 3, "{}", article.title);
        assert!(
            article.title.chars().count() <= 60 && !article.sources.is_empty() && article.author.is_some()
        );
        let body = article.render(&RenderOptions {
            medium: Medium::Mail,
            top_heading: 2,
            numbered: &HashMap::new(),
            words: &Words::english(),
            dir: None,
            id_prefix: "",
            picture_src: &|src| format!("cid:{src}"),
            link: &|_| Some("https://example.com/".to_owned()),
        });
        assert!((220..=480).contains(&body.words), "{}: {} words", article.title, body.words);
        insta::assert_snapshot!(
            article.slug.to_string(),
            format!("{}\n{:=<72}\n{}", body.html, "", body.text)
        );
    }
}

#[test]
fn the_schema_is_stable() {
    let mut out = Vec::new();
    straight::cli::schema::schema(&mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn findings_survive_json() {
    let parsed = parse_bytes(Path::new("x.md"), b"---\ntitle: \"a\\u001b[31m\"\n---\n", &options(), now());
    let values: serde_json::Value = serde_json::from_str(&json(&parsed.diagnostics)).unwrap();
    let rules: Vec<&str> = values.as_array().unwrap().iter().map(|v| v["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["missing-date", "control-character", "empty-body"]);
    assert!(!human(&parsed.diagnostics, Colour::Never).contains('\u{1b}'));
}

#[cfg(unix)]
#[test]
fn a_file_name_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let name = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xE9.md"));
    fs::write(&name, "---\ntitle: \u{420}\ndate: 2025-11-03\nsumary: x\n---\nText.\n").unwrap();
    age(&name, 60);
    let loaded = folder.load();
    assert!(json(&loaded.diagnostics).contains("caf\u{FFFD}.md"));
    assert!(human(&loaded.diagnostics, Colour::Never).contains("caf\u{FFFD}.md:4:1"));
}

/// Front matter from parts that are right, wrong and odd.
fn front_matter() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        proptest::sample::select(vec![
            "title",
            "date",
            "author",
            "highlights",
            "tags",
            "summary",
            "image",
            "slug",
            "url",
            "lead",
            "draft",
            "sources",
            "extra",
            "titel",
            "<<",
            "\"q\"",
            "?",
        ])
        .prop_map(str::to_owned),
        "\\PC{1,12}",
    ];
    let value = prop_oneof![
        "\\PC{0,40}",
        "[0-9:TZ+ -]{0,20}",
        Just("2025-11-03".to_owned()),
        Just("[a, {b: c}, 1, null]".to_owned()),
        Just("{src: x.png, alt: y, name: z, title: t, url: u}".to_owned()),
        Just("|\n  block\n  text".to_owned()),
        Just("\n  - one\n  - two: three".to_owned()),
        Just("&a [*a]".to_owned()),
        Just("\"\\u0000\\uE000\\n\"".to_owned()),
        Just("!!binary AAAA".to_owned()),
        Just("true".to_owned()),
    ];
    proptest::collection::vec((key, value), 0..8)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| format!("{key}: {value}\n")).collect())
}

fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let started = Instant::now();
    let parsed = parse_bytes(Path::new("any.md"), bytes, &options(), now());
    prop_assert!(started.elapsed() < Duration::from_secs(5));
    if let Some(article) = parsed.article {
        let marked = |text: &str| text.contains(['\u{E000}', '\u{E001}', '\0', '\r']);
        prop_assert!(!article.title.chars().any(char::is_control) && !marked(&article.title));
        prop_assert!(!marked(&article.markdown) && !article.highlights.iter().any(|h| marked(h)));
        let body = article.render(&RenderOptions {
            medium: Medium::Mail,
            top_heading: 2,
            numbered: &HashMap::new(),
            words: &Words::english(),
            dir: None,
            id_prefix: "p",
            picture_src: &|src| src.to_owned(),
            link: &|target| Some(target.to_owned()),
        });
        prop_assert!(!marked(&body.html) && !marked(&body.text));
    } else {
        prop_assert!(parsed.diagnostics.iter().any(|d| d.severity == straight::diagnostic::Severity::Error));
    }
    for diagnostic in &parsed.diagnostics {
        prop_assert!(diagnostic.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()));
    }
    prop_assert!(human(&parsed.diagnostics, Colour::Never).len() < 1_000_000);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_an_article_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        holds(&bytes)?;
    }

    #[test]
    fn any_text_gives_an_article_or_an_error(text in "\\PC{0,200}", body in "[\\PC\n*_#>|`\\[\\]()<-]{0,300}") {
        holds(format!("---\n{text}\n---\n{body}").as_bytes())?;
        holds(format!("---\ntitle: x\ndate: 2025-11-03\n---\n{body}").as_bytes())?;
    }

    #[test]
    fn any_front_matter_gives_an_article_or_an_error(front in front_matter(), body in "\\PC{0,40}") {
        holds(format!("---\ntitle: A\n{front}---\n{body}").as_bytes())?;
        holds(format!("---\n{front}---\n{body}").as_bytes())?;
    }
}

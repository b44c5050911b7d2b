//! The rules of `straight check`: a fixture each, and what an editor is told of it.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use image::{ImageFormat, RgbImage, RgbaImage};
use straight::article::{LoadOptions, Loaded, load_paths};
use straight::config::Authors;
use straight::diagnostic::rules::{self, Level, Reach};
use straight::diagnostic::{Colour, Severity, human};

use super::store::engines::on_both;

mod fixes;
pub(crate) mod links;
pub(crate) mod program;

fn now() -> DateTime<Utc> {
    "2025-11-04T12:00:00Z".parse().unwrap()
}

fn options() -> LoadOptions {
    LoadOptions::new(chrono_tz::Europe::Berlin, Authors::new())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/articles")
}

fn picture(path: &Path, width: u32, format: ImageFormat) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::new(width, 4).save_with_format(path, format).unwrap();
}

fn moving_gif(path: &Path, width: u32) {
    let frames =
        [0, 200].map(|grey| image::Frame::new(RgbaImage::from_pixel(width, 4, image::Rgba([grey; 4]))));
    let mut encoder = image::codecs::gif::GifEncoder::new(fs::File::create(path).unwrap());
    encoder.encode_frames(frames).unwrap();
}

/// A folder with what the fixtures link to and show.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("later.md", "---\ntitle: Later\ndate: 2026-01-01\n---\nText.\n");
    write("draft.md", "---\ntitle: Draft\ndate: 2025-11-01\ndraft: true\n---\nText.\n");
    picture(&folder.path().join("images/quay.png"), 20, ImageFormat::Png);
    picture(&folder.path().join("images/wide.png"), 5_100, ImageFormat::Png);
    moving_gif(&folder.path().join("images/wide.gif"), 1_200);
    folder
}

/// What is told of the fixture `name`, which stands in a folder of its own.
fn look(name: &Path, options: &LoadOptions) -> (Loaded, String) {
    let folder = folder();
    let file = folder.path().join(name.file_name().unwrap());
    fs::copy(name, &file).unwrap();
    let mut files = vec![file.clone()];
    if file.file_stem().unwrap() == "same-title" {
        // The one that was there first.
        let first = fs::read_to_string(&file).unwrap().replace("slug: another", "slug: a-first");
        fs::write(folder.path().join("a-first.md"), first).unwrap();
        files.insert(0, folder.path().join("a-first.md"));
    }
    let loaded = load_paths(&files, folder.path(), options, now()).unwrap();
    let told = human(&loaded.diagnostics, Colour::Never).replace(folder.path().to_str().unwrap(), "articles");
    (loaded, told)
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn every_rule_tells_its_editor_what_to_do() {
    for name in names(&fixtures().join("lint")) {
        let rule = name.file_stem().unwrap().to_str().unwrap();
        let (loaded, told) = look(&name, &options());
        assert!(loaded.diagnostics.iter().any(|found| found.rule == rule), "{rule}:\n{told}");
        assert!(loaded.diagnostics.iter().all(|found| found.remedy.is_some()), "{rule}:\n{told}");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("lint_{rule}"), told);
        });
    }
}

#[test]
fn every_rule_of_a_file_has_a_fixture() {
    let mut options = options();
    options.pictures = straight::article::PictureWork::Prepare;
    let all = names(&fixtures().join("lint")).into_iter().chain(names(&fixtures().join("broken")));
    let found: BTreeSet<&str> =
        all.flat_map(|name| look(&name, &options).0.diagnostics).map(|found| found.rule).collect();
    // Those that need something else than a file have tests of their own.
    let elsewhere = [
        "bad-image",
        "duplicate-slug",
        "large-file",
        "large-image",
        "missing-file",
        "not-mended",
        "odd-encoding",
        "more-findings",
        "not-text",
        "too-deep",
        "unreadable",
    ];
    let missing: Vec<&str> = rules::all()
        .filter(|rule| rule.reach == Reach::File && !elsewhere.contains(&rule.name))
        .map(|rule| rule.name)
        .filter(|rule| !found.contains(rule))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_check_decodes_the_pictures_that_are_still_to_go_out() {
    let folder = tempfile::tempdir().unwrap();
    let articles = folder.path().join("articles");
    fs::create_dir_all(&articles).unwrap();
    fs::write(folder.path().join("newsletter.yaml"), "edition: {require_approval: false}\n").unwrap();
    for (name, day) in [("due", "2025-11-03"), ("later", "2999-01-01")] {
        let text = format!("---\ntitle: The {name} Quay\ndate: {day}\n---\n![The quay at noon](quay.png)\n");
        fs::write(articles.join(format!("{name}.md")), text).unwrap();
    }
    let quay = RgbImage::from_fn(60, 60, |x, y| image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, 9]));
    let file = articles.join("quay.png");
    quay.save(&file).unwrap();
    let (code, told) = program::straight(folder.path(), &["check"]);
    assert!(code == 0 && !told.contains("bad-image"), "{told}");

    // One byte in its middle: its head is as it was, and its end is there.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, bytes).unwrap();
    for arguments in [&["check"][..], &["check", "articles"]] {
        let (code, told) = program::straight(folder.path(), arguments);
        assert!(code == 1 && told.matches("error[bad-image]").count() == 2, "{arguments:?}: {told}");
        assert!(told.contains("the picture is damaged") && told.contains("articles/due.md:5"), "{told}");
    }
    assert!(!folder.path().join("data/pictures").exists(), "a check keeps nothing");
}

#[test]
fn comments_silence_what_they_name_and_no_more() {
    let (_, told) = look(&fixtures().join("silenced.md"), &options());
    insta::assert_snapshot!(told, @"");
}

#[test]
fn a_comment_is_kept_whose_rule_was_not_asked() {
    let told_of = |head: &str, body: &str| {
        let text = format!("---\ntitle: The Ferry Is Back\ndate: 2025-11-03\n{head}---\n{body}");
        let (told, after) = mended("a.md", text.as_bytes());
        let comments = |text: &str| text.matches("lint-disable").count();
        (told, comments(&after) == comments(&text))
    };
    let silenced = "# lint-disable-file no-highlights, missing-summary\n";
    let held = "The fare is TK. <!-- lint-disable-line placeholder -->\n";
    for (head, body) in [
        (format!("draft: true\n{silenced}"), held.to_owned()),
        (silenced.to_owned(), format!("{held}\n![The quay](nowhere.png)\n")),
        // Nothing of the head is known, nor of what the text lacks.
        (format!("tags: [sea\n{silenced}"), held.to_owned()),
        (
            "draft: true\nhighlights: [1 ferry] # lint-disable-line number-not-in-text\n".to_owned(),
            String::new(),
        ),
    ] {
        let (told, is_kept) = told_of(&head, &body);
        assert!(is_kept && !told.contains("useless-disable"), "{head}{body}: {told}");
    }
    // What is asked of a draft as well is useless as ever, and so is all of it once it is finished.
    for (head, body) in [
        ("draft: true\n", "It sails. <!-- lint-disable-line vague-link -->\n"),
        ("", "It sails. <!-- lint-disable-line placeholder -->\n"),
    ] {
        let (told, is_kept) = told_of(head, body);
        assert!(!is_kept && told.contains("useless-disable"), "{head}{body}: {told}");
    }
}

#[test]
fn the_head_is_looked_at_as_the_text_is() {
    let head = "title: The Ferry Is Back\ndate: 2025-11-03\nhighlights:\n  - \"[here](https://ferry.example/1)\"\n  - \
                \"[The fares](https://bit.ly/1)\"\n  - \"<https://ferry.example/2> is new\"\nsummary: It sails again.\n\
                image:\n  src: images/quay.png\n  alt: The quay\n  caption: \"[The quay](http://localhost/), by TK\"\n\
                author:\n  name: TODO Somebody\n  biography: \"[More](https://ferry.example/3)\"\n  link: \
                https://192.168.0.1/\nsources:\n  - title: here\n    url: https://localhost:3/\n  - \
                https://bit.ly/2\n  - title: https://ferry.example/4\n    url: https://ferry.example/4\nurl: \
                https://localhost/x\n";
    let told = |head: &str| -> Vec<(&'static str, usize)> {
        let folder = folder();
        let file = folder.path().join("a.md");
        fs::write(&file, format!("---\n{head}---\nIt sails.\n")).unwrap();
        let loaded = load_paths(&[file], folder.path(), &options(), now()).unwrap();
        let looked_for =
            ["vague-link", "shortened-link", "private-link", "bare-url", "placeholder", "useless-disable"];
        let found = loaded.diagnostics.iter().filter(|found| looked_for.contains(&found.rule));
        found.map(|found| (found.rule, found.line)).collect()
    };
    assert_eq!(
        told(head),
        [
            ("vague-link", 5),
            ("shortened-link", 6),
            ("bare-url", 7),
            ("private-link", 12),
            ("placeholder", 12),
            ("placeholder", 14),
            ("vague-link", 15),
            ("private-link", 16),
            ("vague-link", 18),
            ("private-link", 19),
            ("shortened-link", 20),
            ("bare-url", 21),
            ("private-link", 23),
        ]
    );
    let silenced = head.replace(
        "url: https://localhost/x",
        "# lint-disable-next-line private-link\nurl: https://localhost/x",
    );
    assert_eq!(told(&silenced).len(), 12);
}

#[test]
fn what_speaks_of_the_title_stands_at_the_title() {
    let folder = tempfile::tempdir().unwrap();
    let told = |top: &str, slug: &str| -> Vec<(&'static str, usize)> {
        let write = |name: &str, top: &str, slug: &str| {
            let text = format!(
                "---\n{top}title: The Ferry Is Back\ndate: 2025-11-03\nslug: {slug}\n---\nIt sails.\n"
            );
            fs::write(folder.path().join(name), text).unwrap();
        };
        write("a.md", "", "first");
        write("b.md", top, slug);
        let loaded = load_paths(&[folder.path().to_owned()], folder.path(), &options(), now()).unwrap();
        let found =
            loaded.diagnostics.iter().filter(|found| matches!(found.rule, "same-title" | "duplicate-slug"));
        found.map(|found| (found.rule, found.line)).collect()
    };
    assert_eq!(told("", "second"), [("same-title", 2)]);
    assert_eq!(told("# lint-disable-next-line same-title\n", "second"), []);
    assert_eq!(told("", "first"), [("duplicate-slug", 4)]);
}

#[test]
fn rules_weigh_what_the_configuration_says() {
    let found = |rule: &str, level| {
        let mut options = options();
        options.lint.set(rules::find(rule).unwrap(), level);
        let (loaded, _) = look(&fixtures().join("lint").join(format!("{rule}.md")), &options);
        let weighs = loaded.diagnostics.iter().find(|found| found.rule == rule).map(|found| found.severity);
        (weighs, loaded.articles.len())
    };
    for rule in
        ["vague-link", "placeholder", "few-highlights", "missing-summary", "heavy-image", "useless-alt"]
    {
        assert_eq!(found(rule, Level::Off), (None, 1), "{rule}");
        assert_eq!(found(rule, Level::At(Severity::Hint)), (Some(Severity::Hint), 1), "{rule}");
        // An error keeps the article from going out.
        assert_eq!(found(rule, Level::At(Severity::Error)), (Some(Severity::Error), 0), "{rule}");
    }
    assert_eq!(found("same-title", Level::Off).0, None);
}

#[test]
fn a_rule_is_read_from_the_configuration_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let check = |lint: &str| {
        fs::write(folder.path().join("newsletter.yaml"), format!("articles:\n  folder: a\nlint:\n{lint}"))
            .unwrap();
        program::straight(folder.path(), &["check"])
    };
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::copy(fixtures().join("lint/vague-link.md"), folder.path().join("a/x.md")).unwrap();
    let (code, told) = check("  vague-link: error\n  missing-summary: off\n");
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("error[vague-link]"), "{told}");
    let mut report = String::new();
    for lint in [
        "  vague-links: off\n",
        "  vague-link: of\n",
        "  vague-link: loud\n",
        "  vague-link:\n",
        "  broken-yaml: off\n",
        "  flavour: off\n",
        "  vague-link: off\n  vague-link: hint\n",
        "  - vague-link\n",
        "  vague-link: [off]\n",
    ] {
        let (code, told) = check(lint);
        assert_eq!(code, 1, "{told}");
        report.push_str(&format!("# {lint}{told}\n"));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(report) });
}

#[test]
fn a_folder_of_ten_thousand_is_checked_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let body =
        "The [ferry](https://ferry.example/times) sails on 4 November with 1,200 people and 3.4 million.\n\n"
            .repeat(20);
    for number in 0..500 {
        let day = now().date_naive() - TimeDelta::days(number % 300);
        let text = format!(
            "---\ntitle: Number {number}\ndate: {day}\nhighlights: [1,200 people, 3.4 million, On 4 November]\nsummary: \
             Short.\n---\n{body}"
        );
        fs::write(folder.path().join(format!("{number}.md")), text).unwrap();
    }
    let begun = std::time::Instant::now();
    let loaded = load_paths(&[folder.path().to_owned()], folder.path(), &options(), now()).unwrap();
    assert_eq!(loaded.files, 500);
    // Unoptimised, and beside other tests: a release build takes a fiftieth of it.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// What is told of mending `text`, and the file then.
fn mended(name: &str, text: &[u8]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let file = folder.path().join("articles").join(name);
    fs::write(&file, text).unwrap();
    let (_, told) = program::straight(folder.path(), &["check", "--fix", &format!("articles/{name}")]);
    let once = fs::read(&file).unwrap();
    program::straight(folder.path(), &["check", "--fix", &format!("articles/{name}")]);
    assert_eq!(fs::read(&file).unwrap(), once, "a second time changes nothing");
    assert_eq!(names(&folder.path().join("articles")), [file], "nothing is left beside it");
    (told, String::from_utf8(once).unwrap())
}

#[test]
fn what_needs_no_judgement_is_mended() {
    let text = "---\ntitel: Tides:  a  table\ndate: 4 November 2025\nhighlights: One, and no more\ntags: [sea, moon, sea, \
                2025]\nlead: yes\nslug: Tide Table\nsummary: In short: tides.\ndate: 4 November 2025\n---\n## Springs\n\n\
                Text.\n\n#### Neaps\n\n##### Why\n\n<!-- lint-disable-next-line bare-url -->\n\nText, [again](#Springs).\n";
    let (told, after) = mended("tide.md", text.as_bytes());
    assert_eq!(
        after,
        "---\ntitle: \"Tides: a table\"\ndate: 2025-11-04\nhighlights:\n  - One, and no more\ntags: [sea, moon, \"2025\"]\n\
         lead: true\nslug: tide-table\nsummary: \"In short: tides.\"\n---\n## Springs\n\nText.\n\n### Neaps\n\n#### Why\n\n\n\
         Text, [again](#springs).\n",
        "{told}"
    );
    assert!(told.contains("\n-titel: Tides:  a  table\n"), "{told}");
}

#[test]
fn a_file_of_another_encoding_is_saved_as_utf8() {
    let text = "---\ntitle: Ä\ndate: 2025-11-03\n---\nText.\n";
    let utf16: Vec<u8> = format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [format!("\u{FEFF}{text}").into_bytes(), utf16, text.replace('\n', "\r").into_bytes()] {
        assert_eq!(mended("a.md", &bytes).1, text);
    }
}

#[test]
fn what_cannot_be_known_is_left_alone() {
    for text in [
        "---\ntitle: A\ndate: 11/04/2025\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\ntitle: B\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\nhighlights: none\nphotographer: Ada\n---\nText.\n",
        "---\ntitle: \"A\ndate: 2025-11-03\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\ntags: [sea, Sea]\n---\n[a](http://example.com)\n",
        "— he said\n",
        // Quotes elsewhere mend none of these.
        "---\ntitle: A\ndate: 2025-11-03\ntags: [a, , b]\n---\nText.\n",
        "---\ntitle: A\ndate: {{ now }}\n---\nText.\n",
        "---\ntitle: A\n date: 2025-11-03\n---\nText.\n",
        "---\ntitle: The ferry\nis back again\ndate: 2025-11-03\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\nhighlights:\n  - one\n - two\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\n----\n---\nText.\n",
        "---\ntitle: A\ndate: 2025-11-03\nhighlights:\n  - {a: b}\n---\nText.\n",
        "---\ntitle: A\ndate: !!timestamp 2025-11-03\n---\nText.\n",
        "---\ntitle: The \u{7}ferry\ndate: 2025-11-03\n---\nText.\n",
        // A comment that may be meant as one.
        "---\ntitle: The ferry # as the desk wants it\ndate: 2025-11-03\n---\nText.\n",
    ] {
        let (told, after) = mended("a.md", text.as_bytes());
        assert_eq!(after, text, "{told}");
        assert!(!told.contains("check --fix"), "{told}");
    }
}

#[test]
fn a_dry_run_writes_nothing_and_a_file_that_may_not_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.md");
    let text = "---\ntitle: 1984\ndate: 2025-11-03\n---\nText.\n";
    fs::write(&file, text).unwrap();
    let (_, told) = program::straight(folder.path(), &["check", "--fix", "--dry-run", "a.md"]);
    assert!(told.contains("\n+title: \"1984\"\n"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions).unwrap();
    let (code, told) = program::straight(folder.path(), &["check", "--fix", "a.md"]);
    assert!(code == 1 && told.contains("error[not-mended]"), "{told}");
    // What is wrong with it is still told: it is on the disk as it was.
    assert!(told.contains("error[wrong-type]") && told.contains("| title: 1984"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.md", folder.path().join("b.md")).unwrap();
        program::straight(folder.path(), &["check", "--fix", "b.md"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn a_story_that_went_out_is_known_under_its_new_name() {
    on_both(async |engine| known_under_its_new_name(&engine.url())).await;
}

fn known_under_its_new_name(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let settings = format!(
        "schedule: {{timezone: UTC}}\narticles: {{settle: 0s, backlog: 7d}}\ndatabase_url: \"{database}\"\n"
    );
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    fs::write(folder.path().join("subscribers.yaml"), "- ann@example.edu\n").unwrap();
    let today = straight::press::Clock::system().now().date_naive();
    let body = "The ferry sails again on Monday after two years in the dock, and its first passengers are the children of \
                the island school, who have waited for the crossing since the autumn before last while the council \
                counted what the new hull would cost and what it would save.";
    let write = |name: &str, title: &str, slug: &str, body: &str| {
        let text = format!("---\ntitle: {title}\n{slug}date: {today}\n---\n{body}\n");
        fs::write(folder.path().join("articles").join(name), text).unwrap();
    };
    write("ferry.md", "The Ferry Sails Again", "", body);
    let (code, told) = program::straight(folder.path(), &["send"]);
    assert!(code == 0 && told.contains("Sent to 1 of 1 readers."), "{told}");
    let check = || program::straight(folder.path(), &["check"]).1;
    assert!(!check().contains("already-sent"), "{}", check());

    // While the old file is there, its name is taken.
    write("ferry2.md", "The Ferry Sails Once More", "", body);
    let told = check();
    assert!(told.contains("into `articles/ferry.md`, which went out, and delete this file"), "{told}");
    assert!(!told.contains("write `slug: "), "{told}");

    // A new title makes a new name, and what has a new name would go out a second time.
    fs::remove_file(folder.path().join("articles/ferry.md")).unwrap();
    write("ferry2.md", "At Last, the Ferry Is Back", "", &format!("Update. {body}"));
    let told = check();
    assert!(told.contains("warning[already-sent]: this has the text of “The Ferry Sails Again”"), "{told}");
    assert!(
        told.contains("--> articles/ferry2.md:2:8") && told.contains("write `slug: the-ferry-sails-again`"),
        "{told}"
    );
    write(
        "ferry2.md",
        "At Last, the Ferry Is Back",
        "slug: the-ferry-sails-again\n",
        &format!("Update. {body}"),
    );
    let told = check();
    assert!(!told.contains("already-sent"), "{told}");

    // The same title under another name is told too; what is meant can be said.
    write("ferry2.md", "The Ferry Sails Again", "slug: again\n", "Quite another story.");
    let told = check();
    assert!(told.contains("this has the title of “The Ferry Sails Again”"), "{told}");
    assert!(told.contains("--> articles/ferry2.md:2:8"), "{told}");
    write(
        "ferry2.md",
        "The Ferry Sails Again",
        "# lint-disable-file already-sent\nslug: again\n",
        "Another story.",
    );
    assert!(!check().contains("already-sent"), "{}", check());
}

/// A folder of a publication with one reader, and the day it is there.
fn desk() -> (tempfile::TempDir, NaiveDate) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let settings = "schedule: {timezone: UTC}\narticles: {settle: 0s}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    fs::write(folder.path().join("subscribers.yaml"), "- ann@example.edu\n").unwrap();
    (folder, straight::press::Clock::system().now().date_naive())
}

#[test]
fn what_went_out_in_an_extra_edition_of_today_is_known_again() {
    let (folder, today) = desk();
    let body = "The council of the harbour met on Tuesday evening and decided, after four hours and with eleven votes \
                against nine, that the ferry will run until midnight on Fridays and Saturdays, which the innkeepers had \
                asked for since the spring.";
    let write = |title: &str| {
        let text = format!("---\ntitle: {title}\ndate: {today}\n---\n{body}\n");
        fs::write(folder.path().join("articles/council.md"), text).unwrap();
    };
    write("The Council Keeps the Ferry Running");
    let (code, told) = program::straight(folder.path(), &["send", "--edition", &format!("{today}-two")]);
    assert!(code == 0 && told.contains("Sent to 1 of 1 readers."), "{told}");
    write("A Whole Other Headline for It");
    let (_, told) = program::straight(folder.path(), &["check"]);
    assert!(
        told.contains("warning[already-sent]") && told.contains(&format!("in the edition {today}-two")),
        "{told}"
    );
}

/// What is over drowns nothing: its warnings are counted, and its errors are told.
#[test]
fn a_check_of_an_archive_is_about_what_goes_out_next() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    fs::write(folder.path().join("newsletter.yaml"), "schedule: {timezone: UTC}\n").unwrap();
    let today = straight::press::Clock::system().now().date_naive();
    let write = |name: &str, day: &str, title: &str, body: &str| {
        let text = format!(
            "---\ntitle: {title}\ndate: {day}\nsummary: It sails.\nhighlights: [A, B, C]\n---\n{body}\n"
        );
        fs::write(folder.path().join("articles").join(name), text).unwrap();
    };
    for day in 1..=9 {
        let (name, day) = (format!("a{day}.md"), format!("2016-03-0{day}"));
        write(&name, &day, &format!("What Happened on {day}"), "Look [here](https://ferry.example/).");
    }
    write("z.md", &today.to_string(), "The Ferry Sails Again on Monday", "It is TK.");
    let check = |arguments: &[&str]| program::straight(folder.path(), &[&["check"], arguments].concat());
    let (code, told) = check(&["--strict"]);
    assert!(code == 1 && told.contains("warning[placeholder]"), "{told}");
    assert!(!told.contains("vague-link"), "{told}");
    assert!(
        told.contains(
            "9 findings of articles whose time is past are left out; `straight check articles` tells all."
        ),
        "{told}"
    );
    assert!(told.contains("a9.md is older") && told.contains("  and 4 more, whose time is past"), "{told}");
    assert!(!told.contains("a1.md is older"), "{told}");
    let (_, told) = check(&["--format", "github"]);
    assert!(told.contains("title=placeholder") && !told.contains("title=vague-link"), "{told}");
    assert_eq!(check(&["articles"]).1.matches("[vague-link]").count(), 9);
    assert!(check(&["articles/a1.md"]).1.contains("[vague-link]"));

    // Without a record of what went out, what is of these days may still go out elsewhere: nothing of it is left out.
    let yesterday = (today - TimeDelta::days(1)).to_string();
    write("y.md", &yesterday, "What Happened on the Day Before", "Look [here](https://ferry.example/).");
    let (_, told) = check(&["--format", "github"]);
    assert!(told.contains("y.md,line=7") && told.matches("title=vague-link").count() == 1, "{told}");
    fs::remove_file(folder.path().join("articles/y.md")).unwrap();

    // What is shown is what is judged; and an error is always shown, behind what goes out next.
    write("z.md", &today.to_string(), "The Ferry Sails Again on Monday", "It is blue.");
    let (code, told) = check(&["--strict"]);
    assert!(code == 0 && told.contains("Everything is fine in 10 files."), "{told}");
    write("a1.md", "2016-03-01", "What Happened on 2016-03-01", "[It](nowhere.md) sails.");
    write("z.md", &today.to_string(), "The Ferry Sails Again on Monday", "It is TK.");
    let (code, told) = check(&[]);
    let (due, old) = (told.find("[placeholder]").unwrap(), told.find("error[broken-link]").unwrap());
    assert!(code == 1 && due < old, "{told}");
}

/// What is all of a value, and is shown to nobody, is told with what it is taken for; so is a sign that cannot be seen.
#[test]
fn a_value_that_is_a_comment_or_a_mark_is_told_as_that() {
    for (line, words) in [
        ("title: &Sea", "`&Sea` is not shown: YAML takes it for a mark of its own"),
        ("title: !Sea", "`!Sea` is not shown: YAML takes it for a mark of its own"),
        ("title: A\ntags: #sea #quay", "`#sea #quay` is not shown: behind a space, `#` begins a comment"),
        ("title: A\n\u{200B}tags: [sea]", "has a sign in it that cannot be seen (U+200B)"),
    ] {
        let text = format!("---\n{line}\ndate: 2025-11-03\n---\nText.\n");
        let parsed = straight::article::parse_bytes(Path::new("a.md"), text.as_bytes(), &options(), now());
        let told: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.contains(words)), "{line}: {told:?}");
    }
}

/// Nothing that somebody dropped into the folder is passed over in silence, and nothing else is told of.
#[test]
fn a_file_that_may_be_meant_as_an_article_and_is_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = "---\ntitle: The ferry\ndate: 2025-11-04\n---\nIt sails.\n";
    for (name, content) in [
        ("tide.md.txt", text),
        ("quay.TXT", text),
        ("ferry", &format!("\u{FEFF}{text}").replace('\n', "\r\n")),
        ("council.docx", "PK"),
        ("images/plan.txt", "A plan of the quay.\n"),
        ("images/quay.jpg", ""),
        ("licence", "MIT\n"),
        ("table.csv", "a,b\n"),
        ("~$council.docx", "PK"),
        (".notes.txt", text),
    ] {
        let file = folder.path().join("articles").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    // What is no file is not opened: a pipe would wait for its writer.
    #[cfg(unix)]
    for name in ["pipe", "pipe.txt"] {
        let made =
            std::process::Command::new("mkfifo").arg(folder.path().join("articles").join(name)).status();
        assert!(made.unwrap().success());
    }
    let (code, told) = program::straight(folder.path(), &["check"]);
    for words in [
        "--> articles/tide.md.txt\n = help: name it `tide.md`",
        "--> articles/quay.TXT\n = help: name it `quay.md`",
        "--> articles/ferry\n = help: name it `ferry.md`",
        "--> articles/council.docx\n = help: write the article as `council.md`; or move this out",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(code == 0 && told.contains("4 warnings in 0 files"), "{told}");
    // Named, what is text is read all the same.
    let (_, told) =
        program::straight(folder.path(), &["check", "articles/quay.TXT", "articles/council.docx"]);
    assert!(told.contains("help: name it `quay.md`") && told.contains("[no-highlights]"), "{told}");
    assert!(told.contains("as `council.md`") && told.contains(" in 2 files"), "{told}");
    assert!(!told.contains("error["), "{told}");
    let (_, told) = program::straight(folder.path(), &["check", "articles", "articles/quay.TXT"]);
    assert_eq!(told.matches("help: name it `quay.md`").count(), 1, "{told}");
    let settings = "lint: {unread-file: off}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    let (_, told) = program::straight(folder.path(), &["check"]);
    assert!(told.contains("Everything is fine in 0 files."), "{told}");
}

#[test]
fn what_is_broken_and_due_is_named_with_what_becomes_of_the_edition() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let today = straight::press::Clock::system().now().date_naive();
    let text = format!("---\ntitle: The ferry\ndate: {today}\ntgas: [sea]\n---\nIt sails.\n");
    for number in 1..=7 {
        fs::write(folder.path().join(format!("articles/a{number}.md")), &text).unwrap();
    }
    let check = |on_broken: &str| {
        let settings = format!("schedule: {{timezone: UTC}}\narticles: {{on_broken_article: {on_broken}}}\n");
        fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
        program::straight(folder.path(), &["check"]).1
    };
    let named = "  a1.md\n  a2.md\n  a3.md\n  a4.md\n  a5.md\n  and 2 more\n";
    let told = check("hold_edition");
    let held = format!("\nBroken, and the edition is held until this is mended:\n{named}");
    assert!(told.ends_with(&held) && !told.contains("No article is due"), "{told}");
    let told = check("skip");
    assert!(told.ends_with(&format!("\nBroken, and left out until it is mended:\n{named}")), "{told}");
    assert!(told.contains("No article is due."), "{told}");
    // Old ones hold nothing up.
    for number in 1..=7 {
        let old = text.replace(&today.to_string(), "2016-03-04");
        fs::write(folder.path().join(format!("articles/a{number}.md")), old).unwrap();
    }
    let sound = text.replace("tgas", "tags");
    fs::write(folder.path().join("articles/z.md"), sound).unwrap();
    let told = check("hold_edition");
    assert!(!told.contains("Broken, and") && told.contains("Due for the next edition: 1."), "{told}");
}

#[test]
fn what_went_out_is_mended_only_where_it_is_named() {
    let (folder, today) = desk();
    let path = |name: &str| folder.path().join("articles").join(name);
    let write = |name: &str, day: &str, more: &str| {
        let text = format!(
            "---\ntitle: The story of {name}\ndate: {day}\nsummary: It sails.\nhighlights: [A, B, C]\n{more}---\nIt sails.\n"
        );
        fs::write(path(name), text).unwrap();
    };
    let straight = |arguments: &[&str]| program::straight(folder.path(), arguments);
    write("sent.md", &today.to_string(), "");
    write("broken.md", "2016-03-04", "");
    assert_eq!(straight(&["send"]).0, 0);
    // One that went out, one that is past and broken, one that is to come; each could be mended.
    let twice = "tags: [sea, sea]\n";
    write("sent.md", &today.to_string(), twice);
    write("broken.md", "2016-03-04", "lead: yes\n");
    write("new.md", &(today + TimeDelta::days(3)).to_string(), twice);
    let texts = || ["sent.md", "broken.md", "new.md"].map(|name| fs::read_to_string(path(name)).unwrap());
    let [sent, broken, _] = texts();

    let (_, told) = straight(&["check"]);
    assert!(told.contains("`straight check --fix` mends one of them."), "of what is to come: {told}");
    let (code, told) = straight(&["check", "--fix"]);
    let [sent_now, broken_now, new_now] = texts();
    assert!(new_now.contains("tags: [sea]\n"), "{told}");
    assert_eq!((sent_now, broken_now), (sent, broken), "{told}");
    let line = "2 articles whose time is past are left as they are; name those to be mended, as in \
                `straight check --fix articles/broken.md`.\n";
    assert!(told.contains(line), "{told}");
    // What is wrong with one is told as it stands on the disk.
    assert!(code == 1 && told.contains("error[wrong-type]") && told.contains("| lead: yes"), "{told}");
    assert!(!told.contains("mends one of them"), "{told}");

    let (code, told) = straight(&["check", "--fix", "articles/broken.md"]);
    assert!(code == 0 && texts()[1].contains("lead: true\n"), "{told}");
    let (_, told) = straight(&["check", "--fix", "--dry-run", "--format", "json"]);
    let line =
        "1 article whose time is past is left as it is; `straight check --fix articles/sent.md` mends it.";
    assert!(told.contains(line), "{told}");
    straight(&["check", "--fix", "articles"]);
    assert!(texts()[0].contains("tags: [sea]\n"));
    let (_, told) = straight(&["check", "--fix"]);
    assert!(!told.contains("left as"), "{told}");
}

#[test]
fn a_highlight_of_another_kind_moves_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.md");
    let told = |highlights: &str| -> Vec<(&'static str, usize, String)> {
        let head = "title: The Harbour Ferry Is Back\ndate: 2025-11-03\nsummary: It sails.";
        fs::write(&file, format!("---\n{head}\nhighlights:\n{highlights}---\nIt is blue.\n")).unwrap();
        let loaded = load_paths(std::slice::from_ref(&file), folder.path(), &options(), now()).unwrap();
        loaded.diagnostics.into_iter().map(|found| (found.rule, found.line, found.message)).collect()
    };
    let found = told(
        "  - The ferry is back\n  - Price: the same\n  - It runs 77 times\n  - \"[here](https://ferry.example/)\"\n",
    );
    let places: Vec<_> = found.iter().map(|(rule, line, _)| (*rule, *line)).collect();
    assert_eq!(places, [("wrong-type", 7), ("number-not-in-text", 8), ("vague-link", 9)]);
    let found = told("  - The ferry is back\n  - Price: the same\n");
    assert!(
        found.iter().any(|(rule, _, told)| *rule == "few-highlights" && told == "there are 2 highlights"),
        "{found:?}"
    );
    assert!(told("  - It sails 24/7\n  - It is blue\n  - It is back\n").is_empty());
}

/// A headline that was touched is worth a look; one that says something else is not.
#[tokio::test]
async fn a_headline_that_is_nearly_one_that_went_out_is_worth_a_look() {
    on_both(async |engine| nearly_one_that_went_out(&engine.url())).await;
}

fn nearly_one_that_went_out(database: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let settings = |more: &str| {
        let text = format!(
            "schedule: {{timezone: UTC}}\narticles: {{settle: 0s, backlog: 7d}}\ndatabase_url: \"{database}\"\n{more}"
        );
        fs::write(folder.path().join("newsletter.yaml"), text).unwrap();
    };
    settings("");
    fs::write(folder.path().join("subscribers.yaml"), "- ann@example.edu\n").unwrap();
    let today = straight::press::Clock::system().now().date_naive();
    let write = |day: chrono::NaiveDate, title: &str, more: &str| {
        let text = format!("---\ntitle: \"{title}\"\ndate: {day}\n{more}---\nIn short.\n");
        fs::write(folder.path().join("articles/story.md"), text).unwrap();
    };
    let send = |day: chrono::NaiveDate| {
        let (code, told) = program::straight(folder.path(), &["send", "--edition", &day.to_string()]);
        assert!(code == 0 && told.contains("Sent to 1 of 1 readers."), "{told}");
    };
    let check = || program::straight(folder.path(), &["check"]).1;
    // Beyond the backlog nothing is compared.
    let long_ago = today - chrono::TimeDelta::days(9);
    write(long_ago, "A Storm Takes the Roof of the Old School", "");
    send(long_ago);
    write(today - chrono::TimeDelta::days(2), "The Ferry to the Island Sails", "");
    send(today - chrono::TimeDelta::days(2));

    write(today, "Update: the ferry to the island sails", "");
    let told = check();
    let hint = "hint[similar-title]: this has nearly the title of “The Ferry to the Island Sails”, which went out in the edition";
    assert!(told.contains(hint) && told.contains("--> articles/story.md:2:8"), "{told}");
    assert!(told.contains("write `slug: the-ferry-to-the-island-sails` if it is the same story"), "{told}");
    write(today, "Update: the ferry to the island sails", "# lint-disable-file similar-title\n");
    assert!(!check().contains("similar-title"), "{}", check());
    for title in ["The Ferry to the Island Sinks", "Update: A Storm Takes the Roof of the Old School"] {
        write(today, title, "");
        assert!(!check().contains("similar-title"), "{title}: {}", check());
    }
    write(today, "The Ferry to the Island Sails Again", "");
    assert!(check().contains("similar-title"), "{}", check());
    settings("lint: {similar-title: off}\n");
    assert!(!check().contains("similar-title"), "{}", check());
}

#[test]
fn the_subject_of_the_next_edition_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let today = straight::press::Clock::system().now().date_naive();
    let check = |title: &str, settings: &str| {
        fs::write(folder.path().join("newsletter.yaml"), format!("schedule: {{timezone: UTC}}\n{settings}"))
            .unwrap();
        let text = format!("---\ntitle: {title}\ndate: {today}\n---\nText.\n");
        fs::write(folder.path().join("articles/a.md"), text).unwrap();
        program::straight(folder.path(), &["check"]).1
    };
    let told = check("Tides", "");
    assert!(told.contains("hint[subject-length]: the edition's subject has 5 characters"), "{told}");
    assert!(told.contains("--> articles/a.md:2:8"), "{told}");
    let long = "A Very Long Headline That Says Everything There Is to Say";
    assert!(
        check(long, "")
            .contains("subject-length]: the edition's subject has 57 characters; telephones cut it")
    );
    assert!(!check("The Ferry Sails Again on Monday", "").contains("subject-length"));
    let named = check("Tides\nslug: tide-table", "");
    assert!(named.contains("--> articles/a.md:2:8"), "{named}");
    let silenced = check("Tides # lint-disable-line subject-length\nslug: tide-table", "");
    assert!(!silenced.contains("[subject-length]"), "{silenced}");
    assert!(!check("Tides", "lint: {subject-length: off}\n").contains("subject-length"));
    assert!(check("Tides", "lint: {subject-length: error}\n").contains("error[subject-length]"));
}

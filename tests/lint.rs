//! The rules of `straight check`: a fixture each, and what an editor is told of it.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use image::{ImageFormat, RgbImage};
use straight::article::{LoadOptions, Loaded, load_paths};
use straight::config::Authors;
use straight::diagnostic::rules::{self, Level, Reach};
use straight::diagnostic::{Colour, Severity, human};

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

/// A folder with what the fixtures link to and show.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("later.md", "---\ntitle: Later\ndate: 2026-01-01\n---\nText.\n");
    write("draft.md", "---\ntitle: Draft\ndate: 2025-11-01\ndraft: true\n---\nText.\n");
    picture(&folder.path().join("images/quay.png"), 20, ImageFormat::Png);
    picture(&folder.path().join("images/wide.png"), 5_100, ImageFormat::Png);
    picture(&folder.path().join("images/wide.gif"), 1_200, ImageFormat::Gif);
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
fn comments_silence_what_they_name_and_no_more() {
    let (_, told) = look(&fixtures().join("silenced.md"), &options());
    insta::assert_snapshot!(told, @"");
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
        assert_eq!(found(rule, Level::At(Severity::Note)), (Some(Severity::Note), 1), "{rule}");
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

//! `straight check --fix`: each mend by itself, and what holds of all of them.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use straight::article::{Loaded, mend_paths};
use straight::diagnostic::Severity;

use super::{now, options};

/// What mending the file `name` of `folder` comes to; nothing is written.
fn mend(folder: &Path, name: &str) -> Loaded {
    mend_paths(&[folder.join(name)], folder, &options(), now()).unwrap()
}

/// The text once mended, with the rules that did it; the text itself when nothing did.
fn after(folder: &Path, name: &str) -> (String, Vec<&'static str>) {
    match mend(folder, name).mended.pop() {
        Some(mended) => (mended.after, mended.done.iter().map(|done| done.rule).collect()),
        None => (fs::read_to_string(folder.join(name)).unwrap(), Vec::new()),
    }
}

#[test]
fn each_mend_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write("Ferry.md", b"---\ntitle: Ferry\ndate: 2025-11-01\n---\nText.\n");
    super::picture(&folder.path().join("images/Quay.png"), 20, image::ImageFormat::Png);
    let head = "---\ntitle: A\ndate: 2025-11-03\n---\n";
    for (rule, before, wanted) in [
        (
            "no-front-matter",
            "—\ntitle: A\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "no-front-matter",
            "---\ntitle: A\ndate: 2025-11-03\n–-\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "no-front-matter",
            "---\ntitle: A\ndate: 2025-11-03\n-----\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "no-front-matter",
            " ---\ntitle: A\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        ("bad-date", "---\ntitle: A\ndate: “2025-11-03”\n---\nText.\n".to_owned(), format!("{head}Text.\n")),
        (
            "wrong-type",
            "---\ntitle: A\ndate: 2025-11-03\nlead: “yes”\ntags: sea; quay\n---\nText.\n".to_owned(),
            "---\ntitle: A\ndate: 2025-11-03\nlead: true\ntags: [sea, quay]\n---\nText.\n".to_owned(),
        ),
        ("line-ends", format!("{head}Text.\n").replace('\n', "\r"), format!("{head}Text.\n")),
        (
            "broken-yaml",
            "---\ntitle: A\ndate: 2025-11-03\nimage:\n\tsrc: images/Quay.png\n\talt: The quay\n---\nText.\n"
                .to_owned(),
            "---\ntitle: A\ndate: 2025-11-03\nimage:\n  src: images/Quay.png\n  alt: The quay\n---\nText.\n"
                .to_owned(),
        ),
        (
            "broken-yaml",
            "---\ntitle: @home\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: \"@home\"\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        (
            "broken-yaml",
            "---\ntitle:The ferry\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: The ferry\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        (
            "broken-yaml",
            "---\ntitle: The ferry\ndate:\u{a0}2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: The ferry\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        (
            "misread-text",
            "---\ntitle: Ranked #1 here\ndate: 2025-11-03\nhighlights:\n  - We are #1\n---\nText.\n"
                .to_owned(),
            "---\ntitle: \"Ranked #1 here\"\ndate: 2025-11-03\nhighlights:\n  - \"We are #1\"\n---\nText.\n"
                .to_owned(),
        ),
        (
            "misread-text",
            "---\ntitle: #1 again\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: \"#1 again\"\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        (
            "bad-date",
            "---\ntitle: A\ndate: Monday, November 3rd, 2025\n---\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "unknown-rule",
            format!("{head}<!-- lint-disable-next-line bare-urls -->\n<https://example.org/x>\n"),
            format!("{head}<!-- lint-disable-next-line bare-url -->\n<https://example.org/x>\n"),
        ),
        (
            "useless-disable",
            format!("{head}Text. <!-- lint-disable-line vague-link -->\n"),
            format!("{head}Text.\n"),
        ),
        ("broken-link", format!("{head}See [it](ferry.md).\n"), format!("{head}See [it](Ferry.md).\n")),
        (
            "missing-image",
            format!("{head}![The quay in the rain](images/quay.PNG)\n"),
            format!("{head}![The quay in the rain](images/Quay.png)\n"),
        ),
        (
            "skipped-heading",
            format!("{head}## One\n\n#### Two\n\nText.\n"),
            format!("{head}## One\n\n### Two\n\nText.\n"),
        ),
        (
            "double-space",
            "---\ntitle: A  quay\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: A quay\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        (
            "repeated-tag",
            "---\ntitle: A\ndate: 2025-11-03\ntags: [sea, moon, sea]\n---\nText.\n".to_owned(),
            "---\ntitle: A\ndate: 2025-11-03\ntags: [sea, moon]\n---\nText.\n".to_owned(),
        ),
        (
            "wrong-type",
            "---\ntitle: 1984\ndate: 2025-11-03\n---\nText.\n".to_owned(),
            "---\ntitle: \"1984\"\ndate: 2025-11-03\n---\nText.\n".to_owned(),
        ),
        ("unknown-key", "---\ntitel: A\ndate: 2025-11-03\n---\nText.\n".to_owned(), format!("{head}Text.\n")),
        (
            "duplicate-key",
            "---\ntitle: A\ndate: 2025-11-03\ntitle: A\n---\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "bad-date",
            "---\ntitle: A\ndate: 3 November 2025\n---\nText.\n".to_owned(),
            format!("{head}Text.\n"),
        ),
        (
            "bad-slug",
            "---\ntitle: A\ndate: 2025-11-03\nslug: Über Uns\n---\nText.\n".to_owned(),
            "---\ntitle: A\ndate: 2025-11-03\nslug: uber-uns\n---\nText.\n".to_owned(),
        ),
        ("odd-encoding", format!("\u{FEFF}{head}Text.\n"), format!("{head}Text.\n")),
    ] {
        write("a.md", before.as_bytes());
        let (text, done) = after(folder.path(), "a.md");
        assert_eq!((text, done.first().copied()), (wanted, Some(rule)), "{before}");
    }
}

/// Below a row of signs stands the head itself: there is nothing to be mended without losing that.
#[test]
fn a_head_below_another_opening_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    for opening in ["~~~", "-----", "===", "—"] {
        let text = format!("{opening}\n---\ntitle: A\ndate: 2025-11-03\n---\nText.\n");
        fs::write(folder.path().join("a.md"), &text).unwrap();
        assert_eq!(after(folder.path(), "a.md"), (text, vec![]));
    }
}

/// On a file system that tells the case of letters; and each rule of the table that mends is in the list above.
#[test]
fn no_mend_is_without_a_test() {
    let own = include_str!("fixes.rs");
    for rule in straight::diagnostic::rules::all().filter(|rule| rule.mends.is_some()) {
        assert!(own.contains(&format!("\"{}\"", rule.name)), "{} has no test of its own", rule.name);
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_is_named_stays_a_link_and_its_file_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let articles = folder.path().join("articles");
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&articles).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let (before, wanted) = (
        "---\ntitle: 1984\ndate: 2025-11-03\n---\nText.\n",
        "---\ntitle: \"1984\"\ndate: 2025-11-03\n---\nText.\n",
    );
    let file = elsewhere.join("a.md");
    fs::write(&file, before).unwrap();
    let link = articles.join("b.md");
    std::os::unix::fs::symlink(&file, &link).unwrap();

    // In the folder it is only read, and not even that when it leads out of it.
    super::program::straight(folder.path(), &["check", "--fix"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let (_, told) = super::program::straight(folder.path(), &["check", "--fix", "articles/b.md"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted, "{told}");
    assert_eq!(fs::read_link(&link).unwrap(), file, "the link itself stays");
}

/// Lines of a front matter as people write them, good and bad.
fn line() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "title: Tides",
        "title: Tides:  a table",
        "title: 1984",
        "titel: Tides",
        "title: \"Tides\"",
        "title: @home",
        "date: 2025-11-03",
        "date: 3 November 2025",
        "date: 11/04/2025",
        "Date: 2025-11-03",
        "summary: In short: tides.",
        "summary: yes",
        "highlights: One, and no more",
        "highlights: [One, 2, Three]",
        "highlights:\n\t- One\n\t- Two",
        "highlights:\n  - One: and more\n  - Two",
        "tags: [sea, moon, sea]",
        "tags: sea",
        "tags:\n  - sea\n  - Sea\n  - sea",
        "slug: Tide Table",
        "slug: tide-table",
        "lead: yes",
        "draft: nope",
        "photographer: Ada",
        "# lint-disable-next-line long-titel",
        "# lint-disable-file vague-links — they are short",
        "image: images/Quay.png",
        "",
    ])
    .prop_map(str::to_owned)
}

/// Blocks of a text, good and bad.
fn block() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "## Springs",
        "#### Neaps",
        "###### Why",
        "# Top",
        "Text of two words.",
        "See [above](#Springs), and [here](https://example.org/x).",
        "See [the ferry](ferry.md).",
        "![The quay](IMAGES/quay.png)",
        "<!-- lint-disable-next-line bare-url -->",
        "<!-- lint-disable-next-line bare-urls, vague-link -->\nSee [here](https://example.org/y).",
        "Words. <!-- lint-disable-line placeholder -->",
        "> A quote\n> of two lines",
        "- one\n- two\n  - three",
        "```\n#### code: 1\n```",
        "TK",
        "|a|b|\n|-|-|\n|1|2|",
    ])
    .prop_map(str::to_owned)
}

fn file() -> impl Strategy<Value = String> {
    let opening = prop::sample::select(vec!["---\n", "\n---\n", "—\n", "\u{FEFF}---\n"]);
    let closing = prop::sample::select(vec!["---\n", "---\n", "–-\n"]);
    let ends = prop::sample::select(vec!["\n", "\n", "\r\n", "\r"]);
    let head = prop::collection::vec(line(), 0..7);
    let body = prop::collection::vec(block(), 0..7);
    (opening, head, closing, body, ends).prop_map(|(opening, head, closing, body, ends)| {
        let text = format!("{opening}{}\n{closing}{}\n", head.join("\n"), body.join("\n\n"));
        text.replace('\n', ends)
    })
}

/// The words of a text, without what a mend may change: levels of headings, comments that silence, the case of names,
/// white space.
fn essence(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!-- lint-disable") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    kept.push_str(rest);
    kept.retain(|c| !c.is_whitespace() && c != '#');
    kept.to_lowercase()
}

/// The text below the front matter of `text`, when it has one.
fn below(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (_, rest) = text.split_once("---\n")?;
    rest.split_once("\n---\n").map(|(_, body)| body.to_owned())
}

fn errors(loaded: &Loaded) -> usize {
    loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mended_file_is_mended_and_says_what_it_said(text in file()) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Ferry.md"), "---\ntitle: Ferry\ndate: 2025-11-01\n---\nText.\n").unwrap();
        fs::write(folder.path().join("a.md"), &text).unwrap();
        let once = mend(folder.path(), "a.md");
        let Some(mended) = once.mended.first() else {
            prop_assert!(once.diagnostics.iter().all(|found| found.fix.is_none()), "{:?}", once.diagnostics);
            return Ok(());
        };
        prop_assert!(!mended.done.is_empty());
        // What was not mended is told, and could not be.
        prop_assert!(once.diagnostics.iter().all(|found| found.fix.is_none()), "{:?}", once.diagnostics);
        if let (Some(before), Some(after)) = (below(&text), below(&mended.after)) {
            prop_assert_eq!(essence(&before), essence(&after));
        }
        fs::write(folder.path().join("a.md"), &mended.after).unwrap();
        let twice = mend(folder.path(), "a.md");
        prop_assert!(twice.mended.is_empty(), "{:?}", twice.mended.first().map(|mended| &mended.done));
        prop_assert_eq!(errors(&once), errors(&twice));
    }
}

//! The words of templates: in one place a language, whole in each, and changed by a file of the user's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use straight::diagnostic::{self, Colour};
use straight::words::{Words, built_in_files};

/// Every file of `templates/` that is rendered, with its text.
fn templates() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                // The preview is for editors, and speaks English as the command line does.
                None if path.ends_with("preview") => {}
                None => folders.push(path),
                Some("html" | "txt") => {
                    found.push((
                        path.strip_prefix(&root).unwrap().to_owned(),
                        fs::read_to_string(&path).unwrap(),
                    ));
                }
                Some(_) => {}
            }
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found.sort();
    found
}

/// `text` with every passage between `open` and `close` blanked, so that places stay.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(open) {
        let (gone, after) = behind.split_once(close).unwrap_or((behind, ""));
        out.push_str(before);
        out.extend(gone.chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = after;
    }
    out + rest
}

/// The words that a reader would see or hear, and that stand in no file of words, each with its line.
fn literal_words(path: &Path, text: &str) -> Vec<String> {
    let mut bare = text.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<!--", "-->"), ("<style", "</style>")] {
        bare = without(&bare, open, close);
    }
    let mut seen = bare.clone();
    if path.extension().is_some_and(|extension| extension == "html") {
        seen = without(&without(&bare, "<!doctype", ">"), "<", ">");
        // What is read out or shown of attributes.
        for attribute in
            ["alt", "title", "aria-label", "aria-roledescription", "placeholder", "label", "summary"]
        {
            let pattern = format!(" {attribute}=\"");
            for value in bare.split(&pattern).skip(1) {
                seen.push_str(&format!("\n{}", value.split('"').next().unwrap()));
            }
        }
    }
    let seen = seen.replace("&nbsp;", " ");
    seen.lines()
        .filter(|line| line.chars().any(char::is_alphabetic))
        .map(|line| format!("{}: {}", path.display(), line.trim()))
        .collect()
}

#[test]
fn no_template_has_words_of_its_own() {
    let found: Vec<String> = templates().iter().flat_map(|(path, text)| literal_words(path, text)).collect();
    assert!(found.is_empty(), "these belong into templates/words/en.yaml:\n{}", found.join("\n"));
    // The test itself sees what it looks for.
    let sample = "<p title=\"Shown\">{{ words.a }} <b>Seen</b></p>";
    assert_eq!(literal_words(Path::new("x.html"), sample), ["x.html: Seen", "x.html: Shown"]);
    assert_eq!(literal_words(Path::new("x.txt"), "{% if a %}By {{ b }}{% endif %}"), ["x.txt: By"]);
}

/// The keys that a template uses, with what follows each.
fn uses(text: &str) -> Vec<(&str, &str)> {
    text.split("words.")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap();
            (rest[..end].trim_end_matches('.'), rest[end..].trim_start())
        })
        .collect()
}

#[test]
fn every_key_is_used_and_every_use_is_filled_in() {
    let english = Words::english();
    let all = english.variable();
    let templates = templates();
    let mut used = Vec::new();
    for (path, text) in &templates {
        for (key, then) in uses(text) {
            let value = key.split('.').fold(&all, |value, name| &value[name]);
            let place = format!("{}: words.{key}", path.display());
            assert!(!value.is_null(), "{place} is in no file of words");
            let filter = then.strip_prefix("| ").unwrap_or_default();
            if value.is_object() {
                assert!(filter.starts_with("plural"), "{place} has forms, and needs `plural`");
            } else if english.text(key).contains('{') {
                assert!(filter.starts_with("fill"), "{place} has names in braces, and needs `fill`");
            }
            used.push(key.to_owned());
        }
    }
    // Some are used by the program itself.
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path());
    let mut idle = Vec::new();
    for key in keys(&all, "") {
        let by_program = sources.contains(&format!("\"{key}\""))
            || sources.contains(&format!("\"{}\"", key.trim_end_matches("_advice")));
        if !used.contains(&key) && !by_program {
            idle.push(key);
        }
    }
    assert!(idle.is_empty(), "nothing uses {idle:?}");
}

fn keys(value: &serde_json::Value, within: &str) -> Vec<String> {
    let is_plural = value.get("other").is_some();
    match value.as_object().filter(|_| !is_plural) {
        Some(entries) => entries
            .iter()
            .flat_map(|(name, value)| keys(value, format!("{within}.{name}").trim_start_matches('.')))
            .collect(),
        None => vec![within.to_owned()],
    }
}

fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all += &if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap() };
    }
    all
}

#[test]
fn a_count_is_written_in_the_form_that_goes_with_it() {
    let written = |language: &str, count: u64| {
        Words::load(language, None).unwrap().count("minutes_to_read", count, &[])
    };
    assert_eq!(written("en", 1), "1 minute to read");
    assert_eq!(written("en-GB", 1200), "1,200 minutes to read");
    assert_eq!(written("de-AT", 2), "2 Minuten Lesezeit");
    assert_eq!(written("ar", 2), "دقيقتان للقراءة");
    assert_eq!(written("ar", 3), "3 دقائق للقراءة");
    assert_eq!(written("ar-EG", 11), "١١ دقيقة للقراءة");
}

#[test]
fn values_are_filled_in_once() {
    let words = Words::english();
    let filled = words.fill("preferences.sent_to", &[("name", "{address}"), ("address", "a@example.org")]);
    assert_eq!(filled, "{address}, sent to a@example.org.");
}

/// A folder of words with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_file_of_one_s_own_changes_single_words_and_adds_a_language() {
    let own = folder(&[
        ("en.yaml", "highlights: In short\npreferences:\n  save: Keep\n"),
        ("en-GB.yaml", "highlights: In brief\n"),
        (
            "fr.yaml",
            "highlights: En bref\nminutes_to_read: {one: '{count} minute', many: '{count} de minutes', other: '{count} minutes'}\n",
        ),
    ]);
    let load = |language| Words::load(language, Some(own.path())).unwrap();
    assert_eq!(load("en-US").text("highlights"), "In short");
    assert_eq!(load("en-GB").text("highlights"), "In brief");
    assert_eq!(load("en-GB").text("preferences.save"), "Keep");
    assert_eq!(load("en").text("sources"), "Sources");
    assert!(load("en").warnings().is_empty());
    let french = load("fr-CA");
    assert_eq!(french.text("highlights"), "En bref");
    assert_eq!(french.count("minutes_to_read", 0, &[]), "0 minute");
    assert_eq!(french.text("sources"), "Sources", "English until it is translated");
    let warning = french.warnings()[0].to_string();
    assert!(
        warning.contains("fr.yaml") && warning.contains("words are missing: ") && warning.contains(" more; "),
        "{warning}"
    );
}

#[test]
fn a_wrong_file_of_words_is_told_with_its_places() {
    let cases: [(&str, &str); 9] = [
        ("a key mistyped", "higlights: In short\n"),
        ("a key in the wrong section", "preferences:\n  highlights: In short\n"),
        ("a name that is not filled in", "read_on: Read it at {site}\nhighlights: '{n} things'\n"),
        ("a plural without forms", "minutes_to_read: '{count} minutes'\n"),
        (
            "a form that English has not",
            "minutes_to_read:\n  few: '{count} minutes'\n  other: '{count} minutes'\n",
        ),
        ("a plural without its last form", "minutes_to_read:\n  one: a minute\n"),
        ("a list", "highlights: [a, b]\n"),
        ("a line break", "highlights: \"In\\nshort\"\n"),
        ("no YAML", "highlights: 'In short\n"),
    ];
    let mut report = String::new();
    for (what, text) in cases {
        let own = folder(&[("en.yaml", text)]);
        let findings = Words::load("en", Some(own.path())).unwrap_err();
        let told = diagnostic::human(&findings, Colour::Never);
        report.push_str(&format!("# {what}\n{}\n", told.replace(&own.path().display().to_string(), "words")));
    }
    insta::assert_snapshot!(report);
}

/// What `straight check` says of a publication with this configuration and these files beside it.
fn check(config: &str, files: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("articles")).unwrap();
    fs::create_dir_all(folder.path().join("tpl/words")).unwrap();
    fs::write(folder.path().join("newsletter.yaml"), config).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_straight"))
        .arg("check")
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), told)
}

#[test]
fn check_tells_of_languages_without_words_and_of_wrong_words() {
    type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)]);
    let german = "publication:\n  language: de\nedition:\n  templates: tpl\n";
    let french = "publication:\n  language: fr-CA\n";
    let french_words = "publication:\n  language: fr-CA\nedition:\n  templates: tpl\n";
    let cases: [Case<'_>; 5] = [
        ("all is well", german, &[("tpl/words/de.yaml", "highlights: Kurz gesagt\n")]),
        ("no words", french, &[]),
        ("no words, a folder of templates", french_words, &[]),
        ("wrong words", german, &[("tpl/words/de.yaml", "hilights: Kurz gesagt\n")]),
        (
            "few words",
            french_words,
            &[("tpl/words/fr.yaml", "highlights: En bref\npreferences:\n  save: Garder\n")],
        ),
    ];
    let mut report = String::new();
    for (what, config, files) in cases {
        let (code, told) = check(config, files);
        // Keys come and go; how many are missing is of no interest here.
        let told: String = told
            .lines()
            .map(|line| match line.split_once(" are missing: ") {
                Some((head, _)) => {
                    let head: String =
                        head.chars().map(|c| if c.is_ascii_digit() { '…' } else { c }).collect();
                    format!("{} are missing: …\n", head.replace("……", "…").replace("……", "…"))
                }
                None => format!("{line}\n"),
            })
            .collect();
        report.push_str(&format!("# {what}: exit code {code}\n{told}\n"));
    }
    insta::assert_snapshot!(report);
}

#[test]
fn keys_that_are_missing_are_told_where_their_section_begins() {
    let own = folder(&[("fr.yaml", "highlights: En bref\npreferences:\n  save: Garder\noutbox: {}\n")]);
    let french = Words::load("fr", Some(own.path())).unwrap();
    let told = french.warnings();
    assert_eq!(told.len(), 3, "{told:?}");
    let of = |words: &str| told.iter().find(|found| found.message.contains(words)).unwrap();
    let all = of(" words are missing: ");
    let section = of(" words of `preferences` are missing: ");
    assert_eq!((all.line, section.line, section.column), (0, 2, 1));
    assert_eq!(of("words of `outbox`").line, 4);
    // How many, and the first five: three hundred names would bury what else there is to say.
    let known = keys(&Words::english().variable(), "");
    let has = |key: &str| ["highlights", "preferences.save"].contains(&key);
    let missing = |section: &str| -> BTreeSet<&str> {
        let of_section = |key: &&&str| match section {
            "" => !key.starts_with("preferences.") && !key.starts_with("outbox."),
            section => key.starts_with(&format!("{section}.")),
        };
        known
            .iter()
            .map(String::as_str)
            .filter(|key| !has(key))
            .collect::<Vec<_>>()
            .iter()
            .filter(of_section)
            .copied()
            .collect()
    };
    for (found, section) in [(all, ""), (section, "preferences"), (of("words of `outbox`"), "outbox")] {
        let missing = missing(section);
        let (count, names) = found.message.split_once(" are missing: ").unwrap();
        assert!(count.starts_with(&format!("{} ", missing.len())), "{found:?}");
        let first = missing.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let more = match missing.len() {
            ..=5 => String::new(),
            more => format!(" and {} more", more - 5),
        };
        assert_eq!(names, format!("{first}{more}"));
    }
}

/// Whoever renders an edition with words that are missing is told, where nothing is yet checked.
#[test]
fn an_edition_with_english_in_it_says_so_when_it_is_rendered() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("articles")).unwrap();
    fs::create_dir_all(folder.path().join("tpl/words")).unwrap();
    let settings = "publication: {language: fr}\nedition: {templates: tpl}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    fs::write(folder.path().join("tpl/words/fr.yaml"), "highlights: En bref\n").unwrap();
    let article = "---\ntitle: La mer\ndate: 2026-09-24\nsummary: Elle monte.\n---\nElle monte.\n";
    fs::write(folder.path().join("articles/mer.md"), article).unwrap();
    for line in ["render --date 2026-09-24 --out edition", "send --dry-run"] {
        let output = Command::new(env!("CARGO_BIN_EXE_straight"))
            .args(line.split(' '))
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("tpl/words/fr.yaml: warning: "), "{line}: {told}");
        assert!(told.contains("words are missing: ") && told.contains(" more; add them"), "{line}: {told}");
    }
}

#[test]
fn files_of_words_say_where_they_are_explained() {
    for (language, text) in built_in_files() {
        assert!(text.starts_with("# ") && (language == "en" || text.contains("en.yaml")), "{language}");
    }
}

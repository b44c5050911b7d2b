//! Stories of the program itself: what a new user types, and what they see.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::Timelike as _;

/// Runs `straight` with `arguments` in `folder`, in an environment of its own.
pub(super) fn straight(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_straight"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap()
}

pub(super) fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(super) fn samples() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("articles"), &folder.path().join("articles"));
    folder
}

/// Keys of a daily schedule at the local time `at`, in a zone where it is now an hour past noon at most.
pub(super) fn past_noon(at: &str) -> String {
    let ahead = 12 - i64::from(straight::press::Clock::system().now().hour());
    // These zones are named by how far they are behind.
    format!("at: \"{at}\", timezone: Etc/GMT{:+}, days: [mon..sun]", -ahead)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
            fs::File::options().append(true).open(&target).unwrap().set_modified(long_ago).unwrap();
        }
    }
}

#[test]
fn the_first_command_fills_the_outbox_and_the_second_sends_nothing() {
    let folder = samples();
    let first = straight(folder.path(), &["send"]);
    assert!(first.status.success(), "{}", shown(&first));
    assert!(shown(&first).contains("Sent to 4 of 4 readers."), "{}", shown(&first));
    assert!(folder.path().join("outbox/index.html").is_file());
    let count = || fs::read_dir(folder.path().join("outbox/new")).unwrap().count();
    assert_eq!(count(), 4);
    let second = straight(folder.path(), &["send"]);
    assert!(second.status.success());
    assert!(shown(&second).contains("has gone out already, to 4 of 4 readers"), "{}", shown(&second));
    assert_eq!(count(), 4);
    let status = straight(folder.path(), &["status"]);
    assert!(shown(&status).contains("4  sent"), "{}", shown(&status));
    let json = straight(folder.path(), &["status", "--format", "json", "--domains", "1"]);
    let told: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&told["edition"]["counts"]["sent"], &told["edition"]["recipients"]), (&4.into(), &4.into()));
    assert_eq!(told["edition"]["domains"].as_array().unwrap().len(), 1, "{told}");
}

#[test]
fn real_readers_and_example_readers_never_mix() {
    let folder = samples();
    fs::write(folder.path().join("subscribers.yaml"), "- ann@example.edu\n").unwrap();
    let sent = straight(folder.path(), &["send"]);
    assert!(shown(&sent).contains("Sent to 1 of 1 readers."), "{}", shown(&sent));

    // Whoever tried the examples first is rid of them with the first reader of their own.
    let folder = samples();
    straight(folder.path(), &["send"]);
    let added = straight(folder.path(), &["subscribers", "add", "ann@example.edu"]);
    assert!(shown(&added).contains("ann@example.edu is subscribed."), "{}", shown(&added));
    fs::write(folder.path().join("articles/new.md"), article("A New Day", &today())).unwrap();
    let sent = straight(folder.path(), &["send", "--edition", &format!("{}-extra", today())]);
    assert!(shown(&sent).contains("Waiting a moment for new.md, changed just now"), "{}", shown(&sent));
    assert!(shown(&sent).contains("Sent to 1 of 1 readers."), "{}", shown(&sent));
}

#[test]
fn a_broken_article_is_shown_with_its_place_and_remedy() {
    let folder = samples();
    fs::write(folder.path().join("articles/oops.md"), "---\ntittle: Oops\n---\nText.\n").unwrap();
    let check = straight(folder.path(), &["check"]);
    assert_eq!(check.status.code(), Some(1));
    let told = shown(&check);
    assert!(told.contains("oops.md:2:1") && told.contains("did you mean `title`?"), "{told}");
    let json = straight(folder.path(), &["check", "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(
        findings.as_array().unwrap().iter().any(|finding| finding["rule"] == "unknown-key"),
        "{findings}"
    );
}

#[test]
fn programs_get_what_is_wrong_with_the_configuration_as_they_get_findings() {
    let folder = samples();
    fs::write(folder.path().join("newsletter.yaml"), "edition: {recnt: 3}\n").unwrap();
    let check = |format: &str| {
        let done = straight(folder.path(), &["check", "--format", format]);
        assert_eq!(done.status.code(), Some(1), "{}", shown(&done));
        [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let [json, account] = check("json");
    let findings: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&findings[0]["file"], &findings[0]["line"]),
        (&"newsletter.yaml".into(), &1.into()),
        "{findings}"
    );
    assert!(findings[0]["remedy"].as_str().unwrap().contains("`recent`"), "{findings}");
    assert_eq!(account, "");
    let [github, account] = check("github");
    assert!(github.starts_with("::error file=newsletter.yaml,line=1,"), "{github}");
    assert_eq!(account, "");
    let [nothing, human] = check("human");
    assert!(nothing.is_empty() && human.contains("newsletter.yaml:1:"), "{human}");
}

#[test]
fn a_rendered_day_lies_in_files() {
    let folder = samples();
    let rendered = straight(folder.path(), &["render", "--date", "2025-11-03", "--out", "day"]);
    assert!(rendered.status.success(), "{}", shown(&rendered));
    for name in ["body.html", "body.txt", "subject.txt"] {
        assert!(folder.path().join("day").join(name).is_file(), "{name}");
    }
    let diff = straight(folder.path(), &["diff", "2025-11-03", "2025-11-04"]);
    assert!(shown(&diff).contains("\n-") && shown(&diff).contains("\n+"), "{}", shown(&diff));
}

#[test]
fn a_list_exported_is_the_list_imported() {
    let folder = samples();
    let list = "email,name,timezone,status,since\nann@example.edu,Ann,Europe/Berlin,active,2025-01-15T00:00:00Z\nbo@example.edu,,,unsubscribed,2025-01-16T00:00:00Z\n";
    fs::write(folder.path().join("list.csv"), list).unwrap();
    let imported = straight(folder.path(), &["subscribers", "import", "list.csv"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let exported = straight(folder.path(), &["subscribers", "export", "--format", "csv"]);
    assert_eq!(String::from_utf8_lossy(&exported.stdout), list);
    let again = straight(folder.path(), &["subscribers", "import", "list.csv"]);
    assert!(shown(&again).contains("0 new, 0 updated, 2 unchanged"), "{}", shown(&again));
}

#[test]
fn an_export_says_how_many_are_in_it_and_whom_it_leaves_out() {
    let folder = samples();
    let list = "email,status\nann@example.edu,active\nbo@example.edu,unsubscribed\ncy@example.edu,bounced\n";
    fs::write(folder.path().join("list.csv"), list).unwrap();
    straight(folder.path(), &["subscribers", "import", "list.csv"]);
    // What is asked for, the list, and what is said beside it.
    for (arguments, lines, told) in [
        ("--format csv", 4, "3 subscribers\n"),
        ("--format csv --status complained", 1, "0 subscribers\n"),
        ("--status active", 4, "1 subscriber\n"),
        (
            "--format text",
            1,
            "1 subscriber; 2 who are not active are left out, and `--format csv` has them\n",
        ),
        (
            "--format text --status bounced",
            0,
            "0 subscribers; 1 who is not active is left out, and `--format csv` has them\n",
        ),
        ("--format text --status complained", 0, "0 subscribers\n"),
    ] {
        let all: Vec<&str> = ["subscribers", "export"].into_iter().chain(arguments.split(' ')).collect();
        let exported = straight(folder.path(), &all);
        let list = String::from_utf8_lossy(&exported.stdout);
        assert_eq!(
            (list.lines().count(), &*String::from_utf8_lossy(&exported.stderr)),
            (lines, told),
            "{arguments}: {list}"
        );
        assert!(exported.status.success());
    }
    let file = straight(folder.path(), &["subscribers", "export", "--out", "list.txt"]);
    let told = "1 subscriber in list.txt; 2 who are not active are left out, and `--format csv` has them\n";
    assert_eq!(shown(&file), told, "a list in a file is told where it is");
}

pub(super) fn article(title: &str, date: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\nsummary: It is new.\nhighlights: [It is new]\n---\nWords.\n")
}

pub(super) fn today() -> String {
    let zone = chrono_tz::America::New_York;
    straight::press::Clock::system().now().with_timezone(&zone).format("%Y-%m-%d").to_string()
}

/// Runs the program with nobody at the other end of its pipes: what standard error said where it is read, and the code.
fn unread(folder: &Path, arguments: &[&str], read_errors: bool) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_straight"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    if !read_errors {
        drop(child.stderr.take());
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn nobody_reads_to_the_end_and_a_send_is_sent_all_the_same() {
    let folder = samples();
    for line in
        ["send --dry-run", "check", "schema", "templates", "config", "check --rules", "completions bash"]
    {
        let arguments: Vec<&str> = line.split(' ').collect();
        assert_eq!(unread(folder.path(), &arguments, true), (141, String::new()), "{line}");
    }
    let (code, told) = unread(folder.path(), &["check", "--format", "json"], false);
    assert_eq!((code, told.as_str()), (141, ""));
    assert!(!folder.path().join("outbox").exists());

    let (code, _) = unread(folder.path(), &["send", "-vv"], false);
    assert_eq!(code, 0);
    let sent = straight(folder.path(), &["send"]);
    assert!(shown(&sent).contains("has gone out already, to 4 of 4 readers"), "{}", shown(&sent));
    assert_eq!(unread(folder.path(), &["status"], true), (141, String::new()));
    assert_eq!(unread(folder.path(), &["subscribers", "export"], true), (141, String::new()));
    // What changes something has changed it.
    let (code, told) = unread(folder.path(), &["subscribers", "add", "new@example.org"], true);
    assert_eq!((code, told.as_str()), (0, ""));
    let list = straight(folder.path(), &["subscribers", "list"]);
    assert!(shown(&list).contains("new@example.org"), "{}", shown(&list));
}

//! Stories of the editor's desk: beginning an article, trying a message on oneself.

use std::fs;

use super::program::{samples, shown, straight, today};

#[test]
fn a_new_article_is_begun_checked_and_never_overwritten() {
    let folder = samples();
    let begun = straight(folder.path(), &["new", "The Ferry: Back “at Last”", "--author", "mara-lind"]);
    assert!(begun.status.success(), "{}", shown(&begun));
    let path = String::from_utf8(begun.stdout.clone()).unwrap();
    let path = path.trim_end();
    assert!(path.ends_with(&format!("articles/{}/the-ferry-back-at-last.md", today())), "{path}");
    let text = fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(text.contains("title: \"The Ferry: Back “at Last”\"\n"), "{text}");
    assert!(text.contains(&format!("date: {}\n", today())), "{text}");

    // What is to be filled in is all that may be said of it.
    let check = straight(folder.path(), &["check", path, "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    let rules: Vec<_> =
        findings.as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect();
    assert!(rules.iter().all(|rule| ["draft", "tk"].contains(rule)), "{findings}");
    assert!(check.status.success(), "{}", shown(&check));

    fs::write(folder.path().join(path), "mine").unwrap();
    let again = straight(folder.path(), &["new", "The Ferry: Back at Last"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(shown(&again).contains("is there already, and is left as it is"), "{}", shown(&again));
    assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), "mine");
}

#[test]
fn what_new_cannot_write_is_told() {
    let folder = samples();
    for (arguments, why) in [
        (["new", "A Title", "--author", "mara-lnd"], "did you mean `mara-lind`?"),
        (["new", "A Title", "--author", "zoe"], "the keys are mara-lind, tobias-ekwall"),
        (["new", "A Title", "--date", "tomorrow"], "invalid value 'tomorrow'"),
        (["new", "A Title", "--slug", "../../etc"], "is no slug"),
        (["new", "A Title", "--extra", "series"], "write it as in series="),
        (["new", "A\nTitle", "--tag", "x"], "on one line"),
        (["new", "  ", "--tag", "x"], "it is empty"),
    ] {
        let told = straight(folder.path(), &arguments);
        assert!(!told.status.success());
        assert!(shown(&told).contains(why), "{arguments:?}: {}", shown(&told));
    }
    assert!(!folder.path().join("articles").join(today()).exists());
}

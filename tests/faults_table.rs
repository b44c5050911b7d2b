//! `docs/faults.md`: every row of the table of faults has a test, and every test that it names exists.

use std::collections::BTreeSet;
use std::path::Path;

/// Fails unless what `row` names is there: a test (`file::name`), or a script (`file`) that CI or a person runs.
pub(crate) fn assert_exists(root: &Path, row: &str, named: &str) {
    let (file, name) = match named.split_once("::") {
        Some((file, name)) => (file, Some(name)),
        None => (named, None),
    };
    let source =
        std::fs::read_to_string(root.join(file)).unwrap_or_else(|why| panic!("row {row}: {file}: {why}"));
    let Some(name) = name else {
        assert!(source.starts_with("#!"), "row {row}: {file} is no script");
        return;
    };
    // A property's test stands within `proptest!`, and a unit's in a module of its own: with spaces before it.
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_there = lines.iter().enumerate().any(|(place, line)| {
        let begins = [format!("fn {name}("), format!("async fn {name}(")];
        let is_test = || {
            lines[..place]
                .iter()
                .rev()
                .take(3)
                .any(|before| before.starts_with("#[t") && before.contains("test"))
        };
        begins.iter().any(|begin| line.starts_with(begin)) && is_test()
    });
    assert!(is_there, "row {row}: {file} has no test {name}");
}

#[test]
fn each_row_is_played_by_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let mut rows = BTreeSet::new();
    for line in table.lines() {
        let Some(row) = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next()) else { continue };
        let Ok(row) = row.parse::<u32>() else { continue };
        assert!(rows.insert(row), "row {row} stands twice");
        let tests: Vec<&str> = line.split('`').filter(|word| word.starts_with("tests/")).collect();
        assert!(!tests.is_empty(), "row {row} names no test");
        for test in tests {
            assert!(test.contains("::"), "row {row}: {test}");
            assert_exists(root, &row.to_string(), test);
        }
    }
    // The table has no rows 45 and 55; what lies beyond 60 is about content, but for 75.
    let wanted: BTreeSet<u32> = (1..=60).filter(|row| ![45, 55].contains(row)).chain([75]).collect();
    assert_eq!(rows, wanted);
}

#[test]
fn a_test_that_does_not_exist_is_missed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_exists(root, "0", "tests/faults_table.rs::a_test_that_does_not_exist_is_missed");
    assert_exists(root, "0", "tests/real/dkim.sh");
    for named in [
        "tests/faults_table.rs::a_test_that_was_taken_out",
        "tests/faults_table.rs::assert_exists",
        "tests/nowhere.rs::a_test",
        "tests/faults_table.rs",
        "tests/real/nowhere.sh",
    ] {
        let missed = std::panic::catch_unwind(|| assert_exists(root, "0", named));
        assert!(missed.is_err(), "{named}");
    }
}

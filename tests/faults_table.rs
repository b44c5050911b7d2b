//! `docs/faults.md`: every row of the table of faults has a test, and every test that it names exists.

use std::collections::BTreeSet;
use std::path::Path;

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
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("row {row}: {test}"));
            let source = std::fs::read_to_string(root.join(file))
                .unwrap_or_else(|why| panic!("row {row}: {file}: {why}"));
            let begins = [format!("#[test]\nfn {name}()"), format!("async fn {name}()")];
            assert!(
                begins.iter().any(|begin| source.contains(begin)),
                "row {row}: {file} has no test {name}"
            );
        }
    }
    // The table has no rows 45 and 55; what lies beyond 60 is about content, but for 75.
    let wanted: BTreeSet<u32> = (1..=60).filter(|row| ![45, 55].contains(row)).chain([75]).collect();
    assert_eq!(rows, wanted);
}

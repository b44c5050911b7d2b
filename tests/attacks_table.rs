//! `docs/attacks.md`: every risk has an answer, and every test that holds it exists.

use std::path::Path;

use super::faults_table::assert_exists;

/// Each risk and each demand by the first words of its row, so that a row that is taken out is missed.
const ROWS: [&str; 29] = [
    "header injection",
    "SMTP smuggling",
    "SSRF",
    "stored XSS",
    "open redirect",
    "CSRF",
    "link scanners",
    "enumeration",
    "forged or replayed token",
    "sign-up bombing",
    "spoofed X-Forwarded-For",
    "injection",
    "traversal",
    "secrets and addresses in logs",
    "desk log-in",
    "headers",
    "personal links",
    "templates",
    "CSV export",
    "slow or huge requests",
    "container",
    "SPF, DKIM and DMARC",
    "one-click",
    "list headers",
    "form of the message",
    "size",
    "DKIM signatures",
    "bounces",
    "people",
];

#[test]
fn each_risk_is_held_by_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| risk") && !line.starts_with("| demand"))
        .collect();
    for row in &rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [risk, answer, held] = cells[..] else { panic!("a row has three cells: {row}") };
        assert!(answer.len() > 20, "{risk} has no answer");
        let holders: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        assert!(!holders.is_empty(), "{risk} names nothing that holds it");
        for holder in holders {
            assert_exists(root, risk, holder);
        }
    }
    for wanted in ROWS {
        let count = rows.iter().filter(|row| row.starts_with(&format!("| {wanted}"))).count();
        assert_eq!(count, 1, "{wanted}");
    }
    assert_eq!(rows.len(), ROWS.len(), "a new row is named in the test too");
}

//! What an operator types.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs `straight` in `folder`; whether it went well, and what it said.
fn straight(folder: &Path, arguments: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_straight"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn keys_are_made_configured_and_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (done, said) = straight(at, "dkim keygen");
    assert!(!done && said.contains("name your domain with --domain"), "{said}");
    assert!(!at.join("dkim").exists());

    let (done, made) = straight(at, "dkim keygen --domain example.com --selector s2026");
    assert!(done, "{made}");
    let (_, lines) = made.split_at(made.find("dkim:\n").unwrap());
    fs::write(at.join("newsletter.yaml"), lines).unwrap();
    let (done, records) = straight(at, "dkim records");
    assert!(done, "{records}");
    for line in records.lines().skip(1) {
        assert!(made.contains(line), "{line}");
    }
    let (_, shown) = straight(at, "config --path dkim.keys");
    assert!(shown.contains("s2026-rsa") && shown.contains("s2026-ed25519"), "{shown}");

    let (done, said) = straight(at, "dkim keygen --domain example.com --selector s2026");
    assert!(!done && said.contains("stays as it is"), "{said}");

    // A configuration that names a key that is gone does not keep anybody from making one.
    fs::remove_file(at.join("dkim/example.com.s2026-rsa.pem")).unwrap();
    let (done, said) = straight(at, "dkim records");
    assert!(!done && said.contains("newsletter.yaml:3:"), "{said}");
    let (done, said) = straight(at, "dkim keygen --domain example.com --selector next");
    assert!(done, "{said}");
}

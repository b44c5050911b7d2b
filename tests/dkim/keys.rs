//! Keys: made, read, and refused.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use straight::cli::dkim::{keygen, records, told};
use straight::cli::{Algorithm, KeygenArgs};
use straight::config::{ConfigError, Effective, Environment, Overrides};
use straight::diagnostic::{self, Colour};

fn fixture(name: &str) -> String {
    let path = Path::new("tests/fixtures/dkim").join(name);
    std::path::absolute(path).unwrap().display().to_string()
}

/// The configuration of a folder with this `newsletter.yaml`.
fn load(folder: &Path, newsletter: &str, variables: &[(&str, &str)]) -> Result<Effective, ConfigError> {
    let file = folder.join("newsletter.yaml");
    fs::write(&file, newsletter).unwrap();
    let environment: Environment = variables.iter().copied().collect();
    Effective::load(Some(&file), &environment, Overrides::default())
}

/// What the operator is told of this `newsletter.yaml`, beside which all fixtures lie.
fn complaint(newsletter: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let text = match load(folder.path(), newsletter, &[]) {
        Ok(_) => "nothing".to_owned(),
        Err(ConfigError::Wrong { findings }) => diagnostic::human(&findings, Colour::Never),
        Err(other) => other.to_string(),
    };
    text.replace(&format!("{}/", folder.path().display()), "")
}

fn key(file: &str) -> String {
    format!("- {{domain: example.com, selector: s, key_file: {file}}}")
}

#[test]
fn a_key_file_that_will_not_do_is_refused_with_its_line_and_remedy() {
    let files = [
        "none.pem",
        "empty.pem",
        "garbage.pem",
        "one-line.pem",
        "cut.pem",
        "damaged.pem",
        "public.pem",
        "locked-pkcs8.pem",
        "locked-pkcs1.pem",
        "rsa1024.pem",
        "ec.pem",
        "x25519.pem",
    ];
    let told = files.map(|file| {
        let told = complaint(&format!("dkim:\n  keys:\n    {}\n", key(file)));
        let contents = String::from_utf8_lossy(&fs::read(fixture(file)).unwrap_or_default()).into_owned();
        for line in contents.lines().filter(|line| line.len() > 20 && !line.ends_with("-----")) {
            assert!(!told.contains(&line[..line.floor_char_boundary(16)]), "{told}");
        }
        told
    });
    assert_snapshot!(told.join("\n"));
}

#[test]
fn entries_that_are_wrong_are_told_with_their_lines() {
    let good = "ed25519.pem";
    assert_snapshot!(
        [
            "dkim:\n  keys:\n    - {domain: example.com, selector: s}\n".to_owned(),
            "dkim:\n  keys:\n    - {domain: example.com, selector: s, key-file: a.pem}\n".to_owned(),
            "dkim:\n  keys:\n    - {domain: com, selector: a b, key_file: a.pem}\n".to_owned(),
            "dkim:\n  keys:\n    - domain: example.com\n      selector: s\n      key: |\n        -----BEGIN PRIVATE KEY-----\n        MC4CAQAwBQYDK2VwBCIEI\n".to_owned(),
            "dkim:\n  keys: dkim/s.pem\n".to_owned(),
            "dkim:\n  keys: [[a]]\n".to_owned(),
            format!("dkim:\n  keys:\n    - s._domainkey.example.com={good}\n    - s._domainkey.example.com={good}\n"),
            format!("dkim:\n  keys:\n    - s._domainkey.example.net={good}\n"),
            "dkim:\n  fields: everything\n".to_owned(),
            "dkim:\n  fields: [Form, Subject, Received]\n".to_owned(),
            "dkim:\n  fields: [Subject, Date]\n".to_owned(),
            "dkim:\n  key: []\n".to_owned(),
        ]
        .map(|newsletter| complaint(&newsletter))
        .join("\n")
    );
}

#[test]
fn keys_of_openssl_are_read_in_each_form_from_file_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["rsa2048-pkcs1.pem", "rsa2048-pkcs8.pem", "ed25519.pem"] {
        fs::copy(fixture(name), folder.path().join(name)).unwrap();
    }
    let newsletter = "dkim:
  keys:
    - {domain: EXAMPLE.com, selector: One, key_file: rsa2048-pkcs1.pem}
    - two._domainkey.example.com=rsa2048-pkcs8.pem
    - {domain: news.example.com, selector: e, key_file: ed25519.pem}
";
    let of_file = load(folder.path(), newsletter, &[]).unwrap();
    let keys = &of_file.config.dkim.keys;
    let names: Vec<String> = keys.iter().map(straight::dkim::DkimKey::dns_name).collect();
    assert_eq!(
        names,
        ["one._domainkey.example.com", "two._domainkey.example.com", "e._domainkey.news.example.com"]
    );
    assert_eq!(keys[0].dns_record(), keys[1].dns_record(), "PKCS#1 and PKCS#8 of the same key");
    assert_snapshot!(records(&of_file.config).unwrap());

    let variable = format!(
        "e._domainkey.example.com={}, r._domainkey.example.com={}",
        fixture("ed25519.pem"),
        fixture("rsa2048-pkcs8.pem")
    );
    let of_environment = load(folder.path(), newsletter, &[("STRAIGHT_DKIM_KEYS", &variable)]).unwrap();
    assert_eq!(of_environment.config.dkim.keys.len(), 2);
    let records_of_none = load(folder.path(), "", &[]).unwrap();
    assert_eq!(
        records(&records_of_none.config).unwrap_err().to_string(),
        "there is no key in dkim.keys; make some with `straight dkim keygen`"
    );

    // Neither what `straight config` shows nor what a log could get has a word of a key.
    for shown in [of_file.to_yaml(), of_environment.to_yaml(), format!("{:?}", of_file.config)] {
        for name in ["rsa2048-pkcs1.pem", "rsa2048-pkcs8.pem", "ed25519.pem"] {
            let text = fs::read_to_string(fixture(name)).unwrap();
            for line in text.lines().filter(|line| !line.starts_with('-')) {
                assert!(!shown.contains(&line[..24]), "{shown}");
            }
        }
    }
    let lines: Vec<_> =
        of_file.to_yaml().lines().filter(|line| line.contains("keys:")).map(str::to_owned).collect();
    assert_snapshot!(lines.join("\n").replace(&format!("{}/", folder.path().display()), ""));
}

fn args(folder: &Path, algorithm: Algorithm) -> KeygenArgs {
    KeygenArgs { domain: None, selector: None, algorithm, out: folder.join("dkim") }
}

#[test]
fn keygen_writes_files_for_their_owner_alone_and_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-11-23T07:00:00Z".parse().unwrap();
    let made = keygen(&args(folder.path(), Algorithm::Both), "Example.com", now).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("dkim")), 0o700);
    for made in &made {
        assert_eq!(mode(&made.file), 0o600);
    }
    let told = told(&made, None).unwrap();
    let blanked: Vec<String> = told
        .replace(&format!("{}/", folder.path().display()), "")
        .lines()
        .map(|line| match line.find("p=").filter(|_| line.contains('"')) {
            Some(at) => format!("{}p=…\"", &line[..at]),
            None if line.starts_with("  \"") => "  \"…\"".to_owned(),
            None => line.to_owned(),
        })
        .collect();
    assert_snapshot!(blanked.join("\n"));

    // What it says to put into newsletter.yaml works, and gives the same records.
    let lines = &told[told.find("dkim:\n  keys:").unwrap()..];
    let config = load(folder.path(), lines, &[]).unwrap().config;
    let of = |key: &straight::dkim::DkimKey| key.zone_record();
    assert_eq!(
        config.dkim.keys.iter().map(of).collect::<Vec<_>>(),
        made.iter().map(|made| of(&made.key)).collect::<Vec<_>>()
    );
}

#[test]
fn keygen_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-11-23T07:00:00Z".parse().unwrap();
    let rsa = keygen(&args(folder.path(), Algorithm::Rsa), "example.com", now).unwrap().remove(0).file;
    let before = fs::read(&rsa).unwrap();
    let again = keygen(&args(folder.path(), Algorithm::Ed25519), "example.com", now).unwrap_err().to_string();
    assert_eq!(
        again.replace(&format!("{}/", folder.path().display()), ""),
        "`dkim/example.com.s202611.pem` is there already and stays as it is; choose another --selector or --out"
    );
    assert_eq!(fs::read(&rsa).unwrap(), before);
    // Of two keys either both are made or none.
    fs::rename(&rsa, folder.path().join("dkim/example.com.s202611-ed25519.pem")).unwrap();
    keygen(&args(folder.path(), Algorithm::Both), "example.com", now).unwrap_err();
    assert_eq!(fs::read_dir(folder.path().join("dkim")).unwrap().count(), 1);
    for (domain, selector) in [("com", None), ("a b.com", None), ("example.com", Some("a/../b"))] {
        let args =
            KeygenArgs { selector: selector.map(str::to_owned), ..args(folder.path(), Algorithm::Rsa) };
        keygen(&args, domain, now).unwrap_err();
    }
}

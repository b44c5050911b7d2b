//! Tests of `subscriber`: lists as people keep them.

use std::fmt::Write as _;
use std::io::{BufReader, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use insta::assert_snapshot;
use proptest::prelude::*;
use straight::subscriber::list::{self, Format, Row, Writer};
use straight::subscriber::{Birthmark, NewSubscriber, Status, Subscriber, SubscriberId};

/// What a list says, a line each: rows and findings in their order.
fn told(bytes: impl AsRef<[u8]>, format: Format) -> String {
    let mut out = String::new();
    let name = match format {
        Format::Yaml => "list.yaml",
        Format::Csv => "list.csv",
        Format::Text => "list.txt",
    };
    for row in list::read(bytes.as_ref(), format, Path::new(name)) {
        let _ = match row {
            Ok(Row { line, subscriber: s }) => writeln!(
                out,
                "{line}: {} {:?} {} {} {}",
                s.email,
                s.name.unwrap_or_default(),
                s.timezone.map_or("-", |zone| zone.name()),
                s.status,
                s.since.map_or("-".into(), |since| since.to_rfc3339()),
            ),
            Err(finding) => writeln!(out, "{finding}"),
        };
    }
    out
}

#[test]
fn the_example_list() {
    assert_snapshot!(told(list::EXAMPLE, Format::Yaml));
}

#[test]
fn a_bare_date_is_that_day_in_the_reader_s_zone() {
    let row =
        list::read(&b"- {email: ann@example.org, since: 2025-01-15}\n"[..], Format::Yaml, Path::new("l"))
            .next()
            .unwrap()
            .unwrap();
    let since = row.subscriber.since.unwrap();
    for zone in [chrono_tz::America::New_York, chrono_tz::Pacific::Honolulu, chrono_tz::Australia::Sydney] {
        assert_eq!(since.with_timezone(&zone).date_naive().to_string(), "2025-01-15", "{zone}");
    }
}

#[test]
fn yaml_by_hand() {
    assert_snapshot!(told(
        "- ann@example.org
- email: bo@example.org
  nmae: Bo
- email: cy@example.org
  name: [Cy]
- email: dee@example.org
  timezone: berlin
- {email: eve@example.org, status: gone}
- name: Nobody
- email: fay@example.org
  since: last year
- email: \"gil@example.org\\r\\nBcc: hal@example.org\"
- email: ida@example.org
  name: \"Ida\\0\"
- [jo@example.org]
-
- email: kim@example.org
  email: kim@example.net
- email: not an address
- email: lea@example.org
  name: 'Léa: \"the reader\"'
  timezone: Europe/Paris
  status: Unsubscribed
  since: 2026-01-31T08:00:00+01:00
",
        Format::Yaml
    ));
}

#[test]
fn yaml_of_other_shapes() {
    let texts = [
        "",
        "# nobody yet\n",
        "subscribers:\n",
        "subscribers: []\n",
        "\u{feff}subscribers:\r\n  - ann@example.org\r\n",
        "readers:\n  - ann@example.org\n",
        "subscribers: ann@example.org\n",
        "ann@example.org\n",
        "subscribers:\n  - ann@example.org\nsubscriber: x\n",
        "subscribers:\n  - ann@example.org\n  - email: \"bo@example.org\n",
        "subscribers:\n  - &a ann@example.org\n  - *a\n",
        "subscribers:\n  - ann@example.org\n - bo@example.org\n",
    ];
    assert_snapshot!(texts.map(|text| format!("{text:?}\n{}", told(text, Format::Yaml))).join("\n"));
}

#[test]
fn csv_by_hand() {
    assert_snapshot!(told(
        "\u{feff}E-Mail,Name,timezone,status,since\r
ann@example.org,\"Reader, Ann\",America/New_York,active,2025-01-15\r
bo@example.org,\"Bo \"\"B\"\" Ek\"\r
\r
,,,,\r
cy@example.org,\"Cy,,active,2025-01-15\r
dee@example.org,\"Dee\" x,,,\r
eve@example.org,Eve,Mars/Olympus,,\r
fay@example.org,Fay,,left,\r
gil@example.org,Gil,,,15.01.2025\r
,Hal,,,\r
ida@example.org,Ida,,,,,surplus\r
jo@example.org,'=Jo,,,\r
kim@exa mple.org,Kim,,,\r
lea@example.org,Le\u{7}a,,,\r
mo\r@example.org,Mo,,,\r
  ned@example.org , Ned ,,PENDING,2025-01-15T10:00:00Z\r
",
        Format::Csv
    ));
}

#[test]
fn columns_have_the_names_that_other_programs_give_them() {
    let texts = [
        "E-Mail Address,First Name,Subscribed At,STATUS\nann@example.org,Ann,2025-01-15,active\n",
        "Email Address,Full Name,TIME ZONE\nann@example.org,Ann Reader,Europe/Berlin\n",
        "Emial,Name\nann@example.org,Ann\n",
        "email,Frist Name\nann@example.org,Ann\n",
        "email,Date Addded\nann@example.org,2025-01-15\n",
    ];
    assert_snapshot!(texts.map(|text| format!("{text:?}\n{}", told(text, Format::Csv))).join("\n"));
    assert_eq!(
        told("- {E-Mail: ann@example.org, Full Name: Ann}\n", Format::Yaml),
        "1: ann@example.org \"Ann\" - active -\n"
    );
}

#[test]
fn a_name_may_stand_before_its_address() {
    let told = [
        told("Ann Reader <ann@example.org>\n\"Bo, B.\" <bo@example.org>\n<cy@example.org>\n", Format::Text),
        told("- Ann Reader <ann@example.org>\n- {email: Bo <bo@example.org>, name: Bob}\n", Format::Yaml),
        told("email,name\nAnn Reader <ann@example.org>,\nBo <bo@example.org>,Bob\n", Format::Csv),
        told("Ann <ann>\nAnn <>\n<ann@example.org> <bo@example.org>\nAnn ann@example.org\n", Format::Text),
    ];
    assert_snapshot!(told.join("\n"));
}

#[test]
fn csv_of_other_shapes() {
    let texts = [
        "",
        "email\nann@example.org\n",
        "email;name\nann@example.org;Ann, the reader\n",
        "address\tname\nann@example.org\tAnn\n",
        "ann@example.org\nbo@example.org\n",
        "ann@example.org,Ann\n",
        "email,nmae\nann@example.org,Ann\n",
        "email,opted_out\nann@example.org,yes\n",
        "name,status\nAnn,active\n",
        "email,e-mail\nann@example.org,ann@example.net\n",
        "email,\"name\nann@example.org,Ann\n",
    ];
    assert_snapshot!(texts.map(|text| format!("{text:?}\n{}", told(text, Format::Csv))).join("\n"));
}

#[test]
fn text_by_hand() {
    assert_snapshot!(told("# readers\nann@example.org\n\n bo@example.org \nnobody\n\0\n", Format::Text));
}

#[test]
fn other_encodings_are_told_by_line() {
    let latin1 = b"email,name\nann@example.org,Ann\nbo@example.org,J\xfcrgen\ncy@example.org,Cy\n";
    assert_snapshot!(told(latin1, Format::Csv));
    let utf16: Vec<u8> =
        "\u{feff}email\nann@example.org\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        told(&utf16, Format::Csv),
        "list.csv:1:1: error: this file is UTF-16; save the file as UTF-8\n"
    );
    assert_eq!(
        told(&utf16, Format::Yaml),
        "list.yaml:1:1: error: this file is UTF-16; save the file as UTF-8\n"
    );
    let yaml = b"- ann@example.org\n- email: bo@example.org\n  name: J\xfcrgen\n";
    let told = told(yaml, Format::Yaml);
    assert!(
        told.ends_with("list.yaml:3:1: error: this line is not UTF-8; save the file as UTF-8\n"),
        "{told}"
    );
}

/// A source that counts what is taken from it and holds nothing.
struct Endless {
    head: &'static [u8],
    filler: &'static [u8],
    left: usize,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.left);
        for byte in &mut buffer[..count] {
            *byte = match self.head.get(self.at) {
                Some(byte) => *byte,
                None => self.filler[(self.at - self.head.len()) % self.filler.len()],
            };
            self.at += 1;
        }
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn a_line_of_ten_megabytes_is_told_and_the_next_is_read() {
    let long = format!("email\nann@example.org\n{}\nbo@example.org\n", "x".repeat(10 << 20));
    assert_snapshot!(told(&long, Format::Csv));
    let endless = |head, filler, format| {
        let source = Endless { head, filler, left: 64 << 20, at: 0 };
        let rows = list::read(BufReader::new(source), format, Path::new("list"));
        rows.filter_map(Result::err).map(|finding| finding.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        endless(b"email\n\"", b"x", Format::Csv),
        ["list:2:1: error: this line is longer than 65536 bytes; give every subscriber a line"]
    );
    assert_eq!(
        endless(b"- ann@example.org\n- ", b"x", Format::Yaml),
        ["list:2:1: error: this line is longer than 65536 bytes; give every subscriber a line"]
    );
    // Short lines without an end: a block that never closes.
    let block = endless(b"- email: |\n", b"    xxxxxxx xxxxxxxx\n", Format::Yaml);
    assert_eq!(block.len(), 1, "{block:?}");
    assert!(block[0].contains("up to here one subscriber takes more than 1048576 bytes"), "{block:?}");
}

#[test]
fn twenty_thousand_rows_come_one_by_one() {
    let mut csv = String::from("email,name\n");
    let mut yaml = String::from("subscribers:\n");
    for i in 0..20_000 {
        let _ = writeln!(csv, "reader{i}@example.org,Reader {i}");
        let _ = writeln!(yaml, "  - email: reader{i}@example.org\n    name: Reader {i}");
    }
    for (text, format) in [(&csv, Format::Csv), (&yaml, Format::Yaml)] {
        let mut rows = list::read(text.as_bytes(), format, Path::new("list"));
        assert_eq!(rows.next().unwrap().unwrap().subscriber.email.as_str(), "reader0@example.org");
        assert_eq!(rows.filter(Result::is_ok).count(), 19_999);
    }
}

#[test]
fn no_finding_repeats_an_address() {
    let texts = [
        ("email,status\nann@example.org,secret-reader@example.org\n", Format::Csv),
        ("email,timezone\nann@example.org,secret-reader@example.org\n", Format::Csv),
        (
            "email\nsecret-reader@exam_ple.org\nsecret-reader@\n<secret-reader@>\nAnn <secret-reader@example.org> <a@example.org>\n",
            Format::Csv,
        ),
        ("email,secret-reader@example.org\n", Format::Csv),
        ("secret-reader@example.org,x\n", Format::Csv),
        ("- secret-reader@example.org: x\n", Format::Yaml),
        ("secret-reader@example.org: x\n", Format::Yaml),
        ("- email: secret-reader@example.org\n  status: secret-reader@example.org\n", Format::Yaml),
        ("secret-reader@exam_ple.org\n", Format::Text),
    ];
    for (text, format) in texts {
        let told = told(text, format);
        assert!(told.contains("error") && !told.contains("secret-reader@"), "{told}");
    }
}

#[test]
fn a_file_is_opened_by_its_name() {
    let folder = tempfile::TempDir::new().unwrap();
    let open = |name: &str| {
        let rows = list::open(&folder.path().join(name)).map_err(|finding| finding.to_string());
        rows.map(|rows| rows.filter(Result::is_ok).count())
            .map_err(|told| told.rsplit('/').next().unwrap().to_owned())
    };
    for (name, text) in
        [("a.YAML", "- ann@example.org\n"), ("b.tsv", "email\tname\nann@example.org\tAnn\n"), ("c.txt", "")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::create_dir(folder.path().join("d.csv")).unwrap();
    assert_eq!(open("a.YAML"), Ok(1));
    assert_eq!(open("b.tsv"), Ok(1));
    assert_eq!(open("c.txt"), Ok(0));
    assert_eq!(open("d.csv").unwrap_err(), "d.csv: error: this is no file; name a file");
    assert!(open("none.csv").unwrap_err().starts_with("none.csv: error: cannot read it: No such file"));
    assert!(open("a.xlsx").unwrap_err().contains("name it *.yaml, *.csv or *.txt"));
}

fn subscriber(email: &str, name: Option<&str>, status: Status, since: i64) -> Subscriber {
    Subscriber {
        id: SubscriberId(1),
        birthmark: Birthmark::NONE,
        email: email.parse().expect("an address"),
        name: name.map(str::to_owned),
        timezone: Some(chrono_tz::Europe::Berlin),
        status,
        since: DateTime::<Utc>::from_timestamp(since, 0).expect("a moment"),
    }
}

fn written(subscribers: &[Subscriber], format: Format) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, format);
    for subscriber in subscribers {
        writer.write(subscriber).expect("memory takes all");
    }
    writer.finish().expect("memory takes all");
    String::from_utf8(out).expect("lists are UTF-8")
}

#[test]
fn exports_are_guarded_against_spreadsheets() {
    let subscribers = [
        subscriber("ann@example.org", Some("Reader, \"Ann\""), Status::Active, 1_700_000_000),
        subscriber("=cmd@example.org", Some("=HYPERLINK(\"x\")"), Status::Pending, 0),
        subscriber("bo@example.org", Some("'+49 151"), Status::Unsubscribed, 0),
        subscriber("cy@example.org", None, Status::Bounced, 0),
    ];
    let all = [Format::Csv, Format::Yaml, Format::Text].map(|format| written(&subscribers, format));
    assert_snapshot!(all.join("\n"));
    assert_eq!(written(&[], Format::Csv), "email,name,timezone,status,since\n");
    assert_eq!(written(&[], Format::Yaml), "subscribers:\n");
}

proptest! {
    #[test]
    fn what_is_exported_is_read_back(
        local in "[a-z=+'-]{1,12}",
        name in proptest::option::of("[='+@-]{0,3}\\PC{0,20}"),
        status in 0..5_usize,
        since in 0..4_000_000_000_i64,
    ) {
        // Separators of lines and paragraphs are no part of a name: lists refuse them.
        let name = name.map(|name| name.replace(['\u{2028}', '\u{2029}'], "").trim().to_owned());
        let name = name.filter(|name| !name.is_empty());
        let before = subscriber(&format!("{local}@example.org"), name.as_deref(), Status::ALL[status], since);
        for format in [Format::Csv, Format::Yaml] {
            let text = written(std::slice::from_ref(&before), format);
            let rows: Vec<_> = list::read(text.as_bytes(), format, Path::new("list")).collect();
            let Subscriber { email, name, timezone, status, since, .. } = before.clone();
            let same = NewSubscriber { email, name, timezone, status, since: Some(since) };
            prop_assert_eq!(rows.len(), 1, "{}", text);
            prop_assert_eq!(&rows[0].as_ref().unwrap().subscriber, &same, "{}", text);
            prop_assert_eq!(rows[0].as_ref().unwrap().subscriber.email.as_str(), before.email.as_str());
        }
    }

    #[test]
    fn any_bytes_are_read_in_bounded_time(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Csv, Format::Yaml, Format::Text] {
            prop_assert!(list::read(bytes.as_slice(), format, Path::new("list")).count() <= 401);
        }
    }

    #[test]
    fn any_list_like_text_is_read_in_bounded_time(
        text in "(subscribers:\n)?([ -]{0,4}(email|name)?[:, ]{0,2}[a@.\"'\\[{&*|>x]{0,6}\n){0,8}",
    ) {
        for format in [Format::Csv, Format::Yaml, Format::Text] {
            prop_assert!(list::read(text.as_bytes(), format, Path::new("list")).count() <= 20);
        }
    }
}

//! What `straight check` says of a publication's templates, and of the next edition's size.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A publication with one article of long ago, its templates in `tpl`.
fn desk(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("articles")).unwrap();
    fs::write(root.join("newsletter.yaml"), "edition:\n  templates: tpl\n").unwrap();
    fs::write(root.join("articles/tide.md"), article("The tide turns", "Words.")).unwrap();
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn article(title: &str, body: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2026-02-02\nsummary: It does.\nhighlights: [It does]\n---\n{body}\n")
}

/// The exit code and what is written.
fn check(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_straight"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), told)
}

#[test]
fn what_is_wrong_with_templates_is_shown_with_its_line() {
    let cases: [(&str, &[(&str, &str)]); 12] = [
        ("a field that is not there", &[("tpl/subject.txt", "News:\n{{ lead.titel }}\n")]),
        (
            "a branch of the day's only",
            &[("tpl/subject.txt", "{% if lead.summary %}{{ lead.summry }}{% endif %}")],
        ),
        ("an unknown variable", &[("tpl/edition/subject.txt", "{{ artciles | first }}")]),
        ("a tag without an end", &[("tpl/body.html", "<p>\n{{ lead.title \n</p>")]),
        ("no way to leave", &[("tpl/body.txt", "Hello")]),
        ("a page that is no template", &[("tpl/web/front.html", "<h1>\n{% if %}</h1>")]),
        ("no folder", &[]),
        (
            "names mistyped",
            &[
                ("tpl/body.htm", "Hello"),
                ("tpl/edition/subject.text", "Hello"),
                ("tpl/edition/foot.html", "Used"),
                ("tpl/edition/old.html", "Not used"),
                ("tpl/edition/preheader.txt", "{% include \"foot.html\" %}"),
                ("tpl/web/fron.html", "Hello"),
                ("tpl/web/notes.md", "Aside"),
                ("tpl/pages/front.html", "Hello"),
                ("tpl/letter/confrim.html", "Hello"),
                ("tpl/words/english.yaml", "key: [broken"),
                ("tpl/words/pt-BR.yaml", "highlights: Destaques"),
            ],
        ),
        ("itself extended", &[("tpl/edition/body.html", "\n{% extends \"body.html\" %}")]),
        ("a letter's field that is not there", &[("tpl/letter/confirm.html", "<p>\n{{ nothere }}</p>")]),
        (
            "letters without their links",
            &[
                ("tpl/letter/confirm.html", "<p>x</p>"),
                ("tpl/letter/new_address.txt", "x"),
                ("tpl/letter/welcome.html", "<p>{{ link.url }}</p>"),
                ("tpl/letter/goodbye.txt", "Goodbye"),
            ],
        ),
        (
            "letters as they should be",
            &[
                (
                    "tpl/letter/confirm.txt",
                    "{% extends \"default/confirm.txt\" %}{% block why %}Because.{% endblock %}",
                ),
                ("tpl/letter/comment.txt", "{% if reader.name %}{{ reader.name }}{% endif %}{{ link.url }}"),
            ],
        ),
    ];
    let mut report = String::new();
    for (what, files) in cases {
        let folder = desk(files);
        let (code, told) = check(folder.path(), &[]);
        report.push_str(&format!("# {what}: exit code {code}\n{told}\n"));
    }
    insta::assert_snapshot!(report);
}

#[test]
fn the_letters_are_among_the_templates_that_are_listed() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_straight"))
            .arg("templates")
            .args(arguments)
            .env_clear()
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(run(&[]).contains("\nletter/confirm.subject.txt\n"));
    assert_eq!(run(&["letter/confirm.html"]), include_str!("../../templates/letter/confirm.html"));
}

#[test]
fn programs_read_of_templates_as_of_articles() {
    let folder = desk(&[("tpl/subject.txt", "{{ lead.titel }}")]);
    let (code, told) = check(folder.path(), &["--format", "json"]);
    assert_eq!(code, 1);
    let findings: serde_json::Value = serde_json::from_str(&told).unwrap();
    let found = findings.as_array().unwrap().iter().find(|found| found["rule"] == "template").unwrap();
    assert_eq!((&found["line"], &found["column"]), (&1.into(), &9.into()), "{findings}");
    assert!(found["file"].as_str().unwrap().ends_with("subject.txt"), "{findings}");
    // Whoever names articles asks about those alone.
    assert_eq!(check(folder.path(), &["articles/tide.md"]).0, 0);
}

#[test]
fn templates_are_tried_though_nothing_is_due() {
    let folder = desk(&[("tpl/subject.txt", "{{ lead.titel }}")]);
    let path = folder.path().join("articles/tide.md");
    fs::write(&path, article("The tide turns", "Words.").replace("summary:", "draft: true\nsummary:"))
        .unwrap();
    let (code, told) = check(folder.path(), &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("No article is due.") && told.contains("titel"), "{told}");
}

#[test]
fn an_edition_that_mail_programs_would_clip_is_told_before_it_is_sent() {
    let folder = desk(&[("tpl/subject.txt", "{{ lead.title }}")]);
    let (code, told) = check(folder.path(), &[]);
    assert!(code == 0 && !told.contains("warning: "), "{told}");
    let long = article("The tide turns", &"Another paragraph of a very long article.\n\n".repeat(1500));
    fs::write(folder.path().join("articles/tide.md"), long).unwrap();
    let (code, told) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{told}");
    let said =
        "  warning: the article is shortened to its beginning and a link, because all of it would make ";
    assert!(told.contains(said), "{told}");
    // A folder of two hundred notes.
    for number in 1..=200 {
        let note = article(&format!("Note {number} of a very busy day"), "It was said at the quay.");
        fs::write(folder.path().join(format!("articles/note-{number:03}.md")), note).unwrap();
    }
    fs::remove_file(folder.path().join("articles/tide.md")).unwrap();
    let (code, told) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(" of 200 articles are shortened to highlights and a link, "), "{told}");
    assert!(told.contains(" are in a list of headlines, because all of them would make "), "{told}");
}

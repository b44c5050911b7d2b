//! The theme: colours that can be read, a logo, fonts, in everything that readers get.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use straight::config::{Environment, Overrides, load};

const OURS: &str = r##"publication:
  language: de
theme:
  light: {background: "#fffdf7", text: "#22201c", muted: "#5d5a52", link: "#00695c", accent: "#6a1b9a", box: "#f1ece0", rule: "#d9d2c3"}
  dark: {background: "#101418", link: "#80cbc4", accent: "#ce93d8"}
  fonts: {text: verdana, headings: palatino}
  logo: {file: logo.png, width: 180, alt: Die Hafenpost}
"##;

/// A folder with this configuration, an article and a logo.
fn desk(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("articles")).unwrap();
    fs::write(root.join("newsletter.yaml"), config).unwrap();
    let article = "---\ntitle: Die Flut\ndate: 2026-02-02\nsummary: Sie kommt.\nurl: https://example.org/flut\nhighlights: [Sie kommt]\n---\nWorte.\n";
    fs::write(root.join("articles/flut.md"), article).unwrap();
    image::RgbImage::from_pixel(400, 100, image::Rgb([106, 27, 154])).save(root.join("logo.png")).unwrap();
    folder
}

fn straight(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_straight"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), told)
}

#[test]
fn a_theme_is_in_the_mail_and_nothing_of_the_default_is_left() {
    let folder = desk(OURS);
    let (code, told) = straight(folder.path(), &["render", "--date", "2026-02-02", "--out", "out"]);
    assert_eq!(code, 0, "{told}");
    let html = fs::read_to_string(folder.path().join("out/body.html")).unwrap();
    for own in [
        "#fffdf7", "#22201c", "#5d5a52", "#00695c", "#6a1b9a", "#f1ece0", "#d9d2c3", "#101418", "#80cbc4",
        "#ce93d8",
    ] {
        assert!(html.contains(own), "{own}");
    }
    for default in
        ["#0b5cad", "#a8231b", "#f3f5f7", "#c9d0d7", "#14171a", "Helvetica", "-apple-system", "var(--"]
    {
        assert!(!html.contains(default), "{default}");
    }
    assert!(html.contains("bgcolor=\"#00695c\""), "a button has the colour of links");
    assert!(html.contains("alt=\"Die Hafenpost\"") && html.contains("width=\"180\""), "{html}");
    let logo = html.split("src=\"images/").nth(1).unwrap().split('"').next().unwrap();
    let picture = image::open(folder.path().join("out/images").join(logo)).unwrap();
    assert_eq!(picture.width(), 360, "twice its shown width");
}

#[test]
fn the_theme_as_it_is_changes_nothing() {
    let edition = include_str!("../templates/edition/edition.css");
    assert!(edition.matches("var(--").count() > 30);
    // The pages' own style sheet has the same palette.
    let web = include_str!("../templates/web/style.css");
    let variables = straight::config::Theme::default().style_variables();
    for variable in variables.split([';', '{']).filter(|one| one.starts_with("--") && !one.starts_with("--s"))
    {
        assert!(web.contains(&variable.replace(':', ": ")), "templates/web/style.css has no {variable}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_colour_that_can() {
    let cases = [
        ("a pale link", "theme:\n  light:\n    link: \"#ff9900\"\n"),
        ("a ground that the default's words vanish in", "theme:\n  dark:\n    background: \"#777777\"\n"),
        ("a box for other words", "theme:\n  light:\n    box: \"#333333\"\n"),
        ("half a dark theme", "theme:\n  light:\n    background: \"#000\"\n    text: \"#fff\"\n"),
        ("a comment in one line", "theme:\n  light: {text: \"#333333\", link: #0b5cad}\n"),
        ("a bracket left open", "theme:\n  light: {text: \"#333333\", link: \"#0b5cad\"\n"),
        ("no colour", "theme:\n  light:\n    text: reddish\n"),
        ("a comment", "theme:\n  light:\n    text: #333333\n    link: #04c   # ours\n"),
        ("a font", "theme:\n  fonts:\n    text: Gerogia\n"),
        ("no logo", "theme:\n  logo:\n    file: loggo.png\n"),
        ("a logo that is none", "theme:\n  logo:\n    file: newsletter.yaml\n"),
        ("a logo too wide", "theme:\n  logo:\n    width: 700\n"),
        ("a key mistyped", "theme:\n  light:\n    acent: \"#333333\"\n"),
    ];
    let mut report = String::new();
    for (what, config) in cases {
        let folder = desk(config);
        let (code, told) = straight(folder.path(), &["check"]);
        report.push_str(&format!("# {what}: exit code {code}\n{told}\n"));
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_logo_that_is_no_picture_is_told_once_and_at_its_line() {
    let folder = desk("publication:\n  name: Post\ntheme:\n  logo: {file: logo.svg}\n");
    fs::write(folder.path().join("logo.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let (code, told) = straight(folder.path(), &["render", "--date", "2026-02-02", "--out", "out"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("newsletter.yaml:4:16: `theme.logo.file`: "), "{told}");
    assert!(told.contains("logo.svg: SVG is not shown") && told.matches("error").count() == 1, "{told}");
}

#[test]
fn a_colour_that_is_offered_does() {
    for colour in ["#333333", "#ff9900", "#808080", "#0000ff"] {
        for role in ["box", "background", "link", "text", "muted", "accent", "button"] {
            for palette in ["light", "dark"] {
                let config = |colour: &str| format!("theme:\n  {palette}:\n    {role}: \"{colour}\"\n");
                let folder = desk(&config(colour));
                let (_, told) = straight(folder.path(), &["config"]);
                let Some((_, offered)) = told.split_once("help: take ") else { continue };
                let offered = offered.split(',').next().unwrap();
                fs::write(folder.path().join("newsletter.yaml"), config(offered)).unwrap();
                let (_, told) = straight(folder.path(), &["config"]);
                assert!(!told.contains("contrast"), "{palette}.{role} {colour}: {told}");
            }
        }
    }
}

#[test]
fn a_style_sheet_of_one_s_own_may_use_the_theme() {
    let folder = desk("edition:\n  templates: tpl\n");
    fs::create_dir(folder.path().join("tpl")).unwrap();
    let sheet = folder.path().join("tpl/edition.css");
    fs::write(&sheet, ".masthead{color:var(--accent);font-family:var( --serif )}\n.m{color:var(--mutted)}\n")
        .unwrap();
    let (code, told) = straight(folder.path(), &["check"]);
    assert_eq!(code, 1, "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn pages_and_the_outbox_have_the_theme_too() {
    let folder = desk(OURS);
    let environment = Environment::from_iter(Vec::<(String, String)>::new());
    let config =
        load(Some(&folder.path().join("newsletter.yaml")), &environment, Overrides::default()).unwrap();
    let style = config.publication.theme.style_variables();
    assert!(style.contains("--ground:#fffdf7;") && style.contains("--on-button:#fffdf7;"), "{style}");
    let (code, told) = straight(folder.path(), &["send"]);
    assert_eq!(code, 0, "{told}");
    let page = fs::read_to_string(folder.path().join("outbox/index.html")).unwrap();
    assert!(page.contains("--link:#00695c;"), "{page}");
    assert!(page.contains("<html lang=\"de\"") && page.contains("Postausgang"));
}

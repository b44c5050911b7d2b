//! A folder of one's own templates, and what is said of wrong ones.

use std::path::Path;

use straight::edition::{RenderError, TemplateError, Templates};
use straight::letter;
use straight::words::Words;

use super::newsroom::{day, ferry, library, publication, rendered_with};

/// A folder with these files, and what loading it gives.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Templates, TemplateError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let templates = Templates::with_folder(folder.path(), Words::english());
    (folder, templates)
}

/// The message an editor gets, with the folder called `mine`.
fn refusal(files: &[(&str, &str)]) -> String {
    let (folder, templates) = folder(files);
    let message = match templates {
        Err(error) => error.to_string(),
        Ok(templates) => match rendered_with(&templates, vec![ferry(), library()]) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("the templates were taken"),
        },
    };
    message.replace(&folder.path().display().to_string(), "mine")
}

const LEAVE: &str = "<a href=\"{{ slot.unsubscribe_url }}\">Leave</a>";

#[test]
fn a_file_of_one_s_own_stands_in_for_the_built_in_one() {
    let (_folder, templates) = folder(&[("subject.txt", "{{ publication.name }}: {{ lead.title }}\n")]);
    let out = rendered_with(&templates.unwrap(), vec![ferry()]).unwrap();
    assert_eq!(out.subject, "The Morning Post: Harbour ferry returns after “four years”");
    assert!(out.html.contains("Highlights"), "the other files are the built-in ones");
}

#[test]
fn the_edition_s_templates_may_lie_in_a_folder_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("edition")).unwrap();
    std::fs::write(folder.path().join("edition/subject.txt"), "Mine").unwrap();
    std::fs::write(folder.path().join("subject.txt"), "{{ not looked at }}").unwrap();
    let subject = |folder: Option<&Path>| {
        rendered_with(&Templates::load(folder, &publication()).unwrap(), vec![ferry()]).unwrap().subject
    };
    assert_eq!(subject(Some(folder.path())), "Mine");
    assert_eq!(subject(Some(&folder.path().join("edition"))), "Mine");
    assert_eq!(subject(None), "Harbour ferry returns after “four years”");
}

#[test]
fn a_style_sheet_of_one_s_own_is_inlined() {
    let css = ".masthead{color:#123456}\n@media print{.masthead{color:#000000}}";
    let (_folder, templates) = folder(&[("edition.css", css)]);
    let html = rendered_with(&templates.unwrap(), vec![ferry()]).unwrap().html;
    assert!(html.contains("<p class=\"masthead k\" style=\"color:#123456\">"), "{html}");
    assert!(html.contains("<style>\n@media print{.masthead{color:#000000}}\n</style>"), "{html}");
}

#[test]
fn a_file_may_include_another_of_the_folder() {
    let body = format!("<!doctype html><title>x</title>{{% include \"foot.html\" %}}{LEAVE}");
    let (_folder, templates) =
        folder(&[("body.html", &body), ("foot.html", "<p>By {{ publication.name }}</p>")]);
    let html = rendered_with(&templates.unwrap(), vec![ferry()]).unwrap().html;
    assert!(html.contains("<p>By The Morning Post</p>"), "{html}");
}

#[test]
fn slots_may_stand_in_the_subject() {
    let (_folder, templates) = folder(&[("subject.txt", "{{ slot.name }}: {{ lead.title }}")]);
    let subject = rendered_with(&templates.unwrap(), vec![ferry()]).unwrap().subject;
    assert_eq!(subject, "\u{E000}name\u{E001}: Harbour ferry returns after “four years”");
}

#[test]
fn a_wrong_template_is_refused_with_its_place() {
    let cases: [(&str, &[(&str, &str)]); 10] = [
        ("a tag that does not end", &[("body.html", "<p>\n{{ lead.title \n</p>")]),
        ("an unknown variable", &[("subject.txt", "News:\n  {{ artciles | length }}")]),
        ("an unknown variable in a condition", &[("body.txt", "{% if podcast %}Listen{% endif %}")]),
        ("an unknown field", &[("body.html", "<p>\n<b>{{ lead.titel }}</b>")]),
        ("an unknown filter", &[("subject.txt", "{{ lead.title | shout }}")]),
        ("an unknown include", &[("body.html", "<p>{% include \"foot.html\" %}")]),
        ("a file of the machine", &[("body.html", "{% include \"/etc/passwd\" %}")]),
        ("two wrong things", &[("subject.txt", "{{ foo }}"), ("body.txt", "{{ bar }}")]),
        ("a component", &[("body.html", "{% component box() %}{{ <box /> }}{% endcomponent box %}")]),
        ("a loop over a million", &[("body.txt", "{% for i in range(end=1000000) %}x{% endfor %}")]),
    ];
    let report: Vec<String> =
        cases.iter().map(|(what, files)| format!("# {what}\n{}", refusal(files))).collect();
    insta::assert_snapshot!(report.join("\n\n"));
}

#[test]
fn a_mail_without_a_subject_or_a_way_to_leave_is_refused() {
    assert_eq!(
        refusal(&[("subject.txt", "  \n")]),
        "mine/subject.txt: gives an empty subject; it must write one line, such as {{ lead.title }}"
    );
    assert_eq!(
        refusal(&[("body.html", "<p>Hello</p>")]),
        "mine/body.html: has no link for leaving; put {{ slot.unsubscribe_url }} into its footer"
    );
    assert_eq!(
        refusal(&[("body.txt", "Hello")]),
        "mine/body.txt: has no link for leaving; put {{ slot.unsubscribe_url }} into its footer"
    );
}

#[test]
fn templates_see_no_environment() {
    let message = refusal(&[("subject.txt", "{{ get_env(name=\"HOME\") }}")]);
    assert!(message.contains("unknown function `get_env`"), "{message}");
}

#[test]
fn templates_reach_no_file_outside_their_folder() {
    for path in ["/etc/passwd", "../../../../../../etc/passwd", "./../../etc/passwd", "file:///etc/passwd"] {
        for tag in ["include", "extends"] {
            let message = refusal(&[("body.txt", &format!("{{% {tag} \"{path}\" %}}"))]);
            assert!(message.contains("passwd") && !message.contains("root:"), "{message}");
        }
    }
}

#[test]
fn an_endless_writer_is_stopped() {
    let hundred = "{% for a in range(end=100) %}";
    let body = format!("{hundred}{hundred}{hundred}{hundred}xxxxxxxxxx{}", "{% endfor %}".repeat(4));
    assert_eq!(
        refusal(&[("body.txt", &body)]),
        "mine/body.txt: writes more than 4 MiB; look for a loop that repeats itself"
    );
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("body.txt"), [0xff, 0xfe, 0x00]).unwrap();
    let error = Templates::with_folder(folder.path(), Words::english()).unwrap_err().to_string();
    assert!(error.contains("body.txt: ") && error.contains("UTF-8"), "{error}");

    let error =
        Templates::with_folder(Path::new("no/such/folder"), Words::english()).unwrap_err().to_string();
    assert!(error.starts_with("there is no folder `no/such/folder`, which `edition.templates`"), "{error}");
}

#[test]
fn an_edition_without_articles_is_none() {
    assert!(matches!(rendered_with(&Templates::built_in(), Vec::new()), Err(RenderError::NoArticle)));
}

#[test]
fn one_block_may_be_changed_and_the_rest_is_the_default() {
    let body = "{% extends \"default/body.html\" %}\n{% block masthead %}<p class=\"masthead k\">{{ publication.name }}, extra</p>{{ super() }}{% endblock %}\n\
                {% block imprint %}<p>Printed nowhere</p>{% endblock %}";
    let article = "<p>Asked of {{ article.sources | length }}, each {{ top }}</p>{% include \"default/article_sources.html\" %}";
    let (_folder, templates) = folder(&[("body.html", body), ("article_sources.html", article)]);
    let html = rendered_with(&templates.unwrap(), vec![ferry(), library()]).unwrap().html;
    assert!(html.contains(">The Morning Post, extra</p>"), "{html}");
    assert!(html.contains("Printed nowhere") && !html.contains("1 Quay Street"));
    assert!(html.contains("Asked of 2, each 2") && html.contains(">Sources<"));
    for kept in ["Highlights", "Also in this issue", "Recent news", "About the authors", "Unsubscribe"] {
        assert!(html.contains(kept), "{kept}");
    }
}

#[test]
fn a_block_of_the_text_may_be_changed_too() {
    let body = "{% extends \"default/body.txt\" %}{% block imprint %}Printed nowhere\n{% endblock %}{% block authors %}{% endblock %}";
    let (_folder, templates) = folder(&[("body.txt", body)]);
    let text = rendered_with(&templates.unwrap(), vec![ferry(), library()]).unwrap().text;
    assert!(text.ends_with("Printed nowhere\n") && !text.contains("1 Quay Street"), "{text}");
    assert!(!text.contains("ABOUT THE AUTHOR") && text.contains("\nLINKS\n"), "{text}");
}

#[test]
fn a_letter_that_one_s_own_template_fails_at_goes_out_by_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let letters = folder.path().join("letter");
    std::fs::create_dir(&letters).unwrap();
    std::fs::write(letters.join("goodbye.txt"), "Our own goodbye").unwrap();
    for (name, wrong) in
        [("confirm.html", "{{ nothere }}"), ("confirm.txt", "No link"), ("confirm.subject.txt", " ")]
    {
        std::fs::write(letters.join(name), wrong).unwrap();
        let templates = letter::Templates::load(&publication(), Some(folder.path())).unwrap();
        let url = "https://post.example.org/confirm/a-b_c".to_owned();
        let about =
            || letter::About { url: url.clone(), until: Some(day("2026-03-09")), ..Default::default() };
        let written = templates.write(letter::Kind::Confirm, &about()).unwrap();
        assert_eq!(written.subject, "Please confirm: The Morning Post", "{name}");
        assert!(
            written.text.contains(&url) && written.html.unwrap().contains(&url),
            "{name}: {}",
            written.text
        );
        assert_eq!(templates.write(letter::Kind::Goodbye, &about()).unwrap().text, "Our own goodbye\n");
        assert_eq!(templates.problems(&publication()).len(), 1, "{name}");
        std::fs::remove_file(letters.join(name)).unwrap();
    }
}

/// The names in back quotes of the row of `variable` in docs/templates.md.
fn documented(variable: &str) -> Vec<String> {
    let guide = include_str!("../../docs/templates.md");
    let row = guide.lines().find(|line| line.starts_with(&format!("| `{variable}` | "))).unwrap();
    let (_, held) = row.trim_start_matches("| ").split_once(" | ").unwrap();
    held.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_guide_names_every_variable() {
    let of_list = ["articles", "authors", "recent", "links"];
    // Only a day of many articles has any.
    assert_eq!(documented("headlines"), ["title", "url"]);
    for variable in ["edition", "publication", "slot", "theme"].into_iter().chain(of_list) {
        let item = if of_list.contains(&variable) { format!("{variable}[0]") } else { variable.to_owned() };
        let subject = format!("{{% for name, value in {item} %}}{{{{ name }}}} {{% endfor %}}");
        let (_folder, templates) = folder(&[("subject.txt", &subject)]);
        let known = rendered_with(&templates.unwrap(), vec![ferry(), library()]).unwrap().subject;
        let mut known: Vec<String> = known.split(' ').map(str::to_owned).collect();
        let mut told = documented(variable);
        known.sort();
        told.sort();
        assert_eq!(told, known, "docs/templates.md: {variable}");
    }
    let guide = include_str!("../../docs/templates.md");
    let html = include_str!("../../templates/edition/body.html");
    let text = include_str!("../../templates/edition/body.txt").replace("{%- block", "{% block");
    let blocks = |body: &str| -> Vec<String> {
        let names = body.split("{% block ").skip(1).filter_map(|rest| rest.split(' ').next());
        names.map(str::to_owned).collect()
    };
    for block in blocks(html).into_iter().chain(blocks(&text)) {
        assert!(guide.contains(&format!("`{block}`")), "docs/templates.md has no block {block}");
    }
    for block in blocks(html).iter().filter(|block| *block != "head") {
        assert!(blocks(&text).contains(block), "body.txt has no block {block}");
    }
    for name in straight::config::Theme::style_names() {
        assert!(guide.contains(&format!("`--{name}`")), "docs/templates.md has no --{name}");
    }
}

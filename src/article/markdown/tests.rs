use proptest::prelude::*;

use super::wrap::{is_address, measure};
use super::*;

const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

fn body(document: &Document, widths: &HashMap<&str, u32>, options: &RenderOptions<'_>) -> RenderedBody {
    ReadBody { document: document.clone(), widths: widths.clone() }.render(options)
}

pub(super) fn rendered(source: &str) -> RenderedBody {
    let numbered = (1..4).map(|number| (format!("https://before.example/{number}"), number)).collect();
    let options = RenderOptions {
        medium: Medium::Mail,
        top_heading: 3,
        numbered: &numbered,
        words: &Words::english(),
        dir: None,
        id_prefix: "a1-",
        picture_src: &|src| format!("cid:{src}"),
        link: &|target| target.strip_suffix(".md").map(|name| format!("https://example.com/{name}/")),
    };
    body(&document(source), &HashMap::from([("small.png", 300), ("big.png", 1104)]), &options)
}

fn shown(source: &str) -> String {
    let RenderedBody { html, text, links, words } = rendered(source);
    let links: String = links.iter().enumerate().map(|(i, url)| format!("[{}] {url}\n", i + 4)).collect();
    format!("{html}{:=<72}\n{text}{:=<72}\n{links}{words} words\n", "", "")
}

#[test]
fn a_rich_article() {
    insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/articles/rich.md")));
    });
}

#[test]
fn a_table_is_set_so_that_its_words_stand_whole() {
    let classes = |cells: &str, columns: usize, rows: usize| {
        let row = format!("|{}\n", format!("{cells}|").repeat(columns));
        let html = rendered(&format!("{row}|{}\n{}", "-|".repeat(columns), row.repeat(rows))).html;
        html.split("<table class=\"")
            .skip(1)
            .map(|table| table.split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (cells, columns, rows, expected) in [
        ("An island in the sea", 3, 1, vec!["columns-3"]),
        ("Donaudampfschifffahrtsgesellschaft", 3, 9, vec!["columns-3"]),
        ("Praseodymium-Neodymium", 4, 9, vec!["columns-4"]),
        ("1", 9, 9, vec!["columns-9"]),
        ("1,234", 6, 9, vec!["columns-6 records"]),
        ("Neodymium", 5, 9, vec!["columns-5 records"]),
        ("1,234", 9, 9, vec!["columns-9 records"]),
        ("12,345", 9, 9, vec!["columns-9 tight records"]),
        ("123\u{A0}456", 9, 3, vec!["columns-4"]),
        ("123\u{A0}456", 9, 7, vec!["columns-3", "columns-3", "columns-4"]),
        ("Praseodymium", 9, 2, vec!["columns-2", "columns-2"]),
        ("Donaudampfschifffahrtsgesellschaft", 9, 1, vec!["columns-2"]),
        ("الأفلاج", 6, 5, vec!["columns-3", "columns-4"]),
        ("\u{7a00}\u{571f}\u{571f}\u{571f}\u{571f}\u{571f}\u{571f}\u{571f}\u{571f}", 6, 1, vec!["columns-6"]),
    ] {
        assert_eq!(classes(cells, columns, rows), expected, "{cells}");
    }
}

#[test]
fn a_table_that_fits_nowhere_is_turned_and_says_all_it_said_once() {
    let tons = "1\u{A0}234\u{A0}567";
    let row = |mill: &str| format!("| {mill} |{}\n", format!(" {tons} |").repeat(8));
    let source = format!(
        "| Mill | 2018[^1] | *2019* |{}\n|---|{}\n{}\n[^1]: A dry year.\n",
        " 2020 |".repeat(6),
        "--:|".repeat(8),
        ["Eling", "Seixal", "Bremen", "Woodbridge"].map(row).concat()
    );
    let html = rendered(&source).html;
    insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, { insta::assert_snapshot!(html); });
}

#[test]
fn a_row_of_many_columns_can_be_read_as_a_record() {
    let source = "| Day | High water | Wheel | Flour | | Ground |\n|---|---|---|--:|---|---|\n| Monday | 05:12 | 07:15 | 310 kg | ! | Spelt for the baker in Saltmarsh |\n| Wednesday | 06:01 | | 285 kg | | Barley |\n";
    insta::with_settings!({ snapshot_path => SNAPSHOTS, omit_expression => true }, { insta::assert_snapshot!(rendered(source).html); });
}

#[test]
fn a_table_without_a_head_has_records_without_labels() {
    let html = rendered(&format!(
        "<table>{}</table>\n",
        format!("<tr>{}</tr>", "<td>1,234</td>".repeat(6)).repeat(3)
    ))
    .html;
    assert!(html.contains("<table class=\"columns-6 records\">") && !html.contains("label"), "{html}");
}

#[test]
fn quotations_of_html_and_labels_of_records_are_those_of_the_language() {
    let numbered = HashMap::new();
    let words = Words::load("de", None).unwrap();
    let options = RenderOptions {
        medium: Medium::Mail,
        top_heading: 2,
        numbered: &numbered,
        words: &words,
        dir: None,
        id_prefix: "",
        picture_src: &|src| src.to_owned(),
        link: &|_| None,
    };
    for (source, html) in [
        ("Er sagt <q>ja</q>.\n", "<p>Er sagt „ja“.</p>\n"),
        ("<p>Er sagt <q>ja</q>.</p>\n", "<p>Er sagt „ja“.</p>\n"),
        ("<h2><del>Abgesagt</del></h2>\n", "<h2><del>Abgesagt</del></h2>\n"),
        ("<p><code>a<del>b</del> x<sup>2</sup></code></p>\n", "<p><code>ab x2</code></p>\n"),
    ] {
        let document = build::document_in(source, &quotes::Quotes::of(&words));
        assert_eq!(body(&document, &HashMap::new(), &options).html, html);
    }
}

#[test]
fn headings_are_levelled() {
    let html = rendered("### A\n\n##### B\n\n### C\n\n## D\n\n###### E\n").html;
    assert_eq!(html, "<h3>A</h3>\n<h4>B</h4>\n<h3>C</h3>\n<h3>D</h3>\n<h4>E</h4>\n");
}

#[test]
fn links_that_run_something_become_text() {
    let source = "[a](javascript:alert(1)) [b](data:text/html,x) [c](JaVaScRiPt:x) [d](//x.org) [e](other.md) \
                  [f](missing.pdf) <a href=\"javascript:x\">g</a> [h](mailto:a@example.org)\n";
    let body = rendered(source);
    assert_eq!(
        body.html,
        "<p>a b c d <a href=\"https://example.com/other/\">e</a> f g <a href=\"mailto:a@example.org\">h</a></p>\n"
    );
    assert_eq!(body.text, "a b c d e [4] f g h [5]\n");
}

#[test]
fn slot_markers_and_controls_never_pass() {
    let source = "a\u{E000}email\u{E001} &#xE000;b&#xE001; `\u{E000}` \u{1b}[31m &#27;\n\n<p title=\"\u{E000}\">&#xE000;c</p>\n\n    \u{E000}code\n";
    let RenderedBody { html, text, .. } = rendered(source);
    let bad = |c: char| matches!(c, '\u{E000}' | '\u{E001}') || (c.is_control() && c != '\n');
    assert!(!html.contains(bad) && !text.contains(bad), "{html:?} {text:?}");
}

#[test]
fn one_line_is_never_a_block() {
    let numbered = HashMap::from([("https://example.org/before".to_owned(), 1)]);
    let line =
        inline("2025. A *year* of “[deals](https://example.org/a)”", &numbered, None, &Words::english());
    assert_eq!(line.html, "2025. A <em>year</em> of “<a href=\"https://example.org/a\">deals</a>”");
    assert_eq!(line.text, "2025. A year of “deals [2]”");
    assert_eq!(line.links, ["https://example.org/a"]);
    for (source, text) in
        [("# 1", "# 1"), ("- x", "- x"), ("> x", "> x"), ("_em_ \"q\"", "em “q”"), ("<b>x", "x"), ("", "")]
    {
        assert_eq!(inline(source, &HashMap::new(), None, &Words::english()).text, text, "{source}");
    }
    assert_eq!(plain("**Bold** & [link](https://example.org)"), "Bold & link");
}

#[test]
fn numbers_in_brackets_are_not_taken_for_links() {
    assert_eq!(
        rendered("See [12] and [a](https://x.org) and `x[3]`.").text,
        "See (12) and a [4] and x[3].\n"
    );
}

#[test]
fn bombs_take_bounded_time_and_stack() {
    let bombs = [
        ">".repeat(100_000),
        "- ".repeat(50_000),
        "1. ".repeat(50_000),
        "*".repeat(100_000),
        "*a ".repeat(50_000),
        "[".repeat(100_000),
        "![".repeat(50_000),
        "[a](".repeat(30_000),
        "<b>".repeat(50_000),
        "<div>".repeat(50_000),
        "`a``b".repeat(20_000),
        "|".repeat(100_000),
        format!("{}\n{}\n{}", "|a".repeat(2_000), "|-".repeat(2_000), "|b\n".repeat(2_000)),
        "[^a]".repeat(30_000),
        "a\n: b\n".repeat(20_000),
        "# a\n".repeat(40_000),
        "https://a/".repeat(20_000),
        "https://a.org/_b_".repeat(20_000),
        "www.a.org)".repeat(20_000),
        format!("https://a.org/{}", ")".repeat(100_000)),
        format!("https://a.org/{}", "&a;".repeat(50_000)),
        "<!--".repeat(40_000),
        "&#32;".repeat(40_000),
        "ཀ".repeat(40_000),
    ];
    for bomb in bombs {
        let started = std::time::Instant::now();
        rendered(&bomb);
        let took = started.elapsed();
        println!("{took:?} for {:?}", bomb.chars().take(12).collect::<String>());
        assert!(took.as_secs() < 20, "{took:?} for {}…", &bomb.chars().take(12).collect::<String>());
    }
}

/// Markdown-like text: more of its signs than chance gives.
fn markdown_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 ]{0,30}",
        "[-*+>#|`~_=:!\\[\\]()<>&^\\\\\" \n]{1,8}",
        Just("\n\n".to_owned()),
        Just("    ".to_owned()),
        Just("[^1]".to_owned()),
        Just("\n[^1]: note\n".to_owned()),
        Just("| a | b |\n|---|--:|\n| 1 | 2 |\n".to_owned()),
        Just("[x](https://example.org/a/rather/long/address/that/goes/on)".to_owned()),
        Just("https://example.org/a_b".to_owned()),
        Just(" www.example.org/(a".to_owned()),
        Just("- [ ] task\n".to_owned()),
        Just("<b>raw <script>x</script></b>".to_owned()),
        Just("<table><tr><td>x".to_owned()),
        "\\PC{0,20}",
        "[\u{4e00}-\u{4e20}]{0,60}",
    ];
    proptest::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn text_stays_within_its_columns(source in markdown_like()) {
        let body = rendered(&source);
        for line in body.text.lines() {
            let fits = measure(line) <= 72 || line.split(' ').any(is_address);
            prop_assert!(fits, "{line:?}");
            prop_assert_eq!(line.trim_end(), line);
        }
        // Code keeps the blank lines that it has.
        let has_code = ["```", "~~~", "    ", "\t"].iter().any(|mark| source.contains(mark));
        prop_assert!(has_code || !body.text.contains("\n\n\n"));
    }

    #[test]
    fn html_is_safe_and_well_formed(source in markdown_like()) {
        let html = rendered(&source).html;
        prop_assert!(!html.contains("<script") && !html.contains("javascript:\""));
        let mut open: Vec<String> = Vec::new();
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let name = tag.split(' ').next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(closed) => {
                    let last = open.pop().unwrap_or_default();
                    prop_assert_eq!(last.as_str(), closed, "{}", html);
                }
                None if ["br", "col", "hr", "img"].contains(&name) => {}
                None => open.push(name.to_owned()),
            }
        }
        prop_assert!(open.is_empty(), "{:?} {}", open, html);
    }
}

#[test]
fn what_is_raised_lowered_or_struck_reads_right_without_marks() {
    for (source, text) in [
        ("10<sup>6</sup> tonnes, not ~~10~~ 12", "10⁶ tonnes, not 12"),
        ("1.5 × 10<sup>-3</sup> m<sup>2</sup>", "1.5 × 10⁻³ m²"),
        ("H<sub>2</sub>O and CO<sub>2</sub>", "H₂O and CO₂"),
        ("e<sup>iπ</sup>, 2<sup>0.5</sup>, x<sub>q</sub>", "e^(iπ), 2^(0.5), x_q"),
        ("the 21<sup>st</sup>, le 1<sup>er</sup>, 2<sup>n</sup>", "the 21st, le 1er, 2ⁿ"),
        ("The fare is ~~£3~~ **£2**.", "The fare is £2."),
        ("~~Ten~~ Twelve (~~13~~ 14), they say ~~[so](https://example.org/old)~~.", "Twelve (14), they say."),
        ("~~All of it~~", ""),
    ] {
        assert_eq!(plain(source), text, "{source}");
        let body = rendered(source);
        assert_eq!(body.text.trim_end(), text, "{source}");
        assert!(body.links.is_empty(), "{source}");
        let numbered = HashMap::new();
        assert_eq!(inline(source, &numbered, None, &Words::english()).text, text, "{source}");
    }
    let list = rendered("1. one\n2. ~~two~~\n3. three\n");
    assert_eq!(list.text, "1. one\n3. three\n");
    assert!(list.html.contains("<del>two</del>"), "{}", list.html);
    assert_eq!(rendered("<p><del>gone</del></p>\n").html, "<p><del>gone</del></p>\n");
    let ids = |source| document(source).heading_ids().into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ids("# H<sub>2</sub>O\n"), ids("# H2O\n"), "an address stays what it was");
}

#[test]
fn how_an_article_begins_is_words_and_no_furniture() {
    let opening = |source: &str| document(source).opening();
    assert_eq!(
        opening(
            "![A boat](boat.jpg)\n\n## The [council](https://example.org/c)\n\n> “It is about time.”\n\n\
             The [minutes](https://example.org/m) say that the ferry[^1]\nsails. ![](x.png)\n\n---\n\n\
             1. First\n2. Second\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nAgain.\n\n[^1]: A note.\n"
        ),
        "The minutes say that the ferry sails. Again."
    );
    assert_eq!(
        opening("> “It is *time*,” said the mayor\n\n* One\n* Two!\n"),
        "“It is time,” said the mayor. One. Two!"
    );
    assert_eq!(opening("# Alone\n"), "");
    assert_eq!(
        opening("Price: 5<sup>2</sup>\n\nOr these:\n\n* One\n\nAgain.\n"),
        "Price: 5². Or these: Again."
    );
}

#[test]
fn straight_quotes_become_those_of_the_language() {
    let source = "\"Das 'Wort'\", sagt er, „und \"dies\"“: so geht's, 'Hans' Auto, 6'2 'ne Menge. 'Einfach' und \"doppelt\".\n";
    for (language, expected) in [
        (
            "de",
            "„Das ‚Wort‘“, sagt er, „und „dies““: so geht’s, ‚Hans‘ Auto, 6’2 ’ne Menge. ‚Einfach‘ und „doppelt“.",
        ),
        (
            "ar",
            "«Das ‹Wort›», sagt er, „und «dies»“: so geht’s, ‹Hans› Auto, 6’2 ’ne Menge. ‹Einfach› und «doppelt».",
        ),
        (
            "en",
            "“Das ‘Wort’”, sagt er, „und “dies”“: so geht’s, ‘Hans’ Auto, 6’2 ’ne Menge. ‘Einfach’ und “doppelt”.",
        ),
    ] {
        let words = Words::load(language, None).unwrap();
        let line = inline(source, &HashMap::new(), None, &words);
        assert_eq!(line.text, expected, "{language}");
        assert_eq!(plain_in(source, &words), expected, "{language}");
    }
}

#[test]
fn an_empty_corner_of_a_table_heads_nothing_and_wide_rows_have_a_line_a_cell() {
    let html = rendered("| | Mon | Tue |\n|---|---|---|\n| Ann | 1 | 2 |\n").html;
    assert!(html.contains("<tr><td></td><th scope=\"col\">Mon</th>"), "{html}");
    let html = rendered(&format!("{0}\n|{1}\n{0}\n", "| a long heading ".repeat(8), "---|".repeat(8))).html;
    assert!(html.lines().all(|line| line.len() < 100), "{html}");
}

#[test]
fn a_block_of_the_other_direction_says_so_and_others_do_not() {
    let words = Words::load("ar", None).unwrap();
    let numbered = HashMap::new();
    let options = RenderOptions {
        top_heading: 2,
        numbered: &numbered,
        words: &words,
        dir: None,
        medium: Medium::Mail,
        id_prefix: "",
        picture_src: &|src| src.to_owned(),
        link: &|_| None,
    };
    let html = |source: &str| body(&document(source), &HashMap::new(), &options).html;
    assert_eq!(html("The tide turns.\n"), "<p dir=\"ltr\">The tide turns.</p>\n");
    assert_eq!(html("## The tide\n"), "<h2 dir=\"ltr\">The tide</h2>\n");
    assert_eq!(
        html("* The tide\n* المدّ\n"),
        "<ul>\n<li><span dir=\"ltr\">The tide</span></li>\n<li>المدّ</li>\n</ul>\n"
    );
    // A cell stays in its column.
    let table = html("| المدّ | The tide |\n|---|---|\n| يعود المدّ. | It turns. |\n");
    for cell in [
        "<th scope=\"col\">المدّ</th><th scope=\"col\"><span dir=\"ltr\">The tide</span></th>",
        "<td>يعود المدّ.</td><td><span dir=\"ltr\">It turns.</span></td>",
    ] {
        assert!(table.contains(cell), "{table}");
    }
    let caption = "<p class=\"caption\" dir=\"ltr\">The tide turns.</p>\n";
    assert!(html("![](https://example.org/a.png \"The tide turns.\")\n").ends_with(caption));
    let note = html("يعود المدّ.[^1]\n\n[^1]: The tide turns.\n");
    assert!(note.contains("<p><span dir=\"ltr\">The tide turns.</span> <a "), "{note}");
    assert!(
        html("- [ ] The tide turns.\n\n- [x] المدّ\n")
            .contains("<p>☐ <span dir=\"ltr\">The tide turns.</span></p>")
    );
    for same in ["OPEC ترفع الإنتاج في الشهر.\n", "المدّ: The tide turns again.\n", "2026\n"]
    {
        assert!(!html(same).contains("dir="), "{}", html(same));
    }
}

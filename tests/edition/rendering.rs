//! How an edition looks, in HTML, text and subject.

use straight::article::{Article, Figure, Source};
use straight::config::{Author, ImagePolicy, Publication};
use straight::edition::{
    EditionKey, RenderSettings, RenderedEdition, Slot, Templates, headline, pictures, render, size_report,
};
use straight::words::Words;

use super::newsroom::{
    EMBED, ada, article, day, edition, ferry, library, publication, rendered, rendered_with, templates,
};

/// Markers become visible, so that a snapshot can be read.
fn visible(text: &str) -> String {
    text.replace(Slot::OPEN, "⟨").replace(Slot::CLOSE, "⟩")
}

fn report(edition: &RenderedEdition) -> String {
    format!("Subject: {}\nPreheader: {}\n\n{}", edition.subject, edition.preheader, visible(&edition.text))
}

/// With `STRAIGHT_TEST_SHOW=DIR` the edition is written there with its slots filled, for the quality checks.
fn show(name: &str, edition: &RenderedEdition) {
    let Ok(folder) = std::env::var("STRAIGHT_TEST_SHOW") else { return };
    let fill = |text: &str| {
        let values = [
            (Slot::Email, "ann@example.org"),
            (Slot::Name, "Ann"),
            (Slot::Since, "1 January 2026"),
            (Slot::UnsubscribeUrl, "https://post.example.org/u/AQBzhVQmXJ0Fq0cS8eLm3mUq1w"),
            (Slot::PreferencesUrl, "https://post.example.org/m/AQBzhVQmXJ0Fq0cS8eLm3mUq1w"),
        ];
        values.iter().fold(text.to_owned(), |text, (slot, value)| text.replace(&slot.marker(), value))
    };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{name}.html")), fill(&edition.html)).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), fill(&edition.text)).unwrap();
}

#[test]
fn one_article_looks_like_this() {
    let edition = rendered(vec![ferry()]);
    show("one", &edition);
    insta::assert_snapshot!("one_text", report(&edition));
    insta::assert_snapshot!("one_html", visible(&edition.html));
}

#[test]
fn several_articles_look_like_this() {
    let edition = rendered(vec![ferry(), library(), article("market.md", "2026-03-02")]);
    show("several", &edition);
    insta::assert_snapshot!("several_text", report(&edition));
    insta::assert_snapshot!("several_html", visible(&edition.html));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let once = || rendered(vec![ferry(), library()]);
    assert_eq!(once(), once());
    assert_eq!(once().hash.len(), 64);
    assert_eq!(once().frozen_at.timestamp_subsec_nanos(), 0);
}

#[test]
fn every_field_counts_in_the_hash() {
    let base = edition(vec![ferry()]);
    let hash = |edition: &straight::edition::Edition, publication: &Publication| {
        render(edition, publication, &templates("en-GB"), &EMBED).unwrap().hash
    };
    let first = hash(&base, &publication());
    let mut picture = base.clone();
    for changed in picture.articles[0].pictures.values_mut() {
        changed.bytes = std::sync::Arc::from(&b"another picture under the same name"[..]);
    }
    let mut later = base.clone();
    later.frozen_at += chrono::TimeDelta::seconds(1);
    let mut other_day = base.clone();
    other_day.key = "2026-03-02-extra".parse().unwrap();
    let address = Publication { postal_address: "2 Quay Street".to_owned(), ..publication() };
    let others = [
        hash(&picture, &publication()),
        hash(&later, &publication()),
        hash(&other_day, &publication()),
        hash(&base, &address),
    ];
    for (n, other) in others.iter().enumerate() {
        assert_ne!(*other, first, "change {n}");
    }
}

#[test]
fn there_is_one_h1_and_no_heading_is_skipped() {
    for articles in [vec![ferry()], vec![ferry(), library()], vec![article("bare.md", "2026-03-02")]] {
        let html = rendered(articles).html;
        let levels: Vec<u32> = html
            .match_indices("<h")
            .filter_map(|(at, _)| html[at + 2..].chars().next()?.to_digit(10))
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{levels:?}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    }
}

#[test]
fn text_lines_are_at_most_72_but_for_addresses() {
    let edition = rendered(vec![ferry(), library()]);
    for line in edition.text.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() <= 72, "{line}");
    }
    assert!(edition.text.contains("\n-- \n"));
}

#[test]
fn every_note_of_the_text_has_its_link_and_counts_upwards() {
    let text = rendered(vec![ferry(), library()]).text;
    let (body, links) = text.split_once("\nLINKS\n").unwrap();
    let mut expected = 1;
    for line in links.lines().filter(|line| line.starts_with('[')) {
        assert!(line.starts_with(&format!("[{expected}] http")), "{line}");
        assert!(body.contains(&format!("[{expected}]")), "{line}");
        expected += 1;
    }
    assert!(expected > 5, "{links}");
    let first_use: Vec<usize> = (1..expected).map(|n| body.find(&format!("[{n}]")).unwrap()).collect();
    assert!(first_use.is_sorted(), "{first_use:?}");
}

#[test]
fn an_address_has_one_number_in_the_whole_mail() {
    let plan = "https://example.org/plan";
    let telling = |article: Article, own: &str| {
        let sources = article.sources.iter().take(1).cloned();
        Article {
            highlights: vec![format!("The [plan]({plan}) of the day")],
            markdown: format!("Its [plan]({plan}), [{own}](https://example.org/{own}), its [plan]({plan})."),
            sources: sources.map(|source| Source { url: plan.parse().ok(), ..source }).collect(),
            author: None,
            ..article
        }
    };
    let text = rendered(vec![telling(ferry(), "quay"), telling(ferry(), "pier")]).text;
    let (_, links) = text.split_once("\nLINKS\n\n").unwrap();
    let links: Vec<&str> = links.lines().take_while(|line| line.starts_with('[')).collect();
    assert_eq!(
        links,
        [format!("[1] {plan}").as_str(), "[2] https://example.org/quay", "[3] https://example.org/pier"]
    );
    assert!(text.contains("Its plan [1], quay [2], its plan [1]."), "{text}");
    assert!(text.contains("Its plan [1], pier [3], its plan [1]."), "{text}");
    assert_eq!(text.matches("* The plan [1] of the day").count(), 4, "{text}");
    assert_eq!(text.matches("plan [1]").count(), 8, "{text}");
    assert_eq!(text.matches("[1]\n").count(), 2, "its sources: {text}");
}

#[test]
fn what_an_issue_holds_hangs_beneath_its_titles() {
    let short = Article { markdown: "It sails.".to_owned(), image: None, ..ferry() };
    let settings = RenderSettings { size_limit: usize::MAX, ..EMBED };
    let text =
        render(&edition(vec![short; 100]), &publication(), &templates("en-GB"), &settings).unwrap().text;
    let (_, issue) = text.split_once("\nIN THIS ISSUE\n").unwrap();
    let (issue, _) = issue.split_once("=====").unwrap();
    let mut column = 0;
    let mut seen = 0;
    for line in issue.lines().filter(|line| !line.is_empty()) {
        if let Some((number, _)) = line.split_once(". ").filter(|(number, _)| number.parse::<u8>().is_ok()) {
            column = number.len() + 2;
            seen += 1;
        } else {
            let begins = line.len() - line.trim_start().len();
            assert_eq!(begins, column + if line.trim_start().starts_with("* ") { 0 } else { 2 }, "{line}");
        }
    }
    assert_eq!(seen, 100, "{issue}");
}

#[test]
fn a_picture_travels_once_or_is_linked() {
    let mut second = library();
    second.image = ferry().image;
    second.pictures = ferry().pictures;
    let both = edition(vec![ferry(), second]);
    let embedded = render(&both, &publication(), &templates("en-GB"), &EMBED).unwrap();
    assert_eq!(embedded.embedded.len(), 2);
    assert_eq!(embedded.embedded[0].content_id, "00aa11bb22cc33dd.jpg@straight");
    assert_eq!(embedded.html.matches("cid:00aa11bb22cc33dd.jpg@straight").count(), 2);

    let link = RenderSettings { images: ImagePolicy::Link, ..EMBED };
    let linked = render(&both, &publication(), &templates("en-GB"), &link).unwrap();
    assert!(linked.embedded.is_empty());
    assert!(linked.html.contains("src=\"https://post.example.org/images/00aa11bb22cc33dd.jpg\""));
    assert!(!linked.html.contains("cid:"));
    assert_eq!(pictures(&both, &templates("en-GB")).len(), 2);
}

#[test]
fn articles_that_link_to_each_other_lead_to_their_place() {
    let edition = rendered(vec![ferry(), library()]);
    assert!(edition.html.contains("href=\"https://post.example.org/articles/harbour-ferry-returns\""));
    assert!(!edition.html.contains("ferry.md"), "{}", edition.html);
    assert!(edition.html.contains("id=\"harbour-ferry-returns\""));
}

#[test]
fn nobody_s_words_become_markup() {
    let evil = "<script>alert(1)</script> & \"quotes\"";
    let mut bad = ferry();
    bad.title = evil.to_owned();
    bad.summary = Some(evil.to_owned());
    bad.tags = vec![evil.to_owned()];
    bad.author.as_mut().unwrap().name = evil.to_owned();
    bad.image.as_mut().unwrap().alt = evil.to_owned();
    bad.sources[1].title = evil.to_owned();
    let shop = Publication { name: evil.to_owned(), postal_address: evil.to_owned(), ..publication() };
    let out = render(&edition(vec![bad, library()]), &shop, &templates("en-GB"), &EMBED).unwrap();
    // Within quotes a bracket is text; everywhere else it would open an element.
    let in_attributes =
        out.html.matches("=\"<script").count() + out.html.matches("Portrait of <script").count();
    assert_eq!(out.html.matches("<script").count(), in_attributes, "{}", out.html);
    assert!(out.html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; \"quotes\""));
    assert!(out.html.contains("alt=\"<script>alert(1)</script> &amp; &quot;quotes&quot;\""));
    assert_eq!(out.subject, evil);
    assert!(out.text.contains(evil), "plain text is not escaped");
    assert!(!out.text.contains("&lt;") && !out.text.contains("&amp;"));
}

#[test]
fn slots_are_where_the_templates_put_them_and_nowhere_else() {
    let forged = format!("Leave {}unsubscribe_url{} here", Slot::OPEN, Slot::CLOSE);
    let mut bad = ferry();
    bad.title = forged.clone();
    bad.summary = Some(forged.clone());
    bad.highlights.push(format!("{forged} &#xE000;email&#xE001;"));
    bad.markdown.push_str(&format!("\n{forged} &#xE000;email&#xE001; <b>&#xE000;email&#xE001;</b>\n"));
    bad.extra.insert("note".to_owned(), forged.clone().into());
    let out = rendered(vec![bad]);
    for (part, count) in [(&out.html, 1), (&out.text, 1), (&out.subject, 0), (&out.preheader, 0)] {
        assert_eq!(part.matches(&Slot::UnsubscribeUrl.marker()).count(), count, "{part}");
        assert_eq!(part.matches(&Slot::Email.marker()).count(), count, "{part}");
        let (open, close) = (part.matches(Slot::OPEN).count(), part.matches(Slot::CLOSE).count());
        assert_eq!((open, close), (4 * count, 4 * count), "{part}");
    }
    assert!(!out.headlines[0].title.contains(Slot::OPEN));
}

#[test]
fn a_subject_is_one_line_cut_at_a_word() {
    let long = "A title that goes on for longer than any inbox shows it, and then a little further still";
    let out = rendered(vec![Article { title: long.to_owned(), ..ferry() }]);
    assert_eq!(out.subject, "A title that goes on for longer than any inbox shows it, and then a…");
    assert!(out.subject.chars().count() <= 70);
}

#[test]
fn a_preheader_has_150_to_250_characters() {
    let bare =
        Article { markdown: "A paragraph of the body. ".repeat(30), ..article("bare.md", "2026-03-02") };
    let rich = Article {
        highlights: vec!["One highlight that says quite a lot about the matter at hand".to_owned(); 9],
        ..ferry()
    };
    for articles in [vec![bare, ferry()], vec![rich], vec![ferry()], vec![ferry(), library()]] {
        let preheader = rendered(articles).preheader;
        assert!((150..=250).contains(&preheader.chars().count()), "{preheader}");
    }
    assert!(rendered(vec![ferry()]).preheader.starts_with(
        "Six sailings a day from Monday, and the fare stays at two pounds. Six sailings each way"
    ));
}

#[test]
fn a_preheader_of_the_text_is_its_words_and_then_what_else_there_is() {
    let markdown = "![A boat](https://example.org/boat.jpg)\n\n## The [council](https://example.org/c)\n\n\
                    The [council](https://example.org/c) says 10<sup>6</sup>, not ~~no~~ yes.[^1]\n\n[^1]: A note.\n";
    let lead = Article { markdown: markdown.to_owned(), ..article("bare.md", "2026-03-02") };
    let second =
        || Article { title: "The library opens on Sundays".to_owned(), ..article("b.md", "2026-03-02") };
    let preheader = rendered(vec![lead.clone(), second()]).preheader;
    assert_eq!(
        preheader,
        "The council says 10⁶, not yes. The library opens on Sundays. What the harbour will talk about."
    );
    // What is said already is not said again.
    let same = Article { summary: Some("The council says 10⁶, not yes.".to_owned()), ..lead };
    let preheader = rendered(vec![same]).preheader;
    assert_eq!(preheader, "The council says 10⁶, not yes. What the harbour will talk about.");
}

#[test]
fn a_language_from_right_to_left_turns_the_page() {
    let arabic = Publication { language: "ar-EG".to_owned(), ..publication() };
    let out = render(&edition(vec![ferry()]), &arabic, &templates("ar-EG"), &EMBED).unwrap();
    assert!(out.html.contains("<html lang=\"ar-EG\" dir=\"rtl\""), "{}", &out.html[..300]);
    assert!(out.html.contains("border-right:4px solid #a8231b"));
    // A date or a name among words of the other direction keeps its own.
    for piece in ["الاثنين، ٢ مارس ٢٠٢٦", "٢١٤", "Ada Reporter"] {
        assert!(out.html.contains(&format!("<span dir=\"auto\">{piece}</span>.")), "{piece}");
    }
    // So does a whole line: a title, an author's name, and an address, which begins with its number.
    for whole in ["<h1 class=\"h1\" id=", "<h3 class=\"who\""] {
        let line = out.html.lines().find(|line| line.contains(whole));
        assert!(line.is_some_and(|line| line.contains(" dir=\"auto\"")), "{whole}: {line:?}");
    }
    let beside = format!("<span dir=\"auto\">{}</span>", arabic.postal_address);
    assert!(out.html.contains(&beside), "{beside}");
    let alone = format!("{}, 12 Sample Street", arabic.name);
    let arabic = Publication { postal_address: alone.clone(), ..arabic };
    let out = render(&edition(vec![ferry()]), &arabic, &templates("ar-EG"), &EMBED).unwrap();
    assert!(out.html.contains(&format!("<span dir=\"auto\">{alone}</span></p>")), "{}", out.html);
}

#[test]
fn an_article_of_the_other_direction_runs_its_own_way() {
    let arabic = Publication { language: "ar".to_owned(), ..publication() };
    let english = Article { markdown: "Fares stay.\n\n1. A list\n\n> A word\n".to_owned(), ..ferry() };
    let out = render(&edition(vec![english]), &arabic, &templates("ar"), &EMBED).unwrap();
    for block in ["<h1 class=\"h1\"", "<p class=\"deck\"", "<ul class=\"ltr\"", "<div class=\"body ltr\""] {
        let line = out.html.lines().find(|line| line.contains(block));
        assert!(line.is_some_and(|line| line.contains(" dir=\"ltr\"")), "{block}: {line:?}");
    }
    for list in ["<ul class=\"ltr\"", "<ol "] {
        let line = out.html.lines().find(|line| line.contains(list)).unwrap();
        assert!(line.contains("padding:0 0 0 2"), "bullets hang on the left: {line}");
    }
    let quote = out.html.lines().find(|line| line.contains("<blockquote")).unwrap();
    assert!(quote.contains("border-left:3px solid") && !quote.contains("border-right:3px"), "{quote}");
    // The heading above the highlights is the edition's, and the bar beside them.
    assert!(out.html.contains("border-right:4px solid #a8231b"));

    let title = "عودة العبّارة إلى الميناء";
    let other = Article {
        title: title.to_owned(),
        summary: None,
        highlights: Vec::new(),
        markdown: format!("{title}\n\n- {title}\n").repeat(30),
        ..ferry()
    };
    let out = render(&edition(vec![ferry(), other]), &publication(), &templates("en-GB"), &EMBED).unwrap();
    assert_eq!(out.html.matches("<div class=\"body rtl\"").count(), 1, "{}", out.html);
    assert_eq!(out.html.matches("<div class=\"body\"").count(), 1, "the other runs as the edition");
    assert!(out.html.contains("padding:0 24px 0 0\""), "its bullets hang on the right");
}

#[test]
fn a_highlight_or_a_caption_of_the_other_direction_runs_its_own_way() {
    let line = "تعود العبّارة يوم الاثنين.";
    let image = ferry().image.map(|figure| Figure { caption: Some(line.to_owned()), ..figure });
    let mixed = Article { highlights: vec![line.to_owned(), "The fare stays".to_owned()], image, ..ferry() };
    let out = rendered(vec![mixed.clone()]);
    let turned = format!("><span dir=\"rtl\">{line}</span></");
    assert_eq!(out.html.matches(&turned).count(), 2, "{}", out.html);
    assert!(out.html.contains(">The fare stays</li>") && out.text.contains(&format!("\n* {line}\n")));
    // Where the article runs as they do, they need not say so.
    let arabic = Article { title: line.to_owned(), summary: Some(line.repeat(3)), ..mixed };
    assert!(!rendered(vec![arabic]).html.contains(&turned));
}

#[test]
fn the_heads_of_cells_are_hidden_by_the_cells_themselves_and_shown_by_the_style_sheet() {
    let row = format!("|{}\n", " Neodymium |".repeat(5));
    let table = format!("| Mill{}\n|{}\n{row}", " | Oxide".repeat(4) + " |", "---|".repeat(5));
    let out = rendered(vec![Article { markdown: table, ..ferry() }]);
    let labels: Vec<&str> = out.html.split("<span class=\"label m\"").skip(1).collect();
    assert_eq!(labels.len(), 4, "{}", out.html);
    // Some mail programs drop the style sheet.
    for label in labels {
        assert!(
            label.split('>').next().unwrap().contains("font-size:0;line-height:0;mso-hide:all"),
            "{label}"
        );
    }
    assert!(
        out.html.lines().all(|line| line.len() < 998),
        "a line of the style sheet is one of the mail's too"
    );
    let (_, phone) = out.html.split_once("@media (max-width:599px)").unwrap();
    assert!(
        phone
            .split("@media")
            .next()
            .unwrap()
            .contains(".label{font-size:15px!important;line-height:22px!important}"),
        "{phone}"
    );
}

#[test]
fn the_full_stop_is_a_word_of_the_language() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("en.yaml"), "full_stop: 。\nissue: 第{number}期\n").unwrap();
    let templates = Templates::with_words(Words::load("en", Some(folder.path())).unwrap());
    let out = rendered_with(&templates, vec![ferry(), library()]).unwrap();
    let said = ["。 第214期。\n", "By Ada Reporter。 1 minute to read。\n"];
    assert!(said.iter().all(|said| out.text.contains(said)), "{}", out.text);
    let html = out.html.replace("<span dir=\"auto\">", "").replace("</span>", "");
    assert!(said.iter().all(|said| html.contains(said.trim_end())), "{html}");
}

#[test]
fn code_runs_from_the_left_and_does_not_turn_its_article() {
    let arabic = Publication { language: "ar".to_owned(), ..publication() };
    let title = "عودة العبّارة إلى الميناء";
    let markdown =
        "انظر `let x = 1;` هنا.\n\n    let name = \"a very long line of code, longer than all the rest\";\n"
            .to_owned();
    let code =
        Article { title: title.to_owned(), summary: None, highlights: Vec::new(), markdown, ..ferry() };
    let out = render(&edition(vec![code]), &arabic, &templates("ar"), &EMBED).unwrap();
    assert!(!out.html.contains("body ltr"), "{}", out.html);
    let code = |tag: &str| out.html.lines().any(|line| line.contains(tag) && line.contains("dir=\"ltr\""));
    assert!(code("<pre") && code("<code"), "{}", out.html);

    let markdown = "انظر `let x = 1;` و<code>y</code> و<kbd>Ctrl+C</kbd> هنا.\n\n    let z = 2;\n".to_owned();
    let highlights = vec![format!("{title} `let h = 3;`")];
    let code = Article { title: title.to_owned(), summary: None, highlights, markdown, ..ferry() };
    let here = Article { markdown: "See `let e = 4;`.".to_owned(), highlights: Vec::new(), ..ferry() };
    let out = render(&edition(vec![code, here]), &publication(), &templates("en-GB"), &EMBED).unwrap();
    for (tag, marked, all) in [("<code", 4, 6), ("<kbd", 1, 1), ("<pre", 1, 1)] {
        let tags: Vec<&str> =
            out.html.match_indices(tag).filter_map(|(at, _)| out.html[at..].split('>').next()).collect();
        let from_the_left = tags.iter().filter(|tag| tag.contains(" dir=\"ltr\"")).count();
        assert_eq!((from_the_left, tags.len()), (marked, all), "{tags:?}");
    }
}

#[test]
fn a_headline_knows_where_its_article_is_read() {
    let key = EditionKey::of(day("2026-03-02"));
    let url = |article: &Article, key| headline(&article.outline(), key, &publication()).url;
    assert_eq!(url(&ferry(), Some(&key)), "https://post.example.org/articles/harbour-ferry-returns");
    assert_eq!(url(&library(), Some(&key)), "https://www.library.example.org/sundays");
    assert_eq!(url(&library(), None), "https://www.library.example.org/sundays");
    assert_eq!(url(&ferry(), None), "");
}

#[test]
fn a_headline_that_is_nowhere_on_the_web_has_no_link() {
    let mut today = edition(vec![library()]);
    today.recent[0].url.clear();
    let out = render(&today, &publication(), &templates("en-GB"), &EMBED).unwrap();
    assert!(
        out.html.contains("line-height:27px\"><span dir=\"auto\">Council approves the timetable</span></h3>"),
        "{}",
        out.html
    );
    assert!(!out.html.contains("href=\"\""));
    let nowhere = "* Council approves the timetable\n  The first sailing leaves at six each morning, and the fare stays.\n\n* The market moves indoors\n";
    assert!(out.text.contains(nowhere), "{}", out.text);
}

#[test]
fn recent_news_without_an_address_has_its_date_in_both_parts() {
    let mut today = edition(vec![ferry()]);
    today.recent[0].url.clear();
    today.recent[0].summary = None;
    let out = render(&today, &publication(), &templates("en-GB"), &EMBED).unwrap();
    let date = out.html.split("Council approves the timetable").nth(1).unwrap();
    let date = date.split("<span class=\"m\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    assert!(out.text.contains(&format!("* Council approves the timetable\n  {date}\n")), "{}", out.text);
}

#[test]
fn whoever_was_forwarded_a_mail_is_shown_the_way_in() {
    let out = rendered(vec![ferry()]);
    let (_, footer) = out.html.split_once("Was this forwarded to you?").unwrap();
    let (line, _) = footer.split_once("</p>").unwrap();
    assert!(line.contains("href=\"https://post.example.org/subscribe\""), "{line}");
    assert!(line.contains(
        "Subscribe to <span dir=\"auto\">The Morning Post</span></a>. Free, every weekday at seven."
    ));
    assert_eq!(out.html.matches("Free, every weekday at seven.").count(), 1);
    let (_, footer) = out.text.split_once("\n-- \n").unwrap();
    assert!(
        footer.starts_with(
            "Was this forwarded to you? Subscribe to The Morning Post:\nhttps://post.example.org/subscribe\n\
             Free, every weekday at seven.\n"
        ),
        "{footer}"
    );
    assert!(footer.contains("\nPast issues: https://post.example.org/editions/\n"), "{footer}");
}

#[test]
fn every_link_has_the_colour_of_links() {
    let biography = Some("Ada writes about [tariffs](https://post.example.org/tariffs).".to_owned());
    let author = Some(Author { biography, ..ada() });
    let out = rendered(vec![Article { author, ..ferry() }, library()]);
    let plain = |tag: &&str| !tag.contains("color:#0b5cad") && !tag.contains("class=\"plain\"");
    let links = out.html.split("<a ").skip(1).filter_map(|rest| rest.split('>').next());
    let odd: Vec<&str> = links.filter(plain).filter(|tag| !tag.contains("display:inline-block")).collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert!(out.html.contains(",.p a{color:#8fbfff!important}"), "in the dark too");
}

#[test]
fn a_linked_picture_is_as_wide_as_another() {
    let markdown = "[![The quay](https://example.org/quay.png)](https://example.org/quay)\n".to_owned();
    let out = rendered(vec![Article { markdown, ..ferry() }]);
    let picture = out.html.split("<img ").find(|tag| tag.contains("example.org/quay.png")).unwrap();
    assert!(picture.split('>').next().unwrap().contains("width:100%"), "{picture}");
}

#[test]
fn the_text_sets_authors_apart_from_the_last_article() {
    let text = rendered(vec![ferry(), library()]).text;
    let (_, about) = text.split_once("=\n\nABOUT THE AUTHORS\n\nAda Reporter\n").unwrap();
    assert!(about.contains("More by Ada Reporter: https://post.example.org/ada\n"), "{about}");
    assert!(!text.contains("\nADA REPORTER\n"));
}

#[test]
fn a_source_that_is_an_address_stands_on_one_line() {
    let address = "example.org/a/long/way/until/it/is/done/and/then/a/little/more/of/it/still.html";
    let source = Source { title: address.to_owned(), url: format!("https://{address}").parse().ok() };
    let out = rendered(vec![Article { sources: vec![source], ..ferry() }]);
    assert!(out.text.contains("\n* example.org/a/long/way/until/it/is/done… ["), "{}", out.text);
    assert!(out.html.replace('\u{200B}', "").contains(">example.org/a/long/way/until/it/is/done…</a>"));
}

#[test]
fn an_author_s_name_and_biography_stand_on_one_side() {
    let biography = Some("منى تكتب عن الميناء.".to_owned());
    let author = Some(Author { name: "منى السالم".to_owned(), biography, ..ada() });
    let out = rendered(vec![Article { author, ..ferry() }]);
    let (_, who) = out.html.split_once("<h3 class=\"who\"").unwrap();
    assert!(who.split('>').next().unwrap().contains(" dir=\"rtl\""), "{who}");
}

#[test]
fn a_large_edition_is_reported() {
    let long = Article { markdown: "Another paragraph of a very long article.\n\n".repeat(1000), ..ferry() };
    let settings = RenderSettings { size_limit: 95 * 1024, ..EMBED };
    let out = render(&edition(vec![long]), &publication(), &templates("en-GB"), &settings).unwrap();
    let report = size_report(&out);
    assert!(report.html > 60 * 1024);
    assert!(report.warnings[0].contains("Gmail may clip it"), "{report:?}");
    assert_eq!(size_report(&rendered(vec![ferry()])).warnings, Vec::<String>::new());
}

#[test]
fn what_is_hard_to_set_stays_in_shape() {
    let out = rendered(vec![super::newsroom::torture()]);
    show("torture", &out);
    assert!(out.html.contains("Donaudampf\u{AD}schiff\u{AD}fahrts"), "a title's long word may be broken");
    let hyphens = out.html.lines().find(|line| line.replace('\u{AD}', "").contains("hydrometallurgical"));
    assert!(hyphens.unwrap().matches('\u{AD}').count() > 3, "a word in a narrow cell may be broken");
    assert!(!out.text.contains('\u{AD}') && !out.text.contains('\u{200B}'));
    for line in out.text.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() <= 72, "{line}");
    }
}

#[test]
fn a_page_from_right_to_left_can_be_looked_at() {
    let arabic =
        Publication { language: "ar".to_owned(), name: "بريد الصباح".to_owned(), ..publication() };
    let out = render(&edition(vec![ferry(), library()]), &arabic, &templates("ar"), &EMBED).unwrap();
    show("rtl", &out);
    assert_eq!(out.html.matches("dir=\"rtl\"").count(), 3, "the document and each child of its body");
    assert!(!out.html.contains("border-left:4px"));
}

//! An edition that is too large: its later articles are cut to their highlights, and stand whole on the web.

use straight::article::{Article, Slug};
use straight::config::Author;
use straight::edition::{
    Cut, RenderSettings, RenderedEdition, Slot, Templates, public_html, render, size_report,
};

use super::newsroom::{EMBED, ada, article, edition, ferry, library, publication, templates};

const LIMIT: usize = 60 * 1024;

/// Twenty articles of some 6 KB of HTML each.
pub(crate) fn twenty() -> Vec<Article> {
    let body = "The harbour ferry sails again on Monday after four years in dry dock, says [the council](https://council.example.org/minutes).\n\n## Why now\n\n";
    let more = "The council approved the timetable last night by nine votes to two, and the minutes were published this morning for everybody to read.\n\n";
    let one = |number: usize| Article {
        title: format!("Report {number}: the north quay opens a little further every day"),
        slug: Slug::of_text(&format!("report {number}")).unwrap(),
        summary: Some(format!("What the quay did on day {number}, and what it will do next.")),
        highlights: ["Six sailings each way", "The fare stays", "Bicycles travel free"]
            .map(str::to_owned)
            .to_vec(),
        markdown: format!("{body}{}", more.repeat(20)),
        ..article(&format!("report-{number}.md"), "2026-03-02")
    };
    std::iter::once(ferry()).chain((2..=20).map(one)).collect()
}

fn limited(articles: Vec<Article>, size_limit: usize) -> RenderedEdition {
    let settings = RenderSettings { size_limit, ..EMBED };
    render(&edition(articles), &publication(), &templates("en-GB"), &settings).unwrap()
}

#[test]
fn as_few_as_can_be_of_the_last_articles_are_shortened() {
    let out = limited(twenty(), LIMIT);
    let shortened = out.shortened.as_ref().unwrap();
    assert!(out.html.len() <= LIMIT, "{}", out.html.len());
    assert!(out.html.len() > 52 * 1024, "one more would have fitted: {}", out.html.len());
    assert!((8..19).contains(&shortened.cut.highlights), "{}", shortened.cut.highlights);
    // Each is said once, among the contents: its headline, which leads to the whole, and its highlights. The lead is whole,
    // and so are its pictures.
    let (contents, stories) = out.html.split_once("harbour master expects no delay").unwrap();
    for number in 21 - shortened.cut.highlights..=20 {
        let link = format!("href=\"https://post.example.org/articles/report-{number}\"");
        assert_eq!((contents.matches(&link).count(), stories.matches(&link).count()), (1, 0), "{number}");
    }
    assert!(!out.html.contains(">Read the whole article</a>"));
    let whole = 19 - shortened.cut.highlights;
    assert_eq!(out.html.matches(">Bicycles travel free</li>").count(), 19 + whole);
    assert!(
        out.html.contains("harbour master expects no delay") && out.html.contains("44ee55ff66aa77bb.png")
    );
    let told = format!("<span dir=\"auto\">{}</span> articles are shortened", shortened.cut.highlights);
    assert!(out.html.contains(&told), "the mail says so");
}

#[test]
fn the_text_is_shortened_alike_and_its_links_still_count_upwards() {
    let out = limited(twenty(), LIMIT);
    let cut = out.shortened.as_ref().unwrap().cut.highlights;
    let (contents, stories) = out.text.split_once("======").unwrap();
    assert_eq!(contents.matches("   https://post.example.org/articles/report-").count(), cut);
    assert!(!stories.contains("/articles/report-"), "{stories}");
    let unwrapped = out.text.replace('\n', " ");
    assert!(unwrapped.contains(&format!("{cut} articles are shortened")), "{}", out.text);
    let (body, links) = out.text.split_once("\nLINKS\n").unwrap();
    let links: Vec<&str> = links.lines().filter(|line| line.starts_with('[')).collect();
    for (number, line) in (1..).zip(&links) {
        assert!(line.starts_with(&format!("[{number}] ")) && body.contains(&format!("[{number}]")), "{line}");
    }
    for line in out.text.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() <= 72, "{line}");
    }
}

#[test]
fn in_the_browser_every_article_is_whole() {
    let out = limited(twenty(), LIMIT);
    let page = public_html(&out, "");
    assert!(!page.contains("Read the whole article") && !page.contains("are shortened"));
    assert_eq!(page.matches("Why now").count(), 19);
    assert!(page.len() > 100 * 1024);
}

#[test]
fn an_edition_within_the_limit_is_left_alone() {
    let out = limited(vec![ferry(), library()], LIMIT);
    assert_eq!(out.shortened, None);
    assert!(size_report(&out).warnings.is_empty());
}

#[test]
fn the_limit_is_configurable_and_the_cut_is_told() {
    let library = || Article { markdown: "One more paragraph.\n\n".repeat(200), ..library() };
    let out = limited(vec![ferry(), library()], 20 * 1024);
    let warnings = size_report(&out).warnings;
    assert!(warnings[0].starts_with("1 of 2 articles is shortened to highlights and a link"), "{warnings:?}");
    assert_eq!(out.html.matches("href=\"https://www.library.example.org/sundays\"").count(), 1);
    assert!(out.text.contains("\n   https://www.library.example.org/sundays\n"), "{}", out.text);
    assert!(!out.html.contains("Read the whole article"));
    assert_ne!(out.hash, limited(vec![ferry(), library()], LIMIT).hash);
}

#[test]
fn without_highlights_and_summary_an_article_shows_how_it_begins() {
    let bare = Article {
        markdown: "It <b>begins</b> & goes on.\n\n".repeat(200),
        ..article("bare.md", "2026-03-02")
    };
    let out = limited(vec![ferry(), bare], 17 * 1024);
    assert_eq!(out.html.matches(">It begins &amp; goes on. It begins").count(), 1, "{}", out.html);
    assert_eq!(out.text.matches("\n   It begins & goes on. It begins").count(), 1, "{}", out.text);
}

/// `count` articles of a few words each.
fn notes(count: usize) -> Vec<Article> {
    let one = |number: usize| Article {
        title: format!("Note {number} from the north quay, which opened a little further"),
        slug: Slug::of_text(&format!("note {number}")).unwrap(),
        summary: Some(format!("What the quay did on day {number}, and what it will do next.")),
        highlights: ["Six sailings each way", "The fare stays", "Bicycles travel free"]
            .map(str::to_owned)
            .to_vec(),
        author: Some(Author { name: format!("Reporter {number}"), ..ada() }),
        markdown: format!("The quay was busy on day {number}.\n\nNothing else happened.\n"),
        ..article(&format!("note-{number:03}.md"), "2026-03-02")
    };
    std::iter::once(ferry()).chain((2..=count).map(one)).collect()
}

fn cut_of(out: &RenderedEdition) -> Cut {
    out.shortened.as_ref().map(|shortened| shortened.cut).unwrap_or_default()
}

#[test]
fn a_hundred_articles_fit_by_their_headlines() {
    let out = limited(notes(100), LIMIT);
    let Cut { beginnings, highlights, headlines, left_out } = cut_of(&out);
    assert!((LIMIT - 4096..=LIMIT).contains(&out.html.len()), "{}", out.html.len());
    assert_eq!((beginnings, highlights + headlines, left_out), (0, 99, 0));
    assert!(highlights > 50 && headlines > 5, "{highlights} {headlines}");
    // The lead is whole, and every other article has its link once or more; the headlines stand behind the stories.
    assert!(out.html.contains("harbour master expects no delay"));
    let (stories, list) = out.html.split_once(">More headlines</h2>").unwrap();
    for number in 2..=100 {
        let link = format!("href=\"https://post.example.org/articles/note-{number}\"");
        let is_headline = number > highlights + 1;
        assert_eq!(stories.contains(&link), !is_headline, "{number}");
        assert_eq!(list.matches(&link).count(), usize::from(is_headline), "{number}");
    }
    let told =
        format!("<span dir=\"auto\">{headlines}</span> more articles are here by their headlines only");
    assert!(stories.contains(&told), "the mail says so");
    // Whom one does not read here is not introduced.
    assert_eq!(out.html.matches(">About the author</h2>").count(), 1);
    assert!(!out.html.contains("More by Reporter"));
    let warnings = size_report(&out).warnings;
    let said = format!(
        "{highlights} of 100 articles are shortened to highlights and a link, {headlines} are in a list of headlines, because"
    );
    assert!(warnings[0].starts_with(&said), "{warnings:?}");
    assert_eq!(out.hash, limited(notes(100), LIMIT).hash, "the same articles give the same mail");
}

#[test]
fn the_text_has_the_same_headlines() {
    let out = limited(notes(100), LIMIT);
    let Cut { highlights, headlines, .. } = cut_of(&out);
    let (stories, list) = out.text.split_once("\nMORE HEADLINES\n").unwrap();
    assert_eq!(list.matches("\n  https://post.example.org/articles/note-").count(), headlines);
    assert!(stories.contains(&format!("{headlines} more articles are here")), "{stories}");
    assert!(stories.contains(&format!("{}. Note {}", highlights + 1, highlights + 1)));
    assert!(!stories.contains(&format!("Note {} from", highlights + 2)));
}

#[test]
fn what_not_even_headlines_have_room_for_is_counted_and_stands_on_the_web() {
    let out = limited(notes(400), LIMIT);
    let Cut { beginnings, highlights, headlines, left_out } = cut_of(&out);
    assert!((LIMIT - 1024..=LIMIT).contains(&out.html.len()), "{}", out.html.len());
    assert_eq!((beginnings, highlights, headlines + left_out), (0, 0, 399));
    assert!(headlines > 150 && left_out > 100, "{headlines} {left_out}");
    let more = format!(">And {left_out} more, in this edition on the web</a>");
    assert!(out.html.contains("<a class=\"l\" href=\"https://post.example.org/editions/2026-03-02\""));
    assert!(out.html.contains(&more), "{more}");
    let told = format!(
        "And {left_out} more, in this edition on the web:\nhttps://post.example.org/editions/2026-03-02"
    );
    assert!(out.text.contains(&told));
    assert!(!out.html.contains(">Also in this issue<"), "nothing would stand beneath it");
    assert!(size_report(&out).warnings[0].contains(&format!("{left_out} are on the web only")));
    // On the web there are all of them, each once.
    let page = public_html(&out, "");
    assert_eq!(page.matches("Nothing else happened.").count(), 399);
    assert!(!page.contains("More headlines"));
}

#[test]
fn an_article_too_long_by_itself_shows_how_it_begins() {
    let paragraphs: String = (1..=800)
        .map(|n| format!("## Part {n}\n\nParagraph {n}, and a little more of it.[^{n}]\n\n"))
        .collect();
    let notes: String = (1..=800).map(|n| format!("[^{n}]: Note on {n}.\n")).collect();
    let long = Article { markdown: paragraphs + &notes, sources: Vec::new(), ..ferry() };
    for others in [0, 30] {
        let mut articles = vec![long.clone()];
        articles.extend(self::notes(others + 1).into_iter().skip(1));
        let out = limited(articles, LIMIT);
        assert!((LIMIT - 2048..=LIMIT).contains(&out.html.len()), "{}", out.html.len());
        let cut = cut_of(&out);
        // Half a mail is its own; none of the others is left out or a headline for its sake.
        assert_eq!((cut.beginnings, cut.headlines, cut.left_out), (1, 0, 0));
        assert_eq!(cut.highlights > 0, others > 0);
        let shown = (1..).take_while(|n| out.html.contains(&format!(">Paragraph {n}, and"))).count();
        assert!((50..400).contains(&shown), "{shown}");
        // Its notes are those of what is shown, no heading stands last, and both parts say where it goes on.
        assert!(out.html.contains(&format!("Note on {shown}.")));
        assert!(!out.html.contains(&format!("Note on {}.", shown + 1)));
        assert!(!out.html.contains(&format!(">Part {}<", shown + 1)));
        assert!(
            out.html.contains("the article stops here") && out.html.contains(">Read the whole article</a>")
        );
        assert!(
            out.text
                .contains("Read the whole article:\nhttps://post.example.org/articles/harbour-ferry-returns")
        );
        let told = match others {
            0 => "the article is shortened to its beginning and a link, because all of it".to_owned(),
            others => format!("1 of {} articles is shortened to its beginning and a link", others + 1),
        };
        assert!(size_report(&out).warnings[0].starts_with(&told), "{:?}", size_report(&out).warnings);
        assert!(public_html(&out, "").contains("Paragraph 800, and"));
    }
}

#[test]
fn a_lead_that_is_cut_anyway_takes_nothing_from_a_short_article() {
    let paragraphs: String =
        (1..=800).map(|n| format!("Paragraph {n}, and a little more of it.\n\n")).collect();
    let long = Article { markdown: paragraphs, ..ferry() };
    let out = limited(vec![long, notes(2).remove(1)], LIMIT);
    assert_eq!(cut_of(&out), Cut { beginnings: 1, ..Cut::default() });
    assert!((LIMIT - 1024..=LIMIT).contains(&out.html.len()), "{}", out.html.len());
    assert!(out.html.contains("Nothing else happened.") && out.text.contains("Nothing else happened."));
}

#[test]
fn where_a_long_article_is_cut_the_short_ones_behind_it_are_whole() {
    let mut articles = notes(6);
    articles[2].markdown = format!("A long story.\n\n{}", "It goes on, and on, and on.\n\n".repeat(2_000));
    let out = limited(articles.clone(), LIMIT);
    assert_eq!(cut_of(&out), Cut { highlights: 1, ..Cut::default() });
    assert!(out.html.len() <= LIMIT && !out.html.contains("A long story."));
    for day in [2, 4, 5, 6] {
        let said = format!("The quay was busy on day {day}.");
        assert!(out.html.contains(&said) && out.text.contains(&said), "{day}");
        assert!(
            out.html.contains(&format!(">More by <span dir=\"auto\">Reporter {day}</span></a>")),
            "{day}"
        );
    }
    assert!(!out.html.contains("More by <span dir=\"auto\">Reporter 3</span>"), "nobody reads that one here");
    let (contents, stories) = out.html.split_once("harbour master expects no delay").unwrap();
    assert!(contents.contains("/articles/note-3\"") && !stories.contains("/articles/note-3\""));
    assert_eq!(out.hash, limited(articles, LIMIT).hash, "the same articles give the same mail");
}

#[test]
fn no_edition_is_larger_than_its_limit_whatever_is_in_it() {
    let vast = |n: usize| "A sentence of a highlight that says far too much. ".repeat(n);
    let heavy = Article {
        highlights: vec![vast(200), vast(200)],
        summary: Some(vast(100)),
        markdown: format!("```\n{}```\n", "code\n".repeat(20_000)),
        ..ferry()
    };
    for limit in [16, 60].map(|kib| kib * 1024) {
        for count in [1, 13] {
            let mut articles = notes(count);
            articles[0] = heavy.clone();
            let out = limited(articles, limit);
            let full = out.html.replace(&Slot::Email.marker(), &"a".repeat(254));
            assert!(full.len() <= limit, "{count} articles: {} of {limit}", full.len());
            assert!(out.html.contains("https://post.example.org/articles/harbour-ferry-returns"));
        }
    }
}

#[test]
fn a_template_without_the_headlines_keeps_its_articles() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("edition")).unwrap();
    let mine = "{% extends \"default/body.html\" %}{% block more_headlines %}{% endblock %}";
    std::fs::write(folder.path().join("edition/body.html"), mine).unwrap();
    let templates = Templates::load(Some(folder.path()), &publication()).unwrap();
    let settings = RenderSettings { size_limit: LIMIT, ..EMBED };
    let out = render(&edition(notes(100)), &publication(), &templates, &settings).unwrap();
    assert_eq!(cut_of(&out), Cut { highlights: 99, ..Cut::default() });
    assert!(size_report(&out).warnings[1].contains("Gmail may clip it"));
}

#[test]
fn a_template_without_the_days_list_keeps_its_articles_whole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("edition")).unwrap();
    for more in ["", "{% block more_headlines %}{% endblock %}"] {
        let mine =
            format!("{{% extends \"default/body.html\" %}}{{% block contents %}}{{% endblock %}}{more}");
        std::fs::write(folder.path().join("edition/body.html"), mine).unwrap();
        let templates = Templates::load(Some(folder.path()), &publication()).unwrap();
        let settings = RenderSettings { size_limit: LIMIT, ..EMBED };
        // A link to `report-9-more` is none to `report-9`.
        let mut linked = twenty();
        for number in 2..=20 {
            let more = format!("\n\n[It](https://post.example.org/articles/report-{number}-more) goes on.");
            linked[0].markdown.push_str(&more);
        }
        for articles in [twenty(), notes(100), linked] {
            let urls: Vec<String> = articles.iter().map(|one| format!("/articles/{}\"", one.slug)).collect();
            let out = render(&edition(articles), &publication(), &templates, &settings).unwrap();
            let lost: Vec<&String> =
                urls.iter().skip(1).filter(|url| !out.html.contains(url.as_str())).collect();
            assert_eq!(lost, Vec::<&String>::new(), "{more}");
        }
    }
}

#[test]
fn an_address_with_an_apostrophe_is_found_where_it_is_shown() {
    let mut articles = twenty();
    for (number, article) in articles.iter_mut().enumerate().skip(1) {
        let url = format!("https://blog.example.org/what's-new-{number}?a=1&b=2");
        article.url = Some(url.parse().unwrap());
    }
    let out = limited(articles, LIMIT);
    assert!(out.html.len() <= LIMIT && out.shortened.is_some(), "{}", out.html.len());
}

#[test]
fn an_article_of_which_there_is_nothing_to_say_in_a_line_has_its_headline_and_no_more() {
    let table = Article {
        markdown: format!("| a | b |\n|---|---|\n{}", "| one | two |\n".repeat(400)),
        ..article("bare.md", "2026-03-02")
    };
    let out = limited(vec![ferry(), table], 17 * 1024);
    assert_eq!(cut_of(&out).highlights, 1);
    assert!(!out.html.contains("18px\"></p>") && !out.text.contains("\n   \n"), "{}", out.text);
}

//! Past editions, their pictures, the front page.

use chrono::TimeDelta;
use straight::comment::{CommentId, Moderation};

use super::archive::site;
use super::{Harbour, edition, now, publication};

#[tokio::test]
async fn an_edition_is_a_page_of_the_site_with_its_articles_whole() {
    let harbour = site("").await;
    let page = harbour.get("/editions/2026-03-02").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let mut last = 0;
    for part in [
        "<link rel=\"canonical\" href=\"https://tide.example/editions/2026-03-02\">",
        "<a class=\"skip\" href=\"#content\">",
        "<nav aria-label=\"Site\">",
        "<main id=\"content\"",
        "<h1><time datetime=\"2026-03-02\">Monday 2 March 2026</time></h1>",
        "No. 1",
        "href=\"/editions/2026-03-02/mail\">As it was mailed</a>",
        "In this edition",
        "<a href=\"#tide\">The Tide</a>",
        "<article class=\"story\" id=\"tide\"",
        "<a href=\"/articles/tide\">The Tide</a></h2>",
        "<img class=\"picture\" src=\"/images/0123456789abcdef.png\"",
        "<h3 id=\"highlights_tide\">",
        "Water of tide, see",
        "<a href=\"https://tables.example/\" rel=\"noopener\">Tables</a>",
        "© 2026 Tide &amp; Time What the coast will be talking about.",
        "<article class=\"story\" id=\"quay\"",
        "Water of quay, see",
        "About the author</h2>",
        "Writes of <em>the sea</em>.",
        "action=\"/subscribe\"",
        "<a class=\"later\" href=\"/editions/2026-03-03\" rel=\"next\">",
        "1 Harbour Street",
    ] {
        let at = page.text()[last..].find(part);
        last += at.unwrap_or_else(|| panic!("no {part} behind {last}: {}", page.text()));
    }
    assert_eq!(page.text().matches("Writes of").count(), 1, "an author of two articles is told of once");
    assert!(!page.text().contains("cid:") && !page.text().contains("base64"));
    for personal in [harbour.unsubscribe_link(), harbour.preferences_link(), "ann@example.org".into()] {
        assert!(!page.text().contains(&personal));
    }
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"),
        "{policy}"
    );
}

#[tokio::test]
async fn of_one_day_s_editions_the_latest_is_what_went_out_last() {
    let harbour = Harbour::open().await;
    for (key, title) in [
        ("2026-03-02", "Low water"),
        ("2026-03-03-flood", "Flood in the morning"),
        ("2026-03-03", "High water"),
        ("2026-03-03-alarm", "Alarm in the evening"),
        ("2026-03-03-end", "All clear"),
    ] {
        harbour.publish(&edition(key, title)).await;
        let latest = harbour.store.editions(None, 1).await.unwrap().remove(0);
        assert_eq!(latest.key.to_string(), key);
        assert!(harbour.get("/").await.text().contains(title), "{title} is on the front page");
    }
    let keys = |before: &str| {
        let before = before.parse().ok();
        let store = harbour.store.clone();
        async move {
            let found = store.editions(before.as_ref(), 10).await.unwrap();
            found.iter().map(|summary| summary.key.to_string()).collect::<Vec<_>>()
        }
    };
    let all = ["2026-03-03-end", "2026-03-03-alarm", "2026-03-03", "2026-03-03-flood", "2026-03-02"];
    assert_eq!(keys("").await, all);
    assert_eq!(keys("2026-03-03").await, all[3..]);
    assert_eq!(keys("2026-03-04").await, all);
    let list = harbour.get("/editions/").await;
    let places = all.map(|key| list.text().find(&format!("href=\"/editions/{key}\"")).expect(key));
    assert!(places.is_sorted(), "{places:?}");
    for (key, earlier, later) in
        [(all[2], all[3], all[1]), (all[3], all[4], all[2]), (all[1], all[2], all[0])]
    {
        let page = harbour.get(&format!("/editions/{key}")).await;
        for (place, rel) in [(earlier, "prev"), (later, "next")] {
            let link = format!("href=\"/editions/{place}\" rel=\"{rel}\"");
            assert!(page.text().contains(&link), "{key}: {link}: {}", page.text());
        }
    }
}

#[tokio::test]
async fn an_edition_is_there_as_it_was_mailed_without_anybody_s_links() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let mail = harbour.get("/editions/2026-03-02/mail").await;
    assert_eq!((mail.status, mail.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(mail.text().contains("High water at noon."));
    assert!(mail.text().contains("src=\"/images/0123456789abcdef.png\""), "{}", mail.text());
    assert!(!mail.text().contains(['\u{E000}', '\u{E001}']) && !mail.text().contains("cid:"));
    for personal in [harbour.unsubscribe_link(), harbour.preferences_link(), "ann@example.org".into()] {
        assert!(!mail.text().contains(&personal));
    }
    let policy = mail.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"), "{policy}");
    assert!(!policy.contains("script-src") && policy.contains("form-action 'none'"), "{policy}");
    let canonical = "<link rel=\"canonical\" href=\"https://tide.example/editions/2026-03-02\">";
    assert!(mail.text().contains(canonical), "{}", mail.text());
    assert!(mail.text().contains("href=\"/editions/2026-03-02\">This edition on the site</a>"));
    for none in ["/editions/2026-03-03/mail", "/editions/2026-03/mail", "/editions/x/mail"] {
        assert_eq!(harbour.get(none).await.status, 404, "{none}");
    }
    // Its page has what there is of it from before there was an archive.
    let page = harbour.get("/editions/2026-03-02").await;
    assert!(page.text().contains("href=\"/editions/2026-03-02/mail#tide-2026-03-02\">"), "{}", page.text());
}

#[tokio::test]
async fn what_a_browser_has_is_not_taken_for_what_is_there_since_a_backup_was_restored() {
    let harbour = site("").await;
    let backup = harbour.backup().await;
    // Under the same names, in the same slot, with the same number: all that differs is what it says.
    let publish = async |harbour: &Harbour, title: &str| {
        let mut next = edition("2026-03-04", title);
        next.hash = format!("of {title}");
        next.headlines[0].slug = "buoy".into();
        let article = super::archive::article("2026-03-04", 0, "buoy", title);
        harbour.publish_with(&next, &[article]).await;
    };
    publish(&harbour, "The Lost Buoy").await;
    let mut had = Vec::new();
    for (path, shows) in [
        ("/", true),
        ("/editions/", true),
        ("/editions/2026-03", true),
        ("/editions/2026-03-03", true),
        ("/editions/2026-03-04", true),
        ("/editions/2026-03-04/mail", true),
        ("/articles/ferry", true),
        ("/articles/buoy", true),
        ("/authors/asa-ek", true),
        ("/tags/high-water", true),
        ("/feed.atom", true),
        ("/feed.json", true),
        ("/sitemap.xml", false),
    ] {
        let page = harbour.get(path).await;
        assert_eq!((page.status, page.text().contains("The Lost Buoy")), (200, shows), "{path}");
        had.push((path, shows, page.header("etag").to_owned()));
    }
    let harbour = harbour.restored(&backup).await;
    publish(&harbour, "The Found Buoy").await;
    for (path, shows, tag) in had {
        for method in ["GET", "HEAD"] {
            let page = harbour.ask(method, path, &format!("If-None-Match: {tag}\r\n")).await;
            assert_eq!(page.status, 200, "{method} {path}");
            assert_ne!(page.header("etag"), tag, "{method} {path}");
        }
        let page = harbour.get(path).await;
        assert_eq!(page.text().contains("The Found Buoy"), shows, "{path}: {}", page.text());
        assert!(!page.text().contains("The Lost Buoy"), "{path}");
    }
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again_until_it_changes() {
    let harbour = site("").await;
    let paths = [
        "/",
        "/editions/",
        "/editions/2026-03",
        "/editions/2026-03-02",
        "/editions/2026-03-02/mail",
        "/editions/2026-03-03",
        "/articles/tide",
        "/articles/ferry",
        "/authors/asa-ek",
        "/tags/high-water",
        "/feed.atom",
        "/feed.json",
        "/sitemap.xml",
    ];
    let mut had = Vec::new();
    for path in paths {
        let first = harbour.get(path).await;
        let (tag, at) = (first.header("etag").to_owned(), first.header("last-modified").to_owned());
        assert_eq!(at, "Mon, 02 Mar 2026 12:00:00 GMT", "{path}");
        // What an edition alone changes may be a minute old; what a moderator changes may not.
        let kept = if path.starts_with("/articles/") { "public, no-cache" } else { "public, max-age=60" };
        for (headers, status) in [
            (format!("If-None-Match: \"x\", W/{tag}\r\n"), 304),
            (format!("If-Modified-Since: {at}\r\n"), 304),
            ("If-Modified-Since: Mon, 02 Mar 2026 11:59:59 GMT\r\n".to_owned(), 200),
            (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {at}\r\n"), 200),
        ] {
            let again = harbour.ask("GET", path, &headers).await;
            assert_eq!(again.status, status, "{path}: {headers}");
            assert_eq!(
                (again.header("etag"), again.header("last-modified")),
                (tag.as_str(), at.as_str()),
                "{path}"
            );
            assert_eq!(again.header("cache-control"), kept, "{path}");
            assert_eq!(again.body.is_empty(), status == 304, "{path}");
        }
        had.push((path, tag));
    }
    harbour.at(now() + TimeDelta::days(2));
    let mut next = edition("2026-03-04", "Low water");
    next.frozen_at = now() + TimeDelta::days(2);
    let mut article = super::archive::article("2026-03-04", 0, "buoy", "The Buoy");
    article.card.published_at = next.frozen_at;
    next.headlines[0].slug = "buoy".into();
    harbour.publish_with(&next, &[article]).await;
    // These alone stay as they were: what is out, with what is out on either side of it.
    let stay = ["/editions/2026-03-02", "/editions/2026-03-02/mail", "/articles/tide"];
    for (path, tag) in had {
        let again = harbour.ask("GET", path, &format!("If-None-Match: {tag}\r\n")).await;
        assert_eq!(again.status, if stay.contains(&path) { 304 } else { 200 }, "{path}");
        let since = "If-Modified-Since: Mon, 02 Mar 2026 12:00:00 GMT\r\n";
        let again = harbour.ask("GET", path, since).await;
        assert_eq!(again.status, if stay.contains(&path) { 304 } else { 200 }, "{path}");
    }
    // Nothing that is not there is known, whatever is asked.
    for none in
        ["/tags/none", "/authors/asa-ek/2", "/editions/2026-04", "/editions/2026-03-05", "/articles/none"]
    {
        let since = "If-Modified-Since: Wed, 04 Mar 2026 12:00:00 GMT\r\n";
        assert_eq!(harbour.ask("GET", none, since).await.status, 404, "{none}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_rendered_again_is_the_same_page() {
    let harbour = site("").await;
    for path in
        ["/", "/editions/", "/editions/2026-03", "/editions/2026-03-02", "/tags/high-water", "/articles/tide"]
    {
        let (first, again) = (harbour.get(path).await, harbour.get(path).await);
        assert_eq!((first.status, first.body.is_empty()), (200, false), "{path}");
        assert_eq!((again.headers, again.body), (first.headers, first.body), "{path}");
    }
}

#[tokio::test]
async fn an_article_s_page_changes_with_its_comments_and_with_the_settings() {
    let harbour = site("comments: {close_after: 3d}").await;
    let has = async |tag: &str| {
        harbour.ask("GET", "/articles/tide", &format!("If-None-Match: {tag}\r\n")).await.status == 304
    };
    let page = harbour.get("/articles/tide").await;
    let first = page.header("etag").to_owned();
    let say = "name=Bo&email=bo%40example.org&text=Hi+there";
    harbour.post_form("/articles/tide/comments", say).await;
    assert!(has(&first).await, "a comment that waits is not shown");
    let decide = async |moderation| {
        harbour.store.moderate(CommentId(1), moderation, now()).await.unwrap();
    };
    decide(Moderation::Approved).await;
    assert!(!has(&first).await);
    let shown = harbour.get("/articles/tide").await;
    assert!(shown.text().contains("Hi there"), "{}", shown.text());
    assert_eq!(shown.header("last-modified"), "", "when a comment is erased is not on record");
    let since = "If-Modified-Since: Mon, 02 Mar 2026 12:00:00 GMT\r\n";
    assert_eq!(harbour.ask("GET", "/articles/tide", since).await.status, 200);
    let shown = shown.header("etag").to_owned();
    harbour.store.erase_comments(&"bo@example.org".parse().unwrap()).await.unwrap();
    assert!(!has(&shown).await && has(&first).await, "as it was before");
    assert_eq!(harbour.get("/articles/tide").await.text(), page.text(), "as it was before");
    harbour.at(now() + TimeDelta::days(3));
    assert!(!has(&first).await, "the form has gone");
    // Another setting is another page of the same content.
    let other = site("comments: {accept: closed}").await;
    assert_ne!(
        other.get("/articles/quay").await.header("etag"),
        harbour.get("/articles/quay").await.header("etag")
    );
}

#[tokio::test]
async fn a_picture_keeps_its_type_and_is_kept_for_ever() {
    let harbour = Harbour::open().await;
    let mut second = edition("2026-03-03", "Low water");
    second.embedded[0].file_name = "fedcba9876543210.svg".into();
    second.embedded[0].media_type = "image/svg+xml".into();
    harbour.publish(&edition("2026-03-02", "High water")).await;
    harbour.publish(&second).await;
    let picture = harbour.get("/images/0123456789abcdef.png").await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert_eq!(picture.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(picture.header("x-content-type-options"), "nosniff");
    assert_eq!(picture.body, b"\x89PNG not really");
    // What could run is never served as what it is.
    let risky = harbour.get("/images/fedcba9876543210.svg").await;
    assert_eq!(risky.header("content-type"), "application/octet-stream");
    for path in ["/images/none.png", "/images/..%2Fstraight.db", "/images/%2Fetc%2Fpasswd"] {
        harbour.get(path).await.assert_page(404, "There is no such page");
    }
}

#[tokio::test]
async fn editions_are_listed_newest_first_by_month() {
    let harbour = Harbour::open().await;
    for (month, days) in [(1, 1..=2), (2, 1..=3), (3, 1..=11), (12, 1..=1)] {
        for day in days {
            let year = if month == 12 { 2025 } else { 2026 };
            let key = format!("{year}-{month:02}-{day:02}");
            harbour.publish(&edition(&key, &format!("Day {day} <of> {month}"))).await;
        }
    }
    let list = harbour.get("/editions/").await;
    list.assert_page(200, "Past editions");
    let place = |text: &str| list.text().find(text).unwrap_or_else(|| panic!("no {text}: {}", list.text()));
    assert!(place("Day 11 &lt;of&gt; 3") < place("Day 1 &lt;of&gt; 3"));
    assert!(place("Day 1 &lt;of&gt; 3") < place("Day 3 &lt;of&gt; 2"), "whole months, until there are some");
    assert!(!list.text().contains("&lt;of&gt; 1<"), "older months have pages of their own");
    assert!(list.text().contains("Wednesday 11 March 2026"));
    assert!(place("href=\"/editions/2026-01\"") < place("href=\"/editions/2025-12\""));
    assert!(list.text().contains("11 editions") && list.text().contains("1 edition<"));

    let month = harbour.get("/editions/2026-02").await;
    month.assert_page(200, "February 2026");
    assert_eq!(month.text().matches("class=\"title\"").count(), 3, "{}", month.text());
    assert!(month.text().contains("<a href=\"/editions/2026-03\" rel=\"next\">March 2026</a>"));
    assert!(month.text().contains("<a href=\"/editions/2026-01\" rel=\"prev\">January 2026</a>"));

    let front = harbour.get("/").await;
    front.assert_page(200, "<bdi>Tide &amp; Time</bdi>");
    assert!(front.text().contains("Day 11 ") && front.text().contains("No. 16"), "{}", front.text());
    assert!(front.text().contains("Day 10 ") && front.text().contains("Day 3 "), "recent news");
    assert!(!front.text().contains("Day 1 "), "{}", front.text());
    assert_eq!(harbour.get("/editions").await.header("location"), "/editions/");
}

#[tokio::test]
async fn an_edition_that_is_not_there_is_no_page() {
    let harbour = Harbour::open().await;
    for path in [
        "/editions/2026-03-02",
        "/editions/x",
        "/editions/2026-13-01",
        "/editions/2026-03-02-X",
        "/editions/2026-02",
        "/editions/2026-13",
        "/nowhere",
    ] {
        harbour.get(path).await.assert_page(404, "There is no such page");
    }
    harbour.get("/editions/%FF").await.assert_page(400, "That could not be read");
    assert!(harbour.get("/").await.text().contains("Nothing has been sent yet."));
}

#[tokio::test]
async fn the_style_sheet_is_small_and_kept() {
    let harbour = Harbour::open().await;
    let page = harbour.get("/").await;
    let link = page.text().split("href=\"").find(|part| part.starts_with("/style.css")).unwrap();
    let sheet = harbour.get(link.split('"').next().unwrap()).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(sheet.body.len() <= 12 * 1024, "{} bytes", sheet.body.len());
    let tag = format!("If-None-Match: {}\r\n", sheet.header("etag"));
    assert_eq!(harbour.ask("GET", "/style.css", &tag).await.status, 304);
}

#[tokio::test]
async fn a_page_is_in_the_publication_s_language_and_below_its_path() {
    let mut publication = publication();
    publication.language = "ar".into();
    publication.public_url = "https://example.org/news".parse().unwrap();
    let templates = tempfile::tempdir().unwrap();
    let web = templates.path().join("web");
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("left.html"), "own").unwrap();
    std::fs::write(
        web.join("front.html"),
        "{% extends \"base.html\" %}{% block content %}<h1>Ours</h1>{% endblock %}",
    )
    .unwrap();
    let harbour = Harbour::open_with(&publication, Some(templates.path())).await;
    let page = harbour.get("/").await;
    page.assert_page(200, "Ours");
    assert!(page.text().contains("<html lang=\"ar\" dir=\"rtl\">"));
    // What is written in the other direction keeps its own: the number of a house stays before its street.
    assert!(page.text().contains("<p><bdi>1 Harbour Street, Port Example</bdi></p>"), "{}", page.text());
    assert!(page.text().contains("<p class=\"strong\"><bdi>Tide &amp; Time</bdi></p>"), "{}", page.text());
    assert!(page.text().contains("dir=\"auto\">Tide &amp; Time</a>"), "{}", page.text());
    assert!(
        page.text().contains("href=\"/news/style.css?v=") && page.text().contains("href=\"/news/editions/\"")
    );
    assert_eq!(harbour.get("/editions").await.header("location"), "/news/editions/");
}

#[test]
fn a_broken_template_of_the_user_s_names_its_file() {
    let templates = tempfile::tempdir().unwrap();
    std::fs::create_dir(templates.path().join("web")).unwrap();
    std::fs::write(templates.path().join("web/front.html"), "{% if %}").unwrap();
    let error = straight::web::Pages::new(&publication(), Some(templates.path())).unwrap_err().to_string();
    assert!(error.contains("front.html"), "{error}");
}

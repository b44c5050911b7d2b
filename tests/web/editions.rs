//! Past editions, their pictures, the front page.

use super::{Harbour, edition, publication};

#[tokio::test]
async fn an_edition_is_read_in_the_browser_without_anybody_s_links() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let page = harbour.get("/editions/2026-03-02").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text().contains("High water at noon."));
    assert!(page.text().contains("src=\"/images/0123456789abcdef.png\""), "{}", page.text());
    assert!(!page.text().contains(['\u{E000}', '\u{E001}']) && !page.text().contains("cid:"));
    for personal in [harbour.unsubscribe_link(), harbour.preferences_link(), "ann@example.org".into()] {
        assert!(!page.text().contains(&personal));
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");

    assert!(page.text().contains("href=\"/editions/\">Past editions</a>"), "{}", page.text());
    let tag = format!("If-None-Match: {}\r\n", page.header("etag"));
    let again = harbour.ask("GET", "/editions/2026-03-02", &tag).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
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
    for path in ["/images/none.png", "/images/..%2Fstraight.db", "/images/%2Fetc%2Fpasswd", "/images/"] {
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
    front.assert_page(200, "Tide &amp; Time");
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

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

    let again = harbour.ask("GET", "/editions/2026-03-02", "If-None-Match: \"2026-03-02-hash\"\r\n").await;
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
async fn editions_are_listed_newest_first_in_pages() {
    let harbour = Harbour::open().await;
    for day in 1..=23 {
        harbour.publish(&edition(&format!("2026-01-{day:02}"), &format!("Day {day} <of> 23"))).await;
    }
    let first = harbour.get("/editions/").await;
    first.assert_page(200, "Past editions");
    let place = |text: &str| first.text().find(text).unwrap_or_else(|| panic!("no {text}: {}", first.text()));
    assert!(place("Day 23 &lt;of&gt; 23") < place("Day 22 ") && place("Day 22 ") < place("Day 4 "));
    assert!(!first.text().contains("Day 3 ") && first.text().contains("/editions/?before=2026-01-04"));
    assert!(first.text().contains("Friday 23 January 2026"));

    let second = harbour.get("/editions/?before=2026-01-04").await;
    assert!(second.text().contains("Day 3 ") && second.text().contains("Day 1 "));
    assert!(!second.text().contains("?before=") && second.text().contains("Newest editions"));

    let front = harbour.get("/").await;
    front.assert_page(200, "Tide &amp; Time");
    assert!(front.text().contains("Day 19 ") && !front.text().contains("Day 18 "));
    assert_eq!(harbour.get("/editions").await.header("location"), "/editions/");
}

#[tokio::test]
async fn an_edition_that_is_not_there_is_no_page() {
    let harbour = Harbour::open().await;
    for path in
        ["/editions/2026-03-02", "/editions/x", "/editions/2026-13-01", "/editions/2026-03-02-X", "/nowhere"]
    {
        harbour.get(path).await.assert_page(404, "There is no such page");
    }
    harbour.get("/editions/?before=yesterday").await.assert_page(400, "That could not be read");
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

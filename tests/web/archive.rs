//! The archive on the web: article, author and tag pages, search, feeds, maps of the site.

use std::collections::BTreeMap;

use straight::archive::{ArchivedArticle, ArchivedImage, ArchivedSource, Body, Byline, Card, Named, SITE};
use straight::edition::Headline;

use super::{Harbour, edition, now, publication};

/// What would run if it were let.
const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";

pub(super) fn article(key: &str, position: u32, slug: &str, title: &str) -> ArchivedArticle {
    let author = Named::of("Åsa Ek");
    ArchivedArticle {
        card: Card {
            slug: slug.into(),
            edition: key.parse().unwrap(),
            position,
            title: title.into(),
            date: key[..10].parse().unwrap(),
            published_at: now(),
            summary: Some(format!("The deck of {title}")),
            author: Some(author.clone()),
            tags: vec![Named::of("High Water")],
            elsewhere: None,
            words: 500,
        },
        body: Body {
            language: "en-GB".into(),
            highlights: vec![format!("It is <strong>{slug}</strong>")],
            image: Some(ArchivedImage {
                src: format!("{SITE}/images/0123456789abcdef.png"),
                alt: "A wave".into(),
                caption: Some("At <em>noon</em>".into()),
                size: Some((800, 600)),
            }),
            byline: Some(Byline {
                author,
                biography: Some("Writes of <em>the sea</em>.".into()),
                link: Some("https://asa.example/".into()),
                photo: Some("https://asa.example/asa.jpg".into()),
            }),
            sources: vec![ArchivedSource {
                title: "Tables".into(),
                url: Some("https://tables.example/".into()),
            }],
            copyright: "© 2026 Tide & Time".into(),
            html: format!(
                "<p>Water of {slug}, see <a href=\"{SITE}/articles/quay\">the quay</a> and <a href=\"https://other.example/\">there</a>.</p>\n"
            ),
            text: format!("Water of {slug}, see the quay and there."),
        },
    }
}

async fn publish(harbour: &Harbour, key: &str, articles: &[ArchivedArticle]) {
    let mut edition = edition(key, &articles[0].card.title);
    edition.headlines = articles
        .iter()
        .map(|article| Headline {
            slug: article.card.slug.clone(),
            title: article.card.title.clone(),
            url: format!("https://tide.example/articles/{}", article.card.slug),
            date: article.card.date,
            summary: article.card.summary.clone(),
        })
        .collect();
    harbour.publish_with(&edition, articles).await;
}

/// A site with three articles in two editions.
pub(super) async fn site(settings: &str) -> Harbour {
    let harbour = Harbour::with(settings).await;
    publish(
        &harbour,
        "2026-03-02",
        &[article("2026-03-02", 0, "tide", "The Tide"), article("2026-03-02", 1, "quay", "The Quay")],
    )
    .await;
    publish(&harbour, "2026-03-03", &[article("2026-03-03", 0, "ferry", "The Ferry & Co")]).await;
    harbour
}

#[tokio::test]
async fn an_article_has_a_page_in_the_order_of_the_mail() {
    let harbour = site("").await;
    let page = harbour.get("/articles/tide").await;
    assert_eq!(page.status, 200);
    let mut last = 0;
    for part in [
        "<link rel=\"canonical\" href=\"https://tide.example/articles/tide\">",
        "<meta property=\"og:image\" content=\"https://tide.example/images/0123456789abcdef.png\">",
        "<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\"",
        "<h1 id=\"title_tide\" dir=\"auto\">The Tide</h1>",
        "The deck of The Tide</p>",
        "href=\"/authors/asa-ek\"",
        "2 March 2026</time>",
        "3 minutes to read",
        "<img class=\"picture\" src=\"/images/0123456789abcdef.png\" alt=\"A wave\" width=\"800\" height=\"600\">",
        "At <em>noon</em>",
        "Highlights</h2>",
        "It is <strong>tide</strong>",
        "<a href=\"/articles/quay\">the quay</a>",
        "<a href=\"https://other.example/\" rel=\"noopener\">there</a>",
        "https://tables.example/",
        "href=\"/tags/high-water\"",
        "About the author",
        "Writes of <em>the sea</em>.",
        "© 2026 Tide &amp; Time What the coast will be talking about.",
        "href=\"/articles/quay\" rel=\"prev\"",
        "Previous article",
        "href=\"/articles/ferry\" rel=\"next\"",
    ] {
        let rest = &page.text()[last..];
        let at = rest.find(part);
        last += at.unwrap_or_else(|| panic!("no {part} behind {last}: {}", page.text()));
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self' https:;"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");

    let tag = page.header("etag").to_owned();
    assert!(tag.starts_with('"') && page.header("cache-control") == "public, no-cache");
    let again = harbour.ask("GET", "/articles/tide", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    let head = harbour.ask("HEAD", "/articles/tide", "").await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, tag.as_str()));
}

#[tokio::test]
async fn an_article_of_before_the_archive_says_where_it_is_read() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let page = harbour.get("/articles/tide-2026-03-02").await;
    assert!(
        page.status == 200 && page.text().contains("<h1 dir=\"auto\">High water</h1>"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("before the archive kept every article whole"), "{}", page.text());
    assert!(page.text().contains("href=\"/editions/2026-03-02/mail#tide-2026-03-02\""), "{}", page.text());
    let tag = format!("If-None-Match: {}\r\n", page.header("etag"));
    assert_eq!(harbour.ask("GET", "/articles/tide-2026-03-02", &tag).await.status, 304);
    for path in ["/articles/none", "/articles/..%2F..%2Fetc%2Fpasswd", "/articles/%00"] {
        assert_eq!(harbour.get(path).await.status, 404, "{path}");
    }
    let lost = harbour.get("/articles/none").await;
    lost.assert_page(404, "There is no such page");
    assert!(lost.text().contains("action=\"/search\"") && lost.text().contains("href=\"/editions/\""));
}

#[tokio::test]
async fn what_is_withdrawn_is_gone_from_every_page_at_once() {
    let harbour = site("").await;
    let paths = [
        "/",
        "/editions/",
        "/editions/2026-03",
        "/feed.atom",
        "/feed.json",
        "/sitemap.xml",
        "/search?q=ferry",
    ];
    let editions = ["/editions/2026-03-03", "/editions/2026-03-03/mail", "/articles/ferry"];
    let tell = async || {
        let mut told = Vec::new();
        for path in paths {
            let page = harbour.get(path).await;
            told.push(page.text().contains("/articles/ferry") || page.text().contains("The Ferry"));
        }
        told
    };
    assert!(harbour.get("/articles/tide").await.text().contains("The Ferry"), "the next article");
    let shown = tell().await;
    assert!(shown.iter().filter(|shown| **shown).count() >= 5, "{shown:?}");
    let tag = format!("If-None-Match: {}\r\n", harbour.get("/").await.header("etag"));
    assert!(harbour.store.withdraw("ferry", "ann", None, now()).await.unwrap());
    assert_eq!(tell().await, [false; 7]);
    assert_eq!(harbour.ask("GET", "/", &tag).await.status, 200, "what a browser kept is old");
    assert!(!harbour.get("/articles/tide").await.text().contains("The Ferry"));
    for path in editions {
        harbour.get(path).await.assert_page(410, "This is withdrawn");
    }
    assert!(harbour.store.restore("ferry", now()).await.unwrap());
    assert_eq!(tell().await, shown);
    // The rest of an edition stays, but for the mail, which is of one piece.
    assert!(harbour.store.withdraw("quay", "ann", None, now()).await.unwrap());
    let edition = harbour.get("/editions/2026-03-02").await;
    assert!(edition.status == 200 && edition.text().contains("The Tide"));
    assert!(!edition.text().contains("The Quay") && !edition.text().contains("/mail"), "{}", edition.text());
    assert_eq!(harbour.get("/editions/2026-03-02/mail").await.status, 410);
}

#[tokio::test]
async fn a_slash_too_many_leads_on_to_the_page() {
    let harbour = site("").await;
    for (asked, place) in
        [("/articles/tide/", "/articles/tide"), ("/search/?q=a", "/search?q=a"), ("/nowhere/", "/nowhere")]
    {
        let answer = harbour.get(asked).await;
        assert_eq!((answer.status, answer.header("location")), (308, place), "{asked}");
    }
    for odd in ["//evil.example/", "/x//evil.example/"] {
        let answer = harbour.get(odd).await;
        assert_eq!((answer.status, answer.header("location")), (404, ""), "{odd}");
    }
    assert_eq!(harbour.ask("POST", "/articles/tide/comments/", "").await.status, 404);
}

#[tokio::test]
async fn a_site_without_a_tagline_has_no_empty_lines() {
    let harbour = site("publication: {tagline: \"\"}").await;
    let page = harbour.get("/").await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("content=\"\"") && !page.text().contains("<bdi></bdi>"), "{}", page.text());
}

#[tokio::test]
async fn an_article_of_the_other_direction_and_its_tables_have_their_own_way() {
    let harbour = Harbour::open().await;
    let mut arabic = article("2026-03-02", 0, "tide", "The Tide");
    arabic.card.title = "عودة العبّارة إلى الميناء".into();
    arabic.card.summary = Some("ماء أكثر مما كان".into());
    arabic.body.highlights = Vec::new();
    arabic.body.html = "<p>عودة</p><table><tbody><tr><td>1</td></tr></tbody></table>".into();
    publish(&harbour, "2026-03-02", &[arabic, article("2026-03-02", 1, "quay", "The Quay")]).await;
    let page = harbour.get("/articles/tide").await;
    assert!(page.text().contains("<div class=\"text\" dir=\"rtl\">"), "{}", page.text());
    assert!(page.text().contains("aria-label=\"Table\" tabindex=\"0\"><table>"), "{}", page.text());
    assert!(harbour.get("/articles/quay").await.text().contains("<div class=\"text\">"));
}

#[tokio::test]
async fn authors_and_tags_have_pages_that_go_on() {
    let harbour = Harbour::open().await;
    for day in 1..=23 {
        let key = format!("2026-01-{day:02}");
        publish(&harbour, &key, &[article(&key, 0, &format!("day-{day}"), &format!("Day {day}."))]).await;
    }
    for (place, heading) in [
        ("/authors/asa-ek", "<h1 dir=\"auto\">Åsa Ek</h1>"),
        ("/tags/high-water", "<h1>Topic: High Water</h1>"),
    ] {
        let first = harbour.get(place).await;
        assert!(first.status == 200 && first.text().contains(heading), "{}", first.text());
        assert!(first.text().contains("23 articles") && first.text().contains("Page 1 of 2"));
        assert!(
            first.text().contains("Day 23.")
                && first.text().contains("Day 4.")
                && !first.text().contains(">Day 3.")
        );
        let second = harbour.get(&format!("{place}/2")).await;
        assert!(second.text().contains(">Day 3.") && !second.text().contains(">Day 4."), "{}", second.text());
        assert!(second.text().contains(&format!("href=\"{place}\" rel=\"prev\"")), "{}", second.text());
        assert_eq!(harbour.get(&format!("{place}/1")).await.header("location"), place);
        for gone in ["3", "0", "18446744073709551615"] {
            assert_eq!(harbour.get(&format!("{place}/{gone}")).await.status, 404, "{gone}");
        }
    }
    assert!(harbour.get("/authors/asa-ek").await.text().contains("Writes of <em>the sea</em>."));
    for none in ["/authors/nobody", "/tags/none", "/authors/%0D%0AX:1/1", "/tags/..%2f"] {
        assert_eq!(harbour.get(none).await.status, 404, "{none}");
    }
}

#[tokio::test]
async fn a_reader_finds_words_and_sees_where_they_stand() {
    let harbour = site("").await;
    let empty = harbour.get("/search").await;
    empty.assert_page(200, "Search");
    let found = harbour.get("/search?q=FERRY+wat").await;
    assert!(found.text().contains("1</span> article has"), "{}", found.text());
    assert!(found.text().contains("The <mark>Ferry</mark> &amp; Co"), "{}", found.text());
    assert!(found.text().contains("<mark>Water</mark> of <mark>ferry</mark>, see"), "{}", found.text());
    assert!(found.text().contains("value=\"FERRY wat\"") && found.text().contains("noindex"));
    let in_highlight = harbour.get("/search?q=%22It+is+ferry%22").await;
    assert!(in_highlight.text().contains("<mark>It is ferry</mark>"), "{}", in_highlight.text());
    assert!(harbour.get("/search?q=zebra").await.text().contains("Nothing was found for"));
    assert!(harbour.get("/search?q=-tide").await.text().contains("Please type a word"));
    for day in 1..=23 {
        let key = format!("2026-01-{day:02}");
        publish(&harbour, &key, &[article(&key, 0, &format!("day-{day}"), &format!("Day {day}."))]).await;
    }
    let second = harbour.get("/search?q=%22of+day%22&page=2").await;
    assert!(
        second.text().contains("23</span> articles have") && second.text().contains("Page 2 of 3"),
        "{}",
        second.text()
    );
    assert!(
        second.text().contains("href=\"/search?q=%22of%20day%22&amp;page=3\" rel=\"next\""),
        "{}",
        second.text()
    );
    for odd in [
        "/search?q=%22",
        "/search?q=NEAR(a%20b)",
        "/search?q=title:x%20OR%20*",
        "/search?q=a&page=x",
        "/search?q=%FF",
        "/search?q=a&page=99999999999999999999",
        "/search?q=%00",
        "/search?q=a&page=-1",
        "/search?page=2",
        "/search?q='%20OR%201=1--",
    ] {
        let answer = harbour.get(odd).await;
        assert!([200, 400].contains(&answer.status), "{odd}: {}", answer.status);
        assert_eq!(answer.status == 400, odd.contains("%FF") && answer.status == 400, "{odd}");
    }
    let long = harbour.get(&format!("/search?q={}", "tide+".repeat(1500))).await;
    assert!(long.status == 200 && long.text().contains("article has"), "{}", long.status);
}

#[tokio::test]
async fn nothing_that_an_editor_or_a_visitor_writes_runs() {
    let harbour = Harbour::open().await;
    let mut evil = article("2026-03-02", 0, "evil", EVIL);
    evil.card.summary = Some(EVIL.into());
    evil.card.tags = vec![Named::of(EVIL)];
    let author = Named::of(EVIL);
    evil.card.author = Some(author.clone());
    evil.body.text = EVIL.into();
    evil.body.copyright = EVIL.into();
    evil.body.sources[0].title = EVIL.into();
    let byline = evil.body.byline.as_mut().unwrap();
    byline.author = author;
    byline.link = Some(format!("https://x.example/{EVIL}"));
    byline.photo = Some(format!("https://x.example/{EVIL}"));
    let image = evil.body.image.as_mut().unwrap();
    (image.alt, image.src) = (EVIL.into(), format!("https://x.example/{EVIL}"));
    let (author, tag) = (Named::of(EVIL).key, evil.card.tags[0].key.clone());
    publish(&harbour, "2026-03-02", &[evil]).await;
    let typed = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        "/".to_owned(),
        "/articles/evil".to_owned(),
        "/editions/".to_owned(),
        "/editions/2026-03".to_owned(),
        "/editions/2026-03-02".to_owned(),
        format!("/authors/{author}"),
        format!("/tags/{tag}"),
        format!("/search?q={typed}"),
        format!("/search?q=zebra{typed}"),
        format!("/{typed}"),
    ] {
        let page = harbour.get(&path).await;
        assert!([200, 404].contains(&page.status), "{path}: {}", page.status);
        let text = page.text().replace("<script type=\"application/ld+json\">", "");
        assert!(!text.contains("<script") && !text.contains("<img src=x"), "{path}: {text}");
        assert_eq!(text.matches("</script>").count(), usize::from(path == "/articles/evil"), "{path}");
        assert!(!page.header("content-security-policy").contains("unsafe"), "{path}");
    }
    let json_ld = harbour.get("/articles/evil").await;
    let json = json_ld.text().split("ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["headline"], EVIL);

    // In feeds it is text, for those who read them as for those who make HTML of what they hold.
    let feed = harbour.get("/feed.atom").await;
    assert!(!feed.text().contains("<script") && !feed.text().contains("<img"), "{}", feed.text());
    let feed = xml(feed.text());
    let entry = feed.all("entry").next().unwrap();
    assert_eq!((entry.text_of("title"), entry.text_of("summary")), (EVIL.to_owned(), EVIL.to_owned()));
    let json: serde_json::Value = serde_json::from_slice(&harbour.get("/feed.json").await.body).unwrap();
    assert_eq!((&json["items"][0]["title"], &json["items"][0]["tags"][0]), (&EVIL.into(), &EVIL.into()));
    for html in [entry.text_of("content"), json["items"][0]["content_html"].as_str().unwrap().to_owned()] {
        assert!(html.contains("Water of evil"), "{html}");
        assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
    }
}

#[tokio::test]
async fn the_atom_feed_is_whole_and_well_formed() {
    let harbour = site("").await;
    let feed = harbour.get("/feed.atom").await;
    assert_eq!((feed.status, feed.header("content-type")), (200, "application/atom+xml; charset=utf-8"));
    let root = xml(feed.text());
    assert_eq!((root.name.as_str(), root.attribute("xmlns")), ("feed", "http://www.w3.org/2005/Atom"));
    // RFC 4287 §4.1.1 and §4.1.2: what must be there, once.
    for element in ["id", "title", "updated"] {
        assert_eq!(root.all(element).count(), 1, "{element}");
    }
    assert_eq!(root.text_of("updated"), "2026-03-02T12:00:00Z");
    let links: Vec<_> =
        root.all("link").map(|link| (link.attribute("rel"), link.attribute("href"))).collect();
    assert_eq!(links, [("self", "https://tide.example/feed.atom"), ("alternate", "https://tide.example/")]);
    let entries: Vec<&Element> = root.all("entry").collect();
    assert_eq!(entries.len(), 3);
    let ids: Vec<String> = entries.iter().map(|entry| entry.text_of("id")).collect();
    assert_eq!(
        ids,
        [
            "tag:tide.example,2026-03-03:ferry",
            "tag:tide.example,2026-03-02:tide",
            "tag:tide.example,2026-03-02:quay"
        ]
    );
    for entry in entries {
        for element in ["id", "title", "updated", "published", "content", "summary", "author"] {
            assert_eq!(entry.all(element).count(), 1, "{element}");
        }
        assert_eq!(entry.all("link").next().unwrap().attribute("rel"), "alternate");
        let content = entry.text_of("content");
        assert!(content.contains("src=\"https://tide.example/images/0123456789abcdef.png\""), "{content}");
        assert!(content.contains("<a href=\"https://tide.example/articles/quay\">the quay</a>"), "{content}");
        assert!(content.contains("<li>It is <strong>") && !content.contains(SITE), "{content}");
    }
    assert_eq!(feed.header("last-modified"), "Mon, 02 Mar 2026 12:00:00 GMT");
    let tag = format!("If-None-Match: {}\r\n", feed.header("etag"));
    let since = "If-Modified-Since: Mon, 02 Mar 2026 12:00:00 GMT\r\n";
    for (headers, status) in [
        (tag.as_str(), 304),
        (since, 304),
        ("If-Modified-Since: Mon, 02 Mar 2026 11:59:59 GMT\r\n", 200),
        ("If-None-Match: \"other\"\r\nIf-Modified-Since: Mon, 02 Mar 2026 12:00:00 GMT\r\n", 200),
        ("If-Modified-Since: yesterday\r\n", 200),
    ] {
        assert_eq!(harbour.ask("GET", "/feed.atom", headers).await.status, status, "{headers}");
    }
    let empty = Harbour::open().await;
    assert_eq!(xml(empty.get("/feed.atom").await.text()).all("entry").count(), 0);
}

#[tokio::test]
async fn the_json_feed_has_what_its_version_asks_for() {
    let harbour = site("").await;
    let feed = harbour.get("/feed.json").await;
    assert_eq!(feed.header("content-type"), "application/feed+json");
    let json: serde_json::Value = serde_json::from_slice(&feed.body).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!((&json["title"], &json["language"]), (&"Tide & Time".into(), &"en-GB".into()));
    assert_eq!(json["feed_url"], "https://tide.example/feed.json");
    let items = json["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    for item in items {
        assert!(item["id"].is_string() && item["content_html"].as_str().unwrap().contains("Water of"));
        assert!(item["url"].as_str().unwrap().starts_with("https://tide.example/articles/"));
        assert_eq!((&item["authors"][0]["name"], &item["tags"][0]), (&"Åsa Ek".into(), &"High Water".into()));
        item["date_published"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    }
}

#[tokio::test]
async fn the_map_of_the_site_has_every_page_and_every_page_is_there() {
    let harbour = site("").await;
    // Of before there was an archive.
    let mut old = edition("2026-02-27", "Low water");
    old.frozen_at = now() - chrono::TimeDelta::days(3);
    harbour.publish(&old).await;
    let map = harbour.get("/sitemap.xml").await;
    assert_eq!(map.header("content-type"), "application/xml; charset=utf-8");
    let root = xml(map.text());
    assert_eq!(root.attribute("xmlns"), "http://www.sitemaps.org/schemas/sitemap/0.9");
    let pages: Vec<String> = root.all("url").map(|url| url.text_of("loc")).collect();
    for page in [
        "",
        "editions/",
        "editions/2026-03",
        "authors/asa-ek",
        "tags/high-water",
        "editions/2026-03-02",
        "editions/2026-02",
        "editions/2026-02-27",
        "articles/quay",
    ] {
        assert!(pages.contains(&format!("https://tide.example/{page}")), "{page}: {pages:?}");
    }
    assert_eq!(pages.len(), 12, "{pages:?}");
    let old = root.all("url").find(|url| url.text_of("loc").ends_with("editions/2026-02-27")).unwrap();
    assert_eq!(old.text_of("lastmod"), "2026-02-27T12:00:00Z");
    for page in pages {
        let path = page.strip_prefix("https://tide.example").unwrap();
        assert_eq!(harbour.get(path).await.status, 200, "{path}");
    }
    assert_eq!(harbour.get("/sitemaps/1.xml").await.text(), map.text());
    assert_eq!(harbour.get("/sitemaps/2.xml").await.status, 404);
    let robots = harbour.get("/robots.txt").await;
    assert!(robots.text().contains("Disallow: /search\n"), "{}", robots.text());
    assert!(robots.text().ends_with("Sitemap: https://tide.example/sitemap.xml\n"), "{}", robots.text());
}

#[tokio::test]
async fn reading_changes_nothing_and_nobody_s_own_links_are_in_what_is_read() {
    let harbour = site("").await;
    let before = harbour.disk();
    let personal = [harbour.unsubscribe_link(), harbour.preferences_link(), "ann@example.org".into()];
    for path in [
        "/",
        "/editions/",
        "/editions/2026-03",
        "/editions/2026-03-02",
        "/editions/2026-03-02/mail",
        "/articles/tide",
        "/authors/asa-ek",
        "/tags/high-water",
        "/search?q=ann",
        "/search?q=example",
        "/feed.atom",
        "/feed.json",
        "/sitemap.xml",
        "/robots.txt",
        "/style.css",
        "/nowhere",
    ] {
        for method in ["GET", "HEAD", "GET"] {
            let answer = harbour.ask(method, path, "").await;
            for link in &personal {
                let bytes = link.as_bytes();
                assert!(!answer.body.windows(bytes.len()).any(|part| part == bytes), "{link} in {path}");
            }
        }
    }
    assert!(harbour.disk() == before, "a GET has written to the database");
}

#[tokio::test]
async fn links_that_lead_out_say_so_when_configured() {
    let mut publication = publication();
    publication.public_url = "https://example.org/news".parse().unwrap();
    let harbour = Harbour::open_as(&publication, None, "web: {outside_links: new_tab}").await;
    publish(&harbour, "2026-03-02", &[article("2026-03-02", 0, "tide", "The Tide")]).await;
    let page = harbour.get("/articles/tide").await;
    assert!(
        page.text().contains("<a href=\"https://other.example/\" rel=\"noopener\" target=\"_blank\">there<span class=\"aloud\"> (opens in a new tab)</span></a>"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("<a href=\"/news/articles/quay\">the quay</a>"), "{}", page.text());
    let aloud = "<span class=\"aloud\"> (opens in a new tab)</span></a>";
    let author = harbour.get("/authors/asa-ek").await;
    let edition = harbour.get("/editions/2026-03-02").await;
    for (place, says) in [(&page, 3), (&author, 1), (&edition, 3)] {
        assert_eq!(place.text().matches(aloud).count(), says, "{}", place.text());
        let there = "<a href=\"https://asa.example/\" rel=\"noopener\" target=\"_blank\">";
        assert!(place.text().contains(there), "{}", place.text());
    }
    let source = "<a href=\"https://tables.example/\" rel=\"noopener\" target=\"_blank\">Tables";
    assert!(page.text().contains(source) && edition.text().contains(source), "{}", page.text());
    let same = site("").await.get("/articles/tide").await;
    assert!(
        !same.text().contains("_blank") && !same.text().contains("opens in a new tab"),
        "{}",
        same.text()
    );
}

/// An element of well-formed XML.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    #[track_caller]
    fn text_of(&self, name: &str) -> String {
        self.all(name).next().unwrap_or_else(|| panic!("no {name} in {}", self.name)).text.clone()
    }
}

/// Reads what our feeds may hold of XML, and is as strict about it as any reader: tags match, entities are known.
#[track_caller]
fn xml(text: &str) -> Element {
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").unwrap();
    let mut open = vec![Element::default()];
    for (i, part) in rest.split('<').enumerate() {
        let (tag, text) = if i == 0 { ("", part) } else { part.split_once('>').unwrap() };
        if let Some(name) = tag.strip_prefix('/') {
            let done = open.pop().unwrap();
            assert_eq!(done.name, name);
            open.last_mut().unwrap().children.push(done);
        } else if !tag.is_empty() {
            let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            let mut element = Element { name: name.to_owned(), ..Element::default() };
            let mut attributes = attributes.trim();
            while let Some((name, value)) = attributes.split_once("=\"") {
                let (value, behind) = value.split_once('"').unwrap();
                let double = element.attributes.insert(name.trim().to_owned(), unescaped(value));
                assert!(double.is_none() && !name.trim().contains(' '), "{tag}");
                attributes = behind;
            }
            assert!(attributes.trim().is_empty(), "{tag}");
            if closed { open.last_mut().unwrap().children.push(element) } else { open.push(element) }
        }
        open.last_mut().unwrap().text.push_str(&unescaped(text));
    }
    assert_eq!(open.len(), 1, "every element is closed");
    let mut document = open.pop().unwrap();
    assert_eq!(document.children.len(), 1);
    document.children.remove(0)
}

#[track_caller]
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        let (name, behind) = entity.split_once(';').unwrap();
        out.push_str(before);
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            other => panic!("&{other};"),
        });
        rest = behind;
    }
    out + rest
}

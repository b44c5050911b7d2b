//! What every answer has, a sign of life, and how connections end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Harbour, edition};

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    for path in [
        "/",
        "/editions/",
        "/editions",
        "/editions/2026-03-02",
        "/images/0123456789abcdef.png",
        "/style.css",
        "/healthz",
        "/nowhere",
        "/unsubscribe/x",
        &harbour.unsubscribe_link(),
        &harbour.preferences_link(),
    ] {
        for method in ["GET", "HEAD", "DELETE"] {
            let answer = harbour.ask(method, path, "").await;
            assert_ne!(answer.status, 0, "{method} {path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{method} {path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{method} {path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script"), "{policy}");
            assert!(!answer.header("cache-control").is_empty() || answer.status == 304);
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let harbour = Harbour::open().await;
    for path in ["/", "/editions/", "/style.css", "/healthz", "/nowhere", &harbour.unsubscribe_link()] {
        let (get, head) = (harbour.get(path).await, harbour.ask("HEAD", path, "").await);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_sign_of_life_while_the_store_lives() {
    let harbour = Harbour::open().await;
    let well = harbour.get("/healthz").await;
    assert_eq!((well.status, well.header("content-type")), (200, "application/json"));
    assert!(well.text().starts_with("{\"status\":\"ok\""), "{}", well.text());
    harbour.store.close().await;
    let ill = harbour.get("/healthz").await;
    assert_eq!((ill.status, ill.header("content-type")), (503, "application/json"));
    assert!(ill.text().contains("\"unavailable\""), "{}", ill.text());
    harbour.get(&harbour.unsubscribe_link()).await.assert_page(500, "Something went wrong");
}

#[tokio::test]
async fn an_endless_address_or_header_is_refused() {
    let harbour = Harbour::open().await;
    let long = harbour.get(&format!("/{}", "a".repeat(40_000))).await;
    assert!([414, 431, 0].contains(&long.status), "{}", long.status);
    let many = harbour.ask("GET", "/", &"X-Many: headers\r\n".repeat(3_000)).await;
    assert!([431, 400, 0].contains(&many.status), "{}", many.status);
    assert_eq!(harbour.say(b"nonsense\r\n\r\n").await.status, 400);
    harbour.get("/").await.assert_page(200, "<bdi>Tide &amp; Time</bdi>");
}

#[tokio::test]
async fn at_the_end_what_is_under_way_is_answered_and_idle_connections_close() {
    let harbour = Harbour::open().await;
    let mut idle = TcpStream::connect(harbour.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 512];
    assert!(idle.read(&mut some).await.unwrap() > 0);
    let mut under_way = TcpStream::connect(harbour.address).await.unwrap();
    let path = harbour.unsubscribe_link();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\n");
    under_way.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;

    harbour.shutdown.cancel();
    assert_eq!(idle.read(&mut some).await.unwrap(), 0, "an idle connection is closed");
    under_way.write_all(b"List-Unsubscribe=One-Click").await.unwrap();
    let mut answer = Vec::new();
    under_way.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    tokio::time::timeout(Duration::from_secs(5), harbour.server).await.unwrap().unwrap();
    assert!(TcpStream::connect(harbour.address).await.is_err());
}

#[tokio::test]
async fn robots_stay_off_personal_pages_and_no_icon_is_no_error() {
    let harbour = Harbour::open().await;
    let robots = harbour.get("/robots.txt").await;
    assert_eq!((robots.status, robots.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(
        robots.text(),
        "User-agent: *\nDisallow: /unsubscribe/\nDisallow: /preferences/\nDisallow: /confirm/\nDisallow: /address/\nDisallow: /put-back/\nDisallow: /moderate/\nDisallow: /search\n\nSitemap: https://tide.example/sitemap.xml\n"
    );
    let icon = harbour.get("/favicon.ico").await;
    assert_eq!((icon.status, icon.body.len()), (204, 0));
}

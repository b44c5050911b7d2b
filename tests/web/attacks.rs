//! Attacks on the public pages as a whole: every address of the router, whoever adds one, is held to the same.

use std::collections::BTreeMap;

use straight::message::Purpose;
use straight::subscriber::Status;

use super::archive::site;
use super::{Answer, Harbour, add, link, now};

const FORM: &str = "application/x-www-form-urlencoded";
const EVIL: &str = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";

/// A pattern of the router and the methods that it answers.
struct Route {
    pattern: String,
    methods: Vec<&'static str>,
}

/// The routes as `src/web/mod.rs` has them, so that none is forgotten here.
fn routes() -> Vec<Route> {
    let source = include_str!("../../src/web/mod.rs");
    let routes: Vec<Route> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\"")?.split_once('"'))
        .map(|(pattern, handlers)| {
            let answers = |name: &str| {
                handlers.contains(&format!(" {name}(")) || handlers.contains(&format!(".{name}("))
            };
            let all = [("GET", "get"), ("POST", "post"), ("OPTIONS", "options")];
            let methods = all.iter().filter(|(_, name)| answers(name)).map(|(method, _)| *method).collect();
            Route { pattern: pattern.to_owned(), methods }
        })
        .collect();
    assert!(routes.len() > 25, "{}", routes.len());
    assert!(routes.iter().all(|route| !route.methods.is_empty()));
    routes
}

/// A site with an address for each route: a sign-up that waits, a new address that waits, a comment to decide about.
struct Town {
    harbour: Harbour,
    paths: BTreeMap<&'static str, String>,
}

impl Town {
    async fn open() -> Self {
        Self::with("").await
    }

    /// With these lines of `newsletter.yaml` besides.
    async fn with(settings: &str) -> Self {
        let harbour = site(&format!("comments: {{moderators: [mo@example.org]}}\n{settings}")).await;
        harbour.post_form("/subscribe", "email=bo%40example.org").await;
        let confirm = link(&harbour.letters("bo@example.org").await[0], "/confirm/");
        let preferences = harbour.preferences_link();
        harbour.post_form(&format!("{preferences}/address"), "email=new%40example.org").await;
        let address = link(&harbour.letters("new@example.org").await[0], "/address/");
        harbour.post_form("/articles/tide/comments", "name=Cy&email=cy%40example.org&text=Hello").await;
        let moved = add(&harbour.store, "dee@example.org").await;
        let moved = harbour.store.subscriber(moved).await.unwrap().unwrap().holder();
        let own = format!("/preferences/{}/address", harbour.keys.issue(Purpose::Preferences, moved));
        harbour.post_form(&own, "email=dee2%40example.org").await;
        let yes = link(&harbour.letters("dee2@example.org").await[0], "/address/");
        harbour.post_form(&yes, "yes=yes").await;
        let put_back = link(&harbour.letters("dee@example.org").await[0], "/put-back/");
        harbour.press.tell_moderators().await.unwrap();
        let moderate = link(&harbour.letters("mo@example.org").await[0], "/moderate/");
        let paths = BTreeMap::from([
            ("/editions/{key}", "/editions/2026-03-02".to_owned()),
            ("/editions/{key}/mail", "/editions/2026-03-02/mail".to_owned()),
            ("/images/{file_name}", "/images/0123456789abcdef.png".to_owned()),
            ("/articles/{slug}", "/articles/tide".to_owned()),
            ("/authors/{key}", "/authors/asa-ek".to_owned()),
            ("/authors/{key}/{page}", "/authors/asa-ek/1".to_owned()),
            ("/tags/{key}", "/tags/high-water".to_owned()),
            ("/tags/{key}/{page}", "/tags/high-water/1".to_owned()),
            ("/sitemaps/{name}", "/sitemaps/1.xml".to_owned()),
            ("/unsubscribe/{token}", harbour.unsubscribe_link()),
            ("/preferences/{token}", preferences.clone()),
            ("/preferences/{token}/address", format!("{preferences}/address")),
            ("/preferences/{token}/data", format!("{preferences}/data")),
            ("/preferences/{token}/erase", format!("{preferences}/erase")),
            ("/confirm/{token}", confirm),
            ("/address/{token}", address),
            ("/put-back/{token}", put_back),
            ("/articles/{slug}/comments", "/articles/tide/comments".to_owned()),
            ("/moderate/{token}/{decision}", moderate),
        ]);
        Town { harbour, paths }
    }

    /// An address that the route answers.
    fn path(&self, route: &Route) -> String {
        if !route.pattern.contains('{') {
            return route.pattern.clone();
        }
        let path = self.paths.get(route.pattern.as_str());
        path.unwrap_or_else(|| panic!("{} is new: give it an address above", route.pattern)).clone()
    }

    /// Each address that is read.
    fn read(&self) -> Vec<String> {
        let read = routes().into_iter().filter(|route| route.methods.contains(&"GET"));
        read.map(|route| self.path(&route)).collect()
    }
}

#[tokio::test]
async fn every_address_read_three_times_leaves_the_database_as_it_was() {
    let town = Town::open().await;
    let before = town.harbour.disk();
    let mut read = town.read();
    read.extend(["/search?q=tide&page=1".to_owned(), "/nowhere".to_owned()]);
    for path in read {
        for method in ["GET", "HEAD", "GET", "HEAD", "GET", "HEAD"] {
            let answer = town.harbour.ask(method, &path, "").await;
            let expected: &[u16] = if path == "/nowhere" { &[404] } else { &[200, 204, 307, 308] };
            assert!(expected.contains(&answer.status), "{method} {path}: {}", answer.status);
        }
        assert!(town.harbour.disk() == before, "reading {path} has written to the database");
    }
}

#[tokio::test]
async fn every_answer_of_every_address_has_the_security_headers_and_no_cookie() {
    let town = Town::open().await;
    let check = |answer: &Answer, asked: &str| {
        assert_ne!(answer.status, 0, "{asked}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{asked}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{asked}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{asked}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{asked}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{asked}: {policy}");
        assert!(!policy.contains("script") && !policy.contains("unsafe-eval"), "{asked}: {policy}");
        assert_eq!(answer.header("set-cookie"), "", "{asked}");
        assert!(!answer.header("cache-control").is_empty() || answer.status == 304, "{asked}");
    };
    for route in routes() {
        let path = town.path(&route);
        for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "TRACE"] {
            check(&town.harbour.ask(method, &path, "").await, &format!("{method} {path}"));
        }
        // Garbage is answered, and by an answer like the others.
        for (media_type, body) in [("application/json", "{"), (FORM, "%%%=&&&"), ("text/plain", "")] {
            if !path.starts_with("/unsubscribe/") {
                let answer = town.harbour.post(&path, media_type, body).await;
                check(&answer, &format!("POST {path} {media_type}"));
                assert!(answer.status < 500, "POST {path} {media_type}: {}", answer.status);
            }
        }
    }
}

#[tokio::test]
async fn no_form_takes_anything_from_a_page_of_another_site_but_the_one_click() {
    let town = Town::open().await;
    let before = town.harbour.dump().await;
    let body = "name=Eve&email=eve%40example.org&text=Mine&yes=yes&timezone=&pause=";
    let mut forms = 0;
    for route in routes().into_iter().filter(|route| route.methods.contains(&"POST")) {
        let path = town.path(&route);
        if route.pattern == "/unsubscribe/{token}" {
            continue;
        }
        forms += 1;
        let json = route.pattern.starts_with("/api/");
        let (media_type, body) =
            if json { ("application/json", "{\"email\": \"eve@example.org\"}") } else { (FORM, body) };
        for headers in [
            EVIL,
            "Origin: https://evil.example\r\n",
            "Origin: null\r\nSec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Origin: https://tide.example.evil.example\r\nSec-Fetch-Site: cross-site\r\n",
        ] {
            let answer = town.harbour.send(&path, headers, media_type, body).await;
            assert_eq!(answer.status, 403, "{path} with {headers:?}: {}", answer.text());
        }
    }
    assert!(forms >= 9, "{forms}");
    assert_eq!(town.harbour.dump().await, before);
    // RFC 8058: mail programs on the web send it from wherever they are, without a cookie, and follow no redirect.
    let leave = town.harbour.unsubscribe_link();
    let left = town.harbour.send(&leave, EVIL, FORM, "List-Unsubscribe=One-Click").await;
    assert_eq!((left.status, left.header("location"), left.header("set-cookie")), (200, "", ""));
    assert_eq!(town.harbour.ann().await.status, Status::Unsubscribed);
}

#[tokio::test]
async fn a_site_that_may_sign_readers_up_may_do_nothing_else_for_them() {
    let town = Town::with("web: {allowed_origins: [\"https://partner.example\"]}").await;
    let before = town.harbour.dump().await;
    let body = "name=Eve&email=eve%40example.org&text=Mine&yes=yes&timezone=&pause=";
    let mut forms = 0;
    for route in routes().into_iter().filter(|route| route.methods.contains(&"POST")) {
        if ["/subscribe", "/api/subscribe", "/unsubscribe/{token}"].contains(&route.pattern.as_str()) {
            continue;
        }
        forms += 1;
        let path = town.path(&route);
        for fetched in ["", "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"] {
            let headers = format!("Origin: https://partner.example\r\n{fetched}");
            let answer = town.harbour.send(&path, &headers, FORM, body).await;
            assert_eq!(answer.status, 403, "{path} with {headers:?}: {}", answer.text());
        }
    }
    assert!(forms >= 7, "{forms}");
    assert_eq!(town.harbour.dump().await, before);
    let headers = "Origin: https://partner.example\r\n";
    let signed_up = town.harbour.send("/subscribe", headers, FORM, "email=eve%40example.org").await;
    assert_eq!(signed_up.status, 200, "{}", signed_up.text());
    let left = town.harbour.send(&town.harbour.unsubscribe_link(), headers, FORM, "leave=yes").await;
    assert_eq!((left.status, town.harbour.ann().await.status), (200, Status::Unsubscribed));
}

#[tokio::test]
async fn no_address_leads_away_whatever_it_is_asked() {
    let town = Town::open().await;
    let hostile = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: ftp\r\nForwarded: host=evil.example\r\n\
                   X-Original-URL: //evil.example\r\nReferer: https://evil.example/\r\n";
    let query = "next=https%3A%2F%2Fevil.example&url=//evil.example&return_to=https://evil.example&redirect=%2F%2Fevil.example";
    let mut asked: Vec<String> = town.read().iter().map(|path| format!("{path}?{query}")).collect();
    asked.extend(
        [
            "//evil.example",
            "//evil.example/",
            "/\\evil.example",
            "/%5Cevil.example",
            "/%2F%2Fevil.example",
            "/editions//evil.example",
            "/authors//evil.example/1",
            "/authors/%2F%2Fevil.example/1",
            "/tags/%2F%2Fevil.example/1",
            "/articles/%2F%2Fevil.example",
        ]
        .map(str::to_owned),
    );
    let mut redirects = 0;
    for path in asked {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n{hostile}\r\n");
        let answer = town.harbour.say(request.as_bytes()).await;
        let location = answer.header("location");
        if (300..400).contains(&answer.status) {
            redirects += 1;
            assert!(location.starts_with('/') && !location.starts_with("//"), "{path}: {location}");
        }
        assert!(!location.contains("evil") && !location.contains('\\'), "{path}: {location}");
        let body = String::from_utf8_lossy(&answer.body);
        assert!(!body.contains("evil.example"), "{path} repeats a foreign name: {body}");
    }
    assert!(redirects >= 3, "{redirects}");
    for path in ["/subscribe", "/articles/tide/comments"] {
        let body = format!("name=Di&email=di%40example.org&text=Hello&{query}");
        let answer = town.harbour.post_form(path, &body).await;
        assert_eq!((answer.status, answer.header("location")), (200, ""), "{path}");
    }
}

#[tokio::test]
async fn no_address_leads_out_of_the_archive_into_the_file_system() {
    let harbour = site("").await;
    for place in
        ["/", "/images/", "/editions/", "/articles/", "/authors/", "/tags/", "/sitemaps/", "/style.css/"]
    {
        for way in [
            "../../../../etc/passwd",
            "..%2f..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "..%5c..%5cetc%5cpasswd",
            "%2fetc%2fpasswd",
            "....//....//etc/passwd",
            "..%252f..%252fetc%252fpasswd",
            "straight.db%00.png",
            "../straight.db",
        ] {
            let answer = harbour.get(&format!("{place}{way}")).await;
            assert!([400, 404].contains(&answer.status), "{place}{way}: {}", answer.status);
            let body = String::from_utf8_lossy(&answer.body);
            assert!(!body.contains("root:") && !body.contains("SQLite format"), "{place}{way}: {body}");
        }
    }
}

#[tokio::test]
async fn what_is_typed_is_data_to_the_store() {
    let harbour = site("").await;
    let name = "Bo'); DROP TABLE subscribers; --";
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", name), ("email", "bo@example.org"), ("text", name)])
        .finish();
    assert_eq!(harbour.post_form("/subscribe", &body).await.status, 200);
    assert_eq!(harbour.post_form("/articles/tide/comments", &body).await.status, 200);
    assert_eq!(harbour.letters("bo@example.org").await.len(), 1);
    for path in
        ["/search?q=%27%29%3B%20DROP%20TABLE%20articles%3B--", "/articles/x'%20OR%20'1'='1", "/tags/'--"]
    {
        assert!([200, 404].contains(&harbour.get(path).await.status), "{path}");
    }
    let bo = harbour.store.by_email(&"bo@example.org".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(bo.name.as_deref(), Some(name));
    assert!(harbour.dump().await.contains("DROP TABLE subscribers; --"), "as a text among others");
}

#[tokio::test]
async fn a_stranger_s_x_forwarded_for_is_not_believed() {
    // This machine is no trusted proxy here.
    let settings = "web: {trusted_proxies: [\"192.0.2.0/24\"]}\nsign_up: {limits: {per_network: 3/h}}";
    let harbour = Harbour::with(settings).await;
    for n in 1..=4 {
        let forwarded = format!("X-Forwarded-For: 198.51.100.{n}\r\nForwarded: for=198.51.100.{n}\r\n");
        let answer = harbour.send("/subscribe", &forwarded, FORM, &format!("email=a{n}%40example.org")).await;
        assert_eq!(answer.status, if n <= 3 { 200 } else { 429 }, "sign-up {n}");
    }
    assert!(!harbour.dump().await.contains("198.51.100"), "nor written down");
}

/// Which tables have how many new or changed rows.
fn changed(before: &str, after: &str) -> Vec<String> {
    let mut tables: Vec<String> = after
        .lines()
        .filter(|row| !before.lines().any(|line| line == *row))
        .map(|row| row.split(':').next().unwrap().to_owned())
        .collect();
    tables.sort();
    tables
}

/// What takes the same rows of the same tables takes the same time, whatever a clock on a busy machine says.
#[tokio::test]
async fn a_request_does_the_same_work_for_every_address() {
    let limits = "sign_up: {limits: {per_network: 9999/h, per_address: 9999/h}}";
    let harbour = Harbour::with(limits).await;
    for (address, status) in [
        ("pending@example.org", Status::Pending),
        ("gone@example.org", Status::Unsubscribed),
        ("bounced@example.org", Status::Bounced),
        ("angry@example.org", Status::Complained),
    ] {
        super::sign_up::is(&harbour, address, status).await;
    }
    let erased = add(&harbour.store, "erased@example.org").await;
    harbour.store.erase(erased, &harbour.keys, now()).await.unwrap();
    // The counters of the network, the domain and all are there.
    harbour.post_form("/subscribe", "email=first%40example.org").await;
    let mut work = Vec::new();
    for address in ["new", "ann", "pending", "gone", "bounced", "angry", "erased"] {
        let before = harbour.dump().await;
        harbour.post_form("/subscribe", &format!("email={address}%40example.org")).await;
        work.push((address, changed(&before, &harbour.dump().await)));
    }
    assert_eq!(work[0].1.iter().filter(|table| *table == "sign_ups").count(), 1, "{work:?}");
    for (address, tables) in &work {
        assert_eq!(*tables, work[0].1, "{address}: {work:?}");
    }

    // Neither does asking for a new address tell whose it is.
    let mut answers = Vec::new();
    for address in ["new", "pending", "angry", "erased"] {
        let harbour = Harbour::open().await;
        super::sign_up::is(&harbour, "pending@example.org", Status::Pending).await;
        super::sign_up::is(&harbour, "angry@example.org", Status::Complained).await;
        let erased = add(&harbour.store, "erased@example.org").await;
        harbour.store.erase(erased, &harbour.keys, now()).await.unwrap();
        let path = format!("{}/address", harbour.preferences_link());
        let before = harbour.dump().await;
        let answer = harbour.post_form(&path, &format!("email={address}%40example.org")).await;
        answers.push((address, answer.status, changed(&before, &harbour.dump().await)));
    }
    for (address, status, tables) in &answers {
        assert_eq!((*status, tables), (200, &answers[0].2), "{address}: {answers:?}");
    }
}

/// What stands on an error's page is ours: neither what was asked, nor where the program keeps what.
#[tokio::test]
async fn an_error_s_page_tells_nothing_of_the_inside() {
    let town = Town::open().await;
    let harbour = &town.harbour;
    let folder = harbour.folder.path().display().to_string();
    let tokens: Vec<String> = [harbour.unsubscribe_link(), harbour.preferences_link()]
        .iter()
        .map(|link| link.rsplit('/').next().unwrap().to_owned())
        .collect();
    let mut seen = BTreeMap::new();
    let mut look = |answer: Answer| {
        let body = String::from_utf8_lossy(&answer.body).to_lowercase();
        let head = format!("{:?}", answer.headers).to_lowercase();
        for word in [
            "canary",
            "ann@example.org",
            "bo@example.org",
            "sqlite",
            "sqlx",
            "panicked",
            "src/",
            ".rs:",
            "select ",
        ]
        .into_iter()
        .chain([folder.to_lowercase().as_str()])
        {
            assert!(!body.contains(word), "{}: {word} is in {body}", answer.status);
            assert!(!head.contains(word), "{}: {word} is in {head}", answer.status);
        }
        for token in &tokens {
            assert!(!body.contains(&token.to_lowercase()), "{}: a token is in {body}", answer.status);
        }
        *seen.entry(answer.status).or_insert(0) += 1;
    };
    let (leave, own) = (harbour.unsubscribe_link(), harbour.preferences_link());
    look(harbour.get("/canary").await);
    look(harbour.get("/unsubscribe/canary").await);
    look(harbour.get("/search?q=%FF&page=canary").await);
    look(harbour.ask("DELETE", &own, "X-Canary: canary\r\n").await);
    look(harbour.post(&own, "application/json", "{\"canary\": 1}").await);
    look(harbour.post_form(&own, "name=canary&name=canary").await);
    look(harbour.send("/articles/tide/comments", EVIL, FORM, "text=canary").await);
    look(
        harbour
            .post("/api/subscribe", "application/json", "{\"email\": \"canary@example.org\", canary")
            .await,
    );
    let declared =
        format!("POST {own} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n");
    look(harbour.say(declared.as_bytes()).await);
    let too_much = |what: &str| format!("POST {what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    look(harbour.say(too_much("/subscribe").as_bytes()).await);
    let confirm = town.paths["/confirm/{token}"].clone();
    harbour.at(now() + chrono::TimeDelta::days(60));
    look(harbour.get(&confirm).await);
    harbour.store.close().await;
    for path in [&leave, &own, "/", "/articles/tide", "/search?q=canary", "/healthz"] {
        look(harbour.get(path).await);
    }
    look(harbour.post_form("/subscribe", "email=canary%40example.org").await);
    for status in [400, 403, 404, 405, 410, 413, 415, 422, 500, 503] {
        assert!(seen.contains_key(&status), "no page with {status} was looked at: {seen:?}");
    }
}

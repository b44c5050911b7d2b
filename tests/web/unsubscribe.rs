//! Leaving.

use straight::message::{Purpose, TokenKey, TokenKeys};
use straight::subscriber::{Holder, Status, SubscriberId};

use super::Harbour;

const MULTIPART: &str =
    "--cut\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--cut--\r\n";

#[tokio::test]
async fn a_link_scanner_changes_nothing() {
    let harbour = Harbour::open().await;
    let before = harbour.disk();
    for path in [harbour.unsubscribe_link(), harbour.preferences_link()] {
        for method in ["GET", "GET", "GET", "HEAD", "HEAD", "HEAD"] {
            let answer = harbour.ask(method, &path, "").await;
            assert_eq!(answer.status, 200, "{method}");
            assert_eq!(answer.body.is_empty(), method == "HEAD");
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "LEAVE"] {
            let answer = harbour.ask(method, &path, "").await;
            answer.assert_page(405, "That does not work here");
            assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
        }
    }
    assert_eq!(harbour.disk(), before);
    assert_eq!(harbour.ann().await.status, Status::Active);
}

#[tokio::test]
async fn one_click_lets_the_reader_go_at_once() {
    for (media_type, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=cut", MULTIPART),
    ] {
        let harbour = Harbour::open().await;
        for _ in 0..3 {
            let answer = harbour.post(&harbour.unsubscribe_link(), media_type, body).await;
            assert_eq!((answer.status, answer.text()), (200, "You are unsubscribed.\n"), "{media_type}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert!(answer.header("location").is_empty() && answer.header("set-cookie").is_empty());
            assert_eq!(harbour.ann().await.status, Status::Unsubscribed);
        }
    }
}

#[tokio::test]
async fn the_button_says_goodbye_and_saying_it_twice_is_the_same() {
    let harbour = Harbour::open().await;
    let path = harbour.unsubscribe_link();
    let asked = harbour.get(&path).await;
    asked.assert_page(200, "Unsubscribe");
    assert!(
        asked.text().contains("to <span class=\"address\" dir=\"ltr\">a…@example.org</span>"),
        "{}",
        asked.text()
    );
    assert!(!asked.text().contains("ann@example.org"));

    let first = harbour.post_form(&path, "leave=yes").await;
    first.assert_page(200, "You are unsubscribed");
    assert_eq!(harbour.ann().await.status, Status::Unsubscribed);
    let disk = harbour.disk();
    let second = harbour.post_form(&path, "leave=yes").await;
    assert_eq!(second.body, first.body);
    assert_eq!(harbour.get(&path).await.body, asked.body);
    assert_eq!(harbour.disk(), disk);
}

#[tokio::test]
async fn any_post_of_a_true_link_lets_the_reader_go() {
    for (media_type, body) in [
        ("text/plain", ""),
        ("application/json", "{\"List-Unsubscribe\":\"One-Click\"}"),
        ("multipart/form-data", "no boundary"),
        ("nonsense", "\u{0}\u{1}"),
    ] {
        let harbour = Harbour::open().await;
        let answer = harbour.post(&harbour.unsubscribe_link(), media_type, body).await;
        answer.assert_page(200, "You are unsubscribed");
        assert_eq!(harbour.ann().await.status, Status::Unsubscribed, "{media_type}");
    }
}

#[tokio::test]
async fn a_forged_link_is_no_page_and_tells_nothing() {
    let harbour = Harbour::open().await;
    let true_token = harbour.keys.issue(Purpose::Unsubscribe, harbour.holder).to_string();
    let other_purpose = harbour.keys.issue(Purpose::Preferences, harbour.holder).to_string();
    let stranger = TokenKeys::new(vec![TokenKey::generate(1)]).issue(Purpose::Unsubscribe, harbour.holder);
    let sealed = true_token.rsplit('.').next().unwrap();
    let neighbour = Holder { id: SubscriberId(harbour.ann.0 + 1), ..harbour.holder };
    let neighbour = harbour.keys.issue(Purpose::Unsubscribe, neighbour).to_string();
    let forged = [
        other_purpose,
        stranger.to_string(),
        format!("{}{}", &neighbour[..24], &true_token[24..]),
        format!("1.{}.{sealed}", harbour.ann),
        format!("2.{sealed}"),
        format!("{true_token}="),
        true_token[..true_token.len() - 1].to_owned(),
        true_token.to_uppercase(),
        "1.1.".into(),
        "x".into(),
        "%00".into(),
        "%2e%2e%2fetc%2fpasswd".into(),
        "..%2f..".into(),
        "é".bytes().map(|b| format!("%{b:02X}")).collect(),
        "a".repeat(8_000),
    ];
    let nothing = harbour.get("/unsubscribe/nobody").await;
    nothing.assert_page(404, "There is no such page");
    for token in forged {
        let path = format!("/unsubscribe/{token}");
        let got = harbour.get(&path).await;
        assert_eq!((got.status, &got.body), (404, &nothing.body), "{path}");
        let posted = harbour.post_form(&path, "List-Unsubscribe=One-Click").await;
        assert_eq!((posted.status, &posted.body), (404, &nothing.body), "{path}");
    }
    assert_eq!(harbour.get("/preferences/nobody").await.body, nothing.body);
    let link = format!("/preferences/{true_token}");
    assert_eq!(harbour.post_form(&link, "name=Mallory").await.body, nothing.body);
    assert_eq!(harbour.ann().await.status, Status::Active);
    assert_eq!(harbour.ann().await.name.as_deref(), Some("Ann"));
}

#[tokio::test]
async fn who_is_in_the_store_no_more_gets_the_same_goodbye() {
    let harbour = Harbour::open().await;
    let token = harbour.keys.issue(Purpose::Unsubscribe, Holder { id: SubscriberId(4711), ..harbour.holder });
    let path = format!("/unsubscribe/{token}");
    harbour.get(&path).await.assert_page(200, "Unsubscribe");
    harbour.post_form(&path, "leave=yes").await.assert_page(200, "You are unsubscribed");
}

#[tokio::test]
async fn a_percent_encoded_link_is_the_same_link() {
    let harbour = Harbour::open().await;
    let path = harbour.unsubscribe_link().replace('.', "%2E");
    let answer = harbour.post_form(&path, "List-Unsubscribe=One-Click").await;
    assert_eq!(answer.status, 200);
    assert_eq!(harbour.ann().await.status, Status::Unsubscribed);
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let harbour = Harbour::open().await;
    let path = harbour.unsubscribe_link();
    let declared =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n");
    harbour.say(declared.as_bytes()).await.assert_page(413, "That is too much");
    let chunked = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n11171\r\n"
    );
    let answer = harbour.say(&[chunked.as_bytes(), &[b'x'; 70_001]].concat()).await;
    // The answer may be lost to the reset that our unread bytes bring about.
    assert!(answer.status == 413 || answer.status == 0, "{}", answer.status);
    assert_eq!(harbour.ann().await.status, Status::Active);
}

#[tokio::test]
async fn a_personal_page_stays_out_of_caches_indexes_and_referrers() {
    let harbour = Harbour::open().await;
    for path in [harbour.unsubscribe_link(), harbour.preferences_link()] {
        let answer = harbour.get(&path).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
}

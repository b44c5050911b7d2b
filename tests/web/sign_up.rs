//! Signing up: whoever asks gets the same answer; only the owner of an address can say yes.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use straight::store::Origin;
use straight::subscriber::{NewSubscriber, Status};

use super::{Harbour, add, edition, link, now};

const FORM: &str = "application/x-www-form-urlencoded";
const THANKS: &str = "Fantastic! Thanks for subscribing, you won&#39;t regret it.";

async fn subscribe(harbour: &Harbour, address: &str) -> super::Answer {
    harbour.post_form("/subscribe", &format!("email={}", address.replace('@', "%40"))).await
}

/// Signs up, and says yes by the letter's button.
async fn join(harbour: &Harbour, address: &str) {
    subscribe(harbour, address).await;
    let letter = harbour.letters(address).await.remove(0);
    let confirm = link(&letter, "/confirm/");
    harbour.post_form(&confirm, "yes=yes").await.assert_page(200, "You are subscribed");
}

pub(super) async fn is(harbour: &Harbour, address: &str, status: Status) {
    let email = address.parse().unwrap();
    let reader = NewSubscriber { email, name: None, timezone: None, status, since: None };
    harbour.store.import(&[reader], Origin::File, now()).await.unwrap();
}

#[tokio::test]
async fn a_visitor_becomes_a_reader_by_saying_yes_in_a_letter() {
    let harbour = Harbour::open().await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let front = harbour.get("/").await;
    for words in [
        "Straight Into Your Inbox",
        "The tides of every weekday.",
        "name=\"email\"",
        "One mail a day, seldom an extra one",
    ] {
        assert!(front.text().contains(words), "{words}: {}", front.text());
    }
    let body = "email=Bo%40Example.org&name=Bo+%3Cb%3E&timezone=Europe%2FBerlin&website=";
    harbour.post_form("/subscribe", body).await.assert_page(200, THANKS);
    assert_eq!(harbour.status("bo@example.org").await, None, "nothing is sent or changed within the request");

    let letters = harbour.letters("Bo@Example.org").await;
    assert_eq!(letters.len(), 1);
    let written = &letters[0].written;
    assert_eq!(written.subject, "Please confirm: Tide & Time");
    assert_eq!(written.unsubscribe_url, None);
    let html = written.html.as_deref().unwrap();
    // Whoever filled in the form may be somebody else: nothing that they wrote is in it.
    assert!(
        !written.text.contains("Bo <b>") && !html.contains("Bo &lt;b&gt;") && !html.contains("<b>"),
        "{html}"
    );
    assert!(html.contains("style=\""), "{html}");
    assert!(
        written.text.lines().all(|line| line.chars().count() <= 72 || line.contains("https://")),
        "{}",
        written.text
    );
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Pending));

    let path = link(&letters[0], "/confirm/");
    let before = harbour.disk();
    for _ in 0..3 {
        harbour.get(&path).await.assert_page(200, "Please confirm");
        assert_eq!(harbour.ask("HEAD", &path, "").await.status, 200);
    }
    assert_eq!(harbour.disk(), before, "GET and HEAD change nothing");
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "You are subscribed");
    let bo = harbour.store.by_email(&"bo@example.org".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((bo.status, bo.name.as_deref(), bo.since), (Status::Active, Some("Bo <b>"), now()));
    assert_eq!(bo.timezone, Some(chrono_tz::Europe::Berlin));

    let consent = harbour.store.consents(bo.id).await.unwrap().remove(0);
    assert!(
        consent.words.contains("The tides of every weekday.") && consent.words.contains("One mail a day")
    );
    assert_eq!((consent.asked_at, consent.confirmed_at), (now(), Some(now())));
    assert_eq!(consent.asked_from.as_deref(), Some("127.0.0.0"), "truncated");
    let welcome = harbour.letters("Bo@Example.org").await.pop().unwrap();
    assert_eq!(welcome.written.subject, "Welcome to Tide & Time");
    assert!(
        welcome.written.text.contains("https://tide.example/editions/2026-03-02"),
        "{}",
        welcome.written.text
    );
    let leave = link(&welcome, "/unsubscribe/");
    assert_eq!(
        welcome.written.unsubscribe_url.as_deref(),
        Some(format!("https://tide.example{leave}").as_str())
    );

    // Once more, it changes nothing.
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "You are subscribed");
    assert_eq!(harbour.letters("Bo@Example.org").await.len(), 2);
    // And it brings nobody back who has left since.
    harbour.post_form(&leave, "List-Unsubscribe=One-Click").await;
    harbour.post_form(&path, "yes=yes").await;
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Unsubscribed));
}

#[tokio::test]
async fn the_latest_edition_comes_at_once_where_so_configured_and_its_states_add_up() {
    let harbour = Harbour::with("sign_up: {send_latest: true}").await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    join(&harbour, "bo@example.org").await;
    let latest = harbour.store.editions(None, 1).await.unwrap().remove(0);
    assert_eq!(latest.recipients, 2);
    let counts = harbour.store.counts(latest.id).await.unwrap();
    assert_eq!(counts.total(), 2, "{counts:?}");
    let welcome = harbour.letters("bo@example.org").await.pop().unwrap();
    assert!(welcome.written.text.contains("on its way to you"), "{}", welcome.written.text);
}

#[tokio::test]
async fn an_edition_that_is_old_is_not_sent_but_linked_to() {
    let harbour = Harbour::with("sign_up: {send_latest: true, latest_within: 3d}").await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let latest = harbour.store.editions(None, 1).await.unwrap().remove(0);
    for (days, address, comes) in [(3, "bo@example.org", true), (4, "cy@example.org", false)] {
        harbour.at(now() + TimeDelta::days(days));
        join(&harbour, address).await;
        let welcome = harbour.letters(address).await.pop().unwrap().written.text;
        assert_eq!(welcome.contains("on its way to you"), comes, "{address}: {welcome}");
        assert_eq!(welcome.contains("Until the next edition comes"), !comes, "{address}: {welcome}");
        assert!(welcome.contains("https://tide.example/editions/2026-03-02"), "{welcome}");
    }
    assert_eq!(harbour.store.counts(latest.id).await.unwrap().total(), 2, "Ann and Bo, not Cy");
}

#[tokio::test]
async fn every_address_gets_the_same_answer_in_the_same_time() {
    let limits = "sign_up: {limits: {per_network: 9999/h, per_address: 9999/h}}";
    let harbour = Harbour::with(limits).await;
    let known = [
        ("pending@example.org", Status::Pending),
        ("gone@example.org", Status::Unsubscribed),
        ("bounced@example.org", Status::Bounced),
        ("angry@example.org", Status::Complained),
    ];
    for (address, status) in known {
        is(&harbour, address, status).await;
    }
    let erased = add(&harbour.store, "erased@example.org").await;
    harbour.store.erase(erased, &harbour.keys, now()).await.unwrap();
    let addresses = [
        "new@example.org",
        "ann@example.org",
        "erased@example.org",
        known[0].0,
        known[1].0,
        known[2].0,
        known[3].0,
    ];
    let new = subscribe(&harbour, addresses[0]).await;
    for address in addresses {
        let answer = subscribe(&harbour, address).await;
        assert_eq!((answer.status, answer.text()), (new.status, new.text()), "{address}");
        let named = |answer: &super::Answer| {
            answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>()
        };
        assert_eq!(named(&answer), named(&new), "{address}");
    }
    // One after the other in turns, so that whatever else the machine does meets all alike. The quickest of each: what a busy
    // machine adds, it adds to the slow ones; while it is very busy it takes more turns until each has had a quick one. That
    // the work is the same by construction is held by `attacks::a_request_does_the_same_work_for_every_address`.
    let mut quickest = [Duration::MAX; 7];
    let is_alike = |quickest: &[Duration; 7]| {
        let (least, most) = (quickest.iter().min().unwrap(), quickest.iter().max().unwrap());
        *most < *least * 2
    };
    for turn in 0..450 {
        if turn >= 90 && is_alike(&quickest) {
            break;
        }
        for (quickest, address) in quickest.iter_mut().zip(addresses) {
            let begun = Instant::now();
            subscribe(&harbour, address).await;
            *quickest = begun.elapsed().min(*quickest);
        }
    }
    assert!(is_alike(&quickest), "{quickest:?}");

    // Behind the request's back each gets what it deserves, once.
    let mut got = Vec::new();
    for address in addresses {
        let subjects: Vec<String> =
            harbour.letters(address).await.into_iter().map(|letter| letter.written.subject).collect();
        got.push((address, subjects));
    }
    let confirm = vec!["Please confirm: Tide & Time".to_owned()];
    let wanted = vec![
        ("new@example.org", confirm.clone()),
        ("ann@example.org", vec!["You are subscribed to Tide & Time".to_owned()]),
        ("erased@example.org", confirm.clone()),
        ("pending@example.org", confirm.clone()),
        ("gone@example.org", confirm.clone()),
        ("bounced@example.org", confirm),
        ("angry@example.org", Vec::new()),
    ];
    assert_eq!(got, wanted);
    for (address, status) in known {
        assert_eq!(harbour.status(address).await, Some(status), "nothing changes before they say yes");
    }
}

#[tokio::test]
async fn who_left_or_bounced_comes_back_by_their_own_word_and_who_complained_does_not() {
    let harbour = Harbour::open().await;
    for (address, status) in
        [("gone@example.org", Status::Unsubscribed), ("bounced@example.org", Status::Bounced)]
    {
        is(&harbour, address, status).await;
        join(&harbour, address).await;
        assert_eq!(harbour.status(address).await, Some(Status::Active));
    }
    // The complaint comes between the letter and the button.
    subscribe(&harbour, "cy@example.org").await;
    let letter = harbour.letters("cy@example.org").await.remove(0);
    is(&harbour, "cy@example.org", Status::Complained).await;
    let path = link(&letter, "/confirm/");
    harbour.post_form(&path, "yes=yes").await.assert_page(410, "This link does not work any more");
    assert_eq!(harbour.status("cy@example.org").await, Some(Status::Complained));
}

#[tokio::test]
async fn one_letter_an_address_a_day() {
    let harbour = Harbour::with("sign_up: {limits: {per_network: 99/h, per_address: 99/h}}").await;
    for address in ["new@example.org", "NEW@example.org", "ann@example.org", "ann@example.org"] {
        subscribe(&harbour, address).await.assert_page(200, THANKS);
    }
    assert_eq!(
        harbour.letters("new@example.org").await.len() + harbour.letters("NEW@example.org").await.len(),
        1
    );
    assert_eq!(harbour.letters("ann@example.org").await.len(), 1);
    harbour.at(now() + TimeDelta::hours(23));
    subscribe(&harbour, "ann@example.org").await;
    assert_eq!(harbour.letters("ann@example.org").await.len(), 1);
    harbour.at(now() + TimeDelta::hours(25));
    subscribe(&harbour, "ann@example.org").await;
    assert_eq!(harbour.letters("ann@example.org").await.len(), 2);
}

#[tokio::test]
async fn who_calls_an_address_their_next_one_keeps_nobody_from_signing_up_with_it() {
    for sign_up_first in [false, true] {
        let harbour = Harbour::open().await;
        let wishes = format!("{}/address", harbour.preferences_link());
        let asked = async || {
            harbour.post_form(&wishes, "email=vic%40example.org").await;
            harbour.press.answer_sign_ups().await.unwrap();
        };
        if !sign_up_first {
            asked().await;
        }
        subscribe(&harbour, "vic@example.org").await.assert_page(200, THANKS);
        harbour.press.answer_sign_ups().await.unwrap();
        if sign_up_first {
            asked().await;
        }
        // Again, and in another spelling: of each kind it is one a day.
        subscribe(&harbour, "VIC@example.org").await;
        asked().await;
        let letters = harbour.letters("vic@example.org").await;
        let mut subjects: Vec<_> = letters.iter().map(|letter| letter.written.subject.as_str()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, ["Is this your new address? Tide & Time", "Please confirm: Tide & Time"]);
        assert!(harbour.letters("VIC@example.org").await.is_empty());

        let confirm = letters.iter().find(|letter| letter.written.text.contains("/confirm/")).unwrap();
        harbour
            .post_form(&link(confirm, "/confirm/"), "yes=yes")
            .await
            .assert_page(200, "You are subscribed");
        assert_eq!(harbour.status("vic@example.org").await, Some(Status::Active));
        assert_eq!(harbour.ann().await.email.as_str(), "ann@example.org");
    }
}

#[tokio::test]
async fn a_link_expires_and_a_forged_one_opens_nothing() {
    let harbour = Harbour::open().await;
    subscribe(&harbour, "bo@example.org").await;
    let path = link(&harbour.letters("bo@example.org").await[0], "/confirm/");
    let (head, tag) = path.rsplit_once('.').unwrap();
    let other = if tag.starts_with('A') { 'B' } else { 'A' };
    for forged in [
        format!("{head}.{other}{}", &tag[1..]),
        format!("{head}."),
        path.replacen("/1.", "/2.", 1),
        path.replacen("/1.", "/1.1.", 1),
    ] {
        harbour.post_form(&forged, "yes=yes").await.assert_page(404, "There is no such page");
    }
    harbour.get(&path.replace("/confirm/", "/address/")).await.assert_page(404, "There is no such page");
    harbour.at(now() + TimeDelta::days(7));
    harbour.get(&path).await.assert_page(410, "This link has ended");
    harbour.post_form(&path, "yes=yes").await.assert_page(410, "This link has ended");
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Pending));
    // What nobody confirmed is forgotten.
    harbour.at(now() + TimeDelta::days(8));
    harbour.press.forget_what_is_over(&mut None).await.unwrap();
    assert_eq!(harbour.status("bo@example.org").await, None);
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field() {
    let harbour = Harbour::open().await;
    for (wrong, why) in [
        ("", "Please write your email address."),
        ("ann", "it needs a name, an @ and a domain"),
        ("ann@localhost", "what stands behind the @ is no domain"),
        ("a b%40example.org", "it has a character that an address cannot have"),
        ("ann%0ABcc%3A%40example.org", "it has a character that an address cannot have"),
        ("ann%40-.example.org", "what stands behind the @ is no domain"),
    ] {
        let answer = harbour.post_form("/subscribe", &format!("email={wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text());
        let text = answer.text();
        assert!(
            text.contains(why) && text.contains("email-error") && text.contains("aria-invalid=\"true\""),
            "{wrong}: {text}"
        );
    }
    let answer = harbour.post_form("/subscribe", "email=bo%40example.org&timezone=Nowhere&name=A%0AB").await;
    assert!(answer.text().contains("timezone-error") && answer.text().contains("name-error"));
    assert!(answer.text().contains("value=\"bo@example.org\""), "what was right stays");
    let script = harbour.post_form("/subscribe", "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(!script.text().contains("<script"), "{}", script.text());
    assert!(harbour.store.open_sign_ups(now(), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn limits_hold_for_a_network_an_address_a_domain_and_in_all() {
    let limits = "sign_up: {limits: {per_network: 3/h, per_address: 2/h, per_domain: 4/h, in_all: 7/h}}";
    let harbour = Harbour::with(limits).await;
    let from = async |client: &str, address: &str| {
        let forwarded = format!("X-Forwarded-For: {client}\r\n");
        let answer = harbour.send("/subscribe", &forwarded, FORM, &format!("email={address}")).await;
        answer.status
    };
    // A network: of IPv6 it is the /64.
    for n in 1..=3 {
        assert_eq!(from(&format!("2001:db8::{n}"), &format!("a{n}@one.example")).await, 200);
    }
    assert_eq!(from("2001:db8::4", "a4@one.example").await, 429);
    assert_eq!(from("2001:db8:0:1::4", "a4@one.example").await, 200);
    // A domain.
    assert_eq!(from("192.0.2.1", "a5@one.example").await, 429);
    // An address: silently.
    assert_eq!(from("192.0.2.1", "bo@two.example").await, 200);
    assert_eq!(from("192.0.2.2", "bo@two.example").await, 200);
    assert_eq!(from("192.0.2.3", "bo@two.example").await, 200);
    assert_eq!(harbour.store.open_sign_ups(now(), 99).await.unwrap().len(), 6);
    // In all.
    assert_eq!(from("192.0.2.9", "cy@three.example").await, 200);
    assert_eq!(from("192.0.2.9", "cy@three.example").await, 429);
    let told = harbour.send("/subscribe", "", FORM, "email=cy%40three.example").await;
    assert_eq!(told.header("retry-after"), "3600");
    told.assert_page(429, "Please try again later");
    harbour.at(now() + TimeDelta::hours(1));
    assert_eq!(from("192.0.2.9", "cy@three.example").await, 200);
    assert!(harbour.store.prune_quotas(now() + TimeDelta::hours(1)).await.unwrap() > 0);
}

#[tokio::test]
async fn a_robot_that_fills_in_what_nobody_sees_is_thanked_and_forgotten() {
    let harbour = Harbour::open().await;
    let body = "email=bo%40example.org&website=http%3A%2F%2Fspam.example";
    harbour.post_form("/subscribe", body).await.assert_page(200, THANKS);
    assert!(harbour.letters("bo@example.org").await.is_empty());
}

#[tokio::test]
async fn pages_of_other_sites_may_not_send_the_form_unless_they_are_named() {
    let harbour = Harbour::with("web: {allowed_origins: [\"https://friend.example\"]}").await;
    let send = async |headers: &str| {
        harbour.send("/subscribe", headers, FORM, "email=bo%40example.org").await.status
    };
    assert_eq!(send("Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n").await, 403);
    assert_eq!(send("Origin: null\r\nSec-Fetch-Site: cross-site\r\n").await, 403);
    assert_eq!(send("Origin: https://evil.example\r\n").await, 403);
    assert_eq!(send("Origin: https://tide.example.evil.example\r\n").await, 403);
    assert!(harbour.letters("bo@example.org").await.is_empty());
    // Ours have no referrer, and so no origin.
    assert_eq!(send("Origin: null\r\nSec-Fetch-Site: same-origin\r\n").await, 200);
    assert_eq!(send("Origin: https://tide.example\r\n").await, 200);
    assert_eq!(send("Origin: https://friend.example\r\nSec-Fetch-Site: cross-site\r\n").await, 200);
    let (unsubscribe, preferences) = (harbour.unsubscribe_link(), harbour.preferences_link());
    let foreign = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    for path in [
        preferences.clone(),
        format!("{preferences}/address"),
        format!("{preferences}/data"),
        format!("{preferences}/erase"),
    ] {
        let refused = harbour.send(&path, foreign, FORM, "name=Eve&email=eve%40example.org").await;
        refused.assert_page(403, "That came from another site");
        assert!(
            refused.text().contains("Please use the page here.") && !refused.text().contains("/subscribe")
        );
        assert!(refused.text().contains(&format!("href=\"{preferences}\"")), "{path}: {}", refused.text());
    }
    let letter = harbour.letters("bo@example.org").await.remove(0);
    let refused = harbour.send(&link(&letter, "/confirm/"), foreign, FORM, "yes=yes").await;
    assert!(
        refused.status == 403 && refused.text().contains("open the link in our letter"),
        "{}",
        refused.text()
    );
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Pending));
    let refused = harbour.send("/subscribe", foreign, FORM, "email=eve%40example.org").await;
    // Our own page asks once more, with what was filled in: a form of a site that has no referrers works so, too.
    let noref = "Origin: null\r\nSec-Fetch-Site: cross-site\r\n";
    let unnamed = harbour.send("/subscribe", noref, FORM, "email=eve%40example.org").await;
    for refused in [refused, unnamed] {
        assert_eq!(refused.status, 403);
        assert!(
            refused.text().contains("Please press the button here")
                && refused.text().contains("value=\"eve@example.org\""),
            "{}",
            refused.text()
        );
    }
    assert!(harbour.letters("eve@example.org").await.is_empty());
    assert_eq!(harbour.ann().await.name.as_deref(), Some("Ann"));
    // RFC 8058's POST is exempt: mail programs on the web send it from wherever they are.
    assert_eq!(harbour.send(&unsubscribe, foreign, FORM, "List-Unsubscribe=One-Click").await.status, 200);
}

#[tokio::test]
async fn scripts_of_named_sites_sign_up_in_json() {
    let harbour = Harbour::with("web: {allowed_origins: [\"https://friend.example\"]}").await;
    let friend = "Origin: https://friend.example\r\nSec-Fetch-Site: cross-site\r\n";
    let asked = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    let preflight = harbour.ask("OPTIONS", "/api/subscribe", &format!("{friend}{asked}")).await;
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(preflight.header("access-control-allow-origin"), "https://friend.example");
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-headers"), "content-type");
    assert_eq!(preflight.header("vary"), "Origin");
    let json = "application/json";
    let answer = harbour
        .send("/api/subscribe", friend, json, "{\"email\": \"bo@example.org\", \"name\": \"Bo\"}")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://friend.example");
    assert_eq!(
        answer.text(),
        "{\"status\":\"ok\",\"message\":\"Fantastic! Thanks for subscribing, you won't regret it.\"}"
    );
    assert_eq!(harbour.letters("bo@example.org").await.len(), 1);
    let wrong = harbour.send("/api/subscribe", friend, json, "{\"email\": \"bo\"}").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("\"errors\":{\"email\":\"This is no email address"), "{}", wrong.text());
    for (body, media_type) in [("{", json), ("email=bo", FORM), ("[]", json)] {
        let refused = harbour.send("/api/subscribe", friend, media_type, body).await;
        assert!([400, 415, 422].contains(&refused.status), "{body}: {}", refused.status);
        assert_eq!(refused.header("content-type"), json, "{body}");
    }

    let declared = format!(
        "POST /api/subscribe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{friend}Content-Length: 70000\r\n\r\n"
    );
    let refused = harbour.say(declared.as_bytes()).await;
    assert_eq!((refused.status, refused.header("content-type")), (413, json));
    assert_eq!(refused.header("access-control-allow-origin"), "https://friend.example");
    assert!(refused.text().starts_with("{\"status\":\"refused\",\"message\":\""), "{}", refused.text());

    let evil = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    let refused = harbour.ask("OPTIONS", "/api/subscribe", &format!("{evil}{asked}")).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, ""));
    let refused = harbour.send("/api/subscribe", evil, json, "{\"email\": \"cy@example.org\"}").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, ""));
    assert!(harbour.letters("cy@example.org").await.is_empty());
}

#[tokio::test]
async fn the_form_for_other_sites_is_plain_html_to_copy() {
    let harbour = Harbour::open().await;
    let page = harbour.get("/embed").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains(
            "&lt;form method=&quot;post&quot; action=&quot;https://tide.example/subscribe&quot;&gt;"
        ),
        "{}",
        page.text()
    );
    let under = harbour.get("/subscribe").await;
    under.assert_page(200, "Straight Into Your Inbox");
}

#[tokio::test]
async fn no_letter_to_an_address_that_nobody_has_confirmed_says_what_a_stranger_wrote() {
    let harbour = Harbour::open().await;
    let advertisement = "WIN NOW http://spam.example/claim";
    let name = "name=WIN+NOW+http%3A%2F%2Fspam.example%2Fclaim";
    harbour.post_form("/subscribe", &format!("email=bo%40example.org&{name}")).await.assert_page(200, THANKS);
    harbour
        .post_form("/subscribe", &format!("email=ANN%40example.org&{name}"))
        .await
        .assert_page(200, THANKS);
    let path = harbour.preferences_link();
    harbour.post_form(&path, &format!("{name}&timezone=&pause=")).await;
    harbour.post_form(&format!("{path}/address"), "email=new%40example.org").await;
    // Ann has her own name in the letter to her, at the address as she has spelt it.
    assert!(harbour.letters("ANN@example.org").await.is_empty());
    for (to, letters) in [("bo@example.org", 1), ("new@example.org", 1), ("ann@example.org", 1)] {
        let got = harbour.letters(to).await;
        assert_eq!(got.len(), letters, "{to}");
        let written = &got[0].written;
        let said = format!("{}{}", written.text, written.html.as_deref().unwrap_or_default());
        assert_eq!(said.contains(advertisement), to.starts_with("ann"), "{to}: {said}");
    }
}

#[tokio::test]
async fn the_link_of_one_who_has_left_says_that_they_have_left() {
    let harbour = Harbour::open().await;
    subscribe(&harbour, "bo@example.org").await;
    let confirm = link(&harbour.letters("bo@example.org").await[0], "/confirm/");
    harbour.post_form(&confirm, "yes=yes").await.assert_page(200, "You are subscribed");
    harbour.post_form(&confirm, "yes=yes").await.assert_page(200, "You are subscribed");
    let bo = harbour.store.by_email(&"bo@example.org".parse().unwrap()).await.unwrap().unwrap();
    assert!(harbour.store.unsubscribe(bo.id, now()).await.unwrap());
    harbour.get(&confirm).await.assert_page(410, "This link does not work any more");
    let page = harbour.post_form(&confirm, "yes=yes").await;
    page.assert_page(410, "This link does not work any more");
    assert!(page.text().contains("/subscribe"), "{}", page.text());
    assert_eq!(harbour.status("bo@example.org").await, Some(Status::Unsubscribed));
}

#[tokio::test]
async fn who_has_left_finds_their_data_and_the_way_to_be_forgotten() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    harbour.store.unsubscribe(harbour.ann, now()).await.unwrap();
    let page = harbour.get(&path).await;
    for way in [format!("action=\"{path}/data\""), format!("href=\"{path}/erase\"")] {
        assert!(page.text().contains(&way), "{way}: {}", page.text());
    }
    harbour.post_form(&format!("{path}/data"), "yes=yes").await.assert_page(200, "Your data is on its way");
    harbour.post_form(&format!("{path}/erase"), "yes=yes").await.assert_page(200, "Everything is erased");
    let page = harbour.get(&path).await;
    assert!(!page.text().contains("/erase"), "{}", page.text());
}

//! Comments: kept for a moderator, shown once approved, their authors' addresses never.

use chrono::TimeDelta;
use straight::comment::Moderation;
use straight::message::Purpose;

use super::archive::site;
use super::{Answer, Harbour, edition, link, now};

const SETTINGS: &str = "comments: {moderators: [mo@example.org]}";

async fn say(harbour: &Harbour, name: &str, email: &str, text: &str) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", name), ("email", email), ("text", text), ("website", "")])
        .finish();
    harbour.post_form("/articles/tide/comments", &body).await
}

async fn moderators_letters(harbour: &Harbour) -> Vec<straight::store::OpenLetter> {
    harbour.press.tell_moderators().await.unwrap();
    harbour.letters("mo@example.org").await
}

#[tokio::test]
async fn a_comment_is_shown_once_a_moderator_has_approved_it_by_the_letters_link() {
    let harbour = site(SETTINGS).await;
    let page = harbour.get("/articles/tide").await;
    for words in ["Your email address will not be published. Required fields are marked *", "Leave a comment"]
    {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let taken =
        say(&harbour, "Bo", "bo.reader@example.org", "High *water*\r\n\r\n<script>alert(1)</script>").await;
    taken.assert_page(200, "Thank you for your comment");
    assert!(!harbour.get("/articles/tide").await.text().contains("<em>water"), "nobody has looked at it");

    let letters = moderators_letters(&harbour).await;
    assert_eq!(letters.len(), 1);
    let written = &letters[0].written;
    assert_eq!(written.subject, "To decide: Bo on The Tide");
    assert!(written.text.contains("High *water*"), "{}", written.text);
    let html = written.html.as_deref().unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    assert_eq!(moderators_letters(&harbour).await.len(), 1, "a comment is told once");

    let approve = link(&letters[0], "/moderate/");
    let before = harbour.disk();
    for _ in 0..3 {
        let asked = harbour.get(&approve).await;
        asked.assert_page(200, "A comment to decide about");
        assert!(asked.text().contains("<em>water</em>") && asked.text().contains("&lt;script&gt;"));
        assert_eq!(asked.header("x-robots-tag"), "noindex, nofollow");
        harbour.get("/articles/tide/comments").await;
    }
    assert_eq!(harbour.disk(), before, "looking changes nothing");

    let done = harbour.post_form(&approve, "yes=yes").await;
    assert!(done.text().contains("It is shown."), "{}", done.text());
    let page = harbour.get("/articles/tide").await;
    assert!(page.text().contains("<em>water</em>") && page.text().contains("1 comment<"), "{}", page.text());
    assert!(page.text().contains("&lt;script&gt;alert(1)") && !page.text().contains("<script>alert"));
    assert!(!page.text().contains("bo.reader"), "an address is never shown");
    assert!(!harbour.get("/articles/quay").await.text().contains("water</em>"));

    let reject = approve.replace("/approve", "/reject");
    let done = harbour.post_form(&reject, "yes=yes").await;
    assert!(done.text().contains("It is not shown."), "{}", done.text());
    assert!(!harbour.get("/articles/tide").await.text().contains("<em>water</em>"));
}

#[tokio::test]
async fn whoever_has_the_article_sees_at_once_what_a_moderator_decides() {
    let harbour = site(SETTINGS).await;
    harbour.publish(&edition("2026-03-04", "High water")).await;
    for path in ["/articles/tide", "/articles/tide-2026-03-04"] {
        // A browser, as its cache goes by RFC 9111: what it may not show unasked it asks for by its tag.
        let had = harbour.get(path).await;
        assert_eq!(had.header("cache-control"), "public, no-cache", "{path}: it asks each time");
        let asks = format!("If-None-Match: {}\r\n", had.header("etag"));
        let body = "name=Bo&email=bo%40example.org&website=&text=High+*water*";
        harbour
            .post_form(&format!("{path}/comments"), body)
            .await
            .assert_page(200, "Thank you for your comment");
        assert_eq!(harbour.ask("GET", path, &asks).await.status, 304, "{path}: nobody has decided");
        let approve = link(moderators_letters(&harbour).await.last().unwrap(), "/moderate/");
        harbour.post_form(&approve, "yes=yes").await;
        let shown = harbour.ask("GET", path, &asks).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(shown.text().contains("<em>water</em>"), "{path}: {}", shown.text());
        assert_eq!(shown.header("cache-control"), "public, no-cache", "{path}");
        let asks = format!("If-None-Match: {}\r\n", shown.header("etag"));
        harbour.post_form(&approve.replace("/approve", "/reject"), "yes=yes").await;
        let gone = harbour.ask("GET", path, &asks).await;
        assert!(gone.status == 200 && !gone.text().contains("<em>water</em>"), "{path}: {}", gone.text());
    }
}

#[tokio::test]
async fn a_moderators_link_is_signed_and_expires() {
    let harbour = site(SETTINGS).await;
    say(&harbour, "Bo", "bo@example.org", "First").await;
    let approve = link(&moderators_letters(&harbour).await[0], "/moderate/");
    for forged in [
        approve.replace("/moderate/1.", "/moderate/2."),
        approve.replace("/moderate/1.", "/moderate/1.1."),
        approve.replace("/approve", "/publish"),
    ] {
        assert_eq!(harbour.get(&forged).await.status, 404, "{forged}");
        assert_eq!(harbour.post_form(&forged, "yes=yes").await.status, 404, "{forged}");
    }
    let evil = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    let sent = harbour.send(&approve, evil, "application/x-www-form-urlencoded", "yes=yes").await;
    sent.assert_page(403, "That came from another site");
    assert!(
        sent.text().contains("Nothing is decided") && !sent.text().contains("/subscribe"),
        "{}",
        sent.text()
    );
    assert!(sent.text().contains(&format!("href=\"{approve}\"")), "{}", sent.text());
    harbour.at(now() + TimeDelta::days(31));
    assert_eq!(harbour.post_form(&approve, "yes=yes").await.status, 410);
    assert_eq!(harbour.store.comment_counts().await.unwrap(), [(Moderation::Pending, 1)]);
}

#[tokio::test]
async fn a_comment_after_one_that_was_erased_is_told_and_the_old_link_is_not_for_it() {
    let harbour = site(SETTINGS).await;
    say(&harbour, "Bo", "bo@example.org", "First").await;
    let old = link(moderators_letters(&harbour).await.last().unwrap(), "/moderate/");
    harbour.store.erase_comments(&"bo@example.org".parse().unwrap()).await.unwrap();
    say(&harbour, "Eve", "eve@example.org", "Second").await;
    let letters = moderators_letters(&harbour).await;
    assert!(letters.last().unwrap().written.text.contains("Second"), "the moderators hear of it");
    assert_eq!(harbour.post_form(&old, "yes=yes").await.status, 410);
    // Nor is a link for one of the same number, of a database that was restored since.
    for number in 1..=3 {
        let other = harbour.keys.issue_until(Purpose::Moderate, number, now() + TimeDelta::days(3));
        let page = harbour.post_form(&format!("/moderate/{other}/approve"), "yes=yes").await;
        assert_eq!(page.status, 410, "{}", page.text());
    }
    assert_eq!(harbour.store.comment_counts().await.unwrap(), [(Moderation::Pending, 1)]);
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field_and_what_was_written_is_kept() {
    let harbour = site(SETTINGS).await;
    let page = say(&harbour, "", "bo\"><script>", "Kept & <b>").await;
    assert_eq!(page.status, 422);
    for words in [
        "Please write your name.",
        "aria-describedby=\"comment-name-error\" aria-invalid=\"true\"",
        "This is no email address",
        "Kept &amp; &lt;b&gt;</textarea>",
        "bo&quot;&gt;&lt;script&gt;",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert!(!page.text().contains("<script>"));
    let long = say(&harbour, "Bo", "bo@example.org", &"x".repeat(5_001)).await;
    assert!(long.status == 422 && long.text().contains("longer than 5,000 characters"), "{}", long.text());
    assert_eq!(harbour.store.comment_counts().await.unwrap(), []);
    assert_eq!(harbour.post_form("/articles/nowhere/comments", "name=Bo").await.status, 404);
}

#[tokio::test]
async fn an_article_of_before_the_archive_is_commented_on_as_any_other() {
    let harbour = Harbour::with(SETTINGS).await;
    harbour.publish(&edition("2026-03-02", "High water")).await;
    let page = "/articles/tide-2026-03-02";
    assert!(harbour.get(page).await.text().contains("Nobody has said anything yet."));
    let body = "name=Bo&email=bo%40example.org&text=High+*water*&website=";
    let taken = harbour.post_form(&format!("{page}/comments"), body).await;
    taken.assert_page(200, "Thank you for your comment");
    let letter = moderators_letters(&harbour).await.remove(0);
    assert_eq!(letter.written.subject, "To decide: Bo on High water");
    let approve = link(&letter, "/moderate/");
    let said = "<span dir=\"auto\">Bo</span> on <span dir=\"auto\">High water</span>, ";
    assert!(
        harbour.get(&approve).await.text().contains(said),
        "each keeps its direction on a page of the other"
    );
    harbour.post_form(&approve, "yes=yes").await;
    let shown = harbour.get(page).await;
    assert!(
        shown.text().contains("<em>water</em>") && !shown.text().contains("bo@example"),
        "{}",
        shown.text()
    );
    assert_eq!(harbour.get(&format!("{page}/comments")).await.status, 200);
}

#[tokio::test]
async fn robots_other_sites_and_floods_are_kept_out_and_a_text_sent_twice_is_one() {
    let settings = "comments: {limits: {per_network: [3/h]}}";
    let harbour = site(settings).await;
    let robot = "name=Bo&email=bo%40example.org&text=Buy&website=https%3A%2F%2Fspam.example";
    assert_eq!(harbour.post_form("/articles/tide/comments", robot).await.status, 200);
    let evil = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    let form = "application/x-www-form-urlencoded";
    let body = "name=Bo&email=bo%40example.org&text=Hi";
    let sent = harbour.send("/articles/tide/comments", evil, form, body).await;
    assert!(
        sent.status == 403 && sent.text().contains("use the form beneath the article"),
        "{}",
        sent.text()
    );
    assert_eq!(harbour.store.comment_counts().await.unwrap(), []);

    for _ in 0..2 {
        say(&harbour, "Bo", "bo@example.org", "Hi").await.assert_page(200, "Thank you for your comment");
    }
    say(&harbour, "Bo", "bo2@example.org", "Hi").await.assert_page(200, "Thank you for your comment");
    // Who has to wait keeps what they wrote.
    let again = say(&harbour, "Bo", "bo3@example.org", "What I think").await;
    assert_eq!(again.status, 429);
    assert!(
        again.text().contains("Too many comments came") && again.text().contains("What I think</textarea>"),
        "{}",
        again.text()
    );
    assert_eq!(again.header("retry-after"), "3600");
    assert_eq!(harbour.store.comment_counts().await.unwrap(), [(Moderation::Pending, 2)]);
}

#[tokio::test]
async fn an_article_closes_when_the_configuration_says_so() {
    let harbour = site("comments: {close_after: 7d}").await;
    assert_eq!(say(&harbour, "Bo", "bo@example.org", "In time").await.status, 200);
    harbour.at(now() + TimeDelta::days(7));
    let page = harbour.get("/articles/tide").await;
    assert!(page.text().contains("This article takes no more comments."), "{}", page.text());
    assert!(!page.text().contains("<textarea"));
    say(&harbour, "Bo", "bo@example.org", "Too late").await;
    assert_eq!(harbour.store.comment_counts().await.unwrap(), [(Moderation::Pending, 1)]);
}

#[tokio::test]
async fn what_a_reader_said_is_among_their_data_and_goes_when_they_are_erased() {
    let harbour = site("").await;
    say(&harbour, "Ann", "Ann@example.org", "Mine").await;
    say(&harbour, "Bo", "bo@example.org", "Not hers").await;
    let known = harbour.store.known(&harbour.ann().await).await.unwrap();
    assert_eq!(known.comments.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["Mine"]);

    let path = format!("{}/erase", harbour.preferences_link());
    harbour.post_form(&path, "yes=yes").await.assert_page(200, "Everything is erased");
    let left = harbour.store.comments(Moderation::Pending, straight::comment::CommentId(0), 9).await.unwrap();
    assert_eq!(left.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["Not hers"]);
    assert!(!harbour.dump().await.to_lowercase().contains("ann@example.org"));
}

#[tokio::test]
async fn while_nobody_decides_nobody_is_told_and_later_all_are() {
    let nobody = site("publication: {editors: []}").await;
    say(&nobody, "Bo", "bo@example.org", "First").await;
    assert_eq!(nobody.press.tell_moderators().await.unwrap(), 0);
    assert_eq!(nobody.store.untold_comments(9).await.unwrap().len(), 1, "it waits for somebody");
    let somebody = site(SETTINGS).await;
    say(&somebody, "Bo", "bo@example.org", "First").await;
    assert_eq!(somebody.press.tell_moderators().await.unwrap(), 1);
    assert_eq!(somebody.store.untold_comments(9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_links_of_a_comment_that_waited_long_for_a_moderator_work_as_long_as_any() {
    let harbour = site(SETTINGS).await;
    say(&harbour, "Bo", "bo@example.org", "First").await;
    let told = now() + TimeDelta::days(40);
    harbour.at(told);
    let letter = moderators_letters(&harbour).await.remove(0);
    assert!(letter.written.text.contains("The links work until 10 May 2026"), "{}", letter.written.text);
    let approve = link(&letter, "/moderate/");
    harbour.at(told + TimeDelta::days(30) - TimeDelta::seconds(1));
    let page = harbour.post_form(&approve, "yes=yes").await;
    assert!(page.status == 200 && page.text().contains("It is shown."), "{}", page.text());
    harbour.at(told + TimeDelta::days(30));
    assert_eq!(harbour.get(&approve).await.status, 410);
}

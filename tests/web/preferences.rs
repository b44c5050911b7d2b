//! Changing name and time zone.

use straight::message::Purpose;

use super::{Harbour, now};

#[tokio::test]
async fn a_reader_changes_name_and_time_zone() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    let page = harbour.get(&path).await;
    page.assert_page(200, "What you get");
    assert!(page.text().contains("value=\"Ann\"") && page.text().contains("(Europe/London)"));
    assert!(page.text().contains(&harbour.unsubscribe_link()));

    let saved = harbour.post_form(&path, "name=+Ann+O%27Neill+&timezone=America%2FNew_York").await;
    saved.assert_page(200, "What you get");
    assert!(saved.text().contains("Your changes are saved."));
    let ann = harbour.ann().await;
    assert_eq!(ann.name.as_deref(), Some("Ann O'Neill"));
    assert_eq!(ann.timezone, Some(chrono_tz::America::New_York));
    let page = harbour.get(&path).await;
    assert!(page.text().contains("<option value=\"America/New_York\" selected>"));

    harbour.post_form(&path, "name=&timezone=").await.assert_page(200, "What you get");
    let ann = harbour.ann().await;
    assert_eq!((ann.name, ann.timezone), (None, None));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_saved() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    let before = harbour.disk();
    for (body, described) in [
        (
            "name=Ann%0D%0ABcc:+x@example.org&timezone=",
            "aria-describedby=\"name-hint name-error\" aria-invalid=\"true\"",
        ),
        ("name=A%00B", "id=\"name-error\""),
        (&format!("name={}", "n".repeat(101)), "longer than 100 characters"),
        (
            "timezone=Mars%2FOlympus",
            "aria-describedby=\"timezone-hint timezone-error\" aria-invalid=\"true\"",
        ),
        ("timezone=america%2Fnew_york", "id=\"timezone-error\""),
    ] {
        let answer = harbour.post_form(&path, body).await;
        answer.assert_page(422, "What you get");
        assert!(answer.text().contains(described), "{body}: {}", answer.text());
        assert!(answer.text().contains("<title>Error: What you get"));
    }
    let again = harbour.post_form(&path, "name=A%0D%0AB").await;
    assert!(again.text().contains("value=\"A  B\""), "{}", again.text());
    assert_eq!(harbour.disk(), before);
    // What the form never sends has a page as well.
    harbour.post(&path, "application/json", "{}").await.assert_page(415, "That could not be read");
    harbour.post_form(&path, "name=a&name=b").await.assert_page(422, "That could not be read");
    assert_eq!(harbour.disk(), before);
    // Bytes that are no text become marks that show it.
    harbour.post_form(&path, "name=%FFAnn").await.assert_page(200, "What you get");
    assert_eq!(harbour.ann().await.name.as_deref(), Some("\u{FFFD}Ann"));
}

#[tokio::test]
async fn a_name_is_text_and_never_markup() {
    let harbour = Harbour::open().await;
    let path = harbour.preferences_link();
    let name = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%26%7B%7B+site+%7D%7D";
    for body in [format!("name={name}"), format!("name={name}&timezone={name}")] {
        let answer = harbour.post_form(&path, &body).await;
        assert!(!answer.text().contains("<script"), "{}", answer.text());
        assert!(answer.text().contains("&quot;&gt;&lt;script&gt;alert(1)"), "{}", answer.text());
        assert!(answer.text().contains("{{ site }}"));
    }
    let page = harbour.get(&path).await;
    assert!(!page.text().contains("<script") && page.text().contains("&lt;script&gt;"));
    assert_eq!(harbour.ann().await.name.as_deref(), Some("\"><script>alert(1)</script>&{{ site }}"));
}

#[tokio::test]
async fn who_has_left_changes_nothing_any_more() {
    let harbour = Harbour::open().await;
    harbour.store.unsubscribe(harbour.ann, now()).await.unwrap();
    let path = harbour.preferences_link();
    let disk = harbour.disk();
    let page = harbour.get(&path).await;
    page.assert_page(200, "You are not subscribed");
    assert!(!page.text().contains("name=\"timezone\"") && !page.text().contains("name=\"pause\""));
    harbour.post_form(&path, "name=Back").await.assert_page(409, "You are not subscribed");
    assert_eq!(harbour.disk(), disk);
}

#[tokio::test]
async fn a_link_for_leaving_does_not_open_the_form() {
    let harbour = Harbour::open().await;
    let token = harbour.keys.issue(Purpose::Unsubscribe, harbour.holder);
    harbour.get(&format!("/preferences/{token}")).await.assert_page(404, "There is no such page");
}

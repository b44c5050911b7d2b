//! What is published is frozen for the web too.

use super::Newsroom;

#[tokio::test]
async fn what_went_out_is_kept_for_the_web_without_anything_personal() {
    let room = Newsroom::new().settings("publication: {public_url: https://post.example.org/daily}");
    room.article("ferry", "2026-09-24", "The Ferry")
        .file(
            "tide.md",
            "---\ntitle: The “Tide” <turns>\ndate: 2026-09-24\nlead: true\nauthor: {name: Åsa Ek, biography: 'Writes *daily*.'}\n\
             summary: In short.\nhighlights: ['It **turns**']\ntags: [Sea, sea, 'Über uns']\n---\n\
             See [the ferry](ferry.md), [that](https://other.example/x) and\n<script>alert(1)</script> <b onclick=\"x()\">bold</b>.[^1]\n\n\
             ## A heading {#here}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: A note.\n",
        )
        .readers(&["canary@example.org"])
        .await;
    room.send().await.unwrap();
    let press = room.press().await;
    let tide = press.store.article("the-tide-turns").await.unwrap().unwrap();
    let ferry = press.store.article("the-ferry").await.unwrap().unwrap();
    press.store.close().await;
    insta::assert_snapshot!(format!("{:#?}\n{}", (&tide.card, &tide.body), tide.body.html));
    assert_eq!((ferry.card.position, tide.card.position), (1, 0));
    for article in [&tide, &ferry] {
        let all = format!("{article:?}");
        assert!(!all.contains("canary") && !all.contains("unsubscribe"), "{all}");
        assert!(!all.contains("<script") && !all.contains("onclick") && !all.contains("style="), "{all}");
    }
    // The mail's own links lead to the article's page.
    let mail = &room.inbox("canary@example.org")[0];
    assert!(mail.html.contains("https://post.example.org/daily/articles/the-ferry"), "{}", mail.html);

    room.at("2026-09-25T07:00:00Z").article("quay", "2026-09-25", "The Quay");
    room.send().await.unwrap();
    let second = &room.inbox("canary@example.org")[1];
    assert!(
        second.html.contains("https://post.example.org/daily/articles/the-tide-turns"),
        "{}",
        second.html
    );
}

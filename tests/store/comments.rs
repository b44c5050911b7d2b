//! Comments: kept until somebody has looked, one for each text, gone when their author asks.

use straight::article::Slug;
use straight::comment::{CommentId, Moderation, NewComment};
use straight::letter::Written;
use straight::store::Store;

use super::{at, edition_for, on_both};

fn tide() -> Slug {
    Slug::of_text("tide").unwrap()
}

fn comment(name: &str, email: &str, text: &str) -> NewComment {
    NewComment::parse(tide(), name, email, text).unwrap()
}

async fn shown(store: &Store) -> Vec<String> {
    let shown = store.shown_comments(&tide(), CommentId(0), 9).await.unwrap();
    assert_eq!(store.shown_comment_count(&tide()).await.unwrap(), shown.len() as u64);
    shown.into_iter().map(|comment| comment.text).collect()
}

#[tokio::test]
async fn a_comment_is_shown_once_it_is_approved() {
    on_both(async |engine| {
        let store = engine.open().await;
        edition_for(&store, &["reader@example.org"]).await;
        let id = store
            .add_comment(&comment("Ann", "Ann@Example.org", "High *tide*"), at(1))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(shown(&store).await, [""; 0]);
        let pending = store.comments(Moderation::Pending, CommentId(0), 9).await.unwrap();
        assert_eq!(pending.len(), 1);
        let kept = &pending[0];
        assert_eq!((kept.id, kept.name.as_str(), kept.text.as_str()), (id, "Ann", "High *tide*"));
        assert_eq!((kept.email.as_str(), kept.made_at, kept.decided_at), ("Ann@Example.org", at(1), None));

        assert!(store.moderate(id, Moderation::Approved, at(2)).await.unwrap());
        assert!(
            !store.moderate(id, Moderation::Approved, at(3)).await.unwrap(),
            "a second click changes nothing"
        );
        assert_eq!(shown(&store).await, ["High *tide*"]);
        assert_eq!(store.comment(id).await.unwrap().unwrap().decided_at, Some(at(2)));

        assert!(store.moderate(id, Moderation::Rejected, at(4)).await.unwrap());
        assert_eq!(shown(&store).await, [""; 0]);
        assert!(!store.moderate(CommentId(id.0 + 1), Moderation::Approved, at(5)).await.unwrap());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_text_of_the_same_author_is_one_comment() {
    on_both(async |engine| {
        let store = engine.open().await;
        edition_for(&store, &["reader@example.org"]).await;
        let first = comment("Ann", "ann@example.org", "First!");
        assert!(store.add_comment(&first, at(1)).await.unwrap().is_some());
        let again = comment("Ann", "ANN@example.org", "First!\r\n");
        assert_eq!(store.add_comment(&again, at(2)).await.unwrap(), None);
        assert!(
            store.add_comment(&comment("Bo", "bo@example.org", "First!"), at(3)).await.unwrap().is_some()
        );
        assert!(
            store.add_comment(&comment("Ann", "ann@example.org", "Second"), at(4)).await.unwrap().is_some()
        );
        assert_eq!(store.comment_counts().await.unwrap(), [(Moderation::Pending, 3)]);
        let page = store.comments(Moderation::Pending, CommentId(0), 2).await.unwrap();
        let rest = store.comments(Moderation::Pending, page[1].id, 2).await.unwrap();
        assert_eq!((page.len(), rest.len()), (2, 1));

        assert_eq!(store.erase_comments(&"aNN@example.org".parse().unwrap()).await.unwrap(), 2);
        assert_eq!(store.comment_counts().await.unwrap(), [(Moderation::Pending, 1)]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_article_that_never_went_out_takes_no_comment() {
    on_both(async |engine| {
        let store = engine.open().await;
        assert!(store.add_comment(&comment("Ann", "ann@example.org", "Hello?"), at(1)).await.is_err());
        assert_eq!(store.comment_counts().await.unwrap(), []);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_moderators_are_told_of_a_comment_once_and_all_together() {
    on_both(async |engine| {
        let (store, other) = (engine.open().await, engine.open().await);
        edition_for(&store, &["reader@example.org"]).await;
        let id =
            store.add_comment(&comment("Ann", "ann@example.org", "First!"), at(1)).await.unwrap().unwrap();
        assert_eq!(store.untold_comments(9).await.unwrap()[0].told_at, None);
        let moderators = ["mo@example.org", "jo@example.org"].map(|address| address.parse().unwrap());
        let letter = Written::plain("A comment", "Its links end 30 days from at(50)");
        assert_eq!(store.tell_of_comment(id, &moderators, &letter, at(50)).await.unwrap(), 2);
        // Another node was late: its letter, whose links end later, goes to nobody.
        let late = Written::plain("A comment", "Late");
        let more = ["mo@example.org", "new@example.org"].map(|address| address.parse().unwrap());
        assert_eq!(other.tell_of_comment(id, &more, &late, at(51)).await.unwrap(), 0);
        assert_eq!(store.comment(id).await.unwrap().unwrap().told_at, Some(at(50)));
        assert!(store.untold_comments(9).await.unwrap().is_empty());
        let letters = store.due_letters(at(99), None, 9).await.unwrap();
        let letters: Vec<_> =
            letters.iter().map(|l| (l.to.as_str(), l.written.text == letter.text)).collect();
        assert_eq!(letters, [("mo@example.org", true), ("jo@example.org", true)]);
        store.close().await;
        other.close().await;
    })
    .await;
}

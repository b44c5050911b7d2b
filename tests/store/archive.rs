//! The archive: articles frozen with their edition, listed, and found by their words.

use straight::archive::search::{IndexEntry, Query};
use straight::archive::{ArchivedArticle, Body, Byline, Card, Named};
use straight::comment::{Moderation, NewComment};
use straight::store::{Group, Issue, Origin, Searched, Store};

use super::{at, letterhead, on_both, publish_for, reader, rendered};

pub(super) fn article(key: &str, position: u32, slug: &str, title: &str, text: &str) -> ArchivedArticle {
    let ada = Named::of("Ada Reporter");
    ArchivedArticle {
        card: Card {
            slug: slug.into(),
            edition: key.parse().unwrap(),
            position,
            title: title.into(),
            date: key[..10].parse().unwrap(),
            published_at: at(0),
            summary: Some(format!("In short: {slug}")),
            author: Some(ada.clone()),
            tags: vec![Named::of("Harbour"), Named::of("Über See")],
            elsewhere: None,
            words: 2,
        },
        body: Body {
            language: "en".into(),
            highlights: vec![format!("Of <strong>{slug}</strong> &amp; more")],
            image: None,
            byline: Some(Byline {
                author: ada,
                biography: Some(format!("Wrote {slug}")),
                link: None,
                photo: None,
            }),
            sources: Vec::new(),
            copyright: "© 2026".into(),
            html: format!("<p>{text}</p>"),
            text: text.into(),
        },
    }
}

pub(super) async fn publish(store: &Store, key: &str, articles: &[ArchivedArticle]) {
    let slugs: Vec<&str> = articles.iter().map(|article| article.card.slug.as_str()).collect();
    let edition = rendered(key, &slugs);
    let letterhead = letterhead();
    let issue = Issue {
        edition: &edition,
        letterhead: &letterhead,
        pictures: &[],
        articles,
        earlier: &[],
        examples_too: false,
        needs_approval: false,
    };
    store.publish(&issue, at(0)).await.unwrap();
}

pub(super) async fn found(store: &Store, typed: &str) -> Vec<String> {
    match store.search(&Query::of(typed), 0, 50).await.unwrap() {
        Searched::Found(found) => {
            assert_eq!(found.total, found.articles.len() as u64, "{typed}");
            found.articles.into_iter().map(|article| article.card.slug).collect()
        }
        Searched::TookTooLong => panic!("{typed}"),
    }
}

fn slugs(cards: &[Card]) -> Vec<&str> {
    cards.iter().map(|card| card.slug.as_str()).collect()
}

/// What the lint compares with: the latest articles that went out until an edition, on either engine.
#[tokio::test]
async fn what_went_out_until_an_edition_is_compared_with_what_is_due() {
    let words = "The ferry sails again on Monday after two years in the dock and its first passengers are the children of \
                 the island school who have waited for the crossing since the autumn before last";
    let folder = tempfile::tempdir().unwrap();
    let due = format!("---\ntitle: Another Headline\ndate: 2026-09-26\n---\nUpdate. {words}.\n");
    std::fs::write(folder.path().join("again.md"), due).unwrap();
    let options = straight::article::LoadOptions::new(chrono_tz::UTC, Default::default());
    let path = folder.path().to_owned();
    let loaded = straight::article::load_paths(&[path], folder.path(), &options, at(0)).unwrap();
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        publish(&store, "2026-09-24", &[article("2026-09-24", 0, "ferry", "The Ferry", words)]).await;
        publish(&store, "2026-09-28", &[article("2026-09-28", 0, "later", "Another Headline", "x")]).await;
        let told = async |key: &str| {
            let key = key.parse().unwrap();
            let sent = straight::press::Sent::until(&store, &key).await.unwrap();
            let config = straight::config::Config::default();
            let found = straight::press::already_sent(
                &loaded.articles,
                (&loaded.names, &loaded.outlines()),
                &sent,
                &key,
                &config,
            );
            found.into_iter().map(|found| found.message).collect::<Vec<_>>()
        };
        let text = "this has the text of “The Ferry”, which went out in the edition 2026-09-24";
        assert_eq!(told("2026-09-26").await, [text]);
        assert_eq!(told("2026-09-23").await, [""; 0], "what goes out later was not there yet");
    })
    .await;
}

#[tokio::test]
async fn articles_are_kept_with_their_edition_and_listed() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        // From before there was an archive.
        publish_for(&store, &rendered("2026-08-31", &["old"]), false).await;
        let tide = article("2026-09-24", 0, "tide", "The Tide", "Water.");
        publish(
            &store,
            "2026-09-24",
            &[tide.clone(), article("2026-09-24", 1, "quay", "The Quay", "Stone.")],
        )
        .await;
        publish(&store, "2026-09-25", &[article("2026-09-25", 0, "ferry", "The Ferry", "Boat.")]).await;

        assert_eq!(store.article("tide").await.unwrap(), Some(tide.clone()));
        assert_eq!(store.article("old").await.unwrap(), None);
        assert_eq!(store.out("old").await.unwrap().unwrap().edition.to_string(), "2026-08-31");
        assert_eq!(store.out("never").await.unwrap(), None);

        assert_eq!(store.slugs_of_before("", 9).await.unwrap(), ["old"]);
        assert_eq!(store.slugs_of_before("old", 9).await.unwrap(), [""; 0]);
        let of_before = ("2026-08-31".parse().unwrap(), at(0));
        assert_eq!(store.editions_of_before(9).await.unwrap(), [of_before]);
        assert_eq!(store.editions_of_before(0).await.unwrap(), []);
        let key = "2026-09-24".parse().unwrap();
        let (before, after) = store.editions_beside(&key).await.unwrap();
        assert_eq!(before.unwrap().key.to_string(), "2026-08-31");
        assert_eq!(after.unwrap().key.to_string(), "2026-09-25");
        assert_eq!(store.articles_in(&key).await.unwrap()[0], tide);
        assert_eq!(store.in_edition(&key).await.unwrap().unwrap().headlines.len(), 2);
        let newest = store.edition_summary(&"2026-09-25".parse().unwrap()).await.unwrap().unwrap();
        let standing = store.archive_standing().await.unwrap();
        assert_eq!(standing.newest, Some((newest.hash, newest.frozen_at)));
        let standing = store.article_standing("tide").await.unwrap().unwrap();
        assert_eq!(standing.beside, [Some("quay".to_owned()), Some("ferry".to_owned())]);
        assert_eq!((standing.comments, standing.comment_marks), (0, (0, 0)));
        assert_eq!(store.article_standing("old").await.unwrap(), None);
        let group = store.group_standing(Group::Tag("harbour")).await.unwrap().unwrap();
        assert_eq!((group.total, group.newest), (3, at(0)));
        assert_eq!(store.group_standing(Group::Author("nobody")).await.unwrap(), None);

        let (earlier, later) = store.neighbours(&tide.card).await.unwrap();
        assert_eq!((earlier.unwrap().slug.as_str(), later.unwrap().slug.as_str()), ("quay", "ferry"));
        let ferry = store.article("ferry").await.unwrap().unwrap().card;
        let (earlier, later) = store.neighbours(&ferry).await.unwrap();
        assert_eq!((earlier.unwrap().slug.as_str(), later), ("tide", None));

        let all: Vec<Card> = store.latest_articles(9).await.unwrap().into_iter().map(|a| a.card).collect();
        assert_eq!(slugs(&all), ["ferry", "tide", "quay"]);
        let by = store.articles_of(Group::Author("ada-reporter"), 1, 1).await.unwrap();
        assert_eq!((by.total, slugs(&by.cards)), (3, vec!["tide"]));
        let tagged = store.articles_of(Group::Tag("uber-see"), 0, 9).await.unwrap();
        assert_eq!((tagged.total, slugs(&tagged.cards)), (3, vec!["ferry", "tide", "quay"]));
        assert_eq!(store.articles_of(Group::Tag("none"), 0, 9).await.unwrap().total, 0);
        let byline = store.byline("ada-reporter").await.unwrap().unwrap();
        assert_eq!(byline.biography.as_deref(), Some("Wrote ferry"), "what they said last");
        assert_eq!(store.authors().await.unwrap()[0].total, 3);
        assert_eq!(store.tags().await.unwrap().len(), 2);

        assert_eq!(store.months().await.unwrap(), [("2026-09".to_owned(), 2), ("2026-08".to_owned(), 1)]);
        let month = store.editions_of("2026-09", 40).await.unwrap();
        let headlines: Vec<Vec<&str>> =
            month.iter().map(|e| e.headlines.iter().map(|h| h.slug.as_str()).collect()).collect();
        assert_eq!(headlines, [vec!["ferry"], vec!["tide", "quay"]]);
        let old = store.editions_of("2026-08", 40).await.unwrap();
        assert_eq!(old[0].headlines[0].slug, "old", "headlines of old still list");

        let places = store.article_places(0, 2).await.unwrap();
        let rest = store.article_places(places[1].id, 9).await.unwrap();
        assert_eq!((places[0].slug.as_str(), rest.len(), rest[0].slug.as_str()), ("tide", 1, "ferry"));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_withdrawn_is_nowhere_until_it_is_put_back() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        publish(&store, "2026-09-24", &[article("2026-09-24", 0, "tide", "The Tide", "Water.")]).await;
        let harm = article("2026-09-25", 0, "harm", "Harm", "Water said of Bob.");
        publish(&store, "2026-09-25", &[harm, article("2026-09-25", 1, "quay", "The Quay", "Water.")]).await;
        publish(&store, "2026-09-26", &[article("2026-09-26", 0, "ferry", "The Ferry", "Water.")]).await;
        let key = "2026-09-25".parse().unwrap();
        let before = store.archive_standing().await.unwrap();
        assert_eq!((before.withdrawn, before.withdrawn_at), (0, None));
        assert!(!store.withdraw("nowhere", "ann", None, at(1)).await.unwrap());
        assert!(store.withdraw("harm", "ann", Some("Bob"), at(1)).await.unwrap());
        assert!(!store.withdraw("harm", "bo", None, at(2)).await.unwrap(), "once");
        let off = store.withdrawals().await.unwrap().remove(0);
        assert_eq!((off.slug.as_str(), off.at, off.who.as_str()), ("harm", at(1), "ann"));
        let standing = store.archive_standing().await.unwrap();
        assert_eq!((standing.withdrawn, standing.withdrawn_at), (1, Some(at(1))));

        assert!(store.article("harm").await.unwrap().is_none() && store.out("harm").await.unwrap().is_none());
        assert!(store.article_standing("harm").await.unwrap().is_none());
        let beside = store.article_standing("quay").await.unwrap().unwrap().beside;
        assert_eq!(beside, [Some("tide".to_owned()), Some("ferry".to_owned())]);
        let quay = store.article("quay").await.unwrap().unwrap().card;
        let (earlier, later) = store.neighbours(&quay).await.unwrap();
        assert_eq!((earlier.unwrap().slug.as_str(), later.unwrap().slug.as_str()), ("tide", "ferry"));
        assert_eq!(found(&store, "water").await, ["ferry", "quay", "tide"]);
        assert_eq!(found(&store, "Bob").await, [""; 0]);
        let latest = store.latest_articles(9).await.unwrap();
        assert_eq!(latest.len(), 3);
        for group in [Group::Tag("harbour"), Group::Author("ada-reporter")] {
            assert_eq!(store.group_standing(group).await.unwrap().unwrap().total, 3);
            let page = store.articles_of(group, 0, 9).await.unwrap();
            assert_eq!((page.total, slugs(&page.cards)), (3, vec!["ferry", "quay", "tide"]));
        }
        let places = store.article_places(0, 9).await.unwrap();
        assert!(places.iter().all(|place| place.slug != "harm"));
        let edition = store.in_edition(&key).await.unwrap().unwrap();
        assert_eq!(edition.headlines.len(), 1);
        let recent = store.recent_headlines("2026-12-31".parse().unwrap(), 9).await.unwrap();
        assert!(recent.iter().all(|headline| headline.slug != "harm"));
        assert!(
            !store.is_edition_whole(&key).await.unwrap() && !store.is_edition_withdrawn(&key).await.unwrap()
        );

        // With its last article an edition goes.
        assert!(store.withdraw("quay", "ann", None, at(2)).await.unwrap());
        assert!(store.is_edition_withdrawn(&key).await.unwrap());
        assert!(
            store.public_edition(&key).await.unwrap().is_none()
                && store.edition_summary(&key).await.unwrap().is_some()
        );
        let keys = |editions: Vec<straight::store::EditionSummary>| {
            editions.into_iter().map(|edition| edition.key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(keys(store.public_editions(None, 9).await.unwrap()), ["2026-09-26", "2026-09-24"]);
        assert_eq!(keys(store.editions(None, 9).await.unwrap()).len(), 3, "operators see all");
        let (_, later) = store.editions_beside(&"2026-09-24".parse().unwrap()).await.unwrap();
        assert_eq!(later.unwrap().key.to_string(), "2026-09-26");

        assert!(store.restore("harm", at(3)).await.unwrap() && !store.restore("harm", at(4)).await.unwrap());
        assert_eq!(store.article("harm").await.unwrap().unwrap().card.title, "Harm");
        assert_eq!(found(&store, "Bob").await, ["harm"]);
        let standing = store.archive_standing().await.unwrap();
        assert_eq!((standing.withdrawn, standing.withdrawn_at), (1, Some(at(3))));
    })
    .await;
}

#[tokio::test]
async fn an_edition_that_is_cancelled_before_anybody_has_it_is_withdrawn() {
    on_both(async |engine| {
        let store = engine.open().await;
        let readers = [reader("ann@example.org"), reader("bo@example.org")];
        store.import(&readers, Origin::File, at(0)).await.unwrap();
        publish(&store, "2026-09-24", &[article("2026-09-24", 0, "tide", "The Tide", "Water.")]).await;
        publish(&store, "2026-09-25", &[article("2026-09-25", 0, "harm", "Harm", "Bob.")]).await;
        let of = async |key: &str| store.edition_summary(&key.parse().unwrap()).await.unwrap().unwrap().id;
        let (some, none) = (of("2026-09-24").await, of("2026-09-25").await);
        let sent = format!(
            "UPDATE deliveries SET state = 'sent' WHERE edition_id = {} AND subscriber_id = 1",
            some.0
        );
        engine.run(sent).await;
        assert_eq!(store.latest_to_send().await.unwrap().unwrap().id, none);
        let cancelled = store.cancel(none, "ann", Some("libel"), at(1)).await.unwrap().unwrap();
        assert_eq!((cancelled.withheld, cancelled.withdrawn), (2, 1));
        assert!(store.article("harm").await.unwrap().is_none());
        assert_eq!(store.latest_to_send().await.unwrap().unwrap().id, some);
        let cancelled = store.cancel(some, "ann", None, at(2)).await.unwrap().unwrap();
        assert_eq!((cancelled.withheld, cancelled.withdrawn), (1, 0));
        assert!(store.article("tide").await.unwrap().is_some(), "who got it has a page to come back to");
        assert_eq!(store.latest_to_send().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_changes_about_an_article_is_told_in_one_row() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let of_day = |day: &str, slugs: [&str; 2], published_at| {
            let [first, second] = slugs;
            [(0, first), (1, second)].map(|(place, slug)| {
                let mut article = article(day, place, slug, slug, "Water.");
                article.card.published_at = published_at;
                article
            })
        };
        publish(&store, "2026-09-24", &of_day("2026-09-24", ["tide", "quay"], at(10))).await;
        publish(&store, "2026-09-25", &of_day("2026-09-25", ["ferry", "gale"], at(20))).await;
        publish(&store, "2026-09-26", &of_day("2026-09-26", ["buoy", "ebb"], at(30))).await;
        // The first of an edition is the latest of it.
        for (slug, earlier, later, last) in [
            ("ebb", Some("ferry"), Some("buoy"), 30),
            ("quay", None, Some("tide"), 10),
            ("tide", Some("quay"), Some("gale"), 20),
            ("ferry", Some("gale"), Some("ebb"), 30),
            ("buoy", Some("ebb"), None, 30),
        ] {
            let standing = store.article_standing(slug).await.unwrap().unwrap();
            assert_eq!(standing.beside, [earlier.map(str::to_owned), later.map(str::to_owned)], "{slug}");
            assert_eq!(standing.published_at, at(last), "{slug}");
        }

        let mut said = Vec::new();
        for text in ["One", "Two", "Three", "Four"] {
            let comment = NewComment::parse("ferry".parse().unwrap(), "Bo", "bo@example.org", text).unwrap();
            said.push(store.add_comment(&comment, at(40)).await.unwrap().unwrap());
        }
        for (place, moderation, decided) in
            [(0, Moderation::Approved, 50), (1, Moderation::Rejected, 70), (3, Moderation::Approved, 60)]
        {
            assert!(store.moderate(said[place], moderation, at(decided)).await.unwrap());
        }
        let standing = store.article_standing("ferry").await.unwrap().unwrap();
        assert_eq!(standing.comments, 2, "those that are shown, each once");
        let last = at(60).timestamp_millis();
        assert_eq!(standing.comment_marks, (said[0].0 + said[3].0, last));
        assert_eq!(standing.frozen_at, at(20));
        assert_eq!(standing.beside, [Some("gale".to_owned()), Some("ebb".to_owned())]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_edition_that_fails_leaves_no_article_behind() {
    on_both(async |engine| {
        let store = engine.open().await;
        let tide = [article("2026-09-24", 0, "tide", "The Tide", "Water.")];
        publish(&store, "2026-09-24", &tide).await;
        assert_eq!(store.article("tide").await.unwrap(), None, "nobody reads it yet");
        assert!(found(&store, "tide").await.is_empty());
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        publish(&store, "2026-09-24", &tide).await;
        publish(&store, "2026-09-24", &tide).await;
        assert_eq!(found(&store, "tide").await, ["tide"]);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn words_are_found_in_any_spelling_and_the_best_comes_first() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        let filler = "Nothing else is said of it here, for a while at least.";
        let mut in_lead = article("2026-09-24", 1, "in-lead", "Second", filler);
        in_lead.body.highlights.push("Neodymium rose".into());
        let often = format!("{filler} {}", "neodymium here, ".repeat(12));
        publish(
            &store,
            "2026-09-24",
            &[
                article("2026-09-24", 0, "in-body", "Third", &often),
                in_lead,
                article("2026-09-24", 2, "in-title", "Neodymium First", filler),
            ],
        )
        .await;
        publish(
            &store,
            "2026-09-25",
            &[
                article("2026-09-25", 0, "same-old", "Twin", "Café in Łódź: high water, naïve."),
                article("2026-09-25", 1, "same-new", "Twin", "Café in Łódź: high water, naïve."),
                article("2026-09-25", 2, "arabic", "الأرض النادرة", "ارتفعت أسعار المعادن مُجدَّداً في ٢٠٢٥"),
                article("2026-09-25", 3, "chinese", "稀土市场", "中国的稀土出口。"),
                article("2026-09-25", 4, "hindi", "दुर्लभ", "हिन्दी में"),
                article(
                    "2026-09-25",
                    5,
                    "odd",
                    "Odd",
                    "It’s rare-earth week; O'Brien's \"C++\" & 1,200.50 <b>",
                ),
            ],
        )
        .await;
        assert_eq!(found(&store, "neodymium ").await, ["in-title", "in-lead", "in-body"]);
        assert_eq!(found(&store, "twin ").await, ["same-new", "same-old"], "of equals the newest");
        for (typed, expected) in [
            ("cafe lodz naive ", vec!["same-new", "same-old"]),
            ("CAFÉ", vec!["same-new", "same-old"]),
            ("neody", vec!["in-title", "in-lead", "in-body"]),
            ("\"neody\" ", vec![]),
            ("neodymium -nothing ", vec![]),
            ("\"high water\"", vec!["same-new", "same-old"]),
            ("\"water high\"", vec![]),
            ("الارض", vec!["arabic"]),
            ("اسعار مجددا 2025", vec!["arabic"]),
            ("稀土", vec!["chinese"]),
            ("土稀", vec![]),
            ("हिन्दी", vec!["hindi"]),
            ("its obriens ", vec!["odd"]),
            ("rare-earth", vec!["odd"]),
            ("1,200.50", vec!["odd"]),
            ("week -twin", vec!["odd"]),
        ] {
            let mut hits = found(&store, typed).await;
            let mut expected = expected;
            hits.sort();
            expected.sort_unstable();
            assert_eq!(hits, expected, "{typed}");
        }
        assert_eq!(found(&store, "ada reporter harbour ").await.len(), 9, "by author and tag");
        for odd in [
            "\"",
            "' OR 1=1 --",
            "title:tide",
            "a AND OR NOT",
            "NEAR(a b)",
            "*",
            "^",
            "(",
            "\\",
            "&|!:*<->",
            "%_",
            "-",
            "\u{0}",
            "a\u{0}b",
            "''",
            "{title body}: x",
            "🌊",
            "-\"",
            "\"\" \"",
        ] {
            found(&store, odd).await;
        }
        let page = store.search(&Query::of("ada "), 8, 5).await.unwrap();
        let Searched::Found(page) = page else { panic!() };
        assert_eq!((page.total, page.articles.len()), (9, 1));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_article_of_any_length_can_be_published() {
    on_both(async |engine| {
        let store = engine.open().await;
        store.import(&[reader("ann@example.org")], Origin::File, at(0)).await.unwrap();
        // Each word another, and each as long as words get.
        let text: String = (0..60_000).map(|n| format!("{n:048} ")).collect();
        let long = article("2026-09-24", 0, "long", &"Title ".repeat(300), &text);
        let indexed = IndexEntry::of(&long);
        assert!(indexed.body.len() > 5_000, "{}", indexed.body.len());
        publish(&store, "2026-09-24", &[long]).await;
        assert_eq!(found(&store, "title ").await, ["long"]);
        assert_eq!(found(&store, &format!("{:048}", 1)).await, ["long"]);
        store.close().await;
    })
    .await;
}

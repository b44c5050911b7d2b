//! Which articles go out: DESIGN.md's promises of time, a story each.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use straight::article::{Article, Loaded};
use straight::edition::{self, Assembled, EditionKey, NotDue, Past, Rules};

use super::newsroom::{article, at, day};

const NEW_YORK: Tz = chrono_tz::America::New_York;

fn rules(now: &str) -> Rules {
    let now = at(now);
    Rules { day: now.with_timezone(&NEW_YORK).date_naive(), backlog_days: 7, now, timezone: NEW_YORK }
}

/// Something was published before: one article that is no longer in the folder.
fn running() -> BTreeMap<String, Option<EditionKey>> {
    BTreeMap::from([("gone".to_owned(), Some("2026-02-20".parse().unwrap()))])
}

fn assemble(articles: impl Into<Vec<Article>>, past: Past<'_>, rules: Rules) -> Assembled {
    edition::assemble(Loaded { articles: articles.into(), ..Loaded::default() }, past, rules)
}

fn due(sorted: &Assembled) -> Vec<&str> {
    sorted.due.iter().map(|article| article.path.to_str().unwrap()).collect()
}

fn why(sorted: &Assembled) -> Vec<String> {
    sorted.waiting.iter().map(|waiting| format!("{} {}", waiting.path.display(), waiting.why)).collect()
}

fn on_a_running_day(articles: Vec<Article>, now: &str) -> Assembled {
    assemble(articles, Past::Editions(&running()), rules(now))
}

#[test]
fn what_is_dated_today_or_within_the_backlog_goes_out() {
    let articles = vec![
        article("today.md", "2026-03-02"),
        article("a-week-ago.md", "2026-02-23"),
        article("eight-days-ago.md", "2026-02-22"),
    ];
    let sorted = on_a_running_day(articles, "2026-03-02T12:00:00Z");
    assert_eq!(due(&sorted), ["today.md", "a-week-ago.md"]);
    assert_eq!(
        why(&sorted),
        [
            "eight-days-ago.md is dated 2026-02-22, more than 7 days before the edition; date it anew, or raise `backlog`"
        ]
    );
    assert!(sorted.before.is_empty());
}

#[test]
fn the_backlog_counts_from_the_day_of_the_edition_however_late_it_is_made() {
    let articles = || vec![article("of-the-day.md", "2026-02-20"), article("too-old.md", "2026-02-12")];
    let late = || rules("2026-03-02T12:00:00Z");
    let of_its_day = Rules { day: day("2026-02-20"), ..late() };
    assert_eq!(due(&assemble(articles(), Past::Editions(&running()), of_its_day)), ["of-the-day.md"]);
    assert_eq!(due(&assemble(articles(), Past::Editions(&running()), late())), Vec::<&str>::new());
}

#[test]
fn a_day_begins_at_midnight_of_the_publication() {
    let tomorrow = || vec![article("tide.md", "2026-03-03")];
    let late_evening = on_a_running_day(tomorrow(), "2026-03-03T04:59:59Z");
    assert_eq!(why(&late_evening), ["tide.md is dated 2026-03-03, which has not come yet"]);
    let midnight = on_a_running_day(tomorrow(), "2026-03-03T05:00:00Z");
    assert_eq!(due(&midnight), ["tide.md"]);
}

#[test]
fn an_article_with_a_time_waits_for_it() {
    let embargoed = || {
        vec![Article { not_before: Some(at("2026-03-02T14:30:00Z")), ..article("talks.md", "2026-03-02") }]
    };
    let before = on_a_running_day(embargoed(), "2026-03-02T14:29:59Z");
    assert_eq!(why(&before), ["talks.md goes out after 2026-03-02 09:30 EST"]);
    assert_eq!(due(&on_a_running_day(embargoed(), "2026-03-02T14:30:00Z")), ["talks.md"]);
}

#[test]
fn a_draft_never_goes_out() {
    let draft = Article { draft: true, ..article("idea.md", "2026-03-02") };
    let sorted = on_a_running_day(vec![draft], "2026-03-02T12:00:00Z");
    assert!(sorted.due.is_empty());
    assert_eq!(
        why(&sorted),
        [
            "idea.md is a draft; to publish it, remove `draft: true`, or what other programs write for it (`status`, `published`, …)"
        ]
    );
}

#[test]
fn what_an_edition_had_is_not_sent_again() {
    let published = BTreeMap::from([
        ("tide".to_owned(), Some("2026-03-01".parse().unwrap())),
        ("flood".to_owned(), Some("2026-03-01-flood".parse().unwrap())),
        ("founding".to_owned(), None),
    ]);
    let articles = ["tide.md", "flood.md", "founding.md", "new.md"].map(|path| article(path, "2026-03-01"));
    let sorted = assemble(articles, Past::Editions(&published), rules("2026-03-02T12:00:00Z"));
    assert_eq!(due(&sorted), ["new.md"]);
    assert_eq!(
        why(&sorted),
        [
            "flood.md went out in the edition 2026-03-01-flood",
            "founding.md is older than the first edition, and counts as published before it",
            "tide.md went out in the edition 2026-03-01",
        ]
    );
}

#[test]
fn the_first_edition_takes_the_newest_day_whatever_its_age() {
    let articles = vec![
        article("oldest.md", "2025-11-01"),
        article("older-a.md", "2025-11-03"),
        article("older-b.md", "2025-11-03"),
        article("newest-a.md", "2025-11-04"),
        article("newest-b.md", "2025-11-04"),
        article("future.md", "2026-03-09"),
        Article { draft: true, ..article("draft.md", "2026-03-02") },
    ];
    let sorted = assemble(articles, Past::Nothing, rules("2026-03-02T12:00:00Z"));
    assert_eq!(due(&sorted), ["newest-a.md", "newest-b.md"]);
    let before: Vec<_> = sorted.before.iter().map(|article| article.slug.as_str()).collect();
    assert_eq!(before, ["older-a", "older-b", "oldest"]);
    assert_eq!(
        why(&sorted)[0],
        "oldest.md is older than 2025-11-04, the day that the first edition takes, and counts as published before"
    );
    assert_eq!(sorted.waiting.len(), 5);
}

#[test]
fn after_the_first_edition_its_older_articles_stay_in() {
    let articles = || vec![article("older.md", "2026-02-28"), article("newest.md", "2026-03-01")];
    let first = assemble(articles(), Past::Nothing, rules("2026-03-01T12:00:00Z"));
    let mut published: BTreeMap<_, _> =
        first.due.iter().map(|a| (a.slug.to_string(), Some("2026-03-01".parse().unwrap()))).collect();
    published.extend(first.before.iter().map(|article| (article.slug.to_string(), None)));
    let second = assemble(articles(), Past::Editions(&published), rules("2026-03-02T12:00:00Z"));
    assert!(second.due.is_empty(), "{:?}", due(&second));
}

#[test]
fn a_folder_without_articles_makes_nothing() {
    for past in [Past::Nothing, Past::Editions(&running())] {
        let sorted = assemble(Vec::new(), past, rules("2026-03-02T12:00:00Z"));
        assert!(sorted.due.is_empty() && sorted.waiting.is_empty() && sorted.before.is_empty());
    }
}

#[test]
fn the_lead_comes_first_then_the_newest_then_by_path() {
    let articles = vec![
        article("b.md", "2026-03-02"),
        article("a.md", "2026-03-02"),
        Article { not_before: Some(at("2026-03-02T10:00:00Z")), ..article("ten.md", "2026-03-02") },
        Article { not_before: Some(at("2026-03-02T11:00:00Z")), ..article("eleven.md", "2026-03-02") },
        Article { lead: true, ..article("lead.md", "2026-02-27") },
        article("yesterday.md", "2026-03-01"),
    ];
    let sorted = on_a_running_day(articles, "2026-03-02T12:00:00Z");
    assert_eq!(due(&sorted), ["lead.md", "eleven.md", "ten.md", "a.md", "b.md", "yesterday.md"]);
}

#[test]
fn of_two_articles_with_one_slug_the_first_in_order_goes_out() {
    let twin = Article { path: "copies/tide.md".into(), ..article("tide.md", "2026-03-02") };
    let sorted = on_a_running_day(
        vec![twin, article("a/first.md", "2026-03-02"), article("tide.md", "2026-03-02")],
        "2026-03-02T12:00:00Z",
    );
    assert_eq!(due(&sorted), ["a/first.md", "copies/tide.md"]);
    assert_eq!(sorted.waiting[0].why, NotDue::SlugTaken("copies/tide.md".into()));
    assert_eq!(why(&sorted), ["tide.md has the slug of copies/tide.md; give it a `slug:` of its own"]);
}

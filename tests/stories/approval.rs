//! Stories of approval and of the last minutes before an edition leaves.

use straight::edition::NotDue;
use straight::press::{Approving, AsOf, Asker, Published, Withheld};
use straight::store::Course;

use super::newsroom::Mail;
use super::program::{past_noon, samples, shown, straight, today};
use super::schedule::beat;
use super::{Newsroom, key};

const DAY: &str = "2026-09-24";

/// A newsroom in which nothing goes out unapproved, the evening before its edition.
async fn with_approval() -> Newsroom {
    let room = Newsroom::new()
        .settings("publication: {editors: [desk@example.org]}\nedition: {require_approval: true}");
    room.at("2026-09-23T18:00:00Z").article("tide", DAY, "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room
}

async fn approve(room: &Newsroom, as_of: AsOf) -> String {
    let press = room.press().await;
    let Approving::Done { approval, .. } = press.approve(&key(DAY), as_of, "ed on desk1").await.unwrap()
    else {
        panic!("not approved")
    };
    press.store.close().await;
    approval.rendered.hash
}

fn desk(room: &Newsroom, word: &str) -> Vec<Mail> {
    room.inbox("desk@example.org").into_iter().filter(|mail| mail.subject.contains(word)).collect()
}

#[tokio::test]
async fn what_was_approved_in_the_evening_goes_out_in_the_morning_byte_for_byte() {
    let room = with_approval().await;
    let approved = approve(&room, AsOf::Slot).await;
    // What comes after the approval waits for the next edition.
    room.article("late", DAY, "Too Late").at("2026-09-24T06:59:59Z");
    beat(&room).await;
    assert!(room.inbox("ann@example.org").is_empty());
    room.at("2026-09-24T07:00:03Z");
    beat(&room).await;
    let inbox = room.inbox("ann@example.org");
    assert_eq!(inbox.len(), 1);
    assert!(!inbox[0].text.contains("Too Late"));
    let press = room.press().await;
    let out = press.store.edition(&key(DAY)).await.unwrap().unwrap();
    assert_eq!(out.summary.hash, approved);
    assert_eq!(out.rendered.frozen_at.to_rfc3339(), "2026-09-24T07:00:00+00:00", "its Date is its hour");
    assert_eq!(press.store.approval(&key(DAY)).await.unwrap().unwrap().rendered, out.rendered);
    press.store.close().await;
    room.at("2026-09-25T06:00:00Z");
    let press = room.press().await;
    let Approving::Done { approval, .. } = press.approve(&key("2026-09-25"), AsOf::Slot, "ed").await.unwrap()
    else {
        panic!("the late article is due")
    };
    assert_eq!(approval.rendered.headlines[0].title, "Too Late");
}

#[tokio::test]
async fn what_comes_after_the_approval_of_the_first_edition_is_none_of_its_past_either() {
    let room = Newsroom::new().settings("edition: {require_approval: true}");
    room.at("2026-09-23T18:00:00Z").article("old", "2026-09-20", "Long Ago").article(
        "tide",
        "2026-09-23",
        "The Tide Turns",
    );
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    let approved = approve(&room, AsOf::Slot).await;
    // One of an earlier day would be told of as past; one of a newer day would be the day that the edition takes.
    room.article("earlier", "2026-09-22", "Saved Late").article("newer", DAY, "Too Late");
    let press = room.press().await;
    let approval = press.store.approval(&key(DAY)).await.unwrap().unwrap();
    let again = press.approved_again(&approval).await.unwrap();
    assert_eq!(again.changed, None);
    let late = again.waiting.iter().filter(|article| article.why == NotDue::AfterApproval);
    let late: Vec<_> = late.map(|article| article.path.to_str().unwrap()).collect();
    assert_eq!(late, ["newer.md", "earlier.md"]);
    press.store.close().await;

    room.at("2026-09-24T07:00:03Z");
    beat(&room).await;
    let mail = &room.inbox("ann@example.org")[0];
    assert_eq!(mail.subject, "The Tide Turns");
    assert!(mail.text.contains("Long Ago") && !mail.text.contains("Late"), "{}", mail.text);
    let press = room.press().await;
    assert_eq!(press.store.edition(&key(DAY)).await.unwrap().unwrap().summary.hash, approved);
    // As README promises: it goes with the next. What was there before the first edition does not.
    let Approving::Done { approval, .. } = press.approve(&key("2026-09-25"), AsOf::Slot, "ed").await.unwrap()
    else {
        panic!("the late articles are due")
    };
    let titles: Vec<_> = approval.rendered.headlines.iter().map(|headline| &*headline.title).collect();
    assert_eq!(titles, ["Too Late", "Saved Late"]);
    press.store.close().await;
}

#[tokio::test]
async fn an_article_that_changes_after_its_approval_holds_the_edition_and_says_how() {
    let room = with_approval().await;
    approve(&room, AsOf::Slot).await;
    room.article("tide", DAY, "The Tide Turns Back").at("2026-09-24T07:00:00Z");
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T07:00:05Z"] {
        room.at(time);
        beat(&room).await;
    }
    assert!(room.inbox("ann@example.org").is_empty());
    let letters = desk(&room, "is not what was approved");
    assert_eq!(letters.len(), 1, "one letter, however often it is tried");
    assert!(letters[0].text.contains("+Subject: The Tide Turns Back"), "{}", letters[0].text);
    let press = room.press().await;
    let Published::Withheld(Withheld::Changed(changed)) = press.publish(key(DAY)).await.unwrap() else {
        panic!("`send` by hand is refused too")
    };
    assert!(changed.how.contains("-Subject: The Tide Turns\n"), "{}", changed.how);
    press.store.close().await;

    // Undone, it goes out.
    room.article("tide", DAY, "The Tide Turns").at("2026-09-24T08:00:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1);
}

#[tokio::test]
async fn an_approved_article_that_is_gone_or_broken_holds_the_edition() {
    let room = with_approval().await;
    approve(&room, AsOf::Slot).await;
    room.at("2026-09-24T07:00:00Z");
    for text in
        ["---\ntittle: Oops\ndate: 2026-09-24\n---\nText.\n", "---\ntitle: T\ndate: 2999-01-01\n---\nText.\n"]
    {
        room.file("tide.md", text);
        let press = room.press().await;
        let published = press.publish(key(DAY)).await.unwrap();
        let Published::Withheld(Withheld::Changed(changed)) = published else { panic!("{published:?}") };
        assert!(changed.how.contains("the-tide-turns"), "{}", changed.how);
        press.store.close().await;
    }
}

#[tokio::test]
async fn another_from_or_another_edition_in_between_needs_another_approval() {
    let room = with_approval().await;
    approve(&room, AsOf::Slot).await;
    let room = room.settings(
        "publication: {editors: [desk@example.org], from: other@example.com}\nedition: {require_approval: true}",
    );
    room.at("2026-09-24T07:00:00Z");
    let press = room.press().await;
    let published = press.publish(key(DAY)).await.unwrap();
    assert!(matches!(published, Published::Withheld(Withheld::Changed(_))), "{published:?}");
}

#[tokio::test]
async fn unapproved_at_its_hour_it_waits_and_goes_out_when_approved_within_catch_up() {
    let room = with_approval().await;
    room.at("2026-09-24T06:10:00Z");
    beat(&room).await;
    let reminder = desk(&room, "at 07:00 UTC to 1 readers: The Tide Turns");
    assert_eq!(reminder.len(), 1, "{:?}", room.inbox("desk@example.org"));
    assert!(reminder[0].text.contains("NOT approved"), "{}", reminder[0].text);
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T09:00:00Z"] {
        room.at(time);
        beat(&room).await;
    }
    assert!(room.inbox("ann@example.org").is_empty());
    assert_eq!(desk(&room, "is not approved").len(), 1);
    approve(&room, AsOf::Slot).await;
    room.at("2026-09-24T09:00:05Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1);
    let press = room.press().await;
    let out = press.store.edition(&key(DAY)).await.unwrap().unwrap();
    assert_eq!(
        out.rendered.frozen_at.to_rfc3339(),
        "2026-09-24T09:00:00+00:00",
        "dated when it was approved"
    );
}

#[tokio::test]
async fn an_approval_taken_back_is_none_and_one_for_seven_does_not_leave_at_six() {
    let room = with_approval().await;
    approve(&room, AsOf::Slot).await;
    let press = room.press().await;
    let early = press.publish(key(DAY)).await.unwrap();
    assert!(matches!(early, Published::Withheld(Withheld::Early(_))), "{early:?}");
    assert!(press.store.withdraw_approval(&key(DAY)).await.unwrap());
    assert!(!press.store.withdraw_approval(&key(DAY)).await.unwrap());
    room.at("2026-09-24T07:00:00Z");
    let published = press.publish(key(DAY)).await.unwrap();
    assert!(matches!(published, Published::Withheld(Withheld::Unapproved)), "{published:?}");
    let no_slot = press.approve(&key("2026-12-24-extra"), AsOf::Slot, "ed").await.unwrap();
    assert!(matches!(no_slot, Approving::NoSlot), "{no_slot:?}");
}

#[tokio::test]
async fn approved_for_now_it_is_sent_by_hand() {
    let room = with_approval().await;
    room.at("2026-09-24T05:00:00Z");
    approve(&room, AsOf::Now).await;
    assert_eq!(room.send().await.unwrap().sent(), 1);
    let press = room.press().await;
    assert!(matches!(press.approve(&key(DAY), AsOf::Slot, "ed").await.unwrap(), Approving::Out));
}

#[tokio::test]
async fn a_day_that_is_over_is_not_approved_unless_its_edition_may_still_go_out() {
    let room = Newsroom::new()
        .settings("schedule: {at: \"23:30\", timezone: UTC}\nedition: {require_approval: true}");
    room.at("2026-09-23T18:00:00Z").article("tide", "2026-09-23", "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    room.at("2026-09-24T02:00:00Z");
    let press = room.press().await;
    for (day, over) in [("2026-09-23", false), ("2026-09-22", true), ("2026-09-23-flood", true)] {
        let approving = press.approve(&key(day), AsOf::Slot, "ed").await.unwrap();
        assert_eq!(matches!(approving, Approving::Over), over, "{day}: {approving:?}");
    }
    press.store.close().await;
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org").len(), 1, "within catch_up");
}

#[tokio::test]
async fn an_edition_is_announced_before_it_leaves_and_can_be_held_in_its_last_minutes() {
    let room = Newsroom::new().settings(
        "publication: {editors: [desk@example.org]}\nschedule: {at: \"07:00\", timezone: UTC, days: [mon..sun], cancel_window: 10m}",
    );
    room.at("2026-09-24T06:00:00Z").article("tide", DAY, "The Tide Turns");
    room.readers(&["ann@example.org", "bo@example.org"]).await;
    for time in ["2026-09-24T06:49:59Z", "2026-09-24T06:50:00Z", "2026-09-24T06:50:05Z"] {
        beat(&room).await;
        room.at(time);
    }
    beat(&room).await;
    let letters = room.inbox("desk@example.org");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].subject, "The Rare Earth Daily: at 07:00 UTC to 2 readers: The Tide Turns");
    assert!(letters[0].text.contains("straight pause --edition 2026-09-24"), "{}", letters[0].text);

    let press = room.press().await;
    press
        .store
        .hold(&key(DAY), Course::Paused, "ed on desk1", Some("wrong headline"), press.clock.now())
        .await
        .unwrap();
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T07:30:00Z"] {
        room.at(time);
        beat(&room).await;
    }
    assert!(room.inbox("ann@example.org").is_empty());
    // Mended and let go, it goes out as it is then.
    room.article("tide", DAY, "The Tide Turns Back");
    assert!(press.store.let_go(&key(DAY)).await.unwrap());
    room.at("2026-09-24T07:45:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org")[0].subject, "The Tide Turns Back");
}

#[tokio::test]
async fn an_edition_that_is_called_off_leaves_its_articles_to_the_next() {
    let room = Newsroom::new();
    room.at("2026-09-24T06:00:00Z").article("tide", DAY, "The Tide Turns");
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    let press = room.press().await;
    press.store.hold(&key(DAY), Course::Cancelled, "ed", None, press.clock.now()).await.unwrap();
    press.store.close().await;
    for time in ["2026-09-24T07:00:00Z", "2026-09-24T12:00:00Z"] {
        room.at(time);
        beat(&room).await;
    }
    assert!(room.outbox().is_empty());
    room.at("2026-09-25T07:00:00Z");
    beat(&room).await;
    assert_eq!(room.inbox("ann@example.org")[0].subject, "The Tide Turns");
}

#[tokio::test]
async fn a_first_edition_that_is_called_off_leaves_its_articles_to_the_next_though_that_has_a_newer_day() {
    let room = Newsroom::new();
    room.at("2026-09-24T06:00:00Z").article("old", "2026-09-20", "Long Ago").article(
        "tide",
        "2026-09-23",
        "The Tide Turns",
    );
    room.readers(&["ann@example.org"]).await;
    beat(&room).await;
    let press = room.press().await;
    press.store.hold(&key(DAY), Course::Cancelled, "ed", None, press.clock.now()).await.unwrap();
    press.store.close().await;
    room.at("2026-09-24T07:00:00Z");
    beat(&room).await;
    assert!(room.outbox().is_empty());

    room.article("ferry", "2026-09-25", "The Ferry Returns").at("2026-09-25T07:00:00Z");
    beat(&room).await;
    let mail = &room.inbox("ann@example.org")[0];
    assert_eq!(mail.subject, "The Ferry Returns");
    assert!(mail.text.contains("The story of The Tide Turns."), "{}", mail.text);
    assert!(
        !mail.text.contains("The story of Long Ago."),
        "older than the day it would have taken: {}",
        mail.text
    );

    // Later ones have the record of what went out, and nothing twice.
    room.article("gull", "2026-09-26", "The Gull Knows").at("2026-09-26T07:00:00Z");
    beat(&room).await;
    let mail = &room.inbox("ann@example.org")[1];
    assert_eq!(mail.subject, "The Gull Knows");
    assert!(!mail.text.contains("The story of The Tide Turns."), "{}", mail.text);
}

#[tokio::test]
async fn what_a_person_is_told_at_the_terminal_is_not_written_to_the_editors() {
    let room = with_approval().await;
    approve(&room, AsOf::Slot).await;
    room.article("tide", DAY, "The Tide Turns Back").at("2026-09-24T06:00:00Z");
    let letters_after = async |asker: Asker| {
        let press = room.press().await;
        let published = press.publish_when_settled(asker, key(DAY)).await.unwrap();
        assert!(matches!(published, Published::Withheld(Withheld::Changed(_))), "{published:?}");
        room.post(&press).await;
        press.store.close().await;
        desk(&room, "is not what was approved").len()
    };
    assert_eq!(letters_after(Asker::Person).await, 0);
    assert_eq!(letters_after(Asker::Program).await, 1);
}

#[test]
fn approving_holding_and_calling_off_on_the_command_line() {
    let folder = samples();
    let straight = |arguments: &[&str]| {
        let done = straight(folder.path(), arguments);
        (done.status.code().unwrap(), shown(&done))
    };
    std::fs::write(folder.path().join("newsletter.yaml"), "edition: {require_approval: true}\n").unwrap();
    let today = today();
    let (code, told) = straight(&["send"]);
    assert!(code == 1 && told.contains("is not approved, and nothing is sent"), "{told}");
    assert_eq!(straight(&["approve", &today, "--show"]).0, 1);
    let (code, told) = straight(&["approve", &today, "--now"]);
    assert!(code == 0 && told.contains("Approved: the edition") && told.contains("content hash"), "{told}");
    let (code, told) = straight(&["approve", &today, "--show"]);
    assert!(code == 0 && told.contains("what is there is still the same"), "{told}");

    // An approved article changes, and is put back.
    let file = folder.path().join("articles/2025-11-04/what-a-reserve-is.md");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Two honest geologists", "Three honest geologists")).unwrap();
    let (code, told) = straight(&["approve", &today, "--show"]);
    assert!(code == 1 && told.contains("+Three honest geologists"), "{told}");
    let (code, told) = straight(&["send"]);
    assert!(code == 1 && told.contains("is not what was approved"), "{told}");
    std::fs::write(&file, text).unwrap();

    let (code, told) = straight(&["pause", "--edition", &today, "--reason", "a call from the lawyer"]);
    assert!(code == 0 && told.contains("is held before it goes out"), "{told}");
    let (code, told) = straight(&["send"]);
    assert!(code == 1 && told.contains("(a call from the lawyer)"), "{told}");
    // What is held is found without its name.
    let (code, told) = straight(&["pause"]);
    assert!(code == 1 && told.contains(&format!("({today} is paused already)")), "{told}");
    let (code, told) = straight(&["cancel"]);
    assert!(code == 0 && told.contains(&format!("The edition {today} is called off")), "{told}");
    assert!(told.contains("its articles go with the next one"), "{told}");
    let (code, told) = straight(&["resume", "--edition", &today]);
    assert!(code == 0 && told.contains("may go out"), "{told}");
    let (code, told) = straight(&["send"]);
    assert!(code == 0 && told.contains("Sent to 4 of 4 readers."), "{told}");
    let (code, told) = straight(&["approve", &today, "--show"]);
    assert!(code == 0 && told.contains("it has gone out, just so"), "{told}");
    assert_eq!(straight(&["unapprove", &today]).0, 1);
    let (code, told) = straight(&["approve", "2020-01-01"]);
    let next = told.split("`straight approve ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    assert!(code == 1 && told.contains("the day of the edition 2020-01-01 is over"), "{told}");
    assert!(next >= today.as_str(), "{told}");
    let (code, told) = straight(&["pause", "--edition", "2020-01-01"]);
    assert!(code == 1 && told.contains("its day is over"), "{told}");
}

#[test]
fn what_came_after_the_first_edition_was_approved_is_not_called_published() {
    let folder = samples();
    let straight = |arguments: &[&str]| shown(&straight(folder.path(), arguments));
    std::fs::write(folder.path().join("newsletter.yaml"), "edition: {require_approval: true}\n").unwrap();
    let save = |name: &str, date: &str| {
        let file = folder.path().join("articles").join(name);
        std::fs::write(file, super::program::article(name, date)).unwrap();
    };
    let yesterday = today().parse::<chrono::NaiveDate>().unwrap() - chrono::Days::new(1);
    let two_before = (yesterday - chrono::Days::new(1)).to_string();
    save("approved.md", &yesterday.to_string());
    straight(&["approve"]);
    save("late.md", &two_before);
    save("later.md", &today());
    let told = straight(&["check"]);
    let due = told.split("Due for the next edition, as ").nth(1).unwrap();
    let (due, waiting) = due.split_once("Not due:").unwrap();
    assert!(due.contains("approved.md") && !due.contains("later.md"), "{told}");
    for late in ["late.md", "later.md"] {
        assert!(waiting.contains(&format!("{late} came after the edition was approved")), "{told}");
    }
    // Nobody has approved anything any more: the first edition takes the newest day.
    let key = straight(&["approve", "--show"]).split("edition ").nth(1).unwrap()[..10].to_owned();
    straight(&["unapprove", &key]);
    let told = straight(&["check"]);
    assert!(told.contains("late.md is older than"), "{told}");
}

#[tokio::test]
async fn before_its_hour_an_approved_edition_that_changes_says_so_and_its_hour_is_the_newsrooms() {
    let room = Newsroom::new().settings(
        "edition: {require_approval: true}\nschedule: {at: \"07:00\", timezone: Asia/Tokyo, days: [mon..sun]}",
    );
    room.at("2026-09-23T18:00:00Z").article("tide", DAY, "The Tide Turns");
    approve(&room, AsOf::Slot).await;
    let press = room.press().await;
    let Published::Withheld(early) = press.publish(key(DAY)).await.unwrap() else { panic!("it is early") };
    assert_eq!(early.to_string(), "is approved for 2026-09-24 07:00 JST");
    room.article("tide", DAY, "The Tide Turns Back");
    let Published::Withheld(Withheld::Changed(changed)) = press.publish(key(DAY)).await.unwrap() else {
        panic!("it does not go out at its hour either")
    };
    assert!(changed.how.contains("+Subject: The Tide Turns Back"), "{}", changed.how);
    press.store.close().await;
}

#[test]
fn approving_promises_nothing_of_an_edition_that_is_held_or_called_off_or_extra() {
    let folder = samples();
    let straight = |arguments: &[&str]| {
        let done = straight(folder.path(), arguments);
        (done.status.code().unwrap(), shown(&done))
    };
    std::fs::write(folder.path().join("newsletter.yaml"), "edition: {require_approval: true}\n").unwrap();
    let (code, told) = straight(&["approve"]);
    assert!(code == 0 && told.contains("`straight run` sends it"), "{told}");
    let next = told.split("Approved: the edition ").nth(1).unwrap()[..10].to_owned();

    straight(&["pause", "--edition", &next, "--reason", "a call from the lawyer"]);
    let (code, told) = straight(&["approve"]);
    assert!(
        code == 0 && told.contains(&format!("Approved: the edition {next}")),
        "held, it is next still: {told}"
    );
    assert!(told.contains("(a call from the lawyer), and does not go out"), "{told}");
    assert!(!told.contains("`straight run` sends it"), "{told}");
    let (code, told) = straight(&["approve", "--show"]);
    assert!(code == 1 && told.contains(&format!("`straight resume --edition {next}` lets it go")), "{told}");
    assert!(told.contains("what is there is still the same"), "{told}");

    straight(&["cancel", "--edition", &next]);
    let (_, told) = straight(&["approve", &next]);
    assert!(told.contains("but it is cancelled by") && !told.contains("`straight run` sends it"), "{told}");
    assert_eq!(straight(&["approve", &next, "--show"]).0, 1);
    let (code, told) = straight(&["approve"]);
    let after = told.split("Approved: the edition ").nth(1).unwrap()[..10].to_owned();
    assert!(code == 0 && after > next && told.contains("`straight run` sends it at"), "{told}");

    let flood = format!("{}-flood", today());
    let (code, told) = straight(&["approve", &flood]);
    assert!(code == 0 && told.contains(&format!("`straight send --edition {flood}` sends it")), "{told}");
    assert!(told.contains("`straight run` sends no extra edition by itself"), "{told}");
}

#[test]
fn a_dry_run_says_that_an_edition_waits_for_a_person_as_sending_does() {
    let folder = samples();
    let straight = |arguments: &[&str]| {
        let done = straight(folder.path(), arguments);
        (done.status.code().unwrap(), shown(&done))
    };
    // What sending says of it, the dry run has said before.
    let both = |words: &str| {
        for arguments in [&["send", "--dry-run"][..], &["send"]] {
            let (code, told) = straight(arguments);
            assert!(code == 1 && told.contains(words), "{arguments:?}: {words}: {told}");
            assert!(!told.contains("` at once") && !told.contains("  at once;"), "{told}");
        }
    };
    std::fs::write(folder.path().join("newsletter.yaml"), "edition: {require_approval: true}\n").unwrap();
    let today = today();
    let (code, told) = straight(&["send", "--dry-run"]);
    assert!(code == 1 && told.contains("to 4 readers"), "without a database too: {told}");
    both(&format!("look at it, then `straight approve {today}`"));

    straight(&["approve", &today, "--now"]);
    let late = super::program::article("Too Late", "2025-11-04");
    std::fs::write(folder.path().join("articles/late.md"), late).unwrap();
    let (code, told) = straight(&["send", "--dry-run"]);
    assert!(code == 0 && told.contains("just as it was approved by"), "{told}");
    assert!(told.contains("at once") && told.contains("also in it: What a Reserve Is"), "{told}");
    assert!(told.contains("late.md") && !told.contains("also in it: Too Late"), "{told}");

    let file = folder.path().join("articles/2025-11-04/what-a-reserve-is.md");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Two honest geologists", "Three honest geologists")).unwrap();
    both("+Three honest geologists");
    both("is not what was approved, and nothing");
    std::fs::write(&file, text).unwrap();

    straight(&["pause", "--edition", &today, "--reason", "a call from the lawyer"]);
    both("(a call from the lawyer), and nothing");
    both(&format!("`straight resume --edition {today}` lets it go"));
    straight(&["cancel", "--edition", &today]);
    both("is cancelled by");
    straight(&["resume", "--edition", &today]);
    let (code, told) = straight(&["send"]);
    assert!(code == 0 && told.contains("Sent to 4 of 4 readers."), "{told}");
}

#[test]
fn before_its_hour_a_dry_run_says_to_how_many_the_approved_edition_goes() {
    let folder = samples();
    let settings = format!("edition: {{require_approval: true}}\nschedule: {{{}}}\n", past_noon("18:00"));
    std::fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    let approved = shown(&straight(folder.path(), &["approve"]));
    assert!(approved.contains("`straight run` sends it at"), "{approved}");
    let dry = straight(folder.path(), &["send", "--dry-run"]);
    let told = shown(&dry);
    assert_eq!(dry.status.code(), Some(1), "{told}");
    for words in
        ["also in it: What a Reserve Is", "  to 4 readers\n", "just as it was approved by", "is approved for"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn what_is_approved_for_now_is_what_send_sends() {
    let folder = samples();
    // The edition that is due next is never today's.
    let weekday = key(&today()).date().format("%a").to_string();
    let mut days = vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    days.retain(|day| *day != weekday.to_lowercase());
    let days = days.join(", ");
    let settings = format!("schedule: {{days: [{days}]}}\nedition: {{require_approval: true}}\n");
    std::fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    let approved = straight(folder.path(), &["approve", "--now"]);
    assert!(
        shown(&approved).contains(&format!("Approved: the edition {}: ", today())),
        "{}",
        shown(&approved)
    );
    let sent = straight(folder.path(), &["send"]);
    assert!(shown(&sent).contains("Sent to 4 of 4 readers."), "{}", shown(&sent));
    let again = straight(folder.path(), &["approve", "--now"]);
    assert!(
        shown(&again).contains(&format!("the edition {} has gone out already", today())),
        "{}",
        shown(&again)
    );
}

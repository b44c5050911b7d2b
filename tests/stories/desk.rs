//! Stories of the editor's desk: beginning an article, trying a message on oneself.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use straight::config::{Environment, Overrides};
use straight::message::Purpose;
use straight::press::{Clock, Look, Published};
use straight::store::Store;

use super::newsroom::Mail;
use super::program::{past_noon, samples, shown, straight, today};
use super::{Newsroom, key};

#[test]
fn a_new_article_is_begun_checked_and_never_overwritten() {
    let folder = samples();
    let begun = straight(folder.path(), &["new", "The Ferry: Back “at Last”", "--author", "mara-lind"]);
    assert!(begun.status.success(), "{}", shown(&begun));
    let path = String::from_utf8(begun.stdout.clone()).unwrap();
    let path = path.trim_end();
    assert!(path.ends_with(&format!("articles/{}/the-ferry-back-at-last.md", today())), "{path}");
    let text = fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(text.contains("title: \"The Ferry: Back “at Last”\"\n"), "{text}");
    assert!(text.contains(&format!("date: {}\n", today())), "{text}");

    // What is to be filled in is all that may be said of it.
    let check = straight(folder.path(), &["check", path, "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    let rules: Vec<_> =
        findings.as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect();
    assert!(rules.iter().all(|rule| ["draft", "tk"].contains(rule)), "{findings}");
    assert!(check.status.success(), "{}", shown(&check));

    fs::write(folder.path().join(path), "mine").unwrap();
    let again = straight(folder.path(), &["new", "The Ferry: Back at Last"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(shown(&again).contains("is there already, and is left as it is"), "{}", shown(&again));
    assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), "mine");
}

#[test]
fn what_new_cannot_write_is_told() {
    let folder = samples();
    for (arguments, why) in [
        (["new", "A Title", "--author", "mara-lnd"], "did you mean `mara-lind`?"),
        (["new", "A Title", "--author", "zoe"], "the keys are mara-lind, tobias-ekwall"),
        (["new", "A Title", "--date", "tomorrow"], "invalid value 'tomorrow'"),
        (["new", "A Title", "--slug", "../../etc"], "is no slug"),
        (["new", "A Title", "--extra", "series"], "write it as in series="),
        (["new", "A\nTitle", "--tag", "x"], "on one line"),
        (["new", "  ", "--tag", "x"], "it is empty"),
    ] {
        let told = straight(folder.path(), &arguments);
        assert!(!told.status.success());
        assert!(shown(&told).contains(why), "{arguments:?}: {}", shown(&told));
    }
    assert!(!folder.path().join("articles").join(today()).exists());
}

/// Every file under `folder` with a hash of its bytes, but for the outbox; without what SQLite puts beside a database
/// for as long as it is open.
fn everything(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("outbox") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let name = path.to_string_lossy();
            if !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty()) {
                let mut hasher = DefaultHasher::new();
                hasher.write(&bytes);
                files.insert(path, hasher.finish());
            }
        }
    }
    files
}

fn messages(folder: &Path) -> Vec<(String, Mail)> {
    let Ok(entries) = fs::read_dir(folder.join("outbox/new")) else { return Vec::new() };
    let mut messages: Vec<_> = entries
        .map(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            (String::from_utf8(bytes.clone()).unwrap(), Mail::parse(&bytes))
        })
        .collect();
    messages.sort_by(|a, b| a.1.to.cmp(&b.1.to));
    messages
}

#[test]
fn a_test_goes_to_one_address_and_leaves_no_trace() {
    let folder = samples();
    let before = everything(folder.path());
    let to = ["send", "--to", "ed@example.org", "--to", "deputy@example.org"];
    let sent = straight(folder.path(), &to);
    assert!(sent.status.success(), "{}", shown(&sent));
    assert_eq!(everything(folder.path()), before, "not even a database is made");
    let tests = messages(folder.path());
    assert_eq!(tests.len(), 2);
    let (source, mail) = &tests[1];
    assert_eq!(mail.to, "ed@example.org");
    assert_eq!(mail.subject, "[Test] Russia’s Rare Earth Roadmap Has No Mine on It");
    assert!(source.contains(&format!("\r\nX-Straight-Test: {}\r\n", today())), "{source}");
    assert!(source.contains(":test:straight\r\n"), "complaints about tests are counted apart");
    assert!(mail.unsubscribe.starts_with("https://news.example.com/unsubscribe/1."), "{}", mail.unsubscribe);
    assert_ne!(mail.message_id, tests[0].1.message_id);

    // Beside a store nothing is written either, and the edition still goes out whole.
    let added = straight(folder.path(), &["subscribers", "add", "ed@example.org", "--name", "Ed Itor"]);
    assert!(added.status.success());
    let before = everything(folder.path());
    let sent = straight(folder.path(), &["send", "--to", "ed@example.org"]);
    assert!(sent.status.success(), "{}", shown(&sent));
    assert_eq!(everything(folder.path()), before);
    assert!(
        messages(folder.path()).iter().any(|(source, _)| source.contains("To: Ed Itor <ed@example.org>"))
    );
    let out = straight(folder.path(), &["send"]);
    assert!(shown(&out).contains("Sent to 1 of 1 readers."), "{}", shown(&out));
}

#[tokio::test]
async fn the_links_of_a_test_change_nothing() {
    let room = Newsroom::new();
    room.article("tide", "2026-09-24", "The Tide Turns").readers(&["ann@example.org"]).await;
    let press = room.press().await;
    let look = Look::open(press.config.clone(), press.clock.clone()).await.unwrap();
    let draft = look.draft(&key("2026-09-24"), press.clock.now()).await.unwrap();
    let ann = "ann@example.org".parse().unwrap();
    look.send_trials(&draft.rendered.unwrap(), &[ann]).await.unwrap();
    let mail = &room.inbox("ann@example.org")[0];
    let token = mail.unsubscribe.rsplit('/').next().unwrap();
    assert_eq!(press.keys().verify(Purpose::Unsubscribe, token), None, "{token}");
}

#[test]
fn a_test_is_refused_where_an_edition_would_be() {
    let folder = samples();
    let smtp = ["send", "--to", "ed@example.org", "--smtp-url", "smtp://relay.example.net:587"];
    let refused = straight(folder.path(), &smtp);
    assert_eq!(refused.status.code(), Some(1));
    assert!(shown(&refused).contains("publication.postal_address"), "{}", shown(&refused));

    fs::write(folder.path().join("articles/oops.md"), format!("---\ntittle: Oops\ndate: {}\n---\n", today()))
        .unwrap();
    let refused = straight(folder.path(), &["send", "--to", "ed@example.org"]);
    assert!(shown(&refused).contains("oops.md:2:1"), "{}", shown(&refused));
    assert!(messages(folder.path()).is_empty());
}

#[test]
fn a_dry_run_says_what_would_be_sent_to_how_many_and_when() {
    let folder = samples();
    fs::write(
        folder.path().join("articles/later.md"),
        "---\ntitle: Later\ndate: 2999-01-01\nsummary: Later.\nhighlights: [Later]\n---\nLater.\n",
    )
    .unwrap();
    let before = everything(folder.path());
    let dry = straight(folder.path(), &["send", "--dry-run"]);
    let told = shown(&dry);
    assert!(dry.status.success(), "{told}");
    for words in [
        "Russia’s Rare Earth Roadmap Has No Mine on It\n  also in it: What a Reserve Is",
        "to 4 readers",
        "4 of them taken in first from subscribers.example.yaml, the examples",
        "into the outbox",
        "no limit is set",
        "later.md is dated 2999-01-01, which has not come yet",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(everything(folder.path()), before);
    assert!(!folder.path().join("outbox").exists());

    // Limits, real readers, a relay.
    fs::write(
        folder.path().join("newsletter.yaml"),
        "delivery: {rate: 2/min, rate_per_domain: {example.net: 1/min}}\nsubscribers: readers.csv\n",
    )
    .unwrap();
    let readers = (0..10).map(|n| format!("a{n}@example.org\n")).collect::<String>();
    fs::write(folder.path().join("readers.csv"), format!("email\n{readers}b@example.net\nB@example.net\n"))
        .unwrap();
    let dry = straight(folder.path(), &["send", "--dry-run", "--smtp-url", "smtp://localhost:2525"]);
    let told = shown(&dry);
    assert!(told.contains("to 11 readers"), "{told}");
    assert!(told.contains("through localhost:2525"), "{told}");
    assert!(told.contains("in 6 minutes at least, for delivery.rate"), "{told}");
    let dry = straight(folder.path(), &["send", "--dry-run", "--smtp-url", "smtp://relay.example.net:587"]);
    assert_eq!(dry.status.code(), Some(1));
    assert!(shown(&dry).contains("It would be refused: "), "{}", shown(&dry));
}

#[test]
fn a_photograph_that_did_not_arrive_whole_is_told_and_not_sent() {
    let folder = samples();
    let mut photograph = std::io::Cursor::new(Vec::new());
    let shades = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    shades.write_to(&mut photograph, image::ImageFormat::Jpeg).unwrap();
    let photograph = photograph.into_inner();
    let file = folder.path().join("articles/quay.jpg");
    fs::write(&file, &photograph[..photograph.len() / 2]).unwrap();
    let text = super::program::article("The Quay", &super::program::today());
    fs::write(folder.path().join("articles/quay.md"), text + "\n![The quay in the morning](quay.jpg)\n")
        .unwrap();
    let checked = straight(folder.path(), &["check"]);
    let told = shown(&checked);
    assert_eq!(checked.status.code(), Some(1), "{told}");
    for words in ["quay.md:9:1", "![The quay in the morning](quay.jpg)", "is cut off", "copy it again"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let sent = straight(folder.path(), &["send"]);
    assert!(sent.status.code() == Some(1) && shown(&sent).contains("is cut off"), "{}", shown(&sent));
    assert!(messages(folder.path()).is_empty());

    fs::write(&file, &photograph).unwrap();
    let sent = straight(folder.path(), &["send"]);
    assert!(sent.status.success(), "{}", shown(&sent));
    assert_eq!(messages(folder.path()).len(), 4);
}

#[test]
fn a_look_makes_no_database_and_says_what_it_shows() {
    let folder = samples();
    let before = everything(folder.path());
    let rendered = straight(folder.path(), &["render", "--date", "2025-11-04", "--out", "outbox/day"]);
    assert!(shown(&rendered).contains("it has not gone out"), "{}", shown(&rendered));
    let none = straight(folder.path(), &["render", "--date", "2020-01-01", "--out", "outbox/day"]);
    let told = shown(&none);
    assert_eq!(none.status.code(), Some(1));
    assert!(told.contains("no edition 2020-01-01 has gone out, and no article is due for it:"), "{told}");
    straight(folder.path(), &["diff", "2025-11-03", "2025-11-04"]);
    assert_eq!(everything(folder.path()), before);

    straight(folder.path(), &["send"]);
    let rendered = straight(folder.path(), &["render", "--out", "outbox/day"]);
    assert!(shown(&rendered).contains("this is what went out, frozen 20"), "{}", shown(&rendered));
}

#[test]
fn a_rendered_edition_goes_without_what_is_broken_as_a_sent_one_does_and_says_what_is_cut() {
    let folder = samples();
    let settings = "articles: {on_broken_article: skip, settle: 0s}\nedition: {size_limit: 21KiB}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    fs::write(folder.path().join("articles/oops.md"), "---\ntittle: Oops\ndate: 2025-11-04\n---\nText.\n")
        .unwrap();
    let told_alike = ["  left out: ", "oops.md:2:1", "is shortened to "];
    for arguments in [&["render", "--date", "2025-11-04", "--out", "day"][..], &["send"]] {
        let done = straight(folder.path(), arguments);
        assert!(done.status.success(), "{}", shown(&done));
        for words in told_alike {
            assert!(shown(&done).contains(words), "{arguments:?}: {words}: {}", shown(&done));
        }
    }
    let text = fs::read_to_string(folder.path().join("day/body.txt")).unwrap();
    let whole = "   https://news.example.com/articles/what-a-reserve-is-and-what-it-isnt\n";
    assert!(text.contains(whole), "{text}");

    // Where an article holds the edition, there is none to be rendered.
    let folder = samples();
    fs::write(folder.path().join("articles/oops.md"), "---\ntittle: Oops\ndate: 2025-11-04\n---\nText.\n")
        .unwrap();
    let held = straight(folder.path(), &["render", "--date", "2025-11-04", "--out", "day"]);
    assert_eq!(held.status.code(), Some(1));
    assert!(shown(&held).contains("oops.md:2:1"), "{}", shown(&held));
    assert!(!folder.path().join("day").exists());
}

#[test]
fn the_dry_run_of_a_day_to_come_forecasts_what_its_approval_would_fix() {
    let folder = samples();
    let settings = "edition: {require_approval: true}\nschedule: {at: \"07:00\", days: [mon..sun]}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    let today: chrono::NaiveDate = super::program::today().parse().unwrap();
    let tomorrow = today.succ_opt().unwrap().to_string();
    let article = super::program::article("Tomorrow Is Another Day", &tomorrow);
    fs::write(folder.path().join("articles/tomorrow.md"), article).unwrap();
    let dry = || straight(folder.path(), &["send", "--dry-run", "--edition", &tomorrow]);

    let forecast = dry();
    let told = shown(&forecast);
    assert_eq!(forecast.status.code(), Some(1), "{told}");
    for words in [
        format!("This is a forecast of the edition {tomorrow}, as it would be at {tomorrow} 07:00"),
        format!("Edition {tomorrow}: Tomorrow Is Another Day\n"),
        format!("look at it, then `straight approve {tomorrow}`"),
    ] {
        assert!(told.contains(&words), "{words}: {told}");
    }
    let approved = straight(folder.path(), &["approve", &tomorrow]);
    assert!(shown(&approved).contains("Tomorrow Is Another Day"), "{}", shown(&approved));

    let forecast = dry();
    let told = shown(&forecast);
    assert!(forecast.status.success(), "{told}");
    for words in ["Tomorrow Is Another Day", "just as it was approved by", "`straight run` at "] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("still changes it"), "what is approved stays: {told}");
    // What sends it at once would not send it.
    let sent = straight(folder.path(), &["send", "--edition", &tomorrow]);
    assert!(shown(&sent).contains("is approved for"), "{}", shown(&sent));
}

#[test]
fn a_forecast_says_what_an_edition_before_it_takes() {
    let folder = samples();
    straight(folder.path(), &["send"]);
    let settings = "schedule: {at: \"23:59\", days: [mon..sun]}\narticles: {settle: 0s}\n";
    fs::write(folder.path().join("newsletter.yaml"), settings).unwrap();
    let today: chrono::NaiveDate = super::program::today().parse().unwrap();
    // Today's edition is out already: the next two are those of the days after.
    let day = |days: u64| (today + chrono::Days::new(days)).to_string();
    for (name, days) in [("First", 1), ("Second", 2)] {
        let file = folder.path().join(format!("articles/{name}.md"));
        fs::write(file, super::program::article(name, &day(days))).unwrap();
    }
    let dry = straight(folder.path(), &["send", "--dry-run", "--edition", &day(2)]);
    let told = shown(&dry);
    assert!(dry.status.success(), "{told}");
    let taken = format!("  the edition {} comes before it", day(1));
    for words in
        ["Second\n  also in it: First\n", &*taken, "takes: First\n", "does not wait", "still changes it"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("takes: Second"), "{told}");
}

/// An extra edition leaves before the regular one of its day: what it took is not due for that again.
#[tokio::test]
async fn what_went_out_in_an_extra_edition_is_not_announced_for_the_regular_one() {
    let room = Newsroom::new()
        .settings("publication: {editors: [desk@example.org]}\nschedule: {at: \"09:00\", timezone: UTC, days: [mon..sun], cancel_window: 10m}");
    room.article("tide", "2026-09-23", "The Tide Turns").at("2026-09-23T09:00:00Z");
    room.readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    room.article("flood", "2026-09-24", "A Flood in the Night").at("2026-09-24T06:00:00Z");
    let press = room.press().await;
    let Published::Out { edition, .. } = press.publish(key("2026-09-24-flood")).await.unwrap() else {
        panic!()
    };
    room.deliver(&press, &edition).await;
    room.article("ferry", "2026-09-24", "The Ferry Returns");
    let titles = |draft: straight::press::Draft| {
        let rendered = draft.rendered.map(|rendered| rendered.headlines).unwrap_or_default();
        rendered.into_iter().map(|headline| headline.title).collect::<Vec<_>>()
    };
    let (regular, hour) = (key("2026-09-24"), "2026-09-24T09:00:00Z".parse().unwrap());
    assert_eq!(titles(press.draft(regular.clone(), hour).await.unwrap()), ["The Ferry Returns"]);
    let look = Look::open(press.config.clone(), press.clock.clone()).await.unwrap();
    let draft = look.draft(&regular, hour).await.unwrap();
    let why = draft.waiting.iter().find(|article| article.slug.as_str() == "a-flood-in-the-night").unwrap();
    assert_eq!(why.why.to_string(), "went out in the edition 2026-09-24-flood");
    assert_eq!(titles(draft), ["The Ferry Returns"]);
    let record = look.record_to_come(&regular).await.unwrap();
    assert!(record.published.contains_key("a-flood-in-the-night"), "as `check` has it");
    // And it is what goes out.
    room.at("2026-09-24T09:00:00Z");
    let sent = room.send().await.unwrap();
    assert_eq!(sent.edition.rendered.headlines.len(), 1);
    assert_eq!(room.inbox("ann@example.org").len(), 3);
    // Another extra edition has no more of it than the regular one, and days gone by stay as they were.
    let later = press.draft(key("2026-09-24-late"), "2026-09-24T12:00:00Z".parse().unwrap()).await.unwrap();
    assert!(later.rendered.is_none(), "{:?}", later.due);
    let before = press.draft(key("2026-09-23"), "2026-09-23T12:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(titles(before), ["The Tide Turns"]);
}

#[tokio::test]
async fn what_is_made_up_for_has_nothing_of_an_extra_edition_since() {
    let room = Newsroom::new().settings("schedule: {at: \"23:30\", timezone: UTC, days: [mon..sun]}");
    room.article("tide", "2026-09-22", "The Tide Turns").at("2026-09-22T23:30:00Z");
    room.readers(&["ann@example.org"]).await;
    room.send().await.unwrap();
    room.at("2026-09-23T12:00:00Z");
    let press = room.press().await;
    press.store.first_start(press.clock.now()).await.unwrap();
    room.article("flood", "2026-09-23", "A Flood in the Night").at("2026-09-24T01:00:00Z");
    let Published::Out { .. } = press.publish(key("2026-09-24-flood")).await.unwrap() else { panic!() };
    room.article("ferry", "2026-09-23", "The Ferry Returns");
    let look = Look::open(press.config.clone(), press.clock.clone()).await.unwrap();
    assert!(look.overdue(look.clock.now()).await.unwrap().is_some());
    let draft = look.draft(&key("2026-09-23"), look.clock.now()).await.unwrap();
    assert_eq!(draft.due, [PathBuf::from("ferry.md")]);
}

#[tokio::test]
async fn what_run_makes_up_for_is_told_before_it_does() {
    let folder = samples();
    let settings = format!("schedule: {{{}}}\narticles: {{settle: 0s}}\n", past_noon("11:00"));
    let file = folder.path().join("newsletter.yaml");
    fs::write(&file, settings).unwrap();
    let dry = || shown(&straight(folder.path(), &["send", "--dry-run"]));
    assert!(
        dry().contains("the next edition of `straight run` is due"),
        "nobody has watched its hour: {}",
        dry()
    );

    // The watch was kept, and stood still at the hour itself.
    let config = straight::config::load(Some(&file), &Environment::default(), Overrides::default()).unwrap();
    let store = Store::open(&config.database).await.unwrap();
    store.first_start(Clock::system().now() - TimeDelta::days(1)).await.unwrap();
    store.close().await;
    let told = dry();
    let (_, rest) = told.split_once("and so does `straight run`: it makes up for ").expect(&told);
    let today: chrono::NaiveDate = rest[..10].parse().unwrap();
    assert!(
        rest.starts_with(&format!("{today} 11:00")) && rest.contains(&format!("until {today} 17:00")),
        "{told}"
    );
    assert!(told.contains(&format!("`straight send --edition {today}` at once")), "{told}");

    // The one of the day after has the same articles only if that does not happen.
    let tomorrow = today.succ_opt().unwrap().to_string();
    let taken = format!("  the edition {today} comes before it, as soon as `straight run` runs");
    let lead = "takes: Russia’s Rare Earth Roadmap Has No Mine on It";
    for arguments in [&["send", "--dry-run", "--edition", &tomorrow][..], &["approve", &tomorrow]] {
        let told = shown(&straight(folder.path(), arguments));
        assert!(told.contains(&taken) && told.contains(lead), "{arguments:?}: {told}");
        let promised = told.contains("`straight run` sends it at");
        assert!(!promised, "{arguments:?}: {told}");
    }
    let told = shown(&straight(folder.path(), &["approve", &tomorrow]));
    assert!(told.contains(&format!("`straight approve {tomorrow}` anew once {today} is out")), "{told}");

    let run = straight(folder.path(), &["run", "--once"]);
    let status = shown(&straight(folder.path(), &["status"]));
    assert!(status.contains(&today.to_string()) && status.contains("4  sent"), "{}\n{status}", shown(&run));
    assert!(dry().contains("has gone out already"), "{}", dry());
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = straight(folder.path(), &["completions", shell]);
        assert!(script.status.success(), "{}", shown(&script));
        for word in ["unapprove", "dry-run", "keygen"] {
            assert!(shown(&script).contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(straight(folder.path(), &["completions", "csh"]).status.code(), Some(2));
    // What bash is given, bash understands.
    let script = straight(folder.path(), &["completions", "bash"]);
    fs::write(folder.path().join("straight.bash"), &script.stdout).unwrap();
    let typed = "source straight.bash; COMP_WORDS=(straight una); COMP_CWORD=1; _straight straight una straight; echo ${COMPREPLY[@]}";
    let bash =
        std::process::Command::new("bash").args(["-c", typed]).current_dir(folder.path()).output().unwrap();
    assert_eq!(shown(&bash).trim(), "unapprove");

    let page = shown(&straight(folder.path(), &["man"]));
    assert!(page.contains(".TH straight 1") && page.contains("unapprove"), "{page}");
    assert!(straight(folder.path(), &["man", "--out", "man1"]).status.success());
    for name in ["straight.1", "straight-send.1", "straight-dkim-keygen.1"] {
        assert!(folder.path().join("man1").join(name).is_file(), "{name}");
    }
    let send = fs::read_to_string(folder.path().join("man1/straight-send.1")).unwrap();
    assert!(send.contains("straight send") || send.contains("straight\\-send"), "{send}");
}

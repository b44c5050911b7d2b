//! Rows 48 to 54: a database that is locked, damaged or old; two processes at once; a reader who leaves in mid-run.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use super::house::ended;
use super::{House, Policy, shown};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_48_while_another_has_the_database_locked_it_waits() {
    let house = House::new(300, Policy::Resend).await;
    let sender = house.start(&[]);
    house.until_sent(50).await;
    let mut other = SqliteConnection::connect(&house.database().display().to_string()).await.unwrap();
    while other.execute("BEGIN IMMEDIATE").await.is_err() {}
    tokio::time::sleep(Duration::from_millis(300)).await;
    let locked = house.sink.total();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(house.sink.total(), locked, "what cannot be written down is not sent");
    assert!(locked < 300, "it was locked in the middle");
    other.execute("COMMIT").await.unwrap();
    other.close().await.unwrap();
    let output = ended(sender).await;
    assert!(output.status.success(), "{}", shown(&output));
    let done = house.tally().await;
    assert_eq!((done.sent, done.uncertain, done.doubles), (300, 0, 0), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_49_from_a_damaged_database_nothing_is_sent_and_the_way_back_is_told() {
    // The head of the file; and pages in the middle, which opening it does not see.
    for (from, to) in [(0.0, 0.01), (0.3, 0.9)] {
        let house = House::new(300, Policy::Resend).await;
        house.send(&[("STRAIGHT_FAIL_POINT", "claim")]).await;
        // A clean end writes the log back into the file.
        let opened = house.straight(&["status"]).output().unwrap();
        assert!(opened.status.success(), "{}", shown(&opened));
        let whole = fs::read(house.database()).unwrap();
        let at = |part: f64| (whole.len() as f64 * part) as usize / 4096 * 4096;
        let damage = vec![0x5a; (at(to) - at(from)).max(4096)];
        let file = fs::File::options().write(true).open(house.database()).unwrap();
        file.write_all_at(&damage, at(from) as u64).unwrap();

        let refused = house.send(&[]).await;
        assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
        let told = shown(&refused);
        assert!(told.contains("the database is damaged") && told.contains("backup"), "{told}");
        assert_eq!(house.sink.total(), 0, "{told}");

        // The backup, put in its place.
        fs::write(house.database(), &whole).unwrap();
        assert_eq!(house.complete().await.sent, 300);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_51_an_old_backup_sends_nothing_again_before_or_after_it_is_accepted() {
    // A tick settles at most eight of them: the twentieth tick lies in the middle, however slow the machine.
    const READERS: usize = 200;
    let backups = [("from before the edition", None), ("from the middle of it", Some("after-settling:20"))];
    for (when, killed_at) in backups {
        let house = House::new(READERS, Policy::Resend).await;
        if let Some(point) = killed_at {
            house.send(&[("STRAIGHT_FAIL_POINT", point)]).await;
        }
        // A clean end writes the log back into the file.
        let opened = house.straight(&["status"]).output().unwrap();
        assert!(opened.status.success(), "{}", shown(&opened));
        let backup = fs::read(house.database()).unwrap();
        house.complete().await;
        let sent = house.sink.total();
        fs::write(house.database(), &backup).unwrap();

        let refused = house.send(&[]).await;
        assert_eq!(refused.status.code(), Some(1), "{when}: {}", shown(&refused));
        let told = shown(&refused);
        assert!(told.contains("was a backup restored?") && told.contains("straight ledger accept"), "{told}");

        let accepted = house.straight(&["ledger", "accept"]).output().unwrap();
        assert!(accepted.status.success(), "{when}: {}", shown(&accepted));
        let again = house.send(&[]).await;
        assert!(again.status.success(), "{when}: {}", shown(&again));
        assert_eq!(house.sink.total(), sent, "{when}: nobody gets it again\n{}", shown(&again));
        let nothing = house.straight(&["ledger", "accept"]).output().unwrap();
        assert!(shown(&nothing).contains("nothing to accept"), "{}", shown(&nothing));

        // The next article goes out as ever.
        let today = straight::press::Clock::system().now().format("%Y-%m-%d").to_string();
        let new = format!("---\ntitle: New\ndate: {today}\nsummary: New.\nhighlights: [New]\n---\nNew.\n");
        fs::write(house.folder().join("articles/new.md"), new).unwrap();
        let next =
            ended(house.straight(&["send", "--edition", &format!("{today}-next")]).spawn().unwrap()).await;
        assert!(
            shown(&next).contains(&format!("Sent to {READERS} of {READERS} readers.")),
            "{when}: {}",
            shown(&next)
        );
        assert_eq!(house.sink.total(), sent + READERS, "{when}");
    }
}

/// As docs/attacks.md tells it: a backup of the whole folder has the mark of its own time, and asks nothing by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_51_of_a_whole_folder_that_is_restored_a_mark_written_by_hand_asks() {
    const READERS: usize = 20;
    let house = House::new(READERS, Policy::Resend).await;
    let opened = house.straight(&["status"]).output().unwrap();
    assert!(opened.status.success(), "{}", shown(&opened));
    let backup = fs::read(house.database()).unwrap();
    house.complete().await;
    fs::write(house.database(), &backup).unwrap();
    let seconds = straight::press::Clock::system().now().timestamp();
    let mark = house.database().with_extension("mark");
    assert!(mark.is_file());
    fs::write(mark, format!("1000000 restored {seconds}000\n")).unwrap();

    let refused = house.send(&[]).await;
    assert!(shown(&refused).contains("straight ledger accept"), "{}", shown(&refused));
    let accepted = house.straight(&["ledger", "accept"]).output().unwrap();
    assert!(accepted.status.success(), "{}", shown(&accepted));
    let again = house.send(&[]).await;
    assert!(again.status.success(), "{}", shown(&again));
    assert_eq!(house.sink.total(), READERS, "nobody gets it again\n{}", shown(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_52_two_that_start_at_once_send_one_edition_once() {
    for round in 0..3 {
        let house = House::new(200, Policy::Resend).await;
        let both = [house.start(&[]), house.start(&[])];
        for process in both {
            let output = ended(process).await;
            assert!(output.status.success(), "round {round}: {}", shown(&output));
            assert!(
                shown(&output).contains("Sent to 200 of 200") || shown(&output).contains("gone out already"),
                "{}",
                shown(&output)
            );
        }
        let done = house.tally().await;
        assert_eq!((done.sent, done.doubles, done.uncertain), (200, 0, 0), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_52_two_that_start_at_once_on_nothing_at_all_both_come_up() {
    for round in 0..4 {
        let house = House::new(0, Policy::Resend).await;
        fs::remove_dir_all(house.folder().join("data")).unwrap();
        fs::write(house.folder().join("subscribers.yaml"), "- ann@example.org\n- bo@example.org\n").unwrap();
        let both = [house.start(&[]), house.start(&[])];
        for process in both {
            let output = ended(process).await;
            assert!(output.status.success(), "round {round}: {}", shown(&output));
        }
        let done = house.tally().await;
        assert_eq!((done.sent, done.doubles, done.uncertain), (2, 0, 0), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_looker_on_takes_over_at_once_when_the_sender_dies() {
    let house = House::new(300, Policy::Resend).await;
    let mut first = house.start(&[]);
    house.until_sent(30).await;
    let second = house.start(&[]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill().unwrap();
    let killed = Instant::now();
    ended(first).await;
    let output = ended(second).await;
    assert!(output.status.success(), "{}", shown(&output));
    assert!(killed.elapsed() < Duration::from_secs(20));
    let done = house.tally().await;
    assert_eq!(done.sent, 300, "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_54_a_reader_who_leaves_in_mid_run_is_not_sent_to() {
    let house = House::new(400, Policy::Resend).await;
    let sender = house.start(&[]);
    house.until_sent(20).await;
    let left = house.straight(&["subscribers", "remove", "reader399@example.org"]).output().unwrap();
    assert!(left.status.success(), "{}", shown(&left));
    let in_time = house.sink.copies("reader399@example.org").is_empty();
    let output = ended(sender).await;
    assert!(output.status.success(), "{}", shown(&output));
    let done = house.tally().await;
    assert!(in_time, "the last in the queue was still waiting when they left");
    assert_eq!((done.sent, done.suppressed), (399, 1), "{done:?}");
    assert!(house.sink.copies("reader399@example.org").is_empty());
}

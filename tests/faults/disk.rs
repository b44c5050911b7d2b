//! Rows 46 and 47, and a disk that drops what was not synced: `disk.c` stands between the program and the file system.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use super::house::{CONNECTIONS, ended};
use super::invariant::{assert_invariant, ledger};
use super::{House, Policy, shown};

/// The code that `disk.c` ends with when the power is cut.
const POWER_CUT: i32 = 86;

/// `disk.c`, compiled; whoever builds the program has a C compiler.
static DISK: LazyLock<String> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{}.so", std::process::id()));
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(built.success());
    library.display().to_string()
});

/// A disk whose state is set from outside.
struct Disk {
    control: PathBuf,
}

impl Disk {
    fn of(house: &House) -> Self {
        let disk = Disk { control: house.folder().join("disk") };
        disk.set("well");
        disk
    }

    fn set(&self, state: &str) {
        fs::write(&self.control, state).unwrap();
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("LD_PRELOAD", DISK.as_str()), ("DISK_CONTROL", self.control.to_str().unwrap())]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_46_on_a_full_disk_nothing_is_sent_and_when_there_is_room_it_goes_on() {
    let house = House::new(300, Policy::Resend).await;
    let disk = Disk::of(&house);
    disk.set("Full");
    let refused = house.send(&disk.variables()).await;
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    assert!(shown(&refused).contains("full"), "{}", shown(&refused));
    assert_eq!(house.sink.total(), 0);

    disk.set("well");
    let sender = house.start(&disk.variables());
    house.until_sent(50).await;
    disk.set("Full");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let full = house.sink.total();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(house.sink.total(), full, "what cannot be written down is not sent");
    assert!(full < 300, "it was full in the middle");
    disk.set("well");
    let output = ended(sender).await;
    assert!(output.status.success(), "{}", shown(&output));
    let done = house.tally().await;
    assert_eq!((done.sent, done.uncertain, done.doubles), (300, 0, 0), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_46_whoever_stops_it_on_a_full_disk_loses_nothing_either() {
    let house = House::new(300, Policy::Hold).await;
    let disk = Disk::of(&house);
    let mut sender = house.start(&disk.variables());
    house.until_sent(50).await;
    disk.set("Full");
    tokio::time::sleep(Duration::from_millis(300)).await;
    sender.kill().unwrap();
    ended(sender).await;
    assert!(house.tally().await.sending <= 2 * CONNECTIONS);
    let done = house.complete().await;
    assert_eq!(done.sent + done.held, 300);
    assert!(done.held <= 2 * CONNECTIONS, "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_46_the_daemon_lives_on_a_full_disk_and_says_that_nothing_goes_out() {
    let house = House::new(600, Policy::Resend).await;
    let disk = Disk::of(&house);
    house.send(&[("STRAIGHT_FAIL_POINT", "claim")]).await;
    let listen =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let mut daemon =
        house.straight(&["run"]).envs(disk.variables()).env("STRAIGHT_LISTEN", &listen).spawn().unwrap();
    let ask = async |arguments: &[&str]| {
        ended(house.straight(arguments).env("STRAIGHT_LISTEN", &listen).spawn().unwrap()).await
    };
    house.until_sent(50).await;
    disk.set("Full");
    let mut told = ask(&["healthcheck", "--sending"]).await;
    for _ in 0..100 {
        if !told.status.success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        told = ask(&["healthcheck", "--sending"]).await;
    }
    assert_eq!(told.status.code(), Some(1), "{}", shown(&told));
    assert!(shown(&told).contains("the disk is full"), "{}", shown(&told));
    let alive = ask(&["healthcheck"]).await;
    assert!(alive.status.success(), "it lives, and a restart would mend nothing: {}", shown(&alive));
    disk.set("well");
    house.until_sent(600).await;
    for _ in 0..100 {
        if told.status.success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        told = ask(&["healthcheck", "--sending"]).await;
    }
    assert!(told.status.success(), "{}", shown(&told));
    daemon.kill().unwrap();
    ended(daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_47_a_disk_that_fails_to_sync_stops_everything_at_once() {
    for policy in Policy::BOTH {
        let house = House::new(300, policy).await;
        let disk = Disk::of(&house);
        let sender = house.start(&disk.variables());
        house.until_sent(50).await;
        disk.set("EIO");
        let output = ended(sender).await;
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert!(shown(&output).contains("disk I/O error"), "{}", shown(&output));
        let stopped = house.tally().await;
        assert!(stopped.sent < 300 && stopped.sending <= 2 * CONNECTIONS, "{stopped:?}");
        let done = house.complete().await;
        assert_eq!(done.sent + done.held, 300, "{done:?}");
        assert!(done.uncertain <= 2 * CONNECTIONS, "{done:?}");
        assert!(done.doubles <= CONNECTIONS, "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_47_the_daemon_ends_too_and_says_why() {
    let house = House::new(300, Policy::Resend).await;
    let disk = Disk::of(&house);
    house.send(&[("STRAIGHT_FAIL_POINT", "claim")]).await;
    let daemon = house.straight(&["run"]).envs(disk.variables()).spawn().unwrap();
    house.until_sent(50).await;
    disk.set("EIO");
    let output = tokio::time::timeout(Duration::from_secs(30), ended(daemon)).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("the store cannot be relied on"), "{}", shown(&output));
    assert_eq!(house.complete().await.sent, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_power_fails_what_was_not_synced_is_gone_and_the_ledger_still_true() {
    for point in
        ["before-sending", "after-sending", "mid-body", "after-dot", "before-settling", "after-settling"]
    {
        for (policy, count) in [(Policy::Resend, "1"), (Policy::Hold, "9")] {
            let house = House::new(40, policy).await;
            let armed = format!("{point}:{count}");
            let variables =
                [("LD_PRELOAD", DISK.as_str()), ("DISK_POWER", "cut"), ("STRAIGHT_FAIL_POINT", &armed)];
            let output = house.send(&variables).await;
            assert_eq!(output.status.code(), Some(POWER_CUT), "{armed}: {}", shown(&output));
            let dead = house.tally().await;
            assert!(dead.sending <= 2 * CONNECTIONS, "{armed}: {dead:?}");
            let done = house.complete().await;
            println!("power cut, {policy:?}, at {armed}: {done:?}");
            assert_eq!(done.sent + done.held, 40, "{armed}: {done:?}");
            assert!(done.doubles <= CONNECTIONS, "{armed}: {done:?}");
        }
    }
}

/// That the test above can fail: on a disk that says it has synced and has not, the ledger knows nothing of what left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_lies_about_syncing_would_be_noticed() {
    let house = House::new(40, Policy::Resend).await;
    let variables =
        [("LD_PRELOAD", DISK.as_str()), ("DISK_POWER", "liar"), ("STRAIGHT_FAIL_POINT", "after-settling:5")];
    let output = house.send(&variables).await;
    assert_eq!(output.status.code(), Some(POWER_CUT), "{}", shown(&output));
    assert!(house.sink.total() >= 1);
    let ledger = ledger(&house.database()).await;
    let verdict = catch_unwind(AssertUnwindSafe(|| assert_invariant(&house.sink, &ledger, house.policy)));
    assert!(verdict.is_err(), "{verdict:?}");
}

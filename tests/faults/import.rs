//! Row 75: an import that is killed, and run again.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};

use super::house::ended;

const READERS: usize = 2_500;

fn straight(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
    command.args(arguments).current_dir(folder).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How many readers the database holds; none before it is there.
async fn count(database: &std::path::Path) -> i64 {
    let Ok(mut connection) = SqliteConnection::connect(&database.display().to_string()).await else {
        return 0;
    };
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM subscribers").fetch_one(&mut connection).await;
    let _ = connection.close().await;
    count.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_75_an_import_that_is_killed_leaves_whole_rows_and_the_same_list_when_it_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut list = String::from("email,name,timezone,status,since\n");
    for n in 0..READERS {
        writeln!(list, "reader{n}@example.edu,Reader {n},Europe/Berlin,active,2025-01-15T00:00:00Z").unwrap();
    }
    std::fs::write(folder.path().join("list.csv"), &list).unwrap();
    let database = folder.path().join("data/straight.db");
    let import = ["subscribers", "import", "list.csv"];
    let lines: std::collections::BTreeSet<&str> = list.lines().collect();
    let mut kills_in_the_middle = 0;
    // It dies with the rows of its first, then of its second transaction written and not committed; then by SIGKILL as
    // soon as there are rows.
    for (dies, whole) in [(Some("mid-import:1"), Some(0)), (Some("mid-import:2"), Some(2_000)), (None, None)]
    {
        let mut child = straight(folder.path(), &import);
        let mut child = child.envs(dies.map(|point| ("STRAIGHT_FAIL_POINT", point))).spawn().unwrap();
        while (dies.is_some() || count(&database).await < 1) && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let _ = child.kill();
        assert!(dies.is_none() || !child.wait().unwrap().success(), "{dies:?}");
        child.wait().unwrap();
        let there = count(&database).await;
        assert!(whole.is_none_or(|whole| there == whole), "{dies:?}: {there}");
        kills_in_the_middle += usize::from((1..READERS as i64).contains(&there));
        println!("row 75: killed with {there} of {READERS} rows");
        let exported =
            straight(folder.path(), &["subscribers", "export", "--format", "csv"]).spawn().unwrap();
        let exported = String::from_utf8(ended(exported).await.stdout).unwrap();
        assert!(exported.lines().all(|line| lines.contains(line)), "every row that is there is whole");
    }
    assert!(kills_in_the_middle >= 1, "no kill struck while it was at work");
    let again = ended(straight(folder.path(), &import).spawn().unwrap()).await;
    assert!(again.status.success(), "{}", super::shown(&again));
    let exported = straight(folder.path(), &["subscribers", "export", "--format", "csv"]).spawn().unwrap();
    let exported = String::from_utf8(ended(exported).await.stdout).unwrap();
    let exported: std::collections::BTreeSet<&str> = exported.lines().collect();
    assert!(exported == lines, "{} rows instead of {}", exported.len(), lines.len());
}

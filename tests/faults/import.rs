//! Row 75: an import that is killed, and run again. STRAIGHT_TEST_IMPORT says how many rows it has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::house::ended;
use crate::store::engines::{Engine, on_both};

/// How many rows, unless it is said.
const READERS: usize = 2_500;
/// How many rows one transaction takes.
const CHUNK: usize = 2_000;

fn straight(folder: &Path, engine: &Engine, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
    command.args(arguments).current_dir(folder).env_clear().env("DATABASE_URL", engine.url());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How many readers the database holds; none before it is there.
async fn count(engine: &Engine) -> usize {
    const COUNT: &str = "SELECT COUNT(*) FROM subscribers";
    let url = engine.url();
    let count: Option<i64> = if let Some(file) = url.strip_prefix("sqlite:") {
        let Ok(mut connection) = SqliteConnection::connect(file).await else { return 0 };
        let count = sqlx::query_scalar(COUNT).fetch_one(&mut connection).await;
        let _ = connection.close().await;
        count.ok()
    } else {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let count = sqlx::query_scalar(COUNT).fetch_one(&mut connection).await;
        let _ = connection.close().await;
        count.ok()
    };
    usize::try_from(count.unwrap_or(0)).unwrap()
}

async fn exported(folder: &Path, engine: &Engine) -> String {
    let export = ["subscribers", "export", "--format", "csv"];
    String::from_utf8(ended(straight(folder, engine, &export).spawn().unwrap()).await.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_75_an_import_that_is_killed_leaves_whole_rows_and_the_same_list_when_it_is_run_again() {
    let readers = std::env::var("STRAIGHT_TEST_IMPORT").map_or(READERS, |rows| rows.parse().unwrap());
    assert!(readers > CHUNK, "there is no middle of it");
    let mut list = String::from("email,name,timezone,status,since\n");
    for n in 0..readers {
        writeln!(list, "reader{n}@example.edu,Reader {n},Europe/Berlin,active,2025-01-15T00:00:00Z").unwrap();
    }
    on_both(async |engine| an_import_is_killed(engine, &list, readers).await).await;
}

async fn an_import_is_killed(engine: &Engine, list: &str, readers: usize) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("list.csv"), list).unwrap();
    let import = ["subscribers", "import", "list.csv"];
    let lines: BTreeSet<&str> = list.lines().collect();
    let mut kills_in_the_middle = 0;
    // It dies with the rows of its first, then of its second transaction written and not committed; then by SIGKILL as
    // soon as there are more rows.
    for (dies, whole) in [(Some("mid-import:1"), Some(0)), (Some("mid-import:2"), Some(CHUNK)), (None, None)]
    {
        let before = count(engine).await;
        let mut child = straight(folder, engine, &import);
        let mut child = child.envs(dies.map(|point| ("STRAIGHT_FAIL_POINT", point))).spawn().unwrap();
        while (dies.is_some() || count(engine).await <= before) && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let _ = child.kill();
        assert!(dies.is_none() || !child.wait().unwrap().success(), "{dies:?}");
        child.wait().unwrap();
        let there = count(engine).await;
        assert!(whole.is_none_or(|whole| there == whole), "{dies:?}: {there}");
        assert!(there == readers || there.is_multiple_of(CHUNK), "whole transactions: {there}");
        kills_in_the_middle += usize::from((1..readers).contains(&there));
        println!("row 75: killed with {there} of {readers} rows, {}", engine.name());
        let exported = exported(folder, engine).await;
        assert_eq!(exported.lines().count(), there + 1, "as many as there are, under one head");
        assert!(exported.lines().all(|line| lines.contains(line)), "every row that is there is whole");
    }
    assert!(kills_in_the_middle >= 1, "no kill struck while it was at work");
    let again = ended(straight(folder, engine, &import).spawn().unwrap()).await;
    assert!(again.status.success(), "{}", super::shown(&again));
    let exported = exported(folder, engine).await;
    assert_eq!(exported.lines().count(), readers + 1, "nobody twice");
    let exported: BTreeSet<&str> = exported.lines().collect();
    assert!(exported == lines, "{} rows instead of {}", exported.len(), lines.len());
}

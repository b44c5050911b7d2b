//! The engines that a story runs on: a SQLite file of its own, and a PostgreSQL database of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use straight::config::{Database, Secret};
use straight::store::Store;

/// The variable that names a PostgreSQL server, on which databases may be made.
const SERVER: &str = "STRAIGHT_TEST_POSTGRES";

/// Databases are made one after the other: each is a copy of the same template.
static MAKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database of a story's own.
pub(crate) struct Engine {
    database: Database,
}

impl Engine {
    /// Opens it, as one more process would.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }

    /// Opens it for looking only, when it is there.
    pub(super) async fn look(&self) -> Option<Store> {
        Store::look(&self.database).await.unwrap()
    }

    /// What it is.
    pub(crate) fn name(&self) -> &'static str {
        match &self.database {
            Database::Sqlite(_) => "SQLite",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    /// Runs `sql` in it, past the store.
    pub(super) async fn run(&self, sql: String) {
        let (url, sql) = (self.url(), AssertSqlSafe(sql));
        match url.strip_prefix("sqlite:") {
            Some(file) => {
                let mut connection = SqliteConnection::connect(file).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
            None => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite:{}", path.display()),
            Database::Postgres(url) => url.reveal().to_owned(),
        }
    }
}

/// Tells `story` on SQLite, and on PostgreSQL where there is one.
pub(crate) async fn on_both(story: impl AsyncFn(&Engine)) {
    let folder = tempfile::tempdir().unwrap();
    story(&Engine { database: Database::Sqlite(folder.path().join("straight.db")) }).await;
    on_postgres(story).await;
}

/// Tells `story` on PostgreSQL where there is one.
pub(crate) async fn on_postgres(story: impl AsyncFn(&Engine)) {
    let Ok(server) = std::env::var(SERVER) else {
        println!("skipped: PostgreSQL (set {SERVER})");
        return;
    };
    let name = format!("story_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let (base, _) = server.rsplit_once('/').unwrap();
    let mut admin = PgConnection::connect(&server).await.unwrap();
    {
        let _one = MAKING.lock().await;
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    }
    story(&Engine { database: Database::Postgres(Secret::new(format!("{base}/{name}"))) }).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
}

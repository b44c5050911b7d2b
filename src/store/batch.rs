//! Statements over many rows at once. The rows travel as one JSON text, an array a row; how it becomes rows again is
//! where the engines differ.

use super::Store;
use super::engine::Pool;

/// One statement as each engine has it.
pub(super) struct Both {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// A statement in two parts around the rows of the JSON text `$1`, each of which it calls `j.value`.
macro_rules! both {
    ($before:expr, $behind:literal) => {
        $crate::store::batch::Both {
            // `json_each` makes the text of a row anew each time that it is named; LIMIT has it made once.
            sqlite: concat!($before, " (SELECT value FROM json_each($1) LIMIT -1) AS j ", $behind),
            postgres: concat!($before, " json_array_elements(CAST($1 AS json)) AS j(value) ", $behind),
        }
    };
}

impl Both {
    pub(super) fn on(&self, store: &Store) -> &'static str {
        match store.pool {
            Pool::Sqlite { .. } => self.sqlite,
            Pool::Postgres(_) => self.postgres,
        }
    }
}

/// The text that a statement takes as `$1`.
pub(super) fn rows<R: serde::Serialize>(rows: &[R]) -> String {
    serde_json::to_string(rows).expect("numbers and words are JSON")
}

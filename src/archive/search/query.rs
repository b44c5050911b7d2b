//! What a reader looks for: words, "phrases", -words that must not be there; the last word may be a beginning.

use super::tokens;

/// More characters than this are no query.
pub const LONGEST_QUERY: usize = 200;
/// More words than this are not looked for.
const MOST_TERMS: usize = 10;
/// A shorter beginning would be found everywhere.
const SHORTEST_BEGINNING: usize = 2;

/// A query that both engines understand, whatever was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// All of these must be there.
    pub wanted: Vec<Term>,
    /// None of these may be there.
    pub unwanted: Vec<Term>,
}

/// A word, or several that stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Folded; at least one.
    pub words: Vec<String>,
    /// Whether the last word may go on.
    pub begins: bool,
}

impl Query {
    /// Reads what was typed; there is nothing that it refuses. Beyond [`LONGEST_QUERY`] characters and ten terms the
    /// rest is left out.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        let typed: String = typed.chars().take(LONGEST_QUERY).map(straight_quote).collect();
        let mut query = Query::default();
        let mut rest = typed.as_str();
        while query.wanted.len() + query.unwanted.len() < MOST_TERMS {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            let unwanted =
                rest.starts_with(['-', '−']) && rest.chars().nth(1).is_some_and(|c| !c.is_whitespace());
            if unwanted {
                rest = rest.trim_start_matches(['-', '−']);
            }
            let (text, behind, closed) = match rest.strip_prefix('"') {
                Some(phrase) => match phrase.split_once('"') {
                    Some((phrase, behind)) => (phrase, behind, true),
                    None => (phrase, "", false),
                },
                None => {
                    let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
                    (&rest[..end], &rest[end..], false)
                }
            };
            rest = behind;
            let words: Vec<String> = tokens(text).map(|token| token.folded).take(MOST_TERMS).collect();
            let Some(last) = words.last() else { continue };
            // A word that is being typed is the last of all, with nothing behind it.
            let begins =
                !unwanted && !closed && rest.is_empty() && last.chars().count() >= SHORTEST_BEGINNING;
            let term = Term { words, begins };
            if unwanted { query.unwanted.push(term) } else { query.wanted.push(term) }
        }
        query
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// As SQLite's FTS5 reads it.
    #[must_use]
    pub fn for_sqlite(&self) -> String {
        let term = |term: &Term| {
            let words = term.words.join(" ");
            format!("\"{words}\"{}", if term.begins { " *" } else { "" })
        };
        let all = |terms: &[Term], by: &str| terms.iter().map(term).collect::<Vec<_>>().join(by);
        match self.unwanted.as_slice() {
            [] => all(&self.wanted, " AND "),
            unwanted => format!("({}) NOT ({})", all(&self.wanted, " AND "), all(unwanted, " OR ")),
        }
    }

    /// As a `tsquery` of PostgreSQL's.
    #[must_use]
    pub fn for_postgres(&self) -> String {
        let term = |term: &Term| {
            let words: Vec<String> = term.words.iter().map(|word| format!("'{word}'")).collect();
            format!("({}{})", words.join(" <-> "), if term.begins { ":*" } else { "" })
        };
        let wanted = self.wanted.iter().map(term);
        let unwanted = self.unwanted.iter().map(|unwanted| format!("!{}", term(unwanted)));
        wanted.chain(unwanted).collect::<Vec<_>>().join(" & ")
    }
}

fn straight_quote(c: char) -> char {
    match c {
        '“' | '”' | '„' | '«' | '»' | '‟' | '＂' => '"',
        c if c.is_control() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_becomes_terms() {
        for (typed, sqlite, postgres) in [
            ("tide", "\"tide\" *", "('tide':*)"),
            ("High  Wat", "\"high\" AND \"wat\" *", "('high') & ('wat':*)"),
            ("“high water” ", "\"high water\"", "('high' <-> 'water')"),
            ("rare-earth ", "\"rare earth\"", "('rare' <-> 'earth')"),
            ("tide -ferry", "(\"tide\") NOT (\"ferry\")", "('tide') & !('ferry')"),
            (
                "a -\"b c\" -d e",
                "(\"a\" AND \"e\") NOT (\"b c\" OR \"d\")",
                "('a') & ('e') & !('b' <-> 'c') & !('d')",
            ),
            ("\"high wat", "\"high wat\" *", "('high' <-> 'wat':*)"),
        ] {
            let query = Query::of(typed);
            assert_eq!(
                (query.for_sqlite().as_str(), query.for_postgres().as_str()),
                (sqlite, postgres),
                "{typed}"
            );
        }
        for empty in ["", " ", "\"", "\"\"", "-", "--", "- -", "-ferry", "* AND", "!!! ()"] {
            let query = Query::of(empty);
            assert_eq!(query.is_empty(), !empty.contains("AND"), "{empty}");
        }
    }

    #[test]
    fn a_long_query_is_cut() {
        let query = Query::of(&"word ".repeat(1000));
        assert_eq!(query.wanted.len(), MOST_TERMS);
        let query = Query::of(&format!("{}end", "a-".repeat(1000)));
        assert!(query.wanted[0].words.len() <= MOST_TERMS);
    }
}

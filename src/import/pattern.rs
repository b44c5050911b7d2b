//! Patterns of paths, as the configurations of sites have them: `sport/*`, `/posts/**`, `{/news/**,/sport/**}`.

use std::path::Path;

/// More stars would take long, and nobody means them.
const MOST_STARS: usize = 8;
/// Alternatives in braces.
const MOST_CHOICES: usize = 64;

/// A pattern of paths of a site.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    choices: Vec<String>,
    reach: Reach,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Of files and of folders, with all that is in them: Jekyll's.
    Beneath,
    /// Of pages by their addresses: Hugo's.
    Whole,
}

impl Pattern {
    /// `sport`, `sport/*/final.md`: these files, and what is in these folders.
    pub(super) fn beneath(pattern: &str) -> Self {
        Pattern { choices: vec![pattern.trim_matches('/').to_owned()], reach: Reach::Beneath }
    }

    /// `/posts/**`: pages whose whole address within the site is this.
    pub(super) fn whole(pattern: &str) -> Self {
        let choices = choices(&pattern.to_lowercase());
        let choices = choices.into_iter().map(|choice| choice.trim_matches('/').to_owned());
        Pattern { choices: choices.collect(), reach: Reach::Whole }
    }

    /// How long it is: the longer says more.
    pub(super) fn length(&self) -> usize {
        self.choices.iter().map(String::len).max().unwrap_or(0)
    }

    /// Whether the file `path` of the site is meant.
    pub(super) fn matches(&self, path: &Path) -> bool {
        let path = path.to_string_lossy().replace('\\', "/");
        match self.reach {
            Reach::Beneath => self.choices.iter().any(|choice| {
                let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
                ends.into_iter().any(|end| fits(choice, &path[..end]))
            }),
            Reach::Whole => {
                let path = path.to_lowercase();
                let page = path.rsplit_once('.').map_or(&*path, |(page, _)| page);
                let page = page.strip_suffix("/index").unwrap_or(page);
                self.choices.iter().any(|choice| fits(choice, page))
            }
        }
    }
}

/// `a{b,c}` → `ab` and `ac`.
fn choices(pattern: &str) -> Vec<String> {
    let mut open = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(pattern) = open.pop() {
        let braces = pattern.find('{').and_then(|from| Some((from, from + pattern[from..].find('}')?)));
        match braces {
            Some((from, to)) if open.len() + done.len() < MOST_CHOICES => {
                let (before, after) = (&pattern[..from], &pattern[to + 1..]);
                open.extend(pattern[from + 1..to].split(',').map(|one| format!("{before}{one}{after}")));
            }
            Some(_) => {}
            None => done.push(pattern),
        }
    }
    done
}

/// Whether `text` is of the `pattern`: `*` and `?` stay within a part, `**` does not.
fn fits(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| go(rest, &text[at..])),
            [b'*', rest @ ..] => {
                let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
                (0..=end).any(|at| go(rest, &text[at..]))
            }
            [b'?', rest @ ..] => text.first().is_some_and(|byte| *byte != b'/') && go(rest, &text[1..]),
            [byte, rest @ ..] => text.first() == Some(byte) && go(rest, &text[1..]),
        }
    }
    pattern.matches('*').count() <= MOST_STARS && go(pattern.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_meant_with_what_is_in_them() {
        let is = |pattern: &str, path: &str| Pattern::beneath(pattern).matches(Path::new(path));
        assert!(is("sport", "sport/_posts/2016-03-04-final.md"));
        assert!(is("sport/", "sport/_posts/2016-03-04-final.md"));
        assert!(is("*/_posts", "sport/_posts/2016-03-04-final.md"));
        assert!(is("sport/_posts/2016-*", "sport/_posts/2016-03-04-final.md"));
        assert!(!is("spo", "sport/_posts/2016-03-04-final.md"));
        assert!(is("*", "a/b") && !is("b", "a/b"));
    }

    #[test]
    fn pages_are_meant_by_their_whole_addresses() {
        let is = |pattern: &str, path: &str| Pattern::whole(pattern).matches(Path::new(path));
        for pattern in
            ["/post/**", "/post/tide", "**", "/**/tide", "{/news/**,/post/**}", "/POST/t?de", "/*/tide"]
        {
            assert!(is(pattern, "post/tide.md"), "{pattern}");
        }
        for pattern in ["/post", "/*", "post/**/tide", "/news/**", "/post/t?", "{/a,/b}", "", "***********"] {
            assert!(!is(pattern, "post/tide.md"), "{pattern}");
        }
        assert!(is("/post/flood", "post/flood/index.md"));
        assert!(!is(&"{a,b}".repeat(40), "a"));
    }
}

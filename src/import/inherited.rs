//! What a site says of many posts at once: Jekyll's `defaults`, Hugo's `cascade`. A post's own head stands over it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Note;
use super::front::fields;
use super::head::Field;
use super::languages::Languages;
use super::pattern::Pattern;
use super::settings::{SettingsError, get, read_within, settings};
use super::tree::{Spot, Standing};

/// The rules of a site.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    /// The strongest first.
    rules: Vec<Rule>,
    /// What could not be read.
    pub(super) told: Vec<Note>,
}

/// Fields for some of the posts.
#[derive(Debug)]
struct Rule {
    /// Beneath this folder.
    folder: PathBuf,
    pattern: Option<Pattern>,
    kind: PostKind,
    fields: Map<String, Value>,
}

/// Which posts a rule is for, where it names a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PostKind {
    All,
    /// Drafts among them.
    Posts,
    Drafts,
    /// Pages, sections, collections.
    None,
}

impl Inherited {
    /// The `defaults` of the Jekyll site at `root`, which the user calls `shown`.
    pub(super) fn jekyll(root: &Path, shown: &Path) -> Self {
        let mut inherited = Inherited::default();
        let config = settings(root, root, "_config").unwrap_or_else(|error| {
            inherited.tell((root, shown), &error, "its `defaults` are not taken");
            None
        });
        let defaults = config.as_ref().and_then(|config| get(config, "defaults")).and_then(Value::as_array);
        for each in defaults.into_iter().flatten() {
            let Some(fields) = each.get("values").and_then(Value::as_object) else { continue };
            let of_scope = |key| each.get("scope").and_then(|scope| scope.get(key)).and_then(Value::as_str);
            let path = of_scope("path").unwrap_or_default().trim_matches('/').to_owned();
            inherited.rules.push(Rule {
                folder: PathBuf::new(),
                pattern: (!path.is_empty()).then(|| Pattern::beneath(&path)),
                kind: match of_scope("type") {
                    None => PostKind::All,
                    Some("posts") => PostKind::Posts,
                    Some("drafts") => PostKind::Drafts,
                    Some(_) => PostKind::None,
                },
                fields: fields.clone(),
            });
        }
        // The longer path is the stronger one; of two alike the one that names a kind, and then the later.
        inherited.rules.reverse();
        inherited.rules.sort_by_key(|rule| {
            let length = rule.pattern.as_ref().map_or(0, Pattern::length);
            std::cmp::Reverse((length, rule.kind == PostKind::Posts || rule.kind == PostKind::Drafts))
        });
        inherited
    }

    /// The `cascade` of the Hugo site at `root`, whose posts are in its folder `content`: of its configuration, and of
    /// the sections that these `posts` are in, each beneath the other.
    pub(super) fn hugo(root: &Path, content: &Path, shown: &Path, posts: &[Spot]) -> Self {
        let mut inherited = Inherited::default();
        let own = format!("_index.{}.md", Languages::of(root).usual());
        let mut folders: BTreeSet<&Path> = BTreeSet::new();
        for post in posts {
            folders.extend(post.path.ancestors().skip(1));
        }
        // A folder sorts before what is in it: from the deepest to the top.
        for folder in folders.into_iter().rev() {
            for name in ["_index.md", "_index.html", &own] {
                let file = root.join(content).join(folder).join(name);
                match read_within(root, &file) {
                    Ok(None) => {}
                    Ok(Some(text)) => match fields(&text) {
                        Ok((head, _)) => inherited.cascade(folder, &head),
                        Err((_, why)) => {
                            inherited.tell(
                                (root, shown),
                                &SettingsError { file, why },
                                "its `cascade` is not taken",
                            );
                        }
                    },
                    Err(error) => inherited.tell((root, shown), &error, "its `cascade` is not taken"),
                }
            }
        }
        for folder in [root.to_owned(), root.join("config/_default"), root.join("config")] {
            for name in ["hugo", "config"] {
                // What is wrong with it is of no more than this concern: Hugo itself would not build.
                if let Ok(Some(config)) = settings(root, &folder, name) {
                    inherited.cascade(Path::new(""), &config);
                }
            }
        }
        inherited
    }

    /// Takes what a head or a configuration hands down to all that is in `folder`: one set of fields, or several, each
    /// with its target; the first stands over the others.
    fn cascade(&mut self, folder: &Path, head: &Map<String, Value>) {
        let cascade = get(head, "cascade");
        let several = cascade.and_then(Value::as_array).map(Vec::as_slice);
        for fields in several.unwrap_or(cascade.map(std::slice::from_ref).unwrap_or_default()) {
            let Some(fields) = fields.as_object() else { continue };
            let target = get(fields, "target").or_else(|| get(fields, "_target")).and_then(Value::as_object);
            let of_target = |key| target.and_then(|target| get(target, key)).and_then(Value::as_str);
            self.rules.push(Rule {
                folder: folder.to_owned(),
                pattern: of_target("path").map(Pattern::whole),
                kind: match of_target("kind") {
                    None => PostKind::All,
                    Some(kind) if kind.contains("page") || kind.contains('*') => PostKind::All,
                    Some(_) => PostKind::None,
                },
                fields: fields.clone(),
            });
        }
    }

    fn tell(&mut self, (root, shown): (&Path, &Path), error: &SettingsError, lost: &str) {
        let file = shown.join(error.file.strip_prefix(root).unwrap_or(&error.file));
        self.told.push(Note { file, line: 0, what: format!("{}; {lost}", error.why) });
    }

    /// Adds to the head `own` of a post what it does not say itself. Only fields that mean something to an article are
    /// handed down: the rest of a theme's settings is nothing of one post.
    pub(super) fn add(&self, spot: &Spot, own: &mut Map<String, Value>) {
        let mut said: Vec<Field> = own.keys().map(|key| Field::of(key)).collect();
        for rule in self.rules.iter().filter(|rule| rule.is_for(spot)) {
            let mut new = Vec::new();
            for (key, value) in &rule.fields {
                let field = Field::of(key);
                if !matches!(field, Field::Other | Field::OfTheSite) && !said.contains(&field) {
                    new.push(field);
                    own.insert(key.clone(), value.clone());
                }
            }
            said.extend(new);
        }
    }
}

impl Rule {
    fn is_for(&self, spot: &Spot) -> bool {
        let kind = match self.kind {
            PostKind::All | PostKind::Posts => true,
            PostKind::Drafts => spot.standing == Standing::Draft,
            PostKind::None => false,
        };
        kind && spot.path.starts_with(&self.folder)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(&spot.path))
    }
}

//! Defaults, file, environment and command line, one over the other.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Entry, Limits, Node, Place};

use super::values::{Wrong, finding};

/// Every key with its default: what the editor reads is what is in effect.
const DEFAULTS: &str = include_str!("../../newsletter.example.yaml");

/// Sentences of the sample publication, which no other says by default.
const OF_THE_SAMPLE: [&str; 2] = ["publication.tagline", "publication.sign_up.promise"];

static DEFAULT_TREE: LazyLock<Node> = LazyLock::new(|| {
    yaml::parse(DEFAULTS, Limits::DOCUMENT).expect("newsletter.example.yaml is read by a test")
});

/// Who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `newsletter.example.yaml`, which is compiled in.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable of this name.
    Environment(String),
    /// A flag of this name.
    Flag(&'static str),
}

impl Origin {
    /// The higher one is in effect.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Origin::Default => 0,
            Origin::File(_) => 1,
            Origin::Environment(_) => 2,
            Origin::Flag(_) => 3,
        }
    }
}

/// What flags of the command line set, as texts that are checked like all others.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--articles`
    pub articles: Option<String>,
    /// `--data`
    pub data: Option<String>,
    /// `--database-url`
    pub database_url: Option<String>,
    /// `--outbox`, which also chooses the outbox.
    pub outbox: Option<String>,
    /// `--smtp-url`
    pub smtp_url: Option<String>,
    /// `--subscribers`, several times.
    pub subscribers: Vec<String>,
    /// `--templates`
    pub templates: Option<String>,
}

impl Overrides {
    fn into_layer(self) -> Vec<Over> {
        let one = |key, flag, value: Option<String>| {
            value.map(|text| Over { key, node: Node::text(text), origin: Origin::Flag(flag) })
        };
        let files = (!self.subscribers.is_empty()).then(|| Over {
            key: "subscribers",
            node: Node::texts(self.subscribers),
            origin: Origin::Flag("--subscribers"),
        });
        let chosen = self.outbox.as_ref().map(|_| "outbox".to_owned());
        [
            one("articles.folder", "--articles", self.articles),
            one("data", "--data", self.data),
            one("database_url", "--database-url", self.database_url),
            one("transport", "--outbox", chosen),
            one("outbox.folder", "--outbox", self.outbox),
            one("smtp.url", "--smtp-url", self.smtp_url),
            one("edition.templates", "--templates", self.templates),
            files,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// One key set from outside the file.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) key: &'static str,
    pub(super) node: Node,
    pub(super) origin: Origin,
}

/// A value in effect and who set it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'l> {
    pub(super) node: &'l Node,
    pub(super) origin: &'l Origin,
}

/// All layers, strongest first.
#[derive(Debug)]
pub(super) struct Layers {
    overs: Vec<Over>,
    file: Option<Node>,
    file_origin: Origin,
    /// The folder of the file; without a file nothing, which is the working directory.
    base: PathBuf,
}

impl Layers {
    pub(super) fn new(file: Option<(&Path, Node)>, flags: Overrides, environment: Vec<Over>) -> Self {
        let mut overs = flags.into_layer();
        overs.extend(environment);
        let (file_origin, file) = match file {
            Some((path, node)) => (Origin::File(path.to_owned()), Some(node)),
            None => (Origin::Default, None),
        };
        let base = match &file_origin {
            Origin::File(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
            Origin::Default | Origin::Environment(_) | Origin::Flag(_) => PathBuf::new(),
        };
        Layers { overs, file, file_origin, base }
    }

    /// The defaults alone.
    pub(super) fn defaults() -> Self {
        Layers::new(None, Overrides::default(), Vec::new())
    }

    /// Every key with its default, in the order of the example.
    pub(super) fn schema() -> &'static Node {
        &DEFAULT_TREE
    }

    /// A path as whoever wrote it means it: the file and the defaults beneath it by the folder of the file, the
    /// environment and flags by the working directory.
    pub(super) fn resolve(&self, origin: &Origin, text: &str) -> PathBuf {
        match origin {
            Origin::File(_) | Origin::Default => self.base.join(text),
            Origin::Environment(_) | Origin::Flag(_) => PathBuf::from(text),
        }
    }

    /// What is in effect for `key` (`smtp.url`); nothing when no layer has a value.
    pub(super) fn given(&self, key: &str) -> Option<Given<'_>> {
        let over = self.overs.iter().find(|over| over.key == key);
        over.map(|over| Given { node: &over.node, origin: &over.origin })
            .or_else(|| {
                let node = descend(self.file.as_ref()?, key).filter(|node| !node.is_null())?;
                Some(Given { node, origin: &self.file_origin })
            })
            .or_else(|| {
                Layers::default_of(key).filter(|_| !OF_THE_SAMPLE.contains(&key) || self.is_the_sample())
            })
    }

    /// Whether the publication is still the sample's: in English, and by its name.
    fn is_the_sample(&self) -> bool {
        let text = |key| self.given(key).and_then(|given| given.node.as_text()).map(str::trim);
        let default = |key| Layers::default_of(key).and_then(|given| given.node.as_text());
        let is_english = text("publication.language")
            .and_then(|tag| tag.split('-').next())
            .is_none_or(|primary| primary.eq_ignore_ascii_case("en"));
        is_english && text("publication.name") == default("publication.name")
    }

    /// The default of `key`, when it has one.
    pub(super) fn default_of(key: &str) -> Option<Given<'static>> {
        let node = descend(&DEFAULT_TREE, key).filter(|node| !node.is_null())?;
        Some(Given { node, origin: &Origin::Default })
    }

    /// What is wrong with the shape of the file: unknown keys, keys that stand twice, sections without keys.
    pub(super) fn misshapen(&self, findings: &mut Vec<Diagnostic>) {
        if let Some(file) = &self.file {
            let mut walk = Walk { origin: &self.file_origin, findings };
            walk.section(file, &DEFAULT_TREE, "");
        }
    }
}

fn descend<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    key.split('.').try_fold(root, |node, part| node.get(part))
}

/// Compares a file with the example, section by section.
struct Walk<'w> {
    origin: &'w Origin,
    findings: &'w mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn find(&mut self, place: &Place, key: &str, rule: &'static str, wrong: &Wrong) {
        self.findings.push(finding(self.origin, Some(place), key, rule, wrong));
    }

    fn section(&mut self, node: &Node, schema: &Node, within: &str) {
        let Some(known) = schema.as_map() else { return };
        let Some(entries) = node.as_map() else {
            if !node.is_null() {
                let example = &known[0].key;
                let message = format!("here stands {}, not the keys of a section", node.kind());
                let remedy = format!("write its keys beneath it, indented, as in `{example}: …`");
                self.find(&node.place, within, "wrong-type", &Wrong::new(message, remedy));
            }
            return;
        };
        let names: Vec<&str> = known.iter().map(|entry| entry.key.as_str()).collect();
        for wrong in strange_keys(entries, &names) {
            // A key that stands in the wrong section is as frequent a slip as a misspelt one.
            let elsewhere = if wrong.is_near { None } else { home_of(&wrong.key, within) };
            let remedy = elsewhere.unwrap_or(wrong.remedy);
            self.find(&wrong.place, "", wrong.rule, &Wrong::new(wrong.message, remedy));
        }
        for entry in entries {
            let Some(schema) = schema.get(&entry.key) else { continue };
            let key = if within.is_empty() { entry.key.clone() } else { format!("{within}.{}", entry.key) };
            // Authors have keys of the user's own, which the reader of that section checks.
            if key != "authors" {
                self.section(&entry.value, schema, &key);
            }
        }
    }
}

/// An entry that should not be there.
pub(super) struct Strange {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) remedy: String,
    /// Whether the remedy names a key that it is a slip for.
    pub(super) is_near: bool,
}

/// The entries whose keys are not among `known`, or stand twice.
pub(super) fn strange_keys(entries: &[Entry], known: &[&str]) -> Vec<Strange> {
    let strange = |(at, entry): (usize, &Entry)| {
        let Entry { key, place, .. } = entry;
        let (rule, message, remedy, is_near) = if !known.contains(&key.as_str()) {
            let near = yaml::nearest(key, known.iter().copied());
            let remedy = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "there are {}",
                    known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            ("unknown-key", format!("unknown key `{}`", super::values::shown(key)), remedy, near.is_some())
        } else if let Some(first) = entries[..at].iter().find(|earlier| earlier.key == *key) {
            let message = format!("`{key}` stands here for the second time");
            ("repeated-key", message, format!("line {} has it already", first.place.line), true)
        } else {
            return None;
        };
        Some(Strange { key: key.clone(), place: place.clone(), rule, message, remedy, is_near })
    };
    entries.iter().enumerate().filter_map(strange).collect()
}

/// Where `key` belongs, when another section than `within` has it.
fn home_of(key: &str, within: &str) -> Option<String> {
    let root: &Node = &DEFAULT_TREE;
    if !within.is_empty() && root.get(key).is_some() {
        return Some("it stands at the left margin, under no section".to_owned());
    }
    let has = |section: &&Entry| {
        section.key != "authors" && section.key != within && section.value.get(key).is_some()
    };
    root.as_map()?.iter().find(has).map(|section| format!("it belongs under `{}:`", section.key))
}

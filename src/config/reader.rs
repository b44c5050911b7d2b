//! Takes values out of the layers by key, and notes every one that is not of its form.

use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Entry, Node};

use super::layers::{Given, Layers, Origin, strange_keys};
use super::values::{Wrong, finding};

/// Keys whose values no message and no snippet may show.
pub(super) const SECRETS: [&str; 3] = ["smtp.url", "smtp.password", "database_url"];

/// Reads values; collects what is wrong with them.
pub(super) struct Reader<'l> {
    layers: &'l Layers,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'l> Reader<'l> {
    pub(super) fn new(layers: &'l Layers, findings: Vec<Diagnostic>) -> Self {
        Reader { layers, findings }
    }

    /// The value in effect, unread.
    pub(super) fn given(&self, key: &str) -> Option<Given<'l>> {
        self.layers.given(key)
    }

    /// Notes that the value of `key` is wrong.
    pub(super) fn note(&mut self, given: Given<'_>, key: &str, rule: &'static str, wrong: &Wrong) {
        let mut found = finding(given.origin, Some(&given.node.place), key, rule, wrong);
        if SECRETS.contains(&key) {
            found.span = None;
        }
        self.findings.push(found);
    }

    /// A key that may be absent.
    pub(super) fn optional<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let given = self.given(key)?;
        let parsed = text_of(given.node).and_then(|text| parse(text).map_err(|wrong| ("bad-value", wrong)));
        match parsed {
            Ok(value) => Some(value),
            Err((rule, wrong)) => {
                self.note(given, key, rule, &wrong);
                None
            }
        }
    }

    /// A key that has a default, which also stands in for a value that is wrong.
    pub(super) fn value<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> T {
        self.optional(key, &parse).unwrap_or_else(|| {
            let default = Layers::default_of(key).and_then(|given| given.node.as_text());
            let text =
                default.expect("a key that is read as `value` has a default in newsletter.example.yaml");
            parse(text).expect("the defaults are of their forms, as a test shows")
        })
    }

    /// A key with one value or a list of them; those that are wrong are noted and left out.
    pub(super) fn list<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let Some(given) = self.given(key) else { return Vec::new() };
        let items = given.node.as_list().unwrap_or(std::slice::from_ref(given.node));
        let mut values = Vec::with_capacity(items.len());
        for node in items {
            match text_of(node).and_then(|text| parse(text).map_err(|wrong| ("bad-value", wrong))) {
                Ok(value) => values.push(value),
                Err((rule, wrong)) => self.note(Given { node, ..given }, key, rule, &wrong),
            }
        }
        values
    }

    /// A path, resolved as [`Layers::resolve`] has it.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.optional(key, super::values::line)?;
        let given = self.given(key)?;
        Some(self.layers.resolve(given.origin, &text))
    }

    /// A path that has a default.
    pub(super) fn default_path(&mut self, key: &str) -> PathBuf {
        self.path(key).unwrap_or_else(|| {
            let text = self.value(key, |text| Ok(text.to_owned()));
            self.layers.resolve(&Origin::Default, &text)
        })
    }

    /// The layers themselves, to resolve paths by.
    pub(super) fn layers(&self) -> &'l Layers {
        self.layers
    }

    /// Notes the entries of a mapping that are not among `known`; `key` is where it stands.
    pub(super) fn only(&mut self, origin: &Origin, key: &str, entries: &[Entry], known: &[&str]) {
        for wrong in strange_keys(entries, known) {
            let words = Wrong::new(wrong.message, wrong.remedy);
            self.findings.push(finding(origin, Some(&wrong.place), key, wrong.rule, &words));
        }
    }

    /// One value within a mapping that [`given`](Self::given) gave.
    pub(super) fn within<T>(
        &mut self,
        map: Given<'_>,
        key: &str,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let node = map.node.get(name).filter(|node| !node.is_null())?;
        match text_of(node).and_then(|text| parse(text).map_err(|wrong| ("bad-value", wrong))) {
            Ok(value) => Some(value),
            Err((rule, wrong)) => {
                self.note(Given { node, ..map }, &format!("{key}.{name}"), rule, &wrong);
                None
            }
        }
    }
}

/// The text of a scalar.
pub(super) fn text_of(node: &Node) -> Result<&str, (&'static str, Wrong)> {
    node.as_text()
        .ok_or_else(|| ("wrong-type", Wrong::new(format!("this is {}", node.kind()), "write one value here")))
}

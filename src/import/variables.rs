//! What Liquid knows when a site is built, as far as it can be known without building it.

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use serde_json::Value;

use super::head::{Field, Head};
use super::settings::{Settings, get};

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Text(String),
    /// There is no such thing, or it is `false`.
    Nothing,
    /// Only the site itself would know.
    Unknown,
}

impl Found {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null | Value::Bool(false)) => Found::Nothing,
            Some(Value::String(text)) => Found::Text(text.clone()),
            Some(Value::Number(number)) => Found::Text(number.to_string()),
            Some(Value::Bool(true)) => Found::Text("true".to_owned()),
            Some(Value::Array(_) | Value::Object(_)) => Found::Unknown,
        }
    }
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// In the address of a link or a picture: there an address is a path within the site.
    Address,
}

/// What a site and one of its posts say of themselves.
#[derive(Debug, Clone)]
pub(super) struct Variables<'a> {
    pub(super) settings: &'a Settings,
    /// `https://example.org`
    pub(super) url: Option<&'a str>,
    /// `/blog`
    pub(super) base: &'a str,
    pub(super) head: &'a Head,
    /// What `{% assign %}` and `{% capture %}` set.
    pub(super) set: HashMap<String, Found>,
}

impl Variables<'_> {
    /// What `expression` comes to: `"/img/a.png" | prepend: site.baseurl`.
    pub(super) fn value(&self, expression: &str, place: Place) -> Found {
        let mut parts = split(expression, '|').into_iter();
        let mut value = self.term(parts.next().unwrap_or_default(), place);
        for filter in parts {
            value = self.filtered(value, filter, place);
        }
        value
    }

    /// Whether `condition` holds; nothing when only the site would know.
    pub(super) fn holds(&self, condition: &str) -> Option<bool> {
        for (word, is_all) in [(" or ", false), (" and ", true)] {
            if let Some((one, rest)) = condition.split_once(word) {
                let (one, rest) = (self.holds(one), self.holds(rest));
                return match (one, rest) {
                    (Some(one), _) | (_, Some(one)) if one != is_all => Some(one),
                    (Some(_), Some(_)) => Some(is_all),
                    _ => None,
                };
            }
        }
        let condition = condition.trim();
        for (sign, wanted) in [("==", true), ("!=", false)] {
            if let Some((one, other)) = condition.split_once(sign) {
                let (one, other) = (self.term(one, Place::Text), self.term(other, Place::Text));
                let is_known = one != Found::Unknown && other != Found::Unknown;
                return is_known.then_some((one == other) == wanted);
            }
        }
        if condition.contains(['<', '>']) || condition.contains(" contains ") {
            return None;
        }
        match self.term(condition, Place::Text) {
            Found::Text(_) => Some(true),
            Found::Nothing => Some(false),
            Found::Unknown => None,
        }
    }

    fn term(&self, term: &str, place: Place) -> Found {
        let term = term.trim();
        let quoted = |quote| term.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
        if let Some(text) = quoted('"').or_else(|| quoted('\'')) {
            return Found::Text(text.to_owned());
        }
        let own = |text: Option<&str>| text.map_or(Found::Unknown, |text| Found::Text(text.to_owned()));
        let of_site = |text| if place == Place::Address { Found::Text(String::new()) } else { own(text) };
        match term {
            "true" => Found::Text("true".to_owned()),
            "false" | "nil" | "null" => Found::Nothing,
            "site.url" | "site.github.url" => of_site(self.url),
            "site.baseurl" => of_site(Some(self.base)),
            "page.title" => own(Some(&self.head.title)),
            "page.date" => own(self.head.date.get(..10)),
            "page.excerpt" | "page.description" => own(self.head.summary.as_deref()),
            _ if !term.is_empty() && term.bytes().all(|b| b.is_ascii_digit()) => Found::Text(term.to_owned()),
            _ => match (term.strip_prefix("site."), term.strip_prefix("page.")) {
                (Some("posts" | "pages" | "time" | "data" | "tags" | "categories" | "collections"), _) => {
                    Found::Unknown
                }
                (Some(path), _) if !path.starts_with("data.") && !path.contains('[') => {
                    let mut keys = path.split('.');
                    let first = keys.next().and_then(|key| get(self.settings, key));
                    Found::of(keys.fold(first, |value, key| value?.get(key)))
                }
                // What has a place of its own in an article was read, and is not kept as it was written.
                (_, Some(key)) if Field::of(key) == Field::Other => match self.head.extra.get(key) {
                    None if matches!(key, "url" | "id" | "path" | "content" | "next" | "previous") => {
                        Found::Unknown
                    }
                    value => Found::of(value),
                },
                _ => self.set.get(term).cloned().unwrap_or(Found::Unknown),
            },
        }
    }

    fn filtered(&self, value: Found, filter: &str, place: Place) -> Found {
        let (name, arguments) = filter.split_once(':').unwrap_or((filter, ""));
        let arguments: Vec<Found> = match arguments.trim() {
            "" => Vec::new(),
            all => split(all, ',').into_iter().map(|argument| self.term(argument, place)).collect(),
        };
        let argument = |at: usize| match arguments.get(at) {
            Some(Found::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let text = match (name.trim(), value) {
            ("default", Found::Nothing) => return arguments.first().cloned().unwrap_or(Found::Unknown),
            ("default", Found::Text(text)) if text.is_empty() => argument(0),
            (_, Found::Unknown) => None,
            // Of nothing a filter makes nothing, if it puts nothing before it.
            ("prepend" | "append", Found::Nothing) => argument(0),
            (_, Found::Nothing) => return Found::Nothing,
            (name, Found::Text(text)) => match name {
                "relative_url" => Some(match place {
                    Place::Text => self.rooted(&text, self.base),
                    Place::Address => self.rooted(&text, ""),
                }),
                "absolute_url" => Some(match place {
                    Place::Text => self.rooted(&text, &(self.url.unwrap_or_default().to_owned() + self.base)),
                    Place::Address => self.rooted(&text, ""),
                }),
                "prepend" => argument(0).map(|before| before + &text),
                "append" => argument(0).map(|after| text + &after),
                "escape" | "escape_once" | "xml_escape" | "markdownify" | "smartify" | "default" => {
                    Some(text)
                }
                "strip" => Some(text.trim().to_owned()),
                "downcase" => Some(text.to_lowercase()),
                "upcase" => Some(text.to_uppercase()),
                "capitalize" => {
                    let mut letters = text.chars();
                    letters.next().map(|first| first.to_uppercase().chain(letters).collect())
                }
                "uri_escape" => Some(text.replace(' ', "%20")),
                "remove" => argument(0).map(|what| text.replace(&what, "")),
                "replace" => argument(0).zip(argument(1)).map(|(what, by)| text.replace(&what, &by)),
                "date" => argument(0).and_then(|format| dated(&text, &format)),
                "date_to_string" => dated(&text, "%d %b %Y"),
                "date_to_long_string" => dated(&text, "%d %B %Y"),
                _ => None,
            },
        };
        text.map_or(Found::Unknown, Found::Text)
    }

    /// A path of the site behind `home`; a whole address stays.
    fn rooted(&self, path: &str, home: &str) -> String {
        if path.contains("://") {
            return path.to_owned();
        }
        format!("{home}/{}", path.trim_start_matches('/'))
    }
}

fn dated(day: &str, format: &str) -> Option<String> {
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    // The hour is not known, and a slip of the pen is none of ours.
    let is_sound = !items.iter().any(|item| matches!(item, Item::Error));
    let day: NaiveDate = day.parse().ok()?;
    let mut text = String::new();
    (is_sound && std::fmt::write(&mut text, format_args!("{}", day.format_with_items(items.iter()))).is_ok())
        .then_some(text)
}

/// The parts of `text` between the marks `at` that stand in no quotation.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut open) = (Vec::new(), 0, None);
    for (place, c) in text.char_indices() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => open = Some(c),
            None if c == at => {
                parts.push(&text[start..place]);
                start = place + c.len_utf8();
            }
            None => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

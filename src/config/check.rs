//! From layers to a checked [`Config`], section by section.

use std::cell::OnceCell;
use std::path::PathBuf;

use chrono::{NaiveTime, Weekday};

use crate::diagnostic::rules::{self, Level, Standing};
use crate::diagnostic::{Diagnostic, Levels, Severity};
use crate::words::{self, Words};
use crate::yaml::{self, Node};

use super::layers::{Given, Layers, Origin};
use super::reader::Reader;
use super::values::{self, Wrong};
use super::{
    ApprovalPolicy, ArticlesConfig, Author, Authors, Config, Database, DeliveryConfig, EditionConfig,
    ImagePolicy, OnBrokenArticle, Publication, Schedule, ScheduleRule, Secret, SignUpWords, UncertainPolicy,
    comments, dkim, rates, sign_up, smtp, theme,
};

/// Reads every key; gives the configuration, or all that is wrong with it.
pub(super) fn check(layers: &Layers, findings: Vec<Diagnostic>) -> Result<Config, Vec<Diagnostic>> {
    let mut reader = Reader::new(layers, findings);
    let data = reader.default_path("data");
    let publication = publication(&mut reader);
    let config = Config {
        dkim: dkim::dkim(&mut reader, &publication.from),
        publication,
        sign_up: sign_up::sign_up(&mut reader),
        authors: authors(&mut reader),
        articles: articles(&mut reader),
        lint: lint(&mut reader),
        edition: EditionConfig {
            templates: reader.path("edition.templates"),
            recent: reader.value("edition.recent", values::number(0, 20)),
            approval: reader.value(
                "edition.require_approval",
                values::choice(&[("true", ApprovalPolicy::Required), ("false", ApprovalPolicy::NotNeeded)]),
            ),
            size_limit: reader.value("edition.size_limit", values::size),
        },
        schedule: schedule(&mut reader),
        subscribers: subscribers(&mut reader),
        transport: smtp::transport(&mut reader),
        delivery: DeliveryConfig {
            uncertain: reader.value(
                "delivery.uncertain",
                values::choice(&[("resend", UncertainPolicy::Resend), ("hold", UncertainPolicy::Hold)]),
            ),
            give_up_after: reader.value("delivery.give_up_after", values::some_time),
            rate: reader.optional("delivery.rate", values::rate),
            rate_per_domain: rates::per_domain(&mut reader),
            grace: reader.value("delivery.grace", values::some_time),
            keep_letters: reader.value("delivery.keep_letters", values::days),
        },
        comments: comments::comments(&mut reader),
        web: sign_up::web(&mut reader),
        database: database(&mut reader, &data),
        data,
    };
    let mut findings = reader.findings;
    findings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    if findings.is_empty() { Ok(config) } else { Err(findings) }
}

fn publication(reader: &mut Reader<'_>) -> Publication {
    let (from_name, from) = from(reader);
    let public_url = reader.value("publication.public_url", values::public_url);
    let postal_address = reader.value("publication.postal_address", values::lines);
    let list_id = reader.optional("publication.list_id", values::list_id);
    let sample = |reader: &Reader<'_>, key: &'static str, is_default: bool| {
        let is_default = is_default || reader.given(key).is_none_or(|given| *given.origin == Origin::Default);
        is_default.then_some(key)
    };
    let default_of = |key| Layers::default_of(key).and_then(|given| given.node.as_text()).unwrap_or_default();
    let sample_keys = [
        sample(
            reader,
            "publication.from",
            values::address(default_of("publication.from")).is_ok_and(|a| a == from),
        ),
        sample(
            reader,
            "publication.postal_address",
            postal_address == default_of("publication.postal_address"),
        ),
        sample(
            reader,
            "publication.public_url",
            values::public_url(default_of("publication.public_url")).is_ok_and(|url| url == public_url),
        ),
    ];
    let name = reader.value("publication.name", values::line);
    let (language, folder) = language(reader);
    let spoken = Spoken { language: language.clone(), folder, words: OnceCell::new() };
    let tagline = reader.optional("publication.tagline", |text| {
        if text.is_empty() { Ok(String::new()) } else { values::line(text) }
    });
    Publication {
        theme: theme::theme(reader, &name),
        tagline: tagline.unwrap_or_default(),
        copyright: reader
            .optional("publication.copyright", values::copyright)
            .unwrap_or_else(|| spoken.words().text("copyright").to_owned()),
        sign_up: SignUpWords {
            title: reader
                .optional("publication.sign_up.title", values::line)
                .unwrap_or_else(|| spoken.words().text("sign_up.title").to_owned()),
            promise: reader
                .optional("publication.sign_up.promise", values::line)
                .unwrap_or_else(|| spoken.words().fill("sign_up.promise", &[("name", &name)])),
            thanks: reader
                .optional("publication.sign_up.thanks", values::line)
                .unwrap_or_else(|| spoken.words().text("sign_up.thanks").to_owned()),
        },
        name,
        language,
        list_id: list_id.unwrap_or_else(|| list_id_of(from.local_part(), from.domain())),
        from,
        from_name,
        reply_to: reader.optional("publication.reply_to", values::address),
        public_url,
        postal_address,
        editors: reader.list("publication.editors", values::address),
        sample_keys: sample_keys.into_iter().flatten().collect(),
    }
}

/// The words of the publication's language, for what the configuration does not say; read when first asked for.
struct Spoken {
    language: String,
    folder: Option<PathBuf>,
    words: OnceCell<Words>,
}

impl Spoken {
    fn words(&self) -> &Words {
        self.words.get_or_init(|| {
            // What is wrong with a file of words is told by those who render with it.
            let spoken = Words::load(&self.language, self.folder.as_deref());
            spoken.or_else(|_| Words::load(&self.language, None)).unwrap_or_else(|_| Words::english())
        })
    }
}

/// Whose words there are: built in, or in a file of the user's templates; and the folder of those.
fn language(reader: &mut Reader<'_>) -> (String, Option<PathBuf>) {
    const KEY: &str = "publication.language";
    let folder = reader.path("edition.templates").map(|folder| folder.join("words"));
    let language = reader.value(KEY, |text| {
        let language = values::language(text)?;
        if words::exist(&language, folder.as_deref()) {
            return Ok(language);
        }
        let message = format!("there are no words of the language `{language}`");
        Err(Wrong::new(message, words::remedy(&language, folder.as_deref())))
    });
    (language, folder)
}

/// `daily@example.com` gives `daily.example.com`.
fn list_id_of(local: &str, domain: &str) -> String {
    let plain: String =
        local.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    match plain.trim_matches('-') {
        "" => format!("list.{domain}"),
        plain => format!("{plain}.{domain}"),
    }
}

fn from(reader: &mut Reader<'_>) -> (Option<String>, crate::subscriber::EmailAddress) {
    const KEY: &str = "publication.from";
    let mapping = reader.given(KEY).and_then(|given| Some((given, given.node.as_map()?)));
    if let Some((given, entries)) = mapping {
        let before = reader.findings.len();
        reader.only(given.origin, KEY, entries, &["name", "address"]);
        let name = reader.within(given, KEY, "name", values::line);
        match reader.within(given, KEY, "address", values::address) {
            Some(address) => return (name, address),
            None if reader.findings.len() == before => {
                let wrong = Wrong::new(
                    "`address` is missing",
                    "write it as in {name: Ann, address: ann@example.com}",
                );
                reader.note(given, KEY, "missing-value", &wrong);
            }
            None => {}
        }
        let default = Layers::default_of(KEY).and_then(|given| given.node.as_text()).unwrap_or_default();
        return values::mailbox(default).expect("the defaults are of their forms, as a test shows");
    }
    reader.value(KEY, values::mailbox)
}

fn authors(reader: &mut Reader<'_>) -> Authors {
    let Some(given) = reader.given("authors") else { return Authors::new() };
    let Some(entries) = given.node.as_map() else {
        let wrong = Wrong::new(
            format!("this is {}", given.node.kind()),
            "write a key for each author, and beneath it `name: …`",
        );
        reader.note(given, "authors", "wrong-type", &wrong);
        return Authors::new();
    };
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    reader.only(given.origin, "authors", entries, &keys);
    let mut authors = Authors::new();
    for entry in entries {
        let key = format!("authors.{}", values::shown(&entry.key));
        let node = Given { node: &entry.value, ..given };
        let Some(fields) = entry.value.as_map() else {
            let wrong =
                Wrong::new(format!("this is {}", entry.value.kind()), "write `name: …` beneath it, indented");
            reader.note(node, &key, "wrong-type", &wrong);
            continue;
        };
        reader.only(given.origin, &key, fields, &["name", "biography", "link", "photo"]);
        if !fields.iter().any(|field| field.key == "name" && !field.value.is_null()) {
            reader.note(node, &key, "missing-value", &Wrong::new("`name` is missing", "write `name: …`"));
        }
        let name = reader.within(node, &key, "name", values::line);
        let biography = reader.within(node, &key, "biography", values::lines);
        let link = reader.within(node, &key, "link", values::web_address);
        let photo = reader.within(node, &key, "photo", values::https_address);
        if let Some(name) = name {
            authors.insert(entry.key.clone(), Author { name, biography, link, photo });
        }
    }
    authors
}

fn articles(reader: &mut Reader<'_>) -> ArticlesConfig {
    ArticlesConfig {
        folder: reader.default_path("articles.folder"),
        images: reader.value(
            "articles.images",
            values::choice(&[("embed", ImagePolicy::Embed), ("link", ImagePolicy::Link)]),
        ),
        on_broken: reader.value(
            "articles.on_broken_article",
            values::choice(&[
                ("hold_edition", OnBrokenArticle::HoldEdition),
                ("skip", OnBrokenArticle::Skip),
            ]),
        ),
        backlog_days: reader.value("articles.backlog", values::days),
        settle: reader.value("articles.settle", values::duration),
    }
}

/// What a rule may be switched to.
const LEVELS: [(&str, Level); 4] = [
    ("off", Level::Off),
    ("hint", Level::At(Severity::Hint)),
    ("warning", Level::At(Severity::Warning)),
    ("error", Level::At(Severity::Error)),
];

/// `rule: off|hint|warning|error`, for rules that can be switched.
fn lint(reader: &mut Reader<'_>) -> Levels {
    let mut levels = Levels::default();
    let Some(given) = reader.given("lint") else { return levels };
    let Some(entries) = given.node.as_map() else {
        let wrong = Wrong::new(
            format!("this is {}", given.node.kind()),
            "write `rule: off` beneath it, a rule a line",
        );
        reader.note(given, "lint", "wrong-type", &wrong);
        return levels;
    };
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    // Only for rules that stand twice: which there are is told below.
    reader.only(given.origin, "lint", entries, &keys);
    for entry in entries {
        let shown = values::shown(&entry.key);
        let at_key = Node { place: entry.place.clone(), ..entry.value.clone() };
        let at_key = Given { node: &at_key, ..given };
        let Some(rule) = rules::find(&entry.key) else {
            let remedy = match yaml::nearest(&entry.key, rules::switchable()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`straight check --rules` lists those that there are".to_owned(),
            };
            let wrong = Wrong::new(format!("there is no rule `{shown}`"), remedy);
            reader.note(at_key, "lint", "unknown-rule", &wrong);
            continue;
        };
        if rule.standing == Standing::Fixed {
            let wrong = Wrong::new(
                format!("`{shown}` cannot be switched: without it there is no article"),
                "take the line out",
            );
            reader.note(at_key, "lint", "bad-value", &wrong);
            continue;
        }
        if entry.value.is_null() {
            let wrong = Wrong::new(format!("`{shown}` has no value"), "write off, hint, warning or error");
            reader.note(at_key, "lint", "missing-value", &wrong);
        } else if let Some(level) = reader.within(given, "lint", &entry.key, values::choice(&LEVELS)) {
            levels.set(rule, level);
        }
    }
    levels
}

fn schedule(reader: &mut Reader<'_>) -> Schedule {
    let cron = reader.optional("schedule.cron", values::cron);
    let at: NaiveTime = reader.value("schedule.at", values::time_of_day);
    let mut days: Vec<Weekday> = Vec::new();
    for day in reader.list("schedule.days", values::weekdays).into_iter().flatten() {
        if !days.contains(&day) {
            days.push(day);
        }
    }
    days.sort_by_key(Weekday::num_days_from_monday);
    if let Some(given) =
        reader.given("schedule.days").filter(|given| given.node.as_list().is_some_and(<[_]>::is_empty))
    {
        let wrong = Wrong::new("there is no day in it", "write at least one day, as in [mon..fri]");
        reader.note(given, "schedule.days", "bad-value", &wrong);
    }
    if let Some(given) = reader.given("schedule.cron") {
        for key in ["schedule.at", "schedule.days"] {
            if reader.given(key).is_some_and(|other| other.origin.rank() >= given.origin.rank()) {
                let wrong = Wrong::new(format!("`{key}` is given too"), "keep the one or the other");
                reader.note(given, "schedule.cron", "conflict", &wrong);
            }
        }
    }
    Schedule {
        rule: cron.unwrap_or(ScheduleRule::Daily { at, days }),
        timezone: reader.value("schedule.timezone", values::timezone),
        catch_up: reader.value("schedule.catch_up", values::duration),
        cancel_window: reader.value("schedule.cancel_window", values::duration),
    }
}

/// Files that are named must be there; `subscribers.yaml` is taken when it is.
fn subscribers(reader: &mut Reader<'_>) -> Vec<PathBuf> {
    const KEY: &str = "subscribers";
    let Some(given) = reader.given(KEY) else {
        let usual = reader.layers().resolve(&Origin::Default, "subscribers.yaml");
        return if usual.is_file() { vec![usual] } else { Vec::new() };
    };
    let layers = reader.layers();
    let existing = |text: &str| {
        let path = layers.resolve(given.origin, &values::line(text)?);
        if path.is_file() {
            Ok(path)
        } else {
            let message = format!("there is no file `{}`", path.display());
            Err(Wrong::new(message, "write the path of a .yaml, .csv or .txt file"))
        }
    };
    reader.list(KEY, existing)
}

fn database(reader: &mut Reader<'_>, data: &std::path::Path) -> Database {
    let origin = reader.given("database_url").map(|given| given.origin.clone());
    let layers = reader.layers();
    let parse = |text: &str| {
        let text = text.trim();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // What is wrong with it may be the password, so that it is not repeated.
            let remedy =
                "write it as in postgres://user:password@host/name; percent-encode letters such as @ : / # %";
            return match url::Url::parse(text) {
                Ok(url) if url.has_host() => Ok(Database::Postgres(Secret::new(text))),
                Ok(_) | Err(_) => Err(Wrong::new("this is no PostgreSQL address", remedy)),
            };
        }
        let file = text.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        match file.map(|file| file.split_once('?').map_or(file, |(file, _)| file)) {
            Some(file) if !file.is_empty() && !file.contains(":memory:") => {
                Ok(Database::Sqlite(layers.resolve(origin.as_ref().unwrap_or(&Origin::Default), file)))
            }
            Some(_) => Err(Wrong::new("this names no file", "write it as in sqlite:data/straight.db")),
            None => Err(Wrong::new(
                "this is no database that is known",
                "write sqlite:data/straight.db or postgres://user:password@host/name",
            )),
        }
    };
    reader.optional("database_url", parse).unwrap_or_else(|| Database::Sqlite(data.join("straight.db")))
}

//! Tests of `config`: what an operator writes, and what he is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;
use straight::config::{
    Config, ConfigError, Database, Deadlines, Effective, Environment, Overrides, ScheduleRule, Transport,
    load,
};
use straight::diagnostic::{self, Colour};
use straight::yaml::{self, Node};
use tempfile::TempDir;

/// An operator's folder with a `newsletter.yaml`, some variables and flags.
struct Setup {
    folder: TempDir,
    variables: Vec<(String, String)>,
    flags: Overrides,
}

impl Setup {
    fn new(newsletter: &str) -> Self {
        let setup = Setup {
            folder: TempDir::new().expect("a temporary folder"),
            variables: Vec::new(),
            flags: Overrides::default(),
        };
        setup.file("newsletter.yaml", newsletter);
        setup
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn variable(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_str().expect("a text").into()));
        self
    }

    fn flags(mut self, flags: Overrides) -> Self {
        self.flags = flags;
        self
    }

    fn effective(&self) -> Result<Effective, ConfigError> {
        let environment: Environment = self.variables.iter().cloned().collect();
        Effective::load(Some(&self.folder.path().join("newsletter.yaml")), &environment, self.flags.clone())
    }

    fn config(&self) -> Config {
        self.effective().unwrap_or_else(|e| panic!("{e}")).config
    }

    fn smtp(&self) -> straight::config::SmtpConfig {
        match self.config().transport {
            Transport::Smtp(smtp) => smtp,
            Transport::Outbox { .. } => panic!("the outbox was chosen"),
        }
    }

    /// What the operator is told, without the name of the temporary folder.
    fn complaint(&self) -> String {
        let text = match self.effective() {
            Ok(_) => "nothing".to_owned(),
            Err(ConfigError::Wrong { findings }) => diagnostic::human(&findings, Colour::Never),
            Err(other) => other.to_string(),
        };
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    /// The same, a line each.
    fn lines(&self) -> String {
        let text = self.effective().err().map_or_else(|| "nothing".to_owned(), |e| e.to_string());
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

#[test]
fn the_example_file_is_the_default_key_for_key() {
    let example = std::fs::read_to_string("newsletter.example.yaml").unwrap();
    let of_file = Setup::new(&example).config();
    let defaults = Config::default();
    let without_folder = |config: &Config, folder: &Path| {
        format!("{config:#?}").replace(&format!("{}/", folder.display()), "")
    };
    let setup = Setup::new(&example);
    assert_eq!(
        without_folder(&setup.config(), setup.folder.path()),
        without_folder(&defaults, Path::new("-"))
    );
    assert_eq!(of_file.publication.sample_keys, defaults.publication.sample_keys);
}

#[test]
fn the_sample_publication() {
    assert_snapshot!(format!("{:#?}", Config::default()));
}

#[test]
fn nothing_written_is_the_sample() {
    for text in ["", "# a comment\n", "publication:\n", "publication:\n  name:\n", "{}", "---\n"] {
        let config = Setup::new(text).config();
        assert_eq!(config.publication.name, "The Rare Earth Daily", "{text:?}");
        assert_eq!(
            config.publication.sample_keys,
            ["publication.from", "publication.postal_address", "publication.public_url"]
        );
    }
}

#[test]
fn a_publication_of_ones_own_has_no_sample_keys() {
    let config = Setup::new(
        "publication:
  name: Tidings
  from: Tidings Desk <Post@Tidings.example.net>
  public_url: https://tidings.example.net/mail/
  postal_address: |
    Tidings
    1 Quay, Port
authors:
  ann: {name: Ann Lee, biography: Writes.}
schedule:
  at: 18:30
  days: [sat, sun..mon, Friday]
  timezone: Europe/Berlin
",
    )
    .config();
    assert_eq!(config.publication.sample_keys, Vec::<&str>::new());
    assert_eq!(config.publication.from_name.as_deref(), Some("Tidings Desk"));
    assert_eq!(config.publication.from.as_str(), "Post@Tidings.example.net");
    assert_eq!(config.publication.list_id, "post.tidings.example.net");
    assert_eq!(config.publication.link("u/1"), "https://tidings.example.net/mail/u/1");
    assert_eq!(config.publication.postal_address, "Tidings\n1 Quay, Port");
    assert_eq!(config.authors.keys().collect::<Vec<_>>(), ["ann"]);
    assert_eq!(format!("{:?}", config.schedule.rule), "Daily { at: 18:30:00, days: [Mon, Fri, Sat, Sun] }");
}

/// What readers would see of the configuration is in their language, and nobody promises the sample's market.
#[test]
fn what_is_not_written_is_said_in_the_language() {
    let said = |text: &str| {
        let publication = Setup::new(text).config().publication;
        let sign_up = publication.sign_up;
        [publication.tagline, publication.copyright, sign_up.title, sign_up.promise, sign_up.thanks]
    };
    let english = said("");
    assert!(english[0].contains("rare earth") && english[3].contains("REE Market"), "{english:?}");
    let own = said("publication: {name: Tidings}\n");
    assert_eq!(own[0], "");
    assert_eq!(own[3], "Receive a daily news update from Tidings.");
    assert_eq!((&own[1], &own[2], &own[4]), (&english[1], &english[2], &english[4]));
    assert_eq!(
        said("publication: {name: Hafenpost, language: de-AT}\n"),
        [
            "",
            "© {year} {name}. Alle Rechte vorbehalten.",
            "Direkt in Ihr Postfach",
            "Jeden Tag Neues von Hafenpost in einer Mail.",
            "Wunderbar! Danke für Ihre Anmeldung, Sie werden sie nicht bereuen.",
        ]
    );
    for (language, shared) in [("de", "Postfach"), ("ar", "بريد")] {
        let spoken = said(&format!("publication: {{language: {language}}}\n"));
        assert!(spoken[2].contains(shared), "{spoken:?}");
        assert!(spoken[0].is_empty() && spoken.iter().all(|text| !english.contains(text)), "{spoken:?}");
    }
    let written =
        "publication: {language: ar, tagline: T, copyright: C, sign_up: {title: A, promise: P, thanks: D}}\n";
    assert_eq!(said(written), ["T", "C", "A", "P", "D"]);
}

#[test]
fn a_file_of_words_of_ones_own_says_it_and_the_configuration_shows_where_it_is_from() {
    let setup = Setup::new("publication: {name: Tidings, language: fr}\nedition: {templates: own}\n");
    let words = setup.folder.path().join("own/words");
    std::fs::create_dir_all(&words).unwrap();
    std::fs::write(words.join("fr.yaml"), "sign_up: {promise: 'Chaque jour, {name}.'}\n").unwrap();
    let effective = setup.effective().unwrap();
    assert_eq!(effective.config.publication.sign_up.promise, "Chaque jour, Tidings.");
    assert_eq!(effective.value_of("publication.sign_up.promise").unwrap(), "Chaque jour, Tidings.");
    let shown = effective.to_yaml();
    for line in [
        "    promise: \"Chaque jour, Tidings.\"  # in publication.language",
        "    title: Straight Into Your Inbox  # in publication.language",
        "  tagline:\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}

/// The dotted names of all values of a tree.
fn keys_of(node: &Node, within: &str, keys: &mut Vec<String>) {
    for entry in node.as_map().unwrap_or_default() {
        let key = if within.is_empty() { entry.key.clone() } else { format!("{within}.{}", entry.key) };
        match entry.value.as_map() {
            Some(_) if key != "authors" => keys_of(&entry.value, &key, keys),
            _ => keys.push(key),
        }
    }
}

#[test]
fn every_key_of_the_example_is_read() {
    let example = std::fs::read_to_string("newsletter.example.yaml").unwrap();
    let mut keys = Vec::new();
    keys_of(&yaml::parse(&example, yaml::Limits::DOCUMENT).unwrap(), "", &mut keys);
    assert!(keys.len() > 50, "{keys:?}");
    for key in keys {
        // A value that no key takes.
        let mut text = String::new();
        for (depth, part) in key.split('.').enumerate() {
            text.push_str(&format!("{}{part}:\n", "  ".repeat(depth)));
        }
        text.push_str(&format!("{}- [a: {{b: c}}]\n", "  ".repeat(key.split('.').count())));
        let told = Setup::new(&text).lines();
        assert!(told.contains(&format!("`{key}`")), "{key}: {told}");
    }
}

#[test]
fn unknown_keys_are_told_with_what_was_meant() {
    assert_snapshot!(
        Setup::new(
            "publication:
  nmae: Tidings
  at: 07:00
articels:
  folder: news
tagline: Every day
authors:
  ann:
    name: Ann
    bio: Writes
smtp:
  deadlines: {conect: 1m}
  pasword: hunter2
flavour: vanilla
"
        )
        .complaint()
    );
}

#[test]
fn wrong_values_are_told_all_at_once_with_their_forms() {
    assert_snapshot!(
        Setup::new(
            r#"publication:
  name: ""
  language: english please
  from: {name: Ann, adress: ann@example.net}
  reply_to: nobody
  public_url: http://news.example.net
  list_id: daily
  editors: [ann@example.net, "bob@", [x]]
authors:
  ann: Ann Lee
  bob: {biography: Writes}
  eve: {name: Eve, link: example.net, photo: "http://example.net/eve.jpg"}
articles:
  images: embedded
  on_broken_article: ignore
  backlog: 36h
  settle: 5
edition:
  recent: many
schedule:
  at: 7 o'clock
  days: [mon..fry, someday]
  timezone: berlin
  catch_up: 6 hrs
outbox: here
delivery:
  uncertain: maybe
  give_up_after: 0s
  rate: fast
web:
  listen: 8080
subscribers: [none.yaml]
"#
        )
        .complaint()
    );
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    assert_snapshot!(
        [
            "publication:\n  name: Tidings: the daily\n",
            "publication:\n\tname: Tidings\n",
            "publication:\n  name: \"Tidings\n",
            "- a\n- list\n",
            "just a text\n",
            "publication: Tidings\n",
            "data: a\ndata: b\n",
            "smtp:\n  password: hunter2: x\n",
        ]
        .map(|text| Setup::new(text).complaint())
        .join("\n")
    );
}

#[test]
fn environment_goes_over_the_file_and_flags_over_both() {
    let setup = Setup::new("articles: {folder: of-file}\ndata: of-file\noutbox: {folder: of-file}\n")
        .variable("STRAIGHT_DATA", "of-environment")
        .variable("STRAIGHT_ARTICLES", "of-environment")
        .variable("STRAIGHT_TEMPLATES", "")
        .variable("PATH", "unrelated")
        .flags(Overrides { articles: Some("of-flag".into()), ..Overrides::default() });
    let config = setup.config();
    assert_eq!(config.articles.folder, Path::new("of-flag"));
    assert_eq!(config.data, Path::new("of-environment"));
    assert_eq!(config.database, Database::Sqlite("of-environment/straight.db".into()));
    let Transport::Outbox { folder } = config.transport else { panic!("smtp was chosen") };
    assert_eq!(folder, setup.folder.path().join("of-file"));
    assert_eq!(config.edition.templates, None);
}

#[test]
fn variables_that_are_wrong_are_named() {
    let setup = Setup::new("");
    let empty = setup.file("empty", "\n");
    let two = setup.file("two", "one\ntwo\n");
    assert_snapshot!(
        setup
            .variable("STRAIGHT_SMPT_URL", "smtp://relay.example.net")
            .variable("STRAIGHT_FROM", "nobody")
            .variable("STRAIGHT_LISTEN", "everywhere")
            .variable("STRAIGHT_EDITORS", "ann@example.net, bob")
            .variable("STRAIGHT_SMTP_PASSWORD", "hunter2")
            .variable("STRAIGHT_SMTP_PASSWORD_FILE", &two)
            .variable("STRAIGHT_SMTP_URL_FILE", &empty)
            .variable("DATABASE_URL_FILE", &two)
            .variable("STRAIGHT_FROM_FILE", &two)
            .variable("STRAIGHT_LOG", "debug")
            .lines()
    );
}

#[test]
fn domains_have_rates_of_their_own() {
    let rates = |yaml: &str| Setup::new(yaml).effective().unwrap().config.delivery.rate_per_domain;
    let per_second = |rate: Option<straight::config::Rate>| {
        rate.map(|rate| (rate.messages.get(), rate.per.as_secs())).unwrap_or_default()
    };
    let none = rates("delivery: {rate: 5/s}");
    assert_eq!(per_second(none.of("example.net")), (0, 0));
    let one = rates("delivery: {rate_per_domain: 300/min}");
    assert_eq!(per_second(one.of("example.net")), (300, 60));
    let several = rates(
        "delivery:\n  rate_per_domain:\n    default: 5/s\n    GMail.com: 20/s\n    bücher.example: 1/h\n",
    );
    assert_eq!(per_second(several.of("example.net")), (5, 1));
    assert_eq!(per_second(several.of("gmail.com")), (20, 1));
    assert_eq!(per_second(several.of("xn--bcher-kva.example")), (1, 3_600));
    let wrong =
        Setup::new("delivery:\n  rate_per_domain:\n    gmail.com: fast\n    no domain: 1/s\n").lines();
    assert!(wrong.contains("`delivery.rate_per_domain.gmail.com`: `fast` is no rate"), "{wrong}");
    assert!(wrong.contains("`no domain` is no domain"), "{wrong}");
}

#[test]
fn a_server_is_read_from_its_url() {
    let smtp = |url: &str| {
        let smtp = Setup::new("").variable("STRAIGHT_SMTP_URL", url).smtp();
        let login = smtp.credentials.as_ref().map(|c| format!(" {}/{}", c.username, c.password.reveal()));
        let local = if smtp.is_loopback() { " local" } else { "" };
        format!("{} {} {:?}{}{local}", smtp.host, smtp.port, smtp.tls, login.unwrap_or_default())
    };
    assert_eq!(smtp("smtp://relay.example.net"), "relay.example.net 587 StartTls");
    assert_eq!(smtp("smtp://relay.example.net:2525"), "relay.example.net 2525 StartTls");
    assert_eq!(smtp("smtps://relay.example.net"), "relay.example.net 465 Implicit");
    assert_eq!(smtp("smtp://relay.example.net?tls=none"), "relay.example.net 25 None");
    assert_eq!(smtp("smtp://relay.example.net/?tls=implicit"), "relay.example.net 465 Implicit");
    assert_eq!(smtp("smtp://localhost:1025"), "localhost 1025 None local");
    assert_eq!(smtp("smtp://127.0.0.1:1025?tls=starttls"), "127.0.0.1 1025 StartTls local");
    assert_eq!(smtp("smtp://[::1]:1025"), "::1 1025 None local");
    assert_eq!(smtp("smtp://[::ffff:127.0.0.1]:1025"), "::ffff:127.0.0.1 1025 None local");
    // Who resolves such a name decides where it leads: sample values do not go there.
    assert_eq!(smtp("smtp://mail.localhost:1025"), "mail.localhost 1025 StartTls");
    assert_eq!(smtp("smtp://[::ffff:192.0.2.1]:1025"), "::ffff:192.0.2.1 1025 StartTls");
    assert_eq!(smtp("smtp://RELAY.Example.NET"), "relay.example.net 587 StartTls");
    assert_eq!(smtp("smtp://m%C3%BCll.example.net"), "xn--mll-hoa.example.net 587 StartTls");
    assert_eq!(
        smtp("smtps://ann%40example.net:p%40ss%2F%3A%23@relay.example.net"),
        "relay.example.net 465 Implicit ann@example.net/p@ss/:#"
    );
}

#[test]
fn deadlines_are_those_of_the_standard_until_they_are_set() {
    let smtp = Setup::new("smtp: {url: smtp://localhost, deadlines: {dot: 30s}}").smtp();
    assert_eq!(smtp.deadlines, Deadlines { dot: Duration::from_secs(30), ..Deadlines::default() });
}

#[test]
fn a_server_that_is_wrong_is_refused_without_its_secrets() {
    let told = |url: &str| {
        let told = Setup::new("").variable("STRAIGHT_SMTP_URL", url).lines();
        assert!(!told.contains("hunter2"), "{told}");
        told
    };
    assert_snapshot!(
        [
            "relay.example.net:587",
            "http://relay.example.net",
            "smtp://",
            "smtp://user:hunter2/x@relay.example.net",
            "smtp://user:12?tls=hunter2@relay.example.net",
            "smtp://user:hunter2@relay.example.net?tls=hunter2",
            "smtp://user:hunter2@relay.example.net?tsl=none",
            "smtps://user:hunter2@relay.example.net?tls=none",
            "smtp://user:hunter2@relay.example.net/path",
            "smtp://user@relay.example.net",
            "smtp://:hunter2@relay.example.net",
            "smtp://user:hunter2%0D%0A@relay.example.net",
            "smtp://exa mple",
        ]
        .map(told)
        .join("\n")
    );
}

#[test]
fn the_password_may_stand_apart() {
    let setup = Setup::new(
        "smtp:\n  url: smtp://relay.example.net\n  username: ann\n  password_file: secret\n  auth: xoauth2\n",
    );
    setup.file("secret", "  of file \n");
    let credentials = setup.smtp().credentials.unwrap();
    assert_eq!((credentials.username.as_str(), credentials.password.reveal()), ("ann", "of file"));
    assert_eq!(format!("{:?}", credentials.mechanism), "Some(XOAuth2)");
    // A variable is stronger than the file.
    let setup = setup.variable("STRAIGHT_SMTP_PASSWORD", " of variable ");
    assert_eq!(setup.smtp().credentials.unwrap().password.reveal(), " of variable ");
    // So is the user's part of a url from the environment, over the file's keys.
    let setup = Setup::new("smtp: {username: ann, password: of-file}\n")
        .variable("STRAIGHT_SMTP_URL", "smtp://bob:of-url@relay.example.net");
    let credentials = setup.smtp().credentials.unwrap();
    assert_eq!((credentials.username.as_str(), credentials.password.reveal()), ("bob", "of-url"));
}

#[test]
fn servers_with_half_a_login_or_two_of_a_kind_are_refused() {
    let told = |text: &str| {
        let told = Setup::new(text).lines();
        assert!(!told.contains("hunter2"), "{told}");
        told
    };
    assert_snapshot!(
        [
            "transport: smtp\n",
            "smtp: {url: smtp://relay.example.net, username: ann}\n",
            "smtp: {url: smtp://relay.example.net, password: hunter2}\n",
            "smtp: {url: smtp://relay.example.net, auth: plain}\n",
            "smtp: {url: smtp://relay.example.net, username: a, password: hunter2, password_file: x}\n",
            "smtp: {url: smtp://relay.example.net, username: a, password_file: none}\n",
            "smtp: {url: smtps://relay.example.net, tls: starttls}\n",
            "smtp: {url: smtp://relay.example.net, ca_file: none.pem, helo_name: \"a b\", connections: 0}\n",
            "schedule: {cron: 0 7 * * MON-FRI, at: 07:00}\n",
            "schedule: {cron: every morning}\n",
            "schedule: {cron: 0 25 * * *, days: []}\n",
            "database_url: postgres//ann:hunter2@db/x\n",
            "database_url: postgres://ann:hunter2:5432/x\n",
            "database_url: 'sqlite::memory:'\n",
        ]
        .map(told)
        .join("\n")
    );
}

#[test]
fn which_transport_is_chosen() {
    let chosen = |setup: &Setup| match setup.config().transport {
        Transport::Outbox { folder } => format!("outbox {}", folder.file_name().unwrap().display()),
        Transport::Smtp(smtp) => format!("smtp {}", smtp.host),
    };
    let url = "smtp: {url: smtp://a.example.net}\n";
    assert_eq!(chosen(&Setup::new("")), "outbox outbox");
    assert_eq!(chosen(&Setup::new(url)), "smtp a.example.net");
    assert_eq!(chosen(&Setup::new(&format!("{url}transport: outbox\n"))), "outbox outbox");
    assert_eq!(
        chosen(&Setup::new("transport: outbox\n").variable("STRAIGHT_SMTP_URL", "smtp://b.example.net")),
        "smtp b.example.net"
    );
    // Naming the outbox's folder does not turn the server off; asking for the outbox on the command line does.
    assert_eq!(chosen(&Setup::new(url).variable("STRAIGHT_OUTBOX", "elsewhere")), "smtp a.example.net");
    let flags = Overrides { outbox: Some("try".into()), ..Overrides::default() };
    assert_eq!(chosen(&Setup::new(url).flags(flags)), "outbox try");
}

#[test]
fn databases() {
    let database = |url: &str| Setup::new("").variable("DATABASE_URL", url).config().database;
    assert_eq!(database("sqlite:kept/x.db"), Database::Sqlite("kept/x.db".into()));
    assert_eq!(database("sqlite:///srv/x.db?mode=rwc"), Database::Sqlite("/srv/x.db".into()));
    let Database::Postgres(secret) = database("postgres://ann:hunter2@db/x") else {
        panic!("not PostgreSQL")
    };
    assert_eq!(secret.reveal(), "postgres://ann:hunter2@db/x");
}

#[test]
fn a_cron_rule_stands_in_for_hour_and_days() {
    let config = Setup::new("schedule: {cron: 30 6 * * 1-5}\n").config();
    assert_eq!(config.schedule.rule, ScheduleRule::cron("30 6 * * 1-5").unwrap());
}

#[test]
fn a_named_file_that_is_absent_is_an_error() {
    let absent = load(Some(Path::new("none/newsletter.yaml")), &Environment::default(), Overrides::default());
    assert_eq!(
        absent.unwrap_err().to_string(),
        "cannot read the configuration `none/newsletter.yaml`: No such file or directory (os error 2)"
    );
    let environment: Environment = [("STRAIGHT_CONFIG", "none/other.yaml")].into_iter().collect();
    let absent = load(None, &environment, Overrides::default()).unwrap_err().to_string();
    assert!(absent.contains("none/other.yaml"), "{absent}");
}

#[test]
fn what_is_in_effect_is_shown_with_its_origin_and_without_secrets() {
    let setup = Setup::new(
        "publication:
  name: \"Tidings: daily\"
  from: {name: Ann, address: ann@example.net}
authors: {ann: {name: Ann}}
smtp: {username: ann, tls: starttls}
",
    )
    .variable("STRAIGHT_SMTP_URL", "smtp://bob:hunter2@relay.example.net:2525")
    .variable("STRAIGHT_SMTP_PASSWORD", "hunter2")
    .variable("DATABASE_URL", "postgres://ann:hunter2@db/x?password=hunter2")
    .flags(Overrides { articles: Some("news".into()), ..Overrides::default() });
    let effective = setup.effective().unwrap();
    let shown = effective.to_yaml().replace(&format!("{}/", setup.folder.path().display()), "");
    assert!(!shown.contains("hunter2"));
    assert_snapshot!(shown);
    // What is shown can be read again.
    let again = Setup::new(&shown.replace("********", "x")).config();
    assert_eq!(again.publication.name, "Tidings: daily");
    assert_eq!(effective.value_of("articles.folder").unwrap(), "news");
    assert_eq!(effective.value_of("transport").unwrap(), "smtp");
    assert_eq!(effective.value_of("smtp.password").unwrap(), "********");
    assert_eq!(effective.value_of("url").unwrap_err(), "there is no key `url`; did you mean `smtp.url`?");
}

//! Where messages go: the outbox, or a server by its `smtp.url`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::yaml;

use super::environment::read_secret;
use super::layers::{Given, Origin};
use super::reader::Reader;
use super::values::{Wrong, choice, line, number, some_time};
use super::{AuthMechanism, Credentials, Deadlines, Secret, SmtpConfig, TlsMode, Transport};

const TLS_WORDS: &[(&str, TlsMode)] =
    &[("none", TlsMode::None), ("starttls", TlsMode::StartTls), ("implicit", TlsMode::Implicit)];

/// Chooses between the outbox and a server, and reads the one that is chosen; the other is checked all the same.
pub(super) fn transport(reader: &mut Reader<'_>) -> Transport {
    let folder = reader.default_path("outbox.folder");
    let server = server(reader);
    let word = reader.optional("transport", choice(&[("outbox", false), ("smtp", true)]));
    let transport = reader.given("transport");
    let rank = |given: Option<Given<'_>>| given.map_or(0, |given| given.origin.rank());
    // The stronger of the two says; a `transport` of the same strength is the plainer word.
    let to_server = match word {
        Some(to_server) if rank(transport) >= rank(reader.given("smtp.url")) => to_server,
        Some(_) | None => reader.given("smtp.url").is_some(),
    };
    match (to_server, server) {
        (true, Some(server)) => Transport::Smtp(server),
        (true, None) => {
            if let (Some(given), None) = (transport, reader.given("smtp.url")) {
                let wrong =
                    Wrong::new("there is no server to send to", "set `smtp.url` or STRAIGHT_SMTP_URL");
                reader.note(given, "transport", "missing-value", &wrong);
            }
            Transport::Outbox { folder }
        }
        (false, _) => Transport::Outbox { folder },
    }
}

fn server(reader: &mut Reader<'_>) -> Option<SmtpConfig> {
    let tls_key = reader.optional("smtp.tls", choice(TLS_WORDS));
    let address = reader.optional("smtp.url", ServerAddress::parse);
    let credentials = credentials(reader, address.as_ref());
    let mut deadline = |name: &str| reader.value(&format!("smtp.deadlines.{name}"), some_time);
    let deadlines = Deadlines {
        connect: deadline("connect"),
        banner: deadline("banner"),
        envelope: deadline("envelope"),
        data: deadline("data"),
        block: deadline("block"),
        dot: deadline("dot"),
        transaction: deadline("transaction"),
    };
    let ca_file = reader.path("smtp.ca_file");
    if let (Some(path), Some(given)) = (&ca_file, reader.given("smtp.ca_file"))
        && !path.is_file()
    {
        let wrong =
            Wrong::new(format!("there is no file `{}`", path.display()), "name a file of PEM certificates");
        reader.note(given, "smtp.ca_file", "no-file", &wrong);
    }
    let helo_name = reader.optional("smtp.helo_name", helo_name);
    let connections = reader.value("smtp.connections", number(1, 200));
    let messages_per_connection = reader.value("smtp.messages_per_connection", number(1, 1_000_000));
    let ServerAddress { host, port, tls: tls_of_url, .. } = address?;
    if let (Some(of_url), Some(of_key)) = (tls_of_url, tls_key)
        && of_url != of_key
        && let Some(given) = reader.given("smtp.tls")
    {
        let wrong = Wrong::new("`smtp.url` says otherwise", "say it in one of the two places");
        reader.note(given, "smtp.tls", "conflict", &wrong);
    }
    let host = match host {
        Host::Domain(name) => name,
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let is_local = is_this_machine(&host);
    let tls = tls_of_url.or(tls_key).unwrap_or(if is_local { TlsMode::None } else { TlsMode::StartTls });
    let usual_port = match tls {
        TlsMode::None => 25,
        TlsMode::StartTls => 587,
        TlsMode::Implicit => 465,
    };
    Some(SmtpConfig {
        host,
        port: port.unwrap_or(usual_port),
        tls,
        ca_file,
        credentials,
        helo_name,
        connections,
        messages_per_connection,
        deadlines,
    })
}

/// What a client may say of itself (RFC 5321 §4.1.2): a domain, or an address in brackets.
fn helo_name(text: &str) -> Result<String, Wrong> {
    let text = line(text)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if text.len() <= 255 && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(Wrong::new("this is no host name", "write it as in mail.example.com"))
    }
}

fn credentials(reader: &mut Reader<'_>, address: Option<&ServerAddress>) -> Option<Credentials> {
    let mechanisms = &[
        ("plain", AuthMechanism::Plain),
        ("login", AuthMechanism::Login),
        ("xoauth2", AuthMechanism::XOAuth2),
    ];
    let mechanism = reader.optional("smtp.auth", choice(mechanisms));
    let before = reader.findings.len();
    let url_rank = reader.given("smtp.url").map_or(0, |given| given.origin.rank());
    // Keys of their own go before a weaker or equal url.
    let stronger = |given: Option<Given<'_>>| given.is_some_and(|given| given.origin.rank() >= url_rank);
    let username = match address.and_then(|address| address.username.clone()) {
        Some(of_url) if !stronger(reader.given("smtp.username")) => Some(of_url),
        _ => reader.optional("smtp.username", line),
    };
    let password = match address.and_then(|address| address.password.clone()) {
        Some(of_url)
            if !stronger(reader.given("smtp.password")) && !stronger(reader.given("smtp.password_file")) =>
        {
            Some(of_url)
        }
        _ => password(reader),
    };
    // What is missing: at which key, in which words.
    let half: (&[&'static str], _, _) = match (username, password) {
        (Some(username), Some(password)) => return Some(Credentials { username, password, mechanism }),
        (Some(_), None) => (
            &["smtp.username", "smtp.url"],
            "a name without a password",
            "set STRAIGHT_SMTP_PASSWORD or `smtp.password_file`",
        ),
        (None, Some(_)) => (
            &["smtp.password", "smtp.password_file", "smtp.url"],
            "a password without a name",
            "set `smtp.username` or STRAIGHT_SMTP_USERNAME",
        ),
        (None, None) => (&["smtp.auth"], "there is nobody to log in", "set `smtp.username` and a password"),
    };
    let (keys, what, remedy) = half;
    let at = keys.iter().find_map(|key| Some((*key, reader.given(key)?)));
    // A half that is there and wrong has been told already.
    if let Some((key, given)) = at.filter(|_| reader.findings.len() == before) {
        reader.note(given, key, "missing-value", &Wrong::new(what, remedy));
    }
    None
}

/// From `smtp.password` or the file that `smtp.password_file` names.
fn password(reader: &mut Reader<'_>) -> Option<Secret> {
    let (own, file) = (reader.given("smtp.password"), reader.given("smtp.password_file"));
    match (own, file) {
        (Some(own), Some(file)) if own.origin.rank() == file.origin.rank() => {
            let wrong = Wrong::new("`smtp.password` is given too", "keep the one or the other");
            reader.note(file, "smtp.password_file", "conflict", &wrong);
            None
        }
        (own, Some(file)) if own.is_none_or(|own| own.origin.rank() < file.origin.rank()) => {
            let origin: &Origin = file.origin;
            let layers = reader.layers();
            reader
                .optional("smtp.password_file", |text| read_secret(&layers.resolve(origin, text)))
                .map(Secret::new)
        }
        _ => reader.optional("smtp.password", secret).map(Secret::new),
    }
}

/// A secret, untrimmed: blanks may belong to it.
fn secret(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.contains(char::is_control) {
        return Err(Wrong::new("this is empty or has a control character", "write the secret in one line"));
    }
    Ok(text.to_owned())
}

/// What an `smtp.url` says.
struct ServerAddress {
    host: Host<String>,
    port: Option<u16>,
    tls: Option<TlsMode>,
    username: Option<String>,
    password: Option<Secret>,
}

impl ServerAddress {
    /// The messages never repeat the text: there may be a password in it.
    fn parse(text: &str) -> Result<Self, Wrong> {
        const FORMS: &str = "write smtp://host:587, smtps://host:465 or smtp://user:password@host:587";
        let url = Url::parse(text.trim()).map_err(|why| {
            let remedy = "write smtp://user:password@host:587; in user and password, letters such as @ : / # % are \
                          written %40 %3A %2F %23 %25";
            Wrong::new(format!("this is no address of a server: {why}"), remedy)
        })?;
        let mut tls = match url.scheme() {
            "smtp" => None,
            "smtps" => Some(TlsMode::Implicit),
            _ => return Err(Wrong::new("this begins with neither smtp:// nor smtps://", FORMS)),
        };
        let name = url.host_str().filter(|host| !host.is_empty());
        let name = name.ok_or_else(|| Wrong::new("there is no host in it", FORMS))?;
        let host = Host::parse(&decoded(name)?).map_err(|_| Wrong::new("its host is no host name", FORMS))?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(Wrong::new("it goes on behind the host", FORMS));
        }
        for (key, value) in url.query_pairs() {
            if key != "tls" {
                let remedy = match yaml::nearest(&key, ["tls"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "only `tls` may stand behind the question mark".to_owned(),
                };
                return Err(Wrong::new("it has an unknown word behind the question mark", remedy));
            }
            // The word is not repeated: with a password that is not encoded it may be a part of it.
            let word = choice(TLS_WORDS)(&value).map_err(|_| {
                Wrong::new("its `tls` is none of the known words", "write none, starttls or implicit")
            })?;
            if tls.replace(word).is_some_and(|earlier| earlier != word) {
                return Err(Wrong::new("it says two things of TLS", "leave `?tls=` away behind smtps://"));
            }
        }
        let user = Some(url.username()).filter(|user| !user.is_empty());
        let username = user.map(decoded).transpose()?.map(|user| line(&user)).transpose()?;
        let password = url.password().map(decoded).transpose()?.map(|word| secret(&word)).transpose()?;
        Ok(ServerAddress { host, port: url.port(), tls, username, password: password.map(Secret::new) })
    }
}

fn decoded(text: &str) -> Result<String, Wrong> {
    let wrong = |_| Wrong::new("it has bytes that are not UTF-8", "percent-encode the UTF-8 of the letters");
    percent_decode_str(text).decode_utf8().map(Cow::into_owned).map_err(wrong)
}

impl SmtpConfig {
    /// Whether the server is this very machine for certain: a loopback address, mapped into IPv6 too, or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_this_machine(&self.host)
    }
}

/// `mail.localhost` should be this machine too (RFC 6761 §6.3), but that is up to whoever resolves it: it is not trusted
/// with what may not leave the machine.
fn is_this_machine(host: &str) -> bool {
    match host.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => host.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
    }
}

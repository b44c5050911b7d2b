//! `straight check --links`, against servers on loopback that answer by a script.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use straight::article::{WebLinks, load_paths};
use straight::diagnostic::{Colour, human};
use straight::probe::{Failure, Limits, Network, Prober, State, findings};
use url::Url;

use super::{now, options};

/// What a server says to `HEAD /path`; without an answer it closes the connection.
pub(crate) type Script = fn(&str) -> Option<&'static str>;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const NO_HEAD: &str = "HTTP/1.1 405 Method Not Allowed\r\n\r\n";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\n\r\n";

/// A server that closes each connection behind its answer, and keeps what it was asked.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    open: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn at(ip: &str, script: Script) -> Self {
        Server::slow(ip, Duration::ZERO, script)
    }

    fn slow(ip: &str, pause: Duration, script: Script) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            open: Arc::default(),
            most_at_once: Arc::default(),
        };
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                thread::spawn(move || own.serve(stream.unwrap(), pause, script));
            }
        });
        server
    }

    fn serve(&self, mut stream: TcpStream, pause: Duration, script: Script) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        self.asked.lock().unwrap().push(line.clone());
        // Until the answer leaves: whoever has it may ask the next thing before this thread is done.
        let at_once = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        thread::sleep(pause);
        let answer = script(&line);
        self.open.fetch_sub(1, Ordering::SeqCst);
        if let Some(answer) = answer {
            let _ = stream.write_all(answer.as_bytes());
        }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn loopback() -> Network {
    Network::Scripted { names: BTreeMap::new(), roots: Vec::new() }
}

fn names(of: &[(&str, &str)]) -> Network {
    let names = of.iter().map(|(name, address)| ((*name).to_owned(), vec![address.parse().unwrap()]));
    Network::Scripted { names: names.collect(), roots: Vec::new() }
}

/// Patience for a busy machine, and none for a server that says nothing.
fn limits() -> Limits {
    Limits { answer: Duration::from_secs(2), ..Limits::default() }
}

async fn ask(network: Network, limits: Limits, urls: &[Url]) -> Vec<State> {
    let states = Prober::new(network, limits).unwrap().ask(urls.iter().cloned()).await;
    urls.iter().map(|url| states[&straight::probe::page_of(url)].clone()).collect()
}

/// Answers that a link may get, by its path.
fn every_answer(line: &str) -> Option<&'static str> {
    Some(match line {
        "HEAD /fine" => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HEAD /deaf" => NO_HEAD,
        "GET /deaf" => "HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HEAD /new" => OK,
        "HEAD /hangs-up" => return None,
        "GET /hangs-up" => OK,
        "HEAD /old" => "HTTP/1.1 301 Moved Permanently\r\nLocation: /new\r\n\r\n",
        "HEAD /today" => "HTTP/1.1 302 Found\r\nLocation: /new\r\n\r\n",
        "HEAD /old-and-lost" => "HTTP/1.1 308 Permanent Redirect\r\nLocation: /lost\r\n\r\n",
        "HEAD /round" => "HTTP/1.1 302 Found\r\nLocation: /round\r\n\r\n",
        "HEAD /mail" => "HTTP/1.1 302 Found\r\nLocation: mailto:ann@example.org\r\n\r\n",
        "HEAD /inside" => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\n\r\n",
        "HEAD /lost" | "GET /lost" => NOT_FOUND,
        "HEAD /gone" | "GET /gone" => "HTTP/1.1 410 Gone\r\n\r\n",
        "HEAD /members" | "GET /members" => "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HEAD /down" | "GET /down" => "HTTP/1.1 503 Service Unavailable\r\n\r\n",
        "HEAD /babble" | "GET /babble" => "220 mail.example.net ESMTP\r\n",
        _ => return None,
    })
}

#[tokio::test]
async fn each_answer_is_a_state() {
    let server = Server::at("127.0.0.1", every_answer);
    let failing = State::Failing;
    let wanted = [
        ("/fine", State::Fine),
        ("/deaf", State::Fine),
        ("/hangs-up", State::Fine),
        ("/old", State::Moved(server.url("/new"))),
        // Where it leads to today is nobody's business to write.
        ("/today", State::Fine),
        ("/old-and-lost", State::Gone(404)),
        ("/lost", State::Gone(404)),
        ("/gone", State::Gone(410)),
        ("/members", State::Unclear(403)),
        ("/down", failing(Failure::Status(503))),
        ("/babble", failing(Failure::Broken)),
        ("/nothing", failing(Failure::Broken)),
        ("/round", failing(Failure::Redirects(5))),
        ("/mail", failing(Failure::Astray("mailto:ann@example.org".to_owned()))),
        ("/inside", failing(Failure::Private("169.254.169.254".to_owned()))),
    ];
    let urls: Vec<Url> = wanted.iter().map(|(path, _)| server.url(path)).collect();
    let states = ask(loopback(), limits(), &urls).await;
    for ((path, wanted), state) in wanted.into_iter().zip(states) {
        assert_eq!(state, wanted, "{path}");
    }
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|line| line.ends_with(" /round")).count(), 6, "{asked:?}");
    assert!(!asked.contains(&"GET /fine".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn an_address_is_asked_about_once_and_a_server_one_thing_at_a_time() {
    let pause = Duration::from_millis(50);
    let servers: Vec<Server> =
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|ip| Server::slow(ip, pause, |_| Some(OK))).into();
    let mut urls = Vec::new();
    for server in &servers {
        for path in ["/a", "/a#top", "/a#end", "/b?x=1", "/b?x=2", "/c"] {
            urls.push(server.url(path));
        }
    }
    let states = ask(loopback(), limits(), &urls).await;
    assert!(states.iter().all(|state| *state == State::Fine), "{states:?}");
    for server in &servers {
        let mut asked = server.asked();
        asked.sort();
        assert_eq!(asked, ["HEAD /a", "HEAD /b?x=1", "HEAD /b?x=2", "HEAD /c"]);
        assert_eq!(server.most_at_once.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn no_more_servers_are_asked_at_once_than_the_limit_says() {
    static OPEN: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let script: Script = |_| {
        MOST.fetch_max(OPEN.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(80));
        OPEN.fetch_sub(1, Ordering::SeqCst);
        Some(OK)
    };
    let servers: Vec<Server> = (1..=9).map(|n| Server::at(&format!("127.0.1.{n}"), script)).collect();
    let urls: Vec<Url> = servers.iter().map(|server| server.url("/")).collect();
    let states = ask(loopback(), Limits { at_once: 3, ..limits() }, &urls).await;
    assert!(states.iter().all(|state| *state == State::Fine), "{states:?}");
    let most = MOST.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most}");
}

#[tokio::test]
async fn nothing_private_is_connected_with_whatever_its_name() {
    let server = Server::at("127.0.0.1", |_| Some(OK));
    let port = server.address.port();
    let with_port = |host: &str| Url::parse(&format!("http://{host}:{port}/x")).unwrap();
    let urls = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "printer.local"].map(with_port);
    let states = ask(Network::Public, limits(), &urls).await;
    assert_eq!(states, vec![State::Private; 5]);
    assert_eq!(server.asked(), Vec::<String>::new());

    // A public name, and what it is looked up to; one of several addresses is enough.
    let mut network = names(&[("metadata.example.com", "169.254.169.254"), ("lan.example.com", "10.0.0.7")]);
    if let Network::Scripted { names, .. } = &mut network {
        let both: Vec<IpAddr> = vec!["127.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        names.insert("both.example.com".to_owned(), both);
    }
    let hosts = ["metadata.example.com", "lan.example.com", "both.example.com"];
    let states = ask(network, limits(), &hosts.map(with_port)).await;
    assert_eq!(states, hosts.map(|host| State::Failing(Failure::Private(host.to_owned()))));
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_is_not_there_or_asks_for_peace_is_not_asked_again() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let none = [format!("http://{closed}/a"), format!("http://{closed}/b")];
    let states = ask(loopback(), limits(), &none.map(|url| Url::parse(&url).unwrap())).await;
    let refused = State::Failing(Failure::Connection("connection refused".to_owned()));
    assert_eq!(states, [refused.clone(), refused]);

    let unknown = Url::parse("https://nobody.example.com/").unwrap();
    let states = ask(names(&[]), limits(), &[unknown]).await;
    assert_eq!(states, [State::Failing(Failure::Name("nobody.example.com".to_owned()))]);

    let busy = Server::at("127.0.0.1", |_| Some("HTTP/1.1 429 Too Many Requests\r\n\r\n"));
    let states = ask(loopback(), limits(), &["/a", "/b", "/c"].map(|path| busy.url(path))).await;
    assert_eq!(states, vec![State::Unclear(429); 3]);
    assert_eq!(busy.asked(), ["HEAD /a", "GET /a"]);
}

#[tokio::test]
async fn who_says_nothing_and_who_says_too_much_are_not_waited_for() {
    let silent = Server::slow("127.0.0.1", Duration::from_secs(20), |_| None);
    let short = Limits { answer: Duration::from_millis(200), ..limits() };
    let began = Instant::now();
    let states = ask(loopback(), short, &[silent.url("/")]).await;
    assert_eq!(states, [State::Failing(Failure::Silent)]);

    // A head without an end is none.
    let endless = TcpListener::bind("127.0.0.2:0").unwrap();
    let address = endless.local_addr().unwrap();
    thread::spawn(move || {
        for stream in endless.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut start = [0; 9];
                let _ = stream.read(&mut start);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ");
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            });
        }
    });
    let states = ask(loopback(), limits(), &[Url::parse(&format!("http://{address}/")).unwrap()]).await;
    assert_eq!(states, [State::Failing(Failure::Broken)]);

    let whole = Limits { whole: Duration::from_millis(100), ..limits() };
    let states = ask(loopback(), whole, &[silent.url("/a"), silent.url("/b")]).await;
    assert_eq!(states, [State::Unasked, State::Unasked]);
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_certificate_has_to_be_good_for_the_name() {
    let key = rcgen::generate_simple_self_signed(vec!["good.example.com".to_owned()]).unwrap();
    let certificate = key.cert.der().clone();
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], private.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut some = [0; 512];
                let _ = stream.read(&mut some).await;
                let _ = stream.write_all(OK.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let local: Vec<IpAddr> = vec!["127.0.0.1".parse().unwrap()];
    let names = ["good.example.com", "other.example.com"].map(|name| (name.to_owned(), local.clone()));
    let urls =
        ["good", "other"].map(|name| Url::parse(&format!("https://{name}.example.com:{port}/")).unwrap());
    let trusting = Network::Scripted { names: names.clone().into(), roots: vec![certificate] };
    let states = ask(trusting, limits(), &urls).await;
    assert_eq!(states[0], State::Fine);
    assert!(
        matches!(&states[1], State::Failing(Failure::Tls(why)) if why.contains("certificate")),
        "{states:?}"
    );
    let strict = Network::Scripted { names: names.into(), roots: Vec::new() };
    let states = ask(strict, limits(), &urls[..1]).await;
    assert!(matches!(&states[0], State::Failing(Failure::Tls(_))), "{states:?}");
}

/// An article whose links the server `address` answers.
fn article(folder: &Path, address: SocketAddr) {
    let text = format!(
        "---\ntitle: The Ferry Sails Again After Two Years in the Dock\ndate: 2025-11-04\nsummary: It sails.\n\
         url: http://{address}/lost\nhighlights:\n  - It [sails](http://{address}/old) on Monday\n  - A ticket stays as it was\n  - Two of the three piers are open\n\
         sources:\n  - title: The timetable\n    url: http://{address}/members\n---\n\
         The [timetable](http://{address}/gone#monday) is out, and the [harbour](http://{address}/down) is open.\n\n\
         ![The quay in the rain](http://{address}/fine)\n\n\
         <!-- lint-disable-next-line gone-link — kept for the record -->\nAn [older one](http://{address}/lost) was worse.\n\n\
         The [old page](http://{address}/old#winter) still says so.\n"
    );
    fs::create_dir_all(folder.join("articles")).unwrap();
    fs::write(folder.join("articles/ferry.md"), text).unwrap();
}

#[tokio::test]
async fn an_editor_is_told_of_each_link_where_it_stands() {
    let server = Server::at("127.0.0.1", every_answer);
    let folder = tempfile::tempdir().unwrap();
    article(folder.path(), server.address);
    let articles = folder.path().join("articles");
    let options = options().with_web_links(WebLinks::List);
    let loaded = load_paths(std::slice::from_ref(&articles), &articles, &options, now()).unwrap();
    let prober = Prober::new(loopback(), limits()).unwrap();
    let states = prober.ask(loaded.web_links.iter().map(|link| link.url.clone())).await;
    let told = human(&findings(&loaded.web_links, &states, &options.lint), Colour::Never);
    let told =
        told.replace(folder.path().to_str().unwrap(), "").replace(&server.address.to_string(), "[server]");
    let carets = told.lines().map(|line| {
        if line.contains('^') { line.replace('^', "").trim_end().to_owned() + " ^" } else { line.to_owned() }
    });
    insta::assert_snapshot!(carets.collect::<Vec<_>>().join("\n"));
}

/// Runs `straight check` in `folder`; gives its exit code and standard output.
fn check(folder: &Path, arguments: &[&str], links: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_straight"))
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .env_remove("STRAIGHT_TEST_POSTGRES")
        .env("STRAIGHT_TEST_LINKS", links)
        .arg("check")
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn the_program_asks_only_when_told_to_and_never_a_private_network() {
    let server = Server::at("127.0.0.1", every_answer);
    let folder = tempfile::tempdir().unwrap();
    article(folder.path(), server.address);
    let (code, told) = check(folder.path(), &["articles/ferry.md"], "loopback");
    assert_eq!((code, server.asked().len()), (0, 0), "{told}");
    let (code, told) = check(folder.path(), &["--links", "articles/ferry.md"], "");
    assert_eq!((code, server.asked().len()), (0, 0), "{told}");
    assert!(told.contains("There was no link to ask about."), "{told}");

    let (code, told) = check(folder.path(), &["--links", "articles/ferry.md"], "loopback");
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("error[gone-link]") && told.contains("Asked about 6 links."), "{told}");
    let (code, told) =
        check(folder.path(), &["--links", "--format", "json", "articles/ferry.md"], "loopback");
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    let gone: Vec<_> = (found.as_array().unwrap().iter())
        .filter(|found| found["rule"] == "gone-link")
        .map(|found| (found["line"].as_u64().unwrap(), found["column"].as_u64().unwrap()))
        .collect();
    assert_eq!((code, gone), (1, vec![(5, 6), (14, 5)]), "{told}");
    let (code, told) =
        check(folder.path(), &["--links", "--format", "github", "articles/ferry.md"], "loopback");
    assert_eq!(code, 1);
    assert!(
        told.contains("::error file=articles/ferry.md,line=14,col=5,title=gone-link::this page is not there"),
        "{told}"
    );

    fs::write(folder.path().join("newsletter.yaml"), "lint:\n  gone-link: warning\n").unwrap();
    let (code, told) = check(folder.path(), &["--links", "articles/ferry.md"], "loopback");
    assert!(code == 0 && told.contains("warning[gone-link]"), "{told}");
    let (code, _) = check(folder.path(), &["--links", "--strict", "articles/ferry.md"], "loopback");
    assert_eq!(code, 1);
}

#[test]
fn links_of_what_has_gone_out_are_asked_about_when_they_are_named() {
    let server = Server::at("127.0.0.1", every_answer);
    let folder = tempfile::tempdir().unwrap();
    article(folder.path(), server.address);
    let later = fs::read_to_string(folder.path().join("articles/ferry.md")).unwrap();
    let later = later
        .replace("2025-11-04", "2025-11-03")
        .replace("The Ferry", "How the Ferry")
        .replace("/lost", "/gone");
    fs::write(folder.path().join("articles/older.md"), later).unwrap();
    // The first edition takes the newest day; what is older counts as published.
    let (_, told) = check(folder.path(), &["--links"], "loopback");
    assert!(told.contains("articles/ferry.md") && told.contains("Asked about 6 links."), "{told}");
    assert!(
        !told.contains(
            "gone-link]: this page is not there: its server answers 410 Gone\n --> articles/older.md"
        ),
        "{told}"
    );
    let (_, told) = check(folder.path(), &["--links", "articles"], "loopback");
    assert!(
        told.contains("--> articles/older.md:14:5") || told.contains("--> articles/older.md:5:6"),
        "{told}"
    );
}

//! Asks the web where links lead: only when somebody wants to know, within limits, and never a private network.
//!
//! Each address is asked once, by HEAD and, where that is not liked, by GET, of which no body is read. Redirects are
//! followed a few times; every connection on the way is made to an address that was looked up first and is public.

mod connect;
mod visit;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::article::OutsideLink;
use crate::diagnostic::{Diagnostic, Levels};
use crate::network::{is_private, is_private_address};

/// Where questions may go.
#[derive(Debug, Clone, Default)]
pub enum Network {
    /// To the public network, by the system's names and certificates.
    #[default]
    Public,
    /// For tests: to the public network's rules loopback is an exception, names are these and no others, and these
    /// certificates are trusted besides.
    Scripted {
        /// The addresses of each name.
        names: BTreeMap<String, Vec<IpAddr>>,
        /// Roots of certificates.
        roots: Vec<CertificateDer<'static>>,
    },
}

impl Network {
    /// The public one, but in a test build whose environment says otherwise.
    #[must_use]
    pub fn of_environment() -> Self {
        match crate::fail_point::links_may_lead_to_loopback() {
            true => Network::Scripted { names: BTreeMap::new(), roots: Vec::new() },
            false => Network::Public,
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        match self {
            Network::Public => !is_private_address(address),
            Network::Scripted { .. } => address.is_loopback() || !is_private_address(address),
        }
    }

    /// Whether it is worth asking, as far as the address alone tells.
    fn knows(&self, url: &Url) -> bool {
        match self {
            Network::Public => !is_private(url),
            Network::Scripted { .. } => true,
        }
    }
}

/// How much is asked at once, and how long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Servers that are asked at the same time; each has one question at a time.
    pub at_once: usize,
    /// From a name to a connection with TLS.
    pub connect: Duration,
    /// From a question to the head of its answer.
    pub answer: Duration,
    /// For everything.
    pub whole: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            at_once: 8,
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(15),
            whole: Duration::from_secs(300),
            redirects: 5,
        }
    }
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The page is there.
    Fine,
    /// It is there, and has moved for good.
    Moved(Url),
    /// It is not there any more: the status says so (404, 410).
    Gone(u16),
    /// It cannot be opened.
    Failing(Failure),
    /// Its server does not let programs look.
    Unclear(u16),
    /// It was not asked about: its address says that it is private, and a rule of its own tells so.
    Private,
    /// It was not asked about: there was no time left.
    Unasked,
}

/// Why a page cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Its server's name leads nowhere.
    Name(String),
    /// Its server, or one that it sends on to, is in a private network.
    Private(String),
    /// No connection comes about.
    Connection(String),
    /// There is no trust in the server.
    Tls(String),
    /// The server says nothing in time.
    Silent,
    /// The server breaks off, or says something else than HTTP.
    Broken,
    /// It answers with this status.
    Status(u16),
    /// It sends on and on.
    Redirects(usize),
    /// It sends on to what is no address of the web.
    Astray(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Name(host) => write!(f, "no server has the name `{host}`"),
            Failure::Private(host) => write!(f, "`{host}` is in a private network"),
            Failure::Connection(why) => write!(f, "there is no connection with its server: {why}"),
            Failure::Tls(why) => write!(f, "its server is not to be trusted: {why}"),
            Failure::Silent => f.write_str("its server does not answer in time"),
            Failure::Broken => f.write_str("its server breaks off without an answer"),
            Failure::Status(status) => write!(f, "its server answers {}", told(*status)),
            Failure::Redirects(count) => write!(f, "it sends on more than {count} times"),
            Failure::Astray(to) => write!(f, "it sends on to `{to}`, which is no address of the web"),
        }
    }
}

/// `404 Not Found`
fn told(status: u16) -> String {
    let reason = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

/// Asks.
#[derive(Clone)]
pub struct Prober {
    network: Arc<Network>,
    limits: Limits,
    tls: TlsConnector,
}

/// What is known of a server while it is asked; whoever holds it is the only one who asks.
#[derive(Debug, Default)]
struct Server {
    /// Origins that are not asked again, and what is said of their pages.
    weary: HashMap<String, State>,
}

/// The servers by their hosts.
#[derive(Debug, Default)]
struct Servers(std::sync::Mutex<HashMap<String, Arc<Mutex<Server>>>>);

impl Servers {
    fn of(&self, url: &Url) -> Arc<Mutex<Server>> {
        let mut servers = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(servers.entry(url.host_str().unwrap_or_default().to_owned()).or_default())
    }
}

impl Prober {
    /// Makes ready to ask.
    ///
    /// # Errors
    /// When there are no certificates to trust.
    pub fn new(network: Network, limits: Limits) -> Result<Self, rustls::Error> {
        let roots = match &network {
            Network::Public => Vec::new(),
            Network::Scripted { roots, .. } => roots.clone(),
        };
        let mut tls = crate::delivery::smtp::tls_config(roots)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Prober { network: Arc::new(network), limits, tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// Asks about each of `urls` once, whatever stands behind its `#`; the answers are by [`page_of`].
    pub async fn ask(&self, urls: impl IntoIterator<Item = Url>) -> BTreeMap<Url, State> {
        let pages: BTreeSet<Url> = urls.into_iter().map(|url| page_of(&url)).collect();
        let mut states: BTreeMap<Url, State> = BTreeMap::new();
        let mut by_host: BTreeMap<String, Vec<Url>> = BTreeMap::new();
        for url in pages {
            if self.network.knows(&url) {
                by_host.entry(url.host_str().unwrap_or_default().to_owned()).or_default().push(url.clone());
                states.insert(url, State::Unasked);
            } else {
                states.insert(url, State::Private);
            }
        }
        let end = Instant::now() + self.limits.whole;
        let (servers, places) = (Arc::new(Servers::default()), Arc::new(Semaphore::new(self.limits.at_once)));
        let mut asking = JoinSet::new();
        for urls in by_host.into_values() {
            let (prober, servers, places) = (self.clone(), Arc::clone(&servers), Arc::clone(&places));
            asking.spawn(async move {
                let mut answers = Vec::new();
                for url in urls {
                    let ask = async {
                        let _place = places.acquire().await;
                        prober.visit(&url, &servers).await
                    };
                    let Ok(state) = timeout_at(end, ask).await else { break };
                    answers.push((url, state));
                }
                answers
            });
        }
        while let Some(answers) = asking.join_next().await {
            states.extend(answers.expect("asking does not panic"));
        }
        states
    }
}

/// The address of the page that `url` leads to: without what stands behind `#`.
#[must_use]
pub fn page_of(url: &Url) -> Url {
    let mut page = url.clone();
    page.set_fragment(None);
    page
}

/// What is to be told of `links`, given the answers about them.
#[must_use]
pub fn findings(links: &[OutsideLink], states: &BTreeMap<Url, State>, levels: &Levels) -> Vec<Diagnostic> {
    let told = |link: &OutsideLink| match states.get(&page_of(&link.url))? {
        State::Fine | State::Private => None,
        State::Moved(to) => {
            let mut to = to.clone();
            if to.fragment().is_none() {
                to.set_fragment(link.url.fragment());
            }
            link.spot.finding("moved-link", levels, "this page has moved for good", format!("write `{to}`"))
        }
        State::Gone(status) => link.spot.finding(
            "gone-link",
            levels,
            format!("this page is not there: its server answers {}", told(*status)),
            "link to where it is now, or to a copy in an archive, or remove the link",
        ),
        State::Failing(why) => link.spot.finding(
            "failing-link",
            levels,
            format!("this page cannot be opened: {why}"),
            "open it in a browser; if it fails there too, link to another page or remove the link",
        ),
        State::Unclear(status) => link.spot.finding(
            "unclear-link",
            levels,
            format!("its server does not let programs look: it answers {}", told(*status)),
            "open it in a browser",
        ),
        State::Unasked => link.spot.finding(
            "unclear-link",
            levels,
            "there was no time to ask about this link",
            "check again, with fewer files",
        ),
    };
    links.iter().filter_map(told).collect()
}

impl State {
    /// What it comes to, in a few words for a list; nothing when there is nothing to say.
    #[must_use]
    pub fn in_short(&self) -> Option<String> {
        match self {
            State::Fine => Some("is there".to_owned()),
            State::Moved(to) => Some(format!("has moved for good to {to}")),
            State::Gone(status) => Some(format!("is not there: {}", told(*status))),
            State::Failing(why) => Some(format!("cannot be opened: {why}")),
            State::Unclear(status) => Some(format!("lets no program look: {}", told(*status))),
            State::Unasked => Some("was not asked about: there was no time left".to_owned()),
            State::Private => None,
        }
    }
}

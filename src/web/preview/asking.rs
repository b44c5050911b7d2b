//! What the web says of the edition's links: asked when somebody clicks for it, and kept until that is done again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::edition::{EditionLink, LinkKind, LinkWeight};
use crate::probe::{Limits, Network, Prober, State, page_of};

/// How long somebody looks at a page that is still being made.
const PATIENCE: Duration = Duration::from_secs(30);

/// The answers about links.
#[derive(Debug)]
pub(super) struct Asking {
    network: Network,
    states: Mutex<BTreeMap<Url, State>>,
    /// Two who click at once are not two questions.
    at_it: tokio::sync::Mutex<()>,
}

impl Asking {
    pub(super) fn new(network: Network) -> Self {
        Asking { network, states: Mutex::default(), at_it: tokio::sync::Mutex::default() }
    }

    /// Asks about those of `links` that lead to the web.
    ///
    /// # Errors
    /// When there are no certificates to trust.
    pub(super) async fn ask(&self, links: &[EditionLink]) -> Result<(), rustls::Error> {
        let _only = self.at_it.lock().await;
        let web = links.iter().filter(|link| link.kind == LinkKind::Web);
        let urls: Vec<Url> = web.filter_map(|link| Url::parse(&link.target).ok()).collect();
        let prober = Prober::new(self.network.clone(), Limits { whole: PATIENCE, ..Limits::default() })?;
        let states = prober.ask(urls).await;
        // Only the latest: a page that was mended is asked about anew.
        *self.states.lock().unwrap_or_else(PoisonError::into_inner) = states;
        Ok(())
    }

    /// The answer about a link, when it was asked about.
    pub(super) fn state(&self, link: &EditionLink) -> Option<State> {
        let url = Url::parse(&link.target).ok()?;
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(&page_of(&url)).cloned()
    }
}

/// How much an answer weighs; nothing when all is well.
pub(super) fn weight(state: &State) -> Option<LinkWeight> {
    match state {
        State::Fine | State::Private => None,
        State::Moved(_) | State::Unclear(_) | State::Unasked => Some(LinkWeight::Hint),
        State::Failing(_) => Some(LinkWeight::Doubtful),
        State::Gone(_) => Some(LinkWeight::Wrong),
    }
}

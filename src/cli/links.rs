//! `straight check --links`: the web is asked where the links of articles lead.

use anyhow::Context as _;

use crate::article::OutsideLink;
use crate::diagnostic::{Diagnostic, Levels};
use crate::probe::{self, Limits, Network, Prober, State};

/// What came of asking.
pub(super) struct Asked {
    pub(super) findings: Vec<Diagnostic>,
    /// How many addresses were asked about.
    pub(super) pages: usize,
}

/// Asks about each address of `links` once.
///
/// # Errors
/// When there are no certificates to trust.
pub(super) async fn ask(links: &[OutsideLink], levels: &Levels, network: Network) -> anyhow::Result<Asked> {
    if links.is_empty() {
        return Ok(Asked { findings: Vec::new(), pages: 0 });
    }
    let prober = Prober::new(network, Limits::default())
        .context("links cannot be asked about; install the system's certificates")?;
    let states = prober.ask(links.iter().map(|link| link.url.clone())).await;
    let pages = states.values().filter(|state| !matches!(state, State::Private | State::Unasked)).count();
    Ok(Asked { findings: probe::findings(links, &states, levels), pages })
}

/// `Asked about 12 links.`
pub(super) fn told(pages: usize) -> String {
    match pages {
        0 => "There was no link to ask about.".to_owned(),
        1 => "Asked about 1 link.".to_owned(),
        pages => format!("Asked about {pages} links."),
    }
}

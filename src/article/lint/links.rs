//! Links that lead where they should and serve their readers badly all the same.

use std::collections::HashMap;
use std::ops::Range;

use url::Url;

use super::super::findings::Findings;
use super::super::front_matter::HeadLink;
use super::super::markdown::{Seen, Target, What};
use super::{shortened, words};
use crate::network;

/// Services whose addresses hide where they lead, and die with them.
const SHORTENERS: [&str; 31] = [
    "bit.ly",
    "t.co",
    "goo.gl",
    "tinyurl.com",
    "ow.ly",
    "is.gd",
    "v.gd",
    "buff.ly",
    "lnkd.in",
    "rebrand.ly",
    "cutt.ly",
    "t.ly",
    "dlvr.it",
    "shorturl.at",
    "tiny.cc",
    "bl.ink",
    "rb.gy",
    "amzn.to",
    "fb.me",
    "trib.al",
    "j.mp",
    "soo.gd",
    "s2r.co",
    "clck.ru",
    "urlz.fr",
    "tr.im",
    "x.co",
    "shor.by",
    "short.io",
    "n9.cl",
    "adf.ly",
];

/// Looks at every link of a body that begins at byte `offset`.
pub(super) fn look(seen: &[Seen], offset: usize, findings: &mut Findings) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for Seen { what, span } in seen {
        let What::Link { target, text } = what else { continue };
        let span = offset + span.start..offset + span.end;
        let Some((address, url)) = one(target, text.as_deref(), &span, findings) else { continue };
        // One whose text is its address is found in the text.
        if url.password().is_some() && !text.as_deref().is_some_and(|text| text.contains("://")) {
            findings.report(
                "shown-password",
                span.clone(),
                "this address holds a name and a password, which every reader sees",
                "write it without them, and change the password if it was ever sent",
            );
        }
        let key = address.trim_end_matches('/').to_owned();
        match first.get(&key) {
            None => {
                first.insert(key, span.start);
            }
            // Which line that is takes counting from the top, and is asked of few.
            Some(at) => {
                let line = findings.line_of(*at);
                findings.report(
                    "repeated-link",
                    span,
                    format!("line {line} links to this address already"),
                    "link to it once, where it serves the reader most",
                );
            }
        }
    }
}

/// Looks at a link of Markdown, wherever it stands; its address, when it leads to the web.
pub(super) fn one(
    target: &str,
    text: Option<&str>,
    span: &Range<usize>,
    findings: &mut Findings,
) -> Option<(String, Url)> {
    vague(text, span, findings);
    let Target::Outside(address) = Target::of(target) else { return None };
    let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    host(&url, span, findings);
    bare(&url, text, span, findings);
    Some((address, url))
}

/// Looks at an address that is a value of the head.
pub(super) fn of_head(link: &HeadLink, findings: &mut Findings) {
    host(&link.url, &link.place, findings);
    if let Some((text, place)) = &link.text {
        vague(Some(text), place, findings);
        bare(&link.url, Some(text), place, findings);
    }
}

fn vague(text: Option<&str>, span: &Range<usize>, findings: &mut Findings) {
    if let Some(text) = text.filter(|text| words::is_vague(text)) {
        findings.report(
            "vague-link",
            span.clone(),
            format!("`{text}` does not say where this link leads"),
            "let the text be what is found there: `[the ferry's timetable](…)`",
        );
    }
}

fn host(url: &Url, span: &Range<usize>, findings: &mut Findings) {
    let shown = shortened(url.host_str().unwrap_or_default());
    if network::is_private(url) {
        findings.report(
            "private-link",
            span.clone(),
            format!("`{shown}` is no place of the public network: readers do not get there"),
            "link to the address that everybody sees",
        );
    }
    let host = shown.trim_start_matches("www.");
    if SHORTENERS.contains(&host) && url.path() != "/" {
        findings.report(
            "shortened-link",
            span.clone(),
            format!("`{shown}` hides where this link leads, and spam filters know it"),
            "open it, and write the address that it leads to",
        );
    }
}

fn bare(url: &Url, text: Option<&str>, span: &Range<usize>, findings: &mut Findings) {
    let Some(text) = text else { return };
    let plain = |address: &str| -> String {
        let address = address.trim().trim_end_matches('/');
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_start_matches("www.").to_lowercase()
    };
    // The name of a site alone reads well: `example.org`.
    let is_site = url.path() == "/" && url.query().is_none() && !text.contains("://");
    // An address may be written in other letters than it is asked for.
    let same = |text: &str| Url::parse(text).is_ok_and(|text| text == *url);
    if !is_site && (plain(text) == plain(url.as_str()) || same(text)) {
        findings.report(
            "bare-url",
            span.clone(),
            "the text of this link is its address",
            "write what is found there: `[the council's minutes](…)`",
        );
    }
}

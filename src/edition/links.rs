//! The links of a rendered edition, as a reader meets them.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{Slot, html};
use crate::network::is_private;

/// A link of an edition: its words, where it leads, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionLink {
    /// The words that are clicked; of a picture its alternative text.
    pub words: String,
    /// As written; a personal one holds its slot's marker.
    pub target: String,
    /// Where it leads.
    pub kind: LinkKind,
    /// How often the edition links to this target.
    pub times: usize,
    /// What is wrong with it.
    pub faults: Vec<LinkFault>,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To a page on the web.
    Web,
    /// To the publication's own address.
    Own,
    /// To another place in the mail.
    Within,
    /// To a page of the reader's own.
    Personal,
    /// Writes a mail, or dials.
    Contact,
    /// Nowhere that a mail program would go.
    Nowhere,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkFault {
    /// It has no address.
    Empty,
    /// It is relative: a mail stands nowhere.
    Relative,
    /// It names a place that the edition has not.
    Unresolved,
    /// It leads to this machine, or into a private network.
    Private,
    /// Its scheme is none that mail programs open.
    Scheme,
    /// It is no address.
    Malformed,
    /// Nothing of it can be clicked or heard.
    NoWords,
    /// It is not encrypted on its way.
    Insecure,
    /// The same words lead elsewhere too.
    SameWords,
    /// The edition links there more than once.
    Duplicate,
}

/// How much a [`LinkFault`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkWeight {
    /// Worth knowing.
    Hint,
    /// Looks wrong.
    Doubtful,
    /// Does not work.
    Wrong,
}

impl LinkFault {
    /// How much it weighs.
    #[must_use]
    pub fn weight(self) -> LinkWeight {
        match self {
            LinkFault::Empty
            | LinkFault::Relative
            | LinkFault::Unresolved
            | LinkFault::Private
            | LinkFault::Scheme
            | LinkFault::Malformed
            | LinkFault::NoWords => LinkWeight::Wrong,
            LinkFault::Insecure | LinkFault::SameWords => LinkWeight::Doubtful,
            LinkFault::Duplicate => LinkWeight::Hint,
        }
    }
}

/// Every link of `html`, in its order; the same words to the same target stand once.
///
/// `own` is the publication's address.
#[must_use]
pub fn links(html: &str, own: &Url) -> Vec<EditionLink> {
    let html::Scan { anchors, ids } = html::scan(html);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let mut led_to: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for anchor in &anchors {
        *times.entry(&anchor.target).or_default() += 1;
        led_to.entry(anchor.words.to_lowercase()).or_default().insert(&anchor.target);
    }
    let mut found: Vec<EditionLink> = Vec::new();
    for anchor in &anchors {
        if found.iter().any(|link| link.words == anchor.words && link.target == anchor.target) {
            continue;
        }
        let (kind, fault) = classify(&anchor.target, own, &ids);
        let mut faults: Vec<LinkFault> = fault.into_iter().collect();
        let times = times[anchor.target.as_str()];
        if anchor.words.is_empty() {
            faults.push(LinkFault::NoWords);
        } else if led_to[&anchor.words.to_lowercase()].len() > 1 {
            faults.push(LinkFault::SameWords);
        }
        if times > 1 && kind == LinkKind::Web {
            faults.push(LinkFault::Duplicate);
        }
        faults.sort();
        let (words, target) = (anchor.words.clone(), anchor.target.clone());
        found.push(EditionLink { words, target, kind, times, faults });
    }
    found
}

fn classify(target: &str, own: &Url, ids: &BTreeSet<String>) -> (LinkKind, Option<LinkFault>) {
    if target.is_empty() || target == "#" {
        return (LinkKind::Nowhere, Some(LinkFault::Empty));
    }
    if target.contains(Slot::OPEN) {
        return (LinkKind::Personal, None);
    }
    if let Some(id) = target.strip_prefix('#') {
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        let fault = (!ids.contains(id.as_ref())).then_some(LinkFault::Unresolved);
        return (LinkKind::Within, fault);
    }
    let url = match Url::parse(target) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return (LinkKind::Nowhere, Some(LinkFault::Relative));
        }
        Err(_) => return (LinkKind::Nowhere, Some(LinkFault::Malformed)),
    };
    match url.scheme() {
        "http" | "https" => {
            let is_own = url.host() == own.host() && url.port() == own.port();
            let kind = if is_own { LinkKind::Own } else { LinkKind::Web };
            let fault = if is_private(&url) {
                Some(LinkFault::Private)
            } else {
                (url.scheme() == "http").then_some(LinkFault::Insecure)
            };
            (kind, fault)
        }
        "mailto" | "tel" | "sms" => (LinkKind::Contact, None),
        _ => (LinkKind::Nowhere, Some(LinkFault::Scheme)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Vec<(String, LinkKind, Vec<LinkFault>)> {
        let own = Url::parse("https://post.example.org").unwrap();
        links(html, &own).into_iter().map(|link| (link.words, link.kind, link.faults)).collect()
    }

    #[test]
    fn each_link_is_told_by_where_it_leads() {
        let unsubscribe = Slot::UnsubscribeUrl.marker();
        let html = format!(
            "<h2 id=ferry>F</h2><!-- <a href=\"https://hidden.example\">x</a> --><style>a{{}}</style>
            <a href=\"https://a.example/?a=1&amp;b=2\">One &amp; <b>two</b></a>
            <A HREF='http://b.example'>plain</A> <a href=\"../ferry.md\">relative</a>
            <a href=\"#ferry\">down</a> <a href=\"#fery\">lost</a> <a href=\"{unsubscribe}\">leave</a>
            <a href=\"https://post.example.org/editions/\">past</a> <a href=\"mailto:a@b.example\">write</a>
            <a href=\"https://localhost/x\">here</a> <a href=\"http://192.168.0.1/\">router</a>
            <a href=\"javascript:alert(1)\">run</a> <a href=\"\">empty</a> <a href=\"https://c.example\"> </a>
            <a href=\"https://d.example\"><img src=x alt=\"A ferry\"></a> <a name=anchor>no link</a>"
        );
        use LinkFault::*;
        use LinkKind::*;
        let wanted: Vec<(&str, LinkKind, Vec<LinkFault>)> = vec![
            ("One & two", Web, vec![]),
            ("plain", Web, vec![Insecure]),
            ("relative", Nowhere, vec![Relative]),
            ("down", Within, vec![]),
            ("lost", Within, vec![Unresolved]),
            ("leave", Personal, vec![]),
            ("past", Own, vec![]),
            ("write", Contact, vec![]),
            ("here", Web, vec![Private]),
            ("router", Web, vec![Private]),
            ("run", Nowhere, vec![Scheme]),
            ("empty", Nowhere, vec![Empty]),
            ("", Web, vec![NoWords]),
            ("A ferry", Web, vec![]),
        ];
        let wanted: Vec<_> =
            wanted.into_iter().map(|(words, kind, faults)| (words.to_owned(), kind, faults)).collect();
        assert_eq!(of(&html), wanted);
    }

    #[test]
    fn doubles_are_counted_and_words_that_lead_to_two_places_are_told() {
        let html = "<a href=https://a.example>More</a><a href=https://a.example>More</a><a href=https://b.example>more</a>";
        let own = Url::parse("https://post.example.org").unwrap();
        let found = links(html, &own);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].times, found[1].times), (2, 1));
        assert_eq!(found[0].faults, [LinkFault::SameWords, LinkFault::Duplicate]);
        assert_eq!(found[1].faults, [LinkFault::SameWords]);
    }
}

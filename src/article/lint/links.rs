//! Links that lead where they should and serve their readers badly all the same.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;

use url::{Host, Url};

use super::super::findings::Findings;
use super::super::markdown::{Seen, Target, What};
use super::{shortened, words};

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
        if let Some(text) = text.as_deref().filter(|text| words::is_vague(text)) {
            findings.report(
                "vague-link",
                span.clone(),
                format!("`{text}` does not say where this link leads"),
                "let the text be what is found there: `[the ferry's timetable](…)`",
            );
        }
        let Target::Outside(address) = Target::of(target) else { continue };
        let Ok(url) = Url::parse(&address) else { continue };
        if !matches!(url.scheme(), "http" | "https") {
            continue;
        }
        host(&url, &span, findings);
        bare(&url, text.as_deref(), &span, findings);
        let key = address.trim_end_matches('/').to_owned();
        let line = findings.line_of(span.start);
        match first.get(&key) {
            None => {
                first.insert(key, line);
            }
            Some(line) => findings.report(
                "repeated-link",
                span,
                format!("line {line} links to this address already"),
                "link to it once, where it serves the reader most",
            ),
        }
    }
}

fn host(url: &Url, span: &Range<usize>, findings: &mut Findings) {
    let shown = shortened(url.host_str().unwrap_or_default());
    if is_private(url) {
        findings.report(
            "private-link",
            span.clone(),
            format!("`{shown}` is this machine or a private network: readers do not get there"),
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

/// Whether `url` leads to this machine or into a network that readers have no part in.
pub(crate) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".localdomain", ".intranet"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => is_private_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private_address(IpAddr::V6(address)),
        None => false,
    }
}

/// Whether `address` is no address of the public network (RFC 6890).
pub(crate) fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || a == 100 && (64..128).contains(&b)
                || a == 198 && (18..20).contains(&b)
                || v4.octets()[..3] == [192, 0, 0]
        }
        IpAddr::V6(v6) => {
            let inner = v6.to_ipv4_mapped().or_else(|| embedded(v6));
            inner.is_some_and(|v4| is_private_address(IpAddr::V4(v4)))
                || v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.segments()[..2] == [0x2001, 0x0db8]
        }
    }
}

/// The IPv4 address within one of NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn embedded(address: std::net::Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| std::net::Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(v4(high, low)),
        _ => None,
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
    if !is_site && plain(text) == plain(url.as_str()) {
        findings.report(
            "bare-url",
            span.clone(),
            "the text of this link is its address",
            "write what is found there: `[the council's minutes](…)`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_hosts_are_known() {
        for url in [
            "http://localhost:8080/x",
            "https://nas.local/",
            "http://intranet/page",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://10.1.2.3/",
            "http://192.168.1.1/",
            "http://172.16.0.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:a00:1::]/",
            "http://printer.home.arpa./",
        ] {
            assert!(is_private(&Url::parse(url).unwrap()), "{url}");
        }
        for url in [
            "https://example.com/",
            "http://8.8.8.8/",
            "http://[2606:4700::1]/",
            "https://local.example.org/",
        ] {
            assert!(!is_private(&Url::parse(url).unwrap()), "{url}");
        }
    }
}

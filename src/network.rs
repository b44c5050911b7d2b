//! What the public network is: the one rule by which links are judged, and by which connections are made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Ends of names that only a private network knows, or nobody ever will (RFC 6761, RFC 6762, RFC 8375, RFC 9476 §3).
///
/// `.example` is not among them: texts that explain something are full of it.
const PRIVATE_ENDS: [&str; 12] = [
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".home.arpa",
    ".corp",
    ".private",
    ".test",
    ".invalid",
];

/// Whether `url` leads, by its host alone, to this machine, into a private network, or to what is nobody's.
#[must_use]
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        None => true,
        Some(Host::Ipv4(address)) => is_private_v4(address),
        Some(Host::Ipv6(address)) => is_private_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || PRIVATE_ENDS.iter().any(|end| name.ends_with(end))
        }
    }
}

/// Whether `address` is one that no page of the public network has (IANA's registries of special addresses, RFC 6890):
/// this machine's, private, link-local, shared, reserved, for documentation, or one of these in the clothes of another.
#[must_use]
pub fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        // "This network"; multicast, reserved and broadcast.
        || a == 0
        || a >= 224
        // Shared by a provider's customers (RFC 6598).
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments; the relays of 6to4, which are no more (RFC 7526).
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // Measurements between networks (RFC 2544).
        || (a == 198 && (18..20).contains(&b))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = carried(address) {
        return is_private_v4(v4);
    }
    match address.segments() {
        // Protocol assignments, with Teredo, benchmarking and ORCHID among them (RFC 2928).
        [0x2001, second, ..] if second < 0x200 => true,
        // For documentation (RFC 3849, RFC 9637).
        [0x2001, 0x0db8, ..] => true,
        [0x3fff, second, ..] if second < 0x1000 => true,
        // Nothing else has been given out: not fc00::/7, fe80::/10, fec0::/10, 100::/64, 5f00::/16, 64:ff9b:1::/48.
        [first, ..] => !(0x2000..0x4000).contains(&first),
    }
}

/// The IPv4 address that `address` stands for: mapped (RFC 4291), translated by NAT64 (RFC 6052), or 6to4 (RFC 3056).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_reader_reaches_are_private() {
        for (private, why) in [
            ("0.0.0.0", "this network"),
            ("0.1.2.3", "this network"),
            ("10.1.2.3", "private"),
            ("100.64.0.1", "shared"),
            ("100.127.255.255", "shared"),
            ("127.0.0.1", "loopback"),
            ("127.255.0.1", "loopback"),
            ("169.254.169.254", "link-local: a cloud's metadata"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.8", "protocol assignments"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "relays of 6to4"),
            ("192.168.1.1", "private"),
            ("198.18.0.1", "measurements"),
            ("198.19.255.255", "measurements"),
            ("198.51.100.7", "documentation"),
            ("203.0.113.9", "documentation"),
            ("224.0.0.1", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::7f00:1", "compatible with version 4, long gone"),
            ("::8.8.8.8", "compatible with version 4, long gone"),
            ("::ffff:127.0.0.1", "mapped loopback"),
            ("::ffff:10.0.0.1", "mapped private"),
            ("::ffff:169.254.169.254", "mapped link-local"),
            ("64:ff9b::7f00:1", "NAT64 of loopback"),
            ("64:ff9b::10.0.0.1", "NAT64 of private"),
            ("64:ff9b:1::1", "local NAT64"),
            ("64:ff9b:1:ffff::808:808", "local NAT64"),
            ("100::1", "discard only"),
            ("100:0:0:1::1", "dummy prefix"),
            ("2001::1", "Teredo"),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
            ("2001:2::1", "benchmarking"),
            ("2001:10::1", "ORCHID"),
            ("2001:20::1", "ORCHIDv2"),
            ("2001:1ff:ffff::1", "protocol assignments"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "6to4 of loopback"),
            ("2002:a00:1::1", "6to4 of private"),
            ("2002:c0a8:101::", "6to4 of private"),
            ("3fff::1", "documentation"),
            ("3fff:fff:ffff::1", "documentation"),
            ("4000::1", "not given out"),
            ("5f00::1", "segment routing"),
            ("fc00::1", "unique local"),
            ("fd12:3456::1", "unique local"),
            ("fe80::1", "link-local"),
            ("fec0::1", "site-local"),
            ("feff::1", "site-local"),
            ("ff02::1", "multicast"),
        ] {
            assert!(is_private_address(private.parse().unwrap()), "{private} is {why}");
        }
    }

    #[test]
    fn addresses_beside_those_are_public() {
        for public in [
            "1.0.0.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.0.3.1",
            "192.88.98.1",
            "192.167.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "203.0.112.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db7::1",
            "2001:db9::1",
            "2002:808:808::1",
            "2606:4700::1",
            "2a00:1450:4001:80b::200e",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert!(!is_private_address(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_host_is_judged_however_it_is_written() {
        for url in [
            "http://localhost:8080/x",
            "https://LOCALHOST./",
            "https://nas.local/",
            "https://nas.local./",
            "http://intranet/page",
            "https://printer/",
            "https://wiki.corp/",
            "https://router.home/",
            "http://printer.home.arpa./",
            "https://staging.test/",
            "https://nowhere.invalid/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://2130706433/",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "mailto:ann@example.org",
        ] {
            assert!(is_private(&Url::parse(url).unwrap()), "{url}");
        }
        for url in [
            "https://example.com/",
            "http://8.8.8.8/",
            "http://[2606:4700::1]/",
            "https://local.example.org/",
            "https://internal.gov.uk./",
            "https://ferry.example/times",
        ] {
            assert!(!is_private(&Url::parse(url).unwrap()), "{url}");
        }
    }
}

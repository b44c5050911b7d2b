//! How readers sign up, and whom the web address believes.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::reader::Reader;
use super::values::{self, Wrong};
use super::{OutsideLinks, Rate, WebConfig};

/// How readers sign up on the web.
#[derive(Debug, Clone)]
pub struct SignUpConfig {
    /// How long a confirmation works.
    pub expires: Duration,
    /// Whether a new reader is sent the latest edition at once.
    pub send_latest: bool,
    /// How old that edition may be; an older one is not sent.
    pub latest_within: Duration,
    /// Whether who leaves is sent a letter.
    pub goodbye_letter: bool,
    /// What is kept of the network address.
    pub record_address: RecordAddress,
    /// How many sign-ups are taken.
    pub limits: SignUpLimits,
}

impl SignUpConfig {
    /// Whether who confirms now is sent the latest edition, which was frozen then.
    #[must_use]
    pub fn sends(&self, frozen_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.send_latest && now <= frozen_at + self.latest_within
    }
}

/// What is kept of the network address from which a sign-up came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordAddress {
    /// The network: /24 of IPv4, /48 of IPv6.
    Truncated,
    /// A keyed digest: it can be compared, not read.
    Hashed,
    /// All of it.
    Whole,
    /// Nothing.
    None,
}

/// How many sign-ups are taken; each limit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUpLimits {
    /// From one IPv4 address, or one /64 of IPv6.
    pub per_network: Vec<Rate>,
    /// For one address.
    pub per_address: Vec<Rate>,
    /// For the addresses of one domain.
    pub per_domain: Vec<Rate>,
    /// In all.
    pub in_all: Vec<Rate>,
}

/// A range of network addresses: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl std::str::FromStr for Network {
    type Err = String;

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or one address.
    fn from_str(text: &str) -> Result<Self, String> {
        network(text).map_err(|wrong| wrong.message)
    }
}

impl Network {
    /// Whether `address` is within; an IPv4 address written as IPv6 is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits.min(32));
                base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits.min(128));
                base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

pub(super) fn sign_up(reader: &mut Reader<'_>) -> SignUpConfig {
    let yes_or_no = || values::choice(&[("true", true), ("false", false)]);
    let limits = SignUpLimits {
        per_network: limits(reader, "sign_up.limits.per_network"),
        per_address: limits(reader, "sign_up.limits.per_address"),
        per_domain: limits(reader, "sign_up.limits.per_domain"),
        in_all: limits(reader, "sign_up.limits.in_all"),
    };
    SignUpConfig {
        expires: reader.value("sign_up.expires", values::some_time),
        send_latest: reader.value("sign_up.send_latest", yes_or_no()),
        latest_within: reader.value("sign_up.latest_within", values::some_time),
        goodbye_letter: reader.value("sign_up.goodbye_letter", yes_or_no()),
        record_address: reader.value(
            "sign_up.record_address",
            values::choice(&[
                ("truncated", RecordAddress::Truncated),
                ("hashed", RecordAddress::Hashed),
                ("whole", RecordAddress::Whole),
                ("none", RecordAddress::None),
            ]),
        ),
        limits,
    }
}

/// A form without any limit is a gift to those who bomb others with mail: an empty list is a mistake.
pub(super) fn limits(reader: &mut Reader<'_>, key: &'static str) -> Vec<Rate> {
    let rates = reader.list(key, values::rate);
    if let Some(given) = reader.given(key).filter(|given| given.node.as_list().is_some_and(<[_]>::is_empty)) {
        let wrong = Wrong::new("there is no limit in it", "write at least one, as in [10/h, 40/d]");
        reader.note(given, key, "bad-value", &wrong);
    }
    rates
}

pub(super) fn web(reader: &mut Reader<'_>) -> WebConfig {
    WebConfig {
        listen: reader.value("web.listen", values::listen),
        trusted_proxies: reader.list("web.trusted_proxies", network),
        allowed_origins: reader.list("web.allowed_origins", origin),
        outside_links: reader.value(
            "web.outside_links",
            values::choice(&[("same_tab", OutsideLinks::SameTab), ("new_tab", OutsideLinks::NewTab)]),
        ),
    }
}

/// `10.0.0.0/8`, `2001:db8::/32`, or one address.
fn network(text: &str) -> Result<Network, Wrong> {
    let refused = || {
        let message = format!("`{}` is no range of network addresses", values::shown(text));
        Wrong::new(message, "write it as in 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32")
    };
    let (address, bits) = match text.trim().split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| refused())?)),
        None => (text.trim(), None),
    };
    let base: IpAddr = address.parse().map_err(|_| refused())?;
    let most = if base.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    if bits > most { Err(refused()) } else { Ok(Network { base, bits }) }
}

/// Scheme, host and port, as a browser's Origin has them.
fn origin(text: &str) -> Result<String, Wrong> {
    let refused = || {
        let message = format!("`{}` is no origin", values::shown(text));
        Wrong::new(message, "write scheme and host without a path, as in https://www.example.com")
    };
    let url = Url::parse(text.trim()).map_err(|_| refused())?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !bare || !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return Err(refused());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let holds = |range, address: &str| network(range).unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "::/129", "example.com", "", "10.0.0.0/-1"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn origins_have_no_path() {
        assert_eq!(origin("https://www.example.com/").unwrap(), "https://www.example.com");
        assert_eq!(origin("https://www.example.com:443").unwrap(), "https://www.example.com");
        assert_eq!(origin("http://localhost:3000").unwrap(), "http://localhost:3000");
        for wrong in ["www.example.com", "https://example.com/page", "*", "null", "ftp://example.com", ""] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}

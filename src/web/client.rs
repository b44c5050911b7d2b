//! Who asks, by network address: behind trusted proxies, what they say; from anyone else, nothing is believed.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use tracing::warn;

use super::Web;
use crate::config::{Network, RecordAddress};
use crate::message::TokenKeys;

/// The other end of a connection; each request has it among its extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Who asks, as far as that can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client(IpAddr);

impl FromRequestParts<Arc<Web>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let trusted =
            || web.access.trusted_proxies.iter().any(|network| network.contains(peer.to_canonical()));
        if parts.headers.contains_key("x-forwarded-for") && !trusted() && !web.proxy_told.swap(true, Relaxed)
        {
            warn!(
                peer = %peer.to_canonical(),
                "X-Forwarded-For of a peer that is not among `web.trusted_proxies` is not believed: if that is your own \
                 proxy, name its network there, or all visitors count as one and soon reach the limits"
            );
        }
        Ok(Client::behind(peer, &parts.headers, &web.access.trusted_proxies))
    }
}

impl Client {
    /// The rightmost address of X-Forwarded-For that is no trusted proxy's, as long as all to its right, and the peer, are.
    fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut client = peer.to_canonical();
        let said: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .collect();
        for hop in said.iter().rev() {
            if !is_trusted(client) {
                break;
            }
            // What cannot be read may be anybody's.
            let Some(address) = address(hop.trim()) else { break };
            client = address.to_canonical();
        }
        Client(client)
    }

    /// What limits count by: an IPv4 address, or the /64 of an IPv6 address, which one household or server has.
    pub(super) fn network(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string() + "/64"
            }
        }
    }

    /// What is kept of it.
    pub(super) fn recorded(self, how: RecordAddress, keys: &TokenKeys) -> Option<String> {
        match how {
            RecordAddress::None => None,
            RecordAddress::Whole => Some(self.0.to_string()),
            RecordAddress::Hashed => Some(keys.digest("network-address", &self.0.to_string())),
            RecordAddress::Truncated => Some(match self.0 {
                IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & 0xffff_ff00).to_string(),
                IpAddr::V6(address) => {
                    Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 48)).to_string()
                }
            }),
        }
    }
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        Client::behind(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["127.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1"], &["127.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &[], &["127.0.0.0/8"]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1"], &[]), "127.0.0.1");
    }

    #[test]
    fn of_a_chain_the_rightmost_that_is_not_trusted_counts() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        // What the client itself wrote stands to the left, and means nothing.
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"], &trusted), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4", "198.51.100.1", "10.0.0.2"], &trusted), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["10.0.0.7, 10.0.0.2"], &trusted), "10.0.0.7");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"], &trusted), "10.0.0.2");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:443"], &trusted), "2001:db8::1");
        assert_eq!(seen("::ffff:127.0.0.1", &["198.51.100.1:1234"], &trusted), "198.51.100.1");
    }

    #[test]
    fn networks_and_what_is_kept() {
        let keys = TokenKeys::new(vec![crate::message::TokenKey::new(1, [7; 32])]);
        let (four, six) =
            (Client("192.0.2.77".parse().unwrap()), Client("2001:db8:1:2:3:4:5:6".parse().unwrap()));
        assert_eq!((four.network().as_str(), six.network().as_str()), ("192.0.2.77", "2001:db8:1:2::/64"));
        let kept = |client: Client, how| client.recorded(how, &keys);
        assert_eq!(kept(four, RecordAddress::Truncated).unwrap(), "192.0.2.0");
        assert_eq!(kept(six, RecordAddress::Truncated).unwrap(), "2001:db8:1::");
        assert_eq!(kept(six, RecordAddress::Whole).unwrap(), "2001:db8:1:2:3:4:5:6");
        assert_eq!(kept(four, RecordAddress::None), None);
        assert!(!kept(four, RecordAddress::Hashed).unwrap().contains("192"));
    }
}

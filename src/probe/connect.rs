//! A connection with the server of an address: looked up first, and made only to what is public.

use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::{Failure, Network, Prober};

/// Addresses of one name that are tried.
const TRIED: usize = 3;

/// Bytes to and from a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Prober {
    /// Connects with the server of `url`, with TLS if its scheme says so, within the limit.
    pub(super) async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, Failure> {
        match timeout(self.limits.connect, self.connected(url)).await {
            Ok(connected) => connected,
            Err(_) => Err(Failure::Connection("it takes too long".to_owned())),
        }
    }

    async fn connected(&self, url: &Url) -> Result<Box<dyn Stream>, Failure> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses = self.addresses(url, port).await?;
        // Whoever names one public address and one of ours means ours: such a name is not followed at all.
        if addresses.iter().any(|address| !self.network.allows(address.ip())) {
            return Err(Failure::Private(host.to_owned()));
        }
        let tried = &addresses[..addresses.len().min(TRIED)];
        let mut last = "it has no address".to_owned();
        for address in tried {
            let share = self.limits.connect / u32::try_from(tried.len()).unwrap_or(1);
            let stream = match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    last = error.kind().to_string();
                    continue;
                }
                Err(_) => {
                    last = "it takes too long".to_owned();
                    continue;
                }
            };
            if url.scheme() != "https" {
                return Ok(Box::new(stream));
            }
            let name = match url.host() {
                Some(Host::Ipv4(address)) => ServerName::from(IpAddr::V4(address)),
                Some(Host::Ipv6(address)) => ServerName::from(IpAddr::V6(address)),
                Some(Host::Domain(_)) | None => {
                    ServerName::try_from(host.trim_end_matches('.').to_owned())
                        .map_err(|_| Failure::Tls("no certificate can have its name".to_owned()))?
                }
            };
            return match self.tls.connect(name, stream).await {
                Ok(stream) => Ok(Box::new(stream)),
                Err(error) => {
                    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                    Err(match refused {
                        Some(refused) => Failure::Tls(refused.to_string()),
                        None => Failure::Connection(error.kind().to_string()),
                    })
                }
            };
        }
        Err(Failure::Connection(last))
    }

    async fn addresses(&self, url: &Url, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(vec![SocketAddr::from((address, port))]),
            Some(Host::Ipv6(address)) => return Ok(vec![SocketAddr::from((address, port))]),
            Some(Host::Domain(name)) => name,
            None => return Err(Failure::Name(String::new())),
        };
        let unknown = || Failure::Name(name.to_owned());
        let found: Vec<SocketAddr> = match &*self.network {
            Network::Public => lookup_host((name, port)).await.map_err(|_| unknown())?.collect(),
            Network::Scripted { names, .. } => {
                let found = names.get(name).into_iter().flatten();
                found.map(|address| SocketAddr::from((*address, port))).collect()
            }
        };
        if found.is_empty() { Err(unknown()) } else { Ok(found) }
    }
}

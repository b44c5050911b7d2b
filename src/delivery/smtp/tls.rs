//! TLS as a client: the system's certificates, and those of a file.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, InvalidMessage};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use super::transport::{Stream, Transport};
use crate::config::{SmtpConfig, TlsMode};
use crate::delivery::ConnectError;

/// What is needed to check servers' certificates; made once, shared by all connections.
#[derive(Clone)]
pub struct TlsClient {
    /// Absent where TLS is not wanted: a machine without certificates can do without.
    connector: Option<TlsConnector>,
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsClient").field("wanted", &self.connector.is_some()).finish()
    }
}

impl TlsClient {
    /// Reads the system's certificates and `ca_file` (PEM), unless `config` wants no TLS.
    ///
    /// # Errors
    /// Permanent, when there is no certificate to trust or the file has none.
    pub fn new(config: &SmtpConfig) -> Result<Self, ConnectError> {
        match config.tls {
            TlsMode::None => return Ok(TlsClient { connector: None }),
            TlsMode::StartTls | TlsMode::Implicit => {}
        }
        let own = config.ca_file.as_deref().map_or(Ok(Vec::new()), certificates)?;
        let tls = tls_config(own)
            .map_err(|error| ConnectError::Permanent(format!("TLS cannot be set up: {error}")))?;
        Ok(TlsClient { connector: Some(TlsConnector::from(Arc::new(tls))) })
    }

    /// Puts TLS around `stream`; the server's certificate must be good for the host of `config`.
    pub(super) async fn wrap<S: Stream>(
        &self,
        stream: S,
        config: &SmtpConfig,
    ) -> Result<Transport<S>, ConnectError> {
        let host = config.host.as_str();
        let permanent = |why: String| ConnectError::Permanent(format!("TLS with {host} failed: {why}"));
        let connector = self.connector.as_ref().ok_or_else(|| permanent("it was not set up".to_owned()))?;
        let name = ServerName::try_from(config.host.clone())
            .map_err(|_| permanent("this is no name a certificate can have".to_owned()))?;
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
            // What rustls itself says, of the certificate above all, time does not mend.
            Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(refused) => Err(permanent(told(refused, config))),
                None => Err(ConnectError::Transient(format!("TLS with {host} failed: {}", error.kind()))),
            },
        }
    }
}

/// What is wrong, and what mends it, where people run into it.
fn told(refused: &rustls::Error, config: &SmtpConfig) -> String {
    use rustls::Error::{InvalidCertificate, InvalidMessage as NoMessage};
    let host = &config.host;
    match (refused, config.tls) {
        // What `openssl req -x509` makes, unless it is told otherwise.
        (InvalidCertificate(CertificateError::Other(other)), _)
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            format!(
                "its certificate is one that signs others, which no server may show; make a CA certificate and one for \
                 {host} that it has signed, give the server the latter, and name the CA certificate in `smtp.ca_file`"
            )
        }
        (InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature), _) => {
            "nobody whom this machine trusts has signed its certificate; if it is one of your own, name the CA \
             certificate that has signed it in `smtp.ca_file`"
                .to_owned()
        }
        (
            NoMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion),
            TlsMode::Implicit,
        ) => format!(
            "what it answers is no TLS; a server that begins in the clear is reached by smtp://{host}, with STARTTLS, \
             on port 587"
        ),
        (other, TlsMode::Implicit | TlsMode::StartTls | TlsMode::None) => other.to_string(),
    }
}

/// A client that trusts whom the system trusts, and `own` certificates besides.
pub(crate) fn tls_config(own: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(own, Arc::clone(&provider))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let refused = |why: &str| {
        ConnectError::Permanent(format!("{}: {why}; name a file of PEM certificates", file.display()))
    };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused(&error.to_string()))?;
    if found.is_empty() { Err(refused("no certificate is in it")) } else { Ok(found) }
}

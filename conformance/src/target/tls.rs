//! TLS, for clients of a host that speaks it itself: [`Authority`].

use std::{fmt, io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName},
    },
};

/// Whom a client trusts to vouch for `localhost`.
#[derive(Clone)]
pub struct Authority {
    roots: Arc<RootCertStore>,
}

impl Authority {
    /// That with this certificate, in DER.
    ///
    /// # Errors
    ///
    /// If it cannot be one.
    pub fn new(certificate: &[u8]) -> io::Result<Authority> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(certificate.to_vec()))
            .map_err(io::Error::other)?;
        Ok(Authority {
            roots: Arc::new(roots),
        })
    }

    /// How a client speaks that agrees on `alpn`.
    pub(super) fn config(&self, alpn: &[u8]) -> ClientConfig {
        let mut config = ClientConfig::builder()
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        config
    }

    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        alpn: &[u8],
    ) -> io::Result<TlsStream<TcpStream>> {
        let config = self.config(alpn);
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

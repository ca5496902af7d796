//! TLS by rustls: [`TlsConfig`].

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use enfilade_core::{Connection, ErrorSink, HostError, Tls};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ProtocolVersion, ServerConfig, ServerConnection},
};

use crate::{
    Listen,
    door::{Handshake, Shaking},
    proofs::Proofs,
    sniff::Spoken,
    stream::Stream,
    upkeep::Work,
};

#[cfg(feature = "acme")]
mod acme;
mod by_name;
mod examination;
mod files;
mod keeper;
mod stamp;

#[cfg(feature = "acme")]
pub use acme::{Acme, Challenge};

use keeper::Keeper;
use stamp::Stamp;

/// How a listener speaks TLS: 1.2 and 1.3, with HTTP/2 or HTTP/1.1 as the client prefers (ALPN).
///
/// The cryptography is that of aws-lc-rs, whatever the process's default is.
///
/// ```
/// use enfilade_server::{Listen, Server, TlsConfig};
///
/// let tls = TlsConfig::from_pem("chain.pem", "key.pem");
/// let server = Server::bind("[::]:80").and_bind(Listen::at("[::]:443").with_tls(tls));
/// # let _ = server;
/// ```
///
/// How long a client may take for the handshake is one of the [`Limits`](crate::Limits). What was
/// agreed on is in the environ: [`Connection::tls`].
#[derive(Clone, Debug)]
pub struct TlsConfig {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Files(files::Files),
    Ready(Arc<ServerConfig>),
}

impl TlsConfig {
    /// A chain of certificates, the server's own first, and its private key, from PEM files
    /// (PKCS #8, PKCS #1 or SEC1).
    ///
    /// They are read when the server starts, again when SIGHUP comes, where the server listens to
    /// signals, and within ten seconds where they have changed. What cannot be used then is
    /// reported, and what was there stays in use. Open connections are not touched.
    #[must_use]
    pub fn from_pem(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> TlsConfig {
        TlsConfig::none().and_pem(chain, key)
    }

    fn none() -> TlsConfig {
        TlsConfig {
            source: Source::Files(files::Files::default()),
        }
    }

    /// One more chain and key, for clients that ask for a name of its certificate (SNI). The first
    /// is for all others.
    ///
    /// # Panics
    ///
    /// If the configuration is rustls's own, which chooses certificates by itself.
    #[must_use]
    pub fn and_pem(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> TlsConfig {
        self.files().add(chain.into(), key.into());
        self
    }

    /// A configuration of rustls's own, taken as it is: its `alpn_protocols` say whether HTTP/2 is
    /// offered.
    #[must_use]
    pub const fn from_rustls(config: Arc<ServerConfig>) -> TlsConfig {
        TlsConfig {
            source: Source::Ready(config),
        }
    }

    /// Asks clients for a certificate, and refuses those without one that an authority of the PEM
    /// file `authorities` has signed: mutual TLS. By default clients are not asked.
    ///
    /// # Panics
    ///
    /// If the configuration is rustls's own, which says by itself whether it asks.
    #[must_use]
    pub fn with_client_authorities(self, authorities: impl Into<PathBuf>) -> TlsConfig {
        self.asking(authorities.into(), true)
    }

    /// The same, but a client may come without a certificate. A bad one is refused.
    ///
    /// # Panics
    ///
    /// If the configuration is rustls's own.
    #[must_use]
    pub fn with_optional_client_authorities(self, authorities: impl Into<PathBuf>) -> TlsConfig {
        self.asking(authorities.into(), false)
    }

    fn asking(mut self, authorities: PathBuf, required: bool) -> TlsConfig {
        self.files().ask_clients(authorities, required);
        self
    }

    fn files(&mut self) -> &mut files::Files {
        match &mut self.source {
            Source::Files(files) => files,
            Source::Ready(_) => panic!("a configuration of rustls's own is taken as it is"),
        }
    }

    fn prepare(self) -> Result<Arc<dyn Handshake>, HostError> {
        let (config, files) = match self.source {
            Source::Files(files) => {
                let stamp = Stamp::of(files.paths());
                for keeper in files.keepers() {
                    keeper.open()?;
                }
                (Arc::new(files.load()?), Some((files, Mutex::new(stamp))))
            }
            Source::Ready(config) => (config, None),
        };
        Ok(Arc::new(TlsHandshake {
            config: RwLock::new(config),
            files,
        }))
    }
}

impl Listen {
    /// Speaks TLS here, and nothing else.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Listen {
        self.handshake = Some(Box::new(|| tls.prepare()));
        self
    }
}

struct TlsHandshake {
    config: RwLock<Arc<ServerConfig>>,
    /// What it was made of, and what that looked like then.
    files: Option<(files::Files, Mutex<Stamp>)>,
}

impl Handshake for TlsHandshake {
    fn shake(&self, stream: Stream, mut facts: Connection) -> Shaking {
        let config = self.config();
        let examined: Vec<_> = self
            .keepers()
            .iter()
            .filter(|keeper| keeper.is_examined())
            .cloned()
            .collect();
        Box::pin(async move {
            // Who cannot agree on TLS is told so by TLS.
            let stream = if examined.is_empty() {
                TlsAcceptor::from(config).accept(stream).await.ok()?
            } else {
                examination::shake(stream, config, examined).await?
            };
            let (_, agreed) = stream.get_ref();
            let spoken = match agreed.alpn_protocol() {
                Some(b"h2") => Spoken::Http2,
                _ => Spoken::Http1,
            };
            facts.tls = Some(Arc::new(describe(agreed)));
            Some((Stream::Other(Box::new(stream)), facts, spoken))
        })
    }

    fn reload(&self, forced: bool) -> Result<(), HostError> {
        let Some((files, seen)) = &self.files else {
            return Ok(());
        };
        // What is wrong with one keeps no other from being taken up.
        let mut kept = Ok(());
        for keeper in files.keepers() {
            kept = kept.and(keeper.reload(forced));
        }
        let stamp = Stamp::of(files.paths());
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if forced || *seen != stamp {
            // Kept also where they cannot be used, so that it is reported once.
            *seen = stamp;
            self.take_up(files.load()?);
        }
        kept
    }

    fn proofs(&self) -> Vec<Arc<dyn Proofs>> {
        let keepers = self.keepers().iter();
        keepers.filter_map(|keeper| keeper.proofs()).collect()
    }

    fn works(&self, errors: &Arc<dyn ErrorSink>) -> Vec<Work> {
        let keepers = self.keepers().iter().cloned();
        keepers
            .map(|keeper| keeper.work(Arc::clone(errors)))
            .collect()
    }

    #[cfg(feature = "http3")]
    fn current(&self) -> Arc<ServerConfig> {
        self.config()
    }
}

impl TlsHandshake {
    fn keepers(&self) -> &[Arc<dyn Keeper>] {
        self.files
            .as_ref()
            .map_or(&[], |(files, _)| files.keepers())
    }

    fn config(&self) -> Arc<ServerConfig> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&config)
    }

    /// Connections that are open go on as they were agreed on.
    fn take_up(&self, config: ServerConfig) {
        let mut current = self.config.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(config);
    }
}

fn describe(agreed: &ServerConnection) -> Tls {
    let mut tls = Tls::default();
    tls.version = agreed.protocol_version().map(|version| match version {
        ProtocolVersion::TLSv1_2 => Arc::from("TLSv1.2"),
        ProtocolVersion::TLSv1_3 => Arc::from("TLSv1.3"),
        other => Arc::from(format!("{other:?}")),
    });
    tls.alpn = agreed.alpn_protocol().map(Arc::from);
    tls.sni = agreed.server_name().map(Arc::from);
    tls.client_certificates = agreed
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|certificate| certificate.to_vec())
        .collect();
    tls
}

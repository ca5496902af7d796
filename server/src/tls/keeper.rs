//! Certificates that the server sees to by itself: [`Keeper`].

use std::{fmt::Debug, sync::Arc};

use enfilade_core::{ErrorSink, HostError};
use tokio_rustls::rustls::{ServerConfig, server::ClientHello, sign::CertifiedKey};

use crate::{proofs::Proofs, upkeep::Work};

/// Gets certificates, and renews them, while the server runs.
pub(super) trait Keeper: Debug + Send + Sync {
    /// Checks what it was told, and takes up the certificates that are stored.
    fn open(&self) -> Result<(), HostError>;

    /// Takes up what is stored, where that has changed or is `forced`.
    fn reload(&self, forced: bool) -> Result<(), HostError>;

    /// Whether certificates for this name are its affair.
    fn keeps(&self, name: &str) -> bool;

    /// The certificate for a name, if there is one yet.
    fn find(&self, name: &str) -> Option<Arc<CertifiedKey>>;

    /// A certificate for who asks for no name.
    fn first(&self) -> Option<Arc<CertifiedKey>>;

    /// Whether an authority may be about to look at the server by TLS.
    fn is_examined(&self) -> bool;

    /// How to speak TLS with an authority that looks at the server.
    fn examination(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>>;

    /// Shows an authority by HTTP what it looks for, where that is the way.
    fn proofs(&self) -> Option<Arc<dyn Proofs>>;

    /// Renews certificates in time.
    fn work(self: Arc<Self>, errors: Arc<dyn ErrorSink>) -> Work;
}

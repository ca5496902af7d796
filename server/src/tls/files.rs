//! Certificates and keys, from PEM files: [`Files`].

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use enfilade_core::HostError;
use tokio_rustls::rustls::{
    Error, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

/// Where the certificates and the key are, and whose clients are let in.
#[derive(Clone, Debug)]
pub(super) struct Files {
    chain: PathBuf,
    key: PathBuf,
    clients: Option<Clients>,
}

#[derive(Clone, Debug)]
struct Clients {
    authorities: PathBuf,
    required: bool,
}

impl Files {
    pub(super) const fn new(chain: PathBuf, key: PathBuf) -> Files {
        Files {
            chain,
            key,
            clients: None,
        }
    }

    pub(super) fn ask_clients(&mut self, authorities: PathBuf, required: bool) {
        self.clients = Some(Clients {
            authorities,
            required,
        });
    }

    /// Reads the files, and checks that they belong together.
    pub(super) fn load(&self) -> Result<ServerConfig, HostError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&self.chain)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unreadable("private key", "PRIVATE KEY", &self.key, error))?;
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                HostError::new("the cryptography here lacks TLS 1.2 or 1.3").because(error)
            })?;
        let config = match &self.clients {
            Some(clients) => config.with_client_cert_verifier(clients.verifier(provider)?),
            None => config.with_no_client_auth(),
        };
        let mut config = config
            .with_single_cert(chain, key)
            .map_err(|error| self.unfit(error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn unfit(&self, error: Error) -> HostError {
        let (chain, key) = (self.chain.display(), self.key.display());
        HostError::new(match error {
            Error::InconsistentKeys(_) => format!(
                "the private key in {key} does not belong to the first certificate in {chain}; \
                 give the key that the certificate was asked for with, and the server's own \
                 certificate first"
            ),
            _ => format!("the certificate in {chain} or the private key in {key} cannot be used"),
        })
        .because(error)
    }
}

impl Clients {
    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, HostError> {
        let mut roots = RootCertStore::empty();
        let unfit = || {
            let path = self.authorities.display();
            HostError::new(format!(
                "a certificate in {path} cannot be an authority for clients"
            ))
        };
        for authority in certificates(&self.authorities)? {
            roots
                .add(authority)
                .map_err(|error| unfit().because(error))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = if self.required {
            verifier
        } else {
            verifier.allow_unauthenticated()
        };
        verifier.build().map_err(|error| unfit().because(error))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HostError> {
    let unreadable = |error| unreadable("certificate", "CERTIFICATE", path, error);
    let found = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if found.is_empty() {
        return Err(unreadable(pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn unreadable(what: &str, mark: &str, path: &Path, error: pem::Error) -> HostError {
    let path = path.display();
    let message = match &error {
        pem::Error::Io(_) => format!("cannot read the {what} in {path}"),
        pem::Error::NoItemsFound => format!(
            "there is no {what} in {path}: a PEM file has one between lines such as \
             `-----BEGIN {mark}-----` and `-----END {mark}-----`"
        ),
        _ => format!("the {what} in {path} is not written as PEM"),
    };
    HostError::new(message).because(error)
}

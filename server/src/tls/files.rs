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
    sign::CertifiedKey,
};

use super::{by_name::ByName, keeper::Keeper};

/// Where the certificates and the keys are, and whose clients are let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// Chains and their keys; the first is for whoever asks for no name of the others.
    pairs: Vec<Pair>,
    clients: Option<Clients>,
    /// Who sees to certificates beside them.
    keepers: Vec<Arc<dyn Keeper>>,
}

#[derive(Clone, Debug)]
struct Pair {
    chain: PathBuf,
    key: PathBuf,
}

#[derive(Clone, Debug)]
struct Clients {
    authorities: PathBuf,
    required: bool,
}

impl Files {
    pub(super) fn add(&mut self, chain: PathBuf, key: PathBuf) {
        self.pairs.push(Pair { chain, key });
    }

    #[cfg_attr(not(feature = "acme"), allow(dead_code, reason = "nobody sees to any"))]
    pub(super) fn keep(&mut self, keeper: Arc<dyn Keeper>) {
        self.keepers.push(keeper);
    }

    pub(super) fn keepers(&self) -> &[Arc<dyn Keeper>] {
        &self.keepers
    }

    pub(super) fn ask_clients(&mut self, authorities: PathBuf, required: bool) {
        self.clients = Some(Clients {
            authorities,
            required,
        });
    }

    /// All of them.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let authorities = self.clients.iter().map(|clients| &*clients.authorities);
        let pairs = self
            .pairs
            .iter()
            .flat_map(|pair| [&*pair.chain, &*pair.key]);
        pairs.chain(authorities)
    }

    /// Reads the files, and checks that they belong together.
    pub(super) fn load(&self) -> Result<ServerConfig, HostError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificates = self
            .pairs
            .iter()
            .map(|pair| pair.load(&provider))
            .collect::<Result<Vec<_>, _>>()?;
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                HostError::new("the cryptography here lacks TLS 1.2 or 1.3").because(error)
            })?;
        let config = match &self.clients {
            Some(clients) => config.with_client_cert_verifier(clients.verifier(provider)?),
            None => config.with_no_client_auth(),
        };
        let mut config =
            config.with_cert_resolver(Arc::new(ByName::new(certificates, self.keepers.clone())));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Its keys change every six hours. rustls resumes a session only for the name that it was
        // begun with, and a configuration has one policy for clients, so none is walked around.
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(|error| {
            HostError::new("cannot make a key for session tickets").because(error)
        })?;
        Ok(config)
    }
}

impl Pair {
    fn load(&self, provider: &CryptoProvider) -> Result<(CertifiedKey, Vec<String>), HostError> {
        let chain = certificates(&self.chain)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unreadable("private key", "PRIVATE KEY", &self.key, error))?;
        let names = names(&chain);
        let certified = CertifiedKey::from_der(chain, key, provider);
        Ok((certified.map_err(|error| self.unfit(error))?, names))
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

/// The names that a chain's own certificate is for. One that names none in a way that is known is
/// for whoever asks for no other.
fn names(chain: &[CertificateDer<'_>]) -> Vec<String> {
    let own = chain.first().map(webpki::EndEntityCert::try_from);
    match own {
        Some(Ok(own)) => own.valid_dns_names().map(str::to_ascii_lowercase).collect(),
        _ => Vec::new(),
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

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HostError> {
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

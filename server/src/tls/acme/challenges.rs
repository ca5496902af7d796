//! What authorities are shown while they look at the server: [`Challenges`].

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use enfilade_core::HostError;
use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::PrivateKeyDer,
    server::ClientHello,
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::proofs::Proofs;

/// The application protocol of an authority that looks at the server.
const ALPN: &[u8] = b"acme-tls/1";

/// Where an authority looks by HTTP, before the token.
const PATH: &str = "/.well-known/acme-challenge/";

/// What is shown at the moment.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    /// By HTTP: key authorizations, by their tokens.
    tokens: Table<String>,
    /// By TLS, for names in lower case.
    names: Table<Arc<ServerConfig>>,
}

impl Challenges {
    /// Shows by HTTP that `token` is known, until the guard is dropped (RFC 8555, section 8.3).
    pub(super) fn show_by_http(
        self: &Arc<Challenges>,
        token: &str,
        authorization: &KeyAuthorization,
    ) -> Shown {
        let text = authorization.as_str().to_owned();
        self.tokens.insert(token.to_owned(), text);
        Shown::Token(Arc::clone(self), token.to_owned())
    }

    /// Shows by TLS, until the guard is dropped, a certificate for `name` that nobody has signed
    /// (RFC 8737, section 3).
    pub(super) fn show_by_tls(
        self: &Arc<Challenges>,
        name: &str,
        authorization: &KeyAuthorization,
    ) -> Result<Shown, HostError> {
        let config = examination(name, authorization.digest().as_ref())?;
        self.names.insert(name.to_owned(), Arc::new(config));
        Ok(Shown::Name(Arc::clone(self), name.to_owned()))
    }

    pub(super) fn are_shown_by_tls(&self) -> bool {
        !self.names.is_empty()
    }

    /// How to speak TLS with a client that is an authority: it offers the one protocol, and no
    /// other.
    pub(super) fn examination(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        if !hello.alpn()?.eq([ALPN]) {
            return None;
        }
        self.names.get(&hello.server_name()?.to_ascii_lowercase())
    }
}

impl Proofs for Challenges {
    fn at(&self, path: &str) -> Option<String> {
        self.tokens.get(path.strip_prefix(PATH)?)
    }
}

/// Ends the showing when it is dropped.
#[must_use]
pub(super) enum Shown {
    Token(Arc<Challenges>, String),
    Name(Arc<Challenges>, String),
}

impl Drop for Shown {
    fn drop(&mut self) {
        match self {
            Shown::Token(challenges, token) => challenges.tokens.remove(token),
            Shown::Name(challenges, name) => challenges.names.remove(name),
        }
    }
}

fn examination(name: &str, digest: &[u8]) -> Result<ServerConfig, HostError> {
    let unfit = || HostError::new(format!("cannot make a certificate to prove {name} with"));
    let made = CertificateParams::new([name.to_owned()]).and_then(|mut params| {
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        Ok((params.self_signed(&key)?, key))
    });
    let (certificate, key) = made.map_err(|error| unfit().because(error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = provider
        .key_provider
        .load_private_key(PrivateKeyDer::from(key))
        .map_err(|error| unfit().because(error))?;
    // Unchecked: rustls does not know the extension, which is critical.
    let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit().because(error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

/// Few entries, which come and go.
#[derive(Debug)]
struct Table<V>(RwLock<HashMap<String, V>>);

impl<V> Default for Table<V> {
    fn default() -> Table<V> {
        Table(RwLock::default())
    }
}

impl<V: Clone> Table<V> {
    fn get(&self, key: &str) -> Option<V> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(key).cloned()
    }

    fn is_empty(&self) -> bool {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.is_empty()
    }

    fn insert(&self, key: String, value: V) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.insert(key, value);
    }

    fn remove(&self, key: &str) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.remove(key);
    }
}

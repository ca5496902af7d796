//! Certificates of an authority that nobody else knows.

use std::path::{Path, PathBuf};

use enfilade_server::TlsConfig;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// The authority's certificate, and those of `localhost`, of `other.example` and of a client.
pub struct Certificates {
    directory: PathBuf,
    _kept: Option<TempDir>,
}

impl Certificates {
    pub fn new() -> Certificates {
        let kept = tempfile::tempdir().expect("a directory");
        let files = Certificates {
            directory: kept.path().to_owned(),
            _kept: Some(kept),
        };
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = "an authority";
        authority.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
        files.write("authority.pem", &authority.pem());
        for (file, name) in [
            ("server", "localhost"),
            ("other", "other.example"),
            ("client", "a client"),
        ] {
            let key = KeyPair::generate().expect("a key");
            let certificate = CertificateParams::new(vec![name.to_owned()])
                .and_then(|params| params.signed_by(&key, &authority))
                .expect("a certificate");
            files.write(&format!("{file}.pem"), &certificate.pem());
            files.write(&format!("{file}.key"), &key.serialize_pem());
        }
        files
    }

    /// Those that somebody else has made.
    pub fn at(directory: PathBuf) -> Certificates {
        Certificates {
            directory,
            _kept: None,
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    pub fn tls(&self) -> TlsConfig {
        TlsConfig::from_pem(self.path("server.pem"), self.path("server.key"))
    }

    /// Shows the certificate of `other` where that of `localhost` was.
    pub fn renew(&self) {
        for end in ["pem", "key"] {
            let renewed = std::fs::read(self.path(&format!("other.{end}"))).expect("a file");
            std::fs::write(self.path(&format!("server.{end}")), renewed).expect("a file");
        }
    }

    /// A client of HTTP/3 that trusts the authority, with its own certificate if it shall have one.
    pub fn client(&self, known: bool) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.path("authority.pem"));
        roots.add(authority.expect("PEM")).expect("an authority");
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = if known {
            let chain = CertificateDer::from_pem_file(self.path("client.pem")).expect("PEM");
            let key = PrivateKeyDer::from_pem_file(self.path("client.key")).expect("PEM");
            config
                .with_client_auth_cert(vec![chain], key)
                .expect("they belong together")
        } else {
            config.with_no_client_auth()
        };
        config.alpn_protocols = vec![b"h3".to_vec()];
        config
    }
}

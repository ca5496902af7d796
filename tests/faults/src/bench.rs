//! What the rows have in common: [`Bench`].

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore},
};

/// How the rows are run, and the certificate of the sites.
pub(crate) struct Bench {
    /// Whether the counts and the deadlines are the real ones.
    pub(crate) is_long: bool,
    folder: TempDir,
    roots: RootCertStore,
}

impl Bench {
    pub(crate) fn new(is_long: bool) -> Result<Bench> {
        raise_files();
        let folder = tempfile::Builder::new().prefix("faults").tempdir()?;
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()])?;
        std::fs::write(folder.path().join("chain.pem"), cert.pem())?;
        std::fs::write(folder.path().join("key.pem"), signing_key.serialize_pem())?;
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone())?;
        Ok(Bench {
            is_long,
            folder,
            roots,
        })
    }

    /// `long` in the long run, else `quick`.
    pub(crate) fn of<T>(&self, long: T, quick: T) -> T {
        if self.is_long { long } else { quick }
    }

    /// A place for files, which is gone afterwards.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A disk of 64 KiB, where there are namespaces of its own for the run; send buffers are small
    /// there, too.
    pub(crate) fn disk(&self) -> Result<PathBuf, String> {
        std::env::var_os("FAULTS_DISK")
            .map(PathBuf::from)
            .ok_or_else(|| {
                "needs namespaces of its own: run as root, by `tests/faults/run`".to_owned()
            })
    }

    /// The program beside this one.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let path = std::env::current_exe()?.with_file_name("faults-site");
        anyhow::ensure!(
            path.exists(),
            "{} is missing: build it, too",
            path.display()
        );
        Ok(path)
    }

    /// A client's TLS that offers this protocol.
    pub(crate) fn connector(&self, protocol: &str) -> TlsConnector {
        let mut config = ClientConfig::builder()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// As many files as this process may open, with the right to ask for them.
fn raise_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where that is refused, rows that need more say so.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Whether so many files can be opened here, and some to spare.
pub(crate) fn can_open(files: u64) -> Result<(), String> {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if most >= files + 100 {
        Ok(())
    } else {
        Err(format!(
            "{files} connections need that many files, and {most} may be opened"
        ))
    }
}

/// A row's sum of bytes as people read it.
pub(crate) fn kilobytes(bytes: i64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "it is printed")]
    let kilobytes = bytes as f64 / 1024.0;
    format!("{kilobytes:.1} kB")
}

/// The sum of a run's parts, where each may fail.
pub(crate) async fn all<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Result<Vec<T>> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.context("a client panicked")?);
    }
    Ok(results)
}

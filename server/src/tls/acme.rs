//! Certificates from an authority, by itself: [`Acme`].

use std::{fmt, path::PathBuf, time::Duration};

use enfilade_core::HostError;

use super::TlsConfig;

mod account;
mod attempt;
mod certificate;
mod certificates;
mod challenges;
mod client;
mod external;
mod held;
mod names;
mod patience;
mod storage;

use certificates::Certificates;
use external::External;

/// Certificates that the server gets from an authority by itself, and renews: ACME ([RFC 8555]).
///
/// ```no_run
/// use enfilade_core::{HostError, Request};
/// use enfilade_server::{Acme, Listen, Server, TlsConfig};
///
/// fn main() -> Result<(), HostError> {
///     let acme = Acme::new(["example.org", "www.example.org"], "/var/lib/site/acme")
///         .with_contact("mailto:admin@example.org")
///         .with_terms_agreed();
///     let https = Listen::at("[::]:443").with_tls(TlsConfig::from_acme(acme));
///     Server::bind(https).run(async |_: Request| "hello")
/// }
/// ```
///
/// Each name has a certificate of its own, so one that cannot be proven keeps no other from its
/// own. A certificate is renewed when two thirds of its time have gone by, and shown from the next
/// handshake on: no connection is dropped.
///
/// # Before the first certificate
///
/// The server listens at once. Until there is a certificate for a name, handshakes for it are
/// refused by a TLS alert, and the error stream says what is waited for. One that is stored is used
/// without asking anybody.
///
/// # How the authority looks
///
/// By default it opens a TLS connection to port 443 of each name, and is shown a certificate made
/// for this ([RFC 8737]); it never reaches the app. With [`Challenge::Http01`] it asks by HTTP at
/// port 80, and any listener of the server answers `/.well-known/acme-challenge/` with a token that
/// is waited for; all else is the app's. Behind a router or a balancer, that port must lead to this
/// server.
///
/// # When it fails
///
/// It is tried again after a minute, then after twice as long each time, up to six hours, with a
/// quarter of it by chance on top; and not before the authority's `Retry-After`, if that is a day
/// away at most. The error stream has what the authority says. The server goes on with what it has,
/// even where that has ended.
///
/// # Storage
///
/// A folder has the account and, in one file each, private keys with their chains. It is made for
/// the process's user alone (mode 0700, files 0600), and one that others may read is an error when
/// the server starts. Where there are no such modes (Windows), who may read it is the folder's own
/// matter. Files are replaced as a whole. Several processes may share a folder: one asks for a
/// certificate, and the others take it up within ten seconds; but the authority must come to the
/// one that asks.
///
/// [RFC 8555]: https://www.rfc-editor.org/rfc/rfc8555
/// [RFC 8737]: https://www.rfc-editor.org/rfc/rfc8737
#[derive(Clone, Debug)]
pub struct Acme {
    names: Vec<String>,
    storage: PathBuf,
    directory: String,
    authorities: Option<PathBuf>,
    contacts: Vec<String>,
    external: Option<External>,
    agreed: bool,
    challenge: Challenge,
    first_wait: Duration,
    longest_wait: Duration,
}

/// How an authority finds out that a name is this server's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Challenge {
    /// By TLS, at port 443 of the name ([RFC 8737](https://www.rfc-editor.org/rfc/rfc8737)): the
    /// default, since it needs no other listener.
    #[default]
    TlsAlpn01,
    /// By HTTP, at port 80 of the name ([RFC 8555, section 8.3]). It needs a listener without TLS,
    /// such as `Server::bind(..).and_bind("[::]:80")`.
    ///
    /// [RFC 8555, section 8.3]: https://www.rfc-editor.org/rfc/rfc8555#section-8.3
    Http01,
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Challenge::TlsAlpn01 => "tls-alpn-01",
            Challenge::Http01 => "http-01",
        })
    }
}

impl Acme {
    /// The directory of Let's Encrypt: the default.
    pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

    /// The directory of Let's Encrypt for trying things out: no client believes its certificates,
    /// and it limits nobody who gets something wrong.
    pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

    /// Certificates for `names`, kept in the folder `storage`.
    ///
    /// A name is that of one host: no address, and no wildcard, which is proven by DNS alone. Names
    /// that are not ASCII are written with `xn--`. What cannot be asked for is an error when the
    /// server starts.
    #[must_use]
    pub fn new<N: Into<String>>(
        names: impl IntoIterator<Item = N>,
        storage: impl Into<PathBuf>,
    ) -> Acme {
        Acme {
            names: names.into_iter().map(Into::into).collect(),
            storage: storage.into(),
            directory: Acme::LETS_ENCRYPT.to_owned(),
            authorities: None,
            contacts: Vec::new(),
            external: None,
            agreed: false,
            challenge: Challenge::default(),
            first_wait: Duration::from_secs(60),
            longest_wait: Duration::from_secs(6 * 60 * 60),
        }
    }

    /// Agrees to the authority's terms of service, for whoever runs the server. Read them first:
    /// the authority's directory names them. Without it the server does not start.
    #[must_use]
    pub const fn with_terms_agreed(mut self) -> Acme {
        self.agreed = true;
        self
    }

    /// An address, such as `mailto:admin@example.org`, where the authority can tell of problems
    /// with the account. By default there is none.
    #[must_use]
    pub fn with_contact(mut self, url: impl Into<String>) -> Acme {
        self.contacts.push(url.into());
        self
    }

    /// Binds the account to one that the authority has given already, by its name and its key, which
    /// is written in base64url ([RFC 8555, section 7.3.4]): some authorities want that. By default
    /// there is none.
    ///
    /// [RFC 8555, section 7.3.4]: https://www.rfc-editor.org/rfc/rfc8555#section-7.3.4
    #[must_use]
    pub fn with_external_account(mut self, id: impl Into<String>, key: impl Into<String>) -> Acme {
        self.external = Some(External::new(id.into(), key.into()));
        self
    }

    /// The URL of the authority's directory, with https. By default [`Acme::LETS_ENCRYPT`].
    #[must_use]
    pub fn with_directory(mut self, url: impl Into<String>) -> Acme {
        self.directory = url.into();
        self
    }

    /// Whose certificates are believed where the authority is asked, from a PEM file: for an
    /// authority of one's own. By default those that the system believes.
    #[must_use]
    pub fn with_directory_authorities(mut self, pem: impl Into<PathBuf>) -> Acme {
        self.authorities = Some(pem.into());
        self
    }

    /// How the authority finds out that the names are this server's. By default
    /// [`Challenge::TlsAlpn01`].
    #[must_use]
    pub const fn with_challenge(mut self, challenge: Challenge) -> Acme {
        self.challenge = challenge;
        self
    }

    /// How long to wait after a first failure, and at most: a minute and six hours by default. It is a
    /// tenth of a second in any case.
    ///
    /// Authorities limit failures: Let's Encrypt lets a name fail five times an hour.
    #[must_use]
    pub const fn with_waits(mut self, first: Duration, longest: Duration) -> Acme {
        self.first_wait = first;
        self.longest_wait = longest;
        self
    }

    /// What can be seen before anybody is asked.
    fn check(&self) -> Result<(), HostError> {
        let directory = &self.directory;
        if !self.agreed {
            return Err(HostError::new(format!(
                "an authority gives certificates to those who agree to its terms of service: read \
                 those of {directory}, and say Acme::with_terms_agreed()"
            )));
        }
        let url = directory.parse::<http::Uri>();
        let url = url.map_err(|error| {
            HostError::new(format!("the directory {directory:?} is no URL")).because(error)
        })?;
        if url.scheme_str() != Some("https") {
            return Err(HostError::new(format!(
                "the directory {directory:?} must be asked by https (RFC 8555, section 6.1)"
            )));
        }
        if let Some(contact) = self.contacts.iter().find(|contact| !contact.contains(':')) {
            return Err(HostError::new(format!(
                "the contact {contact:?} is no URL: write mailto:{contact}"
            )));
        }
        if let Some(external) = &self.external {
            external.key()?;
        }
        // Read again whenever the authority is asked.
        self.authorities
            .as_deref()
            .map_or(Ok(()), |path| client::Client::new(Some(path)).map(drop))
    }
}

impl TlsConfig {
    /// Certificates that an authority gives, and renews, while the server runs.
    ///
    /// Listeners with clones of one configuration share the certificates.
    #[must_use]
    pub fn from_acme(acme: Acme) -> TlsConfig {
        TlsConfig::none().and_acme(acme)
    }

    /// More of them, for clients that ask for one of their names (SNI). Files with certificates for
    /// the same name go before; who asks for another name is shown the first file, or where there
    /// are none the first of these.
    ///
    /// # Panics
    ///
    /// If the configuration is rustls's own, which chooses certificates by itself.
    #[must_use]
    pub fn and_acme(mut self, acme: Acme) -> TlsConfig {
        self.files().keep(Certificates::new(acme));
        self
    }
}

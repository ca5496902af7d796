//! What differs from the defaults: [`Settings`].

use std::{env, io, path::PathBuf, time::Duration};

use enfilade_core::HostError;
use enfilade_middleware::{AccessLog, Format, LogFile};
use enfilade_server::{Limits, Listen, Server, TlsConfig};

/// The variables of the environment that say how to serve, all of them optional.
pub(crate) struct Settings {
    /// `SITE_CERTIFICATE`: the folder with `chain.pem` and `key.pem` of a second listener.
    certificate: Option<PathBuf>,
    /// `SITE_LIMITS`: what differs from the default [`Limits`], as JSON.
    limits: Limits,
    /// `SITE_LOG`: the file of the access log; `-` is the standard output. By default there is
    /// none.
    log: Option<PathBuf>,
    /// `SITE_GRACE`: seconds that requests have after SIGTERM.
    grace: Option<Duration>,
    /// `SITE_HALF_CLOSE`: seconds until a client that closed its side has left.
    half_close: Option<Duration>,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Settings, HostError> {
        let limits = env::var("SITE_LIMITS").unwrap_or_else(|_| "{}".to_owned());
        Ok(Settings {
            certificate: env::var_os("SITE_CERTIFICATE").map(PathBuf::from),
            limits: serde_json::from_str(&limits)
                .map_err(|error| HostError::new("SITE_LIMITS is wrong").because(error))?,
            log: env::var_os("SITE_LOG").map(PathBuf::from),
            grace: seconds("SITE_GRACE")?,
            half_close: seconds("SITE_HALF_CLOSE")?,
        })
    }

    pub(crate) fn log(&self) -> io::Result<Option<AccessLog>> {
        let open = |path: &PathBuf| match path.to_str() {
            Some("-") => AccessLog::stdout(Format::Combined),
            _ => Ok(AccessLog::file(Format::Combined, LogFile::open(path)?)),
        };
        self.log.as_ref().map(open).transpose()
    }

    pub(crate) fn server(self) -> Result<Server, HostError> {
        let mut server = Server::bind("127.0.0.1:0").with_limits(self.limits);
        if let Some(folder) = self.certificate {
            let tls = TlsConfig::from_pem(folder.join("chain.pem"), folder.join("key.pem"));
            server = server.and_bind(Listen::at("127.0.0.1:0").with_tls(tls));
        }
        if let Some(grace) = self.grace {
            server = server.with_grace(grace);
        }
        if let Some(patience) = self.half_close {
            server = server.with_half_close(patience);
        }
        Ok(server)
    }
}

fn seconds(name: &str) -> Result<Option<Duration>, HostError> {
    let Ok(text) = env::var(name) else {
        return Ok(None);
    };
    let seconds = text
        .parse()
        .map_err(|error| HostError::new(format!("{name} is no number")).because(error))?;
    Ok(Some(Duration::from_secs_f64(seconds)))
}

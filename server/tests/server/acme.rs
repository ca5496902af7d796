//! Certificates from an authority (RFC 8555), by a real one.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use enfilade_core::{Request, RequestExt};
use enfilade_server::{Acme, Challenge, Listen, Server, TlsConfig};
use tempfile::TempDir;

use crate::support::{Running, curl};

mod pebble;

use pebble::{Authority, soon};

const NAME: &str = "one.example.test";

/// A server's sockets, which are open before the server is: so an authority can be told of them.
struct Site {
    http: TcpListener,
    tls: TcpListener,
    authority: Authority,
    folder: TempDir,
}

impl Site {
    fn new() -> Site {
        let listener = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let (http, tls) = (listener(), listener());
        Site {
            authority: Authority::looking_at(port(&http), port(&tls)),
            http,
            tls,
            folder: tempfile::tempdir().expect("a directory"),
        }
    }

    fn storage(&self) -> PathBuf {
        self.folder.path().join("acme")
    }

    fn acme(&self, names: &[&str]) -> Acme {
        Acme::new(names.iter().copied(), self.storage())
            .with_contact("mailto:admin@example.test")
            .with_directory(self.authority.directory())
            .with_directory_authorities(self.authority.roots())
            .with_waits(Duration::from_millis(200), Duration::from_secs(1))
            .with_terms_agreed()
    }

    fn serve(&self, tls: TlsConfig) -> Running {
        let http = Listen::from(self.http.try_clone().expect("a descriptor"));
        let https = Listen::from(self.tls.try_clone().expect("a descriptor")).with_tls(tls);
        Running::with(
            Server::bind(http).and_bind(https),
            async |request: Request| format!("the app at {}", request.path_info()),
        )
    }
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_certificate_comes_by_tls_as_soon_as_the_authority_is_there() {
    let site = Site::new();
    let server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    let failed = |line: &String| line.starts_with("cannot get a certificate for");
    assert!(soon(|| server.errors.lines().iter().any(failed)));
    let lines = server.errors.lines();
    println!("{lines:#?}");
    let port = port(&site.tls);
    let refused = curl(&["--insecure", &format!("https://localhost:{port}/")]);
    println!("{refused}");
    let pebble = site.authority.start(&[]);
    let served = soon(|| pebble.curl(NAME, port) == "the app at /");
    println!("{:#?} {}", server.errors.lines(), pebble.said());
    assert!(served);
    assert_eq!(pebble.given(), 1);
}
#[allow(unused)]
fn x(_: Challenge, _: &Path) {}

//! Certificates from an authority (RFC 8555), by a real one: Debian's pebble.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use enfilade_core::{Request, RequestExt};
use enfilade_server::{Acme, Challenge, Listen, Server, TlsConfig};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use crate::support::{Running, curl};

mod examination;
mod pebble;
mod settings;
mod trouble;

use pebble::{Authority, are_here, soon};

const NAME: &str = "one.example.test";
const OTHER: &str = "two.example.test";

/// A server's sockets, which are open before the server is: so an authority can be told of them.
struct Site {
    http: TcpListener,
    tls: TcpListener,
    authority: Authority,
    folder: TempDir,
}

impl Site {
    fn new() -> Site {
        let (http, tls) = (listener(), listener());
        let authority = Authority::looking_at(port(&http), port(&tls));
        Site::seen_by(authority, http, tls)
    }

    fn seen_by(authority: Authority, http: TcpListener, tls: TcpListener) -> Site {
        Site {
            http,
            tls,
            authority,
            folder: tempfile::tempdir().expect("a directory"),
        }
    }

    fn storage(&self) -> PathBuf {
        self.folder.path().join("acme")
    }

    /// A file of the storage, by the end of its name.
    fn stored(&self, end: &str) -> PathBuf {
        let mut folders = std::fs::read_dir(self.storage()).expect("it is there");
        let folder = folders.next().expect("one for the authority");
        folder.expect("it can be read").path().join(end)
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
            async |request: Request| format!("{} {}", request.method(), request.path_info()),
        )
    }

    fn port(&self) -> u16 {
        port(&self.tls)
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}

fn mode(path: &Path) -> u32 {
    let found = std::fs::metadata(path).expect("it is there");
    found.permissions().mode() & 0o777
}

fn told(server: &Running) -> String {
    server.errors.lines().join("\n")
}

#[test]
fn a_certificate_comes_by_tls_as_soon_as_the_authority_is_there() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    let server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    assert!(soon(|| told(&server).contains("Connection refused")));
    let lines = server.errors.lines();
    let waiting = format!("waiting for a certificate for {NAME} from https://localhost:");
    assert!(lines[0].starts_with(&waiting), "{lines:#?}");
    let until = "there is none yet, and handshakes for it are refused";
    assert!(lines.iter().all(|line| line.contains(until)), "{lines:#?}");
    // The server listens, and says no by TLS.
    let resolve = format!("{NAME}:{}:127.0.0.1", site.port());
    let url = format!("https://{NAME}:{}/", site.port());
    let refused = curl(&["--insecure", "--resolve", &resolve, &url]);
    assert!(refused.contains("alert access denied"), "{refused}");

    let pebble = site.authority.start(&[]);
    assert!(
        soon(|| pebble.curl(NAME, site.port()) == "GET /"),
        "{}",
        told(&server)
    );
    assert_eq!(pebble.given(), 1);
    let last = server.errors.lines().pop().expect("lines");
    let got = format!("got a certificate for {NAME}: the one in use is good until ");
    assert!(last.starts_with(&got), "{last}");

    assert_eq!(mode(&site.storage()), 0o700);
    assert_eq!(mode(&site.stored("")), 0o700);
    for file in ["account.json", &format!("{NAME}.pem")] {
        assert_eq!(mode(&site.stored(file)), 0o600, "{file}");
    }
}

#[test]
fn certificates_come_by_http_one_for_each_name_and_nonces_that_are_refused_do_not_matter() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    let pebble = site.authority.start(&[("PEBBLE_WFE_NONCEREJECT", "20")]);
    let acme = site.acme(&[NAME, OTHER]).with_challenge(Challenge::Http01);
    let server = site.serve(TlsConfig::from_acme(acme));
    for name in [NAME, OTHER] {
        let served = || pebble.curl(name, site.port()) == "GET /";
        assert!(soon(served), "{}", told(&server));
    }
    // What nobody asked for is the app's.
    let path = "/.well-known/acme-challenge/unknown";
    let answer = curl(&[&format!("http://127.0.0.1:{}{path}", port(&site.http))]);
    assert_eq!(answer, format!("GET {path}"));
}

#[test]
fn what_is_stored_is_used_at_start_and_nobody_is_asked() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    let tls = || TlsConfig::from_acme(site.acme(&[NAME]));
    let pebble = site.authority.start(&[]);
    let server = site.serve(tls());
    assert!(soon(|| pebble.curl(NAME, site.port()) == "GET /"));
    drop(server);
    let asked = pebble.said().matches("GET /dir").count();
    let server = site.serve(tls());
    for _ in 0..3 {
        assert_eq!(pebble.curl(NAME, site.port()), "GET /");
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(told(&server), "");
    assert_eq!(pebble.said().matches("GET /dir").count(), asked);
}

/// A certificate that nobody signed, which is due in some seconds: two thirds of its 300 are over.
fn stored_by_hand(due_in: u64) -> (String, String) {
    let now = SystemTime::now();
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([NAME.to_owned()]).expect("parameters");
    let begin = now - Duration::from_secs(200 - due_in);
    params.not_before = begin.into();
    params.not_after = (begin + Duration::from_secs(300)).into();
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    (format!("{}{certificate}", key.serialize_pem()), certificate)
}

#[test]
fn a_certificate_is_renewed_in_time_and_no_connection_is_dropped() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    // A first start makes the folders; nobody is there to ask yet.
    drop(site.serve(TlsConfig::from_acme(site.acme(&[OTHER]))));
    let pebble = site.authority.start(&[]);
    let (stored, certificate) = stored_by_hand(10);
    let file = site.stored(&format!("{NAME}.pem"));
    std::fs::write(&file, stored).expect("it can be written");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("it is ours");

    let server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    let believed = site.folder.path().join("believed.pem");
    std::fs::write(&believed, certificate).expect("it can be written");
    let mut open = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-CAfile"])
        .arg(&believed)
        .args(["-servername", NAME, "-connect"])
        .arg(format!("127.0.0.1:{}", site.port()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is there");
    let mut say = open.stdin.take().expect("it is piped");
    let mut heard = BufReader::new(open.stdout.take().expect("it is piped"));
    let mut ask = || {
        say.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("it is open");
        let mut status = String::new();
        heard.read_line(&mut status).expect("an answer");
        while heard.fill_buf().expect("an answer") != b"GET /" {
            let mut line = String::new();
            assert_ne!(heard.read_line(&mut line).expect("an answer"), 0);
        }
        heard.consume(5);
        status
    };
    assert_eq!(ask(), "HTTP/1.1 200 OK\r\n");
    assert!(
        soon(|| pebble.curl(NAME, site.port()) == "GET /"),
        "{}",
        told(&server)
    );
    assert_eq!(ask(), "HTTP/1.1 200 OK\r\n");
    assert_eq!(pebble.given(), 1);
    // Nobody waited for it.
    assert_eq!(told(&server), "");
    open.kill().expect("it runs");
    open.wait().expect("it ended");
}

#[test]
fn what_one_server_got_another_takes_up() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    let pebble = site.authority.start(&[]);
    // It believes no authority, so it gets nothing by itself.
    let (_, nobody) = stored_by_hand(100);
    let believed = site.folder.path().join("believed.pem");
    std::fs::write(&believed, nobody).expect("it can be written");
    let acme = site.acme(&[NAME]).with_directory_authorities(believed);
    let tls = TlsConfig::from_acme(acme);
    let other = Running::at(
        Listen::at("127.0.0.1:0").with_tls(tls),
        async |_: Request| "the other",
    );
    assert!(soon(|| told(&other).contains("invalid peer certificate")));
    let _server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    let port = other.addr().port();
    assert!(
        soon(|| pebble.curl(NAME, port) == "the other"),
        "{}",
        told(&other)
    );
    assert_eq!(pebble.given(), 1);
}

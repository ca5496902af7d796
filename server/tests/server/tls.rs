//! TLS: what is agreed on, and who is let in.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use enfilade_core::{Request, RequestExt};
use enfilade_server::{Limits, Listen, Server, TlsConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::support::{Running, curl, eventually};

mod resumption;

/// An authority, a server's certificate and a client's, and a key that belongs to nothing.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(tempfile::tempdir().expect("a directory"));
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
        files.write("authority.pem", &authority.pem());
        for (file, names) in [
            ("server", &["localhost"][..]),
            ("client", &["localhost"]),
            ("other", &["other.example", "*.other.example"]),
        ] {
            let key = KeyPair::generate().expect("a key");
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let certificate = CertificateParams::new(names)
                .and_then(|params| params.signed_by(&key, &authority))
                .expect("a certificate");
            files.write(&format!("{file}.pem"), &certificate.pem());
            files.write(&format!("{file}.key"), &key.serialize_pem());
        }
        let stray = KeyPair::generate().expect("a key");
        files.write("stray.key", &stray.serialize_pem());
        files.write("empty.pem", "nothing\n");
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn config(&self) -> TlsConfig {
        TlsConfig::from_pem(self.path("server.pem"), self.path("server.key"))
    }

    fn curl(&self, server: &Running, more: &[&str]) -> String {
        self.curl_at("localhost", server, more)
    }

    fn curl_at(&self, name: &str, server: &Running, more: &[&str]) -> String {
        let port = server.addr().port();
        let resolve = format!("{name}:{port}:127.0.0.1");
        let url = format!("https://{name}:{port}/");
        let authority = self.text("authority.pem");
        let arguments = ["--cacert", &authority, "--resolve", &resolve, &url];
        curl(&[&arguments[..], more].concat())
    }
}

fn serve(tls: TlsConfig) -> Running {
    serve_within(tls, Limits::default())
}

fn serve_within(tls: TlsConfig, limits: Limits) -> Running {
    Running::with(
        Server::bind(Listen::at("127.0.0.1:0").with_tls(tls)).with_limits(limits),
        async |request: Request| {
            let environ = request.environ();
            let facts = environ.connection();
            let tls = facts.tls.as_ref().expect("TLS was spoken");
            let alpn = tls.alpn.as_deref().unwrap_or_default();
            format!(
                "{:?} {} {} {} {} {}",
                environ.version(),
                facts.scheme,
                tls.version.as_deref().unwrap_or_default(),
                String::from_utf8_lossy(alpn),
                tls.sni.as_deref().unwrap_or_default(),
                tls.client_certificates.len()
            )
        },
    )
}

#[test]
fn early_hints_go_out_under_tls_before_the_answer_is_made() {
    let files = Files::new();
    let listen = Listen::at("127.0.0.1:0").with_tls(files.config());
    let server = Running::at(listen, async |request: Request| {
        let hinted = request.environ().early_hints([("link", "</a.css>")]);
        tokio::time::sleep(Duration::from_millis(20)).await;
        format!("{hinted:?}")
    });
    for version in ["--http1.1", "--http2"] {
        let all = files.curl(&server, &["--include", version]);
        let (hint, answer) = all.split_once("\r\n\r\n").expect("two heads");
        assert!(hint.contains(" 103"), "{version} {all}");
        assert!(hint.ends_with("\r\nlink: </a.css>"), "{version} {all}");
        assert!(answer.ends_with("\r\n\r\nTaken"), "{version} {all}");
    }
}

#[test]
fn the_version_is_agreed_on_and_the_environ_tells_all() {
    let files = Files::new();
    let server = serve(files.config());
    assert_eq!(
        server.addresses[0].to_string(),
        format!("https://{}", server.addr())
    );
    for (arguments, seen) in [
        (&["--http2"][..], "HTTP/2.0 https TLSv1.3 h2 localhost 0"),
        (
            &["--http1.1"],
            "HTTP/1.1 https TLSv1.3 http/1.1 localhost 0",
        ),
        (&["--no-alpn"], "HTTP/1.1 https TLSv1.3  localhost 0"),
        (
            &["--tls-max", "1.2"],
            "HTTP/2.0 https TLSv1.2 h2 localhost 0",
        ),
    ] {
        assert_eq!(files.curl(&server, arguments), seen, "{arguments:?}");
    }
}

#[test]
fn a_connection_that_has_rested_is_used_again() {
    let files = Files::new();
    let server = serve(files.config());
    let port = server.addr().port();
    let again = format!("https://localhost:{port}/again");
    // Three seconds apart, longer than it takes to rest.
    let told = [
        "--http1.1",
        "--rate",
        "20/m",
        "-w",
        " %{num_connects}\n",
        &again,
    ];
    let seen = files.curl(&server, &told);
    let told = "HTTP/1.1 https TLSv1.3 http/1.1 localhost 0";
    assert_eq!(seen, format!("{told} 1\n{told} 0\n"));
}

#[test]
fn with_mutual_tls_only_clients_with_a_certificate_come_in() {
    let files = Files::new();
    let authorities = files.path("authority.pem");
    let server = serve(files.config().with_client_authorities(&authorities));
    let (certificate, key) = (files.text("client.pem"), files.text("client.key"));
    let known = ["--cert", &certificate, "--key", &key];
    let answer = files.curl(&server, &known);
    // curl may show the authority's certificate behind its own.
    assert!(answer.ends_with(" 1") || answer.ends_with(" 2"), "{answer}");
    let refused = files.curl(&server, &[]);
    assert!(refused.starts_with("curl: "), "{refused}");

    let server = serve(
        files
            .config()
            .with_optional_client_authorities(&authorities),
    );
    let answer = files.curl(&server, &known);
    // curl may show the authority's certificate behind its own.
    assert!(answer.ends_with(" 1") || answer.ends_with(" 2"), "{answer}");
    assert!(files.curl(&server, &[]).ends_with(" 0"));
}

#[test]
fn a_name_has_its_own_certificate() {
    let files = Files::new();
    let tls = files.config();
    let server = serve(tls.and_pem(files.path("other.pem"), files.path("other.key")));
    for name in [
        "localhost",
        "other.example",
        "OTHER.example",
        "a.other.example",
    ] {
        let answer = files.curl_at(name, &server, &[]);
        assert!(answer.starts_with("HTTP/2.0 https"), "{name}: {answer}");
    }
    // The first is shown, and curl sees that it is another's.
    for name in ["unknown.example", "b.a.other.example"] {
        let answer = files.curl_at(name, &server, &[]);
        assert!(
            answer.contains("no alternative certificate subject name"),
            "{answer}"
        );
    }
}

#[test]
fn a_certificate_that_is_renewed_is_shown_and_one_that_cannot_be_used_is_not() {
    let files = Files::new();
    let server = serve(files.config());
    files.write("server.pem", "broken\n");
    let soon = |holds: &dyn Fn() -> bool| (0..15).any(|_| eventually(holds));
    assert!(soon(&|| !server.errors.lines().is_empty()));
    let told = server.errors.lines().join("\n");
    assert!(
        told.contains("certificates stay as they were: there is no certificate in"),
        "{told}"
    );
    assert!(files.curl(&server, &[]).starts_with("HTTP/2.0"));

    for end in ["pem", "key"] {
        let renewed = std::fs::read_to_string(files.path(&format!("other.{end}")));
        files.write(&format!("server.{end}"), &renewed.expect("it is there"));
    }
    assert!(soon(&|| files
        .curl_at("other.example", &server, &[])
        .starts_with("HTTP/2.0")));
}

#[test]
fn a_handshake_that_stalls_holds_nobody_up_and_ends() {
    let files = Files::new();
    let mut limits = Limits::default();
    limits.tls_handshake = Duration::from_secs(2);
    let server = serve_within(files.config(), limits);
    let mut stalled = TcpStream::connect(server.addr()).expect("it listens");
    assert!(files.curl(&server, &[]).starts_with("HTTP/2.0"));
    stalled
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let read = std::io::Read::read(&mut stalled, &mut [0]).expect("it is closed");
    assert_eq!(read, 0);
    assert!(server.errors.lines()[0].contains("(tls_handshake)"));
}

#[test]
fn a_stop_does_not_wait_for_handshakes() {
    let files = Files::new();
    let mut server = serve(files.config());
    let _stalled = TcpStream::connect(server.addr()).expect("it listens");
    std::thread::sleep(Duration::from_millis(50));
    server.begin_stop();
    assert!(server.has_ended());
    assert!(server.errors.lines().is_empty());
}

#[test]
fn files_that_cannot_be_used_are_told_apart() {
    let files = Files::new();
    let refused = |chain: &Path, key: &Path, authorities: Option<PathBuf>| {
        let mut tls = TlsConfig::from_pem(chain, key);
        if let Some(authorities) = authorities {
            tls = tls.with_client_authorities(authorities);
        }
        let error = Server::bind(Listen::at("127.0.0.1:0").with_tls(tls))
            .run(async |_: Request| "hello")
            .expect_err("it cannot start");
        format!("{error:?}")
    };
    let (chain, key) = (files.path("server.pem"), files.path("server.key"));
    let missing = files.path("missing.pem");
    for (message, says) in [
        (
            refused(&missing, &key, None),
            "cannot read the certificate in",
        ),
        (
            refused(&files.path("empty.pem"), &key, None),
            "there is no certificate in",
        ),
        (refused(&chain, &chain, None), "there is no private key in"),
        (
            refused(&chain, &files.path("stray.key"), None),
            "does not belong to the first certificate in",
        ),
        (
            refused(&chain, &key, Some(missing.clone())),
            "cannot read the certificate in",
        ),
    ] {
        assert!(message.contains(says), "{says:?} is not in: {message}");
        assert!(message.contains(".pem"), "{message}");
    }
}

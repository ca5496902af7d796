//! What the server shows while an authority looks at it, and to whom.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use enfilade_server::{Challenge, TlsConfig};

use super::{
    NAME, OTHER, Site, listener,
    pebble::{Authority, are_here},
    port,
};
use crate::support::curl;

/// What openssl says of a handshake with these words, and of a request behind it.
fn openssl(port: u16, name: &str, protocols: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-ign_eof", "-servername", name])
        .args(["-alpn", protocols])
        .args(["-connect", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    let mut input = openssl.stdin.take().expect("it is piped");
    // It may have ended before it reads.
    let _ = input.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    drop(input);
    let output = openssl.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text + &String::from_utf8_lossy(&output.stderr)
}

/// The extensions of the certificate in it.
fn extensions(said: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["x509", "-noout", "-text"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    let mut input = openssl.stdin.take().expect("it is piped");
    input.write_all(said.as_bytes()).expect("it reads");
    drop(input);
    let output = openssl.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A site that an authority sees through the listeners that it is given.
fn seen_through(eyes: &TcpListener) -> Site {
    let authority = Authority::looking_at(port(eyes), port(eyes));
    Site::seen_by(authority, listener(), listener())
}

#[test]
fn the_proof_by_tls_is_for_who_speaks_the_protocol_of_proofs_alone() {
    if !are_here() {
        return;
    }
    let eyes = listener();
    let site = seen_through(&eyes);
    let _server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    let none = openssl(site.port(), NAME, "acme-tls/1");
    assert!(none.contains("alert access denied"), "{none}");

    let _pebble = site.authority.start(&[]);
    // The authority looks, and is kept waiting.
    let _looking = eyes.accept().expect("it comes");
    let shown = openssl(site.port(), NAME, "acme-tls/1");
    assert!(shown.contains("ALPN protocol: acme-tls/1"), "{shown}");
    let extensions = extensions(&shown);
    let proof = "1.3.6.1.5.5.7.1.31: critical";
    assert!(extensions.contains(proof), "{extensions}");
    assert!(extensions.contains(&format!("DNS:{NAME}")), "{extensions}");
    // The connection was closed behind the handshake: what is sent is not answered.
    assert!(!shown.contains("HTTP/1.1"), "{shown}");
    for (name, protocols) in [
        (NAME, "http/1.1"),
        (NAME, "acme-tls/1,http/1.1"),
        (OTHER, "acme-tls/1"),
    ] {
        let refused = openssl(site.port(), name, protocols);
        let said = refused.contains("alert access denied");
        assert!(said, "{name} {protocols}: {refused}");
    }
}

#[test]
fn the_proof_by_http_stands_at_its_token_alone() {
    if !are_here() {
        return;
    }
    let eyes = listener();
    let site = seen_through(&eyes);
    let acme = site.acme(&[NAME]).with_challenge(Challenge::Http01);
    let _server = site.serve(TlsConfig::from_acme(acme));
    let _pebble = site.authority.start(&[]);
    let (looking, _) = eyes.accept().expect("it comes");
    let path = target(&looking);
    let token = path.strip_prefix("/.well-known/acme-challenge/");
    let token = token.expect("a token").to_owned();

    let url = |path: &str| format!("http://127.0.0.1:{}{path}", port(&site.http));
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let proof = curl(&[version, &url(&path)]);
        assert!(proof.starts_with(&format!("{token}.")), "{proof}");
        let head = curl(&[version, "--head", &url(&path)]);
        assert!(
            head.contains("content-type: application/octet-stream"),
            "{head}"
        );
    }
    for other in [format!("{path}x"), format!("{path}/"), format!("/x{path}")] {
        assert_eq!(curl(&[&url(&other)]), format!("GET {other}"));
    }
    assert_eq!(curl(&["-d", "x", &url(&path)]), format!("POST {path}"));
    // As strict as everywhere.
    let refused = curl(&["-H", "Host: a b", &url(&path)]);
    assert!(refused.starts_with("400"), "{refused}");
}

/// The target of the request on `stream`.
fn target(stream: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a line");
    line.split(' ').nth(1).expect("a target").to_owned()
}

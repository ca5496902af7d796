//! Authorities that do not give what they are asked for.

use std::time::Duration;

use enfilade_core::{IntoResponse, Request};
use enfilade_server::{Acme, Listen, Server, TlsConfig};
use http::StatusCode;
use rcgen::{CertificateParams, KeyPair};

use super::{
    NAME, OTHER, Site, listener,
    pebble::{Authority, are_here, soon},
    port, told,
};
use crate::support::{Running, curl};

/// A certificate in files, for a name of its own.
fn files(site: &Site) -> TlsConfig {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["files.example.test".to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("a certificate");
    let path = |name: &str| site.folder.path().join(name);
    std::fs::write(path("files.pem"), certificate.pem()).expect("it can be written");
    std::fs::write(path("files.key"), key.serialize_pem()).expect("it can be written");
    TlsConfig::from_pem(path("files.pem"), path("files.key"))
}

fn ask(site: &Site, name: &str) -> String {
    let port = site.port();
    let resolve = format!("{name}:{port}:127.0.0.1");
    let believed = site.folder.path().join("files.pem");
    let believed = believed.to_str().expect("UTF-8");
    let url = format!("https://{name}:{port}/");
    curl(&["--cacert", believed, "--resolve", &resolve, &url])
}

#[test]
fn what_the_authority_objects_to_is_told_and_other_names_are_served() {
    if !are_here() {
        return;
    }
    // It comes to a port where nobody is.
    let nobody = port(&listener());
    let authority = Authority::looking_at(nobody, nobody);
    let site = Site::seen_by(authority, listener(), listener());
    let _pebble = site.authority.start(&[]);
    let server = site.serve(files(&site).and_acme(site.acme(&[NAME])));
    let problem = |line: &String| line.contains("urn:ietf:params:acme:error:");
    assert!(soon(|| server.errors.lines().iter().any(problem)));
    let line = server.errors.lines().pop().expect("a line");
    assert!(line.contains("Failed to connect to 127.0.0.1:"), "{line}");
    assert!(line.contains("; trying again in "), "{line}");

    assert_eq!(ask(&site, "files.example.test"), "GET /");
    let refused = ask(&site, NAME);
    assert!(refused.contains("alert access denied"), "{refused}");
    // It is shown the first, which is not its own.
    let foreign = ask(&site, "unknown.example.test");
    assert!(foreign.contains("no alternative certificate"), "{foreign}");
}

#[test]
fn an_account_that_the_authority_has_forgotten_is_replaced() {
    if !are_here() {
        return;
    }
    let site = Site::new();
    let tls = |name| TlsConfig::from_acme(site.acme(&[name]));
    let account = || std::fs::read_to_string(site.stored("account.json")).expect("it is there");
    let pebble = site.authority.start(&[]);
    let server = site.serve(tls(NAME));
    assert!(soon(|| pebble.curl(NAME, site.port()) == "GET /"));
    let before = account();
    drop((server, pebble));

    let pebble = site.authority.start(&[]);
    let server = site.serve(tls(OTHER));
    let served = || pebble.curl(OTHER, site.port()) == "GET /";
    assert!(soon(served), "{}", told(&server));
    assert_ne!(account(), before);
}

#[test]
fn an_authority_that_knows_its_customers_gives_to_those_alone() {
    if !are_here() {
        return;
    }
    let (http, tls) = (listener(), listener());
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let authority = Authority::looking_at(port(&http), port(&tls)).knowing("me", key);
    let site = Site::seen_by(authority, http, tls);
    let pebble = site.authority.start(&[]);
    let server = site.serve(TlsConfig::from_acme(site.acme(&[NAME])));
    assert!(soon(|| told(&server).contains("externalAccount")));
    drop(server);
    let acme = site.acme(&[NAME]).with_external_account("me", key);
    let server = site.serve(TlsConfig::from_acme(acme));
    let served = || pebble.curl(NAME, site.port()) == "GET /";
    assert!(soon(served), "{}", told(&server));
}

/// The line about a directory that answers so.
fn said_of(answer: impl Fn() -> enfilade_core::Response + Send + Sync + 'static) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("a certificate");
    std::fs::write(path("own.pem"), certificate.pem()).expect("it can be written");
    std::fs::write(path("own.key"), key.serialize_pem()).expect("it can be written");
    let tls = TlsConfig::from_pem(path("own.pem"), path("own.key"));
    let directory = Running::at(
        Listen::at("127.0.0.1:0").with_tls(tls),
        move |_: Request| std::future::ready(answer()),
    );
    let url = format!("https://localhost:{}/dir", directory.addr().port());
    let acme = Acme::new([NAME], path("acme"))
        .with_directory(url)
        .with_directory_authorities(path("own.pem"))
        .with_waits(Duration::from_millis(200), Duration::from_secs(1))
        .with_terms_agreed();
    let tls = TlsConfig::from_acme(acme);
    let server = Running::with(
        Server::bind(Listen::at("127.0.0.1:0").with_tls(tls)),
        async |_: Request| "hello",
    );
    let failed = |line: &String| line.starts_with("cannot get a certificate for");
    assert!(soon(|| server.errors.lines().iter().any(failed)));
    let lines = server.errors.lines();
    lines.into_iter().find(failed).expect("it was there")
}

/// The seconds of `trying again in .. s`.
fn wait(line: &str) -> u64 {
    let (_, wait) = line.rsplit_once("trying again in ").expect("a wait");
    wait.trim_end_matches(" s").parse().expect("seconds")
}

#[test]
fn an_authority_that_wants_to_be_left_alone_is_left_alone() {
    let line = said_of(|| {
        let problem = r#"{
            "type": "urn:ietf:params:acme:error:rateLimited",
            "detail": "too many certificates already issued"
        }"#;
        let fields = [
            ("content-type", "application/problem+json"),
            ("retry-after", "3600"),
        ];
        let mut response = (fields, problem).into_response();
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response
    });
    assert!(
        line.contains("too many certificates already issued"),
        "{line}"
    );
    assert!(line.contains("error:rateLimited"), "{line}");
    assert!((3590..=4500).contains(&wait(&line)), "{line}");
}

#[test]
fn an_answer_that_is_not_of_the_protocol_is_told_for_what_it_is() {
    let line = said_of(|| (StatusCode::SERVICE_UNAVAILABLE, "<h1>soon</h1>").into_response());
    assert!(
        line.contains("it answered 503 Service Unavailable"),
        "{line}"
    );
    assert!(wait(&line) <= 1, "{line}");
    let line = said_of(|| "<h1>an index</h1>".into_response());
    assert!(line.contains("failed to (de)serialize JSON"), "{line}");
    let line = said_of(|| vec![b'x'; 2 << 20].into_response());
    assert!(line.contains("length limit exceeded"), "{line}");
}

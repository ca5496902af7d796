//! The bundled server, by each protocol and on each kind of socket that it speaks.

use std::net::SocketAddr;

use enfilade_conformance::{Authority, Feature, Http1, Http2, Http3, Kit, Place, Target};
use enfilade_server::{Listen, Server, TlsConfig};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::sync::oneshot;

use crate::{check, same_answers};

/// Serves the kit's app, tries all cases, and stops the server.
async fn conforms<T: Target>(listen: impl Into<Listen>, target: impl FnOnce(SocketAddr) -> T) {
    let kit = Kit::new().expect("a folder");
    let (stop, stopped) = oneshot::channel::<()>();
    let listening = Server::bind(listen)
        .with_lifecycle(kit.lifecycle())
        .with_shutdown(async {
            // A sender that is dropped stops the server as well.
            let _ = stopped.await;
        })
        .listen()
        .expect("a place to listen");
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let target = target(listening.local_addr().unwrap_or(nowhere));
    let serving = tokio::spawn(listening.serve(kit.app()));
    let report = kit.run(&target).await;
    same_answers(&kit, &target).await;
    drop(stop);
    serving.await.expect("no panic").expect("it served");
    check(kit.stopped(report));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http1() {
    conforms("127.0.0.1:0", |address| {
        strict(Http1::new("http1", address))
    })
    .await;
}

/// What the server refuses before an app sees it.
fn strict(target: Http1) -> Http1 {
    target.without(
        Feature::OddTarget,
        "the server refuses what could be read in two ways",
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http2() {
    conforms("127.0.0.1:0", |address| Http2::new("http2", address)).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listen = format!("unix:{}", path.display());
    conforms(&*listen, |_| strict(Http1::new("http1-unix", path))).await;
}

/// A certificate for `localhost`: what the server is given, and what its clients trust.
fn certificate(folder: &std::path::Path) -> (TlsConfig, Authority) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (chain, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&chain, cert.pem()).expect("it can be written");
    std::fs::write(&key, signing_key.serialize_pem()).expect("it can be written");
    let authority = Authority::new(cert.der()).expect("an authority");
    (TlsConfig::from_pem(chain, key), authority)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http1_and_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, authority) = certificate(folder.path());
    conforms(Listen::at("127.0.0.1:0").with_tls(tls), |address| {
        strict(Http1::new("http1-tls", Place::Tls(address, authority)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http2_and_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, authority) = certificate(folder.path());
    conforms(Listen::at("127.0.0.1:0").with_tls(tls), |address| {
        Http2::new("http2-tls", Place::Tls(address, authority))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http3() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, authority) = certificate(folder.path());
    let listen = Listen::at("127.0.0.1:0").with_tls(tls).with_http3();
    conforms(listen, |address| Http3::new("http3", address, authority)).await;
}

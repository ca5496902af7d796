//! An app as a tower service, hosted by hyper itself.

use std::net::SocketAddr;

use enfilade_conformance::{Feature, Http1, Http2, Kit, Target};
use enfilade_core::AppService;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;

use crate::{check, same_answers};

async fn conforms<T: Target>(target: impl FnOnce(SocketAddr) -> T) {
    let kit = Kit::new().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let service = AppService::new(kit.app());
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let stream = TokioIo::new(stream);
                let server = auto::Builder::new(TokioExecutor::new());
                // A client that leaves is an error, and no matter.
                let _ = server.serve_connection_with_upgrades(stream, service).await;
            });
        }
    });
    let target = target(address);
    check(kit.run(&target).await);
    same_answers(&kit, &target).await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http1() {
    conforms(|address| {
        let target = Http1::new("tower-http1", address);
        target
            .without(Feature::EarlyHints, "a service of tower has none to send")
            .without(Feature::Finish, "an app is dropped with its future")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_http2() {
    conforms(|address| {
        let target = Http2::new("tower-http2", address);
        target
            .without(Feature::EarlyHints, "a service of tower has none to send")
            .without(Feature::Expect, "hyper does not ask for bodies of HTTP/2")
            .without(Feature::Finish, "an app is dropped with its future")
    })
    .await;
}

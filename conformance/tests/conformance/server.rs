//! The bundled server, by each protocol that it speaks.

use enfilade_conformance::{Http1, Http2, Kit};
use enfilade_server::Server;

#[tokio::test]
async fn the_server_conforms_by_http1() {
    let kit = Kit::new().expect("a folder");
    let listening = Server::bind("127.0.0.1:0").listen().expect("a port");
    let address = listening.local_addr().expect("a port");
    let serving = tokio::spawn(listening.serve(kit.app()));
    let report = kit.run(&Http1::new("server-http1", address)).await;
    serving.abort();
    eprintln!("{}", report.conforming().expect("a conforming host"));
}

#[tokio::test]
async fn the_server_conforms_by_http2() {
    let kit = Kit::new().expect("a folder");
    let listening = Server::bind("127.0.0.1:0").listen().expect("a port");
    let address = listening.local_addr().expect("a port");
    let serving = tokio::spawn(listening.serve(kit.app()));
    let report = kit.run(&Http2::new("server-http2", address)).await;
    serving.abort();
    eprintln!("{}", report.conforming().expect("a conforming host"));
}

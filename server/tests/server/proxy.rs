//! Proxies that tell whom they speak for.

use std::io::Write;

use enfilade_core::{Request, RequestExt};
use enfilade_server::{Listen, ProxyProtocol};

use crate::support::{Running, curl, eventually};

async fn ends(request: Request) -> String {
    let facts = request.environ().connection();
    format!(
        "{} by {:?} over {}",
        facts.peer,
        facts.proxy.as_ref().map(ToString::to_string),
        facts.scheme
    )
}

fn behind(networks: &[&str]) -> Running {
    let networks = networks
        .iter()
        .map(|network| network.parse().expect("a network"));
    let proxies = ProxyProtocol::from_networks(networks);
    Running::at(Listen::at("127.0.0.1:0").with_proxy_protocol(proxies), ends)
}

#[test]
fn a_proxy_that_is_believed_tells_who_the_client_is() {
    let server = behind(&["10.0.0.0/8", "127.0.0.0/8"]);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let answer = curl(&["--haproxy-protocol", version, &server.url("/")]);
        assert_eq!(answer, "127.0.0.1 by Some(\"127.0.0.1\") over http");
    }
    let mut client = server.connect();
    client.say("PROXY TCP6 2001:db8::7 ::1 1 2\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = client.response();
    assert!(
        answer.ends_with("2001:db8::7 by Some(\"127.0.0.1\") over http"),
        "{answer}"
    );
    assert!(server.errors.lines().is_empty());
}

#[test]
fn version_2_tells_of_tls_that_the_proxy_took_off() {
    let server = behind(&["127.0.0.1/32"]);
    let mut client = server.connect();
    let addresses = [192, 0, 2, 7, 192, 0, 2, 8, 0, 1, 1, 187];
    let tls = [0x20, 0, 5, 1, 0, 0, 0, 0];
    let header = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14", &addresses[..], &tls].concat();
    // A byte at a time: a header may come in pieces.
    for byte in header {
        client.0.write_all(&[byte]).expect("it listens");
    }
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = client.response();
    assert!(
        answer.ends_with("192.0.2.7 by Some(\"127.0.0.1\") over https"),
        "{answer}"
    );
}

#[test]
fn a_proxy_that_says_nothing_of_a_client_is_closed_and_reported() {
    let server = behind(&["127.0.0.1/32"]);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(client.ended(), "");
    let told = "closed a connection of the proxy 127.0.0.1: no header of the PROXY protocol: \
                something else was sent";
    assert!(eventually(|| server.errors.lines() == [told]));
}

#[test]
fn nobody_else_can_say_who_it_is() {
    let server = behind(&["10.0.0.0/8"]);
    assert_eq!(curl(&[&server.url("/")]), "127.0.0.1 by None over http");
    let mut client = server.connect();
    client.say("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = client.ended();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

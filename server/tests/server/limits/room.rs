//! Those who come when there is no room: it is made by who rests and who drips, or they come again.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use enfilade_core::Request;
use enfilade_server::Limits;

use super::{SHORT, SLACK, echo, server};
use crate::support::{Client, Running, eventually};

#[test]
fn a_connection_ends_after_its_last_request_and_with_its_age() {
    let limits = |limits: &mut Limits| limits.requests = 3;
    let server = Running::with(server(limits), echo);
    let mut client = server.connect();
    for last in [false, false, true] {
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        let response = client.response();
        assert_eq!(response.contains("connection: close"), last, "{response}");
    }
    assert_eq!(client.rest(), "");

    let limits = |limits: &mut Limits| limits.age = SHORT;
    let server = Running::with(self::server(limits), echo);
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(client.response().starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    assert_eq!(client.rest(), "");
    assert!(begun.elapsed() < SHORT + SLACK);
}

#[test]
fn when_all_places_are_taken_the_next_request_is_told_to_come_again() {
    let (go, gone) = tokio::sync::watch::channel(false);
    let app = move |_: Request| {
        let mut gone = gone.clone();
        async move {
            let _ = gone.wait_for(|gone| *gone).await;
            "done"
        }
    };
    let server = Running::with(server(|limits| limits.requests_in_flight = 2), app);
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first: [Client; 2] = std::array::from_fn(|_| server.connect());
    for client in &mut first {
        client.say(request);
    }
    std::thread::sleep(Duration::from_millis(100));
    let mut third = server.connect();
    third.say(request);
    let refused = third.rest();
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    go.send(true).expect("they wait");
    for client in &mut first {
        assert!(client.response().ends_with("done"));
        client.say(request);
        assert!(client.response().ends_with("done"));
    }
}

#[test]
fn the_connections_of_an_address_are_counted_until_they_end() {
    let limits = |limits: &mut Limits| limits.connections_per_address = Some(2);
    let server = Running::with(server(limits), echo);
    let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut clients: [Client; 2] = std::array::from_fn(|_| server.connect());
    for client in &mut clients {
        client.say(request);
        assert!(client.response().starts_with("HTTP/1.1 200"));
    }
    assert_eq!(server.connect().rest(), "");
    assert!(server.errors.lines()[0].contains("(connections_per_address)"));
    drop(clients);
    assert!(eventually(|| {
        let mut client = server.connect();
        let _ = client.0.write_all(request.as_bytes());
        matches!(client.0.read(&mut [0; 12]), Ok(12))
    }));
}

#[test]
fn connections_that_rest_make_room_for_those_that_wait() {
    let limits = |limits: &mut Limits| limits.connections = Some(20);
    let server = Running::with(server(limits), echo);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..60 {
        let mut client = server.connect();
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(client.response().starts_with("HTTP/1.1 200"));
        clients.push(client);
    }
    let line = "there are as many connections as there may be (connections)";
    assert!(server.errors.lines()[0].starts_with(line));
}

#[test]
fn bodies_that_drip_make_room_where_most_of_it_is_taken() {
    for (count, most) in [(5, 8), (6, 8)] {
        let server = Running::with(server(|limits| limits.requests_in_flight = most), echo);
        let words = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf";
        let mut clients: Vec<TcpStream> = (0..count)
            .map(|_| {
                let mut client = TcpStream::connect(server.addr()).expect("it listens");
                client.write_all(words.as_bytes()).expect("it listens");
                client
            })
            .collect();
        // One makes room enough; which one is the clock's to say.
        let mut answer = [0; 12];
        let mut is_answered = || {
            clients.iter_mut().any(|client| {
                client.set_nonblocking(true).expect("a socket");
                client.read(&mut answer).is_ok()
            })
        };
        if count == 6 {
            assert!(eventually(is_answered));
            assert_eq!(&answer, b"HTTP/1.1 408");
        } else {
            std::thread::sleep(Duration::from_secs(3));
            assert!(!is_answered());
        }
    }
}

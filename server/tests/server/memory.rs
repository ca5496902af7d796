//! What a server takes, printed and not asserted: allocators and machines differ.

use std::{fs, net::TcpStream};

use crate::{process::Process, support::Client};

/// The bytes of a process that are its own, where the system tells.
fn own_bytes(process: u32) -> Option<u64> {
    let map = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = map
        .lines()
        .find(|line| line.starts_with("Private_Dirty:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn idle_connections_are_served_and_what_they_take_is_printed() {
    const COUNT: u64 = 200;
    let process = Process::start();
    let connect = |_| {
        let stream = TcpStream::connect(&process.address).expect("it listens");
        let mut client = Client::of(stream);
        client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(client.response().ends_with("done"));
        client
    };
    let _warm: Vec<Client> = (0..COUNT).map(connect).collect();
    let before = own_bytes(process.child.id());
    let mut idle: Vec<Client> = (0..COUNT).map(connect).collect();
    let after = own_bytes(process.child.id());
    if let (Some(before), Some(after)) = (before, after) {
        let each = after.saturating_sub(before) / COUNT;
        println!("{each} bytes for each idle connection (debug build)");
    }
    process.signal("TERM");
    for client in &mut idle {
        assert_eq!(client.rest(), "");
    }
    assert!(process.end().1);
}

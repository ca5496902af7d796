//! Opens connections, asks each for one response, and holds them: `idle-connections PORT N`.
//!
//! Opens 250 a second, prints a line when the last has been idle for a while, and ends when
//! its standard input does.
#![allow(
    clippy::print_stdout,
    reason = "printing is how it says that it is ready"
)]

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

/// How far apart they are opened. Memory that one gives back can be another's; after a burst the
/// allocator would keep what all of them took at once.
const APART: Duration = Duration::from_millis(4);

/// How long until an idle connection has given back what it will.
const SETTLED: Duration = Duration::from_secs(3);

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments
        .next()
        .and_then(|port| port.parse().ok())
        .expect("PORT");
    let count: usize = arguments.next().and_then(|n| n.parse().ok()).expect("N");
    let request = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        enfilade_benches::http::TOKEN
    );
    let mut held = Vec::with_capacity(count);
    let mut due = Instant::now();
    for _ in 0..count {
        due += APART;
        sleep(due.saturating_duration_since(Instant::now()));
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(request.as_bytes())?;
        // A response this small comes in one piece, or the next read would tell.
        let mut response = [0; 1024];
        let read = stream.read(&mut response)?;
        assert!(response[..read].starts_with(b"HTTP/1.1 200"), "no response");
        held.push(stream);
    }
    sleep(SETTLED);
    println!("idle");
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

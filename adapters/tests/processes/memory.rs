//! A gigabyte in each direction, and a slow peer, in little memory.

use std::{
    io::{Read, Write},
    time::Duration,
};

use crate::{
    app::LARGE,
    cgi,
    support::{Backend, Process, Spoken},
};

/// What a process may have: 32 MiB.
const MOST: u64 = 32 << 20;

/// Reads all of a large answer, after a while in which nothing is read. Gives its length.
fn download(mut output: impl Read) -> u64 {
    std::thread::sleep(Duration::from_millis(500));
    let mut buffer = vec![0; 256 * 1024];
    let mut count = 0;
    loop {
        match output.read(&mut buffer).expect("no reset") {
            0 => return count,
            read => count += read as u64,
        }
    }
}

/// Sends a large request, with a pause in the middle.
fn upload(input: &mut impl Write) {
    let piece = vec![b'x'; 256 * 1024];
    for n in 0..LARGE / piece.len() as u64 {
        input.write_all(&piece).expect("it reads");
        if n == 100 {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

fn assert_little(process: &Process, what: &str) {
    let peak = process.peak_memory();
    eprintln!("{what}: {} KiB", peak / 1024);
    assert!(peak < MOST, "{what}: {peak} bytes");
}

#[test]
fn a_gigabyte_passes_through_the_backends_in_little_memory() {
    for spoken in Spoken::ALL {
        let backend = Backend::start(spoken);
        let count = download(backend.request("GET", "/large", 0));
        assert!(count > LARGE && count < LARGE + 1024, "{count}");
        assert_little(&backend.process, &format!("{} down", spoken.name()));
        backend.process.signal("TERM");
        backend.process.end();

        let backend = Backend::start(spoken);
        let mut stream = backend.request("POST", "/count", LARGE);
        upload(&mut stream);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with(&format!("\r\n\r\n{LARGE}")), "{answer}");
        assert_little(&backend.process, &format!("{} up", spoken.name()));
        backend.process.signal("TERM");
        backend.process.end();
    }
}

#[test]
fn a_gigabyte_passes_through_cgi_in_little_memory() {
    let mut process = cgi::start("/large", 0);
    let mut output = process.child.stdout.take().expect("it is piped");
    let mut first = vec![0; 64 * 1024];
    output.read_exact(&mut first).expect("a piece");
    std::thread::sleep(Duration::from_millis(500));
    let mut rest = output.take(LARGE - (1 << 20));
    std::io::copy(&mut rest, &mut std::io::sink()).expect("most of it");
    assert_little(&process, "cgi down");
    download(rest.into_inner());
    assert!(process.end().1);

    let mut process = cgi::start("/count", LARGE);
    let mut input = process.child.stdin.take().expect("it is piped");
    let piece = vec![b'x'; 256 * 1024];
    for _ in 0..LARGE / piece.len() as u64 - 1 {
        input.write_all(&piece).expect("it reads");
    }
    assert_little(&process, "cgi up");
    input.write_all(&piece).expect("it reads");
    assert!(cgi::answer(&mut process).ends_with(&format!("\r\n\r\n{LARGE}")));
    assert!(process.end().1);
}

/// Uploads come whole, in an event of 6 MB at most.
#[test]
#[cfg(feature = "lambda")]
fn a_gigabyte_streams_from_lambda_in_little_memory() {
    let mut function = crate::lambda::Function::invoke("/large");
    std::thread::sleep(Duration::from_millis(500));
    let all = std::io::copy(&mut function.answer().take(LARGE), &mut std::io::sink());
    assert_eq!(all.expect("no reset"), LARGE);
    assert_little(&function.process, "lambda down");
    function.process.signal("KILL");
    function.process.end();
}

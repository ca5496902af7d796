//! Bodies that two programs could read differently, and those that nobody reads.

use std::{
    io::Write,
    net::Shutdown,
    time::{Duration, Instant},
};

use crate::strict::Asked;

/// What follows a head with `Transfer-Encoding: chunked`. `$` is a line's end.
const CHUNKS: &[(&str, u16, &str)] = &[
    // Sizes.
    ("3\nabc$0$$", 400, "bare line feed"),
    ("3 $abc$0$$", 400, "hexadecimal"),
    (" 3$abc$0$$", 400, "no size"),
    ("\t3$abc$0$$", 400, "no size"),
    ("$abc$0$$", 400, "no size"),
    ("+3$abc$0$$", 400, "no size"),
    ("-3$abc$0$$", 400, "no size"),
    ("0x3$abc$0$$", 400, "hexadecimal"),
    ("3_0$abc$0$$", 400, "hexadecimal"),
    ("3g$abc$0$$", 400, "hexadecimal"),
    ("3,$abc$0$$", 400, "hexadecimal"),
    ("00000000000000003$abc$0$$", 400, "16 digits"),
    ("10000000000000003$abc$0$$", 400, "16 digits"),
    ("3\rabc$0$$", 400, "carriage return"),
    ("3\r\rabc$0$$", 400, "carriage return"),
    // Data.
    ("3$abcd$0$$", 400, "longer or shorter"),
    ("3$abc0$$", 400, "longer or shorter"),
    ("3$abc\n0$$", 400, "longer or shorter"),
    ("3$abc\r0$$", 400, "longer or shorter"),
    ("4$abc$0$$", 400, "longer or shorter"),
    // Extensions.
    ("3;$abc$0$$", 400, "extension"),
    ("3;a\nabc$0$$", 400, "extension"),
    ("3;a\rabc$0$$", 400, "carriage return"),
    ("3;a=$abc$0$$", 400, "extension"),
    ("3;=b$abc$0$$", 400, "extension"),
    ("3 ;a$abc$0$$", 400, "hexadecimal"),
    ("3; a$abc$0$$", 400, "extension"),
    ("3;a =b$abc$0$$", 400, "extension"),
    ("3;a=\"b$abc$0$$", 400, "extension"),
    ("3;a=\"\n\"$abc$0$$", 400, "extension"),
    ("3;a=\"b\"c$abc$0$$", 400, "extension"),
    ("3;a=\"b\\\r\n\"$abc$0$$", 400, "extension"),
    ("3;a\0$abc$0$$", 400, "extension"),
    ("3;a;;b$abc$0$$", 400, "extension"),
    // The end, and trailers.
    ("3$abc$0\n$", 400, "bare line feed"),
    ("3$abc$0$\n", 400, "bare line feed"),
    ("3$abc$0$\r\r", 400, "carriage return"),
    ("3$abc$0$a: b\n$", 400, "bare line feed"),
    ("3$abc$0$a: b\rc$$", 400, "carriage return"),
    ("3$abc$0$a : b$$", 400, "trailer"),
    ("3$abc$0$: b$$", 400, "trailer"),
    ("3$abc$0$a$$", 400, "trailer"),
    ("3$abc$0$a: b$ c$$", 400, "second line"),
    ("3$abc$0$a: \0$$", 400, "trailer"),
    ("3$abc$0$x_a: b$$", 400, "underscore"),
    ("3$abc$0$content-length: 3$$", 400, "only a head"),
    ("3$abc$0$Transfer-Encoding: chunked$$", 400, "only a head"),
    ("3$abc$0$host: y$$", 400, "only a head"),
    ("3$abc$0$Authorization: y$$", 400, "only a head"),
    ("3$abc$0$cookie: y$$", 400, "only a head"),
    ("3$abc$0$X-Forwarded-Proto: https$$", 400, "only a head"),
];

#[test]
fn chunks_that_could_be_read_in_two_ways_are_refused_with_all_that_is_behind_them() {
    let asked = Asked::start();
    for (chunks, status, why) in CHUNKS {
        for path in ["/read", "/unread"] {
            let head = format!("POST {path} HTTP/1.1$host: x$transfer-encoding: chunked$$");
            let text = (head + chunks).replace('$', "\r\n");
            let answer = asked.answer(text.as_bytes());
            let case = format!("{path} {chunks:?}: {answer}");
            if path == "/read" {
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{case}");
                assert!(answer.contains(why), "{case}");
                assert!(answer.contains("connection: close\r\n"), "{case}");
            }
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{case}");
            assert_eq!(asked.take_paths(), [path], "{case}");
        }
    }
}

#[test]
fn chunks_that_mean_one_thing_pass_in_any_pieces() {
    let asked = Asked::start();
    let chunks = "3$abc$0000000000000001;a;b=c;d=\"e; f\\\"\\\\\"$d$A$0123456789$0$x-sum: 1$\
                  x: \t$$";
    let head = "POST /a HTTP/1.1$host: x$transfer-encoding: chunked$$";
    let last = "GET /b HTTP/1.1$host: x$connection: close$$";
    let text = format!("{head}{chunks}{last}").replace('$', "\r\n");
    for cut in 1..text.len() {
        let mut client = asked.server.connect();
        client.0.set_nodelay(true).expect("it is TCP");
        client.say(&text[..cut]);
        std::thread::sleep(Duration::from_millis(3));
        client.say(&text[cut..]);
        let answer = client.rest();
        assert!(answer.contains("/a 14 "), "{cut}: {answer}");
        assert!(answer.contains("/b 0 "), "{cut}: {answer}");
    }
}

#[test]
fn too_many_extensions_and_trailers_are_refused_and_the_client_can_read_it() {
    let asked = Asked::start();
    let head = "POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let extended = format!("1;{}\r\na\r\n0\r\n\r\n", "a".repeat(64 * 1024));
    let dripped = format!("{}0\r\n\r\n", "1;abc\r\na\r\n".repeat(2000));
    let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(101));
    let long = format!("0\r\na: {}\r\n\r\n", "b".repeat(64 * 1024));
    for (body, status) in [
        (extended, 400),
        (dripped, 400),
        (trailers, 431),
        (long, 431),
    ] {
        let mut client = asked.server.connect();
        let _ = client.0.write_all(format!("{head}{body}").as_bytes());
        let answer = client.rest();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[test]
fn a_short_body_that_nobody_reads_is_read_to_its_end_and_the_connection_goes_on() {
    let asked = Asked::start();
    let mut client = asked.server.connect();
    for size in [1, 1000, 60_000] {
        client.say(&format!(
            "POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n"
        ));
        assert!(client.response().ends_with("unread"));
        client.say(&"a".repeat(size));
        client.say("POST /unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        for _ in 0..10 {
            client.say("1\r\na\r\n");
        }
        client.say("0\r\n\r\n");
        assert!(client.response().ends_with("unread"));
    }
    client.say("GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(client.rest().contains("/last 0 "));
}

#[test]
fn a_long_body_that_nobody_reads_ends_the_connection_and_is_no_request() {
    let asked = Asked::start();
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n".repeat(4000);
    let length = smuggled.len();
    let head = format!("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    let mut client = asked.server.connect();
    let _ = client.0.write_all(format!("{head}{smuggled}").as_bytes());
    let answer = client.rest();
    assert!(answer.ends_with("unread"), "{answer}");
    assert_eq!(asked.take_paths(), ["/unread"]);
}

#[test]
fn a_body_that_does_not_come_ends_the_connection_soon() {
    let asked = Asked::start();
    let mut client = asked.server.connect();
    client.say("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
    let begun = Instant::now();
    assert!(client.rest().ends_with("unread"));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn a_thousand_pipelined_requests_with_and_without_bodies_are_answered_in_order() {
    let asked = Asked::start();
    let mut client = asked.server.connect();
    let mut writer = client.0.try_clone().expect("a socket");
    let writing = std::thread::spawn(move || {
        for n in 0..1000 {
            let text = match n % 4 {
                0 => format!("GET /{n} HTTP/1.1\r\nhost: x\r\n\r\n"),
                1 => format!("POST /{n} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"),
                2 => format!(
                    "PUT /{n} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\
                     3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"
                ),
                _ => format!("DELETE /{n} HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\n\r\n"),
            };
            writer.write_all(text.as_bytes()).expect("it listens");
        }
        writer.shutdown(Shutdown::Write).expect("it is open");
    });
    for n in 0..1000 {
        let answer = client.response();
        assert!(answer.contains(&format!("\r\n\r\n/{n} ")), "{n}: {answer}");
    }
    writing.join().expect("all is said");
    assert_eq!(client.rest(), "");
}

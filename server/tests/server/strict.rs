//! Heads that two programs could read differently: refused, and nothing behind them is read.

use std::sync::{Arc, Mutex};

use enfilade_core::{Request, RequestExt, Response};
use enfilade_server::Server;

use crate::support::{Running, curl};

/// A server whose app keeps the paths that it was asked for.
pub struct Asked {
    pub server: Running,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Asked {
    pub fn start() -> Asked {
        let paths = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&paths);
        let server = Running::with(Server::bind("127.0.0.1:0"), move |mut request: Request| {
            let kept = Arc::clone(&kept);
            async move {
                let path = request.path_info().to_owned();
                kept.lock().expect("no panic").push(path.clone());
                if path == "/unread" {
                    return Ok(Response::new("unread".into()));
                }
                if path == "/slow" {
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                }
                let mut names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
                names.sort_unstable();
                let mut length = 0;
                while let Some(frame) = http_body_util::BodyExt::frame(request.body_mut()).await {
                    length += frame?.data_ref().map_or(0, bytes::Bytes::len);
                }
                let body = format!("{path} {length} {}", names.join(","));
                Ok::<_, enfilade_core::Error>(Response::new(body.into()))
            }
        });
        Asked { server, paths }
    }

    pub fn take_paths(&self) -> Vec<String> {
        std::mem::take(&mut *self.paths.lock().expect("no panic"))
    }

    /// Says `text` and what was smuggled behind it, and gives what comes until the end.
    pub fn answer(&self, text: &[u8]) -> String {
        use std::io::Write;
        let mut client = self.server.connect();
        let smuggled = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
        let all = [text, smuggled].concat();
        client.0.write_all(&all).expect("it listens");
        client.rest()
    }
}

/// Each with the status and a word of the answer. `$` is a line's end.
const HEADS: &[(&str, u16, &str)] = &[
    // Line ends and controls.
    ("GET / HTTP/1.1\nhost: x$$", 400, "bare line feed"),
    ("GET / HTTP/1.1$host: x\n$", 400, "bare line feed"),
    ("GET / HTTP/1.1$host: x$a: b\nc: d$$", 400, "bare line feed"),
    ("GET / HTTP/1.1$host: x$\n", 400, "bare line feed"),
    ("GET / HTTP/1.1\n\nhost: x$$", 400, "bare line feed"),
    ("\nGET / HTTP/1.1$host: x$$", 400, "bare line feed"),
    ("$$GET / HTTP/1.1$host: x$$", 400, "empty line"),
    (
        "GET / HTTP/1.1$host: x$a: b\rc: d$$",
        400,
        "carriage return",
    ),
    ("GET / HTTP/1.1\rhost: x$$", 400, "carriage return"),
    ("GET / HTTP/1.1\r$host: x$$", 400, "carriage return"),
    ("GET / HTTP/1.1$host: x$a: b\r$$", 400, "carriage return"),
    ("GET / HTTP/1.1$host: x$a: \0$$", 400, "control"),
    ("GET / HTTP/1.1$host: x$a: b\x0bc$$", 400, "control"),
    ("GET / HTTP/1.1$host: x$a: b\x7f$$", 400, "control"),
    ("GET /\0 HTTP/1.1$host: x$$", 400, "control"),
    ("GET /\x0b HTTP/1.1$host: x$$", 400, "control"),
    ("GET /\x7f HTTP/1.1$host: x$$", 400, "control"),
    ("GET\t/ HTTP/1.1$host: x$$", 400, "control"),
    ("GET /\tHTTP/1.1$host: x$$", 400, "control"),
    // The request line.
    ("GET /$host: x$$", 400, "request line"),
    ("GET  / HTTP/1.1$host: x$$", 400, "request line"),
    ("GET /  HTTP/1.1$host: x$$", 400, "request line"),
    ("GET / HTTP/1.1 $host: x$$", 400, "request line"),
    ("GET /a b HTTP/1.1$host: x$$", 400, "request line"),
    (" GET / HTTP/1.1$host: x$$", 400, "space"),
    ("GET / http/1.1$host: x$$", 400, "request line"),
    ("GET / HTTP/1.1x$host: x$$", 400, "request line"),
    ("GET / HTTP/11$host: x$$", 400, "request line"),
    ("GET / HTTP/1.2$host: x$$", 505, "version"),
    ("GET / HTTP/2.0$host: x$$", 505, "version"),
    ("GET / HTTP/0.9$host: x$$", 505, "version"),
    ("G(T / HTTP/1.1$host: x$$", 400, "method"),
    ("G\u{c9}T / HTTP/1.1$host: x$$", 400, "method"),
    ("hello$$", 400, "request line"),
    // Targets.
    ("GET /a#b HTTP/1.1$host: x$$", 400, "fragment"),
    ("GET # HTTP/1.1$host: x$$", 400, "fragment"),
    ("GET /<> HTTP/1.1$host: x$$", 400, "URI"),
    ("GET a HTTP/1.1$host: x$$", 400, "neither a path"),
    ("GET ?a HTTP/1.1$host: x$$", 400, "URI"),
    ("GET * HTTP/1.1$host: x$$", 400, "OPTIONS"),
    (
        "HEAD * HTTP/1.1$host: x$connection: close$$",
        400,
        "OPTIONS",
    ),
    ("GET x:80 HTTP/1.1$host: x:80$$", 400, "neither a path"),
    ("OPTIONS x:80 HTTP/1.1$host: x:80$$", 400, "neither a path"),
    ("CONNECT / HTTP/1.1$host: x$$", 400, "CONNECT"),
    ("CONNECT x HTTP/1.1$host: x$$", 400, "CONNECT"),
    ("CONNECT http://x:80/ HTTP/1.1$host: x:80$$", 400, "CONNECT"),
    ("CONNECT u@x:80 HTTP/1.1$host: x:80$$", 400, "CONNECT"),
    ("CONNECT x:80 HTTP/1.1$host: y:80$$", 400, "target names"),
    (
        "CONNECT x:80 HTTP/1.1$host: x:80$content-length: 3$$abc",
        400,
        "CONNECT",
    ),
    ("GET ftp://x/ HTTP/1.1$host: x$$", 400, "http or https"),
    ("GET http://y/ HTTP/1.1$host: x$$", 400, "target names"),
    ("GET http://x:81/ HTTP/1.1$host: x$$", 400, "target names"),
    ("GET http://u:p@x/ HTTP/1.1$host: x$$", 400, "no host"),
    ("GET http:/// HTTP/1.1$host: x$$", 400, "URI"),
    // Host.
    ("GET / HTTP/1.1$$", 400, "no Host"),
    ("GET / HTTP/1.1$host: x$host: x$$", 400, "Host is repeated"),
    ("GET / HTTP/1.1$host: x$Host: y$$", 400, "Host is repeated"),
    ("GET / HTTP/1.0$host: x$host: x$$", 400, "Host is repeated"),
    ("GET / HTTP/1.1$host:$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x,y$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x y$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x/y$$", 400, "one host"),
    ("GET / HTTP/1.1$host: u@x$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x:$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x:80a$$", 400, "one host"),
    ("GET / HTTP/1.1$host: x:65536$$", 400, "one host"),
    ("GET / HTTP/1.1$host: [::1$$", 400, "one host"),
    ("GET / HTTP/1.1$host: http://x$$", 400, "one host"),
    // Names.
    ("GET / HTTP/1.1$ host: x$$", 400, "second line"),
    ("GET / HTTP/1.1$host: x$a: b$ c$$", 400, "second line"),
    ("GET / HTTP/1.1$host: x$a: b$\tc: d$$", 400, "second line"),
    ("GET / HTTP/1.1$host : x$$", 400, "space"),
    (
        "GET / HTTP/1.1$host: x$content-length : 5$$hello",
        400,
        "space",
    ),
    (
        "GET / HTTP/1.1$host: x$content-length\t: 5$$hello",
        400,
        "space",
    ),
    ("GET / HTTP/1.1$host: x$: a$$", 400, "empty name"),
    ("GET / HTTP/1.1$host: x$a(b: c$$", 400, "not a token"),
    ("GET / HTTP/1.1$host: x$\"a\": c$$", 400, "not a token"),
    ("GET / HTTP/1.1$host: x$a\u{e9}: c$$", 400, "not a token"),
    ("GET / HTTP/1.1$host: x$abc$$", 400, "no colon"),
    (
        "GET / HTTP/1.1$host: x$x-user: a$x_user: b$$",
        400,
        "by _ and -",
    ),
    (
        "GET / HTTP/1.1$host: x$x_a-b: a$X-A_B: b$x-a-b: c$$",
        400,
        "by _ and -",
    ),
    // Content-Length.
    (
        "POST / HTTP/1.1$host: x$content-length: 5$content-length: 5$$hello",
        400,
        "repeated",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 5$Content-Length: 0$$hello",
        400,
        "repeated",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 5, 5$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: +5$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: -5$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 0x5$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 5_0$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 5 5$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 5.0$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: a$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length:$$hello",
        400,
        "one number",
    ),
    (
        "POST / HTTP/1.1$host: x$content-length: 18446744073709551621$$hello",
        400,
        "one number",
    ),
    // Transfer-Encoding.
    (
        "POST / HTTP/1.1$host: x$content-length: 5$transfer-encoding: chunked$$0$$",
        400,
        "and Tr",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: chunked$content-length: 5$$0$$",
        400,
        "and Tr",
    ),
    (
        "POST / HTTP/1.1$host: x$Transfer-Encoding: chunked$transfer-encoding: chunked$$0$$",
        400,
        "repeated",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: chunked, chunked$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: chunked, gzip$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: ,chunked$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding:$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: \"chunked\"$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: chunked;a=b$$0$$",
        400,
        "once and last",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: gzip, chunked$$0$$",
        501,
        "something else",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: xchunked$$0$$",
        501,
        "something else",
    ),
    (
        "POST / HTTP/1.1$host: x$transfer-encoding: identity$$0$$",
        501,
        "something else",
    ),
    (
        "POST / HTTP/1.0$host: x$transfer-encoding: chunked$$0$$",
        400,
        "HTTP/1.0",
    ),
    // Expect.
    (
        "POST / HTTP/1.1$host: x$expect: 200-ok$content-length: 1$$a",
        417,
        "Expect",
    ),
    (
        "POST / HTTP/1.1$host: x$expect: 100-continue$expect: 100-continue$content-length: 1$$a",
        417,
        "Expect",
    ),
    ("GET / HTTP/1.1$host: x$expect:$$", 417, "Expect"),
];

#[test]
fn a_head_that_could_be_read_in_two_ways_is_refused_with_all_that_is_behind_it() {
    assert!(HEADS.len() >= 80, "{}", HEADS.len());
    let asked = Asked::start();
    for (head, status, why) in HEADS {
        let text = head.replace('$', "\r\n");
        let answer = asked.answer(text.as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{head:?}: {answer}"
        );
        assert_eq!(
            answer.matches("content-length: ").count(),
            1,
            "{head:?}: {answer}"
        );
        assert!(
            answer.contains("connection: close\r\n"),
            "{head:?}: {answer}"
        );
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        assert!(body.starts_with(&status.to_string()), "{head:?}: {answer}");
        assert!(body.contains(why), "{head:?}: {answer}");
        assert_eq!(asked.take_paths(), [""; 0], "{head:?}");
    }
}

#[test]
fn what_is_too_long_is_told_so_and_the_client_can_read_it() {
    let asked = Asked::start();
    let fields = |count: usize| "a: b\r\n".repeat(count);
    let head = |target: &str, more: &str| format!("GET {target} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    let cases = [
        (head(&format!("/{}", "a".repeat(8100)), ""), 200),
        (head(&format!("/{}", "a".repeat(8192)), ""), 414),
        (head(&format!("/{}", "a".repeat(100_000)), ""), 414),
        (head("/", &fields(99)), 200),
        (head("/", &fields(100)), 431),
        (head("/", &fields(2000)), 431),
        (head("/", &format!("a: {}\r\n", "b".repeat(8000))), 200),
        (head("/", &format!("a: {}\r\n", "b".repeat(9000))), 431),
        (
            head("/", &format!("a: {}\r\n", "b".repeat(4000)).repeat(8)),
            200,
        ),
        (
            head("/", &format!("a: {}\r\n", "b".repeat(4000)).repeat(9)),
            431,
        ),
        (
            head("/", &format!("a: {}\r\n", "b".repeat(4000)).repeat(50)),
            431,
        ),
    ];
    for (text, status) in cases {
        let text = text.replace("host: x", "host: x\r\nconnection: close");
        // One more field than above.
        let text = match status {
            200 => text.replacen("a: b\r\n", "", 1),
            _ => text,
        };
        let mut client = asked.server.connect();
        // A server that closes while it is spoken to breaks the pipe.
        let _ = std::io::Write::write_all(&mut client.0, text.as_bytes());
        let answer = client.rest();
        let begin = &text[..text.len().min(60)];
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{begin:?} {}",
            &answer[..answer.len().min(300)]
        );
    }
}

#[test]
fn heads_may_come_in_any_pieces_and_are_refused_all_the_same() {
    let asked = Asked::start();
    for (text, status) in [
        (
            "GET / HTTP/1.1\r\nhost: x\r\nx-b3: 1\r\nconnection: close\r\n\r\n",
            200,
        ),
        (
            "GET / HTTP/1.1\r\nhost: x\r\nx-b3: 1\r\na: b\nc: d\r\n\r\n",
            400,
        ),
    ] {
        for cut in 1..text.len() {
            let mut client = asked.server.connect();
            client.0.set_nodelay(true).expect("it is TCP");
            client.say(&text[..cut]);
            std::thread::sleep(std::time::Duration::from_millis(3));
            let _ = std::io::Write::write_all(&mut client.0, &text.as_bytes()[cut..]);
            let answer = client.rest();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{cut}: {answer}"
            );
        }
    }
}

#[test]
fn a_refused_request_waits_for_its_turn_behind_good_ones() {
    let asked = Asked::start();
    let good = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\nPOST /two HTTP/1.1\r\nhost: x\r\n\
                transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let bad = "GET /three HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n";
    let all = asked.answer(format!("{good}{bad}").as_bytes());
    let (one, two) = (
        all.find("/slow 0").expect("one"),
        all.find("/two 3").expect("two"),
    );
    let three = all.find("HTTP/1.1 400 ").expect("three");
    assert!(one < two && two < three, "{all}");
    assert_eq!(all.matches("HTTP/1.1 ").count(), 3, "{all}");
    assert_eq!(asked.take_paths(), ["/slow", "/two"]);
}

#[test]
fn what_is_unusual_and_means_one_thing_passes() {
    let asked = Asked::start();
    for (head, begin) in [
        ("\r\nGET /a HTTP/1.1$host: x$connection: close$$", "/a 0"),
        (
            "GET http://X:80/a HTTP/1.1$host: x$connection: close$$",
            "/a 0",
        ),
        ("GET /\u{e9}|{}\" HTTP/1.1$host: x$connection: close$$", "/"),
        (
            "GET /a HTTP/1.1$host:x$a:$b:\t c d \t$connection: close$$",
            "/a 0 a,b,",
        ),
        (
            "GET /a HTTP/1.1$host: x$b: \u{e9}$connection: close$$",
            "/a 0 b,",
        ),
        ("G!T /a HTTP/1.1$host: [::1]:80$connection: close$$", "/a 0"),
        ("GET /a HTTP/1.0$$", "/a 0"),
        ("GET /a HTTP/1.0$expect: x$$", "/a 0"),
        (
            "POST /a HTTP/1.1$host: x$content-length:005$connection: close$$hello",
            "/a 5",
        ),
        (
            "POST /a HTTP/1.1$host: x$transfer-encoding: Chunked$connection: close$$0$$",
            "/a 0",
        ),
        (
            "GET /a HTTP/1.1$host: x$x_user: b$x-other: c$connection: close$$",
            "/a 0 host,x-other",
        ),
    ] {
        let mut client = asked.server.connect();
        client.say(&head.replace('$', "\r\n"));
        let answer = client.rest();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(
            answer.contains(" 200 OK") && body.starts_with(begin),
            "{head:?}: {answer}"
        );
    }
}

#[test]
fn refused_requests_have_one_line_a_second_in_the_log() {
    let asked = Asked::start();
    for _ in 0..50 {
        asked.answer(b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n");
    }
    let lines = asked.server.errors.lines();
    assert_eq!(
        lines[0],
        "refused a request of 127.0.0.1: Host is repeated (400)"
    );
    assert!(lines.len() < 10, "{lines:?}");
}

#[test]
fn over_http2_the_host_is_the_authoritys_and_names_with_an_underscore_are_dropped() {
    let asked = Asked::start();
    let ask = |arguments: &[&str]| {
        let url = asked.server.url("/h2");
        let mut all = vec!["--http2-prior-knowledge", "--include", &url];
        all.extend(arguments);
        curl(&all)
    };
    let answer = ask(&["-H", "x_user: a", "-H", "x-other: b"]);
    assert!(
        answer.starts_with("HTTP/2 200") && answer.contains("x-other"),
        "{answer}"
    );
    assert!(!answer.contains("x_user"), "{answer}");
    for (arguments, why) in [
        (
            vec!["-H", "x_user: a", "-H", "x-user: b"],
            "by _ and - alone",
        ),
        (vec!["-H", "expect: 200-ok"], "Expect"),
        (vec!["--request-target", "*"], "OPTIONS"),
    ] {
        let answer = ask(&arguments);
        assert!(answer.contains(why), "{arguments:?} {answer}");
        assert!(!answer.starts_with("HTTP/2 200"), "{arguments:?} {answer}");
    }
    assert_eq!(asked.take_paths(), ["/h2"]);
}

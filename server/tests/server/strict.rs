//! Heads that two programs could read differently: refused, and nothing behind them is read.

use std::sync::{Arc, Mutex};

use enfilade_core::{Request, RequestExt, Response};
use enfilade_server::Server;

use crate::support::{Running, curl};

mod heads;

use heads::HEADS;

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

//! Answers before the answer (103).

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use enfilade_core::{Body, Environ, Error, Hinted, Request, RequestExt, Result};
use enfilade_server::{Limits, Server};
use futures_util::StreamExt;
use tokio::sync::Notify;

use crate::support::{Running, curl, eventually};

const LINK: [(&str, &str); 1] = [("link", "</a.css>; rel=preload")];
const HINT: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";

/// Hints, and answers with what became of it.
async fn at_once(request: Request) -> String {
    format!("{:?}", request.environ().early_hints(LINK))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}

/// Splits a hint and the answer behind it.
#[track_caller]
fn behind_a_hint(all: &str) -> &str {
    let rest = all.strip_prefix(HINT);
    let rest = rest.unwrap_or_else(|| panic!("no hint in front of {all:?}"));
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"), "{rest:?}");
    rest
}

#[test]
fn a_hint_goes_out_before_the_answer_is_made() {
    let answer = Arc::new(Notify::new());
    let shared = Arc::clone(&answer);
    let server = Running::start(move |request: Request| {
        let answer = Arc::clone(&shared);
        async move {
            let hinted = request.environ().early_hints(LINK);
            answer.notified().await;
            format!("{hinted:?}")
        }
    });
    let mut client = server.connect();
    for _ in 0..3 {
        client.say(&get("/"));
        assert_eq!(client.until("\r\n\r\n"), HINT);
        answer.notify_one();
        let rest = client.response();
        assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"), "{rest}");
        assert!(rest.ends_with("\r\n\r\nTaken"), "{rest}");
    }
}

#[test]
fn a_hint_of_an_app_that_answers_at_once_stands_in_front_of_the_answer() {
    let server = Running::start(at_once);
    let mut client = server.connect();
    client.say(&get("/").repeat(20));
    for _ in 0..20 {
        assert_eq!(client.until("\r\n\r\n"), HINT);
        let answer = client.response();
        assert!(answer.ends_with("\r\n\r\nTaken"), "{answer}");
    }
}

#[test]
fn curl_sees_the_hint_and_the_answer() {
    let server = Running::start(at_once);
    let all = curl(&["--include", &server.url("/")]);
    assert!(all.starts_with("HTTP/1.1 103 Early Hints\r\n"), "{all}");
    assert!(all.ends_with("\r\n\r\nTaken"), "{all}");
}

#[test]
fn a_server_that_is_told_to_sends_none_and_says_so() {
    let server = Server::bind("127.0.0.1:0").without_early_hints();
    let server = Running::with(server, async |request: Request| {
        let environ = request.environ();
        assert!(!environ.connection().capabilities.informational);
        format!("{:?}", environ.early_hints(LINK))
    });
    assert_eq!(curl(&[&server.url("/")]), "Unsupported");
}

#[test]
fn an_http_1_0_client_gets_no_hint() {
    let server = Running::start(at_once);
    let mut client = server.connect();
    client.say("GET / HTTP/1.0\r\n\r\n");
    let all = client.rest();
    assert!(
        all.starts_with("HTTP/1.1 200 OK\r\n") || all.starts_with("HTTP/1.0 200 OK\r\n"),
        "{all}"
    );
    assert!(all.ends_with("\r\n\r\nOldVersion"), "{all}");
}

#[test]
fn hints_of_another_thread_go_out_at_once_and_none_behind_the_head() {
    let kept: Arc<Mutex<Option<Environ>>> = Arc::default();
    let answer = Arc::new(Notify::new());
    let (keep, wait) = (Arc::clone(&kept), Arc::clone(&answer));
    let server = Running::start(move |request: Request| {
        let (keep, wait) = (Arc::clone(&keep), Arc::clone(&wait));
        async move {
            *keep.lock().expect("no panic") = Some(request.environ().clone());
            wait.notified().await;
            let end = futures_util::stream::once(async move {
                wait.notified().await;
                Ok::<_, std::io::Error>("end".into())
            });
            let begin = futures_util::stream::iter([Ok("begin ".into())]);
            Body::stream(begin.chain(end))
        }
    });
    let mut client = server.connect();
    client.say(&get("/"));
    assert!(eventually(|| kept.lock().expect("no panic").is_some()));
    let environ = kept.lock().expect("no panic").clone().expect("it was kept");
    assert_eq!(environ.early_hints(LINK), Hinted::Taken);
    assert_eq!(client.until("\r\n\r\n"), HINT);
    assert_eq!(environ.early_hints(LINK), Hinted::Taken);
    assert_eq!(client.until("\r\n\r\n"), HINT);

    answer.notify_one();
    client.until("begin ");
    assert_eq!(environ.early_hints(LINK), Hinted::TooLate);
    answer.notify_one();
    client.until("0\r\n\r\n");
    // Not in the middle of the next request either.
    client.say(&get("/"));
    assert!(eventually(|| {
        let kept = kept.lock().expect("no panic");
        kept.as_ref()
            .is_some_and(|other| other.number() != environ.number())
    }));
    assert_eq!(environ.early_hints(LINK), Hinted::TooLate);
    answer.notify_one();
    assert!(client.until("begin ").starts_with("HTTP/1.1 200 OK\r\n"));
    drop(client);
    drop(server);
    assert_eq!(environ.early_hints(LINK), Hinted::TooLate);
}

#[test]
fn the_ninth_hint_of_a_request_is_one_too_many() {
    let server = Running::start(async |request: Request| {
        let hinted = (0..10).map(|_| request.environ().early_hints(LINK));
        format!("{:?}", hinted.skip(7).collect::<Vec<_>>())
    });
    let mut client = server.connect();
    client.say(&get("/").repeat(2));
    for _ in 0..2 {
        for _ in 0..8 {
            assert_eq!(client.until("\r\n\r\n"), HINT);
        }
        let answer = client.response();
        assert!(answer.ends_with("[Taken, TooMany, TooMany]"), "{answer}");
    }
}

#[test]
fn a_hint_goes_with_the_word_to_continue_and_with_a_refusal() {
    let server = Running::start(async |mut request: Request| -> Result<String> {
        request.environ().early_hints(LINK);
        match request.path_info() {
            "/upload" => request.text().await,
            "/late" => {
                let text = request.text().await?;
                request.environ().early_hints(LINK);
                Ok(text)
            }
            _ => Err(Error::status(403)),
        }
    });
    let head = |path| {
        format!(
            "PUT {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        )
    };
    for (path, hints) in [("/upload", 1), ("/late", 2)] {
        let mut client = server.connect();
        client.say(&head(path));
        let first = client.until("\r\n\r\n") + &client.until("\r\n\r\n");
        assert_eq!(first.matches(HINT).count(), 1, "{first}");
        assert_eq!(
            first.matches("HTTP/1.1 100 Continue\r\n\r\n").count(),
            1,
            "{first}"
        );
        client.say("hello");
        let rest = client.until("hello");
        assert_eq!(rest.matches(HINT).count(), hints - 1, "{rest}");
        assert!(rest.contains("HTTP/1.1 200 OK\r\n"), "{rest}");
    }
    let mut client = server.connect();
    client.say(&head("/refused"));
    let all = client.rest();
    let answer = all.strip_prefix(HINT).unwrap_or_else(|| panic!("{all}"));
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

/// Answers are larger than what the system keeps for a client that does not read.
#[test]
fn hints_stand_between_answers_that_a_slow_client_reads_late() {
    const LARGE: usize = 8 << 20;
    let server = Running::start(async |request: Request| {
        request.environ().early_hints(LINK);
        "x".repeat(LARGE)
    });
    let mut client = server.connect();
    client.say(&get("/").repeat(3));
    // What does not fit waits, and what comes behind it too.
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..3 {
        assert_eq!(client.until("\r\n\r\n"), HINT);
        let answer = client.response();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{}",
            &answer[..200]
        );
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        assert!(body.bytes().all(|byte| byte == b'x'));
        assert_eq!(body.len(), LARGE);
    }
}

#[test]
fn a_client_that_does_not_read_its_hints_is_held_to_the_limit_of_answers() {
    let mut limits = Limits::default();
    limits.write_idle = Duration::from_millis(200);
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    let server = Running::with(server, async |request: Request| {
        let wide = "x".repeat(8000);
        for _ in 0..8 {
            request.environ().early_hints([("x-wide", &wide)]);
        }
        "done"
    });
    let mut client = server.connect();
    // Each has 64 kB of hints.
    let (mut asked, asking) = (0, get("/"));
    client
        .0
        .set_write_timeout(Some(Duration::from_millis(100)))
        .expect("a timeout");
    while asked < 2000 && client.0.write_all(asking.as_bytes()).is_ok() {
        asked += 1;
    }
    assert!(eventually(|| server
        .errors
        .lines()
        .iter()
        .any(|line| line.contains("127.0.0.1"))));
    let mut all = Vec::new();
    let _ = client.0.read_to_end(&mut all);
    let answers = String::from_utf8_lossy(&all)
        .matches("HTTP/1.1 200 OK")
        .count();
    assert!(answers < asked, "{answers} of {asked}");
}

#[test]
fn a_body_that_is_too_large_is_refused_behind_a_hint() {
    let mut limits = Limits::default();
    limits.body_bytes = 10;
    let server = Server::bind("127.0.0.1:0").with_limits(limits);
    let server = Running::with(server, async |mut request: Request| {
        request.environ().early_hints(LINK);
        request.text().await
    });
    let mut client = server.connect();
    client.say("PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n"), HINT);
    client.say("14\r\n01234567890123456789\r\n0\r\n\r\n");
    assert!(client.rest().starts_with("HTTP/1.1 413 "));
}

#[test]
fn hints_go_out_where_the_answer_is_a_stream() {
    let server = Running::start(async |request: Request| {
        request.environ().early_hints(LINK);
        Body::stream(
            futures_util::stream::iter(["a", "b"]).map(|part| Ok::<_, std::io::Error>(part.into())),
        )
    });
    let mut client = server.connect();
    client.say("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let all = client.rest();
    let answer = behind_a_hint(&all);
    assert!(answer.ends_with("1\r\nb\r\n0\r\n\r\n"), "{answer}");
}

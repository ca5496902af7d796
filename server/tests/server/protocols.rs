//! HTTP/1.1 and HTTP/2, on one port, to real clients.

use enfilade_core::{Request, RequestExt};

use crate::support::{Running, curl};

async fn describe(request: Request) -> String {
    let environ = request.environ();
    let facts = environ.connection();
    format!(
        "{} {:?} {} {} {}:{} peer {} host {} upgrade {}\n",
        request.method(),
        environ.version(),
        request
            .uri()
            .path_and_query()
            .map_or("", |target| target.as_str()),
        facts.scheme,
        facts.server_name,
        facts.server_port,
        facts.peer,
        facts.host,
        facts.capabilities.upgrade,
    )
}

#[test]
fn both_versions_are_spoken_on_one_port_and_the_environ_tells_which() {
    let server = Running::start(describe);
    let (port, url) = (server.addr().port(), server.url("/a?b=c"));
    assert_eq!(
        curl(&["--http1.1", &url]),
        format!(
            "GET HTTP/1.1 /a?b=c http 127.0.0.1:{port} peer 127.0.0.1 host http upgrade true\n"
        )
    );
    assert_eq!(
        curl(&["--http2-prior-knowledge", &url]),
        format!(
            "GET HTTP/2.0 /a?b=c http 127.0.0.1:{port} peer 127.0.0.1 host http upgrade false\n"
        )
    );
}

#[test]
fn who_asks_for_a_head_alone_is_refused_with_a_head_alone() {
    let server = Running::start(async |_: Request| "hello");
    let long = server.url(&format!("/{}", "x".repeat(9000)));
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let head = |url: &str, expect: &str| curl(&[version, "--head", "-H", expect, url]);
        let odd = head(&server.url("/"), "Expect: something");
        assert!(odd.contains(" 417 "), "{version}: {odd}");
        let long = head(&long, "x: y");
        assert!(long.contains(" 414 "), "{version}: {long}");
        for refused in [odd, long] {
            assert!(!refused.contains("curl: "), "{version}: {refused}");
        }
    }
}

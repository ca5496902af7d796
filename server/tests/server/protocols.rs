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

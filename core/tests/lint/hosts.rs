//! Hosts that break the rule book.

use std::sync::Arc;

use enfilade_core::{
    App, Body, Connection, Environ, Pipeline, Request, RequestExt, Upgrade, lint::Lint,
};
use http::{HeaderValue, Uri, Version};
use http_body_util::BodyExt;

use crate::case::{Case, frames, get, host, post, read, request, scripted};

pub(crate) fn broken() -> Vec<Case> {
    [heads(), bodies(), responses()]
        .into_iter()
        .flatten()
        .collect()
}

fn heads() -> Vec<Case> {
    vec![
        request("H3", "a script name that ends within a segment", {
            with(get("/apple/pie"), |environ| environ.with_script_name(4))
        }),
        request("H3", "a script name that ends in a slash", {
            with(get("/app/pie"), |environ| environ.with_script_name(5))
        }),
        request("H4", "an asterisk for GET", at(Uri::from_static("*"))),
        request(
            "H5",
            "an authority for GET",
            at(Uri::from_static("example.org:80")),
        ),
        request("H6", "a path that is not canonical", get("/a/../b")),
        request("H6", "a script name beyond the path", {
            with(get("/a"), |environ| environ.with_script_name(40))
        }),
        request("H10", "a server's name with its port", {
            connected(|connection| connection.server_name = "example.org:80".into())
        }),
        request("H10", "a server without a name", {
            connected(|connection| connection.server_name = "".into())
        }),
        request("H11", "a host field that is no authority", {
            let mut request = get("/");
            let odd = HeaderValue::from_static("ex ample/");
            request.headers_mut().insert("host", odd);
            request
        }),
        request("H12", "a scheme that is not spoken", {
            connected(|connection| connection.scheme = "gopher".parse().expect("a scheme"))
        }),
        request("H14", "two lengths of a request", {
            post(
                &[("content-length", "3"), ("content-length", "4")],
                "abc".into(),
            )
        }),
        request(
            "H15",
            "a length with a sign",
            post(&[("content-length", "+3")], "abc".into()),
        ),
        request(
            "H15",
            "a length of other bytes",
            post(&[("content-length", "4")], "abc".into()),
        ),
        request("H16", "a transfer coding for the app", {
            post(&[("transfer-encoding", "chunked")], "abc".into())
        }),
        request("H18", "an underscore that came as a variable", {
            let mut request = connected(|connection| connection.host = "cgi");
            let forged = HeaderValue::from_static("root");
            request.headers_mut().insert("x_user", forged);
            request
        }),
        request("H18", "a proxy that came as a variable", {
            let mut request = connected(|connection| connection.host = "fastcgi");
            let forged = HeaderValue::from_static("http://evil.example");
            request.headers_mut().insert("proxy", forged);
            request
        }),
        request("H42", "a request without an environ", {
            let mut request = get("/");
            request.extensions_mut().clear();
            request
        }),
        request("H43", "another version than the environ's", {
            let mut request = get("/");
            *request.version_mut() = Version::HTTP_2;
            request
        }),
        request("H45", "an upgrade that nobody asked for", {
            let mut request = get("/");
            let upgrade = Upgrade::new(HeaderValue::from_static("websocket"));
            request.environ_mut().set_upgrade(upgrade);
            request
        }),
    ]
}

fn bodies() -> Vec<Case> {
    vec![
        request("H15", "more bytes than were announced", {
            post(&[("content-length", "4")], frames(["one", "two"]))
        }),
        request("H22", "an upload that breaks off and ends well", {
            post(&[("content-length", "40")], frames(["one", "two"]))
        }),
        request("H20", "a length that is made up", {
            post(&[], scripted([Some("abc")]).with_exact_hint(7))
        }),
        Case::new("H19", "bytes behind the end", "the host", async || {
            let (lint, findings) = Lint::collecting();
            let app = Pipeline::new().with(lint).app(async |request: Request| {
                let mut body = request.into_body();
                while body.frame().await.is_some() {}
                let _ = body.frame().await;
                "done"
            });
            let body = Body::new(scripted([Some("abc"), None, Some("def")]));
            read(app.respond(post(&[], body)).await.into_body()).await;
            findings.take()
        }),
    ]
}

fn responses() -> Vec<Case> {
    vec![
        host(
            "H27",
            "a host that never drops a body",
            async |mut body: Body| {
                while body.frame().await.is_some() {}
                std::mem::forget(body);
            },
        ),
        host(
            "H28",
            "a host that polls after the end",
            async |mut body: Body| {
                while body.frame().await.is_some() {}
                let _ = body.frame().await;
            },
        ),
    ]
}

fn at(target: Uri) -> Request {
    let mut request = get("/");
    *request.uri_mut() = target;
    request
}

fn with(mut request: Request, edit: impl FnOnce(Environ) -> Environ) -> Request {
    let environ = request.environ().clone();
    request.extensions_mut().insert(edit(environ));
    request
}

fn connected(edit: impl FnOnce(&mut Connection)) -> Request {
    let mut connection = Connection::default();
    edit(&mut connection);
    with(get("/"), |environ| {
        Environ::new(Arc::new(connection), environ.version())
    })
}

//! What web servers send for one and the same request, and that it is the same request.
//!
//! The rows are what nginx 1.22, lighttpd 1.4.69, Apache 2.4 and HAProxy 2.6 sent for
//! `GET <mount>/a%20b%2Fc//d/../e;p=1/%C3%A9?q=1%20&x=/`; Apache without the `%2F`, which it
//! answers by itself.
#![cfg(all(unix, feature = "gateway"))]

use enfilade_adapters::gateway::{Import, Variables, request_from};
use enfilade_core::{Body, Connection, Gateway, Request, RequestExt, Response};

/// Who sent it, the mount, and `SCRIPT_NAME` and `PATH_INFO` as they came.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
);

const ROWS: [Row; 13] = [
    ("nginx fastcgi", "/f", &["/f/a b/c/e;p=1/é"], None),
    (
        "nginx fastcgi, split",
        "/fs",
        &["/fs"],
        Some("/a b/c/e;p=1/é"),
    ),
    (
        "nginx fastcgi, own name",
        "/f",
        &["/f/a b/c/e;p=1/é", ""],
        None,
    ),
    ("nginx scgi", "/s", &[], None),
    ("nginx uwsgi", "/u", &[], Some("/u/a b/c/e;p=1/é")),
    (
        "nginx uwsgi, own name",
        "/us",
        &["/us"],
        Some("/us/a b/c/e;p=1/é"),
    ),
    ("lighttpd", "/f", &["/f/a b"], Some("/c/e;p=1/é")),
    (
        "lighttpd, fixed root",
        "/fr",
        &["/fr"],
        Some("/a b/c/e;p=1/é"),
    ),
    ("HAProxy", "/app", &["/app"], Some("/a b/c//d/../e")),
    ("Apache ProxyPass fcgi", "/p", &["/p/a b/c/e;p=1/é"], None),
    ("Apache ProxyPass scgi", "/ps", &["/ps/a b/c/e;p=1/é"], None),
    (
        "Apache ProxyPass uwsgi",
        "/pu",
        &["/pu"],
        Some("/a b/c/e;p=1/é"),
    ),
    (
        "Apache mod_fcgid",
        "/fcgid",
        &["/fcgid"],
        Some("/a b/c/e;p=1/é"),
    ),
];

/// What the app sees.
async fn seen(row: &Row, import: &Import, path: &str) -> String {
    let (_, mount, script_names, path_info) = row;
    let mut variables = Variables::new();
    let mut push = |name: &'static str, value: String| {
        variables.push(name, value).expect("room");
    };
    for name in *script_names {
        push("SCRIPT_NAME", (*name).to_owned());
    }
    if let Some(path_info) = path_info {
        push("PATH_INFO", (*path_info).to_owned());
    }
    push("REQUEST_METHOD", "GET".to_owned());
    push("REQUEST_URI", format!("{mount}{path}"));
    push("SERVER_PROTOCOL", "HTTP/1.1".to_owned());
    let request = request_from(variables, import, Connection::default(), Body::empty());
    let app = async |request: Request| -> Response {
        let (script_name, path_info) = (request.script_name(), request.path_info());
        let query = request.uri().query().unwrap_or_default();
        Response::new(format!("{script_name} + {path_info} ? {query}").into())
    };
    let response = Gateway::new(app).answer(request.expect("a request")).await;
    let bytes = response.into_body().into_bytes(1000).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn a_declared_mount_splits_every_web_servers_request_in_the_same_place() {
    for row in &ROWS {
        let (who, mount, ..) = row;
        let (sent, canonical) = if who.starts_with("Apache") {
            (
                "/a%20b/c//d/../e;p=1/%C3%A9?q=1%20&x=/",
                "/a%20b/c//e;p=1/%C3%A9",
            )
        } else {
            (
                "/a%20b%2Fc//d/../e;p=1/%C3%A9?q=1%20&x=/",
                "/a%20b%2Fc//e;p=1/%C3%A9",
            )
        };
        let import = Import::new().with_mount(mount);
        let expected = format!("{mount} + {canonical} ? q=1%20&x=/");
        assert_eq!(seen(row, &import, sent).await, expected, "{who}");
        // Without one the app stands at the root, whatever they say.
        let expected = format!(" + {mount}{canonical} ? q=1%20&x=/");
        assert_eq!(seen(row, &Import::new(), sent).await, expected, "{who}");
    }
}

#[tokio::test]
async fn a_prefix_that_ends_within_a_segment_is_none() {
    // nginx and lighttpd send these for `/fsx` and `/frx`.
    for (mount, script_name) in [("/fs", "/fsx"), ("/fr", "/frx")] {
        let row: Row = ("", script_name, &[], Some(""));
        let import = Import::new().with_mount(mount);
        assert_eq!(
            seen(&row, &import, "").await,
            format!(" + {script_name} ? ")
        );
    }
}

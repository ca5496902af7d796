//! Any variables as a request: what is made of them reaches an app whole, or is a 4xx.
//!
//! `cargo +nightly fuzz run cgi_variables`

#![no_main]

use std::sync::Arc;

use enfilade_adapters::gateway::{Import, Variables, content_length, request_from};
use enfilade_core::{Body, Connection, ErrorSink, Gateway, Request, RequestExt, Response};
use futures_util::FutureExt;
use http::header;
use libfuzzer_sys::fuzz_target;

mod allocation;

/// The names that mean something.
const NAMES: [&str; 30] = [
    "REQUEST_METHOD",
    "REQUEST_URI",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "SERVER_PROTOCOL",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "HTTPS",
    "REQUEST_SCHEME",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "SERVER_ADDR",
    "SERVER_PORT",
    "SERVER_NAME",
    "SSL_PROTOCOL",
    "SSL_TLS_SNI",
    "REMOTE_USER",
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_CONNECTION",
    "HTTP_UPGRADE",
    "HTTP_TE",
    "HTTP_PROXY",
    "HTTP_CONTENT_LENGTH",
    "HTTP_CONTENT_TYPE",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_X_FOO",
    "HTTP_X-FOO",
    "HTTP_",
];

fuzz_target!(|input: (u8, Vec<(u8, &[u8])>)| {
    let (choice, sent) = input;
    let size: usize = sent.iter().map(|(_, value)| value.len() + 64).sum();
    allocation::bounded(size, || {
        let mut variables = Variables::new();
        // So that most of them are requests.
        let first = [
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", "/shop/tea?cup=2"),
        ];
        for (name, value) in first {
            variables.push(name, value).expect("room");
        }
        for (name, value) in sent {
            let pushed = match NAMES.get(usize::from(name)) {
                Some(name) => variables.push(*name, value.to_vec()),
                // A name of the input's own.
                None => match value.split_first_chunk::<4>() {
                    Some((name, value)) => variables.push(name.to_vec(), value.to_vec()),
                    None => Ok(()),
                },
            };
            if pushed.is_err() {
                return;
            }
        }
        let import = match choice % 4 {
            0 => Import::new(),
            1 => Import::new().with_mount("/shop"),
            2 => Import::new().with_script_name(),
            _ => Import::new().with_mount("/a/b").with_remote_user(),
        };
        let length = content_length(&variables);
        let mut facts = Connection::default();
        facts.errors = Arc::new(Loud);
        let Ok(request) = request_from(variables, &import, facts, Body::empty()) else {
            return;
        };
        let length = length.expect("a request has a length or none");
        let told = request.headers().get(header::CONTENT_LENGTH);
        let told = told.map(|told| told.to_str().expect("digits").to_owned());
        // A length of nothing need not be told.
        let expected = length.map(|length| length.to_string());
        assert!(told == expected || (told.is_none() && length == Some(0)));
        let answer = Gateway::new(check)
            .answer(request)
            .now_or_never()
            .expect("no wait");
        let status = answer.status().as_u16();
        assert!(status == 200 || (400..500).contains(&status), "{status}");
    });
});

/// What holds for every request that reaches an app.
async fn check(request: Request) -> Response {
    let (script_name, path_info) = (request.script_name(), request.path_info());
    assert_eq!([script_name, path_info].concat(), request.uri().path());
    assert!(script_name.is_empty() || script_name.starts_with('/'));
    assert!(!script_name.ends_with('/'));
    assert!(path_info.is_empty() || path_info.starts_with('/') || path_info == "*");
    let facts = request.environ().connection();
    assert!(!facts.server_name.is_empty());
    for name in ["proxy", "transfer-encoding", "connection", "upgrade", "te"] {
        assert!(!request.headers().contains_key(name), "{name}");
    }
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::COOKIE] {
        assert!(request.headers().get_all(name).iter().count() <= 1);
    }
    assert!(request.extension::<Variables>().is_ok());
    Response::default()
}

/// A request gives no reason for a report: that would be a bug of the host.
struct Loud;

impl ErrorSink for Loud {
    fn report(&self, line: &str) {
        panic!("{line}");
    }
}

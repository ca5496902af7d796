use std::ffi::OsString;

use enfilade_core::{Connection, Request, RequestExt, Response};

use super::*;

fn environment(more: &[(&str, &str)]) -> Result<Variables, BadRequest> {
    let head = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REQUEST_METHOD", "POST"),
        ("SCRIPT_NAME", "/cgi-bin/app"),
        ("REQUEST_URI", "/cgi-bin/app/tea?a+b"),
        ("PATH", "/usr/bin"),
    ];
    let sent = head.iter().chain(more);
    environment::variables(sent.map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

/// What the app answers to `input`, and what is left of the input.
async fn exchange(
    variables: Result<Variables, BadRequest>,
    mut input: &[u8],
) -> (String, Ended, &[u8]) {
    let app = async |mut request: Request| -> enfilade_core::Result<String> {
        let place = format!("{} + {}", request.script_name(), request.path_info());
        Ok(format!("{place} {}", request.text().await?))
    };
    let import = Import::new().or_script_name();
    let site = Site::new(app, PathPolicy::default(), import, Connection::default());
    let mut output = Vec::new();
    let ended = answer(&site, variables, &mut input, &mut output).await;
    (String::from_utf8(output).expect("text"), ended, input)
}

#[tokio::test]
async fn a_request_is_answered_and_nothing_is_read_behind_it() {
    let variables = environment(&[("CONTENT_LENGTH", "4")]);
    let (answer, ended, rest) = exchange(variables, b"milk and honey").await;
    assert_eq!(
        answer,
        "Status: 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 24\r\n\r\n\
         /cgi-bin/app + /tea milk"
    );
    assert_eq!((ended, rest), (Ended::Whole, &b" and honey"[..]));
}

#[tokio::test]
async fn a_body_without_a_length_is_read_where_there_is_one() {
    let chunked = environment(&[("HTTP_TRANSFER_ENCODING", "chunked")]);
    let (answer, ..) = exchange(chunked, b"milk").await;
    assert!(answer.ends_with("/tea milk"), "{answer}");
    for none in [&[("CONTENT_LENGTH", "")][..], &[]] {
        let (answer, _, rest) = exchange(environment(none), b"milk").await;
        assert!(answer.ends_with("/tea "), "{answer}");
        assert_eq!(rest, b"milk");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error_for_the_app() {
    let (answer, ..) = exchange(environment(&[("CONTENT_LENGTH", "5")]), b"milk").await;
    assert!(
        answer.starts_with("Status: 400 Bad Request\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_that_is_too_large_is_answered() {
    let large = environment(&[("HTTP_X", &"x".repeat(200_000))]);
    let (answer, ..) = exchange(large, b"").await;
    assert!(
        answer.starts_with("Status: 431 Request Header Fields Too Large\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn of_a_request_that_is_refused_no_more_is_read_than_its_body() {
    for (more, rest) in [
        (
            &[("CONTENT_LENGTH", "4"), ("SERVER_PORT", "x")][..],
            &b" and honey"[..],
        ),
        (&[("CONTENT_LENGTH", "-4")], b"milk and honey"),
    ] {
        let (answer, _, unread) = exchange(environment(more), b"milk and honey").await;
        assert!(
            answer.starts_with("Status: 400 Bad Request\r\n"),
            "{answer}"
        );
        assert_eq!(unread, rest);
    }
}

#[tokio::test]
async fn nobody_to_write_to_is_nobodys_error() {
    struct Closed;
    impl AsyncWrite for Closed {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::task::Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }
    let app = async |_: Request| Response::default();
    let facts = Connection::default();
    let site = Site::new(app, PathPolicy::default(), Import::new(), facts);
    let ended = answer(&site, environment(&[]), &mut &b""[..], &mut Closed).await;
    assert_eq!(ended, Ended::Gone);
}

#[test]
fn an_app_sees_the_capabilities_that_the_documentation_tells_of() {
    let table = enfilade_core::testing::promised(include_str!("../cgi.rs"), 1);
    assert_eq!(table, capabilities());
}

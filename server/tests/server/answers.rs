//! Answers whose length an app gets wrong: a client never takes their rest for the next answer.

use bytes::Bytes;
use enfilade_core::{Body, Request, RequestExt, Response};
use futures_util::stream;
use http::{HeaderValue, header};

use crate::support::Running;

/// Answers with a body and lengths that do not belong to it, as the path says.
async fn wrong(request: Request) -> Response {
    let parts: Vec<&str> = request.path_info().split('/').collect();
    let [_, status, form, lengths] = parts[..] else {
        return Response::new(Body::from("next"));
    };
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\ninside";
    let body = match form {
        "memory" => Body::from(text),
        _ => Body::stream(stream::iter(
            text.as_bytes()
                .chunks(7)
                .map(|part| Ok::<_, std::io::Error>(Bytes::copy_from_slice(part))),
        )),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status.parse().expect("a status");
    for length in lengths.split('+').filter(|length| !length.is_empty()) {
        let value = HeaderValue::from_str(length).expect("a number");
        response.headers_mut().append(header::CONTENT_LENGTH, value);
    }
    response
}

/// What is left of `all` behind its first answer; nothing where that was cut short.
fn behind_the_first<'a>(all: &'a str, method: &str) -> &'a str {
    let (head, rest) = all.split_once("\r\n\r\n").unwrap_or((all, ""));
    if method == "HEAD" || head.contains(" 204 ") || head.contains(" 304 ") {
        return rest;
    }
    if head.contains("transfer-encoding: chunked") {
        return rest
            .split_once("\r\n0\r\n\r\n")
            .map_or("", |(_, rest)| rest);
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(rest.len(), |length| length.parse().expect("a number"));
    rest.get(length..).unwrap_or("")
}

#[test]
fn a_wrong_length_ends_the_connection_or_is_put_right() {
    let server = Running::start(wrong);
    let mut count = 0;
    for method in ["GET", "HEAD", "POST"] {
        for status in ["200", "204", "304", "404", "500"] {
            for form in ["memory", "stream"] {
                for lengths in ["", "0", "1", "3", "44", "45", "46", "1000", "3+45", "45+45"] {
                    let path = format!("/{status}/{form}/{lengths}");
                    let mut client = server.connect();
                    client.say(&format!(
                        "{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n\
                         GET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                    ));
                    let all = client.rest();
                    let rest = behind_the_first(&all, method);
                    let in_step = rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.ends_with("next");
                    assert!(rest.is_empty() || in_step, "{method} {path}: {all:?}");
                    assert!(!rest.contains("inside"), "{method} {path}: {all:?}");
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 300);
}

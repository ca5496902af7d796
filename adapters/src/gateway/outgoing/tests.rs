use std::sync::Mutex;

use enfilade_core::{Body, BodyError};
use http::Method;

use super::*;

/// Keeps what is reported.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl ErrorSink for Notes {
    fn report(&self, line: &str) {
        self.0.lock().expect("no panic").push(line.to_owned());
    }
}

/// What is sent, whether it broke off, and what was reported.
async fn sent(method: Method, response: Response) -> (String, bool, Vec<String>) {
    let response = enfilade_core::host::commit(&method, response).await;
    let notes = Arc::new(Notes::default());
    let is_head = method == Method::HEAD;
    let mut outgoing = Outgoing::new(Style::Status, is_head, response, notes.clone());
    let mut bytes = outgoing.head().to_vec();
    let mut cut = false;
    while let Some(next) = outgoing.next().await {
        match next {
            Ok(next) => {
                assert!(!next.is_empty());
                bytes.extend_from_slice(&next);
            }
            Err(Cut) => cut = true,
        }
    }
    assert_eq!(outgoing.next().await, None, "the end is the end");
    let notes = notes.0.lock().expect("no panic").clone();
    (String::from_utf8(bytes).expect("text"), cut, notes)
}

fn stream(blocks: &[&'static str], more: Option<BodyError>) -> Body {
    let mut blocks: Vec<_> = blocks
        .iter()
        .map(|text| Ok(Bytes::from_static(text.as_bytes())))
        .collect();
    blocks.extend(more.map(Err));
    Body::stream(futures_util::stream::iter(blocks))
}

fn response(body: impl Into<Body>, fields: &[(&'static str, &'static str)]) -> Response {
    let mut response = Response::new(body.into());
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().append(*name, value);
    }
    response
}

#[tokio::test]
async fn a_length_that_is_known_is_told() {
    let (bytes, cut, notes) = sent(Method::GET, response("hello", &[])).await;
    assert_eq!(bytes, "Status: 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert!(!cut && notes.is_empty());
    let (bytes, ..) = sent(Method::GET, response("", &[])).await;
    assert_eq!(bytes, "Status: 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[tokio::test]
async fn a_stream_has_no_length_and_its_empty_frames_end_nothing() {
    let body = stream(&["", "one", "", "two"], None);
    let (bytes, cut, notes) = sent(Method::GET, response(body, &[])).await;
    assert_eq!(bytes, "Status: 200 OK\r\n\r\nonetwo");
    assert!(!cut && notes.is_empty());
}

#[tokio::test]
async fn a_head_has_the_length_of_a_get_and_no_body() {
    let (bytes, cut, _) = sent(Method::HEAD, response("hello", &[])).await;
    assert_eq!(bytes, "Status: 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(!cut);
    let (bytes, ..) = sent(Method::HEAD, response(stream(&["x"], None), &[])).await;
    assert_eq!(bytes, "Status: 200 OK\r\n\r\n");
}

#[tokio::test]
async fn no_body_and_no_length_goes_with_204_and_304() {
    for (status, expected) in [
        (204, "Status: 204 No Content\r\n\r\n"),
        (304, "Status: 304 Not Modified\r\ncontent-length: 9\r\n\r\n"),
    ] {
        let mut response = response("hello", &[("content-length", "9")]);
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        let (bytes, cut, notes) = sent(Method::GET, response).await;
        assert_eq!(bytes, expected);
        assert!(!cut && notes.is_empty(), "{notes:?}");
    }
}

#[tokio::test]
async fn no_more_than_the_length_is_sent() {
    let body = stream(&["hel", "lo, and more", "still more"], None);
    let response = response(body, &[("content-length", "5")]);
    let (bytes, cut, notes) = sent(Method::GET, response).await;
    assert_eq!(bytes, "Status: 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert!(!cut);
    assert!(notes[0].contains("longer"), "{notes:?}");
}

#[tokio::test]
async fn more_behind_the_last_byte_of_the_length_is_noticed() {
    let body = stream(&["hello", "more"], None);
    let (bytes, _, notes) = sent(Method::GET, response(body, &[("content-length", "5")])).await;
    assert!(bytes.ends_with("\r\n\r\nhello"));
    assert!(
        notes.iter().any(|note| note.contains("longer")),
        "{notes:?}"
    );
}

#[tokio::test]
async fn fewer_bytes_than_the_length_are_no_end() {
    let response = response(stream(&["hel"], None), &[("content-length", "5")]);
    let (bytes, cut, notes) = sent(Method::GET, response).await;
    assert!(bytes.ends_with("\r\n\r\nhel") && cut);
    assert_eq!(
        notes,
        ["a response was cut short: its last 2 bytes are missing"]
    );
}

#[tokio::test]
async fn an_error_behind_the_head_is_a_cut_that_is_reported() {
    let body = stream(&["hel"], Some(BodyError::new("the disk is gone")));
    let (bytes, cut, notes) = sent(Method::GET, response(body, &[])).await;
    assert!(bytes.ends_with("\r\n\r\nhel") && cut);
    assert!(notes[0].contains("the disk is gone"), "{notes:?}");
}

#[tokio::test]
async fn a_panic_behind_the_head_is_a_cut_too() {
    let mut first = true;
    let blocks = futures_util::stream::poll_fn(move |_| {
        assert!(std::mem::take(&mut first), "at the disco");
        Poll::Ready(Some(Ok::<_, BodyError>(Bytes::from_static(b"hel"))))
    });
    let (bytes, cut, notes) = sent(Method::GET, response(Body::stream(blocks), &[])).await;
    assert!(bytes.ends_with("\r\n\r\nhel") && cut);
    assert!(notes[0].contains("at the disco"), "{notes:?}");
}

#[tokio::test]
async fn a_length_that_is_none_is_dropped_and_reported() {
    for claims in [&["x"][..], &["-1"], &["3", "3"], &["+3"]] {
        let fields: Vec<_> = claims.iter().map(|c| ("content-length", *c)).collect();
        let (bytes, cut, notes) =
            sent(Method::GET, response(stream(&["hel"], None), &fields)).await;
        assert_eq!(bytes, "Status: 200 OK\r\n\r\nhel", "{claims:?}");
        assert!(!cut && notes.len() == 1);
    }
}

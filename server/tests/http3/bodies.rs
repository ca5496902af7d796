//! Bodies, whole and broken, both ways.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Request, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body as _, Frame};
use http_body_util::StreamBody;
use tokio::time::{sleep, timeout};

use crate::client::{Client, LONG, POST, Raw, receive, soon, start, try_receive};

/// All of a body.
pub async fn read(mut body: Body) -> Result<(usize, Option<HeaderMap>), BodyError> {
    let (mut count, mut trailers) = (0, None);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame?.into_data() {
            Ok(data) => count += data.len(),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    Ok((count, trailers))
}

async fn count(request: Request) -> String {
    match read(request.into_body()).await {
        Ok((count, _)) => count.to_string(),
        Err(error) => format!("broken: {error}"),
    }
}

fn streamed(count: usize, each: usize) -> Response {
    let frames = (0..count).map(move |_| Ok::<_, BodyError>(Frame::data(vec![b'x'; each].into())));
    Response::new(Body::new(StreamBody::new(stream::iter(frames))))
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_pass_both_ways() {
    let (server, certificates) = start(async |request: Request| {
        let (count, _) = read(request.into_body()).await.expect("all of it");
        assert_eq!(count, 8 << 20);
        streamed(256, 1 << 15)
    });
    let mut client = Client::of(&server, &certificates).await;
    let answer = client.post("/", &vec![1; 8 << 20]).await;
    assert_eq!(answer.body.len(), 8 << 20);
    assert!(!answer.head.headers().contains_key("content-length"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_known_length_says_so_and_an_empty_one_is_none() {
    let (server, certificates) = start(async |request: Request| {
        let size = request.body().size_hint();
        format!("{:?} {}", size.exact(), request.body().is_end_stream())
    });
    let mut client = Client::of(&server, &certificates).await;
    let mut request = client.request(Method::POST, "/");
    request
        .headers_mut()
        .insert("content-length", HeaderValue::from_static("5"));
    assert_eq!(client.send(request, b"hello").await.text(), "Some(5) false");
    // The end may come in a packet of its own.
    let mut is_empty = false;
    for _ in 0..20 {
        is_empty |= client.get("/").await.text() == "Some(0) true";
    }
    assert!(is_empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_without_bytes_is_no_end() {
    let (server, certificates) = start(count);
    let client = Raw::of(&server, &certificates).await;
    let answer = client
        .ask(&[POST, b"\0\x02ab\0\0\0\0\0\x03cde"].concat())
        .await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.last(), Some(&b'5'), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_frame_goes_out_without_waiting_for_the_next() {
    let (server, certificates) = start(async |_: Request| {
        let frames = stream::iter(["one"]).chain(stream::pending());
        let frames = frames.map(|text| Ok::<_, BodyError>(Frame::data(Bytes::from(text))));
        Response::new(Body::new(StreamBody::new(frames)))
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::GET, "/");
    let mut stream = client.begin(request).await;
    stream.finish().await.expect("it is read");
    stream.recv_response().await.expect("a head");
    let data = timeout(LONG, stream.recv_data()).await.expect("in time");
    assert!(data.expect("no error").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_short_is_an_error_and_no_end() {
    let seen = Arc::new(AtomicUsize::new(0));
    let ends = Arc::clone(&seen);
    let (server, certificates) = start(move |request: Request| {
        let ends = Arc::clone(&ends);
        async move {
            if read(request.into_body()).await.is_ok() {
                ends.fetch_add(1, SeqCst);
            }
            "hello"
        }
    });
    // The end comes inside of a frame: apart from its bytes, and with them.
    for whole in [false, true] {
        let client = Raw::of(&server, &certificates).await;
        let (mut send, _receive) = client.say(&[POST, b"\0\x0aabc"].concat(), whole).await;
        sleep(Duration::from_millis(50)).await;
        let _ = send.finish();
        // H3_FRAME_ERROR
        assert_eq!(client.closed().await, 0x106);
    }
    // The client resets the stream.
    let client = Raw::of(&server, &certificates).await;
    let (mut send, _receive) = client.say(&[POST, b"\0\x0aabc"].concat(), false).await;
    sleep(Duration::from_millis(50)).await;
    send.reset(0x10c_u32.into()).expect("it is open");
    // It goes on with others.
    assert!(client.ask(crate::client::GET).await.is_ok());
    assert_eq!(seen.load(SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_not_that_of_the_data_resets_the_stream() {
    let (server, certificates) = start(count);
    let client = Raw::of(&server, &certificates).await;
    // content-length: 3
    let head = b"\x01\x13\0\0\xd4\xd7\xc1\x50\x09localhost\x54\x013";
    for body in [&b"\0\x02ab"[..], b"\0\x04abcd", b"", b"\0\x02ab\0\x02cd"] {
        let answer = client.ask(&[head, body].concat()).await;
        // H3_MESSAGE_ERROR
        assert_eq!(answer, Err(0x10e), "{body:?}");
    }
    assert!(
        client
            .ask(&[&head[..], b"\0\x03abc"].concat())
            .await
            .is_ok()
    );
    assert!(
        client
            .ask(&[&head[..], b"\0\x01a\0\x02bc"].concat())
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_fails_later_resets_the_stream_and_is_reported() {
    let (server, certificates) = start(async |_: Request| {
        let frames = stream::iter([
            Ok(Frame::data(Bytes::from("one"))),
            Err(BodyError::new(std::io::Error::other("the disk is gone"))),
        ]);
        Response::new(Body::new(StreamBody::new(frames)))
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::GET, "/");
    let mut stream = client.begin(request).await;
    stream.finish().await.expect("it is read");
    let error = try_receive(&mut stream).await.expect_err("it is cut short");
    assert!(format!("{error}").contains("H3_INTERNAL_ERROR"), "{error}");
    assert!(server.errors.lines()[0].contains("the disk is gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_as_long_as_it_says_does_not_look_whole() {
    let (server, certificates) = start(async |request: Request| {
        let mut response = streamed(2, 10);
        let length = HeaderValue::from_str(&request.uri().path()[1..]).expect("a number");
        response.headers_mut().insert("content-length", length);
        response
    });
    let mut client = Client::of(&server, &certificates).await;
    for wrong in ["/19", "/21"] {
        let request = client.request(Method::GET, wrong);
        let mut stream = client.begin(request).await;
        stream.finish().await.expect("it is read");
        try_receive(&mut stream).await.expect_err("it is cut short");
    }
    assert_eq!(client.get("/20").await.body.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_reads_is_stopped_and_answered() {
    let (server, certificates) = start(async |_: Request| "no");
    let client = Raw::of(&server, &certificates).await;
    let (mut send, mut receive) = client
        .say(&[POST, b"\0\x80\x10\0\0abc"].concat(), false)
        .await;
    let stopped = timeout(LONG, send.stopped()).await.expect("in time");
    // H3_NO_ERROR
    assert_eq!(stopped.expect("it is open"), Some(0x100_u32.into()));
    let answer = receive.read_to_end(1 << 16).await.expect("an answer");
    assert!(answer.ends_with(b"no"));
    // It fails, or is thrown away.
    let _ = send.write(b"more").await;
    assert!(client.ask(crate::client::GET).await.is_ok());
}

/// Tells when it is dropped.
pub struct Dropped(pub Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_resets_or_leaves_drops_the_apps_future() {
    for way in ["stop", "reset", "close"] {
        let (begun, dropped) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let (begins, drops) = (Arc::clone(&begun), Arc::clone(&dropped));
        let (server, certificates) = start(move |request: Request| {
            let guard = Dropped(Arc::clone(&drops));
            begins.store(true, SeqCst);
            async move {
                let _guard = guard;
                let _ = read(request.into_body()).await;
                std::future::pending::<&str>().await
            }
        });
        let client = Raw::of(&server, &certificates).await;
        let (mut send, mut receive) = client.say(POST, false).await;
        assert!(soon(|| begun.load(SeqCst)).await);
        assert!(!dropped.load(SeqCst));
        match way {
            "stop" => receive.stop(0x10c_u32.into()).expect("it is open"),
            "reset" => send.reset(0x10c_u32.into()).expect("it is open"),
            _ => client.quic.close(0x100_u32.into(), b""),
        }
        assert!(soon(|| dropped.load(SeqCst)).await, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_not_taken_in_and_what_nobody_takes_is_not_made() {
    let made = Arc::new(AtomicUsize::new(0));
    let makes = Arc::clone(&made);
    let (server, certificates) = start(move |request: Request| {
        let makes = Arc::clone(&makes);
        async move {
            let body = request.into_body();
            let frames = stream::repeat_with(move || {
                let _ = &body;
                makes.fetch_add(1 << 14, SeqCst);
                Ok::<_, BodyError>(Frame::data(vec![b'x'; 1 << 14].into()))
            });
            Response::new(Body::new(StreamBody::new(frames)))
        }
    });
    let client = Raw::of(&server, &certificates).await;
    let (mut send, mut receive) = client.say(POST, false).await;
    let mut sent = 0;
    send.write_all(b"\0\xbf\xff\xff\xff").await.expect("room");
    while let Ok(Ok(count)) = timeout(Duration::from_millis(500), send.write(&[0; 1 << 14])).await {
        sent += count;
    }
    // The window of the stream, and what quinn keeps to send on this side.
    assert!(sent < 12 << 20, "{sent}");
    let before = made.load(SeqCst);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(before, made.load(SeqCst));
    // The windows of this client are 1.25 MB for a stream.
    assert!(before < 4 << 20, "{before}");
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..200 {
        receive.read(&mut buffer).await.expect("more");
    }
    assert!(soon(|| made.load(SeqCst) > before).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_streams_in_while_the_app_runs() {
    let (server, certificates) = start(async |request: Request| {
        let mut body = request.into_body();
        let first = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let first = first.expect("a frame").expect("no error");
        Response::new(Body::from(first.into_data().expect("data")))
    });
    let mut client = Client::of(&server, &certificates).await;
    let request = client.request(Method::POST, "/");
    let mut stream = client.begin(request).await;
    stream.send_data("first".into()).await.expect("it is read");
    assert_eq!(receive(&mut stream).await.text(), "first");
}

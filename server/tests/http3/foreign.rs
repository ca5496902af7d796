//! aioquic, which shares no code with the server: it is asked by a program of Python.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use enfilade_core::{Body, BodyError, IntoResponse, Request, RequestExt, Response};
use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;

use crate::{
    bodies::{Dropped, read},
    client::start,
};

/// The interpreter that has it; `scripts/test` makes it.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/aioquic/bin/python");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http3/foreign.py");

async fn app(request: Request, dropped: Arc<AtomicBool>) -> Response {
    let path = request.path_info().to_owned();
    match &*path {
        "/facts" => {
            let environ = request.environ();
            let tls = environ.connection().tls.clone().expect("TLS was spoken");
            let sni = tls.sni.as_deref().unwrap_or_default();
            let query = request.uri().query().unwrap_or_default();
            format!("{:?} {sni} {query}", environ.version()).into_response()
        }
        "/count" => {
            let (count, _) = read(request.into_body()).await.unwrap_or_default();
            count.to_string().into_response()
        }
        "/trailers" => {
            let (_, trailers) = read(request.into_body()).await.unwrap_or_default();
            let sum = trailers.unwrap_or_default()["x-sum"].clone();
            let mut back = HeaderMap::new();
            back.insert("x-sum", sum);
            let frames = [
                Ok::<_, BodyError>(Frame::data("abc".into())),
                Ok(Frame::trailers(back)),
            ];
            Response::new(Body::new(StreamBody::new(stream::iter(frames))))
        }
        "/large" => Body::from(vec![b'x'; 1 << 20]).into_response(),
        "/panic" => panic!("on purpose"),
        "/hints" => {
            request
                .environ()
                .early_hints([("link", "</a.css>; rel=preload")]);
            "hinted".into_response()
        }
        "/never" => {
            let _guard = Dropped(dropped);
            std::future::pending().await
        }
        "/dropped" => {
            let dropped = crate::client::soon(|| dropped.load(SeqCst)).await;
            dropped.to_string().into_response()
        }
        _ => "no".into_response(),
    }
}

#[test]
fn a_client_that_is_not_of_rust_agrees() {
    if !Path::new(PYTHON).exists() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "there is no {PYTHON}"
        );
        println!("SKIP aioquic: there is no {PYTHON}; `scripts/test` makes it");
        return;
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let (mut server, certificates) = start(move |request| app(request, Arc::clone(&dropped)));
    let mut client = Command::new(PYTHON)
        .args([PROGRAM, &server.addr().port().to_string()])
        .arg(certificates.path("authority.pem"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(client.stdout.take().expect("it was asked for"));
    let mut said = Vec::new();
    for line in lines.lines().map_while(Result::ok) {
        if line == "stop" {
            server.begin_stop();
        }
        said.push(line);
    }
    let ended = client.wait().expect("it was started");
    // Where it comes depends on how soon it was read that nobody reads.
    let before = said.len();
    said.retain(|line| line != "stopped 0x100");
    assert!(said.len() < before, "{said:#?}");
    assert_eq!(
        said,
        [
            "get 200 24 - HTTP/3.0 localhost x=%20",
            "post 200 6 - 300000",
            "trailers 200 - 3 abc",
            "large 200 1048576 - 1048576 bytes",
            "panic 500 22 - Internal Server Error",
            "many 50",
            "short reset 0x10e",
            "fields reset 0x10e",
            "long 431 - - ",
            "unread 200 2 - no",
            "hints 103 - - hinted",
            "after 200 4 - true",
            "stop",
            "closed 0x100",
        ]
    );
    assert!(ended.success());
}

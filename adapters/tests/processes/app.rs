//! The app that all of the processes serve.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use enfilade_core::{Body, BodyError, Lifecycle, OnDisconnect, Request, RequestExt, Response};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;

/// How many bytes `/large` has.
pub const LARGE: u64 = 1 << 30;

/// The pieces that it is made of.
const PIECE: usize = 64 * 1024;

/// Says when the process has closed what it opened.
pub fn life() -> Lifecycle {
    let life = Lifecycle::new();
    life.on_stop(async || eprintln!("closed"));
    life
}

pub async fn app(request: Request) -> Response {
    match request.path_info() {
        "/large" => Response::new(large()),
        "/count" => Response::new(count(request.into_body()).await.into()),
        "/never" => {
            let _guard = Told("dropped");
            eprintln!("begun");
            pending().await
        }
        "/until-the-stop" => {
            eprintln!("begun");
            request.environ().stopping().clone().await;
            Response::new("stopping".into())
        }
        "/slow" => {
            eprintln!("begun");
            tokio::time::sleep(Duration::from_millis(500)).await;
            Response::new("done".into())
        }
        "/finishes" => {
            request.environ().set_on_disconnect(OnDisconnect::Finish);
            request.environ().on_finish(|outcome| {
                eprintln!("over {:?} {:?}", outcome.status, outcome.ending);
            });
            eprintln!("begun");
            tokio::time::sleep(Duration::from_millis(900)).await;
            eprintln!("went on");
            Response::new("done".into())
        }
        "/half" => half(None),
        "/half-of-ten" => half(Some("10")),
        "/endless" => Response::new(endless()),
        path => Response::new(format!("{} + {path}", request.script_name()).into()),
    }
}

struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        eprintln!("{}", self.0);
    }
}

/// As many bytes as were promised, made while they are sent.
fn large() -> Body {
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let pieces = stream::iter(0..LARGE / PIECE as u64);
    Body::stream(pieces.map(move |_| Ok::<_, BodyError>(piece.clone())))
}

/// How many bytes arrive.
async fn count(mut body: Body) -> String {
    let mut count = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => count += frame.data_ref().map_or(0, Bytes::len),
            Err(error) => return format!("{count}, then {error}"),
        }
    }
    count.to_string()
}

/// A response that breaks off behind its first five bytes.
fn half(length: Option<&'static str>) -> Response {
    let pieces = [Ok(Bytes::from("hello")), Err(BodyError::new("no more"))];
    let mut response = Response::new(Body::stream(stream::iter(pieces)));
    if let Some(length) = length {
        let length = http::HeaderValue::from_static(length);
        response.headers_mut().insert("content-length", length);
    }
    response
}

/// A piece now and then, for ever.
fn endless() -> Body {
    let guard = Told("dropped");
    eprintln!("begun");
    Body::stream(stream::unfold(guard, async |guard| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, BodyError>(Bytes::from("x")), guard))
    }))
}

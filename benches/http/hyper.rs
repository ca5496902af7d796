//! hyper, with everything written by hand: `serve-hyper ROW PORT`.

use std::{collections::HashMap, convert::Infallible, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use enfilade_benches::http::{
    Entry, FIELDS, HELLO, MOUNTS, ROUTES, TEXT, arguments, is_authorized, request_id,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{net::TcpListener, runtime::Builder};

type Answer = Result<Response<Full<Bytes>>, Infallible>;

fn main() {
    let (row, port) = arguments();
    let (protocol, app) = row.split_once('/').expect("PROTOCOL/APP");
    let mut builder = match protocol {
        "per-core" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().expect("a runtime");
    let site = Arc::new(Site::new());
    match app {
        "hello" => runtime.block_on(serve(protocol, port, |_| hello())),
        "stack5" => runtime.block_on(serve(protocol, port, stack)),
        "deep" => runtime.block_on(serve(protocol, port, move |request| {
            let answer = site.answer(request.uri().path());
            async { Ok(answer) }
        })),
        other => panic!("no app `{other}`"),
    }
}

async fn serve<F, Fut>(protocol: &str, port: u16, app: F)
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a free port");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // As every server here does, and as small responses need.
        let _ = stream.set_nodelay(true);
        let (io, service) = (TokioIo::new(stream), service_fn(app.clone()));
        if protocol == "http1" {
            tokio::spawn(http1::Builder::new().serve_connection(io, service));
        } else {
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new())
                    .serve_connection(io, service)
                    .await
            });
        }
    }
}

fn text(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
    response
}

async fn hello() -> Answer {
    Ok(text(Bytes::from_static(HELLO.as_bytes())))
}

/// The five in one function.
async fn stack(request: Request<Incoming>) -> Answer {
    let id = request_id(request.headers());
    let entry = Entry::new(&request);
    let mut response = if is_authorized(request.headers()) {
        match tokio::time::timeout(Duration::from_secs(30), hello()).await {
            Ok(Ok(response)) => response,
            Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
        }
    } else {
        status(StatusCode::UNAUTHORIZED)
    };
    let headers = response.headers_mut();
    for (name, value) in FIELDS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(HeaderName::from_static("x-request-id"), id);
    entry.write(response.status(), HELLO.len() as u64);
    Ok(response)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Two tables by hand.
struct Site(HashMap<String, HashMap<String, usize>>);

impl Site {
    fn new() -> Site {
        let routes: HashMap<_, _> = (0..ROUTES).map(|n| (format!("r{n}"), n)).collect();
        Site(
            (0..MOUNTS)
                .map(|n| (format!("m{n}"), routes.clone()))
                .collect(),
        )
    }

    fn answer(&self, path: &str) -> Response<Full<Bytes>> {
        let mut segments = path.split('/').skip(1);
        let found = (|| {
            let route = self.0.get(segments.next()?)?.get(segments.next()?)?;
            let id = (segments.next()? == "items").then(|| segments.next())??;
            (segments.next()? == "detail" && segments.next().is_none())
                .then(|| format!("{route}: {id}"))
        })();
        found.map_or_else(|| status(StatusCode::NOT_FOUND), |body| text(body.into()))
    }
}

//! Enfilade's server: `serve-enfilade ROW PORT`.

use std::time::Duration;

use enfilade_benches::{
    compose::Noop,
    five,
    http::{FIELDS, HELLO, MOUNTS, ROUTES, TOKEN, arguments, sink},
};
use enfilade_core::{
    App, HostError, Mounts, Pipeline, Request, RequestExt, Result, Router, with_state,
};
use enfilade_middleware::{AccessLog, BearerAuth, Format, RequestId, SetHeader, Timeout};
use enfilade_server::{Limits, Server, Threads};
use http::{HeaderName, HeaderValue};
use tokio::runtime::Builder;

async fn hello(_: Request) -> &'static str {
    HELLO
}

fn main() -> Result<(), HostError> {
    let (row, port) = arguments();
    let (runtime, app) = row.split_once('/').expect("RUNTIME/APP");
    // A macro, because each stack has its own type.
    macro_rules! stack {
        () => {
            Pipeline::new()
                .with(RequestId::new())
                .with(AccessLog::to(Format::Combined, sink))
                .with(BearerAuth::tokens([("ada", TOKEN)]))
                .with(field(0))
                .with(field(1))
                .with(Timeout::new(Duration::from_secs(30)))
        };
    }
    let noop = |_| Noop;
    match app {
        "hello" => serve(runtime, port, Pipeline::new().app(hello)),
        "stack5" => serve(runtime, port, stack!().app(hello)),
        "stack25" => {
            let stack = five!(five!(five!(five!(stack!(), noop), noop), noop), noop);
            serve(runtime, port, stack.app(hello))
        }
        "deep" => {
            let site = (0..MOUNTS).fold(Mounts::new(), |site, n| {
                site.mount(&format!("/m{n}"), routes())
            });
            serve(runtime, port, site)
        }
        other => panic!("no app `{other}`"),
    }
}

fn serve(runtime: &str, port: u16, app: impl App + 'static) -> Result<(), HostError> {
    // h2load does not come again when a connection has had all of its requests.
    let mut limits = Limits::default();
    limits.requests = u32::MAX;
    let server = Server::bind(format!("127.0.0.1:{port}")).with_limits(limits);
    match runtime {
        "run" => server.run(app),
        "per-core" => server.with_threads(Threads::per_core()).run(app),
        "multi-thread" => {
            let runtime = Builder::new_multi_thread().enable_all().build();
            runtime.expect("a runtime").block_on(server.serve(app))
        }
        other => panic!("no runtime `{other}`"),
    }
}

fn field(n: usize) -> SetHeader {
    let (name, value) = FIELDS[n];
    SetHeader::response(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

fn routes() -> Router {
    (0..ROUTES).fold(Router::new(), |router, n| {
        let item = with_state(n, item);
        router.get(&format!("/r{n}/items/{{id}}/detail"), item)
    })
}

async fn item(n: usize, request: Request) -> Result<String> {
    Ok(format!("{n}: {}", request.param::<String>("id")?))
}

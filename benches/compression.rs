//! 10 KiB of JSON through `Compression`, beside tower-http's layer at the same level.
//!
//! Both share the deflate library here, because features unify: on its own, tower-http brings one
//! that takes more than twice the time. What differs here is the state that is made anew.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use enfilade_core::{App, Body, BoxApp, Pipeline, Request, Response, tower};
use enfilade_middleware::{Coding, Compression};
use http::HeaderValue;
use http_body_util::BodyExt;
use tower_http::{CompressionLevel, compression::CompressionLayer};

const SIZE: usize = 10 * 1024;

fn json() -> Bytes {
    let mut json = String::from("[");
    let mut state = 88_172_645_463_325_252_u64;
    while json.len() < SIZE {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (id, score, active) = (state % 1000, state % 7919, state & 16 == 0);
        json.push_str(&format!(
            "{{\"id\":{id},\"name\":\"user {id}\",\"score\":{score},\"active\":{active}}},"
        ));
    }
    json.truncate(SIZE);
    Bytes::from(json)
}

async fn answer(app: &BoxApp, coding: Coding) -> usize {
    let mut request = Request::default();
    request
        .headers_mut()
        .insert("accept-encoding", HeaderValue::from_static(coding.as_str()));
    let response = app.respond(request).await;
    assert_eq!(response.headers()["content-encoding"], coding.as_str());
    let body = response.into_body().collect().await.expect("a whole body");
    body.to_bytes().len()
}

fn compression(c: &mut Criterion) {
    let json = json();
    let app = move |_: Request| {
        let mut response = Response::new(Body::from(json.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        std::future::ready(response)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut group = c.benchmark_group("compression");
    group.throughput(Throughput::Bytes(SIZE as u64));
    for (coding, level) in [
        (Coding::Gzip, 5),
        (Coding::Gzip, 6),
        (Coding::Brotli, 4),
        (Coding::Zstd, 3),
    ] {
        let own = Compression::new().with_level(coding, level);
        let peer = tower(CompressionLayer::new().quality(CompressionLevel::Precise(level)));
        for (name, app) in [
            (
                "enfilade",
                Pipeline::new().with(own).app(app.clone()).boxed(),
            ),
            (
                "tower-http",
                Pipeline::new().with(peer).app(app.clone()).boxed(),
            ),
        ] {
            group.bench_function(format!("{coding} {level} {name}"), |bencher| {
                bencher.iter(|| runtime.block_on(answer(&app, coding)));
            });
        }
    }
}

criterion_group!(benches, compression);
criterion_main!(benches);

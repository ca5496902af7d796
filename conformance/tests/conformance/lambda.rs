//! The Lambda host, invoked by each kind of sender.

use enfilade_adapters::lambda;
use enfilade_conformance::{Deviation, Kit, Lambda};
use tokio::sync::oneshot;

use crate::{check, same_answers};

/// Serves the kit's app, tries all cases, and stops the host.
async fn conforms(target: Lambda, host: lambda::Lambda, deviations: &'static [Deviation]) {
    let kit = Kit::new().expect("a folder").with_deviations(deviations);
    let (stop, stopped) = oneshot::channel::<()>();
    let host = host
        .with_concurrency(16)
        .with_lifecycle(kit.lifecycle())
        .with_shutdown(async {
            // A sender that is dropped stops the host as well.
            let _ = stopped.await;
        });
    let mut serving = tokio::spawn(host.serve(kit.app()));
    let tried = async {
        let report = kit.run(&target).await;
        same_answers(&kit, &target).await;
        report
    };
    let report = tokio::select! {
        report = tried => report,
        // Nobody would ask for invocations any more, and each of them be waited for.
        served = &mut serving => panic!("the host has ended: {served:?}"),
    };
    drop(stop);
    serving.await.expect("no panic").expect("it served");
    check(kit.stopped(report));
}

fn host(target: &Lambda) -> lambda::Lambda {
    lambda::Lambda::at(target.address().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_rest_api() {
    let target = Lambda::rest_api("lambda-rest-api").await.expect("a port");
    let target = target.with_streaming();
    let host = host(&target).with_streaming();
    conforms(target, host, REST_API).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_an_http_api() {
    let target = Lambda::http_api("lambda-http-api").await.expect("a port");
    let host = host(&target);
    conforms(target, host, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_function_url() {
    let target = Lambda::function_url("lambda-function-url").await;
    let target = target.expect("a port").with_streaming();
    let host = host(&target).with_streaming();
    conforms(target, host, FUNCTION_URL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_load_balancer() {
    let target = Lambda::load_balancer("lambda-load-balancer").await;
    let target = target.expect("a port");
    let host = host(&target);
    conforms(target, host, LOAD_BALANCER).await;
}

const fn deviation(
    target: &'static str,
    case: &'static str,
    got: &'static str,
    reason: &'static str,
) -> Deviation {
    Deviation {
        target,
        case,
        got,
        reason,
        sometimes: false,
    }
}

const REST_API: &[Deviation] = &[deviation(
    "lambda-rest-api",
    "a-known-body-has-its-length",
    "text/plain; charset=utf-8, 5 bytes",
    "a REST API sends a stream in chunks",
)];

const FUNCTION_URL: &[Deviation] = &[deviation(
    "lambda-function-url",
    "a-known-body-has-its-length",
    "text/plain; charset=utf-8, 5 bytes",
    "a function URL sends a stream in chunks",
)];

const LOAD_BALANCER: &[Deviation] = &[
    too_large("a-large-answer-arrives", "500"),
    too_large("a-piece-of-a-file-arrives", "500"),
    too_large("a-large-stream-arrives", "500"),
    too_large("a-large-body-arrives", "413"),
    too_large("a-large-body-of-unknown-length-arrives", "413"),
];

const fn too_large(case: &'static str, got: &'static str) -> Deviation {
    let reason = "a balancer takes bodies of 1 MB";
    deviation("lambda-load-balancer", case, got, reason)
}

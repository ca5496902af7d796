//! The Lambda host, invoked by each kind of sender.

use enfilade_adapters::lambda;
use enfilade_conformance::{Deviation, Kit, Lambda};
use tokio::sync::oneshot;

use crate::{check, same_answers_but};

/// Serves the kit's app, tries all cases, and stops the host. Generated requests whose target is
/// `remade` reach the host with another.
async fn conforms(
    target: Lambda,
    host: lambda::Lambda,
    deviations: &'static [Deviation],
    remade: impl Fn(&str) -> bool,
) {
    let kit = Kit::new().expect("a folder").with_deviations(deviations);
    let (stop, stopped) = oneshot::channel::<()>();
    let host = host
        .with_concurrency(16)
        .with_lifecycle(kit.lifecycle())
        .with_shutdown(async {
            // A sender that is dropped stops the host as well.
            let _ = stopped.await;
        });
    let serving = tokio::spawn(host.serve(kit.app()));
    let report = kit.run(&target).await;
    same_answers_but(&kit, &target, remade).await;
    drop(stop);
    serving.await.expect("no panic").expect("it served");
    check(kit.stopped(report));
}

fn host(target: &Lambda) -> lambda::Lambda {
    lambda::Lambda::at(target.address().to_string())
}

/// Whether a query is another once it was a map.
fn has_query(target: &str) -> bool {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    !["", "a=1", "b=%20", "="].contains(&query)
}

/// Whether a path is another once it was decoded.
fn has_escapes(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    ["%2F", "%zz"].iter().any(|escape| path.contains(escape))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_rest_api() {
    let target = Lambda::rest_api("lambda-rest-api").await.expect("a port");
    let target = target.with_streaming();
    let host = host(&target).with_streaming();
    conforms(target, host, REST_API, has_query).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_an_http_api() {
    let target = Lambda::http_api("lambda-http-api").await.expect("a port");
    let host = host(&target);
    conforms(target, host, HTTP_API, has_escapes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_function_url() {
    let target = Lambda::function_url("lambda-function-url").await;
    let target = target.expect("a port").with_streaming();
    let host = host(&target).with_streaming();
    conforms(target, host, FUNCTION_URL, |_| false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_load_balancer() {
    let target = Lambda::load_balancer("lambda-load-balancer").await;
    let target = target.expect("a port");
    let host = host(&target);
    conforms(target, host, LOAD_BALANCER, has_query).await;
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

const REST_API: &[Deviation] = &[
    deviation(
        "lambda-rest-api",
        "a-query-arrives-as-it-is",
        "=&a=%20%20&b=%C3%A9%3Bc%3D%2F%3F",
        "a REST API tells the decoded parameters in place of the query",
    ),
    deviation(
        "lambda-rest-api",
        "a-known-body-has-its-length",
        "text/plain; charset=utf-8, 5 bytes",
        "a REST API sends a stream in chunks",
    ),
];

const FUNCTION_URL: &[Deviation] = &[deviation(
    "lambda-function-url",
    "a-known-body-has-its-length",
    "text/plain; charset=utf-8, 5 bytes",
    "a function URL sends a stream in chunks",
)];

const LOAD_BALANCER: &[Deviation] = &[
    deviation(
        "lambda-load-balancer",
        "a-query-arrives-as-it-is",
        "=&a=%20+&b=%C3%A9;c=/?",
        "a balancer tells the parameters in place of the query",
    ),
    too_large("a-large-answer-arrives"),
    too_large("a-piece-of-a-file-arrives"),
    too_large("a-large-stream-arrives"),
];

const fn too_large(case: &'static str) -> Deviation {
    let reason = "a balancer takes 1 MB as one answer";
    deviation("lambda-load-balancer", case, "500", reason)
}

const HTTP_API: &[Deviation] = &[
    decoded("a-prefix-ends-with-a-segment", "200"),
    decoded("an-escaped-slash-splits-nothing", "/a/b/c"),
    decoded("escapes-have-upper-case-digits", "/a/b%C3%A9"),
    decoded("needless-escapes-are-undone", "/~me/a"),
    decoded("escaped-dot-segments-are-resolved", "/a/./b/../c"),
    decoded("a-broken-escape-is-refused", "200"),
    decoded("a-cut-escape-is-refused", "200"),
    decoded("mount-table-024", "x-here: /p /p /x;"),
    decoded("mount-table-025", "x-here: /p /p /x;"),
    decoded("mount-table-028", "x-here: /p /p /a/b;"),
    decoded("mount-table-029", "400"),
    decoded("mount-table-030", "x-here: /p/q/r /p/q/r ;"),
    decoded("mount-table-031", "x-here: /a /a /b/c;"),
    decoded("mount-table-040", "x-here: /p /p /%25zz;"),
    decoded("mount-table-041", "x-here: /p /p /%25;"),
];

const fn decoded(case: &'static str, got: &'static str) -> Deviation {
    let reason = "an HTTP API tells the decoded path";
    deviation("lambda-http-api", case, got, reason)
}

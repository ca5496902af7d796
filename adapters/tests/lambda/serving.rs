//! One invocation after the other: what fails, and what ends.

use std::{sync::Arc, time::Duration};

use enfilade_core::{ErrorSink, Lifecycle, Request, RequestExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    FUNCTION_URL, Lines, REST_API, serve,
    stand_in::{StandIn, Told},
};

/// More than a report takes.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_malformed_request_and_an_error_and_a_panic_are_answers() {
    let mut stand_in = StandIn::start().await;
    let host = stand_in.host().with_error_sink(Lines::default());
    let app = async |request: Request| {
        assert_ne!(request.path_info(), "/panic", "at the disco");
        StatusCode::IM_A_TEAPOT
    };
    let host = tokio::spawn(host.serve(app));
    for (path, status) in [("/panic", 500), ("/x", 418), ("/%00", 400), ("/..", 400)] {
        let mut event: Value = serde_json::from_str(FUNCTION_URL).expect("JSON");
        event["rawPath"] = json!(path);
        stand_in.invoke(event.to_string());
        assert_eq!(stand_in.json().await["statusCode"], status, "{path}");
    }
    let bad_base64 = REST_API.replace("AP8=", "%%%");
    stand_in.invoke(bad_base64);
    assert_eq!(stand_in.json().await["statusCode"], 400);
    host.abort();
}

#[tokio::test]
async fn what_is_refused_has_no_body_where_the_request_is_head() {
    let mut stand_in = StandIn::start().await;
    let host = stand_in.host().with_error_sink(Lines::default());
    let host = tokio::spawn(host.serve(async |_: Request| StatusCode::CONTINUE));
    let refused = REST_API.replace("AP8=", "%%%");
    for (event, status) in [(&*refused, 400), (REST_API, 500)] {
        let event = event.replace("\"POST\"", "\"HEAD\"");
        stand_in.invoke(event);
        let answer = stand_in.json().await;
        assert_eq!(
            (&answer["statusCode"], &answer["body"]),
            (&json!(status), &json!(""))
        );
    }
    host.abort();
}

#[tokio::test]
async fn what_is_no_request_fails_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let host = serve(&stand_in, async |_: Request| "hello");
    stand_in.invoke(r#"{"Records": []}"#);
    let (path, fields, body, _) = stand_in.answer().await;
    assert_eq!(path, "error");
    assert_eq!(fields["lambda-runtime-invocation-id"], "invocation-0");
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(told["errorType"], "Enfilade.NotHttp");
    stand_in.invoke(FUNCTION_URL);
    assert_eq!(stand_in.json().await["body"], "hello");
    host.abort();
}

#[tokio::test]
async fn what_lambda_refuses_is_told_to_it_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let lines = Lines::default();
    let host = stand_in.host().with_error_sink(lines.clone());
    let host = tokio::spawn(host.serve(async |_: Request| "hello"));
    stand_in.receive_with(StatusCode::PAYLOAD_TOO_LARGE);
    stand_in.invoke(FUNCTION_URL);
    assert_eq!(stand_in.answer().await.0, "response");
    assert_eq!(stand_in.answer().await.0, "error");
    stand_in.invoke(FUNCTION_URL);
    assert_eq!(stand_in.json().await["body"], "hello");
    assert!(
        lines.text().contains("refused a response: 413"),
        "{}",
        lines.text()
    );
    host.abort();
}

#[tokio::test]
async fn a_runtime_interface_that_is_broken_ends_the_host() {
    let mut stand_in = StandIn::start().await;
    let host = serve(&stand_in, async |_: Request| "hello");
    stand_in.receive_with(StatusCode::INTERNAL_SERVER_ERROR);
    stand_in.invoke(FUNCTION_URL);
    assert_eq!(stand_in.answer().await.0, "response");
    let ended = host.await.expect("no panic").expect_err("an error");
    assert!(ended.to_string().contains("500"), "{ended}");
}

#[tokio::test]
async fn callbacks_run_after_the_invocation_that_runs() {
    let mut stand_in = StandIn::start().await;
    let (life, order) = (Lifecycle::new(), Lines::default());
    let closing = order.clone();
    life.on_stop(async move || closing.report("closed"));
    let (entered, mut inside) = mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let (answering, releasing) = (order.clone(), Arc::clone(&release));
    let app = move |_: Request| {
        let (entered, release) = (entered.clone(), Arc::clone(&releasing));
        let answering = answering.clone();
        async move {
            entered.send(()).await.expect("the test waits");
            release.notified().await;
            answering.report("answered");
            "hello"
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let host = stand_in
        .host()
        .with_lifecycle(life.clone())
        .with_shutdown(async {
            drop(stopped.await);
        });
    let host = tokio::spawn(host.serve(app));
    stand_in.invoke(FUNCTION_URL);
    inside.recv().await.expect("the app is called");
    drop(stop);
    life.stopping().await;
    release.notify_one();
    assert_eq!(stand_in.json().await["body"], "hello");
    host.await.expect("no panic").expect("a clean end");
    assert_eq!(order.text(), "answered\nclosed\n");
}

#[tokio::test]
async fn an_extension_that_breaks_off_is_reported_and_breaks_nothing_else_off() {
    let mut stand_in = StandIn::start().await;
    stand_in.break_extension();
    let (life, lines) = (Lifecycle::new(), Lines::default());
    let (entered, mut inside) = mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let releasing = Arc::clone(&release);
    let app = move |_: Request| {
        let (entered, release) = (entered.clone(), Arc::clone(&releasing));
        async move {
            entered.send(()).await.expect("the test waits");
            release.notified().await;
            "hello"
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let host = stand_in
        .host()
        .with_lifecycle(life.clone())
        .with_error_sink(lines.clone())
        .with_shutdown(async {
            drop(stopped.await);
        });
    let host = tokio::spawn(host.serve(app));
    let report = tokio::time::timeout(PATIENCE, lines.first()).await;
    let report = report.expect("a report");
    assert!(report.contains("the extension"), "{report}");
    stand_in.invoke(FUNCTION_URL);
    inside.recv().await.expect("the app is called");
    drop(stop);
    life.stopping().await;
    // Whatever ends with the stop has its turn before the invocation does.
    tokio::task::yield_now().await;
    release.notify_one();
    assert_eq!(stand_in.json().await["body"], "hello");
    host.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_start_that_fails_is_told() {
    let mut stand_in = StandIn::start().await;
    let host = stand_in.host();
    let launched = tokio::task::spawn_blocking(move || {
        host.launch(async |_: &Lifecycle| {
            std::fs::read("/there/is/no/such/file")?;
            Ok(async |_: Request| "hello")
        })
    });
    let (path, _, body, _) = stand_in.answer().await;
    assert_eq!(path, "error");
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(told["errorType"], "Enfilade.StartFailed");
    let message = told["errorMessage"].as_str().expect("text");
    assert!(message.contains("No such file"), "{message}");
    let error = launched.await.expect("no panic").expect_err("no start");
    assert!(error.to_string().contains("did not start"), "{error}");
}

#[tokio::test]
async fn several_workers_answer_at_once() {
    let mut stand_in = StandIn::start().await;
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let app = move |_: Request| {
        let both = Arc::clone(&both);
        async move {
            both.wait().await;
            "hello"
        }
    };
    let host = tokio::spawn(stand_in.host().with_concurrency(2).serve(app));
    stand_in.invoke(FUNCTION_URL);
    stand_in.invoke(FUNCTION_URL);
    let mut ends = 0;
    while ends < 2 {
        ends += usize::from(matches!(stand_in.told().await, Told::End));
    }
    host.abort();
}

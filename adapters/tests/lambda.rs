//! The Lambda host, against a stand-in for Lambda's runtime interface.

#[path = "lambda/stand_in.rs"]
mod stand_in;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use enfilade_adapters::lambda::{EventContext, Invocation};
use enfilade_core::{
    App, Body, Capabilities, ErrorSink, HostError, IntoResponse, Lifecycle, Request, RequestExt,
    Response, Result,
};
use http::{HeaderValue, StatusCode, header::SET_COOKIE};
use serde_json::{Value, json};
use stand_in::{StandIn, Told};
use tokio::{sync::mpsc, task::JoinHandle};

const REST_API: &str = include_str!("fixtures/lambda/rest_api.json");
const REST_API_BASE_PATH: &str = include_str!("fixtures/lambda/rest_api_base_path.json");
const HTTP_API: &str = include_str!("fixtures/lambda/http_api.json");
const FUNCTION_URL: &str = include_str!("fixtures/lambda/function_url.json");
const LOAD_BALANCER: &str = include_str!("fixtures/lambda/load_balancer.json");
const LOAD_BALANCER_MULTI_VALUE: &str =
    include_str!("fixtures/lambda/load_balancer_multi_value.json");

/// Everything that reaches an app, as text.
async fn tell(mut request: Request) -> Result<Response> {
    let mut told = format!(
        "{} {} + {} ? {}\n",
        request.method(),
        request.script_name(),
        request.path_info(),
        request.uri().query().unwrap_or("-"),
    );
    let facts = request.environ().connection();
    told += &format!(
        "{}://{}:{} {:?} from {} at {}\n",
        facts.scheme,
        facts.server_name,
        facts.server_port,
        request.environ().version(),
        facts.peer,
        facts.host,
    );
    for name in ["cookie", "content-length", "x-twice"] {
        let values: Vec<_> = request.headers().get_all(name).iter().collect();
        told += &format!("{name}: {values:?}\n");
    }
    let body = std::mem::take(request.body_mut()).into_bytes(100).await?;
    told += &format!("{body:?}\n");
    let mut response = told.into_response();
    for cookie in ["a=1", "b=2"] {
        response
            .headers_mut()
            .append(SET_COOKIE, HeaderValue::from_static(cookie));
    }
    Ok(response)
}

fn serve(stand_in: &StandIn, app: impl App + 'static) -> JoinHandle<Result<(), HostError>> {
    tokio::spawn(stand_in.host().serve(app))
}

async fn answered(event: &str, app: impl App + 'static) -> Value {
    let mut stand_in = StandIn::start().await;
    let host = serve(&stand_in, app);
    stand_in.invoke(event);
    let answer = stand_in.json().await;
    host.abort();
    answer
}

#[tokio::test]
async fn a_rest_api_loses_nothing() {
    let answer = answered(REST_API, tell).await;
    assert_eq!(
        answer["body"],
        "POST /Prod + /a%20b%2Fc//d ? q=1&q=2&p=x%20y\n\
         https://70ixmpl4fl.execute-api.us-east-2.amazonaws.com:443 HTTP/1.1 from 192.0.2.7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: [\"2\"]\nx-twice: [\"one\", \"two\"]\n\
         b\"\\0\\xff\"\n"
    );
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(
        answer["multiValueHeaders"]["set-cookie"],
        json!(["a=1", "b=2"])
    );
}

#[tokio::test]
async fn the_base_path_of_a_custom_domain_is_the_script_name() {
    let answer = answered(REST_API_BASE_PATH, tell).await;
    assert_eq!(
        answer["body"],
        "GET /shop + /users/7 ? -\n\
         https://api.example.org:443 HTTP/1.1 from 2001:db8::7 at lambda\n\
         cookie: []\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
}

#[tokio::test]
async fn an_http_api_loses_nothing() {
    let answer = answered(HTTP_API, tell).await;
    assert_eq!(
        answer["body"],
        "PUT /dev + /a%20b/c ? q=1&q=2&p=x%20y\n\
         https://r3pmxmplak.execute-api.us-east-2.amazonaws.com:443 HTTP/1.1 from 192.0.2.7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: [\"5\"]\nx-twice: [\"one,two\"]\n\
         b\"hello\"\n"
    );
    assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(answer["headers"]["set-cookie"], Value::Null);
}

#[tokio::test]
async fn a_function_url_loses_nothing() {
    let answer = answered(FUNCTION_URL, tell).await;
    assert_eq!(
        answer["body"],
        "GET  + /a%20b%2Fc//d ? q=1&q=2\n\
         https://id.lambda-url.us-east-2.on.aws:443 HTTP/1.1 from 2001:db8::7 at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
    assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
}

#[tokio::test]
async fn a_load_balancer_loses_nothing() {
    let answer = answered(LOAD_BALANCER, tell).await;
    assert_eq!(
        answer["body"],
        "GET  + /a%20b%2Fc//d ? q=2&p=x%20y\n\
         http://lambda-846800462-us-east-2.elb.amazonaws.com:80 HTTP/1.1 from - at lambda\n\
         cookie: [\"a=1; b=2\"]\ncontent-length: []\nx-twice: []\nb\"\"\n"
    );
    assert_eq!(answer["statusDescription"], "200 OK");
    assert_eq!(answer["headers"]["set-cookie"], "a=1");
    assert_eq!(answer["headers"]["Set-cookie"], "b=2");
    let answer = answered(LOAD_BALANCER_MULTI_VALUE, tell).await;
    let body = answer["body"].as_str().expect("text");
    assert!(body.contains("x-twice: [\"one\", \"two\"]"), "{body}");
    assert!(body.contains("? q=1&q=2\n"), "{body}");
    assert_eq!(
        answer["multiValueHeaders"]["set-cookie"],
        json!(["a=1", "b=2"])
    );
}

#[tokio::test]
async fn the_context_of_the_event_is_at_hand() {
    let app = async |request: Request| match Invocation::of(&request) {
        Some(invocation) => match &invocation.context {
            EventContext::ApiGatewayV1(context) => {
                let level = &context.authorizer.fields["level"];
                format!("{} {level}", invocation.request_id)
            }
            other => format!("{other:?}"),
        },
        None => "no invocation".to_owned(),
    };
    assert_eq!(answered(REST_API, app).await["body"], "request-0 \"3\"");
}

#[tokio::test]
async fn bytes_that_are_no_text_arrive_in_base64() {
    let answer = answered(FUNCTION_URL, async |_: Request| &b"\xff\0"[..]).await;
    assert_eq!(
        (&answer["body"], &answer["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );
}

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

fn blocks(blocks: Vec<Result<&'static str, std::io::Error>>) -> Body {
    let blocks = blocks.into_iter().map(|block| block.map(Bytes::from));
    Body::stream(futures_util::stream::iter(blocks))
}

#[tokio::test]
async fn a_whole_answer_that_fails_late_is_still_a_500() {
    let app = async |_: Request| blocks(vec![Ok("one"), Err(std::io::Error::other("secret"))]);
    let answer = answered(FUNCTION_URL, app).await;
    assert_eq!(answer["statusCode"], 500);
    assert!(!answer.to_string().contains("secret"), "{answer}");
}

#[tokio::test]
async fn a_whole_answer_has_a_bound() {
    let endless = async |_: Request| {
        let block = Bytes::from(vec![b'x'; 1 << 16]);
        Body::stream(futures_util::stream::repeat_with(move || {
            Ok::<_, std::io::Error>(block.clone())
        }))
    };
    assert_eq!(answered(FUNCTION_URL, endless).await["statusCode"], 500);
    // In base64 it outgrows what it is without.
    let bytes = async |_: Request| vec![0xff_u8; 5 << 20];
    assert_eq!(answered(FUNCTION_URL, bytes).await["statusCode"], 500);
}

#[tokio::test]
async fn each_frame_of_a_stream_goes_out_without_waiting_for_the_next() {
    let mut stand_in = StandIn::start().await;
    let (sender, receiver) = mpsc::channel::<&'static str>(1);
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let app = move |_: Request| {
        let receiver = Arc::clone(&receiver);
        let blocks = futures_util::stream::unfold(receiver, async |receiver| {
            let block = receiver.lock().await.recv().await?;
            Some((Ok::<_, std::io::Error>(Bytes::from(block)), receiver))
        });
        std::future::ready(([("x-a", "1")], Body::stream(blocks)))
    };
    let host = tokio::spawn(stand_in.host().with_streaming().serve(app));
    stand_in.invoke(FUNCTION_URL);
    let Told::Head(_, fields) = stand_in.told().await else {
        panic!("a head comes first");
    };
    assert_eq!(fields["lambda-runtime-function-response-mode"], "streaming");
    let kind = "application/vnd.awslambda.http-integration-response";
    assert_eq!(fields["content-type"], kind);
    let Told::Chunk(prelude) = stand_in.told().await else {
        panic!("the head of the response comes before its body");
    };
    let (json, zeros) = prelude.split_at(prelude.len() - 8);
    assert_eq!(zeros, [0; 8]);
    let json: Value = serde_json::from_slice(json).expect("JSON");
    assert_eq!(json, json!({"statusCode": 200, "headers": {"x-a": "1"}}));
    for block in ["one", "two"] {
        sender.send(block).await.expect("the app waits");
        let told = stand_in.told().await;
        assert!(
            matches!(&told, Told::Chunk(chunk) if chunk == block),
            "{told:?}"
        );
    }
    drop(sender);
    assert!(matches!(stand_in.told().await, Told::End));
    host.abort();
}

#[tokio::test]
async fn a_stream_that_fails_has_no_clean_end_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let lines = Lines::default();
    let host = stand_in
        .host()
        .with_streaming()
        .with_error_sink(lines.clone());
    let app = async |request: Request| {
        let failing = request.path_info() == "/fail";
        blocks(
            vec![Ok("one"), Ok("two")]
                .into_iter()
                .chain(failing.then(|| Err(std::io::Error::other("secret"))))
                .collect(),
        )
    };
    let host = tokio::spawn(host.serve(app));
    let failing = FUNCTION_URL.replace("\"rawPath\": \"/a%20b%2Fc//d\"", "\"rawPath\": \"/fail\"");
    stand_in.invoke(failing);
    let (_, _, body, end) = stand_in.answer().await;
    assert!(body.ends_with(b"\0onetwo"), "{body:?}");
    let Told::Trailers(trailers) = end else {
        panic!("the failure is told: {end:?}");
    };
    assert_eq!(
        trailers["lambda-runtime-function-error-type"],
        "Enfilade.BrokenOff"
    );
    assert!(lines.text().contains("secret"), "{}", lines.text());
    stand_in.invoke(FUNCTION_URL);
    assert!(matches!(stand_in.answer().await.3, Told::End));
    host.abort();
}

#[tokio::test]
async fn a_body_that_panics_has_no_clean_end_and_the_next_is_served() {
    let mut stand_in = StandIn::start().await;
    let host = stand_in
        .host()
        .with_streaming()
        .with_error_sink(Lines::default());
    let app = async |_: Request| {
        let mut polls = 0;
        Body::stream(futures_util::stream::poll_fn(move |_| {
            polls += 1;
            assert!(polls < 2, "at the disco");
            std::task::Poll::Ready(Some(Ok::<_, std::io::Error>(Bytes::from("one"))))
        }))
    };
    let host = tokio::spawn(host.serve(app));
    for event in [FUNCTION_URL, REST_API, FUNCTION_URL] {
        stand_in.invoke(event);
        assert!(matches!(stand_in.answer().await.3, Told::Trailers(_)));
    }
    stand_in.invoke(HTTP_API);
    assert_eq!(stand_in.json().await["statusCode"], 500);
    host.abort();
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

#[tokio::test]
async fn the_environ_says_whether_a_response_streams() {
    let mut stand_in = StandIn::start().await;
    let (sender, mut told) = mpsc::channel(1);
    let app = move |request: Request| {
        let sender = sender.clone();
        async move {
            let capabilities = request.environ().connection().capabilities;
            sender.send(capabilities).await.expect("the test waits");
        }
    };
    let host = tokio::spawn(stand_in.host().with_streaming().serve(app));
    for (event, streams) in [
        (REST_API, true),
        (HTTP_API, false),
        (FUNCTION_URL, true),
        (LOAD_BALANCER, false),
    ] {
        stand_in.invoke(event);
        let mut expected = Capabilities::default();
        expected.streaming_response = streams;
        assert_eq!(told.recv().await, Some(expected), "{event}");
        let (_, fields, ..) = stand_in.answer().await;
        let mode = fields.get("lambda-runtime-function-response-mode");
        assert_eq!(mode.is_some(), streams);
    }
    host.abort();
}

/// An error stream that a test can read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Lines {
    fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        let mut text = self.0.lock().expect("no panic");
        text.push_str(line);
        text.push('\n');
    }
}

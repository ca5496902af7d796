//! What becomes of a panic, as a client, a middleware and an operator see it.

use enfilade_core::{
    App, Cause, Middleware, Next, Panicked, Pipeline, Request, RequestExt, Response, Result,
    blocking, from_fn, testing,
};
use http::HeaderValue;

/// Sets a field on every response, as CORS and request ids do.
struct Mark(&'static str);

impl Middleware for Mark {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let mut response = next.respond(request).await;
        let value = HeaderValue::from_static("passed");
        response.headers_mut().insert(self.0, value);
        response
    }
}

/// Writes down what was answered, as an access log does.
async fn log(request: Request, next: Next<'_>) -> Response {
    let mut response = next.respond(request).await;
    let status = HeaderValue::from(response.status().as_u16());
    response.headers_mut().insert("x-logged", status);
    let panicked = response.extensions().get::<Cause>();
    if panicked.is_some_and(|cause| cause.error().is::<Panicked>()) {
        let value = HeaderValue::from_static("panic");
        response.headers_mut().insert("x-cause", value);
    }
    response
}

async fn app(mut request: Request) -> Result<String> {
    match request.path_info() {
        "/formatted" => panic!("the password is {}", "hunter2"),
        "/literal" => panic!("the password is hunter2"),
        "/value" => std::panic::panic_any(7_u8),
        "/after-await" => {
            let text = request.text().await?;
            panic!("the password is hunter2, {text}")
        }
        "/blocking" => blocking(|| panic!("the password is hunter2")).await,
        _ => Ok("fine".to_owned()),
    }
}

/// It panics before there is a future.
struct AtOnce;

impl App for AtOnce {
    fn respond(&self, _: Request) -> impl Future<Output = Response> + Send {
        assert!(std::hint::black_box(false), "the password is hunter2");
        async { Response::default() }
    }
}

fn site(app: impl App + 'static) -> impl App {
    Pipeline::new()
        .with(from_fn(log))
        .with(Mark("x-cors"))
        .with(Mark("x-id"))
        .app(app)
}

#[tokio::test]
async fn a_panic_is_a_500_that_passes_every_middleware_and_tells_the_operator_alone() {
    let site = site(app);
    for path in [
        "/formatted",
        "/literal",
        "/after-await",
        "/blocking",
        "/value",
    ] {
        let response = testing::post(path).body("x").on(&site).await;
        response
            .assert_status(500)
            .assert_header("x-cors", "passed")
            .assert_header("x-id", "passed")
            .assert_header("x-logged", "500")
            .assert_header("x-cause", "panic")
            .assert_header("content-type", "text/plain; charset=utf-8")
            .assert_text("Internal Server Error\n");
        assert!(!format!("{:?}", response.headers()).contains("hunter2"));
        if path == "/value" {
            response.assert_reported("panicked: a value that is not text");
        } else {
            response.assert_reported("panicked: the password is hunter2");
        }
        assert_eq!(response.reports().len(), 1, "{path} is reported once");
    }
}

#[tokio::test]
async fn a_panic_in_the_call_itself_is_caught_as_well() {
    testing::get("/")
        .on(&site(AtOnce))
        .await
        .assert_status(500)
        .assert_header("x-cors", "passed")
        .assert_reported("the password is hunter2");
}

#[tokio::test]
async fn a_panic_is_written_in_the_form_that_the_client_reads() {
    testing::get("/literal")
        .header("accept", "application/json")
        .on(&site(app))
        .await
        .assert_header("content-type", "application/problem+json")
        .assert_header("vary", "accept")
        .assert_json(&serde_json::json!({"title": "Internal Server Error", "status": 500}));
}

#[tokio::test]
async fn a_panic_in_a_middleware_is_a_500_too() {
    async fn fails(_: Request, _: Next<'_>) -> Response {
        panic!("the password is hunter2")
    }
    let site = Pipeline::new().with(from_fn(fails)).app(app);
    testing::get("/")
        .on(&site)
        .await
        .assert_status(500)
        .assert_text("Internal Server Error\n")
        .assert_reported("hunter2");
}

#[test]
fn the_panic_of_one_request_touches_no_other() {
    // Requests that panic and requests that do not, at once, through one shared app.
    let site = site(app);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                runtime.expect("a runtime").block_on(async {
                    for _ in 0..25 {
                        testing::get("/literal").on(&site).await.assert_status(500);
                        testing::get("/").on(&site).await.assert_text("fine");
                    }
                });
            });
        }
    });
}

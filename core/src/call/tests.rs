//! Requests whose ends are told, and apps that go on without their clients.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body_util::BodyExt;

use super::*;
use crate::{
    App, Body, BodyError, Gateway, Middleware, OnDisconnect, Pipeline, Request, RequestExt,
    host::Answer,
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn note(&self, line: impl Into<String>) {
        lock(&self.0).push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.0))
    }

    /// A callback that notes `name` and what it is told.
    fn noting(&self, name: &'static str) -> impl FnOnce(&Outcome) + Send + 'static {
        let lines = self.clone();
        move |outcome| {
            let status = outcome.status.map_or(0, |status| status.as_u16());
            let ending = outcome.ending;
            lines.note(format!("{name} {status} {} {ending:?}", outcome.bytes));
        }
    }
}

impl ErrorSink for Lines {
    fn report(&self, line: &str) {
        self.note(format!("reported: {line}"));
    }
}

fn get(path: &'static str, errors: &Lines) -> Request {
    let mut request = Request::default();
    *request.uri_mut() = http::Uri::from_static(path);
    let connection = Connection {
        errors: Arc::new(errors.clone()),
        ..Connection::default()
    };
    let environ = Environ::new(Arc::new(connection), http::Version::HTTP_11);
    request.extensions_mut().insert(environ);
    request
}

/// Registers two callbacks, and answers as the path says.
fn site(lines: &Lines) -> impl App + use<> {
    let lines = lines.clone();
    move |request: Request| {
        let lines = lines.clone();
        async move {
            let environ = request.environ();
            assert!(environ.on_finish(lines.noting("first")));
            assert!(environ.on_finish(lines.noting("second")));
            let path = request.path_info().to_owned();
            drop(request);
            let stream = |blocks: Vec<Result<Bytes, BodyError>>| {
                let blocks = futures_util::stream::iter(blocks);
                Response::new(Body::stream(blocks))
            };
            match &*path {
                "/panic" => panic!("on purpose"),
                "/stream" => stream(vec![Ok("one".into()), Ok("two".into())]),
                "/fails" => stream(vec![Ok("one".into()), Err(BodyError::new("disk gone"))]),
                "/empty" => Response::default(),
                "/never" => std::future::pending().await,
                _ => Response::new("hello".into()),
            }
        }
    }
}

async fn read(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

#[tokio::test]
async fn callbacks_are_called_once_each_the_last_first_when_the_response_is_over() {
    let lines = Lines::default();
    let gateway = Gateway::new(site(&lines));
    for (path, told) in [
        ("/", "200 5 Complete"),
        ("/stream", "200 6 Complete"),
        ("/fails", "200 3 Failed"),
        ("/empty", "200 0 Complete"),
        ("/panic", "500 22 Complete"),
    ] {
        let response = gateway.answer(get(path, &lines)).await;
        let early: Vec<_> = lines.take().into_iter().collect();
        assert!(
            !early.iter().any(|line| line.starts_with("first")),
            "{path} {early:?}"
        );
        read(response.into_body()).await;
        assert_eq!(
            lines.take(),
            [format!("second {told}"), format!("first {told}")],
            "{path}"
        );
    }
    // The client leaves within the body.
    let mut response = gateway.answer(get("/stream", &lines)).await;
    drop(response.body_mut().frame().await);
    drop(response);
    assert_eq!(
        lines.take(),
        ["second 200 3 Dropped", "first 200 3 Dropped"]
    );
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Notes that it is dropped.
struct Held(Lines);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_has_the_callbacks_called_when_the_app_is_gone() {
    let lines = Lines::default();
    let app = {
        let lines = lines.clone();
        move |request: Request| {
            let lines = lines.clone();
            async move {
                let _held = Held(lines.clone());
                request.environ().on_finish(lines.noting("told"));
                std::future::pending::<()>().await;
            }
        }
    };
    let gateway = Gateway::new(app);
    {
        let mut answer = pin!(gateway.answer(get("/", &lines)));
        assert!(poll_once(answer.as_mut()).is_pending());
        assert!(!answer.as_mut().leave());
        assert!(lines.take().is_empty());
    }
    assert_eq!(lines.take(), ["dropped", "told 0 0 Dropped"]);
}

#[tokio::test]
async fn a_callback_that_panics_is_reported_and_the_others_are_called() {
    let lines = Lines::default();
    let noting = lines.clone();
    let app = move |request: Request| {
        let environ = request.environ();
        environ.on_finish(noting.noting("first"));
        environ.on_finish(|_| panic!("in the callback"));
        environ.on_finish(noting.noting("last"));
        async { "hello" }
    };
    let response = Gateway::new(app).answer(get("/", &lines)).await;
    drop(response);
    let told = lines.take();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], "last 200 0 Dropped");
    assert!(
        told[1].starts_with("reported: a callback at the end"),
        "{told:?}"
    );
    assert!(told[1].ends_with("in the callback"), "{told:?}");
    assert_eq!(told[2], "first 200 0 Dropped");
}

/// Changes the facts of the connection, as a middleware that trusts a proxy.
struct Trusting;

impl Middleware for Trusting {
    async fn handle(&self, mut request: Request, next: &impl App) -> Response {
        request.environ_mut().connection_mut().server_port = 1;
        next.respond(request).await
    }
}

#[tokio::test]
async fn what_middleware_knows_better_about_a_connection_keeps_nobody_from_being_told() {
    let lines = Lines::default();
    let app = Pipeline::new().with(Trusting).app(site(&lines));
    let request = get("/", &lines);
    // Somebody else holds the connection, so it is cloned.
    let held = request.environ().connection_shared();
    drop(Gateway::new(app).answer(request).await);
    assert_eq!(lines.take().len(), 2);
    assert!(!held.wishes.is_used());
}

#[tokio::test]
async fn the_requests_of_one_connection_are_told_apart() {
    let lines = Lines::default();
    let gateway = Gateway::new(site(&lines));
    let request = get("/", &lines);
    let shared = request.environ().connection_shared();
    let mut other = get("/empty", &lines);
    let environ = Environ::new(Arc::clone(&shared), http::Version::HTTP_11);
    other.extensions_mut().insert(environ);
    let (first, second) = (gateway.answer(request).await, gateway.answer(other).await);
    read(first.into_body()).await;
    assert_eq!(
        lines.take(),
        ["second 200 5 Complete", "first 200 5 Complete"]
    );
    read(second.into_body()).await;
    assert_eq!(
        lines.take(),
        ["second 200 0 Complete", "first 200 0 Complete"]
    );
    assert!(!shared.wishes.is_used());
}

#[tokio::test]
async fn what_is_registered_too_late_is_called_when_the_connection_ends() {
    let lines = Lines::default();
    let kept: Arc<Mutex<Option<Environ>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let app = move |request: Request| {
        *lock(&keep) = Some(request.environ().clone());
        async {}
    };
    drop(Gateway::new(app).answer(get("/", &lines)).await);
    let environ = lock(&kept).take().expect("it was kept");
    assert!(environ.on_finish(lines.noting("late")));
    assert!(lines.take().is_empty());
    drop(environ);
    assert_eq!(lines.take(), ["late 0 0 Dropped"]);
}

#[test]
fn a_call_without_a_host_has_no_end_that_could_be_told() {
    let request = Request::default();
    assert!(!request.environ().on_finish(|_| panic!("nobody calls it")));
    request.environ().set_on_disconnect(OnDisconnect::Finish);
    assert!(!request.environ().connection().wishes.is_used());
}

/// An app that waits once, in a pipeline of these middleware.
fn patient(lines: &Lines, steps: &[OnDisconnect]) -> impl App + use<> {
    let steps: Vec<_> = steps
        .iter()
        .copied()
        .map(crate::BoxMiddleware::new)
        .collect();
    let lines = lines.clone();
    Pipeline::new().with(steps).app(move |request: Request| {
        let lines = lines.clone();
        async move {
            request.environ().on_finish(lines.noting("told"));
            let mut waited = false;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                match std::mem::replace(&mut waited, true) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            lines.note("went on");
            "written down"
        }
    })
}

#[tokio::test]
async fn the_innermost_word_about_a_client_that_leaves_counts() {
    use OnDisconnect::{Cancel, Finish};
    for (steps, goes_on) in [
        (&[][..], false),
        (&[Cancel], false),
        (&[Finish], true),
        (&[Finish, Cancel], false),
        (&[Cancel, Finish], true),
    ] {
        let lines = Lines::default();
        let gateway = Gateway::new(patient(&lines, steps));
        let request = get("/", &lines);
        let connection = request.environ().connection_shared();
        {
            let mut answer = pin!(gateway.answer(request));
            // What has not begun has not said anything.
            assert!(!answer.as_mut().leave());
            assert!(poll_once(answer.as_mut()).is_pending());
            assert_eq!(answer.as_mut().leave(), goes_on, "{steps:?}");
            if goes_on {
                let response = answer.as_mut().await;
                assert_eq!(response.body().in_memory_len(), Some(0));
                assert_eq!(lines.take(), ["went on", "told 200 0 Unsent"]);
                assert!(!answer.leave());
            }
        }
        let told = lines.take();
        let expected: &[&str] = if goes_on { &[] } else { &["told 0 0 Dropped"] };
        assert_eq!(told, expected, "{steps:?}");
        assert!(!connection.wishes.is_used());
    }
}

#[test]
fn no_two_calls_have_one_key() {
    let keys = || (0..1000).map(|_| next_key()).collect::<Vec<_>>();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(keys)).collect();
    let mut all: Vec<u64> = threads
        .into_iter()
        .flat_map(|t| t.join().expect("keys"))
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4000);
    assert!(!all.contains(&0));
}

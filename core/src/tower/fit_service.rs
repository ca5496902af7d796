//! The tower services that the gateway can call, and the one place where they are called.

use std::{
    fmt,
    future::{Future, poll_fn},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tower_service::Service;

use super::failure;
use crate::{Body, BoxError, Error, IntoResponse, Request, Response, rendering::Rendering};

/// The tower services that can be an app, or stand in a pipeline. Nobody implements it by hand.
///
/// A service fits if it takes `http::Request<Body>`, is `Clone + Send + 'static`, and gives
/// `http::Response<B>` with any body `B` over `Bytes` that is `Send + 'static`. What does not, and
/// how it can be made to, is in [`troubleshooting`](crate::troubleshooting#does-it-fit-from-tower).
#[diagnostic::on_unimplemented(
    message = "this tower service does not fit in the gateway: `{Self}`",
    label = "unfit tower service",
    note = "it must take `http::Request<Body>`, be `Clone + Send + 'static`, and give `http::Response<B>` with `B: http_body::Body<Data = Bytes> + Send + 'static`",
    note = "what does not fit, and how it can be made to: the documentation of `enfilade_core::troubleshooting`"
)]
pub trait FitService: Clone + Send + 'static {
    /// Waits until the service is ready, and calls it: this very one, once.
    #[doc(hidden)]
    fn run(self, request: Request) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

impl<S, B> FitService for S
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn run(mut self, request: Request) -> Result<Response, BoxError> {
        poll_fn(|cx| self.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        match self.call(request).await {
            Ok(response) => Ok(response.map(Body::new)),
            Err(error) => Err(error.into()),
        }
    }
}

/// How the errors of a service are answered, where the user knows better.
pub(super) type OnError = Arc<dyn Fn(BoxError) -> Error + Send + Sync>;

/// A service as an app holds it: never called itself, but cloned for each request, and the clone
/// is made ready and called. So tower asks for it; what a service shares, it shares with its
/// clones.
pub(super) struct Prototype<S> {
    /// The mutex is there for `Sync` alone, and held while cloning.
    service: Mutex<S>,
    pub(super) on_error: Option<OnError>,
}

impl<S: FitService> Prototype<S> {
    pub(super) const fn new(service: S, on_error: Option<OnError>) -> Prototype<S> {
        Prototype {
            service: Mutex::new(service),
            on_error,
        }
    }

    pub(super) async fn answer(&self, request: Request) -> Response {
        let rendering = Rendering::of(&request);
        let service = self.service();
        match service.run(request).await {
            Ok(response) => response,
            Err(error) => {
                let error = match &self.on_error {
                    Some(on_error) => on_error(error),
                    None => failure::error(error),
                };
                rendering.finish(error.into_response())
            }
        }
    }

    fn service(&self) -> S {
        let service = self.service.lock();
        service.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: FitService> Clone for Prototype<S> {
    fn clone(&self) -> Self {
        Prototype::new(self.service(), self.on_error.clone())
    }
}

impl<S> fmt::Debug for Prototype<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::short_name::short_name(std::any::type_name::<S>()))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::{Ready, ready},
        io,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::{Context, Poll},
    };

    use tower_layer::layer_fn;

    use super::*;
    use crate::{App, Pipeline, from_service, tower};

    /// Panics when it is called without having been ready, when another clone was the one that
    /// was, and when it is asked again after it was.
    #[derive(Default)]
    struct Strict {
        state: State,
        calls: Arc<AtomicUsize>,
        unready: Arc<AtomicUsize>,
    }

    #[derive(Default, Debug, PartialEq)]
    enum State {
        #[default]
        Fresh,
        Asked,
        Ready,
        Called,
    }

    impl Clone for Strict {
        fn clone(&self) -> Strict {
            assert_eq!(self.state, State::Fresh, "a clone of a service in use");
            Strict {
                state: State::Fresh,
                calls: Arc::clone(&self.calls),
                unready: Arc::clone(&self.unready),
            }
        }
    }

    impl Drop for Strict {
        fn drop(&mut self) {
            if self.state == State::Ready {
                self.unready.fetch_add(1, SeqCst);
            }
        }
    }

    impl Service<Request> for Strict {
        type Response = Response;
        type Error = Infallible;
        type Future = Ready<Result<Response, Infallible>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            match self.state {
                State::Fresh => {
                    self.state = State::Asked;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                State::Asked => {
                    self.state = State::Ready;
                    Poll::Ready(Ok(()))
                }
                _ => panic!("asked again while {:?}", self.state),
            }
        }

        fn call(&mut self, _: Request) -> Self::Future {
            assert_eq!(self.state, State::Ready, "called while not ready");
            self.state = State::Called;
            self.calls.fetch_add(1, SeqCst);
            ready(Ok(Response::default()))
        }
    }

    #[tokio::test]
    async fn each_request_makes_one_clone_ready_and_calls_that_one_once() {
        let strict = Strict::default();
        let layered = Pipeline::new()
            .with(tower(layer_fn({
                let strict = strict.clone();
                move |_| strict.clone()
            })))
            .app(async |_: Request| "never");
        let mounted = from_service(strict.clone());
        for request in 1..=3 {
            assert_eq!(layered.respond(Request::default()).await.status(), 200);
            assert_eq!(mounted.respond(Request::default()).await.status(), 200);
            assert_eq!(
                mounted.clone().respond(Request::default()).await.status(),
                200
            );
            assert_eq!(strict.calls.load(SeqCst), 3 * request);
        }
        assert_eq!(strict.unready.load(SeqCst), 0, "ready, and not called");
    }

    #[derive(Clone)]
    struct NeverReady;

    impl Service<Request> for NeverReady {
        type Response = Response;
        type Error = io::Error;
        type Future = Ready<Result<Response, io::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("closed")))
        }

        fn call(&mut self, _: Request) -> Self::Future {
            panic!("called though it never will be ready")
        }
    }

    #[tokio::test]
    async fn a_service_that_never_will_be_ready_is_a_500_and_is_not_called() {
        let response = from_service(NeverReady).respond(Request::default()).await;
        assert_eq!(response.status(), 500);
        let cause = response.extensions().get::<crate::Cause>().expect("kept");
        assert_eq!(cause.chain(), "closed");
    }
}

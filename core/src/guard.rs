//! What stands around an innermost app: panics become responses, and late answers are written.

use std::{
    any::Any,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    App, BoxApp, IntoResponse, Mounts, Request, Response, Router, error::Error,
    rendering::Rendering, short_name::short_name,
};

/// An app whose panics are responses, inside of every middleware.
///
/// A [`Pipeline`](crate::Pipeline), a route and a host put one around the apps that they are
/// given, so nobody needs to write it. Around one request only: the panic of one touches no
/// other.
#[derive(Clone)]
pub struct Guard<A>(A);

impl<A: App> Guard<A> {
    /// Guards `app`.
    pub const fn new(app: A) -> Guard<A> {
        Guard(app)
    }

    pub(crate) const fn inner(&self) -> &A {
        &self.0
    }
}

/// `app` in a guard, erased. What only dispatches guards the apps that it has, and answers in the
/// form that is wanted by itself, so it needs no second guard.
pub(crate) fn guarded<A: App + 'static>(app: A) -> BoxApp {
    let any: &dyn Any = &app;
    if any.is::<Router>() || any.is::<Mounts>() {
        app.boxed()
    } else {
        Guard::new(app).boxed()
    }
}

impl<A: App> App for Guard<A> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        guard_reply(Rendering::of(&request), request, |request| {
            self.0.respond(request)
        })
    }
}

/// The answer to `request` that `ask` makes, guarded.
pub(crate) const fn guard_reply<M, F>(
    rendering: Rendering,
    request: Request,
    ask: M,
) -> Guarded<M, F>
where
    M: FnOnce(Request) -> F,
    F: Future<Output = Response>,
{
    Guarded {
        rendering,
        stage: Stage::Asked { ask, request },
    }
}

/// An answer that is there already.
pub(crate) const fn given<M, F>(response: Response) -> Guarded<M, F> {
    Guarded {
        rendering: Rendering::none(),
        stage: Stage::Given { response },
    }
}

pin_project_lite::pin_project! {
    /// An answer on its way. Written by hand, so that the request is in one place at a time: an
    /// async block would keep it once more, and a future that is made before it is where it stays
    /// takes the request along each time it is moved.
    pub(crate) struct Guarded<M, F> {
        rendering: Rendering,
        #[pin]
        stage: Stage<M, F>,
    }
}

pin_project_lite::pin_project! {
    #[project = StageProjection]
    #[project_replace = StageOwned]
    enum Stage<M, F> {
        Asked { ask: M, request: Request },
        Answering { #[pin] future: F },
        Given { response: Response },
        Over,
    }
}

impl<M, F> Stage<M, F>
where
    M: FnOnce(Request) -> F,
    F: Future<Output = Response>,
{
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        loop {
            match self.as_mut().project() {
                StageProjection::Answering { future } => return future.poll(cx),
                // Nobody polls a future that has ended.
                StageProjection::Over => return Poll::Pending,
                StageProjection::Asked { .. } | StageProjection::Given { .. } => {}
            }
            match self.as_mut().project_replace(Stage::Over) {
                StageOwned::Asked { ask, request } => {
                    let future = ask(request);
                    self.set(Stage::Answering { future });
                }
                StageOwned::Given { response } => return Poll::Ready(response),
                StageOwned::Answering { .. } | StageOwned::Over => {}
            }
        }
    }
}

impl<M, F> Future for Guarded<M, F>
where
    M: FnOnce(Request) -> F,
    F: Future<Output = Response>,
{
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        // The call itself may panic too: `respond` need not be an async function. Whatever the
        // panic left half done is dropped with the future and never seen again.
        let mut polled = catch_unwind(AssertUnwindSafe(|| this.stage.poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Panicked::new(&*panic).into_response()));
        // Through a reference, so that the response stays where its maker wrote it.
        if let Poll::Ready(response) = &mut polled {
            this.rendering.finish_in_place(response);
        }
        polled
    }
}

impl<A> fmt::Debug for Guard<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = short_name(std::any::type_name::<A>());
        // A closure has no name that would help.
        f.write_str(if name.contains('{') { "app" } else { &name })
    }
}

/// The cause of a 500 whose app panicked: what it said, for logs.
#[derive(Debug, Clone)]
pub struct Panicked {
    message: String,
}

impl Panicked {
    /// Reads the message out of what [`std::panic::catch_unwind`] or a thread's join gives.
    pub fn new(panic: &(dyn Any + Send)) -> Panicked {
        let message = panic
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Panicked {
            message: message.unwrap_or_else(|| "a value that is not text".to_owned()),
        }
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the application panicked: {}", self.message)
    }
}

impl std::error::Error for Panicked {}

impl IntoResponse for Panicked {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

pin_project_lite::pin_project! {
    /// A future whose panic is a value.
    pub(crate) struct CatchUnwind<F> {
        #[pin]
        future: F,
    }
}

impl<F> CatchUnwind<F> {
    pub(crate) const fn new(future: F) -> Self {
        CatchUnwind { future }
    }
}

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        // Whatever the panic left half done is dropped with the future and never seen again.
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

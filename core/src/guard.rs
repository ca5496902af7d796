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
        self.guard(request)
    }
}

impl<A: App> Guard<A> {
    pub(crate) fn guard(&self, request: Request) -> Guarded<impl Future<Output = Response> + Send> {
        let rendering = Rendering::of(&request);
        // The call itself may panic too: `respond` need not be an async function.
        match catch_unwind(AssertUnwindSafe(|| self.0.respond(request))) {
            Ok(future) => Guarded::Running {
                future: CatchUnwind { future },
                rendering,
            },
            Err(panic) => Guarded::of(rendering.finish(Panicked::new(&*panic).into_response())),
        }
    }
}

pin_project_lite::pin_project! {
    /// An answer that is being made, or is made already. Written by hand: async blocks would keep
    /// the request and the response once more each.
    #[project = GuardedProjection]
    pub(crate) enum Guarded<F> {
        Running { #[pin] future: CatchUnwind<F>, rendering: Rendering },
        Made { response: Option<Response> },
    }
}

impl<F> Guarded<F> {
    pub(crate) const fn of(response: Response) -> Guarded<F> {
        Guarded::Made {
            response: Some(response),
        }
    }
}

impl<F: Future<Output = Response>> Future for Guarded<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        match self.project() {
            GuardedProjection::Running { future, rendering } => future.poll(cx).map(|reply| {
                rendering
                    .finish(reply.unwrap_or_else(|panic| Panicked::new(&*panic).into_response()))
            }),
            GuardedProjection::Made { response } => match response.take() {
                Some(response) => Poll::Ready(response),
                // Nobody polls a future that has ended.
                None => Poll::Pending,
            },
        }
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

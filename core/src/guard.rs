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
        Guarded {
            rendering: Rendering::of(&request),
            // The call itself may panic too: `respond` need not be an async function.
            answer: async move { self.0.respond(request).await },
        }
    }
}

pin_project_lite::pin_project! {
    /// An answer on its way.
    struct Guarded<F> {
        #[pin]
        answer: F,
        rendering: Rendering,
    }
}

impl<F: Future<Output = Response>> Future for Guarded<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let mut polled = poll_guarded(this.answer, cx);
        // Through a reference, so that the response stays where its maker wrote it.
        if let Poll::Ready(response) = &mut polled {
            this.rendering.finish_in_place(response);
        }
        polled
    }
}

/// Polls `answer`; its panic is a 500. Whatever the panic left half done is dropped with the
/// future and never seen again.
#[inline]
pub(crate) fn poll_guarded(
    answer: Pin<&mut impl Future<Output = Response>>,
    cx: &mut Context<'_>,
) -> Poll<Response> {
    catch_unwind(AssertUnwindSafe(|| answer.poll(cx)))
        .unwrap_or_else(|panic| Poll::Ready(Panicked::new(&*panic).into_response()))
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

//! The cheapest form of middleware that changes responses: [`amend()`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::Response;

/// The response of `reply`, changed in place by `edit`.
///
/// `async fn handle` is the plain way to write middleware, and the right one. This is what it costs
/// less: an `async fn` keeps room for the request, and moves request and response once more. Good
/// for middleware that looks at the request, passes it on, and then touches the response without
/// waiting for anything.
///
/// ```
/// use enfilade_core::{App, Middleware, Request, Response, amend};
/// use http::HeaderValue;
///
/// struct Powered;
///
/// impl Middleware for Powered {
///     fn handle(
///         &self,
///         request: Request,
///         next: &impl App,
///     ) -> impl Future<Output = Response> + Send {
///         amend(next.respond(request), |response| {
///             let steam = HeaderValue::from_static("steam");
///             response.headers_mut().insert("x-powered-by", steam);
///         })
///     }
/// }
/// ```
pub const fn amend<F, E>(reply: F, edit: E) -> Amend<F, E>
where
    F: Future<Output = Response>,
    E: FnOnce(&mut Response),
{
    Amend {
        reply,
        edit: Some(edit),
    }
}

pin_project_lite::pin_project! {
    /// A response that is being made and will be changed. Made by [`amend()`].
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Amend<F, E> {
        #[pin]
        reply: F,
        edit: Option<E>,
    }
}

impl<F, E> Future for Amend<F, E>
where
    F: Future<Output = Response>,
    E: FnOnce(&mut Response),
{
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        // Taken out, so that a panic drops it while the stack unwinds, as in an async function.
        let edit = this.edit.take();
        let mut polled = this.reply.poll(cx);
        // Through a reference, so that the response stays where its maker wrote it.
        match (&mut polled, edit) {
            (Poll::Ready(response), Some(edit)) => edit(response),
            (_, edit) => *this.edit = edit,
        }
        polled
    }
}

impl<F, E> fmt::Debug for Amend<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Amend")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn},
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        sync::atomic::{AtomicBool, Ordering},
        task::Waker,
    };

    use http::StatusCode;

    use super::*;

    fn polled(reply: impl Future<Output = Response>) -> Poll<StatusCode> {
        let mut reply = pin!(amend(reply, |response| {
            *response.status_mut() = StatusCode::ACCEPTED;
        }));
        let cx = &mut Context::from_waker(Waker::noop());
        let _ = reply.as_mut().poll(cx);
        reply.poll(cx).map(|response| response.status())
    }

    #[test]
    fn a_response_is_changed_when_it_is_there() {
        assert_eq!(polled(pending()), Poll::Pending);
        let mut late = true;
        let late = poll_fn(|_| match std::mem::take(&mut late) {
            true => Poll::Pending,
            false => Poll::Ready(Response::default()),
        });
        assert_eq!(polled(late), Poll::Ready(StatusCode::ACCEPTED));
    }

    #[test]
    fn what_the_edit_holds_is_dropped_while_a_panic_unwinds() {
        static UNWINDING: AtomicBool = AtomicBool::new(false);
        struct Held;
        impl Drop for Held {
            fn drop(&mut self) {
                UNWINDING.store(std::thread::panicking(), Ordering::Relaxed);
            }
        }
        let held = Held;
        let reply = async { panic!("on purpose") };
        let mut reply = Box::pin(amend(reply, move |_| drop(held)));
        let cx = &mut Context::from_waker(Waker::noop());
        let panic = catch_unwind(AssertUnwindSafe(|| reply.as_mut().poll(cx).is_ready()));
        assert!(panic.is_err());
        assert!(UNWINDING.load(Ordering::Relaxed));
    }
}

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
        let mut polled = this.reply.poll(cx);
        // Through a reference, so that the response stays where its maker wrote it.
        if let Poll::Ready(response) = &mut polled
            && let Some(edit) = this.edit.take()
        {
            edit(response);
        }
        polled
    }
}

impl<F, E> fmt::Debug for Amend<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Amend")
    }
}

//! What becomes of an app whose client leaves: [`OnDisconnect`].

use crate::{App, Middleware, Request, RequestExt, Response};

/// What becomes of an app whose client leaves before there is a response.
///
/// It is middleware: put one in front of the app, the mount or the route that must not be cut in
/// the middle. It counts from the moment at which a request reaches it, and the innermost that was
/// reached holds. An app can also decide it on its way, with
/// [`Environ::set_on_disconnect`](crate::Environ::set_on_disconnect).
///
/// ```
/// use enfilade_core::{OnDisconnect, Pipeline, Request};
///
/// let pay = Pipeline::new()
///     .with(OnDisconnect::Finish)
///     .app(async |_: Request| "paid, and written down");
/// # let _ = pay;
/// ```
///
/// With [`Finish`](OnDisconnect::Finish) all of it goes on, the middleware outside too: so an access
/// log and a transaction see the response. Nobody can receive it, so its body is dropped unread. A
/// host that stops waits for it as for any request. What is left of the request's body is lost, and
/// reading on is an error.
///
/// A host says in [`Capabilities::finish`](crate::Capabilities::finish) whether it can; else it
/// drops the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "an app goes on, or it does not: there is no third"
)]
pub enum OnDisconnect {
    /// The app is dropped at its next `.await`: work for nobody is not done.
    #[default]
    Cancel,
    /// The app goes on to its end.
    Finish,
}

impl Middleware for OnDisconnect {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        request.environ().set_on_disconnect(*self);
        next.respond(request).await
    }
}
